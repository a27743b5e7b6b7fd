"""A plan change against py-moneyed, bare ints and silver's way: goals 11 and 12.

One change is priced on each day of a month of 31 days; both prices are for the whole month and times 25 seats already.
Dates, prices and cycles are made before the clock starts. Ours counts the days, rounds a credit and a charge half up,
and keeps them as two ints in one frozen value that makes `Money` when it is read. Its peers do this:

py-moneyed
    Two day counts, and two amounts as `(price * left / total).round(2)`, in Decimal.
the two bare ints
    Two day counts, and two quotients of minor units, each rounded half up by a helper; no value around them, no checks.
silver's way
    Every boundary since the subscription began from one `rrule`, of which the last begins the period, and one
    `relativedelta` to its end; a `Fraction` of days, as a Decimal; price times that, rounded to cents, twice.
    Silver itself lists the boundaries anew for the end and takes two differences in months: left out in its favour.

Nobody nets but in the row that says so. All sides come to the same amounts, or there is no table: a count of 31 days
has no ties, so it does not matter that py-moneyed rounds half to even.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import moneyed
from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, rrule

from bench.harness import Row
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, Span
from licensing_core.proration import change, preset, prorate, share

MADRID = "Europe/Madrid"
SEATS = 25
BEGAN = date(2021, 5, 10)
START, END = date(2026, 5, 10), date(2026, 6, 10)  # 60 months on
DAYS = tuple(START + timedelta(days=number) for number in range(31))

MONTH = Span(START, END)
OLD, NEW = Money.parse("49.90 EUR") * SEATS, Money.parse("129.00 EUR") * SEATS
THEIR_OLD, THEIR_NEW = moneyed.Money("49.90", "EUR") * SEATS, moneyed.Money("129.00", "EUR") * SEATS
OLD_MINOR, NEW_MINOR = 4990 * SEATS, 12900 * SEATS
OLD_DECIMAL, NEW_DECIMAL = Decimal("49.90") * SEATS, Decimal("129.00") * SEATS
CENT = Decimal("0.01")
CYCLE = Cycle(BEGAN, Duration(months=1), MADRID)

BY_SECOND = preset("stripe")
PERIOD = CYCLE.period_at(datetime(2026, 5, 20, tzinfo=UTC))
INSTANTS = tuple(datetime(day.year, day.month, day.day, 7, 30, 7, tzinfo=UTC) for day in DAYS)
PARTS = tuple(Span(day, END) for day in DAYS)

Pair = tuple[moneyed.Money, moneyed.Money]
"""A credit and a charge, both positive."""


def by_hand(start: date, end: date, at: date, old: moneyed.Money, new: moneyed.Money) -> Pair:
    total, left = (end - start).days, (end - at).days
    return (old * left / total).round(2), (new * left / total).round(2)  # type: ignore[union-attr]


def by_hand_in_seconds(start: datetime, end: datetime, at: datetime, old: moneyed.Money, new: moneyed.Money) -> Pair:
    second = timedelta(seconds=1)
    total, left = (end - start) // second, (end - at) // second
    return (old * left / total).round(2), (new * left / total).round(2)  # type: ignore[union-attr]


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def in_ints(start: date, end: date, at: date, old: int, new: int) -> tuple[int, int]:
    total, left = (end - start).days, (end - at).days
    return half_up(old * left, total), half_up(new * left, total)


def silvers_way(began: date, at: date, old: Decimal, new: Decimal) -> tuple[Decimal, Decimal]:
    start = list(rrule(MONTHLY, dtstart=began, until=at))[-1].date()
    end = start + relativedelta(months=1)
    part = Fraction((end - at).days, (end - start).days)
    percent = Decimal(part.numerator) / part.denominator
    return (old * percent).quantize(CENT, ROUND_HALF_UP), (new * percent).quantize(CENT, ROUND_HALF_UP)


def ours() -> None:
    for day in DAYS:
        change(MONTH, day, OLD, NEW)


def ours_with_net() -> None:
    for day in DAYS:
        change(MONTH, day, OLD, NEW).net  # noqa: B018


def theirs() -> None:
    for day in DAYS:
        by_hand(START, END, day, THEIR_OLD, THEIR_NEW)


def theirs_with_net() -> None:
    for day in DAYS:
        credit, charge = by_hand(START, END, day, THEIR_OLD, THEIR_NEW)
        charge - credit


def ints() -> None:
    for day in DAYS:
        in_ints(START, END, day, OLD_MINOR, NEW_MINOR)


def looked_up() -> None:
    for day in DAYS:
        change(CYCLE.span_on(day), day, OLD, NEW)


def looked_up_by_rrule() -> None:
    for day in DAYS:
        silvers_way(BEGAN, day, OLD_DECIMAL, NEW_DECIMAL)


def by_the_second() -> None:
    for at in INSTANTS:
        change(PERIOD, at, OLD, NEW, convention=BY_SECOND)


def theirs_by_the_second() -> None:
    start, end = PERIOD.start, PERIOD.end
    for at in INSTANTS:
        by_hand_in_seconds(start, end, at, THEIR_OLD, THEIR_NEW)


def one_part() -> None:
    for part in PARTS:
        prorate(OLD, part, MONTH).amount  # noqa: B018


def their_part() -> None:
    for day in DAYS:
        (THEIR_OLD * (END - day).days / (END - START).days).round(2)  # type: ignore[union-attr]


def shares() -> None:
    for part in PARTS:
        share(part, MONTH)


def shares_by_hand() -> None:
    for part in PARTS:
        Fraction((part.end - part.start).days, (END - START).days)


def require_agreement() -> None:
    """See to it that all sides find the same amounts, on each day."""
    for day, at in zip(DAYS, INSTANTS, strict=True):
        found = change(MONTH, day, OLD, NEW)
        amounts = (found.credit.minor, found.charge.minor)
        if (
            change(CYCLE.span_on(day), day, OLD, NEW) != found
            or in_ints(START, END, day, OLD_MINOR, NEW_MINOR) != amounts
        ):
            raise AssertionError(day)
        decimals = (Decimal(amounts[0]).scaleb(-2), Decimal(amounts[1]).scaleb(-2))
        if silvers_way(BEGAN, day, OLD_DECIMAL, NEW_DECIMAL) != decimals:
            raise AssertionError(day)
        if by_hand(START, END, day, THEIR_OLD, THEIR_NEW) != tuple(moneyed.Money(one, "EUR") for one in decimals):
            raise AssertionError(day)
        found = change(PERIOD, at, OLD, NEW, convention=BY_SECOND)
        hand = by_hand_in_seconds(PERIOD.start, PERIOD.end, at, THEIR_OLD, THEIR_NEW)
        if [str(found.credit), str(found.charge)] != [f"{one.amount} EUR" for one in hand]:
            raise AssertionError(at)


def rows() -> list[Row]:
    """The rows of goals 11 and 12, and what the general way costs."""
    require_agreement()

    def row(
        goal: str, what: str, peer: str, mine: Callable[[], object], his: Callable[[], object], **more: float
    ) -> Row:
        return Row(goal, what, peer, mine, his, ours_per=len(DAYS), theirs_per=len(DAYS), **more)  # type: ignore[arg-type]

    hand, looked = "py-moneyed by hand", "one plan change, the period looked up"
    return [
        row("11", "one plan change, 25 seats", hand, ours, theirs, at_least=6.8),
        row("11", "one plan change, 25 seats", "the two bare ints", ours, ints, at_most=2.2),
        row("12", looked, "silver's way, 60 months on", looked_up, looked_up_by_rrule, at_least=160),
        row("", "one plan change, net read", f"{hand}, net", ours_with_net, theirs_with_net),
        row("", "one plan change by the second, general way", hand, by_the_second, theirs_by_the_second),
        row("", "prorate().amount by days", hand, one_part, their_part),
        row("", "share() by days", "a Fraction of two day counts", shares, shares_by_hand),
    ]
