"""What happens to an account. `apply()` refuses nothing: an event has happened."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final, cast, get_args

from attrs import evolve, frozen

from licensing_core.accounts.values import (
    AccountSettings,
    Bill,
    BillStatus,
    Block,
    CustomerAccount,
    People,
    Person,
)
from licensing_core.billing import BalanceRefunded, Document, LinesBooked, LineValue, PaymentBooked
from licensing_core.billing.ledger import apply as apply_to_ledger
from licensing_core.checks import Count, FrozenMap, Id, Instant, UserId, checked
from licensing_core.currencies import Currency
from licensing_core.decisions import Event
from licensing_core.money import Money
from licensing_core.periods import Zone
from licensing_core.subscriptions import Subscription, SubscriptionEvent, SubscriptionStarted
from licensing_core.subscriptions import apply as apply_to_subscription


@frozen(kw_only=True, field_transformer=checked)
class CustomerAdded(Event):
    """A customer was added, or taken over from another system with its blocks, people and credit."""

    type: ClassVar[str] = "customer.added"
    account: Id
    zone: Zone
    plan: Id | None
    trial_ends: Instant | None
    settings: AccountSettings
    blocks: Mapping[Id, Block] = FrozenMap({})
    people: Mapping[UserId, Person] = FrozenMap({})
    balances: Mapping[Id, Money] = FrozenMap({})


@frozen(kw_only=True, field_transformer=checked)
class PlanAssigned(Event):
    """The customer is on another service plan, and on trial no more."""

    type: ClassVar[str] = "customer.plan_assigned"
    account: Id
    plan: Id


@frozen(kw_only=True, field_transformer=checked)
class CustomerBlocked(Event):
    """The customer is blocked for a cause, until it is lifted or the block ends."""

    type: ClassVar[str] = "customer.blocked"
    account: Id
    cause: Id
    until: Instant | None


@frozen(kw_only=True, field_transformer=checked)
class BlockLifted(Event):
    """The customer is no longer blocked for this cause."""

    type: ClassVar[str] = "customer.block_lifted"
    account: Id
    cause: Id


@frozen(kw_only=True, field_transformer=checked)
class PersonAdded(Event):
    """Somebody became a user or contact of the account, or may do other things there."""

    type: ClassVar[str] = "customer.person_added"
    account: Id
    user: UserId
    person: Person


@frozen(kw_only=True, field_transformer=checked)
class PersonRemoved(Event):
    """Somebody is no user and no contact of the account any more."""

    type: ClassVar[str] = "customer.person_removed"
    account: Id
    user: UserId


@frozen(kw_only=True, field_transformer=checked)
class SettingsChanged(Event):
    """Other settings hold for the customer."""

    type: ClassVar[str] = "customer.settings_changed"
    account: Id
    settings: AccountSettings


@frozen(kw_only=True, field_transformer=checked)
class BillIssued(Event):
    """A proforma or a credit note was issued."""

    type: ClassVar[str] = "bill.issued"
    account: Id
    bill: Bill


@frozen(kw_only=True, field_transformer=checked)
class BillPaid(Event):
    """A proforma was paid, and is an invoice since.

    Attributes:
        invoice: That it is since.
        amount: What was paid last: all that was outstanding. Parts were paid before it where credit paid for some.
    """

    type: ClassVar[str] = "bill.paid"
    account: Id
    invoice: Document
    amount: Money


@frozen(kw_only=True, field_transformer=checked)
class BillVoided(Event):
    """A proforma was taken back."""

    type: ClassVar[str] = "bill.voided"
    account: Id
    document: Id


@frozen(kw_only=True, field_transformer=checked)
class DebitFailed(Event):
    """The automatic debit for a proforma failed."""

    type: ClassVar[str] = "bill.debit_failed"
    account: Id
    document: Id


@frozen(kw_only=True, field_transformer=checked)
class ReminderSent(Event):
    """The customer was reminded of a proforma that many days after it was due."""

    type: ClassVar[str] = "bill.reminder_sent"
    account: Id
    document: Id
    days: Count


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionImported(SubscriptionStarted):
    """A subscription was taken over from another system, with what was paid for it there."""

    type: ClassVar[str] = "subscription.imported"
    bills: tuple[Bill, ...]


@frozen(kw_only=True, field_transformer=checked)
class CreditOpened(Event):
    """The customer was given credit: what it had elsewhere, or a compensation."""

    type: ClassVar[str] = "customer.credit_opened"
    account: Id
    amount: Money


AccountEvent = (
    PlanAssigned
    | CustomerBlocked
    | BlockLifted
    | PersonAdded
    | PersonRemoved
    | SettingsChanged
    | BillIssued
    | BillPaid
    | BillVoided
    | DebitFailed
    | ReminderSent
    | CreditOpened
    | SubscriptionStarted
    | SubscriptionImported
    | SubscriptionEvent
    | LinesBooked
    | PaymentBooked
    | BalanceRefunded
)
"""What can happen to an account after the customer was added."""
_OF_SUBSCRIPTIONS: Final[tuple[type[Event], ...]] = get_args(SubscriptionEvent)


def opened(event: CustomerAdded) -> CustomerAccount:
    """The account that began with *event*."""
    return CustomerAccount(
        id=event.account,
        zone=event.zone,
        plan=event.plan,
        trial_ends=event.trial_ends,
        settings=event.settings,
        blocks=event.blocks,
        people=People(event.people),
        users=sum(not one.contact for one in event.people.values()),
        balances=event.balances,
    )


def apply(account: CustomerAccount, event: AccountEvent) -> CustomerAccount:
    """*account* after *event*, which has happened: nothing is refused."""
    if isinstance(event, _OF_SUBSCRIPTIONS):
        happened = cast("SubscriptionEvent", event)
        before = account.subscriptions[happened.subscription]
        return _subscribed(account, apply_to_subscription(before, happened))
    if isinstance(event, SubscriptionStarted):
        bills = event.bills if isinstance(event, SubscriptionImported) else ()
        return _with_bills(_subscribed(account, event.started), bills)
    if isinstance(event, LinesBooked | PaymentBooked | BalanceRefunded):
        return _booked(account, event)
    if isinstance(event, BillIssued | BillPaid | BillVoided | ReminderSent | DebitFailed):
        return _with_bills(account, _changed_bills(account, event))
    return _other(account, event)


def _subscribed(account: CustomerAccount, subscription: Subscription) -> CustomerAccount:
    own = cast("FrozenMap[str, Subscription]", account.subscriptions)
    return evolve(account, subscriptions=own.merged({subscription.id: subscription}))


def _other(account: CustomerAccount, event: object) -> CustomerAccount:
    if isinstance(event, PlanAssigned):
        return evolve(account, plan=event.plan, trial_ends=None)
    if isinstance(event, CustomerBlocked):
        held = {cause: block for cause, block in account.blocks.items() if block.holds(event.at)}
        since = held[event.cause].since if event.cause in held else event.at
        return evolve(account, blocks=FrozenMap({**held, event.cause: Block(since=since, until=event.until)}))
    if isinstance(event, BlockLifted):
        return evolve(account, blocks=FrozenMap({k: v for k, v in account.blocks.items() if k != event.cause}))
    if isinstance(event, SettingsChanged):
        return evolve(account, settings=event.settings)
    if isinstance(event, CreditOpened):
        return _with_balance(account, account.balance(event.amount.currency) + event.amount)
    return _with_person(account, cast("PersonAdded | PersonRemoved", event))


def _with_person(account: CustomerAccount, event: PersonAdded | PersonRemoved) -> CustomerAccount:
    before = account.people.get(event.user)
    after = event.person if isinstance(event, PersonAdded) else None
    users = account.users + _counts(after) - _counts(before)
    return evolve(account, people=account.people.with_changes({event.user: after}), users=users)


def _counts(person: Person | None) -> int:
    return 0 if person is None or person.contact else 1


def _with_balance(account: CustomerAccount, balance: Money) -> CustomerAccount:
    return evolve(account, balances=FrozenMap({**account.balances, balance.currency.code: balance}))


def _with_bills(account: CustomerAccount, bills: Iterable[Bill]) -> CustomerAccount:
    return evolve(account, bills=account.bills.with_changes({bill.id: bill for bill in bills}))


def bill_changes(event: Event) -> tuple[str, ...]:
    """The ids of the bills that *event* makes or changes."""
    if isinstance(event, SubscriptionImported):
        return tuple(bill.id for bill in event.bills)
    if isinstance(event, BillIssued):
        return (event.bill.id,)
    if isinstance(event, BillPaid):
        return (event.invoice.id,)
    if isinstance(event, BillVoided | ReminderSent | DebitFailed | PaymentBooked):
        return (event.document,)
    if isinstance(event, LinesBooked):
        charged = (event.document,) if event.charged else ()
        return (*charged, *(one.document for one in event.credited))
    return ()


def _changed_bills(
    account: CustomerAccount, event: BillIssued | BillPaid | BillVoided | ReminderSent | DebitFailed
) -> tuple[Bill, ...]:
    if isinstance(event, BillIssued):
        return (event.bill,)
    if isinstance(event, BillPaid):
        bill = account.bills[event.invoice.id]
        return (evolve(bill, document=event.invoice, status=BillStatus.PAID),)
    if isinstance(event, BillVoided):
        return (evolve(account.bills[event.document], status=BillStatus.VOID),)
    bill = account.bills[event.document]
    if isinstance(event, ReminderSent):
        return (evolve(bill, reminded=event.days),)
    return (evolve(bill, failed=bill.failed + 1),)


def _booked(account: CustomerAccount, event: LinesBooked | PaymentBooked | BalanceRefunded) -> CustomerAccount:
    """The account after its ledger moved: the lines are kept with their bills, the balance beside them."""
    documents = frozenset(bill_changes(event))
    before = account.ledger(_currency_of(event), documents)
    after = apply_to_ledger(before, event)
    lines: dict[str, list[LineValue]] = {name: [] for name in documents}
    for one in after.lines.values():
        lines[one.document].append(one)
    bills = [evolve(account.bills[name], lines=tuple(found)) for name, found in lines.items()]
    if isinstance(event, LinesBooked):
        bills = [_reduced(bill, event) for bill in bills]
    return _with_balance(_with_bills(account, bills), after.balance)


def _reduced(bill: Bill, event: LinesBooked) -> Bill:
    """A proforma remembers what is taken off it; an invoice has a credit note at once."""
    taken_off = tuple(one for one in event.credited if one.document == bill.id)
    return evolve(bill, reduced=(*bill.reduced, *taken_off)) if bill.open and taken_off else bill


def _currency_of(event: LinesBooked | PaymentBooked | BalanceRefunded) -> Currency:
    return Currency(event.ledger)
