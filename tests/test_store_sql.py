"""The stores over SQLAlchemy keep the contract of stores, on SQLite, and cost what the command costs."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from licensing_core import pools
from licensing_core.adapters.sql import AsyncSqlStore, SqlStore
from licensing_core.checks import InvalidArgument
from licensing_core.holdings import Holding, Holdings
from licensing_core.pools import LicensePool, LicensesAssigned
from licensing_core.protocols import AggregateKind, BrokenHistory, Page, Remembered, Store, StoreUnavailable
from licensing_core.testing.bridge import BlockingStore
from licensing_core.testing.contracts import StoreContract
from tests.specimens import NOON, POOL, ROOT, SWITCHES


class TestSqlStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with closing(a_store(tmp_path)) as store:
            yield store


class TestSqlStoreInMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        with closing(SqlStore("sqlite://")) as store:
            store.create()
            yield store


class TestAsyncSqlStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        yield from an_async_store(f"sqlite:///{tmp_path / 'licenses.db'}")


class TestAsyncSqlStoreInMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        yield from an_async_store("sqlite://")


def an_async_store(url: str) -> Iterator[Store]:
    with asyncio.Runner() as runner:
        store = AsyncSqlStore(url)
        runner.run(store.create())
        yield BlockingStore(store, runner)
        runner.run(store.close())


def a_store(folder: Path, **options: Any) -> SqlStore:
    store = SqlStore(f"sqlite:///{folder / 'licenses.db'}", **options)
    store.create()
    return store


def a_pool_held_by(number: int) -> LicensePool:
    held = Holdings({f"u{n}": Holding.HELD for n in range(number)})
    return LicensePool(
        id="p1", beneficiary=POOL.beneficiary, bought=number + 10, consumed=number, held=number, holdings=held
    )


def opening(pool: LicensePool) -> tuple[pools.PoolOpened]:
    return (
        pools.PoolOpened(
            pool=pool.id,
            kind=pool.kind,
            beneficiary=pool.beneficiary,
            bought=pool.bought,
            expires_at=None,
            terms=None,
            by="root",
            at=NOON,
        ),
    )


def assign(store: Store, *users: str) -> None:
    with store.begin() as work:
        stored = work.pool("t1", "p1", users)
        assert stored is not None
        assert isinstance(stored.state, LicensePool)
        decision = pools.assign(stored.state, users, eligible=users, switches=SWITCHES, by=ROOT, now=NOON)
        work.save("t1", decision.state, expected=stored.version, events=decision.events)


def unassign(store: Store, *users: str) -> None:
    with store.begin() as work:
        stored = work.pool("t1", "p1", users)
        assert stored is not None
        assert isinstance(stored.state, LicensePool)
        decision = pools.unassign(stored.state, users, switches=SWITCHES, by=ROOT, now=NOON)
        work.save("t1", decision.state, expected=stored.version, events=decision.events)


def raw(folder: Path) -> "closing[sqlite3.Connection]":
    return closing(sqlite3.connect(folder / "licenses.db", isolation_level=None, timeout=0))


def test_every_table_is_strict_and_the_pragmas_are_set(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    with closing(SqlStore(engine)) as store:
        store.create()
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
            tables = {row.name: row.sql for row in rows}
            names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
            pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    ours = ["actor", "card", "command", "document", "enrollment", "event", "holding", "outbox", "part", "pool"]
    assert sorted(tables) == sorted([*ours, "licensing_core_version"])
    assert all(tables[name].rstrip().endswith("STRICT") for name in ours)
    assert pragmas == ["wal", 2, 1, 0, 1]


@pytest.mark.parametrize(
    "change",
    [
        "held = 60",
        "held = -1",
        "consumed = 1.5",
        "bought = 'abc'",
        "bought = 2147483648",
        "bought = NULL",
        "kind = 'other'",
        "version = 0",
        "aggregate = 'p2'",
        "version = NULL, digest = NULL, kind = 'seats'",
        "tenant = ''",
    ],
)
def test_the_database_itself_refuses_counters_that_cannot_be(tmp_path: Path, change: str) -> None:
    with closing(a_store(tmp_path)) as store:
        pool = a_pool_held_by(2)
        with store.begin() as work:
            work.save("t1", pool, expected=0, events=opening(pool))
    with raw(tmp_path) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute(f"UPDATE pool SET {change}")


def test_a_command_costs_the_same_on_a_pool_of_20000(tmp_path: Path) -> None:
    seen: dict[int, list[tuple[str, int]]] = {}
    for size in (10, 20_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        engine = create_engine(f"sqlite:///{folder / 'licenses.db'}")
        with closing(SqlStore(engine)) as store:
            store.create()
            pool = a_pool_held_by(size)
            with store.begin() as work:
                work.save("t1", pool, expected=0, events=opening(pool))
            seen[size] = statements(engine)
            assign(store, "ana", "luis", "u3")
    assert seen[10] == seen[20_000]
    assert len(seen[10]) <= 8
    assert sum(rows for _, rows in seen[10]) <= 12


def test_every_row_is_found_by_its_key(tmp_path: Path) -> None:
    """No statement of a command walks through a table, or through all holdings of a pool."""
    engine, asked = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}"), list[tuple[str, Any]]()
    with closing(SqlStore(engine)) as store:
        store.create()
        pool = a_pool_held_by(10)
        with store.begin() as work:
            work.save("t1", pool, expected=0, events=opening(pool))
        event.listen(
            engine, "before_cursor_execute", lambda _c, _cur, sql, parameters, _x, many: asked.append((sql, parameters))
        )
        assign(store, "ana", "luis", "u3")
        unassign(store, "u3")
        found = [(sql, parameters) for sql, parameters in asked if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
        with engine.connect() as connection:
            plans = [
                " / ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))
                for sql, parameters in found
            ]
    kinds = sorted(sql.split()[0] for sql, _ in found)
    assert kinds == ["DELETE", *["SELECT"] * 4, "UPDATE", "UPDATE"]
    assert [plan for plan in plans if "SCAN" in plan] == []
    assert [plan for plan in plans if "holding" in plan and "holder=?" not in plan] == []


def statements(engine: Engine) -> list[tuple[str, int]]:
    """What *engine* runs from now on, and how many rows it reads, writes or sends."""
    found: list[tuple[str, int]] = []

    @event.listens_for(engine, "after_cursor_execute")
    def _count(
        _connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
    ) -> None:
        found.append((" ".join(statement.split()[:3]), len(parameters) if executemany else max(cursor.rowcount, 0)))

    return found


def test_what_another_process_holds_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    with closing(a_store(tmp_path, wait=0.05)) as store, raw(tmp_path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable) as refused, store.begin():
            pass
        assert refused.value == StoreUnavailable(reason="busy")
        other.execute("ROLLBACK")
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()


def test_two_stores_of_one_process_share_a_turn(tmp_path: Path) -> None:
    with closing(a_store(tmp_path, wait=0.01)) as one, closing(a_store(tmp_path, wait=0.01)) as other:
        with one.begin(), pytest.raises(StoreUnavailable), other.begin():
            pass
        with other.begin() as work:
            assert work.pools("t1", Page()) == ()


def test_a_store_that_was_closed_refuses(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.close()
    with pytest.raises(StoreUnavailable) as refused, store.begin():
        pass
    assert refused.value == StoreUnavailable(reason="closed")


def test_an_error_of_the_driver_says_nothing_of_what_was_sent(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'licenses.db'}")
    with closing(store), pytest.raises(StoreUnavailable) as refused, store.begin() as work:
        work.pool("t1", "secret-pool", ["secret-person"])
    assert refused.value == StoreUnavailable(reason="unusable")
    assert "secret" not in str(refused.value) + str(refused.value.__cause__)


def test_a_unit_of_work_that_failed_in_part_keeps_nothing_though_the_error_is_swallowed(tmp_path: Path) -> None:
    with closing(a_store(tmp_path)) as store:
        pool = a_pool_held_by(1)
        with raw(tmp_path) as database:
            database.execute("DROP TABLE event")
            database.execute("CREATE TABLE event (tenant, aggregate, sequence)")
        with pytest.raises(StoreUnavailable), store.begin() as work, pytest.raises(StoreUnavailable):
            work.save("t1", pool, expected=0, events=opening(pool))
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()


def test_what_was_tampered_with_is_refused_when_read(tmp_path: Path) -> None:
    with closing(a_store(tmp_path)) as store:
        pool = a_pool_held_by(1)
        with store.begin() as work:
            work.save("t1", pool, expected=0, events=opening(pool))
        with raw(tmp_path) as database:
            database.execute("UPDATE event SET body = replace(body, '11', '-11')")
        with store.begin() as work, pytest.raises(BrokenHistory) as refused:
            work.history("t1", AggregateKind.LICENSES, "p1")
    assert refused.value.sequence == 1


def test_an_answer_that_could_not_be_read_again_is_not_remembered(tmp_path: Path) -> None:
    with closing(a_store(tmp_path)) as store, store.begin() as work, pytest.raises(InvalidArgument):
        work.remember("t1", "k1", Remembered(fingerprint="f", answer=POOL.beneficiary))


def test_the_event_of_10000_users_is_kept_and_read(tmp_path: Path) -> None:
    with closing(a_store(tmp_path)) as store:
        pool = LicensePool(id="p1", beneficiary=POOL.beneficiary, bought=10_000)
        with store.begin() as work:
            work.save("t1", pool, expected=0, events=opening(pool))
        users = [f"{n:064}" for n in range(10_000)]
        assign(store, *users)
        with store.begin() as work:
            last = work.history("t1", AggregateKind.LICENSES, "p1")[-1].event
        assert isinstance(last, LicensesAssigned)
        assert last.users == frozenset(users)


def test_the_asynchronous_store_refuses_as_the_other_one(tmp_path: Path) -> None:
    async def story() -> list[str]:
        store = AsyncSqlStore(f"sqlite:///{tmp_path / 'licenses.db'}", wait=0.05)
        reasons = []
        with raw(tmp_path) as other:
            await store.create()
            other.execute("BEGIN IMMEDIATE")
            for close in (False, True):
                if close:
                    await store.close()
                try:
                    async with store.begin():
                        pass
                except StoreUnavailable as refusal:
                    reasons.append(refusal.reason)
        return reasons

    assert asyncio.run(story()) == ["busy", "closed"]


def fail(_connection: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def test_a_commit_that_fails_is_a_refusal_and_keeps_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    pool = a_pool_held_by(1)
    with closing(SqlStore(engine)) as store:
        store.create()
        event.listen(engine, "commit", fail)
        with pytest.raises(StoreUnavailable) as refused, store.begin() as work:
            work.save("t1", pool, expected=0, events=opening(pool))
        with pytest.raises(StoreUnavailable):
            store.create()
        event.remove(engine, "commit", fail)
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()
    assert refused.value == StoreUnavailable(reason="failed")


def test_a_commit_of_the_asynchronous_store_that_fails_is_a_refusal(tmp_path: Path) -> None:
    async def story() -> None:
        engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
        store = AsyncSqlStore(engine)
        await store.create()
        event.listen(engine, "commit", fail)
        with pytest.raises(StoreUnavailable):
            await store.create()
        try:
            async with store.begin() as work:
                await work.pools("t1", Page())
        finally:
            await store.close()

    with pytest.raises(StoreUnavailable) as refused:
        asyncio.run(story())
    assert refused.value == StoreUnavailable(reason="failed")


REFUSED: dict[str, int] = {
    "busy": sqlite3.SQLITE_BUSY,
    "failed": sqlite3.SQLITE_IOERR,
    "failed, though no other try would help": sqlite3.SQLITE_READONLY,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_commit_that_fails_claims_no_more_than_is_known(tmp_path: Path, reason: str) -> None:
    def refuse(_connection: object) -> None:
        error = sqlite3.OperationalError("refused")
        error.sqlite_errorcode = REFUSED[reason]
        raise error

    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    with closing(SqlStore(engine)) as store:
        store.create()
        event.listen(engine, "commit", refuse)
        with pytest.raises(StoreUnavailable) as refused, store.begin():
            pass
        event.remove(engine, "commit", refuse)
        with raw(tmp_path) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()
    assert refused.value == StoreUnavailable(reason=reason.partition(",")[0])


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///licenses.db"])
def test_a_rollback_that_fails_hides_no_refusal_and_leaves_the_store_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SqlStore(url)) as store:
        store.create()
        engine = store._database._engine
        event.listen(engine, "rollback", fail)
        with pytest.raises(ZeroDivisionError), store.begin():
            raise ZeroDivisionError
        event.remove(engine, "rollback", fail)
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()


def no_tables(folder: Path) -> str:
    return f"sqlite:///{folder / 'licenses.db'}"


def other_tables(folder: Path) -> str:
    with raw(folder) as database:
        database.execute("CREATE TABLE pool (tenant, aggregate, id)")
    return f"sqlite:///{folder / 'licenses.db'}"


def no_database(folder: Path) -> str:
    (folder / "licenses.db").write_text("Dear diary, " * 500)
    return f"sqlite:///{folder / 'licenses.db'}"


def no_folder(folder: Path) -> str:
    return f"sqlite:///{folder / 'nowhere' / 'licenses.db'}"


def a_folder(folder: Path) -> str:
    return f"sqlite:///{folder}"


def read_only(folder: Path) -> str:
    a_store(folder).close()
    return f"sqlite:///file:{folder / 'licenses.db'}?mode=ro&uri=true"


UNUSABLE = [no_tables, other_tables, no_database, no_folder, a_folder, read_only]


@pytest.mark.parametrize("made", UNUSABLE)
def test_what_trying_again_does_not_help_is_told_apart(tmp_path: Path, made: Callable[[Path], str]) -> None:
    with closing(SqlStore(made(tmp_path))) as store:
        with pytest.raises(StoreUnavailable) as refused, store.begin() as work:  # noqa: PT012
            assert work.pool("t1", "p1", None) is None, "what may only be read can be read"
            work.save("t1", a_pool_held_by(0), expected=0, events=opening(a_pool_held_by(0)))
        assert refused.value == StoreUnavailable(reason="unusable")
    assert "create() the tables or check the path" in str(refused.value)


@pytest.mark.parametrize("made", UNUSABLE)
def test_the_asynchronous_store_tells_it_apart_as_well(tmp_path: Path, made: Callable[[Path], str]) -> None:
    async def story() -> None:
        store = AsyncSqlStore(made(tmp_path))
        try:
            async with store.begin() as work:
                await work.pool("t1", "p1", None)
                await work.save("t1", a_pool_held_by(0), expected=0, events=opening(a_pool_held_by(0)))
        finally:
            await store.close()

    with pytest.raises(StoreUnavailable) as refused:
        asyncio.run(story())
    assert refused.value == StoreUnavailable(reason="unusable")


@pytest.mark.parametrize("made", [no_database, no_folder, a_folder])
def test_where_no_database_can_be_no_tables_are_made(tmp_path: Path, made: Callable[[Path], str]) -> None:
    with closing(SqlStore(made(tmp_path))) as store, pytest.raises(StoreUnavailable) as refused:
        store.create()
    assert refused.value == StoreUnavailable(reason="unusable")


def test_what_is_closed_within_a_unit_of_work_leaves_no_connection_open(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    with store.begin():
        store.close()
        assert (tmp_path / "licenses.db-wal").exists()
    assert not (tmp_path / "licenses.db-wal").exists(), "the last connection takes the journal with it"


def test_an_engine_that_was_used_before_is_begun_and_set_up_alike(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    with engine.connect():
        pass
    with closing(SqlStore(engine)) as store, closing(SqlStore(engine)) as other:
        store.create()
        with store.begin() as work, raw(tmp_path) as database:
            assert work.pools("t1", Page()) == ()
            with pytest.raises(sqlite3.OperationalError):
                database.execute("BEGIN IMMEDIATE")
        with other.begin() as work:
            assert work.pools("t1", Page()) == ()


def test_a_unit_of_work_waits_for_its_turn_and_for_other_processes_in_one_time(tmp_path: Path) -> None:
    took: list[float] = []
    begun = Event()

    def ask() -> None:
        since = monotonic()
        begun.set()
        with pytest.raises(StoreUnavailable), store.begin():
            pass
        took.append(monotonic() - since)

    with closing(a_store(tmp_path, wait=1)) as store, raw(tmp_path) as other:
        other.execute("BEGIN IMMEDIATE")
        first, second = Thread(target=ask), Thread(target=ask)
        first.start()
        begun.wait(10)
        sleep(0.6)
        second.start()
        first.join(10)
        second.join(10)
        other.execute("ROLLBACK")
    assert len(took) == 2
    assert max(took) < 1.4
