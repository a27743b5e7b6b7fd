"""Seat administration: the page on which superadmins and power users hand out what was bought.

Each function refuses in the documented order: first what the actor may see, then what the pool allows. None needs a
repository: the host passes the pool as it was loaded.
"""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from attrs import frozen

from licensing_core import pools, visibility
from licensing_core.checks import Count, Id, Instant, UserId, Value, as_id, bulk, checked
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, Directory, Permission, PermissionMissing
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.plans import PackageKind, Switches, Terms
from licensing_core.pools import AnyPool, LicensePool, LicensesAssigned, LicensesUnassigned
from licensing_core.visibility import PoolNotVisible


@frozen(kw_only=True)
class WrongPoolType(LicensingError):
    """Licenses are assigned from pools of licenses only; a seat is used by enrolling."""

    code: ClassVar[str] = "pool.wrong_type"
    rules: ClassVar[tuple[str, ...]] = ("DOC-33",)
    pool: str

    def __str__(self) -> str:
        return f"pool {self.pool!r} holds seats, not licenses; enroll the users in a course instead"


@frozen(kw_only=True, field_transformer=checked)
class Row(Value):
    """One purchased plan in the table of seat administration (DOC-24).

    Attributes:
        terms: What the sale pinned: who bought or recorded it and when, package and plan; `None` without a sale.
        code: The transaction code: the id of the pool.
        assigned: How many of *total* are consumed (DOC-25).
        associated: How many are held now, expired or not.
        awaiting: How many were unassigned and await confirmation.
    """

    code: Id
    terms: Terms | None
    expires_at: Instant | None
    type: PackageKind
    consumed: Count
    bought: Count
    held: Count
    awaiting: Count
    free: Count
    overrun: Count
    renewals: Count


@frozen(kw_only=True, field_transformer=checked)
class Assigned(Value):
    """What came of assigning: the pool, who got a license, and who was passed over because they hold one; sorted."""

    pool: LicensePool
    added: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]


@frozen(kw_only=True, field_transformer=checked)
class Unassigned(Value):
    """What came of unassigning: the pool, whose license went back, whose awaits confirmation, who had none; sorted."""

    pool: LicensePool
    released: tuple[UserId, ...]
    awaiting: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]


def unknown_pool(actor: Actor, pool_id: str) -> LicensingError:
    """The refusal for a pool that does not exist: as for one that the actor does not manage (decision 12)."""
    if not actor.has(Permission.SEATS_MANAGE):
        return PermissionMissing(permission=Permission.SEATS_MANAGE)
    return PoolNotVisible(pool=as_id("pool_id", pool_id))


def row_of(pool: AnyPool) -> Row:
    """The row of *pool*, for whoever may see it; ask `row()` where that is not known yet."""
    return Row(
        code=pool.id,
        terms=pool.terms,
        expires_at=pool.expires_at,
        type=pool.kind,
        consumed=pool.consumed,
        bought=pool.bought,
        held=pool.held,
        awaiting=pool.awaiting if isinstance(pool, LicensePool) else 0,
        free=pool.free,
        overrun=pool.overrun,
        renewals=pool.renewals,
    )


def row(actor: Actor, pool: AnyPool, directory: Directory) -> Row:
    """The row of *pool* for *actor*.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.

    Source: DOC-24, DOC-25.
    """
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
    return row_of(pool)


def candidates(actor: Actor, pool: AnyPool, directory: Directory) -> tuple[str, ...]:
    """Users to offer for *pool*, sorted; refuses as `row()` does.

    Source: DOC-29, DOC-30.
    """
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
    return visibility.candidates(pool, directory)


def holders(actor: Actor, pool: AnyPool, holding: Holding, directory: Directory) -> tuple[str, ...]:
    """Users whose license of *pool* is in the state *holding*, sorted: candidates to unassign, or to confirm.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        WrongPoolType: *pool* holds seats.

    Source: DOC-34.
    """
    return _licenses(actor, pool, directory).users(holding)


def assign(
    actor: Actor,
    pool: AnyPool,
    users: Collection[UserId],
    *,
    directory: Directory,
    switches: Switches,
    now: datetime,
) -> Decision[Assigned, LicensesAssigned]:
    """Give a license of *pool* to each of *users*, or to none.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        WrongPoolType: *pool* holds seats.
        NotEligible, LicensesExhausted: As `pools.assign()` refuses.

    Source: DOC-28 to DOC-33.
    """
    licenses = _licenses(actor, pool, directory)
    wanted = bulk("users", users)
    eligible = {user for user in wanted if directory.is_in(user, licenses.beneficiary)}
    decision = pools.assign(licenses, wanted, eligible=eligible, switches=switches, by=actor, now=now)
    added = frozenset(user for event in decision.events for user in event.users)
    return Decision(
        Assigned(pool=decision.state, added=tuple(sorted(added)), passed_over=tuple(sorted(wanted - added))),
        decision.events,
    )


def unassign(
    actor: Actor,
    pool: AnyPool,
    users: Collection[UserId],
    *,
    directory: Directory,
    switches: Switches,
    now: datetime,
) -> Decision[Unassigned, LicensesUnassigned]:
    """Take the license of *pool* from each of *users*; a superadmin thereby confirms releases that await it.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        WrongPoolType: *pool* holds seats.

    Source: DOC-34 to DOC-37.
    """
    licenses = _licenses(actor, pool, directory)
    return _outcome(pools.unassign(licenses, users, switches=switches, by=actor, now=now), bulk("users", users))


def confirm(
    actor: Actor, pool: AnyPool, users: Collection[UserId], *, directory: Directory, now: datetime
) -> Decision[Unassigned, LicensesUnassigned]:
    """Give back the licenses of those of *users* whose release awaits confirmation; those who hold one keep it.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        WrongPoolType: *pool* holds seats.
        ConfirmationNotAllowed: *actor* is no superadmin.

    Source: DOC-35.
    """
    licenses = _licenses(actor, pool, directory)
    return _outcome(pools.confirm(licenses, users, by=actor, now=now), bulk("users", users))


def _outcome(
    decision: Decision[LicensePool, LicensesUnassigned], wanted: frozenset[str]
) -> Decision[Unassigned, LicensesUnassigned]:
    released = frozenset(user for event in decision.events for user in event.released)
    awaiting = frozenset(user for event in decision.events for user in event.awaiting)
    outcome = Unassigned(
        pool=decision.state,
        released=tuple(sorted(released)),
        awaiting=tuple(sorted(awaiting)),
        passed_over=tuple(sorted(wanted - released - awaiting)),
    )
    return Decision(outcome, decision.events)


def _licenses(actor: Actor, pool: AnyPool, directory: Directory) -> LicensePool:
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
    if not isinstance(pool, LicensePool):
        raise WrongPoolType(pool=pool.id)
    return pool


can_assign = twin(assign, "DOC-28")
can_unassign = twin(unassign, "DOC-34")
can_confirm = twin(confirm, "DOC-35")
