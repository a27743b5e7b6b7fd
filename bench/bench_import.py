"""The import of the package, in fresh interpreters, on their own CPU clocks."""

import subprocess
import sys
from collections.abc import Callable
from statistics import median

from bench.harness import Row

STARTS = 5
"""Interpreters that are started for one figure."""
TOUCH_ALL = "import licensing_core\nfor name in getattr(licensing_core, '__all__', ()): getattr(licensing_core, name)"


def rows() -> list[Row]:
    """Goal 24, the bound on the whole start, and what the names cost once they are used."""
    bare = "import licensing_core"
    return [
        _row("24", "import licensing_core, over an empty start", "import moneyed, the same", bare, at_most=1.6),
        Row(
            "24",
            "import licensing_core with the start",
            "a bound of 60 ms",
            lambda: bare,
            lambda: None,
            at_most=1.0,
            cpu_ns=_with_start,
        ),
        Row(
            "",
            "an empty start",
            "a bound of 60 ms",
            lambda: "pass",
            lambda: None,
            at_most=None,
            cpu_ns=_with_start,
        ),
        _row("", "the same and every public name touched", "import moneyed, the same", TOUCH_ALL),
    ]


def _row(goal: str, what: str, peer: str, program: str, at_most: float | None = None) -> Row:
    return Row(goal, what, peer, lambda: program, lambda: "import moneyed", at_most=at_most, cpu_ns=_over_a_start)


def _with_start(program: Callable[[], object]) -> float:
    """CPU nanoseconds of an interpreter that runs what *program* gives; 60 ms where it gives nothing."""
    text = program()
    return median(_cpu_ns(str(text)) for _ in range(STARTS)) if text else 60e6


def _over_a_start(program: Callable[[], object]) -> float:
    """CPU nanoseconds that the text of *program* adds to an empty start, both in turn."""
    text = str(program())
    return median(_cpu_ns(text) - _cpu_ns("pass") for _ in range(STARTS))


def _cpu_ns(text: str) -> int:
    program = f"{text}\nimport time\nprint(time.process_time_ns())"
    command = [sys.executable, "-c", program]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
