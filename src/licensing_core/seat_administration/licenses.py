"""Handing out the licenses of a pool, and taking them back with all that hangs on them."""

from collections.abc import Collection
from datetime import datetime

from attrs import evolve, frozen

from licensing_core import enrollments as enrollment
from licensing_core import pools
from licensing_core.checks import UserId, Value, bulk, checked
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, Directory
from licensing_core.enrollments import Enrollment, Enrollments, EnrollmentsLocked, Roster
from licensing_core.plans import Switches
from licensing_core.pools import AnyPool, LicensePool, LicensesAssigned, LicensesUnassigned, ReleasesRejected
from licensing_core.seat_administration.rows import managed_licenses


@frozen(kw_only=True, field_transformer=checked)
class Assigned(Value):
    """What came of assigning: the pool, who got a license, and who was passed over because they hold one; sorted."""

    pool: LicensePool
    added: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]


@frozen(kw_only=True, field_transformer=checked)
class Unassigned(Value):
    """What came of unassigning: the pool, whose license went back, whose awaits confirmation, who had none; sorted.

    Attributes:
        locked: The enrollments that were locked with the licenses, in order, as they stand now.
    """

    pool: LicensePool
    released: tuple[UserId, ...]
    awaiting: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]
    locked: tuple[Enrollment, ...] = ()


@frozen(kw_only=True, field_transformer=checked)
class Rejected(Value):
    """What came of rejecting releases: the pool, who holds their license again, who was passed over; sorted."""

    pool: LicensePool
    restored: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]


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
    licenses = managed_licenses(actor, pool, directory)
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
    enrollments: Enrollments,
    directory: Directory,
    switches: Switches,
    now: datetime,
) -> Decision[Unassigned, LicensesUnassigned | EnrollmentsLocked]:
    """Take the license of *pool* from each of *users*; a superadmin thereby confirms releases that await it.

    The enrollments that a holder has through the pool are locked and end at *now*.

    Args:
        enrollments: Those of *users*, all of them.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        WrongPoolType: *pool* holds seats.
        RevocationsExhausted: As `pools.unassign()` refuses.
        HoldingsNotLoaded: Holdings or enrollments of one of *users* were not loaded.

    Source: DOC-34 to DOC-38.
    """
    licenses = managed_licenses(actor, pool, directory)
    decision = pools.unassign(licenses, users, switches=switches, by=actor, now=now)
    outcome = _outcome(decision, bulk("users", users))
    lost = [user for user in (*outcome.released, *outcome.awaiting) if licenses.holds(user)]
    locking = enrollment.lock(Roster(pool=decision.state, enrollments=enrollments), lost, by=actor, now=now)
    return Decision(evolve(outcome, locked=_made(locking)), (*decision.events, *locking.events))


def _made(locking: Decision[Roster, EnrollmentsLocked]) -> tuple[Enrollment, ...]:
    return tuple(one for event in locking.events for one in event.enrollments)


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
    licenses = managed_licenses(actor, pool, directory)
    decision = pools.confirm(licenses, users, by=actor, now=now)
    return Decision(_outcome(decision, bulk("users", users)), decision.events)


def reject(
    actor: Actor, pool: AnyPool, users: Collection[UserId], *, directory: Directory, now: datetime
) -> Decision[Rejected, ReleasesRejected]:
    """Let those of *users* whose release awaits confirmation hold their license again; what was locked stays so.

    Raises:
        As `confirm()`.

    Source: DOC-35.
    """
    licenses = managed_licenses(actor, pool, directory)
    decision = pools.reject(licenses, users, by=actor, now=now)
    restored = frozenset(user for event in decision.events for user in event.users)
    outcome = Rejected(
        pool=decision.state,
        restored=tuple(sorted(restored)),
        passed_over=tuple(sorted(bulk("users", users) - restored)),
    )
    return Decision(outcome, decision.events)


def _outcome(decision: Decision[LicensePool, LicensesUnassigned], wanted: frozenset[str]) -> Unassigned:
    released = frozenset(user for event in decision.events for user in event.released)
    awaiting = frozenset(user for event in decision.events for user in event.awaiting)
    return Unassigned(
        pool=decision.state,
        released=tuple(sorted(released)),
        awaiting=tuple(sorted(awaiting)),
        passed_over=tuple(sorted(wanted - released - awaiting)),
    )


can_assign = twin(assign, "DOC-28")
can_unassign = twin(unassign, "DOC-34")
can_confirm = twin(confirm, "DOC-35")
can_reject = twin(reject, "DOC-35")
