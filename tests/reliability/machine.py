"""R1: pools with their enrollments, and accounts, under seeded random commands: compared with plain dicts, and all
invariants seen to, after each step.

`python -m tests.reliability.machine --ops 1000000 --seed 7`; a violation says which world to run again.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from multiprocessing import get_context
from random import Random
from typing import Any

import attrs

from tests.machines import academy_invariants, academy_steps, account_twin
from tests.machines.account_twin import PRICES, AccountTwin
from tests.reliability.figures import Figures

STEPS = 50
"""Commands of one world; pools and accounts take turns."""
ZONES = ("UTC", "Europe/Madrid", "America/Mexico_City")


def an_account(rng: Random) -> AccountTwin:
    now = datetime(2024, 1, 15, tzinfo=UTC) + timedelta(hours=rng.randrange(9000))
    return AccountTwin(
        anchor=date(2024, rng.choice((1, 3)), rng.randint(1, 31)),
        zone=rng.choice(ZONES),
        minimums=[rng.randrange(3) for _ in PRICES],
        spare=rng.randrange(3),
        now=now,
    )


def step_account(twin: AccountTwin, rng: Random) -> None:
    """One random command on an account, or time that goes by."""
    user, name = rng.choice(account_twin.USERS), rng.choice((*PRICES, *PRICES, *PRICES, "fax"))
    wanted = {one: rng.randint(1, 5) for one in rng.sample(list(PRICES), rng.randint(1, 3))}
    if rng.random() < 0.05:
        wanted[rng.choice((name, "fax"))] = rng.randrange(2)
    match rng.randrange(16):
        case 0 | 1:
            twin.quote(wanted)
        case 2 | 3 | 4:
            twin.buy(wanted, rng.choice(("succeeded", "pending", "failed")))
        case 5:
            twin.settle(rng.choice((None, None, rng.randrange(4))))
        case 6 | 7 | 8 | 9:
            twin.grant(user, name)
        case 10 | 11:
            twin.revoke(user, name)
        case 12 | 13:
            twin.close()
        case _:
            twin.wait(rng.randrange(300))


def world(number: int, seed: int) -> Iterator[str]:
    """Run world *number*: a line for each step, then the log of its events.

    Raises:
        LawBroken: A command or an invariant failed.
    """
    rng = Random(f"{seed}/{number}")
    if number % 2:
        academy = academy_steps.an_academy(rng)
        for _ in range(STEPS):
            academy_steps.step(academy, rng)
            for holds in academy_invariants.INVARIANTS:
                holds(academy)
            yield academy.told
        yield canonical(academy.events)
        return
    account = an_account(rng)
    for _ in range(STEPS):
        step_account(account, rng)
        for invariant in account_twin.INVARIANTS:
            invariant(account)
        yield account.told
    yield canonical(account.events)


def canonical(value: Any) -> str:
    """*value* as text that depends on nothing else: sets sorted, mappings by key, values by field."""
    if attrs.has(type(value)):
        parts = (f"{field.name}={canonical(getattr(value, field.name))}" for field in attrs.fields(type(value)))
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{key}: {canonical(item)}' for key, item in value.items()))}}}"
    if isinstance(value, AbstractSet):
        return f"{{{', '.join(sorted(map(canonical, value)))}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(canonical, value))}]"
    return str(value)


def run_worlds(first: int, last: int, seed: int, enough: int = 5) -> tuple[str, list[str]]:
    """The digest of the worlds *first* to *last*, the last one left out, and what was wrong, up to *enough* of it."""
    log, wrong = sha256(), list[str]()
    for number in range(first, last):
        try:
            for line in world(number, seed):
                log.update(line.encode())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
            again = f"python -m tests.reliability.machine --seed {seed} --world {number}"
            wrong.append(f"world {number}: {type(error).__name__}: {error}"[:500] + f"\n        again: {again}")
            if len(wrong) == enough:
                break
    return log.hexdigest(), wrong


def _chunk(task: tuple[int, int, int, int]) -> tuple[str, list[str]]:
    return run_worlds(*task)


def run(ops: int, seed: int, jobs: int = 1, enough: int = 5) -> Figures:
    """Run *ops* commands or a few more, in *jobs* processes; of a chunk of worlds *enough* violations are told."""
    worlds = -(-ops // STEPS)
    tasks = [(first, min(first + 100, worlds), seed, enough) for first in range(0, worlds, 100)]
    if jobs == 1:
        found = list(map(_chunk, tasks))
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = list(workers.map(_chunk, tasks))
    digest = sha256("".join(one for one, _ in found).encode()).hexdigest()[:16]
    return Figures(worlds * STEPS, tuple(one for _, wrong in found for one in wrong), digest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--world", type=int, help="run this one world again, and show each of its steps")
    asked = parser.parse_args()
    if asked.world is not None:
        for line in world(asked.world, asked.seed):
            print(line)
        return 0
    return run(asked.ops, asked.seed, asked.jobs).tell("machine", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
