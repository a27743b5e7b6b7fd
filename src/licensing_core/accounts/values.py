"""The account of a customer: its plan, people, blocks, subscriptions, and what it was billed."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from attrs import field, frozen

from licensing_core.billing import CreditLine, Document, DocumentKind, ItemTerms, Ledger, LineValue
from licensing_core.checks import (
    Count,
    Day,
    FrozenMap,
    Id,
    Instant,
    InvalidArgument,
    Text,
    TooManyItems,
    UserId,
    Value,
    as_instant,
    check_of,
    checked,
    instance,
    shown,
)
from licensing_core.currencies import Currency
from licensing_core.dunning import DEFAULT_DUNNING, DunningPolicy
from licensing_core.money import Money
from licensing_core.partial import ById, NotLoaded
from licensing_core.periods import Zone
from licensing_core.subscriptions import Subscription, SubscriptionTerms
from licensing_core.subscriptions.values import running_from

MOST_SUBSCRIPTIONS: Final = 1000
"""The most subscriptions of one account, ended ones included."""
MOST_BLOCKS: Final = 100
"""The most causes for which one account is blocked."""
MOST_PERMISSIONS: Final = 100
"""The most permissions of one person."""
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Control characters, marks of direction and the like, and halves of a character."""


@frozen(kw_only=True)
class InvalidEmail(InvalidArgument):
    """An e-mail address is not something, one `@`, something."""

    code = "email.invalid"


def as_email(name: str, value: Any) -> str:
    """*value*, when it is something, one `@`, something, and all of it can be seen; it is kept as it was written."""
    if type(value) is str and _EMAIL.fullmatch(value) and not any(unicodedata.category(c) in _UNSEEN for c in value):
        return value
    raise InvalidEmail(parameter=name, expected="something, one @, something", got=shown(value))


Email = Annotated[str, as_email]
"""An e-mail address, which is never shown by `repr()`."""


@frozen(kw_only=True, field_transformer=checked)
class Card(Value):
    """Name and address of a customer, or of one of its people. It is kept apart from all that is logged.

    >>> Card(name="Acme", email="it@acme.example")
    Card()
    """

    name: Text = field(repr=False)
    email: Email = field(repr=False)


@frozen(kw_only=True, field_transformer=checked)
class Block(Value):
    """One cause for which a customer is blocked.

    Attributes:
        since: When it was.
        until: When the block ends by itself; `None` for when it is lifted.
    """

    since: Instant
    until: Instant | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it holds at *now*."""
        return self.until is None or as_instant("now", now) < self.until


def _few_permissions(_person: object, _attribute: object, permissions: frozenset[str]) -> None:
    if len(permissions) > MOST_PERMISSIONS:
        raise TooManyItems(parameter="permissions", given=len(permissions), most=MOST_PERMISSIONS)


@frozen(kw_only=True, field_transformer=checked)
class Person(Value):
    """A user of an account, or a contact, with what they may do there (LAT-4).

    Attributes:
        permissions: Names that the host gives a meaning.
        contact: Who is only written to, and no user of the service.
    """

    permissions: frozenset[Id] = field(default=frozenset(), validator=_few_permissions)
    contact: bool = False


class BillStatus(StrEnum):
    """What became of a proforma or invoice (LAT-2)."""

    UNPAID = "unpaid"
    PAID = "paid"
    VOID = "void"
    """Nothing is to be paid for it: it was taken back."""


@frozen(kw_only=True, field_transformer=checked)
class Bill(Value):
    """A document of an account, with the value that its lines hold.

    Attributes:
        document: A proforma, which becomes an invoice when it is paid, or a credit note.
        subscription: For which it was issued.
        due: The day on which it is due: the first of what it is for; it may lie before the day it is dated.
        lines: Those of the ledger; none before a first payment, whose days are not known yet.
        reminded: The days after it was due for which the last reminder was sent.
        failed: How often the automatic debit for it failed.
        reduced: What was taken off while it was unpaid; the invoice that it becomes has a credit note for it.
    """

    document: Document
    subscription: Id
    due: Day
    status: BillStatus = BillStatus.UNPAID
    lines: tuple[LineValue, ...] = ()
    reminded: Count | None = None
    failed: Count = 0
    reduced: tuple[CreditLine, ...] = ()

    @property
    def id(self) -> str:
        """The id of the document."""
        return self.document.id

    @property
    def currency(self) -> Currency:
        """Of all amounts."""
        return self.document.currency

    @property
    def outstanding(self) -> Money:
        """What is to be paid yet."""
        if self.status is not BillStatus.UNPAID:
            return Money.zero(self.currency)
        if not self.lines:
            return self.document.total
        return Money.sum((one.outstanding for one in self.lines), self.currency)

    @property
    def open(self) -> bool:
        """Whether a decision about the account may need it: it is unpaid."""
        return self.status is BillStatus.UNPAID


@frozen(kw_only=True)
class BillsNotLoaded(NotLoaded):
    """A decision needs bills that were not loaded."""

    code = "bills.not_loaded"

    def __str__(self) -> str:
        return f"{len(self.ids)} of the bills that this needs were not loaded; load them, then decide"


@frozen(kw_only=True)
class PeopleNotLoaded(NotLoaded):
    """A decision needs people that were not loaded."""

    code = "people.not_loaded"

    def __str__(self) -> str:
        return f"{len(self.ids)} of the people that this needs were not loaded; load them, then decide"


_as_bill: Final = instance(Bill)
_as_person: Final = instance(Person)


class Bills(ById[Bill]):
    """Bills by the ids of their documents: all there are, or those that matter now and some others."""

    __slots__ = ()
    not_loaded = BillsNotLoaded

    @staticmethod
    def as_entry(name: str, value: Any) -> Bill:
        """The check of what an id may have: a `Bill`."""
        bill: Bill = _as_bill(name, value)
        return bill

    def __init__(self, entries: Mapping[str, Bill] | None = None, *, loaded: Collection[str] | None = None) -> None:
        super().__init__(entries, loaded=loaded)
        if any(name != bill.id for name, bill in self.items()):
            raise InvalidArgument(parameter="entries", expected="each under its own id", got="one under another")

    def with_changes(self, changes: Mapping[str, Bill | None]) -> Self:
        """These after *changes*; a bill that was not looked up is a new one, since no number is used again."""
        loaded = self.loaded
        if loaded is not None and not loaded.issuperset(changes):
            loaded |= changes.keys()
        made = object.__new__(type(self))
        made._fill(self._entries.changed(changes), loaded)
        return made


class People(ById[Person]):
    """Users and contacts by their ids: all there are, or some of them."""

    __slots__ = ()
    not_loaded = PeopleNotLoaded

    @staticmethod
    def as_entry(name: str, value: Any) -> Person:
        """The check of what an id may have: a `Person`."""
        person: Person = _as_person(name, value)
        return person


NO_BILLS: Final = Bills()
NO_PEOPLE: Final = People()


@frozen(kw_only=True, field_transformer=checked)
class AccountSettings(Value):
    """What is set for one customer, and may be set otherwise at any time (decision 16).

    Attributes:
        administrator: Its main administrator, who alone sees its panel (ALU-11).
        choices: The service plans that its administrator may choose; any other takes the permission.
        dunning: What happens before and after a payment is due.
        automatic_debit: Whether what is due is charged to a card or account by itself (LAT-3).
    """

    administrator: UserId | None = None
    choices: frozenset[Id] = frozenset()
    dunning: DunningPolicy = DEFAULT_DUNNING
    automatic_debit: bool = False


PLAIN_SETTINGS: Final = AccountSettings()


def _few_blocks(_account: object, _attribute: object, blocks: Mapping[str, Block]) -> None:
    if len(blocks) > MOST_BLOCKS:
        raise TooManyItems(parameter="blocks", given=len(blocks), most=MOST_BLOCKS)


_as_subscriptions_by_id: Final = check_of(Mapping[Id, Subscription])


def _as_subscriptions(name: str, value: Any) -> FrozenMap[str, Subscription]:
    """Subscriptions under their ids; those that were checked before are not checked again."""
    if type(value) is FrozenMap and value.passed(_as_subscriptions):
        found = value
    else:
        found = FrozenMap.checked(_as_subscriptions_by_id(name, value), _as_subscriptions)
        if any(key != one.id for key, one in found.items()):
            raise InvalidArgument(parameter=name, expected="each under its own id", got="one under another")
    if len(found) > MOST_SUBSCRIPTIONS:
        raise TooManyItems(parameter=name, given=len(found), most=MOST_SUBSCRIPTIONS)
    return found


def _by_currency(_account: object, _attribute: object, balances: Mapping[str, Money]) -> None:
    if any(code != one.currency.code or one.minor < 0 for code, one in balances.items()):
        expected = "zero or more, each under the code of its currency"
        raise InvalidArgument(parameter="balances", expected=expected, got="others")


class CustomerStatus(StrEnum):
    """Where a customer stands; a block comes before all else (PLZ-7, PLZ-11)."""

    TRIAL = "trial"
    ACTIVE = "active"
    TRIAL_ENDED = "trial_ended"
    BLOCKED = "blocked"


@frozen(kw_only=True, field_transformer=checked)
class CustomerAccount(Value):
    """All that is kept of one customer: of a partner a client, of a hosting panel the client area.

    Attributes:
        zone: In which its days are counted.
        plan: The service plan that it is on; `None` for none.
        trial_ends: The first instant after the trial of that plan; `None` when it is not on trial.
        blocks: By cause. A block stops access, not billing.
        subscriptions: What the client area calls services, by id; ended ones stay.
        bills: Those that are unpaid or of running periods, and others as far as they were looked up.
        people: Users and contacts, as far as they were looked up.
        users: How many users there are; contacts are not counted.
        balances: What it has in credit, by currency.
    """

    id: Id
    zone: Zone
    plan: Id | None = None
    trial_ends: Instant | None = None
    settings: AccountSettings = PLAIN_SETTINGS
    blocks: Mapping[Id, Block] = field(default=FrozenMap({}), validator=_few_blocks)
    subscriptions: Annotated[Mapping[Id, Subscription], _as_subscriptions] = FrozenMap({})
    bills: Bills = NO_BILLS
    people: People = NO_PEOPLE
    users: Count = 0
    balances: Mapping[Id, Money] = field(default=FrozenMap({}), validator=_by_currency)

    def causes(self, now: datetime) -> frozenset[str]:
        """The causes for which it is blocked at *now*."""
        at = as_instant("now", now)
        return frozenset(cause for cause, block in self.blocks.items() if block.holds(at))

    def balance(self, currency: Currency) -> Money:
        """What it has in credit in *currency*."""
        return self.balances.get(currency.code, Money.zero(currency))

    def ledger(self, currency: Currency, documents: Collection[str]) -> Ledger:
        """The ledger in *currency*, with the lines of these *documents*; raises `BillsNotLoaded`."""
        bills = (self.bills.get(name) for name in documents)
        lines = {one.id: one for bill in bills if bill is not None for one in bill.lines}
        return Ledger(id=currency.code, currency=currency, lines=lines, balance=self.balance(currency))

    @property
    def due(self) -> tuple[Bill, ...]:
        """The bills that are unpaid, by the day on which they are due, then by number; raises `BillsNotLoaded`."""
        named = (self.bills.get(name) for one in self.subscriptions.values() for name in unpaid_documents(one))
        return tuple(sorted((bill for bill in named if bill is not None and bill.open), key=_in_order))


def terms_at(subscription: Subscription, now: datetime) -> ItemTerms | SubscriptionTerms:
    """What is sold at *now*: as the turn says that is running, whatever was billed ahead of it."""
    turns = subscription.turns
    return turns[running_from(turns, now)].item.terms if turns else subscription.terms


def unpaid_documents(subscription: Subscription) -> tuple[str, ...]:
    """The documents of *subscription* for which something is owed: every proforma that is unpaid is one of them."""
    first = () if subscription.ordered is None else (subscription.ordered.document,)
    return (*first, *(one.document for one in subscription.unpaid if one.document is not None))


def _in_order(bill: Bill) -> tuple[date, str, int]:
    number = bill.document.number
    return bill.due, number.series, number.number


as_account: Final = instance(CustomerAccount)
as_ids: Final = check_of(frozenset[Id])
PROFORMA, INVOICE, CREDIT_NOTE = DocumentKind.PROFORMA, DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE
