"""While a customer is blocked, its trial is over, or its plan is not in force: what it may do no more, and what it may.

Each is asked over every store, of what is counted, of credits and of features alike.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core.credits import Grant, InsufficientCredits, OrderStatus
from licensing_core.decisions import Verdict
from licensing_core.directory import Permission, PermissionMissing
from licensing_core.entitlements import (
    ClientBlocked,
    FeatureNotInPlan,
    FeatureNotLicensed,
    PlanNotInForce,
    TrialEnded,
)
from licensing_core.errors import LicensingError
from licensing_core.limits import LimitExceeded, UsageRow
from licensing_core.protocols import Store
from licensing_core.services import (
    CancelPack,
    ChangeServicePlan,
    Command,
    GrantCredits,
    Licensing,
    MayUseFeature,
    OpenCredits,
    OpenUsage,
    OrderPack,
    PreviewServicePlan,
    ReadCredits,
    ReadPanel,
    ReadUsage,
    RecountLimit,
    ReleaseLimit,
    SpendCredits,
    UnblockCustomer,
    UseFeature,
    UseLimit,
)
from tests.client_commands import block, cancel_now, order, pay, subscribed
from tests.service_world import NOON, Checked, Clock, known, of, refused, snapshot, to

OPENING: tuple[Command[Any], ...] = (
    OpenUsage(plan="basic", **to("usage")),
    RecountLimit(limit="users", count=2, **to("users")),
    OpenCredits(**to("credits")),
    GrantCredits(grant=Grant(id="gift", amount=20, effective=NOON - timedelta(days=2)), **to("gift")),
)
CAUSES = ClientBlocked(causes=("abuse", "unpaid"))
BLOCKS = {"causes": ("unpaid", "abuse")}
OVER = {"trial_ends": NOON}
SHUT = pytest.mark.parametrize(
    ("shut", "refusal"),
    [
        (BLOCKS, CAUSES),
        (OVER, TrialEnded(ended=NOON)),
        ({**BLOCKS, **OVER}, CAUSES),
    ],
    ids=["blocked", "trial over", "both"],
)


@pytest.fixture
def opened(store: Store) -> Callable[..., Checked]:
    """Adds the customer a1, blocked or tried, with two users and 20 credits."""

    def made(**given: Any) -> Checked:
        licensing = known(store, **given)
        for command in OPENING:
            licensing.run(command)
        return licensing

    return made


def may(feature: str, uses: int = 1, **more: Any) -> MayUseFeature:
    return MayUseFeature(feature=feature, uses=uses, **{**of(), **more})


USING: tuple[Command[Any], ...] = (
    UseLimit(limit="users", **to("k")),
    UseLimit(limit="robots", **to("k")),
    SpendCredits(amount=100, **to("k")),
    UseFeature(feature="bots", **to("k")),
    UseFeature(feature="robots", user="u1", **to("k")),
)
"""Some of them would be refused anyway, for what is asked after."""
SPEND = SpendCredits(amount=1, **to("spend"))


@SHUT
def test_nothing_is_used_or_spent(
    opened: Callable[..., Checked], store: Store, shut: dict[str, Any], refusal: LicensingError
) -> None:
    licensing = opened(**shut)
    before = snapshot(store)
    for command in (*USING, SPEND):
        assert refused(licensing.run, command) == refusal
        assert isinstance(refused(licensing.run, attrs.evolve(command, actor="u1")), PermissionMissing)
    assert licensing.run(may("bots")) == Verdict.refuse(refusal)
    assert snapshot(store) == before


@SHUT
def test_what_is_given_back_counted_or_read_goes_on(
    opened: Callable[..., Checked], shut: dict[str, Any], refusal: LicensingError
) -> None:
    licensing = opened(**shut)
    assert licensing.run(ReleaseLimit(limit="users", **to("k1"))).row.used == 1
    assert licensing.run(RecountLimit(limit="users", count=3, **to("k2"))).row.used == 3
    assert licensing.run(ReadUsage(**of())).rows["users"] == UsageRow(used=3, most=5, left=2, over=0)
    assert licensing.run(ReadPanel(**of(actor="chief"))).plan == "basic"
    assert not licensing.run(PreviewServicePlan(plan="tiny", **of(actor="chief"))).fits
    assert licensing.run(ReadCredits(**of(actor="chief"))).standing.balance == 20


@SHUT
def test_what_staff_does_goes_on(opened: Callable[..., Checked], shut: dict[str, Any], refusal: LicensingError) -> None:
    licensing = opened(**shut)
    assert licensing.run(OrderPack(pack="small", order="o1", **to("k1"))).order.id == "o1"
    assert licensing.run(ChangeServicePlan(plan="basic", **to("k2"))).fits
    for cause in shut.get("causes", ()):
        assert isinstance(refused(licensing.run, USING[0]), ClientBlocked)
        licensing.run(UnblockCustomer(cause=cause, **to(f"lift-{cause}")))
    assert licensing.run(USING[0]).row.used == 3, "once it is open again, also after its trial"
    assert licensing.run(SPEND).standing.balance == 19


@SHUT
def test_the_administrator_orders_and_changes_the_plan_unless_it_is_blocked(
    opened: Callable[..., Checked], store: Store, shut: dict[str, Any], refusal: LicensingError
) -> None:
    licensing = opened(**shut)
    licensing.run(OrderPack(pack="small", order="o1", **to("o1")))
    licensing.run(ReleaseLimit(limit="users", **to("fits")))
    change = ChangeServicePlan(plan="tiny", **to("k1", actor="chief"))
    buying = OrderPack(pack="small", order="o2", **to("k2", actor="chief"))
    before = snapshot(store)
    if refusal == CAUSES:
        assert [refused(licensing.run, one) for one in (change, buying)] == [CAUSES, CAUSES]
        foreign = attrs.evolve(change, plan="basic")
        assert isinstance(refused(licensing.run, foreign), PermissionMissing), "which is asked before"
        assert snapshot(store) == before
    else:
        assert licensing.run(change).fits
        assert licensing.run(buying).order.status is OrderStatus.AWAITING_PAYMENT
    withdrawn = licensing.run(CancelPack(order="o1", **to("k3", actor="chief")))
    assert withdrawn.order.status is OrderStatus.CANCELLED, "what was not paid may be withdrawn"


def test_a_customer_uses_until_the_instant_at_which_its_trial_ends(opened: Callable[..., Checked]) -> None:
    licensing = opened(trial_ends=NOON + timedelta(seconds=1))
    assert licensing.run(USING[0]).row.used == 3
    assert licensing.run(SPEND).standing.balance == 19
    assert licensing.run(may("bots"))


def test_a_block_that_ends_by_itself_needs_no_command(opened: Callable[..., Checked], store: Store) -> None:
    licensing, clock = opened(), Clock()
    licensing.run(attrs.evolve(block(), until=NOON + timedelta(hours=1)))
    assert refused(licensing.run, USING[0]) == ClientBlocked(causes=("unpaid",))
    clock.now = NOON + timedelta(hours=1)
    assert Checked(store, clock=clock).run(USING[0]).row.used == 3


# The plan that is subscribed to


def test_a_plan_that_nobody_pays_for_any_more_is_not_used(opened: Callable[..., Checked], store: Store) -> None:
    licensing = opened()
    waiting = licensing.run(order(item="basic")).issued[0]
    before = snapshot(store)
    for command in (*USING, SPEND):
        assert refused(licensing.run, command) == PlanNotInForce(plan="basic")
    assert licensing.run(may("bots")).refusal == PlanNotInForce(plan="basic")
    assert snapshot(store) == before
    licensing.run(pay(waiting))
    assert licensing.run(USING[0]).row.used == 3
    assert licensing.run(SPEND).standing.balance == 19
    licensing.run(cancel_now())
    assert refused(licensing.run, attrs.evolve(USING[0], key="again")) == PlanNotInForce(plan="basic")


def test_a_plan_that_is_paid_for_in_its_trial_is_used_beyond_it(opened: Callable[..., Checked], store: Store) -> None:
    clock = Clock()
    subscribed(opened(trial_ends=NOON + timedelta(days=1)), item="basic")
    clock.now = NOON + timedelta(days=2)
    licensing = Checked(store, clock=clock)
    assert licensing.run(USING[0]).row.used == 3
    assert licensing.run(SPEND).standing.balance == 19
    assert licensing.run(may("bots"))


def test_what_else_is_subscribed_to_does_not_matter_to_the_plan(opened: Callable[..., Checked]) -> None:
    licensing = opened()
    licensing.run(order(item="hosting"))
    assert licensing.run(USING[0]).row.used == 3
    subscribed(licensing, "other", item="basic")
    licensing.run(order("more", item="basic"))
    assert licensing.run(UseLimit(limit="users", **to("k2"))).row.used == 4, "one that gives access is enough"


def test_a_block_is_told_before_the_plan_that_is_not_in_force(opened: Callable[..., Checked]) -> None:
    licensing = opened()
    licensing.run(order(item="basic"))
    licensing.run(block())
    assert refused(licensing.run, USING[0]) == ClientBlocked(causes=("unpaid",))


# In which order features are refused


def told(licensing: Licensing, feature: str, **more: Any) -> Any:
    return licensing.run(may(feature, **more)).refusal


def test_the_first_reason_against_a_feature_is_told(opened: Callable[..., Checked]) -> None:
    """Plan, license, limit, credits: each once those before it are out of the way."""
    licensing = opened(trial_ends=NOON + timedelta(days=1))
    assert told(licensing, "robots") == FeatureNotInPlan(feature="robots", plan="basic")
    assert told(licensing, "crm", user="u1") == FeatureNotLicensed(feature="crm")
    assert told(licensing, "crm") is None, "of the whole customer no license is asked"
    exceeded = LimitExceeded(limit="calls", within=None, used=0, most=10, shortfall=1)
    assert told(licensing, "bots", uses=11) == exceeded
    assert told(licensing, "bots", uses=7) == InsufficientCredits(balance=20, shortfall=1)
    assert told(licensing, "bots", uses=6) is None


@pytest.mark.parametrize("shut", [{"causes": ("unpaid",)}, {"trial_ends": NOON}, {}], ids=["blocked", "over", "open"])
def test_a_use_is_refused_for_the_reason_that_is_told(
    opened: Callable[..., Checked], store: Store, shut: dict[str, Any]
) -> None:
    licensing = opened(**shut)
    for feature, uses, user in (("bots", 7, None), ("bots", 11, None), ("crm", 1, "u1"), ("robots", 1, None)):
        before = snapshot(store)
        refusal = refused(licensing.run, UseFeature(feature=feature, uses=uses, user=user, **to("k1")))
        assert licensing.run(may(feature, uses, user=user)) == Verdict.refuse(refusal)
        assert snapshot(store) == before


@pytest.mark.parametrize("credits_first", [False, True])
@pytest.mark.parametrize(
    ("shut", "refusal"),
    [
        ({"causes": ("unpaid",), "trial_ends": NOON}, ClientBlocked(causes=("unpaid",))),
        ({"trial_ends": NOON}, TrialEnded(ended=NOON)),
        ({}, FeatureNotInPlan(feature="bots", plan=None)),
    ],
    ids=["blocked", "over", "open"],
)
def test_a_customer_whose_usage_was_never_opened_has_no_features(
    store: Store, credits_first: bool, shut: dict[str, Any], refusal: LicensingError
) -> None:
    licensing = known(store, **shut)
    for command in OPENING[2:] if credits_first else ():
        licensing.run(command)
    before = snapshot(store)
    for user in (None, "u1"):
        assert licensing.run(may("bots", user=user)) == Verdict.refuse(refusal)
        assert refused(licensing.run, UseFeature(feature="bots", user=user, **to("k1"))) == refusal
    assert snapshot(store) == before


def test_who_asks_of_themselves_learns_nothing_of_a_customer_they_do_not_belong_to(
    opened: Callable[..., Checked],
) -> None:
    """Not even whether it is there, or why it is blocked."""
    licensing = opened(causes=("unpaid",))
    there, gone = (refused(licensing.run, may("bots", customer=name, user="u1", actor="u1")) for name in ("a1", "a9"))
    assert there == gone == PermissionMissing(permission=Permission.USAGE_MANAGE)
