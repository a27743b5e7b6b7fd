"""Ordering, paying, credit: what is asked for, what is booked, and what is refused (LAT-2, LAT-5, decision 13)."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core import accounts as lib
from licensing_core import billing
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import (
    AmountDiffers,
    BillIssued,
    BillIsVoid,
    BillPaid,
    BillPaidAlready,
    BillsNotLoaded,
    BillStatus,
    BillVoided,
    Books,
    CreditOpened,
    SubscriptionExists,
    UnknownBill,
    UnknownSubscription,
)
from licensing_core.accounts.values import MOST_SUBSCRIPTIONS
from licensing_core.billing import BalanceExceeded, DocumentKind, FixedDiscount, PercentDiscount
from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.decisions import Decision
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.subscriptions import SubscriptionEnded, SubscriptionState
from tests.account_world import (
    ANA,
    C1,
    MAY,
    P1,
    P2,
    acme,
    balance,
    bill,
    billed,
    books,
    cancel,
    change,
    credit,
    decide,
    dun,
    free,
    in_part,
    on,
    order,
    ordered,
    pay,
    running,
    shown,
    terms,
    told,
    web,
)
from tests.builders import NAIVE, eur

YEN = Money.parse("3000 JPY")

# Ordered


def test_an_order_waits_for_its_first_payment_with_a_proforma_that_is_due_today() -> None:
    decision = order(books(), asked=terms(quantity=2))
    issued = decision.events[1]
    assert told(decision) == ["SubscriptionStarted", "BillIssued", "NumbersTaken"]
    assert isinstance(issued, BillIssued)
    assert (issued.bill.document.kind, issued.bill.due, issued.bill.status) == (
        DocumentKind.PROFORMA,
        date(2026, 5, 4),
        BillStatus.UNPAID,
    )
    assert shown(decision.state) == {P1: ("P-000001", "60.00 EUR", "unpaid")}
    assert web(decision.state).state is SubscriptionState.PENDING


def test_the_day_of_an_order_is_that_of_the_customer() -> None:
    late = order(books(), now=on(5, 4, 22)).state
    assert late.account.bills[P1].due == date(2026, 5, 5)


def test_what_is_tried_first_is_asked_for_only_when_the_trial_is_to_end() -> None:
    decision = order(books(), trial_ends=on(6, 4, 0), pools=frozenset({"p1"}))
    assert told(decision) == ["SubscriptionStarted"]
    found = web(decision.state)
    assert (found.state, found.pools) == (SubscriptionState.TRIAL, frozenset({"p1"}))
    assert bill(decision.state, now=on(5, 19)).state == decision.state
    assert shown(bill(decision.state, now=on(5, 20)).state) == {P1: ("P-000001", "30.00 EUR", "unpaid")}


def test_a_trial_that_is_not_to_convert_is_never_asked_for() -> None:
    found = order(books(), trial_ends=on(6, 4), converts=False).state
    assert bill(found, now=on(7, 1)).state == found


def test_what_costs_nothing_is_paid_and_active_at_once() -> None:
    for asked in (free(), terms(discounts=(PercentDiscount(id="all", percent=Fraction(100)),))):
        found = order(books(), asked=asked).state
        assert shown(found) == {P1: ("F-000001", "0.00 EUR", "paid")}
        assert web(found).state is SubscriptionState.ACTIVE
        assert bill(found, now=on(5, 20)).state.account.due == ()


def test_what_is_in_credit_makes_the_first_payment_where_it_comes_to_all_of_it() -> None:
    decision = order(credit(books(), "40.00"))
    assert shown(decision.state) == {P1: ("F-000001", "30.00 EUR", "paid")}
    assert (balance(decision.state), web(decision.state).state) == ("10.00 EUR", SubscriptionState.ACTIVE)
    assert told(decision) == [
        *("SubscriptionStarted", "BillIssued", "BillPaid", "LinesBooked", "SubscriptionActivated"),
        *("PaymentBooked", "NumbersTaken"),
    ]


def test_less_in_credit_is_kept_for_the_next_proforma_and_the_first_is_asked_in_full() -> None:
    found = order(credit(books(), "29.99")).state
    assert (str(found.account.bills[P1].outstanding), balance(found)) == ("30.00 EUR", "29.99 EUR")
    found = bill(pay(found).state, now=on(5, 20)).state
    assert (str(found.account.bills[P2].outstanding), balance(found)) == ("0.01 EUR", "0.00 EUR")


def test_credit_in_another_currency_pays_nothing() -> None:
    found = lib.open_credit(books(), YEN, by=ANA, now=MAY).state
    assert order(found).state.account.bills[P1].open
    both = order(order(found).state, "app", terms(YEN)).state
    assert shown(both) == {P1: ("P-000001", "30.00 EUR", "unpaid"), P2: ("F-000001", "3000 JPY", "paid")}
    assert both.account.balances["JPY"] == Money.parse("0 JPY")


def test_an_id_is_used_once_even_after_its_subscription_ended() -> None:
    ended = cancel(running(), now=on(5, 6)).state
    for found in (ordered(), ended):
        with pytest.raises(SubscriptionExists) as refused:
            order(found, asked=None, now=on(6, 1))
        assert refused.value == SubscriptionExists(customer="acme", subscription="web")
    assert lib.can_order(ordered(), "web", terms(), by=ANA, now=MAY).code == "service.exists"


def test_an_id_in_use_is_refused_before_the_terms_are_looked_at() -> None:
    with pytest.raises(SubscriptionExists):
        order(ordered(), asked=terms(zone="UTC"))


def test_terms_are_in_the_zone_of_the_account() -> None:
    with pytest.raises(InvalidArgument) as refused:
        order(books(), asked=terms(zone="UTC"))
    assert refused.value == InvalidArgument(parameter="terms", expected="in the zone of the account", got="of another")


def test_terms_are_in_one_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        order(books(), asked=terms(discounts=(FixedDiscount(id="off", amount=YEN),)))


def test_an_account_takes_no_more_than_1_000_subscriptions() -> None:
    one = web(running())
    many = {f"s{number}": evolve(one, id=f"s{number}") for number in range(MOST_SUBSCRIPTIONS)}
    full = evolve(books(), account=evolve(acme(), subscriptions=many))
    with pytest.raises(InvalidArgument) as refused:
        order(full)
    assert refused.value == InvalidArgument(
        parameter="subscription_id", expected="one of at most 1000 of an account", got="one more"
    )


@pytest.mark.parametrize(
    ("bad", "parameter"),
    [
        ({"books": None}, "books"),
        ({"subscription_id": "w b"}, "subscription_id"),
        ({"subscription_id": "w" * 60}, "subscription_id"),
        ({"terms": "web"}, "terms"),
        ({"trial_ends": MAY}, "trial_ends"),
        ({"trial_ends": NAIVE}, "trial_ends"),
        ({"pools": ["p1"]}, "pools"),
        ({"by": "ana"}, "by"),
        ({"now": NAIVE}, "now"),
    ],
)
def test_nothing_is_ordered_with_a_bad_argument(bad: dict[str, Any], parameter: str) -> None:
    given: dict[str, Any] = {"books": books(), "subscription_id": "web", "terms": terms(), "by": ANA, "now": MAY}
    with pytest.raises(InvalidArgument) as refused:
        lib.order(**{**given, **bad})
    assert refused.value.parameter == parameter


# Paid


def test_a_first_payment_begins_the_first_period_with_its_day() -> None:
    decision = pay(ordered(), now=on(5, 9))
    paid = decision.events[0]
    assert told(decision) == ["BillPaid", "LinesBooked", "SubscriptionActivated", "PaymentBooked", "NumbersTaken"]
    assert isinstance(paid, BillPaid)
    assert (paid.amount, paid.invoice.kind, str(paid.invoice.number)) == (eur("30"), DocumentKind.INVOICE, "F-000001")
    assert [(turn.due, turn.paid) for turn in web(decision.state).turns] == [(date(2026, 5, 9), True)]
    assert decision.state.account.due == ()


def test_a_later_payment_settles_its_period() -> None:
    decision = pay(billed(), P2, now=on(6, 1))
    assert told(decision) == ["BillPaid", "TurnsSettled", "PaymentBooked", "NumbersTaken"]
    assert decision.state.account.bills[P2].status is BillStatus.PAID


def test_what_came_in_is_what_is_outstanding() -> None:
    part = bill(credit(running(), "12.50"), now=on(5, 20)).state
    assert pay(part, P2, paid=eur("17.50"), now=on(6, 1)) == pay(part, P2, now=on(6, 1))
    for paid in (eur("30.00"), eur("17.49"), Money.parse("1750 JPY"), eur("0")):
        with pytest.raises(AmountDiffers) as refused:
            pay(part, P2, paid=paid, now=on(6, 1))
        assert refused.value == AmountDiffers(document=P2, due=eur("17.50"), paid=paid)


def test_nothing_is_paid_twice() -> None:
    with pytest.raises(BillPaidAlready) as refused:
        pay(running(), P1)
    assert refused.value == BillPaidAlready(document=P1)
    assert lib.can_pay(running(), P1, paid=eur("1"), by=ANA, now=MAY).refusal == refused.value


def test_what_is_void_is_not_paid() -> None:
    with pytest.raises(BillIsVoid) as refused:
        pay(cancel(ordered(), now=MAY).state, P1, paid=eur("1"))
    assert refused.value == BillIsVoid(document=P1)


def test_what_there_is_not_and_a_credit_note_are_not_paid() -> None:
    noted = cancel(running(), credit=True, now=on(5, 10)).state
    for name in ("none", C1):
        with pytest.raises(UnknownBill) as refused:
            pay(noted, name)
        assert refused.value == UnknownBill(document=name)


def test_a_proforma_that_was_not_looked_up_is_not_paid() -> None:
    found = billed()
    with pytest.raises(BillsNotLoaded):
        pay(evolve(found, account=in_part(found.account, [P1])), P2)


@pytest.mark.parametrize(
    ("bad", "parameter"),
    [
        ({"books": acme()}, "books"),
        ({"document": 1}, "document"),
        ({"document": "proforma 1"}, "document"),
        ({"paid": 30}, "paid"),
        ({"by": None}, "by"),
        ({"now": NAIVE}, "now"),
    ],
)
def test_nothing_is_paid_with_a_bad_argument(bad: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        lib.pay(**{"books": ordered(), "document": P1, "by": ANA, "now": MAY, **bad})
    assert refused.value.parameter == parameter


# In credit


def test_credit_is_opened_and_pays_the_next_proforma_first() -> None:
    decision = lib.open_credit(running(), eur("40.00"), by=ANA, now=MAY)
    assert decision.events == (CreditOpened(account="acme", amount=eur("40.00"), by="ana", at=MAY),)
    found = bill(decision.state, now=on(5, 20))
    assert shown(found.state)[P2] == ("F-000002", "30.00 EUR", "paid")
    assert balance(found.state) == "10.00 EUR"
    assert told(found) == [
        *("BillIssued", "LinesBooked", "TurnBilled", "BillPaid", "TurnsSettled", "PaymentBooked", "NumbersTaken"),
    ]


def test_credit_pays_first_what_was_asked_for_before() -> None:
    found = credit(billed(), "40.00")
    assert (str(found.account.bills[P2].outstanding), balance(found)) == ("0.00 EUR", "10.00 EUR")
    part = credit(billed(), "12.00")
    assert (str(part.account.bills[P2].outstanding), balance(part)) == ("18.00 EUR", "0.00 EUR")


def test_credit_pays_what_was_due_first_of_all_that_is_unpaid() -> None:
    found = bill(pay(order(running(), "app").state, P2).state, now=on(5, 20)).state
    found = order(found, "crm", terms("10.00"), now=on(5, 20)).state
    assert [one.subscription for one in found.account.due] == ["crm", "app", "web"]
    found = credit(found, "25.00", now=on(5, 21))
    assert [(one.subscription, str(one.outstanding)) for one in found.account.due] == [
        ("app", "15.00 EUR"),
        ("web", "30.00 EUR"),
    ]
    assert web(found, "crm").state is SubscriptionState.ACTIVE


def test_credit_passes_over_a_first_payment_to_which_it_does_not_come() -> None:
    found = credit(order(billed(), "app", now=on(5, 20)).state, "20.00", now=on(5, 21))
    assert [(one.subscription, str(one.outstanding)) for one in found.account.due] == [
        ("app", "30.00 EUR"),
        ("web", "10.00 EUR"),
    ]


def test_credit_that_pays_what_is_overdue_gives_access_again() -> None:
    suspended = dun(billed(), now=on(6, 11)).state
    decision = lib.open_credit(suspended, eur("30.00"), by=ANA, now=on(6, 12))
    assert told(decision) == [
        *("CreditOpened", "BillPaid", "TurnsSettled", "SubscriptionReinstated", "PaymentBooked", "NumbersTaken")
    ]
    assert web(decision.state).state is SubscriptionState.ACTIVE


def test_what_one_subscription_gives_back_pays_what_another_owes() -> None:
    both = bill(pay(order(running(), "app").state, P2).state, "app", now=on(5, 20)).state
    found = cancel(both, credit=True, now=on(5, 25)).state
    assert [(one.subscription, str(one.outstanding)) for one in found.account.due] == [("app", "20.32 EUR")]
    assert balance(found) == "0.00 EUR"


def test_credit_that_was_brought_along_pays_at_the_next_billing() -> None:
    brought = billed()
    account = evolve(brought.account, balances={"EUR": eur("12.00")})
    found = bill(Books(account, brought.numbers), now=on(5, 21))
    assert told(found) == ["PaymentBooked"]
    assert bill(found.state, now=on(5, 21)).events == ()


@pytest.mark.parametrize("amount", [eur("0"), eur("-1"), "5.00", None])
def test_credit_is_opened_and_refunded_above_zero_only(amount: Any) -> None:
    for command in (lib.open_credit, lib.refund_credit):
        with pytest.raises(InvalidArgument) as refused:
            command(credit(books(), "5.00"), amount, by=ANA, now=MAY)
        assert refused.value.parameter == "amount"


def test_credit_is_refunded_up_to_what_there_is_and_spent_once() -> None:
    found = credit(running(), "40.00")
    decision = lib.refund_credit(found, eur("15.00"), by=ANA, now=MAY)
    assert (told(decision), balance(decision.state)) == (["BalanceRefunded"], "25.00 EUR")
    spent = bill(decision.state, now=on(5, 20)).state
    assert (str(spent.account.bills[P2].outstanding), balance(spent)) == ("5.00 EUR", "0.00 EUR")
    assert lib.can_refund_credit(spent, eur("0.01"), by=ANA, now=MAY).refusal == BalanceExceeded(
        ledger="EUR", asked=eur("0.01"), balance=eur("0")
    )
    with pytest.raises(BalanceExceeded):
        lib.refund_credit(found, YEN, by=ANA, now=MAY)
    assert lib.can_open_credit(found, YEN, by=ANA, now=MAY)


# Carried out


def test_what_is_decided_of_a_subscription_happens_in_the_account() -> None:
    decision = cancel(billed(), now=on(5, 25))
    assert told(decision) == ["LinesBooked", "TurnsWithdrawn", "SubscriptionCancelled", "BillVoided"]
    assert decision.events[-1] == BillVoided(account="acme", document=P2, by="ana", at=on(5, 25))
    assert decide(billed(), lambda state, _: Decision(state), now=MAY) == Decision(billed())


def test_only_of_a_subscription_that_there_is_something_is_decided() -> None:
    with pytest.raises(UnknownSubscription) as refused:
        decide(running(), _never, "app", now=MAY)
    assert refused.value == UnknownSubscription(customer="acme", subscription="app")
    assert lib.can_carry_out(books(), "app", _never, by=ANA, now=MAY).refusal == refused.value


def _never(_state: Any, _document: str) -> Any:
    raise AssertionError("nothing is to be decided")


def test_what_the_command_refuses_is_refused() -> None:
    with pytest.raises(SubscriptionEnded):
        change(cancel(running(), now=on(5, 6)).state, 2, now=on(5, 7))


def _billed_otherwise(state: Any, _document: str) -> Any:
    return subscribing.bill_next(state, document="mine", by=ANA, now=on(5, 20))


def _of_another(state: Any, _document: str) -> Any:
    other = evolve(state, subscription=evolve(state.subscription, id="app"))
    return subscribing.pause(other, by=ANA, now=on(5, 20))


def _billed_twice(state: Any, document: str) -> Any:
    first = subscribing.bill_next(state, document=document, by=ANA, now=on(5, 20))
    return Decision(first.state, (*first.events, *first.events))


def _half_billed(state: Any, document: str) -> Any:
    first = subscribing.bill_next(state, document=document, by=ANA, now=on(5, 20))
    return Decision(first.state, first.events[:1])


@pytest.mark.parametrize("way", [_billed_otherwise, _of_another, _billed_twice, _half_billed])
def test_what_is_decided_is_of_the_subscription_and_billed_once_with_the_document(way: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        decide(running(), way, now=on(5, 20))
    assert refused.value == InvalidArgument(
        parameter="decide",
        expected="about the subscription that it is given, and billed with the document, once",
        got="another decision",
    )


@pytest.mark.parametrize("way", [None, "cancel", lambda _state, _document: None])
def test_what_decides_is_a_function_and_gives_a_decision(way: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        decide(running(), way, now=on(5, 20))
    assert refused.value.parameter == "decide"


def test_a_bad_id_of_a_subscription_is_refused() -> None:
    with pytest.raises(InvalidId) as refused:
        decide(running(), _never, "w b", now=MAY)
    assert refused.value.parameter == "subscription_id"


def test_an_invoice_that_was_issued_unpaid_elsewhere_stays_the_invoice_that_it_is() -> None:
    found = billed()
    old = found.account.bills[P2]
    number = evolve(old.document.number, series="OLD-")
    invoice = billing.invoiced(old.document, number)
    account = evolve(found.account, bills=found.account.bills.with_changes({P2: evolve(old, document=invoice)}))
    paid = pay(Books(account, found.numbers), P2, now=on(6, 1))
    assert told(paid) == ["BillPaid", "TurnsSettled", "PaymentBooked"]
    assert shown(paid.state)[P2] == ("OLD-000002", "30.00 EUR", "paid")


def test_paying_late_moves_no_due_date() -> None:
    found = pay(billed(), P2, now=on(6, 9)).state
    later = bill(found, now=on(6, 9) + timedelta(days=20)).state
    assert [bill.due for bill in later.account.due] == [date(2026, 7, 4)]
