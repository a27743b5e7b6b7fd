"""Where a store is, said such that any process can open it there: by its kind and its address."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.protocols import Store

KINDS: Final = ("memory", "sqlite", "postgres")
_in_memory: Final[dict[str, MemoryStore]] = {}
_numbers: Final = count(1)


@dataclass(frozen=True)
class Place:
    """A store that is kept there: in the memory of this process, or at a URL."""

    kind: str
    address: str

    def open(self) -> Any:
        """The store; of one in memory there is one for all, of a database each caller has its own connections."""
        return _in_memory[self.address] if self.kind == "memory" else SqlStore(self.address)

    def opened(self) -> AbstractContextManager[Store]:
        """The store, closed afterwards."""
        return _until_closed(self.open())


@contextmanager
def _until_closed(store: Any) -> Iterator[Any]:
    try:
        yield store
    finally:
        close(store)


def close(store: Any) -> None:
    """Close the connections of *store*, if it has any."""
    if hasattr(store, "close"):
        store.close()


@contextmanager
def a_place(kind: str) -> Iterator[Place]:
    """An empty store of *kind*, which is gone afterwards; a database in PostgreSQL stays as long as its server."""
    if kind == "memory":
        place = Place(kind, f"memory-{next(_numbers)}")
        _in_memory[place.address] = MemoryStore()
        try:
            yield place
        finally:
            del _in_memory[place.address]
    elif kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield _created(Place(kind, f"sqlite:///{Path(folder) / 'licenses.db'}"))
    else:
        yield a_database(a_server())


@cache
def a_server() -> Any:
    """A PostgreSQL server that keeps what it has said is kept; one for all of this process, which ends with it."""
    from tests.postgres import Server

    return Server.start(durable=True)


def a_database(server: Any) -> Place:
    """An empty store in a new database of *server*."""
    return _created(Place("postgres", server.new_database()))


def _created(place: Place) -> Place:
    with closing(SqlStore(place.address)) as store:
        store.create()
    return place
