"""One-line builders of what the examples of accounts are about."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from licensing_core import accounts as lib
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import (
    AccountSettings,
    Bills,
    Books,
    BooksDecision,
    CustomerAccount,
    DocumentSeries,
    Numbers,
    People,
)
from licensing_core.accounts.books import Decide
from licensing_core.billing import ItemChange
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep, HoldingsEffect
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import ServicePlan
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.subscriptions import EndOf, Subscription, SubscriptionTerms
from tests.builders import eur

ANA = Actor("ana")
MADRID = "Europe/Madrid"
SMALL = ServicePlan(id="small")
TRIED = ServicePlan(id="tried", trial_days=14)
REMINDING = DunningPolicy(
    steps=(
        DunningStep(after_days=3, action=DunningAction.REMIND),
        DunningStep(after_days=5, action=DunningAction.REMIND),
        DunningStep(after_days=7, action=DunningAction.SUSPEND),
        DunningStep(after_days=30, action=DunningAction.TERMINATE, holdings=HoldingsEffect.RELEASE),
    )
)
"""As the default, with two reminders."""
P1, P2, P3, P4 = (f"proforma:{number}" for number in range(1, 5))
C1, C2 = "credit_note:1", "credit_note:2"


def on(month: int, day: int, hour: int = 10) -> datetime:
    """An hour of a day of 2026 in UTC; ten is noon in Madrid in summer."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


MAY = on(5, 4)
"""When all begins."""


def acme(
    plan: ServicePlan | None = None, *, now: datetime = MAY, zone: str = MADRID, **settings: Any
) -> CustomerAccount:
    """A customer who was just added."""
    chosen = AccountSettings(**settings)
    return lib.add_customer("acme", plan, zone=zone, settings=chosen, by=ANA, now=now).state


def books(account: CustomerAccount | None = None, series: DocumentSeries = lib.PLAIN_SERIES, **settings: Any) -> Books:
    """The books of a customer who was just added, before the first document of the tenant."""
    return Books(account or acme(**settings), Numbers(id="documents", series=series))


def terms(price: str | Money = "30.00", *, every: str = "P1M", zone: str = MADRID, **more: Any) -> SubscriptionTerms:
    """Terms of a price in euros, for each month."""
    amount = price if isinstance(price, Money) else eur(price)
    more.setdefault("item", "web")
    return SubscriptionTerms(price=UnitPrice(amount), every=Duration.parse(every), zone=zone, **more)


def free() -> SubscriptionTerms:
    """Terms of something that costs nothing."""
    return evolve(terms(), price=FlatPrice(eur("0")))


def order(
    found: Books, name: str = "web", asked: SubscriptionTerms | None = None, *, now: datetime = MAY, **more: Any
) -> BooksDecision:
    """Order a subscription, 30.00 EUR a month unless said otherwise."""
    return lib.order(found, name, asked or terms(), by=ANA, now=now, **more)


def ordered(name: str = "web", asked: SubscriptionTerms | None = None, **settings: Any) -> Books:
    """Books in which a subscription waits for its first payment."""
    return order(books(**settings), name, asked).state


def pay(found: Books, document: str = P1, *, now: datetime = MAY, **more: Any) -> BooksDecision:
    """Book a payment."""
    return lib.pay(found, document, by=ANA, now=now, **more)


def running(name: str = "web", asked: SubscriptionTerms | None = None, **settings: Any) -> Books:
    """Books with a subscription that was paid on 4 May, for a month."""
    return pay(ordered(name, asked, **settings)).state


def bill(found: Books, name: str | None = None, *, now: datetime) -> BooksDecision:
    """Issue the proformas that are due."""
    return lib.bill_due(found, name, by=ANA, now=now)


def billed(**settings: Any) -> Books:
    """Books with a running subscription whose proforma for June is out since 20 May."""
    return bill(running(**settings), now=on(5, 20)).state


def dun(found: Books, *, now: datetime) -> BooksDecision:
    """Take the steps that are due."""
    return lib.dun(found, by=ANA, now=now)


def credit(found: Books, amount: str, *, now: datetime = MAY) -> Books:
    """Books with that much more in credit, in euros."""
    return lib.open_credit(found, eur(amount), by=ANA, now=now).state


def decide(found: Books, way: Decide, name: str = "web", *, now: datetime) -> BooksDecision:
    """Carry out what is decided of a subscription."""
    return lib.carry_out(found, name, way, by=ANA, now=now)


def cancel(
    found: Books, end: datetime | EndOf = EndOf.NOW, name: str = "web", *, credit: bool = False, now: datetime
) -> BooksDecision:
    """Cancel a subscription; with *credit* what is not used is given back."""
    return decide(found, lambda state, _: subscribing.cancel(state, end, credit=credit, by=ANA, now=now), name, now=now)


def change(found: Books, quantity: int, *, now: datetime) -> BooksDecision:
    """Have another quantity from now on."""
    wanted = ItemChange(quantity=quantity)
    return decide(found, lambda state, one: subscribing.change(state, wanted, document=one, by=ANA, now=now), now=now)


def pause(found: Books, *, now: datetime) -> BooksDecision:
    """Pause a subscription."""
    return decide(found, lambda state, _: subscribing.pause(state, by=ANA, now=now), now=now)


def resume(found: Books, *, now: datetime) -> BooksDecision:
    """Go on with it."""
    return decide(found, lambda state, one: subscribing.resume(state, document=one, by=ANA, now=now), now=now)


def web(found: Books, name: str = "web") -> Subscription:
    """A subscription of the customer."""
    one: Subscription = found.account.subscriptions[name]
    return one


def told(decision: Decision[Any, Any]) -> list[str]:
    """The kinds of the events, in order."""
    return [type(event).__name__ for event in decision.events]


def shown(found: Books) -> dict[str, tuple[str, str, str]]:
    """Number, total and status of each document."""
    rows = lib.bill_rows(found.account)
    return {row.document: (row.number, str(row.total), row.status.value) for row in rows}


def balance(found: Books, code: str = "EUR") -> str:
    """What is in credit."""
    return str(found.account.balances.get(code, Money.parse(f"0 {code}")))


def in_part(account: CustomerAccount, documents: Collection[str] = (), people: Collection[str] = ()) -> CustomerAccount:
    """The same account, of which only these documents and people were looked up."""
    bills = {name: one for name, one in account.bills.items() if name in documents}
    known = {name: one for name, one in account.people.items() if name in people}
    return evolve(account, bills=Bills(bills, loaded=documents), people=People(known, loaded=people))
