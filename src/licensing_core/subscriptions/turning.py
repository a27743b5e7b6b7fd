"""From order to order: trial, first payment, the periods that follow, and renewal by hand.

What is billed stands in the ledger, under the document that it is billed with; nothing is billed twice, and each
period begins where the one before it ended.
"""

from datetime import datetime
from typing import Any, Final

from attrs import evolve

from licensing_core.billing import BilledItem, ChangeTooEarly, Ledger, Quote, Reason, discounted, line
from licensing_core.billing.ledger import require_prefix
from licensing_core.billing.reckoning import beginning, countable, in_currency
from licensing_core.checks import Id, Instant, InvalidArgument, as_id, as_instant, check_of, instance
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.periods import Cycle, local_date
from licensing_core.plans import Renewal
from licensing_core.subscriptions.booking import begun, billed, carried_out, following
from licensing_core.subscriptions.deciding import SubscriptionDecision, and_then, followed
from licensing_core.subscriptions.events import SubscriptionAligned, SubscriptionStarted, TurnsSettled
from licensing_core.subscriptions.giving_back import reinstated, taken_back, unused_given_back, withdrawn
from licensing_core.subscriptions.refusals import BillingBehind, EndsAlready, NotRenewed
from licensing_core.subscriptions.standing import (
    as_subscribed,
    change_due,
    has_room,
    next_start,
    refused,
    renewals_left,
    require_state,
)
from licensing_core.subscriptions.states import SubscriptionState
from licensing_core.subscriptions.values import (
    Ordered,
    RenewalBasis,
    Subscribed,
    Subscription,
    SubscriptionTerms,
    Turn,
    with_turns_of,
)

_S: Final = SubscriptionState
_as_terms: Final = instance(SubscriptionTerms)
_as_ledger: Final = instance(Ledger)
_as_cycle: Final = instance(Cycle)
_as_document: Final = check_of(Id | None)
_as_trial: Final = check_of(Instant | None)
_as_pools: Final = check_of(frozenset[Id])


def start(
    subscription_id: Id,
    terms: SubscriptionTerms,
    *,
    ledger: Ledger,
    document: Id | None = None,
    trial_ends: datetime | None = None,
    converts: bool = True,
    pools: frozenset[Id] = frozenset(),
    by: Actor,
    now: datetime,
) -> Decision[Subscribed, SubscriptionStarted]:
    """Order a subscription: it waits for its first payment, asked for with *document*, or begins as a trial.

    Nothing is booked yet: the first period begins with the day of the first payment, which `settle()` takes note of.

    Args:
        document: Id of the proforma; needed unless it is tried first.
        trial_ends: The first instant after a trial; `None` for none.
        converts: Whether a trial turns into a subscription that is paid for, unless it is cancelled before.
        pools: Ids of the pools that it pays for.

    Raises:
        CurrencyMismatch: The price, or a fixed discount, is in another currency than the ledger.
        NothingCounted: The convention counts nothing in a period.
        InvalidArgument: The trial ends no later than *now*, or neither a document nor a trial is named.
        InvalidId: The id is none, or too long to number lines with.

    Source: LAT-1, LAT-5, PLZ-11.
    """
    at, trial = as_instant("now", now), _as_trial("trial_ends", trial_ends)
    own = as_terms("terms", terms)
    require_prefix("subscription_id", subscription_id)
    quote = first_quote(own, ledger, at)
    if trial is not None and trial <= at:
        raise InvalidArgument(parameter="trial_ends", expected="later than now", got="an earlier instant")
    if trial is None and document is None:
        raise InvalidArgument(parameter="document", expected="an id, unless there is a trial", got="None")
    named = _as_document("document", document)
    ordered = None if trial is not None else Ordered(document=named, quote=quote, at=at)
    begun_as = Subscription(
        id=subscription_id,
        terms=own,
        state=_S.PENDING if trial is None else _S.TRIAL,
        ordered=ordered,
        trial_ends=trial,
        converts=converts,
        pools=_as_pools("pools", pools),
    )
    event = SubscriptionStarted(subscription=subscription_id, started=begun_as, by=acting(by), at=at)
    return Decision(Subscribed(begun_as, ledger), (event,))


def as_terms(name: str, terms: Any) -> SubscriptionTerms:
    """*terms*, when they are those of a subscription."""
    own: SubscriptionTerms = _as_terms(name, terms)
    return own


def first_quote(terms: SubscriptionTerms, ledger: Ledger, at: datetime) -> Quote:
    """What a whole period costs that begins at *at*, said without its days."""
    cycle = terms.cycle_from(at)
    item_terms = in_currency(terms.item_terms(cycle), _as_ledger("ledger", ledger).currency)
    countable(item_terms, terms.policy, cycle.period_at(beginning(at, terms.zone, terms.policy)))
    plain = line(
        terms.item,
        terms.quantity,
        terms.price,
        convention=terms.policy.convention,
        rates=terms.rates,
        reason=Reason.PERIOD,
    )
    lines = discounted([plain], terms.discounts, on=local_date(at, terms.zone)) if terms.discounts else (plain,)
    return Quote(currency=ledger.currency, lines=lines, taxes=terms.policy.taxes)


def settle(state: Subscribed, document: Id, *, by: Actor, now: datetime) -> SubscriptionDecision:
    """Take note that *document* was paid, before the payment is booked in the ledger.

    The first payment makes a pending subscription active from its day. One that is suspended is active again when
    nothing is owed any more that is due by today. A document that it does not know, or that is paid, changes nothing.

    Source: LAT-1, LAT-5.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    paid, by_whom = as_id("document", document), acting(by)
    if subscription.ordered is not None and subscription.ordered.document == paid:
        return _activated(state, subscription.ordered, by, at)
    if all(one.document != paid for one in subscription.unpaid):
        return Decision(state)
    event = TurnsSettled(subscription=subscription.id, documents=frozenset({paid}), by=by_whom, at=at)
    return and_then(settled := followed(state, event), reinstated(settled.state, by, at))


def _activated(state: Subscribed, ordered: Ordered, by: Actor, at: datetime) -> SubscriptionDecision:
    terms = state.subscription.terms
    cycle = terms.cycle_from(at)
    period = cycle.period_at(at)
    lines = (evolve(one, period=period, billed=period.interval, every=terms.every) for one in ordered.quote.charges)
    quote = evolve(ordered.quote, lines=tuple(lines))
    item = BilledItem(id=state.subscription.id, terms=terms.item_terms(cycle), policy=terms.policy, period=period)
    return billed(state, item, quote, period.start, document=ordered.document, activates=True, by=by, now=at)


def bill_next(state: Subscribed, *, document: Id, by: Actor, now: datetime) -> SubscriptionDecision:
    """Bill the one thing that comes first: a change whose instant has come, or the period that begins next.

    A period may be billed before it begins; how long before is for the caller, who looks at `next_start()` first.
    However late it is done, it is billed as of when it was due, and the next one begins where it ends (L3). Where
    nothing is to come, a later change comes first, or too much is unpaid or ahead, nothing changes.

    Raises:
        AlreadyBooked: Something was billed with this very document.

    Source: decision 11, DOC-53, LAT-5, L3.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    named, _ = as_id("document", document), acting(by)
    dated, begins = change_due(subscription), next_start(subscription)
    if not has_room(subscription, at):
        return Decision(state)
    if dated is not None and dated <= at:
        return carried_out(state, document=named, by=by, now=at)
    if begins is None:
        return Decision(state)
    if not subscription.turns:
        return begun(state, begins, document=named, by=by, now=at)
    return following(state, document=named, by=by, now=at)


def convert(state: Subscribed, *, document: Id, by: Actor, now: datetime) -> SubscriptionDecision:
    """Turn a trial into a subscription that is paid for, from now on; after its end, too, where nobody did so.

    Raises:
        SubscriptionEnded, WrongState: It is neither in its trial nor at the end of one, or was billed already.
        EndsAlready: It is cancelled; take that back first.

    Source: PLZ-11.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    named, _ = as_id("document", document), acting(by)
    standing = require_state(subscription, at, _S.TRIAL, _S.EXPIRED, _S.ACTIVE)
    if subscription.state is not _S.TRIAL or (subscription.turns and standing is not _S.TRIAL):
        raise refused(subscription, standing, _S.TRIAL)
    require_no_end(subscription)
    first = taken_back(state, subscription.turns, by, at)
    ended = None if standing is _S.TRIAL else next_start(subscription)
    left = evolve(first.state, subscription=evolve(first.state.subscription, state=_S.ACTIVE))
    second = begun(left, at if ended is None else ended, document=named, by=by, now=at)
    return and_then(first, followed(first.state, *second.events))


def renew(state: Subscribed, *, document: Id, by: Actor, now: datetime) -> SubscriptionDecision:
    """Renew by hand, for one period more: early from the end of the last one, late as the terms say; no day is lost.

    What was aligned to a common cycle runs to a boundary of that one. Changes that wait for the next period are made.

    Raises:
        SubscriptionEnded, WrongState: It is neither active nor expired, or not paid for yet.
        NotRenewed: It renews itself, was sold once and for all, has had all its renewals, or as many as can be ahead.
        EndsAlready: It is cancelled; take that back first.
        BillingBehind: A change comes first that waits for an instant.
        ChangeTooEarly: *now* lies before all that was billed.

    Source: DOC-53, decision 5.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    named, _ = as_id("document", document), acting(by)
    require_state(subscription, at, _S.ACTIVE, _S.EXPIRED)
    by_hand = subscription.terms.renewal is Renewal.MANUAL and renewals_left(subscription)
    if not by_hand or not subscription.turns or not has_room(subscription, at):
        raise NotRenewed(subscription=subscription.id)
    require_no_end(subscription)
    basis, ended = subscription.terms.basis, subscription.turns[-1].end <= at
    follows = basis is RenewalBasis.FROM_EXPIRY or (basis is RenewalBasis.FROM_NOW_IF_EXPIRED and not ended)
    due = change_due(subscription)
    if due is not None and (follows or due <= at):
        raise BillingBehind(subscription=subscription.id, due=due)
    if follows:
        return following(state, document=named, by=by, now=at)
    require_begun(subscription, at)
    given_back = unused_given_back(state, at, by, at)
    return and_then(given_back, begun(given_back.state, at, document=named, renewal=True, by=by, now=at))


def align(state: Subscribed, cycle: Cycle, *, by: Actor, now: datetime) -> SubscriptionDecision:
    """Let the next period run to a boundary of *cycle* only, and the ones after it be counted from its anchor.

    What is billed of that next period is prorated by its convention; the length of a period stays as agreed. Periods
    that were billed ahead are withdrawn.

    Args:
        cycle: The common one, in the zone of the subscription.

    Raises:
        InvalidArgument: The cycle is counted in another zone.
        SubscriptionEnded, WrongState: It is not active.
        BillingBehind: A period has ended, or a change is due, that was not billed yet.
        NothingCounted: The convention counts nothing in a turn of it.

    Source: decision 7.
    """
    subscription, at = as_subscribed("state", state).subscription, as_instant("now", now)
    common: Cycle = _as_cycle("cycle", cycle)
    if common.zone != subscription.terms.zone:
        raise InvalidArgument(parameter="cycle", expected="in the zone of the subscription", got="one of another")
    require_state(subscription, at, _S.ACTIVE)
    last, by_whom = require_current(subscription, at), acting(by)
    terms = evolve(last.item.terms, cycle=with_turns_of(common, last.item.terms.cycle.every))
    countable(terms, last.item.policy, terms.cycle.period_at(last.end))
    first = withdrawn(state, at, by, at)
    if first.state.subscription.turns[-1].aligned == common:
        return Decision(state)
    event = SubscriptionAligned(subscription=subscription.id, cycle=common, by=by_whom, at=at)
    return and_then(first, followed(first.state, event))


def require_current(subscription: Subscription, now: datetime) -> Turn:
    """The last turn, which has not ended, and for which no change is due.

    Raises:
        BillingBehind: A period has ended, or a change is due, that was not billed yet.
        ChangeTooEarly: *now* lies before all that was billed.
    """
    if not subscription.turns:
        raise BillingBehind(subscription=subscription.id, due=subscription.trial_ends or now)
    last: Turn = subscription.turns[-1]
    due = change_due(subscription)
    if last.end <= now or (due is not None and due <= now):
        raise BillingBehind(subscription=subscription.id, due=last.end if due is None else due)
    require_begun(subscription, now)
    return last


def require_begun(subscription: Subscription, now: datetime) -> None:
    """See to it that *now* does not lie before all that was billed; raises `ChangeTooEarly`."""
    first = subscription.turns[0].start
    if now < first:
        raise ChangeTooEarly(item=subscription.id, earliest=first)


def require_no_end(subscription: Subscription) -> None:
    """See to it that it is not cancelled for a later end; raises `EndsAlready`."""
    if subscription.ends is not None:
        raise EndsAlready


can_start = twin(start, "LAT-5")
can_settle = twin(settle, "LAT-5")
can_bill_next = twin(bill_next, "DOC-53")
can_convert = twin(convert, "PLZ-11")
can_renew = twin(renew, "DOC-53")
can_align = twin(align, "D-7")
