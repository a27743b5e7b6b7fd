"""What is taken off a bill: proformas reduced or void, invoices with a credit note, and what is in credit since.

A month of 30.00 EUR: from 4 May to 4 June it has 31 days, from 4 June to 4 July 30, so that a day of June is 1.00 EUR.
"""

from datetime import date, datetime
from fractions import Fraction

import pytest

from licensing_core import subscriptions as subscribing
from licensing_core.accounts import Books, BooksDecision
from licensing_core.billing import BillingPolicy, ItemChange, Reason, TaxRate, TaxTerms, TaxTreatment, When
from licensing_core.money import Money
from licensing_core.plans import Renewal
from licensing_core.subscriptions import SubscriptionState
from licensing_core.testing.laws_accounts import a_bill_adds_up, bills_and_turns_agree
from tests.account_world import (
    ANA,
    C1,
    C2,
    P1,
    P2,
    P3,
    balance,
    bill,
    billed,
    books,
    cancel,
    change,
    credit,
    decide,
    free,
    on,
    order,
    pause,
    pay,
    resume,
    running,
    shown,
    terms,
    told,
    web,
)

VAT = (TaxRate(id="vat", percent=Fraction(21)),)


def partly_paid(amount: str) -> Books:
    """The proforma of June, of which that much was paid out of what was in credit."""
    return bill(credit(running(), amount), now=on(5, 20)).state


def adds_up(found: Books) -> Books:
    for one in found.account.bills.values():
        a_bill_adds_up(found.account, one)
    bills_and_turns_agree(found.account)
    return found


# Of an invoice


def test_what_is_taken_off_an_invoice_has_a_credit_note_and_is_in_credit() -> None:
    decision = cancel(running(), credit=True, now=on(5, 10))
    assert told(decision) == ["LinesBooked", "SubscriptionCancelled", "BillIssued", "NumbersTaken"]
    found = adds_up(decision.state)
    assert shown(found) == {P1: ("F-000001", "30.00 EUR", "paid"), C1: ("C-000001", "24.19 EUR", "paid")}
    note = found.account.bills[C1]
    assert (balance(found), note.subscription, note.due) == ("24.19 EUR", "web", date(2026, 5, 10))
    assert [(line.net, line.reason) for line in note.document.lines] == [
        (Money.parse("24.19 EUR"), Reason.CANCELLATION)
    ]


def test_a_credit_note_takes_off_net_and_taxes() -> None:
    for treatment, total in ((TaxTreatment.EXCLUSIVE, "29.27 EUR"), (TaxTreatment.INCLUSIVE, "24.19 EUR")):
        policy = BillingPolicy(taxes=TaxTerms(treatment=treatment))
        found = cancel(running(asked=terms(rates=VAT, policy=policy)), credit=True, now=on(5, 10)).state
        assert (shown(adds_up(found))[C1][1], balance(found)) == (total, total)


def test_each_invoice_that_is_corrected_has_one_credit_note() -> None:
    found = pay(billed(), P2, now=on(5, 21)).state
    decision = pause(found, now=on(5, 25))
    assert shown(adds_up(decision.state)) == {
        P1: ("F-000001", "30.00 EUR", "paid"),
        P2: ("F-000002", "30.00 EUR", "paid"),
        C1: ("C-000001", "30.00 EUR", "paid"),
        C2: ("C-000002", "9.68 EUR", "paid"),
    }
    notes = [decision.state.account.bills[name].document.corrects for name in (C1, C2)]
    assert (notes, balance(decision.state)) == ([P2, P1], "39.68 EUR")


def test_a_second_correction_of_an_invoice_takes_off_no_more_than_is_left() -> None:
    found = change(running(), 2, now=on(5, 10)).state
    found = pause(pay(found, P2, now=on(5, 10)).state, now=on(5, 10)).state
    assert shown(adds_up(found)) == {
        P1: ("F-000001", "30.00 EUR", "paid"),
        P2: ("F-000002", "48.39 EUR", "paid"),
        C1: ("C-000001", "24.19 EUR", "paid"),
        C2: ("C-000002", "48.39 EUR", "paid"),
    }
    assert balance(found) == "48.39 EUR"


def test_what_a_change_gives_back_pays_what_it_charges() -> None:
    decision = change(running(), 2, now=on(5, 10))
    assert told(decision) == [
        *("BillIssued", "LinesBooked", "TurnBilled", "BillIssued", "PaymentBooked", "NumbersTaken")
    ]
    found = adds_up(decision.state)
    assert (shown(found)[P2][1], str(found.account.bills[P2].outstanding)) == ("48.39 EUR", "24.20 EUR")
    assert balance(found) == "0.00 EUR"


def test_a_change_to_less_is_paid_by_what_it_gives_back_and_the_rest_is_in_credit() -> None:
    found = adds_up(change(running(asked=terms(quantity=2)), 1, now=on(5, 10)).state)
    assert shown(found) == {
        P1: ("F-000001", "60.00 EUR", "paid"),
        P2: ("F-000002", "24.19 EUR", "paid"),
        C1: ("C-000001", "48.39 EUR", "paid"),
    }
    assert balance(found) == "24.20 EUR"


# Of a proforma that is unpaid


def test_a_proforma_reduced_while_it_was_unpaid_is_an_invoice_with_a_credit_note_once_it_is_paid() -> None:
    reduced = adds_up(pause(billed(), now=on(6, 14)).state)
    assert shown(reduced)[P2] == ("P-000002", "30.00 EUR", "unpaid")
    assert (str(reduced.account.bills[P2].outstanding), balance(reduced)) == ("10.00 EUR", "0.00 EUR")
    decision = pay(reduced, P2, paid=Money.parse("10.00 EUR"), now=on(6, 15))
    assert told(decision) == ["BillPaid", "BillIssued", "TurnsSettled", "PaymentBooked", "NumbersTaken"]
    assert shown(adds_up(decision.state)) == {
        P1: ("F-000001", "30.00 EUR", "paid"),
        P2: ("F-000002", "30.00 EUR", "paid"),
        C1: ("C-000001", "20.00 EUR", "paid"),
    }


def test_a_proforma_reduced_twice_has_both_on_its_credit_note() -> None:
    found = cancel(billed(), on(7, 1), credit=True, now=on(6, 10)).state
    found = cancel(found, on(6, 20), credit=True, now=on(6, 11)).state
    assert str(found.account.bills[P2].outstanding) == "16.00 EUR"
    found = adds_up(pay(found, P2, now=on(6, 11)).state)
    assert [str(line.net) for line in found.account.bills[C1].document.lines] == ["3.00 EUR", "11.00 EUR"]


def test_an_invoice_reduced_twice_has_two_credit_notes() -> None:
    found = cancel(pay(billed(), P2, now=on(6, 4)).state, on(7, 1), credit=True, now=on(6, 10)).state
    found = adds_up(cancel(found, on(6, 20), credit=True, now=on(6, 11)).state)
    assert [shown(found)[name][1] for name in (C1, C2)] == ["3.00 EUR", "11.00 EUR"]
    assert balance(found) == "14.00 EUR"


def test_a_proforma_that_asks_for_nothing_any_more_is_void() -> None:
    decision = pause(billed(), now=on(6, 4))
    assert told(decision) == ["LinesBooked", "TurnsSettled", "SubscriptionPaused", "BillVoided"]
    assert shown(adds_up(decision.state))[P2] == ("P-000002", "30.00 EUR", "void")
    assert decision.state.account.due == ()


def test_a_first_proforma_is_void_when_its_order_is_cancelled() -> None:
    decision = cancel(order(running(), "app", now=on(5, 5)).state, name="app", now=on(5, 6))
    assert told(decision) == ["TurnsWithdrawn", "SubscriptionCancelled", "BillVoided"]
    assert shown(adds_up(decision.state))[P2][2] == "void"


def test_what_was_free_is_taken_back_without_a_note() -> None:
    found = bill(order(books(), asked=free()).state, now=on(5, 20)).state
    decision = pause(found, now=on(5, 25))
    assert told(decision) == ["TurnsWithdrawn", "SubscriptionPaused"]
    assert {name: status for name, (_, _, status) in shown(adds_up(decision.state)).items()} == {P1: "paid", P2: "paid"}


def test_periods_that_will_not_be_delivered_are_void_and_others_stay_owed() -> None:
    found = bill(billed(), now=on(6, 20)).state
    assert shown(found)[P3] == ("P-000003", "30.00 EUR", "unpaid")
    left = adds_up(cancel(found, now=on(6, 20)).state)
    assert (shown(left)[P2][2], shown(left)[P3][2]) == ("unpaid", "void")


# Of a proforma that was paid in part


def test_what_was_paid_of_a_proforma_that_is_void_is_in_credit_again() -> None:
    decision = cancel(partly_paid("12.50"), now=on(5, 25))
    assert told(decision) == ["LinesBooked", "TurnsWithdrawn", "SubscriptionCancelled", "BillVoided"]
    assert shown(adds_up(decision.state))[P2] == ("P-000002", "30.00 EUR", "void")
    assert balance(decision.state) == "12.50 EUR"


def test_a_proforma_that_asks_for_nothing_any_more_but_was_paid_in_part_is_an_invoice() -> None:
    for amount, left in (("10.00", "0.00 EUR"), ("12.50", "2.50 EUR")):
        decision = pause(partly_paid(amount), now=on(6, 14))
        assert told(decision) == [
            *("LinesBooked", "TurnsSettled", "SubscriptionPaused", "BillPaid", "BillIssued", "NumbersTaken")
        ]
        assert shown(adds_up(decision.state)) == {
            P1: ("F-000001", "30.00 EUR", "paid"),
            P2: ("F-000002", "30.00 EUR", "paid"),
            C1: ("C-000001", "20.00 EUR", "paid"),
        }
        assert balance(decision.state) == left


def test_a_proforma_paid_in_part_and_reduced_is_paid_with_the_rest() -> None:
    found = pause(partly_paid("4.00"), now=on(6, 14)).state
    assert str(found.account.bills[P2].outstanding) == "6.00 EUR"
    paid = adds_up(pay(found, P2, paid=Money.parse("6.00 EUR"), now=on(6, 15)).state)
    assert (shown(paid)[C1][1], balance(paid)) == ("20.00 EUR", "0.00 EUR")


# Changes, pauses and renewals over time


def test_what_was_billed_ahead_is_billed_anew_as_changed() -> None:
    found = change(billed(), 2, now=on(5, 25)).state
    assert shown(adds_up(found)) == {
        P1: ("F-000001", "30.00 EUR", "paid"),
        P2: ("P-000002", "30.00 EUR", "void"),
        P3: ("P-000003", "19.35 EUR", "unpaid"),
        C1: ("C-000001", "9.68 EUR", "paid"),
    }
    again = adds_up(bill(found, now=on(5, 26)).state)
    assert shown(again)["proforma:4"] == ("P-000004", "60.00 EUR", "unpaid")


def test_a_change_that_waits_is_billed_when_its_day_comes_however_late() -> None:
    more, now = ItemChange(quantity=2), on(5, 5)
    waiting = decide(
        running(),
        lambda state, _: subscribing.schedule_change(state, more, on(5, 10), change_id="c", by=ANA, now=now),
        now=now,
    ).state
    for day in (10, 19):
        found = adds_up(bill(waiting, now=on(5, day)).state)
        assert shown(found) == {
            P1: ("F-000001", "30.00 EUR", "paid"),
            P2: ("P-000002", "48.39 EUR", "unpaid"),
            C1: ("C-000001", "24.19 EUR", "paid"),
        }


def test_a_change_at_the_end_of_the_period_is_in_the_next_proforma() -> None:
    more, now = ItemChange(quantity=2), on(5, 5)
    waiting = decide(
        running(),
        lambda state, _: subscribing.schedule_change(state, more, When.END_OF_PERIOD, change_id="c", by=ANA, now=now),
        now=now,
    ).state
    assert shown(bill(waiting, now=on(5, 20)).state)[P2] == ("P-000002", "60.00 EUR", "unpaid")


def test_what_a_pause_gave_back_pays_the_period_after_it() -> None:
    found = adds_up(resume(pause(running(), now=on(5, 10)).state, now=on(5, 20)).state)
    assert (shown(found)[P2][1], str(found.account.bills[P2].outstanding)) == ("30.00 EUR", "5.81 EUR")
    assert (balance(found), web(found).state) == ("0.00 EUR", SubscriptionState.ACTIVE)


def test_a_renewal_by_hand_is_asked_for_with_a_proforma() -> None:
    found = running(asked=terms(renewal=Renewal.MANUAL))
    assert bill(found, now=on(5, 25)).state == found
    renewed = decide(
        found, lambda state, one: subscribing.renew(state, document=one, by=ANA, now=on(5, 25)), now=on(5, 25)
    ).state
    assert shown(adds_up(renewed))[P2] == ("P-000002", "30.00 EUR", "unpaid")
    assert renewed.account.bills[P2].due == date(2026, 6, 4)


def test_two_currencies_never_touch_each_other() -> None:
    yen = terms(Money.parse("3100 JPY"))
    found = pay(order(running(), "app", yen).state, P2).state
    found = adds_up(cancel(found, credit=True, now=on(5, 10)).state)
    found = adds_up(cancel(found, name="app", credit=True, now=on(5, 10)).state)
    assert (balance(found), balance(found, "JPY")) == ("24.19 EUR", "2500 JPY")
    assert order(found, "crm", yen, now=on(5, 11)).state.account.bills[P3].open
    assert balance(bill(found, now=on(6, 20)).state) == "24.19 EUR"


def test_a_trial_whose_first_period_was_billed_is_not_billed_for_it_again() -> None:
    ahead = bill(order(running(), "app", trial_ends=on(5, 10, 0)).state, "app", now=on(5, 5)).state
    early = adds_up(convert(ahead, now=on(5, 8)).state)
    assert (shown(early)[P2][2], shown(early)[P3][2]) == ("void", "unpaid")
    for now in (on(5, 12), on(6, 20)):
        with pytest.raises(subscribing.WrongState):
            convert(ahead, now=now)


def convert(found: Books, *, now: datetime) -> BooksDecision:
    return decide(found, lambda state, one: subscribing.convert(state, document=one, by=ANA, now=now), "app", now=now)
