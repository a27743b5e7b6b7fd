"""Packs of credits: ordered, paid, activated by a deadline, cancelled (ALU-9, ALU-10)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from licensing_core import credits as lib
from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.credits import (
    TRANSITIONS,
    ActivationPolicy,
    CreditAccount,
    CreditOrder,
    CreditPack,
    OrderStatus,
    PackActivated,
    PackCancelled,
    PackOrdered,
    PackPaid,
    RefundPolicy,
)
from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice, PriceMissing
from licensing_core.workdays import BusinessCalendar
from tests.builders import NAIVE, NOON, agrees, eur, replayed
from tests.credit_world import (
    ANA,
    DAY,
    HOUR,
    MADRID,
    OFFICE,
    a_pack,
    active,
    balance,
    gift,
    left,
    opened,
    ordered,
    paid,
    spent,
)

ACTS: dict[str, Any] = {"by": ANA, "now": NOON}
TWO_PRICES = CreditPack(id="pack", credits=5, prices=(FlatPrice(eur("20.00")), FlatPrice(Money.parse("400.00 MXN"))))


def test_an_order_pins_price_and_terms_whatever_becomes_of_the_pack() -> None:
    decision = lib.order_pack(opened(), a_pack(priority=2), "o1", **ACTS)
    order = CreditOrder(id="o1", pack=a_pack(priority=2), price=eur("20.00"))
    assert decision.events == (PackOrdered(account="acme", order=order, by="ana", at=NOON),)
    assert decision.state.orders["o1"].status is OrderStatus.AWAITING_PAYMENT
    assert balance(decision.state) == 0
    assert replayed(lib.apply, decision, opened()) == decision.state


def test_a_pack_with_several_prices_is_ordered_in_one_currency() -> None:
    order = lib.order_pack(opened(), TWO_PRICES, "o1", currency=Currency("MXN"), **ACTS).state.orders["o1"]
    assert order.price == Money.parse("400.00 MXN")
    for currency in (None, Currency("JPY")):
        with pytest.raises(PriceMissing):
            lib.order_pack(opened(), TWO_PRICES, "o1", currency=currency, **ACTS)


@pytest.mark.parametrize("account", [ordered(), opened(gift("o1")), active()], ids=["order", "grant", "both"])
def test_an_id_is_taken_once_by_orders_and_grants_together(account: CreditAccount) -> None:
    with pytest.raises(lib.OrderExists) as caught:
        lib.order_pack(account, TWO_PRICES, "o1", **ACTS)
    assert caught.value == lib.OrderExists(order="o1")
    assert agrees(lib.can_order_pack, lib.order_pack, account, a_pack(), "o1", **ACTS).code == "order.exists"
    assert agrees(lib.can_grant, lib.grant, account, gift("o1"), **ACTS).code == "order.exists"


def test_a_payment_makes_credits_pending_and_activation_makes_them_spendable() -> None:
    decision = lib.note_payment(ordered(), "o1", policy=OFFICE, paid=eur("20.00"), **ACTS)
    by = NOON + 2 * DAY
    paid = PackPaid(account="acme", order="o1", active_by=by, paid=eur("20.00"), by="ana", at=NOON)
    assert decision.events == (paid,)
    assert replayed(lib.apply, decision, ordered()) == decision.state
    assert lib.standing(decision.state, by) == lib.Standing(balance=0, pending=10, late=())
    assert lib.standing(decision.state, by + timedelta(microseconds=1)).late == ("o1",)
    done = lib.activate(decision.state, "o1", **ACTS)
    assert isinstance(done.events[0], PackActivated)
    assert lib.standing(done.state, NOON + 9 * DAY) == lib.Standing(balance=10, pending=0, late=())
    assert replayed(lib.apply, done, decision.state) == done.state


@pytest.mark.parametrize(
    ("paid_at", "active_by"),
    [
        ("2026-05-04T10:00", "2026-05-06T10:00"),  # Monday
        ("2026-05-07T22:30", "2026-05-11T22:30"),  # Thursday night, already Friday in Madrid
        ("2026-05-08T10:00", "2026-05-12T10:00"),  # Friday
        ("2026-05-09T10:00", "2026-05-12T22:00"),  # Saturday: Monday and Tuesday
        ("2026-03-27T11:00", "2026-03-31T10:00"),  # the clocks change on the Sunday
        ("2026-12-24T11:00", "2026-12-29T11:00"),  # a holiday on the 25th
    ],
)
def test_the_deadline_is_48_working_hours_on_the_wall_clock(paid_at: str, active_by: str) -> None:
    now, wanted = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (paid_at, active_by))
    holidays = frozenset({datetime(2026, 12, 25, tzinfo=UTC).date()})
    policy = ActivationPolicy(calendar=BusinessCalendar(frozenset(range(5)), holidays))
    state = lib.note_payment(ordered(now=now), "o1", policy=policy, by=ANA, now=now).state
    assert state.orders["o1"].active_by == wanted


def test_another_payment_than_the_price_is_refused_and_changes_nothing() -> None:
    for sum_paid in (eur("19.99"), eur("20.01"), Money.parse("20.00 USD")):
        with pytest.raises(lib.PaymentDiffers) as caught:
            lib.note_payment(ordered(), "o1", policy=OFFICE, paid=sum_paid, **ACTS)
        assert caught.value == lib.PaymentDiffers(order="o1", price=eur("20.00"), paid=sum_paid)
        verdict = agrees(lib.can_note_payment, lib.note_payment, ordered(), "o1", policy=OFFICE, paid=sum_paid, **ACTS)
        assert verdict.code == "order.payment_differs"


def test_expiry_top_ups_and_deadline_count_from_the_activation() -> None:
    terms: dict[str, Any] = {"priority": 3, "rollover": lib.Rollover(most=2)}
    terms |= {"expires_after": Duration.parse("P1M"), "every": Duration(days=1)}
    late = datetime(2026, 5, 31, 12, tzinfo=UTC)
    state = lib.activate(paid(**terms), "o1", by=ANA, now=late).state
    pinned = state.balances.entries["o1"].grant
    assert (pinned.effective, pinned.expires) == (late, datetime(2026, 6, 30, 12, tzinfo=UTC))
    assert pinned.recurrence == Cycle(late, Duration(days=1), MADRID)
    assert (pinned.priority, pinned.rollover) == (3, lib.Rollover(most=2))


def test_activating_pays_what_is_owed() -> None:
    owing = spent(opened(overdraft=7), 7)
    decision = lib.activate(paid(account=owing), "o1", **ACTS)
    assert [(one.kind.value, one.amount) for one in decision.events[0].movements] == [("granted", 10), ("burned", 7)]
    assert (decision.state.balances.overage, balance(decision.state)) == (0, 3)


# What may follow what

COMMANDS: dict[OrderStatus, tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]] = {
    OrderStatus.PENDING: (lib.can_note_payment, lib.note_payment, {"policy": OFFICE}),
    OrderStatus.CANCELLED: (lib.can_cancel_order, lib.cancel_order, {}),
    OrderStatus.ACTIVE: (lib.can_activate, lib.activate, {}),
    OrderStatus.REFUNDED: (lib.can_refund, lib.refund, {"policy": RefundPolicy.FORGIVE}),
}


def in_status(status: OrderStatus) -> CreditAccount:
    match status:
        case OrderStatus.AWAITING_PAYMENT:
            return ordered()
        case OrderStatus.PENDING:
            return paid()
        case OrderStatus.ACTIVE:
            return active()
        case OrderStatus.CANCELLED:
            return lib.cancel_order(ordered(), "o1", **ACTS).state
        case _:
            return lib.refund(active(), "o1", **ACTS).state


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (OrderStatus.AWAITING_PAYMENT, {"active": lib.OrderNotPaid, "refunded": lib.OrderNotPaid}),
        (OrderStatus.PENDING, {"pending": lib.OrderAlreadyPaid, "cancelled": lib.OrderAlreadyPaid}),
        (
            OrderStatus.ACTIVE,
            {"pending": lib.OrderAlreadyPaid, "cancelled": lib.OrderAlreadyPaid, "active": lib.OrderAlreadyActive},
        ),
        (OrderStatus.CANCELLED, dict.fromkeys(OrderStatus, lib.OrderClosed)),
        (OrderStatus.REFUNDED, dict.fromkeys(OrderStatus, lib.OrderClosed)),
    ],
    ids=lambda one: str(one) if isinstance(one, OrderStatus) else "",
)
def test_an_order_goes_where_the_table_lets_it(status: OrderStatus, refused: dict[str, type[LicensingError]]) -> None:
    account = in_status(status)
    for to, (question, command, more) in COMMANDS.items():
        verdict = agrees(question, command, account, "o1", **more, **ACTS)
        assert bool(verdict) is (to in TRANSITIONS[status])
        if verdict:
            decision = command(account, "o1", **more, **ACTS)
            assert decision.state.orders["o1"].status is to
            assert replayed(lib.apply, decision, account) == decision.state
        else:
            assert type(verdict.refusal) is refused[to]
            assert verdict.refusal.fields() == {"order": "o1"}


@pytest.mark.parametrize("to", COMMANDS)
def test_an_order_that_nobody_made_is_unknown(to: OrderStatus) -> None:
    question, command, more = COMMANDS[to]
    assert agrees(question, command, opened(gift("o1")), "o1", **more, **ACTS).refusal == lib.UnknownOrder(order="o1")


def test_a_payment_grants_once() -> None:
    account = active()
    for again in (
        lambda: lib.activate(account, "o1", **ACTS),
        lambda: lib.note_payment(account, "o1", policy=OFFICE, **ACTS),
    ):
        with pytest.raises((lib.OrderAlreadyActive, lib.OrderAlreadyPaid)):
            again()
    assert left(account) == {"o1": 10}


def test_a_cancelled_order_is_closed_for_good() -> None:
    decision = lib.cancel_order(ordered(), "o1", **ACTS)
    assert decision.events == (PackCancelled(account="acme", order="o1", by="ana", at=NOON),)
    assert lib.standing(decision.state, NOON).pending == 0


def test_the_status_is_refused_before_the_payment_and_the_payment_before_the_clock() -> None:
    with pytest.raises(lib.OrderAlreadyPaid):
        lib.note_payment(paid(), "o1", policy=OFFICE, paid=eur("1.00"), by=ANA, now=NAIVE)
    with pytest.raises(lib.PaymentDiffers):
        lib.note_payment(ordered(), "o1", policy=OFFICE, paid=eur("1.00"), by=ANA, now=NAIVE)
    with pytest.raises(InvalidInstant, match="now must be an aware datetime"):
        lib.note_payment(ordered(), "o1", policy=OFFICE, by=ANA, now=NAIVE)


# Bad input


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: lib.order_pack("acme", a_pack(), "o1", **ACTS), "account"),  # type: ignore[arg-type]
        (lambda: lib.order_pack(opened(), "pack", "o1", **ACTS), "pack"),  # type: ignore[arg-type]
        (lambda: lib.order_pack(opened(), a_pack(), "o 1", **ACTS), "order"),
        (lambda: lib.order_pack(opened(), a_pack(), "o1", currency="EUR", **ACTS), "currency"),  # type: ignore[arg-type]
        (lambda: lib.order_pack(opened(), a_pack(), "o1", by="ana", now=NOON), "by"),  # type: ignore[arg-type]
        (lambda: lib.order_pack(opened(), a_pack(), "o1", by=ANA, now=NAIVE), "at"),
        (lambda: lib.note_payment(ordered(), "o1", policy=48, **ACTS), "policy"),  # type: ignore[arg-type]
        (lambda: lib.note_payment(ordered(), "o1", policy=OFFICE, paid=20.0, **ACTS), "paid"),  # type: ignore[arg-type]
        (lambda: lib.note_payment(ordered(), 1, policy=OFFICE, **ACTS), "order"),  # type: ignore[arg-type]
        (lambda: lib.activate(paid(), "o1", by=ANA, now=NAIVE), "now"),
        (lambda: lib.activate(paid(), "o1", by=None, now=NOON), "by"),  # type: ignore[arg-type]
        (lambda: lib.cancel_order(None, "o1", **ACTS), "account"),  # type: ignore[arg-type]
        (lambda: lib.refund(paid(), "o1", policy="all", **ACTS), "policy"),  # type: ignore[arg-type]
        (lambda: lib.refund(spent(active(), 1), "o1", policy="refuse", **ACTS), "policy"),  # type: ignore[arg-type]
        (lambda: lib.open_credits("acme", zone="Madrid", **ACTS), "zone"),
        (lambda: lib.open_credits("acme", zone=MADRID, overdraft=True, **ACTS), "overdraft"),
        (lambda: lib.open_credits("acme", zone=MADRID, overdraft=-1, **ACTS), "overdraft"),
        (lambda: lib.open_credits("", zone=MADRID, **ACTS), "account"),
        (lambda: ActivationPolicy(calendar=OFFICE.calendar, hours=0), "hours"),
        (lambda: ActivationPolicy(calendar=OFFICE.calendar, hours=48.0), "hours"),  # type: ignore[arg-type]
        (lambda: a_pack(0), "credits"),
        (lambda: a_pack(True), "credits"),
        (lambda: a_pack(1.5), "credits"),  # type: ignore[arg-type]
        (lambda: a_pack(every=Duration(seconds=3599)), "every"),
        (lambda: CreditPack(id="pack", credits=1, prices=()), "prices"),
    ],
)
def test_a_bad_argument_is_named(call: Callable[[], object], parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.parameter == parameter


def test_an_hour_is_the_shortest_step_of_top_ups() -> None:
    assert a_pack(every=Duration(seconds=3600)).every == Duration(seconds=3600)
    assert a_pack(every=Duration(days=1)).every == Duration(days=1)
    with pytest.raises(InvalidArgument, match="an hour or more"):
        gift(every="PT59M")


def test_a_clock_that_goes_back_stands_still() -> None:
    account = spent(active(now=NOON + HOUR), 1, now=NOON + 2 * HOUR)
    decision = lib.activate(paid("o2", account=account), "o2", **ACTS)
    assert decision.events[0].at == NOON + 2 * HOUR
    assert decision.state.balances.entries["o2"].grant.effective == NOON + 2 * HOUR
