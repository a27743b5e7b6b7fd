"""Limits within each place of another, limits that are part of another, and places that were looked up in part."""

import pickle
from typing import Any

import pytest

from licensing_core import limits as lib
from licensing_core.checks import MAX_MEASURE, InvalidArgument, InvalidId, InvalidQuantity
from licensing_core.limits import (
    UNLIMITED,
    Limit,
    LimitExceeded,
    Limits,
    Places,
    PlacesNotLoaded,
    PlacesRow,
    PlaceTally,
    Tally,
    UnknownLimit,
    Usage,
    UsageBelowZero,
    UsageCounted,
    place_changes,
)
from tests.builders import NOON, agrees, replayed
from tests.usage_world import ANA, NESTED, PARTS, a_usage, in_part, plain, release, taken, told, use, using

TWO_TEAMS = {"team": {"w1": 2, "w2": 1}}


# Within each of another


def test_each_place_has_the_limit_for_itself() -> None:
    usage = using(NESTED, TWO_TEAMS)
    for place, room in (("w1", 0), ("w2", 1), ("w3", 2)):
        assert lib.room(usage, "team", limits=NESTED, within=place, now=NOON) == room
    verdict = agrees(lib.can_use, lib.use, usage, "team", limits=NESTED, within="w1", by=ANA, now=NOON)
    assert verdict.refusal == LimitExceeded(limit="team", within="w1", used=2, most=2, shortfall=1)
    assert taken(use(usage, NESTED, "team", within="w2").state, NESTED)["team"] == {"w1": 2, "w2": 2}


def test_naming_a_place_uses_nothing_of_what_it_is_one_of() -> None:
    usage = using(NESTED, {"team": {f"w{n}": 1 for n in range(9)}})
    assert taken(usage, NESTED)["workspaces"] == 0


def test_the_event_tells_what_is_used_in_the_place_and_in_all() -> None:
    usage = using(NESTED, TWO_TEAMS)
    decision = use(usage, NESTED, "team", within="w2")
    counted = decision.events[0]
    assert isinstance(counted, UsageCounted)
    assert (counted.within, counted.in_place, counted.tally) == ("w2", 2, Tally(used=4, since=NOON, per="workspaces"))
    assert place_changes(usage.places, counted) == {"w2": {"team": PlaceTally(used=2, turn=0)}}
    assert replayed(lib.apply, decision, usage) == decision.state
    assert told(decision) == [("team", 80), ("team", 100)]


def test_a_place_in_which_nothing_is_used_any_more_is_gone() -> None:
    usage = using(NESTED, {"team": {"w1": 1}})
    decision = lib.release(usage, "team", limits=NESTED, within="w1", by=ANA, now=NOON)
    assert place_changes(usage.places, decision.events[0]) == {"w1": None}
    assert decision.state.places == Places()
    assert lib.rows(decision.state, NESTED, NOON)["team"] == PlacesRow(most=2, by={})


def test_a_place_keeps_what_is_used_of_other_limits() -> None:
    limits = Limits({"w": Limit(9), "team": Limit(5, "w"), "bots": Limit(UNLIMITED, "w")})
    usage = using(limits, {"team": {"w1": 3}, "bots": {"w1": 2}})
    usage = release(usage, limits, "team", 3, within="w1")
    assert taken(usage, limits) == {"w": 0, "team": {}, "bots": {"w1": 2}}


def test_no_more_is_released_in_a_place_than_is_used_there() -> None:
    usage = using(NESTED, TWO_TEAMS)
    for place, used in (("w2", 1), ("w9", 0)):
        with pytest.raises(UsageBelowZero) as caught:
            release(usage, NESTED, "team", 2, within=place)
        assert caught.value == UsageBelowZero(limit="team", within=place, used=used, amount=2)


@pytest.mark.parametrize("place", ["", "a b", 7, True, "x" * 65], ids=str)
def test_a_place_is_an_id(place: Any) -> None:
    for command in (use, release):
        with pytest.raises(InvalidId, match="within"):
            command(using(NESTED, TWO_TEAMS), NESTED, "team", within=place)


# Part of another


def test_what_is_used_of_a_part_is_used_of_the_whole() -> None:
    usage = using(PARTS, {"teachers": 2, "guests": 1, "users": 1})
    assert taken(usage, PARTS) == {"users": 4, "teachers": 2, "guests": 1}
    assert lib.room(usage, "guests", limits=PARTS, now=NOON) == 1
    assert lib.room(usage, "users", limits=PARTS, now=NOON) == 1
    full = use(usage, PARTS, "guests").state
    for name in ("users", "teachers", "guests"):
        with pytest.raises(LimitExceeded) as caught:
            use(full, PARTS, name)
        assert caught.value == LimitExceeded(limit="users", within=None, used=5, most=5, shortfall=1)


def test_of_a_part_that_is_full_the_part_is_named() -> None:
    usage = using(PARTS, {"teachers": 3, "users": 2})
    with pytest.raises(LimitExceeded) as caught:
        use(usage, PARTS, "teachers")
    assert caught.value == LimitExceeded(limit="teachers", within=None, used=3, most=3, shortfall=1)


def test_thresholds_of_the_whole_are_reached_by_its_parts() -> None:
    usage = using(PARTS, {"teachers": 2, "guests": 1})
    assert told(use(usage, PARTS, "teachers")) == [("teachers", 80), ("teachers", 100), ("users", 80)]
    assert told(use(usage, PARTS, "guests", 2)) == [("users", 80), ("users", 100)]


def test_what_is_used_of_a_part_is_released_there() -> None:
    usage = using(PARTS, {"teachers": 2, "users": 1})
    with pytest.raises(UsageBelowZero) as caught:
        release(usage, PARTS, "users", 2)
    assert caught.value == UsageBelowZero(limit="users", within=None, used=1, amount=2)
    assert taken(release(usage, PARTS, "teachers", 2), PARTS) == {"users": 1, "teachers": 0, "guests": 0}


def test_a_part_counted_in_places_is_used_of_the_whole_in_all_of_them() -> None:
    limits = Limits({"w": Limit(9), "users": Limit(3), "team": Limit(2, "w", part_of="users")})
    usage = using(limits, {"team": {"w1": 1, "w2": 1}})
    assert taken(usage, limits)["users"] == 2
    assert lib.room(usage, "team", limits=limits, within="w3", now=NOON) == 1
    with pytest.raises(LimitExceeded) as caught:
        use(usage, limits, "team", 2, within="w3")
    assert (caught.value.limit, caught.value.within, caught.value.shortfall) == ("users", None, 1)


def test_parts_of_parts_are_used_of_all_that_they_are_part_of() -> None:
    limits = Limits({"all": Limit(9), "staff": Limit(5, part_of="all"), "seats": Limit(3, part_of="staff")})
    usage = using(limits, {"seats": 2, "staff": 1, "all": 1})
    assert taken(usage, limits) == {"all": 4, "staff": 3, "seats": 2}
    assert told(use(usage, limits, "seats")) == [("seats", 80), ("seats", 100), ("staff", 80)]


def test_an_unlimited_whole_does_not_stop_its_parts() -> None:
    limits = Limits({"all": Limit(UNLIMITED), "staff": Limit(UNLIMITED, part_of="all")})
    assert lib.room(a_usage(), "staff", limits=limits, now=NOON) is UNLIMITED
    assert told(use(a_usage(), limits, "staff", 500)) == []


# Places looked up in part


def test_a_command_needs_the_place_that_it_names_and_no_other() -> None:
    whole = using(NESTED, TWO_TEAMS)
    part = in_part(whole, "w2")
    assert use(part, NESTED, "team", within="w2").events == use(whole, NESTED, "team", within="w2").events
    assert lib.room(part, "team", limits=NESTED, within="w2", now=NOON) == 1
    assert use(part, NESTED, "workspaces").state.tallies["workspaces"].used == 1
    for command in (use, release):
        with pytest.raises(PlacesNotLoaded) as caught:
            command(part, NESTED, "team", within="w1")
        assert caught.value == PlacesNotLoaded(ids=("w1",))
        assert str(caught.value) == "what is used in 1 places was not loaded; load it, then decide"
    with pytest.raises(PlacesNotLoaded):
        lib.can_use(part, "team", limits=NESTED, within="w1", by=ANA, now=NOON)


def test_a_place_that_was_looked_up_in_vain_has_nothing_used() -> None:
    part = in_part(using(NESTED, TWO_TEAMS), "w9")
    assert use(part, NESTED, "team", within="w9").state.places["w9"] == {"team": PlaceTally(used=1, turn=0)}


def test_the_table_and_another_plan_need_all_places() -> None:
    part = in_part(using(NESTED, TWO_TEAMS), "w1")
    for ask in (
        lambda: lib.rows(part, NESTED, NOON),
        lambda: lib.preview_plan(part, NESTED, now=NOON),
        lambda: lib.change_plan(part, "big", limits=NESTED, by=ANA, now=NOON),
    ):
        with pytest.raises(InvalidArgument, match="all of its places"):
            ask()


@pytest.mark.parametrize(
    "entries",
    [
        {"w1": 3},
        {"w1": {"team": 3}},
        {"w1": {"": PlaceTally(used=1, turn=0)}},
        {"a b": {"team": PlaceTally(used=1, turn=0)}},
        [],
    ],
    ids=str,
)
def test_places_tell_what_is_used_in_each_by_limit(entries: Any) -> None:
    with pytest.raises(InvalidArgument):
        Places(entries)


def test_a_usage_has_places_of_its_own_kind_and_is_pickled_with_them() -> None:
    usage = using(NESTED, TWO_TEAMS)
    assert pickle.loads(pickle.dumps(usage)) == usage
    nothing: Any
    for nothing in ({}, None):
        with pytest.raises(InvalidArgument, match="places"):
            Usage(id="acme", zone="UTC", places=nothing)


def test_a_place_that_is_loaded_with_nothing_used_is_in_no_table() -> None:
    idle = Places({"w1": {"team": PlaceTally(used=0, turn=0)}})
    usage = Usage(id="acme", zone="UTC", tallies={"team": Tally(per="workspaces")}, places=idle)
    assert taken(usage, NESTED)["team"] == {}


# A plan that has the limit no more, or has it in another form


def test_a_dropped_limit_is_released_in_the_places_in_which_it_was_used() -> None:
    usage = using(NESTED, TWO_TEAMS)
    without = plain(9)
    assert lib.rows(usage, without, NOON)["team"] == PlacesRow(most=0, by={"w1": 2, "w2": 1})
    with pytest.raises(lib.PlaceRequired) as caught:
        release(usage, without, "team", 3)
    assert caught.value == lib.PlaceRequired(limit="team", per="workspaces")
    usage = release(release(usage, without, "team", 2, within="w1"), without, "team", within="w2")
    assert taken(usage, without) == {"users": 0}
    with pytest.raises(UnknownLimit):
        release(usage, without, "team", within="w1")


def test_a_dropped_limit_without_places_takes_none() -> None:
    with pytest.raises(InvalidArgument, match="within"):
        release(using(plain(3), {"users": 2}), NESTED, "users", within="w1")


FLAT = Limits({"workspaces": Limit(3), "team": Limit(4)})
"""The team counted in all, and no more in each workspace."""


def test_what_was_used_in_places_stays_used_of_a_limit_without() -> None:
    usage = using(NESTED, TWO_TEAMS)
    assert taken(usage, FLAT)["team"] == 3
    usage = release(usage, FLAT, "team", 3)
    assert taken(usage, FLAT)["team"] == 0
    assert taken(usage, NESTED)["team"] == {}
    with pytest.raises(UsageBelowZero):
        release(usage, NESTED, "team", within="w1")


def test_what_was_used_without_places_is_counted_anew_in_them() -> None:
    usage = using(FLAT, {"team": 3})
    assert taken(usage, NESTED)["team"] == {}
    usage = use(usage, NESTED, "team", within="w1").state
    assert taken(usage, NESTED)["team"] == {"w1": 1}
    assert usage.tallies["team"] == Tally(used=1, turn=1, since=NOON, per="workspaces")


def test_a_plan_that_is_edited_there_and_back_changes_nothing() -> None:
    usage = using(NESTED, TWO_TEAMS)
    assert taken(usage, FLAT)["team"] == 3
    assert taken(usage, NESTED)["team"] == TWO_TEAMS["team"]


def test_places_of_another_kind_are_other_places() -> None:
    elsewhere = Limits({"sites": Limit(3), "team": Limit(2, "sites")})
    usage = using(NESTED, TWO_TEAMS)
    usage = use(usage, elsewhere, "team", within="w1").state
    assert taken(usage, elsewhere)["team"] == {"w1": 1}


def test_two_places_together_stay_below_what_is_counted() -> None:
    limits = Limits({"rooms": Limit(9), "bytes": Limit(UNLIMITED, "rooms")})
    usage = lib.use(a_usage(), "bytes", MAX_MEASURE - 1, limits=limits, within="a", by=ANA, now=NOON).state
    usage = lib.use(usage, "bytes", 1, limits=limits, within="b", by=ANA, now=NOON).state
    with pytest.raises(InvalidQuantity):
        lib.use(usage, "bytes", 1, limits=limits, within="b", by=ANA, now=NOON)
