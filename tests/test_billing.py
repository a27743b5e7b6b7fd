"""Quotes and their lines."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core.billing import (
    CreditLine,
    LineDiscount,
    Quote,
    QuoteChanged,
    QuoteLine,
    Tax,
    TaxRate,
    TaxTerms,
    TaxTreatment,
    line,
    require_confirmed,
)
from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidId, InvalidQuantity
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Span
from licensing_core.pricing import FlatPrice, UnitPrice
from tests.billing_world import quote_of, sold
from tests.builders import eur

APRIL = Span(date(2024, 4, 1), date(2024, 5, 1))
HALF = Span(date(2024, 4, 16), date(2024, 5, 1))


def test_half_a_period_is_half_the_price() -> None:
    found = line("base", 5, UnitPrice(eur("30.00")), billed=HALF, period=APRIL)
    assert (found.amount, found.share, found.exact) == (eur("75.00"), Fraction(1, 2), Fraction(7500))


def test_a_price_for_no_period_is_charged_in_full() -> None:
    found = line("ten", 10, FlatPrice(eur("1800.00")))
    assert (found.amount, found.share, found.billed) == (eur("1800.00"), Fraction(1), None)


@pytest.mark.parametrize(
    ("price", "billed", "wanted"),
    [
        ("0.01 EUR", HALF, "0.01 EUR"),
        ("0.03 EUR", HALF, "0.02 EUR"),
        ("0.01 EUR", Span(date(2024, 4, 17), date(2024, 5, 1)), "0.00 EUR"),
        ("1 JPY", HALF, "1 JPY"),
        ("100 JPY", Span(date(2024, 4, 30), date(2024, 5, 1)), "3 JPY"),
        ("1.005 KWD", HALF, "0.503 KWD"),
        ("0.00 EUR", APRIL, "0.00 EUR"),
    ],
)
def test_a_line_is_rounded_once_and_half_up(price: str, billed: Span, wanted: str) -> None:
    assert str(line("x", 1, UnitPrice(Money.parse(price)), billed=billed, period=APRIL).amount) == wanted


def test_the_rounding_is_of_the_line_and_not_of_the_unit() -> None:
    assert line("x", 3, UnitPrice(eur("0.03")), billed=HALF, period=APRIL).amount == eur("0.05")


def test_what_is_due_is_the_sum_of_the_lines() -> None:
    lines = tuple(line(item, 1, UnitPrice(eur("0.01")), billed=HALF, period=APRIL) for item in ("a", "b", "c"))
    assert Quote(currency=Currency("EUR"), lines=lines).due == eur("0.03")
    assert Quote(currency=Currency("JPY"), lines=()).due == Money.zero(Currency("JPY"))


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5, "1", MAX_COUNT + 1])
def test_a_line_has_a_quantity(quantity: Any) -> None:
    with pytest.raises(InvalidQuantity):
        QuoteLine(item="x", quantity=quantity, price=UnitPrice(eur("1.00")), amount=eur("1.00"))


def test_a_line_has_an_id() -> None:
    with pytest.raises(InvalidId):
        line("", 1, UnitPrice(eur("1.00")))


def test_what_is_billed_is_a_part_of_a_period() -> None:
    with pytest.raises(InvalidArgument, match="a Span or Period with billed"):
        QuoteLine(item="x", quantity=1, price=UnitPrice(eur("1.00")), amount=eur("1.00"), billed=HALF)


def test_nothing_billed_of_a_period_costs_nothing() -> None:
    found = line("x", 1, UnitPrice(eur("1.00")), period=APRIL)
    assert (found.amount, found.share) == (eur("0.00"), Fraction(0))


def test_an_amount_is_in_the_currency_of_its_price() -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        QuoteLine(item="x", quantity=1, price=UnitPrice(eur("1.00")), amount=Money.parse("1 JPY"))
    assert caught.value == CurrencyMismatch(expected=Currency("EUR"), got=Currency("JPY"))


def test_a_quote_is_in_one_currency() -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        Quote(currency=Currency("JPY"), lines=(line("x", 1, UnitPrice(eur("1.00"))),))
    assert caught.value == CurrencyMismatch(expected=Currency("JPY"), got=Currency("EUR"))


VAT_21 = TaxRate(id="vat", percent=Fraction(21))
INCLUSIVE = TaxTerms(treatment=TaxTreatment.INCLUSIVE)


def test_a_period_without_what_is_billed_of_it_costs_nothing_whatever_the_price() -> None:
    assert line("x", 9, FlatPrice(eur("99.99")), period=APRIL, rates=(VAT_21,)).amount == eur("0.00")


def test_discounts_come_off_the_whole_period_before_it_is_prorated() -> None:
    five_off = LineDiscount(id="five", exact=Fraction(500))
    found = line("base", 1, UnitPrice(eur("30.00")), billed=HALF, period=APRIL, discounts=(five_off,))
    assert (found.exact_price, found.amount) == (Fraction(2500), eur("12.50"))


def test_discounts_are_at_most_the_price() -> None:
    whole, more = (LineDiscount(id="off", exact=Fraction(exact)) for exact in (3000, 3001))
    assert line("base", 1, UnitPrice(eur("30.00")), discounts=(whole,)).amount == eur("0.00")
    with pytest.raises(InvalidArgument) as caught:
        line("base", 1, UnitPrice(eur("30.00")), discounts=(more,))
    assert caught.value == InvalidArgument(parameter="discounts", expected="at most the price", got="more")


def test_the_amount_of_a_line_is_what_it_comes_to() -> None:
    with pytest.raises(InvalidArgument) as caught:
        QuoteLine(item="x", quantity=2, price=UnitPrice(eur("1.00")), amount=eur("2.01"))
    expected = "what the line comes to, 2.00 EUR"
    assert caught.value == InvalidArgument(parameter="amount", expected=expected, got="2.01 EUR")


@pytest.mark.parametrize(("netting", "amount"), [(0, "2.00"), (1, "2.01"), (-1, "1.99"), (-200, "0.00")])
def test_netting_moves_a_line_and_nothing_else_of_it(netting: int, amount: str) -> None:
    found = QuoteLine(item="x", quantity=2, price=UnitPrice(eur("1.00")), netting=netting, amount=eur(amount))
    assert (found.exact, found.share) == (Fraction(200), Fraction(1))


def test_netting_leads_no_line_below_zero() -> None:
    with pytest.raises(InvalidArgument) as caught:
        QuoteLine(item="x", quantity=2, price=UnitPrice(eur("1.00")), netting=-201, amount=eur("-0.01"))
    expected = "no more than the line comes to"
    assert caught.value == InvalidArgument(parameter="netting", expected=expected, got="-201")


def test_no_line_has_one_rate_twice() -> None:
    with pytest.raises(InvalidArgument) as caught:
        line("x", 1, UnitPrice(eur("1.00")), rates=(VAT_21, TaxRate(id="vat", percent=Fraction(10))))
    assert caught.value == InvalidArgument(parameter="rates", expected="each of another id", got="one twice")


@pytest.mark.parametrize(
    ("taxes", "charged", "tax"),
    [(TaxTerms(), "36.30", "6.30"), (INCLUSIVE, "30.00", "5.21")],
    ids=["exclusive", "inclusive"],
)
def test_what_is_charged_has_its_taxes_on_top_or_within(taxes: TaxTerms, charged: str, tax: str) -> None:
    found = sold("10.00 EUR", "20.00 EUR", rates=(VAT_21,), taxes=taxes)
    assert (found.charged, [one.amount for one in found.tax_totals]) == (eur(charged), [eur(tax)])


def a_credit(amount: str, *, gross: str | None = None, relief: str = "0.00", taxes: str = "0.00") -> CreditLine:
    return CreditLine(
        line="inv-1:1",
        document="inv-1",
        item="base",
        exact=Fraction(eur(amount).minor),
        amount=eur(amount),
        taxes=(Tax(id="vat", percent=Fraction(21), amount=eur(taxes)),),
        gross=eur(gross or amount),
        relief=eur(relief),
    )


def test_what_is_due_is_the_charges_less_what_was_paid_of_the_credits() -> None:
    credit = a_credit("15.00", gross="18.15", taxes="3.15", relief="8.15")
    found = quote_of(*sold("20.00 EUR").lines, credit)
    assert (found.charged, found.credited, found.due) == (eur("20.00"), eur("10.00"), eur("10.00"))
    assert (credit.net, credit.credit) == (eur("15.00"), eur("10.00"))


def test_a_credit_above_the_charges_stays_a_credit() -> None:
    assert quote_of(*sold("5.00 EUR").lines, a_credit("15.00")).due == eur("-10.00")


def test_the_net_of_a_credit_with_its_taxes_within_is_without_them() -> None:
    assert a_credit("12.10", taxes="2.10").net == eur("10.00")


def test_a_credit_has_its_taxes_within_or_on_top_and_nothing_else() -> None:
    with pytest.raises(InvalidArgument) as caught:
        a_credit("10.00", gross="11.00", taxes="2.10")
    expected = "amount, or amount and taxes"
    assert caught.value == InvalidArgument(parameter="gross", expected=expected, got="11.00 EUR")


def test_no_more_is_relieved_than_is_credited() -> None:
    with pytest.raises(InvalidArgument) as caught:
        a_credit("10.00", relief="10.01")
    assert caught.value == InvalidArgument(parameter="relief", expected="at most 10.00 EUR", got="10.01 EUR")


def test_the_amounts_of_a_credit_are_positive_and_of_one_currency() -> None:
    with pytest.raises(InvalidArgument, match="amount must be Money, zero or more"):
        a_credit("-1.00")
    with pytest.raises(CurrencyMismatch) as caught:
        evolve(a_credit("1.00"), relief=Money.parse("0 JPY"))
    assert caught.value == CurrencyMismatch(expected=Currency("EUR"), got=Currency("JPY"))


@pytest.mark.parametrize("confirmed", [None, ("10.00 EUR", "7 JPY"), ("7 JPY", "10.00 EUR")], ids=str)
def test_the_amounts_confirmed_are_those_due_in_any_order(confirmed: tuple[str, ...] | None) -> None:
    quotes = (sold("10.00 EUR"), sold("7 JPY"))
    amounts = None if confirmed is None else tuple(map(Money.parse, confirmed))
    require_confirmed(quotes, amounts)


@pytest.mark.parametrize("confirmed", [(), ("10.00 EUR",), ("10.00 EUR", "10.00 EUR"), ("10.01 EUR",)], ids=str)
def test_other_amounts_confirmed_than_due_are_refused(confirmed: tuple[str, ...]) -> None:
    amounts = tuple(map(Money.parse, confirmed))
    with pytest.raises(QuoteChanged) as caught:
        require_confirmed((sold("10.00 EUR"), sold("7 JPY")), amounts)
    assert caught.value == QuoteChanged(confirmed=amounts, due=(eur("10.00"), Money.parse("7 JPY")))
