"""What the host knows to be so: counted anew, by its own view of what counts, and never refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from licensing_core import limits as lib
from licensing_core.checks import InvalidArgument, InvalidQuantity
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.limits import Limit, LimitExceeded, Limits, PlaceRequired, Tally, UnknownLimit, Usage, UsageEvent
from licensing_core.periods import Duration
from tests.builders import NAIVE, NOON, replayed
from tests.usage_world import ANA, NESTED, PARTS, a_usage, in_part, plain, taken, told, use, using


@frozen
class Member:
    name: str
    active: bool = True
    guest: bool = False


MEMBERS = [Member("ana"), Member("luis"), Member("mei", active=False), Member("noor", guest=True)]


def recount(
    usage: Usage,
    limits: Limits,
    units: Any,
    counts: Any = None,
    *,
    name: str = "users",
    within: str | None = None,
    now: datetime = NOON,
) -> Decision[Usage, UsageEvent]:
    return lib.recount(usage, name, units, counts=counts, limits=limits, within=within, by=ANA, now=now)


@pytest.mark.parametrize(
    ("counts", "used"),
    [
        (None, 4),
        (lambda one: one.active, 3),
        (lambda one: one.active and not one.guest, 2),
        (lambda _: False, 0),
    ],
)
def test_the_host_says_who_counts(counts: Any, used: int) -> None:
    usage = using(plain(9), {"users": 1})
    decision = recount(usage, plain(9), MEMBERS, counts)
    assert taken(decision.state, plain(9)) == {"users": used}
    assert decision.events[0].amount == used - 1  # type: ignore[union-attr]
    assert replayed(lib.apply, decision, usage) == decision.state


def test_what_was_counted_right_before_changes_nothing() -> None:
    usage = using(plain(9), {"users": 4})
    assert recount(usage, plain(9), MEMBERS) == Decision(usage)
    assert recount(a_usage(), plain(9), []) == Decision(a_usage())


@pytest.mark.parametrize(
    "units", [[1, 2], (1, 2), {1, 2}, {1: 0, 2: 0}, range(2), {1: 0, 2: 0}.keys()], ids=lambda one: type(one).__name__
)
def test_units_are_any_collection(units: Any) -> None:
    assert taken(recount(a_usage(), plain(9), units).state, plain(9)) == {"users": 2}


def test_more_than_the_plan_lets_be_used_is_not_refused_but_flagged_and_stops_further_use() -> None:
    decision = recount(using(plain(2), {"users": 2}), plain(2), MEMBERS)
    assert decision.events[0].over == 2  # type: ignore[union-attr]
    with pytest.raises(LimitExceeded) as caught:
        use(decision.state, plain(2))
    assert caught.value.shortfall == 3


def test_what_is_counted_anew_reaches_thresholds_as_what_is_used() -> None:
    usage = using(PARTS, {"guests": 2})
    decision = recount(usage, PARTS, range(3), name="teachers")
    assert told(decision) == [("teachers", 80), ("teachers", 100), ("users", 80), ("users", 100)]
    assert told(recount(decision.state, PARTS, range(1), name="teachers")) == []


def test_of_a_whole_only_what_is_used_of_no_part_is_counted() -> None:
    usage = recount(using(PARTS, {"teachers": 2}), PARTS, range(3)).state
    assert taken(usage, PARTS) == {"users": 5, "teachers": 2, "guests": 0}


@pytest.mark.parametrize("number", [0, 3, 4])
@pytest.mark.parametrize("resets", [None, Duration(months=1)], ids=str)
def test_a_count_that_a_wrong_clock_began_later_than_now_begins_now(number: int, resets: Duration | None) -> None:
    limits = plain(9, resets=resets)
    usage = recount(a_usage("UTC"), limits, range(3), now=NOON.replace(year=9998)).state
    decision = recount(usage, limits, range(number))
    until = None if resets is None else datetime(2026, 6, 1, tzinfo=UTC)
    assert decision.state.tallies["users"] == Tally(used=number, since=NOON, until=until)
    assert decision.events[0].amount == number - 3  # type: ignore[union-attr]
    assert decision.state == replayed(lib.apply, decision, usage)
    assert recount(decision.state, limits, range(number)) == Decision(decision.state)


def test_a_count_that_began_this_instant_is_not_begun_anew() -> None:
    usage = using(plain(9), {"users": 4})
    assert recount(usage, plain(9), MEMBERS) == Decision(usage)
    assert recount(usage, plain(9), MEMBERS, now=NOON - timedelta(seconds=1)).state.tallies["users"] == Tally(
        used=4, since=NOON - timedelta(seconds=1)
    )


def test_what_is_used_in_other_places_stays_used_when_the_count_begins_now() -> None:
    usage = using(NESTED, {"team": {"w1": 2, "w2": 1}}, now=NOON + timedelta(days=900))
    after = recount(usage, NESTED, ["ana"], name="team", within="w1").state
    assert taken(after, NESTED)["team"] == {"w1": 1, "w2": 1}
    assert after.tallies["team"] == Tally(used=2, since=NOON, per="workspaces")


def test_each_place_is_counted_for_itself() -> None:
    usage = using(NESTED, {"team": {"w1": 2, "w2": 1}})
    part = in_part(usage, "w1")
    for known in (usage, part):
        after = recount(known, NESTED, ["ana"], name="team", within="w1").state
        assert after.in_place("team", "w1", 0) == 1
        assert after.tallies["team"].used == 2
    with pytest.raises(lib.PlacesNotLoaded):
        recount(part, NESTED, ["ana"], name="team", within="w2")
    with pytest.raises(PlaceRequired):
        recount(usage, NESTED, ["ana"], name="team")


def test_a_limit_that_the_plan_has_no_more_is_not_counted() -> None:
    with pytest.raises(UnknownLimit):
        recount(using(plain(2), {"users": 2}), NESTED, MEMBERS)


@pytest.mark.parametrize("units", ["ab", b"ab", None, 7, iter([1, 2])], ids=lambda one: type(one).__name__)
def test_units_are_no_text_whose_letters_are_counted_and_no_stream(units: Any) -> None:
    with pytest.raises(InvalidArgument, match="units"):
        recount(a_usage(), plain(9), units)


@pytest.mark.parametrize("answer", [1, 0, None, "yes", 1.0], ids=repr)
def test_whether_one_counts_is_true_or_false(answer: Any) -> None:
    with pytest.raises(InvalidArgument, match="counts"):
        recount(a_usage(), plain(9), MEMBERS, lambda _: answer)


@pytest.mark.parametrize("counts", [True, 7, "active"], ids=repr)
def test_what_says_who_counts_is_a_function(counts: Any) -> None:
    with pytest.raises(InvalidArgument, match="counts"):
        recount(a_usage(), plain(9), MEMBERS, counts)


@pytest.mark.parametrize(("by", "now"), [(None, NOON), (Actor("ana"), NAIVE)])
def test_who_counts_and_when_is_checked(by: Any, now: Any) -> None:
    with pytest.raises(InvalidArgument):
        lib.recount(a_usage(), "users", [], limits=plain(1), by=by, now=now)


def test_ten_thousand_are_counted() -> None:
    limits = Limits({"users": Limit(9_999)})
    decision = recount(a_usage(), limits, range(10_000))
    assert decision.events[0].over == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("length", [2**53, 2**63, 10**30])
def test_more_than_can_be_counted_is_refused(length: int) -> None:
    with pytest.raises(InvalidQuantity, match="units"):
        recount(a_usage(), plain(9), range(length))
