"""Subscriptions and bills at once: one charge and one period each, numbers without gaps, nothing of what is tried."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core.accounts import BillPaidAlready, CustomerExists
from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.plans import Renewal
from licensing_core.protocols import AggregateKind, IdempotencyConflict, Page, Store
from licensing_core.services import (
    AsyncLicensing,
    BooksChanged,
    Command,
    Licensing,
    ListBills,
    ListCharges,
    RenewSubscription,
)
from tests.client_commands import (
    bill,
    bills,
    cancel,
    configure,
    days_later,
    dun,
    order,
    pay,
    person,
    states,
    subscribed,
)
from tests.service_world import (
    TENANT,
    Checked,
    Clock,
    Stale,
    Turn,
    add,
    at_once,
    changed,
    events_of,
    host,
    known,
    of,
    refused,
    snapshot,
    to,
)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """There are customers a1 and a2."""
    known(store)
    known(store, "a2", plan=None)
    return Checked(store, clock=clock)


def history(store: Store, customer: str = "a1") -> Counter[str]:
    return Counter(events_of(store, customer, AggregateKind.CUSTOMERS))


def failed(outcomes: Sequence[object]) -> list[object]:
    return [one for one in outcomes if isinstance(one, BaseException)]


# At once


def test_of_two_payments_of_one_bill_one_is_booked_and_the_other_told(licensing: Licensing, store: Store) -> None:
    licensing.run(order())
    outcomes = at_once([store], [pay("proforma:1", f"k{number}") for number in range(4)])
    assert failed(outcomes) == [BillPaidAlready(document="proforma:1")] * 3
    assert (history(store)["ledger.paid"], history(store)["bill.paid"]) == (1, 1)
    assert bills(licensing) == {"F-000001": "paid"}


def test_of_two_runs_of_a_job_one_bills_and_the_other_finds_nothing(licensing: Licensing, store: Store) -> None:
    subscribed(licensing, every="P1W")
    outcomes = at_once([store], [bill(f"k{number}") for number in range(4)])
    issued = sorted(one.issued for one in outcomes)
    assert issued == [(), (), (), ("proforma:2", "proforma:3")]
    assert len(licensing.run(ListBills(**of())).rows) == 3


def test_one_key_sent_at_once_is_carried_out_once_and_answered_alike(licensing: Licensing, store: Store) -> None:
    licensing.run(order())
    outcomes = at_once([store], [pay("proforma:1", "k1")] * 4)
    assert [one == outcomes[0] for one in outcomes] == [True] * 4
    assert isinstance(outcomes[0], BooksChanged)
    assert history(store)["bill.paid"] == 1


def test_a_customer_that_two_add_at_once_is_added_once(store: Store) -> None:
    known(store, "a2")
    outcomes = at_once([store], [attrs.evolve(add(), key=f"k{number}") for number in range(3)])
    assert failed(outcomes) == [CustomerExists(customer="a1")] * 2


def test_who_cancels_while_it_is_billed_leaves_no_proforma_of_what_never_comes(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    subscribed(licensing, every="P1W")
    assert failed(at_once([store], [bill("b1"), cancel(key="c1"), bill("b2")])) == []
    assert set(bills(licensing).values()) <= {"paid", "void"}


def _numbers(store: Store, kind: str) -> list[int]:
    """The numbers of all documents of that kind that both customers have, sorted."""
    found = []
    with store.begin() as work:
        for account in work.customers(TENANT, Page()):
            stored = work.customer(TENANT, account.id, None, ())
            assert stored is not None
            found += [one.document.number for one in stored.state.bills.values()]
    return sorted(one.number for one in found if one.series == kind)


def test_numbers_have_no_gaps_when_two_customers_are_billed_at_once(tmp_path: Path) -> None:
    """Each thread has a store of its own to one database; the first document of all is issued at once, too."""
    url = f"sqlite:///{tmp_path / 'licenses.db'}"
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(SqlStore(url, wait=30))) for _ in range(4)]
        stores[0].create()
        names = ("a1", "a2", "a8", "a9")
        for name in names:
            known(stores[0], name)
        ordering: list[Command[Any]] = [order("web", name, every="P1D") for name in names]
        first = at_once(stores, ordering)
        assert sorted(one.issued for one in first) == [(f"proforma:{number}",) for number in (1, 2, 3, 4)]
        for name, answer in zip(names, first, strict=True):
            Checked(stores[0]).run(pay(answer.issued[0], f"paid-{name}", name))
        second = at_once(stores, [bill(f"b{number}", names[number % 4]) for number in range(8)])
        assert failed(second) == []
        assert sum(len(one.issued) for one in second) == 60, "15 days of each"
        paying = [
            pay(document, f"pay-{document}-{turn}", name)
            for name, answer in zip(names * 2, second, strict=True)
            for document in answer.issued[:3]
            for turn in range(2)
        ]
        third = at_once(stores, paying)
        assert len(failed(third)) == len(paying) / 2
        assert _numbers(stores[0], "P-") == sorted({*range(5, 65)} - _paid(third))
        assert _numbers(stores[0], "F-") == list(range(1, 5 + len(paying) // 2))


def _paid(outcomes: Sequence[Any]) -> set[int]:
    """The numbers of the proformas that became invoices."""
    documents = (one.paid[0] for one in outcomes if isinstance(one, BooksChanged))
    return {int(document.rpartition(":")[2]) for document in documents}


# Decided on what was changed meanwhile


class SeesOldAccount(Turn):
    """A unit of work that loads the account as it was before somebody was faster."""

    def customer(self, *given: Any) -> Any:
        stored = self.inner.customer(*given)
        return attrs.evolve(stored, version=stored.version - 1)


class SeesOldNumbers(Turn):
    """The same of the numbers."""

    def numbers(self, *given: Any) -> Any:
        stored = self.inner.numbers(*given)
        return attrs.evolve(stored, version=stored.version - 1)


@pytest.mark.parametrize("work", [SeesOldAccount, SeesOldNumbers])
def test_what_was_changed_meanwhile_is_decided_anew_and_wholly(
    licensing: Licensing, store: Store, work: type[Turn]
) -> None:
    subscribed(licensing)
    stale = Stale(store, work)
    answer = Licensing(stale, host(), Clock()).run(order("mail"))
    assert (stale.begun, answer.issued) == (2, ("proforma:2",))
    assert bills(licensing) == {"F-000001": "paid", "P-000002": "unpaid"}


def test_one_more_person_is_counted_on_what_others_have_added(licensing: Licensing, store: Store) -> None:
    licensing.run(person("leo"))
    stale = Stale(store, SeesOldAccount)
    assert Licensing(stale, host(), Clock()).run(person("mia")).users == 2
    assert stale.begun == 2


# Once


def test_jobs_that_run_again_and_again_find_nothing_more_to_do(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    licensing.run(configure("debit", automatic_debit=True))
    subscribed(licensing, every="P1W")
    subscribed(licensing, "hand", renewal=Renewal.MANUAL)

    def run(key: str, *, paying: bool) -> None:
        licensing.run(bill(f"bill-{key}"))
        for charge in licensing.run(ListCharges(**of())).rows if paying else ():
            licensing.run(pay(charge.document, f"charge-{charge.document}"))
        licensing.run(dun(f"dun-{key}"))

    for day, paying in ((0, True), (7, True), (14, False), (21, True), (80, False)):
        days_later(clock, day)
        run(f"{day}-0", paying=paying)
        before = snapshot(store)
        for again in range(1, 4):
            run(f"{day}-{again}", paying=paying)
        assert not changed(before, snapshot(store))
    counted = history(store)
    assert counted["ledger.paid"] == counted["bill.paid"]
    assert states(licensing) == {"hand": "expired", "web": "terminated"}


def test_the_same_key_is_no_second_renewal(licensing: Licensing) -> None:
    subscribed(licensing, renewal=Renewal.MANUAL)
    renew = RenewSubscription(subscription="web", **to("renew"))
    assert licensing.run(renew) == licensing.run(renew)
    assert len(licensing.run(ListBills(**of())).rows) == 2
    assert refused(licensing.run, attrs.evolve(renew, subscription="mail")) == IdempotencyConflict(key="renew")
    licensing.run(attrs.evolve(renew, key="another"))
    assert len(licensing.run(ListBills(**of())).rows) == 3, "which is another intent"


# Tried


def test_what_is_tried_takes_no_number(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    first, second = licensing.preview(order(), order("mail"))
    assert (first.issued, second.issued) == (("proforma:1",), ("proforma:2",))
    assert licensing.may(order())
    assert snapshot(store) == before
    assert licensing.run(order("mail")).issued == ("proforma:1",)
    licensing.preview(pay("proforma:1"), bill("b1"), cancel("mail"))
    assert licensing.run(order()).issued == ("proforma:2",)
    assert licensing.run(pay("proforma:2")).bills[0].number == "F-000001"


def test_a_year_may_be_tried_out_at_once(licensing: Licensing, store: Store, clock: Clock) -> None:
    """Each command sees what those before it did: ordered, paid, billed and paid again."""
    before = snapshot(store)
    answers = licensing.preview(order(every="P1W"), pay("proforma:1"), bill("b1"), pay("proforma:3"), pay("proforma:2"))
    assert [row.number for answer in answers for row in answer.bills] == [
        "P-000001",
        "F-000001",
        "P-000002",
        "P-000003",
        "F-000002",
        "F-000003",
    ]
    assert snapshot(store) == before


# Apart, and awaited


def test_tenants_number_their_documents_apart(licensing: Licensing, store: Store) -> None:
    theirs = Licensing(store, host("globex"), Clock())
    for command in (add(), order(), pay("proforma:1")):
        theirs.run(attrs.evolve(command, tenant="globex"))
    before = snapshot(store, "globex")
    assert licensing.run(order()).issued == ("proforma:1",)
    assert licensing.run(pay("proforma:1")).bills[0].number == "F-000001"
    assert snapshot(store, "globex") == before


def test_the_same_is_told_with_await() -> None:
    async def story() -> None:
        licensing = AsyncLicensing(AsyncMemoryStore(), AsyncHostOf(host()), Clock())
        for name in ("a1", "a2"):
            await licensing.run(add(name))
        ordered = await asyncio.gather(licensing.run(order()), licensing.run(order("web", "a2")))
        assert sorted(one.issued for one in ordered) == [("proforma:1",), ("proforma:2",)]
        (document,) = ordered[0].issued
        payments = (licensing.run(pay(document, f"k{number}")) for number in range(3))
        outcomes = await asyncio.gather(*payments, return_exceptions=True)
        assert failed(outcomes) == [BillPaidAlready(document=document)] * 2
        assert (await licensing.may(pay(document, "k9"))).code == "invoice.paid"
        assert [row.status.value for row in (await licensing.run(ListBills(**of()))).rows] == ["paid"]

    asyncio.run(story())
