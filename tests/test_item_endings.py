"""Items that change their interval or end, what is refused, and what was confirmed."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core.billing import (
    Billed,
    ChangeTooEarly,
    ItemBehind,
    ItemChange,
    ItemEnded,
    NothingScheduled,
    QuoteChanged,
    When,
    advance_item,
    can_change_item,
    can_schedule_change,
    change_item,
    next_due,
    quote_change,
    quote_next,
    schedule_change,
    withdraw_change,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision
from licensing_core.money import CurrencyMismatch
from licensing_core.periods import Cycle, Duration, MonthEnd
from licensing_core.proration import (
    LICENSING_CORE,
    PRESETS,
    Base,
    Convention,
)
from licensing_core.serde import dumps
from tests.billing_world import (
    ACT,
    BY,
    EUR,
    FIVE_OFF,
    MONTH,
    SECONDS,
    VAT,
    YEAR,
    YEN,
    YEN_OFF,
    all_due,
    amounts,
    at,
    change,
    changed,
    charges,
    credits_of,
    each,
    flat,
    money,
    monthly,
    quoted,
    running,
    scheduled,
    settled,
    terms,
)
from tests.builders import agrees

# Another interval


def test_from_months_to_years_and_back_a_whole_new_period_begins_with_the_change() -> None:
    state = running()
    yearly = change(state, at(4, 16), every=YEAR, price=each("365.00 EUR"))
    assert amounts(yearly) == (["15.00 EUR"], ["365.00 EUR"])
    state = settled(changed(state, at(4, 16), every=YEAR, price=each("365.00 EUR")))
    period = state.item.period
    assert (period.start, period.end) == (at(4, 16, 0), at(4, 16, 0, year=2027))
    # of the year from 16 April, 16 July leaves 274 days
    back = change(state, at(7, 16), every=MONTH, price=each("31.00 EUR"))
    assert amounts(back) == (["274.00 EUR"], ["31.00 EUR"])
    state = changed(state, at(7, 16), "inv-3", every=MONTH, price=each("31.00 EUR"))
    assert (state.item.period.start, state.item.period.end) == (at(7, 16, 0), at(8, 16, 0))
    assert charges(quote_next(state)) == ["31.00 EUR"]


def test_the_same_interval_again_begins_a_new_period() -> None:
    state = running()
    assert amounts(change(state, at(4, 16), every=MONTH)) == (["15.00 EUR"], ["30.00 EUR"])
    assert changed(state, at(4, 16), every=MONTH).item.period.end == at(5, 16, 0)


def test_the_interval_that_holds_already_begins_nothing_new_on_the_first_day_of_its_period() -> None:
    state = running()
    assert change_item(state, ItemChange(every=MONTH), now=at(4, 1, 20), **ACT) == Decision(state)


def test_where_seconds_are_counted_the_new_period_begins_at_the_very_instant() -> None:
    state = running(now=at(4, 1, 0), convention=SECONDS)
    assert amounts(change(state, at(4, 16), every=YEAR)) == (["14.50 EUR"], ["30.00 EUR"])
    period = changed(state, at(4, 16), every=YEAR).item.period
    assert (period.start, period.end) == (at(4, 16), at(4, 16, year=2027))


def test_an_interval_of_months_and_days_replaces_months_that_skip_those_without_the_day() -> None:
    last_days = Cycle(date(2026, 3, 31), MONTH, "UTC", month_end=MonthEnd.SKIP)
    state = running(terms(cycle=last_days), now=at(4, 1))
    after = changed(state, at(4, 16), every=Duration(months=1, days=1)).item
    assert (after.period.start, after.period.end) == (at(4, 16, 0), at(5, 17, 0))


def test_another_interval_at_the_end_of_the_period_prorates_nothing() -> None:
    state = scheduled(running(), When.END_OF_PERIOD, every=YEAR, price=each("300.00 EUR"))
    state, (event,) = all_due(state, at(5, 1, 0))
    assert amounts(event.quote) == ([], ["300.00 EUR"])
    assert (event.period.start, event.period.end) == (at(5, 1, 0), at(5, 1, 0, year=2027))


def test_day_31_comes_back_after_the_periods_of_shorter_months() -> None:
    state = running(terms(cycle=monthly(date(2026, 1, 31))), now=at(1, 31))
    _, found = all_due(state, at(5, 31))
    starts = [one.period.start for one in found]
    assert starts == [at(2, 28, 0), at(3, 31, 0), at(4, 30, 0), at(5, 31, 0)]


# Ending


def test_an_item_cancelled_now_is_billed_no_more() -> None:
    state = changed(running(), at(4, 16), quantity=0)
    assert (state.item.ended, state.item.line, next_due(state.item)) == (at(4, 16), None, None)
    assert state.item.terms.quantity == 1
    assert advance_item(state, document="inv-3", by=BY, now=at(6, 1)) == Decision(state)


def test_an_item_cancelled_at_the_end_of_its_period_is_used_until_then() -> None:
    state = scheduled(running(), When.END_OF_PERIOD, quantity=0)
    assert quote_next(state).lines == ()
    state, (event,) = all_due(state, at(6, 15))
    assert (event.ended, event.effective, event.at, event.quote.lines) == (at(5, 1, 0), at(5, 1, 0), at(6, 15), ())
    assert (state.ledger.balance, state.ledger.outstanding()) == (money("0.00 EUR"), money("0.00 EUR"))


def test_what_waits_is_dropped_when_the_item_ends() -> None:
    state = scheduled(running(), at(4, 20), quantity=5)
    state = scheduled(state, When.END_OF_PERIOD, quantity=6)
    assert changed(state, at(4, 16), quantity=0).item.scheduled == ()


def test_an_ended_item_is_neither_changed_nor_quoted_nor_scheduled() -> None:
    state = changed(running(), at(4, 16), quantity=0)
    refusal = ItemEnded(item="seats", ended=at(4, 16))
    different = ItemChange(quantity=2)
    assert agrees(can_change_item, change_item, state, different, now=at(6, 1), **ACT).refusal == refusal
    named: dict[str, Any] = {"change_id": "c1", "by": BY, "now": at(6, 1)}
    verdict = agrees(can_schedule_change, schedule_change, state, different, at(4, 1), **named)
    assert verdict.refusal == refusal
    with pytest.raises(ItemEnded) as caught:
        quote_change(state, different, now=at(4, 17))
    assert caught.value == refusal
    with pytest.raises(ItemEnded) as caught:
        quote_next(state)
    assert caught.value == refusal
    with pytest.raises(NothingScheduled) as none:
        withdraw_change(state, "c1", by=BY, now=at(4, 17))
    assert none.value == NothingScheduled(item="seats", change="c1")


@pytest.mark.parametrize("now", [at(4, 16), at(4, 17), at(6, 1)], ids=str)
def test_cancelling_what_has_ended_does_nothing(now: datetime) -> None:
    state = changed(running(), at(4, 16), quantity=0)
    assert change_item(state, ItemChange(quantity=0), now=now, **ACT) == Decision(state)
    assert can_change_item(state, ItemChange(quantity=0), now=now, confirmed=quote_next(running()), **ACT)


# Refused


@pytest.mark.parametrize(
    ("state", "now", "due"),
    [
        (running(), at(5, 1, 0), at(5, 1, 0)),
        (running(), at(7, 1), at(5, 1, 0)),
        (scheduled(running(), at(4, 16), quantity=2), at(4, 16), at(4, 16)),
    ],
    ids=["at the end", "long after", "a change is due"],
)
def test_an_item_that_is_behind_is_advanced_before_it_is_changed(state: Billed, now: datetime, due: datetime) -> None:
    # in order of precedence: neither the currency nor what was confirmed is looked at
    verdict = agrees(
        can_change_item, change_item, state, ItemChange(price=YEN), confirmed=quote_next(state), now=now, **ACT
    )
    assert verdict.refusal == ItemBehind(item="seats", due=due)
    with pytest.raises(ItemBehind) as caught:
        change(state, now, quantity=0)
    assert caught.value == ItemBehind(item="seats", due=due)


def test_the_last_instant_of_a_period_still_changes_it() -> None:
    quote = change(running(), at(5, 1, 0) - timedelta(microseconds=1), quantity=0)
    assert credits_of(quote) == ["1.00 EUR"]


def test_nothing_is_changed_before_its_period_whatever_the_currency() -> None:
    state = running(now=at(4, 10))
    verdict = agrees(can_change_item, change_item, state, ItemChange(price=YEN), now=at(3, 31), **ACT)
    assert verdict.refusal == ChangeTooEarly(item="seats", earliest=at(4, 1, 0))


@pytest.mark.parametrize(
    ("convention", "now", "earliest"),
    [
        (LICENSING_CORE, at(4, 9), at(4, 10, 0)),
        (LICENSING_CORE, at(4, 9, 23), at(4, 10, 0)),
        (SECONDS, at(4, 9), at(4, 10)),
        (SECONDS, at(4, 10, 11), at(4, 10)),
    ],
    ids=str,
)
def test_nothing_is_changed_before_what_was_billed_last(
    convention: Convention, now: datetime, earliest: datetime
) -> None:
    state = running(now=at(4, 10), convention=convention)
    for given_ in ({"now": now}, {"now": at(4, 20), "effective": now}):
        verdict = agrees(can_change_item, change_item, state, ItemChange(quantity=2), **given_, **ACT)
        assert verdict.refusal == ChangeTooEarly(item="seats", earliest=earliest)


def test_the_day_on_which_an_item_began_can_still_be_changed_where_days_are_counted() -> None:
    assert amounts(change(running(now=at(4, 10)), at(4, 10, 11), quantity=2)) == (["21.00 EUR"], ["42.00 EUR"])


@pytest.mark.parametrize(
    "different",
    [ItemChange(price=YEN), ItemChange(discounts=(YEN_OFF,))],
    ids=["price", "discount"],
)
def test_a_change_is_in_the_currency_of_the_ledger_before_it_is_what_was_confirmed(different: ItemChange) -> None:
    state = running()
    verdict = agrees(can_change_item, change_item, state, different, confirmed=quote_next(state), now=at(4, 16), **ACT)
    assert verdict.refusal == CurrencyMismatch(expected=EUR, got=Currency("JPY"))


# Confirmed and previewed


def test_what_was_confirmed_is_booked() -> None:
    state = running()
    agreed = change(state, at(4, 16), quantity=3)
    decision = change_item(state, ItemChange(quantity=3), confirmed=agreed, now=at(4, 16), **ACT)
    assert quoted(decision).due == agreed.due == money("30.00 EUR")


def test_a_quote_of_yesterday_is_stale() -> None:
    state = running()
    agreed = change(state, at(4, 15), quantity=3)
    verdict = agrees(
        can_change_item, change_item, state, ItemChange(quantity=3), confirmed=agreed, now=at(4, 16), **ACT
    )
    assert verdict.refusal == QuoteChanged(confirmed=(money("32.00 EUR"),), due=(money("30.00 EUR"),))


def test_a_quote_is_stale_once_the_line_was_paid() -> None:
    state = running(pays=False)
    agreed = change(state, at(4, 16), quantity=3)
    verdict = can_change_item(settled(state), ItemChange(quantity=3), confirmed=agreed, now=at(4, 16), **ACT)
    assert verdict.refusal == QuoteChanged(confirmed=(money("45.00 EUR"),), due=(money("30.00 EUR"),))


def test_a_quote_is_stale_once_another_change_was_made() -> None:
    state = running()
    agreed = change(state, at(4, 16), quantity=3)
    after = settled(changed(state, at(4, 16), quantity=2))
    verdict = can_change_item(after, ItemChange(quantity=3), confirmed=agreed, now=at(4, 16), document="c", by=BY)
    assert verdict.refusal == QuoteChanged(confirmed=(money("30.00 EUR"),), due=(money("15.00 EUR"),))


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize(
    "different",
    [ItemChange(quantity=7), ItemChange(quantity=0), ItemChange(every=YEAR), ItemChange(price=flat("19.99 EUR"))],
    ids=["more", "cancelled", "yearly", "flat"],
)
def test_the_preview_is_to_the_last_byte_what_is_booked(name: str, different: ItemChange) -> None:
    if PRESETS[name].base is Base.START_MONTH and different.every is not None:
        different = evolve(different, every=MONTH)
    state = running(terms("19.99 EUR", 3, rates=(VAT,), discounts=(FIVE_OFF,)), convention=PRESETS[name])
    quote = quote_change(state, different, now=at(4, 12))
    decision = change_item(state, different, confirmed=quote, now=at(4, 12), **ACT)
    assert dumps(quoted(decision)) == dumps(quote)
    waiting = schedule_change(state, different, When.END_OF_PERIOD, change_id="c1", by=BY, now=at(4, 12)).state
    later = advance_item(waiting, document="inv-3", by=BY, now=at(5, 9))
    assert dumps(quoted(later)) == dumps(quote_next(waiting))
