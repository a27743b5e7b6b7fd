"""Billed items under every convention, from their start to their end.
In April 2026, of 30 days, one unit at 30.00 EUR a month is 1.00 EUR a day.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import (
    Billed,
    BilledItem,
    BillingPolicy,
    ItemChange,
    ItemDecision,
    ItemTerms,
    When,
    advance_item,
    change_item,
    next_due,
    pay,
    quote_next,
    schedule_change,
    withdraw_change,
)
from licensing_core.billing.items import started
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Event
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.proration import (
    LICENSING_CORE,
    PRESETS,
    Base,
    Convention,
)
from tests.billing_world import (
    BY,
    DAY_IS_OLD,
    HALF_OFF,
    MONTH,
    NET_ONCE,
    SECONDS,
    SURCHARGE,
    VAT,
    YEAR,
    a_ledger,
    all_due,
    amounts,
    at,
    billed_of,
    change,
    changed,
    charges,
    credits_of,
    flat,
    money,
    monthly,
    moved,
    per_line,
    replayed_item,
    replayed_ledger,
    running,
    settled,
    start,
    terms,
)

# Conventions


@pytest.mark.parametrize(
    ("convention", "now", "credit", "charge"),
    [
        (LICENSING_CORE, at(4, 16, 12), ["15.00 EUR"], ["30.00 EUR"]),
        (SECONDS, at(4, 16, 0), ["15.00 EUR"], ["30.00 EUR"]),
        (SECONDS, at(4, 16, 12), ["14.50 EUR"], ["29.00 EUR"]),
        (SECONDS, at(4, 30, 23), ["0.04 EUR"], ["0.08 EUR"]),
        (DAY_IS_OLD, at(4, 16, 12), ["14.00 EUR"], ["28.00 EUR"]),
        (DAY_IS_OLD, at(4, 29, 12), ["1.00 EUR"], ["2.00 EUR"]),
        (DAY_IS_OLD, at(4, 30, 12), [], []),
    ],
)
def test_the_day_of_a_change_is_counted_as_the_convention_says(
    convention: Convention, now: datetime, credit: list[str], charge: list[str]
) -> None:
    state = running(now=at(4, 1, 0), convention=convention)
    assert amounts(change(state, now, quantity=2)) == (credit, charge)


def test_a_change_on_the_last_day_that_is_still_old_holds_from_the_next_period() -> None:
    state = changed(running(convention=DAY_IS_OLD), at(4, 30), quantity=2)
    assert (state.item.terms.quantity, state.item.line, state.ledger.balance) == (2, "seats:1", money("0.00 EUR"))
    assert charges(quote_next(state)) == ["60.00 EUR"]


def test_a_cancellation_on_the_last_day_that_is_still_old_gives_nothing_back() -> None:
    state = changed(running(convention=DAY_IS_OLD), at(4, 30), quantity=0)
    assert (state.item.ended, state.ledger.balance) == (at(4, 30), money("0.00 EUR"))


@pytest.mark.parametrize(
    ("convention", "charge", "net"), [(LICENSING_CORE, "1.05 EUR", "0.52 EUR"), (NET_ONCE, "1.06 EUR", "0.53 EUR")]
)
def test_credit_and_charge_are_each_rounded_or_their_difference_once(
    convention: Convention, charge: str, net: str
) -> None:
    quote = change(running(terms("1.05 EUR"), convention=convention), at(4, 16), quantity=2)
    assert (credits_of(quote), charges(quote), str(quote.due)) == (["0.53 EUR"], [charge], net)


@given(
    minor=st.integers(60, 5_000),
    day=st.integers(1, 30),
    quantity=st.integers(2, 9),
    code=st.sampled_from(["JPY", "EUR"]),
)
def test_the_net_rounded_once_is_the_exact_difference_rounded(minor: int, day: int, quantity: int, code: str) -> None:
    currency = Currency(code)
    state = running(terms(str(Money(minor, currency))), now=at(4, 1, 0), convention=NET_ONCE)
    quote = change(state, at(4, day), quantity=quantity)
    assert moved(quote) == Money.rounded(Fraction(minor * (31 - day), 30) * (quantity - 1), currency)


def test_a_netted_line_holds_what_it_was_charged_and_no_credit_passes_it() -> None:
    state = settled(changed(running(terms("1.05 EUR"), convention=NET_ONCE), at(4, 16), quantity=2))
    assert state.ledger.line("seats:2").amount == money("1.06 EUR")
    assert credits_of(change(state, at(4, 16), quantity=0)) == ["1.05 EUR"]


@pytest.mark.parametrize(
    ("zone", "anchor", "now", "left"),
    [
        ("Europe/Madrid", date(2026, 3, 1), datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 3),
        ("Europe/Madrid", date(2026, 3, 1), datetime(2026, 3, 29, 21, 59, tzinfo=UTC), 3),
        ("Europe/Madrid", date(2026, 3, 1), datetime(2026, 3, 29, 22, 0, tzinfo=UTC), 2),
        ("Europe/Madrid", date(2026, 10, 1), datetime(2026, 10, 25, 22, 59, tzinfo=UTC), 7),
        ("Europe/Madrid", date(2026, 10, 1), datetime(2026, 10, 25, 23, 0, tzinfo=UTC), 6),
        ("America/Mexico_City", date(2026, 3, 1), datetime(2026, 3, 30, 5, 59, tzinfo=UTC), 3),
        ("America/Mexico_City", date(2026, 3, 1), datetime(2026, 3, 30, 6, 0, tzinfo=UTC), 2),
        ("Pacific/Auckland", date(2026, 3, 1), datetime(2026, 3, 29, 11, 0, tzinfo=UTC), 2),
        ("Asia/Beirut", date(2026, 3, 1), datetime(2026, 3, 28, 22, 0, tzinfo=UTC), 3),
    ],
    ids=str,
)
def test_days_are_those_of_the_zone_and_an_hour_more_or_less_is_none(
    zone: str, anchor: date, now: datetime, left: int
) -> None:
    cycle = monthly(anchor, zone)
    state = running(terms("31.00 EUR", cycle=cycle), now=cycle.boundary(0))
    assert state.ledger.line("seats:1").amount == money("31.00 EUR")
    assert credits_of(change(state, now, quantity=0)) == [f"{left}.00 EUR"]


def test_seconds_are_those_that_elapse_though_the_clocks_go_forward() -> None:
    cycle = monthly(date(2026, 3, 1), "Europe/Madrid")  # 743 hours
    state = running(terms("743.00 EUR", cycle=cycle), now=cycle.boundary(0), convention=SECONDS)
    quote = change(state, datetime(2026, 3, 28, 23, 0, tzinfo=UTC), quantity=0)
    assert credits_of(quote) == ["71.00 EUR"]  # two days of 24 hours and one of 23


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"])
@pytest.mark.parametrize("convention", [LICENSING_CORE, SECONDS], ids=["days", "seconds"])
def test_periods_touch_through_the_changes_of_the_clocks(zone: str, convention: Convention) -> None:
    cycle = Cycle(date(2026, 1, 31), Duration(days=7), zone)
    state = running(terms(cycle=cycle), now=cycle.boundary(0), convention=convention)
    _, found = all_due(state, cycle.boundary(0) + timedelta(days=370))
    assert len(found) == 52
    assert [one.period.start for one in found] == [state.item.period.end, *(one.period.end for one in found[:-1])]
    assert {tuple(charges(one.quote)) for one in found} == {("30.00 EUR",)}


# The whole life of an item, under every convention


class Life:
    """An item through all commands, each paid in part, with what the events say of its money."""

    def __init__(self, of: ItemTerms, convention: Convention, now: datetime) -> None:
        decision = start(of, now=now, convention=convention)
        self.first, self.state = decision, decision.state
        self.events: list[Event] = list(decision.events)
        self.documents = 0

    def step(self, command: Any, *arguments: Any, **named: Any) -> None:
        decision = command(self.state, *arguments, by=BY, **named)
        self.events += decision.events
        self.state = decision.state

    def change(self, now: datetime, **different: Any) -> None:
        self.documents += 1
        self.step(change_item, ItemChange(**different), document=f"c-{self.documents}", now=now)

    def schedule(self, name: str, effective: datetime | When, now: datetime, **different: Any) -> None:
        self.step(schedule_change, ItemChange(**different), effective, change_id=name, now=now)

    def advance(self, now: datetime) -> None:
        while (due := next_due(self.state.item)) is not None and due <= now:
            told = len(self.events)
            self.documents += 1
            self.step(advance_item, document=f"c-{self.documents}", now=now)
            assert len(self.events) > told

    def pay(self, percent: int) -> None:
        for document in dict.fromkeys(one.document for one in self.state.ledger.lines.values()):
            if part := self.state.ledger.outstanding(document).scaled(Fraction(percent, 100)):
                decision = pay(self.state.ledger, document, part, by=BY, now=at(4, 1))
                self.events += decision.events
                self.state = evolve(self.state, ledger=decision.state)

    def check(self) -> None:
        """No credit passes what was charged or paid, no money is made or lost, and the events are all there is."""
        ledger, by_line = self.state.ledger, per_line(self.events)
        for line_id, one in ledger.lines.items():
            credited, received = by_line["credited"][line_id], by_line["paid"][line_id]
            assert 0 <= credited <= by_line["charged"][line_id] == one.amount.minor
            assert 0 <= by_line["returned"][line_id] <= received
            assert (one.credited.minor, one.paid.minor) == (credited, received)
            assert one.outstanding.minor >= 0
        held = sum(by_line["paid"].values()) - sum(by_line["returned"].values())
        assert ledger.balance.minor == sum(by_line["returned"].values())
        assert held == sum((one.paid - one.returned).minor for one in ledger.lines.values())
        assert replayed_item(started(billed_of(self.first)[0]), self.events[1:]) == self.state.item
        assert replayed_ledger(a_ledger(ledger.currency.code), self.events) == ledger


@pytest.mark.parametrize("price", ["30.00 EUR", "333 JPY", "9.995 KWD"])
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_leads_an_item_from_start_to_end(name: str, price: str) -> None:
    of = terms(price, 3, cycle=monthly(date(2026, 1, 31), "Europe/Madrid"), rates=(VAT, SURCHARGE))
    year, quarter = (MONTH, MONTH) if PRESETS[name].base is Base.START_MONTH else (YEAR, Duration(months=3))
    life = Life(of, PRESETS[name], at(1, 31))
    life.check()
    steps: tuple[Callable[[], None], ...] = (
        lambda: life.pay(50),
        lambda: life.change(at(2, 5), quantity=5),
        lambda: life.pay(100),
        lambda: life.change(at(2, 5, 13), quantity=2),
        lambda: life.schedule("a", at(3, 10), at(2, 6), quantity=7),
        lambda: life.schedule("b", When.END_OF_PERIOD, at(2, 6), discounts=(HALF_OFF,)),
        lambda: life.schedule("c", at(3, 20), at(2, 7), quantity=1),
        lambda: life.step(withdraw_change, "c", now=at(2, 8)),
        lambda: life.advance(at(4, 3)),
        lambda: life.pay(33),
        lambda: life.change(at(4, 3), every=year),
        lambda: life.advance(at(6, 17)),
        lambda: life.change(at(6, 17), every=quarter, quantity=4),
        lambda: life.pay(100),
        lambda: life.advance(at(7, 9)),
        lambda: life.change(at(7, 12), quantity=0),
    )
    for step in steps:
        step()
        life.check()
    assert life.state.item.ended == at(7, 12)


def test_replaying_the_events_rebuilds_the_item_and_its_ledger() -> None:
    first: ItemDecision = start(terms(rates=(VAT,)))
    state, events = first.state, list[Event](first.events)
    different, four = ItemChange(price=flat("99.99 EUR")), ItemChange(quantity=4)
    steps: tuple[Callable[[Billed], Decision[Billed, Any]], ...] = (
        lambda now: schedule_change(now, four, When.END_OF_PERIOD, change_id="a", by=BY, now=at(4, 3)),
        lambda now: schedule_change(now, ItemChange(quantity=9), at(4, 20), change_id="b", by=BY, now=at(4, 3)),
        lambda now: withdraw_change(now, "b", by=BY, now=at(4, 4)),
        lambda now: change_item(now, different, document="a", by=BY, now=at(4, 16)),
        lambda now: advance_item(now, document="b", by=BY, now=at(5, 2)),
        lambda now: change_item(now, ItemChange(quantity=0), document="c", by=BY, now=at(5, 9)),
    )
    for step in steps:
        decision = step(state)
        events += decision.events
        state = decision.state
        assert replayed_item(started(billed_of(first)[0]), events[1:]) == state.item
        assert replayed_ledger(a_ledger(), events) == state.ledger


def test_an_item_from_another_system_goes_on_with_the_line_that_came_with_it() -> None:
    before = running().ledger.line("seats:1")
    brought = evolve(before, id="old:1", document="old")
    held = evolve(a_ledger(), lines={"old:1": brought})
    item = BilledItem(id="seats", terms=terms(), policy=BillingPolicy(), period=running().item.period, line="old:1")
    after = changed(Billed(item, held), at(4, 16), quantity=2)
    assert (after.item.line, after.ledger.line("old:1").returned) == ("seats:1", money("15.00 EUR"))
