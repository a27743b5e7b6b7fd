"""Suspending a pool: what it holds stays held, and opens nothing until it is reinstated."""

from datetime import datetime
from typing import Final, TypeVar

from licensing_core.checks import as_instant, instance
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.pools import events
from licensing_core.pools.events import PoolReinstated, PoolSuspended
from licensing_core.pools.values import LicensePool, SeatPool

P = TypeVar("P", bound=LicensePool | SeatPool)
_as_pool: Final = instance((LicensePool, SeatPool))


def suspend(pool: P, *, by: Actor, now: datetime) -> Decision[P, PoolSuspended]:
    """Let *pool* open nothing until it is reinstated: what pays for it is overdue, paused or has ended.

    Holders keep their licenses, enrollments their seats, and administrators may go on to assign. One that is suspended
    stays so, and nothing changes.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: LAT-1.
    """
    at, who = as_instant("now", now), acting(by)
    if _as_pool("pool", pool).suspended:
        return Decision(pool)
    event = PoolSuspended(pool=pool.id, by=who, at=at)
    return Decision(events.apply(pool, event), (event,))


def reinstate(pool: P, *, by: Actor, now: datetime) -> Decision[P, PoolReinstated]:
    """Let *pool* open again what it opens, unless it has expired. One that is not suspended stays as it is.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: LAT-1.
    """
    at, who = as_instant("now", now), acting(by)
    if not _as_pool("pool", pool).suspended:
        return Decision(pool)
    event = PoolReinstated(pool=pool.id, by=who, at=at)
    return Decision(events.apply(pool, event), (event,))


can_suspend = twin(suspend, "LAT-1")
can_reinstate = twin(reinstate, "LAT-1")
