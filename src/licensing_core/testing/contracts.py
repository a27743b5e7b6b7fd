"""What every store must do. Subclass `StoreContract` in a test module, and override its fixture `store`::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self) -> MyStore:
            return MyStore.empty()

An asynchronous store goes through `testing.bridge.BlockingStore`.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any, Final

from attrs import evolve

from licensing_core import license_cycle, pools
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings, NotLoaded
from licensing_core.license_cycle import LicenseAccount, LicenseType
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import PackageKind, PlanKind, Renewal, Switches, Terms
from licensing_core.pools import AnyPool, LicensePool
from licensing_core.pricing import UnitPrice
from licensing_core.protocols import (
    Aggregate,
    AggregateExists,
    Remembered,
    Store,
    Stored,
    StoreUnavailable,
    UnitOfWork,
    VersionConflict,
)
from licensing_core.services import Ids, replay
from licensing_core.testing.law import require

NOW: Final = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)
T1: Final = "acme"
T2: Final = "Acme"
ROOT: Final = Actor("root", Role.SUPERADMIN)
POWER: Final = Actor("power", Role.POWER_USER)
ON: Final = Switches()
_TERMS: Final = Terms(
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


class _Interrupted(Exception):
    """Stands for whatever goes wrong in the middle of a unit of work."""


def _interrupt() -> None:
    raise _Interrupted


def _opened(pool_id: str = "p1", kind: PackageKind = PackageKind.LICENSES, bought: int = 50) -> tuple[AnyPool, Any]:
    decision = pools.open_pool(
        pool_id,
        kind,
        beneficiary=Scope.tree("sales"),
        bought=bought,
        by=Actor("root"),
        now=NOW,
        expires_at=NOW.replace(year=2027),
        terms=_TERMS,
    )
    return decision.state, decision.events


def _an_account(account_id: str = "a1") -> tuple[LicenseAccount, Any]:
    types = (
        LicenseType(id="web", price=UnitPrice(Money.parse("30.00 EUR")), minimum=1, features=frozenset({"crm", "api"})),
        LicenseType(id="app", price=UnitPrice(Money.parse("4500 JPY"))),
    )
    cycle = Cycle(date(2026, 1, 31), Duration(months=1), "Europe/Madrid")
    decision = license_cycle.open_account(
        account_id, cycle=cycle, types=types, totals={"web": 3, "app": 2}, by=Actor("root"), now=NOW
    )
    return decision.state, decision.events


def _licenses(stored: Stored[AnyPool] | None) -> LicensePool:
    found = None if stored is None else stored.state
    require(isinstance(found, LicensePool), "a pool of licenses is loaded", found=found)
    return found  # type: ignore[return-value]


def _licenses_in(pool: AnyPool) -> object:
    return pool.holdings["ana"] if isinstance(pool, LicensePool) else None


def _refused(error: LicensingError | type[LicensingError], call: Callable[..., object], *given: object) -> None:
    try:
        call(*given)
    except LicensingError as refusal:
        same = isinstance(refusal, error) if isinstance(error, type) else refusal == error
        require(same, "a store refuses as its protocol says", wanted=error, got=refusal)
        return
    require(False, "a store refuses as its protocol says", wanted=error, got=None)


def _equal(got: object, wanted: object, law: str) -> None:
    require(got == wanted, law, got=got, wanted=wanted)


def _save_new(store: Store, aggregate: Aggregate, events: Sequence[Event], tenant: str = T1) -> None:
    with store.begin() as work:
        work.save(tenant, aggregate, expected=0, events=events)


def _assign(store: Store, users: Collection[str], pool_id: str = "p1", tenant: str = T1) -> None:
    with store.begin() as work:
        stored = work.pool(tenant, pool_id, frozenset(users))
        pool = _licenses(stored)
        decision = pools.assign(pool, users, eligible=users, switches=ON, by=ROOT, now=NOW)
        work.save(tenant, decision.state, expected=stored.version if stored else 0, events=decision.events)


def _loaded(store: Store, pool_id: str = "p1", tenant: str = T1) -> Stored[AnyPool] | None:
    with store.begin() as work:
        return work.pool(tenant, pool_id, None)


class StoreContract:
    """What a store must do, each test with a store of its own that is empty at first."""

    def store(self) -> Store:
        """The store to check; override this with a fixture of the same name."""
        raise NotImplementedError

    def test_an_empty_store_knows_nothing(self, store: Store) -> None:
        with store.begin() as work:
            _equal(work.pool(T1, "p1", None), None, "there is no pool")
            _equal(work.account(T1, "a1", None), None, "there is no account")
            _equal(list(work.pools(T1)), [], "there are no pools")
            _equal(list(work.history(T1, "p1")), [], "there is no history")
            _equal(work.recall(T1, "k1"), None, "no key was used")

    def test_a_pool_is_loaded_as_it_was_saved(self, store: Store) -> None:
        for pool_id, kind in (("p1", PackageKind.LICENSES), ("p2", PackageKind.SEATS)):
            pool, events = _opened(pool_id, kind)
            _save_new(store, pool, events)
            _equal(_loaded(store, pool_id), Stored(pool, 1), "a pool is loaded as it was saved")

    def test_an_account_is_loaded_as_it_was_saved(self, store: Store) -> None:
        account, events = _an_account()
        _save_new(store, account, events)
        with store.begin() as work:
            _equal(work.account(T1, "a1", None), Stored(account, 1), "an account is loaded as it was saved")

    def test_what_is_saved_is_seen_within_the_same_unit_of_work(self, store: Store) -> None:
        pool, events = _opened()
        with store.begin() as work:
            work.save(T1, pool, expected=0, events=events)
            _equal(work.pool(T1, "p1", None), Stored(pool, 1), "a unit of work sees what it saved")

    def test_the_holdings_of_the_users_asked_for_are_loaded_and_no_others(self, store: Store) -> None:
        _save_new(store, *_opened())
        _assign(store, ["ana", "luis"])
        with store.begin() as work:
            some = _licenses(work.pool(T1, "p1", frozenset({"ana", "mei"}))).holdings
            none = _licenses(work.pool(T1, "p1", frozenset())).holdings
        wanted = Holdings({"ana": Holding.HELD}, loaded={"ana", "mei"})
        _equal(some, wanted, "a pool is loaded with the holdings asked for")
        _equal(none, Holdings(loaded=()), "a pool is loaded with the holdings asked for")
        _refused(NotLoaded(users=("luis",)), lambda: some["luis"])

    def test_saving_a_pool_loaded_in_part_keeps_the_holdings_of_others(self, store: Store) -> None:
        _save_new(store, *_opened())
        for user in ("ana", "luis", "mei"):
            _assign(store, [user])
        held = _licenses(_loaded(store)).holdings
        _equal(dict(held), dict.fromkeys(["ana", "luis", "mei"], Holding.HELD), "the holdings of others are kept")

    def test_licenses_go_through_all_their_states(self, store: Store) -> None:
        _save_new(store, *_opened())
        _assign(store, ["ana", "luis", "mei"])
        for actor, users in ((POWER, ["ana", "luis"]), (ROOT, ["luis"])):
            with store.begin() as work:
                stored = work.pool(T1, "p1", frozenset(users))
                decision = pools.unassign(_licenses(stored), users, switches=ON, by=actor, now=NOW)
                work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
        _assign(store, ["ana", "zoe"])
        pool = _licenses(_loaded(store))
        _equal(dict(pool.holdings), dict.fromkeys(["ana", "mei", "zoe"], Holding.HELD), "the last state is kept")
        _equal((pool.consumed, pool.held), (3, 3), "the counters are kept")

    def test_one_command_may_change_very_many_holdings(self, store: Store) -> None:
        users = [f"u{number}" for number in range(1200)]
        _save_new(store, *_opened(bought=1200))
        _assign(store, users)
        with store.begin() as work:
            some = _licenses(work.pool(T1, "p1", frozenset(users[:1100])))
            _equal(len(some.holdings), 1100, "very many holdings are loaded")
        _equal(len(_licenses(_loaded(store)).holdings), 1200, "very many holdings are kept")

    def test_an_account_keeps_orders_invoices_and_the_holdings_of_each_type(self, store: Store) -> None:
        account, events = _an_account()
        _save_new(store, account, events)
        steps: tuple[Callable[[LicenseAccount], Any], ...] = (
            lambda known: license_cycle.grant(known, "ana", "web", by=ROOT, now=NOW),
            lambda known: license_cycle.grant(known, "ana", "app", by=ROOT, now=NOW),
            lambda known: license_cycle.buy(
                known, {"web": 2, "app": 1}, order_id="o1", payment=PaymentOutcome.PENDING, by=Actor("root"), now=NOW
            ),
            lambda known: license_cycle.buy(
                known, {"web": 1}, order_id="o2", payment=PaymentOutcome.SUCCEEDED, by=Actor("root"), now=NOW
            ),
            lambda known: license_cycle.close_cycle(known, by=Actor("root"), now=known.period.end),
        )
        for step in steps:
            with store.begin() as work:
                stored = work.account(T1, "a1", frozenset({"ana"}))
                before = account if stored is None else stored.state
                decision = step(before)
                work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
                account = reduce(license_cycle.apply, decision.events, account)
        with store.begin() as work:
            version = len(work.history(T1, "a1"))
            _equal(work.account(T1, "a1", None), Stored(account, version), "an account is loaded as it was saved")

    def test_an_error_undoes_the_whole_unit_of_work(self, store: Store) -> None:
        _save_new(store, *_opened())
        _assign(store, ["ana"])
        before = _loaded(store)
        try:
            with store.begin() as work:
                _everything(work)
                _interrupt()
        except _Interrupted:
            pass
        _equal(_loaded(store), before, "an error undoes everything")
        with store.begin() as work:
            _equal(work.pool(T1, "p9", None), None, "an error undoes everything")
            _equal(work.account(T1, "a1", None), None, "an error undoes everything")
            _equal(len(work.history(T1, "p1")), 2, "an error undoes everything")
            _equal(work.recall(T1, "k1"), None, "an error undoes everything")
        with store.begin() as work:
            _everything(work)

    def test_a_tenant_sees_and_touches_nothing_of_another(self, store: Store) -> None:
        _save_new(store, *_opened())
        _assign(store, ["ana"])
        before = _loaded(store)
        with store.begin() as work:
            work.remember(T1, "k1", Remembered(fingerprint="f1", answer=Ids(("x",))))
            _equal(work.pool(T2, "p1", None), None, "a tenant sees nothing of another")
            _equal(list(work.pools(T2)), [], "a tenant sees nothing of another")
            _equal(list(work.history(T2, "p1")), [], "a tenant sees nothing of another")
            _equal(work.recall(T2, "k1"), None, "a tenant sees nothing of another")
        _save_new(store, *_opened(bought=7), tenant=T2)
        _assign(store, ["ana", "luis"], tenant=T2)
        _equal(_loaded(store), before, "a tenant touches nothing of another")

    def test_who_comes_late_is_refused_and_changes_nothing(self, store: Store) -> None:
        pool, events = _opened()
        _save_new(store, pool, events)
        late = pools.assign(_licenses(_loaded(store)), ["luis"], eligible=["luis"], switches=ON, by=ROOT, now=NOW)
        _assign(store, ["ana"])
        before = _loaded(store)

        def save(expected: int) -> None:
            with store.begin() as work:
                work.save(T1, late.state, expected=expected, events=late.events)

        for expected in (1, 3):
            _refused(VersionConflict(aggregate="p1", expected=expected), save, expected)
        _equal(_loaded(store), before, "who comes late changes nothing")

    def test_an_account_that_was_changed_meanwhile_is_refused(self, store: Store) -> None:
        account, events = _an_account()
        _save_new(store, account, events)
        decision = license_cycle.grant(account, "ana", "web", by=ROOT, now=NOW)

        def save() -> None:
            with store.begin() as work:
                work.save(T1, decision.state, expected=1, events=decision.events)

        save()
        _refused(VersionConflict(aggregate="a1", expected=1), save)

    def test_an_id_is_given_once_to_a_pool_or_an_account(self, store: Store) -> None:
        for first, second in (
            (_opened("x1"), _opened("x1", bought=2)),
            (_opened("x2"), _an_account("x2")),
            (_an_account("x3"), _opened("x3")),
            (_an_account("x4"), _an_account("x4")),
        ):
            _save_new(store, *first)
            _refused(AggregateExists(aggregate=first[0].id), _save_new, store, *second)
            with store.begin() as work:
                _equal(len(work.history(T1, first[0].id)), 1, "an id that is taken changes nothing")

    def test_what_is_not_there_cannot_be_changed(self, store: Store) -> None:
        pool, events = _opened()

        def save() -> None:
            with store.begin() as work:
                work.save(T1, pool, expected=1, events=events)

        _refused(VersionConflict(aggregate="p1", expected=1), save)

    def test_a_save_without_an_event_is_refused(self, store: Store) -> None:
        pool, events = _opened()

        def save(expected: int) -> None:
            with store.begin() as work:
                work.save(T1, pool, expected=expected, events=())

        _refused(InvalidArgument, save, 0)
        _save_new(store, pool, events)
        _refused(InvalidArgument, save, 1)

    def test_a_history_is_numbered_from_one_without_a_gap(self, store: Store) -> None:
        _save_new(store, *_opened())
        _save_new(store, *_opened("p2"))
        _assign(store, ["ana"])
        _assign(store, ["zoe"], "p2")
        _assign(store, ["luis", "mei"])
        with store.begin() as work:
            history = work.history(T1, "p1")
            stored = work.pool(T1, "p1", None)
        _equal([one.sequence for one in history], [1, 2, 3], "a history has no gap")
        _equal({(one.tenant, one.aggregate) for one in history}, {(T1, "p1")}, "a history is of one aggregate")
        _equal(stored, Stored(replay(history), 3), "a history leads to what is stored")

    def test_a_key_is_recalled_as_it_was_remembered(self, store: Store) -> None:
        used = Remembered(fingerprint="f1", answer=Ids(("p1", "p2")))
        with store.begin() as work:
            work.remember(T1, "k1", used)
            _equal(work.recall(T1, "k1"), used, "a key is recalled")
        with store.begin() as work:
            _equal(work.recall(T1, "k1"), used, "a key is recalled")
            _equal(work.recall(T1, "K1"), None, "keys differ by case")

        def again() -> None:
            with store.begin() as work:
                work.remember(T1, "k1", evolve(used, fingerprint="f2"))

        _refused(VersionConflict(aggregate="k1", expected=0), again)
        with store.begin() as work:
            _equal(work.recall(T1, "k1"), used, "a key is used once")

    def test_the_purchased_pools_are_listed_by_id_without_holdings(self, store: Store) -> None:
        for pool_id in ("b", "a", "B"):
            _save_new(store, *_opened(pool_id))
        _save_new(store, *_an_account("web"))
        _assign(store, ["ana"], "a")
        with store.begin() as work:
            found = work.pools(T1)
        _equal([pool.id for pool in found], ["B", "a", "b"], "pools are listed by id")
        _equal([pool.consumed for pool in found], [0, 1, 0], "pools are listed with their counters")
        for pool in found:
            _refused(NotLoaded, _licenses_in, pool)

    def test_a_pool_is_no_account_and_an_account_no_pool(self, store: Store) -> None:
        _save_new(store, *_opened())
        _save_new(store, *_an_account("web"))
        with store.begin() as work:
            _equal(work.account(T1, "p1", None), None, "a pool is no account")
            _equal(work.pool(T1, "web", None), None, "an account is no pool")
            _equal(work.pool(T1, "app", None), None, "the pool of a license type was not purchased")

    def test_what_is_no_id_is_refused(self, store: Store) -> None:
        for bad in ("", "a b", "\N{CYRILLIC SMALL LETTER A}na", "a\x00", "a' OR '1'='1", "x" * 65, "\ud800", None, 1):
            ask: Any = bad
            with store.begin() as work:
                _refused(InvalidArgument, work.pool, ask, "p1", None)
                _refused(InvalidArgument, work.pool, T1, ask, None)
                _refused(InvalidArgument, work.pool, T1, "p1", [ask])
                _refused(InvalidArgument, work.account, T1, ask, None)
                _refused(InvalidArgument, work.history, T1, ask)
                _refused(InvalidArgument, work.recall, T1, ask)
                _refused(InvalidArgument, work.pools, ask)

    def test_a_unit_of_work_that_was_left_is_closed(self, store: Store) -> None:
        with store.begin() as work:
            pass
        closed = StoreUnavailable(reason="closed")
        _refused(closed, lambda: work.pool(T1, "p1", None))
        _refused(closed, lambda: work.save(T1, _opened()[0], expected=0, events=_opened()[1]))


def _everything(work: UnitOfWork) -> None:
    """Change something of every kind."""
    stored = work.pool(T1, "p1", frozenset({"luis"}))
    decision = pools.assign(_licenses(stored), ["luis"], eligible=["luis"], switches=ON, by=ROOT, now=NOW)
    work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
    pool, events = _opened("p9")
    work.save(T1, pool, expected=0, events=events)
    account, opening = _an_account()
    work.save(T1, account, expected=0, events=opening)
    work.remember(T1, "k1", Remembered(fingerprint="f1", answer=Ids(("x",))))
