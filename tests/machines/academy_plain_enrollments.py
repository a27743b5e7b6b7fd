"""The plain rules of enrollments: made, left, confirmed, locked and entered (DOC-38 to DOC-48, decisions 1 and 10)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tests.machines.academy import LICENSES, PARTS
from tests.machines.academy_plain import Academy, Plain, Refused, is_course, once, told


def enroll(
    at: Academy,
    by: str,
    pool: str,
    users: Sequence[str],
    contents: Sequence[str],
    level: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    at.require_managed(by, pool)
    outsiders = [user for user in once(users) if not _may_be_enrolled(at, user, pool)]
    if outsiders:
        raise Refused("pool.not_eligible", pool=pool, users=outsiders)
    if strange := [one for one in once(contents) if one not in at.listed[pool]]:
        raise Refused("content.not_in_package", pool=pool, contents=strange)
    if others := [one for one in once(contents) if by != "root" and one not in at.resources_of(by)]:
        raise Refused("content.not_assigned", pool=pool, contents=others)
    alone = "to_confirm" if by == "px" else "enrolled"
    return _enroll(at, pool, once(users), once(contents), Plain(pool, alone, False, since, until, level))


def _may_be_enrolled(at: Academy, user: str, pool: str) -> bool:
    return at.pools[pool].licenses.get(user) == "held" if pool in LICENSES else at.eligible(user, pool)


def _enroll(at: Academy, pool: str, users: list[str], contents: list[str], pattern: Plain) -> str:
    """Each of *users* in each of *contents*: learning plans first, with their courses; all or nothing."""
    made: dict[tuple[str, str], Plain] = {}
    skipped = set[tuple[str, str]]()
    for user in users:
        for plan in (one for one in contents if not is_course(one)):
            for place in ((user, plan), *((user, course) for course in PARTS[plan])):
                if place not in at.enrollments:
                    made[place] = pattern._replace(status="enrolled")
                else:
                    skipped.add(place)
                    if place[1] == plan:
                        break
        for place in ((user, one) for one in contents if is_course(one)):
            if place in at.enrollments:
                skipped.add(place)
            elif place not in made:
                made[place] = pattern
    seats = 0 if pool in LICENSES else sum(1 for _, content in made if is_course(content))
    if short := at.short(pool, seats):
        raise Refused("pool.seats_exhausted", pool=pool, requested=seats, shortfall=short)
    at.enrollments.update(made)
    waiting = places(place for place, one in made.items() if one.status == "to_confirm")
    return told("ok", enrolled=places(made), skipped=places(skipped), to_confirm=waiting)


def self_enroll(at: Academy, by: str, content: str) -> str:
    """DOC-28: through the license in force that lists it and expires last; of equals the first by id."""
    covering = covering_pools(at, by, content)
    if not covering:
        raise Refused("license.none", content=content)
    if (by, content) in at.enrollments:
        raise Refused("enrollment.exists", content=content)
    endless = [pool for pool in covering if at.pools[pool].expires is None]
    last = max((at.pools[pool].expires or at.now for pool in covering), default=at.now)
    pool = min(endless or [pool for pool in covering if at.pools[pool].expires == last])
    return _enroll(at, pool, [by], [content], Plain(pool, "enrolled", False, None, None, None))


def unenroll(at: Academy, by: str, pool: str, user: str, content: str) -> str:
    """Decision 1: the seat of a course comes back with refund or by a superadmin, else it is spent."""
    at.require_managed(by, pool)
    found = _enrolled(at, pool, user, content)
    del at.enrollments[user, content]
    back = by == "root" or at.switches[found.pool].refund
    if pool not in LICENSES and is_course(content) and not back:
        at.pools[pool].spent += 1
    return "ok"


def _enrolled(at: Academy, pool: str, user: str, content: str) -> Plain:
    found = at.enrollments.get((user, content))
    if found is None or found.pool != pool:
        raise Refused("enrollment.none", content=content)
    return found


def _in_reach(at: Academy, by: str, permission: str, pool: str, user: str, content: str) -> Plain:
    """The enrollment, for whoever may decide on it and manages the user or the pool (decision 12)."""
    at.require(by, permission)
    if not at.manages_user(by, user) and not at.manages(by, pool):
        raise Refused("enrollment.none", content=content)
    return _enrolled(at, pool, user, content)


def confirm_enrollment(at: Academy, by: str, pool: str, user: str, content: str) -> str:
    found = _in_reach(at, by, "enrollments.activate", pool, user, content)
    at.enrollments[user, content] = found._replace(status="enrolled")
    return "ok"


def reject_enrollment(at: Academy, by: str, pool: str, user: str, content: str) -> str:
    """Decision 1: its seat comes back, whoever acts."""
    found = _in_reach(at, by, "enrollments.activate", pool, user, content)
    if found.status != "to_confirm":
        raise Refused("enrollment.confirmed", content=content)
    del at.enrollments[user, content]
    return "ok"


def readmit(at: Academy, by: str, pool: str, user: str, content: str, until: datetime | None) -> str:
    """DOC-39: the end moves; a locked one opens when it lies ahead."""
    found = _in_reach(at, by, "enrollments.edit", pool, user, content)
    locked = found.locked and not (until is None or until > at.now)
    if found.since is not None and until is not None and until <= found.since and not locked:
        raise Refused("argument.invalid")
    at.enrollments[user, content] = found._replace(until=until, locked=locked)
    return "ok"


def lock(at: Academy, pool: str, users: Iterable[str]) -> list[str]:
    """DOC-38: what *users* are enrolled in through *pool* is locked, and ends now if it had not ended."""
    theirs = {place for place, one in at.enrollments.items() if place[0] in set(users) and one.pool == pool}
    return _lock(at, theirs)


def _lock(at: Academy, some: Iterable[tuple[str, str]]) -> list[str]:
    locked = [place for place in some if not at.enrollments[place].locked]
    for place in locked:
        found = at.enrollments[place]
        at.enrollments[place] = found._replace(locked=True, until=min(found.until or at.now, at.now))
    return places(locked)


def follow(at: Academy, source: str, target: str, users: Iterable[str]) -> tuple[list[str], list[str]]:
    """What is open and listed by *target*, itself or its learning plan, comes through it; the rest is locked."""
    moving = set(users)
    theirs = [place for place, one in at.enrollments.items() if place[0] in moving and one.pool == source]
    unlocked = [place for place in theirs if not at.enrollments[place].locked]
    listed = [place for place in unlocked if place[1] in at.listed[target]]
    parts = {(user, course) for user, content in listed for course in PARTS.get(content, ())}
    along = [place for place in unlocked if place in listed or place in parts]
    locked = _lock(at, [place for place in theirs if place not in along])
    for place in along:
        at.enrollments[place] = at.enrollments[place]._replace(pool=target)
    return places(along), locked


def places(some: Iterable[tuple[str, str]]) -> list[str]:
    """Users and contents as texts, in order."""
    return [f"{user}/{content}" for user, content in sorted(some)]


# What somebody may open


def covering_pools(at: Academy, user: str, content: str) -> list[str]:
    """The pools of whose licenses *user* holds one that is in force and lists *content*."""
    return [
        pool
        for pool in LICENSES
        if at.pools[pool].licenses.get(user) == "held"
        and content in at.listed[pool]
        and _before(at.now, at.pools[pool].expires)
    ]


def _before(now: datetime, end: datetime | None) -> bool:
    return end is None or now < end


def access(at: Academy, user: str, content: str) -> str:
    """DOC-28, DOC-37, DOC-52, decision 10: subscribed, may enroll, and why they may not enter."""
    subscribed, found = bool(covering_pools(at, user, content)), at.enrollments.get((user, content))
    return f"{subscribed} {subscribed and found is None} {_why(at, found, content, subscribed=subscribed)}"


def _why(at: Academy, found: Plain | None, content: str, *, subscribed: bool) -> str:
    if found is None:
        return told("enrollment.none", content=content)
    if found.status == "to_confirm":
        return told("enrollment.to_confirm", content=content)
    if found.locked:
        return told("enrollment.locked", content=content)
    if found.since is not None and at.now < found.since:
        return told("enrollment.not_started", content=content, since=found.since)
    if not _before(at.now, found.until):
        return told("enrollment.ended", content=content, until=found.until)
    expiry = at.pools[found.pool].expires
    if not _before(at.now, expiry) and at.switches[found.pool].expire and not subscribed:
        return told("subscription.expired", pool=found.pool, expired_at=expiry)
    return "ok"
