"""Proformas, invoices and credit notes, and what became of them."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import (
    Document,
    DocumentKind,
    DocumentLine,
    DocumentNumber,
    ItemChange,
    Ledger,
    NotAProforma,
    Quote,
    Reason,
    Standing,
    TaxRate,
    TaxRounding,
    TaxTerms,
    TaxTreatment,
    UnknownLine,
    book,
    invoiced,
    issue,
    quote_change,
    reversal,
    standing,
)
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from tests.billing_world import (
    BY,
    SURCHARGE,
    VAT,
    at,
    booked,
    changed,
    money,
    number,
    paid,
    quote_of,
    running,
    settled,
    sold,
    terms,
)

WITHIN = TaxTerms(treatment=TaxTreatment.INCLUSIVE)
APRIL_1, APRIL_16 = date(2026, 4, 1), date(2026, 4, 16)


def issued(quote: Quote, kind: DocumentKind = DocumentKind.INVOICE, **others: Any) -> Document:
    given_: dict[str, Any] = {"document": "inv-1", "number": number(), "customer": "acme", **others}
    return issue(kind, quote, **given_)


def credit_note(quote: Quote, corrects: str = "inv-1") -> Document:
    return issued(quote, DocumentKind.CREDIT_NOTE, document="cn-1", corrects=corrects)


def reversed_(held: Ledger) -> Ledger:
    return book(held, reversal(held, "inv-1"), document="cn-1", by=BY, now=at(4, 2)).state


@pytest.mark.parametrize(
    ("taxes", "net", "total"), [(TaxTerms(), "30.00", "37.80"), (WITHIN, "23.81", "30.00")], ids=["on top", "within"]
)
def test_a_document_adds_up_line_by_line_and_tax_by_tax(taxes: TaxTerms, net: str, total: str) -> None:
    found = issued(sold("10.00 EUR", "20.00 EUR", rates=(VAT, SURCHARGE), taxes=taxes))
    assert (found.net.text, found.total.text) == (net, total)
    assert found.total == found.net + Money.sum((tax.amount for tax in found.taxes), found.currency)
    assert found.total == sold("10.00 EUR", "20.00 EUR", rates=(VAT, SURCHARGE), taxes=taxes).charged


def test_lines_of_a_cent_with_two_taxes_within_can_be_issued() -> None:
    rates = (TaxRate(id="gst", percent=Fraction(5)), TaxRate(id="qst", percent=Fraction(9975, 1000)))
    taxes = TaxTerms(treatment=TaxTreatment.INCLUSIVE, rounding=TaxRounding.TOTAL)
    found = issued(sold(*["0.01 EUR"] * 12, rates=rates, taxes=taxes))
    # of 0.12 they are 0.0052... and 0.0104...
    assert [tax.amount.text for tax in found.taxes] == ["0.01", "0.01"]
    assert (found.net.text, found.total.text) == ("0.10", "0.12")


def test_a_document_has_the_charges_of_a_quote_and_a_credit_note_the_credits() -> None:
    quote = quote_of(*reversal(booked(sold("7.00 EUR")), "inv-1").lines, *sold("10.00 EUR").lines)
    assert [(one.net.text, one.quantity, one.reason) for one in issued(quote).lines] == [("10.00", 1, Reason.PURCHASE)]
    assert [(one.net.text, one.quantity, one.reason) for one in credit_note(quote).lines] == [
        ("7.00", None, Reason.CORRECTION)
    ]


def test_a_document_is_due_on_its_own_day_unless_said_otherwise() -> None:
    quote = sold("1.00 EUR")
    assert (issued(quote).due_on, issued(quote, due_on=APRIL_16).due_on) == (APRIL_1, APRIL_16)


def test_no_document_is_due_before_its_own_day() -> None:
    with pytest.raises(InvalidArgument) as caught:
        issued(sold("1.00 EUR"), due_on=date(2026, 3, 31))
    expected = "no earlier than the date of the document"
    assert caught.value == InvalidArgument(parameter="due_on", expected=expected, got="an earlier day")


@pytest.mark.parametrize(
    ("kind", "corrects", "got"),
    [
        (DocumentKind.INVOICE, "inv-0", "str of 5 characters"),
        (DocumentKind.PROFORMA, "inv-0", "str of 5 characters"),
    ],
)
def test_only_a_credit_note_corrects_another(kind: DocumentKind, corrects: str | None, got: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        issued(sold("1.00 EUR"), kind, corrects=corrects)
    expected = "an id on a credit note, None on others"
    assert caught.value == InvalidArgument(parameter="corrects", expected=expected, got=got)


def test_a_credit_note_names_what_it_corrects() -> None:
    with pytest.raises(InvalidArgument, match="corrects must be an id on a credit note, None on others, got None"):
        evolve(credit_note(reversal(booked(sold("7.00 EUR")), "inv-1")), corrects=None)


def test_each_invoice_has_a_credit_note_of_its_own() -> None:
    held = booked(sold("9.00 EUR"), "inv-2", onto=booked(sold("7.00 EUR")))
    both = quote_of(*reversal(held, "inv-1").lines, *reversal(held, "inv-2").lines)
    notes = [credit_note(both, corrects) for corrects in ("inv-1", "inv-2")]
    assert [(note.corrects, note.total.text) for note in notes] == [("inv-1", "7.00"), ("inv-2", "9.00")]


@pytest.mark.parametrize("kind", [DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE])
def test_a_document_has_a_line(kind: DocumentKind) -> None:
    corrects = "inv-1" if kind is DocumentKind.CREDIT_NOTE else None
    with pytest.raises(InvalidArgument) as caught:
        issued(quote_of(), kind, corrects=corrects)
    assert caught.value == InvalidArgument(parameter="lines", expected="one or more", got="0")


def test_the_lines_of_a_document_are_of_one_currency() -> None:
    euros = DocumentLine(item="base", reason=Reason.PURCHASE, net=money("1.00 EUR"))
    with pytest.raises(CurrencyMismatch) as caught:
        evolve(issued(sold("1 JPY")), lines=(euros,))
    assert caught.value == CurrencyMismatch(expected=Currency("JPY"), got=Currency("EUR"))


def test_a_proforma_becomes_an_invoice_under_a_number_of_its_own() -> None:
    proforma = issued(sold("10.00 EUR"), DocumentKind.PROFORMA, due_on=APRIL_16)
    invoice = invoiced(proforma, number(7, date(2026, 4, 10), "I-"))
    assert invoice == evolve(proforma, kind=DocumentKind.INVOICE, number=number(7, date(2026, 4, 10), "I-"))
    assert (str(invoice.number), invoice.due_on) == ("I-000007", APRIL_16)


def test_an_invoice_of_a_proforma_paid_late_is_due_on_its_own_day() -> None:
    proforma = issued(sold("10.00 EUR"), DocumentKind.PROFORMA)
    assert invoiced(proforma, number(7, APRIL_16, "I-")).due_on == APRIL_16


@pytest.mark.parametrize("kind", [DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE])
def test_only_a_proforma_becomes_an_invoice(kind: DocumentKind) -> None:
    made = {
        DocumentKind.INVOICE: issued(sold("1.00 EUR")),
        DocumentKind.CREDIT_NOTE: credit_note(reversal(booked(sold("1.00 EUR")), "inv-1")),
    }[kind]
    with pytest.raises(NotAProforma) as caught:
        invoiced(made, number(2))
    assert caught.value == NotAProforma(document=made.id, kind=kind.value)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (booked(sold("10.00 EUR", "20.00 EUR")), Standing.UNPAID),
        (paid(booked(sold("10.00 EUR", "20.00 EUR")), "0.01 EUR"), Standing.PARTLY_PAID),
        (paid(booked(sold("10.00 EUR", "20.00 EUR")), "30.00 EUR"), Standing.PAID),
        (reversed_(booked(sold("10.00 EUR", "20.00 EUR"))), Standing.CREDITED),
        (reversed_(paid(booked(sold("10.00 EUR", "20.00 EUR")), "30.00 EUR")), Standing.CREDITED),
        (booked(sold("0.00 EUR")), Standing.PAID),
    ],
    ids=["unpaid", "partly paid", "paid", "reversed unpaid", "reversed", "free of charge"],
)
def test_the_standing_of_a_document_follows_from_its_lines(held: Ledger, wanted: Standing) -> None:
    assert standing(issued(sold("10.00 EUR", "20.00 EUR")), held) is wanted


def test_a_document_partly_credited_and_the_rest_paid_is_paid() -> None:
    state = running(pays=False)
    state = changed(state, at(4, 16), quantity=0)
    invoice = issued(sold("30.00 EUR"))
    assert standing(invoice, state.ledger) is Standing.UNPAID
    assert standing(invoice, settled(state).ledger) is Standing.PAID
    assert settled(state).ledger.line("seats:1").paid == money("15.00 EUR")


def test_a_document_with_one_line_credited_and_the_other_paid_is_paid() -> None:
    held = booked(sold("10.00 EUR", "20.00 EUR"))
    credit, _ = reversal(held, "inv-1").lines
    held = book(held, quote_of(credit), document="cn-1", by=BY, now=at(4, 2)).state
    assert standing(issued(sold("10.00 EUR", "20.00 EUR")), paid(held, "20.00 EUR")) is Standing.PAID


def test_the_standing_of_a_document_that_was_not_booked_is_unknown() -> None:
    with pytest.raises(UnknownLine) as caught:
        standing(issued(sold("1.00 EUR"), document="inv-9"), booked(sold("1.00 EUR")))
    assert caught.value == UnknownLine(ledger="acme", wanted="inv-9")


@given(
    minors=st.lists(st.integers(0, 3_000), min_size=1, max_size=4).filter(any),
    days=st.lists(st.integers(1, 100), max_size=3),
    code=st.sampled_from(["JPY", "EUR", "KWD"]),
    rounding=st.sampled_from(TaxRounding),
    treatment=st.sampled_from(TaxTreatment),
)
def test_the_credit_notes_of_an_invoice_take_off_in_the_end_its_very_net_and_taxes(
    minors: list[int], days: list[int], code: str, rounding: TaxRounding, treatment: TaxTreatment
) -> None:
    currency = Currency(code)
    quote = sold(
        *(str(Money(minor, currency)) for minor in minors),
        rates=(VAT,),
        taxes=TaxTerms(rounding=rounding, treatment=treatment),
    )
    invoice, held = issued(quote), booked(quote)
    notes: list[Document] = []
    for percent in (*days, 100):
        found = [
            one.credit_of(one.left.scaled(Fraction(percent, 100)).minor, None, Reason.CORRECTION)
            for one in held.of_document("inv-1")
        ]
        credits_ = quote_of(*(one for one in found if one.amount), taxes=TaxTerms())
        if credits_.lines:
            notes.append(credit_note(credits_))
            held = book(held, credits_, document=f"cn-{len(notes)}", by=BY, now=at(4, 2)).state
    zero = Money.zero(currency)
    assert sum((note.net for note in notes), zero) == invoice.net
    assert sum((note.total for note in notes), zero) == invoice.total
    assert sum((tax.amount for note in notes for tax in note.taxes), zero) == invoice.taxes[0].amount
    assert standing(invoice, held) is Standing.CREDITED


def test_the_credit_note_of_a_change_has_the_taxes_of_the_days_given_back() -> None:
    state = running(terms(rates=(VAT,)))
    quote = quote_change(state, ItemChange(quantity=2), now=at(4, 16))
    note = credit_note(quote)
    assert (note.net.text, [tax.amount.text for tax in note.taxes], note.total.text) == ("15.00", ["3.15"], "18.15")
    assert (issued(quote).net.text, issued(quote).total.text) == ("30.00", "36.30")
    assert issued(quote).total - note.total == quote.due


def test_a_number_is_dated_as_its_document() -> None:
    dated = DocumentNumber(series="F-", number=3, issued_on=APRIL_16)
    assert issued(sold("1.00 EUR"), number=dated).number.issued_on == APRIL_16
