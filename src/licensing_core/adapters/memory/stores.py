"""The stores in memory, for threads and for tasks."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, contextmanager
from types import TracebackType

from licensing_core.adapters.awaited import AwaitedUnitOfWork, at_once
from licensing_core.adapters.memory.work import MemoryUnitOfWork, Tables
from licensing_core.adapters.turns import WAIT, Turn, as_wait


class MemoryStore:
    """A `protocols.Store` in memory; threads may share it.

    Args:
        wait: Seconds, from 0 to a day, that a unit of work waits for its turn before `StoreUnavailable` is raised. It
            is raised, too, when a thread begins a second unit of work within its first.

    Raises:
        InvalidArgument: *wait* is no such number.
    """

    def __init__(self, *, wait: float = WAIT) -> None:
        self._tables, self._wait = Tables(), as_wait(wait)

    def begin(self, *, read_only: bool = False) -> AbstractContextManager[MemoryUnitOfWork]:
        """A new unit of work, which has the store to itself until it is left."""
        return self._turn(MemoryUnitOfWork(self._tables, read_only=read_only))

    @contextmanager
    def _turn(self, work: MemoryUnitOfWork) -> Iterator[MemoryUnitOfWork]:
        with self._tables.turn.taken(self._wait), _left(work):
            yield work


@contextmanager
def _left(work: MemoryUnitOfWork) -> Iterator[MemoryUnitOfWork]:
    try:
        yield work
    except BaseException:
        work.leave(undo=True)
        raise
    work.leave(undo=False)


class AsyncMemoryStore:
    """A `protocols.AsyncStore` in memory; the tasks of any event loops may share it.

    Args:
        wait: As for `MemoryStore`.

    Raises:
        InvalidArgument: As for `MemoryStore`.
    """

    def __init__(self, *, wait: float = WAIT) -> None:
        self._tables, self._wait = Tables(), as_wait(wait)

    def begin(self, *, read_only: bool = False) -> AbstractAsyncContextManager[AwaitedUnitOfWork]:
        """A new unit of work, which has the store to itself until it is left."""
        return _Turn(MemoryUnitOfWork(self._tables, read_only=read_only), self._tables.turn, self._wait)


class _Turn(AbstractAsyncContextManager[AwaitedUnitOfWork]):
    """No asynchronous generator: one whose event loop is gone would never give the turn back."""

    def __init__(self, work: MemoryUnitOfWork, turn: Turn, wait: float) -> None:
        self._work, self._turn, self._wait, self._inside = work, turn, wait, ExitStack()

    async def __aenter__(self) -> AwaitedUnitOfWork:
        come = await self._turn.come(self._wait)
        self._inside.callback(self._turn.given_back, come)
        return AwaitedUnitOfWork(self._inside.enter_context(_left(self._work)), at_once)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.__exit__(kind, error, trace)
