"""Seat administration: the rows, the candidates, and handing licenses out."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core import seat_administration as seat
from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Permission, PermissionMissing, Scope
from licensing_core.enrollments import Enrollments, EnrollmentsLocked, EnrollmentsNotLoaded, EnrollmentStatus
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holdings, HoldingsNotLoaded
from licensing_core.orders import purchase
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import (
    ConfirmationNotAllowed,
    LicensesExhausted,
    LicensesUnassigned,
    NotEligible,
    RevocationsExhausted,
    apply,
)
from licensing_core.seat_administration import Row, Task, WrongPoolType
from licensing_core.visibility import PoolNotVisible
from tests.builders import (
    AID,
    COMPANY,
    FIRE,
    NOON,
    ROOT,
    SALES,
    STAIRS,
    START,
    a_learner,
    a_pool,
    a_power_user,
    agrees,
    an_enrollment,
    an_offer,
    replayed,
    seats,
)

BOSS = a_power_user(SALES)
ELSEWHERE = a_power_user(Scope.branch("it"))
MISSING = PermissionMissing(permission=Permission.SEATS_MANAGE)
NO_PERMISSION = a_power_user(SALES, without={Permission.SEATS_MANAGE})
STRICT = Switches(enforce_limit=True, allow_refund=False)
ACT: dict[str, Any] = {"directory": COMPANY, "switches": STRICT, "now": NOON}
TAKE: dict[str, Any] = {**ACT, "enrollments": Enrollments()}
CONFIRM: dict[str, Any] = {"directory": COMPANY, "now": NOON}


def test_the_row_of_a_purchase_tells_assigned_and_associated_apart() -> None:
    pool = a_pool(bought=3, holders={"ana"}, awaiting={"luis"})
    row = seat.row(BOSS, pool, COMPANY)
    assert row == Row(
        code="p1",
        terms=None,
        expires_at=None,
        type=PackageKind.LICENSES,
        consumed=2,
        bought=3,
        held=1,
        awaiting=1,
        free=1,
        overrun=0,
        renewals=0,
    )
    assert seat.row_of(pool) == row


def test_the_row_of_a_sale_names_who_bought_and_when() -> None:
    sale = purchase(BOSS, an_offer(), SALES, directory=COMPANY, pool_id="t1", zone="UTC", now=NOON).state.pool
    row = seat.row(BOSS, sale, COMPANY)
    assert row.terms is not None
    assert (row.terms.created_by, row.terms.purchased_at, row.terms.plan, row.terms.package) == (
        "pu",
        NOON,
        "ten",
        "pack",
    )
    assert (row.code, row.expires_at) == ("t1", sale.expires_at)


def test_the_row_of_a_seat_pool_has_nothing_that_awaits_confirmation() -> None:
    row = seat.row(BOSS, seats(bought=3, consumed=2, held=1), COMPANY)
    assert (row.type, row.consumed, row.held, row.awaiting, row.free) == (PackageKind.SEATS, 2, 1, 0, 1)


POOL = a_pool(bought=3, holders={"mei", "ana"}, awaiting={"luis"})


@pytest.mark.parametrize(
    ("actor", "pool", "task", "users"),
    [
        (BOSS, POOL, Task.ASSIGN, ("luis", "pu")),
        (ROOT, POOL, Task.ASSIGN, ("luis", "pu")),
        (BOSS, seats(), Task.ASSIGN, ("ana", "luis", "pu")),
        (BOSS, POOL, Task.UNASSIGN, ("ana", "mei")),
        (ROOT, POOL, Task.UNASSIGN, ("ana", "luis", "mei")),
        (ROOT, POOL, Task.CONFIRM, ("luis",)),
        (ROOT, a_pool(beneficiary=Scope.user("stranger")), Task.ASSIGN, ("stranger",)),
        (ROOT, a_pool(beneficiary=Scope.user("mei"), holders={"mei"}), Task.ASSIGN, ()),
        (ROOT, a_pool(beneficiary=Scope.branch("nowhere")), Task.ASSIGN, ()),
    ],
)
def test_candidates_are_those_for_whom_there_is_something_to_do(
    actor: Actor, pool: Any, task: Task, users: tuple[str, ...]
) -> None:
    assert seat.candidates(actor, pool, COMPANY, task) == users


@pytest.mark.parametrize(
    ("actor", "pool", "task", "refusal"),
    [
        (NO_PERMISSION, seats(), Task.CONFIRM, MISSING),
        (a_learner(), POOL, Task.ASSIGN, MISSING),
        (ELSEWHERE, seats(), Task.UNASSIGN, PoolNotVisible(pool="s1")),
        (ELSEWHERE, POOL, Task.ASSIGN, PoolNotVisible(pool="p1")),
        (ROOT, seats(), Task.UNASSIGN, WrongPoolType(pool="s1")),
        (BOSS, seats(), Task.CONFIRM, WrongPoolType(pool="s1")),
        (BOSS, POOL, Task.CONFIRM, ConfirmationNotAllowed(pool="p1")),
    ],
)
def test_candidates_are_refused_in_the_documented_order(
    actor: Actor, pool: Any, task: Task, refusal: LicensingError
) -> None:
    with pytest.raises(type(refusal)) as caught:
        seat.candidates(actor, pool, COMPANY, task)
    assert caught.value == refusal


def test_candidates_are_looked_for_for_a_task_and_where_the_holdings_are_known() -> None:
    with pytest.raises(InvalidArgument, match="task"):
        seat.candidates(BOSS, POOL, COMPANY, "assign")  # type: ignore[arg-type]
    with pytest.raises(HoldingsNotLoaded):
        seat.candidates(BOSS, evolve(a_pool(), holdings=Holdings(loaded={"ana"})), COMPANY)


@pytest.mark.parametrize("actor", [BOSS, ROOT, NO_PERMISSION, a_learner()], ids=lambda actor: str(actor.role))
def test_an_unknown_pool_is_refused_as_an_invisible_one(actor: Actor) -> None:
    refusal = seat.unknown_pool(actor, "p1")
    assert refusal == (PoolNotVisible(pool="p1") if actor in (BOSS, ROOT) else MISSING)
    if actor is not ROOT:
        hidden = a_pool(beneficiary=Scope.branch("it"))
        with pytest.raises(type(refusal)) as caught:
            seat.row(actor, hidden, COMPANY)
        assert caught.value == refusal


@pytest.mark.parametrize(
    ("actor", "pool", "refusal"),
    [
        (NO_PERMISSION, seats(), MISSING),
        (a_learner("ana"), a_pool(), MISSING),
        (ELSEWHERE, seats(), PoolNotVisible(pool="s1")),
        (BOSS, seats(), WrongPoolType(pool="s1")),
        (ROOT, seats(), WrongPoolType(pool="s1")),
    ],
)
def test_every_act_is_refused_for_permission_then_pool_then_type(
    actor: Actor, pool: Any, refusal: LicensingError
) -> None:
    bad_users = "not a list"  # looked at last
    for question, command, named in (
        (seat.can_assign, seat.assign, ACT),
        (seat.can_unassign, seat.unassign, TAKE),
        (seat.can_confirm, seat.confirm, CONFIRM),
        (seat.can_reject, seat.reject, CONFIRM),
    ):
        assert agrees(question, command, actor, pool, bad_users, **named).refusal == refusal


def test_assigning_tells_who_was_added_and_who_was_passed_over() -> None:
    pool = a_pool(bought=3, holders={"ana"})
    decision = seat.assign(BOSS, pool, ["pu", "ana", "luis", "luis"], **ACT)
    assert (decision.state.added, decision.state.passed_over) == (("luis", "pu"), ("ana",))
    assert decision.state.pool == a_pool(bought=3, holders={"ana", "luis", "pu"})
    assert replayed(apply, decision, pool) == decision.state.pool


def test_assigning_only_holders_makes_no_event() -> None:
    pool = a_pool(bought=1, holders={"ana"})
    decision = seat.assign(BOSS, pool, ["ana"], **ACT)
    assert (decision.state.pool, decision.state.added, decision.events) == (pool, (), ())


def test_outsiders_are_refused_before_the_limit() -> None:
    full = a_pool(bought=0)
    outside = agrees(seat.can_assign, seat.assign, BOSS, full, ["ana", "mei", "stranger"], **ACT)
    assert outside.refusal == NotEligible(pool="p1", users=("mei", "stranger"))
    short = agrees(seat.can_assign, seat.assign, BOSS, full, ["ana"], **ACT)
    assert short.refusal == LicensesExhausted(pool="p1", requested=1, shortfall=1)


def test_a_license_of_one_user_is_for_the_person_named() -> None:
    single = a_pool(bought=1, beneficiary=Scope.user("mei"))
    assert seat.assign(ROOT, single, ["mei"], **ACT).state.added == ("mei",)
    assert seat.can_assign(ROOT, single, ["ana"], **ACT).code == "pool.not_eligible"


def test_a_member_who_left_keeps_the_license() -> None:
    gone = a_pool(bought=1, holders={"mei"})
    assert seat.assign(BOSS, gone, ["mei"], **ACT).state.passed_over == ("mei",)


def test_without_refund_a_power_user_only_lowers_associated_and_a_superadmin_confirms() -> None:
    pool = a_pool(bought=2, holders={"ana", "luis"})
    taken = seat.unassign(BOSS, pool, ["ana", "pu"], **TAKE)
    assert (taken.state.released, taken.state.awaiting, taken.state.passed_over) == ((), ("ana",), ("pu",))
    row = seat.row(ROOT, taken.state.pool, COMPANY)
    assert (row.consumed, row.held, row.awaiting) == (2, 1, 1)
    again = seat.unassign(BOSS, taken.state.pool, ["ana"], **TAKE)
    assert (again.state.passed_over, again.events) == (("ana",), ())
    confirmed = seat.unassign(ROOT, taken.state.pool, ["ana"], **TAKE)
    assert confirmed.state.released == ("ana",)
    assert confirmed.state.pool == seat.confirm(ROOT, taken.state.pool, ["ana"], **CONFIRM).state.pool
    told = confirmed.events[0]
    assert isinstance(told, LicensesUnassigned)
    assert apply(taken.state.pool, told) == confirmed.state.pool


HOUR = timedelta(hours=1)


def test_the_enrollments_of_who_loses_a_license_end_with_it_and_nobody_elses() -> None:
    mine = an_enrollment("ana", FIRE, until=NOON + HOUR)
    ended = an_enrollment("ana", AID, until=NOON - HOUR)
    waiting = an_enrollment("ana", STAIRS, status=EnrollmentStatus.TO_CONFIRM)
    others = [an_enrollment("ana", START, pool="p2"), an_enrollment("luis", FIRE), an_enrollment("mei", FIRE)]
    pool = a_pool(bought=3, holders={"ana", "luis"}, awaiting={"mei"})
    about = {**TAKE, "enrollments": Enrollments([mine, ended, waiting, *others])}
    decision = seat.unassign(BOSS, pool, ["ana", "mei", "noor"], **about)
    assert decision.state.locked == (
        evolve(ended, locked=True),
        evolve(mine, locked=True, until=NOON),
        evolve(waiting, locked=True, until=NOON),
    )
    assert [type(event) for event in decision.events] == [LicensesUnassigned, EnrollmentsLocked]


def test_a_release_that_is_confirmed_locks_nothing_again() -> None:
    opened_again = an_enrollment("mei", FIRE)
    pool = a_pool(bought=3, holders={"ana"}, awaiting={"mei"})
    about = {**TAKE, "enrollments": Enrollments([opened_again, an_enrollment("ana", FIRE)])}
    decision = seat.unassign(ROOT, pool, ["ana", "mei"], **about)
    assert (decision.state.released, [one.user for one in decision.state.locked]) == (("ana", "mei"), ["ana"])
    assert [type(event) for event in seat.unassign(ROOT, pool, ["mei"], **about).events] == [LicensesUnassigned]


def test_the_enrollments_of_who_loses_a_license_must_have_been_loaded() -> None:
    about = {**TAKE, "enrollments": Enrollments(loaded={"luis"})}
    with pytest.raises(EnrollmentsNotLoaded):
        seat.unassign(BOSS, a_pool(holders={"ana"}), ["ana"], **about)


def test_a_revocation_cap_stops_a_power_user_and_locks_nothing() -> None:
    capped = {**TAKE, "switches": Switches(revocation_cap=Fraction(1, 2))}
    pool = a_pool(bought=2, holders={"ana", "luis"})
    verdict = agrees(seat.can_unassign, seat.unassign, BOSS, pool, ["ana", "luis"], **capped)
    assert verdict.refusal == RevocationsExhausted(pool="p1", requested=2, left=1)
    assert seat.unassign(ROOT, pool, ["ana", "luis"], **capped).state.released == ("ana", "luis")


def test_confirming_leaves_holders_alone() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = seat.confirm(ROOT, pool, ["ana", "luis"], **CONFIRM)
    assert (decision.state.released, decision.state.passed_over) == (("ana",), ("luis",))


def test_a_power_user_neither_confirms_nor_rejects() -> None:
    for question, command in ((seat.can_confirm, seat.confirm), (seat.can_reject, seat.reject)):
        verdict = agrees(question, command, BOSS, a_pool(), ["ana"], **CONFIRM)
        assert verdict.refusal == ConfirmationNotAllowed(pool="p1")


def test_rejecting_restores_who_awaits_and_leaves_what_was_locked() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = seat.reject(ROOT, pool, ["ana", "luis", "mei"], **CONFIRM)
    assert (decision.state.restored, decision.state.passed_over) == (("ana",), ("luis", "mei"))
    assert decision.state.pool == a_pool(bought=2, holders={"luis", "ana"})
    assert seat.reject(ROOT, decision.state.pool, ["ana"], **CONFIRM).state.passed_over == ("ana",)


def test_every_question_agrees_when_the_answer_is_yes() -> None:
    pool = a_pool(bought=2, holders={"ana"}, awaiting={"luis"})
    assert agrees(seat.can_assign, seat.assign, BOSS, pool, ["luis"], **ACT) == Verdict.allow("DOC-28")
    assert agrees(seat.can_unassign, seat.unassign, BOSS, pool, ["ana"], **TAKE) == Verdict.allow("DOC-34")
    assert agrees(seat.can_confirm, seat.confirm, ROOT, pool, ["luis"], **CONFIRM) == Verdict.allow("DOC-35")
    assert agrees(seat.can_reject, seat.reject, ROOT, pool, ["luis"], **CONFIRM) == Verdict.allow("DOC-35")


def test_bad_users_are_mistakes_of_the_caller() -> None:
    acts: list[tuple[Any, dict[str, Any]]] = [
        (seat.assign, ACT),
        (seat.unassign, TAKE),
        (seat.confirm, CONFIRM),
        (seat.reject, CONFIRM),
    ]
    for act, named in acts:
        with pytest.raises(InvalidArgument):
            act(ROOT, a_pool(), "ana", **named)
        with pytest.raises(InvalidId):
            act(ROOT, a_pool(), ["ana@example.com"], **named)


def test_the_wrong_type_says_what_to_do_instead() -> None:
    assert "enroll the users in a course instead" in str(WrongPoolType(pool="s1"))


def test_to_enroll_one_chooses_holders_or_on_seats_whoever_is_in_the_beneficiary() -> None:
    pool = a_pool(bought=3, holders={"mei", "ana"}, awaiting={"luis"})
    for actor in (BOSS, ROOT):
        assert seat.candidates(actor, pool, COMPANY, seat.Task.ENROLL) == ("ana", "mei")
        assert seat.candidates(actor, seats(), COMPANY, seat.Task.ENROLL) == ("ana", "luis", "pu")
