"""Documents: proforma, invoice and credit note, made of a quote; each adds up to itself, line by line and tax by tax.

A proforma asks for money and becomes an invoice, under a number of that series, when it is paid. A credit note states,
with positive amounts, what is taken off the lines of one earlier invoice.
"""

from datetime import date
from enum import StrEnum
from typing import ClassVar, Final

from attrs import evolve, field, frozen

from licensing_core.billing.ledger import Ledger
from licensing_core.billing.lines import NotNegative, Reason
from licensing_core.billing.quotes import Quote
from licensing_core.billing.series import DocumentNumber
from licensing_core.billing.taxes import Tax, TaxTreatment, tax_totals
from licensing_core.checks import Day, Id, InvalidArgument, Positive, Value, checked, instance, shown
from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Interval, Span


class DocumentKind(StrEnum):
    """What a document is."""

    PROFORMA = "proforma"
    """It asks for money, and is no invoice yet."""
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    """It takes off what an invoice charged."""


class Standing(StrEnum):
    """What became of an invoice or proforma."""

    UNPAID = "unpaid"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    CREDITED = "credited"
    """Nothing is owed, since all of it was taken off again."""


@frozen(kw_only=True)
class NotAProforma(LicensingError):
    """Only a proforma becomes an invoice."""

    code: ClassVar[str] = "document.not_a_proforma"
    document: str
    kind: str

    def __str__(self) -> str:
        return f"document {self.document!r} is of the kind {self.kind}; only a proforma becomes an invoice"


@frozen(kw_only=True, field_transformer=checked)
class DocumentLine(Value):
    """One line of a document; all amounts are zero or more.

    Attributes:
        quantity: `None` on a credit note.
        billed: The part of a period that it is for, if any.
    """

    item: Id
    quantity: Positive | None = None
    billed: Span | Interval | None = None
    reason: Reason
    net: NotNegative
    taxes: tuple[Tax, ...] = ()

    @property
    def gross(self) -> Money:
        """Net and taxes."""
        return self.net + Money.sum((tax.amount for tax in self.taxes), self.net.currency)


def _in_currency(document: "Document", _attribute: object, lines: tuple[DocumentLine, ...]) -> None:
    if not lines:
        raise InvalidArgument(parameter="lines", expected="one or more", got="0")
    for one in lines:
        for amount in (one.net, *(tax.amount for tax in one.taxes)):
            if amount.currency is not document.currency:
                raise CurrencyMismatch(expected=document.currency, got=amount.currency)


def _not_before(document: "Document", _attribute: object, due_on: date) -> None:
    if due_on < document.number.issued_on:
        expected = "no earlier than the date of the document"
        raise InvalidArgument(parameter="due_on", expected=expected, got="an earlier day")


def _of_credit_notes(document: "Document", _attribute: object, corrects: str | None) -> None:
    if (document.kind is DocumentKind.CREDIT_NOTE) is (corrects is None):
        expected = "an id on a credit note, None on others"
        raise InvalidArgument(parameter="corrects", expected=expected, got=shown(corrects))


@frozen(kw_only=True, field_transformer=checked)
class Document(Value):
    """A proforma, an invoice or a credit note; make it with `issue()`.

    Attributes:
        id: Under which the ledger knows its lines.
        number: With the day that it is dated.
        due_on: The last day to pay it; of a credit note, its own date.
        corrects: Id of the invoice that a credit note takes off from.
    """

    id: Id
    kind: DocumentKind
    number: DocumentNumber
    customer: Id
    due_on: Day = field(validator=_not_before)
    currency: Currency
    lines: tuple[DocumentLine, ...] = field(validator=_in_currency)
    corrects: Id | None = field(default=None, validator=_of_credit_notes)

    @property
    def net(self) -> Money:
        """The sum of the lines without taxes."""
        return Money.sum((one.net for one in self.lines), self.currency)

    @property
    def taxes(self) -> tuple[Tax, ...]:
        """The sum of the taxes of the lines, by rate."""
        return tax_totals([tax for one in self.lines for tax in one.taxes], self.currency)

    @property
    def total(self) -> Money:
        """Net and taxes: the sum of the gross amounts of the lines (L5)."""
        return Money.sum((one.gross for one in self.lines), self.currency)


_as_quote: Final = instance(Quote)
_as_document: Final = instance(Document)
_as_number: Final = instance(DocumentNumber)
_as_ledger: Final = instance(Ledger)


def issue(
    kind: DocumentKind,
    quote: Quote,
    *,
    document: Id,
    number: DocumentNumber,
    customer: Id,
    due_on: date | None = None,
    corrects: Id | None = None,
) -> Document:
    """The document of *quote*: of its charges, or for a credit note of its credits of one invoice.

    Args:
        due_on: By default the day that it is dated.
        corrects: Of a credit note, the invoice whose lines it takes off from; the others have a note each.

    Raises:
        InvalidArgument: The quote has no line for it, or the parts do not go together.
    """
    _as_quote("quote", quote)
    _as_number("number", number)
    lines = _credited(quote, corrects) if kind is DocumentKind.CREDIT_NOTE else _charged(quote)
    return Document(
        id=document,
        kind=kind,
        number=number,
        customer=customer,
        due_on=number.issued_on if due_on is None else due_on,
        currency=quote.currency,
        lines=lines,
        corrects=corrects,
    )


def _charged(quote: Quote) -> tuple[DocumentLine, ...]:
    within = quote.taxes.treatment is TaxTreatment.INCLUSIVE
    return tuple(
        DocumentLine(
            item=one.item,
            quantity=one.quantity,
            billed=one.billed,
            reason=one.reason,
            net=one.amount - Money.sum((tax.amount for tax in taxes), one.currency) if within else one.amount,
            taxes=taxes,
        )
        for one, taxes in zip(quote.charges, quote.charge_taxes, strict=True)
    )


def _credited(quote: Quote, corrects: str | None) -> tuple[DocumentLine, ...]:
    return tuple(
        DocumentLine(item=one.item, billed=one.billed, reason=one.reason, net=one.net, taxes=one.taxes)
        for one in quote.credits
        if one.document == corrects
    )


def invoiced(proforma: Document, number: DocumentNumber) -> Document:
    """The invoice that *proforma* becomes when it is paid, dated and numbered as *number* says; nothing else changes.

    Raises:
        NotAProforma: It is an invoice already, or a credit note.
    """
    _as_document("proforma", proforma)
    _as_number("number", number)
    if proforma.kind is not DocumentKind.PROFORMA:
        raise NotAProforma(document=proforma.id, kind=proforma.kind.value)
    due_on = max(proforma.due_on, number.issued_on)
    return evolve(proforma, kind=DocumentKind.INVOICE, number=number, due_on=due_on)


def standing(document: Document, ledger: Ledger) -> Standing:
    """What became of *document*, as the lines of *ledger* say.

    Raises:
        UnknownLine: None of its lines is there.
    """
    _as_document("document", document)
    lines = _as_ledger("ledger", ledger).of_document(document.id)
    if Money.sum((one.outstanding for one in lines), ledger.currency):
        return Standing.PARTLY_PAID if any(one.paid for one in lines) else Standing.UNPAID
    if any(one.amount for one in lines) and not any(one.left for one in lines):
        return Standing.CREDITED
    return Standing.PAID
