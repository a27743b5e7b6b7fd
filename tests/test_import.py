"""What an import loads: the top package nothing but itself, the pure floors no library of an extra."""

import subprocess
import sys

import licensing_core
from tests.public_classes import modules

OPTIONAL = {"babel", "cattrs", "requests", "rich", "sqlalchemy", "stripe"}
NEVER_BY_ITSELF = OPTIONAL | {"attr", "dateutil", "hypothesis", "numpy", "pyarrow", "pytest", "zoneinfo"}
"""The top package loads what it names when it is first used, and so none of these."""


def loaded_by(*statements: str) -> set[str]:
    """The names of the modules in a fresh interpreter after *statements* that were not there before."""
    program = "\n".join(["import sys", "before = set(sys.modules)", *statements, "print(*set(sys.modules) - before)"])
    command = [sys.executable, "-P", "-c", program]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def of_the_library(names: set[str]) -> set[str]:
    return {name for name in names if name.partition(".")[0] == "licensing_core"}


def tops(names: set[str]) -> set[str]:
    """The names of the packages, but for what the standard library names after the machine."""
    return {name.partition(".")[0] for name in names if not name.startswith("_sysconfigdata")}


def test_the_top_package_loads_no_other_module_of_the_library() -> None:
    assert of_the_library(loaded_by("import licensing_core")) == {"licensing_core"}


def test_the_top_package_loads_no_library_at_all() -> None:
    names = loaded_by("import licensing_core")
    assert tops(names) & NEVER_BY_ITSELF == set()
    assert tops(names) - set(sys.stdlib_module_names) == {"licensing_core"}


def test_money_loads_what_it_stands_on_and_no_more() -> None:
    names = loaded_by("from licensing_core import Money")
    assert of_the_library(names) == {
        "licensing_core",
        "licensing_core.checks",
        "licensing_core.currencies",
        "licensing_core.errors",
        "licensing_core.money",
        "licensing_core.rounding",
    }
    assert tops(names) - set(sys.stdlib_module_names) == {"attr", "attrs", "licensing_core"}


def test_every_name_of_the_top_package_loads_no_library_of_an_extra() -> None:
    names = loaded_by("import licensing_core", "[getattr(licensing_core, n) for n in licensing_core.__all__]")
    assert tops(names) & (OPTIONAL | {"hypothesis", "numpy", "pyarrow", "pytest"}) == set()


def test_the_pure_floors_load_attrs_dateutil_and_the_standard_library_only() -> None:
    pure = [module.__name__ for module in modules(6)]
    names = loaded_by(f"import {', '.join(pure)}")
    assert set(pure) <= names
    assert tops(names) - set(sys.stdlib_module_names) <= {
        "attr",
        "attrs",
        "dateutil",
        "licensing_core",
        "six",
        "typing_extensions",
    }


def test_the_top_package_lists_what_it_gives_and_gives_nothing_else() -> None:
    assert set(licensing_core.__all__) <= set(dir(licensing_core))
    assert not hasattr(licensing_core, "a_name_that_nobody_gave")
