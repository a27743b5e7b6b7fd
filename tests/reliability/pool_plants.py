"""Bugs of pools and enrollments to plant: the laws must find each of them, and so must the machine.

Most break a rule where it is decided, so that events and states still agree; a few make states that no event tells.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import datetime
from importlib import import_module
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core import enrollments, pools
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.enrollments import (
    Enrollment,
    EnrollmentRejected,
    EnrollmentsLocked,
    Roster,
    UserUnenrolled,
    enrolling,
    keeping,
)
from licensing_core.enrollments import events as enrollment_events
from licensing_core.holdings import Holding
from licensing_core.limits import UNLIMITED, Limit
from licensing_core.plans import Switches
from licensing_core.pools import LicensePool, LicensesUnassigned, Pool, transfers
from licensing_core.pools import events as pool_events

Plant = Callable[[], AbstractContextManager[Any]]


def _one_too_many() -> AbstractContextManager[Any]:
    """The limit lets one more through than was bought."""
    honest = Pool.shortfall
    return patch.object(Pool, "shortfall", lambda pool, needed, switches: honest(pool, needed, switches) - 1)


def _no_confirmation() -> AbstractContextManager[Any]:
    """What awaits confirmation is given back at once."""
    honest = pool_events.apply

    def hasty(pool: LicensePool, event: pools.PoolEvent) -> LicensePool:
        if isinstance(event, LicensesUnassigned):
            return honest(pool, evolve(event, released=event.released | event.awaiting, awaiting=frozenset()))
        return honest(pool, event)

    return patch.object(pool_events, "apply", hasty)


def _a_second_license() -> AbstractContextManager[Any]:
    """Who takes a license back is counted twice."""
    honest = pool_events.apply

    def generous(pool: LicensePool, event: pools.PoolEvent) -> LicensePool:
        after = honest(pool, event)
        back = isinstance(event, pools.LicensesAssigned) and any(
            pool.holdings.get(user) is Holding.AWAITING for user in event.users
        )
        return evolve(after, consumed=after.consumed + 1) if back else after

    return patch.object(pool_events, "apply", generous)


def _overage_rounded_up() -> AbstractContextManager[Any]:
    """A ratio lets the fraction of a license through."""

    def ceiling(limit: Limit) -> Any:
        most: Any = limit.most
        return -(-most * limit.overage.numerator // limit.overage.denominator)  # type: ignore[union-attr]

    honest = Limit.ceiling

    def upwards(limit: Limit) -> Any:
        return honest.fget(limit) if isinstance(limit.overage, str) else ceiling(limit)  # type: ignore[attr-defined]

    return patch.object(Limit, "ceiling", property(upwards))


def _no_revocation_cap() -> AbstractContextManager[Any]:
    """Power users take as many licenses away as they like."""
    return patch.object(Switches, "revocable", lambda *_: UNLIMITED)


def _freed_by_a_transfer() -> AbstractContextManager[Any]:
    """The license that a transfer leaves behind goes back, with refund off too."""
    honest = pools.unassign

    def freeing(pool: LicensePool, users: Collection[str], *, switches: Switches, **more: Any) -> Any:
        return honest(pool, users, switches=evolve(switches, allow_refund=True), **more)

    return patch.object(transfers, "unassign", freeing)


def _renewed_from_now() -> AbstractContextManager[Any]:
    """Who renews early loses the days that were left."""
    honest = pools.renew

    def hasty(pool: Any, *, now: datetime, **more: Any) -> Any:
        expiry = None if pool.expires_at is None else min(pool.expires_at, now)
        return honest(evolve(pool, expires_at=expiry), now=now, **more)

    return patch.object(pools, "renew", hasty)


def _a_seat_for_a_learning_plan() -> AbstractContextManager[Any]:
    """A learning plan uses a seat as its courses do."""
    return patch.object(Enrollment, "takes_a_seat", property(lambda _: True))


def _leaving_frees() -> AbstractContextManager[Any]:
    """Who leaves gives the seat back, with refund off too."""

    def unenrolled(*, seat_returned: bool, enrollments: tuple[Enrollment, ...], **more: Any) -> UserUnenrolled:
        returned = seat_returned or enrollments[0].takes_a_seat
        return UserUnenrolled(seat_returned=returned, enrollments=enrollments, **more)

    return patch.object(enrolling, "UserUnenrolled", unenrolled)


def _rejecting_spends() -> AbstractContextManager[Any]:
    """A rejected enrollment keeps its seat."""
    honest = enrollment_events._counted

    def spending(pool: Any, event: Any) -> Any:
        after = honest(pool, event)
        return evolve(after, consumed=pool.consumed) if isinstance(event, EnrollmentRejected) else after

    return patch.object(enrollment_events, "_counted", spending)


def _nothing_locked() -> AbstractContextManager[Any]:
    """Who loses a license keeps their enrollments."""
    return patch.object(enrollments, "lock", lambda roster, _users, **_: Decision(roster))


def _locked_through_other_pools() -> AbstractContextManager[Any]:
    """Who loses a license is locked out of what came through other pools too."""

    def lock(roster: Roster, theirs: Collection[Enrollment], by: Actor, at: datetime) -> Any:
        ending = tuple(
            evolve(one, locked=True, until=at if one.until is None else min(one.until, at))
            for one in theirs
            if not one.locked
        )
        if not ending:
            return Decision(roster)
        event = EnrollmentsLocked(pool=roster.pool.id, enrollments=ending, by=by.id, at=at)
        return Decision(enrollment_events.apply(roster, event), (event,))

    return patch.object(keeping, "_lock", lock)


def _readmitted_for_good() -> AbstractContextManager[Any]:
    """A locked enrollment opens when its end is moved, wherever to."""
    honest = keeping.readmit

    def generous(roster: Roster, user: str, *arguments: Any, **named: Any) -> Any:
        decision = honest(roster, user, *arguments, **named)
        events = tuple(
            evolve(event, enrollments=tuple(evolve(one, locked=False) for one in event.enrollments))
            for event in decision.events
        )
        for event in events:
            roster = enrollment_events.apply(roster, event)
        return Decision(roster, events)

    return patch.object(enrollments, "readmit", generous)


def _any_license_opens_all() -> AbstractContextManager[Any]:
    """A license in force opens what ended, too (against decision 10)."""
    entering = import_module("licensing_core.enrollments.entering")  # the package has a function of that name
    honest = entering._entry

    def generous(found: Any, *arguments: Any, subscribed: bool) -> Any:
        if subscribed and found is not None:
            found = evolve(found, until=None)
        return honest(found, *arguments, subscribed=subscribed)

    return patch.object(entering, "_entry", generous)


def _soonest_license() -> AbstractContextManager[Any]:
    """Who enrolls themselves does so through the license that expires first."""
    honest = import_module("licensing_core.enrollments.entering").expiring_last

    def first(found: Any) -> Any:
        ending = [live for live in found if live.pool.expires_at is not None]
        return min(ending, key=lambda live: live.pool.expires_at) if ending else honest(found)

    return patch.object(enrolling, "expiring_last", first)


PLANTS: tuple[Plant, ...] = (
    _one_too_many,
    _no_confirmation,
    _a_second_license,
    _overage_rounded_up,
    _no_revocation_cap,
    _freed_by_a_transfer,
    _renewed_from_now,
    _a_seat_for_a_learning_plan,
    _leaving_frees,
    _rejecting_spends,
    _nothing_locked,
    _locked_through_other_pools,
    _readmitted_for_good,
    _any_license_opens_all,
    _soonest_license,
)
