"""What fails on the way to Stripe and back: what it means, and that no money is moved twice by trying again."""

import socket
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from time import monotonic
from typing import Any, Final

import pytest

from licensing_core.payments import PaymentOutcome, Receipt, Way
from licensing_core.protocols.gateway import GatewayFailed
from tests.stripe_server import StripeServer
from tests.stripe_world import MAIL, a_charge, a_gateway, a_page, a_payer, a_refund, a_stripe, at_stripe

MOVING: Final = {
    "429": "busy",
    "400": "refused",
    "401": "refused",
    "402": "refused",
    "403": "refused",
    "409": "unclear",
    "500": "unclear",
    "503": "unclear",
    "lost": "unclear",
    "unanswered": "unclear",
    "500 after": "unclear",
    "no json": "unclear",
    "no object": "unclear",
    "nothing": "unclear",
    "no key": "unclear",
    "odd error": "unclear",
    "odd decline": "refused",
}
READING: Final = {
    **{fault: "busy" if reason == "unclear" else reason for fault, reason in MOVING.items()},
    "no page": "busy",
    "no end": "busy",
}
_SILENT: Final = ("hung", "late")


def failure(call: Callable[[], object]) -> GatewayFailed:
    with pytest.raises(GatewayFailed) as failed:
        call()
    return failed.value


def moves(server: StripeServer, gateway: Any) -> dict[str, Callable[[], Receipt]]:
    """What moves money."""
    a_payer(server)
    taken = gateway.charge(a_charge("k0"))
    return {
        "card": lambda: gateway.charge(a_charge()),
        "page": lambda: gateway.charge(a_page()),
        "refund": lambda: gateway.refund(a_refund(taken)),
    }


@pytest.mark.parametrize("move", ["card", "page", "refund"])
@pytest.mark.parametrize("fault", MOVING)
def test_a_request_that_failed_says_whether_money_may_have_been_moved(fault: str, move: str) -> None:
    with at_stripe() as (server, gateway):
        call = moves(server, gateway)[move]
        server.fail(fault)
        assert failure(call) == GatewayFailed(reason=MOVING[fault])


@pytest.mark.parametrize("fault", _SILENT)
def test_a_time_out_may_have_moved_money(fault: str) -> None:
    with a_stripe() as server, closing(a_gateway(server, timeout=0.3)) as gateway:
        a_payer(server)
        server.fail(fault)
        begun = monotonic()
        assert failure(lambda: gateway.charge(a_charge())) == GatewayFailed(reason="unclear")
        assert monotonic() - begun < 4
        assert (gateway.look_up(a_charge()) is None) == (fault == "hung")
        assert gateway.charge(a_charge()).outcome is PaymentOutcome.SUCCEEDED
        assert len(server.books.all("payment_intent")) == 1


@pytest.mark.parametrize("fault", READING)
@pytest.mark.parametrize("at", ["GET /v1/customers", "GET /v1/payment_intents", "GET /v1/customers/"])
def test_a_question_that_failed_moved_nothing(fault: str, at: str) -> None:
    with at_stripe() as (server, gateway):
        customer = a_payer(server)
        server.books.things[customer]["invoice_settings"]["default_payment_method"] = None
        server.fail(fault, at=at)
        if at.endswith("/"):
            assert failure(lambda: gateway.charge(a_charge())).reason == READING[fault]
        else:
            assert failure(lambda: gateway.look_up(a_charge())).reason == READING[fault]
        assert server.books.all("payment_intent") == []


@pytest.mark.parametrize("fault", READING)
def test_a_payment_that_cannot_be_read_is_not_one_that_never_was(fault: str) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        asked = a_refund(gateway.charge(a_charge()))
        for call in (gateway.look_up, gateway.refund):
            server.fail(fault, at="GET /v1/payment_intents/")
            assert failure(partial(call, asked)).reason == READING[fault]


@pytest.mark.parametrize("fault", READING)
def test_a_portal_that_failed_moved_nothing(fault: str) -> None:
    if fault in ("no page", "no end"):
        return
    with at_stripe() as (server, gateway):
        a_payer(server)
        server.fail(fault)
        assert failure(lambda: gateway.portal(MAIL)).reason == READING[fault]


@pytest.mark.parametrize("move", ["card", "page", "refund"])
@pytest.mark.parametrize("fault", ["lost", "unanswered", "429", "503", "no json"])
def test_trying_again_under_the_same_key_moves_money_once(fault: str, move: str) -> None:
    with at_stripe() as (server, gateway):
        call = moves(server, gateway)[move]
        server.fail(fault)
        failure(call)
        said = call()
        assert said.outcome is not PaymentOutcome.FAILED
        kinds = {"card": "payment_intent", "page": "checkout.session", "refund": "refund"}
        assert len(server.books.of_key(said.key, kinds[move])) == 1


def test_a_failure_in_the_midst_of_the_work_is_said_again_and_a_look_up_tells() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        server.fail("500 after")
        for _ in range(2):
            assert failure(lambda: gateway.charge(a_charge())) == GatewayFailed(reason="unclear")
        found = gateway.look_up(a_charge())
        assert found is not None
        assert found.outcome is PaymentOutcome.SUCCEEDED


def test_a_failure_before_the_work_is_looked_up_as_never_come_in() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        server.fail("500")
        assert failure(lambda: gateway.charge(a_charge())).unclear
        assert gateway.look_up(a_charge()) is None


@pytest.mark.parametrize("fault", ["500", "lost", "nothing"])
def test_what_was_asked_again_and_cannot_be_read_as_it_is_now_is_unclear(fault: str) -> None:
    with at_stripe() as (server, gateway):
        page = gateway.charge(a_page())
        server.books.pay(str(page.reference))
        server.fail(fault, at="GET /v1/checkout/sessions/")
        assert failure(lambda: gateway.charge(a_page())) == GatewayFailed(reason="unclear")


@pytest.mark.parametrize("code", ["insufficient_funds", "authentication_required"])
def test_a_decline_that_got_lost_is_told_when_it_is_asked_for(code: str) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server, declines=code)
        server.fail("unanswered")
        assert failure(lambda: gateway.charge(a_charge())).unclear
        found = gateway.look_up(a_charge())
        assert found is not None
        assert (found.outcome, found.reason) == (PaymentOutcome.FAILED, code)
        assert gateway.charge(a_charge()) == found


@pytest.mark.parametrize("fault", MOVING)
def test_the_library_does_not_try_again_by_itself(fault: str) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        server.fail(fault)
        failure(lambda: gateway.charge(a_charge()))
        assert [request for request, _ in server.asked].count("POST /v1/payment_intents") == 1


def test_where_nobody_listens_a_charge_never_gets_as_far_as_money() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = StripeServer("sk", 0)
        nobody.url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with closing(a_gateway(nobody)) as gateway:
            assert failure(lambda: gateway.charge(a_charge())).reason == "busy"
            assert failure(lambda: gateway.look_up(a_charge())).reason == "busy"
            assert failure(lambda: gateway.charge(a_page(email=None))).reason == "unclear"


def test_another_key_than_that_of_the_account_is_refused() -> None:
    with a_stripe() as server, closing(a_gateway(server, api_key="sk_other")) as gateway:
        for way in Way:
            assert failure(lambda way=way: gateway.charge(a_charge(way=way))).reason == "refused"  # type: ignore[misc]


def test_threads_share_a_gateway_and_one_key_is_charged_once() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        said: list[Receipt] = []

        def charge() -> None:
            said.append(gateway.charge(a_charge()))
            gateway.close()

        threads = [threading.Thread(target=charge) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(said) == 8
        assert len(set(said)) == len(server.books.all("payment_intent")) == 1
