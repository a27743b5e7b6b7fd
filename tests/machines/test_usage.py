"""What a customer uses under every order of commands, compared with a list of records that is summed each time."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensing_core.limits import Limit
from licensing_core.testing.law import LawBroken
from tests.machines import usage_twin
from tests.machines.usage_twin import ALONE, LASTS, NAMES, NESTED, PLANS, ROOMS, START, UsageTwin

names = st.sampled_from(NAMES)
rooms = st.sampled_from(ROOMS)
amounts = st.sampled_from((1, 1, 1, 2, 2, 3, 5))
mosts = st.none() | st.integers(0, 6)
plans = st.sampled_from(list(PLANS))


class UsageMachine(RuleBasedStateMachine):
    twin: UsageTwin

    @initialize(
        zone=st.sampled_from(("UTC", "Europe/Madrid", "America/Mexico_City", "Asia/Kathmandu")),
        plan=plans,
        hours=st.integers(0, 150),
    )
    def open(self, zone: str, plan: str, hours: int) -> None:
        self.twin = UsageTwin(zone, plan, START + timedelta(hours=hours))

    @rule(name=names, place=rooms, amount=amounts)
    def use(self, name: str, place: str, amount: int) -> None:
        self.twin.use(name, place, amount)

    @rule(name=st.sampled_from(("team", "guests", "users", "jobs")), place=rooms)
    def use_one(self, name: str, place: str) -> None:
        self.twin.use(name, place, 1)

    @rule(name=names, place=rooms, amount=st.sampled_from((0, -1, 2**53)))
    def use_or_release_no_quantity(self, name: str, place: str, amount: int) -> None:
        self.twin.use(name, place, amount)
        self.twin.release(name, place, amount)

    @rule(name=names, place=rooms, amount=amounts)
    def release(self, name: str, place: str, amount: int) -> None:
        self.twin.release(name, place, amount)

    @rule(name=st.sampled_from(NESTED))
    def use_without_a_place(self, name: str) -> None:
        self.twin.without_a_place(name)

    @rule(name=names, place=rooms, number=st.integers(0, 6))
    def recount(self, name: str, place: str, number: int) -> None:
        self.twin.recount(name, place, number)

    @rule(name=names, most=mosts)
    def override(self, name: str, most: int | None) -> None:
        self.twin.override(name, most)

    @rule(name=names)
    def take_back_an_override(self, name: str) -> None:
        self.twin.take_back_override(name)

    @rule(plan=plans, name=names, most=mosts)
    def edit_a_plan(self, plan: str, name: str, most: int | None) -> None:
        self.twin.edit(plan, name, most)

    @rule(plan=plans, name=st.sampled_from(ALONE), lasts=st.sampled_from(LASTS))
    def redefine_how_long_a_count_lasts(self, plan: str, name: str, lasts: str) -> None:
        self.twin.redefine(plan, name, lasts)

    @rule(plan=plans, accept=st.booleans())
    def change_plan(self, plan: str, accept: bool) -> None:
        self.twin.change_plan(plan, accept)

    @rule(hours=st.sampled_from((1, 3, 12, 24, 100, 400)))
    def wait(self, hours: int) -> None:
        self.twin.wait(hours)

    @invariant()
    def the_table_is_the_sum_of_the_records(self) -> None:
        usage_twin.the_table_is_the_sum_of_the_records(self.twin)

    @invariant()
    def nothing_used_is_below_zero(self) -> None:
        usage_twin.nothing_used_is_below_zero(self.twin)

    @invariant()
    def no_ceiling_is_passed_while_all_is_enforced(self) -> None:
        usage_twin.no_ceiling_is_passed_while_all_is_enforced(self.twin)

    @invariant()
    def there_is_room_for_what_the_rules_say(self) -> None:
        usage_twin.there_is_room_for_what_the_rules_say(self.twin)

    @invariant()
    def the_events_replayed_are_the_usage(self) -> None:
        usage_twin.the_events_replayed_are_the_usage(self.twin)


TestUsage = UsageMachine.TestCase
TestUsage.settings = settings(stateful_step_count=30)


def test_the_machine_has_every_invariant_of_the_twin() -> None:
    for one in usage_twin.INVARIANTS:
        assert one.__name__ in vars(UsageMachine)


def test_the_twin_finds_a_limit_that_lets_one_more_through(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = UsageTwin("UTC", "small", START)
    twin.use("rooms", None, 3)
    honest = Limit.excess
    monkeypatch.setattr(Limit, "excess", lambda limit, used: max(0, honest(limit, used) - 1))
    with pytest.raises(LawBroken, match="the library does what the rules say"):
        twin.use("rooms", None, 3)
