"""The books: an account and the numbers of its tenant's documents, which a decision about money moves together.

What a subscription decides is carried into the account here: what it is billed becomes a proforma, what is taken back
voids one or becomes a credit note, and what the customer has in credit pays first.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import reduce
from typing import Final, cast

from attrs import evolve, frozen

from licensing_core import billing
from licensing_core import subscriptions as subscribing
from licensing_core.accounts.events import (
    AccountEvent,
    BillIssued,
    BillPaid,
    BillVoided,
    apply,
)
from licensing_core.accounts.numbers import Numbers, NumbersTaken, document_id
from licensing_core.accounts.refusals import UnknownSubscription
from licensing_core.accounts.values import (
    CREDIT_NOTE,
    PROFORMA,
    Bill,
    BillStatus,
    CustomerAccount,
    as_account,
    unpaid_documents,
)
from licensing_core.billing import CreditLine, DocumentKind, DocumentNumber, LinesBooked, Quote
from licensing_core.checks import InvalidArgument, Value, as_id, as_instant, checked, instance
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, acting
from licensing_core.money import Money
from licensing_core.periods import local_date
from licensing_core.subscriptions import (
    Subscribed,
    Subscription,
    SubscriptionDecision,
    TurnBilled,
    TurnsWithdrawn,
)


@frozen(field_transformer=checked)
class Books(Value):
    """An account, and the numbers of its tenant's documents."""

    account: CustomerAccount
    numbers: Numbers


BooksDecision = Decision[Books, AccountEvent | NumbersTaken]
"""The books afterwards; the events of the account, and at the end that of the numbers, where some were taken."""
Decide = Callable[[Subscribed, str], SubscriptionDecision]
"""What is decided of a subscription, given the id of the document that it would be billed with."""
as_books: Final = instance(Books)
as_decision: Final = instance(Decision)


class Entry:
    """What happens in one decision: the books as they are by now, and the events so far.

    Attributes:
        actor, by: Who acts, and the id of it.
        at: When.
    """

    def __init__(self, books: Books, by: Actor, now: datetime) -> None:
        as_books("books", books)
        self.before, self.books = books, books
        self.actor, self.by, self.at = by, acting(by), as_instant("now", now)
        self.events: list[AccountEvent] = []

    @property
    def account(self) -> CustomerAccount:
        """As it is by now."""
        return self.books.account

    @property
    def day(self) -> date:
        """The day that it is for the customer."""
        return local_date(self.at, self.account.zone)

    @property
    def next_proforma(self) -> str:
        """The id that the next proforma will have."""
        return document_id(PROFORMA, self.books.numbers.next(PROFORMA, on=self.day)[1])

    def add(self, *events: AccountEvent) -> None:
        """Let *events* happen."""
        self.books = evolve(self.books, account=reduce(apply, events, self.account))
        self.events += events

    def take_number(self, kind: DocumentKind) -> DocumentNumber:
        """Take the next number of *kind*."""
        numbers, number = self.books.numbers.next(kind, on=self.day)
        self.books = evolve(self.books, numbers=numbers)
        return number

    def issue(self, bill: Bill) -> None:
        """Let a proforma or credit note be issued."""
        self.add(BillIssued(account=self.account.id, bill=bill, by=self.by, at=self.at))

    def decision(self) -> BooksDecision:
        """The decision for all that has happened."""
        numbers = self.books.numbers
        if numbers == self.before.numbers:
            return Decision(self.books, tuple(self.events))
        taken = NumbersTaken(numbers=numbers.id, last=numbers.last, by=self.by, at=self.at)
        return Decision(self.books, (*self.events, taken))


def subscription_of(account: CustomerAccount, subscription_id: str) -> Subscription:
    """The subscription of this id; raises `UnknownSubscription`."""
    wanted = as_id("subscription_id", subscription_id)
    found = as_account("account", account).subscriptions.get(wanted)
    if found is None:
        raise UnknownSubscription(customer=account.id, subscription=wanted)
    one: Subscription = found
    return one


def documents_of(subscription: Subscription) -> frozenset[str]:
    """The documents that a decision about *subscription* may need: unpaid ones, and those of turns that matter yet."""
    of_turns = (turn.document for turn in subscription.turns if turn.document is not None)
    return frozenset((*of_turns, *unpaid_documents(subscription)))


def open_documents(account: CustomerAccount) -> frozenset[str]:
    """The documents that a decision about *account* may need: those that its subscriptions name."""
    found = as_account("account", account).subscriptions.values()
    return frozenset(name for one in found for name in documents_of(one))


def subscribed(account: CustomerAccount, subscription: Subscription) -> Subscribed:
    """*subscription* with its part of the ledger."""
    currency = subscription.terms.price.currency
    return Subscribed(subscription, account.ledger(currency, documents_of(subscription)))


def ask_for(entry: Entry, quote: Quote, subscription_id: str, due: date) -> str:
    """Issue the proforma of *quote*, under the next number; its id."""
    number = entry.take_number(PROFORMA)
    proforma = billing.issue(
        PROFORMA,
        quote,
        document=document_id(PROFORMA, number),
        number=number,
        customer=entry.account.id,
        due_on=max(due, number.issued_on),
    )
    entry.issue(Bill(document=proforma, subscription=subscription_id, due=due))
    return proforma.id


def carry(entry: Entry, subscription_id: str, decide: Decide) -> bool:
    """Let happen in the account what *decide* says of a subscription; whether anything did."""
    subscription, document = subscription_of(entry.account, subscription_id), entry.next_proforma
    decision = _about(subscription, document, decide(subscribed(entry.account, subscription), document))
    billed = next((one for one in decision.events if isinstance(one, TurnBilled) and one.turn.document), None)
    if billed is not None:
        ask_for(entry, billed.quote, subscription.id, billed.turn.due)
    entry.add(*decision.events)
    _correct(entry, decision.events)
    pay_from_credit(entry, None if billed is None else document)
    return bool(decision.events)


def _about(subscription: Subscription, document: str, decision: SubscriptionDecision) -> SubscriptionDecision:
    """*decision*, once it is seen to be about *subscription*, and billed with *document*, if at all."""
    own: SubscriptionDecision = as_decision("decide", decision)
    charged = [one.document for one in own.events if isinstance(one, LinesBooked) and one.charged]
    billed = [one.turn.document for one in own.events if isinstance(one, TurnBilled) and one.turn.document]
    names = {getattr(one, "subscription", subscription.id) for one in own.events}
    if names - {subscription.id} or {*charged, *billed} - {document} or len(charged) > 1 or charged != billed:
        expected = "about the subscription that it is given, and billed with the document, once"
        raise InvalidArgument(parameter="decide", expected=expected, got="another decision")
    return own


def _correct(entry: Entry, events: Collection[object]) -> None:
    """What *events* take off an invoice has a credit note; a proforma that asks for nothing any more is closed."""
    credited = tuple(line for one in events if isinstance(one, LinesBooked) for line in one.credited)
    withdrawn = (name for one in events if isinstance(one, TurnsWithdrawn) for name in one.documents)
    for document in dict.fromkeys((*(line.document for line in credited), *withdrawn)):
        bill = entry.account.bills[document]
        taken_off = tuple(line for line in credited if line.document == document)
        if bill.open:
            _close(entry, bill)
        elif taken_off:
            _credit_note(entry, bill, taken_off)


def _close(entry: Entry, bill: Bill) -> None:
    """Of a proforma that asks for nothing any more make an invoice, where something was paid for it; else it is void.

    One without lines is that of an order which was taken back.
    """
    if bill.lines and bill.outstanding:
        return
    if any(line.paid > line.returned for line in bill.lines):
        paid_off(entry, bill.id, bill.outstanding)
    else:
        entry.add(BillVoided(account=entry.account.id, document=bill.id, by=entry.by, at=entry.at))


def _credit_note(entry: Entry, bill: Bill, credited: tuple[CreditLine, ...]) -> None:
    """Issue a credit note for the *credited* lines of *bill*, an invoice."""
    number = entry.take_number(CREDIT_NOTE)
    note = billing.issue(
        CREDIT_NOTE,
        Quote(currency=bill.currency, lines=credited),
        document=document_id(CREDIT_NOTE, number),
        number=number,
        customer=entry.account.id,
        corrects=bill.id,
    )
    entry.issue(Bill(document=note, subscription=bill.subscription, due=note.due_on, status=BillStatus.PAID))


def pay_from_credit(entry: Entry, issued: str | None = None) -> None:
    """Pay what is unpaid out of what the customer has in credit, what was due first first.

    A first payment is made in one, or not at all. A proforma that was just *issued* for nothing is paid at once.
    """
    new = None if issued is None else entry.account.bills[issued]
    if new is not None and new.open and not new.outstanding:
        settle(entry, new.id)
    if not any(entry.account.balances.values()):
        return
    for bill in entry.account.due:
        balance = entry.account.balance(bill.currency)
        if balance >= bill.outstanding:
            settle(entry, bill.id, from_balance=True)
        elif balance and bill.lines:
            _book_payment(entry, bill.id, balance, from_balance=True)


def settle(entry: Entry, document: str, *, from_balance: bool = False) -> None:
    """Book that all that is outstanding of a proforma was paid; the lines of a first one are booked with it."""
    amount = entry.account.bills[document].outstanding
    paid_off(entry, document, amount)
    _book_payment(entry, document, amount, from_balance=from_balance)


def _book_payment(entry: Entry, document: str, amount: Money, *, from_balance: bool) -> None:
    if amount:
        book = billing.spend_balance if from_balance else billing.pay
        ledger = entry.account.ledger(amount.currency, (document,))
        entry.add(*book(ledger, document, amount, by=entry.actor, now=entry.at).events)


def paid_off(entry: Entry, document: str, amount: Money) -> None:
    """Make the invoice of a proforma for which nothing is owed any more, and tell its subscription."""
    bill = entry.account.bills[document]
    invoice = bill.document
    if invoice.kind is PROFORMA:
        numbers, number = entry.books.numbers.invoice(invoice.number, on=entry.day)
        entry.books = evolve(entry.books, numbers=numbers)
        invoice = billing.invoiced(invoice, number)
    entry.add(BillPaid(account=entry.account.id, invoice=invoice, amount=amount, by=entry.by, at=entry.at))
    if bill.reduced:
        _credit_note(entry, bill, bill.reduced)
    state = subscribed(entry.account, entry.account.subscriptions[bill.subscription])
    entry.add(*subscribing.settle(state, document, by=entry.actor, now=entry.at).events)


def split(events: "tuple[Event, ...]") -> tuple[tuple[AccountEvent, ...], tuple[NumbersTaken, ...]]:
    """The events of the account, and those of the numbers."""
    own = tuple(cast("AccountEvent", one) for one in events if not isinstance(one, NumbersTaken))
    return own, tuple(one for one in events if isinstance(one, NumbersTaken))
