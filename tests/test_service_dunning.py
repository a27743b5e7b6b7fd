"""Dunning over every store: what is overdue is reminded of, suspended and terminated, and its licenses go back."""

from typing import Any

import attrs
import pytest

from licensing_core.accounts import CustomerStatus, UnknownCustomer
from licensing_core.directory import Scope
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep, HoldingsEffect
from licensing_core.enrollments import Enrollment
from licensing_core.holdings import Holding
from licensing_core.plans import PackageKind
from licensing_core.protocols import AggregateKind, Store
from licensing_core.services import (
    BooksChanged,
    BuyPlan,
    Command,
    ImportPool,
    Licensing,
    ListNotices,
    ListSubscriptions,
    ReadAccess,
    ReadCustomer,
    ReadPool,
)
from tests.client_commands import bill, bills, block, cancel_now, configure, days_later, dun, order, pay, states
from tests.client_commands import dunning as a_policy
from tests.service_world import (
    FIRE,
    TENANT,
    Checked,
    Clock,
    assign,
    buy,
    changed,
    enroll,
    events_of,
    host,
    known,
    of,
    refused,
    sent,
    snapshot,
    unassign,
)

REMIND, SUSPEND, TERMINATE = DunningAction.REMIND, DunningAction.SUSPEND, DunningAction.TERMINATE
RELEASE, KEEP = HoldingsEffect.RELEASE, HoldingsEffect.KEEP
FOUR = a_policy((0, REMIND), (3, REMIND), (7, SUSPEND), (30, TERMINATE))
NO_GRACE = a_policy((0, SUSPEND))


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """There is a customer a1."""
    known(store)
    return Checked(store, clock=clock)


def overdue(
    licensing: Licensing, clock: Clock, *, days: int = 0, policy: DunningPolicy | None = None, **asked: Any
) -> None:
    """A subscription to pools, of which the second week is due since so many days."""
    if policy is not None:
        licensing.run(configure("policy", dunning=policy))
    licensing.run(order(every="P1W", asked=asked))
    licensing.run(pay("proforma:1"))
    licensing.run(bill("ahead"))
    days_later(clock, 7 + days)


def kinds(licensing: Licensing) -> list[str]:
    return [one.kind.value for one in licensing.run(ListNotices(**of())).rows]


# The steps


def test_each_step_is_taken_on_its_day_and_once(licensing: Licensing, store: Store, clock: Clock) -> None:
    overdue(licensing, clock, policy=FOUR)
    days_later(clock, 6)
    assert licensing.run(dun("before")) == BooksChanged()
    for day, reminded, suspended, terminated in (
        (7, ("proforma:2",), (), ()),
        (9, (), (), ()),
        (10, ("proforma:2",), (), ()),
        (13, (), (), ()),
        (14, ("proforma:3",), ("web",), ()),
        (36, ("proforma:3",), (), ()),
        (37, (), (), ("web",)),
        (99, (), (), ()),
    ):
        days_later(clock, day)
        answer = licensing.run(dun(f"d{day}"))
        assert (answer.reminded, answer.suspended, answer.terminated) == (reminded, suspended, terminated), day
        before = snapshot(store)
        assert licensing.run(dun(f"again{day}")) == BooksChanged()
        assert not changed(before, snapshot(store))
    told = kinds(licensing)
    assert (told.count("reminder"), told.count("suspended"), told.count("terminated")) == (4, 1, 1)


def test_a_late_job_takes_the_last_step_that_is_due(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, days=50)
    answer = licensing.run(dun("late"))
    assert (answer.suspended, answer.terminated, states(licensing)) == ((), ("web",), {"web": "terminated"})


def test_what_is_suspended_is_active_again_once_all_that_is_due_is_paid(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, days=7)
    licensing.run(dun("d1"))
    assert states(licensing) == {"web": "suspended"}
    licensing.run(pay("proforma:2"))
    assert states(licensing) == {"web": "suspended"}, "the week after is due, too"
    licensing.run(pay("proforma:3"))
    assert states(licensing) == {"web": "active"}
    (row,) = licensing.run(ListSubscriptions(**of())).rows
    assert str(row.next_due) == "2026-06-06", "its due dates stay"
    assert kinds(licensing)[-1] == "active"


def test_what_is_owed_stays_owed_after_the_end_and_is_paid_without_effect(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, days=30)
    licensing.run(dun("d1"))
    assert bills(licensing) == {"F-000001": "paid", "P-000002": "unpaid", "P-000003": "unpaid"}
    licensing.run(pay("proforma:2"))
    assert states(licensing) == {"web": "terminated"}


def test_what_is_paid_in_time_or_waits_for_its_first_payment_is_left_alone(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock)
    licensing.run(order("waiting"))
    licensing.run(pay("proforma:2"))
    licensing.run(pay("proforma:3"))
    days_later(clock, 20)
    assert licensing.run(dun("d1")) == BooksChanged()
    assert states(licensing) == {"waiting": "pending", "web": "active"}


def test_a_block_stops_no_dunning_and_dunning_blocks_nobody(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, days=7)
    licensing.run(block("abuse"))
    assert licensing.run(dun("d1")).suspended == ("web",)
    row = licensing.run(ReadCustomer(**of()))
    assert (row.status, row.blocks) == (CustomerStatus.BLOCKED, ("abuse",))


def test_without_steps_nothing_happens(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, days=400, policy=DunningPolicy(steps=()))
    assert licensing.run(dun("d1")) == BooksChanged()


def test_a_customer_that_there_is_not_is_not_dunned(licensing: Licensing) -> None:
    assert refused(licensing.run, dun("d1", "a9")) == UnknownCustomer(customer="a9")


# Licenses


@pytest.fixture
def pools(licensing: Licensing) -> None:
    """Of p1 u1 and u2 hold a license, of p2 u5, and that of u3 awaits; u1 and u5 are enrolled under them, u4 in s1."""
    commands: list[Command[Any]] = [
        buy(),
        buy("p2"),
        buy("s1", "three"),
        assign("u1", "u2", "u3", key="p1"),
        assign("u5", key="p2", pool="p2"),
        unassign("u3", key="taken"),
        enroll("u1", key="enrolled", pool="p1"),
        enroll("u4", key="seated", pool="s1"),
        enroll("u5", key="other", pool="p2"),
    ]
    for command in commands:
        licensing.run(command)


PAID_FOR: dict[str, Any] = {"pools": frozenset({"p1", "s1", "gone"})}


def enters(licensing: Licensing, user: str) -> bool:
    return bool(licensing.run(ReadAccess(user=user, content=FIRE, tenant=TENANT)).entry)


def counts(licensing: Licensing, pool: str = "p1") -> tuple[int, int]:
    """How many licenses are consumed, and how many of them held."""
    row = licensing.run(ReadPool(pool=pool, tenant=TENANT, actor="root"))
    return row.consumed, row.held


@pytest.mark.usefixtures("pools")
def test_a_step_that_releases_takes_the_licenses_back_and_ends_what_came_through_them(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    overdue(licensing, clock, days=7, **PAID_FOR)
    licensing.run(dun("suspended"))
    assert counts(licensing) == (3, 2), "this step keeps them"
    days_later(clock, 37)
    assert licensing.run(dun("terminated")).terminated == ("web",)
    assert counts(licensing) == (0, 0)
    assert licensing.run(ReadAccess(user="u1", content=FIRE, tenant=TENANT)).entry.code == "enrollment.locked"
    assert events_of(store, "p1")[-2:] == ["pool.licenses_unassigned", "enrollment.locked"]
    assert counts(licensing, "s1") == (1, 1), "of seats there is nothing to take"
    assert (counts(licensing, "p2"), enters(licensing, "u5")) == ((1, 1), True), "nor of what others pay for"
    before = snapshot(store)
    licensing.run(dun("again"))
    assert not changed(before, snapshot(store))
    assert licensing.run(assign("u6", key="later")).row.consumed == 1, "the pool itself is there as before"


@pytest.mark.usefixtures("pools")
def test_a_step_that_keeps_takes_nothing(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, days=40, policy=a_policy((7, SUSPEND), (30, TERMINATE)), **PAID_FOR)
    licensing.run(dun("d1"))
    assert states(licensing) == {"web": "terminated"}
    assert (counts(licensing), enters(licensing, "u1")) == ((3, 2), False), "but it opens nothing"


@pytest.mark.usefixtures("pools")
def test_licenses_may_be_taken_with_the_suspension(licensing: Licensing, clock: Clock) -> None:
    taking = a_policy(DunningStep(after_days=0, action=SUSPEND, holdings=RELEASE))
    overdue(licensing, clock, policy=taking, **PAID_FOR)
    licensing.run(dun("d1"))
    assert (counts(licensing), enters(licensing, "u1")) == ((0, 0), False)
    licensing.run(pay("proforma:2"))
    assert states(licensing) == {"web": "active"}
    assert counts(licensing) == (0, 0), "they are given anew"
    assert licensing.run(assign("u1", key="anew")).added == ("u1",)


@pytest.mark.usefixtures("pools")
def test_only_awaiting_licenses_go_back_too(licensing: Licensing, store: Store, clock: Clock) -> None:
    licensing.run(unassign("u1", "u2", key="all"))
    overdue(licensing, clock, days=30, **PAID_FOR)
    licensing.run(dun("d1"))
    assert counts(licensing) == (0, 0)
    assert events_of(store, "p1")[-2:] == ["pool.licenses_unassigned", "pool.suspended"]


@pytest.mark.usefixtures("pools")
def test_in_a_pool_in_which_nobody_holds_a_license_there_is_nothing_to_take(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    licensing.run(unassign("u1", "u2", "u3", key="all", actor="root"))
    overdue(licensing, clock, days=30, **PAID_FOR)
    before = events_of(store, "p1")
    assert licensing.run(dun("d1")).terminated == ("web",)
    assert events_of(store, "p1") == [*before, "pool.suspended"]


@pytest.mark.usefixtures("pools")
def test_two_subscriptions_that_pay_for_one_pool_release_it_once(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, **PAID_FOR)
    licensing.run(order("mail", every="P1W", asked=PAID_FOR))
    licensing.run(pay("proforma:4"))
    licensing.run(bill("more"))
    days_later(clock, 60)
    assert licensing.run(dun("d1")).terminated == ("mail", "web")
    assert counts(licensing) == (0, 0)


@pytest.mark.usefixtures("pools")
def test_a_pool_that_another_subscription_pays_for_is_kept(licensing: Licensing, clock: Clock) -> None:
    overdue(licensing, clock, **PAID_FOR)
    licensing.run(order("mail", every="P1Y", asked=PAID_FOR))
    licensing.run(pay("proforma:4"))
    days_later(clock, 60)
    assert licensing.run(dun("d1")).terminated == ("web",)
    assert (counts(licensing), enters(licensing, "u1")) == ((3, 2), True)


@pytest.mark.usefixtures("pools")
def test_a_cancellation_releases_nothing(licensing: Licensing, clock: Clock) -> None:
    """What a cancelled subscription paid for opens nothing; dunning is for what is owed."""
    overdue(licensing, clock, days=7, **PAID_FOR)
    licensing.run(cancel_now())
    licensing.run(dun("d1"))
    assert counts(licensing) == (3, 2)


@pytest.mark.usefixtures("pools")
def test_a_dry_run_tells_what_would_end_and_takes_nothing(licensing: Licensing, store: Store, clock: Clock) -> None:
    overdue(licensing, clock, days=30, **PAID_FOR)
    before = snapshot(store)
    (answer,) = licensing.preview(dun("d1"))
    assert answer.terminated == ("web",)
    assert licensing.may(dun("d1"))
    assert snapshot(store) == before
    assert licensing.run(dun("d1")) == answer


@pytest.mark.usefixtures("pools")
def test_pools_of_another_tenant_are_not_touched(licensing: Licensing, store: Store, clock: Clock) -> None:
    """They may have the same ids."""
    theirs = Licensing(store, host("globex"), clock)
    buying: BuyPlan = attrs.evolve(buy(), tenant="globex")
    theirs.run(buying)
    theirs.run(attrs.evolve(assign("u1", key="p1"), tenant="globex"))
    overdue(licensing, clock, days=30, **PAID_FOR)
    licensing.run(dun("d1"))
    with store.begin() as work:
        stored = work.pool("globex", "p1", None)
    assert stored is not None
    assert stored.state.consumed == 1


def test_more_holders_than_one_event_names_are_released_in_parts(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    many = {f"h{number:05}": Holding.HELD for number in range(10_000)}
    licensing.run(
        ImportPool(
            pool="p1",
            kind=PackageKind.LICENSES,
            beneficiary=Scope.tree("sales"),
            bought=10_002,
            holders=many,
            enrollments=tuple(Enrollment(user=user, content=FIRE, pool="p1") for user in ("h00001", "h09999")),
            **sent("moved"),
        )
    )
    licensing.run(assign("boss", "u1", key="more"))
    overdue(licensing, clock, days=30, **PAID_FOR)
    licensing.run(dun("d1"))
    assert counts(licensing) == (0, 0)
    with store.begin() as work:
        events: list[Any] = [one.event for one in work.history(TENANT, AggregateKind.LICENSES, "p1")][-5:-1]
        ended = work.enrollments(TENANT, ("h00001", "h09999"))
    assert [one.type for one in events] == ["pool.licenses_unassigned", "enrollment.locked"] * 2
    assert [len(one.released) for one in events[::2]] == [10_000, 2]
    assert [one.locked for one in ended.through("p1")] == [True, True]
