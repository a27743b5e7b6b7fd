"""The tables. Every key begins with the tenant; instants are microseconds since 1970 in UTC, values canonical JSON."""

from collections.abc import Iterable
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
    literal_column,
)

from licensing_core.adapters.parts import SORTS, Sort
from licensing_core.checks import MAX_COUNT
from licensing_core.protocols import AggregateKind

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


def _one_of(name: str, choices: Iterable[str]) -> Column[str]:
    return Column(name, Text(), CheckConstraint(f"{name} IN ({_listed(choices)})"), nullable=False)


def _listed(choices: Iterable[str]) -> str:
    return ", ".join(f"'{one}'" for one in choices)


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
    Column("suspended", Integer(), CheckConstraint("suspended IN (0, 1)"), nullable=False, autoincrement=False),
    Column("terms", Text()),
    Column("version", Integer(), CheckConstraint(f"version BETWEEN 1 AND {MAX_COUNT}")),
    PrimaryKeyConstraint("tenant", "aggregate", "id"),
    CheckConstraint("held <= consumed"),
)
"""Purchased pools, whose *aggregate* is their own id, and those of accounts, which have no version of their own."""

DOCUMENT: Final = _table(
    "document",
    _id("tenant"),
    _one_of("kind", AggregateKind),
    _id("id"),
    Column("state", Text(), nullable=False),
    _count("version", 1),
    PrimaryKeyConstraint("tenant", "kind", "id"),
)
"""License accounts without their pools, usage without its places, credits without their grants and orders, accounts of
customers without their bills and people, and numbers."""

PART: Final = _table(
    "part",
    _id("tenant"),
    _one_of("kind", AggregateKind),
    _id("document"),
    _id("id"),
    _one_of("sort", Sort),
    Column("open", Integer(), CheckConstraint("open IN (0, 1)"), nullable=False, autoincrement=False),
    Column("body", Text(), nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "document", "sort", "id"),
    ForeignKeyConstraint(["tenant", "kind", "document"], ["document.tenant", "document.kind", "document.id"]),
    CheckConstraint(
        " OR ".join(f"kind = '{kind}' AND sort IN ({_listed(sorts)})" for kind, sorts in SORTS.items() if sorts)
    ),
)
"""What is used in a place, a grant, an order, a bill, or a person. Those that are open are read with their document."""
OPEN: Final = PART.c.open == literal_column("1")
"""Is open, said such that the index below is found."""
Index(
    "part_open",
    *(PART.c[name] for name in ("tenant", "kind", "document", "sort", "id")),
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)

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
    _one_of("kind", AggregateKind),
    _id("aggregate"),
    _count("sequence", 1),
    Column("type", Text(), nullable=False),
    Column("at", Micros, nullable=False),
    Column("body", Text(), nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "aggregate", "sequence"),
)
"""The history: appended to, never changed. Its key is also what makes an id belong to one aggregate of a kind only."""
LATEST_FIRST: Final = (EVENT.c.at.desc(), EVENT.c.aggregate, EVENT.c.sequence.desc())
"""The order in which the last events of a kind are told."""
Index("event_latest_first", EVENT.c.tenant, EVENT.c.kind, *LATEST_FIRST)

CARD: Final = _table(
    "card",
    _id("tenant"),
    _id("customer"),
    Column("person", Text(), CheckConstraint("length(person) BETWEEN 0 AND 64"), nullable=False),
    Column("name", Text(), CheckConstraint("length(name) BETWEEN 1 AND 200"), nullable=False),
    Column("email", Text(), CheckConstraint("length(email) BETWEEN 3 AND 254"), nullable=False),
    PrimaryKeyConstraint("tenant", "customer", "person"),
)
"""Names and e-mail addresses, which stand nowhere else; *person* is empty for the customer itself."""
Index("card_of_email", CARD.c.tenant, CARD.c.email, CARD.c.person, CARD.c.customer)

COMMAND: Final = _table(
    "command",
    _id("tenant"),
    _id("idempotency_key"),
    Column("fingerprint", Text(), nullable=False),
    Column("answer", Text(), nullable=False),
    PrimaryKeyConstraint("tenant", "idempotency_key"),
)
"""What each key was used for, and the answer that was given."""
