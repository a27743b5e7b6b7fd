"""One-line builders of what the examples are about."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

from licensing_core import license_cycle
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import Decision, Verdict
from licensing_core.directory import EVERYONE, Actor, Content, Directory, Permission, Role, Scope
from licensing_core.enrollments import Enrollment, Enrollments, Roster
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseAccount, LicenseType
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Catalog, Offer, Package, PackageKind, Plan, PlanKind, Renewal, Terms
from licensing_core.pools import AnyPool, LicensePool, SeatPool
from licensing_core.pricing import FlatPrice, Price, UnitPrice

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROOT = Actor("root", Role.SUPERADMIN)
NAIVE = NOON.replace(tzinfo=None)
"""No instant: it does not say where its clock stands."""
SALES = Scope.branch("sales")
COMPANY = Directory.of(
    branches={"root": None, "sales": "root", "madrid": "sales", "it": "root"},
    users={"ana": ["sales"], "luis": ["sales"], "mei": ["madrid"], "noor": ["it"], "pu": ["sales"]},
    groups={"coaches": ["ana", "noor"]},
)


def eur(amount: str) -> Money:
    return Money.parse(f"{amount} EUR")


def a_pool(
    *,
    bought: int = 2,
    holders: Collection[str] = (),
    awaiting: Collection[str] = (),
    beneficiary: Scope = SALES,
    expires_at: datetime | None = None,
    pool_id: str = "p1",
) -> LicensePool:
    """A pool of licenses, some held and some awaiting confirmation."""
    entries = {**dict.fromkeys(holders, Holding.HELD), **dict.fromkeys(awaiting, Holding.AWAITING)}
    return LicensePool(
        id=pool_id,
        beneficiary=beneficiary,
        bought=bought,
        consumed=len(entries),
        held=len(holders),
        expires_at=expires_at,
        holdings=Holdings(entries),
    )


def seats(*, bought: int = 2, consumed: int = 0, held: int = 0, beneficiary: Scope = SALES) -> SeatPool:
    """A pool of seats."""
    return SeatPool(id="s1", beneficiary=beneficiary, bought=bought, consumed=consumed, held=held)


def a_power_user(*resources: Scope, user: str = "pu", without: Collection[Permission] = ()) -> Actor:
    """A power user with *resources*, and all permissions but some."""
    allowed = frozenset(Permission) - frozenset(without)
    return Actor(user, Role.POWER_USER, permissions=allowed, resources=frozenset(resources))


def a_learner(user: str = "ana") -> Actor:
    return Actor(user)


def an_offer(
    kind: PlanKind = PlanKind.MULTI_LICENSE,
    *,
    audience: Scope = EVERYONE,
    quantity: int | None = None,
    prices: tuple[Price, ...] = (FlatPrice(eur("100.00")),),
    plan_id: str = "ten",
) -> Offer:
    """A plan of that kind and its package."""
    plan = Plan(
        id=plan_id,
        package="pack",
        kind=kind,
        quantity=quantity or (1 if kind is PlanKind.SINGLE_LICENSE else 10),
        prices=prices,
        validity=Duration.parse("P1Y"),
    )
    catalog = Catalog("all", frozenset())
    return Offer(plan, Package(id="pack", kind=kind.sells, catalogs=(catalog,), audience=frozenset({audience})))


FIRE, AID, STAIRS = (Content.course(name) for name in ("fire", "aid", "stairs"))
START, ONWARD = Content.learning_plan("start"), Content.learning_plan("onward")
PATHS = {START: (FIRE, AID), ONWARD: (AID, STAIRS)}
"""Two learning plans that share a course."""


def a_package(*contents: Content, kind: PackageKind = PackageKind.LICENSES) -> Package:
    """A package for everybody with *contents*, or with all there are."""
    listed = frozenset(contents or (FIRE, AID, STAIRS, START, ONWARD))
    return Package(id="pack", kind=kind, catalogs=(Catalog("all", listed),), audience=frozenset({EVERYONE}))


def an_enrollment(user: str = "ana", content: Content = FIRE, **changes: Any) -> Enrollment:
    """*user* in *content* through the pool `p1`, unless the changes say otherwise."""
    given: dict[str, Any] = {"user": user, "content": content, "pool": "p1", **changes}
    return Enrollment(**given)


def a_roster(pool: AnyPool, *enrollments: Enrollment, loaded: Collection[str] | None = None) -> Roster:
    """*pool* with the *enrollments* of all users, or of those *loaded*."""
    return Roster(pool=pool, enrollments=Enrollments(enrollments, loaded=loaded))


def some_terms(kind: PlanKind = PlanKind.MULTI_LICENSE, **changes: Any) -> Terms:
    """What the sale of ten for a year at 100.00 EUR to `pu` pinned."""
    given: dict[str, Any] = {
        "plan": "ten",
        "package": "pack",
        "kind": kind,
        "price": eur("100.00"),
        "quantity": 10,
        "validity": Duration.parse("P1Y"),
        "renewal": Renewal.MANUAL,
        "created_by": "pu",
        "purchased_at": NOON,
    }
    return Terms(**{**given, **changes})


APRIL_16 = datetime(2024, 4, 16, 10, tzinfo=UTC)
"""A day in the middle of a month of 30 days."""
BASE = LicenseType(id="base", price=UnitPrice(eur("30.00")), minimum=3, features=frozenset({"crm"}))
VOIP = LicenseType(id="voip", price=UnitPrice(eur("12.50")), features=frozenset({"calls", "crm"}))


def an_account(
    *types: LicenseType,
    totals: Mapping[str, int] | None = None,
    holders: Mapping[str, Collection[str]] | None = None,
    now: datetime = APRIL_16,
) -> LicenseAccount:
    """An account billed on the first of each month, with 5 base licenses unless said otherwise."""
    types = types or (BASE, VOIP)
    cycle = Cycle(date(2024, 1, 1), Duration(months=1), "UTC")
    totals = {"base": 5} if totals is None else totals
    account = license_cycle.open_account(
        "crm", cycle=cycle, types=types, totals=totals, by=Actor("root"), now=now
    ).state
    for name, users in (holders or {}).items():
        for user in users:
            account = license_cycle.grant(account, user, name, by=ROOT, now=now).state
    return account


def replayed(apply: Any, decision: Decision[Any, Any], start: Any) -> Any:
    """*start* after the events of *decision*."""
    return reduce(apply, decision.events, start)


def agrees(question: Any, command: Any, *arguments: Any, **named: Any) -> Verdict:
    """The verdict of *question*, seen to agree with *command*."""
    verdict: Verdict = question(*arguments, **named)
    refusal: LicensingError | None = None
    try:
        command(*arguments, **named)
    except InvalidArgument:
        raise
    except LicensingError as error:
        refusal = error
    assert verdict.refusal == refusal
    return verdict
