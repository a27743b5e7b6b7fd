"""Taxes: on top or within, of several rates, rounded for each line or for each total."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import Tax, TaxRate, TaxRounding, TaxTerms, TaxTreatment, taxes_of
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.rounding import Rounding
from tests.billing_world import SURCHARGE, VAT, money, sold

TOTAL = TaxTerms(rounding=TaxRounding.TOTAL)
WITHIN = TaxTerms(treatment=TaxTreatment.INCLUSIVE)
WITHIN_TOTAL = TaxTerms(treatment=TaxTreatment.INCLUSIVE, rounding=TaxRounding.TOTAL)
FREE = TaxRate(id="free", percent=Fraction(0))
EQUIVALENCE = TaxRate(id="re", percent=Fraction(26, 5))


def taxed(amounts: list[str], rates: tuple[TaxRate, ...], terms: TaxTerms) -> list[list[str]]:
    found = taxes_of([(money(amount), rates) for amount in amounts], terms)
    return [[tax.amount.text for tax in taxes] for taxes in found]


@pytest.mark.parametrize(
    ("amounts", "rates", "terms", "wanted"),
    [
        (["10.00 EUR"], (VAT,), TaxTerms(), [["2.10"]]),
        (["10.00 EUR"], (VAT, EQUIVALENCE), TaxTerms(), [["2.10", "0.52"]]),
        (["12.10 EUR"], (VAT,), WITHIN, [["2.10"]]),
        (["12.62 EUR"], (VAT, EQUIVALENCE), WITHIN, [["2.10", "0.52"]]),
        (["10.00 EUR"], (FREE,), TaxTerms(), [["0.00"]]),
        (["10.00 EUR"], (FREE,), WITHIN, [["0.00"]]),
        (["10.00 EUR"], (FREE, VAT), WITHIN, [["0.00", "1.74"]]),
        (["10.00 EUR"], (), TaxTerms(), [[]]),
        (["0.00 EUR"], (VAT,), TaxTerms(), [["0.00"]]),
        (["0.02 EUR", "0.02 EUR", "0.02 EUR"], (VAT,), TaxTerms(), [["0.00"], ["0.00"], ["0.00"]]),
        (["0.02 EUR", "0.02 EUR", "0.02 EUR"], (VAT,), TOTAL, [["0.01"], ["0.00"], ["0.00"]]),
        (["0.03 EUR", "0.03 EUR", "0.03 EUR"], (VAT,), TaxTerms(), [["0.01"], ["0.01"], ["0.01"]]),
        (["0.03 EUR", "0.03 EUR", "0.03 EUR"], (VAT,), TOTAL, [["0.01"], ["0.01"], ["0.00"]]),
        (["0.00 EUR", "0.05 EUR"], (VAT,), TOTAL, [["0.00"], ["0.01"]]),
        (["0.00 EUR", "0.00 EUR"], (VAT,), TOTAL, [["0.00"], ["0.00"]]),
        (["6.05 EUR", "6.05 EUR"], (VAT,), WITHIN, [["1.05"], ["1.05"]]),
        (["1.00 EUR", "1.00 EUR"], (VAT,), WITHIN, [["0.17"], ["0.17"]]),
        (["1.00 EUR", "1.00 EUR"], (VAT,), WITHIN_TOTAL, [["0.18"], ["0.17"]]),
        (["2 JPY"], (VAT,), TaxTerms(), [["0"]]),
        (["121 JPY"], (VAT,), WITHIN, [["21"]]),
        (["0.050 KWD"], (VAT,), TaxTerms(), [["0.011"]]),
        (["1.210 KWD"], (VAT,), WITHIN, [["0.210"]]),
        ([], (VAT,), TOTAL, []),
    ],
)
def test_a_tax_is_on_top_or_within_and_rounded_where_the_terms_say(
    amounts: list[str], rates: tuple[TaxRate, ...], terms: TaxTerms, wanted: list[list[str]]
) -> None:
    assert taxed(amounts, rates, terms) == wanted


@pytest.mark.parametrize(
    ("mode", "wanted"), [(Rounding.UP, "0.02"), (Rounding.DOWN, "0.01"), (Rounding.HALF_UP, "0.02")]
)
def test_a_tax_is_rounded_by_the_mode_of_the_terms(mode: Rounding, wanted: str) -> None:
    assert taxed(["0.07 EUR"], (VAT,), TaxTerms(mode=Rounding.DOWN)) == [["0.01"]]
    assert taxed(["0.09 EUR"], (VAT,), TaxTerms(mode=mode)) == [[wanted]]


def test_taxes_are_in_the_order_of_the_rates_and_name_them() -> None:
    ((first, second),) = taxes_of([(money("1.00 EUR"), (VAT, FREE))], TaxTerms())
    assert (first, second) == (
        Tax(id="vat", percent=Fraction(21), amount=money("0.21 EUR")),
        Tax(id="free", percent=Fraction(0), amount=money("0.00 EUR")),
    )


def test_the_totals_of_a_quote_are_by_id_and_percentage() -> None:
    low = TaxRate(id="vat", percent=Fraction(10))
    lines = [*sold("1.00 EUR", "2.00 EUR", rates=(VAT,)).lines, *sold("5.00 EUR", rates=(low, SURCHARGE)).lines]
    quote = sold("1.00 EUR")
    found = type(quote)(currency=quote.currency, lines=tuple(lines)).tax_totals
    assert [(tax.id, tax.percent, tax.amount.text) for tax in found] == [
        ("re", Fraction(5), "0.25"),
        ("vat", Fraction(10), "0.50"),
        ("vat", Fraction(21), "0.63"),
    ]


def test_a_rate_is_rounded_over_all_its_lines_whatever_other_rates_they_have() -> None:
    lines = [(money("0.03 EUR"), rates) for rates in ((VAT,), (VAT, EQUIVALENCE), (FREE, VAT), (EQUIVALENCE,))]
    found = [{tax.id: tax.amount.minor for tax in taxes} for taxes in taxes_of(lines, TOTAL)]
    # 21 % of 0.09 are 0.0189, and 5.2 % of 0.06 are 0.00312
    assert sum(taxes.get("vat", 0) for taxes in found) == 2
    assert sum(taxes.get("re", 0) for taxes in found) == 0


codes = st.sampled_from(["JPY", "EUR", "KWD"])
minors = st.lists(st.integers(0, 5_000), min_size=1, max_size=12)
modes = st.sampled_from(Rounding)
several = st.lists(st.sampled_from([VAT, EQUIVALENCE, FREE]), unique_by=lambda rate: rate.id, max_size=3).map(tuple)


@given(minors=minors, code=codes, mode=modes, rates=several)
def test_taxes_per_total_add_up_to_the_rounded_total_and_stay_within_a_minor_unit_of_their_own(
    minors: list[int], code: str, mode: Rounding, rates: tuple[TaxRate, ...]
) -> None:
    terms = TaxTerms(rounding=TaxRounding.TOTAL, mode=mode)
    found = taxes_of([(Money(minor, Currency(code)), rates) for minor in minors], terms)
    for place, rate in enumerate(rates):
        parts, percent = [taxes[place].amount.minor for taxes in found], rate.percent / 100
        assert sum(parts) == mode.quotient(*(sum(minors) * percent).as_integer_ratio())
        own = [mode.quotient(*(minor * percent).as_integer_ratio()) for minor in minors]
        assert max(abs(part - one) for part, one in zip(parts, own, strict=True)) <= 1


@given(lines=st.lists(st.tuples(st.integers(0, 5_000), several), min_size=1, max_size=12), code=codes, mode=modes)
def test_taxes_per_total_add_up_by_rate_though_each_line_has_other_rates(
    lines: list[tuple[int, tuple[TaxRate, ...]]], code: str, mode: Rounding
) -> None:
    terms = TaxTerms(rounding=TaxRounding.TOTAL, mode=mode)
    found = taxes_of([(Money(minor, Currency(code)), rates) for minor, rates in lines], terms)
    for rate in (VAT, EQUIVALENCE, FREE):
        own = [
            (minor * rate.percent / 100, taxes[rates.index(rate)].amount.minor)
            for (minor, rates), taxes in zip(lines, found, strict=True)
            if rate in rates
        ]
        total = sum((exact for exact, _ in own), Fraction(0))
        assert sum(part for _, part in own) == mode.quotient(*total.as_integer_ratio())
        assert all(abs(part - exact) < 1 for exact, part in own)


@given(lines=st.lists(st.tuples(st.integers(0, 30), several), min_size=1, max_size=12), code=codes, mode=modes)
def test_no_line_is_taxed_beyond_what_it_comes_to(
    lines: list[tuple[int, tuple[TaxRate, ...]]], code: str, mode: Rounding
) -> None:
    terms = TaxTerms(treatment=TaxTreatment.INCLUSIVE, rounding=TaxRounding.TOTAL, mode=mode)
    found = taxes_of([(Money(minor, Currency(code)), rates) for minor, rates in lines], terms)
    assert all(sum(tax.amount.minor for tax in taxes) <= minor for (minor, _), taxes in zip(lines, found, strict=True))


def test_a_tax_within_is_rounded_on_its_total_where_each_line_has_room_for_it() -> None:
    sixty, hundred = TaxRate(id="a", percent=Fraction(60)), TaxRate(id="b", percent=Fraction(100))
    terms = TaxTerms(treatment=TaxTreatment.INCLUSIVE, rounding=TaxRounding.TOTAL, mode=Rounding.UP)
    # a is 0.2307... and 1.125 cents, b 0.3846...: 2 and 1, where the second line takes both of a
    found = taxes_of([(money("0.01 EUR"), (sixty, hundred)), (money("0.03 EUR"), (sixty,))], terms)
    assert [[tax.amount.minor for tax in taxes] for taxes in found] == [[0, 1], [2]]


@given(minors=minors, code=codes, mode=modes, rate=st.sampled_from([VAT, EQUIVALENCE, FREE]))
def test_a_tax_within_the_amounts_adds_up_alike_and_never_exceeds_them(
    minors: list[int], code: str, mode: Rounding, rate: TaxRate
) -> None:
    terms = TaxTerms(treatment=TaxTreatment.INCLUSIVE, rounding=TaxRounding.TOTAL, mode=mode)
    found = taxes_of([(Money(minor, Currency(code)), (rate,)) for minor in minors], terms)
    parts, part_of = [tax.amount.minor for (tax,) in found], rate.percent / (100 + rate.percent)
    assert sum(parts) == mode.quotient(*(sum(minors) * part_of).as_integer_ratio())
    assert all(part <= minor for part, minor in zip(parts, minors, strict=True))


@given(minor=st.integers(0, 50_000), code=codes, mode=modes, rates=several)
def test_several_taxes_within_one_amount_are_together_what_one_of_their_sum_is(
    minor: int, code: str, mode: Rounding, rates: tuple[TaxRate, ...]
) -> None:
    terms = TaxTerms(treatment=TaxTreatment.INCLUSIVE, mode=mode)
    (taxes,) = taxes_of([(Money(minor, Currency(code)), rates)], terms)
    percent = sum((rate.percent for rate in rates), Fraction(0))
    expected = mode.quotient(*(minor * percent / (100 + percent)).as_integer_ratio())
    assert sum(tax.amount.minor for tax in taxes) == expected


@pytest.mark.parametrize("percent", [-1, 1001, Fraction(-1, 10**9)])
def test_a_rate_is_from_0_to_1000_percent(percent: Any) -> None:
    with pytest.raises(InvalidArgument, match="percent must be from 0 to 1000"):
        TaxRate(id="vat", percent=percent)


@pytest.mark.parametrize("percent", [21.0, True, "21", None])
def test_a_rate_is_exact(percent: Any) -> None:
    with pytest.raises(InvalidArgument, match="percent must be an int or Fraction"):
        TaxRate(id="vat", percent=percent)


def test_no_tax_is_negative() -> None:
    with pytest.raises(InvalidArgument) as caught:
        Tax(id="vat", percent=Fraction(21), amount=money("-0.01 EUR"))
    assert caught.value == InvalidArgument(parameter="amount", expected="zero or more", got="-0.01 EUR")


def test_a_line_of_nothing_does_not_count_among_those_that_share_a_tax() -> None:
    sixty, hundred = TaxRate(id="a", percent=Fraction(60)), TaxRate(id="b", percent=Fraction(100))
    terms = TaxTerms(treatment=TaxTreatment.INCLUSIVE, rounding=TaxRounding.TOTAL, mode=Rounding.UP)
    lines = [(money("0.01 EUR"), (sixty, hundred)), (money("0.03 EUR"), (sixty,)), (money("0.00 EUR"), (hundred,))]
    assert [[tax.amount.minor for tax in taxes] for taxes in taxes_of(lines, terms)] == [[0, 1], [2], [0]]
