"""The store for tasks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from licensing_core.adapters.sql.schema import METADATA
from licensing_core.adapters.sql.sqlite import DRIVER_ERRORS, options, pause, prepare, unavailable
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import WAIT
from licensing_core.decisions import Event
from licensing_core.license_cycle import LicenseAccount
from licensing_core.pools import AnyPool
from licensing_core.protocols import Aggregate, Envelope, Remembered, Stored, StoreUnavailable

T = TypeVar("T")


class AsyncSqlUnitOfWork:
    """`SqlUnitOfWork`, awaited."""

    def __init__(self, connection: AsyncConnection, work: SqlUnitOfWork) -> None:
        self._connection, self._work = connection, work

    async def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        return await self._run(lambda work: work.pool(tenant, pool_id, users))

    async def pools(self, tenant: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        return await self._run(lambda work: work.pools(tenant))

    async def account(
        self, tenant: str, account_id: str, users: Collection[str] | None
    ) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`."""
        return await self._run(lambda work: work.account(tenant, account_id, users))

    async def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        await self._run(lambda work: work.save(tenant, aggregate, expected=expected, events=events))

    async def history(self, tenant: str, aggregate_id: str) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        return await self._run(lambda work: work.history(tenant, aggregate_id))

    async def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        return await self._run(lambda work: work.recall(tenant, key))

    async def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`."""
        await self._run(lambda work: work.remember(tenant, key, used))

    async def _run(self, step: Callable[[SqlUnitOfWork], T]) -> T:
        if self._connection.closed:
            raise StoreUnavailable(reason="closed")
        return await self._connection.run_sync(lambda _: step(self._work))


class AsyncSqlStore:
    """A `protocols.AsyncStore` in an SQL database; the tasks of one event loop may share it.

    Args:
        where: The URL of a database such as `sqlite+aiosqlite:///licenses.db`, or an engine that nobody else uses.
        wait: As for `SqlStore`.
    """

    def __init__(self, where: str | AsyncEngine, *, wait: float = WAIT) -> None:
        self._engine = create_async_engine(where, **options(where)) if isinstance(where, str) else where
        self._turn, self._wait = prepare(self._engine.sync_engine), wait
        self._closed = False

    async def create(self) -> None:
        """Make the tables that are not there yet."""
        async with self._connected() as connection:
            try:
                await connection.run_sync(METADATA.create_all)
                await connection.commit()
            except DRIVER_ERRORS as error:
                raise unavailable(error) from error

    async def close(self) -> None:
        """Close the connections; a unit of work begun from now on is refused."""
        self._closed = True
        await self._engine.dispose()

    def begin(self) -> AbstractAsyncContextManager[AsyncSqlUnitOfWork]:
        """As `SqlStore.begin()`."""
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSqlUnitOfWork]:
        async with self._connected() as connection:
            work = await connection.run_sync(SqlUnitOfWork)
            try:
                yield AsyncSqlUnitOfWork(connection, work)
            finally:
                work.close()
            if work.broken:
                raise StoreUnavailable(reason="failed")
            try:
                await connection.commit()
            except DRIVER_ERRORS as error:
                raise unavailable(error) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose transaction has begun; what is not committed is rolled back."""
        async with self._turn.taken_by_task(self._wait):
            connection = await self._begun()
            try:
                yield connection
            finally:
                await asyncio.shield(connection.close())

    async def _begun(self) -> AsyncConnection:
        until, tries = monotonic() + self._wait, 0
        while True:
            if self._closed:
                raise StoreUnavailable(reason="closed")
            try:
                return await _begun(self._engine)
            except DRIVER_ERRORS as error:
                refusal = unavailable(error)
                if refusal.reason != "busy" or monotonic() >= until:
                    raise refusal from error
            await asyncio.sleep(pause(tries))
            tries += 1


async def _begun(engine: AsyncEngine) -> AsyncConnection:
    connection = await engine.connect()
    try:
        await connection.begin()
    except BaseException:
        await asyncio.shield(connection.close())
        raise
    return connection
