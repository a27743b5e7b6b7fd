"""Handing licenses out and taking them back. Each command gives at most one event for each pool, or refuses."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from licensing_core.checks import MAX_COUNT, Count, Id, UserId, as_id, as_instant, bulk, whole
from licensing_core.decisions import Decision, Event, decided, twin
from licensing_core.directory import Actor, Scope, acting
from licensing_core.holdings import Holding
from licensing_core.limits import Unlimited
from licensing_core.plans import PackageKind, Switches, Terms
from licensing_core.pools import events
from licensing_core.pools.events import LicensesAssigned, LicensesUnassigned, PoolOpened, ReleasesRejected, opened
from licensing_core.pools.refusals import (
    ConfirmationNotAllowed,
    LicensesExhausted,
    NotEligible,
    RevocationsExhausted,
)
from licensing_core.pools.values import AnyPool, LicensePool

_ROWS: Final = (tuple, list)
_SETS: Final = (frozenset, set)
_as_count: Final = whole(0, MAX_COUNT)


def open_pool(
    pool_id: Id,
    kind: PackageKind,
    *,
    beneficiary: Scope,
    bought: Count,
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    terms: Terms | None = None,
) -> Decision[AnyPool, PoolOpened]:
    """Open a pool of *kind* with *bought* licenses or seats, none of them consumed.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: DOC-4, DOC-5, DOC-12.
    """
    event = PoolOpened(
        pool=pool_id,
        kind=kind,
        beneficiary=beneficiary,
        bought=bought,
        expires_at=expires_at,
        terms=terms,
        by=acting(by),
        at=now,
    )
    return Decision(opened(event), (event,))


def assign(
    pool: LicensePool,
    users: Collection[UserId],
    *,
    eligible: Collection[UserId],
    switches: Switches,
    by: Actor,
    now: datetime,
) -> Decision[LicensePool, LicensesAssigned]:
    """Give a license of *pool* to each of *users*, or to none of them.

    Args:
        pool: The pool as last saved, with the holdings of at least these users.
        users: Who shall hold a license, 10,000 at most; those who do already are passed over, so a retry is safe.
        eligible: Which of them belong to the pool's beneficiary at *now*.
        switches: The three switches as they stand now; the limit and its overage matter here.
        by: Who acts; recorded in the event.
        now: Aware instant of the act; expiry does not stop it (DOC-52).

    Returns:
        The pool afterwards and at most one event, which names the newcomers only.

    Raises:
        HoldingsNotLoaded: The holdings of one of *users* were not loaded.
        NotEligible: A newcomer is outside the beneficiary (DOC-29). Checked before the limit.
        LicensesExhausted: The pool enforces its limit and is short, by `shortfall` licenses (DOC-31).

    Source: DOC-28 to DOC-33, decision 2.
    """
    who, at = by.id if type(by) is Actor else acting(by), as_instant("now", now)
    newcomers = _plain_newcomer(pool, users, eligible) or _newcomers(pool, users, eligible, switches)
    if not newcomers:
        return Decision(pool)
    event: Any = _AssignedDraft()
    event.at = at
    event.by = who
    event.pool = pool.id
    event.users = newcomers
    event.moved_from = None
    event.__class__ = LicensesAssigned
    return decided(events.apply, pool, event)


# As `money` does for its results: a draft with the very same slots is filled in and then becomes the value.
class _AssignedDraft(Event):
    __slots__ = ("moved_from", "pool", "users")
    __setattr__: Any = object.__setattr__
    __delattr__: Any = object.__delattr__
    __init__: Any = object.__init__


def _plain_newcomer(pool: LicensePool, users: Collection[str], eligible: Collection[str]) -> frozenset[str] | None:
    """The one user who gets a free license, where nothing stands in the way; `None` elsewhere.

    The hot path: it only says yes, so that all else is passed over or refused in one place, `_newcomers()`.
    """
    if type(users) not in _ROWS or len(users) != 1:
        return None
    (user,) = users
    holdings = pool.holdings
    known = holdings.loaded
    if known is None or type(user) is not str or user not in known:  # who is known has passed the check already
        as_id("users", user)
    if holdings.get(user) is not None or type(eligible) not in _SETS or user not in eligible:
        return None
    return frozenset(users) if pool.consumed < pool.bought else None  # below, no switch matters


def _newcomers(
    pool: LicensePool, users: Collection[str], eligible: Collection[str], switches: Switches
) -> frozenset[str]:
    """Those of *users* who get a license; empty when all hold one."""
    holdings, wanted = pool.holdings, bulk("users", users)
    holdings.require(wanted)
    newcomers = frozenset([user for user in wanted if holdings.get(user) is not Holding.HELD])
    if not newcomers:
        return newcomers
    members = eligible if isinstance(eligible, AbstractSet) else bulk("eligible", eligible, most=MAX_COUNT)
    if outsiders := [user for user in newcomers if user not in members]:
        raise NotEligible(pool=pool.id, users=tuple(sorted(outsiders)))
    needed = sum([holdings.get(user) is None for user in newcomers])
    if needed and (short := pool.shortfall(needed, switches)) > 0:
        raise LicensesExhausted(pool=pool.id, requested=needed, shortfall=short)
    _as_count("consumed", pool.consumed + needed)
    return newcomers


def _loaded(pool: LicensePool, users: Collection[UserId], by: Actor, now: datetime) -> frozenset[str]:
    """The *users* of a command of *by* at *now*, once all that it needs is seen to be there."""
    acting(by)
    as_instant("now", now)
    wanted = bulk("users", users)
    pool.holdings.require(wanted)
    return wanted


def unassign(
    pool: LicensePool, users: Collection[UserId], *, switches: Switches, by: Actor, now: datetime
) -> Decision[LicensePool, LicensesUnassigned]:
    """Take the license from each of *users* who holds one.

    With `allow_refund`, or when a superadmin acts, it goes back to the pool at once. Otherwise it stays consumed and
    awaits confirmation, which a superadmin gives by unassigning the same user (or by `confirm()`). Users without a
    license are passed over.

    Returns:
        The pool afterwards and at most one event.

    Raises:
        HoldingsNotLoaded: The holdings of one of *users* were not loaded.
        RevocationsExhausted: *by* is no superadmin, and the revocation cap leaves fewer; nobody loses theirs.

    Source: DOC-34 to DOC-37.
    """
    wanted = _loaded(pool, users, by, now)
    holders, awaiting = _with(pool, wanted, Holding.HELD), _with(pool, wanted, Holding.AWAITING)
    if by.is_superadmin:
        return _unassigned(pool, holders | awaiting, frozenset(), by, now)
    left = _revocations_left(pool, switches)
    if left is not None and len(holders) > left:
        raise RevocationsExhausted(pool=pool.id, requested=len(holders), left=left)
    released = holders if switches.allow_refund else frozenset[str]()
    return _unassigned(pool, released, holders - released, by, now)


def _with(pool: LicensePool, users: frozenset[str], state: Holding) -> frozenset[str]:
    """Those of *users* whose license is in *state*."""
    return frozenset(user for user in users if pool.holdings.get(user) is state)


def _revocations_left(pool: LicensePool, switches: Switches) -> int | None:
    revocable = switches.revocable(pool.bought)
    return None if isinstance(revocable, Unlimited) else max(0, revocable - pool.revoked)


def confirm(
    pool: LicensePool, users: Collection[UserId], *, by: Actor, now: datetime
) -> Decision[LicensePool, LicensesUnassigned]:
    """Give back to *pool* the licenses of those of *users* whose release awaits confirmation; pass over the others.

    Raises:
        HoldingsNotLoaded: The holdings of one of *users* were not loaded.
        ConfirmationNotAllowed: *by* is no superadmin.

    Source: DOC-35.
    """
    return _unassigned(pool, _awaiting(pool, users, by, now), frozenset(), by, now)


def reject(
    pool: LicensePool, users: Collection[UserId], *, by: Actor, now: datetime
) -> Decision[LicensePool, ReleasesRejected]:
    """Give those of *users* whose release awaits confirmation their license back; pass over the others.

    Held and consumed are as if it had not been taken. That it was taken counts against the revocation cap all the
    same, and what was locked then stays so.

    Raises:
        HoldingsNotLoaded: The holdings of one of *users* were not loaded.
        ConfirmationNotAllowed: *by* is no superadmin.

    Source: DOC-35.
    """
    if not (kept := _awaiting(pool, users, by, now)):
        return Decision(pool)
    event = ReleasesRejected(pool=pool.id, users=kept, by=acting(by), at=now)
    return Decision(events.apply(pool, event), (event,))


def _awaiting(pool: LicensePool, users: Collection[str], by: Actor, now: datetime) -> frozenset[str]:
    """Those of *users* on whose release *by*, a superadmin, may decide."""
    wanted = _loaded(pool, users, by, now)
    if not by.is_superadmin:
        raise ConfirmationNotAllowed(pool=pool.id)
    return _with(pool, wanted, Holding.AWAITING)


def _unassigned(
    pool: LicensePool, released: frozenset[str], awaiting: frozenset[str], by: Actor, now: datetime
) -> Decision[LicensePool, LicensesUnassigned]:
    if not released and not awaiting:
        return Decision(pool)
    event = LicensesUnassigned(
        pool=pool.id,
        released=released,
        awaiting=awaiting,
        revoked=0 if by.is_superadmin else len(released) + len(awaiting),
        by=acting(by),
        at=now,
    )
    return Decision(events.apply(pool, event), (event,))


can_assign = twin(assign, "DOC-28")
can_unassign = twin(unassign, "DOC-34")
can_confirm = twin(confirm, "DOC-35")
can_reject = twin(reject, "DOC-35")
