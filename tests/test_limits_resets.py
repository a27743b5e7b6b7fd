"""Counts that begin at 0 again: when, and what a plan that is edited meanwhile changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from licensing_core import limits as lib
from licensing_core.checks import InvalidArgument
from licensing_core.limits import (
    Limit,
    LimitExceeded,
    Limits,
    PlacesRow,
    Tally,
    UnknownLimit,
    Usage,
    UsageBelowZero,
)
from licensing_core.periods import Duration
from tests.builders import NAIVE, NOON, replayed
from tests.usage_world import NESTED, a_usage, plain, release, taken, told, use, using

MONTH, DAY, WEEK, HOUR = Duration(months=1), Duration(days=1), Duration(days=7), Duration(seconds=3600)
MONTHLY = plain(5, resets=MONTH)
MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "anchor", "resets", "now", "until"),
    [
        ("Europe/Madrid", None, MONTH, "2026-05-04T12:00+00:00", "2026-06-01T00:00+02:00"),
        ("Europe/Madrid", None, MONTH, "2026-03-15T12:00+00:00", "2026-04-01T00:00+02:00"),
        ("Europe/Madrid", None, MONTH, "2026-03-31T22:00+00:00", "2026-05-01T00:00+02:00"),
        ("Europe/Madrid", None, DAY, "2026-03-29T00:30+01:00", "2026-03-30T00:00+02:00"),
        ("Europe/Madrid", None, DAY, "2026-10-25T12:00+01:00", "2026-10-26T00:00+01:00"),
        ("America/Santiago", None, DAY, "2026-09-05T12:00-04:00", "2026-09-06T01:00-03:00"),
        ("UTC", None, WEEK, "2026-05-04T12:00+00:00", "2026-05-11T00:00+00:00"),
        ("UTC", None, Duration(months=3), "2026-05-04T12:00+00:00", "2026-07-01T00:00+00:00"),
        ("UTC", None, Duration(months=12), "2026-05-04T12:00+00:00", "2027-01-01T00:00+00:00"),
        ("UTC", date(2026, 1, 31), MONTH, "2026-02-10T00:00+00:00", "2026-02-28T00:00+00:00"),
        ("UTC", date(2026, 1, 31), MONTH, "2026-02-28T00:00+00:00", "2026-03-31T00:00+00:00"),
        ("UTC", date(2026, 6, 15), MONTH, "2026-05-04T12:00+00:00", "2026-05-15T00:00+00:00"),
        ("Europe/Madrid", at("2026-01-10T08:30+01:00"), MONTH, "2026-05-10T08:29+02:00", "2026-05-10T08:30+02:00"),
        ("Europe/Madrid", at("2026-01-10T08:30+01:00"), HOUR, "2026-03-29T01:45+01:00", "2026-03-29T03:30+02:00"),
    ],
)
def test_a_count_ends_with_its_period_in_the_zone_of_the_customer(
    zone: str, anchor: date | None, resets: Duration, now: str, until: str
) -> None:
    limits = plain(5, resets=resets)
    usage = use(a_usage(zone, anchor=anchor), limits, now=at(now)).state
    end = usage.tallies["users"].until
    assert end == at(until)
    assert end is not None
    assert taken(usage, limits, end - MICROSECOND) == {"users": 1}
    assert taken(usage, limits, end) == {"users": 0}


def test_a_new_count_begins_at_nothing_and_has_the_next_number() -> None:
    usage = using(MONTHLY, {"users": 5})
    june = at("2026-06-01T00:00+02:00")
    with pytest.raises(LimitExceeded):
        use(usage, MONTHLY, now=june - MICROSECOND)
    decision = use(usage, MONTHLY, amount=2, now=june)
    assert decision.state.tallies["users"] == Tally(used=2, turn=1, since=june, until=at("2026-07-01T00:00+02:00"))
    assert replayed(lib.apply, decision, usage) == decision.state
    assert lib.room(usage, "users", limits=MONTHLY, now=june) == 5


def test_periods_in_which_nothing_was_used_are_passed_over() -> None:
    november = at("2026-11-20T00:00+00:00")
    usage = use(using(MONTHLY, {"users": 5}), MONTHLY, now=november).state
    assert usage.tallies["users"] == Tally(used=1, turn=1, since=november, until=at("2026-12-01T00:00+01:00"))


def test_nothing_used_in_an_earlier_count_can_be_released() -> None:
    usage = using(MONTHLY, {"users": 5})
    with pytest.raises(UsageBelowZero) as caught:
        release(usage, MONTHLY, now=NOON + timedelta(days=40))
    assert caught.value == UsageBelowZero(limit="users", within=None, used=0, amount=1)


def test_thresholds_are_told_in_each_count_anew() -> None:
    usage = using(MONTHLY, {"users": 3})
    later = use(use(usage, MONTHLY).state, MONTHLY, amount=4, now=NOON + timedelta(days=40))
    assert told(use(usage, MONTHLY)) == told(later) == [("users", 80)]


def test_all_places_begin_anew_together() -> None:
    limits = Limits({"workspaces": Limit(3), "calls": Limit(2, "workspaces", resets=DAY)})
    usage = using(limits, {"calls": {"w1": 2, "w2": 1}})
    tomorrow = NOON + timedelta(days=1)
    usage = use(usage, limits, "calls", within="w2", now=tomorrow).state
    assert lib.rows(usage, limits, tomorrow)["calls"] == PlacesRow(most=2, by={"w2": 1})
    assert lib.room(usage, "calls", limits=limits, within="w1", now=tomorrow) == 2
    assert usage.tallies["calls"].used == 1


def test_a_part_and_its_whole_begin_anew_together() -> None:
    limits = Limits({"all": Limit(5, resets=DAY), "web": Limit(3, part_of="all", resets=DAY)})
    usage = using(limits, {"all": 2, "web": 3})
    assert taken(usage, limits) == {"all": 5, "web": 3}
    tomorrow = NOON + timedelta(days=1)
    assert taken(usage, limits, tomorrow) == {"all": 0, "web": 0}
    assert taken(use(usage, limits, "web", now=tomorrow).state, limits, tomorrow) == {"all": 1, "web": 1}


# A plan that is edited


def test_a_count_ends_when_it_was_to_end_however_long_counts_last_by_now() -> None:
    usage = using(MONTHLY, {"users": 4})
    june = at("2026-06-01T00:00+02:00")
    for edited in (plain(5, resets=DAY), plain(5, resets=Duration(months=12)), NESTED):
        assert taken(usage, edited, june - MICROSECOND)["users"] == 4
        assert taken(usage, edited, june).get("users", 0) == 0
    daily = plain(5, resets=DAY)
    assert use(usage, daily, now=june).state.tallies["users"].until == at("2026-06-02T00:00+02:00")
    assert use(usage, daily).state.tallies["users"].until == june


def test_what_is_used_of_a_limit_that_resets_no_more_stays_used_until_released() -> None:
    usage, later = using(MONTHLY, {"users": 4}), NOON + timedelta(days=4000)
    assert taken(usage, plain(5), later) == {"users": 4}
    with pytest.raises(LimitExceeded):
        use(usage, plain(5), amount=2, now=later)
    usage = use(usage, plain(5), now=later).state
    assert usage.tallies["users"] == Tally(used=5, since=NOON)
    assert taken(release(usage, plain(5), amount=5, now=later), plain(5), later) == {"users": 0}


def test_what_is_used_in_places_of_a_limit_that_resets_no_more_stays_used() -> None:
    daily = Limits({"workspaces": Limit(3), "calls": Limit(2, "workspaces", resets=DAY)})
    held = Limits({"workspaces": Limit(3), "calls": Limit(2, "workspaces")})
    usage, later = using(daily, {"calls": {"w1": 2, "w2": 1}}), NOON + timedelta(days=9)
    assert taken(usage, held, later)["calls"] == {"w1": 2, "w2": 1}
    assert taken(usage, daily, later)["calls"] == {}


def test_a_held_limit_that_resets_by_now_ends_with_the_period_in_which_its_count_began() -> None:
    usage, june = using(plain(5), {"users": 5}), at("2026-06-01T00:00+02:00")
    assert taken(usage, MONTHLY, june - MICROSECOND) == {"users": 5}
    with pytest.raises(LimitExceeded):
        use(usage, MONTHLY, now=june - MICROSECOND)
    assert taken(usage, MONTHLY, june) == {"users": 0}
    assert lib.room(usage, "users", limits=MONTHLY, now=june) == 5
    after = use(usage, MONTHLY, now=june).state
    assert after.tallies["users"] == Tally(used=1, turn=1, since=june, until=at("2026-07-01T00:00+02:00"))


def test_less_used_of_a_held_limit_that_resets_by_now_does_not_prolong_its_count() -> None:
    usage = release(using(plain(5), {"users": 5}), MONTHLY, now=NOON + timedelta(days=20))
    assert usage.tallies["users"] == Tally(used=4, since=NOON, until=at("2026-06-01T00:00+02:00"))


@pytest.mark.parametrize("days", [1, 27, 28, 400])
def test_a_limit_edited_between_held_and_monthly_there_and_back_changes_nothing(days: int) -> None:
    later = NOON + timedelta(days=days)
    for before, between in ((plain(5), MONTHLY), (MONTHLY, plain(5))):
        usage = using(before, {"users": 4})
        known = taken(usage, before, later)
        taken(usage, between, later)
        assert taken(usage, before, later) == known


def test_a_count_whose_beginning_was_never_kept_begins_with_the_next_use() -> None:
    usage = Usage(id="acme", zone="Europe/Madrid", tallies={"users": Tally(used=4)})
    assert taken(usage, MONTHLY, NOON + timedelta(days=400)) == {"users": 4}
    after = use(usage, MONTHLY).state
    assert after.tallies["users"] == Tally(used=5, since=NOON, until=at("2026-06-01T00:00+02:00"))


def test_a_count_that_began_later_than_now_has_not_ended() -> None:
    future = at("9998-12-31T23:59+00:00")
    usage = use(a_usage(), plain(5), now=future).state
    assert taken(usage, MONTHLY) == {"users": 1}


def test_a_limit_that_resets_by_now_does_so_from_the_first_count_on() -> None:
    usage = use(using(plain(5), {"users": 3}), MONTHLY).state
    assert usage.tallies["users"] == Tally(used=4, since=NOON, until=at("2026-06-01T00:00+02:00"))


def test_a_lower_limit_holds_at_once_and_takes_nothing_away() -> None:
    usage = using(plain(5), {"users": 4})
    with pytest.raises(LimitExceeded) as caught:
        use(usage, plain(2))
    assert caught.value.shortfall == 3
    assert lib.rows(usage, plain(2), NOON)["users"].over == 2  # type: ignore[union-attr]


def test_a_dropped_limit_whose_count_has_ended_is_forgotten() -> None:
    usage = using(MONTHLY, {"users": 4})
    assert taken(usage, NESTED)["users"] == 4
    june = at("2026-06-01T00:00+02:00")
    assert "users" not in taken(usage, NESTED, june)
    assert lib.preview_plan(usage, NESTED, now=june).fits
    with pytest.raises(UnknownLimit):
        release(usage, NESTED, now=june)


# What cannot be


@pytest.mark.parametrize(
    ("resets", "until"),
    [
        (Duration(seconds=6 * 3600), "2026-05-04T18:00+00:00"),
        (Duration(seconds=7 * 3600), "2026-05-04T15:00+00:00"),
        (Duration(months=1, days=1), "2026-06-04T00:00+00:00"),
    ],
    ids=str,
)
def test_hours_and_mixed_durations_count_from_the_year_2000_where_there_is_no_anchor(
    resets: Duration, until: str
) -> None:
    limits = Limits({"users": Limit(9, resets=resets)})
    assert use(a_usage("UTC"), limits, now=at("2026-05-04T12:00+00:00")).state.tallies["users"].until == at(until)


@pytest.mark.parametrize("anchor", [NAIVE, "2026-01-01", 5, True], ids=repr)
def test_an_anchor_is_a_day_or_an_instant(anchor: Any) -> None:
    with pytest.raises(InvalidArgument, match="anchor"):
        a_usage(anchor=anchor)


@pytest.mark.parametrize("zone", ["Mars/Base", "", None, 3, "europe/madrid"], ids=repr)
def test_a_usage_has_a_zone_that_is_known(zone: Any) -> None:
    with pytest.raises(InvalidArgument):
        Usage(id="acme", zone=zone)


@pytest.mark.parametrize("resets", [30, "P1M", timedelta(days=1), True], ids=repr)
def test_a_count_lasts_a_duration(resets: Any) -> None:
    with pytest.raises(InvalidArgument, match="resets"):
        Limit(5, resets=resets)


def test_an_anchor_is_kept_in_utc() -> None:
    usage = a_usage(anchor=at("2026-01-10T08:30+01:00"))
    assert usage.anchor == datetime(2026, 1, 10, 7, 30, tzinfo=UTC)
