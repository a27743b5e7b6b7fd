"""What one check of the reliability run found, and the line that tells it."""

from dataclasses import dataclass


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
