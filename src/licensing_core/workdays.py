"""Working days, and deadlines in working hours."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import (
    Day,
    InvalidArgument,
    Value,
    as_day,
    as_instant,
    checked,
    instance,
    shown,
    whole,
)
from licensing_core.periods import Zone
from licensing_core.periods.zones import day_at, in_calendar, rules_of

MAX_HOURS: Final = 10_000
"""The most working hours of one deadline."""
MAX_HOLIDAYS: Final = 10_000
"""The most holidays of one calendar."""
_HOURS: Final = whole(1, MAX_HOURS)
_MIDNIGHT: Final = time()


@frozen(kw_only=True)
class InvalidCalendar(InvalidArgument):
    """A business calendar has no working day, or too many holidays."""

    code: ClassVar[str] = "business_calendar.invalid"


def _at_least_one(_calendar: Any, _attribute: Any, workdays: frozenset[int]) -> None:
    if not workdays:
        raise InvalidCalendar(parameter="workdays", expected="one weekday or more", got="none")


def _not_too_many(_calendar: Any, _attribute: Any, holidays: frozenset[date]) -> None:
    if len(holidays) > MAX_HOLIDAYS:
        raise InvalidCalendar(parameter="holidays", expected=f"{MAX_HOLIDAYS} days at most", got=shown(len(holidays)))


_HOUR: Final = 60
_WHOLE_DAY: Final = 24 * _HOUR


def _after_opening(calendar: "BusinessCalendar", _attribute: Any, closing: int) -> None:
    if closing - calendar.opening_minute < _HOUR:
        raise InvalidCalendar(
            parameter="closing_minute", expected="an hour or more after the opening", got=shown(closing)
        )


@frozen(field_transformer=checked)
class BusinessCalendar(Value):
    """Which calendar days are worked: those on a weekday of *workdays* (Monday is 0) that are no holiday.

    Of a working day every hour counts, unless it opens and closes; these are minutes after midnight, by the wall clock.

    >>> office = BusinessCalendar(frozenset({0, 1, 2, 3, 4}), frozenset({date(2026, 12, 8)}))
    >>> [office.is_workday(date(2026, 12, day)) for day in (5, 7, 8, 9)]
    [False, True, False, True]
    >>> BusinessCalendar(
    ...     frozenset({0}), opening_minute=9 * 60, closing_minute=17 * 60
    ... ).minutes_per_day
    480

    Raises:
        InvalidCalendar: There is no working day in the week, more than 10,000 holidays, or less than an hour a day.
        InvalidArgument: A weekday is none of 0 to 6, or a holiday is no date.
    """

    workdays: frozenset[Annotated[int, whole(0, 6)]] = field(validator=_at_least_one)
    holidays: frozenset[Day] = field(default=frozenset(), validator=_not_too_many)
    opening_minute: Annotated[int, whole(0, _WHOLE_DAY)] = field(default=0, kw_only=True)
    closing_minute: Annotated[int, whole(0, _WHOLE_DAY)] = field(
        default=_WHOLE_DAY, validator=_after_opening, kw_only=True
    )

    @property
    def minutes_per_day(self) -> int:
        """How many minutes of a working day count."""
        return self.closing_minute - self.opening_minute

    def is_workday(self, day: date) -> bool:
        """Whether *day* is worked."""
        return as_day("day", day).weekday() in self.workdays and day not in self.holidays

    def first_workday(self, day: date) -> date:
        """*day* itself when it is worked, else the next day that is.

        The search ends: each holiday delays it by a week at most, and there are 10,000 of them at most.

        Raises:
            OutOfCalendar: There is none up to the year 9998.
        """
        while not self.is_workday(day):
            day = day_at(day.toordinal() + 1)
        return day


def deadline(start: datetime, hours: int, calendar: BusinessCalendar, zone: Zone) -> datetime:
    """The first instant at which *hours* working hours have passed since *start*, in UTC.

    Every hour of a working day counts, from its opening to its closing, by the wall clock of *zone*, so that a working
    day is always as long; no hour of any other day does. A start outside of these hours counts from the next opening.
    A deadline at the end of a working day is its closing, or the midnight that ends it, even if the next day is not
    worked.

    >>> office = BusinessCalendar(frozenset({0, 1, 2, 3, 4}))
    >>> deadline(datetime(2026, 12, 4, 14, tzinfo=UTC), 48, office, "Europe/Madrid").isoformat()
    '2026-12-08T14:00:00+00:00'

    Raises:
        InvalidArgument: *start* is no aware datetime, *hours* none of 1 to 10,000, *zone* no IANA name.
        OutOfCalendar: The deadline lies after the year 9998.

    Source: ALU-10, decision 8.
    """
    instance(BusinessCalendar)("calendar", calendar)
    start, hours, rules = as_instant("start", start), _HOURS("hours", hours), rules_of(zone)
    local = start.astimezone(rules).replace(tzinfo=None, fold=0)
    opening, length = timedelta(minutes=calendar.opening_minute), timedelta(minutes=calendar.minutes_per_day)
    day, worked = calendar.first_workday(local.date()), timedelta(0)
    if day == local.date():
        worked = min(length, max(timedelta(0), local - datetime.combine(day, _MIDNIGHT) - opening))
    left = worked + timedelta(hours=hours)
    while left > length:
        left -= length
        day = calendar.first_workday(day_at(day.toordinal() + 1))
    wall = (datetime.combine(day, _MIDNIGHT) + opening + left).replace(tzinfo=rules)
    at = wall.astimezone(UTC)
    if at <= start:  # this hour of the wall comes twice, and *start* lies after the first of the two
        at = wall.replace(fold=1).astimezone(UTC)
    return in_calendar(at)
