"""A trial: what it turns into, when, and how it is ended, converted and changed."""

import pytest

from licensing_core import subscriptions as lib
from licensing_core.billing import (
    ItemChange,
    When,
)
from licensing_core.checks import InvalidArgument
from licensing_core.money import CurrencyMismatch
from licensing_core.periods import Duration
from licensing_core.proration import NothingCounted
from licensing_core.subscriptions import (
    EndOf,
    EndsAlready,
    SubscriptionEnded,
    WrongState,
)
from licensing_core.testing.cases_subscriptions import BY
from tests.subscription_world import (
    FIRST,
    FIVE,
    ONCE,
    at,
    credit,
    did,
    kinds,
    left,
    nothing_happens,
    on,
    ordered,
    owed,
    periods,
    refused,
    running,
    states,
    terms,
    tried,
    turns,
)


def test_a_trial_gives_access_for_nothing_and_turns_into_what_is_paid_for_by_itself() -> None:
    life = tried()
    assert states(life, FIRST, at(1, 11, 11, 59), at(1, 11), at(1, 1, year=2036)) == [
        "trial",
        "trial",
        "active",
        "active",
    ]
    assert (lib.next_start(life.subscription), owed(life)) == (at(1, 11), "0.00 EUR")
    life.bill(at(1, 2))
    assert turns(life) == ["01-11 02-10 d2 unpaid"]
    assert states(life, at(1, 2), at(1, 11)) == ["trial", "active"]
    life.bill(at(2, 1))
    assert (life.subscription.state, turns(life)) == ("active", ["01-11 02-10 d2 unpaid", "02-10 03-12 d3 unpaid"])


def test_a_trial_that_ends_in_the_middle_of_a_day_is_billed_from_that_day() -> None:
    life = tried(at(1, 11, 17), zone="Europe/Madrid")
    life.bill(at(1, 2))
    assert life.subscription.turns[0].start == at(1, 10, 23)
    assert states(life, at(1, 11, 16), at(1, 11, 17)) == ["trial", "active"]


def test_a_trial_that_does_not_convert_expires_unless_somebody_converts_it() -> None:
    life = tried(converts=False)
    assert states(life, at(1, 10), at(1, 11)) == ["trial", "expired"]
    life.bill(at(1, 20))
    assert turns(life) == []
    did(life, lib.convert, now=at(1, 20))
    assert (turns(life), states(life, life.now)) == (["01-20 02-19 d2 unpaid"], ["active"])


def test_a_trial_is_converted_early_from_that_day_and_what_was_billed_ahead_is_taken_back() -> None:
    life = tried()
    life.bill(at(1, 2))
    life.pay()
    did(life, lib.convert, now=at(1, 5))
    assert (turns(life), states(life, at(1, 5))) == (["01-05 02-04 d3 unpaid"], ["active"])
    assert (credit(life), owed(life)) == ("30.00 EUR", "30.00 EUR")


def test_a_trial_that_ends_today_and_is_billed_from_this_morning_is_converted_once() -> None:
    life = tried(at(1, 11, 17))
    life.bill(at(1, 2))
    did(life, lib.convert, now=at(1, 11, 9))
    assert (turns(life), left(life), states(life, life.now)) == (["01-11 02-10 d3 unpaid"], "30.00 EUR", ["active"])


def test_a_trial_that_is_over_and_was_not_billed_is_converted_from_its_end() -> None:
    life = did(tried(), lib.convert, now=at(1, 20))
    assert (turns(life), life.subscription.state) == (["01-11 02-10 d2 unpaid"], "active")


def test_a_trial_whose_only_period_is_over_unbilled_is_converted_from_its_end() -> None:
    life = did(tried(**ONCE), lib.convert, now=at(3, 1))
    assert (turns(life), life.standing.value) == (["01-11 02-10 d2 unpaid"], "expired")


def test_what_was_billed_after_its_trial_is_not_converted_again() -> None:
    life = tried()
    life.bill(at(1, 2))
    assert refused(life, lib.convert, now=at(1, 20)) == WrongState(
        subscription="web", state="active", wanted=("trial",)
    )
    once = tried(**ONCE)
    once.bill(at(1, 2))
    assert refused(once, lib.convert, now=at(3, 1)) == WrongState(
        subscription="web", state="expired", wanted=("trial",)
    )
    for life in (ordered(), running()):
        assert isinstance(refused(life, lib.convert), WrongState)
    assert isinstance(refused(did(tried(), lib.cancel, EndOf.NOW), lib.convert), SubscriptionEnded)


def test_a_cancelled_trial_is_not_converted() -> None:
    life = did(tried(), lib.cancel)
    assert refused(life, lib.convert, now=at(1, 5)) == EndsAlready()
    assert states(life, at(1, 10), at(1, 11)) == ["trial", "cancelled"]
    life.bill(at(1, 12))
    assert turns(life) == []


def test_a_trial_cancelled_for_a_later_end_of_access_still_expires_when_nothing_is_billed_after_it() -> None:
    life = did(tried(), lib.cancel, at(3, 1), EndOf.NOW, now=at(1, 5))
    assert states(life, at(1, 10), at(1, 11), at(3, 1)) == ["trial", "expired", "cancelled"]


def test_what_a_trial_turns_into_may_be_changed_and_is_billed_anew() -> None:
    life = tried()
    life.bill(at(1, 2))
    did(life, lib.change_trial, ItemChange(quantity=5, every=Duration(months=1), item="pro"), now=at(1, 3))
    assert kinds(life) == ["ledger.booked", "subscription.turns_withdrawn", "subscription.terms_changed"]
    life.bill(at(1, 4))
    assert (turns(life), owed(life)) == (["01-11 02-11 d3 unpaid"], "150.00 EUR")
    assert life.subscription.turns[0].item.terms.item == "pro"


def test_on_the_day_on_which_a_trial_ends_it_may_be_changed_yet() -> None:
    life = tried(at(1, 11, 17))
    life.bill(at(1, 2))
    did(life, lib.change_trial, FIVE, now=at(1, 11, 9))
    life.bill(at(1, 11, 10))
    assert periods(life) == ["01-11 02-10 150.00 EUR"]


def test_a_change_of_a_trial_to_what_it_is_does_nothing() -> None:
    life = tried()
    life.bill(at(1, 2))
    did(life, lib.change_trial, ItemChange(quantity=1, item="web"))
    assert nothing_happens(life)


def test_a_change_of_a_trial_is_refused_in_this_order() -> None:
    for life in (on(tried(), at(1, 11)), ordered(), running()):
        with pytest.raises(InvalidArgument):
            lib.change_trial(life.state, ItemChange(quantity=0), by=BY, now=life.now)
        assert isinstance(refused(life, lib.change_trial, FIVE), WrongState)
    dollars = ItemChange(price=terms("1.00 USD").price)
    assert isinstance(refused(tried(), lib.change_trial, dollars), CurrencyMismatch)
    assert isinstance(refused(tried(), lib.change_trial, ItemChange(every=Duration(seconds=60))), NothingCounted)


def test_a_change_waits_in_no_trial() -> None:
    assert isinstance(refused(tried(), lib.schedule_change, FIVE, When.END_OF_PERIOD, change_id="c1"), WrongState)
