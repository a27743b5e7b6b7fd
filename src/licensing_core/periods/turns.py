"""`Period`: one turn of a cycle."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final

from attrs import frozen

from licensing_core.checks import Instant, Value, as_instant, checked, whole
from licensing_core.errors import LicensingError
from licensing_core.periods.intervals import Interval, Span, interval_between
from licensing_core.periods.zones import Zone, rules_of

MAX_INDEX: Final = 10**12
"""The highest index of a turn, and the lowest with a minus sign; more than the seconds of all years."""
as_index: Final = whole(-MAX_INDEX, MAX_INDEX)


@frozen(kw_only=True)
class EmptyPeriod(LicensingError):
    """A turn of a cycle holds no time: its days were left out of the calendar of the zone."""

    code: ClassVar[str] = "period.empty"
    index: int
    at: datetime
    zone: str

    def __str__(self) -> str:
        return (
            f"turn {self.index} of the cycle begins and ends at {self.at.isoformat()}, as {self.zone} left "
            "its days out; bill nothing for it, or ask for the turn that holds an instant"
        )


@frozen(kw_only=True)
class NoWholeDay(LicensingError):
    """A period begins and ends on one calendar day, so its days cannot be counted."""

    code: ClassVar[str] = "period.no_whole_day"
    index: int
    day: date

    def __str__(self) -> str:
        return f"turn {self.index} of the cycle lies within {self.day}; count its seconds instead of its days"


@frozen(kw_only=True)
class TooManyPeriods(LicensingError):
    """A stretch of time holds more turns of a cycle than may be listed at once."""

    code: ClassVar[str] = "periods.too_many"
    most: int
    resume_at: datetime

    def __str__(self) -> str:
        return f"more than {self.most} periods; list those up to {self.resume_at.isoformat()}, then go on"


@frozen(field_transformer=checked)
class Period(Value):
    """One turn of a cycle: all instants from *start* up to, but not including, *end*; never empty.

    Attributes:
        index: 0 for the turn that the anchor begins, 1 for the next, -1 for the one before.
        start: First instant.
        end: The first instant of the next period.
        zone: Where its days are counted.
    """

    index: Annotated[int, as_index]
    start: Instant
    end: Instant
    zone: Zone

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise EmptyPeriod(index=self.index, at=self.start, zone=self.zone)

    @property
    def interval(self) -> Interval:
        """The same stretch of time, as an `Interval`."""
        return interval_between(self.start, self.end)

    @property
    def span(self) -> Span:
        """Its calendar days: from the local day it starts on, whatever the hour, up to the one it ends on.

        Raises:
            NoWholeDay: It starts and ends on the same day.
        """
        rules = rules_of(self.zone)
        first, last = self.start.astimezone(rules).date(), self.end.astimezone(rules).date()
        if last <= first:
            raise NoWholeDay(index=self.index, day=first)
        return Span(first, last)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= as_instant("at", at) < self.end


_set_index, _set_start, _set_end, _set_zone = (vars(Period)[name].__set__ for name in ("index", "start", "end", "zone"))


def period_between(index: int, start: datetime, end: datetime, zone: str) -> Period:
    """A period of parts that are known to be valid; past the checks of the constructor, for speed."""
    if end <= start:
        raise EmptyPeriod(index=index, at=start, zone=zone)
    period: Any = object.__new__(Period)
    _set_index(period, index)
    _set_start(period, start)
    _set_end(period, end)
    _set_zone(period, zone)
    return period  # type: ignore[no-any-return]
