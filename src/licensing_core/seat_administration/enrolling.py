"""Enrolling from seat administration, and deciding on enrollments: what the actor may see comes first."""

from collections.abc import Collection
from datetime import datetime

from licensing_core import enrollments as enrollment
from licensing_core import visibility
from licensing_core.checks import Id, UserId, bulk
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, Content, Directory, Permission
from licensing_core.enrollments import (
    NO_COURSES,
    Courses,
    Enrolled,
    EnrollmentConfirmed,
    EnrollmentReadmitted,
    EnrollmentRejected,
    NotEnrolled,
    Roster,
    UsersEnrolled,
    UserUnenrolled,
)
from licensing_core.plans import Package, Switches


def enroll(
    actor: Actor,
    roster: Roster,
    users: Collection[UserId],
    contents: Collection[Content],
    *,
    package: Package | None,
    courses: Courses = NO_COURSES,
    directory: Directory,
    switches: Switches,
    now: datetime,
    level: Id | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Decision[Enrolled, UsersEnrolled]:
    """Enroll each of *users* in each of *contents* through the pool of *roster*, or nobody in anything.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        NotEligible, ContentNotInPackage, ContentNotAssigned, SeatsExhausted: As `enrollments.enroll()` refuses.

    Source: DOC-40 to DOC-48.
    """
    pool = roster.pool
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
    wanted = bulk("users", users)
    return enrollment.enroll(
        roster,
        wanted,
        contents,
        package=package,
        eligible={user for user in wanted if directory.is_in(user, pool.beneficiary)},
        courses=courses,
        switches=switches,
        by=actor,
        now=now,
        level=level,
        since=since,
        until=until,
    )


def unenroll(
    actor: Actor,
    roster: Roster,
    user: UserId,
    content: Content,
    *,
    directory: Directory,
    switches: Switches,
    now: datetime,
) -> Decision[Roster, UserUnenrolled]:
    """Take *user* out of *content*.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        NotEnrolled: There is no such enrollment through the pool of *roster*.

    Source: decision 1.
    """
    pool = roster.pool
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
    return enrollment.unenroll(roster, user, content, switches=switches, by=actor, now=now)


def _require_in_reach(actor: Actor, roster: Roster, user: str, content: Content, directory: Directory) -> None:
    """Refuse an enrollment out of reach as one that does not exist (decision 12)."""
    if not visibility.manages_enrollment(actor, user, roster.pool.beneficiary, directory):
        raise NotEnrolled(content=content)


def confirm_enrollment(
    actor: Actor, roster: Roster, user: UserId, content: Content, *, directory: Directory, now: datetime
) -> Decision[Roster, EnrollmentConfirmed]:
    """Confirm the enrollment of *user* in *content*.

    Raises:
        PermissionMissing: *actor* may not activate enrollments.
        NotEnrolled: There is none through the pool of *roster*, or *actor* manages neither the user nor the pool.

    Source: DOC-47.
    """
    actor.require(Permission.ENROLLMENTS_ACTIVATE)
    _require_in_reach(actor, roster, user, content, directory)
    return enrollment.confirm(roster, user, content, by=actor, now=now)


def reject_enrollment(
    actor: Actor, roster: Roster, user: UserId, content: Content, *, directory: Directory, now: datetime
) -> Decision[Roster, EnrollmentRejected]:
    """Take *user* out of *content* instead of confirming it; the seat goes back.

    Raises:
        PermissionMissing, NotEnrolled: As `confirm_enrollment()`.
        AlreadyConfirmed: It does not wait to be confirmed.

    Source: decision 1.
    """
    actor.require(Permission.ENROLLMENTS_ACTIVATE)
    _require_in_reach(actor, roster, user, content, directory)
    return enrollment.reject(roster, user, content, by=actor, now=now)


def readmit(
    actor: Actor,
    roster: Roster,
    user: UserId,
    content: Content,
    until: datetime | None,
    *,
    directory: Directory,
    now: datetime,
) -> Decision[Roster, EnrollmentReadmitted]:
    """Move the end of validity of an enrollment to *until*, or take it away; no license is implied.

    Raises:
        PermissionMissing: As `visibility.can_edit_enrollment()` refuses.
        NotEnrolled: As `confirm_enrollment()`.

    Source: DOC-39, DOC-49.
    """
    visibility.can_edit_enrollment(actor, content).require()
    _require_in_reach(actor, roster, user, content, directory)
    return enrollment.readmit(roster, user, content, until, by=actor, now=now)


can_enroll = twin(enroll, "DOC-48")
can_unenroll = twin(unenroll, "D-1")
can_confirm_enrollment = twin(confirm_enrollment, "DOC-47")
can_reject_enrollment = twin(reject_enrollment, "DOC-47")
can_readmit = twin(readmit, "DOC-39")
