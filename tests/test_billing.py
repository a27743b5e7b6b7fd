"""Quotes and their lines."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from licensing_core.billing import Quote, QuoteLine, line
from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidId, InvalidQuantity
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Span
from licensing_core.pricing import FlatPrice, UnitPrice
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


@pytest.mark.parametrize("parts", [{"billed": HALF}, {"period": APRIL}], ids=["no period", "nothing billed"])
def test_the_days_billed_and_the_period_come_together(parts: dict[str, Span]) -> None:
    with pytest.raises(InvalidArgument, match="a Span with billed, None without"):
        QuoteLine(item="x", quantity=1, price=UnitPrice(eur("1.00")), amount=eur("1.00"), **parts)


def test_an_amount_is_in_the_currency_of_its_price() -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        QuoteLine(item="x", quantity=1, price=UnitPrice(eur("1.00")), amount=Money.parse("1 JPY"))
    assert caught.value == CurrencyMismatch(expected=Currency("EUR"), got=Currency("JPY"))


def test_a_quote_is_in_one_currency() -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        Quote(currency=Currency("JPY"), lines=(line("x", 1, UnitPrice(eur("1.00"))),))
    assert caught.value == CurrencyMismatch(expected=Currency("JPY"), got=Currency("EUR"))
