"""The value ledger: what was charged, paid and given back, line by line."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import (
    AlreadyBooked,
    BalanceExceeded,
    CreditLine,
    Ledger,
    PaidTooMuch,
    QuoteChanged,
    Reason,
    TaxRate,
    TaxRounding,
    TaxTerms,
    TaxTreatment,
    UnknownLine,
    book,
    can_book,
    can_pay,
    can_refund_balance,
    can_spend_balance,
    open_ledger,
    pay,
    refund_balance,
    reversal,
    spend_balance,
)
from licensing_core.billing.ledger import opened
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Event
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Span
from tests.billing_world import (
    BY,
    EUR,
    SURCHARGE,
    VAT,
    a_ledger,
    at,
    booked,
    brought,
    credit,
    credited,
    money,
    paid,
    quote_of,
    replayed_ledger,
    sold,
)
from tests.builders import agrees

NOW = at(4, 1)
ACT: dict[str, Any] = {"by": BY, "now": NOW}
APRIL = Span(date(2026, 4, 1), date(2026, 5, 1))
WITHIN = TaxTerms(treatment=TaxTreatment.INCLUSIVE)


# Charging and paying


def test_the_charges_of_a_quote_become_the_lines_of_its_document() -> None:
    held = booked(sold("10.00 EUR", "20.00 EUR", rates=(VAT,)))
    assert [(one.id, one.amount.text, one.gross.text) for one in held.of_document("inv-1")] == [
        ("inv-1:1", "10.00", "12.10"),
        ("inv-1:2", "20.00", "24.20"),
    ]
    assert (held.outstanding("inv-1"), held.outstanding(), held.balance) == (
        money("36.30 EUR"),
        money("36.30 EUR"),
        money("0.00 EUR"),
    )


def test_a_line_with_its_taxes_within_owes_its_amount() -> None:
    held = booked(sold("12.10 EUR", rates=(VAT,), taxes=WITHIN))
    assert (held.line("inv-1:1").gross, held.outstanding()) == (money("12.10 EUR"), money("12.10 EUR"))


def test_a_document_is_paid_in_parts_which_its_lines_share() -> None:
    held = paid(booked(sold("10.00 EUR", "20.00 EUR")), "10.00 EUR")
    assert [one.paid.text for one in held.of_document("inv-1")] == ["3.33", "6.67"]
    held = paid(held, "19.99 EUR")
    assert held.outstanding("inv-1") == money("0.01 EUR")
    held = paid(held, "0.01 EUR")
    assert [one.paid.text for one in held.of_document("inv-1")] == ["10.00", "20.00"]


def test_a_payment_is_of_one_document() -> None:
    held = booked(sold("20.00 EUR"), "inv-2", onto=booked(sold("10.00 EUR")))
    held = paid(held, "5.00 EUR", "inv-2")
    assert [held.outstanding(name).text for name in ("inv-1", "inv-2")] == ["10.00", "15.00"]


@given(
    amounts=st.lists(st.integers(0, 5_000), min_size=1, max_size=5).filter(any),
    percents=st.lists(st.integers(1, 100), max_size=4),
    code=st.sampled_from(["JPY", "EUR", "KWD"]),
)
def test_no_line_is_paid_more_than_is_owed_on_it_and_the_parts_are_the_payment(
    amounts: list[int], percents: list[int], code: str
) -> None:
    currency = Currency(code)
    held = booked(quote_of(*sold(*(str(Money(amount, currency)) for amount in amounts)).lines))
    received = 0
    for percent in percents:
        if part := held.outstanding().scaled(Fraction(percent, 100)):
            held = pay(held, "inv-1", part, **ACT).state
            received += part.minor
    assert sum(one.paid.minor for one in held.lines.values()) == received
    assert [one.outstanding.minor >= 0 for one in held.lines.values()] == [True] * len(amounts)
    assert held.outstanding().minor == sum(amounts) - received


@pytest.mark.parametrize(
    ("document", "amount", "refusal"),
    [
        ("inv-9", "10.00 EUR", UnknownLine(ledger="acme", wanted="inv-9")),
        ("inv-9", "10 JPY", UnknownLine(ledger="acme", wanted="inv-9")),
        ("inv-1", "10.01 EUR", PaidTooMuch(document="inv-1", asked=money("10.01 EUR"), owed=money("10.00 EUR"))),
    ],
)
def test_a_payment_is_for_a_document_that_is_here_and_at_most_what_is_owed(
    document: str, amount: str, refusal: Exception
) -> None:
    with pytest.raises(type(refusal)) as caught:
        pay(booked(sold("10.00 EUR")), document, money(amount), **ACT)
    assert caught.value == refusal


@pytest.mark.parametrize("command", [pay, spend_balance], ids=["pay", "spend"])
@pytest.mark.parametrize("amount", ["0.00 EUR", "-5.00 EUR"])
def test_what_is_paid_is_above_zero(command: Callable[..., Any], amount: str) -> None:
    held = booked(sold("10.00 EUR"))
    with pytest.raises(InvalidArgument) as caught:
        command(held, "inv-1", money(amount), **ACT)
    assert (caught.value.parameter, caught.value.expected) == ("amount", "Money above zero")
    with pytest.raises(InvalidArgument, match="amount must be Money above zero"):
        refund_balance(held, money(amount), **ACT)


def test_a_paid_document_takes_no_more() -> None:
    held = paid(booked(sold("10.00 EUR")), "10.00 EUR")
    verdict = agrees(can_pay, pay, held, "inv-1", money("0.01 EUR"), **ACT)
    assert verdict.refusal == PaidTooMuch(document="inv-1", asked=money("0.01 EUR"), owed=money("0.00 EUR"))


# Booking twice, elsewhere, or late


def test_the_same_document_is_booked_once() -> None:
    held, quote = booked(sold("10.00 EUR")), sold("10.00 EUR")
    verdict = agrees(can_book, book, held, quote, document="inv-1", **ACT)
    assert verdict.refusal == AlreadyBooked(ledger="acme", line="inv-1:1")
    assert agrees(can_book, book, held, quote, document="inv-2", **ACT)


def test_a_quote_with_credits_only_is_booked_once_with_one_document() -> None:
    held = paid(booked(sold("30.00 EUR")), "30.00 EUR")
    quote = quote_of(credit(held, "10.00 EUR"))
    after = book(held, quote, document="cn-1", **ACT).state
    assert after.line("inv-1:1").notes == frozenset({"cn-1"})
    assert agrees(can_book, book, after, quote, document="cn-2", **ACT)  # 20.00 are left, and it says the same
    verdict = agrees(can_book, book, after, quote, document="cn-1", **ACT)
    assert verdict.refusal == AlreadyBooked(ledger="acme", line="inv-1:1")


def test_a_document_that_was_booked_is_refused_before_its_credits_are_looked_at() -> None:
    held = booked(sold("10.00 EUR"))
    stray = evolve(credit(held, "1.00 EUR"), line="inv-9:1")
    quote = quote_of(*sold("10.00 EUR").lines, stray)
    assert can_book(held, quote, document="inv-1", **ACT).refusal == AlreadyBooked(ledger="acme", line="inv-1:1")
    assert can_book(held, quote, document="inv-2", **ACT).refusal == UnknownLine(ledger="acme", wanted="inv-9:1")


def test_a_credit_is_of_a_line_that_is_here_before_it_is_a_stale_one() -> None:
    held = booked(sold("10.00 EUR"))
    stale = evolve(credit(held, "1.00 EUR"), relief=money("0.00 EUR"))
    stray = evolve(stale, line="inv-9:1")
    found = [can_book(held, quote_of(one), document="cn-1", **ACT).refusal for one in (stray, stale)]
    assert list(map(type, found)) == [UnknownLine, QuoteChanged]


def test_a_quote_of_another_currency_is_refused() -> None:
    with pytest.raises(CurrencyMismatch) as caught:
        book(a_ledger(), sold("10 JPY"), document="inv-1", **ACT)
    assert caught.value == CurrencyMismatch(expected=EUR, got=Currency("JPY"))


def test_a_quote_is_stale_once_its_line_was_paid() -> None:
    held = booked(sold("30.00 EUR"))
    quote = quote_of(credit(held, "10.00 EUR"))
    verdict = agrees(can_book, book, paid(held, "25.00 EUR"), quote, document="cn-1", **ACT)
    assert verdict.refusal == QuoteChanged(confirmed=(money("0.00 EUR"),), due=(money("-5.00 EUR"),))


def test_a_stale_quote_says_what_is_taken_off_where_the_same_is_due() -> None:
    held = booked(sold("30.00 EUR"))
    quote = quote_of(credit(held, "20.00 EUR"))  # nothing was paid: nothing is due either way
    verdict = agrees(can_book, book, credited(held, "15.00 EUR"), quote, document="cn-2", **ACT)
    assert verdict.refusal == QuoteChanged(confirmed=(money("-20.00 EUR"),), due=(money("-15.00 EUR"),))


def test_a_quote_is_stale_once_its_line_was_credited() -> None:
    held = paid(booked(sold("30.00 EUR")), "30.00 EUR")
    quote = quote_of(*sold("4.00 EUR").lines, credit(held, "20.00 EUR"))
    verdict = agrees(can_book, book, credited(held, "15.00 EUR"), quote, document="cn-2", **ACT)
    assert verdict.refusal == QuoteChanged(confirmed=(money("-16.00 EUR"),), due=(money("-11.00 EUR"),))


def test_a_credit_made_up_above_what_was_charged_is_refused() -> None:
    held = paid(booked(sold("30.00 EUR")), "30.00 EUR")
    more = evolve(credit(held, "30.00 EUR"), amount=money("30.01 EUR"), gross=money("30.01 EUR"))
    verdict = can_book(held, quote_of(more), document="cn-1", **ACT)
    assert verdict.refusal == QuoteChanged(confirmed=(money("-30.01 EUR"),), due=(money("-30.00 EUR"),))


# Giving back


@pytest.mark.parametrize(
    ("received", "asked", "taken", "relief", "back"),
    [
        ("30.00", "10.00", "10.00", "0.00", "10.00"),
        ("30.00", "30.01", "30.00", "0.00", "30.00"),
        ("20.00", "10.00", "10.00", "10.00", "0.00"),
        ("20.00", "15.00", "15.00", "10.00", "5.00"),
        ("20.00", "99.00", "30.00", "10.00", "20.00"),
        (None, "10.00", "10.00", "10.00", "0.00"),
        (None, "99.00", "30.00", "30.00", "0.00"),
        ("0.01", "30.00", "30.00", "29.99", "0.01"),
    ],
)
def test_what_was_unpaid_is_relieved_first_and_no_more_goes_back_than_was_paid(
    received: str | None, asked: str, taken: str, relief: str, back: str
) -> None:
    held = booked(sold("30.00 EUR"))
    held = held if received is None else paid(held, f"{received} EUR")
    found = credit(held, f"{asked} EUR")
    assert (found.amount.text, found.relief.text, found.credit.text) == (taken, relief, back)
    after = credited(held, f"{asked} EUR")
    assert after.balance.text == back
    assert after.outstanding() == held.outstanding() - found.relief


def test_credits_of_several_lines_are_booked_together() -> None:
    held = paid(booked(sold("10.00 EUR", "20.00 EUR")), "30.00 EUR")
    quote = quote_of(credit(held, "4.00 EUR", "inv-1:1"), credit(held, "5.00 EUR", "inv-1:2"))
    after = book(held, quote, document="cn-1", **ACT).state
    assert ([one.left.text for one in after.lines.values()], after.balance.text) == (["6.00", "15.00"], "9.00")


def test_two_credits_of_one_line_in_one_quote_are_both_recorded() -> None:
    held = paid(booked(sold("30.00 EUR", rates=(VAT,))), "20.00 EUR")
    first = credit(held, "15.00 EUR")
    second = held.line("inv-1:1").with_credit(first, "cn-1").credit_of(1500, None, Reason.CORRECTION)
    after = book(held, quote_of(first, second), document="cn-1", **ACT).state
    # 36.30 were charged and 20.00 paid: 16.30 are no longer owed, and what was paid comes back
    assert [(one.relief.text, one.credit.text) for one in (first, second)] == [("16.30", "1.85"), ("0.00", "18.15")]
    assert (after.line("inv-1:1").credited, after.balance, after.outstanding()) == (
        money("30.00 EUR"),
        money("20.00 EUR"),
        money("0.00 EUR"),
    )


def test_two_credits_of_one_line_that_each_take_all_of_it_are_refused() -> None:
    held = paid(booked(sold("30.00 EUR")), "30.00 EUR")
    twice = quote_of(credit(held, "20.00 EUR"), credit(held, "20.00 EUR"))
    verdict = agrees(can_book, book, held, twice, document="cn-1", **ACT)
    assert verdict.refusal == QuoteChanged(confirmed=(money("-40.00 EUR"),), due=(money("-30.00 EUR"),))


def test_a_reversed_document_is_nothing_any_more() -> None:
    held = paid(booked(sold("10.00 EUR", "20.00 EUR", rates=(VAT, SURCHARGE))), "25.00 EUR")
    quote = reversal(held, "inv-1")
    after = book(held, quote, document="cn-1", **ACT).state
    assert (after.outstanding(), after.balance) == (money("0.00 EUR"), money("25.00 EUR"))
    assert [(one.left.minor, one.gross - one.gross_credited) for one in after.lines.values()] == [
        (0, money("0.00 EUR"))
    ] * 2
    assert reversal(after, "inv-1").lines == ()


def test_a_reversal_takes_back_what_is_left_after_other_credits() -> None:
    held = credited(paid(booked(sold("30.00 EUR")), "30.00 EUR"), "12.00 EUR")
    quote = reversal(held, "inv-1")
    after = book(held, quote, document="cn-2", **ACT).state
    assert [(one.exact, one.amount.text) for one in quote.credits] == [(Fraction(1800), "18.00")]
    assert (after.balance, after.line("inv-1:1").returned) == (money("30.00 EUR"), money("30.00 EUR"))


def test_a_reversal_booked_twice_gives_nothing_back_twice() -> None:
    held = paid(booked(sold("30.00 EUR")), "30.00 EUR")
    quote = reversal(held, "inv-1")
    after = book(held, quote, document="cn-1", **ACT).state
    refusal = can_book(after, quote, document="cn-2", **ACT).refusal
    assert refusal == QuoteChanged(confirmed=(money("-30.00 EUR"),), due=(money("0.00 EUR"),))


@pytest.mark.parametrize("question", [reversal, Ledger.of_document, Ledger.outstanding])
def test_a_document_that_is_not_here_is_unknown(question: Callable[..., Any]) -> None:
    with pytest.raises(UnknownLine) as caught:
        question(booked(sold("1.00 EUR")), "inv-9")
    assert caught.value == UnknownLine(ledger="acme", wanted="inv-9")


def test_a_line_that_is_not_here_is_unknown() -> None:
    with pytest.raises(UnknownLine) as caught:
        booked(sold("1.00 EUR")).line("inv-1:2")
    assert caught.value == UnknownLine(ledger="acme", wanted="inv-1:2")


@given(
    minor=st.integers(1, 5_000),
    percents=st.lists(st.integers(1, 60), max_size=8),
    code=st.sampled_from(["JPY", "EUR", "KWD"]),
    rates=st.sampled_from([(VAT,), (VAT, SURCHARGE), (TaxRate(id="free", percent=Fraction(0)), VAT)]),
    treatment=st.sampled_from(TaxTreatment),
    pays=st.integers(0, 100),
)
def test_the_taxes_of_successive_credits_are_in_the_end_those_of_the_charge(
    minor: int,
    percents: list[int],
    code: str,
    rates: tuple[TaxRate, ...],
    treatment: TaxTreatment,
    pays: int,
) -> None:
    amount = Money(minor, Currency(code))
    held = booked(sold(str(amount), rates=rates, taxes=TaxTerms(treatment=treatment)))
    charged = held.line("inv-1:1")
    received = charged.gross.scaled(Fraction(pays, 100))
    held = pay(held, "inv-1", received, **ACT).state if received else held
    found: list[CreditLine] = []
    for percent in [*percents, 100]:
        left = held.line("inv-1:1").left
        one = held.line("inv-1:1").credit_of(left.scaled(Fraction(percent, 100)).minor, None, Reason.CORRECTION)
        held = book(held, quote_of(one), document=f"cn-{len(found)}", **ACT).state
        found.append(one)
    for place, tax in enumerate(charged.taxes):
        assert sum(one.taxes[place].amount.minor for one in found) == tax.amount.minor
        assert min(one.taxes[place].amount.minor for one in found) >= 0
    assert sum(one.gross.minor for one in found) == charged.gross.minor
    assert (held.balance, held.outstanding()) == (received, Money.zero(amount.currency))


def test_the_taxes_of_a_partial_credit_are_its_part_of_those_charged() -> None:
    held = booked(sold("0.10 EUR", rates=(VAT,)))
    first = credit(held, "0.05 EUR")
    held = credited(held, "0.05 EUR")
    second = credit(held, "0.05 EUR")
    assert [one.taxes[0].amount.text for one in (first, second)] == ["0.01", "0.01"]
    assert [one.gross.text for one in (first, second)] == ["0.06", "0.06"]


# Spending and refunding what is in credit


def in_credit(amount: str) -> Ledger:
    """A ledger with that much in credit, and 20.00 owed on inv-2."""
    held = credited(paid(booked(sold("30.00 EUR")), "30.00 EUR"), amount)
    return booked(sold("20.00 EUR"), "inv-2", onto=held)


def test_credit_pays_a_document() -> None:
    after = spend_balance(in_credit("15.00 EUR"), "inv-2", money("12.00 EUR"), **ACT).state
    assert (after.balance.text, after.outstanding("inv-2").text) == ("3.00", "8.00")
    assert after.line("inv-2:1").paid == money("12.00 EUR")


def test_what_was_paid_out_of_credit_is_credited_like_any_payment() -> None:
    held = spend_balance(in_credit("15.00 EUR"), "inv-2", money("15.00 EUR"), **ACT).state
    after = credited(held, "20.00 EUR", "inv-2:1", "cn-2")
    assert (after.balance, after.outstanding()) == (money("15.00 EUR"), money("0.00 EUR"))


@pytest.mark.parametrize(
    ("held", "document", "amount", "balance"),
    [
        (in_credit("15.00 EUR"), "inv-2", "15.01 EUR", "15.00 EUR"),
        (in_credit("15.00 EUR"), "inv-2", "99.00 EUR", "15.00 EUR"),
        (in_credit("15.00 EUR"), "inv-1", "15.01 EUR", "15.00 EUR"),
        (booked(sold("20.00 EUR")), "inv-1", "0.01 EUR", "0.00 EUR"),
    ],
    ids=["a cent more", "more than is owed, too", "where nothing is owed", "nothing is in credit"],
)
def test_no_more_is_spent_than_is_in_credit(held: Ledger, document: str, amount: str, balance: str) -> None:
    verdict = agrees(can_spend_balance, spend_balance, held, document, money(amount), **ACT)
    assert verdict.refusal == BalanceExceeded(ledger="acme", asked=money(amount), balance=money(balance))


@pytest.mark.parametrize(("document", "amount", "owed"), [("inv-2", "20.01", "20.00"), ("inv-1", "0.01", "0.00")])
def test_no_more_is_spent_than_is_owed(document: str, amount: str, owed: str) -> None:
    asked = money(f"{amount} EUR")
    verdict = agrees(can_spend_balance, spend_balance, in_credit("25.00 EUR"), document, asked, **ACT)
    assert verdict.refusal == PaidTooMuch(document=document, asked=asked, owed=money(f"{owed} EUR"))


def test_credit_is_spent_on_a_document_that_is_here() -> None:
    verdict = agrees(can_spend_balance, spend_balance, in_credit("15.00 EUR"), "inv-9", money("1.00 EUR"), **ACT)
    assert verdict.refusal == UnknownLine(ledger="acme", wanted="inv-9")


def test_credit_is_refunded_in_parts_and_no_more_than_there_is() -> None:
    held = refund_balance(in_credit("15.00 EUR"), money("10.00 EUR"), **ACT).state
    assert (held.balance, held.outstanding()) == (money("5.00 EUR"), money("20.00 EUR"))
    verdict = agrees(can_refund_balance, refund_balance, held, money("5.01 EUR"), **ACT)
    assert verdict.refusal == BalanceExceeded(ledger="acme", asked=money("5.01 EUR"), balance=money("5.00 EUR"))
    assert refund_balance(held, money("5.00 EUR"), **ACT).state.balance == money("0.00 EUR")


# Events


def test_replaying_the_events_rebuilds_the_ledger() -> None:
    opening = open_ledger("acme", EUR, lines=(brought(),), balance=money("2.00 EUR"), **ACT)
    held, events = opening.state, list[Event]()

    def then(decision: Decision[Ledger, Any]) -> Ledger:
        events.extend(decision.events)
        return decision.state

    held = then(book(held, sold("10.00 EUR", "7.77 EUR", rates=(VAT,)), document="inv-1", **ACT))
    held = then(pay(held, "inv-1", money("9.99 EUR"), **ACT))
    held = then(spend_balance(held, "inv-1", money("1.50 EUR"), **ACT))
    held = then(book(held, quote_of(credit(held, "12.00 EUR", "old:1")), document="cn-1", **ACT))
    held = then(book(held, reversal(held, "inv-1"), document="cn-2", **ACT))
    held = then(refund_balance(held, money("20.00 EUR"), **ACT))
    assert replayed_ledger(opened(opening.events[0]), events) == held
    assert held.balance == money("2.00 EUR") + money("9.99 EUR") + money("12.00 EUR") - money("20.00 EUR")


def test_the_events_say_who_did_what_when() -> None:
    later = datetime(2026, 4, 2, tzinfo=UTC)
    (event,) = pay(booked(sold("10.00 EUR")), "inv-1", money("4.00 EUR"), by=BY, now=later).events
    assert (event.by, event.at, event.document, dict(event.parts), event.from_balance) == (
        "billing",
        later,
        "inv-1",
        {"inv-1:1": money("4.00 EUR")},
        False,
    )


def test_taxes_per_total_are_booked_line_by_line() -> None:
    held = booked(sold("0.03 EUR", "0.03 EUR", "0.03 EUR", rates=(VAT,), taxes=TaxTerms(rounding=TaxRounding.TOTAL)))
    assert [one.gross.text for one in held.lines.values()] == ["0.04", "0.04", "0.03"]
    assert held.outstanding() == money("0.11 EUR")
