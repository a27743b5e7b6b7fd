"""An account of credits under every order of commands, compared with plain lists after each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensing_core.credits import MovementKind, RefundPolicy
from licensing_core.credits.book import Book
from licensing_core.testing.law import LawBroken
from tests.machines import credit_twin
from tests.machines.credit_twin import GIFTS, NAMES, PACKS, CreditTwin

names = st.sampled_from(NAMES)
packs = st.sampled_from(list(PACKS))
FRIDAY = datetime(2026, 3, 27, 5, tzinfo=UTC)
"""Six in the morning in Madrid, two days before the clocks change."""


class CreditMachine(RuleBasedStateMachine):
    twin: CreditTwin

    @initialize(overdraft=st.sampled_from((0, 0, 15, None)), hours=st.integers(0, 100))
    def open(self, overdraft: int | None, hours: int) -> None:
        self.twin = CreditTwin(overdraft=overdraft, now=FRIDAY + timedelta(hours=hours))

    @rule(name=names, pack=packs)
    def order(self, name: str, pack: str) -> None:
        self.twin.order(name, pack)

    @rule(name=names, exactly=st.sampled_from((True, True, False)))
    def pay(self, name: str, exactly: bool) -> None:
        self.twin.pay(name, exactly=exactly)

    @rule(name=names)
    def activate(self, name: str) -> None:
        self.twin.activate(name)

    @rule(name=names, pack=packs)
    def order_pay_and_activate(self, name: str, pack: str) -> None:
        self.twin.order(name, pack)
        self.twin.pay(name)
        self.twin.activate(name)

    @rule(name=names)
    def cancel(self, name: str) -> None:
        self.twin.cancel(name)

    @rule(name=names, policy=st.sampled_from([one.value for one in RefundPolicy]))
    def refund(self, name: str, policy: str) -> None:
        self.twin.refund(name, policy)

    @rule(name=names, gift=st.integers(0, len(GIFTS) - 1), hours=st.integers(-2, 4).map(lambda n: 6 * n))
    def grant(self, name: str, gift: int, hours: int) -> None:
        self.twin.grant(name, gift, hours)

    @rule(amount=st.integers(1, 30))
    def spend(self, amount: int) -> None:
        self.twin.spend(amount)

    @rule(name=names)
    def void(self, name: str) -> None:
        self.twin.void(name)

    @rule(keep=st.booleans())
    def begin_the_count_anew(self, keep: bool) -> None:
        self.twin.reset(keep=keep)

    @rule(hours=st.sampled_from((3, 6, 6, 12, 23, 24, 24, 60)))
    def wait(self, hours: int) -> None:
        self.twin.wait(hours)

    @rule()
    def reload(self) -> None:
        self.twin.reload()

    @invariant()
    def the_balances_are_those_of_the_lists(self) -> None:
        credit_twin.the_balances_are_those_of_the_lists(self.twin)

    @invariant()
    def credits_are_neither_made_nor_lost(self) -> None:
        credit_twin.credits_are_neither_made_nor_lost(self.twin)

    @invariant()
    def no_more_is_owed_than_the_overdraft(self) -> None:
        credit_twin.no_more_is_owed_than_the_overdraft(self.twin)

    @invariant()
    def orders_are_as_far_as_in_the_lists(self) -> None:
        credit_twin.orders_are_as_far_as_in_the_lists(self.twin)

    @invariant()
    def the_events_replayed_are_the_account(self) -> None:
        credit_twin.the_events_replayed_are_the_account(self.twin)


TestCredits = CreditMachine.TestCase
TestCredits.settings = settings(stateful_step_count=30)


def test_the_machine_has_every_invariant_of_the_twin() -> None:
    for one in credit_twin.INVARIANTS:
        assert one.__name__ in vars(CreditMachine)


def test_the_twin_finds_a_top_up_that_comes_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    def on_top(book: Book, row: Any, at: datetime) -> None:
        book._move(row, MovementKind.GRANTED, row.grant.amount, at)

    twin = CreditTwin(overdraft=0, now=FRIDAY)
    twin.grant("c1", 2, 0)
    twin.spend(4)
    twin.wait(24)
    credit_twin.the_balances_are_those_of_the_lists(twin)
    monkeypatch.setattr(Book, "_fill", on_top)
    with pytest.raises(LawBroken, match="the balances are those of the lists"):
        credit_twin.the_balances_are_those_of_the_lists(twin)
