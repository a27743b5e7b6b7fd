"""Use cases of features over every store: may one be used, why not, and used with its limit and credits together."""

import asyncio
from typing import Any

import attrs
import pytest

from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.credits import Grant, InsufficientCredits, Standing
from licensing_core.decisions import Verdict
from licensing_core.directory import Permission, PermissionMissing
from licensing_core.entitlements import FeatureNotInPlan, FeatureNotLicensed
from licensing_core.limits import LimitExceeded, PlaceRequired, UnknownPlan, UsageRow
from licensing_core.plans import Feature, ServicePlan
from licensing_core.protocols import AggregateKind, IdempotencyConflict, Store
from licensing_core.services import (
    AsyncLicensing,
    ChangeServicePlan,
    Command,
    FeatureUsed,
    GrantCredits,
    GrantLicense,
    Licensing,
    LimitUsage,
    MayUseFeature,
    OpenCredits,
    OpenUsage,
    ReadCredits,
    ReadUsage,
    RevokeLicense,
    UnknownAccount,
    UseFeature,
    UseLimit,
)
from tests.service_world import (
    NOON,
    SERVICE_PLANS,
    Checked,
    Clock,
    Stale,
    Turn,
    at_once,
    changed,
    events_of,
    host,
    known,
    of,
    open_account,
    refused,
    sent,
    snapshot,
    to,
)

OPENING: tuple[Command[Any], ...] = (
    OpenUsage(plan="basic", **to("usage")),
    OpenCredits(**to("credits")),
    GrantCredits(grant=Grant(id="gift", amount=20, effective=NOON), **to("gift")),
)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """The customer a1 has the plan *basic* and 20 credits. A use of *bots* is a call and costs 3."""
    known(store)
    made = Checked(store, clock=clock)
    for command in OPENING:
        made.run(command)
    return made


def may(feature: str, uses: int = 1, **more: Any) -> MayUseFeature:
    return MayUseFeature(feature=feature, uses=uses, **{**of(), **more})


def use(feature: str = "bots", uses: int = 1, *, key: str, **more: Any) -> UseFeature:
    return UseFeature(feature=feature, uses=uses, **{**to(key), **more})


# Both or neither


def test_a_use_is_counted_and_paid_at_once(licensing: Licensing, store: Store) -> None:
    assert licensing.run(use(uses=4, key="k1")) == FeatureUsed(
        usage=LimitUsage(limit="calls", within=None, row=UsageRow(used=4, most=10, left=6, over=0)),
        standing=Standing(balance=8, pending=0, late=()),
    )
    assert events_of(store, "a1", AggregateKind.USAGE) == ["usage.opened", "usage.counted"]
    assert events_of(store, "a1", AggregateKind.CREDITS) == ["credits.opened", "credits.granted", "credits.spent"]


def test_what_has_too_few_credits_is_not_counted_either(licensing: Licensing, store: Store) -> None:
    licensing.run(use(uses=4, key="k1"))
    before = snapshot(store)
    assert refused(licensing.run, use(uses=3, key="k2")) == InsufficientCredits(balance=8, shortfall=1)
    assert snapshot(store) == before
    assert licensing.run(use(uses=2, key="k2")).standing == Standing(balance=2, pending=0, late=())


def test_what_would_pass_its_limit_costs_nothing(licensing: Licensing, store: Store) -> None:
    licensing.run(UseLimit(limit="calls", amount=9, **to("k1")))
    before = snapshot(store)
    exceeded = LimitExceeded(limit="calls", within=None, used=9, most=10, shortfall=1)
    assert refused(licensing.run, use(uses=2, key="k2")) == exceeded
    assert snapshot(store) == before


def test_the_thresholds_that_a_use_reached_are_told(licensing: Licensing) -> None:
    licensing.run(UseLimit(limit="calls", amount=7, **to("k1")))
    told = licensing.run(use(key="k2")).usage
    assert told is not None
    assert told.thresholds == (80,)


def test_a_feature_without_limit_and_price_changes_nothing(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    assert licensing.run(use("chat", key="k1")) == FeatureUsed(usage=None, standing=None)
    assert not changed(before, snapshot(store))


def test_a_feature_that_only_costs_credits_counts_nothing(licensing: Licensing) -> None:
    used = licensing.run(use("art", key="k1"))
    assert (used.usage, used.standing) == (None, Standing(balance=10, pending=0, late=()))


def test_a_feature_is_counted_in_the_place_where_its_limit_has_places(licensing: Licensing) -> None:
    used = licensing.run(use("seats", key="k1", within="w1")).usage
    assert used == LimitUsage(limit="team", within="w1", row=UsageRow(used=1, most=2, left=1, over=0))
    licensing.run(use("seats", key="k2", within="w2"))
    assert dict(licensing.run(ReadUsage(**of())).rows["team"].by) == {"w1": 1, "w2": 1}  # type: ignore[union-attr]
    assert refused(licensing.run, use("seats", key="k3")) == PlaceRequired(limit="team", per="workspaces")
    told = licensing.run(use(key="k4", within="w1")).usage
    assert told is not None
    assert told.within is None, "calls have no places"


def test_the_same_key_uses_once(licensing: Licensing, store: Store) -> None:
    first = licensing.run(use(key="k1"))
    after = snapshot(store)
    assert licensing.run(use(key="k1")) == first
    for other in (use("art", key="k1"), use(uses=2, key="k1"), use(user="u1", key="k1")):
        assert refused(licensing.run, other) == IdempotencyConflict(key="k1")
    assert snapshot(store) == after


def test_uses_are_tried_out_one_after_the_other_and_not_kept(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    _, second = licensing.preview(use(uses=2, key="k1"), use(uses=2, key="k2"))
    assert second.usage is not None
    assert (second.usage.row.used, second.standing) == (4, Standing(balance=8, pending=0, late=()))
    assert licensing.may(use(uses=6, key="k1")) == Verdict.allow("PLZ-10")
    assert licensing.may(use(uses=7, key="k1")).refusal == InsufficientCredits(balance=20, shortfall=1)
    assert snapshot(store) == before


# May it be used, and why not


def test_a_feature_may_be_used_by_the_plan(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    assert licensing.run(may("bots", 6)) == Verdict.allow("PLZ-10")
    assert snapshot(store) == before


def test_the_license_of_a_user_opens_what_it_has_and_no_more(licensing: Licensing) -> None:
    licensing.run(open_account())
    licensing.run(GrantLicense(account="a1", user="u1", license_type="web", **sent("grant")))
    assert licensing.run(may("crm", user="u1"))
    assert licensing.run(may("crm", user="u2")).code == "feature.not_licensed"
    assert licensing.run(may("voip", user="u1")).code == "feature.not_licensed"
    assert licensing.run(use("crm", key="k1", user="u1")) == FeatureUsed(usage=None, standing=None)
    licensing.run(RevokeLicense(account="a1", user="u1", license_type="web", **sent("revoke")))
    assert refused(licensing.run, use("crm", key="k2", user="u1")) == FeatureNotLicensed(feature="crm")


def test_a_customer_without_an_account_of_credits_has_none(store: Store) -> None:
    licensing = Checked(store)
    licensing.run(OPENING[0])
    none = InsufficientCredits(balance=0, shortfall=3)
    assert licensing.run(may("bots")).refusal == none
    assert refused(licensing.run, use(key="k1")) == none
    assert licensing.run(may("chat"))
    assert refused(licensing.run, ReadCredits(**of())) == UnknownAccount(account="a1"), "none was opened"


def test_a_use_that_names_no_user_has_no_license(licensing: Licensing, store: Store) -> None:
    """It is asked of the whole customer, but never used by it."""
    licensing.run(open_account())
    licensing.run(GrantLicense(account="a1", user="u1", license_type="web", **sent("grant")))
    before = snapshot(store)
    assert licensing.run(may("crm")) == Verdict.allow("PLZ-10")
    assert refused(licensing.run, use("crm", key="k1")) == FeatureNotLicensed(feature="crm")
    assert licensing.may(use("crm", key="k1")).code == "feature.not_licensed"
    assert snapshot(store) == before
    assert licensing.run(use("chat", key="k1")) == FeatureUsed(usage=None, standing=None), "where none is needed"


def test_a_customer_that_is_not_known_is_refused_after_the_permission(licensing: Licensing) -> None:
    for asked in (may("bots"), use(key="k1")):
        unknown: Any = attrs.evolve(asked, customer="a9", actor="u1")
        assert isinstance(refused(licensing.run, unknown), PermissionMissing)


def test_without_a_plan_there_are_no_features(store: Store) -> None:
    licensing = Checked(store)
    licensing.run(OpenUsage(plan=None, **to("usage")))
    assert licensing.run(may("chat")).refusal == FeatureNotInPlan(feature="chat", plan=None)


def test_a_plan_that_is_redefined_holds_at_once(licensing: Licensing, store: Store) -> None:
    """Also for who is on it already (PLZ-10), and for new plans (PLZ-13)."""
    bigger = ServicePlan(id="basic", features=(Feature(id="robots"),))
    changed = Checked(store, host(service_plans=SERVICE_PLANS.defining(bigger)))
    assert changed.run(may("robots"))
    assert changed.run(may("bots")).code == "feature.not_in_plan"
    gold = ServicePlan(id="gold", features=(Feature(id="gems"),))
    assert refused(licensing.run, ChangeServicePlan(plan="gold", **to("k1"))) == UnknownPlan(plan="gold")
    defined = Checked(store, host(service_plans=SERVICE_PLANS.defining(gold)))
    defined.run(ChangeServicePlan(plan="gold", **to("k1")))
    assert defined.run(may("gems"))
    assert licensing.run(may("gems")).code == "feature.not_in_plan", "where it is not defined any more"


# Who may


def test_who_may_ask_and_who_may_use(licensing: Licensing) -> None:
    licensing.run(open_account())
    licensing.run(GrantLicense(account="a1", user="u1", license_type="web", **sent("grant")))
    missing = PermissionMissing(permission=Permission.USAGE_MANAGE)
    assert licensing.run(may("crm", user="u1", actor="u1")), "who holds a license asks of themselves"
    assert licensing.run(may("voip", user="u1", actor="u1")).code == "feature.not_licensed"
    assert licensing.run(may("bots", actor="chief")), "the main administrator asks of all"
    assert licensing.run(may("crm", user="u1", actor="chief"))
    for user, actor in (("u2", "u1"), (None, "u1"), ("u2", "u2"), ("helper", "helper"), ("u1", "other")):
        assert refused(licensing.run, may("chat", user=user, actor=actor)) == missing
    for actor in ("u1", "chief", "other", "helper"):
        assert refused(licensing.run, use("chat", key="k1", user="u1", actor=actor)) == missing


def test_two_tenants_use_apart(licensing: Licensing, store: Store) -> None:
    theirs = Licensing(store, host("globex"), Clock())
    foreign: Any = attrs.evolve(use(key="k1"), tenant="globex")
    assert refused(theirs.run, foreign) == FeatureNotInPlan(feature="bots", plan=None)
    for command in OPENING:
        theirs.run(attrs.evolve(command, tenant="globex"))
    theirs.run(foreign)
    assert licensing.run(ReadCredits(**of())).standing.balance == 20
    assert licensing.run(use(uses=2, key="k1")).standing == Standing(balance=14, pending=0, late=())


# At once


def test_two_that_use_the_last_unit_use_it_once(licensing: Licensing, store: Store) -> None:
    licensing.run(UseLimit(limit="calls", amount=9, **to("calls")))
    outcomes = at_once([store], [use(key=f"k{number}") for number in range(6)])
    exceeded = LimitExceeded(limit="calls", within=None, used=10, most=10, shortfall=1)
    assert [one for one in outcomes if isinstance(one, BaseException)] == [exceeded] * 5
    assert licensing.run(ReadCredits(**of())).standing.balance == 17, "and it was paid once"


def test_two_features_that_share_credits_spend_no_more_than_there_is(licensing: Licensing, store: Store) -> None:
    commands: list[Command[Any]] = [use("art", key="k0"), use(uses=6, key="k1"), use("art", key="k2")]
    outcomes = at_once([store], commands)
    refusals = [one for one in outcomes if isinstance(one, BaseException)]
    assert {type(one) for one in refusals} == {InsufficientCredits}
    spent = sum(price for one, price in zip(outcomes, (10, 18, 10), strict=True) if isinstance(one, FeatureUsed))
    assert licensing.run(ReadCredits(**of())).standing.balance == 20 - spent
    called = isinstance(outcomes[1], FeatureUsed)
    assert licensing.run(ReadUsage(**of())).rows["calls"].used == 6 * called  # type: ignore[union-attr]


class SeesOldCredits(Turn):
    """A unit of work that loads the credits as they were before somebody was faster."""

    def credits(self, *given: Any) -> Any:
        stored = self.inner.credits(*given)
        return attrs.evolve(stored, version=stored.version - 1)


def test_what_was_counted_is_taken_back_when_the_credits_were_changed_meanwhile(
    licensing: Licensing, store: Store
) -> None:
    before = snapshot(store)
    (promised,) = Licensing(Stale(store, SeesOldCredits), host(), Clock()).preview(use(key="k1"))
    assert snapshot(store) == before
    stale = Stale(store, SeesOldCredits)
    assert Licensing(stale, host(), Clock()).run(use(key="k1")) == promised
    assert (stale.begun, events_of(store, "a1", AggregateKind.USAGE)) == (2, ["usage.opened", "usage.counted"])
    assert licensing.run(use(key="k1")) == promised


def test_the_same_story_is_told_with_await() -> None:
    async def story() -> None:
        licensing = AsyncLicensing(AsyncMemoryStore(), AsyncHostOf(host()), Clock())
        for command in OPENING:
            await licensing.run(command)
        commands = (licensing.run(use(uses=3, key=f"k{number}")) for number in range(3))
        outcomes = await asyncio.gather(*commands, return_exceptions=True)
        assert outcomes[2] == InsufficientCredits(balance=2, shortfall=7)
        usage = await licensing.run(ReadUsage(**of()))
        assert usage.rows["calls"] == UsageRow(used=6, most=10, left=4, over=0)
        assert (await licensing.run(may("bots"))).code == "credits.insufficient"

    asyncio.run(story())
