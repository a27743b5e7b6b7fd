"""Limits by name, their ceiling, and no limit at all."""

import pickle
from fractions import Fraction
from typing import Any

import pytest

from licensing_core.checks import MAX_COUNT, InvalidArgument, TooManyItems
from licensing_core.limits import MOST_LIMITS, UNLIMITED, InvalidLimits, Limit, Limits, Overage, Unlimited
from licensing_core.periods import Duration


@pytest.mark.parametrize(
    ("limit", "ceiling"),
    [
        (Limit(10), 10),
        (Limit(0), 0),
        (Limit(10, overage=Overage.BLOCK), 10),
        (Limit(10, overage=Overage.ALLOW), UNLIMITED),
        (Limit(UNLIMITED), UNLIMITED),
        (Limit(UNLIMITED, overage=Fraction(5, 4)), UNLIMITED),
        (Limit(10, overage=Fraction(5, 4)), 12),
        (Limit(3, overage=Fraction(4, 3)), 4),
        (Limit(10, overage=1), 10),  # type: ignore[arg-type]
        (Limit(MAX_COUNT, overage=Fraction(1000)), 1000 * MAX_COUNT),
    ],
)
def test_the_ceiling_is_the_limit_with_its_overage_cut_down_to_a_whole_number(
    limit: Limit, ceiling: int | Unlimited
) -> None:
    assert limit.ceiling == ceiling


@pytest.mark.parametrize("most", [-1, True, None, 1.0, "unlimited", float("inf"), 2**53])
def test_unlimited_is_a_value_of_its_own_and_never_a_number(most: Any) -> None:
    with pytest.raises(InvalidArgument):
        Limit(most)


@pytest.mark.parametrize(
    "overage", ["block", "allow", 0, Fraction(99, 100), Fraction(1000001, 1000), 1001, 1.25, True, None, -1]
)
def test_an_overage_blocks_allows_or_is_a_ratio_from_1_to_1000(overage: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Limit(10, overage=overage)
    assert caught.value.parameter == "overage"


def test_a_limit_may_count_within_another() -> None:
    assert Limit(5, "workspaces").per == "workspaces"
    assert Limit(5) != Limit(5, "workspaces")
    with pytest.raises(InvalidArgument):
        Limit(5, "")


# What is left, over, too much, and reached


@pytest.mark.parametrize(
    ("limit", "used", "left", "over", "excess"),
    [
        (Limit(10), 9, 1, 0, 0),
        (Limit(10), 10, 0, 0, 0),
        (Limit(10), 12, 0, 2, 2),
        (Limit(0), 0, 0, 0, 0),
        (Limit(0), 1, 0, 1, 1),
        (Limit(10, overage=Overage.ALLOW), 12, 0, 2, 0),
        (Limit(10, overage=Fraction(5, 4)), 13, 0, 3, 1),
        (Limit(UNLIMITED), 12, UNLIMITED, 0, 0),
    ],
)
def test_left_and_over_leave_the_overage_out_and_excess_counts_it_in(
    limit: Limit, used: int, left: int | Unlimited, over: int, excess: int
) -> None:
    assert (limit.left(used), limit.over(used), limit.excess(used)) == (left, over, excess)


@pytest.mark.parametrize(
    ("limit", "before", "after", "reached"),
    [
        (Limit(10), 0, 7, ()),
        (Limit(10), 7, 8, (80,)),
        (Limit(10), 8, 9, ()),
        (Limit(10), 9, 10, (100,)),
        (Limit(10), 0, 10, (80, 100)),
        (Limit(10), 10, 7, ()),
        (Limit(1), 0, 1, (80, 100)),
        (Limit(0), 0, 0, ()),
        (Limit(0), 0, 1, (80, 100)),
        (Limit(0), 1, 2, ()),
        (Limit(UNLIMITED), 0, MAX_COUNT, ()),
        (Limit(3, thresholds=()), 0, 3, ()),
        (Limit(3, thresholds=(1, 33, 34, 150)), 0, 1, (1, 33)),
        (Limit(3, thresholds=(1, 33, 34, 150)), 1, 5, (34, 150)),
        (Limit(3, thresholds=(150,)), 1, 4, ()),
    ],
)
def test_a_threshold_is_reached_by_what_first_comes_up_to_it(
    limit: Limit, before: int, after: int, reached: tuple[int, ...]
) -> None:
    assert limit.reached(before, after) == reached


@pytest.mark.parametrize("thresholds", [(100, 80), (80, 80), (0,), (1001,), (True,), (80.0,), [80], "80", None])
def test_thresholds_are_percentages_that_rise(thresholds: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Limit(10, thresholds=thresholds)
    assert caught.value.parameter == "thresholds"


# The limits of a plan together

MONTH, DAY = Duration(months=1), Duration(days=1)


@pytest.mark.parametrize(
    "by_name",
    [
        {"a": Limit(1, "b")},
        {"a": Limit(1, part_of="b")},
        {"a": Limit(1, "a")},
        {"a": Limit(1, part_of="a")},
        {"a": Limit(1, "b"), "b": Limit(1, "a")},
        {"a": Limit(1, part_of="b"), "b": Limit(1, part_of="c"), "c": Limit(1, part_of="b")},
        {"a": Limit(1, part_of="b"), "b": Limit(1, "c"), "c": Limit(1)},
        {"a": Limit(1, part_of="b", resets=MONTH), "b": Limit(1)},
        {"a": Limit(1, part_of="b"), "b": Limit(1, resets=MONTH)},
        {"a": Limit(1, part_of="b", resets=DAY), "b": Limit(1, resets=MONTH)},
    ],
    ids=[
        "per one that is not there",
        "part of one that is not there",
        "per itself",
        "part of itself",
        "per one another",
        "parts in a circle",
        "part of one with a per",
        "a part resets alone",
        "the whole resets alone",
        "they reset apart",
    ],
)
def test_limits_that_do_not_go_together_are_refused(by_name: dict[str, Limit]) -> None:
    with pytest.raises(InvalidLimits) as caught:
        Limits(by_name)
    assert caught.value.parameter == "by_name"


@pytest.mark.parametrize("step", ["per", "part_of"])
def test_limits_are_nested_eight_deep_at_most(step: str) -> None:
    def chain(length: int) -> dict[str, Limit]:
        more = {f"l{n}": Limit(1, **{step: f"l{n - 1}"}) for n in range(1, length)}  # type: ignore[arg-type]
        return {"l0": Limit(1), **more}

    assert len(Limits(chain(8))) == 8
    with pytest.raises(InvalidLimits):
        Limits(chain(9))


@pytest.mark.parametrize("by_name", [None, [], "a", {"a b": Limit(1)}, {"a": 1}, {1: Limit(1)}], ids=repr)
def test_limits_are_a_mapping_of_limits_by_id(by_name: Any) -> None:
    with pytest.raises(InvalidArgument):
        Limits(by_name)


def test_a_plan_has_200_limits_at_most() -> None:
    most = {f"l{n}": Limit(1) for n in range(MOST_LIMITS)}
    assert len(Limits(most)) == 200
    with pytest.raises(TooManyItems):
        Limits({**most, "more": Limit(1)})


def test_a_plan_knows_its_limits_their_parts_and_what_they_are_part_of() -> None:
    limits = Limits({"all": Limit(9), "staff": Limit(5, part_of="all"), "seats": Limit(2, "all", part_of="staff")})
    assert list(limits) == ["all", "staff", "seats"]
    assert limits.get("staff") == Limit(5, part_of="all")
    assert limits.get("robots") is None
    assert limits.line("seats") == ("seats", "staff", "all")
    assert limits.line("all") == ("all",)
    assert limits.parts_of("all") == ("staff",)
    assert limits.parts_of("seats") == ()


def test_limits_are_equal_hashable_and_pickled_by_what_they_say() -> None:
    limits = Limits({"all": Limit(9), "staff": Limit(5, part_of="all")})
    again = pickle.loads(pickle.dumps(limits))
    assert again == limits
    assert hash(again) == hash(limits)
    assert again.parts_of("all") == ("staff",)
    assert limits != Limits({"all": Limit(9)})
