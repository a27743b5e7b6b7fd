"""Enrolling: in courses and learning plans, once each, for a seat or under a license."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core import enrollments
from licensing_core.checks import (
    InvalidArgument,
    InvalidId,
    InvalidInstant,
)
from licensing_core.decisions import Decision, Verdict
from licensing_core.directory import Actor, Content, Permission, Role
from licensing_core.enrollments import (
    Enrolled,
    Enrollment,
    Enrollments,
    EnrollmentsNotLoaded,
    EnrollmentStatus,
    Roster,
    UsersEnrolled,
    apply,
    enroll,
)
from licensing_core.holdings import Holdings, HoldingsNotLoaded
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import NotEligible, SeatsExhausted
from licensing_core.visibility import ContentNotAssigned, ContentNotInPackage
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

HERE, WAITING = EnrollmentStatus.ENROLLED, EnrollmentStatus.TO_CONFIRM
STRICT, LOOSE = Switches(), Switches(enforce_limit=False)
PACKAGE = a_package(kind=PackageKind.SEATS)
PU = a_power_user(SALES)
MAY_NOT_ACTIVATE = Actor(
    "pu",
    Role.POWER_USER,
    permissions=frozenset(Permission) - {Permission.ENROLLMENTS_ACTIVATE},
    resources=frozenset({SALES, FIRE, AID, STAIRS, START, ONWARD}),
)
ABOUT: dict[str, Any] = {
    "package": PACKAGE,
    "eligible": frozenset({"ana", "luis", "mei"}),
    "courses": PATHS,
    "switches": STRICT,
    "by": ROOT,
    "now": NOON,
}


def on_seats(bought: int = 9, *already: Enrollment, consumed: int = 0, held: int = 0) -> Roster:
    return a_roster(seats(bought=bought, consumed=consumed, held=held), *already)


def licensed(*users: str) -> Roster:
    return a_roster(a_pool(bought=3, holders=users))


def put(roster: Roster, users: Any, contents: Any, **changes: Any) -> Decision[Enrolled, UsersEnrolled]:
    return enroll(roster, users, contents, **{**ABOUT, **changes})


def pairs(made: tuple[Enrollment, ...]) -> list[tuple[str, str]]:
    return [(one.user, str(one.content)) for one in made]


def seats_of(decision: Decision[Enrolled, Any]) -> tuple[int, int]:
    pool = decision.state.roster.pool
    return (pool.consumed, pool.held)


# What uses a seat


@pytest.mark.parametrize(
    ("contents", "used", "made"),
    [
        ([FIRE], 1, ["course:fire"]),
        ([FIRE, FIRE], 1, ["course:fire"]),
        ([FIRE, AID], 2, ["course:aid", "course:fire"]),
        ([START], 2, ["course:aid", "course:fire", "learning_plan:start"]),
        ([START, FIRE], 2, ["course:aid", "course:fire", "learning_plan:start"]),
        (
            [START, ONWARD],
            3,
            ["course:aid", "course:fire", "course:stairs", "learning_plan:onward", "learning_plan:start"],
        ),
        ([START, STAIRS], 3, ["course:aid", "course:fire", "course:stairs", "learning_plan:start"]),
    ],
    ids=["a course", "twice", "two", "a plan", "a plan and its course", "two plans that share one", "a plan and more"],
)
def test_a_seat_is_used_for_each_user_and_course_and_none_for_a_learning_plan(
    contents: list[Content], used: int, made: list[str]
) -> None:
    decision = put(on_seats(), ["luis", "ana", "luis"], contents)
    assert pairs(decision.state.enrolled) == [(user, content) for user in ("ana", "luis") for content in made]
    assert seats_of(decision) == (2 * used, 2 * used)
    assert put(on_seats(), ["ana", "luis"], list(reversed(contents))) == decision
    assert replayed(apply, decision, on_seats()) == decision.state.roster


def test_a_learning_plan_without_courses_uses_nothing() -> None:
    decision = put(on_seats(0), ["ana"], [START], courses={START: ()})
    assert pairs(decision.state.enrolled) == [("ana", "learning_plan:start")]
    assert seats_of(decision) == (0, 0)


def test_under_a_license_nothing_is_used() -> None:
    decision = put(licensed("ana"), ["ana"], [START, STAIRS], package=a_package())
    assert seats_of(decision) == (1, 1)
    assert len(decision.state.enrolled) == 4


def test_a_seat_is_used_again_after_leaving() -> None:
    made = put(on_seats(2), ["ana"], [FIRE]).state.roster
    left = enrollments.unenroll(made, "ana", FIRE, switches=STRICT, by=PU, now=NOON).state
    again = put(left, ["ana"], [FIRE])
    assert seats_of(again) == (2, 1)
    with pytest.raises(SeatsExhausted):
        put(again.state.roster, ["luis"], [FIRE])


# What is skipped


def test_what_somebody_is_in_is_skipped_from_whatever_source_and_stays_as_it_is() -> None:
    already = (
        an_enrollment("ana", FIRE, pool="elsewhere", locked=True),
        an_enrollment("luis", FIRE, pool=None, until=NOON),
        an_enrollment("mei", FIRE, pool="s1", status=WAITING),
    )
    decision = put(on_seats(0, *already), ["mei", "luis", "ana"], [FIRE])
    assert decision == Decision(Enrolled(roster=on_seats(0, *already), skipped=already))
    assert decision.state.to_confirm == ()


def test_a_skipped_learning_plan_enrolls_in_none_of_its_courses() -> None:
    decision = put(on_seats(9, an_enrollment("ana", START, pool="other")), ["ana", "luis"], [START])
    assert pairs(decision.state.skipped) == [("ana", "learning_plan:start")]
    assert {user for user, _ in pairs(decision.state.enrolled)} == {"luis"}


def test_a_course_of_a_skipped_plan_is_made_where_it_is_asked_for_by_itself_or_by_another_plan() -> None:
    roster = on_seats(9, an_enrollment("ana", START))
    alone = put(roster, ["ana"], [START, AID], by=MAY_NOT_ACTIVATE)
    assert [(str(one.content), one.status) for one in alone.state.enrolled] == [("course:aid", WAITING)]
    other = put(roster, ["ana"], [START, ONWARD], by=MAY_NOT_ACTIVATE)
    assert pairs(other.state.enrolled) == [("ana", f"{x}") for x in ("course:aid", "course:stairs", ONWARD)]


def test_a_course_of_a_plan_that_somebody_is_in_is_skipped_and_the_others_made() -> None:
    decision = put(on_seats(1, an_enrollment("ana", FIRE)), ["ana"], [START])
    assert pairs(decision.state.skipped) == [("ana", "course:fire")]
    assert pairs(decision.state.enrolled) == [("ana", "course:aid"), ("ana", "learning_plan:start")]
    assert seats_of(decision) == (1, 1)


def test_enrolling_twice_is_enrolling_once() -> None:
    once = put(on_seats(), ["ana"], [START]).state
    twice = put(once.roster, ["ana"], [START])
    assert twice.events == ()
    assert twice.state.roster == once.roster
    # the plan is skipped, and its courses with it
    assert pairs(twice.state.skipped) == [("ana", "learning_plan:start")]


@pytest.mark.parametrize(("users", "contents"), [([], [FIRE]), (["ana"], []), ([], [])], ids=str)
def test_nobody_in_something_and_somebody_in_nothing_change_nothing(users: list[str], contents: list[Content]) -> None:
    assert put(on_seats(), users, contents) == Decision(Enrolled(roster=on_seats()))


# As what, and for how long


@pytest.mark.parametrize(
    ("by", "status"), [(ROOT, HERE), (MAY_NOT_ACTIVATE, WAITING)], ids=["superadmin", "may not activate"]
)
def test_a_course_waits_to_be_confirmed_unless_the_actor_may_activate(by: Actor, status: EnrollmentStatus) -> None:
    decision = put(on_seats(), ["ana"], [FIRE, ONWARD], by=by)
    statuses = {str(one.content): one.status for one in decision.state.enrolled}
    assert statuses == {"course:aid": HERE, "course:fire": status, "course:stairs": HERE, "learning_plan:onward": HERE}
    waiting = [("ana", "course:fire")] if status is WAITING else []
    assert pairs(decision.state.to_confirm) == waiting


def test_a_course_that_is_part_of_a_plan_of_the_same_command_counts_as_that() -> None:
    decision = put(on_seats(), ["ana"], [FIRE, START], by=MAY_NOT_ACTIVATE)
    assert decision.state.to_confirm == ()


def test_an_enrollment_that_waits_takes_its_seat_already() -> None:
    assert seats_of(put(on_seats(1), ["ana"], [FIRE], by=MAY_NOT_ACTIVATE)) == (1, 1)


def test_level_and_validity_are_those_of_every_enrollment_made() -> None:
    since, until = NOON + timedelta(days=1), NOON + timedelta(days=2)
    decision = put(on_seats(), ["ana"], [START], level="tutor", since=since, until=until)
    assert {(one.level, one.since, one.until, one.locked) for one in decision.state.enrolled} == {
        ("tutor", since, until, False)
    }
    assert {one.pool for one in decision.state.enrolled} == {"s1"}
    bare = put(on_seats(), ["ana"], [FIRE]).state.enrolled
    assert bare == (an_enrollment("ana", FIRE, pool="s1"),)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"since": NOON, "until": NOON}, InvalidArgument),
        ({"since": NOON, "until": NOON - timedelta(seconds=1)}, InvalidArgument),
        ({"since": NAIVE}, InvalidInstant),
        ({"until": NAIVE}, InvalidInstant),
        ({"now": NAIVE}, InvalidInstant),
        ({"level": "a tutor"}, InvalidId),
        ({"by": "root"}, InvalidArgument),
        ({"courses": {}}, InvalidArgument),
        ({"courses": {START: None}}, InvalidArgument),
        ({"courses": {START: "fire"}}, InvalidArgument),
        ({"courses": {START: [START]}}, InvalidArgument),
        ({"courses": None}, InvalidArgument),
        ({"eligible": "ana"}, InvalidArgument),
    ],
    ids=str,
)
def test_what_does_not_have_its_form_is_a_mistake(wrong: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        put(on_seats(), ["ana"], [START], **wrong)
    with pytest.raises(error):
        enrollments.can_enroll(on_seats(), ["ana"], [START], **{**ABOUT, **wrong})


@pytest.mark.parametrize("contents", ["course:fire", None, 7, [None], ["course:fire"], [[FIRE]]], ids=str)
def test_contents_are_contents(contents: Any) -> None:
    with pytest.raises(InvalidArgument, match="contents"):
        put(on_seats(), ["ana"], contents)


# Refusals


def test_enrolling_is_refused_in_the_documented_order() -> None:
    other = Content.course("other")
    plain = a_power_user(SALES)
    full: dict[str, Any] = {"roster": on_seats(0), "users": ["ana", "noor"], "contents": [FIRE, other], "by": plain}
    steps: list[tuple[dict[str, Any], Any]] = [
        ({}, NotEligible(pool="s1", users=("noor",))),
        ({"users": ["ana"]}, ContentNotInPackage(pool="s1", contents=(other,))),
        ({"contents": [FIRE]}, ContentNotAssigned(pool="s1", contents=(FIRE,))),
        ({"by": ROOT}, SeatsExhausted(pool="s1", requested=1, shortfall=1)),
    ]
    for change, refusal in steps:
        full |= change
        verdict = agrees(enrollments.can_enroll, enroll, **{**ABOUT, **full})
        assert verdict.refusal == refusal
    assert agrees(enrollments.can_enroll, enroll, **{**ABOUT, **full, "roster": on_seats(1)}) == Verdict.allow("DOC-48")


@pytest.mark.parametrize("already", [True, False], ids=["enrolled already", "not yet"])
def test_who_left_the_beneficiary_is_refused_even_where_there_is_nothing_to_do(already: bool) -> None:
    entries = [an_enrollment("noor", FIRE)] if already else []
    with pytest.raises(NotEligible):
        put(on_seats(9, *entries), ["noor"], [FIRE])


def test_under_a_license_only_holders_are_enrolled_whoever_is_eligible() -> None:
    roster = a_roster(a_pool(bought=3, holders={"ana"}, awaiting={"luis"}, expires_at=NOON))
    with pytest.raises(NotEligible) as caught:
        put(roster, ["ana", "luis", "mei"], [FIRE], package=a_package())
    assert caught.value.users == ("luis", "mei")
    assert put(roster, ["ana"], [FIRE], package=a_package(), eligible=()).state.enrolled


def test_holdings_and_enrollments_must_have_been_loaded() -> None:
    part = a_roster(seats(), loaded={"luis"})
    with pytest.raises(EnrollmentsNotLoaded):
        put(part, ["ana"], [FIRE])
    unknown = Roster(pool=evolve(a_pool(), holdings=Holdings(loaded={"luis"})), enrollments=Enrollments())
    with pytest.raises(HoldingsNotLoaded):
        put(unknown, ["luis", "ana"], [FIRE])


@pytest.mark.parametrize("contents", [[FIRE], [START]], ids=str)
def test_a_plan_that_is_gone_has_no_content_any_more(contents: list[Content]) -> None:
    with pytest.raises(ContentNotInPackage):
        put(on_seats(), ["ana"], contents, package=None)


def test_a_learning_plan_is_listed_by_itself_and_its_courses_are_not_listed_thereby() -> None:
    only_plan, only_course = a_package(START, kind=PackageKind.SEATS), a_package(FIRE, kind=PackageKind.SEATS)
    assert len(put(on_seats(), ["ana"], [START], package=only_plan).state.enrolled) == 3
    for package, content in ((only_plan, FIRE), (only_course, START)):
        with pytest.raises(ContentNotInPackage) as caught:
            put(on_seats(), ["ana"], [content], package=package)
        assert caught.value.contents == (content,)


def test_a_power_user_enrolls_in_what_is_theirs_and_a_course_of_a_plan_is_not_thereby() -> None:
    holder_of_plan = evolve(PU, resources=frozenset({SALES, START}))
    assert len(put(on_seats(), ["ana"], [START], by=holder_of_plan).state.enrolled) == 3
    for by in (holder_of_plan, a_learner()):
        with pytest.raises(ContentNotAssigned):
            put(on_seats(), ["ana"], [FIRE], by=by)


@pytest.mark.parametrize(
    ("switches", "most"),
    [
        (STRICT, 3),
        (Switches(overage=Fraction(5, 4)), 3),
        (Switches(overage=Fraction(4, 3)), 4),
        (LOOSE, 9),
    ],
    ids=["limit", "1.25 of 3", "4/3 of 3", "no limit"],
)
def test_all_or_nobody_is_enrolled_with_the_shortfall_told(switches: Switches, most: int) -> None:
    users = [f"u{n}" for n in range(most)]
    about = {"eligible": frozenset({*users, "more"}), "switches": switches}
    decision = put(on_seats(3), users, [FIRE], **about)
    assert seats_of(decision) == (most, most)
    if switches is not LOOSE:
        with pytest.raises(SeatsExhausted) as caught:
            put(on_seats(3), [*users, "more"], [FIRE], **about)
        assert caught.value == SeatsExhausted(pool="s1", requested=most + 1, shortfall=1)


def test_an_overrun_pool_of_seats_enrolls_nobody_and_still_skips() -> None:
    roster = on_seats(2, an_enrollment("ana", FIRE), consumed=4, held=4)
    assert pairs(put(roster, ["ana"], [FIRE]).state.skipped) == [("ana", "course:fire")]
    with pytest.raises(SeatsExhausted) as caught:
        put(roster, ["ana", "luis"], [FIRE])
    assert caught.value == SeatsExhausted(pool="s1", requested=1, shortfall=3)
