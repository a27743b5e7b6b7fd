"""How a subscription stands at some instant: its state, what is due when, and whether it gives access."""

from datetime import date, datetime
from typing import Any, Final

from attrs import evolve

from licensing_core.billing import Billed, BilledItem, Ledger, Quote, When
from licensing_core.billing.reckoning import advanced, started
from licensing_core.checks import as_instant, instance
from licensing_core.decisions import Verdict
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, local_date, start_of_day
from licensing_core.plans import Renewal
from licensing_core.subscriptions.refusals import NotInForce, SubscriptionEnded, WrongState
from licensing_core.subscriptions.states import FINAL, GIVES_ACCESS, SubscriptionState
from licensing_core.subscriptions.values import (
    MOST_TURNS,
    Subscribed,
    Subscription,
    Turn,
    counts_seconds,
    remembered,
    with_turns_of,
)

as_subscription: Final = instance(Subscription)
as_subscribed: Final = instance(Subscribed)
_S: Final = SubscriptionState


def state_at(subscription: Subscription, now: datetime) -> SubscriptionState:
    """Where *subscription* stands at *now*: as the last event left it, and what has come to pass since.

    Nothing has to run for a trial to end, for a cancellation to take effect, or for a last period to run out.

    Raises:
        InvalidArgument: *subscription* is none, or *now* no aware datetime.

    Source: LAT-1, PLZ-11.
    """
    stored, at = as_subscription("subscription", subscription).state, as_instant("now", now)
    if stored in FINAL:
        return _S(stored)
    if subscription.ends is not None and at >= subscription.ends.access:
        return _S.CANCELLED
    if stored is _S.TRIAL:
        return _S.TRIAL if subscription.trial_ends is None or at < subscription.trial_ends else _tried(subscription, at)
    return _S.EXPIRED if stored in (_S.ACTIVE, _S.SUSPENDED) and _ran_out(subscription, at) else _S(stored)


def _tried(subscription: Subscription, at: datetime) -> SubscriptionState:
    """After a trial: it is paid for, or will be once its billing runs; else it has expired."""
    if not subscription.turns and next_start(subscription) is None:
        return _S.EXPIRED
    return _S.EXPIRED if _ran_out(subscription, at) else _S.ACTIVE


def _ran_out(subscription: Subscription, at: datetime) -> bool:
    """Whether the last period is over, and none follows it; access that is to outlive billing goes on."""
    end = runs_out(subscription)
    return end is not None and at >= end and not billing_over(subscription, end)


def runs_out(subscription: Subscription) -> datetime | None:
    """When the last period ends that was agreed, whether it is billed by now or not.

    `None` when it goes on, and when that lies beyond the calendar, or beyond a change of its interval that is far off.

    Source: DOC-53.
    """
    terms = as_subscription("subscription", subscription).terms
    left = _to_come(subscription)
    if left is None:
        return None
    try:
        if subscription.turns:
            return _end_after(subscription, subscription.turns[-1], left)
        first = next_start(subscription)
        return None if first is None else terms.cycle_from(first).boundary(1 + left)
    except LicensingError:
        return None  # beyond the calendar: it is not to be seen


def _to_come(subscription: Subscription) -> int | None:
    """How many periods follow the last one by themselves; `None` for no end."""
    terms = subscription.terms
    if terms.renewal is not Renewal.AUTOMATIC:
        return 0
    return None if terms.most_renewals is None else max(0, terms.most_renewals - subscription.renewals)


def _end_after(subscription: Subscription, last: Turn, left: int) -> datetime | None:
    """The end of the last of so many periods after the *last* turn, whose changes may be of another length."""
    item, aligned, currency = last.item, last.aligned, last.item.terms.price.currency
    for _ in range(MOST_TURNS):
        if all(one.change.every is None for one in item.scheduled):
            break
        due = _dated(item)
        if due is None or billing_over(subscription, due):
            if not left:
                break
            left -= 1
        nothing = Ledger(id="none", currency=currency, balance=Money.zero(currency))
        before = Billed(evolve(item, line=None), nothing)
        item, aligned = stepped(before, aligned)[0], None if due is None else aligned
    else:
        return None
    if not left:
        return item.period.end
    cycle = item.terms.cycle if aligned is None else with_turns_of(aligned, item.terms.cycle.every)
    return cycle.boundary(cycle.index_at(item.period.end) + left)


def stepped(state: Billed, aligned: Cycle | None) -> tuple[BilledItem, Quote]:
    """The item after what is due first, a change or the next period, and what that comes to.

    A period that follows one that was *aligned* runs to a boundary of that common cycle.
    """
    boundary = _dated(state.item) is None
    after, quote, done = advanced(state)
    if boundary and aligned is not None:
        terms = evolve(after.terms, cycle=with_turns_of(aligned, after.terms.cycle.every))
        period, quote = started(terms, after.policy, state.item.period.end)
        after = evolve(after, terms=terms, period=period)
    return evolve(after, scheduled=tuple(one for one in after.scheduled if one not in done)), quote


def goes_on(subscription: Subscription) -> bool:
    """Whether another period follows the last one by itself."""
    terms = as_subscription("subscription", subscription).terms
    return terms.renewal is Renewal.AUTOMATIC and renewals_left(subscription)


def renewals_left(subscription: Subscription) -> bool:
    """Whether it may be renewed once more."""
    most = as_subscription("subscription", subscription).terms.most_renewals
    return most is None or subscription.renewals < most


def next_due(subscription: Subscription, now: datetime) -> date | None:
    """The day on which the next payment is due: of the first unpaid period, else the end of what is paid for.

    `None` once nothing is to come: it has ended, is paused, or was never to be paid.

    Source: LAT-1.
    """
    state = state_at(subscription, now)
    zone = subscription.terms.zone
    if state in FINAL or state in (_S.EXPIRED, _S.PAUSED):
        return None
    if subscription.ordered is not None:
        return local_date(subscription.ordered.at, zone)
    due = charged_through(subscription)
    return None if due is None else local_date(due, zone)


def charged_through(subscription: Subscription) -> datetime | None:
    """Up to when it is paid for: the start of its first unpaid period, else the end of its last one.

    Of a trial, when it ends; `None` for what was never paid, is paused, or is cancelled so that it cannot go on from
    there.
    """
    ends = as_subscription("subscription", subscription).ends
    if subscription.state is _S.PAUSED:
        return None
    if subscription.unpaid:
        return subscription.unpaid[0].start
    if ends is not None and ends.final:
        return None
    return subscription.turns[-1].end if subscription.turns else subscription.trial_ends


def next_start(subscription: Subscription) -> datetime | None:
    """When the next period to be billed begins; `None` when none is to come by itself, or not yet.

    A change that waits for an instant comes before the period that follows it, so that the period is billed as changed.
    """
    if as_subscription("subscription", subscription).state not in _BILLED:
        return None
    if not subscription.turns:
        first = subscription.trial_ends if subscription.converts else None
        return None if first is None or billing_over(subscription, first) else first
    last = subscription.turns[-1]
    if not goes_on(subscription) or change_due(subscription) is not None or billing_over(subscription, last.end):
        return None
    return last.end


_BILLED: Final = (_S.TRIAL, _S.ACTIVE, _S.SUSPENDED)


def change_due(subscription: Subscription) -> datetime | None:
    """When the first change that waits for an instant is due; `None` when none waits, or billing ends before."""
    if as_subscription("subscription", subscription).state not in _BILLED or not subscription.turns:
        return None
    due = _dated(subscription.turns[-1].item)
    return None if due is None or billing_over(subscription, due) else due


def _dated(item: BilledItem) -> datetime | None:
    """The first instant within the period of *item* for which a change waits."""
    waiting = [one.effective for one in item.scheduled if not isinstance(one.effective, When)]
    return min((at for at in waiting if at < item.period.end), default=None)


def billing_over(subscription: Subscription, at: datetime) -> bool:
    """Whether nothing that begins at *at* is billed any more, since it was cancelled."""
    ends = subscription.ends
    return ends is not None and (ends.final or at >= billing_stops(subscription, ends.billing))


def billing_stops(subscription: Subscription, at: datetime) -> datetime:
    """From where no period is billed when billing ends at *at*: with that day, unless it is billed by seconds."""
    terms = subscription.terms
    every = subscription.turns[-1].item.terms.cycle.every if subscription.turns else terms.every
    return at if counts_seconds(every, terms.policy) else start_of_day(local_date(at, terms.zone), terms.zone)


def has_room(subscription: Subscription, now: datetime) -> bool:
    """Whether one more turn may be billed: too many are neither unpaid, running nor ahead."""
    return len(remembered(subscription.turns, now)) < MOST_TURNS


def can_access(subscription: Subscription, now: datetime) -> Verdict:
    """Whether what was subscribed to may be used now, as far as the subscription goes; a block is asked apart.

    Source: LAT-1.
    """
    state = state_at(subscription, now)
    if state in GIVES_ACCESS:
        return Verdict.allow("LAT-1")
    return Verdict.refuse(NotInForce(subscription=subscription.id, state=state.value))


def require_state(subscription: Subscription, now: datetime, *wanted: SubscriptionState) -> SubscriptionState:
    """The state at *now*, which is one of those *wanted*; raises `SubscriptionEnded` or `WrongState`."""
    state = state_at(subscription, now)
    if state not in wanted:
        raise refused(subscription, state, *wanted)
    return state


def refused(subscription: Subscription, state: SubscriptionState, *wanted: SubscriptionState) -> LicensingError:
    """The refusal of a subscription that is in *state*, and not in one of those *wanted*."""
    fields: dict[str, Any] = {"subscription": subscription.id, "state": state.value}
    if state in FINAL:
        return SubscriptionEnded(**fields)
    return WrongState(**fields, wanted=tuple(one.value for one in wanted))
