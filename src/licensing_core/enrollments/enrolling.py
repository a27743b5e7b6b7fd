"""Enrolling users in courses and learning plans, and letting them leave; a pool of seats gives one for each course."""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from licensing_core import visibility
from licensing_core.checks import (
    MAX_COUNT,
    FrozenMap,
    Id,
    InvalidArgument,
    TooManyItems,
    UserId,
    Value,
    as_id,
    as_instant,
    bulk,
    checked,
    instance,
    shown,
)
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, Content, ContentKind, Permission, acting
from licensing_core.enrollments import events
from licensing_core.enrollments.entering import LivePool, expiring_last
from licensing_core.enrollments.events import EnrollmentRejected, Roster, UsersEnrolled, UserUnenrolled
from licensing_core.enrollments.refusals import AlreadyConfirmed, AlreadyEnrolled, NoLicense, NotEnrolled
from licensing_core.enrollments.values import Enrollment, Enrollments, EnrollmentStatus, in_order
from licensing_core.plans import Package, Switches
from licensing_core.pools import AnyPool, LicensePool, NotEligible, SeatPool, SeatsExhausted

MAX_CONTENTS: Final = 100
"""The most courses and learning plans that one command names."""
MAX_ENROLLMENTS: Final = 25_000
"""The most enrollments that one command makes or skips."""

Courses = Mapping[Content, Collection[Content]]
"""The courses of each learning plan."""
NO_COURSES: Final[Courses] = FrozenMap({})
"""For commands without a learning plan."""
_as_content: Final = instance(Content)
_as_courses: Final = instance(Mapping)


@frozen(kw_only=True, field_transformer=checked)
class Enrolled(Value):
    """What came of enrolling: who was enrolled in what, and what was skipped since it was there; in order.

    Attributes:
        skipped: The enrollments that were there already, as they stand (DOC-45).
    """

    roster: Roster
    enrolled: tuple[Enrollment, ...] = ()
    skipped: tuple[Enrollment, ...] = ()

    @property
    def to_confirm(self) -> tuple[Enrollment, ...]:
        """Those that were made and wait to be confirmed."""
        return tuple(one for one in self.enrolled if one.status is EnrollmentStatus.TO_CONFIRM)


def enroll(
    roster: Roster,
    users: Collection[UserId],
    contents: Collection[Content],
    *,
    package: Package | None,
    eligible: Collection[UserId] = frozenset(),
    courses: Courses = NO_COURSES,
    switches: Switches,
    by: Actor,
    now: datetime,
    level: Id | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Decision[Enrolled, UsersEnrolled]:
    """Enroll each of *users* in each of *contents* through the pool of *roster*, or nobody in anything.

    Learning plans come first: one enrolls in itself and in each of its courses, at once. A course asked for by itself
    waits to be confirmed, unless *by* may activate enrollments; one that is part of a plan of the same command counts
    as that. Whatever somebody is enrolled in already, from whatever source, is skipped, a learning plan with all of its
    courses. In a pool of seats every course newly enrolled uses one; under a license nothing is used.

    Args:
        roster: The pool, the holdings of at least these users, and all of their enrollments.
        users: 10,000 at most.
        contents: 100 at most; 25,000 enrollments in all.
        package: The package of the pool's plan as it is now; `None` when there is none any more, and so no content.
        eligible: Which of *users* belong to the beneficiary of a pool of seats; a pool of licenses asks its holdings.
        courses: The courses of each learning plan among *contents*.
        level: As what they are enrolled.
        since, until: The first instant at which they may enter, and the first at which they may not any more.

    Returns:
        What was enrolled and skipped, and at most one event.

    Raises:
        HoldingsNotLoaded: The holdings or enrollments of one of *users* were not loaded.
        NotEligible: Some are not in the beneficiary, or hold no license of the pool.
        ContentNotInPackage, ContentNotAssigned: As `visibility.can_enroll_in()` refuses.
        SeatsExhausted: The pool enforces its limit and is short, by `shortfall` seats.

    Source: DOC-5, DOC-40 to DOC-48, decision 1.
    """
    acting(by)
    as_instant("now", now)
    wanted, asked = bulk("users", users), _contents(contents)
    roster.enrollments.require(wanted)
    _require_eligible(roster.pool, wanted, eligible)
    visibility.can_enroll_in(by, package, asked, roster.pool.id).require()
    direct = EnrollmentStatus.ENROLLED if by.has(Permission.ENROLLMENTS_ACTIVATE) else EnrollmentStatus.TO_CONFIRM
    pattern = Enrollment(
        user="anybody", content=Content.course("any"), pool=roster.pool.id, level=level, since=since, until=until
    )
    return _enroll(roster, wanted, _Asked(asked, courses, direct, pattern), switches, by, now)


def _as_contents(name: str, contents: Any) -> frozenset[Content]:
    if isinstance(contents, str | bytes) or not isinstance(contents, Collection):
        raise InvalidArgument(parameter=name, expected="a collection of contents", got=shown(contents))
    return frozenset([_as_content(name, one) for one in contents])


def _contents(contents: Collection[Content]) -> frozenset[Content]:
    asked = _as_contents("contents", contents)
    if len(asked) > MAX_CONTENTS:
        raise TooManyItems(parameter="contents", given=len(asked), most=MAX_CONTENTS)
    return asked


def _require_eligible(pool: AnyPool, users: frozenset[str], eligible: Collection[str]) -> None:
    if isinstance(pool, LicensePool):
        pool.holdings.require(users)
        outsiders = [user for user in users if not pool.holds(user)]
    else:
        members = eligible if isinstance(eligible, AbstractSet) else bulk("eligible", eligible, most=MAX_COUNT)
        outsiders = [user for user in users if user not in members]
    if outsiders:
        raise NotEligible(pool=pool.id, users=tuple(sorted(outsiders)))


@frozen
class _Asked:
    """What users are to be enrolled in, and as what."""

    contents: frozenset[Content]
    courses: Courses
    direct: EnrollmentStatus
    """The status of a course that is asked for by itself."""
    pattern: Enrollment
    """What all of the enrollments have in common."""

    def parts(self) -> list[tuple[Content, tuple[Content, ...]]]:
        """Each learning plan with its courses, sorted; raises `InvalidArgument` when those of one are not given.

        A learning plan has no other among its courses: nobody would have asked whether that one may be entered.
        """
        plans = _sorted(one for one in self.contents if one.kind is ContentKind.LEARNING_PLAN)
        courses = courses_in(self.courses)
        return [(plan, _sorted(courses_of(plan, courses))) for plan in plans]

    def alone(self) -> list[Content]:
        """The courses that are asked for by themselves, sorted."""
        return list(_sorted(one for one in self.contents if one.kind is ContentKind.COURSE))


def courses_in(courses: Courses) -> dict[Content, frozenset[Content]]:
    """*courses*, once each learning plan is seen to have courses only.

    Raises:
        InvalidArgument: It is no mapping of contents to collections of courses.
    """
    given: Courses = _as_courses("courses", courses)
    return {
        _as_content("courses", plan): frozenset(_only_courses(_as_contents("courses", parts)))
        for plan, parts in given.items()
    }


def courses_of(plan: Content, courses: Mapping[Content, frozenset[Content]]) -> frozenset[Content]:
    """The courses of *plan*; raises `InvalidArgument` when they are not among *courses*."""
    if plan not in courses:
        expected = "the courses of each learning plan"
        raise InvalidArgument(parameter="courses", expected=expected, got="none for one of them")
    return courses[plan]


def _only_courses(contents: frozenset[Content]) -> tuple[Content, ...]:
    if any(one.kind is not ContentKind.COURSE for one in contents):
        raise InvalidArgument(parameter="courses", expected="courses of each learning plan", got="a learning plan")
    return _sorted(contents)


def _sorted(contents: Iterable[Content]) -> tuple[Content, ...]:
    return tuple(sorted(contents, key=str))


def _enroll(
    roster: Roster, users: Iterable[str], asked: _Asked, switches: Switches, by: Actor, now: datetime
) -> Decision[Enrolled, UsersEnrolled]:
    pool, plans, alone = roster.pool, asked.parts(), asked.alone()
    everything = len(alone) + sum(1 + len(parts) for _, parts in plans)
    if (most := everything * len(frozenset(users))) > MAX_ENROLLMENTS:
        raise TooManyItems(parameter="users x contents", given=most, most=MAX_ENROLLMENTS)
    made: list[Enrollment] = []
    skipped: list[Enrollment] = []
    for user in sorted(users):
        known = roster.enrollments.of(user)
        wanted = _wanted(known, plans, alone, asked.direct)
        for content, status in wanted.items():
            if content in known:
                skipped.append(known[content])
            else:
                made.append(asked.pattern.of(user, content, status))
    seats = sum(1 for one in made if one.takes_a_seat) if isinstance(pool, SeatPool) else 0
    if seats and (short := pool.shortfall(seats, switches)) > 0:
        raise SeatsExhausted(pool=pool.id, requested=seats, shortfall=short)
    if not made:
        return Decision(Enrolled(roster=roster, skipped=in_order(skipped)))
    event = UsersEnrolled(pool=pool.id, enrollments=in_order(made), by=acting(by), at=now)
    after = events.apply(roster, event)
    return Decision(Enrolled(roster=after, enrolled=event.enrollments, skipped=in_order(skipped)), (event,))


def _wanted(
    known: Mapping[Content, Enrollment],
    plans: Iterable[tuple[Content, tuple[Content, ...]]],
    alone: Iterable[Content],
    direct: EnrollmentStatus,
) -> dict[Content, EnrollmentStatus]:
    """What one user is to be in, and with what status; what is *known* among it is skipped."""
    wanted: dict[Content, EnrollmentStatus] = {}
    for plan, parts in plans:
        wanted[plan] = EnrollmentStatus.ENROLLED
        if plan not in known:
            wanted.update(dict.fromkeys(parts, EnrollmentStatus.ENROLLED))
    for course in alone:
        wanted.setdefault(course, direct)
    return wanted


def self_enroll(
    by: Actor,
    content: Content,
    *,
    pools: Collection[LivePool],
    enrollments: Enrollments,
    courses: Courses = NO_COURSES,
    now: datetime,
) -> Decision[Enrolled, UsersEnrolled]:
    """Enroll *by* themselves in *content*, under the license in force that covers it and expires last.

    Of licenses that expire alike the one of the first pool id counts; one that never expires comes last of all.

    Args:
        pools: The pools whose license they hold, as `access()` takes them; others do no harm.
        enrollments: All of theirs.
        courses: The courses of *content*, where it is a learning plan.

    Raises:
        NoLicense: No license in force covers it.
        AlreadyEnrolled: They are in it already.
        HoldingsNotLoaded: Their holdings or enrollments were not loaded.

    Source: DOC-28.
    """
    at, user = as_instant("now", now), acting(by)
    _as_content("content", content)
    covering = [live for live in pools if live.covers(user, content, at)]
    if not covering:
        raise NoLicense(content=content)
    if content in enrollments.of(user):
        raise AlreadyEnrolled(content=content)
    chosen = expiring_last(covering)
    pattern = Enrollment(user=user, content=content, pool=chosen.pool.id)
    asked = _Asked(frozenset({content}), courses, EnrollmentStatus.ENROLLED, pattern)
    return _enroll(Roster(pool=chosen.pool, enrollments=enrollments), (user,), asked, chosen.switches, by, at)


def unenroll(
    roster: Roster, user: UserId, content: Content, *, switches: Switches, by: Actor, now: datetime
) -> Decision[Roster, UserUnenrolled]:
    """Take *user* out of *content*; leaving a learning plan leaves none of its courses.

    The seat of a course goes back to the pool with `allow_refund`, or when a superadmin acts; else it is spent.

    Raises:
        NotEnrolled: There is no such enrollment through the pool of *roster*.
        HoldingsNotLoaded: The enrollments of *user* were not loaded.

    Source: decision 1, DOC-26.
    """
    who, leaving = acting(by), enrolled(roster, user, content)
    seat = isinstance(roster.pool, SeatPool) and leaving.takes_a_seat
    returned = seat and (switches.allow_refund or by.is_superadmin)
    event = UserUnenrolled(pool=roster.pool.id, enrollments=(leaving,), seat_returned=returned, by=who, at=now)
    return Decision(events.apply(roster, event), (event,))


def reject(
    roster: Roster, user: UserId, content: Content, *, by: Actor, now: datetime
) -> Decision[Roster, EnrollmentRejected]:
    """Take *user* out of *content* instead of confirming it; the seat goes back to the pool, whoever acts.

    Raises:
        PermissionMissing: *by* may not activate enrollments.
        NotEnrolled: There is no such enrollment through the pool of *roster*.
        AlreadyConfirmed: It does not wait to be confirmed.
        HoldingsNotLoaded: The enrollments of *user* were not loaded.

    Source: decision 1, DOC-47.
    """
    who = acting(by)
    by.require(Permission.ENROLLMENTS_ACTIVATE)
    waiting = enrolled(roster, user, content)
    if waiting.status is not EnrollmentStatus.TO_CONFIRM:
        raise AlreadyConfirmed(content=content)
    event = EnrollmentRejected(pool=roster.pool.id, enrollments=(waiting,), by=who, at=now)
    return Decision(events.apply(roster, event), (event,))


def enrolled(roster: Roster, user: UserId, content: Content) -> Enrollment:
    """The enrollment of *user* in *content* through the pool of *roster*.

    Raises:
        NotEnrolled: There is none.
        HoldingsNotLoaded: The enrollments of *user* were not loaded.
    """
    found = roster.enrollments.of(as_id("user", user)).get(_as_content("content", content))
    if found is None or found.pool != roster.pool.id:
        raise NotEnrolled(content=content)
    return found


can_enroll = twin(enroll, "DOC-48")
can_self_enroll = twin(self_enroll, "DOC-28")
can_unenroll = twin(unenroll, "D-1")
can_reject = twin(reject, "DOC-47")
