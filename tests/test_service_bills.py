"""Use cases of bills over every store: ordered, issued, paid, charged, credited, and what the client area shows."""

from datetime import date, timedelta
from typing import Any

import attrs
import pytest
from attrs import evolve

from licensing_core.accounts import (
    AmountDiffers,
    BillPaidAlready,
    BillRow,
    BillStatus,
    Charge,
    DocumentSeries,
    Notice,
    NoticeKind,
    SubscriptionExists,
    UnknownBill,
    UnknownCustomer,
    UnknownSubscription,
)
from licensing_core.adapters.hosts import StaticHost
from licensing_core.billing import BalanceExceeded, DocumentKind, Series
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import Verdict
from licensing_core.entitlements import ClientBlocked
from licensing_core.money import Money
from licensing_core.protocols import AggregateKind, Store
from licensing_core.services import (
    BooksChanged,
    Licensing,
    ListBills,
    ListCharges,
    ListNotices,
    ListSubscriptions,
    MayUseSubscription,
    NoteFailedDebit,
    OpenCredit,
    RefundCredit,
)
from licensing_core.subscriptions import NotInForce, SubscriptionState
from tests.client_commands import (
    bill,
    bills,
    block,
    cancel_now,
    configure,
    days_later,
    order,
    pay,
    states,
    subscribed,
    terms,
)
from tests.service_world import BOSS, NOON, TENANT, Checked, Clock, changed, host, known, of, refused, snapshot, to

TEN, NOTHING = Money.parse("10.00 EUR"), Money.parse("0.00 EUR")
MAY_16, JUNE_16 = date(2026, 5, 16), date(2026, 6, 16)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """There are customers a1 and a2."""
    known(store)
    known(store, "a2", plan=None)
    return Checked(store, clock=clock)


def proforma(number: int, due: date = MAY_16, **more: Any) -> BillRow:
    given = {
        "number": f"P-{number:06}",
        "kind": DocumentKind.PROFORMA,
        "total": TEN,
        "outstanding": TEN,
        "status": BillStatus.UNPAID,
    }
    return BillRow(document=f"proforma:{number}", due=due, **{**given, **more})


def credit(amount: str, key: str = "credit", customer: str = "a1") -> OpenCredit:
    return OpenCredit(amount=Money.parse(amount), **to(key, customer))


def failed(document: str, key: str = "failed") -> NoteFailedDebit:
    return NoteFailedDebit(document=document, **to(key))


# Ordered and paid


def test_what_is_ordered_waits_for_its_first_payment_and_is_active_since(licensing: Licensing) -> None:
    ordered = licensing.run(order())
    assert (ordered.issued, ordered.bills) == (("proforma:1",), (proforma(1),))
    assert [(row.state.value, row.next_due) for row in ordered.subscriptions] == [("pending", MAY_16)]
    paid = licensing.run(pay("proforma:1", paid="10.00 EUR"))
    assert paid.paid == ("proforma:1",)
    assert [(row.number, row.kind.value, row.status.value) for row in paid.bills] == [("F-000001", "invoice", "paid")]
    assert [(row.state.value, row.next_due) for row in paid.subscriptions] == [("active", JUNE_16)]
    assert licensing.run(ListSubscriptions(**of())).rows == paid.subscriptions
    assert licensing.run(ListBills(**of())).rows == paid.bills


def test_what_is_tried_first_is_billed_with_the_end_of_the_trial(licensing: Licensing, clock: Clock) -> None:
    ends = NOON + timedelta(days=20)
    tried = licensing.run(order(asked={"trial_ends": ends}))
    assert (tried.issued, states(licensing)) == ((), {"web": "trial"})
    assert licensing.run(bill("early")) == BooksChanged()
    days_later(clock, 6)
    assert licensing.run(bill("b1")).bills == (proforma(1, date(2026, 6, 5)),)
    licensing.run(order("gone", asked={"trial_ends": ends, "converts": False}))
    days_later(clock, 21)
    assert states(licensing) == {"gone": "expired", "web": "active"}


def test_what_costs_nothing_is_active_at_once(licensing: Licensing) -> None:
    answer = licensing.run(order(price="0.00 EUR"))
    assert (answer.issued, answer.paid, states(licensing)) == (("proforma:1",), ("proforma:1",), {"web": "active"})


def test_the_refusals_of_an_order_come_in_order(licensing: Licensing, store: Store) -> None:
    subscribed(licensing)
    before = snapshot(store)
    elsewhere = attrs.evolve(order(), key="k", terms=attrs.evolve(terms(), zone="UTC"))
    assert refused(licensing.run, attrs.evolve(elsewhere, customer="a9")) == UnknownCustomer(customer="a9")
    assert refused(licensing.run, elsewhere) == SubscriptionExists(customer="a1", subscription="web")
    assert isinstance(refused(licensing.run, attrs.evolve(elsewhere, subscription="other")), InvalidArgument)
    over = attrs.evolve(order("other"), key="k", trial_ends=NOON)
    assert isinstance(refused(licensing.run, over), InvalidArgument)
    assert snapshot(store) == before, "no number is taken"
    licensing.run(cancel_now())
    assert isinstance(refused(licensing.run, attrs.evolve(order(), key="k")), SubscriptionExists), "or had one"


def test_what_cannot_be_paid_is_refused_and_says_why(licensing: Licensing, store: Store) -> None:
    licensing.run(order())
    licensing.run(order("mail"))
    licensing.run(order("theirs", "a2"))
    licensing.run(pay("proforma:1"))
    licensing.run(cancel_now("mail"))
    before = snapshot(store)
    for document, code in (
        ("proforma:1", "invoice.paid"),
        ("proforma:2", "invoice.void"),
        ("proforma:3", "invoice.unknown"),
        ("proforma:9", "invoice.unknown"),
    ):
        assert refused(licensing.run, pay(document, "k")).code == code
        assert refused(licensing.run, failed(document, "k")).code == code
    assert refused(licensing.run, pay("proforma:3", "k")) == UnknownBill(document="proforma:3"), "that of another"
    assert refused(licensing.run, pay("proforma:1", "k", "a9")) == UnknownCustomer(customer="a9")
    assert refused(licensing.run, pay("proforma:3", "k", "a2", "9.99 EUR")) == AmountDiffers(
        document="proforma:3", due=TEN, paid=Money.parse("9.99 EUR")
    )
    assert refused(licensing.run, pay("proforma:3", "k", "a2", "10.00 USD")).code == "invoice.amount_differs"
    assert snapshot(store) == before


def test_a_credit_note_is_no_bill_to_be_paid(licensing: Licensing, clock: Clock) -> None:
    subscribed(licensing)
    answer = licensing.run(attrs.evolve(cancel_now(), credit=True))
    assert answer.issued == ("credit_note:1",)
    assert refused(licensing.run, pay("credit_note:1")) == UnknownBill(document="credit_note:1")


def test_numbers_run_over_all_customers_without_gaps_each_kind_for_itself(licensing: Licensing) -> None:
    for number, (name, customer) in enumerate((("web", "a1"), ("web", "a2"), ("mail", "a1"), ("mail", "a2")), 1):
        assert licensing.run(order(name, customer)).issued == (f"proforma:{number}",)
    licensing.run(pay("proforma:4", customer="a2"))
    licensing.run(pay("proforma:1"))
    assert bills(licensing) == {"F-000002": "paid", "P-000003": "unpaid"}
    assert bills(licensing, "a2") == {"P-000002": "unpaid", "F-000001": "paid"}


def test_a_tenant_has_the_series_that_its_host_says_from_the_first_document_on(store: Store) -> None:
    class Numbering(StaticHost):
        def series(self, tenant: str) -> DocumentSeries:
            return DocumentSeries(proformas=Series("2026/"), invoices=None)

    company = host()
    actors = [BOSS]
    numbering = Numbering(TENANT, zone="Europe/Madrid", directory=company.directory(TENANT), actors=actors)
    known(store, plan=None)
    first = Checked(store, numbering)
    first.run(order())
    first.run(pay("proforma:1"))
    assert bills(first) == {"2026/000001": "paid"}, "it keeps its number"
    later = Checked(store)
    later.run(order("mail"))
    assert bills(later) == {"2026/000001": "paid", "2026/000002": "unpaid"}, "which the first document settled"


# Issued


def test_periods_are_billed_ahead_once_however_often_it_runs(licensing: Licensing, store: Store, clock: Clock) -> None:
    subscribed(licensing)
    days_later(clock, 15)
    assert licensing.run(bill("b1")) == BooksChanged(), "16 days before"
    days_later(clock, 16)
    answer = licensing.run(bill("b2"))
    assert (answer.issued, answer.bills) == (("proforma:2",), (proforma(2, JUNE_16),))
    before = snapshot(store)
    assert licensing.run(bill("b3")) == BooksChanged()
    assert not changed(before, snapshot(store))


def test_a_late_job_bills_each_period_as_of_when_it_was_due(licensing: Licensing, clock: Clock) -> None:
    licensing.run(configure("years", dunning=attrs.evolve(configure("x").settings.dunning, steps=())))
    subscribed(licensing)
    days_later(clock, 100)
    answer = licensing.run(bill("late"))
    assert [(row.number, row.due) for row in answer.bills] == [
        ("P-000002", JUNE_16),
        ("P-000003", date(2026, 7, 16)),
        ("P-000004", date(2026, 8, 16)),
    ]


def test_one_subscription_is_billed_when_it_is_named(licensing: Licensing, clock: Clock) -> None:
    for name in ("web", "mail"):
        subscribed(licensing, name, every="P1W")
    assert licensing.run(bill("b1", subscription="mail")).issued == ("proforma:3", "proforma:4")
    unknown = bill("b2", subscription="fax")
    assert refused(licensing.run, unknown) == UnknownSubscription(customer="a1", subscription="fax")
    assert refused(licensing.run, attrs.evolve(unknown, customer="a9")) == UnknownCustomer(customer="a9")
    assert licensing.run(bill("b3")).issued == ("proforma:5", "proforma:6")


def test_a_customer_that_has_nothing_or_is_blocked_is_billed_alike(licensing: Licensing) -> None:
    assert licensing.run(bill("b1")) == BooksChanged()
    subscribed(licensing, every="P1W")
    licensing.run(block())
    assert licensing.run(bill("b2")).issued == ("proforma:2", "proforma:3"), "a block stops access, not billing"


# Charged


def test_what_is_due_is_charged_where_the_customer_has_it_debited(licensing: Licensing, clock: Clock) -> None:
    subscribed(licensing, every="P1W")
    licensing.run(order("waiting"))
    licensing.run(bill("b1"))
    days_later(clock, 7)
    assert licensing.run(ListCharges(**of())).rows == (), "unless it says so"
    licensing.run(configure("debit", automatic_debit=True))
    due = Charge(document="proforma:3", subscription="web", amount=TEN)
    assert licensing.run(ListCharges(**of())).rows == (due,), "neither what is ordered nor what comes later"
    licensing.run(failed("proforma:3"))
    again = evolve(due, attempt=2)
    assert licensing.run(ListCharges(**of())).rows == (again,), "at every run until it is paid"
    licensing.run(pay(due.document, paid=str(due.amount)))
    assert licensing.run(ListCharges(**of())).rows == ()
    assert isinstance(refused(licensing.run, failed("proforma:3", "late")), BillPaidAlready)
    assert refused(licensing.run, ListCharges(**of("a9"))) == UnknownCustomer(customer="a9")


def test_a_failed_debit_leaves_a_bill_unpaid(licensing: Licensing) -> None:
    licensing.run(order())
    assert [row.document for row in licensing.run(failed("proforma:1")).bills] == ["proforma:1"]
    assert bills(licensing) == {"P-000001": "unpaid"}
    licensing.run(failed("proforma:1", "again"))
    told = licensing.run(ListNotices(**of())).rows
    assert [one.kind.value for one in told] == ["proforma", "payment_failed", "payment_failed"]


# In credit


def test_what_is_in_credit_pays_the_next_proforma_first(licensing: Licensing, clock: Clock) -> None:
    subscribed(licensing, every="P1W")
    licensing.run(credit("14.00 EUR"))
    billed = licensing.run(bill("b1"))
    assert (billed.issued, billed.paid) == (("proforma:2", "proforma:3"), ("proforma:2",))
    assert [(row.number, row.outstanding) for row in billed.bills] == [
        ("F-000002", NOTHING),
        ("P-000003", Money.parse("6.00 EUR")),
    ]
    licensing.run(pay("proforma:3", paid="6.00 EUR"))
    assert bills(licensing) == {"F-000001": "paid", "F-000002": "paid", "F-000003": "paid"}


def test_a_credit_pays_what_is_unpaid_at_once_and_a_first_payment_in_one_or_not_at_all(licensing: Licensing) -> None:
    licensing.run(order())
    assert licensing.run(credit("9.00 EUR", "k1")).paid == ()
    answer = licensing.run(credit("2.00 EUR", "k2"))
    assert (answer.paid, states(licensing)) == (("proforma:1",), {"web": "active"})
    assert refused(licensing.run, pay("proforma:1")) == BillPaidAlready(document="proforma:1")
    assert isinstance(refused(licensing.run, RefundCredit(amount=TEN, **to("k3"))), BalanceExceeded)
    licensing.run(RefundCredit(amount=Money.parse("1.00 EUR"), **to("k4")))


def test_what_is_in_credit_is_paid_out_and_no_more(licensing: Licensing, store: Store) -> None:
    licensing.run(credit("14.00 EUR"))
    refund = RefundCredit(amount=Money.parse("4.00 EUR"), **to("k1"))
    assert licensing.run(refund) == BooksChanged()
    before = snapshot(store)
    more = attrs.evolve(refund, amount=Money.parse("10.01 EUR"), key="k2")
    assert isinstance(refused(licensing.run, more), BalanceExceeded)
    assert isinstance(refused(licensing.run, attrs.evolve(more, amount=Money.parse("1.00 USD"))), BalanceExceeded)
    for amount in ("0.00 EUR", "-1.00 EUR"):
        assert isinstance(refused(licensing.run, credit(amount, "k2")), InvalidArgument)
        assert isinstance(refused(licensing.run, attrs.evolve(more, amount=Money.parse(amount))), InvalidArgument)
    for unknown in (credit("1.00 EUR", "k2", "a9"), attrs.evolve(more, customer="a9")):
        assert refused(licensing.run, unknown) == UnknownCustomer(customer="a9")
    assert snapshot(store) == before


# Shown


def test_a_customer_sees_what_it_was_told_of(licensing: Licensing, clock: Clock) -> None:
    subscribed(licensing)
    days_later(clock, 1)
    licensing.run(attrs.evolve(cancel_now(), credit=True))
    tomorrow = NOON + timedelta(days=1)
    told = licensing.run(ListNotices(**of())).rows
    assert told[:3] == (
        Notice(at=NOON, kind=NoticeKind.PROFORMA, about="proforma:1"),
        Notice(at=NOON, kind=NoticeKind.PAID, about="proforma:1"),
        Notice(at=NOON, kind=NoticeKind.ACTIVE, about="web"),
    )
    assert sorted(told[3:], key=lambda one: one.about) == [
        Notice(at=tomorrow, kind=NoticeKind.CREDIT_NOTE, about="credit_note:1"),
        Notice(at=tomorrow, kind=NoticeKind.CANCELLED, about="web"),
    ]
    assert licensing.run(ListNotices(**of("a2"))).rows == ()


@pytest.mark.parametrize("asked", [ListNotices, ListBills, ListSubscriptions])
def test_of_a_customer_that_there_is_not_nothing_is_shown(licensing: Licensing, asked: Any) -> None:
    assert refused(licensing.run, asked(**of("a9"))) == UnknownCustomer(customer="a9")


def test_whether_it_may_be_used_is_told_with_the_first_reason(licensing: Licensing) -> None:
    asked = MayUseSubscription(subscription="web", **of())
    assert licensing.run(asked).refusal == UnknownSubscription(customer="a1", subscription="web")
    licensing.run(order())
    assert licensing.run(asked).refusal == NotInForce(subscription="web", state="pending")
    licensing.run(pay("proforma:1"))
    assert licensing.run(asked) == Verdict.allow("LAT-1")
    licensing.run(block())
    assert licensing.run(asked).refusal == ClientBlocked(causes=("unpaid",))
    assert refused(licensing.run, attrs.evolve(asked, customer="a9")) == UnknownCustomer(customer="a9")


# Loaded in part


def test_a_bill_of_years_ago_is_not_loaded_unless_it_is_named(licensing: Licensing, store: Store, clock: Clock) -> None:
    subscribed(licensing)
    unchecked = Licensing(store, host(), clock)
    for month in range(1, 30):
        days_later(clock, 30 * month)
        for document in unchecked.run(bill(f"b{month}")).issued:
            unchecked.run(pay(document))
    with store.begin() as work:
        found, named = (work.customer(TENANT, "a1", names, ()) for names in ((), ("proforma:1",)))
        assert found is not None
        assert named is not None
        assert len(found.state.bills) < 4
        assert "proforma:1" in named.state.bills
    assert refused(licensing.run, pay("proforma:1", "k")) == BillPaidAlready(document="proforma:1")
    assert refused(licensing.run, failed("proforma:1", "k")) == BillPaidAlready(document="proforma:1")
    assert len(licensing.run(ListBills(**of())).rows) == 30
    assert states(licensing) == {"web": SubscriptionState.ACTIVE.value}


def test_nothing_of_bills_is_stored_when_a_job_finds_nothing_to_do(licensing: Licensing, store: Store) -> None:
    licensing.run(bill("b1"))
    with store.begin() as work:
        assert work.numbers(TENANT) is None, "no document was ever issued"
        assert len(work.history(TENANT, AggregateKind.CUSTOMERS, "a1")) == 1
