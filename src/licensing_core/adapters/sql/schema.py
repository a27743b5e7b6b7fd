"""The tables. Every key begins with the tenant; instants are microseconds since 1970 in UTC, values canonical JSON."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from licensing_core.checks import MAX_COUNT

METADATA: Final = MetaData()
Micros: Final = BigInteger().with_variant(Integer(), "sqlite")
"""An instant; the INTEGER of SQLite has 64 bits."""


def _table(name: str, *parts: Any) -> Table:
    return Table(name, METADATA, *parts, sqlite_strict=True)


def _id(name: str) -> Column[str]:
    return Column(name, Text(), CheckConstraint(f"length({name}) BETWEEN 1 AND 64"), nullable=False)


def _count(name: str, least: int = 0) -> Column[int]:
    bounds = CheckConstraint(f"{name} BETWEEN {least} AND {MAX_COUNT}")
    return Column(name, Integer(), bounds, nullable=False, autoincrement=False)


POOL: Final = _table(
    "pool",
    _id("tenant"),
    _id("aggregate"),
    _id("id"),
    Column("kind", Text(), CheckConstraint("kind IN ('licenses', 'seats')"), nullable=False),
    Column("beneficiary", Text(), nullable=False),
    _count("bought"),
    _count("consumed"),
    _count("held"),
    Column("expires_at", Micros),
    _count("renewals"),
    _count("revoked"),
    Column("terms", Text()),
    Column("version", Integer(), CheckConstraint(f"version BETWEEN 1 AND {MAX_COUNT}")),
    PrimaryKeyConstraint("tenant", "aggregate", "id"),
    CheckConstraint("held <= consumed"),
)
"""Purchased pools, whose *aggregate* is their own id, and those of accounts, which have no version of their own."""

ACCOUNT: Final = _table(
    "account",
    _id("tenant"),
    _id("id"),
    Column("state", Text(), nullable=False),
    _count("version", 1),
    PrimaryKeyConstraint("tenant", "id"),
)
"""Accounts without their pools."""

HOLDING: Final = _table(
    "holding",
    _id("tenant"),
    _id("aggregate"),
    _id("pool"),
    _id("holder"),
    Column("state", Text(), CheckConstraint("state IN ('held', 'awaiting')"), nullable=False),
    PrimaryKeyConstraint("tenant", "aggregate", "pool", "holder"),
    ForeignKeyConstraint(["tenant", "aggregate", "pool"], ["pool.tenant", "pool.aggregate", "pool.id"]),
)
"""One row for each license that is held or awaits confirmation."""
Index("holding_of_holder", HOLDING.c.tenant, HOLDING.c.holder)

ENROLLMENT: Final = _table(
    "enrollment",
    _id("tenant"),
    _id("learner"),
    Column("content", Text(), CheckConstraint("length(content) BETWEEN 8 AND 78"), nullable=False),
    _id("pool"),
    Column("status", Text(), CheckConstraint("status IN ('to_confirm', 'enrolled')"), nullable=False),
    Column("level", Text(), CheckConstraint("length(level) BETWEEN 1 AND 64")),
    Column("locked", Integer(), CheckConstraint("locked IN (0, 1)"), nullable=False, autoincrement=False),
    Column("since", Micros),
    Column("until", Micros),
    PrimaryKeyConstraint("tenant", "learner", "content"),
)
"""One row for each user and content, whichever pool it came through: nobody is enrolled twice."""

EVENT: Final = _table(
    "event",
    _id("tenant"),
    _id("aggregate"),
    _count("sequence", 1),
    Column("type", Text(), nullable=False),
    Column("at", Micros, nullable=False),
    Column("body", Text(), nullable=False),
    PrimaryKeyConstraint("tenant", "aggregate", "sequence"),
)
"""The history: appended to, never changed. Its key is also what makes an id belong to one pool or account only."""

COMMAND: Final = _table(
    "command",
    _id("tenant"),
    _id("idempotency_key"),
    Column("fingerprint", Text(), nullable=False),
    Column("answer", Text(), nullable=False),
    PrimaryKeyConstraint("tenant", "idempotency_key"),
)
"""What each key was used for, and the answer that was given."""
