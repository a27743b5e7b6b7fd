"""Histories are chained, events wait in an outbox, customers are found by their administrators, and actors are kept.

The events that are there already are chained now, and do not go into the outbox: nobody waits for them any more. On
PostgreSQL texts are compared byte by byte, as they are on SQLite. The way back takes outbox, actors and payments away.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from alembic.operations import Operations
from sqlalchemy import Connection, Row, text

from licensing_core.adapters.sql.migrations.running import bind_of, on_sqlite, run
from licensing_core.adapters.sql.migrations.versions import _0001
from licensing_core.protocols import BrokenHistory

revision: Final = "0002"
down_revision: Final = "0001"

_SCHEMA: Final = 1
"""The version of the fields of all events until now."""
_AT_ONCE: Final = 500
"""How many events are written at a time."""
_TEXTS: Final = {
    "pool": ("tenant", "aggregate", "id", "kind", "beneficiary", "terms"),
    "document": ("tenant", "kind", "id", "state"),
    "part": ("tenant", "kind", "document", "id", "sort", "body"),
    "holding": ("tenant", "aggregate", "pool", "holder", "state"),
    "enrollment": ("tenant", "learner", "content", "pool", "status", "level"),
    "event": ("tenant", "kind", "aggregate", "type", "body"),
    "card": ("tenant", "customer", "person", "name", "email"),
    "command": ("tenant", "idempotency_key", "fingerprint", "answer"),
}
_NEW: Final = """
CREATE TABLE outbox (
    tenant BYTEWISE NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    kind BYTEWISE NOT NULL CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers', 'payments')),
    aggregate BYTEWISE NOT NULL CHECK (length(aggregate) BETWEEN 1 AND 64),
    sequence INTEGER NOT NULL CHECK (sequence BETWEEN 1 AND 2147483647),
    at INSTANT NOT NULL,
    PRIMARY KEY (tenant, kind, aggregate, sequence)
) TABLE;
CREATE INDEX outbox_earliest_first ON outbox (tenant, at, kind, aggregate, sequence);
CREATE TABLE actor (
    tenant BYTEWISE NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    id BYTEWISE NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
    state BYTEWISE NOT NULL,
    PRIMARY KEY (tenant, id)
) TABLE;
CREATE INDEX part_of_person ON part (tenant, id) WHERE sort = 'person';
CREATE INDEX document_of_administrator ON document (tenant, administrator, id) WHERE administrator IS NOT NULL;
CREATE INDEX document_due ON document (tenant, id, due) WHERE due IS NOT NULL;
CREATE INDEX card_of_person ON card (tenant, person, customer);
"""
_OLD_AGAIN: Final = """
DROP INDEX card_of_person;
DROP INDEX document_due;
DROP INDEX document_of_administrator;
DROP INDEX part_of_person;
DROP TABLE actor;
DROP TABLE outbox;
DELETE FROM event WHERE kind = 'payments';
DELETE FROM document WHERE kind = 'payments';
"""

_POOL: Final = """
CREATE TABLE pool (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    aggregate TEXT NOT NULL CHECK (length(aggregate) BETWEEN 1 AND 64),
    id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
    kind TEXT NOT NULL CHECK (kind IN ('licenses', 'seats')),
    beneficiary TEXT NOT NULL,
    bought INTEGER NOT NULL CHECK (bought BETWEEN 0 AND 2147483647),
    consumed INTEGER NOT NULL CHECK (consumed BETWEEN 0 AND 2147483647),
    held INTEGER NOT NULL CHECK (held BETWEEN 0 AND 2147483647),
    expires_at INSTANT,
    renewals INTEGER NOT NULL CHECK (renewals BETWEEN 0 AND 2147483647),
    revoked INTEGER NOT NULL CHECK (revoked BETWEEN 0 AND 2147483647),
    suspended INTEGER NOT NULL CHECK (suspended IN (0, 1)),
    terms TEXT,
    version INTEGER CHECK (version BETWEEN 1 AND 2147483647),
    digest TEXT CHECK (length(digest) = 64),
    PRIMARY KEY (tenant, aggregate, id),
    CHECK (held <= consumed),
    CHECK ((version IS NULL) = (digest IS NULL)),
    CHECK (CASE WHEN version IS NULL THEN kind = 'licenses' ELSE id = aggregate END)
) TABLE;
"""
_DOCUMENT: Final = """
CREATE TABLE document (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    kind TEXT NOT NULL CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers', 'payments')),
    id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
    state TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version BETWEEN 1 AND 2147483647),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    administrator TEXT CHECK (length(administrator) BETWEEN 1 AND 64),
    due INSTANT,
    PRIMARY KEY (tenant, kind, id),
    CHECK (administrator IS NULL OR kind = 'customers'),
    CHECK (due IS NULL OR kind = 'payments')
) TABLE;
"""
_EVENT: Final = """
CREATE TABLE event (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    kind TEXT NOT NULL CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers', 'payments')),
    aggregate TEXT NOT NULL CHECK (length(aggregate) BETWEEN 1 AND 64),
    sequence INTEGER NOT NULL CHECK (sequence BETWEEN 1 AND 2147483647),
    type TEXT NOT NULL,
    schema INTEGER NOT NULL CHECK (schema BETWEEN 1 AND 2147483647),
    at INSTANT NOT NULL,
    body TEXT NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    PRIMARY KEY (tenant, kind, aggregate, sequence)
) TABLE;
"""
_OF_OTHER_VERSION: Final = """
SELECT version FROM (
    SELECT tenant, kind, id, version FROM document
    UNION ALL SELECT tenant, 'licenses', id, version FROM pool WHERE version IS NOT NULL
) AS one
WHERE version <> coalesce((
    SELECT max(sequence) FROM event
    WHERE event.tenant = one.tenant AND event.kind = one.kind AND event.aggregate = one.id
), 0)
LIMIT 1
"""


def upgrade(op: Operations) -> None:
    if on_sqlite(op):
        _to_new_on_sqlite(op)
    else:
        _to_new_on_postgresql(op)
    run(op, _NEW)


def downgrade(op: Operations) -> None:
    run(op, _OLD_AGAIN)
    if on_sqlite(op):
        _to_old_on_sqlite(op)
    else:
        _to_old_on_postgresql(op)


def _to_new_on_postgresql(op: Operations) -> None:
    _compare(op, 'COLLATE "C"')
    run(
        op,
        """
        ALTER TABLE document DROP CONSTRAINT document_kind_check;
        ALTER TABLE document
            ADD CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers', 'payments'));
        ALTER TABLE event DROP CONSTRAINT event_kind_check;
        ALTER TABLE event
            ADD CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers', 'payments'));
        ALTER TABLE event
            ADD COLUMN schema INTEGER NOT NULL DEFAULT 1 CHECK (schema BETWEEN 1 AND 2147483647),
            ADD COLUMN digest BYTEWISE CHECK (length(digest) = 64);
        ALTER TABLE event ALTER COLUMN schema DROP DEFAULT;
        ALTER TABLE document
            ADD COLUMN digest BYTEWISE CHECK (length(digest) = 64),
            ADD COLUMN administrator BYTEWISE CHECK (length(administrator) BETWEEN 1 AND 64),
            ADD COLUMN due INSTANT;
        ALTER TABLE document ADD CHECK (administrator IS NULL OR kind = 'customers');
        ALTER TABLE document ADD CHECK (due IS NULL OR kind = 'payments');
        UPDATE document SET administrator = state::json #>> '{settings,administrator}' WHERE kind = 'customers';
        ALTER TABLE pool ADD COLUMN digest BYTEWISE CHECK (length(digest) = 64);
        """,
    )
    query = "SELECT tenant, kind, aggregate, sequence, type, at, body FROM event ORDER BY 1, 2, 3, 4"
    chained = text(
        "UPDATE event SET digest = :digest "
        "WHERE tenant = :tenant AND kind = :kind AND aggregate = :aggregate AND sequence = :sequence"
    )
    for some in _chained(bind_of(op), query):
        bind_of(op).execute(chained, some)
    _require_whole(bind_of(op))
    run(
        op,
        """
        ALTER TABLE event ALTER COLUMN digest SET NOT NULL;
        UPDATE document SET digest = (
            SELECT event.digest FROM event WHERE event.tenant = document.tenant AND event.kind = document.kind
            AND event.aggregate = document.id AND event.sequence = document.version
        );
        ALTER TABLE document ALTER COLUMN digest SET NOT NULL;
        UPDATE pool SET digest = (
            SELECT event.digest FROM event WHERE event.tenant = pool.tenant AND event.kind = 'licenses'
            AND event.aggregate = pool.id AND event.sequence = pool.version
        ) WHERE version IS NOT NULL;
        ALTER TABLE pool ADD CHECK ((version IS NULL) = (digest IS NULL));
        ALTER TABLE pool ADD CHECK (CASE WHEN version IS NULL THEN kind = 'licenses' ELSE id = aggregate END);
        """,
    )


def _to_old_on_postgresql(op: Operations) -> None:
    run(
        op,
        """
        ALTER TABLE event DROP COLUMN schema, DROP COLUMN digest;
        ALTER TABLE document DROP COLUMN digest, DROP COLUMN administrator, DROP COLUMN due;
        ALTER TABLE pool DROP CONSTRAINT pool_check2, DROP COLUMN digest;
        ALTER TABLE document DROP CONSTRAINT document_kind_check;
        ALTER TABLE document ADD CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers'));
        ALTER TABLE event DROP CONSTRAINT event_kind_check;
        ALTER TABLE event ADD CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers'));
        """,
    )
    _compare(op, 'COLLATE "default"')


def _compare(op: Operations, collation: str) -> None:
    for table, columns in _TEXTS.items():
        changes = ", ".join(f"ALTER COLUMN {name} TYPE TEXT {collation}" for name in columns)
        run(op, f"ALTER TABLE {table} {changes};")


# SQLite cannot change a table so: it is made anew. While one that others refer to is gone they refer to nothing, which
# is put up with until the transaction ends.


def _to_new_on_sqlite(op: Operations) -> None:
    run(
        op,
        """
        PRAGMA defer_foreign_keys = ON;
        DROP INDEX event_latest_first;
        ALTER TABLE event RENAME TO old;
        """,
        _EVENT,
    )
    query = "SELECT tenant, kind, aggregate, sequence, type, at, body FROM old ORDER BY 1, 2, 3, 4"
    chained = text(
        "INSERT INTO event (tenant, kind, aggregate, sequence, type, schema, at, body, digest) "
        "VALUES (:tenant, :kind, :aggregate, :sequence, :type, :schema, :at, :body, :digest)"
    )
    for some in _chained(bind_of(op), query):
        bind_of(op).execute(chained, some)
    run(op, "DROP TABLE old;", _0001.EVENT_INDEX)
    _require_whole(bind_of(op))
    run(
        op,
        "CREATE TEMP TABLE old AS SELECT * FROM document; DROP TABLE document;",
        _DOCUMENT,
        """
        INSERT INTO document SELECT old.*, event.digest,
            CASE old.kind WHEN 'customers' THEN json_extract(old.state, '$.settings.administrator') END, NULL
            FROM old LEFT JOIN event ON event.tenant = old.tenant
            AND event.kind = old.kind AND event.aggregate = old.id AND event.sequence = old.version;
        DROP TABLE old;
        """,
        "CREATE TEMP TABLE old AS SELECT * FROM pool; DROP TABLE pool;",
        _POOL,
        """
        INSERT INTO pool SELECT old.*, event.digest FROM old LEFT JOIN event ON event.tenant = old.tenant
            AND event.kind = 'licenses' AND event.aggregate = old.id AND event.sequence = old.version;
        DROP TABLE old;
        """,
    )


def _to_old_on_sqlite(op: Operations) -> None:
    run(
        op,
        """
        PRAGMA defer_foreign_keys = ON;
        DROP INDEX event_latest_first;
        CREATE TEMP TABLE old AS SELECT * FROM event;
        DROP TABLE event;
        """,
        _0001.EVENT,
        """
        INSERT INTO event SELECT tenant, kind, aggregate, sequence, type, at, body FROM old;
        DROP TABLE old;
        """,
        _0001.EVENT_INDEX,
        "CREATE TEMP TABLE old AS SELECT * FROM document; DROP TABLE document;",
        _0001.DOCUMENT,
        "INSERT INTO document SELECT tenant, kind, id, state, version FROM old; DROP TABLE old;",
        "CREATE TEMP TABLE old AS SELECT * FROM pool; DROP TABLE pool;",
        _0001.POOL,
        """
        INSERT INTO pool SELECT tenant, aggregate, id, kind, beneficiary, bought, consumed, held, expires_at, renewals,
            revoked, suspended, terms, version FROM old;
        DROP TABLE old;
        """,
    )


def _chained(connection: Connection, query: str) -> Iterator[list[dict[str, Any]]]:
    """All events as they are found by *query*, in the order of their key, with their digests; some at a time.

    Raises:
        BrokenHistory: The numbers of an aggregate's events are not 1, 2, and so on.
    """
    found = connection.execute(text(query), execution_options={"yield_per": _AT_ONCE})
    aggregate: tuple[str, ...] = ()
    sequence, digest = 0, ""
    for some in found.partitions():
        linked = []
        for row in some:
            if (row.tenant, row.kind, row.aggregate) != aggregate:
                aggregate, sequence, digest = (row.tenant, row.kind, row.aggregate), 0, ""
            sequence += 1
            if row.sequence != sequence:
                raise BrokenHistory(sequence=sequence)
            digest = _link(digest, row)
            linked.append({**row._asdict(), "schema": _SCHEMA, "digest": digest})
        yield linked


def _link(before: str, row: Row[Any]) -> str:
    """The digest of the event in *row*, which comes after the one whose digest is *before*."""
    parts = (before, row.tenant, row.kind, row.aggregate, row.sequence, row.type, _SCHEMA, row.at, row.body)
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _require_whole(connection: Connection) -> None:
    """See to it that the last event of each aggregate is the one of its version; raises `BrokenHistory`."""
    version = connection.execute(text(_OF_OTHER_VERSION)).scalar()
    if version is not None:
        raise BrokenHistory(sequence=version)
