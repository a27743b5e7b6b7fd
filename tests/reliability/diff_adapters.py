"""R2: the same commands and queries give the same answers, refusals and histories over every store.

Sequences of some hundred commands, queries and questions to the ports, each for a tenant of its own, are carried out
over memory, SQLite and PostgreSQL side by side. Afterwards each history leads to what is stored, byte for byte (R17).
Nine of ten sequences have their SQLite in memory, whose statements are the same; that of the tenth is a file.

`python -m tests.reliability.diff_adapters --ops 100000`
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateKind, Store
from licensing_core.serde import dumps
from licensing_core.services import Licensing, OrderSubscription, Query
from tests.reliability.collecting import no_collector
from tests.reliability.diff_adapters_drawn import Drawn
from tests.reliability.diff_adapters_ports import Question
from tests.reliability.figures import Figures
from tests.reliability.tamper_replays import Name, Whole, differing, everything, unlike
from tests.service_samples import FURNISHING, of_tenant
from tests.service_world import NAMES, PEOPLE, Clock, host

LENGTH: Final = 250
"""So many commands, queries and questions are drawn for a sequence, beside those that furnish its tenant."""
A_FILE: Final = 10
"""Every so many sequences SQLite is a file."""
KINDS: Final = ("memory", "sqlite", "postgres")
Asked = Query[Any] | Question


class Outcome(NamedTuple):
    """What came of one: an *answer*, a refusal, or what is neither."""

    answer: object = None
    refusal: LicensingError | None = None
    fault: str = ""

    def tell(self) -> str:
        return self.fault or (f"{self.answer!r}" if self.refusal is None else f"{self.refusal!r}")[:300]


class Found(NamedTuple):
    """What a sequence came to."""

    ops: int
    refused: int
    digest: str


class Different(Exception):
    """Two stores do not agree."""


class Side:
    """One of the stores, and what runs commands over it."""

    def __init__(self, kind: str, store: Store, tenant: str, clock: Clock) -> None:
        self.kind, self.store = kind, store
        self.licensing = Licensing(store, host(tenant), clock)

    def outcome(self, asked: Asked) -> Outcome:
        try:
            if isinstance(asked, Question):
                with self.store.begin() as work:
                    return Outcome(asked.put(work))
            return Outcome(self.licensing.run(asked))
        except LicensingError as refusal:
            return Outcome(refusal=refusal)
        except Exception as error:  # noqa: BLE001 - whatever else leaves a store or a service is a finding
            return Outcome(fault=f"{type(error).__name__}: {error}"[:300])


def agreed(sides: Sequence[Side], asked: Asked) -> Outcome:
    """What all *sides* answer to *asked*; raises `Different`."""
    first, *others = [side.outcome(asked) for side in sides]
    faults = [one.fault for one in (first, *others) if one.fault]
    told = "; ".join(f"{side.kind}: {one.tell()}" for side, one in zip(sides, (first, *others), strict=True))
    if faults or any(one != first or type(one.answer) is not type(first.answer) for one in others):
        raise Different(f"{asked!r}"[:400] + f" gives {told}")
    return first


def furnishing(rng: Random, tenant: str) -> Iterator[Query[Any]]:
    """What gives *tenant* something of everything, most of it; of many subscriptions all would be slow."""
    for asked in FURNISHING:
        if rng.random() < (0.25 if isinstance(asked, OrderSubscription) else 0.9):
            yield of_tenant(asked, tenant)


def script(rng: Random, tenant: str, length: int, clock: Clock) -> Iterator[Asked]:
    """A sequence for *tenant*; the clock goes on between some of it."""
    yield from furnishing(rng, tenant)
    drawn = Drawn(rng, tenant)
    for _ in range(length):
        if rng.random() < 0.03:
            clock.now += timedelta(hours=rng.choice((1, 24, 24 * 7, 24 * 31)))
        if rng.random() < 0.05:
            yield Question.drawn(rng, tenant)
        elif not isinstance(asked := drawn.next(), LicensingError):
            yield asked


def text_of(work: Any, tenant: str, stored: Mapping[Name, Whole]) -> tuple[str, str]:
    """All that is *stored* of *tenant* as text, and the digests of its events, which are not alike in memory."""
    lines, digests = list[str](), list[str]()
    for (kind, name), whole in stored.items():
        lines.append(f"{kind} {name} {whole.stored.version} {dumps(whole.stored.state)}")
        lines += (f"{one.sequence} {one.schema} {dumps(one.event)}" for one in whole.history)
        digests += (one.digest for one in whole.history)
    lines += sorted(map(dumps, work.enrollments(tenant, None).values()))
    cards = ((name, person, work.card(tenant, name, person)) for name in NAMES for person in (None, *PEOPLE))
    lines += [f"{name} {person} {card and (card.name, card.email)}" for name, person, card in cards]
    waiting = work.outbox(tenant, 1000)
    latest = [one for kind in AggregateKind for one in work.recent(tenant, kind, 50)]
    lines += [f"{one.kind} {one.aggregate} {one.sequence}" for one in (*waiting, *latest)]
    return "\n".join(lines), "\n".join(digests)


def read_back(side: Side, tenant: str) -> tuple[str, str]:
    """What `text_of()` says of a store; raises `Different` when its histories do not lead there."""
    try:
        with side.store.begin(read_only=True) as work:
            stored = everything(work, tenant)
            for wrong in unlike(work, tenant, stored):
                raise Different(f"{side.kind}: {wrong}")
            return text_of(work, tenant, stored)
    except LicensingError as broken:
        raise Different(f"{side.kind}: what is stored cannot be read: {broken}") from broken


def end_alike(sides: Sequence[Side], tenant: str) -> str:
    """A digest of what is stored at the end; raises `Different`."""
    texts = [read_back(side, tenant) for side in sides]
    first = texts[0][0]
    for side, (text, _) in zip(sides, texts, strict=True):
        if wrong_at := differing(first, text):
            raise Different(f"stored in {sides[0].kind}: {wrong_at[0]}; in {side.kind}: {wrong_at[1]}")
    if len({digests for side, (_, digests) in zip(sides, texts, strict=True) if side.kind != "memory"}) > 1:
        raise Different("the digests of the events are not the same in all databases")
    return sha256(first.encode()).hexdigest()


@contextmanager
def sides_of(number: int, tenant: str, clock: Clock, postgres: Store | None) -> Iterator[list[Side]]:
    """Empty stores for a sequence: in memory, in SQLite, and *postgres* if any, where *tenant* is new."""
    with ExitStack() as stack:
        where = "sqlite://"
        if number % A_FILE == 0:
            where = f"sqlite:///{Path(stack.enter_context(TemporaryDirectory())) / 'licenses.db'}"
        lite = stack.enter_context(closing(SqlStore(where)))
        lite.create()
        stores: list[Store] = [MemoryStore(), lite, *([] if postgres is None else [postgres])]
        yield [Side(kind, store, tenant, clock) for kind, store in zip(KINDS, stores, strict=False)]


def play(number: int, seed: int, length: int, postgres: Store | None) -> Found:
    """Carry out sequence *number*; raises `Different` with the place of the first difference."""
    tenant, clock = f"t{number}", Clock()
    ops = refused = 0
    with sides_of(number, tenant, clock, postgres) as sides:
        for asked in script(Random(f"{seed}/{number}"), tenant, length, clock):
            try:
                refused += agreed(sides, asked).refusal is not None
            except Different as found:
                raise Different(f"after {ops} others, {found}") from None
            ops += 1
        return Found(ops, refused, end_alike(sides, tenant))


class Task(NamedTuple):
    """Which sequences a worker carries out, and the URL of the PostgreSQL database that it has for itself."""

    numbers: range
    seed: int
    length: int
    url: str | None
    enough: int


def play_all(task: Task) -> tuple[int, int, str, list[str]]:
    """How many operations, how many of them refused, their digest, and what was different."""
    ops, refused, log, wrong = 0, 0, sha256(), list[str]()
    with ExitStack() as stack:
        postgres = None if task.url is None else stack.enter_context(closing(SqlStore(task.url)))
        if postgres is not None:
            postgres.create()
        for number in task.numbers:
            try:
                with no_collector():
                    found = play(number, task.seed, task.length, postgres)
            except Different as difference:
                again = f"python -m tests.reliability.diff_adapters --seed {task.seed} --sequence {number}"
                wrong.append(f"sequence {number}, {difference}\n        again: {again}")
                if len(wrong) == task.enough:
                    break
                continue
            ops, refused = ops + found.ops, refused + found.refused
            log.update(found.digest.encode())
    return ops, refused, log.hexdigest(), wrong


def run(
    ops: int,
    seed: int,
    jobs: int = 1,
    *,
    new_database: Callable[[], str] | None = None,
    length: int = LENGTH,
    enough: int = 3,
) -> Figures:
    """Carry out *ops* operations or a few more in *jobs* processes; *new_database* gives URLs of PostgreSQL."""
    sequences = -(-ops // length)  # what furnishes makes up for what cannot be made
    urls: list[str | None] = [None if new_database is None else new_database() for _ in range(jobs)]
    tasks = [Task(range(first, sequences, jobs), seed, length, urls[first], enough) for first in range(jobs)]
    if jobs == 1:
        found = [play_all(tasks[0])]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = list(workers.map(play_all, tasks))
    wrong = tuple(one for *_, some in found for one in some)
    digest = sha256("".join(one for _, _, one, _ in found).encode()).hexdigest()[:16]
    total, refused = sum(one for one, *_ in found), sum(one for _, one, *_ in found)
    over = ", ".join(KINDS if new_database else KINDS[:2])
    return Figures(total, wrong, digest, f"{sequences} sequences over {over}; {refused:,} refusals")


def on_postgres(ops: int, seed: int, jobs: int = 1, **more: Any) -> Figures:
    """As `run()`, with a PostgreSQL of its own."""
    from tests.postgres import Server

    with Server.start(durable=False) as server:
        return run(ops, seed, jobs, new_database=server.new_database, **more)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sequence", type=int, help="carry out this one sequence again")
    asked = parser.parse_args()
    if asked.sequence is None:
        return on_postgres(asked.ops, asked.seed, asked.jobs).tell("adapters", asked.seed)
    from tests.postgres import Server

    with Server.start(durable=False) as server:
        only = Task(range(asked.sequence, asked.sequence + 1), asked.seed, LENGTH, server.new_database(), 1)
        ops, refused, digest, wrong = play_all(only)
    return Figures(ops, tuple(wrong), digest, f"{refused} refusals").tell("adapters", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
