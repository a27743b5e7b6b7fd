"""Buying licenses for the rest of a cycle: quote, buy, and note that an order was paid."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import reduce
from typing import ClassVar, Final, NoReturn

from attrs import frozen

from licensing_core import pools
from licensing_core.billing import Quote, QuoteLine, line, require_confirmed
from licensing_core.checks import (
    MAX_COUNT,
    MAX_QUANTITY,
    Id,
    InvalidArgument,
    InvalidQuantity,
    as_instant,
    instance,
    shown,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.license_cycle.account import (
    AccountEvent,
    LicenseAccount,
    LicensesOrdered,
    Order,
    OrderCancelled,
    OrderPaid,
    apply,
)
from licensing_core.money import Money
from licensing_core.payments import NoPaymentPending, PaymentFailed, PaymentOutcome
from licensing_core.periods import Period, Span, local_date
from licensing_core.proration import unused

_as_outcome: Final = instance(PaymentOutcome)


@frozen(kw_only=True)
class CycleNotClosed(LicensingError):
    """The cycle has ended and waits to be closed, so nothing is quoted or bought."""

    code: ClassVar[str] = "cycle.not_closed"
    rules: ClassVar[tuple[str, ...]] = ("D-11",)
    ended: datetime

    def __str__(self) -> str:
        return f"the cycle ended at {self.ended.isoformat()}; close it first"


@frozen(kw_only=True)
class CycleNotBegun(LicensingError):
    """The instant lies before the open cycle, so nothing can be in proportion to it."""

    code: ClassVar[str] = "cycle.not_begun"
    rules: ClassVar[tuple[str, ...]] = ("WAL-13",)
    begins: datetime

    def __str__(self) -> str:
        return f"the open cycle begins at {self.begins.isoformat()}; look at the clock"


@frozen(kw_only=True)
class UnknownLicenseOrder(LicensingError):
    """No order of this id waits for its payment."""

    code: ClassVar[str] = "license_order.unknown"
    rules: ClassVar[tuple[str, ...]] = ("WAL-4",)
    order: str

    def __str__(self) -> str:
        return f"no order {self.order!r} waits for its payment; look at the orders first"


@frozen(kw_only=True)
class NotRefundable(LicensingError):
    """Licenses bought in a cycle are not refunded; they can be used to its end."""

    code: ClassVar[str] = "purchase.not_refundable"
    rules: ClassVar[tuple[str, ...]] = ("WAL-14",)
    usable_until: date

    def __str__(self) -> str:
        return (
            f"licenses are not refunded; they are usable until {self.usable_until}, and dropped then if they are free"
        )


def _valid(account: LicenseAccount, buy: Mapping[str, int]) -> dict[str, int]:
    if not isinstance(buy, Mapping) or not buy:
        raise InvalidArgument(parameter="buy", expected="a mapping of types to quantities", got=shown(buy))
    for quantity in buy.values():
        if type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY:
            raise InvalidQuantity(parameter="buy", expected=f"an int from 1 to {MAX_QUANTITY}", got=shown(quantity))
    for name in buy:
        pool, ordered = account.pool(name), sum(order.quantity(name) for order in account.orders)
        if pool.bought + ordered + buy[name] > MAX_COUNT:
            raise InvalidQuantity(parameter="buy", expected=f"a total of {MAX_COUNT} at most", got=shown(buy[name]))
    return dict(sorted(buy.items()))


def quotes(account: LicenseAccount, buy: Mapping[str, int], *, now: datetime) -> tuple[Quote, ...]:
    """What the licenses in *buy* cost for the rest of the cycle: one quote for each currency, lines sorted by type.

    Today counts as left. Half a cycle is half the price; the full price begins with the next cycle.

    Raises:
        InvalidQuantity: A quantity is no int from 1 to 1,000,000, or the total, orders included, would pass 2**31 - 1.
        UnknownLicenseType: The account has no such type.
        CycleNotClosed: The cycle has ended and waits for `close_cycle()`.
        CycleNotBegun: *now* lies before the open cycle.

    Source: WAL-7, WAL-13, decisions 7 and 11.
    """
    wanted = _valid(account, buy)
    if as_instant("now", now) >= account.period.end:
        raise CycleNotClosed(ended=account.period.end)
    if now < account.period.start:
        raise CycleNotBegun(begins=account.period.start)
    left = unused(account.period.span, local_date(now, account.cycle.zone))
    return quotes_for(account, wanted, account.period, left)


def quotes_for(
    account: LicenseAccount, quantities: Mapping[str, int], period: Period, left: Span | None
) -> tuple[Quote, ...]:
    """A quote for each currency of *quantities*, which are known to be valid: of *period*, the days *left* are billed.

    A type of which there is none has no line, but its currency has a quote all the same.
    """
    by_currency: dict[Currency, list[QuoteLine]] = {}
    for name, quantity in quantities.items():
        price = account.types[name].price
        lines = by_currency.setdefault(price.currency, [])
        if quantity:
            lines.append(line(name, quantity, price, billed=left, period=period.span))
    return tuple(Quote(currency=currency, lines=tuple(lines)) for currency, lines in by_currency.items())


def buy(
    account: LicenseAccount,
    wanted: Mapping[str, int],
    *,
    order_id: Id,
    payment: PaymentOutcome,
    by: Actor,
    now: datetime,
    confirmed: tuple[Money, ...] | None = None,
) -> Decision[LicenseAccount, AccountEvent]:
    """Buy licenses for the rest of the cycle; usable at once when the *payment* succeeded.

    Args:
        order_id: A name that no other order of the account has had.
        confirmed: The amounts, one for each currency, that the buyer has confirmed or paid; others are refused.

    Returns:
        The account, and what was ordered, paid and added. A payment that is pending leaves an order, which counts as
        being bought until `settle()`.

    Raises:
        InvalidQuantity, UnknownLicenseType, CycleNotClosed: As `quotes()` refuses.
        QuoteChanged: It does not cost what was *confirmed*.
        PaymentFailed: The payment failed; nothing is bought.
        InvalidArgument: *payment* is no `PaymentOutcome`, or an order of this id waits already.

    Source: WAL-6, WAL-7.
    """
    order = Order(id=order_id, quotes=quotes(account, wanted, now=now))
    require_confirmed(order.quotes, confirmed)
    if _as_outcome("payment", payment) is PaymentOutcome.FAILED:
        raise PaymentFailed
    if any(one.id == order.id for one in account.orders):
        raise InvalidArgument(parameter="order_id", expected="an id that no waiting order has", got=shown(order_id))
    ordered = LicensesOrdered(account=account.id, order=order, by=acting(by), at=now)
    placed = apply(account, ordered)
    if payment is PaymentOutcome.PENDING:
        return Decision(placed, (ordered,))
    paid = settle(placed, order.id, by=by, now=now)
    return Decision(paid.state, (ordered, *paid.events))


def settle(
    account: LicenseAccount, order_id: Id | None = None, *, by: Actor, now: datetime
) -> Decision[LicenseAccount, AccountEvent]:
    """Take note that an order was paid, the oldest when none is named: it is invoiced as quoted and usable at once.

    Raises:
        NoPaymentPending: No such order waits for its payment.

    Source: WAL-6.
    """
    found = [one for one in account.orders if order_id in (None, one.id)]
    if not found:
        raise NoPaymentPending
    events: list[AccountEvent] = [
        OrderPaid(account=account.id, order=found[0].id, invoice=account.invoices + 1, by=acting(by), at=now)
    ]
    for name, pool in sorted(account.pools.items()):
        if more := found[0].quantity(name):
            events.extend(pools.resize(pool, pool.bought + more, by=by, now=now).events)
    return Decision(reduce(apply, events, account), tuple(events))


def cancel_order(
    account: LicenseAccount, order_id: Id, *, by: Actor, now: datetime
) -> Decision[LicenseAccount, OrderCancelled]:
    """Withdraw an order that waits for its payment, because the payment failed or is no longer wanted.

    Raises:
        UnknownLicenseOrder: No order of this id waits.

    Source: WAL-4, WAL-6.
    """
    event = OrderCancelled(account=account.id, order=order_id, by=acting(by), at=now)
    if all(order.id != order_id for order in account.orders):
        raise UnknownLicenseOrder(order=order_id)
    return Decision(apply(account, event), (event,))


def refund(account: LicenseAccount) -> NoReturn:
    """Refuse to refund: licenses are usable to the end of the cycle, and dropped then if they are free.

    Raises:
        NotRefundable: Always; it says until when they are usable.

    Source: WAL-14.
    """
    raise NotRefundable(usable_until=account.period.span.end)


can_buy = twin(buy, "WAL-7")
can_settle = twin(settle, "WAL-6")
can_cancel_order = twin(cancel_order, "WAL-4")
