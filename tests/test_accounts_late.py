"""Whenever a job runs, it comes to the same: what the runs of the jobs and a partner's years have found (R25)."""

from datetime import datetime, timedelta

import pytest

from licensing_core import accounts as lib
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import Books, BooksDecision, CustomerStatus
from licensing_core.billing import ItemChange
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep
from licensing_core.plans import Renewal
from licensing_core.pricing import UnitPrice
from licensing_core.subscriptions import RenewalBasis, SubscriptionState, state_at
from tests.account_world import (
    ANA,
    MAY,
    TRIED,
    acme,
    bill,
    billed,
    books,
    cancel,
    credit,
    decide,
    dun,
    on,
    order,
    pause,
    pay,
    resume,
    running,
    terms,
    told,
    web,
)
from tests.builders import eur


def planned(found: Books, change: ItemChange, at: datetime, name: str, *, now: datetime = MAY) -> Books:
    return decide(
        found,
        lambda state, _: subscribing.schedule_change(state, change, at, change_id=name, by=ANA, now=now),
        now=now,
    ).state


def test_what_was_paused_is_not_billed_once_what_was_resumed_is_cancelled() -> None:
    found = resume(pause(running(), now=on(5, 14)).state, now=on(8, 14)).state
    gone = cancel(found, now=on(8, 14, 15)).state
    assert {one.status.value for one in gone.account.bills.values()} == {"paid", "void"}
    assert bill(gone, now=on(8, 20)).events == bill(gone, now=on(10, 1)).events == ()


def test_a_proforma_of_which_all_is_given_back_at_once_is_void_and_not_paid() -> None:
    found = credit(running(asked=terms("0.03", every="P7D")), "5.00", now=MAY)
    ending = cancel(found, on(5, 12), credit=True, now=on(5, 12)).state
    told_of = told(bill(ending, now=on(5, 20)))
    assert "BillVoided" in told_of
    assert "BillPaid" not in told_of


def test_changes_that_are_due_one_after_the_other_in_a_period_that_is_over_are_carried_out_late() -> None:
    by_hand = terms(renewal=Renewal.MANUAL, basis=RenewalBasis.FROM_EXPIRY)
    found = credit(running(asked=by_hand), "30.00", now=MAY)
    same = ItemChange(quantity=1)
    for day, change in ((10, same), (15, same), (20, ItemChange(price=UnitPrice(eur("60.00"))))):
        found = planned(found, change, on(6, day), f"ch{day}")
    renewed = decide(
        found, lambda state, one: subscribing.renew(state, document=one, by=ANA, now=on(7, 20)), now=on(7, 20)
    )
    late = bill(renewed.state, now=on(7, 20)).state
    assert [str(one.outstanding) for one in late.account.due] == ["14.00 EUR"], (
        "the rest of it, after what the renewal gave back"
    )


@pytest.mark.parametrize("late", [0, 3, 40], ids=lambda days: f"{days} days late")
def test_however_late_it_is_terminated_nothing_is_owed_for_the_time_after(late: int) -> None:
    def run(found: Books, now: datetime) -> BooksDecision:
        return dun(bill(found, now=now).state, now=now)

    ended = run(billed(), on(7, 4) + timedelta(days=late)).state
    assert web(ended).state is SubscriptionState.TERMINATED
    assert [str(one.outstanding) for one in ended.account.due] == ["30.00 EUR"]


@pytest.mark.parametrize("billed_at", [on(5, 10), on(5, 20)], ids=["within the trial", "after it"])
def test_whenever_it_was_billed_who_went_on_after_a_trial_is_on_trial_no_more(billed_at: datetime) -> None:
    found = order(books(acme(TRIED)), asked=terms(item="tried"), trial_ends=on(5, 18)).state
    gone = cancel(bill(found, now=billed_at).state, on(5, 25), now=on(5, 21)).state
    assert state_at(web(gone), on(5, 26)) is SubscriptionState.CANCELLED
    assert lib.status(gone.account, on(5, 26)) is CustomerStatus.ACTIVE


def test_what_ends_one_subscription_may_pay_for_the_next_which_is_then_not_suspended() -> None:
    strict = DunningPolicy(
        proforma_days=40,
        steps=(
            DunningStep(after_days=7, action=DunningAction.SUSPEND),
            DunningStep(after_days=20, action=DunningAction.TERMINATE),
        ),
    )
    found = order(running("a", dunning=strict), "b", terms("20.00"), now=on(5, 15)).state
    found = bill(pay(found, "proforma:2", now=on(5, 15)).state, now=on(6, 1)).state
    found = credit(found, "29.00", now=on(6, 1))
    july = next(one.id for one in found.account.due if (one.subscription, one.due.month) == ("a", 7))
    ended = dun(pay(found, july, now=on(6, 1)).state, now=on(6, 24)).state
    states = {name: one.state for name, one in ended.account.subscriptions.items()}
    assert states == {"a": SubscriptionState.TERMINATED, "b": SubscriptionState.ACTIVE}
    assert ended.account.due == ()
