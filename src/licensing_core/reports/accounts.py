"""The tables of a partner and of its customers' client area: customers, subscriptions, bills, notices, the panel."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from licensing_core.accounts import BillRow, CustomerRow, Dashboard, Notice, OwnerPanel, Person, SubscriptionRow
from licensing_core.checks import instance
from licensing_core.decisions import Event
from licensing_core.messages.marks import word
from licensing_core.messages.sentences import Speaker, speaker_of
from licensing_core.reports.building import cell, day_cell, each, id_cell, make_table, mapping
from licensing_core.reports.customers import usage_table
from licensing_core.reports.table import Cell, Table

_CUSTOMERS: Final = {
    "customer": word("column", "Customer"),
    "plan": word("column", "Plan"),
    "status": word("column", "Status"),
    "blocks": word("column", "Blocked for"),
    "trial_ends": word("column", "End of trial"),
    "users": word("column", "Users"),
}
_DASHBOARD: Final = {
    "customers": word("column", "Customers"),
    "users": word("column", "Users"),
    "blocked": word("column", "Blocked"),
    "active_plans": word("column", "Active plans"),
}
_ACTIVITY: Final = {
    "at": word("column", "Date"),
    "by": word("column", "Done by"),
    "type": word("column", "Event"),
    "text": word("column", "What happened"),
}
_PEOPLE: Final = {
    "person": word("column", "User"),
    "contact": word("column", "Contact only"),
    "permissions": word("column", "Permissions"),
}
_SUBSCRIPTIONS: Final = {
    "subscription": word("client area", "Subscription"),
    "item": word("client area", "Product"),
    "price": word("column", "Price"),
    "next_due": word("client area", "Next due date"),
    "state": word("client area", "State"),
    "ends": word("client area", "Ends"),
}
_BILLS: Final = {
    "document": word("client area", "Document"),
    "number": word("client area", "Number"),
    "kind": word("column", "Type"),
    "due_on": word("client area", "Due date"),
    "total": word("client area", "Total"),
    "outstanding": word("client area", "Outstanding"),
    "status": word("column", "Status"),
}
_NOTICES: Final = {
    "at": word("column", "Date"),
    "kind": word("client area", "Notice"),
    "about": word("client area", "About"),
}
_OWNER: Final = {
    "customer": word("column", "Customer"),
    "plan": word("column", "Plan"),
    "status": word("column", "Status"),
    "balances": word("client area", "In credit"),
}
_as_dashboard: Final = instance(Dashboard)
_as_panel: Final = instance(OwnerPanel)


def customers_table(rows: Iterable[CustomerRow], locale: str, zone: str = "UTC") -> Table:
    """The customers of a partner with plan, status and number of users; trials end on local days of *zone*.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *rows* are no rows.

    Source: PLZ-3.
    """
    speaker = speaker_of(locale, zone)
    lines = [
        (
            id_cell(row.customer),
            _id_cell(row.plan),
            cell(row.status, speaker),
            _list_cell(row.blocks, speaker),
            day_cell(row.trial_ends, speaker),
            cell(row.users, speaker),
        )
        for row in each("rows", rows, CustomerRow)
    ]
    return make_table("customers", _CUSTOMERS, lines, speaker)


def dashboard_table(dashboard: Dashboard, locale: str) -> Table:
    """The numbers of a partner's dashboard, in one row; `activity_table()` shows what happened last.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *dashboard* is none.

    Source: PLZ-2.
    """
    speaker = speaker_of(locale)
    seen: Dashboard = _as_dashboard("dashboard", dashboard)
    numbers = (cell(one, speaker) for one in (seen.customers, seen.users, seen.blocked))
    return make_table("dashboard", _DASHBOARD, [(*numbers, _list_cell(seen.active_plans, speaker))], speaker)


def activity_table(events: Iterable[Event], locale: str, zone: str = "UTC") -> Table:
    """What happened, in the order given, with the date and time in *zone*; such as `Dashboard.recent`.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *events* are none.

    Source: PLZ-2.
    """
    speaker = speaker_of(locale, zone)
    lines = [
        (
            Cell(speaker.moment(one.at), one.at),
            id_cell(one.by),
            id_cell(one.type),
            Cell(speaker.event(one), one),
        )
        for one in each("events", events, Event)
    ]
    return make_table("activity", _ACTIVITY, lines, speaker)


def people_table(people: Mapping[str, Person], locale: str) -> Table:
    """The users and contacts of a customer with what they may do there.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *people* is no mapping of ids to people.

    Source: PLZ-8, LAT-4.
    """
    speaker = speaker_of(locale)
    lines = [
        (id_cell(name), cell(person.contact, speaker), _list_cell(sorted(person.permissions), speaker))
        for name, person in mapping("people", people, Person).items()
    ]
    return make_table("people", _PEOPLE, lines, speaker)


def subscriptions_table(rows: Iterable[SubscriptionRow], locale: str) -> Table:
    """The subscriptions of a customer, which its client area calls services: product, price, next due date, state.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *rows* are no rows.

    Source: LAT-1.
    """
    speaker = speaker_of(locale)
    lines = [
        (
            id_cell(row.subscription),
            id_cell(row.item),
            *(cell(one, speaker) for one in (row.price, row.next_due, row.state, row.ends)),
        )
        for row in each("rows", rows, SubscriptionRow)
    ]
    return make_table("subscriptions", _SUBSCRIPTIONS, lines, speaker)


def bills_table(rows: Iterable[BillRow], locale: str) -> Table:
    """The proformas, invoices and credit notes of a customer: due date, total, what is to be paid yet, status.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *rows* are no rows.

    Source: LAT-2, ALU-4.
    """
    speaker = speaker_of(locale)
    lines = [
        (
            id_cell(row.document),
            id_cell(row.number),
            *(cell(one, speaker) for one in (row.kind, row.due, row.total, row.outstanding, row.status)),
        )
        for row in each("rows", rows, BillRow)
    ]
    return make_table("bills", _BILLS, lines, speaker, hidden={"document"})


def notices_table(rows: Iterable[Notice], locale: str, zone: str = "UTC") -> Table:
    """What a customer was told of, in the order given, with the date and time in *zone*.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *rows* are no notices.

    Source: LAT-6.
    """
    speaker = speaker_of(locale, zone)
    lines = [
        (Cell(speaker.moment(row.at), row.at), cell(row.kind, speaker), id_cell(row.about))
        for row in each("rows", rows, Notice)
    ]
    return make_table("notices", _NOTICES, lines, speaker)


def owner_tables(panel: OwnerPanel, locale: str) -> tuple[Table, ...]:
    """The panel of a customer's main administrator: plan and balance, usage where it is counted, services, bills.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *panel* is none.

    Source: ALU-1 to ALU-4.
    """
    speaker = speaker_of(locale)
    seen: OwnerPanel = _as_panel("panel", panel)
    summary = (
        id_cell(seen.customer),
        _id_cell(seen.plan),
        cell(seen.status, speaker),
        _list_cell(seen.balances, speaker),
    )
    return (
        make_table("owner", _OWNER, [summary], speaker),
        *(() if seen.usage is None else (usage_table(seen.usage.rows, locale),)),
        subscriptions_table(seen.subscriptions, locale),
        bills_table(seen.bills, locale),
    )


def _id_cell(value: str | None) -> Cell:
    return Cell() if value is None else id_cell(value)


def _list_cell(values: Collection[Any], speaker: Speaker) -> Cell:
    """Several values as a list; empty for none."""
    raw = tuple(values)
    return Cell(speaker.shown(raw, "list") if raw else "", raw)
