"""The laws of shares and quotes: parts of a period add up, and each line is rounded once (L4, L5).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from random import Random
from typing import Final

from licensing_core import proration
from licensing_core.billing import quotes
from licensing_core.billing.quotes import Quote, QuoteLine
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.periods import Span
from licensing_core.pricing import FlatPrice, Price, UnitPrice
from licensing_core.testing.law import require

CURRENCIES: Final = tuple(map(Currency, ("JPY", "EUR", "KWD")))
"""One each of 0, 2 and 3 digits."""
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
    whole = quotes.line("x", quantity, price, billed=period, period=period).amount
    require(whole.minor == price.exact(quantity), "a whole period costs the full price", price=price, period=period)
    before = whole
    for day in days_of(period):
        now = quotes.line("x", quantity, price, billed=proration.unused(period, day), period=period).amount
        require(now <= before, "a later day costs no more", price=price, quantity=quantity, period=period, day=day)
        before = now
    last = Fraction(whole.minor, period.days)
    require(abs(before.minor - last) <= Fraction(1, 2), "the last day costs one day", price=price, period=period)


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
        return quotes.line("x", quantity, price)
    period = any_span(rng)
    billed = Span(date.fromordinal(period.start.toordinal() + rng.randrange(period.days)), period.end)
    return quotes.line("x", quantity, price, billed=billed, period=period)


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


def _due(rng: Random) -> None:
    currency = rng.choice(CURRENCIES)
    lines_sum_to_what_is_due(
        Quote(currency=currency, lines=tuple(any_line(rng, currency) for _ in range(rng.randrange(5))))
    )


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L4 a share is a part of one", _share),
    ("L4 shares add up", _adding),
    ("today is billed", _today),
    ("a line is rounded once", lambda rng: a_line_is_rounded_once(any_line(rng))),
    ("L5 lines sum to what is due", _due),
    (
        "a later day costs no more",
        lambda rng: a_later_day_costs_no_more(any_price(rng), rng.randint(1, 60), any_span(rng, 9)),
    ),
]
"""Name of each law, and what makes one case of it and checks it."""
