"""Heaps that are never written to: the least comes first, whatever was pushed when."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from licensing_core.heaps import Heap, heap_of, least, pushed, without_least

keys = st.lists(st.integers(0, 20).map(lambda n: (n,)))


def drained(heap: Heap) -> list[tuple[int]]:
    found = []
    while heap is not None:
        found.append(least(heap))
        heap = without_least(heap)
    return found


def depth(heap: Heap) -> int:
    """How many steps the way to the right takes."""
    return 0 if heap is None else 1 + depth(heap[3])


def test_an_empty_heap_has_no_least_and_loses_none() -> None:
    assert heap_of([]) is None
    assert least(None) is None
    assert without_least(None) is None


@given(keys)
def test_keys_come_back_in_order_and_as_often_as_they_were_there(some: list[tuple[int]]) -> None:
    assert drained(heap_of(some)) == sorted(some)


@given(keys, keys)
def test_what_is_pushed_is_among_the_rest(some: list[tuple[int]], more: list[tuple[int]]) -> None:
    heap = heap_of(some)
    for key in more:
        heap = pushed(heap, key)
    assert drained(heap) == sorted([*some, *more])


@given(keys, st.integers(0, 20))
def test_older_heaps_stay_as_they_are(some: list[tuple[int]], key: int) -> None:
    heap = heap_of(some)
    pushed(heap, (key,))
    without_least(heap)
    assert drained(heap) == sorted(some)


def test_ten_thousand_keys_lie_a_few_steps_deep() -> None:
    rng = Random(4)
    heap = heap_of((rng.random(),) for _ in range(5_000))
    for _ in range(5_000):
        heap = pushed(heap, (rng.random(),))
        assert depth(heap) <= 14
    found = drained(heap)
    assert len(found) == 10_000
    assert found == sorted(found)
