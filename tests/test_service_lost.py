"""A store that is lost: a query changes nothing and is asked once more, of a command it is told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore, MemoryStore
from licensing_core.protocols import Envelope, StoreUnavailable
from licensing_core.services import AsyncLicensing, Licensing, ReadPool
from tests.service_world import TENANT, Clock, assign, buy, host, known

READ = ReadPool(tenant=TENANT, actor="boss", pool="p1")
REASONS = ["failed", "busy", "closed", "unusable", "read_only"]


class Lost:
    """A store that is lost as often as it is told, after what is asked of it was done."""

    def __init__(self, reason: str = "failed") -> None:
        self.store, self.times, self.begun, self.reason = MemoryStore(), 0, 0, reason

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        self.begun += 1
        with self.store.begin(read_only=read_only) as work:
            yield work
        if self.times > 0:
            self.times -= 1
            raise StoreUnavailable(reason=self.reason)


class AsyncLost:
    """The same for tasks."""

    def __init__(self) -> None:
        self.store, self.times = AsyncMemoryStore(), 0

    @asynccontextmanager
    async def begin(self, *, read_only: bool = False) -> AsyncIterator[Any]:
        async with self.store.begin(read_only=read_only) as work:
            yield work
        if self.times > 0:
            self.times -= 1
            raise StoreUnavailable(reason="failed")


def lost(times: int, reason: str = "failed") -> tuple[Lost, Licensing]:
    """A store with a pool, which is lost so many *times* from now on."""
    store = Lost(reason)
    known(store.store)
    licensing = Licensing(store, host(), Clock())
    licensing.run(buy())
    store.times, store.begun = times, 0
    return store, licensing


def test_a_query_is_asked_once_more() -> None:
    store, licensing = lost(1)
    assert licensing.run(READ).bought == 5
    assert store.begun == 2


def test_a_query_whose_store_stays_lost_is_refused() -> None:
    store, licensing = lost(9)
    with pytest.raises(StoreUnavailable) as refused:
        licensing.run(READ)
    assert (refused.value.reason, store.begun) == ("failed", 2)


@pytest.mark.parametrize("reason", REASONS)
def test_a_command_is_not_tried_again_whatever_became_of_it(reason: str) -> None:
    store, licensing = lost(1, reason)
    with pytest.raises(StoreUnavailable):
        licensing.run(assign("u1", key="k1"))
    assert store.begun == 1


@pytest.mark.parametrize("reason", [one for one in REASONS if one != "failed"])
def test_a_query_that_is_refused_for_another_reason_is_not_asked_again(reason: str) -> None:
    store, licensing = lost(1, reason)
    with pytest.raises(StoreUnavailable):
        licensing.run(READ)
    assert store.begun == 1


def test_what_waits_to_be_handed_over_is_looked_up_once_more() -> None:
    store, licensing = lost(1)
    told: list[Envelope] = []
    assert licensing.hand_over(TENANT, told.extend) == len(told) > 0
    assert store.begun == 3


def test_what_was_handed_over_is_not_taken_out_again() -> None:
    store, licensing = lost(0)

    def handle(_: object) -> None:
        store.times = 1

    with pytest.raises(StoreUnavailable):
        licensing.hand_over(TENANT, handle)
    assert store.begun == 2


def test_tasks_ask_once_more_as_threads_do() -> None:
    async def story() -> None:
        store = AsyncLost()
        licensing = AsyncLicensing(store, AsyncHostOf(host()), Clock())
        await licensing.run(buy())
        store.times = 1
        assert (await licensing.run(READ)).bought == 5
        store.times = 1
        assert await licensing.hand_over(TENANT, handle) > 0
        store.times = 2
        with pytest.raises(StoreUnavailable):
            await licensing.run(READ)

    async def handle(_: object) -> None:
        pass

    asyncio.run(story())
