"""Limits by name, their ceiling, and no limit at all."""

from fractions import Fraction
from typing import Any

import pytest

from licensing_core.checks import MAX_COUNT, InvalidArgument
from licensing_core.limits import UNLIMITED, Limit, Overage, Unlimited


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


@pytest.mark.parametrize("most", [-1, True, None, 1.0, "unlimited", float("inf"), 2**31])
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
