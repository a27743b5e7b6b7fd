"""Prices by quantity, exact before any rounding: flat, per unit, in packages, in tiers."""

import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidQuantity
from licensing_core.currencies import Currency
from licensing_core.money import MAX_MINOR, CurrencyMismatch, Money
from licensing_core.pricing import (
    FlatPrice,
    InvalidTiers,
    PackagePrice,
    Price,
    PriceMissing,
    Tier,
    TieredPrice,
    Tiering,
    UnitPrice,
    price_in,
)

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


# Prices per so many units, packages and tiers.


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


def cents(minor: int) -> Money:
    return Money(minor, EUR)


def tiers(*rows: tuple[int | None, int] | tuple[int | None, int, int | None]) -> tuple[Tier, ...]:
    """Tiers of up to so many units, at so many cents each, with so many cents once."""
    return tuple(
        Tier(up_to=row[0], unit=cents(row[1]), flat=None if len(row) < 3 or row[2] is None else cents(row[2]))
        for row in rows
    )


@pytest.mark.parametrize(
    ("quantity", "wanted"),
    [
        (1, Fraction(3, 40)),  # 0.75 over 1,000
        (999, Fraction(2997, 40)),
        (1000, Fraction(75)),
        (1001, Fraction(3003, 40)),
        (12_000, Fraction(900)),
    ],
)
def test_a_price_for_so_many_units_is_in_proportion(quantity: int, wanted: Fraction) -> None:
    assert UnitPrice(euros("0.75"), per=1000).exact(quantity) == wanted


@pytest.mark.parametrize(
    ("included", "minimum", "quantity", "wanted"),
    [
        (0, None, 10, 1000),
        (3, None, 1, 0),
        (3, None, 3, 0),
        (3, None, 4, 100),
        (3, None, 10, 700),
        (0, "5.00", 4, 500),
        (0, "5.00", 5, 500),
        (0, "5.00", 6, 600),
        (3, "5.00", 3, 500),
        (3, "5.00", 8, 500),
        (3, "5.00", 9, 600),
        (0, "0.00", 1, 100),
    ],
)
def test_included_units_come_off_first_and_the_minimum_holds_last(
    included: int, minimum: str | None, quantity: int, wanted: int
) -> None:
    least = None if minimum is None else euros(minimum)
    kinds: list[Price] = [
        UnitPrice(euros("1.00"), included=included, minimum=least),
        PackagePrice(euros("1.00"), 1, included=included, minimum=least),
        TieredPrice(tiers((None, 100)), Tiering.GRADUATED, included=included, minimum=least),
        TieredPrice(tiers((None, 100)), Tiering.VOLUME, included=included, minimum=least),
    ]
    assert [price.exact(quantity) for price in kinds] == [wanted] * 4


@pytest.mark.parametrize(
    ("included", "quantity", "packages"),
    [(0, 1, 1), (0, 100, 1), (0, 101, 2), (0, 200, 2), (0, 201, 3), (50, 50, 0), (50, 51, 1), (50, 150, 1)],
)
def test_a_package_that_is_begun_counts_whole(included: int, quantity: int, packages: int) -> None:
    assert PackagePrice(euros("9.00"), 100, included=included).exact(quantity) == 900 * packages


STEPS = tiers((10, 1000), (20, 700, 500), (None, 400, 0))


@pytest.mark.parametrize(
    ("quantity", "graduated", "volume"),
    [
        (1, 1000, 1000),
        (10, 10_000, 10_000),
        (11, 10_000 + 700 + 500, 7700 + 500),
        (20, 10_000 + 7000 + 500, 14_000 + 500),
        (21, 10_000 + 7000 + 500 + 400, 8400),
        (100, 10_000 + 7000 + 500 + 32_000, 40_000),
    ],
)
def test_units_are_priced_by_their_own_tier_or_all_by_the_last_one(quantity: int, graduated: int, volume: int) -> None:
    assert TieredPrice(STEPS, Tiering.GRADUATED).exact(quantity) == graduated
    assert TieredPrice(STEPS, Tiering.VOLUME).exact(quantity) == volume


def test_included_units_lie_in_no_tier() -> None:
    assert TieredPrice(STEPS, Tiering.GRADUATED, included=10).exact(20) == 10_000
    assert TieredPrice(STEPS, Tiering.VOLUME, included=10).exact(21) == 7700 + 500
    assert TieredPrice(tiers((None, 100, 5000)), Tiering.GRADUATED, included=10).exact(10) == 0


def test_a_flat_part_is_charged_once_a_unit_lies_in_its_tier() -> None:
    stairs = tiers((10, 0, 1000), (None, 0, 500))
    assert [TieredPrice(stairs, Tiering.GRADUATED).exact(units) for units in (1, 10, 11, 500)] == [
        1000,
        1000,
        1500,
        1500,
    ]
    assert [TieredPrice(stairs, Tiering.VOLUME).exact(units) for units in (1, 10, 11, 500)] == [1000, 1000, 500, 500]


def test_a_tier_that_is_far_away_costs_no_time() -> None:
    far = TieredPrice(tiers((MAX_COUNT - 1, 3), (None, 5)), Tiering.GRADUATED)
    assert far.exact(MAX_COUNT) == 3 * (MAX_COUNT - 1) + 5
    assert TieredPrice(tiers((MAX_COUNT - 1, 3), (None, 5)), Tiering.VOLUME).exact(MAX_COUNT) == 5 * MAX_COUNT


EXPECTED = "each up to more than the one before, the last without end"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((), "1 to 100"),
        (((None, 1),) * 101, "1 to 100"),
        (((10, 1),), EXPECTED),
        (((10, 1), (20, 1)), EXPECTED),
        (((None, 1), (None, 1)), EXPECTED),
        (((None, 1), (10, 1)), EXPECTED),
        (((20, 1), (10, 1), (None, 1)), EXPECTED),
        (((10, 1), (10, 1), (None, 1)), EXPECTED),
        (((10, 1), (None, 1), (20, 1), (None, 1)), EXPECTED),
    ],
)
def test_tiers_cover_every_quantity_once(rows: tuple[tuple[int | None, int], ...], expected: str) -> None:
    for tiering in Tiering:
        with pytest.raises(InvalidTiers) as caught:
            TieredPrice(tiers(*rows), tiering)
        assert (caught.value.parameter, caught.value.expected) == ("tiers", expected)


def test_there_may_be_a_hundred_tiers() -> None:
    many = tiers(*((end, 1) for end in range(1, 100)), (None, 1))
    assert [TieredPrice(many, tiering).exact(1000) for tiering in Tiering] == [1000, 1000]


@pytest.mark.parametrize("up_to", [0, -1, True, 1.5, "10", MAX_COUNT + 1])
def test_a_tier_ends_with_a_unit(up_to: Any) -> None:
    with pytest.raises(InvalidQuantity, match=r"^up_to must be "):
        Tier(up_to=up_to, unit=cents(1))


USD = Currency("USD")


@pytest.mark.parametrize(
    "make",
    [
        lambda: UnitPrice(cents(1), minimum=Money(1, USD)),
        lambda: PackagePrice(cents(1), 10, minimum=Money(1, USD)),
        lambda: TieredPrice(tiers((None, 1)), Tiering.VOLUME, minimum=Money(1, USD)),
        lambda: TieredPrice((*tiers((10, 1)), Tier(up_to=None, unit=Money(1, USD))), Tiering.VOLUME),
        lambda: TieredPrice((Tier(up_to=None, unit=cents(1), flat=Money(1, USD)),), Tiering.GRADUATED),
    ],
)
def test_a_price_is_in_one_currency(make: Callable[[], Price]) -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        make()
    assert caught.value == CurrencyMismatch(expected=EUR, got=USD)


@pytest.mark.parametrize(
    ("parameter", "make"),
    [
        ("minimum", lambda: UnitPrice(cents(1), minimum=cents(-1))),
        ("minimum", lambda: PackagePrice(cents(1), 10, minimum=cents(-1))),
        ("minimum", lambda: TieredPrice(tiers((None, 1)), Tiering.VOLUME, minimum=cents(-1))),
        ("price", lambda: PackagePrice(cents(-1), 10)),
        ("unit", lambda: Tier(up_to=None, unit=cents(-1))),
        ("flat", lambda: Tier(up_to=None, unit=cents(1), flat=cents(-1))),
    ],
)
def test_no_part_of_a_price_is_negative(parameter: str, make: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgument, match=f"^{parameter} must be zero or more, got -0.01 EUR$"):
        make()


@pytest.mark.parametrize("number", [0, -1, True, 1.5, "3", MAX_COUNT + 1])
@pytest.mark.parametrize("parameter", ["per", "size", "included"])
def test_a_price_is_for_a_number_of_units(parameter: str, number: Any) -> None:
    def make() -> Price:
        if parameter == "size":
            return PackagePrice(cents(1), number)
        arguments: dict[str, Any] = {parameter: number}
        return UnitPrice(cents(1), **arguments)

    if (parameter, number) == ("included", 0):
        assert make().exact(1) == 1
        return
    with pytest.raises(InvalidQuantity, match=f"^{parameter} must be "):
        make()


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5, None, "3", MAX_COUNT + 1])
def test_every_price_is_of_a_quantity(quantity: Any) -> None:
    for price in (PackagePrice(cents(1), 10), *(TieredPrice(STEPS, tiering) for tiering in Tiering)):
        with pytest.raises(InvalidQuantity, match=r"^quantity must be "):
            price.exact(quantity)


def test_prices_are_told_apart_by_each_of_their_parts() -> None:
    made: list[Price] = [
        UnitPrice(cents(1)),
        UnitPrice(cents(2)),
        UnitPrice(cents(1), per=10),
        UnitPrice(cents(1), included=1),
        UnitPrice(cents(1), minimum=cents(0)),
        PackagePrice(cents(1), 1),
        PackagePrice(cents(1), 10),
        TieredPrice(STEPS, Tiering.VOLUME),
        TieredPrice(STEPS, Tiering.GRADUATED),
        TieredPrice(STEPS[1:], Tiering.GRADUATED),
    ]
    assert len(set(made)) == len(made)
    assert [pickle.loads(pickle.dumps(price)) for price in made] == made
    assert all(price.currency is EUR for price in made)


@pytest.mark.parametrize("code", [None, "EUR", "USD", "JPY"])
def test_the_price_in_a_currency_need_be_named_only_among_several(code: str | None) -> None:
    currency = None if code is None else Currency(code)
    one, two = FlatPrice(cents(1)), UnitPrice(Money(1, USD))
    if code in (None, "EUR"):
        assert price_in((one,), currency, sold="seats") is one
    if code in ("EUR", "USD"):
        assert price_in((one, two), currency, sold="seats") is (one if code == "EUR" else two)
    else:
        with pytest.raises(PriceMissing) as caught:
            price_in((one, two), currency, sold="seats")
        assert caught.value == PriceMissing(sold="seats", currency=code, offered=("EUR", "USD"))


def test_a_missing_price_says_what_there_is() -> None:
    one, two = FlatPrice(cents(1)), FlatPrice(Money(1, USD))
    with pytest.raises(PriceMissing) as caught:
        price_in((one, two), None, sold="seats")
    assert str(caught.value) == "'seats': no currency was named; choose one of EUR, USD"
    with pytest.raises(PriceMissing) as caught:
        price_in((one,), USD, sold="seats")
    assert str(caught.value) == "'seats': it has no price in USD; choose one of EUR"
    with pytest.raises(InvalidArgument, match=r"^currency must be "):
        price_in((one,), "EUR", sold="seats")  # type: ignore[arg-type]
