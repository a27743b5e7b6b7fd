"""The services have Stripe carry out payments: whatever gets lost, a payer is charged once, for what they get."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.stripe import StripeGateway
from licensing_core.directory import Scope
from licensing_core.payments import AttemptStatus, ForPlan, Way
from licensing_core.services import Licensing
from licensing_core.services.paying import BeginPayment
from licensing_core.services.settling import Payments
from tests.service_world import NOON, TENANT, Clock, buy, host, sent
from tests.stripe_server import StripeServer
from tests.stripe_world import MAIL, a_payer, at_stripe, seconds, signature

PLAN: Final = ForPlan(plan="five", pool="p1", beneficiary=Scope.tree("sales"))


class World:
    """A shop whose payments go through the Stripe on this machine."""

    def __init__(self, server: StripeServer, gateway: StripeGateway) -> None:
        self.server, self.store = server, MemoryStore()
        self.licensing = Licensing(self.store, host(), Clock())
        self.payments = Payments(self.licensing, gateway, actor="boss", addresses=lambda _tenant, _payer: MAIL)

    def begin(self, way: Way, key: str = "k1") -> BeginPayment:
        return BeginPayment(purpose=PLAN, way=way, **sent(key))

    def bought(self) -> bool:
        with self.store.begin(read_only=True) as work:
            return work.pool(TENANT, "p1", ()) is not None

    def charged(self) -> int:
        return sum(one["amount_received"] for one in self.server.books.all("payment_intent"))


@pytest.fixture
def world() -> Iterator[World]:
    with at_stripe(clock=lambda: NOON) as (server, gateway):
        server.books.now = seconds(NOON)
        yield World(server, gateway)


def test_a_card_on_file_pays_and_has_the_pool(world: World) -> None:
    a_payer(world.server)
    paying = world.payments.pay(world.begin(Way.CARD_ON_FILE))
    assert paying.payment.fulfilled_by == paying.payment.charges[-1].key
    assert world.bought()
    assert world.charged() == paying.payment.amount.minor


@pytest.mark.parametrize("fault", ["unanswered", "lost", "500 after", "503", "429"])
def test_whatever_is_lost_a_payer_is_charged_once(world: World, fault: str) -> None:
    a_payer(world.server)
    world.server.fail(fault)
    paying = world.payments.pay(world.begin(Way.CARD_ON_FILE))
    assert paying.refusal is not None
    assert not world.bought()
    after = world.payments.settle(TENANT, paying.payment.id)
    assert (after.refusal, world.bought(), world.charged()) == (None, True, paying.payment.amount.minor)
    assert len(world.server.books.all("payment_intent")) == 1


def test_a_page_is_paid_and_a_webhook_brings_the_pool(world: World) -> None:
    paying = world.payments.pay(world.begin(Way.PAGE))
    assert paying.page is not None
    assert not world.bought()
    (page,) = world.server.books.all("checkout.session")
    world.server.books.pay(page["id"])
    body = json.dumps({"id": "evt_1", "data": {"object": world.server.books.shown(page, [])}})
    heard = world.payments.hear(TENANT, body.encode(), {"Stripe-Signature": signature(body, at=NOON)})
    assert heard is not None
    assert (heard.payment.fulfilled_by, world.bought()) == (paying.payment.charges[-1].key, True)


@pytest.mark.parametrize("declines", ["insufficient_funds", "authentication_required"])
def test_after_a_decline_another_way_pays(world: World, declines: str) -> None:
    a_payer(world.server, declines=declines)
    paying = world.payments.pay(world.begin(Way.CARD_ON_FILE))
    assert (paying.payment.charges[-1].status, paying.payment.charges[-1].reason) == (AttemptStatus.FAILED, declines)
    assert world.payments.pay(world.begin(Way.PAGE, "k2")).page is not None


def test_who_has_no_card_is_told_at_once(world: World) -> None:
    paying = world.payments.pay(world.begin(Way.CARD_ON_FILE))
    assert (paying.payment.charges[-1].status, paying.payment.charges[-1].reason) == (
        AttemptStatus.FAILED,
        "no_customer",
    )


def test_what_can_no_more_be_carried_out_goes_back(world: World) -> None:
    paying = world.payments.pay(world.begin(Way.PAGE))
    world.licensing.run(buy("p1"))
    (page,) = world.server.books.all("checkout.session")
    world.server.books.pay(page["id"])
    after = world.payments.settle(TENANT, paying.payment.id)
    assert after.payment.fulfilled_by is None
    assert [one.status for one in after.payment.refunds] == [AttemptStatus.SUCCEEDED]
    assert [one["amount"] for one in world.server.books.all("refund")] == [world.charged()]
