"""One store over SQLite that the tests of a process use in turn: its statements are compiled once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import QueuePool

from licensing_core.adapters.sql import SqlStore


class SharedStore:
    """A store over a file in *folder*, with what a test is given in it, and nothing of the tests before.

    Whoever closes a store, or looks at its file, makes one of their own.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "shared.db"
        self._store: Final = SqlStore(f"sqlite:///{path}")
        self._store.create()
        self._file: Final = sqlite3.connect(path, timeout=0)
        self._file.execute("PRAGMA synchronous = OFF")

    @contextmanager
    def holding(self, content: Path) -> Iterator[SqlStore]:
        """The store, with all that is in the database *content*; who has not left it in the end is told so."""
        with closing(sqlite3.connect(content)) as given:
            given.backup(self._file)
        yield self._store
        self._see_that_it_was_left()

    def close(self) -> None:
        """Close what was opened."""
        self._file.close()
        self._store.close()

    def _see_that_it_was_left(self) -> None:
        database, pool = self._store._database, self._store._database._engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0, "the test left a connection open"
        assert database._turn is not None
        assert database._turn._lock.acquire(blocking=False), "the test left a unit of work open"
        database._turn._lock.release()
        assert not database._closed, "the test closed a store that others use after it"
