"""The page of rules knows every rule that the code cites, and every name on it is in the code."""

import re
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "rules.md").read_text("utf-8")
RULE = r"(?:DOC|WAL|ALU|PLZ|LAT|D)-\d+|L(?:10|[1-9])"


def cited(text: str) -> set[str]:
    """The ids of the rules that *text* cites; `DOC-1 to DOC-3` cites three, and `decision 2` is D-2."""
    flat = " ".join(text.split())
    found = set(re.findall(rf"(?<![\w-])(?:{RULE})(?![\w-])", flat))
    for kind, first, last in re.findall(r"(?<![\w-])([A-Z]+)-(\d+) to \1-(\d+)", flat):
        found |= {f"{kind}-{number}" for number in range(int(first), int(last) + 1)}
    for numbers in re.findall(r"\b[Dd]ecisions? ((?:\d+(?:, | and | to )?)+)", flat):
        found |= {f"D-{number}" for number in re.findall(r"\d+", numbers)}
    return found


def explained() -> list[str]:
    """The ids in the first column of the page's tables, in their order."""
    return re.findall(rf"^\| ({RULE}) \|", PAGE, re.MULTILINE)


def named() -> list[str]:
    """The names in the last column of the page's tables."""
    rows = re.findall(r"^\| [A-Z]+-?\d+ \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    return sorted({name for row in rows for name in re.findall(r"`([\w.]+)(?:\(\))?`", row)})


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Source: DOC-28 to DOC-30, decision 2.", {"DOC-28", "DOC-29", "DOC-30", "D-2"}),
        ("Source: WAL-7, decisions 7 and\n    11.", {"WAL-7", "D-7", "D-11"}),
        ('rules = ("DOC-19", "D-12")', {"DOC-19", "D-12"}),
        ("the sum (L5), ISO-8601, XL5", {"L5"}),
    ],
)
def test_citations_are_found_in_each_of_their_forms(text: str, rules: set[str]) -> None:
    assert cited(text) == rules


def test_every_rule_that_the_code_cites_stands_on_the_page() -> None:
    source = {path: cited(path.read_text("utf-8")) for path in (ROOT / "src").rglob("*.py")}
    missing = {path.name: sorted(rules - set(explained())) for path, rules in source.items()}
    assert {name: rules for name, rules in missing.items() if rules} == {}


def test_no_rule_stands_on_the_page_twice() -> None:
    assert len(explained()) == len(set(explained()))


@pytest.mark.parametrize("name", named())
def test_every_name_on_the_page_is_in_the_code(name: str) -> None:
    module, *attributes = name.split(".")
    assert reduce(getattr, attributes, import_module(f"licensing_core.{module}")) is not None
