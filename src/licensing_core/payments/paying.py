"""Deciding about payments: what is tried, what a receipt changes, what goes back, and what a gateway is to be asked.

A charge is stored before it is sent, and one at a time; nothing else is tried before it is known for certain that no
money was moved. So a payer is charged once, whatever is lost on the way.
"""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from attrs import evolve, frozen

from licensing_core.accounts.values import Email
from licensing_core.checks import Id, InvalidArgument, UserId, Value, as_instant, check_of, checked, instance
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments.events import (
    AnyPaymentEvent,
    AttemptNoted,
    ChargeBegun,
    FulfillmentRefused,
    PaymentFulfilled,
    PaymentOpened,
    RefundBegun,
    apply,
    opened,
)
from licensing_core.payments.outcomes import PaymentOutcome
from licensing_core.payments.values import (
    LONGEST_PAUSE,
    MOST_ATTEMPTS,
    RESEND_WITHIN,
    TRANSITIONS,
    Attempt,
    AttemptStatus,
    ChargeRequest,
    GatewayRequest,
    Payment,
    Purpose,
    Receipt,
    RefundRequest,
    Way,
    as_purpose,
    payment_id,
)

NEVER_RECEIVED: Final = "never_received"
"""Why an attempt failed that no gateway knows when it can be sent no more."""
_ON_ITS_WAY: Final = timedelta(hours=1)
"""As long as this a request may take that was sent at the last moment; it is not given up before."""
_STATUS: Final = {
    PaymentOutcome.SUCCEEDED: AttemptStatus.SUCCEEDED,
    PaymentOutcome.PENDING: AttemptStatus.PENDING,
    PaymentOutcome.FAILED: AttemptStatus.FAILED,
}
_as_money: Final = instance(Money)
_as_payment: Final = instance(Payment)
_as_receipt: Final = check_of(Receipt | None)
PaymentDecision = Decision[Payment, AnyPaymentEvent]


@frozen(kw_only=True)
class PaymentOpen(LicensingError):
    """An attempt is under way, and it is not known yet what becomes of it; another one might charge twice."""

    code: ClassVar[str] = "payment.open"
    payment: str

    def __str__(self) -> str:
        return f"payment {self.payment!r} is under way; wait until it is settled, or have the gateway asked again"


@frozen(kw_only=True)
class PaymentSettled(LicensingError):
    """It is paid already."""

    code: ClassVar[str] = "payment.settled"
    payment: str

    def __str__(self) -> str:
        return f"payment {self.payment!r} was made and carried out; there is nothing to pay"


@frozen(kw_only=True)
class NothingDue(LicensingError):
    """Nothing is to be paid for it."""

    code: ClassVar[str] = "payment.nothing_due"

    def __str__(self) -> str:
        return "nothing is due for this; carry it out without a payment"


@frozen(kw_only=True)
class ConsentMissing(LicensingError):
    """The card of somebody else is charged with their stored consent only; what is due stays unpaid until they pay.

    Attributes:
        payer: Whose card it is.
    """

    code: ClassVar[str] = "payment.consent_missing"
    payer: str

    def __str__(self) -> str:
        return (
            "the payer has not consented to be charged by others; have them pay by a page, or switch their automatic "
            "debit on with their consent"
        )


@frozen(kw_only=True)
class TooManyAttempts(LicensingError):
    """It was tried too often."""

    code: ClassVar[str] = "payment.too_many_attempts"
    payment: str
    most: int

    def __str__(self) -> str:
        return f"payment {self.payment!r} was tried {self.most} times; have somebody look at it at the gateway"


@frozen(kw_only=True)
class UnknownAttempt(LicensingError):
    """The payment has no attempt of this key."""

    code: ClassVar[str] = "payment.attempt_unknown"
    payment: str

    def __str__(self) -> str:
        return f"payment {self.payment!r} has no attempt of this key; look at its attempts first"


@frozen(kw_only=True)
class ReceiptDiffers(LicensingError):
    """A receipt is about another amount than the attempt: the gateway, or its adapter, did not what it was asked."""

    code: ClassVar[str] = "payment.receipt_differs"
    asked: Money
    told: Money

    def __str__(self) -> str:
        return f"the receipt is about {self.told} where {self.asked} was asked; have somebody look at it at the gateway"


@frozen(kw_only=True)
class RefundExceeds(LicensingError):
    """More is to be given back than is left of what was taken.

    Attributes:
        left: What may be given back.
    """

    code: ClassVar[str] = "payment.refund_exceeds"
    asked: Money
    left: Money

    def __str__(self) -> str:
        return f"{self.asked} cannot be given back: {self.left} is left of what was taken; ask for that at most"


@frozen(kw_only=True, field_transformer=checked)
class Question(Value):
    """What a gateway is to be asked about an attempt.

    Attributes:
        resend: Whether the request may be sent, should the gateway not know it: it is young enough for its key.
    """

    request: GatewayRequest
    resend: bool

    def only_asked(self) -> "Question":
        """The same, but that nothing is to be sent."""
        return evolve(self, resend=False)


def begin(
    tenant: Id, purpose: Purpose, *, buyer: UserId, payer: Id, amount: Money, way: Way, by: Actor, now: datetime
) -> PaymentDecision:
    """Have *purpose* paid for the first time: the payment, with an attempt to be sent once it is stored.

    Args:
        tenant: Whose payment it is; part of its id, and so of each key.
        buyer: For whom it is carried out, once it is paid.
        payer: Who pays; the gateway is told their address.
        amount: What is due, above zero.

    Raises:
        NothingDue: *amount* is not above zero.
    """
    name = payment_id(tenant, purpose)
    event = PaymentOpened(
        payment=name, purpose=purpose, buyer=buyer, payer=payer, amount=_due(amount), by=acting(by), at=now
    )
    first = charge(opened(event), purpose, buyer=buyer, payer=payer, amount=amount, way=way, by=by, now=now)
    return Decision(first.state, (event, *first.events))


def charge(
    payment: Payment,
    purpose: Purpose,
    *,
    buyer: UserId,
    payer: Id,
    amount: Money,
    way: Way,
    by: Actor,
    now: datetime,
) -> PaymentDecision:
    """Try again to have it paid, after a definite no, or when all that was taken went back.

    Args:
        purpose: What is carried out once this attempt has paid it: the same thing, maybe by another plan or for others.

    Raises:
        InvalidArgument: *purpose* is another thing.
        PaymentSettled: It was carried out.
        PaymentOpen: Something is under way, or taken and not yet given back.
        TooManyAttempts: It was tried too often.
    """
    _as_payment("payment", payment)
    if as_purpose("purpose", purpose).subject != payment.purpose.subject:
        raise InvalidArgument(parameter="purpose", expected="what the payment is for", got="another thing")
    if payment.fulfilled_by is not None:
        raise PaymentSettled(payment=payment.id)
    if payment.open or any(payment.left_of(one).minor for one in payment.charges):
        raise PaymentOpen(payment=payment.id)
    if len(payment.charges) >= MOST_ATTEMPTS:
        raise TooManyAttempts(payment=payment.id, most=MOST_ATTEMPTS)
    key = f"{payment.id}-{len(payment.charges) + 1}"
    event = ChargeBegun(
        payment=payment.id,
        key=key,
        purpose=purpose,
        amount=_due(amount),
        way=way,
        buyer=buyer,
        payer=payer,
        by=acting(by),
        at=now,
    )
    return Decision(apply(payment, event), (event,))


def note(payment: Payment, key: Id, receipt: Receipt | None, *, by: Actor, now: datetime) -> PaymentDecision:
    """What is known of an attempt, now that the gateway was asked.

    Args:
        key: Of the attempt.
        receipt: What the gateway says; `None` when it knows nothing of it. It has failed then, once it is too old to be
            sent again, and what was sent last has had an hour to arrive.

    Raises:
        UnknownAttempt: There is none of that key.
        InvalidArgument: The receipt is of another key.
        ReceiptDiffers: It is about another amount.
    """
    attempt = _attempt(payment, key)
    status, reference, reason = _told(attempt, _as_receipt("receipt", receipt), now)
    if status not in TRANSITIONS[attempt.status]:
        return Decision(payment)
    event = AttemptNoted(
        payment=payment.id, key=key, status=status, reference=reference, reason=reason, by=acting(by), at=now
    )
    return Decision(apply(payment, event), (event,))


def _told(attempt: Attempt, receipt: Receipt | None, now: datetime) -> tuple[AttemptStatus, str | None, str | None]:
    if receipt is None:
        lost = attempt.status is AttemptStatus.UNKNOWN and not _young(attempt, now, RESEND_WITHIN + _ON_ITS_WAY)
        return (AttemptStatus.FAILED, None, NEVER_RECEIVED) if lost else (attempt.status, None, None)
    if receipt.key != attempt.key:
        raise InvalidArgument(parameter="receipt", expected="of the key that it is noted for", got="one of another key")
    if receipt.amount != attempt.amount:
        raise ReceiptDiffers(asked=attempt.amount, told=receipt.amount)
    return _STATUS[receipt.outcome], receipt.reference, receipt.reason


def fulfill(payment: Payment, *, by: Actor, now: datetime) -> PaymentDecision:
    """Take note that what was paid for was carried out; to be stored with that.

    Nothing happens when nothing is `Payment.unfulfilled`.
    """
    taken = _as_payment("payment", payment).unfulfilled
    if taken is None:
        return Decision(payment)
    event = PaymentFulfilled(payment=payment.id, key=taken.key, by=acting(by), at=now)
    return Decision(apply(payment, event), (event,))


def refuse(payment: Payment, reason: LicensingError, *, by: Actor, now: datetime) -> PaymentDecision:
    """Take note that what was paid for cannot be carried out, for *reason*; `give_back()` returns the money then."""
    taken = _as_payment("payment", payment).unfulfilled
    if taken is None:
        return Decision(payment)
    event = FulfillmentRefused(payment=payment.id, key=taken.key, reason=reason.code, by=acting(by), at=now)
    return Decision(apply(payment, event), (event,))


def give_back(payment: Payment, *, by: Actor, now: datetime) -> PaymentDecision:
    """Begin to return what was taken for nothing: for what could not be carried out, and twice.

    After a refund that failed it is tried anew an hour later.
    """
    events: list[AnyPaymentEvent] = []
    at = as_instant("now", now)
    for taken in _as_payment("payment", payment).owed:
        if len(payment.refunds) < MOST_ATTEMPTS and _rested(payment, taken, at):
            events.append(_refund(payment, taken, payment.left_of(taken), by, now))
            payment = apply(payment, events[-1])
    return Decision(payment, tuple(events))


def refund(payment: Payment, amount: Money, *, by: Actor, now: datetime) -> PaymentDecision:
    """Begin to give *amount* back of what was paid for something that was carried out.

    Raises:
        RefundExceeds: More than what is left of it; nothing is left of what was never carried out.
        TooManyAttempts: Too many parts of it were given back already.
        NothingDue: *amount* is not above zero.
        CurrencyMismatch: It is in another currency.
    """
    kept = next((one for one in _as_payment("payment", payment).charges if one.key == payment.fulfilled_by), None)
    left = Money(0, payment.amount.currency) if kept is None else payment.left_of(kept)
    if _due(amount) > left or kept is None:
        raise RefundExceeds(asked=amount, left=left)
    if len(payment.refunds) >= MOST_ATTEMPTS:
        raise TooManyAttempts(payment=payment.id, most=MOST_ATTEMPTS)
    event = _refund(payment, kept, amount, by, now)
    return Decision(apply(payment, event), (event,))


def questions(payment: Payment, *, now: datetime, email: Email | None = None) -> tuple[Question, ...]:
    """What the gateway is to be asked about each open attempt, the oldest first.

    Where none is open and something is to go back at last, about the latest one: what is noted of it begins that.

    Args:
        email: The address of the payer, if it is known.
    """
    at = as_instant("now", now)
    asked = tuple(one for one in _as_payment("payment", payment).attempts if one.open)
    if not asked and payment.due is not None and payment.due <= at:
        asked = payment.attempts[-1:]
    return tuple(
        Question(
            request=request_of(payment, one.key, email),
            resend=one.status is AttemptStatus.UNKNOWN and _young(one, at, RESEND_WITHIN),
        )
        for one in asked
    )


def request_of(payment: Payment, key: Id, email: Email | None = None) -> GatewayRequest:
    """What the gateway was, or is to be, asked by the attempt with *key*; raises `UnknownAttempt`."""
    attempt = _attempt(payment, key)
    if attempt.way is not None:
        return ChargeRequest(
            key=key,
            amount=attempt.amount,
            payer=payment.payer,
            way=attempt.way,
            email=email,
            begun_at=attempt.begun_at,
            reference=attempt.reference,
        )
    taken = _attempt(payment, attempt.charge or "")
    return RefundRequest(key=key, amount=attempt.amount, charge=taken.key, reference=taken.reference)


def _rested(payment: Payment, taken: Attempt, now: datetime) -> bool:
    """Whether no refund of *taken* failed within the last hour."""
    return all(
        one.charge != taken.key or one.status is not AttemptStatus.FAILED or now - one.noted_at >= LONGEST_PAUSE
        for one in payment.refunds
    )


def _young(attempt: Attempt, now: datetime, within: timedelta) -> bool:
    return as_instant("now", now) - attempt.begun_at < within


def _refund(payment: Payment, taken: Attempt, amount: Money, by: Actor, now: datetime) -> RefundBegun:
    key = f"{payment.id}-r{len(payment.refunds) + 1}"
    return RefundBegun(payment=payment.id, key=key, charge=taken.key, amount=amount, by=acting(by), at=now)


def _attempt(payment: Payment, key: str) -> Attempt:
    found = next((one for one in _as_payment("payment", payment).attempts if one.key == key), None)
    if found is None:
        raise UnknownAttempt(payment=payment.id)
    result: Attempt = found
    return result


def _due(amount: Money) -> Money:
    if _as_money("amount", amount).minor <= 0:
        raise NothingDue
    return amount


can_charge = twin(charge, "LAT-3")
can_refund = twin(refund, "D-13")
