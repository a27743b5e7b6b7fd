"""Discounts: percentages first, then fixed amounts, shared over the lines and never below zero."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import Discount, FixedDiscount, PercentDiscount, discounted, discounts_for, line
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Span
from tests.billing_world import VAT, each, flat, money, terms

MAY_DAY = date(2026, 5, 1)
MAY = Span(date(2026, 5, 1), date(2026, 6, 1))
LATE_MAY = Span(date(2026, 5, 17), date(2026, 6, 1))
TEN, HALF, ALL = (PercentDiscount(id=f"p{n}", percent=n) for n in (10, 50, 100))  # type: ignore[arg-type]


def off(amount: str, name: str = "off", within: Span | None = None) -> FixedDiscount:
    return FixedDiscount(id=name, amount=money(amount), within=within)


def left(prices: list[int], *discounts: Discount) -> list[Fraction]:
    """What the prices come to after the discounts."""
    found = discounts_for([Fraction(price) for price in prices], discounts, on=MAY_DAY)
    return [price - sum((one.exact for one in taken), Fraction(0)) for price, taken in zip(prices, found, strict=True)]


@pytest.mark.parametrize(
    ("prices", "discounts", "wanted"),
    [
        ([1000], (TEN,), [900]),
        ([1000], (TEN, HALF), [450]),
        ([1000], (HALF, TEN), [450]),
        ([1001], (HALF, PercentDiscount(id="again", percent=Fraction(50))), [Fraction(1001, 4)]),
        ([1001, 1001], (HALF, off("0.01 EUR")), [Fraction(999, 2), Fraction(1001, 2)]),
        ([1, 1, 1], (HALF, off("0.01 EUR")), [0, 0, Fraction(1, 2)]),
        ([1000], (off("3.00 EUR"),), [700]),
        ([1000], (off("3.00 EUR"), TEN), [600]),
        ([1000], (TEN, off("3.00 EUR")), [600]),
        ([1000], (off("3.00 EUR"), off("2.00 EUR", "too")), [500]),
        ([1000], (ALL, off("3.00 EUR")), [0]),
        ([1000], (off("10.01 EUR"),), [0]),
        ([1000], (off("10.00 EUR"),), [0]),
        ([1000, 2000], (off("3.00 EUR"),), [900, 1800]),
        ([1000, 0], (off("3.00 EUR"),), [700, 0]),
        ([0, 0], (off("3.00 EUR"), HALF), [0, 0]),
        ([1000, 1000, 1000], (off("0.01 EUR"),), [999, 1000, 1000]),
        ([], (off("3.00 EUR"),), []),
        ([1000], (), [1000]),
    ],
)
def test_percentages_come_first_and_fixed_amounts_share_what_they_leave(
    prices: list[int], discounts: tuple[Discount, ...], wanted: list[int]
) -> None:
    assert left(prices, *discounts) == wanted


def test_each_line_names_the_discounts_that_take_something_off_it_in_their_order() -> None:
    found = discounts_for([Fraction(1000), Fraction(0)], (off("5.00 EUR"), TEN, ALL, HALF), on=MAY_DAY)
    assert [[(one.id, one.exact) for one in taken] for taken in found] == [
        [("p10", Fraction(100)), ("p100", Fraction(900))],
        [],
    ]


@pytest.mark.parametrize(
    ("day", "wanted"),
    [(date(2026, 4, 30), 1000), (date(2026, 5, 1), 400), (date(2026, 5, 31), 400), (date(2026, 6, 1), 1000)],
    ids=str,
)
def test_a_discount_is_given_for_what_begins_within_its_days(day: date, wanted: int) -> None:
    coupon = PercentDiscount(id="spring", percent=Fraction(50), within=MAY)
    (taken,) = discounts_for([Fraction(1000)], (coupon, off("1.00 EUR", within=MAY)), on=day)
    assert 1000 - sum(one.exact for one in taken) == wanted


@given(
    prices=st.lists(st.integers(0, 10_000), min_size=1, max_size=6),
    amounts=st.lists(st.integers(1, 20_000), max_size=3),
    percents=st.lists(st.sampled_from([1, 10, 50, 100]), max_size=2),
)
def test_no_line_falls_below_zero(prices: list[int], amounts: list[int], percents: list[int]) -> None:
    fixed = [FixedDiscount(id=f"f{n}", amount=Money(amount, Currency("EUR"))) for n, amount in enumerate(amounts)]
    shares = [PercentDiscount(id=f"p{n}", percent=Fraction(percent)) for n, percent in enumerate(percents)]
    assert min(left(prices, *fixed, *shares)) >= 0


@given(
    prices=st.lists(st.integers(0, 10_000), min_size=1, max_size=6),
    amount=st.integers(1, 20_000),
    code=st.sampled_from(["JPY", "EUR", "KWD"]),
)
def test_the_shares_of_a_fixed_amount_add_up_to_it_in_whole_minor_units(
    prices: list[int], amount: int, code: str
) -> None:
    given_ = FixedDiscount(id="f", amount=Money(amount, Currency(code)))
    found = discounts_for([Fraction(price) for price in prices], (given_,), on=MAY_DAY)
    shares = [sum((one.exact for one in taken), Fraction(0)) for taken in found]
    assert sum(shares) == min(amount, sum(prices))
    assert all(share.denominator == 1 for share in shares)


@given(
    prices=st.lists(st.fractions(0, 10_000, max_denominator=12), min_size=1, max_size=6),
    amount=st.integers(1, 20_000),
)
def test_the_shares_of_a_fixed_amount_add_up_to_it_though_the_prices_are_fractions(
    prices: list[Fraction], amount: int
) -> None:
    given_ = FixedDiscount(id="f", amount=Money(amount, Currency("EUR")))
    found = discounts_for(prices, (given_,), on=MAY_DAY)
    shares = [sum((one.exact for one in taken), Fraction(0)) for taken in found]
    assert sum(shares) == min(Fraction(amount), sum(prices))
    assert all(0 <= share <= price for share, price in zip(shares, prices, strict=True))


def test_no_discount_is_given_twice() -> None:
    expected = InvalidArgument(parameter="discounts", expected="each of another id", got="one twice")
    with pytest.raises(InvalidArgument) as caught:
        discounts_for([Fraction(1000)], (HALF, HALF), on=MAY_DAY)
    assert caught.value == expected
    with pytest.raises(InvalidArgument) as caught:
        discounts_for([Fraction(1000)], (HALF, off("1.00 EUR", HALF.id)), on=MAY_DAY)
    assert caught.value == expected
    with pytest.raises(InvalidArgument) as caught:
        discounted([line("a", 1, each("20.00 EUR"))], (HALF, HALF), on=MAY_DAY)
    assert caught.value == expected
    with pytest.raises(InvalidArgument) as caught:
        terms(discounts=(HALF, HALF))
    assert caught.value == expected


def test_lines_are_discounted_together_and_prorated_afterwards() -> None:
    whole = line("a", 1, each("20.00 EUR"), period=MAY, billed=MAY)
    part = line("b", 1, each("10.00 EUR"), period=Span(date(2026, 5, 2), date(2026, 6, 1)), billed=LATE_MAY)
    found = discounted((whole, part), (off("3.00 EUR"),), on=MAY_DAY)
    assert [str(one.amount) for one in found] == ["18.00 EUR", "4.50 EUR"]
    assert [one.exact_price for one in found] == [1800, 900]


def test_a_discounted_line_is_otherwise_the_same() -> None:
    before = line("a", 3, flat("20.00 EUR"), period=MAY, billed=LATE_MAY, rates=(VAT,))
    (after,) = discounted((before,), (HALF,), on=MAY_DAY)
    assert after == line(
        "a", 3, flat("20.00 EUR"), period=MAY, billed=LATE_MAY, rates=(VAT,), discounts=after.discounts
    )
    assert (after.exact_price, discounted((before,), (), on=MAY_DAY)) == (Fraction(1000), (before,))


def test_no_line_is_discounted_twice() -> None:
    once = discounted((line("a", 1, each("20.00 EUR")),), (HALF,), on=MAY_DAY)
    with pytest.raises(InvalidArgument) as caught:
        discounted(once, (HALF,), on=MAY_DAY)
    assert caught.value == InvalidArgument(parameter="lines", expected="without discounts", got="one with a discount")


@pytest.mark.parametrize(
    ("prices", "discount"),
    [(["1.00 EUR", "100 JPY"], TEN), (["1.00 EUR"], off("1 JPY")), (["1.00 EUR", "1.00 EUR"], off("1 JPY"))],
)
def test_lines_and_fixed_amounts_are_of_one_currency(prices: list[str], discount: Discount) -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        discounted([line("a", 1, each(price)) for price in prices], (discount,), on=MAY_DAY)
    assert caught.value == CurrencyMismatch(expected=Currency("EUR"), got=Currency("JPY"))


@pytest.mark.parametrize("percent", [0, -1, 101, Fraction(1001, 10)])
def test_a_percentage_is_above_0_and_at_most_100(percent: Any) -> None:
    with pytest.raises(InvalidArgument, match="percent must be above 0 and at most 100"):
        PercentDiscount(id="p", percent=percent)


@pytest.mark.parametrize("percent", [0.5, True, "10", None])
def test_a_percentage_is_exact(percent: Any) -> None:
    with pytest.raises(InvalidArgument, match="percent must be an int or Fraction"):
        PercentDiscount(id="p", percent=percent)


@pytest.mark.parametrize("amount", ["0.00 EUR", "-0.01 EUR"])
def test_a_fixed_amount_is_above_zero(amount: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        off(amount)
    assert caught.value == InvalidArgument(parameter="amount", expected="above zero", got=amount)
