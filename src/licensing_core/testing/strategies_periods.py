"""Hypothesis strategies for periods; only who imports this module needs hypothesis."""

from datetime import UTC, date, datetime, time
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from hypothesis import strategies as st

from licensing_core.periods import Cycle, Duration, Interval, MonthEnd, Span
from licensing_core.periods.ladders import in_month, month_of
from licensing_core.testing.laws_periods import ODD_ZONES

_FIRST: Final = date(1890, 1, 1)
_LAST: Final = date(2090, 12, 31)


@cache
def zones() -> st.SearchStrategy[str]:
    """IANA zones; the ones with odd days come first."""
    rest = sorted(available_timezones() - {"localtime", "Factory", *ODD_ZONES})
    return st.sampled_from([*ODD_ZONES, *rest])


def days() -> st.SearchStrategy[date]:
    """Calendar days of the years 1890 to 2090, ends of months among them more often than by chance."""
    ends = st.builds(in_month, st.integers(month_of(_FIRST), month_of(_LAST)), st.integers(min_value=28, max_value=31))
    return st.one_of(st.dates(_FIRST, _LAST), ends)


def instants() -> st.SearchStrategy[datetime]:
    """Aware datetimes of the years 1890 to 2090, in UTC."""
    first, last = datetime.combine(_FIRST, time()), datetime.combine(_LAST, time())
    return st.datetimes(first, last, timezones=st.just(UTC))


def durations(*, whole_days: bool = False) -> st.SearchStrategy[Duration]:
    """Durations of up to some years; with *whole_days*, without seconds."""
    usual = st.sampled_from(("P1D", "P1W", "P30D", "P1M", "P3M", "P6M", "P1Y")).map(Duration.parse)
    parts = st.tuples(st.integers(0, 30), st.integers(0, 100), st.just(0) if whole_days else st.integers(0, 200_000))
    return st.one_of(usual, parts.filter(any).map(lambda p: Duration(months=p[0], days=p[1], seconds=p[2])))


@st.composite
def cycles(draw: st.DrawFn, *, whole_days: bool = False) -> Cycle:
    """Cycles of every kind; with *whole_days*, those that answer by calendar days."""
    every = draw(durations(whole_days=whole_days))
    anchor = draw(days() if whole_days else st.one_of(days(), instants()))
    alone = bool(every.months and not every.days and not every.seconds)
    month_end = draw(st.sampled_from(MonthEnd)) if alone else MonthEnd.CLAMP
    anchor_day = draw(st.none() | st.integers(1, 28)) if alone else None
    return Cycle(anchor, every, draw(zones()), month_end=month_end, anchor_day=anchor_day)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Intervals of instants: closed, empty, or open on a side or both."""
    start, end = sorted((draw(instants()), draw(instants())))
    empty, open_start, open_end = draw(st.sampled_from((0, 0, 1))), draw(st.booleans()), draw(st.booleans())
    if empty:
        return Interval(start, start)
    return Interval(None if open_start else start, None if open_end else end)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """Spans of 1 to 800 days."""
    start = draw(days())
    return Span(start, date.fromordinal(start.toordinal() + draw(st.integers(1, 800))))
