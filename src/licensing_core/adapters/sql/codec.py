"""Between rows and values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeVar

from attrs import frozen
from sqlalchemy import Row

from licensing_core.accounts import Bill, Card, CustomerAccount, Numbers, Person
from licensing_core.adapters.chain import link
from licensing_core.adapters.parts import (
    CreditState,
    Documented,
    Loaded,
    Part,
    PartKey,
    Sort,
    credits_of,
    document_of,
    opens,
    usage_of,
)
from licensing_core.adapters.rows import CardKey
from licensing_core.checks import Count, FrozenMap, Id, Value, checked
from licensing_core.credits import CreditAccount, CreditOrder, Entry
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Content, Scope
from licensing_core.enrollments import Enrollment, EnrollmentStatus
from licensing_core.holdings import Holdings
from licensing_core.license_cycle import LicenseAccount, LicenseType, Order
from licensing_core.limits import PlaceTally, Usage
from licensing_core.payments import Payment
from licensing_core.periods import Cycle, Period
from licensing_core.plans import Terms
from licensing_core.pools import AnyPool, LicensePool, SeatPool
from licensing_core.protocols import AggregateKind, BrokenHistory, Envelope
from licensing_core.serde import InvalidDocument, dumps, loads

MOST_BYTES: Final = 16 * 1024 * 1024
"""How long a stored value may be: an event names up to 10,000 users."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
T = TypeVar("T")
_PARTS: Final[Mapping[Sort, Any]] = FrozenMap(
    {
        Sort.PLACE: Mapping[Id, PlaceTally],
        Sort.GRANT: Entry,
        Sort.ORDER: CreditOrder,
        Sort.BILL: Bill,
        Sort.PERSON: Person,
    }
)
"""What a part of each sort holds."""


@frozen(kw_only=True, field_transformer=checked)
class AccountState(Value):
    """An account without its pools, which have rows of their own."""

    cycle: Cycle
    period: Period
    types: Mapping[Id, LicenseType]
    orders: tuple[Order, ...]
    invoices: Count


def write(value: object) -> str:
    """The text under which *value* is stored; raises `InvalidDocument` when it is too long to be read again."""
    text = dumps(value)
    if len(text.encode()) > MOST_BYTES:
        raise InvalidDocument(faults=(("$", "document.too_large"),))
    return text


def read(text: str, kind: type[T]) -> T:
    """The value of *kind* that was stored as *text*; raises `InvalidDocument` when it was tampered with."""
    return loads(text, kind, most_bytes=MOST_BYTES)


def micros(at: datetime | None) -> int | None:
    """*at* in microseconds since 1970, in UTC."""
    return None if at is None else (at - _EPOCH) // _MICRO


def _instant(stored: int | None) -> datetime | None:
    return None if stored is None else _EPOCH + timedelta(microseconds=stored)


def pool_row(pool: AnyPool) -> dict[str, Any]:
    """The columns of a new *pool*, but for its keys and version."""
    terms = None if pool.terms is None else write(pool.terms)
    return {"kind": pool.kind.value, "beneficiary": str(pool.beneficiary), "terms": terms, **counters(pool)}


def counters(pool: AnyPool) -> dict[str, Any]:
    """The columns that commands change."""
    return {
        "bought": pool.bought,
        "consumed": pool.consumed,
        "held": pool.held,
        "expires_at": micros(pool.expires_at),
        "renewals": pool.renewals,
        "revoked": pool.revoked if isinstance(pool, LicensePool) else 0,
        "suspended": int(pool.suspended),
    }


def licenses_of(row: Row[Any], holdings: Holdings) -> LicensePool:
    """The pool of licenses in *row*, with *holdings*."""
    return LicensePool(**_fields(row), revoked=row.revoked, holdings=holdings)


def pool_of(row: Row[Any], holdings: Holdings) -> AnyPool:
    """The pool in *row*; a pool of licenses gets *holdings*."""
    return licenses_of(row, holdings) if row.kind == LicensePool.kind.value else SeatPool(**_fields(row))


def _fields(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "beneficiary": Scope.parse(row.beneficiary),
        "bought": row.bought,
        "consumed": row.consumed,
        "held": row.held,
        "expires_at": _instant(row.expires_at),
        "renewals": row.renewals,
        "suspended": bool(row.suspended),
        "terms": None if row.terms is None else _terms(row.terms),
    }


@lru_cache(maxsize=1024)
def _terms(text: str) -> Terms:
    """The terms of a pool, which stay as they were sold: many pools have the same, and each is read again and again."""
    return read(text, Terms)


def enrollment_row(tenant: str, one: Enrollment) -> dict[str, Any]:
    """The row of *one* enrollment of *tenant*."""
    return {
        "tenant": tenant,
        "learner": one.user,
        "content": str(one.content),
        "pool": one.pool,
        "status": one.status.value,
        "level": one.level,
        "locked": int(one.locked),
        "since": micros(one.since),
        "until": micros(one.until),
    }


def enrollment_of(row: Row[Any]) -> Enrollment:
    """The enrollment in *row*."""
    return Enrollment(
        user=row.learner,
        content=Content.parse(row.content),
        pool=row.pool,
        status=EnrollmentStatus(row.status),
        level=row.level,
        locked=bool(row.locked),
        since=_instant(row.since),
        until=_instant(row.until),
    )


def document_columns(aggregate: LicenseAccount | Documented) -> dict[str, Any]:
    """The columns of *aggregate*, without its pools or parts, which have rows of their own."""
    administrator = aggregate.settings.administrator if isinstance(aggregate, CustomerAccount) else None
    due = micros(aggregate.due) if isinstance(aggregate, Payment) else None
    return {"state": _document_state(aggregate), "administrator": administrator, "due": due}


def _document_state(aggregate: LicenseAccount | Documented) -> str:
    if not isinstance(aggregate, LicenseAccount):
        return write(document_of(aggregate))
    return write(
        AccountState(
            cycle=aggregate.cycle,
            period=aggregate.period,
            types=aggregate.types,
            orders=aggregate.orders,
            invoices=aggregate.invoices,
        )
    )


def account_of(row: Row[Any], pools: Mapping[str, LicensePool]) -> LicenseAccount:
    """The account in *row*, with *pools*."""
    state = read(row.state, AccountState)
    return LicenseAccount(
        id=row.id,
        cycle=state.cycle,
        period=state.period,
        types=state.types,
        pools=pools,
        orders=state.orders,
        invoices=state.invoices,
    )


def usage_in(row: Row[Any], parts: Loaded) -> Usage:
    """The usage in *row*, with *parts*."""
    return usage_of(read(row.state, Usage), parts)


def credits_in(row: Row[Any], parts: Loaded) -> CreditAccount:
    """The credits in *row*, with *parts*."""
    return credits_of(row.id, read(row.state, CreditState), parts)


def customer_in(row: Row[Any]) -> CustomerAccount:
    """The account of a customer in *row*, without bills and people.

    Raises:
        InvalidDocument: It cannot be read, or has another administrator than the one that it is found by.
    """
    account = read(row.state, CustomerAccount)
    if account.settings.administrator != row.administrator:
        raise InvalidDocument(faults=(("$", "document.contradicted"),))
    return account


def numbers_in(row: Row[Any]) -> Numbers:
    """The numbers in *row*."""
    return read(row.state, Numbers)


def payment_in(row: Row[Any]) -> Payment:
    """The payment in *row*; raises `InvalidDocument`, too, when it is due at another time than it is found by."""
    payment = read(row.state, Payment)
    if micros(payment.due) != row.due:
        raise InvalidDocument(faults=(("$", "document.contradicted"),))
    return payment


def card_row(key: CardKey, card: Card) -> dict[str, Any]:
    """The row of *card*."""
    return {**dict(zip(("tenant", "customer", "person"), key, strict=True)), "name": card.name, "email": card.email}


def card_of(row: Row[Any]) -> Card:
    """The card in *row*."""
    return Card(name=row.name, email=row.email)


def actor_of(row: Row[Any]) -> Actor:
    """Who may do what is in *row*."""
    return read(row.state, Actor)


def part_row(part: Part, *, is_open: bool) -> dict[str, Any]:
    """The columns of *part*, but for its keys."""
    return {"open": int(is_open), "body": write(part)}


def part_of(row: Row[Any]) -> tuple[PartKey, Part]:
    """The part in *row*, and what it is found by; raises `InvalidDocument`, too, when it is open and not marked so."""
    sort = Sort(row.sort)
    part: Part = read(row.body, _PARTS[sort])
    if opens(part) and not row.open:
        raise InvalidDocument(faults=(("$", "document.contradicted"),))
    return (sort, row.id), part


def event_rows(
    tenant: str, kind: AggregateKind, aggregate: str, after: int, before: str, events: Sequence[Event]
) -> list[dict[str, Any]]:
    """The rows of *events* that come *after* a number in the history of *aggregate*, whose digest is *before*."""
    rows: list[dict[str, Any]] = []
    digest = before
    for sequence, event in enumerate(events, after + 1):
        row: dict[str, Any] = {
            "tenant": tenant,
            "kind": kind.value,
            "aggregate": aggregate,
            "sequence": sequence,
            "type": event.type,
            "schema": event.schema,
            "at": micros(event.at),
            "body": write(event),
        }
        digest = link(digest, *row.values())
        rows.append({**row, "digest": digest})
    return rows


def chained(rows: Iterable[Row[Any]], before: str) -> Iterator[Envelope]:
    """The events in *rows*, each of which leads from the digest *before* it to its own.

    Raises:
        BrokenHistory: One does not, or cannot be read.
    """
    digest = before
    for row in rows:
        digest = link(digest, *(getattr(row, name) for name in _LINKED))
        if row.digest != digest:
            raise BrokenHistory(sequence=row.sequence)
        yield envelope_of(row)


_LINKED: Final = ("tenant", "kind", "aggregate", "sequence", "type", "schema", "at", "body")
"""What a digest covers."""


def envelope_of(row: Row[Any]) -> Envelope:
    """The event in *row*, with its place."""
    return Envelope(
        tenant=row.tenant,
        kind=AggregateKind(row.kind),
        aggregate=row.aggregate,
        sequence=row.sequence,
        schema=row.schema,
        digest=row.digest,
        event=read(row.body, Event),
    )
