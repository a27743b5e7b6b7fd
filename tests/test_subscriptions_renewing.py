"""Renewal by hand, early and late, and renewal to a common date."""

from datetime import date, datetime
from typing import Any

import pytest

from licensing_core import subscriptions as lib
from licensing_core.billing import BillingPolicy, ChangeTooEarly, ItemChange, When
from licensing_core.checks import InvalidArgument
from licensing_core.periods import Cycle, Duration, MonthEnd
from licensing_core.proration import Convention, NothingCounted, Stub, preset
from licensing_core.subscriptions import (
    BillingBehind,
    EndOf,
    EndsAlready,
    NotRenewed,
    RenewalBasis,
    SubscriptionEnded,
    WrongState,
    renewed_expiry,
)
from licensing_core.testing.cases_subscriptions import BY
from tests.subscription_world import (
    FIRST,
    FIVE,
    MANUAL,
    ONCE,
    at,
    credit,
    did,
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

FROM_NOW: dict[str, Any] = {**MANUAL, "basis": RenewalBasis.FROM_NOW}
FROM_EXPIRY: dict[str, Any] = {**MANUAL, "basis": RenewalBasis.FROM_EXPIRY}
OLD_DAY = BillingPolicy(convention=preset("lago"))

# Early and late


def test_renewed_early_it_goes_on_from_its_end_and_no_day_is_lost() -> None:
    life = did(running(every="P1M", now=at(1, 31), **MANUAL), lib.renew, now=at(2, 10))
    did(life, lib.renew)
    assert turns(life) == ["01-31 02-28 d1 paid", "02-28 03-31 d2 unpaid", "03-31 04-30 d3 unpaid"]
    assert (life.subscription.renewals, states(life, at(4, 29), at(4, 30))) == (2, ["active", "expired"])


def test_renewed_late_it_goes_on_from_that_day() -> None:
    life = did(running(**MANUAL), lib.renew, now=at(2, 20, 18))
    assert (turns(life)[-1], states(life, at(2, 20))) == ("02-20 03-22 d2 unpaid", ["active"])


def test_renewed_in_the_instant_in_which_it_expires_it_goes_on_from_there() -> None:
    life = did(running(**MANUAL), lib.renew, now=at(1, 31, 0))
    assert turns(life)[-1] == "01-31 03-02 d2 unpaid"


def test_from_expiry_it_goes_on_from_its_end_however_long_ago_that_was() -> None:
    life = did(running(**FROM_EXPIRY), lib.renew, now=at(3, 20))
    assert (turns(life)[-1], states(life, life.now)) == ("01-31 03-02 d2 unpaid", ["expired"])
    did(life, lib.renew)
    assert (turns(life)[-1], states(life, life.now)) == ("03-02 04-01 d3 unpaid", ["active"])


def test_from_now_the_rest_of_the_period_is_given_back_first() -> None:
    life = did(running(**FROM_NOW), lib.renew, now=at(1, 11))
    assert (periods(life), credit(life)) == (["01-01 01-31 10.00 EUR", "01-11 02-10 30.00 EUR"], "20.00 EUR")
    assert life.subscription.renewals == 1


def test_what_was_renewed_ahead_is_taken_back_and_not_counted_when_it_is_renewed_from_now() -> None:
    life = running(**{**FROM_NOW, "basis": RenewalBasis.FROM_NOW_IF_EXPIRED})
    for _ in range(3):
        did(life, lib.renew)
    did(life, lib.pause, now=at(1, 11))
    assert (life.subscription.renewals, owed(life), credit(life)) == (0, "0.00 EUR", "20.00 EUR")


def test_the_day_of_a_change_belongs_to_the_old_period_where_the_convention_says_so() -> None:
    life = did(running(**FROM_NOW, policy=OLD_DAY), lib.renew, now=at(1, 10))
    assert periods(life) == ["01-01 01-31 10.00 EUR", "01-11 02-10 30.00 EUR"]
    both = did(running(**FROM_NOW, policy=OLD_DAY), lib.change, FIVE, now=at(1, 10))
    did(both, lib.renew)
    assert (left(both), periods(both)[-1]) == ("160.00 EUR", "01-11 02-10 150.00 EUR")


def test_on_the_last_day_of_a_period_that_day_is_not_charged_twice() -> None:
    life = did(running(**FROM_NOW, policy=OLD_DAY), lib.change, FIVE, now=at(1, 30))
    assert life.subscription.turns[-1].document is None
    did(life, lib.renew)
    assert (left(life), periods(life)[-1]) == ("180.00 EUR", "01-31 03-02 150.00 EUR")


def test_what_is_billed_in_full_is_not_given_back_when_it_is_renewed_from_now() -> None:
    policy = BillingPolicy(convention=Convention(stub=Stub.FULL))
    life = did(running(**FROM_NOW, policy=policy), lib.renew, now=at(1, 11))
    assert (credit(life), left(life), periods(life)[-1]) == ("0.00 EUR", "60.00 EUR", "01-11 02-10 30.00 EUR")


@pytest.mark.parametrize("late", [at(1, 20), at(2, 10)])
@pytest.mark.parametrize("basis", list(RenewalBasis))
def test_changes_that_wait_for_the_next_period_are_made_whenever_it_begins(basis: RenewalBasis, late: Any) -> None:
    life = scheduled(running(**{**MANUAL, "basis": basis}), FIVE, When.END_OF_PERIOD)
    did(life, lib.renew, now=late)
    last = life.subscription.turns[-1].item
    assert (last.terms.quantity, last.scheduled, periods(life)[-1][-10:]) == (5, (), "150.00 EUR")


def test_changes_for_a_later_instant_wait_on_when_it_is_renewed_from_now() -> None:
    life = scheduled(running(**FROM_NOW), FIVE, at(1, 20))
    did(life, lib.renew, now=at(1, 11))
    assert lib.change_due(life.subscription) == at(1, 20)
    life.bill(at(1, 21), ahead=0)
    assert periods(life)[-1] == "01-20 02-10 105.00 EUR"


def test_a_change_that_waits_for_an_instant_comes_before_a_renewal_that_follows() -> None:
    life = scheduled(running(**MANUAL), FIVE, at(1, 20))
    for now in (at(1, 10), at(1, 25), at(2, 10)):
        assert refused(life, lib.renew, now=now) == BillingBehind(subscription="web", due=at(1, 20))
    life.bill()
    assert states(life, life.now) == ["expired"]
    did(life, lib.renew)
    assert periods(life)[-1] == "02-10 03-12 150.00 EUR"


def test_a_renewal_is_refused_in_this_order() -> None:
    assert refused(did(running(**MANUAL), lib.cancel, EndOf.NOW), lib.renew) == SubscriptionEnded(
        subscription="web", state="cancelled"
    )
    wanted = ("active", "expired")
    for life, state in ((ordered(), "pending"), (tried(), "trial"), (did(running(), lib.pause), "paused")):
        assert refused(life, lib.renew) == WrongState(subscription="web", state=state, wanted=wanted)
    leaving = did(running(**MANUAL, most_renewals=0), lib.cancel)
    for life in (leaving, running(), running(**ONCE), on(tried(**MANUAL), at(1, 12))):
        assert refused(life, lib.renew) == NotRenewed(subscription="web")
    waiting = scheduled(running(**MANUAL), FIVE, at(1, 20))
    assert refused(did(waiting, lib.cancel), lib.renew) == EndsAlready()
    early = running(**FROM_NOW)
    assert refused(early, lib.renew, now=at(12, 1, year=2025)) == ChangeTooEarly(item="web", earliest=at(1, 1, 0))


def test_as_often_as_agreed() -> None:
    life = did(running(**MANUAL, most_renewals=1), lib.renew)
    assert not lib.renewals_left(life.subscription)
    assert refused(life, lib.renew) == NotRenewed(subscription="web")


@pytest.mark.parametrize(
    ("basis", "now", "expiry"),
    [
        (RenewalBasis.FROM_NOW_IF_EXPIRED, at(1, 20), at(2, 28)),
        (RenewalBasis.FROM_NOW_IF_EXPIRED, at(3, 10), at(4, 10)),
        (RenewalBasis.FROM_NOW, at(1, 20), at(2, 20)),
        (RenewalBasis.FROM_EXPIRY, at(3, 10), at(2, 28)),
    ],
)
def test_when_something_expires_once_it_is_renewed(basis: RenewalBasis, now: datetime, expiry: datetime) -> None:
    assert renewed_expiry(at(1, 31), every=Duration(months=1), basis=basis, now=now) == expiry


# A common date


def monthly(day: int, **others: Any) -> Cycle:
    return Cycle(date(2026, 1, day), Duration(months=1), "UTC", **others)


def test_the_next_period_runs_to_the_common_date_and_is_prorated() -> None:
    life = did(running("31.00 EUR", "P1M"), lib.align, monthly(15), now=at(1, 10))
    assert periods(life) == ["01-01 02-01 31.00 EUR"]
    life.bill(at(3, 1))
    assert periods(life) == ["02-01 02-15 14.00 EUR", "02-15 03-15 31.00 EUR", "03-15 04-15 31.00 EUR"]
    assert [one.due.day for one in life.subscription.turns] == [1, 15, 15]


def test_aligned_to_where_it_ends_anyway_nothing_is_prorated() -> None:
    life = did(running("31.00 EUR", "P1M"), lib.align, monthly(1), now=at(1, 10))
    life.bill(at(3, 1))
    assert periods(life) == ["02-01 03-01 31.00 EUR", "03-01 04-01 31.00 EUR"]


def test_what_was_billed_ahead_is_taken_back_and_billed_as_aligned() -> None:
    life = running("31.00 EUR", "P1M")
    life.bill(at(1, 20))
    did(life, lib.align, monthly(15))
    assert turns(life) == ["01-01 02-01 d1 paid"]
    life.bill()
    assert periods(life)[-1] == "02-01 02-15 14.00 EUR"
    did(life, lib.align, monthly(15))
    assert nothing_happens(life)


@pytest.mark.parametrize(("months", "start"), [(3, 4), (12, 1)])
def test_only_the_anchor_is_common_and_the_length_of_a_period_stays_as_agreed(months: int, start: int) -> None:
    quarters = Cycle(date(2026, start, 15), Duration(months=months), "UTC")
    life = did(running("31.00 EUR", "P1M"), lib.align, quarters, now=at(1, 10))
    life.bill(at(2, 20))
    assert periods(life) == ["01-01 02-01 31.00 EUR", "02-01 02-15 14.00 EUR", "02-15 03-15 31.00 EUR"][1:]


def test_days_and_months_have_but_an_anchor_in_common() -> None:
    life = did(running(), lib.align, monthly(6, month_end=MonthEnd.SKIP), now=at(1, 10))
    life.bill(at(2, 5), ahead=0)
    assert periods(life)[-2:] == ["01-31 02-05 5.00 EUR", "02-05 03-07 30.00 EUR"]
    weekly = Cycle(date(2026, 1, 6), Duration(days=7), "UTC")
    life = did(running("31.00 EUR", "P1M"), lib.align, weekly, now=at(1, 10))
    life.bill(at(2, 5), ahead=0)
    assert periods(life)[-1] == "02-01 02-06 5.00 EUR"


@pytest.mark.parametrize("effective", [at(1, 11), When.END_OF_PERIOD])
def test_a_change_on_the_way_leaves_the_common_date(effective: Any) -> None:
    life = did(running("31.00 EUR", "P1M"), lib.align, monthly(15), now=at(1, 2))
    scheduled(life, ItemChange(quantity=2), effective)
    life.bill(at(2, 1), ahead=0)
    assert periods(life)[-1] == "02-01 02-15 28.00 EUR"


def test_a_change_now_leaves_the_common_date() -> None:
    life = did(running("31.00 EUR", "P1M"), lib.align, monthly(15), now=at(1, 2))
    did(life, lib.change, ItemChange(quantity=2), now=at(1, 10))
    life.bill(at(2, 1), ahead=0)
    assert periods(life)[-1] == "02-01 02-15 28.00 EUR"


def test_a_change_of_the_interval_keeps_the_common_date_with_longer_turns() -> None:
    life = did(running("31.00 EUR", "P1M"), lib.align, monthly(15), now=at(1, 2))
    scheduled(life, ItemChange(every=Duration(months=12), price=FIVE.price), When.END_OF_PERIOD)
    life.bill(at(2, 1), ahead=0)
    last = life.subscription.turns[-1]
    assert (last.start, last.end, str(last.item.terms.cycle.every)) == (at(2, 1, 0), at(1, 15, 0, year=2027), "P1Y")


def test_a_renewal_by_hand_runs_to_the_common_date_early_and_late() -> None:
    for now, period in ((at(1, 20), "02-01 02-15 14.00 EUR"), (at(2, 5), "02-05 02-15 10.00 EUR")):
        life = did(running("31.00 EUR", "P1M", **MANUAL), lib.align, monthly(15), now=at(1, 10))
        did(life, lib.renew, now=now)
        assert periods(life)[-1] == period
        did(life, lib.renew)
        assert periods(life)[-1] == "02-15 03-15 31.00 EUR"


def test_to_align_is_refused_in_this_order() -> None:
    elsewhere = Cycle(date(2026, 1, 15), Duration(months=1), "Europe/Madrid")
    ended = did(running(), lib.cancel, EndOf.NOW)
    for life in (ended, ordered(), running()):
        with pytest.raises(InvalidArgument, match="cycle must be in the zone of the subscription"):
            lib.align(life.state, elsewhere, by=BY, now=FIRST)
    assert isinstance(refused(ended, lib.align, monthly(15)), SubscriptionEnded)
    for life in (ordered(), tried(), did(running(), lib.suspend)):
        assert isinstance(refused(life, lib.align, monthly(15)), WrongState)
    late = on(running(), at(2, 5))
    assert refused(late, lib.align, monthly(15)) == BillingBehind(subscription="web", due=at(1, 31, 0))
    hours = running("1.00 EUR", "P1M", policy=BillingPolicy(convention=preset("zuora_actual")))
    assert isinstance(refused(hours, lib.change, ItemChange(every=Duration(days=7))), NothingCounted)


def test_a_common_date_may_have_an_hour() -> None:
    life = running(every="P1D")
    noon = Cycle(at(1, 1), Duration(seconds=3600), "UTC")
    did(life, lib.align, noon)
    life.bill(at(1, 3), ahead=0)
    assert periods(life)[-2:] == ["01-02 01-03 30.00 EUR", "01-03 01-04 30.00 EUR"]
    assert (life.subscription.turns[-1].end, left(life)) == (at(1, 4), "90.00 EUR")


def test_a_trial_that_is_over_and_not_billed_yet_is_behind() -> None:
    life = on(tried(), at(1, 12))
    assert refused(life, lib.align, monthly(15)) == BillingBehind(subscription="web", due=at(1, 11))
    assert refused(life, lib.change, FIVE) == BillingBehind(subscription="web", due=at(1, 11))
    assert refused(life, lib.pause) == BillingBehind(subscription="web", due=at(1, 11))
