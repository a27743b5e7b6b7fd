"""Changing what was agreed: now, at the end of the period, or at an instant; several changes compose.

How they compose is told in `billing.changes`: what is due earlier comes first, the last word on each thing holds, and
a period is billed as changed.
"""

from datetime import datetime
from typing import Final

from attrs import evolve

from licensing_core import billing
from licensing_core.billing import Billed, ItemChange, ScheduledChange, When
from licensing_core.billing.reckoning import beginning
from licensing_core.checks import Id, Instant, InvalidArgument, as_instant, check_of, instance, shown
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.subscriptions.booking import billed, running
from licensing_core.subscriptions.deciding import SubscriptionDecision, and_then, followed
from licensing_core.subscriptions.events import (
    SubscriptionChangeScheduled,
    SubscriptionChangeWithdrawn,
    TermsChanged,
)
from licensing_core.subscriptions.giving_back import taken_back, withdrawn
from licensing_core.subscriptions.refusals import CancellationCredited, EndsAlready
from licensing_core.subscriptions.standing import as_subscribed, billing_over, require_state
from licensing_core.subscriptions.states import SubscriptionState
from licensing_core.subscriptions.turning import first_quote, require_current
from licensing_core.subscriptions.values import Subscribed, Subscription, running_from

_S: Final = SubscriptionState
_NOBODY: Final = Actor("nobody")
_as_change: Final = instance(ItemChange)
_as_effective: Final = check_of(Instant | When)


def quote_change(state: Subscribed, change: ItemChange, *, now: datetime) -> billing.Quote:
    """What `change()` would charge and give back now.

    Raises:
        As `change()` does.
    """
    first = _to_change(state, change, _NOBODY, now)
    return billing.quote_change(Billed(running(first.state), first.state.ledger), change, now=now)


def _to_change(
    state: Subscribed, change: ItemChange, by: Actor, now: datetime, *, since: datetime | None = None
) -> SubscriptionDecision:
    """*state* without the periods that were billed ahead, so that it can be changed at *now*, or as of *since*."""
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    _sold(change)
    require_state(subscription, at, _S.ACTIVE)
    _require_billing(subscription, at)
    require_current(subscription, at)
    return withdrawn(state, at if since is None else since, by, at)


def _sold(change: ItemChange) -> ItemChange:
    """*change*, when something is sold after it."""
    asked: ItemChange = _as_change("change", change)
    if asked.quantity == 0:
        raise InvalidArgument(parameter="change", expected="a quantity above 0; to end it, cancel it", got="0")
    return asked


def _require_billing(subscription: Subscription, at: datetime) -> None:
    """See to it that billing goes on, and that no cancellation has given back what would be changed."""
    if subscription.ends is not None and subscription.ends.credited:
        raise CancellationCredited(subscription=subscription.id)
    if billing_over(subscription, at):
        raise EndsAlready


def change(
    state: Subscribed,
    change: ItemChange,
    *,
    document: Id,
    confirmed: "billing.Quote | None" = None,
    by: Actor,
    now: datetime,
) -> SubscriptionDecision:
    """Change what is sold, how much, how often or at what price, now.

    The unused part of what the running period was charged is credited, and the new terms are charged for it with
    *document*; of what was billed ahead all is taken back, and billed anew as changed.

    Args:
        confirmed: The quote that was confirmed; another one is refused.

    Raises:
        InvalidArgument: The quantity is 0: cancel it instead.
        SubscriptionEnded, WrongState: It is not active.
        CancellationCredited: It is cancelled, and what was charged beyond its end was given back.
        EndsAlready: It is cancelled, and its billing has ended.
        BillingBehind: A period has ended, or a change is due, that was not billed yet.
        ChangeTooEarly: *now* lies before what was billed last.
        CurrencyMismatch: A price or discount is in another currency.
        NothingCounted: The convention counts nothing in a turn of the new interval.
        QuoteChanged: It does not come to what was *confirmed*.
        AlreadyBooked: Something was billed with this very document.

    Source: LAT-5, decisions 7 and 13.
    """
    first, at = _to_change(state, change, by, now), as_instant("now", now)
    last, item = first.state.subscription.turns[-1], running(first.state)
    before = Billed(item, first.state.ledger)
    quote = billing.quote_change(before, change, now=at)
    decision = billing.change_item(before, change, document=document, by=by, now=at, confirmed=confirmed)
    if not decision.events:
        return Decision(state)
    after = evolve(decision.state.item, lines=item.lines, line=item.line)
    begins = max(last.start, beginning(at, item.period.zone, item.policy))
    return and_then(
        first, billed(first.state, after, quote, begins, document=document, aligned=last.aligned, by=by, now=at)
    )


def change_trial(state: Subscribed, change: ItemChange, *, by: Actor, now: datetime) -> SubscriptionDecision:
    """Change what a trial will turn into; what was billed ahead is taken back, and billed anew as changed.

    Raises:
        InvalidArgument: The quantity is 0: cancel it instead.
        SubscriptionEnded, WrongState: It is not in its trial.
        CurrencyMismatch: A price or discount is in another currency.
        NothingCounted: The convention counts nothing in a period.

    Source: PLZ-11.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    different, by_whom = _sold(change), acting(by)
    require_state(subscription, at, _S.TRIAL)
    asked = {name: getattr(different, name) for name in ("item", "price", "quantity", "every", "discounts", "rates")}
    terms = evolve(subscription.terms, **{name: value for name, value in asked.items() if value is not None})
    if terms == subscription.terms:
        return Decision(state)
    first_quote(terms, state.ledger, at)
    first = taken_back(state, subscription.turns, by, at)
    event = TermsChanged(subscription=subscription.id, terms=terms, by=by_whom, at=at)
    return and_then(first, followed(first.state, event))


def schedule_change(
    state: Subscribed, change: ItemChange, effective: datetime | When, *, change_id: Id, by: Actor, now: datetime
) -> SubscriptionDecision:
    """Ask for a change at a later instant, or with the next period; of what was billed ahead of it all is taken back.

    The same again under the same id does nothing, and so does a change of nothing.

    Raises:
        InvalidArgument: The quantity is 0, the instant is not later than *now*, another change of this id waits, or
            too many wait.
        SubscriptionEnded, WrongState: It is not active.
        CancellationCredited: It is cancelled, and what was charged beyond its end was given back.
        EndsAlready: It is cancelled, and its billing has ended.
        BillingBehind: A period has ended, or a change is due, that was not billed yet.
        ChangeTooEarly: *now* lies before all that was billed.
        CurrencyMismatch: A price or discount is in another currency.
        NothingCounted: The convention counts nothing in a turn of the new interval.

    Source: LAT-5, decision 11.
    """
    at, wanted = as_instant("now", now), _as_effective("effective", effective)
    first = _to_change(state, change, by, at, since=wanted if isinstance(wanted, datetime) else None)
    last = first.state.subscription.turns[-1]
    decision = billing.schedule_change(
        Billed(running(first.state), first.state.ledger),
        change,
        wanted,
        change_id=change_id,
        by=by,
        now=max(at, last.start),
    )
    if not decision.events:
        return Decision(state)
    waiting: ScheduledChange = decision.events[0].change
    ahead = first.state.subscription.turns[running_from(first.state.subscription.turns, at) :]
    if any(one.id == waiting.id for turn in ahead for one in turn.item.scheduled):
        expected = "an id that no waiting change has"
        raise InvalidArgument(parameter="change_id", expected=expected, got=shown(waiting.id))
    event = SubscriptionChangeScheduled(subscription=first.state.subscription.id, change=waiting, by=acting(by), at=at)
    return and_then(first, followed(first.state, event))


def withdraw_change(state: Subscribed, change_id: Id, *, by: Actor, now: datetime) -> SubscriptionDecision:
    """Take back a change that waits; a period that was billed as changed is taken back with it.

    Raises:
        SubscriptionEnded, WrongState: It is not active.
        BillingBehind: A period has ended, or a change is due, that was not billed yet.
        ChangeTooEarly: *now* lies before all that was billed.
        NothingScheduled: None of this id waits.

    Source: decision 11.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    require_state(subscription, at, _S.ACTIVE)
    require_current(subscription, at)
    first = withdrawn(state, at, by, at)
    billing.withdraw_change(Billed(running(first.state), first.state.ledger), change_id, by=by, now=at)
    event = SubscriptionChangeWithdrawn(subscription=subscription.id, change=change_id, by=acting(by), at=at)
    return and_then(first, followed(first.state, event))


can_change = twin(change, "LAT-5")
can_change_trial = twin(change_trial, "PLZ-11")
can_schedule_change = twin(schedule_change, "LAT-5")
can_withdraw_change = twin(withdraw_change, "D-11")
