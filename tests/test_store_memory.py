"""The stores in memory keep the contract of stores."""

import asyncio
from collections.abc import Iterator
from threading import Thread

import pytest

from licensing_core.adapters.memory import AsyncMemoryStore, MemoryStore
from licensing_core.protocols import Store, StoreUnavailable
from licensing_core.testing.bridge import BlockingStore
from licensing_core.testing.contracts import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestAsyncMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        with asyncio.Runner() as runner:
            yield BlockingStore(AsyncMemoryStore(), runner)


def test_a_unit_of_work_within_another_is_refused_in_bounded_time() -> None:
    store = MemoryStore(wait=0.01)
    with store.begin(), pytest.raises(StoreUnavailable) as refused, store.begin():
        pass
    assert refused.value == StoreUnavailable(reason="busy")


def test_a_task_that_waits_too_long_is_refused() -> None:
    async def nested() -> None:
        store = AsyncMemoryStore(wait=0.01)
        async with store.begin(), store.begin():
            pass

    with pytest.raises(StoreUnavailable) as refused:
        asyncio.run(nested())
    assert refused.value == StoreUnavailable(reason="busy")


def test_a_unit_of_work_waits_for_its_turn() -> None:
    store, seen = MemoryStore(), []

    def late() -> None:
        with store.begin():
            seen.append("late")

    with store.begin():
        waiting = Thread(target=late)
        waiting.start()
        seen.append("early")
    waiting.join(10)
    assert seen == ["early", "late"]
