"""Giving what one holder has to another who is the same person, without assigning anything anew."""

from datetime import datetime

from licensing_core.checks import InvalidArgument, UserId, as_id, as_instant
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, acting
from licensing_core.holdings import Holding
from licensing_core.pools import events
from licensing_core.pools.events import HolderMerged
from licensing_core.pools.values import LicensePool


def merge_holder(
    pool: LicensePool, user: UserId, into: UserId, *, by: Actor, now: datetime
) -> Decision[LicensePool, HolderMerged]:
    """Let *into* have the license of *user*, who has none any more; where both had one, one goes back to the pool.

    The one that is held stays rather than one that awaits confirmation. Neither limit nor beneficiary is asked: it is
    the same person. Of a *user* without a license nothing changes.

    Args:
        pool: The pool as last saved, with the holdings of both.
        by: Who acts; recorded in the event. Whether they may is for the caller to ask.

    Raises:
        InvalidArgument: The two are the same.
        HoldingsNotLoaded: The holdings of one of them were not loaded.

    Source: decision 18.
    """
    leaving, staying, at, who = as_id("user", user), as_id("into", into), as_instant("now", now), acting(by)
    require_two(leaving, staying)
    pool.holdings.require((leaving, staying))
    theirs = pool.holdings.get(leaving)
    if theirs is None:
        return Decision(pool)
    held = Holding.HELD in (theirs, pool.holdings.get(staying))
    state = Holding.HELD if held else Holding.AWAITING
    event = HolderMerged(pool=pool.id, user=leaving, into=staying, holding=state, by=who, at=at)
    return Decision(events.apply(pool, event), (event,))


def require_two(user: str, into: str) -> None:
    """Refuse to merge somebody into themselves."""
    if user == into:
        raise InvalidArgument(parameter="into", expected="another user", got="the same")
