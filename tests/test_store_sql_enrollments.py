"""Enrollments over SQLite: found by their keys, few statements for many users, and checked by the database itself."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine, create_engine, event

from licensing_core import enrollments
from licensing_core.adapters.sql import SqlStore
from licensing_core.directory import Content
from licensing_core.enrollments import Roster
from licensing_core.plans import Catalog, Package, PackageKind
from licensing_core.pools import LicensePool
from licensing_core.protocols import Store
from tests.specimens import NOON, POOL, ROOT, SWITCHES
from tests.test_store_sql import a_pool_held_by, assign, opening, raw, statements

FIRE = Content.course("fire")


def enroll(store: Store, *users: str, pool_id: str = "p1") -> None:
    """Enroll *users*, who hold a license of the pool."""
    package = Package(
        id="safety", kind=PackageKind.LICENSES, catalogs=(Catalog("all", frozenset({FIRE})),), audience=frozenset()
    )
    with store.begin() as work:
        stored, theirs = work.pool("t1", pool_id, users), work.enrollments("t1", users)
        assert stored is not None
        roster = Roster(pool=stored.state, enrollments=theirs)
        decision = enrollments.enroll(
            roster, users, [FIRE], package=package, eligible=users, switches=SWITCHES, by=ROOT, now=NOON
        )
        work.save("t1", decision.state.roster.pool, expected=stored.version, events=decision.events)


def crowded(engine: Engine, size: int) -> SqlStore:
    """A store with four pools of *size* holders each, and *size* enrollments."""
    store = SqlStore(engine)
    store.create()
    pool = a_pool_held_by(size)
    for pool_id in ("p1", "p2", "p3", "p4"):
        own = evolve(pool, id=pool_id)
        with store.begin() as work:
            work.save("t1", own, expected=0, events=opening(own))
    enroll(store, *(f"u{number}" for number in range(size)))
    return store


def ask_of_one_user(store: Store) -> None:
    with store.begin() as work:
        assert [pool.id for pool in work.licenses("t1", "u3")] == ["p1", "p2", "p3", "p4"]
        assert len(work.enrollments("t1", ["u3"])) == 1


def test_what_one_user_may_enter_is_found_in_a_few_rows_whatever_there_is(tmp_path: Path) -> None:
    plans, counts = list[str](), dict[int, int]()
    for size in (10, 10_000):
        engine, asked = create_engine(f"sqlite:///{tmp_path / str(size)}.db"), list[tuple[str, Any]]()
        with closing(crowded(engine, size)) as store:
            event.listen(engine, "before_cursor_execute", lambda *given, to=asked: to.append((given[2], given[3])))
            ask_of_one_user(store)
            found = [(sql, parameters) for sql, parameters in asked if sql.startswith("SELECT")]
            with engine.connect() as connection:
                plans += [
                    " / ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))
                    for sql, parameters in found
                ]
        counts[size] = len(found)
    assert counts == {10: 2, 10_000: 2}
    assert [plan for plan in plans if "SCAN" in plan] == []
    assert [plan for plan in plans if "holding_of_holder (tenant=? AND holder=?)" in plan]
    assert [plan for plan in plans if "enrollment" in plan and "tenant=? AND learner=?" in plan]


def test_a_command_on_10000_users_takes_few_statements(tmp_path: Path) -> None:
    """Each statement is about 500 users, so that they are far fewer than the users."""
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    with closing(SqlStore(engine)) as store:
        store.create()
        pool = LicensePool(id="p1", beneficiary=POOL.beneficiary, bought=10_000)
        with store.begin() as work:
            work.save("t1", pool, expected=0, events=opening(pool))
        users = [f"u{number}" for number in range(10_000)]
        assigning = statements(engine)
        assign(store, *users)
        enrolling = statements(engine)
        enroll(store, *users)
    assert (len(assigning) - len(enrolling), len(enrolling)) < (50, 50)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'maybe'",
        "locked = 2",
        "locked = NULL",
        "learner = ''",
        "pool = NULL",
        "level = ''",
        "content = 'x'",
        "since = 'soon'",
    ],
)
def test_the_database_itself_refuses_enrollments_that_cannot_be(tmp_path: Path, change: str) -> None:
    crowded(create_engine(f"sqlite:///{tmp_path / 'licenses.db'}"), 2).close()
    with raw(tmp_path) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute(f"UPDATE enrollment SET {change}")


def test_the_database_itself_keeps_one_enrollment_of_a_user_in_a_content(tmp_path: Path) -> None:
    crowded(create_engine(f"sqlite:///{tmp_path / 'licenses.db'}"), 2).close()
    with raw(tmp_path) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("UPDATE enrollment SET learner = 'u0'")
