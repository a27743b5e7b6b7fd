"""Use cases of buying: what is on sale to whom, quotes, purchases, carts and renewals."""

from bisect import bisect_right
from datetime import datetime
from typing import ClassVar

from attrs import frozen

from licensing_core import orders, seat_administration, visibility
from licensing_core.billing import Quote
from licensing_core.checks import Id, UserId, Value, checked
from licensing_core.currencies import Currency
from licensing_core.directory import Actor, Permission, Scope
from licensing_core.money import Money
from licensing_core.orders import Cart, Purchase
from licensing_core.plans import Offer
from licensing_core.pools import AnyPool
from licensing_core.protocols import Stored
from licensing_core.seat_administration import Row
from licensing_core.services.accounts import Quotes
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.loading import actor_of, buyable, offer_of, save_pool, setting
from licensing_core.services.paging import Most, cut
from licensing_core.visibility import PlanNotVisible, PoolNotVisible


@frozen(field_transformer=checked)
class Ids(Value):
    """Ids, sorted; *next* is the one to ask for more after, `None` where there are no more."""

    ids: tuple[Id, ...]
    next: Id | None = None


@frozen(field_transformer=checked)
class Scopes(Value):
    """Scopes, sorted by their text; *next* is the one to ask for more after, `None` where there are no more."""

    scopes: tuple[Scope, ...]
    next: Scope | None = None


@frozen(kw_only=True, field_transformer=checked)
class PlanBought(Value):
    """The row of the pool that a purchase opened, and the quote that was charged; `None` when recorded by hand."""

    row: Row
    quote: Quote | None


@frozen(kw_only=True, field_transformer=checked)
class CartBought(Value):
    """What a cart came to: each line's row and quote in the order of the cart, and what was charged in each currency.

    Attributes:
        recipient: Whom the rest of the cart is for.
    """

    lines: tuple[PlanBought, ...]
    quotes: tuple[Quote, ...]
    recipient: UserId


def _line_bought(purchase: Purchase) -> PlanBought:
    return PlanBought(row=seat_administration.row_of(purchase.pool), quote=purchase.quote)


@frozen(kw_only=True, field_transformer=checked)
class BuyPlan(Command[PlanBought]):
    """Buy through *plan* for *beneficiary* (nobody named: the actor), once the payment was taken.

    *confirmed* is the amount that was taken: a price that has changed since is refused, so that what was paid and
    what is recorded are the same. To be sent by the host's payment code. Refuses as `orders.purchase()` does.
    """

    rule: ClassVar[str] = "DOC-18"

    plan: Id
    pool: Id
    beneficiary: Scope | None = None
    currency: Currency | None = None
    confirmed: Money | None = None

    def steps(self, now: datetime) -> UseCase[PlanBought]:
        """Decide the purchase; save the pool with the charge."""
        actor, directory = yield from setting(self, self.actor)
        offer = yield from buyable(self, actor, self.plan)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.purchase(
            actor,
            offer,
            self.beneficiary,
            directory=directory,
            pool_id=self.pool,
            zone=zone,
            now=now,
            currency=self.currency,
            confirmed=self.confirmed,
        )
        yield from save(self, decision.state.pool, 0, decision.events)
        return _line_bought(decision.state)


@frozen(kw_only=True, field_transformer=checked)
class RecordTransaction(Command[PlanBought]):
    """Record by hand a purchase through *plan* that was paid elsewhere; refuses as `orders.record_transaction()`."""

    rule: ClassVar[str] = "DOC-7"

    plan: Id
    pool: Id
    beneficiary: Scope | None = None

    def steps(self, now: datetime) -> UseCase[PlanBought]:
        """Decide the transaction; save the pool."""
        actor, directory = yield from setting(self, self.actor)
        offer = yield from offer_of(self, self.plan)
        if offer is None:
            actor.require(Permission.TRANSACTIONS_CREATE)
            raise PlanNotVisible(plan=self.plan)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.record_transaction(
            actor, offer, self.beneficiary, directory=directory, pool_id=self.pool, zone=zone, now=now
        )
        yield from save(self, decision.state.pool, 0, decision.events)
        return _line_bought(decision.state)


@frozen(kw_only=True, field_transformer=checked)
class BuyPublicPlan(Command[PlanBought]):
    """Buy a single license from the public catalog for the actor, once the payment was taken.

    Refuses as `orders.purchase_publicly()` does.
    """

    rule: ClassVar[str] = "DOC-11"

    plan: Id
    pool: Id
    currency: Currency | None = None
    confirmed: Money | None = None

    def steps(self, now: datetime) -> UseCase[PlanBought]:
        """Decide the purchase; save the pool with the charge."""
        actor, directory = yield from setting(self, self.actor)
        offer = yield from buyable(self, actor, self.plan)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.purchase_publicly(
            actor,
            offer,
            directory=directory,
            pool_id=self.pool,
            zone=zone,
            now=now,
            currency=self.currency,
            confirmed=self.confirmed,
        )
        yield from save(self, decision.state.pool, 0, decision.events)
        return _line_bought(decision.state)


def _offers(asked: Query[CartBought] | Query[Quotes], cart: Cart) -> UseCase[dict[str, Offer]]:
    found: dict[str, Offer] = {}
    for plan in sorted({line.plan for line in cart.lines}):
        if (offer := (yield from offer_of(asked, plan))) is not None:
            found[plan] = offer
    return found


@frozen(kw_only=True, field_transformer=checked)
class CheckOut(Command[CartBought]):
    """Buy every line of *cart*, or nothing, once the payment was taken; refuses as `orders.checkout()` does.

    *confirmed* are the amounts that were taken, one for each currency: prices that have changed since are refused.
    """

    rule: ClassVar[str] = "DOC-17"

    cart: Cart
    confirmed: tuple[Money, ...] | None = None

    def steps(self, now: datetime) -> UseCase[CartBought]:
        """Decide the whole cart; save each pool with its charge."""
        actor, directory = yield from setting(self, self.actor)
        offers = yield from _offers(self, self.cart)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.checkout(
            actor, self.cart, offers=offers, directory=directory, zone=zone, now=now, confirmed=self.confirmed
        )
        for bought in sorted(
            decision.state.purchases, key=lambda one: one.pool.id
        ):  # so that no two carts wait for each other
            own = tuple(event for event in decision.events if event.pool == bought.pool.id)
            yield from save(self, bought.pool, 0, own)
        lines = tuple(map(_line_bought, decision.state.purchases))
        return CartBought(lines=lines, quotes=decision.state.quotes, recipient=decision.state.recipient)


@frozen(kw_only=True, field_transformer=checked)
class QuoteCart(Query[Quotes]):
    """What *cart* would cost *actor* now, one quote for each currency; refuses as `CheckOut` does."""

    actor: UserId
    cart: Cart

    def steps(self, now: datetime) -> UseCase[Quotes]:
        """Ask the host alone: nothing stored is read."""
        actor, directory = yield from setting(self, self.actor)
        offers = yield from _offers(self, self.cart)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.checkout(actor, self.cart, offers=offers, directory=directory, zone=zone, now=now)
        return Quotes(decision.state.quotes)


@frozen(kw_only=True, field_transformer=checked)
class RenewPool(Command[PlanBought]):
    """Renew *pool*, once the payment was taken from who bought it; refuses as `orders.renew()` does.

    *confirmed* is the amount that was taken.
    """

    rule: ClassVar[str] = "DOC-50"

    pool: Id
    confirmed: Money | None = None

    def steps(self, now: datetime) -> UseCase[PlanBought]:
        """Load without holdings, decide, save."""
        actor, stored = yield from _renewable(self, self.actor, self.pool)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.renew(actor, stored.state, zone=zone, now=now, confirmed=self.confirmed)
        yield from save_pool(self, decision.state.pool, stored, decision.events)
        return _line_bought(decision.state)


def _renewable(
    asked: Query[PlanBought] | Query[Quotes], actor_id: str, pool_id: str
) -> UseCase[tuple[Actor, Stored[AnyPool]]]:
    """Who renews, and the pool without holdings, refused when there is none as one that they did not buy."""
    actor = yield from actor_of(asked, actor_id)
    stored = yield from ask(lambda ports: ports.work.pool(asked.tenant, pool_id, frozenset()))
    if stored is None:
        actor.require(Permission.SUBSCRIPTIONS_RENEW)
        raise PoolNotVisible(pool=pool_id) if actor.is_superadmin else orders.RenewalNotOwner(pool=pool_id)
    return actor, stored


@frozen(kw_only=True, field_transformer=checked)
class QuoteRenewal(Query[Quotes]):
    """What renewing *pool* costs who bought it: one quote, or none where it was recorded by hand.

    Refuses as `RenewPool` does.
    """

    actor: UserId
    pool: Id

    def steps(self, now: datetime) -> UseCase[Quotes]:
        """Load without holdings, decide, and keep nothing."""
        actor, stored = yield from _renewable(self, self.actor, self.pool)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        quote = orders.renew(actor, stored.state, zone=zone, now=now).state.quote
        return Quotes(() if quote is None else (quote,))


@frozen(kw_only=True, field_transformer=checked)
class ListPlans(Query[Ids]):
    """The ids of the plans on the plans page of *actor* (DOC-10); without an actor, of the public catalog (DOC-11)."""

    actor: UserId | None = None

    def steps(self, now: datetime) -> UseCase[Ids]:
        """Ask the host for the plans, and list those that may be bought."""
        offers = yield from ask(lambda ports: ports.host.offers(self.tenant))
        if self.actor is None:
            directory = yield from ask(lambda ports: ports.host.directory(self.tenant))
            return Ids(visibility.public_plans(offers, directory))
        actor, directory = yield from setting(self, self.actor)
        return Ids(visibility.plans_for(actor, offers, directory))


@frozen(kw_only=True, field_transformer=checked)
class ListBeneficiaries(Query[Scopes]):
    """The scopes to offer to *actor* for a purchase through *plan*; refuses as `visibility.beneficiaries()` does.

    Attributes:
        after: The scope that came last before; `None` for the first ones.
        most: How many to answer with at most, 1000 or less.
    """

    actor: UserId
    plan: Id
    after: Scope | None = None
    most: Most = 100

    def steps(self, now: datetime) -> UseCase[Scopes]:
        """Ask the host alone: nothing stored is read."""
        actor, directory = yield from setting(self, self.actor)
        offer = yield from buyable(self, actor, self.plan)
        found = visibility.beneficiaries(actor, offer, directory)
        start = 0 if self.after is None else bisect_right(found, str(self.after), key=str)
        return Scopes(*cut(found, found, start, self.most))


@frozen(kw_only=True, field_transformer=checked)
class QuotePlan(Query[Quote]):
    """What one purchase through *plan* costs *actor*, who must be able to see it as a buyer.

    Refuses as `visibility.can_see_plan()` and `orders.quote_plan()` do.
    """

    actor: UserId
    plan: Id
    currency: Currency | None = None

    def steps(self, now: datetime) -> UseCase[Quote]:
        """Ask the host alone: nothing stored is read."""
        actor, directory = yield from setting(self, self.actor)
        offer = yield from buyable(self, actor, self.plan)
        visibility.can_see_plan(actor, offer, directory).require()
        return orders.quote_plan(offer, self.currency)
