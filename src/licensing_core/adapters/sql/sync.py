"""The store for threads."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from time import monotonic, sleep
from typing import TypeVar

from sqlalchemy import Engine

from licensing_core.adapters.sql.database import Database, create_tables
from licensing_core.adapters.sql.engines import pauses
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import WAIT, Turn, as_wait
from licensing_core.protocols import StoreUnavailable

T = TypeVar("T")


class SqlStore:
    """A `protocols.Store` in an SQL database; threads may share it, and processes may share the database.

    In SQLite, units of work of one process that may change something take turns; when another process is at work, the
    store asks again after short random pauses. In PostgreSQL each locks what it loads to change it, and others that
    want the same wait for it.

    Args:
        where: The URL of a database such as `sqlite:///licenses.db` or `postgresql+psycopg://user@host/database`, or an
            engine that nobody else uses: the store sets its own pragmas and time-outs, and its own `BEGIN`, on it.
        wait: Seconds, from 0 to a day, that a unit of work waits for its turn, for other processes and for each lock,
            before `StoreUnavailable` is raised. In SQLite it is raised, too, when a thread begins a second unit of work
            that may change something within its first.

    Raises:
        InvalidArgument: *where* is neither a URL nor such an engine, or *wait* is no number of seconds.
        UnsupportedDatabase: *where* is of another database or driver.
    """

    def __init__(self, where: str | Engine, *, wait: float = WAIT) -> None:
        self._wait, self._database = as_wait(wait), Database(where, as_wait(wait))

    def create(self) -> None:
        """Make the tables, where they are not there yet.

        Raises:
            MigrationNeeded: There are tables of another version of the library; see `migrating.upgrade()`.
            TableNamesTaken: There are tables of others under names that are needed; nothing is changed then.
            StoreUnavailable: The database cannot be used, or is used by others.
        """
        with self._entered(self._database.transaction, self._database.turn(read_only=False)) as connection:
            create_tables(connection)

    def close(self) -> None:
        """Close the connections; a unit of work begun from now on is refused."""
        self._database.close()

    def begin(self, *, read_only: bool = False) -> AbstractContextManager[SqlUnitOfWork]:
        """A new unit of work in a transaction of its own; one that is *read_only* waits for nobody.

        Raises:
            StoreUnavailable: When it is entered and its turn does not come, or left and the commit fails.
        """
        turn = self._database.turn(read_only=read_only)
        return self._entered(partial(self._database.unit_of_work, read_only=read_only), turn)

    @contextmanager
    def _entered(self, begin: Callable[[], AbstractContextManager[T]], turn: Turn | None) -> Iterator[T]:
        until = monotonic() + self._wait
        with ExitStack() as stack:
            if turn is not None:
                stack.enter_context(turn.taken(self._wait))
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
