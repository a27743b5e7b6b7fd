"""Payments over every store: what is paid for comes once it is paid, and not before, whatever it is."""

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from licensing_core.accounts import UnknownBill
from licensing_core.billing import QuoteChanged
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.directory import Permission, PermissionMissing, Scope
from licensing_core.dunning import DunningAction
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import (
    AttemptStatus,
    ConsentMissing,
    ForBill,
    ForCart,
    ForLicenses,
    ForPack,
    ForPlan,
    ForRenewal,
    NoPaymentPending,
    NothingDue,
    PaymentOutcome,
    PaymentSettled,
    RefundExceeds,
    payment_id,
)
from licensing_core.protocols import AggregateExists, AggregateKind, Store
from licensing_core.services import (
    BuyLicenses,
    Payments,
    ReadCredits,
    ReadLicenseTable,
    ReadPayment,
    RecordTransaction,
    RenewalElapsed,
    RenewPool,
    SeveralCurrencies,
    UnknownPayment,
)
from licensing_core.testing.gateways import Fault
from licensing_core.visibility import PlanNotVisible, PurchaseBySuperadmin
from tests import client_commands as client
from tests import credit_commands as credit
from tests.payment_world import PAGE, PLAN, PRICE, Dearer, Till, begin
from tests.service_world import (
    TENANT,
    Checked,
    Clock,
    add,
    buy,
    events_of,
    host,
    of,
    open_account,
    refused,
    sent,
    snapshot,
)

UNKNOWN, PENDING, SUCCEEDED, FAILED = AttemptStatus
SALES = Scope.tree("sales")


@pytest.fixture
def till(store: Store, clock: Clock) -> Iterator[Till]:
    made = Till(store, clock)
    yield made
    made.close()


def with_customer(till: Till, **settings: Any) -> Till:
    """There is a customer a1, whose card is on file."""
    till.licensing.run(add(**settings))
    till.gateway.keeps_card("a1")
    return till


# Plans


def test_a_plan_that_is_paid_by_card_opens_its_pool(till: Till) -> None:
    paying = till.pay()
    payment = paying.payment
    assert (paying.page, paying.refusal) == (None, None)
    assert (payment.id, payment.buyer, payment.payer) == (payment_id(TENANT, PLAN), "boss", "boss")
    assert payment.fulfilled_by == payment.charges[0].key
    assert till.pool().terms.created_by == "boss"
    assert till.gateway.taken == {payment.charges[0].key: PRICE}
    assert till.payments.pay(begin()) == paying, "the same command again changes nothing"


def test_a_card_that_is_declined_opens_nothing_until_another_attempt_is_paid(till: Till) -> None:
    till.gateway.keeps_card("boss", declines="insufficient_funds")
    failed = till.pay().payment.charges[0]
    assert (failed.status, failed.reason) == (FAILED, "insufficient_funds")
    assert till.pool() is None
    till.gateway.keeps_card("boss")
    assert till.pay().payment.charges == (failed,), "the same command again is the same attempt"
    assert till.pay(key="again").payment.fulfilled_by == till.stored(payment_id(TENANT, PLAN)).state.charges[1].key
    assert till.pool() is not None


@pytest.mark.parametrize("by", ["webhook", "job"])
def test_a_page_gives_nothing_until_the_payer_has_paid(till: Till, by: str) -> None:
    paying = till.pay(way=PAGE)
    assert paying.page is not None
    assert paying.payment.charges[0].status is PENDING
    assert till.settle_later()[0].page == paying.page, "the page is told again"
    assert till.pool() is None
    till.gateway.pays(paying.payment.charges[0].key)
    done = till.hear()[-1] if by == "webhook" else till.settle_later()[0]
    assert done is not None
    assert done.payment.fulfilled_by == paying.payment.charges[0].key
    assert till.pool().bought == 5


def test_a_payer_who_leaves_the_page_may_come_back_with_another_attempt(till: Till) -> None:
    first = till.pay(way=PAGE).payment.charges[0].key
    till.gateway.leaves(first)
    till.hear()
    second = till.pay(key="again", way=PAGE).payment.charges[1]
    assert (second.status, second.key == first, till.pool()) == (PENDING, False, None)


def test_a_public_plan_is_bought_for_whoever_pays(till: Till) -> None:
    till.gateway.keeps_card("u1")
    paying = till.pay(ForPlan(plan="public", pool="mine", public=True), actor="u1")
    assert paying.payment.amount == Money.parse("9.00 EUR")
    assert till.pool("mine").terms.created_by == "u1"


def test_what_cannot_be_bought_is_not_charged(till: Till) -> None:
    till.licensing.run(buy("taken"))
    before = snapshot(till.store)
    missing = PermissionMissing(permission=Permission.ACCOUNTS_MANAGE)
    cases: list[tuple[Any, str, object]] = [
        (ForPlan(plan="five", pool="taken", beneficiary=SALES), "boss", AggregateExists(aggregate="taken")),
        (ForPlan(plan="none", pool="p1", beneficiary=SALES), "boss", PlanNotVisible(plan="none")),
        (PLAN, "root", PurchaseBySuperadmin()),
        (a_cart("five", "taken"), "boss", AggregateExists(aggregate="taken")),
        (a_cart("five", "refunding"), "boss", SeveralCurrencies()),
        (ForBill(customer="a1", document="proforma:1"), "helper", missing),
    ]
    for purpose, actor, refusal in cases:
        assert refused(till.payments.pay, begin(purpose, "k", actor)) == refusal
        assert snapshot(till.store) == before
    assert till.gateway.asked == ()


def a_cart(*plans: str) -> ForCart:
    lines = [CartLine(plan=plan, pool=f"c-{plan}", beneficiary=SALES) for plan in plans if plan != "taken"]
    taken = [CartLine(plan="five", pool="taken", beneficiary=SALES)] if "taken" in plans else []
    return ForCart(cart=Cart(lines=(*lines, *taken)))


def test_a_cart_is_paid_as_one(till: Till) -> None:
    paying = till.pay(a_cart("five", "three"))
    assert paying.payment.amount == Money.parse("210.00 EUR")
    assert paying.payment.fulfilled_by is not None
    assert [till.pool(name) is None for name in ("c-five", "c-three")] == [False, False]


# What has changed since


def test_a_price_that_changed_before_it_was_paid_sends_the_money_back(store: Store, clock: Clock) -> None:
    known = Dearer()
    till = Till(store, clock, known)
    first = till.pay(way=PAGE).payment.charges[0].key
    known.risen = True
    till.gateway.pays(first)
    (after,) = till.settle_later()
    assert (after.payment.refused, after.payment.fulfilled_by) == (QuoteChanged.code, None)
    assert (after.payment.refunds[0].status, till.in_hand(after.payment)) == (SUCCEEDED, 0)
    assert till.pool() is None
    assert till.pay(key="again").payment.amount == Money.parse("200.00 EUR")
    assert till.pool() is not None
    till.close()


@pytest.mark.parametrize("purpose", [PLAN, a_cart("five", "three")])
def test_a_pool_that_was_opened_meanwhile_sends_the_money_back(till: Till, purpose: ForPlan | ForCart) -> None:
    paying = till.pay(purpose, way=PAGE)
    till.licensing.run(buy("p1" if purpose is PLAN else "c-three"))
    till.gateway.pays(paying.payment.charges[0].key)
    till.hear()
    payment = till.stored(paying.payment.id).state
    assert payment.refused == AggregateExists.code
    assert (till.in_hand(payment), payment.due) == (0, None)
    assert till.pool("c-five") is None


# Renewals


def renewed(number: int = 1) -> ForRenewal:
    return ForRenewal(pool="p1", number=number)


def test_a_renewal_is_paid_once_for_its_number(till: Till) -> None:
    till.licensing.run(buy())
    payment = till.pay(renewed()).payment
    assert (payment.payer, till.pool().renewals) == ("boss", 1)
    assert refused(till.payments.pay, begin(renewed(), "more")) == PaymentSettled(payment=payment.id)
    assert refused(till.payments.pay, begin(renewed(3), "k")) == RenewalElapsed(pool="p1", number=2)
    assert till.pay(renewed(2), "second").payment.fulfilled_by is not None
    assert till.pool().renewals == 2
    assert len(till.gateway.taken) == 2


def test_a_renewal_that_was_made_otherwise_meanwhile_sends_the_money_back(till: Till) -> None:
    till.licensing.run(buy())
    payment = till.pay(renewed(), way=PAGE).payment
    till.licensing.run(RenewPool(pool="p1", **sent("by-hand")))
    till.gateway.pays(payment.charges[0].key)
    till.hear()
    payment = till.stored(payment.id).state
    assert (payment.refused, till.in_hand(payment), till.pool().renewals) == (RenewalElapsed.code, 0, 1)


def test_others_may_have_a_pool_renewed_by_a_page_but_not_by_the_card_of_who_bought_it(till: Till) -> None:
    till.licensing.run(buy())
    assert refused(till.payments.pay, begin(renewed(), "k", "root")) == ConsentMissing(payer="boss")
    payment = till.pay(renewed(), "k", "root", PAGE).payment
    assert (payment.buyer, payment.payer) == ("root", "boss")
    till.gateway.pays(payment.charges[0].key)
    till.hear()
    assert till.pool().renewals == 1


def test_nothing_is_due_for_the_renewal_of_what_was_recorded_by_hand(till: Till) -> None:
    till.licensing.run(RecordTransaction(plan="five", pool="p1", beneficiary=SALES, **sent("record", "root")))
    assert refused(till.payments.pay, begin(renewed(), "k", "root", PAGE)) == NothingDue()


# Licenses, credits and bills


def test_an_order_of_licenses_is_settled_once_it_is_paid(till: Till) -> None:
    with_customer(till, automatic_debit=True).licensing.run(open_account())
    ordered = BuyLicenses(account="a1", buy={"web": 2}, payment=PaymentOutcome.PENDING, **sent("o1"))
    due = till.licensing.run(ordered).quotes[0].due
    purpose = ForLicenses(account="a1", order="o1")
    till.gateway.keeps_card("a1", declines="expired_card")
    assert till.pay(purpose).payment.charges[0].status is FAILED
    table = ReadLicenseTable(account="a1", tenant=TENANT, actor="boss")
    assert till.licensing.run(table).rows["web"].bought == 2
    till.licensing.run(client.configure("no-debit", automatic_debit=False))
    assert refused(till.payments.pay, begin(purpose, "unasked")) == ConsentMissing(payer="a1")
    till.licensing.run(client.configure("debit", automatic_debit=True))
    till.gateway.keeps_card("a1")
    assert till.pay(purpose, "again").payment.amount == due
    assert till.licensing.run(table).rows["web"].bought == 4
    other = ForLicenses(account="a1", order="o2")
    assert refused(till.payments.pay, begin(other, "k")) == NoPaymentPending()


def test_a_pack_of_credits_is_pending_once_it_is_paid(till: Till) -> None:
    with_customer(till).licensing.run(credit.OPEN)
    till.licensing.run(credit.order(currency=Currency("EUR")))
    purpose = ForPack(customer="a1", order="o1")
    assert refused(till.payments.pay, begin(purpose, "k")) == ConsentMissing(payer="a1")
    payment = till.pay(purpose, actor="chief").payment
    assert (payment.payer, payment.amount) == ("a1", Money.parse("10.00 EUR"))
    assert till.gateway.asked[0].email == "it@a1.example"  # type: ignore[union-attr]
    assert till.licensing.run(ReadCredits(**of())).standing.pending == 100


def test_a_proforma_that_is_paid_becomes_an_invoice(till: Till) -> None:
    (document,) = with_customer(till).licensing.run(client.order()).issued
    purpose = ForBill(customer="a1", document=document)
    payment = till.pay(purpose, way=PAGE).payment
    assert payment.amount == Money.parse("10.00 EUR")
    assert client.bills(till.licensing) == {"P-000001": "unpaid"}
    till.gateway.pays(payment.charges[0].key)
    till.hear()
    assert client.bills(till.licensing) == {"F-000001": "paid"}
    assert client.states(till.licensing) == {"web": "active"}
    unknown = ForBill(customer="a1", document="proforma:9")
    assert refused(till.payments.pay, begin(unknown, "k")) == UnknownBill(document="proforma:9")


def test_an_automatic_debit_takes_the_consent_of_the_customer(till: Till) -> None:
    (document,) = with_customer(till).licensing.run(client.order()).issued
    purpose = ForBill(customer="a1", document=document)
    assert refused(till.payments.pay, begin(purpose, "k", "root")) == ConsentMissing(payer="a1")
    till.licensing.run(client.configure("debit", automatic_debit=True))
    assert till.pay(purpose, actor="root").payment.fulfilled_by is not None


def test_a_debit_that_fails_is_noted_and_dunning_follows(till: Till) -> None:
    policy = client.dunning((0, DunningAction.REMIND), (3, DunningAction.SUSPEND))
    with_customer(till, automatic_debit=True, dunning=policy)
    client.subscribed(till.licensing)
    client.days_later(till.clock, 32)
    (document,) = till.licensing.run(client.bill("june")).issued
    till.gateway.keeps_card("a1", declines="insufficient_funds")
    purpose = ForBill(customer="a1", document=document)
    for key in ("first", "second"):
        assert till.pay(purpose, key, "root").payment.charges[-1].status is FAILED
    told = events_of(till.store, "a1", AggregateKind.CUSTOMERS)
    assert told.count("bill.debit_failed") == 2
    client.days_later(till.clock, 40)
    assert till.licensing.run(client.dun("dun")).suspended == ("web",)
    till.gateway.keeps_card("a1")
    assert till.pay(purpose, "third", "root").payment.fulfilled_by is not None
    assert client.states(till.licensing) == {"web": "active"}


def test_a_page_that_was_left_is_no_failed_debit(till: Till) -> None:
    (document,) = with_customer(till).licensing.run(client.order()).issued
    payment = till.pay(ForBill(customer="a1", document=document), way=PAGE).payment
    till.gateway.leaves(payment.charges[0].key)
    till.hear()
    assert "bill.debit_failed" not in events_of(till.store, "a1", AggregateKind.CUSTOMERS)


# Refunds and reading


def test_what_was_paid_is_given_back_in_parts_and_never_beyond(till: Till) -> None:
    payment = till.pay().payment
    first = till.refund(payment, "100.00 EUR").payment.refunds[0]
    assert (first.status, till.in_hand(till.stored(payment.id).state)) == (SUCCEEDED, 8_000)
    assert till.refund(payment, "100.00 EUR").payment.refunds == (first,), "sent again, nothing more goes back"
    asked = RefundExceeds(asked=Money.parse("80.01 EUR"), left=Money.parse("80.00 EUR"))
    assert refused(till.refund, payment, "80.01 EUR", "more") == asked
    after = till.refund(payment, "80.00 EUR", "rest").payment
    assert till.in_hand(after) == 0
    assert till.pool() is not None, "what was bought stays"
    assert refused(till.payments.pay, begin(key="anew")) == PaymentSettled(payment=payment.id)


def test_a_payment_is_read_by_who_began_it_and_who_manages_accounts(till: Till) -> None:
    till.gateway.keeps_card("u1")
    payment = till.pay(ForPlan(plan="public", pool="mine", public=True), actor="u1").payment

    def read(actor: str, name: str = payment.id) -> ReadPayment:
        return ReadPayment(tenant=TENANT, actor=actor, payment=name)

    for actor in ("u1", "boss", "root"):
        assert till.licensing.run(read(actor)).payment == payment
    for asked in (read("u2"), read("helper")):
        assert refused(till.licensing.run, asked) == UnknownPayment(payment=payment.id)
    assert refused(till.licensing.run, read("root", "pay-0")) == UnknownPayment(payment="pay-0")
    assert refused(till.refund, payment, "1.00 EUR", "k", "helper") == PermissionMissing(
        permission=Permission.ACCOUNTS_MANAGE
    )


def test_the_attempt_that_is_paid_says_what_is_carried_out(till: Till) -> None:
    till.gateway.keeps_card("boss", declines="expired_card")
    till.pay()
    till.gateway.keeps_card("boss")
    payment = till.pay(attrs.evolve(PLAN, beneficiary=Scope.tree("madrid")), "again").payment
    assert payment.fulfilled_by == payment.charges[1].key
    assert till.pool().beneficiary == Scope.tree("madrid")


def test_the_id_of_an_account_of_licenses_is_taken(till: Till) -> None:
    till.licensing.run(open_account())
    asked = begin(attrs.evolve(PLAN, pool="a1"))
    assert refused(till.payments.pay, asked) == AggregateExists(aggregate="a1")
    assert till.gateway.asked == ()


def test_a_charge_is_not_sent_again_once_consent_is_withdrawn(till: Till) -> None:
    (document,) = with_customer(till, automatic_debit=True).licensing.run(client.order()).issued
    till.gateway.will(Fault.BUSY)
    assert till.pay(ForBill(customer="a1", document=document), actor="root").payment.open
    till.licensing.run(client.configure("no-debit", automatic_debit=False))
    assert till.settle_later()[0].payment.open
    assert till.gateway.taken == {}


def test_an_address_that_is_none_keeps_nobody_from_being_settled(till: Till) -> None:
    till.payments = Payments(till.licensing, till.gateway, actor="root", addresses=lambda *_of: "nonsense")
    assert till.pay(way=PAGE).page is not None
    till.gateway.pays(till.settle_later()[0].payment.charges[0].key)
    assert till.settle_later()[0].payment.fulfilled_by is not None


@pytest.mark.parametrize("wrong", [None, "pay", PLAN, buy()], ids=str)
def test_what_is_no_payment_is_refused_before_anything_is_done(till: Till, wrong: Any) -> None:
    for call in (till.payments.pay, till.payments.refund):
        with pytest.raises(InvalidArgument):
            call(wrong)
    for made in ({"gateway": wrong}, {"licensing": wrong}, {"addresses": 7}):
        with pytest.raises(InvalidArgument):
            Payments(**{"licensing": till.licensing, "gateway": till.gateway, "actor": "root", **made})
    assert till.pool() is None


def test_a_person_is_not_taken_for_the_customer_of_the_same_id(till: Till) -> None:
    till.licensing.run(add("boss", None))
    assert till.pay().payment.fulfilled_by is not None
    assert [one.email for one in till.gateway.asked] == [None]  # type: ignore[union-attr]


def test_the_payments_of_another_tenant_are_unknown(till: Till) -> None:
    payment = till.pay().payment
    there = Checked(till.store, host("zeta"), till.clock)
    payments = Payments(there, till.gateway, actor="root")
    asked = ReadPayment(tenant="zeta", actor="root", payment=payment.id)
    assert refused(there.run, asked) == UnknownPayment(payment=payment.id)
    assert refused(payments.settle, "zeta", payment.id) == UnknownPayment(payment=payment.id)
    assert payments.settle_due("zeta") == ()
    assert [payments.hear("zeta", *one) for one in till.gateway.webhooks()] == [None]
