"""Which items of a subscription are due by some day: turns of a cycle, the first and last cut, each with its share.

>>> from licensing_core.periods import Duration
>>> monthly = Cycle(date(2012, 7, 17), Duration(months=1), "UTC")
>>> due = schedule(
...     monthly, date(2012, 7, 16), until=date(2012, 8, 17), billing=BillingMode.ADVANCE
... )
>>> [(item.billed.start.isoformat(), str(item.share)) for item in due]
[('2012-07-16', '1/30'), ('2012-07-17', '1'), ('2012-08-17', '1')]
"""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Final

from attrs import frozen

from licensing_core.checks import Exact, Value, as_day, as_instant, checked, instance, whole
from licensing_core.periods import Cycle, EmptyPeriod, Interval, Period, Span, TooManyPeriods, start_of_day
from licensing_core.proration.conventions import LICENSING_CORE, Convention
from licensing_core.proration.shares import share

_as_cycle: Final = instance(Cycle)
_as_most: Final = whole(1, 10_000)


class BillingMode(StrEnum):
    """When an item falls due."""

    ADVANCE = "advance"
    """When it starts."""
    ARREARS = "arrears"
    """When it ends."""


_as_billing: Final = instance(BillingMode)


@frozen(kw_only=True, field_transformer=checked)
class ScheduledItem(Value):
    """One turn of a cycle that is billed, or the part of it that is.

    Attributes:
        billed: The part: days, or instants, as the start of the subscription is.
        period: The uncut turn.
        share: What *billed* is of *period*, as the convention has it.
    """

    billed: Span | Interval
    period: Span | Period
    share: Exact


def schedule(
    cycle: Cycle,
    start: date,
    *,
    until: date,
    billing: BillingMode,
    end: date | None = None,
    convention: Convention = LICENSING_CORE,
    most: int = 366,
) -> tuple[ScheduledItem, ...]:
    """The items from *start* that are due by *until*, in order; an empty stretch of time has none.

    Args:
        cycle: Whose turns are billed; its zone is where local days are counted.
        start: When the subscription starts: a day, or an aware instant.
        until: In advance all items that start on or before it are due, in arrears all that end on or before it.
        end: When the subscription ends, if it does: the last item is cut there.
        most: 1 to 10,000.

    Raises:
        TooManyPeriods: There are more than *most* items.
        NotWholeDays: *start* is a day, and the cycle has a time of day or counts seconds.
        InvalidArgument: An argument is not of its form; a day stands beside an instant.
    """
    _as_cycle("cycle", cycle)
    _as_billing("billing", billing)
    as_point = as_instant if isinstance(start, datetime) else as_day
    begin, last = as_point("start", start), as_point("until", until)
    stop = None if end is None else as_point("end", end)
    _as_most("most", most)
    items: list[ScheduledItem] = []
    k = cycle.index_at(begin) if isinstance(begin, datetime) else cycle.index_on(begin)
    while True:
        k += 1
        try:
            turn = cycle.period(k - 1) if isinstance(begin, datetime) else cycle.span(k - 1)
        except EmptyPeriod:
            continue
        first, final = max(turn.start, begin), turn.end if stop is None else min(turn.end, stop)
        if final <= first or (first if billing is BillingMode.ADVANCE else final) > last:
            return tuple(items)
        if len(items) == most:
            resume = first if isinstance(first, datetime) else start_of_day(first, cycle.zone)
            raise TooManyPeriods(most=most, resume_at=resume)
        part = (
            Interval(first, final)
            if isinstance(first, datetime) and isinstance(final, datetime)
            else Span(first, final)
        )
        found = share(part, turn, convention, every=cycle.every, zone=cycle.zone)
        items.append(ScheduledItem(billed=part, period=turn, share=found))


def cycles(items: tuple[ScheduledItem, ...]) -> Fraction:
    """How many turns the *items* come to: the sum of their shares."""
    return sum((item.share for item in items), Fraction(0))
