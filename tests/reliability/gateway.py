"""R9: payers are charged once, for what they get, whatever goes wrong at the gateway, in the network, or here.

Each run has one thing to be paid or a few of seven kinds. Users begin to pay, twice and at once; payers pay late or
leave the page; prices change; money is given back by hand; others give the same thing; jobs run, webhooks arrive in any
order, again, or not, and some lie; the gateway does not answer, declines, forgets keys after a day, takes money after
it said no, or tells of another payment; the clock moves by seconds or by more than a day, and each process may end at
any question or unit of work. Then no more goes wrong, the job runs until all is settled, and by the ledger of the fake
no key moved money twice, and what was kept is what was given for, once.

`python -m tests.reliability.gateway --runs 100000 --seed 7`; a violation says which run to make again. That takes some
twenty minutes of a core, at 80 runs a second: nearly all of it is spent in commands and queries, 25 to a run.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from functools import cache
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from licensing_core.adapters.sql import SqlStore
from tests.reliability.collecting import no_collector
from tests.reliability.figures import Figures
from tests.reliability.gateway_checks import check
from tests.reliability.gateway_script import Run
from tests.reliability.gateway_world import furnish, furnished
from tests.service_world import copied

BY_SQLITE: Final = 50
"""One run in so many is over SQLite."""


@cache
def _folder() -> Any:
    folder = TemporaryDirectory()
    with closing(SqlStore(f"sqlite:///{Path(folder.name) / 'first.db'}")) as store:
        store.create()
        furnish(store)
    return folder


@contextmanager
def _a_store(number: int) -> Iterator[Any]:
    if number % BY_SQLITE != BY_SQLITE - 1:
        yield copied(furnished()[0])
        return
    first = Path(_folder().name) / "first.db"
    copy = first.with_name(f"{number}.db")
    shutil.copy(first, copy)
    with closing(SqlStore(f"sqlite:///{copy}")) as store:
        yield store
    for left in first.parent.glob(f"{number}.db*"):
        left.unlink()


def play(number: int, seed: int) -> str:
    """Make one run: how it ended.

    Raises:
        LawBroken: Something was charged twice, or given and not paid, or paid and not given, or is never settled.
    """
    with _a_store(number) as store:
        run = Run(Random(f"{seed}/{number}"), store)
        run.play()
        run.come_to_rest()
        return check(run, furnished()[1])


def play_all(task: tuple[int, int, int, int]) -> tuple[str, list[str]]:
    """The digest of the runs from the first to before the last, and what was wrong."""
    first, last, seed, enough = task
    log, wrong = sha256(), list[str]()
    for number in range(first, last):
        try:
            log.update(play(number, seed).encode())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
            again = f"python -m tests.reliability.gateway --seed {seed} --run {number}"
            wrong.append(f"run {number}: {type(error).__name__}: {error}"[:900] + f"\n        again: {again}")
            if len(wrong) == enough:
                break
    return log.hexdigest(), wrong


def _chunk(task: tuple[int, int, int, int]) -> tuple[str, list[str]]:
    with no_collector():
        return play_all(task)


def run(runs: int, seed: int, jobs: int = 1, enough: int = 5) -> Figures:
    """Make *runs* runs in *jobs* processes; of a chunk of them *enough* violations are told."""
    tasks = [(first, min(first + 250, runs), seed, enough) for first in range(0, runs, 250)]
    found = list[tuple[str, list[str]]]()
    if jobs > 1:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found += workers.map(_chunk, tasks)
    else:
        for task in tasks:
            found.append(_chunk(task))
            if sum(len(wrong) for _, wrong in found) >= enough:
                break
    digest = sha256("".join(one for one, _ in found).encode()).hexdigest()[:16]
    return Figures(runs, tuple(one for _, some in found for one in some), digest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--run", type=int, help="make this one run again")
    asked = parser.parse_args()
    if asked.run is not None:
        print(play(asked.run, asked.seed))
        return 0
    return run(asked.runs, asked.seed, asked.jobs).tell("gateway (R9)", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
