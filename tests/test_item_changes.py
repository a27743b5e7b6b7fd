"""Items: started, changed, scheduled, advanced and ended, with their money in the same step.

In April 2026, of 30 days, one unit at 30.00 EUR a month is 1.00 EUR a day.
"""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import (
    AlreadyBooked,
    Discount,
    FixedDiscount,
    ItemChange,
    ItemTerms,
    PercentDiscount,
    QuoteChanged,
    Reason,
    TaxTerms,
    TaxTreatment,
    can_start_item,
    change_item,
    quote_next,
    start_item,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Interval, Span
from licensing_core.pricing import PackagePrice
from licensing_core.proration import (
    PRESETS,
    Net,
    Stub,
)
from tests.billing_world import (
    ACT,
    EUR,
    FIVE_OFF,
    HALF_OFF,
    STEPS,
    SURCHARGE,
    TRIAL,
    VAT,
    YEN,
    YEN_OFF,
    a_ledger,
    all_due,
    amounts,
    at,
    change,
    changed,
    charges,
    each,
    flat,
    money,
    monthly,
    moved,
    paid,
    quoted,
    running,
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
