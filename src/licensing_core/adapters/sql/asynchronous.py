"""The store for tasks.

The driver blocks, so each unit of work has a thread of its own for its steps. A step that a task waits for when it is
cancelled comes to its end first: a statement or a commit is never cut off, and no connection is left behind.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine

from licensing_core.accounts import Card, CustomerAccount, Numbers
from licensing_core.adapters.sql.database import Database, create_tables
from licensing_core.adapters.sql.sqlite import pauses
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import WAIT, as_wait
from licensing_core.credits import CreditAccount
from licensing_core.decisions import Event
from licensing_core.enrollments import Enrollments
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.pools import AnyPool
from licensing_core.protocols import Aggregate, AggregateKind, Envelope, Remembered, Stored, StoreUnavailable

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


class AsyncSqlUnitOfWork:
    """`SqlUnitOfWork`, awaited; made by `AsyncSqlStore`."""

    def __init__(self, worker: _Worker, work: SqlUnitOfWork) -> None:
        self._worker, self._work = worker, work

    async def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        return await self._worker.do(lambda: self._work.pool(tenant, pool_id, users))

    async def pools(self, tenant: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        return await self._worker.do(lambda: self._work.pools(tenant))

    async def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.licenses()`."""
        return await self._worker.do(lambda: self._work.licenses(tenant, user))

    async def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """As `UnitOfWork.enrollments()`."""
        return await self._worker.do(lambda: self._work.enrollments(tenant, users))

    async def account(
        self, tenant: str, account_id: str, users: Collection[str] | None
    ) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`."""
        return await self._worker.do(lambda: self._work.account(tenant, account_id, users))

    async def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """As `UnitOfWork.usage()`."""
        return await self._worker.do(lambda: self._work.usage(tenant, customer, places))

    async def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """As `UnitOfWork.credits()`."""
        return await self._worker.do(lambda: self._work.credits(tenant, customer, ids))

    async def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """As `UnitOfWork.customer()`."""
        return await self._worker.do(lambda: self._work.customer(tenant, customer, documents, people))

    async def customers(self, tenant: str) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        return await self._worker.do(lambda: self._work.customers(tenant))

    async def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        return await self._worker.do(lambda: self._work.numbers(tenant))

    async def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        return await self._worker.do(lambda: self._work.card(tenant, customer, person))

    async def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        await self._worker.do(lambda: self._work.keep_card(tenant, customer, person, card))

    async def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        return await self._worker.do(lambda: self._work.customers_of(tenant, email))

    async def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        await self._worker.do(lambda: self._work.save(tenant, aggregate, expected=expected, events=events))

    async def history(self, tenant: str, kind: AggregateKind, aggregate_id: str) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        return await self._worker.do(lambda: self._work.history(tenant, kind, aggregate_id))

    async def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.recent()`."""
        return await self._worker.do(lambda: self._work.recent(tenant, kind, most))

    async def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        return await self._worker.do(lambda: self._work.recall(tenant, key))

    async def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`."""
        await self._worker.do(lambda: self._work.remember(tenant, key, used))


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
        self._wait, self._database = as_wait(wait), Database(where)

    async def create(self) -> None:
        """Make the tables that are not there yet; raises `StoreUnavailable`."""
        async with _Turn(self._database, self._wait, self._database.transaction, _Creation) as creation:
            await creation.run()

    async def close(self) -> None:
        """Close the connections; a unit of work begun from now on is refused."""
        worker = _Worker()
        try:
            await worker.do(self._database.close)
        finally:
            worker.end()

    def begin(self) -> AbstractAsyncContextManager[AsyncSqlUnitOfWork]:
        """As `SqlStore.begin()`."""
        return _Turn(self._database, self._wait, self._database.unit_of_work, AsyncSqlUnitOfWork)


class _Creation:
    def __init__(self, worker: _Worker, connection: Connection) -> None:
        self._worker, self._connection = worker, connection

    async def run(self) -> None:
        await self._worker.do(partial(create_tables, self._connection))


class _Turn(AbstractAsyncContextManager[T], Generic[S, T]):
    """What *make* makes of what *begin* gives, in a thread where that is entered and left, in the store's own turn.

    No asynchronous generator: one whose event loop is gone would never give the turn back.
    """

    def __init__(
        self,
        database: Database,
        wait: float,
        begin: Callable[[], AbstractContextManager[S]],
        make: Callable[[_Worker, S], T],
    ) -> None:
        self._turn, self._wait, self._begin, self._make = database.turn, wait, begin, make

    async def __aenter__(self) -> T:
        until = monotonic() + self._wait
        self._come = await self._turn.come(self._wait)
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
            self._turn.given_back(self._come)
