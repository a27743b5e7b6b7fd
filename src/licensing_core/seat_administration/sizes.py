"""Transfers between pools, and pools made larger or smaller, with the enrollments that go with the licenses."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from attrs import frozen

from licensing_core import enrollments as enrollment
from licensing_core import pools, visibility
from licensing_core.checks import Count, FrozenMap, UserId, Value, bulk, checked
from licensing_core.decisions import Decision, Event, twin
from licensing_core.directory import Actor, Directory, Permission
from licensing_core.enrollments import (
    NO_COURSES,
    Courses,
    Enrollment,
    Enrollments,
    EnrollmentsLocked,
    EnrollmentsMade,
    Roster,
)
from licensing_core.plans import Package, Switches
from licensing_core.pools import (
    SHRINK_ORDER,
    AnyPool,
    LicensePool,
    LicensesAssigned,
    LicensesUnassigned,
    PoolResized,
    Shrinking,
    ShrinkStage,
)
from licensing_core.seat_administration.rows import managed_licenses

_NEVER: Final[Mapping[str, datetime]] = FrozenMap({})


@frozen(kw_only=True, field_transformer=checked)
class Transferred(Value):
    """What came of a transfer: both pools, who was moved, who was passed over, and their enrollments; sorted.

    Attributes:
        moved: Those who hold a license of the target now instead of one of the source.
        awaiting: Those of them whose license of the source awaits confirmation.
        followed: The enrollments that come through the target now.
        locked: Those that were locked, since the package of the target does not list their content.
    """

    source: LicensePool
    target: LicensePool
    moved: tuple[UserId, ...]
    awaiting: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]
    followed: tuple[Enrollment, ...]
    locked: tuple[Enrollment, ...]


def transfer(
    actor: Actor,
    source: AnyPool,
    target: AnyPool,
    users: Collection[UserId],
    *,
    enrollments: Enrollments,
    package: Package | None,
    courses: Courses = NO_COURSES,
    directory: Directory,
    source_switches: Switches,
    target_switches: Switches,
    now: datetime,
) -> Decision[Transferred, Event]:
    """Move each of *users* who holds a license of *source* to one of *target*, with their enrollments; or nobody.

    The events of both pools come in one tuple; each names its pool. To try it out, let the decision go.

    Args:
        enrollments: Those of *users*, all of them.
        package: The package of the target's plan as it is now.
        courses: The courses of each learning plan that follows: they come along with it.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses, the source first.
        WrongPoolType: One of them holds seats.
        NotEligible, LicensesExhausted, RevocationsExhausted: As `pools.transfer()` refuses.
        HoldingsNotLoaded: Holdings or enrollments of one of *users* were not loaded.

    Source: WAL-12, DOC-29 to DOC-38.
    """
    giving, taking = managed_licenses(actor, source, directory), managed_licenses(actor, target, directory)
    wanted = bulk("users", users)
    eligible = {user for user in wanted if directory.is_in(user, taking.beneficiary)}
    decision = pools.transfer(
        giving,
        taking,
        wanted,
        eligible=eligible,
        source_switches=source_switches,
        target_switches=target_switches,
        by=actor,
        now=now,
    )
    moved = {user for event in decision.events if isinstance(event, LicensesAssigned) for user in event.users}
    left = {user for event in decision.events if isinstance(event, LicensesUnassigned) for user in event.awaiting}
    following = enrollment.move(
        Roster(pool=decision.state.source, enrollments=enrollments),
        Roster(pool=decision.state.target, enrollments=enrollments),
        moved,
        package=package,
        courses=courses,
        by=actor,
        now=now,
    )
    outcome = Transferred(
        source=decision.state.source,
        target=decision.state.target,
        moved=tuple(sorted(moved)),
        awaiting=tuple(sorted(left)),
        passed_over=tuple(sorted(wanted - moved)),
        followed=_of(following.events, enrollment.EnrollmentsMovedIn),
        locked=_of(following.events, EnrollmentsLocked),
    )
    return Decision(outcome, (*decision.events, *following.events))


def _of(events: Collection[Event], kind: type[EnrollmentsMade]) -> tuple[Enrollment, ...]:
    return tuple(one for event in events if isinstance(event, kind) for one in event.enrollments)


@frozen(kw_only=True, field_transformer=checked)
class Resized(Value):
    """What came of a new size: the pool, who lost a license, and the enrollments that were locked with it; sorted."""

    pool: AnyPool
    dropped: tuple[UserId, ...]
    locked: tuple[Enrollment, ...]


def _may_resize(actor: Actor, pool: AnyPool, directory: Directory) -> None:
    actor.require(Permission.TRANSACTIONS_CREATE)
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()


def preview_shrink(
    actor: Actor,
    pool: AnyPool,
    bought: Count,
    *,
    directory: Directory,
    order: tuple[ShrinkStage, ...] = SHRINK_ORDER,
    last_active: Mapping[UserId, datetime] = _NEVER,
    idle_before: datetime | None = None,
    assigned_at: Mapping[UserId, datetime] = _NEVER,
) -> Shrinking:
    """Who would lose their license if *pool* had *bought*; the arguments are those of `pools.preview_shrink()`.

    Raises:
        PermissionMissing, PoolNotVisible: As `resize()` refuses.
        PoolInUse: As `pools.preview_shrink()` refuses.
    """
    _may_resize(actor, pool, directory)
    return pools.preview_shrink(
        pool, bought, order=order, last_active=last_active, idle_before=idle_before, assigned_at=assigned_at
    )


def resize(
    actor: Actor,
    pool: AnyPool,
    bought: Count,
    *,
    drop: Collection[UserId] = (),
    enrollments: Enrollments,
    directory: Directory,
    now: datetime,
) -> Decision[Resized, PoolResized | EnrollmentsLocked]:
    """Let *pool* have *bought* licenses or seats, as by a transaction recorded by hand: nothing is charged.

    Args:
        drop: Those who lose their license, as `preview_shrink()` named them.
        enrollments: Those of the users to drop, all of them.

    Raises:
        PermissionMissing: *actor* may not record transactions, or not manage seats.
        PoolNotVisible: As `visibility.can_manage()` refuses.
        PoolInUse, PreviewOutdated: As `pools.resize()` refuses.
        HoldingsNotLoaded: Holdings or enrollments of one of those to drop were not loaded.

    Source: DOC-7, DOC-8, DOC-38.
    """
    _may_resize(actor, pool, directory)
    decision = pools.resize(pool, bought, drop=drop, by=actor, now=now)
    dropped = {user for event in decision.events for user in event.dropped}
    lost = [user for user in dropped if isinstance(pool, LicensePool) and pool.holds(user)]
    locking = enrollment.lock(Roster(pool=decision.state, enrollments=enrollments), lost, by=actor, now=now)
    outcome = Resized(
        pool=decision.state, dropped=tuple(sorted(dropped)), locked=_of(locking.events, EnrollmentsLocked)
    )
    return Decision(outcome, (*decision.events, *locking.events))


can_transfer = twin(transfer, "WAL-12")
can_resize = twin(resize, "DOC-7")
