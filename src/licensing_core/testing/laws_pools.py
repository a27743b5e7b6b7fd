"""The laws of pools of licenses: nothing is counted twice, and what happened can be told again (L1, L2, L7).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import pools
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.limits import UNLIMITED, Overage, Unlimited
from licensing_core.plans import PLATFORM_DEFAULTS, Switches
from licensing_core.pools import AnyPool, LicensePool, PoolEvent
from licensing_core.testing.law import require

NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
USERS: Final = tuple(f"user-{number}" for number in range(8))
ROOT: Final = Actor("root", Role.SUPERADMIN)
POWER_USER: Final = Actor("pu", Role.POWER_USER)

OVERAGES: Final = (Overage.BLOCK, Overage.BLOCK, Overage.ALLOW, Fraction(5, 4), Fraction(7, 3))
CAPS: Final = (UNLIMITED, UNLIMITED, Fraction(1, 2), Fraction(2, 3), Fraction(1))

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


def fits(pool: AnyPool, more: int, switches: Switches) -> bool:
    """Whether *more* licenses or seats fit in *pool*: a ratio moves the limit; one that is not enforced is none."""
    if not more or not switches.enforce_limit or switches.overage is Overage.ALLOW:
        return True
    ratio = switches.overage if isinstance(switches.overage, Fraction) else 1
    return pool.consumed + more <= pool.bought * ratio


def an_enforced_limit_is_kept(
    pool: LicensePool, users: Collection[str], switches: Switches = PLATFORM_DEFAULTS, now: datetime = NOON
) -> None:
    """L1, DOC-31, DOC-32. An enforced limit, with its overage, is never gone beyond; it is all or nothing."""
    found = outcome_of(pools.assign, pool, users, eligible=users, switches=switches, by=ROOT, now=now)
    new = {user for user in users if user not in pool.holdings}
    they_fit = fits(pool, len(new), switches)
    case = {"pool": pool, "holdings": dict(pool.holdings), "users": users, "switches": switches}
    if isinstance(found, LicensingError):
        require(type(found) is pools.LicensesExhausted and not they_fit, "only what does not fit is refused", **case)
        return
    after, _events = found
    require(they_fit, "what does not fit is refused", **case)
    enforced = switches.enforce_limit and switches.overage is Overage.BLOCK
    require(not enforced or after.overrun <= pool.overrun, "an enforced limit adds no overrun", **case)
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
    switches = evolve(switches, revocation_cap=UNLIMITED)
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


def a_rejected_release_is_undone(pool: LicensePool, users: Collection[str]) -> None:
    """DOC-35. What a power user took and a superadmin did not confirm is as it was, but that it was taken counts."""
    holders = [user for user in users if pool.holdings.get(user) is Holding.HELD]
    taken = pools.unassign(pool, holders, switches=Switches(), by=POWER_USER, now=NOON).state
    require(taken.consumed == pool.consumed, "what awaits confirmation is consumed", pool=pool, users=users)
    kept = pools.reject(taken, holders, by=ROOT, now=NOON).state
    as_it_was = evolve(pool, revoked=pool.revoked + len(holders))
    require(kept == as_it_was, "a rejected release is undone", pool=pool, users=users, kept=kept)


def the_revocation_cap_is_kept(pool: LicensePool, users: Collection[str], switches: Switches, by: Actor) -> None:
    """A power user takes as many as the cap leaves, or none of them; a superadmin any, and they do not count."""
    found = outcome_of(pools.unassign, pool, users, switches=switches, by=by, now=NOON)
    holders, cap = {user for user in users if pool.holdings.get(user) is Holding.HELD}, switches.revocation_cap
    counted = 0 if by.is_superadmin else len(holders)
    most = None if isinstance(cap, Unlimited) else int(cap * pool.bought)
    within = not counted or most is None or pool.revoked + counted <= most
    case = {"pool": pool, "holdings": dict(pool.holdings), "users": users, "switches": switches, "by": by}
    if not isinstance(found, LicensingError):
        require(within, "what the cap does not leave is refused", **case)
        require(found[0].revoked == pool.revoked + counted, "what is taken counts", **case)
        return
    left = 0 if most is None else max(0, most - pool.revoked)
    refusal = pools.RevocationsExhausted(pool=pool.id, requested=counted, left=left)
    require(found == refusal and not within, "only what the cap does not leave is refused", found=found, **case)


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
    acts: dict[str, Any] = {"by": by, "now": NOON}
    a_question_agrees(pools.can_assign, pools.assign, pool, users, eligible=eligible, switches=switches, **acts)
    a_question_agrees(pools.can_unassign, pools.unassign, pool, users, switches=switches, **acts)
    a_question_agrees(pools.can_confirm, pools.confirm, pool, users, **acts)
    a_question_agrees(pools.can_reject, pools.reject, pool, users, **acts)
    a_question_agrees(pools.can_resize, pools.resize, pool, bought, **acts)


def a_question_agrees(
    question: Callable[..., Verdict], command: Callable[..., Any], *arguments: Any, **named: Any
) -> None:
    """*question* carries the very refusal of *command* with these arguments, or allows what it does."""
    found, verdict = outcome_of(command, *arguments, **named), question(*arguments, **named)
    refusal = found if isinstance(found, LicensingError) else None
    require(verdict.refusal == refusal, "question and command agree", arguments=arguments, found=found)
    require(bool(verdict) == (refusal is None), "a verdict is true when it allows", verdict=verdict)


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
        revoked=rng.choice((0, 0, 1, 2)),
        holdings=Holdings(entries),
    )


def some_users(rng: Random, users: Sequence[str] = USERS) -> list[str]:
    """Some of *users*, in any order; none at times."""
    return rng.sample(users, rng.randrange(len(users) + 1))


def any_switches(rng: Random) -> Switches:
    """Limit and refund on or off, any overage, and a revocation cap or none."""
    return Switches(
        enforce_limit=rng.random() < 0.7,
        allow_refund=rng.random() < 0.5,
        overage=rng.choice(OVERAGES),
        revocation_cap=rng.choice(CAPS),
    )


def about_as_many_as_fit(rng: Random, pool: LicensePool, switches: Switches) -> list[str]:
    """Users without a license, as many as fit in *pool* or one more, where there are so many; any at times."""
    new = [user for user in USERS if user not in pool.holdings]
    ratio = switches.overage if isinstance(switches.overage, Fraction) else 1
    wanted = int(pool.bought * ratio) - pool.consumed + rng.randrange(2)
    return rng.sample(new, wanted) if 0 < wanted <= len(new) and rng.random() < 0.8 else some_users(rng)


def any_actor(rng: Random) -> Actor:
    """A superadmin or a power user."""
    return rng.choice((ROOT, POWER_USER))


def any_step(rng: Random, pool: LicensePool, now: datetime, *, enforced: bool = False) -> Outcome:
    """What becomes of *pool* by one command of any kind; *enforced* keeps the limit enforced."""
    users, by, switches = some_users(rng), any_actor(rng), any_switches(rng)
    if enforced:
        switches = evolve(switches, enforce_limit=True, overage=Overage.BLOCK)
    kind = rng.randrange(9)
    if kind < 4:
        return outcome_of(pools.assign, pool, users[:3], eligible=USERS[1:], switches=switches, by=by, now=now)
    if kind < 6:
        return outcome_of(pools.unassign, pool, users, switches=switches, by=by, now=now)
    if kind < 7:
        return outcome_of(pools.confirm, pool, users, by=by, now=now)
    if kind < 8:
        return outcome_of(pools.reject, pool, users, by=by, now=now)
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


def _limited(rng: Random) -> None:
    pool, switches = any_pool(rng), any_switches(rng)
    an_enforced_limit_is_kept(pool, about_as_many_as_fit(rng, pool, switches), switches)


def _capped(rng: Random) -> None:
    the_revocation_cap_is_kept(any_pool(rng), some_users(rng), any_switches(rng), any_actor(rng))


def _in_part(rng: Random) -> None:
    a_part_decides_as_the_whole(any_pool(rng), some_users(rng), USERS[2:], any_switches(rng), any_actor(rng))


def _asked(rng: Random) -> None:
    users, eligible = some_users(rng), some_users(rng)
    by, bought = any_actor(rng), rng.randrange(9)
    questions_agree_with_commands(any_pool(rng), users, eligible, any_switches(rng), by, bought)


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L1 the counters of a pool add up", _counted),
    ("L1 an enforced limit is kept", _limited),
    ("L1 enforced at every step there is no overrun", _enforced_from_the_start),
    ("L2 twice is once", lambda rng: twice_is_once(any_pool(rng), some_users(rng), any_switches(rng), any_actor(rng))),
    ("L2 the order of users does not matter", _ordered),
    ("a release waits for a superadmin", _released),
    ("a rejected release is undone", lambda rng: a_rejected_release_is_undone(any_pool(rng), some_users(rng))),
    ("the revocation cap is kept", _capped),
    ("L7 replay rebuilds a pool", _replayed),
    ("a part of the holdings decides as the whole", _in_part),
    ("questions agree with commands", _asked),
]
"""Name of each law, and what makes one case of it and checks it."""
