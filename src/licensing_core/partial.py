"""A read-only mapping by id that may be loaded in part, and says so when it is asked beyond that part."""

from collections.abc import Collection, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, ClassVar, Final, Self, TypeVar, overload

from attrs import frozen

from licensing_core.checks import MAX_COUNT, as_id, bulk, instance
from licensing_core.errors import Mistake
from licensing_core.layers import Layers

V = TypeVar("V")
D = TypeVar("D")
_as_entries: Final = instance(Mapping)


@frozen(kw_only=True)
class NotLoaded(Mistake):
    """A decision needs something that was not loaded; each kind of thing has a class of its own."""

    code: ClassVar[str] = "partial.not_loaded"
    ids: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.ids)} of the things that this needs were not loaded; load them, then decide"


class ById(Mapping[str, V]):
    """What each id has, of all ids or of some only; what has nothing is not in it.

    A change makes a new value and shares what did not change, so that it costs as much as the command, not as much as
    all that is there; older values stay as they are. A class of it says in `as_entry` what an id may have, and in
    `not_loaded` how it refuses to tell what was not looked up.

    Args:
        entries: What each id has, never `None`.
        loaded: The ids that were looked up; `None` when all were.

    Raises:
        InvalidArgument: *entries* is no mapping, or what an id has does not have its form.
        InvalidId: A key is no id.
        NotLoaded: *entries* has an id that is not among the *loaded*.

    >>> points = ById({"ana": 3}, loaded={"ana", "luis"})
    >>> points.get("luis") is None, dict(points.with_changes({"luis": 5, "ana": None}))
    (True, {'luis': 5})
    >>> points.get("mei")
    Traceback (most recent call last):
        ...
    licensing_core.partial.NotLoaded: 1 of the things that this needs were not loaded; load them, then decide
    """

    __slots__ = ("_entries", "loaded")
    _entries: Layers[str, V]
    loaded: Final[frozenset[str] | None]  # type: ignore[misc]
    """The ids that were looked up; `None` for all."""

    not_loaded: ClassVar[type[NotLoaded]] = NotLoaded
    """The refusal to tell of ids that were not looked up."""

    @staticmethod
    def as_entry(_name: str, value: Any) -> Any:
        """The check of what an id may have: anything, here."""
        return value

    def __init__(self, entries: Mapping[str, V] | None = None, *, loaded: Collection[str] | None = None) -> None:
        given: Mapping[str, V] = _as_entries("entries", {} if entries is None else entries)
        as_entry = self.as_entry
        kept: dict[str, V] = {as_id("entries", key): as_entry("entries", one) for key, one in given.items()}
        known = None if loaded is None else bulk("loaded", loaded, most=MAX_COUNT)
        if known is not None and (strangers := kept.keys() - known):
            raise self.not_loaded(ids=tuple(sorted(strangers)))
        self._fill(Layers(kept), known)

    def _fill(self, entries: Layers[str, V], loaded: frozenset[str] | None) -> None:
        _set_entries(self, entries)
        _set_loaded(self, loaded)

    def require(self, ids: Collection[str]) -> None:
        """See to it that *ids* were looked up.

        Raises:
            NotLoaded: Some were not; it names them.
        """
        if self.loaded is not None and not self.loaded.issuperset(ids):
            raise self.not_loaded(ids=tuple(sorted(frozenset(ids) - self.loaded)))

    def with_changes(self, changes: Mapping[str, V | None]) -> Self:
        """These after *changes*, which have passed their checks; `None` takes away what an id has.

        Raises:
            NotLoaded: An id was not looked up.
        """
        if self.loaded is not None:
            self.require(changes.keys())
        made = object.__new__(type(self))
        made._fill(self._entries.changed(changes), self.loaded)
        return made

    @overload
    def get(self, key: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: str, default: V | D, /) -> V | D: ...
    def get(self, key: str, default: Any = None, /) -> Any:
        """What *key* has, *default* for nothing; raises `NotLoaded` when that was not looked up."""
        for layer in self._entries.dicts:
            if key in layer:
                found = layer[key]
                return default if found is None else found
        if self.loaded is not None and key not in self.loaded:
            raise self.not_loaded(ids=(key,))
        return default

    def __getitem__(self, key: str) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries.flat())

    def keys(self) -> KeysView[str]:
        """The ids that have something."""
        return self._entries.flat().keys()

    def values(self) -> ValuesView[V]:
        """What they have."""
        return self._entries.flat().values()

    def items(self) -> ItemsView[str, V]:
        """Both."""
        return self._entries.flat().items()

    def __len__(self) -> int:
        return self._entries.size

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.loaded == other.loaded and self._entries.flat() == other._entries.flat()

    def __hash__(self) -> int:
        return hash((self.loaded, frozenset(self.items())))

    def __setattr__(self, name: str, _value: object) -> None:
        raise AttributeError(name)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (type(self), dict(self.items()), self.loaded))

    def __repr__(self) -> str:
        part = "all" if self.loaded is None else f"{len(self.loaded)} ids"
        return f"<{type(self).__name__} of {part}: {len(self)}>"


_set_entries, _set_loaded = (vars(ById)[name].__set__ for name in ("_entries", "loaded"))


def _made(kind: type[ById[V]], entries: dict[str, V], loaded: frozenset[str] | None) -> ById[V]:
    return kind(entries, loaded=loaded)
