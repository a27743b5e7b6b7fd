"""Time zones, and their local days: some begin at one o'clock, some last 23 hours, some do not exist."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Annotated, Any, ClassVar, Final
from zoneinfo import ZoneInfo, available_timezones

from attrs import frozen

from licensing_core.checks import InvalidArgument, as_day, as_instant, shown
from licensing_core.errors import Mistake

FIRST_DAY: Final = date(2, 1, 1)
LAST_DAY: Final = date(9998, 12, 31)
_FIRST: Final = FIRST_DAY.toordinal()
_LAST: Final = LAST_DAY.toordinal()
_MIDNIGHT: Final = time()


@frozen(kw_only=True)
class UnknownZone(InvalidArgument):
    """A time zone is none of the IANA names, such as `Europe/Madrid`."""

    code: ClassVar[str] = "zone.unknown"


@frozen(kw_only=True)
class OutOfCalendar(Mistake):
    """A day or instant would lie outside the years 2 to 9998."""

    code: ClassVar[str] = "calendar.out_of_range"
    first_year: int = 2
    last_year: int = 9998

    def __str__(self) -> str:
        return (
            f"the day asked for lies outside the years {self.first_year} to {self.last_year}; "
            "ask for a turn nearer to the anchor, or add a shorter duration"
        )


@cache
def _names() -> frozenset[str]:
    # "localtime" is whatever the machine is set to, and "Factory" a machine that nobody has set.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def as_zone(name: str, value: Any) -> str:
    """*value*, when it is the name of an IANA time zone; it is looked up in a list, never as a path."""
    if type(value) is str and len(value) <= 64 and value in _names():
        return value
    raise UnknownZone(parameter=name, expected="an IANA time zone such as Europe/Madrid", got=shown(value))


Zone = Annotated[str, as_zone]
"""The name of an IANA time zone, such as `Europe/Madrid`."""


@cache
def _rules(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


def rules_of(zone: Zone) -> ZoneInfo:
    """The rules of *zone*, loaded once.

    Raises:
        UnknownZone: *zone* is no IANA name.
    """
    return _rules(as_zone("zone", zone))


def in_calendar(at: datetime) -> datetime:
    """*at*, an instant in UTC.

    Raises:
        OutOfCalendar: It lies outside the years 2 to 9998.
    """
    if 1 < at.year < 9999:
        return at
    raise OutOfCalendar


def day_at(ordinal: int) -> date:
    """The day whose `toordinal()` is *ordinal*.

    Raises:
        OutOfCalendar: It lies outside the years 2 to 9998.
    """
    if _FIRST <= ordinal <= _LAST:
        return date.fromordinal(ordinal)
    raise OutOfCalendar


def to_utc(wall: datetime) -> datetime:
    """The instant of *wall*, an aware local time: moved by the gap if it is skipped, the first if repeated.

    Raises:
        OutOfCalendar: It lies outside the years 2 to 9998.
    """
    return in_calendar(wall.replace(fold=0).astimezone(UTC))


def local_date(at: datetime, zone: Zone) -> date:
    """The calendar day that it is in *zone* at the instant *at*.

    >>> local_date(datetime(2026, 5, 31, 22, 30, tzinfo=UTC), "Europe/Madrid")
    datetime.date(2026, 6, 1)

    Raises:
        InvalidInstant: *at* is no aware datetime of the years 2 to 9998.
        UnknownZone: *zone* is no IANA name.
    """
    return as_instant("at", at).astimezone(rules_of(zone)).date()


def start_of_day(day: date, zone: Zone) -> datetime:
    """The first instant of *day* in *zone*, in UTC; of a day that the zone left out, that of the next one.

    >>> start_of_day(date(2026, 3, 29), "Asia/Beirut").isoformat()  # begins at 01:00
    '2026-03-28T22:00:00+00:00'

    Raises:
        InvalidArgument: *day* is no date of the years 2 to 9998, or *zone* no IANA name.
    """
    return first_instant(as_day("day", day), rules_of(zone))


def first_instant(day: date, rules: tzinfo) -> datetime:
    """The first instant of *day* under *rules*, in UTC, of parts that are known to be valid."""
    start = datetime.combine(day, _MIDNIGHT, rules).astimezone(UTC)
    local = start.astimezone(rules)
    if local.hour or local.minute or local.second:  # the clocks skip midnight
        return _end_of_gap(start, rules)
    return start


def _end_of_gap(inside: datetime, rules: tzinfo) -> datetime:
    """When the clocks went forward, if a skipped midnight, moved by the gap, led to *inside*.

    Most such gaps begin at midnight, and *inside* is the answer; Toronto skipped from 23:30 to 00:30 in 1919.
    """
    offset = inside.astimezone(rules).utcoffset()
    late, early = 0, 86400  # seconds before *inside*: the new offset holds at *late*, not at *early*
    while early - late > 1:
        middle = (late + early) // 2
        if (inside - timedelta(seconds=middle)).astimezone(rules).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return inside - timedelta(seconds=late)


def seconds_of_day(day: date, zone: Zone) -> int:
    """How many seconds *day* lasts in *zone*: 86,400, unless the clocks change, and 0 if it was left out.

    >>> (
    ...     seconds_of_day(date(2026, 3, 29), "Europe/Madrid"),
    ...     seconds_of_day(date(2011, 12, 30), "Pacific/Apia"),
    ... )
    (82800, 0)

    Raises:
        InvalidArgument: *day* is no date of the years 2 to 9998, or *zone* no IANA name.
        OutOfCalendar: *day* is the last one of the calendar.
    """
    start = start_of_day(day, zone)
    end = first_instant(day_at(day.toordinal() + 1), rules_of(zone))
    return int((end - start).total_seconds())
