"""One host and the commands of one story, for the tests of the services over every store."""

from datetime import UTC, date, datetime
from typing import Any, Final

from licensing_core.adapters.hosts import StaticHost
from licensing_core.checks import FrozenMap
from licensing_core.directory import Actor, Content, Directory, Permission, Role, Scope
from licensing_core.license_cycle import LicenseType
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Catalog, Offer, Package, PackageKind, Plan, PlanKind, Settings
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.services import AssignLicenses, BuyPlan, OpenAccount, UnassignLicenses

TENANT: Final = "acme"
NOON: Final = datetime(2026, 5, 16, 10, tzinfo=UTC)
USERS: Final = tuple(f"u{number}" for number in range(20))

_PACKAGE: Final = Package(
    id="safety",
    kind=PackageKind.LICENSES,
    catalogs=(Catalog("basics", frozenset({Content.course("fire")})),),
    audience=frozenset({Scope.tree("top")}),
)


def _plan(plan_id: str, quantity: int, **settings: bool) -> Offer:
    plan = Plan(
        id=plan_id,
        package="safety",
        kind=PlanKind.MULTI_LICENSE if quantity > 1 else PlanKind.SINGLE_LICENSE,
        quantity=quantity,
        prices=(FlatPrice(Money.parse("180.00 EUR")),),
        validity=Duration(months=12),
        settings=Settings(**settings),
    )
    return Offer(plan, _PACKAGE)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def host(tenant: str = TENANT) -> StaticHost:
    return StaticHost(
        tenant,
        zone="Europe/Madrid",
        directory=Directory.of(
            branches={"top": None, "sales": "top", "madrid": "sales"},
            users={"boss": ["sales"], **{user: ["madrid"] for user in USERS}, "out": ["top"]},
        ),
        actors=(
            Actor("root", Role.SUPERADMIN),
            Actor(
                "boss", Role.POWER_USER, permissions=frozenset(Permission), resources=frozenset({Scope.tree("sales")})
            ),
        ),
        offers=(_plan("five", 5), _plan("one", 1), _plan("loose", 2, enforce_limit=False, allow_refund=True)),
    )


def sent(key: str, actor: str = "boss", tenant: str = TENANT) -> dict[str, Any]:
    return {"tenant": tenant, "key": key, "actor": actor}


def buy(pool: str = "p1", plan: str = "five", key: str = "buy") -> BuyPlan:
    beneficiary = None if plan == "one" else Scope.tree("sales")
    return BuyPlan(plan=plan, pool=pool, beneficiary=beneficiary, **sent(f"{key}-{pool}"))


def assign(*users: str, key: str, pool: str = "p1") -> AssignLicenses:
    return AssignLicenses(pool=pool, users=frozenset(users), **sent(key))


def unassign(*users: str, key: str, actor: str = "boss") -> UnassignLicenses:
    return UnassignLicenses(pool="p1", users=frozenset(users), **sent(key, actor))


def open_account() -> OpenAccount:
    return OpenAccount(
        account="a1",
        cycle=Cycle(date(2026, 5, 1), Duration(months=1), "Europe/Madrid"),
        types=(
            LicenseType(id="web", price=UnitPrice(Money.parse("30.00 EUR")), minimum=1, features=frozenset({"crm"})),
            LicenseType(id="app", price=UnitPrice(Money.parse("10.00 EUR"))),
        ),
        totals=FrozenMap({"web": 2}),
        **sent("open"),
    )
