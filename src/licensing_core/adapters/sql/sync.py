"""The store for threads."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from time import monotonic, sleep
from typing import TypeVar

from sqlalchemy import Engine

from licensing_core.adapters.sql.database import Database, create_tables
from licensing_core.adapters.sql.sqlite import pauses
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import WAIT, as_wait
from licensing_core.protocols import StoreUnavailable

T = TypeVar("T")


class SqlStore:
    """A `protocols.Store` in an SQL database; threads may share it, and processes may share the database.

    Units of work of one process take turns; when another process is at work, the store asks again after short random
    pauses.

    Args:
        where: The URL of an SQLite database such as `sqlite:///licenses.db`, or an engine of a file that nobody else
            uses: the store sets its own pragmas and its own `BEGIN` on it.
        wait: Seconds, from 0 to a day, that a unit of work waits for its turn and for other processes, before
            `StoreUnavailable` is raised. It is raised, too, when a thread begins a second unit of work within its
            first.

    Raises:
        InvalidArgument: *where* is neither a URL nor such an engine, or *wait* is no number of seconds.
        UnsupportedDatabase: *where* is of another database or driver.
    """

    def __init__(self, where: str | Engine, *, wait: float = WAIT) -> None:
        self._wait, self._database = as_wait(wait), Database(where)

    def create(self) -> None:
        """Make the tables that are not there yet; raises `StoreUnavailable`."""
        with self._entered(self._database.transaction) as connection:
            create_tables(connection)

    def close(self) -> None:
        """Close the connections; a unit of work begun from now on is refused."""
        self._database.close()

    def begin(self) -> AbstractContextManager[SqlUnitOfWork]:
        """A new unit of work in a transaction of its own.

        Raises:
            StoreUnavailable: When it is entered and its turn does not come, or left and the commit fails.
        """
        return self._entered(self._database.unit_of_work)

    @contextmanager
    def _entered(self, begin: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
        until = monotonic() + self._wait
        with self._database.turn.taken(self._wait), ExitStack() as stack:
            for seconds in pauses(until):
                try:
                    begun = stack.enter_context(begin())
                    break
                except StoreUnavailable as refusal:
                    if refusal.reason != "busy":
                        raise
                sleep(seconds)
            else:
                begun = stack.enter_context(begin())
            yield begun
