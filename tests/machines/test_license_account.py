"""An account billed by cycle under every order of commands, compared with plain dicts after each."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensing_core.license_cycle import purchase
from licensing_core.periods import Span
from licensing_core.testing.law import LawBroken
from tests.machines import account_twin
from tests.machines.account_twin import PRICES, USERS, AccountTwin

names = st.sampled_from([*PRICES, "fax"])
wishes = st.dictionaries(st.sampled_from(list(PRICES)), st.integers(1, 4), min_size=1)
odd_wishes = st.dictionaries(names, st.integers(0, 3), min_size=1)
users = st.sampled_from(USERS)


class LicenseAccountMachine(RuleBasedStateMachine):
    twin: AccountTwin

    @initialize(
        day=st.integers(1, 31),
        zone=st.sampled_from(("UTC", "Europe/Madrid", "America/Mexico_City")),
        minimums=st.lists(st.integers(0, 2), min_size=4, max_size=4),
        spare=st.integers(0, 1),
        hour=st.integers(0, 800),
    )
    def open(self, day: int, zone: str, minimums: list[int], spare: int, hour: int) -> None:
        now = datetime(2024, 2, 1 + hour // 24 % 29, hour % 24, tzinfo=UTC)
        self.twin = AccountTwin(anchor=date(2024, 1, day), zone=zone, minimums=minimums, spare=spare, now=now)

    @rule(wanted=wishes | odd_wishes)
    def quote(self, wanted: dict[str, int]) -> None:
        self.twin.quote(wanted)

    @rule(wanted=wishes)
    def buy_and_pay(self, wanted: dict[str, int]) -> None:
        self.twin.buy(wanted, "succeeded")

    @rule(wanted=wishes | odd_wishes, payment=st.sampled_from(("pending", "pending", "failed")))
    def order(self, wanted: dict[str, int], payment: str) -> None:
        self.twin.buy(wanted, payment)

    @rule(place=st.none() | st.integers(0, 5))
    def settle(self, place: int | None) -> None:
        self.twin.settle(place)

    @rule(user=users, name=names)
    def grant(self, user: str, name: str) -> None:
        self.twin.grant(user, name)

    @rule(user=users, name=names)
    def revoke(self, user: str, name: str) -> None:
        self.twin.revoke(user, name)

    @rule()
    def close(self) -> None:
        self.twin.close()

    @rule(hours=st.integers(1, 500))
    def wait(self, hours: int) -> None:
        self.twin.wait(hours)

    @invariant()
    def the_table_is_that_of_the_dicts(self) -> None:
        account_twin.the_table_is_that_of_the_dicts(self.twin)

    @invariant()
    def bought_is_never_below_held_or_the_minimum(self) -> None:
        account_twin.bought_is_never_below_held_or_the_minimum(self.twin)

    @invariant()
    def the_holders_are_those_who_were_granted(self) -> None:
        account_twin.the_holders_are_those_who_were_granted(self.twin)

    @invariant()
    def the_open_cycle_is_that_of_the_calendar(self) -> None:
        account_twin.the_open_cycle_is_that_of_the_calendar(self.twin)

    @invariant()
    def what_was_charged_is_orders_paid_and_cycles_billed(self) -> None:
        account_twin.what_was_charged_is_orders_paid_and_cycles_billed(self.twin)

    @invariant()
    def a_cycle_end_drops_only_what_is_free_above_the_minimum(self) -> None:
        account_twin.a_cycle_end_drops_only_what_is_free_above_the_minimum(self.twin)

    @invariant()
    def the_events_replayed_are_the_account(self) -> None:
        account_twin.the_events_replayed_are_the_account(self.twin)


TestLicenseAccount = LicenseAccountMachine.TestCase
TestLicenseAccount.settings = settings(stateful_step_count=30)


def test_the_machine_has_every_invariant_of_the_twin() -> None:
    for one in account_twin.INVARIANTS:
        assert one.__name__ in vars(LicenseAccountMachine)


def test_the_twin_finds_a_quote_that_leaves_out_today(monkeypatch: pytest.MonkeyPatch) -> None:
    def from_tomorrow(period: Span, today: date) -> Span:
        return Span(date.fromordinal(today.toordinal() + 1), period.end)

    now = datetime(2024, 4, 16, tzinfo=UTC)
    twin = AccountTwin(anchor=date(2024, 1, 1), zone="UTC", minimums=[0] * 4, spare=0, now=now)
    twin.quote({"base": 5})
    monkeypatch.setattr(purchase, "unused", from_tomorrow)
    with pytest.raises(LawBroken, match="the quote is what the rules say"):
        twin.quote({"base": 5})
