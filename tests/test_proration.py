"""Which part of a period is billed, and its share."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from licensing_core.periods import Cycle, Duration, Interval, Period, Span
from licensing_core.proration import Base, ChangeDay, Convention, NothingCounted, measure, share, unused

APRIL = Span(date(2024, 4, 1), date(2024, 5, 1))


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2024, 3, 20), date(2024, 4, 1)),
        (date(2024, 4, 1), date(2024, 4, 1)),
        (date(2024, 4, 16), date(2024, 4, 16)),
        (date(2024, 4, 30), date(2024, 4, 30)),
    ],
    ids=str,
)
def test_today_and_the_days_after_it_are_unused(today: date, first: date) -> None:
    assert unused(APRIL, today) == Span(first, APRIL.end)


@pytest.mark.parametrize("today", [date(2024, 5, 1), date(2025, 1, 1)], ids=str)
def test_nothing_is_unused_once_the_period_has_ended(today: date) -> None:
    assert unused(APRIL, today) is None


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        (None, Fraction(0)),
        (APRIL, Fraction(1)),
        (Span(date(2024, 4, 16), date(2024, 5, 1)), Fraction(1, 2)),
        (Span(date(2024, 4, 30), date(2024, 5, 1)), Fraction(1, 30)),
        (Span(date(2024, 3, 1), date(2024, 4, 11)), Fraction(1, 3)),
        (Span(date(2024, 1, 1), date(2025, 1, 1)), Fraction(1)),
        (Span(date(2024, 5, 1), date(2024, 6, 1)), Fraction(0)),
    ],
    ids=str,
)
def test_a_share_is_the_days_inside_over_the_days_of_the_period(part: Span | None, wanted: Fraction) -> None:
    assert share(part, APRIL) == wanted


ST_JOHNS = Period(
    0, datetime(2010, 11, 1, 2, 30, tzinfo=UTC), datetime(2010, 12, 1, 3, 30, tzinfo=UTC), "America/St_Johns"
)
"""Its clock went back over midnight, from 0:01 on the 7th to 23:01 on the 6th, at 2:31 UTC."""


def test_a_day_that_comes_twice_counts_nothing_less() -> None:
    over_midnight = Interval(datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC), datetime(2010, 11, 7, 3, tzinfo=UTC))
    assert share(over_midnight, ST_JOHNS) == 0


def test_the_unused_part_never_begins_before_the_change() -> None:
    at = datetime(2010, 11, 7, 3, tzinfo=UTC)
    assert unused(ST_JOHNS, at, Convention(change_day=ChangeDay.OLD)) == Interval(at, ST_JOHNS.end)


@pytest.mark.parametrize("every", ["P1M10D", "P2M10D", "P30DT12H", "P2M", "PT12H"])
def test_a_nominal_base_has_no_length_for_what_no_table_names(every: str) -> None:
    with pytest.raises(NothingCounted) as caught:
        share(APRIL, APRIL, Convention(base=Base.NOMINAL), every=Duration.parse(every))
    assert caught.value == NothingCounted(count="days", base="nominal")


def test_a_period_as_part_says_in_which_zone_days_are_counted() -> None:
    apart = Cycle(date(2024, 4, 1), Duration(months=1), "Asia/Tokyo").period(0)
    whole = Interval(apart.start, apart.end)
    assert share(apart, whole) == 1
    assert measure(apart, whole).base == measure(apart, apart).base == 30
