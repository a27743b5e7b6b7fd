"""What the steps share: statements that are said once for both databases."""

from collections.abc import Iterator
from typing import Final

from alembic.operations import Operations
from sqlalchemy import Connection

_WORDS: Final = {
    "sqlite": {"INSTANT": "INTEGER", "BYTEWISE": "TEXT", ") TABLE;": ") STRICT;"},
    "postgresql": {"INSTANT": "BIGINT", "BYTEWISE": 'TEXT COLLATE "C"', ") TABLE;": ");"},
}


def on_sqlite(op: Operations) -> bool:
    """Whether the database is SQLite, not PostgreSQL."""
    return bind_of(op).dialect.name == "sqlite"


def bind_of(op: Operations) -> Connection:
    """The connection that *op* works on."""
    return op.get_bind()


def run(op: Operations, *scripts: str) -> None:
    """Carry out each statement of *scripts*.

    Args:
        op: What the step was given.
        scripts: Statements that end with a semicolon. INSTANT and BYTEWISE stand for types; a table that ends with
            `) TABLE;` is strict where that can be had.
    """
    connection = bind_of(op)
    for script in scripts:
        for statement in _statements(script, connection.dialect.name):
            connection.exec_driver_sql(statement)


def _statements(script: str, dialect: str) -> Iterator[str]:
    for word, meant in _WORDS[dialect].items():
        script = script.replace(word, meant)
    return (statement for part in script.split(";") if (statement := part.strip()))
