"""The figures of the reliability run, what one check of it found, and the line that tells that."""

from dataclasses import dataclass
from typing import Final

LAWS: Final = 400_000
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
RACES: Final = {"postgres": (400, 80, 80), "sqlite": (50, 10, 10), "memory": (300, 60, 60)}
"""Rounds of 64 workers over each store: plain, with failing units of work, and mixed."""
DELIVERIES: Final = 1_000
"""Commands that are delivered 64 times at once."""
KILLS: Final = 200
"""Clients that are killed, on SQLite and on PostgreSQL each."""
SERVER_KILLS: Final = 20
"""How often the server of PostgreSQL is killed."""
BULKS: Final = 500
"""Rounds of commands on several pools, on PostgreSQL."""

ALIKE: Final = 30_000
"""Commands, queries and questions over memory, SQLite and PostgreSQL side by side."""
REVOKED: Final = 5_000
"""Commands that meet a revocation at random, over SQLite and PostgreSQL."""
EDITS: Final = 5_000
"""Single edits of stored rows."""
PAID: Final = 2_500
"""Runs of payments with a gateway that fails; by hand 100,000 of them are made."""
HEARD: Final = 1_500
"""Orders of seven webhooks in each story, of 5,040."""
WEBHOOKS: Final = 100_000
"""Webhooks that were changed on the way."""


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
