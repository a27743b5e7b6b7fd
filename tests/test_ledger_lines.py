"""What the lines of a ledger bring with them and are worth."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from licensing_core.billing import (
    Ledger,
    Reason,
    TaxTerms,
    TaxTreatment,
    book,
    line,
    open_ledger,
    reversal,
)
from licensing_core.billing.ledger import opened
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Interval, Span
from tests.billing_world import (
    BY,
    EUR,
    at,
    booked,
    brought,
    credited,
    each,
    money,
    paid,
    quote_of,
    sold,
)

NOW = at(4, 1)
ACT: dict[str, Any] = {"by": BY, "now": NOW}
APRIL = Span(date(2026, 4, 1), date(2026, 5, 1))
WITHIN = TaxTerms(treatment=TaxTreatment.INCLUSIVE)


# Coming from another system


def test_a_ledger_opens_with_what_the_customer_brings() -> None:
    old = brought(credited=money("10.00 EUR"), returned=money("10.00 EUR"))
    decision = open_ledger("acme", EUR, lines=(old,), balance=money("3.00 EUR"), **ACT)
    held = decision.state
    assert (held.line("old:1"), held.balance, held.outstanding("old")) == (old, money("3.00 EUR"), money("0.00 EUR"))
    assert opened(decision.events[0]) == held
    after = credited(held, "99.00 EUR", "old:1")
    assert after.balance == money("23.00 EUR")


def test_a_line_that_was_not_paid_elsewhere_is_paid_here() -> None:
    old = brought(paid=money("12.00 EUR"))
    held = open_ledger("acme", EUR, lines=(old,), **ACT).state
    assert paid(held, "18.00 EUR", "old").outstanding() == money("0.00 EUR")


def test_no_two_lines_come_under_one_id() -> None:
    with pytest.raises(InvalidArgument) as caught:
        open_ledger("acme", EUR, lines=(brought(), brought(document="older")), **ACT)
    assert caught.value == InvalidArgument(parameter="lines", expected="each of another id", got="one twice")


@pytest.mark.parametrize("given_", [{"lines": (brought(),)}, {"balance": money("1.00 EUR")}], ids=["line", "balance"])
def test_what_is_brought_is_in_the_currency_of_the_ledger(given_: dict[str, Any]) -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        open_ledger("acme", Currency("JPY"), **{"balance": Money.zero(Currency("JPY")), **given_}, **ACT)
    assert caught.value == CurrencyMismatch(expected=Currency("JPY"), got=EUR)


def test_nobody_brings_a_negative_balance() -> None:
    with pytest.raises(InvalidArgument, match="balance must be Money, zero or more"):
        open_ledger("acme", EUR, balance=money("-0.01 EUR"), **ACT)


@pytest.mark.parametrize(
    ("given_", "parameter", "most", "got"),
    [
        ({"credited": money("30.01 EUR")}, "credited", "30.00 EUR", "30.01 EUR"),
        ({"returned": money("30.01 EUR")}, "returned", "30.00 EUR", "30.01 EUR"),
        ({"paid": money("30.01 EUR")}, "paid", "30.00 EUR", "30.01 EUR"),
        ({"credited": money("10.00 EUR")}, "paid", "20.00 EUR", "30.00 EUR"),
    ],
)
def test_a_line_is_credited_paid_and_returned_within_its_bounds(
    given_: dict[str, Any], parameter: str, most: str, got: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        brought(**given_)
    assert caught.value == InvalidArgument(parameter=parameter, expected=f"at most {most}", got=got)


def test_the_lines_of_a_ledger_stand_under_their_own_ids() -> None:
    with pytest.raises(InvalidArgument) as caught:
        Ledger(id="acme", currency=EUR, lines={"other": brought()}, balance=money("0.00 EUR"))
    expected = "each under its own id"
    assert caught.value == InvalidArgument(parameter="lines", expected=expected, got="one under another")


# What a line is worth


@pytest.mark.parametrize(
    ("day", "worth", "consumed"),
    [(1, "30.00 EUR", 0), (16, "15.00 EUR", 1500), (30, "1.00 EUR", 2900)],
)
def test_the_unused_part_of_a_line_falls_with_the_days(day: int, worth: str, consumed: int) -> None:
    held = booked(quote_of(line("base", 1, each("30.00 EUR"), billed=APRIL, period=APRIL)))
    found = held.line("inv-1:1")
    assert (found.unused_at(date(2026, 4, day)).amount, found.consumed_at(date(2026, 4, day))) == (
        money(worth),
        Fraction(consumed),
    )


def test_a_line_whose_period_has_ended_or_that_has_none_is_used_up() -> None:
    for held in (
        booked(sold("30.00 EUR")),
        booked(quote_of(line("b", 1, each("30.00 EUR"), billed=APRIL, period=APRIL))),
    ):
        found = held.line("inv-1:1")
        assert (found.unused_at(date(2026, 5, 1)).amount, found.consumed_at(date(2026, 5, 1))) == (
            money("0.00 EUR"),
            Fraction(3000),
        )


def test_what_is_consumed_does_not_fall_when_the_rest_is_given_back() -> None:
    held = paid(booked(quote_of(line("base", 1, each("30.00 EUR"), billed=APRIL, period=APRIL))), "30.00 EUR")
    before, half = held.line("inv-1:1"), Span(date(2026, 4, 16), date(2026, 5, 1))
    one = before.credit_of(1500, half, Reason.CHANGE)
    after = book(held, quote_of(one), document="cn-1", **ACT).state.line("inv-1:1")
    assert after.billed == Span(date(2026, 4, 1), date(2026, 4, 16))
    assert [found.consumed_at(date(2026, 4, 16)) for found in (before, after)] == [Fraction(1500)] * 2
    assert [after.consumed_at(date(2026, 4, day)) for day in (1, 11, 20)] == [0, 1000, 1500]


def test_a_line_that_was_given_back_from_its_first_day_bills_nothing_any_more() -> None:
    held = booked(quote_of(line("base", 1, each("30.00 EUR"), billed=APRIL, period=APRIL)))
    after = book(held, reversal(held, "inv-1"), document="cn-1", **ACT).state.line("inv-1:1")
    assert (after.billed, after.left, after.consumed_at(date(2026, 4, 1))) == (None, money("0.00 EUR"), Fraction(0))


def test_days_are_worth_something_of_a_line_of_days_only() -> None:
    held = booked(quote_of(line("base", 1, each("30.00 EUR"), billed=APRIL, period=APRIL)))
    with pytest.raises(InvalidArgument, match="of days or of instants"):
        held.line("inv-1:1").worth(Interval(at(4, 16), at(5, 1)))


def test_what_is_unused_is_worth_no_more_than_is_left_of_the_charge() -> None:
    held = booked(quote_of(line("base", 1, each("30.00 EUR"), billed=APRIL, period=APRIL)))
    found = credited(paid(held, "30.00 EUR"), "28.00 EUR").line("inv-1:1").unused_at(date(2026, 4, 16))
    assert (found.amount, found.exact, found.trace.held_to) == (
        money("2.00 EUR"),
        Fraction(1500),
        Fraction(200),
    )
