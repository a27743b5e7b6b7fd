"""Every story and vector of the specification, each a test under its id."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.spec.cases import DATA, Case, read_cases, read_lists, run_as
from tests.spec.form import SpecFailure
from tests.spec.plugin import PROPERTY

LISTS = read_lists()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        folder: Path | None = metafunc.config.getoption("--spec-dir")
        try:
            cases = read_cases(DATA if folder is None else folder)
        except SpecFailure as error:
            raise pytest.UsageError(str(error)) from error
        metafunc.parametrize("case", cases, ids=[case.id for case in cases])


def test_spec(case: Case, record_property: Callable[[str, object], None], pytestconfig: pytest.Config) -> None:
    own = pytestconfig.getoption("--spec-dir") is None
    standing, entry = LISTS.standing(case, own=own)
    record_property(PROPERTY, (standing.value, entry))
    try:
        run_as(case, standing, entry)
    except SpecFailure as failure:
        raise pytest.fail.Exception(f"{case.id}: {failure}", pytrace=False) from None


def test_every_entry_of_the_two_lists_matches_a_case_of_the_own_data() -> None:
    assert LISTS.unmatched(read_cases()) == []
