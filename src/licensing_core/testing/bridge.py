"""What is asynchronous, asked as if it blocked, so that what checks a store or gateway checks its twin as well."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from contextvars import copy_context
from threading import Lock
from typing import Any, Final, TypeVar, cast

from licensing_core.payments import ChargeRequest, GatewayRequest, Receipt, RefundRequest
from licensing_core.protocols import AsyncStore, AsyncUnitOfWork, UnitOfWork
from licensing_core.protocols.gateway import AsyncPaymentGateway, Capability, WebhookNotice

T = TypeVar("T")
Run = Callable[[Awaitable[Any]], Any]
_LOOK: Final = 0.01
"""Seconds after which a thread looks whether another one that runs the event loop has come to what it waits for."""


class _Blocking:
    def __init__(self, work: AsyncUnitOfWork, run: Run) -> None:
        self._work, self._run = work, run

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._work, name)
        return lambda *args, **kwargs: self._run(method(*args, **kwargs))


class BlockingStore:
    """A `protocols.Store` over an asynchronous one, for tests; threads may share it.

    Args:
        store: The store, of which nothing else may be going on while this one is used.
        runner: What runs each call to its end, by whichever of the threads that wait.
    """

    def __init__(self, store: AsyncStore, runner: asyncio.Runner) -> None:
        self._store, self._runner = store, runner
        self._running, self._context = Lock(), copy_context()
        self._tasks: set[asyncio.Task[None]] = set()

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
        """What *call* gives; while it waits, this thread runs the event loop, or another one does."""
        given: Future[Any] = Future()

        async def whole() -> None:
            try:
                given.set_result(await call)
            except BaseException as error:  # noqa: BLE001 - it is raised by whoever asked
                given.set_exception(error)

        def begun() -> None:
            task = loop.create_task(whole(), context=self._context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        async def come() -> None:
            await asyncio.gather(asyncio.wrap_future(given), return_exceptions=True)

        loop = self._runner.get_loop()
        loop.call_soon_threadsafe(begun)
        while not given.done():
            if self._running.acquire(timeout=_LOOK):
                try:
                    self._runner.run(come())
                finally:
                    self._running.release()
        return given.result()


class BlockingGateway:
    """A `protocols.gateway.PaymentGateway` over an asynchronous one, for tests; one thread uses it at a time."""

    def __init__(self, gateway: AsyncPaymentGateway, runner: asyncio.Runner) -> None:
        self._gateway, self._runner = gateway, runner

    @property
    def capabilities(self) -> frozenset[Capability]:
        """As of the gateway."""
        return self._gateway.capabilities

    def charge(self, asked: ChargeRequest) -> Receipt:
        """As `PaymentGateway.charge()`."""
        return self._runner.run(_awaited(self._gateway.charge(asked)))

    def refund(self, asked: RefundRequest) -> Receipt:
        """As `PaymentGateway.refund()`."""
        return self._runner.run(_awaited(self._gateway.refund(asked)))

    def look_up(self, asked: GatewayRequest) -> Receipt | None:
        """As `PaymentGateway.look_up()`."""
        return self._runner.run(_awaited(self._gateway.look_up(asked)))

    def portal(self, email: str) -> str | None:
        """As `PaymentGateway.portal()`."""
        return self._runner.run(_awaited(self._gateway.portal(email)))

    def notice(self, body: bytes, headers: Mapping[str, str]) -> WebhookNotice:
        """As `PaymentGateway.notice()`."""
        return self._gateway.notice(body, headers)

    def __repr__(self) -> str:
        return f"<BlockingGateway over {self._gateway!r}>"


async def _awaited(call: Awaitable[T]) -> T:
    return await call
