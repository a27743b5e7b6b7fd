"""The stored events of all schemas, one a line: what was written once must be read for ever.

`python -m tests.corpus --write` notes how each event is written today; the lines of older schemas stay as they are.
"""

import json
from pathlib import Path
from typing import Final

from licensing_core.decisions import Event
from licensing_core.serde import EVENTS, dumps
from tests.specimens import example

CORPUS: Final = Path(__file__).with_name("events.json")
ADVICE: Final = "events are written in another way than before; raise their schema, add an upcaster, then write anew"


def lines() -> list[str]:
    """The text of each event in the corpus, by type and schema."""
    return [line.rstrip(",") for line in CORPUS.read_text("utf-8").splitlines()[1:-1]]


def place(line: str) -> tuple[str, int]:
    """Type and schema of the event in *line*."""
    fields = json.loads(line)
    return fields["type"], fields["schema"]


def specimen(name: str) -> Event:
    """The example of the event of the type *name*."""
    found = example(EVENTS[name])
    if not isinstance(found, Event):
        raise TypeError(name)
    return found


def written_today() -> dict[tuple[str, int], str]:
    """How each event is written today, by type and schema."""
    return {place(text): text for text in map(dumps, map(specimen, EVENTS))}


def text_of(corpus: dict[tuple[str, int], str]) -> str:
    """The file of *corpus*: a list in JSON, one event a line."""
    return "[\n" + ",\n".join(corpus[where] for where in sorted(corpus)) + "\n]\n"
