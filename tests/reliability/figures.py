"""The figures of the reliability run, what one check of it found, and the line that tells that."""

from dataclasses import dataclass
from typing import Final

LAWS: Final = 600_000
"""Cases of all laws together, in a run of every change (`--scale 1`); the other figures are of the same run."""
MACHINE: Final = 1_000_000
"""Commands on pools and accounts of licenses."""
PAIRS: Final = 1_100_000
"""Pairs of an actor and a resource."""
BURNED: Final = 20_000
"""Worlds of credits."""
YEAR: Final = 1_000_000
"""Commands to a partner and its clients."""
RUNS: Final = 10_000
"""Runs of the jobs."""
AGAIN: Final = 2_000
"""Cases of each kind that are made three times."""


@dataclass(frozen=True)
class Figures:
    """How many *cases* were tried, what was wrong, and a digest that two runs with one seed have in common."""

    cases: int
    violations: tuple[str, ...] = ()
    digest: str = ""
    note: str = ""

    def tell(self, name: str, seed: int, seconds: float | None = None) -> int:
        """Print the line of the check, and its violations; 1 when there are any, else 0."""
        spent = "" if seconds is None else f"  {seconds:7.1f} s"
        note = f"  {self.note}" if self.note else ""
        print(
            f"{name:<28} seed {seed:<8} {self.cases:>10,} cases{spent}  {len(self.violations)} violations{note}",
            flush=True,
        )
        for violation in self.violations[:5]:
            print(f"    {violation}", flush=True)
        return 1 if self.violations else 0
