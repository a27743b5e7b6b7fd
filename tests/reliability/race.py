"""R3, R4: 64 workers and 50 licenses. No license is sold twice, nobody is told "full" wrongly, and nothing drifts.

The workers are threads of 2 or 4 processes (in memory: of this one), released together in each round. Besides rounds in
which all of them assign there are some in which a tenth of the units of work fail between save and commit, and some in
which others release, resize, close the cycle of an account and spend credits meanwhile. After each round the history
is held against what is stored and against what each worker was told (R24: `history`).

The note tells the assignments in a second and, for a database, their ratio to a bare conditional update by the same
workers in rounds between.

`python -m tests.reliability.race --backend sqlite --rounds 20 --seed 3`
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any, Final

from tests.reliability import figures, race_bare
from tests.reliability.figures import Figures
from tests.reliability.places import KINDS, Place, a_place
from tests.reliability.race_crew import Broken, Crew, a_crew
from tests.reliability.race_rounds import VARIANTS, Round, judge, play, prepare
from tests.reliability.race_world import SEATS, WORKERS

PROCS: Final = {"memory": 1, "sqlite": 4, "postgres": 2}
BARE: Final = 5
"""After so many rounds there is one of bare updates."""


class Pace:
    """How fast rounds were: between their first command and the end of their last."""

    def __init__(self) -> None:
        self.given, self.seconds, self.waits = 0, 0.0, list[float]()

    def add(self, given: int, spans: Iterable[tuple[float, float]]) -> None:
        """A round in which *given* were given, and commands took these spans."""
        begun, ended = zip(*spans, strict=True)
        self.given += given
        self.seconds += max(ended) - min(begun)
        self.waits += [end - begin for begin, end in zip(begun, ended, strict=True)]

    @property
    def rate(self) -> float:
        """How many were given in a second."""
        return self.given / self.seconds if self.seconds else 0.0

    @property
    def p99(self) -> float:
        """What all but one in a hundred commands took at most, in milliseconds."""
        return 1000 * sorted(self.waits)[len(self.waits) * 99 // 100] if self.waits else 0.0


def rounds_of(rounds: int, aborted: int, mixed: int, seed: int) -> Iterator[Round]:
    """The rounds of a run."""
    for variant, number in zip(VARIANTS, (rounds, aborted, mixed), strict=True):
        for one in range(number):
            yield Round(variant, one, seed)


def run_in(
    place: Place, asked: Iterable[Round], procs: int, workers: int = WORKERS, enough: int = 5
) -> tuple[int, list[str], str]:
    """How many rounds were played at *place*, what was wrong, and how fast it was; ends when *enough* was wrong."""
    played, wrong, served, bare = 0, list[str](), Pace(), Pace()
    with ExitStack() as stack:
        store = stack.enter_context(place.opened())
        crew = stack.enter_context(a_crew(place, procs, workers // procs))
        counted = race_bare.offered(place)
        for one in asked:
            made = prepare(store, one)
            told = crew.run(play, one)
            found = judge(store, one, made, told)
            wrong += [f"{one.variant} round {one.number}: {fault}" for fault in found[:2]]
            played += 1
            if one.variant == "plain":
                _timed(served, told)
                if counted and played % BARE == 0:
                    _updated(crew, place, played, bare)
            if len(wrong) >= enough:
                break
    return played, wrong, _note(served, bare)


def _timed(pace: Pace, told: list[Any]) -> None:
    deeds = [result[1] for result in told if not isinstance(result, Broken)]
    if deeds:
        given = sum(deed.refusal is None and not deed.fault for deed in deeds)
        pace.add(given, ((deed.begun, deed.ended) for deed in deeds))


def _updated(crew: Crew, place: Place, number: int, pace: Pace) -> None:
    """A round of bare updates; the number of those that changed the row is seen to be right."""
    race_bare.prepare(place, number, SEATS)
    told = crew.run(race_bare.play, number)
    spans = [result for result in told if not isinstance(result, Broken)]
    if len(spans) < len(told) or sum(given for given, *_ in spans) != min(SEATS, len(told)):
        raise RuntimeError(f"bare updates went wrong: {[one for one in told if isinstance(one, Broken)][:1]}")
    pace.add(sum(given for given, *_ in spans), ((begun, ended) for _, begun, ended in spans))


def _note(served: Pace, bare: Pace) -> str:
    note = f"{served.rate:.0f}/s, p99 {served.p99:.0f} ms"
    if bare.given:
        ratio = served.rate / bare.rate
        goal = "" if ratio >= race_bare.GOAL else f", below {race_bare.GOAL}"
        note += f", ratio {ratio:.2f} to a bare update ({bare.rate:.0f}/s){goal}"
    return note


def run(kind: str, rounds: int, aborted: int, mixed: int, seed: int, procs: int | None = None) -> Figures:
    """Play the rounds over a new store of *kind*."""
    with a_place(kind) as place:
        asked = rounds_of(rounds, aborted, mixed, seed)
        played, wrong, note = run_in(place, asked, PROCS[kind] if procs is None else procs)
    again = f"python -m tests.reliability.race --backend {kind} --rounds {rounds} --seed {seed}"
    return Figures(played, tuple(f"{one}; again: {again}" for one in wrong), note=f"{kind}: {note}")


def run_at(kind: str, scale: float, seed: int, *, here: bool) -> Figures:
    """The rounds of `figures.RACES` times *scale*, a few at least; *here* is by threads of this process alone."""
    rounds, aborted, mixed = (max(2, round(number * scale)) for number in figures.RACES[kind])
    return run(kind, rounds, aborted, mixed, seed, 1 if here else None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=KINDS, default="sqlite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--aborted", type=int, help="rounds with failing units of work; a fifth by itself")
    parser.add_argument("--mixed", type=int, help="rounds with release, resize and cycle close; a fifth by itself")
    parser.add_argument("--procs", type=int, choices=(1, 2, 4, 8))
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    fifth = asked.rounds // 5
    aborted = fifth if asked.aborted is None else asked.aborted
    mixed = fifth if asked.mixed is None else asked.mixed
    return run(asked.backend, asked.rounds, aborted, mixed, asked.seed, asked.procs).tell("race", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
