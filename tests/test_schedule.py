"""Which items of a subscription are due by some day."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from licensing_core.checks import InvalidArgument
from licensing_core.periods import Cycle, Duration, Interval, NotWholeDays, Period, Span, TooManyPeriods, start_of_day
from licensing_core.proration import (
    BillingMode,
    Convention,
    Count,
    NothingCounted,
    ScheduledItem,
    Stub,
    cycles,
    preset,
    schedule,
)

MADRID, APIA = "Europe/Madrid", "Pacific/Apia"
MONTHLY = Cycle(date(2024, 1, 31), Duration(months=1), "UTC")
CALENDAR = Cycle.calendar(Duration(months=1), MADRID)
DAILY = Cycle(date(2011, 12, 28), Duration(days=1), APIA)


def texts(items: tuple[ScheduledItem, ...]) -> list[tuple[str, str, str]]:
    return [(str(item.billed.start), str(item.billed.end), str(item.share)) for item in items]


def days(items: tuple[ScheduledItem, ...]) -> list[tuple[int, int]]:
    """The month and day on which each begins."""
    return [(item.billed.start.month, item.billed.start.day) for item in items if item.billed.start is not None]


@pytest.mark.parametrize(
    ("until", "wanted"),
    [
        (date(2024, 1, 15), []),
        (date(2024, 1, 16), [("2024-01-16", "2024-02-01", "16/31")]),
        (date(2024, 1, 31), [("2024-01-16", "2024-02-01", "16/31")]),
        (date(2024, 2, 1), [("2024-01-16", "2024-02-01", "16/31"), ("2024-02-01", "2024-03-01", "1")]),
        (date(2024, 2, 29), [("2024-01-16", "2024-02-01", "16/31"), ("2024-02-01", "2024-03-01", "1")]),
    ],
)
def test_in_advance_an_item_is_due_on_the_day_it_starts(until: date, wanted: list[tuple[str, str, str]]) -> None:
    assert texts(schedule(CALENDAR, date(2024, 1, 16), until=until, billing=BillingMode.ADVANCE)) == wanted


@pytest.mark.parametrize(
    ("until", "wanted"),
    [
        (date(2024, 1, 31), []),
        (date(2024, 2, 1), [("2024-01-16", "2024-02-01", "16/31")]),
        (date(2024, 2, 29), [("2024-01-16", "2024-02-01", "16/31")]),
        (date(2024, 3, 1), [("2024-01-16", "2024-02-01", "16/31"), ("2024-02-01", "2024-03-01", "1")]),
    ],
)
def test_in_arrears_an_item_is_due_on_the_day_it_ends(until: date, wanted: list[tuple[str, str, str]]) -> None:
    assert texts(schedule(CALENDAR, date(2024, 1, 16), until=until, billing=BillingMode.ARREARS)) == wanted


@pytest.mark.parametrize(
    ("end", "billing", "wanted"),
    [
        (date(2024, 2, 11), BillingMode.ADVANCE, [("2024-02-01", "2024-02-11", "10/29")]),
        (date(2024, 2, 11), BillingMode.ARREARS, [("2024-02-01", "2024-02-11", "10/29")]),
        (date(2024, 3, 1), BillingMode.ADVANCE, [("2024-02-01", "2024-03-01", "1")]),
        (
            date(2024, 3, 2),
            BillingMode.ADVANCE,
            [("2024-02-01", "2024-03-01", "1"), ("2024-03-01", "2024-03-02", "1/31")],
        ),
        (date(2024, 2, 1), BillingMode.ADVANCE, []),
        (date(2023, 1, 1), BillingMode.ARREARS, []),
    ],
)
def test_the_last_item_is_cut_at_the_end(end: date, billing: BillingMode, wanted: list[tuple[str, str, str]]) -> None:
    found = schedule(CALENDAR, date(2024, 2, 1), until=date(2030, 1, 1), billing=billing, end=end)
    assert texts(found) == wanted


def test_in_arrears_a_cut_item_is_due_on_the_day_of_the_cut() -> None:
    start, end = date(2024, 2, 1), date(2024, 2, 11)
    assert schedule(CALENDAR, start, until=date(2024, 2, 10), billing=BillingMode.ARREARS, end=end) == ()
    (only,) = schedule(CALENDAR, start, until=end, billing=BillingMode.ARREARS, end=end)
    assert only == ScheduledItem(billed=Span(start, end), period=Span(start, date(2024, 3, 1)), share=Fraction(10, 29))


def test_turns_keep_the_day_of_their_anchor() -> None:
    found = schedule(MONTHLY, date(2024, 1, 31), until=date(2024, 5, 31), billing=BillingMode.ADVANCE)
    assert days(found) == [(1, 31), (2, 29), (3, 31), (4, 30), (5, 31)]
    assert cycles(found) == 5


def test_an_item_that_is_cut_at_both_ends_is_a_part_of_the_uncut_turn() -> None:
    found = schedule(
        CALENDAR, date(2024, 4, 11), until=date(2024, 5, 1), billing=BillingMode.ADVANCE, end=date(2024, 4, 21)
    )
    assert texts(found) == [("2024-04-11", "2024-04-21", "1/3")]
    assert found[0].period == Span(date(2024, 4, 1), date(2024, 5, 1))


def test_cycles_add_up_the_shares() -> None:
    found = schedule(
        CALENDAR, date(2024, 1, 16), until=date(2024, 6, 1), billing=BillingMode.ADVANCE, end=date(2024, 4, 11)
    )
    assert cycles(found) == Fraction(16, 31) + 2 + Fraction(1, 3)
    assert cycles(()) == 0


@pytest.mark.parametrize(
    ("convention", "first"),
    [
        (preset("licensing_core"), Fraction(16, 31)),
        (Convention(stub=Stub.FULL), Fraction(1)),
        (preset("recurly"), Fraction(16, 30)),
        (preset("zuora_30_360"), Fraction(15, 30)),  # 30 + 1 - 16
        (preset("kill_bill"), Fraction("0.516129032")),
    ],
)
def test_a_share_is_that_of_the_convention(convention: Convention, first: Fraction) -> None:
    found = schedule(
        CALENDAR, date(2024, 1, 16), until=date(2024, 2, 1), billing=BillingMode.ADVANCE, convention=convention
    )
    assert found[0].share == first
    assert len(found) == 2


@pytest.mark.parametrize(
    ("every", "starts"),
    [
        (Duration(months=3), [(2, 10), (4, 1), (7, 1)]),
        (Duration(months=6), [(2, 10), (7, 1)]),
        (Duration(months=12), [(2, 10)]),
    ],
)
def test_calendar_cycles_turn_with_quarters_halves_and_years(every: Duration, starts: list[tuple[int, int]]) -> None:
    cycle = Cycle.calendar(every, "UTC")
    found = schedule(cycle, date(2024, 2, 10), until=date(2024, 9, 30), billing=BillingMode.ADVANCE)
    assert days(found) == starts
    assert all(item.share == 1 for item in found[1:])


def test_instants_are_billed_from_the_instant_of_the_start() -> None:
    start = datetime(2026, 3, 29, 10, tzinfo=UTC)
    found = schedule(CALENDAR, start, until=datetime(2026, 3, 31, 22, tzinfo=UTC), billing=BillingMode.ADVANCE)
    march = CALENDAR.period_at(start)
    assert march.span == Span(date(2026, 3, 1), date(2026, 4, 1))
    assert found[0] == ScheduledItem(billed=Interval(start, march.end), period=march, share=Fraction(3, 31))
    assert [item.share for item in found] == [Fraction(3, 31), 1]
    seconds = schedule(CALENDAR, start, until=start, billing=BillingMode.ADVANCE, convention=preset("stripe"))
    assert [item.share for item in seconds] == [Fraction(60, 743)]  # 12 hours and two days, of 743 hours


def test_hourly_turns_are_counted_in_seconds() -> None:
    noon = datetime(2024, 4, 1, 12, tzinfo=UTC)
    hourly = Cycle(noon, Duration(seconds=3600), "UTC")
    start, until = noon + timedelta(minutes=45), noon + timedelta(hours=2)
    found = schedule(
        hourly, start, until=until, billing=BillingMode.ARREARS, convention=Convention(count=Count.SECONDS)
    )
    assert [item.share for item in found] == [Fraction(1, 4), 1]
    with pytest.raises(NothingCounted):
        schedule(hourly, start, until=until, billing=BillingMode.ARREARS)


def test_a_local_day_that_is_missing_has_no_item() -> None:
    start, until = start_of_day(date(2011, 12, 28), APIA), start_of_day(date(2012, 1, 1), APIA)
    found = schedule(DAILY, start, until=until, billing=BillingMode.ADVANCE)
    starts = [start_of_day(date.fromisoformat(day), APIA) for day in ("2011-12-28", "2011-12-29", "2011-12-31")]
    assert [item.billed.start for item in found] == [*starts, until]
    assert [item.period.index for item in found if isinstance(item.period, Period)] == [0, 1, 3, 4]
    assert [item.share for item in found] == [1, 1, 1, 1]
    assert all(before.billed.end == after.billed.start for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("billing", "until", "count"),
    [
        (BillingMode.ARREARS, date(2011, 12, 29), 1),
        (BillingMode.ARREARS, date(2011, 12, 31), 2),
        (BillingMode.ADVANCE, date(2011, 12, 29), 2),
        (BillingMode.ADVANCE, date(2011, 12, 31), 3),
    ],
)
def test_turns_around_a_missing_day_fall_due_in_their_time(billing: BillingMode, until: date, count: int) -> None:
    start = start_of_day(date(2011, 12, 28), APIA)
    assert len(schedule(DAILY, start, until=start_of_day(until, APIA), billing=billing)) == count


def test_a_subscription_may_start_where_the_missing_day_would() -> None:
    start = start_of_day(date(2011, 12, 30), APIA)
    assert start == start_of_day(date(2011, 12, 31), APIA)
    (only,) = schedule(DAILY, start, until=start, billing=BillingMode.ADVANCE)
    assert only.billed == Interval(start, start + timedelta(days=1))


@pytest.mark.parametrize("most", [1, 2, 3, 12])
def test_more_items_than_the_most_are_refused_and_said_from_where(most: int) -> None:
    def due(items: int) -> tuple[ScheduledItem, ...]:
        last = MONTHLY.day(items - 1)
        return schedule(MONTHLY, MONTHLY.day(0), until=last, billing=BillingMode.ADVANCE, most=most)

    assert len(due(most)) == most
    with pytest.raises(TooManyPeriods) as caught:
        due(most + 1)
    assert caught.value == TooManyPeriods(most=most, resume_at=MONTHLY.boundary(most))


def test_a_refused_schedule_of_instants_says_from_where_to_go_on() -> None:
    start = start_of_day(date(2011, 12, 28), APIA)
    until = start_of_day(date(2012, 1, 31), APIA)
    with pytest.raises(TooManyPeriods) as caught:
        schedule(DAILY, start, until=until, billing=BillingMode.ADVANCE, most=2)
    assert caught.value.resume_at == start_of_day(date(2011, 12, 31), APIA)
    first = schedule(DAILY, start, until=until, billing=BillingMode.ADVANCE, most=100)
    again = schedule(DAILY, caught.value.resume_at, until=until, billing=BillingMode.ADVANCE, most=100)
    assert first[2:] == again


def test_a_schedule_in_two_steps_is_the_one_in_a_single_step() -> None:
    start, middle, last = date(2024, 1, 16), date(2024, 5, 20), date(2025, 3, 3)
    whole = schedule(CALENDAR, start, until=last, billing=BillingMode.ARREARS)
    first = schedule(CALENDAR, start, until=middle, billing=BillingMode.ARREARS)
    resume = first[-1].billed.end
    assert isinstance(resume, date)
    assert first + schedule(CALENDAR, resume, until=last, billing=BillingMode.ARREARS) == whole


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("until", datetime(2024, 2, 1, tzinfo=UTC)),
        ("until", None),
        ("end", datetime(2024, 2, 1, tzinfo=UTC)),
        ("end", "2024-02-01"),
        ("most", 0),
        ("most", 10_001),
        ("most", True),
        ("billing", "advance"),
        ("billing", None),
        ("convention", None),
        ("cycle", Duration(months=1)),
        ("start", None),
        ("start", datetime(2024, 1, 1)),  # noqa: DTZ001
    ],
)
def test_each_argument_is_of_its_form(parameter: str, value: Any) -> None:
    arguments: dict[str, Any] = {
        "cycle": CALENDAR,
        "start": date(2024, 1, 1),
        "until": date(2024, 3, 1),
        "billing": BillingMode.ADVANCE,
        parameter: value,
    }
    with pytest.raises(InvalidArgument) as caught:
        schedule(arguments.pop("cycle"), arguments.pop("start"), **arguments)
    assert caught.value.parameter == parameter


def test_a_day_stands_beside_no_instant() -> None:
    with pytest.raises(InvalidArgument, match=r"^until must be "):
        schedule(CALENDAR, datetime(2024, 1, 1, tzinfo=UTC), until=date(2024, 3, 1), billing=BillingMode.ADVANCE)
    with pytest.raises(InvalidArgument, match=r"^end must be "):
        schedule(
            CALENDAR,
            datetime(2024, 1, 1, tzinfo=UTC),
            until=datetime(2024, 3, 1, tzinfo=UTC),
            billing=BillingMode.ADVANCE,
            end=date(2024, 2, 1),
        )


@pytest.mark.parametrize(
    "cycle",
    [
        Cycle(datetime(2024, 1, 1, 9, tzinfo=UTC), Duration(months=1), "UTC"),
        Cycle(date(2024, 1, 1), Duration(seconds=3600), "UTC"),
    ],
)
def test_a_cycle_with_a_time_of_day_has_no_days(cycle: Cycle) -> None:
    with pytest.raises(NotWholeDays):
        schedule(cycle, date(2024, 1, 1), until=date(2024, 3, 1), billing=BillingMode.ADVANCE)
