"""Spending credits, granting them without an order, voiding a grant, beginning the count anew, and reading it all."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final

from attrs import evolve, frozen

from licensing_core.checks import (
    MAX_COUNT,
    Id,
    InvalidArgument,
    InvalidQuantity,
    Quantity,
    Value,
    as_id,
    as_instant,
    check_of,
    checked,
    instance,
    shown,
    whole,
)
from licensing_core.credits.account import (
    CountReset,
    CreditAccount,
    CreditsGranted,
    CreditsOpened,
    CreditsSpent,
    GrantVoided,
    apply,
    opened,
)
from licensing_core.credits.ordering import concluded, moved, opened_book, require_free
from licensing_core.credits.refusals import InsufficientCredits, ResetTooLate, UnknownGrant
from licensing_core.credits.values import Grant, OrderStatus, Total
from licensing_core.decisions import Decision, Event, twin
from licensing_core.directory import Actor
from licensing_core.limits import Unlimited

_as_amount: Final = check_of(Quantity)
_as_event: Final = instance(Event)
_as_grant: Final = instance(Grant)


def spend(
    account: CreditAccount, amount: Quantity, *, by: Actor, now: datetime
) -> Decision[CreditAccount, CreditsSpent]:
    """Spend *amount* credits, all or none: by priority, then earlier expiry, then earlier start, then id.

    Returns:
        The account afterwards; the `movements` of the event tell which grants were burned, in order.

    Raises:
        InvalidQuantity: *amount* is no int from 1 to 1,000,000.
        InsufficientCredits: The balance and the overdraft do not cover it; it says how many are missing.

    Source: ALU-8.
    """
    wanted = _as_amount("amount", amount)
    book = opened_book(account, now)
    passed, balance = tuple(book.movements), book.available - book.overage
    overdraft = account.overdraft
    if not isinstance(overdraft, Unlimited) and (short := wanted - balance - overdraft) > 0:
        raise InsufficientCredits(balance=balance, shortfall=short)
    if book.overage + wanted > MAX_COUNT:
        raise InvalidQuantity(parameter="amount", expected=f"{MAX_COUNT} owed at most", got=shown(wanted))
    book.burn(wanted)
    event = CreditsSpent(**moved(account, book, passed, by), amount=wanted)
    return concluded(account, event, book)


def grant(
    account: CreditAccount, credit: Grant, *, by: Actor, now: datetime
) -> Decision[CreditAccount, CreditsGranted]:
    """Grant *credit* without an order; it starts when it is to start, or now, when that is past.

    Raises:
        OrderExists: Its id is taken by an order or a grant.
        InvalidArgument: It has ended already.
        CreditsNotLoaded: It was not looked up whether the id is taken.

    Source: ALU-8.
    """
    book = opened_book(account, now)
    passed = tuple(book.movements)
    require_free(account, _as_grant("credit", credit).id)
    if (ends := credit.ends) is not None and ends <= book.at:
        raise InvalidArgument(parameter="credit", expected="one that has not ended", got="one that has")
    book.add(credit)
    event = CreditsGranted(**moved(account, book, passed, by), grant=credit)
    return concluded(account, event, book)


def void(account: CreditAccount, grant_id: Id, *, by: Actor, now: datetime) -> Decision[CreditAccount, GrantVoided]:
    """End a grant now: what is left of it is lost. One that has ended is passed over.

    Raises:
        UnknownGrant: There is no such grant.
        CreditsNotLoaded: It was not looked up.

    Source: ALU-8.
    """
    book = opened_book(account, now)
    passed = tuple(book.movements)
    entry = account.balances.entries.get(as_id("grant_id", grant_id))
    if entry is None:
        raise UnknownGrant(grant=grant_id)
    if (ends := entry.grant.ends) is not None and ends <= book.at:
        return Decision(account)
    book.void(grant_id)
    event = GrantVoided(**moved(account, book, passed, by), grant=grant_id)
    return concluded(account, event, book)


def reset(
    account: CreditAccount, *, keep_overage: bool = True, by: Actor, now: datetime
) -> Decision[CreditAccount, CountReset]:
    """Begin the count anew, once: what was spent is 0, and of each grant in force stays what rolls over.

    What ends at *now* has ended; what starts or is topped up at *now* does so after the count began, unless another
    command at *now* came before. For a count that begins anew every month, open the account with a cycle of `resets`.

    Args:
        keep_overage: What is owed is paid from what rolled over, and stays owed as far as that does not reach. With
            `False` it is dropped, also what a refund of spent credits left owed; the event tells how much.

    Returns:
        The account afterwards, and no event when the count began at *now* already.

    Raises:
        ResetTooLate: Credits were moved after *now*.

    Source: ALU-8.
    """
    instance(bool)("keep_overage", keep_overage)
    at = as_instant("now", now)
    book = opened_book(account, at, ends_only=True)
    if book.since == at:
        return Decision(account)
    if book.at > at:
        raise ResetTooLate(since=book.at)
    passed, owed = tuple(book.movements), book.overage
    book.reset(keep_overage=keep_overage)
    book.advance(book.at)
    event = CountReset(**moved(account, book, passed, by), dropped=0 if keep_overage else owed)
    return concluded(account, event, book)


@frozen(kw_only=True, field_transformer=checked)
class Standing(Value):
    """How the credits of a customer stand.

    Attributes:
        balance: What may be spent, less what is owed.
        pending: Credits that are paid for and not active yet.
        late: The orders of these that were to be active before now.
    """

    balance: Annotated[int, whole(-(2**53), 2**53)]
    pending: Total
    late: tuple[Id, ...]


def standing(account: CreditAccount, now: datetime) -> Standing:
    """How the credits stand at *now*, which may lie ahead: what expires by then has expired.

    Source: ALU-8, ALU-10.
    """
    at = as_instant("now", now)
    then = by_then(account, at)
    pending = [order for order in account.orders.values() if order.status is OrderStatus.PENDING]
    late = sorted(order.id for order in pending if order.active_by is not None and at > order.active_by)
    return Standing(
        balance=then.balances.balance,
        pending=sum(order.pack.credits for order in pending),
        late=tuple(late),
    )


def by_then(account: CreditAccount, at: datetime) -> CreditAccount:
    """*account* at *at*, if nobody does anything until then."""
    return evolve(account, balances=opened_book(account, at).closed())


def as_of(history: Iterable[Event], at: datetime) -> CreditAccount:
    """The account at *at*, by its *history*: what the events up to then made of it, and what came to pass since.

    An event whose clock lies behind that of an earlier one counts as of the earlier one's instant.

    Raises:
        InvalidArgument: *history* does not begin with the account being opened by then.

    Source: L7.
    """
    account: CreditAccount | None = None
    until = as_instant("at", at)
    for event in instance(Iterable)("history", history):
        if _as_event("history", event).at > until:
            break
        account = opened(event) if isinstance(event, CreditsOpened) else _after(account, event)
    if account is None:
        raise InvalidArgument(parameter="history", expected="of an account that was open by then", got="another")
    return by_then(account, until)


def _after(account: CreditAccount | None, event: Any) -> CreditAccount:
    if account is None:
        raise InvalidArgument(parameter="history", expected="one that begins with the opening", got="another")
    return apply(account, event)


can_spend = twin(spend, "ALU-8")
can_grant = twin(grant, "ALU-8")
can_void = twin(void, "ALU-8")
can_reset = twin(reset, "ALU-8")
