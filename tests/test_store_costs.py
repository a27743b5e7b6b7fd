"""What a command and a page cost follows their own size, not that of the stored pool: it is counted."""

from collections.abc import Callable

import pytest

from bench.stored import Counts, World, counts_of, made, users_of
from licensing_core.seat_administration import Task

SMALL, LARGE = 1_000, 20_000


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, World]:
    """A small and a large pool in a database each."""
    return {size: made(tmp_path_factory.mktemp("stored"), size) for size in (100, SMALL, LARGE)}


def costs(worlds: dict[int, World], size: int, run: Callable[[World], object]) -> Counts:
    """What *run* does with the database of a pool of that *size*, once all is warm."""
    run(worlds[size])
    return counts_of(lambda: run(worlds[size]))


def test_what_is_counted_is_seen(worlds: dict[int, World]) -> None:
    """A planted reading of all holdings shows in the rows, and one that only goes through them in the steps."""
    world = worlds[SMALL]

    def whole() -> None:
        with world.store.begin(read_only=True) as work:
            work.pool("acme", "p1", None)

    assert counts_of(whole).rows > SMALL
    assert counts_of(whole).steps > SMALL
    assert counts_of(lambda: None) == Counts()
    named = counts_of(world.candidates)
    assert 0 < named.statements < 10


def test_assigning_one_user_touches_as_much_in_a_large_pool_as_in_a_small_one(worlds: dict[int, World]) -> None:
    small, large = (costs(worlds, size, World.there_and_back) for size in (100, LARGE))
    assert (large.statements, large.rows) == (small.statements, small.rows)
    assert large.steps <= 2 * small.steps
    assert large.rows < 40


@pytest.mark.parametrize("task", [Task.ASSIGN, Task.UNASSIGN, Task.ENROLL])
@pytest.mark.parametrize("part", [0, 0.4], ids=["first", "middle"])
def test_a_page_of_candidates_touches_as_much_in_a_large_pool_as_in_a_small_one(
    worlds: dict[int, World], task: Task, part: float
) -> None:
    found = {}
    for size in (SMALL, LARGE):
        after = users_of(size)[int(part * size)] if part else None
        assert len(worlds[size].candidates(task, after).ids) == 100
        found[size] = costs(worlds, size, lambda world, after=after: world.candidates(task, after))  # type: ignore[misc]
    small, large = found[SMALL], found[LARGE]
    assert (large.statements, large.rows) == (small.statements, small.rows)
    assert large.steps <= 3 * small.steps
    assert large.rows <= 210


def test_a_page_where_hardly_anybody_is_left_looks_at_a_thousand(worlds: dict[int, World]) -> None:
    """To confirm there is nobody: each page goes through a thousand holders and says where to go on."""
    page = worlds[LARGE].candidates(Task.CONFIRM)
    assert page.ids == ()
    assert page.next is not None
    small, large = (costs(worlds, size, lambda world: world.candidates(Task.CONFIRM)) for size in (SMALL, LARGE))
    assert large.rows <= small.rows <= 1010
    assert large.statements <= small.statements
