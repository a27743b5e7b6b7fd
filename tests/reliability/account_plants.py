"""Bugs of accounts, dunning and jobs to plant, and some of subscriptions: a partner's year must find each of the ones
in its list, and the runs of the jobs those in theirs.

Most break a rule where it is decided, so that events and states still agree.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core import accounts, dunning, license_cycle, subscriptions
from licensing_core.accounts import (
    Bill,
    BillIssued,
    Block,
    BlockLifted,
    CustomerAccount,
    Numbers,
    PlanAssigned,
    books,
    running,
)
from licensing_core.accounts import events as account_events
from licensing_core.adapters.memory import MemoryUnitOfWork
from licensing_core.billing import DocumentKind, LineValue, PaymentBooked
from licensing_core.checks import FrozenMap
from licensing_core.decisions import Decision
from licensing_core.license_cycle import CycleStillOpen, LicenseAccount
from licensing_core.periods import Cycle, Period, local_date
from licensing_core.subscriptions import (
    Subscription,
    SubscriptionState,
    TurnsWithdrawn,
    booking,
    changing,
    ending,
    giving_back,
    standing,
    turning,
)
from licensing_core.subscriptions import events as subscription_events

Plant = Callable[[], AbstractContextManager[Any]]


def _due_dates_drift() -> AbstractContextManager[Any]:
    """Each period is counted from the one before, so that day 31 never comes back."""

    def after(cycle: Cycle, issued: Period) -> Period:
        first = local_date(issued.end, cycle.zone)
        return evolve(cycle, anchor=first, anchor_day=None).period(0)

    return patch.object(Cycle, "period_after", after)


def _late_billing_begins_today() -> AbstractContextManager[Any]:
    """What is billed late is billed from today on, and the days before are lost."""
    honest = booking.following

    def following(state: Any, *, now: datetime, **more: Any) -> Any:
        if state.subscription.turns[-1].end < now - timedelta(days=1):
            return booking.begun(state, now, now=now, renewal=True, **more)
        return honest(state, now=now, **more)

    return patch.object(turning, "following", following)


def _billed_ahead_stays() -> AbstractContextManager[Any]:
    """What was billed ahead stays when it is paused or cancelled with credit."""
    return patch.object(giving_back, "withdrawn", lambda state, *_others: Decision(state))


def _owed_though_never_delivered() -> AbstractContextManager[Any]:
    """A cancellation leaves proformas of periods that will not be delivered."""
    return patch.object(ending, "never_begun", lambda state, *_others: Decision(state))


def _trial_never_over() -> AbstractContextManager[Any]:
    """A trial gives access for as long as nobody converts it."""
    return patch.object(standing, "_tried", lambda _subscription, _at: SubscriptionState.TRIAL)


def _cancelled_at_the_end_of_what_is_billed() -> AbstractContextManager[Any]:
    """The end of the term is that of the last period that was billed, paid or not."""

    def through(subscription: Subscription) -> datetime | None:
        return subscription.turns[-1].end if subscription.turns else subscription.trial_ends

    return patch.object(ending, "charged_through", through)


def _paused_and_billed() -> AbstractContextManager[Any]:
    """What is paused is billed on."""
    return patch.object(standing, "_BILLED", (*standing._BILLED, SubscriptionState.PAUSED))


def _suspended_for_ever() -> AbstractContextManager[Any]:
    """What is suspended stays so, though all is paid."""
    return patch.object(turning, "reinstated", lambda state, *_others: Decision(state))


def _one_renewal_too_many() -> AbstractContextManager[Any]:
    """One renewal more is had than was agreed."""
    honest = standing.renewals_left

    def left(subscription: Subscription) -> bool:
        return honest(evolve(subscription, renewals=max(0, subscription.renewals - 1)))

    return patch.object(standing, "renewals_left", left)


def _withdrawn_renewals_count() -> AbstractContextManager[Any]:
    """A renewal that was taken back counts all the same."""
    honest = subscription_events._without

    def without(subscription: Subscription, event: TurnsWithdrawn) -> Subscription:
        return evolve(honest(subscription, event), renewals=subscription.renewals)

    return patch.object(subscription_events, "_without", without)


def _ahead_of_a_change_kept() -> AbstractContextManager[Any]:
    """What was billed ahead is not billed anew as changed."""
    return patch.object(changing, "withdrawn", lambda state, *_others: Decision(state))


def _dunned_a_day_early() -> AbstractContextManager[Any]:
    """The day on which it is due counts as the first of the grace."""
    honest = dunning.days_overdue

    def overdue(subscription: Subscription, **more: Any) -> int | None:
        days = honest(subscription, **more)
        return None if days is None else days + 1

    return patch.object(dunning, "days_overdue", overdue)


def _dunned_by_the_last() -> AbstractContextManager[Any]:
    """The grace begins anew with each period that is not paid."""
    honest = dunning.days_overdue

    def overdue(subscription: Subscription, *, now: datetime) -> int | None:
        owed = [turn for turn in subscription.unpaid if turn.due <= local_date(now, subscription.terms.zone)]
        paid = tuple(evolve(turn, paid=turn in owed[:-1] or turn.paid) for turn in subscription.turns)
        return honest(evolve(subscription, turns=paid), now=now)

    return patch.object(dunning, "days_overdue", overdue)


def _proforma_a_day_late() -> AbstractContextManager[Any]:
    """A proforma is issued a day later than was agreed."""
    honest = dunning.proforma_due

    def due(subscription: Subscription, policy: Any, *, now: datetime) -> bool:
        return honest(subscription, policy, now=now - timedelta(days=1))

    return patch.object(dunning, "proforma_due", due)


def _charged_before_it_is_due() -> AbstractContextManager[Any]:
    """The card is charged a day before."""
    honest = running._days_late
    return patch.object(running, "_days_late", lambda *given: honest(*given) + 1)


def _charged_after_the_end() -> AbstractContextManager[Any]:
    """The card is charged for what was terminated, too."""
    return patch.object(running, "_dunned", lambda *_given: True)


def _all_blocks_lifted() -> AbstractContextManager[Any]:
    """Who lifts one block lifts all."""
    honest = account_events._other

    def other(account: CustomerAccount, event: object) -> CustomerAccount:
        found = honest(account, event)
        return evolve(found, blocks=FrozenMap({})) if isinstance(event, BlockLifted) else found

    return patch.object(account_events, "_other", other)


def _blocked_may_use() -> AbstractContextManager[Any]:
    """A block does not stop what is subscribed to."""

    def can_use(account: CustomerAccount, name: str, *, now: datetime) -> Any:
        return standing.can_access(account.subscriptions[name], now)

    return patch.object(accounts, "can_use", can_use)


def _blocked_a_moment_too_long() -> AbstractContextManager[Any]:
    """A block holds at the very instant at which it ends."""
    return patch.object(Block, "holds", lambda block, now: block.until is None or now <= block.until)


def _trial_outlives_the_plan() -> AbstractContextManager[Any]:
    """The trial goes on when a plan is assigned."""
    honest = account_events._other

    def other(account: CustomerAccount, event: object) -> CustomerAccount:
        found = honest(account, event)
        return evolve(found, trial_ends=account.trial_ends) if isinstance(event, PlanAssigned) else found

    return patch.object(account_events, "_other", other)


def _contacts_are_users() -> AbstractContextManager[Any]:
    """Contacts are counted as users."""
    return patch.object(account_events, "_counts", lambda person: 0 if person is None else 1)


def _a_number_left_out() -> AbstractContextManager[Any]:
    """A credit note takes two numbers."""
    honest = Numbers.next

    def following(numbers: Numbers, kind: DocumentKind, **more: Any) -> Any:
        if kind is DocumentKind.CREDIT_NOTE:
            numbers, _ = honest(numbers, kind, **more)
        return honest(numbers, kind, **more)

    return patch.object(Numbers, "next", following)


def _no_credit_note() -> AbstractContextManager[Any]:
    """What is taken off an invoice has no credit note."""
    return patch.object(books, "_credit_note", lambda *_given: None)


def _credit_spent_twice() -> AbstractContextManager[Any]:
    """What was in credit stays so when it pays."""
    honest = account_events._booked

    def booked(account: CustomerAccount, event: Any) -> CustomerAccount:
        found = honest(account, event)
        kept = isinstance(event, PaymentBooked) and event.from_balance
        return evolve(found, balances=account.balances) if kept else found

    return patch.object(account_events, "_booked", booked)


def _credit_never_spent() -> AbstractContextManager[Any]:
    """What is in credit pays nothing."""
    return patch.object(books, "pay_from_credit", lambda *_given: None)


def _unpaid_comes_back() -> AbstractContextManager[Any]:
    """What was never paid comes back as credit."""
    honest = LineValue.credit_of

    def generous(line: LineValue, *given: Any, **more: Any) -> Any:
        found = honest(line, *given, **more)
        return evolve(found, relief=found.relief - found.relief)

    return patch.object(LineValue, "credit_of", generous)


def _paid_but_not_told() -> AbstractContextManager[Any]:
    """The subscription does not hear of it when a proforma is paid in advance."""
    honest = turning.settle

    def deaf(state: Any, document: str, **more: Any) -> Any:
        ahead = any(turn.document == document and turn.start > more["now"] for turn in state.subscription.turns)
        return Decision(state) if ahead else honest(state, document, **more)

    return patch.object(subscriptions, "settle", deaf)


def _due_when_issued() -> AbstractContextManager[Any]:
    """A proforma is due on the day on which it is issued."""
    honest = BillIssued

    def issued(*, bill: Bill, **more: Any) -> BillIssued:
        return honest(bill=evolve(bill, due=bill.document.number.issued_on), **more)

    return patch.object(books, "BillIssued", issued)


def _billed_at_each_run() -> AbstractContextManager[Any]:
    """Each run bills one period more."""
    return patch.object(dunning, "proforma_due", lambda one, *_given, **_more: _ahead(one) < 3)


def _ahead(subscription: Subscription) -> int:
    return len(subscription.turns) if standing.next_start(subscription) is not None else 3


def _changes_made_when_the_job_runs() -> AbstractContextManager[Any]:
    """A change that waits is carried out when its job comes, however late in the period."""
    honest = booking.carried_out

    def carried_out(state: Any, *, now: datetime, **more: Any) -> Any:
        *before, last = state.subscription.turns
        if now >= last.end:
            return honest(state, now=now, **more)
        due = standing.change_due(state.subscription)
        late = tuple(evolve(one, effective=now) if one.effective == due else one for one in last.item.scheduled)
        moved = evolve(last, item=evolve(last.item, scheduled=late))
        asked = evolve(state, subscription=evolve(state.subscription, turns=(*before, moved)))
        return honest(asked, now=now, **more)

    return patch.object(turning, "carried_out", carried_out)


def _cycles_skipped() -> AbstractContextManager[Any]:
    """A cycle of licenses that is closed late is followed by the one that runs then."""
    honest = license_cycle.close_cycle

    def close(account: LicenseAccount, *, now: datetime, **more: Any) -> Any:
        running_now = account.cycle.period_at(now)
        if now < account.period.end:
            raise CycleStillOpen(ends=account.period.end)
        before = account.cycle.period(running_now.index - 1)
        return honest(evolve(account, period=before), now=now, **more)

    return patch.object(license_cycle, "close_cycle", close)


def _keys_forgotten() -> AbstractContextManager[Any]:
    """A command is carried out once more when it is sent again."""
    return patch.object(MemoryUnitOfWork, "recall", lambda *_given: None)


def _failures_not_told_apart() -> AbstractContextManager[Any]:
    """A debit that failed is not noted, so that the next attempt has the key of the one before."""
    honest = account_events._changed_bills

    def changed(account: CustomerAccount, event: Any) -> Any:
        return () if isinstance(event, accounts.DebitFailed) else honest(account, event)

    return patch.object(account_events, "_changed_bills", changed)


IN_YEARS: tuple[Plant, ...] = (
    _due_dates_drift,
    _late_billing_begins_today,
    _billed_ahead_stays,
    _owed_though_never_delivered,
    _trial_never_over,
    _cancelled_at_the_end_of_what_is_billed,
    _paused_and_billed,
    _suspended_for_ever,
    _one_renewal_too_many,
    _withdrawn_renewals_count,
    _ahead_of_a_change_kept,
    _dunned_a_day_early,
    _dunned_by_the_last,
    _proforma_a_day_late,
    _charged_before_it_is_due,
    _charged_after_the_end,
    _all_blocks_lifted,
    _blocked_may_use,
    _blocked_a_moment_too_long,
    _trial_outlives_the_plan,
    _contacts_are_users,
    _a_number_left_out,
    _no_credit_note,
    _credit_spent_twice,
    _credit_never_spent,
    _unpaid_comes_back,
    _paid_but_not_told,
    _due_when_issued,
    _failures_not_told_apart,
    _billed_at_each_run,
    _changes_made_when_the_job_runs,
)
"""Bugs that a partner's year finds."""
IN_JOBS: tuple[Plant, ...] = (
    _late_billing_begins_today,
    _billed_at_each_run,
    _changes_made_when_the_job_runs,
    _cycles_skipped,
    _keys_forgotten,
)
"""Bugs that the runs of the jobs find."""
