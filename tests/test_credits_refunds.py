"""Refunds of credits: what is left is taken back; what was spent is refused, owed or forgiven."""

from datetime import datetime
from typing import Any

import pytest
from attrs import evolve

from licensing_core import credits as lib
from licensing_core.credits import CreditAccount, OrderStatus, PackRefunded, RefundPolicy
from licensing_core.periods import Duration
from tests.builders import NOON, agrees, replayed
from tests.credit_world import ANA, DAY, HOUR, active, balance, gift, in_part, left, opened, paid, spent

REFUSE, NEGATIVE, FORGIVE = RefundPolicy.REFUSE, RefundPolicy.GO_NEGATIVE, RefundPolicy.FORGIVE


def refunded(account: CreditAccount, policy: RefundPolicy = REFUSE, now: datetime = NOON) -> CreditAccount:
    decision = lib.refund(account, "o1", policy=policy, by=ANA, now=now)
    assert replayed(lib.apply, decision, account) == decision.state
    assert decision.state.orders["o1"].status is OrderStatus.REFUNDED
    assert isinstance(decision.events[0], PackRefunded)
    assert decision.events[0].policy is policy
    return decision.state


@pytest.mark.parametrize("policy", RefundPolicy)
def test_what_was_not_spent_is_taken_back_under_any_policy(policy: RefundPolicy) -> None:
    account = refunded(active(account=opened(gift("g", 5))), policy)
    assert (left(account), account.balances.voided, balance(account)) == ({"g": 5, "o1": 0}, 10, 5)


@pytest.mark.parametrize("policy", RefundPolicy)
def test_what_is_pending_never_becomes_active(policy: RefundPolicy) -> None:
    account = refunded(paid(), policy)
    assert lib.standing(account, NOON) == lib.Standing(balance=0, pending=0, late=())
    assert agrees(lib.can_activate, lib.activate, account, "o1", by=ANA, now=NOON).code == "order.closed"


def test_credits_that_were_spent_are_refused_by_default() -> None:
    account = spent(active(), 3)
    acts: dict[str, Any] = {"by": ANA, "now": NOON}
    refusal = agrees(lib.can_refund, lib.refund, account, "o1", **acts).refusal
    assert refusal == lib.CreditsAlreadySpent(order="o1", spent=3)


def test_what_was_spent_is_forgiven() -> None:
    account = refunded(spent(active(account=opened(gift("g", 5, priority=1))), 3), FORGIVE)
    entry = account.balances.entries["o1"]
    assert (entry.burned, entry.voided, balance(account)) == (3, 7, 5)


def test_what_was_spent_is_owed_and_the_next_credits_pay_it() -> None:
    account = refunded(spent(active(), 3), NEGATIVE)
    assert (account.balances.overage, balance(account)) == (3, -3)
    assert account.balances.entries["o1"].voided == 10
    assert agrees(lib.can_spend, lib.spend, account, 1, by=ANA, now=NOON).refusal == lib.InsufficientCredits(
        balance=-3, shortfall=4
    )
    assert balance(active("o2", account=account)) == 7


def test_what_is_left_of_the_others_pays_what_was_spent_in_the_order_of_burning() -> None:
    account = active(account=opened(gift("a", 2, priority=1), gift("b", 2, priority=2)))
    decision = lib.refund(spent(account, 3), "o1", policy=NEGATIVE, by=ANA, now=NOON)
    told = [(one.grant, one.kind.value, one.amount) for one in decision.events[0].movements]
    assert told == [("o1", "voided", 7), ("o1", "taken_back", 3), ("a", "burned", 2), ("b", "burned", 1)]
    assert (left(decision.state), decision.state.balances.overage) == ({"a": 0, "b": 1, "o1": 0}, 0)


def test_a_refund_is_owed_beyond_the_overdraft_and_on_top_of_what_was_owed() -> None:
    account = spent(active(account=opened(overdraft=2)), 12)
    assert balance(refunded(account, NEGATIVE)) == -12


@pytest.mark.parametrize(("policy", "owed"), [(FORGIVE, 0), (NEGATIVE, 4)])
def test_what_has_expired_stays_expired(policy: RefundPolicy, owed: int) -> None:
    account = refunded(spent(active(expires_after=Duration(days=1)), 4), policy, now=NOON + DAY)
    entry = account.balances.entries["o1"]
    assert (entry.expired, entry.voided, entry.burned) == (6, owed, 4 - owed)
    assert entry.grant.voided is None
    assert account.balances.overage == owed


def test_all_that_was_spent_over_the_top_ups_counts() -> None:
    account = spent(spent(active(every=Duration(days=1)), 10), 6, now=NOON + DAY)
    with pytest.raises(lib.CreditsAlreadySpent) as caught:
        lib.refund(account, "o1", by=ANA, now=NOON + DAY)
    assert caught.value.spent == 16
    after = refunded(account, NEGATIVE, now=NOON + DAY)
    assert balance(after, NOON + 9 * DAY) == -16


def test_what_was_owed_before_and_paid_by_the_pack_was_spent() -> None:
    account = active(account=spent(opened(overdraft=4), 4))
    assert balance(refunded(account, NEGATIVE)) == -4
    with pytest.raises(lib.CreditsAlreadySpent):
        lib.refund(account, "o1", by=ANA, now=NOON)


def test_a_void_before_the_refund_leaves_nothing_to_take_back() -> None:
    account = lib.void(spent(active(), 3), "o1", by=ANA, now=NOON).state
    assert refunded(account, FORGIVE, now=NOON + HOUR).balances == evolve(account.balances, at=NOON + HOUR)


def test_a_pending_order_is_refunded_without_its_grant_being_looked_up() -> None:
    account = paid(account=opened(gift("g")))
    part = in_part(account, "g", orders=("o1",))
    decision = lib.refund(part, "o1", by=ANA, now=NOON)
    assert lib.apply(part, decision.events[0]) == decision.state
