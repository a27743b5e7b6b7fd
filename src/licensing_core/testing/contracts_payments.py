"""What every store must do with payments; part of `contracts.StoreContract`."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from licensing_core import payments
from licensing_core.money import Money
from licensing_core.payments import ForBill, ForPlan, Payment, PaymentDecision, PaymentOutcome, Purpose, Receipt, Way
from licensing_core.protocols import AggregateKind, Page, Store, Stored
from licensing_core.testing.contracts_given import NOW, ROOT, T1, T2, equal, save_new

BILL: Final = ForBill(customer="acme", document="proforma:7")
PRICE: Final = Money.parse("12.50 EUR")
_MINUTE: Final = timedelta(minutes=1)


def begun(purpose: Purpose = BILL, tenant: str = T1, now: datetime = NOW) -> PaymentDecision:
    """A payment with an attempt of which nothing is known yet."""
    return payments.begin(
        tenant, purpose, buyer="ana", payer="acme", amount=PRICE, way=Way.CARD_ON_FILE, by=ROOT, now=now
    )


def told(outcome: PaymentOutcome, number: str = "1") -> Callable[[Payment, datetime], PaymentDecision]:
    """What a gateway says of an attempt is noted."""

    def decide(payment: Payment, now: datetime) -> PaymentDecision:
        key = f"{payment.id}-{number}"
        receipt = Receipt(key=key, outcome=outcome, amount=PRICE, reference="ref", reason=None)
        return payments.note(payment, key, receipt, by=ROOT, now=now)

    return decide


def _again(payment: Payment, now: datetime) -> PaymentDecision:
    return payments.charge(payment, BILL, buyer="luis", payer="acme", amount=PRICE, way=Way.PAGE, by=ROOT, now=now)


def _refused(payment: Payment, now: datetime) -> PaymentDecision:
    return payments.refuse(payment, payments.NothingDue(), by=ROOT, now=now)


STEPS: Final[tuple[Callable[[Payment, datetime], PaymentDecision], ...]] = (
    told(PaymentOutcome.PENDING),
    told(PaymentOutcome.FAILED),
    _again,
    told(PaymentOutcome.SUCCEEDED, "2"),
    _refused,
    lambda payment, now: payments.give_back(payment, by=ROOT, now=now),
)
"""From one attempt to a refund, by each kind of event but one."""


def _change(store: Store, name: str, decide: Callable[[Payment, datetime], PaymentDecision], now: datetime) -> Any:
    with store.begin() as work:
        stored = work.payment(T1, name)
        equal(stored is None, False, "a payment is loaded that was saved")
        if stored is None:
            return None
        decision = decide(stored.state, now)
        work.save(T1, decision.state, expected=stored.version, events=decision.events)
    return Stored(decision.state, stored.version + len(decision.events))


def _due(store: Store, at: datetime, page: Page | None = None, tenant: str = T1) -> list[str]:
    with store.begin(read_only=True) as work:
        return list(work.payments_due(tenant, at, page or Page()))


class PaymentContract:
    """What a store must do with payments, each test with a store of its own that is empty at first."""

    def test_an_empty_store_knows_no_payment(self, store: Store) -> None:
        with store.begin() as work:
            equal(work.payment(T1, begun().state.id), None, "there is no payment")
            equal(list(work.payments_due(T1, NOW, Page())), [], "nothing is due")

    def test_a_payment_is_loaded_as_it_was_saved_after_each_step(self, store: Store) -> None:
        first = begun()
        save_new(store, first.state, first.events)
        for number, decide in enumerate(STEPS, 1):
            wanted = _change(store, first.state.id, decide, NOW + number * _MINUTE)
            with store.begin(read_only=True) as work:
                equal(work.payment(T1, first.state.id), wanted, "a payment is loaded as it was saved")
                history = work.history(T1, AggregateKind.PAYMENTS, first.state.id)
            equal(len(history), wanted.version, "each event is kept")

    def test_payments_are_due_from_their_instant_on_until_they_are_settled(self, store: Store) -> None:
        first, later = begun(), begun(ForPlan(plan="fifty", pool="p1"), now=NOW + 5 * _MINUTE)
        for one in (first, later):
            save_new(store, one.state, one.events)
        soon, both = NOW + _MINUTE, sorted([first.state.id, later.state.id])
        equal(_due(store, soon - timedelta(microseconds=1)), [], "nothing is due before its instant")
        equal(_due(store, soon), [first.state.id], "a payment is due from its instant on")
        equal(_due(store, NOW + 6 * _MINUTE), both, "payments that are due are sorted by id")
        _change(store, first.state.id, told(PaymentOutcome.FAILED), NOW)
        equal(_due(store, NOW + timedelta(days=9)), [later.state.id], "what is settled is due no more")

    def test_payments_that_are_due_are_listed_page_by_page(self, store: Store) -> None:
        made = [begun(ForPlan(plan="fifty", pool=f"p{number}")) for number in range(5)]
        for one in made:
            save_new(store, one.state, one.events)
        ids, at = sorted(one.state.id for one in made), NOW + timedelta(hours=1)
        equal(_due(store, at, Page(None, 2)), ids[:2], "a page has the first ones")
        equal(_due(store, at, Page(ids[1], 2)), ids[2:4], "the next page goes on after it")
        equal(_due(store, at, Page(ids[-1], 2)), [], "a list ends")

    def test_payments_of_another_tenant_are_its_own(self, store: Store) -> None:
        first = begun()
        save_new(store, first.state, first.events)
        with store.begin() as work:
            equal(work.payment(T2, first.state.id), None, "a tenant sees its own payments")
        equal(_due(store, NOW + timedelta(hours=1), tenant=T2), [], "a tenant sees its own payments")
