"""The laws of the library over many seeded cases, divided among them.

A case of a law about accounts or subscriptions is a whole life of dozens of commands; it counts for forty of others.

`python -m tests.reliability.laws --cases 100000 --seed 3` runs them alone; a broken law says how to make its case
again.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context

from licensing_core.testing import laws_accounts, laws_subscription_changes, laws_subscriptions
from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import all_laws, check
from tests.reliability.figures import Figures

CHUNK = 1000
"""Cases of one task."""

LIFE = 40
"""How many cases of other laws one of a whole life counts for."""
LIVES = frozenset(
    name for module in (laws_accounts, laws_subscription_changes, laws_subscriptions) for name, _ in module.LAWS
)

Task = tuple[str, int, int, int]
"""Name of a law, how many cases, the seed, and the number of the first case."""


def tasks_for(cases: int, seed: int) -> Iterator[Task]:
    """Tasks of *cases* cases in all, give or take one for each law: as many for each, a fortieth for whole lives."""
    weights = {name: 1 if name in LIVES else LIFE for name in sorted(all_laws())}
    whole = sum(weights.values())
    for name, weight in weights.items():
        share = -(-cases * weight // whole)
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
