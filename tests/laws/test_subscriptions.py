"""The laws of subscriptions, over lives that hypothesis finds; the seeded ones run in test_pools.py."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licensing_core.billing import BillingPolicy, When
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Renewal
from licensing_core.pricing import UnitPrice
from licensing_core.subscriptions import EndOf, SubscriptionTerms
from licensing_core.testing import laws_subscription_changes as changes
from licensing_core.testing import laws_subscriptions as laws
from licensing_core.testing import strategies_subscriptions as some
from licensing_core.testing.cases_subscriptions import (
    CHANGING,
    EXACT,
    MOST_BILLED,
    Life,
    any_change,
    any_life,
    lead,
    plain_terms,
)
from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import check
from tests.reliability import subscription_plants

few = settings(max_examples=40)
randoms = st.randoms(use_true_random=False)
ON: dict[str, Any] = {"renewal": Renewal.AUTOMATIC, "most_renewals": None}


def dear(**others: Any) -> st.SearchStrategy[SubscriptionTerms]:
    """Terms of which every day is worth something, without rounding on the way."""
    return st.builds(
        SubscriptionTerms,
        item=st.just("base"),
        price=st.just(UnitPrice(Money.parse("900.00 EUR"))),
        every=st.sampled_from(("P1M", "P1Y", "P7D", "P30D")).map(Duration.parse),
        zone=st.sampled_from(("UTC", "Europe/Madrid", "America/Santiago", "Pacific/Apia")),
        policy=st.sampled_from(EXACT).map(lambda convention: BillingPolicy(convention=convention)),
        **{name: st.just(value) for name, value in others.items()},
    )


@few
@given(some.lives())
def test_each_life_keeps_to_the_table(life: Life) -> None:
    laws.only_edges_are_taken(life)
    laws.access_is_as_the_state_says(life)


@few
@given(some.lives())
def test_nothing_that_waits_is_lost(life: Life) -> None:
    laws.nothing_that_waits_is_lost(life)


@few
@given(some.lives())
def test_replay_rebuilds_each_life(life: Life) -> None:
    laws.replay_rebuilds(life)


@few
@given(some.lives())
def test_no_credit_passes_what_was_paid_and_what_is_owed_is_known(life: Life) -> None:
    laws.no_credit_above_the_ledger(life)
    laws.what_is_owed_is_known(life)


@few
@given(some.lives())
def test_due_dates_never_drift(life: Life) -> None:
    laws.due_dates_never_drift(life)


@few
@given(some.lives(dear()))
def test_no_day_is_charged_twice_and_each_charge_is_the_value_of_its_time(life: Life) -> None:
    laws.no_day_is_charged_twice(life)
    laws.what_is_left_is_the_value_of_the_time(life)
    laws.what_was_used_stays_charged(life)
    laws.nothing_is_kept_beyond_the_end(life)


@few
@given(dear(**ON), randoms)
def test_no_day_is_left_out(terms: SubscriptionTerms, rng: Random) -> None:
    laws.no_day_is_left_out(lead(rng, any_life(rng, terms), only=CHANGING))


@few
@given(some.lives())
def test_twice_is_once_and_questions_agree(life: Life) -> None:
    laws.questions_agree(life)
    laws.twice_is_once(life)


@few
@given(some.lives(most=10), randoms)
def test_what_is_previewed_is_booked(life: Life, rng: Random) -> None:
    changes.what_is_previewed_is_booked(life, any_change(rng, life))


@few
@given(some.lives(most=4), st.lists(st.integers(0, 3000), min_size=2, max_size=8), st.sampled_from((0, 15)))
def test_late_is_early(life: Life, hours: list[int], ahead: int) -> None:
    changes.late_is_early(life, [life.now + timedelta(hours=one) for one in sorted(hours)], ahead=ahead)


@pytest.mark.parametrize("price", ["30.00 EUR", "0.00 EUR"])
def test_late_is_early_for_more_periods_than_one_job_bills(price: str) -> None:
    life = Life(plain_terms(price, "P1D"))
    life.pay()
    runs = [life.now + timedelta(days=days) for days in (1, MOST_BILLED + 5)]
    changes.late_is_early(life, runs, ahead=15)


@few
@given(dear(**ON), randoms, st.none() | st.integers(1, 3000))
def test_a_cancellation_taken_back_restores(terms: SubscriptionTerms, rng: Random, hours: int | None) -> None:
    life = lead(rng, any_life(rng, terms), 12, only=CHANGING)
    access = EndOf.TERM if hours is None else life.now + timedelta(hours=hours)
    changes.a_cancellation_taken_back_restores(life, access)


@few
@given(dear(**ON), randoms, st.none() | st.integers(1, 3000))
def test_a_change_taken_back_restores(terms: SubscriptionTerms, rng: Random, hours: int | None) -> None:
    life = lead(rng, any_life(rng, terms), 12, only=CHANGING)
    effective = When.END_OF_PERIOD if hours is None else life.now + timedelta(hours=hours)
    changes.a_change_taken_back_restores(life, any_change(rng, life), effective)


@few
@given(dear(**ON), randoms)
def test_to_pause_and_resume_costs_nothing(terms: SubscriptionTerms, rng: Random) -> None:
    changes.to_pause_and_resume_costs_nothing(lead(rng, any_life(rng, terms), 12, only=CHANGING))


@few
@given(dear(), st.integers(0, 5), st.integers(0, 9000))
def test_renewed_no_day_is_lost(terms: SubscriptionTerms, early: int, late: int) -> None:
    changes.renewed_no_day_is_lost(terms, early, timedelta(hours=late))


@pytest.mark.parametrize("plant", subscription_plants.PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_each_planted_bug_breaks_a_law(plant: subscription_plants.Plant) -> None:
    with plant(), pytest.raises(LawBroken):
        check(subscription_plants.PLANTS[plant], 250, seed=5)
