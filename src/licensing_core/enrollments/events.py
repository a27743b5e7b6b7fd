"""What happens to enrollments, and a pool and its enrollments after it. `apply()` refuses nothing."""

from collections.abc import Iterable
from functools import reduce
from typing import ClassVar

from attrs import evolve, frozen

from licensing_core import pools
from licensing_core.checks import Id, Value, checked
from licensing_core.decisions import Event
from licensing_core.enrollments.values import Enrollment, Enrollments, Place
from licensing_core.pools import AnyPool, PoolEvent, PoolTakenOver, SeatPool


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentsMade(Event):
    """The *enrollments* are as they stand here from now on; each came through *pool*. The base of several events."""

    pool: Id
    enrollments: tuple[Enrollment, ...]


@frozen(kw_only=True, field_transformer=checked)
class UsersEnrolled(EnrollmentsMade):
    """Users were enrolled; in a pool of seats each course uses one."""

    type: ClassVar[str] = "enrollment.users_enrolled"


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentConfirmed(EnrollmentsMade):
    """An enrollment that waited was confirmed."""

    type: ClassVar[str] = "enrollment.confirmed"


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentReadmitted(EnrollmentsMade):
    """The end of an enrollment was moved; it is open when that end lies ahead."""

    type: ClassVar[str] = "enrollment.readmitted"


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentsLocked(EnrollmentsMade):
    """Users lost the license that their enrollments came through."""

    type: ClassVar[str] = "enrollment.locked"


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentsMovedIn(EnrollmentsMade):
    """Users were transferred to *pool*, or others merged into them, and these enrollments came with that."""

    type: ClassVar[str] = "enrollment.moved_in"


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentsRemoved(Event):
    """The *enrollments*, as they were last, are gone from *pool*. The base of several events."""

    pool: Id
    enrollments: tuple[Enrollment, ...]


@frozen(kw_only=True, field_transformer=checked)
class UserUnenrolled(EnrollmentsRemoved):
    """A user left a course or learning plan.

    Attributes:
        seat_returned: Whether a seat went back to the pool; else, in a pool of seats, it is spent (decision 1).
    """

    type: ClassVar[str] = "enrollment.user_unenrolled"
    seat_returned: bool


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentRejected(EnrollmentsRemoved):
    """An enrollment that waited was rejected; its seat went back."""

    type: ClassVar[str] = "enrollment.rejected"


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentsMovedOut(EnrollmentsRemoved):
    """Users were transferred to another pool, or merged into others, and these enrollments went with them."""

    type: ClassVar[str] = "enrollment.moved_out"


@frozen(kw_only=True, field_transformer=checked)
class PoolImported(PoolTakenOver):
    """A pool came from another system, with what was consumed of it, and the *enrollments* that came through it."""

    type: ClassVar[str] = "pool.imported"
    enrollments: tuple[Enrollment, ...]


EnrollmentEvent = (
    UsersEnrolled
    | EnrollmentConfirmed
    | EnrollmentReadmitted
    | EnrollmentsLocked
    | EnrollmentsMovedIn
    | UserUnenrolled
    | EnrollmentRejected
    | EnrollmentsMovedOut
)


@frozen(kw_only=True, field_transformer=checked)
class Roster(Value):
    """A pool, and the enrollments that a command on it needs: of its users, whichever pool they came through.

    Attributes:
        enrollments: All of the enrollments of the users concerned.
    """

    pool: AnyPool
    enrollments: Enrollments


def imported(event: PoolImported) -> Roster:
    """The pool that came with *event*, and the enrollments that came through it."""
    return Roster(pool=pools.opened(event), enrollments=Enrollments(event.enrollments))


def enrollment_changes(event: Event) -> dict[Place, Enrollment | None]:
    """The enrollments that *event* changed, as they stand since; `None` for those that are gone."""
    if isinstance(event, EnrollmentsMade | PoolImported):
        return {(one.user, one.content): one for one in event.enrollments}
    if isinstance(event, EnrollmentsRemoved):
        return {(one.user, one.content): None for one in event.enrollments}
    return {}


def enrollments_after(enrollments: Enrollments, events: Iterable[Event]) -> Enrollments:
    """*enrollments* after *events*, of one pool or of several, in their order; events of other things do nothing."""
    return reduce(lambda before, event: before.with_changes(enrollment_changes(event)), events, enrollments)


def apply(roster: Roster, event: EnrollmentEvent | PoolEvent) -> Roster:
    """*roster* after *event*, which has happened: nothing is refused."""
    if isinstance(event, EnrollmentsMade | EnrollmentsRemoved):
        return Roster(
            pool=_counted(roster.pool, event), enrollments=roster.enrollments.with_changes(enrollment_changes(event))
        )
    return evolve(roster, pool=pools.apply(roster.pool, event))


def _counted(pool: AnyPool, event: EnrollmentsMade | EnrollmentsRemoved) -> AnyPool:
    """*pool* after its seats were used or given back."""
    if not isinstance(pool, SeatPool):
        return pool
    seats = sum(1 for one in event.enrollments if one.takes_a_seat)
    if isinstance(event, UsersEnrolled):
        return evolve(pool, consumed=pool.consumed + seats, held=pool.held + seats)
    if isinstance(event, UserUnenrolled | EnrollmentRejected):
        back = seats if not isinstance(event, UserUnenrolled) or event.seat_returned else 0
        return evolve(pool, held=pool.held - seats, consumed=pool.consumed - back)
    return pool
