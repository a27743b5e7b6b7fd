"""What every store must do with pages, histories, the outbox and grants; part of `contracts.StoreContract`."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from licensing_core import license_cycle, pools
from licensing_core.checks import InvalidArgument
from licensing_core.directory import Actor, Content, Permission, Role, Scope
from licensing_core.holdings import Holding, Holdings
from licensing_core.pools import LicensePool
from licensing_core.protocols import AggregateKind, Envelope, Page, Store, StoreUnavailable, UnitOfWork
from licensing_core.testing.contracts_customers import ACME, USAGE, open_credits, open_usage
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
    licenses_of,
    loaded,
    opened,
    refused,
    save_new,
)
from licensing_core.testing.law import LawBroken, require

LICENSES: Final = AggregateKind.LICENSES
BOSS: Final = Actor(
    "boss",
    Role.POWER_USER,
    permissions=frozenset({Permission.SEATS_MANAGE}),
    resources=frozenset({Scope.tree("sales"), Content.course("fire")}),
)


def places(found: Sequence[Envelope]) -> list[tuple[str, int]]:
    """Aggregate and number of each event."""
    return [(one.aggregate, one.sequence) for one in found]


def through(load: Callable[[Page], Sequence[Any]], most: int) -> list[list[str]]:
    """The ids of all pages of *most*, one after the other."""
    found: list[list[str]] = []
    after: str | None = None
    while part := load(Page(after, most)):
        names = [getattr(one, "id", one) for one in part]
        found.append(names)
        after = names[-1]
    return found


class ReadingContract:
    """What a store must do with what is read in parts, each test with a store of its own that is empty at first."""

    def test_pools_accounts_and_ids_come_in_pages(self, store: Store) -> None:
        for name in ("b", "a", "B", "c2", "c10"):
            save_new(store, *opened(name))
        save_new(store, *an_account("aa"))
        save_new(store, *opened("other"), tenant=T2)
        with store.begin(read_only=True) as work:
            found = through(lambda page: work.pools(T1, page), 2)
            equal(found, [["B", "a"], ["b", "c10"], ["c2"]], "pools come in pages by id")
            found = through(lambda page: work.stored(T1, LICENSES, page), 4)
            equal(found, [["B", "a", "aa", "b"], ["c10", "c2"]], "ids come in pages, sorted")
            equal(list(work.stored(T1, AggregateKind.CUSTOMERS, Page())), [], "ids are of one kind")

    def test_holders_come_in_pages_with_what_they_have(self, store: Store) -> None:
        save_new(store, *opened())
        save_new(store, *opened("p2"))
        assign(store, ["ana", "luis", "mei", "Zoe"])
        assign(store, ["eva"], "p2")
        with store.begin() as work:
            stored = work.pool(T1, "p1", frozenset({"luis"}))
            decision = pools.unassign(licenses_of(stored), ["luis"], switches=ON, by=POWER, now=NOW)
            work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
        with store.begin(read_only=True) as work:
            first, rest = work.holders(T1, "p1", Page(None, 3)), work.holders(T1, "p1", Page("luis", 3))
            equal(list(first), ["Zoe", "ana", "luis"], "holders come in pages by id")
            wanted = {"Zoe": Holding.HELD, "ana": Holding.HELD, "luis": Holding.AWAITING}
            equal(dict(first), wanted, "holders come with what they have")
            equal(dict(rest), {"mei": Holding.HELD}, "holders come in pages by id")
            equal(dict(work.holders(T2, "p1", Page())), {}, "a tenant sees nothing of another")

    def test_the_accounts_of_which_somebody_has_a_license_are_found(self, store: Store) -> None:
        for name in ("a2", "a1", "a3"):
            save_new(store, *an_account(name))
        save_new(store, *opened())
        assign(store, ["ana"])
        for name in ("a2", "a1"):
            _grant(store, name, "ana")
        _grant(store, "a3", "luis")
        with store.begin(read_only=True) as work:
            equal(list(work.license_accounts(T1, "ana")), ["a1", "a2"], "accounts are found by holder, and no pools")
            equal([one.id for one in work.licenses(T1, "ana")], ["p1"], "pools are found by holder, and no accounts")
            equal(list(work.license_accounts(T2, "ana")), [], "a tenant sees nothing of another")

    def test_the_holdings_of_an_account_that_are_asked_for_are_loaded_and_no_others(self, store: Store) -> None:
        save_new(store, *an_account())
        for user in ("ana", "luis", "mei"):
            _grant(store, "a1", user)
        with store.begin(read_only=True) as work:
            for asked in (("ana", "zoe"), ()):
                stored = work.account(T1, "a1", frozenset(asked))
                found = {name: pool.holdings for name, pool in stored.state.pools.items()} if stored else {}
                held: dict[str, Holding] = {user: Holding.HELD for user in asked if user == "ana"}
                wanted = {"web": Holdings(held, loaded=asked), "app": Holdings(loaded=asked)}
                equal(found, wanted, "an account is loaded with the holdings asked for")

    def test_an_error_undoes_in_which_account_somebody_has_a_license(self, store: Store) -> None:
        for name in ("a1", "a2"):
            save_new(store, *an_account(name))
        _grant(store, "a1", "ana")
        try:
            with store.begin() as work:
                _grant_within(work, "a1", "luis")
                _grant_within(work, "a2", "ana")
                equal(list(work.license_accounts(T1, "ana")), ["a1", "a2"], "a unit of work sees what it saved")
                interrupt()
        except Interrupted:
            pass
        with store.begin() as work:
            found = [list(work.license_accounts(T1, user)) for user in ("ana", "luis")]
            equal(found, [["a1"], []], "an error undoes everything")

    def test_a_history_comes_in_parts_each_event_linked_to_the_one_before(self, store: Store) -> None:
        save_new(store, *opened())
        for user in ("ana", "luis", "mei"):
            assign(store, [user])
        with store.begin(read_only=True) as work:
            whole = work.history(T1, LICENSES, "p1")
            parts = [*work.history(T1, LICENSES, "p1", 0, 2), *work.history(T1, LICENSES, "p1", 2, 9)]
            equal(parts, list(whole), "a history comes in parts")
            equal(list(work.history(T1, LICENSES, "p1", 3)), list(whole[3:]), "all that comes after a number")
            equal(list(work.history(T1, LICENSES, "p1", 4, 1)), [], "nothing comes after the last")
        equal([one.sequence for one in whole], [1, 2, 3, 4], "a history has no gap")
        equal(len({one.digest for one in whole}), 4, "each event has a digest of its own")
        require(all(one.schema == one.event.schema for one in whole), "an event is kept with its schema", whole=whole)

    def test_the_same_history_of_another_aggregate_has_other_digests(self, store: Store) -> None:
        save_new(store, *opened("p1"))
        save_new(store, *opened("p2"))
        save_new(store, *opened("p1"), tenant=T2)
        with store.begin(read_only=True) as work:
            found = [work.history(*of)[0].digest for of in ((T1, LICENSES, "p1"), (T1, LICENSES, "p2"))]
            found.append(work.history(T2, LICENSES, "p1")[0].digest)
        equal(len({*found}), 3, "a digest says whose event it is")

    def test_what_happened_waits_in_the_outbox_until_it_is_handed_over(self, store: Store) -> None:
        save_new(store, *opened("p2"))
        save_new(store, *opened("p1"))
        _assign_later(store, "p2", "ana", 1)
        _assign_later(store, "p1", "luis", 2)
        with store.begin(read_only=True) as work:
            waiting = list(work.outbox(T1, 10))
            wanted = [("p1", 1), ("p2", 1), ("p2", 2), ("p1", 2)]
            equal(places(waiting), wanted, "the earliest event is handed over first")
            equal(list(work.outbox(T1, 3)), waiting[:3], "as many as are wanted")
            equal(list(work.outbox(T2, 10)), [], "a tenant sees nothing of another")
            equal([*work.history(T1, LICENSES, "p2")], [waiting[1], waiting[2]], "the events are those of the history")
        for _ in range(2):
            with store.begin() as work:
                work.handed_over(T1, waiting[:2])
                equal(places(work.outbox(T1, 10)), wanted[2:], "a unit of work sees what it took out")
        with store.begin() as work:
            equal(places(work.outbox(T1, 10)), wanted[2:], "what was handed over waits no more")
            refused(InvalidArgument, work.handed_over, T2, waiting)
            equal(len(work.history(T1, LICENSES, "p2")), 2, "the history keeps what was handed over")

    def test_no_event_but_those_that_were_handed_over_leaves_the_outbox(self, store: Store) -> None:
        save_new(store, *an_account(ACME))
        open_usage(store)
        open_credits(store)
        save_new(store, *opened("p1"))
        for minutes, user in enumerate(("ana", "luis", "mei", "zoe"), 1):
            _assign_later(store, "p1", user, minutes)
        with store.begin() as work:
            waiting = {(one.kind, one.aggregate, one.sequence): one for one in work.outbox(T1, 10)}
            equal(len(waiting), 8, "what happened waits")
        for handed in ((USAGE, ACME, 1), (LICENSES, "p1", 3), (LICENSES, ACME, 1)):
            with store.begin() as work:
                work.handed_over(T1, [waiting.pop(handed)])
            with store.begin() as work:
                equal([*work.outbox(T1, 10)], [*waiting.values()], "what was not handed over waits on")

    def test_an_event_that_was_dated_back_is_handed_over_after_those_before_it(self, store: Store) -> None:
        save_new(store, *opened())
        _assign_later(store, "p1", "ana", 5)
        _assign_later(store, "p1", "luis", -5)
        _assign_later(store, "p1", "mei", 1)
        save_new(store, *opened("p2"))
        told: list[tuple[str, int]] = []
        for most in (2, 2, 9, 9, 9):
            with store.begin() as work:
                part = work.outbox(T1, most)
                told += places(part)
                work.handed_over(T1, part)
        own = [number for name, number in told if name == "p1"]
        equal((own, len(told)), ([1, 2, 3, 4], 5), "the events of one aggregate come in their order, each once")

    def test_no_event_overtakes_another_of_its_aggregate_that_was_dated_back(self, store: Store) -> None:
        save_new(store, *opened())
        for minutes, user in ((5, "ana"), (-5, "luis"), (9, "mei"), (-9, "eva"), (2, "zoe")):
            _assign_later(store, "p1", user, minutes)
        for left in ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6], [3, 4, 5, 6], [4, 5, 6], [5, 6], [6]):
            with store.begin() as work:
                for most in (1, 2, 3, 9):
                    told = [one.sequence for one in work.outbox(T1, most)]
                    equal(told, left[: len(told)], "the events of one aggregate come in their order")
                    require(1 <= len(told) <= most, "something comes as long as something waits", told=told, most=most)
                work.handed_over(T1, work.outbox(T1, 1))

    def test_an_error_undoes_what_waits_and_what_was_handed_over(self, store: Store) -> None:
        save_new(store, *opened())
        with store.begin() as work:
            waiting = list(work.outbox(T1, 10))
        try:
            with store.begin() as work:
                work.handed_over(T1, waiting)
                pool, events = opened("p2")
                work.save(T1, pool, expected=0, events=events)
                work.keep_actor(T1, "boss", BOSS)
                interrupt()
        except Interrupted:
            pass
        with store.begin() as work:
            equal(list(work.outbox(T1, 10)), waiting, "an error undoes everything")
            equal(work.actor(T1, "boss"), None, "an error undoes everything")

    def test_what_somebody_may_do_is_kept_replaced_and_forgotten(self, store: Store) -> None:
        with store.begin() as work:
            equal(work.actor(T1, "boss"), None, "nothing is known of anybody")
            equal(work.keep_actor(T1, "boss", BOSS), True, "what is new is a change")
            equal(work.actor(T1, "boss"), BOSS, "a unit of work sees what it kept")
        with store.begin(read_only=True) as work:
            equal(work.actor(T1, "boss"), BOSS, "an actor is loaded as it was kept")
            equal([work.actor(T1, "Boss"), work.actor(T2, "boss")], [None, None], "of nobody else")
        with store.begin() as work:
            changed = [work.keep_actor(T1, "boss", actor) for actor in (BOSS, Actor("boss"), Actor("boss"))]
            equal(changed, [False, True, False], "the same again is no change")
        with store.begin() as work:
            equal(work.actor(T1, "boss"), Actor("boss"), "an actor is replaced")
            changed = [work.keep_actor(T1, name, None) for name in ("boss", "boss", "nobody")]
            equal(changed, [True, False, False], "nobody is forgotten twice")
            equal(work.actor(T1, "boss"), None, "an actor is forgotten")

    def test_a_unit_of_work_for_reading_changes_nothing(self, store: Store) -> None:
        save_new(store, *opened())
        before, refusal = loaded(store), StoreUnavailable(reason="read_only")
        pool, events = opened("p2")
        for change in (
            lambda work: work.save(T1, pool, expected=0, events=events),
            lambda work: work.keep_actor(T1, "boss", BOSS),
            lambda work: work.keep_card(T1, "acme", None, None),
            lambda work: work.handed_over(T1, work.outbox(T1, 10)),
        ):
            with store.begin(read_only=True) as work:
                refused(refusal, change, work)
        equal(loaded(store), before, "a unit of work for reading changes nothing")
        with store.begin() as work:
            equal(work.pool(T1, "p2", None), None, "a unit of work for reading changes nothing")
            equal(len(work.outbox(T1, 10)), 1, "a unit of work for reading changes nothing")

    def test_what_is_no_page_and_no_id_is_refused_when_parts_are_asked_for(self, store: Store) -> None:
        for bad in ("", "a b", "x" * 65, None, 1):
            ask: Any = bad
            with store.begin() as work:
                for call in _asked_with(work, ask):
                    refused(InvalidArgument, call)

    def test_a_unit_of_work_that_was_left_reads_and_keeps_nothing_more(self, store: Store) -> None:
        with store.begin() as work:
            pass
        closed = StoreUnavailable(reason="closed")
        for call in (
            lambda: work.outbox(T1, 1),
            lambda: work.actor(T1, "boss"),
            lambda: work.keep_actor(T1, "boss", BOSS),
            lambda: work.stored(T1, LICENSES, Page()),
            lambda: work.holders(T1, "p1", Page()),
        ):
            refused(closed, call)


def _asked_with(work: UnitOfWork, bad: Any) -> tuple[Callable[[], object], ...]:
    nobody: Any = bad or "nobody"
    return (
        lambda: work.pools(bad, Page()),
        lambda: work.pools(T1, bad),
        lambda: work.customers(T1, bad),
        lambda: work.holders(T1, bad, Page()),
        lambda: work.holders(T1, "p1", bad),
        lambda: work.stored(bad, LICENSES, Page()),
        lambda: work.stored(T1, bad, Page()),
        lambda: work.license_accounts(T1, bad),
        lambda: work.customers_with(T1, bad),
        lambda: work.actor(T1, bad),
        lambda: work.keep_actor(bad, "boss", None),
        lambda: work.keep_actor(T1, "boss", nobody),
        lambda: work.outbox(bad, 1),
        lambda: work.history(bad, LICENSES, "p1"),
        lambda: work.history(T1, LICENSES, "p1", -1),
        lambda: work.history(T1, LICENSES, "p1", 0, 0),
    )


def _grant(store: Store, account_id: str, user: str) -> None:
    with store.begin() as work:
        _grant_within(work, account_id, user)


def _grant_within(work: UnitOfWork, account_id: str, user: str) -> None:
    stored = work.account(T1, account_id, frozenset({user}))
    if stored is None:
        raise LawBroken(f"an account is loaded once it was saved: {account_id!r}")
    decision = license_cycle.grant(stored.state, user, "web", by=ROOT, now=NOW)
    work.save(T1, decision.state, expected=stored.version, events=decision.events)


def _assign_later(store: Store, pool_id: str, user: str, minutes: int) -> None:
    with store.begin() as work:
        stored = work.pool(T1, pool_id, frozenset({user}))
        pool: LicensePool = licenses_of(stored)
        now = NOW + timedelta(minutes=minutes)
        decision = pools.assign(pool, [user], eligible=[user], switches=ON, by=ROOT, now=now)
        work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
