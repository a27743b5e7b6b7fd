"""Renewing what was bought: it lasts longer, and what was paid for it is charged again."""

from datetime import datetime
from typing import ClassVar

from attrs import frozen

from licensing_core import pools
from licensing_core.billing import Quote, line, require_confirmed
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, Permission
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.orders.purchases import Charged, OrderEvent, Purchase
from licensing_core.plans import Terms
from licensing_core.pools import AnyPool
from licensing_core.pricing import FlatPrice


@frozen(kw_only=True)
class RenewalNotOwner(LicensingError):
    """A power user renews only what they bought themselves; what they did not, or does not exist, is refused alike."""

    code: ClassVar[str] = "renewal.not_owner"
    rules: ClassVar[tuple[str, ...]] = ("DOC-50", "D-12")
    pool: str

    def __str__(self) -> str:
        return f"pool {self.pool!r} was not bought by this actor; have the buyer or a superadmin renew it"


def quote_renewal(pool: AnyPool) -> Quote | None:
    """What renewing *pool* costs: what was paid for it; `None` where it was recorded by hand or not sold."""
    terms = pool.terms
    return None if terms is None or terms.price is None else _quote(terms, terms.price)


def _quote(terms: Terms, price: Money) -> Quote:
    return Quote(currency=price.currency, lines=(line(terms.plan, terms.quantity, FlatPrice(price)),))


def renew(
    actor: Actor, pool: AnyPool, *, zone: str, now: datetime, confirmed: Money | None = None
) -> Decision[Purchase, OrderEvent]:
    """Renew *pool* from its expiry, or from *now* when that has passed, and charge again what was paid for it.

    Whoever renews, it is charged to who bought it. It takes no permission over the beneficiary: who has bought
    may renew.

    Args:
        zone: The zone in whose local time the validity is counted.
        confirmed: The amount that was confirmed or paid.

    Returns:
        The pool afterwards, and the quote to charge; `None` for what was recorded by hand.

    Raises:
        PermissionMissing: *actor* is neither superadmin nor power user.
        RenewalNotOwner: A power user did not buy or record it.
        RenewalNotOffered: Its plan is sold without renewal.
        QuoteChanged: It does not cost what was *confirmed*.

    Source: DOC-50, DOC-51, DOC-53, decision 5.
    """
    actor.require(Permission.SUBSCRIPTIONS_RENEW)
    if not actor.is_superadmin and (pool.terms is None or pool.terms.created_by != actor.id):
        raise RenewalNotOwner(pool=pool.id)
    renewed = pools.renew(pool, zone=zone, by=actor, now=now)
    quote = quote_renewal(pool)
    require_confirmed(() if quote is None else (quote,), None if confirmed is None else (confirmed,))
    after = Purchase(pool=renewed.state, quote=quote)
    if quote is None or pool.terms is None:
        return Decision(after, renewed.events)
    charge = Charged(pool=pool.id, quote=quote, payer=pool.terms.created_by, by=actor.id, at=now)
    return Decision(after, (*renewed.events, charge))


can_renew = twin(renew, "DOC-50")
