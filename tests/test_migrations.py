"""Tables are led from revision to revision, up and down, with all that is in them, on both databases."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, Final

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, inspect, select

from licensing_core.adapters.sql import METADATA, SqlStore, migrations
from licensing_core.adapters.sql.migrating import downgrade, upgrade
from licensing_core.adapters.sql.revisions import (
    REVISIONS,
    VERSION,
    MigrationNeeded,
    TableNamesTaken,
    make_tables,
    revision_of,
)
from licensing_core.checks import InvalidArgument
from licensing_core.protocols import AggregateKind, BrokenHistory
from licensing_core.services import Licensing
from tests.postgres import the_server
from tests.service_world import TENANT, Clock, assign, events_of, host, replayed

STORED: Final = Path(__file__).with_name("stored_0001.sql").read_text("utf-8").splitlines()
"""The statements of a database as stores made it on SQLite before revisions were noted, a line each."""
TABLES: Final = tuple(line for line in STORED if line.startswith("CREATE "))
ROWS: Final = tuple(line for line in STORED if line.startswith("INSERT "))
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(params=["sqlite", "sqlite, keys checked", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine of an empty database, as a host has it: nothing was set up on it, but for keys that are checked."""
    kind = request.param
    made = create_engine(the_server().new_database() if kind == "postgres" else f"sqlite:///{tmp_path / 'licenses.db'}")
    if kind == "sqlite, keys checked":
        event.listen(made, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection to an empty database."""
    with engine.connect() as made:
        yield made


def filled(connection: Connection) -> Rows:
    """Make tables of revision 0001, with what is stored in this folder; the rows in them."""
    upgrade(connection, "0001")
    for line in ROWS:
        connection.exec_driver_sql(line)
    return rows(connection)


def rows(connection: Connection) -> Rows:
    """All rows by table, sorted."""
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: sorted(map(tuple, connection.execute(select(table))), key=str)
        for table in found.sorted_tables
        if table.name != VERSION.name
    }


def shape(connection: Connection) -> set[Any]:
    """All that the database knows of the tables, but for the order of columns on PostgreSQL, which nobody leans on."""
    if connection.dialect.name == "sqlite":
        made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
        return {plain(sql) for (sql,) in connection.exec_driver_sql(made) if VERSION.name not in sql}
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name "
        "FROM information_schema.columns WHERE table_schema = 'public'"
    )
    constraints = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace"
    )
    indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    found = {tuple(row) for query in (columns, constraints, indexes) for row in connection.exec_driver_sql(query)}
    return {row for row in found if row[0] != VERSION.name}


def shape_of(engine: Engine) -> set[Any]:
    """As `shape()`."""
    with engine.connect() as connection:
        return shape(connection)


def plain(sql: str) -> str:
    """*sql* without the white space that does not matter."""
    return " ".join(sql.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split())


def store_of(engine: Engine) -> SqlStore:
    """A store on the database of *engine*, through an engine of its own."""
    return SqlStore(engine.url.render_as_string(hide_password=False))


def in_use(engine: Engine) -> None:
    """See to it that the stored histories lead to what is stored, and that commands add to them."""
    with closing(store_of(engine)) as store:
        replayed(store)
        before = events_of(store, "p1")
        Licensing(store, host(), Clock()).run(assign("u9", key="after"))
        replayed(store)
        assert events_of(store, "p1") == [*before, "pool.licenses_assigned"]
        assert len(events_of(store, "a1", AggregateKind.CUSTOMERS)) == 53
        with store.begin(read_only=True) as work:
            assert [list(work.customers_with(TENANT, one)) for one in ("chief", "other")] == [["a1"], ["a2"]]


# The tables


def test_all_steps_lead_to_the_tables_that_are_made_at_once(connection: Connection) -> None:
    METADATA.create_all(connection)
    expected = shape(connection)
    METADATA.drop_all(connection)
    connection.commit()
    assert shape(connection) == set()
    upgrade(connection)
    assert shape(connection) == expected


@pytest.mark.parametrize("revision", [None, *REVISIONS[:-1]])
def test_the_way_back_leads_to_the_tables_of_the_way_there(connection: Connection, revision: str | None) -> None:
    there: set[Any] = set()
    if revision is not None:
        upgrade(connection, revision)
        there = shape(connection)
    upgrade(connection)
    assert shape(connection) != there
    downgrade(connection, revision or "base")
    assert shape(connection) == there
    assert revision_of(connection) == revision


def test_the_first_revision_is_what_stores_made_before_there_was_one(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    with engine.connect() as connection:
        upgrade(connection, "0001")
        assert shape(connection) == {plain(line.rstrip(";")) for line in TABLES}
    engine.dispose()


def test_the_tables_of_each_revision_are_known(connection: Connection) -> None:
    for revision in REVISIONS:
        upgrade(connection, revision)
        VERSION.drop(connection)
        assert revision_of(connection) == revision


def test_the_steps_are_those_that_are_named() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert [step.revision for step in script.walk_revisions()] == [*reversed(REVISIONS)]


# What is in them


def test_what_is_stored_is_led_on_and_in_use_afterwards(engine: Engine) -> None:
    with engine.begin() as connection:
        before = filled(connection)
        upgrade(connection)
        after = rows(connection)
    assert {table: len(after[table]) for table in before} == {table: len(found) for table, found in before.items()}
    assert after["outbox"] == []
    in_use(engine)


def test_what_is_stored_is_led_back_and_on_again(engine: Engine) -> None:
    with engine.begin() as connection:
        first = filled(connection)
        upgrade(connection)
        second = rows(connection)
    with engine.begin() as connection:
        downgrade(connection, "0001")
        assert rows(connection) == first
    with engine.begin() as connection:
        upgrade(connection)
        assert rows(connection) == second
    in_use(engine)


def test_what_a_store_has_added_is_kept_on_the_way_back(engine: Engine) -> None:
    with engine.begin() as connection:
        filled(connection)
        upgrade(connection)
    in_use(engine)
    with engine.begin() as connection:
        second = rows(connection)
        downgrade(connection, "0001")
        upgrade(connection)
        assert rows(connection) == {**second, "outbox": []}


def test_many_events_are_chained_in_parts(engine: Engine) -> None:
    many = 1201
    with engine.begin() as connection:
        upgrade(connection, "0001")
        body = '{"at":"2026-05-16T10:00:00Z","by":"boss","pool":"p1","schema":1,"type":"pool.suspended"}'
        for number in range(1, many + 1):
            values = f"'acme', 'licenses', 'p1', {number}, 'pool.suspended', 1778925600000000, '{body}'"
            connection.exec_driver_sql(f"INSERT INTO event VALUES ({values})")
        upgrade(connection)
    with closing(store_of(engine)) as store, store.begin() as work:
        assert len(work.history(TENANT, AggregateKind.LICENSES, "p1")) == many


def test_references_are_whole_afterwards(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    with engine.begin() as connection:
        filled(connection)
        for step in (upgrade, lambda some: downgrade(some, "0001")):
            step(connection)
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()


def test_a_database_of_before_there_were_revisions_is_known_and_led_on(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    with engine.begin() as connection:
        for line in (*TABLES, *ROWS):
            connection.exec_driver_sql(line)
        assert revision_of(connection) == "0001"
        upgrade(connection)
        assert revision_of(connection) == REVISIONS[-1]
    in_use(engine)
    engine.dispose()


# What goes wrong


@pytest.mark.parametrize(
    ("damage", "sequence"),
    [
        ("DELETE FROM event WHERE aggregate = 'p1' AND sequence = 2", 2),
        ("DELETE FROM event WHERE aggregate = 'p1' AND sequence = 1", 1),
        ("DELETE FROM event WHERE aggregate = 'p1' AND sequence = 5", 5),
        ("UPDATE pool SET version = 4 WHERE id = 'p1'", 4),
        ("UPDATE document SET version = 99 WHERE kind = 'usage'", 99),
    ],
)
def test_a_history_that_is_not_whole_is_refused_and_nothing_is_changed(
    engine: Engine, damage: str, sequence: int
) -> None:
    with engine.begin() as connection:
        filled(connection)
        connection.exec_driver_sql(damage)
        before = rows(connection), shape(connection)
    with engine.connect() as connection, pytest.raises(BrokenHistory) as refused:
        upgrade(connection)
    assert refused.value == BrokenHistory(sequence=sequence)
    with engine.connect() as connection:
        assert (rows(connection), shape(connection)) == before
        assert revision_of(connection) == "0001"


@pytest.mark.parametrize(
    ("step", "revision", "expected"),
    [
        (upgrade, "base", "one of 0001, 0002, head"),
        (upgrade, "2", "one of 0001, 0002, head"),
        (downgrade, "head", "one of 0001, 0002, base"),
    ],
)
def test_a_revision_that_is_none_is_refused(
    connection: Connection, step: Callable[[Connection, str], None], revision: str, expected: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        step(connection, revision)
    got = f"str of {len(revision)} characters"
    assert refused.value == InvalidArgument(parameter="revision", expected=expected, got=got)


@pytest.mark.parametrize("step", [upgrade, lambda some: downgrade(some, "0001"), make_tables])
def test_tables_of_a_newer_version_are_left_alone(connection: Connection, step: Callable[[Connection], None]) -> None:
    upgrade(connection)
    connection.execute(VERSION.update().values(version_num="9999"))
    with pytest.raises(MigrationNeeded) as refused:
        step(connection)
    assert refused.value == MigrationNeeded(found="9999", needed=REVISIONS[-1])


def test_the_other_direction_changes_nothing(connection: Connection) -> None:
    downgrade(connection, "0001")
    assert revision_of(connection) is None
    upgrade(connection)
    upgrade(connection, "0001")
    downgrade(connection, REVISIONS[-1])
    assert revision_of(connection) == REVISIONS[-1]


# New databases


def test_new_tables_are_of_the_last_revision(connection: Connection) -> None:
    assert revision_of(connection) is None
    make_tables(connection)
    assert revision_of(connection) == REVISIONS[-1]
    before = shape(connection)
    make_tables(connection)
    upgrade(connection)
    assert shape(connection) == before


def test_tables_made_by_metadata_alone_are_known(connection: Connection) -> None:
    METADATA.create_all(connection)
    assert revision_of(connection) == REVISIONS[-1]
    make_tables(connection)
    downgrade(connection, "base")
    assert shape(connection) == set()


def test_no_tables_are_made_beside_older_ones(connection: Connection) -> None:
    upgrade(connection, "0001")
    before = shape(connection)
    with pytest.raises(MigrationNeeded) as refused:
        make_tables(connection)
    assert refused.value == MigrationNeeded(found="0001", needed=REVISIONS[-1])
    assert shape(connection) == before


def test_a_store_makes_new_tables_and_refuses_older_ones(engine: Engine) -> None:
    with closing(store_of(engine)) as store:
        store.create()
        with engine.begin() as connection:
            assert revision_of(connection) == REVISIONS[-1]
            downgrade(connection, "0001")
        with pytest.raises(MigrationNeeded) as refused:
            store.create()
        with engine.begin() as connection:
            assert revision_of(connection) == "0001"
            upgrade(connection)
        store.create()
    assert refused.value == MigrationNeeded(found="0001", needed=REVISIONS[-1])


# Beside others


@pytest.mark.parametrize("step", [upgrade, make_tables])
def test_what_is_not_committed_has_not_happened(engine: Engine, step: Callable[[Connection], None]) -> None:
    with engine.connect() as connection:
        step(connection)
        connection.rollback()
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []


def test_the_hosts_own_revisions_are_not_disturbed(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('abc')")
    upgrade(connection)
    downgrade(connection, "base")
    assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [("abc",)]


@pytest.mark.parametrize("step", [upgrade, make_tables])
@pytest.mark.parametrize("name", sorted(METADATA.tables))
def test_a_table_of_the_host_is_neither_taken_over_nor_taken_away(
    connection: Connection, name: str, step: Callable[[Connection], None]
) -> None:
    connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, title TEXT)")
    before = shape(connection)
    with pytest.raises(TableNamesTaken) as refused:
        step(connection)
    assert refused.value == TableNamesTaken(tables=(name,))
    assert f" {name};" in str(refused.value)
    assert revision_of(connection) is None
    assert VERSION.name not in inspect(connection).get_table_names()
    downgrade(connection, "base")
    assert shape(connection) == before


@pytest.mark.parametrize("step", [upgrade, make_tables])
def test_all_tables_and_views_of_the_host_that_are_in_the_way_are_named(
    connection: Connection, step: Callable[[Connection], None]
) -> None:
    for name in ("pool", "holding", "event"):
        connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, title TEXT)")
    connection.exec_driver_sql("CREATE VIEW card AS SELECT * FROM event")
    with pytest.raises(TableNamesTaken) as refused:
        step(connection)
    assert refused.value == TableNamesTaken(tables=("card", "event", "holding", "pool"))


def test_names_are_the_same_in_upper_case_where_the_database_says_so(connection: Connection) -> None:
    connection.exec_driver_sql('CREATE TABLE "Event" (id INTEGER PRIMARY KEY)')
    if connection.dialect.name == "sqlite":
        with pytest.raises(TableNamesTaken):
            upgrade(connection)
    else:
        upgrade(connection)
        assert "Event" in inspect(connection).get_table_names()


@pytest.mark.parametrize("noted", [True, False])
def test_a_table_of_the_host_that_a_later_revision_needs_the_name_of_is_left_alone(
    connection: Connection, noted: bool
) -> None:
    upgrade(connection, "0001")
    if not noted:
        VERSION.drop(connection)
    connection.exec_driver_sql("CREATE TABLE actor (id INTEGER PRIMARY KEY, film TEXT)")
    before = shape(connection)
    assert revision_of(connection) == "0001"
    with pytest.raises(TableNamesTaken) as refused:
        upgrade(connection)
    assert refused.value == TableNamesTaken(tables=("actor",))
    assert shape(connection) == before


def test_a_store_refuses_a_database_in_which_a_name_is_taken(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE enrollment (id INTEGER PRIMARY KEY)")
        before = shape(connection)
    with closing(store_of(engine)) as store, pytest.raises(TableNamesTaken):
        store.create()
    with engine.connect() as connection:
        assert shape(connection) == before
        assert VERSION.name not in inspect(connection).get_table_names()


def test_tables_in_a_schema_of_their_own_do_not_mind_those_of_the_next_schema() -> None:
    url = the_server().new_database()
    hosts = create_engine(url)
    own = create_engine(f"{url}&options=-csearch_path%3Dapart,public")
    with hosts.begin() as connection:
        make_tables(connection)
        connection.exec_driver_sql("CREATE SCHEMA apart")
        before = rows(connection)
    in_public = shape_of(hosts)
    with closing(store_of(own)) as store:
        store.create()
        store.create()
    with own.begin() as connection:
        notes = connection.exec_driver_sql("SELECT count(*) FROM apart.licensing_core_version").scalar()
        assert (revision_of(connection), notes) == (REVISIONS[-1], 1)
        assert set(inspect(connection).get_table_names("apart")) == {*METADATA.tables, VERSION.name}
        downgrade(connection, "base")
        assert inspect(connection).get_table_names("apart") == [VERSION.name]
    assert shape_of(hosts) == in_public
    with hosts.begin() as connection:
        assert (rows(connection), revision_of(connection)) == (before, REVISIONS[-1])
    hosts.dispose()
    own.dispose()


@pytest.mark.parametrize("step", [upgrade, make_tables])
def test_two_who_do_it_at_once_do_it_one_after_the_other(engine: Engine, step: Callable[[Connection], None]) -> None:
    failed: list[BaseException] = []
    barrier = Barrier(4)

    def run() -> None:
        try:
            with engine.begin() as connection:
                barrier.wait()
                step(connection)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with engine.connect() as connection:
        assert revision_of(connection) == REVISIONS[-1]
