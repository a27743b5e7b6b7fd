"""Payments while others are at the same things: paid, cancelled or begun by somebody else in between."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import attrs
import pytest

from licensing_core.accounts import BillPaidAlready
from licensing_core.checks import FrozenMap, InvalidArgument
from licensing_core.credits import OrderClosed
from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import LicenseType
from licensing_core.money import Money
from licensing_core.payments import (
    AttemptStatus,
    ChargeRequest,
    ForBill,
    ForLicenses,
    ForPack,
    NoPaymentPending,
    PaymentOpen,
    PaymentOutcome,
    Purpose,
    Receipt,
    payment_id,
)
from licensing_core.pricing import UnitPrice
from licensing_core.protocols import AggregateKind, Store
from licensing_core.services import (
    BuyLicenses,
    CancelOrder,
    CancelPack,
    Command,
    Payments,
    PaymentStanding,
    SeveralCurrencies,
    UnknownAccount,
    settling,
)
from licensing_core.testing.gateways import FakeGateway, Fault
from tests import client_commands as client
from tests import credit_commands as credit
from tests.payment_world import PAGE, PLAN, PRICE, Till, begin
from tests.service_world import TENANT, Clock, add, at_once, events_of, open_account, refused, sent, to

SUCCEEDED, FAILED = AttemptStatus.SUCCEEDED, AttemptStatus.FAILED
PAY = payment_id(TENANT, PLAN)
BILL = ForBill(customer="a1", document="proforma:1")


@pytest.fixture
def till(store: Store, clock: Clock) -> Iterator[Till]:
    """There is a customer a1, whose card is on file."""
    made = Till(store, clock)
    made.licensing.run(add(automatic_debit=True))
    made.gateway.keeps_card("a1")
    yield made
    made.close()


def billed(till: Till) -> None:
    assert till.licensing.run(client.order()).issued == ("proforma:1",)


def packed(till: Till) -> None:
    till.licensing.run(credit.OPEN)
    till.licensing.run(credit.order(currency=Currency("EUR")))


def licensed(till: Till) -> None:
    till.licensing.run(open_account())
    till.licensing.run(BuyLicenses(account="a1", buy={"web": 2}, payment=PaymentOutcome.PENDING, **sent("o1")))


MEANWHILE: dict[str, tuple[Callable[[Till], None], Purpose, Command[Any], type[LicensingError]]] = {
    "bill": (billed, BILL, client.pay("proforma:1"), BillPaidAlready),
    "pack": (packed, ForPack(customer="a1", order="o1"), CancelPack(order="o1", **to("cancel")), OrderClosed),
    "licenses": (
        licensed,
        ForLicenses(account="a1", order="o1"),
        CancelOrder(account="a1", order="o1", **sent("cancel")),
        NoPaymentPending,
    ),
}


@pytest.mark.parametrize("case", MEANWHILE)
def test_what_was_paid_or_cancelled_otherwise_sends_the_money_back(till: Till, case: str) -> None:
    made, purpose, otherwise, refusal = MEANWHILE[case]
    made(till)
    payment = till.pay(purpose, way=PAGE).payment
    till.licensing.run(otherwise)
    till.gateway.pays(payment.charges[0].key)
    (paying,) = till.settle_later()
    assert paying.payment.refused == refusal.code
    assert [one.status for one in paying.payment.refunds] == [SUCCEEDED]
    assert till.in_hand(paying.payment) == 0
    assert type(refused(till.payments.pay, begin(purpose, "anew", way=PAGE))) is refusal


def test_a_debit_that_failed_for_what_was_paid_meanwhile_is_no_matter(till: Till) -> None:
    billed(till)
    till.gateway.keeps_card("a1", declines="insufficient_funds")
    till.gateway.will(Fault.TIMEOUT_AFTER)
    till.pay(BILL)
    till.licensing.run(client.pay("proforma:1"))
    (paying,) = till.settle_later()
    assert (paying.payment.charges[0].status, paying.refusal) == (FAILED, None)
    assert "bill.debit_failed" not in events_of(till.store, "a1", AggregateKind.CUSTOMERS)


def test_of_two_who_begin_at_once_one_does(till: Till) -> None:
    asked = [begin(key=f"k{number}") for number in range(4)]
    found = at_once([till.store], asked)
    assert [type(one) for one in found].count(PaymentStanding) == 1
    assert [one for one in found if not isinstance(one, PaymentStanding)] == [PaymentOpen(payment=PAY)] * 3
    till.settle_later()
    assert till.gateway.taken == {f"{PAY}-1": PRICE}


def test_however_many_settle_at_once_it_is_carried_out_once(till: Till) -> None:
    till.gateway.pays(till.pay(way=PAGE).payment.charges[0].key)
    barrier, found = Barrier(4), list[Any]()

    def settle() -> None:
        barrier.wait()
        found.append(till.payments.settle(TENANT, PAY))

    threads = [Thread(target=settle) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert [one.payment.fulfilled_by for one in found] == [f"{PAY}-1"] * 4
    assert events_of(till.store, PAY, AggregateKind.PAYMENTS).count("payment.fulfilled") == 1


def test_an_order_in_several_currencies_and_one_of_nobody_are_not_charged(till: Till) -> None:
    prices = {"web": "30.00 EUR", "app": "10.00 USD"}
    types = tuple(LicenseType(id=name, price=UnitPrice(Money.parse(price))) for name, price in prices.items())
    till.licensing.run(attrs.evolve(open_account(), types=types, totals=FrozenMap({})))
    wanted = {"web": 1, "app": 1}
    till.licensing.run(BuyLicenses(account="a1", buy=wanted, payment=PaymentOutcome.PENDING, **sent("o1")))
    assert refused(till.payments.pay, begin(ForLicenses(account="a1", order="o1"), "k")) == SeveralCurrencies()
    assert refused(till.payments.pay, begin(ForLicenses(account="a9", order="o1"), "k")) == UnknownAccount(account="a9")
    assert till.gateway.asked == ()


class Confused:
    """A gateway whose adapter answers about another key than it was asked, for one payment."""

    def __init__(self, fake: FakeGateway, payment: str) -> None:
        self._fake, self._payment = fake, payment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fake, name)

    def charge(self, asked: ChargeRequest) -> Receipt:
        receipt = self._fake.charge(asked)
        return attrs.evolve(receipt, key="other-1") if asked.key.startswith(self._payment) else receipt


def test_an_adapter_that_is_at_fault_keeps_none_of_the_other_payments(till: Till) -> None:
    two = attrs.evolve(PLAN, pool="p2")
    for number, purpose in enumerate((PLAN, two)):
        till.licensing.run(begin(purpose, f"k{number}"))
    odd = Payments(till.licensing, Confused(till.gateway, PAY), actor="root")
    till.clock.now += timedelta(minutes=1)
    found = {one.payment.id: one for one in odd.settle_due(TENANT)}
    assert isinstance(found[PAY].refusal, InvalidArgument)
    assert found[payment_id(TENANT, two)].payment.fulfilled_by is not None
    assert till.settle_later()[0].payment.fulfilled_by == f"{PAY}-1", "the gateway knows what it took"


def test_all_that_is_due_is_settled_however_much_it_is(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_AT_ONCE", 2)
    for number in range(5):
        till.licensing.run(begin(attrs.evolve(PLAN, pool=f"p{number}"), f"k{number}"))
    assert len(till.settle_later()) == 5
    assert len(till.gateway.taken) == 5
    assert till.settle_later() == ()
