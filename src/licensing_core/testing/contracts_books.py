"""What the contracts about accounts of customers begin with: how to change, save and compare them."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from licensing_core import accounts
from licensing_core.accounts import Books, CustomerAccount, Numbers, NumbersTaken
from licensing_core.billing import PercentDiscount, TaxRate
from licensing_core.decisions import Decision, Event
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.pricing import UnitPrice
from licensing_core.protocols import NUMBERS, AggregateKind, Store, Stored, UnitOfWork
from licensing_core.services import replay
from licensing_core.subscriptions import Subscribed, SubscriptionDecision, SubscriptionTerms
from licensing_core.testing.contracts_given import NOW, ROOT, T1, equal, save_new
from licensing_core.testing.law import LawBroken

ACME: Final = "acme"
DAY: Final = timedelta(days=1)
OF_CUSTOMERS: Final = AggregateKind.CUSTOMERS
OF_NUMBERS: Final = AggregateKind.NUMBERS
WEB: Final = SubscriptionTerms(
    item="web",
    price=UnitPrice(Money.parse("10.00 EUR")),
    quantity=3,
    every=Duration(months=1),
    zone="Europe/Madrid",
    discounts=(PercentDiscount(id="ten", percent=Fraction(10)),),
    rates=(TaxRate(id="vat", percent=Fraction(21)),),
)
Change = Callable[[Books], Decision[Any, Any]]
Ids = Collection[str] | None


def found_account(work: UnitOfWork, documents: Ids = None, people: Ids = None, tenant: str = T1) -> Stored[Any]:
    """The account, which was saved before, with the bills of these *documents* and these *people*."""
    stored = work.customer(tenant, ACME, documents, people)
    if stored is None:
        raise LawBroken("an account is loaded once it was saved")
    return stored


def found_numbers(work: UnitOfWork, tenant: str = T1) -> Stored[Numbers]:
    """The numbers of the documents of *tenant*, which were saved before."""
    stored = work.numbers(tenant)
    if stored is None:
        raise LawBroken("numbers are loaded once they were saved")
    return stored


def last_numbers(work: UnitOfWork, tenant: str = T1) -> dict[str, str]:
    """The last number of each kind of document."""
    return {kind: str(number) for kind, number in found_numbers(work, tenant).state.last.items()}


def open_account(store: Store, tenant: str = T1) -> Books:
    """Add the customer, and begin to number the documents of *tenant*."""
    added = accounts.add_customer(ACME, None, zone="Europe/Madrid", by=ROOT, now=NOW)
    begun = accounts.open_numbers(NUMBERS, by=ROOT, now=NOW)
    save_new(store, added.state, added.events, tenant)
    save_new(store, begun.state, begun.events, tenant)
    return Books(added.state, begun.state)


def change_books(
    store: Store, decide: Change, documents: Ids = (), people: Ids = (), tenant: str = T1
) -> Sequence[Event]:
    """Load the account with these *documents* and *people*, save what *decide* makes of it, and give the events."""
    with store.begin() as work:
        return change_within(work, decide, documents, people, tenant)


def change_within(
    work: UnitOfWork, decide: Change, documents: Ids = (), people: Ids = (), tenant: str = T1
) -> Sequence[Event]:
    """The same within a unit of work."""
    stored, numbered = found_account(work, documents, people, tenant), found_numbers(work, tenant)
    before = Books(stored.state, numbered.state)
    events: Sequence[Event] = decide(before).events
    own, taken = split(events)
    books = after(before, events)
    if own:
        work.save(tenant, books.account, expected=stored.version, events=own)
    if taken:
        work.save(tenant, books.numbers, expected=numbered.version, events=taken)
    return events


def split(events: Sequence[Event]) -> tuple[tuple[Any, ...], tuple[NumbersTaken, ...]]:
    """The events of the account, and those of the numbers."""
    taken = tuple(one for one in events if isinstance(one, NumbersTaken))
    return tuple(one for one in events if not isinstance(one, NumbersTaken)), taken


def after(books: Books, events: Sequence[Event]) -> Books:
    """*books* after *events*."""
    own, taken = split(events)
    account: CustomerAccount = reduce(accounts.apply, own, books.account)
    return Books(account, reduce(accounts.apply_numbers, taken, books.numbers))


def books_stored(store: Store, books: Books, tenant: str = T1) -> None:
    """See to it that *books* are what is stored."""
    with store.begin() as work:
        found = Books(found_account(work, tenant=tenant).state, found_numbers(work, tenant).state)
    equal(found, books, "what is loaded whole is what was saved")


def books_lead(store: Store, books: Books, tenant: str = T1) -> None:
    """See to it that *books* are what is stored, and what their histories lead to."""
    books_stored(store, books, tenant)
    with store.begin() as work:
        for kind, wanted, stored in (
            (OF_CUSTOMERS, books.account, found_account(work, tenant=tenant)),
            (OF_NUMBERS, books.numbers, found_numbers(work, tenant)),
        ):
            history = work.history(tenant, kind, wanted.id)
            equal(stored.version, len(history), "a version is the number of the last event")
            equal(replay(history), wanted, "a history leads to what is stored")


def of_account(command: Callable[..., Decision[Any, Any]], *given: Any, now: datetime = NOW, **more: Any) -> Change:
    """What does a *command* about the account alone."""
    return lambda books: command(books.account, *given, by=ROOT, now=now, **more)


def of_books(command: Callable[..., Decision[Any, Any]], *given: Any, now: datetime = NOW, **more: Any) -> Change:
    """What does a *command* about the account and the numbers."""
    return lambda books: command(books, *given, by=ROOT, now=now, **more)


def ordering(name: str, *, now: datetime = NOW, **more: Any) -> Change:
    """What orders a subscription; its proforma is due at once."""
    return of_books(accounts.order, name, WEB, now=now, **more)


def paying(document: str, *, now: datetime = NOW) -> Change:
    """What books that a proforma was paid."""
    return of_books(accounts.pay, document, now=now)


def paying_next(now: datetime) -> Change:
    """What books that the proforma was paid that was due first."""
    return lambda books: accounts.pay(books, books.account.due[0].id, by=ROOT, now=now)


def billing(*, now: datetime) -> Change:
    """What issues the proformas that are due at *now*."""
    return of_books(accounts.bill_due, now=now)


def subscribed(
    name: str,
    command: Callable[..., SubscriptionDecision],
    *given: Any,
    now: datetime,
    billed: bool = False,
    **more: Any,
) -> Change:
    """What does a *command* about a subscription, which may be *billed* with a document of its own."""

    def decide(state: Subscribed, document: str) -> SubscriptionDecision:
        own = {"document": document} if billed else {}
        return command(state, *given, by=ROOT, now=now, **own, **more)

    return of_books(accounts.carry_out, name, decide, now=now)
