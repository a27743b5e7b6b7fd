"""R25: the jobs, run daily and on time, and run 1 to 5 times, early, late, twice at one instant and in any order over
the customers: one charge and one period each, and the same end.

The jobs are: bill (renew, carry out changes that wait, turn trials), pay (charge what is due), dun, and close the cycle
of licenses. What the two ends are compared by is in `jobs_ends`. What is promised is promised of hosts that keep to
the documents: dunning runs after what is due was billed and charged, and before a customer does something, the jobs of
that customer run, since a command is refused while its billing is behind. Apart from that any job runs at any time.

`python -m tests.reliability.jobs --runs 10000 --seed 7`; a violation says which run to make again.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from multiprocessing import get_context
from random import Random
from typing import Final

from licensing_core.testing.law import require
from tests.reliability.collecting import no_collector
from tests.reliability.figures import Figures
from tests.reliability.jobs_ends import alike, end_of, once_each
from tests.reliability.jobs_offices import Office, Pure, Served
from tests.reliability.jobs_scenes import DAY, Buyer, Deed, Scene, a_scene

RUNS_OF_A_SCENE: Final = 4
"""So many runs share their customers, and the run that is on time."""
BY_SERVICES: Final = 20
"""One run in so many is made by the services over a store."""
LONGEST: Final = 25
"""For so many days at most no job of a customer runs."""
JOBS: Final = ("bill", "pay", "dun", "close")


class Schedule:
    """What happens at which instant; what was asked for first comes first."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._steps: list[tuple[datetime, int, Callable[[Office], None]]] = []
        self._places = count()
        for buyer, deed in scene.deeds:
            self.at(deed.at, lambda office, b=buyer, d=deed: _deed(office, b, d, scene))  # type: ignore[misc]

    def at(self, instant: datetime, step: Callable[[Office], None]) -> None:
        """Let *step* happen at *instant*."""
        self._steps.append((instant, next(self._places), step))

    def carry_out(self, office: Office) -> None:
        """Let all of it happen, and at the end all jobs once more."""
        first = min(instant for instant, _, _ in self._steps) - DAY
        for buyer in self.scene.buyers:
            office.open(buyer, first)
        for _, _, step in sorted(self._steps, key=lambda one: one[:2]):
            step(office)
        for buyer in self.scene.buyers:
            _all_jobs(office, buyer, self.scene.until, "end")


def _all_jobs(office: Office, buyer: Buyer, now: datetime, turn: str) -> None:
    _bill_and_pay(office, buyer, now, turn)
    office.dun(buyer, now, turn)
    office.close(buyer, now, turn)


def _bill_and_pay(office: Office, buyer: Buyer, now: datetime, turn: str) -> None:
    """Until there is nothing to do: of what is overdue for long, more is billed once that is paid."""
    office.bill(buyer, now, turn)
    for again in count():
        if not office.pay(buyer, now, f"{turn}-{again}") or not office.bill(buyer, now, f"{turn}-{again}"):
            break


def _deed(office: Office, buyer: Buyer, deed: Deed, scene: Scene) -> None:
    """What a customer does; the jobs are seen to before it, once they run at all."""
    if deed.at >= scene.start:
        _all_jobs(office, buyer, deed.at, f"before-{deed.command.key}")
    office.do(buyer, deed.command, deed.at, pays=deed.pays)


def on_time(scene: Scene) -> Schedule:
    """Each job once a day, customer by customer."""
    made, day = Schedule(scene), scene.start
    while day < scene.until:
        for buyer in scene.buyers:
            made.at(day, lambda office, b=buyer, d=day: _all_jobs(office, b, d, f"{d:%Y%m%d}"))  # type: ignore[misc]
        day += DAY
    return made


def at_random(scene: Scene, rng: Random) -> Schedule:
    """Each job now and then, several times, late, twice at one instant, with an instant that is past, in any order."""
    made, runs = Schedule(scene), list[tuple[datetime, Callable[[Office], None]]]()
    for buyer in scene.buyers:
        longest = rng.choice((2, 5, 10, LONGEST))
        now = scene.start
        while now < scene.until:
            for _ in range(rng.choice((1, 1, 2))):
                job, times = rng.choice(JOBS), rng.choice((1, 1, 2, 3, 5))
                stale = rng.random() < 0.1
                for number in range(times):
                    asked = now - rng.randrange(3) * DAY if stale else now
                    key = f"{now:%Y%m%d%H}-{0 if rng.random() < 0.5 else number}"
                    runs.append((now, _a_run(buyer, job, asked, key)))
            late = rng.randint(1, longest) * DAY
            now += rng.choice((timedelta(hours=6), DAY, late, late))
    rng.shuffle(runs)
    for instant, run in runs:
        made.at(instant, run)
    return made


def _a_run(buyer: Buyer, job: str, now: datetime, key: str) -> Callable[[Office], None]:
    """One run of a job; what it did is done, and not done again at the same instant."""

    def run(office: Office) -> None:
        if job == "dun":
            _bill_and_pay(office, buyer, now, f"{key}-d")
        done = getattr(office, job)(buyer, now, key)
        if done and job != "pay":
            require(not getattr(office, job)(buyer, now, f"{key}-again"), "a job is done once", job=job, now=now)

    return run


def run_scene(number: int, seed: int, runs: int = RUNS_OF_A_SCENE) -> str:
    """Compare *runs* runs with the one on time: the digest of how they ended.

    Raises:
        LawBroken: Something was charged or billed twice, or they end otherwise.
    """
    rng = Random(f"{seed}/{number}")
    served = number % (BY_SERVICES // RUNS_OF_A_SCENE) == 0
    zone = rng.choice(("Europe/Madrid", "America/Havana"))
    scene = a_scene(rng, (zone,)) if served else a_scene(rng)
    daily = Pure()
    on_time(scene).carry_out(daily)
    wanted = end_of(scene, daily)
    once_each(scene, daily)
    for turn in range(runs):
        office: Office = Served(zone) if served and turn == 0 else Pure()
        at_random(scene, Random(f"{seed}/{number}/{turn}")).carry_out(office)
        once_each(scene, office)
        require(office.codes == daily.codes, "what is asked is refused alike", said=office.codes, due=daily.codes)
        for name, end in end_of(scene, office).items():
            for what, value in end.items():
                due = wanted[name][what]
                require(alike(value, due), f"{what}, {name}, run {turn}: the same end", said=value, due=due)
    return str(wanted)


def run_scenes(task: tuple[int, int, int, int, int]) -> tuple[str, list[str]]:
    """The digest of the scenes from the first to before the last, and what was wrong."""
    first, last, seed, runs, enough = task
    log, wrong = sha256(), list[str]()
    for number in range(first, last):
        try:
            with no_collector():
                log.update(run_scene(number, seed, runs).encode())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
            again = f"python -m tests.reliability.jobs --seed {seed} --scene {number}"
            wrong.append(f"scene {number}: {type(error).__name__}: {error}"[:900] + f"\n        again: {again}")
            if len(wrong) == enough:
                break
    return log.hexdigest(), wrong


def run(runs: int, seed: int, jobs: int = 1, enough: int = 5) -> Figures:
    """Make *runs* runs or a few more, in *jobs* processes; of a chunk of scenes *enough* violations are told."""
    scenes = -(-runs // RUNS_OF_A_SCENE)
    chunk = 25 if jobs > 1 else max(1, scenes)
    tasks = [(first, min(first + chunk, scenes), seed, RUNS_OF_A_SCENE, enough) for first in range(0, scenes, chunk)]
    if jobs == 1:
        found = list(map(run_scenes, tasks))
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = list(workers.map(run_scenes, tasks))
    digest = sha256("".join(one for one, _ in found).encode()).hexdigest()[:16]
    wrong = tuple(one for _, some in found for one in some)
    return Figures(scenes * RUNS_OF_A_SCENE, wrong, digest, f"{scenes} scenes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scene", type=int, help="make the runs of this one scene again")
    asked = parser.parse_args()
    if asked.scene is not None:
        print(run_scene(asked.scene, asked.seed))
        return 0
    return run(asked.runs, asked.seed, asked.jobs).tell("jobs", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
