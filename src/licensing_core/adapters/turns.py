"""One at a time: the turn that a unit of work waits for, in a thread or in a task."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Lock
from time import monotonic
from typing import Final

from licensing_core.protocols import StoreUnavailable

WAIT: Final = 30.0
"""Seconds that a unit of work waits for its turn, unless the store was told otherwise."""
_PAUSE: Final = 0.001


class Turn:
    """A lock with a time-out that threads and the tasks of any event loop share; a task never blocks its loop."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()

    @contextmanager
    def taken(self, wait: float) -> Iterator[None]:
        """Have the turn while inside; raises `StoreUnavailable` when *wait* seconds were not enough."""
        if not self._lock.acquire(timeout=wait):
            raise StoreUnavailable(reason="busy")
        try:
            yield
        finally:
            self._lock.release()

    @asynccontextmanager
    async def taken_by_task(self, wait: float) -> AsyncIterator[None]:
        """As `taken()`."""
        until = monotonic() + wait
        while not self._lock.acquire(blocking=False):
            if monotonic() >= until:
                raise StoreUnavailable(reason="busy")
            await asyncio.sleep(_PAUSE)
        try:
            yield
        finally:
            self._lock.release()
