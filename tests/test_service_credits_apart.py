"""Credits over every store: once under a key, tenants apart, many at once, and counts that begin anew."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core import credits as credit
from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.credits import Rollover
from licensing_core.periods import Cycle, Duration
from licensing_core.protocols import AggregateKind, IdempotencyConflict, Store
from licensing_core.services import (
    AsyncLicensing,
    CancelPack,
    CreditsStanding,
    Licensing,
    RefundPack,
    ResetCredits,
    UnknownAccount,
)
from tests.credit_commands import (
    OPEN,
    READ,
    TOMORROW,
    activate,
    balance,
    buy,
    give,
    order,
    pay,
    spend,
    with_credits,
)
from tests.service_world import (
    NOON,
    TENANT,
    Checked,
    Clock,
    at_once,
    events_of,
    host,
    refused,
    snapshot,
    to,
)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """The customer a1 has an account of credits, with none in it."""
    return with_credits(store, clock)


# Once, and apart


def test_one_payment_whose_id_is_the_key_pays_one_order_at_most(licensing: Licensing, store: Store) -> None:
    for name in ("o1", "o2"):
        licensing.run(order(name))
    payment = attrs.evolve(pay("o1", paid="10.00 EUR"), key="payment-77")
    first = licensing.run(payment)
    after = snapshot(store)
    assert licensing.run(payment) == first
    assert refused(licensing.run, attrs.evolve(payment, order="o2")) == IdempotencyConflict(key="payment-77")
    assert snapshot(store) == after


def test_the_same_key_spends_once(licensing: Licensing, store: Store) -> None:
    buy(licensing)
    first = licensing.run(spend(30, "k1"))
    after = snapshot(store)
    assert licensing.run(spend(30, "k1")) == first
    for other in (spend(31, "k1"), give("gift", 1)):
        assert refused(licensing.run, attrs.evolve(other, key="k1")) == IdempotencyConflict(key="k1")
    assert snapshot(store) == after


def test_what_is_tried_out_is_not_kept(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    _, first, second = licensing.preview(give("gift", 50), spend(20, "k1"), spend(30, "k2"))
    assert (first.standing.balance, second.standing.balance) == (30, 0)
    verdict = licensing.may(spend(1, "k1"))
    assert verdict.refusal == credit.InsufficientCredits(balance=0, shortfall=1)
    assert licensing.may(order()).rule == "ALU-9"
    assert snapshot(store) == before


def test_two_tenants_have_their_credits_apart(licensing: Licensing, store: Store) -> None:
    buy(licensing)
    theirs = Licensing(store, host("globex"), Clock())
    foreign: Any = attrs.evolve(spend(1, "k1"), tenant="globex")
    assert refused(theirs.run, foreign) == UnknownAccount(account="a1")
    theirs.run(attrs.evolve(OPEN, tenant="globex"))
    assert refused(theirs.run, foreign) == credit.InsufficientCredits(balance=0, shortfall=1)
    assert balance(licensing) == 100


def test_an_order_does_not_lose_another_that_was_not_loaded(licensing: Licensing) -> None:
    buy(licensing, "o1")
    licensing.run(order("o2"))
    licensing.run(CancelPack(order="o2", **to("k1")))
    licensing.run(give("gift", 5))
    assert refused(licensing.run, pay("o2")) == credit.OrderClosed(order="o2")
    assert licensing.run(RefundPack(order="o1", **to("k3"))).standing.balance == 5


# At once


def test_two_threads_that_spend_the_last_credits_spend_them_once(licensing: Licensing, store: Store) -> None:
    licensing.run(give("gift", 10))
    outcomes = at_once([store], [spend(10, f"k{number}") for number in range(6)])
    assert [one for one in outcomes if isinstance(one, BaseException)] == [
        credit.InsufficientCredits(balance=0, shortfall=10)
    ] * 5
    assert balance(licensing) == 0
    assert events_of(store, "a1", AggregateKind.CREDITS).count("credits.spent") == 1


def test_many_stores_of_one_database_spend_no_more_than_there_is(tmp_path: Path) -> None:
    stores = [SqlStore(f"sqlite:///{tmp_path / 'licenses.db'}") for _ in range(3)]
    stores[0].create()
    licensing = Checked(stores[0])
    licensing.run(OPEN)
    licensing.run(give("gift", 10))
    outcomes = at_once(stores, [spend(4, f"k{number}") for number in range(6)])
    assert sorted(one.standing.balance for one in outcomes if isinstance(one, CreditsStanding)) == [2, 6]
    assert balance(licensing) == 2
    for store in stores:
        store.close()


def test_one_payment_that_many_threads_note_counts_once(licensing: Licensing, store: Store) -> None:
    licensing.run(order())
    outcomes = at_once([store], [attrs.evolve(pay(), key=f"k{number}") for number in range(4)])
    assert [one for one in outcomes if isinstance(one, BaseException)] == [credit.OrderAlreadyPaid(order="o1")] * 3
    assert licensing.run(READ).standing.pending == 100


def test_the_same_story_is_told_with_await() -> None:
    async def story() -> None:
        clock = Clock()
        licensing = AsyncLicensing(AsyncMemoryStore(), AsyncHostOf(host()), clock)
        for command in (OPEN, order(), pay(), activate()):
            await licensing.run(command)
        clock.now = TOMORROW
        commands = (licensing.run(spend(40, f"k{number}")) for number in range(3))
        outcomes = await asyncio.gather(*commands, return_exceptions=True)
        assert outcomes[2] == credit.InsufficientCredits(balance=20, shortfall=20)
        assert (await licensing.run(READ)).standing.balance == 20
        assert (await licensing.run(attrs.evolve(READ, at=NOON))).standing.balance == 100
        assert not await licensing.may(spend(21, "k9"))

    asyncio.run(story())


# Counts that begin anew by themselves


def test_a_count_that_begins_anew_with_a_cycle_is_kept_by_the_store(store: Store, clock: Clock) -> None:
    licensing = Checked(store, clock=clock)
    days = Cycle(NOON, Duration(days=1), "UTC")
    licensing.run(attrs.evolve(OPEN, resets=days))
    licensing.run(give("plan", 100, recurrence=days, rollover=Rollover(most=25)))
    licensing.run(spend(40, "s1"))
    clock.now = TOMORROW + timedelta(hours=1)
    assert licensing.run(READ).standing.balance == 100
    assert licensing.run(spend(1, "s2")).standing.balance == 99
    with store.begin() as work:
        stored = work.credits(TENANT, "a1", ())
    assert stored is not None
    assert (stored.state.resets, stored.state.balances.used, stored.state.balances.since) == (days, 1, TOMORROW)


def test_a_count_that_begins_anew_once_does_so_now(licensing: Licensing, clock: Clock) -> None:
    licensing.run(give("plan", 100, rollover=Rollover(most=25)))
    licensing.run(spend(40, "s1"))
    clock.now = TOMORROW
    assert licensing.run(ResetCredits(**to("reset"))).standing.balance == 25
    assert licensing.run(ResetCredits(**to("again"))).standing.balance == 25
