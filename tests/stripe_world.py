"""A gateway at a Stripe of this machine, and who pays there."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from unittest.mock import patch

import stripe

from licensing_core.adapters.stripe import StripeGateway
from licensing_core.payments import ChargeRequest, Receipt, RefundRequest, Way
from tests.builders import NOON, eur
from tests.stripe_server import StripeServer

API_KEY: Final = "sk_test_zzcanary"
SECRET: Final = "whsec_zzcanary"
MAIL: Final = "zzcanary@zzcanary.example"
RETURN_TO: Final = "https://app.example/licenses"

stripe.enable_telemetry = False  # its library would write a file into the home directory


def signature(text: str, secret: str = SECRET, *, at: datetime = NOON) -> str:
    """The header that Stripe sends with *text*, by the sum that its own library makes."""
    stamp = seconds(at)
    return f"t={stamp},v1={stripe.WebhookSignature._compute_signature(f'{stamp}.{text}', secret)}"


def seconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)).days * 86_400 + (at - datetime(1970, 1, 1, tzinfo=UTC)).seconds


@contextmanager
def a_stripe() -> Iterator[StripeServer]:
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with patch.dict(os.environ, direct), StripeServer(API_KEY, seconds(NOON)).running() as server:
        yield server


def a_gateway(server: StripeServer, **changed: Any) -> StripeGateway:
    given: dict[str, Any] = {
        "api_key": API_KEY,
        "webhook_secrets": [SECRET],
        "return_to": RETURN_TO,
        "clock": lambda: NOON,
        "base_addresses": {"api": server.url},
        "timeout": 5,
        **changed,
    }
    return StripeGateway(given.pop("api_key"), **given)


@contextmanager
def at_stripe(**changed: Any) -> Iterator[tuple[StripeServer, StripeGateway]]:
    with a_stripe() as server, closing(a_gateway(server, **changed)) as gateway:
        yield server, gateway


def a_payer(server: StripeServer, email: str = MAIL, *, declines: str | None = None) -> str:
    """A customer with a card on file."""
    made = server.books.customer(email)
    server.books.card(made, declines=declines, default=True)
    return made


def a_charge(key: str = "k1", *, way: Way = Way.CARD_ON_FILE, **changed: Any) -> ChargeRequest:
    given: dict[str, Any] = {"amount": eur("12.50"), "payer": "a1", "email": MAIL, **changed}
    return ChargeRequest(key=key, way=way, **given)


def a_page(key: str = "k1", **changed: Any) -> ChargeRequest:
    return a_charge(key, way=Way.PAGE, **changed)


def a_refund(of: Receipt, key: str = "r1", amount: str = "5.00") -> RefundRequest:
    return RefundRequest(key=key, amount=eur(amount), charge=of.key, reference=of.reference or "none")
