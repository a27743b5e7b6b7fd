"""The unit of work over one open connection. Statements and rows touched follow the command, not the pool."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Executable, Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import UpdateBase

from licensing_core.accounts import Card, CustomerAccount, Numbers
from licensing_core.adapters.parts import (
    MAY_BE_OPEN,
    Documented,
    Loaded,
    PartRows,
    Sort,
    customer_of,
    named_documents,
    part_rows,
)
from licensing_core.adapters.rows import (
    CardKey,
    as_card,
    as_kind,
    as_most,
    card_key,
    changes,
    enrollment_rows,
    known_ids,
    known_users,
    owner_and_email,
    pools_of,
)
from licensing_core.adapters.sql.codec import (
    account_of,
    card_of,
    card_row,
    counters,
    credits_in,
    customer_in,
    document_state,
    enrollment_of,
    enrollment_row,
    envelope_of,
    event_row,
    licenses_of,
    numbers_in,
    part_of,
    part_row,
    pool_of,
    pool_row,
    read,
    usage_in,
    write,
)
from licensing_core.adapters.sql.schema import (
    CARD,
    COMMAND,
    DOCUMENT,
    ENROLLMENT,
    EVENT,
    HOLDING,
    LATEST_FIRST,
    OPEN,
    PART,
    POOL,
)
from licensing_core.adapters.sql.sqlite import DRIVER_ERRORS, unavailable
from licensing_core.checks import InvalidArgument, Value, as_id, shown
from licensing_core.credits import CreditAccount
from licensing_core.decisions import Event
from licensing_core.enrollments import Enrollments
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.pools import AnyPool, LicensePool, SeatPool
from licensing_core.protocols import (
    NUMBERS,
    Aggregate,
    AggregateExists,
    AggregateKind,
    Envelope,
    Remembered,
    Stored,
    StoreUnavailable,
    VersionConflict,
    kind_of,
)
from licensing_core.serde import TAGS

_CHUNK: Final = 500
"""The most ids of one statement."""
_NONE: Final = Holdings(loaded=())

Rows = list[dict[str, Any]]
Key = tuple[str, str]
"""Tenant and id."""


class SqlUnitOfWork:
    """A `protocols.UnitOfWork` on an open connection whose transaction has begun; made by the stores."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection
        self.broken = False
        """Whether a statement failed, so that nothing of this unit of work may be kept."""

    def close(self) -> None:
        """Refuse whatever is asked from now on."""
        self._connection = None

    def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        key, known = _key(tenant, pool_id), known_users(users)
        found = select(POOL).where(*_owned(POOL, key), POOL.c.id == pool_id, POOL.c.version.is_not(None))
        row = self._one(found)
        if row is None:
            return None
        held = self._held(key, [pool_id], known).get(pool_id)
        return Stored(pool_of(row, Holdings(held, loaded=known)), row.version)

    def pools(self, tenant: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        owned = POOL.c.tenant == as_id("tenant", tenant)
        found = select(POOL).where(owned, POOL.c.version.is_not(None)).order_by(POOL.c.id)
        return tuple(pool_of(row, _NONE) for row in self._all(found))

    def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.licenses()`."""
        owner, holder = as_id("tenant", tenant), as_id("user", user)
        together = (HOLDING.c.tenant == POOL.c.tenant) & (HOLDING.c.aggregate == POOL.c.aggregate)
        found = (
            select(POOL, HOLDING.c.state)
            .join(HOLDING, together & (HOLDING.c.pool == POOL.c.id))
            .where(HOLDING.c.tenant == owner, HOLDING.c.holder == holder, POOL.c.version.is_not(None))
            .order_by(POOL.c.id)
        )
        return tuple(
            licenses_of(row, Holdings({holder: Holding(row.state)}, loaded=(holder,))) for row in self._all(found)
        )

    def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """As `UnitOfWork.enrollments()`."""
        every, known = select(ENROLLMENT).where(ENROLLMENT.c.tenant == as_id("tenant", tenant)), known_users(users)
        parts = [every] if known is None else [every.where(ENROLLMENT.c.learner.in_(some)) for some in _chunks(known)]
        return Enrollments((enrollment_of(row) for part in parts for row in self._all(part)), loaded=known)

    def account(self, tenant: str, account_id: str, users: Collection[str] | None) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`."""
        key, known = _key(tenant, account_id), known_users(users)
        row = self._document(key, AggregateKind.LICENSES)
        if row is None:
            return None
        rows = self._all(select(POOL).where(*_owned(POOL, key)).order_by(POOL.c.id))
        held = self._held(key, [one.id for one in rows], known)
        pools = {one.id: licenses_of(one, Holdings(held.get(one.id), loaded=known)) for one in rows}
        return Stored(account_of(row, pools), row.version)

    def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """As `UnitOfWork.usage()`."""
        key, known = _key(tenant, customer), known_ids("places", places)
        row = self._document(key, AggregateKind.USAGE)
        if row is None:
            return None
        return Stored(usage_in(row, self._parts(key, AggregateKind.USAGE, (Sort.PLACE,), known)), row.version)

    def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """As `UnitOfWork.credits()`."""
        key, known = _key(tenant, customer), known_ids("ids", ids)
        row = self._document(key, AggregateKind.CREDITS)
        if row is None:
            return None
        found = self._parts(key, AggregateKind.CREDITS, (Sort.GRANT, Sort.ORDER), known)
        return Stored(credits_in(row, found), row.version)

    def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """As `UnitOfWork.customer()`."""
        key, kind = _key(tenant, customer), AggregateKind.CUSTOMERS
        asked, known = known_ids("documents", documents), known_ids("people", people)
        row = self._document(key, kind)
        if row is None:
            return None
        account = customer_in(row)
        bills = self._parts(key, kind, (Sort.BILL,), named_documents(account, asked))
        return Stored(customer_of(account, bills, self._parts(key, kind, (Sort.PERSON,), known)), row.version)

    def customers(self, tenant: str) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        of_kind = (DOCUMENT.c.tenant == as_id("tenant", tenant), DOCUMENT.c.kind == AggregateKind.CUSTOMERS.value)
        return tuple(map(customer_in, self._all(select(DOCUMENT).where(*of_kind).order_by(DOCUMENT.c.id))))

    def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        row = self._document(_key(tenant, NUMBERS), AggregateKind.NUMBERS)
        return None if row is None else Stored(numbers_in(row), row.version)

    def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        row = self._one(select(CARD).where(*_kept(card_key(tenant, customer, person))))
        return None if row is None else card_of(row)

    def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        key, kept = card_key(tenant, customer, person), as_card("card", card)
        self._write(delete(CARD).where(*_kept(key)))
        self._insert(CARD, [] if kept is None else [card_row(key, kept)])

    def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        owner, wanted = owner_and_email(tenant, email)
        own = (CARD.c.tenant == owner, CARD.c.email == wanted, CARD.c.person == "")
        return tuple(row.customer for row in self._all(select(CARD.c.customer).where(*own).order_by(CARD.c.customer)))

    def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        key, kind, new = _key(tenant, aggregate.id), kind_of(aggregate), expected == 0
        holdings, parts = changes(aggregate, events, new=new), part_rows(aggregate, events, new=new)
        rows = [event_row(key[0], kind, key[1], sequence, event) for sequence, event in enumerate(events, expected + 1)]
        version = expected + len(events)
        if new:
            self._create(key, aggregate, version)
        elif isinstance(aggregate, LicensePool | SeatPool):
            self._change_pool(key, aggregate, expected, version)
        else:
            self._change_document(key, aggregate, expected, version)
        if isinstance(aggregate, LicenseAccount) and not new:
            self._change_pools(key, aggregate, {getattr(event, "pool", None) for event in events})
        for pool_id, made in holdings.items():
            self._write_holdings(key, pool_id, made)
        self._write_parts(key, kind, parts, new=new)
        late = VersionConflict(aggregate=aggregate.id, expected=expected)
        self._write_enrollments(key[0], events, late)
        self._insert(EVENT, rows, late)

    def history(self, tenant: str, kind: AggregateKind, aggregate_id: str) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        found = select(EVENT).where(*_happened(_key(tenant, aggregate_id), as_kind("kind", kind)))
        return tuple(map(envelope_of, self._all(found.order_by(EVENT.c.sequence))))

    def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.recent()`."""
        of_kind = (EVENT.c.tenant == as_id("tenant", tenant), EVENT.c.kind == as_kind("kind", kind).value)
        found = select(EVENT).where(*of_kind).order_by(*LATEST_FIRST).limit(as_most("most", most))
        return tuple(map(envelope_of, self._all(found)))

    def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        owner, name = _key(tenant, key)
        row = self._one(select(COMMAND).where(COMMAND.c.tenant == owner, COMMAND.c.idempotency_key == name))
        return None if row is None else Remembered(fingerprint=row.fingerprint, answer=read(row.answer, Value))

    def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`.

        Raises:
            InvalidArgument: The answer is of no kind that `serde.TAGS` names, and so could not be read again.
        """
        if type(used.answer) not in TAGS:
            expected = "an answer of a kind that is stored"
            raise InvalidArgument(parameter="answer", expected=expected, got=shown(used.answer))
        owner, name = _key(tenant, key)
        row = {"tenant": owner, "idempotency_key": name, "fingerprint": used.fingerprint, "answer": write(used.answer)}
        self._insert(COMMAND, [row], VersionConflict(aggregate=name, expected=0))

    def _create(self, key: Key, aggregate: Aggregate, version: int) -> None:
        (tenant, aggregate_id), kind = key, kind_of(aggregate)
        taken = AggregateExists(aggregate=aggregate_id)
        if self._one(select(EVENT.c.sequence).where(*_happened(key, kind), EVENT.c.sequence == 1)) is not None:
            raise taken
        purchased = isinstance(aggregate, LicensePool | SeatPool)
        if not isinstance(aggregate, LicensePool | SeatPool):
            state = document_state(aggregate)
            row = {"tenant": tenant, "kind": kind.value, "id": aggregate_id, "state": state, "version": version}
            self._insert(DOCUMENT, [row], taken)
        shared = {"tenant": tenant, "aggregate": aggregate_id, "version": version if purchased else None}
        rows = [{**shared, "id": name, **pool_row(pool)} for name, pool in pools_of(aggregate).items()]
        self._insert(POOL, rows, taken)

    def _change_pool(self, key: Key, pool: AnyPool, expected: int, version: int) -> None:
        """The conditional update decides: no row of the expected version, no change."""
        expecting = update(POOL).where(*_owned(POOL, key), POOL.c.id == pool.id, POOL.c.version == expected)
        self._decide(expecting.values(**counters(pool), version=version), pool.id, expected)

    def _change_document(self, key: Key, aggregate: LicenseAccount | Documented, expected: int, version: int) -> None:
        """As `_change_pool()`."""
        expecting = update(DOCUMENT).where(*_named(key, kind_of(aggregate)), DOCUMENT.c.version == expected)
        self._decide(expecting.values(state=document_state(aggregate), version=version), aggregate.id, expected)

    def _change_pools(self, key: Key, account: LicenseAccount, touched: Collection[object]) -> None:
        """Of the pools of *account* only those *touched* are written."""
        for name in sorted(account.pools.keys() & set(touched)):
            of_type = update(POOL).where(*_owned(POOL, key), POOL.c.id == name)
            self._write(of_type.values(**counters(account.pools[name])))

    def _decide(self, statement: UpdateBase, aggregate_id: str, expected: int) -> None:
        if self._write(statement) != 1:
            raise VersionConflict(aggregate=aggregate_id, expected=expected)

    def _write_holdings(self, key: Key, pool_id: str, holdings: Mapping[str, Holding | None]) -> None:
        for users in _chunks(holdings):
            of_users = (*_owned(HOLDING, key), HOLDING.c.pool == pool_id, HOLDING.c.holder.in_(users))
            self._write(delete(HOLDING).where(*of_users))
        shared = {"tenant": key[0], "aggregate": key[1], "pool": pool_id}
        kept = ((user, holding) for user, holding in sorted(holdings.items()) if holding is not None)
        self._insert(HOLDING, [{**shared, "holder": user, "state": holding.value} for user, holding in kept])

    def _write_parts(self, key: Key, kind: AggregateKind, parts: PartRows, *, new: bool) -> None:
        """Those that change are written anew; those that are closed by time alone are marked."""
        before = [] if new else [{"of_id": name, "of_sort": sort.value} for sort, name in (*parts.written, *parts.gone)]
        if before:
            at = (PART.c.id == bindparam("of_id"), PART.c.sort == bindparam("of_sort"))
            self._write(delete(PART).where(*_parted(key, kind), *at), before)
        shared = {"tenant": key[0], "kind": kind.value, "document": key[1]}
        rows = [
            {**shared, "sort": sort.value, "id": name, **part_row(part, is_open=is_open)}
            for (sort, name), (part, is_open) in parts.written.items()
        ]
        self._insert(PART, rows)
        for sort in sorted({sort for sort, _ in parts.closed}):
            for names in _chunks([name for of, name in parts.closed if of is sort]):
                still_open = (*_parted(key, kind), PART.c.id.in_(names), PART.c.sort == sort.value, OPEN)
                self._write(update(PART).where(*still_open).values(open=0))

    def _write_enrollments(self, tenant: str, events: Sequence[Event], taken: VersionConflict) -> None:
        """Those that change are written anew; of those that are made none may be there."""
        rows = enrollment_rows(events)
        places = [{"of_learner": user, "of_content": str(content)} for user, content in rows.changed]
        if places:
            at = (ENROLLMENT.c.learner == bindparam("of_learner"), ENROLLMENT.c.content == bindparam("of_content"))
            self._write(delete(ENROLLMENT).where(ENROLLMENT.c.tenant == tenant, *at), places)
        kept = [one for one in rows.changed.values() if one is not None]
        self._insert(ENROLLMENT, [enrollment_row(tenant, one) for one in (*kept, *rows.new.values())], taken)

    def _document(self, key: Key, kind: AggregateKind) -> Row[Any] | None:
        return self._one(select(DOCUMENT).where(*_named(key, kind)))

    def _parts(self, key: Key, kind: AggregateKind, sorts: Sequence[Sort], ids: frozenset[str] | None) -> Loaded:
        """The parts of *sorts* that share an id with an open one, or have one of *ids* (`None`: all)."""
        of_sorts = (*_parted(key, kind), PART.c.sort.in_([sort.value for sort in sorts]))
        every = select(PART).where(*of_sorts)
        if ids is None:
            return dict(part_of(row) for row in self._all(every)), None
        asked = [every.where(PART.c.id.in_(some)) for some in _chunks(ids)]
        if not MAY_BE_OPEN.isdisjoint(sorts):
            is_open = select(PART.c.id).where(*of_sorts, OPEN).correlate(None)
            asked.append(every.where(PART.c.id.in_(is_open)))
        rows = {(row.sort, row.id): row for part in asked for row in self._all(part)}
        return dict(map(part_of, rows.values())), ids.union(row.id for row in rows.values())

    def _held(
        self, key: Key, pools: Sequence[str], users: frozenset[str] | None
    ) -> Mapping[str, Mapping[str, Holding]]:
        """By pool and user; each row is found by the whole of its key, however large the pool."""
        held: dict[str, dict[str, Holding]] = {}
        of_pools = (*_owned(HOLDING, key), HOLDING.c.pool.in_(pools))
        every = select(HOLDING.c.pool, HOLDING.c.holder, HOLDING.c.state).where(*of_pools)
        parts = [every] if users is None else [every.where(HOLDING.c.holder.in_(some)) for some in _chunks(users)]
        for part in parts:
            for row in self._all(part):
                held.setdefault(row.pool, {})[row.holder] = Holding(row.state)
        return held

    def _one(self, statement: Executable) -> Row[Any] | None:
        return next(iter(self._all(statement)), None)

    def _all(self, statement: Executable) -> Sequence[Row[Any]]:
        try:
            return self._open().execute(statement).all()
        except DRIVER_ERRORS as error:
            raise self._failed(error) from error

    def _write(self, statement: UpdateBase, each: Rows | None = None) -> int:
        """How many rows *statement* changed, carried out for *each* of some parameters, if any."""
        try:
            return self._open().execute(statement, each).rowcount
        except DRIVER_ERRORS as error:
            raise self._failed(error) from error

    def _insert(self, table: Table, rows: Rows, taken: LicensingError | None = None) -> None:
        """Insert *rows*, if any; *taken* is raised when one is there already."""
        if not rows:
            return
        try:
            self._open().execute(insert(table), rows)
        except IntegrityError as error:
            self.broken = True
            raise taken or unavailable(error) from error
        except DRIVER_ERRORS as error:
            raise self._failed(error) from error

    def _open(self) -> Connection:
        if self._connection is None:
            raise StoreUnavailable(reason="closed")
        return self._connection

    def _failed(self, error: BaseException) -> StoreUnavailable:
        self.broken = True
        return unavailable(error)


def _key(tenant: str, aggregate_id: str) -> Key:
    return as_id("tenant", tenant), as_id("id", aggregate_id)


def _owned(table: Table, key: Key) -> tuple[ColumnElement[bool], ...]:
    return table.c.tenant == key[0], table.c.aggregate == key[1]


def _named(key: Key, kind: AggregateKind) -> tuple[ColumnElement[bool], ...]:
    return DOCUMENT.c.tenant == key[0], DOCUMENT.c.kind == kind.value, DOCUMENT.c.id == key[1]


def _parted(key: Key, kind: AggregateKind) -> tuple[ColumnElement[bool], ...]:
    return PART.c.tenant == key[0], PART.c.kind == kind.value, PART.c.document == key[1]


def _kept(key: CardKey) -> tuple[ColumnElement[bool], ...]:
    return CARD.c.tenant == key[0], CARD.c.customer == key[1], CARD.c.person == key[2]


def _happened(key: Key, kind: AggregateKind) -> tuple[ColumnElement[bool], ...]:
    return EVENT.c.tenant == key[0], EVENT.c.kind == kind.value, EVENT.c.aggregate == key[1]


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    yield from (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
