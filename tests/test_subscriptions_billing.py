"""Billing a subscription period by period: early, late, once, and never drifting from its anchor."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from licensing_core import subscriptions as lib
from licensing_core.billing import AlreadyBooked, BillingPolicy, ItemChange, When
from licensing_core.decisions import Decision
from licensing_core.periods import Cycle, Duration, local_date
from licensing_core.proration import PRESETS, preset
from licensing_core.subscriptions import EndOf, NotRenewed
from licensing_core.subscriptions.values import MOST_TURNS
from tests.subscription_world import (
    DEARER,
    FIRST,
    FIVE,
    MANUAL,
    NEW,
    ONCE,
    at,
    credit,
    did,
    kinds,
    on,
    ordered,
    owed,
    periods,
    refused,
    running,
    scheduled,
    states,
    terms,
    tried,
    turns,
)

# Period by period


def test_each_period_begins_where_the_one_before_ends_and_is_charged_in_full() -> None:
    life = running()
    life.bill(at(4, 10), ahead=0)
    assert periods(life) == ["01-31 03-02 30.00 EUR", "03-02 04-01 30.00 EUR", "04-01 05-01 30.00 EUR"]
    assert life.subscription.renewals == 3


def test_a_period_may_be_billed_before_it_begins() -> None:
    life = running()
    did(life, lib.bill_next, now=at(1, 16))
    assert turns(life) == ["01-01 01-31 d1 paid", "01-31 03-02 d2 unpaid"]
    assert states(life, at(1, 16), at(1, 31)) == ["active", "active"]


def test_however_late_it_is_done_each_period_is_billed_as_of_when_it_was_due() -> None:
    late = running()
    late.bill(at(1, 20, year=2028), ahead=0)
    early = running()
    for days in range(0, 760, 7):
        early.bill(FIRST + timedelta(days=days), ahead=15)
    late.bill(ahead=15)
    early.bill(late.now, ahead=15)
    assert early.state == late.state
    assert len(late.subscription.turns) == 25


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/Santiago", "Africa/Cairo", "Asia/Tehran", "Pacific/Apia"])
@pytest.mark.parametrize(("every", "dates"), [("P1M", 31), ("P1Y", 29), ("P30D", 31)])
def test_due_dates_never_drift_in_any_zone(zone: str, every: str, dates: int) -> None:
    first = datetime(2024, 1, 31, 12, tzinfo=FIRST.tzinfo)
    life = running(every=every, now=first, zone=zone)
    cycle = life.subscription.turns[0].item.terms.cycle
    assert isinstance(cycle.anchor, date)
    life.bill(at(1, 20, year=2032), ahead=0)
    lengths = Duration.parse(every)
    expected = [lengths.after_day(cycle.anchor, number) for number in range(1, 1 + life.subscription.renewals)]
    assert [one.due for one in life.subscription.turns] == expected
    assert [local_date(one.start, zone) for one in life.subscription.turns] == expected


def test_a_day_that_a_zone_left_out_is_not_billed() -> None:
    life = running(every="P1D", now=at(12, 28, year=2011), zone="Pacific/Apia")
    life.bill(at(1, 1, year=2012), ahead=0)
    days = [local_date(one.start, "Pacific/Apia") for one in life.subscription.turns]
    assert date(2011, 12, 30) not in days
    assert days == sorted(set(days))


def test_a_day_of_more_or_fewer_hours_costs_the_same() -> None:
    life = running("1.00 EUR", every="P1D", now=at(3, 27), zone="Europe/Madrid")
    life.bill(at(3, 31), ahead=0)
    hours = [(one.end - one.start) / timedelta(hours=1) for one in life.subscription.turns]
    assert (hours, owed(life)) == ([24, 23, 24, 24], "4.00 EUR")


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_whole_periods_cost_their_price_under_every_convention(name: str) -> None:
    life = running("31.00 EUR", "P1M", policy=BillingPolicy(convention=preset(name)))
    life.bill(at(4, 20), ahead=0)
    assert [line.amount.minor for line in life.state.ledger.lines.values()] == [3100] * 4


@pytest.mark.parametrize(
    ("renewal", "often"), [(MANUAL, 0), (ONCE, 0), ({"most_renewals": 0}, 0), ({"most_renewals": 2}, 2)]
)
def test_it_is_renewed_by_itself_as_often_as_agreed(renewal: dict[str, Any], often: int) -> None:
    life = running(**renewal)
    life.bill(at(1, 1, year=2027), ahead=0)
    assert life.subscription.renewals == often
    assert states(life, life.now) == ["expired"]
    assert lib.bill_next(life.state, **NEW, now=life.now) == Decision(life.state)


def test_nothing_is_billed_of_what_waits_rests_or_has_ended() -> None:
    lives = (
        ordered(),
        tried(converts=False),
        did(running(), lib.pause),
        did(running(), lib.terminate),
        did(running(), lib.cancel, EndOf.NOW),
    )
    for life in lives:
        assert lib.bill_next(life.state, **NEW, now=at(1, 1, year=2030)) == Decision(life.state)


def test_what_is_suspended_is_billed_on_and_stays_suspended() -> None:
    life = did(running(), lib.suspend, now=at(1, 5))
    life.bill(at(2, 1), ahead=0)
    assert (turns(life)[-1], states(life, life.now)) == ("01-31 03-02 d2 unpaid", ["suspended"])


def test_all_that_is_due_is_to_be_paid_before_it_is_active_again() -> None:
    life = running()
    life.bill(at(3, 5), ahead=0)
    did(life, lib.suspend)
    life.pay("d2")
    assert states(life, life.now) == ["suspended"]
    life.pay("d3")
    assert states(life, life.now) == ["active"]
    assert turns(life)[-1] == "03-02 04-01 d3 paid"


def test_what_is_billed_ahead_need_not_be_paid_yet() -> None:
    life = running()
    life.bill(at(3, 1), ahead=15)
    did(life, lib.suspend)
    life.pay("d2")
    assert (states(life, life.now), owed(life)) == (["active"], "30.00 EUR")


def test_what_has_ended_may_be_paid_and_stays_ended() -> None:
    life = running()
    life.bill(at(2, 1), ahead=0)
    did(life, lib.terminate)
    life.pay()
    assert (states(life, life.now), owed(life)) == (["terminated"], "0.00 EUR")


def test_the_same_document_bills_nothing_twice() -> None:
    life = did(running(), lib.bill_next, now=at(1, 16), document="d2")
    refusal = refused(life, lib.bill_next, document="d2")
    assert refusal == AlreadyBooked(ledger="acme", line="web:2")


def test_turns_that_are_paid_and_over_are_left_out_but_for_the_one_that_runs() -> None:
    life = running()
    for number in range(1, 9):
        life.bill(FIRST + timedelta(days=30 * number - 10))
        life.now += timedelta(days=9)
        life.pay()
    assert turns(life) == ["07-30 08-29 d8 paid", "08-29 09-28 d9 paid"]


# Changes on the way


def test_a_change_that_waits_for_an_instant_comes_before_the_period_that_follows_it() -> None:
    life = scheduled(running(), FIVE, at(1, 26), now=at(1, 2))
    assert (lib.change_due(life.subscription), lib.next_start(life.subscription)) == (at(1, 26), None)
    life.bill(at(1, 20))
    assert periods(life) == ["01-01 01-31 30.00 EUR"]
    life.bill(at(1, 26))
    assert periods(life) == ["01-26 01-31 25.00 EUR", "01-31 03-02 150.00 EUR"]
    assert [str(line.left) for line in life.state.ledger.lines.values()] == ["25.00 EUR", "25.00 EUR", "150.00 EUR"]


def test_late_all_is_carried_out_in_its_order() -> None:
    life = scheduled(running(), FIVE, at(2, 15), now=at(1, 2))
    scheduled(life, DEARER, When.END_OF_PERIOD, "c2")
    life.bill(at(3, 10), ahead=0)
    assert periods(life) == [
        "01-31 03-02 30.00 EUR",
        "02-15 03-02 150.00 EUR",
        "03-02 04-01 300.00 EUR",
    ]
    assert life.subscription.turns[-1].item.scheduled == ()


def test_a_change_after_the_end_of_billing_is_never_carried_out() -> None:
    life = scheduled(running(), FIVE, at(1, 20), now=at(1, 2))
    did(life, lib.cancel, at(1, 25), EndOf.NOW, now=at(1, 10))
    assert lib.change_due(life.subscription) is None
    life.bill(at(1, 24))
    assert periods(life) == ["01-01 01-31 30.00 EUR"]
    did(life, lib.withdraw_cancellation)
    assert lib.change_due(life.subscription) == at(1, 20)


# Where billing ends


def test_no_period_is_billed_that_begins_on_the_day_on_which_billing_ends() -> None:
    for hour in (0, 12, 23):
        life = did(running(), lib.cancel, at(3, 2, hour), now=at(1, 2))
        life.bill(at(4, 20))
        assert turns(life) == ["01-01 01-31 d1 paid", "01-31 03-02 d2 unpaid"]


def test_counted_in_seconds_one_is_billed_that_begins_before_the_instant() -> None:
    by_seconds: dict[str, Any] = {"policy": BillingPolicy(convention=preset("stripe"))}
    lives = [did(running(**by_seconds), lib.cancel, at(1, 31, hour), now=at(1, 2)) for hour in (12, 13)]
    for life in lives:
        life.bill(at(4, 20))
    assert [len(life.subscription.turns) for life in lives] == [1, 2]


def test_billing_may_go_on_where_access_has_ended() -> None:
    life = did(running(), lib.cancel, EndOf.NOW, at(2, 20), now=at(1, 2))
    life.bill(at(4, 1))
    assert (turns(life)[-1], states(life, life.now)) == ("01-31 03-02 d2 unpaid", ["cancelled"])


def test_a_period_that_is_billed_later_is_given_back_beyond_the_end_that_credits() -> None:
    life = did(running(), lib.cancel, at(2, 10), credit=True, now=at(1, 10))
    assert (periods(life), credit(life)) == (["01-01 01-31 30.00 EUR"], "0.00 EUR")
    life.bill(at(2, 1))
    assert (periods(life), owed(life)) == (["01-01 01-31 30.00 EUR", "01-31 03-02 10.00 EUR"], "10.00 EUR")
    assert kinds(life) == ["ledger.booked", "subscription.billed", "ledger.booked"]


# Bounds


def test_too_many_unpaid_turns_are_billed_no_further_until_one_is_paid() -> None:
    life = running(every="P1D")
    for _ in range(5):
        life.bill(at(1, 1, year=2028), ahead=0)
    assert len(life.subscription.turns) == MOST_TURNS
    assert lib.bill_next(life.state, **NEW, now=life.now) == Decision(life.state)
    life.pay()
    did(life, lib.bill_next)
    assert len(life.subscription.turns) == MOST_TURNS


def test_paid_far_ahead_it_is_billed_on_when_the_time_has_come() -> None:
    life = running("0.00 EUR", every="P1D")
    while not life.steps[-1].refusal and (life.do(lib.bill_next) or life.steps[-1].events):
        pass
    assert (len(life.subscription.turns), owed(life)) == (MOST_TURNS, "0.00 EUR")
    life.bill(at(7, 1), ahead=300)
    assert life.subscription.turns[-1].due > date(2027, 1, 20)
    assert len(life.subscription.turns) <= MOST_TURNS


def test_a_change_that_is_due_waits_where_too_much_is_unpaid() -> None:
    life = running(every="P1D")
    for _ in range(5):
        life.bill(at(1, 1, year=2028), ahead=0)
    last = life.subscription.turns[-1]
    scheduled(life, FIVE, last.start + timedelta(hours=6), now=last.start)
    life.now = last.start + timedelta(hours=7)
    assert lib.bill_next(life.state, **NEW, now=life.now) == Decision(life.state)


def test_no_more_is_renewed_by_hand_than_can_be_ahead() -> None:
    life = running(every="P1D", **MANUAL)
    for _ in range(MOST_TURNS - 1):
        did(life, lib.renew)
    assert refused(life, lib.renew) == NotRenewed(subscription="web")
    assert did(on(life, at(1, 2)), lib.renew).subscription.renewals == MOST_TURNS


def test_many_changes_of_a_long_period_leave_few_turns() -> None:
    life = running("365.00 EUR", "P1Y")
    for number in range(1, 100):
        did(life, lib.change, ItemChange(quantity=1 + number % 3), now=FIRST + timedelta(days=number))
        life.pay()
    assert len(life.subscription.turns) == 2


def test_bad_clocks_bill_nothing_before_its_time() -> None:
    life = running()
    life.bill(at(2, 1), ahead=0)
    before = life.state
    life.bill(at(1, 1, year=2020), ahead=0)
    assert life.state == before


def test_a_common_cycle_of_another_anchor_has_its_own_boundaries() -> None:
    life = did(running(), lib.align, Cycle(date(2026, 1, 11), Duration(days=30), "UTC"), now=at(1, 2))
    life.bill(at(2, 20), ahead=0)
    assert periods(life)[-2:] == ["01-31 02-10 10.00 EUR", "02-10 03-12 30.00 EUR"]


def test_terms_say_from_when_they_count() -> None:
    plain, by_seconds = terms(), terms(policy=BillingPolicy(convention=preset("stripe")))
    assert plain.cycle_from(FIRST).anchor == FIRST.date()
    assert by_seconds.cycle_from(FIRST).anchor == FIRST
    assert plain.cycle_from(FIRST, Duration(days=7)).every == Duration(days=7)
