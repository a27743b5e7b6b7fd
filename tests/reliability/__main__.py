"""The reliability run: `python -m tests.reliability`, or `make reliability`.

Prints one line for each check: its seed, how many cases, how long, how many violations. Exits 1 when there is one.
A violation says how to run its case again. `--scale 1` are the figures of a CI run, `--scale 10` of a long one;
`--only "edits"` runs the checks that have this in their names.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

from tests.reliability import (
    bulk,
    crash,
    credit_worlds,
    determinism,
    diff_adapters,
    figures,
    gateway,
    history_forced,
    interleave,
    jobs,
    laws,
    machine,
    partner,
    planted,
    race,
    revoke,
    same_key,
    tamper,
    tenants,
    visibility_worlds,
    webhook_orders,
    webhooks,
    zones,
)
from tests.reliability.figures import Figures

JOBS = 2
ALL_ZONES = 583
"""Zones besides the odd ones; a sample of as many or more is all of them."""


def zones_at(scale: float, seed: int) -> Figures:
    """R16: all zones at full scale, a sample of them below it."""
    found = zones.run(None if scale >= 1 else round(ALL_ZONES * scale), seed)
    again = f"python -m tests.reliability.zones --all --seed {seed}"
    wrong = [f"{found[fault]} {fault}; again: {again}" for fault in zones.FAULTS if found[fault]]
    return Figures(found["periods"], tuple(wrong), note=f"{found['zones']} zones, {found['cycles']} cycles")


def checks(scale: float) -> list[tuple[str, Callable[[int], Figures]]]:
    """Each check by name, and what runs it with a seed."""

    workers = JOBS if scale > 0.01 else 1
    here, servers = workers == 1, max(1, round(figures.SERVER_KILLS * scale))

    def times(figure: int, least: int = 100) -> int:
        return max(least, round(figure * scale))

    return [
        ("laws (L1 to L7)", lambda seed: laws.run(times(figures.LAWS), seed, workers)),
        ("zones (R16, L3)", lambda seed: zones_at(scale, seed)),
        ("pools and accounts (R1)", lambda seed: machine.run(times(figures.MACHINE), seed, workers)),
        ("a partner's years", lambda seed: partner.run(times(figures.YEAR), seed, workers)),
        ("jobs late and repeated (R25)", lambda seed: jobs.run(times(figures.RUNS, 40), seed, workers)),
        ("gateway faults (R9)", lambda seed: gateway.run(times(figures.PAID), seed, workers)),
        ("webhook orders (R10)", lambda seed: webhook_orders.run(times(figures.HEARD, 10), seed)),
        ("visibility (R12)", lambda seed: visibility_worlds.run(times(figures.PAIRS), seed, workers)),
        ("credits and oracle", lambda seed: credit_worlds.run(times(figures.BURNED), seed)),
        ("races, PostgreSQL (R3, R24)", partial(race.run_at, "postgres", scale, here=here)),
        ("races, SQLite (R4, R24)", partial(race.run_at, "sqlite", scale, here=here)),
        ("races, memory (R4, R24)", partial(race.run_at, "memory", scale, here=here)),
        ("one key (R6)", lambda seed: same_key.run(times(figures.DELIVERIES, 12), seed, here=here)),
        ("kills, SQLite (R7)", lambda seed: crash.run("sqlite", times(figures.KILLS, 5), 0, seed)),
        ("kills, PostgreSQL (R7)", lambda seed: crash.run("postgres", times(figures.KILLS, 5), servers, seed)),
        ("several pools (R23)", lambda seed: bulk.run("postgres", times(figures.BULKS, 2), seed, here=here)),
        ("anomalies, forced (R24)", lambda _seed: history_forced.run()),
        ("adapters alike (R2, R17)", lambda seed: diff_adapters.on_postgres(times(figures.ALIKE), seed, workers)),
        ("interleaving (R8)", lambda _seed: interleave.run(triples=None if scale > 0.01 else 2)),
        ("tenants (R13)", lambda _seed: tenants.run(kinds=tenants.KINDS if scale > 0.01 else ("memory",))),
        ("revocation (R14)", lambda seed: revoke.run(times(figures.REVOKED, 10), seed)),
        ("edits (R17)", lambda seed: tamper.run(times(figures.EDITS), seed, workers)),
        ("webhooks (T2)", lambda seed: webhooks.run(times(figures.WEBHOOKS), seed)),
        ("planted bugs (R5)", lambda seed: planted.run(seed, 1 if scale > 0.01 else 16, workers)),
        ("determinism (R22)", lambda seed: determinism.run(seed, times(figures.AGAIN))),
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--seed", type=int, default=20_240_229)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 is a CI run")
    parser.add_argument("--only", nargs="*", default=[""], help="parts of the names of those to run; all by itself")
    asked = parser.parse_args(arguments)
    chosen = [(name, run) for name, run in checks(asked.scale) if any(part in name for part in asked.only)]
    if not chosen:
        parser.error(f"no check has a name with any of {', '.join(asked.only)}")
    failed = 0
    for name, run in chosen:
        began = time.perf_counter()
        found = run(asked.seed)
        failed |= found.tell(name, asked.seed, time.perf_counter() - began)
    print("reliability: violations found" if failed else "reliability: no violation")
    return failed


if __name__ == "__main__":
    sys.exit(main())
