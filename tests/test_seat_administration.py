"""Seat administration: the rows, the candidates, and handing licenses out."""

from typing import Any

import pytest

from licensing_core import seat_administration as seat
from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Permission, PermissionMissing, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.orders import purchase
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import ConfirmationNotAllowed, LicensesExhausted, NotEligible, apply
from licensing_core.seat_administration import Row, WrongPoolType
from licensing_core.visibility import PoolNotVisible
from tests.builders import (
    COMPANY,
    NOON,
    ROOT,
    SALES,
    a_learner,
    a_pool,
    a_power_user,
    agrees,
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


def test_holders_and_those_awaiting_confirmation_are_listed() -> None:
    pool = a_pool(bought=3, holders={"mei", "ana"}, awaiting={"luis"})
    assert seat.holders(BOSS, pool, Holding.HELD, COMPANY) == ("ana", "mei")
    assert seat.holders(ROOT, pool, Holding.AWAITING, COMPANY) == ("luis",)
    with pytest.raises(PermissionMissing):
        seat.holders(NO_PERMISSION, pool, Holding.HELD, COMPANY)
    with pytest.raises(WrongPoolType):
        seat.holders(ROOT, seats(), Holding.HELD, COMPANY)


def test_candidates_are_offered_to_who_manages_the_pool() -> None:
    pool = a_pool(holders={"ana"})
    assert seat.candidates(BOSS, pool, COMPANY) == ("luis", "pu")
    with pytest.raises(PoolNotVisible):
        seat.candidates(ELSEWHERE, pool, COMPANY)


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
        (seat.can_unassign, seat.unassign, ACT),
        (seat.can_confirm, seat.confirm, CONFIRM),
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
    taken = seat.unassign(BOSS, pool, ["ana", "pu"], **ACT)
    assert (taken.state.released, taken.state.awaiting, taken.state.passed_over) == ((), ("ana",), ("pu",))
    row = seat.row(ROOT, taken.state.pool, COMPANY)
    assert (row.consumed, row.held, row.awaiting) == (2, 1, 1)
    again = seat.unassign(BOSS, taken.state.pool, ["ana"], **ACT)
    assert (again.state.passed_over, again.events) == (("ana",), ())
    confirmed = seat.unassign(ROOT, taken.state.pool, ["ana"], **ACT)
    assert confirmed.state.released == ("ana",)
    assert confirmed.state.pool == seat.confirm(ROOT, taken.state.pool, ["ana"], **CONFIRM).state.pool
    assert replayed(apply, confirmed, taken.state.pool) == confirmed.state.pool


def test_confirming_leaves_holders_alone() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = seat.confirm(ROOT, pool, ["ana", "luis"], **CONFIRM)
    assert (decision.state.released, decision.state.passed_over) == (("ana",), ("luis",))


def test_a_power_user_does_not_confirm() -> None:
    verdict = agrees(seat.can_confirm, seat.confirm, BOSS, a_pool(), ["ana"], **CONFIRM)
    assert verdict.refusal == ConfirmationNotAllowed(pool="p1")


def test_every_question_agrees_when_the_answer_is_yes() -> None:
    pool = a_pool(bought=2, holders={"ana"}, awaiting={"luis"})
    assert agrees(seat.can_assign, seat.assign, BOSS, pool, ["luis"], **ACT) == Verdict.allow("DOC-28")
    assert agrees(seat.can_unassign, seat.unassign, BOSS, pool, ["ana"], **ACT) == Verdict.allow("DOC-34")
    assert agrees(seat.can_confirm, seat.confirm, ROOT, pool, ["luis"], **CONFIRM) == Verdict.allow("DOC-35")


def test_bad_users_are_mistakes_of_the_caller() -> None:
    acts: list[tuple[Any, dict[str, Any]]] = [(seat.assign, ACT), (seat.unassign, ACT), (seat.confirm, CONFIRM)]
    for act, named in acts:
        with pytest.raises(InvalidArgument):
            act(ROOT, a_pool(), "ana", **named)
        with pytest.raises(InvalidId):
            act(ROOT, a_pool(), ["ana@example.com"], **named)


def test_the_wrong_type_says_what_to_do_instead() -> None:
    assert "enroll the users in a course instead" in str(WrongPoolType(pool="s1"))
