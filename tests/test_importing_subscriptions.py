"""A subscription that another system has billed so far: what it is worth, what is due, and what may not be brought."""

from collections.abc import Mapping
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
    CustomerAccount,
    DocumentSeries,
    Numbers,
    NumbersTaken,
    SubscriptionExists,
    SubscriptionImported,
    apply,
    bill_due,
    bill_rows,
    can_import_subscription,
    carry_out,
    dun,
    import_customer,
    import_subscription,
    notices,
    pay,
    subscription_rows,
)
from licensing_core.billing import (
    BillingPolicy,
    DocumentKind,
    DocumentNumber,
    FixedDiscount,
    ItemChange,
    PercentDiscount,
    ScheduledChange,
    Series,
    TaxRate,
    TaxTerms,
    TaxTreatment,
    When,
)
from licensing_core.checks import InvalidArgument, InvalidId, TooManyItems
from licensing_core.currencies import Currency
from licensing_core.decisions import ImportRefused, Verdict
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Duration
from licensing_core.plans import Renewal
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.proration import Convention, Count, NothingCounted, preset
from licensing_core.subscriptions import EndOf, Ends, SubscriptionState, SubscriptionTerms, state_at

ANA: Final = Actor("ana")
MADRID: Final = "Europe/Madrid"
NOON: Final = datetime(2026, 4, 16, 10, tzinfo=UTC)
DONE: Final[dict[str, Any]] = {"by": ANA, "now": NOON}
EUR: Final = Currency("EUR")
SECOND: Final = timedelta(seconds=1)
DOLLAR: Final = Money.parse("1.00 USD")
SEATS: Final = SubscriptionTerms(
    item="seats", price=UnitPrice(Money.parse("10.00 EUR")), quantity=3, every=Duration(months=1), zone=MADRID
)
ACME: Final = import_customer("acme", None, zone=MADRID, **DONE).state
ELSEWHERE: Final[dict[str, Any]] = {"anchor": date(2025, 1, 1), "charged": Money.parse("30.00 EUR"), **DONE}


def on(month: int, day: int) -> dict[str, Any]:
    return {"by": ANA, "now": NOON.replace(month=month, day=day)}


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


def moved(terms: SubscriptionTerms = SEATS, series: DocumentSeries | None = None, **given: Any) -> Books:
    """The books after the subscription `web` was taken over."""
    account = import_subscription(ACME, "web", terms, **{**ELSEWHERE, **given}).state
    return Books(account, Numbers(id="documents") if series is None else Numbers(id="documents", series=series))


def cancelled(books: Books, now: datetime = NOON) -> Books:
    def decide(state: Any, _document: str) -> Any:
        return subscribing.cancel(state, EndOf.NOW, credit=True, by=ANA, now=now)

    return carry_out(books, "web", decide, by=ANA, now=now).state


def changed(books: Books, change: ItemChange, now: datetime = NOON) -> Books:
    def decide(state: Any, document: str) -> Any:
        return subscribing.change(state, change, document=document, by=ANA, now=now)

    return carry_out(books, "web", decide, by=ANA, now=now).state


def breaches(terms: Any = SEATS, account: CustomerAccount = ACME, name: Any = "web", **given: Any) -> Any:
    with pytest.raises(ImportRefused) as refused:
        import_subscription(account, name, terms, **{**ELSEWHERE, **given})
    return refused.value.breaches


def wrong(parameter: str, expected: str, got: str) -> InvalidArgument:
    return InvalidArgument(parameter=parameter, expected=expected, got=got)


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


VAT: Final = (TaxRate(id="vat", percent=Fraction(21)),)
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


END: Final = NOON.replace(month=5)
ONE: Final[Mapping[str, tuple[dict[str, Any], LicensingError]]] = {
    "an id that is too long": (
        {"name": "x" * 55},
        InvalidId(
            parameter="subscription_id",
            expected="an id of at most 54 characters, since its lines have a number behind it",
            got="str of 55 characters",
        ),
    ),
    "an id that is there": (
        {"account": moved().account},
        SubscriptionExists(customer="acme", subscription="web"),
    ),
    "terms of another zone": (
        {"terms": evolve(SEATS, zone="UTC")},
        wrong("terms", "in the zone of the account", "of another"),
    ),
    "a discount in another currency": (
        {"terms": evolve(SEATS, discounts=(FixedDiscount(id="off", amount=DOLLAR),))},
        CurrencyMismatch(expected=EUR, got=DOLLAR.currency),
    ),
    "a discount twice": (
        {"terms": evolve(SEATS, discounts=(PercentDiscount(id="off", percent=Fraction(1)),) * 2)},
        wrong("discounts", "each of another id", "one twice"),
    ),
    "periods in which nothing is counted": (
        {"terms": evolve(SEATS, every=Duration(seconds=3600))},
        NothingCounted(count="days", base="period"),
    ),
    "no anchor": ({"anchor": None}, wrong("anchor", "a day or an instant, unless there is a trial", "None")),
    "an anchor on a later day": ({"anchor": date(2026, 4, 17)}, wrong("anchor", "no later than now", "a later one")),
    "an anchor at a later instant": (
        {"anchor": NOON + timedelta(seconds=1)},
        wrong("anchor", "no later than now", "a later one"),
    ),
    "a charge below zero": ({"charged": euros("-1.00")}, wrong("charged", "Money, zero or more", "Money")),
    "a charge in another currency": ({"charged": DOLLAR}, CurrencyMismatch(expected=EUR, got=DOLLAR.currency)),
    "a payment in another currency": ({"paid": DOLLAR}, CurrencyMismatch(expected=EUR, got=DOLLAR.currency)),
    "more paid than charged": ({"paid": euros("30.01")}, wrong("paid", "at most 30.00 EUR", "30.01 EUR")),
    "more paid than charged with taxes": (
        {"terms": evolve(SEATS, rates=VAT), "paid": euros("36.31")},
        wrong("paid", "at most 36.30 EUR", "36.31 EUR"),
    ),
    "a payment for nothing": (
        {"charged": None, "paid": euros("1.00")},
        wrong("paid", "None where nothing was charged", "something else"),
    ),
    "a number of nothing": (
        {"charged": None, "number": DocumentNumber(series="A", number=1, issued_on=NOON.date())},
        wrong("number", "None where nothing was charged", "something else"),
    ),
    "a part that began before the period": (
        {"since": date(2026, 3, 31)},
        wrong("since", "within the running period, and no later than now", "another one"),
    ),
    "a part that begins later": (
        {"since": NOON + timedelta(seconds=1)},
        wrong("since", "within the running period, and no later than now", "another one"),
    ),
    "a part that the convention does not count": (
        {
            "terms": evolve(SEATS, policy=BillingPolicy(convention=Convention(count=Count.DAYS_360))),
            "since": date(2026, 3, 31),
            "now": datetime(2026, 3, 31, 10, tzinfo=UTC),
        },
        wrong("since", "from where the convention counts something", "another one"),
    ),
    "more renewals than there are": (
        {"terms": evolve(SEATS, most_renewals=2), "renewals": 3},
        wrong("renewals", "at most 2", "3"),
    ),
    "an end that has passed": (
        {"ends": Ends(access=NOON, billing=END)},
        wrong("ends", "an end of access later than now", "an earlier one"),
    ),
    "too many pools": (
        {"pools": frozenset(f"p{number}" for number in range(101))},
        TooManyItems(parameter="pools", given=101, most=100),
    ),
    "a trial that has ended": (
        {"anchor": None, "charged": None, "trial_ends": NOON},
        wrong("trial_ends", "later than now", "an earlier instant"),
    ),
    "a trial of what cannot be billed": (
        {
            "anchor": None,
            "charged": None,
            "trial_ends": END,
            "terms": evolve(SEATS, every=Duration(seconds=3600)),
        },
        NothingCounted(count="days", base="period"),
    ),
}


@pytest.mark.parametrize("case", ONE)
def test_what_a_subscription_may_not_bring_is_named(case: str) -> None:
    given, breach = ONE[case]
    assert breaches(**given) == (breach,)


def waiting(name: str = "later", change: ItemChange | None = None, effective: Any = END) -> ScheduledChange:
    return ScheduledChange(id=name, change=change or ItemChange(quantity=1), effective=effective)


CHANGES: Final[Mapping[str, tuple[tuple[ScheduledChange, ...], LicensingError]]] = {
    "a change of nothing": (
        (waiting(change=ItemChange()),),
        wrong("scheduled.later", "a change of something", "one of nothing"),
    ),
    "a quantity of nothing": (
        (waiting(change=ItemChange(quantity=0)),),
        wrong("scheduled.later", "a quantity above 0; what is to end has ends", "0"),
    ),
    "a change that was due": (
        (waiting(effective=NOON),),
        wrong("scheduled.later", "later than now", "an earlier instant"),
    ),
    "an id twice": (
        (waiting(), waiting("other"), waiting(effective=When.END_OF_PERIOD)),
        wrong("scheduled.later", "an id that no other change has", "the same again"),
    ),
    "a price in another currency": (
        (waiting(change=ItemChange(price=FlatPrice(DOLLAR))),),
        CurrencyMismatch(expected=EUR, got=DOLLAR.currency),
    ),
    "periods in which nothing is counted": (
        (waiting(change=ItemChange(every=Duration(seconds=60)), effective=When.END_OF_PERIOD),),
        NothingCounted(count="days", base="period"),
    ),
    "too many": (
        tuple(waiting(f"c{number}") for number in range(101)),
        TooManyItems(parameter="scheduled", given=101, most=100),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_a_scheduled_change_may_not_be_is_named(case: str) -> None:
    scheduled, breach = CHANGES[case]
    assert breaches(scheduled=scheduled) == (breach,)


def test_in_a_trial_nothing_was_billed_yet() -> None:
    number = DocumentNumber(series="A", number=1, issued_on=NOON.date())
    found = breaches(trial_ends=END, paid=euros("1.00"), since=NOON, number=number, renewals=1, scheduled=(waiting(),))
    assert [breach.parameter for breach in found] == [
        "anchor",
        "charged",
        "paid",
        "since",
        "number",
        "renewals",
        "scheduled",
    ]


def test_all_breaches_come_together_those_of_forms_first() -> None:
    found = breaches(
        terms=evolve(SEATS, zone="UTC"),
        account=moved().account,
        renewals=-1,
        anchor=date(2027, 1, 1),
        charged=DOLLAR,
        paid=euros("99.00"),
        scheduled=(waiting(effective=NOON),),
        ends=Ends(access=NOON, billing=NOON),
    )
    assert [breach.code for breach in found] == [
        "quantity.invalid",
        "service.exists",
        "argument.invalid",
        "argument.invalid",
        "currency.mismatch",
        "argument.invalid",
        "argument.invalid",
    ]
    assert [getattr(breach, "parameter", "") for breach in found] == [
        "renewals",
        "",
        "terms",
        "anchor",
        "",
        "scheduled.later",
        "ends",
    ]


def test_terms_that_are_none_are_named_and_what_does_not_need_them_too() -> None:
    found = breaches(terms=None, ends=Ends(access=NOON, billing=NOON), trial_ends=NOON)
    assert [breach.parameter for breach in found] == ["terms", "trial_ends", "anchor", "charged", "ends"]


def test_the_dry_run_answers_with_the_refusal_of_the_command() -> None:
    assert can_import_subscription(ACME, "web", SEATS, **ELSEWHERE) == Verdict.allow("LAT-5")
    verdict = can_import_subscription(ACME, "web", SEATS, **{**ELSEWHERE, "paid": DOLLAR, "renewals": -1})
    assert verdict.refusal == ImportRefused(breaches=breaches(paid=DOLLAR, renewals=-1))


@pytest.mark.parametrize("name", ["account", "by", "now"])
def test_the_account_who_acts_and_when_are_no_part_of_what_is_brought(name: str) -> None:
    given: dict[str, Any] = {"account": ACME, **ELSEWHERE, name: None}
    with pytest.raises(InvalidArgument):
        can_import_subscription(subscription_id="web", terms=SEATS, **given)


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
