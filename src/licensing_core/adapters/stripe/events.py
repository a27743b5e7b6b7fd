"""Reading webhooks, once their signature was checked."""

import json
from collections.abc import Mapping
from typing import Any, Final

from licensing_core.adapters.stripe.kinds import key_of
from licensing_core.checks import InvalidArgument, as_id
from licensing_core.protocols.gateway import WebhookNotice, WebhookRefused

HEADER: Final = "stripe-signature"
"""The header that holds the signature, in small letters."""
_KINDS: Final = frozenset({"charge", "checkout.session", "payment_intent", "refund"})
"""The objects that have the key of an attempt; Stripe copies it from a payment to its charge."""


def signature(headers: Mapping[str, str]) -> str | None:
    """The value of the header that holds the signature, however its name is written."""
    return next((value for name, value in headers.items() if str(name).lower() == HEADER), None)


def notice_of(body: bytes) -> WebhookNotice:
    """What the event says; an event about something else, or of an unknown kind, is about no key.

    Raises:
        WebhookRefused: For its `form`: it is no event.
    """
    try:
        event = json.loads(body.decode("utf-8"))
        return WebhookNotice(id=event["id"], key=_key(event))
    except (InvalidArgument, LookupError, RecursionError, TypeError, ValueError):
        pass
    raise WebhookRefused(reason="form")


def _key(event: Any) -> str | None:
    data = event.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    if not isinstance(about, dict) or about.get("object") not in _KINDS:
        return None
    try:
        return as_id("key", key_of(about))
    except InvalidArgument:
        return None
