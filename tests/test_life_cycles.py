"""The life cycles in the docs are those of the library: each way of a table is in its picture, and on its page."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from docs._ext.state_diagram import Way, draw, ways_of, words
from licensing_core import credits as credit
from licensing_core import subscriptions

DOCS = Path(__file__).parents[1] / "docs"
TABLES: Mapping[str, Mapping[Any, Any]] = {
    "subscriptions.TRANSITIONS": subscriptions.TRANSITIONS,
    "credits.TRANSITIONS": credit.TRANSITIONS,
}
PAGES = {"subscriptions.TRANSITIONS": "subscriptions.md", "credits.TRANSITIONS": "credits.md"}


def of_class(picture: str, name: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(picture).iter() if one.get("class") == name]


def text_of(group: ET.Element, tag: str) -> str:
    found = group.find(tag)
    return "" if found is None else found.text or ""


def columns(picture: str) -> dict[str, float]:
    return {text_of(box, "text"): float(box.find("text").get("x", "")) for box in of_class(picture, "state")}  # type: ignore[union-attr]


def ends(way: ET.Element) -> tuple[float, float]:
    """Where the arrow of *way* begins and where its head stands."""
    circle = next(one for one in way if one.tag == "circle")
    head = next(one for one in way if one.get("class") == "head")
    place = re.match(r"M([\d.]+)", head.get("d", ""))
    assert place is not None
    return float(circle.get("cx", "")), float(place[1])


@pytest.mark.parametrize("name", TABLES)
def test_each_way_of_a_table_is_an_arrow_from_its_state_to_the_next(name: str) -> None:
    picture = draw(TABLES[name], name=name)
    places, drawn = columns(picture), of_class(picture, "way")
    ways = ways_of(TABLES[name])
    assert list(places) == [words(state) for state in TABLES[name]]
    assert [text_of(one, "text") for one in drawn] == [way.happening for way in ways]
    for way, one in zip(ways, drawn, strict=True):
        start, end = ends(one)
        assert start == places[way.state]
        assert abs(end - places[way.following]) <= 1


def test_the_ways_are_all_that_the_table_says_and_no_others() -> None:
    named = {
        (state.value, happening.value, following.value)
        for state, ways in subscriptions.TRANSITIONS.items()
        for happening, following in ways.items()
    }
    found = ways_of(subscriptions.TRANSITIONS)
    assert {tuple(text.replace(" ", "_") for text in way) for way in found} == named
    assert len(found) == len(named)


def test_a_state_that_nothing_leads_out_of_has_a_second_border() -> None:
    picture = draw(subscriptions.TRANSITIONS, name="it", marked=subscriptions.GIVES_ACCESS)
    boxes = {text_of(box, "text"): [one for one in box if one.tag == "rect"] for box in of_class(picture, "state")}
    final = {words(state) for state in subscriptions.FINAL}
    marked = {words(state) for state in subscriptions.GIVES_ACCESS}
    assert {name for name, shapes in boxes.items() if len(shapes) > 1} == final | marked
    assert {name for name, shapes in boxes.items() if any(one.get("class") for one in shapes)} == marked


def test_a_way_that_is_added_to_a_table_is_drawn() -> None:
    assert ways_of({"open": {"paid_late": "closed", "again": "open"}, "closed": {}}) == (
        Way("open", "paid late", "closed"),
        Way("open", "again", "open"),
    )
    assert len(of_class(draw({"a": frozenset({"b"}), "b": frozenset()}, name="it"), "way")) == 1


def test_names_are_safe_in_the_picture() -> None:
    picture = draw({"<a>": {'"b" & c': "<a>"}}, name='it "is"')
    assert columns(picture).keys() == {"<a>"}


@pytest.mark.parametrize("name", TABLES)
def test_a_page_names_each_table(name: str) -> None:
    assert f"```{{life-cycle}} {name}\n" in (DOCS / "explanation" / PAGES[name]).read_text("utf-8")


def test_the_page_of_credits_has_a_row_for_each_way_of_an_order() -> None:
    page = (DOCS / "explanation" / "credits.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| `\w+\(\)` \| ([a-z ]+) \| `credits\.\w+` \|$", page, re.MULTILINE)
    told = {(state, following) for states, following in rows for state in states.split(" or ") if state != "none"}
    assert told == {(way.state, way.following) for way in ways_of(credit.TRANSITIONS)}


def test_the_built_page_of_subscriptions_holds_each_way(tmp_path: Path) -> None:
    testing = pytest.importorskip("sphinx.testing.util", reason="the docs are built with the group docs alone")
    source = tmp_path / "source"
    source.mkdir()
    section = re.search(
        r"```\{life-cycle\}.*?```", (DOCS / "explanation" / "subscriptions.md").read_text("utf-8"), re.DOTALL
    )
    assert section is not None
    (source / "index.md").write_text(f"# Page\n\n{section[0]}\n", "utf-8")
    (source / "conf.py").write_text('extensions = ["myst_parser", "docs._ext.life_cycle"]\n', "utf-8")
    app = testing.SphinxTestApp("html", srcdir=source)
    try:
        app.build()
        built = (Path(app.outdir) / "index.html").read_text("utf-8")
        assert app.warning.getvalue() == ""
    finally:
        app.cleanup()
    cells = re.findall(r"<td><p>(.*?)</p></td>", built)
    assert [Way(*cells[place : place + 3]) for place in range(0, len(cells), 3)] == list(
        ways_of(subscriptions.TRANSITIONS)
    )
    assert built.count('class="way"') == len(cells) // 3
