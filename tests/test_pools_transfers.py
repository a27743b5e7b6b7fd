"""Moving holders from one pool to another."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core import pools
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import Decision, Verdict
from licensing_core.holdings import Holdings, HoldingsNotLoaded
from licensing_core.plans import Switches
from licensing_core.pools import (
    LicensePool,
    LicensesAssigned,
    LicensesExhausted,
    LicensesUnassigned,
    NotEligible,
    RevocationsExhausted,
    Transfer,
    apply,
    transfer,
)
from tests.builders import NOON, ROOT, SALES, a_pool, a_power_user, agrees

PU = a_power_user(SALES)
STRICT, LOOSE = Switches(), Switches(enforce_limit=False)
REFUND = Switches(allow_refund=True)
ALL = frozenset({"ana", "luis", "mei", "noor"})
ABOUT: dict[str, Any] = {
    "eligible": ALL,
    "source_switches": STRICT,
    "target_switches": STRICT,
    "by": PU,
    "now": NOON,
}


def source(**given: Any) -> LicensePool:
    return a_pool(**{"bought": 3, "holders": {"ana", "luis"}, **given})


def target(**given: Any) -> LicensePool:
    return a_pool(**{"bought": 2, "pool_id": "p2", **given})


def told_again(before: LicensePool, decision: Decision[Transfer, Any]) -> LicensePool:
    for event in decision.events:
        if event.pool == before.id:
            before = apply(before, event)
    return before


@pytest.mark.parametrize(
    ("by", "switches", "awaiting", "revoked"),
    [(PU, STRICT, {"ana"}, 1), (PU, REFUND, (), 1), (ROOT, STRICT, (), 0), (ROOT, REFUND, (), 0)],
    ids=["power user, refund off", "power user, refund on", "superadmin, refund off", "superadmin, refund on"],
)
def test_a_license_is_left_behind_as_unassigning_leaves_it(
    by: Any, switches: Switches, awaiting: Any, revoked: int
) -> None:
    giving, taking = source(), target()
    decision = transfer(giving, taking, ["ana"], **{**ABOUT, "by": by, "source_switches": switches})
    assert decision.state.source == evolve(
        a_pool(bought=3, holders={"luis"}, awaiting=awaiting),
        revoked=revoked,
    )
    assert decision.state.target == target(holders={"ana"})
    out, into = decision.events
    assert out == LicensesUnassigned(
        pool="p1",
        released=frozenset({"ana"}.difference(awaiting)),
        awaiting=frozenset(awaiting),
        revoked=revoked,
        moved_to="p2",
        by=by.id,
        at=NOON,
    )
    assert into == LicensesAssigned(pool="p2", users=frozenset({"ana"}), moved_from="p1", by=by.id, at=NOON)
    assert told_again(giving, decision) == decision.state.source
    assert told_again(taking, decision) == decision.state.target


@pytest.mark.parametrize("users", [["ana", "luis"], ["luis", "ana"], ["luis", "ana", "ana", "noor"]], ids=str)
def test_all_of_the_holders_are_moved_in_any_order_and_others_passed_over(users: list[str]) -> None:
    decision = transfer(source(), target(), users, **ABOUT)
    assert decision.state.target == target(holders={"ana", "luis"})
    assert decision.state.source == evolve(a_pool(bought=3, awaiting={"ana", "luis"}), revoked=2)


@pytest.mark.parametrize(
    ("giving", "taking"),
    [
        (source(), target(holders={"ana"})),
        (source(holders={"luis"}), target()),
        (source(holders={"luis"}, awaiting={"ana"}), target()),
        (source(holders=()), target(bought=0)),
    ],
    ids=["holds one of the target already", "holds none", "awaits in the source", "nobody holds one"],
)
def test_who_has_nothing_to_move_is_passed_over(giving: LicensePool, taking: LicensePool) -> None:
    decision = transfer(giving, taking, ["ana"], **ABOUT)
    assert decision == Decision(Transfer(source=giving, target=taking))


def test_a_transfer_twice_is_a_transfer_once() -> None:
    once = transfer(source(), target(), ["ana"], **ABOUT).state
    assert transfer(once.source, once.target, ["ana"], **ABOUT) == Decision(once)


def test_who_awaits_in_the_target_takes_that_very_license_back() -> None:
    full = target(bought=1, awaiting={"ana"})
    assert transfer(source(), full, ["ana"], **ABOUT).state.target == target(bought=1, holders={"ana"})


def test_there_and_back_again_leaves_nothing_behind_for_a_superadmin() -> None:
    giving, taking = source(), target()
    there = transfer(giving, taking, ["ana"], **{**ABOUT, "by": ROOT}).state
    back = transfer(there.target, there.source, ["ana"], **{**ABOUT, "by": ROOT}).state
    assert (back.target, back.source) == (giving, taking)


def test_there_and_back_again_a_power_user_takes_back_what_awaited() -> None:
    there = transfer(source(bought=2), target(), ["ana"], **ABOUT).state
    back = transfer(there.target, there.source, ["ana"], **ABOUT).state
    assert (back.target.held, back.target.awaiting) == (2, 0)
    assert (back.source.held, back.source.awaiting) == (0, 1)


def test_expiry_stops_no_transfer() -> None:
    giving, taking = source(expires_at=NOON), target(expires_at=NOON - timedelta(days=1))
    assert transfer(giving, taking, ["ana"], **ABOUT).state.target.held == 1


def test_a_transfer_is_refused_in_the_documented_order() -> None:
    capped = {"source_switches": Switches(revocation_cap=Fraction(0))}
    full = target(bought=0)
    unknown = evolve(source(), holdings=Holdings(loaded={"luis"}))
    with pytest.raises(InvalidArgument, match="target must be another pool than the source, got the same"):
        transfer(unknown, unknown, ["ana"], **{**ABOUT, "eligible": (), **capped})
    with pytest.raises(HoldingsNotLoaded):
        transfer(unknown, full, ["ana"], **{**ABOUT, "eligible": (), **capped})
    with pytest.raises(HoldingsNotLoaded):
        transfer(source(), evolve(full, holdings=Holdings(loaded={"luis"})), ["ana"], **{**ABOUT, "eligible": ()})
    rest: list[tuple[LicensePool, dict[str, Any], Any]] = [
        (full, {"eligible": {"luis"}, **capped}, NotEligible(pool="p2", users=("ana",))),
        (full, capped, LicensesExhausted(pool="p2", requested=2, shortfall=2)),
        (target(), capped, RevocationsExhausted(pool="p1", requested=2, left=0)),
    ]
    for taking, wrong, refusal in rest:
        verdict = agrees(pools.can_transfer, transfer, source(), taking, ["ana", "luis"], **{**ABOUT, **wrong})
        assert verdict.refusal == refusal
    assert agrees(pools.can_transfer, transfer, source(), target(), ["ana"], **ABOUT) == Verdict.allow("WAL-12")


def test_nobody_is_moved_where_not_all_fit() -> None:
    with pytest.raises(LicensesExhausted) as caught:
        transfer(source(), target(bought=1), ["ana", "luis"], **ABOUT)
    assert caught.value == LicensesExhausted(pool="p2", requested=2, shortfall=1)
    loose = {**ABOUT, "target_switches": LOOSE}
    assert transfer(source(), target(bought=1), ["ana", "luis"], **loose).state.target.overrun == 1


def test_who_stays_where_they_are_is_not_asked_whether_they_are_eligible() -> None:
    decision = transfer(source(), target(holders={"luis"}), ["ana", "luis"], **{**ABOUT, "eligible": ["ana"]})
    assert decision.state.source == evolve(source(holders={"luis"}, awaiting={"ana"}), revoked=1)


def test_ten_thousand_are_moved_in_one_command() -> None:
    users = [f"u{n}" for n in range(10_000)]
    about = {**ABOUT, "eligible": frozenset(users), "by": ROOT}
    state = transfer(a_pool(bought=10_000, holders=users), target(bought=10_000), users, **about).state
    assert (state.source.consumed, state.target.held) == (0, 10_000)
