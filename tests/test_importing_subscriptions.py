"""A subscription that another system has billed so far: what it is worth, and what is due."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import reduce
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core import subscriptions as subscribing
from licensing_core.accounts import (
    AccountEvent,
    BillStatus,
    Books,
    DocumentSeries,
    Numbers,
    NumbersTaken,
    SubscriptionImported,
    apply,
    bill_due,
    bill_rows,
    carry_out,
    dun,
    import_subscription,
    notices,
    pay,
    subscription_rows,
)
from licensing_core.billing import (
    BillingPolicy,
    DocumentKind,
    DocumentNumber,
    ItemChange,
    ScheduledChange,
    Series,
    TaxTerms,
    TaxTreatment,
    When,
)
from licensing_core.money import Money
from licensing_core.plans import Renewal
from licensing_core.proration import preset
from licensing_core.subscriptions import EndOf, Ends, SubscriptionState, state_at
from tests.importing_world import ACME, ANA, DONE, ELSEWHERE, EUR, NOON, SEATS, VAT, euros, moved

SECOND: Final = timedelta(seconds=1)


def on(month: int, day: int) -> dict[str, Any]:
    return {"by": ANA, "now": NOON.replace(month=month, day=day)}


def cancelled(books: Books, now: datetime = NOON) -> Books:
    def decide(state: Any, _document: str) -> Any:
        return subscribing.cancel(state, EndOf.NOW, credit=True, by=ANA, now=now)

    return carry_out(books, "web", decide, by=ANA, now=now).state


def changed(books: Books, change: ItemChange, now: datetime = NOON) -> Books:
    def decide(state: Any, document: str) -> Any:
        return subscribing.change(state, change, document=document, by=ANA, now=now)

    return carry_out(books, "web", decide, by=ANA, now=now).state


def test_a_subscription_comes_as_one_event_with_the_bill_of_its_running_period() -> None:
    decision = import_subscription(ACME, "web", SEATS, renewals=15, pools=frozenset({"p1"}), **ELSEWHERE)
    (event,) = decision.events
    web, bill = decision.state.subscriptions["web"], decision.state.bills["imported:web"]
    assert isinstance(event, SubscriptionImported)
    assert (event.started, event.bills, apply(ACME, event)) == (web, (bill,), decision.state)
    assert (web.state, web.renewals, web.pools) == (SubscriptionState.ACTIVE, 15, frozenset({"p1"}))
    assert (bill.status, bill.document.kind, bill.due) == (BillStatus.PAID, DocumentKind.INVOICE, date(2026, 4, 1))
    assert notices(decision.events) == ()


@pytest.mark.parametrize(
    ("anchor", "due"),
    [
        (date(2025, 1, 31), date(2026, 4, 30)),
        (date(2025, 1, 1), date(2026, 5, 1)),
        (date(2026, 4, 16), date(2026, 5, 16)),
        (datetime(2025, 1, 20, 8, 30, tzinfo=UTC), date(2026, 4, 20)),
    ],
)
def test_it_is_due_as_it_was_elsewhere(anchor: date, due: date) -> None:
    (row,) = subscription_rows(moved(anchor=anchor).account, NOON)
    assert (row.next_due, str(row.price)) == (due, "30.00 EUR")


def test_the_next_period_is_billed_once_when_it_is_due_and_no_earlier_one() -> None:
    books = moved(anchor=date(2025, 1, 31))
    for day in (20, 30, 30):
        books = bill_due(books, **on(4, day)).state
    rows = bill_rows(books.account)
    assert [(row.document, row.due, str(row.total)) for row in rows] == [
        ("imported:web", date(2026, 3, 31), "30.00 EUR"),
        ("proforma:1", date(2026, 4, 30), "30.00 EUR"),
    ]
    assert subscription_rows(books.account, NOON.replace(day=30))[0].next_due == date(2026, 4, 30)


def test_a_change_gives_back_the_unused_part_of_what_was_charged_elsewhere() -> None:
    books = changed(moved(charged=euros("24.00")), ItemChange(quantity=1))
    note = books.account.bills["credit_note:1"]
    assert (note.document.corrects, str(note.document.total)) == ("imported:web", "12.00 EUR")
    assert str(books.account.bills["proforma:1"].document.total) == "5.00 EUR"
    assert str(books.account.balance(EUR)) == "7.00 EUR"


def test_a_pause_gives_back_the_unused_part_too() -> None:
    def decide(state: Any, _document: str) -> Any:
        return subscribing.pause(state, **DONE)

    books = carry_out(moved(), "web", decide, **DONE).state
    assert str(books.account.balance(EUR)) == "15.00 EUR"
    assert subscription_rows(books.account, NOON)[0].next_due is None


@pytest.mark.parametrize(
    ("paid", "in_credit", "owed"),
    [(None, "15.00 EUR", "0.00 EUR"), ("20.00", "5.00 EUR", "0.00 EUR"), ("5.00", "0.00 EUR", "10.00 EUR")],
)
def test_a_cancellation_gives_back_no_more_than_was_paid_elsewhere(paid: str | None, in_credit: str, owed: str) -> None:
    account = cancelled(moved(paid=None if paid is None else euros(paid))).account
    assert str(account.balance(EUR)) == in_credit
    assert str(account.bills["imported:web"].outstanding) == owed


@pytest.mark.parametrize("charged", [None, euros("0.00")])
def test_a_free_period_gives_nothing_back_and_the_next_one_is_billed(charged: Money | None) -> None:
    books = moved(charged=charged)
    assert not books.account.bills
    assert not cancelled(books).account.balance(EUR)
    assert str(bill_due(books, **on(5, 1)).state.account.bills["proforma:1"].outstanding) == "30.00 EUR"


def test_what_was_not_paid_elsewhere_is_owed_as_overdue_as_it_was_there() -> None:
    books = moved(paid=euros("10.00"))
    (bill,) = books.account.due
    assert (str(bill.outstanding), bill.due, bill.document.kind) == ("20.00 EUR", date(2026, 4, 1), "proforma")
    suspended = dun(books, **DONE).state
    assert state_at(suspended.account.subscriptions["web"], NOON) is SubscriptionState.SUSPENDED
    paid = pay(suspended, "imported:web", paid=euros("20.00"), **DONE).state
    invoice = paid.account.bills["imported:web"]
    assert state_at(paid.account.subscriptions["web"], NOON) is SubscriptionState.ACTIVE
    assert (invoice.status, str(invoice.document.number), str(invoice.document.total)) == (
        BillStatus.PAID,
        "F-000001",
        "30.00 EUR",
    )


def test_a_bill_from_elsewhere_keeps_its_number_where_proformas_keep_theirs() -> None:
    number = DocumentNumber(series="OLD-", year=2026, number=77, issued_on=date(2026, 4, 3))
    books = moved(paid=euros("0.00"), number=number, series=DocumentSeries(invoices=None))
    paid = pay(books, "imported:web", **DONE).state.account.bills["imported:web"]
    assert (str(paid.document.number), paid.due) == ("OLD-2026-000077", date(2026, 4, 1))
    assert not pay(books, "imported:web", **DONE).state.numbers.last


def test_bills_of_several_subscriptions_have_numbers_of_their_own_outside_those_of_the_tenant() -> None:
    both = import_subscription(moved().account, "mail", SEATS, **ELSEWHERE).state
    numbers = {name: str(bill.document.number) for name, bill in both.bills.items()}
    assert numbers == {"imported:web": "imported-000001", "imported:mail": "imported-000002"}


WITHIN: Final = BillingPolicy(taxes=TaxTerms(treatment=TaxTreatment.INCLUSIVE))


@pytest.mark.parametrize(
    ("policy", "charged", "total", "back"),
    [(SEATS.policy, "30.00", "36.30 EUR", "18.15 EUR"), (WITHIN, "36.30", "36.30 EUR", "18.15 EUR")],
)
def test_the_taxes_of_the_terms_are_on_what_was_charged(
    policy: BillingPolicy, charged: str, total: str, back: str
) -> None:
    books = moved(evolve(SEATS, rates=VAT, policy=policy), charged=euros(charged))
    document = books.account.bills["imported:web"].document
    assert (str(document.total), str(document.net)) == (total, "30.00 EUR")
    assert [str(tax.amount) for tax in document.taxes] == ["6.30 EUR"]
    assert str(cancelled(books).account.balance(EUR)) == back


@pytest.mark.parametrize(
    ("since", "start"),
    [
        (date(2026, 4, 11), date(2026, 4, 11)),
        (datetime(2026, 4, 11, 15, tzinfo=UTC), date(2026, 4, 11)),
        (date(2026, 4, 1), date(2026, 4, 1)),
    ],
)
def test_where_a_part_was_charged_its_unused_part_is_counted_of_that_part(since: date, start: date) -> None:
    books = moved(since=since, charged=euros("20.00"))
    assert books.account.bills["imported:web"].due == start
    days = 31 - start.day
    assert cancelled(books).account.balance(EUR) == Money.rounded(Fraction(2000 * 15, days), EUR)


def test_a_part_counted_in_seconds_begins_at_its_instant() -> None:
    terms = evolve(SEATS, policy=BillingPolicy(convention=preset("stripe")))
    since = NOON.replace(day=11)
    books = moved(terms, since=since, charged=euros("20.00"))
    turn = books.account.subscriptions["web"].turns[0]
    assert turn.start == since
    exact = 2000 * Fraction((turn.end - NOON) // SECOND, (turn.end - since) // SECOND)
    assert cancelled(books).account.balance(EUR) == Money.rounded(exact, EUR)


def test_a_part_that_began_with_a_period_of_some_hour_begins_with_it() -> None:
    anchor = datetime(2025, 1, 11, 15, tzinfo=UTC)
    books = moved(anchor=anchor, since=date(2026, 4, 11), charged=euros("20.00"))
    turn = books.account.subscriptions["web"].turns[0]
    assert turn.start == turn.item.period.start


def test_scheduled_changes_are_carried_out_here_each_when_it_is_due() -> None:
    fewer = ScheduledChange(id="fewer", change=ItemChange(quantity=1), effective=When.END_OF_PERIOD)
    more = ScheduledChange(id="more", change=ItemChange(quantity=6), effective=NOON.replace(day=21))
    books = bill_due(moved(scheduled=(fewer, more)), **on(5, 1)).state
    totals = [(row.due, str(row.total)) for row in bill_rows(books.account) if row.kind is not DocumentKind.CREDIT_NOTE]
    assert totals == [
        (date(2026, 4, 1), "30.00 EUR"),
        (date(2026, 4, 21), "20.00 EUR"),
        (date(2026, 5, 1), "10.00 EUR"),
    ]


def test_one_that_was_cancelled_elsewhere_ends_here_and_is_billed_no_more() -> None:
    may = datetime(2026, 4, 30, 22, tzinfo=UTC)
    books = bill_due(moved(ends=Ends(access=may, billing=may)), **on(5, 2)).state
    web = books.account.subscriptions["web"]
    assert state_at(web, NOON) is SubscriptionState.ACTIVE
    assert state_at(web, may) is SubscriptionState.CANCELLED
    assert books.account.bills.keys() == {"imported:web"}


def test_one_that_is_renewed_by_hand_may_be_renewed_as_often_as_is_left() -> None:
    by_hand = evolve(SEATS, renewal=Renewal.MANUAL, most_renewals=5)

    def decide(state: Any, document: str) -> Any:
        return subscribing.renew(state, document=document, **DONE)

    books = carry_out(moved(by_hand, renewals=4), "web", decide, **DONE).state
    assert books.account.bills["proforma:1"].due == date(2026, 5, 1)
    with pytest.raises(subscribing.NotRenewed):
        carry_out(books, "web", decide, **DONE)


@pytest.mark.parametrize(("converts", "state"), [(True, SubscriptionState.ACTIVE), (False, SubscriptionState.EXPIRED)])
def test_a_trial_goes_on_to_its_end_and_is_billed_from_there(converts: bool, state: SubscriptionState) -> None:
    ends = NOON.replace(day=20)
    books = moved(anchor=None, charged=None, trial_ends=ends, converts=converts)
    web = books.account.subscriptions["web"]
    assert (web.turns, state_at(web, NOON), state_at(web, ends)) == ((), SubscriptionState.TRIAL, state)
    billed = bill_due(books, **on(4, 20)).state.account.bills
    assert [bill.due for bill in billed.values()] == ([date(2026, 4, 20)] if converts else [])


amounts = st.integers(min_value=0, max_value=100_000).map(lambda minor: Money(minor, EUR))


@given(amounts, st.data(), st.integers(min_value=16, max_value=30), st.booleans())
def test_what_is_given_back_is_the_exact_unused_part_less_what_was_not_paid(
    charged: Money, data: st.DataObject, day: int, taxed: bool
) -> None:
    terms = evolve(SEATS, rates=VAT if taxed else ())
    whole = moved(terms, charged=charged).account.bills.get("imported:web")
    gross = whole.document.total if whole is not None else charged
    paid = data.draw(st.integers(min_value=0, max_value=gross.minor)) if gross else None
    books = moved(terms, charged=charged, paid=None if paid is None else Money(paid, EUR))
    account = cancelled(books, NOON.replace(day=day)).account
    given_back = account.balance(EUR)
    owed = Money.sum((bill.outstanding for bill in account.bills.values()), EUR)
    net = Money.rounded(Fraction(charged.minor * (31 - day), 30), EUR)
    taxes = Money.rounded(Fraction(net.minor * (gross.minor - charged.minor), charged.minor or 1), EUR)
    assert given_back.minor <= (paid or 0)
    assert gross.minor - net.minor - taxes.minor == (paid or 0) - given_back.minor + owed.minor
    assert not (given_back and owed)


@given(st.sampled_from([None, "0.00", "12.34", "30.00"]), st.sampled_from([None, date(2026, 4, 11)]))
def test_replaying_the_events_rebuilds_the_account(paid: str | None, since: date | None) -> None:
    first = import_subscription(
        ACME, "web", SEATS, **{**ELSEWHERE, "paid": None if paid is None else euros(paid), "since": since}
    )
    events: list[AccountEvent] = [*first.events]
    books = Books(first.state, Numbers(id="documents", series=DocumentSeries(proformas=Series("X-"))))
    decision = bill_due(books, **on(6, 1))
    events += [event for event in decision.events if not isinstance(event, NumbersTaken)]
    assert reduce(apply, events, ACME) == decision.state.account
