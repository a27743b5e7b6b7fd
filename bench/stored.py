"""Large pools in an SQLite file, and a count of what is done with them: statements, rows, and steps of SQLite."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from licensing_core.adapters.hosts import StaticHost
from licensing_core.adapters.sql import SqlStore
from licensing_core.directory import Actor, Directory, Role, Scope
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import open_pool
from licensing_core.seat_administration import Task
from licensing_core.services import AssignLicenses, Ids, Licensing, ListCandidates, UnassignLicenses

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BRANCHES = [f"b{number}" for number in range(10)]
BY: dict[str, Any] = {"tenant": "acme", "actor": "root"}
SALES = Scope.tree("sales")


@dataclass(frozen=True)
class World:
    """A pool p1 of so many holdings, in a tenant of so many users, who are spread over ten branches.

    Every other user holds a license; the other half of the holders have left the company. *newcomer* holds none.
    """

    store: SqlStore
    licensing: Licensing
    newcomer: str
    keys: Iterator[int]

    def candidates(self, task: Task = Task.ASSIGN, after: str | None = None) -> Ids:
        """A page of 100."""
        return self.licensing.run(ListCandidates(pool="p1", task=task, after=after, **BY))

    def assign(self) -> None:
        """Give the newcomer a license."""
        users = frozenset({self.newcomer})
        if len(self.licensing.run(AssignLicenses(pool="p1", users=users, key=f"k{next(self.keys)}", **BY)).added) != 1:
            raise AssertionError(users)

    def unassign(self) -> None:
        """Take it back."""
        users = frozenset({self.newcomer})
        if not self.licensing.run(UnassignLicenses(pool="p1", users=users, key=f"k{next(self.keys)}", **BY)).released:
            raise AssertionError(users)

    def there_and_back(self) -> None:
        """Both, so that the pool is as large as before."""
        self.assign()
        self.unassign()


def users_of(number: int) -> list[str]:
    """The ids of so many users."""
    return [f"u{one:07d}" for one in range(number)]


def made(folder: Path, holdings: int) -> World:
    """A pool of so many *holdings*, filled past the store."""
    path, users = folder / f"pool-{holdings}.db", users_of(holdings)
    store = SqlStore(f"sqlite:///{path}")
    store.create()
    opening = open_pool("p1", PackageKind.LICENSES, beneficiary=SALES, bought=2 * holdings, by=Actor("root"), now=NOW)
    with store.begin() as work:
        work.save("acme", opening.state, expected=0, events=opening.events)
    with closing(sqlite3.connect(path)) as filling, filling:
        holders = (user if number % 2 == 0 else f"left{number:07d}" for number, user in enumerate(users))
        insert = "INSERT INTO holding (tenant, aggregate, pool, holder, state) VALUES ('acme', 'p1', 'p1', ?, 'held')"
        filling.executemany(insert, ((holder,) for holder in holders))
        filling.execute("UPDATE pool SET consumed = ?, held = ?", (holdings, holdings))
    directory = Directory.of(
        branches={"sales": None, **dict.fromkeys(BRANCHES, "sales")},
        users={user: [BRANCHES[number % 10]] for number, user in enumerate(users)},
    )
    root, switches = Actor("root", Role.SUPERADMIN), Switches(allow_refund=True)
    host = StaticHost("acme", zone="UTC", directory=directory, actors=[root], platform=switches)
    middle = users[holdings // 2 | 1]
    return World(store, Licensing(store, host, lambda: NOW), middle, count())


@dataclass
class Counts:
    """What was done with a database.

    Attributes:
        statements: How many were carried out, `BEGIN` included.
        rows: How many were read into Python or changed.
        steps: How many instructions of its virtual machine SQLite took, so that rows that are only scanned count, too.
    """

    statements: int = 0
    rows: int = 0
    steps: int = 0


@contextmanager
def counted() -> Iterator[Counts]:
    """Count what is done with SQLite meanwhile."""
    counts = Counts()

    def a_row(_cursor: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
        counts.rows += 1
        return row

    def a_step() -> int:
        counts.steps += 1
        return 0

    def before(_connection: Any, cursor: Any, *_: Any) -> None:
        counts.statements += 1
        cursor.row_factory = a_row
        cursor.connection.set_progress_handler(a_step, 1)

    def after(_connection: Any, cursor: Any, *_: Any) -> None:
        counts.rows += max(0, cursor.rowcount)

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield counts
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


def counts_of(call: Callable[[], object]) -> Counts:
    """What *call* does with SQLite."""
    with counted() as counts:
        call()
    return counts
