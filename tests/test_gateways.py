"""The fake gateway keeps the contract of gateways, and fails as it is told to."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import InvalidArgument
from licensing_core.money import Money
from licensing_core.payments import ChargeRequest, PaymentOutcome, Receipt, RefundRequest, Way
from licensing_core.protocols.gateway import (
    AsyncPaymentGateway,
    Capability,
    GatewayFailed,
    WebhookRefused,
)
from licensing_core.testing.bridge import BlockingGateway
from licensing_core.testing.contracts_gateways import GatewayBench, GatewayContract
from licensing_core.testing.gateways import FORGOTTEN_AFTER, SIGNED_BY, AsyncFakeGateway, FakeGateway, Fault
from tests.gateway_benches import FakeBench

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
TEN = Money.parse("10.00 EUR")
CARD = ChargeRequest(key="k1", amount=TEN, payer="ana", way=Way.CARD_ON_FILE, email="ana@example.com")
PAGE = evolve(CARD, key="p1", way=Way.PAGE)


class TestFakeGateway(GatewayContract):
    @pytest.fixture
    def bench(self) -> GatewayBench:
        return FakeBench(FakeGateway())


class TestAsyncFakeGateway(GatewayContract):
    @pytest.fixture
    def bench(self) -> Iterator[GatewayBench]:
        fake = FakeGateway()
        twin: AsyncPaymentGateway = AsyncFakeGateway(fake)
        with asyncio.Runner() as runner:
            yield FakeBench(fake, BlockingGateway(twin, runner))


class TestFakeGatewayOfPagesAlone(GatewayContract):
    @pytest.fixture
    def bench(self) -> GatewayBench:
        return FakeBench(FakeGateway(capabilities={Capability.PAGE}))


class TestFakeGatewayOfCardsAlone(GatewayContract):
    @pytest.fixture
    def bench(self) -> GatewayBench:
        return FakeBench(FakeGateway(capabilities={Capability.CARD_ON_FILE, Capability.REFUND}))


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def a_gateway(*faults: Fault | None, clock: Clock | None = None) -> FakeGateway:
    made = FakeGateway(clock=clock or Clock(), faults=faults)
    made.keeps_card("ana")
    return made


def failing(reason: str, gateway: FakeGateway, asked: ChargeRequest = CARD) -> None:
    with pytest.raises(GatewayFailed) as failed:
        gateway.charge(asked)
    assert failed.value == GatewayFailed(reason=reason)


def refund(receipt: Receipt, key: str = "r1") -> RefundRequest:
    assert receipt.reference is not None
    return RefundRequest(key=key, amount=receipt.amount, charge=receipt.key, reference=receipt.reference)


def told(gateway: FakeGateway) -> list[tuple[str, str | None]]:
    return [(one.id, one.key) for one in (gateway.notice(*sent) for sent in gateway.webhooks())]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(Fault.TIMEOUT_BEFORE, "unclear"), (Fault.BUSY, "busy"), (Fault.REFUSED, "refused")],
)
def test_what_fails_before_the_effect_moves_nothing_until_it_is_sent_again(fault: Fault, reason: str) -> None:
    gateway = a_gateway(fault)
    failing(reason, gateway)
    assert (gateway.taken, gateway.look_up(CARD), gateway.webhooks()) == ({}, None, ())
    assert gateway.charge(CARD).outcome is PaymentOutcome.SUCCEEDED
    assert (gateway.taken, gateway.moved) == ({"k1": TEN}, {"k1": 1})
    assert gateway.asked == (CARD, CARD)


def test_what_times_out_after_the_effect_has_moved_the_money() -> None:
    gateway = a_gateway(Fault.TIMEOUT_AFTER)
    failing("unclear", gateway)
    assert gateway.moved["k1"] == 1
    found = gateway.look_up(CARD)
    assert found == gateway.charge(CARD)
    assert found is not None
    assert found.outcome is PaymentOutcome.SUCCEEDED
    assert gateway.moved["k1"] == 1


def test_a_late_effect_comes_as_it_is_looked_up_for_the_second_time() -> None:
    gateway = a_gateway(Fault.LATE_EFFECT)
    failing("unclear", gateway)
    assert (gateway.look_up(CARD), gateway.moved["k1"]) == (None, 0)
    found = gateway.look_up(CARD)
    assert found is not None
    assert (found.outcome, gateway.moved["k1"]) == (PaymentOutcome.SUCCEEDED, 1)


def test_a_late_effect_moves_nothing_more_when_the_request_was_sent_again() -> None:
    gateway = a_gateway(Fault.LATE_EFFECT)
    failing("unclear", gateway)
    receipt = gateway.charge(CARD)
    assert [gateway.look_up(CARD), gateway.look_up(CARD)] == [receipt, receipt]
    assert gateway.moved["k1"] == 1


def test_a_late_effect_that_cannot_be_any_more_is_none() -> None:
    gateway = a_gateway(None, Fault.LATE_EFFECT)
    asked = refund(gateway.charge(CARD))
    with pytest.raises(GatewayFailed):
        gateway.refund(asked)
    gateway.refund(evolve(asked, key="r2"))
    assert [gateway.look_up(asked), gateway.look_up(asked)] == [None, None]
    assert gateway.given_back == {"r2": TEN}


def test_a_decline_is_told_of_any_card() -> None:
    gateway = a_gateway(Fault.DECLINE, Fault.DECLINE)
    for asked in (CARD, PAGE):
        receipt = gateway.charge(asked)
        assert (receipt.outcome, receipt.reason, receipt.page) == (PaymentOutcome.FAILED, "declined", None)
    assert gateway.taken == {}


@given(st.lists(st.sampled_from([None, *Fault]), max_size=12), st.data())
def test_whatever_goes_wrong_one_key_moves_money_once_at_most(faults: list[Fault | None], data: st.DataObject) -> None:
    gateway = a_gateway(*faults)
    for _ in faults:
        with suppress(GatewayFailed):
            if data.draw(st.booleans(), label="look"):
                gateway.look_up(CARD)
            else:
                gateway.charge(CARD)
    receipt = gateway.charge(CARD)
    assert [gateway.look_up(CARD), gateway.look_up(CARD), gateway.charge(CARD)] == [receipt] * 3
    assert gateway.moved["k1"] == (receipt.outcome is PaymentOutcome.SUCCEEDED)
    assert gateway.taken == ({"k1": TEN} if gateway.moved["k1"] else {})


def test_a_card_declines_for_its_reason_and_nobody_without_one_pays() -> None:
    gateway = a_gateway()
    gateway.keeps_card("ana", declines="expired_card")
    assert gateway.charge(CARD).reason == "expired_card"
    stranger = gateway.charge(evolve(CARD, key="k2", payer="luis"))
    assert (stranger.outcome, stranger.reason, stranger.reference) == (PaymentOutcome.FAILED, "no_card", None)
    gateway.keeps_card("ana")
    assert gateway.charge(CARD).reason == "expired_card"
    assert gateway.charge(evolve(CARD, key="k3")).outcome is PaymentOutcome.SUCCEEDED


def test_looking_up_fails_too_and_is_counted_as_a_call() -> None:
    gateway = a_gateway(None, Fault.BUSY, Fault.TIMEOUT_AFTER, Fault.DECLINE)
    receipt = gateway.charge(CARD)
    for reason in ("busy", "unclear"):
        with pytest.raises(GatewayFailed) as failed:
            gateway.look_up(CARD)
        assert failed.value.reason == reason
    assert [gateway.look_up(CARD), gateway.look_up(CARD)] == [receipt, receipt]


def test_a_script_names_calls_by_number() -> None:
    gateway = FakeGateway(faults={2: Fault.BUSY})
    gateway.keeps_card("ana")
    gateway.charge(CARD)
    failing("busy", gateway, PAGE)
    gateway.will(None, Fault.TIMEOUT_AFTER)
    gateway.charge(PAGE)
    failing("unclear", gateway, PAGE)
    assert gateway.charge(PAGE).outcome is PaymentOutcome.PENDING


def test_a_script_names_the_first_call_with_a_key() -> None:
    gateway = FakeGateway(faults={"p1": Fault.REFUSED})
    gateway.keeps_card("ana")
    gateway.charge(CARD)
    failing("refused", gateway, PAGE)
    assert gateway.charge(PAGE).outcome is PaymentOutcome.PENDING


def test_a_fault_that_is_none_is_refused_so_that_no_test_passes_without_it() -> None:
    unknown: Any = "bussy"
    scripts: list[Any] = [[unknown], {"k1": unknown}]
    for script in scripts:
        with pytest.raises(InvalidArgument):
            FakeGateway(faults=script)
    with pytest.raises(InvalidArgument):
        a_gateway().will(unknown)


def test_tasks_have_their_turn_while_an_asynchronous_gateway_is_asked_and_may_be_cancelled_after_the_effect() -> None:
    fake = a_gateway()

    async def story() -> None:
        task = asyncio.create_task(AsyncFakeGateway(fake).charge(CARD))
        await asyncio.sleep(0)
        assert fake.moved["k1"] == 0
        await asyncio.sleep(0)
        assert fake.moved["k1"] == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert fake.look_up(CARD) == fake.charge(CARD)
    assert fake.moved == {"k1": 1}


def test_each_effect_is_told_of_once_by_an_event_of_its_own() -> None:
    gateway = a_gateway()
    receipt = gateway.charge(CARD)
    gateway.charge(CARD)
    gateway.refund(refund(receipt))
    gateway.charge(PAGE)
    gateway.leaves("p1")
    assert told(gateway) == [("event-1", "k1"), ("event-2", "r1"), ("event-3", "p1"), ("event-4", "p1")]
    assert told(gateway) == []


@pytest.mark.parametrize(
    ("fault", "events"),
    [
        (None, ["event-1", "event-2", "event-3"]),
        (Fault.DUPLICATE_WEBHOOK, ["event-1", "event-2", "event-2", "event-3", "event-3"]),
        (Fault.REORDERED_WEBHOOKS, ["event-3", "event-2", "event-1"]),
        (Fault.LOST_WEBHOOK, ["event-1"]),
    ],
)
def test_webhooks_come_twice_in_another_order_or_not_at_all(fault: Fault | None, events: list[str]) -> None:
    gateway = a_gateway(None, fault)
    gateway.charge(CARD)
    gateway.charge(PAGE)
    gateway.pays("p1")
    assert [event for event, _ in told(gateway)] == events
    assert gateway.taken == {"k1": TEN, "p1": TEN}


def test_the_last_event_of_a_key_can_be_had_again_even_when_it_was_lost() -> None:
    gateway = a_gateway(Fault.LOST_WEBHOOK)
    gateway.charge(CARD)
    again = gateway.webhook_of("k1")
    assert again is not None
    assert gateway.notice(*again).id == "event-1"
    assert gateway.webhook_of("k2") is None


def test_a_webhook_is_believed_for_a_short_time_and_its_header_is_written_in_any_case() -> None:
    clock = Clock()
    gateway = a_gateway(clock=clock)
    gateway.charge(CARD)
    (sent,) = gateway.webhooks()
    assert gateway.notice(sent.body, {SIGNED_BY.upper(): sent.headers[SIGNED_BY]}).key == "k1"
    clock.now += timedelta(hours=1)
    with pytest.raises(WebhookRefused) as refused:
        gateway.notice(*sent)
    assert refused.value == WebhookRefused(reason="time")


def test_a_key_that_was_forgotten_charges_again() -> None:
    clock = Clock()
    gateway = a_gateway(clock=clock)
    first = gateway.charge(CARD)
    clock.now += FORGOTTEN_AFTER - timedelta(microseconds=1)
    assert gateway.charge(CARD) == first
    clock.now += timedelta(microseconds=1)
    assert gateway.look_up(CARD) == first
    second = gateway.charge(CARD)
    assert second.reference != first.reference
    assert (gateway.moved["k1"], gateway.taken["k1"]) == (2, TEN + TEN)
    failing("refused", gateway, evolve(CARD, amount=TEN + TEN))


def test_a_forgotten_key_takes_no_other_currency() -> None:
    clock = Clock()
    gateway = a_gateway(clock=clock)
    gateway.charge(CARD)
    clock.now += FORGOTTEN_AFTER
    failing("refused", gateway, evolve(CARD, amount=Money.parse("10.00 USD")))


def test_a_used_key_is_refused_on_other_terms_but_for_what_helps_to_find_it() -> None:
    gateway = a_gateway()
    receipt = gateway.charge(CARD)
    for other in (evolve(CARD, payer="luis"), evolve(CARD, amount=TEN + TEN), evolve(CARD, way=Way.PAGE)):
        failing("refused", gateway, other)
    with pytest.raises(GatewayFailed):
        gateway.refund(refund(receipt, key="k1"))
    assert gateway.charge(evolve(CARD, email=None, begun_at=NOON)) == receipt
    assert gateway.moved == {"k1": 1}


def test_refunds_are_bounded_by_what_was_charged_whatever_the_key() -> None:
    gateway = a_gateway()
    receipt = gateway.charge(CARD)
    part = evolve(refund(receipt), amount=Money.parse("6.00 EUR"))
    gateway.refund(part)
    for other in (
        evolve(part, key="r2"),
        evolve(part, key="r2", amount=Money.zero(TEN.currency)),
        evolve(part, key="r2", amount=Money.parse("4.00 USD")),
        evolve(part, key="r2", amount=Money.parse("4.00 EUR"), reference="fake-9"),
        evolve(part, key="r2", amount=Money.parse("4.00 EUR"), reference=None),
        evolve(part, key="r2", amount=Money.parse("4.00 EUR"), charge="k9"),
    ):
        with pytest.raises(GatewayFailed) as failed:
            gateway.refund(other)
        assert failed.value == GatewayFailed(reason="refused")
    gateway.refund(evolve(part, key="r2", amount=Money.parse("4.00 EUR")))
    assert gateway.given_back == {"r1": Money.parse("6.00 EUR"), "r2": Money.parse("4.00 EUR")}


def test_a_page_is_left_or_paid_once() -> None:
    gateway = a_gateway()
    gateway.charge(PAGE)
    gateway.leaves("p1")
    found = gateway.look_up(PAGE)
    assert found is not None
    assert (found.outcome, found.reason, found.page) == (PaymentOutcome.FAILED, "left", None)
    for key in ("p1", "p2"):
        with pytest.raises(InvalidArgument):
            gateway.pays(key)
    assert gateway.taken == {}


def test_nobody_is_charged_nothing() -> None:
    gateway = a_gateway()
    for minor in (0, -1):
        failing("refused", gateway, evolve(CARD, amount=Money(minor, TEN.currency)))


def test_threads_that_ask_with_one_key_move_money_once() -> None:
    gateway = a_gateway()
    with ThreadPoolExecutor(8) as pool:
        receipts = [*pool.map(gateway.charge, [CARD] * 200)]
    assert set(receipts) == {receipts[0]}
    assert (gateway.moved, len(gateway.asked)) == ({"k1": 1}, 200)


def test_a_ledger_that_was_handed_out_is_not_the_gateways_own() -> None:
    gateway = a_gateway()
    gateway.charge(CARD)
    ledger: Any = gateway.taken
    ledger.clear()
    counts: Any = gateway.moved
    counts["k1"] = 7
    assert (gateway.taken, gateway.moved) == ({"k1": TEN}, {"k1": 1})
