"""On which calendar day each turn of a cycle begins: day k, from the anchor, at one cost however far off.

A month is a whole number here, `12 * year + month - 1`, so that steps of months are plain sums.
"""

from bisect import bisect_right
from calendar import isleap
from datetime import date
from enum import StrEnum
from functools import lru_cache
from math import gcd
from typing import ClassVar, Final, Protocol

from attrs import frozen

from licensing_core.checks import InvalidArgument, shown
from licensing_core.periods.durations import Duration
from licensing_core.periods.zones import OutOfCalendar, day_at

FIRST_TABLED: Final = 12 * 1900
"""The first month of the tables: January 1900."""
TABLED: Final = 12 * 300
"""The months in a table: those of 300 years."""
_GREGORIAN: Final = 4800
"""Months after which the lengths of months repeat: those of 400 years, which are 146,097 days."""
_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class MonthEnd(StrEnum):
    """What becomes of a boundary on a day that its month does not have."""

    CLAMP = "clamp"
    """The last day of that month; the wanted day is remembered for the months after."""
    CLAMP_FROM_PREVIOUS = "clamp_from_previous"
    """The last day of that month, and each boundary is stepped from the one before: a lost day stays lost."""
    SKIP = "skip"
    """That month has no boundary."""


@frozen(kw_only=True)
class InvalidCycle(InvalidArgument):
    """The parts of a cycle do not go together."""

    code: ClassVar[str] = "cycle.invalid"


def month_of(day: date) -> int:
    """The number of the month that *day* lies in."""
    return 12 * day.year + day.month - 1


def length_of(month: int) -> int:
    """How many days the month with this number has."""
    return 29 if month % 12 == 1 and isleap(month // 12) else _LENGTHS[month % 12]


def in_month(month: int, wanted: int) -> date:
    """Day *wanted* (1 to 31) of the month with this number, or its last day.

    Raises:
        OutOfCalendar: The month lies outside the years 2 to 9998.
    """
    if 24 <= month < 12 * 9999:
        return date(month // 12, month % 12 + 1, min(wanted, length_of(month)))
    raise OutOfCalendar


@lru_cache(maxsize=31)
def table(wanted: int) -> tuple[date, ...]:
    """Day *wanted*, or the last day, of each month of the tables; 3,600 dates, made at first use."""
    return tuple(in_month(month, wanted) for month in range(FIRST_TABLED, FIRST_TABLED + TABLED))


class Ladder(Protocol):
    """The first days of the turns, which never stand still: day(k) < day(k + 1)."""

    def day(self, k: int) -> date:
        """The first day of turn *k*; `OutOfCalendar` outside the years 2 to 9998."""
        ...

    def index_on(self, day: date) -> int:
        """The turn that holds *day*: the largest k with day(k) <= *day*."""
        ...


@frozen
class Clamped:
    """Steps of whole months to day *wanted* of the month, or to its last day."""

    month: int
    step: int
    wanted: int

    def day(self, k: int) -> date:
        return in_month(self.month + k * self.step, self.wanted)

    def index_on(self, day: date) -> int:
        k = (month_of(day) - self.month) // self.step
        return k if self.day(k) <= day else k - 1


@lru_cache(maxsize=256)
def _losses(phase: int, step: int, wanted: int) -> tuple[tuple[int, int], ...]:
    """After how many steps day *wanted* is cut to which day, if each step starts where the one before ended.

    At most three pairs (steps, day), as the day goes from 31 to 30, 29 and 28. *step* may be negative; the
    months repeat after 400 years, so the search ends there.
    """
    losses: list[tuple[int, int]] = []
    for steps in range(_GREGORIAN // gcd(step, _GREGORIAN)):
        length = length_of((phase + steps * step) % _GREGORIAN)
        if length < wanted:
            wanted = length
            losses.append((steps, wanted))
        if wanted == 28:
            break
    return tuple(losses)


@frozen
class FromPrevious(Clamped):
    """Steps of whole months, each from where the one before ended; before the anchor, from the one after."""

    def day(self, k: int) -> date:
        direction, wanted = (self.step if k >= 0 else -self.step), self.wanted
        for steps, cut in _losses(self.month % _GREGORIAN, direction, self.wanted):
            if abs(k) >= steps:
                wanted = cut
        return in_month(self.month + k * self.step, wanted)


@lru_cache(maxsize=64)
def _kept(phase: int, step: int, wanted: int) -> tuple[int, ...]:
    """Which steps of a 400-year round lead to a month that has day *wanted*, in order."""
    steps = range(_GREGORIAN // gcd(step, _GREGORIAN))
    return tuple(j for j in steps if length_of((phase + j * step) % _GREGORIAN) >= wanted)


@frozen
class Skipping:
    """Steps of whole months without those whose month lacks day *wanted*; turn 0 is the first that has it."""

    month: int
    step: int
    wanted: int

    @property
    def kept(self) -> tuple[int, ...]:
        """The steps of the first 400-year round that have a boundary; none, when there never is one."""
        return _kept(self.month % _GREGORIAN, self.step, self.wanted)

    def day(self, k: int) -> date:
        kept = self.kept
        rounds, place = divmod(k, len(kept))
        return in_month(self.month + (rounds * self._round + kept[place]) * self.step, self.wanted)

    def index_on(self, day: date) -> int:
        kept = self.kept
        month = month_of(day) - (day.day < self.wanted)
        rounds, step = divmod((month - self.month) // self.step, self._round)
        return rounds * len(kept) + bisect_right(kept, step) - 1

    @property
    def _round(self) -> int:
        return _GREGORIAN // gcd(self.step, _GREGORIAN)


@frozen
class Days:
    """Steps of whole days from the ordinal *first*."""

    first: int
    step: int

    def day(self, k: int) -> date:
        return day_at(self.first + k * self.step)

    def index_on(self, day: date) -> int:
        return (day.toordinal() - self.first) // self.step


@frozen
class Mixed:
    """k times the months, a missing day becoming the last, and then k times the days."""

    month: int
    step: int
    wanted: int
    days: int

    def day(self, k: int) -> date:
        return day_at(in_month(self.month + k * self.step, self.wanted).toordinal() + k * self.days)

    def index_on(self, day: date) -> int:
        # 4800 months are 146,097 days; no month start strays further than a few days from that straight line.
        origin = in_month(self.month, self.wanted).toordinal()
        k = 4800 * (day.toordinal() - origin) // (146_097 * self.step + 4800 * self.days)
        while self.day(k) > day:
            k -= 1
        while self.day(k + 1) <= day:
            k += 1
        return k


def ladder_from(day: date, every: Duration, month_end: MonthEnd, anchor_day: int | None) -> Ladder:
    """What gives the first day of each turn, for a cycle that is anchored on *day*.

    Raises:
        InvalidCycle: The parts do not go together, or no month ever has the day.
    """
    month, wanted = month_of(day), anchor_day or day.day
    if every.months and not every.days and not every.seconds:
        return _by_months(month, every.months, wanted, month_end)
    if anchor_day is not None:
        raise InvalidCycle(parameter="anchor_day", expected="None, or months alone in every", got=shown(anchor_day))
    if not every.months:
        return Days(day.toordinal(), every.days)
    if month_end is not MonthEnd.CLAMP:
        raise InvalidCycle(parameter="month_end", expected="clamp, or months alone in every", got=month_end.value)
    return Mixed(month, every.months, wanted, every.days)


def _by_months(month: int, step: int, wanted: int, month_end: MonthEnd) -> Ladder:
    if month_end is MonthEnd.CLAMP:
        return Clamped(month, step, wanted)
    if month_end is MonthEnd.CLAMP_FROM_PREVIOUS:
        return FromPrevious(month, step, wanted)
    skipping = Skipping(month, step, wanted)
    if not skipping.kept:
        raise InvalidCycle(parameter="anchor_day", expected="a day that its months have", got=shown(wanted))
    return skipping
