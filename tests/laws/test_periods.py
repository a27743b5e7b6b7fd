"""Laws of periods, and the same answers from dateutil."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random

import pytest
from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, rrule
from hypothesis import assume, given
from hypothesis import strategies as st

from licensing_core.periods import Cycle, Duration, Interval, MonthEnd, OutOfCalendar, Period, Span, union
from licensing_core.testing import laws_periods as laws
from licensing_core.testing.law import LawBroken
from licensing_core.testing.strategies_periods import cycles, days, durations, instants, intervals, spans, zones

SOME_TURNS = st.integers(-400, 400)
SOME_DAYS = st.dates(date(1890, 1, 1), date(2080, 1, 1))


@pytest.mark.parametrize(("name", "one_case"), laws.LAWS)
def test_each_law_holds_for_seeded_cases(name: str, one_case: Callable[[Random], None]) -> None:
    assert name
    for seed in range(60):
        one_case(Random(seed))


@given(cycles(), SOME_TURNS)
def test_turns_tile_the_time_line(cycle: Cycle, first: int) -> None:
    laws.turns_tile(cycle, range(first, first + 3))


@given(cycles(whole_days=True), days())
def test_days_and_instants_name_the_same_turn(cycle: Cycle, day: date) -> None:
    laws.days_and_instants_agree(cycle, day)


@given(durations(), st.one_of(days(), instants()), zones(), SOME_TURNS)
def test_boundary_k_comes_from_the_anchor(every: Duration, anchor: date, zone: str, k: int) -> None:
    assume(isinstance(anchor, datetime) or not every.seconds)
    laws.boundary_comes_from_the_anchor(Cycle(anchor, every, zone), k)


@given(st.integers(1, 30), days(), st.none() | st.integers(1, 31), SOME_TURNS)
def test_the_wanted_day_comes_back(months: int, anchor: date, anchor_day: int | None, k: int) -> None:
    laws.the_day_comes_back(Cycle(anchor, Duration(months=months), "UTC", anchor_day=anchor_day), [k])


@given(cycles(), instants(), st.integers(0, 60), st.floats(0, 1))
def test_listed_periods_cover_the_time_asked_for(cycle: Cycle, start: datetime, turns: int, part: float) -> None:
    end = cycle.boundary(cycle.index_at(start) + 1 + turns)
    laws.tiles_cover(cycle, start, start + (end - start) * part)


@given(days(), zones())
def test_local_days_fill_the_time_line(day: date, zone: str) -> None:
    laws.days_fill_the_time_line(day, zone)


@given(intervals(), intervals(), instants())
def test_intervals_are_sets_of_instants(one: Interval, other: Interval, at: datetime) -> None:
    laws.intervals_are_sets(one, other, at)


@given(st.lists(intervals(), max_size=6), instants())
def test_a_union_of_many_holds_what_any_of_them_holds(many: list[Interval], at: datetime) -> None:
    assert any(at in one for one in union(many)) == any(at in one for one in many)


@given(spans(), spans())
def test_spans_are_sets_of_days(one: Span, other: Span) -> None:
    laws.spans_are_sets(one, other)


@given(durations())
def test_a_duration_reads_what_it_writes(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@given(durations(whole_days=True), days(), SOME_TURNS)
def test_a_clamped_day_is_that_of_relativedelta(every: Duration, anchor: date, k: int) -> None:
    cycle = Cycle(anchor, every, "UTC")
    assert cycle.day(k) == anchor + relativedelta(months=every.months * k, days=every.days * k)


@given(st.integers(1, 60), days(), st.integers(0, 80))
def test_a_lost_day_is_that_of_relativedelta_step_by_step(months: int, anchor: date, k: int) -> None:
    cycle = Cycle(anchor, Duration(months=months), "UTC", month_end=MonthEnd.CLAMP_FROM_PREVIOUS)
    ahead = back = anchor
    for _ in range(k):
        ahead += relativedelta(months=months)
        back -= relativedelta(months=months)
    assert (cycle.day(k), cycle.day(-k)) == (ahead, back)


@given(st.integers(1, 60), days(), st.integers(0, 60))
def test_a_skipped_month_is_that_of_rrule(months: int, anchor: date, k: int) -> None:
    cycle = Cycle(anchor, Duration(months=months), "UTC", month_end=MonthEnd.SKIP)
    start = datetime(anchor.year, anchor.month, anchor.day)  # noqa: DTZ001
    found = next(islice(rrule(MONTHLY, start, interval=months, until=datetime(2600, 1, 1)), k, None), None)  # noqa: DTZ001
    assert found is None or cycle.day(k) == found.date()
    assert cycle.index_on(cycle.day(k)) == k == cycle.index_on(cycle.day(k + 1) - timedelta(1))


@given(st.integers(1, 12_000), st.dates(date(2, 1, 1), date(9998, 12, 31)), st.integers(1, 31))
def test_a_skipping_cycle_counts_alike_before_and_after_its_anchor(months: int, on: date, wanted: int) -> None:
    cycle = Cycle(date(2024, 1, 1), Duration(months=months), "UTC", month_end=MonthEnd.SKIP, anchor_day=wanted)
    try:
        span = cycle.span_on(on)
    except OutOfCalendar:
        return
    assert on in span
    assert cycle.span(cycle.index_on(on)) == span


class SteppingFromThePrevious:
    """The usual mistake: boundary k is boundary k - 1 and a month."""

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle

    def boundary(self, k: int) -> datetime:
        at = self.cycle.boundary(0)
        for _ in range(k):
            at = self.cycle.every.after(at, self.cycle.zone)
        return at

    def period_at(self, at: datetime) -> Period:
        return self.cycle.period_at(at)


class DaysOf24Hours(SteppingFromThePrevious):
    """Another one: a day has 24 hours."""

    def boundary(self, k: int) -> datetime:
        return self.cycle.boundary(0) + k * timedelta(days=1)


def test_a_cycle_that_steps_from_the_previous_boundary_is_found_out() -> None:
    right = Cycle(date(2024, 1, 31), Duration(months=1), "Europe/Madrid")
    assert laws.turns_tile(right, range(12)) == 0
    with pytest.raises(LawBroken):
        laws.turns_tile(SteppingFromThePrevious(right), range(12))


def test_a_cycle_whose_days_have_24_hours_is_found_out() -> None:
    right = Cycle(date(2026, 3, 20), Duration(days=1), "Europe/Madrid")
    with pytest.raises(LawBroken):
        laws.turns_tile(DaysOf24Hours(right), range(30))


def test_a_missing_day_is_counted_as_an_empty_turn() -> None:
    daily = Cycle(date(2011, 12, 25), Duration(days=1), "Pacific/Apia")
    assert laws.turns_tile(daily, range(10)) == 1
    assert laws.turns_tile(Cycle(datetime(2011, 12, 1, tzinfo=UTC), Duration(seconds=3600), "UTC"), range(5)) == 0


def test_a_missing_day_has_a_span_and_no_instant_to_agree_with() -> None:
    laws.days_and_instants_agree(Cycle(date(2011, 12, 25), Duration(days=1), "Pacific/Apia"), date(2011, 12, 30))
