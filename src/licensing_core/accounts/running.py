"""The jobs of an account, each safe to run at any time and any number of times: bill, charge, dun."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from attrs import frozen

from licensing_core import dunning
from licensing_core import subscriptions as subscribing
from licensing_core.accounts.books import (
    Books,
    BooksDecision,
    Decide,
    Entry,
    as_books,
    as_decision,
    carry,
    pay_from_credit,
    subscription_of,
)
from licensing_core.accounts.events import DebitFailed, ReminderSent
from licensing_core.accounts.ordering import payable
from licensing_core.accounts.values import Bill, CustomerAccount, as_account
from licensing_core.checks import Id, Positive, Value, as_instant, checked
from licensing_core.decisions import twin
from licensing_core.directory import Actor
from licensing_core.dunning import DunningAction, DunningStep, HoldingsEffect
from licensing_core.money import Money
from licensing_core.periods import local_date, start_of_day
from licensing_core.subscriptions import (
    Subscribed,
    SubscriptionDecision,
    SubscriptionState,
    SubscriptionSuspended,
    SubscriptionTerminated,
    can_access,
    state_at,
)

MOST_BILLED: Final = 366
"""The most periods of one subscription that are billed at once; the next run goes on."""


def bill_due(books: Books, subscription_id: Id | None = None, *, by: Actor, now: datetime) -> BooksDecision:
    """Issue the proformas of all periods that begin within the days of the dunning policy, as of when they begin.

    Changes whose instant has come are carried out on the way, in their order. However often it runs, each period is
    billed once. What the customer has in credit pays first.

    Args:
        subscription_id: Only of this one; by default of all, by their ids.

    Raises:
        UnknownSubscription: There is no such subscription.

    Source: LAT-2, LAT-5, DOC-53, decision 11.
    """
    entry = Entry(books, by, now)
    named = (subscription_id,) if subscription_id is not None else tuple(sorted(entry.account.subscriptions))

    def decide(state: Subscribed, document: str) -> SubscriptionDecision:
        return subscribing.bill_next(state, document=document, by=by, now=entry.at)

    pay_from_credit(entry)
    for name in named:
        billed = 0
        while billed < MOST_BILLED and _waits(entry, name) and carry(entry, name, decide):
            billed += 1
    return entry.decision()


def _waits(entry: Entry, subscription_id: str) -> bool:
    """Whether there is something to bill: a change whose instant has come, or a period that begins soon."""
    subscription = subscription_of(entry.account, subscription_id)
    due = subscribing.change_due(subscription)
    if due is not None and due <= entry.at:
        return True
    return dunning.proforma_due(subscription, entry.account.settings.dunning, now=entry.at)


@frozen(kw_only=True, field_transformer=checked)
class Charge(Value):
    """What the automatic debit is to charge now.

    Attributes:
        document: Id of the proforma.
        attempt: From 1 on, one more than the failures that were noted. Charge under a key made of tenant, document and
            attempt: asked again after a crash, a gateway then charges once, and yet a new attempt is a new charge.
    """

    document: Id
    subscription: Id
    amount: Money
    attempt: Positive = 1


def charges_due(account: CustomerAccount, *, now: datetime) -> tuple[Charge, ...]:
    """What the automatic debit is to charge now, by the day on which it was due; nothing where there is none.

    That is each unpaid proforma of an active or suspended subscription that is due, at every run until it is paid.

    Source: LAT-3.
    """
    at, settings = as_instant("now", now), as_account("account", account).settings
    if not settings.automatic_debit:
        return ()
    return tuple(
        Charge(document=bill.id, subscription=bill.subscription, amount=bill.outstanding, attempt=bill.failed + 1)
        for bill in account.due
        if _days_late(account, bill, at) >= settings.dunning.charge_days and _dunned(account, bill, at)
    )


def _days_late(account: CustomerAccount, bill: Bill, now: datetime) -> int:
    """How many days ago *bill* was due; below 0 for one that is not."""
    return local_date(now, account.zone).toordinal() - bill.due.toordinal()


def _dunned(account: CustomerAccount, bill: Bill, now: datetime) -> bool:
    state = state_at(account.subscriptions[bill.subscription], now)
    return state in (SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED)


def note_failed_debit(books: Books, document: Id, *, by: Actor, now: datetime) -> BooksDecision:
    """Take note that the automatic debit for a proforma failed; it is tried again at the next run.

    Raises:
        UnknownBill, BillPaidAlready, BillIsVoid: There is no such proforma, or nothing to pay for it.

    Source: LAT-3, LAT-6.
    """
    entry = Entry(books, by, now)
    bill = payable(entry.account, document)
    entry.add(DebitFailed(account=entry.account.id, document=bill.id, by=entry.by, at=entry.at))
    return entry.decision()


def dun(books: Books, *, by: Actor, now: datetime) -> BooksDecision:
    """Take the steps of the dunning policy that are due: remind, suspend or terminate what is overdue.

    Run it after what is due was charged. However often it runs, each step is taken once.

    Source: LAT-1, LAT-6.
    """
    entry = Entry(books, by, now)
    for name in sorted(entry.account.subscriptions):  # what ends one gives back may pay for the next
        policy = entry.account.settings.dunning
        for step in dunning.steps_due(subscription_of(entry.account, name), policy, now=entry.at):
            carry(entry, name, _stepping(step, by, entry.at))
    for bill, days in _reminders(entry.account, entry.at):
        entry.add(ReminderSent(account=entry.account.id, document=bill.id, days=days, by=entry.by, at=entry.at))
    return entry.decision()


def _stepping(step: DunningStep, by: Actor, now: datetime) -> Decide:
    """What a step does: however late it is taken, it ends a subscription as of the day on which it was due."""

    def decide(state: Subscribed, _document: str) -> SubscriptionDecision:
        if step.action is not DunningAction.TERMINATE:
            return subscribing.suspend(state, by=by, now=now)
        first, zone = state.subscription.unpaid[0].due.toordinal(), state.subscription.terms.zone
        since = start_of_day(date.fromordinal(first + step.after_days), zone)
        return subscribing.terminate(state, since=since, by=by, now=now)

    return decide


def pools_to_release(dunned: BooksDecision, *, now: datetime) -> tuple[str, ...]:
    """Ids of the pools whose holdings go back by the steps that were taken in *dunned*, a decision of `dun()` at *now*.

    A pool that another subscription pays for, which gives access, is kept.

    Source: LAT-1.
    """
    at = as_instant("now", now)
    account = as_books("dunned", as_decision("dunned", dunned).state).account
    releasing = {one.action for one in account.settings.dunning.steps if one.holdings is HoldingsEffect.RELEASE}
    found: set[str] = set()
    for event in dunned.events:
        if isinstance(event, _STEPS) and _TAKEN[type(event)] in releasing:
            found |= account.subscriptions[event.subscription].pools
    paid_for = (one.pools for one in account.subscriptions.values() if found & one.pools and can_access(one, at))
    return tuple(sorted(found.difference(*paid_for)))


_STEPS: Final = (SubscriptionSuspended, SubscriptionTerminated)
_TAKEN: Final = {SubscriptionSuspended: DunningAction.SUSPEND, SubscriptionTerminated: DunningAction.TERMINATE}


def _reminders(account: CustomerAccount, now: datetime) -> Iterator[tuple[Bill, int]]:
    """What is to be reminded of now, and for how many days after it was due: the last of the steps that have come."""
    for bill in account.due:
        steps = account.settings.dunning.due(_days_late(account, bill, now))
        days = max((step.after_days for step in steps if step.action is DunningAction.REMIND), default=None)
        new = days is not None and (bill.reminded is None or days > bill.reminded)
        if days is not None and new and _dunned(account, bill, now):
            yield bill, days


can_bill_due = twin(bill_due, "LAT-5")
can_note_failed_debit = twin(note_failed_debit, "LAT-3")
can_dun = twin(dun, "LAT-1")
