"""The laws of pools that are changed as a whole: transferred from, made smaller, renewed.

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import pools
from licensing_core.directory import Actor, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.periods import Duration
from licensing_core.plans import PackageKind, PlanKind, Renewal, Switches, Terms
from licensing_core.pools import SHRINK_ORDER, AnyPool, LicensePool, SeatPool, ShrinkStage
from licensing_core.testing.law import require
from licensing_core.testing.laws_pools import (
    NOON,
    ROOT,
    USERS,
    a_question_agrees,
    any_actor,
    any_pool,
    any_switches,
    outcome_of,
    some_users,
)

ZONES: Final = ("UTC", "Europe/Madrid", "America/New_York")
VALIDITIES: Final = ("P1Y", "P1M", "P30D", "P2W")
_BEFORE_ALL: Final = NOON - timedelta(days=9999)


def a_transfer_moves_and_conserves(
    source: LicensePool,
    target: LicensePool,
    users: Collection[str],
    eligible: Collection[str],
    source_switches: Switches,
    target_switches: Switches,
    by: Actor,
) -> None:
    """WAL-12. It is assigning and unassigning in one: as many hold a license as before, and the same people do."""
    switches = {"source_switches": source_switches, "target_switches": target_switches}
    found = outcome_of(pools.transfer, source, target, users, eligible=eligible, **switches, by=by, now=NOON)
    moving = {user for user in users if source.holds(user) and target.holdings.get(user) is not Holding.HELD}
    given = outcome_of(pools.assign, target, moving, eligible=eligible, switches=target_switches, by=by, now=NOON)
    taken = outcome_of(pools.unassign, source, moving, switches=source_switches, by=by, now=NOON)
    refusal = next((one for one in (given, taken) if isinstance(one, LicensingError)), None)
    case = {"source": dict(source.holdings), "target": dict(target.holdings), "users": users, **switches, "by": by}
    if isinstance(found, LicensingError) or refusal is not None:
        require(found == refusal, "it is refused as assigning and then unassigning is", found=found, **case)
        return
    after: Any = found[0]
    before = source.held + target.held
    require(after.source.held + after.target.held == before, "as many hold a license as before", **case)
    require(all(after.target.holds(user) and not after.source.holds(user) for user in moving), "they moved", **case)
    for pool, now in ((source, after.source), (target, after.target)):
        others = (
            {user: one for user, one in held.items() if user not in moving} for held in (pool.holdings, now.holdings)
        )
        require(next(others) == next(others), "nobody else is touched", pool=pool.id, **case)
        mine = [event for event in found[1] if event.pool == pool.id]
        require(reduce(pools.apply, mine, pool) == now, "the events of each pool rebuild it", pool=pool.id, **case)
    freed = len(moving) if by.is_superadmin or source_switches.allow_refund else 0
    require(after.source.consumed == source.consumed - freed, "what is left behind awaits confirmation", **case)


def a_shrink_by_its_preview_fits(
    pool: LicensePool,
    bought: int,
    last_active: Mapping[str, datetime],
    assigned_at: Mapping[str, datetime],
    idle_before: datetime | None,
    order: tuple[ShrinkStage, ...] = SHRINK_ORDER,
) -> None:
    """A cut takes what is free, then whom the preview names in its order: just enough, and exactly those."""
    ranks = {user: _rank(pool, user, last_active, assigned_at, idle_before, order) for user in pool.holdings}
    may_go = [user for user in ranks if ranks[user][0] < len(order)]
    needed = max(0, pool.consumed - bought) if bought < pool.bought else 0
    case = {"pool": pool, "holdings": dict(pool.holdings), "bought": bought, "ranks": ranks, "order": order}
    try:
        preview = pools.preview_shrink(
            pool, bought, order=order, last_active=last_active, idle_before=idle_before, assigned_at=assigned_at
        )
    except pools.PoolInUse:
        require(len(may_go) < needed, "refused only when too few may go", **case)
        return
    free = min(pool.free, max(0, pool.bought - bought))
    require((preview.free, len(preview.users)) == (free, needed), "what is free goes first", preview=preview, **case)
    staying = [rank for user, rank in ranks.items() if user not in preview.users]
    going = [ranks[user] for user in preview.users]
    for users in (preview.awaiting, preview.idle, preview.last_assigned):
        turns = [ranks[user] for user in users]
        require(turns == sorted(turns), "those of one stage go in its order", preview=preview, **case)
    require(not going or not staying or max(going) <= min(staying), "nobody goes before their turn", **case)
    after = pools.resize(pool, bought, drop=preview.users, by=ROOT, now=NOON).state
    require(after.bought == bought and after.consumed == pool.consumed - needed, "it takes just enough", **case)
    require(bought >= pool.bought or not after.overrun, "it fits", after=after, **case)
    fewer, more = preview.users[1:], (*preview.users, *(user for user in ranks if user not in preview.users))
    for drop, code in ((fewer, "pool.in_use"), (more, "pool.preview_outdated")):
        found = outcome_of(pools.resize, pool, bought, drop=drop, by=ROOT, now=NOON)
        refused = isinstance(found, LicensingError) and found.code == code
        require(refused == (len(drop) != needed), "neither fewer nor more of them may go", drop=drop, **case)


def _rank(
    pool: LicensePool,
    user: str,
    last_active: Mapping[str, datetime],
    assigned_at: Mapping[str, datetime],
    idle_before: datetime | None,
    order: tuple[ShrinkStage, ...],
) -> tuple[int, timedelta]:
    """The place of *user* in line: the stage, and within it how long idle or how late assigned."""
    stage, within = ShrinkStage.LAST_ASSIGNED, NOON - assigned_at.get(user, _BEFORE_ALL)
    if pool.holdings.get(user) is Holding.AWAITING:
        stage, within = ShrinkStage.AWAITING, timedelta()
    elif idle_before is not None and last_active.get(user, _BEFORE_ALL) < idle_before:
        stage, within = ShrinkStage.IDLE, last_active.get(user, _BEFORE_ALL) - _BEFORE_ALL
    return (order.index(stage) if stage in order else len(order), within)


def a_renewal_loses_no_day(pool: AnyPool, now: datetime, zone: str, by: Actor) -> None:
    """Decision 5. Early it counts from the old expiry, late from now; who holds a license keeps it."""
    found = outcome_of(pools.renew, pool, zone=zone, by=by, now=now)
    terms, expiry, case = pool.terms, pool.expires_at, {"pool": pool, "now": now, "zone": zone}
    if terms is None or expiry is None or terms.renewal is Renewal.NONE:
        require(found == pools.RenewalNotOffered(pool=pool.id), "what was sold without renewal is not renewed", **case)
        return
    if isinstance(found, LicensingError):
        raise found
    after = found[0]
    ends = terms.validity.after(max(expiry, now), zone)
    require(after.expires_at == ends > expiry, "a whole validity is added", after=after, **case)
    if now < expiry:
        other = pools.renew(pool, zone=zone, by=by, now=expiry).state
        require(after == other, "early or on the day is the same", after=after, other=other, **case)
    seats = pool.kind is PackageKind.SEATS
    bought = pool.bought + terms.quantity if seats else max(pool.bought, terms.quantity)
    kept = evolve(after, bought=pool.bought, expires_at=expiry, renewals=pool.renewals)
    if isinstance(kept, LicensePool) and isinstance(pool, LicensePool):
        require(kept.revoked == 0, "what was taken is counted from the renewal on", after=after, **case)
        kept = evolve(kept, revoked=pool.revoked)
    counts = (after.bought, after.renewals)
    require(counts == (bought, pool.renewals + 1), "what was sold is there again", after=after, **case)
    require(kept == pool, "nothing else changes", after=after, **case)


def questions_agree_with_commands(
    source: LicensePool, target: LicensePool, users: Collection[str], bought: int, switches: Switches, by: Actor
) -> None:
    """Each `can_...` carries the very refusal of its command, or allows what the command does."""
    acts: dict[str, Any] = {"by": by, "now": NOON}
    more = {"eligible": list(users)[1:], "source_switches": switches, "target_switches": switches}
    a_question_agrees(pools.can_transfer, pools.transfer, source, target, users, **more, **acts)
    a_question_agrees(pools.can_resize, pools.resize, source, bought, drop=users, **acts)
    a_question_agrees(pools.can_renew, pools.renew, source, zone="UTC", **acts)


# Cases, from a source of random numbers that the caller seeds.


def two_pools(rng: Random) -> tuple[LicensePool, LicensePool]:
    """Two pools of licenses for the same users."""
    return any_pool(rng), evolve(any_pool(rng), id="other")


def any_terms(rng: Random, kind: PlanKind) -> Terms:
    """What was sold, renewed or not."""
    return Terms(
        plan="ten",
        package="pack",
        kind=kind,
        price=None,
        quantity=rng.randint(1, 9),
        validity=Duration.parse(rng.choice(VALIDITIES)),
        renewal=rng.choice((Renewal.MANUAL, Renewal.AUTOMATIC, Renewal.MANUAL, Renewal.NONE)),
        created_by="pu",
        purchased_at=NOON,
    )


def any_sold_pool(rng: Random) -> AnyPool:
    """A pool of licenses or seats that expires at some time; some were not sold, or never expire."""
    expires_at = rng.choice((None, *(NOON + timedelta(hours=rng.randrange(9000)) for _ in range(4))))
    if rng.random() < 0.5:
        terms = any_terms(rng, PlanKind.SEATS)
        held = rng.randrange(4)
        return SeatPool(
            id="seats",
            beneficiary=Scope.branch("sales"),
            bought=rng.randrange(9),
            consumed=held + rng.randrange(3),
            held=held,
            expires_at=expires_at,
            terms=rng.choice((terms, terms, terms, None)),
        )
    return evolve(any_pool(rng), expires_at=expires_at, terms=any_terms(rng, PlanKind.MULTI_LICENSE))


def some_instants(rng: Random) -> dict[str, datetime]:
    """An instant for some of the users."""
    return {user: NOON - timedelta(hours=rng.randrange(9)) for user in some_users(rng)}


def _transferred(rng: Random) -> None:
    eligible = USERS if rng.random() < 0.7 else some_users(rng)
    source, target = two_pools(rng)
    if rng.random() < 0.5:
        target = evolve(target, bought=target.consumed + rng.randrange(5))
    a_transfer_moves_and_conserves(
        source, target, some_users(rng), eligible, any_switches(rng), any_switches(rng), any_actor(rng)
    )


def _shrunk(rng: Random) -> None:
    pool = any_pool(rng)
    idle_before = rng.choice((None, NOON - timedelta(hours=rng.randrange(9))))
    order = rng.choice((SHRINK_ORDER, SHRINK_ORDER, SHRINK_ORDER[::-1], SHRINK_ORDER[:1], ()))
    bought = rng.randrange(pool.bought + 2)
    a_shrink_by_its_preview_fits(pool, bought, some_instants(rng), some_instants(rng), idle_before, order)


def _renewed(rng: Random) -> None:
    now = NOON + timedelta(hours=rng.randrange(9000))
    a_renewal_loses_no_day(any_sold_pool(rng), now, rng.choice(ZONES), any_actor(rng))


def _asked(rng: Random) -> None:
    source, target = two_pools(rng)
    questions_agree_with_commands(source, target, some_users(rng), rng.randrange(9), any_switches(rng), any_actor(rng))


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("a transfer moves and conserves", _transferred),
    ("a shrink by its preview fits", _shrunk),
    ("a renewal loses no day", _renewed),
    ("questions agree with commands that change pools", _asked),
]
"""Name of each law, and what makes one case of it and checks it."""
