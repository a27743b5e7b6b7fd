"""What the errors of the drivers are to the callers of a store. Their texts stay in the cause, without parameters."""

import sqlite3
from collections.abc import Mapping
from typing import ClassVar, Final

from attrs import frozen
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from licensing_core.checks import FrozenMap, InvalidArgument
from licensing_core.protocols import StoreUnavailable


def _errors() -> tuple[type[Exception], ...]:
    try:
        from psycopg import Error  # noqa: PLC0415 - it comes with an extra of its own
    except ImportError:
        return SQLAlchemyError, sqlite3.Error
    return SQLAlchemyError, sqlite3.Error, Error


DRIVER_ERRORS: Final = _errors()
"""What a statement may raise; none of it leaves the adapter."""
_SQLITE: Final[Mapping[int, str]] = FrozenMap(
    {
        sqlite3.SQLITE_BUSY: "busy",
        sqlite3.SQLITE_LOCKED: "busy",
        sqlite3.SQLITE_AUTH: "unusable",
        sqlite3.SQLITE_CANTOPEN: "unusable",
        sqlite3.SQLITE_CORRUPT: "unusable",
        sqlite3.SQLITE_NOTADB: "unusable",
        sqlite3.SQLITE_PERM: "unusable",
        sqlite3.SQLITE_READONLY: "unusable",
    }
)
_OTHER_TABLES: Final = ("no such table", "no such column", "has no column named")
_POSTGRES: Final[Mapping[str, str]] = FrozenMap(
    {
        "40001": "conflict",  # serialization failure
        "40P01": "conflict",  # deadlock
        "55P03": "busy",  # a lock was not to be had in time
        "0A000": "conflict",  # a statement was prepared before its tables were changed; tried again, it is made anew
        "26000": "conflict",  # or the server does not know it any more
        "42P05": "conflict",  # or knows one already
        "25006": "unusable",  # the server is for reading only
        "3F000": "unusable",  # no such schema
        "42501": "unusable",  # not allowed
        "42703": "unusable",  # no such column
        "42P01": "unusable",  # no such table
    }
)
"""By SQLSTATE, which an error of connecting does not have."""


@frozen(kw_only=True)
class UnsupportedDatabase(InvalidArgument):
    """The URL or engine is of a database or driver that the stores of this version do not work with."""

    code: ClassVar[str] = "store.unsupported"

    def __str__(self) -> str:
        return (
            f"{self.parameter} is of {self.got}, but this version stores in SQLite and PostgreSQL; give {self.expected}"
        )


def unavailable(error: BaseException) -> StoreUnavailable:
    """What *error* of a driver is to the callers of a store."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return StoreUnavailable(reason=_of_sqlite(cause))
    if isinstance(cause, NoConnection):  # all of them are in use
        return StoreUnavailable(reason="busy")
    return StoreUnavailable(reason=_POSTGRES.get(getattr(cause, "sqlstate", None) or "", "failed"))


def _of_sqlite(cause: sqlite3.Error) -> str:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_ERROR and any(words in str(cause) for words in _OTHER_TABLES):
        return "unusable"
    return _SQLITE.get(code, "failed")
