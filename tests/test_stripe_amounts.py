"""Amounts in Stripe's units: another table than that of ISO 4217, and exact both ways."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from licensing_core.adapters.stripe.amounts import DECIMALS, from_stripe, to_stripe
from licensing_core.errors import LicensingError
from licensing_core.money import MAX_MINOR, Currency, Money
from licensing_core.protocols.gateway import GatewayFailed
from tests.stripe_world import a_charge, a_page, a_payer, at_stripe

PAIRS = [
    ("12.50 EUR", 1250),
    ("0.01 USD", 1),
    ("500 JPY", 500),
    ("5 ISK", 500),
    ("5 UGX", 500),
    ("7.00 MGA", 7),
    ("10.45 HUF", 1045),
    ("800.45 TWD", 80045),
    ("5.120 KWD", 5120),
    ("1.010 TND", 1010),
    ("1000 KRW", 1000),
    ("3 XPF", 3),
    ("999999.99 EUR", 99_999_999),
    ("99999999 KRW", 99_999_999),
    ("999999 ISK", 99_999_900),
    ("9999999999.99 IDR", 999_999_999_999),
    ("9999999.99 INR", 999_999_999),
    ("9999999999 JPY", 9_999_999_999),
    ("9999999999.99 HUF", 999_999_999_999),
]


def refused(amount: Money) -> None:
    with pytest.raises(GatewayFailed) as failed:
        to_stripe(amount)
    assert failed.value == GatewayFailed(reason="refused")


@pytest.mark.parametrize(("text", "units"), PAIRS)
def test_an_amount_is_so_many_units_and_back(text: str, units: int) -> None:
    amount = Money.parse(text)
    assert to_stripe(amount) == units
    assert from_stripe(units, text[-3:].lower()) == amount


@pytest.mark.parametrize(
    "text",
    [
        "0.00 EUR",
        "-1.00 EUR",
        "1000000.00 EUR",
        "1000000 ISK",
        "100000000 KRW",
        "10000000000 JPY",
        "10000000000.00 IDR",
        "10000000.00 INR",
        "7.50 MGA",
        "0.01 MGA",
        "5.124 KWD",
        "1.001 BHD",
        "1.000 IQD",
        "1.0000 CLF",
        "1.00 KPW",
        "1.00 DEM",
    ],
)
def test_what_stripe_does_not_take_is_refused(text: str) -> None:
    refused(Money.parse(text))


@pytest.mark.parametrize(
    ("units", "code"),
    [
        (550, "isk"),
        (501, "ugx"),
        (1, "xxx"),
        (1, "iqd"),
        (1, "EUR"),
        (1, "Eur"),
        (1, None),
        (1, ""),
        (True, "eur"),
        (1.0, "eur"),
        ("1", "eur"),
        (None, "eur"),
        (MAX_MINOR + 1, "eur"),
        (MAX_MINOR, "mga"),
    ],
)
def test_what_is_no_amount_is_none(units: Any, code: Any) -> None:
    with pytest.raises((ValueError, LicensingError)):
        from_stripe(units, code)


def test_a_refund_of_nothing_can_be_told() -> None:
    assert from_stripe(0, "eur") == Money.parse("0.00 EUR")


def test_every_currency_of_stripe_is_one_of_iso_4217() -> None:
    assert [code for code in DECIMALS if Currency(code).digits != DECIMALS[code]] == ["MGA", "ISK", "UGX"]


@given(st.sampled_from(sorted(DECIMALS)), st.integers(1, 10**14))
def test_an_amount_that_is_taken_comes_back_as_it_was(code: str, minor: int) -> None:
    amount = Money(minor, Currency(code))
    try:
        units = to_stripe(amount)
    except GatewayFailed:
        assume(False)
    assert from_stripe(units, code.lower()) == amount


@given(st.sampled_from(sorted(DECIMALS)), st.integers(1, 99_999_999))
def test_units_that_are_an_amount_are_sent_as_they_came(code: str, units: int) -> None:
    try:
        amount = from_stripe(units, code.lower())
    except ValueError:
        assert units % 100
        return
    if DECIMALS[code] == 3 and units % 10:
        refused(amount)
    else:
        assert to_stripe(amount) == units


@pytest.mark.parametrize("text", ["500 JPY", "5 ISK", "7.00 MGA", "5.120 KWD", "5 UGX"])
def test_receipts_are_in_minor_units_and_requests_in_those_of_stripe(text: str) -> None:
    amount = Money.parse(text)
    with at_stripe() as (server, gateway):
        a_payer(server)
        assert gateway.charge(a_charge("k1", amount=amount)).amount == amount
        assert gateway.charge(a_page("k2", amount=amount)).amount == amount
        (intent,), (page,) = server.books.all("payment_intent"), server.books.all("checkout.session")
        assert intent["amount"] == page["amount_total"] == to_stripe(amount)
        assert intent["currency"] == text[-3:].lower()


def test_an_amount_that_is_refused_is_never_sent() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        for amount in ("7.50 MGA", "1.00 DEM", "0.00 EUR"):
            with pytest.raises(GatewayFailed, match="refused"):
                gateway.charge(a_charge(amount=Money.parse(amount)))
        assert server.asked == []
