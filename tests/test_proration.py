"""Which part of a period is billed, and its share."""

from datetime import date
from fractions import Fraction

import pytest

from licensing_core.periods import Span
from licensing_core.proration import share, unused

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
