"""One database as both stores use it: whatever is begun here is ended here, and is tried once."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection

from licensing_core.adapters.sql import sqlite
from licensing_core.adapters.sql.engines import commit, engine_of, give_back
from licensing_core.adapters.sql.refusals import DRIVER_ERRORS, unavailable
from licensing_core.adapters.sql.revisions import make_tables
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import Lines, Turn
from licensing_core.protocols import StoreUnavailable


class Database:
    """A database, and the *turn* that units of work on it wait for, if there is one.

    Args:
        where, wait: As for `SqlStore`.

    Raises:
        InvalidArgument: *where* is neither a URL nor an engine.
        UnsupportedDatabase: It is of another database.
    """

    def __init__(self, where: Any, wait: float) -> None:
        self._engine, self._way, self._turn = engine_of(where, wait)
        self._lines, self._wait = self._way.lines(), wait
        self._closed = False

    def turn(self, *, read_only: bool) -> Turn | None:
        """The turn to wait for; who only reads needs none, but where all share one connection."""
        shared = self._turn is not None and sqlite.in_memory(self._engine.url)
        return self._turn if shared or not read_only else None

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Connection]:
        """A connection whose transaction has begun; it is committed, or rolled back on an error, and given back.

        Raises:
            StoreUnavailable: `busy` when another process is at work just now, and whatever else went wrong.
        """
        connection = self._begun(read_only=read_only)
        try:
            yield connection
            commit(connection)
        finally:
            lost = _is_lost(connection)
            give_back(connection, keep=not (self._closed or lost))  # nobody else would close it then
            if lost:
                self._engine.dispose()  # the others are lost with it

    @contextmanager
    def unit_of_work(self, *, read_only: bool = False) -> Iterator[SqlUnitOfWork]:
        """A unit of work in a transaction of its own; raises `StoreUnavailable`."""
        with ExitStack() as after_all, self.transaction(read_only=read_only) as connection:
            line_up = None if self._lines is None else partial(self._line_up, self._lines, after_all)
            work = SqlUnitOfWork(self._way.channel(connection), line_up, read_only=read_only)
            try:
                yield work
                work.flush(last=True)
            finally:
                work.close()
            if work.broken:
                raise StoreUnavailable(reason="failed")

    def _line_up(self, lines: Lines, after_all: ExitStack, name: object) -> None:
        after_all.enter_context(lines.of(name).taken(self._wait))

    def close(self) -> None:
        """Close the connections, and refuse to begin anything from now on."""
        self._closed = True
        self._engine.dispose()

    def _begun(self, *, read_only: bool) -> Connection:
        if self._closed:
            raise StoreUnavailable(reason="closed")
        try:
            connection = self._engine.connect()
        except DRIVER_ERRORS as error:
            raise unavailable(error) from error
        try:
            self._way.begin(connection, read_only=read_only)
        except BaseException as error:
            give_back(connection, keep=True)
            if isinstance(error, DRIVER_ERRORS):
                raise unavailable(error) from error
            raise
        return connection


def _is_lost(connection: Connection) -> bool:
    """Whether the server, or the way to it, is gone."""
    if connection.closed or connection.invalidated:
        return False
    return getattr(connection.connection.driver_connection, "closed", False) is True


def create_tables(connection: Connection) -> None:
    """As `make_tables()`, but whatever the driver raises is `StoreUnavailable`."""
    try:
        make_tables(connection)
    except DRIVER_ERRORS as error:
        raise unavailable(error) from error
