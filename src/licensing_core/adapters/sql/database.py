"""One database as both stores use it: whatever is begun here is ended here, and is tried once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from licensing_core.adapters.sql.schema import METADATA
from licensing_core.adapters.sql.sqlite import DRIVER_ERRORS, commit, engine_of, give_back, prepare, unavailable
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.protocols import StoreUnavailable


class Database:
    """An SQLite database and the *turn* that units of work on it wait for.

    Args:
        where: As for `SqlStore`.

    Raises:
        InvalidArgument: *where* is neither a URL nor an engine.
        UnsupportedDatabase: It is of another database.
    """

    def __init__(self, where: Any) -> None:
        self._engine = engine_of(where)
        self.turn = prepare(self._engine)
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose transaction has begun; it is committed, or rolled back on an error, and given back.

        Raises:
            StoreUnavailable: `busy` when another process is at work just now, and whatever else went wrong.
        """
        connection = self._begun()
        try:
            yield connection
            commit(connection)
        finally:
            give_back(connection, keep=not self._closed)  # nobody else would close it then

    @contextmanager
    def unit_of_work(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work in a transaction of its own; raises `StoreUnavailable`."""
        with self.transaction() as connection:
            work = SqlUnitOfWork(connection)
            try:
                yield work
            finally:
                work.close()
            if work.broken:
                raise StoreUnavailable(reason="failed")

    def close(self) -> None:
        """Close the connections, and refuse to begin anything from now on."""
        self._closed = True
        self._engine.dispose()

    def _begun(self) -> Connection:
        if self._closed:
            raise StoreUnavailable(reason="closed")
        try:
            connection = self._engine.connect()
        except DRIVER_ERRORS as error:
            raise unavailable(error) from error
        try:
            connection.begin()
        except BaseException as error:
            give_back(connection, keep=True)
            if isinstance(error, DRIVER_ERRORS):
                raise unavailable(error) from error
            raise
        return connection


def create_tables(connection: Connection) -> None:
    """Make the tables that are not there yet; raises `StoreUnavailable`."""
    try:
        METADATA.create_all(connection)
    except DRIVER_ERRORS as error:
        raise unavailable(error) from error
