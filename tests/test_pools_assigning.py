"""Assigning licenses: who gets one, what stands in the way, and how far a limit goes."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.decisions import Decision
from licensing_core.holdings import Holdings
from licensing_core.limits import Overage
from licensing_core.plans import Switches
from licensing_core.pools import LicensePool, LicensesAssigned, LicensesExhausted, NotEligible, apply, assign, unassign
from tests.builders import NAIVE, NOON, ROOT, SALES, a_pool, a_power_user, replayed

PU = a_power_user(SALES)
STRICT = Switches(enforce_limit=True, allow_refund=False)
LOOSE = Switches(enforce_limit=False, allow_refund=False)


def give(pool: LicensePool, *users: str, switches: Switches = STRICT) -> Decision[LicensePool, LicensesAssigned]:
    return assign(pool, users, eligible=users, switches=switches, by=ROOT, now=NOON)


def some(number: int) -> list[str]:
    return [f"u{n}" for n in range(number)]


def test_assigning_moves_both_counters_and_names_the_newcomers() -> None:
    pool = a_pool(bought=3, holders={"ana"})
    decision = give(pool, "ana", "luis", "mei", "luis")
    assert decision.events == (LicensesAssigned(pool="p1", users=frozenset({"luis", "mei"}), by="root", at=NOON),)
    assert decision.state == a_pool(bought=3, holders={"ana", "luis", "mei"})
    assert replayed(apply, decision, pool) == decision.state


def test_a_holder_already_in_the_pool_uses_no_second_license() -> None:
    pool = a_pool(bought=1, holders={"ana"})
    assert assign(pool, ["ana"], eligible=[], switches=STRICT, by=ROOT, now=NOON) == Decision(pool)


def test_a_holder_who_left_the_beneficiary_is_passed_over_beside_a_newcomer() -> None:
    pool = a_pool(bought=2, holders={"ana"})
    decision = assign(pool, ["ana", "luis"], eligible={"luis"}, switches=STRICT, by=ROOT, now=NOON)
    assert decision.events[0].users == {"luis"}


def test_assigning_nobody_changes_nothing() -> None:
    assert give(a_pool()) == Decision(a_pool())


def test_the_order_of_users_does_not_matter_and_twice_is_once() -> None:
    users = ["mei", "ana", "luis"]
    once = give(a_pool(bought=3), *users)
    assert give(a_pool(bought=3), *reversed(users)) == once
    assert give(a_pool(bought=3), *users, *users) == once
    assert give(once.state, *users) == Decision(once.state)


def test_who_takes_back_a_license_that_awaits_confirmation_uses_no_new_one() -> None:
    pool = a_pool(bought=1, awaiting={"ana"})
    decision = give(pool, "ana")
    assert decision.state == a_pool(bought=1, holders={"ana"})
    assert replayed(apply, decision, pool) == decision.state


def test_nobody_else_gets_a_license_that_awaits_confirmation() -> None:
    with pytest.raises(LicensesExhausted):
        give(a_pool(bought=1, awaiting={"ana"}), "luis")


def test_who_takes_back_their_own_is_not_counted_among_those_asked_for() -> None:
    with pytest.raises(LicensesExhausted) as caught:
        give(a_pool(bought=1, awaiting={"ana"}), "luis", "ana")
    assert (caught.value.requested, caught.value.shortfall) == (1, 1)


def test_all_or_nothing_with_the_shortfall_told() -> None:
    pool = a_pool(bought=2, holders={"ana"}, awaiting={"mei"})
    with pytest.raises(LicensesExhausted) as caught:
        give(pool, "ana", "luis", "mei", "noor")
    assert caught.value == LicensesExhausted(pool="p1", requested=2, shortfall=2)


@pytest.mark.parametrize("users", [1, 2, 50, 51, 10_000])
def test_without_an_enforced_limit_more_are_assigned_than_were_bought(users: int) -> None:
    pool = give(a_pool(bought=0), *some(users), switches=LOOSE).state
    assert (pool.consumed, pool.held, pool.free, pool.overrun) == (users, users, 0, users)


@pytest.mark.parametrize(("bought", "asked", "shortfall"), [(0, 1, 1), (1, 1, 0), (1, 2, 1), (50, 50, 0), (50, 51, 1)])
def test_the_last_license_is_given_and_not_one_more(bought: int, asked: int, shortfall: int) -> None:
    if not shortfall:
        assert give(a_pool(bought=bought), *some(asked)).state.free == 0
        return
    with pytest.raises(LicensesExhausted) as caught:
        give(a_pool(bought=bought), *some(asked))
    assert caught.value.shortfall == shortfall


# Switches that changed later, and overage


def test_enforcing_the_limit_later_takes_nothing_away_but_stops_new_use() -> None:
    pool = a_pool(bought=1, holders={"ana", "luis"})
    assert give(pool, "ana", "luis") == Decision(pool)
    with pytest.raises(LicensesExhausted) as caught:
        give(pool, "mei")
    assert caught.value.shortfall == 2


def test_an_overrun_pool_gives_again_once_consumed_is_below_bought() -> None:
    pool = give(a_pool(bought=2), *some(4), switches=LOOSE).state
    for released, fits in ((["u0"], False), (["u1"], False), (["u2"], True)):
        pool = unassign(pool, released, switches=STRICT, by=ROOT, now=NOON).state
        assert (not _refused(pool, STRICT)) is fits


def _refused(pool: LicensePool, switches: Switches, more: int = 1) -> bool:
    try:
        give(pool, *(f"new{n}" for n in range(more)), switches=switches)
    except LicensesExhausted:
        return True
    return False


def test_an_overrun_pool_still_lets_somebody_take_back_their_own() -> None:
    pool = a_pool(bought=0, awaiting={"ana"})
    assert give(pool, "ana").state.held == 1


@pytest.mark.parametrize(
    ("bought", "overage", "most"),
    [
        (10, Fraction(5, 4), 12),
        (3, Fraction(5, 4), 3),
        (4, Fraction(5, 4), 5),
        (10, 1, 10),
        (10, 2, 20),
        (0, 1000, 0),
        (1, Fraction(4, 3), 1),
        (3, Fraction(4, 3), 4),
        (10, Overage.BLOCK, 10),
    ],
    ids=str,
)
def test_an_overage_ratio_moves_the_ceiling_cut_down_to_a_whole_license(bought: int, overage: Any, most: int) -> None:
    switches = Switches(overage=overage)
    full = give(a_pool(bought=bought), *some(most), switches=switches).state
    assert (full.consumed, full.overrun) == (most, most - bought)
    with pytest.raises(LicensesExhausted) as caught:
        give(full, "mei", switches=switches)
    assert caught.value == LicensesExhausted(pool="p1", requested=1, shortfall=1)
    assert _refused(a_pool(bought=bought), switches, most + 1)


def test_overage_without_a_limit_and_a_limit_with_overage_allowed_stop_nothing() -> None:
    for switches in (Switches(overage=Overage.ALLOW), Switches(enforce_limit=False, overage=Overage.BLOCK)):
        assert give(a_pool(bought=1), *some(7), switches=switches).state.overrun == 6


def test_an_overage_that_was_lowered_takes_nothing_away() -> None:
    full = give(a_pool(bought=4), *some(5), switches=Switches(overage=Fraction(5, 4))).state
    assert give(full, *some(5)) == Decision(full)
    with pytest.raises(LicensesExhausted) as caught:
        give(full, "mei")
    assert caught.value.shortfall == 2


# Expiry, eligibility, bounds


def test_expiry_does_not_stop_assigning() -> None:
    for expires_at in (NOON - timedelta(days=1), NOON):
        assert give(a_pool(bought=1, expires_at=expires_at), "ana").state.held == 1


def test_outsiders_are_refused_and_named_before_the_limit_is_looked_at() -> None:
    pool = a_pool(bought=0, holders={"ana"})
    with pytest.raises(NotEligible) as caught:
        assign(pool, ["ana", "noor", "luis", "mei"], eligible={"luis"}, switches=STRICT, by=ROOT, now=NOON)
    assert caught.value == NotEligible(pool="p1", users=("mei", "noor"))
    assert "2 of the users" in str(caught.value)
    assert "noor" not in str(caught.value)


@pytest.mark.parametrize("by", [ROOT, PU], ids=["superadmin", "power user"])
def test_nobody_who_is_not_eligible_is_given_one_by_anybody(by: Any) -> None:
    with pytest.raises(NotEligible):
        assign(a_pool(), ["noor"], eligible=[], switches=LOOSE, by=by, now=NOON)


@pytest.mark.parametrize(
    "eligible", [["ana"], ("ana",), {"ana"}, {"ana": 1}.keys()], ids=lambda one: type(one).__name__
)
def test_the_eligible_are_any_collection_of_ids(eligible: Any) -> None:
    assert assign(a_pool(), ["ana"], eligible=eligible, switches=STRICT, by=ROOT, now=NOON).state.held == 1


@pytest.mark.parametrize("eligible", ["a", None, 7], ids=str)
def test_the_eligible_are_no_text_whose_letters_are_ids(eligible: Any) -> None:
    with pytest.raises(InvalidArgument, match="eligible"):
        assign(a_pool(), ["a"], eligible=eligible, switches=STRICT, by=ROOT, now=NOON)


def test_somebody_who_awaits_confirmation_outside_the_beneficiary_is_refused() -> None:
    with pytest.raises(NotEligible):
        assign(a_pool(awaiting={"ana"}), ["ana"], eligible=[], switches=STRICT, by=ROOT, now=NOON)


def test_ten_thousand_users_are_one_command() -> None:
    users = some(10_000)
    pool = give(a_pool(bought=10_000), *users).state
    assert pool.held == 10_000
    assert unassign(pool, users, switches=STRICT, by=ROOT, now=NOON).state.consumed == 0
    with pytest.raises(LicensesExhausted) as caught:
        give(a_pool(bought=9_999), *users)
    assert (caught.value.requested, caught.value.shortfall) == (10_000, 1)


def test_no_more_are_consumed_than_can_be_counted() -> None:
    brimful = LicensePool(id="p1", beneficiary=SALES, bought=MAX_COUNT, consumed=MAX_COUNT - 1, held=0, holdings=PART)
    assert give(brimful, "ana").state.consumed == MAX_COUNT
    for users in (["ana", "luis"], ["luis", "ana", "mei"]):
        with pytest.raises(InvalidQuantity, match="consumed"):
            give(brimful, *users, switches=LOOSE)


PART = Holdings(loaded={"ana", "luis", "mei"})


def test_a_naive_instant_is_refused_where_an_event_is_made() -> None:
    with pytest.raises(InvalidInstant):
        assign(a_pool(), ["ana"], eligible=["ana"], switches=STRICT, by=ROOT, now=NAIVE)


def test_what_it_says_of_a_shortfall_holds_for_an_overrun_pool_too() -> None:
    refusal = LicensesExhausted(pool="p1", requested=1, shortfall=3)
    assert str(refusal) == "pool 'p1' is 3 short for 1 more; release some, buy more, or stop enforcing the limit"
