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

from licensing_core import limits as library
from licensing_core.errors import LicensingError
from licensing_core.limits import Limit, Limits, OnSwitch, PlanTooSmall, Usage, UsageEvent
from licensing_core.periods import Cycle, Duration
from licensing_core.testing.law import require
from licensing_core.testing.laws_limits import (
    ADMIN,
    History,
    any_history,
    any_limits,
    any_now,
    any_usage,
    fits,
    outcome_of,
    outside_parts,
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
    cycle = Cycle.calendar(every, zone) if anchor is None else Cycle(anchor, every, zone)
    now = start
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
    exceeding: dict[str, Any] = {}
    for (name, place), used in table(after, limits, now).items():
        dropped = name not in limits.by_name
        if used and (dropped or not fits(usage, limits, name, used)):
            more = used if dropped else _excess(usage, limits, name, used)
            exceeding |= {name: more} if place is None else {name: {**exceeding.get(name, {}), place: more}}
    require(exceeding == fit.exceeds, "what was not accepted does not exceed", exceeding=exceeding, fit=fit, **case)
    _policies_hold(usage, after, limits, now)


def _excess(usage: Usage, limits: Limits, name: str, used: int) -> int:
    return next(more for more in range(used + 1) if fits(usage, limits, name, used - more))


def _policies_hold(usage: Usage, after: Usage, limits: Limits, now: datetime) -> None:
    """What was used was carried, reset or clamped, each as the limit of the other plan says."""
    was, now_used = table(usage, limits, now), table(after, limits, now)
    for name in {one for one, _ in was}:
        places = {place for one, place in (*was, *now_used) if one == name}
        for place in places:
            spot, limit = (name, place), limits.get(name)
            own, left = (outside_parts(used, limits, spot) for used in (was, now_used))
            if limit is not None and limit.on_switch is OnSwitch.RESET:
                own = 0
            elif limit is not None and limit.on_switch is OnSwitch.CLAMP:
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


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L3 the counts of a limit tile time", _tiled),
    ("L7 replay rebuilds a usage", _replayed),
    ("another plan is as previewed", _previewed),
]
"""Name of each law, and what makes one case of it and checks it."""
