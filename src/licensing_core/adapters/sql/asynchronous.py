"""The store for tasks.

The driver blocks, so each unit of work has a thread of its own for its steps. A step that a task waits for when it is
cancelled comes to its end first: a statement or a commit is never cut off, and no connection is left behind.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection, Engine

from licensing_core.adapters.awaited import AwaitedUnitOfWork
from licensing_core.adapters.sql.database import Database, create_tables
from licensing_core.adapters.sql.engines import pauses
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import WAIT, Turn, as_wait
from licensing_core.protocols import StoreUnavailable

MOST_THREADS: Final = 128
"""How many units of work of one store are open at a time; other tasks wait until one of them is left."""
S = TypeVar("S")
T = TypeVar("T")


class _Worker:
    """A thread that takes the steps of one unit of work, one after another and each to its end."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "licensing_core")
        self._ended = False

    async def do(self, step: Callable[[], T]) -> T:
        """What *step* gives. Whoever is cancelled meanwhile hears of it when the step has ended."""
        if self._ended:
            raise StoreUnavailable(reason="closed")
        return await _to_its_end(self._thread.submit(step))

    def end(self) -> None:
        """Take no more steps."""
        self._ended = True
        self._thread.shutdown(wait=False)


async def _to_its_end(step: Future[T]) -> T:
    cancelled: asyncio.CancelledError | None = None
    told = asyncio.wrap_future(step)
    while not told.done():
        try:
            await asyncio.wait([told])  # unlike `await told`, this does not cancel what it waits for
        except asyncio.CancelledError as error:
            cancelled = error
        except GeneratorExit:  # the event loop is gone, so nothing can be awaited any more
            wait_for_all([step])
            raise
    refusal = told.exception()
    if cancelled is not None:
        raise cancelled
    if refusal is not None:
        raise refusal
    return told.result()


class AsyncSqlStore:
    """A `protocols.AsyncStore` in an SQL database; the tasks of any event loops may share it.

    A task may be cancelled at any moment, by `asyncio.timeout()` too: its unit of work is rolled back, and then the
    task ends. One that is cancelled while it commits has changed everything or nothing; the same command, sent again
    under the same key, takes effect once and is answered alike.

    Args:
        where: As for `SqlStore`, with the same URLs and engines.
        wait: As for `SqlStore`.

    Raises:
        InvalidArgument: As for `SqlStore`.
        UnsupportedDatabase: As for `SqlStore`.
    """

    def __init__(self, where: str | Engine, *, wait: float = WAIT) -> None:
        self._wait, self._database = as_wait(wait), Database(where, as_wait(wait))
        self._threads = Turn(MOST_THREADS)

    async def create(self) -> None:
        """Make the tables, where they are not there yet.

        Raises:
            MigrationNeeded: There are tables of another version of the library; see `migrating.upgrade()`.
            TableNamesTaken: There are tables of others under names that are needed; nothing is changed then.
            StoreUnavailable: The database cannot be used, or is used by others.
        """
        async with _Entered(self._turns(), self._wait, self._database.transaction, _Creation) as creation:
            await creation.run()

    async def close(self) -> None:
        """Close the connections; a unit of work begun from now on is refused."""
        worker = _Worker()
        try:
            await worker.do(self._database.close)
        finally:
            worker.end()

    def begin(self, *, read_only: bool = False) -> AbstractAsyncContextManager[AwaitedUnitOfWork]:
        """As `SqlStore.begin()`."""
        begin = partial(self._database.unit_of_work, read_only=read_only)
        return _Entered(self._turns(read_only=read_only), self._wait, begin, _awaited)

    def _turns(self, *, read_only: bool = False) -> tuple[Turn, ...]:
        turn = self._database.turn(read_only=read_only)
        return (self._threads,) if turn is None else (turn, self._threads)


def _awaited(worker: _Worker, work: SqlUnitOfWork) -> AwaitedUnitOfWork:
    return AwaitedUnitOfWork(work, worker.do)


class _Creation:
    def __init__(self, worker: _Worker, connection: Connection) -> None:
        self._worker, self._connection = worker, connection

    async def run(self) -> None:
        await self._worker.do(partial(create_tables, self._connection))


class _Entered(AbstractAsyncContextManager[T], Generic[S, T]):
    """What *make* makes of what *begin* gives, in a thread where that is entered and left, after all *turns* came.

    No asynchronous generator: one whose event loop is gone would never give the turn back.
    """

    def __init__(
        self,
        turns: Sequence[Turn],
        wait: float,
        begin: Callable[[], AbstractContextManager[S]],
        make: Callable[[_Worker, S], T],
    ) -> None:
        self._turns, self._wait, self._begin, self._make = turns, wait, begin, make

    async def __aenter__(self) -> T:
        until = monotonic() + self._wait
        with ExitStack() as come:
            for turn in self._turns:
                come.callback(turn.given_back, await turn.come(max(0.0, until - monotonic())))
            self._come = come.pop_all()
        self._worker, self._inside = _Worker(), ExitStack()
        try:
            return self._make(self._worker, await self._begun(until))
        except BaseException as error:
            await self._leave(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave(error)

    async def _begun(self, until: float) -> S:
        for seconds in pauses(until):
            try:
                return await self._worker.do(self._enter)
            except StoreUnavailable as refusal:
                if refusal.reason != "busy":
                    raise
            await asyncio.sleep(seconds)
        return await self._worker.do(self._enter)

    def _enter(self) -> S:
        return self._inside.enter_context(self._begin())

    async def _leave(self, error: BaseException | None) -> None:
        """Commit, or roll back on *error*; whatever comes of it, the turn is given back."""
        trace = None if error is None else error.__traceback__
        leave = partial(self._inside.__exit__, None if error is None else type(error), error, trace)
        try:
            if isinstance(error, GeneratorExit):  # nothing can be awaited any more
                leave()
            else:
                await self._worker.do(leave)
        finally:
            self._worker.end()
            self._come.close()
