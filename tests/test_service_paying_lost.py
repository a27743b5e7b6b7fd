"""Payments when answers are lost, processes die and webhooks come twice: the payer is charged once, or not at all."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core.directory import Permission, PermissionMissing
from licensing_core.money import Money
from licensing_core.payments import (
    NEVER_RECEIVED,
    AttemptStatus,
    ChargeRequest,
    PaymentOpen,
    Receipt,
    ReceiptDiffers,
    payment_id,
)
from licensing_core.protocols import GatewayFailed, Store, StoreUnavailable, WebhookRefused
from licensing_core.services import NoteReceipt, Payments, Query
from licensing_core.testing.gateways import FakeGateway, Fault, Webhook
from tests.payment_world import PAGE, PLAN, PRICE, Till, begin
from tests.service_world import TENANT, Checked, Clock, buy, host, refused

UNKNOWN, PENDING, SUCCEEDED, FAILED = AttemptStatus
PAY = payment_id(TENANT, PLAN)


@pytest.fixture
def till(store: Store, clock: Clock) -> Iterator[Till]:
    made = Till(store, clock)
    yield made
    made.close()


def taken_once(till: Till) -> None:
    """It was taken once, and what it was for is there."""
    assert till.gateway.taken == {f"{PAY}-1": PRICE}
    assert till.stored(PAY).state.fulfilled_by == f"{PAY}-1"
    assert till.pool() is not None


# Answers that are lost


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.BUSY, Fault.REFUSED])
@pytest.mark.parametrize("by", ["job", "same command", "settle"])
def test_a_charge_without_an_answer_is_asked_about_and_made_once(till: Till, fault: Fault, by: str) -> None:
    till.gateway.will(fault)
    paying = till.pay()
    assert isinstance(paying.refusal, GatewayFailed)
    assert (paying.payment.charges[0].status, till.pool()) == (UNKNOWN, None)
    assert refused(till.payments.pay, begin(key="other")) == PaymentOpen(payment=PAY)
    if by == "job":
        assert till.payments.settle_due(TENANT) == (), "not before a minute has passed"
        till.settle_later()
    elif by == "settle":
        till.payments.settle(TENANT, PAY)
    else:
        till.pay()
    taken_once(till)


def test_an_effect_that_comes_late_is_found_and_counts_once(till: Till) -> None:
    till.gateway.will(Fault.LATE_EFFECT)
    till.pay()
    till.clock.now += timedelta(hours=24)
    assert till.payments.settle(TENANT, PAY).payment.charges[0].reason == NEVER_RECEIVED
    assert till.pay(key="again").payment.fulfilled_by == f"{PAY}-2"
    assert till.gateway.look_up(till.gateway.asked[0]) is not None, "it was taken after all"
    till.hear()
    payment = till.stored(PAY).state
    assert [one.status for one in payment.charges] == [SUCCEEDED, SUCCEEDED]
    assert payment.fulfilled_by == f"{PAY}-2"
    assert till.in_hand(payment) == PRICE.minor, "the first goes back"


def test_a_gateway_that_does_not_answer_look_ups_changes_nothing(till: Till) -> None:
    till.gateway.will(Fault.TIMEOUT_AFTER, Fault.BUSY, Fault.TIMEOUT_BEFORE)
    till.pay()
    for _ in range(2):
        (paying,) = till.settle_later()
        assert isinstance(paying.refusal, GatewayFailed)
        assert paying.payment.charges[0].status is UNKNOWN
    till.settle_later()
    taken_once(till)


def test_a_refund_without_an_answer_is_made_once(till: Till) -> None:
    payment = till.pay().payment
    for number, fault in enumerate((Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.BUSY), 1):
        till.gateway.will(fault)
        paying = till.refund(payment, "10.00 EUR", f"refund-{number}")
        assert isinstance(paying.refusal, GatewayFailed)
        till.settle_later()
        assert till.in_hand(till.stored(PAY).state) == PRICE.minor - 1000 * number


def test_money_that_is_owed_and_cannot_be_given_back_is_sent_again_every_hour(till: Till) -> None:
    key = till.pay(way=PAGE).payment.charges[0].key
    till.licensing.run(buy())
    till.gateway.pays(key)
    till.gateway.will(None, Fault.DECLINE, None, Fault.DECLINE)
    (paying,) = till.settle_later()
    assert [one.status for one in paying.payment.refunds] == [FAILED]
    assert till.settle_later(minutes=59) == ()
    (paying,) = till.settle_later(minutes=1)
    assert [one.status for one in paying.payment.refunds] == [FAILED, FAILED]
    assert till.settle_later(minutes=59) == ()
    (paying,) = till.settle_later(minutes=1)
    assert [one.status for one in paying.payment.refunds] == [FAILED, FAILED, SUCCEEDED]
    assert (till.in_hand(paying.payment), paying.payment.due) == (0, None)


# Processes that die


class Dying(Checked):
    """Dies when a receipt is to be noted."""

    def run(self, asked: Query[Any]) -> Any:
        if isinstance(asked, NoteReceipt):
            raise StoreUnavailable(reason="failed")
        return super().run(asked)


def test_what_was_begun_and_not_sent_is_sent_by_whoever_comes_next(till: Till) -> None:
    till.licensing.run(begin())
    assert till.gateway.asked == ()
    till.clock.now += timedelta(minutes=1)
    another = Payments(Checked(till.store, host(), till.clock), till.gateway, actor="root")
    (paying,) = another.settle_due(TENANT)
    assert paying.payment.fulfilled_by == f"{PAY}-1"
    taken_once(till)


def test_what_was_paid_and_not_noted_is_noted_by_whoever_comes_next(till: Till) -> None:
    dying = Payments(Dying(till.store, host(), till.clock), till.gateway, actor="root")
    with pytest.raises(StoreUnavailable):
        dying.pay(begin())
    assert len(till.gateway.taken) == 1
    assert till.pool() is None
    till.settle_later()
    taken_once(till)
    assert till.gateway.moved == {f"{PAY}-1": 1}


def test_what_was_never_sent_is_not_sent_after_a_day(till: Till) -> None:
    till.licensing.run(begin())
    (paying,) = till.settle_later(hours=24)
    assert (paying.payment.charges[0].status, paying.payment.charges[0].reason) == (FAILED, NEVER_RECEIVED)
    assert till.gateway.asked == ()
    assert till.pay(key="again").payment.fulfilled_by == f"{PAY}-2"


def test_what_was_never_sent_is_not_sent_once_it_is_wanted_no_more(till: Till) -> None:
    till.licensing.run(begin())
    till.licensing.run(buy())
    assert till.settle_later()[0].payment.charges[0].status is UNKNOWN
    assert till.settle_later(hours=24)[0].payment.charges[0].status is FAILED
    assert till.gateway.asked == ()


def test_a_payment_that_cannot_be_settled_keeps_none_of_the_others(store: Store, clock: Clock) -> None:
    till = Till(store, clock)
    two = attrs.evolve(PLAN, pool="p2")
    for number, purpose in enumerate((PLAN, two)):
        till.licensing.run(begin(purpose, f"k{number}"))
    odd = Payments(till.licensing, Misreading(till.gateway, PAY), actor="root")
    clock.now += timedelta(minutes=2)
    found = {one.payment.id: one for one in odd.settle_due(TENANT)}
    assert found[PAY].refusal == ReceiptDiffers(asked=PRICE, told=Money.parse("1.00 EUR"))
    assert found[payment_id(TENANT, two)].payment.fulfilled_by is not None


class Misreading:
    """A gateway whose adapter is at odds with it about one payment."""

    def __init__(self, fake: FakeGateway, payment: str) -> None:
        self._fake, self._payment = fake, payment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fake, name)

    def charge(self, asked: ChargeRequest) -> Receipt:
        receipt = self._fake.charge(asked)
        mine = asked.key.startswith(self._payment)
        return attrs.evolve(receipt, amount=Money.parse("1.00 EUR")) if mine else receipt


def test_a_receipt_that_cannot_be_noted_is_told_and_not_raised(store: Store, clock: Clock) -> None:
    till = Till(store, clock)
    odd = Payments(till.licensing, Misreading(till.gateway, PAY), actor="root")
    paying = odd.pay(begin())
    assert paying.refusal == ReceiptDiffers(asked=PRICE, told=Money.parse("1.00 EUR"))
    assert paying.payment.charges[0].status is UNKNOWN


# Webhooks


@pytest.mark.parametrize("fault", [Fault.DUPLICATE_WEBHOOK, Fault.REORDERED_WEBHOOKS])
def test_webhooks_may_come_twice_and_in_any_order(till: Till, fault: Fault) -> None:
    till.gateway.will(fault)
    key = till.pay(way=PAGE).payment.charges[0].key
    till.gateway.pays(key)
    sent_on = till.gateway.webhooks()
    for one in (*sent_on, *sent_on):
        till.clock.now += timedelta(seconds=1)
        till.payments.hear(TENANT, *one)
    taken_once(till)
    version = till.stored(PAY).version
    last = till.gateway.webhook_of(key)
    assert last is not None
    paying = till.payments.hear(TENANT, *last)
    assert paying is not None
    assert paying.payment.fulfilled_by == key
    assert till.stored(PAY).version == version


def test_a_webhook_that_is_lost_is_made_up_for_by_the_job(till: Till) -> None:
    till.gateway.will(Fault.LOST_WEBHOOK)
    till.gateway.pays(till.pay(way=PAGE).payment.charges[0].key)
    assert till.hear() == []
    till.settle_later()
    taken_once(till)


def test_a_hint_is_believed_by_no_word_of_its_own(till: Till) -> None:
    """Nothing but what the gateway is asked counts."""
    key = till.pay(way=PAGE).payment.charges[0].key
    lie = till.gateway._signed(b'{"id": "event-0", "key": "%s", "outcome": "succeeded"}' % key.encode())
    assert till.payments.hear(TENANT, *lie) is not None
    assert till.pool() is None


def test_a_hint_while_the_gateway_does_not_answer_is_told_and_comes_again(till: Till) -> None:
    key = till.pay(way=PAGE).payment.charges[0].key
    till.gateway.pays(key)
    hook = till.gateway.webhooks()[-1]
    till.gateway.will(Fault.BUSY, Fault.BUSY)
    paying = till.payments.hear(TENANT, *hook)
    assert paying is not None
    assert isinstance(paying.refusal, GatewayFailed)
    assert till.pool() is None
    till.payments.hear(TENANT, *hook)
    taken_once(till)


@pytest.mark.parametrize("key", ["null", '"other-1"', '"other"', f'"{PAY}-2"', f'"{PAY}-r1"', f'"{PAY}"'])
def test_a_hint_about_nothing_of_ours_is_passed_over(till: Till, key: str) -> None:
    till.pay(way=PAGE)
    version = till.stored(PAY).version
    hook = till.gateway._signed(f'{{"id": "event-9", "key": {key}}}'.encode())
    assert till.payments.hear(TENANT, *hook) is None
    assert till.stored(PAY).version == version


def test_a_webhook_that_the_gateway_did_not_send_is_refused(till: Till) -> None:
    till.pay(way=PAGE)
    hook: Webhook = till.gateway.webhooks()[0]
    for body, headers in ((hook.body + b" ", hook.headers), (hook.body, {})):
        with pytest.raises(WebhookRefused):
            till.payments.hear(TENANT, body, headers)


# Several at once


def test_a_page_stays_known_beside_money_that_goes_back(till: Till) -> None:
    till.gateway.will(Fault.LATE_EFFECT)
    till.pay()
    till.clock.now += timedelta(hours=24)
    till.payments.settle(TENANT, PAY)
    page = till.pay(key="again", way=PAGE).page
    till.gateway.look_up(till.gateway.asked[0])
    *_, heard = till.hear()
    assert heard is not None
    assert [one.status for one in heard.payment.refunds] == [SUCCEEDED]
    assert page is not None
    assert heard.page == page


def test_addresses_of_payers_are_given_to_the_gateway_and_kept_nowhere(till: Till) -> None:
    known = Payments(
        till.licensing, till.gateway, actor="root", addresses=lambda tenant, who: f"{who}@{tenant}.example"
    )
    known.pay(begin())
    (asked,) = till.gateway.asked
    assert isinstance(asked, ChargeRequest)
    assert (asked.email, asked.begun_at) == ("boss@acme.example", till.clock.now)
    assert "boss@acme" not in repr(till.stored(PAY))


def test_who_notes_what_a_gateway_says_takes_a_permission(till: Till) -> None:
    weak = Payments(till.licensing, till.gateway, actor="helper")
    refusal = PermissionMissing(permission=Permission.ACCOUNTS_MANAGE)
    assert refused(weak.pay, begin()) == refusal
    assert till.gateway.asked == ()
    assert refused(weak.settle_due, TENANT) == refusal
    till.settle_later()
    taken_once(till)
