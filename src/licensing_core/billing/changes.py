"""Starting, changing and going on with one item of a subscription, and its money in the same step.

A change credits what the running line still holds for the unused part and charges the new price for it, in one quote;
that quote is what is booked, to the last byte. A change of the interval begins a new period at once. Changes may be
asked for the end of the period or for a later instant; they compose in this order:

1. what is due earlier is carried out first, each as of its own instant, however late that is done;
2. of what is due at one instant, changes come in the order in which they were asked, the last word on each thing
   holds, and they are billed as one;
3. at the end of a period, changes come before the next period is charged, so that it is charged as changed.

>>> from datetime import UTC, date
>>> from licensing_core.billing.ledger import open_ledger
>>> from licensing_core.currencies import Currency
>>> from licensing_core.money import Money
>>> from licensing_core.periods import Cycle, Duration
>>> from licensing_core.pricing import UnitPrice
>>> ana, day = Actor("ana"), lambda number: datetime(2026, 4, number, 12, tzinfo=UTC)
>>> ledger = open_ledger("acme", Currency("EUR"), by=ana, now=day(1)).state
>>> terms = ItemTerms(
...     item="base",
...     price=UnitPrice(Money.parse("10.00 EUR")),
...     quantity=3,
...     cycle=Cycle(date(2026, 4, 1), Duration(months=1), "UTC"),
... )
>>> state = start_item(
...     "seats", terms, ledger=ledger, document="inv-1", by=ana, now=day(1)
... ).state
>>> more = quote_change(state, ItemChange(quantity=5), now=day(16))
>>> [str(one.amount) for one in more.charges], [str(one.relief) for one in more.credits]
(['25.00 EUR'], ['15.00 EUR'])
>>> state = change_item(
...     state, ItemChange(quantity=5), document="inv-2", by=ana, now=day(16), confirmed=more
... ).state
>>> str(state.ledger.outstanding())
'40.00 EUR'
"""

from datetime import datetime
from typing import Final

from attrs import evolve

from licensing_core.billing import items
from licensing_core.billing.items import (
    PLAIN_POLICY,
    Billed,
    BilledItem,
    BillingPolicy,
    ChangeScheduled,
    ChangeTooEarly,
    ChangeWithdrawn,
    ItemBehind,
    ItemBilled,
    ItemChange,
    ItemEnded,
    ItemTakenOver,
    ItemTerms,
    NothingScheduled,
    ScheduledChange,
    When,
)
from licensing_core.billing.ledger import AlreadyBooked, Ledger, LinesBooked, book_as, line_ids, require_prefix
from licensing_core.billing.quotes import Quote, quote_changed
from licensing_core.billing.reckoning import (
    advanced,
    beginning,
    changed,
    countable,
    in_currency,
    next_due,
    started,
    terms_after,
    unused_part,
)
from licensing_core.checks import Id, InvalidArgument, as_id, as_instant, check_of, instance, shown
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.periods import Interval

_as_billed: Final = instance(Billed)
_as_change: Final = instance(ItemChange)
_as_terms: Final = instance(ItemTerms)
_as_ledger: Final = instance(Ledger)
_as_quote: Final = check_of(Quote | None)

ItemDecision = Decision[Billed, ItemBilled | LinesBooked]
"""The item and its ledger, and what happened to both; no event where there was nothing to do."""


def quote_start(terms: ItemTerms, *, policy: BillingPolicy = PLAIN_POLICY, now: datetime) -> Quote:
    """What `start_item()` would charge at *now*: the very quote that it books.

    Raises:
        CurrencyMismatch: A fixed discount is in another currency than the price.
        NothingCounted: The convention counts nothing in a turn of the cycle.
    """
    in_currency(_as_terms("terms", terms), terms.price.currency)
    return started(terms, policy, as_instant("now", now))[1]


def start_item(
    item_id: Id,
    terms: ItemTerms,
    *,
    policy: BillingPolicy = PLAIN_POLICY,
    ledger: Ledger,
    document: Id,
    by: Actor,
    now: datetime,
    confirmed: Quote | None = None,
) -> ItemDecision:
    """Begin to bill an item at *now*: the rest of the turn of its cycle that holds *now* is charged.

    Args:
        document: Id of the document that it is charged with; several items may share one.
        confirmed: The quote that the buyer has confirmed; another one is refused.

    Raises:
        CurrencyMismatch: The price, or a fixed discount, is in another currency than the ledger.
        NothingCounted: The convention counts nothing in a turn of the cycle.
        QuoteChanged: It is not what was *confirmed*.
        AlreadyBooked: The ledger has lines of an item of this id.
    """
    in_currency(_as_terms("terms", terms), _as_ledger("ledger", ledger).currency)
    period, quote = started(terms, policy, as_instant("now", now))
    begun = BilledItem(id=item_id, terms=terms, policy=policy, period=period)
    return _done(Billed(begun, ledger), begun, quote, now, document, by, now, confirmed)


def take_over_item(
    item_id: Id,
    terms: ItemTerms,
    *,
    policy: BillingPolicy = PLAIN_POLICY,
    ledger: Ledger,
    line: Id | None,
    by: Actor,
    now: datetime,
) -> Decision[Billed, ItemTakenOver]:
    """Go on with an item that another system has billed so far: nothing is charged for the turn that holds *now*.

    Args:
        line: Id of the line that the customer brought for this turn (see `open_ledger()`); `None` when it was free.

    Raises:
        CurrencyMismatch: The price, or a fixed discount, is in another currency than the ledger.
        NothingCounted: The convention counts nothing in a turn of the cycle.
        UnknownLine: The line is not here.
        AlreadyBooked: The ledger has lines of this item, and none is named.
        InvalidArgument: The line is not for the turn that holds *now*.
    """
    in_currency(_as_terms("terms", terms), _as_ledger("ledger", ledger).currency)
    period = countable(terms, policy, terms.cycle.period_at(now))
    if line is not None and ledger.line(line).period != period:
        raise InvalidArgument(parameter="line", expected="one for the running period", got="one for another")
    prefix = f"{require_prefix('item_id', item_id)}:"
    own = [name for name in ledger.lines if name.startswith(prefix)]
    if own and line is None:
        raise AlreadyBooked(ledger=ledger.id, line=own[-1])
    numbers = [name.rpartition(":")[2] for name in own]
    event = ItemTakenOver(
        item=item_id,
        terms=terms,
        policy=policy,
        period=period,
        line=line,
        lines=max((int(number) for number in numbers if number.isdecimal() and len(number) < 8), default=0),
        by=acting(by),
        at=now,
    )
    return Decision(Billed(items.started(event), ledger), (event,))


def quote_change(state: Billed, change: ItemChange, *, now: datetime) -> Quote:
    """What `change_item()` would charge and give back at *now*: the very quote that it books.

    Under a convention that counts seconds it is another one each second: pass its *now* on as *effective*.

    Raises:
        ItemEnded, ItemBehind, ChangeTooEarly, CurrencyMismatch, NothingCounted, UnknownLine: As `change_item()` does.
    """
    _as_change("change", change)
    return changed(_open(state, now), change, as_instant("now", now))[1]


def change_item(
    state: Billed,
    change: ItemChange,
    *,
    document: Id,
    by: Actor,
    now: datetime,
    effective: datetime | None = None,
    confirmed: Quote | None = None,
) -> ItemDecision:
    """Change an item in the middle of its period.

    The unused part of what the running line holds is credited, as that line was priced, and the new terms are charged
    for it; a change of the interval charges a whole new period. A quantity of 0 ends the item. A change to what holds
    already does nothing, nor does ending what has ended.

    Args:
        effective: As of when it is billed: by default *now*, or an earlier instant, that of the quote that was shown.
        confirmed: The quote that was confirmed; another one is refused.

    Raises:
        InvalidArgument: *effective* is later than *now*.
        ItemEnded: The item has ended.
        ItemBehind: A period has ended or a scheduled change is due; advance the item first.
        ChangeTooEarly: It would take effect before what was billed last.
        UnknownLine: The running line is not in the ledger; load it.
        CurrencyMismatch: The new price, or a fixed discount, is in another currency than the ledger.
        NothingCounted: The convention counts nothing in a turn of the new interval.
        QuoteChanged: The quote is not the one that was *confirmed*.
        AlreadyBooked: The running line was charged with this very document.

    Source: decisions 7, 11 and 13, L6.
    """
    if _as_change("change", change).quantity == 0 and _as_billed("state", state).item.ended is not None:
        return Decision(state)
    at = as_instant("now", now)
    start = at if effective is None else as_instant("effective", effective)
    if start > at:
        raise InvalidArgument(parameter="effective", expected="no later than now", got="a later instant")
    _open(state, at)
    _require_undated(state, start, at)
    after, quote = changed(_open(state, start), change, start)
    if after == state.item:
        return Decision(state)
    return _done(state, after, quote, start, document, by, now, confirmed)


def schedule_change(
    state: Billed, change: ItemChange, effective: datetime | When, *, change_id: Id, by: Actor, now: datetime
) -> Decision[Billed, ChangeScheduled]:
    """Ask for a change at a later instant, or at the end of the period that will be running.

    The same again under the same id does nothing, and so does a change of nothing.

    Raises:
        ItemEnded: The item has ended.
        ItemBehind: A period has ended or a scheduled change is due; advance the item first.
        CurrencyMismatch: A price or discount of the change is in another currency than the ledger.
        NothingCounted: The convention counts nothing in a turn of the new interval.
        InvalidArgument: The instant is not later than *now*, another change of this id waits, or too many wait.
    """
    waiting = ScheduledChange(
        id=as_id("change_id", change_id), change=_as_change("change", change), effective=effective
    )
    item = _open(state, now).item
    if change == ItemChange() or waiting in item.scheduled:
        return Decision(state)
    due = waiting.effective if isinstance(waiting.effective, datetime) else item.period.end
    begins = beginning(due, item.period.zone, item.policy)
    terms = terms_after(item.terms, change, begins, state)
    if change.quantity != 0:
        countable(terms, item.policy, terms.cycle.period_at(begins))
    if any(one.id == waiting.id for one in item.scheduled):
        raise InvalidArgument(parameter="change_id", expected="an id that no waiting change has", got=shown(change_id))
    if isinstance(waiting.effective, datetime) and waiting.effective <= as_instant("now", now):
        raise InvalidArgument(parameter="effective", expected="later than now", got="an earlier instant")
    event = ChangeScheduled(item=item.id, change=waiting, by=acting(by), at=now)
    return Decision(evolve(state, item=items.apply(item, event)), (event,))


def withdraw_change(state: Billed, change_id: Id, *, by: Actor, now: datetime) -> Decision[Billed, ChangeWithdrawn]:
    """Take back the change of this id, which waits.

    Raises:
        NothingScheduled: None of this id waits.
    """
    item, wanted = _as_billed("state", state).item, as_id("change_id", change_id)
    if all(one.id != wanted for one in item.scheduled):
        raise NothingScheduled(item=item.id, change=wanted)
    event = ChangeWithdrawn(item=item.id, change=wanted, by=acting(by), at=now)
    return Decision(evolve(state, item=items.apply(state.item, event)), (event,))


def quote_next(state: Billed) -> Quote:
    """What `advance_item()` will charge and give back when it is next due, as things stand.

    Raises:
        ItemEnded: The item has ended.
        UnknownLine: The running line is not in the ledger; load it.
    """
    _require_running(state)
    return advanced(state)[1]


def advance_item(state: Billed, *, document: Id, by: Actor, now: datetime) -> ItemDecision:
    """Carry out the one thing that is due first at or before *now*: changes that wait, or the next period.

    It is billed as of when it was due. Where nothing is due, or the item has ended, nothing changes. Repeat it, each
    time with a document, until no event comes.

    Raises:
        UnknownLine: The running line is not in the ledger; load it.

    Source: decision 11, L3.
    """
    due = next_due(_as_billed("state", state).item)
    if due is None or due > as_instant("now", now):
        return Decision(state)
    after, quote, done = advanced(state)
    return _done(state, after, quote, due, document, by, now, None, done)


def _require_running(state: Billed) -> BilledItem:
    item: BilledItem = _as_billed("state", state).item
    if item.ended is not None:
        raise ItemEnded(item=item.id, ended=item.ended)
    return item


def _require_undated(state: Billed, start: datetime, at: datetime) -> None:
    """See to it that nothing is dated back over a line that was taken back whole, which no longer says what it held."""
    item = state.item
    taken_back = item.line is not None and state.ledger.line(item.line).billed is None
    if start < at and taken_back:
        raise ChangeTooEarly(item=item.id, earliest=at)


def _open(state: Billed, at: datetime) -> Billed:
    """*state*, whose item can be changed as of *at*."""
    item = _require_running(state)
    due = next_due(item)
    if due is not None and due <= as_instant("now", at):
        raise ItemBehind(item=item.id, due=due)
    if at < item.period.start:
        raise ChangeTooEarly(item=item.id, earliest=item.period.start)
    held = None if item.line is None else state.ledger.line(item.line)
    billed = None if held is None else held.billed
    part = unused_part(item.period, at, item.policy)
    if isinstance(billed, Interval) and billed.start and part and part.start and part.start < billed.start:
        raise ChangeTooEarly(item=item.id, earliest=billed.start)
    return state


def _done(
    state: Billed,
    after: BilledItem,
    quote: Quote,
    effective: datetime,
    document: Id,
    by: Actor,
    now: datetime,
    confirmed: Quote | None,
    done: tuple[ScheduledChange, ...] = (),
) -> ItemDecision:
    """The decision: what was confirmed is what is booked, and nothing is booked where there is nothing to pay."""
    if _as_quote("confirmed", confirmed) is not None and confirmed is not None and confirmed != quote:
        raise quote_changed(confirmed, quote)
    before = state.item
    if quote.lines and before.line is not None and state.ledger.line(before.line).document == document:
        raise AlreadyBooked(ledger=state.ledger.id, line=before.line)
    ids = line_ids("item_id", before.id, quote, after=before.lines)
    event = ItemBilled(
        item=before.id,
        effective=effective,
        terms=after.terms,
        policy=after.policy,
        period=after.period,
        line=ids[0] if ids else after.line,
        lines=before.lines + len(ids),
        quote=quote,
        done=done,
        ended=after.ended,
        by=acting(by),
        at=now,
    )
    item = items.apply(before, event)
    if not quote.lines:
        return Decision(Billed(item, state.ledger), (event,))
    booked = book_as(ids, state.ledger, quote, document=document, by=by, now=now)
    return Decision(Billed(item, booked.state), (event, *booked.events))


can_start_item = twin(start_item, "D-7")
can_take_over_item = twin(take_over_item, "D-7")
can_change_item = twin(change_item, "D-13")
can_schedule_change = twin(schedule_change, "D-11")
can_withdraw_change = twin(withdraw_change, "D-11")
can_advance_item = twin(advance_item, "D-11")
