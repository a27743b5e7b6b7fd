"""Workers that are released together, round for round: threads of this process, or of several processes.

They stay alive over the rounds, each process with one store that its threads share, as an application has it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_all_start_methods, get_context
from threading import Barrier, Thread
from typing import Any, Final, NamedTuple

from tests.reliability.places import Place, close

LONGEST: Final = 120.0
"""Seconds that a round may take at most; it then hangs, and the run ends."""
_OFTEN: Final = 0.0005
"""Seconds after which threads give way to each other where there are no processes that do: they meet in the middle."""
_PRELOADED: Final = ("tests.reliability.race_rounds", "tests.reliability.race_bare", "tests.reliability.crash_client")


class Bench(NamedTuple):
    """What a worker has: where the store is, the store of its process, and what it keeps from round to round."""

    place: Place
    store: Any
    kept: dict[str, Any]


Job = Callable[[Bench, int, Any], Any]
"""What a worker of that number does in a round, which the last argument describes; importable by its name."""


class Broken(NamedTuple):
    """What a worker raised that no job may raise."""

    error: str


def processes() -> Any:
    """How processes are begun: copies of one that has imported everything, where there is that."""
    context: Any = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
    if hasattr(context, "set_forkserver_preload"):
        context.set_forkserver_preload(list(_PRELOADED))
    return context


class _Gang:
    """Some workers of one process, the first of which has the number *first*."""

    def __init__(self, place: Place, first: int, number: int) -> None:
        self.store = place.open()
        self._results: list[Any] = [None] * number
        self._asked: tuple[Job, Any] | None = None
        self._start, self._end = Barrier(number + 1), Barrier(number + 1)
        self._threads = [
            Thread(target=self._work, args=(Bench(place, self.store, {}), first, one), daemon=True)
            for one in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, job: Job, task: Any) -> list[Any]:
        """What *job* gave each of them, once all have ended."""
        self._asked = (job, task)
        self._start.wait(LONGEST)
        self._end.wait(LONGEST)
        return list(self._results)

    def end(self) -> None:
        """Let them go home."""
        self._asked = None
        self._start.wait(LONGEST)
        for thread in self._threads:
            thread.join(LONGEST)
        close(self.store)

    def _work(self, bench: Bench, first: int, place: int) -> None:
        while True:
            self._start.wait()
            if self._asked is None:
                for kept in bench.kept.values():
                    close(kept)
                return
            job, task = self._asked
            try:
                self._results[place] = job(bench, first + place, task)
            except BaseException as error:  # noqa: BLE001 - it is told, and the round goes on
                self._results[place] = Broken(f"{type(error).__name__}: {error}"[:300])
            self._end.wait()


def _serve(place: Place, first: int, number: int, meet: Any, pipe: Any) -> None:
    """A process with a gang of its own; all processes begin a round together."""
    gang = _Gang(place, first, number)
    pipe.send(None)
    while (asked := pipe.recv()) is not None:
        meet.wait(LONGEST)
        pipe.send(gang.run(*asked))
    gang.end()


class Crew:
    """All workers of a run."""

    def __init__(
        self, gangs: list[Any], ask: Callable[[Any, Job, Any], None], told: Callable[[Any], list[Any]]
    ) -> None:
        self._gangs, self._ask, self._told = gangs, ask, told

    def run(self, job: Job, task: Any) -> list[Any]:
        """What *job* gave each worker, in their order."""
        for gang in self._gangs:
            self._ask(gang, job, task)
        return [result for gang in self._gangs for result in self._told(gang)]


@contextmanager
def a_crew(place: Place, procs: int, threads: int) -> Iterator[Crew]:
    """*procs* processes of *threads* threads each; for one process the threads are of this one."""
    if procs == 1:
        with _threads_here(place, threads) as crew:
            yield crew
        return
    with _threads_there(place, procs, threads) as crew:
        yield crew


@contextmanager
def _threads_here(place: Place, threads: int) -> Iterator[Crew]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_OFTEN)
    gang, asked = _Gang(place, 0, threads), list[tuple[Job, Any]]()
    try:
        yield Crew([gang], lambda _, job, task: asked.append((job, task)), lambda one: one.run(*asked.pop()))
        gang.end()
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _threads_there(place: Place, procs: int, threads: int) -> Iterator[Crew]:
    context = processes()
    meet, begun, pipes = context.Barrier(procs), list[Any](), list[Any]()
    try:
        for number in range(procs):
            here, there = context.Pipe()
            pipes.append(here)
            begun.append(
                context.Process(target=_serve, args=(place, number * threads, threads, meet, there), daemon=True)
            )
            begun[-1].start()
            there.close()
        for pipe in pipes:
            pipe.recv()
        yield Crew(pipes, lambda pipe, job, task: pipe.send((job, task)), lambda pipe: list(pipe.recv()))
        for pipe in pipes:
            pipe.send(None)
        for process in begun:
            process.join(LONGEST)
    finally:
        for process in begun:
            if process.is_alive():
                process.kill()
            process.join()
        for pipe in pipes:
            pipe.close()
