"""One row of the table of usage, and the panel that the main administrator of a customer sees."""

from typing import Any

import pytest

from licensing_core import limits as lib
from licensing_core.checks import InvalidArgument
from licensing_core.directory import Actor, Permission, PermissionMissing, Role
from licensing_core.limits import (
    UNLIMITED,
    Panel,
    PlaceRequired,
    PlacesNotLoaded,
    UnknownLimit,
    UsageRow,
)
from tests.builders import NAIVE, NOON, ROOT
from tests.usage_world import ANA, NESTED, PARTS, a_usage, in_part, plain, using

TWO_TEAMS = {"team": {"w1": 3, "w2": 1}}


@pytest.mark.parametrize("used", [0, 4, 7])
def test_one_row_is_that_of_the_table(used: int) -> None:
    for most in (5, UNLIMITED):
        usage = using(plain(most), {"users": used})
        row = lib.row(usage, "users", limits=plain(most), now=NOON)
        assert row == lib.rows(usage, plain(most), NOON)["users"]


def test_a_row_of_a_whole_counts_its_parts_in() -> None:
    usage = using(PARTS, {"teachers": 2, "users": 1})
    assert lib.row(usage, "users", limits=PARTS, now=NOON) == UsageRow(used=3, most=5, left=2, over=0)


def test_a_row_may_be_of_one_place_and_needs_no_other() -> None:
    usage = in_part(using(NESTED, TWO_TEAMS), "w1", "w9")
    for place, row in (
        ("w1", UsageRow(used=3, most=2, left=0, over=1)),
        ("w9", UsageRow(used=0, most=2, left=2, over=0)),
    ):
        assert lib.row(usage, "team", limits=NESTED, within=place, now=NOON) == row
    with pytest.raises(PlacesNotLoaded):
        lib.row(usage, "team", limits=NESTED, within="w2", now=NOON)
    with pytest.raises(PlaceRequired):
        lib.row(usage, "team", limits=NESTED, now=NOON)


def test_a_row_tells_of_a_dropped_limit_as_long_as_something_is_used() -> None:
    usage = using(plain(5), {"users": 4})
    assert lib.row(usage, "users", limits=NESTED, now=NOON) == UsageRow(used=4, most=0, left=0, over=4)
    nested = lib.row(using(NESTED, TWO_TEAMS), "team", limits=plain(5), within="w1", now=NOON)
    assert nested == UsageRow(used=3, most=0, left=0, over=3)
    with pytest.raises(UnknownLimit):
        lib.row(a_usage(), "users", limits=NESTED, now=NOON)


def test_a_row_checks_what_it_is_given() -> None:
    changes: list[dict[str, Any]] = [{"usage": None}, {"limit": ""}, {"limits": {}}, {"now": NAIVE}]
    for change in changes:
        given: dict[str, Any] = {"usage": a_usage(), "limit": "users", "limits": plain(1), "now": NOON, **change}
        with pytest.raises(InvalidArgument) as caught:
            lib.row(**given)
        assert caught.value.parameter in change


@pytest.mark.parametrize(
    ("change", "parameter"), [({"usage": None}, "usage"), ({"limits": None}, "limits"), ({"now": None}, "now")], ids=str
)
def test_each_view_of_a_usage_names_the_argument_that_is_none(change: dict[str, Any], parameter: str) -> None:
    given: dict[str, Any] = {"usage": a_usage(), "limits": plain(1), "now": NOON, **change}
    nothing: Any = given.pop("usage")
    for ask in (
        lambda: lib.panel(nothing, administrator="ana", by=ANA, **given),
        lambda: lib.rows(nothing, **given),
        lambda: lib.row(nothing, "users", **given),
        lambda: lib.room(nothing, "users", **given),
        lambda: lib.preview_plan(nothing, **given),
    ):
        with pytest.raises(InvalidArgument) as caught:
            ask()
        assert caught.value.parameter == parameter


def test_the_panel_is_for_the_main_administrator() -> None:
    usage = using(plain(5), {"users": 4})
    found = lib.panel(usage, plain(5), administrator="ana", by=ANA, now=NOON)
    assert found == Panel(plan="small", rows={"users": UsageRow(used=4, most=5, left=1, over=0)})


@pytest.mark.parametrize("by", [Actor("luis"), ROOT, Actor("pu", Role.POWER_USER)], ids=lambda one: str(one.id))
@pytest.mark.parametrize("administrator", ["ana", None])
def test_nobody_else_sees_the_panel(by: Actor, administrator: str | None) -> None:
    with pytest.raises(PermissionMissing) as caught:
        lib.panel(a_usage(), plain(5), administrator=administrator, by=by, now=NOON)
    assert caught.value == PermissionMissing(permission=Permission.PANEL_VIEW)


def test_the_panel_needs_all_places() -> None:
    with pytest.raises(InvalidArgument, match="all of its places"):
        lib.panel(in_part(using(NESTED, TWO_TEAMS), "w1"), NESTED, administrator="ana", by=ANA, now=NOON)
