"""What is shown of accounts: lists, dashboard, client area, notices, the panel of the owner (PLZ-2, LAT-1, LAT-6)."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from attrs import evolve

from licensing_core import accounts as lib
from licensing_core import limits
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import (
    BillRow,
    Bills,
    BillStatus,
    Books,
    CustomerRow,
    CustomerStatus,
    Dashboard,
    DocumentSeries,
    Notice,
    NoticeKind,
    SubscriptionRow,
)
from licensing_core.billing import DocumentKind, ItemChange, Restart, Series, When
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, Permission, PermissionMissing, Role
from licensing_core.limits import Limits, Usage
from licensing_core.pricing import FlatPrice
from licensing_core.subscriptions import EndOf, SubscriptionState
from tests.account_world import (
    ANA,
    C1,
    MAY,
    P1,
    P2,
    P3,
    REMINDING,
    SMALL,
    TRIED,
    acme,
    bill,
    billed,
    books,
    cancel,
    change,
    credit,
    decide,
    dun,
    in_part,
    on,
    order,
    ordered,
    pause,
    pay,
    running,
    terms,
)
from tests.builders import NAIVE, eur

DONE: dict[str, Any] = {"by": ANA, "now": MAY}

# Customers


def test_a_row_tells_plan_status_blocks_trial_and_users() -> None:
    account = lib.add_person(acme(TRIED), "luis", **DONE).state
    account = lib.block(lib.block(account, "unpaid", **DONE).state, "abuse", **DONE).state
    assert lib.customer_row(account, MAY) == CustomerRow(
        customer="acme",
        plan="tried",
        status=CustomerStatus.BLOCKED,
        blocks=("abuse", "unpaid"),
        trial_ends=on(5, 18),
        users=1,
    )


def test_a_block_that_has_ended_is_not_shown() -> None:
    row = lib.customer_row(lib.block(acme(), "unpaid", until=on(5, 6), **DONE).state, on(5, 6))
    assert (row.status, row.blocks) == (CustomerStatus.ACTIVE, ())


def test_the_dashboard_counts_customers_users_and_blocked_ones_and_names_the_plans_in_use() -> None:
    with_users = lib.add_person(lib.add_person(acme(SMALL), "luis", **DONE).state, "mei", **DONE).state
    blocked = lib.block(evolve(acme(TRIED), id="b", plan="blocked"), "unpaid", **DONE).state
    over = evolve(acme(TRIED), id="o", plan="over", trial_ends=MAY)
    others = [evolve(acme(TRIED), id="t"), evolve(acme(), id="n"), evolve(acme(SMALL), id="s")]
    event = lib.add_customer("new", None, zone="UTC", **DONE).events[0]
    assert lib.dashboard([with_users, blocked, over, *others], recent=[event], now=MAY) == Dashboard(
        customers=6, users=2, blocked=1, active_plans=("small", "tried"), recent=(event,)
    )
    assert lib.dashboard([], now=MAY) == Dashboard(customers=0, users=0, blocked=0, active_plans=())


# Subscriptions


def test_a_subscription_is_shown_with_its_price_and_when_it_is_due_next() -> None:
    found = order(billed(), "app", terms("9.90", quantity=3), now=on(5, 20)).state
    rows = lib.subscription_rows(found.account, on(5, 20))
    assert rows == (
        SubscriptionRow(
            subscription="app",
            item="web",
            price=eur("29.70"),
            next_due=date(2026, 5, 20),
            state=SubscriptionState.PENDING,
        ),
        SubscriptionRow(
            subscription="web",
            item="web",
            price=eur("30.00"),
            next_due=date(2026, 6, 4),
            state=SubscriptionState.ACTIVE,
        ),
    )


def test_a_price_of_a_fraction_is_shown_rounded() -> None:
    found = order(books(), asked=evolve(terms(), price=FlatPrice(eur("0.10")), quantity=3)).state
    assert str(lib.subscription_rows(found.account, MAY)[0].price) == "0.10 EUR"


def test_a_cancelled_subscription_is_shown_with_its_end_and_without_a_next_due_date() -> None:
    found = cancel(running(), EndOf.TERM, now=on(5, 10)).state
    for now, state in ((on(5, 10), SubscriptionState.ACTIVE), (on(6, 4), SubscriptionState.CANCELLED)):
        row = lib.subscription_rows(found.account, now)[0]
        assert (row.state, row.ends) == (state, date(2026, 6, 4))
    assert lib.subscription_rows(found.account, on(6, 4))[0].next_due is None


def test_a_subscription_is_shown_as_it_is_now_whatever_was_billed_ahead() -> None:
    wanted, now = ItemChange(item="large", price=FlatPrice(eur("50.00"))), on(5, 10)
    waiting = decide(
        running(),
        lambda state, _: subscribing.schedule_change(state, wanted, When.END_OF_PERIOD, change_id="c", by=ANA, now=now),
        now=now,
    ).state
    ahead = bill(waiting, now=on(5, 20)).state.account
    shown = [lib.subscription_rows(ahead, at)[0] for at in (on(5, 21), on(6, 4))]
    assert [(row.item, str(row.price)) for row in shown] == [("web", "30.00 EUR"), ("large", "50.00 EUR")]


def test_subscriptions_are_shown_whatever_bills_were_looked_up() -> None:
    account = billed().account
    assert lib.subscription_rows(in_part(account), on(5, 20)) == lib.subscription_rows(account, on(5, 20))


# Bills


def test_a_bill_is_shown_with_what_is_to_be_paid_yet() -> None:
    found = bill(credit(running(), "12.50"), now=on(5, 20)).state
    assert lib.bill_rows(found.account)[1] == BillRow(
        document=P2,
        number="P-000002",
        kind=DocumentKind.PROFORMA,
        due=date(2026, 6, 4),
        total=eur("30.00"),
        outstanding=eur("17.50"),
        status=BillStatus.UNPAID,
    )


def test_bills_are_shown_in_the_order_of_their_ids_and_credit_notes_last() -> None:
    found = books(series=DocumentSeries(proformas=Series("P-", restart=Restart.YEARLY)))
    for number in range(11):
        found = order(found, f"s{number}", now=on(12, 30)).state
    found = order(found, "next", now=on(12, 31, 23)).state
    found = pay(found, "proforma:2026:3", now=on(12, 31, 23)).state
    found = cancel(found, name="s2", credit=True, now=on(12, 31, 23)).state
    names = [row.document for row in lib.bill_rows(found.account)]
    assert names == [*(f"proforma:2026:{n}" for n in range(1, 12)), "proforma:2027:1", "credit_note:1"]


def test_bills_from_elsewhere_are_shown_in_one_order_however_they_were_loaded() -> None:
    one = running().account.bills[P1]
    names = (P1, "imported:rested", "imported:moved", "old", "INV-7", "x:y")
    bills = {name: evolve(one, document=evolve(one.document, id=name)) for name in names}
    shown = {
        tuple(row.document for row in lib.bill_rows(evolve(acme(), bills=Bills({name: bills[name] for name in some}))))
        for some in permutations(names)
    }
    assert [sorted(one) for one in shown] == [sorted(names)]


def test_a_number_is_shown_as_it_is_printed_whatever_its_series_is_called() -> None:
    found = pay(order(books(series=DocumentSeries(invoices=Series("2026/F-")))).state).state
    assert lib.bill_rows(found.account)[0].number == "2026/F-000001"


def test_only_bills_that_were_looked_up_are_shown() -> None:
    assert [row.document for row in lib.bill_rows(in_part(billed().account, [P2]))] == [P2]


# Notices


def happened(found: Books, *steps: Any) -> list[tuple[str, str]]:
    """The notices of what *steps* do to *found*."""
    events: list[Event] = []
    for step in steps:
        decision = step(found)
        found, events = decision.state, [*events, *decision.events]
    return [(notice.kind.value, notice.about) for notice in lib.notices(events)]


def test_a_customer_is_told_of_documents_payments_and_what_becomes_of_subscriptions() -> None:
    assert happened(
        books(dunning=REMINDING),
        order,
        pay,
        lambda one: bill(one, now=on(5, 20)),
        lambda one: lib.note_failed_debit(one, P2, by=ANA, now=on(6, 4)),
        lambda one: dun(one, now=on(6, 7)),
        lambda one: dun(one, now=on(6, 11)),
        lambda one: pay(one, P2, now=on(6, 12)),
        lambda one: cancel(one, credit=True, now=on(6, 14)),
    ) == [
        ("proforma", P1),
        ("paid", P1),
        ("active", "web"),
        ("proforma", P2),
        ("payment_failed", P2),
        ("reminder", P2),
        ("suspended", "web"),
        ("reminder", P2),
        ("paid", P2),
        ("active", "web"),
        ("cancelled", "web"),
        ("credit_note", C1),
    ]


def test_a_customer_is_told_that_a_subscription_was_ended_and_of_the_instant() -> None:
    decision = dun(billed(), now=on(7, 4))
    assert lib.notices(decision.events) == (Notice(at=on(7, 4), kind=NoticeKind.TERMINATED, about="web"),)


def test_of_a_void_proforma_a_change_or_a_pause_nobody_is_told_but_by_the_documents() -> None:
    assert happened(billed(), lambda one: change(one, 2, now=on(5, 25))) == [("proforma", P3), ("credit_note", C1)]
    assert happened(running(), lambda one: pause(one, now=on(5, 10))) == [("credit_note", C1)]
    assert lib.notices(lib.block(acme(), "unpaid", **DONE).events) == ()


# The owner's panel


def test_the_main_administrator_sees_plan_usage_subscriptions_bills_and_credit() -> None:
    found = credit(billed(administrator="luis"), "35.00").account
    usage = limits.panel(Usage(id="acme", zone="UTC"), Limits(), administrator="luis", by=Actor("luis"), now=MAY)
    panel = lib.owner_panel(evolve(found, plan="small"), usage, by=Actor("luis"), now=on(5, 20))
    assert (panel.customer, panel.plan, panel.status, panel.usage) == ("acme", "small", CustomerStatus.ACTIVE, usage)
    assert panel.subscriptions == lib.subscription_rows(found, on(5, 20))
    assert (panel.bills, panel.balances) == (lib.bill_rows(found), (eur("5.00"),))


def test_nothing_is_shown_of_what_is_not_in_credit() -> None:
    found = order(credit(books(administrator="ana"), "30.00")).state.account
    assert [*found.balances] == ["EUR"]
    assert lib.owner_panel(found, None, by=ANA, now=MAY).balances == ()


@pytest.mark.parametrize("who", [Actor("mei"), Actor("root", Role.SUPERADMIN), Actor("pu", Role.POWER_USER)])
def test_the_panel_is_for_the_main_administrator_alone(who: Actor) -> None:
    for account in (acme(administrator="luis"), acme()):
        with pytest.raises(PermissionMissing) as refused:
            lib.owner_panel(account, None, by=who, now=MAY)
        assert refused.value == PermissionMissing(permission=Permission.PANEL_VIEW)


def test_a_blocked_administrator_still_sees_what_is_owed() -> None:
    account = lib.block(ordered(administrator="ana").account, "unpaid", **DONE).state
    panel = lib.owner_panel(account, None, by=ANA, now=MAY)
    assert (panel.status, [row.document for row in panel.bills]) == (CustomerStatus.BLOCKED, [P1])


@pytest.mark.parametrize(
    ("view", "given", "bad"),
    [
        (lib.customer_row, {"account": acme(), "now": MAY}, "account now"),
        (lib.status, {"account": acme(), "now": MAY}, "account now"),
        (lib.subscription_rows, {"account": acme(), "now": MAY}, "account now"),
        (lib.bill_rows, {"account": acme()}, "account"),
        (lib.dashboard, {"accounts": [], "now": MAY}, "now"),
        (lib.trial_until, {"account": acme(), "now": MAY}, "account now"),
        (lib.plan_in_force, {"account": acme(), "now": MAY}, "account now"),
        (
            lib.owner_panel,
            {"account": acme(administrator="ana"), "usage": None, "by": ANA, "now": MAY},
            "account usage by now",
        ),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_view_is_not_made_of_a_bad_argument(view: Any, given: dict[str, Any], bad: str) -> None:
    view(**given)
    for name in bad.split():
        with pytest.raises(InvalidArgument) as refused:
            view(**{**given, name: NAIVE})
        assert refused.value.parameter == name
    if "accounts" in given:
        with pytest.raises(InvalidArgument) as refused:
            view(**{**given, "accounts": [None]})
        assert refused.value.parameter == "account"


def test_a_view_changes_nothing() -> None:
    found = billed()
    lib.owner_panel(evolve(found.account, settings=acme(administrator="ana").settings), None, by=ANA, now=MAY)
    assert Decision(found) == Decision(billed())
