"""The laws of accounts, over cases that hypothesis finds; the seeded ones run with those of all laws."""

import pickle
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core import accounts as lib
from licensing_core.accounts import AccountSettings, Block, Books, Card, CustomerAdded, Person, books
from licensing_core.money import Money
from licensing_core.subscriptions import SubscriptionTerms
from licensing_core.testing import cases_accounts as cases
from licensing_core.testing import laws_accounts as laws
from licensing_core.testing import strategies_accounts as some
from licensing_core.testing.cases_accounts import ANA, START, ZONES, Tenant
from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import check

randoms = st.randoms(use_true_random=False)


@given(some.tenants())
def test_bills_add_up_agree_with_their_turns_and_bill_no_time_twice_after_each_command(tenant: Tenant) -> None:
    for step in tenant.steps(14):
        account = step.after.account
        for bill in account.bills.values():
            laws.a_bill_adds_up(account, bill)
        laws.bills_and_turns_agree(account)
        laws.users_are_counted(account)
        laws.no_time_is_billed_twice(account)
        laws.credit_pays_first(account, step.events)
        laws.access_is_for_those_who_pay(account, step.now)


@given(some.tenants())
def test_money_is_what_came_in_numbers_are_gapless_and_histories_lead_to_what_is(tenant: Tenant) -> None:
    for _step in tenant.steps(18):
        pass
    laws.numbers_are_gapless(tenant.numbers, tenant.accounts.values())
    laws.replay_rebuilds(tenant.histories["documents"], tenant.numbers)
    for account in tenant.accounts.values():
        laws.money_is_what_came_in(account, tenant.histories[account.id])
        laws.replay_rebuilds(tenant.histories[account.id], account)


@given(some.books(), randoms, st.integers(0, 40))
def test_a_part_of_the_bills_decides_as_the_whole(found: tuple[Books, datetime], rng: Random, days: int) -> None:
    before, now = found[0], found[1] + timedelta(days=days)
    for _ in range(5):
        laws.a_part_decides_as_the_whole(before, cases.any_command(rng, before, now))


@given(some.books(), st.integers(0, 90))
def test_jobs_may_be_repeated_and_run_late(found: tuple[Books, datetime], days: int) -> None:
    before, now = found
    laws.jobs_may_be_repeated(before, now + timedelta(days=days))
    runs = [now + timedelta(days=one) for one in (days // 3, days)]
    laws.a_late_run_bills_the_same(before, runs, now + timedelta(days=91))


@given(some.settings(), some.blocks(), some.people(), some.instants())
def test_a_customer_of_any_settings_blocks_and_people_stands_as_these_say(
    settings: AccountSettings, blocks: dict[str, Block], people: dict[str, Person], now: datetime
) -> None:
    event = CustomerAdded(
        account="acme",
        zone=ZONES[0],
        plan=None,
        trial_ends=None,
        settings=settings,
        blocks=blocks,
        people=people,
        by="ana",
        at=START,
    )
    account = lib.opened(event)
    row = lib.customer_row(account, now)
    assert row.blocks == tuple(sorted(cause for cause, one in blocks.items() if one.until is None or now < one.until))
    laws.users_are_counted(account)
    laws.access_is_for_those_who_pay(account, now)


@given(some.cards())
def test_a_card_of_any_name_and_address_is_kept_and_never_shown(card: Card) -> None:
    assert pickle.loads(pickle.dumps(card)) == card
    assert repr(card) == "Card()"


@given(some.terms(), st.integers(1, 400))
def test_any_terms_are_ordered_paid_and_billed_for_each_time_once(terms: SubscriptionTerms, days: int) -> None:
    added = lib.add_customer("acme", None, zone=terms.zone, by=ANA, now=START).state
    found = lib.order(Books(added, lib.Numbers(id="documents")), "web", terms, by=ANA, now=START).state
    for document in [one.id for one in found.account.due]:
        found = lib.pay(found, document, by=ANA, now=START).state
    end = laws.all_jobs(_charged(found), START + timedelta(days=days)).account
    laws.no_time_is_billed_twice(end)
    for bill in end.bills.values():
        laws.a_bill_adds_up(end, bill)


def _charged(found: Books) -> Books:
    settings = lib.AccountSettings(automatic_debit=True)
    return Books(lib.configure(found.account, settings, by=ANA, now=START).state, found.numbers)


def test_a_broken_law_of_accounts_says_how_to_make_its_case_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(entry: Any, document: str, amount: Money, *, from_balance: bool) -> None:
        entry.add(lib.CreditOpened(account=entry.account.id, amount=amount, by=entry.by, at=entry.at))

    monkeypatch.setattr(books, "_book_payment", twice)
    with pytest.raises(LawBroken, match=r"check\('a bill adds up', 1, seed=1, first=\d+\)"):
        check("a bill adds up", 300, seed=1)
