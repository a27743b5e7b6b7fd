"""Pools follow the subscriptions that pay for them: they open nothing while none of these gives access."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from licensing_core import accounts, dunning, pools
from licensing_core.accounts import CustomerAccount
from licensing_core.decisions import Event
from licensing_core.directory import Actor
from licensing_core.enrollments import Roster, lock
from licensing_core.pools import LicensePool
from licensing_core.services.engine import Command, UseCase, ask
from licensing_core.services.loading import enrollments_of, save_pool


def follow(
    command: Command[Any],
    actor: Actor,
    before: CustomerAccount,
    after: CustomerAccount,
    now: datetime,
) -> UseCase[None]:
    """Suspend or reinstate the pools for which *after* says otherwise than *before*, in the order of their ids."""
    was, is_now = (accounts.pools_in_force(account, now=now) for account in (before, after))
    yield from _follow(command, actor, {pool: on for pool, on in is_now.items() if was.get(pool) is not on}, now)


def follow_all(command: Command[Any], actor: Actor, account: CustomerAccount, now: datetime) -> UseCase[None]:
    """Suspend or reinstate all pools of *account*, as time may have brought it: a trial, a term or a block ended."""
    yield from _follow(command, actor, accounts.pools_in_force(account, now=now), now)


def _follow(command: Command[Any], actor: Actor, wanted: Mapping[str, bool], now: datetime) -> UseCase[None]:
    for pool_id in sorted(wanted):
        stored = yield from _stored(command, pool_id, ())
        if stored is not None:
            decide = pools.reinstate if wanted[pool_id] else pools.suspend
            decision = decide(stored.state, by=actor, now=now)
            yield from save_pool(command, decision.state, stored, decision.events)


def _stored(command: Command[Any], pool_id: str, users: tuple[str, ...] | None) -> UseCase[Any]:
    return (yield from ask(lambda ports: ports.work.pool(command.tenant, pool_id, users)))


def release(command: Command[Any], actor: Actor, pool_id: str, now: datetime) -> UseCase[None]:
    """Take all licenses of a pool back; of seats, and of a pool that is gone, there is nothing to take."""
    stored = yield from _stored(command, pool_id, None)
    if stored is None or not isinstance(stored.state, LicensePool):
        return
    pool: LicensePool = stored.state
    events: list[Event] = []
    while True:
        decision = dunning.release_holdings(pool, by=actor, now=now)
        if not decision.events:
            break
        holders = [user for event in decision.events for user in event.released if pool.holds(user)]
        theirs = yield from enrollments_of(command, holders)
        locking = lock(Roster(pool=decision.state, enrollments=theirs), holders, by=actor, now=now)
        events += [*decision.events, *locking.events]
        pool = decision.state
    yield from save_pool(command, pool, stored, events)
