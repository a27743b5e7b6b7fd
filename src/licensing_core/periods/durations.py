"""How long: years and months of the calendar, days of the wall clock, seconds of elapsed time."""

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

from attrs import frozen
from dateutil.relativedelta import relativedelta

from licensing_core.checks import Check, InvalidArgument, Value, as_day, as_instant, checked, shown, whole
from licensing_core.periods.zones import OutOfCalendar, Zone, day_at, in_calendar, rules_of, to_utc

MAX_MONTHS: Final = 12_000
"""The most months of one duration: a thousand years."""
MAX_DAYS: Final = 366_000
"""The most days of one duration: about a thousand years."""
MAX_SECONDS: Final = MAX_DAYS * 86_400
"""The most seconds of one duration: about a thousand years."""
_TIMES: Final = whole(-(10**12), 10**12)
_ISO: Final = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12})S)?)?",
    re.ASCII,
)


@frozen(kw_only=True)
class InvalidDuration(InvalidArgument):
    """A duration is empty, negative, too long, or not written in ISO 8601."""

    code: ClassVar[str] = "duration.invalid"


def _part(most: int) -> Check:
    def check(name: str, value: Any) -> int:
        if type(value) is int and 0 <= value <= most:
            return value
        raise InvalidDuration(parameter=name, expected=f"an int from 0 to {most}", got=shown(value))

    return check


@frozen(kw_only=True, field_transformer=checked)
class Duration(Value):
    """A length of calendar time, never zero: whole months, then days on the wall clock, then elapsed seconds.

    Two durations are equal when their parts are: a year is twelve months, but 24 hours are no day.

    >>> (
    ...     str(Duration.parse("P12M")),
    ...     str(Duration.parse("P2W")),
    ...     Duration(days=1) == Duration(seconds=86_400),
    ... )
    ('P1Y', 'P14D', False)
    """

    months: Annotated[int, _part(MAX_MONTHS)] = 0
    days: Annotated[int, _part(MAX_DAYS)] = 0
    seconds: Annotated[int, _part(MAX_SECONDS)] = 0

    def __attrs_post_init__(self) -> None:
        if not (self.months or self.days or self.seconds):
            raise InvalidDuration(parameter="duration", expected="longer than nothing", got="0")

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """The duration that *text* writes in ISO 8601 without signs or fractions: `P1M`, `P2W`, `P1DT12H`.

        Raises:
            InvalidDuration: *text* is nothing of this kind, or is zero, or longer than a thousand years.
        """
        match = _ISO.fullmatch(text) if type(text) is str and len(text) <= 80 else None
        if match is None:
            raise InvalidDuration(
                parameter="duration", expected="an ISO 8601 duration such as P1M or P1DT12H", got=shown(text)
            )
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return cls(months=12 * years + months, days=7 * weeks + days, seconds=3600 * hours + 60 * minutes + seconds)

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        dates = ((years, "Y"), (months, "M"), (self.days, "D"))
        times = ((hours, "H"), (minutes, "M"), (seconds, "S"))
        day_part = "".join(f"{number}{unit}" for number, unit in dates if number)
        time_part = "".join(f"{number}{unit}" for number, unit in times if number)
        return f"P{day_part}T{time_part}" if time_part else f"P{day_part}"

    def after(self, at: datetime, zone: Zone, times: int = 1) -> datetime:
        """The instant *times* this duration after *at* (before it, when *times* is negative), in UTC.

        Years and months are added together on the wall clock of *zone*, a day that the month lacks becoming
        its last; then the days; then the seconds, as elapsed time. A local time that the clocks skip moves
        forward by the gap, of a repeated one the first is meant. Without months and days the instant itself
        is the base.

        >>> from datetime import UTC
        >>> leap_day = datetime(2024, 2, 29, 12, tzinfo=UTC)
        >>> Duration(months=12).after(leap_day, "Europe/Madrid").isoformat()
        '2025-02-28T12:00:00+00:00'

        Raises:
            InvalidArgument: *at* is no aware datetime, *zone* no IANA name, *times* no whole number.
            OutOfCalendar: The result lies outside the years 2 to 9998.
        """
        base, rules, times = as_instant("at", at), rules_of(zone), _TIMES("times", times)
        try:
            if times and (self.months or self.days):
                base = to_utc(base.astimezone(rules) + self._calendar_part(times))
            return in_calendar(base + times * timedelta(seconds=self.seconds))
        except (OverflowError, ValueError):
            raise OutOfCalendar from None

    def after_day(self, day: date, times: int = 1) -> date:
        """The day *times* this duration after *day*: first the months, clamped to a last day, then the days.

        >>> Duration(months=1).after_day(date(2026, 1, 31))
        datetime.date(2026, 2, 28)

        Raises:
            InvalidDuration: The duration has seconds, which days cannot count.
            InvalidArgument: *day* is no date, *times* no whole number.
            OutOfCalendar: The result lies outside the years 2 to 9998.
        """
        base, times = as_day("day", day), _TIMES("times", times)
        if self.seconds:
            got = f"one with {self.seconds} seconds"
            raise InvalidDuration(parameter="duration", expected="of whole months and days", got=got)
        try:
            return day_at((base + self._calendar_part(times)).toordinal())
        except (OverflowError, ValueError):
            raise OutOfCalendar from None

    def _calendar_part(self, times: int) -> relativedelta:
        return relativedelta(months=self.months * times, days=self.days * times)
