"""One at a time, or a few: the turn that a unit of work waits for, in a thread or in a task."""

import asyncio
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_all
from contextlib import contextmanager
from threading import Lock, Semaphore
from typing import Any, Final
from weakref import WeakValueDictionary

from licensing_core.checks import InvalidArgument, shown
from licensing_core.protocols import StoreUnavailable

WAIT: Final = 30.0
"""Seconds that a unit of work waits for its turn, unless the store was told otherwise."""
LONGEST_WAIT: Final = 86_400
"""The most seconds that it may be told to wait: a day."""


def as_wait(wait: Any) -> float:
    """*wait* as seconds; raises `InvalidArgument` when it is no number from 0 to `LONGEST_WAIT`."""
    if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait <= LONGEST_WAIT:
        return float(wait)
    expected = f"a number of seconds from 0 to {LONGEST_WAIT}"
    raise InvalidArgument(parameter="wait", expected=expected, got=shown(wait))


class Turn:
    """A lock that threads and the tasks of any event loop share: first come, first served, with a time-out.

    A task never blocks its loop. Who gives up while waiting is passed over.

    Args:
        places: How many have the turn at a time.
    """

    __slots__ = ("__weakref__", "_lock", "_waiting")

    def __init__(self, places: int = 1) -> None:
        self._lock, self._waiting = Semaphore(places), deque[tuple[Future[None], asyncio.AbstractEventLoop | None]]()

    @contextmanager
    def taken(self, wait: float) -> Iterator[None]:
        """Have the turn while inside; raises `StoreUnavailable` when *wait* seconds were not enough."""
        come = self._asked(None)
        try:
            if not come.done():
                wait_for_all([come], wait)
            if not come.done():
                raise StoreUnavailable(reason="busy")
            yield
        finally:
            self.given_back(come)

    async def come(self, wait: float) -> Future[None]:
        """As `taken()`, for a task; whoever has the turn gives back what this returns."""
        come = self._asked(asyncio.get_running_loop())
        try:
            if not come.done():
                await asyncio.wait([asyncio.wrap_future(come)], timeout=wait)
        except BaseException:
            self.given_back(come)
            raise
        if not come.done():
            self.given_back(come)
            raise StoreUnavailable(reason="busy")
        return come

    def given_back(self, come: Future[None]) -> None:
        """Pass the turn on, or wait for it no longer."""
        if not come.cancel():  # it had come
            self._lock.release()
        self._pass_on()

    def _asked(self, loop: asyncio.AbstractEventLoop | None) -> Future[None]:
        """What is done when the turn has come, to a thread or to a task of *loop*."""
        come: Future[None] = Future()
        self._waiting.append((come, loop))
        self._pass_on()
        return come

    def _pass_on(self) -> None:
        """Give the turn, while a place is free, to who has waited longest: the lock stays taken for them."""
        while self._waiting and self._lock.acquire(blocking=False):
            come, loop = self._waiting.popleft() if self._waiting else (None, None)
            nobody = come is None or (loop is not None and loop.is_closed())
            if come is not None and not nobody and come.set_running_or_notify_cancel():
                come.set_result(None)
                return
            self._lock.release()


class Lines:
    """Turns by name: those who want the same thing wait in one line, and nobody else waits for them."""

    def __init__(self) -> None:
        self._lock, self._turns = Lock(), WeakValueDictionary[object, Turn]()

    def of(self, name: object) -> Turn:
        """The turn of what has this *name*, for as long as somebody holds or waits for it."""
        with self._lock:
            found = self._turns.get(name)
            if found is None:
                found = self._turns[name] = Turn()
            return found
