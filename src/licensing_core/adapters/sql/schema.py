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
Bytewise: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared and sorted byte by byte, as SQLite does by itself."""


def _table(name: str, *parts: Any) -> Table:
    return Table(name, METADATA, *parts, sqlite_strict=True)


def _id(name: str) -> Column[str]:
    return Column(name, Bytewise, CheckConstraint(f"length({name}) BETWEEN 1 AND 64"), nullable=False)


def _count(name: str, least: int = 0) -> Column[int]:
    bounds = CheckConstraint(f"{name} BETWEEN {least} AND {MAX_COUNT}")
    return Column(name, Integer(), bounds, nullable=False, autoincrement=False)


def _digest(*, nullable: bool = False) -> Column[str]:
    return Column("digest", Bytewise, CheckConstraint("length(digest) = 64"), nullable=nullable)


def _one_of(name: str, choices: Iterable[str]) -> Column[str]:
    return Column(name, Bytewise, CheckConstraint(f"{name} IN ({_listed(choices)})"), nullable=False)


def _listed(choices: Iterable[str]) -> str:
    return ", ".join(f"'{one}'" for one in choices)


POOL: Final = _table(
    "pool",
    _id("tenant"),
    _id("aggregate"),
    _id("id"),
    Column("kind", Bytewise, CheckConstraint("kind IN ('licenses', 'seats')"), nullable=False),
    Column("beneficiary", Bytewise, nullable=False),
    _count("bought"),
    _count("consumed"),
    _count("held"),
    Column("expires_at", Micros),
    _count("renewals"),
    _count("revoked"),
    Column("suspended", Integer(), CheckConstraint("suspended IN (0, 1)"), nullable=False, autoincrement=False),
    Column("terms", Bytewise),
    Column("version", Integer(), CheckConstraint(f"version BETWEEN 1 AND {MAX_COUNT}")),
    _digest(nullable=True),
    PrimaryKeyConstraint("tenant", "aggregate", "id"),
    CheckConstraint("held <= consumed"),
    CheckConstraint("(version IS NULL) = (digest IS NULL)"),
    CheckConstraint("CASE WHEN version IS NULL THEN kind = 'licenses' ELSE id = aggregate END"),
)
"""Purchased pools, whose *aggregate* is their own id, and those of accounts, which have no version of their own."""

DOCUMENT: Final = _table(
    "document",
    _id("tenant"),
    _one_of("kind", AggregateKind),
    _id("id"),
    Column("state", Bytewise, nullable=False),
    _count("version", 1),
    _digest(),
    Column("administrator", Bytewise, CheckConstraint("length(administrator) BETWEEN 1 AND 64")),
    Column("due", Micros),
    PrimaryKeyConstraint("tenant", "kind", "id"),
    CheckConstraint(f"administrator IS NULL OR kind = '{AggregateKind.CUSTOMERS}'"),
    CheckConstraint(f"due IS NULL OR kind = '{AggregateKind.PAYMENTS}'"),
)
"""License accounts without their pools, usage without its places, credits without their grants and orders, accounts of
customers without their bills and people, numbers, and payments. The administrator of a customer, and when a gateway is
to be asked about a payment, stand in their states, too."""
_ADMINISTERED: Final = DOCUMENT.c.administrator.is_not(None)
Index(
    "document_of_administrator",
    *(DOCUMENT.c[name] for name in ("tenant", "administrator", "id")),
    sqlite_where=_ADMINISTERED,
    postgresql_where=_ADMINISTERED,
)
_DUE: Final = DOCUMENT.c.due.is_not(None)
Index(
    "document_due",
    *(DOCUMENT.c[name] for name in ("tenant", "id", "due")),
    sqlite_where=_DUE,
    postgresql_where=_DUE,
)

PART: Final = _table(
    "part",
    _id("tenant"),
    _one_of("kind", [kind for kind in AggregateKind if kind is not AggregateKind.PAYMENTS]),
    _id("document"),
    _id("id"),
    _one_of("sort", Sort),
    Column("open", Integer(), CheckConstraint("open IN (0, 1)"), nullable=False, autoincrement=False),
    Column("body", Bytewise, nullable=False),
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
_OF_PERSON: Final = PART.c.sort == literal_column("'person'")
Index("part_of_person", PART.c.tenant, PART.c.id, sqlite_where=_OF_PERSON, postgresql_where=_OF_PERSON)

HOLDING: Final = _table(
    "holding",
    _id("tenant"),
    _id("aggregate"),
    _id("pool"),
    _id("holder"),
    Column("state", Bytewise, CheckConstraint("state IN ('held', 'awaiting')"), nullable=False),
    PrimaryKeyConstraint("tenant", "aggregate", "pool", "holder"),
    ForeignKeyConstraint(["tenant", "aggregate", "pool"], ["pool.tenant", "pool.aggregate", "pool.id"]),
)
"""One row for each license that is held or awaits confirmation."""
Index("holding_of_holder", HOLDING.c.tenant, HOLDING.c.holder)

ENROLLMENT: Final = _table(
    "enrollment",
    _id("tenant"),
    _id("learner"),
    Column("content", Bytewise, CheckConstraint("length(content) BETWEEN 8 AND 78"), nullable=False),
    _id("pool"),
    Column("status", Bytewise, CheckConstraint("status IN ('to_confirm', 'enrolled')"), nullable=False),
    Column("level", Bytewise, CheckConstraint("length(level) BETWEEN 1 AND 64")),
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
    Column("type", Bytewise, nullable=False),
    _count("schema", 1),
    Column("at", Micros, nullable=False),
    Column("body", Bytewise, nullable=False),
    _digest(),
    PrimaryKeyConstraint("tenant", "kind", "aggregate", "sequence"),
)
"""The history: appended to, never changed. Its key is also what makes an id belong to one aggregate of a kind only."""
LATEST_FIRST: Final = (EVENT.c.at.desc(), EVENT.c.aggregate, EVENT.c.sequence.desc())
"""The order in which the last events of a kind are told."""
Index("event_latest_first", EVENT.c.tenant, EVENT.c.kind, *LATEST_FIRST)

OUTBOX: Final = _table(
    "outbox",
    _id("tenant"),
    _one_of("kind", AggregateKind),
    _id("aggregate"),
    _count("sequence", 1),
    Column("at", Micros, nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "aggregate", "sequence"),
)
"""Which events nobody was handed over yet; *at* is never before that of the event before, if that one waits, too."""
EARLIEST_FIRST: Final = (OUTBOX.c.at, OUTBOX.c.kind, OUTBOX.c.aggregate, OUTBOX.c.sequence)
"""The order in which they are handed over."""
Index("outbox_earliest_first", OUTBOX.c.tenant, *EARLIEST_FIRST)

ACTOR: Final = _table(
    "actor",
    _id("tenant"),
    _id("id"),
    Column("state", Bytewise, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
"""What somebody may do, where the host leaves it to the store."""

CARD: Final = _table(
    "card",
    _id("tenant"),
    _id("customer"),
    Column("person", Bytewise, CheckConstraint("length(person) BETWEEN 0 AND 64"), nullable=False),
    Column("name", Bytewise, CheckConstraint("length(name) BETWEEN 1 AND 200"), nullable=False),
    Column("email", Bytewise, CheckConstraint("length(email) BETWEEN 3 AND 254"), nullable=False),
    PrimaryKeyConstraint("tenant", "customer", "person"),
)
"""Names and e-mail addresses, which stand nowhere else; *person* is empty for the customer itself."""
Index("card_of_email", CARD.c.tenant, CARD.c.email, CARD.c.person, CARD.c.customer)
Index("card_of_person", CARD.c.tenant, CARD.c.person, CARD.c.customer)

COMMAND: Final = _table(
    "command",
    _id("tenant"),
    _id("idempotency_key"),
    Column("fingerprint", Bytewise, nullable=False),
    Column("answer", Bytewise, nullable=False),
    PrimaryKeyConstraint("tenant", "idempotency_key"),
)
"""What each key was used for, and the answer that was given."""
