"""A subscription under every order of commands, compared with a list of stretches of days that is summed each time."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensing_core.testing.law import LawBroken
from tests.machines import subscription_twin
from tests.machines.subscription_twin import Parts, SubscriptionTwin
from tests.reliability import subscription_plants

LENGTHS = ((1, 0), (1, 0), (3, 0), (0, 30), (0, 7))
parts = st.fixed_dictionaries({}, optional={"quantity": st.integers(1, 5), "price": st.sampled_from((1007, 333, 2000))})
changes = parts.filter(bool)
ends = st.sampled_from(("now", "term", 5, 40))


class SubscriptionMachine(RuleBasedStateMachine):
    twin: SubscriptionTwin

    @initialize(
        zone=st.sampled_from(("UTC", "Europe/Madrid", "America/Santiago", "Asia/Kathmandu")),
        length=st.sampled_from(LENGTHS),
        renewal=st.sampled_from(("automatic", "automatic", "manual", "none")),
        most=st.sampled_from((None, None, 0, 2)),
        trial=st.sampled_from((None, None, 10)),
        converts=st.booleans(),
    )
    def order(
        self, zone: str, length: tuple[int, int], renewal: str, most: int | None, trial: int | None, converts: bool
    ) -> None:
        months, days = length
        self.twin = SubscriptionTwin(
            zone, months=months, days=days, renewal=renewal, most=most, trial=trial, converts=converts
        )
        self.twin.pay(0)

    @rule(days=st.sampled_from((0, 1, 3, 10, 20, 45)))
    def wait(self, days: int) -> None:
        self.twin.wait(days)

    @rule(days=st.sampled_from((1, 10, 30)), ahead=st.sampled_from((0, 15, 40)))
    def wait_and_bill(self, days: int, ahead: int) -> None:
        self.twin.wait(days)
        self.twin.bill(ahead)

    @rule(ahead=st.sampled_from((0, 15, 40)))
    def bill(self, ahead: int) -> None:
        self.twin.bill(ahead)

    @rule(place=st.integers(0, 2))
    def pay(self, place: int) -> None:
        self.twin.pay(place)

    @rule(different=changes)
    def change(self, different: Parts) -> None:
        self.twin.change(different)

    @rule(different=changes, days=st.sampled_from((None, None, 0, 3, 20, 50)))
    def schedule_a_change(self, different: Parts, days: int | None) -> None:
        self.twin.schedule(different, days)

    @rule(number=st.integers(1, 4))
    def take_a_change_back(self, number: int) -> None:
        self.twin.withdraw_change(number)

    @rule()
    def convert(self) -> None:
        self.twin.convert()

    @rule()
    def renew(self) -> None:
        self.twin.renew()

    @rule(day=st.sampled_from((1, 15, 28)))
    def align(self, day: int) -> None:
        self.twin.align(day)

    @rule(access=ends, billing=st.none() | ends, credit=st.booleans())
    def cancel(self, access: int | str, billing: int | str | None, credit: bool) -> None:
        self.twin.cancel(access, billing, credit=credit)

    @rule()
    def take_a_cancellation_back(self) -> None:
        self.twin.withdraw_cancellation()

    @rule()
    def pause(self) -> None:
        self.twin.pause()

    @rule()
    def resume(self) -> None:
        self.twin.resume()

    @rule()
    def suspend(self) -> None:
        self.twin.suspend()

    @rule(sure=st.integers(0, 4))
    def terminate(self, sure: int) -> None:
        if not sure:
            self.twin.terminate()

    @invariant()
    def it_stands_where_the_rules_say(self) -> None:
        subscription_twin.it_stands_where_the_rules_say(self.twin)

    @invariant()
    def it_is_due_when_the_rules_say(self) -> None:
        subscription_twin.it_is_due_when_the_rules_say(self.twin)

    @invariant()
    def the_turns_are_the_stretches(self) -> None:
        subscription_twin.the_turns_are_the_stretches(self.twin)

    @invariant()
    def the_money_is_that_of_the_days(self) -> None:
        subscription_twin.the_money_is_that_of_the_days(self.twin)

    @invariant()
    def what_waits_is_what_was_asked(self) -> None:
        subscription_twin.what_waits_is_what_was_asked(self.twin)

    @invariant()
    def the_events_replayed_are_the_subscription(self) -> None:
        subscription_twin.the_events_replayed_are_the_subscription(self.twin)


TestSubscription = SubscriptionMachine.TestCase
TestSubscription.settings = settings(max_examples=100, stateful_step_count=25)


def test_the_machine_has_every_invariant_of_the_twin() -> None:
    for one in subscription_twin.INVARIANTS:
        assert one.__name__ in vars(SubscriptionMachine)


def a_pause(twin: SubscriptionTwin) -> None:
    twin.wait(10)
    twin.pause()


def a_change_within_a_period_ahead(twin: SubscriptionTwin) -> None:
    twin.bill(40)
    twin.schedule({"quantity": 5}, 40)
    twin.change({"quantity": 2})


def a_common_date(twin: SubscriptionTwin) -> None:
    twin.align(15)
    twin.change({"quantity": 5})
    twin.bill(40)


@pytest.mark.parametrize(
    ("plant", "story"),
    [
        (subscription_plants._nothing_is_given_back, a_pause),
        (subscription_plants._all_is_given_back, a_pause),
        (subscription_plants._changes_wait_in_the_last_turn_alone, a_change_within_a_period_ahead),
        (subscription_plants._common_date_lost, a_common_date),
    ],
)
def test_the_twin_finds_what_is_planted(
    plant: subscription_plants.Plant, story: Callable[[SubscriptionTwin], None]
) -> None:
    def told() -> None:
        twin = SubscriptionTwin()
        twin.pay(0)
        story(twin)
        for one in subscription_twin.INVARIANTS:
            one(twin)

    told()
    with plant(), pytest.raises(LawBroken):
        told()
