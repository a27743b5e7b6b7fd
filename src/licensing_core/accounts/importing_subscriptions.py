"""A subscription that another system has billed so far, taken over as one event in the middle of its period.

>>> from datetime import UTC
>>> from licensing_core.accounts import import_customer, subscription_rows
>>> from licensing_core.periods import Duration
>>> from licensing_core.pricing import FlatPrice
>>> ana, noon = Actor("ana"), datetime(2026, 11, 16, 12, tzinfo=UTC)
>>> acme = import_customer("acme", None, zone="UTC", by=ana, now=noon).state
>>> tenner = Money.parse("10.00 EUR")
>>> web = SubscriptionTerms(
...     item="web", price=FlatPrice(tenner), every=Duration(months=1), zone="UTC"
... )
>>> acme = import_subscription(
...     acme, "web", web, anchor=date(2024, 1, 31), charged=tenner, by=ana, now=noon
... ).state
>>> [str(row.next_due) for row in subscription_rows(acme, noon)]
['2026-11-30']
"""

from datetime import date, datetime
from functools import partial
from typing import Any, Final

from attrs import evolve

from licensing_core.accounts.elsewhere import FORMS, RULES, Elsewhere, gross_of, taxes_on
from licensing_core.accounts.events import SubscriptionImported, apply
from licensing_core.accounts.values import INVOICE, PROFORMA, Bill, BillStatus, CustomerAccount, as_account
from licensing_core.billing import (
    BilledItem,
    Document,
    DocumentLine,
    DocumentNumber,
    LineValue,
    Reason,
    ScheduledChange,
)
from licensing_core.checks import Count, Id, as_instant
from licensing_core.decisions import Decision, brought, twin
from licensing_core.directory import Actor, acting
from licensing_core.money import Money
from licensing_core.periods import Interval, Period, local_date
from licensing_core.subscriptions import Ends, Subscription, SubscriptionState, SubscriptionTerms, Turn

SERIES: Final = "imported-"
"""The series of the documents that a subscription was billed with elsewhere, where none is named."""


def import_subscription(
    account: CustomerAccount,
    subscription_id: Id,
    terms: SubscriptionTerms,
    *,
    anchor: date | datetime | None,
    charged: Money | None,
    paid: Money | None = None,
    since: date | datetime | None = None,
    number: DocumentNumber | None = None,
    renewals: Count = 0,
    scheduled: tuple[ScheduledChange, ...] = (),
    trial_ends: datetime | None = None,
    converts: bool = True,
    ends: Ends | None = None,
    pools: frozenset[Id] = frozenset(),
    by: Actor,
    now: datetime,
) -> Decision[CustomerAccount, SubscriptionImported]:
    """Take a subscription over that another system has billed so far, as it stands there, as one event.

    Nothing is charged for the running period: what was charged for it there is brought with its bill, `imported:` and
    the id of the subscription. A change, a pause or a cancellation gives back what was paid there, and no more; what
    was not paid there is owed here, and as overdue as it was. The next period is billed when it is due.

    Args:
        anchor: The day, or instant, from which its periods are counted, so that it is due as it was there; `None` in a
            trial.
        charged: For the period that holds *now*, before the taxes of the terms or with them, as the terms have it;
            `None` where it is free.
        paid: What was paid of that, taxes included; by default all of it.
        since: From when the period was charged, where only a part of it was.
        number: Of the invoice or proforma that it was charged with, for credit notes to name.
        renewals: How often it was renewed.
        scheduled: Changes that wait.
        trial_ends: The first instant after the trial that it is in; nothing was billed then.
        converts: Whether the trial turns into a subscription that is paid for, unless it is cancelled before.
        ends: When it ends, where it is cancelled already.
        pools: Ids of the pools that it pays for.

    Raises:
        InvalidArgument: *account* is none, *by* no actor, or *now* no aware datetime.
        ImportRefused: Anything else; it names all breaches, those of the forms of arguments included.

    Source: LAT-1, LAT-5, decisions 11 and 13.
    """
    at, who = as_instant("now", now), acting(by)
    given: dict[str, Any] = {
        "subscription_id": subscription_id,
        "terms": terms,
        "anchor": anchor,
        "charged": charged,
        "paid": paid,
        "since": since,
        "number": number,
        "renewals": renewals,
        "scheduled": scheduled,
        "trial_ends": trial_ends,
        "converts": converts,
        "ends": ends,
        "pools": pools,
    }
    as_account("account", account)
    one = brought(partial(Elsewhere, account=account, at=at), given, FORMS, RULES)
    started, bills = _subscription(one)
    event = SubscriptionImported(subscription=started.id, started=started, bills=bills, by=who, at=at)
    return Decision(apply(account, event), (event,))


def _subscription(one: Elsewhere) -> tuple[Subscription, tuple[Bill, ...]]:
    """The subscription as it goes on here, and the bill of its running period."""
    begun = Subscription(
        id=one.subscription_id,
        terms=one.terms,
        state=SubscriptionState.TRIAL if one.trial_ends is not None else SubscriptionState.ACTIVE,
        renewals=one.renewals,
        trial_ends=one.trial_ends,
        converts=one.converts,
        ends=one.ends,
        pools=one.pools,
    )
    if one.trial_ends is not None:
        return begun, ()
    item: BilledItem = evolve(one.item, id=one.subscription_id, scheduled=one.scheduled)
    start = one.start(item.period)
    if not one.charged:
        free = Turn(start=start, item=item, document=None, paid=True, renewal=one.renewals > 0)
        return evolve(begun, turns=(free,)), ()
    bill = _bill(one, one.charged, item.period, start)
    item = evolve(item, line=bill.lines[0].id, lines=1)
    turn = Turn(start=start, item=item, document=bill.id, paid=not bill.open, renewal=one.renewals > 0)
    return evolve(begun, turns=(turn,), lines=1), (bill,)


def _bill(one: Elsewhere, charged: Money, period: Period, start: datetime) -> Bill:
    """The document that the running period was charged with, with the value that it holds."""
    document, nothing, policy = f"imported:{one.subscription_id}", Money.zero(charged.currency), one.terms.policy
    taxes, gross = taxes_on(charged, one.terms), gross_of(charged, one.terms)
    held = LineValue(
        id=f"{one.subscription_id}:1",
        document=document,
        item=one.terms.item,
        billed=Interval(start, period.end),
        period=period,
        every=one.terms.every,
        exact_price=charged.minor / one.share(period),
        convention=policy.convention,
        amount=charged,
        taxes=taxes,
        treatment=policy.taxes.treatment,
        credited=nothing,
        paid=gross if one.paid is None else one.paid,
        returned=nothing,
    )
    printed = DocumentLine(
        item=one.terms.item,
        quantity=one.terms.quantity,
        billed=held.billed,
        reason=Reason.PERIOD,
        net=gross - Money.sum((tax.amount for tax in taxes), charged.currency),
        taxes=taxes,
    )
    due = local_date(start, period.zone)
    number = one.number or DocumentNumber(series=SERIES, number=len(one.account.subscriptions) + 1, issued_on=due)
    issued = Document(
        id=document,
        kind=PROFORMA if held.outstanding else INVOICE,
        number=number,
        customer=one.account.id,
        due_on=max(due, number.issued_on),
        currency=charged.currency,
        lines=(printed,),
    )
    status = BillStatus.UNPAID if held.outstanding else BillStatus.PAID
    return Bill(document=issued, subscription=one.subscription_id, due=due, status=status, lines=(held,))


can_import_subscription = twin(import_subscription, "LAT-5")
