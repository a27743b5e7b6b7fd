"""Print one table of ratios and write it to bench/results.json; exit with 1 when a goal is missed."""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from bench.harness import Result, find_rows, measure, run

RESULTS = Path(__file__).with_name("results.json")
HEAD = ("goal", "what", "peer", "ours", "theirs", "ratio", "low-high", "wanted", "met")


def main() -> int:
    """Measure and print; the exit code."""
    options = _options()
    if options.child is not None:
        row = find_rows(options.only)[options.child]
        print(json.dumps(asdict(measure(row, options.rounds or 9))))
        return 0
    processes, rounds = (1, options.rounds or 3) if options.quick else (options.processes, options.rounds or 9)
    print(f"CPython {platform.python_version()}; medians over {processes} fresh processes x {rounds} rounds,")
    print("CPU clock, both sides in turn. Ratio: theirs / ours; where at most is wanted, ours / theirs.\n")
    print(_line(HEAD))
    print(_line(["---"] * len(HEAD)))
    results = []
    for result in run(only=options.only, processes=processes, rounds=rounds):
        results.append(result)
        print(_line(_cells(result)), flush=True)
    goals = [result for result in results if result.met is not None]
    missed = [result for result in goals if not result.met]
    print(f"\n{len(goals) - len(missed)} of {len(goals)} goals met; {len(results) - len(goals)} rows inform only")
    RESULTS.write_text(json.dumps([result.record() for result in results], indent=1) + "\n", encoding="utf-8")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1 process x 3 rounds")
    parser.add_argument("--only", default="", metavar="PATTERN", help="rows whose goal, text or peer holds this")
    parser.add_argument("--processes", type=int, default=3, help="fresh processes a row (3)")
    parser.add_argument("--rounds", type=int, help="rounds a process (9)")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _cells(result: Result) -> list[str]:
    row, record = result.row, result.record()
    wanted = "" if row.at_least is None else f">= {row.at_least:g}x faster"
    if row.at_most is not None:
        wanted = f"<= {row.at_most:g}x theirs"
    low, high = result.by_ratio[0], result.by_ratio[-1]
    return [
        row.goal or "-",
        row.what,
        row.peer,
        _figure(float(str(record["ours_ns"])), row.unit),
        _figure(float(str(record["theirs_ns"])), row.unit),
        f"{result.ratio:.2f}",
        f"{low:.2f}-{high:.2f}",
        wanted or "(informs)",
        {True: "yes", False: "NO", None: ""}[result.met],
    ]


def _figure(number: float, its_unit: str) -> str:
    return _duration(number) if its_unit == "ns" else f"{number:.3g} {its_unit}"


def _duration(ns: float) -> str:
    for unit, size in (("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    widths = (4, 44, 34, 8, 8, 8, 15, 16, 3)
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


if __name__ == "__main__":
    sys.exit(main())
