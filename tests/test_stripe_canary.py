"""A canary: keys, secrets, addresses and parts of cards stay out of texts, logs, receipts, refusals and traces."""

import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any, Final

import pytest

from licensing_core.errors import LicensingError
from licensing_core.messages import explain, languages
from tests.stripe_server import ERRORS, RAW, StripeServer
from tests.stripe_world import API_KEY, MAIL, SECRET, a_charge, a_page, a_payer, a_refund, at_stripe, signature

BIRD: Final = "zzcanary"
CARD: Final = "4242"
FAULTS: Final = (*ERRORS, *RAW, "lost", "unanswered", "500 after")


def test_the_canary_is_in_all_that_is_secret() -> None:
    assert all(BIRD in secret for secret in (API_KEY, SECRET, MAIL))


def told(text: str) -> bool:
    return BIRD in text or CARD in text or "checkout.stripe.example" in text or "words for people" in text


def calls(gateway: Any, taken: Any) -> tuple[Callable[[], object], ...]:
    return (
        lambda: gateway.charge(a_charge()),
        lambda: gateway.charge(a_page("k2")),
        lambda: gateway.refund(a_refund(taken)),
        lambda: gateway.look_up(a_charge()),
        lambda: gateway.look_up(a_page("k2")),
        lambda: gateway.look_up(a_refund(taken)),
        lambda: gateway.portal(MAIL),
    )


def sung_by(error: BaseException) -> str:
    """All that a trace of *error* shows, and what leads from it to other errors."""
    linked = (error.__cause__, error.__context__)
    assert linked == (None, None), "it leads to no error of the library"
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error) if error.__dict__ else "")


def test_a_gateway_shows_nothing_of_itself() -> None:
    with at_stripe() as (_server, gateway):
        assert repr(gateway) == str(gateway) == "StripeGateway()"
        assert not hasattr(gateway, "__dict__")
        assert repr(gateway._calls) == "Calls()"
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(gateway)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_shows_nothing_in_any_language_or_trace(fault: str) -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        taken = gateway.charge(a_charge("k0"))
        count = 0
        for call in calls(gateway, taken):
            for at in ("GET", "POST"):
                server._faults.clear()
                server.fail(fault, at=at)
                try:
                    assert not told(repr(call())), "a receipt shows nothing"
                except LicensingError as error:
                    count += 1
                    shown = [sung_by(error), str(error), *(explain(error, one) for one in languages())]
                    assert [text for text in shown if told(text)] == []
        assert count > 4


def test_receipts_show_no_page_and_no_address() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server, declines="insufficient_funds")
        for receipt in (gateway.charge(a_charge()), gateway.charge(a_page("k2")), gateway.charge(a_charge("k3"))):
            assert not told(repr(receipt) + str(receipt))
        assert not told(repr(a_charge()) + str(a_charge()))


def _everything(server: StripeServer, gateway: Any) -> None:
    a_payer(server)
    taken = gateway.charge(a_charge("k0"))
    for call in calls(gateway, taken):
        call()
    a_payer(server, "declined" + MAIL, declines="insufficient_funds")
    gateway.charge(a_charge("k9", email="declined" + MAIL))


def test_nothing_is_logged_though_all_is(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("stripe", "urllib3", "urllib3.connectionpool", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    with at_stripe() as (server, gateway):
        _everything(server, gateway)
        for fault in FAULTS:
            server.fail(fault)
            with pytest.raises(LicensingError):
                gateway.charge(a_charge(f"f{fault[:3].strip()}{len(server.asked)}"))
    assert [record.getMessage() for record in caplog.records if told(record.getMessage())] == []
    assert not told("".join(capfd.readouterr()))


def test_who_asks_stripe_for_something_else_has_their_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="stripe")
    with at_stripe() as (server, gateway):
        _everything(server, gateway)
        gateway._calls._client.v1.customers.list({"limit": 1})
        gateway._calls._http.close()  # type: ignore[no-untyped-call]
    assert any("/v1/customers" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("secret", [SECRET, "whsec_other"])
def test_a_webhook_that_is_refused_shows_nothing(secret: str) -> None:
    body = f'{{"id": ["{BIRD}"]}}'
    with at_stripe() as (_server, gateway):
        with pytest.raises(LicensingError) as refused:
            gateway.notice(body.encode(), {"Stripe-Signature": signature(body, secret)})
        assert not told(sung_by(refused.value))
