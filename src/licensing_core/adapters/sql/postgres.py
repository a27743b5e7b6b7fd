"""How PostgreSQL is opened and begun.

Units of work that change something read what is committed, and lock what they load by its id; those for reading see
all as of one instant, and lock nothing.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event

from licensing_core.adapters.sql.channels import Channel

_NOWHERE: Final = logging.NullHandler()
"""The driver warns of what is refused on purpose; where the host keeps no log, Python would print that."""
_COMMITTED: Final = "READ COMMITTED"
_OWN: Final = "licensing_core_own"
"""The execution option of an engine that the store made, which has that level already."""


def options(_url: URL, pool: Mapping[str, Any]) -> dict[str, Any]:
    """How an engine with *pool* is made."""
    return {"isolation_level": _COMMITTED, "execution_options": {_OWN: True}, **pool}


def prepare(engine: Engine, wait: float) -> None:
    """Let connections of *engine* wait for locks no longer than *wait* seconds."""
    logging.getLogger("psycopg").addHandler(_NOWHERE)
    waits = max(1, round(wait * 1000))

    def opened(driver: Any, _record: object) -> None:
        cursor = driver.cursor()
        try:
            cursor.execute(f"SET lock_timeout = {waits}")
            cursor.execute("SET client_min_messages = warning")
            cursor.execute("SET client_encoding = 'UTF8'")
        finally:
            cursor.close()
        driver.commit()

    event.listen(engine, "connect", opened)


def begin(connection: Connection, *, read_only: bool) -> None:
    """Begin a transaction, whatever the level of isolation is that the host gave its engine."""
    if read_only:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    elif not connection.get_execution_options().get(_OWN, False):
        connection.execution_options(isolation_level=_COMMITTED)
    connection.begin()


def channel(connection: Connection) -> Channel:
    """What a unit of work reads and writes through."""
    from licensing_core.adapters.sql.pipelines import Together  # noqa: PLC0415 - psycopg comes with an extra of its own

    return Together(connection)
