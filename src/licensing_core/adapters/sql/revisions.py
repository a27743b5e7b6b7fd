"""Of which revision the tables of a database are; `migrating` leads them from one to another.

It stands in the table `licensing_core_version`, so that alembic in the host's own hands is not disturbed.
"""

from typing import Any, ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

from licensing_core.adapters.sql.schema import METADATA
from licensing_core.errors import LicensingError

REVISIONS: Final = ("0001", "0002")
"""All revisions, the first tables first; the last is the one that this version of the library works with."""
VERSION: Final = Table(
    "licensing_core_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="licensing_core_version_pkc"),
)
"""Such as alembic makes it. It has no row when there are no tables."""
_FIRST: Final = frozenset({"pool", "holding", "event"})
"""Tables of every revision."""
_LOCK: Final = 0x6C6963656E7365
"""What whoever changes tables of a PostgreSQL database locks, among all that is locked by a number."""


@frozen(kw_only=True)
class MigrationNeeded(LicensingError):
    """The tables are of another revision than the one that this version of the library works with.

    Attributes:
        found: Which one they are of.
        needed: Which one they should be of.
    """

    code: ClassVar[str] = "store.migration_needed"
    found: str
    needed: str

    def __str__(self) -> str:
        return (
            f"the tables are of revision {self.found!r}, but this version of the library works with {self.needed!r}; "
            "make a backup and upgrade() them, or use the version that they are of"
        )


def revision_of(connection: Connection) -> str | None:
    """The revision that the tables are of; `None` when there are none."""
    tables = set(inspect(connection).get_table_names())
    return _marked(connection, tables) or _unmarked(tables)


def make_tables(connection: Connection) -> None:
    """Make the tables that are not there yet, and note their revision; `SqlStore.create()` does it.

    Raises:
        MigrationNeeded: There are tables of another revision.
    """
    found = begun(connection)
    if found not in (None, REVISIONS[-1]):
        raise MigrationNeeded(found=str(found), needed=REVISIONS[-1])
    METADATA.create_all(connection)
    if found is None:
        connection.execute(VERSION.insert(), {"version_num": REVISIONS[-1]})


def begun(connection: Connection) -> str | None:
    """The revision of the tables, which is noted from now on, and is not changed by anybody else until the commit.

    Raises:
        MigrationNeeded: This version of the library does not know it.
    """
    if not connection.in_transaction():
        connection.begin()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    elif not getattr(connection.connection.dbapi_connection, "in_transaction", True):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver by itself begins nothing before tables are changed
    tables = set(inspect(connection).get_table_names())
    marked = _marked(connection, tables)
    found = marked or _unmarked(tables)
    if found is not None and found not in REVISIONS:
        raise MigrationNeeded(found=found, needed=REVISIONS[-1])
    VERSION.create(connection, checkfirst=True)
    if found != marked:
        connection.execute(VERSION.insert(), {"version_num": found})
    return found


def _marked(connection: Connection, tables: set[str]) -> str | None:
    noted: Any = connection.scalar(select(VERSION)) if VERSION.name in tables else None
    return None if noted is None else str(noted)


def _unmarked(tables: set[str]) -> str | None:
    """The revision of tables that were made before it was noted, or by `METADATA` alone."""
    if not tables >= _FIRST:
        return None
    return "0002" if "outbox" in tables else "0001"
