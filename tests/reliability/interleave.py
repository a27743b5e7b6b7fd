"""R8: every order of the steps of three commands gives what some order of whole commands gives.

A command has four steps: it begins, loads, writes and commits; of three there are 34,650 orders. Each is gone through
for each of twenty triples, on a model of a database whose units of work run beside each other (`interleave_model`).
After each of them no pool has more holders than licenses, each history leads to what is stored, and the answers and
all that is stored are those of one of the six orders in which the commands run one after the other.

`python -m tests.reliability.interleave --all`
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import permutations
from typing import Any, Final, NamedTuple

from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.memory.work import MemoryUnitOfWork, Tables
from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateKind
from licensing_core.services import Licensing
from tests.reliability.figures import Figures
from tests.reliability.interleave_model import Config, Model, Outcome
from tests.reliability.interleave_triples import SCENES, KeptActors, Scene
from tests.reliability.tamper_replays import loaded, names_of, unlike
from tests.service_world import NOON, TENANT, Clock

STEPS: Final = 4
ORDERS: Final = 34_650
"""In how many ways three times four steps can be mixed: 12! / (4! 4! 4!)."""


class Explored(NamedTuple):
    """How many orders were gone through, to how many ends they came, and those that are wrong."""

    orders: int
    ends: int
    wrong: tuple[str, ...]


def tables_after(scene: Scene) -> Tables:
    """What is stored before the commands of *scene* meet."""
    store = MemoryStore()
    licensing = Licensing(store, KeptActors(), Clock())
    for command in scene.given:
        licensing.run(command)
    return store._tables


def model_of(scene: Scene, **more: Any) -> Model:
    """The model in which the commands of *scene* meet."""
    return Model(tables_after(scene), scene.meet, KeptActors(), NOON, **more)


def orders_from(model: Model, config: Config, left: tuple[int, ...]) -> Iterator[tuple[Config, tuple[int, ...]]]:
    """The end of every order of the steps that are *left* of each command, and the order, last step first."""
    if not any(left):
        yield model.drained(config), ()
        return
    for number, more in enumerate(left):
        if more:
            rest = (*left[:number], more - 1, *left[number + 1 :])
            for end, order in orders_from(model, model.step(config, number), rest):
                yield end, (*order, number)


def told(config: Config) -> tuple[Outcome | None, ...]:
    """What each command was told."""
    return tuple(stand.done for stand in config.stands)


def one_after_the_other(model: Model) -> list[Config]:
    """The ends of the orders in which each command takes all of its steps at once."""
    ends = []
    for order in permutations(range(len(model.commands))):
        config = model.first
        for number in order:
            while config.stands[number].done is None:
                config = model.step(config, number)
        ends.append(config)
    return ends


def oversold(tables: Tables) -> Iterator[str]:
    """What has more holders than licenses, more in use than its limit, or less than no credits."""
    work = MemoryUnitOfWork(tables, read_only=True)
    for name in names_of(work, TENANT):
        stored = loaded(work, TENANT, name)
        state: Any = None if stored is None else stored.state
        if name[0] is AggregateKind.LICENSES:
            pools = state.pools.values() if hasattr(state, "pools") else (state,)
            for pool in pools:
                if max(pool.consumed, len(getattr(pool, "holdings", ()))) > pool.bought:
                    yield f"{name[1]} is oversold: {pool!r}"
        elif name[0] is AggregateKind.CREDITS and state.balances.overage:
            yield f"{name[1]} owes credits: {state!r}"
        elif name[0] is AggregateKind.USAGE and state.tallies["users"].used > 5:
            yield f"{name[1]} uses more than its limit: {state!r}"


def judge(config: Config, serial: list[Config]) -> str:
    """What is wrong with an end; nothing when it is that of one of the *serial* orders."""
    if any(one is None for one in told(config)):
        return f"a command never ended: {told(config)}"
    try:
        wrong = [*oversold(config.base.tables), *unlike(MemoryUnitOfWork(config.base.tables, read_only=True), TENANT)]
    except LicensingError as broken:
        wrong = [f"what is stored cannot be read: {broken}"]
    if wrong:
        return wrong[0]
    if not any(one.base is config.base and told(one) == told(config) for one in serial):
        return f"no order of whole commands gives {told(config)}"
    return ""


def explore(scene: Scene, steps: int = STEPS, **more: Any) -> Explored:
    """Go through every order of *steps* steps of each command of *scene*."""
    model = model_of(scene, **more)
    serial = one_after_the_other(model)
    ends: Counter[Config] = Counter()
    first: dict[Config, tuple[int, ...]] = {}
    for end, order in orders_from(model, model.first, (steps,) * len(scene.meet)):
        ends[end] += 1
        first.setdefault(end, order)
    judged: Mapping[Config, str] = {end: judge(end, serial) for end in ends}
    wrong = [
        f"{ends[end]} orders, the first {''.join(map(str, reversed(first[end])))}: {fault}"
        for end, fault in judged.items()
        if fault
    ]
    return Explored(sum(ends.values()), len(ends), tuple(wrong))


def run(seed: int = 8, triples: int | None = None, steps: int = STEPS, **more: Any) -> Figures:
    """Go through the orders of the first *triples* triples (`None`: of all); there is no chance in it."""
    names = list(SCENES)[:triples]
    found = {
        (name, together): explore(SCENES[name], steps, together=together, **more)
        for name in names
        for together in (False, True)
    }
    again = "python -m tests.reliability.interleave --triple"
    wrong = [f"{name}: {fault}; again: {again} {name!r}" for (name, _), one in found.items() for fault in one.wrong]
    digest = sha256(repr([(name, one.orders, one.ends) for name, one in found.items()]).encode()).hexdigest()[:16]
    ends = sum(one.ends for one in found.values())
    note = f"{len(names)} triples, each in all orders, written one by one and together; {ends} different ends"
    return Figures(sum(one.orders for one in found.values()), tuple(wrong), digest, note)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="all triples, as is the default")
    parser.add_argument("--triple", choices=tuple(SCENES))
    asked = parser.parse_args()
    if asked.triple is None:
        return run().tell("interleaving", 8)
    both = [explore(SCENES[asked.triple], together=together) for together in (False, True)]
    wrong = tuple(fault for one in both for fault in one.wrong)
    return Figures(sum(one.orders for one in both), wrong).tell("interleaving", 8)


if __name__ == "__main__":
    sys.exit(main())
