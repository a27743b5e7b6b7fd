"""What pytest is told: the option `--spec-dir`, words for cases that are not run, and the closing count."""

from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from tests.spec.cases import Standing

PROPERTY: Final = "spec"
"""The property under which a test notes the standing of its case, and the entry that gives it that standing."""
_MARKS: Final = {
    Standing.PENDING.value: ("pending", "w", ("PENDING", {"yellow": True})),
    Standing.NOT_OFFERED.value: ("not offered", "n", ("NOT OFFERED", {"yellow": True})),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--spec-dir`."""
    parser.addoption(
        "--spec-dir",
        type=Path,
        metavar="DIR",
        help="run the stories and vectors of DIR instead of those beside the tests; none of them is pending",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count from here on."""
    config.pluginmanager.register(SpecCount(config), "spec-count")


def noted(report: pytest.TestReport) -> tuple[str, str] | None:
    """Standing and entry that the test of *report* noted, if it ran a case."""
    found = dict(report.user_properties).get(PROPERTY)
    return (str(found[0]), str(found[1])) if isinstance(found, tuple | list) else None


class SpecCount:
    """Counts the cases by their outcome, and prints the count as the last line."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._counts: Counter[str] = Counter()
        self._not_offered: Counter[str] = Counter()

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        """A word of its own for what is pending or not offered."""
        found = noted(report) if report.when == "call" and report.passed else None
        return None if found is None else _MARKS.get(found[0])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one case when it was called."""
        found = noted(report) if report.when == "call" else None
        if found is None:
            return
        standing, entry = found
        self._counts["failed" if not report.passed else standing] += 1
        if report.passed and standing == Standing.NOT_OFFERED.value:
            self._not_offered[entry] += 1

    def lines(self) -> Sequence[str]:
        """What is not offered, by entry, and the count; nothing when no case was run."""
        counts = self._counts
        if not counts:
            return ()
        passed, failed = counts[Standing.DUE.value], counts["failed"]
        pending, not_offered = counts[Standing.PENDING.value], counts[Standing.NOT_OFFERED.value]
        return (
            *(f"spec: not offered by {entry}: {number}" for entry, number in sorted(self._not_offered.items())),
            f"spec: {passed} passed, {failed} failed, {not_offered} not offered, {pending} pending",
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Print the count below all that the terminal reporter prints."""
        outcome = yield
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            for line in self.lines():
                reporter.write_line(line)
        return outcome
