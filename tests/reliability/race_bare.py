"""The least that can be done: one conditional update in a transaction of its own, by the same workers.

What services reach is told as a ratio to it, for seconds differ from machine to machine.
"""

from collections.abc import Callable
from random import SystemRandom
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from tests.reliability.places import Place
from tests.reliability.race_crew import Bench

GOAL: Final = 0.5
_MAKE: Final = text("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, used INTEGER, total INTEGER)")
_ADD: Final = text("INSERT INTO bare VALUES (:id, 0, :total)")
_USE: Final = text("UPDATE bare SET used = used + 1 WHERE id = :id AND used + 1 <= total")
_dice: Final = SystemRandom()


class Connected:
    """A connection of one worker, kept over the rounds."""

    def __init__(self, place: Place) -> None:
        self._engine = _engine(place)
        self.connection: Connection = self._engine.connect()

    def close(self) -> None:
        """Give it back."""
        self.connection.close()
        self._engine.dispose()


def offered(place: Place) -> bool:
    """Whether there is a database to compare with."""
    return place.kind != "memory"


def prepare(place: Place, number: int, total: int) -> None:
    """A row for round *number*, of which *total* may be used."""
    engine = _engine(place)

    def made(connection: Connection) -> None:
        connection.execute(_MAKE)
        connection.execute(_ADD, {"id": number, "total": total})

    with engine.connect() as connection:
        _committed(connection, made)
    engine.dispose()


def play(bench: Bench, worker: int, number: int) -> tuple[int, float, float]:
    """Whether the worker used one of the row, when it began, and when it ended."""
    if "bare" not in bench.kept:
        bench.kept["bare"] = Connected(bench.place)
    connection, begun = bench.kept["bare"].connection, monotonic()
    used = _committed(connection, lambda one: one.execute(_USE, {"id": number}).rowcount)
    return used, begun, monotonic()


def _committed(connection: Connection, change: Callable[[Connection], Any]) -> Any:
    """What *change* gives, once it is committed; a database that is busy is asked again after a short random pause."""
    while True:
        try:
            with connection.begin():
                return change(connection)
        except OperationalError as error:
            if "locked" not in str(error.orig):
                raise
        sleep(_dice.uniform(0, 0.01))


def _engine(place: Place) -> Engine:
    engine = create_engine(place.address)
    if place.kind == "sqlite":
        event.listen(engine, "connect", _opened)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _opened(driver: Any, _record: object) -> None:
    driver.isolation_level = None
    for pragma in ("busy_timeout=0", "synchronous=FULL"):
        driver.execute(f"PRAGMA {pragma}")
