"""How a subscription ends and rests: cancelled, taken back, suspended, terminated, paused and resumed."""

from datetime import date, datetime
from typing import Any

import pytest

from licensing_core import subscriptions as lib
from licensing_core.billing import BillingPolicy, ChangeTooEarly, ItemChange, When
from licensing_core.periods import Duration
from licensing_core.proration import Convention, Stub, preset
from licensing_core.subscriptions import (
    BillingBehind,
    CancellationCredited,
    EndOf,
    Ends,
    EndsAlready,
    EndsTooEarly,
    NotCancelled,
    SubscriptionEnded,
    SubscriptionUnpaid,
    WrongState,
    ends,
)
from tests.subscription_world import (
    DEARER,
    FIRST,
    FIVE,
    MANUAL,
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
    scheduled,
    states,
    tried,
    turns,
)

FAR = at(1, 1, year=2036)

# When it ends


@pytest.mark.parametrize(
    ("access", "billing", "paid", "found"),
    [
        (EndOf.NOW, None, None, (20, 20)),
        (EndOf.TERM, None, 31, (31, 31)),
        (EndOf.TERM, None, 10, (20, 20)),
        (EndOf.TERM, None, None, (20, 20)),
        (EndOf.TERM, EndOf.NOW, 31, (31, 20)),
        (date(2026, 1, 25), EndOf.TERM, 31, (25, 31)),
        (date(2026, 1, 5), date(2026, 1, 6), 31, (5, 6)),
    ],
)
def test_access_and_billing_end_apart(access: Any, billing: Any, paid: int | None, found: tuple[int, int]) -> None:
    through = None if paid is None else date(2026, 1, paid)
    result = ends(start=FIRST.date(), now=date(2026, 1, 20), access=access, billing=billing, charged_through=through)
    assert (result.access.day, result.billing.day) == found


def test_what_has_not_begun_ends_with_its_first_day() -> None:
    assert ends(start=at(2, 1), now=at(1, 1), access=EndOf.NOW) == (at(2, 1), at(2, 1))


def test_nothing_ends_before_it_began_or_later_than_it_is_to() -> None:
    day, early = at(1, 5).date(), at(1, 4).date()
    for access, billing in ((early, None), (day, early)):
        with pytest.raises(EndsTooEarly):
            ends(start=day, now=day, access=access, billing=billing, pending_end=early)
    with pytest.raises(EndsAlready):
        ends(start=early, now=early, access=day, pending_end=early)
    assert ends(start=early, now=early, access=day, pending_end=day).access == day


# Cancelled


def test_with_what_is_paid_for() -> None:
    life = did(running(), lib.cancel, now=at(1, 10))
    assert life.subscription.ends == Ends(access=at(1, 31, 0), billing=at(1, 31, 0))
    assert states(life, at(1, 30), at(1, 31, 0)) == ["active", "cancelled"]
    life.bill(FAR)
    assert (turns(life), owed(life), credit(life)) == (["01-01 01-31 d1 paid"], "0.00 EUR", "0.00 EUR")


def test_now_what_is_paid_beyond_stays_paid_unless_it_is_given_back() -> None:
    kept, given = (did(running(), lib.cancel, EndOf.NOW, now=at(1, 11), credit=back) for back in (False, True))
    assert (credit(kept), left(kept), states(kept, at(1, 11))) == ("0.00 EUR", "30.00 EUR", ["cancelled"])
    assert (credit(given), left(given), states(given, at(1, 11))) == ("20.00 EUR", "10.00 EUR", ["cancelled"])


def test_of_what_is_unpaid_the_periods_that_never_come_are_taken_back() -> None:
    life = running()
    life.bill(at(3, 1), ahead=40)
    did(life, lib.cancel, EndOf.NOW, now=at(3, 1))
    assert (turns(life), owed(life)) == (["01-31 03-02 d2 unpaid"], "30.00 EUR")
    assert kinds(life)[-2:] == ["subscription.turns_withdrawn", "subscription.cancelled"]


def test_what_is_paid_of_periods_that_never_come_is_given_back_only_where_that_is_asked() -> None:
    for back, balance in ((False, "0.00 EUR"), (True, "41.00 EUR")):
        life = running()
        life.bill(at(1, 20))
        life.pay()
        did(life, lib.cancel, EndOf.NOW, credit=back)
        assert (credit(life), owed(life)) == (balance, "0.00 EUR")


def test_a_period_that_begins_on_the_day_of_the_end_is_taken_back() -> None:
    life = running()
    life.bill(at(1, 31, 9), ahead=0)
    did(life, lib.cancel, EndOf.NOW, now=at(1, 31, 18))
    assert (turns(life), owed(life)) == (["01-01 01-31 d1 paid"], "0.00 EUR")


def test_a_change_of_today_in_the_running_period_stays_owed() -> None:
    life = did(running(), lib.change, FIVE, now=at(1, 11))
    did(life, lib.cancel, EndOf.NOW, now=at(1, 11, 15))
    assert (owed(life), credit(life), left(life)) == ("100.00 EUR", "20.00 EUR", "110.00 EUR")


def test_nothing_is_credited_of_what_was_not_paid_or_cost_nothing() -> None:
    unpaid = did(on(running(), at(2, 10)), lib.bill_next)
    did(unpaid, lib.cancel, EndOf.NOW, credit=True)
    assert (credit(unpaid), owed(unpaid)) == ("0.00 EUR", "10.00 EUR")
    trial = did(tried(), lib.cancel, EndOf.NOW, credit=True)
    assert (credit(trial), states(trial, FIRST)) == ("0.00 EUR", ["cancelled"])
    full = did(running(policy=BillingPolicy(convention=Convention(stub=Stub.FULL))), lib.cancel, EndOf.NOW, credit=True)
    assert (credit(on(full, at(1, 9))), left(full)) == ("30.00 EUR", "0.00 EUR")


def test_the_same_again_does_nothing() -> None:
    life = did(running(), lib.cancel, EndOf.TERM, EndOf.NOW, now=at(1, 10))
    for now in (at(1, 10), at(1, 20)):
        assert nothing_happens(did(life, lib.cancel, EndOf.TERM, EndOf.NOW, now=now))
        assert nothing_happens(did(life, lib.cancel, now=now))


def test_an_earlier_end_replaces_a_later_one_and_gives_back_the_rest() -> None:
    life = did(running(), lib.cancel, at(1, 26), credit=True, now=at(1, 10))
    assert (left(life), credit(life)) == ("25.00 EUR", "5.00 EUR")
    did(life, lib.cancel, at(1, 16))
    assert (left(life), credit(life), life.subscription.ends) == (
        "15.00 EUR",
        "15.00 EUR",
        Ends(access=at(1, 16), billing=at(1, 16), credited=True),
    )
    did(life, lib.cancel, EndOf.NOW, now=at(1, 12))
    assert (left(life), credit(life)) == ("11.00 EUR", "19.00 EUR")


def test_an_end_within_a_period_ahead_gives_back_its_rest_and_then_all_of_it() -> None:
    life = running()
    life.bill(at(1, 20))
    did(life, lib.cancel, at(2, 10), credit=True)
    assert (owed(life), left(life)) == ("10.00 EUR", "40.00 EUR")
    did(life, lib.cancel, at(1, 31, 0))
    assert (owed(life), turns(life)) == ("0.00 EUR", ["01-01 01-31 d1 paid"])


def test_credit_may_be_asked_for_later() -> None:
    life = did(running(), lib.cancel, at(1, 21), now=at(1, 10))
    did(life, lib.cancel, at(1, 21), credit=True)
    assert credit(life) == "10.00 EUR"


def test_a_later_end_is_refused_and_billing_that_has_ended_does_not_begin_again() -> None:
    life = did(running(), lib.cancel, at(2, 20), at(1, 25), now=at(1, 10))
    assert refused(life, lib.cancel, at(2, 21)) == EndsAlready()
    assert refused(life, lib.cancel, at(2, 20), at(1, 26)) == EndsAlready()
    did(life, lib.cancel, EndOf.NOW, now=at(2, 1))
    assert life.subscription.ends == Ends(access=at(2, 1), billing=at(1, 25))


def test_an_end_in_the_past_is_possible_back_to_where_it_is_remembered() -> None:
    life = did(running(), lib.cancel, at(1, 6), credit=True, now=at(1, 20))
    assert (states(life, life.now), left(life)) == (["cancelled"], "5.00 EUR")
    assert refused(running(), lib.cancel, at(12, 31, year=2025), now=at(1, 20)) == EndsTooEarly()
    backwards = did(running(), lib.cancel, EndOf.NOW, now=at(12, 1, year=2025))
    assert backwards.subscription.ends == Ends(access=at(12, 1, year=2025), billing=at(12, 1, year=2025))


def test_what_waits_for_its_first_payment_or_has_expired_ends_now_whatever_is_asked() -> None:
    for life in (ordered(), on(running(**ONCE), at(3, 1))):
        did(life, lib.cancel, FAR)
        assert life.subscription.ends == Ends(access=life.now, billing=life.now)
        assert states(life, life.now) == ["cancelled"]


def test_cancelling_gives_no_access_to_what_has_expired() -> None:
    life = on(running(**ONCE), at(3, 1))
    did(life, lib.cancel, FAR, at(1, 10))
    assert states(life, life.now) == ["cancelled"]
    waiting = did(running(**ONCE), lib.cancel, at(6, 1), at(5, 1), now=at(1, 10))
    assert states(waiting, at(1, 30), at(2, 1), at(6, 1)) == ["active", "expired", "cancelled"]
    assert nothing_happens(did(waiting, lib.cancel, at(6, 1), at(5, 1), now=at(3, 1)))
    did(waiting, lib.cancel, at(5, 1), at(1, 10))
    assert states(waiting, waiting.now) == ["cancelled"]


def test_access_may_outlive_billing_as_it_was_asked() -> None:
    life = did(running(), lib.cancel, at(6, 1), EndOf.NOW, now=at(1, 10))
    assert states(life, at(2, 1), at(5, 31), at(6, 1)) == ["active", "active", "cancelled"]
    first_day = did(running(**MANUAL), lib.renew, now=at(1, 31))
    did(first_day, lib.cancel, at(6, 1), EndOf.NOW)
    assert (turns(first_day), states(first_day, at(1, 31))) == (["01-01 01-31 d1 paid"], ["active"])


def test_a_suspended_one_of_which_nothing_is_owed_any_more_gives_access_to_its_end() -> None:
    life = running()
    life.bill(at(1, 31), ahead=0)
    did(life, lib.suspend)
    did(life, lib.cancel, at(2, 5), EndOf.NOW, now=at(1, 31))
    assert (owed(life), states(life, at(1, 31), at(2, 5))) == ("0.00 EUR", ["active", "cancelled"])
    assert kinds(life)[-1] == "subscription.reinstated"


def test_to_cancel_is_refused_in_this_order() -> None:
    for ended in (did(running(), lib.cancel, EndOf.NOW), did(running(), lib.terminate)):
        assert isinstance(refused(ended, lib.cancel, at(1, 1, year=2020)), SubscriptionEnded)
    leaving = did(running(), lib.cancel, now=at(1, 10))
    assert refused(leaving, lib.cancel, at(3, 1), at(1, 1, year=2020)) == EndsTooEarly()
    assert refused(leaving, lib.cancel, at(3, 1)) == EndsAlready()


# Taken back


def test_a_cancellation_that_is_taken_back_leaves_what_was() -> None:
    life = running()
    life.bill(at(1, 20))
    did(life, lib.cancel, now=at(1, 21))
    did(life, lib.withdraw_cancellation, now=at(1, 25))
    assert life.subscription.ends is None
    life.bill(at(2, 1))
    assert (len(turns(life)), periods(life)[-1], owed(life)) == (2, "01-31 03-02 30.00 EUR", "30.00 EUR")


def test_a_period_that_was_taken_back_is_billed_again_also_when_it_had_begun() -> None:
    life = running()
    life.bill(at(1, 31, 9), ahead=0)
    did(life, lib.cancel, at(2, 5), EndOf.NOW)
    did(life, lib.withdraw_cancellation, now=at(2, 3))
    life.bill()
    assert (turns(life)[0], periods(life)[-1]) == ("01-01 01-31 d1 paid", "01-31 03-02 30.00 EUR")


def test_a_cancelled_trial_that_is_taken_back_turns_into_what_is_paid_for() -> None:
    life = tried()
    life.bill(at(1, 2))
    did(life, lib.cancel, now=at(1, 5))
    did(life, lib.withdraw_cancellation)
    life.bill()
    assert turns(life) == ["01-11 02-10 d3 unpaid"]
    late = did(tried(), lib.cancel, at(2, 1), EndOf.NOW, now=at(1, 5))
    assert states(did(late, lib.withdraw_cancellation, now=at(1, 20)), at(1, 20)) == ["active"]


def test_what_was_given_back_stands() -> None:
    life = did(running(), lib.cancel, credit=True, now=at(1, 10))
    assert refused(life, lib.withdraw_cancellation) == CancellationCredited(subscription="web")


def test_a_period_that_had_begun_and_knew_of_changes_does_not_come_back() -> None:
    life = running()
    life.bill(at(1, 31, 9), ahead=0)
    scheduled(life, FIVE, When.END_OF_PERIOD)
    did(life, lib.cancel, at(2, 5), EndOf.NOW)
    assert refused(life, lib.withdraw_cancellation) == CancellationCredited(subscription="web")


@pytest.mark.parametrize("begins", ["resumed", "renewed", "changed", "paid later"])
def test_a_period_that_did_not_follow_the_one_before_does_not_come_back(begins: str) -> None:
    life = running(**(MANUAL if begins == "renewed" else {}))
    if begins == "resumed":
        did(did(life, lib.pause, now=at(1, 11)), lib.resume, now=at(2, 10))
    elif begins == "renewed":
        did(life, lib.renew, now=at(2, 10))
    elif begins == "changed":
        did(life, lib.change, ItemChange(every=Duration(days=7)), now=at(1, 11))
    else:
        life.bill(at(2, 10), ahead=40)
        life.pay("d3")
        did(life, lib.cancel, at(4, 10), at(1, 31))
    if begins != "paid later":
        did(life, lib.cancel, FAR, EndOf.NOW)
    assert life.subscription.ends is not None
    assert life.subscription.ends.final
    assert refused(life, lib.withdraw_cancellation) == CancellationCredited(subscription="web")
    assert lib.next_start(life.subscription) is None
    assert lib.charged_through(life.subscription) is None


def test_to_take_a_cancellation_back_is_refused_in_this_order() -> None:
    assert isinstance(refused(did(running(), lib.cancel, EndOf.NOW), lib.withdraw_cancellation), SubscriptionEnded)
    for life in (running(), ordered(), tried()):
        assert refused(life, lib.withdraw_cancellation) == NotCancelled(subscription="web")


# Suspended, terminated


def test_suspended_it_gives_no_access_and_its_due_dates_stay() -> None:
    life = running()
    life.bill(at(2, 10), ahead=0)
    did(life, lib.suspend)
    assert states(life, life.now) == ["suspended"]
    assert nothing_happens(did(life, lib.suspend))
    life.pay()
    assert lib.next_due(life.subscription, life.now) == date(2026, 3, 2)


def test_terminated_it_stays_so_and_owes_what_it_owes() -> None:
    for life in (running(), did(running(), lib.suspend)):
        life.bill(at(2, 10), ahead=0)
        did(life, lib.terminate)
        assert (states(life, FAR), owed(life)) == (["terminated"], "30.00 EUR")
        assert isinstance(refused(life, lib.terminate), SubscriptionEnded)


def test_terminated_what_was_billed_ahead_is_taken_back() -> None:
    life = running()
    life.bill(at(3, 1), ahead=15)
    did(life, lib.terminate)
    assert (turns(life), owed(life)) == (["01-31 03-02 d2 unpaid"], "30.00 EUR")


def test_only_what_is_active_or_suspended_is_suspended_or_terminated() -> None:
    rests = (ordered(), tried(), did(running(), lib.pause), on(running(**ONCE), at(3, 1)))
    for life in rests:
        for command in (lib.suspend, lib.terminate):
            assert isinstance(refused(life, command), WrongState)


# Paused, resumed


def test_paused_it_is_neither_used_nor_billed_and_what_was_paid_ahead_is_in_credit() -> None:
    life = running()
    life.bill(at(1, 20))
    life.pay()
    did(life, lib.pause, now=at(1, 21))
    assert (credit(life), left(life), turns(life)) == ("40.00 EUR", "20.00 EUR", ["01-01 01-31 d1 paid"])
    life.bill(at(12, 1))
    assert (states(life, FAR), len(life.subscription.turns)) == (["paused"], 1)
    assert nothing_happens(did(life, lib.pause))


def test_resumed_a_whole_period_begins_that_day_on_a_cycle_of_its_own() -> None:
    life = did(did(running(every="P1M"), lib.pause, now=at(1, 10)), lib.resume, now=at(3, 31, 18))
    life.bill(at(5, 20), ahead=0)
    assert [f"{one.due}" for one in life.subscription.turns] == ["2026-03-31", "2026-04-30"]
    assert life.subscription.turns[0].start == at(3, 31, 0)


@pytest.mark.parametrize("name", ["licensing_core", "lago", "stripe"])
def test_paused_and_resumed_at_once_no_day_is_charged_twice(name: str) -> None:
    life = running(policy=BillingPolicy(convention=preset(name)))
    did(life, lib.pause, now=at(1, 10))
    used = left(life)
    did(life, lib.resume)
    did(life, lib.cancel, EndOf.NOW, credit=True)
    assert left(life) == used


def test_what_was_tried_first_can_be_paused_in_its_first_period() -> None:
    life = tried()
    life.bill(at(1, 2))
    life.pay()
    did(life, lib.pause, now=at(1, 21))
    assert (life.subscription.state, credit(life)) == ("paused", "20.00 EUR")


@pytest.mark.parametrize(
    ("first", "then", "quantity"),
    [(When.END_OF_PERIOD, at(1, 25), 5), (at(1, 20), at(1, 15), 5), (at(4, 1), at(1, 25), 1)],
)
def test_changes_that_came_due_meanwhile_are_made_when_it_is_resumed(first: Any, then: datetime, quantity: int) -> None:
    life = scheduled(running(), FIVE, first)
    scheduled(life, DEARER, then, "c2")
    did(did(life, lib.pause, now=at(1, 10)), lib.resume, now=at(3, 1))
    item = life.subscription.turns[-1].item
    assert (item.terms.quantity, item.terms.price) == (quantity, DEARER.price)
    assert [one.id for one in item.scheduled] == (["c1"] if quantity == 1 else [])


def test_the_last_word_holds_of_changes_that_came_due_meanwhile() -> None:
    life = scheduled(running(), FIVE, When.END_OF_PERIOD)
    scheduled(life, ItemChange(quantity=3), at(1, 25), "c2")
    did(did(life, lib.pause, now=at(1, 10)), lib.resume, now=at(3, 1))
    assert life.subscription.turns[-1].item.terms.quantity == 5


def test_to_pause_is_refused_in_this_order() -> None:
    assert isinstance(refused(did(running(), lib.terminate), lib.pause), SubscriptionEnded)
    for life in (ordered(), tried(), did(running(), lib.suspend), on(running(**ONCE), at(3, 1))):
        assert refused(life, lib.pause).wanted == ("active", "paused")
    leaving = did(running(), lib.cancel, at(3, 5), now=at(1, 10))
    assert refused(leaving, lib.pause, now=at(2, 5)) == EndsAlready()
    assert refused(running(), lib.pause, now=at(2, 5)) == BillingBehind(subscription="web", due=at(1, 31, 0))
    assert isinstance(refused(running(), lib.pause, now=at(12, 1, year=2025)), ChangeTooEarly)


def test_to_resume_is_refused_in_this_order() -> None:
    paused = did(running(), lib.pause, now=at(1, 10))
    assert isinstance(refused(did(running(), lib.terminate), lib.resume), SubscriptionEnded)
    assert refused(running(), lib.resume).wanted == ("paused",)
    did(paused, lib.cancel, at(2, 1))
    assert refused(paused, lib.resume) == EndsAlready()
    assert states(paused, at(1, 31), at(2, 1)) == ["paused", "cancelled"]
    did(did(paused, lib.withdraw_cancellation), lib.resume)
    assert states(paused, at(1, 10)) == ["active"]


def test_what_owes_for_the_time_before_it_was_paused_is_resumed_once_that_is_paid() -> None:
    life = running()
    life.bill(at(2, 10), ahead=0)
    did(life, lib.pause)
    assert owed(life) == "10.00 EUR"
    did(life, lib.cancel, at(4, 1))
    assert refused(life, lib.resume, now=at(3, 1)) == EndsAlready()
    did(life, lib.withdraw_cancellation)
    assert refused(life, lib.resume) == SubscriptionUnpaid(subscription="web", due=date(2026, 1, 31))
    life.pay()
    assert did(life, lib.resume).standing.value == "active"


def test_what_is_paused_and_cancelled_with_what_is_paid_for_ends_now() -> None:
    paused = did(did(running(), lib.pause, now=at(1, 10)), lib.cancel)
    assert states(paused, at(1, 10)) == ["cancelled"]
