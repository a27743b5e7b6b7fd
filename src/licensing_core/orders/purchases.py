"""Buying a plan: the pool that opens and the money that is charged, decided in one pure step."""

from datetime import datetime
from typing import ClassVar, cast

from attrs import frozen

from licensing_core.billing import Quote, line, require_confirmed
from licensing_core.checks import Id, UserId, Value, checked
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Event, twin
from licensing_core.directory import Actor, Directory, Scope
from licensing_core.money import Money
from licensing_core.plans import Offer, PlanKind, Switches, Terms
from licensing_core.pools import AnyPool, LicensePool, LicensesAssigned, PoolOpened, PoolRenewed, assign, open_pool
from licensing_core.visibility import can_buy_publicly, can_name, can_record_for


@frozen(kw_only=True, field_transformer=checked)
class Charged(Event):
    """Money was charged for a pool.

    Attributes:
        payer: Whose it is to pay: the buyer, and on renewal whoever had bought (DOC-51).
    """

    type: ClassVar[str] = "order.charged"
    pool: Id
    quote: Quote
    payer: UserId


@frozen(kw_only=True, field_transformer=checked)
class Purchase(Value):
    """The pool that a purchase opened, and the quote that was charged; `None` when it was recorded by hand."""

    pool: AnyPool
    quote: Quote | None

    @property
    def charged(self) -> Money | None:
        """The amount charged."""
        return None if self.quote is None else self.quote.due


OrderEvent = Charged | PoolOpened | LicensesAssigned | PoolRenewed


def quote_plan(offer: Offer, currency: Currency | None = None) -> Quote:
    """What one purchase through the plan of *offer* costs.

    Raises:
        PriceMissing: The plan has no price in *currency*, or several prices and none was named.
    """
    price = offer.plan.price_in(currency)
    return Quote(currency=price.currency, lines=(line(offer.plan.id, offer.plan.quantity, price),))


def purchase(
    actor: Actor,
    offer: Offer,
    beneficiary: Scope | None = None,
    *,
    directory: Directory,
    pool_id: Id,
    zone: str,
    now: datetime,
    currency: Currency | None = None,
    confirmed: Money | None = None,
) -> Decision[Purchase, OrderEvent]:
    """Buy through the plan of *offer* for *beneficiary*: for the actor themselves when it is `None`.

    Args:
        zone: The zone in whose local time the validity is counted.
        currency: Which of the plan's prices; not needed where there is only one.
        confirmed: The amount that the buyer has confirmed or paid; a price that has changed since is refused.

    Returns:
        The pool and the quote to charge. A single license is assigned at once; a pool grants nothing yet (DOC-13).

    Raises:
        PurchaseBySuperadmin, PlanNotVisible, KindNotAllowed, BeneficiaryRequired, BeneficiaryKind,
            PermissionMissing, BeneficiaryNotAllowed: As `visibility.can_name()` refuses, in this order.
        PriceMissing: The plan is not sold in *currency*.
        QuoteChanged: It does not cost what was *confirmed*.

    Source: DOC-1 to DOC-18.
    """
    can_name(actor, offer, beneficiary, directory).require()
    return _charged(actor, offer, beneficiary or Scope.user(actor.id), pool_id, zone, now, currency, confirmed)


def purchase_publicly(
    actor: Actor,
    offer: Offer,
    *,
    directory: Directory,
    pool_id: Id,
    zone: str,
    now: datetime,
    currency: Currency | None = None,
    confirmed: Money | None = None,
) -> Decision[Purchase, OrderEvent]:
    """Buy a single license from the public catalog, for *actor* themselves; they need not be in any branch.

    Raises:
        PurchaseBySuperadmin, PlanNotVisible: As `visibility.can_buy_publicly()` refuses.
        PriceMissing, QuoteChanged: As `purchase()` refuses.

    Source: DOC-11.
    """
    can_buy_publicly(actor, offer, directory).require()
    return _charged(actor, offer, Scope.user(actor.id), pool_id, zone, now, currency, confirmed)


def _charged(
    actor: Actor,
    offer: Offer,
    beneficiary: Scope,
    pool_id: str,
    zone: str,
    now: datetime,
    currency: Currency | None,
    confirmed: Money | None,
) -> Decision[Purchase, OrderEvent]:
    quote = quote_plan(offer, currency)
    require_confirmed((quote,), None if confirmed is None else (confirmed,))
    opening = _open(actor, offer, beneficiary, pool_id, zone, now, quote.due)
    charge = Charged(pool=pool_id, quote=quote, payer=actor.id, by=actor.id, at=now)
    return Decision(Purchase(pool=opening.state, quote=quote), (*opening.events, charge))


def record_transaction(
    actor: Actor,
    offer: Offer,
    beneficiary: Scope | None,
    *,
    directory: Directory,
    pool_id: Id,
    zone: str,
    now: datetime,
) -> Decision[Purchase, OrderEvent]:
    """Record by hand a purchase that was paid elsewhere: the same effect, and nothing charged.

    Raises:
        PermissionMissing, BeneficiaryRequired, BeneficiaryKind, BeneficiaryNotAllowed: As
            `visibility.can_record_for()` refuses.

    Source: DOC-7, DOC-8.
    """
    can_record_for(actor, offer, beneficiary, directory).require()
    named = cast("Scope", beneficiary)  # None was refused
    opening = _open(actor, offer, named, pool_id, zone, now, None)
    return Decision(Purchase(pool=opening.state, quote=None), opening.events)


def _open(
    actor: Actor,
    offer: Offer,
    beneficiary: Scope,
    pool_id: str,
    zone: str,
    now: datetime,
    charged: Money | None,
) -> Decision[AnyPool, PoolOpened | LicensesAssigned]:
    plan = offer.plan
    terms = Terms(
        plan=plan.id,
        package=plan.package,
        kind=plan.kind,
        price=charged,
        quantity=plan.quantity,
        validity=plan.validity,
        renewal=plan.renewal,
        created_by=actor.id,
        purchased_at=now,
    )
    opening = open_pool(
        pool_id,
        plan.kind.sells,
        beneficiary=beneficiary,
        bought=plan.quantity,
        by=actor,
        now=now,
        expires_at=plan.validity.after(now, zone),
        terms=terms,
    )
    if plan.kind is not PlanKind.SINGLE_LICENSE or not isinstance(opening.state, LicensePool):
        return opening
    named = (str(beneficiary.id),)
    assigned = assign(opening.state, named, eligible=named, switches=Switches(), by=actor, now=now)
    return Decision(assigned.state, (*opening.events, *assigned.events))


can_purchase = twin(purchase, "DOC-18")
can_purchase_publicly = twin(purchase_publicly, "DOC-11")
can_record_transaction = twin(record_transaction, "DOC-7")
