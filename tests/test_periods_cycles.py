"""Cycles: where each turn begins, and which turn holds a day or an instant."""

import copy
import pickle
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from attrs import evolve

from licensing_core.checks import InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.periods import (
    Cycle,
    Duration,
    EmptyPeriod,
    Interval,
    InvalidCycle,
    InvalidInterval,
    MonthEnd,
    NotWholeDays,
    NoWholeDay,
    OutOfCalendar,
    Period,
    Span,
    TooManyPeriods,
    UnknownZone,
    WeekStart,
)

MADRID = "Europe/Madrid"


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def a_cycle(
    anchor: str = "2024-01-31",
    every: str = "P1M",
    zone: str = MADRID,
    month_end: MonthEnd = MonthEnd.CLAMP,
    anchor_day: int | None = None,
) -> Cycle:
    start = at(anchor) if "T" in anchor else day(anchor)
    return Cycle(start, Duration.parse(every), zone, month_end=month_end, anchor_day=anchor_day)


def days_of(cycle: Cycle, first: int, count: int) -> list[str]:
    return [cycle.day(k).isoformat() for k in range(first, first + count)]


def test_day_31_comes_back_after_february() -> None:
    assert days_of(a_cycle(), -2, 5) == ["2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"]


def test_a_day_once_lost_stays_lost_when_each_boundary_comes_from_the_one_before() -> None:
    cycle = a_cycle("2023-01-31", month_end=MonthEnd.CLAMP_FROM_PREVIOUS)
    assert days_of(cycle, 0, 4) == ["2023-01-31", "2023-02-28", "2023-03-28", "2023-04-28"]
    assert days_of(cycle, -3, 3) == ["2022-10-30", "2022-11-30", "2022-12-31"]
    assert cycle.index_on(day("2023-03-27")) == 1
    assert cycle.index_on(day("2023-03-28")) == 2


def test_a_day_is_lost_in_three_steps_at_most() -> None:
    cycle = a_cycle("2023-08-31", "P6M", month_end=MonthEnd.CLAMP_FROM_PREVIOUS)
    assert days_of(cycle, 0, 4) == ["2023-08-31", "2024-02-29", "2024-08-29", "2025-02-28"]
    four_years = a_cycle("2096-02-29", "P4Y", month_end=MonthEnd.CLAMP_FROM_PREVIOUS)
    assert days_of(four_years, -1, 4) == ["2092-02-29", "2096-02-29", "2100-02-28", "2104-02-28"]
    never = a_cycle("2024-01-31", "P1Y", month_end=MonthEnd.CLAMP_FROM_PREVIOUS)
    assert never.day(500) == day("2524-01-31")


def test_months_without_the_day_are_skipped_and_not_counted() -> None:
    cycle = a_cycle(month_end=MonthEnd.SKIP)
    assert days_of(cycle, -2, 5) == ["2023-10-31", "2023-12-31", "2024-01-31", "2024-03-31", "2024-05-31"]
    assert cycle.index_on(day("2024-03-30")) == 0
    assert cycle.index_on(day("2024-03-31")) == 1
    leap = a_cycle("2024-02-29", "P1Y", month_end=MonthEnd.SKIP)
    assert days_of(leap, -1, 3) == ["2020-02-29", "2024-02-29", "2028-02-29"]
    assert leap.day(97) == day("2424-02-29")
    assert leap.day(19) == day("2104-02-29")  # 2100 is no leap year


def test_a_skipping_cycle_begins_with_the_first_month_that_has_its_day() -> None:
    cycle = a_cycle("2023-02-10", month_end=MonthEnd.SKIP, anchor_day=30)
    assert days_of(cycle, -1, 3) == ["2023-01-30", "2023-03-30", "2023-04-30"]


@pytest.mark.parametrize(("anchor", "every", "anchor_day"), [("2023-02-10", "P1Y", 30), ("2023-02-10", "P2Y", 29)])
def test_a_skipping_cycle_without_any_boundary_is_refused(anchor: str, every: str, anchor_day: int) -> None:
    with pytest.raises(InvalidCycle) as refused:
        a_cycle(anchor, every, month_end=MonthEnd.SKIP, anchor_day=anchor_day)
    assert refused.value.code == "cycle.invalid"


def test_boundaries_lie_on_the_anchor_day_even_before_the_anchor() -> None:
    cycle = a_cycle("2012-07-16", anchor_day=25)
    assert days_of(cycle, -1, 2) == ["2012-06-25", "2012-07-25"]
    assert cycle.span_on(day("2012-07-16")) == Span(day("2012-06-25"), day("2012-07-25"))
    lost = a_cycle("2012-06-16", anchor_day=31, month_end=MonthEnd.CLAMP_FROM_PREVIOUS)
    assert days_of(lost, -1, 3) == ["2012-05-30", "2012-06-30", "2012-07-30"]


def test_boundary_0_is_the_anchor_whatever_its_hour() -> None:
    second_pass = "2023-10-29T02:15:30+01:00"
    assert a_cycle(second_pass).boundary(0) == at(second_pass)
    assert a_cycle(second_pass, anchor_day=29).boundary(0) == at(second_pass)
    assert a_cycle(second_pass, anchor_day=28).boundary(0) == at("2023-10-28T02:15:30+02:00")
    assert a_cycle(second_pass, "PT1H").boundary(1) == at("2023-10-29T03:15:30+01:00")
    assert a_cycle("2024-01-31").boundary(0) == at("2024-01-31T00:00+01:00")


@pytest.mark.parametrize(
    ("anchor", "every", "zone", "k", "expected"),
    [
        ("2026-03-28T02:30+01:00", "P1D", MADRID, 1, "2026-03-29T03:30+02:00"),
        ("2026-03-28T02:30+01:00", "P1D", MADRID, 2, "2026-03-30T02:30+02:00"),
        ("2026-10-24T02:30+02:00", "P1D", MADRID, 1, "2026-10-25T02:30+02:00"),
        ("2026-03-28", "PT24H", MADRID, 2, "2026-03-30T01:00+02:00"),
        ("2026-03-28", "P1D", MADRID, 2, "2026-03-30T00:00+02:00"),
        ("2024-03-09", "P1D", "America/Havana", 1, "2024-03-10T01:00-04:00"),
        ("2026-01-31", "P1DT6H", "UTC", -2, "2026-01-28T12:00Z"),
        ("2024-01-31T12:00Z", "P1Y2M10DT5H30M45S", "UTC", 1, "2025-04-10T17:30:45Z"),
        ("2024-01-31", "P1M", "UTC", 12 * 7000, "9024-01-31T00:00Z"),
    ],
)
def test_boundaries_are_counted_on_the_wall_and_seconds_as_they_pass(
    anchor: str, every: str, zone: str, k: int, expected: str
) -> None:
    found = a_cycle(anchor, every, zone).boundary(k)
    assert found == at(expected)
    assert found.tzinfo is UTC


def test_a_missing_local_day_is_a_turn_without_time() -> None:
    daily = a_cycle("2011-12-01", "P1D", "Pacific/Apia")
    assert daily.boundary(29) == daily.boundary(30) == at("2011-12-31T00:00+14:00")
    assert daily.period_at(at("2011-12-31T00:00+14:00")).index == 30
    with pytest.raises(EmptyPeriod) as refused:
        daily.period(29)
    assert refused.value == EmptyPeriod(index=29, at=daily.boundary(29), zone="Pacific/Apia")
    assert "Pacific/Apia left its days out" in str(refused.value)
    tiles = daily.periods(daily.boundary(27), daily.boundary(32))
    assert len(tiles) == 4
    assert all(one.end == other.start for one, other in pairwise(tiles))


def test_a_clock_that_skips_a_whole_day_keeps_the_hour() -> None:
    daily = a_cycle("2011-12-01T10:00-10:00", "P1D", "Pacific/Apia")
    assert daily.boundary(29) == daily.boundary(30) == at("2011-12-31T10:00+14:00")
    assert daily.index_at(at("2011-12-31T10:00+14:00")) == 30
    assert daily.index_at(at("2011-12-31T09:59+14:00")) == 28


def test_a_date_that_comes_twice_belongs_to_the_turn_that_has_begun() -> None:
    daily = a_cycle("2010-11-01", "P1D", "America/Goose_Bay")
    assert daily.index_at(at("2010-11-07T00:00:30-03:00")) == 6
    assert daily.index_at(at("2010-11-06T23:30-04:00")) == 6  # the clocks went back over midnight


@pytest.mark.parametrize(
    ("moment", "index", "span"),
    [
        ("2024-01-31T00:00+01:00", 0, ("2024-01-31", "2024-02-29")),
        ("2024-01-30T23:59:59+01:00", -1, ("2023-12-31", "2024-01-31")),
        ("2024-02-28T23:30Z", 1, ("2024-02-29", "2024-03-31")),
        ("2124-01-31T12:00Z", 1200, ("2124-01-31", "2124-02-29")),
        ("1724-02-29T12:00Z", -3599, ("1724-02-29", "1724-03-31")),
    ],
)
def test_the_period_that_holds_an_instant(moment: str, index: int, span: tuple[str, str]) -> None:
    period = a_cycle().period_at(at(moment))
    assert period.index == index
    assert a_cycle().index_at(at(moment)) == index
    assert at(moment) in period
    assert period == a_cycle().period(index)
    assert period.span == Span(day(span[0]), day(span[1])) == a_cycle().span(index)
    assert period.interval == Interval(period.start, period.end)
    assert period.end not in period


@pytest.mark.parametrize("every", ["P1M", "P3M", "P1Y", "P1D", "P2W", "P1M1D", "P1Y2M10D"])
@pytest.mark.parametrize("month_end", MonthEnd)
def test_each_day_lies_in_the_span_of_its_turn(every: str, month_end: MonthEnd) -> None:
    if month_end is not MonthEnd.CLAMP and every in {"P1M1D", "P1Y2M10D"}:
        month_end = MonthEnd.CLAMP
    cycle = a_cycle(every=every, month_end=month_end)
    for ordinal in range(day("2023-06-01").toordinal(), day("2028-04-01").toordinal(), 3):
        one = date.fromordinal(ordinal)
        span = cycle.span_on(one)
        assert one in span
        assert cycle.span(cycle.index_on(one)) == span


def test_a_cycle_of_days_may_have_any_month_end() -> None:
    assert a_cycle(every="P1W", month_end=MonthEnd.SKIP).day(1) == day("2024-02-07")


@pytest.mark.parametrize("on", ["1899-12-31", "1850-03-30", "2199-12-31", "2200-01-30", "5000-06-01"])
def test_far_from_the_anchor_the_answers_are_the_same(on: str) -> None:
    cycle = a_cycle()
    span = cycle.span_on(day(on))
    assert day(on) in span
    k = cycle.index_on(day(on))
    assert (span.start, span.end) == (cycle.day(k), cycle.day(k + 1))
    assert span.start == cycle.every.after_day(day("2024-01-31"), k)


@pytest.mark.parametrize(
    ("every", "week_start", "on", "start", "end"),
    [
        ("P1M", "monday", "2024-02-10", "2024-02-01", "2024-03-01"),
        ("P2M", "monday", "2015-07-01", "2015-07-01", "2015-09-01"),
        ("P3M", "monday", "2018-01-15", "2018-01-01", "2018-04-01"),
        ("P6M", "monday", "2022-07-02", "2022-07-01", "2023-01-01"),
        ("P1Y", "monday", "2024-08-15", "2024-01-01", "2025-01-01"),
        ("P5M", "monday", "0002-07-01", "0002-04-01", "0002-09-01"),
        ("P1W", "monday", "2024-08-18", "2024-08-12", "2024-08-19"),
        ("P1W", "sunday", "2024-08-18", "2024-08-18", "2024-08-25"),
        ("P1W", "sunday", "2024-08-17", "2024-08-11", "2024-08-18"),
        ("P2W", "monday", "0002-01-01", "0001-12-31", "0002-01-14"),
        ("P1D", "sunday", "2024-08-17", "2024-08-17", "2024-08-18"),
    ],
)
def test_calendar_cycles_begin_with_whole_units(every: str, week_start: str, on: str, start: str, end: str) -> None:
    cycle = Cycle.calendar(Duration.parse(every), MADRID, week_start=WeekStart(week_start))
    if start < "0002":
        with pytest.raises(OutOfCalendar):
            cycle.span_on(day(on))
    else:
        assert cycle.span_on(day(on)) == Span(day(start), day(end))


@pytest.mark.parametrize("every", ["PT1H", "P1DT1H", "P1M1D", "P1MT1H"])
def test_a_calendar_has_months_or_days_alone(every: str) -> None:
    with pytest.raises(InvalidCycle):
        Cycle.calendar(Duration.parse(every), MADRID)


def test_a_calendar_needs_a_duration_a_zone_and_a_week_start() -> None:
    with pytest.raises(InvalidArgument):
        Cycle.calendar("P1M", MADRID)  # type: ignore[arg-type]
    with pytest.raises(UnknownZone):
        Cycle.calendar(Duration(months=1), "Nowhere")
    with pytest.raises(InvalidArgument):
        Cycle.calendar(Duration(days=7), MADRID, week_start="sunday")  # type: ignore[arg-type]


def test_the_periods_of_a_stretch_of_time_are_cut_to_it() -> None:
    start, end = at("2024-02-10T12:00Z"), at("2024-04-02T00:00Z")
    tiles = a_cycle(zone="UTC").periods(start, end)
    edges = [start, at("2024-02-29T00:00Z"), at("2024-03-31T00:00Z"), end]
    assert tiles == tuple(Interval(one, other) for one, other in pairwise(edges))
    assert a_cycle().periods(start, start) == ()
    with pytest.raises(InvalidInterval) as refused:
        a_cycle().periods(end, start)
    assert refused.value == InvalidInterval(start=end, end=start)


def test_a_long_stretch_is_listed_in_pages() -> None:
    cycle, start, end = a_cycle(every="P1D", zone="UTC"), at("2024-01-01T12:00Z"), at("2024-01-06T00:00Z")
    assert len(cycle.periods(start, end, most=5)) == 5
    with pytest.raises(TooManyPeriods) as refused:
        cycle.periods(start, end, most=4)
    resume_at = at("2024-01-05T00:00Z")
    assert refused.value == TooManyPeriods(most=4, resume_at=resume_at)
    assert str(refused.value) == "more than 4 periods; list those up to 2024-01-05T00:00:00+00:00, then go on"
    pages = cycle.periods(start, resume_at, most=4) + cycle.periods(resume_at, end, most=4)
    assert pages == cycle.periods(start, end)
    assert len(cycle.periods(start, start + timedelta(days=366) - timedelta(hours=12))) == 366
    with pytest.raises(TooManyPeriods):
        cycle.periods(start, start + timedelta(days=366))


@pytest.mark.parametrize("most", [0, -1, 10_001, True, 1.5, None])
def test_a_page_has_at_least_one_period(most: object) -> None:
    with pytest.raises(InvalidQuantity):
        a_cycle().periods(at("2024-01-01T00:00Z"), at("2024-02-01T00:00Z"), most=most)  # type: ignore[arg-type]


def test_an_index_counted_from_a_start_is_a_difference() -> None:
    cycle = a_cycle("2022-01-01", zone="UTC")
    start, moment = at("2022-03-10T00:00Z"), at("2022-05-15T00:00Z")
    assert cycle.index_at(moment) - cycle.index_at(start) == 2
    first = cycle.period_at(start).interval.intersection(Interval(start, None))
    assert first == Interval(start, at("2022-04-01T00:00Z"))


@pytest.mark.parametrize("anchor", ["2024-01-31T12:00Z", "2024-01-31T00:00Z"])
def test_a_cycle_with_a_time_of_day_has_no_whole_days(anchor: str) -> None:
    cycle = a_cycle(anchor)
    for ask in (lambda: cycle.day(1), lambda: cycle.index_on(day("2024-02-01")), lambda: cycle.span(0)):
        with pytest.raises(NotWholeDays) as refused:
            ask()
        assert refused.value.code == "cycle.not_whole_days"
    with pytest.raises(NotWholeDays):
        cycle.span_on(day("2024-02-01"))


@pytest.mark.parametrize("every", ["PT24H", "P1MT1S"])
def test_a_cycle_that_counts_seconds_has_no_whole_days(every: str) -> None:
    with pytest.raises(NotWholeDays):
        a_cycle(every=every).day(1)
    with pytest.raises(NotWholeDays):
        a_cycle(every=every).span_on(day("2024-02-01"))


def test_an_anchor_at_local_midnight_has_whole_days() -> None:
    cycle = a_cycle("2024-03-31T00:00+05:30", zone="Asia/Kolkata")
    assert cycle.day(1) == day("2024-04-30")
    assert cycle.boundary(1) == at("2024-04-30T00:00+05:30")
    assert cycle.span_on(day("2024-04-29")) == Span(day("2024-03-31"), day("2024-04-30"))


def test_a_period_within_one_day_has_no_span() -> None:
    period = a_cycle("2024-01-31T10:00Z", "PT1H").period(0)
    with pytest.raises(NoWholeDay) as refused:
        _ = period.span
    assert refused.value == NoWholeDay(index=0, day=day("2024-01-31"))
    assert str(refused.value) == "turn 0 of the cycle lies within 2024-01-31; count its seconds instead of its days"


def test_a_period_is_never_empty() -> None:
    start = at("2024-01-31T00:00Z")
    for end in (start, start - timedelta(days=1)):
        with pytest.raises(EmptyPeriod):
            Period(0, start, end, "UTC")
    assert Period(0, start, start + timedelta(1), "UTC").interval == Interval(start, start + timedelta(1))
    with pytest.raises(InvalidInstant):
        "now" in Period(0, start, start + timedelta(1), "UTC")  # type: ignore[operator]  # noqa: B015


@pytest.mark.parametrize("anchor", ["2024-01-31", "2024-01-31T12:00Z"])
@pytest.mark.parametrize("every", ["P1M", "P1D", "P1M1D", "PT45S", "P1000Y", "PT31622400000S"])
@pytest.mark.parametrize("k", [-(10**12), 10**12, 10**13, -(10**400)])
def test_turns_outside_the_calendar_are_refused(anchor: str, every: str, k: int) -> None:
    cycle = a_cycle(anchor, every)
    with pytest.raises(OutOfCalendar):
        cycle.boundary(k)
    with pytest.raises(OutOfCalendar):
        cycle.period(k)


@pytest.mark.parametrize("month_end", MonthEnd)
def test_days_outside_the_calendar_are_refused(month_end: MonthEnd) -> None:
    cycle = a_cycle(month_end=month_end)
    for k in (12 * 7975, -12 * 2023, 10**12, 10**13):
        with pytest.raises(OutOfCalendar):
            cycle.day(k)
    with pytest.raises(OutOfCalendar):
        cycle.span_on(day("9998-12-31"))
    with pytest.raises(OutOfCalendar):
        cycle.index_on(day("0002-01-01"))
    with pytest.raises(OutOfCalendar):
        cycle.period_at(at("9998-12-31T12:00Z"))


@pytest.mark.parametrize("k", [True, 1.0, "1", None, Fraction(1)])
def test_turns_are_numbered_by_whole_numbers(k: object) -> None:
    for cycle in (a_cycle(), a_cycle(every="P1D"), a_cycle(every="PT1H")):
        with pytest.raises(InvalidQuantity):
            cycle.boundary(k)  # type: ignore[arg-type]
    with pytest.raises(InvalidQuantity):
        a_cycle().day(k)  # type: ignore[arg-type]
    with pytest.raises(InvalidQuantity):
        a_cycle().period(k)  # type: ignore[arg-type]


@pytest.mark.parametrize("moment", [datetime(2024, 1, 1), date(2024, 1, 1), "2024-01-01", None])  # noqa: DTZ001
def test_only_an_aware_instant_lies_in_a_turn(moment: object) -> None:
    cycle, now = a_cycle(), at("2024-01-01T00:00Z")
    for ask in (cycle.index_at, cycle.period_at):
        with pytest.raises(InvalidInstant):
            ask(moment)  # type: ignore[arg-type]
    with pytest.raises(InvalidInstant):
        cycle.periods(moment, now)  # type: ignore[arg-type]
    with pytest.raises(InvalidInstant):
        cycle.periods(now, moment)  # type: ignore[arg-type]


@pytest.mark.parametrize("one", [at("2024-01-01T00:00Z"), "2024-01-01", None, 738_000, date.max, date.min])
def test_only_a_date_lies_in_a_span(one: object) -> None:
    with pytest.raises(InvalidArgument):
        a_cycle().span_on(one)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        a_cycle().index_on(one)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"anchor": datetime(2024, 1, 1)}, InvalidInstant),  # noqa: DTZ001
        ({"anchor": "2024-01-01"}, InvalidArgument),
        ({"anchor": date.max}, InvalidArgument),
        ({"every": "P1M"}, InvalidArgument),
        ({"every": timedelta(1)}, InvalidArgument),
        ({"zone": "Nowhere"}, UnknownZone),
        ({"month_end": "clamp"}, InvalidArgument),
        ({"anchor_day": 0}, InvalidArgument),
        ({"anchor_day": 32}, InvalidArgument),
        ({"anchor_day": True}, InvalidArgument),
        ({"every": Duration(days=30), "anchor_day": 1}, InvalidCycle),
        ({"every": Duration(months=1, days=1), "anchor_day": 1}, InvalidCycle),
        ({"every": Duration(months=1, seconds=1), "anchor_day": 1}, InvalidCycle),
        ({"every": Duration(months=1, days=1), "month_end": MonthEnd.SKIP}, InvalidCycle),
        ({"every": Duration(months=1, seconds=1), "month_end": MonthEnd.CLAMP_FROM_PREVIOUS}, InvalidCycle),
    ],
)
def test_the_parts_of_a_cycle_must_go_together(parts: dict[str, object], error: type[InvalidArgument]) -> None:
    good: dict[str, object] = {"anchor": date(2024, 1, 1), "every": Duration(months=1), "zone": MADRID}
    with pytest.raises(error):
        Cycle(**{**good, **parts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        a_cycle(),
        a_cycle("2024-01-31T12:00Z", month_end=MonthEnd.SKIP, anchor_day=30),
        Cycle.calendar(Duration(days=7), MADRID, week_start=WeekStart.SUNDAY),
        a_cycle().period(3),
        Duration(months=1),
    ],
)
def test_copies_are_equal(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == value
    assert hash(copy.deepcopy(value)) == hash(value)


def test_a_changed_cycle_is_made_anew() -> None:
    assert evolve(a_cycle(), anchor=day("2024-01-15")).day(1) == day("2024-02-15")
    assert "ladder" not in repr(a_cycle())
