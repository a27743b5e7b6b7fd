"""How SQLite is opened, begun and waited for.

One unit of work at a time changes the database, behind one turn for each file and process; those for reading read on
beside it, as things were when they began.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from sqlalchemy import URL, Connection, Engine, StaticPool, event

from licensing_core.adapters.turns import Turn
from licensing_core.checks import InvalidArgument

_PRAGMAS: Final = ("busy_timeout=0", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
_turns: Final[WeakValueDictionary[str, Turn]] = WeakValueDictionary()
READ_ONLY: Final = "licensing_core_read_only"
"""The execution option of a connection that is only to read."""


def options(url: URL, pool: Mapping[str, Any]) -> dict[str, Any]:
    """How an engine for *url* is made, with *pool* where it has a pool."""
    if in_memory(url):
        return {"poolclass": StaticPool, "connect_args": {"timeout": 0, "check_same_thread": False}}
    return {"connect_args": {"timeout": 0}, **pool}


def in_memory(url: URL) -> bool:
    """Whether each connection has a database of its own, which only its process sees."""
    return url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"


def require_file(engine: Engine) -> None:
    """Refuse an engine of a database in memory, which each thread would have for itself."""
    if in_memory(engine.url):
        expected = "an engine of a file, or the URL sqlite:// for a database in memory"
        raise InvalidArgument(parameter="where", expected=expected, got="an engine of a database in memory")


def prepare(engine: Engine, _wait: float) -> None:
    """Set *engine* up for units of work."""
    for name, listener in (("connect", _opened), ("begin", _begun)):
        if not event.contains(engine, name, listener):
            event.listen(engine, name, listener)


def turn(engine: Engine) -> Turn:
    """The turn that units of work wait for: one for each file and process."""
    if in_memory(engine.url):
        return Turn()
    path = f"{os.getpid()} {Path(str(engine.url.database)).resolve()}"
    found = _turns.get(path)
    return _turns.setdefault(path, Turn()) if found is None else found


def begin(connection: Connection, *, read_only: bool) -> None:
    """Begin a transaction; raises an error of the driver when another process is at work."""
    connection.execution_options(**{READ_ONLY: read_only})
    connection.begin()


def _opened(driver: Any, _record: object) -> None:
    driver.isolation_level = None  # the driver begins nothing by itself
    cursor = driver.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _begun(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
