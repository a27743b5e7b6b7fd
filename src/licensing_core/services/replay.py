"""From the history of an aggregate to its state."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import takewhile
from typing import Any, Final, cast, get_args

from licensing_core import accounts, enrollments, license_cycle, limits, payments, pools
from licensing_core import credits as credit
from licensing_core.accounts import (
    BillIssued,
    BillPaid,
    BillVoided,
    BlockLifted,
    CustomerAccount,
    CustomerAdded,
    DebitFailed,
    Numbers,
    NumbersOpened,
    NumbersTaken,
    PersonRemoved,
    ReminderSent,
    SubscriptionImported,
)
from licensing_core.billing import DocumentNumber, LinesBooked
from licensing_core.checks import FrozenMap, as_instant
from licensing_core.credits import (
    TRANSITIONS,
    CreditAccount,
    CreditEvent,
    CreditsGranted,
    CreditsOpened,
    PackActivated,
    PackOrdered,
)
from licensing_core.decisions import Event
from licensing_core.enrollments import (
    EnrollmentEvent,
    Enrollments,
    EnrollmentsMade,
    EnrollmentsMovedIn,
    EnrollmentsRemoved,
    PoolImported,
    Roster,
    UsersEnrolled,
)
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import AccountEvent, AccountOpened, LicenseAccount
from licensing_core.limits import Usage, UsageEvent, UsageOpened
from licensing_core.orders import Charged
from licensing_core.payments import (
    AnyPaymentEvent,
    AttemptNoted,
    ChargeBegun,
    Payment,
    PaymentOpened,
    RefundBegun,
)
from licensing_core.pools import LicensePool, PoolEvent, PoolOpened, PoolReinstated, PoolSuspended
from licensing_core.protocols import Aggregate, BrokenHistory, Envelope, kind_of
from licensing_core.subscriptions import (
    SubscriptionAligned,
    SubscriptionChangeScheduled,
    SubscriptionChangeWithdrawn,
    SubscriptionStarted,
)

_POOL_EVENTS: Final[tuple[type[Event], ...]] = (*get_args(PoolEvent), *get_args(EnrollmentEvent))
_ACCOUNT_EVENTS: Final[tuple[type[AccountEvent], ...]] = get_args(AccountEvent)
_USAGE_EVENTS: Final[tuple[type[UsageEvent], ...]] = get_args(UsageEvent)
_CREDIT_EVENTS: Final[tuple[type[CreditEvent], ...]] = get_args(CreditEvent)
_CUSTOMER_EVENTS: Final[tuple[type[accounts.AccountEvent], ...]] = get_args(accounts.AccountEvent)
_PAYMENT_EVENTS: Final[tuple[type[AnyPaymentEvent], ...]] = get_args(AnyPaymentEvent)
_State = Roster | LicenseAccount | Usage | CreditAccount | CustomerAccount | Numbers | Payment
_BEGUN: Final[Mapping[type[Event], Callable[[Any], _State]]] = FrozenMap(
    {
        PoolOpened: lambda event: Roster(pool=pools.opened(event), enrollments=Enrollments()),
        PoolImported: enrollments.imported,
        AccountOpened: license_cycle.opened,
        UsageOpened: limits.opened,
        CreditsOpened: credit.opened,
        CustomerAdded: accounts.opened,
        NumbersOpened: accounts.numbers_opened,
        PaymentOpened: payments.opened,
    }
)
"""What the first event of each kind of aggregate opens."""


def replay(history: Iterable[Envelope]) -> Aggregate:
    """The aggregate to which *history* led, with all that is in it; what was saved last is equal to it.

    Args:
        history: All events of one aggregate, from its first, in order.

    Raises:
        BrokenHistory: *history* is empty, has a gap, or events that do not belong together.

    Source: L7.
    """
    return replay_whole(history)[0]


def replay_until(history: Iterable[Envelope], at: datetime) -> Aggregate | None:
    """The aggregate as it was at *at*: after the longest beginning of *history* whose events happened by then.

    An event that was dated back, so that it stands after one that happened later than *at*, counts as later, too.

    Returns:
        `None` when nothing had happened.

    Raises:
        BrokenHistory: As `replay()`, of that beginning.
        InvalidInstant: *at* is no aware instant.

    Source: L7.
    """
    happened = events_until(history, at)
    return replay(happened) if happened else None


def events_until(history: Iterable[Envelope], at: datetime) -> tuple[Envelope, ...]:
    """The longest beginning of *history* whose events happened by *at*; raises `InvalidInstant`."""
    instant = as_instant("at", at)
    return tuple(takewhile(lambda one: one.event.at <= instant, history))


def replay_whole(history: Iterable[Envelope]) -> tuple[Aggregate, Enrollments]:
    """What `replay()` and `replay_enrollments()` give, in one go; raises `BrokenHistory` as they do.

    Source: L7.
    """
    state = _replayed(history)
    return _aggregate(state), state.enrollments if isinstance(state, Roster) else Enrollments()


def replay_enrollments(history: Iterable[Envelope]) -> Enrollments:
    """The enrollments through a pool to which its *history* led; none for any other aggregate.

    Raises:
        BrokenHistory: As `replay()`.

    Source: L7.
    """
    return replay_whole(history)[1]


def _replayed(history: Iterable[Envelope]) -> _State:
    envelopes = list(history)
    if not envelopes:
        raise BrokenHistory(sequence=1)
    owner = _owner(envelopes[0])
    state: _State | None = None
    for number, envelope in enumerate(envelopes, 1):
        if envelope.sequence != number or _owner(envelope) != owner:
            raise BrokenHistory(sequence=number)
        state = _next(state, envelope.event, number)
    aggregate = None if state is None else _aggregate(state)
    if state is None or aggregate is None or (kind_of(aggregate), aggregate.id) != owner[1:]:
        raise BrokenHistory(sequence=1)
    return state


def _owner(envelope: Envelope) -> tuple[str, str, str]:
    return envelope.tenant, envelope.kind, envelope.aggregate


def _aggregate(state: _State) -> Aggregate:
    return state.pool if isinstance(state, Roster) else state


def _next(state: _State | None, event: Event, number: int) -> _State:
    try:
        after = _BEGUN[type(event)](event) if state is None else _after(state, event)
    except (KeyError, LicensingError) as error:
        raise BrokenHistory(sequence=number) from error
    if after is None:
        raise BrokenHistory(sequence=number)
    return after


def _after(state: _State, event: Event) -> _State | None:
    """*state* after *event*; `None` when that cannot have come next."""
    if isinstance(state, Usage):
        mine = isinstance(event, _USAGE_EVENTS) and event.usage == state.id
        return limits.apply(state, cast("UsageEvent", event)) if mine else None
    if isinstance(state, CreditAccount):
        mine = isinstance(event, _CREDIT_EVENTS) and event.account == state.id and _may_be_credited(state, event)
        return credit.apply(state, cast("CreditEvent", event)) if mine else None
    if isinstance(state, CustomerAccount):
        mine = isinstance(event, _CUSTOMER_EVENTS) and getattr(event, "account", state.id) == state.id
        return (
            accounts.apply(state, cast("accounts.AccountEvent", event)) if mine and _may_happen(state, event) else None
        )
    if isinstance(state, Numbers):
        mine = isinstance(event, NumbersTaken) and event.numbers == state.id and _goes_on(state, event)
        return accounts.apply_numbers(state, cast("NumbersTaken", event)) if mine else None
    if isinstance(state, Payment):
        mine = isinstance(event, _PAYMENT_EVENTS) and event.payment == state.id and _may_come(state, event)
        return payments.apply(state, cast("AnyPaymentEvent", event)) if mine else None
    if isinstance(state, LicenseAccount):
        mine = isinstance(event, _ACCOUNT_EVENTS) and getattr(event, "account", state.id) == state.id
        return license_cycle.apply(state, cast("AccountEvent", event)) if mine else None
    if getattr(event, "pool", None) != state.pool.id:
        return None
    if isinstance(event, _POOL_EVENTS) and _may_follow(state, event):
        return enrollments.apply(state, cast("PoolEvent", event))
    return state if isinstance(event, Charged) else None


def _may_be_credited(account: CreditAccount, event: CreditEvent) -> bool:
    """Whether *event* can have come next: each grant comes once, and each order goes its way."""
    if isinstance(event, PackActivated | CreditsGranted) and event.grant.id in account.balances.entries:
        return False
    before = account.orders
    return all(
        order.status in TRANSITIONS[before[name].status] if name in before else isinstance(event, PackOrdered)
        for name, order in credit.order_changes(account, event).items()
    )


def _may_happen(account: CustomerAccount, event: Event) -> bool:
    """Whether *event* can have come next: each subscription, bill and line comes once, and what goes was there."""
    bills = account.bills
    if isinstance(event, SubscriptionStarted):
        brought = {bill.id for bill in event.bills} if isinstance(event, SubscriptionImported) else frozenset[str]()
        once = event.subscription == event.started.id and event.subscription not in account.subscriptions
        return once and brought.isdisjoint(bills)
    if isinstance(event, BillIssued):
        return event.bill.id not in bills and event.bill.subscription in account.subscriptions
    if isinstance(event, BillPaid):
        return bills[event.invoice.id].open
    if isinstance(event, BillVoided | DebitFailed | ReminderSent):
        return bills[event.document].open
    if isinstance(event, LinesBooked):
        there = {one.id for one in bills[event.document].lines} if event.charged else ()
        return all(one.document == event.document and one.id not in there for one in event.charged)
    if isinstance(event, SubscriptionAligned | SubscriptionChangeScheduled | SubscriptionChangeWithdrawn):
        return bool(account.subscriptions[event.subscription].turns)
    if isinstance(event, PersonRemoved):
        return event.user in account.people
    return not isinstance(event, BlockLifted) or event.cause in account.blocks


def _may_come(payment: Payment, event: AnyPaymentEvent) -> bool:
    """Whether *event* can have come next: each attempt comes once, and goes its way; money is for one thing once."""
    if isinstance(event, AttemptNoted):
        before = next((one.status for one in payment.attempts if one.key == event.key), None)
        return before is not None and event.status in payments.TRANSITIONS[before]
    if isinstance(event, ChargeBegun | RefundBegun):
        return all(one.key != event.key for one in payment.attempts)
    return payment.unfulfilled is not None and payment.unfulfilled.key == getattr(event, "key", "")


def _goes_on(numbers: Numbers, event: NumbersTaken) -> bool:
    """Whether *event* can have come next: of each kind the last number is the one before, or a later one."""
    found = ((event.last[kind], before) for kind, before in numbers.last.items())
    return event.last != numbers.last and all(
        after == before or _place(after) > _place(before) for after, before in found
    )


def _place(number: DocumentNumber) -> tuple[int, int]:
    return number.year or 0, number.number


def _may_follow(roster: Roster, event: Event) -> bool:
    """Whether *event* can have come next: nobody holds a license of seats, and who leaves was there."""
    if isinstance(event, EnrollmentsMade | EnrollmentsRemoved):
        new, known = isinstance(event, UsersEnrolled | EnrollmentsMovedIn), roster.enrollments
        return all(
            one.pool == roster.pool.id and (one.content in known.of(one.user)) is not new for one in event.enrollments
        )
    if isinstance(event, PoolSuspended | PoolReinstated):
        return roster.pool.suspended is not isinstance(event, PoolSuspended)
    return isinstance(roster.pool, LicensePool) or not pools.holding_changes(event)
