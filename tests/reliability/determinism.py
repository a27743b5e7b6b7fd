"""R22: the same seed gives the same cases, answers and event logs, byte for byte, wherever it runs.

`python -m tests.reliability.determinism --seed 7` prints the digest.
"""

import argparse
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.reliability import jobs, laws, machine, partner, visibility_worlds
from tests.reliability.figures import Figures

ELSEWHERE = {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Apia", "LC_ALL": "tr_TR.UTF-8", "PYTHONOPTIMIZE": "1"}
"""Another hash seed, time zone and locale, and no asserts."""


RUNS = 50
"""For so many cases of all else there is one run of the jobs."""


def digest(seed: int, ops: int) -> str:
    """What laws, machine, worlds of visibility, a partner's year and jobs drew, did and answered."""
    found = (
        laws.run(ops, seed),
        machine.run(ops, seed),
        visibility_worlds.run(ops, seed),
        partner.run(ops, seed),
        jobs.run(ops // RUNS, seed),
    )
    return sha256(" ".join(one.digest for one in found).encode()).hexdigest()[:16]


def digest_elsewhere(seed: int, ops: int) -> str:
    """The same digest, made by a process of its own in another environment."""
    command = [sys.executable, "-m", "tests.reliability.determinism", "--seed", str(seed), "--ops", str(ops)]
    root, environment = Path(__file__).parents[2], {**os.environ, **ELSEWHERE}
    done = subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def run(seed: int, ops: int) -> Figures:
    """Make the digest twice here and once elsewhere."""
    digests = [digest(seed, ops), digest(seed, ops), digest_elsewhere(seed, ops)]
    wrong = () if len(set(digests)) == 1 else (f"digests differ: {', '.join(digests)}",)
    return Figures(12 * ops, wrong, digests[0], f"digest {digests[0]}, three times")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument("--ops", type=int, default=2000)
    asked = parser.parse_args()
    print(digest(asked.seed, asked.ops))
    return 0


if __name__ == "__main__":
    sys.exit(main())
