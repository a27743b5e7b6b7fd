"""When a gateway is asked about a payment, what rebuilds it, and which payments are the same."""

from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from itertools import combinations
from typing import Any

import pytest
from attrs import evolve

from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import (
    RESEND_WITHIN,
    ChargeRequest,
    ForBill,
    ForCart,
    ForLicenses,
    ForPack,
    ForPlan,
    ForRenewal,
    Payment,
    PaymentOpened,
    Purpose,
    Question,
    RefundRequest,
    UnknownAttempt,
    Way,
    apply,
    begin,
    charge,
    fulfill,
    give_back,
    note,
    opened,
    payment_id,
    questions,
    refund,
    refuse,
    request_of,
)
from tests.builders import NAIVE, NOON, ROOT, eur
from tests.paying_world import (
    ACTS,
    BILL,
    HOUR,
    HOW,
    MINUTE,
    NO,
    PAY,
    PENDING,
    REFUSAL,
    SECOND,
    WAIT,
    YES,
    as_charge,
    begun,
    kept,
    key,
    noted,
    paid,
    parts,
    said,
)

# When the gateway is asked, and what


def test_it_is_asked_after_a_minute_and_ever_later_an_hour_at_most() -> None:
    payment, pauses, now = begun(), list[timedelta](), NOON
    for _ in range(8):
        assert payment.due is not None
        pauses.append(payment.due - now)
        now = payment.due
        payment = noted(payment, None, now=now)
    assert pauses == [MINUTE * n for n in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert noted(payment, WAIT, now=now).due == now + MINUTE, "news begin the pauses anew"


def test_of_several_open_attempts_the_first_that_is_due_counts() -> None:
    payment = refund(parts(kept(), "1.00"), eur("1.00"), by=ROOT, now=NOON + HOUR).state
    assert payment.due == NOON + MINUTE
    assert noted(payment, YES, "r1", "1.00").due == NOON + HOUR + MINUTE
    assert noted(noted(payment, YES, "r1", "1.00"), YES, "r2", "1.00").due is None


def test_a_request_may_be_sent_again_while_it_is_young_and_nothing_is_known_of_it() -> None:
    asked = ChargeRequest(
        key=key(1),
        amount=eur("12.50"),
        payer="a1",
        way=Way.CARD_ON_FILE,
        email="it@a1.example",
        begun_at=NOON,
    )
    for now, resend in ((NOON, True), (NOON + RESEND_WITHIN - SECOND, True), (NOON + RESEND_WITHIN, False)):
        found = questions(begun(), now=now, email="it@a1.example")
        assert found == (Question(request=asked, resend=resend),)
    assert [one.resend for one in questions(as_charge(PENDING), now=NOON)] == [False]
    assert Question(request=asked, resend=True).only_asked() == Question(request=asked, resend=False)


def test_nothing_is_asked_of_what_is_settled_and_of_a_refund_by_its_charge() -> None:
    for payment in (paid(), kept(), noted(begun(), NO)):
        assert questions(payment, now=NOON) == ()
    taken = fulfill(note(begun(), key(1), said(YES, reference="ch-1"), **ACTS).state, **ACTS).state
    wanted = RefundRequest(key=key("r1"), amount=eur("2.00"), charge=key(1), reference="ch-1")
    assert questions(parts(taken, "2.00"), now=NOON) == (Question(request=wanted, resend=True),)
    assert request_of(parts(taken, "2.00"), key("r1")) == wanted
    with pytest.raises(UnknownAttempt):
        request_of(taken, key("r1"))


# Replay, ids, and bad input


def test_replaying_the_events_rebuilds_the_payment() -> None:
    decision = begin("acme", BILL, **HOW)
    events, payment = list(decision.events), decision.state
    steps: tuple[Callable[[Payment], Any], ...] = (
        lambda one: note(one, key(1), said(NO, reason="no_funds"), **ACTS),
        lambda one: charge(one, one.purpose, **{**HOW, "amount": eur("9.00")}),
        lambda one: note(one, key(2), said(YES, 2, "9.00"), **ACTS),
        lambda one: refuse(one, REFUSAL, **ACTS),
        lambda one: give_back(one, **ACTS),
        lambda one: note(one, key("r1"), said(YES, "r1", "9.00"), **ACTS),
        lambda one: charge(one, one.purpose, **HOW),
        lambda one: note(one, key(3), said(YES, 3), **ACTS),
        lambda one: fulfill(one, **ACTS),
        lambda one: refund(one, eur("3.00"), **ACTS),
    )
    for step in steps:
        made = step(payment)
        events, payment = [*events, *made.events], made.state
    first = events[0]
    assert isinstance(first, PaymentOpened)
    assert reduce(apply, events[1:], opened(first)) == payment
    assert (payment.fulfilled_by, payment.amount, payment.refused) == (key(3), eur("12.50"), None)


def a_cart(*pools: str) -> ForCart:
    return ForCart(cart=Cart(lines=tuple(CartLine(plan="five", pool=pool) for pool in pools)))


SUBJECTS: tuple[Purpose, ...] = (
    ForPlan(plan="five", pool="p"),
    ForPlan(plan="five", pool="cart"),
    a_cart("p"),
    a_cart("p", "q"),
    a_cart("p-q"),
    a_cart("p:q", "r"),
    a_cart("p", "q:r"),
    ForRenewal(pool="p", number=1),
    ForRenewal(pool="p", number=11),
    ForRenewal(pool="p-1", number=1),
    ForLicenses(account="a", order="b-c"),
    ForLicenses(account="a-b", order="c"),
    ForPack(customer="a", order="b-c"),
    ForPack(customer="a-b", order="c"),
    ForBill(customer="a", document="b-c"),
    ForBill(customer="a-b", document="c"),
)


def test_no_two_things_are_the_same_payment_and_no_two_tenants_share_one() -> None:
    for one, other in combinations(SUBJECTS, 2):
        assert payment_id("acme", one) != payment_id("acme", other), (one, other)
    ids = {payment_id(tenant, one) for tenant in ("acme", "acm", "zeta") for one in SUBJECTS}
    assert len(ids) == 3 * len(SUBJECTS)


def test_one_thing_is_one_payment_however_it_is_asked_for() -> None:
    same = (
        (ForPlan(plan="five", pool="p"), ForPlan(plan="one", pool="p", public=True)),
        (a_cart("p", "q"), a_cart("q", "p")),
    )
    for one, other in same:
        assert payment_id("acme", one) == payment_id("acme", other)
    assert PAY == "pay-5381cd356ed290b1cfb6d9f8909ae513", "stored ids stand"


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: begin("a b", BILL, **HOW), "tenant"),
        (lambda: begin("acme", "bill", **HOW), "purpose"),  # type: ignore[arg-type]
        (lambda: begin("acme", BILL, **{**HOW, "amount": 12.5}), "amount"),
        (lambda: begin("acme", BILL, **{**HOW, "by": "root"}), "by"),
        (lambda: charge(None, BILL, **HOW), "payment"),  # type: ignore[arg-type]
        (lambda: charge(noted(begun(), NO), BILL, **{**HOW, "way": "cash"}), "way"),
        (lambda: note(begun(), key(1), "paid", **ACTS), "receipt"),  # type: ignore[arg-type]
        (lambda: note(None, key(1), None, **ACTS), "payment"),  # type: ignore[arg-type]
        (lambda: fulfill(None, **ACTS), "payment"),  # type: ignore[arg-type]
        (lambda: refund(kept(), 1, **ACTS), "amount"),  # type: ignore[arg-type]
        (lambda: ForRenewal(pool="p", number=0), "number"),
        (lambda: evolve(said(WAIT), page="http://pay.example/1"), "page"),
    ],
)
def test_a_bad_argument_is_named(call: Callable[[], object], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.parameter == parameter


def test_a_naive_instant_is_refused() -> None:
    for call in (
        lambda: begin("acme", BILL, **{**HOW, "now": NAIVE}),
        lambda: note(begun(), key(1), None, by=ROOT, now=NAIVE),
        lambda: questions(begun(), now=NAIVE),
    ):
        with pytest.raises(InvalidInstant):
            call()
