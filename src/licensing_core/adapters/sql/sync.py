"""The store for threads."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic, sleep

from sqlalchemy import Connection, Engine, create_engine

from licensing_core.adapters.sql.schema import METADATA
from licensing_core.adapters.sql.sqlite import DRIVER_ERRORS, options, pause, prepare, unavailable
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import WAIT
from licensing_core.protocols import StoreUnavailable


class SqlStore:
    """A `protocols.Store` in an SQL database; threads may share it, and processes may share the database.

    Units of work of one process take turns; when another process is at work, the store asks again after short random
    pauses.

    Args:
        where: The URL of a database such as `sqlite:///licenses.db`, or an engine that nobody else uses: the store
            sets its own pragmas and its own `BEGIN` on it.
        wait: Seconds that a unit of work waits for its turn, and again for other processes, before `StoreUnavailable`
            is raised. It is raised, too, when a thread begins a second unit of work within its first.
    """

    def __init__(self, where: str | Engine, *, wait: float = WAIT) -> None:
        self._engine = create_engine(where, **options(where)) if isinstance(where, str) else where
        self._turn, self._wait = prepare(self._engine), wait
        self._closed = False

    def create(self) -> None:
        """Make the tables that are not there yet."""
        with self._connected() as connection:
            try:
                METADATA.create_all(connection)
                connection.commit()
            except DRIVER_ERRORS as error:
                raise unavailable(error) from error

    def close(self) -> None:
        """Close the connections; a unit of work begun from now on is refused."""
        self._closed = True
        self._engine.dispose()

    def begin(self) -> AbstractContextManager[SqlUnitOfWork]:
        """A new unit of work in a transaction of its own.

        Raises:
            StoreUnavailable: When it is entered and its turn does not come, or left and the commit fails.
        """
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[SqlUnitOfWork]:
        with self._connected() as connection:
            work = SqlUnitOfWork(connection)
            try:
                yield work
            finally:
                work.close()
            if work.broken:
                raise StoreUnavailable(reason="failed")
            try:
                connection.commit()
            except DRIVER_ERRORS as error:
                raise unavailable(error) from error

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection whose transaction has begun; what is not committed is rolled back."""
        with self._turn.taken(self._wait):
            connection = self._begun()
            try:
                yield connection
            finally:
                connection.close()

    def _begun(self) -> Connection:
        until, tries = monotonic() + self._wait, 0
        while True:
            if self._closed:
                raise StoreUnavailable(reason="closed")
            try:
                return begun(self._engine)
            except DRIVER_ERRORS as error:
                refusal = unavailable(error)
                if refusal.reason != "busy" or monotonic() >= until:
                    raise refusal from error
            sleep(pause(tries))
            tries += 1


def begun(engine: Engine) -> Connection:
    """A connection of *engine* in a transaction; none is left open when that fails."""
    connection = engine.connect()
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection
