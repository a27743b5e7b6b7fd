"""What the services need from outside: where things are stored, what the host knows, and what time it is.

All are matched by shape. Each protocol has an asynchronous twin with the same names; the services are written once.
"""

from licensing_core.protocols.awaited import (
    AsyncHost,
    AsyncStore,
    AsyncUnitOfWork,
)
from licensing_core.protocols.gateway import (
    AsyncPaymentGateway,
    Capability,
    GatewayFailed,
    PaymentGateway,
    WebhookNotice,
    WebhookRefused,
)
from licensing_core.protocols.ports import (
    Clock,
    Host,
    Observer,
    Store,
    UnitOfWork,
)
from licensing_core.protocols.values import (
    MOST_OF_PAGE,
    NUMBERS,
    Aggregate,
    AggregateExists,
    AggregateKind,
    BrokenHistory,
    Envelope,
    IdempotencyConflict,
    Page,
    Remembered,
    Stored,
    StoreUnavailable,
    VersionConflict,
    kind_of,
)

__all__ = [
    "MOST_OF_PAGE",
    "NUMBERS",
    "Aggregate",
    "AggregateExists",
    "AggregateKind",
    "AsyncHost",
    "AsyncPaymentGateway",
    "AsyncStore",
    "AsyncUnitOfWork",
    "BrokenHistory",
    "Capability",
    "Clock",
    "Envelope",
    "GatewayFailed",
    "Host",
    "IdempotencyConflict",
    "Observer",
    "Page",
    "PaymentGateway",
    "Remembered",
    "Store",
    "StoreUnavailable",
    "Stored",
    "UnitOfWork",
    "VersionConflict",
    "WebhookNotice",
    "WebhookRefused",
    "kind_of",
]
