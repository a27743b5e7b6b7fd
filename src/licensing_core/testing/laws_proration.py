"""The laws of shares and quotes: parts of a period add up, and each line is rounded once (L4, L5).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Final

from attrs import evolve

from licensing_core import proration
from licensing_core.billing import Quote, QuoteLine
from licensing_core.billing import lines as billing_lines
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, Interval, Period, Span
from licensing_core.pricing import FlatPrice, Price, UnitPrice
from licensing_core.proration import PRESETS, Base, Change, Convention, Count, CreditCap, Net
from licensing_core.rounding import Rounding
from licensing_core.testing.law import require

CURRENCIES: Final = tuple(map(Currency, ("JPY", "EUR", "KWD")))
"""One each of 0, 2 and 3 digits."""
_EVERY: Final = Duration(months=1)
_CYCLES: Final = tuple(
    Cycle(date(2023, 12, 31), _EVERY, zone)
    for zone in ("UTC", "Europe/Madrid", "America/Santiago", "Australia/Lord_Howe")
)
_FIRST: Final = date(2023, 6, 1).toordinal()


def a_share_is_a_part_of_one(part: Span | None, period: Span) -> None:
    """L4. Between 0 and 1; the share of the whole is 1, and that of no days at all is 0."""
    found = proration.share(part, period)
    require(0 <= found <= 1, "a share lies between 0 and 1", part=part, period=period, found=found)
    require(proration.share(period, period) == 1, "the whole period is 1", period=period)
    require(proration.share(None, period) == 0, "no days are 0", period=period)
    inside = [day for day in days_of(period) if part is not None and day in part]
    require(found * period.days == len(inside), "a share is days over days", part=part, period=period)


def shares_add_up(cuts: Sequence[date], period: Span) -> None:
    """L4. share(a, c) = share(a, b) + share(b, c), wherever the *cuts*, three days in order, lie."""
    first, second, third = cuts
    parts = proration.share(Span(first, second), period) + proration.share(Span(second, third), period)
    require(proration.share(Span(first, third), period) == parts, "shares add up", cuts=cuts, period=period)


def today_is_billed(period: Span, today: date) -> None:
    """Decision 7. What is billed begins today and lasts to the end of the period; nothing once that has ended."""
    found = proration.unused(period, today)
    wanted = [day for day in days_of(period) if day >= today]
    billed = [] if found is None else list(days_of(found))
    require(billed == wanted, "today and all days after it are billed", period=period, today=today, found=found)


def a_line_is_rounded_once(line: QuoteLine) -> None:
    """A line is within half a minor unit of its exact amount, a tie goes up, and it is never below zero."""
    off = line.amount.minor - line.exact
    require(Fraction(-1, 2) < off <= Fraction(1, 2), "a line is rounded half up", line=line, off=off)
    require(line.amount.minor >= 0, "a line is not negative", line=line)
    require(line.amount.currency is line.price.currency, "a line is in the currency of its price", line=line)


def lines_sum_to_what_is_due(quote: Quote) -> None:
    """L5. What is printed adds up."""
    added = sum(one.amount.minor for one in quote.lines)
    require(quote.due == Money(added, quote.currency), "the lines sum to what is due", quote=quote)


def a_later_day_costs_no_more(price: Price, quantity: int, period: Span) -> None:
    """WAL-13. The whole period costs the full price; each later day costs the same or less, and the last one some."""
    whole = billing_lines.line("x", quantity, price, billed=period, period=period).amount
    require(whole.minor == price.exact(quantity), "a whole period costs the full price", price=price, period=period)
    before = whole
    for day in days_of(period):
        now = billing_lines.line("x", quantity, price, billed=proration.unused(period, day), period=period).amount
        require(now <= before, "a later day costs no more", price=price, quantity=quantity, period=period, day=day)
        before = now
    last = Fraction(whole.minor, period.days)
    require(abs(before.minor - last) <= Fraction(1, 2), "the last day costs one day", price=price, period=period)


def a_convention_shares_out(convention: Convention, part: Span | Interval | None, period: Period) -> None:
    """L4. Under every convention a share is from 0 to 1, that of nothing is 0, and a part costs no more than all."""
    case = {"convention": convention, "part": part, "period": period}
    found = proration.share(part, period, convention, every=_EVERY)
    require(0 <= found <= 1, "a share lies between 0 and 1", **case, found=found)
    require(proration.share(None, period, convention, every=_EVERY) == 0, "nothing is 0", **case)
    price = Money(99_999, CURRENCIES[1])
    cost = proration.prorate(price, part, period, convention, every=_EVERY)
    unit = 1 if convention.digits is None else Fraction(100, 10**convention.digits)
    require(0 <= cost.major * 100 <= price.minor + unit, "a part costs no more than all", **case, cost=cost)
    if convention.base is Base.PERIOD:
        whole = proration.share(period, period, convention, every=_EVERY)
        require(whole == 1, "a whole period is 1", **case)


def adjoining_parts_add_up(convention: Convention, cuts: Sequence[datetime], period: Period) -> None:
    """L4. share(a, c) = share(a, b) + share(b, c) at any hours, over the period and but for counts in months."""
    first, second, third = cuts
    parts = [
        proration.share(part, period, convention)
        for part in (Interval(first, second), Interval(second, third), Interval(first, third))
    ]
    require(parts[0] + parts[1] == parts[2], "shares add up", convention=convention, cuts=cuts, period=period)


def a_change_is_its_two_parts(convention: Convention, change: Change) -> None:
    """A change credits and charges what `prorate()` says of its unused part, however it was worked out; L6 holds it."""
    part, held = change.unused, change.held
    of_old = proration.prorate(change.old or Money.zero(change.currency), part, change.period, convention, every=_EVERY)
    of_new = proration.prorate(change.new or Money.zero(change.currency), part, change.period, convention, every=_EVERY)
    case = {"change": change}
    require(change.charge == of_new.amount, "the charge is the new part", **case)
    if held is None or convention.credit_cap is CreditCap.NONE:
        require(change.credit == of_old.amount, "the credit is the old part", **case)
    else:
        require(change.credit <= max(held, Money.zero(held.currency)), "no credit above what is held", **case)
        require(change.credit <= of_old.amount, "no credit above the old part", **case)
    apart = change.net.minor - (change.charge.minor - change.credit.minor)
    require(abs(apart) <= (0 if convention.net is Net.LINES else 1), "the net is charge less credit", **case)


def days_of(span: Span) -> list[date]:
    """The days of *span*, in order."""
    return [date.fromordinal(day) for day in range(span.start.toordinal(), span.end.toordinal())]


# Cases, from a source of random numbers that the caller seeds.


def any_day(rng: Random) -> date:
    """A day of the fourteen months that begin in June 2023; a leap day is among them."""
    return date.fromordinal(_FIRST + rng.randrange(426))


def any_span(rng: Random, longest: int = 40) -> Span:
    """A span of 1 to *longest* days; often of 28 to 31."""
    start = any_day(rng)
    days = rng.choice((28, 29, 30, 31, rng.randint(1, longest)))
    return Span(start, date.fromordinal(start.toordinal() + days))


def any_price(rng: Random, currency: Currency | None = None) -> Price:
    """A flat price or one per unit, in a currency of 0, 2 or 3 digits; 0 at times."""
    minor = rng.choice((0, 1, 3000, rng.randrange(100), rng.randrange(10**7)))
    kind = rng.choice((FlatPrice, UnitPrice))
    return kind(Money(minor, currency or rng.choice(CURRENCIES)))


def any_line(rng: Random, currency: Currency | None = None) -> QuoteLine:
    """A line for all or some days of a period, or for no period."""
    quantity, price = rng.randint(1, 60), any_price(rng, currency)
    if rng.random() < 0.2:
        return billing_lines.line("x", quantity, price)
    period = any_span(rng)
    billed = Span(date.fromordinal(period.start.toordinal() + rng.randrange(period.days)), period.end)
    return billing_lines.line("x", quantity, price, billed=billed, period=period)


def _share(rng: Random) -> None:
    a_share_is_a_part_of_one(any_span(rng) if rng.random() < 0.9 else None, any_span(rng))


def _adding(rng: Random) -> None:
    period = any_span(rng)
    edge = period.start.toordinal() - 5
    cuts = sorted(rng.sample(range(edge, edge + period.days + 10), 3))
    shares_add_up([date.fromordinal(day) for day in cuts], period)


def _today(rng: Random) -> None:
    period = any_span(rng)
    today_is_billed(period, date.fromordinal(period.start.toordinal() + rng.randint(-3, period.days + 3)))


def any_convention(rng: Random) -> Convention:
    """A preset, or one with an axis or two changed."""
    found = rng.choice(tuple(PRESETS.values()))
    if rng.random() < 0.5:
        found = evolve(found, mode=rng.choice(tuple(Rounding)), net=rng.choice(tuple(Net)))
    return evolve(found, credit_cap=CreditCap.NONE) if rng.random() < 0.2 else found


def any_instants(rng: Random, period: Period, number: int) -> list[datetime]:
    """Instants in order, in the period or a little beside it."""
    whole = int((period.end - period.start).total_seconds())
    return [period.start + timedelta(seconds=s) for s in sorted(rng.sample(range(-99_999, whole + 99_999), number))]


def any_period(rng: Random) -> Period:
    """A turn of a month in some zone, over a change of the clocks at times."""
    return rng.choice(_CYCLES).period(rng.randrange(14))


def _convention(rng: Random) -> None:
    period = any_period(rng)
    start, end = any_instants(rng, period, 2)
    a_convention_shares_out(any_convention(rng), rng.choice((None, Interval(start, end))), period)


def _adjoining(rng: Random) -> None:
    period = any_period(rng)
    convention = Convention(count=rng.choice((Count.DAYS, Count.SECONDS, Count.DAYS_360)))
    adjoining_parts_add_up(convention, any_instants(rng, period, 3), period)


def _change(rng: Random) -> None:
    convention, currency = any_convention(rng), rng.choice(CURRENCIES)
    period = any_period(rng)
    whole: Span | Period = period.span if rng.random() < 0.5 else period
    at = any_instants(rng, period, 1)[0]
    old, new, held = (Money(rng.choice((0, 1, rng.randrange(10**7))), currency) for _ in range(3))
    a_change_is_its_two_parts(
        convention,
        proration.change(
            whole,
            at.date() if isinstance(whole, Span) else at,
            old,
            new,
            convention=convention,
            held=rng.choice((None, held)),
            every=_EVERY,
        ),
    )


def _due(rng: Random) -> None:
    currency = rng.choice(CURRENCIES)
    lines_sum_to_what_is_due(
        Quote(currency=currency, lines=tuple(any_line(rng, currency) for _ in range(rng.randrange(5))))
    )


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L4 a share is a part of one", _share),
    ("L4 shares add up", _adding),
    ("L4 every convention shares out", _convention),
    ("L4 adjoining parts add up at any hour", _adjoining),
    ("L6 a change is its two parts", _change),
    ("today is billed", _today),
    ("a line is rounded once", lambda rng: a_line_is_rounded_once(any_line(rng))),
    ("L5 lines sum to what is due", _due),
    (
        "a later day costs no more",
        lambda rng: a_later_day_costs_no_more(any_price(rng), rng.randint(1, 60), any_span(rng, 9)),
    ),
]
"""Name of each law, and what makes one case of it and checks it."""
