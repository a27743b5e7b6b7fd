"""What the contracts of stores begin with: pools, accounts, and how to save and compare them."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any, Final

from licensing_core import enrollments, license_cycle, pools
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, Content, Role, Scope
from licensing_core.enrollments import Enrolled, Roster
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import LicenseAccount, LicenseType
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Catalog, Package, PackageKind, PlanKind, Renewal, Switches, Terms
from licensing_core.pools import AnyPool, LicensePool
from licensing_core.pricing import UnitPrice
from licensing_core.protocols import Aggregate, AggregateKind, Store, Stored, UnitOfWork
from licensing_core.services import replay, replay_enrollments
from licensing_core.testing.law import LawBroken, require

NOW: Final = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)
T1: Final = "acme"
T2: Final = "Acme"
ROOT: Final = Actor("root", Role.SUPERADMIN)
FIRE: Final = Content.course("fire")
AID: Final = Content.course("aid")
BASICS: Final = Content.learning_plan("basics")
POWER: Final = Actor("power", Role.POWER_USER, resources=frozenset({FIRE, AID}))
ON: Final = Switches()
SAFETY: Final = Package(
    id="safety",
    kind=PackageKind.LICENSES,
    catalogs=(Catalog("all", frozenset({FIRE, AID, BASICS})),),
    audience=frozenset({Scope.tree("sales")}),
)
TERMS: Final = Terms(
    plan="fifty",
    package="safety",
    kind=PlanKind.MULTI_LICENSE,
    price=Money.parse("1800.00 EUR"),
    quantity=50,
    validity=Duration(months=12),
    renewal=Renewal.MANUAL,
    created_by="ana",
    purchased_at=NOW,
)


class Interrupted(Exception):
    """Stands for whatever goes wrong in the middle of a unit of work."""


def interrupt() -> None:
    """Let something go wrong."""
    raise Interrupted


def opened(pool_id: str = "p1", kind: PackageKind = PackageKind.LICENSES, bought: int = 50) -> tuple[AnyPool, Any]:
    """A new pool, and the event that opens it."""
    decision = pools.open_pool(
        pool_id,
        kind,
        beneficiary=Scope.tree("sales"),
        bought=bought,
        by=Actor("root"),
        now=NOW,
        expires_at=NOW.replace(year=2027),
        terms=TERMS,
    )
    return decision.state, decision.events


def an_account(account_id: str = "a1") -> tuple[LicenseAccount, Any]:
    """A new account, and the event that opens it."""
    types = (
        LicenseType(id="web", price=UnitPrice(Money.parse("30.00 EUR")), minimum=1, features=frozenset({"crm", "api"})),
        LicenseType(id="app", price=UnitPrice(Money.parse("4500 JPY"))),
    )
    cycle = Cycle(date(2026, 1, 31), Duration(months=1), "Europe/Madrid")
    decision = license_cycle.open_account(
        account_id, cycle=cycle, types=types, totals={"web": 3, "app": 2}, by=Actor("root"), now=NOW
    )
    return decision.state, decision.events


def licenses_of(stored: Stored[AnyPool] | None) -> LicensePool:
    """The pool of licenses that was loaded."""
    found = None if stored is None else stored.state
    require(isinstance(found, LicensePool), "a pool of licenses is loaded", found=found)
    return found  # type: ignore[return-value]


def licenses_in(pool: AnyPool) -> object:
    """What *ana* has; raises `HoldingsNotLoaded` when that was not looked up."""
    return pool.holdings["ana"] if isinstance(pool, LicensePool) else None


def refused(error: LicensingError | type[LicensingError], call: Callable[..., object], *given: object) -> None:
    """See to it that *call* is refused with *error*, or an error of that class."""
    try:
        call(*given)
    except LicensingError as refusal:
        same = isinstance(refusal, error) if isinstance(error, type) else refusal == error
        require(same, "a store refuses as its protocol says", wanted=error, got=refusal)
        return
    require(False, "a store refuses as its protocol says", wanted=error, got=None)


def equal(got: object, wanted: object, law: str) -> None:
    """See to it that *law* holds: both are the same."""
    require(got == wanted, law, got=got, wanted=wanted)


def save_new(store: Store, aggregate: Aggregate, events: Sequence[Event], tenant: str = T1) -> None:
    """Save what begins to be."""
    with store.begin() as work:
        work.save(tenant, aggregate, expected=0, events=events)


def assign(store: Store, users: Collection[str], pool_id: str = "p1", tenant: str = T1) -> None:
    """Give *users* a license each."""
    with store.begin() as work:
        stored = work.pool(tenant, pool_id, frozenset(users))
        pool = licenses_of(stored)
        decision = pools.assign(pool, users, eligible=users, switches=ON, by=ROOT, now=NOW)
        work.save(tenant, decision.state, expected=stored.version if stored else 0, events=decision.events)


def loaded(store: Store, pool_id: str = "p1", tenant: str = T1) -> Stored[AnyPool] | None:
    """The pool with all of its holdings."""
    with store.begin() as work:
        return work.pool(tenant, pool_id, None)


def roster(work: UnitOfWork, users: Collection[str], pool_id: str = "p1", tenant: str = T1) -> tuple[Roster, int]:
    """The pool with the holdings and enrollments of *users*, and its version."""
    stored = work.pool(tenant, pool_id, frozenset(users))
    if stored is None:
        raise LawBroken(f"a pool is loaded once it was saved: {pool_id!r}")
    return Roster(pool=stored.state, enrollments=work.enrollments(tenant, frozenset(users))), stored.version


def change(
    store: Store, users: Collection[str], decide: Callable[[Roster], Any], pool_id: str = "p1", tenant: str = T1
) -> None:
    """Load the pool with what *users* have, and save what *decide* makes of it."""
    with store.begin() as work:
        before, version = roster(work, users, pool_id, tenant)
        save_events(work, before, version, decide(before).events, tenant)


def save_events(work: UnitOfWork, before: Roster, version: int, events: Sequence[Any], tenant: str = T1) -> None:
    """Save the pool of *before* as it is after *events*."""
    after = reduce(enrollments.apply, events, before)
    work.save(tenant, after.pool, expected=version, events=events)


def enrolling(
    users: Collection[str], *contents: Content, by: Actor = ROOT, **validity: Any
) -> Callable[[Roster], Decision[Enrolled, Any]]:
    """What enrolls *users* in *contents*, each learning plan having the course *aid*."""
    return lambda before: enrollments.enroll(
        before,
        users,
        contents,
        package=SAFETY,
        eligible=users,
        courses={BASICS: {AID}},
        switches=ON,
        by=by,
        now=NOW,
        **validity,
    )


def replays(store: Store, *pool_ids: str, tenant: str = T1) -> None:
    """See to it that the histories of pools lead to what is stored of them, and of the enrollments through them."""
    with store.begin() as work:
        everybody = work.enrollments(tenant, None)
        for pool_id in pool_ids:
            history = work.history(tenant, AggregateKind.LICENSES, pool_id)
            stored = Stored(replay(history), len(history))
            equal(work.pool(tenant, pool_id, None), stored, "a history leads to what is stored")
            led = tuple(sorted(replay_enrollments(history).values(), key=repr))
            mine = tuple(sorted(everybody.through(pool_id), key=repr))
            equal(led, mine, "a history leads to the enrollments that are stored")
