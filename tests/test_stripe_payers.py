"""A payer is the customer with their address, and the card is the one that they last said."""

import pytest

from licensing_core.payments import PaymentOutcome, Receipt
from licensing_core.protocols.gateway import GatewayFailed
from tests.builders import eur
from tests.stripe_server import StripeServer
from tests.stripe_world import MAIL, a_charge, a_page, a_payer, at_stripe

SUCCEEDED, FAILED = PaymentOutcome.SUCCEEDED, PaymentOutcome.FAILED


def lacking(reason: str) -> Receipt:
    return Receipt(key="k1", outcome=FAILED, amount=eur("12.50"), reason=reason)


def charged(server: StripeServer) -> tuple[str, str]:
    """The customer and the card that were charged last."""
    asked = server.asked[-1][1]
    return asked["customer"], asked["payment_method"]


def test_who_is_no_customer_has_no_card() -> None:
    with at_stripe() as (server, gateway):
        server.books.customer("somebody@else.example")
        assert gateway.charge(a_charge()) == lacking("no_customer")
        assert gateway.charge(a_charge(email=None)) == lacking("no_customer")
        assert server.books.all("payment_intent") == []


def test_a_customer_without_a_card_is_told_so() -> None:
    with at_stripe() as (server, gateway):
        customer = server.books.customer(MAIL)
        server.books.card(customer, kind="sepa_debit", default=True)
        assert gateway.charge(a_charge()) == lacking("no_card")
        assert gateway.look_up(a_charge()) is None


def test_what_had_no_card_is_charged_under_its_key_once_there_is_one() -> None:
    with at_stripe() as (server, gateway):
        customer = server.books.customer(MAIL)
        assert gateway.charge(a_charge()) == lacking("no_card")
        server.books.card(customer)
        assert gateway.charge(a_charge()).outcome is SUCCEEDED


def test_an_address_in_other_capitals_is_somebody_else() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server, MAIL.upper())
        assert gateway.charge(a_charge()) == lacking("no_customer")


def test_a_customer_whom_a_list_has_under_another_address_is_nobody() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        listed = {**server.books.shown(server.books.things[customer], []), "email": MAIL.upper()}
        server.books.all = lambda _kind, **_fields: [listed]  # type: ignore[method-assign]
        assert gateway.portal(MAIL) is None


def test_the_default_card_comes_before_one_that_was_saved_later() -> None:
    with at_stripe() as (server, gateway):
        customer = server.books.customer(MAIL)
        card = server.books.card(customer, default=True)
        server.books.card(customer)
        gateway.charge(a_charge())
        assert charged(server) == (customer, card)


def test_without_a_default_card_the_one_that_was_saved_last_is_charged() -> None:
    with at_stripe() as (server, gateway):
        customer = server.books.customer(MAIL)
        server.books.card(customer)
        card = server.books.card(customer)
        server.books.card(customer, kind="sepa_debit", default=True)
        gateway.charge(a_charge())
        assert charged(server) == (customer, card)


def test_of_several_customers_it_is_the_one_that_has_a_card() -> None:
    with at_stripe() as (server, gateway):
        server.books.customer(MAIL)
        customer = server.books.customer(MAIL)
        card = server.books.card(customer)
        server.books.customer(MAIL)
        gateway.charge(a_charge())
        assert charged(server) == (customer, card)


def test_of_several_customers_with_cards_none_is_charged() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        a_payer(server)
        assert gateway.charge(a_charge()) == lacking("several_customers")
        assert server.books.all("payment_intent") == []


def test_of_several_customers_without_a_card_it_is_the_oldest() -> None:
    with at_stripe() as (server, gateway):
        server.books.customer(MAIL)
        oldest = server.books.customer(MAIL, created=seconds_ago(server, 10))
        assert gateway.charge(a_charge()) == lacking("no_card")
        gateway.charge(a_page("k2"))
        assert server.books.of_key("k2", "checkout.session")[0]["customer"] == oldest
        gateway.portal(MAIL)
        assert server.asked[-1][1]["customer"] == oldest


@pytest.mark.parametrize(("count", "reason"), [(10, "no_card"), (11, "several_customers")])
def test_ten_customers_with_one_address_are_told_apart(count: int, reason: str) -> None:
    with at_stripe() as (server, gateway):
        for _ in range(count):
            server.books.customer(MAIL)
        assert gateway.charge(a_charge()) == lacking(reason)


def test_too_many_customers_with_one_address_have_no_portal() -> None:
    with at_stripe() as (server, gateway):
        for _ in range(11):
            server.books.customer(MAIL)
        with pytest.raises(GatewayFailed) as refused:
            gateway.portal(MAIL)
        assert refused.value == GatewayFailed(reason="refused")


def test_a_customer_who_tells_no_age_is_taken_all_the_same() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        server.books.things[customer].update(created=None)
        server.books.all = lambda _kind, **_fields: [server.books.things[customer]]  # type: ignore[method-assign]
        assert gateway.portal(MAIL) is not None


def test_what_was_taken_before_is_told_though_the_card_is_gone() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        taken = gateway.charge(a_charge())
        server.books.things = {
            name: one for name, one in server.books.things.items() if one["object"] != "payment_method"
        }
        server.books.things[customer]["invoice_settings"]["default_payment_method"] = None
        assert gateway.charge(a_charge()) == taken


def test_what_was_taken_before_is_told_though_the_customer_has_another_address() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        taken = gateway.charge(a_charge())
        server.books.things[customer]["email"] = "new@address.example"
        assert gateway.charge(a_charge()) == gateway.look_up(a_charge()) == taken


def test_what_was_taken_before_is_told_though_another_card_is_the_default_now() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        taken = gateway.charge(a_charge())
        server.books.card(customer, default=True)
        assert gateway.charge(a_charge()) == taken
        assert len(server.books.all("payment_intent")) == 1


def seconds_ago(server: StripeServer, count: int) -> int:
    return server.books.now - count
