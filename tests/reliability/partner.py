"""A year of a partner with 50 clients: a million seeded commands of every kind, each held against rules kept naively.

After each command what it touched is seen to, after every hundred everything: no two invoices for one period, no
access while blocked or ended, due dates that never drift, every period billed once, money that adds up exactly, no
credit beyond what was paid, numbers without gaps, states that only change as the table says, and events that lead to
the state.

`python -m tests.reliability.partner --ops 1000000 --seed 7`; a violation says which year to run again.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from random import Random
from typing import Final

from tests.reliability import partner_commands as commands
from tests.reliability import partner_terms as terms
from tests.reliability.collecting import no_collector
from tests.reliability.figures import Figures
from tests.reliability.partner_client import Client
from tests.reliability.partner_world import Partner

OPS: Final = 20_000
"""Commands of a full year, with 50 clients; a shorter one has fewer clients."""
CLIENTS: Final = 50
EVERYTHING: Final = 100
"""After so many commands everything is seen to."""
COMMANDS: Final[tuple[tuple[int, Callable[[Partner, Client], None]], ...]] = (
    (3, commands.assign_plan),
    (5, commands.block),
    (10, commands.unblock),
    (8, commands.add_person),
    (4, commands.remove_person),
    (2, commands.configure),
    (3, commands.order),
    (11, commands.pay),
    (2, commands.fail),
    (10, commands.bill),
    (8, commands.charge),
    (8, commands.dun),
    (4, commands.run_all),
    (2, commands.open_credit),
    (4, commands.refund_credit),
    (2, terms.change),
    (3, terms.schedule),
    (2, terms.unschedule),
    (3, terms.cancel),
    (3, terms.keep),
    (3, terms.renew),
    (2, terms.convert),
    (2, terms.pause),
    (3, terms.resume),
    (2, terms.align),
)
_WEIGHTS, _RUN = zip(*COMMANDS, strict=True)


def year(number: int, seed: int, ops: int) -> Iterator[str]:
    """Run year *number*, of *ops* commands: a line for each.

    Raises:
        LawBroken: Something is not as the rules say.
    """
    rng = Random(f"{seed}/{number}")
    partner, most = Partner(rng, ops), max(2, CLIENTS * ops // OPS)
    for done in range(1, ops + 1):
        partner.wait()
        if len(partner.clients) < most and (not partner.clients or rng.random() < 0.05):
            commands.add(partner)
        else:
            run: Callable[[Partner, Client], None] = rng.choices(_RUN, _WEIGHTS)[0]
            run(partner, partner.any_client())
        if done % EVERYTHING == 0 or done == ops:
            partner.check_all()
        yield f"{partner.now} {partner.told}"
    partner.check_histories()


def run_year(task: tuple[int, int, int]) -> tuple[str, str]:
    """The digest of one year, and what was wrong with it."""
    number, seed, ops = task
    log, done = sha256(), 0
    try:
        with no_collector():
            for line in year(number, seed, ops):
                log.update(line.encode())
                done += 1
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
        again = f"python -m tests.reliability.partner --seed {seed} --ops {ops} --year {number}"
        what = f"year {number}, command {done + 1}: {type(error).__name__}: {error}"[:900]
        return "", f"{what}\n        again: {again}"
    return log.hexdigest(), ""


def run(ops: int, seed: int, jobs: int = 1) -> Figures:
    """Run *ops* commands in years of at most 20,000, in *jobs* processes."""
    sizes = [OPS] * (ops // OPS) + ([ops % OPS] if ops % OPS else [])
    tasks = [(number, seed, size) for number, size in enumerate(sizes)]
    if jobs == 1:
        found = list(map(run_year, tasks))
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            found = list(workers.map(run_year, tasks))
    digest = sha256("".join(one for one, _ in found).encode()).hexdigest()[:16]
    return Figures(ops, tuple(wrong for _, wrong in found if wrong), digest, f"{len(tasks)} years")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--year", type=int, help="run this one year of --ops commands again, and show each of them")
    asked = parser.parse_args()
    if asked.year is not None:
        for line in year(asked.year, asked.seed, asked.ops):
            print(line)
        return 0
    return run(asked.ops, asked.seed, asked.jobs).tell("partner", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
