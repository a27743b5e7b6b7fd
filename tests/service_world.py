"""One host and the commands of one story, for the tests of the services over every store."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from licensing_core.adapters.hosts import StaticHost
from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.checks import FrozenMap, Value
from licensing_core.directory import EVERYONE, Actor, Content, Directory, Permission, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import LicenseType
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Catalog, Offer, Package, PackageKind, Plan, PlanKind, Renewal, Settings
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.protocols import Store
from licensing_core.services import (
    AssignLicenses,
    BuyPlan,
    EnrollUsers,
    Licensing,
    OpenAccount,
    Query,
    UnassignLicenses,
    replay,
)
from licensing_core.testing.contracts_given import replays

TENANT: Final = "acme"
NOON: Final = datetime(2026, 5, 16, 10, tzinfo=UTC)
USERS: Final = tuple(f"u{number}" for number in range(20))

FIRE, AID, LADDER, SELL = (Content.course(name) for name in ("fire", "aid", "ladder", "sell"))
BASICS: Final = Content.learning_plan("basics")
"""Its courses are *aid* and *ladder*, of which the packages list only the first."""


def _package(package_id: str, kind: PackageKind, *contents: Content, audience: Scope | None = None) -> Package:
    catalog = Catalog("basics", frozenset(contents))
    return Package(id=package_id, kind=kind, catalogs=(catalog,), audience=frozenset({audience or Scope.tree("top")}))


A = TypeVar("A", bound=Value)

_SAFETY: Final = _package("safety", PackageKind.LICENSES, FIRE, AID, BASICS)
_SALES: Final = _package("sales", PackageKind.LICENSES, FIRE, SELL)
_WORKSHOPS: Final = _package("workshops", PackageKind.SEATS, FIRE, AID, BASICS)
_OPEN: Final = _package("open", PackageKind.LICENSES, FIRE, audience=EVERYONE)


def _plan(
    plan_id: str,
    quantity: int,
    package: Package = _SAFETY,
    price: str = "180.00 EUR",
    renewal: Renewal = Renewal.MANUAL,
    **settings: Any,
) -> Offer:
    seats = package.kind is PackageKind.SEATS
    plan = Plan(
        id=plan_id,
        package=package.id,
        kind=PlanKind.SEATS if seats else PlanKind.MULTI_LICENSE if quantity > 1 else PlanKind.SINGLE_LICENSE,
        quantity=quantity,
        prices=(FlatPrice(Money.parse(price)),),
        validity=Duration(months=12),
        renewal=renewal,
        settings=Settings(**settings),
    )
    return Offer(plan, package)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def host(tenant: str = TENANT) -> StaticHost:
    """*boss* may do all in *sales*; *helper* hands out there and enrolls in *fire*, to be confirmed; *root* all."""
    courses = frozenset({FIRE, AID, BASICS, SELL})
    return StaticHost(
        tenant,
        zone="Europe/Madrid",
        directory=Directory.of(
            branches={"top": None, "sales": "top", "madrid": "sales"},
            users={"boss": ["sales"], "helper": ["top"], **{user: ["madrid"] for user in USERS}, "out": ["top"]},
        ),
        actors=(
            Actor("root", Role.SUPERADMIN),
            Actor(
                "boss",
                Role.POWER_USER,
                permissions=frozenset(Permission),
                resources=frozenset({Scope.tree("sales")}) | courses,
            ),
            Actor(
                "helper",
                Role.POWER_USER,
                permissions=frozenset({Permission.SEATS_MANAGE}),
                resources=frozenset({Scope.tree("sales"), FIRE}),
            ),
        ),
        offers=(
            _plan("five", 5),
            _plan("one", 1),
            _plan("loose", 2, enforce_limit=False, allow_refund=True),
            _plan("capped", 4, revocation_cap=Fraction(1, 4)),
            _plan("selling", 3, _SALES, "90.00 EUR"),
            _plan("three", 3, _WORKSHOPS, "30.00 EUR"),
            _plan("refunding", 3, _WORKSHOPS, "40.00 USD", allow_refund=True),
            _plan("final", 2, _WORKSHOPS, "30.00 EUR", Renewal.NONE),
            _plan("public", 1, _OPEN, "9.00 EUR"),
        ),
        courses={BASICS: {AID, LADDER}},
    )


@contextmanager
def a_store(kind: str, folder: Path) -> Iterator[Store]:
    """An empty store: *memory*, or *sqlite* in a file."""
    if kind == "memory":
        yield MemoryStore()
        return
    with closing(SqlStore(f"sqlite:///{folder / 'licenses.db'}")) as made:
        made.create()
        yield made


class Checked(Licensing):
    """Sees to it after each command, refused or not, that the histories lead to what is stored."""

    def __init__(self, store: Store, known: Any = None, clock: Any = None) -> None:
        super().__init__(store, known or host(), clock or Clock())
        self.store = store

    def run(self, asked: Query[A]) -> A:
        try:
            return super().run(asked)
        finally:
            with self.store.begin() as work:
                names = [pool.id for pool in work.pools(TENANT)]
                account = work.account(TENANT, "a1", None)
                assert account is None or account.state == replay(work.history(TENANT, "a1"))
            replays(self.store, *names)


def snapshot(store: Store, *keys: str, tenant: str = TENANT) -> list[object]:
    """All that is stored of a tenant, and what *keys* were used for."""
    with store.begin() as work:
        names = [pool.id for pool in work.pools(tenant)]
        return [
            [work.pool(tenant, name, None) for name in names],
            [work.account(tenant, name, None) for name in ("a1", "a9")],
            work.enrollments(tenant, None),
            [tuple(work.history(tenant, name)) for name in (*names, "a1", "a9")],
            [work.recall(tenant, key) for key in keys],
        ]


def events_of(store: Store, pool: str) -> list[str]:
    """The types of the events in the history of *pool*."""
    with store.begin() as work:
        return [one.event.type for one in work.history(TENANT, pool)]


def refused(run: Callable[..., object], *given: object) -> LicensingError:
    """What *run* is refused with."""
    with pytest.raises(LicensingError) as refusal:
        run(*given)
    return refusal.value


def sent(key: str, actor: str = "boss", tenant: str = TENANT) -> dict[str, Any]:
    return {"tenant": tenant, "key": key, "actor": actor}


def buy(pool: str = "p1", plan: str = "five", key: str = "buy") -> BuyPlan:
    beneficiary = None if plan == "one" else Scope.tree("sales")
    return BuyPlan(plan=plan, pool=pool, beneficiary=beneficiary, **sent(f"{key}-{pool}"))


def assign(*users: str, key: str, pool: str = "p1") -> AssignLicenses:
    return AssignLicenses(pool=pool, users=frozenset(users), **sent(key))


def unassign(*users: str, key: str, actor: str = "boss") -> UnassignLicenses:
    return UnassignLicenses(pool="p1", users=frozenset(users), **sent(key, actor))


def enroll(*users: str, key: str, pool: str = "s1", actor: str = "boss", contents: Any = (FIRE,)) -> EnrollUsers:
    return EnrollUsers(pool=pool, users=frozenset(users), contents=frozenset(contents), **sent(key, actor))


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
