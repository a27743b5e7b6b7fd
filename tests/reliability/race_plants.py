"""Stores and clients with bugs of concurrency and of crashes: the races and the kills must find each of them.

Each is made around an honest store, by what its units of work do; the threads of one process are enough to show it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from threading import Lock
from time import sleep
from typing import Any, Final
from unittest.mock import patch

from licensing_core.pools import LicensesExhausted
from licensing_core.protocols import Store, StoreUnavailable
from licensing_core.services import engine, loading, seats
from tests.reliability import bulk, crash, history_forced, race, same_key
from tests.reliability.figures import Figures
from tests.reliability.places import Place, a_place, close
from tests.reliability.race_watch import Aborted

Plant = Callable[[], AbstractContextManager[Any]]
_GAP: Final = 0.002
"""Seconds between the look at a pool and its change, in a store that lets others in meanwhile."""
_PATIENCE: Final = 2.0
"""Seconds that a lock of one pool is waited for; those of a whole round take less one after the other."""


class Altered:
    """A store around another one; a bug is in what it begins, or in what its units of work do."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def begin(self, **_how: Any) -> AbstractContextManager[Any]:
        """A unit of work with the bug, be it for reading or not."""
        return self._begun()

    def close(self) -> None:
        """Close the store inside."""
        close(self.store)

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        with self.store.begin() as work:
            yield self.altered(work)

    def altered(self, work: Any) -> Any:
        """The unit of work that is handed out for *work*."""
        return work


class Step:
    """A unit of work around another one, to be changed in part."""

    def __init__(self, work: Any) -> None:
        self.work = work

    def __getattr__(self, name: str) -> Any:
        return getattr(self.work, name)


class Apart:
    """A unit of work whose questions are each answered in a transaction of their own, and which keeps what to write."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.writes: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def asked(*given: Any, **more: Any) -> Any:
            with self.store.begin() as work:
                return getattr(work, name)(*given, **more)

        return asked

    def save(self, *given: Any, **more: Any) -> None:
        """To be saved later."""
        self.writes.append(("save", given, more))

    def remember(self, *given: Any, **more: Any) -> None:
        """To be remembered later."""
        self.writes.append(("remember", given, more))


def _carry_out(work: Any, writes: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> None:
    for name, given, more in writes:
        getattr(work, name)(*given, **more)


class Careless(Altered):
    """Looks without a lock, and saves whatever the version is by then."""

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        apart = Apart(self.store)
        yield apart
        sleep(_GAP)
        with self.store.begin() as work:
            for name, given, more in apart.writes:
                if name == "save":
                    now = work.pool(given[0], given[1].id, frozenset())
                    work.save(*given, **(more | {"expected": 0 if now is None else now.version}))
                else:
                    work.remember(*given, **more)


class WithoutAnEvent(Altered):
    """Commits a state whose event nobody finds again."""

    def altered(self, work: Any) -> Any:
        """A unit of work in which the second event of each history is missing."""

        class Forgetful(Step):
            def history(self, *given: Any) -> Any:
                found = self.work.history(*given)
                return [one for one in found if one.sequence != 2]

        return Forgetful(work)


class KeepsWhatFailed(Altered):
    """Commits though the unit of work was left with an error."""

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        failed: Aborted | None = None
        with self.store.begin() as work:
            try:
                yield work
            except Aborted as error:
                failed = error
        if failed is not None:
            raise failed


class FullTooEarly(Altered):
    """Says that the last license is gone, as one who passes over rows that others have locked."""

    def altered(self, work: Any) -> Any:
        """A unit of work that refuses the last license."""

        class Hasty(Step):
            def pool(self, tenant: str, pool_id: str, users: Any) -> Any:
                stored = self.work.pool(tenant, pool_id, users)
                if stored is not None and stored.state.free == 1:
                    raise LicensesExhausted(pool=pool_id, requested=1, shortfall=1)
                return stored

        return Hasty(work)


class RemembersApart(Altered):
    """Keeps the key in a transaction of its own, once the command is committed."""

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        later: list[tuple[Any, ...]] = []

        class Later(Step):
            def remember(self, *given: Any) -> None:
                later.append(given)

        with self.store.begin() as work:
            yield Later(work)
        sleep(_GAP)
        for given in later:
            with self.store.begin() as work:
                if work.recall(*given[:2]) is None:
                    work.remember(*given)


class LocksEachPool(Altered):
    """Has a lock for each pool, as a database for each row, and gives up after a while. This alone is no bug."""

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self._locks: dict[str, Any] = {}
        self._among_them = Lock()

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        apart, mine = Apart(self.store), dict[str, None]()

        def pool(tenant: str, pool_id: str, users: Any) -> Any:
            if pool_id not in mine:
                stack.enter_context(self._locked(pool_id))
                mine[pool_id] = None
                sleep(_GAP)
            return Apart(self.store).pool(tenant, pool_id, users)

        with ExitStack() as stack:
            apart.__dict__["pool"] = pool
            yield apart
            with self.store.begin() as work:
                _carry_out(work, apart.writes)

    @contextmanager
    def _locked(self, pool_id: str) -> Iterator[None]:
        with self._among_them:
            lock = self._locks.setdefault(pool_id, Lock())
        if not lock.acquire(timeout=_PATIENCE):
            raise StoreUnavailable(reason="busy")
        try:
            yield
        finally:
            lock.release()


class HalfATransfer(Altered):
    """Commits after each save: what is refused later leaves a half behind."""

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        apart = Apart(self.store)
        yield apart
        for one in apart.writes:
            with self.store.begin() as work:
                _carry_out(work, [one])


class AnswersFirst(Altered):
    """Answers before it commits, which it does when somebody asks again."""

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self._waiting: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        if self._waiting:
            sleep(4 * _GAP)
            with self.store.begin() as work:
                _carry_out(work, self._waiting)
        apart = Apart(self.store)
        yield apart
        self._waiting = apart.writes


class LatePlace(Place):
    """A place whose clients are answered first; it goes to their processes as it is."""

    def open(self) -> Any:
        """The store with the bug, as clients have it."""
        return AnswersFirst(super().open())

    def opened(self) -> AbstractContextManager[Store]:
        """The honest one, for those who prepare and judge."""
        return Place(self.kind, self.address).opened()


def _opened_as(kind: type[Altered]) -> AbstractContextManager[Any]:
    """Every store that is opened in this process is one of *kind*; those of one place are one store."""
    honest, made = Place.open, dict[int, Any]()

    def opened(place: Place) -> Any:
        store = honest(place)
        return made.setdefault(id(store), kind(store))

    return patch.object(Place, "open", opened)


def _looks_and_saves_without_a_lock() -> AbstractContextManager[Any]:
    return _opened_as(Careless)


def _commits_without_the_events() -> AbstractContextManager[Any]:
    return _opened_as(WithoutAnEvent)


def _keeps_what_failed() -> AbstractContextManager[Any]:
    return _opened_as(KeepsWhatFailed)


def _full_too_early() -> AbstractContextManager[Any]:
    return _opened_as(FullTooEarly)


def _remembers_the_key_apart() -> AbstractContextManager[Any]:
    return _opened_as(RemembersApart)


def _any_body_under_a_key() -> AbstractContextManager[Any]:
    """A key is answered from memory whatever the command is."""
    return patch.object(engine, "fingerprint", lambda _command: "any")


@contextmanager
def _locks_in_the_order_asked() -> Iterator[None]:
    """The services lock pools in the order in which a command names them."""

    def as_named(asked: Any, actor: Any, names: Sequence[str], users: Any) -> Any:
        found = []
        for name in names:
            found.append((yield from loading.stored_pool(asked, actor, name, users)))  # noqa: PERF401
        return found

    with _opened_as(LocksEachPool), patch.object(seats, "stored_pools", as_named):
        yield


def _commits_each_save_alone() -> AbstractContextManager[Any]:
    return _opened_as(HalfATransfer)


def _a_new_key_for_each_try() -> AbstractContextManager[Any]:
    """A successor sends what was open under a key of its own."""
    return patch.object(crash, "KEPT", new=False)


def _answers_before_the_commit() -> AbstractContextManager[Any]:
    """What was answered is lost with the client that was to commit it."""

    @contextmanager
    def late(kind: str) -> Iterator[Place]:
        with a_place(kind) as place:
            yield LatePlace(place.kind, place.address)

    return patch.object(crash, "a_place", late)


IN_RACES: Final[tuple[Plant, ...]] = (
    _looks_and_saves_without_a_lock,
    _commits_without_the_events,
    _keeps_what_failed,
    _full_too_early,
)
IN_DELIVERIES: Final[tuple[Plant, ...]] = (_remembers_the_key_apart, _any_body_under_a_key)
IN_BULKS: Final[tuple[Plant, ...]] = (_locks_in_the_order_asked, _commits_each_save_alone)
IN_FORCED: Final[tuple[Plant, ...]] = (_looks_and_saves_without_a_lock, _keeps_what_failed)
IN_KILLS: Final[tuple[Plant, ...]] = (_a_new_key_for_each_try, _answers_before_the_commit)


def few_rounds(seed: int, kind: str = "memory") -> Figures:
    """Two rounds of each sort, by threads of this process."""
    with a_place(kind) as place:
        played, wrong, _ = race.run_in(place, race.rounds_of(2, 2, 2, seed), procs=1, enough=1)
    return Figures(played, tuple(wrong))


def few_deliveries(_seed: int) -> Figures:
    """Four rounds of deliveries, by threads of this process."""
    with a_place("memory") as place:
        played, wrong = same_key.run_in(place, 4, procs=1, enough=1)
    return Figures(played, tuple(wrong))


def few_bulks(seed: int) -> Figures:
    """Four rounds of commands on several pools, by threads of this process."""
    with a_place("memory") as place:
        played, wrong = bulk.run_in(place, 4, seed, procs=1, enough=1)
    return Figures(played, tuple(wrong))


def forced(_seed: int) -> Figures:
    """The anomalies, in memory."""
    with a_place("memory") as place:
        cases, wrong = history_forced.run_in(place, enough=1)
    return Figures(cases, tuple(wrong))


def few_kills(seed: int) -> Figures:
    """Some kills of clients, and more as long as nothing is found."""
    kills = 10
    for again in range(12):
        found = crash.run("sqlite", kills, 0, seed + again, least=kills + 1)
        if found.violations:
            return found
    return found


def planted(seed: int) -> list[tuple[str, Callable[[], Figures], Plant]]:
    """Which harness is to find which plant."""
    return [
        *(("races", partial(few_rounds, seed), plant) for plant in IN_RACES),
        *(("one key", partial(few_deliveries, seed), plant) for plant in IN_DELIVERIES),
        *(("several pools", partial(few_bulks, seed), plant) for plant in IN_BULKS),
        *(("anomalies", partial(forced, seed), plant) for plant in IN_FORCED),
        *(("kills", partial(few_kills, seed), plant) for plant in IN_KILLS),
    ]
