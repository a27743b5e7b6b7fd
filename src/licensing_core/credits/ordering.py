"""Packs of credits: ordered, paid, activated within working hours, cancelled or refunded (ALU-9, ALU-10)."""

from datetime import datetime
from typing import Any, Final, TypeVar

from attrs import evolve

from licensing_core.checks import Count, Id, as_id, as_instant, check_of, instance
from licensing_core.credits.account import (
    CreditAccount,
    CreditEvent,
    CreditsMoved,
    CreditsOpened,
    PackActivated,
    PackCancelled,
    PackOrdered,
    PackPaid,
    PackRefunded,
    apply,
    opened,
    order_changes,
)
from licensing_core.credits.book import Book
from licensing_core.credits.refusals import (
    CreditsAlreadySpent,
    OrderAlreadyActive,
    OrderAlreadyPaid,
    OrderClosed,
    OrderExists,
    OrderNotPaid,
    PaymentDiffers,
    UnknownOrder,
)
from licensing_core.credits.values import (
    TRANSITIONS,
    ActivationPolicy,
    CreditOrder,
    CreditPack,
    Grant,
    Movement,
    MovementKind,
    OrderStatus,
    RefundPolicy,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, decided, twin
from licensing_core.directory import Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.limits import Unlimited
from licensing_core.money import Money
from licensing_core.periods import Cycle, Zone
from licensing_core.workdays import deadline

E = TypeVar("E", bound=CreditsMoved)
_as_account: Final = instance(CreditAccount)
_as_pack: Final = instance(CreditPack)
_as_paid: Final = check_of(Money | None)
_as_activation: Final = instance(ActivationPolicy)
_as_refund: Final = instance(RefundPolicy)
_WRONG: Final[dict[OrderStatus, type[LicensingError]]] = {
    OrderStatus.AWAITING_PAYMENT: OrderNotPaid,
    OrderStatus.PENDING: OrderAlreadyPaid,
    OrderStatus.ACTIVE: OrderAlreadyPaid,
    OrderStatus.CANCELLED: OrderClosed,
    OrderStatus.REFUNDED: OrderClosed,
}
"""What is said of an order that cannot go where it is to go, by where it is."""


def open_credits(
    account_id: Id,
    *,
    zone: Zone,
    overdraft: Count | Unlimited = 0,
    resets: Cycle | None = None,
    keep_overage: bool = True,
    by: Actor,
    now: datetime,
) -> Decision[CreditAccount, CreditsOpened]:
    """Open an account of credits, with none in it.

    Args:
        overdraft: How much may be spent beyond the balance; the next credits pay it.
        resets: At its boundaries, steps of an hour or more, the count of what is spent begins anew, and of each grant
            stays what rolls over. Nothing has to run then: it has happened whenever it is looked at.
        keep_overage: Whether what is owed then is kept; else it is dropped.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: ALU-8.
    """
    event = CreditsOpened(
        account=account_id,
        zone=zone,
        overdraft=overdraft,
        resets=resets,
        keep_overage=keep_overage,
        by=acting(by),
        at=now,
    )
    return Decision(opened(event), (event,))


def order_pack(
    account: CreditAccount,
    pack: CreditPack,
    order_id: Id,
    *,
    currency: Currency | None = None,
    by: Actor,
    now: datetime,
) -> Decision[CreditAccount, PackOrdered]:
    """Order *pack* under an id of its own; its price and terms are those of now, whatever becomes of the pack.

    Raises:
        OrderExists: The id is taken by an order or a grant.
        PriceMissing: The pack has no price in *currency*, or several and none was named.
        CreditsNotLoaded: It was not looked up whether the id is taken.

    Source: ALU-9, decision 15.
    """
    _as_account("account", account), _as_pack("pack", pack)
    require_free(account, order_id)
    order = CreditOrder(id=order_id, pack=pack, price=pack.price_in(currency))
    event = PackOrdered(account=account.id, order=order, by=acting(by), at=now)
    return Decision(apply(account, event), (event,))


def require_free(account: CreditAccount, name: str) -> None:
    """See to it that neither an order nor a grant is called *name*; raises `OrderExists`."""
    if account.orders.get(as_id("order", name)) is not None or account.balances.entries.get(name) is not None:
        raise OrderExists(order=name)


def order_of(account: CreditAccount, name: Id) -> CreditOrder:
    """The order called *name*; raises `UnknownOrder`."""
    order = _as_account("account", account).orders.get(as_id("order", name))
    if order is None:
        raise UnknownOrder(order=name)
    found: CreditOrder = order
    return found


def _on_the_way(account: CreditAccount, name: Id, to: OrderStatus) -> CreditOrder:
    """The order called *name*, which may go *to* that status; each step is made once."""
    order = order_of(account, name)
    if to not in TRANSITIONS[order.status]:
        if to is OrderStatus.ACTIVE is order.status:
            raise OrderAlreadyActive(order=name)
        raise _WRONG[order.status](order=name)  # type: ignore[call-arg]
    return order


def note_payment(
    account: CreditAccount,
    order_id: Id,
    *,
    policy: ActivationPolicy,
    paid: Money | None = None,
    by: Actor,
    now: datetime,
) -> Decision[CreditAccount, PackPaid]:
    """Take note that an order was paid: its credits are pending, and to be active within working hours.

    Args:
        policy: The business calendar, and how many working hours; counted in the zone of the account.
        paid: What was paid, to be held against the price.

    Raises:
        UnknownOrder: There is no such order.
        OrderAlreadyPaid, OrderClosed: It was paid, or is cancelled or refunded.
        PaymentDiffers: *paid* is not what it costs.
        CreditsNotLoaded: The order was not looked up.

    Source: ALU-10, decision 8.
    """
    order = _on_the_way(account, order_id, OrderStatus.PENDING)
    _as_activation("policy", policy)
    _as_paid("paid", paid)
    if paid is not None and paid != order.price:
        raise PaymentDiffers(order=order_id, price=order.price, paid=paid)
    active_by = deadline(as_instant("now", now), policy.hours, policy.calendar, account.zone)
    event = PackPaid(account=account.id, order=order_id, active_by=active_by, paid=paid, by=acting(by), at=now)
    return Decision(apply(account, event), (event,))


def cancel_order(
    account: CreditAccount, order_id: Id, *, by: Actor, now: datetime
) -> Decision[CreditAccount, PackCancelled]:
    """Withdraw an order that was not paid.

    Raises:
        UnknownOrder: There is no such order.
        OrderAlreadyPaid, OrderClosed: It was paid, or is cancelled or refunded.
        CreditsNotLoaded: The order was not looked up.

    Source: ALU-9.
    """
    _on_the_way(account, order_id, OrderStatus.CANCELLED)
    event = PackCancelled(account=account.id, order=order_id, by=acting(by), at=now)
    return Decision(apply(account, event), (event,))


def activate(
    account: CreditAccount, order_id: Id, *, by: Actor, now: datetime
) -> Decision[CreditAccount, PackActivated]:
    """Make the credits of a paid order spendable; they expire, and are topped up, as from now.

    Raises:
        UnknownOrder: There is no such order.
        OrderNotPaid, OrderAlreadyActive, OrderClosed: It is not paid, is active, or cancelled or refunded.
        CreditsNotLoaded: The order, or what is granted under its id, was not looked up.

    Source: ALU-10.
    """
    order = _on_the_way(account, order_id, OrderStatus.ACTIVE)
    account.balances.entries.require({order.id})
    book = opened_book(account, now)
    pack, passed = order.pack, tuple(book.movements)
    grant = Grant(
        id=order.id,
        amount=pack.credits,
        priority=pack.priority,
        effective=book.at,
        expires=None if pack.expires_after is None else pack.expires_after.after(book.at, account.zone),
        recurrence=None if pack.every is None else Cycle(book.at, pack.every, account.zone),
        rollover=pack.rollover,
    )
    book.add(grant)
    event = PackActivated(**moved(account, book, passed, by), grant=grant)
    return concluded(account, event, book)


def refund(
    account: CreditAccount, order_id: Id, *, policy: RefundPolicy = RefundPolicy.REFUSE, by: Actor, now: datetime
) -> Decision[CreditAccount, PackRefunded]:
    """Take the credits of an order back, whose payment is given back.

    Args:
        policy: What happens when some were spent: refuse, go negative (they are owed), or forgive.

    Raises:
        UnknownOrder: There is no such order.
        OrderNotPaid, OrderClosed: It is not paid, or is cancelled or refunded.
        CreditsAlreadySpent: Some were spent, and the policy is to refuse.
        CreditsNotLoaded: The order, or what is granted under its id, was not looked up.

    Source: ALU-9.
    """
    order = _on_the_way(account, order_id, OrderStatus.REFUNDED)
    book = opened_book(account, now)
    passed = tuple(book.movements)
    if order.status is OrderStatus.ACTIVE:
        spent = book.burned(order.id)
        if spent and _as_refund("policy", policy) is RefundPolicy.REFUSE:
            raise CreditsAlreadySpent(order=order_id, spent=spent)
        book.void(order.id)
        if policy is RefundPolicy.GO_NEGATIVE:
            book.take_back(order.id)
    event = PackRefunded(**moved(account, book, passed, by), order=order_id, policy=policy)
    return concluded(account, event, book)


def opened_book(account: CreditAccount, now: datetime, *, ends_only: bool = False) -> Book:
    """The book of *account*, with all that has come to pass by *now*, or at *now* itself no more than ends.

    Time that went back stands still instead.
    """
    _as_account("account", account)
    book = Book(account.balances, resets=account.resets, keep_overage=account.keep_overage)
    book.advance(max(as_instant("now", now), book.at), ends_only=ends_only)
    return book


def moved(account: CreditAccount, book: Book, passed: tuple[Movement, ...], by: Actor) -> dict[str, Any]:
    """The fields that all events have in common that move credits."""
    return {
        "account": account.id,
        "passed": _summed(passed),
        "movements": tuple(book.movements[len(passed) :]),
        "overage": book.overage,
        "used": book.used,
        "since": book.since,
        "by": acting(by),
        "at": book.at,
    }


def _summed(passed: tuple[Movement, ...]) -> tuple[Movement, ...]:
    """One movement for each grant and kind, of the last instant, however long it took: an event stays of a size."""
    sums: dict[tuple[str, MovementKind], Movement] = {}
    for one in passed:
        known = sums.get((one.grant, one.kind))
        sums[one.grant, one.kind] = one if known is None else evolve(one, amount=known.amount + one.amount)
    return tuple(sums.values())


def concluded(account: CreditAccount, event: E, book: Book) -> Decision[CreditAccount, E]:
    """The decision for *event*, whose state is as `apply()` has it, with all that *book* knows of what is to come."""

    def carried(before: CreditAccount, happened: CreditEvent) -> CreditAccount:
        orders = before.orders.with_changes(order_changes(before, happened))
        return evolve(before, orders=orders, balances=book.closed())

    return decided(carried, account, event)


can_order_pack = twin(order_pack, "ALU-9")
can_note_payment = twin(note_payment, "ALU-10")
can_cancel_order = twin(cancel_order, "ALU-9")
can_activate = twin(activate, "ALU-10")
can_refund = twin(refund, "ALU-9")
