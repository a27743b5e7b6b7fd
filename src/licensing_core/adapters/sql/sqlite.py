"""How SQLite is opened, begun and waited for, and what its errors mean."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, Final
from weakref import WeakValueDictionary

from attrs import frozen
from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from licensing_core.adapters.turns import Turn
from licensing_core.checks import InvalidArgument, shown
from licensing_core.protocols import StoreUnavailable

DRIVER_ERRORS: Final = (SQLAlchemyError, sqlite3.Error)
"""What a statement may raise; none of it leaves the adapter."""
_DRIVERS: Final = ("sqlite", "sqlite+pysqlite")
_PRAGMAS: Final = ("busy_timeout=0", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNUSABLE: Final = frozenset(
    {
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_OTHER_TABLES: Final = ("no such table", "no such column", "has no column named")
_LONGEST_PAUSE: Final = 0.05
_dice: Final = random.SystemRandom()
_turns: Final[WeakValueDictionary[str, Turn]] = WeakValueDictionary()


@frozen(kw_only=True)
class UnsupportedDatabase(InvalidArgument):
    """The URL or engine is of a database or driver that the stores of this version do not work with."""

    code: ClassVar[str] = "store.unsupported"

    def __str__(self) -> str:
        return f"{self.parameter} is of {self.got}, but this version stores in SQLite only; give {self.expected}"


def engine_of(where: Any) -> Engine:
    """The engine that *where* is, or is the URL of; without waiting or telling parameters inside the driver.

    Raises:
        InvalidArgument: It is neither, or an engine of a database in memory, which each thread would have for itself.
        UnsupportedDatabase: It is of another database or driver. What it says of a URL is the driver only.
    """
    if isinstance(where, str):
        return _engine_at(where)
    if not isinstance(where, Engine):
        raise _no_database(shown(where))
    if where.dialect.name != "sqlite" or where.dialect.driver != "pysqlite":
        raise _unsupported(f"{where.dialect.name}+{where.dialect.driver}")
    if _in_memory(where.url):
        expected = "an engine of a file, or the URL sqlite:// for a database in memory"
        raise InvalidArgument(parameter="where", expected=expected, got="an engine of a database in memory")
    where.dispose()  # connections that were opened before know nothing of the pragmas
    return where


def _engine_at(where: str) -> Engine:
    made: dict[str, Any] = {"hide_parameters": True, "connect_args": {"timeout": 0}}
    try:
        url = make_url(where)
        if url.drivername not in _DRIVERS:
            raise _unsupported(url.drivername)
        if _in_memory(url):
            made["poolclass"] = StaticPool
            made["connect_args"]["check_same_thread"] = False
        return create_engine(url, **made)
    except (SQLAlchemyError, ImportError, TypeError, ValueError):
        raise _no_database(shown(where)) from None  # their text may hold a password


def _no_database(got: str) -> InvalidArgument:
    expected = "a URL such as sqlite:///licenses.db, or an Engine of SQLAlchemy"
    return InvalidArgument(parameter="where", expected=expected, got=got)


def _unsupported(driver: str) -> UnsupportedDatabase:
    return UnsupportedDatabase(parameter="where", expected="a URL such as sqlite:///licenses.db", got=driver[:40])


def _in_memory(url: URL) -> bool:
    return url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"


def prepare(engine: Engine) -> Turn:
    """Set *engine* up for units of work, and give the turn that they wait for: one for each file and process."""
    engine.hide_parameters = True
    for name, listener in (("connect", _opened), ("begin", _begun)):
        if not event.contains(engine, name, listener):
            event.listen(engine, name, listener)
    if _in_memory(engine.url):
        return Turn()
    path = str(Path(str(engine.url.database)).resolve())
    turn = _turns.get(path)
    return _turns.setdefault(path, Turn()) if turn is None else turn


def _opened(driver: Any, _record: object) -> None:
    driver.isolation_level = None  # the driver begins nothing by itself
    cursor = driver.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _begun(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def unavailable(error: BaseException) -> StoreUnavailable:
    """What *error* of the driver is to the callers of a store; its text stays in the cause, without parameters."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return StoreUnavailable(reason="busy")
    other_tables = code == sqlite3.SQLITE_ERROR and any(words in str(cause) for words in _OTHER_TABLES)
    return StoreUnavailable(reason="unusable" if code in _UNUSABLE or other_tables else "failed")


def commit(connection: Connection) -> None:
    """Commit; raises `StoreUnavailable`, of which no reason but `busy` says that nothing was changed."""
    try:
        connection.commit()
    except BaseException as error:
        _roll_back(connection)
        if isinstance(error, DRIVER_ERRORS):
            reason = unavailable(error).reason
            raise StoreUnavailable(reason="busy" if reason == "busy" else "failed") from error
        raise


def _roll_back(connection: Connection) -> None:
    """Roll back in the driver: SQLAlchemy takes a transaction whose commit failed for ended, and would keep it open."""
    try:
        connection.connection.rollback()
    except DRIVER_ERRORS:
        connection.invalidate()


def give_back(connection: Connection, *, keep: bool) -> None:
    """Roll back what is not committed, and give the connection back to its pool, or close it."""
    with suppress(*DRIVER_ERRORS):
        if not keep:
            connection.invalidate()
        connection.close()
    if not connection.closed:  # the rollback failed, which does not hide why it was wanted
        _roll_back(connection)
        with suppress(*DRIVER_ERRORS):
            connection.close()


def pauses(until: float) -> Iterator[float]:
    """Seconds to wait between tries, as long as the clock is before *until*.

    They are random, so that those who wait do not march in step, and the last one ends at *until*.
    """
    longest = 0.001
    while (left := until - monotonic()) > 0:
        yield min(left, _dice.uniform(0, longest))
        longest = min(_LONGEST_PAUSE, 2 * longest)
