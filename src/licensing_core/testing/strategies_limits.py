"""Hypothesis strategies for the limits of a plan and what a customer uses of them; needs hypothesis."""

from datetime import datetime, timedelta
from typing import Final

from attrs import evolve
from hypothesis import strategies as st

from licensing_core import limits as library
from licensing_core.errors import LicensingError
from licensing_core.limits import UNLIMITED, Limit, Limits, OnPlanChange, Overage, OverageRule, Unlimited, Usage
from licensing_core.periods import Duration
from licensing_core.testing.laws_limits import ADMIN, NOON, PLACES, THRESHOLDS, Spot, recount, spots_of
from licensing_core.testing.strategies_periods import days, zones

_RESETS: Final = ("P1D", "P1W", "P30D", "P1M", "P3M", "P1Y")
_ZONES: Final = zones()  # it reads the list of all zones, once


def mosts() -> st.SearchStrategy[int | Unlimited]:
    """How much is included: a few, or no limit at all."""
    return st.integers(0, 9) | st.just(UNLIMITED)


def overages() -> st.SearchStrategy[OverageRule]:
    """Block, allow, or a ratio from 1 to 3."""
    return st.sampled_from(Overage) | st.fractions(1, 3, max_denominator=9)


def resets() -> st.SearchStrategy[Duration | None]:
    """How long a count lasts, if it ever begins at 0 again."""
    return st.none() | st.sampled_from(_RESETS).map(Duration.parse)


def one_limit() -> st.SearchStrategy[Limit]:
    """Limits of any size, overage, thresholds and policy, that stand alone and never reset."""
    return st.builds(
        Limit,
        mosts(),
        overage=overages(),
        thresholds=st.sampled_from(THRESHOLDS),
        on_plan_change=st.sampled_from(OnPlanChange),
    )


_FIVE: Final = st.tuples(*[one_limit()] * 5)


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Plans whose limits count within rooms and are part of one another, to a depth of three; some lack some."""
    together, alone, has = draw(resets()), draw(resets()), draw(st.lists(st.booleans(), min_size=5, max_size=5))
    rooms, people, staff, guests, calls = draw(_FIVE)
    by_name = {"rooms": rooms, "people": evolve(people, resets=together)}
    if has[0]:
        by_name["staff"] = evolve(staff, part_of="people", resets=together)
    if has[1]:
        whole = "staff" if has[0] and has[2] else "people"
        by_name["guests"] = evolve(guests, per="rooms", part_of=whole, resets=together)
    if has[3]:
        by_name["calls"] = evolve(calls, per="rooms" if has[4] else None, resets=alone)
    return Limits(by_name)


@st.composite
def usages(draw: st.DrawFn, plan: Limits) -> Usage:
    """Customers anywhere who use some of what *plan* limits, up to it or beyond, and for whom some hold otherwise."""
    anchor = draw(st.none() | days() | st.integers(0, 9999).map(lambda hours: NOON - timedelta(hours=hours)))
    usage = library.open_usage("acme", plan="plan", zone=draw(_ZONES), anchor=anchor, by=ADMIN, now=NOON).state
    for name, most in draw(st.dictionaries(st.sampled_from(list(plan)), mosts(), max_size=2)).items():
        usage = library.override(usage, name, most, by=ADMIN, now=NOON).state
    counters = list(spots_of(plan))
    numbers = draw(st.lists(st.integers(0, 9), min_size=len(counters), max_size=len(counters)))
    for spot, number in zip(counters, numbers, strict=True):
        found = recount(usage, plan, spot, number, NOON) if number else LicensingError()
        usage = usage if isinstance(found, LicensingError) else found[0]
    return usage


@st.composite
def spots(draw: st.DrawFn, plan: Limits) -> Spot:
    """The counters of *plan*."""
    name = draw(st.sampled_from(list(plan)))
    return (name, None if plan.by_name[name].per is None else draw(st.sampled_from(PLACES)))


def moments() -> st.SearchStrategy[datetime]:
    """Noon, or up to some months later."""
    return st.just(NOON) | st.integers(0, 24 * 100).map(lambda hours: NOON + timedelta(hours=hours))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Usage, Limits, Spot, int, datetime]:
    """What is used under a plan, one of its counters, an amount, and when."""
    plan = draw(limits())
    return draw(usages(plan)), plan, draw(spots(plan)), draw(st.integers(1, 12)), draw(moments())
