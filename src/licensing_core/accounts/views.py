"""What is shown of accounts: the dashboard of a partner, the client area of a customer, and its owner's panel."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import frozen

from licensing_core import limits
from licensing_core.accounts.clients import status
from licensing_core.accounts.events import BillIssued, BillPaid, DebitFailed, ReminderSent
from licensing_core.accounts.values import (
    CREDIT_NOTE,
    Bill,
    BillStatus,
    CustomerAccount,
    CustomerStatus,
    as_account,
    terms_at,
)
from licensing_core.billing import DocumentKind
from licensing_core.checks import Count, Day, Id, Instant, Text, Value, as_instant, check_of, checked
from licensing_core.decisions import Event
from licensing_core.directory import Actor
from licensing_core.limits import Panel
from licensing_core.money import Money
from licensing_core.periods import local_date
from licensing_core.subscriptions import (
    Subscription,
    SubscriptionActivated,
    SubscriptionCancelled,
    SubscriptionReinstated,
    SubscriptionState,
    SubscriptionSuspended,
    SubscriptionTerminated,
    next_due,
    state_at,
)


@frozen(kw_only=True, field_transformer=checked)
class CustomerRow(Value):
    """A customer in a list (PLZ-3).

    Attributes:
        blocks: The causes for which it is blocked, sorted.
        trial_ends: Of a customer who is on trial, or was to its end.
        users: How many it has.
    """

    customer: Id
    plan: Id | None
    status: CustomerStatus
    blocks: tuple[Id, ...]
    trial_ends: Instant | None
    users: Count


def customer_row(account: CustomerAccount, now: datetime) -> CustomerRow:
    """How *account* is shown in a list.

    Source: PLZ-3.
    """
    return CustomerRow(
        customer=as_account("account", account).id,
        plan=account.plan,
        status=status(account, now),
        blocks=tuple(sorted(account.causes(now))),
        trial_ends=account.trial_ends,
        users=account.users,
    )


@frozen(kw_only=True, field_transformer=checked)
class Dashboard(Value):
    """What a partner sees of all its customers (PLZ-2).

    Attributes:
        users: Of all customers together.
        blocked: How many customers are.
        active_plans: The plans of customers who are on trial or active, sorted.
        recent: What happened last, the latest first.
    """

    customers: Count
    users: Count
    blocked: Count
    active_plans: tuple[Id, ...]
    recent: tuple[Event, ...] = ()


def dashboard(accounts: Iterable[CustomerAccount], *, recent: Iterable[Event] = (), now: datetime) -> Dashboard:
    """The dashboard of *accounts*, with the events that the host has found to be *recent*.

    Source: PLZ-2.
    """
    at = as_instant("now", now)
    rows = [customer_row(account, at) for account in accounts]
    open_ones = (CustomerStatus.TRIAL, CustomerStatus.ACTIVE)
    return Dashboard(
        customers=len(rows),
        users=sum(row.users for row in rows),
        blocked=sum(row.status is CustomerStatus.BLOCKED for row in rows),
        active_plans=tuple(sorted({row.plan for row in rows if row.plan is not None and row.status in open_ones})),
        recent=tuple(recent),
    )


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionRow(Value):
    """A subscription in the client area, which calls it a service (LAT-1).

    Attributes:
        item, price: Of the period that is running; the price before taxes and discounts, for the whole quantity.
        next_due: The day on which the next payment is due; `None` when none is to come.
        ends: Once it is cancelled, the first day without access.
    """

    subscription: Id
    item: Id
    price: Money
    next_due: Day | None
    state: SubscriptionState
    ends: Day | None = None


def subscription_rows(account: CustomerAccount, now: datetime) -> tuple[SubscriptionRow, ...]:
    """The subscriptions of *account* by id.

    Source: LAT-1.
    """
    at = as_instant("now", now)
    found = sorted(as_account("account", account).subscriptions.items())
    return tuple(_subscription_row(account, one, at) for _, one in found)


def _subscription_row(account: CustomerAccount, subscription: Subscription, now: datetime) -> SubscriptionRow:
    terms, ends = terms_at(subscription, now), subscription.ends
    return SubscriptionRow(
        subscription=subscription.id,
        item=terms.item,
        price=Money.rounded(terms.price.exact(terms.quantity), terms.price.currency),
        next_due=next_due(subscription, now),
        state=state_at(subscription, now),
        ends=None if ends is None else local_date(ends.access, account.zone),
    )


@frozen(kw_only=True, field_transformer=checked)
class BillRow(Value):
    """A proforma, invoice or credit note in the client area (LAT-2, ALU-4).

    Attributes:
        document: Its id, which stays the same when a proforma becomes an invoice.
        number: As it is printed.
        due: The day on which it is due, or was.
        total: With taxes.
        outstanding: What is to be paid yet.
    """

    document: Id
    number: Text
    kind: DocumentKind
    due: Day
    total: Money
    outstanding: Money
    status: BillStatus


def bill_rows(account: CustomerAccount) -> tuple[BillRow, ...]:
    """The documents of *account* that were looked up, by number: proformas and invoices, then credit notes.

    Source: LAT-2, ALU-4.
    """
    bills = sorted(as_account("account", account).bills.values(), key=_by_number)
    return tuple(
        BillRow(
            document=bill.id,
            number=str(bill.document.number),
            kind=bill.document.kind,
            due=bill.due,
            total=bill.document.total,
            outstanding=bill.outstanding,
            status=bill.status,
        )
        for bill in bills
    )


def _by_number(bill: Bill) -> tuple[bool, str, int, str, str]:
    """Those that come from another system have numbers of any form, of which some may have the same."""
    year, _, number = bill.id.partition(":")[2].rpartition(":")
    counted = int(number) if number.isdecimal() else 0
    return bill.document.kind is CREDIT_NOTE, year, counted, str(bill.document.number), bill.id


class NoticeKind(StrEnum):
    """What a customer is told of (LAT-6)."""

    PROFORMA = "proforma"
    CREDIT_NOTE = "credit_note"
    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    REMINDER = "reminder"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    CANCELLED = "cancelled"


@frozen(kw_only=True, field_transformer=checked)
class Notice(Value):
    """Something that a customer is told of.

    Attributes:
        about: Id of the document, or of the subscription.
    """

    at: Instant
    kind: NoticeKind
    about: Id


_OF_DOCUMENTS: Final = {DebitFailed: NoticeKind.PAYMENT_FAILED, ReminderSent: NoticeKind.REMINDER}
_OF_SUBSCRIPTIONS: Final = {
    SubscriptionActivated: NoticeKind.ACTIVE,
    SubscriptionReinstated: NoticeKind.ACTIVE,
    SubscriptionSuspended: NoticeKind.SUSPENDED,
    SubscriptionTerminated: NoticeKind.TERMINATED,
    SubscriptionCancelled: NoticeKind.CANCELLED,
}


def notices(events: Iterable[Event]) -> tuple[Notice, ...]:
    """What a customer was told of, in the order of *events*, the history of its account.

    Source: LAT-6.
    """
    return tuple(notice for notice in map(_notice, events) if notice is not None)


def _notice(event: Event) -> Notice | None:
    if isinstance(event, BillIssued):
        of_credit = event.bill.document.kind is CREDIT_NOTE
        kind, about = (NoticeKind.CREDIT_NOTE if of_credit else NoticeKind.PROFORMA), event.bill.id
    elif isinstance(event, BillPaid):
        kind, about = NoticeKind.PAID, event.invoice.id
    elif type(event) in _OF_DOCUMENTS:
        kind, about = _OF_DOCUMENTS[type(event)], event.document  # type: ignore[attr-defined]
    elif type(event) in _OF_SUBSCRIPTIONS:
        kind, about = _OF_SUBSCRIPTIONS[type(event)], event.subscription  # type: ignore[attr-defined]
    else:
        return None
    return Notice(at=event.at, kind=kind, about=about)


@frozen(kw_only=True, field_transformer=checked)
class OwnerPanel(Value):
    """What the main administrator of a customer sees (ALU-1 to ALU-6, ALU-11).

    Attributes:
        plan: The service plan that it is on.
        usage: How much is used of its limits, users and storage say; `None` where nothing is counted.
        subscriptions: With their next due dates; a panel offers to cancel those that are not ended.
        bills: Those that were looked up.
        balances: What is in credit.
    """

    customer: Id
    plan: Id | None
    status: CustomerStatus
    usage: Panel | None
    subscriptions: tuple[SubscriptionRow, ...]
    bills: tuple[BillRow, ...]
    balances: tuple[Money, ...]


_as_usage: Final = check_of(Panel | None)


def owner_panel(account: CustomerAccount, usage: Panel | None, *, by: Actor, now: datetime) -> OwnerPanel:
    """The panel of *account*, for its main administrator alone.

    Args:
        usage: What `limits.panel()` shows of the same customer; `None` where nothing is counted.

    Raises:
        PermissionMissing: *by* is not the main administrator.

    Source: ALU-1 to ALU-6, ALU-11.
    """
    as_account("account", account), as_instant("now", now)
    limits.require_administrator(account.settings.administrator, by)
    return OwnerPanel(
        customer=account.id,
        plan=account.plan,
        status=status(account, now),
        usage=_as_usage("usage", usage),
        subscriptions=subscription_rows(account, now),
        bills=bill_rows(account),
        balances=tuple(one for _, one in sorted(account.balances.items()) if one),
    )
