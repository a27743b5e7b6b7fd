"""A till: payments over one store with a gateway in memory, whose books are closed at the end of each test."""

from datetime import timedelta
from typing import Any

import attrs

from licensing_core.directory import Scope
from licensing_core.money import Money
from licensing_core.payments import ForPlan, Payment, Purpose, Way
from licensing_core.plans import Offer
from licensing_core.pricing import FlatPrice
from licensing_core.protocols import AggregateKind, Stored
from licensing_core.services import BeginPayment, Paying, Payments, RefundPayment, replay
from licensing_core.testing.gateways import FakeGateway
from tests.service_world import TENANT, Checked, Clock, host, sent

CARD, PAGE = Way
PLAN = ForPlan(plan="five", pool="p1", beneficiary=Scope.tree("sales"))
PRICE = Money.parse("180.00 EUR")


def begin(purpose: Purpose = PLAN, key: str = "pay", actor: str = "boss", way: Way = CARD) -> BeginPayment:
    return BeginPayment(purpose=purpose, way=way, **sent(key, actor))


class Dearer:
    """A host whose prices rise once that is said."""

    def __init__(self) -> None:
        self.known, self.risen = host(), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.known, name)

    def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """The offer at the price of now."""
        found = self.known.offer(tenant, plan_id)
        if found is None or not self.risen:
            return found
        price = FlatPrice(Money.parse("200.00 EUR"))
        return attrs.evolve(found, plan=attrs.evolve(found.plan, prices=(price,)))


class Till:
    """Takes money for *boss*, who has a card, and for others."""

    def __init__(self, store: Any, clock: Clock, known: Any = None) -> None:
        self.store, self.clock = store, clock
        self.licensing = Checked(store, known or host(), clock)
        self.gateway = FakeGateway(clock=clock)
        self.payments = Payments(self.licensing, self.gateway, actor="root")
        self.gateway.keeps_card("boss")

    def pay(self, purpose: Purpose = PLAN, key: str = "pay", actor: str = "boss", way: Way = CARD) -> Paying:
        return self.payments.pay(begin(purpose, key, actor, way))

    def refund(self, payment: Payment, amount: str, key: str = "refund", actor: str = "root") -> Paying:
        asked = RefundPayment(payment=payment.id, amount=Money.parse(amount), **sent(key, actor))
        return self.payments.refund(asked)

    def hear(self) -> list[Paying | None]:
        """Hand all webhooks on."""
        return [self.payments.hear(TENANT, *one) for one in self.gateway.webhooks()]

    def settle_later(self, **how_much: float) -> tuple[Paying, ...]:
        """Settle what is due after two minutes, or as long as that."""
        self.clock.now += timedelta(**(how_much or {"minutes": 2}))
        return self.payments.settle_due(TENANT)

    def pool(self, name: str = "p1") -> Any:
        """The pool of this id, or `None`."""
        with self.store.begin() as work:
            stored = work.pool(TENANT, name, ())
        return None if stored is None else stored.state

    def stored(self, name: str) -> Stored[Payment]:
        with self.store.begin() as work:
            found: Stored[Payment] | None = work.payment(TENANT, name)
        assert found is not None
        return found

    def close(self) -> None:
        """See to it that no key moved money twice, that what was taken is for something, and that histories hold."""
        assert all(times <= 1 for times in self.gateway.moved.values())
        names = {one.key.rpartition("-")[0] for one in self.gateway.asked}
        for name in sorted(names):
            payment = self.stored(name).state
            with self.store.begin() as work:
                assert payment == replay(work.history(TENANT, AggregateKind.PAYMENTS, name))
            if not payment.open:
                assert self.in_hand(payment) == sum(
                    one.amount.minor for one in payment.charges if one.key == payment.fulfilled_by
                ) - sum(one.amount.minor for one in payment.refunds if one.charge == payment.fulfilled_by)

    def in_hand(self, payment: Payment) -> int:
        """What the gateway took for *payment* and did not give back."""
        taken = sum(self.gateway.taken[one.key].minor for one in payment.charges if one.key in self.gateway.taken)
        back = self.gateway.given_back
        return taken - sum(back[one.key].minor for one in payment.refunds if one.key in back)
