"""What was billed and is not to come, or not to be kept, taken back: turns ahead, unpaid periods, unused parts."""

from collections.abc import Collection
from datetime import datetime

from attrs import evolve

from licensing_core.billing import Ledger, LinesBooked, Quote, Reason
from licensing_core.billing.ledger import apply as apply_to_ledger
from licensing_core.billing.ledger import reversal
from licensing_core.billing.reckoning import unused_part
from licensing_core.checks import as_instant
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, acting
from licensing_core.periods import local_date
from licensing_core.subscriptions.deciding import SubscriptionDecision, and_then, followed
from licensing_core.subscriptions.events import SubscriptionReinstated, TurnsSettled, TurnsWithdrawn
from licensing_core.subscriptions.standing import state_at
from licensing_core.subscriptions.states import SubscriptionState
from licensing_core.subscriptions.values import Subscribed, Turn


def withdrawn(state: Subscribed, since: datetime, by: Actor, now: datetime) -> SubscriptionDecision:
    """Take back the turns that begin after *now* and not before *since*, with all that was booked for them."""
    gone = [one for one in state.subscription.turns if one.start >= since and one.start > now]
    return taken_back(state, gone, by, now)


def taken_back(state: Subscribed, gone: Collection[Turn], by: Actor, now: datetime) -> SubscriptionDecision:
    """Take back these turns, with all that is left of what was booked for them."""
    if not gone:
        return Decision(state)
    documents = tuple(one.document for one in gone if one.document is not None)
    ledger, events = state.ledger, list[LinesBooked]()
    for document in documents:
        ledger, more = _booked(ledger, reversal(ledger, document), document, by, now)
        events += more
    since = min(one.start for one in gone)
    event = TurnsWithdrawn(
        subscription=state.subscription.id, since=since, documents=documents, by=acting(by), at=as_instant("now", now)
    )
    return followed(state, *events, event)


def _booked(
    ledger: Ledger, quote: Quote, document: str, by: Actor, now: datetime
) -> tuple[Ledger, tuple[LinesBooked, ...]]:
    """*ledger* after what *quote* takes off lines of *document*; it was worked out on this very ledger.

    `book()` would refuse to take something off twice with one document, as an earlier end does that moves a later one.
    """
    if not quote.lines:
        return ledger, ()
    event = LinesBooked(ledger=ledger.id, document=document, charged=(), credited=quote.credits, by=acting(by), at=now)
    return apply_to_ledger(ledger, event), (event,)


def never_begun(state: Subscribed, since: datetime, by: Actor, now: datetime) -> SubscriptionDecision:
    """Take back the unpaid periods that begin at *since* or later; and what waits for its first payment."""
    subscription = state.subscription
    if subscription.ordered is not None:
        event = TurnsWithdrawn(
            subscription=subscription.id,
            since=since,
            documents=(subscription.ordered.document,),
            by=acting(by),
            at=now,
        )
        return followed(state, event)
    gone = [one for one in subscription.turns if one.start >= since and not one.paid and one.begins_period]
    return taken_back(state, gone, by, now)


def unused_given_back(state: Subscribed, since: datetime, by: Actor, now: datetime) -> SubscriptionDecision:
    """Give back what was charged for the time from *since* on: turns ahead whole, of the others the unused part."""
    first = withdrawn(state, since, by, now)
    ledger, events = first.state.ledger, list[LinesBooked]()
    for turn in first.state.subscription.turns:
        if turn.document is not None:
            ledger, more = _booked(ledger, _unused(turn, ledger, since), turn.document, by, now)
            events += more
    given_back = followed(first.state, *events)
    return and_then(first, and_then(given_back, cleared(given_back.state, by, now)))


def _unused(turn: Turn, ledger: Ledger, since: datetime) -> Quote:
    """What is left of the charge of *turn* for the time from *since* on; nothing where another line holds it."""
    nothing = Quote(currency=ledger.currency, lines=())
    part = unused_part(turn.item.period, since, turn.item.policy)
    held = None if turn.item.line is None else ledger.lines.get(turn.item.line)
    if part is None or held is None or held.document != turn.document:
        return nothing
    worth = held.worth(part)
    credit = held.credit_of(worth.staged, part, Reason.CANCELLATION, amount=worth.amount)
    return evolve(nothing, lines=(credit,)) if credit.amount else nothing


def cleared(state: Subscribed, by: Actor, now: datetime) -> SubscriptionDecision:
    """Note the turns for which nothing is owed any more, since it was taken off."""
    documents = frozenset(
        one.document
        for one in state.subscription.unpaid
        if one.document is not None and not state.ledger.outstanding(one.document)
    )
    if not documents:
        return Decision(state)
    event = TurnsSettled(subscription=state.subscription.id, documents=documents, by=acting(by), at=now)
    return followed(state, event)


def reinstated(state: Subscribed, by: Actor, now: datetime) -> SubscriptionDecision:
    """A suspended subscription is active again when nothing is owed that is due by today."""
    subscription, at = state.subscription, as_instant("now", now)
    today = local_date(at, subscription.terms.zone)
    suspended = state_at(subscription, at) is SubscriptionState.SUSPENDED
    if not suspended or any(one.due <= today for one in subscription.unpaid):
        return Decision(state)
    return followed(state, SubscriptionReinstated(subscription=subscription.id, by=acting(by), at=at))
