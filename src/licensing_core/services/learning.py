"""Use cases of enrollments: enroll, leave, confirm, readmit, and see what may be entered."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from attrs import frozen

from licensing_core import enrollments, seat_administration, visibility
from licensing_core.checks import MAX_BULK, Id, Instant, UserId, Value, bulk, checked
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, Content, Directory, Permission
from licensing_core.enrollments import (
    MAX_ENROLLMENTS,
    Access,
    Enrolled,
    Enrollment,
    EnrollmentStatus,
    LivePool,
    NotEnrolled,
    Roster,
)
from licensing_core.pools import AnyPool
from licensing_core.protocols import Stored, VersionConflict
from licensing_core.seat_administration import Row
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.loading import actor_of, courses_of, enrollments_of, live, package_of, setting, stored_pool
from licensing_core.visibility import PageMode


@frozen(kw_only=True, field_transformer=checked)
class UsersPlaced(Value):
    """The row afterwards, who was enrolled in what, and what was skipped since it was there already; in order."""

    row: Row
    enrolled: tuple[Enrollment, ...]
    skipped: tuple[Enrollment, ...]

    @property
    def to_confirm(self) -> tuple[Enrollment, ...]:
        """Those that were made and wait to be confirmed."""
        return tuple(one for one in self.enrolled if one.status is EnrollmentStatus.TO_CONFIRM)


@frozen(field_transformer=checked)
class Contents(Value):
    """Courses and learning plans, sorted by their text."""

    contents: tuple[Content, ...]


@frozen(field_transformer=checked)
class EnrollmentPage(Value):
    """What somebody may do on the page that lists who is enrolled in a content."""

    mode: PageMode


def _placed(decision: Decision[Enrolled, Event]) -> UsersPlaced:
    state = decision.state
    row = seat_administration.row_of(state.roster.pool)
    return UsersPlaced(row=row, enrolled=state.enrolled, skipped=state.skipped)


@frozen(kw_only=True, field_transformer=checked)
class EnrollUsers(Command[UsersPlaced]):
    """Enroll each of *users* in each of *contents* through *pool*, or nobody; refuses as `enrollments.enroll()`.

    Before that it is refused as `visibility.can_manage()` refuses.
    """

    rule: ClassVar[str] = "DOC-48"

    pool: Id
    users: frozenset[UserId]
    contents: frozenset[Content]
    level: Id | None = None
    since: Instant | None = None
    until: Instant | None = None

    @property
    def most_users(self) -> int:
        """As many as stay within the enrollments of one command, learning plans counted without their courses."""
        return max(1, min(MAX_BULK, MAX_ENROLLMENTS // max(1, len(self.contents))))

    def steps(self, now: datetime) -> UseCase[UsersPlaced]:
        """Load the holdings and enrollments of these users, decide, save."""
        actor, directory = yield from setting(self, self.actor)
        users = bulk("users", self.users)
        stored = yield from stored_pool(self, actor, self.pool, users)
        visibility.can_manage(actor, stored.state.beneficiary, self.pool, directory).require()
        now_live = yield from live(self, stored.state)
        theirs = yield from enrollments_of(self, users)
        decision = seat_administration.enroll(
            actor,
            Roster(pool=stored.state, enrollments=theirs),
            users,
            self.contents,
            package=now_live.package,
            courses=(yield from courses_of(self, self.contents)),
            directory=directory,
            switches=now_live.switches,
            now=now,
            level=self.level,
            since=self.since,
            until=self.until,
        )
        yield from save(self, decision.state.roster.pool, stored.version, decision.events)
        return _placed(decision)


def _licenses(asked: Query[UsersPlaced] | Query[Access], user: str) -> UseCase[list[LivePool]]:
    """The pools whose license *user* holds or has awaiting."""
    found: list[LivePool] = []
    for pool in (yield from ask(lambda ports: ports.work.licenses(asked.tenant, user))):
        found.append((yield from live(asked, pool)))  # noqa: PERF401 - a comprehension cannot yield
    return found


@frozen(kw_only=True, field_transformer=checked)
class EnrollMyself(Command[UsersPlaced]):
    """Enroll the actor in *content*, under a license of theirs; refuses as `enrollments.self_enroll()` does."""

    rule: ClassVar[str] = "DOC-28"

    content: Content

    def steps(self, now: datetime) -> UseCase[UsersPlaced]:
        """Load the licenses and enrollments of the actor, decide, save."""
        actor = yield from actor_of(self, self.actor)
        decision = enrollments.self_enroll(
            actor,
            self.content,
            pools=(yield from _licenses(self, actor.id)),
            enrollments=(yield from enrollments_of(self, [actor.id])),
            courses=(yield from courses_of(self, [self.content])),
            now=now,
        )
        pool = decision.state.roster.pool
        stored = yield from stored_pool(self, actor, pool.id, frozenset({actor.id}))
        if stored.state != pool:  # a license uses nothing up, so it is as it was read, unless somebody was faster
            raise VersionConflict(aggregate=pool.id, expected=stored.version)
        yield from save(self, pool, stored.version, decision.events)
        return _placed(decision)


@frozen(kw_only=True, field_transformer=checked)
class UnenrollUser(Command[Row]):
    """Take *user* out of *content*, which they are in through *pool*; answers with its row.

    Refuses as `seat_administration.unenroll()` does.
    """

    rule: ClassVar[str] = "D-1"

    pool: Id
    user: UserId
    content: Content

    def steps(self, now: datetime) -> UseCase[Row]:
        """Load the enrollments of the user, decide, save."""
        actor, directory = yield from setting(self, self.actor)
        stored = yield from stored_pool(self, actor, self.pool, frozenset({self.user}))
        theirs = yield from enrollments_of(self, [self.user])
        roster, switches = Roster(pool=stored.state, enrollments=theirs), (yield from live(self, stored.state)).switches
        decision = seat_administration.unenroll(
            actor, roster, self.user, self.content, directory=directory, switches=switches, now=now
        )
        yield from save(self, decision.state.pool, stored.version, decision.events)
        return seat_administration.row_of(decision.state.pool)


def _place(
    command: Command[Enrollment] | Command[Row], permit: Callable[[Actor], None], user: str, content: Content
) -> UseCase[tuple[Actor, Directory, Stored[AnyPool], Roster]]:
    """Who acts, whom *permit* must let pass, and the enrollment with the pool that it came through."""
    actor, directory = yield from setting(command, command.actor)
    permit(actor)
    theirs = yield from enrollments_of(command, [user])
    found = theirs.of(user).get(content)
    if found is None or found.pool is None:
        raise NotEnrolled(content=content)
    stored = yield from stored_pool(command, actor, found.pool, frozenset({user}))
    return actor, directory, stored, Roster(pool=stored.state, enrollments=theirs)


def _may_activate(actor: Actor) -> None:
    actor.require(Permission.ENROLLMENTS_ACTIVATE)


@frozen(kw_only=True, field_transformer=checked)
class ConfirmEnrollment(Command[Enrollment]):
    """Confirm the enrollment of *user* in *content*; refuses as `seat_administration.confirm_enrollment()` does."""

    rule: ClassVar[str] = "DOC-47"

    user: UserId
    content: Content

    def steps(self, now: datetime) -> UseCase[Enrollment]:
        """Load the enrollments of the user, and the pool of this one; decide, save."""
        actor, directory, stored, roster = yield from _place(self, _may_activate, self.user, self.content)
        decision = seat_administration.confirm_enrollment(
            actor, roster, self.user, self.content, directory=directory, now=now
        )
        yield from save(self, decision.state.pool, stored.version, decision.events)
        return enrollments.enrolled(decision.state, self.user, self.content)


@frozen(kw_only=True, field_transformer=checked)
class RejectEnrollment(Command[Row]):
    """Take *user* out of *content* instead of confirming it; answers with the row of the pool.

    Refuses as `seat_administration.reject_enrollment()` does.
    """

    rule: ClassVar[str] = "DOC-47"

    user: UserId
    content: Content

    def steps(self, now: datetime) -> UseCase[Row]:
        """Load the enrollments of the user, and the pool of this one; decide, save."""
        actor, directory, stored, roster = yield from _place(self, _may_activate, self.user, self.content)
        decision = seat_administration.reject_enrollment(
            actor, roster, self.user, self.content, directory=directory, now=now
        )
        yield from save(self, decision.state.pool, stored.version, decision.events)
        return seat_administration.row_of(decision.state.pool)


@frozen(kw_only=True, field_transformer=checked)
class ReadmitUser(Command[Enrollment]):
    """Move the end of validity of an enrollment to *until* (`None`: no end).

    Refuses as `seat_administration.readmit()` does.
    """

    rule: ClassVar[str] = "DOC-39"

    user: UserId
    content: Content
    until: Instant | None

    def steps(self, now: datetime) -> UseCase[Enrollment]:
        """Load the enrollments of the user, and the pool of this one; decide, save."""
        actor, directory, stored, roster = yield from _place(self, self._may_edit, self.user, self.content)
        decision = seat_administration.readmit(
            actor, roster, self.user, self.content, self.until, directory=directory, now=now
        )
        yield from save(self, decision.state.pool, stored.version, decision.events)
        return enrollments.enrolled(decision.state, self.user, self.content)

    def _may_edit(self, actor: Actor) -> None:
        visibility.can_edit_enrollment(actor, self.content).require()


@frozen(kw_only=True, field_transformer=checked)
class ReadEnrollment(Query[Enrollment]):
    """The enrollment of *user* in *content*, for the application itself: no actor is asked for.

    Raises:
        NotEnrolled: There is none.
    """

    user: UserId
    content: Content

    def steps(self, now: datetime) -> UseCase[Enrollment]:
        """Load the enrollments of the user."""
        found = (yield from enrollments_of(self, [self.user])).of(self.user).get(self.content)
        if found is None:
            raise NotEnrolled(content=self.content)
        return found


@frozen(kw_only=True, field_transformer=checked)
class ReadAccess(Query[Access]):
    """What *user* may do with *content* now, for the application itself: no actor is asked for."""

    user: UserId
    content: Content

    def steps(self, now: datetime) -> UseCase[Access]:
        """Load the enrollments of the user, their licenses, and the pool that the enrollment came through."""
        theirs = yield from enrollments_of(self, [self.user])
        pools = yield from _licenses(self, self.user)
        found = theirs.of(self.user).get(self.content)
        if found is not None and found.pool is not None and all(one.pool.id != found.pool for one in pools):
            pools.append((yield from self._source(found.pool)))
        return enrollments.access(self.user, self.content, pools=pools, enrollments=theirs, now=now)

    def _source(self, pool_id: str) -> UseCase[LivePool]:
        stored = yield from ask(lambda ports: ports.work.pool(self.tenant, pool_id, frozenset({self.user})))
        if stored is None:
            raise enrollments.PoolNotLoaded(pool=pool_id)
        return (yield from live(self, stored.state))


@frozen(kw_only=True, field_transformer=checked)
class ListEnrollable(Query[Contents]):
    """What *actor* may enroll users in through *pool* (DOC-43); refuses as `visibility.can_manage()` does."""

    actor: UserId
    pool: Id

    def steps(self, now: datetime) -> UseCase[Contents]:
        """Load the pool without holdings."""
        actor, directory = yield from setting(self, self.actor)
        pool = (yield from stored_pool(self, actor, self.pool, frozenset())).state
        visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
        return Contents(visibility.enrollable(actor, (yield from package_of(self, pool))))


@frozen(kw_only=True, field_transformer=checked)
class ReadEnrollmentPage(Query[EnrollmentPage]):
    """What *actor* may do on the list of enrollments of *content* (DOC-49)."""

    actor: UserId
    content: Content

    def steps(self, now: datetime) -> UseCase[EnrollmentPage]:
        """Ask the host alone: nothing stored is read."""
        actor = yield from actor_of(self, self.actor)
        return EnrollmentPage(visibility.enrollment_page(actor, self.content))
