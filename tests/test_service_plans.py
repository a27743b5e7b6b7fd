"""Plans of a service: their features and limits, and all of them together."""

import pickle
from typing import Any

import pytest

from licensing_core.checks import MAX_COUNT, InvalidArgument, TooManyItems
from licensing_core.limits import UNLIMITED, Limit, Limits, Overage
from licensing_core.plans import Feature, PlanComparison, ServicePlan, ServicePlans, compare_plans

FREE = ServicePlan(id="free", limits=Limits({"users": Limit(1)}), trial_days=14)
PRO = ServicePlan(
    id="pro",
    limits=Limits({"users": Limit(9), "bots": Limit(2)}),
    features=(Feature(id="voip", licensed=True), Feature(id="bots", limit="bots", credits=5)),
)


def test_a_plan_has_features_by_name() -> None:
    assert PRO.feature("bots") == Feature(id="bots", limit="bots", credits=5)
    assert PRO.feature("voip") == Feature(id="voip", licensed=True)
    assert PRO.feature("fax") is None
    assert FREE.feature("bots") is None


def test_a_plan_has_no_trial_unless_it_says_so() -> None:
    assert (FREE.trial_days, PRO.trial_days) == (14, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"limits": {"users": Limit(1)}},
        {"limits": None},
        {"features": [Feature(id="a")]},
        {"features": ("a",)},
        {"features": (Feature(id="a"), Feature(id="a", credits=1))},
        {"features": (Feature(id="a", limit="users"),)},
        {"trial_days": -1},
        {"trial_days": True},
        {"trial_days": 1.0},
        {"trial_days": None},
        {"trial_days": MAX_COUNT + 1},
    ],
    ids=str,
)
def test_a_plan_that_does_not_have_its_form_is_refused(change: dict[str, Any]) -> None:
    given: dict[str, Any] = {"id": "free", **change}
    with pytest.raises(InvalidArgument) as caught:
        ServicePlan(**given)
    assert caught.value.parameter in change


@pytest.mark.parametrize(
    "change",
    [{"id": None}, {"licensed": 1}, {"licensed": None}, {"limit": ""}, {"credits": -1}, {"credits": True}],
    ids=str,
)
def test_a_feature_that_does_not_have_its_form_is_refused(change: dict[str, Any]) -> None:
    given: dict[str, Any] = {"id": "bots", **change}
    with pytest.raises(InvalidArgument) as caught:
        Feature(**given)
    assert caught.value.parameter in change


def test_plans_are_found_by_id_in_the_order_of_ids() -> None:
    plans = ServicePlans((PRO, FREE))
    assert list(plans) == [FREE, PRO]
    assert len(plans) == 2
    assert plans.get("pro") == PRO
    assert plans.get("gold") is None
    assert plans == ServicePlans([FREE, PRO, FREE])  # type: ignore[arg-type]


def test_a_plan_that_is_defined_is_there_at_once_and_its_new_form_replaces_the_old() -> None:
    plans = ServicePlans().defining(PRO).defining(FREE)
    assert list(plans) == [FREE, PRO]
    larger = ServicePlan(id="free", limits=Limits({"users": Limit(2)}))
    assert plans.defining(larger).get("free") == larger
    assert plans.get("free") == FREE
    assert plans.defining(FREE) == plans


@pytest.mark.parametrize(
    "plans",
    [None, "free", b"free", 7, ("free",), {"free": FREE}, (FREE, ServicePlan(id="free"))],
    ids=lambda one: type(one).__name__,
)
def test_plans_are_service_plans_each_with_an_id_of_its_own(plans: Any) -> None:
    with pytest.raises(InvalidArgument, match="plans"):
        ServicePlans(plans)


@pytest.mark.parametrize("plan", [None, "free", Limit(1)], ids=lambda one: type(one).__name__)
def test_only_a_service_plan_is_defined(plan: Any) -> None:
    with pytest.raises(InvalidArgument, match="plan"):
        ServicePlans().defining(plan)


def test_plans_are_equal_hashable_and_pickled_by_what_they_say() -> None:
    plans = ServicePlans((FREE, PRO))
    again = pickle.loads(pickle.dumps(plans))
    assert again == plans
    assert hash(again) == hash(plans)
    assert again.get("pro") == PRO


def test_two_plans_are_compared_by_what_is_gained_lost_raised_and_lowered() -> None:
    assert compare_plans(FREE, PRO) == PlanComparison(gained=("bots", "voip"), lost=(), raised=("users",), lowered=())
    assert compare_plans(PRO, FREE) == PlanComparison(gained=(), lost=("bots", "voip"), raised=(), lowered=("users",))
    assert compare_plans(PRO, PRO) == PlanComparison(gained=(), lost=(), raised=(), lowered=())


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [
        (Limit(10), Limit(UNLIMITED), True),
        (Limit(2**53 - 1), Limit(0, overage=Overage.ALLOW), True),
        (Limit(10), Limit(9, overage=2), True),  # type: ignore[arg-type]
        (Limit(UNLIMITED), Limit(5, overage=Overage.ALLOW), False),
    ],
)
def test_a_limit_is_raised_when_more_may_be_used_of_it(before: Limit, after: Limit, raised: bool) -> None:
    one, other = (ServicePlan(id="plan", limits=Limits({"users": limit})) for limit in (before, after))
    assert compare_plans(one, other).raised == (("users",) if raised else ())
    assert compare_plans(other, one).lowered == (("users",) if raised else ())


@pytest.mark.parametrize("plan", [None, "free", Limit(1)], ids=lambda one: type(one).__name__)
def test_only_service_plans_are_compared(plan: Any) -> None:
    for plans in ((plan, FREE), (FREE, plan)):
        with pytest.raises(InvalidArgument):
            compare_plans(*plans)


def test_a_trial_is_of_ten_years_at_most() -> None:
    assert ServicePlan(id="free", trial_days=3650).trial_days == 3650
    with pytest.raises(InvalidArgument, match="trial_days"):
        ServicePlan(id="free", trial_days=3651)


def test_a_plan_has_a_thousand_features_at_most() -> None:
    many = tuple(Feature(id=f"f{number}") for number in range(1001))
    assert ServicePlan(id="pro", features=many[:-1]).feature("f999") == Feature(id="f999")
    with pytest.raises(TooManyItems):
        ServicePlan(id="pro", features=many)
