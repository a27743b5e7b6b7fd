"""A task may be cancelled at any moment: nothing is left behind, and the store goes on at once."""

import asyncio
import gc
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.adapters.sql import AsyncSqlStore
from licensing_core.directory import Directory
from licensing_core.protocols import AggregateKind, AsyncStore, Page, Stored, StoreUnavailable
from licensing_core.services import AsyncLicensing, Query, ReadPool, replay
from tests.service_world import TENANT, Clock, assign, buy, host, unassign

READ = ReadPool(pool="p1", tenant=TENANT, actor="boss")
Work = Callable[[AsyncLicensing, AsyncStore], Awaitable[None]]


class PausingHost(AsyncHostOf):
    """Gives way to other tasks in the midst of a unit of work."""

    async def directory(self, tenant: str) -> Directory:
        await asyncio.sleep(0)
        return await super().directory(tenant)


def run(store: AsyncStore, work: Work) -> None:
    """Run *work* in an event loop of its own, in which nothing may go wrong unheard."""
    unheard: list[dict[str, Any]] = []

    async def whole() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unheard.append(context))
        if isinstance(store, AsyncSqlStore):
            await store.create()
        licensing = AsyncLicensing(store, PausingHost(host()), Clock())
        await licensing.run(buy())
        await work(licensing, store)
        if isinstance(store, AsyncSqlStore):
            await store.close()
        gc.collect()

    asyncio.run(whole())
    gc.collect()
    assert unheard == []


def file(folder: Path) -> AsyncSqlStore:
    return AsyncSqlStore(f"sqlite:///{folder / 'licenses.db'}", wait=5)


STORES: dict[str, Callable[[Path], AsyncStore]] = {
    "file": file,
    "in memory": lambda _: AsyncSqlStore("sqlite://", wait=5),
    "without SQL": lambda _: AsyncMemoryStore(wait=5),
}


def a_command(number: int, dice: random.Random) -> Query[Any]:
    user = f"u{dice.randrange(5)}"
    commands: list[Query[Any]] = [READ, assign(user, key=f"k{number}"), unassign(user, key=f"k{number}", actor="root")]
    return dice.choice(commands)


async def replays(store: AsyncStore) -> int:
    """The number of events, which must rebuild the pool."""
    async with store.begin() as work:
        stored, history = await work.pool(TENANT, "p1", None), await work.history(TENANT, AggregateKind.LICENSES, "p1")
    assert stored == Stored(replay(history), len(history))
    return len(history)


def is_free(folder: Path) -> bool:
    """Whether another connection, as another process would open, may write at once; none is there without a file."""
    if not (folder / "licenses.db").exists():
        return True
    with closing(sqlite3.connect(folder / "licenses.db", timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    return True


@pytest.mark.parametrize("kind", STORES)
def test_after_600_random_cancellations_everything_works_at_once(kind: str, tmp_path: Path) -> None:
    dice, cancelled = random.Random(7), list[Any]()

    async def work(licensing: AsyncLicensing, store: AsyncStore) -> None:
        for number in range(0, 8 * 400, 8):
            if len(cancelled) >= 600:
                break
            asked = [a_command(number + one, dice) for one in range(8)]
            tasks = [asyncio.create_task(licensing.run(one)) for one in asked]
            for task in dice.sample(tasks, 7):
                await asyncio.sleep(dice.choice([0, 0, dice.random() * 0.001]))
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            refused = [one for one in outcomes if isinstance(one, BaseException)]
            assert {type(one) for one in refused} <= {asyncio.CancelledError}
            cancelled.extend(one for one, outcome in zip(asked, outcomes, strict=True) if outcome in refused)
            assert is_free(tmp_path)
        assert len(cancelled) >= 600
        since = time.monotonic()
        row = await licensing.run(READ)
        assert time.monotonic() - since < 2
        assert row.bought == 5
        await replays(store)

    run(STORES[kind](tmp_path), work)
    assert is_free(tmp_path)


@pytest.mark.parametrize("kind", STORES)
def test_what_was_cancelled_and_is_sent_again_takes_effect_once(kind: str, tmp_path: Path) -> None:
    dice = random.Random(11)

    async def work(licensing: AsyncLicensing, store: AsyncStore) -> None:
        for number in range(60):
            make = assign if number % 2 == 0 else unassign
            command: Query[Any] = make("u1", key=f"k{number}", **({} if make is assign else {"actor": "root"}))
            task = asyncio.create_task(licensing.run(command))
            await asyncio.sleep(dice.random() * 0.006)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            answer = await licensing.run(command)
            assert await licensing.run(command) == answer
            assert await replays(store) == number + 3

    run(STORES[kind](tmp_path), work)


@pytest.mark.parametrize("kind", STORES)
def test_time_outs_around_commands_leave_the_store_free(kind: str, tmp_path: Path) -> None:
    dice = random.Random(13)

    async def work(licensing: AsyncLicensing, store: AsyncStore) -> None:
        late = 0
        for number in range(80):
            try:
                if number % 2:
                    await asyncio.wait_for(licensing.run(a_command(number, dice)), dice.random() * 0.004)
                else:
                    async with asyncio.timeout(dice.random() * 0.004):
                        await licensing.run(a_command(number, dice))
            except TimeoutError:
                late += 1
            assert is_free(tmp_path)
        current = asyncio.current_task()
        assert current is not None
        assert current.cancelling() == 0
        assert late > 0 or isinstance(store, AsyncMemoryStore)
        await replays(store)

    run(STORES[kind](tmp_path), work)


def test_a_commit_in_flight_comes_to_its_end_and_the_same_key_answers(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    committing, go_on = Event(), Event()

    def slowly(_connection: object) -> None:
        committing.set()
        go_on.wait(10)

    async def work(licensing: AsyncLicensing, store: AsyncStore) -> None:
        event.listen(engine, "commit", slowly)
        task = asyncio.create_task(licensing.run(assign("u1", key="k1")))
        await asyncio.to_thread(committing.wait, 10)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done(), "it waits for the commit, however often it is cancelled"
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        event.remove(engine, "commit", slowly)
        assert await replays(store) == 3
        assert (await licensing.run(assign("u1", key="k1"))).added == ("u1",)
        assert await replays(store) == 3

    run(AsyncSqlStore(engine), work)


def test_a_commit_that_fails_as_its_task_is_cancelled_is_heard_of(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    committing, go_on = Event(), Event()

    def fail(_connection: object) -> None:
        committing.set()
        go_on.wait(10)
        raise sqlite3.OperationalError("disk I/O error")

    async def work(licensing: AsyncLicensing, store: AsyncStore) -> None:
        event.listen(engine, "commit", fail)
        task = asyncio.create_task(licensing.run(assign("u1", key="k1")))
        await asyncio.to_thread(committing.wait, 10)
        task.cancel()
        await asyncio.sleep(0.01)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        event.remove(engine, "commit", fail)
        assert await replays(store) == 2

    run(AsyncSqlStore(engine), work)
    assert is_free(tmp_path)


def test_who_waits_for_another_process_is_cancelled_at_once(tmp_path: Path) -> None:
    async def work(licensing: AsyncLicensing, store: AsyncStore) -> None:
        with closing(sqlite3.connect(tmp_path / "licenses.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            tasks = [asyncio.create_task(licensing.run(assign("u1", key=f"k{one}"))) for one in range(3)]
            await asyncio.sleep(0.05)
            since = time.monotonic()
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert time.monotonic() - since < 2
            assert [type(one) for one in outcomes] == [asyncio.CancelledError] * 3
            other.execute("ROLLBACK")
        assert (await licensing.run(READ)).bought == 5

    run(file(tmp_path), work)


@pytest.mark.parametrize("kind", STORES)
def test_tasks_whose_event_loop_was_closed_leave_the_store_free(kind: str, tmp_path: Path) -> None:
    store = STORES[kind](tmp_path)

    async def stay() -> None:
        async with store.begin():
            await asyncio.sleep(60)

    async def work(licensing: AsyncLicensing, _store: AsyncStore) -> None:
        other = asyncio.new_event_loop()
        other.set_exception_handler(lambda _loop, _context: None)  # "Task was destroyed but it is pending!"
        tasks = [other.create_task(stay()) for _ in range(3)]
        await asyncio.to_thread(other.run_until_complete, asyncio.sleep(0.05))
        other.close()
        tasks.clear()
        gc.collect()
        assert is_free(tmp_path)
        assert (await licensing.run(READ)).bought == 5

    run(store, work)


@pytest.mark.parametrize("kind", STORES)
def test_a_command_that_nobody_drives_any_more_is_rolled_back(kind: str, tmp_path: Path) -> None:
    async def drive(running: Any, steps: int) -> bool:
        """Whether it has come to its end within so many *steps*."""
        for _ in range(steps):
            try:
                asked = running.send(None)
            except StopIteration:
                return True
            await (asyncio.sleep(0) if asked is None else asyncio.wait([asked]))
        return False

    async def work(licensing: AsyncLicensing, store: AsyncStore) -> None:
        ended = 0
        for number in range(14):
            command: Query[Any] = (
                assign("u1", key=f"k{number}") if number % 2 else unassign("u1", key=f"k{number}", actor="root")
            )
            running: Any = licensing.run(command)
            ended += await drive(running, number)
            running.close()
            turn: Any = store.begin()
            entering = turn.__aenter__()
            if await drive(entering, number % 2):
                await turn.__aexit__(None, None, None)
            entering.close()
            assert is_free(tmp_path)
            await replays(store)
            await licensing.run(command)
        assert 0 < ended < 14

    run(STORES[kind](tmp_path), work)


def test_a_unit_of_work_that_was_left_refuses_and_tasks_may_share_one(tmp_path: Path) -> None:
    async def work(_licensing: AsyncLicensing, store: AsyncStore) -> None:
        async with store.begin() as unit:
            pools = await asyncio.gather(*(unit.pools(TENANT, Page()) for _ in range(10)))
            assert {len(one) for one in pools} == {1}
        with pytest.raises(StoreUnavailable) as refused:
            await unit.pools(TENANT, Page())
        assert refused.value == StoreUnavailable(reason="closed")

    run(file(tmp_path), work)


def test_the_event_loops_of_several_threads_share_a_store(tmp_path: Path) -> None:
    store = file(tmp_path)

    async def work(licensing: AsyncLicensing, _store: AsyncStore) -> None:
        await licensing.run(assign("u0", key="k0"))

        async def several(number: int) -> None:
            own = AsyncLicensing(store, AsyncHostOf(host()), Clock())
            user = f"u{number}"
            tasks = (own.run(assign(user, key=f"{user}-{one}")) for one in range(3))
            await asyncio.gather(*tasks)

        threads = [Thread(target=lambda number=number: asyncio.run(several(number))) for number in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join, 30)
        assert (await licensing.run(READ)).consumed == 4
        assert await replays(store) == 6

    run(store, work)
