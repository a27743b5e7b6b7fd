"""What the commands of this package decide, put together event by event."""

from licensing_core.billing import LinesBooked
from licensing_core.decisions import Decision
from licensing_core.subscriptions.events import SubscriptionEvent, apply_to_both
from licensing_core.subscriptions.values import Subscribed

SubscriptionDecision = Decision[Subscribed, SubscriptionEvent | LinesBooked]
"""The subscription and its ledger, and what happened to both; no event where there was nothing to do."""


def followed(state: Subscribed, *events: SubscriptionEvent | LinesBooked) -> SubscriptionDecision:
    """The decision for *events*, applied one after the other."""
    after = state
    for event in events:
        after = apply_to_both(after, event)
    return Decision(after, events)


def and_then(first: SubscriptionDecision, second: SubscriptionDecision) -> SubscriptionDecision:
    """Both, the *second* having been decided on the state after the *first*."""
    return Decision(second.state, (*first.events, *second.events))
