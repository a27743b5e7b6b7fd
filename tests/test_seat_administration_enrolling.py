"""Enrolling from seat administration: what the actor may see comes first, and what the pool allows after it."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core import enrollments as enrollment
from licensing_core import seat_administration as seat
from licensing_core.checks import InvalidArgument, TooManyItems
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Permission, PermissionMissing, Role, Scope
from licensing_core.enrollments import AlreadyConfirmed, EnrollmentStatus, NotEnrolled, Roster
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import NotEligible, SeatsExhausted
from licensing_core.visibility import ContentNotAssigned, ContentNotInPackage, PoolNotVisible
from tests.builders import (
    AID,
    COMPANY,
    FIRE,
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
    seats,
)

HOUR = timedelta(hours=1)
WAITING = EnrollmentStatus.TO_CONFIRM
PACKAGE = a_package(FIRE, AID, START, kind=PackageKind.SEATS)
ACT: dict[str, Any] = {"directory": COMPANY, "now": NOON}
SWITCHED: dict[str, Any] = {**ACT, "switches": Switches()}
ENROLL: dict[str, Any] = {**SWITCHED, "package": PACKAGE, "courses": PATHS}
BOSS = evolve(a_power_user(SALES), resources=frozenset({SALES, FIRE, START}))
ELSEWHERE = a_power_user(Scope.branch("it"))


def without(permission: Permission, actor: Actor = BOSS) -> Actor:
    return evolve(actor, permissions=frozenset(Permission) - {permission})


def seated(*entries: Any, bought: int = 3) -> Roster:
    return a_roster(seats(bought=bought, consumed=len(entries), held=len(entries)), *entries)


def seat_of(user: str = "ana", content: Any = FIRE, **changes: Any) -> Any:
    return an_enrollment(user, content, **{"pool": "s1", **changes})


# Enrolling


def test_enrolling_is_refused_in_the_documented_order() -> None:
    blind, nobody = without(Permission.SEATS_MANAGE), a_learner("pu")
    given: dict[str, Any] = {"roster": seated(bought=0), "users": ["ana", "mei"], "contents": [FIRE, AID, STAIRS]}
    manage = PermissionMissing(permission=Permission.SEATS_MANAGE)
    steps: list[tuple[Actor, dict[str, Any], Any]] = [
        (nobody, {}, manage),
        (blind, {}, manage),
        (ELSEWHERE, {}, PoolNotVisible(pool="s1")),
        (BOSS, {}, NotEligible(pool="s1", users=("mei",))),
        (BOSS, {"users": ["ana"]}, ContentNotInPackage(pool="s1", contents=(STAIRS,))),
        (BOSS, {"contents": [FIRE, AID]}, ContentNotAssigned(pool="s1", contents=(AID,))),
        (BOSS, {"contents": [FIRE]}, SeatsExhausted(pool="s1", requested=1, shortfall=1)),
        (ROOT, {"contents": [FIRE, AID]}, SeatsExhausted(pool="s1", requested=2, shortfall=2)),
    ]
    for actor, change, refusal in steps:
        given |= change
        assert agrees(seat.can_enroll, seat.enroll, actor, **given, **ENROLL).refusal == refusal
    given["roster"] = seated()
    assert agrees(seat.can_enroll, seat.enroll, ROOT, **given, **ENROLL) == Verdict.allow("DOC-48")


def test_bad_users_are_looked_at_after_what_the_actor_may_see() -> None:
    for users, error in (("ana", InvalidArgument), ([f"u{n}" for n in range(10_001)], TooManyItems)):
        with pytest.raises(error):
            seat.enroll(BOSS, seated(), users, [FIRE], **ENROLL)
        assert seat.can_enroll(ELSEWHERE, seated(), users, [FIRE], **ENROLL).code == "pool.not_visible"


def test_members_of_the_beneficiary_are_enrolled_on_seats_and_holders_under_licenses() -> None:
    on_seats = seat.enroll(BOSS, seated(), ["pu", "ana"], [FIRE], **ENROLL).state
    assert [one.user for one in on_seats.enrolled] == ["ana", "pu"]
    roster = a_roster(a_pool(bought=1, holders={"mei"}))  # who left the branch since
    about = {**ENROLL, "package": a_package()}
    assert [one.user for one in seat.enroll(BOSS, roster, ["mei"], [FIRE], **about).state.enrolled] == ["mei"]
    verdict = agrees(seat.can_enroll, seat.enroll, BOSS, roster, ["ana"], [FIRE], **about)
    assert verdict.refusal == NotEligible(pool="p1", users=("ana",))


def test_a_power_user_enrolls_in_a_plan_of_theirs_whose_courses_are_not() -> None:
    decision = seat.enroll(BOSS, seated(), ["ana"], [START], level="tutor", until=NOON + HOUR, **ENROLL)
    assert [one.content for one in decision.state.enrolled] == [AID, FIRE, START]
    assert {(one.level, one.until, one.status) for one in decision.state.enrolled} == {
        ("tutor", NOON + HOUR, EnrollmentStatus.ENROLLED)
    }
    assert (decision.state.roster.pool.consumed, decision.state.roster.pool.held) == (2, 2)
    assert seat.can_enroll(BOSS, seated(), ["ana"], [ONWARD], **ENROLL).code == "content.not_in_package"


def test_a_course_waits_for_who_may_activate_and_takes_its_seat_meanwhile() -> None:
    may_not = without(Permission.ENROLLMENTS_ACTIVATE)
    decision = seat.enroll(may_not, seated(), ["ana"], [FIRE], since=NOON + HOUR, **ENROLL)
    assert decision.state.to_confirm == (seat_of(status=WAITING, since=NOON + HOUR),)
    assert decision.state.roster.pool.free == 2
    assert seat.enroll(BOSS, seated(), ["ana"], [FIRE], **ENROLL).state.to_confirm == ()


# Leaving


@pytest.mark.parametrize(
    ("actor", "roster", "refusal"),
    [
        (a_learner(), seated(), PermissionMissing(permission=Permission.SEATS_MANAGE)),
        (without(Permission.SEATS_MANAGE), seated(), PermissionMissing(permission=Permission.SEATS_MANAGE)),
        (ELSEWHERE, seated(seat_of()), PoolNotVisible(pool="s1")),
        (BOSS, seated(), NotEnrolled(content=FIRE)),
        (ROOT, seated(seat_of(pool="p9")), NotEnrolled(content=FIRE)),
    ],
)
def test_unenrolling_is_refused_in_the_documented_order(actor: Actor, roster: Roster, refusal: Any) -> None:
    verdict = agrees(seat.can_unenroll, seat.unenroll, actor, roster, "ana", FIRE, **SWITCHED)
    assert verdict.refusal == refusal


@pytest.mark.parametrize(("actor", "consumed"), [(BOSS, 1), (ROOT, 0)], ids=["power user", "superadmin"])
def test_a_seat_that_is_left_is_spent_unless_a_superadmin_acts(actor: Actor, consumed: int) -> None:
    assert agrees(seat.can_unenroll, seat.unenroll, actor, seated(seat_of()), "ana", FIRE, **SWITCHED) == Verdict.allow(
        "D-1"
    )
    pool = seat.unenroll(actor, seated(seat_of()), "ana", FIRE, **SWITCHED).state.pool
    assert (pool.consumed, pool.held) == (consumed, 0)


def test_who_left_the_beneficiary_may_still_be_unenrolled() -> None:
    pool = seat.unenroll(BOSS, seated(seat_of("mei")), "mei", FIRE, **SWITCHED).state.pool
    assert pool.held == 0


# Deciding on enrollments

DECIDE: dict[str, tuple[Any, Any, Permission, str, dict[str, Any]]] = {
    "confirm": (
        seat.can_confirm_enrollment,
        seat.confirm_enrollment,
        Permission.ENROLLMENTS_ACTIVATE,
        "DOC-47",
        ACT,
    ),
    "reject": (seat.can_reject_enrollment, seat.reject_enrollment, Permission.ENROLLMENTS_ACTIVATE, "DOC-47", ACT),
    "readmit": (
        seat.can_readmit,
        seat.readmit,
        Permission.ENROLLMENTS_EDIT,
        "DOC-39",
        {**ACT, "until": NOON + HOUR},
    ),
}
each = pytest.mark.parametrize(("question", "command", "permission", "rule", "named"), DECIDE.values(), ids=DECIDE)


@each
def test_deciding_needs_its_permission_and_then_reach(
    question: Any, command: Any, permission: Permission, rule: str, named: dict[str, Any]
) -> None:
    roster = seated(seat_of("mei", status=WAITING))
    unknown = NotEnrolled(content=FIRE)
    lacking = PermissionMissing(permission=permission)
    of_the_user = Actor("x", Role.POWER_USER, permissions=frozenset({permission}), resources=frozenset({MEI}))
    steps: list[tuple[Actor, Roster, Any]] = [
        (a_learner("mei"), roster, lacking),
        (without(permission), seated(), lacking),
        (ELSEWHERE, roster, unknown),
        (BOSS, seated(), unknown),
        (BOSS, roster, None),
        (of_the_user, roster, None),
        (ROOT, roster, None),
    ]
    for actor, given, refusal in steps:
        verdict = agrees(question, command, actor, given, "mei", FIRE, **named)
        assert verdict == (Verdict.allow(rule) if refusal is None else Verdict.refuse(refusal))


MEI = Scope.user("mei")


def test_deciding_needs_no_permission_over_seats() -> None:
    roster = seated(seat_of(status=WAITING))
    assert seat.can_confirm_enrollment(without(Permission.SEATS_MANAGE), roster, "ana", FIRE, **ACT)


def test_confirming_rejecting_and_readmitting_do_what_they_say() -> None:
    roster = seated(seat_of(status=WAITING))
    confirmed = seat.confirm_enrollment(BOSS, roster, "ana", FIRE, **ACT).state
    assert enrollment.enrolled(confirmed, "ana", FIRE) == seat_of()
    verdict = agrees(seat.can_reject_enrollment, seat.reject_enrollment, BOSS, confirmed, "ana", FIRE, **ACT)
    assert verdict.refusal == AlreadyConfirmed(content=FIRE)
    rejected = seat.reject_enrollment(BOSS, roster, "ana", FIRE, **ACT).state
    assert (rejected.pool.consumed, rejected.pool.held, len(rejected.enrollments)) == (0, 0, 0)
    locked = a_roster(a_pool(awaiting={"ana"}), an_enrollment(locked=True, until=NOON))
    readmitted = seat.readmit(BOSS, locked, "ana", FIRE, NOON + HOUR, **ACT).state
    assert enrollment.enrolled(readmitted, "ana", FIRE) == an_enrollment(until=NOON + HOUR)
    assert readmitted.pool == locked.pool  # no license is implied


ON_THE_PAGE = Actor(
    "pu",
    Role.POWER_USER,
    permissions=frozenset({Permission.LEARNING_PLANS_VIEW, Permission.ENROLLMENTS_MANAGE}),
    resources=frozenset({SALES}),
)


def test_who_edits_the_page_of_a_learning_plan_readmits_there_and_nowhere_else() -> None:
    roster = seated(seat_of(content=START, locked=True, until=NOON), seat_of(locked=True, until=NOON))
    opened = seat.readmit(ON_THE_PAGE, roster, "ana", START, None, **ACT).state
    assert enrollment.enrolled(opened, "ana", START) == seat_of(content=START)
    refusal = PermissionMissing(permission=Permission.ENROLLMENTS_EDIT)
    verdict = agrees(seat.can_readmit, seat.readmit, ON_THE_PAGE, roster, "ana", FIRE, None, **ACT)
    assert verdict.refusal == refusal
    viewer = evolve(ON_THE_PAGE, permissions=frozenset({Permission.LEARNING_PLANS_VIEW}))
    assert seat.can_readmit(viewer, roster, "ana", START, None, **ACT).refusal == refusal


def test_enrollments_are_read_on_through_the_events_of_several_pools() -> None:
    start = seated(seat_of(until=NOON + HOUR))
    left = seat.unenroll(ROOT, start, "ana", FIRE, **SWITCHED)
    again = seat.enroll(ROOT, left.state, ["ana"], [FIRE, AID], **ENROLL)
    events = [*left.events, *again.events]
    after = enrollment.enrollments_after(start.enrollments, events)
    assert after == again.state.roster.enrollments
    assert enrollment.enrollments_after(start.enrollments, ()) is start.enrollments
