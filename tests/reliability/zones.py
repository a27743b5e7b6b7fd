"""R16: cycles of days, weeks, months and years tile the time line of every IANA zone from 1990 to 2037.

`python -m tests.reliability.zones --all` takes every zone; `--sample 20 --seed 7` the odd ones and 20 more.
"""

import argparse
import json
import sys
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from time import process_time
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

from licensing_core.periods import Cycle, Duration, MonthEnd, Period, seconds_of_day
from licensing_core.testing.laws_periods import ODD_ZONES

FIRST, LAST = date(1990, 1, 1), date(2038, 1, 1)
FAULTS = ("gaps", "overlaps", "negative", "astray")
TINY = timedelta(microseconds=1)
HALF_PAST_TWO = time(2, 30)


class Bounded(Protocol):
    """A cycle, or a wrong one that the sweep shall find out."""

    def boundary(self, k: int, /) -> datetime: ...

    def period_at(self, at: datetime, /) -> Period: ...


def plain_days(anchor: date, every: Duration, month_end: MonthEnd) -> Iterator[date]:
    """The first day of each turn, written down one after the other in the plainest way, as the oracle."""
    month, wanted = anchor.year * 12 + anchor.month - 1, anchor.day
    day = anchor
    while True:
        yield day
        if not every.months:
            day = date.fromordinal(day.toordinal() + every.days)
            continue
        month += every.months
        while month_end is MonthEnd.SKIP and monthrange(month // 12, month % 12 + 1)[1] < wanted:
            month += every.months
        last = monthrange(month // 12, month % 12 + 1)[1]
        if month_end is MonthEnd.CLAMP_FROM_PREVIOUS:
            wanted = min(wanted, last)
        day = date(month // 12, month % 12 + 1, min(wanted, last))


def sweep(cycle: Bounded, days: list[date], rules: ZoneInfo, *, daily: bool = False) -> Counter[str]:
    """Walk through the turns of *cycle*, which shall begin on *days*, and count them and their faults."""
    found: Counter[str] = Counter(periods=len(days) - 1)
    edges = [cycle.boundary(k) for k in range(len(days))]
    for k, (start, end) in enumerate(pairwise(edges)):
        missing = start.astimezone(rules).date() != days[k]
        if missing:
            found.update(missing_day(start, days[k], rules, empty=start == end or not daily))
        if end < start:
            found["negative"] += 1
        elif end == start:
            found["empty" if missing else "negative"] += 1
        elif k % 97 == 0 or (end - start).seconds:  # now and then, and wherever the clocks change
            found.update(seen_from_inside(cycle, k, start, end))
    return found


def missing_day(start: datetime, day: date, rules: ZoneInfo, *, empty: bool) -> Counter[str]:
    """A turn does not begin on *day*: right only if no instant lies on that day, and it then holds no time."""
    before, after = (at.astimezone(rules).date() for at in (start - timedelta(days=1), start))
    left_out = before < day < after and seconds_of_day(day, rules.key) == 0
    return Counter(missing=1) if left_out and empty else Counter(astray=1)


def seen_from_inside(cycle: Bounded, k: int, start: datetime, end: datetime) -> Counter[str]:
    """The period at the first and last instant of turn *k* is that turn."""
    found: Counter[str] = Counter(looked_up=2)
    for at in (start, end - TINY):
        period = cycle.period_at(at)
        found["gaps"] += period.start > start or period.end < end
        found["overlaps"] += period.start < start or period.end > end
        found["astray"] += period.index != k
    return found


def cycles_of(zone: str) -> Iterator[tuple[Cycle, list[date], bool]]:
    """Every cycle of the sweep in *zone*, the days its turns begin on, and whether its turns are days."""
    rules = ZoneInfo(zone)
    for unit, anchors in UNITS.items():
        for anchor in anchors:
            every = Duration.parse(unit)
            matters = every.months and anchor.day > 28
            for month_end in MonthEnd if matters else (MonthEnd.CLAMP,):
                days = in_time(anchor, every, month_end)
                yield Cycle(anchor, every, zone, month_end=month_end), days, unit == "P1D"
                if matters and anchor.day in {29, 31}:  # at an hour that the clocks of many zones skip
                    at = datetime.combine(anchor, HALF_PAST_TWO, rules)
                    yield Cycle(at, every, zone, month_end=month_end), days, False


UNITS = {
    "P1D": [FIRST],  # the days 28 to 31 would give the same boundaries under other numbers
    "P1W": [date(1990, 1, day) for day in (28, 29, 30, 31)],
    "P1M": [date(1990, 1, day) for day in (28, 29, 30, 31)],
    "P1Y": [*(date(1990, 1, day) for day in (28, 29, 30, 31)), date(1992, 2, 29)],
}
_LISTED: dict[tuple[date, Duration, MonthEnd], list[date]] = {}


def in_time(anchor: date, every: Duration, month_end: MonthEnd) -> list[date]:
    """The days of `plain_days()` up to 2037, and the one after; kept, as they are the same in every zone."""
    key = (anchor, every, month_end)
    if key not in _LISTED:
        _LISTED[key] = days = []
        for day in plain_days(*key):
            days.append(day)
            if day >= LAST:
                break
    return _LISTED[key]


def run(
    sample: int | None,
    seed: int,
    wrong: Callable[[Cycle], Bounded] | None = None,
    zones: Sequence[str] = ODD_ZONES,
) -> dict[str, int]:
    """Sweep *zones* and *sample* others (None: all of them); *wrong* plants a bug, to be found."""
    rest = sorted(available_timezones() - {"localtime", "Factory", *zones})
    zones = [*zones, *(rest if sample is None else Random(seed).sample(rest, sample))]
    total: Counter[str] = Counter(dict.fromkeys(("periods", "looked_up", "empty", "missing", *FAULTS), 0))
    total["zones"] = len(zones)
    for zone in zones:
        for cycle, days, daily in cycles_of(zone):
            total["cycles"] += 1
            total.update(sweep(wrong(cycle) if wrong else cycle, days, ZoneInfo(zone), daily=daily))
    return dict(total)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every IANA zone")
    parser.add_argument("--sample", type=int, default=20, help="how many zones besides the odd ones")
    parser.add_argument("--seed", type=int, default=16)
    asked = parser.parse_args()
    began = process_time()
    figures = run(None if asked.all else asked.sample, asked.seed)
    print(json.dumps({"goal": "R16", **figures, "cpu_seconds": round(process_time() - began)}))
    return 1 if any(figures[fault] for fault in FAULTS) else 0


if __name__ == "__main__":
    sys.exit(main())
