"""Lines of a quote: charges, each rounded once, and credits for what is given back of an earlier charge."""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Final

from attrs import evolve, field, frozen

from licensing_core.billing.discounts import LineDiscount
from licensing_core.billing.taxes import Tax, TaxRate, once_each
from licensing_core.checks import Exact, Id, InvalidArgument, Positive, Signed, Value, checked, instance, shown
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Duration, Interval, Period, Span
from licensing_core.pricing import FlatPrice, PackagePrice, Price, TieredPrice, UnitPrice
from licensing_core.proration import LICENSING_CORE, Convention, Portion, Prorated, measure
from licensing_core.proration.stretches import counted, ends_of


class Reason(StrEnum):
    """Why there is a line."""

    PURCHASE = "purchase"
    """Something was bought, for no period or for the rest of one."""
    PERIOD = "period"
    """A period of a subscription."""
    CHANGE = "change"
    """Quantity, plan, price or interval changed in the middle of a period."""
    CANCELLATION = "cancellation"
    """It ended in the middle of a period."""
    CORRECTION = "correction"
    """A charge is taken back."""


_as_price: Final = instance((FlatPrice, UnitPrice, TieredPrice, PackagePrice))
_WHOLE: Final = Portion(count=Fraction(1), base=Fraction(1))


def _as_rounded(line_: "QuoteLine", _attribute: object, amount: Money) -> None:
    if amount.currency is not line_.price.currency:
        raise CurrencyMismatch(expected=line_.price.currency, got=amount.currency)
    due = line_.prorated.amount.minor + line_.netting
    if amount.minor != due:
        said = str(Money(due, amount.currency))
        raise InvalidArgument(parameter="amount", expected=f"what the line comes to, {said}", got=str(amount))
    if due < 0:
        raise InvalidArgument(parameter="netting", expected="no more than the line comes to", got=shown(line_.netting))


def _with_period(line_: "QuoteLine", _attribute: object, period: Any) -> None:
    if line_.billed is not None and period is None:
        raise InvalidArgument(parameter="period", expected="a Span or Period with billed", got="None")


def _within_price(line_: "QuoteLine", _attribute: object, discounts: tuple[LineDiscount, ...]) -> None:
    if sum((one.exact for one in discounts), Fraction(0)) > line_.price.exact(line_.quantity):
        raise InvalidArgument(parameter="discounts", expected="at most the price", got="more")


@frozen(kw_only=True, field_transformer=checked)
class QuoteLine(Value):
    """One charge; make it with `line()`.

    Attributes:
        item: What is bought: the id of a plan or license type.
        quantity: Of one command, or all that a cycle bills.
        price: For a whole period, or for no period.
        billed: The part of *period* that is billed, the whole of it always in full; `None`, with a period: nothing.
        period: The whole period that the price is for; `None` when it is for no period.
        every: The length of a turn of the cycle, where the convention counts it.
        convention: How the part is priced and rounded.
        discounts: What comes off the price of the whole period, before it is prorated.
        rates: The taxes that are on it.
        reason: Why it is charged.
        netting: Minor units by which the line was moved, so that it and a credit come to a net rounded once.
        amount: What is charged, rounded: net or gross, as the quote treats taxes.
    """

    item: Id
    quantity: Positive
    price: FlatPrice | UnitPrice | TieredPrice | PackagePrice
    billed: Span | Interval | None = None
    period: Span | Period | None = field(default=None, validator=_with_period)
    every: Duration | None = None
    convention: Convention = LICENSING_CORE
    discounts: tuple[LineDiscount, ...] = field(default=(), validator=_within_price)
    rates: tuple[TaxRate, ...] = field(default=(), validator=once_each)
    reason: Reason = Reason.PURCHASE
    netting: Signed = 0
    amount: Money = field(validator=_as_rounded)

    @property
    def currency(self) -> Currency:
        """The currency of the line."""
        return self.price.currency

    @property
    def exact_price(self) -> Fraction:
        """The price of a whole period, after discounts and times the quantity, in exact minor units."""
        return _exact_price(self.price, self.quantity, self.discounts)

    @property
    def prorated(self) -> Prorated:
        """How the amount comes about, with its trace."""
        portion = portion_of(self.billed, self.period, self.convention, self.every)
        return _prorated(self.exact_price, self.currency, portion, self.convention)

    @property
    def share(self) -> Fraction:
        """The part of the period that is billed: 0 to 1, and 1 without a period."""
        return self.prorated.portion.share

    @property
    def exact(self) -> Fraction:
        """The amount in minor units before rounding."""
        return self.prorated.exact


def _exact_price(price: Price, quantity: int, discounts: tuple[LineDiscount, ...]) -> Fraction:
    return price.exact(quantity) - sum((one.exact for one in discounts), Fraction(0))


def portion_of(
    billed: Span | Interval | None, period: Span | Period | None, convention: Convention, every: Duration | None
) -> Portion:
    """The part *billed* of *period*, as counted; a whole period, or a price for none, is whole."""
    if period is None or (billed is not None and (billed.start, billed.end) == (period.start, period.end)):
        return _WHOLE if period is None else _whole(period, convention)  # no convention shares out what is not shared
    return measure(billed, period, convention, every=every)


def _whole(period: Span | Period, convention: Convention) -> Portion:
    count = Fraction(counted(convention.count, ends_of("period", period, None)))
    return Portion(count=count, base=count) if count > 0 else _WHOLE


def _prorated(exact_price: Fraction, currency: Currency, portion: Portion, convention: Convention) -> Prorated:
    return Prorated(exact_price=exact_price, currency=currency, portion=portion, convention=convention)


def line(
    item: Id,
    quantity: Positive,
    price: Price,
    *,
    billed: Span | Interval | None = None,
    period: Span | Period | None = None,
    every: Duration | None = None,
    convention: Convention = LICENSING_CORE,
    discounts: tuple[LineDiscount, ...] = (),
    rates: tuple[TaxRate, ...] = (),
    reason: Reason = Reason.PURCHASE,
) -> QuoteLine:
    """The line for *quantity* of *item*, of which the part *billed* of *period* is charged.

    Raises:
        NothingCounted: The base of the convention counts nothing.
        InvalidArgument: The parts do not go together, or the discounts come to more than the price.
    """
    _as_price("price", price)
    portion = portion_of(billed, period, convention, every)
    amount = _prorated(_exact_price(price, quantity, discounts), price.currency, portion, convention).amount
    return QuoteLine(
        item=item,
        quantity=quantity,
        price=price,
        billed=billed,
        period=period,
        every=every,
        convention=convention,
        discounts=discounts,
        rates=rates,
        reason=reason,
        amount=amount,
    )


def netted(charge: QuoteLine, minor: int) -> QuoteLine:
    """*charge* moved by *minor* units."""
    return evolve(charge, netting=charge.netting + minor, amount=Money(charge.amount.minor + minor, charge.currency))


def _as_not_negative(name: str, value: Any) -> Money:
    if not isinstance(value, Money) or value.minor < 0:
        raise InvalidArgument(parameter=name, expected="Money, zero or more", got=shown(value))
    return value


NotNegative = Annotated[Money, _as_not_negative]
"""Money of zero or more."""


@frozen(kw_only=True, field_transformer=checked)
class CreditLine(Value):
    """What is given back of an earlier charge: all amounts are written positive.

    Attributes:
        line: Id of the charge in the ledger.
        document: Id of the document that it was charged with.
        item: What was bought with it.
        billed: The part that is given back; `None` when it is of no period.
        exact: What that part is worth, in minor units, before its last rounding.
        amount: What is taken off the charge, net or gross as the charge was; never more than is left of it.
        taxes: The taxes on it, in the order of those of the charge.
        gross: *amount* with its taxes.
        relief: What of *gross* was not paid yet, and is no longer owed.
        reason: Why it is given back.
    """

    line: Id
    document: Id
    item: Id
    billed: Span | Interval | None = None
    exact: Exact
    amount: NotNegative
    taxes: tuple[Tax, ...] = ()
    gross: NotNegative
    relief: NotNegative
    reason: Reason = Reason.CHANGE

    def __attrs_post_init__(self) -> None:
        for other in (self.gross, self.relief, *(tax.amount for tax in self.taxes)):
            if other.currency is not self.amount.currency:
                raise CurrencyMismatch(expected=self.amount.currency, got=other.currency)
        taxes = Money.sum((tax.amount for tax in self.taxes), self.currency)
        if self.gross not in (self.amount, self.amount + taxes):
            raise InvalidArgument(parameter="gross", expected="amount, or amount and taxes", got=str(self.gross))
        if self.relief > self.gross:
            raise InvalidArgument(parameter="relief", expected=f"at most {self.gross}", got=str(self.relief))

    @property
    def currency(self) -> Currency:
        """The currency of the line."""
        return self.amount.currency

    @property
    def net(self) -> Money:
        """*gross* without its taxes."""
        return self.gross - Money.sum((tax.amount for tax in self.taxes), self.currency)

    @property
    def credit(self) -> Money:
        """What of *gross* was paid, and goes back to the customer; never more than was paid (decision 13, L6)."""
        return self.gross - self.relief
