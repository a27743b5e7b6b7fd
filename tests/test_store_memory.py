"""The stores in memory keep the contract of stores."""

import asyncio
from collections.abc import Iterator
from threading import Thread

import pytest

from licensing_core.adapters.memory import AsyncMemoryStore, MemoryStore
from licensing_core.adapters.turns import Turn
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


def test_first_come_is_first_served_and_who_gave_up_is_passed_over() -> None:
    async def story() -> list[int]:
        store, served = AsyncMemoryStore(), list[int]()

        async def ask(number: int) -> None:
            async with store.begin():
                served.append(number)
                await asyncio.sleep(0)

        async with store.begin():
            tasks = [asyncio.create_task(ask(number)) for number in range(6)]
            await asyncio.sleep(0)
            for number in (1, 2, 4):
                tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return served

    assert asyncio.run(story()) == [0, 3, 5]


def test_a_turn_that_comes_as_its_task_is_cancelled_is_passed_on() -> None:
    async def story() -> str:
        store = AsyncMemoryStore(wait=1)

        async def ask() -> str:
            async with store.begin():
                return "served"

        async with store.begin():
            first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
            await asyncio.sleep(0)
        first.cancel()
        assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], asyncio.CancelledError)
        return await second

    assert asyncio.run(story()) == "served"


def test_threads_and_tasks_wait_for_one_turn() -> None:
    turn, most, inside = Turn(), list[int](), list[str]()

    def in_a_thread() -> None:
        for _ in range(100):
            with turn.taken(10):
                inside.append("thread")
                most.append(len(inside))
                inside.pop()

    async def in_tasks() -> None:
        async def in_a_task() -> None:
            for _ in range(50):
                come = await turn.come(10)
                inside.append("task")
                await asyncio.sleep(0)
                most.append(len(inside))
                inside.pop()
                turn.given_back(come)

        await asyncio.gather(*(in_a_task() for _ in range(4)))

    threads = [Thread(target=in_a_thread) for _ in range(2)]
    threads.append(Thread(target=lambda: asyncio.run(in_tasks())))
    for thread in threads:
        thread.start()
    asyncio.run(in_tasks())
    for thread in threads:
        thread.join(30)
    assert most == [1] * 600
