"""The first tables; those of stores that were made before there were migrations."""

from typing import Final

from alembic.operations import Operations

from licensing_core.adapters.sql.migrations.running import run

revision: Final = "0001"
down_revision: Final = None

POOL: Final = """
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
    PRIMARY KEY (tenant, aggregate, id),
    CHECK (held <= consumed)
) TABLE;
"""
DOCUMENT: Final = """
CREATE TABLE document (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    kind TEXT NOT NULL CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers')),
    id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
    state TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version BETWEEN 1 AND 2147483647),
    PRIMARY KEY (tenant, kind, id)
) TABLE;
"""
EVENT: Final = """
CREATE TABLE event (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    kind TEXT NOT NULL CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers')),
    aggregate TEXT NOT NULL CHECK (length(aggregate) BETWEEN 1 AND 64),
    sequence INTEGER NOT NULL CHECK (sequence BETWEEN 1 AND 2147483647),
    type TEXT NOT NULL,
    at INSTANT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, aggregate, sequence)
) TABLE;
"""
EVENT_INDEX: Final = """
CREATE INDEX event_latest_first ON event (tenant, kind, at DESC, aggregate, sequence DESC);
"""
_OTHERS: Final = """
CREATE TABLE part (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    kind TEXT NOT NULL CHECK (kind IN ('licenses', 'usage', 'credits', 'customers', 'numbers')),
    document TEXT NOT NULL CHECK (length(document) BETWEEN 1 AND 64),
    id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
    sort TEXT NOT NULL CHECK (sort IN ('place', 'grant', 'order', 'bill', 'person')),
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, document, sort, id),
    FOREIGN KEY(tenant, kind, document) REFERENCES document (tenant, kind, id),
    CHECK (kind = 'usage' AND sort IN ('place') OR kind = 'credits' AND sort IN ('grant', 'order')
        OR kind = 'customers' AND sort IN ('bill', 'person'))
) TABLE;
CREATE INDEX part_open ON part (tenant, kind, document, sort, id) WHERE open = 1;

CREATE TABLE holding (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    aggregate TEXT NOT NULL CHECK (length(aggregate) BETWEEN 1 AND 64),
    pool TEXT NOT NULL CHECK (length(pool) BETWEEN 1 AND 64),
    holder TEXT NOT NULL CHECK (length(holder) BETWEEN 1 AND 64),
    state TEXT NOT NULL CHECK (state IN ('held', 'awaiting')),
    PRIMARY KEY (tenant, aggregate, pool, holder),
    FOREIGN KEY(tenant, aggregate, pool) REFERENCES pool (tenant, aggregate, id)
) TABLE;
CREATE INDEX holding_of_holder ON holding (tenant, holder);

CREATE TABLE enrollment (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    learner TEXT NOT NULL CHECK (length(learner) BETWEEN 1 AND 64),
    content TEXT NOT NULL CHECK (length(content) BETWEEN 8 AND 78),
    pool TEXT NOT NULL CHECK (length(pool) BETWEEN 1 AND 64),
    status TEXT NOT NULL CHECK (status IN ('to_confirm', 'enrolled')),
    level TEXT CHECK (length(level) BETWEEN 1 AND 64),
    locked INTEGER NOT NULL CHECK (locked IN (0, 1)),
    since INSTANT,
    until INSTANT,
    PRIMARY KEY (tenant, learner, content)
) TABLE;

CREATE TABLE card (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    customer TEXT NOT NULL CHECK (length(customer) BETWEEN 1 AND 64),
    person TEXT NOT NULL CHECK (length(person) BETWEEN 0 AND 64),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    PRIMARY KEY (tenant, customer, person)
) TABLE;
CREATE INDEX card_of_email ON card (tenant, email, person, customer);

CREATE TABLE command (
    tenant TEXT NOT NULL CHECK (length(tenant) BETWEEN 1 AND 64),
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 64),
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (tenant, idempotency_key)
) TABLE;
"""


def upgrade(op: Operations) -> None:
    run(op, POOL, DOCUMENT, EVENT, EVENT_INDEX, _OTHERS)


def downgrade(op: Operations) -> None:
    for table in ("command", "card", "enrollment", "event", "holding", "part", "document", "pool"):
        run(op, f"DROP TABLE {table};")
