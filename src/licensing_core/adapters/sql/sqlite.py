"""How SQLite is opened, begun and waited for."""

import random
import sqlite3
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from sqlalchemy import Connection, Engine, StaticPool, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from licensing_core.adapters.turns import Turn
from licensing_core.protocols import StoreUnavailable

DRIVER_ERRORS: Final = (SQLAlchemyError, sqlite3.Error)
"""What a statement may raise; none of it leaves the adapter."""
_PRAGMAS: Final = ("busy_timeout=0", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
_LONGEST_PAUSE: Final = 0.05
_dice: Final = random.SystemRandom()
_turns: Final[WeakValueDictionary[str, Turn]] = WeakValueDictionary()


def options(url: str) -> dict[str, Any]:
    """What to make the engine of *url* with: no waiting inside the driver, no parameters in its messages."""
    made: dict[str, Any] = {"hide_parameters": True, "connect_args": {"timeout": 0}}
    if make_url(url).database in (None, "", ":memory:"):
        made["poolclass"] = StaticPool
        made["connect_args"]["check_same_thread"] = False
    return made


def prepare(engine: Engine) -> Turn:
    """Set *engine* up for units of work, and give the turn that they wait for: one for each file and process."""
    engine.hide_parameters = True
    event.listen(engine, "connect", _opened)
    event.listen(engine, "begin", _begun)
    file = engine.url.database
    if file in (None, "", ":memory:"):
        return Turn()
    name = str(Path(str(file)).resolve())
    turn = _turns.get(name)
    return _turns.setdefault(name, Turn()) if turn is None else turn


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


def _is_busy(error: BaseException) -> bool:
    """Whether *error* says that another process has the file to itself just now."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def unavailable(error: BaseException) -> StoreUnavailable:
    """What *error* of the driver is to the callers of a store; its text stays in the cause, without parameters."""
    return StoreUnavailable(reason="busy" if _is_busy(error) else "failed")


def pause(tries: int) -> float:
    """Seconds to wait after so many *tries*: random, so that those who wait do not march in step."""
    return _dice.uniform(0, min(_LONGEST_PAUSE, 0.001 * 2 ** min(tries, 10)))
