"""Hypothesis strategies for conventions of proration and the stretches of time that they count; needs hypothesis."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from licensing_core.periods import Interval, Period, Span
from licensing_core.proration import Base, ChangeDay, Convention, Count, CreditCap, Net, Stage, Stretch, Stub
from licensing_core.testing import strategies_money as money
from licensing_core.testing import strategies_periods as periods

ZONES: Final = (
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Cairo",
)
"""The zones in which the days of periods are counted: of odd offsets, with days that begin at one, or one left out."""
_BESIDE: Final = 9
_SECOND: Final = timedelta(seconds=1)
_FIRST: Final = datetime(1995, 1, 1)  # noqa: DTZ001
_LAST: Final = datetime(2035, 1, 1)  # noqa: DTZ001


@st.composite
def conventions(
    draw: st.DrawFn,
    *,
    counts: Collection[Count] = tuple(Count),
    bases: Collection[Base] = tuple(Base),
    stages: Collection[Stage] = tuple(Stage),
) -> Convention:
    """Conventions with any value on each axis; with *counts*, *bases* and *stages*, only those on these three."""
    stage = draw(st.sampled_from(tuple(stages)))
    return Convention(
        count=draw(st.sampled_from(tuple(counts))),
        base=draw(st.sampled_from(tuple(bases))),
        change_day=draw(st.sampled_from(ChangeDay)),
        stub=draw(st.sampled_from(Stub)),
        stage=stage,
        stage_digits=None if stage is Stage.LINE else draw(st.integers(0, 9)),
        mode=draw(money.roundings()),
        digits=draw(st.none() | st.integers(-2, 5)),
        net=draw(st.sampled_from(Net)),
        credit_cap=draw(st.sampled_from(CreditCap)),
    )


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    """Stretches of up to 800 days: spans of days, closed intervals, and periods of some zone; none is empty."""
    if draw(st.booleans()):
        return draw(periods.spans())
    start = draw(st.datetimes(_FIRST, _LAST, timezones=st.just(UTC)))
    start = draw(st.sampled_from((start, start.replace(minute=0, second=0, microsecond=0))))
    seconds = draw(st.integers(1, 800 * 86_400) | st.integers(1, 800).map(lambda days: days * 86_400))
    end = start + seconds * _SECOND
    if draw(st.booleans()):
        return Interval(start, end)
    return Period(0, start, end, draw(st.sampled_from(ZONES)))


def points(stretch: Stretch) -> st.SearchStrategy[date]:
    """Days or instants, as *stretch* is made of, within it, at its ends and up to nine days beside it."""
    start, end = stretch.start, stretch.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        first, length = start, (end - start) // timedelta(microseconds=1)
        beside = _BESIDE * 86_400 * 10**6
        offsets = st.sampled_from((0, length)) | st.integers(-beside, length + beside)
        return offsets.map(lambda offset: first + timedelta(microseconds=offset))
    if start is None or end is None:
        raise ValueError("an interval with an open side has no end to lie beside")
    low, high = start.toordinal(), end.toordinal()
    return (st.sampled_from((low, high)) | st.integers(low - _BESIDE, high + _BESIDE)).map(date.fromordinal)


@st.composite
def parts(draw: st.DrawFn, period: Stretch) -> Span | Interval | None:
    """Stretches of the kind of *period* between two of its `points()`; `None` where the two are one."""
    start, end = sorted((draw(points(period)), draw(points(period))))
    if start == end:
        return None
    if isinstance(start, datetime) and isinstance(end, datetime):
        return Interval(start, end)
    return Span(start, end)
