"""The laws of credits: none is made or lost, however time is cut up and whoever tells it (L7, I11).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import credits as lib
from licensing_core.checks import MAX_COUNT
from licensing_core.credits import (
    TRANSITIONS,
    Balances,
    CreditAccount,
    CreditEvent,
    Entries,
    Grant,
    InsufficientCredits,
    MovementKind,
    OrderStatus,
    PackActivated,
    PackRefunded,
    RefundPolicy,
    UsageRecord,
)
from licensing_core.errors import LicensingError
from licensing_core.limits import UNLIMITED, Unlimited
from licensing_core.periods import Cycle
from licensing_core.testing.cases_credits import (
    ANA,
    MONDAY,
    NAMES,
    POLICY,
    STEP,
    ZONE,
    an_account_with_orders,
    an_open_account,
    any_account,
    any_balances,
    any_cycle,
    any_history,
    later,
    some_instants,
    some_usage,
    tried,
)
from licensing_core.testing.law import require
from licensing_core.testing.laws_pools import a_question_agrees
from licensing_core.workdays import deadline

History = Sequence[tuple[CreditAccount, tuple[CreditEvent, ...]]]
"""The account after each command, and the events of the command."""


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def _owed_at_most(account: CreditAccount) -> int:
    return MAX_COUNT if isinstance(account.overdraft, Unlimited) else account.overdraft


def credits_add_up(balances: Balances) -> None:
    """Granted = balance + burned + expired + voided: of each grant, and of all of them together."""
    entries = tuple(balances.entries.values())
    for one in entries:
        gone = one.burned + one.expired + one.voided
        require(one.granted == one.balance + gone, "granted = balance + burned + expired + voided", entry=one)
        require(not one.balance or one.grant.in_force(balances.at), "only grants in force have a balance", entry=one)
        most = max(one.grant.amount, one.grant.rollover.most)
        require(one.balance <= most, "no grant has more than its amount, or what rolls over", entry=one)
    gone = balances.burned + balances.expired + balances.voided
    require(balances.granted == balances.available + gone, "all that was granted is there or gone", balances=balances)
    for name in ("granted", "burned", "expired", "voided"):
        total = sum(getattr(one, name) for one in entries)
        require(getattr(balances, name) == total, "the totals are those of the grants", name=name, balances=balances)
    require(balances.available == sum(one.balance for one in entries), "what is available is what is left")


def a_split_run_is_the_whole_run(
    start: Balances,
    usage: Sequence[UsageRecord],
    *,
    until: datetime,
    resets: Sequence[datetime],
    keep_overage: bool,
    cuts: Iterable[datetime],
) -> None:
    """A run that is cut at any instants between its start and *until* ends as the whole does."""
    whole = lib.burn_down(start, usage, until=until, resets=resets, keep_overage=keep_overage)
    credits_add_up(whole)
    parts = start
    for cut in (*sorted(cuts), until):
        within = [at for at in resets if parts.at < at <= cut]
        parts = lib.burn_down(parts, usage, until=cut, resets=within, keep_overage=keep_overage)
        parts = evolve(parts)  # saved and loaded: what is to come is worked out anew
    require(parts == whole, "a split run is the whole run", parts=parts, whole=whole, usage=usage, resets=resets)


def commands_end_where_a_run_does(
    account: CreditAccount, usage: Sequence[UsageRecord], *, until: datetime, resets: Sequence[datetime], keep: bool
) -> None:
    """Spending step by step with no end to the overdraft leads where `burn_down()` does; so does a new count."""
    account = evolve(account, overdraft=UNLIMITED, resets=None)
    whole = lib.burn_down(account.balances, usage, until=until, resets=resets, keep_overage=keep)
    steps = [(at, 0, 0) for at in set(resets)]
    steps += [(one.at, 1, one.amount) for one in usage if account.balances.at <= one.at < until and one.amount]
    for at, kind, amount in sorted(steps):
        if kind:
            account = lib.spend(account, amount, by=ANA, now=at).state
        else:
            account = lib.reset(account, keep_overage=keep, by=ANA, now=at).state
    end = lib.by_then(account, until).balances
    require(end == whole, "commands end where a run does", end=end, whole=whole, usage=usage, resets=resets)


def a_cycle_of_resets_comes_in_time(
    account: CreditAccount, usage: Sequence[UsageRecord], cycle: Cycle, *, until: datetime, keep: bool
) -> None:
    """An account whose count begins anew with a cycle ends as a run with resets at its boundaries does."""
    start, resets = account.balances.at, list[datetime]()
    k = cycle.index_at(start) + 1
    while (at := cycle.boundary(k)) <= until:
        resets, k = [*resets, at], k + 1
    whole = lib.burn_down(account.balances, usage, until=until, resets=resets, keep_overage=keep)
    account = evolve(account, overdraft=UNLIMITED, resets=cycle, keep_overage=keep)
    for one in sorted((one for one in usage if start <= one.at < until and one.amount), key=lambda one: one.at):
        decision = lib.spend(account, one.amount, by=ANA, now=one.at)
        account = reduce(lib.apply, decision.events, account)
    end = lib.by_then(account, until).balances
    require(end == whole, "a cycle of resets comes in time", end=end, whole=whole, usage=usage, cycle=cycle)


def replay_rebuilds(start: CreditAccount, history: History) -> None:
    """L7. The account after each command is the replay of all events up to it, and `as_of()` reads it back."""
    opening = lib.CreditsOpened(
        account=start.id,
        zone=start.zone,
        overdraft=start.overdraft,
        resets=start.resets,
        keep_overage=start.keep_overage,
        by=ANA.id,
        at=start.balances.at,
    )
    events: list[CreditEvent] = []
    as_it_was: dict[datetime, CreditAccount] = {start.balances.at: start}
    for state, more in history:
        events.extend(more)
        require(reduce(lib.apply, events, start) == state, "replay rebuilds the account", events=events, state=state)
        as_it_was.update({event.at: state for event in more})
    instants = sorted(as_it_was)
    for place, at in enumerate(instants):
        after = instants[place + 1] if place + 1 < len(instants) else at + 5 * STEP
        for when in (at, at + (after - at) / 2):
            found, wanted = lib.as_of([opening, *events], when), lib.by_then(as_it_was[at], when)
            require(found == wanted, "the account can be read back", at=when, found=found, wanted=wanted)


def spending_is_all_or_none(account: CreditAccount, amount: int, now: datetime) -> None:
    """`spend()` takes all of *amount* or refuses, telling what is missing; `can_spend()` says the same before."""
    a_question_agrees(lib.can_spend, lib.spend, account, amount, by=ANA, now=now)
    before = lib.by_then(account, now).balances
    short = amount - before.balance - _owed_at_most(account)
    found = tried(lib.spend, account, amount, by=ANA, now=now)
    case = {"account": account, "entries": dict(before.entries), "amount": amount, "found": found}
    if isinstance(found, LicensingError):
        expected = InsufficientCredits(balance=before.balance, shortfall=short)
        require(short > 0 and found == expected, "only what is not there is refused", **case)
        return
    after, (event,) = found
    burned = sum(one.amount for one in event.movements)
    require(short <= 0, "what is not there is refused", **case)
    require(after.balances.balance == before.balance - amount, "the balance falls by what was spent", **case)
    require(after.balances.used == before.used + amount, "it is counted", **case)
    require(burned + after.balances.overage - before.overage == amount, "it is burned, or owed", **case)


def the_burn_order_is_kept(account: CreditAccount, amount: int, now: datetime) -> None:
    """Priority, then earlier expiry (none is last), then earlier start, then id: the first goes first, and whole."""
    before = lib.by_then(account, now).balances.entries
    found = tried(lib.spend, account, amount, by=ANA, now=now)
    if isinstance(found, LicensingError):
        return
    left, wanted = amount, list[tuple[str, int]]()
    for one in sorted(before.values(), key=_burns):
        burned = min(left, one.balance)
        left -= burned
        wanted += [(one.grant.id, burned)] if burned else []
    burned_in_order = [(one.grant, one.amount) for one in found[1][0].movements]
    require(burned_in_order == wanted, "the burn order is kept", burned=burned_in_order, wanted=wanted)
    require(all(one.kind is MovementKind.BURNED for one in found[1][0].movements), "they were burned")


def _burns(entry: lib.Entry) -> tuple[int, datetime, datetime, str]:
    grant = entry.grant
    return (grant.priority, grant.expires or _NEVER, grant.effective, grant.id)


def spending_twice_is_spending_the_sum(account: CreditAccount, one: int, other: int, now: datetime) -> None:
    """At one instant, *one* and then *other* leads where their sum does; when the sum is refused, one of them is."""
    whole = tried(lib.spend, account, one + other, by=ANA, now=now)
    first = tried(lib.spend, account, one, by=ANA, now=now)
    second = first if isinstance(first, LicensingError) else tried(lib.spend, first[0], other, by=ANA, now=now)
    refused = isinstance(whole, LicensingError), isinstance(second, LicensingError)
    require(refused[0] == refused[1], "the sum is refused when a part is", one=one, other=other, account=account)
    if not isinstance(whole, LicensingError) and not isinstance(second, LicensingError):
        require(second[0] == whole[0], "twice is the sum", one=one, other=other, account=account)


def a_refund_takes_back(account: CreditAccount, name: str, policy: RefundPolicy, now: datetime) -> None:
    """A refund voids what is left; what was spent is refused, owed or forgiven, as *policy* says."""
    order = account.orders.get(name)
    found = tried(lib.refund, account, name, policy=policy, by=ANA, now=now)
    if isinstance(found, LicensingError) or order is None:
        status = None if order is None else order.status
        refusable = status not in (OrderStatus.PENDING, OrderStatus.ACTIVE) or policy is RefundPolicy.REFUSE
        require(refusable, "a paid order is refunded", found=found, order=order)
        return
    before, (after, _events) = lib.by_then(account, now).balances, found
    case = {"before": before, "after": after.balances, "policy": policy, "order": order}
    require(after.orders[name].status is OrderStatus.REFUNDED, "it is refunded", **case)
    if order.status is OrderStatus.PENDING:
        require(after.balances == before, "what was not active is not taken back", **case)
        return
    entry, left = before.entries[name], after.balances.entries[name]
    owed = entry.burned if policy is RefundPolicy.GO_NEGATIVE else 0
    require(not left.balance and left.granted == entry.granted, "nothing is left of it", **case)
    require(left.burned == entry.burned - owed, "what was spent stays spent, or is owed", **case)
    require(policy is not RefundPolicy.REFUSE or not entry.burned, "what was spent is refused", **case)
    expected = before.balance - entry.balance - owed
    require(after.balances.balance == expected, "the balance falls by what is taken back", **case)


def a_new_count_keeps_what_rolls_over(account: CreditAccount, now: datetime, *, keep_overage: bool) -> None:
    """After a reset each grant in force has what rolls over, paid and topped up; nothing is used."""
    before = lib.by_then(account, now).balances
    decision = lib.reset(account, keep_overage=keep_overage, by=ANA, now=now)
    if before.since == now:
        require(decision.state == account and not decision.events, "one instant begins one count", before=before)
        return
    after = decision.state.balances
    kept = before.overage if keep_overage else 0
    require(not after.used and after.overage <= kept, "the count begins anew", before=before, after=after)
    for name, entry in before.entries.items():
        grant, left = entry.grant, after.entries[name].balance
        rolls = grant.rollover
        rolled = min(rolls.most, max(rolls.least, entry.balance)) if grant.in_force(before.at) else 0
        if account.balances.at < now and grant.in_force(now):
            if grant.effective == now:
                rolled = grant.amount
            elif _is_topped_up(grant, now):
                rolled = max(grant.amount, rolls.least)
        paid = account.balances.overage - after.overage if keep_overage else 0
        case = {"entry": entry, "after": after.entries[name], "keep_overage": keep_overage, "paid": paid}
        require(rolled - paid <= left <= rolled, "what rolls over stays, and is topped up", **case)


def _is_topped_up(grant: Grant, at: datetime) -> bool:
    cycle = grant.recurrence
    return cycle is not None and cycle.boundary(cycle.index_at(at)) == at


def only_a_refund_goes_below_the_overdraft(history: History) -> None:
    """I11. The balance is never below minus the overdraft, until a refund makes it so; and a payment grants once."""
    negative, activated = False, set[str]()
    for state, events in history:
        for event in events:
            negative |= isinstance(event, PackRefunded) and event.policy is RefundPolicy.GO_NEGATIVE
            if isinstance(event, PackActivated):
                require(event.grant.id not in activated, "a payment grants once", event=event)
                activated.add(event.grant.id)
        owed = -state.balances.balance
        require(negative or owed <= _owed_at_most(state), "no more is owed than the overdraft", state=state)


def an_order_goes_its_way(account: CreditAccount, name: str, now: datetime) -> None:
    """An order goes where `TRANSITIONS` lets it, and there alone; questions agree with the commands."""
    acts: dict[str, Any] = {"by": ANA, "now": now}
    order = account.orders.get(name)
    ways: tuple[tuple[OrderStatus, Any, Any, dict[str, Any]], ...] = (
        (OrderStatus.PENDING, lib.can_note_payment, lib.note_payment, {"policy": POLICY, **acts}),
        (OrderStatus.CANCELLED, lib.can_cancel_order, lib.cancel_order, acts),
        (OrderStatus.ACTIVE, lib.can_activate, lib.activate, acts),
        (OrderStatus.REFUNDED, lib.can_refund, lib.refund, {"policy": RefundPolicy.FORGIVE, **acts}),
    )
    for to, question, command, named in ways:
        a_question_agrees(question, command, account, name, **named)
        found = tried(command, account, name, **named)
        open_to = order is not None and to in TRANSITIONS[order.status]
        require(isinstance(found, LicensingError) is not open_to, "an order goes its way", order=order, to=to)
        if not isinstance(found, LicensingError):
            require(found[0].orders[name].status is to, "it goes there", order=order, to=to)


def paid_credits_are_granted_in_full(account: CreditAccount, name: str, now: datetime) -> None:
    """ALU-9, ALU-10. Paid credits are active by the deadline of the zone, as many as the pack has."""
    order = account.orders.get(name)
    if order is None or order.status is not OrderStatus.AWAITING_PAYMENT:
        return
    paid = lib.note_payment(account, name, policy=POLICY, paid=order.price, by=ANA, now=now).state
    wanted = deadline(now, POLICY.hours, POLICY.calendar, account.zone)
    require(paid.orders[name].active_by == wanted, "active within working hours", order=order, wanted=wanted)
    pending = lib.standing(paid, now).pending - lib.standing(account, now).pending
    require(pending == order.pack.credits, "paid credits are pending", order=order, pending=pending)
    before = lib.by_then(paid, now).balances
    after = lib.activate(paid, name, by=ANA, now=now).state.balances
    require(after.balance == before.balance + order.pack.credits, "they are granted in full", order=order, after=after)
    require(after.entries[name].burned == min(before.overage, order.pack.credits), "they pay what is owed", after=after)


def a_part_decides_as_the_whole(account: CreditAccount, amount: int, now: datetime) -> None:
    """To spend, the open grants are enough, and no order is needed; the event is the same."""
    balances = account.balances
    live = {name: one for name, one in balances.entries.items() if one.is_open(balances.at)}
    part = evolve(
        account, balances=evolve(balances, entries=Entries(live, loaded=set(live))), orders=lib.Orders(loaded=set())
    )
    whole, small = (tried(lib.spend, some, amount, by=ANA, now=now) for some in (account, part))
    if isinstance(whole, LicensingError) or isinstance(small, LicensingError):
        require(whole == small, "a part is refused as the whole is", account=account, amount=amount)
        return
    require(whole[1] == small[1], "a part decides as the whole", account=account, amount=amount)
    require(whole[0].balances.balance == small[0].balances.balance, "a part counts as the whole", account=account)


# One case of each


def _split(rng: Random) -> None:
    a_split_run_is_the_whole_run(
        any_balances(rng),
        some_usage(rng),
        until=MONDAY + 8 * STEP,
        resets=some_instants(rng),
        keep_overage=rng.random() < 0.5,
        cuts=[*some_instants(rng), *(at - STEP / 2 for at in some_instants(rng, 1))],
    )


def _compared(rng: Random) -> None:
    account, keep = evolve(an_open_account(rng), balances=any_balances(rng)), rng.random() < 0.5
    until, resets = MONDAY + 8 * STEP, some_instants(rng)
    commands_end_where_a_run_does(account, some_usage(rng), until=until, resets=resets, keep=keep)


def _added_up(rng: Random) -> None:
    for state, _events in any_history(rng, an_account_with_orders(rng)):
        credits_add_up(state.balances)
        credits_add_up(lib.by_then(state, later(rng, state)).balances)


def _in_time(rng: Random) -> None:
    account = CreditAccount(id="acme", zone=ZONE, balances=any_balances(rng))
    a_cycle_of_resets_comes_in_time(
        account, some_usage(rng), any_cycle(rng), until=MONDAY + 8 * STEP, keep=rng.random() < 0.5
    )


def _replayed(rng: Random) -> None:
    start = an_open_account(rng)
    replay_rebuilds(start, tuple(any_history(rng, start, most=24)))


def _spent(rng: Random) -> None:
    account = any_account(rng)
    spending_is_all_or_none(account, rng.choice((1, 3, 10, 30)), later(rng, account))


def _in_order(rng: Random) -> None:
    account = any_account(rng)
    the_burn_order_is_kept(account, rng.choice((1, 3, 10, 30)), later(rng, account))


def _summed(rng: Random) -> None:
    account = any_account(rng)
    spending_twice_is_spending_the_sum(account, rng.choice((1, 5)), rng.choice((1, 5, 12)), later(rng, account))


def _refunded(rng: Random) -> None:
    account = any_account(rng)
    spent = [name for name, one in account.balances.entries.items() if one.burned and name in account.orders]
    a_refund_takes_back(account, rng.choice(spent or NAMES), rng.choice(tuple(RefundPolicy)), later(rng, account))


def _begun_anew(rng: Random) -> None:
    account = any_account(rng)
    a_new_count_keeps_what_rolls_over(account, later(rng, account), keep_overage=rng.random() < 0.5)


def _bounded(rng: Random) -> None:
    start = an_account_with_orders(rng)
    if history := tuple(any_history(rng, start, negative=rng.random() < 0.3)):
        only_a_refund_goes_below_the_overdraft(history)


def _on_its_way(rng: Random) -> None:
    account = any_account(rng)
    for name in NAMES:
        an_order_goes_its_way(account, name, later(rng, account))


def _paid(rng: Random) -> None:
    account = any_account(rng)
    for name in NAMES:
        paid_credits_are_granted_in_full(account, name, later(rng, account))


def _in_part(rng: Random) -> None:
    account = any_account(rng)
    a_part_decides_as_the_whole(account, rng.choice((1, 3, 10, 30)), later(rng, account))


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("credits add up", _added_up),
    ("a split run of credits is the whole run", _split),
    ("commands on credits end where a run does", _compared),
    ("a cycle of resets of credits comes in time", _in_time),
    ("L7 replay rebuilds an account of credits", _replayed),
    ("spending credits is all or none", _spent),
    ("the burn order of credits is kept", _in_order),
    ("spending credits twice is spending the sum", _summed),
    ("a refund takes credits back", _refunded),
    ("a new count keeps what rolls over", _begun_anew),
    ("I11 only a refund goes below the overdraft", _bounded),
    ("an order of credits goes its way", _on_its_way),
    ("paid credits are granted in full", _paid),
    ("a part of the grants decides as the whole", _in_part),
]
"""Name of each law, and what makes one case of it and checks it."""
