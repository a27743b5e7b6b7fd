"""Taking licenses back: at once or after a confirmation, rejected, and no more than the revocation cap allows."""

from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidQuantity
from licensing_core.decisions import Decision
from licensing_core.limits import UNLIMITED
from licensing_core.plans import Switches
from licensing_core.pools import (
    ConfirmationNotAllowed,
    LicensePool,
    LicensesUnassigned,
    ReleasesRejected,
    RevocationsExhausted,
    apply,
    assign,
    confirm,
    reject,
    renew,
    unassign,
)
from tests.builders import NOON, ROOT, SALES, a_pool, a_power_user, replayed, some_terms

PU = a_power_user(SALES)
STRICT = Switches(enforce_limit=True, allow_refund=False)
REFUND = Switches(enforce_limit=True, allow_refund=True)


@pytest.mark.parametrize(
    ("by", "switches", "released", "awaiting", "revoked"),
    [
        (PU, STRICT, {}, {"ana"}, 1),
        (PU, REFUND, {"ana"}, {}, 1),
        (ROOT, STRICT, {"ana"}, {}, 0),
        (ROOT, REFUND, {"ana"}, {}, 0),
    ],
    ids=["power user, refund off", "power user, refund on", "superadmin, refund off", "superadmin, refund on"],
)
def test_unassigning_gives_back_at_once_or_awaits_confirmation(
    by: Any, switches: Switches, released: set[str], awaiting: set[str], revoked: int
) -> None:
    pool = a_pool(bought=2, holders={"ana", "luis"})
    decision = unassign(pool, ["ana", "noor"], switches=switches, by=by, now=NOON)
    event = LicensesUnassigned(
        pool="p1",
        released=frozenset(released),
        awaiting=frozenset(awaiting),
        revoked=revoked,
        by=by.id,
        at=NOON,
    )
    assert decision.events == (event,)
    assert decision.state == evolve(a_pool(bought=2, holders={"luis"}, awaiting=awaiting), revoked=revoked)
    assert replayed(apply, decision, pool) == decision.state


@pytest.mark.parametrize("switches", [STRICT, REFUND], ids=["refund off", "refund on"])
def test_a_power_user_does_not_confirm_by_unassigning_again(switches: Switches) -> None:
    pool = a_pool(awaiting={"ana"})
    assert unassign(pool, ["ana"], switches=switches, by=PU, now=NOON) == Decision(pool)


def test_a_refund_that_was_switched_on_later_does_not_confirm_what_awaits() -> None:
    pool = unassign(a_pool(holders={"ana", "luis"}), ["ana"], switches=STRICT, by=PU, now=NOON).state
    after = unassign(pool, ["ana", "luis"], switches=REFUND, by=PU, now=NOON)
    assert after.events[0].released == {"luis"}
    assert not after.events[0].awaiting
    assert (after.state.consumed, after.state.held, after.state.awaiting) == (1, 0, 1)


def test_a_superadmin_confirms_by_unassigning_the_same_user() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = unassign(pool, ["ana", "luis"], switches=STRICT, by=ROOT, now=NOON)
    assert decision.state == a_pool(bought=2)
    assert decision.events[0].released == {"ana", "luis"}


def test_unassigning_who_has_no_license_changes_nothing() -> None:
    pool = a_pool(holders={"ana"})
    assert unassign(pool, ["mei"], switches=STRICT, by=ROOT, now=NOON) == Decision(pool)
    assert unassign(pool, [], switches=STRICT, by=ROOT, now=NOON) == Decision(pool)


def test_unassigning_twice_is_unassigning_once() -> None:
    once = unassign(a_pool(holders={"ana", "luis"}), ["luis", "ana", "luis"], switches=STRICT, by=PU, now=NOON)
    assert once.state.revoked == 2
    assert unassign(once.state, ["ana", "luis"], switches=STRICT, by=PU, now=NOON) == Decision(once.state)


def test_confirming_gives_back_what_awaits_it_and_leaves_holders_alone() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = confirm(pool, ["ana", "luis", "mei"], by=ROOT, now=NOON)
    assert decision.state == a_pool(bought=2, holders={"luis"})
    assert decision.events == (
        LicensesUnassigned(pool="p1", released=frozenset({"ana"}), awaiting=frozenset(), by="root", at=NOON),
    )
    assert replayed(apply, decision, pool) == decision.state
    assert confirm(decision.state, ["ana"], by=ROOT, now=NOON) == Decision(decision.state)


def test_rejecting_gives_the_license_back_to_who_had_it_and_leaves_others_alone() -> None:
    pool = a_pool(bought=2, holders={"luis"}, awaiting={"ana"})
    decision = reject(pool, ["ana", "luis", "mei"], by=ROOT, now=NOON)
    assert decision.state == a_pool(bought=2, holders={"luis", "ana"})
    assert decision.events == (ReleasesRejected(pool="p1", users=frozenset({"ana"}), by="root", at=NOON),)
    assert replayed(apply, decision, pool) == decision.state
    assert reject(decision.state, ["ana"], by=ROOT, now=NOON) == Decision(decision.state)


def test_what_was_confirmed_cannot_be_rejected_and_what_was_rejected_not_confirmed() -> None:
    pool = a_pool(bought=1, awaiting={"ana"})
    gone = confirm(pool, ["ana"], by=ROOT, now=NOON).state
    assert reject(gone, ["ana"], by=ROOT, now=NOON) == Decision(gone)
    back = reject(pool, ["ana"], by=ROOT, now=NOON).state
    assert confirm(back, ["ana"], by=ROOT, now=NOON) == Decision(back)


@pytest.mark.parametrize("command", [confirm, reject], ids=["confirm", "reject"])
@pytest.mark.parametrize("users", [[], ["ana"], ["mei"]], ids=len)
def test_only_a_superadmin_decides_on_a_release(command: Any, users: list[str]) -> None:
    with pytest.raises(ConfirmationNotAllowed, match="ask one") as caught:
        command(a_pool(awaiting={"ana"}), users, by=PU, now=NOON)
    assert caught.value == ConfirmationNotAllowed(pool="p1")


# The revocation cap


def capped(share: Any, *, refund: bool = True) -> Switches:
    return Switches(allow_refund=refund, revocation_cap=UNLIMITED if share is None else Fraction(share))


def full(bought: int) -> LicensePool:
    return a_pool(bought=bought, holders=[f"u{n}" for n in range(bought)])


def take(pool: LicensePool, *users: str, switches: Switches, by: Any = PU) -> LicensePool:
    return unassign(pool, users, switches=switches, by=by, now=NOON).state


@pytest.mark.parametrize(
    ("share", "bought", "most"),
    [
        (0, 10, 0),
        ("1/20", 10, 0),
        ("1/20", 19, 0),
        ("1/20", 20, 1),
        ("1/20", 39, 1),
        ("1/20", 40, 2),
        ("1/3", 3, 1),
        (1, 3, 3),
        ("3/2", 3, 4),
        (1000, 0, 0),
        (None, 3, UNLIMITED),
    ],
)
def test_a_cap_is_a_share_of_what_was_bought_cut_down_to_a_whole_license(share: Any, bought: int, most: Any) -> None:
    assert capped(share).revocable(bought) == most


@pytest.mark.parametrize("refund", [True, False], ids=["refund on", "refund off"])
def test_power_users_take_as_many_as_the_cap_allows_and_not_one_more(refund: bool) -> None:
    switches = capped("1/20", refund=refund)
    pool = take(full(40), "u0", switches=switches)
    with pytest.raises(RevocationsExhausted) as caught:
        take(pool, "u1", "u2", switches=switches)
    assert caught.value == RevocationsExhausted(pool="p1", requested=2, left=1)
    pool = take(pool, "u1", switches=switches)
    assert pool.revoked == 2
    with pytest.raises(RevocationsExhausted, match="leaves 0; take fewer, or ask a superadmin"):
        take(pool, "u2", switches=switches)


def test_a_cap_of_nothing_lets_nobody_be_taken_by_a_power_user() -> None:
    with pytest.raises(RevocationsExhausted) as caught:
        take(full(10), "u1", switches=capped(0))
    assert caught.value.left == 0


def test_a_cap_of_nothing_lets_those_without_a_license_be_passed_over() -> None:
    pool = a_pool(awaiting={"ana"})
    assert unassign(pool, ["ana", "mei"], switches=capped(0), by=PU, now=NOON) == Decision(pool)


def test_a_superadmin_is_not_capped_and_uses_nothing_of_it_up() -> None:
    pool = take(full(10), "u1", "u2", switches=capped(0), by=ROOT)
    assert (pool.consumed, pool.revoked) == (8, 0)


def test_a_cap_counts_a_license_each_time_it_is_taken() -> None:
    switches = capped(1)
    pool = a_pool(bought=2, holders={"ana"})
    for taken in (1, 2):
        pool = take(pool, "ana", switches=switches)
        assert pool.revoked == taken
        pool = assign(pool, ["ana"], eligible=["ana"], switches=switches, by=PU, now=NOON).state
    with pytest.raises(RevocationsExhausted):
        take(pool, "ana", switches=switches)


def test_who_takes_back_what_awaited_confirmation_was_taken_from_all_the_same() -> None:
    switches = capped("1/2", refund=False)
    pool = take(a_pool(bought=2, holders={"ana"}), "ana", switches=switches)
    back = assign(pool, ["ana"], eligible=["ana"], switches=switches, by=PU, now=NOON).state
    assert (back.held, back.awaiting, back.revoked) == (1, 0, 1)
    with pytest.raises(RevocationsExhausted):
        take(back, "ana", switches=switches)


def test_a_rejected_release_is_undone_but_counts_against_the_cap() -> None:
    switches = capped("1/2", refund=False)
    pool = a_pool(bought=2, holders={"ana", "luis"})
    taken = take(pool, "ana", switches=switches)
    back = reject(taken, ["ana"], by=ROOT, now=NOON).state
    assert back == evolve(pool, revoked=1)
    with pytest.raises(RevocationsExhausted):
        take(back, "luis", switches=switches)


def test_a_confirmed_release_was_taken() -> None:
    taken = take(a_pool(bought=2, holders={"ana"}), "ana", switches=capped("1/2", refund=False))
    assert confirm(taken, ["ana"], by=ROOT, now=NOON).state.revoked == 1


def test_a_renewal_begins_the_cap_anew() -> None:
    switches = capped("1/10")
    pool = evolve(take(full(10), "u0", switches=switches), expires_at=NOON, terms=some_terms())
    renewed = renew(pool, zone="UTC", by=PU, now=NOON).state
    assert (renewed.revoked, take(renewed, "u1", switches=switches).revoked) == (0, 1)


def test_a_rejected_release_from_before_a_renewal_gives_nothing_back_to_the_new_cap() -> None:
    switches = capped("1/10", refund=False)
    taken = take(full(10), "u0", switches=switches)
    renewed = renew(evolve(taken, expires_at=NOON, terms=some_terms()), zone="UTC", by=PU, now=NOON).state
    again = reject(take(renewed, "u1", switches=switches), ["u0"], by=ROOT, now=NOON).state
    assert again.revoked == 1
    with pytest.raises(RevocationsExhausted):
        take(again, "u0", switches=switches)


def test_a_cap_that_was_lowered_later_takes_nothing_back_and_leaves_none() -> None:
    pool = take(full(10), "u0", "u1", "u2", switches=capped(1))
    with pytest.raises(RevocationsExhausted) as caught:
        take(pool, "u3", switches=capped("1/10"))
    assert caught.value.left == 0


@pytest.mark.parametrize("share", [-1, Fraction(-1, 20), 1001, 0.05, True, "1/20"], ids=str)
def test_a_cap_is_a_share_from_0_to_1000(share: Any) -> None:
    with pytest.raises(InvalidArgument, match="revocation_cap"):
        Switches(revocation_cap=share)


def test_no_more_are_taken_than_can_be_counted() -> None:
    pool = evolve(a_pool(bought=2, holders={"ana"}), revoked=MAX_COUNT)
    with pytest.raises(InvalidQuantity, match="revoked"):
        _ = take(pool, "ana", switches=REFUND)
