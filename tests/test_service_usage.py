"""Use cases of limits over every store: counted, overridden and read, and another plan."""

import asyncio
from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from licensing_core import limits
from licensing_core.accounts import UnknownCustomer
from licensing_core.adapters.hosts import AsyncHostOf, StaticHost
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.checks import InvalidArgument
from licensing_core.directory import Permission, PermissionMissing
from licensing_core.limits import UNLIMITED, Limit, Limits, PlacesRow, PlanFit, UsageRow
from licensing_core.plans import ServicePlan
from licensing_core.protocols import AggregateExists, AggregateKind, Store
from licensing_core.services import (
    AsyncLicensing,
    ChangeServicePlan,
    Licensing,
    LimitUsage,
    OpenUsage,
    OverrideLimit,
    PreviewServicePlan,
    ReadPanel,
    ReadUsage,
    RecountLimit,
    ReleaseLimit,
    UnknownAccount,
    UseLimit,
)
from tests.client_commands import configure
from tests.service_world import (
    BOSS,
    NOON,
    SERVICE_PLANS,
    TENANT,
    Checked,
    Clock,
    add,
    changed,
    events_of,
    host,
    known,
    of,
    open_account,
    refused,
    snapshot,
    to,
)

OPEN = OpenUsage(plan="basic", **to("usage"))
ADMINISTRATOR: dict[str, Any] = {"actor": "chief"}


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """What the customer a1 uses is counted, under the plan *basic*; of a2 nothing is counted."""
    known(store)
    known(store, "a2", plan=None)
    made = Checked(store, clock=clock)
    made.run(OPEN)
    return made


def use(limit: str, amount: int = 1, *, key: str, within: str | None = None) -> UseLimit:
    return UseLimit(limit=limit, amount=amount, within=within, **to(key))


def used(licensing: Licensing, limit: str) -> Any:
    row = licensing.run(ReadUsage(**of())).rows[limit]
    return row.used if isinstance(row, UsageRow) else dict(row.by)


def without(store: Store, *plans: ServicePlan, clock: Clock | None = None) -> Checked:
    """Where only these *plans* are defined."""
    return Checked(store, host(service_plans=attrs.evolve(SERVICE_PLANS, plans=plans)), clock)


def test_what_a_customer_uses_is_counted_from_nothing(licensing: Licensing) -> None:
    rows = licensing.run(ReadUsage(**of())).rows
    assert rows["users"] == UsageRow(used=0, most=5, left=5, over=0)
    assert rows["team"] == PlacesRow(most=2, by={})
    assert rows["files"] == UsageRow(used=0, most=UNLIMITED, left=UNLIMITED, over=0)
    assert licensing.run(OPEN).rows == rows


def test_use_is_answered_with_the_row_and_the_thresholds_it_reached(licensing: Licensing) -> None:
    assert licensing.run(use("users", 3, key="k1")) == LimitUsage(
        limit="users", within=None, row=UsageRow(used=3, most=5, left=2, over=0)
    )
    assert licensing.run(use("users", 2, key="k2")).thresholds == (80, 100)
    assert refused(licensing.run, use("users", key="k3")) == limits.LimitExceeded(
        limit="users", within=None, used=5, most=5, shortfall=1
    )
    assert used(licensing, "users") == 5


def test_use_in_one_place_is_told_of_that_place(licensing: Licensing) -> None:
    licensing.run(use("team", 2, key="k1", within="w1"))
    told = licensing.run(use("team", key="k2", within="w2"))
    assert (told.within, told.row) == ("w2", UsageRow(used=1, most=2, left=1, over=0))
    assert used(licensing, "team") == {"w1": 2, "w2": 1}


def test_a_command_on_one_place_leaves_the_others_as_they_are(licensing: Licensing) -> None:
    """Of the places only the one that is named is loaded."""
    licensing.run(use("team", 2, key="k1", within="w1"))
    licensing.run(use("team", 2, key="k2", within="w2"))
    licensing.run(ReleaseLimit(limit="team", within="w1", **to("k3")))
    licensing.run(use("users", key="k4"))
    licensing.run(RecountLimit(limit="team", count=0, within="w1", **to("k5")))
    assert used(licensing, "team") == {"w2": 2}
    assert isinstance(refused(licensing.run, use("team", key="k6", within="w2")), limits.LimitExceeded)


def test_what_was_released_may_be_used_again(licensing: Licensing) -> None:
    licensing.run(use("users", 5, key="k1"))
    assert licensing.run(ReleaseLimit(limit="users", amount=2, **to("k2"))).row.left == 2
    licensing.run(use("users", 2, key="k3"))
    assert refused(licensing.run, ReleaseLimit(limit="users", amount=6, **to("k4"))) == limits.UsageBelowZero(
        limit="users", within=None, used=5, amount=6
    )


def test_a_recount_is_never_refused_and_stops_further_use(licensing: Licensing, store: Store) -> None:
    told = licensing.run(RecountLimit(limit="users", count=7, **to("k1")))
    assert (told.row, told.thresholds) == (UsageRow(used=7, most=5, left=0, over=2), (80, 100))
    before = snapshot(store)
    assert licensing.run(RecountLimit(limit="users", count=7, **to("k2"))).row == told.row
    assert not changed(before, snapshot(store)), "nothing was to be changed"
    assert isinstance(refused(licensing.run, use("users", key="k3")), limits.LimitExceeded)


def test_a_customer_is_let_use_more_than_the_plan_says_until_it_says_so_again(licensing: Licensing) -> None:
    assert licensing.run(OverrideLimit(limit="users", most=UNLIMITED, **to("k1"))).rows["users"].most is UNLIMITED
    assert licensing.run(use("users", 9, key="k2")).row.left is UNLIMITED
    row = licensing.run(OverrideLimit(limit="users", most=None, **to("k3"))).rows["users"]
    assert row == UsageRow(used=9, most=5, left=0, over=4)


def test_only_a_limit_of_the_plan_is_overridden_and_any_override_is_taken_back(
    licensing: Licensing, store: Store
) -> None:
    unknown = OverrideLimit(limit="robots", most=9, **to("k1"))
    before = snapshot(store)
    for most in (9, 0, UNLIMITED):
        assert refused(licensing.run, attrs.evolve(unknown, most=most)) == limits.UnknownLimit(limit="robots")
    assert snapshot(store) == before
    licensing.run(OverrideLimit(limit="files", most=9, **to("k2")))
    licensing.run(ChangeServicePlan(plan="tiny", **to("k3")))
    gone = OverrideLimit(limit="files", most=8, **to("k4"))
    assert refused(licensing.run, gone) == limits.UnknownLimit(limit="files")
    licensing.run(attrs.evolve(gone, most=None))
    assert licensing.run(attrs.evolve(unknown, most=None)).rows.keys() == {"users"}
    licensing.run(ChangeServicePlan(plan="basic", **to("k5")))
    assert licensing.run(ReadUsage(**of())).rows["files"] == UsageRow(used=0, most=UNLIMITED, left=UNLIMITED, over=0)


@pytest.mark.parametrize("within", [None, "w1"])
def test_a_limit_that_the_plan_does_not_have_lets_nothing_be_used(licensing: Licensing, within: str | None) -> None:
    assert refused(licensing.run, use("robots", key="k1", within=within)) == limits.UnknownLimit(limit="robots")
    assert refused(licensing.run, RecountLimit(limit="robots", count=1, **to("k2"))).code == "limit.unknown"


def test_a_place_is_named_where_the_limit_counts_within_another_and_nowhere_else(licensing: Licensing) -> None:
    assert refused(licensing.run, use("team", key="k1")) == limits.PlaceRequired(limit="team", per="workspaces")
    assert isinstance(refused(licensing.run, use("users", key="k2", within="w1")), InvalidArgument)


def test_a_customer_without_a_plan_uses_nothing_until_it_has_one(store: Store) -> None:
    licensing = Checked(store)
    assert licensing.run(attrs.evolve(OPEN, plan=None)).rows == {}
    assert refused(licensing.run, use("users", key="k1")) == limits.UnknownLimit(limit="users")
    licensing.run(ChangeServicePlan(plan="basic", **to("k2")))
    assert licensing.run(use("users", key="k3")).row.used == 1


def test_a_plan_that_is_redefined_holds_at_once(licensing: Licensing, store: Store) -> None:
    licensing.run(use("users", 4, key="k1"))
    changed = without(store, ServicePlan(id="basic", limits=Limits({"users": Limit(2)})))
    assert changed.run(ReadUsage(**of())).rows == {"users": UsageRow(used=4, most=2, left=0, over=2)}
    assert isinstance(refused(changed.run, use("users", key="k2")), limits.LimitExceeded)


def test_of_a_limit_that_the_plan_has_no_more_all_may_be_released(licensing: Licensing, store: Store) -> None:
    licensing.run(use("users", 2, key="k1"))
    licensing.run(use("team", key="k2", within="w1"))
    gone = without(store)
    assert gone.run(ReadUsage(**of())).rows.keys() == {"users", "team"}
    assert isinstance(refused(gone.run, use("users", key="k3")), limits.UnknownLimit)
    assert gone.run(ReleaseLimit(limit="users", **to("k4"))).row == UsageRow(used=1, most=0, left=0, over=1)
    assert gone.run(ReleaseLimit(limit="users", **to("k5"))).row == UsageRow(used=0, most=0, left=0, over=0)
    assert gone.run(ReleaseLimit(limit="team", within="w1", **to("k6"))).row.used == 0
    assert gone.run(ReadUsage(**of())).rows == {}
    assert isinstance(refused(gone.run, ReleaseLimit(limit="users", **to("k7"))), limits.UnknownLimit)


def test_a_count_begins_anew_with_the_month_of_the_zone(licensing: Licensing, clock: Clock) -> None:
    licensing.run(use("calls", 10, key="k1"))
    clock.now = NOON.replace(month=5, day=31, hour=21, minute=59)
    assert isinstance(refused(licensing.run, use("calls", key="k2")), limits.LimitExceeded)
    clock.now = NOON.replace(month=5, day=31, hour=22, minute=0)
    assert used(licensing, "calls") == 0, "it is June in Madrid"
    assert licensing.run(use("calls", key="k3")).row.left == 9


def test_a_count_begins_anew_at_the_anchor_of_the_customer(store: Store, clock: Clock) -> None:
    licensing = Checked(store, clock=clock)
    licensing.run(attrs.evolve(OPEN, anchor=date(2026, 5, 17)))
    licensing.run(use("calls", 10, key="k1"))
    clock.now = NOON + timedelta(days=1)
    assert licensing.run(use("calls", 4, key="k2")).row.used == 4


# Another plan


def test_what_does_not_fit_another_plan_is_told_before_and_refused_unless_it_is_accepted(
    licensing: Licensing, store: Store
) -> None:
    licensing.run(use("users", 4, key="k1"))
    licensing.run(use("team", key="k2", within="w1"))
    exceeds: dict[str, Any] = {"users": 3, "team": {"w1": 1}}
    assert licensing.run(PreviewServicePlan(plan="tiny", **of())) == PlanFit(exceeds=exceeds)
    change = ChangeServicePlan(plan="tiny", **to("k3"))
    before = snapshot(store)
    assert refused(licensing.run, change) == limits.PlanTooSmall(plan="tiny", exceeds=exceeds)
    assert snapshot(store) == before
    assert licensing.run(attrs.evolve(change, accept_excess=True)).exceeds == exceeds
    assert licensing.run(ReadUsage(**of())).rows["users"] == UsageRow(used=4, most=1, left=0, over=3)


def test_a_change_of_plan_loads_every_place(licensing: Licensing) -> None:
    for number in range(3):
        licensing.run(use("team", key=f"k{number}", within=f"w{number}"))
    fit = licensing.run(ChangeServicePlan(plan="tiny", accept_excess=True, **to("k")))
    assert fit.exceeds == {"team": {"w0": 1, "w1": 1, "w2": 1}}
    assert licensing.run(ChangeServicePlan(plan="basic", **to("back"))).fits


def test_a_plan_that_holds_already_is_changed_to_without_an_event(licensing: Licensing, store: Store) -> None:
    before = events_of(store, "a1", AggregateKind.USAGE)
    assert licensing.run(ChangeServicePlan(plan="basic", **to("k1"))).fits
    assert events_of(store, "a1", AggregateKind.USAGE) == before


def test_a_plan_that_is_not_defined_is_refused(licensing: Licensing) -> None:
    unknown = limits.UnknownPlan(plan="huge")
    assert refused(licensing.run, OpenUsage(plan="huge", **to("k1", "a2"))) == unknown
    assert refused(licensing.run, ChangeServicePlan(plan="huge", **to("k2"))) == unknown
    assert refused(licensing.run, PreviewServicePlan(plan="huge", **of())) == unknown


# Who may


def test_the_main_administrator_reads_and_changes_the_plan_and_no_more(licensing: Licensing) -> None:
    own: list[Any] = [
        ReadUsage(**of()),
        PreviewServicePlan(plan="tiny", **of()),
        ChangeServicePlan(plan="tiny", **to("k")),
    ]
    for asked in own:
        for stranger in ("other", "u1"):
            assert isinstance(refused(licensing.run, attrs.evolve(asked, actor=stranger)), PermissionMissing)
        licensing.run(attrs.evolve(asked, **ADMINISTRATOR))
    for command in (
        use("users", key="k1"),
        ReleaseLimit(limit="users", **to("k2")),
        RecountLimit(limit="users", count=1, **to("k3")),
        OverrideLimit(limit="users", most=9, **to("k4")),
        OpenUsage(plan="basic", **to("k5")),
    ):
        assert isinstance(refused(licensing.run, attrs.evolve(command, **ADMINISTRATOR)), PermissionMissing)


def test_the_main_administrator_chooses_among_the_plans_of_its_customer_and_whoever_has_the_permission_among_all(
    licensing: Licensing, store: Store
) -> None:
    missing = PermissionMissing(permission=Permission.ACCOUNTS_MANAGE)
    before = snapshot(store)
    for plan in ("basic", "huge"):
        change = ChangeServicePlan(plan=plan, **to("k1", actor="chief"))
        assert refused(licensing.run, change) == missing
        assert refused(licensing.run, PreviewServicePlan(plan=plan, **of(actor="chief"))) == missing
    assert snapshot(store) == before
    licensing.run(ChangeServicePlan(plan="tiny", **to("k2", actor="chief")))
    licensing.run(configure("k3", administrator="boss"))
    assert licensing.run(PreviewServicePlan(plan="basic", **of())).fits
    assert licensing.run(ChangeServicePlan(plan="basic", **to("k4"))).fits, "boss has the permission"


def test_the_main_administrator_accepts_no_excess(licensing: Licensing) -> None:
    licensing.run(use("users", 4, key="k1"))
    change = ChangeServicePlan(plan="tiny", **to("k2", actor="chief"))
    accepted = attrs.evolve(change, accept_excess=True)
    assert refused(licensing.run, accepted) == PermissionMissing(permission=Permission.ACCOUNTS_MANAGE)
    assert refused(licensing.run, change) == limits.PlanTooSmall(plan="tiny", exceeds={"users": 3})
    licensing.run(ReleaseLimit(limit="users", amount=3, **to("k3")))
    refitted = attrs.evolve(accepted, key="k4")
    assert isinstance(refused(licensing.run, refitted), PermissionMissing), "whether there is an excess or not"
    assert licensing.run(change).fits


def test_the_panel_is_for_the_main_administrator_and_nobody_else(licensing: Licensing) -> None:
    licensing.run(use("users", 2, key="k1"))
    panel = licensing.run(ReadPanel(**of(actor="chief")))
    rows = licensing.run(ReadUsage(**of())).rows
    assert (panel.customer, panel.plan, panel.usage) == ("a1", "basic", limits.Panel(plan="basic", rows=rows))
    missing = PermissionMissing(permission=Permission.PANEL_VIEW)
    for actor in ("root", "boss", "helper", "other", "u1"):
        for customer in ("a1", "a9"):
            assert refused(licensing.run, ReadPanel(**of(customer, actor))) == missing
    assert missing.rule == "ALU-11"


def test_the_panel_of_a_customer_that_is_not_counted_yet_has_no_usage(licensing: Licensing) -> None:
    panel = licensing.run(ReadPanel(**of("a2", "other")))
    assert (panel.plan, panel.usage) == (None, None)


def test_a_customer_that_is_not_known_is_refused_after_the_permission(licensing: Licensing) -> None:
    each: list[Any] = [
        use("users", key="k1"),
        ReleaseLimit(limit="users", **to("k2")),
        RecountLimit(limit="users", count=1, **to("k3")),
        OverrideLimit(limit="users", most=9, **to("k4")),
        ReadUsage(**of()),
        ChangeServicePlan(plan="huge", **to("k5")),
        PreviewServicePlan(plan="huge", **of()),
    ]
    refusals = [UnknownAccount(account="a9")] * 5 + [UnknownCustomer(customer="a9")] * 2
    for asked, refusal in zip(each, refusals, strict=True):
        unknown = attrs.evolve(asked, customer="a9")
        assert refused(licensing.run, unknown) == refusal
        assert isinstance(refused(licensing.run, attrs.evolve(unknown, actor="u1")), PermissionMissing)


# Ids and tenants


def test_one_customer_has_licenses_usage_and_credits_under_one_id(licensing: Licensing, store: Store) -> None:
    licensing.run(open_account())
    licensing.run(use("users", key="k1"))
    assert events_of(store, "a1") == ["account.opened"]
    assert events_of(store, "a1", AggregateKind.USAGE) == ["usage.opened", "usage.counted"]
    assert refused(licensing.run, attrs.evolve(OPEN, key="again")) == AggregateExists(aggregate="a1")


def test_two_tenants_count_apart(licensing: Licensing, store: Store) -> None:
    theirs = Licensing(store, host("globex"), Clock())
    foreign: Any = attrs.evolve(use("users", 4, key="k1"), tenant="globex")
    assert refused(theirs.run, foreign) == UnknownAccount(account="a1")
    theirs.run(attrs.evolve(OPEN, tenant="globex"))
    theirs.run(foreign)
    assert used(licensing, "users") == 0
    assert licensing.run(use("users", key="k1")).row.used == 1, "their keys are apart, too"
    before = snapshot(store, "globex")
    licensing.run(use("users", key="k2"))
    assert snapshot(store, "globex") == before


# Without effect, and awaited


def test_use_may_be_tried_out(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    first, second = licensing.preview(use("users", 3, key="k1"), use("users", 2, key="k2"))
    assert (first.row.used, second.row.used, second.thresholds) == (3, 5, (80, 100))
    assert licensing.may(use("users", 5, key="k1"))
    assert licensing.may(use("users", 6, key="k1")).code == "limit.exceeded"
    assert snapshot(store) == before


def test_the_same_story_is_told_with_await() -> None:
    async def story() -> None:
        licensing = AsyncLicensing(AsyncMemoryStore(), AsyncHostOf(host()), Clock())
        await licensing.run(add())
        await licensing.run(OPEN)
        commands = (licensing.run(use("users", 2, key=f"k{number}")) for number in range(4))
        outcomes = await asyncio.gather(*commands, return_exceptions=True)
        told = [one.row.used if isinstance(one, LimitUsage) else type(one) for one in outcomes]
        assert told == [2, 4, limits.LimitExceeded, limits.LimitExceeded]
        assert (await licensing.may(use("users", key="k9"))).code == "ok"
        panel = (await licensing.run(ReadPanel(**of(actor="chief")))).usage
        assert panel is not None
        assert panel.rows["users"] == UsageRow(used=4, most=5, left=1, over=0)

    asyncio.run(story())


@pytest.mark.parametrize("answer", ["basic", Limits(), ServicePlan(id="another")], ids=lambda one: type(one).__name__)
def test_a_host_that_answers_with_another_plan_is_not_believed(store: Store, answer: Any) -> None:
    class Mistaken(StaticHost):
        def service_plan(self, tenant: str, plan_id: str) -> Any:
            return answer

    company = host()
    actors = [BOSS]
    licensing = Licensing(
        store, Mistaken(TENANT, zone="UTC", directory=company.directory(TENANT), actors=actors), Clock()
    )
    with pytest.raises(InvalidArgument, match="host"):
        licensing.run(OPEN)
