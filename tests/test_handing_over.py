"""Events are handed over once or more, in the order of each aggregate, outside of any unit of work."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.adapters.sql import AsyncSqlStore, SqlStore
from licensing_core.checks import InvalidArgument, InvalidId, InvalidQuantity
from licensing_core.protocols import AggregateKind, Envelope, Store, StoreUnavailable, VersionConflict
from licensing_core.services import AsyncLicensing, Licensing
from licensing_core.services.handing_over import TRIES
from tests.service_world import TENANT, Clock, assign, buy, host, refused

Place = tuple[str, int]


class Box:
    """Takes what it is handed, and raises as often as it is told."""

    def __init__(self, *, failing: int = 0) -> None:
        self.got: list[Place] = []
        self.failing = failing

    def __call__(self, envelopes: Sequence[Envelope]) -> None:
        self.got += [(one.aggregate, one.sequence) for one in envelopes]
        if self.failing:
            self.failing -= 1
            raise ConnectionError

    async def later(self, envelopes: Sequence[Envelope]) -> None:
        await asyncio.sleep(0)
        self(envelopes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    made = Licensing(store, host(), clock)
    for command in (buy(), buy("p2"), assign("u1", key="one"), assign("u2", key="two", pool="p2")):
        made.run(command)
    return made


def happened(store: Store, *pools: str) -> set[Place]:
    with store.begin(read_only=True) as work:
        return {(pool, one.sequence) for pool in pools for one in work.history(TENANT, AggregateKind.LICENSES, pool)}


def test_all_is_handed_over_once_in_the_order_of_each_aggregate(licensing: Licensing, store: Store) -> None:
    box = Box()
    assert licensing.hand_over(TENANT, box) == len(box.got)
    assert set(box.got) == happened(store, "p1", "p2")
    assert len(set(box.got)) == len(box.got)
    for pool in ("p1", "p2"):
        mine = [sequence for of, sequence in box.got if of == pool]
        assert mine == sorted(mine)
    assert licensing.hand_over(TENANT, box) == 0
    licensing.run(assign("u3", key="three"))
    assert licensing.hand_over(TENANT, box) == 1
    assert box.got[-1] == max(happened(store, "p1"))


def test_it_goes_on_part_by_part(licensing: Licensing, store: Store) -> None:
    box = Box()
    counts: list[int] = []
    while counts[-1:] != [0]:
        counts.append(licensing.hand_over(TENANT, box, 2))
    assert set(box.got) == happened(store, "p1", "p2")
    assert len(box.got) == sum(counts) == len(set(box.got))
    assert max(counts) == 2


def test_when_the_handler_raises_nothing_is_taken_out(licensing: Licensing, store: Store) -> None:
    box = Box(failing=2)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            licensing.hand_over(TENANT, box)
    licensing.hand_over(TENANT, box)
    assert sorted(box.got) == sorted([*happened(store, "p1", "p2")] * 3)
    assert licensing.hand_over(TENANT, box) == 0


def test_the_handler_may_run_commands_for_no_unit_of_work_is_open(licensing: Licensing, store: Store) -> None:
    seen: list[int] = []

    def reacting(envelopes: Sequence[Envelope]) -> None:
        seen.append(len(envelopes))
        licensing.run(assign("u5", key="reaction"))

    first = licensing.hand_over(TENANT, reacting)
    assert licensing.hand_over(TENANT, reacting) == 1, "what came meanwhile waits for the next time"
    assert seen == [first, 1]
    assert licensing.hand_over(TENANT, reacting) == 0, "the same command under its key happens once"


def test_of_another_tenant_nothing_is_handed_over(licensing: Licensing) -> None:
    box = Box()
    assert licensing.hand_over("globex", box) == 0
    assert box.got == []
    assert licensing.hand_over(TENANT, box) > 0


def test_what_is_previewed_or_refused_is_not_handed_over(licensing: Licensing) -> None:
    box = Box()
    licensing.hand_over(TENANT, box)
    licensing.preview(assign("u4", key="tried"))
    refused(licensing.run, assign(*(f"u{n}" for n in range(9)), key="many"))
    assert licensing.hand_over(TENANT, box) == 0


def test_bad_arguments_are_refused_at_the_door(licensing: Licensing) -> None:
    box: Any = Box()
    wrong: list[Any] = ["print", None, 7]
    for handler in wrong:
        error = refused(licensing.hand_over, TENANT, handler)
        assert isinstance(error, InvalidArgument)
        assert error.parameter == "handler"
    many: list[Any] = [0, 1001, True, 1.0, "1"]
    for most in many:
        assert isinstance(refused(licensing.hand_over, TENANT, box, most), InvalidQuantity)
    assert isinstance(refused(licensing.hand_over, "a b", box), InvalidId)
    assert box.got == []


class Contended:
    """A store, some of whose units of work meet others at the end."""

    def __init__(self, store: Store, refusals: Sequence[Exception | None]) -> None:
        self._store, self.left = store, list(refusals)

    def begin(self, *, read_only: bool = False) -> Any:
        return _Turn(self._store.begin(read_only=read_only), self.left.pop(0) if self.left else None)


class _Turn:
    def __init__(self, turn: Any, refusal: Exception | None) -> None:
        self._turn, self._refusal = turn, refusal

    def __enter__(self) -> Any:
        return self._turn.__enter__()

    def __exit__(self, *error: object) -> Any:
        if self._refusal is None:
            return self._turn.__exit__(*error)
        self._turn.__exit__(type(self._refusal), self._refusal, None)
        raise self._refusal


CONFLICT = StoreUnavailable(reason="conflict")


def test_who_meets_others_tries_again_and_hands_over_once(licensing: Licensing, store: Store) -> None:
    box, met = Box(), Contended(store, [CONFLICT, None, VersionConflict(aggregate="p1", expected=1), CONFLICT])
    assert Licensing(met, host(), Clock()).hand_over(TENANT, box) == len(box.got)
    assert (len(set(box.got)), met.left) == (len(box.got), [])
    assert licensing.hand_over(TENANT, box) == 0


def test_who_always_meets_others_gives_up_and_hands_over_again(licensing: Licensing, store: Store) -> None:
    box = Box()
    met = Contended(store, [None, *[CONFLICT] * TRIES])
    assert refused(Licensing(met, host(), Clock()).hand_over, TENANT, box) == CONFLICT
    failed = Contended(store, [StoreUnavailable(reason="failed")] * 2)
    assert refused(Licensing(failed, host(), Clock()).hand_over, TENANT, box) == StoreUnavailable(reason="failed")
    once = len(box.got)
    licensing.hand_over(TENANT, box)
    assert len(box.got) == 2 * once, "once or more"


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_the_same_is_handed_over_when_it_is_awaited(kind: str, tmp_path: Path) -> None:
    path = f"sqlite:///{tmp_path / 'licenses.db'}"
    with closing(SqlStore(path)) as made:
        made.create()

    async def story(store: Any) -> list[Place]:
        licensing, box = AsyncLicensing(store, AsyncHostOf(host()), Clock()), Box(failing=1)
        for command in (buy(), assign("u1", key="one")):
            await licensing.run(command)
        with pytest.raises(ConnectionError):
            await licensing.hand_over(TENANT, box.later)
        assert await licensing.hand_over(TENANT, box.later, 1) == 1
        while await licensing.hand_over(TENANT, box.later):
            pass
        with pytest.raises(InvalidArgument):
            await licensing.hand_over(TENANT, "print")  # type: ignore[arg-type]
        return box.got

    async def run() -> list[Place]:
        if kind == "memory":
            return await story(AsyncMemoryStore())
        store = AsyncSqlStore(path)
        try:
            return await story(store)
        finally:
            await store.close()

    got = asyncio.run(run())
    half = len(got) // 2
    assert got[:half] == got[half:]
    assert [sequence for _, sequence in got[:half]] == list(range(1, half + 1))


def test_who_meets_others_tries_again_when_it_is_awaited() -> None:
    class Met:
        def __init__(self, store: Any, refusals: list[Exception | None]) -> None:
            self.store, self.left = store, refusals

        def begin(self, *, read_only: bool = False) -> Any:
            return self._turn(self.store.begin(read_only=read_only), self.left.pop(0) if self.left else None)

        @asynccontextmanager
        async def _turn(self, turn: Any, refusal: Exception | None) -> AsyncIterator[Any]:
            async with turn as work:
                yield work
                if refusal is not None:
                    raise refusal

    async def story() -> None:
        store, box = AsyncMemoryStore(), Box()
        await AsyncLicensing(store, AsyncHostOf(host()), Clock()).run(buy())
        met = Met(store, [CONFLICT, None, CONFLICT])
        assert await AsyncLicensing(met, AsyncHostOf(host()), Clock()).hand_over(TENANT, box.later) == len(box.got)
        assert (len(set(box.got)), met.left) == (len(box.got), [])
        lost = StoreUnavailable(reason="failed")
        with pytest.raises(StoreUnavailable):
            await AsyncLicensing(Met(store, [lost, lost]), AsyncHostOf(host()), Clock()).hand_over(TENANT, box.later)

    asyncio.run(story())
