"""A module imports from its own floor or below, and nothing goes round in a circle."""

from pathlib import Path
from textwrap import dedent

import pytest

from tools.floors import FLOORS, PACKAGE, TOP, breaches, floor_of, read_imports


def a_package(folder: Path, modules: dict[str, str]) -> Path:
    """A package of that name in *folder*, its files named without `.py`: "billing/lines"."""
    root = folder / PACKAGE
    for name, text in {"__init__": "", **modules}.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return root


def test_the_library_keeps_to_its_floors() -> None:
    assert breaches(read_imports()) == []


def test_no_module_stands_on_two_floors() -> None:
    rooms = [room for floor in FLOORS for room in floor]
    assert len(rooms) == len(set(rooms))


def test_a_part_of_a_package_stands_on_the_floor_of_the_package() -> None:
    assert floor_of("billing.lines") == floor_of("billing") == 4
    assert floor_of("") == TOP


@pytest.mark.parametrize(
    "text",
    [
        "import licensing_core.pools",
        "import licensing_core.pools as p",
        "from licensing_core.pools import LicensePool",
        "from licensing_core import pools",
        "from . import pools",
        "from .pools import LicensePool",
        "def later():\n    from licensing_core.pools import LicensePool",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from licensing_core import pools",
        "from importlib import import_module\npools = import_module('licensing_core.pools')",
        "import importlib\npools = importlib.import_module('licensing_core.pools')",
    ],
)
def test_an_import_from_above_is_caught_however_it_is_written(tmp_path: Path, text: str) -> None:
    source = a_package(tmp_path, {"money": text, "pools": ""})
    assert breaches(read_imports(source)) == ["money (floor 1) imports pools (floor 3)"]


def test_an_import_of_the_top_from_inside_is_caught(tmp_path: Path) -> None:
    source = a_package(tmp_path, {"pools": "from licensing_core import Money"})
    assert breaches(read_imports(source)) == [f"pools (floor 3) imports licensing_core (floor {TOP})"]


def test_a_circle_on_one_floor_is_caught(tmp_path: Path) -> None:
    source = a_package(
        tmp_path,
        {
            "money": "from licensing_core.periods import Span",
            "periods": "def lazily(): from licensing_core.money import Money",
        },
    )
    assert [sentence.split(":")[0] for sentence in breaches(read_imports(source))] == ["a circle"]


def test_a_circle_inside_a_package_is_caught(tmp_path: Path) -> None:
    source = a_package(
        tmp_path,
        {
            "billing/__init__": "from licensing_core.billing.lines import Line",
            "billing/lines": "from . import Quote",
        },
    )
    assert [sentence.split(":")[0] for sentence in breaches(read_imports(source))] == ["a circle"]


def test_a_module_without_a_floor_is_caught(tmp_path: Path) -> None:
    source = a_package(tmp_path, {"helpers": ""})
    assert breaches(read_imports(source)) == ["helpers has no floor; name it in tools/floors.py"]


def test_imports_that_go_down_or_outside_are_fine(tmp_path: Path) -> None:
    source = a_package(
        tmp_path,
        {
            "__init__": "from licensing_core.pools import LicensePool",
            "errors": "import attrs",
            "money": "from licensing_core.errors import LicensingError",
            "pools": "from licensing_core import errors, money\nimport licensing_core_of_another_kind",
        },
    )
    assert breaches(read_imports(source)) == []
