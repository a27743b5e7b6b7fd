"""Single edits of stored rows, as somebody would make them who may write to the database but not make a chain anew."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

Row = dict[str, Any]
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("tenant", "kind", "aggregate", "sequence"),
    "pool": ("tenant", "aggregate", "id"),
    "document": ("tenant", "kind", "id"),
    "part": ("tenant", "kind", "document", "sort", "id"),
    "holding": ("tenant", "aggregate", "pool", "holder"),
    "enrollment": ("tenant", "learner", "content"),
}
"""The tables that say what happened and how things stand, with the columns by which a row is found."""
_CHOICES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "kind": (("licenses", "usage", "credits", "customers", "numbers"), ("seats", "licenses")),
    "state": (("held", "awaiting"),),
    "status": (("to_confirm", "enrolled"),),
    "sort": (("place", "grant", "order", "bill", "person"),),
}


class Edit(NamedTuple):
    """What was done, and to the aggregate of which kind and id, so that one knows where to look first."""

    said: str
    kind: str
    name: str


class NothingToEdit(Exception):
    """There is no such row."""


def rows_of(base: sqlite3.Connection, table: str) -> list[Row]:
    """All rows of *table*, in the order of their keys."""
    found = base.execute(f"SELECT * FROM {table} ORDER BY {', '.join(_KEYS[table])}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def edit(base: sqlite3.Connection, rng: Random) -> Edit:
    """Make one edit, whatever constraints there are; raises `NothingToEdit`."""
    base.execute("PRAGMA foreign_keys=OFF")
    base.execute("PRAGMA ignore_check_constraints=ON")
    try:
        return rng.choice(_EDITS)(base, rng)
    except sqlite3.IntegrityError:
        raise NothingToEdit from None  # a row with such a key is there already, or the column takes no such value
    finally:
        base.execute("PRAGMA ignore_check_constraints=OFF")


def _changed(base: sqlite3.Connection, rng: Random, table: str) -> Edit:
    row = _one(base, rng, table)
    columns: list[str] = [name for name in row if not _harmless(table, name, row)]
    columns += ["body"] * 8 if table == "event" else []  # it is most of what an event says
    column = rng.choice(columns)
    value = _another(rng, column, row[column])
    _write(base, table, row, column, value)
    return Edit(f"{table} {_key(table, row)}: {column} from {row[column]!r} to {value!r}"[:300], *_about(table, row))


def _deleted(base: sqlite3.Connection, rng: Random, table: str) -> Edit:
    row = _one(base, rng, table)
    base.execute(f"DELETE FROM {table} WHERE {_where(table)}", _key(table, row))
    return Edit(f"{table} {_key(table, row)} deleted", *_about(table, row))


def _added(base: sqlite3.Connection, rng: Random, table: str) -> Edit:
    """A row like another one, of somebody else."""
    row = _one(base, rng, table)
    column = {"holding": "holder", "enrollment": "learner", "part": "id", "event": "sequence"}[table]
    made = {**row, column: row[column] + 100 if column == "sequence" else "stranger"}
    marks = ", ".join("?" for _ in made)
    base.execute(f"INSERT INTO {table} ({', '.join(made)}) VALUES ({marks})", tuple(made.values()))
    return Edit(f"{table} {_key(table, made)} added", *_about(table, row))


def _swapped(base: sqlite3.Connection, rng: Random, _table: str) -> Edit:
    """Two events of one history trade places, each with its digest or without."""
    first = _one(base, rng, "event")
    others = [row for row in rows_of(base, "event") if _key("event", row)[:3] == _key("event", first)[:3]]
    second = rng.choice(others)
    what = ("type", "schema", "at", "body") + (("digest",) if rng.random() < 0.5 else ())
    if all(first[name] == second[name] for name in what):
        raise NothingToEdit
    for row, other in ((first, second), (second, first)):
        for name in what:
            _write(base, "event", row, name, other[name])
    return Edit(f"events {_key('event', first)} and {second['sequence']} swapped in {what}", *_about("event", first))


def _one(base: sqlite3.Connection, rng: Random, table: str) -> Row:
    rows = rows_of(base, table)
    if not rows:
        raise NothingToEdit
    return rng.choice(rows)


def _harmless(table: str, column: str, row: Row) -> bool:
    """A column that says nothing there, or not by itself.

    That is `NULL`; that a closed part is open, which only loads it more often; that a pool is of licenses, where it is
    that of a license type; and how many licenses were revoked in a pool of seats.
    """
    if table == "pool":
        unread = (column == "kind" and row["version"] is None) or (column == "revoked" and row["kind"] == "seats")
    else:
        unread = table == "part" and column == "open" and row["open"] == 0
    return unread or row[column] is None


def _another(rng: Random, column: str, value: Any) -> Any:
    """Another value than *value*, of the same type."""
    for choices in _CHOICES.get(column, ()):
        if value in choices:
            return rng.choice([one for one in choices if one != value])
    if column in ("locked", "suspended", "open"):
        return 1 - value
    if isinstance(value, int):
        return value + rng.choice((1, 1, 2, 1000, -1))
    place = rng.randrange(len(value)) if value else 0
    return value[:place] + rng.choice([one for one in "x19" if one != value[place : place + 1]]) + value[place + 1 :]


def _write(base: sqlite3.Connection, table: str, row: Row, column: str, value: Any) -> None:
    base.execute(f"UPDATE {table} SET {column} = ? WHERE {_where(table)}", (value, *_key(table, row)))


def _where(table: str) -> str:
    return " AND ".join(f"{name} = ?" for name in _KEYS[table])


def _key(table: str, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEYS[table])


def _about(table: str, row: Row) -> tuple[str, str]:
    """Kind and id of the aggregate that *row* is about; pools, holdings and enrollments are of licenses."""
    kind = "licenses" if table in ("pool", "holding", "enrollment") else row["kind"]
    name = {"document": "id", "part": "document", "enrollment": "pool"}.get(table, "aggregate")
    return kind, row[name] or ""


def _to(do: Callable[[sqlite3.Connection, Random, str], Edit], table: str) -> Callable[[Any, Random], Edit]:
    return lambda base, rng: do(base, rng, table)


_EDITS: Final[Sequence[Callable[[Any, Random], Edit]]] = (
    *[_to(_changed, "event")] * 4,
    *[_to(_deleted, "event")] * 3,
    _to(_added, "event"),
    _to(_swapped, "event"),
    *(_to(_changed, table) for table in ("pool", "pool", "document", "document", "part", "holding", "enrollment")),
    *(_to(_deleted, table) for table in ("part", "holding", "enrollment")),
    *(_to(_added, table) for table in ("part", "holding", "enrollment")),
)
"""Each as often as it stands here."""
