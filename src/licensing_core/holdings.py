"""Who holds what: a read-only mapping that may be loaded in part, and says so when asked beyond that part."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from attrs import frozen

from licensing_core.checks import instance
from licensing_core.layers import Layers
from licensing_core.partial import ById, NotLoaded


@frozen(kw_only=True)
class HoldingsNotLoaded(NotLoaded):
    """A decision needs holdings that were not loaded; load those of the users in the command."""

    code: ClassVar[str] = "holdings.not_loaded"

    def __str__(self) -> str:
        return f"the holdings of {len(self.ids)} users in this command were not loaded; load them, then decide"


class Holding(StrEnum):
    """The state of one user's license in a pool."""

    HELD = "held"
    AWAITING = "awaiting"
    """Unassigned by a power user, still counted, until a superadmin confirms (DOC-35)."""


# Named once: to look a member up in its class takes longer than all else that is done with it here.
_HELD: Final = Holding.HELD
_AWAITING: Final = Holding.AWAITING
_as_holding: Final = instance(Holding)


class Holdings(ById[Holding]):
    """The holdings of a pool by user, or those of some users only.

    Args:
        entries: Users who have a license and the state it is in.
        loaded: The users whose holdings were looked up; `None` when all were.

    >>> some = Holdings({"ana": Holding.HELD}, loaded={"ana", "luis"})
    >>> some.get("luis") is None, some.count(Holding.HELD), some.users(Holding.AWAITING)
    (True, 1, ())
    """

    __slots__ = ("_awaiting",)
    not_loaded = HoldingsNotLoaded
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
