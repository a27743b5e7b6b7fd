"""R17: whoever edits a stored row is found: an event, the aggregate to which it led, or a part of that.

Each edit is made to what a sequence of R2 left in SQLite; `Verify` then has to find it. That the histories lead to
what is stored byte for byte is checked after each sequence by `tamper_replays`.

`python -m tests.reliability.tamper --edits 10000`
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from hashlib import sha256
from multiprocessing import get_context
from random import Random
from typing import Any, Final, NamedTuple

from licensing_core.adapters.sql import SqlStore
from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateKind
from licensing_core.services import Licensing, Verify
from tests.reliability.diff_adapters import Side, script
from tests.reliability.figures import Figures
from tests.reliability.tamper_edits import NothingToEdit, edit
from tests.reliability.tamper_replays import unlike_replay
from tests.service_world import Clock, host

TENANT: Final = "acme"
LENGTH: Final = 20
"""So many commands and queries are drawn for a world, of which those of its subject are carried out."""
SUBJECTS: Final = (
    frozenset({"seats", "purchases", "learning"}),
    frozenset({"accounts"}),
    frozenset({"usage", "credits"}),
    frozenset({"clients", "bills", "subscriptions"}),
)
"""Worlds are about one subject each, so that each edit is looked for in a small one; by the modules of commands."""
OF_A_WORLD: Final = 100
"""So many edits are made in each world, one at a time."""
Find = Callable[[Any, str, str], bool]
"""Whether something is found to be wrong in a store, looked for first in the aggregate of a kind and id."""


def verified(store: Any, kind: str = "", name: str = "") -> bool:
    """Whether `Verify` finds something: in one aggregate, or else in any; what is raised is found as well."""
    licensing = Licensing(store, host(TENANT), Clock())
    if kind in tuple(AggregateKind) and name > "1":
        just_before = f"{name[:-1]}{chr(ord(name[-1]) - 1)}z"
        try:
            about = Verify(tenant=TENANT, actor="boss", kind=AggregateKind(kind), after=just_before, most=1)
            if licensing.run(about).findings:
                return True
        except LicensingError:
            return True
    for one in sorted(AggregateKind, key=lambda one: one.value != kind):
        after: str | None = None
        while True:
            try:
                told = licensing.run(Verify(tenant=TENANT, actor="boss", kind=one, after=after, most=1000))
            except LicensingError:
                return True
            if told.findings:
                return True
            if told.next is None:
                break
            after = told.next
    return False


@contextmanager
def a_world(number: int, seed: int) -> Iterator[SqlStore]:
    """A database in memory in which the part of a sequence that is about one subject was carried out."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    rng = Random(f"{seed}/{number}")
    with closing(SqlStore("sqlite://")) as store:
        store.create()
        side = Side("sqlite", store, TENANT, clock := Clock())
        while not _events(store):
            for asked in script(rng, TENANT, LENGTH, clock):
                if type(asked).__module__.rpartition(".")[2] in subject:
                    side.outcome(asked)
        yield store


def _events(store: SqlStore) -> int:
    """How many events are stored, of the first thousand."""
    with store.begin(read_only=True) as work:
        return len(work.outbox(TENANT, 1000))


@contextmanager
def driver_of(store: SqlStore) -> Iterator[Any]:
    """The connection to the database of *store* under all that guards it."""
    connection = store._database._engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


class Task(NamedTuple):
    """Which worlds, how many edits in each, and how they are looked for."""

    worlds: range
    seed: int
    edits: int
    enough: int
    find: Find


def edits_in(number: int, task: Task) -> Iterator[tuple[str, bool]]:
    """What was edited in world *number*, one edit at a time, and whether it was found."""
    rng = Random(f"{task.seed}/{number}")
    with a_world(number, task.seed) as store:
        if wrong := unlike_replay(store, TENANT):
            yield f"nothing was edited: {wrong[0]}", False
        if task.find(store, "", ""):
            yield "nothing was edited, and yet something was found", False
        with driver_of(store) as driver:
            whole, made = driver.serialize(), 0
            while made < task.edits:
                try:
                    edited = edit(driver, rng)
                except NothingToEdit:
                    driver.deserialize(whole)
                    continue
                made += 1
                yield edited.said, task.find(store, edited.kind, edited.name)
                driver.deserialize(whole)


def edit_all(task: Task) -> tuple[int, str, list[str]]:
    """How many edits were made, a digest of them, and which were not found."""
    made, log, missed = 0, sha256(), list[str]()
    for number in task.worlds:
        for said, found in edits_in(number, task):
            made += 1
            log.update(said.encode())
            if not found:
                again = f"python -m tests.reliability.tamper --seed {task.seed} --world {number}"
                missed.append(f"world {number}, not found: {said}; again: {again}")
        if len(missed) >= task.enough:
            break
    return made, log.hexdigest(), missed


def run(edits: int, seed: int, jobs: int = 1, *, enough: int = 20, find: Find = verified) -> Figures:
    """Make *edits* edits or a few more in *jobs* processes; a violation is one that was not found."""
    each = min(OF_A_WORLD, edits)
    worlds = -(-edits // each)
    tasks = [Task(range(first, worlds, jobs), seed, each, enough, find) for first in range(jobs)]
    if jobs == 1:
        found = [edit_all(tasks[0])]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = list(workers.map(edit_all, tasks))
    total, missed = sum(made for made, *_ in found), [one for *_, some in found for one in some]
    digest = sha256("".join(one for _, one, _ in found).encode()).hexdigest()[:16]
    return Figures(total, tuple(missed), digest, f"{total - len(missed):,} of {total:,} edits found")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--world", type=int, help="make the edits of this one world again")
    asked = parser.parse_args()
    if asked.world is None:
        return run(asked.edits, asked.seed, asked.jobs).tell("edits", asked.seed)
    task = Task(range(asked.world, asked.world + 1), asked.seed, min(OF_A_WORLD, asked.edits), 1, verified)
    made, digest, missed = edit_all(task)
    return Figures(made, tuple(missed), digest).tell("edits", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
