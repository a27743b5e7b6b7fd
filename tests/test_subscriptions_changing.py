"""Changing a subscription now, with the next period or at an instant; with what was billed ahead, and composed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from licensing_core import subscriptions as lib
from licensing_core.billing import (
    AlreadyBooked,
    BillingPolicy,
    ChangeTooEarly,
    ItemChange,
    NothingScheduled,
    QuoteChanged,
    TaxRate,
    TaxTerms,
    TaxTreatment,
    When,
)
from licensing_core.checks import InvalidArgument
from licensing_core.money import CurrencyMismatch
from licensing_core.periods import Cycle, Duration
from licensing_core.proration import Convention, NothingCounted, Stub, preset
from licensing_core.subscriptions import (
    BillingBehind,
    CancellationCredited,
    EndOf,
    EndsAlready,
    SubscriptionEnded,
    WrongState,
)
from licensing_core.testing.cases_subscriptions import BY, Life
from tests.subscription_world import (
    DEARER,
    FIRST,
    FIVE,
    MANUAL,
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
    terms,
    tried,
    turns,
)

END = When.END_OF_PERIOD
DOLLARS = ItemChange(price=terms("1.00 USD").price)
NOTHING = ItemChange(quantity=0)
VAT = TaxRate(id="vat", percent=20)  # type: ignore[arg-type]

# Now


def test_the_unused_part_is_credited_and_charged_at_the_new_terms() -> None:
    life = did(running(), lib.change, FIVE, now=at(1, 11))
    assert periods(life) == ["01-01 01-31 10.00 EUR", "01-11 01-31 100.00 EUR"]
    assert (credit(life), owed(life)) == ("20.00 EUR", "100.00 EUR")
    assert kinds(life) == ["ledger.booked", "subscription.billed"]


def test_what_was_not_paid_yet_is_owed_no_longer() -> None:
    life = running()
    life.bill(at(2, 10), ahead=0)
    did(life, lib.change, FIVE)
    assert (turns(life), owed(life)) == (["01-31 03-02 d2 unpaid", "02-10 03-02 d3 unpaid"], "110.00 EUR")


def test_a_turn_of_which_nothing_is_owed_any_more_is_settled() -> None:
    life = running()
    life.bill(at(1, 31), ahead=0)
    did(life, lib.change, FIVE)
    assert turns(life) == ["01-31 03-02 d2 paid", "01-31 03-02 d3 unpaid"]
    assert (kinds(life)[-1], owed(life)) == ("subscription.settled", "150.00 EUR")


def test_older_turns_stay_owed() -> None:
    life = running()
    life.bill(at(3, 12), ahead=0)
    did(life, lib.change, FIVE)
    assert periods(life) == ["01-31 03-02 30.00 EUR", "03-02 04-01 10.00 EUR", "03-12 04-01 100.00 EUR"]
    assert owed(life) == "140.00 EUR"


def test_what_was_billed_ahead_is_taken_back_and_billed_anew_as_changed() -> None:
    life = running()
    life.bill(at(1, 20))
    life.pay()
    did(life, lib.change, FIVE)
    assert kinds(life) == ["ledger.booked", "subscription.turns_withdrawn", "ledger.booked", "subscription.billed"]
    assert (turns(life)[-1], credit(life)) == ("01-20 01-31 d3 unpaid", "41.00 EUR")
    life.bill()
    assert (periods(life)[-1], life.subscription.renewals) == ("01-31 03-02 150.00 EUR", 1)


def test_another_interval_begins_a_whole_period_at_once() -> None:
    yearly = ItemChange(every=Duration(days=360), price=terms("300.00 EUR").price)
    life = did(running(), lib.change, yearly, now=at(1, 11))
    assert periods(life) == ["01-01 01-31 10.00 EUR", "01-11 01-06 300.00 EUR"]
    did(life, lib.change, ItemChange(every=Duration(days=30), price=terms().price), now=at(1, 21))
    assert (periods(life)[-1], left(life)) == ("01-21 02-20 30.00 EUR", "48.33 EUR")
    life.bill(at(2, 20), ahead=0)
    assert periods(life)[-1] == "02-20 03-22 30.00 EUR"


def test_the_day_of_the_change_may_belong_to_the_old_terms() -> None:
    life = did(running(policy=BillingPolicy(convention=preset("lago"))), lib.change, FIVE, now=at(1, 10))
    assert periods(life) == ["01-01 01-31 10.00 EUR", "01-10 01-31 100.00 EUR"]
    last = did(running(policy=BillingPolicy(convention=preset("lago"))), lib.change, FIVE, now=at(1, 30))
    assert (turns(last)[-1], owed(last)) == ("01-30 01-31 None paid", "0.00 EUR")
    did(last, lib.change, DEARER, now=at(1, 30, 20))
    did(last, lib.change, ItemChange(quantity=2), now=at(1, 30, 22))
    last.bill(at(2, 1), ahead=0)
    assert periods(last)[-1] == "01-31 03-02 120.00 EUR"
    did(last, lib.change, ItemChange(quantity=1), now=at(2, 9))
    assert periods(last) == ["01-31 03-02 40.00 EUR", "02-09 03-02 40.00 EUR"]


def test_what_is_billed_in_full_is_not_credited() -> None:
    policy = BillingPolicy(convention=Convention(stub=Stub.FULL))
    life = did(running(policy=policy), lib.change, FIVE, now=at(1, 11))
    assert (credit(life), owed(life)) == ("0.00 EUR", "150.00 EUR")


@pytest.mark.parametrize(
    ("treatment", "owes", "back"),
    [(TaxTreatment.EXCLUSIVE, "120.00 EUR", "24.00 EUR"), (TaxTreatment.INCLUSIVE, "100.00 EUR", "20.00 EUR")],
)
def test_taxes_go_back_with_what_is_credited(treatment: TaxTreatment, owes: str, back: str) -> None:
    life = running(rates=(VAT,), policy=BillingPolicy(taxes=TaxTerms(treatment=treatment)))
    did(life, lib.change, FIVE, now=at(1, 11))
    assert (owed(life), credit(life)) == (owes, back)


def test_a_change_to_what_holds_already_does_nothing() -> None:
    life = running()
    life.bill(at(1, 20))
    did(life, lib.change, ItemChange(quantity=1))
    assert nothing_happens(life)
    assert len(life.subscription.turns) == 2


def test_the_quote_is_what_is_booked_and_another_one_is_refused() -> None:
    life = running()
    life.bill(at(1, 20))
    quote = lib.quote_change(life.state, FIVE, now=at(1, 21))
    assert str(quote.due) == "40.00 EUR"
    assert isinstance(refused(life, lib.change, FIVE, confirmed=quote, now=at(1, 22)), QuoteChanged)
    did(life, lib.change, FIVE, confirmed=quote, now=at(1, 21))
    assert life.subscription.turns[-1].item.line is not None


def test_a_change_now_is_refused_in_this_order() -> None:
    ended = did(running(), lib.cancel, EndOf.NOW)
    for life in (ended, ordered()):
        assert isinstance(refused(life, lib.change, NOTHING), InvalidArgument)
    assert isinstance(refused(ended, lib.change, FIVE), SubscriptionEnded)
    for life in (
        ordered(),
        tried(),
        did(running(), lib.suspend),
        did(running(), lib.pause),
        on(running(**MANUAL), at(2, 5)),
    ):
        assert isinstance(refused(life, lib.change, FIVE), WrongState)
    credited = did(running(), lib.cancel, at(2, 20), EndOf.NOW, credit=True, now=at(1, 10))
    assert refused(credited, lib.change, FIVE) == CancellationCredited(subscription="web")
    assert refused(credited, lib.schedule_change, FIVE, END, change_id="c") == CancellationCredited(subscription="web")
    over = did(running(), lib.cancel, at(2, 20), EndOf.NOW, now=at(1, 10))
    assert refused(over, lib.change, FIVE, now=at(2, 5)) == EndsAlready()
    late = scheduled(running(), FIVE, at(1, 5))
    assert refused(late, lib.change, DEARER, now=at(1, 6)) == BillingBehind(subscription="web", due=at(1, 5))
    assert refused(running(), lib.change, FIVE, now=at(2, 5)) == BillingBehind(subscription="web", due=at(1, 31, 0))
    early = refused(running(), lib.change, DOLLARS, now=at(12, 1, year=2025))
    assert early == ChangeTooEarly(item="web", earliest=at(1, 1, 0))
    assert isinstance(refused(running(), lib.change, DOLLARS, document="d1"), CurrencyMismatch)
    assert isinstance(refused(running(), lib.change, ItemChange(every=Duration(seconds=9))), NothingCounted)
    quote = lib.quote_change(running().state, DEARER, now=FIRST)
    assert isinstance(refused(running(), lib.change, FIVE, document="d1", confirmed=quote), QuoteChanged)
    assert refused(running(), lib.change, FIVE, document="d1") == AlreadyBooked(ledger="acme", line="web:1")


# With the next period, or at an instant


def test_a_change_that_waits_for_the_next_period_prorates_nothing() -> None:
    life = scheduled(running(), FIVE, END, now=at(1, 10))
    life.bill(at(1, 20))
    assert (periods(life), credit(life)) == (["01-01 01-31 30.00 EUR", "01-31 03-02 150.00 EUR"], "0.00 EUR")


@pytest.mark.parametrize("late", [at(1, 20), at(3, 20)])
def test_several_changes_compose(late: datetime) -> None:
    life = scheduled(running(), FIVE, END)
    scheduled(life, DEARER, at(1, 16), "c2")
    scheduled(life, ItemChange(quantity=2), at(1, 11), "c3")
    scheduled(life, ItemChange(quantity=4, item="pro"), END, "c4")
    life.bill(late, ahead=15)
    amounts = [str(line.amount) for line in life.state.ledger.lines.values()]
    assert amounts[:4] == ["30.00 EUR", "40.00 EUR", "60.00 EUR", "240.00 EUR"]
    assert life.subscription.turns[-1].item.terms.item == "pro"
    assert life.subscription.turns[-1].item.scheduled == ()


def test_a_change_at_the_very_boundary_is_billed_with_the_period() -> None:
    life = scheduled(running(), FIVE, at(1, 31, 0))
    life.bill(at(1, 20))
    assert periods(life)[-1] == "01-31 03-02 150.00 EUR"


def test_a_change_within_a_period_that_was_billed_ahead_takes_back_later_ones_only() -> None:
    life = running()
    life.bill(at(1, 20), ahead=60)
    scheduled(life, FIVE, at(2, 15))
    assert turns(life) == ["01-01 01-31 d1 paid", "01-31 03-02 d2 unpaid"]
    life.bill(at(2, 15), ahead=0)
    assert periods(life)[-1] == "02-15 03-02 75.00 EUR"


def test_a_change_within_a_period_ahead_waits_on_when_that_period_is_taken_back() -> None:
    life = running()
    life.bill(at(1, 20))
    scheduled(life, FIVE, at(2, 15))
    did(life, lib.change, DEARER)
    assert turns(life)[-1] == "01-20 01-31 d3 unpaid"
    life.bill(at(2, 15), ahead=0)
    assert periods(life)[-1] == "02-15 03-02 150.00 EUR"


def test_a_change_within_a_period_ahead_can_be_taken_back() -> None:
    life = running()
    life.bill(at(1, 20))
    scheduled(life, FIVE, at(2, 15))
    did(life, lib.withdraw_change, "c1")
    life.bill(at(2, 20), ahead=0)
    assert periods(life)[-1] == "01-31 03-02 30.00 EUR"


def test_a_change_within_a_short_period_ahead_is_possible_too() -> None:
    common = Cycle(at(1, 15).date(), Duration(months=1), "UTC")
    life = did(running("31.00 EUR", "P1M"), lib.align, common, now=at(1, 10))
    life.bill(at(1, 20))
    scheduled(life, ItemChange(quantity=2), at(2, 8))
    life.bill(at(2, 8), ahead=0)
    assert periods(life)[-2:] == ["02-01 02-15 7.00 EUR", "02-08 02-15 14.00 EUR"]


def test_no_two_changes_that_wait_have_one_id() -> None:
    life = scheduled(running(), FIVE, END)
    assert refused(life, lib.schedule_change, DEARER, END, change_id="c1").parameter == "change_id"
    life.bill(at(1, 20))
    assert life.subscription.turns[-1].item.scheduled == ()
    assert refused(life, lib.schedule_change, DEARER, at(2, 9), change_id="c1").parameter == "change_id"
    assert scheduled(on(life, at(2, 1)), DEARER, at(2, 9)).steps[-1].events


def test_the_same_again_does_nothing_and_neither_does_a_change_of_nothing() -> None:
    life = scheduled(running(), FIVE, at(2, 15))
    life.bill(at(1, 20))
    for change, effective, name in ((FIVE, at(2, 15), "c1"), (ItemChange(), END, "c2")):
        assert nothing_happens(scheduled(life, change, effective, name))
        assert len(life.subscription.turns) == 2


def test_a_change_that_was_billed_ahead_is_taken_back_with_its_period() -> None:
    life = scheduled(running(), FIVE, END)
    life.bill(at(1, 20))
    did(life, lib.withdraw_change, "c1")
    assert kinds(life)[1:] == ["subscription.turns_withdrawn", "subscription.change_withdrawn"]
    life.bill()
    assert periods(life)[-1] == "01-31 03-02 30.00 EUR"
    assert refused(life, lib.withdraw_change, "c1") == NothingScheduled(item="web", change="c1")


def test_a_change_that_has_taken_effect_does_not_wait_any_more() -> None:
    life = scheduled(running(), FIVE, at(1, 10))
    life.bill(at(1, 10))
    assert refused(life, lib.withdraw_change, "c1") == NothingScheduled(item="web", change="c1")


def test_few_changes_wait() -> None:
    life = running()
    for number in range(100):
        scheduled(life, FIVE, at(3, 1) + timedelta(hours=number), f"c{number}")
    refusal = refused(life, lib.schedule_change, FIVE, END, change_id="more")
    assert refusal.parameter == "scheduled"


def test_to_ask_for_a_later_change_is_refused_in_this_order() -> None:
    def asked(life: Life, change: ItemChange = FIVE, effective: Any = END, **others: Any) -> Any:
        return refused(life, lib.schedule_change, change, effective, **{"change_id": "c9", **others})

    ended = did(running(), lib.cancel, EndOf.NOW)
    assert asked(ended, effective="soon").parameter == "effective"
    assert asked(ended, NOTHING).parameter == "change"
    assert isinstance(asked(ended), SubscriptionEnded)
    for life in (ordered(), tried(), did(running(), lib.pause)):
        assert isinstance(asked(life), WrongState)
    over = did(running(), lib.cancel, at(2, 20), EndOf.NOW, now=at(1, 10))
    assert asked(over) == EndsAlready()
    assert asked(running(), now=at(2, 5)) == BillingBehind(subscription="web", due=at(1, 31, 0))
    assert isinstance(asked(running(), DOLLARS, now=at(12, 1, year=2025)), ChangeTooEarly)
    assert isinstance(asked(running(), DOLLARS, FIRST), CurrencyMismatch)
    assert isinstance(asked(running(), ItemChange(every=Duration(seconds=9)), FIRST), NothingCounted)
    assert asked(scheduled(running(), DEARER, END, "c9"), effective=FIRST).parameter == "change_id"
    for past in (FIRST, at(12, 1, year=2025)):
        assert asked(running(), effective=past).parameter == "effective"


def test_to_take_a_change_back_is_refused_in_this_order() -> None:
    assert isinstance(refused(did(running(), lib.terminate), lib.withdraw_change, "c1"), SubscriptionEnded)
    assert isinstance(refused(ordered(), lib.withdraw_change, "c1"), WrongState)
    late = scheduled(running(), FIVE, at(1, 5))
    assert refused(late, lib.withdraw_change, "c1", now=at(1, 5)) == BillingBehind(subscription="web", due=at(1, 5))
    assert isinstance(refused(running(), lib.withdraw_change, "c1", now=at(12, 1, year=2025)), ChangeTooEarly)
    assert isinstance(refused(running(), lib.withdraw_change, "c1"), NothingScheduled)


def test_a_preview_is_refused_as_the_change() -> None:
    with pytest.raises(WrongState):
        lib.quote_change(ordered().state, FIVE, now=FIRST)
    with pytest.raises(InvalidArgument):
        lib.quote_change(running().state, NOTHING, now=FIRST)


def test_questions_answer_as_the_commands_do() -> None:
    state = running().state
    named: dict[str, Any] = {"by": BY, "now": at(1, 5)}
    assert lib.can_change(state, FIVE, document="d2", **named)
    assert lib.can_schedule_change(state, FIVE, END, change_id="c1", **named)
    assert lib.can_withdraw_change(state, "c1", **named).code == "item.nothing_scheduled"
    assert lib.can_change_trial(state, FIVE, **named).code == "service.wrong_state"
