"""How a unit of work reads and writes: a statement at a time, or several in one go where the driver can do that."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import UpdateBase

from licensing_core.errors import LicensingError

_THERE: Final = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE)
"""What SQLite says of a row that is there already."""
Reading = Any
"""A statement that reads: one of `statements`."""
Rows = Sequence[Any]
"""Their columns are attributes."""


class Write(NamedTuple):
    """A statement, carried out for each of some *rows* of parameters.

    Attributes:
        taken: What is raised when one of the rows is there already.
        missing: What is raised when no row is changed.
        locked: The row is locked, or was written, by this unit of work, so that it is surely not missing.
    """

    statement: UpdateBase | TextClause
    rows: list[dict[str, Any]]
    taken: LicensingError | None = None
    missing: LicensingError | None = None
    locked: bool = False

    @property
    def table(self) -> str:
        """The name of the table that is written to."""
        return _table_of(self.statement)

    @property
    def decides(self) -> bool:
        """Whether all that is written depends on a row that may be missing."""
        return self.missing is not None and not self.locked


@lru_cache(maxsize=512)
def _table_of(statement: Any) -> str:
    if isinstance(statement, TextClause):
        return statement.text.removeprefix("INSERT INTO ").split(" ", 1)[0]
    return str(statement.table.name)


class Channel(Protocol):
    """What a unit of work has of its connection."""

    def read(self, *asked: tuple[Reading, Mapping[str, Any]]) -> list[Rows]:
        """The rows of each statement with its parameters, all in their order."""
        ...

    def write(self, writes: Sequence[Write], *, commit: bool) -> None:
        """Carry all out in their order, and *commit* where that goes with it; it is done afterwards anyway.

        Raises:
            LicensingError: What a write says of a row that is there, or missing.
        """
        ...


class OneByOne:
    """A channel that goes through SQLAlchemy, a statement at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, *asked: tuple[Reading, Mapping[str, Any]]) -> list[Rows]:
        """As `Channel.read()`."""
        return [self._connection.execute(statement, place).all() for statement, place in asked]

    def write(self, writes: Sequence[Write], *, commit: bool) -> None:
        """As `Channel.write()`."""
        for one in writes:
            try:
                count = self._connection.execute(one.statement, one.rows).rowcount
            except IntegrityError as error:
                if one.taken is not None and getattr(error.orig, "sqlite_errorcode", 0) in _THERE:
                    raise one.taken from error
                raise
            if one.missing is not None and count != 1:
                raise one.missing
