"""Stripe keeps the contract of gateways; and the services have it carry out payments."""

import json
from collections.abc import Iterator, Mapping
from itertools import count

import pytest

from licensing_core.adapters.stripe import StripeGateway
from licensing_core.adapters.stripe.amounts import from_stripe
from licensing_core.money import Money
from licensing_core.protocols.gateway import PaymentGateway
from licensing_core.testing.contracts_gateways import AMOUNTS, GatewayContract, Payer
from tests.stripe_server import StripeServer
from tests.stripe_world import API_KEY, SECRET, a_payer, at_stripe, signature

KINDS = ("payment_intent", "checkout.session", "refund")


class StripeBench:
    """The books of the Stripe on this machine, and the gateway that asks it."""

    amounts = (*AMOUNTS, Money.parse("500 ISK"), Money.parse("1200.00 MGA"), Money.parse("500 UGX"))
    secrets = (API_KEY, SECRET)

    def __init__(self, server: StripeServer, gateway: StripeGateway) -> None:
        self.server = server
        self.gateway: PaymentGateway = gateway
        self._numbers = count(1)

    def new_key(self) -> str:
        return f"pay-{next(self._numbers)}"

    def payer(self) -> Payer:
        return self._payer(None)

    def declining_payer(self) -> Payer:
        return self._payer("insufficient_funds")

    def _payer(self, declines: str | None) -> Payer:
        name = f"u{next(self._numbers)}"
        a_payer(self.server, f"{name}@payer.example", declines=declines)
        return Payer(name, f"{name}@payer.example")

    def pay(self, key: str) -> None:
        (page,) = self.server.books.of_key(key, "checkout.session")
        if page["status"] == "open":
            self.server.books.pay(page["id"])

    def webhook(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        made = next(one for kind in KINDS for one in self.server.books.of_key(key, kind))
        event = {"id": f"evt_{made['id']}", "data": {"object": self.server.books.shown(made, [])}}
        body = json.dumps(event)
        return body.encode(), {"Stripe-Signature": signature(body)}

    def moved(self, key: str) -> Money | None:
        books = self.server.books
        taken = [(one["amount_received"], one["currency"]) for one in books.of_key(key, "payment_intent")]
        given = [(one["amount"], one["currency"]) for one in books.of_key(key, "refund")]
        units = sum(amount for amount, _ in taken + given)
        return from_stripe(units, (taken + given)[0][1]) if units else None


class TestStripeGateway(GatewayContract):
    @pytest.fixture
    def bench(self) -> Iterator[StripeBench]:
        with at_stripe() as (server, gateway):
            yield StripeBench(server, gateway)
