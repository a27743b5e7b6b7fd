"""The laws of money, over cases that hypothesis finds and over seeded ones."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from licensing_core.money import AllocationMethod, Currency, Money, Rounding
from licensing_core.testing import laws_money as laws
from licensing_core.testing import strategies_money as some
from licensing_core.testing.law import LawBroken, require

EUR = Currency("EUR")
Weights = Sequence[int | Fraction]
divisions = given(some.amounts(), some.weights(), some.methods(), some.units())


@divisions
@example(Money(-101, EUR), [1, 0, 1], AllocationMethod.LARGEST_REMAINDER, 5)
def test_parts_and_rest_sum_to_the_total(total: Money, weights: Weights, method: AllocationMethod, unit: int) -> None:
    laws.parts_and_rest_sum_to_the_total(total, weights, method, unit)


@divisions
def test_parts_are_near_the_exact_ones(total: Money, weights: Weights, method: AllocationMethod, unit: int) -> None:
    laws.parts_are_near_the_exact_ones(total, weights, method, unit)


@divisions
def test_a_weight_of_zero_receives_nothing(total: Money, weights: Weights, method: AllocationMethod, unit: int) -> None:
    laws.a_weight_of_zero_receives_nothing(total, weights, method, unit)


@divisions
def test_parts_are_in_the_order_of_their_weights(
    total: Money, weights: Weights, method: AllocationMethod, unit: int
) -> None:
    laws.parts_are_in_the_order_of_their_weights(total, weights, method, unit)


@given(some.amounts(), some.weights(), st.fractions(Fraction(1, 99), 99, max_denominator=99))
def test_the_scale_of_the_weights_does_not_matter(total: Money, weights: Weights, factor: Fraction) -> None:
    laws.the_scale_of_the_weights_does_not_matter(total, weights, factor)


@given(some.amounts(), st.integers(1, 60), some.methods(), some.units())
def test_a_split_is_an_allocation_by_equal_weights(
    total: Money, count: int, method: AllocationMethod, unit: int
) -> None:
    laws.a_split_is_an_allocation_by_equal_weights(total, count, method, unit)


@given(st.integers(), st.integers(1), some.roundings())
def test_rounding_is_off_by_less_than_one_and_symmetric(numerator: int, denominator: int, mode: Rounding) -> None:
    laws.rounding_is_off_by_less_than_one(numerator, denominator, mode)
    laws.rounding_is_symmetric(numerator, denominator, mode)


@given(st.integers(), some.roundings())
def test_a_tie_is_broken_as_the_mode_says(whole: int, mode: Rounding) -> None:
    laws.a_tie_is_broken_as_the_mode_says(whole, mode)


@given(some.amounts(), some.shares(), some.roundings())
def test_a_charge_and_its_reversal_cancel(price: Money, share: Fraction, mode: Rounding) -> None:
    laws.a_charge_and_its_reversal_cancel(price, share, mode)


@given(some.pairs())
def test_minus_undoes_plus(pair: tuple[Money, Money]) -> None:
    laws.minus_undoes_plus(*pair)


@given(st.lists(some.amounts(EUR, most=10**12)))
def test_a_sum_is_its_additions(amounts: list[Money]) -> None:
    laws.a_sum_is_its_additions(amounts, EUR)


@given(some.amounts())
def test_text_reads_back(amount: Money) -> None:
    laws.text_reads_back(amount)


@pytest.mark.parametrize(("name", "check"), laws.LAWS, ids=[name for name, _ in laws.LAWS])
def test_each_law_holds_over_seeded_cases(name: str, check: Callable[[Random], None]) -> None:
    rng = Random(name)
    for _ in range(200):
        check(rng)


def test_a_broken_law_says_which_and_for_what_case() -> None:
    with pytest.raises(LawBroken, match=r"^two is one: left=1, right=2$"):
        require(False, "two is one", left=1, right=2)


def test_a_law_finds_a_total_that_loses_a_cent(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Money.allocate
    monkeypatch.setattr(Money, "allocate", lambda total, *args, **more: honest(total - Money(1, EUR), *args, **more))
    with pytest.raises(LawBroken, match="the parts sum to the total"):
        laws.parts_and_rest_sum_to_the_total(Money(100, EUR), [1, 2], AllocationMethod.FIRST, 1)


def test_a_law_finds_a_wrong_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rounding, "quotient", lambda mode, numerator, denominator: numerator // denominator)
    with pytest.raises(LawBroken, match="within a half"):
        laws.rounding_is_off_by_less_than_one(9, 10, Rounding.HALF_UP)
    with pytest.raises(LawBroken, match="symmetric"):
        laws.rounding_is_symmetric(9, 10, Rounding.DOWN)
