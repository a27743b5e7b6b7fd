"""A payment of a bill in each of its states, and receipts about it, as one-liners for tests."""

from datetime import datetime, timedelta
from typing import Any

from licensing_core.payments import (
    AttemptStatus,
    ForBill,
    NothingDue,
    Payment,
    PaymentOutcome,
    Receipt,
    Way,
    begin,
    charge,
    fulfill,
    note,
    payment_id,
    refund,
    refuse,
)
from tests.builders import NOON, ROOT, eur

UNKNOWN, PENDING, SUCCEEDED, FAILED = AttemptStatus
YES, WAIT, NO = PaymentOutcome
ACTS: dict[str, Any] = {"by": ROOT, "now": NOON}
BILL = ForBill(customer="a1", document="proforma:1")
PAY = payment_id("acme", BILL)
HOW: dict[str, Any] = {"buyer": "boss", "payer": "a1", "amount": eur("12.50"), "way": Way.CARD_ON_FILE, **ACTS}
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
REFUSAL = NothingDue()


def key(number: int | str) -> str:
    return f"{PAY}-{number}"


def begun() -> Payment:
    return begin("acme", BILL, **HOW).state


def said(outcome: PaymentOutcome, number: int | str = 1, amount: str = "12.50", **more: Any) -> Receipt:
    return Receipt(key=key(number), outcome=outcome, amount=eur(amount), **more)


def noted(
    payment: Payment,
    outcome: PaymentOutcome | None,
    number: int | str = 1,
    amount: str = "12.50",
    now: datetime = NOON,
) -> Payment:
    receipt = None if outcome is None else said(outcome, number, amount)
    return note(payment, key(number), receipt, by=ROOT, now=now).state


def again(payment: Payment, **more: Any) -> Payment:
    return charge(payment, payment.purpose, **{**HOW, **more}).state


def paid() -> Payment:
    return noted(begun(), YES)


def kept() -> Payment:
    """It was paid and carried out."""
    return fulfill(paid(), **ACTS).state


def refused() -> Payment:
    """It was paid, and could not be carried out."""
    return refuse(paid(), REFUSAL, **ACTS).state


def parts(payment: Payment, *amounts: str) -> Payment:
    """The same, with refunds of *amounts* begun."""
    for amount in amounts:
        payment = refund(payment, eur(amount), **ACTS).state
    return payment


def as_charge(status: AttemptStatus) -> Payment:
    return begun() if status is UNKNOWN else noted(begun(), PaymentOutcome(status.value))


def as_refund(status: AttemptStatus) -> Payment:
    made = parts(kept(), "12.50")
    return made if status is UNKNOWN else noted(made, PaymentOutcome(status.value), "r1")
