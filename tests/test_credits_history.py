"""Credits as of any instant, past or to come; accounts that are loaded in part; copies, pickles and replays."""

import copy
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core import credits as lib
from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.credits import CreditAccount, CreditsNotLoaded, Entries, Entry, OrderStatus, RefundPolicy
from licensing_core.decisions import Event
from licensing_core.limits import UNLIMITED
from tests.builders import NAIVE, NOON
from tests.credit_world import (
    ALL,
    ANA,
    DAY,
    HOUR,
    MADRID,
    OFFICE,
    a_pack,
    active,
    balance,
    burned,
    gift,
    in_part,
    left,
    opened,
    ordered,
    spent,
)

TICK = timedelta(microseconds=1)
ACTS: dict[str, Any] = {"by": ANA, "now": NOON}


def a_history() -> tuple[list[Event], CreditAccount]:
    """A pack ordered at noon, paid after an hour, active after two, spent after three; a gift for the next day."""
    opening = lib.open_credits("acme", zone=MADRID, overdraft=3, by=ANA, now=NOON)
    events, account = list[Event](opening.events), opening.state
    steps: list[Callable[[CreditAccount], Any]] = [
        lambda at: lib.order_pack(at, a_pack(), "o1", by=ANA, now=NOON),
        lambda at: lib.note_payment(at, "o1", policy=OFFICE, by=ANA, now=NOON + HOUR),
        lambda at: lib.activate(at, "o1", by=ANA, now=NOON + 2 * HOUR),
        lambda at: lib.grant(at, gift("g", 5, at=NOON + DAY, expires=NOON + 2 * DAY), by=ANA, now=NOON + 2 * HOUR),
        lambda at: lib.spend(at, 12, by=ANA, now=NOON + 3 * HOUR),
    ]
    for step in steps:
        decision = step(account)
        events, account = [*events, *decision.events], decision.state
    return events, account


@pytest.mark.parametrize(
    ("at", "balance_then", "status"),
    [
        (NOON, 0, OrderStatus.AWAITING_PAYMENT),
        (NOON + HOUR - TICK, 0, OrderStatus.AWAITING_PAYMENT),
        (NOON + HOUR, 0, OrderStatus.PENDING),
        (NOON + 2 * HOUR, 10, OrderStatus.ACTIVE),
        (NOON + 3 * HOUR - TICK, 10, OrderStatus.ACTIVE),
        (NOON + 3 * HOUR, -2, OrderStatus.ACTIVE),
        (NOON + DAY, 3, OrderStatus.ACTIVE),
        (NOON + 2 * DAY, 0, OrderStatus.ACTIVE),
    ],
)
def test_the_account_as_of_any_instant(at: Any, balance_then: int, status: OrderStatus) -> None:
    account = lib.as_of(iter(a_history()[0]), at)
    assert (account.balances.at, account.balances.balance) == (at, balance_then)
    assert account.orders["o1"].status is status


def test_as_of_the_end_of_its_history_it_is_the_account() -> None:
    events, account = a_history()
    assert lib.as_of(events, NOON + 3 * HOUR) == account
    assert lib.as_of(events, NOON + 9 * DAY) == lib.by_then(account, NOON + 9 * DAY)


@pytest.mark.parametrize(
    ("history", "at"),
    [([], NOON), (a_history()[0], NOON - TICK), (a_history()[0][1:], NOON + DAY)],
    ids=["none", "not open yet", "begins in the middle"],
)
def test_a_history_without_its_opening_is_refused(history: list[Event], at: Any) -> None:
    with pytest.raises(InvalidArgument, match="history"):
        lib.as_of(history, at)


def test_what_is_no_history_is_refused() -> None:
    for history in (None, 7, ["opened"], [a_history()[0][0], {"at": NOON}]):
        with pytest.raises(InvalidArgument, match="history"):
            lib.as_of(history, NOON)  # type: ignore[arg-type]
    with pytest.raises(InvalidInstant, match="at must"):
        lib.as_of([], NAIVE)


def test_looking_ahead_changes_nothing_and_looking_back_stands_still() -> None:
    account = opened(gift("a", expires=NOON + HOUR))
    before = pickle.dumps(account)
    assert (balance(account, NOON + HOUR), left(lib.by_then(account, NOON - DAY))) == (0, {"a": 10})
    assert pickle.dumps(account) == before


def test_copies_and_pickles_decide_alike() -> None:
    account = spent(opened(gift("a", every="P1D"), gift("b", priority=1, expires=NOON + DAY)), 12)
    for twin in (copy.deepcopy(account), pickle.loads(pickle.dumps(account)), evolve(account)):
        assert twin == account
        assert hash(twin) == hash(account)
        assert lib.by_then(twin, NOON + DAY) == lib.by_then(account, NOON + DAY)
        assert burned(twin, 8) == burned(account, 8)


# Loaded in part


def test_the_open_grants_are_enough_to_spend_and_look_ahead() -> None:
    whole = spent(opened(gift("a", 3), gift("b", 5, priority=1), gift("c", 1, at=NOON + DAY)), 3)
    part = in_part(whole, "b", "c")
    assert burned(part, 5) == burned(whole, 5) == [("b", 5)]
    assert balance(part, NOON + DAY) == balance(whole, NOON + DAY) == 6
    assert (part.balances.granted, part.balances.burned) == (8, 3)
    assert lib.reset(part, **ACTS).events == lib.reset(whole, **ACTS).events


@pytest.mark.parametrize(
    ("call", "ids"),
    [
        (lambda part: lib.order_pack(part, a_pack(), "new", **ACTS), ("new",)),
        (lambda part: lib.can_order_pack(part, a_pack(), "new", **ACTS), ("new",)),
        (lambda part: lib.grant(part, gift("b"), **ACTS), ("b",)),
        (lambda part: lib.void(part, "b", **ACTS), ("b",)),
        (lambda part: lib.can_void(part, "b", **ACTS), ("b",)),
        (lambda part: lib.activate(part, "o2", **ACTS), ("o2",)),
        (lambda part: lib.can_activate(part, "o2", **ACTS), ("o2",)),
        (lambda part: lib.note_payment(part, "o2", policy=OFFICE, **ACTS), ("o2",)),
        (lambda part: lib.cancel_order(part, "o2", **ACTS), ("o2",)),
        (lambda part: lib.refund(part, "o2", policy=RefundPolicy.FORGIVE, **ACTS), ("o2",)),
        (lambda part: lib.refund(part, "o1", policy=RefundPolicy.FORGIVE, **ACTS), ("o1",)),
    ],
)
def test_what_was_not_looked_up_is_never_a_silent_no(call: Callable[[CreditAccount], object], ids: Any) -> None:
    whole = lib.void(active("o1", account=opened(gift("a"), gift("b"))), "b", **ACTS).state
    whole = lib.void(whole, "o1", **ACTS).state
    part = in_part(whole, "a", orders=("o1",))
    with pytest.raises(CreditsNotLoaded) as caught:
        call(part)
    assert caught.value == CreditsNotLoaded(ids=ids)


def test_credits_that_are_there_are_always_loaded() -> None:
    with pytest.raises(InvalidArgument, match="what is left, burned, expired and voided"):
        in_part(opened(gift("a"), gift("b")), "a")


def test_an_open_entry_is_one_that_has_or_may_get_a_balance() -> None:
    rolling = lib.Rollover(least=1, most=1)
    for entry, is_open in (
        (Entry(grant=gift(), balance=1, granted=1), True),
        (Entry(grant=gift()), False),
        (Entry(grant=gift(at=NOON + HOUR)), True),
        (Entry(grant=gift(every="P1D")), True),
        (Entry(grant=gift(rollover=rolling)), True),
        (Entry(grant=gift(rollover=ALL)), False),
        (Entry(grant=gift(every="P1D", expires=NOON)), False),
        (Entry(grant=gift(rollover=rolling, voided=NOON)), False),
        (Entry(grant=gift(at=NOON - DAY, expires=NOON - HOUR), balance=2, granted=2), True),
    ):
        assert entry.is_open(NOON) is is_open


def test_credits_that_ended_while_nobody_looked_expire_when_they_did() -> None:
    grant = gift("a", 2, at=NOON - DAY, expires=NOON - HOUR)
    account = opened()
    entries = Entries({"a": Entry(grant=grant, balance=2, granted=2)})
    account = evolve(account, balances=evolve(account.balances, entries=entries, granted=2))
    decision = lib.grant(account, gift("b"), **ACTS)
    assert [(one.kind.value, one.at) for one in decision.events[0].passed] == [("expired", NOON - HOUR)]
    assert left(decision.state) == {"a": 0, "b": 10}


# Entries and balances


@pytest.mark.parametrize(
    ("make", "parameter"),
    [
        (lambda: Entry(grant=gift(), balance=1), "granted"),
        (lambda: Entry(grant=gift(), granted=3, burned=1, expired=1, voided=2), "granted"),
        (lambda: Entry(grant=gift(), balance=True, granted=1), "balance"),
        (lambda: Entry(grant=gift(), balance=-1), "balance"),
        (lambda: Entries({"a": gift("a")}), "entries"),  # type: ignore[dict-item]
        (lambda: Entries([]), "entries"),  # type: ignore[arg-type]
        (lambda: lib.Orders({"a": 1}), "entries"),  # type: ignore[dict-item]
        (lambda: lib.Balances(at=NOON, entries={}), "entries"),  # type: ignore[arg-type]
        (lambda: lib.Balances(at=NOON, granted=1), "granted"),
        (lambda: lib.Balances(at=NAIVE), "at"),
        (lambda: lib.Balances(at=NOON, overage=-1), "overage"),
    ],
)
def test_figures_that_do_not_add_up_are_refused(make: Callable[[], object], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        make()
    assert caught.value.parameter == parameter


def test_an_account_may_have_no_end_to_its_overdraft() -> None:
    assert balance(spent(opened(overdraft=UNLIMITED), 1_000_000)) == -1_000_000
    assert lib.standing(ordered(), NOON) == lib.Standing(balance=0, pending=0, late=())
