"""The values of the library that make up a world of the oracle."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from licensing_core.currencies import Currency
from licensing_core.directory import Actor, Content, Permission, Role, Scope
from licensing_core.enrollments import Enrollment, Enrollments, EnrollmentStatus
from licensing_core.holdings import Holding, Holdings
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Catalog, Offer, Package, PackageKind, Plan, PlanKind, Renewal, Switches, Terms
from licensing_core.pools import LicensePool, SeatPool
from licensing_core.pricing import FlatPrice
from tests.naive_world import World, is_content
from tests.reliability.visibility_drawn import held_in

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
PRICE = Money(1000, Currency("EUR"))
YEAR = Duration.parse("P1Y")
scope_of = cache(Scope.parse)
content_of = cache(Content.parse)


def actor_of(world: World, name: str) -> Actor:
    mine = world.resources.get(name, ())
    return Actor(
        name,
        Role(world.role(name)),
        permissions=frozenset(map(Permission, world.permissions.get(name, ()))),
        resources=frozenset(content_of(one) if is_content(one) else scope_of(one) for one in mine),
    )


def packages_of(world: World) -> dict[str, Package]:
    catalogs = {name: Catalog(name, frozenset(map(content_of, contents))) for name, contents in world.catalogs.items()}
    return {
        name: Package(
            id=name,
            kind=PackageKind(it["kind"]),
            catalogs=tuple(catalogs[one] for one in it["catalogs"]),
            audience=frozenset(map(scope_of, it["audience"])),
        )
        for name, it in world.packages.items()
    }


def offer_of(packages: Mapping[str, Package], name: str, package: str, kind: str) -> Offer:
    quantity = 1 if kind == "single_license" else 10
    plan = Plan(
        id=name, package=package, kind=PlanKind(kind), quantity=quantity, prices=(FlatPrice(PRICE),), validity=YEAR
    )
    return Offer(plan, packages[package])


def instant(hours: int | None) -> datetime | None:
    return None if hours is None else NOW + timedelta(hours=hours)


def pool_of(world: World, name: str) -> LicensePool | SeatPool:
    it = world.pools[name]
    beneficiary, expires_at = scope_of(it["beneficiary"]), instant(it["expires_at"])
    if it["type"] == "seats":
        return SeatPool(
            id=name,
            beneficiary=beneficiary,
            bought=it["total"],
            consumed=it["assigned"],
            held=held_in(world, name),
            expires_at=expires_at,
            terms=terms_of(world, name),
        )
    holdings = dict.fromkeys(it["holders"], Holding.HELD) | dict.fromkeys(it["awaiting"], Holding.AWAITING)
    return LicensePool(
        id=name,
        beneficiary=beneficiary,
        bought=it["total"],
        consumed=it["assigned"],
        held=len(it["holders"]),
        holdings=Holdings(holdings),
        expires_at=expires_at,
        terms=terms_of(world, name),
    )


def terms_of(world: World, name: str) -> Terms:
    it = world.pools[name]
    return Terms(
        plan="plan",
        package=it["package"],
        kind=PlanKind.SEATS if it["type"] == "seats" else PlanKind.MULTI_LICENSE,
        price=PRICE,
        quantity=max(1, it["total"]),
        validity=YEAR,
        renewal=Renewal(it["renewal"]),
        created_by=it["created_by"],
        purchased_at=NOW - timedelta(days=300),
    )


def enrollments_of(world: World) -> Enrollments:
    return Enrollments(
        Enrollment(
            user=it["user"],
            content=content_of(it["content"]),
            pool=it["pool"],
            status=EnrollmentStatus(it["status"]),
            locked=it["locked"],
            since=instant(it["since"]),
            until=instant(it["until"]),
        )
        for it in world.enrollments
    )


def switches_of(world: World, name: str) -> Switches:
    it = world.pools[name]
    return Switches(enforce_limit=it["enforce_limit"], enforce_expiration=it["enforce_expiration"])
