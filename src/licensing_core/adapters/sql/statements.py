"""The statements of a unit of work, made once. Their parameters begin with `of_`, or are columns to be written.

What is loaded by its id to be changed is locked until the unit of work ends (`Locking`); one for reading takes no lock.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    text,
    union,
    union_all,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.visitors import InternalTraversal

from licensing_core.adapters.sql.schema import (
    ACTOR,
    CARD,
    COMMAND,
    DOCUMENT,
    EARLIEST_FIRST,
    ENROLLMENT,
    EVENT,
    HOLDING,
    LATEST_FIRST,
    OPEN,
    OUTBOX,
    PART,
    POOL,
)
from licensing_core.protocols import AggregateKind


def _of(table: Table, *names: str) -> tuple[Any, ...]:
    """The columns of these *names* are as the parameters of the same names say."""
    return tuple(table.c[name] == bindparam(f"of_{name}") for name in names)


class _Among(ColumnElement[bool]):
    """Whether a column is one of many ids: of a list that PostgreSQL takes as one parameter, and SQLite one by one."""

    inherit_cache = True
    _traverse_internals = [("listed", InternalTraversal.dp_clauseelement)]
    type = Boolean()
    _is_implicitly_boolean = True  # else SQLite is given `... = 1`, for which it goes through all rows

    def __init__(self, column: ColumnElement[str], name: str) -> None:
        self.listed = column.in_(bindparam(name, expanding=True))


@compiles(_Among)
def _one_by_one(element: _Among, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.listed, **more))


@compiles(_Among, "postgresql")
def _as_one(element: _Among, compiler: Any, **more: Any) -> str:
    column, ids = element.listed.left, element.listed.right
    return f"{compiler.process(column, **more)} = ANY(%({ids.key})s::TEXT[])"


def _among(column: Any, name: str) -> Any:
    return _Among(column, f"of_{name}")


def _after(column: Any) -> tuple[Any, Any]:
    """What comes after a place in a list, and how much of it; the empty string comes before all ids."""
    return column > bindparam("of_after"), bindparam("of_most")


class Locking(NamedTuple):
    """A statement that loads something to read it, and the same to change it."""

    read: Select[Any]
    change: Select[Any]


def _locking(statement: Select[Any], table: Table) -> Locking:
    return Locking(statement, statement.with_for_update(of=table, key_share=True))


_PURCHASED: Final = POOL.c.version.is_not(None)
_A_POOL: Final = ("tenant", "aggregate")
_A_DOCUMENT: Final = ("tenant", "kind", "id")
_A_PART: Final = ("tenant", "kind", "document")
_HISTORY: Final = ("tenant", "kind", "aggregate")

# Pools and holdings

POOL_OF_ID: Final = _locking(select(POOL).where(*_of(POOL, *_A_POOL, "id"), _PURCHASED), POOL)
POOLS_OF_ACCOUNT: Final = select(POOL).where(*_of(POOL, *_A_POOL)).order_by(POOL.c.id)
_next_pool, _many_pools = _after(POOL.c.aggregate)
POOLS: Final = (
    select(POOL).where(*_of(POOL, "tenant"), _next_pool, _PURCHASED).order_by(POOL.c.aggregate).limit(_many_pools)
)
"""A purchased pool has the id of its aggregate."""
_together: Final = (HOLDING.c.tenant == POOL.c.tenant) & (HOLDING.c.aggregate == POOL.c.aggregate)
LICENSES: Final = (
    select(POOL, HOLDING.c.state)
    .join(HOLDING, _together & (HOLDING.c.pool == POOL.c.id))
    .where(*_of(HOLDING, "tenant", "holder"), _PURCHASED, POOL.c.kind == literal_column("'licenses'"))
    .order_by(POOL.c.id)
)
LICENSE_ACCOUNTS: Final = (
    select(HOLDING.c.aggregate)
    .join(POOL, _together & (HOLDING.c.pool == POOL.c.id))
    .where(*_of(HOLDING, "tenant", "holder"), POOL.c.version.is_(None))
    .distinct()
    .order_by(HOLDING.c.aggregate)
)
_held: Final = select(HOLDING.c.pool, HOLDING.c.holder, HOLDING.c.state).where(
    *_of(HOLDING, *_A_POOL), _among(HOLDING.c.pool, "pools")
)
HOLDINGS: Final = _held
HOLDINGS_OF: Final = _held.where(_among(HOLDING.c.holder, "users"))
_next_holder, _many_holders = _after(HOLDING.c.holder)
HOLDERS: Final = (
    select(HOLDING.c.holder, HOLDING.c.state)
    .where(*_of(HOLDING, *_A_POOL, "pool"), _next_holder)
    .order_by(HOLDING.c.holder)
    .limit(_many_holders)
)
CHANGE_POOL: Final = update(POOL).where(*_of(POOL, *_A_POOL, "id", "version"))
CHANGE_TYPE: Final = update(POOL).where(*_of(POOL, *_A_POOL, "id"))
KEEP_HOLDING: Final = text(
    "INSERT INTO holding (tenant, aggregate, pool, holder, state)"
    " VALUES (:of_tenant, :of_aggregate, :of_pool, :of_holder, :of_state)"
    " ON CONFLICT (tenant, aggregate, pool, holder) DO UPDATE SET state = excluded.state"
)
DROP_HOLDING: Final = delete(HOLDING).where(*_of(HOLDING, *_A_POOL, "pool", "holder"))

# Documents and their parts

DOCUMENT_OF: Final = _locking(select(DOCUMENT).where(*_of(DOCUMENT, *_A_DOCUMENT)), DOCUMENT)
_next_document, _many_documents = _after(DOCUMENT.c.id)
DOCUMENTS: Final = (
    select(DOCUMENT)
    .where(*_of(DOCUMENT, "tenant", "kind"), _next_document)
    .order_by(DOCUMENT.c.id)
    .limit(_many_documents)
)
PAYMENTS_DUE: Final = (
    select(DOCUMENT.c.id)
    .where(
        *_of(DOCUMENT, "tenant"),
        DOCUMENT.c.kind == literal_column(f"'{AggregateKind.PAYMENTS}'"),
        DOCUMENT.c.due <= bindparam("of_due"),
        _next_document,
    )
    .order_by(DOCUMENT.c.id)
    .limit(_many_documents)
)
CHANGE_DOCUMENT: Final = update(DOCUMENT).where(*_of(DOCUMENT, *_A_DOCUMENT, "version"))
PARTS: Final = select(PART).where(*_of(PART, *_A_PART), _among(PART.c.sort, "sorts"))
PARTS_OF: Final = PARTS.where(_among(PART.c.id, "ids"))
PARTS_OPEN: Final = PARTS.where(
    PART.c.id.in_(select(PART.c.id).where(*_of(PART, *_A_PART), _among(PART.c.sort, "sorts"), OPEN).correlate(None))
)
DROP_PARTS: Final = delete(PART).where(*_of(PART, *_A_PART, "sort", "id"))
CLOSE_PART: Final = update(PART).where(*_of(PART, *_A_PART, "sort", "id"), OPEN).values(open=literal_column("0"))

# Enrollments

ENROLLMENTS: Final = select(ENROLLMENT).where(*_of(ENROLLMENT, "tenant"))
ENROLLMENTS_OF: Final = ENROLLMENTS.where(_among(ENROLLMENT.c.learner, "users"))
DROP_ENROLLMENT: Final = delete(ENROLLMENT).where(*_of(ENROLLMENT, "tenant", "learner", "content"))

# Cards and actors

CARD_OF: Final = select(CARD).where(*_of(CARD, "tenant", "customer", "person"))
DROP_CARD: Final = delete(CARD).where(*_of(CARD, "tenant", "customer", "person"))
CUSTOMERS_OF: Final = (
    select(CARD.c.customer)
    .where(*_of(CARD, "tenant", "email"), CARD.c.person == literal_column("''"))
    .order_by(CARD.c.customer)
)
_CUSTOMER: Final = PART.c.document.label("customer")
CUSTOMERS_WITH: Final = union(
    select(CARD.c.customer).where(*_of(CARD, "tenant", "person")),
    select(_CUSTOMER).where(
        PART.c.tenant == bindparam("of_tenant"),
        PART.c.id == bindparam("of_person"),
        PART.c.sort == literal_column("'person'"),
    ),
    select(DOCUMENT.c.id).where(
        DOCUMENT.c.tenant == bindparam("of_tenant"), DOCUMENT.c.administrator == bindparam("of_person")
    ),
)
_actor: Final = select(ACTOR).where(*_of(ACTOR, "tenant", "id"))
ACTOR_OF: Final = Locking(_actor, _actor.with_for_update(read=True))
"""Many may rely on what somebody may do; who takes it away waits for all of them."""
DROP_ACTOR: Final = delete(ACTOR).where(*_of(ACTOR, "tenant", "id")).returning(ACTOR.c.id)
KEEP_ACTOR: Final = text(
    "INSERT INTO actor (tenant, id, state) VALUES (:of_tenant, :of_id, :of_state)"
    " ON CONFLICT (tenant, id) DO UPDATE SET state = excluded.state WHERE actor.state <> excluded.state"
    " RETURNING id"
)
"""Both tell whether they changed anything. The row stays while it is replaced, for those who wait to rely on it."""

# Histories, the outbox, and keys

BEGUN: Final = select(EVENT.c.sequence).where(*_of(EVENT, *_HISTORY)).limit(literal_column("1"))
LAST_LINK: Final = select(EVENT.c.digest).where(*_of(EVENT, *_HISTORY, "sequence"))
_later: Final = select(EVENT).where(*_of(EVENT, *_HISTORY), EVENT.c.sequence > bindparam("of_after"))
HISTORY: Final = _later.order_by(EVENT.c.sequence)
SOME_HISTORY: Final = HISTORY.limit(bindparam("of_most"))
RECENT: Final = select(EVENT).where(*_of(EVENT, "tenant", "kind")).order_by(*LATEST_FIRST).limit(bindparam("of_most"))
_one_of: Final = ("tenant", "kind", "aggregate")
_first: Final = (
    select(OUTBOX).where(*_of(OUTBOX, "tenant")).order_by(*EARLIEST_FIRST).limit(bindparam("of_most")).subquery()
)
WAITING: Final = (
    select(EVENT)
    .join(_first, and_(*(EVENT.c[name] == _first.c[name] for name in (*_one_of, "sequence"))))
    .order_by(_first.c.at, _first.c.kind, _first.c.aggregate, _first.c.sequence)
)
LET_WAIT: Final = text(
    "INSERT INTO outbox (tenant, kind, aggregate, sequence, at)"
    " VALUES (:of_tenant, :of_kind, :of_aggregate, :of_sequence, (SELECT max(times.at) FROM"
    " (SELECT CAST(:of_at AS BIGINT) AS at UNION ALL SELECT last.at FROM outbox AS last"
    " WHERE last.tenant = :of_tenant AND last.kind = :of_kind AND last.aggregate = :of_aggregate"
    " AND last.sequence = :of_before) AS times))"
)
"""An event that was dated back waits as long as the one before it."""
HANDED_OVER: Final = delete(OUTBOX).where(*_of(OUTBOX, *_one_of, "sequence"))
RECALL: Final = select(COMMAND).where(*_of(COMMAND, "tenant", "idempotency_key"))

INSERT: Final[Mapping[Table, Insert]] = {
    table: insert(table) for table in (CARD, COMMAND, DOCUMENT, ENROLLMENT, EVENT, HOLDING, PART, POOL)
}
"""Into each table."""

_OF_LICENSES: Final = bindparam("of_kind", type_=Text()) == literal_column(f"'{AggregateKind.LICENSES.value}'")


def _each_once(column: ColumnElement[str], *conditions: ColumnElement[bool]) -> Select[Any]:
    """The values of *column*, the second half of what an index begins with, each looked up by the one before it."""

    def following(before: ColumnElement[str]) -> ScalarSelect[str]:
        later = select(column).where(*conditions, column > before).order_by(column)
        return later.limit(literal_column("1")).scalar_subquery()

    found = select(following(bindparam("of_after")).label("id"), literal_column("1").label("number")).cte(
        recursive=True
    )
    more = found.c.id.is_not(None) & (found.c.number < bindparam("of_most"))
    found = found.union_all(select(following(found.c.id), found.c.number + literal_column("1")).where(more))
    return select(found.c.id).where(found.c.id.is_not(None))


_parts: Final = (
    _each_once(POOL.c.aggregate, *_of(POOL, "tenant"), _OF_LICENSES),
    _each_once(DOCUMENT.c.id, *_of(DOCUMENT, "tenant", "kind")),
    _each_once(EVENT.c.aggregate, *_of(EVENT, "tenant", "kind")),
)
STORED_IDS: Final = union(*_parts).order_by("id").limit(bindparam("of_most"))
"""Ids of the aggregates of a kind, and of those of which there is nothing but pools, or events, the first or others."""
HEAD: Final = union_all(
    select(POOL.c.version, POOL.c.digest).where(*_of(POOL, *_A_POOL), _PURCHASED, _OF_LICENSES),
    select(DOCUMENT.c.version, DOCUMENT.c.digest).where(
        *_of(DOCUMENT, "tenant", "kind"), DOCUMENT.c.id == bindparam("of_aggregate")
    ),
)
"""Version and last digest, as they stand with the aggregate itself."""
