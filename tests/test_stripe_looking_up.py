"""What became of a key is looked up in lists, which are complete at all times; nothing is sent again."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core.payments import ChargeRequest, GatewayRequest, PaymentOutcome, RefundRequest, Way
from licensing_core.protocols.gateway import GatewayFailed
from tests.builders import NOON, eur
from tests.stripe_server import StripeServer
from tests.stripe_world import MAIL, a_charge, a_page, a_payer, a_refund, at_stripe


def many(server: StripeServer, kind: str, count: int, **fields: Any) -> None:
    """That many objects, which are none of ours."""
    prefix = {"payment_intent": "pi", "checkout.session": "cs_test", "refund": "re"}[kind]
    for _ in range(count):
        server.books.add(kind, prefix, metadata={}, **{"payment_intent": None, "customer": None, **fields})


def unclear(gateway: Any, asked: GatewayRequest) -> None:
    with pytest.raises(GatewayFailed) as failed:
        gateway.look_up(asked)
    assert failed.value == GatewayFailed(reason="unclear")


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("email", [MAIL, "nobody@else.example", None])
def test_what_never_came_in_is_not_known(way: Way, email: str | None) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        gateway.charge(a_charge("k2"))
        gateway.charge(a_page("k3"))
        before = len(server.asked)
        assert gateway.look_up(a_charge(way=way, email=email)) is None
        assert all(request.startswith("GET ") for request, _ in server.asked[before:])


def test_the_payments_of_the_customer_are_looked_through_and_no_others() -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        taken = gateway.charge(a_charge())
        before = len(server.asked)
        assert gateway.look_up(a_charge()) == taken
        lists = [asked for request, asked in server.asked[before:] if request == "GET /v1/payment_intents"]
        assert lists == [{"customer": customer, "limit": "100"}]


def test_whose_address_no_customer_has_is_looked_for_in_the_whole_account() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        taken = gateway.charge(a_charge())
        for email in (None, "nobody@else.example"):
            assert gateway.look_up(a_charge(email=email)) == taken


def test_a_page_of_a_guest_is_found_though_they_are_a_customer_now() -> None:
    with at_stripe() as (server, gateway):
        page = gateway.charge(a_page())
        a_payer(server)
        assert gateway.look_up(a_page()) == gateway.charge(a_page()) == page


@pytest.mark.parametrize("count", [99, 100, 101, 998])
def test_a_thousand_payments_are_looked_through(count: int) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        taken = gateway.charge(a_charge())
        many(server, "payment_intent", count)
        assert gateway.look_up(a_charge(email=None)) == taken
        assert gateway.look_up(a_charge("k2", email=None)) is None


def test_of_more_than_a_thousand_it_is_not_clear_what_never_came_in() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        many(server, "payment_intent", 1000)
        taken = gateway.charge(a_charge())
        unclear(gateway, a_charge("k2", email=None))
        assert gateway.look_up(a_charge(email=None)) == taken, "what is found is clear"
        unclear(gateway, a_charge("k2"))  # it may have been of another customer, when it was sent


def test_a_charge_is_found_whoever_has_the_address_by_now() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        taken = gateway.charge(a_charge())
        other = evolve(a_charge(), email="new@acme.example")
        server.books.customer("new@acme.example")
        assert gateway.look_up(other) == gateway.look_up(evolve(other, begun_at=NOON)) == taken


def test_what_has_a_reference_is_found_by_it_among_however_many() -> None:
    with at_stripe() as (server, gateway):
        page = gateway.charge(a_page())
        server.books.now += 1
        many(server, "checkout.session", 1001)
        unclear(gateway, a_page())
        assert gateway.look_up(evolve(a_page(), reference=page.reference)) == page
        unclear(gateway, evolve(a_page("k2"), reference=page.reference))  # it is of another key
        unclear(gateway, evolve(a_page(), reference="cs_test_%2e"))


def test_of_more_than_a_thousand_payments_of_one_customer_it_is_not_clear_either() -> None:
    with at_stripe() as (server, gateway):
        many(server, "payment_intent", 1001, customer=server.books.customer(MAIL))
        server.books.customer(MAIL, created=1)
        unclear(gateway, a_charge())


def test_what_one_of_many_customers_with_an_address_paid_is_found() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        taken = gateway.charge(a_charge())
        server.books.now += 1
        for _ in range(10):
            server.books.customer(MAIL)
        assert gateway.look_up(a_charge()) == gateway.charge(a_charge()) == taken


def test_what_is_older_than_the_attempt_is_not_looked_through() -> None:
    with at_stripe() as (server, gateway):
        server.books.now -= 2 * 3600
        many(server, "checkout.session", 1001)
        server.books.now += 2 * 3600
        unclear(gateway, a_page("k2"))
        assert gateway.look_up(a_page("k2", begun_at=NOON)) is None
        page = gateway.charge(a_page())
        for earlier in (timedelta(0), timedelta(minutes=59), timedelta(hours=20)):
            assert gateway.look_up(a_page(begun_at=NOON - earlier)) == page
        assert gateway.look_up(a_page(begun_at=NOON + timedelta(minutes=59))) == page, "clocks differ"
        assert gateway.look_up(a_page(begun_at=NOON - timedelta(days=2))) is None, "nothing is sent so late"


def test_a_thousand_refunds_of_a_payment_are_looked_through() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        taken = gateway.charge(a_charge())
        asked = a_refund(taken)
        said = gateway.refund(asked)
        many(server, "refund", 999, payment_intent=taken.reference)
        assert gateway.look_up(asked) == said
        assert gateway.look_up(evolve(asked, key="r2")) is None
        many(server, "refund", 1, payment_intent=taken.reference)
        unclear(gateway, evolve(asked, key="r2"))


@pytest.mark.parametrize("reference", ["none", "ch_1", "pi_", "pi_/refunds"])
def test_a_refund_of_what_is_no_payment_never_came_in(reference: str) -> None:
    with at_stripe() as (server, gateway):
        assert gateway.look_up(RefundRequest(key="r1", amount=eur("1.00"), charge="k1", reference=reference)) is None
        assert server.asked == []


def test_two_objects_with_one_key_are_unclear() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        gateway.charge(a_charge())
        server.books.now += 86_401
        gateway.charge(a_charge())
        assert len(server.books.of_key("k1", "payment_intent")) == 2
        unclear(gateway, a_charge())


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("changed", [{"amount": eur("99.00")}, {"email": "other@payer.example"}], ids=str)
def test_a_key_that_was_used_on_other_terms_takes_nothing_and_tells_what_became_of_it(
    way: Way, changed: dict[str, Any]
) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        a_payer(server, "other@payer.example")
        taken = gateway.charge(a_charge(way=way))
        assert gateway.charge(evolve(a_charge(way=way), **changed)) == taken
        assert len(server.books.all("payment_intent") + server.books.all("checkout.session")) == 1


def test_a_refund_under_a_key_that_was_used_tells_what_became_of_it() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        asked = a_refund(gateway.charge(a_charge()))
        said = gateway.refund(asked)
        assert gateway.refund(evolve(asked, amount=eur("1.00"))) == said
        assert len(server.books.all("refund")) == 1


def test_a_key_that_was_used_for_something_else_is_unclear() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        taken = gateway.charge(a_charge())
        with pytest.raises(GatewayFailed, match="unclear"):
            gateway.charge(a_page())
        with pytest.raises(GatewayFailed, match="unclear"):
            gateway.refund(a_refund(taken, "k1"))
        assert server.books.all("refund") == server.books.all("checkout.session") == []


def test_a_used_key_that_cannot_be_looked_up_is_unclear() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        gateway.charge(a_charge())
        server.fail("500", at="GET /v1/payment_intents")
        with pytest.raises(GatewayFailed, match="unclear"):
            gateway.charge(a_charge(amount=eur("99.00")))


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "paused"},
        {"status": None},
        {"amount": "1250"},
        {"amount": 12.5},
        {"amount": True},
        {"amount_received": None, "status": "succeeded"},
        {"currency": "xxx"},
        {"currency": "EUR"},
        {"currency": None},
        {"id": "ch_1"},
        {"amount": 10**17},
        {"last_payment_error": "words"},
    ],
    ids=str,
)
def test_an_object_that_cannot_be_read_is_unclear(odd: dict[str, Any]) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server, declines="insufficient_funds")
        gateway.charge(a_charge())
        server.books.all("payment_intent")[0].update(odd)
        unclear(gateway, a_charge())


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "draft"},
        {"url": "http://checkout.example"},
        {"url": "https://checkout.example/" + "a" * 2048},
        {"status": "complete"},
        {"amount_total": None},
        {"payment_status": "no_payment_required", "status": "complete"},
    ],
    ids=lambda odd: str(odd)[:40],
)
def test_a_page_that_cannot_be_read_is_unclear(odd: dict[str, Any]) -> None:
    with at_stripe() as (server, gateway):
        gateway.charge(a_page())
        server.books.all("checkout.session")[0].update(odd)
        unclear(gateway, a_page())


def test_a_refund_in_a_state_that_is_not_known_is_unclear() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        asked = a_refund(gateway.charge(a_charge()))
        gateway.refund(asked)
        server.books.all("refund")[0]["status"] = "on_its_way"
        unclear(gateway, asked)


def test_metadata_that_is_none_is_nobody_s_key() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        gateway.charge(a_charge())
        server.books.all("payment_intent")[0]["metadata"] = None
        assert gateway.look_up(a_charge()) is None


def test_a_look_up_of_a_charge_that_was_declined_says_so() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server, declines="lost_card")
        asked: ChargeRequest = a_charge()
        declined = gateway.charge(asked)
        assert declined.outcome is PaymentOutcome.FAILED
        assert gateway.look_up(asked) == declined
