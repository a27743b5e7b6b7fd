"""Cases of credits for the laws: packs, grants, runs and accounts, from a source of random numbers that is seeded."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from licensing_core import credits as lib
from licensing_core.checks import MAX_COUNT
from licensing_core.credits import (
    ActivationPolicy,
    Balances,
    CreditAccount,
    CreditEvent,
    CreditPack,
    Grant,
    RefundPolicy,
    Rollover,
    UsageRecord,
)
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.limits import UNLIMITED
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice
from licensing_core.testing.laws_pools import outcome_of
from licensing_core.workdays import BusinessCalendar

MONDAY: Final = datetime(2026, 3, 23, 23, tzinfo=UTC)
"""Midnight in Madrid, in the week at the end of which the clocks change."""
ZONE: Final = "Europe/Madrid"
STEP: Final = timedelta(hours=6)
ANA: Final = Actor("ana")
NAMES: Final = tuple(f"c{number}" for number in range(7))
"""Of orders and grants."""
POLICY: Final = ActivationPolicy(calendar=BusinessCalendar(frozenset(range(5))))
_PRICES: Final = (FlatPrice(Money.parse("20.00 EUR")),)


def tried(command: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """State and events of a *command*, or the refusal that it raised."""
    return outcome_of(command, *arguments, **named)


def any_pack(rng: Random) -> CreditPack:
    """A pack of few credits, which may expire, be topped up, or roll over."""
    return CreditPack(
        id="pack",
        credits=rng.choice((1, 5, 10, 20)),
        prices=_PRICES,
        expires_after=rng.choice((None, Duration(days=1), Duration(seconds=21_600), Duration(months=1))),
        priority=rng.choice((0, 0, -1, 1)),
        every=rng.choice((None, None, Duration(days=1), Duration(seconds=43_200))),
        rollover=any_rollover(rng),
    )


def any_rollover(rng: Random) -> Rollover:
    """None, some or all of it."""
    return rng.choice((Rollover(), Rollover(most=5), Rollover(most=MAX_COUNT), Rollover(least=3, most=8)))


def any_grant(rng: Random, name: str, at: datetime) -> Grant:
    """A grant called *name*, in force at *at*, or before or after it."""
    effective = at + rng.randrange(-3, 4) * STEP
    anchor = at + rng.randrange(-2, 3) * STEP
    every = rng.choice((Duration(days=1), Duration(seconds=43_200), Duration(seconds=3600)))
    return Grant(
        id=name,
        amount=rng.choice((1, 5, 10, 20)),
        priority=rng.choice((0, 0, 0, -1, 2)),
        effective=effective,
        expires=rng.choice((None, effective + rng.randrange(8) * STEP)),
        voided=rng.choice((None, None, None, effective + rng.randrange(8) * STEP)),
        recurrence=rng.choice((None, Cycle(anchor, every, ZONE))),
        rollover=any_rollover(rng),
    )


def any_balances(rng: Random) -> Balances:
    """Some grants, each in force or not, and something owed at times."""
    grants = [any_grant(rng, name, MONDAY) for name in rng.sample(NAMES, rng.randrange(6))]
    return lib.balances_at(grants, MONDAY, overage=rng.choice((0, 0, 12)), used=rng.choice((0, 4)))


def some_usage(rng: Random) -> list[UsageRecord]:
    """Usage on the same few instants as all the rest."""
    return [UsageRecord(MONDAY + rng.randrange(9) * STEP, rng.choice((0, 1, 5, 12))) for _ in range(rng.randrange(7))]


def any_cycle(rng: Random) -> Cycle:
    """Of half days, days or months, beginning before, with or after the first instant."""
    every = rng.choice((Duration(days=1), Duration(seconds=43_200), Duration(months=1)))
    return Cycle(MONDAY + rng.randrange(-2, 3) * STEP, every, ZONE)


def some_instants(rng: Random, most: int = 3) -> list[datetime]:
    """Some of the instants after the first."""
    return [MONDAY + n * STEP for n in rng.sample(range(1, 9), rng.randrange(most + 1))]


def an_open_account(rng: Random) -> CreditAccount:
    """An account in which nothing has happened yet."""
    overdraft = rng.choice((0, 0, 0, 15, UNLIMITED))
    resets, keep = rng.choice((None, None, any_cycle(rng))), rng.random() < 0.5
    opening = lib.open_credits(
        "acme", zone=ZONE, overdraft=overdraft, resets=resets, keep_overage=keep, by=ANA, now=MONDAY
    )
    return opening.state


def any_step(rng: Random, account: CreditAccount, now: datetime, *, negative: bool = True) -> Any:
    """State and events after one command of any kind, or its refusal; *negative*: a refund may go negative."""
    name, acts = rng.choice(NAMES), dict[str, Any]({"by": ANA, "now": now})
    policies = tuple(RefundPolicy) if negative else (RefundPolicy.REFUSE, RefundPolicy.FORGIVE)
    match rng.randrange(14):
        case 0 | 1:
            return tried(lib.order_pack, account, any_pack(rng), name, **acts)
        case 2 | 3:
            return tried(lib.note_payment, account, name, policy=POLICY, **acts)
        case 4 | 5:
            return tried(lib.activate, account, name, **acts)
        case 6:
            return tried(lib.cancel_order, account, name, **acts)
        case 7:
            return tried(lib.refund, account, name, policy=rng.choice(policies), **acts)
        case 8 | 9:
            return tried(lib.grant, account, any_grant(rng, name, now), **acts)
        case 10:
            return tried(lib.void, account, name, **acts)
        case 11:
            return tried(lib.reset, account, keep_overage=rng.random() < 0.5, **acts)
        case _:
            return tried(lib.spend, account, rng.choice((1, 4, 10, 25)), **acts)


def any_history(
    rng: Random, account: CreditAccount, *, most: int = 10, negative: bool = True
) -> Iterator[tuple[CreditAccount, tuple[CreditEvent, ...]]]:
    """State and events after each of some commands on *account*; those refused change nothing and are left out."""
    now = account.balances.at
    for _ in range(rng.randint(2, most)):
        now += rng.choice((0, 0, 0, 1, 1, 3)) * STEP
        found = any_step(rng, account, now, negative=negative)
        if not isinstance(found, LicensingError):
            account = found[0]
            yield found


def an_account_with_orders(rng: Random) -> CreditAccount:
    """An account with some orders, each as far as it may be."""
    account = an_open_account(rng)
    for name in rng.sample(NAMES, rng.randrange(4)):
        account = _ordered(rng, account, name)
    return account


def any_account(rng: Random) -> CreditAccount:
    """An account in which some has happened."""
    account = an_account_with_orders(rng)
    for state, _events in any_history(rng, account):
        account = state
    return account


def _ordered(rng: Random, account: CreditAccount, name: str) -> CreditAccount:
    """*account* with an order that is as far as it may be."""
    account = lib.order_pack(account, any_pack(rng), name, by=ANA, now=MONDAY).state
    if rng.random() < 0.8:
        account = lib.note_payment(account, name, policy=POLICY, by=ANA, now=MONDAY).state
        if rng.random() < 0.8:
            account = lib.activate(account, name, by=ANA, now=MONDAY).state
    return account


def later(rng: Random, account: CreditAccount) -> datetime:
    """The instant of *account*, or a later one."""
    return account.balances.at + rng.choice((0, 0, 1, 2, 6)) * STEP
