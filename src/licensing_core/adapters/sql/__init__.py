"""A store in an SQL database, over SQLAlchemy Core; it comes with the extra `sql`.

`SqlStore("sqlite:///licenses.db")` for threads, `AsyncSqlStore("sqlite:///licenses.db")` for tasks; both use the same
tables, which `create()` makes. This version works with SQLite only.
"""

from licensing_core.adapters.sql.asynchronous import AsyncSqlStore, AsyncSqlUnitOfWork
from licensing_core.adapters.sql.schema import METADATA
from licensing_core.adapters.sql.sqlite import UnsupportedDatabase
from licensing_core.adapters.sql.sync import SqlStore
from licensing_core.adapters.sql.work import SqlUnitOfWork

__all__ = ["METADATA", "AsyncSqlStore", "AsyncSqlUnitOfWork", "SqlStore", "SqlUnitOfWork", "UnsupportedDatabase"]
