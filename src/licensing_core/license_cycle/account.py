"""The account: license types, a pool for each, the open cycle, and the orders that wait for their payment."""

from collections.abc import Mapping, Sized
from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import Attribute, evolve, field, frozen

from licensing_core import pools
from licensing_core.billing import Quote
from licensing_core.checks import (
    Count,
    FrozenMap,
    Id,
    InvalidArgument,
    Positive,
    TooManyItems,
    Value,
    as_id,
    check_of,
    checked,
    shown,
)
from licensing_core.decisions import Decision, Event
from licensing_core.directory import EVERYONE, Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.periods import Cycle, Period
from licensing_core.pools import HolderMerged, LicensePool, LicensesAssigned, LicensesUnassigned, PoolResized
from licensing_core.pricing import UnitPrice

_as_totals: Final = check_of(Mapping[Id, Count])


MOST_LISTED: Final = 1000
"""The most license types of one account, and the most orders that wait for their payment."""


@frozen(kw_only=True)
class UnknownLicenseType(LicensingError):
    """The account has no such type of license."""

    code: ClassVar[str] = "license_type.unknown"
    rules: ClassVar[tuple[str, ...]] = ("WAL-2",)
    license_type: str

    def __str__(self) -> str:
        return f"there is no license type {self.license_type!r}; look at the table of licenses for those there are"


def _for_each_license(_type: object, _attribute: object, price: UnitPrice) -> None:
    if price.included or price.minimum is not None:  # each purchase would have them anew
        raise InvalidArgument(parameter="price", expected="without included units and minimum", got="one with them")


@frozen(kw_only=True, field_transformer=checked)
class LicenseType(Value):
    """A type of license: its price per cycle, what the contract holds at least, and what it lets its holder do."""

    id: Id
    price: UnitPrice = field(validator=_for_each_license)
    minimum: Count = 0
    features: frozenset[Id] = frozenset()


@frozen(kw_only=True, field_transformer=checked)
class Order(Value):
    """What was ordered and is not paid yet; it is charged as quoted."""

    id: Id
    quotes: tuple[Quote, ...]

    def quantity(self, license_type: str) -> int:
        """How many licenses of the type are ordered."""
        return sum(one.quantity for quote in self.quotes for one in quote.charges if one.item == license_type)


def _few(_account: object, attribute: "Attribute[Any]", items: Sized) -> None:
    if len(items) > MOST_LISTED:
        raise TooManyItems(parameter=attribute.name, given=len(items), most=MOST_LISTED)


def _of_whole_days(_account: object, _attribute: object, cycle: Cycle) -> None:
    cycle.day(0)


def _pool_for_each_type(account: "LicenseAccount", _attribute: object, owned: Mapping[str, LicensePool]) -> None:
    if owned.keys() != account.types.keys():
        raise InvalidArgument(
            parameter="pools", expected="one for each type", got=f"{len(owned)} for {len(account.types)}"
        )


def _under_their_ids(_account: object, _attribute: object, types: Mapping[str, LicenseType]) -> None:
    if any(name != one.id for name, one in types.items()):
        raise InvalidArgument(parameter="types", expected="each under its own id", got="one under another")


@frozen(kw_only=True, field_transformer=checked)
class LicenseAccount(Value):
    """The licenses of one customer.

    Attributes:
        cycle: When billing cycles begin; whole days of its zone.
        period: The cycle that is open now; it stays open until it is closed.
        pools: The pool of each type, under the id of the type.
        orders: Ordered, not paid; the oldest first.
        invoices: How many were issued.
    """

    id: Id
    cycle: Cycle = field(validator=_of_whole_days)
    period: Period
    types: Mapping[Id, LicenseType] = field(validator=[_few, _under_their_ids])
    pools: Mapping[Id, LicensePool] = field(validator=_pool_for_each_type)
    orders: tuple[Order, ...] = field(default=(), validator=_few)
    invoices: Count = 0

    def pool(self, license_type: str) -> LicensePool:
        """The pool of *license_type*; raises `UnknownLicenseType`."""
        found = self.pools.get(as_id("license_type", license_type))
        if found is None:
            raise UnknownLicenseType(license_type=license_type)
        return found


@frozen(kw_only=True, field_transformer=checked)
class AccountOpened(Event):
    """An account of licenses came to be, with so many of each type at the start."""

    type: ClassVar[str] = "account.opened"
    account: Id
    cycle: Cycle
    period: Period
    types: Mapping[Id, LicenseType]
    totals: Mapping[Id, Count]


@frozen(kw_only=True, field_transformer=checked)
class LicensesOrdered(Event):
    """Licenses were ordered and quoted; they are usable once paid."""

    type: ClassVar[str] = "account.licenses_ordered"
    account: Id
    order: Order


@frozen(kw_only=True, field_transformer=checked)
class OrderPaid(Event):
    """An order was paid, under the next invoice number; its licenses are usable from now on."""

    type: ClassVar[str] = "account.order_paid"
    account: Id
    order: Id
    invoice: Positive


@frozen(kw_only=True, field_transformer=checked)
class OrderCancelled(Event):
    """An order that waited for its payment was withdrawn: it will not be paid, and adds nothing."""

    type: ClassVar[str] = "account.order_cancelled"
    account: Id
    order: Id


@frozen(kw_only=True, field_transformer=checked)
class CycleClosed(Event):
    """A cycle ended: free licenses above the minimum went, those *kept* are billed for *period*, the next cycle."""

    type: ClassVar[str] = "account.cycle_closed"
    account: Id
    removed: Mapping[Id, Count]
    kept: Mapping[Id, Count]
    bills: tuple[Quote, ...]
    period: Period


AccountEvent = (
    LicensesOrdered
    | OrderPaid
    | OrderCancelled
    | CycleClosed
    | LicensesAssigned
    | LicensesUnassigned
    | HolderMerged
    | PoolResized
)


@frozen(kw_only=True, field_transformer=checked)
class LicenseRow(Value):
    """One type in the table of licenses (WAL-4).

    Attributes:
        buying: The quantity in the open quote, if one is given, and in orders not yet paid.
    """

    in_use: Count
    free: Count
    bought: Count
    minimum: Count
    buying: Count


def opened(event: AccountOpened) -> LicenseAccount:
    """The account that *event* opened."""
    owned = {name: LicensePool(id=name, beneficiary=EVERYONE, bought=event.totals.get(name, 0)) for name in event.types}
    return LicenseAccount(id=event.account, cycle=event.cycle, period=event.period, types=event.types, pools=owned)


def open_account(
    account_id: Id,
    *,
    cycle: Cycle,
    types: tuple[LicenseType, ...],
    totals: Mapping[str, int],
    by: Actor,
    now: datetime,
) -> Decision[LicenseAccount, AccountOpened]:
    """Open an account in the cycle that holds *now*, with *totals* licenses of each type (0 where not named).

    Raises:
        InvalidArgument: Two types have one id, or a total is below the contract minimum of its type.
        UnknownLicenseType: A total names no type.
        NotWholeDays: The cycle has a time of day, or counts seconds.
    """
    known, wanted = {one.id: one for one in types}, _as_totals("totals", totals)
    if len(known) < len(types):
        raise InvalidArgument(parameter="types", expected="each of another id", got="one twice")
    for name in sorted(wanted.keys() - known.keys()):
        raise UnknownLicenseType(license_type=name)
    for name, one in known.items():
        if (total := wanted.get(name, 0)) < one.minimum:
            raise InvalidArgument(parameter="totals", expected="at least the minimum of the type", got=shown(total))
    event = AccountOpened(
        account=account_id,
        cycle=cycle,
        period=cycle.period_at(now),
        types=known,
        totals=wanted,
        by=acting(by),
        at=now,
    )
    return Decision(opened(event), (event,))


def apply(account: LicenseAccount, event: AccountEvent) -> LicenseAccount:
    """*account* after *event*, which has happened: nothing is refused."""
    if isinstance(event, LicensesOrdered):
        return evolve(account, orders=(*account.orders, event.order))
    if isinstance(event, OrderPaid):
        return evolve(
            account,
            orders=tuple(one for one in account.orders if one.id != event.order),
            invoices=event.invoice,
        )
    if isinstance(event, OrderCancelled):
        return evolve(account, orders=tuple(one for one in account.orders if one.id != event.order))
    if isinstance(event, CycleClosed):
        return evolve(account, period=event.period)
    pool = pools.apply(account.pools[event.pool], event)
    return evolve(account, pools={**account.pools, event.pool: pool})


def license_table(account: LicenseAccount, quotes: tuple[Quote, ...] = ()) -> Mapping[str, LicenseRow]:
    """The row of each type; *quotes* are those that are open on the screen, if any.

    Source: WAL-4.
    """
    asked = Order(id="quote", quotes=quotes)
    return FrozenMap(
        {
            name: LicenseRow(
                in_use=pool.held,
                free=pool.free,
                bought=pool.bought,
                minimum=account.types[name].minimum,
                buying=sum(order.quantity(name) for order in (*account.orders, asked)),
            )
            for name, pool in sorted(account.pools.items())
        }
    )
