"""The hostile run sees what an ordinary run sees: a failing assert fails, in tests and in their helpers."""

import os
import subprocess
import sys
from decimal import Decimal, getcontext
from pathlib import Path
from threading import Thread

import pytest

from tests.asserting import insist

ROOT = Path(__file__).parents[1]


def run(test_file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What tools/hostile.sh does, for one planted test file."""
    return subprocess.run(
        [ROOT / "tools/hostile.sh", "-c", os.devnull, "-p", "no:cacheprovider", *arguments, test_file],
        env={**os.environ, "VENV_PYTHON": sys.executable},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_false_assert_in_a_helper_is_seen_in_every_run() -> None:
    with pytest.raises(AssertionError):
        insist(False)


def test_a_false_assert_is_seen_in_the_hostile_run(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text("def test_false() -> None:\n    assert 1 + 1 == 3\n")
    outcome = run(planted)
    assert outcome.returncode == pytest.ExitCode.TESTS_FAILED, outcome.stdout + outcome.stderr
    assert "1 failed" in outcome.stdout


def test_the_hostile_run_is_hostile(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(
        "import sys, time\n"
        "from tests.test_hostile import seen\n"
        "def test_hostile() -> None:\n"
        "    assert sys.flags.optimize == 1\n"
        "    assert time.tzname[0] != 'UTC' and time.timezone != 0\n"
        "    assert seen() == seen(in_thread=True) == (3, 'ROUND_UP', '0.334', 'NaN')\n"
    )
    outcome = run(planted)
    assert outcome.returncode == pytest.ExitCode.OK, outcome.stdout + outcome.stderr


def seen(*, in_thread: bool = False) -> tuple[int, str, str, str]:
    """Precision and rounding of the ambient context, and what they do to 1/3 and to 0/0."""
    found: list[tuple[int, str, str, str]] = []

    def look() -> None:
        context = getcontext()
        found.append((context.prec, context.rounding, str(Decimal(1) / 3), str(Decimal(0) / 0)))

    if in_thread:
        thread = Thread(target=look)
        thread.start()
        thread.join()
    else:
        look()
    return found[0]
