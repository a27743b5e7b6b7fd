"""R23: commands that touch several pools, in opposite orders at once: none dies of a deadlock, none is done by half.

64 workers move licenses between pools, each worker from one to another of its own choice, so that any two pools are
asked for in both orders; some buy carts instead, which open the same pools in any order, so that one cart can be had.
After a round everybody holds one license, and the histories are held against what the workers were told.

`python -m tests.reliability.bulk --backend postgres --rounds 20 --seed 3`
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import lru_cache
from random import Random
from time import monotonic
from typing import Any, Final, NamedTuple

from licensing_core.errors import LicensingError
from licensing_core.protocols import AggregateExists, AggregateKind, Stored
from licensing_core.services import CheckOut, Command, Licensing, TransferLicenses
from tests.reliability.figures import Figures
from tests.reliability.history import Deed, Past, faults, past_of
from tests.reliability.places import KINDS, Place, a_place
from tests.reliability.race_crew import Bench, Broken, a_crew
from tests.reliability.race_watch import Watched
from tests.reliability.race_world import TENANT, USERS, WORKERS, a_host, assign, at_noon, check_out, record, transfer

PROCS: Final = {"memory": 1, "sqlite": 4, "postgres": 4}
MOST: Final = 5
"""Pools of a round at most; at least there are two."""
_MOVED: Final = 3
"""So many users at most are moved by one command."""
_CARTS: Final = 8
"""One worker of so many buys a cart."""


class Bulk(NamedTuple):
    """One round: its number, and how many pools and workers it has."""

    number: int
    seed: int
    workers: int

    @property
    def pools(self) -> tuple[str, ...]:
        """Two to five pools."""
        return tuple(f"p{self.number}-{one}" for one in range(2 + self.number % (MOST - 1)))

    @property
    def cart(self) -> tuple[str, ...]:
        """Three to five pools that are not there before."""
        return tuple(f"x{self.number}-{one}" for one in range(MOST - self.number % 3))

    def users(self, worker: int) -> tuple[str, ...]:
        """Whom a worker moves: its own user, and some of others."""
        dice = Random(f"{self.seed}/{self.number}/{worker}/users")
        others = dice.sample(range(self.workers), min(self.workers, dice.randint(0, _MOVED - 1)))
        return tuple(USERS[one] for one in {worker, *others})


def command_of(one: Bulk, worker: int) -> Command[Any]:
    """What a worker sends: from one pool to another, or into several new ones, in any order."""
    dice, key = Random(f"{one.seed}/{one.number}/{worker}"), f"{one.pools[0]}-{worker}"
    if worker % _CARTS == 0:
        return check_out(dice.sample(one.cart, len(one.cart)), key)
    source, target = dice.sample(one.pools, 2)
    return transfer(source, target, one.users(worker), key)


def move(bench: Bench, worker: int, one: Bulk) -> Deed:
    """What came of the command of a worker; nothing may stand in its way."""
    command, watched = command_of(one, worker), Watched(bench.store)
    begun, refusal, fault = monotonic(), None, ""
    try:
        Licensing(watched, _host(), at_noon).run(command)
    except LicensingError as error:
        refusal = error
    except Exception as error:  # noqa: BLE001 - whatever else leaves a service is a finding
        fault = f"{type(error).__name__}: {error}"[:300]
    return Deed(command, begun, monotonic(), watched.loaded, watched.saved, refusal, fault)


def prepare(store: Any, one: Bulk) -> None:
    """Pools with room for everybody; the users begin in any of them."""
    licensing, workers = Licensing(store, _host(), at_noon), range(one.workers)
    for number, pool in enumerate(one.pools):
        licensing.run(record(pool, "many"))
        here = [USERS[worker] for worker in workers if worker % len(one.pools) == number]
        licensing.run(assign(pool, here, f"{pool}-first"))


def judge(store: Any, one: Bulk, told: Sequence[Any]) -> list[str]:
    """What was wrong in the round after which the workers *told* this."""
    wrong = [broken.error for broken in told if isinstance(broken, Broken)]
    done = [deed for deed in told if not isinstance(deed, Broken)]
    wrong += _carts(one, [deed for deed in done if isinstance(deed.command, CheckOut)])
    deeds = [deed for deed in done if isinstance(deed.command, TransferLicenses)]
    wrong += [f"{deed.command.key}: {deed.fault or deed.refusal!r}" for deed in deeds if deed.fault or deed.refusal]
    if wrong:
        return wrong
    with store.begin() as work:
        pasts = [past_of(work, TENANT, AggregateKind.LICENSES, pool, 2) for pool in one.pools]
    for past in pasts:
        wrong += faults(past, [deed for deed in deeds if past.name in deed.loaded])
    return wrong + _halves(one, deeds) + _homeless(one, pasts)


def _carts(one: Bulk, deeds: Sequence[Deed]) -> list[str]:
    """One cart is bought, with all of its pools; of the others the pools are taken."""
    had = [deed for deed in deeds if deed.refusal is None and not deed.fault]
    others = [deed.fault or repr(deed.refusal) for deed in deeds if not _is_taken(one, deed) and deed not in had]
    wrong = [f"a cart was refused with {fault}" for fault in others]
    if len(had) != 1 or set(had[0].saved) != set(one.cart):
        wrong.append(f"{len(had)} carts were bought: {[sorted(deed.saved) for deed in had]}")
    return wrong


def _is_taken(one: Bulk, deed: Deed) -> bool:
    return isinstance(deed.refusal, AggregateExists) and deed.refusal.aggregate in one.cart


def _halves(one: Bulk, deeds: Sequence[Deed]) -> list[str]:
    """A command changes both of its pools, or neither."""
    return [f"{deed.command.key}: only {set(deed.saved)} was saved" for deed in deeds if len(deed.saved) not in (0, 2)]


def _homeless(one: Bulk, pasts: Sequence[Past]) -> list[str]:
    """Everybody is in one pool, whoever was moved."""
    users = USERS[: one.workers]
    stored = [past.stored for past in pasts if isinstance(past.stored, Stored)]
    homes = {user: sum(one.state.holds(user) for one in stored) for user in users}
    return [f"round {one.number}: {user} is in {number} pools" for user, number in homes.items() if number != 1]


def run_in(
    place: Place, rounds: int, seed: int, procs: int, workers: int = WORKERS, enough: int = 5
) -> tuple[int, list[str]]:
    """How many rounds were played at *place*, and what was wrong; ends when *enough* was wrong."""
    wrong, played = list[str](), 0
    with ExitStack() as stack:
        store = stack.enter_context(place.opened())
        crew = stack.enter_context(a_crew(place, procs, workers // procs))
        while played < rounds and len(wrong) < enough:
            one = Bulk(played, seed, workers)
            prepare(store, one)
            wrong += [f"round {played}: {fault}" for fault in judge(store, one, crew.run(move, one))[:2]]
            played += 1
    return played, wrong


def run(kind: str, rounds: int, seed: int, *, here: bool = False) -> Figures:
    """Play *rounds* rounds over a new store of *kind*; *here* is by threads of this process alone."""
    with a_place(kind) as place:
        played, wrong = run_in(place, rounds, seed, 1 if here else PROCS[kind])
    again = f"python -m tests.reliability.bulk --backend {kind} --rounds {rounds} --seed {seed}"
    note = f"{kind}: {WORKERS} commands each, over 2 to {MOST} pools"
    return Figures(played, tuple(f"{one}; again: {again}" for one in wrong), note=note)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=KINDS, default="sqlite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=23)
    asked = parser.parse_args()
    return run(asked.backend, asked.rounds, asked.seed).tell("several pools", asked.seed)


@lru_cache(maxsize=1)
def _host() -> Any:
    return a_host()


if __name__ == "__main__":
    sys.exit(main())
