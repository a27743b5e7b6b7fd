"""A heap that is never written to: what is pushed or taken makes a new one, at the cost of O(log n)."""

from collections.abc import Iterable
from typing import Any

Heap = tuple[int, Any, Any, Any] | None
"""A leftist tree: rank, key, left and right; `None` is empty. The key of the root is the least of all.

>>> heap = heap_of([(3,), (1,), (2,)])
>>> least(heap), least(without_least(heap)), least(pushed(heap, (0,)))
((1,), (2,), (0,))
"""


def least(heap: Heap) -> Any:
    """The least key of *heap*; `None` when it is empty."""
    return heap[1] if heap is not None else None


def pushed(heap: Heap, key: tuple[Any, ...]) -> Heap:
    """*heap* with *key*."""
    return _merged((1, key, None, None), heap)


def without_least(heap: Heap) -> Heap:
    """*heap* without one of its least keys."""
    return None if heap is None else _merged(heap[2], heap[3])


def heap_of(keys: Iterable[tuple[Any, ...]]) -> Heap:
    """A heap of *keys*, in O(n) once they are sorted: every one lies left of the one before."""
    heap: Heap = None
    for key in sorted(keys, reverse=True):
        heap = (1, key, heap, None)
    return heap


def _merged(one: Heap, other: Heap) -> Heap:
    """Both as one heap: along their right spines, which are short, since the left side is never of a lower rank."""
    if one is None:
        return other
    if other is None:
        return one
    if other[1] < one[1]:
        one, other = other, one
    left, right = one[2], _merged(one[3], other)
    if right is not None and (left is None or left[0] < right[0]):
        left, right = right, left
    return (1 + (right[0] if right is not None else 0), one[1], left, right)
