"""Of which revision the tables of a database are; `migrating` leads them from one to another.

It stands in the table `licensing_core_version`, so that alembic in the host's own hands is not disturbed.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select, text
from sqlalchemy.engine.reflection import ObjectKind

from licensing_core.adapters.sql.schema import METADATA
from licensing_core.checks import FrozenMap
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
_Columns = Mapping[str, frozenset[str]]
"""The names of columns by table."""
_FIRST: Final[_Columns] = FrozenMap(
    {
        table: frozenset(columns.split())
        for table, columns in {
            "pool": "tenant aggregate id kind beneficiary bought consumed held expires_at renewals revoked suspended "
            "terms version",
            "document": "tenant kind id state version",
            "part": "tenant kind document id sort open body",
            "holding": "tenant aggregate pool holder state",
            "enrollment": "tenant learner content pool status level locked since until",
            "event": "tenant kind aggregate sequence type at body",
            "card": "tenant customer person name email",
            "command": "tenant idempotency_key fingerprint answer",
        }.items()
    }
)
"""The tables of revision 0001."""
_LAST: Final[_Columns] = FrozenMap(
    {table.name: frozenset(column.name for column in table.columns) for table in METADATA.sorted_tables}
)
"""The tables of the last revision."""
_OF_REVISION: Final[Mapping[str | None, _Columns]] = FrozenMap({None: {}, "0001": _FIRST, REVISIONS[-1]: _LAST})
"""The tables by revision."""
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


@frozen(kw_only=True)
class TableNamesTaken(LicensingError):
    """There are tables that somebody else made under names that the tables of the library have.

    Attributes:
        tables: Their names, sorted.
    """

    code: ClassVar[str] = "store.table_names_taken"
    tables: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"the database has tables of other makers under names that are needed: {', '.join(self.tables)}; nothing "
            "was changed; use another database, or on PostgreSQL another schema (search_path), or rename these tables"
        )


def revision_of(connection: Connection) -> str | None:
    """The revision that the tables are of; `None` when there are none, whatever others made under their names."""
    return _revision(connection, _there(connection))


def make_tables(connection: Connection) -> None:
    """Make the tables of the last revision where there are none, and note it; `SqlStore.create()` does it.

    Raises:
        MigrationNeeded: There are tables of another revision.
        TableNamesTaken: There are tables of others under these names; nothing is changed then.
    """
    found = begun(connection, making=True)
    if found not in (None, REVISIONS[-1]):
        raise MigrationNeeded(found=str(found), needed=REVISIONS[-1])
    if found is None:
        METADATA.create_all(connection, checkfirst=False)
        connection.execute(VERSION.insert(), {"version_num": REVISIONS[-1]})


def begun(connection: Connection, *, making: bool = False) -> str | None:
    """The revision of the tables, which is noted from now on, and is not changed by anybody else until the commit.

    Args:
        connection: As for `migrating.upgrade()`.
        making: Whether tables are to be made, so that their names must be free.

    Raises:
        MigrationNeeded: This version of the library does not know it.
        TableNamesTaken: They are not free; nothing is changed then.
    """
    if not connection.in_transaction():
        connection.begin()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    elif not getattr(connection.connection.dbapi_connection, "in_transaction", True):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver by itself begins nothing before tables are changed
    there = _there(connection)
    found = _revision(connection, there)
    if found is not None and found not in REVISIONS:
        raise MigrationNeeded(found=found, needed=REVISIONS[-1])
    taken = _LAST.keys() & there.keys() - _OF_REVISION[found].keys()
    if making and taken:
        raise TableNamesTaken(tables=tuple(sorted(taken)))
    if VERSION.name not in there:
        VERSION.create(connection, checkfirst=False)
    if found != _marked(connection, there):
        connection.execute(VERSION.insert(), {"version_num": found})
    return found


def _there(connection: Connection) -> _Columns:
    """The tables and views in the schema that is worked in, of those whose names are asked about."""
    names: set[str] = {*_LAST, VERSION.name}
    found, schema = inspect(connection), None
    if connection.dialect.name == "postgresql":  # whose search path may lead to other schemas, too
        schema = connection.scalar(text("SELECT current_schema()"))
    else:  # where upper and lower case are the same
        names = {name for name in (*found.get_table_names(), *found.get_view_names()) if name.lower() in names}
    columns = found.get_multi_columns(schema, sorted(names), kind=ObjectKind.ANY) if names else {}
    return {name.lower(): frozenset(one["name"] for one in some) for (_, name), some in columns.items()}


def _revision(connection: Connection, there: _Columns) -> str | None:
    return _marked(connection, there) or _unmarked(there)


def _marked(connection: Connection, there: _Columns) -> str | None:
    noted: Any = connection.scalar(select(VERSION)) if VERSION.name in there else None
    return None if noted is None else str(noted)


def _unmarked(there: _Columns) -> str | None:
    """The revision of tables that were made before it was noted, or by `METADATA` alone: all of them, with all columns.

    A revision has all tables of the one before, but not the same columns.
    """
    for revision in reversed(REVISIONS):
        if all(there.get(name) == columns for name, columns in _OF_REVISION[revision].items()):
            return revision
    return None
