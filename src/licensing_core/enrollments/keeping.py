"""What becomes of enrollments once they are made: confirmed, readmitted, locked, or moved with their users."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import reduce

from attrs import evolve, frozen

from licensing_core import visibility
from licensing_core.checks import UserId, Value, as_instant, bulk, checked
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, Content, ContentKind, Permission, acting
from licensing_core.enrollments import events
from licensing_core.enrollments.enrolling import MAX_ENROLLMENTS, NO_COURSES, Courses, courses_in, courses_of, enrolled
from licensing_core.enrollments.events import (
    EnrollmentConfirmed,
    EnrollmentReadmitted,
    EnrollmentsLocked,
    EnrollmentsMovedIn,
    EnrollmentsMovedOut,
    Roster,
)
from licensing_core.enrollments.values import Enrollment, EnrollmentStatus, in_order
from licensing_core.plans import Package


def confirm(
    roster: Roster, user: UserId, content: Content, *, by: Actor, now: datetime
) -> Decision[Roster, EnrollmentConfirmed]:
    """Confirm the enrollment of *user* in *content*; one that is confirmed already stays so.

    Raises:
        PermissionMissing: *by* may not activate enrollments.
        NotEnrolled: There is no such enrollment through the pool of *roster*.
        HoldingsNotLoaded: The enrollments of *user* were not loaded.

    Source: DOC-47.
    """
    who = acting(by)
    by.require(Permission.ENROLLMENTS_ACTIVATE)
    found = enrolled(roster, user, content)
    if found.status is EnrollmentStatus.ENROLLED:
        return Decision(roster)
    after = evolve(found, status=EnrollmentStatus.ENROLLED)
    event = EnrollmentConfirmed(pool=roster.pool.id, enrollments=(after,), by=who, at=now)
    return Decision(events.apply(roster, event), (event,))


def readmit(
    roster: Roster, user: UserId, content: Content, until: datetime | None, *, by: Actor, now: datetime
) -> Decision[Roster, EnrollmentReadmitted]:
    """Move the end of validity of an enrollment to *until*, or take it away; no license is implied.

    A locked enrollment opens when its new end lies ahead, and stays locked when it does not.

    Raises:
        PermissionMissing: *by* may not edit enrollments, nor those of this learning plan on its page.
        NotEnrolled: There is no such enrollment through the pool of *roster*.
        HoldingsNotLoaded: The enrollments of *user* were not loaded.
        InvalidArgument: *until* is no aware instant, or not after the enrollment begins.

    Source: DOC-39, DOC-49.
    """
    who = acting(by)
    visibility.can_edit_enrollment(by, content).require()
    found, at = enrolled(roster, user, content), as_instant("now", now)
    end = None if until is None else as_instant("until", until)
    after = evolve(found, until=end, locked=found.locked and end is not None and end <= at)
    if after == found:
        return Decision(roster)
    event = EnrollmentReadmitted(pool=roster.pool.id, enrollments=(after,), by=who, at=at)
    return Decision(events.apply(roster, event), (event,))


def lock(roster: Roster, users: Collection[UserId], *, by: Actor, now: datetime) -> Decision[Roster, EnrollmentsLocked]:
    """Lock the enrollments that *users* have through the pool of *roster*, who lose their license at *now*.

    They end at *now*, or stay ended where they had ended before; those that are locked already stay as they are.
    Each event names 25,000 at most.

    Raises:
        HoldingsNotLoaded: The enrollments of one of *users* were not loaded.

    Source: DOC-37, DOC-38.
    """
    at, losing = as_instant("now", now), bulk("users", users)
    roster.enrollments.require(losing)
    return _lock(roster, [one for user in losing for one in roster.enrollments.of(user).values()], by, at)


def _lock(
    roster: Roster, theirs: Collection[Enrollment], by: Actor, at: datetime
) -> Decision[Roster, EnrollmentsLocked]:
    locked = in_order(
        evolve(one, locked=True, until=at if one.until is None else min(one.until, at))
        for one in theirs
        if one.pool == roster.pool.id and not one.locked
    )
    locking = tuple(
        EnrollmentsLocked(pool=roster.pool.id, enrollments=part, by=acting(by), at=at) for part in _parts(locked)
    )
    return Decision(reduce(events.apply, locking, roster), locking)


def _parts(enrollments: tuple[Enrollment, ...]) -> Iterator[tuple[Enrollment, ...]]:
    """*enrollments* in order, so many at once as one event may name."""
    for start in range(0, len(enrollments), MAX_ENROLLMENTS):
        yield enrollments[start : start + MAX_ENROLLMENTS]


@frozen(kw_only=True, field_transformer=checked)
class Moved(Value):
    """Both pools and the enrollments after users were transferred."""

    source: Roster
    target: Roster


def move(
    source: Roster,
    target: Roster,
    users: Collection[UserId],
    *,
    package: Package | None,
    courses: Courses = NO_COURSES,
    by: Actor,
    now: datetime,
) -> Decision[Moved, EnrollmentsMovedOut | EnrollmentsMovedIn | EnrollmentsLocked]:
    """Let the enrollments of *users*, who were transferred from the pool of *source* to that of *target*, follow them.

    An enrollment that is not locked and whose content the *package* of the target lists comes through the target from
    now on, and with a learning plan those in its courses; any other is locked, as `lock()` does.

    Args:
        courses: The courses of each learning plan that follows.

    Raises:
        HoldingsNotLoaded: The enrollments of one of *users* were not loaded.
        InvalidArgument: The courses of a learning plan that follows are not among *courses*.

    Source: DOC-38, WAL-12.
    """
    at, wanted = as_instant("now", now), bulk("users", users)
    source.enrollments.require(wanted)
    parts = courses_in(courses)
    follow: list[Enrollment] = []
    left: list[Enrollment] = []
    for user in wanted:
        theirs = [one for one in source.enrollments.of(user).values() if one.pool == source.pool.id and not one.locked]
        listed = {one.content for one in theirs if package is not None and package.lists(one.content)}
        within = listed.union(*(courses_of(plan, parts) for plan in listed if plan.kind is ContentKind.LEARNING_PLAN))
        for one in theirs:
            (follow if one.content in within else left).append(one)
    locking = _lock(source, left, by, at)
    leaving = in_order(follow)
    arrived = tuple(evolve(one, pool=target.pool.id) for one in leaving)
    out, into = moving(leaving, arrived, source.pool.id, target.pool.id, acting(by), at)
    moved = Moved(source=reduce(events.apply, out, locking.state), target=reduce(events.apply, into, target))
    return Decision(moved, (*locking.events, *out, *into))


def moving(
    leaving: tuple[Enrollment, ...], arrived: tuple[Enrollment, ...], source: str, target: str, by: str, at: datetime
) -> tuple[list[EnrollmentsMovedOut], list[EnrollmentsMovedIn]]:
    """What happens in the pools *source* and *target* when those *leaving* become those that *arrived*."""
    return (
        [EnrollmentsMovedOut(pool=source, enrollments=part, by=by, at=at) for part in _parts(leaving)],
        [EnrollmentsMovedIn(pool=target, enrollments=part, by=by, at=at) for part in _parts(arrived)],
    )


can_confirm = twin(confirm, "DOC-47")
can_readmit = twin(readmit, "DOC-39")
