"""Using and releasing what a plan limits: how far it goes, what stands in the way, and what is told."""

from fractions import Fraction
from typing import Any

import pytest

from licensing_core import limits as lib
from licensing_core.checks import MAX_MEASURE, InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.decisions import Decision
from licensing_core.limits import (
    UNLIMITED,
    Limit,
    LimitExceeded,
    LimitOverridden,
    Limits,
    Overage,
    PlaceRequired,
    Tally,
    ThresholdReached,
    UnknownLimit,
    Unlimited,
    Usage,
    UsageBelowZero,
    UsageCounted,
    UsageOpened,
    UsageRow,
)
from tests.builders import NAIVE, NOON, agrees, replayed
from tests.usage_world import ANA, NESTED, a_usage, plain, release, taken, told, use, using


def test_opening_a_usage_counts_from_nothing() -> None:
    decision = lib.open_usage("acme", plan="small", zone="Europe/Madrid", by=ANA, now=NOON)
    event = UsageOpened(usage="acme", plan="small", zone="Europe/Madrid", anchor=None, by="ana", at=NOON)
    assert decision == Decision(Usage(id="acme", plan="small", zone="Europe/Madrid"), (event,))
    assert lib.opened(event) == decision.state
    assert taken(decision.state, plain(3)) == {"users": 0}


def test_a_customer_may_have_no_plan_yet() -> None:
    assert a_usage(plan=None).plan is None


def test_using_counts_and_tells_so() -> None:
    before = using(plain(10), {"users": 3})
    decision = use(before, plain(10), amount=2)
    assert decision.events == (
        UsageCounted(
            usage="acme",
            limit="users",
            within=None,
            amount=2,
            tally=Tally(used=5, since=NOON),
            in_place=None,
            over=0,
            by="ana",
            at=NOON,
        ),
    )
    assert taken(decision.state, plain(10)) == {"users": 5}
    assert replayed(lib.apply, decision, before) == decision.state


def test_releasing_gives_back_and_tells_so() -> None:
    before = using(plain(10), {"users": 3})
    decision = lib.release(before, "users", 2, limits=plain(10), by=ANA, now=NOON)
    (event,) = decision.events
    assert (event.amount, event.tally.used, event.over) == (-2, 1, 0)
    assert replayed(lib.apply, decision, before) == decision.state == using(plain(10), {"users": 1})


@pytest.mark.parametrize(
    ("limit", "used", "amount", "shortfall"),
    [
        (Limit(10), 9, 1, 0),
        (Limit(10), 9, 2, 1),
        (Limit(10), 10, 1, 1),
        (Limit(10), 0, 10, 0),
        (Limit(10), 0, 1_000_000, 999_990),
        (Limit(10), 14, 1, 5),
        (Limit(0), 0, 1, 1),
        (Limit(10, overage=Fraction(5, 4)), 10, 2, 0),
        (Limit(10, overage=Fraction(5, 4)), 10, 3, 1),
        (Limit(3, overage=Fraction(5, 4)), 3, 1, 1),
        (Limit(10, overage=Overage.ALLOW), 10, 1_000_000, 0),
        (Limit(0, overage=Overage.ALLOW), 0, 1, 0),
        (Limit(UNLIMITED), 10, 1_000_000, 0),
        (Limit(UNLIMITED, overage=Fraction(5, 4)), 10, 1_000_000, 0),
    ],
)
def test_reaching_the_ceiling_is_allowed_and_passing_it_is_not(
    limit: Limit, used: int, amount: int, shortfall: int
) -> None:
    limits = Limits({"users": limit})
    usage = using(limits, {"users": used})
    arguments: dict[str, Any] = {"limits": limits, "by": ANA, "now": NOON}
    verdict = agrees(lib.can_use, lib.use, usage, "users", amount, **arguments)
    if not shortfall:
        assert verdict.rule == "ALU-2"
        assert taken(use(usage, limits, amount=amount).state, limits) == {"users": used + amount}
        return
    assert isinstance(limit.most, int)
    assert verdict.refusal == LimitExceeded(limit="users", within=None, used=used, most=limit.most, shortfall=shortfall)


def test_a_refusal_says_what_to_do() -> None:
    text = str(LimitExceeded(limit="users", within=None, used=9, most=10, shortfall=1))
    assert text == "limit 'users': 9 of 10 used, 1 short; release some, or change to a larger plan"
    assert "robots" in str(UnknownLimit(limit="robots"))
    assert "'workspaces'" in str(PlaceRequired(limit="team", per="workspaces"))
    assert "4 cannot be released" in str(UsageBelowZero(limit="users", within=None, used=3, amount=4))


def test_one_by_one_is_as_good_as_all_at_once() -> None:
    one_by_one = a_usage()
    for _ in range(4):
        one_by_one = use(one_by_one, plain(4)).state
    assert one_by_one == use(a_usage(), plain(4), amount=4).state


def test_no_more_is_released_than_is_used() -> None:
    usage = using(plain(10), {"users": 3})
    verdict = agrees(lib.can_release, lib.release, usage, "users", 4, limits=plain(10), by=ANA, now=NOON)
    assert verdict.refusal == UsageBelowZero(limit="users", within=None, used=3, amount=4)
    assert agrees(lib.can_release, lib.release, usage, "users", 3, limits=plain(10), by=ANA, now=NOON)
    assert taken(release(usage, plain(10), amount=3), plain(10)) == {"users": 0}


def test_what_is_too_much_may_be_released_but_not_used() -> None:
    limits, usage = plain(2), using(plain(2), {"users": 5})
    for used, short in ((5, 4), (4, 3), (3, 2), (2, 1)):
        assert use_refusal(usage, limits) == LimitExceeded(
            limit="users", within=None, used=used, most=2, shortfall=short
        )
        usage = release(usage, limits)
    assert taken(use(usage, limits).state, limits) == {"users": 2}


def use_refusal(usage: Usage, limits: Limits, name: str = "users", amount: int = 1) -> Any:
    return lib.can_use(usage, name, amount, limits=limits, by=ANA, now=NOON).refusal


def test_what_was_used_may_be_released_though_the_plan_has_the_limit_no_more() -> None:
    usage = using(plain(5), {"users": 2})
    assert use_refusal(usage, NESTED) == UnknownLimit(limit="users")
    decision = lib.release(usage, "users", 2, limits=NESTED, by=ANA, now=NOON)
    assert decision.events[0].over == 0
    for done in (decision.state, a_usage()):
        with pytest.raises(UnknownLimit):
            release(done, NESTED)


# Overage is flagged


@pytest.mark.parametrize(("amount", "over"), [(1, 0), (2, 0), (3, 1), (5, 3)])
def test_events_and_rows_tell_how_much_lies_beyond_the_limit(amount: int, over: int) -> None:
    limits = plain(2, overage=Overage.ALLOW)
    decision = use(a_usage(), limits, amount=amount)
    assert isinstance(decision.events[0], UsageCounted)
    assert decision.events[0].over == over
    assert lib.rows(decision.state, limits, NOON)["users"] == UsageRow(
        used=amount, most=2, left=max(0, 2 - amount), over=over
    )


def test_of_what_is_unlimited_no_row_says_a_number() -> None:
    usage = using(plain(UNLIMITED), {"users": 7})
    row = UsageRow(used=7, most=UNLIMITED, left=UNLIMITED, over=0)
    assert lib.rows(usage, plain(UNLIMITED), NOON) == {"users": row}


# Thresholds


@pytest.mark.parametrize(
    ("limit", "amounts", "expected"),
    [
        (Limit(10), (7, 1, 1, 1), [[], [80], [], [100]]),
        (Limit(10), (10,), [[80, 100]]),
        (Limit(10, overage=Overage.ALLOW, thresholds=(50, 100, 150)), (5, 5, 4, 1, 9), [[50], [100], [], [150], []]),
        (Limit(0, overage=Overage.ALLOW), (1, 1), [[80, 100], []]),
        (Limit(10, thresholds=()), (10,), [[]]),
        (Limit(UNLIMITED), (1_000_000,), [[]]),
    ],
)
def test_each_threshold_is_told_once_by_what_reaches_it(
    limit: Limit, amounts: tuple[int, ...], expected: list[list[int]]
) -> None:
    limits, usage = Limits({"users": limit}), a_usage()
    for amount, percents in zip(amounts, expected, strict=True):
        decision = use(usage, limits, amount=amount)
        assert told(decision) == [("users", percent) for percent in percents]
        usage = decision.state


def test_a_threshold_says_what_is_used_of_how_much() -> None:
    _counted, reached = use(using(plain(10), {"users": 7}), plain(10)).events
    assert reached == ThresholdReached(
        usage="acme", limit="users", within=None, percent=80, used=8, most=10, by="ana", at=NOON
    )


def test_what_was_released_may_reach_a_threshold_again() -> None:
    usage = release(using(plain(10), {"users": 8}), plain(10))
    assert told(use(usage, plain(10))) == [("users", 80)]


def test_a_threshold_changes_nothing() -> None:
    usage = using(plain(10), {"users": 7})
    counted, reached = use(usage, plain(10)).events
    after = lib.apply(usage, counted)
    assert lib.apply(after, reached) == after


# Room


@pytest.mark.parametrize(
    ("limit", "used", "room"),
    [
        (Limit(10), 0, 10),
        (Limit(10), 10, 0),
        (Limit(10), 13, 0),
        (Limit(10, overage=Fraction(5, 4)), 10, 2),
        (Limit(10, overage=Overage.ALLOW), 12, UNLIMITED),
        (Limit(UNLIMITED), 12, UNLIMITED),
    ],
)
def test_room_is_what_may_still_be_used_overage_included(limit: Limit, used: int, room: int | Unlimited) -> None:
    limits = Limits({"users": limit})
    assert lib.room(using(limits, {"users": used}), "users", limits=limits, now=NOON) == room


def test_room_is_refused_as_use_is() -> None:
    with pytest.raises(UnknownLimit):
        lib.room(a_usage(), "robots", limits=plain(1), now=NOON)
    with pytest.raises(PlaceRequired):
        lib.room(a_usage(), "team", limits=NESTED, now=NOON)
    with pytest.raises(InvalidInstant):
        lib.room(a_usage(), "users", limits=plain(1), now=NAIVE)


# Overrides


def overridden(usage: Usage, most: int | Unlimited | None, name: str = "users") -> Decision[Usage, LimitOverridden]:
    return lib.override(usage, name, most, by=ANA, now=NOON)


def test_an_override_holds_instead_of_what_the_plan_says() -> None:
    usage = overridden(using(plain(2), {"users": 2}), 3).state
    assert lib.room(usage, "users", limits=plain(2), now=NOON) == 1
    assert lib.rows(usage, plain(2), NOON)["users"] == UsageRow(used=2, most=3, left=1, over=0)
    assert told(use(usage, plain(2))) == [("users", 80), ("users", 100)]
    assert lib.room(usage, "users", limits=plain(9), now=NOON) == 1
    assert lib.room(usage, "users", limits=plain(2, overage=Fraction(2)), now=NOON) == 4


@pytest.mark.parametrize("most", [0, 7, MAX_MEASURE, UNLIMITED])
def test_an_override_is_told_once_and_taken_back_with_none(most: int | Unlimited) -> None:
    usage = using(plain(2), {"users": 2})
    decision = overridden(usage, most)
    assert decision.events == (LimitOverridden(usage="acme", limit="users", most=most, by="ana", at=NOON),)
    assert replayed(lib.apply, decision, usage) == decision.state
    assert overridden(decision.state, most) == Decision(decision.state)
    back = overridden(decision.state, None)
    assert back.state == usage
    assert overridden(usage, None) == Decision(usage)


def test_a_lower_override_takes_nothing_away_and_stops_further_use() -> None:
    usage = overridden(using(plain(5), {"users": 4}), 1).state
    assert taken(usage, plain(5)) == {"users": 4}
    assert use_refusal(usage, plain(5)) == LimitExceeded(limit="users", within=None, used=4, most=1, shortfall=4)


def test_an_override_of_a_limit_that_no_plan_has_lets_nothing_be_used() -> None:
    assert use_refusal(overridden(a_usage(), UNLIMITED, "robots").state, plain(1), "robots") == UnknownLimit(
        limit="robots"
    )


@pytest.mark.parametrize("most", [-1, True, 1.5, "unlimited", 2**53], ids=repr)
def test_an_override_is_a_count_or_unlimited(most: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        overridden(a_usage(), most)
    assert caught.value.parameter == "most"


# Order of refusals, and bounds


@pytest.mark.parametrize("amount", [0, -1, True, 1.0, "1", None, 2**53], ids=repr)
def test_an_amount_is_refused_before_all_else(amount: Any) -> None:
    for command in (lib.use, lib.release, lib.can_use, lib.can_release):
        with pytest.raises(InvalidQuantity, match="amount"):
            command(a_usage(), "robots", amount, limits=plain(0), by=ANA, now=NOON)


def test_refusals_come_in_the_order_unknown_then_place_then_limit() -> None:
    full = Limits({"workspaces": Limit(1), "team": Limit(0, "workspaces")})
    assert use_refusal(a_usage(), full, "robots") == UnknownLimit(limit="robots")
    assert use_refusal(a_usage(), full, "team") == PlaceRequired(limit="team", per="workspaces")
    with pytest.raises(LimitExceeded):
        use(a_usage(), full, "team", within="w1")


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"limit": 7}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": ["users"]}, "limit"),
        ({"limits": {"users": Limit(1)}}, "limits"),
        ({"limits": None}, "limits"),
        ({"within": "w1"}, "within"),
        ({"usage": None}, "usage"),
        ({"now": NAIVE}, "now"),
        ({"now": NOON.date()}, "now"),
    ],
    ids=str,
)
def test_bad_arguments_are_named(change: dict[str, Any], parameter: str) -> None:
    given: dict[str, Any] = {"usage": using(plain(3), {"users": 1}), "limit": "users", "limits": plain(3), "now": NOON}
    given |= change
    for command in (lib.use, lib.release, lib.can_use, lib.can_release):
        with pytest.raises(InvalidArgument) as caught:
            command(**given, by=ANA)
        assert caught.value.parameter == parameter
    with pytest.raises(InvalidArgument) as caught:
        lib.room(**given)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize("by", [None, "ana"])
def test_somebody_acts(by: Any) -> None:
    with pytest.raises(InvalidArgument):
        lib.use(a_usage(), "users", limits=plain(1), by=by, now=NOON)


def test_no_counter_passes_the_highest_count() -> None:
    brimful = Usage(id="acme", zone="UTC", tallies={"users": Tally(used=MAX_MEASURE - 1)})
    for limits in (plain(UNLIMITED), plain(MAX_MEASURE, overage=Fraction(1000))):
        assert taken(use(brimful, limits).state, limits) == {"users": MAX_MEASURE}
        with pytest.raises(InvalidQuantity, match="amount"):
            use(brimful, limits, amount=2)
    with pytest.raises(LimitExceeded):
        use(brimful, plain(MAX_MEASURE), amount=2)


def test_a_whole_does_not_pass_the_highest_count_either() -> None:
    limits = Limits({"all": Limit(UNLIMITED), "a": Limit(UNLIMITED, part_of="all"), "b": Limit(1, part_of="all")})
    brimful = Usage(id="acme", zone="UTC", tallies={"a": Tally(used=MAX_MEASURE)})
    for name in ("all", "b"):
        with pytest.raises(InvalidQuantity, match="amount"):
            use(brimful, limits, name)
        with pytest.raises(InvalidQuantity, match="units"):
            lib.recount(brimful, name, ["x"], limits=limits, by=ANA, now=NOON)
