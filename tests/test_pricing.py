"""Flat prices and prices per unit, exact before any rounding."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidQuantity
from licensing_core.currencies import Currency
from licensing_core.money import MAX_MINOR, Money
from licensing_core.pricing import FlatPrice, UnitPrice

EUR = Currency("EUR")
QUANTITIES = st.integers(1, MAX_COUNT)


def test_a_flat_price_is_for_the_whole_and_a_unit_price_for_each() -> None:
    price = Money.parse("12.50 EUR")
    assert FlatPrice(price).exact(3) == 1250
    assert UnitPrice(price).exact(3) == 3750
    assert FlatPrice(price).currency is UnitPrice(price).currency is EUR


def test_a_flat_price_is_no_unit_price() -> None:
    prices: list[FlatPrice | UnitPrice] = [FlatPrice(Money.zero(EUR)), UnitPrice(Money.zero(EUR))]
    assert len(set(prices)) == 2


@pytest.mark.parametrize("kind", [FlatPrice, UnitPrice])
def test_a_price_is_zero_or_more(kind: type[FlatPrice] | type[UnitPrice]) -> None:
    assert kind(Money.zero(EUR)).exact(5) == 0
    with pytest.raises(InvalidArgument) as caught:
        kind(Money.parse("-0.01 EUR"))
    assert str(caught.value) == "price must be zero or more, got -0.01 EUR"


@pytest.mark.parametrize("price", [None, 1250, "12.50 EUR", 12.5])
def test_a_price_is_money(price: Any) -> None:
    with pytest.raises(InvalidArgument, match="price must be of type Money"):
        UnitPrice(price)


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5, None, "3", MAX_COUNT + 1])
def test_only_a_quantity_has_a_price(quantity: Any) -> None:
    for price in (FlatPrice(Money.zero(EUR)), UnitPrice(Money.zero(EUR))):
        with pytest.raises(InvalidQuantity):
            price.exact(quantity)


@given(st.integers(0, MAX_MINOR), QUANTITIES, QUANTITIES)
def test_two_purchases_cost_as_much_as_one_of_both(minor: int, one: int, two: int) -> None:
    price = UnitPrice(Money(minor, EUR))
    if one + two <= MAX_COUNT:
        assert price.exact(one) + price.exact(two) == price.exact(one + two)
    assert type(price.exact(one)) is Fraction
