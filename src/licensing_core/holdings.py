"""Who holds what: a read-only mapping that may be loaded in part, and says so when asked beyond that part."""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from math import isqrt
from typing import Any, ClassVar, Final

from attrs import frozen

from licensing_core.checks import MAX_COUNT, InvalidArgument, as_id, bulk, instance, shown
from licensing_core.errors import Mistake

_FOLD_AT: Final = 256
_as_entries: Final = instance(Mapping)


class Holding(StrEnum):
    """The state of one user's license in a pool."""

    HELD = "held"
    AWAITING = "awaiting"
    """Unassigned by a power user, still counted, until a superadmin confirms (DOC-35)."""


@frozen(kw_only=True)
class NotLoaded(Mistake):
    """A decision needs holdings that were not loaded; load those of the users in the command."""

    code: ClassVar[str] = "holdings.not_loaded"
    users: tuple[str, ...]

    def __str__(self) -> str:
        return f"the holdings of {len(self.users)} users in this command were not loaded; load them, then decide"


class Holdings(Mapping[str, Holding]):
    """The holdings of a pool by user, or those of some users only.

    A change makes a new value and shares what did not change, so that it costs as much as the command, not the pool.

    Args:
        entries: Users who have a license and the state it is in.
        loaded: The users whose holdings were looked up; `None` when all were.

    >>> some = Holdings({"ana": Holding.HELD}, loaded={"ana", "luis"})
    >>> some.get("luis") is None
    True
    >>> some.get("mei")
    Traceback (most recent call last):
        ...
    licensing_core.holdings.NotLoaded: the holdings of 1 users in this command were not loaded; load them, then decide
    """

    __slots__ = ("_base", "_changes", "_counts", "_loaded")
    _base: dict[str, Holding]
    _changes: dict[str, Holding | None]
    _counts: dict[Holding, int]
    _loaded: frozenset[str] | None

    def __init__(self, entries: Mapping[str, Holding] | None = None, *, loaded: Collection[str] | None = None) -> None:
        base = dict(_as_entries("entries", {} if entries is None else entries))
        for user, holding in base.items():
            as_id("entries", user)
            if type(holding) is not Holding:
                raise InvalidArgument(parameter="entries", expected="of type Holding", got=shown(holding))
        known = None if loaded is None else bulk("loaded", loaded, most=MAX_COUNT)
        if known is not None and (strangers := base.keys() - known):
            raise NotLoaded(users=tuple(sorted(strangers)))
        counts = {state: sum(1 for holding in base.values() if holding is state) for state in Holding}
        _fill(self, base, {}, counts, known)

    @property
    def loaded(self) -> frozenset[str] | None:
        """The users whose holdings are known; `None` for all."""
        return self._loaded

    def require(self, users: Collection[str]) -> None:
        """See to it that the holdings of *users* are known.

        Raises:
            NotLoaded: Some are not; it names them.
        """
        if self._loaded is not None and (missing := frozenset(users) - self._loaded):
            raise NotLoaded(users=tuple(sorted(missing)))

    def with_changes(self, changes: Mapping[str, Holding | None]) -> "Holdings":
        """These holdings after *changes*, where `None` takes the license away."""
        self.require(changes.keys())
        counts = dict(self._counts)
        for user, after in changes.items():
            before = self.get(user)
            if before is not None:
                counts[before] -= 1
            if after is not None:
                counts[after] += 1
        merged = {**self._changes, **changes}
        if len(merged) <= max(_FOLD_AT, isqrt(len(self._base))):
            return _fill(object.__new__(Holdings), self._base, merged, counts, self._loaded)
        folded = {user: holding for user, holding in {**self._base, **merged}.items() if holding is not None}
        return _fill(object.__new__(Holdings), folded, {}, counts, self._loaded)

    def count(self, holding: Holding) -> int:
        """How many of the loaded users have a license in the state *holding*."""
        return self._counts[holding]

    def __getitem__(self, user: str) -> Holding:
        if self._loaded is not None and user not in self._loaded:
            raise NotLoaded(users=(user,))
        found = self._changes[user] if user in self._changes else self._base[user]
        if found is None:
            raise KeyError(user)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from (user for user in self._base if self._changes.get(user, Holding.HELD) is not None)
        yield from (user for user, now in self._changes.items() if now is not None and user not in self._base)

    def __len__(self) -> int:
        return sum(self._counts.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Holdings):
            return NotImplemented
        return self._loaded == other._loaded and dict(self) == dict(other)

    def __hash__(self) -> int:
        return hash((self._loaded, frozenset(self.items())))

    def __setattr__(self, name: str, _value: object) -> None:
        raise AttributeError(name)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (dict(self), self._loaded))

    def __repr__(self) -> str:
        part = "all" if self._loaded is None else f"{len(self._loaded)} users"
        return f"<Holdings of {part}: {len(self)}>"


def _fill(
    holdings: Holdings,
    base: dict[str, Holding],
    changes: dict[str, Holding | None],
    counts: dict[Holding, int],
    loaded: frozenset[str] | None,
) -> Holdings:
    object.__setattr__(holdings, "_base", base)
    object.__setattr__(holdings, "_changes", changes)
    object.__setattr__(holdings, "_counts", counts)
    object.__setattr__(holdings, "_loaded", loaded)
    return holdings


def _made(entries: dict[str, Holding], loaded: frozenset[str] | None) -> Holdings:
    return Holdings(entries, loaded=loaded)


NO_HOLDINGS: Final = Holdings()
"""Nobody holds anything, and all is known."""
