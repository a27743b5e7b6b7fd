"""Events that were stored once are read for ever: the corpus of all that was ever written, and how older ones go on."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from licensing_core.adapters.sql import SqlStore, codec
from licensing_core.adapters.sql.codec import write as codec_write
from licensing_core.decisions import Event
from licensing_core.pools import PoolResized
from licensing_core.protocols import AggregateKind
from licensing_core.serde import EVENTS, InvalidDocument, dumps, loads, upcasting
from licensing_core.services import Fault, Findings, Licensing, ResizePool, Verify, replay
from tests.corpus import ADVICE, CORPUS, lines, place, specimen, text_of, written_today
from tests.service_world import NOON, TENANT, Checked, Clock, buy, host, refused, sent

LINES = lines()
TEXT = dumps(PoolResized(pool="p1", bought=5, by="ana", at=NOON))


@pytest.mark.parametrize("line", LINES, ids=lambda line: "{}-{}".format(*place(line)))
def test_what_was_written_once_is_read(line: str) -> None:
    name, schema = place(line)
    event = loads(line, Event)
    assert type(event) is EVENTS[name]
    if schema == event.schema:
        assert event == specimen(name)
        assert dumps(event) == line, ADVICE


def test_every_event_as_it_is_written_today_is_in_the_corpus() -> None:
    found = {place(line): line for line in LINES}
    assert {where: text for where, text in written_today().items() if found.get(where) != text} == {}, ADVICE
    assert CORPUS.read_text("utf-8") == text_of(found)
    assert len(json.loads(CORPUS.read_text("utf-8"))) == len(LINES) >= len(EVENTS)


def test_a_line_that_is_changed_is_found() -> None:
    changed = LINES[0].replace('"schema":1', '"schema":1,"more":1')
    assert changed != LINES[0]
    assert refused(loads, changed, Event) == InvalidDocument(faults=(("$", "name.unknown"),))


# Older schemas


def licenses_renamed(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """From schema 1 of a made-up history of the event: *bought* was called *licenses*, and counted in tens."""
    rest = {name: one for name, one in fields.items() if name != "licenses"}
    return {**rest, "tens": fields["licenses"]}


def in_ones(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """From schema 2 to 3."""
    rest = {name: one for name, one in fields.items() if name != "tens"}
    return {**rest, "bought": fields["tens"] * 10}


@pytest.fixture
def third_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the fields of `PoolResized` had been changed twice."""
    made = {("pool.resized", 1): licenses_renamed, ("pool.resized", 2): in_ones}
    monkeypatch.setattr(PoolResized, "schema", 3)
    monkeypatch.setattr(upcasting, "UPCASTERS", made)


def older(schema: int, **fields: Any) -> str:
    """The event as it was written under *schema*."""
    return json.dumps(
        {name: one for name, one in json.loads(TEXT).items() if name != "bought"} | {"schema": schema} | fields
    )


@pytest.mark.usefixtures("third_schema")
def test_an_older_event_is_led_on_from_schema_to_schema() -> None:
    event = PoolResized(pool="p1", bought=50, by="ana", at=NOON)
    assert loads(older(1, licenses=5), Event) == loads(older(2, tens=5), PoolResized) == event
    assert loads(dumps(event), Event) == event
    assert '"schema":3' in dumps(event)


@pytest.mark.usefixtures("third_schema")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (older(1, bought=5), ("$", "type.wrong")),
        (older(1, licenses="many"), ("$.bought", "type.wrong")),
        (older(1, licenses=None), ("$", "type.wrong")),
        (older(1, licenses=5, more=1), ("$", "name.unknown")),
        (older(3, licenses=5), ("$.bought", "name.missing")),
        (older(4, bought=5), ("$.schema", "schema.unknown")),
        (older(0, licenses=5), ("$.schema", "schema.unknown")),
        (older(True, licenses=5), ("$.schema", "schema.unknown")),
    ],
)
def test_an_older_event_that_is_none_is_refused(text: str, fault: tuple[str, str]) -> None:
    error = refused(loads, text, Event)
    assert isinstance(error, InvalidDocument)
    assert fault in error.faults


def test_a_schema_that_nothing_leads_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PoolResized, "schema", 2)
    assert refused(loads, TEXT, Event) == InvalidDocument(faults=(("$.schema", "schema.unknown"),))


def as_it_was(value: object) -> str:
    """How values were stored when the event had schema 1, and its *bought* another name."""
    text = codec_write(value)
    return text.replace('"bought":', '"licenses":') if isinstance(value, PoolResized) else text


def renamed(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """From schema 1 to 2."""
    rest = {name: one for name, one in fields.items() if name != "licenses"}
    return {**rest, "bought": fields["licenses"]}


@pytest.fixture
def old_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    """A database to which a pool was written, and resized to six, when that event had schema 1."""
    with closing(SqlStore(f"sqlite:///{tmp_path / 'old.db'}")) as store:
        store.create()
        with monkeypatch.context() as then:
            then.setattr(codec, "write", as_it_was)
            licensing = Licensing(store, host(), Clock())
            licensing.run(buy())
            licensing.run(ResizePool(pool="p1", bought=6, **sent("first")))
        yield store


VERIFY = Verify(tenant=TENANT, actor="root", kind=AggregateKind.LICENSES)


def test_a_history_of_an_older_schema_is_read_and_replayed_and_its_digests_still_hold(
    old_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PoolResized, "schema", 2)
    monkeypatch.setattr(upcasting, "UPCASTERS", {("pool.resized", 1): renamed})
    licensing = Checked(old_store)
    with old_store.begin(read_only=True) as work:
        history = work.history(TENANT, AggregateKind.LICENSES, "p1")
    assert (history[-1].event.type, history[-1].schema) == ("pool.resized", 1)
    assert replay(history).bought == 6  # type: ignore[union-attr]
    assert licensing.run(VERIFY) == Findings(findings=(), verified=1)
    licensing.run(ResizePool(pool="p1", bought=9, **sent("second")))
    with old_store.begin(read_only=True) as work:
        longer = work.history(TENANT, AggregateKind.LICENSES, "p1")
        assert longer[:-1] == history
        assert longer[-1].schema == 2
        assert [one.schema for one in work.outbox(TENANT, 100)][-2:] == [1, 2]
    assert licensing.run(VERIFY) == Findings(findings=(), verified=1)


def test_what_nothing_leads_on_is_found_by_verifying(old_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PoolResized, "schema", 2)
    (found,) = Licensing(old_store, host(), Clock()).run(VERIFY).findings
    assert (found.aggregate, found.fault, found.names) == ("p1", Fault.UNREADABLE, ("history",))
