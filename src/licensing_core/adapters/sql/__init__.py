"""A store in an SQL database, over SQLAlchemy Core; it comes with the extra `sql`, and `postgres` for PostgreSQL.

`SqlStore("sqlite:///licenses.db")` for threads, `AsyncSqlStore("sqlite:///licenses.db")` for tasks, or a URL such as
`postgresql+psycopg://user@host/database`; both use the same tables, which `create()` makes.
"""

from licensing_core.adapters.sql.asynchronous import AsyncSqlStore
from licensing_core.adapters.sql.refusals import UnsupportedDatabase
from licensing_core.adapters.sql.revisions import MigrationNeeded, TableNamesTaken
from licensing_core.adapters.sql.schema import METADATA
from licensing_core.adapters.sql.sync import SqlStore
from licensing_core.adapters.sql.work import SqlUnitOfWork

__all__ = [
    "METADATA",
    "AsyncSqlStore",
    "MigrationNeeded",
    "SqlStore",
    "SqlUnitOfWork",
    "TableNamesTaken",
    "UnsupportedDatabase",
]
