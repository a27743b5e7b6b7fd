"""R14: what somebody may do is taken away between the check and the commit of their command.

Their grant is kept in the store. In the forced orders a command is stopped after its check and before its commit, and
the revocation before its commit; all six orders of the four steps are tried, and a step that waits for the other side
is made up when it can be. In the random ones many commands meet one revocation. Either the revocation waits for a
command, or that is refused: the revocation leaves an event in the history of the same pool, and no event of who lost
the grant may come after it.

`python -m tests.reliability.revoke --cases 1000`
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import permutations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Barrier, Semaphore, Thread
from time import monotonic, sleep
from typing import Any, Final, NamedTuple

from licensing_core.adapters.sql import SqlStore
from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateKind, Envelope, Store
from licensing_core.services import Command, Licensing, ResizePool
from licensing_core.services.engine import Ports, _use_case, drive
from tests.reliability.figures import Figures
from tests.reliability.interleave_triples import KEEPER, KeptActors
from tests.service_world import NOON, TENANT, Clock, buy, sent

KINDS: Final = ("sqlite", "postgres")
ORDERS: Final = tuple(sorted({"".join(order) for order in permutations("CCRR")}))
"""C is the command: check, then commit. R is the revocation: take away, then commit."""
COMMANDS: Final = 5
"""So many commands meet one revocation in a random round."""
WAITS: Final = 0.25
"""Seconds after which a step is taken to wait for the other side."""
_PATIENCE: Final = 60.0


class Told(NamedTuple):
    """What came of one side, and from when to when it committed."""

    refusal: LicensingError | None
    fault: str
    commit: tuple[float, float]


class Gate:
    """Lets a thread take one step at a time."""

    def __init__(self) -> None:
        self._go, self._reached = Semaphore(0), Semaphore(0)

    def step(self, patience: float) -> None:
        """Let the thread take a step, and wait until it has, or for some time."""
        self._go.release()
        self._reached.acquire(timeout=patience)

    def wait(self) -> None:
        """Wait until the next step may be taken."""
        self._go.acquire(timeout=_PATIENCE)

    def reached(self) -> None:
        """The step is taken."""
        self._reached.release()


class Stopped:
    """A store whose unit of work stops after the actor was read, and which notes when it commits."""

    def __init__(self, store: Store, after_check: Callable[[], None]) -> None:
        self._store, self._after_check, self.commit = store, after_check, (0.0, 0.0)

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        began = 0.0
        with self._store.begin(read_only=read_only) as work:
            yield _Watched(work, self._after_check)
            began = monotonic()
        self.commit = (began, monotonic())


class _Watched:
    def __init__(self, work: Any, after_check: Callable[[], None]) -> None:
        self._work, self._after_check = work, after_check

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    def actor(self, tenant: str, actor_id: str) -> Any:
        found = self._work.actor(tenant, actor_id)
        self._after_check()
        return found


def _resize(key: str, bought: int, actor: str) -> ResizePool:
    return ResizePool(pool="p1", bought=bought, **sent(key, actor))


def used(store: Store, command: Command[Any], after_check: Callable[[], None]) -> Told:
    """What *command* of the keeper comes to."""
    stopped = Stopped(store, after_check)
    refusal, fault = None, ""
    try:
        Licensing(stopped, KeptActors(), Clock()).run(command)
    except LicensingError as error:
        refusal = error
    except Exception as error:  # noqa: BLE001 - whatever else leaves a service is a finding
        fault = f"{type(error).__name__}: {error}"[:300]
    return Told(refusal, fault, stopped.commit)


def revoked(store: Store, marker: Command[Any], before_commit: Callable[[], None]) -> Told:
    """Take the grant away, and leave the event of *marker* in the same unit of work."""
    try:
        with store.begin() as work:
            work.keep_actor(TENANT, "keeper", None)
            drive(_use_case(marker, NOON, sure=True), Ports(work=work, host=KeptActors()))
            before_commit()
            began = monotonic()
        return Told(None, "", (began, monotonic()))
    except Exception as error:  # noqa: BLE001 - as above
        return Told(None, f"{type(error).__name__}: {error}"[:300], (0.0, 0.0))


def grant(store: Store) -> int:
    """Let the keeper act; the version of the pool by now."""
    with store.begin() as work:
        work.keep_actor(TENANT, "keeper", KEEPER)
        stored = work.pool(TENANT, "p1", frozenset())
        return 0 if stored is None else stored.version


def happened(store: Store, after: int) -> Sequence[Envelope]:
    """The events of the pool since then."""
    with store.begin(read_only=True) as work:
        return tuple(work.history(TENANT, AggregateKind.LICENSES, "p1", after))


def judge(told: Sequence[Told], taken: Told, events: Sequence[Envelope]) -> Iterator[str]:
    """What is wrong when commands were *told* this, and the grant was *taken* away meanwhile."""
    yield from (one.fault for one in (*told, taken) if one.fault)
    by = [one.event.by for one in events]
    place = by.index("root") if "root" in by else len(by)
    if by.count("root") != 1:
        yield f"{by.count('root')} events of one revocation"
    if "keeper" in by[place:]:
        yield f"used after it was taken away: {by}"
    went = [one for one in told if one.refusal is None and not one.fault]
    if by.count("keeper") != len(went):
        yield f"{by.count('keeper')} events of {len(went)} commands that went through"
    yield from ("committed after the revocation was" for one in went if one.commit[0] > taken.commit[1] > 0.0)


def force(store: Store, order: str, number: int) -> tuple[bool, list[str]]:
    """Whether the command went through in this *order* of the steps, and what was wrong."""
    before, gates, told = grant(store), {"C": Gate(), "R": Gate()}, dict[str, Told]()
    command, marker = _resize(f"c{number}", 2 * number + 10, "keeper"), _resize(f"r{number}", 2 * number + 11, "root")

    def stop(side: str) -> Callable[[], None]:
        stops = iter((True,))

        def once() -> None:
            if next(stops, False):  # what is tried again is not stopped again
                gates[side].reached()
                gates[side].wait()

        return once

    def play(side: str) -> None:
        gates[side].wait()
        told[side] = used(store, command, stop("C")) if side == "C" else revoked(store, marker, stop("R"))
        gates[side].reached()

    threads = [Thread(target=play, args=(side,), daemon=True) for side in gates]
    for thread in threads:
        thread.start()
    for side in order:
        gates[side].step(WAITS)
    for thread in threads:
        thread.join(_PATIENCE)
    if len(told) < len(gates):
        return False, [f"{order}: one side never ended"]
    wrong = [f"{order}: {one}" for one in judge([told["C"]], told["R"], happened(store, before))]
    return told["C"].refusal is None, wrong


def force_all(store: Store) -> list[str]:
    """What was wrong in one of the six orders; first and last are no race, and have one outcome."""
    wrong: list[str] = []
    for number, order in enumerate(ORDERS):
        went, found = force(store, order, number)
        wrong += found
        if not found and went != {"CCRR": True, "RRCC": False}.get(order, went):
            wrong.append(f"{order}: the command was {'allowed' if went else 'refused'}")
    return wrong


def at_random(store: Store, rng: Random, number: int) -> list[str]:
    """What was wrong when some commands met a revocation, each begun a moment later or sooner."""
    before, barrier, told = grant(store), Barrier(COMMANDS + 1), dict[int, Told]()
    pauses = [rng.uniform(0, 0.004) for _ in range(COMMANDS + 1)]

    def play(turn: int) -> None:
        size, key = 1000 + number * (COMMANDS + 1) + turn, f"n{number}-{turn}"
        barrier.wait(_PATIENCE)
        sleep(pauses[turn])
        if turn:
            told[turn] = used(store, _resize(key, size, "keeper"), lambda: sleep(pauses[turn] / 4))
        else:
            told[turn] = revoked(store, _resize(key, size, "root"), lambda: None)

    threads = [Thread(target=play, args=(turn,), daemon=True) for turn in range(COMMANDS + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    if len(told) <= COMMANDS:
        return ["one side never ended"]
    return list(judge([told[turn] for turn in sorted(told) if turn], told[0], happened(store, before)))


@contextmanager
def a_store(kind: str, server: Any = None) -> Iterator[Store]:
    """A store in which there is a pool; for PostgreSQL in a database of *server*."""
    with ExitStack() as stack:
        if kind == "sqlite":
            url = f"sqlite:///{Path(stack.enter_context(TemporaryDirectory())) / 'licenses.db'}"
        else:
            url = server.new_database()
        store = stack.enter_context(closing(SqlStore(url)))
        store.create()
        Licensing(store, KeptActors(), Clock()).run(buy("p1", "loose"))
        yield store


def run(
    cases: int, seed: int, kinds: tuple[str, ...] = KINDS, server: Any = None, enough: int = 5, *, forced: bool = True
) -> Figures:
    """Force the six orders over each of *kinds*, and play *cases* pairs of a command and a revocation at random."""
    wrong, total = list[str](), 0
    rounds = -(-cases // (COMMANDS * len(kinds)))
    with ExitStack() as stack:
        if "postgres" in kinds and server is None:
            from tests.postgres import Server

            server = stack.enter_context(Server.start(durable=False))
        for kind in kinds:
            with a_store(kind, server) as store:
                found = force_all(store) if forced else []
                total += len(ORDERS) if forced else 0
                for number in range(rounds):
                    if len(found) >= enough:
                        break
                    found += at_random(store, Random(f"{seed}/{kind}/{number}"), number)
                    total += COMMANDS
            again = f"python -m tests.reliability.revoke --backend {kind} --seed {seed}"
            wrong += [f"{kind}: {one}; again: {again}" for one in found]
    return Figures(total, tuple(wrong), note=f"{len(ORDERS)} orders forced over {', '.join(kinds)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=(*KINDS, "all"), default="all")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=14)
    asked = parser.parse_args()
    kinds = KINDS if asked.backend == "all" else (asked.backend,)
    return run(asked.cases, asked.seed, kinds).tell("revocation", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
