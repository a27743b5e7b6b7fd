"""The laws of limits: a ceiling holds in each place and in all, and no count moves but the one that is meant.

What becomes of counts by time, by events and by another plan stands in `laws_limit_changes`.

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import limits as library
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.limits import (
    UNLIMITED,
    Limit,
    LimitExceeded,
    Limits,
    OnPlanChange,
    Overage,
    Places,
    PlacesRow,
    ThresholdReached,
    Unlimited,
    Usage,
    UsageBelowZero,
    UsageEvent,
)
from licensing_core.periods import Duration
from licensing_core.testing.law import require
from licensing_core.testing.laws_pools import a_question_agrees

NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
ADMIN: Final = Actor("admin")
PLACES: Final = ("room-1", "room-2", "room-3")
ZONES: Final = ("UTC", "Europe/Madrid", "America/Mexico_City", "Pacific/Kiritimati")
MOSTS: Final = (UNLIMITED, 0, 1, 2, 3, 3, 5, 8)
OVERAGES: Final = (Overage.BLOCK, Overage.BLOCK, Overage.ALLOW, Fraction(5, 4), Fraction(7, 3))
RESETS: Final = (None, None, Duration(days=1), Duration(months=1))
THRESHOLDS: Final = ((80, 100), (50, 100, 150), (1, 33, 34), ())

Spot = tuple[str, str | None]
"""A limit, and a place of it; no place, for a limit that counts within no other."""
Used = Mapping[Spot, int]
"""How much is used, with what is used of the limits that are part of it; of places, only those in use."""
Outcome = tuple[Usage, tuple[UsageEvent, ...]] | LicensingError
History = Sequence[tuple[Usage, tuple[UsageEvent, ...]]]


def outcome_of(command: Callable[..., Any], *arguments: Any, **named: Any) -> Outcome:
    """State and events of a *command*, or the refusal that it raised."""
    try:
        decision = command(*arguments, **named, by=ADMIN)
    except LicensingError as refusal:
        return refusal
    return (decision.state, decision.events)


def use(usage: Usage, limits: Limits, spot: Spot, amount: int, now: datetime) -> Outcome:
    """What becomes of *usage* when so much more of a limit is used, there."""
    return outcome_of(library.use, usage, spot[0], amount, limits=limits, within=spot[1], now=now)


def release(usage: Usage, limits: Limits, spot: Spot, amount: int, now: datetime) -> Outcome:
    """What becomes of *usage* when so much of a limit is released, there."""
    return outcome_of(library.release, usage, spot[0], amount, limits=limits, within=spot[1], now=now)


def recount(usage: Usage, limits: Limits, spot: Spot, number: int, now: datetime) -> Outcome:
    """What becomes of *usage* when the host counts so many, there."""
    return outcome_of(library.recount, usage, spot[0], range(number), limits=limits, within=spot[1], now=now)


def table(usage: Usage, limits: Limits, now: datetime) -> dict[Spot, int]:
    """What the table of usage says is used."""
    found: dict[Spot, int] = {}
    for name, row in library.rows(usage, limits, now).items():
        if isinstance(row, PlacesRow):
            found.update({(name, place): used for place, used in row.by.items()})
        else:
            found[name, None] = row.used
    return found


def in_all(used: Used, name: str) -> int:
    """How much is used of a limit, in all of its places."""
    return sum(number for (one, _), number in used.items() if one == name)


def outside_parts(used: Used, limits: Limits, spot: Spot) -> int:
    """How much is used there that is not used of the limits that are part of it."""
    parts = [name for name in limits if limits.by_name[name].part_of == spot[0]]
    return used.get(spot, 0) - sum(in_all(used, part) for part in parts)


def line_of(limits: Limits, spot: Spot) -> list[Spot]:
    """*spot*, and what it is part of, and so on."""
    line, whole = [spot], limits.by_name[spot[0]].part_of
    while whole is not None:
        line.append((whole, None))
        whole = limits.by_name[whole].part_of
    return line


def most_of(usage: Usage, limits: Limits, name: str) -> int | Unlimited:
    """What is included for this customer."""
    return usage.overrides.get(name, limits.by_name[name].most)


def fits(usage: Usage, limits: Limits, name: str, used: int) -> bool:
    """Whether so much may be used of a limit: a ratio moves it, and an override stands for what the plan says."""
    most, overage = most_of(usage, limits, name), limits.by_name[name].overage
    if isinstance(most, Unlimited) or overage is Overage.ALLOW:
        return True
    return used <= most * (overage if isinstance(overage, Fraction) else 1)


def the_counts_add_up(usage: Usage, limits: Limits, now: datetime) -> None:
    """PLZ-11. What is used of a limit is the sum of its places and its parts, never below zero; so parts <= whole."""
    used = table(usage, limits, now)
    case = {"usage": usage, "places": dict(usage.places), "limits": limits, "now": now}
    require(all(number >= 0 for number in used.values()), "nothing used falls below zero", used=used, **case)
    for name, limit in limits.by_name.items():
        tally = usage.tallies.get(name, library.Tally())
        live = limit.resets is None or tally.until is None or now < tally.until
        counted = tally.used if live else 0
        if limit.per is not None:
            mine = [places.get(name) for places in usage.places.values()]
            there = sum(one.used for one in mine if one is not None and one.turn == tally.turn) if live else 0
            summed = there == counted == in_all(used, name)
            require(summed, "the places of a limit sum to what is used of it", name=name, used=used, **case)
            continue
        parts = [part for part, one in limits.by_name.items() if one.part_of == name]
        in_parts = sum(in_all(used, part) for part in parts)
        whole = used[name, None] == counted + in_parts
        require(whole, "what is used of parts is used of the whole", name=name, used=used, **case)


def only_what_fits_is_used(usage: Usage, limits: Limits, spot: Spot, amount: int, now: datetime) -> None:
    """ALU-2, PLZ-11, decisions 3 and 9. Refused is what passes a ceiling, there or of a whole; else one count moves."""
    before, line, found = table(usage, limits, now), line_of(limits, spot), use(usage, limits, spot, amount, now)
    full = [one for one in line if not fits(usage, limits, one[0], before.get(one, 0) + amount)]
    case = {"usage": usage, "limits": limits, "spot": spot, "amount": amount, "now": now}
    if isinstance(found, LicensingError):
        named = isinstance(found, LimitExceeded) and full and (found.limit, found.within) == full[0]
        require(bool(named), "only what does not fit is refused", found=found, full=full, **case)
        if isinstance(found, LimitExceeded):
            together, used = before.get(full[0], 0) + amount, before.get(full[0], 0)
            least = fits(usage, limits, found.limit, together - found.shortfall)
            least = least and not fits(usage, limits, found.limit, together - found.shortfall + 1)
            require(found.used == used and least, "a refusal says by how much it is short", found=found, **case)
        return
    require(not full, "what does not fit is refused", full=full, **case)
    after, (counted, *_) = found
    moved = {**before, **{one: before.get(one, 0) + amount for one in line}}
    require(table(after, limits, now) == moved, "using moves the count and its wholes, and no other", **case)
    most = most_of(usage, limits, spot[0])
    over = 0 if isinstance(most, Unlimited) else max(0, moved[spot] - most)
    require(getattr(counted, "over", None) == over, "the event flags what lies beyond the limit", **case)


def only_what_is_used_is_released(usage: Usage, limits: Limits, spot: Spot, amount: int, now: datetime) -> None:
    """Refused is what is not used there; releasing what was used is as if it had never been."""
    before, found = table(usage, limits, now), release(usage, limits, spot, amount, now)
    own = outside_parts(before, limits, spot)
    case = {"usage": usage, "limits": limits, "spot": spot, "amount": amount, "now": now}
    if isinstance(found, LicensingError):
        refusal = UsageBelowZero(limit=spot[0], within=spot[1], used=own, amount=amount)
        require(found == refusal and own < amount, "only what is not used is not released", found=found, **case)
        return
    require(own >= amount, "what is not used is not released", own=own, **case)
    moved = {**before, **{one: before[one] - amount for one in line_of(limits, spot)}}
    moved = {one: number for one, number in moved.items() if number or one[1] is None}
    require(table(found[0], limits, now) == moved, "releasing moves the count and its wholes, and no other", **case)
    again = use(found[0], limits, spot, amount, now)
    if not isinstance(again, LicensingError):
        require(table(again[0], limits, now) == before, "released and used again is as before", **case)


def room_is_the_most_that_may_be_used(usage: Usage, limits: Limits, spot: Spot, now: datetime) -> None:
    """`room()` says the largest amount that `use()` lets be used; tried up to a million."""
    room = library.room(usage, spot[0], limits=limits, within=spot[1], now=now)
    most = 1_000_000 if isinstance(room, Unlimited) else min(room, 1_000_000)
    case = {"usage": usage, "limits": limits, "spot": spot, "now": now, "room": room}
    if most:
        found = use(usage, limits, spot, most, now)
        require(not isinstance(found, LicensingError), "what there is room for may be used", found=found, **case)
    if most < 1_000_000:
        found = use(usage, limits, spot, most + 1, now)
        require(isinstance(found, LimitExceeded), "there is no more room than that", found=found, **case)


def one_by_one_is_together(usage: Usage, limits: Limits, spot: Spot, amounts: tuple[int, int], now: datetime) -> None:
    """L2. Using one amount and then another is using both at once: state, thresholds and refusal are the same."""
    first, second = amounts
    together, apart = use(usage, limits, spot, first + second, now), use(usage, limits, spot, first, now)
    case = {"usage": usage, "limits": limits, "spot": spot, "amounts": amounts, "now": now}
    if isinstance(apart, LicensingError):
        require(isinstance(together, LimitExceeded), "what is refused alone is refused with more", **case)
        return
    last = use(apart[0], limits, spot, second, now)
    if isinstance(last, LicensingError) or isinstance(together, LicensingError):
        short = [(getattr(one, "limit", one), getattr(one, "shortfall", one)) for one in (last, together)]
        require(short[0] == short[1], "both are refused alike", found=short, **case)
        return
    require(last[0] == together[0], "one by one is together", **case)
    told = [Counter(_thresholds(events)) for events in ((*apart[1], *last[1]), together[1])]
    require(told[0] == told[1], "the same thresholds are reached", told=told, **case)


def _thresholds(events: Sequence[UsageEvent]) -> list[tuple[str, str | None, int]]:
    return [(one.limit, one.within, one.percent) for one in events if isinstance(one, ThresholdReached)]


def each_threshold_is_told_once(limits: Limits, steps: Sequence[tuple[Spot, int]]) -> None:
    """While use only grows, a threshold is told once: by what first comes up to it."""
    usage = library.open_usage("acme", plan="plan", zone="UTC", by=ADMIN, now=NOON).state
    told: list[tuple[str, str | None, int]] = []
    for spot, amount in steps:
        found = use(usage, limits, spot, amount, NOON)
        if not isinstance(found, LicensingError):
            usage = found[0]
            told.extend(_thresholds(found[1]))
    reached = [
        (name, place, percent)
        for (name, place), used in table(usage, limits, NOON).items()
        for percent in limits.by_name[name].thresholds
        if not isinstance(most := limits.by_name[name].most, Unlimited) and used and 100 * used >= percent * most
    ]
    require(Counter(told) == Counter(reached), "each is told once", limits=limits, steps=steps, told=told)


def a_ceiling_holds_at_every_step(limits: Limits, history: History, now: datetime) -> None:
    """PLZ-11. From nothing, by use and release alone, no limit is ever passed: not in a place, and not in all."""
    for usage, _events in history:
        the_counts_add_up(usage, limits, now)
        for (name, place), used in table(usage, limits, now).items():
            require(fits(usage, limits, name, used), "no ceiling is passed", limit=name, place=place, usage=usage)


def what_is_counted_anew_is_so(usage: Usage, limits: Limits, spot: Spot, number: int, now: datetime) -> None:
    """Decisions 3 and 16. Counting anew sets that count, whatever the limit, and moves its wholes; twice is once."""
    before, found = table(usage, limits, now), recount(usage, limits, spot, number, now)
    case = {"usage": usage, "limits": limits, "spot": spot, "number": number, "now": now}
    if isinstance(found, LicensingError):
        require(holds=False, law="counting anew is never refused", found=found, **case)
        return
    more = number - outside_parts(before, limits, spot)
    moved = {**before, **{one: before.get(one, 0) + more for one in line_of(limits, spot)}}
    moved = {one: used for one, used in moved.items() if used or one[1] is None}
    require(table(found[0], limits, now) == moved, "what is counted anew is so", **case)
    again = recount(found[0], limits, spot, number, now)
    require(again == (found[0], ()), "counting twice is counting once", again=again, **case)


def a_part_of_the_places_decides_as_all(usage: Usage, limits: Limits, spot: Spot, amount: int, now: datetime) -> None:
    """A command needs the tallies and the place that it names, and no more; its events are the same."""
    wanted = () if spot[1] is None else (spot[1],)
    known = {place: mine for place, mine in usage.places.items() if place in wanted}
    part = evolve(usage, places=Places(known, loaded=wanted))
    for command in (use, release, recount):
        whole, small = (command(one, limits, spot, amount, now) for one in (usage, part))
        refused = isinstance(whole, LicensingError) or isinstance(small, LicensingError)
        same = whole == small if refused else whole[1:] == small[1:]  # type: ignore[index]
        require(same, "a part decides as the whole", usage=usage, limits=limits, spot=spot, amount=amount, found=small)


def questions_agree_with_commands(usage: Usage, limits: Limits, spot: Spot, amount: int, now: datetime) -> None:
    """Each `can_...` carries the very refusal of its command, or allows what the command does."""
    acts: dict[str, Any] = {"limits": limits, "by": ADMIN, "now": now}
    a_question_agrees(library.can_use, library.use, usage, spot[0], amount, within=spot[1], **acts)
    a_question_agrees(library.can_release, library.release, usage, spot[0], amount, within=spot[1], **acts)
    a_question_agrees(library.can_change_plan, library.change_plan, usage, "other", **acts)


# Cases, from a source of random numbers that the caller seeds.


def any_limit(rng: Random, per: str | None = None, **more: Any) -> Limit:
    """A limit of a few, or none, with any overage, thresholds and policy."""
    return Limit(
        rng.choice(MOSTS),
        per,
        overage=rng.choice(OVERAGES),
        thresholds=rng.choice(THRESHOLDS),
        on_plan_change=rng.choice(tuple(OnPlanChange)),
        **more,
    )


def any_limits(rng: Random) -> Limits:
    """A plan whose limits count within rooms and are part of one another; some plans lack some of them."""
    together, alone = rng.choice(RESETS), rng.choice(RESETS)
    whole: dict[str, Any] = {"part_of": "people", "resets": together}
    by_name = {
        "rooms": any_limit(rng),
        "people": any_limit(rng, resets=together),
        "staff": any_limit(rng, **whole),
        "guests": any_limit(rng, "rooms", **whole),
        "calls": any_limit(rng, rng.choice(("rooms", "rooms", None)), resets=alone),
    }
    return Limits({name: one for name, one in by_name.items() if name in ("rooms", "people") or rng.random() < 0.8})


def any_spot(rng: Random, limits: Limits) -> Spot:
    """One of the counters of *limits*."""
    name = rng.choice(list(limits))
    return (name, None if limits.by_name[name].per is None else rng.choice(PLACES))


def spots_of(limits: Limits) -> Iterator[Spot]:
    """All counters of *limits*, in the few places."""
    for name, limit in limits.by_name.items():
        yield from ((name, place) for place in ((None,) if limit.per is None else PLACES))


def any_usage(rng: Random, limits: Limits) -> Usage:
    """A customer who uses some of each limit, up to it or beyond, and for whom some hold otherwise."""
    anchor = rng.choice((None, None, date(2026, 1, 31), NOON - timedelta(days=3, hours=5)))
    usage = library.open_usage("acme", plan="plan", zone=rng.choice(ZONES), anchor=anchor, by=ADMIN, now=NOON).state
    for name in limits:
        if rng.random() < 0.2:
            usage = library.override(usage, name, rng.choice(MOSTS), by=ADMIN, now=NOON).state
    for spot in spots_of(limits):
        number = rng.choice((0, 0, 1, 2, 3, 7))
        most = most_of(usage, limits, spot[0])
        if isinstance(most, int) and rng.random() < 0.5:
            number = max(0, most - rng.randrange(-1, 2))
        found = recount(usage, limits, spot, number, NOON)
        usage = usage if isinstance(found, LicensingError) else found[0]
    return usage


def any_now(rng: Random) -> datetime:
    """Noon, mostly, or some days later."""
    return NOON + timedelta(hours=rng.choice((0, 0, 0, rng.randrange(24 * 45))))


def any_step(rng: Random, usage: Usage, limits: Limits, now: datetime) -> Outcome:
    """What becomes of *usage* by one command of any kind."""
    spot, amount, kind = any_spot(rng, limits), rng.choice((1, 1, 2, 3)), rng.randrange(10)
    if kind < 4:
        return use(usage, limits, spot, amount, now)
    if kind < 6:
        return release(usage, limits, spot, amount, now)
    if kind < 7:
        return recount(usage, limits, spot, amount, now)
    if kind < 8:
        return outcome_of(library.override, usage, spot[0], rng.choice((None, *MOSTS)), now=now)
    plan, accept = rng.choice(("one", "two")), rng.random() < 0.6
    return outcome_of(library.change_plan, usage, plan, limits=limits, accept_excess=accept, now=now)


def any_history(rng: Random, usage: Usage, plans: Sequence[Limits]) -> Iterator[tuple[Usage, tuple[UsageEvent, ...]]]:
    """State and events after each of some commands, under any of *plans*; those refused are left out."""
    now = NOON
    for _ in range(rng.randint(1, 8)):
        now += timedelta(hours=rng.choice((0, 0, 1, 20, 300)))
        found = any_step(rng, usage, rng.choice(plans), now)
        if not isinstance(found, LicensingError):
            usage = found[0]
            yield found


def _enforced(rng: Random, limits: Limits) -> Iterator[tuple[Usage, tuple[UsageEvent, ...]]]:
    usage = library.open_usage("acme", plan="plan", zone="UTC", by=ADMIN, now=NOON).state
    for _ in range(rng.randint(4, 16)):
        command = rng.choice((use, use, use, release))
        found = command(usage, limits, any_spot(rng, limits), rng.choice((1, 1, 2, 3)), NOON)
        if not isinstance(found, LicensingError):
            usage = found[0]
            yield found


def a_case(rng: Random) -> tuple[Usage, Limits, Spot, int, datetime]:
    """What is used under a plan, one of its counters, and about as much as there is room for, or is used there."""
    limits = any_limits(rng)
    usage, spot, now = any_usage(rng, limits), any_spot(rng, limits), any_now(rng)
    room = library.room(usage, spot[0], limits=limits, within=spot[1], now=now)
    own = outside_parts(table(usage, limits, now), limits, spot)
    near = own if isinstance(room, Unlimited) or rng.random() < 0.4 else room
    return usage, limits, spot, max(1, near + rng.randrange(-1, 2)), now


def _added(rng: Random) -> None:
    plans = [any_limits(rng)]
    for usage, events in any_history(rng, any_usage(rng, plans[0]), plans):
        the_counts_add_up(usage, plans[0], max(event.at for event in events) if events else NOON)


def _stepwise(rng: Random) -> None:
    limits = any_limits(rng)
    a_ceiling_holds_at_every_step(limits, tuple(_enforced(rng, limits)), NOON)


def _roomy(rng: Random) -> None:
    usage, limits, spot, _amount, now = a_case(rng)
    room_is_the_most_that_may_be_used(usage, limits, spot, now)


def _together(rng: Random) -> None:
    usage, limits, spot, amount, now = a_case(rng)
    one_by_one_is_together(usage, limits, spot, (amount, rng.choice((1, 1, 2, 5))), now)


def _told(rng: Random) -> None:
    limits = any_limits(rng)
    steps = [(any_spot(rng, limits), rng.choice((1, 1, 2, 4))) for _ in range(rng.randint(4, 16))]
    each_threshold_is_told_once(limits, steps)


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("the counts of nested limits add up", _added),
    ("only what fits is used", lambda rng: only_what_fits_is_used(*a_case(rng))),
    ("only what is used is released", lambda rng: only_what_is_used_is_released(*a_case(rng))),
    ("a ceiling holds at every step", _stepwise),
    ("room is the most that may be used", _roomy),
    ("L2 to use one by one is to use together", _together),
    ("each threshold is told once", _told),
    ("what is counted anew is so", lambda rng: what_is_counted_anew_is_so(*a_case(rng))),
    ("a part of the places decides as all", lambda rng: a_part_of_the_places_decides_as_all(*a_case(rng))),
    ("questions agree with commands on limits", lambda rng: questions_agree_with_commands(*a_case(rng))),
]
"""Name of each law, and what makes one case of it and checks it."""
