"""How a subscription ends: cancelled with separate ends of access and billing, or ended by the seller.

>>> end = ends(
...     start=date(2026, 1, 1),
...     now=date(2026, 5, 20),
...     access=EndOf.TERM,
...     charged_through=date(2026, 6, 1),
... )
>>> end.access.isoformat(), end.billing.isoformat()
('2026-06-01', '2026-06-01')
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

from attrs import evolve

from licensing_core.billing import LinesBooked
from licensing_core.checks import Day, Id, Instant, as_day, as_id, as_instant, check_of
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.subscriptions.booking import begun
from licensing_core.subscriptions.deciding import SubscriptionDecision, and_then, followed
from licensing_core.subscriptions.events import (
    CancellationWithdrawn,
    SubscriptionCancelled,
    SubscriptionEvent,
    SubscriptionPaused,
    SubscriptionSuspended,
    SubscriptionTerminated,
)
from licensing_core.subscriptions.giving_back import never_begun, reinstated, taken_back, unused_given_back
from licensing_core.subscriptions.refusals import (
    CancellationCredited,
    EndsAlready,
    EndsTooEarly,
    NotCancelled,
    SubscriptionUnpaid,
)
from licensing_core.subscriptions.standing import as_subscribed, billing_stops, charged_through, require_state
from licensing_core.subscriptions.states import FINAL, SubscriptionState
from licensing_core.subscriptions.turning import require_current, require_no_end
from licensing_core.subscriptions.values import Ends, Subscribed, Subscription

_S: Final = SubscriptionState
_LIVE: Final = tuple(state for state in SubscriptionState if state not in FINAL)
T = TypeVar("T", date, datetime)


class EndOf(StrEnum):
    """When it ends, where no day is named."""

    NOW = "now"
    TERM = "end_of_term"
    """With what is paid for, where that lies ahead; else now."""


class EndDates(NamedTuple, Generic[T]):
    """When access and billing end: days or instants, as they were asked with."""

    access: T
    billing: T


_as_end: Final = check_of(Instant | EndOf)
_as_day_end: Final = check_of(Day | EndOf)
_as_flag: Final = check_of(bool)
_as_since: Final = check_of(Instant | None)


def ends(
    *,
    start: T,
    now: T,
    access: T | EndOf,
    billing: T | EndOf | None = None,
    charged_through: T | None = None,
    pending_end: T | None = None,
) -> EndDates[T]:
    """When access and billing end for which a cancellation asks at *now*; all are days, or all instants.

    Args:
        start: When it began, or will: nothing ends before.
        access, billing: A day or instant, `EndOf.NOW` or `EndOf.TERM`; *billing* is as *access* by default.
        charged_through: Up to when it is paid for.
        pending_end: The end of access that was asked for before; a later one is refused, the same one is harmless.

    Raises:
        InvalidArgument: One of the arguments does not have its form.
        EndsTooEarly: It would end before *start*.
        EndsAlready: It is to end earlier already.

    Source: ALU-6.
    """
    point, end = (as_instant, _as_end) if isinstance(start, datetime) else (as_day, _as_day_end)
    first, today = point("start", start), point("now", now)
    paid, pending = (
        None if one is None else point(name, one)
        for name, one in (("charged_through", charged_through), ("pending_end", pending_end))
    )
    at = max(first, today)
    words = {EndOf.NOW: at, EndOf.TERM: at if paid is None else max(at, paid)}
    wanted = (end("access", access), end("billing", access if billing is None else billing))
    found: EndDates[Any] = EndDates(*(words[one] if isinstance(one, EndOf) else one for one in wanted))
    if min(found) < first:
        raise EndsTooEarly
    if pending is not None and found.access > pending:
        raise EndsAlready
    return found


def cancel(
    state: Subscribed,
    access: datetime | EndOf = EndOf.TERM,
    billing: datetime | EndOf | None = None,
    *,
    credit: bool = False,
    by: Actor,
    now: datetime,
) -> SubscriptionDecision:
    """End a subscription: its access and its billing, each now, with what is paid for, or at an instant.

    What waits for its first payment ends now, and so does what has expired. No period is billed that begins on the day
    on which billing ends, or later, and what is unpaid of such periods is taken back. What is paid beyond stays paid,
    unless *credit* gives it back. The same again does nothing; an earlier end replaces the one that was asked for.

    Args:
        billing: As *access* by default.
        credit: Whether what was charged for the time after billing ends is given back.

    Raises:
        SubscriptionEnded: It is cancelled or terminated already.
        EndsTooEarly: It would end before it began.
        EndsAlready: It is to end earlier already.

    Source: ALU-6, decision 11, decision 13.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    gives_back, by_whom = _as_flag("credit", credit), acting(by)
    standing = require_state(subscription, at, *_LIVE)
    if standing is _S.PENDING:
        access, billing = EndOf.NOW, EndOf.NOW
    wanted = _ends_at(subscription, access, billing, at, credited=gives_back)
    if wanted == subscription.ends or (_stands(subscription, access, billing) and not gives_back):
        return Decision(state)
    if standing is _S.EXPIRED:
        wanted = _ends_at(subscription, EndOf.NOW, EndOf.NOW, at, credited=gives_back)
    first = _nothing_beyond(state, wanted, by, at)
    final = wanted.final or _breaks_off(subscription, first.state.subscription)
    event = SubscriptionCancelled(subscription=subscription.id, ends=evolve(wanted, final=final), by=by_whom, at=at)
    done = and_then(first, followed(first.state, event))
    return and_then(done, reinstated(done.state, by, at))


def _stands(subscription: Subscription, access: datetime | EndOf, billing: datetime | EndOf | None) -> bool:
    """Whether it is to end with what is paid for already, and what was billed beyond is taken back for good."""
    pending = subscription.ends
    return pending is not None and pending.final and access is EndOf.TERM and billing in (None, EndOf.TERM)


def _ends_at(
    subscription: Subscription,
    access: datetime | EndOf,
    billing: datetime | EndOf | None,
    at: datetime,
    *,
    credited: bool,
) -> Ends:
    """When it ends for which is asked; what has ended by then already, or is to, does so no later."""
    pending = subscription.ends
    began = subscription.turns[0].start if subscription.turns else at
    found = ends(
        start=min(began, at),
        now=at,
        access=access,
        billing=billing,
        charged_through=charged_through(subscription),
        pending_end=None if pending is None else pending.access,
    )
    if pending is None:
        return Ends(access=found.access, billing=found.billing, credited=credited)
    if found.billing > pending.billing and isinstance(billing, datetime):
        raise EndsAlready
    until = min(found.billing, pending.billing)
    return Ends(access=found.access, billing=until, credited=credited or pending.credited, final=pending.final)


def _nothing_beyond(state: Subscribed, wanted: Ends, by: Actor, at: datetime) -> SubscriptionDecision:
    """What was billed for the time after billing ends, taken back: what is unpaid, and where it is credited all."""
    first = never_begun(state, billing_stops(state.subscription, wanted.billing), by, at)
    if not wanted.credited:
        return first
    return and_then(first, unused_given_back(first.state, wanted.billing, by, at))


def _breaks_off(before: Subscription, after: Subscription) -> bool:
    """Whether billing could not go on from what is left: what was taken back does not follow it, or knew of changes."""
    left = {(turn.start, turn.document) for turn in after.turns}
    gone = [turn for turn in before.turns if (turn.start, turn.document) not in left]
    if not gone or (not after.turns and before.state is _S.TRIAL):
        return False
    last = after.turns[-1] if after.turns else None
    if last is None or last.end != min(turn.start for turn in gone):
        return True
    return any(change not in last.item.scheduled for turn in gone for change in turn.item.scheduled)


def withdraw_cancellation(
    state: Subscribed, *, by: Actor, now: datetime
) -> Decision[Subscribed, SubscriptionEvent | LinesBooked]:
    """Take a cancellation back that has not taken effect: it goes on, and its periods are billed again.

    Raises:
        SubscriptionEnded: It has ended.
        NotCancelled: It was not cancelled.
        CancellationCredited: What was charged beyond the end was given back, or a period that had begun taken back.

    Source: ALU-6.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    require_state(subscription, at, *_LIVE)
    if subscription.ends is None:
        raise NotCancelled(subscription=subscription.id)
    if subscription.ends.credited or subscription.ends.final:
        raise CancellationCredited(subscription=subscription.id)
    return followed(state, CancellationWithdrawn(subscription=subscription.id, by=acting(by), at=at))


def suspend(state: Subscribed, *, by: Actor, now: datetime) -> SubscriptionDecision:
    """Stop access until what is due is paid. What is suspended stays so, and nothing changes.

    Raises:
        SubscriptionEnded, WrongState: It is neither active nor suspended.

    Source: LAT-1.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    if require_state(subscription, at, _S.ACTIVE, _S.SUSPENDED) is _S.SUSPENDED:
        return Decision(state)
    return followed(state, SubscriptionSuspended(subscription=subscription.id, by=acting(by), at=at))


def terminate(state: Subscribed, *, since: datetime | None = None, by: Actor, now: datetime) -> SubscriptionDecision:
    """End it for good, overdue as it is. What is owed stays owed; periods that were billed ahead are taken back.

    Args:
        since: When it was to be ended, if that lies before *now*: what is unpaid of later periods is taken back, too.

    Raises:
        SubscriptionEnded, WrongState: It is neither active nor suspended.

    Source: LAT-1, decision 11.
    """
    subscription, at, ended = (
        as_subscribed("state", state).subscription,
        as_instant("now", now),
        _as_since("since", since),
    )
    require_state(subscription, at, _S.ACTIVE, _S.SUSPENDED)
    from_then = at if ended is None else ended
    gone = [one for one in subscription.turns if one.start > at or (one.start >= from_then and not one.paid)]
    first = taken_back(state, gone, by, at)
    event = SubscriptionTerminated(subscription=subscription.id, by=acting(by), at=at)
    return and_then(first, followed(first.state, event))


def pause(state: Subscribed, *, by: Actor, now: datetime) -> SubscriptionDecision:
    """Stop access and billing until it is resumed. What was paid for the time ahead is in credit, so nothing is lost.

    What is paused stays so, and nothing changes.

    Raises:
        SubscriptionEnded, WrongState: It is neither active nor paused.
        EndsAlready: It is cancelled for a later end; take that back first.
        BillingBehind: A period has ended, or a change is due, that was not billed yet.
        ChangeTooEarly: *now* lies before all that was billed.

    Source: decision 13.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    by_whom = acting(by)
    if require_state(subscription, at, _S.ACTIVE, _S.PAUSED) is _S.PAUSED:
        return Decision(state)
    require_no_end(subscription)
    require_current(subscription, at)
    first = unused_given_back(state, at, by, at)
    event = SubscriptionPaused(subscription=subscription.id, by=by_whom, at=at)
    return and_then(first, followed(first.state, event))


def resume(state: Subscribed, *, document: Id, by: Actor, now: datetime) -> SubscriptionDecision:
    """Go on with what was paused: a whole period begins now, on a cycle of its own.

    Changes that waited for the next period are made, and those whose instant has come in the meantime.

    Raises:
        SubscriptionEnded, WrongState: It is not paused.
        EndsAlready: It is cancelled for a later end; take that back first.
        SubscriptionUnpaid: Something is owed for the time before it was paused.

    Source: decision 13, LAT-1.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    named, _ = as_id("document", document), acting(by)
    require_state(subscription, at, _S.PAUSED)
    require_no_end(subscription)
    if subscription.unpaid:
        raise SubscriptionUnpaid(subscription=subscription.id, due=subscription.unpaid[0].due)
    return begun(state, at, document=named, by=by, now=at)


can_cancel = twin(cancel, "ALU-6")
can_withdraw_cancellation = twin(withdraw_cancellation, "ALU-6")
can_suspend = twin(suspend, "LAT-1")
can_terminate = twin(terminate, "LAT-1")
can_pause = twin(pause, "D-13")
can_resume = twin(resume, "D-13")
