"""Pools of licenses and seats: assigning, unassigning, confirming, resizing."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from licensing_core import pools
from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity, TooManyItems
from licensing_core.decisions import Decision, Verdict
from licensing_core.directory import Actor
from licensing_core.holdings import Holding, Holdings, NotLoaded
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import (
    ConfirmationNotAllowed,
    LicensePool,
    LicensesAssigned,
    LicensesExhausted,
    LicensesUnassigned,
    NotEligible,
    PoolInUse,
    PoolOpened,
    PoolResized,
    SeatPool,
    apply,
    assign,
    confirm,
    holding_changes,
    open_pool,
    opened,
    resize,
    unassign,
)
from tests.builders import NAIVE, NOON, ROOT, SALES, a_pool, a_power_user, agrees, replayed, seats

PU = a_power_user(SALES)
STRICT = Switches(enforce_limit=True, allow_refund=False)
LOOSE = Switches(enforce_limit=False, allow_refund=False)
REFUND = Switches(enforce_limit=True, allow_refund=True)
LATER = datetime(2026, 6, 1, tzinfo=UTC)


def give(pool: LicensePool, *users: str, switches: Switches = STRICT) -> Decision[LicensePool, LicensesAssigned]:
    return assign(pool, users, eligible=users, switches=switches, by=ROOT, now=NOON)


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
    with pytest.raises(NotLoaded):
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


# Assigning


def test_assigning_moves_both_counters_and_names_the_newcomers() -> None:
    pool = a_pool(bought=3, holders={"ana"})
    decision = give(pool, "ana", "luis", "mei", "luis")
    assert decision.events == (LicensesAssigned(pool="p1", users=frozenset({"luis", "mei"}), by="root", at=NOON),)
    assert decision.state == a_pool(bought=3, holders={"ana", "luis", "mei"})
    assert replayed(apply, decision, pool) == decision.state


def test_a_holder_already_in_the_pool_uses_no_second_license() -> None:
    pool = a_pool(bought=1, holders={"ana"})
    assert assign(pool, ["ana"], eligible=[], switches=STRICT, by=ROOT, now=NOON) == Decision(pool)


def test_assigning_nobody_changes_nothing() -> None:
    assert give(a_pool()) == Decision(a_pool())


def test_who_takes_back_a_license_that_awaits_confirmation_uses_no_new_one() -> None:
    pool = a_pool(bought=1, awaiting={"ana"})
    decision = give(pool, "ana")
    assert decision.state == a_pool(bought=1, holders={"ana"})
    assert replayed(apply, decision, pool) == decision.state


def test_nobody_else_gets_a_license_that_awaits_confirmation() -> None:
    with pytest.raises(LicensesExhausted):
        give(a_pool(bought=1, awaiting={"ana"}), "luis")


def test_all_or_nothing_with_the_shortfall_told() -> None:
    pool = a_pool(bought=2, holders={"ana"}, awaiting={"mei"})
    with pytest.raises(LicensesExhausted) as caught:
        give(pool, "ana", "luis", "mei", "noor")
    assert caught.value == LicensesExhausted(pool="p1", requested=2, shortfall=2)
    assert str(caught.value) == (
        "2 asked of pool 'p1' are 2 more than are free; release some, buy more, or stop enforcing the limit"
    )


def test_without_an_enforced_limit_more_are_assigned_than_were_bought() -> None:
    users = [f"u{number}" for number in range(51)]
    pool = give(a_pool(bought=50), *users, switches=LOOSE).state
    assert (pool.consumed, pool.held, pool.free, pool.overrun) == (51, 51, 0, 1)


def test_enforcing_the_limit_later_takes_nothing_away_but_stops_new_use() -> None:
    pool = a_pool(bought=1, holders={"ana", "luis"})
    assert give(pool, "ana", "luis") == Decision(pool)
    with pytest.raises(LicensesExhausted) as caught:
        give(pool, "mei")
    assert caught.value.shortfall == 2


def test_an_overrun_pool_still_lets_somebody_take_back_their_own() -> None:
    pool = a_pool(bought=0, awaiting={"ana"})
    assert give(pool, "ana").state.held == 1


def test_expiry_does_not_stop_assigning() -> None:
    assert give(a_pool(bought=1, expires_at=NOON - timedelta(days=1)), "ana").state.held == 1


def test_outsiders_are_refused_and_named_before_the_limit_is_looked_at() -> None:
    pool = a_pool(bought=0, holders={"ana"})
    with pytest.raises(NotEligible) as caught:
        assign(pool, ["ana", "noor", "luis", "mei"], eligible={"luis"}, switches=STRICT, by=ROOT, now=NOON)
    assert caught.value == NotEligible(pool="p1", users=("mei", "noor"))
    assert "2 of the users" in str(caught.value)
    assert "noor" not in str(caught.value)


@pytest.mark.parametrize(
    "eligible", [["ana"], ("ana",), {"ana"}, {"ana": 1}.keys()], ids=lambda one: type(one).__name__
)
def test_the_eligible_are_any_collection_of_ids(eligible: Any) -> None:
    assert assign(a_pool(), ["ana"], eligible=eligible, switches=STRICT, by=ROOT, now=NOON).state.held == 1


@pytest.mark.parametrize("eligible", ["a", None, 7], ids=str)
def test_the_eligible_are_no_text_whose_letters_are_ids(eligible: Any) -> None:
    with pytest.raises(InvalidArgument, match="eligible"):
        assign(a_pool(), ["a"], eligible=eligible, switches=STRICT, by=ROOT, now=NOON)


def test_somebody_who_awaits_confirmation_outside_the_beneficiary_is_refused() -> None:
    with pytest.raises(NotEligible):
        assign(a_pool(awaiting={"ana"}), ["ana"], eligible=[], switches=STRICT, by=ROOT, now=NOON)


def test_holdings_that_were_not_loaded_are_refused_before_anything_else() -> None:
    pool = evolve(a_pool(bought=0), holdings=Holdings(loaded={"ana"}))
    commands: list[Any] = [
        lambda: assign(pool, ["ana", "mei"], eligible=[], switches=STRICT, by=ROOT, now=NOON),
        lambda: unassign(pool, ["mei"], switches=STRICT, by=ROOT, now=NOON),
        lambda: confirm(pool, ["mei"], by=PU, now=NOON),
    ]
    for command in commands:
        with pytest.raises(NotLoaded) as caught:
            command()
        assert caught.value.users == ("mei",)


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
    ],
    ids=["a text", "none", "a number", "an iterator", "an empty id", "a nested list", "10,001 users"],
)
def test_bad_users_are_refused_by_every_command(users: Any, error: Any) -> None:
    commands: list[Any] = [
        lambda: assign(a_pool(), users, eligible=[], switches=STRICT, by=ROOT, now=NOON),
        lambda: unassign(a_pool(), users, switches=STRICT, by=ROOT, now=NOON),
        lambda: confirm(a_pool(), users, by=ROOT, now=NOON),
    ]
    for command in commands:
        with pytest.raises(error):
            command()


def test_ten_thousand_users_are_one_command() -> None:
    users = [f"u{number}" for number in range(10_000)]
    pool = give(a_pool(bought=10_000), *users).state
    assert pool.held == 10_000
    assert unassign(pool, users, switches=STRICT, by=ROOT, now=NOON).state.consumed == 0


def test_a_naive_instant_is_refused_where_an_event_is_made() -> None:
    with pytest.raises(InvalidInstant):
        assign(a_pool(), ["ana"], eligible=["ana"], switches=STRICT, by=ROOT, now=NAIVE)


# Unassigning and confirming


@pytest.mark.parametrize(
    ("by", "switches", "released", "awaiting"),
    [
        (PU, STRICT, {}, {"ana"}),
        (PU, REFUND, {"ana"}, {}),
        (ROOT, STRICT, {"ana"}, {}),
        (ROOT, REFUND, {"ana"}, {}),
    ],
    ids=["power user, refund off", "power user, refund on", "superadmin, refund off", "superadmin, refund on"],
)
def test_unassigning_gives_back_at_once_or_awaits_confirmation(
    by: Any, switches: Switches, released: set[str], awaiting: set[str]
) -> None:
    pool = a_pool(bought=2, holders={"ana", "luis"})
    decision = unassign(pool, ["ana", "noor"], switches=switches, by=by, now=NOON)
    event = LicensesUnassigned(pool="p1", released=frozenset(released), awaiting=frozenset(awaiting), by=by.id, at=NOON)
    assert decision.events == (event,)
    assert decision.state == a_pool(bought=2, holders={"luis"}, awaiting=awaiting)
    assert replayed(apply, decision, pool) == decision.state


@pytest.mark.parametrize("switches", [STRICT, REFUND], ids=["refund off", "refund on"])
def test_a_power_user_does_not_confirm_by_unassigning_again(switches: Switches) -> None:
    pool = a_pool(awaiting={"ana"})
    assert unassign(pool, ["ana"], switches=switches, by=PU, now=NOON) == Decision(pool)


def test_a_superadmin_confirms_by_unassigning_the_same_user() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = unassign(pool, ["ana", "luis"], switches=STRICT, by=ROOT, now=NOON)
    assert decision.state == a_pool(bought=2)
    assert decision.events[0].released == {"ana", "luis"}


def test_unassigning_who_has_no_license_changes_nothing() -> None:
    pool = a_pool(holders={"ana"})
    assert unassign(pool, ["mei"], switches=STRICT, by=ROOT, now=NOON) == Decision(pool)
    assert unassign(pool, [], switches=STRICT, by=ROOT, now=NOON) == Decision(pool)


def test_confirming_gives_back_what_awaits_it_and_leaves_holders_alone() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = confirm(pool, ["ana", "luis", "mei"], by=ROOT, now=NOON)
    assert decision.state == a_pool(bought=2, holders={"luis"})
    assert decision.events == (
        LicensesUnassigned(pool="p1", released=frozenset({"ana"}), awaiting=frozenset(), by="root", at=NOON),
    )
    assert replayed(apply, decision, pool) == decision.state
    assert confirm(decision.state, ["ana"], by=ROOT, now=NOON) == Decision(decision.state)


def test_only_a_superadmin_confirms() -> None:
    with pytest.raises(ConfirmationNotAllowed, match="ask one") as caught:
        confirm(a_pool(), [], by=PU, now=NOON)
    assert caught.value == ConfirmationNotAllowed(pool="p1")


# Resizing


@pytest.mark.parametrize(("bought", "consumed", "to"), [(2, 2, 3), (3, 2, 2), (1, 3, 2), (2, 0, 0)])
def test_a_pool_grows_and_gives_up_what_is_free(bought: int, consumed: int, to: int) -> None:
    pool = a_pool(bought=bought, holders=[f"u{number}" for number in range(consumed)])
    decision = resize(pool, to, by=Actor("root"), now=NOON)
    assert decision == Decision(evolve(pool, bought=to), (PoolResized(pool="p1", bought=to, by="root", at=NOON),))
    assert replayed(apply, decision, pool) == decision.state


def test_a_pool_of_the_same_size_is_left_alone() -> None:
    assert resize(a_pool(bought=2), 2, by=Actor("root"), now=NOON) == Decision(a_pool(bought=2))


def test_what_is_consumed_cannot_be_cut() -> None:
    with pytest.raises(PoolInUse, match="release some first") as caught:
        resize(a_pool(bought=3, holders={"ana"}, awaiting={"mei"}), 1, by=Actor("root"), now=NOON)
    assert caught.value == PoolInUse(pool="p1", consumed=2, asked=1)


@pytest.mark.parametrize("bought", [-1, True, 2.0, "2", None, 2**31])
def test_a_size_is_a_count(bought: Any) -> None:
    with pytest.raises(InvalidQuantity):
        resize(a_pool(bought=2), bought, by=Actor("root"), now=NOON)


# Questions and events


def test_every_question_agrees_with_its_command() -> None:
    full, everything = a_pool(bought=1, holders={"ana"}), {"by": ROOT, "now": NOON}
    assigning = {**everything, "eligible": ["luis"], "switches": STRICT}
    assert agrees(pools.can_assign, assign, full, ["ana"], **assigning) == Verdict.allow("DOC-28")
    assert agrees(pools.can_assign, assign, full, ["mei"], **assigning).code == "pool.not_eligible"
    assert agrees(pools.can_assign, assign, full, ["luis"], **assigning).code == "pool.licenses_exhausted"
    taking = {**everything, "switches": STRICT}
    assert agrees(pools.can_unassign, unassign, full, ["ana"], **taking) == Verdict.allow("DOC-34")
    assert agrees(pools.can_confirm, confirm, full, ["ana"], **everything) == Verdict.allow("DOC-35")
    assert agrees(pools.can_confirm, confirm, full, [], by=PU, now=NOON).code == "pool.confirmation_not_allowed"
    assert agrees(pools.can_resize, resize, full, 3, by=Actor("root"), now=NOON) == Verdict.allow("L1")
    assert agrees(pools.can_resize, resize, full, 0, by=Actor("root"), now=NOON).code == "pool.in_use"


def test_a_question_with_a_bad_argument_is_a_mistake_and_no_answer() -> None:
    with pytest.raises(InvalidArgument):
        pools.can_confirm(a_pool(), "ana", by=ROOT, now=NOON)


def test_each_event_says_whose_license_changed() -> None:
    about: dict[str, Any] = {"pool": "p1", "by": "root", "at": NOON}
    assigned = LicensesAssigned(users=frozenset({"ana"}), **about)
    taken = LicensesUnassigned(released=frozenset({"ana"}), awaiting=frozenset({"mei"}), **about)
    assert holding_changes(assigned) == {"ana": Holding.HELD}
    assert holding_changes(taken) == {"ana": None, "mei": Holding.AWAITING}
    assert holding_changes(PoolResized(bought=1, **about)) == {}


def test_the_state_as_of_an_earlier_instant_is_the_replay_up_to_it() -> None:
    start = a_pool(bought=2)
    first = assign(start, ["ana"], eligible=["ana"], switches=STRICT, by=ROOT, now=NOON)
    second = unassign(first.state, ["ana"], switches=STRICT, by=PU, now=LATER)
    events = (*first.events, *second.events)
    until_noon = [event for event in events if event.at <= NOON]
    assert replayed(apply, Decision(None, tuple(until_noon)), start) == first.state
    assert replayed(apply, Decision(None, events), start) == second.state
