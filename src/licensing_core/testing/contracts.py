"""What every store must do. Subclass `StoreContract` in a test module, and override its fixture `store`::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self) -> MyStore:
            return MyStore.empty()

An asynchronous store goes through `testing.bridge.BlockingStore`.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any

from attrs import evolve

from licensing_core import license_cycle, pools
from licensing_core.checks import InvalidArgument
from licensing_core.directory import Actor
from licensing_core.holdings import Holding, Holdings, HoldingsNotLoaded
from licensing_core.license_cycle import LicenseAccount
from licensing_core.payments import PaymentOutcome
from licensing_core.plans import PackageKind
from licensing_core.protocols import (
    AggregateExists,
    AggregateKind,
    Page,
    Remembered,
    Store,
    Stored,
    StoreUnavailable,
    UnitOfWork,
    VersionConflict,
)
from licensing_core.services import Ids, replay
from licensing_core.testing.contracts_accounts import AccountContract
from licensing_core.testing.contracts_arguments import ArgumentContract
from licensing_core.testing.contracts_cards import CardContract
from licensing_core.testing.contracts_customers import CustomerContract
from licensing_core.testing.contracts_enrollments import EnrollmentContract
from licensing_core.testing.contracts_given import (
    NOW,
    ON,
    POWER,
    ROOT,
    T1,
    T2,
    Interrupted,
    an_account,
    assign,
    equal,
    interrupt,
    licenses_in,
    licenses_of,
    loaded,
    opened,
    refused,
    save_new,
)
from licensing_core.testing.contracts_payments import PaymentContract
from licensing_core.testing.contracts_people import PeopleContract
from licensing_core.testing.contracts_races import RaceContract
from licensing_core.testing.contracts_reading import ReadingContract


class StoreContract(
    EnrollmentContract,
    CustomerContract,
    AccountContract,
    CardContract,
    ReadingContract,
    PeopleContract,
    ArgumentContract,
    PaymentContract,
    RaceContract,
):
    """What a store must do, each test with a store of its own that is empty at first."""

    def store(self) -> Store:
        """The store to check; override this with a fixture of the same name."""
        raise NotImplementedError  # a suite without a store must not pass by checking nothing

    def test_an_empty_store_knows_nothing(self, store: Store) -> None:
        with store.begin() as work:
            equal(work.pool(T1, "p1", None), None, "there is no pool")
            equal(work.account(T1, "a1", None), None, "there is no account")
            equal(list(work.pools(T1, Page())), [], "there are no pools")
            equal(list(work.history(T1, AggregateKind.LICENSES, "p1")), [], "there is no history")
            equal(work.recall(T1, "k1"), None, "no key was used")

    def test_a_pool_is_loaded_as_it_was_saved(self, store: Store) -> None:
        for pool_id, kind in (("p1", PackageKind.LICENSES), ("p2", PackageKind.SEATS)):
            pool, events = opened(pool_id, kind)
            save_new(store, pool, events)
            equal(loaded(store, pool_id), Stored(pool, 1), "a pool is loaded as it was saved")

    def test_an_account_is_loaded_as_it_was_saved(self, store: Store) -> None:
        account, events = an_account()
        save_new(store, account, events)
        with store.begin() as work:
            equal(work.account(T1, "a1", None), Stored(account, 1), "an account is loaded as it was saved")

    def test_what_is_saved_is_seen_within_the_same_unit_of_work(self, store: Store) -> None:
        pool, events = opened()
        with store.begin() as work:
            work.save(T1, pool, expected=0, events=events)
            equal(work.pool(T1, "p1", None), Stored(pool, 1), "a unit of work sees what it saved")

    def test_the_holdings_of_the_users_asked_for_are_loaded_and_no_others(self, store: Store) -> None:
        save_new(store, *opened())
        assign(store, ["ana", "luis"])
        with store.begin() as work:
            some = licenses_of(work.pool(T1, "p1", frozenset({"ana", "mei"}))).holdings
            none = licenses_of(work.pool(T1, "p1", frozenset())).holdings
        wanted = Holdings({"ana": Holding.HELD}, loaded={"ana", "mei"})
        equal(some, wanted, "a pool is loaded with the holdings asked for")
        equal(none, Holdings(loaded=()), "a pool is loaded with the holdings asked for")
        refused(HoldingsNotLoaded(ids=("luis",)), lambda: some["luis"])

    def test_saving_a_pool_loaded_in_part_keeps_the_holdings_of_others(self, store: Store) -> None:
        save_new(store, *opened())
        for user in ("ana", "luis", "mei"):
            assign(store, [user])
        held = licenses_of(loaded(store)).holdings
        equal(dict(held), dict.fromkeys(["ana", "luis", "mei"], Holding.HELD), "the holdings of others are kept")

    def test_licenses_go_through_all_their_states(self, store: Store) -> None:
        save_new(store, *opened())
        assign(store, ["ana", "luis", "mei"])
        for actor, users in ((POWER, ["ana", "luis"]), (ROOT, ["luis"])):
            with store.begin() as work:
                stored = work.pool(T1, "p1", frozenset(users))
                decision = pools.unassign(licenses_of(stored), users, switches=ON, by=actor, now=NOW)
                work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
        assign(store, ["ana", "zoe"])
        pool = licenses_of(loaded(store))
        equal(dict(pool.holdings), dict.fromkeys(["ana", "mei", "zoe"], Holding.HELD), "the last state is kept")
        equal((pool.consumed, pool.held), (3, 3), "the counters are kept")

    def test_one_command_may_change_very_many_holdings(self, store: Store) -> None:
        users = [f"u{number}" for number in range(1200)]
        save_new(store, *opened(bought=1200))
        assign(store, users)
        with store.begin() as work:
            some = licenses_of(work.pool(T1, "p1", frozenset(users[:1100])))
            equal(len(some.holdings), 1100, "very many holdings are loaded")
        equal(len(licenses_of(loaded(store)).holdings), 1200, "very many holdings are kept")

    def test_an_account_keeps_orders_invoices_and_the_holdings_of_each_type(self, store: Store) -> None:
        account, events = an_account()
        save_new(store, account, events)
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
            version = len(work.history(T1, AggregateKind.LICENSES, "a1"))
            equal(work.account(T1, "a1", None), Stored(account, version), "an account is loaded as it was saved")

    def test_an_error_undoes_the_whole_unit_of_work(self, store: Store) -> None:
        save_new(store, *opened())
        assign(store, ["ana"])
        before = loaded(store)
        try:
            with store.begin() as work:
                _everything(work)
                interrupt()
        except Interrupted:
            pass
        equal(loaded(store), before, "an error undoes everything")
        with store.begin() as work:
            equal(work.pool(T1, "p9", None), None, "an error undoes everything")
            equal(work.account(T1, "a1", None), None, "an error undoes everything")
            equal(len(work.history(T1, AggregateKind.LICENSES, "p1")), 2, "an error undoes everything")
            equal(work.recall(T1, "k1"), None, "an error undoes everything")
        with store.begin() as work:
            _everything(work)

    def test_a_tenant_sees_and_touches_nothing_of_another(self, store: Store) -> None:
        save_new(store, *opened())
        assign(store, ["ana"])
        before = loaded(store)
        with store.begin() as work:
            work.remember(T1, "k1", Remembered(fingerprint="f1", answer=Ids(("x",))))
            equal(work.pool(T2, "p1", None), None, "a tenant sees nothing of another")
            equal(list(work.pools(T2, Page())), [], "a tenant sees nothing of another")
            equal(list(work.history(T2, AggregateKind.LICENSES, "p1")), [], "a tenant sees nothing of another")
            equal(work.recall(T2, "k1"), None, "a tenant sees nothing of another")
        save_new(store, *opened(bought=7), tenant=T2)
        assign(store, ["ana", "luis"], tenant=T2)
        equal(loaded(store), before, "a tenant touches nothing of another")

    def test_who_comes_late_is_refused_and_changes_nothing(self, store: Store) -> None:
        pool, events = opened()
        save_new(store, pool, events)
        late = pools.assign(licenses_of(loaded(store)), ["luis"], eligible=["luis"], switches=ON, by=ROOT, now=NOW)
        assign(store, ["ana"])
        before = loaded(store)

        def save(expected: int) -> None:
            with store.begin() as work:
                work.save(T1, late.state, expected=expected, events=late.events)

        for expected in (1, 3):
            refused(VersionConflict(aggregate="p1", expected=expected), save, expected)
        equal(loaded(store), before, "who comes late changes nothing")

    def test_an_account_that_was_changed_meanwhile_is_refused(self, store: Store) -> None:
        account, events = an_account()
        save_new(store, account, events)
        decision = license_cycle.grant(account, "ana", "web", by=ROOT, now=NOW)

        def save() -> None:
            with store.begin() as work:
                work.save(T1, decision.state, expected=1, events=decision.events)

        save()
        refused(VersionConflict(aggregate="a1", expected=1), save)

    def test_an_id_is_given_once_to_a_pool_or_an_account(self, store: Store) -> None:
        for first, second in (
            (opened("x1"), opened("x1", bought=2)),
            (opened("x2"), an_account("x2")),
            (an_account("x3"), opened("x3")),
            (an_account("x4"), an_account("x4")),
        ):
            save_new(store, *first)
            refused(AggregateExists(aggregate=first[0].id), save_new, store, *second)
            with store.begin() as work:
                equal(
                    len(work.history(T1, AggregateKind.LICENSES, first[0].id)), 1, "an id that is taken changes nothing"
                )

    def test_what_is_not_there_cannot_be_changed(self, store: Store) -> None:
        pool, events = opened()

        def save() -> None:
            with store.begin() as work:
                work.save(T1, pool, expected=1, events=events)

        refused(VersionConflict(aggregate="p1", expected=1), save)

    def test_a_save_without_an_event_is_refused(self, store: Store) -> None:
        pool, events = opened()

        def save(expected: int) -> None:
            with store.begin() as work:
                work.save(T1, pool, expected=expected, events=())

        refused(InvalidArgument, save, 0)
        save_new(store, pool, events)
        refused(InvalidArgument, save, 1)

    def test_a_history_is_numbered_from_one_without_a_gap(self, store: Store) -> None:
        save_new(store, *opened())
        save_new(store, *opened("p2"))
        assign(store, ["ana"])
        assign(store, ["zoe"], "p2")
        assign(store, ["luis", "mei"])
        with store.begin() as work:
            history = work.history(T1, AggregateKind.LICENSES, "p1")
            stored = work.pool(T1, "p1", None)
        equal([one.sequence for one in history], [1, 2, 3], "a history has no gap")
        equal({(one.tenant, one.aggregate) for one in history}, {(T1, "p1")}, "a history is of one aggregate")
        equal(stored, Stored(replay(history), 3), "a history leads to what is stored")

    def test_a_key_is_recalled_as_it_was_remembered(self, store: Store) -> None:
        used = Remembered(fingerprint="f1", answer=Ids(("p1", "p2")))
        with store.begin() as work:
            work.remember(T1, "k1", used)
            equal(work.recall(T1, "k1"), used, "a key is recalled")
        with store.begin() as work:
            equal(work.recall(T1, "k1"), used, "a key is recalled")
            equal(work.recall(T1, "K1"), None, "keys differ by case")

        def again() -> None:
            with store.begin() as work:
                work.remember(T1, "k1", evolve(used, fingerprint="f2"))

        refused(VersionConflict(aggregate="k1", expected=0), again)
        with store.begin() as work:
            equal(work.recall(T1, "k1"), used, "a key is used once")

    def test_the_purchased_pools_are_listed_by_id_without_holdings(self, store: Store) -> None:
        for pool_id in ("b", "a", "B"):
            save_new(store, *opened(pool_id))
        save_new(store, *an_account("web"))
        assign(store, ["ana"], "a")
        with store.begin() as work:
            found = work.pools(T1, Page())
        equal([pool.id for pool in found], ["B", "a", "b"], "pools are listed by id")
        equal([pool.consumed for pool in found], [0, 1, 0], "pools are listed with their counters")
        for pool in found:
            refused(HoldingsNotLoaded, licenses_in, pool)

    def test_a_pool_is_no_account_and_an_account_no_pool(self, store: Store) -> None:
        save_new(store, *opened())
        save_new(store, *an_account("web"))
        with store.begin() as work:
            equal(work.account(T1, "p1", None), None, "a pool is no account")
            equal(work.pool(T1, "web", None), None, "an account is no pool")
            equal(work.pool(T1, "app", None), None, "the pool of a license type was not purchased")

    def test_what_is_no_id_is_refused(self, store: Store) -> None:
        for bad in ("", "a b", "\N{CYRILLIC SMALL LETTER A}na", "a\x00", "a' OR '1'='1", "x" * 65, "\ud800", None, 1):
            ask: Any = bad
            with store.begin() as work:
                refused(InvalidArgument, work.pool, ask, "p1", None)
                refused(InvalidArgument, work.pool, T1, ask, None)
                refused(InvalidArgument, work.pool, T1, "p1", [ask])
                refused(InvalidArgument, work.account, T1, ask, None)
                refused(InvalidArgument, work.history, T1, AggregateKind.LICENSES, ask)
                refused(InvalidArgument, work.history, T1, ask, "p1")
                refused(InvalidArgument, work.recall, T1, ask)
                refused(InvalidArgument, work.pools, ask, Page())

    def test_a_unit_of_work_that_was_left_is_closed(self, store: Store) -> None:
        with store.begin() as work:
            pass
        closed = StoreUnavailable(reason="closed")
        refused(closed, lambda: work.pool(T1, "p1", None))
        refused(closed, lambda: work.save(T1, opened()[0], expected=0, events=opened()[1]))


def _everything(work: UnitOfWork) -> None:
    """Change something of every kind."""
    stored = work.pool(T1, "p1", frozenset({"luis"}))
    decision = pools.assign(licenses_of(stored), ["luis"], eligible=["luis"], switches=ON, by=ROOT, now=NOW)
    work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
    pool, events = opened("p9")
    work.save(T1, pool, expected=0, events=events)
    account, opening = an_account()
    work.save(T1, account, expected=0, events=opening)
    work.remember(T1, "k1", Remembered(fingerprint="f1", answer=Ids(("x",))))
