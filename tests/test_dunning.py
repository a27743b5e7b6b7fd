"""Dunning: when a proforma is issued, what is overdue since when, which step is due, and what becomes of holdings."""

from datetime import timedelta
from typing import Any

import pytest

from licensing_core import subscriptions as lib
from licensing_core.checks import MAX_BULK, InvalidArgument, InvalidQuantity
from licensing_core.directory import Actor
from licensing_core.dunning import (
    DEFAULT_DUNNING,
    MOST_STEPS,
    DunningAction,
    DunningPolicy,
    DunningStep,
    HoldingsEffect,
    can_release_holdings,
    days_overdue,
    proforma_due,
    release_holdings,
    steps_due,
)
from licensing_core.holdings import Holdings
from licensing_core.subscriptions import EndOf
from licensing_core.testing.cases_subscriptions import BY, Life
from tests.builders import NOON, a_pool, seats
from tests.subscription_world import MANUAL, ONCE, at, did, on, ordered, running, tried

REMIND, SUSPEND, TERMINATE = DunningAction
KEEP, RELEASE = HoldingsEffect


def step(days: int, action: DunningAction, holdings: HoldingsEffect = KEEP) -> DunningStep:
    return DunningStep(after_days=days, action=action, holdings=holdings)


def policy(*steps: DunningStep, **others: Any) -> DunningPolicy:
    return DunningPolicy(steps=steps, **others)


def overdue(days: int, life: Life | None = None) -> Life:
    """A second period, due on the 31st of January and unpaid, so many days later."""
    life = life or running()
    life.bill(at(1, 31), ahead=0)
    return on(life, at(1, 31) + timedelta(days=days))


def due_steps(life: Life, own: DunningPolicy = DEFAULT_DUNNING) -> list[str]:
    return [str(one.action) for one in steps_due(life.subscription, own, now=life.now)]


# The policy


def test_the_default_suspends_after_7_days_and_terminates_after_30() -> None:
    assert DunningPolicy() == DEFAULT_DUNNING
    assert DEFAULT_DUNNING.due(-1) == DEFAULT_DUNNING.due(6) == ()
    assert [str(one.action) for one in DEFAULT_DUNNING.due(30)] == ["suspend", "terminate"]
    assert (DEFAULT_DUNNING.proforma_days, DEFAULT_DUNNING.charge_days, DEFAULT_DUNNING.grace_days) == (15, 0, 7)


@pytest.mark.parametrize(
    ("steps", "grace"),
    [((), None), ((step(3, REMIND),), None), ((step(3, REMIND), step(5, TERMINATE)), 5), ((step(0, SUSPEND),), 0)],
)
def test_the_grace_lasts_to_the_first_step_that_stops_access(steps: tuple[DunningStep, ...], grace: int | None) -> None:
    assert policy(*steps).grace_days == grace


@pytest.mark.parametrize(
    "steps",
    [
        (step(7, SUSPEND), step(3, REMIND)),
        (step(3, REMIND), step(3, REMIND)),
        (step(7, SUSPEND), step(9, SUSPEND, RELEASE)),
        (step(7, TERMINATE), step(9, TERMINATE)),
        tuple(step(days, REMIND) for days in range(MOST_STEPS + 1)),
    ],
)
def test_steps_are_few_in_order_and_each_once(steps: tuple[DunningStep, ...]) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        policy(*steps)
    assert refusal.value.parameter == "steps"
    assert policy(*(step(days, REMIND) for days in range(MOST_STEPS))).steps
    assert policy(step(3, REMIND), step(3, SUSPEND), step(9, REMIND)).grace_days == 3


def test_a_reminder_releases_nothing() -> None:
    with pytest.raises(InvalidArgument, match="holdings must be keep, where it only reminds, got release"):
        step(3, REMIND, RELEASE)


@pytest.mark.parametrize("days", [-1, 3651, True, 1.5, None])
def test_days_are_whole_and_ten_years_at_most(days: Any) -> None:
    for make in (lambda: step(days, REMIND), lambda: policy(proforma_days=days), lambda: policy(charge_days=days)):
        with pytest.raises(InvalidQuantity):
            make()


# When a proforma is issued


@pytest.mark.parametrize(
    ("now", "days", "due"),
    [
        (at(1, 15, 23), 15, False),
        (at(1, 16, 0), 15, True),
        (at(1, 30, 23), 0, False),
        (at(1, 31, 0), 0, True),
        (at(1, 1, year=2030), 0, True),
    ],
)
def test_a_proforma_is_issued_so_many_days_before_its_period_begins(now: Any, days: int, due: bool) -> None:
    assert proforma_due(running().subscription, policy(proforma_days=days), now=now) is due


def test_the_days_are_those_of_the_customer() -> None:
    life = running(zone="America/Mexico_City", now=at(1, 1, 18))
    for now, due in ((at(1, 31, 5), False), (at(1, 31, 6), True)):
        assert proforma_due(life.subscription, policy(proforma_days=0), now=now) is due


@pytest.mark.parametrize(
    "life",
    [
        ordered(),
        running(**MANUAL),
        running(**ONCE),
        did(running(), lib.cancel, EndOf.NOW),
        did(running(), lib.pause),
        did(running(), lib.terminate),
    ],
)
def test_there_is_no_proforma_where_nothing_is_to_come(life: Life) -> None:
    assert not proforma_due(life.subscription, DEFAULT_DUNNING, now=at(1, 1, year=2030))


def test_a_trial_has_its_proforma_before_it_ends() -> None:
    assert proforma_due(tried().subscription, DEFAULT_DUNNING, now=at(1, 1))


def test_of_what_is_overdue_no_period_is_billed_that_would_come_after_its_end() -> None:
    life, runs = overdue(400), 0
    while proforma_due(life.subscription, DEFAULT_DUNNING, now=life.now):
        did(life, lib.bill_next)
        runs += 1
    assert (runs, life.subscription.turns[-1].due) == (1, at(3, 2).date())
    assert proforma_due(life.subscription, policy(step(7, SUSPEND)), now=life.now)


# What is overdue


def test_days_count_from_the_first_unpaid_period() -> None:
    assert days_overdue(running().subscription, now=at(2, 5)) is None
    for days in (0, 1, 40):
        assert days_overdue(overdue(days).subscription, now=overdue(days).now) == days
    ahead = running()
    ahead.bill(at(1, 20))
    assert days_overdue(ahead.subscription, now=at(1, 30)) is None


@pytest.mark.parametrize(
    ("command", "arguments", "days"),
    [(lib.suspend, (), 9), (lib.pause, (), None), (lib.terminate, (), None), (lib.cancel, (EndOf.NOW,), None)],
)
def test_only_what_is_active_or_suspended_is_dunned(command: Any, arguments: Any, days: int | None) -> None:
    life = did(overdue(5), command, *arguments)
    assert days_overdue(life.subscription, now=at(2, 9)) == days
    assert not due_steps(on(life, at(2, 9))) or days is not None


def test_what_waits_for_its_first_payment_is_not_overdue() -> None:
    assert days_overdue(ordered().subscription, now=at(1, 1, year=2030)) is None


# Which step is due


@pytest.mark.parametrize(
    ("days", "steps"),
    [(0, []), (6, []), (7, ["suspend"]), (29, ["suspend"]), (30, ["terminate"]), (900, ["terminate"])],
)
def test_the_step_that_is_due_is_the_one_that_it_has_come_to(days: int, steps: list[str]) -> None:
    assert due_steps(overdue(days)) == steps


def test_each_step_is_taken_once() -> None:
    life = did(overdue(7), lib.suspend)
    assert due_steps(life) == []
    assert due_steps(on(life, at(1, 31) + timedelta(days=30))) == ["terminate"]
    did(life, lib.terminate)
    assert due_steps(life) == []


def test_reminders_are_no_steps_of_a_subscription() -> None:
    own = policy(step(0, REMIND), step(7, SUSPEND), step(9, REMIND))
    assert [due_steps(overdue(days), own) for days in (0, 7, 9)] == [[], ["suspend"], ["suspend"]]
    assert due_steps(overdue(900), policy()) == []


def test_paid_in_the_grace_nothing_happens_and_paid_later_it_is_active_again() -> None:
    life = overdue(6)
    life.pay()
    assert due_steps(on(life, at(2, 20))) == []
    late = did(overdue(10), lib.suspend)
    late.pay()
    assert (due_steps(late), late.standing.value) == ([], "active")


@pytest.mark.parametrize(
    ("suspends", "late"), [(step(7, SUSPEND, RELEASE), ["suspend", "terminate"]), (step(7, SUSPEND), ["terminate"])]
)
def test_a_suspension_that_was_missed_still_releases_what_it_was_to_release(
    suspends: DunningStep, late: list[str]
) -> None:
    own = policy(suspends, step(30, TERMINATE))
    assert due_steps(overdue(40), own) == late
    assert due_steps(on(did(overdue(8), lib.suspend), at(3, 20)), own) == ["terminate"]


# What becomes of holdings


def test_all_that_is_held_goes_back_to_the_pool_at_once_whoever_acts() -> None:
    pool = a_pool(bought=3, holders={"ana", "luis"}, awaiting={"mei"})
    decision = release_holdings(pool, by=Actor("job"), now=NOON)
    assert (decision.state.free, decision.state.held, decision.state.consumed) == (3, 0, 0)
    assert {event.by for event in decision.events} == {"job"}
    assert not release_holdings(decision.state, by=Actor("job"), now=NOON).events


def test_few_are_taken_at_a_time_until_none_is_left() -> None:
    users = [f"u{number:05}" for number in range(MAX_BULK + 1)]
    first = release_holdings(a_pool(bought=MAX_BULK + 1, holders=users), by=BY, now=NOON)
    assert set(first.state.holdings) == {users[-1]}
    assert not release_holdings(first.state, by=BY, now=NOON).state.holdings


def test_holdings_are_released_of_whole_pools_of_licenses_only() -> None:
    some = a_pool(holders={"ana"})
    for pool in (
        seats(),
        type(some)(id="p1", beneficiary=some.beneficiary, bought=2, holdings=Holdings(loaded=["ana"])),
    ):
        with pytest.raises(InvalidArgument) as refusal:
            release_holdings(pool, by=BY, now=NOON)  # type: ignore[arg-type]
        assert refusal.value.parameter == "pool"
    assert can_release_holdings(some, by=BY, now=NOON)
