"""Transfers and new sizes from seat administration, with the enrollments that go with the licenses."""

from datetime import timedelta
from fractions import Fraction
from functools import reduce
from typing import Any

import pytest
from attrs import evolve

from licensing_core import enrollments, pools
from licensing_core import seat_administration as seat
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Permission, PermissionMissing, Scope
from licensing_core.enrollments import (
    Enrollments,
    EnrollmentsLocked,
    EnrollmentsMovedIn,
    EnrollmentsMovedOut,
    EnrollmentsNotLoaded,
    Roster,
)
from licensing_core.plans import Switches
from licensing_core.pools import (
    LicensePool,
    LicensesAssigned,
    LicensesExhausted,
    LicensesUnassigned,
    NotEligible,
    PoolInUse,
    PoolResized,
    PreviewOutdated,
    RevocationsExhausted,
    Shrinking,
    ShrinkStage,
)
from licensing_core.seat_administration import WrongPoolType
from licensing_core.visibility import PoolNotVisible
from tests.builders import (
    AID,
    COMPANY,
    FIRE,
    NOON,
    PATHS,
    ROOT,
    SALES,
    STAIRS,
    START,
    a_learner,
    a_package,
    a_pool,
    a_power_user,
    agrees,
    an_enrollment,
    seats,
)

HOUR = timedelta(hours=1)
COACHES = Scope.group("coaches")
BOSS = a_power_user(SALES, COACHES)
IT = a_power_user(Scope.branch("it"))
HALF = a_power_user(SALES)
MANAGE = PermissionMissing(permission=Permission.SEATS_MANAGE)
STRICT = Switches()
ABOUT: dict[str, Any] = {"directory": COMPANY, "now": NOON}
MOVE: dict[str, Any] = {
    **ABOUT,
    "enrollments": Enrollments(),
    "package": a_package(),
    "source_switches": STRICT,
    "target_switches": STRICT,
}


def source(**given: Any) -> LicensePool:
    return a_pool(**{"bought": 3, "holders": {"ana", "luis"}, **given})


def target(**given: Any) -> LicensePool:
    return a_pool(**{"pool_id": "p2", "beneficiary": COACHES, **given})


# Transfers


def test_a_transfer_is_refused_in_the_documented_order() -> None:
    capped = {"source_switches": Switches(revocation_cap=Fraction(0))}
    full = target(bought=0)
    steps: list[tuple[Actor, Any, Any, dict[str, Any], Any]] = [
        (a_learner(), seats(), seats(), {}, MANAGE),
        (a_power_user(SALES, without={Permission.SEATS_MANAGE}), source(), full, {}, MANAGE),
        (IT, source(), full, {}, PoolNotVisible(pool="p1")),
        (BOSS, seats(), full, {}, WrongPoolType(pool="s1")),
        (HALF, source(), full, {}, PoolNotVisible(pool="p2")),
        (BOSS, source(), seats(), {}, WrongPoolType(pool="s1")),
        (BOSS, source(), full, capped, NotEligible(pool="p2", users=("luis",))),
    ]
    for actor, giving, taking, more, refusal in steps:
        verdict = agrees(seat.can_transfer, seat.transfer, actor, giving, taking, ["ana", "luis"], **{**MOVE, **more})
        assert verdict.refusal == refusal
    for taking, refusal in (
        (full, LicensesExhausted(pool="p2", requested=1, shortfall=1)),
        (target(), RevocationsExhausted(pool="p1", requested=1, left=0)),
    ):
        verdict = agrees(seat.can_transfer, seat.transfer, BOSS, source(), taking, ["ana"], **{**MOVE, **capped})
        assert verdict.refusal == refusal
    assert agrees(seat.can_transfer, seat.transfer, BOSS, source(), target(), ["ana"], **MOVE) == Verdict.allow(
        "WAL-12"
    )
    with pytest.raises(InvalidArgument, match="another pool than the source"):
        seat.transfer(BOSS, source(), source(), ["ana"], **MOVE)


@pytest.mark.parametrize(
    ("actor", "refund", "awaiting"),
    [(BOSS, False, ("ana",)), (BOSS, True, ()), (ROOT, False, ()), (ROOT, True, ())],
    ids=["power user", "power user, refund on", "superadmin", "superadmin, refund on"],
)
def test_who_is_moved_holds_the_target_and_what_they_leave_goes_as_unassigning_goes(
    actor: Actor, refund: bool, awaiting: tuple[str, ...]
) -> None:
    about = {**MOVE, "source_switches": Switches(allow_refund=refund)}
    found = seat.transfer(actor, source(), target(), ["ana", "mei", "ana"], **about).state
    assert (found.moved, found.awaiting, found.passed_over) == (("ana",), awaiting, ("mei",))
    assert (found.source.held, found.source.awaiting) == (1, len(awaiting))
    assert found.target.holds("ana")


def test_enrollments_follow_or_are_locked_by_what_the_target_lists() -> None:
    followed = an_enrollment("ana", FIRE, until=NOON + HOUR)
    entries = [
        followed,
        an_enrollment("ana", STAIRS),
        an_enrollment("ana", AID, pool="p9"),
        an_enrollment("luis", FIRE),
    ]
    about = {**MOVE, "enrollments": Enrollments(entries), "package": a_package(FIRE, AID)}
    decision = seat.transfer(BOSS, source(), target(), ["ana"], **about)
    assert decision.state.followed == (evolve(followed, pool="p2"),)
    assert decision.state.locked == (an_enrollment("ana", STAIRS, locked=True, until=NOON),)
    assert [(event.pool, type(event)) for event in decision.events] == [  # type: ignore[attr-defined]
        ("p1", LicensesUnassigned),
        ("p2", LicensesAssigned),
        ("p1", EnrollmentsLocked),
        ("p1", EnrollmentsMovedOut),
        ("p2", EnrollmentsMovedIn),
    ]
    for pool, after in ((source(), decision.state.source), (target(), decision.state.target)):
        own: Any = [event for event in decision.events if getattr(event, "pool", "") == pool.id]
        roster = Roster(pool=pool, enrollments=Enrollments(entries))
        assert reduce(enrollments.apply, own, roster).pool == after


def test_the_courses_of_a_plan_follow_into_another_pool_of_the_same_package() -> None:
    package = a_package(START)
    entries = [an_enrollment("ana", content) for content in (START, FIRE, AID)]
    about = {**MOVE, "enrollments": Enrollments(entries), "package": package, "courses": PATHS}
    found = seat.transfer(BOSS, source(), target(), ["ana"], **about).state
    assert [one.content for one in found.followed] == [AID, FIRE, START]
    assert found.locked == ()


def test_who_stays_keeps_their_enrollments_and_nothing_happens_to_nobody() -> None:
    about = {**MOVE, "enrollments": Enrollments([an_enrollment("luis", FIRE), an_enrollment("mei", FIRE)])}
    holding = target(holders={"luis"})
    decision = seat.transfer(BOSS, source(), holding, ["luis", "mei"], **about)
    assert decision.events == ()
    assert (decision.state.moved, decision.state.passed_over) == ((), ("luis", "mei"))
    assert (decision.state.followed, decision.state.locked) == ((), ())


def test_a_transfer_needs_the_enrollments_of_who_is_moved() -> None:
    about = {**MOVE, "enrollments": Enrollments(loaded={"luis"})}
    with pytest.raises(EnrollmentsNotLoaded):
        seat.transfer(BOSS, source(), target(), ["ana"], **about)


# Sizes

RESIZE: dict[str, Any] = {**ABOUT, "enrollments": Enrollments()}
RECORD = PermissionMissing(permission=Permission.TRANSACTIONS_CREATE)


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        (a_learner(), RECORD),
        (evolve(BOSS, permissions=frozenset(Permission) - {Permission.TRANSACTIONS_CREATE}), RECORD),
        (evolve(BOSS, permissions=frozenset({Permission.TRANSACTIONS_CREATE})), MANAGE),
        (IT, PoolNotVisible(pool="p1")),
        (BOSS, PoolInUse(pool="p1", consumed=3, asked=0)),
        (ROOT, PoolInUse(pool="p1", consumed=3, asked=0)),
    ],
)
def test_a_cut_is_refused_in_the_documented_order(actor: Actor, refusal: Any) -> None:
    pool = source(awaiting={"mei"})
    assert agrees(seat.can_resize, seat.resize, actor, pool, 0, **RESIZE).refusal == refusal
    with pytest.raises(type(refusal)) as caught:
        seat.preview_shrink(actor, pool, 0, order=(), directory=COMPANY)
    assert caught.value == refusal


def test_a_stale_preview_is_refused() -> None:
    verdict = agrees(seat.can_resize, seat.resize, BOSS, source(), 3, drop=["ana"], **RESIZE)
    assert verdict.refusal == PreviewOutdated(pool="p1", needed=0, given=1)


@pytest.mark.parametrize("actor", [BOSS, ROOT], ids=["power user", "superadmin"])
def test_those_who_are_cut_lose_their_license_and_their_enrollments_end(actor: Actor) -> None:
    pool = source(awaiting={"mei"})
    shrinking = seat.preview_shrink(actor, pool, 1, directory=COMPANY, assigned_at={"ana": NOON})
    assert shrinking == Shrinking(pool="p1", bought=1, free=0, awaiting=("mei",), last_assigned=("ana",))
    entries = [an_enrollment("ana", FIRE), an_enrollment("mei", FIRE), an_enrollment("luis", FIRE)]
    about = {**RESIZE, "enrollments": Enrollments(entries)}
    decision = seat.resize(actor, pool, 1, drop=shrinking.users, **about)
    assert decision.state.pool == a_pool(bought=1, holders={"luis"})
    assert decision.state.dropped == ("ana", "mei")
    # whose release awaited confirmation had lost theirs before: nothing is locked twice
    assert decision.state.locked == (an_enrollment("ana", FIRE, locked=True, until=NOON),)
    assert [type(event) for event in decision.events] == [PoolResized, EnrollmentsLocked]
    told = decision.events[0]
    assert isinstance(told, PoolResized)
    assert pools.apply(pool, told) == decision.state.pool


@pytest.mark.parametrize("pool", [source(), seats(bought=3)], ids=["licenses", "seats"])
def test_a_pool_grows_by_a_transaction_recorded_by_hand(pool: Any) -> None:
    decision = seat.resize(BOSS, pool, 50, **RESIZE)
    assert (decision.state.pool.bought, decision.state.dropped, decision.state.locked) == (50, (), ())
    assert agrees(seat.can_resize, seat.resize, BOSS, pool, 50, **RESIZE) == Verdict.allow("DOC-7")
    assert seat.resize(BOSS, decision.state.pool, 50, **RESIZE).events == ()


def test_a_preview_goes_through_the_stages_that_it_is_given() -> None:
    about: dict[str, Any] = {"directory": COMPANY, "last_active": {"luis": NOON}, "idle_before": NOON}
    only_idle = seat.preview_shrink(BOSS, source(), 1, order=(ShrinkStage.IDLE,), **about)
    assert (only_idle.free, only_idle.users) == (1, ("ana",))
    with pytest.raises(PoolInUse):
        seat.preview_shrink(BOSS, source(), 0, order=(ShrinkStage.IDLE,), **about)


def test_a_cut_needs_the_enrollments_of_who_loses_a_license() -> None:
    about = {**RESIZE, "enrollments": Enrollments(loaded={"luis"})}
    with pytest.raises(EnrollmentsNotLoaded):
        seat.resize(BOSS, source(), 1, drop=["ana"], **about)
