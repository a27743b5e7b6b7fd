"""Pools of licenses and seats: their counters, how they open, what is refused everywhere, and what is replayed."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from licensing_core import pools
from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity, TooManyItems
from licensing_core.decisions import Decision, Verdict
from licensing_core.directory import Actor, Scope
from licensing_core.holdings import Holding, Holdings, HoldingsNotLoaded
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import (
    LicensePool,
    LicensesAssigned,
    LicensesUnassigned,
    PoolOpened,
    PoolRenewed,
    PoolResized,
    ReleasesRejected,
    SeatPool,
    apply,
    assign,
    confirm,
    holding_changes,
    open_pool,
    opened,
    preview_shrink,
    reject,
    resize,
    transfer,
    unassign,
)
from tests.builders import NAIVE, NOON, ROOT, SALES, a_pool, a_power_user, agrees, replayed, seats, some_terms

PU = a_power_user(SALES)
STRICT = Switches(enforce_limit=True, allow_refund=False)
LATER = datetime(2026, 6, 1, tzinfo=UTC)


# Counters


@pytest.mark.parametrize(
    ("bought", "holders", "awaiting", "free", "overrun"),
    [(2, 0, 0, 2, 0), (2, 1, 1, 0, 0), (2, 2, 1, 0, 1), (0, 0, 0, 0, 0), (50, 51, 0, 0, 1)],
)
def test_free_and_overrun_are_what_is_left_and_too_much(
    bought: int, holders: int, awaiting: int, free: int, overrun: int
) -> None:
    pool = a_pool(bought=bought, holders=[f"h{n}" for n in range(holders)], awaiting=[f"w{n}" for n in range(awaiting)])
    assert (pool.consumed, pool.held, pool.awaiting) == (holders + awaiting, holders, awaiting)
    assert (pool.free, pool.overrun) == (free, overrun)


def test_seats_spent_are_those_consumed_and_not_held() -> None:
    pool = seats(bought=5, consumed=3, held=1)
    assert (pool.spent, pool.free, pool.kind) == (2, 2, PackageKind.SEATS)


@pytest.mark.parametrize("kind", [LicensePool, SeatPool])
def test_no_more_can_be_held_than_are_consumed(kind: Any) -> None:
    with pytest.raises(InvalidArgument, match="held must be at most consumed, 1, got 2"):
        kind(id="p", beneficiary=SALES, bought=9, consumed=1, held=2)


@pytest.mark.parametrize(
    ("consumed", "held", "holdings"),
    [
        (2, 1, Holdings({"ana": Holding.HELD})),
        (1, 0, Holdings({"ana": Holding.HELD})),
        (1, 1, Holdings({"ana": Holding.AWAITING})),
        (1, 1, Holdings({"ana": Holding.HELD, "luis": Holding.HELD}, loaded={"ana", "luis"})),
    ],
    ids=["one is missing", "none is held", "none awaits", "more than there are"],
)
def test_the_counters_are_those_of_the_holdings(consumed: int, held: int, holdings: Holdings) -> None:
    with pytest.raises(InvalidArgument, match="as many as the pool has held and awaiting"):
        LicensePool(id="p", beneficiary=SALES, bought=9, consumed=consumed, held=held, holdings=holdings)


def test_a_part_of_the_holdings_may_be_fewer_than_the_counters() -> None:
    some = Holdings({"ana": Holding.HELD}, loaded={"ana", "mei"})
    assert LicensePool(id="p", beneficiary=SALES, bought=9, consumed=7, held=5, holdings=some).awaiting == 2


@pytest.mark.parametrize("bought", [0, 2**31 - 1])
def test_as_many_as_a_database_counts_can_be_bought(bought: int) -> None:
    assert a_pool(bought=bought).free == bought


def test_a_pool_is_in_force_up_to_its_expiry_and_not_at_it() -> None:
    pool = a_pool(expires_at=NOON)
    assert pool.in_force(NOON - timedelta(microseconds=1))
    assert not pool.in_force(NOON)
    assert not pool.in_force(NOON.astimezone(timezone(timedelta(hours=5))))
    assert a_pool(expires_at=None).in_force(NOON)


@pytest.mark.parametrize("expires_at", [None, NOON])
def test_whether_a_pool_is_in_force_is_asked_of_an_aware_instant(expires_at: datetime | None) -> None:
    with pytest.raises(InvalidInstant):
        a_pool(expires_at=expires_at).in_force(NAIVE)


def test_users_are_listed_by_the_state_of_their_license() -> None:
    pool = a_pool(holders={"luis", "ana"}, awaiting={"mei"})
    assert pool.users(Holding.HELD) == ("ana", "luis")
    assert pool.users(Holding.AWAITING) == ("mei",)
    assert (pool.holds("ana"), pool.holds("mei"), pool.holds("noor")) == (True, False, False)


def test_whether_somebody_holds_a_license_must_have_been_looked_up() -> None:
    with pytest.raises(HoldingsNotLoaded):
        evolve(a_pool(), holdings=Holdings(loaded={"ana"})).holds("mei")


# Opening


@pytest.mark.parametrize(
    ("kind", "wanted"), [(PackageKind.LICENSES, LicensePool), (PackageKind.SEATS, SeatPool)], ids=str
)
def test_a_pool_opens_with_nothing_consumed(kind: PackageKind, wanted: Any) -> None:
    decision = open_pool("p1", kind, beneficiary=SALES, bought=50, by=Actor("root"), now=NOON, expires_at=LATER)
    pool = wanted(id="p1", beneficiary=SALES, bought=50, expires_at=LATER)
    event = PoolOpened(
        pool="p1",
        kind=kind,
        beneficiary=SALES,
        bought=50,
        expires_at=LATER,
        terms=None,
        by="root",
        at=NOON,
    )
    assert decision == Decision(pool, (event,))
    assert opened(event) == pool


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"bought": -1}, InvalidQuantity),
        ({"bought": True}, InvalidQuantity),
        ({"bought": 1.0}, InvalidQuantity),
        ({"beneficiary": "branch:sales"}, InvalidArgument),
        ({"by": "root"}, InvalidArgument),
        ({"now": NAIVE}, InvalidInstant),
        ({"expires_at": NAIVE}, InvalidInstant),
    ],
    ids=str,
)
def test_a_pool_does_not_open_with_bad_arguments(wrong: dict[str, Any], error: Any) -> None:
    arguments: dict[str, Any] = {"beneficiary": SALES, "bought": 5, "by": ROOT, "now": NOON, **wrong}
    with pytest.raises(error):
        open_pool("p1", PackageKind.LICENSES, **arguments)


# What every command refuses

COMMANDS: dict[str, Any] = {
    "assign": lambda pool, users, by, now: assign(pool, users, eligible=[], switches=STRICT, by=by, now=now),
    "unassign": lambda pool, users, by, now: unassign(pool, users, switches=STRICT, by=by, now=now),
    "confirm": lambda pool, users, by, now: confirm(pool, users, by=by, now=now),
    "reject": lambda pool, users, by, now: reject(pool, users, by=by, now=now),
    "drop": lambda pool, users, by, now: resize(pool, 1, drop=users, by=by, now=now),
    "transfer": lambda pool, users, by, now: transfer(
        pool,
        a_pool(pool_id="p2"),
        users,
        eligible=[],
        source_switches=STRICT,
        target_switches=STRICT,
        by=by,
        now=now,
    ),
}
each_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


@each_command
def test_holdings_that_were_not_loaded_are_refused_before_anything_else(command: Any) -> None:
    pool = evolve(a_pool(bought=0), holdings=Holdings(loaded={"ana"}))
    with pytest.raises(HoldingsNotLoaded) as caught:
        command(pool, ["ana", "mei"], PU, NOON)
    assert caught.value.ids == ("mei",)


@each_command
@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("ana", InvalidArgument),
        (None, InvalidArgument),
        (7, InvalidArgument),
        (iter(["ana"]), InvalidArgument),
        (["ana", ""], InvalidId),
        ([["ana"]], InvalidId),
        ([f"u{n}" for n in range(10_001)], TooManyItems),
        (["ana"] * 10_001, TooManyItems),
    ],
    ids=["a text", "none", "a number", "an iterator", "an empty id", "a nested list", "10,001 users", "one too often"],
)
def test_bad_users_are_refused(command: Any, users: Any, error: Any) -> None:
    with pytest.raises(error):
        command(a_pool(), users, ROOT, NOON)


@each_command
@pytest.mark.parametrize(
    ("by", "now", "error"),
    [("root", NOON, InvalidArgument), (None, NOON, InvalidArgument), (ROOT, NAIVE, InvalidInstant)],
    ids=["a name", "nobody", "a naive instant"],
)
@pytest.mark.parametrize("users", [["ana"], [], ["ana", "mei"]], ids=len)
def test_who_acts_and_when_is_checked_even_with_nothing_to_do(
    command: Any, by: Any, now: datetime, error: Any, users: list[str]
) -> None:
    with pytest.raises(error):
        command(a_pool(), users, by, now)


@each_command
def test_nobody_is_nothing_to_do(command: Any) -> None:
    decision = command(evolve(a_pool(bought=1, holders={"ana"}), id="p1"), [], ROOT, NOON)
    assert decision.events == ()


# Questions and events


def test_every_question_agrees_with_its_command() -> None:
    full, everything = a_pool(bought=1, holders={"ana"}), {"by": ROOT, "now": NOON}
    assigning = {**everything, "eligible": ["luis"], "switches": STRICT}
    assert agrees(pools.can_assign, assign, full, ["ana"], **assigning) == Verdict.allow("DOC-28")
    assert agrees(pools.can_assign, assign, full, ["mei"], **assigning).code == "pool.not_eligible"
    assert agrees(pools.can_assign, assign, full, ["luis"], **assigning).code == "pool.licenses_exhausted"
    taking = {**everything, "switches": STRICT}
    assert agrees(pools.can_unassign, unassign, full, ["ana"], **taking) == Verdict.allow("DOC-34")
    for question, command in ((pools.can_confirm, confirm), (pools.can_reject, reject)):
        assert agrees(question, command, full, ["ana"], **everything) == Verdict.allow("DOC-35")
        assert agrees(question, command, full, [], by=PU, now=NOON).code == "pool.confirmation_not_allowed"
    assert agrees(pools.can_resize, resize, full, 3, by=Actor("root"), now=NOON) == Verdict.allow("L1")
    assert agrees(pools.can_resize, resize, full, 0, by=Actor("root"), now=NOON).code == "pool.in_use"


def test_a_question_with_a_bad_argument_is_a_mistake_and_no_answer() -> None:
    with pytest.raises(InvalidArgument):
        pools.can_confirm(a_pool(), "ana", by=ROOT, now=NOON)


def test_each_event_says_whose_license_changed() -> None:
    about: dict[str, Any] = {"pool": "p1", "by": "root", "at": NOON}
    assigned = LicensesAssigned(users=frozenset({"ana"}), **about)
    taken = LicensesUnassigned(released=frozenset({"ana"}), awaiting=frozenset({"mei"}), **about)
    cut = PoolResized(bought=1, dropped=frozenset({"ana"}), **about)
    assert holding_changes(assigned) == {"ana": Holding.HELD}
    assert holding_changes(taken) == {"ana": None, "mei": Holding.AWAITING}
    assert holding_changes(ReleasesRejected(users=frozenset({"ana"}), **about)) == {"ana": Holding.HELD}
    assert holding_changes(cut) == {"ana": None}
    assert holding_changes(PoolRenewed(bought=1, expires_at=LATER, **about)) == {}


def test_the_state_as_of_an_earlier_instant_is_the_replay_up_to_it() -> None:
    start = a_pool(bought=2)
    first = assign(start, ["ana"], eligible=["ana"], switches=STRICT, by=ROOT, now=NOON)
    second = unassign(first.state, ["ana"], switches=STRICT, by=PU, now=LATER)
    events = (*first.events, *second.events)
    until_noon = [event for event in events if event.at <= NOON]
    assert replayed(apply, Decision(None, tuple(until_noon)), start) == first.state
    assert replayed(apply, Decision(None, events), start) == second.state


def test_what_happens_to_a_pool_of_seats_leaves_no_holdings() -> None:
    about: dict[str, Any] = {"pool": "s1", "by": "root", "at": NOON}
    assert apply(seats(bought=2), PoolResized(bought=5, **about)) == seats(bought=5)
    assert apply(seats(bought=2), LicensesAssigned(users=frozenset({"ana"}), **about)) == seats(bought=2)


def test_a_whole_life_is_told_again_by_its_events() -> None:
    opening = open_pool("p1", PackageKind.LICENSES, beneficiary=Scope.group("g"), bought=3, by=ROOT, now=NOON)
    pool = evolve(opening.state, expires_at=LATER, terms=some_terms())
    assert isinstance(pool, LicensePool)
    everybody = ["ana", "luis", "mei"]
    given = assign(pool, everybody, eligible=everybody, switches=STRICT, by=PU, now=NOON)
    taken = unassign(given.state, ["ana", "luis"], switches=STRICT, by=PU, now=NOON)
    kept = reject(taken.state, ["ana"], by=ROOT, now=NOON)
    again = pools.renew(kept.state, zone="UTC", by=PU, now=LATER)
    cut = resize(again.state, 1, drop=preview_shrink(again.state, 1).users, by=ROOT, now=LATER)
    told = tuple(event for one in (given, taken, kept, again, cut) for event in one.events)
    assert replayed(apply, Decision(None, told), pool) == cut.state
    assert (cut.state.bought, cut.state.consumed, cut.state.held, cut.state.renewals) == (1, 1, 1, 1)
