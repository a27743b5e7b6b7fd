"""The credits of one customer: orders, grants and balances, and what happens to them.

`apply()` refuses nothing: an event has happened.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from attrs import evolve, field, frozen

from licensing_core.checks import Count, Id, Instant, Positive, Value, checked, instance
from licensing_core.credits.balances import Balances, CreditsNotLoaded
from licensing_core.credits.book import Book
from licensing_core.credits.values import (
    CreditOrder,
    Grant,
    Movement,
    OrderStatus,
    RefundPolicy,
    Total,
    steps_of_an_hour_or_more,
)
from licensing_core.decisions import Event
from licensing_core.limits import Unlimited
from licensing_core.money import Money
from licensing_core.partial import ById
from licensing_core.periods import Cycle, Zone

_as_order: Final = instance(CreditOrder)


class Orders(ById[CreditOrder]):
    """Orders by id: all there are, or those that wait for activation and some others.

    Args:
        entries: Each under its id.
        loaded: The waiting ones, and those that were looked up; `None` when all were.
    """

    __slots__ = ()
    not_loaded = CreditsNotLoaded

    @staticmethod
    def as_entry(name: str, value: Any) -> CreditOrder:
        """The check of what an id may have: a `CreditOrder`."""
        order: CreditOrder = _as_order(name, value)
        return order


NO_ORDERS: Final = Orders()
"""Nothing was ever ordered, and all is known."""


@frozen(kw_only=True, field_transformer=checked)
class CreditAccount(Value):
    """The credits of one customer.

    Attributes:
        zone: Where expiries and top-ups are counted in days and months.
        overdraft: How much may be spent beyond the balance; the next credits pay it.
        resets: The count begins anew at each of its boundaries, a month, say, and what is left rolls over; `None` for
            never by itself.
        keep_overage: Whether what is owed when the count begins anew is kept, or dropped.
        orders: Those that wait for activation, and others as far as they were looked up.
    """

    id: Id
    zone: Zone
    overdraft: Count | Unlimited = 0
    resets: Cycle | None = field(default=None, validator=steps_of_an_hour_or_more)
    keep_overage: bool = True
    balances: Balances
    orders: Orders = NO_ORDERS


@frozen(kw_only=True, field_transformer=checked)
class CreditsOpened(Event):
    """An account of credits came to be, with none in it."""

    type: ClassVar[str] = "credits.opened"
    account: Id
    zone: Zone
    overdraft: Count | Unlimited
    resets: Cycle | None = field(default=None, validator=steps_of_an_hour_or_more)
    keep_overage: bool = True


@frozen(kw_only=True, field_transformer=checked)
class PackOrdered(Event):
    """A pack of credits was ordered; they are pending once it is paid."""

    type: ClassVar[str] = "credits.pack_ordered"
    account: Id
    order: CreditOrder


@frozen(kw_only=True, field_transformer=checked)
class PackPaid(Event):
    """An order was paid; its credits are to be active by *active_by*.

    Attributes:
        paid: What was paid, where that was told.
    """

    type: ClassVar[str] = "credits.pack_paid"
    account: Id
    order: Id
    active_by: Instant
    paid: Money | None = None


@frozen(kw_only=True, field_transformer=checked)
class PackCancelled(Event):
    """An order was withdrawn before it was paid."""

    type: ClassVar[str] = "credits.pack_cancelled"
    account: Id
    order: Id


@frozen(kw_only=True, field_transformer=checked)
class CreditsMoved(Event):
    """What the events have in common that move credits.

    Attributes:
        passed: What came to pass since the event before: grants that started, were topped up, rolled over or ended.
            Several movements of one grant and kind are told as one, of the last instant.
        movements: What this event moved, after that.
        overage: What is owed since.
        used: What was spent since the count began, at *since*.
    """

    account: Id
    passed: tuple[Movement, ...]
    movements: tuple[Movement, ...]
    overage: Total
    used: Total
    since: Instant | None


@frozen(kw_only=True, field_transformer=checked)
class PackActivated(CreditsMoved):
    """The credits of a paid order are active, as *grant*."""

    type: ClassVar[str] = "credits.pack_activated"
    grant: Grant


@frozen(kw_only=True, field_transformer=checked)
class CreditsGranted(CreditsMoved):
    """Credits were granted without an order: a gift, a compensation, what a plan includes."""

    type: ClassVar[str] = "credits.granted"
    grant: Grant


@frozen(kw_only=True, field_transformer=checked)
class CreditsSpent(CreditsMoved):
    """*amount* credits were spent; *movements* tell of which grants, in the order in which they were burned."""

    type: ClassVar[str] = "credits.spent"
    amount: Positive


@frozen(kw_only=True, field_transformer=checked)
class GrantVoided(CreditsMoved):
    """A grant was ended, and what was left of it lost."""

    type: ClassVar[str] = "credits.grant_voided"
    grant: Id


@frozen(kw_only=True, field_transformer=checked)
class PackRefunded(CreditsMoved):
    """The payment of an order was given back, and its credits were taken back as *policy* says."""

    type: ClassVar[str] = "credits.pack_refunded"
    order: Id
    policy: RefundPolicy


@frozen(kw_only=True, field_transformer=checked)
class CountReset(CreditsMoved):
    """The count began anew: of each grant stayed what rolled over, and *dropped* of what was owed is owed no more."""

    type: ClassVar[str] = "credits.count_reset"
    dropped: Total


CreditEvent = (
    PackOrdered
    | PackPaid
    | PackCancelled
    | PackActivated
    | CreditsGranted
    | CreditsSpent
    | GrantVoided
    | PackRefunded
    | CountReset
)


def opened(event: CreditsOpened) -> CreditAccount:
    """The account that *event* opened."""
    return CreditAccount(
        id=event.account,
        zone=event.zone,
        overdraft=event.overdraft,
        resets=event.resets,
        keep_overage=event.keep_overage,
        balances=Balances(at=event.at),
    )


def apply(account: CreditAccount, event: CreditEvent) -> CreditAccount:
    """*account* after *event*, which has happened: nothing is refused."""
    orders = account.orders.with_changes(order_changes(account, event))
    if not isinstance(event, CreditsMoved):
        return evolve(account, orders=orders)
    return evolve(account, orders=orders, balances=_moved(account, event))


def order_changes(account: CreditAccount, event: CreditEvent) -> Mapping[str, CreditOrder]:
    """The orders that *event* changed, as they are since."""
    if isinstance(event, PackOrdered):
        return {event.order.id: event.order}
    if isinstance(event, PackPaid):
        order = account.orders[event.order]
        return {order.id: evolve(order, status=OrderStatus.PENDING, active_by=event.active_by)}
    if isinstance(event, PackActivated):
        return {event.grant.id: evolve(account.orders[event.grant.id], status=OrderStatus.ACTIVE)}
    if isinstance(event, PackCancelled):
        return {event.order: evolve(account.orders[event.order], status=OrderStatus.CANCELLED)}
    if isinstance(event, PackRefunded):
        return {event.order: evolve(account.orders[event.order], status=OrderStatus.REFUNDED)}
    return {}


def _moved(account: CreditAccount, event: CreditsMoved) -> Balances:
    book = Book(account.balances, told=False, plans=False)
    if isinstance(event, PackActivated | CreditsGranted):
        book.enter(event.grant)
    moved = (*event.passed, *event.movements)
    book.follow(moved, at=event.at, overage=event.overage, used=event.used, since=event.since)
    if isinstance(event, GrantVoided):
        book.end(event.grant)
    elif isinstance(event, PackRefunded) and account.orders[event.order].status is OrderStatus.ACTIVE:
        book.end(event.order)
    return book.closed()
