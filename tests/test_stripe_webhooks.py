"""A webhook is believed by its signature, and tells of a key; what is so, Stripe is asked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from stripe import WebhookSignature

from licensing_core.checks import InvalidArgument
from licensing_core.protocols.gateway import WebhookNotice, WebhookRefused
from tests.builders import NOON
from tests.stripe_world import SECRET, a_page, a_payer, at_stripe, signature

MINE = {"licensing_key": "k1"}


def an_event(about: Any, **changed: Any) -> dict[str, Any]:
    return {"id": "evt_1", "object": "event", "type": "x.y", "data": {"object": about}, **changed}


def signed(event: Any, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """What Stripe would send, signed by its own library."""
    text = event if isinstance(event, str) else json.dumps(event)
    return text.encode(), {"Stripe-Signature": signature(text, secret)}


def said(event: Any, **changed: Any) -> WebhookNotice:
    with at_stripe(**changed) as (_server, gateway):
        return gateway.notice(*signed(event))


def refusal(body: Any, headers: Any, **changed: Any) -> str:
    with at_stripe(**changed) as (server, gateway):
        with pytest.raises(WebhookRefused) as refused:
            gateway.notice(body, headers)
        assert server.asked == [], "nobody is asked"
        return refused.value.reason


@pytest.mark.parametrize("kind", ["payment_intent", "checkout.session", "refund", "charge"])
def test_what_is_about_an_object_of_ours_tells_its_key(kind: str) -> None:
    assert said(an_event({"object": kind, "metadata": MINE})) == WebhookNotice(id="evt_1", key="k1")


@pytest.mark.parametrize(
    "about",
    [
        {"object": "customer", "metadata": MINE},
        {"object": "dispute"},
        {"object": "payment_intent"},
        {"object": "payment_intent", "metadata": None},
        {"object": "payment_intent", "metadata": {}},
        {"object": "payment_intent", "metadata": "k1"},
        {"object": "payment_intent", "metadata": {"licensing_key": 1}},
        {"object": "payment_intent", "metadata": {"licensing_key": "no id"}},
        {"object": "payment_intent", "metadata": {"licensing_key": "k" * 65}},
        {"metadata": MINE},
        "pi_1",
        None,
    ],
    ids=str,
)
def test_what_is_about_something_else_is_about_no_key(about: Any) -> None:
    assert said(an_event(about)) == WebhookNotice(id="evt_1", key=None)


@pytest.mark.parametrize("changed", [{"data": None}, {"data": []}, {"data": {}}, {"object": "v2.core.event"}], ids=str)
def test_an_event_without_an_object_is_about_no_key(changed: dict[str, Any]) -> None:
    assert said(an_event(None, **changed)).key is None


def test_a_real_page_and_its_payment_tell_the_same_key() -> None:
    with at_stripe() as (server, gateway):
        a_payer(server)
        page = gateway.charge(a_page())
        server.books.pay(str(page.reference))
        for kind in ("checkout.session", "payment_intent"):
            (made,) = server.books.all(kind)
            assert gateway.notice(*signed(an_event(server.books.shown(made, [])))).key == "k1"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "5",
        "null",
        '"evt_1"',
        "{}",
        "{",
        '{"id": null}',
        '{"id": 5}',
        '{"id": ""}',
        '{"id": "a\\u0000b"}',
        '{"id": "' + "e" * 201 + '"}',
        "[" * 100_000,
        '{"id": ' + "9" * 10_000 + "}",
    ],
    ids=lambda body: body[:20],
)
def test_what_is_no_event_is_refused_for_its_form(body: str) -> None:
    assert refusal(*signed(body)) == "form"


def test_what_is_no_utf_8_is_refused_for_its_form() -> None:
    from licensing_core.adapters.webhooks import sign

    for body in (b"\xff\xfe{\x00}\x00", b'{"id": "\xff"}'):
        assert refusal(body, {"stripe-signature": sign(body, SECRET, now=NOON)}) == "form"


@pytest.mark.parametrize("name", ["Stripe-Signature", "stripe-signature", "STRIPE-SIGNATURE"])
def test_the_header_is_found_however_it_is_written(name: str) -> None:
    body, headers = signed(an_event(None))
    with at_stripe() as (_server, gateway):
        assert gateway.notice(body, {"Host": "x", name: headers["Stripe-Signature"]}).id == "evt_1"


@pytest.mark.parametrize("headers", [{}, {"Signature": "t=1,v1=0"}, {"Stripe-Signature": None}, {5: "t=1"}], ids=str)
def test_without_the_header_it_is_refused(headers: Any) -> None:
    assert refusal(b"{}", headers) == "form"


def test_the_library_of_stripe_believes_what_is_signed_here() -> None:
    body, headers = signed(an_event(None))
    assert WebhookSignature.verify_header(body.decode(), headers["Stripe-Signature"], SECRET)


def test_what_was_signed_by_another_secret_is_refused() -> None:
    assert refusal(*signed(an_event(None), "whsec_other")) == "signature"


def test_what_was_changed_on_the_way_is_refused() -> None:
    body, headers = signed(an_event({"object": "refund", "metadata": MINE}))
    assert refusal(body.replace(b"k1", b"k2"), headers) == "signature"


def test_while_the_secret_is_changed_both_are_believed() -> None:
    with at_stripe(webhook_secrets=["whsec_old", "whsec_new"]) as (_server, gateway):
        for secret in ("whsec_old", "whsec_new"):
            assert gateway.notice(*signed(an_event(None), secret)).id == "evt_1"


@pytest.mark.parametrize("apart", [-301, 301])
def test_what_is_old_or_of_the_future_is_refused(apart: int) -> None:
    later = NOON + timedelta(seconds=apart)
    assert refusal(*signed(an_event(None)), clock=lambda: later) == "time"


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    assert refusal(*signed(" " * 2**20 + "{}")) == "size"


def test_headers_that_are_none_are_a_mistake() -> None:
    with at_stripe() as (_server, gateway), pytest.raises(InvalidArgument):
        gateway.notice(b"{}", None)  # type: ignore[arg-type]
