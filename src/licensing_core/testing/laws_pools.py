"""The laws of pools of licenses: nothing is counted twice, and what happened can be told again (L1, L2, L7).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import pools
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.plans import Switches
from licensing_core.pools import LicensePool, PoolEvent
from licensing_core.testing.law import require

NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
USERS: Final = tuple(f"user-{number}" for number in range(8))
ROOT: Final = Actor("root", Role.SUPERADMIN)
POWER_USER: Final = Actor("pu", Role.POWER_USER)

Step = Callable[[LicensePool], LicensePool]
Outcome = tuple[LicensePool, tuple[PoolEvent, ...]] | LicensingError


def outcome_of(command: Callable[..., Any], *arguments: Any, **named: Any) -> Outcome:
    """State and events of a *command*, or the refusal that it raised."""
    try:
        decision = command(*arguments, **named)
    except LicensingError as refusal:
        return refusal
    return (decision.state, decision.events)


def the_counters_add_up(pool: LicensePool) -> None:
    """L1. Consumed = held + awaiting; free and overrun are what is left and what is too much, never both."""
    held, awaiting = (len(pool.users(state)) for state in (Holding.HELD, Holding.AWAITING))
    require(pool.held == held, "held counts those who hold a license", pool=pool)
    require(pool.awaiting == awaiting, "awaiting counts those who await confirmation", pool=pool)
    require(pool.consumed == held + awaiting, "consumed = held + awaiting", pool=pool)
    require(pool.free == max(0, pool.bought - pool.consumed), "free = max(0, bought - consumed)", pool=pool)
    require(pool.overrun == max(0, pool.consumed - pool.bought), "overrun = max(0, consumed - bought)", pool=pool)
    require(not (pool.free and pool.overrun), "nothing is free while there is an overrun", pool=pool)


def an_enforced_limit_is_kept(pool: LicensePool, users: Collection[str], now: datetime = NOON) -> None:
    """L1, DOC-31. With the limit enforced, assigning never makes or adds to an overrun; it is all or nothing."""
    found = outcome_of(pools.assign, pool, users, eligible=users, switches=Switches(), by=ROOT, now=now)
    new = {user for user in users if user not in pool.holdings}
    fits = not new or pool.consumed + len(new) <= pool.bought
    case = {"pool": pool, "holdings": dict(pool.holdings), "users": users}
    if isinstance(found, LicensingError):
        require(type(found) is pools.LicensesExhausted and not fits, "only what does not fit is refused", **case)
        return
    after, _events = found
    require(fits, "what does not fit is refused", **case)
    require(after.overrun <= pool.overrun, "an enforced limit adds no overrun", **case)
    require(all(after.holds(user) for user in users), "all of them hold a license", **case)


def twice_is_once(pool: LicensePool, users: Collection[str], switches: Switches, by: Actor) -> None:
    """L2. To assign or unassign again changes nothing and makes no event."""
    commands: tuple[Callable[[LicensePool], Outcome], ...] = (
        lambda at: outcome_of(pools.assign, at, users, eligible=users, switches=switches, by=by, now=NOON),
        lambda at: outcome_of(pools.unassign, at, users, switches=switches, by=by, now=NOON),
    )
    for command in commands:
        first = command(pool)
        if isinstance(first, LicensingError):
            require(command(pool) == first, "a refused command is refused alike", pool=pool, users=users)
        else:
            again = command(first[0])
            require(again == (first[0], ()), "twice is once", pool=pool, users=users, switches=switches, by=by)


def the_order_of_users_does_not_matter(
    pool: LicensePool, users: Sequence[str], eligible: Collection[str], switches: Switches, by: Actor
) -> None:
    """L2. Any order of the users, and any user named twice, gives the same state and events, or refusal."""
    others = [*reversed(users), *users[:1]]
    case = {"pool": pool, "users": users, "eligible": eligible, "switches": switches, "by": by}
    for command, more in ((pools.assign, {"eligible": eligible}), (pools.unassign, {})):
        one, other = (
            outcome_of(command, pool, some, switches=switches, by=by, now=NOON, **more) for some in (users, others)
        )
        require(one == other, "the order of users does not matter", **case)


def a_part_decides_as_the_whole(
    pool: LicensePool, users: Collection[str], eligible: Collection[str], switches: Switches, by: Actor
) -> None:
    """A decision needs the counters and the holdings of its users, and no more; its events are the same."""
    known = {user: state for user, state in pool.holdings.items() if user in set(users)}
    part = evolve(pool, holdings=Holdings(known, loaded=set(users)))
    for command, more in ((pools.assign, {"eligible": eligible}), (pools.unassign, {})):
        whole, small = (
            outcome_of(command, some, users, switches=switches, by=by, now=NOON, **more) for some in (pool, part)
        )
        if isinstance(whole, LicensingError) or isinstance(small, LicensingError):
            require(whole == small, "a part is refused as the whole is", pool=pool, users=users)
            continue
        require(whole[1] == small[1], "a part decides as the whole", pool=pool, users=users)
        counters = [(one.consumed, one.held, one.bought) for one in (whole[0], small[0])]
        require(counters[0] == counters[1], "a part counts as the whole", pool=pool, users=users)


def a_release_waits_for_a_superadmin(pool: LicensePool, users: Collection[str], switches: Switches, by: Actor) -> None:
    """DOC-35, DOC-36. Held falls at once; consumed too with refund on or a superadmin, else when one confirms."""
    taken = pools.unassign(pool, users, switches=switches, by=by, now=NOON).state
    holders, waiting = ([user for user in users if pool.holdings.get(user) is state] for state in Holding)
    case = {"pool": pool, "holdings": dict(pool.holdings), "users": users, "switches": switches, "by": by}
    require(taken.held == pool.held - len(holders), "held falls at once", **case)
    back = len(holders) if by.is_superadmin or switches.allow_refund else 0
    back += len(waiting) if by.is_superadmin else 0
    require(taken.consumed == pool.consumed - back, "consumed falls when the license is given back", **case)
    for command, more in ((pools.confirm, {}), (pools.unassign, {"switches": switches})):
        after = outcome_of(command, taken, users, by=ROOT, now=NOON, **more)
        gone = not isinstance(after, LicensingError) and not any(user in after[0].holdings for user in users)
        require(gone, "after a superadmin confirmed, none is left", **case)


def replay_rebuilds(start: LicensePool, history: Sequence[tuple[LicensePool, tuple[PoolEvent, ...]]]) -> None:
    """L7. The state after each command of *history*, and as of each instant, is the replay of all events up to it."""
    events: list[PoolEvent] = []
    as_of: dict[datetime, LicensePool] = {}
    for state, more in history:
        events.extend(more)
        require(reduce(pools.apply, events, start) == state, "replay rebuilds the state", start=start, events=events)
        as_of.update({event.at: state for event in more})
    for instant, state in as_of.items():
        until = [event for event in events if event.at <= instant]
        require(reduce(pools.apply, until, start) == state, "a state can be read back", start=start, at=instant)


def questions_agree_with_commands(
    pool: LicensePool, users: Collection[str], eligible: Collection[str], switches: Switches, by: Actor, bought: int
) -> None:
    """Each `can_...` carries the very refusal of its command, or allows what the command does."""
    everything: dict[str, Any] = {"by": by, "now": NOON}
    assigning = {**everything, "eligible": eligible, "switches": switches}
    asked: tuple[tuple[Verdict, Outcome], ...] = (
        (pools.can_assign(pool, users, **assigning), outcome_of(pools.assign, pool, users, **assigning)),
        (pools.can_confirm(pool, users, **everything), outcome_of(pools.confirm, pool, users, **everything)),
        (
            pools.can_resize(pool, bought, by=by, now=NOON),
            outcome_of(pools.resize, pool, bought, by=by, now=NOON),
        ),
    )
    for verdict, found in asked:
        refusal = found if isinstance(found, LicensingError) else None
        require(verdict.refusal == refusal, "question and command agree", pool=pool, users=users, found=found)


# Cases, from a source of random numbers that the caller seeds.


def any_pool(rng: Random, users: Sequence[str] = USERS) -> LicensePool:
    """A pool of which any of *users* hold a license or await confirmation, within its size or beyond it."""
    entries = {user: state for user in users if (state := rng.choice((None, None, *Holding))) is not None}
    held = sum(state is Holding.HELD for state in entries.values())
    bought = rng.choice((len(entries), max(0, len(entries) - 1), rng.randrange(len(users) + 2)))
    beneficiary = Scope.branch("sales")
    return LicensePool(
        id="pool",
        beneficiary=beneficiary,
        bought=bought,
        consumed=len(entries),
        held=held,
        holdings=Holdings(entries),
    )


def some_users(rng: Random, users: Sequence[str] = USERS) -> list[str]:
    """Some of *users*, in any order; none at times."""
    return rng.sample(users, rng.randrange(len(users) + 1))


def any_switches(rng: Random) -> Switches:
    """Limit and refund on or off."""
    return Switches(enforce_limit=rng.random() < 0.5, allow_refund=rng.random() < 0.5)


def any_actor(rng: Random) -> Actor:
    """A superadmin or a power user."""
    return rng.choice((ROOT, POWER_USER))


def any_step(rng: Random, pool: LicensePool, now: datetime, *, enforced: bool = False) -> Outcome:
    """What becomes of *pool* by one command of any kind; *enforced* keeps the limit enforced."""
    users, by, switches = some_users(rng), any_actor(rng), any_switches(rng)
    if enforced:
        switches = evolve(switches, enforce_limit=True)
    kind = rng.randrange(8)
    if kind < 4:
        return outcome_of(pools.assign, pool, users[:3], eligible=USERS[1:], switches=switches, by=by, now=now)
    if kind < 6:
        return outcome_of(pools.unassign, pool, users, switches=switches, by=by, now=now)
    if kind < 7:
        return outcome_of(pools.confirm, pool, users, by=by, now=now)
    return outcome_of(pools.resize, pool, rng.randrange(9), by=by, now=now)


def any_history(
    rng: Random, pool: LicensePool, *, enforced: bool = False
) -> Iterator[tuple[LicensePool, tuple[PoolEvent, ...]]]:
    """State and events after each of some commands on *pool*; those refused change nothing and are left out."""
    now = NOON
    for _ in range(rng.randint(1, 6)):
        now += timedelta(minutes=rng.randrange(3))
        found = any_step(rng, pool, now, enforced=enforced)
        if not isinstance(found, LicensingError):
            pool = found[0]
            yield found


def _counted(rng: Random) -> None:
    for state, _events in any_history(rng, any_pool(rng)):
        the_counters_add_up(state)


def _enforced_from_the_start(rng: Random) -> None:
    start = LicensePool(id="pool", beneficiary=Scope.branch("sales"), bought=rng.randrange(5))
    for state, _events in any_history(rng, start, enforced=True):
        require(state.overrun == 0, "an overrun needs a limit that was not enforced", state=state)


def _replayed(rng: Random) -> None:
    start = any_pool(rng)
    replay_rebuilds(start, tuple(any_history(rng, start)))


def _ordered(rng: Random) -> None:
    arguments = (some_users(rng), some_users(rng), any_switches(rng), any_actor(rng))
    the_order_of_users_does_not_matter(any_pool(rng), *arguments)


def _released(rng: Random) -> None:
    a_release_waits_for_a_superadmin(any_pool(rng), some_users(rng), any_switches(rng), any_actor(rng))


def _in_part(rng: Random) -> None:
    a_part_decides_as_the_whole(any_pool(rng), some_users(rng), USERS[2:], any_switches(rng), any_actor(rng))


def _asked(rng: Random) -> None:
    users, eligible = some_users(rng), some_users(rng)
    by, bought = any_actor(rng), rng.randrange(9)
    questions_agree_with_commands(any_pool(rng), users, eligible, any_switches(rng), by, bought)


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L1 the counters of a pool add up", _counted),
    ("L1 an enforced limit is kept", lambda rng: an_enforced_limit_is_kept(any_pool(rng), some_users(rng))),
    ("L1 enforced at every step there is no overrun", _enforced_from_the_start),
    ("L2 twice is once", lambda rng: twice_is_once(any_pool(rng), some_users(rng), any_switches(rng), any_actor(rng))),
    ("L2 the order of users does not matter", _ordered),
    ("a release waits for a superadmin", _released),
    ("L7 replay rebuilds a pool", _replayed),
    ("a part of the holdings decides as the whole", _in_part),
    ("questions agree with commands", _asked),
]
"""Name of each law, and what makes one case of it and checks it."""
