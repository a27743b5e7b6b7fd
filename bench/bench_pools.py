"""One license of a pool of a million, against a copy of the dict of holders: goals 18 and 19; rows in a row and memory.

Ours is the whole command: every argument checked, refused where it must be, one frozen event, one frozen decision whose
state is made when it is read. Users, pools and the set of the eligible are made before the clock starts, and so are the
worlds of a million users, once in each process that needs them. Ids are letters and digits (`u0000001`) in random
order; those with other marks (`user-0000001`) have a row of their own, for their check is slower.

a copy of the dict
    `copy = dict(holders); copy[user] = state`: what a plain immutable update takes.
immutables.Map
    `holders = holders.set(user, state)`, a map in C, of which old versions stay readable as well; no checks, no event.

All sides come to the same holders, or there is no table.
"""

import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from random import Random
from typing import Any, NamedTuple

from bench.harness import Row
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.plans import Switches
from licensing_core.pools import LicensePool, LicensesAssigned, assign

MANY, FEW = 1_000_000, 1_000
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BY, SWITCHES, SALES = Actor("root"), Switches(), Scope.branch("sales")
HELD = Holding.HELD
NEW = [f"v{number:07d}" for number in range(10_000)]
MARKED = [f"user-{number:07d}" for number in range(31)]
MEMBERS = frozenset([*NEW, *MARKED])
BYTES_A_USER = 300

Given = Decision[LicensePool, LicensesAssigned]


class World(NamedTuple):
    """A pool of so many licenses, all held and as many free: its holders, all of them known or only a few users."""

    holders: dict[str, Holding]
    whole: LicensePool
    part: LicensePool


def ids(count: int, form: str = "u{:07d}") -> list[str]:
    made = [form.format(number) for number in range(count)]
    Random(20).shuffle(made)  # as hashes are, in memory
    return made


def a_pool(count: int, holdings: Holdings) -> LicensePool:
    return LicensePool(id="p1", beneficiary=SALES, bought=2 * count, consumed=count, held=count, holdings=holdings)


@cache
def world(count: int) -> World:
    holders = dict.fromkeys(ids(count), HELD)
    made = World(holders, a_pool(count, Holdings(holders)), a_pool(count, Holdings(loaded=MEMBERS)))
    after = copied(made, NEW[0])
    for pool in (made.whole, made.part):
        decision = give(pool, (NEW[0],))
        wanted = after if pool is made.whole else {NEW[0]: HELD}
        if dict(decision.state.holdings.items()) != wanted or decision.events != (
            LicensesAssigned(pool="p1", users=frozenset(NEW[:1]), by="root", at=NOW),
        ):
            raise AssertionError(count)
    return made


def copied(of: World, user: str) -> dict[str, Holding]:
    copy = dict(of.holders)
    copy[user] = HELD
    return copy


def give(pool: LicensePool, users: Sequence[str]) -> Given:
    return assign(pool, users, eligible=MEMBERS, switches=SWITCHES, by=BY, now=NOW)


def each_of(pool: Callable[[], LicensePool], users: Sequence[str], *, state: bool = False) -> Callable[[], object]:
    """Give one license of the *pool* to each of *users*, every time the same pool."""
    commands = [(user,) for user in users]

    def events_only() -> None:
        this = pool()
        for command in commands:
            assign(this, command, eligible=MEMBERS, switches=SWITCHES, by=BY, now=NOW)

    def with_state() -> None:
        this = pool()
        for command in commands:
            assign(this, command, eligible=MEMBERS, switches=SWITCHES, by=BY, now=NOW).state  # noqa: B018

    return with_state if state else events_only


def refused(pool: Callable[[], LicensePool], user: str) -> Callable[[], object]:
    """Ask for what is refused, 31 times, and catch the refusal."""

    def ask() -> None:
        this = pool()
        for _ in range(31):
            try:
                give(this, (user,))
            except LicensingError:
                continue
            raise AssertionError(user)

    return ask


@cache
def full() -> LicensePool:
    return LicensePool(id="p1", beneficiary=SALES, bought=5, consumed=5, held=5, holdings=Holdings(loaded=MEMBERS))


def in_a_row() -> None:
    pool = world(MANY).whole
    for user in NEW[:1000]:
        pool = give(pool, (user,)).state


def in_a_row_in_c() -> None:
    holders = in_c()
    for user in NEW[:1000]:
        holders = holders.set(user, HELD)


@cache
def in_c() -> Any:
    """The same holders as an `immutables.Map`; a thousand assigns lead both to the same."""
    import immutables  # noqa: PLC0415

    pool, holders = world(MANY).whole, immutables.Map(world(MANY).holders)
    ours, theirs = pool, holders
    for user in NEW[:1000]:
        ours, theirs = give(ours, (user,)).state, theirs.set(user, HELD)
    if dict(ours.holdings.items()) != dict(theirs.items()):
        raise AssertionError
    return holders


def in_bulk() -> None:
    if len(give(world(MANY).part, NEW).events[0].users) != len(NEW):
        raise AssertionError


def in_bulk_with_state() -> None:
    if len(give(world(MANY).part, NEW).state.holdings) != len(NEW):
        raise AssertionError


@cache
def bytes_a_user() -> float:
    """What a pool with a million holdings takes, with the ids of its users."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    pool = a_pool(MANY, Holdings(dict.fromkeys(ids(MANY, "user-{:07d}"), HELD)))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(pool.holdings)


def rows() -> list[Row]:
    """The rows of goals 18 and 19, and what states, refusals, many users and commands in a row take."""
    return [*_one_license(), *_refusals(), *_many(), *_in_a_row(), _memory()]


def whole() -> LicensePool:
    return world(MANY).whole


def part() -> LicensePool:
    return world(MANY).part


def small() -> LicensePool:
    return world(FEW).whole


def copy() -> None:
    copied(world(MANY), NEW[0])


FEW_USERS = NEW[:31]
ONE = each_of(part, FEW_USERS)


def row(what: str, peer: str, ours: Callable[[], object], theirs: Callable[[], object], **more: Any) -> Row:
    each = len(FEW_USERS)
    return Row(
        **{"goal": "", "ours_per": each, "theirs_per": 1 if theirs is copy else each, **more},
        what=what,
        peer=peer,
        ours=ours,
        theirs=theirs,
    )


def _one_license() -> list[Row]:
    one, known, a_copy, fewer = (
        "one license of 1,000,000",
        "one of 1,000,000, all known",
        "a copy of the dict",
        "of 1,000",
    )
    from_all, from_few = each_of(whole, FEW_USERS), each_of(small, FEW_USERS)
    return [
        row(one, a_copy, ONE, copy, goal="18", at_least=25_000),
        row(known, a_copy, from_all, copy),
        row(f"{known}, id with marks", a_copy, each_of(whole, MARKED), copy),
        row(known, fewer, from_all, from_few, goal="19", at_most=1.1),
        row(f"{known}, state read", fewer, *(each_of(pool, FEW_USERS, state=True) for pool in (whole, small))),
    ]


def _refusals() -> list[Row]:
    return [
        row("not loaded: refused", "one license", refused(part, "nobody"), ONE),
        row("not eligible: refused", "one license", refused(whole, "nobody"), ONE),
        row("none left: refused", "one license", refused(full, NEW[0]), ONE),
    ]


def _many() -> list[Row]:
    peer = "one user a command"
    return [
        row("10,000 users a command, a user", peer, in_bulk, ONE, ours_per=len(NEW)),
        row("10,000 users, a user, state read", peer, in_bulk_with_state, ONE, ours_per=len(NEW)),
    ]


def _in_a_row() -> list[Row]:
    """Only where the map in C is installed."""
    if find_spec("immutables") is None:
        return []
    what, peer, per = "1,000 in a row of 1,000,000", "immutables.Map.set", {"ours_per": 1000, "theirs_per": 1000}
    return [
        row(f"{what}, the store keeps who", peer, each_of(part, NEW[:1000]), in_a_row_in_c, **per),
        row(f"{what}, each state", peer, in_a_row, in_a_row_in_c, **per),
    ]


def _memory() -> Row:
    return Row(
        "",
        "a pool of 1,000,000, a user",
        f"a bound of {BYTES_A_USER} bytes",
        bytes_a_user,
        lambda: BYTES_A_USER,
        at_most=1.0,
        cpu_ns=lambda call: float(str(call())),
        unit="B",
    )
