"""`Cycle`: boundaries that come round again, each counted from the anchor and never from the one before."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, NoReturn

from attrs import field, frozen

from licensing_core.checks import (
    InvalidArgument,
    Value,
    as_day,
    as_instant,
    as_is,
    checked,
    instance,
    shown,
    whole,
)
from licensing_core.periods.durations import Duration
from licensing_core.periods.intervals import Interval, InvalidInterval, Span, interval_between, span_between
from licensing_core.periods.ladders import (
    FIRST_TABLED,
    TABLED,
    Clamped,
    InvalidCycle,
    Ladder,
    MonthEnd,
    in_month,
    ladder_from,
    table,
)
from licensing_core.periods.turns import MAX_INDEX, Period, TooManyPeriods, as_index, period_between
from licensing_core.periods.zones import OutOfCalendar, Zone, first_instant, in_calendar, rules_of

_MOST: Final = whole(1, 10_000)
_BEFORE_TABLE: Final = FIRST_TABLED + 1
_MILLENNIUM: Final = 12 * 2000
_AVERAGE_MONTH: Final = 146_097 * 86_400 // 4800
"""Seconds of a month, on the average of 400 years; it comes out even."""


class WeekStart(StrEnum):
    """The day that a calendar week begins with."""

    MONDAY = "monday"
    SUNDAY = "sunday"


@frozen(kw_only=True)
class NotWholeDays(InvalidArgument):
    """A cycle whose turns begin at some hour, or are counted in seconds, was asked for its calendar days."""

    code: ClassVar[str] = "cycle.not_whole_days"
    parameter: str = "cycle"
    expected: str = "one whose boundaries are whole days: anchored on a date, and without seconds"
    got: str = "one with a time of day; ask for instants instead"


def _as_anchor(name: str, value: Any) -> date | datetime:
    if isinstance(value, datetime):
        return as_instant(name, value)
    return as_day(name, value)


@frozen(field_transformer=checked)
class Cycle(Value):
    """Periods without end in both directions: boundary k is *anchor* + k x *every*.

    Months are added together, from the anchor, so that day 31 comes back after February; then days, both on
    the wall clock of *zone*; then seconds, as elapsed time. A local time that the clocks skip moves forward
    by the gap, of a repeated one the first is meant. No answer costs more for lying far from the anchor.

    >>> cycle = Cycle(date(2024, 1, 31), Duration(months=1), "Europe/Madrid")
    >>> [cycle.day(k).isoformat() for k in (-1, 0, 1, 2)]
    ['2023-12-31', '2024-01-31', '2024-02-29', '2024-03-31']

    Attributes:
        anchor: A day, when turns begin with the first instant of local days; or an instant: boundary 0.
        every: From boundary to boundary.
        zone: Where months and days are counted.
        month_end: What becomes of a boundary on a day that its month lacks; only for steps of months alone.
        anchor_day: 1 to 31, the day of the month of all boundaries; only for steps of months alone.
            A cycle that skips begins with the first month, from the anchor's on, that has the day.

    Raises:
        InvalidCycle: The parts do not go together, or a cycle that skips would never have a boundary.
        InvalidArgument: A part is not of its form.

    Source: L3, WAL-15.
    """

    anchor: Annotated[date | datetime, _as_anchor]
    every: Duration
    zone: Zone
    month_end: MonthEnd = field(default=MonthEnd.CLAMP, kw_only=True)
    anchor_day: Annotated[int, whole(1, 31)] | None = field(default=None, kw_only=True)
    _rules: Annotated[tzinfo, as_is] = field(init=False, eq=False, repr=False)
    _clock: Annotated[time | None, as_is] = field(init=False, eq=False, repr=False)
    _whole_days: Annotated[bool, as_is] = field(init=False, eq=False, repr=False)
    _origin: Annotated[datetime, as_is] = field(init=False, eq=False, repr=False)
    _ladder: Annotated[Ladder, as_is] = field(init=False, eq=False, repr=False)
    _month: Annotated[int, as_is] = field(init=False, eq=False, repr=False)
    _step: Annotated[int, as_is] = field(init=False, eq=False, repr=False)
    _days: Annotated[tuple[date, ...], as_is] = field(init=False, eq=False, repr=False)
    _reach: Annotated[int, as_is] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        rules, anchor = rules_of(self.zone), self.anchor
        local = anchor.astimezone(rules) if isinstance(anchor, datetime) else None
        day = local.date() if local else anchor
        clock = local.time().replace(fold=0) if local else None
        ladder = ladder_from(day, self.every, self.month_end, self.anchor_day)
        plain = ladder if type(ladder) is Clamped else None
        keep = object.__setattr__
        keep(self, "_rules", rules)
        keep(self, "_clock", clock)
        keep(self, "_whole_days", not self.every.seconds and clock in (None, time()))
        keep(self, "_ladder", ladder)
        keep(self, "_month", plain.month - FIRST_TABLED if plain else 0)
        keep(self, "_step", plain.step if plain else 1)
        keep(self, "_days", table(plain.wanted) if plain else ())
        keep(self, "_reach", TABLED if plain and self._whole_days else 0)
        first = ladder.day(0)
        keep(self, "_origin", anchor if local and first == day else self._start_of(first))

    @classmethod
    def calendar(cls, every: Duration, zone: Zone, *, week_start: WeekStart = WeekStart.MONDAY) -> "Cycle":
        """The cycle whose boundaries are the local midnights of whole years, quarters, months, weeks or days.

        Months are counted in steps of *every* from January of year 1, weeks from the week that its first day
        lies in, other days from that day; which turn has the index 0 is of no meaning.

        >>> quarters = Cycle.calendar(Duration(months=3), "Europe/Madrid")
        >>> quarters.span_on(date(2026, 5, 9))
        Span(start=datetime.date(2026, 4, 1), end=datetime.date(2026, 7, 1))

        Raises:
            InvalidCycle: *every* has seconds, or both months and days.
            InvalidArgument: An argument is not of its form.
        """
        instance(Duration)("every", every)
        instance(WeekStart)("week_start", week_start)
        if every.seconds or (every.months and every.days):
            raise InvalidCycle(parameter="every", expected="of months alone or of days alone", got=shown(every))
        if every.months:
            month = (_MILLENNIUM - 12) // every.months * every.months + 12
            return cls(in_month(month, 1), every, zone)
        first = 1 if every.days % 7 or week_start is WeekStart.MONDAY else 0  # 1 January of year 1 was a Monday
        rounds = (date(2000, 1, 1).toordinal() - first) // every.days
        return cls(date.fromordinal(first + rounds * every.days), every, zone)

    def boundary(self, k: int) -> datetime:
        """Boundary *k*, in UTC: where turn *k* begins and turn *k* - 1 ends.

        Raises:
            InvalidQuantity: *k* is no `int`.
            OutOfCalendar: It lies outside the years 2 to 9998.
        """
        if type(k) is int and k and 0 <= (place := self._month + k * self._step) < len(self._days):
            return self._start_of(self._days[place])
        return self._far_boundary(_known(k))

    def _far_boundary(self, k: int) -> datetime:
        every = self.every
        steps_on_the_wall = k and (every.months or every.days)
        start = self._start_of(self._ladder.day(k)) if steps_on_the_wall else self._origin
        try:
            return in_calendar(start + k * timedelta(seconds=every.seconds))
        except OverflowError:
            raise OutOfCalendar from None

    def _start_of(self, day: date) -> datetime:
        if self._clock is None:
            return first_instant(day, self._rules)
        return datetime.combine(day, self._clock, self._rules).astimezone(UTC)

    def index_at(self, at: datetime) -> int:
        """The index of the turn that holds *at*: the largest k with boundary(k) <= *at*.

        Raises:
            InvalidInstant: *at* is no aware datetime.
            OutOfCalendar: That turn begins or ends outside the years 2 to 9998.
        """
        return self._turn_at(as_instant("at", at))[0]

    def _turn_at(self, at: datetime) -> tuple[int, datetime, datetime]:
        """Index, start and end of the turn that holds *at*: guessed by days, put right by the clock."""
        k = self._guess(at)
        start = self.boundary(k)
        while start > at:
            k -= 1
            start = self.boundary(k)
        end = self.boundary(k + 1)
        while end <= at:
            k, start, end = k + 1, end, self.boundary(k + 2)
        return k, start, end

    def _guess(self, at: datetime) -> int:
        every = self.every
        if every.seconds:
            average = _AVERAGE_MONTH * every.months + 86_400 * every.days + every.seconds
            return (at - self._origin) // timedelta(seconds=average)
        return self._ladder.index_on(at.astimezone(self._rules).date())

    def period_at(self, at: datetime) -> Period:
        """The turn that holds *at*.

        >>> Cycle(date(2024, 1, 31), Duration(months=1), "UTC").period_at(
        ...     datetime(2024, 3, 1, tzinfo=UTC)
        ... ).index
        1

        Raises:
            InvalidInstant: *at* is no aware datetime.
            OutOfCalendar: That turn begins or ends outside the years 2 to 9998.
        """
        return period_between(*self._turn_at(as_instant("at", at)), self.zone)

    def period(self, k: int) -> Period:
        """Turn *k*: from boundary *k* up to boundary *k* + 1.

        Raises:
            EmptyPeriod: It holds no time, since the zone left its days out.
            InvalidQuantity: *k* is no `int`.
            OutOfCalendar: It begins or ends outside the years 2 to 9998.
        """
        return period_between(k, self.boundary(k), self.boundary(k + 1), self.zone)

    def period_after(self, issued: Period) -> Period:
        """The turn that follows *issued*: it begins where that ended, whatever the rules of the zone say by now.

        The boundaries of a period are frozen when it is issued; a rule that has changed since moves only the end of
        what is not issued yet, and no time is billed twice or left out (L3).

        Raises:
            OutOfCalendar: It ends outside the years 2 to 9998.
        """
        k = max(issued.index + 1, self.index_at(issued.end))
        return period_between(k, issued.end, self.boundary(k + 1), self.zone)

    def periods(self, start: datetime, end: datetime, *, most: int = 366) -> tuple[Interval, ...]:
        """The turns that tile the time from *start* up to *end*, in order; the first and last are cut to it.

        Turns that hold no time are left out. There is none when *start* is *end*.

        Raises:
            TooManyPeriods: There are more than *most*; its `resume_at` says from where to go on.
            InvalidInterval: *end* lies before *start*.
            InvalidArgument: An argument is not of its form; *most* is 1 to 10,000.
            OutOfCalendar: A turn begins or ends outside the years 2 to 9998.
        """
        start, end, most = as_instant("start", start), as_instant("end", end), _MOST("most", most)
        if end <= start:
            return () if start == end else _refused(start, end)
        k, _, until = self._turn_at(start)
        tiles: list[Interval] = []
        while start < end:
            if start < until:
                if len(tiles) == most:
                    raise TooManyPeriods(most=most, resume_at=start)
                tiles.append(interval_between(start, min(until, end)))
            k, start, until = k + 1, until, self.boundary(k + 2)
        return tuple(tiles)

    def day(self, k: int) -> date:
        """The calendar day on which turn *k* begins.

        Raises:
            NotWholeDays: The cycle has a time of day, or counts seconds.
            InvalidQuantity: *k* is no `int`.
            OutOfCalendar: It lies outside the years 2 to 9998.
        """
        if type(k) is int and 0 <= (place := self._month + k * self._step) < self._reach:
            return self._days[place]
        return self._whole().day(_known(k))

    def index_on(self, day: date) -> int:
        """The index of the turn that *day* lies in: the largest k with day(k) <= *day*.

        Raises:
            NotWholeDays: The cycle has a time of day, or counts seconds.
            InvalidArgument: *day* is no date, or a datetime.
            OutOfCalendar: That turn begins outside the years 2 to 9998.
        """
        k = self._whole().index_on(as_day("day", day))
        self._ladder.day(k)
        return k

    def span_on(self, day: date) -> Span:
        """The days of the turn that *day* lies in.

        Raises:
            NotWholeDays: The cycle has a time of day, or counts seconds.
            InvalidArgument: *day* is no date, or a datetime.
            OutOfCalendar: That turn begins or ends outside the years 2 to 9998.
        """
        if type(day) is date:
            step = self._step
            place = 12 * day.year + day.month - _BEFORE_TABLE
            place -= (place - self._month) % step
            if step <= place < self._reach - step:
                days = self._days
                start = days[place]
                if start <= day:
                    return span_between(start, days[place + step])
                return span_between(days[place - step], start)
        return self.span(self.index_on(day))

    def span(self, k: int) -> Span:
        """The days of turn *k*.

        Raises:
            NotWholeDays: The cycle has a time of day, or counts seconds.
            InvalidQuantity: *k* is no `int`.
            OutOfCalendar: It begins or ends outside the years 2 to 9998.
        """
        return span_between(self.day(k), self.day(k + 1))

    def _whole(self) -> Ladder:
        if self._whole_days:
            return self._ladder
        raise NotWholeDays


def _refused(start: datetime, end: datetime) -> NoReturn:
    raise InvalidInterval(start=start, end=end)


def _known(k: int) -> int:
    """*k*, an `int` so small that no sum with it grows out of hand."""
    if type(k) is int and abs(k) > MAX_INDEX:
        raise OutOfCalendar
    index: int = as_index("k", k)
    return index
