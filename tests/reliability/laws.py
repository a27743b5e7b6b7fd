"""The laws of the library over a million seeded cases, divided evenly among them.

`python -m tests.reliability.laws --cases 100000 --seed 3` runs them alone; a broken law says how to make its case
again.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context

from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import all_laws, check
from tests.reliability.figures import Figures

CHUNK = 1000
"""Cases of one task."""

Task = tuple[str, int, int, int]
"""Name of a law, how many cases, the seed, and the number of the first case."""


def tasks_for(cases: int, seed: int) -> Iterator[Task]:
    """Tasks of *cases* cases in all: as many for each law, give or take one."""
    names = sorted(all_laws())
    for place, name in enumerate(names):
        share = cases // len(names) + (place < cases % len(names))
        for first in range(0, share, CHUNK):
            yield (name, min(CHUNK, share - first), seed, first)


def check_task(task: Task) -> tuple[str, str]:
    """The digest of one task, and what was wrong with it; nothing, most likely."""
    name, cases, seed, first = task
    try:
        return (check(name, cases, seed, first=first), "")
    except LawBroken as broken:
        return ("", f"{broken}"[:600])


def run(cases: int, seed: int, jobs: int = 1) -> Figures:
    """Check *cases* cases of all laws, in *jobs* processes."""
    tasks = list(tasks_for(cases, seed))
    if jobs == 1:
        found = [check_task(task) for task in tasks]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = list(workers.map(check_task, tasks, chunksize=4))
    digest = sha256("".join(one for one, _ in found).encode()).hexdigest()[:16]
    return Figures(cases, tuple(wrong for _, wrong in found if wrong), digest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    return run(asked.cases, asked.seed, asked.jobs).tell("laws", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
