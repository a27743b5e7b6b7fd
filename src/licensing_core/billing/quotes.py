"""Quotes: what is asked for, line by line, in one currency, with its taxes."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar, Final

from attrs import field, frozen

from licensing_core.billing.discounts import Discount, FixedDiscount, discounts_for
from licensing_core.billing.lines import CreditLine, QuoteLine, line
from licensing_core.billing.taxes import PLAIN_TAXES, Tax, TaxTerms, TaxTreatment, tax_totals, taxes_of
from licensing_core.checks import InvalidArgument, Value, check_of, checked
from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money


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


def _all_in_currency(quote: "Quote", _attribute: object, lines: tuple[QuoteLine | CreditLine, ...]) -> None:
    for one in lines:
        if one.amount.currency is not quote.currency:
            raise CurrencyMismatch(expected=quote.currency, got=one.amount.currency)


@frozen(kw_only=True, field_transformer=checked)
class Quote(Value):
    """What is asked for, in one currency.

    >>> from licensing_core.pricing import UnitPrice
    >>> price = UnitPrice(Money.parse("30.00 EUR"))
    >>> str(Quote(currency=price.currency, lines=(line("base", 2, price),)).due)
    '60.00 EUR'

    Attributes:
        lines: Charges and credits, in the order in which they are shown.
        taxes: How the taxes of the charges are worked out; those of a credit follow from the charge it is of.
    """

    currency: Currency
    lines: tuple[QuoteLine | CreditLine, ...] = field(validator=_all_in_currency)
    taxes: TaxTerms = PLAIN_TAXES

    @property
    def charges(self) -> tuple[QuoteLine, ...]:
        """The lines that are charged."""
        return tuple(one for one in self.lines if isinstance(one, QuoteLine))

    @property
    def credits(self) -> tuple[CreditLine, ...]:
        """The lines that are given back."""
        return tuple(one for one in self.lines if isinstance(one, CreditLine))

    @property
    def charge_taxes(self) -> tuple[tuple[Tax, ...], ...]:
        """The taxes of each of `charges`."""
        return taxes_of([(one.amount, one.rates) for one in self.charges], self.taxes)

    @property
    def tax_totals(self) -> tuple[Tax, ...]:
        """The taxes of all charges by rate."""
        return tax_totals([tax for taxes in self.charge_taxes for tax in taxes], self.currency)

    @property
    def charged(self) -> Money:
        """All charges with their taxes; the lines that are printed add up to it (L5)."""
        total = Money.sum((one.amount for one in self.charges), self.currency)
        if self.taxes.treatment is TaxTreatment.INCLUSIVE:
            return total
        return total + Money.sum((tax.amount for tax in self.tax_totals), self.currency)

    @property
    def credited(self) -> Money:
        """All that goes back to the customer, positive."""
        return Money.sum((one.credit for one in self.credits), self.currency)

    @property
    def due(self) -> Money:
        """What is to be paid: charges less credits. A negative one stays a credit, and nothing of it is lost."""
        return self.charged - self.credited


def quote_changed(confirmed: Quote, now: Quote) -> QuoteChanged:
    """The refusal of a quote that was *confirmed* and is another one *now*: by what is due, or else by what is owed.

    Two quotes may ask for the same, and yet one of them takes something off that was never paid.
    """
    said, holds = confirmed.due, now.due
    if said == holds:
        said, holds = (
            one.charged - Money.sum((c.gross for c in one.credits), one.currency) for one in (confirmed, now)
        )
    return QuoteChanged(confirmed=(said,), due=(holds,))


def discounted(lines: Sequence[QuoteLine], discounts: Sequence[Discount], *, on: date) -> tuple[QuoteLine, ...]:
    """*lines* with *discounts* on the prices of their whole periods, fixed amounts shared over all of them.

    Args:
        lines: Of one currency, none with a discount yet.
        on: The day on which what is billed begins.

    Raises:
        CurrencyMismatch: A line, or a fixed discount, is in another currency than the first line.
        InvalidArgument: A line has discounts already.
    """
    if any(one.discounts or one.netting for one in lines):
        raise InvalidArgument(parameter="lines", expected="without discounts", got="one with a discount")
    fixed = (one.amount for one in discounts if isinstance(one, FixedDiscount))
    for other in (*(one.amount for one in lines), *fixed):
        if lines and other.currency is not lines[0].currency:
            raise CurrencyMismatch(expected=lines[0].currency, got=other.currency)
    found = discounts_for([one.exact_price for one in lines], discounts, on=on)
    return tuple(
        line(
            one.item,
            one.quantity,
            one.price,
            billed=one.billed,
            period=one.period,
            every=one.every,
            convention=one.convention,
            discounts=off,
            rates=one.rates,
            reason=one.reason,
        )
        if off
        else one
        for one, off in zip(lines, found, strict=True)
    )


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
