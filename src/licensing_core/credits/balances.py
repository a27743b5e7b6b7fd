"""The credits of one customer at one instant: every grant, what became of it, and what is owed."""

from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import (
    Instant,
    InvalidArgument,
    Value,
    checked,
    instance,
)
from licensing_core.credits.values import Entry, Grant, Total
from licensing_core.heaps import Heap, heap_of
from licensing_core.partial import ById, NotLoaded
from licensing_core.periods import OutOfCalendar

FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
"""Stands for *never* where instants are put in order."""
END, START, TOP_UP = range(3)
"""What happens to grants at one instant, in this order; a new count begins between the first and the second."""
_as_entry: Final = instance(Entry)


@frozen(kw_only=True)
class CreditsNotLoaded(NotLoaded):
    """A decision needs grants or orders that were not loaded; load those that the command names."""

    code: ClassVar[str] = "credits.not_loaded"

    def __str__(self) -> str:
        return f"{len(self.ids)} grants or orders were not looked up; load them, then decide"


class Entries(ById[Entry]):
    """Grants by id with what became of them: all there are, or the open ones and some others.

    Args:
        entries: Each under the id of its grant.
        loaded: The open ones, and those that were looked up; `None` when all were.
    """

    __slots__ = ()
    not_loaded = CreditsNotLoaded

    @staticmethod
    def as_entry(name: str, value: Any) -> Entry:
        """The check of what an id may have: an `Entry`."""
        entry: Entry = _as_entry(name, value)
        return entry


NO_ENTRIES: Final = Entries()
"""Nothing was ever granted, and all is known."""


def burn_key(grant: Grant) -> tuple[Any, ...]:
    """What puts grants in the order in which they are spent: priority, then expiry, then start, then id."""
    return (grant.priority, grant.expires or FOR_EVER, grant.effective, grant.id)


def next_top_up(grant: Grant, after: datetime) -> tuple[Any, ...] | None:
    """When *grant* is topped up next after *after*, in the order of what happens; `None` when it never is."""
    cycle, ends = grant.recurrence, grant.ends
    if cycle is None:
        return None
    try:
        at = cycle.boundary(cycle.index_at(after) + 1)
    except OutOfCalendar:
        return None
    return (at, TOP_UP, burn_key(grant)) if ends is None or at < ends else None


def to_come(entry: Entry, at: datetime, *, owing: bool) -> list[tuple[Any, ...]]:
    """What will happen to *entry* after *at*: its start, its next top-up, its end."""
    grant, found = entry.grant, list[tuple[Any, ...]]()
    ends = grant.ends
    if ends is not None and ends <= at and not entry.balance:
        return found
    if grant.effective > at:
        found.append((grant.effective, START, burn_key(grant)))
    elif (entry.balance < grant.amount or owing) and (top_up := next_top_up(grant, at)) is not None:
        found.append(top_up)
    if ends is not None:
        found.append((ends, END, burn_key(grant)))
    return found


@frozen(kw_only=True, field_transformer=checked, weakref_slot=False)
class Balances(Value):
    """The credits of one customer at *at*, when all that happens by then has happened.

    In all: granted = available + burned + expired + voided.

    Attributes:
        overage: What was spent and no grant has paid; the next to start or to be topped up pays it.
        used: What was spent since the count began.
        since: When the count began; `None` for with the first grant.
        granted, burned, expired, voided: Of all grants together, those that are not loaded too.
    """

    at: Instant
    entries: Entries = NO_ENTRIES
    overage: Total = 0
    used: Total = 0
    since: Instant | None = None
    granted: Total = 0
    burned: Total = 0
    expired: Total = 0
    voided: Total = 0
    _heaps: tuple[Heap, Heap] | None = field(init=False, eq=False, repr=False, default=None)

    def __attrs_post_init__(self) -> None:
        loaded = sum(entry.balance for entry in self.entries.values())
        if self.available != loaded:
            raise InvalidArgument(parameter="granted", expected="what is left, burned, expired and voided", got="other")

    @property
    def available(self) -> int:
        """What may be spent."""
        return self.granted - self.burned - self.expired - self.voided

    @property
    def balance(self) -> int:
        """What may be spent, less what is owed: below 0 when it is less."""
        return self.available - self.overage

    @property
    def heaps(self) -> tuple[Heap, Heap]:
        """What may be spent, in the order in which it is, and what is to come, in the order in which it does."""
        if self._heaps is None:
            entries = self.entries.values()
            burning = heap_of(burn_key(one.grant) for one in entries if one.balance)
            owing = self.overage > 0
            object.__setattr__(
                self, "_heaps", (burning, heap_of(key for one in entries for key in to_come(one, self.at, owing=owing)))
            )
        return self._heaps  # type: ignore[return-value]  # set above


# As `money` does for its results: a draft with the very same slots is filled in and then becomes the value.
class _BalancesDraft(Value):
    __setattr__: Any = object.__setattr__
    __slots__ = ("_heaps", "at", "burned", "entries", "expired", "granted", "overage", "since", "used", "voided")


def made(
    at: datetime,
    entries: Entries,
    *,
    overage: int,
    used: int,
    since: datetime | None,
    totals: tuple[int, int, int, int],
    heaps: tuple[Heap, Heap] | None,
) -> Balances:
    """The balances of these parts, which are past their checks; *totals*: granted, burned, expired and voided."""
    draft: Any = _BalancesDraft()
    draft.at, draft.entries, draft.overage, draft.used, draft._heaps = at, entries, overage, used, heaps  # noqa: SLF001
    draft.since = since
    draft.granted, draft.burned, draft.expired, draft.voided = totals
    draft.__class__ = Balances
    balances: Balances = draft
    return balances
