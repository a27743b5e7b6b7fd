"""Another plan: what would be too much, what its policies reset or cut, and what stays."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from licensing_core import limits as lib
from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.decisions import Decision
from licensing_core.limits import (
    UNLIMITED,
    Limit,
    LimitExceeded,
    Limits,
    OnPlanChange,
    Overage,
    PlacesRow,
    PlaceTally,
    PlanChanged,
    PlanFit,
    PlanTooSmall,
    Tally,
    UnknownPlan,
    Usage,
    UsageRow,
)
from licensing_core.periods import Duration
from tests.builders import NAIVE, NOON, agrees, replayed
from tests.usage_world import ANA, NESTED, PARTS, a_usage, plain, taken, use, using

TWO_TEAMS = {"team": {"w1": 3, "w2": 1}}
ROOMY = Limits({"workspaces": Limit(3), "team": Limit(9, "workspaces")})
MONTH, YEAR = Duration(months=1), Duration(months=12)


def change(
    usage: Usage, limits: Limits, plan: str = "big", *, accept_excess: bool = False, now: datetime = NOON
) -> Decision[Usage, PlanChanged]:
    return lib.change_plan(usage, plan, limits=limits, accept_excess=accept_excess, by=ANA, now=now)


def exceeds(usage: Usage, limits: Limits, now: datetime = NOON) -> Any:
    return lib.preview_plan(usage, limits, now=now).exceeds


@pytest.mark.parametrize(
    ("limit", "used", "too_much"),
    [
        (Limit(5), 5, 0),
        (Limit(5), 6, 1),
        (Limit(0), 1, 1),
        (Limit(4, overage=Fraction(5, 4)), 5, 0),
        (Limit(4, overage=Fraction(5, 4)), 6, 1),
        (Limit(0, overage=Overage.ALLOW), 6, 0),
        (Limit(UNLIMITED), 6, 0),
    ],
)
def test_what_would_be_too_much_is_told_before_the_change_and_refused_by_it(
    limit: Limit, used: int, too_much: int
) -> None:
    usage, limits = using(plain(9), {"users": used}), Limits({"users": limit})
    fit = lib.preview_plan(usage, limits, now=NOON)
    assert fit == PlanFit(exceeds={"users": too_much} if too_much else {})
    assert fit.fits is not bool(too_much)
    arguments: dict[str, Any] = {"limits": limits, "by": ANA, "now": NOON}
    verdict = agrees(lib.can_change_plan, lib.change_plan, usage, "big", **arguments)
    if too_much:
        assert verdict.refusal == PlanTooSmall(plan="big", exceeds={"users": too_much})
    else:
        assert (verdict.rule, change(usage, limits).state.plan) == ("ALU-5", "big")


def test_of_places_each_that_has_too_much_is_named() -> None:
    usage = using(ROOMY, TWO_TEAMS)
    assert exceeds(usage, NESTED) == {"team": {"w1": 1}}
    with pytest.raises(PlanTooSmall) as caught:
        change(usage, NESTED)
    assert caught.value == PlanTooSmall(plan="big", exceeds={"team": {"w1": 1}})
    assert "too small in team" in str(caught.value)


def test_a_whole_and_its_parts_are_each_told() -> None:
    usage = using(PARTS, {"teachers": 3, "guests": 2})
    smaller = Limits({"users": Limit(4), "teachers": Limit(1, part_of="users"), "guests": Limit(2, part_of="users")})
    assert exceeds(usage, smaller) == {"users": 1, "teachers": 2}


def test_of_a_limit_that_the_plan_does_not_have_all_that_is_used_is_too_much() -> None:
    usage = using(plain(9), {"users": 2})
    assert exceeds(usage, NESTED) == {"users": 2}
    after = change(usage, NESTED, accept_excess=True).state
    assert lib.rows(after, NESTED, NOON)["users"] == UsageRow(used=2, most=0, left=0, over=2)
    nested = using(ROOMY, TWO_TEAMS)
    assert exceeds(nested, plain(9)) == {"team": {"w1": 3, "w2": 1}}
    assert lib.rows(nested, plain(9), NOON)["team"] == PlacesRow(most=0, by={"w1": 3, "w2": 1})


def test_what_was_dropped_is_there_again_when_the_plan_has_it_again() -> None:
    usage = change(using(ROOMY, TWO_TEAMS), plain(9), "flat", accept_excess=True).state
    assert taken(change(usage, ROOMY).state, ROOMY)["team"] == TWO_TEAMS["team"]


def test_excess_that_is_accepted_stays_and_stops_further_use() -> None:
    usage = using(plain(9), {"users": 6})
    decision = change(usage, plain(4), "small2", accept_excess=True)
    assert decision.events == (
        PlanChanged(usage="acme", plan="small2", tallies={}, places={}, exceeds={"users": 2}, by="ana", at=NOON),
    )
    assert decision.state == replayed(lib.apply, decision, usage)
    assert lib.rows(decision.state, plain(4), NOON)["users"] == UsageRow(used=6, most=4, left=0, over=2)
    with pytest.raises(LimitExceeded) as caught:
        use(decision.state, plain(4))
    assert caught.value.shortfall == 3


def test_changing_to_the_plan_that_holds_changes_nothing() -> None:
    usage = using(plain(9), {"users": 6})
    assert change(usage, plain(9), "small") == Decision(usage)
    once = change(usage, plain(4), accept_excess=True).state
    assert change(once, plain(4), accept_excess=True) == Decision(once)


def test_changing_to_the_plan_that_holds_is_refused_when_more_is_used() -> None:
    with pytest.raises(PlanTooSmall):
        change(using(plain(9), {"users": 6}), plain(4), "small")


def test_no_plan_is_none_to_change_to_for_a_customer_without_one() -> None:
    nothing: Any = None
    with pytest.raises(InvalidArgument, match="plan"):
        change(a_usage(plan=None), plain(4), nothing)


def test_a_customer_without_a_plan_gets_one() -> None:
    assert change(a_usage(plan=None), plain(4), "first").state.plan == "first"


def test_an_override_holds_under_the_other_plan_too() -> None:
    usage = lib.override(using(plain(9), {"users": 6}), "users", 7, by=ANA, now=NOON).state
    assert exceeds(usage, plain(4)) == {}
    assert exceeds(lib.override(usage, "users", 5, by=ANA, now=NOON).state, plain(9)) == {"users": 1}


# Carried, reset and clamped


@pytest.mark.parametrize(
    ("policy", "after"),
    [(OnPlanChange.CARRY, 6), (OnPlanChange.RESET, 0), (OnPlanChange.CLAMP, 4)],
)
def test_what_becomes_of_what_was_used_is_the_policy_of_the_new_limit(policy: OnPlanChange, after: int) -> None:
    usage, limits = using(plain(9), {"users": 6}), plain(4, on_plan_change=policy)
    decision = change(usage, limits, accept_excess=True)
    assert taken(decision.state, limits) == {"users": after}
    assert exceeds(usage, limits) == ({"users": 2} if policy is OnPlanChange.CARRY else {})
    assert replayed(lib.apply, decision, usage) == decision.state


@pytest.mark.parametrize(
    ("policy", "after"),
    [(OnPlanChange.CARRY, {"w1": 3, "w2": 1}), (OnPlanChange.RESET, {}), (OnPlanChange.CLAMP, {"w1": 2, "w2": 1})],
)
def test_places_are_carried_reset_and_clamped_each(policy: OnPlanChange, after: dict[str, int]) -> None:
    limits = Limits({"workspaces": Limit(3), "team": Limit(2, "workspaces", on_plan_change=policy)})
    usage = using(ROOMY, TWO_TEAMS)
    decision = change(usage, limits, accept_excess=True)
    assert taken(decision.state, limits)["team"] == after
    assert decision.state.tallies["team"].used == sum(after.values())
    assert replayed(lib.apply, decision, usage) == decision.state


def test_only_the_places_that_are_cut_are_told() -> None:
    limits = Limits({"workspaces": Limit(3), "team": Limit(2, "workspaces", on_plan_change=OnPlanChange.CLAMP)})
    (event,) = change(using(ROOMY, TWO_TEAMS), limits).events
    assert event.places == {"w1": {"team": PlaceTally(used=2, turn=0)}}
    assert event.tallies == {"team": Tally(used=3, since=NOON, per="workspaces")}
    assert event.exceeds == {}


def test_places_clamped_to_nothing_are_gone() -> None:
    limits = Limits({"workspaces": Limit(3), "team": Limit(0, "workspaces", on_plan_change=OnPlanChange.CLAMP)})
    assert change(using(ROOMY, TWO_TEAMS), limits).state.places == lib.Places()


@pytest.mark.parametrize(
    "most", [Limit(UNLIMITED, on_plan_change=OnPlanChange.CLAMP), Limit(9, on_plan_change=OnPlanChange.CLAMP)]
)
def test_nothing_is_cut_where_all_of_it_fits(most: Limit) -> None:
    (event,) = change(using(plain(9), {"users": 6}), Limits({"users": most})).events
    assert event.tallies == {}


def test_a_ratio_is_counted_in_when_it_is_cut() -> None:
    limits = plain(4, overage=Fraction(5, 4), on_plan_change=OnPlanChange.CLAMP)
    assert taken(change(using(plain(9), {"users": 6}), limits).state, limits) == {"users": 5}


@pytest.mark.parametrize(("teachers", "left", "too_much"), [(3, 1, {}), (4, 0, {}), (5, 0, {"users": 1})])
def test_a_whole_is_cut_by_what_is_used_of_no_part(teachers: int, left: int, too_much: dict[str, int]) -> None:
    roomy = Limits({"users": Limit(9), "teachers": Limit(9, part_of="users")})
    smaller = Limits({"users": Limit(4, on_plan_change=OnPlanChange.CLAMP), "teachers": Limit(9, part_of="users")})
    usage = using(roomy, {"users": 3, "teachers": teachers})
    assert exceeds(usage, smaller) == too_much
    after = change(usage, smaller, accept_excess=True).state
    assert after.tallies["users"].used == left


def test_parts_are_cut_before_their_whole() -> None:
    clamp = OnPlanChange.CLAMP
    roomy = Limits({"users": Limit(9), "teachers": Limit(9, part_of="users")})
    smaller = Limits(
        {"users": Limit(4, on_plan_change=clamp), "teachers": Limit(3, part_of="users", on_plan_change=clamp)}
    )
    after = change(using(roomy, {"users": 3, "teachers": 5}), smaller).state
    assert taken(after, smaller) == {"users": 4, "teachers": 3}


# Counts that reset


def test_a_running_count_goes_on_under_a_plan_that_resets_too() -> None:
    monthly, daily = plain(9, resets=MONTH), plain(9, resets=Duration(days=1))
    usage = change(using(monthly, {"users": 6}), daily).state
    assert taken(usage, daily, NOON + timedelta(days=2)) == {"users": 6}
    assert taken(usage, daily, NOON + timedelta(days=30)) == {"users": 0}


def test_a_count_ends_no_more_under_a_plan_that_does_not_reset() -> None:
    usage = change(using(plain(9, resets=MONTH), {"users": 6}), plain(9)).state
    assert usage.tallies["users"] == Tally(used=6, since=NOON)
    assert taken(usage, plain(9), NOON + timedelta(days=300)) == {"users": 6}


def test_a_count_that_had_ended_begins_anew_with_the_other_plan() -> None:
    monthly = plain(9, resets=MONTH)
    usage = using(monthly, {"users": 6})
    later = NOON + timedelta(days=40)
    assert exceeds(usage, plain(4), later) == {}
    assert change(usage, plain(4), now=later).state.tallies["users"] == Tally(turn=1, since=later)


def test_a_count_that_never_ended_begins_to_run_out_with_a_plan_that_resets() -> None:
    monthly, later = plain(9, resets=MONTH), NOON + timedelta(days=100)
    usage = change(using(plain(9), {"users": 6}), monthly, now=later).state
    assert usage.tallies["users"].since == later
    assert taken(usage, monthly, later) == {"users": 6}
    assert taken(usage, monthly, later + timedelta(days=31)) == {"users": 0}
    back = change(change(using(plain(9), {"users": 6}), monthly, now=later).state, plain(9), "small", now=later).state
    assert taken(back, plain(9), later + timedelta(days=300)) == {"users": 6}


def test_a_count_that_is_reset_begins_with_the_switch_there_and_back_too() -> None:
    yearly, daily = (plain(9, resets=every, on_plan_change=OnPlanChange.RESET) for every in (YEAR, Duration(days=1)))
    usage = change(using(yearly, {"users": 6}), daily, now=NOON + timedelta(hours=1)).state
    midnight = datetime.fromisoformat("2026-05-05T00:00+02:00")
    assert usage.tallies["users"] == Tally(turn=1, since=NOON + timedelta(hours=1), until=midnight)
    back = change(
        use(usage, daily, now=NOON + timedelta(hours=2)).state, yearly, "small", now=NOON + timedelta(hours=3)
    )
    assert taken(back.state, yearly, NOON + timedelta(hours=3)) == {"users": 0}


# Places or none


def test_what_was_used_in_places_is_used_of_a_limit_that_has_none() -> None:
    flat = Limits({"workspaces": Limit(3), "team": Limit(4)})
    usage = change(using(ROOMY, TWO_TEAMS), flat).state
    assert taken(usage, flat)["team"] == 4
    usage = use(usage, Limits({"team": Limit(9)}), "team").state
    again = change(usage, ROOMY, "roomy", accept_excess=True).state
    assert taken(again, ROOMY)["team"] == {}


@pytest.mark.parametrize("policy", [OnPlanChange.CARRY, OnPlanChange.CLAMP])
@pytest.mark.parametrize("most", [0, 9, UNLIMITED], ids=str)
@pytest.mark.parametrize("before", ["flat", "sites"])
def test_all_that_is_used_is_too_much_where_it_counts_within_another_than_before(
    policy: OnPlanChange, most: Any, before: str
) -> None:
    other = Limits({"sites": Limit(3), "team": Limit(9, None if before == "flat" else "sites")})
    usage = using(other, {"team": 4 if before == "flat" else {"s1": 3, "s2": 1}})
    limits = Limits({"workspaces": Limit(3), "team": Limit(most, "workspaces", on_plan_change=policy)})
    assert exceeds(usage, limits) == {"team": 4}
    with pytest.raises(PlanTooSmall) as caught:
        change(usage, limits)
    assert caught.value == PlanTooSmall(plan="big", exceeds={"team": 4})
    decision = change(usage, limits, accept_excess=True)
    assert decision.events[0].exceeds == {"team": 4}
    assert taken(decision.state, limits)["team"] == {}
    assert decision.state == replayed(lib.apply, decision, usage)
    assert exceeds(decision.state, limits) == {}


def test_what_resets_on_the_switch_is_not_too_much_wherever_it_counts() -> None:
    usage = using(plain(9), {"users": 4})
    limits = Limits({"workspaces": Limit(3), "users": Limit(2, "workspaces", on_plan_change=OnPlanChange.RESET)})
    assert exceeds(usage, limits) == {}
    assert taken(change(usage, limits).state, limits)["users"] == {}


def test_a_count_that_has_ended_is_not_too_much_wherever_it_counts() -> None:
    usage = using(plain(9, resets=MONTH), {"users": 4})
    limits = Limits({"workspaces": Limit(3), "users": Limit(2, "workspaces")})
    assert exceeds(usage, limits, NOON + timedelta(days=40)) == {}


# What cannot be


@pytest.mark.parametrize(
    ("change_of", "parameter"),
    [
        ({"usage": None}, "usage"),
        ({"limits": {}}, "limits"),
        ({"plan": ""}, "plan"),
        ({"plan": None}, "plan"),
        ({"plan": ["big"]}, "plan"),
        ({"accept_excess": 1}, "accept_excess"),
        ({"accept_excess": None}, "accept_excess"),
        ({"now": NAIVE}, "now"),
    ],
    ids=str,
)
@pytest.mark.parametrize("used", [1, 9])
def test_bad_arguments_are_named(change_of: dict[str, Any], parameter: str, used: int) -> None:
    usage = using(plain(9), {"users": used})
    given: dict[str, Any] = {"usage": usage, "plan": "big", "limits": plain(4), "now": NOON, **change_of}
    with pytest.raises(InvalidArgument) as caught:
        lib.change_plan(**given, by=ANA)
    assert caught.value.parameter == parameter


def test_a_preview_and_the_table_check_what_they_are_given() -> None:
    for ask in (lib.rows, lambda usage, limits, now: lib.preview_plan(usage, limits, now=now)):
        with pytest.raises(InvalidInstant):
            ask(a_usage(), plain(1), NAIVE)
        for usage, limits in ((None, plain(1)), (a_usage(), {})):
            with pytest.raises(InvalidArgument):
                ask(usage, limits, NOON)  # type: ignore[arg-type]


def test_an_unknown_plan_is_named() -> None:
    assert str(UnknownPlan(plan="gold")) == "there is no plan 'gold'; name one that is defined"
    assert UnknownPlan(plan="gold").rule == "ALU-5"


def test_what_is_part_of_another_is_clamped_before_it() -> None:
    clamp = OnPlanChange.CLAMP
    now_in = Limits({"all": Limit(9), "z": Limit(9, part_of="all")})
    smaller = Limits({"all": Limit(5, on_plan_change=clamp), "z": Limit(2, part_of="all", on_plan_change=clamp)})
    usage = lib.use(a_usage(), "z", 4, limits=now_in, by=ANA, now=NOON).state
    usage = lib.use(usage, "all", 4, limits=now_in, by=ANA, now=NOON).state
    after = lib.change_plan(usage, "another", limits=smaller, by=ANA, now=NOON).state
    assert {name: tally.used for name, tally in after.tallies.items()} == {"all": 3, "z": 2}
