"""Attempts to have one thing paid: stored before they are sent, one open at a time, and what is too much goes back."""

from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from attrs import evolve

from licensing_core.checks import InvalidArgument
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.payments import (
    MOST_ATTEMPTS,
    NEVER_RECEIVED,
    RESEND_WITHIN,
    TRANSITIONS,
    Attempt,
    AttemptNoted,
    AttemptStatus,
    ChargeBegun,
    FulfillmentRefused,
    NothingDue,
    Payment,
    PaymentFulfilled,
    PaymentOpen,
    PaymentOpened,
    PaymentOutcome,
    PaymentSettled,
    Receipt,
    ReceiptDiffers,
    RefundBegun,
    RefundExceeds,
    TooManyAttempts,
    UnknownAttempt,
    Way,
    apply,
    begin,
    can_charge,
    can_refund,
    charge,
    fulfill,
    give_back,
    note,
    questions,
    refund,
    refuse,
)
from tests.builders import NOON, ROOT, agrees, eur
from tests.paying_world import (
    ACTS,
    BILL,
    FAILED,
    HOUR,
    HOW,
    NO,
    PAY,
    PENDING,
    REFUSAL,
    SECOND,
    SUCCEEDED,
    UNKNOWN,
    WAIT,
    YES,
    again,
    as_charge,
    as_refund,
    begun,
    kept,
    key,
    noted,
    paid,
    parts,
    refused,
    said,
)

# An attempt is stored, then sent


def test_an_attempt_is_stored_as_unknown_before_it_is_sent() -> None:
    decision = begin("acme", BILL, **HOW)
    stamp: dict[str, Any] = {"payment": PAY, "by": "root", "at": NOON}
    who: dict[str, Any] = {"buyer": "boss", "payer": "a1", "amount": eur("12.50")}
    assert decision.events == (
        PaymentOpened(purpose=BILL, **who, **stamp),
        ChargeBegun(key=key(1), purpose=BILL, way=Way.CARD_ON_FILE, **who, **stamp),
    )
    assert decision.state.charges == (
        Attempt(
            key=key(1),
            amount=eur("12.50"),
            way=Way.CARD_ON_FILE,
            status=UNKNOWN,
            begun_at=NOON,
            noted_at=NOON,
        ),
    )
    assert decision.state.open
    assert decision.state.unfulfilled is None


@pytest.mark.parametrize("outcome", [None, WAIT])
def test_no_second_attempt_is_made_while_one_is_open(outcome: PaymentOutcome | None) -> None:
    payment = noted(begun(), outcome)
    assert agrees(can_charge, charge, payment, BILL, **HOW).refusal == PaymentOpen(payment=PAY)


def test_after_a_definite_no_another_one_may_be_made_by_others_and_at_another_price() -> None:
    payment = noted(begun(), NO)
    decision = charge(
        payment, payment.purpose, **{**HOW, "buyer": "ana", "payer": "a2", "amount": eur("9.00"), "way": Way.PAGE}
    )
    assert [one.key for one in decision.state.charges] == [key(1), key(2)]
    assert (decision.state.buyer, decision.state.payer, decision.state.amount) == ("ana", "a2", eur("9.00"))
    assert decision.state.charges[1].status is UNKNOWN
    assert decision.state.charges[0].amount == eur("12.50")


def test_what_was_taken_and_not_given_back_keeps_another_attempt_off() -> None:
    for payment in (paid(), refused(), give_back(refused(), **ACTS).state):
        assert agrees(can_charge, charge, payment, BILL, **HOW).refusal == PaymentOpen(payment=PAY)
    returned = noted(give_back(refused(), **ACTS).state, YES, "r1")
    assert returned.due is None
    once_more = again(returned)
    assert (once_more.refused, once_more.charges[-1].key) == (None, key(2))
    assert fulfill(noted(once_more, YES, 2), **ACTS).state.fulfilled_by == key(2)


def test_what_was_carried_out_is_paid_once() -> None:
    whole = noted(parts(kept(), "12.50"), YES, "r1")
    for payment in (kept(), whole):
        assert agrees(can_charge, charge, payment, BILL, **HOW).refusal == PaymentSettled(payment=PAY)


def test_an_attempt_too_many_is_refused() -> None:
    payment = begun()
    for number in range(1, MOST_ATTEMPTS):
        payment = again(noted(payment, NO, number))
    payment = noted(payment, NO, MOST_ATTEMPTS)
    assert agrees(can_charge, charge, payment, BILL, **HOW).refusal == TooManyAttempts(payment=PAY, most=100)
    with pytest.raises(InvalidArgument, match="charges must be 100 at most"):
        evolve(payment, charges=(*payment.charges, payment.charges[0]))


def test_an_attempt_is_refused_for_what_is_settled_then_open_then_too_many_then_free() -> None:
    free = {**HOW, "amount": eur("0.00")}
    cases: tuple[tuple[Payment, type[LicensingError]], ...] = (
        (kept(), PaymentSettled),
        (begun(), PaymentOpen),
        (noted(begun(), NO), NothingDue),
    )
    for payment, refusal in cases:
        assert type(agrees(can_charge, charge, payment, BILL, **free).refusal) is refusal


@pytest.mark.parametrize("amount", ["0.00", "-0.01"])
def test_nothing_is_begun_for_nothing(amount: str) -> None:
    with pytest.raises(NothingDue):
        begin("acme", BILL, **{**HOW, "amount": eur(amount)})


# What the gateway says


@pytest.mark.parametrize(("number", "in_status"), [(1, as_charge), ("r1", as_refund)])
@pytest.mark.parametrize("said_so", [*PaymentOutcome, None])
@pytest.mark.parametrize("status", AttemptStatus)
def test_an_attempt_goes_where_the_table_lets_it_and_else_stays(
    status: AttemptStatus,
    said_so: PaymentOutcome | None,
    number: int | str,
    in_status: Callable[[AttemptStatus], Payment],
) -> None:
    payment, later = in_status(status), NOON + HOUR
    before = next(one for one in payment.attempts if one.key == key(number))
    receipt = None if said_so is None else said(said_so, number, reference="ch-1")
    decision = note(payment, key(number), receipt, by=ROOT, now=later)
    after = next(one for one in decision.state.attempts if one.key == key(number))
    to = status if said_so is None else AttemptStatus(said_so.value)
    if to not in TRANSITIONS[status]:
        assert decision.events == ()
        assert decision.state == payment
        return
    assert [type(event) for event in decision.events] == [AttemptNoted]
    looks = before.looks + 1 if to is status else 0
    reference = None if said_so is None else "ch-1"
    assert after == evolve(before, status=to, noted_at=later, looks=looks, reference=reference)
    assert reduce(apply, decision.events, payment) == decision.state


def test_the_table_lets_a_success_end_all_and_a_failure_turn_into_success_alone() -> None:
    assert {status: set(following) for status, following in TRANSITIONS.items()} == {
        UNKNOWN: {UNKNOWN, PENDING, SUCCEEDED, FAILED},
        PENDING: {PENDING, SUCCEEDED, FAILED},
        FAILED: {SUCCEEDED},
        SUCCEEDED: set(),
    }


@pytest.mark.parametrize(
    ("age", "status", "reason"),
    [
        (timedelta(), UNKNOWN, None),
        (RESEND_WITHIN, UNKNOWN, None),
        (RESEND_WITHIN + HOUR - SECOND, UNKNOWN, None),
        (RESEND_WITHIN + HOUR, FAILED, NEVER_RECEIVED),
        (RESEND_WITHIN + HOUR + SECOND, FAILED, NEVER_RECEIVED),
    ],
)
def test_what_no_gateway_knows_has_failed_an_hour_after_it_could_be_sent_last(
    age: timedelta, status: AttemptStatus, reason: str | None
) -> None:
    after = noted(begun(), None, now=NOON + age).charges[0]
    assert (after.status, after.reason) == (status, reason)


def test_what_a_gateway_once_had_does_not_fail_because_it_knows_it_no_more() -> None:
    assert noted(as_charge(PENDING), None, now=NOON + 9 * RESEND_WITHIN).charges[0].status is PENDING


def test_a_receipt_of_another_key_or_amount_is_refused() -> None:
    payment = begun()
    with pytest.raises(InvalidArgument, match="receipt must be of the key that it is noted for"):
        note(payment, key(1), said(YES, 2), **ACTS)
    for told in (eur("12.49"), Money.parse("12.50 USD")):
        receipt = Receipt(key=key(1), outcome=YES, amount=told)
        with pytest.raises(ReceiptDiffers) as caught:
            note(payment, key(1), receipt, **ACTS)
        assert caught.value == ReceiptDiffers(asked=eur("12.50"), told=told)
    with pytest.raises(UnknownAttempt) as unknown:
        note(payment, key(2), said(YES, 2), **ACTS)
    assert unknown.value == UnknownAttempt(payment=PAY)


def test_the_reference_stays_known_and_the_reason_is_that_of_the_last_word() -> None:
    payment = note(begun(), key(1), said(WAIT, reference="ch-1"), **ACTS).state
    payment = note(payment, key(1), said(NO, reason="expired"), **ACTS).state
    assert (payment.charges[0].reference, payment.charges[0].reason) == ("ch-1", "expired")
    payment = noted(payment, YES)
    assert (payment.charges[0].reference, payment.charges[0].reason) == ("ch-1", None)


# What was paid for is carried out, or the money goes back


def test_what_was_paid_for_is_carried_out_once() -> None:
    decision = fulfill(paid(), **ACTS)
    assert decision.events == (PaymentFulfilled(payment=PAY, key=key(1), by="root", at=NOON),)
    assert decision.state.fulfilled_by == key(1)
    assert decision.state.due is None
    for nothing in (begun(), noted(begun(), NO), kept(), refused()):
        assert fulfill(nothing, **ACTS).events == ()
        assert refuse(nothing, REFUSAL, **ACTS).events == ()


def test_the_money_for_what_cannot_be_carried_out_goes_back() -> None:
    decision = refuse(paid(), REFUSAL, **ACTS)
    stamp: dict[str, Any] = {"payment": PAY, "by": "root", "at": NOON}
    assert decision.events == (FulfillmentRefused(key=key(1), reason="payment.nothing_due", **stamp),)
    back = give_back(decision.state, **ACTS)
    assert back.events == (RefundBegun(key=key("r1"), charge=key(1), amount=eur("12.50"), **stamp),)
    assert give_back(back.state, **ACTS).events == ()
    assert noted(back.state, YES, "r1").owed == ()


def test_a_refund_that_failed_is_begun_anew_an_hour_later() -> None:
    payment = noted(give_back(refused(), **ACTS).state, NO, "r1")
    assert [one.key for one in payment.owed] == [key(1)]
    assert payment.due == NOON + HOUR
    for early in (NOON, NOON + HOUR - SECOND):
        assert give_back(payment, by=ROOT, now=early).events == ()
        assert questions(payment, now=early) == ()
    (asked,) = questions(payment, now=NOON + HOUR)
    assert (asked.request.key, asked.resend) == (key("r1"), False)
    (event,) = give_back(payment, by=ROOT, now=NOON + HOUR).events
    assert isinstance(event, RefundBegun)
    assert event.key == key("r2")


def test_nothing_goes_back_of_what_is_kept_waits_or_failed() -> None:
    for payment in (begun(), noted(begun(), NO), paid(), kept(), parts(kept(), "5.00")):
        assert give_back(payment, **ACTS).events == ()


def test_a_late_success_is_used_when_nothing_else_was_tried_and_else_goes_back() -> None:
    no = noted(begun(), NO)
    assert fulfill(noted(no, YES), **ACTS).state.fulfilled_by == key(1)
    for second in (None, WAIT, NO, YES):
        payment = noted(noted(again(no), second, 2), YES, 1)
        assert [one.key for one in payment.owed] == [key(1)]
        assert fulfill(payment, **ACTS).state.fulfilled_by == (key(2) if second is YES else None)
    twice = noted(fulfill(noted(again(no), YES, 2), **ACTS).state, YES, 1)
    (back,) = give_back(twice, **ACTS).events
    assert back == RefundBegun(payment=PAY, key=key("r1"), charge=key(1), amount=eur("12.50"), by="root", at=NOON)


# Refunds


def test_of_what_is_kept_parts_may_be_given_back_up_to_all_of_it() -> None:
    payment = parts(kept(), "5.00", "7.00")
    assert payment.left_of(payment.charges[0]) == eur("0.50")
    assert agrees(can_refund, refund, payment, eur("0.51"), **ACTS).refusal == RefundExceeds(
        asked=eur("0.51"), left=eur("0.50")
    )
    whole = parts(payment, "0.50")
    assert [(one.key, one.charge, one.way) for one in whole.refunds] == [
        (key(f"r{n}"), key(1), None) for n in (1, 2, 3)
    ]
    assert can_refund(whole, eur("0.01"), **ACTS).refusal == RefundExceeds(asked=eur("0.01"), left=eur("0.00"))


def test_a_refund_that_failed_leaves_its_money_to_be_given_back() -> None:
    payment = parts(kept(), "12.50")
    assert not can_refund(payment, eur("0.01"), **ACTS)
    assert can_refund(noted(payment, NO, "r1"), eur("12.50"), **ACTS)
    assert not can_refund(noted(payment, YES, "r1"), eur("0.01"), **ACTS)


def test_only_what_was_carried_out_is_refunded_on_demand() -> None:
    for payment in (begun(), paid(), refused(), noted(begun(), NO)):
        assert agrees(can_refund, refund, payment, eur("1.00"), **ACTS).refusal == RefundExceeds(
            asked=eur("1.00"), left=eur("0.00")
        )


def test_a_refund_is_refused_for_nothing_then_for_too_much_then_for_too_many_parts() -> None:
    full = parts(kept(), *["0.01"] * MOST_ATTEMPTS)
    for amount, refusal in (
        (eur("0.00"), NothingDue),
        (eur("-1.00"), NothingDue),
        (eur("99.00"), RefundExceeds),
        (eur("0.01"), TooManyAttempts),
    ):
        assert type(agrees(can_refund, refund, full, amount, **ACTS).refusal) is refusal
    assert isinstance(can_refund(kept(), Money.parse("1.00 USD"), **ACTS).refusal, CurrencyMismatch)


def test_what_goes_back_by_itself_ends_with_the_hundredth_try() -> None:
    payment, now = refused(), NOON
    for number in range(1, MOST_ATTEMPTS + 1):
        payment = noted(give_back(payment, by=ROOT, now=now).state, NO, f"r{number}", now=now)
        now += HOUR
    assert payment.owed
    assert payment.due is None
    assert give_back(payment, by=ROOT, now=now).events == ()
