"""What happens to a payment, and what each event makes of it."""

from typing import ClassVar

from attrs import evolve, field, frozen

from licensing_core.checks import Id, Text, UserId, checked
from licensing_core.decisions import Event
from licensing_core.money import Money
from licensing_core.payments.values import Attempt, AttemptStatus, Payment, Purpose, Way


@frozen(kw_only=True, field_transformer=checked)
class PaymentEvent(Event):
    """Something happened to a payment."""

    payment: Id


@frozen(kw_only=True, field_transformer=checked)
class PaymentOpened(PaymentEvent):
    """Something is to be paid."""

    type: ClassVar[str] = "payment.opened"
    purpose: Purpose
    buyer: UserId
    payer: Id
    amount: Money


@frozen(kw_only=True, field_transformer=checked)
class ChargeBegun(PaymentEvent):
    """Money is to be taken; the gateway is asked after this is stored.

    Attributes:
        key: Under which the gateway is asked.
        purpose, buyer, payer: What is carried out for whom, and who pays, by this attempt.
    """

    type: ClassVar[str] = "payment.charge_begun"
    key: Id
    purpose: Purpose
    amount: Money
    way: Way
    buyer: UserId
    payer: Id


@frozen(kw_only=True, field_transformer=checked)
class RefundBegun(PaymentEvent):
    """Money is to be given back; the gateway is asked after this is stored.

    Attributes:
        key: Under which the gateway is asked.
        charge: The key of the attempt that took it.
    """

    type: ClassVar[str] = "payment.refund_begun"
    key: Id
    charge: Id
    amount: Money


@frozen(kw_only=True, field_transformer=checked)
class AttemptNoted(PaymentEvent):
    """The gateway was asked, and this is known of an attempt now; the same as before, it may be."""

    type: ClassVar[str] = "payment.noted"
    key: Id
    status: AttemptStatus
    reference: Text | None = field(default=None)
    reason: Text | None = None


@frozen(kw_only=True, field_transformer=checked)
class PaymentFulfilled(PaymentEvent):
    """What was paid for was carried out, by the money of the attempt with that key."""

    type: ClassVar[str] = "payment.fulfilled"
    key: Id


@frozen(kw_only=True, field_transformer=checked)
class FulfillmentRefused(PaymentEvent):
    """The money was taken, and what it was for could not be carried out; it goes back.

    Attributes:
        reason: The code of what stood against it.
    """

    type: ClassVar[str] = "payment.fulfillment_refused"
    key: Id
    reason: Text


AnyPaymentEvent = PaymentOpened | ChargeBegun | RefundBegun | AttemptNoted | PaymentFulfilled | FulfillmentRefused


def opened(event: PaymentOpened) -> Payment:
    """The payment that *event* begins."""
    return Payment(id=event.payment, purpose=event.purpose, buyer=event.buyer, payer=event.payer, amount=event.amount)


def apply(payment: Payment, event: AnyPaymentEvent) -> Payment:
    """*payment* after *event*, which has happened; nothing is refused."""
    match event:
        case ChargeBegun():
            begun = _begun(event, event.way, None)
            charges = (*payment.charges, begun)
            return evolve(
                payment,
                purpose=event.purpose,
                charges=charges,
                amount=event.amount,
                buyer=event.buyer,
                payer=event.payer,
                refused=None,
            )
        case RefundBegun():
            return evolve(payment, refunds=(*payment.refunds, _begun(event, None, event.charge)))
        case AttemptNoted():
            charges, refunds = (
                tuple(_noted(one, event) if one.key == event.key else one for one in some)
                for some in (payment.charges, payment.refunds)
            )
            return evolve(payment, charges=charges, refunds=refunds)
        case PaymentFulfilled():
            return evolve(payment, fulfilled_by=event.key)
        case FulfillmentRefused():
            return evolve(payment, refused=event.reason)
    return payment


def _begun(event: ChargeBegun | RefundBegun, way: Way | None, charge: str | None) -> Attempt:
    return Attempt(
        key=event.key,
        amount=event.amount,
        way=way,
        status=AttemptStatus.UNKNOWN,
        begun_at=event.at,
        noted_at=event.at,
        charge=charge,
    )


def _noted(attempt: Attempt, event: AttemptNoted) -> Attempt:
    news = event.status is not attempt.status
    return evolve(
        attempt,
        status=event.status,
        noted_at=event.at,
        looks=0 if news else attempt.looks + 1,
        reference=event.reference or attempt.reference,
        reason=event.reason,
    )
