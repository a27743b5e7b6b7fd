"""Use cases of licenses per user: quote, buy, hand out, and close the cycle."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from attrs import frozen

from licensing_core import license_cycle
from licensing_core.billing import Quote
from licensing_core.checks import Count, FrozenMap, Id, Positive, Quantity, UserId, Value, checked
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Permission
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import (
    AccountEvent,
    CycleClosed,
    LicenseAccount,
    LicensedUser,
    LicenseRow,
    LicensesOrdered,
    LicenseType,
    OrderPaid,
)
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Period
from licensing_core.protocols import Stored
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.loading import actor_of


@frozen(kw_only=True)
class UnknownAccount(LicensingError):
    """There is no account of this id."""

    code: ClassVar[str] = "account.unknown"
    rules: ClassVar[tuple[str, ...]] = ("D-12",)
    account: str

    def __str__(self) -> str:
        return f"there is no account {self.account!r}; open it first"


@frozen(kw_only=True, field_transformer=checked)
class LicenseTable(Value):
    """The row of each license type."""

    rows: Mapping[Id, LicenseRow]


@frozen(kw_only=True, field_transformer=checked)
class LicenseChanged(Value):
    """The table after a license was granted or revoked, and what the user has now."""

    rows: Mapping[Id, LicenseRow]
    user: LicensedUser


@frozen(kw_only=True, field_transformer=checked)
class LicensesBought(Value):
    """What was ordered: the quotes, the invoice number once paid (`None` while the payment is pending), the table."""

    quotes: tuple[Quote, ...]
    invoice: Positive | None
    rows: Mapping[Id, LicenseRow]

    @property
    def charged(self) -> tuple[Money, ...]:
        """The amount of each quote that was paid; none while the payment is pending."""
        return () if self.invoice is None else tuple(quote.due for quote in self.quotes)


@frozen(kw_only=True, field_transformer=checked)
class CycleClosing(Value):
    """What the end of a cycle removed and kept of each type, what is billed, and the cycle that is open now."""

    removed: Mapping[Id, Count]
    kept: Mapping[Id, Count]
    bills: tuple[Quote, ...]
    period: Period


@frozen(field_transformer=checked)
class Quotes(Value):
    """One quote for each currency."""

    quotes: tuple[Quote, ...]


def _manager(asked: Query[Any], actor_id: str, permission: Permission) -> UseCase[Actor]:
    actor = yield from actor_of(asked, actor_id)
    actor.require(permission)
    return actor


def _account(asked: Query[Any], account_id: str, users: frozenset[str]) -> UseCase[Stored[LicenseAccount]]:
    stored = yield from ask(lambda ports: ports.work.account(asked.tenant, account_id, users))
    if stored is None:
        raise UnknownAccount(account=account_id)
    return stored


def _rows(account: LicenseAccount) -> Mapping[str, LicenseRow]:
    return license_cycle.license_table(account)


@frozen(kw_only=True, field_transformer=checked)
class OpenAccount(Command[LicenseTable]):
    """Open an account with license types and totals; refuses as `license_cycle.open_account()` does."""

    rule: ClassVar[str] = "WAL-2"

    account: Id
    cycle: Cycle
    types: tuple[LicenseType, ...]
    totals: Mapping[Id, Count] = FrozenMap({})

    def steps(self, now: datetime) -> UseCase[LicenseTable]:
        """Decide and save."""
        actor = yield from _manager(self, self.actor, Permission.ACCOUNTS_MANAGE)
        decision = license_cycle.open_account(
            self.account, cycle=self.cycle, types=self.types, totals=self.totals, by=actor, now=now
        )
        yield from save(self, decision.state, 0, decision.events)
        return LicenseTable(rows=_rows(decision.state))


@frozen(kw_only=True, field_transformer=checked)
class BuyLicenses(Command[LicensesBought]):
    """Buy licenses for the rest of the cycle; the key of the command is the id of the order.

    To be sent by the host's payment code: *payment* is what it knows, *confirmed* the amounts that it took. Where the
    payment takes its time, send it as pending first and then `SettleOrder` or `CancelOrder`: the price of the order
    stands, whatever the clock does meanwhile. Refuses as `license_cycle.buy()` does.
    """

    rule: ClassVar[str] = "WAL-6"

    account: Id
    buy: Mapping[Id, Quantity]
    payment: PaymentOutcome
    confirmed: tuple[Money, ...] | None = None

    def steps(self, now: datetime) -> UseCase[LicensesBought]:
        """Load without holdings, decide, save."""
        actor = yield from _manager(self, self.actor, Permission.LICENSES_MANAGE)
        stored = yield from _account(self, self.account, frozenset())
        decision = license_cycle.buy(
            stored.state,
            self.buy,
            order_id=self.key,
            payment=self.payment,
            by=actor,
            now=now,
            confirmed=self.confirmed,
        )
        yield from save(self, decision.state, stored.version, decision.events)
        quotes = next(event.order.quotes for event in decision.events if isinstance(event, LicensesOrdered))
        return _bought(decision, quotes)


@frozen(kw_only=True, field_transformer=checked)
class SettleOrder(Command[LicensesBought]):
    """Take note that an order was paid, the oldest when none is named; refuses as `license_cycle.settle()` does."""

    rule: ClassVar[str] = "WAL-6"

    account: Id
    order: Id | None = None

    def steps(self, now: datetime) -> UseCase[LicensesBought]:
        """Load without holdings, decide, save."""
        actor = yield from _manager(self, self.actor, Permission.ACCOUNTS_MANAGE)
        stored = yield from _account(self, self.account, frozenset())
        decision = license_cycle.settle(stored.state, self.order, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        paid = next(event.order for event in decision.events if isinstance(event, OrderPaid))
        return _bought(decision, next(order.quotes for order in stored.state.orders if order.id == paid))


@frozen(kw_only=True, field_transformer=checked)
class CancelOrder(Command[LicenseTable]):
    """Withdraw an order whose payment failed or is no longer wanted; refuses as `license_cycle.cancel_order()` does."""

    rule: ClassVar[str] = "WAL-4"

    account: Id
    order: Id

    def steps(self, now: datetime) -> UseCase[LicenseTable]:
        """Load without holdings, decide, save."""
        actor = yield from _manager(self, self.actor, Permission.ACCOUNTS_MANAGE)
        stored = yield from _account(self, self.account, frozenset())
        decision = license_cycle.cancel_order(stored.state, self.order, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return LicenseTable(rows=_rows(decision.state))


def _bought(decision: Decision[LicenseAccount, AccountEvent], quotes: tuple[Quote, ...]) -> LicensesBought:
    invoice = next((event.invoice for event in decision.events if isinstance(event, OrderPaid)), None)
    return LicensesBought(quotes=quotes, invoice=invoice, rows=_rows(decision.state))


@frozen(kw_only=True, field_transformer=checked)
class GrantLicense(Command[LicenseChanged]):
    """Give *user* a license of a type; refuses as `license_cycle.grant()` does."""

    rule: ClassVar[str] = "WAL-8"

    account: Id
    user: UserId
    license_type: Id

    def steps(self, now: datetime) -> UseCase[LicenseChanged]:
        """Load the holdings of the user, decide, save."""
        return (yield from _change(self, license_cycle.grant, now))


@frozen(kw_only=True, field_transformer=checked)
class RevokeLicense(Command[LicenseChanged]):
    """Take a license of a type from *user*; refuses as `license_cycle.revoke()` does."""

    rule: ClassVar[str] = "WAL-12"

    account: Id
    user: UserId
    license_type: Id

    def steps(self, now: datetime) -> UseCase[LicenseChanged]:
        """Load the holdings of the user, decide, save."""
        return (yield from _change(self, license_cycle.revoke, now))


def _change(
    command: GrantLicense | RevokeLicense,
    decide: Callable[..., Decision[LicenseAccount, AccountEvent]],
    now: datetime,
) -> UseCase[LicenseChanged]:
    actor = yield from _manager(command, command.actor, Permission.LICENSES_MANAGE)
    stored = yield from _account(command, command.account, frozenset({command.user}))
    decision = decide(stored.state, command.user, command.license_type, by=actor, now=now)
    yield from save(command, decision.state, stored.version, decision.events)
    user = license_cycle.licensed_user(decision.state, command.user)
    return LicenseChanged(rows=_rows(decision.state), user=user)


@frozen(kw_only=True, field_transformer=checked)
class CloseCycle(Command[CycleClosing]):
    """End the open cycle of the account; refuses as `license_cycle.close_cycle()` does."""

    rule: ClassVar[str] = "WAL-10"

    account: Id

    def steps(self, now: datetime) -> UseCase[CycleClosing]:
        """Load without holdings, decide, save."""
        actor = yield from _manager(self, self.actor, Permission.ACCOUNTS_MANAGE)
        stored = yield from _account(self, self.account, frozenset())
        decision = license_cycle.close_cycle(stored.state, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        closed = next(event for event in decision.events if isinstance(event, CycleClosed))
        return CycleClosing(removed=closed.removed, kept=closed.kept, bills=closed.bills, period=closed.period)


@frozen(kw_only=True, field_transformer=checked)
class ReadLicenseTable(Query[LicenseTable]):
    """The table of licenses of *account* (WAL-4); *buy* is what stands in the open quote."""

    actor: UserId
    account: Id
    buy: Mapping[Id, Quantity] = FrozenMap({})

    def steps(self, now: datetime) -> UseCase[LicenseTable]:
        """Load without holdings."""
        yield from _manager(self, self.actor, Permission.LICENSES_MANAGE)
        account = (yield from _account(self, self.account, frozenset())).state
        quotes = license_cycle.quotes(account, self.buy, now=now) if self.buy else ()
        return LicenseTable(rows=license_cycle.license_table(account, quotes))


@frozen(kw_only=True, field_transformer=checked)
class QuoteLicenses(Query[Quotes]):
    """What licenses cost for the rest of the cycle; refuses as `license_cycle.quotes()` does."""

    actor: UserId
    account: Id
    buy: Mapping[Id, Quantity]

    def steps(self, now: datetime) -> UseCase[Quotes]:
        """Load without holdings, and quote."""
        yield from _manager(self, self.actor, Permission.LICENSES_MANAGE)
        stored = yield from _account(self, self.account, frozenset())
        return Quotes(license_cycle.quotes(stored.state, self.buy, now=now))


@frozen(kw_only=True, field_transformer=checked)
class ReadLicensedUser(Query[LicensedUser]):
    """What *user* holds in *account* and may do; everybody may ask it of themselves."""

    actor: UserId
    account: Id
    user: UserId

    def steps(self, now: datetime) -> UseCase[LicensedUser]:
        """Load the holdings of the user."""
        if self.actor != self.user:
            yield from _manager(self, self.actor, Permission.LICENSES_MANAGE)
        stored = yield from _account(self, self.account, frozenset({self.user}))
        return license_cycle.licensed_user(stored.state, self.user)
