"""Commands that come again, late, dated back or to the wrong place: nothing is charged twice."""

from datetime import UTC, date, datetime

import pytest
from attrs import evolve

from licensing_core import serde
from licensing_core.billing import (
    AlreadyBooked,
    Billed,
    BillingPolicy,
    ChangeTooEarly,
    DocumentNumber,
    ItemChange,
    ItemTerms,
    Ledger,
    Quote,
    QuoteChanged,
    Reason,
    Series,
    advance_item,
    book,
    change_item,
    invoiced,
    line,
    open_ledger,
    pay,
    quote_change,
    quote_next,
    quote_start,
    refund_balance,
    reversal,
    schedule_change,
    spend_balance,
    start_item,
    take_over_item,
)
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.directory import Actor
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.proration import ChangeDay, Convention, NothingCounted

EUR, BY, MONTH = Currency("EUR"), Actor("ana"), Duration(months=1)
TERMS = ItemTerms(
    item="base",
    price=UnitPrice(Money.parse("10.00 EUR")),
    quantity=3,
    cycle=Cycle(date(2026, 4, 1), MONTH, "UTC"),
)


def april(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 4, day, hour, tzinfo=UTC)


def an_item(policy: BillingPolicy = BillingPolicy()) -> Billed:  # noqa: B008 - a value that cannot change
    ledger = open_ledger("acme", EUR, by=BY, now=april(1)).state
    return start_item("x", TERMS, policy=policy, ledger=ledger, document="a", by=BY, now=april(1)).state


def test_nothing_is_dated_back_over_a_line_that_was_taken_back() -> None:
    more = change_item(an_item(), ItemChange(quantity=6), document="b", by=BY, now=april(16)).state
    ledger = book(more.ledger, reversal(more.ledger, "b"), document="n", by=BY, now=april(17)).state
    late = ItemChange(quantity=4)
    with pytest.raises(ChangeTooEarly) as caught:
        change_item(evolve(more, ledger=ledger), late, document="c", by=BY, now=april(17), effective=april(2))
    assert caught.value == ChangeTooEarly(item="x", earliest=april(17))


def test_a_change_of_the_interval_that_comes_again_a_day_later_is_refused() -> None:
    anew = ItemChange(every=MONTH)
    state = change_item(an_item(), anew, document="b", by=BY, now=april(16)).state
    with pytest.raises(AlreadyBooked) as caught:
        change_item(state, anew, document="b", by=BY, now=april(17))
    assert caught.value == AlreadyBooked(ledger="acme", line="x:2")


def test_a_scheduled_change_before_a_period_of_the_next_day_takes_all_of_it() -> None:
    state = an_item(BillingPolicy(convention=Convention(change_day=ChangeDay.OLD)))
    state = schedule_change(state, ItemChange(quantity=6), april(10, 18), change_id="c", by=BY, now=april(9)).state
    state = change_item(state, ItemChange(every=Duration(months=2)), document="b", by=BY, now=april(10, 9)).state
    (charge,) = quote_next(state).charges
    assert charge.billed == state.item.period.interval


def test_what_this_ledger_bills_already_is_not_taken_over() -> None:
    with pytest.raises(AlreadyBooked) as caught:
        take_over_item("x", TERMS, ledger=an_item().ledger, line=None, by=BY, now=april(2))
    assert caught.value == AlreadyBooked(ledger="acme", line="x:1")


def test_a_ledger_that_was_stored_shares_a_payment_as_before() -> None:
    lines = tuple(line(f"i{number}", 1, FlatPrice(Money.parse("1.00 EUR"))) for number in range(12))
    ledger = open_ledger("acme", EUR, by=BY, now=april(1)).state
    ledger = book(ledger, Quote(currency=EUR, lines=lines), document="inv", by=BY, now=april(1)).state
    again = serde.loads(serde.dumps(ledger), Ledger)
    assert [one.item for one in again.of_document("inv")] == [one.item for one in lines]
    cents = Money.parse("0.03 EUR")
    assert pay(again, "inv", cents, by=BY, now=april(2)) == pay(ledger, "inv", cents, by=BY, now=april(2))


def test_a_series_tells_its_first_thousand_gaps() -> None:
    far = DocumentNumber(series="N", number=3_000_000, issued_on=date(2026, 4, 1))
    missing = Series("N").missing([far])
    assert (len(missing), missing[0], missing[-1]) == (1000, "N000001", "N001000")


def test_what_is_no_ledger_policy_or_number_is_refused() -> None:
    nothing: object = None
    convention: object = Convention()
    for call in (
        lambda: book(nothing, Quote(currency=EUR, lines=()), document="d", by=BY, now=april(1)),  # type: ignore[arg-type]
        lambda: pay(nothing, "d", Money(1, EUR), by=BY, now=april(1)),  # type: ignore[arg-type]
        lambda: refund_balance(nothing, Money(1, EUR), by=BY, now=april(1)),  # type: ignore[arg-type]
        lambda: reversal(nothing, "d"),  # type: ignore[arg-type]
        lambda: quote_start(TERMS, policy=convention, now=april(1)),  # type: ignore[arg-type]
        lambda: invoiced(nothing, nothing),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidArgument):
            call()


def test_what_cannot_be_counted_can_be_ended() -> None:
    halves = evolve(TERMS, cycle=Cycle(april(1), Duration(seconds=43_200), "UTC"))
    ledger = open_ledger("acme", EUR, by=BY, now=april(1)).state
    state = start_item("x", halves, ledger=ledger, document="a", by=BY, now=april(1)).state
    state = advance_item(state, document="b", by=BY, now=april(2, 0)).state
    ended = change_item(state, ItemChange(quantity=0), document="c", by=BY, now=april(2, 6)).state
    assert ended.item.ended == april(2, 6)


@pytest.mark.parametrize("hour", [6, 18])
def test_what_cannot_be_counted_is_not_scheduled_at_any_hour(hour: int) -> None:
    halves = ItemChange(every=Duration(seconds=43_200))
    with pytest.raises(NothingCounted):
        schedule_change(an_item(), halves, april(16), change_id="c", by=BY, now=april(2, hour))


def test_an_amount_of_another_currency_is_said_to_be_the_other() -> None:
    state, yen = an_item(), Money(1, Currency("JPY"))
    for refused in (
        lambda: pay(state.ledger, "a", yen, by=BY, now=april(2)),
        lambda: spend_balance(state.ledger, "a", yen, by=BY, now=april(2)),
        lambda: refund_balance(state.ledger, yen, by=BY, now=april(2)),
    ):
        with pytest.raises(CurrencyMismatch) as caught:
            refused()
        assert caught.value == CurrencyMismatch(expected=EUR, got=Currency("JPY"))


def test_a_quote_whose_unpaid_part_has_changed_says_by_how_much() -> None:
    state = an_item()
    confirmed = quote_change(state, ItemChange(quantity=0), now=april(1))
    held = state.ledger.line("x:1")
    note = Quote(currency=EUR, lines=(held.credit_of(2000, None, Reason.CORRECTION),))
    ledger = book(state.ledger, note, document="n", by=BY, now=april(1)).state
    with pytest.raises(QuoteChanged) as caught:
        change_item(
            evolve(state, ledger=ledger), ItemChange(quantity=0), document="b", by=BY, now=april(1), confirmed=confirmed
        )
    assert caught.value == QuoteChanged(confirmed=(Money(-3000, EUR),), due=(Money(-1000, EUR),))
