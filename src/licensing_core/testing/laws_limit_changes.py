"""The laws of what changes counts from without: time, a replay of events, another plan (L3, L7, ALU-5).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import limits as library
from licensing_core.errors import LicensingError
from licensing_core.limits import Limit, Limits, OnPlanChange, PlanTooSmall, Usage, UsageEvent
from licensing_core.periods import Cycle, Duration
from licensing_core.testing.law import require
from licensing_core.testing.laws_limits import (
    ADMIN,
    NOON,
    History,
    Spot,
    any_history,
    any_limits,
    any_now,
    any_spot,
    any_usage,
    fits,
    outcome_of,
    outside_parts,
    recount,
    table,
    use,
)
from licensing_core.testing.laws_periods import ODD_ZONES, any_day


def the_counts_tile_time(
    zone: str, anchor: date | datetime | None, every: Duration, start: datetime, turns: int
) -> None:
    """L3. Each count of a limit that resets begins at the very instant at which the one before ended."""
    limits = Limits({"calls": Limit(1, resets=every), "rooms": Limit(1), "jobs": Limit(1, "rooms", resets=every)})
    usage = library.open_usage("acme", plan=None, zone=zone, anchor=anchor, by=ADMIN, now=start).state
    cycle, now = _cycle(usage, every), start
    case: dict[str, Any] = {"zone": zone, "anchor": anchor, "every": every, "start": start}
    for turn in range(turns):
        for spot in (("calls", None), ("jobs", "room-1")):
            found = use(usage, limits, spot, 1, now)
            if isinstance(found, LicensingError):
                require(holds=False, law="a new count begins at nothing", found=found, turn=turn, **case)
                return
            usage = found[0]
        tally = usage.tallies["calls"]
        until = tally.until or start
        case |= {"now": now, "tally": tally}
        require(now < until and tally.turn == turn and tally.used == 1, "each count has a number and an end", **case)
        require(not turn or cycle.period_at(now).start == now, "a count begins where the one before ended", **case)
        last = until - timedelta(microseconds=1)
        lasts = set(table(usage, limits, last).values()) == {0, 1} and cycle.period_at(last).end == until
        require(lasts, "a count lasts to its end", **case)
        require(set(table(usage, limits, until).values()) == {0}, "where a count ends, nothing is used", **case)
        now = until


def _cycle(usage: Usage, every: Duration) -> Cycle:
    return Cycle.calendar(every, usage.zone) if usage.anchor is None else Cycle(usage.anchor, every, usage.zone)


def a_limit_is_read_as_it_is_now(usage: Usage, limits: Limits, every: Duration, now: datetime) -> None:
    """Decision 15. Held limits that reset by now end with the period they began in; others are held once they are.

    What is used of *limits* was all counted at noon, and *now* is no earlier.
    """
    was, before = table(usage, limits, NOON), table(usage, limits, now)
    held, anew = (
        Limits({name: evolve(one, resets=lasts) for name, one in limits.by_name.items()}) for lasts in (None, every)
    )
    case = {"usage": usage, "limits": limits, "every": every, "now": now}
    require(table(usage, held, now) == was, "what is held stays used until released", was=was, **case)
    live = {
        (name, place): used
        for (name, place), used in was.items()
        if now < _cycle(usage, limits.by_name[name].resets or every).period_at(NOON).end
    }
    found = {spot: used for spot, used in table(usage, anew, now).items() if used}
    wanted = {spot: used for spot, used in live.items() if used}
    require(found == wanted, "a count ends with the period in which it began", found=found, wanted=wanted, **case)
    require(table(usage, limits, now) == before, "an edit there and back changes nothing", **case)


def a_recount_sets_a_wrong_clock_right(usage: Usage, limits: Limits, spot: Spot, number: int, now: datetime) -> None:
    """Decision 16. What was counted by a clock that ran ahead ends, once counted anew, as what is counted now."""
    wrong = recount(usage, limits, spot, number + 1, now + timedelta(days=800))
    case = {"usage": usage, "limits": limits, "spot": spot, "number": number, "now": now}
    after = wrong if isinstance(wrong, LicensingError) else recount(wrong[0], limits, spot, number, now)
    if isinstance(after, LicensingError):
        require(holds=False, law="counting anew is never refused", found=after, **case)
        return
    resets, tally = limits.by_name[spot[0]].resets, after[0].tallies[spot[0]]
    until = None if resets is None else _cycle(usage, resets).period_at(now).end
    began = tally.since is not None and tally.since <= now
    require(began and tally.until == until, "it ends as what is counted now", tally=tally, until=until, **case)
    again = recount(after[0], limits, spot, number, now)
    require(again == (after[0], ()), "counting twice is counting once", again=again, **case)


def replay_rebuilds(start: Usage, history: History) -> None:
    """L7. The state after each command, and as of each instant, is the replay of all events up to it."""
    events: list[UsageEvent] = []
    as_of: dict[datetime, Usage] = {}
    for state, more in history:
        events.extend(more)
        require(reduce(library.apply, events, start) == state, "replay rebuilds the state", start=start, events=events)
        as_of.update({event.at: state for event in more})
    for instant, state in as_of.items():
        until = [event for event in events if event.at <= instant]
        require(reduce(library.apply, until, start) == state, "a state can be read back", start=start, at=instant)


def another_plan_is_as_previewed(usage: Usage, limits: Limits, now: datetime, *, accept_excess: bool = False) -> None:
    """ALU-5, decision 3. Refused is what the preview says does not fit; what was not accepted does not exceed."""
    fit = library.preview_plan(usage, limits, now=now)
    found = outcome_of(library.change_plan, usage, "other", limits=limits, accept_excess=accept_excess, now=now)
    case = {"usage": usage, "places": dict(usage.places), "limits": limits, "now": now}
    if isinstance(found, LicensingError):
        refused = found == PlanTooSmall(plan="other", exceeds=fit.exceeds)
        require(refused and not fit.fits and not accept_excess, "refused as previewed", found=found, fit=fit, **case)
        return
    require(fit.fits or accept_excess, "what does not fit is refused", fit=fit, **case)
    after, (event,) = found
    require(after.plan == "other" and getattr(event, "exceeds", None) == fit.exceeds, "as previewed", **case)
    exceeding: dict[str, Any] = dict(_lost(usage, limits, now))
    for (name, place), used in table(after, limits, now).items():
        dropped = name not in limits.by_name
        if used and (dropped or not fits(usage, limits, name, used)):
            more = used if dropped else _excess(usage, limits, name, used)
            exceeding |= {name: more} if place is None else {name: {**exceeding.get(name, {}), place: more}}
    require(exceeding == fit.exceeds, "what was not accepted does not exceed", exceeding=exceeding, fit=fit, **case)
    _policies_hold(usage, after, limits, now)


def _excess(usage: Usage, limits: Limits, name: str, used: int) -> int:
    return next(more for more in range(used + 1) if fits(usage, limits, name, used - more))


def _lost(usage: Usage, limits: Limits, now: datetime) -> dict[str, int]:
    """What is used of limits that count within another than before: it does not stay, unless it was to be reset."""
    none = table(usage, Limits(), now)  # as it was last counted, whatever a plan says of it
    found = {name: sum(used for (one, _), used in none.items() if one == name) for name in limits.by_name}
    return {
        name: used
        for name, used in found.items()
        if used and (limit := limits.by_name[name]).per not in (None, usage.tallies[name].per)
        if limit.on_plan_change is not OnPlanChange.RESET
    }


def _as_taken_over(usage: Usage, now: datetime) -> Usage:
    """*usage*, in which what had ended is gone, and what was held begins now."""
    tallies = {
        name: evolve(tally, since=now) if tally.until is None else evolve(tally, used=0, turn=tally.turn + 1)
        for name, tally in usage.tallies.items()
        if tally.until is None or now >= tally.until
    }
    return evolve(usage, tallies={**usage.tallies, **tallies})


def _policies_hold(usage: Usage, after: Usage, limits: Limits, now: datetime) -> None:
    """What was used was carried, reset or clamped, each as the limit of the other plan says."""
    was, now_used = table(_as_taken_over(usage, now), limits, now), table(after, limits, now)
    for name in {one for one, _ in was}:
        places = {place for one, place in (*was, *now_used) if one == name}
        for place in places:
            spot, limit = (name, place), limits.get(name)
            own, left = (outside_parts(used, limits, spot) for used in (was, now_used))
            if limit is not None and limit.on_plan_change is OnPlanChange.RESET:
                own = 0
            elif limit is not None and limit.on_plan_change is OnPlanChange.CLAMP:
                in_parts = now_used.get(spot, 0) - left
                own = next((n for n in range(own, 0, -1) if fits(usage, limits, name, n + in_parts)), 0)
            require(left == own, "carried, reset or clamped", spot=spot, was=was, after=now_used, limits=limits)


# Cases, from a source of random numbers that the caller seeds.


def _tiled(rng: Random) -> None:
    start = datetime.combine(any_day(rng), datetime.min.time(), UTC) + timedelta(minutes=rng.randrange(1440))
    anchor = rng.choice((None, None, any_day(rng), start - timedelta(hours=rng.randrange(2000))))
    every = rng.choice((Duration(days=1), Duration(days=7), Duration(days=30), Duration(months=1), Duration(months=3)))
    the_counts_tile_time(rng.choice(ODD_ZONES), anchor, every, start, 4)


def _replayed(rng: Random) -> None:
    plans = [any_limits(rng), any_limits(rng)]
    start = any_usage(rng, plans[0])
    replay_rebuilds(start, tuple(any_history(rng, start, plans)))


def _previewed(rng: Random) -> None:
    usage, other = any_usage(rng, any_limits(rng)), any_limits(rng)
    another_plan_is_as_previewed(usage, other, any_now(rng), accept_excess=rng.random() < 0.6)


def _edited(rng: Random) -> None:
    limits = any_limits(rng)
    every = rng.choice((Duration(days=1), Duration(days=7), Duration(months=1)))
    a_limit_is_read_as_it_is_now(any_usage(rng, limits), limits, every, any_now(rng))


def _repaired(rng: Random) -> None:
    limits = any_limits(rng)
    usage, spot = any_usage(rng, limits), any_spot(rng, limits)
    a_recount_sets_a_wrong_clock_right(usage, limits, spot, rng.choice((0, 1, 2, 5)), any_now(rng))


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L3 the counts of a limit tile time", _tiled),
    ("L7 replay rebuilds a usage", _replayed),
    ("another plan is as previewed", _previewed),
    ("a limit is read as it is now", _edited),
    ("a recount sets a wrong clock right", _repaired),
]
"""Name of each law, and what makes one case of it and checks it."""
