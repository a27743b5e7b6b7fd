"""The tenant for which commands race: its people, its plans, and the commands as one-liners."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from licensing_core.adapters.hosts import StaticHost
from licensing_core.checks import FrozenMap
from licensing_core.credits import Grant
from licensing_core.directory import Actor, Content, Directory, Permission, Role, Scope
from licensing_core.license_cycle import LicenseType
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Catalog, Offer, Package, PackageKind, Plan, PlanKind
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.services import (
    AssignLicenses,
    CheckOut,
    CloseCycle,
    GrantCredits,
    GrantLicense,
    OpenAccount,
    OpenCredits,
    RecordTransaction,
    ResizePool,
    RevokeLicense,
    SpendCredits,
    TransferLicenses,
    UnassignLicenses,
)

TENANT: Final = "acme"
NOON: Final = datetime(2026, 5, 16, 10, tzinfo=UTC)
NEXT_CYCLE: Final = NOON + timedelta(days=17)
"""The cycle of an account that was opened at noon is over, and the next one is not."""
WORKERS: Final = 64
SEATS: Final = 50
USERS: Final = tuple(f"u{number}" for number in range(3 * WORKERS))
ALL: Final = Scope.tree("top")
ZONE: Final = "Europe/Madrid"


def _offer(plan: str, quantity: int) -> Offer:
    package = Package(
        id="safety",
        kind=PackageKind.LICENSES,
        catalogs=(Catalog("basics", frozenset({Content.course("fire")})),),
        audience=frozenset({ALL}),
    )
    sold = Plan(
        id=plan,
        package=package.id,
        kind=PlanKind.MULTI_LICENSE,
        quantity=quantity,
        prices=(FlatPrice(Money.parse("180.00 EUR")),),
        validity=Duration(months=12),
    )
    return Offer(sold, package)


def a_host() -> StaticHost:
    """*root* is a superadmin, whose releases go back at once; *boss* may do all else; limits are enforced."""
    everything = frozenset({ALL})
    return StaticHost(
        TENANT,
        zone=ZONE,
        directory=Directory.of(branches={"top": None}, users={user: ["top"] for user in (*USERS, "boss")}),
        actors=(
            Actor("root", Role.SUPERADMIN),
            Actor("boss", Role.POWER_USER, permissions=frozenset(Permission), resources=everything),
        ),
        offers=(_offer("fifty", SEATS), _offer("many", 1_000_000)),
    )


def at_noon() -> datetime:
    """The clock of all that is made before a race."""
    return NOON


def in_next_cycle() -> datetime:
    """The clock of the races."""
    return NEXT_CYCLE


def sent(key: str, actor: str = "boss") -> dict[str, Any]:
    """What every command has."""
    return {"tenant": TENANT, "key": key, "actor": actor}


def record(pool: str, plan: str = "fifty") -> RecordTransaction:
    return RecordTransaction(plan=plan, pool=pool, beneficiary=ALL, **sent(f"record-{pool}", "root"))


def assign(pool: str, users: Iterable[str], key: str) -> AssignLicenses:
    return AssignLicenses(pool=pool, users=frozenset(users), **sent(key))


def release(pool: str, users: Iterable[str], key: str) -> UnassignLicenses:
    return UnassignLicenses(pool=pool, users=frozenset(users), **sent(key, "root"))


def resize(pool: str, bought: int, key: str) -> ResizePool:
    return ResizePool(pool=pool, bought=bought, **sent(key, "root"))


def transfer(pool: str, target: str, users: Iterable[str], key: str) -> TransferLicenses:
    return TransferLicenses(pool=pool, target=target, users=frozenset(users), **sent(key, "root"))


def open_account(account: str, total: int, minimum: int) -> OpenAccount:
    return OpenAccount(
        account=account,
        cycle=Cycle(date(2026, 5, 1), Duration(months=1), ZONE),
        types=(LicenseType(id="web", price=UnitPrice(Money.parse("30.00 EUR")), minimum=minimum),),
        totals=FrozenMap({"web": total}),
        **sent(f"open-{account}"),
    )


def grant(account: str, user: str, key: str) -> GrantLicense:
    return GrantLicense(account=account, user=user, license_type="web", **sent(key))


def revoke(account: str, user: str, key: str) -> RevokeLicense:
    return RevokeLicense(account=account, user=user, license_type="web", **sent(key))


def close_cycle(account: str, key: str) -> CloseCycle:
    return CloseCycle(account=account, **sent(key))


def open_credits(customer: str) -> OpenCredits:
    return OpenCredits(customer=customer, **sent(f"open-{customer}"))


def give(customer: str, amount: int) -> GrantCredits:
    credit = Grant(id="first", amount=amount, effective=NOON)
    return GrantCredits(customer=customer, grant=credit, **sent(f"give-{customer}"))


def spend(customer: str, amount: int, key: str) -> SpendCredits:
    return SpendCredits(customer=customer, amount=amount, **sent(key))


def check_out(pools: Iterable[str], key: str) -> CheckOut:
    lines = tuple(CartLine(plan="fifty", pool=pool, beneficiary=ALL) for pool in pools)
    return CheckOut(cart=Cart(lines=lines), **sent(key))
