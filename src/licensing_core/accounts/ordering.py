"""Subscriptions of an account, and their money: ordered, paid, and changed as `subscriptions` decides.

Each is one decision about the account and the numbers of the tenant's documents.

>>> from datetime import UTC
>>> from licensing_core.accounts import Numbers, add_customer
>>> from licensing_core.periods import Duration
>>> from licensing_core.pricing import FlatPrice
>>> ana, noon = Actor("ana"), datetime(2026, 11, 16, 12, tzinfo=UTC)
>>> books = Books(
...     add_customer("acme", None, zone="UTC", by=ana, now=noon).state,
...     Numbers(id="documents"),
... )
>>> web = SubscriptionTerms(
...     item="web",
...     price=FlatPrice(Money.parse("9.90 EUR")),
...     every=Duration(months=1),
...     zone="UTC",
... )
>>> books = order(books, "web", web, by=ana, now=noon).state
>>> [(str(bill.document.number), str(bill.outstanding)) for bill in books.account.due]
[('P-000001', '9.90 EUR')]
>>> books = pay(books, "proforma:1", by=ana, now=noon).state
>>> books.account.subscriptions["web"].state.value, books.account.due
('active', ())
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from licensing_core import billing
from licensing_core import subscriptions as subscribing
from licensing_core.accounts.books import (
    Books,
    BooksDecision,
    Decide,
    Entry,
    ask_for,
    carry,
    pay_from_credit,
    settle,
)
from licensing_core.accounts.events import CreditOpened
from licensing_core.accounts.refusals import AmountDiffers, BillIsVoid, BillPaidAlready, SubscriptionExists, UnknownBill
from licensing_core.accounts.values import (
    CREDIT_NOTE,
    MOST_SUBSCRIPTIONS,
    Bill,
    BillStatus,
    CustomerAccount,
    as_account,
)
from licensing_core.checks import Id, InvalidArgument, as_id, check_of, instance
from licensing_core.decisions import twin
from licensing_core.directory import Actor
from licensing_core.money import Money
from licensing_core.subscriptions import SubscriptionTerms
from licensing_core.subscriptions.turning import as_terms

_as_paid: Final = check_of(Money | None)
_as_amount: Final = check_of(Money)
_as_decide: Final = instance(Callable)  # type: ignore[arg-type]


def order(
    books: Books,
    subscription_id: Id,
    terms: SubscriptionTerms,
    *,
    trial_ends: datetime | None = None,
    converts: bool = True,
    pools: frozenset[Id] = frozenset(),
    by: Actor,
    now: datetime,
) -> BooksDecision:
    """Order a subscription: a proforma that is due today asks for its first payment; or it is tried first.

    The first payment is made in one: what is in credit makes it where it comes to all of it, and else is kept.

    Args:
        terms: With the zone of the account.
        trial_ends, converts, pools: As in `subscriptions.start()`.

    Raises:
        SubscriptionExists: The account has, or had, one of this id.
        InvalidArgument: The terms are of another zone, the trial ends no later than *now*, or there are 1,000 already.
        CurrencyMismatch: A fixed discount is in another currency than the price.

    Source: LAT-2, LAT-5, PLZ-11.
    """
    entry = Entry(books, by, now)
    account, wanted = entry.account, as_id("subscription_id", subscription_id)
    if wanted in account.subscriptions:
        raise SubscriptionExists(customer=account.id, subscription=wanted)
    if len(account.subscriptions) >= MOST_SUBSCRIPTIONS:
        expected = f"one of at most {MOST_SUBSCRIPTIONS} of an account"
        raise InvalidArgument(parameter="subscription_id", expected=expected, got="one more")
    own = as_terms("terms", terms)
    if own.zone != account.zone:
        raise InvalidArgument(parameter="terms", expected="in the zone of the account", got="of another")
    currency = own.price.currency
    decision = subscribing.start(
        wanted,
        own,
        ledger=account.ledger(currency, ()),
        document=entry.next_proforma,
        trial_ends=trial_ends,
        converts=converts,
        pools=pools,
        by=by,
        now=now,
    )
    entry.add(*decision.events)
    first = decision.state.subscription.ordered
    if first is not None:
        pay_from_credit(entry, ask_for(entry, first.quote, wanted, entry.day))
    return entry.decision()


def pay(books: Books, document: Id, *, paid: Money | None = None, by: Actor, now: datetime) -> BooksDecision:
    """Book the payment of a proforma, all that is outstanding of it: it is an invoice since.

    The first payment of a subscription makes it active from its day; one that is suspended is active again when
    nothing is owed any more that is due by today, and its due dates stay.

    Args:
        paid: What came in, to be held against what is due.

    Raises:
        UnknownBill: The account has no such proforma.
        BillPaidAlready, BillIsVoid: There is nothing to pay.
        AmountDiffers: *paid* is not what is due.
        BillsNotLoaded: It was not looked up.

    Source: LAT-2, LAT-5, decision 11.
    """
    entry = Entry(books, by, now)
    bill = payable(entry.account, document)
    asked = _as_paid("paid", paid)
    if asked is not None and asked != bill.outstanding:
        raise AmountDiffers(document=bill.id, due=bill.outstanding, paid=asked)
    settle(entry, bill.id)
    return entry.decision()


def payable(account: CustomerAccount, document: Id) -> Bill:
    """The proforma *document*; raises `UnknownBill`, `BillPaidAlready` or `BillIsVoid`."""
    bill = as_account("account", account).bills.get(as_id("document", document))
    if bill is None or bill.document.kind is CREDIT_NOTE:
        raise UnknownBill(document=document)
    if bill.status is BillStatus.PAID:
        raise BillPaidAlready(document=document)
    if bill.status is BillStatus.VOID:
        raise BillIsVoid(document=document)
    one: Bill = bill
    return one


def carry_out(books: Books, subscription_id: Id, decide: Decide, *, by: Actor, now: datetime) -> BooksDecision:
    """Let happen in the account what a command of `subscriptions` decides: cancel, change, renew, pause, and so on.

    What it bills is asked for with a proforma, after what is in credit was taken off; proformas of what will not be
    delivered are void; what is taken off an invoice has a credit note.

    Args:
        decide: Gets the subscription with its ledger, and the id of the document that it would be billed with:
            `lambda state, document: subscriptions.renew(state, document=document, by=ana, now=now)`.

    Raises:
        UnknownSubscription: There is no such subscription.
        InvalidArgument: What *decide* gives is no decision about this subscription, or is billed with another document.
        LicensingError: What *decide* raises.

    Source: LAT-5, ALU-6, decisions 11 and 13.
    """
    entry = Entry(books, by, now)
    carry(entry, subscription_id, _as_decide("decide", decide))
    return entry.decision()


def open_credit(books: Books, amount: Money, *, by: Actor, now: datetime) -> BooksDecision:
    """Give a customer credit: what it had in another system, a compensation, or a payment that fits no bill.

    What is unpaid is paid with it, what was due first first, and then each proforma that follows.

    Raises:
        InvalidArgument: *amount* is not above zero.

    Source: decision 13.
    """
    entry = Entry(books, by, now)
    given: Money = _as_amount("amount", amount)
    if given.minor <= 0:
        raise InvalidArgument(parameter="amount", expected="Money above zero", got=str(given))
    entry.add(CreditOpened(account=entry.account.id, amount=given, by=entry.by, at=entry.at))
    pay_from_credit(entry)
    return entry.decision()


def refund_credit(books: Books, amount: Money, *, by: Actor, now: datetime) -> BooksDecision:
    """Pay out what a customer has in credit, or a part of it.

    Raises:
        InvalidArgument: *amount* is not above zero.
        BalanceExceeded: More than is in credit.

    Source: decision 13.
    """
    entry = Entry(books, by, now)
    given: Money = _as_amount("amount", amount)
    ledger = entry.account.ledger(given.currency, ())
    entry.add(*billing.refund_balance(ledger, given, by=by, now=now).events)
    return entry.decision()


can_order = twin(order, "LAT-5")
can_pay = twin(pay, "LAT-2")
can_carry_out = twin(carry_out, "LAT-5")
can_open_credit = twin(open_credit, "D-13")
can_refund_credit = twin(refund_credit, "D-13")
