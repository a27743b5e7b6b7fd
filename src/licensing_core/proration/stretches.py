"""Stretches of time as conventions count them: days as a `Span`, instants as an `Interval` or `Period` with a zone."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, ClassVar, Final, NamedTuple

from attrs import frozen

from licensing_core.checks import InvalidArgument, as_day, as_instant, shown
from licensing_core.errors import LicensingError
from licensing_core.periods import Duration, Interval, Period, Span, as_zone, local_date, start_of_day
from licensing_core.periods.ladders import in_month, length_of, month_of
from licensing_core.proration.conventions import Base, Convention, Count

Stretch = Span | Interval | Period
"""A stretch of time, half-open: calendar days, or instants of which the local days are counted in some zone."""


_NOMINAL_HINT: Final = "take an interval that its table names, or another base"
_HINTS: Final[dict[str, str]] = {
    Base.START_MONTH: "take a cycle of one month, or another base",
    Base.NOMINAL: _NOMINAL_HINT,
    Base.NOMINAL_360: _NOMINAL_HINT,
}


@frozen(kw_only=True)
class NothingCounted(LicensingError):
    """The base of a share counts nothing: a period within one day in days, say, or the days of so many hours."""

    code: ClassVar[str] = "proration.nothing_counted"
    count: str
    base: str

    def __str__(self) -> str:
        hint = _HINTS.get(self.base, "count in seconds, or take another base")
        return f"counted in {self.count}, the base {self.base} is nothing; {hint}"


class Ends(NamedTuple):
    """Start and end of a stretch, both days or both instants, and where local days are counted.

    The end may lie before the start; then the stretch is empty.
    """

    start: date
    end: date
    zone: str

    @property
    def empty(self) -> bool:
        """Whether it holds nothing."""
        return self.end <= self.start

    def days(self) -> tuple[date, date]:
        """The local day on which it starts, and that on which it ends."""
        return _day(self.start, self.zone), _day(self.end, self.zone)


def _day(point: date, zone: str) -> date:
    return local_date(point, zone) if isinstance(point, datetime) else point


def ends_of(name: str, stretch: object, zone: str | None) -> Ends:
    """The ends of the parameter *name*; *zone* is where its days are counted, if it does not say so itself.

    Raises:
        InvalidArgument: It is no stretch, or an interval with an open side.
        UnknownZone: *zone* is no IANA name.
    """
    if type(stretch) is Span:
        return Ends(stretch.start, stretch.end, zone_of(stretch, zone))
    if isinstance(stretch, Interval | Period) and stretch.start is not None and stretch.end is not None:
        return Ends(stretch.start, stretch.end, zone_of(stretch, zone))
    got = "an open one" if isinstance(stretch, Interval) else shown(stretch)
    raise InvalidArgument(parameter=name, expected="a Span, a Period or a closed Interval", got=got)


def zone_of(stretch: object, zone: str | None) -> str:
    """The zone that was named, or else that of the period, or else UTC.

    Raises:
        UnknownZone: *zone* is no IANA name.
    """
    if zone is not None:
        return as_zone("zone", zone)
    return stretch.zone if isinstance(stretch, Period) else "UTC"


def like(name: str, point: object, period: Ends) -> date:
    """*point*, the parameter *name*, in the form of *period*: a day among days, an instant among instants.

    Raises:
        InvalidArgument: It is of the other form.
    """
    return as_instant(name, point) if isinstance(period.start, datetime) else as_day(name, point)


def cut(part: Ends, period: Ends) -> Ends:
    """*part* cut to *period*.

    Raises:
        InvalidArgument: One is of days and the other of instants.
    """
    if isinstance(part.start, datetime) is not isinstance(period.start, datetime):
        raise InvalidArgument(
            parameter="part", expected="of days or of instants as the period is", got="one of each kind"
        )
    return Ends(max(part.start, period.start), min(part.end, period.end), period.zone)


def stretch_of(ends: Ends) -> Span | Interval | None:
    """The stretch between *ends*; `None` when it is empty."""
    if ends.empty:
        return None
    if isinstance(ends.start, datetime) and isinstance(ends.end, datetime):
        return Interval(ends.start, ends.end)
    return Span(ends.start, ends.end)


_SECOND: Final = timedelta(seconds=1)


def _seconds(stretch: Ends) -> int:
    start, end = stretch.start, stretch.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        return (end.replace(microsecond=0) - start.replace(microsecond=0)) // _SECOND
    return (end - start).days * 86_400


def _days(stretch: Ends) -> int:
    first, last = stretch.days()
    return (last - first).days


def _days_360(stretch: Ends) -> int:
    first, last = stretch.days()
    return 360 * (last.year - first.year) + 30 * (last.month - first.month) + last.day - first.day


def _months(stretch: Ends) -> Fraction:
    first, last = stretch.days()
    origin = month_of(first)
    months = month_of(last) - origin
    step = in_month(origin + months, first.day)
    if step > last:
        months -= 1
        step = in_month(origin + months, first.day)
    length = (in_month(origin + months + 1, first.day) - step).days
    return months + Fraction((last - step).days, length)


def _calendar_months(stretch: Ends) -> Fraction:
    """As if the calendar were a ruler of months: where the end lies on it, less where the start lies."""
    first, last = (month_of(day) + Fraction(day.day - 1, length_of(month_of(day))) for day in stretch.days())
    return last - first


_COUNTS: Final[dict[Count, Callable[[Ends], int | Fraction]]] = {
    Count.DAYS: _days,
    Count.SECONDS: _seconds,
    Count.DAYS_360: _days_360,
    Count.MONTHS: _months,
    Count.CALENDAR_MONTHS: _calendar_months,
}


def counted(count: Count, stretch: Ends) -> int | Fraction:
    """How many *count* there are in *stretch*, which is not empty."""
    return _COUNTS[count](stretch)


def _as_every(every: object, base: Base) -> Duration:
    if isinstance(every, Duration):
        return every
    raise InvalidArgument(
        parameter="every", expected=f"a Duration, which the base {base.value} counts", got=shown(every)
    )


def _whole_period(count: Count, _part: Ends, period: Ends, _every: object) -> int | Fraction:
    return counted(count, period)


def _from_part(count: Count, part: Ends, _period: Ends, every: object) -> int | Fraction:
    start, zone, turn = part.start, part.zone, _as_every(every, Base.FROM_PART)
    end = turn.after(start, zone) if isinstance(start, datetime) else turn.after_day(start)
    return counted(count, Ends(start, end, zone))


def _start_month(count: Count, _part: Ends, period: Ends, _every: object) -> int | Fraction:
    month = month_of(period.days()[0])
    first, last = in_month(month, 1), in_month(month + 1, 1)
    if isinstance(period.start, datetime):
        return counted(count, Ends(start_of_day(first, period.zone), start_of_day(last, period.zone), period.zone))
    return counted(count, Ends(first, last, period.zone))


def _nominal(base: Base, days_of: Callable[[int], int]) -> Callable[[Count, Ends, Ends, object], int]:
    def nominal(count: Count, _part: Ends, _period: Ends, every: object) -> int:
        turn = _as_every(every, base)
        if sum(map(bool, (turn.months, turn.days, turn.seconds))) > 1:
            return 0  # no table says how long months and days are together
        if count in (Count.MONTHS, Count.CALENDAR_MONTHS):
            return turn.months
        days = days_of(turn.months) or turn.days
        return 86_400 * days if count is Count.SECONDS else days

    return nominal


_NOMINAL_DAYS: Final = {1: 30, 3: 91, 6: 182, 12: 365}
_BASES: Final[dict[Base, Callable[[Count, Ends, Ends, object], int | Fraction]]] = {
    Base.PERIOD: _whole_period,
    Base.FROM_PART: _from_part,
    Base.START_MONTH: _start_month,
    Base.NOMINAL: _nominal(Base.NOMINAL, lambda months: _NOMINAL_DAYS.get(months, 0)),
    Base.NOMINAL_360: _nominal(Base.NOMINAL_360, lambda months: 30 * months),
}
_NEED_PERIOD: Final = (Base.PERIOD, Base.START_MONTH)


def base_of(convention: Convention, part: Ends, period: Ends | None, every: Any) -> int | Fraction:
    """What the count of *part* is taken over; above 0.

    Raises:
        NothingCounted: It counts nothing.
        InvalidArgument: The base needs a *period* or an *every* that is not given.
    """
    base = convention.base
    if period is None and base in _NEED_PERIOD:
        raise InvalidArgument(
            parameter="period", expected=f"a stretch of time, which the base {base.value} counts", got="None"
        )
    found = _BASES[base](convention.count, part, period or part, every)
    if found <= 0:
        raise NothingCounted(count=convention.count.value, base=base.value)
    return found
