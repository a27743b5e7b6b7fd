"""How a ratio is measured: ours and theirs in turn on the CPU clock, in fresh processes.

In one round each side runs for some milliseconds, ours first in every other round; the two give one ratio.
A process tells the median of its rounds; the table shows the median of the processes, the lowest and highest.
"""

import importlib
import json
import pkgutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROUND_NS = 20_000_000
"""CPU time that each side of a round takes, about."""


@dataclass(frozen=True)
class Row:
    """A measure: what we do, and what a peer does for the same end.

    Attributes:
        goal: Number of the goal in the table of goals; empty for a row that informs only.
        what: What is done.
        peer: With what it is compared.
        ours, theirs: Callables without arguments.
        at_least: theirs / ours must be at least this ("so many times faster").
        at_most: ours / theirs must be at most this.
        ours_per, theirs_per: How many operations one call does.
        cpu_ns: Gives the CPU nanoseconds of one call itself (one that starts a process, say).
        unit: Of the two figures, where `cpu_ns` gives something else than a time.
    """

    goal: str
    what: str
    peer: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    at_least: float | None = None
    at_most: float | None = None
    ours_per: int = 1
    theirs_per: int = 1
    cpu_ns: Callable[[Callable[[], object]], float] | None = None
    unit: str = "ns"


@dataclass(frozen=True)
class Measure:
    """Nanoseconds of an operation, ours and theirs, and theirs / ours; medians of the rounds of a process."""

    ours_ns: float
    theirs_ns: float
    faster: float


@dataclass(frozen=True)
class Result:
    """A row and what it came to over all processes."""

    row: Row
    measures: Sequence[Measure]

    @property
    def by_ratio(self) -> list[float]:
        """The ratios of the processes in the sense of the row's goal, sorted."""
        inverse = self.row.at_most is not None
        return sorted(1 / m.faster if inverse else m.faster for m in self.measures)

    @property
    def ratio(self) -> float:
        """Their median."""
        return median(self.by_ratio)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.row.at_least is not None:
            return self.ratio >= self.row.at_least
        return self.ratio <= self.row.at_most if self.row.at_most is not None else None

    def record(self) -> dict[str, object]:
        """The result as JSON holds it."""
        row = self.row
        return {
            "goal": row.goal,
            "what": row.what,
            "peer": row.peer,
            "unit": row.unit,
            "ours_ns": round(median(m.ours_ns for m in self.measures), 1),
            "theirs_ns": round(median(m.theirs_ns for m in self.measures), 1),
            "ratio": round(self.ratio, 4),
            "ratios": [round(ratio, 4) for ratio in self.by_ratio],
            "at_least": row.at_least,
            "at_most": row.at_most,
            "met": self.met,
        }


def find_rows(only: str = "") -> list[Row]:
    """The rows of every `bench_*.py` beside this file whose goal, text or peer holds *only*, by goal."""
    folder = Path(__file__).parent
    names = sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if m.name.startswith("bench_"))
    rows: list[Row] = [row for name in names for row in importlib.import_module(f"bench.{name}").rows()]
    # The sort is stable, so that every process numbers the rows alike.
    rows.sort(key=lambda row: int(row.goal) if row.goal.isdigit() else 1000)
    wanted = only.casefold()
    return [row for row in rows if wanted in f"{row.goal} {row.what} | {row.peer}".casefold()]


def measure(row: Row, rounds: int) -> Measure:
    """Time *row* in this process, in *rounds* rounds after one to warm up."""
    clock = row.cpu_ns or _clock_of_many()
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds + 1):
        sides = [(row.ours, row.ours_per, ours), (row.theirs, row.theirs_per, theirs)]
        for call, per, times in sides if number % 2 else reversed(sides):
            times.append(clock(call) / per)
    del ours[0], theirs[0]
    return Measure(
        ours_ns=median(ours),
        theirs_ns=median(theirs),
        faster=median(theirs_ns / ours_ns for ours_ns, theirs_ns in zip(ours, theirs, strict=True)),
    )


def _clock_of_many() -> Callable[[Callable[[], object]], float]:
    """A clock that calls often enough to fill a round, and gives the CPU nanoseconds of one call."""
    calls: dict[Callable[[], object], int] = {}

    def clock(call: Callable[[], object]) -> float:
        if call not in calls:
            calls[call] = _calls(call)
        return _timed(call, calls[call]) / calls[call]

    return clock


def _timed(call: Callable[[], object], calls: int) -> int:
    start = time.process_time_ns()
    for _ in range(calls):
        call()
    return time.process_time_ns() - start


def _calls(call: Callable[[], object]) -> int:
    """How many calls take about the time of a round, once a first one has made what all of them need."""
    call()
    calls = 1
    while (spent := _timed(call, calls)) < ROUND_NS // 4:
        calls *= 2
    return max(1, round(calls * ROUND_NS / spent))


def run(*, only: str, processes: int, rounds: int) -> Iterator[Result]:
    """Measure the rows that hold *only*, each in *processes* fresh processes."""
    for number, row in enumerate(find_rows(only)):
        command = [sys.executable, "-m", "bench", f"--child={number}", f"--rounds={rounds}", f"--only={only}"]
        answers = [
            subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]).stdout
            for _ in range(processes)
        ]
        yield Result(row, [Measure(**json.loads(answer)) for answer in answers])
