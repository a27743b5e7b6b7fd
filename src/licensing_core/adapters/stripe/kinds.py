"""The three kinds of objects by which Stripe moves money, and what each says: payments, pages, refunds.

Each of ours has our key in its metadata. Nothing else is believed to be ours.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen
from stripe import StripeClient, StripeObject

from licensing_core.adapters.stripe.amounts import from_stripe
from licensing_core.adapters.stripe.calls import Answer, Listing
from licensing_core.checks import FrozenMap
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome, Receipt
from licensing_core.protocols.gateway import GatewayFailed

KEY: Final = "licensing_key"
"""Under what the metadata of each object has our key."""
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
SUCCEEDED, PENDING, FAILED = PaymentOutcome.SUCCEEDED, PaymentOutcome.PENDING, PaymentOutcome.FAILED

Told = tuple[PaymentOutcome, str | None]
"""What became of it, and the word for why it failed."""


@frozen(kw_only=True)
class Kind:
    """One kind of objects.

    Attributes:
        prefix: What the ids begin with.
        expand: What is asked for in full, where others have only its id.
        amount: Where the amount of an object stands.
        told: What an object says.
    """

    prefix: str
    create: Callable[[StripeClient, Any, Any], StripeObject]
    get: Callable[[StripeClient, str, Any], StripeObject]
    listing: Listing
    expand: tuple[str, ...] = ()
    amount: Callable[[Answer], Any]
    told: Callable[[Answer], Told]

    def current(self, client: StripeClient, name: str) -> StripeObject:
        """The object of that id as it is now."""
        return self.get(client, name, {"expand": [*self.expand]})

    def receipt(self, key: str, answer: Answer) -> Receipt:
        """What an object says of the request of *key*.

        Raises:
            GatewayFailed: It is `unclear`: it is no such object, of another key, or in a state that is not known.
        """
        try:
            outcome, reason = self.told(answer)
            if key_of(answer) == key and str(answer["id"]).startswith(self.prefix):
                page = answer.get("url") if outcome is PENDING else None
                return Receipt(
                    key=key,
                    reference=answer["id"],
                    outcome=outcome,
                    amount=from_stripe(self.amount(answer), answer["currency"]),
                    reason=reason,
                    page=page,
                )
        except (AttributeError, LookupError, TypeError, ValueError, LicensingError):
            pass
        raise GatewayFailed(reason="unclear")


def key_of(answer: Mapping[str, Any]) -> Any:
    """The key in the metadata of an object; `None` where there is none."""
    data = answer.get("metadata")
    return data.get(KEY) if isinstance(data, Mapping) else None


def currency_of(answer: Answer, money: Money) -> bool:
    """Whether an object is in the currency of *money*."""
    return bool(answer.get("currency") == money.currency.code.lower())


def _word(value: Any) -> str | None:
    """*value*, when it is a word of the gateway; free text of it may hold anything, and is never kept."""
    return value if type(value) is str and _WORD.fullmatch(value) else None


_OF_INTENTS: Final[Mapping[str, PaymentOutcome]] = FrozenMap(
    {
        "succeeded": SUCCEEDED,
        "processing": PENDING,
        "requires_action": PENDING,
        "requires_capture": PENDING,
        "requires_confirmation": PENDING,
        "requires_payment_method": FAILED,
        "canceled": FAILED,
    }
)
_OF_REFUNDS: Final[Mapping[str, PaymentOutcome]] = FrozenMap(
    {
        "succeeded": SUCCEEDED,
        "pending": PENDING,
        "requires_action": PENDING,
        "failed": FAILED,
        "canceled": FAILED,
    }
)


def _of_intent(answer: Answer) -> Told:
    outcome = _OF_INTENTS[answer["status"]]
    if outcome is not FAILED:
        return outcome, None
    error = answer.get("last_payment_error") or {}
    told = (error.get("decline_code"), error.get("code"), answer.get("cancellation_reason"), answer["status"])
    return FAILED, next(filter(None, map(_word, told)), None)


def _of_session(answer: Answer) -> Told:
    """A page is open until it is paid or over; what takes days, as a bank transfer does, has its payment to ask."""
    state, paid = answer["status"], answer["payment_status"]
    if state == "expired":
        return FAILED, "expired"
    if state == "open":
        return PENDING, None
    if state != "complete":
        raise ValueError("an unknown state")
    if paid == "paid":
        return SUCCEEDED, None
    return _of_intent(answer["payment_intent"])


def _of_refund(answer: Answer) -> Told:
    outcome = _OF_REFUNDS[answer["status"]]
    if outcome is not FAILED:
        return outcome, None
    return FAILED, _word(answer.get("failure_reason")) or _word(answer["status"])


def _received(answer: Answer) -> Any:
    return answer["amount_received" if answer["status"] == "succeeded" else "amount"]


INTENTS: Final = Kind(
    prefix="pi_",
    create=lambda client, params, options: client.v1.payment_intents.create(params, options),
    get=lambda client, name, params: client.v1.payment_intents.retrieve(name, params),
    listing=lambda client, params: client.v1.payment_intents.list(params),
    amount=_received,
    told=_of_intent,
)
"""Payments: a card that is charged with nobody present, and what a page makes once its payer pays."""
SESSIONS: Final = Kind(
    prefix="cs_",
    create=lambda client, params, options: client.v1.checkout.sessions.create(params, options),
    get=lambda client, name, params: client.v1.checkout.sessions.retrieve(name, params),
    listing=lambda client, params: client.v1.checkout.sessions.list(params),
    expand=("payment_intent",),
    amount=lambda answer: answer["amount_total"],
    told=_of_session,
)
"""Pages."""
REFUNDS: Final = Kind(
    prefix="re_",
    create=lambda client, params, options: client.v1.refunds.create(params, options),
    get=lambda client, name, params: client.v1.refunds.retrieve(name, params),
    listing=lambda client, params: client.v1.refunds.list(params),
    amount=lambda answer: answer["amount"],
    told=_of_refund,
)
"""Refunds."""
