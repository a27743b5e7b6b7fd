"""One item and its ledger under every order of commands, with the money of its events counted in plain dicts."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import reduce
from typing import Any

import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from licensing_core.billing import (
    BalanceRefunded,
    Billed,
    BillingPolicy,
    ChangeTooEarly,
    CreditLine,
    Discount,
    FixedDiscount,
    ItemBehind,
    ItemBilled,
    ItemChange,
    ItemEnded,
    ItemTerms,
    LinesBooked,
    LineValue,
    PaymentBooked,
    PercentDiscount,
    Reason,
    TaxRounding,
    TaxTerms,
    TaxTreatment,
    When,
    advance_item,
    book,
    can_start_item,
    change_item,
    items,
    ledger,
    next_due,
    open_ledger,
    pay,
    quote_change,
    quote_next,
    quote_start,
    refund_balance,
    reversal,
    schedule_change,
    spend_balance,
    start_item,
    withdraw_change,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Event
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, Period
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.proration import PRESETS, Base, NothingCounted
from tests.billing_world import BY, MONTH, SURCHARGE, VAT, at, per_line

CODES = ("JPY", "EUR", "KWD")
ZONES = ("UTC", "Europe/Madrid", "America/Mexico_City")
minors = st.integers(0, 5_000)
intervals = st.sampled_from([Duration(months=months) for months in (1, 3, 12)])
percents = st.integers(1, 100)
quantities = st.integers(1, 6)
discounts = st.lists(
    st.sampled_from((("percent", 10), ("percent", 100), ("fixed", 250))), max_size=2, unique_by=lambda one: one[0]
)


class BilledItemMachine(RuleBasedStateMachine):
    state: Billed

    @initialize(
        code=st.sampled_from(CODES),
        minor=minors,
        quantity=quantities,
        day=st.integers(1, 31),
        zone=st.sampled_from(ZONES),
        every=intervals,
        hour=st.integers(0, 800),
        preset=st.sampled_from(sorted(PRESETS)),
        taxes=st.builds(TaxTerms, treatment=st.sampled_from(TaxTreatment), rounding=st.sampled_from(TaxRounding)),
        rates=st.sampled_from(((), (VAT,), (VAT, SURCHARGE))),
        wanted=discounts,
    )
    def begin(
        self,
        code: str,
        minor: int,
        quantity: int,
        day: int,
        zone: str,
        every: Duration,
        hour: int,
        preset: str,
        taxes: TaxTerms,
        rates: Any,
        wanted: list[tuple[str, int]],
    ) -> None:
        self.currency, self.documents, self.asked, self.outside = Currency(code), 0, 0, 0
        self.now = at(2, 1, 0) + timedelta(hours=hour)
        cycle = Cycle(date(2026, 1, day), every, zone)
        price = UnitPrice(Money(minor, self.currency))
        off = self._discounts(wanted)
        terms = ItemTerms(item="base", price=price, quantity=quantity, cycle=cycle, discounts=off, rates=rates)
        policy = BillingPolicy(convention=PRESETS[preset], taxes=taxes)
        self.opening = open_ledger("acme", self.currency, by=BY, now=self.now)
        act: dict[str, Any] = {"policy": policy, "ledger": self.opening.state, "document": self._document(), "by": BY}
        if policy.convention.base is Base.START_MONTH and every != MONTH:
            refusal = can_start_item("seats", terms, now=self.now, **act).refusal
            assert refusal == NothingCounted(count="days", base="start_month")
            terms = evolve(terms, cycle=evolve(cycle, every=MONTH))
        preview = quote_start(terms, policy=policy, now=self.now)
        self.first = start_item("seats", terms, now=self.now, confirmed=preview, **act)
        self.state, self.events = self.first.state, list[Event](self.first.events)

    def _document(self) -> str:
        self.documents += 1
        return f"doc-{self.documents}"

    def _discounts(self, wanted: list[tuple[str, int]]) -> tuple[Discount, ...]:
        return tuple(
            PercentDiscount(id=kind, percent=Fraction(number))
            if kind == "percent"
            else FixedDiscount(id=kind, amount=Money(number, self.currency))
            for kind, number in wanted
        )

    def _refusal(self, change: ItemChange | None, effective: datetime) -> LicensingError | None:
        """Why *change* cannot be made, or asked for, as of *effective*; `None` when it can."""
        item, due = self.state.item, next_due(self.state.item)
        if change is None:
            return None
        if item.ended is not None:
            return ItemEnded(item="seats", ended=item.ended)
        if due is not None and due <= self.now:
            return ItemBehind(item="seats", due=due)
        if effective < item.period.start:  # it begins with the day after a change of the interval
            return ChangeTooEarly(item="seats", earliest=item.period.start)
        taken_back = item.line is not None and self.state.ledger.line(item.line).billed is None
        if effective < self.now and taken_back:  # the line no longer says what it held
            return ChangeTooEarly(item="seats", earliest=self.now)
        every = change.every or item.terms.cycle.every
        if item.policy.convention.base is Base.START_MONTH and every != MONTH:
            return NothingCounted(count="days", base="start_month")
        return None

    def _item(
        self, command: Callable[..., Decision[Billed, Any]], *arguments: Any, change: ItemChange | None, **named: Any
    ) -> None:
        """The item is changed; it is refused for what `_refusal()` says, and then only."""
        expected = self._refusal(change, named.get("effective", self.now))
        if command is change_item and change == ItemChange(quantity=0) and self.state.item.ended is not None:
            expected = None
        found: LicensingError | None = None
        try:
            decision = command(self.state, *arguments, by=BY, now=self.now, **named)
        except LicensingError as refusal:
            found = refusal
        else:
            self.state = decision.state
            self.events += decision.events
        assert found == expected

    def _ledger(self, decision: Decision[Any, Any]) -> None:
        self.state = evolve(self.state, ledger=decision.state)
        self.events += decision.events

    def _change(self, change: ItemChange) -> None:
        """What was quoted and confirmed is what is booked."""
        before, told = self.state, len(self.events)
        self._item(change_item, change, change=change, document=self._document())
        for event in self.events[told:]:
            if isinstance(event, ItemBilled):
                assert event.quote == quote_change(before, change, now=self.now)

    # The item

    @rule(hours=st.integers(1, 600))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(quantity=quantities)
    def change_the_quantity(self, quantity: int) -> None:
        self._change(ItemChange(quantity=quantity))

    @rule(minor=minors, flat=st.booleans())
    def switch_the_price(self, minor: int, flat: bool) -> None:
        price = Money(minor, self.currency)
        self._change(ItemChange(item="other", price=FlatPrice(price) if flat else UnitPrice(price)))

    @rule(wanted=discounts)
    def change_the_discounts(self, wanted: list[tuple[str, int]]) -> None:
        self._change(ItemChange(discounts=self._discounts(wanted)))

    @rule(every=intervals)
    def change_the_interval(self, every: Duration) -> None:
        self._change(ItemChange(every=every))

    @rule(quantity=quantities, hours=st.integers(0, 100))
    def confirm_a_change_later(self, quantity: int, hours: int) -> None:
        change, quoted_at = ItemChange(quantity=quantity), self.now
        if self._refusal(change, quoted_at) is None:
            quote, told = quote_change(self.state, change, now=quoted_at), len(self.events)
            self.now += timedelta(hours=hours)
            named: dict[str, Any] = {"effective": quoted_at, "confirmed": quote}
            self._item(change_item, change, change=change, document=self._document(), **named)
            assert [one.quote for one in self.events[told:] if isinstance(one, ItemBilled)] in ([], [quote])

    @precondition(lambda self: self.documents > 6)
    @rule()
    def cancel(self) -> None:
        self._change(ItemChange(quantity=0))

    @rule(
        hours=st.none() | st.integers(1, 900),
        change=st.builds(ItemChange, quantity=st.integers(0, 4))
        | st.builds(ItemChange, every=intervals)
        | st.builds(ItemChange, quantity=quantities, every=st.none() | intervals),
    )
    def schedule(self, hours: int | None, change: ItemChange) -> None:
        effective = When.END_OF_PERIOD if hours is None else self.now + timedelta(hours=hours)
        self.asked += 1
        before, change_id = self.state.item, f"c{self.asked}"
        self._item(schedule_change, change, effective, change=change, change_id=change_id)
        if self.state.item != before:  # asked twice, it waits once
            again = schedule_change(self.state, change, effective, change_id=change_id, by=BY, now=self.now)
            assert again == Decision(self.state)

    @precondition(lambda self: self.state.item.scheduled)
    @rule(place=st.integers(0, 100))
    def withdraw(self, place: int) -> None:
        waiting = self.state.item.scheduled
        taken = waiting[place % len(waiting)]
        self._item(withdraw_change, taken.id, change=None)
        assert self.state.item.scheduled == tuple(one for one in waiting if one.id != taken.id)

    @rule()
    def advance(self) -> None:
        while (due := next_due(self.state.item)) is not None and due <= self.now:
            expected, told = quote_next(self.state), len(self.events)
            self._item(advance_item, change=None, document=self._document())
            (event,) = (one for one in self.events[told:] if isinstance(one, ItemBilled))
            assert (event.quote, event.effective) == (expected, due)
        assert advance_item(self.state, document="none", by=BY, now=self.now) == Decision(self.state)

    # The ledger

    def _part_of(self, amount: Money, percent: int) -> Money | None:
        part = amount.scaled(Fraction(percent, 100))
        return part or amount or None

    def _some_document(self, place: int) -> str | None:
        found = list(dict.fromkeys(one.document for one in self.state.ledger.lines.values()))
        return found[place % len(found)] if found else None

    @rule(place=st.integers(0, 100), percent=percents)
    def pay(self, place: int, percent: int) -> None:
        document = self._some_document(place)
        if document and (part := self._part_of(self.state.ledger.outstanding(document), percent)):
            self._ledger(pay(self.state.ledger, document, part, by=BY, now=self.now))
            self.outside += part.minor

    @rule(place=st.integers(0, 100), percent=percents)
    def spend(self, place: int, percent: int) -> None:
        document, held = self._some_document(place), self.state.ledger
        if document and (part := self._part_of(min(held.balance, held.outstanding(document)), percent)):
            self._ledger(spend_balance(held, document, part, by=BY, now=self.now))

    @rule(percent=percents)
    def refund(self, percent: int) -> None:
        if part := self._part_of(self.state.ledger.balance, percent):
            self._ledger(refund_balance(self.state.ledger, part, by=BY, now=self.now))
            self.outside -= part.minor

    @precondition(lambda self: self.documents > 4)
    @rule(place=st.integers(0, 100))
    def reverse(self, place: int) -> None:
        if (document := self._some_document(place)) and (quote := reversal(self.state.ledger, document)).lines:
            self._ledger(book(self.state.ledger, quote, document=self._document(), by=BY, now=self.now))
            assert reversal(self.state.ledger, document).lines == ()
            assert not self.state.ledger.outstanding(document)

    # What holds after each of them

    @invariant()
    def no_more_is_returned_on_a_line_than_was_paid_on_it(self) -> None:
        found = per_line(self.events)
        for line_id, one in self.state.ledger.lines.items():
            assert 0 <= found["returned"][line_id] <= found["paid"][line_id]
            assert (one.paid.minor, one.returned.minor) == (found["paid"][line_id], found["returned"][line_id])

    @invariant()
    def no_more_is_credited_of_a_line_than_was_charged(self) -> None:
        found = per_line(self.events)
        for line_id, one in self.state.ledger.lines.items():
            assert 0 <= found["credited"][line_id] <= found["charged"][line_id]
            assert (one.amount.minor, one.credited.minor) == (found["charged"][line_id], found["credited"][line_id])

    @invariant()
    def what_is_owed_is_what_was_charged_less_credits_and_payments_and_never_below_zero(self) -> None:
        owed = Counter[str]()
        for event in self.events:
            if isinstance(event, LinesBooked):
                owed.update({one.id: one.gross.minor for one in event.charged})
                owed.subtract({one.line: one.relief.minor for one in event.credited})
            if isinstance(event, PaymentBooked):
                owed.subtract({name: part.minor for name, part in event.parts.items()})
        for line_id, one in self.state.ledger.lines.items():
            assert one.outstanding.minor == owed[line_id] >= 0

    @invariant()
    def the_credit_is_what_came_back_less_what_was_spent_and_refunded_and_never_below_zero(self) -> None:
        balance = sum(per_line(self.events)["returned"].values())
        for event in self.events:
            if isinstance(event, BalanceRefunded) or (isinstance(event, PaymentBooked) and event.from_balance):
                balance -= event.amount.minor
        assert self.state.ledger.balance.minor == balance >= 0

    @invariant()
    def no_money_is_made_or_lost(self) -> None:
        held = sum((one.paid - one.returned).minor for one in self.state.ledger.lines.values())
        assert self.outside == held + self.state.ledger.balance.minor

    @invariant()
    def the_taxes_of_the_credits_of_a_line_are_a_part_of_its_own_and_in_the_end_all(self) -> None:
        back: dict[str, Counter[str]] = {line_id: Counter() for line_id in self.state.ledger.lines}
        for event in self.events:
            for credit in event.credited if isinstance(event, LinesBooked) else ():
                back[credit.line].update({tax.id: tax.amount.minor for tax in credit.taxes})
        for line_id, one in self.state.ledger.lines.items():
            for tax in one.taxes:
                assert 0 <= back[line_id][tax.id] <= tax.amount.minor
                if one.amount and not one.left:
                    assert back[line_id][tax.id] == tax.amount.minor

    @invariant()
    def the_events_replayed_are_the_item_and_its_ledger(self) -> None:
        begun, *later = (event for event in self.events if isinstance(event, items.ItemEvent))
        booked = [event for event in self.events if isinstance(event, ledger.LedgerEvent)]
        assert isinstance(begun, ItemBilled)
        assert reduce(items.apply, later, items.started(begun)) == self.state.item
        assert reduce(ledger.apply, booked, self.opening.state) == self.state.ledger

    @invariant()
    def renewals_touch_and_bill_a_whole_period_once(self) -> None:
        end: datetime | None = None
        for event in self.events:
            if isinstance(event, ItemBilled):
                renewed = end is not None and event.ended is None and event.effective == end
                if renewed:
                    assert event.period.start == end
                    assert [one.billed for one in event.quote.charges] == [event.period.interval]
                    assert {one.reason for one in event.quote.lines} == {Reason.PERIOD}
                end = event.period.end


TestBilledItem = BilledItemMachine.TestCase
TestBilledItem.settings = settings(stateful_step_count=30)


def a_machine() -> BilledItemMachine:
    """One with an item of a paid month, of which half has gone by."""
    machine = BilledItemMachine()
    machine.begin(
        code="EUR",
        minor=3000,
        quantity=1,
        day=1,
        zone="UTC",
        every=Duration(months=1),
        hour=0,
        preset="licensing_core",
        taxes=TaxTerms(),
        rates=(VAT,),
        wanted=[],
    )
    machine.pay(0, 100)
    machine.wait(14 * 24)
    return machine


def test_the_machine_finds_a_line_that_forgets_what_was_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(held: LineValue, credit: CreditLine, document: str) -> LineValue:
        return evolve(held, credited=held.credited + credit.amount, paid=held.paid - credit.credit)

    machine = a_machine()
    monkeypatch.setattr(LineValue, "with_credit", forgetful)
    machine.no_more_is_returned_on_a_line_than_was_paid_on_it()
    machine.change_the_quantity(2)
    with pytest.raises(AssertionError):
        machine.no_more_is_returned_on_a_line_than_was_paid_on_it()


def test_the_machine_finds_a_period_that_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def skipping(cycle: Cycle, issued: Period) -> Period:
        return cycle.period(issued.index + 2)

    machine = a_machine()
    monkeypatch.setattr(Cycle, "period_after", skipping)
    machine.wait(20 * 24)
    machine.renewals_touch_and_bill_a_whole_period_once()
    machine.advance()
    with pytest.raises(AssertionError):
        machine.renewals_touch_and_bill_a_whole_period_once()


def test_the_machine_finds_a_credit_that_is_paid_out_twice() -> None:
    machine = a_machine()
    machine.change_the_quantity(2)
    machine.no_money_is_made_or_lost()
    doubled = evolve(machine.state.ledger, balance=machine.state.ledger.balance * 2)
    machine.state = evolve(machine.state, ledger=doubled)
    with pytest.raises(AssertionError):
        machine.no_money_is_made_or_lost()
