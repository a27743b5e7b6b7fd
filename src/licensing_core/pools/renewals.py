"""Renewing what was bought: early without losing a day, late from now."""

from datetime import datetime
from typing import TypeVar

from licensing_core.checks import as_instant
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.plans import PackageKind, Renewal
from licensing_core.pools import events
from licensing_core.pools.events import PoolRenewed
from licensing_core.pools.refusals import RenewalNotOffered
from licensing_core.pools.values import LicensePool, SeatPool

P = TypeVar("P", bound=LicensePool | SeatPool)


def renew(pool: P, *, zone: str, by: Actor, now: datetime) -> Decision[P, PoolRenewed]:
    """Let *pool* last for the validity that was sold once more, from its expiry, or from *now* when that has passed.

    Those who hold a license keep it; a pool of seats gains the quantity that was sold again, so that nothing that was
    bought is lost. A pool of licenses that was made smaller has the quantity that was sold again, for that is what is
    paid for; one that was made larger stays so. What it costs is decided by `orders.renew()`.

    Args:
        zone: The zone in whose local time the validity is counted.

    Raises:
        RenewalNotOffered: It was not sold through a plan, was sold without renewal, or never expires.

    Source: DOC-53, decision 5.
    """
    at, terms, expiry = as_instant("now", now), pool.terms, pool.expires_at
    if terms is None or expiry is None or terms.renewal is Renewal.NONE:
        raise RenewalNotOffered(pool=pool.id)
    sold = terms.quantity
    event = PoolRenewed(
        pool=pool.id,
        expires_at=terms.validity.after(max(expiry, at), zone),
        bought=pool.bought + sold if pool.kind is PackageKind.SEATS else max(pool.bought, sold),
        by=acting(by),
        at=at,
    )
    return Decision(events.apply(pool, event), (event,))


can_renew = twin(renew, "DOC-53")
