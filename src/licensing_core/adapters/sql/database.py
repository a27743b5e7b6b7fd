"""One database as both stores use it: whatever is begun here is ended here, and is tried once."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from functools import partial
from typing import Any, Final
from weakref import WeakSet

from sqlalchemy import Connection

from licensing_core.adapters.sql import sqlite
from licensing_core.adapters.sql.channels import Channel
from licensing_core.adapters.sql.engines import commit, engine_of, give_back
from licensing_core.adapters.sql.refusals import DRIVER_ERRORS, unavailable
from licensing_core.adapters.sql.revisions import make_tables
from licensing_core.adapters.sql.work import SqlUnitOfWork
from licensing_core.adapters.turns import Lines, Turn
from licensing_core.protocols import StoreUnavailable

_DATABASES: Final = WeakSet["Database"]()


def _begin_anew() -> None:
    for one in tuple(_DATABASES):
        one.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


class Database:
    """A database, and what units of work on it wait for.

    Args:
        where, wait: As for `SqlStore`.

    Raises:
        InvalidArgument: *where* is neither a URL nor an engine.
        UnsupportedDatabase: It is of another database.
    """

    def __init__(self, where: Any, wait: float) -> None:
        self._engine, self._way = engine_of(where, wait)
        self._turn, self._lines, self._wait = self._way.turn(self._engine), self._way.lines(), wait
        self._closed = False
        _DATABASES.add(self)

    def begin_anew(self) -> None:
        """Leave connections and turns to the process that this one was forked from."""
        if not sqlite.in_memory(self._engine.url):
            self._engine.dispose(close=False)
        self._turn, self._lines = self._way.turn(self._engine), self._way.lines()

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
            if lost is _Lost.GONE:
                self._engine.dispose()  # the others are lost with it

    @contextmanager
    def unit_of_work(self, *, read_only: bool = False) -> Iterator[SqlUnitOfWork]:
        """A unit of work in a transaction of its own; raises `StoreUnavailable`.

        Where those who want the same wait in lines, it has a connection from its first statement on, else from now on.
        """
        with ExitStack() as in_line, ExitStack() as connected:

            def connect() -> Channel:
                return self._way.channel(connected.enter_context(self.transaction(read_only=read_only)))

            line_up = None if self._lines is None else partial(self._line_up, self._lines, in_line)
            work = SqlUnitOfWork(connect, line_up, read_only=read_only)
            if self._lines is None:
                work.open()
            try:
                yield work
                if not work.broken:  # the last statements go out with the commit
                    work.flush(last=True)
            finally:
                work.close()
            if work.broken:
                raise StoreUnavailable(reason="failed")

    def _line_up(self, lines: Lines, in_line: ExitStack, name: object) -> None:
        in_line.enter_context(lines.of(name).taken(self._wait))

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


class _Lost(Enum):
    """Why a connection is not to be used any more."""

    AMID_PIPELINE = 1
    """Something ended before all had come back, and nothing leads out of that."""
    GONE = 2
    """The server, or the way to it, is gone."""


def _is_lost(connection: Connection) -> _Lost | None:
    """Whether *connection* is not to be used any more."""
    if connection.closed or connection.invalidated:
        return None
    driver = connection.connection.driver_connection
    if getattr(driver, "closed", False) is True:
        return _Lost.GONE
    return _Lost.AMID_PIPELINE if getattr(getattr(driver, "info", None), "pipeline_status", 0) != 0 else None


def create_tables(connection: Connection) -> None:
    """As `make_tables()`, but whatever the driver raises is `StoreUnavailable`."""
    try:
        make_tables(connection)
    except DRIVER_ERRORS as error:
        raise unavailable(error) from error
