"""Asynchronous stores, asked one call at a time, so that what checks a store checks its asynchronous twin as well."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, cast

from licensing_core.protocols import AsyncStore, AsyncUnitOfWork, UnitOfWork

Run = Callable[[Awaitable[Any]], Any]


class _Blocking:
    def __init__(self, work: AsyncUnitOfWork, run: Run) -> None:
        self._work, self._run = work, run

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._work, name)
        return lambda *args, **kwargs: self._run(method(*args, **kwargs))


class BlockingStore:
    """A `protocols.Store` over an asynchronous one, for tests in one thread.

    Args:
        store: The store, of which nothing else may be going on while this one is used.
        runner: What runs each call to its end.
    """

    def __init__(self, store: AsyncStore, runner: asyncio.Runner) -> None:
        self._store, self._runner = store, runner

    def begin(self, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A new unit of work of the asynchronous store."""
        return self._entered(self._store.begin(read_only=read_only))

    @contextmanager
    def _entered(self, turn: AbstractAsyncContextManager[AsyncUnitOfWork]) -> Iterator[UnitOfWork]:
        work = self._run(turn.__aenter__())
        try:
            yield cast("UnitOfWork", _Blocking(work, self._run))
        except BaseException as error:
            if not self._run(turn.__aexit__(type(error), error, error.__traceback__)):
                raise
        else:
            self._run(turn.__aexit__(None, None, None))

    def _run(self, call: Awaitable[Any]) -> Any:
        async def whole() -> Any:
            return await call

        return self._runner.run(whole())
