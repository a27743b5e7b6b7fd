"""A mapping whose change is a new version of it, at the cost of the change; the old versions stay readable."""

from collections.abc import Hashable, Mapping
from typing import Any, Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_SMALL: Final = 32
"""A dict of so many entries is copied as quickly as one is looked for in a few layers."""


class Layers(Generic[K, V]):
    """What each key has, in layers: dicts of which the newest comes first.

    A change lays a new dict on top and merges it with those below that are small, or not at least twice as large as
    what is merged already. So there are about log2(n) layers, and of n changes in a row each costs O(log n) on
    average. Once half of the oldest layer is gone all are merged, so that memory and `flat()` follow what is left.
    A layer is never written to once it is there: versions share them, across threads too.

    >>> before = Layers({"ana": 1, "luis": 2})
    >>> after = before.changed({"ana": None, "mei": 3})
    >>> dict(after.flat()), after.size, before.get("ana")
    ({'luis': 2, 'mei': 3}, 2, 1)

    Args:
        entries: The keys and what they have, never `None`; it is kept, and nobody may write to it any more.
    """

    __slots__ = ("dicts", "size")
    dicts: tuple[dict[K, Any], ...]
    """The layers, newest first: what a key has stands in the first that knows it, where `None` says *nothing*."""
    size: int
    """How many keys have something."""

    def __init__(self, entries: dict[K, V]) -> None:
        self.dicts = (entries,) if entries else ()
        self.size = len(entries)

    def get(self, key: K) -> V | None:
        """What *key* has, if anything."""
        for layer in self.dicts:
            if key in layer:
                found: V | None = layer[key]
                return found
        return None

    def flat(self) -> dict[K, V]:
        """The keys that have something, and what: those of the oldest layer first. Not to be written to."""
        layers = self.dicts
        if len(layers) < 2:
            return layers[0] if layers else {}
        return _something(_merged(layers[0], layers[1:]))

    def changed(self, changes: Mapping[K, V | None]) -> "Layers[K, V]":
        """A new version after *changes*, where `None` takes away what a key has."""
        if not changes:
            return self
        size, layers, get = self.size, self.dicts, self.get
        for key, after in changes.items():
            size += (after is not None) - (get(key) is not None)
        depth = _depth(len(changes), layers)
        newest = _merged(changes, layers[:depth])
        if depth == len(layers):
            return Layers(_something(newest))
        if len(layers[-1]) > 2 * size:
            return Layers(_something(_merged(newest, layers[depth:])))
        made: Layers[K, V] = object.__new__(Layers)
        made.dicts, made.size = (newest, *layers[depth:]), size
        return made


def _depth(size: int, layers: tuple[dict[K, Any], ...]) -> int:
    """How many of *layers*, from the newest, are merged with a new one of *size* entries."""
    depth = 0
    for layer in layers:
        below = len(layer)
        if below >= 2 * size and below + size > _SMALL:
            break
        depth, size = depth + 1, size + below
    return depth


def _merged(newest: Mapping[K, Any], older: tuple[dict[K, Any], ...]) -> dict[K, Any]:
    """A new dict of what stands in *newest*, and else in the first of *older* that knows it."""
    if not older:
        return dict(newest)
    merged = older[-1].copy()
    for layer in older[-2::-1]:
        merged.update(layer)
    merged.update(newest)
    return merged


def _something(merged: dict[K, Any]) -> dict[K, Any]:
    """The keys in *merged* that have something."""
    return {key: value for key, value in merged.items() if value is not None}
