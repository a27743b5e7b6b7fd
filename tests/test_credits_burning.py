"""Burning grants down over a time: what counts, at the edges and at one instant; and the oracle on small worlds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from licensing_core import credits as lib
from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.credits import Balances, Grant, OutOfTime, TooMuchTime, UsageRecord, balances_at, book, burn_down
from tests.builders import NAIVE, NOON
from tests.credit_world import ALL, DAY, HOUR, gift
from tests.reliability import credit_worlds
from tests.reliability.figures import Figures

TICK = timedelta(microseconds=1)


def burned_down(
    *usage: tuple[Any, int], until: Any = NOON + DAY, start: Balances | None = None, **more: Any
) -> Balances:
    return burn_down(start or balances_at([gift()], NOON), [UsageRecord(*one) for one in usage], until=until, **more)


def left(balances: Balances) -> dict[str, int]:
    return {name: one.balance for name, one in balances.entries.items()}


def test_usage_counts_from_the_start_and_before_the_end() -> None:
    end = burned_down((NOON - TICK, 1), (NOON, 2), (NOON + DAY - TICK, 3), (NOON + DAY, 100))
    assert (left(end), end.used, end.at) == ({"g1": 5}, 5, NOON + DAY)


def test_the_order_of_records_does_not_matter() -> None:
    start = balances_at([gift("a", 5, expires=NOON + HOUR), gift("b", 5)], NOON)
    usage = [(NOON + 2 * HOUR, 4), (NOON, 3)]
    assert burned_down(*usage, start=start) == burned_down(*reversed(usage), start=start)
    assert left(burned_down(*usage, start=start)) == {"a": 0, "b": 1}


def test_the_same_run_gives_the_same_and_leaves_the_start_alone() -> None:
    start = balances_at([gift("a", every="P1D"), gift("b", priority=1)], NOON, overage=3, used=2)
    assert (left(start), start.overage, start.used) == ({"a": 7, "b": 10}, 0, 2)
    one, two = (burned_down((NOON, 12), start=start) for _ in range(2))
    assert one == two
    assert (left(one), left(start)) == ({"a": 10, "b": 5}, {"a": 7, "b": 10})


def test_a_balance_that_is_given_has_started_and_pays_nothing_of_what_is_owed() -> None:
    start = balances_at([gift("a"), gift("b")], NOON, balances={"a": 4}, overage=3)
    assert (left(start), start.overage) == ({"a": 4, "b": 7}, 0)
    start = balances_at([gift("a", every="P1D")], NOON, balances={"a": 10}, overage=3)
    assert (left(start), start.overage) == ({"a": 10}, 3)
    end = burn_down(start, [], until=NOON + DAY)
    assert (left(end), end.overage) == ({"a": 7}, 0)


def test_grants_that_are_not_in_force_have_nothing_whatever_is_given() -> None:
    grants = [gift("old", at=NOON - DAY, expires=NOON), gift("new", at=NOON + HOUR)]
    start = balances_at(grants, NOON, balances={"old": 5, "new": 5})
    assert left(start) == {"old": 0, "new": 0}
    assert left(burn_down(start, [], until=NOON + HOUR)) == {"old": 0, "new": 10}


def test_a_run_of_no_time_changes_nothing_but_what_is_asked_at_its_start() -> None:
    start = balances_at([gift()], NOON)
    assert burn_down(start, [UsageRecord(NOON, 5)], until=NOON) == start


def test_at_one_instant_ends_come_first_then_resets_then_starts_then_usage() -> None:
    at = NOON + HOUR
    grants = [
        gift("ends", 4, expires=at, rollover=ALL),
        gift("stays", 4, rollover=lib.Rollover(most=3)),
        gift("starts", 4, at=at),
        gift("hourly", 4, every="PT1H", priority=-1),
    ]
    end = burned_down((at, 6), start=balances_at(grants, NOON), resets=[at], until=at + HOUR - TICK)
    assert left(end) == {"ends": 0, "stays": 1, "starts": 4, "hourly": 0}
    assert (end.used, end.expired) == (6, 4 + 1 + 4)


def test_a_reset_at_the_end_counts_and_one_named_twice_counts_once() -> None:
    start = balances_at([gift("a", rollover=lib.Rollover(least=5, most=5)), gift("b")], NOON)
    end = burn_down(start, [UsageRecord(NOON, 1)], until=NOON + DAY, resets=[NOON + DAY, NOON + DAY])
    assert (left(end), end.used, end.expired) == ({"a": 5, "b": 0}, 0, 4 + 10)


def test_overage_may_grow_beyond_a_single_count() -> None:
    end = burned_down((NOON, MAX_COUNT), (NOON, MAX_COUNT))
    assert end.overage == 2 * MAX_COUNT - 10
    assert (
        Balances(**{name: getattr(end, name) for name in ("at", "entries", "overage", "used", "granted", "burned")})
        == end
    )


# Refusals


@pytest.mark.parametrize(
    ("until", "resets", "parameter"),
    [
        (NOON - TICK, [], "until"),
        (NOON + DAY, [NOON], "resets"),
        (NOON + DAY, [NOON + HOUR, NOON - TICK], "resets"),
        (NOON + DAY, [NOON + DAY + TICK], "resets"),
    ],
)
def test_what_lies_out_of_time_is_refused(until: Any, resets: list[Any], parameter: str) -> None:
    with pytest.raises(OutOfTime) as caught:
        burned_down(until=until, resets=resets)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: burn_down([], [], until=NOON), "balances"),  # type: ignore[arg-type]
        (lambda: burn_down(balances_at([], NOON), None, until=NOON), "usage"),  # type: ignore[arg-type]
        (lambda: burn_down(balances_at([], NOON), [(NOON, 1)], until=NOON), "usage"),  # type: ignore[list-item]
        (lambda: burn_down(balances_at([], NOON), [], until=NAIVE), "until"),
        (lambda: burned_down(resets={NOON + HOUR}), "resets"),
        (lambda: burned_down(resets=[NAIVE]), "resets"),
        (lambda: balances_at(None, NOON), "grants"),  # type: ignore[arg-type]
        (lambda: balances_at(["g1"], NOON), "grants"),  # type: ignore[list-item]
        (lambda: balances_at([gift(), gift(amount=3)], NOON), "grants"),
        (lambda: balances_at([gift(at=NOON + DAY), gift()], NOON), "grants"),
        (lambda: balances_at([gift()], NAIVE), "at"),
        (lambda: balances_at([gift()], NOON, balances={"g1": True}), "balances"),
        (lambda: balances_at([gift()], NOON, balances={"g1": -1}), "balances"),
        (lambda: balances_at([gift()], NOON, balances={"g2": 1}), "balances"),
        (lambda: balances_at([gift()], NOON, balances=[("g1", 1)]), "balances"),  # type: ignore[arg-type]
        (lambda: balances_at([gift()], NOON, overage=1.5), "overage"),  # type: ignore[arg-type]
        (lambda: balances_at([gift()], NOON, used=-1), "used"),
        (lambda: UsageRecord(NAIVE, 1), "at"),
        (lambda: UsageRecord(NOON, -1), "amount"),
        (lambda: UsageRecord(NOON, True), "amount"),
    ],
)
def test_a_bad_argument_is_named(call: Callable[[], object], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.parameter == parameter
    assert isinstance(caught.value, InvalidArgument | InvalidQuantity | InvalidInstant)


def test_too_much_time_says_how_far_to_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_STEPS", 10)
    grants = [gift(f"g{n}", 1, at=NOON + n // 3 * HOUR, expires=NOON + 40 * DAY) for n in range(60)]
    start = balances_at(grants, NOON)
    with pytest.raises(TooMuchTime) as caught:
        burn_down(start, [], until=NOON + DAY)
    assert caught.value == TooMuchTime(resume_at=NOON + 10 * HOUR)
    assert "ask for 2026-05-04T22:00:00+00:00 first" in str(caught.value)
    half = burn_down(start, [], until=caught.value.resume_at)
    end = burn_down(half, [], until=NOON + DAY)
    monkeypatch.undo()
    assert end == burn_down(start, [], until=NOON + DAY)
    assert end.balance == 60


def test_any_number_of_grants_end_at_one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_STEPS", 1)
    grants = [gift(f"g{n}", 1, expires=NOON + HOUR) for n in range(50)]
    assert burn_down(balances_at(grants, NOON), [], until=NOON + DAY).expired == 50


def test_ten_thousand_grants_and_records_are_one_run() -> None:
    grants = [Grant(id=f"g{n}", amount=2, effective=NOON, priority=n % 7) for n in range(10_000)]
    usage = [UsageRecord(NOON + n * TICK, 1) for n in range(10_000)]
    assert burn_down(balances_at(grants, NOON), usage, until=NOON + DAY).balance == 10_000


# The oracle


def test_library_and_oracle_burn_down_alike() -> None:
    assert credit_worlds.run(400, seed=2) == Figures(400, (), credit_worlds.run(400, seed=2).digest)


def test_a_difference_is_told_with_the_way_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lib.Rollover, "of", lambda _rollover, balance: balance)
    violations = credit_worlds.run(200, seed=2, enough=1).violations
    assert len(violations) == 1
    assert "again: python -m tests.reliability.credit_worlds --seed 2 --world" in violations[0]
