"""Stripe takes money and gives it back, once for each key."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core.adapters.stripe import StripeGateway
from licensing_core.checks import InvalidArgument
from licensing_core.payments import PaymentOutcome, Receipt, Way
from licensing_core.protocols.gateway import Capability, GatewayFailed, PaymentGateway
from tests.builders import NOON, eur
from tests.stripe_world import (
    API_KEY,
    MAIL,
    RETURN_TO,
    SECRET,
    a_charge,
    a_page,
    a_payer,
    a_refund,
    at_stripe,
)

SUCCEEDED, PENDING, FAILED = PaymentOutcome.SUCCEEDED, PaymentOutcome.PENDING, PaymentOutcome.FAILED


def test_the_card_on_file_is_charged_with_nobody_present() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        receipt = gateway.charge(a_charge())
        (intent,) = server.books.all("payment_intent")
        assert receipt == Receipt(key="k1", reference=intent["id"], outcome=SUCCEEDED, amount=eur("12.50"))
        assert (intent["customer"], intent["metadata"]) == (customer, {"licensing_key": "k1"})
        request, asked = server.asked[-1]
        assert request == "POST /v1/payment_intents"
        assert (asked["amount"], asked["currency"], asked["off_session"], asked["confirm"]) == (
            "1250",
            "eur",
            "true",
            "true",
        )


def test_one_key_is_charged_once() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        assert gateway.charge(a_charge()) == gateway.charge(a_charge())
        assert gateway.charge(a_charge("k2")).key == "k2"
        assert len(server.books.all("payment_intent")) == 2
        assert server.keys == ["k1", "k1", "k2"]


@pytest.mark.parametrize("code", ["insufficient_funds", "authentication_required", "expired_card", "lost_card"])
def test_a_decline_is_a_receipt_with_the_word_of_the_bank(code: str) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server, declines=code)
        receipt = gateway.charge(a_charge())
        (intent,) = server.books.all("payment_intent")
        assert receipt == Receipt(key="k1", reference=intent["id"], outcome=FAILED, amount=eur("12.50"), reason=code)
        assert gateway.charge(a_charge()) == gateway.look_up(a_charge()) == receipt


def test_a_decline_with_free_text_in_place_of_a_word_shows_none_of_it() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server, declines="Card 4242 of Ana")
        assert gateway.charge(a_charge()).reason == "card_declined"
        (intent,) = server.books.all("payment_intent")
        intent["last_payment_error"] = {"code": "Card 4242"}
        assert gateway.charge(a_charge()).reason == "requires_payment_method"


def test_who_declined_once_may_be_charged_under_another_key() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server, declines="insufficient_funds")
        assert gateway.charge(a_charge()).outcome is FAILED
        server.books.card(customer, default=True)
        assert gateway.charge(a_charge()).outcome is FAILED
        assert gateway.charge(a_charge("k2")).outcome is SUCCEEDED


def test_a_page_is_pending_until_it_is_paid() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        receipt = gateway.charge(a_page())
        (page,) = server.books.all("checkout.session")
        assert receipt == Receipt(
            key="k1", reference=page["id"], outcome=PENDING, amount=eur("12.50"), page=page["url"]
        )
        assert gateway.charge(a_page()) == gateway.look_up(a_page()) == receipt
        assert (page["customer"], page["metadata"]) == (customer, {"licensing_key": "k1"})
        server.books.pay(page["id"])
        paid = evolve(receipt, outcome=SUCCEEDED, page=None)
        assert gateway.charge(a_page()) == gateway.look_up(a_page()) == paid
        (intent,) = server.books.all("payment_intent")
        assert intent["metadata"] == {"licensing_key": "k1"}


def test_who_is_no_customer_pays_as_a_guest() -> None:
    with at_stripe() as (server, gateway):
        gateway.charge(a_page("k1"))
        gateway.charge(a_page("k2", email=None))
        guest, nobody = server.books.of_key("k1", "checkout.session") + server.books.of_key("k2", "checkout.session")
        assert (guest["customer"], guest["customer_email"]) == (None, MAIL)
        assert (nobody["customer"], nobody["customer_email"]) == (None, None)


def test_who_is_one_of_several_customers_pays_as_a_guest() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        a_payer(server)
        gateway.charge(a_page())
        (page,) = server.books.all("checkout.session")
        assert (page["customer"], page["customer_email"]) == (None, MAIL)


def test_a_page_says_what_is_paid_for_and_leads_back() -> None:
    with at_stripe(title="Seats at Acme") as (server, gateway):
        gateway.charge(a_page(amount=eur("0.99")))
        asked = server.asked[-1][1]
        assert asked["success_url"] == asked["cancel_url"] == RETURN_TO
        price = {"currency": "eur", "unit_amount": "99", "product_data": {"name": "Seats at Acme"}}
        assert asked["line_items"] == [{"price_data": price, "quantity": "1"}]


def test_a_page_that_was_paid_leads_nobody_to_pay_again() -> None:
    with at_stripe() as (server, gateway):
        page = gateway.charge(a_page())
        server.books.pay(str(page.reference))
        server.books.things[str(page.reference)]["url"] = page.page
        assert gateway.charge(a_page()).page is None


def test_a_page_that_nobody_pays_has_failed_for_good() -> None:
    with at_stripe() as (server, gateway):
        receipt = gateway.charge(a_page())
        server.books.expire(str(receipt.reference))
        assert gateway.look_up(a_page()) == evolve(receipt, outcome=FAILED, page=None, reason="expired")


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        ("processing", PENDING, None),
        ("requires_payment_method", FAILED, "requires_payment_method"),
        ("canceled", FAILED, "canceled"),
    ],
)
def test_what_is_paid_by_a_way_that_takes_days_has_its_payment_asked(
    status: str, outcome: PaymentOutcome, reason: str | None
) -> None:
    with at_stripe() as (server, gateway):
        receipt = gateway.charge(a_page())
        server.books.pay(str(receipt.reference), status=status)
        assert gateway.look_up(a_page()) == evolve(receipt, outcome=outcome, page=None, reason=reason)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("processing", PENDING), ("requires_action", PENDING), ("requires_capture", PENDING), ("canceled", FAILED)],
)
def test_a_payment_is_in_one_of_the_states_that_stripe_has(status: str, outcome: PaymentOutcome) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        gateway.charge(a_charge())
        (intent,) = server.books.all("payment_intent")
        server.books.settle(intent["id"], status)
        found = gateway.look_up(a_charge())
        assert found is not None
        assert (found.outcome, found.amount) == (outcome, eur("12.50"))


def test_of_a_payment_that_was_taken_in_part_the_receipt_has_that_part() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        gateway.charge(a_charge())
        (intent,) = server.books.all("payment_intent")
        intent["amount_received"] = 1000
        found = gateway.look_up(a_charge())
        assert found is not None
        assert found.amount == eur("10.00")


@pytest.mark.parametrize("way", list(Way))
def test_a_charge_is_given_back_in_parts(way: Way) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        receipt = gateway.charge(a_charge(way=way))
        if receipt.page is not None:
            server.books.pay(str(receipt.reference))
        for key, amount in (("r1", "5.00"), ("r2", "7.50")):
            asked = a_refund(receipt, key, amount)
            said = gateway.refund(asked)
            (made,) = server.books.of_key(key, "refund")
            assert said == Receipt(key=key, reference=made["id"], outcome=SUCCEEDED, amount=eur(amount))
            assert gateway.refund(asked) == gateway.look_up(asked) == said
        with pytest.raises(GatewayFailed, match="refused"):
            gateway.refund(a_refund(receipt, "r3", "0.01"))
        assert gateway.look_up(a_refund(receipt, "r3", "0.01")) is None


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [("pending", PENDING, None), ("failed", FAILED, "lost_or_stolen_card"), ("canceled", FAILED, "canceled")],
)
def test_a_refund_may_wait_or_fail_later(status: str, outcome: PaymentOutcome, reason: str | None) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        asked = a_refund(gateway.charge(a_charge()))
        said = gateway.refund(asked)
        server.books.things[str(said.reference)].update(
            status=status, failure_reason="lost_or_stolen_card" if status == "failed" else None
        )
        assert gateway.refund(asked) == gateway.look_up(asked) == evolve(said, outcome=outcome, reason=reason)


@pytest.mark.parametrize(
    "changed",
    [
        {"charge": "k2"},
        {"reference": "ch_1"},
        {"reference": "pi_99999"},
        {"reference": "pi_../customers"},
        {"reference": "none"},
        {"amount": evolve(eur("5.00"), minor=0)},
        {"amount": evolve(eur("5.00"), minor=-500)},
        {"amount": eur("12.51")},
    ],
    ids=str,
)
def test_nothing_is_given_back_of_what_was_not_taken_for_the_charge(changed: dict[str, Any]) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        receipt = gateway.charge(a_charge())
        with pytest.raises(GatewayFailed) as refused:
            gateway.refund(evolve(a_refund(receipt), **changed))
        assert refused.value == GatewayFailed(reason="refused")
        assert server.books.all("refund") == []


def test_nothing_is_given_back_in_another_currency_than_was_taken() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        receipt = gateway.charge(a_charge(amount=evolve(eur("12.50"), minor=1250)))
        (intent,) = server.books.all("payment_intent")
        intent["currency"] = "usd"
        with pytest.raises(GatewayFailed, match="refused"):
            gateway.refund(a_refund(receipt))
        assert server.books.all("refund") == []


def test_nothing_is_given_back_of_a_page_that_nobody_paid() -> None:
    with at_stripe() as (_server, gateway):
        receipt = gateway.charge(a_page())
        with pytest.raises(GatewayFailed, match="refused"):
            gateway.refund(a_refund(receipt))
        assert gateway.look_up(a_refund(receipt)) is None


def test_the_portal_is_for_customers_only() -> None:
    with at_stripe() as (server, gateway):
        assert gateway.portal(MAIL) is None
        a_payer(server)
        page = gateway.portal(MAIL)
        assert page is not None
        assert page.startswith("https://billing.stripe.example/")
        assert server.asked[-1][1]["return_url"] == RETURN_TO
        a_payer(server)
        with pytest.raises(GatewayFailed, match="refused"):
            gateway.portal(MAIL)


def test_an_answer_about_a_portal_without_a_page_is_none() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        server.fail("nothing")
        with pytest.raises(GatewayFailed, match="busy"):
            gateway.portal(MAIL)


def test_it_can_do_all_that_a_gateway_can() -> None:
    with at_stripe() as (_server, made):
        gateway: PaymentGateway = made
        assert gateway.capabilities == frozenset(Capability)


def test_it_goes_on_after_its_connections_were_closed() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        gateway.close()
        gateway.charge(a_charge())
        gateway.close()
        assert gateway.charge(a_charge("k2")).outcome is SUCCEEDED


@pytest.mark.parametrize(
    "changed",
    [
        {"api_key": ""},
        {"api_key": None},
        {"api_key": "sk_test\r\nHost: other"},
        {"api_key": "clé"},
        {"api_key": "k" * 257},
        {"webhook_secrets": SECRET},
        {"webhook_secrets": []},
        {"webhook_secrets": [SECRET] * 17},
        {"webhook_secrets": [b"whsec"]},
        {"webhook_secrets": ["with space"]},
        {"return_to": "http://app.example"},
        {"return_to": None},
        {"title": ""},
        {"clock": NOON},
        {"base_addresses": "https://stripe.example"},
        {"timeout": 0},
        {"timeout": True},
        {"timeout": 601},
        {"timeout": timedelta(seconds=1)},
        {"timeout": float("nan")},
    ],
    ids=str,
)
def test_what_it_is_made_of_is_checked_and_not_shown(changed: dict[str, Any]) -> None:
    given = {"webhook_secrets": [SECRET], "return_to": RETURN_TO, "api_key": API_KEY, **changed}
    key = given.pop("api_key")
    with pytest.raises(InvalidArgument) as refused:
        StripeGateway(key, **given)
    assert refused.value.parameter in changed
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("method", ["charge", "refund", "look_up"])
def test_what_is_no_request_is_no_failure_of_the_gateway(method: str) -> None:
    with at_stripe() as (server, gateway):
        with pytest.raises(InvalidArgument):
            getattr(gateway, method)({"key": "k1"})
        assert server.asked == []
