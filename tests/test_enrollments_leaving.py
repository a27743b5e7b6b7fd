"""What becomes of enrollments: left, confirmed, rejected, readmitted, locked, and moved with their users."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core import enrollments
from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant, TooManyItems
from licensing_core.decisions import Decision, Verdict
from licensing_core.directory import Actor, Permission, PermissionMissing, Role
from licensing_core.enrollments import (
    NO_COURSES,
    AlreadyConfirmed,
    Enrollment,
    EnrollmentsLocked,
    EnrollmentsNotLoaded,
    EnrollmentStatus,
    Moved,
    NotEnrolled,
    Roster,
    apply,
    confirm,
    lock,
    move,
    readmit,
    reject,
    unenroll,
)
from licensing_core.plans import Switches
from tests.builders import (
    AID,
    FIRE,
    NAIVE,
    NOON,
    ONWARD,
    PATHS,
    ROOT,
    SALES,
    STAIRS,
    START,
    a_learner,
    a_package,
    a_pool,
    a_power_user,
    a_roster,
    agrees,
    an_enrollment,
    replayed,
    seats,
)

WAITING = EnrollmentStatus.TO_CONFIRM
PU = a_power_user(SALES)
STRICT, REFUND = Switches(), Switches(allow_refund=True)
ACT: dict[str, Any] = {"by": ROOT, "now": NOON}
LEAVE: dict[str, Any] = {**ACT, "switches": STRICT}
HOUR = timedelta(hours=1)
MICRO = timedelta(microseconds=1)


def seated(*entries: Enrollment, **given: Any) -> Roster:
    """A pool of seats whose enrollments hold them."""
    return a_roster(seats(**{"bought": 9, "consumed": 4, "held": 2, **given}), *entries)


def under_license(*entries: Enrollment) -> Roster:
    return a_roster(a_pool(holders={"ana"}), *entries)


def only(roster: Roster) -> Enrollment:
    (one,) = roster.enrollments.values()
    return one


def seat(content: Any = FIRE, **changes: Any) -> Enrollment:
    return an_enrollment(content=content, pool="s1", **changes)


# Leaving


@pytest.mark.parametrize(
    ("by", "switches", "content", "counters", "returned"),
    [
        (PU, STRICT, FIRE, (4, 1), False),
        (PU, REFUND, FIRE, (3, 1), True),
        (ROOT, STRICT, FIRE, (3, 1), True),
        (PU, STRICT, START, (4, 2), False),
        (ROOT, REFUND, START, (4, 2), False),
    ],
    ids=["power user", "power user, refund on", "superadmin", "a plan", "a plan, superadmin, refund on"],
)
def test_a_seat_comes_back_with_refund_or_by_a_superadmin_and_is_spent_else(
    by: Actor, switches: Switches, content: Any, counters: tuple[int, int], returned: bool
) -> None:
    roster = seated(seat(content))
    decision = unenroll(roster, "ana", content, switches=switches, by=by, now=NOON)
    pool = decision.state.pool
    assert (pool.consumed, pool.held) == counters
    assert decision.events[0].seat_returned is returned
    assert len(decision.state.enrollments) == 0
    assert replayed(apply, decision, roster) == decision.state


@pytest.mark.parametrize("by", [PU, ROOT], ids=["power user", "superadmin"])
def test_leaving_under_a_license_leaves_the_license_and_returns_no_seat(by: Actor) -> None:
    roster = under_license(an_enrollment())
    decision = unenroll(roster, "ana", FIRE, switches=REFUND, by=by, now=NOON)
    assert (decision.state.pool, decision.events[0].seat_returned) == (roster.pool, False)


@pytest.mark.parametrize("changes", [{"status": WAITING}, {"until": NOON - HOUR}, {"since": NOON + HOUR}], ids=str)
def test_an_enrollment_that_waits_or_has_ended_is_left_like_any_other(changes: dict[str, Any]) -> None:
    pool = unenroll(seated(seat(**changes)), "ana", FIRE, switches=STRICT, by=PU, now=NOON).state.pool
    assert (pool.consumed, pool.held) == (4, 1)


def test_leaving_a_learning_plan_leaves_none_of_its_courses() -> None:
    after = unenroll(seated(seat(START), seat(FIRE)), "ana", START, **LEAVE).state
    assert set(after.enrollments) == {("ana", FIRE)}


def test_a_seat_pool_that_was_overrun_gets_no_seat_free_by_one_who_leaves() -> None:
    pool = unenroll(seated(seat(), bought=2), "ana", FIRE, **LEAVE).state.pool
    assert (pool.free, pool.overrun) == (0, 1)


COMMANDS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "unenroll": (enrollments.can_unenroll, unenroll, LEAVE),
    "confirm": (enrollments.can_confirm, confirm, ACT),
    "reject": (enrollments.can_reject, reject, ACT),
    "readmit": (enrollments.can_readmit, readmit, {**ACT, "until": NOON + HOUR}),
}
each_command = pytest.mark.parametrize(("question", "command", "named"), COMMANDS.values(), ids=COMMANDS.keys())


@each_command
@pytest.mark.parametrize(
    "entries",
    [[], [an_enrollment()], [seat(AID)], [seat(user="luis")], [an_enrollment(pool=None)]],
    ids=["none", "through another pool", "in another course", "of somebody else", "through none"],
)
def test_what_did_not_come_through_this_pool_is_unknown(
    question: Any, command: Any, named: Any, entries: list[Any]
) -> None:
    verdict = agrees(question, command, seated(*entries), "ana", FIRE, **named)
    assert verdict.refusal == NotEnrolled(content=FIRE)


@each_command
def test_enrollments_must_have_been_loaded(question: Any, command: Any, named: Any) -> None:
    with pytest.raises(EnrollmentsNotLoaded):
        question(a_roster(seats(), loaded={"luis"}), "ana", FIRE, **named)


@each_command
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"by": "root"}, InvalidArgument),
        ({"now": NAIVE}, InvalidInstant),
        ({"user": "a b"}, InvalidId),
        ({"content": "course:fire"}, InvalidArgument),
    ],
    ids=str,
)
def test_what_does_not_have_its_form_is_a_mistake(
    question: Any, command: Any, named: Any, wrong: dict[str, Any], error: Any
) -> None:
    given = {"user": "ana", "content": FIRE, **named, **wrong}
    with pytest.raises(error):
        command(seated(seat(status=WAITING, locked=True)), **given)


def test_leaving_twice_is_refused_the_second_time() -> None:
    once = unenroll(seated(seat()), "ana", FIRE, **LEAVE).state
    assert agrees(enrollments.can_unenroll, unenroll, once, "ana", FIRE, **LEAVE).code == "enrollment.none"


# Confirming and rejecting

ACTIVATE = PermissionMissing(permission=Permission.ENROLLMENTS_ACTIVATE)


def test_confirming_opens_it_and_confirming_twice_is_confirming_once() -> None:
    roster = seated(seat(status=WAITING, level="tutor", until=NOON + HOUR))
    decision = confirm(roster, "ana", FIRE, **ACT)
    assert only(decision.state) == seat(level="tutor", until=NOON + HOUR)
    assert decision.state.pool == roster.pool
    assert replayed(apply, decision, roster) == decision.state
    assert confirm(decision.state, "ana", FIRE, **ACT) == Decision(decision.state)


def test_confirming_does_not_unlock() -> None:
    locked = only(confirm(under_license(an_enrollment(status=WAITING, locked=True)), "ana", FIRE, **ACT).state)
    assert (locked.status, locked.locked) == (EnrollmentStatus.ENROLLED, True)


@pytest.mark.parametrize("by", [ROOT, PU], ids=["superadmin", "power user"])
def test_rejecting_gives_the_seat_back_whoever_acts(by: Actor) -> None:
    roster = seated(seat(status=WAITING))
    decision = reject(roster, "ana", FIRE, by=by, now=NOON)
    assert (decision.state.pool.consumed, decision.state.pool.held) == (3, 1)
    assert len(decision.state.enrollments) == 0
    assert replayed(apply, decision, roster) == decision.state


def test_what_is_confirmed_is_not_rejected_nor_what_was_rejected_confirmed_or_rejected_again() -> None:
    here = seated(seat())
    assert agrees(enrollments.can_reject, reject, here, "ana", FIRE, **ACT).refusal == AlreadyConfirmed(content=FIRE)
    gone = reject(seated(seat(status=WAITING)), "ana", FIRE, **ACT).state
    for command in (confirm, reject):
        with pytest.raises(NotEnrolled):
            command(gone, "ana", FIRE, **ACT)


@pytest.mark.parametrize(
    ("question", "command", "permission", "named"),
    [
        (enrollments.can_confirm, confirm, Permission.ENROLLMENTS_ACTIVATE, {}),
        (enrollments.can_reject, reject, Permission.ENROLLMENTS_ACTIVATE, {}),
        (enrollments.can_readmit, readmit, Permission.ENROLLMENTS_EDIT, {"until": None}),
    ],
    ids=["confirm", "reject", "readmit"],
)
@pytest.mark.parametrize("role", [Role.POWER_USER, Role.LEARNER], ids=str)
def test_the_permission_is_asked_for_before_anything_is_looked_up(
    question: Any, command: Any, permission: Permission, named: dict[str, Any], role: Role
) -> None:
    mine = frozenset(Permission) - {permission} if role is Role.POWER_USER else frozenset(Permission)
    by = Actor("pu", role, permissions=mine)
    nothing_loaded = a_roster(seats(), loaded=())
    verdict = agrees(question, command, nothing_loaded, "ana", FIRE, by=by, now=NOON, **named)
    assert verdict.refusal == PermissionMissing(permission=permission)


def test_each_question_says_by_which_rule() -> None:
    waiting = seated(seat(status=WAITING))
    assert agrees(enrollments.can_confirm, confirm, waiting, "ana", FIRE, **ACT) == Verdict.allow("DOC-47")
    assert agrees(enrollments.can_reject, reject, waiting, "ana", FIRE, **ACT) == Verdict.allow("DOC-47")
    assert agrees(enrollments.can_readmit, readmit, waiting, "ana", FIRE, None, **ACT) == Verdict.allow("DOC-39")
    assert agrees(enrollments.can_unenroll, unenroll, waiting, "ana", FIRE, **LEAVE) == Verdict.allow("D-1")


# Readmitting


@pytest.mark.parametrize(
    ("until", "locked"),
    [(None, False), (NOON + HOUR, False), (NOON + MICRO, False), (NOON, True), (NOON - HOUR, True)],
    ids=["for good", "in an hour", "the next instant", "now", "in the past"],
)
def test_a_locked_enrollment_opens_when_its_new_end_lies_ahead(until: Any, locked: bool) -> None:
    roster = under_license(an_enrollment(locked=True, until=NOON - 2 * HOUR))
    decision = readmit(roster, "ana", FIRE, until, **ACT)
    assert only(decision.state) == an_enrollment(locked=locked, until=until)
    assert decision.state.pool == roster.pool
    assert replayed(apply, decision, roster) == decision.state
    assert readmit(decision.state, "ana", FIRE, until, **ACT) == Decision(decision.state)


@pytest.mark.parametrize("until", [None, NOON + HOUR, NOON - HOUR], ids=str)
def test_the_end_of_an_open_enrollment_moves_and_nothing_else(until: Any) -> None:
    waiting = an_enrollment(status=WAITING, until=NOON)
    after = only(readmit(under_license(waiting), "ana", FIRE, until, **ACT).state)
    assert after == evolve(waiting, until=until)


def test_readmitting_never_ends_before_it_begins() -> None:
    locked = under_license(an_enrollment(since=NOON + HOUR, until=NOON - HOUR, locked=True))
    with pytest.raises(InvalidArgument, match="until must be an instant after since"):
        readmit(locked, "ana", FIRE, NOON + HOUR, **ACT)
    assert only(readmit(locked, "ana", FIRE, NOON + HOUR + MICRO, **ACT).state).locked is False
    assert only(readmit(locked, "ana", FIRE, NOON, **ACT).state).locked is True


# Locking


@pytest.mark.parametrize(
    ("until", "end"),
    [(None, NOON), (NOON + HOUR, NOON), (NOON, NOON), (NOON - MICRO, NOON - MICRO)],
    ids=["no end", "a later end", "ends now", "had ended"],
)
def test_a_locked_enrollment_ends_now_unless_it_had_ended(until: Any, end: Any) -> None:
    decision = lock(under_license(an_enrollment(until=until)), ["ana"], **ACT)
    assert only(decision.state) == an_enrollment(until=end, locked=True)


def test_only_what_came_through_the_pool_and_is_open_is_locked() -> None:
    before = NOON - HOUR
    entries = [
        an_enrollment("ana", STAIRS, locked=True, until=before),
        an_enrollment("ana", AID, pool="p2"),
        an_enrollment("ana", FIRE, status=WAITING, since=NOON + HOUR),
        an_enrollment("luis", FIRE),
    ]
    roster = under_license(*entries)
    decision = lock(roster, ["mei", "ana", "ana"], **ACT)
    locked = an_enrollment("ana", FIRE, status=WAITING, since=NOON + HOUR, until=NOON, locked=True)
    assert decision.events == (EnrollmentsLocked(pool="p1", enrollments=(locked,), by="root", at=NOON),)
    assert replayed(apply, decision, roster) == decision.state
    assert lock(decision.state, ["ana"], by=ROOT, now=NOON + HOUR) == Decision(decision.state)


def test_locking_needs_the_enrollments_of_all_who_lose_theirs() -> None:
    with pytest.raises(EnrollmentsNotLoaded):
        lock(a_roster(a_pool(), loaded={"ana"}), ["ana", "mei"], **ACT)
    with pytest.raises(TooManyItems):
        lock(under_license(), [f"u{n}" for n in range(10_001)], **ACT)


# Moving


def moved(source: Roster, *users: str, package: Any = None, courses: Any = NO_COURSES) -> Decision[Moved, Any]:
    to = a_roster(a_pool(pool_id="p2", holders={"ana"}), *source.enrollments.values())
    return move(source, to, users, package=package, courses=courses, **ACT)


def test_what_the_new_package_lists_follows_and_the_rest_is_locked() -> None:
    source = under_license(
        an_enrollment("ana", FIRE, status=WAITING, until=NOON + HOUR),
        an_enrollment("ana", STAIRS),
        an_enrollment("ana", START, locked=True, until=NOON - HOUR),
        an_enrollment("ana", AID, pool="p9"),
        an_enrollment("luis", FIRE),
    )
    decision = moved(source, "ana", package=a_package(FIRE, AID, START))
    assert decision.state.target.enrollments.through("p2") == (
        an_enrollment("ana", FIRE, pool="p2", status=WAITING, until=NOON + HOUR),
    )
    assert decision.state.source.enrollments.through("p1") == (
        an_enrollment("ana", STAIRS, locked=True, until=NOON),
        an_enrollment("ana", START, locked=True, until=NOON - HOUR),
        an_enrollment("luis", FIRE),
    )
    assert [event.pool for event in decision.events] == ["p1", "p1", "p2"]


@pytest.mark.parametrize("package", [None, a_package(STAIRS)], ids=["the plan is gone", "another content"])
def test_nothing_follows_where_the_target_opens_nothing_of_it(package: Any) -> None:
    decision = moved(under_license(an_enrollment()), "ana", package=package)
    assert [type(event) for event in decision.events] == [EnrollmentsLocked]
    assert only(decision.state.source).locked


def test_the_courses_of_a_learning_plan_follow_with_it_and_with_it_only() -> None:
    source = under_license(*(an_enrollment("ana", content) for content in (START, FIRE, AID, STAIRS)))
    decision = moved(source, "ana", package=a_package(START, ONWARD), courses=PATHS)
    assert [one.content for one in decision.state.target.enrollments.through("p2")] == [AID, FIRE, START]
    assert [one.content for one in decision.state.source.enrollments.through("p1")] == [STAIRS]
    alone = under_license(an_enrollment("ana", FIRE))
    assert moved(alone, "ana", package=a_package(START), courses=PATHS).state.target.enrollments.through("p2") == ()
    locked = under_license(an_enrollment("ana", START, locked=True, until=NOON), an_enrollment("ana", FIRE))
    assert moved(locked, "ana", package=a_package(START), courses=PATHS).state.target.enrollments.through("p2") == ()


@pytest.mark.parametrize(
    "courses", [None, [START], {"start": [FIRE]}, {START: None}, {START: "fire"}, {START: [ONWARD]}], ids=str
)
def test_courses_that_follow_are_courses_of_contents(courses: Any) -> None:
    with pytest.raises(InvalidArgument, match="courses"):
        moved(under_license(an_enrollment()), "ana", package=a_package(), courses=courses)


def test_who_was_not_moved_keeps_theirs_and_who_has_none_moves_nothing() -> None:
    source = under_license(an_enrollment("luis"))
    assert moved(source, "ana", "mei", package=a_package()).events == ()


def test_moving_needs_the_enrollments_of_all_who_are_moved() -> None:
    with pytest.raises(EnrollmentsNotLoaded):
        moved(a_roster(a_pool(), loaded={"luis"}), "ana")


def test_a_learner_may_do_nothing_to_enrollments() -> None:
    for question, _command, named in (COMMANDS["confirm"], COMMANDS["reject"], COMMANDS["readmit"]):
        assert question(seated(seat()), "ana", FIRE, **{**named, "by": a_learner()}).code == "permission.missing"


def test_who_moves_a_learning_plan_must_know_its_courses() -> None:
    with pytest.raises(InvalidArgument, match="courses"):
        moved(under_license(an_enrollment(content=START)), "ana", package=a_package(START))
    stays = moved(under_license(an_enrollment(content=START)), "ana", package=a_package(FIRE))
    assert stays.state.target.enrollments.through("p2") == ()
