"""The laws of credits, over cases that hypothesis finds; the seeded ones run with those of all laws."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core import credits as lib
from licensing_core.credits import Balances, CreditAccount, CreditPack, MovementKind, RefundPolicy, UsageRecord
from licensing_core.credits.book import Book
from licensing_core.testing import cases_credits as cases
from licensing_core.testing import laws_credits as laws
from licensing_core.testing import strategies_credits as some
from licensing_core.testing.cases_credits import ANA, MONDAY, NAMES, STEP
from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import check

UNTIL = MONDAY + 8 * STEP
names = st.sampled_from(NAMES)
amounts = st.integers(1, 40)
randoms = st.randoms(use_true_random=False)


@given(some.balances(), some.usage(), some.resets(), st.booleans(), some.cuts())
def test_a_split_run_is_the_whole_run(
    start: Balances, usage: list[UsageRecord], resets: list[datetime], keep: bool, cuts: list[datetime]
) -> None:
    laws.a_split_run_is_the_whole_run(start, usage, until=UNTIL, resets=resets, keep_overage=keep, cuts=cuts)


@given(some.balances(), some.usage(), some.resets(), st.booleans())
def test_commands_end_where_a_run_does(
    start: Balances, usage: list[UsageRecord], resets: list[datetime], keep: bool
) -> None:
    account = CreditAccount(id="acme", zone="Europe/Madrid", balances=start)
    laws.commands_end_where_a_run_does(account, usage, until=UNTIL, resets=resets, keep=keep)


@given(some.balances(), some.usage(), st.booleans(), randoms)
def test_a_cycle_of_resets_comes_in_time(start: Balances, usage: list[UsageRecord], keep: bool, rng: Random) -> None:
    account = CreditAccount(id="acme", zone="Europe/Madrid", balances=start)
    laws.a_cycle_of_resets_comes_in_time(account, usage, cases.any_cycle(rng), until=UNTIL, keep=keep)


@given(some.accounts(), randoms)
def test_credits_add_up_after_each_command_and_whenever_they_are_looked_at(account: CreditAccount, rng: Random) -> None:
    for state, _events in cases.any_history(rng, account):
        laws.credits_add_up(state.balances)
        laws.credits_add_up(lib.by_then(state, cases.later(rng, state)).balances)


@given(randoms)
def test_replay_rebuilds_the_account_as_of_each_instant(rng: Random) -> None:
    start = cases.an_open_account(rng)
    laws.replay_rebuilds(start, tuple(cases.any_history(rng, start, most=20)))


@given(some.accounts(), amounts, some.later())
def test_spending_is_all_or_none_in_order_and_from_the_open_grants_alone(
    account: CreditAccount, amount: int, later: timedelta
) -> None:
    now = account.balances.at + later
    laws.spending_is_all_or_none(account, amount, now)
    laws.the_burn_order_is_kept(account, amount, now)
    laws.a_part_decides_as_the_whole(account, amount, now)


@given(some.accounts(), amounts, amounts, some.later())
def test_spending_twice_is_spending_the_sum(account: CreditAccount, one: int, other: int, later: timedelta) -> None:
    laws.spending_twice_is_spending_the_sum(account, one, other, account.balances.at + later)


@given(some.accounts(), names, st.sampled_from(RefundPolicy), some.later())
def test_a_refund_takes_back(account: CreditAccount, name: str, policy: RefundPolicy, later: timedelta) -> None:
    laws.a_refund_takes_back(account, name, policy, account.balances.at + later)


@given(some.accounts(), some.later(), st.booleans())
def test_a_new_count_keeps_what_rolls_over(account: CreditAccount, later: timedelta, keep: bool) -> None:
    laws.a_new_count_keeps_what_rolls_over(account, account.balances.at + later, keep_overage=keep)


@given(randoms, st.booleans())
def test_only_a_refund_goes_below_the_overdraft(rng: Random, negative: bool) -> None:
    start = cases.an_account_with_orders(rng)
    if history := tuple(cases.any_history(rng, start, negative=negative)):
        laws.only_a_refund_goes_below_the_overdraft(history)


@given(some.accounts(), names, some.later())
def test_an_order_goes_its_way_and_its_credits_are_granted_in_full(
    account: CreditAccount, name: str, later: timedelta
) -> None:
    now = account.balances.at + later
    laws.an_order_goes_its_way(account, name, now)
    laws.paid_credits_are_granted_in_full(account, name, now)


@given(some.packs(), some.later())
def test_a_pack_of_any_terms_is_granted_in_full(pack: CreditPack, later: timedelta) -> None:
    account = lib.open_credits("acme", zone="Europe/Madrid", by=ANA, now=MONDAY).state
    account = lib.order_pack(account, pack, "o1", by=ANA, now=MONDAY).state
    laws.paid_credits_are_granted_in_full(account, "o1", MONDAY + later)


def test_a_broken_law_of_credits_says_how_to_make_its_case_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def on_top(book: Book, row: Any, at: datetime) -> None:
        book._move(row, MovementKind.GRANTED, row.grant.amount, at)

    monkeypatch.setattr(Book, "_fill", on_top)
    with pytest.raises(LawBroken, match=r"check\('credits add up', 1, seed=1, first=\d+\)"):
        check("credits add up", 300, seed=1)
