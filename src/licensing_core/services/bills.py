"""Use cases of bills: order, pay, issue, charge and dun, and what the client area shows."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import field, frozen

from licensing_core import accounts
from licensing_core.accounts import (
    BillIssued,
    BillPaid,
    BillRow,
    BillVoided,
    Books,
    BooksDecision,
    Charge,
    CustomerAccount,
    DocumentSeries,
    Notice,
    Numbers,
    ReminderSent,
    SubscriptionRow,
)
from licensing_core.accounts.books import split
from licensing_core.checks import Count, Id, Instant, InvalidArgument, UserId, Value, checked
from licensing_core.decisions import Event, Verdict
from licensing_core.directory import Actor, Permission
from licensing_core.money import Money
from licensing_core.protocols import NUMBERS, AggregateKind, Stored
from licensing_core.services.customers import authorized, named, stored_customer
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.following import follow, follow_all, release
from licensing_core.services.loading import believed
from licensing_core.services.paging import Most, PagedQuery, cut
from licensing_core.subscriptions import SubscriptionSuspended, SubscriptionTerminated, SubscriptionTerms

MANAGE: Final = Permission.ACCOUNTS_MANAGE


@frozen(kw_only=True, field_transformer=checked)
class BooksChanged(Value):
    """What a command did to the subscriptions and bills of a customer, each named by id, in the order in which it did.

    Attributes:
        issued: Proformas and credit notes.
        suspended, terminated: Subscriptions.
        subscriptions, bills: Those that changed, as they are since.
    """

    issued: tuple[Id, ...] = ()
    paid: tuple[Id, ...] = ()
    voided: tuple[Id, ...] = ()
    reminded: tuple[Id, ...] = ()
    suspended: tuple[Id, ...] = ()
    terminated: tuple[Id, ...] = ()
    subscriptions: tuple[SubscriptionRow, ...] = ()
    bills: tuple[BillRow, ...] = ()


@frozen(field_transformer=checked)
class SubscriptionRows(Value):
    """The subscriptions of a customer, by id."""

    rows: tuple[SubscriptionRow, ...]


@frozen(field_transformer=checked)
class BillRows(Value):
    """The documents of a customer, by number; *next* is the one to ask for more after, `None` where there are none."""

    rows: tuple[BillRow, ...]
    next: Id | None = None


@frozen(field_transformer=checked)
class Notices(Value):
    """What a customer was told of, in the order in which it was.

    Attributes:
        next: The number of the event to ask for more after; `None` where no more has happened.
        upto: The number of the last event that was gone through: to ask after for what will have happened later.
    """

    rows: tuple[Notice, ...]
    next: Count | None = None
    upto: Count = field(default=0, kw_only=True)


@frozen(field_transformer=checked)
class Charges(Value):
    """What the automatic debit of a customer is to charge now, by the day on which it was due."""

    rows: tuple[Charge, ...]


def _told(books: Books, events: Iterable[Event], now: datetime) -> BooksChanged:
    happened = tuple(events)
    subscriptions = {getattr(one, "subscription", None) for one in happened}
    bills = {name for one in happened for name in accounts.bill_changes(one)}
    return BooksChanged(
        issued=tuple(one.bill.id for one in happened if isinstance(one, BillIssued)),
        paid=tuple(one.invoice.id for one in happened if isinstance(one, BillPaid)),
        voided=tuple(one.document for one in happened if isinstance(one, BillVoided)),
        reminded=tuple(one.document for one in happened if isinstance(one, ReminderSent)),
        suspended=tuple(one.subscription for one in happened if isinstance(one, SubscriptionSuspended)),
        terminated=tuple(one.subscription for one in happened if isinstance(one, SubscriptionTerminated)),
        subscriptions=tuple(
            row for row in accounts.subscription_rows(books.account, now) if row.subscription in subscriptions
        ),
        bills=tuple(row for row in accounts.bill_rows(books.account) if row.document in bills),
    )


@frozen
class _Loaded:
    """The books as they are stored."""

    account: Stored[CustomerAccount]
    numbers: Stored[Numbers]
    opening: tuple[Event, ...]

    @property
    def books(self) -> Books:
        """Both together."""
        return Books(self.account.state, self.numbers.state)


def _books(command: Command[Any], actor: Actor, customer: str, document: str | None, now: datetime) -> UseCase[_Loaded]:
    """The account with the bills that matter, and the numbers, which begin with the first document of the tenant."""
    account = yield from stored_customer(command, customer, documents=named(document))
    numbers = yield from ask(lambda ports: ports.work.numbers(command.tenant))
    if numbers is not None:
        return _Loaded(account, numbers, ())
    series = believed((yield from ask(lambda ports: ports.host.series(command.tenant))), DocumentSeries)
    opened = accounts.open_numbers(NUMBERS, series, by=actor, now=now)
    return _Loaded(account, Stored(opened.state, 0), opened.events)


def _keep(command: Command[Any], loaded: _Loaded, decision: BooksDecision) -> UseCase[None]:
    own, taken = split(decision.events)
    yield from save(command, decision.state.account, loaded.account.version, own)
    if taken:
        yield from save(command, decision.state.numbers, loaded.numbers.version, (*loaded.opening, *taken))


def decided_on(
    command: Command[Any],
    actor: Actor,
    customer: str,
    decide: Callable[[Books], BooksDecision],
    now: datetime,
    document: str | None = None,
) -> UseCase[BooksChanged]:
    """Load the books, decide, save both, and let the pools follow that the subscriptions pay for."""
    loaded = yield from _books(command, actor, customer, document, now)
    decision = decide(loaded.books)
    yield from _keep(command, loaded, decision)
    yield from follow(command, actor, loaded.account.state, decision.state.account, now)
    return _told(decision.state, decision.events, now)


@frozen(kw_only=True, field_transformer=checked)
class OrderSubscription(Command[BooksChanged]):
    """Order a subscription for *customer*, with a proforma that is due today; refuses as `accounts.order()` does."""

    rule: ClassVar[str] = "LAT-5"

    customer: Id
    subscription: Id
    terms: SubscriptionTerms
    trial_ends: Instant | None = None
    converts: bool = True
    pools: frozenset[Id] = frozenset()

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)

        def decide(books: Books) -> BooksDecision:
            return accounts.order(
                books,
                self.subscription,
                self.terms,
                trial_ends=self.trial_ends,
                converts=self.converts,
                pools=self.pools,
                by=actor,
                now=now,
            )

        return (yield from decided_on(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class PayBill(Command[BooksChanged]):
    """Book the payment of a proforma; refuses as `accounts.pay()` does.

    Attributes:
        paid: What came in, to be held against what is due.
    """

    rule: ClassVar[str] = "LAT-2"

    customer: Id
    document: Id
    paid: Money | None = None

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load the document, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)

        def decide(books: Books) -> BooksDecision:
            return accounts.pay(books, self.document, paid=self.paid, by=actor, now=now)

        return (yield from decided_on(self, actor, self.customer, decide, now, self.document))


@frozen(kw_only=True, field_transformer=checked)
class BillCustomer(Command[BooksChanged]):
    """Issue the proformas that are due for *customer*, as `accounts.bill_due()` does; safe to run at any time.

    Attributes:
        subscription: Only of this one; `None` for all.
    """

    rule: ClassVar[str] = "LAT-5"

    customer: Id
    subscription: Id | None = None

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)

        def decide(books: Books) -> BooksDecision:
            return accounts.bill_due(books, self.subscription, by=actor, now=now)

        return (yield from decided_on(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class ListCharges(Query[Charges]):
    """What the automatic debit is to charge now, which the host does, to send `PayBill` or `NoteFailedDebit` (LAT-3).

    It sends them under keys made of the document, so that what was charged is booked once.
    """

    actor: UserId
    customer: Id

    def steps(self, now: datetime) -> UseCase[Charges]:
        """Load the bills that are unpaid."""
        yield from authorized(self, self.actor, self.customer, MANAGE)
        account = (yield from stored_customer(self, self.customer)).state
        return Charges(accounts.charges_due(account, now=now))


@frozen(kw_only=True, field_transformer=checked)
class NoteFailedDebit(Command[BooksChanged]):
    """Take note that the automatic debit for a proforma failed; refuses as `accounts.note_failed_debit()` does."""

    rule: ClassVar[str] = "LAT-3"

    customer: Id
    document: Id

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load the document, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)

        def decide(books: Books) -> BooksDecision:
            return accounts.note_failed_debit(books, self.document, by=actor, now=now)

        return (yield from decided_on(self, actor, self.customer, decide, now, self.document))


@frozen(kw_only=True, field_transformer=checked)
class DunCustomer(Command[BooksChanged]):
    """Remind, suspend or terminate what is overdue, as `accounts.dun()` does; run it after what is due was charged.

    What a step says of holdings is carried out with it: the licenses of the pools that the subscription pays for go
    back, and what their holders enrolled in ends. All pools of the customer open nothing from then on while what pays
    for them gives no access, and open again once it does.
    """

    rule: ClassVar[str] = "LAT-1"

    customer: Id

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load, decide, save the books, then the pools."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)
        loaded = yield from _books(self, actor, self.customer, None, now)
        decision = accounts.dun(loaded.books, by=actor, now=now)
        yield from _keep(self, loaded, decision)
        for pool in accounts.pools_to_release(decision, now=now):
            yield from release(self, actor, pool, now)
        yield from follow_all(self, actor, decision.state.account, now)
        return _told(decision.state, decision.events, now)


@frozen(kw_only=True, field_transformer=checked)
class OpenCredit(Command[BooksChanged]):
    """Give a customer credit, which pays what is unpaid and the proformas to come; as `accounts.open_credit()`.

    So a payment is booked, too, that fits no bill.
    """

    rule: ClassVar[str] = "D-13"

    customer: Id
    amount: Money

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)

        def decide(books: Books) -> BooksDecision:
            return accounts.open_credit(books, self.amount, by=actor, now=now)

        return (yield from decided_on(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class RefundCredit(Command[BooksChanged]):
    """Pay out what a customer has in credit; refuses as `accounts.refund_credit()` does."""

    rule: ClassVar[str] = "D-13"

    customer: Id
    amount: Money

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)

        def decide(books: Books) -> BooksDecision:
            return accounts.refund_credit(books, self.amount, by=actor, now=now)

        return (yield from decided_on(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class ListSubscriptions(Query[SubscriptionRows]):
    """The subscriptions of a customer with price, next due date and state (LAT-1); for its administrator, too."""

    actor: UserId
    customer: Id

    def steps(self, now: datetime) -> UseCase[SubscriptionRows]:
        """Load the account."""
        yield from authorized(self, self.actor, self.customer, MANAGE, administrator=True)
        account = (yield from stored_customer(self, self.customer)).state
        return SubscriptionRows(accounts.subscription_rows(account, now))


@frozen(kw_only=True, field_transformer=checked)
class ListBills(PagedQuery[BillRows]):
    """Proformas, invoices and credit notes of a customer (LAT-2, ALU-4); for its administrator, too.

    It answers with *most* of them that come *after* one by number; refuses with `InvalidArgument` one that is not
    there.
    """

    actor: UserId
    customer: Id

    def steps(self, now: datetime) -> UseCase[BillRows]:
        """Load all of them."""
        yield from authorized(self, self.actor, self.customer, MANAGE, administrator=True)
        account = (yield from stored_customer(self, self.customer, documents=None)).state
        rows = accounts.bill_rows(account)
        names = [row.document for row in rows]
        if self.after is not None and self.after not in names:
            raise InvalidArgument(parameter="after", expected="a document of the customer", got="another")
        start = 0 if self.after is None else names.index(self.after) + 1
        return BillRows(*cut(rows, names, start, self.most))


@frozen(kw_only=True, field_transformer=checked)
class ListNotices(Query[Notices]):
    """What a customer was told of (LAT-6); for its administrator, too.

    Attributes:
        after: The number of the event after which to begin; a mailer keeps it to go on with what is new.
        most: How many events to go through; of some nobody is told, so that there may be fewer notices.
    """

    actor: UserId
    customer: Id
    after: Count = 0
    most: Most = 100

    def steps(self, now: datetime) -> UseCase[Notices]:
        """Read the history of the account."""
        yield from authorized(self, self.actor, self.customer, MANAGE, administrator=True)
        history = yield from ask(
            lambda ports: ports.work.history(self.tenant, AggregateKind.CUSTOMERS, self.customer, self.after, self.most)
        )
        if not history:
            yield from stored_customer(self, self.customer)
        upto = history[-1].sequence if history else self.after
        told = accounts.notices(one.event for one in history)
        return Notices(told, upto if len(history) == self.most else None, upto=upto)


@frozen(kw_only=True, field_transformer=checked)
class MayUseSubscription(Query[Verdict]):
    """May a customer use what it subscribed to now, and if not, why not; as `accounts.can_use()`.

    For its administrator, too.
    """

    actor: UserId
    customer: Id
    subscription: Id

    def steps(self, now: datetime) -> UseCase[Verdict]:
        """Load the account."""
        yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE, administrator=True)
        account = (yield from stored_customer(self, self.customer)).state
        return accounts.can_use(account, self.subscription, now=now)
