"""The reliability run: `python -m tests.reliability`, or `make reliability`.

Prints one line for each check: its seed, how many cases, how long, how many violations. Exits 1 when there is one.
A violation says how to run its case again. `--scale 1` are the figures of a CI run, `--scale 10` of a long one.
"""

import argparse
import sys
import time
from collections.abc import Callable

from tests.reliability import credit_worlds, determinism, laws, machine, planted, visibility_worlds, zones
from tests.reliability.figures import Figures

JOBS = 2
ALL_ZONES = 583
"""Zones besides the odd ones; a sample of as many or more is all of them."""


def zones_at(scale: float, seed: int) -> Figures:
    """R16: all zones at full scale, a sample of them below it."""
    figures = zones.run(None if scale >= 1 else round(ALL_ZONES * scale), seed)
    again = f"python -m tests.reliability.zones --all --seed {seed}"
    wrong = [f"{figures[fault]} {fault}; again: {again}" for fault in zones.FAULTS if figures[fault]]
    return Figures(figures["periods"], tuple(wrong), note=f"{figures['zones']} zones, {figures['cycles']} cycles")


def checks(scale: float) -> list[tuple[str, Callable[[int], Figures]]]:
    """Each check by name, and what runs it with a seed."""

    def times(figure: int, least: int = 100) -> int:
        return max(least, round(figure * scale))

    return [
        ("laws (L1 to L7)", lambda seed: laws.run(times(1_000_000), seed, JOBS if scale > 0.01 else 1)),
        ("zones (R16, L3)", lambda seed: zones_at(scale, seed)),
        ("pools and accounts (R1)", lambda seed: machine.run(times(1_000_000), seed, JOBS if scale > 0.01 else 1)),
        ("visibility (R12)", lambda seed: visibility_worlds.run(times(1_100_000), seed, JOBS if scale > 0.01 else 1)),
        ("credits and oracle", lambda seed: credit_worlds.run(times(20_000), seed)),
        ("planted bugs (R5)", planted.run),
        ("determinism (R22)", lambda seed: determinism.run(seed, times(2_000))),
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--seed", type=int, default=20_240_229)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 is a CI run")
    asked = parser.parse_args(arguments)
    failed = 0
    for name, run in checks(asked.scale):
        began = time.perf_counter()
        found = run(asked.seed)
        failed |= found.tell(name, asked.seed, time.perf_counter() - began)
    print("reliability: violations found" if failed else "reliability: no violation")
    return failed


if __name__ == "__main__":
    sys.exit(main())
