"""May this be used now, and why not: blocks, trial, plan, license, limit and credits, in this order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core import limits
from licensing_core.checks import InvalidArgument, InvalidQuantity
from licensing_core.credits import CreditAccount, CreditsSpent, InsufficientCredits
from licensing_core.decisions import Decision, Verdict
from licensing_core.entitlements import (
    ClientBlocked,
    FeatureNotInPlan,
    FeatureNotLicensed,
    PlanNotInForce,
    Situation,
    TrialEnded,
    can_use_feature,
    features,
    require_open,
    use_feature,
)
from licensing_core.errors import LicensingError
from licensing_core.limits import Limit, LimitExceeded, Limits, PlaceRequired, UsageCounted
from licensing_core.plans import Feature, ServicePlan
from tests.builders import NAIVE, NOON, agrees
from tests.credit_world import ANA, DAY, gift, left, opened
from tests.usage_world import a_usage, taken

TICK = timedelta(microseconds=1)
LIMITS = Limits({"robots": Limit(3), "workspaces": Limit(2), "team": Limit(2, "workspaces")})
PLAN = ServicePlan(
    id="small",
    limits=LIMITS,
    features=(
        Feature(id="forms"),
        Feature(id="voip", licensed=True),
        Feature(id="robot", limit="robots"),
        Feature(id="member", limit="team"),
        Feature(id="summary", credits=4),
        Feature(id="all", licensed=True, limit="robots", credits=4),
    ),
)


def a_situation(credits_left: int = 10, **more: Any) -> Situation:
    """On the small plan, with nothing used, so many credits, and all licenses."""
    account = opened(gift("g", credits_left)) if credits_left else opened()
    given: dict[str, Any] = {"plan": PLAN, "usage": a_usage(), "credits": account, **more}
    return Situation(**given)


def use(feature: str, situation: Situation, uses: int = 1, now: Any = NOON) -> Decision[Situation, Any]:
    return use_feature(feature, situation, uses, by=ANA, now=now)


def can_use(feature: str, situation: Situation, uses: int, now: Any) -> Verdict:
    return can_use_feature(feature, situation, uses, now=now)


def refusal(feature: str, situation: Situation, uses: int = 1, now: Any = NOON) -> LicensingError | None:
    """Why not; the command says the same."""
    verdict = agrees(can_use, use, feature, situation, uses, now)
    assert verdict.refusal is not None or verdict.rule == "PLZ-10"
    return verdict.refusal


def test_a_feature_without_limit_and_price_is_used_without_a_trace() -> None:
    for situation in (a_situation(), Situation(plan=PLAN)):
        assert use("forms", situation) == Decision(situation)


def test_a_limited_feature_is_counted() -> None:
    decision = use("robot", a_situation(), 2)
    assert [type(event) for event in decision.events[:1]] == [UsageCounted]
    assert decision.state.usage is not None
    assert taken(decision.state.usage, LIMITS)["robots"] == 2
    assert decision.state.credits == a_situation().credits


def test_a_feature_that_costs_credits_spends_them_for_each_use() -> None:
    decision = use("summary", a_situation(), 2)
    (event,) = decision.events
    assert isinstance(event, CreditsSpent)
    assert event.amount == 8
    assert isinstance(decision.state.credits, CreditAccount)
    assert left(decision.state.credits) == {"g": 2}


def test_a_feature_within_a_place_is_counted_there() -> None:
    decision = use("member", a_situation(within="w1"), 2)
    assert decision.state.usage is not None
    assert taken(decision.state.usage, LIMITS)["team"] == {"w1": 2}
    assert refusal("member", a_situation()) == PlaceRequired(limit="team", per="workspaces")


def test_both_or_neither() -> None:
    situation = a_situation()
    after = use("all", situation, 2)
    assert [type(event) for event in after.events if not isinstance(event, limits.ThresholdReached)] == [
        UsageCounted,
        CreditsSpent,
    ]
    with pytest.raises(InsufficientCredits):
        use("all", situation, 3)
    with pytest.raises(LimitExceeded):
        use("all", after.state, 2)
    assert situation == a_situation()


@pytest.mark.parametrize(
    ("now", "usable"), [(NOON - TICK, True), (NOON, False), (NOON + DAY, False)], ids=["before", "at", "after"]
)
def test_a_trial_is_over_at_its_end(now: Any, usable: bool) -> None:
    found = refusal("forms", Situation(plan=PLAN, trial_ends=NOON), now=now)
    assert found == (None if usable else TrialEnded(ended=NOON))


def test_without_a_plan_or_its_feature_nothing_is_used() -> None:
    assert refusal("fax", a_situation()) == FeatureNotInPlan(feature="fax", plan="small")
    none = FeatureNotInPlan(feature="forms", plan=None)
    assert refusal("forms", Situation(plan=None)) == none
    assert str(none) == "there is no plan, and so not the feature 'forms'; change to a plan that has it"


def test_a_plan_that_is_not_paid_for_is_not_used_and_of_none_there_is_nothing_to_pay() -> None:
    unpaid = PlanNotInForce(plan="small")
    assert refusal("forms", a_situation(in_force=False)) == unpaid
    assert refusal("fax", a_situation(in_force=False)) == unpaid
    assert str(unpaid) == "the subscription to plan 'small' is not in force; have it paid, resumed or renewed"
    assert refusal("forms", Situation(plan=None, in_force=False)) == FeatureNotInPlan(feature="forms", plan=None)


def test_a_license_is_needed_of_a_user_and_not_of_the_whole_customer() -> None:
    assert refusal("voip", a_situation(licensed=frozenset())) == FeatureNotLicensed(feature="voip")
    for licensed in (frozenset({"voip"}), None):
        assert refusal("voip", a_situation(licensed=licensed)) is None
    assert refusal("forms", a_situation(licensed=frozenset())) is None


def test_the_first_reason_is_the_one_that_is_told() -> None:
    full = limits.use(a_usage(), "robots", 3, limits=LIMITS, by=ANA, now=NOON).state
    situation = Situation(
        plan=evolve(PLAN, features=()),
        blocks=frozenset({"unpaid", "abuse"}),
        trial_ends=NOON,
        in_force=False,
        licensed=frozenset(),
        usage=full,
        credits=opened(),
    )
    cures: list[tuple[type[LicensingError], dict[str, Any]]] = [
        (ClientBlocked, {"blocks": frozenset()}),
        (TrialEnded, {"trial_ends": None}),
        (PlanNotInForce, {"in_force": True}),
        (FeatureNotInPlan, {"plan": PLAN}),
        (FeatureNotLicensed, {"licensed": frozenset({"all"})}),
        (LimitExceeded, {"usage": a_usage()}),
        (InsufficientCredits, {"credits": opened(gift("g", 4))}),
    ]
    for reason, cure in cures:
        assert type(refusal("all", situation)) is reason
        situation = evolve(situation, **cure)
    assert refusal("all", situation) is None


def test_all_causes_of_a_block_are_told_in_order() -> None:
    found = refusal("forms", Situation(plan=PLAN, blocks=frozenset({"unpaid", "abuse"})))
    assert found == ClientBlocked(causes=("abuse", "unpaid"))
    assert str(found) == "blocked for abuse, unpaid; have each cause lifted first"


def test_a_customer_is_open_unless_it_is_blocked_or_its_trial_is_over() -> None:
    require_open(frozenset(), None, now=NOON)
    require_open(frozenset(), NOON + timedelta(seconds=1), now=NOON)
    with pytest.raises(TrialEnded) as over:
        require_open(frozenset(), NOON, now=NOON)
    assert over.value == TrialEnded(ended=NOON)
    with pytest.raises(ClientBlocked) as blocked:
        require_open(frozenset({"unpaid", "abuse"}), NOON, now=NOON)
    assert blocked.value == ClientBlocked(causes=("abuse", "unpaid")), "a block comes first"


def test_all_features_of_the_plan_are_told() -> None:
    found = features(a_situation(credits_left=3, licensed=frozenset({"all"}), within="w1"), now=NOON)
    assert {name: verdict.code for name, verdict in found.items()} == {
        "all": "credits.insufficient",
        "forms": "ok",
        "member": "ok",
        "robot": "ok",
        "summary": "credits.insufficient",
        "voip": "feature.not_licensed",
    }
    assert list(found) == sorted(found)
    assert features(Situation(plan=None), now=NOON) == {}


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: use("robot", Situation(plan=PLAN)), "situation"),
        (lambda: use("summary", Situation(plan=PLAN)), "situation"),
        (lambda: can_use_feature("summary", Situation(plan=PLAN), now=NOON), "situation"),
        (lambda: features(Situation(plan=PLAN), now=NOON), "situation"),
        (lambda: use("forms", PLAN), "situation"),  # type: ignore[arg-type]
        (lambda: features(PLAN, now=NOON), "situation"),  # type: ignore[arg-type]
        (lambda: features(Situation(plan=None), now=NAIVE), "now"),
        (lambda: use("forms", a_situation(), 0), "uses"),
        (lambda: use("forms", a_situation(), True), "uses"),
        (lambda: use("forms", a_situation(), 1.0), "uses"),  # type: ignore[arg-type]
        (lambda: use("two words", a_situation()), "feature"),
        (lambda: use("forms", a_situation(), now=NAIVE), "now"),
        (lambda: use_feature("forms", a_situation(), by="ana", now=NOON), "by"),  # type: ignore[arg-type]
        (lambda: use("summary", a_situation(), 1_000_000), "uses"),
        (lambda: require_open(["unpaid"], None, now=NOON), "blocks"),  # type: ignore[arg-type]
        (lambda: require_open(frozenset(), NAIVE, now=NOON), "trial_ends"),
        (lambda: require_open(frozenset(), None, now=NAIVE), "now"),
        (lambda: Situation(plan="small"), "plan"),  # type: ignore[arg-type]
        (lambda: Situation(plan=PLAN, trial_ends=NAIVE), "trial_ends"),
        (lambda: Situation(plan=PLAN, blocks=["unpaid"]), "blocks"),  # type: ignore[arg-type]
    ],
)
def test_a_bad_argument_is_named(call: Callable[[], object], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.parameter == parameter
    assert parameter != "uses" or isinstance(caught.value, InvalidQuantity)
