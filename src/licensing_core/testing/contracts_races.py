"""What every store must do while another unit of work is open; part of `contracts.StoreContract`.

A second thread is given a moment to come as far as the store lets it. A store that lets in one unit of work at a time
keeps it waiting until the first one ends, which is as good as refusing one of the two.
"""

from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from typing import Any, Final

from licensing_core import license_cycle, pools
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Role
from licensing_core.errors import LicensingError
from licensing_core.protocols import (
    AggregateExists,
    AggregateKind,
    Remembered,
    Store,
    Stored,
    StoreUnavailable,
    UnitOfWork,
    VersionConflict,
)
from licensing_core.services import Ids
from licensing_core.testing.contracts_given import (
    NOW,
    ON,
    ROOT,
    T1,
    an_account,
    equal,
    licenses_of,
    loaded,
    opened,
    save_new,
)
from licensing_core.testing.law import LawBroken, require

MOMENT: Final = 0.1
"""Seconds in which another unit of work that nobody keeps waiting has begun and loaded."""
WHILE: Final = 1.0
"""Seconds in which one that has loaded is committed, unless it is kept waiting then."""
LONG: Final = 120.0
"""Seconds after which one that nobody keeps waiting any more has ended, however slow the machine is."""
BOSS: Final = Actor("boss", Role.SUPERADMIN)
LICENSES: Final = AggregateKind.LICENSES
Act = Callable[[UnitOfWork], object]
"""What is done in a unit of work, and what it gives."""
Change = Callable[[UnitOfWork, Any], object]
"""What is done in a unit of work with what was loaded in it."""


def came_late(refusal: LicensingError) -> bool:
    """Whether *refusal* says that somebody else came first, or kept the store to themselves."""
    if isinstance(refusal, StoreUnavailable):
        return refusal.reason in ("conflict", "busy")
    return isinstance(refusal, VersionConflict | AggregateExists)


def committed(store: Store, *acts: Act) -> bool:
    """Do *acts* in one unit of work: whether it was committed, or refused since somebody else came first."""
    try:
        with store.begin() as work:
            for act in acts:
                act(work)
    except LicensingError as refusal:
        if not came_late(refusal):
            raise
        return False
    return True


class Beside:
    """A unit of work in a thread of its own, which loads something and changes something."""

    def __init__(self, store: Store, load: Act, change: Act) -> None:
        self._begun, self._loaded, self._ended = Signal(), Signal(), Signal()
        self._committed = False
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, args=(store, load, change), daemon=True)
        self._thread.start()
        self._begun.wait(LONG)
        if self._loaded.wait(MOMENT):
            self._ended.wait(WHILE)

    def _run(self, *given: Any) -> None:
        store, load, change = given
        self._begun.set()
        try:
            self._committed = committed(store, load, lambda _: self._loaded.set(), change)
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread of the test
            self._error = error
        finally:
            self._ended.set()
            self._loaded.set()

    @property
    def came_first(self) -> bool:
        """Whether it is committed already, while the unit of work that was begun before it is open yet."""
        return self._ended.is_set() and self._committed

    def committed(self) -> bool:
        """Whether it was committed, once nobody keeps it waiting any more; raises what it raised."""
        if not self._ended.wait(LONG):
            raise LawBroken("a unit of work goes on once the one that it waited for has ended")
        self._thread.join(LONG)
        if self._error is not None:
            raise self._error
        return self._committed


def both(store: Store, load: Act, change: Change, other: tuple[Act, Act]) -> int:
    """*load*, let the *other* load and change, and then *change* what was loaded: how many of the two were committed.

    Raises:
        LawBroken: None was.
    """
    beside: list[Beside] = []

    def mine(work: UnitOfWork) -> None:
        found = load(work)
        beside.append(Beside(store, *other))
        change(work, found)

    first = committed(store, mine)
    number = first + sum(one.committed() for one in beside)
    require(number > 0, "one of two that are at the same thing is committed", committed=number)
    return number


def pool_for(user: str) -> Act:
    """What loads the pool with what *user* has."""
    return lambda work: work.pool(T1, "p1", frozenset({user}))


def assigning(user: str) -> Change:
    """What gives *user* a license, as the pool was when it was loaded."""

    def change(work: UnitOfWork, stored: Stored[Any]) -> None:
        decision = pools.assign(licenses_of(stored), [user], eligible=[user], switches=ON, by=ROOT, now=NOW)
        work.save(T1, decision.state, expected=stored.version, events=decision.events)

    return change


def account_for(user: str) -> Act:
    """What loads the account with what *user* has."""
    return lambda work: work.account(T1, "a1", frozenset({user}))


def granting(user: str) -> Change:
    """What gives *user* a license of the account, as it was when it was loaded."""

    def change(work: UnitOfWork, stored: Stored[Any]) -> None:
        decision: Decision[Any, Any] = license_cycle.grant(stored.state, user, "web", by=ROOT, now=NOW)
        work.save(T1, decision.state, expected=stored.version, events=decision.events)

    return change


def loading(load: Act, change: Change) -> tuple[Act, Act]:
    """The two steps of another unit of work."""
    found: list[Any] = []
    return lambda work: found.append(load(work)), lambda work: change(work, found[-1])


class RaceContract:
    """What a store must do when two are at it at once, each test with a store of its own that is empty at first."""

    def test_a_decision_holds_though_another_unit_of_work_is_about_the_same_pool(self, store: Store) -> None:
        save_new(store, *opened())
        done = both(store, pool_for("ana"), assigning("ana"), loading(pool_for("luis"), assigning("luis")))
        pool, version = licenses_of(loaded(store)), 1 + done
        equal((pool.consumed, len(pool.holdings)), (done, done), "what was answered is kept, whoever came first")
        with store.begin() as work:
            history = work.history(T1, LICENSES, "p1")
            stored = work.pool(T1, "p1", ())
        equal([one.sequence for one in history], [*range(1, version + 1)], "what was answered is in the history")
        equal(stored.version if stored else 0, version, "each change has a version of its own")

    def test_a_decision_holds_though_another_unit_of_work_is_about_the_same_account(self, store: Store) -> None:
        save_new(store, *an_account())
        done = both(store, account_for("ana"), granting("ana"), loading(account_for("luis"), granting("luis")))
        with store.begin() as work:
            holders = [user for user in ("ana", "luis") if list(work.license_accounts(T1, user)) == ["a1"]]
            history = work.history(T1, LICENSES, "a1")
        equal((len(holders), len(history)), (done, 1 + done), "what was answered is kept, whoever came first")

    def test_an_id_is_given_once_though_two_give_it_at_once(self, store: Store) -> None:
        def make(bought: int) -> Change:
            pool, events = opened(bought=bought)
            return lambda work, _: work.save(T1, pool, expected=0, events=events)

        equal(_made(store, lambda work: work.pool(T1, "p1", None), make(7), make(8)), 1, "an id is given once")
        with store.begin() as work:
            equal(len(work.history(T1, LICENSES, "p1")), 1, "an id is given once")

    def test_a_key_is_used_once_though_two_use_it_at_once(self, store: Store) -> None:
        def remember(fingerprint: str) -> Change:
            used = Remembered(fingerprint=fingerprint, answer=Ids((fingerprint,)))
            return lambda work, _: work.remember(T1, "k1", used)

        made = _made(store, lambda work: work.recall(T1, "k1"), remember("f1"), remember("f2"))
        equal(made, 1, "a key is used once")

    def test_a_reader_sees_one_instant_though_others_commit_meanwhile(self, store: Store) -> None:
        for name in ("p1", "p2"):
            save_new(store, *opened(name))

        def change(work: UnitOfWork) -> None:
            for name in ("p1", "p2"):
                stored = work.pool(T1, name, frozenset({"ana"}))
                pool = licenses_of(stored)
                decision = pools.assign(pool, ["ana"], eligible=["ana"], switches=ON, by=ROOT, now=NOW)
                work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)

        with store.begin(read_only=True) as work:
            before = work.pool(T1, "p1", None)
            other = Beside(store, lambda _: None, change)
            equal(work.pool(T1, "p1", None), before, "what is loaded for reading is of one instant")
            second = work.pool(T1, "p2", None)
            equal(second.version if second else 0, 1, "what is loaded for reading is of one instant")
            equal(len(work.history(T1, LICENSES, "p2")), 1, "what is loaded for reading is of one instant")
            equal(len(work.outbox(T1, 10)), 2, "what is loaded for reading is of one instant")
        require(other.committed(), "nobody is refused for those who read")
        with store.begin(read_only=True) as work:
            equal(len(work.outbox(T1, 10)), 4, "what was committed is seen by who begins to read then")

    def test_what_somebody_may_do_is_not_taken_away_from_a_unit_of_work_that_asked(self, store: Store) -> None:
        save_new(store, *opened())
        for user, instead in (("ana", None), ("luis", Actor("boss"))):
            with store.begin() as work:
                work.keep_actor(T1, "boss", BOSS)
            taken = _relying(store, user, instead)
            with store.begin() as work:
                equal(work.actor(T1, "boss"), instead if taken else BOSS, "an actor is kept as it was answered")


def _made(store: Store, look: Act, first: Change, second: Change) -> int:
    """How many of two made something that is to be made once, each after a *look* whether it is there."""
    passed: list[object] = []

    def unless_there(make: Change) -> Change:
        return lambda work, found: make(work, found) if found is None else passed.append(found)

    return both(store, look, unless_there(first), loading(look, unless_there(second))) - len(passed)


def _relying(store: Store, user: str, instead: Actor | None) -> bool:
    """Give *user* a license since somebody may, who then may do what *instead* says: whether that was committed."""
    others: list[Beside] = []
    late: list[bool] = []

    def rely(work: UnitOfWork) -> None:
        equal(work.actor(T1, "boss"), BOSS, "an actor is loaded as it was kept")
        others.append(Beside(store, lambda _: None, lambda other: other.keep_actor(T1, "boss", instead)))
        late.append(others[0].came_first)
        assigning(user)(work, pool_for(user)(work))

    relied = committed(store, rely)
    taken = [one.committed() for one in others] == [True]
    require(not (relied and late[0]), "nobody relies on what was taken away already", instead=instead)
    require(relied or taken, "one of two that are at the same thing is committed", instead=instead)
    return taken
