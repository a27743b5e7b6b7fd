"""The laws of limits, over cases that hypothesis finds; the seeded ones run in test_pools.py."""

from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.limits import Limits, Usage
from licensing_core.periods import Duration
from licensing_core.testing import laws_limit_changes as changes
from licensing_core.testing import laws_limits as laws
from licensing_core.testing import strategies_limits as some
from licensing_core.testing import strategies_periods as times
from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import check
from licensing_core.testing.laws_limits import NOON, Spot
from tests.reliability import limit_plants

Case = tuple[Usage, Limits, Spot, int, datetime]
randoms = st.randoms(use_true_random=False)


@given(some.cases(), randoms)
def test_the_counts_add_up_after_each_command(case: Case, rng: Random) -> None:
    usage, limits, _spot, _amount, now = case
    laws.the_counts_add_up(usage, limits, now)
    for after, events in laws.any_history(rng, usage, [limits]):
        if events:
            laws.the_counts_add_up(after, limits, max(event.at for event in events))


@given(some.cases())
def test_only_what_fits_is_used(case: Case) -> None:
    laws.only_what_fits_is_used(*case)


@given(some.cases())
def test_only_what_is_used_is_released(case: Case) -> None:
    laws.only_what_is_used_is_released(*case)


@given(some.cases())
def test_room_is_the_most_that_may_be_used(case: Case) -> None:
    usage, limits, spot, _amount, now = case
    laws.room_is_the_most_that_may_be_used(usage, limits, spot, now)


@given(some.cases(), st.integers(1, 12))
def test_to_use_one_by_one_is_to_use_together(case: Case, more: int) -> None:
    usage, limits, spot, amount, now = case
    laws.one_by_one_is_together(usage, limits, spot, (amount, more), now)


@given(some.limits(), st.data())
def test_each_threshold_is_told_once(limits: Limits, data: st.DataObject) -> None:
    steps = st.lists(st.tuples(some.spots(limits), st.integers(1, 5)), max_size=12)
    laws.each_threshold_is_told_once(limits, data.draw(steps))


@given(some.limits(), st.data())
def test_a_ceiling_holds_at_every_step(limits: Limits, data: st.DataObject) -> None:
    steps = st.tuples(st.sampled_from((laws.use, laws.use, laws.release)), some.spots(limits), st.integers(1, 5))
    usage, history = Usage(id="acme", plan="plan", zone="UTC"), []
    for command, spot, amount in data.draw(st.lists(steps, max_size=12)):
        found = command(usage, limits, spot, amount, NOON)
        if isinstance(found, tuple):
            history.append(found)
            usage = found[0]
    laws.a_ceiling_holds_at_every_step(limits, history, NOON)


@given(some.cases())
def test_what_is_counted_anew_is_so(case: Case) -> None:
    laws.what_is_counted_anew_is_so(*case)


@given(some.cases())
def test_a_part_of_the_places_decides_as_all(case: Case) -> None:
    laws.a_part_of_the_places_decides_as_all(*case)


@given(some.cases())
def test_questions_agree_with_commands(case: Case) -> None:
    laws.questions_agree_with_commands(*case)


@given(times.zones(), st.none() | times.days() | times.instants(), some.resets(), times.instants())
def test_the_counts_of_a_limit_tile_time(
    zone: str, anchor: date | datetime | None, every: Duration | None, start: datetime
) -> None:
    changes.the_counts_tile_time(zone, anchor, every or Duration(days=2), start, 3)


@given(times.zones(), times.days() | times.instants(), times.durations(), times.instants())
def test_the_counts_of_a_limit_with_an_anchor_tile_time_whatever_they_last(
    zone: str, anchor: date | datetime, every: Duration, start: datetime
) -> None:
    changes.the_counts_tile_time(zone, anchor, every, start, 3)


@given(some.cases(), some.limits(), randoms)
def test_replay_rebuilds_the_usage(case: Case, other: Limits, rng: Random) -> None:
    usage, limits, _spot, _amount, _now = case
    changes.replay_rebuilds(usage, tuple(laws.any_history(rng, usage, [limits, other])))


@given(some.cases(), some.limits(), st.booleans())
def test_another_plan_is_as_previewed(case: Case, other: Limits, accept_excess: bool) -> None:
    usage, _limits, _spot, _amount, now = case
    changes.another_plan_is_as_previewed(usage, other, now, accept_excess=accept_excess)


@given(some.cases(), some.resets())
def test_a_limit_is_read_as_it_is_now(case: Case, every: Duration | None) -> None:
    usage, limits, _spot, _amount, now = case
    changes.a_limit_is_read_as_it_is_now(usage, limits, every or Duration(days=2), now)


@given(some.cases())
def test_a_recount_sets_a_wrong_clock_right(case: Case) -> None:
    changes.a_recount_sets_a_wrong_clock_right(*case)


@given(some.cases(), some.limits())
def test_a_plan_that_is_edited_there_and_back_changes_nothing(case: Case, other: Limits) -> None:
    usage, limits, _spot, _amount, now = case
    before = laws.table(usage, limits, now)
    laws.table(usage, other, now + timedelta(hours=1))
    assert laws.table(usage, limits, now) == before


@pytest.mark.parametrize("plant", limit_plants.PLANTS)
def test_each_planted_bug_breaks_a_law(plant: limit_plants.Plant) -> None:
    with plant(), pytest.raises(LawBroken):
        check_all(60)


def check_all(cases: int) -> None:
    """Check each case of all laws before the next one, because most bugs break one of them soon."""
    for number in range(cases):
        for name, _one_case in (*changes.LAWS, *laws.LAWS):
            check(name, 1, seed=5, first=number)
