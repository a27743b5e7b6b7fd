"""R12, L9: visibility and access against the naive reading of the rules, over random worlds.

`python -m tests.reliability.visibility_worlds --pairs 1100000 --seed 9`; a violation says which world to run again.

Of each world library and oracle are asked about every pair of an actor and a resource; code and details must be the
same. Every list is the filter of its check, and whoever has less, or is under the stricter policy, is allowed no more.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import compress
from multiprocessing import get_context
from random import Random

from licensing_core.directory import Coverage
from licensing_core.testing.law import LawBroken, require
from tests.naive_visibility import Answer
from tests.naive_world import World
from tests.reliability.figures import Figures
from tests.reliability.visibility_drawn import (
    ACTORS,
    CONTENTS,
    PEOPLE,
    Asked,
    Grant,
    a_world,
    grants,
    what_is_asked,
    without,
)
from tests.reliability.visibility_library import Library
from tests.reliability.visibility_lists import the_lists_are_filters
from tests.reliability.visibility_oracle import Answers, Oracle, Side

PAIRS = 452
"""Pairs of an actor and a resource in one world; about one in twenty is drawn twice."""


@dataclass(frozen=True)
class Pair:
    """A question about an actor and a resource: the name of a method of `Side`, and its arguments, the actor first."""

    about: str
    arguments: tuple[object, ...]

    def ask(self, side: Side) -> Answers:
        answers: Answers = getattr(side, f"about_{self.about}")(*self.arguments)
        return answers

    def __str__(self) -> str:
        return f"{self.about} {' '.join(map(str, self.arguments))}"


def pairs(world: World, asked: Asked) -> list[Pair]:
    """All that is asked about *world*, of every actor the same."""
    return [
        *(Pair("public", (plan,)) for plan in world.plans),
        *(pair for actor in ACTORS for pair in _pairs_of(world, actor, asked)),
        *(Pair("entry", (user, content)) for user in PEOPLE for content in CONTENTS[:-1]),
    ]


def _pairs_of(world: World, actor: str, asked: Asked) -> Iterator[Pair]:
    yield Pair("lists", (actor,))
    yield from (Pair("cart", (actor, *cart)) for cart in asked.carts)
    for plan in world.plans:
        yield Pair("plan", (actor, plan))
        for beneficiary in (None, f"user:{actor}", *asked.beneficiaries):
            yield Pair("purchase", (actor, plan, beneficiary))
    yield from (Pair("pool", (actor, pool)) for pool in world.pools)
    yield from (Pair("command", (actor, *command)) for command in asked.commands)
    yield from (Pair("enrollment", (actor, *place)) for place in asked.enrollments)
    yield from (Pair("page", (actor, content)) for content in CONTENTS)


def agree(world: World, rng: Random) -> Iterator[str]:
    """Ask library and oracle; one line for each pair.

    Raises:
        LawBroken: They differ, a list is not the filter of its check, or less allows more.
    """
    library, oracle, asked = Library(world), Oracle(world), what_is_asked(rng, world)
    everything, found = pairs(world, asked), list[Answers]()
    for pair in everything:
        got, wanted = pair.ask(library), pair.ask(oracle)
        if got != wanted:
            _tell_apart(pair, got, wanted)
        found.append(got)
        yield f"{pair}: {got}"
    the_lists_are_filters(library)
    _allows_no_more(Library(world, Coverage.EXACT), everything, found, "the stricter policy")
    _without_a_grant(world, rng.choice(grants(world)), everything, found)


def _without_a_grant(world: World, grant: Grant, everything: list[Pair], found: list[Answers]) -> None:
    """Who loses a license is a candidate again; for all else, taking a grant away adds nothing."""
    concerned = [pair.about == "entry" or grant[0] != "license" for pair in everything]
    less = Library(without(world, grant))
    left = (list(compress(everything, concerned)), list(compress(found, concerned)))
    _allows_no_more(less, *left, f"without {' '.join(grant)}")


def _tell_apart(pair: Pair, got: Answers, wanted: Answers) -> None:
    for question, answer in wanted.items():
        same = got.get(question) == answer
        require(same, f"{question}? {pair}", library=got.get(question), rules=answer)
    require(got.keys() == wanted.keys(), "both answer the same questions", library=got, rules=wanted)


def _allows_no_more(less: Library, everything: list[Pair], before: list[Answers], law: str) -> None:
    for pair, more in zip(everything, before, strict=True):
        for question, answer in pair.ask(less).items():
            added = set() if answer == more[question] else allowed(answer) - allowed(more[question])
            require(not added, f"{law}: nothing is added", pair=str(pair), asked=question, added=sorted(added))


def allowed(answer: Answer) -> set[str]:
    """All that *answer* allows: the act, what is listed, how a page opens, what is true."""
    listed, mode = answer.get("listed", ()), answer.get("mode")
    assert isinstance(listed, list | tuple)
    return {
        *(["the act"] if answer.get("code") == "ok" else []),
        *map(str, listed),
        *(["to read"] if mode in ("read", "edit") else []),
        *(["to edit"] if mode == "edit" else []),
        *(name for name, value in answer.items() if value is True),
    }


def check_world(number: int, seed: int) -> list[str]:
    """The lines of world *number*.

    Raises:
        LawBroken: Library and oracle differ, or one of the laws does not hold.
    """
    rng = Random(f"{seed}/{number}")
    return list(agree(a_world(rng), rng))


def run_worlds(first: int, last: int, seed: int, enough: int = 5) -> tuple[str, list[str]]:
    """The digest of the worlds *first* to *last*, the last one left out, and what was wrong, up to *enough* of it."""
    log, wrong = sha256(), list[str]()
    for number in range(first, last):
        try:
            lines = check_world(number, seed)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
            again = f"python -m tests.reliability.visibility_worlds --seed {seed} --world {number}"
            wrong.append(f"world {number}: {type(error).__name__}: {error}"[:700] + f"\n        again: {again}")
            if len(wrong) == enough:
                break
        else:
            require(len(lines) == PAIRS, "every world has as many pairs", found=len(lines))
            log.update("\n".join(lines).encode())
    return log.hexdigest(), wrong


def _chunk(task: tuple[int, int, int, int]) -> tuple[str, list[str]]:
    return run_worlds(*task)


def run(pairs: int, seed: int, jobs: int = 1, enough: int = 5) -> Figures:
    """Ask about *pairs* pairs or a few more, in *jobs* processes; of a chunk of worlds *enough* violations are told."""
    worlds = -(-pairs // PAIRS)
    tasks = [(first, min(first + 50, worlds), seed, enough) for first in range(0, worlds, 50)]
    if jobs == 1:
        found = list(map(_chunk, tasks))
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = list(workers.map(_chunk, tasks))
    digest = sha256("".join(one for one, _ in found).encode()).hexdigest()[:16]
    wrong = tuple(one for _, some in found for one in some)
    return Figures(worlds * PAIRS, wrong, digest, f"{worlds:,} worlds")


def show(number: int, seed: int) -> int:
    """Print world *number* and each of its pairs, up to the first violation; 1 when there is one, else 0."""
    rng = Random(f"{seed}/{number}")
    world = a_world(rng)
    for field in fields(world):
        print(f"{field.name}: {getattr(world, field.name)}")
    try:
        for line in agree(world, rng):
            print(line)
    except LawBroken as broken:
        print(f"violation: {broken}")
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_100_000)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--world", type=int, help="check this one world again, and show each of its pairs")
    asked = parser.parse_args()
    if asked.world is not None:
        return show(asked.world, asked.seed)
    return run(asked.pairs, asked.seed, asked.jobs).tell("visibility", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
