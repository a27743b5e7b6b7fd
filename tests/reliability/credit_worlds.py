"""Credits burned down by the library and by the oracle, in seeded worlds that must end alike.

`python -m tests.reliability.credit_worlds --runs 20000 --seed 7`; a violation says which world to run again. Nearly
all that happens falls on a few instants, so that what comes first at one instant matters in every world.
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

from attrs import evolve

from licensing_core import credits as library
from licensing_core.credits import Balances, Grant, Rollover, UsageRecord
from licensing_core.periods import Cycle, Duration
from licensing_core.testing.law import require
from tests import naive_credits as naive
from tests.naive_credits import Given, Outcome, Run
from tests.reliability.figures import Figures

ZONES = ("UTC", "Europe/Madrid", "America/Mexico_City", "Asia/Kathmandu", "Asia/Beirut", "Pacific/Apia")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "m": timedelta(days=10)}
BASES = (
    datetime(2024, 3, 29, 22, tzinfo=UTC),
    datetime(2011, 12, 28, 10, tzinfo=UTC),
    datetime(2024, 10, 26, tzinfo=UTC),
)


def a_run(rng: Random) -> Run:
    """Some grants and their usage, on a short row of instants."""
    unit, zone, base = rng.choice(tuple(UNITS)), rng.choice(ZONES), rng.choice(BASES)
    row = [base + n * UNITS[unit] for n in range(-3, 12)]
    anchors = [rng.choice(row), base - 40 * UNITS[unit], base + 40 * UNITS[unit]]
    steps = [(rng.choice((unit, "m" if unit == "m" else "d")), rng.randint(1, 3)) for _ in range(2)]
    for step in steps:
        probe = Given("probe", 1, row[0], every=step, anchor=anchors[0])
        row += naive.boundaries(probe, zone, row[-1])[:12]
    start = rng.choice(row[:6])
    later = sorted(at for at in row if at > start)
    until = later[-1] if rng.random() < 0.7 else rng.choice(later)
    within = sorted({at for at in row if start < at <= until})
    return Run(
        start=start,
        until=until,
        zone=zone,
        grants=[_a_grant(rng, f"g{n}", row, steps, anchors) for n in rng.sample(range(9), rng.randint(0, 5))],
        usage=[(rng.choice(row), rng.choice((0, 1, 5, 10, 12, 30))) for _ in range(rng.randint(0, 8))],
        resets=rng.sample(within, min(len(within), rng.choice((0, 0, 1, 2, 3)))),
        keep_overage=rng.random() < 0.5,
        overage=rng.choice((0, 0, 0, 7, 25)),
        used=rng.choice((0, 3)),
    )


def _a_grant(
    rng: Random, name: str, row: list[datetime], steps: list[tuple[str, int]], anchors: list[datetime]
) -> Given:
    amount = rng.choice((1, 5, 10, 10, 20))
    effective = rng.choice(row)
    not_before = [at for at in row if at >= effective]
    least = rng.choice((0, 0, 0, 3, 15))
    recurring = rng.random() < 0.5
    return Given(
        name,
        amount,
        effective,
        priority=rng.choice((0, 0, 0, -1, 2)),
        expires=rng.choice((None, rng.choice(not_before))),
        voided=rng.choice((None, None, None, rng.choice(not_before))),
        balance=rng.choice((None, None, 0, amount, amount // 2, amount + 3)),
        every=rng.choice(steps) if recurring else None,
        anchor=rng.choice((effective, *anchors)) if recurring else None,
        rollover=rng.choice(((0, 0), (least, least), (least, least + 6), (0, amount))),
    )


def grant_of(given: Given, zone: str) -> Grant:
    """*given*, as the library has it."""
    cycle = None
    if given.every is not None and given.anchor is not None:
        unit, number = given.every
        every = {"h": Duration(seconds=3600 * number), "d": Duration(days=number), "m": Duration(months=number)}[unit]
        cycle = Cycle(given.anchor, every, zone)
    return Grant(
        id=given.id,
        amount=given.amount,
        priority=given.priority,
        effective=given.effective,
        expires=given.expires,
        voided=given.voided,
        recurrence=cycle,
        rollover=Rollover(least=given.rollover[0], most=given.rollover[1]),
    )


def burned_by_the_library(run: Run, cuts: list[datetime]) -> Balances:
    """The end of *run*, which is cut in pieces at *cuts*."""
    known = {one.id: one.balance for one in run.grants if one.balance is not None}
    grants = [grant_of(one, run.zone) for one in run.grants]
    balances = library.balances_at(grants, run.start, balances=known, overage=run.overage, used=run.used)
    for cut in (*sorted(cuts), run.until):
        balances = library.burn_down(
            balances,
            [UsageRecord(at, amount) for at, amount in run.usage],
            until=cut,
            resets=[at for at in run.resets if balances.at < at <= cut],
            keep_overage=run.keep_overage,
        )
        if cut.minute:  # now and then what is to come is looked at anew
            balances = evolve(balances)
    return balances


def check_world(number: int, seed: int) -> str:
    """The outcome of world *number*.

    Raises:
        LawBroken: Library and oracle differ.
    """
    rng = Random(f"{seed}/{number}")
    run = a_run(rng)
    span = run.until - run.start
    cuts = [run.start + rng.randrange(13) * span / 12 for _ in range(rng.choice((0, 0, 1, 2)))]
    cuts += [at for at in run.resets if rng.random() < 0.2]
    end = burned_by_the_library(run, cuts)
    found = Outcome({name: one.balance for name, one in end.entries.items()}, end.overage, end.used)
    wanted = naive.burn_down(run)
    require(found == wanted, "library and oracle burn down alike", found=found, wanted=wanted, run=run, cuts=cuts)
    return f"{sorted(found.balances.items())} {found.overage} {found.used}"


def run(runs: int, seed: int, enough: int = 5) -> Figures:
    """Burn down *runs* worlds; *enough* violations are told."""
    log, wrong = sha256(), list[str]()
    for number in range(runs):
        try:
            log.update(check_world(number, seed).encode())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding
            again = f"python -m tests.reliability.credit_worlds --seed {seed} --world {number}"
            wrong.append(f"world {number}: {type(error).__name__}: {error}"[:900] + f"\n        again: {again}")
            if len(wrong) == enough:
                break
    return Figures(runs, tuple(wrong), log.hexdigest()[:16])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--world", type=int, help="burn this one world down again")
    asked = parser.parse_args()
    if asked.world is not None:
        print(check_world(asked.world, asked.seed))
        return 0
    return run(asked.runs, asked.seed).tell("credits", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
