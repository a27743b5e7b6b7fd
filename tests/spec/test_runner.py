"""The runner itself: what it does not understand fails by name, and its two lists cannot hide anything."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.spec.cases import Case, Lists, Standing, read_cases, read_lists, run_as
from tests.spec.form import Mismatch, NotUnderstood, SpecFailure
from tests.spec.plugin import PROPERTY, SpecCount
from tests.spec.stories import run_story
from tests.spec.vectors import run_vector

ROOT = Path(__file__).parents[2]
WORLD = {
    "now": "2026-11-16T12:00:00+01:00",
    "zone": "Europe/Madrid",
    "branches": {"root": None, "sales": "root"},
    "users": {"ana": {"branches": ["sales"]}},
    "catalogs": {"main": ["course:c1"]},
    "packages": {"lic": {"kind": "licenses", "catalogs": ["main"], "audience": ["branch:root/**"]}},
    "plans": {
        "one": {
            "package": "lic",
            "kind": "single_license",
            "quantity": 1,
            "price": "100.00 EUR",
            "validity": "P1Y",
            "renewal": "manual",
        }
    },
    "account": {
        "cycle": {"anchor": "2026-01-01", "every": "P1M"},
        "licenses": {"base": {"price": "30.00 EUR", "total": 1, "minimum": 0, "features": []}},
    },
}
BUY = {"do": "purchase", "as": "ana", "plan": "one", "pool": "p1"}
GRANT = {"do": "grant_license", "user": "ana", "type": "base"}
NOTHING_LISTED = Lists({}, {}, {})


def a_story(*steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "a-story", "rules": [], "world": WORLD, "steps": list(steps), **more}


def a_vector(given: Mapping[str, Any], expect: Mapping[str, Any], kind: str = "digits", **more: Any) -> dict[str, Any]:
    return {"id": "a-vector", "kind": kind, "source": "chosen", "given": given, "expect": expect, **more}


EURO = a_vector({"currency": "EUR"}, {"digits": 2})
PASSING = Case("a-vector", False, EURO)
FAILING = Case("a-vector", False, {**EURO, "kind": "tides", "preset": "stripe", "convention": {"count": "months"}})


def test_a_story_that_holds_passes() -> None:
    run_story(a_story({**BUY, "expect": {"charged": "100.00 EUR", "expires_at": "2027-11-16T12:00:00+01:00"}}))


@pytest.mark.parametrize(
    ("story", "name"),
    [
        (a_story({"do": "teleport", "as": "ana"}), "unknown operation 'teleport'"),
        (a_story({**BUY, "colour": "red"}), "unknown field 'colour' of the step 'purchase'"),
        (a_story({"do": "purchase", "as": "ana"}), "the step 'purchase' lacks the field 'plan'"),
        (a_story(BUY, world={**WORLD, "weather": {}}), "unknown field 'weather' of world"),
        (a_story(BUY, world={"now": WORLD["now"]}), "world lacks the field 'zone'"),
        (a_story(BUY, world={**WORLD, "users": {"ana": {"age": 3}}}), "unknown field 'age' of user 'ana'"),
        (a_story(BUY, mood="good"), "unknown field 'mood' of a story"),
        (a_story({**BUY, "at": "2026-11-17T12:00:00"}), "no aware instant"),
        (a_story({**GRANT, "expect": ["ok"]}), "expect is no object"),
        (a_story({"do": "buy_licenses", "buy": {"base": 1}, "payment": "in-shells"}), "unknown payment 'in-shells'"),
        (a_story({"do": "set_actor", "actor": "ana", "role": "king"}), "unknown role 'king'"),
        (a_story({"do": "set_plan", "plan": "two"}), "unknown plan 'two'"),
        (a_story("purchase"), "a step is an object"),  # type: ignore[arg-type]
        (a_story(GRANT, world={"now": WORLD["now"], "zone": "UTC"}), "the world lacks the field 'account'"),
    ],
)
def test_what_a_story_says_that_is_not_known_fails_by_name(story: dict[str, Any], name: str) -> None:
    with pytest.raises(NotUnderstood, match=name):
        run_story(story)


@pytest.mark.parametrize(
    ("story", "text"),
    [
        (a_story({**BUY, "expect": {"charged": "99.00 EUR"}}), "expected charged '99.00 EUR', got '100.00 EUR'"),
        (a_story({**BUY, "expect": {"smile": True}}), "nothing known of the expected field 'smile'"),
        (a_story({**BUY, "expect": {"assigned": True}}), "expected assigned True, got 1"),
        (a_story({**BUY, "expect": {"ok": False, "code": "purchase.not_visible"}}), "expected ok False"),
        (a_story({**BUY, "plan": "two"}), "expected ok True, got False"),
        (a_story({**BUY, "plan": "two", "expect": {"code": "permission.missing"}}), "expected code"),
        (a_story(GRANT, world={**WORLD, "zone": "Moon/Base"}), "refuses the world: zone.unknown"),
        (a_story(BUY, world={"now": WORLD["now"], "zone": "Moon/Base"}), "refuses the world: zone.unknown"),
    ],
)
def test_another_answer_than_expected_fails(story: dict[str, Any], text: str) -> None:
    with pytest.raises(Mismatch, match=text):
        run_story(story)


def test_a_story_that_steps_back_in_time_is_refused() -> None:
    ahead, back = "2026-11-17T12:00:00+01:00", "2026-11-17T11:59:59+01:00"
    run_story(a_story({**GRANT, "at": ahead}, {**GRANT, "at": ahead}))
    with pytest.raises(NotUnderstood, match="steps back"):
        run_story(a_story({**GRANT, "at": ahead}, {**GRANT, "at": back}))
    with pytest.raises(NotUnderstood, match="steps back"):
        run_story(a_story({**GRANT, "at": "2026-11-16T11:59:59+01:00"}))


def test_a_refused_step_changes_nothing_but_the_clock() -> None:
    refused = {**GRANT, "user": "luis", "at": "2026-11-20T12:00:00+01:00"}
    table = {"rows": {"base": {"in_use": 1, "free": 0, "total": 1, "minimum": 0, "buying": 0}}}
    lines = [{"type": "base", "quantity": 1, "days_left": 11, "days_in_cycle": 30, "amount": "11.00 EUR"}]
    run_story(
        a_story(
            GRANT,
            {**refused, "expect": {"ok": False, "code": "licenses.exhausted", "buy": {"base": 1}}},
            {"do": "license_table", "expect": table},
            {"do": "quote_licenses", "buy": {"base": 1}, "expect": {"lines": lines}},
        )
    )


@pytest.mark.parametrize(
    ("vector", "name"),
    [
        (a_vector({}, {"amount": "1"}, kind="astrology"), "unknown vector kind 'astrology'"),
        (a_vector({"currency": "EUR", "planet": "Mars"}, {"digits": 2}), "unknown field 'planet'"),
        (a_vector({}, {"digits": 2}), "lacks the field 'currency'"),
        (a_vector({"currency": "EUR"}, {"colour": "red"}), "unknown field 'colour' of expect"),
        (a_vector({"currency": "EUR"}, {}), "expect is no object"),
        (a_vector({"currency": "EUR"}, {"digits": 2}, mood="good"), "unknown field 'mood' of a vector"),
        (a_vector({"currency": "EUR"}, {"digits": 2}, preset="stripe"), "unknown preset 'stripe'"),
        (a_vector({"currency": "EUR"}, {"digits": 2}, convention={"count": "moons"}), "unknown convention"),
        (a_vector({"amount": "1.5", "mode": "sideways", "digits": 0}, {}, "round"), "expect is no object"),
        (
            a_vector({"amount": "1.5", "mode": "sideways", "digits": 0}, {"amount": "2"}, "round"),
            "unknown mode 'sideways'",
        ),
        (
            a_vector({"anchor": "2026-01-31", "every": "P1M", "k": 1, "moon": 1}, {"at": "2026-02-28"}, "boundary"),
            "unknown field 'moon' of a cycle",
        ),
        (
            a_vector({"amount": "1.5", "mode": "up", "digits": 0}, {"amount": "two"}, "round"),
            "'two' is no exact number",
        ),
    ],
)
def test_what_a_vector_says_that_is_not_known_fails_by_name(vector: dict[str, Any], name: str) -> None:
    with pytest.raises(NotUnderstood, match=name):
        run_vector(vector)


@pytest.mark.parametrize(
    "vector",
    [
        a_vector({"currency": "EUR"}, {"digits": 3}),
        a_vector({"currency": "EUR"}, {"digits": None}),
        a_vector({"currency": "EUR"}, {"error": True}),
        a_vector({"currency": "EUR", "amount": "1.005", "mode": "half_up"}, {"amount": "1.00"}, "round"),
        a_vector({"currency": "QQQ"}, {"digits": 2}),
        a_vector({"anchor": "2026-01-31", "every": "P1M", "k": 1}, {"at": "2026-03-03"}, "boundary"),
    ],
)
def test_a_vector_with_another_answer_fails(vector: dict[str, Any]) -> None:
    with pytest.raises(Mismatch):
        run_vector(vector)


def test_amounts_are_compared_as_numbers_and_instants_as_instants() -> None:
    run_vector(a_vector({"currency": "EUR", "amount": "5.00", "mode": "up"}, {"amount": "10/2"}, "round"))
    given = {"anchor": "2026-01-01T00:00:00+01:00", "every": "PT1H", "k": 1}
    run_vector(a_vector(given, {"at": "2026-01-01T00:00:00Z"}, "boundary"))


def test_a_pending_case_that_fails_waits_and_one_that_passes_is_an_error() -> None:
    listed = Lists({"a-story": 4}, {"digits": 3, "tides": 3}, {})
    assert listed.standing(FAILING, own=True) == (Standing.PENDING, "issue 3")
    run_as(FAILING, *listed.standing(FAILING, own=True))
    with pytest.raises(SpecFailure, match=r"a-vector passes, but stands in pending.toml \(issue 3\)"):
        run_as(PASSING, *listed.standing(PASSING, own=True))
    story = Case("a-story", True, a_story(BUY))
    with pytest.raises(SpecFailure, match=r"\(issue 4\)"):
        run_as(story, *listed.standing(story, own=True))


def test_nothing_is_pending_in_other_data() -> None:
    listed = Lists({}, {"tides": 3}, {})
    assert listed.standing(FAILING, own=False) == (Standing.DUE, "")
    with pytest.raises(NotUnderstood, match="unknown vector kind 'tides'"):
        run_as(FAILING, *listed.standing(FAILING, own=False))


@pytest.mark.parametrize("entry", ["case.a-vector", "preset.stripe", "axis.count.months"])
@pytest.mark.parametrize("own", [True, False])
def test_what_is_not_offered_is_not_run(entry: str, own: bool) -> None:
    listed = Lists({}, {"tides": 3}, {entry: "a reason"})
    assert listed.standing(FAILING, own=own) == (Standing.NOT_OFFERED, entry)
    run_as(FAILING, *listed.standing(FAILING, own=own))


def test_an_entry_that_matches_nothing_is_found() -> None:
    listed = Lists({"a-story": 4, "lost": 4}, {"tides": 3, "moons": 3}, {"preset.stripe": "", "case.gone": ""})
    cases = [FAILING, Case("a-story", True, a_story())]
    assert listed.unmatched(cases) == ["pending story lost", "pending kind moons", "not offered: case.gone"]


@pytest.mark.parametrize(
    ("pending", "not_offered", "text"),
    [
        ('[stories]\na = "soon"', "", "no issue for 'a'"),
        ("[vectors]\na = 3", "", "unknown table"),
        ("", "[case.a]", "no reason"),
        ("", '[case.a]\nreason = ""', "no reason"),
        ("", '[story.a]\nreason = "x"', "unknown table 'story'"),
    ],
)
def test_a_list_of_another_form_is_refused(tmp_path: Path, pending: str, not_offered: str, text: str) -> None:
    (tmp_path / "pending.toml").write_text(pending)
    (tmp_path / "not_offered.toml").write_text(not_offered)
    with pytest.raises(NotUnderstood, match=text):
        read_lists(tmp_path)


def test_without_a_list_of_what_is_pending_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "not_offered.toml").write_text('[case.b]\nreason = "x"\n')
    assert read_lists(tmp_path) == Lists({}, {}, {"case.b": "x"})


def test_nothing_of_the_own_data_is_pending_any_more() -> None:
    listed = read_lists()
    assert (listed.stories, listed.kinds) == ({}, {})


def test_the_lists_are_read_with_their_reasons(tmp_path: Path) -> None:
    (tmp_path / "pending.toml").write_text("[stories]\na = 4\n[kinds]\ntides = 3\n")
    (tmp_path / "not_offered.toml").write_text('[case.b]\nreason = "x"\n[axis.count.months]\nreason = "y"\n')
    assert read_lists(tmp_path) == Lists({"a": 4}, {"tides": 3}, {"case.b": "x", "axis.count.months": "y"})


def planted(folder: Path, stories: object, vectors: object) -> Path:
    for part, entries in (("stories", stories), ("vectors", vectors)):
        (folder / part).mkdir(parents=True)
        (folder / part / "planted.json").write_text(json.dumps(entries), "utf-8")
    return folder


def test_ids_given_twice_are_refused_and_an_entry_without_one_fails(tmp_path: Path) -> None:
    with pytest.raises(NotUnderstood, match="not unique"):
        read_cases(planted(tmp_path / "twice", [a_story()], [EURO, EURO]))
    with pytest.raises(NotUnderstood, match="no story and no vector"):
        read_cases(tmp_path / "nowhere")
    with pytest.raises(NotUnderstood, match="no JSON list"):
        read_cases(planted(tmp_path / "form", {}, []))
    nameless, odd = read_cases(planted(tmp_path / "nameless", [{"rules": []}], [7]))
    for case in (nameless, odd):
        with pytest.raises(NotUnderstood, match="it "):
            run_as(case, *NOTHING_LISTED.standing(case, own=False))


def pytest_over(*arguments: str | Path) -> tuple[int, list[str]]:
    """Exit code and printed lines of a run of the specification with these arguments."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        ROOT / "tests/spec/test_spec.py",
        *arguments,
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONOPT", "COV"))
    }
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout.splitlines()


def test_the_count_names_the_entries_by_which_cases_are_not_offered(pytestconfig: pytest.Config) -> None:
    count = SpecCount(pytestconfig)
    assert count.lines() == ()
    outcomes: list[tuple[Literal["passed", "failed"], Standing, str]] = [
        ("passed", Standing.DUE, ""),
        ("failed", Standing.DUE, ""),
        ("failed", Standing.PENDING, "issue 3"),
        ("passed", Standing.PENDING, "issue 3"),
        ("passed", Standing.NOT_OFFERED, "preset.stripe"),
        ("passed", Standing.NOT_OFFERED, "preset.stripe"),
    ]
    for outcome, standing, entry in outcomes:
        note = [(PROPERTY, (standing.value, entry))]
        report = pytest.TestReport("x", ("x", 1, "x"), {}, outcome, None, "call", user_properties=note)
        count.pytest_runtest_logreport(report)
    assert count.lines() == (
        "spec: not offered by preset.stripe: 2",
        "spec: 1 passed, 2 failed, 2 not offered, 1 pending",
    )


def test_the_last_line_counts_other_data_in_which_nothing_is_pending(tmp_path: Path) -> None:
    good, bad = {**a_story(BUY), "id": "good"}, {**a_story({"do": "teleport"}), "id": "bad"}
    code, lines = pytest_over("--spec-dir", planted(tmp_path, [good, bad], [EURO, {**FAILING.data, "id": "later"}]))
    assert lines[-1] == "spec: 2 passed, 2 failed, 0 not offered, 0 pending"
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "bad: unknown operation 'teleport'" in lines
    assert "later: unknown vector kind 'tides'" in lines
