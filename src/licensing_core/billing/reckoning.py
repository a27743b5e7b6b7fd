"""What a start, a change or the next period of an item comes to: the item afterwards, and its quote; nothing is booked.

The commands in `changes` have seen to it that the item can be changed.
"""

from datetime import datetime
from functools import reduce
from typing import Final

from attrs import evolve

from licensing_core.billing.discounts import FixedDiscount, discounts_for
from licensing_core.billing.items import Billed, BilledItem, BillingPolicy, ItemChange, ItemTerms, ScheduledChange, When
from licensing_core.billing.lines import CreditLine, QuoteLine, Reason, line, netted
from licensing_core.billing.quotes import Quote
from licensing_core.checks import instance
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch
from licensing_core.periods import Cycle, Duration, Interval, MonthEnd, Period, Zone, local_date, start_of_day
from licensing_core.proration import Base, Count, Net, NothingCounted, measure, unused
from licensing_core.proration.amounts import in_money

_as_policy: Final = instance(BillingPolicy)
_MONTH: Final = Duration(months=1)


def next_due(item: BilledItem) -> datetime | None:
    """When something of *item* is due next: a change that waits, or the end of its period; `None` once it has ended."""
    if item.ended is not None:
        return None
    waiting = [one.effective for one in item.scheduled if isinstance(one.effective, datetime)]
    return min([item.period.end, *waiting])


def started(terms: ItemTerms, policy: BillingPolicy, now: datetime) -> tuple[Period, Quote]:
    """The turn that holds *now*, and what the rest of it costs."""
    period = countable(terms, policy, terms.cycle.period_at(now))
    start = max(period.start, beginning(now, period.zone, policy))
    charge = _charge(terms, policy, Interval(start, period.end), period, Reason.PERIOD)
    return period, _quote(terms.price.currency, policy, None, charge)


def changed(state: Billed, change: ItemChange, effective: datetime) -> tuple[BilledItem, Quote]:
    """The item after *change* at *effective*, in the middle of its period, and what that comes to.

    A change to what holds already is none: the very item comes back, and a quote without lines.
    """
    item, rules, currency = state.item, state.item.policy, state.ledger.currency
    part = unused_part(item.period, effective, rules)
    begins = item.period.end if part is None or part.start is None else part.start
    terms = terms_after(item.terms, change, begins, state)
    period = item.period if change.every is None else terms.cycle.period_at(begins)
    if terms == item.terms and period == item.period and change.quantity != 0:
        return item, _quote(currency, rules, None, None)
    if change.quantity == 0:
        after = evolve(item, terms=terms, ended=effective, scheduled=(), line=None)
        return after, _quote(currency, rules, _credit(state, part, Reason.CANCELLATION), None)
    countable(terms, rules, period)
    billed = part if change.every is None else period.interval
    charge = None if billed is None else _charge(terms, rules, billed, period, Reason.CHANGE)
    return evolve(item, terms=terms, period=period), _quote(
        currency, rules, _credit(state, part, Reason.CHANGE), charge
    )


def advanced(state: Billed) -> tuple[BilledItem, Quote, tuple[ScheduledChange, ...]]:
    """The item after what is due first, what that comes to, and which of the changes that wait were carried out."""
    item, due = state.item, next_due(state.item)
    boundary = due == item.period.end
    now_due = {due, When.END_OF_PERIOD} if boundary else {due}
    done = tuple(one for one in item.scheduled if one.effective in now_due)
    change = reduce(lambda earlier, one: one.change.over(earlier), done, ItemChange())
    if due is not None and not boundary:
        return (*changed(state, change, due), done)
    return (*_renewed(state, change), done)


def _renewed(state: Billed, change: ItemChange) -> tuple[BilledItem, Quote]:
    """The item in its next period, as changed at its beginning, and what that is charged."""
    item, rules, start = state.item, state.item.policy, state.item.period.end
    terms = terms_after(item.terms, change, start, state)
    if change.quantity == 0:
        ended = evolve(item, terms=terms, ended=start, scheduled=(), line=None)
        return ended, _quote(state.ledger.currency, rules, None, None)
    period = terms.cycle.period_after(item.period) if change.every is None else terms.cycle.period_at(start)
    charge = _charge(terms, rules, period.interval, period, Reason.PERIOD)
    return evolve(item, terms=terms, period=period, line=None), _quote(state.ledger.currency, rules, None, charge)


def unused_part(period: Period, at: datetime, policy: BillingPolicy) -> Interval | None:
    """What a change at *at* leaves unused of *period*: whole local days, unless seconds are counted.

    Before a period, that begins with the day after a change of the interval, all of it is unused.
    """
    if at < period.start:
        return period.interval
    return unused(period, max(period.start, beginning(at, period.zone, policy)), policy.convention)


def beginning(at: datetime, zone: Zone, policy: BillingPolicy) -> datetime:
    """Where what begins at *at* is billed from: the start of its local day, unless seconds are counted."""
    return at if policy.convention.count is Count.SECONDS else start_of_day(local_date(at, zone), zone)


def countable(terms: ItemTerms, policy: BillingPolicy, period: Period) -> Period:
    """*period*, a turn of the cycle of *terms*, once the convention is seen to count something in it."""
    every = terms.cycle.every
    _as_policy("policy", policy)
    if policy.convention.base is Base.START_MONTH and every != _MONTH:
        raise NothingCounted(count=policy.convention.count.value, base=policy.convention.base.value)
    measure(period, period, policy.convention, every=every)
    return period


def terms_after(terms: ItemTerms, change: ItemChange, effective: datetime, state: Billed) -> ItemTerms:
    """*terms* after *change*; a quantity of 0 keeps the one there is, since nothing is charged for it any more."""
    cycle = terms.cycle if change.every is None else _anew(terms.cycle, change.every, effective, state.item)
    after: ItemTerms = evolve(
        terms,
        item=change.item or terms.item,
        price=change.price or terms.price,
        quantity=terms.quantity if change.quantity in (None, 0) else change.quantity,
        cycle=cycle,
        discounts=terms.discounts if change.discounts is None else change.discounts,
        rates=terms.rates if change.rates is None else change.rates,
    )
    return in_currency(after, state.ledger.currency)


def in_currency(terms: ItemTerms, currency: Currency) -> ItemTerms:
    """*terms*, whose amounts are all in *currency*."""
    fixed = (one.amount for one in terms.discounts if isinstance(one, FixedDiscount))
    for found in (terms.price.currency, *(amount.currency for amount in fixed)):
        if found is not currency:
            raise CurrencyMismatch(expected=currency, got=found)
    return terms


def _anew(cycle: Cycle, every: Duration, effective: datetime, item: BilledItem) -> Cycle:
    """The cycle that begins at *effective*: on its local day, where whole days are counted, else at that instant.

    At the end of a period the day of the month stays the one that was wanted, though that month may lack it.
    """
    by_days = not isinstance(cycle.anchor, datetime) and not every.seconds
    counts_days = item.policy.convention.count is not Count.SECONDS
    anchor = local_date(effective, cycle.zone) if by_days and counts_days else effective
    if every.days or every.seconds or not every.months:
        return Cycle(anchor, every, cycle.zone)
    wanted = None
    if effective == item.period.end and cycle.every.months and not (cycle.every.days or cycle.every.seconds):
        first = local_date(cycle.anchor, cycle.zone) if isinstance(cycle.anchor, datetime) else cycle.anchor
        wanted = cycle.anchor_day or first.day
    month_end = cycle.month_end if cycle.every.months and not cycle.every.days else MonthEnd.CLAMP
    return Cycle(anchor, every, cycle.zone, month_end=month_end, anchor_day=wanted)


def _credit(state: Billed, part: Interval | None, reason: Reason) -> CreditLine | None:
    """What the running line gives back for *part*; `None` when nothing is left of it."""
    if state.item.line is None or part is None:
        return None
    held = state.ledger.line(state.item.line)
    worth = held.worth(part)
    return held.credit_of(worth.staged, part, reason, amount=worth.amount)


def _charge(terms: ItemTerms, rules: BillingPolicy, part: Interval, period: Period, reason: Reason) -> QuoteLine:
    """The line for *part* of *period*; its discounts are those of the day on which the part begins."""
    price, start = terms.price, part.start or period.start
    (off,) = discounts_for([price.exact(terms.quantity)], terms.discounts, on=local_date(start, period.zone))
    return line(
        terms.item,
        terms.quantity,
        price,
        billed=part,
        period=period,
        every=terms.cycle.every,
        convention=rules.convention,
        discounts=off,
        rates=terms.rates,
        reason=reason,
    )


def _quote(currency: Currency, rules: BillingPolicy, credit: CreditLine | None, charge: QuoteLine | None) -> Quote:
    if credit is not None and charge is not None and rules.convention.net is Net.ONCE:
        charge = _netted_once(credit, charge)
    given_back = credit if credit is not None and credit.amount else None
    lines = tuple(one for one in (given_back, charge) if one is not None)
    return Quote(currency=currency, lines=lines, taxes=rules.taxes)


def _netted_once(credit: CreditLine, charge: QuoteLine) -> QuoteLine:
    """*charge* moved so that it less *credit* comes to their exact difference, rounded once; but never below zero."""
    net = in_money(charge.prorated.staged - credit.exact, charge.currency, charge.convention)
    return netted(charge, max(0, net.minor + credit.amount.minor) - charge.amount.minor)
