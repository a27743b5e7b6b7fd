"""Quotes: lines with quantity, price, the part of the period that is billed, and one rounding each."""

from fractions import Fraction
from typing import ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import Id, InvalidArgument, Positive, Value, check_of, checked
from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money, Rounding
from licensing_core.periods import Span
from licensing_core.pricing import FlatPrice, Price, UnitPrice
from licensing_core.proration import share


def _as_rounded(line_: "QuoteLine", _attribute: object, amount: Money) -> None:
    if amount.currency is not line_.price.currency:
        raise CurrencyMismatch(expected=line_.price.currency, got=amount.currency)
    if amount != (due := _rounded(line_.exact, line_.price)):
        raise InvalidArgument(parameter="amount", expected=f"what the line comes to, {due}", got=str(amount))


def _rounded(exact: Fraction, price: Price) -> Money:
    """The one rounding of a line: half up, to the minor unit of the currency (decision 7)."""
    return Money.rounded(exact, price.currency, Rounding.HALF_UP)


def _both_or_none(line_: "QuoteLine", _attribute: object, period: Span | None) -> None:
    if (line_.billed is None) is not (period is None):
        raise InvalidArgument(
            parameter="period", expected="a Span with billed, None without", got=type(period).__name__
        )


@frozen(kw_only=True, field_transformer=checked)
class QuoteLine(Value):
    """One line of a quote; make it with `line()`.

    Attributes:
        item: What is bought: the id of a plan or license type.
        quantity: Of one command, or all that a cycle bills.
        price: For one unit, or for the whole.
        billed: The days that are billed; `None` when the price is for no period.
        period: The whole period that the price is for; `None` with *billed*.
        amount: `exact`, rounded.
    """

    item: Id
    quantity: Positive
    price: FlatPrice | UnitPrice
    billed: Span | None = None
    period: Span | None = field(default=None, validator=_both_or_none)
    amount: Money = field(validator=_as_rounded)

    @property
    def share(self) -> Fraction:
        """The part of the period that is billed: 0 to 1, and 1 without a period."""
        return Fraction(1) if self.period is None else share(self.billed, self.period)

    @property
    def exact(self) -> Fraction:
        """The amount in minor units before rounding."""
        return self.price.exact(self.quantity) * self.share


def line(
    item: Id, quantity: Positive, price: Price, *, billed: Span | None = None, period: Span | None = None
) -> QuoteLine:
    """The line for *quantity* of *item*, of which the days *billed* of *period* are charged."""
    part = Fraction(1) if period is None else share(billed, period)
    amount = _rounded(price.exact(quantity) * part, price)
    return QuoteLine(item=item, quantity=quantity, price=price, billed=billed, period=period, amount=amount)


@frozen(kw_only=True)
class QuoteChanged(LicensingError):
    """What was confirmed is no longer what it costs: the price, the day or the cycle has changed since the quote."""

    code: ClassVar[str] = "purchase.quote_changed"
    rules: ClassVar[tuple[str, ...]] = ("WAL-7",)
    confirmed: tuple[Money, ...]
    due: tuple[Money, ...]

    def __str__(self) -> str:
        said, costs = (" + ".join(map(str, amounts)) or "nothing" for amounts in (self.confirmed, self.due))
        return f"{said} was confirmed, but it costs {costs} now; quote again and have it confirmed"


def _all_in_currency(quote: "Quote", _attribute: object, lines: tuple[QuoteLine, ...]) -> None:
    for one in lines:
        if one.amount.currency is not quote.currency:
            raise CurrencyMismatch(expected=quote.currency, got=one.amount.currency)


@frozen(kw_only=True, field_transformer=checked)
class Quote(Value):
    """What is asked for, in one currency.

    >>> price = UnitPrice(Money.parse("30.00 EUR"))
    >>> str(Quote(currency=price.currency, lines=(line("base", 2, price),)).due)
    '60.00 EUR'
    """

    currency: Currency
    lines: tuple[QuoteLine, ...] = field(validator=_all_in_currency)

    @property
    def due(self) -> Money:
        """The sum of the lines, so that what is printed adds up (L5)."""
        return Money.sum((one.amount for one in self.lines), self.currency)


_as_amounts: Final = check_of(tuple[Money, ...])


def require_confirmed(quotes: tuple[Quote, ...], confirmed: tuple[Money, ...] | None) -> None:
    """See to it that *quotes* come to the amounts that were *confirmed*, in any order; `None` confirms nothing.

    Raises:
        QuoteChanged: They come to others.

    Source: WAL-7.
    """
    if confirmed is None:
        return
    due = tuple(quote.due for quote in quotes)
    if sorted(map(str, _as_amounts("confirmed", confirmed))) != sorted(map(str, due)):
        raise QuoteChanged(confirmed=confirmed, due=due)
