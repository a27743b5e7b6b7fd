"""Which part of a period is billed, and its exact share.

The convention here is the default of the library (decision 7): local calendar days of the period, today included,
an exact fraction, rounded once where the line is made.

>>> from datetime import date
>>> april = Span(date(2024, 4, 1), date(2024, 5, 1))
>>> share(unused(april, date(2024, 4, 16)), april)
Fraction(1, 2)
"""

from datetime import date
from fractions import Fraction

from licensing_core.checks import as_day
from licensing_core.periods import Span


def unused(period: Span, today: date) -> Span | None:
    """The days of *period* from *today* on, today included; `None` when it has ended by then.

    Source: decision 7, WAL-13.
    """
    if as_day("today", today) >= period.end:
        return None
    return Span(max(today, period.start), period.end)


def share(part: Span | None, period: Span) -> Fraction:
    """The days of *part* that lie in *period* over the days of *period*: 0 to 1, exact.

    Shares of adjoining parts add up, and the share of the whole period is 1 (L4).
    """
    inside = None if part is None else part.intersection(period)
    return Fraction(0 if inside is None else inside.days, period.days)
