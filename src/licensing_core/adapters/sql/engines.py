"""From what the host gives to an engine that is set up, and how units of work are committed and given back."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, Final, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from licensing_core.adapters.sql import postgres, sqlite
from licensing_core.adapters.sql.channels import Channel, OneByOne
from licensing_core.adapters.sql.refusals import DRIVER_ERRORS, UnsupportedDatabase, unavailable
from licensing_core.adapters.turns import Lines, Turn
from licensing_core.checks import FrozenMap, InvalidArgument, shown
from licensing_core.protocols import StoreUnavailable

MOST_CONNECTIONS: Final = 32
"""How many units of work of one engine have a connection at a time, where the store made the engine; others wait."""
_LONGEST_PAUSE: Final = 0.05
_dice: Final = random.SystemRandom()


class Way(NamedTuple):
    """How a database is opened, set up, begun and written to.

    Attributes:
        options: How an engine is made, given its URL and the options of its pool.
        turn: What each unit of work waits for before it begins, if there is such a thing.
        lines: What those wait in that want the same aggregate, before they have a connection.
    """

    options: Callable[[URL, Mapping[str, Any]], dict[str, Any]]
    prepare: Callable[[Engine, float], None]
    begin: Callable[..., None]
    channel: Callable[[Connection], Channel]
    turn: Callable[[Engine], Turn | None]
    lines: Callable[[], Lines | None]


_SQLITE: Final = Way(sqlite.options, sqlite.prepare, sqlite.begin, OneByOne, sqlite.turn, lambda: None)
_POSTGRES: Final = Way(postgres.options, postgres.prepare, postgres.begin, postgres.channel, lambda _: None, Lines)
_WAYS: Final[Mapping[str, Way]] = FrozenMap(
    {
        "sqlite": _SQLITE,
        "sqlite+pysqlite": _SQLITE,
        "postgresql+psycopg": _POSTGRES,
    }
)


def engine_of(where: Any, wait: float) -> tuple[Engine, Way]:
    """The engine that *where* is, or is the URL of, set up.

    Raises:
        InvalidArgument: It is neither, or an engine of a database in memory, which each thread would have for itself.
        UnsupportedDatabase: It is of another database or driver. What it says of a URL is the driver only.
    """
    if isinstance(where, str):
        engine, way = _engine_at(where, wait)
    elif isinstance(where, Engine):
        engine, way = where, _way(f"{where.dialect.name}+{where.dialect.driver}")
        if way is _SQLITE:
            sqlite.require_file(engine)
        engine.dispose()  # connections that were opened before are not set up
    else:
        raise _no_place(where)
    engine.hide_parameters = True
    way.prepare(engine, wait)
    return engine, way


def _engine_at(where: str, wait: float) -> tuple[Engine, Way]:
    try:
        url = make_url(where)
        way = _way(url.drivername)
        pool = {"pool_size": MOST_CONNECTIONS, "max_overflow": 0, "pool_timeout": wait, "pool_use_lifo": True}
        return create_engine(url, hide_parameters=True, **way.options(url, pool)), way
    except (SQLAlchemyError, ImportError, TypeError, ValueError):
        raise _no_place(where) from None  # the text of the error may hold a password


def _way(driver: str) -> Way:
    way = _WAYS.get(driver)
    if way is None:
        expected = "a URL such as sqlite:///licenses.db or postgresql+psycopg://user@host/database"
        raise UnsupportedDatabase(parameter="where", expected=expected, got=driver[:40])
    return way


def _no_place(where: Any) -> InvalidArgument:
    expected = (
        "a URL such as sqlite:///licenses.db or postgresql+psycopg://user@host/database, or an Engine of SQLAlchemy"
    )
    return InvalidArgument(parameter="where", expected=expected, got=shown(where))


def commit(connection: Connection) -> None:
    """Commit; raises `StoreUnavailable`, of which no reason but `busy` says that nothing was changed."""
    try:
        connection.commit()
    except BaseException as error:
        _roll_back(connection)
        if isinstance(error, DRIVER_ERRORS):
            reason = unavailable(error).reason
            raise StoreUnavailable(reason="busy" if reason == "busy" else "failed") from error
        raise


def _roll_back(connection: Connection) -> None:
    """Roll back in the driver: SQLAlchemy takes a transaction whose commit failed for ended, and would keep it open."""
    try:
        connection.connection.rollback()
    except DRIVER_ERRORS:
        connection.invalidate()


def give_back(connection: Connection, *, keep: bool) -> None:
    """Roll back what is not committed, and give the connection back to its pool, or close it."""
    with suppress(*DRIVER_ERRORS):
        if not keep:
            connection.invalidate()
        connection.close()
    if not connection.closed:  # the rollback failed, which does not hide why it was wanted
        _roll_back(connection)
        with suppress(*DRIVER_ERRORS):
            connection.close()


def pauses(until: float) -> Iterator[float]:
    """Seconds to wait between tries, as long as the clock is before *until*.

    They are random, so that those who wait do not march in step, and the last one ends at *until*.
    """
    longest = 0.001
    while (left := until - monotonic()) > 0:
        yield min(left, _dice.uniform(0, longest))
        longest = min(_LONGEST_PAUSE, 2 * longest)
