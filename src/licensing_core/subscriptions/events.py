"""What happens to a subscription. `apply()` refuses nothing: an event has happened."""

from typing import ClassVar, Final

from attrs import evolve, frozen

from licensing_core.billing import LinesBooked, Quote, ScheduledChange
from licensing_core.billing.ledger import apply as apply_to_ledger
from licensing_core.checks import Count, Id, Instant, checked
from licensing_core.decisions import Event
from licensing_core.periods import Cycle
from licensing_core.subscriptions.states import SubscriptionState
from licensing_core.subscriptions.values import (
    Ends,
    Subscribed,
    Subscription,
    SubscriptionTerms,
    Turn,
    remembered,
    running_from,
)


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionStarted(Event):
    """A subscription was ordered, began as a trial, or was taken over from another system with all it had."""

    type: ClassVar[str] = "subscription.started"
    subscription: Id
    started: Subscription


@frozen(kw_only=True, field_transformer=checked)
class TurnBilled(Event):
    """A period was billed, or the rest of one after a change.

    Attributes:
        state: Where the subscription stands since.
        quote: What was charged and given back with it.
        lines: How many lines it was charged with until now.
        renewals: How often it was renewed until now.
    """

    type: ClassVar[str] = "subscription.billed"
    subscription: Id
    turn: Turn
    state: SubscriptionState
    lines: Count
    renewals: Count
    quote: Quote


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionActivated(TurnBilled):
    """The first payment came: the first period begins with its day."""

    type: ClassVar[str] = "subscription.activated"


@frozen(kw_only=True, field_transformer=checked)
class TurnsSettled(Event):
    """Nothing is owed any more for these documents: they were paid, or taken off."""

    type: ClassVar[str] = "subscription.settled"
    subscription: Id
    documents: frozenset[Id]


@frozen(kw_only=True, field_transformer=checked)
class TurnsWithdrawn(Event):
    """What was billed for periods from *since* on is not to come: what was paid of it is in credit.

    Attributes:
        documents: Those that it was billed with.
    """

    type: ClassVar[str] = "subscription.turns_withdrawn"
    subscription: Id
    since: Instant
    documents: tuple[Id, ...]


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionSuspended(Event):
    """It was overdue beyond the grace, and gives no access."""

    type: ClassVar[str] = "subscription.suspended"
    subscription: Id


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionReinstated(Event):
    """All that was due is paid, and it gives access again."""

    type: ClassVar[str] = "subscription.reinstated"
    subscription: Id


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionTerminated(Event):
    """It was overdue for so long that the seller ended it."""

    type: ClassVar[str] = "subscription.terminated"
    subscription: Id


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionCancelled(Event):
    """It ends, or an end that was asked for was moved forward."""

    type: ClassVar[str] = "subscription.cancelled"
    subscription: Id
    ends: Ends


@frozen(kw_only=True, field_transformer=checked)
class CancellationWithdrawn(Event):
    """A cancellation was taken back before it took effect."""

    type: ClassVar[str] = "subscription.cancellation_withdrawn"
    subscription: Id


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionPaused(Event):
    """It is neither used nor billed until it is resumed; what was not used yet is given back."""

    type: ClassVar[str] = "subscription.paused"
    subscription: Id


@frozen(kw_only=True, field_transformer=checked)
class TermsChanged(Event):
    """Other terms hold for a subscription for which nothing was billed yet."""

    type: ClassVar[str] = "subscription.terms_changed"
    subscription: Id
    terms: SubscriptionTerms


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionChangeScheduled(Event):
    """A change was asked for later."""

    type: ClassVar[str] = "subscription.change_scheduled"
    subscription: Id
    change: ScheduledChange


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionChangeWithdrawn(Event):
    """A change that waited was taken back."""

    type: ClassVar[str] = "subscription.change_withdrawn"
    subscription: Id
    change: Id


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionAligned(Event):
    """Its next period runs to a boundary of *cycle*, and those after it are turns of it."""

    type: ClassVar[str] = "subscription.aligned"
    subscription: Id
    cycle: Cycle


SubscriptionEvent = (
    TurnBilled
    | SubscriptionActivated
    | TurnsSettled
    | TurnsWithdrawn
    | SubscriptionSuspended
    | SubscriptionReinstated
    | SubscriptionTerminated
    | SubscriptionCancelled
    | CancellationWithdrawn
    | SubscriptionPaused
    | TermsChanged
    | SubscriptionChangeScheduled
    | SubscriptionChangeWithdrawn
    | SubscriptionAligned
)
"""What can happen to a subscription after it started."""


def apply(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    """*subscription* after *event*, which has happened: nothing is refused."""
    state = _STATES.get(type(event))
    if state is not None:
        return evolve(subscription, state=state)
    if isinstance(event, TurnBilled):
        return _billed(subscription, event)
    if isinstance(event, TurnsSettled):
        turns = tuple(evolve(one, paid=one.paid or one.document in event.documents) for one in subscription.turns)
        return evolve(subscription, turns=turns)
    if isinstance(event, TurnsWithdrawn):
        return _without(subscription, event)
    if isinstance(event, SubscriptionCancelled):
        return evolve(subscription, ends=event.ends)
    if isinstance(event, CancellationWithdrawn):
        return evolve(subscription, ends=None)
    if isinstance(event, TermsChanged):
        return evolve(subscription, terms=event.terms)
    if isinstance(event, SubscriptionAligned):
        *before, last = subscription.turns
        return evolve(subscription, turns=(*before, evolve(last, aligned=event.cycle)))
    return _scheduled(subscription, event)


_STATES: Final = {
    SubscriptionSuspended: SubscriptionState.SUSPENDED,
    SubscriptionReinstated: SubscriptionState.ACTIVE,
    SubscriptionTerminated: SubscriptionState.TERMINATED,
    SubscriptionPaused: SubscriptionState.PAUSED,
}
"""The events that say no more than where the subscription stands since."""


def _billed(subscription: Subscription, event: TurnBilled) -> Subscription:
    return evolve(
        subscription,
        state=event.state,
        turns=(*remembered(subscription.turns, event.at), event.turn),
        ordered=None,
        lines=event.lines,
        renewals=event.renewals,
    )


def _without(subscription: Subscription, event: TurnsWithdrawn) -> Subscription:
    gone = {*event.documents}
    kept = tuple(
        one
        for one in subscription.turns
        if (one.start < event.since if one.document is None else one.document not in gone)
    )
    fewer = sum(one.renewal for one in subscription.turns) - sum(one.renewal for one in kept)
    return evolve(subscription, turns=kept, ordered=None, renewals=subscription.renewals - fewer)


def _scheduled(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    """A change waits in the running turn and in those ahead, so that it still does when they are taken back."""
    turns, first = subscription.turns, running_from(subscription.turns, event.at)
    after = (evolve(one, item=evolve(one.item, scheduled=_waiting(one, event))) for one in turns[first:])
    return evolve(subscription, turns=(*turns[:first], *after))


def _waiting(turn: Turn, event: SubscriptionEvent) -> tuple[ScheduledChange, ...]:
    waiting = turn.item.scheduled
    if isinstance(event, SubscriptionChangeScheduled):
        return (*waiting, event.change)
    gone = event.change if isinstance(event, SubscriptionChangeWithdrawn) else None
    return tuple(one for one in waiting if one.id != gone)


def apply_to_both(state: Subscribed, event: SubscriptionEvent | LinesBooked) -> Subscribed:
    """The subscription and its ledger after *event*."""
    if isinstance(event, LinesBooked):
        return Subscribed(state.subscription, apply_to_ledger(state.ledger, event))
    return Subscribed(apply(state.subscription, event), state.ledger)
