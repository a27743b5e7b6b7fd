"""The laws of enrollments: seats are used and given back once, and nobody is shut out for another's sake (L1, L2, L7).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import enrollments as enrollment
from licensing_core.directory import Actor, Content, Permission, Role, Scope
from licensing_core.enrollments import Courses, Enrollment, EnrollmentEvent, Enrollments, EnrollmentStatus, Roster
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.plans import Catalog, Package, PackageKind, Switches
from licensing_core.pools import AnyPool, LicensePool, SeatPool, SeatsExhausted
from licensing_core.testing.law import require
from licensing_core.testing.laws_pools import NOON, ROOT, a_question_agrees, any_switches, fits, outcome_of

USERS: Final = tuple(f"user-{number}" for number in range(5))
PATH: Final = Content.learning_plan("path")
COURSES: Final[Courses] = {PATH: (Content.course("c0"), Content.course("c1"), Content.course("unlisted"))}
"""The learning plan of the cases; a course of it is not listed by itself."""
CONTENTS: Final = (*(Content.course(f"c{number}") for number in range(4)), PATH)
SALES: Final = Scope.branch("sales")
PACKAGE: Final = Package(
    id="pack", kind=PackageKind.SEATS, catalogs=(Catalog("all", frozenset(CONTENTS)),), audience=frozenset()
)
POWER_USER: Final = Actor(
    "pu", Role.POWER_USER, permissions=frozenset(Permission), resources=frozenset({SALES, *CONTENTS})
)
CLERK: Final = evolve(POWER_USER, permissions=frozenset(Permission) - {Permission.ENROLLMENTS_ACTIVATE})
"""A power user whose enrollments in a course wait to be confirmed."""

History = Sequence[tuple[Roster, tuple[EnrollmentEvent, ...]]]
"""The roster after each command, and the events that led there."""


def _enroll(
    roster: Roster, users: Collection[str], contents: Collection[Content], switches: Switches, by: Actor
) -> Any:
    """State and events of enrolling, or its refusal."""
    asked: dict[str, Any] = {"package": PACKAGE, "eligible": users, "courses": COURSES, "switches": switches}
    return outcome_of(enrollment.enroll, roster, users, contents, **asked, by=by, now=NOON)


def seats_used_are_courses_newly_enrolled(
    roster: Roster, users: Collection[str], contents: Collection[Content], switches: Switches, by: Actor
) -> None:
    """L1, decision 1. One for each user and course that was not there, or nobody is enrolled; a skipped one is free."""
    pool, before = roster.pool, roster.enrollments
    new: set[tuple[str, Content]] = set()
    for user in users:
        plans = [one for one in contents if one in COURSES and (user, one) not in before]
        wanted = {*(one for one in contents if one not in COURSES), *plans}
        new |= {(user, one) for one in wanted.union(*(COURSES[plan] for plan in plans)) if (user, one) not in before}
    seats = sum(1 for _, content in new if content not in COURSES) if isinstance(pool, SeatPool) else 0
    found, case = _enroll(roster, users, contents, switches, by), {"roster": roster, "users": users, "by": by}
    if isinstance(found, SeatsExhausted):
        require(not fits(pool, seats, switches), "only what does not fit is refused", found=found, **case)
        return
    if isinstance(found, LicensingError):
        outside = isinstance(pool, LicensePool) and not all(pool.holds(user) for user in users)
        require(found.code == "pool.not_eligible" and outside, "who holds no license is refused", **case)
        return
    require(fits(pool, seats, switches), "what does not fit is refused", contents=contents, **case)
    after = found[0].roster
    used = (after.pool.consumed - pool.consumed, after.pool.held - pool.held)
    require(used == (seats, seats), "seats used = courses newly enrolled", used=used, seats=seats, **case)
    require(set(after.enrollments) == {*before, *new}, "they are in what was asked for", new=new, **case)
    kept = all(after.enrollments[place] == one for place, one in before.items())
    require(kept, "what was there is left as it is", contents=contents, **case)


def twice_is_once(
    roster: Roster, users: Collection[str], contents: Collection[Content], switches: Switches, by: Actor
) -> None:
    """L2, DOC-45. To enroll again enrolls nobody, makes no event, and says that all were there."""
    first = _enroll(roster, users, contents, switches, by)
    again = _enroll(roster if isinstance(first, LicensingError) else first[0].roster, users, contents, switches, by)
    if isinstance(first, LicensingError):
        require(again == first, "a refused command is refused alike", roster=roster, users=users)
        return
    require(again[0].roster == first[0].roster and not again[1], "twice is once", roster=roster, users=users)
    asked = {(user, one) for user in users for one in contents}
    skipped = {(one.user, one.content) for one in again[0].skipped}
    require(skipped == asked, "all of them were there", skipped=skipped, asked=asked)


def the_order_does_not_matter(
    roster: Roster, users: Sequence[str], contents: Sequence[Content], switches: Switches, by: Actor
) -> None:
    """L2. Any order of users and contents, any of them named twice, gives the same state and events, or refusal."""
    one = _enroll(roster, users, contents, switches, by)
    other = _enroll(roster, [*users[::-1], *users[:1]], [*contents[::-1], *contents[:1]], switches, by)
    require(one == other, "the order does not matter", roster=roster, users=users, contents=contents)


def a_rejected_enrollment_never_was(roster: Roster, user: str, course: Content, switches: Switches) -> None:
    """Decision 1, DOC-47. What waits uses a seat; rejected, it has given the seat back, with refund or without."""
    found = _enroll(roster, [user], [course], switches, CLERK)
    if isinstance(found, LicensingError) or not found[1]:
        return
    waiting = found[0].roster
    require(found[0].to_confirm == found[0].enrolled, "it waits to be confirmed", user=user, course=course)
    after = enrollment.reject(waiting, user, course, by=POWER_USER, now=NOON).state
    require(after == roster, "a rejected enrollment never was", roster=roster, after=after)
    confirmed = enrollment.confirm(waiting, user, course, by=POWER_USER, now=NOON).state
    require(confirmed.pool == waiting.pool, "to confirm it uses nothing", pool=waiting.pool)
    refused = outcome_of(enrollment.reject, confirmed, user, course, by=POWER_USER, now=NOON)
    require(refused == enrollment.AlreadyConfirmed(content=course), "what is confirmed is not rejected")


def who_leaves_gives_the_seat_back_with_refund_only(
    roster: Roster, user: str, content: Content, switches: Switches, by: Actor
) -> None:
    """Decision 1. With refund, or by a superadmin; else it is spent. A learning plan has none, and leaves alone."""
    found = outcome_of(enrollment.unenroll, roster, user, content, switches=switches, by=by, now=NOON)
    there = roster.enrollments.of(user).get(content)
    case = {"roster": roster, "user": user, "content": content, "switches": switches, "by": by}
    if there is None or there.pool != roster.pool.id:
        require(found == enrollment.NotEnrolled(content=content), "who is not in it cannot leave", **case)
        return
    if isinstance(found, LicensingError):
        raise found
    after: Any = found[0]
    seat = 1 if isinstance(roster.pool, SeatPool) and content not in COURSES else 0
    back = seat if by.is_superadmin or switches.allow_refund else 0
    fell = (roster.pool.held - after.pool.held, roster.pool.consumed - after.pool.consumed)
    require(fell == (seat, back), "the seat comes back, or is spent", fell=fell, **case)
    left = {place: one for place, one in roster.enrollments.items() if place != (user, content)}
    require(dict(after.enrollments) == left, "nothing else is left", **case)


def the_seats_add_up(start: Roster, history: History) -> None:
    """L1. After each command, held = courses of users through the pool, and spent = seats that did not come back."""
    spent = start.pool.spent if isinstance(start.pool, SeatPool) else 0
    for state, events in history:
        for event in events:
            if isinstance(event, enrollment.UserUnenrolled) and not event.seat_returned:
                spent += sum(1 for one in event.enrollments if one.takes_a_seat)
        if isinstance(state.pool, SeatPool):
            held = sum(1 for one in state.enrollments.values() if one.pool == state.pool.id and one.takes_a_seat)
            require(state.pool.held == held, "held = courses through the pool", pool=state.pool, held=held)
            require(state.pool.consumed == held + spent, "consumed = held + spent", pool=state.pool, spent=spent)


def replay_rebuilds(start: Roster, history: History) -> None:
    """L7. The roster after each command, and as of each instant, is the replay of all events up to it."""
    events: list[EnrollmentEvent] = []
    as_of: dict[datetime, Roster] = {}
    for state, more in history:
        events.extend(more)
        require(reduce(enrollment.apply, events, start) == state, "replay rebuilds it", start=start, events=events)
        as_of.update({event.at: state for event in more})
    for instant, state in as_of.items():
        until = [event for event in events if event.at <= instant]
        require(reduce(enrollment.apply, until, start) == state, "a state can be read back", start=start, at=instant)


def a_part_decides_as_the_whole(
    roster: Roster, users: Collection[str], contents: Collection[Content], switches: Switches, by: Actor
) -> None:
    """A decision needs the counters, and the holdings and enrollments of its users; its events are the same."""
    mine = [one for one in roster.enrollments.values() if one.user in users]
    part = Roster(pool=_part(roster.pool, users), enrollments=Enrollments(mine, loaded=users))
    whole, small = (_enroll(some, users, contents, switches, by) for some in (roster, part))
    if isinstance(whole, LicensingError) or isinstance(small, LicensingError):
        require(whole == small, "a part is refused as the whole is", roster=roster, users=users)
        return
    require(whole[1] == small[1], "a part decides as the whole", roster=roster, users=users)
    require(whole[0].skipped == small[0].skipped, "a part skips as the whole", roster=roster, users=users)
    counters = [(one[0].roster.pool.consumed, one[0].roster.pool.held) for one in (whole, small)]
    require(counters[0] == counters[1], "a part counts as the whole", roster=roster, users=users)


def _part(pool: AnyPool, users: Collection[str]) -> AnyPool:
    if not isinstance(pool, LicensePool):
        return pool
    known = {user: state for user, state in pool.holdings.items() if user in users}
    return evolve(pool, holdings=Holdings(known, loaded=users))


def questions_agree_with_commands(
    roster: Roster, user: str, contents: Sequence[Content], switches: Switches, by: Actor
) -> None:
    """Each `can_...` carries the very refusal of its command, or allows what the command does."""
    acts: dict[str, Any] = {"by": by, "now": NOON}
    more = {"package": PACKAGE, "eligible": [user], "courses": COURSES, "switches": switches}
    one = (roster, user, contents[0])
    a_question_agrees(enrollment.can_enroll, enrollment.enroll, roster, [user], contents, **more, **acts)
    a_question_agrees(enrollment.can_unenroll, enrollment.unenroll, *one, switches=switches, **acts)
    a_question_agrees(enrollment.can_reject, enrollment.reject, *one, **acts)
    a_question_agrees(enrollment.can_confirm, enrollment.confirm, *one, **acts)
    a_question_agrees(enrollment.can_readmit, enrollment.readmit, *one, None, **acts)


# Cases, from a source of random numbers that the caller seeds.


def any_users(rng: Random) -> list[str]:
    """Some of the users, in any order; one at least."""
    return rng.sample(USERS, rng.randint(1, 3))


def any_contents(rng: Random) -> list[Content]:
    """Some of what the package lists, in any order; one at least."""
    return rng.sample(CONTENTS, rng.randint(1, 3))


def any_enrollment(rng: Random, user: str, content: Content) -> Enrollment:
    """Through the pool, another one or none; to confirm, locked, ended or to begin at times."""
    return Enrollment(
        user=user,
        content=content,
        pool=rng.choice(("pool", "pool", "other", None)),
        status=rng.choice((EnrollmentStatus.ENROLLED, EnrollmentStatus.ENROLLED, EnrollmentStatus.TO_CONFIRM)),
        level=rng.choice((None, "student")),
        since=rng.choice((None, None, NOON - timedelta(hours=9))),
        until=rng.choice((None, None, NOON - timedelta(hours=1), NOON + timedelta(hours=1))),
        locked=rng.random() < 0.3,
    )


def any_roster(rng: Random, kind: PackageKind | None = None) -> Roster:
    """A pool of *kind*, or of any, and what its users are enrolled in through it and otherwise."""
    made = [any_enrollment(rng, user, one) for user in USERS for one in CONTENTS if rng.random() < 0.3]
    some = Enrollments(made)
    if kind is PackageKind.LICENSES or (kind is None and rng.random() < 0.4):
        return Roster(pool=any_licenses(rng), enrollments=some)
    held = sum(1 for one in made if one.pool == "pool" and one.takes_a_seat)
    consumed = held + rng.randrange(3)
    bought = max(0, consumed + rng.choice((-2, 0, 1, 3, 9)))
    return Roster(
        pool=SeatPool(id="pool", beneficiary=SALES, bought=bought, consumed=consumed, held=held), enrollments=some
    )


def any_licenses(rng: Random, pool_id: str = "pool") -> LicensePool:
    """A pool of which most users hold a license; one in force, expired, or without an end."""
    entries = {user: state for user in USERS if (state := rng.choice((None, Holding.AWAITING, *[Holding.HELD] * 4)))}
    return LicensePool(
        id=pool_id,
        beneficiary=SALES,
        bought=len(entries) + rng.randrange(-1, 3) if entries else 2,
        consumed=len(entries),
        held=sum(state is Holding.HELD for state in entries.values()),
        expires_at=rng.choice((None, NOON, NOON - timedelta(hours=5), NOON + timedelta(hours=5))),
        holdings=Holdings(entries),
    )


def any_step(rng: Random, roster: Roster, now: datetime) -> Any:
    """What becomes of *roster* by one command of any kind: its state and events, or the refusal."""
    user, content = rng.choice([*roster.enrollments, (USERS[0], CONTENTS[0])])
    acts: dict[str, Any] = {"by": rng.choice((ROOT, POWER_USER, CLERK)), "now": now}
    switches = any_switches(rng)
    match rng.randrange(8):
        case 0 | 1 | 2:
            asked: dict[str, Any] = {"package": PACKAGE, "eligible": USERS, "courses": COURSES, "switches": switches}
            made: Any = outcome_of(enrollment.enroll, roster, any_users(rng), any_contents(rng), **asked, **acts)
            return made if isinstance(made, LicensingError) else (made[0].roster, made[1])
        case 3 | 4:
            return outcome_of(enrollment.unenroll, roster, user, content, switches=switches, **acts)
        case 5:
            return outcome_of(enrollment.reject, roster, user, content, **acts)
        case 6:
            return outcome_of(enrollment.confirm, roster, user, content, **acts)
        case _:
            return outcome_of(enrollment.lock, roster, any_users(rng), **acts)


def any_history(rng: Random, roster: Roster) -> Iterator[tuple[Roster, tuple[EnrollmentEvent, ...]]]:
    """State and events after each of some commands; those refused change nothing and are left out."""
    now = NOON
    for _ in range(rng.randint(1, 6)):
        now += timedelta(minutes=rng.randrange(3))
        found = any_step(rng, roster, now)
        if not isinstance(found, LicensingError):
            roster = found[0]
            yield found


def _bulk(rng: Random) -> tuple[Roster, list[str], list[Content], Switches, Actor]:
    roster, users = any_roster(rng), any_users(rng)
    if isinstance(roster.pool, LicensePool) and rng.random() < 0.8:
        users = [user for user in users if roster.pool.holds(user)]
    by = rng.choice((CLERK, POWER_USER, ROOT))
    return roster, users, any_contents(rng), any_switches(rng), by


def _place(rng: Random, roster: Roster) -> tuple[str, Content]:
    known = [*roster.enrollments]
    return rng.choice(known) if known and rng.random() < 0.9 else (rng.choice(USERS), rng.choice(CONTENTS))


def _added_up(rng: Random) -> None:
    start = any_roster(rng, PackageKind.SEATS)
    the_seats_add_up(start, tuple(any_history(rng, start)))


def _replayed(rng: Random) -> None:
    start = any_roster(rng)
    replay_rebuilds(start, tuple(any_history(rng, start)))


def _rejected(rng: Random) -> None:
    roster = any_roster(rng)
    a_rejected_enrollment_never_was(roster, rng.choice(USERS), rng.choice(CONTENTS[:-1]), any_switches(rng))


def _left(rng: Random) -> None:
    roster = any_roster(rng)
    who_leaves_gives_the_seat_back_with_refund_only(
        roster, *_place(rng, roster), any_switches(rng), rng.choice((POWER_USER, POWER_USER, ROOT))
    )


def _asked(rng: Random) -> None:
    roster, by = any_roster(rng), rng.choice((CLERK, POWER_USER, ROOT))
    user, content = _place(rng, roster)
    questions_agree_with_commands(roster, user, [content], any_switches(rng), by)


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L1 seats used are courses newly enrolled", lambda rng: seats_used_are_courses_newly_enrolled(*_bulk(rng))),
    ("L1 the seats of a pool add up", _added_up),
    ("L2 enrolling twice is enrolling once", lambda rng: twice_is_once(*_bulk(rng))),
    ("L2 the order of users and contents does not matter", lambda rng: the_order_does_not_matter(*_bulk(rng))),
    ("a rejected enrollment never was", _rejected),
    ("who leaves gives the seat back with refund only", _left),
    ("L7 replay rebuilds a pool with its enrollments", _replayed),
    ("a part of the enrollments decides as the whole", lambda rng: a_part_decides_as_the_whole(*_bulk(rng))),
    ("questions agree with commands on enrollments", _asked),
]
"""Name of each law, and what makes one case of it and checks it."""
