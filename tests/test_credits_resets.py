"""Top-ups, and counts that begin anew: what rolls over, what is owed, and what happens first at one instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from licensing_core import credits as lib
from licensing_core.checks import InvalidArgument
from licensing_core.credits import CountReset, CreditAccount, Grant, Rollover
from licensing_core.periods import Cycle, Duration
from tests.builders import NOON, agrees, replayed
from tests.credit_world import ALL, ANA, DAY, HOUR, balance, gift, left, opened, spend, spent

TICK = timedelta(microseconds=1)


def reset(account: CreditAccount, *, keep: bool = False, now: datetime = NOON + HOUR) -> CreditAccount:
    decision = lib.reset(account, keep_overage=keep, by=ANA, now=now)
    assert replayed(lib.apply, decision, account) == decision.state
    return decision.state


# Top-ups


def test_a_grant_is_topped_up_to_its_amount_and_never_over_it() -> None:
    account = spent(opened(gift("a", every="P1D")), 4)
    assert left(account, NOON + DAY - TICK) == {"a": 6}
    assert left(account, NOON + DAY) == {"a": 10}
    assert lib.by_then(account, NOON + 9 * DAY).balances.granted == 14


def test_a_full_grant_is_topped_up_at_the_first_boundary_after_it_was_burned() -> None:
    account = spent(opened(gift("a", every="P1D")), 1, now=NOON + 5 * DAY)
    assert left(account, NOON + 6 * DAY - TICK) == {"a": 9}
    assert left(account, NOON + 6 * DAY) == {"a": 10}
    at_a_boundary = spend(account, 10, now=NOON + 6 * DAY)
    assert left(at_a_boundary.state, NOON + 7 * DAY - TICK) == {"a": 0}


def test_a_top_up_pays_what_is_owed() -> None:
    account = spent(opened(gift("a", every="P1D"), overdraft=100), 25)
    assert [balance(account, NOON + n * DAY) for n in range(4)] == [-15, -5, 5, 10]


def test_top_ups_end_with_the_grant() -> None:
    account = spent(opened(gift("a", every="P1D", expires=NOON + 2 * DAY)), 10)
    assert left(account, NOON + DAY) == {"a": 10}
    assert left(account, NOON + 2 * DAY) == {"a": 0}
    assert lib.by_then(account, NOON + 9 * DAY).balances.expired == 10


@pytest.mark.parametrize(
    ("zone", "before", "topped_up"),
    [
        ("Europe/Madrid", datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 11, tzinfo=UTC)),
        ("Europe/Madrid", datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 13, tzinfo=UTC)),
        ("UTC", datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)),
    ],
)
def test_days_are_days_of_the_wall_clock(zone: str, before: datetime, topped_up: datetime) -> None:
    daily = lib.Grant(id="a", amount=5, effective=before, recurrence=Cycle(before, Duration(days=1), zone))
    account = spent(opened(daily, now=before), 5, now=before)
    assert left(account, topped_up - TICK) == {"a": 0}
    assert left(account, topped_up) == {"a": 5}


def test_a_monthly_top_up_on_the_31st_comes_back_after_february() -> None:
    start = datetime(2026, 1, 31, 12, tzinfo=UTC)
    account = spent(opened(gift("a", at=start, every="P1M"), now=start), 10, now=start)
    days = []
    for _ in range(3):
        day = account.balances.at
        while not left(account, day)["a"]:
            day += DAY
        days.append((day.month, day.day))
        account = spent(account, 10, now=day)
    assert days == [(2, 28), (3, 31), (4, 30)]


def test_boundaries_lie_before_the_anchor_too() -> None:
    cycle = Cycle(NOON + 30 * DAY, Duration(days=1), "UTC")
    account = spent(opened(lib.Grant(id="a", amount=5, effective=NOON, recurrence=cycle)), 5)
    assert left(account, NOON + DAY) == {"a": 5}


def test_there_is_no_top_up_beyond_the_calendar() -> None:
    end = datetime(9998, 12, 31, 20, tzinfo=UTC)
    account = opened(gift("a", at=end, every="P1D"), now=end)
    assert left(spent(account, 4, now=end), end + 3 * HOUR) == {"a": 6}


# A new count


def test_nothing_rolls_over_unless_it_is_to() -> None:
    account = opened(gift("a"), gift("b", rollover=ALL), gift("c", rollover=Rollover(most=4)))
    after = reset(spent(account, 1))
    assert left(after) == {"a": 0, "b": 10, "c": 4}
    assert (after.balances.used, after.balances.expired) == (0, 9 + 6)


@pytest.mark.parametrize(("spend_first", "kept"), [(0, 8), (3, 7), (9, 5), (10, 5)])
def test_what_rolls_over_lies_between_its_bounds(spend_first: int, kept: int) -> None:
    account = opened(gift("a", rollover=Rollover(least=5, most=8)))
    account = spent(account, spend_first) if spend_first else account
    assert left(reset(account)) == {"a": kept}


def test_what_rolls_over_at_the_least_is_granted_and_the_rest_expires() -> None:
    account = spent(opened(gift("a", rollover=Rollover(least=5, most=8))), 10)
    entry = reset(account).balances.entries["a"]
    assert (entry.granted, entry.burned, entry.expired, entry.balance) == (15, 10, 0, 5)


def test_the_event_tells_what_was_dropped() -> None:
    account = spent(opened(overdraft=9), 4)
    for keep, dropped, owed in ((False, 4, 0), (True, 0, 4)):
        event = lib.reset(account, keep_overage=keep, by=ANA, now=NOON).events[0]
        assert isinstance(event, CountReset)
        assert (event.dropped, event.overage, event.used) == (dropped, owed, 0)


def test_what_is_owed_is_paid_from_what_rolled_over_when_it_is_kept() -> None:
    gifts = (
        gift("a", 4, rollover=Rollover(least=3, most=3)),
        gift("b", 4, priority=1, rollover=Rollover(least=4, most=4)),
    )
    account = spent(opened(*gifts, overdraft=99), 13)
    assert balance(account) == -5
    kept = reset(account, keep=True)
    assert (left(kept), kept.balances.overage) == ({"a": 0, "b": 2}, 0)
    assert left(reset(account)) == {"a": 3, "b": 4}


def test_what_rolled_over_does_not_reach_stays_owed() -> None:
    account = spent(opened(gift("a", 4, rollover=Rollover(least=3, most=3)), overdraft=99), 14)
    kept = reset(account, keep=True)
    assert (left(kept), kept.balances.overage, balance(kept)) == ({"a": 0}, 7, -7)


def test_a_grant_that_is_not_in_force_is_left_alone() -> None:
    account = opened(
        gift("old", expires=NOON + HOUR), gift("new", at=NOON + DAY), gift("gone", voided=NOON + HOUR, rollover=ALL)
    )
    assert left(reset(account, now=NOON + HOUR)) == {"old": 0, "new": 0, "gone": 0}
    assert left(reset(account, now=NOON + HOUR), NOON + DAY)["new"] == 10


def test_a_recurring_grant_is_topped_up_after_a_new_count() -> None:
    account = reset(opened(gift("a", every="P1D")))
    assert left(account) == {"a": 0}
    assert left(account, NOON + DAY) == {"a": 10}


# At one instant: grants end, the count begins anew, grants start and are topped up


def test_what_starts_at_the_instant_of_a_new_count_is_not_touched_by_it() -> None:
    account = opened(gift("a"), gift("b", at=NOON + HOUR))
    assert left(reset(account)) == {"a": 0, "b": 10}


@pytest.mark.parametrize("burned", [0, 1, 10])
def test_a_top_up_at_the_instant_of_a_new_count_comes_after_it(burned: int) -> None:
    account = opened(gift("a", every="PT1H"))
    account = spent(account, burned) if burned else account
    decision = lib.reset(account, by=ANA, now=NOON + HOUR)
    assert left(decision.state) == {"a": 10}
    assert [one.kind.value for one in decision.events[0].movements][-1] == "granted"
    assert replayed(lib.apply, decision, account) == decision.state


def test_what_is_owed_is_dropped_before_a_top_up_could_pay_it() -> None:
    account = spent(opened(gift("a", every="PT1H"), overdraft=99), 25)
    assert (left(reset(account)), balance(reset(account), NOON + HOUR)) == ({"a": 10}, 10)
    assert balance(reset(account, keep=True), NOON + HOUR) == -5


def test_a_command_at_the_same_instant_before_it_has_let_all_begin() -> None:
    account = opened(gift("a", every="PT1H"), gift("b", at=NOON + HOUR))
    account = spent(account, 1, now=NOON + HOUR)
    assert left(reset(account)) == {"a": 0, "b": 0}


def test_a_command_and_a_run_begin_a_count_alike() -> None:
    account = opened(gift("a", every="PT1H"), gift("b", at=NOON + HOUR), gift("c", expires=NOON + HOUR))
    run = lib.burn_down(account.balances, [], until=NOON + HOUR, resets=[NOON + HOUR])
    assert reset(account).balances == run


def test_anybody_may_ask_whether_a_count_may_begin_anew() -> None:
    acts: dict[str, Any] = {"by": ANA, "now": NOON}
    assert agrees(lib.can_reset, lib.reset, opened(), **acts).rule == "ALU-8"


# Counts that begin anew by themselves, and in time


JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def monthly(*, keep: bool = True) -> CreditAccount:
    """An account whose count begins anew with each month, with a grant of 100 of which 25 roll over."""
    opening = lib.open_credits(
        "acme", zone="UTC", resets=Cycle.calendar(Duration(months=1), "UTC"), keep_overage=keep, by=ANA, now=NOON
    )
    plan = Grant(
        id="plan",
        amount=100,
        effective=NOON,
        recurrence=Cycle(JUNE, Duration(months=1), "UTC"),
        rollover=Rollover(most=25),
    )
    return spent(lib.grant(opening.state, plan, by=ANA, now=NOON).state, 40)


def test_a_count_begins_anew_at_its_boundary_whenever_somebody_looks() -> None:
    account = monthly()
    assert lib.by_then(account, JUNE - TICK).balances.balance == 60
    for late in (JUNE, JUNE + HOUR, JUNE + 20 * DAY):
        balances = lib.by_then(account, late).balances
        assert (balances.balance, balances.used, balances.since) == (100, 0, JUNE)


def test_what_is_spent_after_the_boundary_belongs_to_the_new_count() -> None:
    decision = spend(monthly(), 1, now=JUNE + HOUR)
    balances = decision.state.balances
    assert (balances.balance, balances.used, balances.since) == (99, 1, JUNE)
    assert replayed(lib.apply, decision, monthly()) == decision.state


def test_a_single_reset_does_not_come_late() -> None:
    account = spent(opened(gift("a")), 1, now=NOON + HOUR)
    with pytest.raises(lib.ResetTooLate) as caught:
        lib.reset(account, by=ANA, now=NOON)
    assert caught.value == lib.ResetTooLate(since=NOON + HOUR)
    assert "2026-05-04T13:00:00+00:00" in str(caught.value)


def test_one_instant_begins_one_count() -> None:
    account = reset(opened(gift("a", rollover=Rollover(most=10)), gift("b")), now=NOON + HOUR)
    again = lib.reset(account, by=ANA, now=NOON + HOUR)
    assert (again.state, again.events) == (account, ())
    assert lib.reset(monthly(), by=ANA, now=JUNE).events == ()


def test_what_is_owed_is_dropped_by_the_cycle_where_the_account_says_so() -> None:
    daily = Cycle(JUNE, Duration(days=1), "UTC")
    opening = lib.open_credits("acme", zone="UTC", overdraft=9, resets=daily, keep_overage=False, by=ANA, now=NOON)
    owing = spent(opening.state, 5)
    assert lib.by_then(owing, NOON + HOUR).balances.overage == 5
    assert lib.by_then(owing, NOON + DAY).balances.overage == 0


def test_a_cycle_of_resets_has_no_shorter_periods_than_an_hour() -> None:
    with pytest.raises(InvalidArgument, match="resets"):
        lib.open_credits("acme", zone="UTC", resets=Cycle(NOON, Duration(seconds=3599), "UTC"), by=ANA, now=NOON)


def test_too_many_resets_at_once_are_refused() -> None:
    cycle = Cycle(NOON, Duration(seconds=3600), "UTC")
    hourly = lib.open_credits("acme", zone="UTC", resets=cycle, by=ANA, now=NOON)
    with pytest.raises(lib.TooMuchTime) as caught:
        lib.by_then(hourly.state, NOON + 10_001 * HOUR)
    assert caught.value.resume_at == NOON + 10_000 * HOUR
    assert lib.by_then(hourly.state, NOON + 10_000 * HOUR).balances.since == NOON + 10_000 * HOUR


def test_a_long_time_is_told_in_one_movement_for_each_grant_and_kind() -> None:
    owing = spent(opened(gift("a", every="P1D"), overdraft=10_000), 5_000)
    event = spend(owing, 1, now=NOON + 100 * DAY).events[0]
    assert [(one.kind.value, one.amount, one.at) for one in event.passed] == [
        ("granted", 1_000, NOON + 100 * DAY),
        ("burned", 1_000, NOON + 100 * DAY),
    ]


def test_what_begins_at_one_instant_pays_in_the_order_in_which_it_is_spent() -> None:
    first = gift("topped", amount=3, every="P1D", priority=0)
    later = gift("starts", amount=9, at=NOON + DAY, priority=5)
    owing = spent(opened(first, later, overdraft=10), 7)
    assert left(owing, NOON + DAY) == {"starts": 8, "topped": 0}
