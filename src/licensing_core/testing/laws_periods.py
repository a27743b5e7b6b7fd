"""Laws of periods: plain functions that raise `LawBroken`, and seeded cases that call them.

>>> from random import Random
>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final, Protocol

from licensing_core.periods import (
    Cycle,
    Duration,
    Interval,
    MonthEnd,
    Period,
    Span,
    local_date,
    seconds_of_day,
    start_of_day,
    union,
)
from licensing_core.periods.ladders import in_month, month_of
from licensing_core.testing.law import LawBroken

TINY: Final = timedelta(microseconds=1)
ODD_ZONES: Final = (
    "Africa/Cairo",
    "America/Goose_Bay",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Toronto",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Madrid",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "UTC",
)
"""Zones whose days begin at one o'clock, are left out, come twice, or last half an hour less."""
_EVERY: Final = (
    *("P1D", "P3D", "P1W", "P2W", "P30D", "P1M", "P2M", "P3M", "P6M", "P1Y", "P2Y", "P4Y"),
    *("P1M1D", "P1Y2M10D", "PT1H", "PT45S", "P1DT6H", "P1Y2M10DT5H30M45S"),
)
_FIRST: Final = date(1890, 1, 1).toordinal()
_LAST: Final = date(2090, 1, 1).toordinal()


class Bounded(Protocol):
    """Whatever has boundaries like a `Cycle`, right or wrong."""

    def boundary(self, k: int, /) -> datetime:
        """Boundary *k*, in UTC."""
        ...

    def period_at(self, at: datetime, /) -> Period:
        """The turn that holds *at*."""
        ...


def holds(claim: bool, *case: object) -> None:  # noqa: FBT001
    """Raise `LawBroken`, with *case* in the message, unless *claim* is true."""
    if not claim:
        raise LawBroken(" ".join(map(str, case)))


def turns_tile(cycle: Bounded, indices: Iterable[int]) -> int:
    """Turns neither overlap nor leave a gap: each instant lies in the turn that `period_at()` names (L3).

    Args:
        cycle: Any cycle, or what stands in for one.
        indices: Which turns to look at.

    Returns:
        How many of them are empty, their days having been left out by the zone.

    Raises:
        LawBroken: A turn ends before it starts, or `period_at()` disagrees at its first or last instant.
    """
    empty = 0
    for k in indices:
        start, end = cycle.boundary(k), cycle.boundary(k + 1)
        holds(start <= end, cycle, "turn", k, "ends before it starts")
        if start == end:
            empty += 1
            continue
        for at in (start, end - TINY):
            found = cycle.period_at(at)
            holds((found.index, found.start, found.end) == (k, start, end), cycle, "at", at, "finds", found)
            holds(at in found, cycle, "does not hold", at)
        holds(cycle.period_at(end).start == end, cycle, "leaves a gap at", end)
    return empty


def boundary_comes_from_the_anchor(cycle: Cycle, k: int) -> None:
    """Boundary *k* is the anchor + *k* x every, whatever the boundaries between (L3).

    Raises:
        LawBroken: It is not.
    """
    if isinstance(cycle.anchor, datetime):
        wanted = cycle.every.after(cycle.anchor, cycle.zone, k)
    else:
        day = Duration(months=cycle.every.months, days=cycle.every.days).after_day(cycle.anchor, k)
        wanted = start_of_day(day, cycle.zone)
    holds(cycle.boundary(k) == wanted, cycle, "boundary", k, "is", cycle.boundary(k), "not", wanted)


def the_day_comes_back(cycle: Cycle, indices: Iterable[int]) -> None:
    """A cycle of months lies on the wanted day in every month that has it: 31 returns after February (L3).

    Raises:
        LawBroken: A boundary lies on another day, or in another month.
    """
    wanted = cycle.anchor_day or cycle.anchor.day
    for k in indices:
        month = month_of(cycle.anchor) + k * cycle.every.months
        holds(cycle.day(k) == in_month(month, wanted), cycle, "day", k, "is", cycle.day(k))


def days_and_instants_agree(cycle: Cycle, day: date) -> None:
    """The span of a day and the period of its instants are the same turn, unless the zone left the day out.

    Raises:
        LawBroken: They are not.
    """
    k, span = cycle.index_on(day), cycle.span_on(day)
    holds(day in span and span == cycle.span(k), cycle, "on", day, "finds", span)
    holds(cycle.day(k) == span.start and cycle.index_on(span.end) == k + 1, cycle, "on", day, "is not", k)
    if seconds_of_day(day, cycle.zone):
        period = cycle.period_at(start_of_day(day, cycle.zone))
        holds(period.index == k, cycle, "on", day, "is", k, "but at its start", period.index)


def tiles_cover(cycle: Cycle, start: datetime, end: datetime) -> None:
    """`periods()` begins and ends as asked, each tile where the one before ended, and none is empty.

    Raises:
        LawBroken: It does not.
    """
    tiles = cycle.periods(start, end, most=10_000)
    edges = [start, *(tile.end for tile in tiles)]
    holds([tile.start for tile in tiles] == edges[:-1] and edges[-1] == end, cycle, start, end, tiles)
    holds(not any(tile.empty for tile in tiles), cycle, start, end, "holds an empty tile")


def days_fill_the_time_line(day: date, zone: str) -> None:
    """A local day starts on its own date, just after an instant of an earlier one, and lasts to the next.

    Where clocks go back over midnight, a date comes twice; its first instant is still the first.

    Raises:
        LawBroken: It does not.
    """
    start, seconds = start_of_day(day, zone), seconds_of_day(day, zone)
    after = start_of_day(date.fromordinal(day.toordinal() + 1), zone)
    holds(after - start == timedelta(seconds=seconds) >= timedelta(0), zone, day, start, seconds)
    holds((local_date(start, zone) == day) == bool(seconds), zone, day, "starts at", start)
    holds(local_date(start - TINY, zone) < day, zone, day, "has begun before", start)


def intervals_are_sets(one: Interval, other: Interval, at: datetime) -> None:
    """Intersection is *and*, union is *or*, for every instant; to touch is not to overlap.

    Raises:
        LawBroken: One of them is not.
    """
    shared, joined = one.intersection(other), union([one, other])
    holds((shared is not None and at in shared) == (at in one and at in other), one, other, at, shared)
    holds(one.overlaps(other) == other.overlaps(one) == (shared is not None), one, other)
    holds(shared == other.intersection(one) and (shared is None or not shared.empty), one, other, shared)
    holds(any(at in part for part in joined) == (at in one or at in other), one, other, at, joined)
    holds(union(joined) == joined == union([other, one]), one, other, joined)


def spans_are_sets(one: Span, other: Span) -> None:
    """The days of an intersection are those in both, counted one by one at its edges.

    Raises:
        LawBroken: They are not.
    """
    shared = one.intersection(other)
    holds(shared == other.intersection(one), one, other, shared)
    for span in filter(None, (one, other, shared)):
        for edge in (span.start.toordinal(), span.end.toordinal()):
            for day in map(date.fromordinal, (edge - 1, edge)):
                inside = shared is not None and day in shared
                holds(inside == (day in one and day in other), one, other, shared, day)


def any_day(random: Random) -> date:
    """A day of the years 1890 to 2089, the ends of months more often than others."""
    day = date.fromordinal(random.randint(_FIRST, _LAST))
    return in_month(month_of(day), random.randint(28, 31)) if random.random() < 0.5 else day


def any_instant(random: Random) -> datetime:
    """An instant of the years 1890 to 2089."""
    day = any_day(random)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=random.randrange(86_400))


def any_cycle(random: Random, *, whole_days: bool = False) -> Cycle:
    """A cycle of any kind in one of the odd zones; with *whole_days*, one that can answer by days."""
    every = Duration.parse(random.choice(_EVERY))
    anchor = any_day(random) if whole_days or random.random() < 0.5 else any_instant(random)
    if whole_days and every.seconds:
        every = Duration(months=1)
    alone = every.months and not every.days and not every.seconds
    month_end = random.choice(list(MonthEnd)) if alone else MonthEnd.CLAMP
    return Cycle(anchor, every, random.choice(ODD_ZONES), month_end=month_end)


def _tiling(random: Random) -> None:
    cycle = any_cycle(random)
    first = random.randint(-60, 60)
    turns_tile(cycle, range(first, first + 5))
    k = cycle.index_at(any_instant(random))
    turns_tile(cycle, (k,))


def _anchored(random: Random) -> None:
    cycle = any_cycle(random)
    if cycle.month_end is MonthEnd.CLAMP and (isinstance(cycle.anchor, datetime) or not cycle.every.seconds):
        boundary_comes_from_the_anchor(cycle, random.randint(-300, 300))


def _remembered(random: Random) -> None:
    every = Duration(months=random.choice((1, 2, 3, 6, 12)))
    anchor_day = random.choice((None, 29, 30, 31))
    cycle = Cycle(any_day(random), every, random.choice(ODD_ZONES), anchor_day=anchor_day)
    the_day_comes_back(cycle, range(-25, 26))


def _agreeing(random: Random) -> None:
    days_and_instants_agree(any_cycle(random, whole_days=True), any_day(random))


def _covering(random: Random) -> None:
    cycle, start = any_cycle(random), any_instant(random)
    until = cycle.boundary(cycle.index_at(start) + random.randint(1, 40))
    tiles_cover(cycle, start, until - random.choice((0, 1)) * (until - start) / 7)


def _days(random: Random) -> None:
    days_fill_the_time_line(any_day(random), random.choice(ODD_ZONES))


def _intervals(random: Random) -> None:
    def one() -> Interval:
        start, end = sorted(random.choice(moments) for _ in "ab")
        return Interval(random.choice((start, start, None)), random.choice((end, end, None)))

    moments = [any_instant(random) for _ in range(4)]
    intervals_are_sets(one(), one(), random.choice(moments) + random.choice((-1, 0, 1)) * TINY)


def _spans(random: Random) -> None:
    def one() -> Span:
        start = first + random.randrange(40)
        return Span(date.fromordinal(start), date.fromordinal(start + 1 + random.randrange(40)))

    first = any_day(random).toordinal()
    spans_are_sets(one(), one())


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("L3 turns of a cycle tile the time line", _tiling),
    ("L3 boundary k comes from the anchor", _anchored),
    ("L3 day 31 comes back after February", _remembered),
    ("L3 days and instants name the same turn", _agreeing),
    ("L3 listed periods cover the time asked for", _covering),
    ("L3 local days fill the time line", _days),
    ("intervals are sets of instants", _intervals),
    ("spans are sets of days", _spans),
]
"""Each law by name, as a function that makes one case from a seeded source and checks it."""
