"""The cases of the specification, read from files, and the two lists that say which of them are due."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from tests.spec.form import NotUnderstood, SpecFailure
from tests.spec.stories import run_story
from tests.spec.vectors import run_vector

HERE: Final = Path(__file__).parent
DATA: Final = HERE / "data"


class Standing(Enum):
    """What is asked of a case now."""

    DUE = "due"
    PENDING = "pending"
    NOT_OFFERED = "not offered"


@frozen
class Case:
    """One story, or one vector; *problem* says why it could not be read as either."""

    id: str
    is_story: bool
    data: Mapping[str, Any]
    problem: str | None = None

    def run(self) -> None:
        """Run it; raises `SpecFailure` when it does not hold or is not understood."""
        if self.problem is not None:
            raise NotUnderstood(self.problem)
        if self.is_story:
            run_story(self.data)
        else:
            run_vector(self.data)

    def entries(self) -> Iterator[str]:
        """The names under which `not_offered.toml` may list it: case, preset, and each axis that it states."""
        if not self.is_story:
            yield f"case.{self.id}"
            if "preset" in self.data:
                yield f"preset.{self.data['preset']}"
            convention = self.data.get("convention")
            if isinstance(convention, Mapping):
                yield from (f"axis.{axis}.{value}" for axis, value in convention.items())


@frozen
class Lists:
    """`pending.toml`, which there is only while something is still to be built, and `not_offered.toml`.

    Attributes:
        stories: Pending story ids, each with the issue that builds it.
        kinds: Pending vector kinds, each with the issue that builds it.
        not_offered: Reasons by entry: `case.<id>`, `preset.<name>` or `axis.<name>.<value>`.
    """

    stories: Mapping[str, int]
    kinds: Mapping[str, int]
    not_offered: Mapping[str, str]

    def standing(self, case: Case, *, own: bool) -> tuple[Standing, str]:
        """What is asked of *case*, and by which entry; pending holds only for the project's *own* data."""
        for entry in case.entries():
            if entry in self.not_offered:
                return Standing.NOT_OFFERED, entry
        listed, name = (self.stories, case.id) if case.is_story else (self.kinds, str(case.data.get("kind")))
        if own and name in listed:
            return Standing.PENDING, f"issue {listed[name]}"
        return Standing.DUE, ""

    def unmatched(self, cases: Sequence[Case]) -> list[str]:
        """The entries that match none of *cases*."""
        stories = {case.id for case in cases if case.is_story}
        kinds = {case.data.get("kind") for case in cases if not case.is_story}
        entries = {entry for case in cases for entry in case.entries()}
        return [
            *(f"pending story {name}" for name in self.stories if name not in stories),
            *(f"pending kind {name}" for name in self.kinds if name not in kinds),
            *(f"not offered: {name}" for name in self.not_offered if name not in entries),
        ]


def run_as(case: Case, standing: Standing, entry: str) -> None:
    """Run *case* as its *standing* asks: due it must hold, pending it must fail, not offered it is not run.

    Raises:
        SpecFailure: It does not, or it is pending and holds.
    """
    if standing is Standing.DUE:
        case.run()
    elif standing is Standing.PENDING:
        try:
            case.run()
        except SpecFailure:
            return
        raise SpecFailure(f"{case.id} passes, but stands in pending.toml ({entry}); take it out there")


def read_lists(folder: Path = HERE) -> Lists:
    """The two lists of *folder*; without a `pending.toml` nothing is pending.

    Raises:
        NotUnderstood: A list holds something else than issue numbers, or reasons.
    """
    listed = folder / "pending.toml"
    pending = tomllib.loads(listed.read_text("utf-8")) if listed.exists() else {}
    not_offered = dict(_reasons(tomllib.loads((folder / "not_offered.toml").read_text("utf-8"))))
    if unknown := pending.keys() - {"stories", "kinds"}:
        raise NotUnderstood(f"unknown table {sorted(unknown)} in pending.toml")
    stories, kinds = pending.get("stories", {}), pending.get("kinds", {})
    for name, issue in {**stories, **kinds}.items():
        if type(issue) is not int:
            raise NotUnderstood(f"pending.toml names no issue for {name!r}")
    return Lists(stories, kinds, not_offered)


def _reasons(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for table, entries in tables.items():
        if table not in ("preset", "case", "axis"):
            raise NotUnderstood(f"unknown table {table!r} in not_offered.toml")
        for name, entry in _flat(entries) if table == "axis" else entries.items():
            if not isinstance(entry, dict) or entry.keys() != {"reason"} or not entry["reason"]:
                raise NotUnderstood(f"not_offered.toml gives no reason, or more than that, for {table}.{name}")
            yield f"{table}.{name}", entry["reason"]


def _flat(axes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((f"{axis}.{value}", entry) for axis, values in axes.items() for value, entry in values.items())


def read_cases(folder: Path = DATA) -> list[Case]:
    """The stories and vectors in *folder*, in the order of the files.

    Raises:
        NotUnderstood: There is none, a file is no JSON list, or two cases have one id.
    """
    found: list[Case] = []
    for part in ("stories", "vectors"):
        for file in sorted((folder / part).glob("*.json")):
            entries = _entries(file)
            found.extend(_case(entry, f"{part}-{file.stem}-{n}", part == "stories") for n, entry in enumerate(entries))
    ids = [case.id for case in found]
    if not found or len(set(ids)) != len(ids):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        raise NotUnderstood(f"{folder}: no story and no vector, or ids that are not unique: {twice}")
    return found


def _entries(file: Path) -> list[Any]:
    try:
        entries = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise NotUnderstood(f"{file} is no JSON: {error}") from error
    if not isinstance(entries, list):
        raise NotUnderstood(f"{file} is no JSON list")
    return entries


def _case(entry: Any, fallback: str, is_story: bool) -> Case:
    if not isinstance(entry, dict):
        return Case(fallback, is_story, {}, "it is no JSON object")
    if not isinstance(entry.get("id"), str) or not entry["id"]:
        return Case(fallback, is_story, entry, "it lacks the field 'id'")
    return Case(entry["id"], is_story, entry)
