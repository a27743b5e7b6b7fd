"""The plain rules of pools: assigned, unassigned, transferred, resized and renewed (DOC-28 to DOC-38, decision 5)."""

from collections.abc import Sequence
from datetime import timedelta

from tests.machines.academy import BUYERS, LICENSES, QUANTITIES, VALIDITY
from tests.machines.academy_plain import Academy, Refused, once, told
from tests.machines.academy_plain_enrollments import follow, lock

STAGES = ("awaiting", "idle", "last_assigned")


def assign(at: Academy, by: str, pool: str, users: Sequence[str]) -> str:
    at.require_managed(by, pool, licenses=True)
    new = [user for user in once(users) if at.pools[pool].licenses.get(user) != "held"]
    _give(at, pool, new)
    return told("ok", added=new, passed_over=[user for user in once(users) if user not in new])


def _give(at: Academy, pool: str, new: list[str], *, try_only: bool = False) -> None:
    """Give each of *new*, who hold none, a license of *pool*: their own again where it awaits confirmation."""
    found = at.pools[pool]
    outsiders = [user for user in new if not at.eligible(user, pool)]
    if outsiders:
        raise Refused("pool.not_eligible", pool=pool, users=outsiders)
    needed = sum(1 for user in new if user not in found.licenses)
    if short := at.short(pool, needed):
        raise Refused("pool.licenses_exhausted", pool=pool, requested=needed, shortfall=short)
    if not try_only:
        found.licenses.update(dict.fromkeys(new, "held"))
        found.since.update(dict.fromkeys(new, at.now))


def unassign(at: Academy, by: str, pool: str, users: Sequence[str]) -> str:
    at.require_managed(by, pool, licenses=True)
    holders = [user for user in once(users) if at.pools[pool].licenses.get(user) == "held"]
    released, awaiting = _take(at, by, pool, once(users))
    locked = lock(at, pool, holders)
    passed = [user for user in once(users) if user not in released + awaiting]
    return told("ok", released=released, awaiting=awaiting, passed_over=passed, locked=locked)


def _take(at: Academy, by: str, pool: str, users: list[str]) -> tuple[list[str], list[str]]:
    """Take the license of *pool* from *users*: those who gave it back, and those of whom it awaits confirmation."""
    found = at.pools[pool]
    holders = [user for user in users if found.licenses.get(user) == "held"]
    _require_revocations(at, by, pool, len(holders))
    released, awaiting = holders, list[str]()
    if by == "root":
        released = [user for user in users if user in found.licenses]
    else:
        found.revoked += len(holders)
        if not at.switches[pool].refund:
            released, awaiting = [], holders
    for user in released:
        del found.licenses[user]
    found.licenses.update(dict.fromkeys(awaiting, "awaiting"))
    return released, awaiting


def _require_revocations(at: Academy, by: str, pool: str, wanted: int) -> None:
    """A power user takes no more than the cap lets them: a share of those bought, cut to a whole number."""
    cap, found = at.switches[pool].cap, at.pools[pool]
    if by == "root" or cap is None:
        return
    left = max(0, found.bought * cap[0] // cap[1] - found.revoked)
    if wanted > left:
        raise Refused("pool.revocations_exhausted", pool=pool, requested=wanted, left=left)


def confirm(at: Academy, by: str, pool: str, users: Sequence[str]) -> str:
    waiting = _waiting(at, by, pool, users)
    for user in waiting:
        del at.pools[pool].licenses[user]
    passed = [user for user in once(users) if user not in waiting]
    return told("ok", released=waiting, awaiting=[], passed_over=passed, locked=[])


def reject(at: Academy, by: str, pool: str, users: Sequence[str]) -> str:
    """What was taken is given back; that it was taken counts, and what was locked stays locked."""
    waiting, found = _waiting(at, by, pool, users), at.pools[pool]
    found.licenses.update(dict.fromkeys(waiting, "held"))
    return told("ok", restored=waiting, passed_over=[user for user in once(users) if user not in waiting])


def _waiting(at: Academy, by: str, pool: str, users: Sequence[str]) -> list[str]:
    at.require_managed(by, pool, licenses=True)
    if by != "root":
        raise Refused("pool.confirmation_not_allowed", pool=pool)
    return [user for user in once(users) if at.pools[pool].licenses.get(user) == "awaiting"]


def transfer(at: Academy, by: str, source: str, target: str, users: Sequence[str]) -> str:
    """Assigning from the *target* and unassigning from the *source*, both or neither."""
    at.require_managed(by, source, licenses=True)
    at.require_managed(by, target, licenses=True)
    here, there = at.pools[source].licenses, at.pools[target].licenses
    moving = [user for user in once(users) if here.get(user) == "held" and there.get(user) != "held"]
    _give(at, target, moving, try_only=True)
    _require_revocations(at, by, source, len(moving))
    _give(at, target, moving)
    _released, awaiting = _take(at, by, source, moving)
    followed, locked = follow(at, source, target, moving)
    passed = [user for user in once(users) if user not in moving]
    return told("ok", moved=moving, awaiting=awaiting, passed_over=passed, followed=followed, locked=locked)


def resize(at: Academy, by: str, pool: str, bought: int, drop: Sequence[str] = ()) -> str:
    _require_recording(at, by, pool)
    found = at.pools[pool]
    dropped = [user for user in once(drop) if user in found.licenses]
    needed = _too_many(at, pool, bought)
    if len(dropped) < needed:
        raise Refused("pool.in_use", pool=pool, consumed=at.consumed(pool) - len(dropped), asked=bought)
    if len(dropped) > needed:
        raise Refused("pool.preview_outdated", pool=pool, needed=needed, given=len(dropped))
    return _cut(at, pool, bought, dropped)


def _require_recording(at: Academy, by: str, pool: str) -> None:
    at.require(by, "transactions.create")
    at.require_managed(by, pool)


def _too_many(at: Academy, pool: str, bought: int) -> int:
    """How many licenses or seats must go for a cut to *bought*; growing takes none."""
    return max(0, at.consumed(pool) - bought) if bought < at.pools[pool].bought else 0


def _cut(at: Academy, pool: str, bought: int, dropped: list[str]) -> str:
    found = at.pools[pool]
    found.bought = bought
    losing = [user for user in dropped if found.licenses[user] == "held"]
    for user in dropped:
        del found.licenses[user]
    return told("ok", dropped=dropped, locked=lock(at, pool, losing))


def shrink(at: Academy, by: str, pool: str, bought: int, idle_hours: int | None, stages: Sequence[str]) -> str:
    """A cut as its preview names it: first those that are free, then one stage after the other."""
    _require_recording(at, by, pool)
    found, needed = at.pools[pool], _too_many(at, pool, bought)
    free = min(max(0, found.bought - at.consumed(pool)), max(0, found.bought - bought))
    before = None if idle_hours is None else at.now - timedelta(hours=idle_hours)
    taken: dict[str, list[str]] = {stage: [] for stage in STAGES}
    for stage in stages if pool in LICENSES else ():
        left = needed - sum(map(len, taken.values()))
        candidates = [user for user in sorted(found.licenses) if _stage(at, pool, user, before) == stage]
        if stage == "idle":
            candidates.sort(key=lambda user: at.seen.get(user, at.now - timedelta(days=9999)))
        if stage == "last_assigned":
            candidates.sort(key=lambda user: (found.since[user], user), reverse=True)
        taken[stage] = candidates[:left]
    going = [user for users in taken.values() for user in users]
    if len(going) < needed:
        raise Refused("pool.in_use", pool=pool, consumed=bought + needed - len(going), asked=bought)
    return told("preview", free=free, **taken) + " " + _cut(at, pool, bought, sorted(going))


def _stage(at: Academy, pool: str, user: str, before: object) -> str:
    if at.pools[pool].licenses[user] == "awaiting":
        return "awaiting"
    if before is not None and (user not in at.seen or at.seen[user] < before):  # type: ignore[operator]
        return "idle"
    return "last_assigned"


def renew(at: Academy, by: str, pool: str) -> str:
    """DOC-50, DOC-51, decision 5: early from the old expiry, late from now; seats are bought again."""
    at.require(by, "subscriptions.renew")
    found, buyer = at.pools[pool], BUYERS[pool]
    if by not in ("root", buyer):
        raise Refused("renewal.not_owner", pool=pool)
    if buyer is None or found.expires is None:
        raise Refused("renewal.not_offered", pool=pool)
    found.expires = max(found.expires, at.now) + VALIDITY
    found.renewals += 1
    found.revoked = 0
    found.bought = max(found.bought, QUANTITIES[pool]) if pool in LICENSES else found.bought + QUANTITIES[pool]
    return told("ok", charged=None if buyer == "root" else "90.00 EUR", payer=None if buyer == "root" else buyer)
