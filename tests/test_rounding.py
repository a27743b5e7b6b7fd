"""Rounding and allocation: the one rounding of the library, parts that add up, and what is refused."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from licensing_core.checks import InvalidArgument, InvalidQuantity
from licensing_core.money import (
    MAX_MINOR,
    MAX_WEIGHTS,
    Allocation,
    AllocationMethod,
    Currency,
    CurrencyMismatch,
    InvalidAmount,
    InvalidWeights,
    Money,
    Rounding,
)

EUR, USD, JPY = map(Currency, ("EUR", "USD", "JPY"))
THIRD = Fraction(1, 3)
INEXACT = [1.0, float("nan"), float("inf"), -0.0, Decimal(1), Decimal("sNaN"), Decimal("1e9999999"), True, "1", None]
LARGEST, FIRST, WEIGHT, SEPARATE = (
    AllocationMethod.LARGEST_REMAINDER,
    AllocationMethod.FIRST,
    AllocationMethod.LARGEST_WEIGHT,
    AllocationMethod.SEPARATE,
)


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


def minors(allocation: Allocation) -> tuple[list[int], int]:
    return [part.minor for part in allocation.parts], allocation.rest.minor


TOP, BOTTOM, ONE = Money(MAX_MINOR, EUR), Money(-MAX_MINOR, EUR), Money(1, EUR)


# Rounding

NUMBERS = ["5.5", "2.5", "1.6", "1.1", "1.0", "-1.0", "-1.1", "-1.6", "-2.5", "-5.5"]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Rounding.UP, [6, 3, 2, 2, 1, -1, -2, -2, -3, -6]),
        (Rounding.DOWN, [5, 2, 1, 1, 1, -1, -1, -1, -2, -5]),
        (Rounding.CEILING, [6, 3, 2, 2, 1, -1, -1, -1, -2, -5]),
        (Rounding.FLOOR, [5, 2, 1, 1, 1, -1, -2, -2, -3, -6]),
        (Rounding.HALF_UP, [6, 3, 2, 1, 1, -1, -1, -2, -3, -6]),
        (Rounding.HALF_DOWN, [5, 2, 2, 1, 1, -1, -1, -2, -2, -5]),
        (Rounding.HALF_EVEN, [6, 2, 2, 1, 1, -1, -1, -2, -2, -6]),
    ],
)
def test_each_mode_rounds_as_its_table_says(mode: Rounding, expected: list[int]) -> None:
    """The table is that of java.math.RoundingMode."""
    assert [Money.rounded(Fraction(number), JPY, mode).minor for number in NUMBERS] == expected
    assert [mode.quotient(*Fraction(number).as_integer_ratio()) for number in NUMBERS] == expected


def test_thirds_are_rounded_by_their_exact_value() -> None:
    for mode, numerator in product(Rounding, range(-7, 8)):
        below, cut = divmod(numerator, 3)
        nearest = below + (cut == 2)
        expected = {
            Rounding.UP: below + (cut > 0 and below >= 0),
            Rounding.DOWN: below + (cut > 0 and below < 0),
            Rounding.CEILING: below + (cut > 0),
            Rounding.FLOOR: below,
        }
        assert mode.quotient(numerator, 3) == expected.get(mode, nearest)


@pytest.mark.parametrize(
    ("numerator", "denominator"), [(1, 0), (1, -2), (1.0, 2), (1, 2.0), (True, 2), (1, True), (Fraction(1), 2)]
)
def test_a_quotient_is_of_ints(numerator: Any, denominator: Any) -> None:
    with pytest.raises(InvalidQuantity) as refused:
        Rounding.HALF_UP.quotient(numerator, denominator)
    assert refused.value.expected == "an int over an int above 0"


def test_the_values_of_the_modes_are_their_names_in_the_vectors() -> None:
    modes = ["half_up", "half_down", "half_even", "up", "down", "ceiling", "floor"]
    assert [Rounding(mode) for mode in modes] == list(Rounding)
    methods = ["first", "largest_remainder", "largest_weight", "separate"]
    assert [AllocationMethod(method) for method in methods] == list(AllocationMethod)


def test_a_share_of_a_price_is_rounded_once() -> None:
    price = euros("62.00")
    assert price.scaled(Fraction(10, 31)) == euros("20.00")
    assert price.scaled(2) == euros("124.00")
    assert euros("0.01").scaled(Fraction(1, 2)) == euros("0.01")
    assert euros("0.01").scaled(Fraction(1, 2), Rounding.HALF_EVEN) == euros("0.00")
    assert euros("-0.01").scaled(Fraction(1, 2)) == euros("-0.01")
    assert euros("10.00").scaled(THIRD).scaled(3) != euros("10.00").scaled(THIRD * 3)


@pytest.mark.parametrize("number", INEXACT, ids=repr)
def test_only_exact_numbers_are_rounded(number: Any) -> None:
    with pytest.raises(InvalidAmount) as refused:
        Money.rounded(number, EUR)
    assert (refused.value.parameter, refused.value.expected) == ("exact_minor", "an int or a Fraction")
    with pytest.raises(InvalidAmount) as refused:
        ONE.scaled(number)
    assert refused.value.parameter == "factor"


@pytest.mark.parametrize("rounding", ["half_up", None, AllocationMethod.FIRST], ids=repr)
def test_a_rounding_is_one_of_the_modes(rounding: Any) -> None:
    ways: list[Callable[[], object]] = [
        lambda: ONE.scaled(THIRD, rounding),
        lambda: Money.rounded(THIRD, EUR, rounding),
    ]
    for make in ways:
        with pytest.raises(InvalidArgument) as refused:
            make()
        assert refused.value.parameter == "rounding"


# Allocation


@pytest.mark.parametrize(
    ("method", "total", "weights", "unit", "parts", "rest"),
    [
        (LARGEST, 100, [3, 3, 1], 1, [43, 43, 14], 0),
        (FIRST, 100, [3, 3, 1], 1, [43, 43, 14], 0),
        (FIRST, 10000, [30, 20, 40], 1, [3334, 2222, 4444], 0),
        (LARGEST, 10000, [1, 2, 3, 7], 5, [770, 1540, 2305, 5385], 0),
        (FIRST, 10000, [1, 2, 3, 7], 5, [770, 1540, 2310, 5380], 0),
        (FIRST, 5, [0, 3, 3, 4], 1, [0, 2, 1, 2], 0),
        (WEIGHT, 5, [3, 3, 4], 1, [1, 1, 3], 0),
        (WEIGHT, -1003, [50, 50], 1, [-502, -501], 0),
        (SEPARATE, 100, [2, 3, 1], 1, [33, 50, 16], 1),
        (SEPARATE, -10000, [30, 20, 40, 40], 1, [-2307, -1538, -3076, -3076], -3),
        (LARGEST, 0, [1, 2], 1, [0, 0], 0),
        (LARGEST, 2, [1, 1, 1, 1], 1, [1, 1, 0, 0], 0),
        (LARGEST, 1, [Fraction("0.33"), Fraction("0.66")], 1, [0, 1], 0),
        (LARGEST, 10, [THIRD, 1, THIRD], 1, [2, 6, 2], 0),
        (LARGEST, 100, (5,), 1, [100], 0),
        (LARGEST, 7, range(3), 1, [0, 2, 5], 0),
        # what is no whole unit of the total stays in the rest
        (LARGEST, 102, [1, 1], 5, [50, 50], 2),
        (LARGEST, 108, [1, 2], 5, [35, 70], 3),
        (FIRST, -108, [1, 2], 5, [-35, -70], -3),
        (SEPARATE, 108, [1, 2], 5, [35, 70], 3),
        (WEIGHT, 114, [1, 2], 5, [35, 75], 4),
        (LARGEST, 4, [1, 2], 5, [0, 0], 4),
    ],
)
def test_an_amount_is_divided_by_weights(
    method: AllocationMethod, total: int, weights: Sequence[Any], unit: int, parts: list[int], rest: int
) -> None:
    divided = Money(total, EUR).allocate(weights, method, unit=unit)
    assert minors(divided) == (parts, rest)
    assert {type(part) for part in (*divided.parts, divided.rest)} == {Money}
    assert {part.currency for part in (*divided.parts, divided.rest)} == {EUR}


def test_a_split_gives_equal_parts_the_larger_ones_first() -> None:
    assert minors(Money(100, EUR).split(3)) == ([34, 33, 33], 0)
    assert minors(Money(-100, EUR).split(3)) == ([-34, -33, -33], 0)
    assert minors(Money(100, EUR).split(3, SEPARATE)) == ([33, 33, 33], 1)
    assert minors(Money(10000, EUR).split(3, unit=5)) == ([3335, 3335, 3330], 0)
    assert minors(Money(10000, EUR).split(3, SEPARATE, unit=5)) == ([3330, 3330, 3330], 10)
    assert minors(Money(0, EUR).split(2)) == ([0, 0], 0)
    assert len(Money(7, EUR).split(MAX_WEIGHTS).parts) == MAX_WEIGHTS


@pytest.mark.parametrize(
    ("weights", "expected", "got"),
    [
        ([], "1 to 100000 numbers", "0 numbers"),
        ((1,) * (MAX_WEIGHTS + 1), "1 to 100000 numbers", "100001 numbers"),
        (range(10**12), "1 to 100000 numbers", "1000000000000 numbers"),
        ([1, 2, -1], "no number below zero", "a negative one"),
        ([Fraction(-1, 2)], "no number below zero", "a negative one"),
        ([0, 0], "a number above zero, of at most 4096 bits", "0 bits"),
        ([Fraction(0)], "a number above zero, of at most 4096 bits", "0 bits"),
        ([1, 2**4096], "a number above zero, of at most 4096 bits", "4097 bits"),
        ([THIRD, Fraction(1, 2**4096)], "a common denominator of at most 4096 bits", "a longer one"),
        ([1, 0.5], "ints or Fractions", "float 0.5"),
        ([1, True], "ints or Fractions", "bool"),
        ([Decimal(1)], "ints or Fractions", "Decimal"),
        (["1"], "ints or Fractions", "str of 1 characters"),
        ("12", "ints or Fractions", "str of 1 characters"),
        ({1, 2}, "a sequence of numbers", "set"),
        (None, "a sequence of numbers", "None"),
        (3, "a sequence of numbers", "3"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_bad_weights_are_refused(weights: Any, expected: str, got: str) -> None:
    with pytest.raises(InvalidWeights) as refused:
        ONE.allocate(weights)
    assert refused.value == InvalidWeights(parameter="weights", expected=expected, got=got)
    assert refused.value.code == "allocation.invalid"


def test_weights_of_many_bits_divide_exactly() -> None:
    assert minors(Money(100, EUR).allocate([2**4095, 1])) == ([100, 0], 0)
    assert minors(Money(100, EUR).allocate([Fraction(1, 2**4094), 0])) == ([100, 0], 0)


@pytest.mark.parametrize("count", [0, -1, MAX_WEIGHTS + 1, True, 2.0, None, "2"], ids=repr)
def test_a_split_is_into_some_parts(count: Any) -> None:
    with pytest.raises(InvalidWeights) as refused:
        ONE.split(count)
    assert (refused.value.parameter, refused.value.expected) == ("count", "an int from 1 to 100000")


@pytest.mark.parametrize("unit", [0, -1, MAX_MINOR + 1, True, 0.05, Decimal("0.05"), None], ids=repr)
def test_a_unit_is_a_number_of_minor_units(unit: Any) -> None:
    ways: list[Callable[[], object]] = [lambda: ONE.split(2, unit=unit), lambda: ONE.allocate([1, 2], unit=unit)]
    for divide in ways:
        with pytest.raises(InvalidQuantity) as refused:
            divide()
        assert refused.value.parameter == "unit"


def test_the_bounds_of_an_allocation_are_within() -> None:
    assert minors(TOP.split(1, unit=MAX_MINOR)) == ([MAX_MINOR], 0)
    assert minors(TOP.allocate([0, 1], unit=MAX_MINOR)) == ([0, MAX_MINOR], 0)
    assert len(ONE.allocate([0] * (MAX_WEIGHTS - 1) + [1]).parts) == MAX_WEIGHTS
    assert minors(ONE.allocate([0, Fraction(1, 2**4095)])) == ([0, 1], 0)


@pytest.mark.parametrize("method", ["first", None, Rounding.UP], ids=repr)
def test_a_method_is_one_of_the_methods(method: Any) -> None:
    ways: list[Callable[[], object]] = [lambda: ONE.split(2, method), lambda: ONE.allocate([1, 2], method)]
    for divide in ways:
        with pytest.raises(InvalidArgument) as refused:
            divide()
        assert (refused.value.parameter, refused.value.expected) == ("method", "an AllocationMethod")


def test_an_allocation_is_of_one_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        Allocation((Money(1, EUR),), Money(0, USD))
    with pytest.raises(InvalidArgument):
        Allocation((1,), Money(0, USD))  # type: ignore[arg-type]
    assert Allocation((Money(1, EUR),), Money(0, EUR)) == Money(1, EUR).split(1)
