"""What one line of the ledger holds."""

from datetime import date
from fractions import Fraction
from typing import Any, Final

from attrs import evolve, frozen

from licensing_core.billing.lines import CreditLine, NotNegative, QuoteLine, Reason, portion_of
from licensing_core.billing.taxes import Tax, TaxTerms, TaxTreatment
from licensing_core.checks import Exact, Id, InvalidArgument, Value, checked
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Duration, Interval, Period, Span
from licensing_core.proration import LICENSING_CORE, Convention, Portion, Prorated, Stub, unused

_NOTHING: Final = Portion(count=Fraction(0), base=Fraction(1))


@frozen(kw_only=True, field_transformer=checked)
class LineValue(Value):
    """What was charged with one line, and what of it was paid and given back.

    A customer who comes from another system brings lines made by hand: *amount* is what they were charged there,
    *credited*, *paid* and *returned* what became of it.

    Attributes:
        document: Id of the document that it was charged with.
        item: What was bought.
        billed: The part of *period* that was charged and not given back since; `None` when there is none.
        period: The whole period; `None` when it was for none.
        every: The length of a turn of the cycle, where the convention counts it.
        exact_price: Of the whole period, after discounts and times the quantity, in minor units.
        convention: How its unused part is valued.
        amount: What was charged, net or gross as *treatment* says.
        taxes: Those of the charge.
        treatment: Whether *amount* is with its taxes or without.
        credited: What of *amount* was taken off again.
        paid: What was paid on the line, taxes included.
        returned: What of that went back to the customer, taxes included.
        notes: Ids of the documents with which something was taken off.
    """

    id: Id
    document: Id
    item: Id
    billed: Span | Interval | None = None
    period: Span | Period | None = None
    every: Duration | None = None
    exact_price: Exact
    convention: Convention = LICENSING_CORE
    amount: NotNegative
    taxes: tuple[Tax, ...] = ()
    treatment: TaxTreatment = TaxTreatment.EXCLUSIVE
    credited: NotNegative
    paid: NotNegative
    returned: NotNegative
    notes: frozenset[Id] = frozenset()

    def __attrs_post_init__(self) -> None:
        if not self.amount and any(tax.amount for tax in self.taxes):
            raise InvalidArgument(parameter="taxes", expected="none on an amount of zero", got="some")
        for other in (self.credited, self.paid, self.returned, *(tax.amount for tax in self.taxes)):
            if other.currency is not self.currency:
                raise CurrencyMismatch(expected=self.currency, got=other.currency)
        for name, amount, most in (
            ("credited", self.credited, self.amount),
            ("returned", self.returned, self.paid),
            ("paid", self.paid - self.returned, self.gross - self.gross_credited),
        ):
            if amount > most:
                raise InvalidArgument(parameter=name, expected=f"at most {most}", got=str(amount))

    @property
    def currency(self) -> Currency:
        """Of all amounts."""
        return self.amount.currency

    @property
    def gross(self) -> Money:
        """What was charged, taxes included."""
        return self._with_taxes(self.amount, self.taxes)

    @property
    def left(self) -> Money:
        """What of *amount* has not been taken off."""
        return self.amount - self.credited

    @property
    def gross_credited(self) -> Money:
        """What was taken off, taxes included."""
        return self._with_taxes(self.credited, self.taxes_on(self.credited))

    @property
    def outstanding(self) -> Money:
        """What is still owed on the line, taxes included."""
        return self.gross - self.gross_credited - (self.paid - self.returned)

    def taxes_on(self, credited: Money) -> tuple[Tax, ...]:
        """The taxes on the first *credited* of *amount*: all of them when it is all of it, and in proportion before."""
        if not self.amount:
            return self.taxes
        share = Fraction(credited.minor, self.amount.minor)
        return tuple(evolve(tax, amount=tax.amount.scaled(share)) for tax in self.taxes)

    def _with_taxes(self, amount: Money, taxes: tuple[Tax, ...]) -> Money:
        if self.treatment is TaxTreatment.INCLUSIVE:
            return amount
        return amount + Money.sum((tax.amount for tax in taxes), self.currency)

    def unused_at(self, at: date) -> Prorated:
        """What the part that is not used yet at *at* is worth, held to what is left of the charge; see its trace.

        *at* is a day of a line of days, an aware instant of one of instants. A line for no period has no unused part.
        """
        return self.worth(None if self.period is None else unused(self.period, at, self.convention))

    def worth(self, part: Span | Interval | None) -> Prorated:
        """What *part* of what was charged and not given back is worth, held to what is left of the charge.

        Where a part is billed in full (`Stub.FULL`), what has begun to be used is used up.
        """
        inside = _shared(part, self.billed)
        used_up = self.convention.stub is Stub.FULL and inside != self.billed
        portion = _NOTHING
        if self.period is not None and inside is not None and not used_up:
            portion = portion_of(inside, self.period, self.convention, self.every)
        return Prorated(
            exact_price=self.exact_price,
            currency=self.currency,
            portion=portion,
            convention=self.convention,
            most=self.left.minor,
        )

    def consumed_at(self, at: date) -> Fraction:
        """What of the charge is used up at *at*, in minor units: what is left, less what its unused part is worth."""
        worth = self.unused_at(at)
        return self.left.minor - min(worth.exact, Fraction(self.left.minor))

    def credit_of(
        self,
        exact: Fraction | int,
        billed: Span | Interval | None,
        reason: Reason,
        *,
        amount: Money | None = None,
    ) -> CreditLine:
        """What it comes to that *amount* is taken off, or else *exact* minor units, rounded; held to what is left.

        What was not paid yet is no longer owed (`relief`), the rest is in credit.

        Args:
            exact: What is given back is worth, in minor units; it is kept in the line, beside its rounded amount.
            billed: The part of the period that is given back; `None` for none.
            amount: What is taken off, where it was rounded already.
        """
        asked = Money.rounded(exact, self.currency, self.convention.mode) if amount is None else amount
        taken = min(asked, self.left)
        before, after = self.taxes_on(self.credited), self.taxes_on(self.credited + taken)
        taxes = tuple(evolve(new, amount=new.amount - old.amount) for old, new in zip(before, after, strict=True))
        gross = self._with_taxes(taken, taxes)
        return CreditLine(
            line=self.id,
            document=self.document,
            item=self.item,
            billed=billed,
            exact=Fraction(exact),
            amount=taken,
            taxes=taxes,
            gross=gross,
            relief=min(gross, self.outstanding),
            reason=reason,
        )

    def with_credit(self, credit: CreditLine, document: Id) -> "LineValue":
        """The line after *credit* was booked with *document*: what was given back is no longer a part of it."""
        return evolve(
            self,
            billed=_before(self.billed, credit.billed),
            credited=self.credited + credit.amount,
            returned=self.returned + credit.credit,
            notes=self.notes | {document},
        )

    def with_payment(self, amount: Money) -> "LineValue":
        """The line after *amount* more was paid on it."""
        return evolve(self, paid=self.paid + amount)


def _shared(part: Span | Interval | None, billed: Span | Interval | None) -> Span | Interval | None:
    """What of *part* lies in *billed*."""
    if isinstance(part, Span) and isinstance(billed, Span):
        return part.intersection(billed)
    if isinstance(part, Interval) and isinstance(billed, Interval):
        return part.intersection(billed)
    if part is None or billed is None:
        return None
    raise InvalidArgument(parameter="part", expected="of days or of instants as the period is", got="one of each kind")


def _before(billed: Span | Interval | None, given_back: Span | Interval | None) -> Span | Interval | None:
    """What is left of *billed* from its start; what is given back reaches to its end."""
    if billed is None or given_back is None or given_back.start is None:
        return billed
    if billed.start is None or given_back.start <= billed.start:
        return None
    start: Any = given_back.start  # a day of days, an instant of instants
    shorter: Span | Interval = evolve(billed, end=start)
    return shorter


def of_charge(charge: QuoteLine, taxes: tuple[Tax, ...], terms: TaxTerms, *, line_id: Id, document: Id) -> LineValue:
    """The line that *charge* makes, not paid yet."""
    nothing = Money.zero(charge.currency)
    return LineValue(
        id=line_id,
        document=document,
        item=charge.item,
        billed=charge.billed,
        period=charge.period,
        every=charge.every,
        exact_price=charge.exact_price,
        convention=charge.convention,
        amount=charge.amount,
        taxes=taxes,
        treatment=terms.treatment,
        credited=nothing,
        paid=nothing,
        returned=nothing,
    )
