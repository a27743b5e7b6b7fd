"""What goes to PostgreSQL in one go: through the pipeline of the libpq that psycopg wraps. It needs psycopg.

The statements of a unit of work are short, and a cursor for each takes longer than the server does. So they are queued
in libpq itself, with the beginning and the end of the transaction; psycopg adapts the values, waits for the server, and
makes the errors.
"""

import hashlib
import re
from collections import namedtuple
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

from psycopg import Connection as Driver
from psycopg import IsolationLevel, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait
from sqlalchemy import Connection, Dialect

from licensing_core.adapters.sql.channels import Reading, Rows, Write
from licensing_core.adapters.sql.refusals import DRIVER_ERRORS

_UNIQUE: Final = "23505"
"""The SQLSTATE of a row that is there already."""
_PREPARED_OTHERWISE: Final = ("0A000", "26000", "42P05")
"""Those of a prepared statement whose tables have changed since, that the server does not know, and that it knows."""
_prepared: Final = WeakKeyDictionary["Driver[Any]", "_Prepared"]()
_PARAMETER: Final = re.compile(r"%\((\w+)\)s|%%")


class _Query(NamedTuple):
    """A statement as the server takes it: its parameters have numbers, whose names stand here in their order."""

    id: bytes
    text: bytes
    names: tuple[str, ...]


class _Prepared:
    """The statements that are prepared in a connection; others than we may change that, and then all are made anew."""

    def __init__(self) -> None:
        self._turn, self._ids = 0, set[bytes]()

    def name_of(self, query: "_Query") -> bytes:
        """Under which *query* is prepared."""
        return b"%b_%d" % (query.id, self._turn)

    def known(self, name: bytes) -> bool:
        """Whether it is, as far as we know."""
        return name in self._ids

    def add(self, name: bytes) -> None:
        """It is from now on."""
        self._ids.add(name)

    def forget(self) -> None:
        """Prepare all anew, under names that nobody knows."""
        self._turn += 1
        self._ids.clear()


_Asked = tuple[_Query, Mapping[str, Any]]
"""A statement with its parameters."""


class Together:
    """A `Channel` that sends what is asked in one go, with the beginning of the transaction too."""

    def __init__(self, connection: Connection) -> None:
        self._driver = cast("Driver[Any]", connection.connection.driver_connection)
        self._dialect, self._adapter = connection.dialect, Transformer(self._driver)
        self._prepared = _prepared.setdefault(self._driver, _Prepared())

    def read(self, *asked: tuple[Reading, Mapping[str, Any]]) -> list[Rows]:
        """As `Channel.read()`."""
        return list(map(self._rows, self._sent([(_query(one, self._dialect, ()), place) for one, place in asked])))

    def write(self, writes: Sequence[Write], *, commit: bool) -> None:
        """As `Channel.write()`; what decides by a row that may be missing is looked at before anything is committed."""
        decides = any(one.decides for one in writes)
        asked = [_as_one(writes, self._dialect)] if not decides and _apart(writes) else _each(writes, self._dialect)
        try:
            counts = iter([result.command_tuples for result in self._sent(asked, commit=commit and not decides)])
        except DRIVER_ERRORS as error:
            taken = _taken(error, writes)
            if taken is not None:
                raise taken from error
            raise
        if decides:
            _refuse_missing(writes, counts)

    def _sent(self, asked: Sequence[_Asked], *, commit: bool = False) -> list[PGresult]:
        """The results of what is *asked*, in a transaction that has begun, and is committed if that is wanted.

        Whatever ends this before all has come back leaves the connection amid its pipeline, and so to be dropped.
        """
        conn = self._driver.pgconn
        queue = [self._queueing(conn, query, self._dumped(query, place)) for query, place in asked]
        begins = conn.transaction_status == TransactionStatus.IDLE
        conn.enter_pipeline_mode()
        if begins:
            conn.send_query_params(_begin(self._driver.isolation_level, read_only=self._driver.read_only), None)
        for send in queue:
            send()
        if commit:
            conn.send_query_params(b"COMMIT", None)
        conn.pipeline_sync()
        results = self._driver.wait(_answers(conn))
        conn.exit_pipeline_mode()
        for result in results:
            self._check(result)
        return results[begins : begins + len(asked)]

    def _queueing(self, conn: PGconn, query: _Query, values: Sequence[Any]) -> Callable[[], None]:
        """What queues *query*: prepared once for its connection, unless the host prepares nothing on it."""
        if self._driver.prepare_threshold is None:
            return lambda: conn.send_query_params(query.text, values)
        name = self._prepared.name_of(query)
        if not self._prepared.known(name):
            self._check(conn.prepare(name, query.text))
            self._prepared.add(name)
        return lambda: conn.send_query_prepared(name, values)

    def _dumped(self, query: _Query, place: Mapping[str, Any]) -> Sequence[Any]:
        values = [place[name] for name in query.names]
        return self._adapter.dump_sequence(values, [PyFormat.TEXT] * len(values))

    def _rows(self, result: PGresult) -> Rows:
        self._adapter.set_pgresult(result)
        names = tuple((result.fname(number) or b"").decode() for number in range(result.nfields))
        return self._adapter.load_rows(0, result.ntuples, _row(names))

    def _check(self, result: PGresult) -> None:
        if result.status == ExecStatus.FATAL_ERROR:
            error = error_from_result(result, encoding=self._driver.info.encoding)
            if error.sqlstate in _PREPARED_OTHERWISE:
                self._prepared.forget()
            raise error


def _answers(conn: PGconn) -> Generator[Wait, Ready | int, list[PGresult]]:
    """Send what is queued, and gather what comes back until all has; for `wait()` of psycopg."""
    while conn.flush():
        if (yield Wait.RW) & Ready.R:
            conn.consume_input()  # else both might wait for the other to read
    results: list[PGresult] = []
    while True:
        while conn.is_busy():
            yield Wait.R
            conn.consume_input()
        result = conn.get_result()  # None after those of each statement
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            return results
        if result is not None:
            results.append(result)
        elif conn.status == ConnStatus.BAD:
            raise OperationalError("the connection is lost")


@lru_cache(maxsize=16)
def _begin(level: IsolationLevel | None, *, read_only: bool | None) -> bytes:
    """What begins a transaction as the connection is set up to."""
    parts = ["BEGIN"]
    if level is not None:
        parts.append(f"ISOLATION LEVEL {level.name.replace('_', ' ')}")
    if read_only is not None:
        parts.append("READ ONLY" if read_only else "READ WRITE")
    return " ".join(parts).encode()


def _refuse_missing(writes: Sequence[Write], counts: Iterator[int | None]) -> None:
    """Raise what the first of *writes* says that changed no row, given how many each row of parameters changed."""
    for one in writes:
        changed = sum(next(counts) or 0 for _ in one.rows)
        if one.missing is not None and changed != 1:
            raise one.missing


def _apart(writes: Sequence[Write]) -> bool:
    """Whether none of *writes*, each of one row, has to do with what another one wrote."""
    return len({one.table for one in writes}) == len(writes) and all(len(one.rows) == 1 for one in writes)


def _each(writes: Sequence[Write], dialect: Dialect) -> list[_Asked]:
    return [(_query(one.statement, dialect, tuple(row)), row) for one in writes for row in one.rows]


def _as_one(writes: Sequence[Write], dialect: Dialect) -> _Asked:
    """One statement that does what *writes*, each of one row, do."""
    place = {f"{n}_{name}": value for n, one in enumerate(writes) for name, value in one.rows[0].items()}
    return _fused(tuple((one.statement, tuple(one.rows[0])) for one in writes), dialect), place


@lru_cache(maxsize=512)
def _fused(statements: tuple[tuple[Any, tuple[str, ...]], ...], dialect: Dialect) -> _Query:
    texts = [
        _text(statement, dialect, names).replace("%(", f"%({n}_") for n, (statement, names) in enumerate(statements)
    ]
    *before, last = texts
    return _numbered(f"WITH {', '.join(f'w{n} AS ({one})' for n, one in enumerate(before))} {last}" if before else last)


@lru_cache(maxsize=512)
def _query(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> _Query:
    """*statement* with parameters of these *names*; the statements are made once."""
    return _numbered(_text(statement, dialect, names))


def _text(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> str:
    return str(statement.compile(dialect=dialect, column_keys=list(names) or None))


def _numbered(text: str) -> _Query:
    """*text* as psycopg's cursors take it, for the server."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return "%" if found[1] is None else f"${names.setdefault(found[1], len(names) + 1)}"

    numbered = _PARAMETER.sub(number, text).encode()
    digest = hashlib.blake2b(numbered, digest_size=12).hexdigest()
    return _Query(f"licensing_core_{digest}".encode(), numbered, tuple(names))


@lru_cache(maxsize=64)
def _row(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    """What makes a row with columns of these *names*."""
    kind: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024 - the names come from the server
    return cast("Callable[[Sequence[Any]], Any]", kind._make)


def _taken(error: Any, writes: Sequence[Write]) -> Any:
    """What is to be raised when *error* says that a row is there already; `None` when it says something else."""
    if getattr(error, "sqlstate", None) != _UNIQUE:
        return None
    return next((one.taken for one in writes if one.taken is not None and one.table == error.diag.table_name), None)
