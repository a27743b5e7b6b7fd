"""Licenses per user, billed by cycle: the account, buying, handing out, and the end of a cycle."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core import license_cycle
from licensing_core.billing import QuoteChanged
from licensing_core.checks import MAX_QUANTITY, InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import (
    CycleClosed,
    CycleNotBegun,
    CycleNotClosed,
    LicenseRow,
    LicensesOrdered,
    NotRefundable,
    Order,
    OrderCancelled,
    OrderPaid,
    UnknownLicenseOrder,
    UnknownLicenseType,
    apply,
    buy,
    cancel_order,
    close_cycle,
    license_table,
    opened,
    quotes,
    refund,
    settle,
)
from licensing_core.money import Money
from licensing_core.payments import NoPaymentPending, PaymentFailed
from licensing_core.periods import Cycle, Duration, NotWholeDays, Span
from licensing_core.pools import PoolResized
from tests.builders import APRIL_16, BASE, NAIVE, NOON, ROOT, agrees, an_account, eur, replayed
from tests.license_world import FAILED, MAY_1, PAID, PENDING, YEN, bought, opening

# The account


def test_an_account_opens_in_the_cycle_of_now_with_a_pool_for_each_type() -> None:
    decision = opening()
    account = decision.state
    assert account.period.span.start == date(2024, 4, 1)
    assert account.period.end == MAY_1
    assert {name: pool.bought for name, pool in account.pools.items()} == {"base": 5, "voip": 0}
    assert opened(decision.events[0]) == account


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"totals": {"base": 2}}, InvalidArgument),
        ({"totals": {"voip": 1}}, InvalidArgument),
        ({"totals": {"base": 5, "fax": 1}}, UnknownLicenseType),
        ({"totals": {"base": "5"}}, InvalidQuantity),
        ({"totals": {"base": True}}, InvalidQuantity),
        ({"totals": {"base": -5}}, InvalidQuantity),
        ({"totals": {"a person's name": 5}}, InvalidId),
        ({"totals": [("base", 5)]}, InvalidArgument),
        ({"types": (BASE, BASE)}, InvalidArgument),
        ({"now": NAIVE}, InvalidInstant),
        ({"cycle": Cycle(date(2024, 1, 1), Duration(seconds=3600), "UTC")}, NotWholeDays),
        ({"cycle": Cycle(NOON, Duration(months=1), "UTC")}, NotWholeDays),
    ],
    ids=str,
)
def test_an_account_does_not_open_with_bad_arguments(changes: Any, error: type[LicensingError]) -> None:
    with pytest.raises(error):
        opening(**changes)


def test_an_account_has_a_pool_for_each_type() -> None:
    with pytest.raises(InvalidArgument, match="one for each type, got 1 for 2"):
        evolve(an_account(), pools={"base": an_account().pool("base")})


def test_the_pool_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownLicenseType, match="'fax'") as caught:
        an_account().pool("fax")
    assert caught.value == UnknownLicenseType(license_type="fax")


@pytest.mark.parametrize("name", [None, 7, ["base"], "ana@example.com", ""])
def test_a_type_is_asked_for_by_its_id(name: Any) -> None:
    with pytest.raises(InvalidId):
        an_account().pool(name)


def test_the_table_counts_in_use_free_total_minimum_and_being_bought() -> None:
    account = bought(an_account(holders={"base": ["ana", "luis"]}), PENDING, base=3).state
    quote = quotes(account, {"base": 4, "voip": 1}, now=APRIL_16)[0]
    assert dict(license_table(account, (quote,))) == {
        "base": LicenseRow(in_use=2, free=3, bought=5, minimum=3, buying=7),
        "voip": LicenseRow(in_use=0, free=0, bought=0, minimum=0, buying=1),
    }
    assert license_table(account)["base"].buying == 3


# Quoting


def test_half_a_cycle_is_half_the_price_and_today_counts_as_left() -> None:
    (quote,) = quotes(an_account(), {"voip": 2, "base": 5}, now=APRIL_16)
    assert [(one.item, one.quantity, one.amount) for one in quote.charges] == [
        ("base", 5, eur("75.00")),
        ("voip", 2, eur("12.50")),
    ]
    assert quote.due == eur("87.50")
    assert [(one.prorated.portion.count, one.prorated.portion.base) for one in quote.charges] == [
        (Fraction(15), Fraction(30))
    ] * 2


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2024, 4, 1, tzinfo=UTC), "30.00"),
        (datetime(2024, 4, 2, tzinfo=UTC), "29.00"),
        (datetime(2024, 4, 30, 23, 59, 59, tzinfo=UTC), "1.00"),
    ],
    ids=str,
)
def test_the_price_follows_the_local_days_left(now: datetime, due: str) -> None:
    assert quotes(an_account(), {"base": 1}, now=now)[0].due == eur(due)


def test_before_the_open_cycle_nothing_is_quoted() -> None:
    with pytest.raises(CycleNotBegun):
        quotes(an_account(), {"base": 1}, now=datetime(2024, 3, 31, 23, tzinfo=UTC))


def test_what_was_confirmed_must_be_what_it_costs() -> None:
    account, wanted = an_account(BASE, YEN), {"gsm": 3, "base": 1}
    paying: dict[str, Any] = {"order_id": "o1", "payment": PAID, "by": ROOT, "now": APRIL_16}
    yen, euro = Money.parse("750 JPY"), eur("15.00")
    assert buy(account, wanted, confirmed=(yen, euro), **paying).state.invoices == 1
    with pytest.raises(QuoteChanged) as caught:
        buy(account, wanted, confirmed=(eur("14.00"), yen), **paying)
    assert caught.value == QuoteChanged(confirmed=(eur("14.00"), yen), due=(euro, yen))
    with pytest.raises(QuoteChanged):
        buy(account, wanted, confirmed=(), **paying)


def test_an_order_that_waits_can_be_withdrawn_and_then_adds_nothing() -> None:
    account = bought(an_account(), PENDING, base=2).state
    decision = cancel_order(account, "o1", by=ROOT, now=APRIL_16)
    assert decision.events == (OrderCancelled(account="crm", order="o1", by="root", at=APRIL_16),)
    assert license_table(decision.state)["base"].buying == 0
    assert replayed(apply, decision, account) == decision.state
    with pytest.raises(NoPaymentPending):
        settle(decision.state, by=ROOT, now=APRIL_16)
    for unknown in ("o1", "o2"):
        verdict = agrees(license_cycle.can_cancel_order, cancel_order, decision.state, unknown, by=ROOT, now=APRIL_16)
        assert verdict == Verdict.refuse(UnknownLicenseOrder(order=unknown))


@pytest.mark.parametrize("shift", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=2)], ids=str)
def test_the_next_cycle_begins_where_the_issued_one_ended_whatever_the_zone_says_by_now(shift: timedelta) -> None:
    account = an_account()
    issued = evolve(account.period, end=account.period.end + shift)
    closed = close_cycle(evolve(account, period=issued), by=ROOT, now=issued.end).state.period
    assert (closed.start, closed.end) == (issued.end, datetime(2024, 6, 1, tzinfo=UTC))
    assert closed.index == account.period.index + 1


def test_what_is_kept_is_billed_for_the_whole_of_the_next_cycle() -> None:
    closed = close_cycle(an_account(holders={"base": ["ana"]}), by=ROOT, now=MAY_1).events[0]
    assert isinstance(closed, CycleClosed)
    (line,) = closed.bills[0].charges
    may = Span(date(2024, 5, 1), date(2024, 6, 1))
    assert (line.billed, line.period) == (may, may)


def test_days_are_those_of_the_zone_of_the_cycle() -> None:
    cycle = Cycle(date(2024, 1, 1), Duration(months=1), "Pacific/Kiritimati")
    account = opening(cycle=cycle).state
    assert quotes(account, {"base": 1}, now=datetime(2024, 4, 15, 11, tzinfo=UTC))[0].due == eur("15.00")
    assert quotes(account, {"base": 1}, now=datetime(2024, 4, 15, 9, tzinfo=UTC))[0].due == eur("16.00")


def test_there_is_a_quote_for_each_currency() -> None:
    account = an_account(BASE, YEN)
    found = quotes(account, {"gsm": 3, "base": 1}, now=APRIL_16)
    assert [str(quote.due) for quote in found] == ["15.00 EUR", "750 JPY"]


@pytest.mark.parametrize(
    ("wanted", "now", "error"),
    [
        ({"fax": 0}, MAY_1, InvalidQuantity),
        ({"base": -1}, APRIL_16, InvalidQuantity),
        ({"base": True}, APRIL_16, InvalidQuantity),
        ({"base": 1.0}, APRIL_16, InvalidQuantity),
        ({"base": MAX_QUANTITY + 1}, APRIL_16, InvalidQuantity),
        ({}, APRIL_16, InvalidArgument),
        ([("base", 1)], APRIL_16, InvalidArgument),
        (None, APRIL_16, InvalidArgument),
        ({"fax": 1}, MAY_1, UnknownLicenseType),
        ({7: 1}, APRIL_16, InvalidId),
        ({"base": 1}, NAIVE, InvalidInstant),
        ({"base": 1}, MAY_1, CycleNotClosed),
        ({"base": 1}, MAY_1 + timedelta(days=90), CycleNotClosed),
    ],
    ids=str,
)
def test_a_quote_is_refused_for_quantity_then_type_then_cycle(wanted: Any, now: datetime, error: Any) -> None:
    with pytest.raises(error):
        quotes(an_account(), wanted, now=now)
    with pytest.raises(error):
        buy(an_account(), wanted, order_id="o1", payment=FAILED, by=Actor("root"), now=now)


def test_a_cycle_that_has_ended_says_when() -> None:
    with pytest.raises(CycleNotClosed, match="2024-05-01T00:00:00") as caught:
        quotes(an_account(), {"base": 1}, now=MAY_1)
    assert caught.value == CycleNotClosed(ended=MAY_1)


# Buying


def test_what_is_paid_is_usable_at_once_and_invoiced() -> None:
    account = an_account()
    decision = bought(account, base=5, voip=2)
    after = decision.state
    assert [type(event) for event in decision.events] == [LicensesOrdered, OrderPaid, PoolResized, PoolResized]
    assert (after.pool("base").bought, after.pool("voip").bought, after.invoices, after.orders) == (10, 2, 1, ())
    assert replayed(apply, decision, account) == after


def test_what_is_pending_is_ordered_as_quoted_and_not_usable_yet() -> None:
    account = an_account()
    decision = bought(account, PENDING, base=5)
    order = Order(id="o1", quotes=quotes(account, {"base": 5}, now=APRIL_16))
    assert decision.events == (LicensesOrdered(account="crm", order=order, by="root", at=APRIL_16),)
    assert (decision.state.orders, decision.state.pools, decision.state.invoices) == ((order,), account.pools, 0)
    assert (order.quantity("base"), order.quantity("voip")) == (5, 0)
    assert replayed(apply, decision, account) == decision.state


def test_a_failed_payment_buys_nothing() -> None:
    account = an_account()
    verdict = agrees(
        license_cycle.can_buy, buy, account, {"base": 1}, order_id="o1", payment=FAILED, by=Actor("root"), now=APRIL_16
    )
    assert verdict.refusal == PaymentFailed()
    assert account == an_account()


@pytest.mark.parametrize("payment", ["failed", "succeeded", None, True])
def test_an_outcome_that_is_none_is_not_taken_for_a_payment(payment: Any) -> None:
    with pytest.raises(InvalidArgument, match="of type PaymentOutcome"):
        bought(an_account(), payment, base=1)


def test_two_waiting_orders_have_two_ids() -> None:
    account = bought(an_account(), PENDING, base=1).state
    with pytest.raises(InvalidArgument, match="an id that no waiting order has"):
        bought(account, PENDING, base=1)
    with pytest.raises(InvalidId):
        bought(account, PENDING, order="a b", base=1)


def test_the_oldest_order_is_settled_when_none_is_named() -> None:
    account = bought(bought(an_account(), PENDING, "o1", base=1).state, PENDING, "o2", base=2).state
    first = settle(account, by=Actor("root"), now=MAY_1)
    assert [order.id for order in first.state.orders] == ["o2"]
    assert first.state.pool("base").bought == 6
    second = settle(first.state, by=Actor("root"), now=MAY_1)
    assert (second.state.orders, second.state.pool("base").bought, second.state.invoices) == ((), 8, 2)
    assert replayed(apply, first, account) == first.state
    assert isinstance(second.events[0], OrderPaid)
    assert (second.events[0].order, second.events[0].invoice) == ("o2", 2)


def test_a_named_order_is_settled_out_of_turn() -> None:
    account = bought(bought(an_account(), PENDING, "o1", base=1).state, PENDING, "o2", base=2).state
    after = settle(account, "o2", by=Actor("root"), now=APRIL_16).state
    assert ([order.id for order in after.orders], after.pool("base").bought) == (["o1"], 7)


@pytest.mark.parametrize("order", [None, "o2"])
def test_settling_needs_an_order_that_waits(order: str | None) -> None:
    account = an_account() if order is None else bought(an_account(), PENDING, base=1).state
    verdict = agrees(license_cycle.can_settle, settle, account, order, by=Actor("root"), now=APRIL_16)
    assert verdict.refusal == NoPaymentPending()


def test_the_first_license_of_a_type_without_any_can_be_bought() -> None:
    assert bought(an_account(), voip=1).state.pool("voip").free == 1


def test_there_is_no_refund_and_the_refusal_says_until_when_they_are_usable() -> None:
    with pytest.raises(NotRefundable, match="usable until 2024-05-01") as caught:
        refund(an_account())
    assert caught.value == NotRefundable(usable_until=date(2024, 5, 1))
