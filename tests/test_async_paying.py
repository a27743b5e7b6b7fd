"""The same payments, awaited."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.adapters.sql import AsyncSqlStore
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments import AttemptStatus, PaymentOpen, payment_id
from licensing_core.protocols import AsyncStore, GatewayFailed
from licensing_core.services import AsyncLicensing, AsyncPayments, ReadPool, RefundPayment
from licensing_core.testing.gateways import AsyncFakeGateway, FakeGateway, Fault
from tests.payment_world import PAGE, PLAN, PRICE, begin
from tests.service_world import TENANT, Clock, host, sent

PAY = payment_id(TENANT, PLAN)
READ = ReadPool(pool="p1", tenant=TENANT, actor="root")


class Till:
    """Takes money for *boss*, who has a card."""

    def __init__(self, store: AsyncStore) -> None:
        self.clock = Clock()
        self.licensing = AsyncLicensing(store, AsyncHostOf(host()), self.clock)
        self.gateway = FakeGateway(clock=self.clock)
        self.gateway.keeps_card("boss")
        self.payments = AsyncPayments(self.licensing, AsyncFakeGateway(self.gateway), actor="root")


Story = Callable[[Till], Awaitable[None]]


@pytest.fixture(params=["memory", "sqlite"])
def tell(request: pytest.FixtureRequest) -> Callable[[Story], None]:
    """Runs a story in an event loop of its own, with a store of its own."""

    async def told(story: Story) -> None:
        if request.param == "memory":
            await story(Till(AsyncMemoryStore()))
            return
        store = AsyncSqlStore("sqlite://")
        await store.create()
        await story(Till(store))
        await store.close()

    return lambda story: asyncio.run(told(story))


async def refused(call: Awaitable[object]) -> LicensingError:
    with pytest.raises(LicensingError) as refusal:
        await call
    return refusal.value


def test_a_plan_is_paid_by_card_and_given_back_in_part(tell: Callable[[Story], None]) -> None:
    async def story(till: Till) -> None:
        payment = (await till.payments.pay(begin())).payment
        assert payment.fulfilled_by == f"{PAY}-1"
        assert (await till.licensing.run(READ)).terms is not None
        asked = RefundPayment(payment=PAY, amount=Money.parse("80.00 EUR"), **sent("refund", "root"))
        refunds = (await till.payments.refund(asked)).payment.refunds
        assert [one.status for one in refunds] == [AttemptStatus.SUCCEEDED]
        assert till.gateway.given_back == {f"{PAY}-r1": Money.parse("80.00 EUR")}

    tell(story)


def test_a_page_gives_nothing_until_a_webhook_says_that_there_are_news(tell: Callable[[Story], None]) -> None:
    async def story(till: Till) -> None:
        first = await till.payments.pay(begin(way=PAGE))
        assert first.page is not None
        assert (await till.payments.settle(TENANT, PAY)).page == first.page
        till.gateway.pays(f"{PAY}-1")
        *_, done = [await till.payments.hear(TENANT, *one) for one in till.gateway.webhooks()]
        assert done is not None
        assert done.payment.fulfilled_by == f"{PAY}-1"
        assert (await till.licensing.run(READ)).bought == 5

    tell(story)


def test_a_charge_without_an_answer_is_made_once(tell: Callable[[Story], None]) -> None:
    async def story(till: Till) -> None:
        till.gateway.will(Fault.TIMEOUT_AFTER)
        assert isinstance((await till.payments.pay(begin())).refusal, GatewayFailed)
        assert await refused(till.payments.pay(begin(key="other"))) == PaymentOpen(payment=PAY)
        till.clock.now += timedelta(minutes=1)
        (done,) = await till.payments.settle_due(TENANT)
        assert done.payment.fulfilled_by == f"{PAY}-1"
        assert till.gateway.taken == {f"{PAY}-1": PRICE}

    tell(story)
