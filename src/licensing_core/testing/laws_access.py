"""The laws of what somebody may open: what a license lost, moved or found again does to it (DOC-28, DOC-37 to DOC-39).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import enrollments as enrollment
from licensing_core import seat_administration
from licensing_core.directory import Actor, Content, Directory
from licensing_core.enrollments import Courses, Enrollment, Enrollments, EnrollmentStatus, LivePool, Roster
from licensing_core.errors import LicensingError
from licensing_core.plans import Catalog, Package, PackageKind, Switches
from licensing_core.pools import LicensePool
from licensing_core.testing.law import require
from licensing_core.testing.laws_enrollments import (
    CONTENTS,
    COURSES,
    POWER_USER,
    USERS,
    any_enrollment,
    any_licenses,
    any_roster,
    any_users,
)
from licensing_core.testing.laws_pools import NOON, ROOT, any_switches, outcome_of

DIRECTORY: Final = Directory.of(branches={"sales": None}, users={user: ["sales"] for user in USERS})


def losing_a_license_locks_its_enrollments(
    pool: LicensePool, enrollments: Enrollments, users: Collection[str], switches: Switches, by: Actor
) -> None:
    """DOC-38. Those of the holders, made through it, end on that instant at the latest; no others change."""
    found = outcome_of(
        seat_administration.unassign,
        *(by, pool, users),
        enrollments=enrollments,
        directory=DIRECTORY,
        switches=switches,
        now=NOON,
    )
    if isinstance(found, LicensingError):
        require(found.code == "pool.revocations_exhausted", "only the cap refuses", found=found)
        return
    after: Roster = reduce(enrollment.apply, found[1], Roster(pool=pool, enrollments=enrollments))
    case = {"pool": pool, "holdings": dict(pool.holdings), "users": users, "by": by}
    for place, one in enrollments.items():
        now = after.enrollments[place]
        wanted = one
        if one.pool == pool.id and one.user in users and pool.holds(one.user) and not one.locked:
            wanted = evolve(one, locked=True, until=min(one.until or NOON, NOON))
        require(now == wanted, "exactly those made through the license are locked", was=one, now=now, **case)
    require(len(after.enrollments) == len(enrollments), "none is made or lost", **case)


def readmission_opens_what_ends_later(roster: Roster, user: str, content: Content, until: datetime | None) -> None:
    """DOC-39. The end moves to *until*; what is locked opens if that lies ahead, and only then. The pool stays."""
    found = outcome_of(enrollment.readmit, roster, user, content, until, by=POWER_USER, now=NOON)
    there = roster.enrollments.of(user).get(content)
    if there is None or there.pool != roster.pool.id:
        require(found == enrollment.NotEnrolled(content=content), "who is not in it is not readmitted", user=user)
        return
    if isinstance(found, LicensingError):
        raise found
    after: Any = found[0]
    wanted = evolve(there, until=until, locked=there.locked and until is not None and until <= NOON)
    others = {**roster.enrollments, (user, content): wanted}
    case = {"was": there, "until": until}
    require(dict(after.enrollments) == others, "it opens when its end lies ahead", after=after, **case)
    require(after.pool == roster.pool, "no license or seat is used", after=after, **case)


def a_license_in_force_lifts_the_expiry_alone(
    user: str, content: Content, source: enrollment.LivePool, other: enrollment.LivePool, found: Enrollment
) -> None:
    """Decision 10. A license of *other* opens what is shut by the expiry of *source*, and no other door."""
    asked: dict[str, Any] = {"enrollments": Enrollments([found]), "now": NOON}
    without = enrollment.access(user, content, pools=[source], **asked)
    within = enrollment.access(user, content, pools=[other, source], **asked)
    case = {"enrollment": found, "without": without, "within": within}
    lifted = without.entry.code == "subscription.expired" and other.covers(user, content, NOON)
    wanted = "ok" if lifted else without.entry.code
    require(within.entry.code == wanted, "a license in force lifts the expiry alone", **case)
    require(within.subscribed == (without.subscribed or other.covers(user, content, NOON)), "subscribed", **case)
    ended = found.until is not None and found.until <= NOON
    shut = found.locked or ended or found.status is EnrollmentStatus.TO_CONFIRM
    require(not (shut and within.can_enter), "what is locked, ended or waits is not entered", **case)
    require(not within.can_enroll, "who is enrolled does not enroll again", **case)


def a_transfer_takes_its_enrollments_along(
    source: LicensePool,
    target: LicensePool,
    enrollments: Enrollments,
    package: Package,
    users: Collection[str],
    switches: Switches,
    by: Actor,
    courses: Courses = COURSES,
) -> None:
    """DOC-38, WAL-12. What is open and listed comes through the target, the courses of a learning plan with it.

    The rest is locked; no enrollment is made or lost.
    """
    found = outcome_of(
        seat_administration.transfer,
        *(by, source, target, users),
        enrollments=enrollments,
        package=package,
        courses=courses,
        directory=DIRECTORY,
        source_switches=switches,
        target_switches=switches,
        now=NOON,
    )
    if isinstance(found, LicensingError):
        return
    done: Any = found[0]
    pools = {pool.id: Roster(pool=pool, enrollments=enrollments) for pool in (source, target)}
    places: dict[Any, Enrollment | None] = dict(enrollments)
    for event in found[1]:
        places.update(enrollment.enrollment_changes(event))
        pools[event.pool] = enrollment.apply(pools[event.pool], event)
    case = {"source": source, "target": target, "users": users, "moved": done.moved}
    theirs = [one for one in enrollments.values() if one.pool == source.id and not one.locked]
    listed = {(one.user, one.content) for one in theirs if package.lists(one.content)}
    within = {(user, course) for user, content in listed for course in courses.get(content, ())}
    for place, one in enrollments.items():
        wanted = one
        if one.user in done.moved and one.pool == source.id and not one.locked:
            ended = evolve(one, locked=True, until=min(one.until or NOON, NOON))
            wanted = evolve(one, pool=target.id) if place in listed | within else ended
        require(places[place] == wanted, "it follows, or ends", was=one, now=places[place], **case)
    require(places.keys() == enrollments.keys(), "none is made or lost", **case)
    after = {name: roster.pool for name, roster in pools.items()}
    require(after == {source.id: done.source, target.id: done.target}, "the events rebuild both pools", **case)


def who_enrolls_takes_the_license_that_lasts_longest(
    user: str, content: Content, pools: Sequence[LivePool], enrollments: Enrollments
) -> None:
    """DOC-28. Of the licenses in force that list it; without one nobody enrolls, however many are held."""
    found = outcome_of(
        enrollment.self_enroll,
        *(Actor(user), content),
        pools=pools,
        enrollments=enrollments,
        courses=COURSES,
        now=NOON,
    )
    covering = [live for live in pools if live.covers(user, content, NOON)]
    case = {"user": user, "content": content, "pools": pools, "found": found}
    if not covering:
        require(found == enrollment.NoLicense(content=content), "without a license nobody enrolls", **case)
        return
    if (user, content) in enrollments:
        require(found == enrollment.AlreadyEnrolled(content=content), "nobody enrolls twice", **case)
        return
    if isinstance(found, LicensingError):
        raise found
    done: Any = found[0]
    chosen = done.roster.pool
    for live in covering:
        theirs, mine = live.pool.expires_at, chosen.expires_at
        later = mine is not None and (theirs is None or theirs > mine)
        first = theirs == mine and live.pool.id < chosen.id
        require(not later and not first, "it expires last, and of equals is the first", **case)
    require(all(one.pool == chosen.id for one in done.enrolled), "all come through it", **case)
    require(all(one.status is EnrollmentStatus.ENROLLED for one in done.enrolled), "at once", **case)
    question = enrollment.access(user, content, pools=pools, enrollments=enrollments, now=NOON)
    require(question.can_enroll, "and they were told so", **case)


# Cases, from a source of random numbers that the caller seeds.


def any_package(rng: Random) -> Package:
    """A package that lists some of the contents."""
    some = frozenset(rng.sample(CONTENTS, rng.randint(2, len(CONTENTS))))
    return Package(id="pack", kind=PackageKind.LICENSES, catalogs=(Catalog("all", some),), audience=frozenset())


def any_live_pool(rng: Random, pool_id: str = "pool") -> LivePool:
    """A pool of licenses with any package, or none any more."""
    package = any_package(rng) if rng.random() < 0.9 else None
    return LivePool(pool=any_licenses(rng, pool_id), package=package, switches=any_switches(rng))


def _lost(rng: Random) -> None:
    some = any_roster(rng).enrollments
    by = rng.choice((POWER_USER, ROOT))
    losing_a_license_locks_its_enrollments(any_licenses(rng), some, any_users(rng), any_switches(rng), by)


def _readmitted(rng: Random) -> None:
    roster = any_roster(rng)
    known = [*roster.enrollments]
    user, content = rng.choice(known) if known and rng.random() < 0.9 else (USERS[0], CONTENTS[0])
    ends = (None, NOON, NOON - timedelta(hours=3), NOON + timedelta(hours=3))
    readmission_opens_what_ends_later(roster, user, content, rng.choice(ends))


def _lifted(rng: Random) -> None:
    user, content = rng.choice(USERS), rng.choice(CONTENTS)
    source, other = any_live_pool(rng), any_live_pool(rng, "other")
    holders = [user for user in USERS if isinstance(other.pool, LicensePool) and other.pool.holds(user)]
    if holders and rng.random() < 0.7:
        user = rng.choice(holders)
    found = evolve(any_enrollment(rng, user, content), pool="pool")
    if rng.random() < 0.7:
        ended = rng.choice((None, None, NOON - timedelta(hours=1)))
        found = evolve(found, status=EnrollmentStatus.ENROLLED, locked=False, until=ended)
    a_license_in_force_lifts_the_expiry_alone(user, content, source, other, found)


def _moved(rng: Random) -> None:
    source, target, switches = any_licenses(rng), any_licenses(rng, "other"), any_switches(rng)
    target = evolve(target, bought=target.bought + 3)
    by = rng.choice((POWER_USER, ROOT))
    some = any_roster(rng).enrollments
    a_transfer_takes_its_enrollments_along(source, target, some, any_package(rng), any_users(rng), switches, by)


def _chosen(rng: Random) -> None:
    pools = [any_live_pool(rng, name) for name in rng.sample(("pool", "other", "third"), 3)]
    user, content = rng.choice(USERS), rng.choice(CONTENTS)
    who_enrolls_takes_the_license_that_lasts_longest(user, content, pools, any_roster(rng).enrollments)


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("losing a license locks its enrollments", _lost),
    ("readmission opens what ends later", _readmitted),
    ("a license in force lifts the expiry alone", _lifted),
    ("a transfer takes its enrollments along", _moved),
    ("who enrolls takes the license that lasts longest", _chosen),
]
"""Name of each law, and what makes one case of it and checks it."""
