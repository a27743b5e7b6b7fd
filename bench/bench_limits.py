"""Using what a plan limits, in one place of ten and in one of 10,000: goal 5; the panel informs only.

Ours is the whole command: arguments checked, refused where it must be, one event for what was counted and one for each
threshold that is reached, and the usage afterwards. A limit counts within workspaces, of which each has its own count.
Usages, limits and places are made before the clock starts. What is decided is held against events and places that are
made by hand, with any number of places, or there is no table.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

from bench.harness import Row
from licensing_core.directory import Actor
from licensing_core.limits import (
    Limit,
    LimitExceeded,
    Limits,
    Places,
    PlacesRow,
    PlaceTally,
    Tally,
    Usage,
    UsageCounted,
    UsageRow,
    can_use,
    use,
)
from licensing_core.limits import rows as rows_of
from licensing_core.periods import Duration

FEW, MANY, MOST = 10, 10_000, 1_000
NOW, BY = datetime(2026, 5, 4, 12, tzinfo=UTC), Actor("ana")
LIMITS = Limits(
    {
        "workspaces": Limit(20_000),
        "team": Limit(MOST, "workspaces"),
        "files": Limit(10**12),
        "calls": Limit(10**12, resets=Duration(months=1)),
    }
)
HELD = 7
"""How much is used in each place."""
AMOUNTS = range(1, 32)
"""No threshold is reached."""

Command = Callable[..., object]


def place(number: int) -> str:
    return f"w{number:07d}"


@cache
def usage(count: int) -> Usage:
    """A customer that uses as much in each of *count* places."""
    names = [place(number) for number in range(count)]
    Random(20).shuffle(names)  # as hashes are, in memory
    mine = {"team": PlaceTally(used=HELD, turn=0)}
    tallies = {"workspaces": Tally(used=count), "team": Tally(used=HELD * count, per="workspaces")}
    return Usage(id="acme", zone="Europe/Madrid", tallies=tallies, places=Places(dict.fromkeys(names, mine)))


def decide(command: Command, of: Usage, amount: int, number: int = 5) -> Any:
    """What *command* says to *amount* more in one place."""
    return command(of, "team", amount, limits=LIMITS, within=place(number), by=BY, now=NOW)


@cache
def agreed(count: int) -> None:
    """See to it that a thousand uses in a row are counted as by hand, and refused and shown as they are to be."""
    this, used = usage(count), dict.fromkeys(usage(count).places, HELD)
    total = HELD * count
    for step in range(1000):
        name, amount = place(step % FEW), AMOUNTS[step] if step < len(AMOUNTS) else 1
        decision = decide(use, this, amount, step % FEW)
        this, used[name], total = decision.state, used[name] + amount, total + amount
        counted = UsageCounted(
            usage="acme",
            limit="team",
            within=name,
            amount=amount,
            tally=Tally(used=total, per="workspaces"),
            in_place=used[name],
            over=0,
            by="ana",
            at=NOW,
        )
        if decision.events != (counted,):
            raise AssertionError(step)
    if {name: mine["team"].used for name, mine in this.places.items()} != used or this.tallies["team"].used != total:
        raise AssertionError(count)
    panel = rows_of(this, LIMITS, NOW)
    if panel["team"] != PlacesRow(most=MOST, by=used) or panel["workspaces"] != UsageRow(
        used=count, most=20_000, left=20_000 - count, over=0
    ):
        raise AssertionError(count)
    refusal = LimitExceeded(limit="team", within=place(5), used=HELD, most=MOST, shortfall=HELD)
    if decide(can_use, usage(count), MOST).refusal != refusal or not decide(can_use, usage(count), MOST - HELD):
        raise AssertionError(count)


class Later:
    """A side of a row that is made ready, and seen to agree, at the first call: rows are listed in each process."""

    def __init__(self, count: int, make: Callable[[Usage], Callable[[], object]]) -> None:
        self.count, self.make = count, make
        self.ready: Callable[[], object] | None = None

    def __call__(self) -> object:
        if self.ready is None:
            agreed(self.count)
            self.ready = self.make(usage(self.count))
        return self.ready()


def each_of(command: Command, **asked: Any) -> Callable[[Usage], Callable[[], object]]:
    """*command* for each amount, every time of the same usage; *asked* stands for the limit and the place."""
    others = {"limits": LIMITS, "by": BY, "now": NOW, "limit": "team", "within": place(5), **asked}

    def made(this: Usage) -> Callable[[], None]:
        def each() -> None:
            for amount in AMOUNTS:
                command(this, amount=amount, **others)

        return each

    return made


def refused(this: Usage) -> Callable[[], None]:
    def each() -> None:
        for amount in AMOUNTS:
            can_use(this, "team", MOST + amount, limits=LIMITS, within=place(5), by=BY, now=NOW)

    return each


def in_a_row(this: Usage) -> Callable[[], Usage]:
    """A thousand uses in ten places, each of the usage that the one before has left."""
    places = [place(step % FEW) for step in range(1000)]

    def chain() -> Usage:
        after = this
        for name in places:
            after = use(after, "team", limits=LIMITS, within=name, by=BY, now=NOW).state
        return after

    return chain


def panel_of(this: Usage) -> Callable[[], object]:
    return lambda: rows_of(this, LIMITS, NOW)


def rows() -> list[Row]:
    """The rows of goal 5 that are about limits, and what the panel takes for each place."""

    def row(
        what: str, made: Callable[[Usage], Callable[[], object]], peer: str = f"with {FEW} places", **more: Any
    ) -> Row:
        each: dict[str, Any] = {"goal": "5d", "at_most": 1.25, "ours_per": len(AMOUNTS), "theirs_per": len(AMOUNTS)}
        return Row(what=what, peer=peer, ours=Later(MANY, made), theirs=Later(FEW, made), **{**each, **more})

    def held(what: str, made: Callable[[Usage], Callable[[], object]]) -> Row:
        count = len(AMOUNTS)
        ours, theirs = Later(FEW, made), Later(FEW, each_of(use))
        return Row("", what, "use() in a place", ours, theirs, ours_per=count, theirs_per=count)

    without = {"within": None}
    return [
        row("use(), 10,000 places", each_of(use)),
        row("can_use(), 10,000 places", each_of(can_use)),
        row("can_use(), 10,000 places: refused", refused),
        row("use() in a row, 10,000 places", in_a_row, at_most=1.5, ours_per=1000, theirs_per=1000),
        held("can_use(): refused", refused),
        held("use() of a limit without places", each_of(use, limit="files", **without)),
        held("use() of one that resets each month", each_of(use, limit="calls", **without)),
        row(
            "rows(), 10,000 places, for each",
            panel_of,
            f"rows(), {FEW} places, for each",
            goal="",
            at_most=None,
            ours_per=MANY,
            theirs_per=FEW,
        ),
    ]
