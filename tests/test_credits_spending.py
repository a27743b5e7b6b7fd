"""Spending credits: in which order they are burned, what is refused, what may be owed, what ends and is taken back."""

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from licensing_core import credits as lib
from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.credits import CreditAccount, CreditsGranted, CreditsSpent, GrantVoided, Movement, MovementKind
from licensing_core.decisions import Decision
from licensing_core.limits import UNLIMITED
from tests.builders import NAIVE, NOON, agrees, replayed
from tests.credit_world import ANA, DAY, HOUR, MADRID, active, balance, burned, gift, left, opened, spend, spent

ACTS: dict[str, Any] = {"by": ANA, "now": NOON}
TICK = timedelta(microseconds=1)


def told(movements: tuple[Movement, ...]) -> list[tuple[str, str, int]]:
    return [(one.grant, one.kind.value, one.amount) for one in movements]


# The order in which credits are burned


@pytest.mark.parametrize(
    ("grants", "order"),
    [
        ([gift("a", priority=1), gift("b", priority=0), gift("c", priority=-1)], "cba"),
        ([gift("a"), gift("b", expires=NOON + DAY), gift("c", expires=NOON + 2 * DAY)], "bca"),
        ([gift("a", at=NOON - HOUR), gift("b", at=NOON - DAY), gift("c", at=NOON)], "bac"),
        ([gift("c"), gift("a"), gift("b")], "abc"),
        ([gift("a", priority=1, expires=NOON + HOUR), gift("b", expires=NOON + DAY)], "ba"),
        ([gift("a", at=NOON - DAY, expires=NOON + 2 * DAY), gift("b", expires=NOON + DAY)], "ba"),
        ([gift("a", voided=NOON + HOUR), gift("b", at=NOON - DAY)], "ba"),
    ],
    ids=[
        "priority",
        "expiry, none last",
        "start",
        "id",
        "priority first",
        "expiry before start",
        "voiding is no expiry",
    ],
)
def test_priority_then_expiry_then_start_then_id(grants: list[lib.Grant], order: str) -> None:
    account = opened(*grants)
    assert burned(account, 10 * len(grants)) == [(name, 10) for name in order]
    assert burned(account, 11) == [(order[0], 10), (order[1], 1)]


def test_the_event_tells_what_was_burned_owed_and_counted() -> None:
    account = opened(gift("a", 3), gift("b", 4, priority=1), overdraft=5)
    decision = spend(account, 9)
    moved = tuple(
        Movement(grant=name, kind=MovementKind.BURNED, amount=amount, at=NOON) for name, amount in (("a", 3), ("b", 4))
    )
    assert decision.events == (
        CreditsSpent(
            account="acme", passed=(), movements=moved, overage=2, used=9, since=None, amount=9, by="ana", at=NOON
        ),
    )
    assert (left(decision.state), balance(decision.state)) == ({"a": 0, "b": 0}, -2)
    assert replayed(lib.apply, decision, account) == decision.state


def test_a_grant_that_has_not_started_is_not_burned_and_one_that_starts_now_is() -> None:
    account = opened(gift("later", 5, at=NOON + HOUR))
    with pytest.raises(lib.InsufficientCredits):
        spend(account, 1, now=NOON + HOUR - TICK)
    assert burned(account, 5, now=NOON + HOUR) == [("later", 5)]


def test_expiry_is_the_first_instant_at_which_credits_are_gone() -> None:
    account = opened(gift("a", 5, expires=NOON + HOUR))
    assert burned(account, 5, now=NOON + HOUR - TICK) == [("a", 5)]
    with pytest.raises(lib.InsufficientCredits):
        spend(account, 1, now=NOON + HOUR)
    assert lib.by_then(account, NOON + HOUR).balances.entries["a"] == lib.Entry(
        grant=account.balances.entries["a"].grant, balance=0, granted=5, expired=5
    )


def test_what_came_to_pass_before_is_told_apart_from_what_was_burned() -> None:
    account = opened(gift("a", 5, expires=NOON + HOUR), gift("b", 7, at=NOON + HOUR))
    event = spend(account, 2, now=NOON + DAY).events[0]
    assert told(event.passed) == [("a", "expired", 5), ("b", "granted", 7)]
    assert [one.at for one in event.passed] == [NOON + HOUR] * 2
    assert told(event.movements) == [("b", "burned", 2)]


# All or none


@pytest.mark.parametrize(
    ("overdraft", "amount", "shortfall"),
    [(0, 10, 0), (0, 11, 1), (0, 1000, 990), (5, 15, 0), (5, 16, 1), (UNLIMITED, 1_000_000, 0)],
)
def test_all_or_none_with_the_shortfall_told(overdraft: Any, amount: int, shortfall: int) -> None:
    account = opened(gift("a", 4), gift("b", 6), overdraft=overdraft)
    verdict = agrees(lib.can_spend, lib.spend, account, amount, **ACTS)
    if shortfall:
        assert verdict.refusal == lib.InsufficientCredits(balance=10, shortfall=shortfall)
    else:
        assert balance(spent(account, amount)) == 10 - amount
    assert left(account) == {"a": 4, "b": 6}


def test_what_is_owed_already_counts_against_the_overdraft() -> None:
    account = spent(opened(overdraft=5), 3)
    assert balance(spent(account, 2)) == -5
    with pytest.raises(lib.InsufficientCredits) as caught:
        spend(account, 3)
    assert caught.value == lib.InsufficientCredits(balance=-3, shortfall=1)


def test_the_next_credits_pay_what_is_owed_once() -> None:
    account = spent(opened(overdraft=8), 8)
    decision = lib.grant(account, gift("a", 5), **ACTS)
    assert told(decision.events[0].movements) == [("a", "granted", 5), ("a", "burned", 5)]
    assert balance(decision.state) == -3
    after = lib.grant(decision.state, gift("b", 5), **ACTS).state
    assert (left(after), after.balances.overage, balance(after)) == ({"a": 0, "b": 2}, 0, 2)
    assert left(lib.grant(after, gift("c", 5), **ACTS).state)["c"] == 5


def test_no_more_is_owed_than_can_be_counted() -> None:
    account = opened(overdraft=UNLIMITED)
    brim = evolve(account, balances=evolve(account.balances, overage=MAX_COUNT - 1))
    assert spent(brim, 1).balances.overage == MAX_COUNT
    with pytest.raises(InvalidQuantity, match="amount must be 2147483647 owed at most"):
        spend(brim, 2)


@pytest.mark.parametrize("amount", [0, -1, 1_000_001, True, 1.0, "1", None])
def test_an_amount_is_a_whole_number_from_1_to_a_million(amount: Any) -> None:
    for ask in (lib.spend, lib.can_spend):
        with pytest.raises(InvalidQuantity, match="amount"):
            ask(opened(gift()), amount, **ACTS)


def test_a_grant_that_was_topped_up_for_years_still_counts() -> None:
    account = opened(gift("a", MAX_COUNT, every="PT1H"), overdraft=UNLIMITED)
    for hour in range(4):
        for _ in range(3):
            account = spent(account, 1_000_000, now=NOON + hour * HOUR)
    entry = account.balances.entries["a"]
    assert entry.granted == MAX_COUNT + 9_000_000 > MAX_COUNT
    many = opened(gift("a", MAX_COUNT), gift("b", MAX_COUNT))
    assert balance(many) == 2 * MAX_COUNT


# Granting


def test_a_grant_starts_when_it_is_to_or_now_when_that_is_past() -> None:
    decision = lib.grant(opened(), gift("a", at=NOON - DAY), **ACTS)
    event = decision.events[0]
    assert isinstance(event, CreditsGranted)
    assert [(one.kind.value, one.at) for one in event.movements] == [("granted", NOON)]
    later = lib.grant(opened(), gift("a", at=NOON + DAY), **ACTS)
    assert (later.events[0].movements, left(later.state)) == ((), {"a": 0})
    assert left(later.state, NOON + DAY) == {"a": 10}


@pytest.mark.parametrize("ends", [{"expires": NOON}, {"voided": NOON}, {"expires": NOON + DAY, "voided": NOON}])
def test_a_grant_that_has_ended_is_refused(ends: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="one that has not ended"):
        lib.grant(opened(), gift("a", at=NOON - DAY, **ends), **ACTS)


def test_a_grant_that_ends_when_it_starts_never_has_anything() -> None:
    account = opened(gift("a", at=NOON + HOUR, expires=NOON + HOUR))
    assert left(account, NOON + DAY) == {"a": 0}
    assert lib.by_then(account, NOON + DAY).balances.granted == 0


# Voiding


def test_what_is_left_of_a_voided_grant_is_lost() -> None:
    account = spent(opened(gift("a"), gift("b")), 3)
    decision = lib.void(account, "a", **ACTS)
    event = decision.events[0]
    assert isinstance(event, GrantVoided)
    assert told(event.movements) == [("a", "voided", 7)]
    assert decision.state.balances.entries["a"].grant.voided == NOON
    assert replayed(lib.apply, decision, account) == decision.state
    assert burned(decision.state, 10) == [("b", 10)]
    assert agrees(lib.can_spend, lib.spend, decision.state, 11, **ACTS).code == "credits.insufficient"


def test_voiding_twice_is_voiding_once_and_an_ended_grant_is_passed_over() -> None:
    once = lib.void(opened(gift("a")), "a", **ACTS).state
    assert lib.void(once, "a", by=ANA, now=NOON + DAY) == Decision(once)
    account = opened(gift("a", expires=NOON + HOUR))
    assert lib.void(account, "a", by=ANA, now=NOON + HOUR) == Decision(account)


def test_a_grant_that_is_voided_before_it_starts_never_starts_nor_is_topped_up() -> None:
    account = lib.void(opened(gift("a", at=NOON + DAY, expires=NOON + 9 * DAY, every="P1D")), "a", **ACTS).state
    assert account.balances.entries["a"].grant.voided == NOON + DAY
    assert left(account, NOON + 30 * DAY) == {"a": 0}
    assert lib.by_then(account, NOON + 30 * DAY).balances.granted == 0


def test_a_grant_voided_in_time_is_voided_and_one_that_expires_then_too_expires() -> None:
    account = opened(
        gift("a", 3, voided=NOON + HOUR, expires=NOON + DAY), gift("b", 4, voided=NOON + HOUR, expires=NOON + HOUR)
    )
    entries = lib.by_then(account, NOON + HOUR).balances.entries
    assert [(one.voided, one.expired) for one in entries.values()] == [(3, 0), (0, 4)]


def test_a_recurring_grant_that_was_voided_is_not_topped_up_again() -> None:
    account = lib.void(spent(opened(gift("a", every="P1D")), 10), "a", by=ANA, now=NOON + HOUR).state
    assert left(account, NOON + 9 * DAY) == {"a": 0}


def test_an_unknown_grant_is_refused_after_the_clock_is_looked_at() -> None:
    assert agrees(lib.can_void, lib.void, opened(), "a", **ACTS).refusal == lib.UnknownGrant(grant="a")
    with pytest.raises(InvalidInstant):
        lib.void(opened(), "a", by=ANA, now=NAIVE)


# Time


def test_a_clock_that_goes_back_stands_still() -> None:
    account = spent(opened(gift("a", expires=NOON + 2 * DAY)), 1, now=NOON + DAY)
    event = spend(account, 1).events[0]
    assert event.at == NOON + DAY
    assert left(lib.by_then(account, NOON)) == {"a": 9}


def test_instants_of_any_offset_are_one_and_the_same() -> None:
    account = opened(gift("a", expires=NOON + HOUR))
    in_tokyo = (NOON + HOUR).astimezone(timezone(timedelta(hours=9)))
    with pytest.raises(lib.InsufficientCredits):
        spend(account, 1, now=in_tokyo)
    assert spend(account, 1, now=in_tokyo - TICK).events[0].at == NOON + HOUR - TICK


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: spend("acme"), "account"),  # type: ignore[arg-type]
        (lambda: spend(opened(gift()), now=NAIVE), "now"),
        (lambda: lib.spend(opened(gift()), 1, by="ana", now=NOON), "by"),  # type: ignore[arg-type]
        (lambda: lib.grant(opened(), "g1", **ACTS), "credit"),  # type: ignore[arg-type]
        (lambda: lib.grant(opened(), gift(), by=None, now=NOON), "by"),  # type: ignore[arg-type]
        (lambda: lib.void(opened(), "", **ACTS), "grant_id"),
        (lambda: lib.reset(opened(), keep_overage=1, **ACTS), "keep_overage"),  # type: ignore[arg-type]
        (lambda: lib.reset(None, **ACTS), "account"),  # type: ignore[arg-type]
        (lambda: lib.standing(opened(), NAIVE), "now"),
        (lambda: lib.by_then(opened(), "noon"), "now"),  # type: ignore[arg-type]
        (lambda: gift(amount=0), "amount"),
        (lambda: gift(amount=True), "amount"),
        (lambda: gift(at=NAIVE), "effective"),
        (lambda: gift(expires=NOON - TICK), "expires"),
        (lambda: gift(voided=NOON - TICK), "voided"),
        (lambda: gift(expires=NAIVE), "expires"),
        (lambda: gift(priority=0.5), "priority"),
        (lambda: gift(rollover=5), "rollover"),
        (lambda: lib.Rollover(least=2, most=1), "least"),
        (lambda: lib.Rollover(least=-1), "least"),
        (lambda: CreditAccount(id="acme", zone=MADRID, balances={}), "balances"),  # type: ignore[arg-type]
        (lambda: CreditAccount(id="acme", zone=MADRID, balances=opened().balances, orders={}), "orders"),  # type: ignore[arg-type]
    ],
)
def test_a_bad_argument_is_named(call: Callable[[], object], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.parameter == parameter


def test_a_pack_and_a_gift_are_burned_alike() -> None:
    assert burned(active("o1", account=opened(gift("z", 2))), 3) == [("o1", 3)]
