"""Random steps of the academy from a seeded source, more of those that do something than of those refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.machines.academy import ACTORS, BENEFICIARIES, BRANCHES, BUYERS, CONTENTS, LICENSES, LISTED, RESOURCES, USERS
from tests.machines.academy_plain import Plain, PlainSwitches
from tests.machines.academy_plain_enrollments import covering_pools
from tests.machines.academy_plain_pools import STAGES
from tests.machines.academy_twin import AcademyTwin

POOLS = tuple(BENEFICIARIES)
CAPS = (None, None, (1, 2), (1, 1), (3, 2))
ORDERS = (STAGES, STAGES, ("awaiting",), ("last_assigned", "awaiting"), ())
SWITCHES: dict[str, tuple[Any, ...]] = {
    "enforce": (True, True, True, False),
    "refund": (True, False),
    "expire": (True, True, False),
    "overage": ("block", "block", "ratio", "allow"),
    "cap": CAPS,
}


def an_academy(rng: Random) -> AcademyTwin:
    switches = {
        pool: PlainSwitches(**{name: rng.choice(values) for name, values in SWITCHES.items()}) for pool in POOLS
    }
    return AcademyTwin(bought={pool: rng.randrange(7) for pool in POOLS}, switches=switches)


def step(twin: AcademyTwin, rng: Random) -> None:
    """One random command, or a change of what surrounds it."""
    kind = rng.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
    globals()[f"_{kind}"](twin, rng)


def _by(rng: Random, *likely: str) -> str:
    """Any actor; most of the time one of those *likely*, where these are given."""
    if likely and rng.random() < 0.8:
        return rng.choice(likely)
    return rng.choices(ACTORS, (4, 5, 3, 1))[0]


def _users(rng: Random, likely: list[str] | None = None, most: int = 3) -> list[str]:
    """A few users; most of the time of those *likely*, where there are such."""
    some = likely if likely and rng.random() < 0.85 else USERS
    return rng.choices(some, k=rng.randint(0 if rng.random() < 0.1 else 1, most))


def _eligible(twin: AcademyTwin, pool: str) -> list[str]:
    return [user for user in USERS if twin.plain.eligible(user, pool)]


def _licenses(rng: Random) -> str:
    return rng.choice(LICENSES if rng.random() < 0.97 else POOLS)


def _assign(twin: AcademyTwin, rng: Random) -> None:
    pool = _licenses(rng)
    twin.do("assign", by=_by(rng), pool=pool, users=_users(rng, _eligible(twin, pool)))


def _unassign(twin: AcademyTwin, rng: Random) -> None:
    twin.do("unassign", by=_by(rng), pool=_licenses(rng), users=_users(rng))


def _confirm(twin: AcademyTwin, rng: Random) -> None:
    twin.do("confirm", by=_by(rng, "root"), pool=_licenses(rng), users=_users(rng))


def _reject(twin: AcademyTwin, rng: Random) -> None:
    twin.do("reject", by=_by(rng, "root"), pool=_licenses(rng), users=_users(rng))


def _transfer(twin: AcademyTwin, rng: Random) -> None:
    source, target = rng.sample(LICENSES if rng.random() < 0.97 else POOLS, 2)
    twin.do("transfer", by=_by(rng), source=source, target=target, users=_users(rng))


def _resize(twin: AcademyTwin, rng: Random) -> None:
    drop = _users(rng, most=2) if rng.random() < 0.3 else []
    twin.do("resize", by=_by(rng), pool=rng.choice(POOLS), bought=rng.randrange(8), drop=drop)


def _shrink(twin: AcademyTwin, rng: Random) -> None:
    pool = rng.choice(POOLS)
    bought = max(0, twin.plain.pools[pool].bought - rng.randrange(4))
    idle = rng.choice((None, 10, 100))
    twin.do("shrink", by=_by(rng), pool=pool, bought=bought, idle_hours=idle, stages=rng.choice(ORDERS))


def _enroll(twin: AcademyTwin, rng: Random) -> None:
    pool = rng.choice(POOLS)
    now, listed = twin.plain.now, sorted(LISTED[pool])
    likely = _eligible(twin, pool)
    if pool in LICENSES:
        likely = [user for user, state in sorted(twin.plain.pools[pool].licenses.items()) if state == "held"]
    since = now + timedelta(hours=3) if rng.random() < 0.2 else None
    ends: tuple[datetime | None, ...] = (None, None, now + timedelta(hours=30), now + timedelta(hours=400))
    twin.do(
        "enroll",
        by=_by(rng),
        pool=pool,
        users=_users(rng, likely, most=2),
        contents=rng.choices(listed if rng.random() < 0.9 else CONTENTS, k=rng.randint(1, 2)),
        level=rng.choice((None, "student")),
        since=since,
        until=rng.choice(ends if since is not None else (*ends, now)),
    )


def _self_enroll(twin: AcademyTwin, rng: Random) -> None:
    by, content = rng.choice(USERS), rng.choice(CONTENTS)
    covered = [one for one in CONTENTS for _ in covering_pools(twin.plain, by, one)]
    if covered and rng.random() < 0.8:
        content = rng.choice(covered)  # the more licenses cover it, the likelier
    twin.do("self_enroll", by=by, content=content)


def _place(twin: AcademyTwin, rng: Random, likely: Callable[[Plain], bool] = bool) -> dict[str, str]:
    """The pool, user and content of an enrollment that there is, one of those *likely* if possible; or any."""
    known = sorted(twin.plain.enrollments)
    known = [place for place in known if likely(twin.plain.enrollments[place])] or known
    if not known or rng.random() < 0.1:
        return {"pool": rng.choice(POOLS), "user": rng.choice(USERS), "content": rng.choice(CONTENTS)}
    user, content = rng.choice(known)
    pool = twin.plain.enrollments[user, content].pool if rng.random() < 0.95 else rng.choice(POOLS)
    return {"pool": pool, "user": user, "content": content}


def _unenroll(twin: AcademyTwin, rng: Random) -> None:
    twin.do("unenroll", by=_by(rng), **_place(twin, rng))


def _confirm_enrollment(twin: AcademyTwin, rng: Random) -> None:
    twin.do("confirm_enrollment", by=_by(rng, "root", "pu"), **_place(twin, rng, _waits))


def _waits(one: Plain) -> bool:
    return one.status == "to_confirm"


def _reject_enrollment(twin: AcademyTwin, rng: Random) -> None:
    twin.do("reject_enrollment", by=_by(rng, "root", "pu"), **_place(twin, rng, _waits))


def _readmit(twin: AcademyTwin, rng: Random) -> None:
    hours = rng.choice((None, -5, 0, 20, 20, 300))
    until = None if hours is None else twin.plain.now + timedelta(hours=hours)
    place = _place(twin, rng, lambda one: one.locked or rng.random() < 0.3)
    twin.do("readmit", by=_by(rng), **place, until=until)


def _renew(twin: AcademyTwin, rng: Random) -> None:
    pool = rng.choice(POOLS)
    twin.do("renew", by=_by(rng, "root", BUYERS[pool] or "root"), pool=pool)


def _switch(twin: AcademyTwin, rng: Random) -> None:
    name = rng.choice(tuple(SWITCHES))
    twin.change("switch", rng.choice(POOLS), name, rng.choice(SWITCHES[name]))


def _move(twin: AcademyTwin, rng: Random) -> None:
    twin.change("move", rng.choice(USERS), rng.choice(tuple(BRANCHES)[1:]))


def _join_or_leave(twin: AcademyTwin, rng: Random) -> None:
    twin.change("join_or_leave", rng.choice(USERS))


def _give_or_take(twin: AcademyTwin, rng: Random) -> None:
    twin.change("give_or_take", rng.choice(RESOURCES))


def _list_or_not(twin: AcademyTwin, rng: Random) -> None:
    twin.change("list_or_not", rng.choice(POOLS), rng.choice(CONTENTS))


def _wait(twin: AcademyTwin, rng: Random) -> None:
    twin.change("wait", rng.choice((1, 5, 40, 100)), rng.choice((None, *USERS)))


WEIGHTS = {
    "assign": 14,
    "unassign": 8,
    "confirm": 3,
    "reject": 3,
    "transfer": 5,
    "resize": 4,
    "shrink": 4,
    "enroll": 16,
    "self_enroll": 7,
    "unenroll": 6,
    "confirm_enrollment": 3,
    "reject_enrollment": 3,
    "readmit": 4,
    "renew": 4,
    "switch": 5,
    "move": 2,
    "join_or_leave": 2,
    "give_or_take": 2,
    "list_or_not": 1,
    "wait": 6,
}
