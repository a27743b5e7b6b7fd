"""Amounts as each locale writes them: Babel's text, with the decimals of ISO 4217."""

from decimal import Decimal, localcontext
from typing import Any

import pytest
from babel.numbers import format_currency

from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.messages import amounts, format_money
from licensing_core.messages.amounts import exact_context
from licensing_core.money import MAX_MINOR, Money
from tests import specimens

LOCALE_NAMES = [
    "en",
    "en_GB",
    "en_IN",
    "es",
    "es_ES",
    "es_MX",
    "pt_BR",
    "de",
    "de_CH",
    "fr",
    "sv",
    "pl",
    "ja",
    "ar",
    "hi_IN",
]
AMOUNTS = [0, 1, -1, 99, 100, -100, 99_999, 100_000, 123_456, -123_456, 1_234_567, -98_765_432, MAX_MINOR, -MAX_MINOR]


def by_babel(money: Money, locale: str) -> str:
    with localcontext(exact_context()):
        text: str = format_currency(Decimal(money.text), money.currency.code, locale=locale)
    return text


@pytest.mark.parametrize("code", ["EUR", "USD", "MXN", "BRL", "INR", "JPY", "KRW", "KWD", "CLF"])
@pytest.mark.parametrize("locale", LOCALE_NAMES)
def test_an_amount_is_written_as_babel_writes_it(locale: str, code: str) -> None:
    for minor in AMOUNTS:
        money = Money(minor, Currency(code))
        assert format_money(money, locale) == by_babel(money, locale)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234.567 IQD", "IQD\xa01,234.567"),
        ("1234.50 LBP", "LBP\xa01,234.50"),
        ("-0.05 IRR", "-IRR\xa00.05"),
        ("10.00 MGA", "MGA\xa010.00"),
    ],
)
def test_decimals_are_those_of_iso_4217_where_babel_has_fewer(amount: str, text: str) -> None:
    assert format_money(Money.parse(amount), "en").replace("\xa0", "") == text.replace("\xa0", "")


def test_unusual_groups_are_written_by_babel_and_others_are_not() -> None:
    rupees = Money.parse("1234567.00 INR")
    assert format_money(rupees, "hi_IN") == "₹12,34,567.00"
    assert format_money(rupees, "en_US") == "₹1,234,567.00"
    compiled = {key[0]: "by_babel" not in made.__qualname__ for key, made in amounts._FORMATTERS.items()}
    assert (compiled["hi_IN"], compiled["en_US"]) == (False, True)


def test_the_formatters_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amounts, "_MOST_FORMATTERS", 2)
    for code in ("EUR", "USD", "GBP", "JPY"):
        format_money(Money(1, Currency(code)), "es")
    assert len(amounts._FORMATTERS) <= 2


@pytest.mark.parametrize(
    "money", [None, 5, "1.00 EUR", Decimal(1), specimens.QUOTE], ids=lambda one: type(one).__name__
)
def test_what_is_no_amount_is_refused(money: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        format_money(money, "es")
    assert refused.value.parameter == "money"
