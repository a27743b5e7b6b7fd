"""Pools made larger and smaller: what a cut takes is previewed in a named order, and taken as it was previewed."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from attrs import evolve

from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.holdings import Holdings, HoldingsNotLoaded
from licensing_core.pools import (
    SHRINK_ORDER,
    PoolInUse,
    PoolResized,
    PreviewOutdated,
    Shrinking,
    ShrinkStage,
    apply,
    preview_shrink,
    resize,
)
from tests.builders import NAIVE, NOON, ROOT, a_pool, replayed, seats

AWAITING, IDLE, LAST = SHRINK_ORDER
DAY = timedelta(days=1)

# Resizing


@pytest.mark.parametrize(("bought", "consumed", "to"), [(2, 2, 3), (3, 2, 2), (1, 3, 2), (2, 0, 0), (0, 0, MAX_COUNT)])
def test_a_pool_grows_and_gives_up_what_is_free(bought: int, consumed: int, to: int) -> None:
    pool = a_pool(bought=bought, holders=[f"u{number}" for number in range(consumed)])
    decision = resize(pool, to, by=Actor("root"), now=NOON)
    assert decision == Decision(evolve(pool, bought=to), (PoolResized(pool="p1", bought=to, by="root", at=NOON),))
    assert replayed(apply, decision, pool) == decision.state


def test_a_pool_of_the_same_size_is_left_alone() -> None:
    assert resize(a_pool(bought=2), 2, by=Actor("root"), now=NOON) == Decision(a_pool(bought=2))


def test_an_overrun_pool_stays_overrun_at_its_own_size_and_grows_below_what_is_consumed() -> None:
    pool = a_pool(bought=1, holders={"ana", "luis", "mei"})
    assert resize(pool, 1, by=ROOT, now=NOON) == Decision(pool)
    assert resize(pool, 2, by=ROOT, now=NOON).state.overrun == 1
    assert preview_shrink(pool, 0).users == ("mei", "luis", "ana")


def test_what_is_consumed_cannot_be_cut() -> None:
    with pytest.raises(PoolInUse, match="release some first") as caught:
        resize(a_pool(bought=3, holders={"ana"}, awaiting={"mei"}), 1, by=Actor("root"), now=NOON)
    assert caught.value == PoolInUse(pool="p1", consumed=2, asked=1)


@pytest.mark.parametrize("bought", [-1, True, 2.0, "2", None, MAX_COUNT + 1])
def test_a_size_is_a_count(bought: Any) -> None:
    for command in (lambda: resize(a_pool(), bought, by=ROOT, now=NOON), lambda: preview_shrink(a_pool(), bought)):
        with pytest.raises(InvalidQuantity):
            command()


def test_those_to_drop_go_with_the_size_whether_they_hold_or_await() -> None:
    pool = a_pool(bought=3, holders={"ana", "luis"}, awaiting={"mei"})
    decision = resize(pool, 1, drop=["mei", "luis", "mei"], by=ROOT, now=NOON)
    event = PoolResized(pool="p1", bought=1, dropped=frozenset({"luis", "mei"}), by="root", at=NOON)
    assert decision == Decision(a_pool(bought=1, holders={"ana"}), (event,))
    assert replayed(apply, decision, pool) == decision.state


def test_a_cut_that_was_made_is_answered_again_without_another() -> None:
    pool = resize(a_pool(bought=2, holders={"ana", "luis"}), 1, drop=["luis"], by=ROOT, now=NOON).state
    assert resize(pool, 1, drop=["luis"], by=ROOT, now=NOON) == Decision(pool)


@pytest.mark.parametrize(
    ("drop", "refusal"),
    [
        ([], PoolInUse(pool="p1", consumed=3, asked=1)),
        (["ana"], PoolInUse(pool="p1", consumed=2, asked=1)),
        (["ana", "noor"], PoolInUse(pool="p1", consumed=2, asked=1)),
        (["ana", "luis", "mei"], PreviewOutdated(pool="p1", needed=2, given=3)),
    ],
    ids=["nobody", "too few", "one who has left", "too many"],
)
def test_exactly_those_who_must_go_are_named(drop: list[str], refusal: Any) -> None:
    pool = a_pool(bought=3, holders={"ana", "luis"}, awaiting={"mei"})
    with pytest.raises(type(refusal)) as caught:
        resize(pool, 1, drop=drop, by=ROOT, now=NOON)
    assert caught.value == refusal


@pytest.mark.parametrize("bought", [2, 3, 9], ids=["a cut that fits", "the same size", "a larger size"])
def test_nobody_is_dropped_where_nobody_must_go(bought: int) -> None:
    with pytest.raises(PreviewOutdated, match="would drop 1 users where 0 must go; preview the new size again"):
        resize(a_pool(bought=3, holders={"ana"}), bought, drop=["ana"], by=ROOT, now=NOON)


def test_somebody_who_came_after_the_preview_stops_the_cut_and_nobody_is_dropped_for_them() -> None:
    before = a_pool(bought=3, holders={"ana", "luis"})
    drop = preview_shrink(before, 1).users
    with pytest.raises(PoolInUse) as caught:
        resize(a_pool(bought=3, holders={"ana", "luis", "zoe"}), 1, drop=drop, by=ROOT, now=NOON)
    assert caught.value == PoolInUse(pool="p1", consumed=2, asked=1)


def test_a_cut_of_a_part_needs_those_to_drop_only() -> None:
    pool = evolve(a_pool(bought=2, holders={"ana", "luis"}), holdings=Holdings(loaded={"mei"}))
    with pytest.raises(HoldingsNotLoaded):
        resize(pool, 1, drop=["luis"], by=ROOT, now=NOON)
    assert resize(pool, 5, by=ROOT, now=NOON).state.bought == 5


def test_seats_go_only_where_they_are_free() -> None:
    pool = seats(bought=5, consumed=3, held=1)
    assert resize(pool, 3, by=ROOT, now=NOON).state == seats(bought=3, consumed=3, held=1)
    assert preview_shrink(pool, 3) == Shrinking(pool="s1", bought=3, free=2)
    for command in (lambda: resize(pool, 2, by=ROOT, now=NOON), lambda: preview_shrink(pool, 2)):
        with pytest.raises(PoolInUse) as caught:
            command()
        assert caught.value == PoolInUse(pool="s1", consumed=3, asked=2)


# Previews

POOL = a_pool(bought=8, holders={"h1", "h2", "i1", "i2", "i3"}, awaiting={"w2", "w1"})
SEEN = {"i1": NOON - 3 * DAY, "i2": NOON - 5 * DAY, "h1": NOON, "h2": NOON + DAY}
GIVEN = {"h1": NOON - DAY, "h2": NOON - 2 * DAY, "w1": NOON}
ABOUT: dict[str, Any] = {"last_active": SEEN, "idle_before": NOON, "assigned_at": GIVEN}
IN_ORDER = ("w1", "w2", "i3", "i2", "i1", "h1", "h2")
"""First by id, then the longest idle (never), then the last assigned."""


@pytest.mark.parametrize("bought", range(9))
def test_a_cut_takes_free_ones_first_and_then_who_comes_first_in_the_order(bought: int) -> None:
    shrinking = preview_shrink(POOL, bought, **ABOUT)
    assert shrinking.free == min(1, 8 - bought)
    assert shrinking.users == IN_ORDER[: max(0, 7 - bought)]
    assert (*shrinking.awaiting, *shrinking.idle, *shrinking.last_assigned) == shrinking.users
    after = resize(POOL, bought, drop=shrinking.users, by=ROOT, now=NOON).state
    assert (after.bought, after.consumed, after.overrun) == (bought, min(7, bought), 0)


@pytest.mark.parametrize("bought", [8, 9, MAX_COUNT])
def test_nobody_goes_where_a_pool_does_not_shrink(bought: int) -> None:
    assert preview_shrink(POOL, bought, **ABOUT) == Shrinking(pool="p1", bought=bought, free=0)


STAGES = {AWAITING: ("w1", "w2"), IDLE: ("i3", "i2", "i1"), LAST: ("h1", "h2")}


@pytest.mark.parametrize(
    "order", [order for length in range(4) for order in permutations(SHRINK_ORDER, length)], ids=str
)
def test_a_stage_that_is_left_out_spares_its_users(order: tuple[ShrinkStage, ...]) -> None:
    going = tuple(user for stage in order for user in STAGES[stage])
    least = 7 - len(going)
    assert preview_shrink(POOL, least, order=order, **ABOUT).users == going
    if going:
        one = preview_shrink(POOL, 6, order=order, **ABOUT)
        named: dict[str, Any] = {"order": order, order[0].value: going[:1]}
        assert one.users == going[:1]
        assert one == Shrinking(pool="p1", bought=6, free=1, **named)
    if least:
        with pytest.raises(PoolInUse) as caught:
            preview_shrink(POOL, least - 1, order=order, **ABOUT)
        assert caught.value == PoolInUse(pool="p1", consumed=least, asked=least - 1)


@pytest.mark.parametrize("order", [(IDLE, IDLE), (AWAITING, IDLE, AWAITING)], ids=str)
def test_each_stage_comes_once(order: tuple[ShrinkStage, ...]) -> None:
    with pytest.raises(InvalidArgument, match="order must be stages, each once"):
        preview_shrink(POOL, 6, order=order, **ABOUT)


def test_idle_is_who_was_seen_before_the_instant_and_not_at_it() -> None:
    pool = a_pool(bought=2, holders={"ana", "luis"})
    seen = {"ana": NOON, "luis": NOON - timedelta(microseconds=1)}
    assert preview_shrink(pool, 0, last_active=seen, idle_before=NOON).idle == ("luis",)
    assert preview_shrink(pool, 0, last_active=seen).idle == ()
    assert preview_shrink(pool, 0, idle_before=NOON).idle == ("ana", "luis")


def test_the_longest_idle_go_first_and_of_equals_by_id() -> None:
    pool = a_pool(bought=4, holders={"a", "b", "c", "d"})
    seen = {"a": NOON - DAY, "b": NOON - 2 * DAY, "c": NOON - 2 * DAY}
    assert preview_shrink(pool, 0, last_active=seen, idle_before=NOON).idle == ("d", "b", "c", "a")


def test_the_last_assigned_go_first_and_who_is_missing_got_it_first_of_all() -> None:
    pool = a_pool(bought=4, holders={"a", "b", "c", "d"})
    given = {"a": NOON, "b": NOON + DAY, "c": NOON}
    assert preview_shrink(pool, 0, assigned_at=given).last_assigned == ("b", "c", "a", "d")


def test_what_is_known_of_others_does_no_harm() -> None:
    pool = a_pool(bought=1, holders={"ana"})
    others = {"mei": NOON, "noor": NOON - DAY}
    assert preview_shrink(pool, 0, last_active=others, idle_before=NOON, assigned_at=others).users == ("ana",)


def test_a_preview_needs_all_of_the_holdings() -> None:
    part = evolve(a_pool(bought=2, holders={"ana", "luis"}), holdings=Holdings(loaded={"mei"}))
    with pytest.raises(InvalidArgument, match="a pool with all of its holdings"):
        preview_shrink(part, 1)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"order": ["idle"]}, InvalidArgument),
        ({"order": ("idle",)}, InvalidArgument),
        ({"order": None}, InvalidArgument),
        ({"last_active": {"ana": NAIVE}}, InvalidInstant),
        ({"last_active": {"a b": NOON}}, InvalidId),
        ({"assigned_at": {"ana": NOON.date()}}, InvalidInstant),
        ({"assigned_at": [("ana", NOON)]}, InvalidArgument),
        ({"idle_before": NAIVE}, InvalidInstant),
        ({"idle_before": 30}, InvalidInstant),
    ],
    ids=str,
)
def test_a_preview_refuses_what_is_no_order_and_no_instant(wrong: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        preview_shrink(POOL, 6, **wrong)


def test_ten_thousand_may_go_at_once() -> None:
    pool = a_pool(bought=10_000, holders=[f"u{n}" for n in range(10_000)])
    drop = preview_shrink(pool, 0, idle_before=NOON).users
    assert resize(pool, 0, drop=drop, by=ROOT, now=NOON).state.consumed == 0
