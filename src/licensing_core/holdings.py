"""Who holds what: a read-only mapping that may be loaded in part, and says so when asked beyond that part."""

from collections.abc import Collection, ItemsView, Iterator, KeysView, Mapping, ValuesView
from enum import StrEnum
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
    """A decision needs holdings that were not loaded; load those of the users in the command."""

    code: ClassVar[str] = "holdings.not_loaded"
    users: tuple[str, ...]

    def __str__(self) -> str:
        return f"the holdings of {len(self.users)} users in this command were not loaded; load them, then decide"


class ByUser(Mapping[str, V]):
    """What users have, of all users or of some only; who has nothing is not in it.

    A change makes a new value and shares what did not change, so that it costs as much as the command, not as much as
    all that is there; older values stay as they are. A class of it says in `as_entry` what a user may have, and in
    `not_loaded` how it refuses to tell what was not looked up.

    Args:
        entries: What each user has, never `None`.
        loaded: The users who were looked up; `None` when all were.

    Raises:
        InvalidArgument: *entries* is no mapping, or what a user has does not have its form.
        InvalidId: A user is no id.
        NotLoaded: *entries* has a user who is not among the *loaded*.

    >>> points = ByUser({"ana": 3}, loaded={"ana", "luis"})
    >>> points.get("luis") is None, dict(points.with_changes({"luis": 5, "ana": None}))
    (True, {'luis': 5})
    >>> points.get("mei")
    Traceback (most recent call last):
        ...
    licensing_core.holdings.NotLoaded: the holdings of 1 users in this command were not loaded; load them, then decide
    """

    __slots__ = ("_entries", "loaded")
    _entries: Layers[str, V]
    loaded: Final[frozenset[str] | None]  # type: ignore[misc]
    """The users who were looked up; `None` for all."""

    not_loaded: ClassVar[type[NotLoaded]] = NotLoaded
    """The refusal to tell of users who were not looked up."""

    @staticmethod
    def as_entry(_name: str, value: Any) -> Any:
        """The check of what a user may have: anything, here."""
        return value

    def __init__(self, entries: Mapping[str, V] | None = None, *, loaded: Collection[str] | None = None) -> None:
        given: Mapping[str, V] = _as_entries("entries", {} if entries is None else entries)
        as_entry = self.as_entry
        kept: dict[str, V] = {as_id("entries", user): as_entry("entries", one) for user, one in given.items()}
        known = None if loaded is None else bulk("loaded", loaded, most=MAX_COUNT)
        if known is not None and (strangers := kept.keys() - known):
            raise self.not_loaded(users=tuple(sorted(strangers)))
        self._fill(Layers(kept), known)

    def _fill(self, entries: Layers[str, V], loaded: frozenset[str] | None) -> None:
        _set_entries(self, entries)
        _set_loaded(self, loaded)

    def require(self, users: Collection[str]) -> None:
        """See to it that *users* were looked up.

        Raises:
            NotLoaded: Some were not; it names them.
        """
        if self.loaded is not None and not self.loaded.issuperset(users):
            raise self.not_loaded(users=tuple(sorted(frozenset(users) - self.loaded)))

    def with_changes(self, changes: Mapping[str, V | None]) -> Self:
        """These after *changes*, which have passed their checks; `None` takes away what a user has.

        Raises:
            NotLoaded: A user was not looked up.
        """
        if self.loaded is not None:
            self.require(changes.keys())
        made = object.__new__(type(self))
        made._fill(self._entries.changed(changes), self.loaded)
        return made

    @overload
    def get(self, user: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, user: str, default: V | D, /) -> V | D: ...
    def get(self, user: str, default: Any = None, /) -> Any:
        """What *user* has, *default* for nothing; raises `NotLoaded` when that was not looked up."""
        for layer in self._entries.dicts:
            if user in layer:
                found = layer[user]
                return default if found is None else found
        if self.loaded is not None and user not in self.loaded:
            raise self.not_loaded(users=(user,))
        return default

    def __getitem__(self, user: str) -> V:
        found = self.get(user)
        if found is None:
            raise KeyError(user)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries.flat())

    def keys(self) -> KeysView[str]:
        """The users who have something."""
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
        part = "all" if self.loaded is None else f"{len(self.loaded)} users"
        return f"<{type(self).__name__} of {part}: {len(self)}>"


_set_entries, _set_loaded = (vars(ByUser)[name].__set__ for name in ("_entries", "loaded"))


def _made(kind: type[ByUser[V]], entries: dict[str, V], loaded: frozenset[str] | None) -> ByUser[V]:
    return kind(entries, loaded=loaded)


class Holding(StrEnum):
    """The state of one user's license in a pool."""

    HELD = "held"
    AWAITING = "awaiting"
    """Unassigned by a power user, still counted, until a superadmin confirms (DOC-35)."""


# Named once: to look a member up in its class takes longer than all else that is done with it here.
_HELD: Final = Holding.HELD
_AWAITING: Final = Holding.AWAITING
_as_holding: Final = instance(Holding)


class Holdings(ByUser[Holding]):
    """The holdings of a pool by user, or those of some users only.

    Args:
        entries: Users who have a license and the state it is in.
        loaded: The users whose holdings were looked up; `None` when all were.

    >>> some = Holdings({"ana": Holding.HELD}, loaded={"ana", "luis"})
    >>> some.get("luis") is None, some.count(Holding.HELD), some.users(Holding.AWAITING)
    (True, 1, ())
    """

    __slots__ = ("_awaiting",)
    _awaiting: Layers[str, Holding]

    @staticmethod
    def as_entry(name: str, value: Any) -> Any:
        """The check of what a user may have: a `Holding`."""
        return _as_holding(name, value)

    def __init__(self, entries: Mapping[str, Holding] | None = None, *, loaded: Collection[str] | None = None) -> None:
        super().__init__(entries, loaded=loaded)
        awaiting = {user: state for user, state in self.items() if state is _AWAITING}
        object.__setattr__(self, "_awaiting", Layers(awaiting))

    def with_changes(self, changes: Mapping[str, Holding | None]) -> Self:
        """These holdings after *changes*, where `None` takes the license away."""
        made, awaiting = super().with_changes(changes), self._awaiting
        marks: dict[str, Holding | None] = {}
        for user, state in changes.items():
            if state is _AWAITING:
                marks[user] = state
            elif awaiting.get(user) is not None:
                marks[user] = None
        object.__setattr__(made, "_awaiting", awaiting.changed(marks) if marks else awaiting)
        return made

    def count(self, holding: Holding) -> int:
        """How many of the loaded users have a license in the state *holding*."""
        if holding is _HELD:
            return self._entries.size - self._awaiting.size
        _as_holding("holding", holding)
        return self._awaiting.size

    def users(self, holding: Holding) -> tuple[str, ...]:
        """The loaded users whose license is in the state *holding*, sorted.

        Those awaiting are kept apart, so that it takes as long as they are many, not as the pool is large.
        """
        if _as_holding("holding", holding) is _AWAITING:
            return tuple(sorted(self._awaiting.flat()))
        return tuple(sorted([user for user, state in self.items() if state is _HELD]))


NO_HOLDINGS: Final = Holdings()
"""Nobody holds anything, and all is known."""
