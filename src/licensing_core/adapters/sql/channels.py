"""How a unit of work reads and writes: a statement at a time, or several in one go where the driver can do that."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import Connection, Dialect, TextClause
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import UpdateBase

from licensing_core.adapters.sql.refusals import DRIVER_ERRORS
from licensing_core.errors import LicensingError

_UNIQUE: Final = "23505"
"""The SQLSTATE of a row that is there already."""
_THERE: Final = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE)
"""The same of SQLite."""
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


class Together:
    """A channel that sends what is asked in one go, with the beginning of the transaction too; for psycopg."""

    def __init__(self, connection: Connection) -> None:
        from psycopg.rows import namedtuple_row  # noqa: PLC0415 - it comes with an extra of its own

        self._driver: Any = connection.connection.driver_connection
        self._dialect, self._rows = connection.dialect, namedtuple_row

    def read(self, *asked: tuple[Reading, Mapping[str, Any]]) -> list[Rows]:
        """As `Channel.read()`."""
        texts = [(_text(statement, self._dialect, ()), place) for statement, place in asked]
        cursors = [self._driver.cursor(row_factory=self._rows) for _ in texts]
        if len(texts) == 1 and self._driver.info.transaction_status:
            cursors[0].execute(*texts[0])
        else:
            with self._driver.pipeline():
                for cursor, given in zip(cursors, texts, strict=True):
                    cursor.execute(*given)
        return [cursor.fetchall() for cursor in cursors]

    def write(self, writes: Sequence[Write], *, commit: bool) -> None:
        """As `Channel.write()`; what decides by a row that may be missing is looked at before anything is committed."""
        decides = any(one.decides for one in writes)
        try:
            with self._driver.pipeline():
                if decides or not _apart(writes):
                    cursors = [self._written(one) for one in writes]
                else:
                    cursors = []
                    self._written_as_one(writes)
                if commit and not decides:
                    self._driver.commit()
        except DRIVER_ERRORS as error:
            taken = _taken(error, writes)
            if taken is not None:
                raise taken from error
            raise
        for one, cursor in zip(writes, cursors, strict=False):
            if one.missing is not None and cursor.rowcount != 1:
                raise one.missing

    def _written(self, one: Write) -> Any:
        cursor = self._driver.cursor()
        text = _text(one.statement, self._dialect, tuple(one.rows[0]))
        if len(one.rows) == 1:
            cursor.execute(text, one.rows[0])
        else:
            cursor.executemany(text, one.rows)
        return cursor

    def _written_as_one(self, writes: Sequence[Write]) -> None:
        text = _as_one(tuple((one.statement, tuple(one.rows[0])) for one in writes), self._dialect)
        place = {f"{n}_{name}": value for n, one in enumerate(writes) for name, value in one.rows[0].items()}
        self._driver.cursor().execute(text, place)


def _apart(writes: Sequence[Write]) -> bool:
    """Whether none of *writes*, each of one row, has to do with what another one wrote."""
    return len({one.table for one in writes}) == len(writes) and all(len(one.rows) == 1 for one in writes)


@lru_cache(maxsize=512)
def _as_one(statements: tuple[tuple[Any, tuple[str, ...]], ...], dialect: Dialect) -> str:
    """One statement that does what *statements* do, given the names of their parameters."""
    texts = [
        _text(statement, dialect, names).replace("%(", f"%({n}_") for n, (statement, names) in enumerate(statements)
    ]
    *before, last = texts
    return f"WITH {', '.join(f'w{n} AS ({one})' for n, one in enumerate(before))} {last}" if before else last


@lru_cache(maxsize=512)
def _text(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> str:
    """What psycopg is given for *statement* with parameters of these *names*; the statements are made once."""
    return str(statement.compile(dialect=dialect, column_keys=list(names) or None))


def _taken(error: Any, writes: Sequence[Write]) -> LicensingError | None:
    """What is to be raised when *error* says that a row is there already; `None` when it says something else."""
    if getattr(error, "sqlstate", None) != _UNIQUE:
        return None
    return next((one.taken for one in writes if one.taken is not None and one.table == error.diag.table_name), None)
