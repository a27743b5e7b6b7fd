"""Items: started, changed, scheduled, advanced and ended, with their money in the same step.

In April 2026, of 30 days, one unit at 30.00 EUR a month is 1.00 EUR a day.
"""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import (
    AlreadyBooked,
    Billed,
    ChangeTooEarly,
    Discount,
    FixedDiscount,
    ItemBehind,
    ItemChange,
    ItemEnded,
    ItemTerms,
    NothingScheduled,
    PercentDiscount,
    QuoteChanged,
    Reason,
    TaxTerms,
    TaxTreatment,
    When,
    advance_item,
    can_change_item,
    can_schedule_change,
    can_start_item,
    change_item,
    next_due,
    quote_change,
    quote_next,
    schedule_change,
    start_item,
    withdraw_change,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Cycle, Duration, Interval, MonthEnd, Span
from licensing_core.pricing import PackagePrice
from licensing_core.proration import (
    LICENSING_CORE,
    PRESETS,
    Base,
    Convention,
    Net,
    Stub,
)
from licensing_core.serde import dumps
from tests.billing_world import (
    ACT,
    BY,
    EUR,
    FIVE_OFF,
    HALF_OFF,
    MONTH,
    SECONDS,
    STEPS,
    SURCHARGE,
    TRIAL,
    VAT,
    YEAR,
    YEN,
    YEN_OFF,
    a_ledger,
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
    moved,
    paid,
    quoted,
    running,
    scheduled,
    settled,
    start,
    terms,
)
from tests.builders import agrees

# Starting


@pytest.mark.parametrize(
    ("now", "amount"),
    [(at(4, 1, 0), "30.00 EUR"), (at(4, 1, 23), "30.00 EUR"), (at(4, 16), "15.00 EUR"), (at(4, 30, 23), "1.00 EUR")],
    ids=str,
)
def test_an_item_starts_with_the_rest_of_its_period_today_included(now: datetime, amount: str) -> None:
    decision = start(terms(), now=now)
    state, quote = decision.state, quoted(decision)
    assert charges(quote) == [amount]
    assert quote.charges[0].billed == Interval(now.replace(hour=0), at(5, 1, 0))
    assert (state.item.period.start, state.item.period.end) == (at(4, 1, 0), at(5, 1, 0))
    assert (state.item.line, state.item.lines, state.ledger.line("seats:1").document) == ("seats:1", 1, "inv-1")
    assert quote.charges[0].reason is Reason.PERIOD


def test_several_items_share_a_document_and_a_ledger() -> None:
    first = start(terms()).state
    second = start(terms(quantity=2), onto=first.ledger, item="voip").state
    assert [one.amount.text for one in second.ledger.of_document("inv-1")] == ["30.00", "60.00"]
    after = changed(second, at(4, 16), quantity=0)
    assert [one.left.text for one in after.ledger.of_document("inv-1")] == ["30.00", "30.00"]


def test_an_item_starts_once() -> None:
    state = running()
    verdict = agrees(can_start_item, start_item, "seats", terms(), ledger=state.ledger, now=at(4, 2), **ACT)
    assert verdict.refusal == AlreadyBooked(ledger="acme", line="seats:1")


@pytest.mark.parametrize(
    ("of", "confirmed"),
    [
        (terms(quantity=2), "30.00 EUR"),
        (terms("60.00 EUR"), "30.00 EUR"),
        (terms(rates=(VAT,)), "30.00 EUR"),
        (terms(discounts=(HALF_OFF,)), "30.00 EUR"),
    ],
)
def test_an_item_starts_with_what_was_confirmed(of: ItemTerms, confirmed: str) -> None:
    agreed, other = quoted(start(of)), quoted(start(terms()))
    given_: dict[str, Any] = {"ledger": a_ledger(), "now": at(4, 1), **ACT}
    assert quoted(start_item("seats", of, confirmed=agreed, **given_)) == agreed
    refusal = can_start_item("seats", of, confirmed=other, **given_).refusal
    assert refusal == QuoteChanged(confirmed=(money(confirmed),), due=(agreed.due,))


@pytest.mark.parametrize(
    "of",
    [evolve(terms(), price=YEN), terms(discounts=(YEN_OFF,))],
    ids=["price", "discount"],
)
def test_an_item_starts_in_the_currency_of_its_ledger(of: ItemTerms) -> None:
    verdict = agrees(can_start_item, start_item, "seats", of, ledger=a_ledger(), now=at(4, 1), **ACT)
    assert verdict.refusal == CurrencyMismatch(expected=EUR, got=Currency("JPY"))


# Changing in the middle of a period


@pytest.mark.parametrize(
    ("different", "credit", "charge", "due"),
    [
        ({"quantity": 3}, "15.00", "45.00", "30.00"),
        ({"price": each("60.00 EUR")}, "15.00", "30.00", "15.00"),
        ({"price": each("12.00 EUR")}, "15.00", "6.00", "-9.00"),
        ({"price": each("0.00 EUR")}, "15.00", "0.00", "-15.00"),
        ({"price": flat("100.00 EUR")}, "15.00", "50.00", "35.00"),
        ({"price": flat("100.00 EUR"), "quantity": 7}, "15.00", "50.00", "35.00"),
        ({"price": STEPS, "quantity": 4}, "15.00", "42.00", "27.00"),
        ({"price": PackagePrice(money("9.00 EUR"), 10), "quantity": 11}, "15.00", "9.00", "-6.00"),
        ({"item": "pro"}, "15.00", "15.00", "0.00"),
        ({"discounts": (HALF_OFF,)}, "15.00", "7.50", "-7.50"),
    ],
)
def test_a_change_credits_the_unused_days_as_they_were_priced_and_charges_them_anew(
    different: dict[str, Any], credit: str, charge: str, due: str
) -> None:
    quote = change(running(), at(4, 16), **different)
    assert amounts(quote) == ([f"{credit} EUR"], [f"{charge} EUR"])
    assert quote.due == money(f"{due} EUR")
    assert {one.reason for one in quote.lines} == {Reason.CHANGE}
    assert {one.billed for one in quote.lines} == {Interval(at(4, 16, 0), at(5, 1, 0))}


def test_less_is_credited_and_stays_in_credit() -> None:
    after = changed(running(terms(quantity=3)), at(4, 16), quantity=1)
    assert (after.ledger.balance, after.ledger.outstanding()) == (money("45.00 EUR"), money("15.00 EUR"))


def test_a_change_to_what_holds_already_does_nothing() -> None:
    state = running()
    for different in ({}, {"quantity": 1}, {"price": each("30.00 EUR"), "item": "base", "discounts": ()}):
        assert change_item(state, ItemChange(**different), now=at(4, 16), **ACT) == Decision(state)
        assert change(state, at(4, 16), **different).lines == ()


def test_the_same_command_again_charges_nothing_again() -> None:
    once = changed(running(), at(4, 16), quantity=3)
    assert change_item(once, ItemChange(quantity=3), now=at(4, 16), **ACT) == Decision(once)


def test_several_changes_in_one_period_credit_the_line_that_runs_and_no_other() -> None:
    state = running()
    found: list[tuple[list[str], list[str]]] = []
    for day, quantity in ((11, 2), (21, 4), (21, 1), (30, 2)):
        quote = change(state, at(4, day), quantity=quantity)
        found.append(amounts(quote))
        state = settled(changed(state, at(4, day), f"inv-{len(found) + 1}", quantity=quantity))
    assert found == [
        (["20.00 EUR"], ["40.00 EUR"]),
        (["20.00 EUR"], ["40.00 EUR"]),
        (["40.00 EUR"], ["10.00 EUR"]),
        (["1.00 EUR"], ["2.00 EUR"]),
    ]
    kept = sum(one.left.minor for one in state.ledger.lines.values())
    assert kept == 1000 + 2 * 1000 + 0 + 900 + 200
    assert (state.item.line, state.item.lines) == ("seats:5", 5)


@given(
    minor=st.integers(0, 5_000),
    code=st.sampled_from(["JPY", "EUR", "KWD"]),
    day=st.integers(1, 30),
    quantity=st.integers(2, 9),
    name=st.sampled_from(sorted(PRESETS)),
    net=st.sampled_from(Net),
)
def test_a_change_undone_at_once_comes_to_nothing_within_a_minor_unit(
    minor: int, code: str, day: int, quantity: int, name: str, net: Net
) -> None:
    price, convention = str(Money(minor, Currency(code))), evolve(PRESETS[name], net=net)
    state = running(terms(price, 3), now=at(4, 1, 0), convention=convention)
    there = change(state, at(4, day), quantity=quantity)
    back = change(changed(state, at(4, day), quantity=quantity), at(4, day), quantity=3)
    used_up = 3 * minor if convention.stub is Stub.FULL and quantity != 3 else 0  # the line that had begun
    assert abs((moved(there) + moved(back)).minor - used_up) <= 1


@given(
    minor=st.integers(0, 5_000),
    code=st.sampled_from(["JPY", "EUR", "KWD"]),
    first=st.integers(1, 30),
    steps=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6)), max_size=6).map(sorted),
)
def test_each_day_is_charged_once_for_the_quantity_that_it_ends_with(
    minor: int, code: str, first: int, steps: list[tuple[int, int]]
) -> None:
    steps = [(day, quantity) for day, quantity in steps if day >= first]
    state, by_day = (
        running(terms(str(Money(minor, Currency(code))), 2), now=at(4, first)),
        dict.fromkeys(range(first, 31), 2),
    )
    for number, (day, quantity) in enumerate(steps):
        if state.item.ended:
            break
        state = settled(changed(state, at(4, day), f"c-{number}", quantity=quantity))
        by_day |= dict.fromkeys(range(day, 31), quantity)
    exact = Fraction(minor * sum(by_day.values()), 30)
    kept = sum(one.left.minor for one in state.ledger.lines.values())
    assert abs(kept - exact) <= len(state.ledger.lines)
    held = sum((one.paid - one.returned).minor for one in state.ledger.lines.values())
    assert held == kept


# What goes back to whom


@pytest.mark.parametrize(
    ("received", "relief", "back", "outstanding"),
    [(None, "15.00", "0.00", "15.00"), ("20.00", "10.00", "5.00", "0.00"), ("30.00", "0.00", "15.00", "0.00")],
    ids=["unpaid", "partly paid", "paid"],
)
def test_a_cancellation_gives_back_what_was_paid_and_no_longer_asks_for_the_rest(
    received: str | None, relief: str, back: str, outstanding: str
) -> None:
    state = running(pays=False)
    if received:
        state = evolve(state, ledger=paid(state.ledger, f"{received} EUR"))
    (credit,) = change(state, at(4, 16), quantity=0).credits
    assert (credit.relief.text, credit.credit.text, credit.reason) == (relief, back, Reason.CANCELLATION)
    ledger = changed(state, at(4, 16), quantity=0).ledger
    assert (ledger.balance.text, ledger.outstanding().text) == (back, outstanding)


def test_an_upgrade_of_an_unpaid_line_leaves_its_used_days_owed() -> None:
    ledger = changed(running(pays=False), at(4, 16), quantity=2).ledger
    assert [one.outstanding.text for one in ledger.lines.values()] == ["15.00", "30.00"]
    assert ledger.balance == money("0.00 EUR")


@pytest.mark.parametrize(
    "discount", [TRIAL, FixedDiscount(id="all", amount=money("999.00 EUR"))], ids=["100%", "fixed"]
)
def test_a_trial_credits_nothing(discount: Discount) -> None:
    state = running(terms(discounts=(discount,)))
    assert state.ledger.line("seats:1").amount == money("0.00 EUR")
    assert amounts(change(state, at(4, 16), quantity=0)) == ([], [])
    assert amounts(change(state, at(4, 16), discounts=())) == ([], ["15.00 EUR"])


def test_a_coupon_of_three_periods_ends_with_the_third() -> None:
    cycle = monthly()
    coupon = PercentDiscount(id="spring", percent=Fraction(50), within=Span(cycle.day(0), cycle.day(3)))
    _, found = all_due(running(terms(cycle=cycle, discounts=(coupon,))), at(7, 1, 0))
    assert [charges(one.quote) for one in found] == [["15.00 EUR"], ["15.00 EUR"], ["30.00 EUR"]]


def test_what_was_bought_with_a_coupon_is_credited_as_it_was_paid_though_the_coupon_has_ended() -> None:
    coupon = PercentDiscount(id="spring", percent=Fraction(50), within=Span(date(2026, 4, 1), date(2026, 4, 10)))
    quote = change(running(terms(discounts=(coupon,))), at(4, 16), quantity=2)
    assert amounts(quote) == (["7.50 EUR"], ["30.00 EUR"])


def test_a_coupon_is_given_by_the_days_of_the_zone() -> None:
    cycle = monthly(date(2026, 4, 1), "Europe/Madrid")
    coupon = PercentDiscount(id="spring", percent=Fraction(50), within=Span(cycle.day(0), cycle.day(1)))
    evening = datetime(2026, 3, 31, 22, tzinfo=UTC)  # the first of April in Madrid
    state = running(terms(cycle=cycle, discounts=(coupon,)), now=evening)
    assert state.ledger.line("seats:1").amount == money("15.00 EUR")
    assert charges(quote_next(state)) == ["30.00 EUR"]


def test_a_fixed_discount_is_off_each_whole_period_and_prorated_with_it() -> None:
    state = running(terms(discounts=(FIVE_OFF,)))
    assert state.ledger.line("seats:1").amount == money("25.00 EUR")
    assert amounts(change(state, at(4, 16), quantity=2)) == (["12.50 EUR"], ["27.50 EUR"])
    assert charges(quote_next(state)) == ["25.00 EUR"]


@pytest.mark.parametrize("treatment", TaxTreatment)
def test_a_change_gives_the_taxes_back_with_the_amount_and_charges_them_with_the_new_one(
    treatment: TaxTreatment,
) -> None:
    state = running(terms(rates=(VAT, SURCHARGE)), taxes=TaxTerms(treatment=treatment))
    quote = change(state, at(4, 16), quantity=2)
    (credit,) = quote.credits
    # 21 and 5 percent of 15.00, or 26/126 of it shared as 21 to 5
    wanted = ["3.15", "0.75"] if treatment is TaxTreatment.EXCLUSIVE else ["2.50", "0.60"]
    assert [tax.amount.text for tax in credit.taxes] == wanted
    assert quote.due == (money("18.90 EUR") if treatment is TaxTreatment.EXCLUSIVE else money("15.00 EUR"))


def test_other_rates_hold_for_what_is_charged_and_not_for_what_is_given_back() -> None:
    state = running(terms(rates=(VAT,)))
    quote = change(state, at(4, 16), rates=(SURCHARGE,))
    assert [tax.id for tax in quote.credits[0].taxes] == ["vat"]
    assert (quote.credited, quote.charged) == (money("18.15 EUR"), money("15.75 EUR"))


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
