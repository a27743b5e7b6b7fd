"""No trace is left of a forgotten name or address: in no table of a store, and in no byte of an SQLite file."""

import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from sqlalchemy import create_engine, event

from licensing_core import services
from licensing_core.accounts import Card
from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.errors import LicensingError
from licensing_core.protocols import Store
from licensing_core.services import Command, Licensing
from tests.people_world import BIRD, asking, card, forget, person
from tests.service_samples import NEEDS, furnish
from tests.service_world import TENANT, Clock, a_store, add, replayed, to

NAME: Final = f"{BIRD} name"
PEOPLE: Final = ("mia", "u1", "leo")
CUSTOMERS: Final = ("a1", "a2", "a8")


def birds_in(text: object) -> int:
    """How often the canary stands in *text*, in any of the forms that a store may give it."""
    raw = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogatepass")
    return sum(raw.lower().count(BIRD.encode(coding)) for coding in ("utf-8", "utf-16-le", "utf-16-be"))


def cells(path: Path) -> dict[str, int]:
    """By table and column, how often the canary stands there."""
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found: dict[str, int] = {}
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')
            for row in rows.fetchall():
                for column, cell in zip(rows.description or (), row, strict=False):
                    found[f"{table}.{column[0]}"] = found.get(f"{table}.{column[0]}", 0) + birds_in(cell)
        return found


def in_memory(store: MemoryStore) -> int:
    """How often the canary stands in the tables, whose values are pickled: `repr()` does not show a card."""
    tables = {name: table for name, table in vars(store._tables).items() if name != "turn"}
    return birds_in(pickle.dumps(tables))


def fill(licensing: Licensing) -> None:
    """Do all that can be done, and give a name with the canary to whatever may have one; then change each once."""
    furnish(licensing)
    more: list[Command[Any]] = [
        services.ImportCustomer(name=NAME, email=f"{BIRD}@x.example", plan="basic", **to("import", "a8")),
        attrs.evolve(add("a9"), name=f"{NAME} of a9", email=f"{BIRD}.9@x.example", key="added"),
        *(person(user, "pay", customer=customer) for user in PEOPLE for customer in ("a1", "a8")),
        *(
            card(user, f"{BIRD} {turn} {user} at {customer}", customer, key=f"{turn}-{user}")
            for turn in ("first", "second")
            for user in PEOPLE
            for customer in ("a1", "a8")
        ),
        *(card(None, f"{BIRD} {customer}", customer, key="own") for customer in ("a1", "a2", "a8")),
    ]
    for command in more:
        licensing.run(command)
    for asked, _ in NEEDS.values():
        if isinstance(asked, Command) and not isinstance(asked, services.ForgetUser):
            with suppress(LicensingError):  # what one has taken away another cannot take again
                licensing.run(attrs.evolve(asked, key=f"{type(asked).__name__}-again"))


def forget_all(licensing: Licensing) -> None:
    for user in (*PEOPLE, *CUSTOMERS, "a9", "u2"):
        licensing.run(forget(user, as_customer=True))


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """One of its own, whose file is looked at."""
    with a_store(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def licensing(store: Store) -> Licensing:
    made = Licensing(store, asking(), Clock())
    fill(made)
    return made


def test_no_table_has_a_trace_of_who_was_forgotten(licensing: Licensing, store: Store, tmp_path: Path) -> None:
    if isinstance(store, MemoryStore):
        assert in_memory(store) > 10
        forget_all(licensing)
        assert in_memory(store) == 0
    else:
        before = cells(tmp_path / "licenses.db")
        assert {name for name, found in before.items() if found} == {"card.name", "card.email"}
        assert {"event.body", "command.answer", "command.fingerprint", "document.state", "part.body"} <= before.keys()
        forget_all(licensing)
        assert not any(cells(tmp_path / "licenses.db").values())
    replayed(store)


def test_a_name_stands_in_the_cards_alone_before_it_is_forgotten(licensing: Licensing, store: Store) -> None:
    """Of what is stored under keys, of events and of the outbox nothing has to be forgotten."""
    with store.begin() as work:
        for envelope in work.outbox(TENANT, 1000):
            assert birds_in(pickle.dumps(envelope)) == 0
        for asked, _ in NEEDS.values():
            used = work.recall(TENANT, f"{type(asked).__name__}-again")
            assert birds_in(pickle.dumps(used)) == 0
    assert birds_in(pickle.dumps(Card(name=NAME, email=f"{BIRD}@x.example"))) == 2


@pytest.mark.parametrize("many", [3, 400])
def test_no_byte_of_an_sqlite_file_tells_once_it_is_checkpointed(tmp_path: Path, many: int) -> None:
    """The driver here overwrites nothing by itself, as some builds of SQLite do; the store tells it to."""
    path = tmp_path / "licenses.db"
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA secure_delete=OFF"))
    with closing(SqlStore(engine)) as store:
        store.create()
        made = Licensing(store, asking(), Clock())
        fill(made)
        with store.begin() as work:  # enough to split the pages of table and index
            for number in range(many):
                long = Card(name=f"{BIRD} {number} " + "x" * (number % 90), email=f"{BIRD}.{number}@x.example")
                work.keep_card(TENANT, f"c{number}", "u1", long)
        with store.begin() as work:
            for number in range(0, many, 3):
                work.keep_card(TENANT, f"c{number}", "u1", Card(name=f"{BIRD} again", email=f"{BIRD}@z.example"))
        assert _checkpointed(path) > 3
        forget_all(made)
        assert _checkpointed(path) == 0
        replayed(store)


def _checkpointed(path: Path) -> int:
    """How often the canary stands in the files of the database, once the log was written back and cut."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    files = [one for one in path.parent.iterdir() if one.name.startswith(path.name)]
    return sum(birds_in(one.read_bytes()) for one in files)


def test_a_file_whose_deletions_are_not_overwritten_tells(tmp_path: Path) -> None:
    """What the pragma is for: without it the same scan finds what was deleted."""
    with a_store("sqlite", tmp_path) as store:
        assert isinstance(store, SqlStore)
        store.close()
    path = tmp_path / "licenses.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA secure_delete=OFF").fetchall()
        database.execute("INSERT INTO card VALUES (?, ?, ?, ?, ?)", (TENANT, "a1", "u1", NAME, f"{BIRD}@x.example"))
        database.commit()
        database.execute("DELETE FROM card")
        database.commit()
    assert _checkpointed(path) > 0
