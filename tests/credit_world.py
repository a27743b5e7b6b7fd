"""One-line builders of what the examples of credits are about."""

from datetime import datetime, timedelta
from typing import Any

from licensing_core import credits as lib
from licensing_core.credits import (
    ActivationPolicy,
    CreditAccount,
    CreditPack,
    CreditsSpent,
    Entries,
    Grant,
    Orders,
    Rollover,
)
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.limits import Unlimited
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice
from licensing_core.workdays import BusinessCalendar
from tests.builders import NOON, eur

ANA = Actor("ana")
MADRID = "Europe/Madrid"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = ActivationPolicy(calendar=BusinessCalendar(frozenset(range(5))))
ALL = Rollover(most=2**31 - 1)
"""All of it rolls over."""


def opened(*gifts: Grant, overdraft: int | Unlimited = 0, now: datetime = NOON) -> CreditAccount:
    """An account to which these were granted."""
    account = lib.open_credits("acme", zone=MADRID, overdraft=overdraft, by=ANA, now=now).state
    for one in gifts:
        account = lib.grant(account, one, by=ANA, now=now).state
    return account


def gift(name: str = "g1", amount: int = 10, *, at: datetime = NOON, every: str | None = None, **more: Any) -> Grant:
    """*amount* credits from *at* on, for ever and once, unless the rest says otherwise; *every* counts from *at*."""
    cycle = None if every is None else Cycle(at, Duration.parse(every), MADRID)
    return Grant(id=name, amount=amount, effective=at, recurrence=cycle, **more)


def a_pack(number: int = 10, **more: Any) -> CreditPack:
    """A pack for 20.00 EUR."""
    return CreditPack(id="pack", credits=number, prices=(FlatPrice(eur("20.00")),), **more)


def ordered(
    name: str = "o1", *, account: CreditAccount | None = None, now: datetime = NOON, **pack: Any
) -> CreditAccount:
    """An account in which a pack was ordered."""
    return lib.order_pack(account or opened(now=now), a_pack(**pack), name, by=ANA, now=now).state


def paid(name: str = "o1", *, account: CreditAccount | None = None, now: datetime = NOON, **pack: Any) -> CreditAccount:
    """An account in which a pack was ordered and paid."""
    return lib.note_payment(ordered(name, account=account, now=now, **pack), name, policy=OFFICE, by=ANA, now=now).state


def active(
    name: str = "o1", *, account: CreditAccount | None = None, now: datetime = NOON, **pack: Any
) -> CreditAccount:
    """An account in which the credits of a pack are active."""
    return lib.activate(paid(name, account=account, now=now, **pack), name, by=ANA, now=now).state


def spend(account: CreditAccount, amount: int = 1, *, now: datetime = NOON) -> Decision[CreditAccount, CreditsSpent]:
    return lib.spend(account, amount, by=ANA, now=now)


def spent(account: CreditAccount, amount: int, *, now: datetime = NOON) -> CreditAccount:
    return spend(account, amount, now=now).state


def burned(account: CreditAccount, amount: int, *, now: datetime = NOON) -> list[tuple[str, int]]:
    """Which grants are burned when *amount* is spent, in order."""
    return [(one.grant, one.amount) for one in spend(account, amount, now=now).events[0].movements]


def left(account: CreditAccount, now: datetime | None = None) -> dict[str, int]:
    """What each grant has, at *now* if that is later."""
    balances = (account if now is None else lib.by_then(account, now)).balances
    return {name: one.balance for name, one in balances.entries.items()}


def balance(account: CreditAccount, now: datetime = NOON) -> int:
    return lib.standing(account, now).balance


def in_part(account: CreditAccount, *loaded: str, orders: tuple[str, ...] = ()) -> CreditAccount:
    """The same account, of which only these grants and orders were looked up."""
    entries = {name: one for name, one in account.balances.entries.items() if name in loaded}
    known = {name: one for name, one in account.orders.items() if name in orders}
    before = account.balances
    return CreditAccount(
        id=account.id,
        zone=account.zone,
        overdraft=account.overdraft,
        balances=lib.Balances(
            at=before.at,
            entries=Entries(entries, loaded=set(loaded)),
            overage=before.overage,
            used=before.used,
            granted=before.granted,
            burned=before.burned,
            expired=before.expired,
            voided=before.voided,
        ),
        orders=Orders(known, loaded=set(orders)),
    )
