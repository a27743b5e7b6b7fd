"""What is due for each thing that may be paid, from whom, and which command carries it out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from attrs import frozen

from licensing_core import credits as credit
from licensing_core import payments
from licensing_core.accounts.ordering import payable
from licensing_core.checks import FrozenMap
from licensing_core.credits.ordering import order_of
from licensing_core.directory import Permission
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments import (
    ForBill,
    ForCart,
    ForLicenses,
    ForPack,
    ForPlan,
    ForRenewal,
    NothingDue,
    Payment,
    Purpose,
)
from licensing_core.protocols import AggregateExists
from licensing_core.services.accounts import SettleOrder, UnknownAccount
from licensing_core.services.bills import PayBill
from licensing_core.services.credits import NotePackPayment
from licensing_core.services.customers import chosen_by, named, require_unblocked, stored_credits, stored_customer
from licensing_core.services.engine import Command, Query, UseCase, ask
from licensing_core.services.loading import actor_of
from licensing_core.services.purchases import BuyPlan, BuyPublicPlan, CheckOut, RenewPool
from licensing_core.services.trying import tried

MANAGE: Final = Permission.ACCOUNTS_MANAGE


@frozen(kw_only=True)
class SeveralCurrencies(LicensingError):
    """What is to be paid is in several currencies, and one payment is in one."""

    code: ClassVar[str] = "payment.several_currencies"

    def __str__(self) -> str:
        return "this costs money in several currencies; buy what is in each by itself"


@frozen(kw_only=True)
class RenewalElapsed(LicensingError):
    """The pool was renewed already, or not as often yet, so that this renewal is none that comes next.

    Attributes:
        number: The one that comes next.
    """

    code: ClassVar[str] = "payment.renewal_elapsed"
    pool: str
    number: int

    def __str__(self) -> str:
        return f"renewal {self.number} of pool {self.pool!r} comes next; pay for that one"


def fulfilling(tenant: str, payment: Payment, by: str) -> Command[Any]:
    """The command that carries out what *payment* is for, by the money that was taken."""
    purpose: Any = payment.purpose
    return _COMMANDS[type(purpose)](purpose, payment, {"tenant": tenant, "key": payment.id, "actor": by})


def _buying(
    purpose: ForPlan | ForCart | ForRenewal, sent: Mapping[str, Any], confirmed: Money | None = None
) -> Command[Any]:
    """The command that buys or renews; at what was *confirmed*, or, with `None`, at whatever it costs."""
    if isinstance(purpose, ForRenewal):
        return RenewPool(pool=purpose.pool, confirmed=confirmed, **sent)
    if isinstance(purpose, ForCart):
        return CheckOut(cart=purpose.cart, confirmed=None if confirmed is None else (confirmed,), **sent)
    named: dict[str, Any] = {"plan": purpose.plan, "pool": purpose.pool, "currency": purpose.currency, **sent}
    if purpose.public:
        return BuyPublicPlan(confirmed=confirmed, **named)
    return BuyPlan(beneficiary=purpose.beneficiary, confirmed=confirmed, **named)


def _for_buyer(purpose: ForPlan | ForCart | ForRenewal, payment: Payment, sent: Mapping[str, Any]) -> Command[Any]:
    return _buying(purpose, {**sent, "actor": payment.buyer}, payment.amount)


_COMMANDS: Final[Mapping[type, Callable[[Any, Payment, Mapping[str, Any]], Command[Any]]]] = FrozenMap(
    {
        ForPlan: _for_buyer,
        ForCart: _for_buyer,
        ForRenewal: _for_buyer,
        ForLicenses: lambda purpose, _payment, sent: SettleOrder(account=purpose.account, order=purpose.order, **sent),
        ForPack: lambda purpose, payment, sent: NotePackPayment(
            customer=purpose.customer, order=purpose.order, paid=payment.amount, **sent
        ),
        ForBill: lambda purpose, payment, sent: PayBill(
            customer=purpose.customer, document=purpose.document, paid=payment.amount, **sent
        ),
    }
)


@frozen
class Due:
    """Who is to pay how much, and whether they ask for it themselves, or let others do so."""

    payer: str
    amount: Money
    consented: bool = True


def _sent(asked: Command[Any]) -> dict[str, Any]:
    return {"tenant": asked.tenant, "key": asked.key, "actor": asked.actor}


def _due_for_purchase(asked: Command[Any], purpose: ForPlan | ForCart, now: datetime) -> UseCase[Due]:
    bought = yield from tried(_buying(purpose, _sent(asked)).steps(now))
    yield from last_look(asked, purpose)
    quotes = (bought.quote,) if isinstance(purpose, ForPlan) else bought.quotes
    if len(quotes) != 1:
        raise SeveralCurrencies
    return Due(asked.actor, quotes[0].due)


def _require_free(asked: Query[Any], pools: list[str]) -> UseCase[None]:
    for pool in sorted(pools):
        found = yield from ask(partial(_pool, asked.tenant, pool))
        if found is None:  # accounts of licenses share their ids with pools
            found = yield from ask(partial(_account, asked.tenant, pool))
        if found is not None:
            raise AggregateExists(aggregate=pool)


def _pool(tenant: str, pool: str, ports: Any) -> Any:
    return ports.work.pool(tenant, pool, ())


def _account(tenant: str, account: str, ports: Any) -> Any:
    return ports.work.account(tenant, account, ())


def _due_for_renewal(asked: Command[Any], purpose: ForRenewal, now: datetime) -> UseCase[Due]:
    stored = yield from ask(partial(_pool, asked.tenant, purpose.pool))
    bought = yield from tried(_buying(purpose, _sent(asked)).steps(now))
    yield from last_look(asked, purpose)
    if bought.quote is None:
        raise NothingDue
    payer = stored.state.terms.created_by
    return Due(payer, bought.quote.due, payer == asked.actor)


def _due_for_licenses(asked: Command[Any], purpose: ForLicenses, _now: datetime) -> UseCase[Due]:
    actor = yield from actor_of(asked, asked.actor)
    actor.require(Permission.LICENSES_MANAGE)
    stored = yield from ask(partial(_account, asked.tenant, purpose.account))
    if stored is None:
        raise UnknownAccount(account=purpose.account)
    order = next((one for one in stored.state.orders if one.id == purpose.order), None)
    if order is None:
        raise payments.NoPaymentPending
    if len(order.quotes) != 1:
        raise SeveralCurrencies
    return Due(purpose.account, order.quotes[0].due, (yield from _consented(asked, actor.id, purpose.account)))


def _due_for_pack(asked: Command[Any], purpose: ForPack, now: datetime) -> UseCase[Due]:
    actor, known = yield from chosen_by(asked, asked.actor, purpose.customer, MANAGE)
    require_unblocked(known, now)
    stored = yield from stored_credits(asked, purpose.customer, frozenset({purpose.order}))
    policy = yield from ask(lambda ports: ports.host.activation(asked.tenant))
    credit.note_payment(stored.state, purpose.order, policy=policy, by=actor, now=now)
    amount = order_of(stored.state, purpose.order).price
    return Due(purpose.customer, amount, (yield from _consented(asked, actor.id, purpose.customer)))


def _due_for_bill(asked: Command[Any], purpose: ForBill, _now: datetime) -> UseCase[Due]:
    actor, _ = yield from chosen_by(asked, asked.actor, purpose.customer, MANAGE)
    stored = yield from stored_customer(asked, purpose.customer, documents=named(purpose.document))
    bill = payable(stored.state, purpose.document)
    return Due(purpose.customer, bill.outstanding, (yield from _consented(asked, actor.id, purpose.customer)))


def _consented(asked: Query[Any], actor: str, customer: str) -> UseCase[bool]:
    """Whether the card of *customer* may be charged at the wish of *actor*: theirs, or by automatic debit."""
    known = yield from ask(lambda ports: ports.work.customer(asked.tenant, customer, (), ()))
    settings = None if known is None else known.state.settings
    return settings is not None and (settings.automatic_debit or settings.administrator == actor)


_DUE: Final[Mapping[type, Callable[..., UseCase[Due]]]] = FrozenMap(
    {
        ForPlan: _due_for_purchase,
        ForCart: _due_for_purchase,
        ForRenewal: _due_for_renewal,
        ForLicenses: _due_for_licenses,
        ForPack: _due_for_pack,
        ForBill: _due_for_bill,
    }
)


def due_for(asked: Command[Any], purpose: Purpose, now: datetime) -> UseCase[Due]:
    """What is due for *purpose* now, and from whom; refuses as the command does that carries it out."""
    return (yield from _DUE[type(purpose)](asked, purpose, now))


def still_consented(asked: Query[Any], payment: Payment) -> UseCase[bool]:
    """Whether the card of who pays may be charged by now, at the wish of who began it."""
    purpose: Any = payment.purpose
    customer = getattr(purpose, "customer", getattr(purpose, "account", None))
    if customer is None:
        return payment.payer == payment.buyer
    return (yield from _consented(asked, payment.buyer, customer))


def last_look(asked: Query[Any], purpose: Purpose) -> UseCase[None]:
    """Refuse what the command that carries *purpose* out finds out only when it saves, or does not look at."""
    if isinstance(purpose, ForPlan):
        yield from _require_free(asked, [purpose.pool])
    elif isinstance(purpose, ForCart):
        yield from _require_free(asked, [line.pool for line in purpose.cart.lines])
    elif isinstance(purpose, ForRenewal):
        stored = yield from ask(partial(_pool, asked.tenant, purpose.pool))
        if stored is not None and stored.state.renewals + 1 != purpose.number:
            raise RenewalElapsed(pool=purpose.pool, number=stored.state.renewals + 1)
