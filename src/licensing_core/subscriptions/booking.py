"""What is billed becomes a turn: a whole period, the one that follows, or the rest of one after a change."""

from datetime import datetime
from functools import reduce
from typing import Final

from attrs import evolve

from licensing_core.billing import (
    AlreadyBooked,
    Billed,
    BilledItem,
    ItemChange,
    ItemTerms,
    Quote,
    ScheduledChange,
    When,
)
from licensing_core.billing.ledger import book_as, line_ids
from licensing_core.billing.reckoning import beginning, started, terms_after, unused_part
from licensing_core.directory import Actor, acting
from licensing_core.periods import Cycle, Interval, local_date, start_of_day
from licensing_core.periods.zones import day_at
from licensing_core.subscriptions.deciding import SubscriptionDecision, and_then, followed
from licensing_core.subscriptions.events import SubscriptionActivated, TurnBilled
from licensing_core.subscriptions.giving_back import cleared, unused_given_back
from licensing_core.subscriptions.standing import change_due, state_at, stepped
from licensing_core.subscriptions.states import SubscriptionState
from licensing_core.subscriptions.values import Subscribed, Subscription, Turn, with_turns_of

_KEPT: Final = (SubscriptionState.TRIAL, SubscriptionState.SUSPENDED)


def billed(
    state: Subscribed,
    item: BilledItem,
    quote: Quote,
    start_at: datetime,
    *,
    document: str,
    renewal: bool = False,
    activates: bool = False,
    aligned: Cycle | None = None,
    by: Actor,
    now: datetime,
) -> SubscriptionDecision:
    """Book *quote* with *document*, and *item* as the last turn; nothing is booked where there is nothing to pay.

    Where a cancellation gives back what is charged for the time after it, that is given back at once.

    Raises:
        AlreadyBooked: A turn was billed with this very document.
    """
    subscription = state.subscription
    _require_new(state, document)
    ids = line_ids("subscription_id", subscription.id, quote, after=subscription.lines)
    lines = subscription.lines + len(ids)
    booked = book_as(ids, state.ledger, quote, document=document, by=by, now=now) if quote.lines else None
    owed = booked is not None and bool(ids) and bool(booked.state.outstanding(document))
    turn = Turn(
        start=start_at,
        item=evolve(item, line=ids[0] if ids else item.line, lines=lines),
        document=document if ids else None,
        paid=activates or not owed,
        renewal=renewal,
        aligned=aligned,
    )
    event = (SubscriptionActivated if activates else TurnBilled)(
        subscription=subscription.id,
        turn=turn,
        state=_next_state(subscription, now),
        lines=lines,
        renewals=subscription.renewals + renewal,
        quote=quote,
        by=acting(by),
        at=now,
    )
    done = followed(state, *(() if booked is None else booked.events), event)
    return _given_back_after(done, by, now) if quote.credits or subscription.ends is not None else done


def _given_back_after(done: SubscriptionDecision, by: Actor, now: datetime) -> SubscriptionDecision:
    """*done*, and what lies beyond the end that credits taken off again; what is owed no longer is settled."""
    ends = done.state.subscription.ends
    if ends is not None and ends.credited:
        done = and_then(done, unused_given_back(done.state, ends.billing, by, now))
    return and_then(done, cleared(done.state, by, now))


def _require_new(state: Subscribed, document: str) -> None:
    for turn in state.subscription.turns:
        if turn.document == document:
            raise AlreadyBooked(ledger=state.ledger.id, line=turn.item.line or document)


def _next_state(subscription: Subscription, now: datetime) -> SubscriptionState:
    """A trial stays one to its end, and what is suspended stays so until it is paid; all else is active."""
    kept = subscription.state in _KEPT and state_at(subscription, now) is subscription.state
    return subscription.state if kept else SubscriptionState.ACTIVE


def running(state: Subscribed) -> BilledItem:
    """The last turn as billing takes it."""
    item: BilledItem = evolve(state.subscription.turns[-1].item, lines=state.subscription.lines)
    return item


def carried_out(state: Subscribed, *, document: str, by: Actor, now: datetime) -> SubscriptionDecision:
    """Carry out the changes whose instant came first, as of that instant."""
    last = state.subscription.turns[-1]
    due = change_due(state.subscription)
    item, quote = stepped(Billed(running(state), state.ledger), last.aligned)
    begins = max(last.start, beginning(due or now, item.period.zone, item.policy))
    return billed(state, item, quote, begins, document=document, aligned=last.aligned, by=by, now=now)


def following(state: Subscribed, *, document: str, by: Actor, now: datetime) -> SubscriptionDecision:
    """The period after the last turn, as the changes say that wait for it."""
    last = state.subscription.turns[-1]
    after, quote = stepped(Billed(running(state), state.ledger), last.aligned)
    item = evolve(after, line=None)
    return billed(state, item, quote, last.end, document=document, renewal=True, by=by, now=now)


def begun(
    state: Subscribed, at: datetime, *, document: str, renewal: bool = False, by: Actor, now: datetime
) -> SubscriptionDecision:
    """A whole period from *at* on, on a cycle that begins there, at the terms that hold by then.

    A renewal of what was aligned to a common cycle runs to a boundary of that one, and is prorated.
    """
    subscription = state.subscription
    last = subscription.turns[-1] if subscription.turns else None
    begins = beginning(at, subscription.terms.zone, subscription.terms.policy)
    terms, waiting = subscription.terms.item_terms(subscription.terms.cycle_from(at)), tuple[ScheduledChange, ...]()
    if last is not None:
        terms, waiting = _by_then(state, last, begins, at)
        begins = _not_used_up(state, last, begins, at)
    cycle = subscription.terms.cycle_from(max(at, begins), terms.cycle.every)
    if renewal and last is not None and last.aligned is not None:
        cycle = with_turns_of(last.aligned, cycle.every)
    terms = evolve(terms, cycle=cycle)
    start_at = max(cycle.period_at(max(at, begins)).start, begins)
    period, quote = started(terms, subscription.terms.policy, start_at)
    item = BilledItem(
        id=subscription.id, terms=terms, policy=subscription.terms.policy, period=period, scheduled=waiting
    )
    return billed(state, item, quote, start_at, document=document, renewal=renewal, by=by, now=now)


def _by_then(
    state: Subscribed, last: Turn, begins: datetime, at: datetime
) -> tuple[ItemTerms, tuple[ScheduledChange, ...]]:
    """The terms after all changes that are due by *at* or wait for the next period, and those that wait on."""
    due = [one for one in last.item.scheduled if isinstance(one.effective, When) or one.effective <= at]
    due.sort(key=lambda one: at if isinstance(one.effective, When) else one.effective)
    change = reduce(lambda earlier, one: one.change.over(earlier), due, ItemChange())
    waiting = tuple(one for one in last.item.scheduled if one not in due)
    return terms_after(last.item.terms, change, begins, Billed(last.item, state.ledger)), waiting


def _not_used_up(state: Subscribed, last: Turn, begins: datetime, at: datetime) -> datetime:
    """*begins*, or else the next day, where the day of *at* was charged already: as that of a change may be."""
    zone = last.item.period.zone
    today = local_date(at, zone)
    tomorrow = start_of_day(day_at(today.toordinal() + 1), zone)
    line = None if last.item.line is None else state.ledger.lines.get(last.item.line)
    if line is not None and isinstance(line.billed, Interval):
        used = line.billed.end
    else:
        part = unused_part(last.item.period, at, last.item.policy) if last.due == today else None
        used = None if part is None else part.start
    return begins if used is None or used > tomorrow else max(begins, used)
