"""Commands on the account of one customer, its subscriptions and bills, as one-liners for tests."""

from datetime import datetime, timedelta
from typing import Any

from licensing_core.accounts import AccountSettings
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.pricing import FlatPrice
from licensing_core.services import (
    AddPerson,
    BillCustomer,
    BillRows,
    BlockCustomer,
    BooksChanged,
    CancelSubscription,
    ChangeSubscription,
    ConfigureCustomer,
    DunCustomer,
    KeepCard,
    Licensing,
    ListBills,
    ListSubscriptions,
    OrderSubscription,
    PayBill,
)
from licensing_core.subscriptions import EndOf, SubscriptionTerms
from tests.service_world import CUSTOMERS, NOON, Clock, of, to

ZONE = "Europe/Madrid"


def terms(item: str = "hosting", price: str = "10.00 EUR", every: str = "P1M", **more: Any) -> SubscriptionTerms:
    return SubscriptionTerms(
        item=item, price=FlatPrice(Money.parse(price)), every=Duration.parse(every), zone=ZONE, **more
    )


def order(
    name: str = "web", customer: str = "a1", *, asked: dict[str, Any] | None = None, **more: Any
) -> OrderSubscription:
    """Order a subscription on `terms()` of *more*; *asked* are other fields of the command."""
    return OrderSubscription(
        subscription=name, terms=terms(**more), **(asked or {}), **to(f"order-{customer}-{name}", customer)
    )


def pay(document: str, key: str | None = None, customer: str = "a1", paid: str | None = None) -> PayBill:
    taken = None if paid is None else Money.parse(paid)
    return PayBill(document=document, paid=taken, **to(key or f"pay-{document.replace(':', '-')}", customer))


def bill(key: str, customer: str = "a1", subscription: str | None = None) -> BillCustomer:
    return BillCustomer(subscription=subscription, **to(key, customer))


def dun(key: str, customer: str = "a1") -> DunCustomer:
    return DunCustomer(**to(key, customer))


def cancel(name: str = "web", key: str = "cancel", actor: str = "boss", **more: Any) -> CancelSubscription:
    return CancelSubscription(subscription=name, **more, **to(key, actor=actor))


def cancel_now(name: str = "web", key: str = "cancel", actor: str = "boss") -> CancelSubscription:
    return cancel(name, key, actor, access=EndOf.NOW)


def change(key: str, name: str = "web", **more: Any) -> ChangeSubscription:
    return ChangeSubscription(subscription=name, **more, **to(key))


def block(cause: str = "unpaid", customer: str = "a1") -> BlockCustomer:
    return BlockCustomer(cause=cause, **to(f"block-{customer}-{cause}", customer))


def person(name: str = "mia", *permissions: str, key: str | None = None, actor: str = "boss") -> AddPerson:
    return AddPerson(person=name, permissions=frozenset(permissions), **to(key or f"person-{name}", actor=actor))


def card(key: str, name: str = "Mia M.", email: str = "mia@a1.example", **more: Any) -> KeepCard:
    return KeepCard(name=name, email=email, **{"person": "mia", **to(key), **more})


def configure(key: str, customer: str = "a1", **settings: Any) -> ConfigureCustomer:
    """Other settings, beside the administrator of the customer and what it may choose."""
    known = CUSTOMERS.get(customer, AccountSettings())
    fields = {"administrator": known.administrator, "choices": known.choices, **settings}
    return ConfigureCustomer(settings=AccountSettings(**fields), **to(key, customer))


def dunning(*steps: tuple[int, DunningAction] | DunningStep, **more: Any) -> DunningPolicy:
    made = (one if isinstance(one, DunningStep) else DunningStep(after_days=one[0], action=one[1]) for one in steps)
    return DunningPolicy(steps=tuple(made), **more)


def subscribed(licensing: Licensing, name: str = "web", **more: Any) -> BooksChanged:
    """Order a subscription, and pay for it."""
    ordered = licensing.run(order(name, **more))
    return licensing.run(pay(ordered.issued[0], f"paid-{name}"))


def days_later(clock: Clock, days: int, since: datetime = NOON) -> None:
    clock.now = since + timedelta(days=days)


def states(licensing: Licensing, customer: str = "a1") -> dict[str, str]:
    """Where each subscription stands."""
    rows = licensing.run(ListSubscriptions(**of(customer))).rows
    return {row.subscription: row.state.value for row in rows}


def bills(licensing: Licensing, customer: str = "a1") -> dict[str, str]:
    """What became of each document, by its number."""
    found: BillRows = licensing.run(ListBills(**of(customer)))
    return {row.number: row.status.value for row in found.rows}
