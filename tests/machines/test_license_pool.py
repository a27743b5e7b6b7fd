"""A pool of licenses under every order of commands, compared with a plain dict after each."""

from collections.abc import Callable, Collection

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensing_core import pools
from licensing_core.testing.law import LawBroken
from tests.machines import pool_twin
from tests.machines.pool_twin import ACTORS, USERS, PoolTwin

some_users = st.lists(st.sampled_from(USERS), max_size=4)
actors = st.sampled_from(sorted(ACTORS))


class LicensePoolMachine(RuleBasedStateMachine):
    twin: PoolTwin

    @initialize(bought=st.integers(0, 5), enforce=st.booleans(), refund=st.booleans(), expires=st.booleans())
    def open(self, bought: int, enforce: bool, refund: bool, expires: bool) -> None:
        self.twin = PoolTwin(bought=bought, enforce=enforce, refund=refund, expires=expires)

    @rule(by=actors, users=some_users)
    def assign(self, by: str, users: list[str]) -> None:
        self.twin.assign(by, users)

    @rule(by=actors, users=some_users)
    def unassign(self, by: str, users: list[str]) -> None:
        self.twin.unassign(by, users)

    @rule(by=actors, users=some_users)
    def confirm(self, by: str, users: list[str]) -> None:
        self.twin.confirm(by, users)

    @rule(bought=st.integers(0, 8))
    def resize(self, bought: int) -> None:
        self.twin.resize(bought)

    @rule(on=st.booleans())
    def set_refund(self, on: bool) -> None:
        self.twin.set_refund(on)

    @rule(on=st.booleans())
    def set_enforce(self, on: bool) -> None:
        self.twin.set_enforce(on)

    @rule(user=st.sampled_from(USERS))
    def move_in_or_out_of_the_beneficiary(self, user: str) -> None:
        self.twin.move(user)

    @rule(hours=st.integers(1, 500))
    def wait(self, hours: int) -> None:
        self.twin.wait(hours)

    @invariant()
    def the_holdings_are_those_of_the_dict(self) -> None:
        pool_twin.the_holdings_are_those_of_the_dict(self.twin)

    @invariant()
    def consumed_is_held_plus_awaiting(self) -> None:
        pool_twin.consumed_is_held_plus_awaiting(self.twin)

    @invariant()
    def free_and_overrun_are_what_is_left_and_too_much(self) -> None:
        pool_twin.free_and_overrun_are_what_is_left_and_too_much(self.twin)

    @invariant()
    def an_overrun_needs_a_limit_that_was_off(self) -> None:
        pool_twin.an_overrun_needs_a_limit_that_was_off(self.twin)

    @invariant()
    def expiry_takes_nothing_but_force(self) -> None:
        pool_twin.expiry_takes_nothing_but_force(self.twin)

    @invariant()
    def the_events_replayed_are_the_state(self) -> None:
        pool_twin.the_events_replayed_are_the_state(self.twin)


TestLicensePool = LicensePoolMachine.TestCase
TestLicensePool.settings = settings(stateful_step_count=30)


def test_the_machine_has_every_invariant_of_the_twin() -> None:
    for one in pool_twin.INVARIANTS:
        assert one.__name__ in vars(LicensePoolMachine)


def test_the_twin_finds_a_limit_that_is_one_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools.Pool, "shortfall", lambda pool, needed: pool.consumed + needed - pool.bought - 1)
    twin = PoolTwin(bought=1, enforce=True, refund=True, expires=False)
    with pytest.raises(LawBroken, match="the library does what the rules say"):
        twin.assign("root", ["u0", "u1"])


def test_the_twin_finds_a_release_that_frees_what_awaits_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[..., object] = pools.unassign

    def hasty(pool: object, users: Collection[str], *, by: object, **more: object) -> object:
        return honest(pool, users, by=ACTORS["root"], **more)

    twin = PoolTwin(bought=1, enforce=True, refund=False, expires=False)
    twin.assign("pu", ["u0"])
    monkeypatch.setattr(pools, "unassign", hasty)
    twin.unassign("pu", ["u0"])
    with pytest.raises(LawBroken, match="consumed = held"):
        pool_twin.consumed_is_held_plus_awaiting(twin)
