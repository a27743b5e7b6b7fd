"""Bugs of subscriptions to plant: their laws must find each of them.

Most break a rule where it is decided, so that events and states still agree.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core.billing import Ledger, Quote, Reason
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.subscriptions import (
    GIVES_ACCESS,
    Subscribed,
    Subscription,
    SubscriptionState,
    Turn,
    booking,
    changing,
    ending,
    events,
    giving_back,
    standing,
    turning,
)
from licensing_core.subscriptions.deciding import SubscriptionDecision, followed

Plant = Callable[[], AbstractContextManager[Any]]


@contextmanager
def _in_all(name: str, planted: Any, *modules: Any) -> Iterator[None]:
    """What each of *modules* sees under *name* is *planted*."""
    if not modules:
        yield
        return
    with patch.object(modules[0], name, planted), _in_all(name, planted, *modules[1:]):
        yield


def _changes_lost_at_a_new_beginning() -> AbstractContextManager[Any]:
    """What waits is forgotten when it is resumed or renewed from now."""
    return patch.object(booking, "_by_then", lambda _state, last, _begins, _at: (last.item.terms, ()))


def _changes_wait_in_the_last_turn_alone() -> AbstractContextManager[Any]:
    """A change within a period ahead is lost when that period is taken back."""
    return patch.object(events, "running_from", lambda turns, _now: len(turns) - 1)


def _common_date_lost() -> AbstractContextManager[Any]:
    """A change on the way forgets the common date."""
    honest = booking.billed

    def billed(*arguments: Any, **named: Any) -> SubscriptionDecision:
        return honest(*arguments, **{**named, "aligned": None})

    return _in_all("billed", billed, booking, changing)


def _billed_on_beyond_the_credit() -> AbstractContextManager[Any]:
    """What is billed later is kept beyond an end that credits."""
    return patch.object(booking, "unused_given_back", lambda state, *_others: Decision(state))


def _the_day_of_a_change_charged_twice() -> AbstractContextManager[Any]:
    """A new beginning charges a day that the period before has charged."""
    return patch.object(booking, "_not_used_up", lambda _state, _last, begins, _at: begins)


def _a_day_late() -> AbstractContextManager[Any]:
    """A period is said to begin a day after the one before has ended."""
    honest = booking.following

    def following(state: Subscribed, *, document: str, by: Actor, now: datetime) -> SubscriptionDecision:
        last = state.subscription.turns[-1]
        later = evolve(last.item.period, end=last.end + timedelta(days=1))
        moved = evolve(last, item=evolve(last.item, period=later))
        before = evolve(state, subscription=evolve(state.subscription, turns=(*state.subscription.turns[:-1], moved)))
        return honest(before, document=document, by=by, now=now)

    return _in_all("following", following, booking, turning)


def _all_is_given_back() -> AbstractContextManager[Any]:
    """Of a charge all is given back, whatever was used."""

    def unused(turn: Turn, ledger: Ledger, _since: datetime) -> Quote:
        line = ledger.lines[turn.item.line or ""]
        credit = line.credit_of(line.left.minor, line.billed, Reason.CANCELLATION)
        return Quote(currency=ledger.currency, lines=(credit,) if credit.amount else ())

    return patch.object(giving_back, "_unused", unused)


def _nothing_is_given_back() -> AbstractContextManager[Any]:
    """What was paid ahead is lost to a pause and to a cancellation."""
    return patch.object(giving_back, "_unused", lambda _turn, ledger, _since: Quote(currency=ledger.currency, lines=()))


def _what_is_settled_is_not_noted() -> AbstractContextManager[Any]:
    """A turn stays unpaid though all of it was taken off."""
    return _in_all("cleared", lambda state, _by, _now: Decision(state), booking, giving_back)


def _unpaid_turns_forgotten() -> AbstractContextManager[Any]:
    """Earlier turns are left out whether they are paid or not."""
    return patch.object(events, "remembered", lambda turns, _now: turns[-1:])


def _active_again_too_early() -> AbstractContextManager[Any]:
    """One payment is enough to be active again."""
    honest = giving_back.reinstated

    def reinstated(state: Subscribed, by: Actor, now: datetime) -> SubscriptionDecision:
        paid = tuple(evolve(turn, paid=True) for turn in state.subscription.turns)
        found = honest(evolve(state, subscription=evolve(state.subscription, turns=paid)), by, now)
        return followed(state, *found.events)

    return patch.object(turning, "reinstated", reinstated)


def _runs_out_when_it_is_billed() -> AbstractContextManager[Any]:
    """What renews itself a few times goes on for as long as its billing is late."""

    def runs_out(subscription: Subscription) -> datetime | None:
        on = standing.goes_on(subscription) or not subscription.turns
        return None if on else subscription.turns[-1].end

    return patch.object(standing, "runs_out", runs_out)


def _paused_access() -> AbstractContextManager[Any]:
    """What is paused may be used."""
    return patch.object(standing, "GIVES_ACCESS", GIVES_ACCESS | {SubscriptionState.PAUSED})


def _cancelling_wakes_what_has_expired() -> AbstractContextManager[Any]:
    """A late end of access gives access again to what has expired."""
    return patch.object(standing, "_ran_out", _with_access(standing._ran_out))


def _with_access(honest: Callable[[Subscription, datetime], bool]) -> Callable[[Subscription, datetime], bool]:
    return lambda subscription, at: subscription.ends is None and honest(subscription, at)


def _paid_periods_kept_behind_a_gap() -> AbstractContextManager[Any]:
    """A cancellation may be taken back that took a period out of the middle."""
    return patch.object(ending, "_breaks_off", lambda _before, _after: False)


def _changes_come_in_the_order_of_asking() -> AbstractContextManager[Any]:
    """What was asked last holds, whenever it is due."""
    honest = booking._by_then

    def by_then(state: Subscribed, last: Turn, begins: datetime, at: datetime) -> Any:
        moved = tuple(
            evolve(one, effective=min(one.effective, at)) if isinstance(one.effective, datetime) else one
            for one in last.item.scheduled
        )
        return honest(state, evolve(last, item=evolve(last.item, scheduled=moved[::-1])), begins, at)

    return patch.object(booking, "_by_then", by_then)


_WAITS, _OWED, _RESTORED = (
    "D-11 nothing that waits is lost",
    "what is owed of a subscription is known",
    "ALU-6 a cancellation taken back restores",
)
_TWICE, _ACCESS = "no day of a subscription is charged twice", "LAT-1 access is as the state says"
PLANTS: dict[Plant, str] = {
    _changes_lost_at_a_new_beginning: _WAITS,
    _changes_wait_in_the_last_turn_alone: "a change taken back restores",
    _common_date_lost: _WAITS,
    _billed_on_beyond_the_credit: "D-13 nothing is kept beyond the end",
    _the_day_of_a_change_charged_twice: _TWICE,
    _a_day_late: "L3 no day of a subscription is left out",
    _all_is_given_back: "D-13 what was used stays charged",
    _nothing_is_given_back: _TWICE,
    _what_is_settled_is_not_noted: _OWED,
    _unpaid_turns_forgotten: _OWED,
    _active_again_too_early: _OWED,
    _runs_out_when_it_is_billed: "D-11 billed late is billed early",
    _paused_access: _ACCESS,
    _cancelling_wakes_what_has_expired: _ACCESS,
    _paid_periods_kept_behind_a_gap: _RESTORED,
    _changes_come_in_the_order_of_asking: _WAITS,
}
"""Each with a law that finds it."""
