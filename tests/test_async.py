"""The same use cases over asynchronous stores and hosts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore, MemoryStore
from licensing_core.adapters.sql import AsyncSqlStore
from licensing_core.checks import TooManyItems
from licensing_core.errors import LicensingError
from licensing_core.payments import PaymentOutcome
from licensing_core.pools import LicensesExhausted
from licensing_core.protocols import AggregateKind, AsyncStore, IdempotencyConflict, Stored, VersionConflict
from licensing_core.services import (
    AsyncLicensing,
    BuyLicenses,
    Command,
    Licensing,
    ListPools,
    Query,
    ReadLicenseTable,
    ReadPool,
    replay,
    replay_enrollments,
)
from tests.service_samples import FURNISHING, NEEDS
from tests.service_world import TENANT, Clock, assign, buy, enroll, host, sent

Story = Callable[[AsyncStore], Awaitable[None]]
ASKED: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}


@asynccontextmanager
async def in_memory(_folder: Path) -> AsyncIterator[AsyncStore]:
    yield AsyncMemoryStore()


@asynccontextmanager
async def in_sqlite(folder: Path) -> AsyncIterator[AsyncStore]:
    store = AsyncSqlStore(f"sqlite:///{folder / 'licenses.db'}")
    await store.create()
    yield store
    await store.close()


@pytest.fixture(params=[in_memory, in_sqlite])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    """Runs a story in an event loop of its own, with a store of its own."""

    async def told(story: Story) -> None:
        async with request.param(tmp_path) as store:
            await story(store)

    return lambda story: asyncio.run(told(story))


def licensing_over(store: AsyncStore, **options: Any) -> AsyncLicensing:
    return AsyncLicensing(store, AsyncHostOf(host()), Clock(), **options)


async def refused(call: Awaitable[object]) -> LicensingError:
    with pytest.raises(LicensingError) as refusal:
        await call
    return refusal.value


async def everything(store: AsyncStore, aggregate: str = "p1") -> tuple[Any, Any]:
    async with store.begin() as work:
        found = await work.pool(TENANT, aggregate, None) or await work.account(TENANT, aggregate, None)
        history = await work.history(TENANT, AggregateKind.LICENSES, aggregate)
        return found, tuple(attrs.evolve(one, digest="d1") for one in history)


def story_of_commands() -> list[Query[Any]]:
    """All the commands and queries, some of them twice; a few are refused after what went before."""
    each = (asked for asked, _ in NEEDS.values())
    keyed = [attrs.evolve(one, key=f"k{n}") if isinstance(one, Command) else one for n, one in enumerate(each)]
    more: list[Query[Any]] = [
        assign("u1", "u2", key="first"),
        assign("u3", key="first"),
        assign(*(f"u{number}" for number in range(9)), key="many"),
        enroll("u1", "u2", "u3", "u4", key="seats"),
        BuyLicenses(account="a1", buy={"web": 1}, payment=PaymentOutcome.SUCCEEDED, **sent("o1")),
        ListPools(**ASKED),
        ReadPool(pool="p1", **ASKED),
        ReadLicenseTable(account="a1", **ASKED),
    ]
    return [*FURNISHING, *keyed, *keyed, *more]


def test_the_same_story_ends_alike_with_and_without_await(tell: Callable[[Story], None]) -> None:
    plain = Licensing(MemoryStore(), host(), Clock())

    def outcome(command: Any) -> object:
        try:
            return plain.run(command)
        except LicensingError as refusal:
            return refusal

    wanted = [outcome(command) for command in story_of_commands()]
    assert sum(isinstance(one, LicensingError) for one in wanted) < len(wanted) / 2

    async def story(store: AsyncStore) -> None:
        licensing, got = licensing_over(store), []
        for command in story_of_commands():
            try:
                got.append(await licensing.run(command))
            except LicensingError as refusal:
                got.append(refusal)
        assert got == wanted
        for aggregate in ("p1", "p2", "s1", "a1"):
            state, history = await everything(store, aggregate)
            assert state == Stored(replay(history), len(history))
            async with store.begin() as work:
                everybody = await work.enrollments(TENANT, None)
            assert set(everybody.through(aggregate)) == set(replay_enrollments(history).values())

    tell(story)


def test_a_retry_is_answered_alike_and_another_command_refused(tell: Callable[[Story], None]) -> None:
    async def story(store: AsyncStore) -> None:
        licensing = licensing_over(store)
        await licensing.run(buy())
        first = await licensing.run(assign("u1", key="k1"))
        before = await everything(store)
        assert await licensing.run(assign("u1", key="k1")) == first
        assert await refused(licensing.run(assign("u2", key="k1"))) == IdempotencyConflict(key="k1")
        assert await everything(store) == before

    tell(story)


def test_tasks_at_once_never_assign_more_than_was_bought(tell: Callable[[Story], None]) -> None:
    async def story(store: AsyncStore) -> None:
        licensing = licensing_over(store)
        await licensing.run(buy())
        commands = (licensing.run(assign(f"u{n}", key=f"k{n}")) for n in range(8))
        outcomes = await asyncio.gather(*commands, return_exceptions=True)
        refusals = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert refusals == [LicensesExhausted(pool="p1", requested=1, shortfall=1)] * 3
        state, history = await everything(store)
        assert (state.state.consumed, len(history)) == (5, 7)

    tell(story)


def test_a_task_that_is_cancelled_changes_nothing_and_leaves_the_store_free(tell: Callable[[Story], None]) -> None:
    async def story(store: AsyncStore) -> None:
        licensing = licensing_over(store)
        await licensing.run(buy())
        before = await everything(store)
        inside = asyncio.Event()

        async def slow() -> None:
            async with store.begin() as work:
                stored = await work.pool(TENANT, "p1", frozenset())
                assert stored is not None
                inside.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(slow())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await everything(store) == before
        assert (await licensing.run(assign("u1", key="k1"))).added == ("u1",)

    tell(story)


def test_a_host_without_await_will_do(tell: Callable[[Story], None]) -> None:
    async def story(store: AsyncStore) -> None:
        licensing = AsyncLicensing(store, host(), Clock())  # type: ignore[arg-type]
        assert (await licensing.run(buy())).row.bought == 5

    tell(story)


class Meddler:
    """An asynchronous store whose units of work find that somebody was faster, for so many times."""

    def __init__(self, store: AsyncStore, times: int) -> None:
        self._store, self.times = store, times

    def begin(self, *, read_only: bool = False) -> Any:
        if self.times:
            self.times -= 1
            raise VersionConflict(aggregate="p1", expected=1)
        return self._store.begin(read_only=read_only)


@pytest.mark.parametrize(("times", "outcome"), [(7, "ok"), (8, "store.version_conflict")])
def test_who_was_too_slow_decides_anew_eight_times_at_most(times: int, outcome: str) -> None:
    told: list[tuple[str, str]] = []

    async def story() -> None:
        meddled = licensing_over(
            Meddler(AsyncMemoryStore(), times), observer=lambda name, code, _: told.append((name, code))
        )
        if outcome == "ok":
            await meddled.run(buy())
        else:
            await refused(meddled.run(buy()))

    asyncio.run(story())
    assert told == [("BuyPlan", outcome)]


@pytest.mark.parametrize(("times", "outcome"), [(7, "ok"), (8, "store.version_conflict")])
def test_a_preview_is_tried_again_as_often(times: int, outcome: str) -> None:
    async def story() -> None:
        store = AsyncMemoryStore()
        await licensing_over(store).run(buy())
        meddled = licensing_over(Meddler(store, times))
        if outcome == "ok":
            assert [one.added for one in await meddled.preview(assign("u1", key="k1"))] == [("u1",)]
        else:
            assert (await refused(meddled.preview(assign("u1", key="k1")))).code == outcome

    asyncio.run(story())


def test_whether_a_command_may_be_sent_is_asked_without_effect(tell: Callable[[Story], None]) -> None:
    async def story(store: AsyncStore) -> None:
        licensing = licensing_over(store)
        await licensing.run(buy())
        before = await everything(store)
        assert await licensing.may(assign("u1", key="k1"))
        verdict = await licensing.may(assign("out", key="k1"))
        assert verdict.code == "pool.not_eligible"
        many = assign(*(f"x{number}" for number in range(10_001)), key="k1")
        assert isinstance(await refused(licensing.may(many)), TooManyItems)
        assert await everything(store) == before

    tell(story)
