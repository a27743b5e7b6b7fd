"""What a unit of work reads. Statements and rows touched follow what is asked for, not how much there is."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from licensing_core.accounts import Card, CustomerAccount, Numbers
from licensing_core.adapters.chain import BEGINNING
from licensing_core.adapters.parts import (
    MAY_BE_OPEN,
    Loaded,
    Sort,
    customer_of,
    named_documents,
)
from licensing_core.adapters.rows import (
    as_count,
    as_kind,
    as_most,
    card_key,
    known_ids,
    known_users,
    owner_and_email,
)
from licensing_core.adapters.sql import statements as sql
from licensing_core.adapters.sql.channels import Channel, Reading, Rows, Write
from licensing_core.adapters.sql.codec import (
    account_of,
    actor_of,
    card_of,
    chained,
    credits_in,
    customer_in,
    enrollment_of,
    envelope_of,
    licenses_of,
    micros,
    numbers_in,
    part_of,
    payment_in,
    pool_of,
    read,
    usage_in,
)
from licensing_core.adapters.sql.places import (
    Place,
    acting,
    by_pool,
    carded,
    chunks,
    documented,
    happened,
    held,
    holding,
    paged,
    parted,
    pooled,
)
from licensing_core.adapters.sql.refusals import DRIVER_ERRORS, unavailable
from licensing_core.checks import FrozenMap, Value, as_id, as_instant
from licensing_core.credits import CreditAccount
from licensing_core.directory import Actor
from licensing_core.enrollments import Enrollments
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.payments import Payment
from licensing_core.pools import AnyPool
from licensing_core.protocols import (
    NUMBERS,
    AggregateKind,
    BrokenHistory,
    Envelope,
    Page,
    Remembered,
    Stored,
    StoreUnavailable,
)
from licensing_core.serde import InvalidDocument

_NONE: Final = Holdings(loaded=())


LineUp = Callable[[object], None]


class SqlReading:
    """The part of `SqlUnitOfWork` that reads.

    Args:
        connect: Gives what it reads and writes through; called once, when that is needed.
        line_up: Is called with what is to be locked first, and returns when nobody of this process is before us.
        read_only: Take no locks, and refuse to change anything.
    """

    def __init__(
        self, connect: Callable[[], Channel], line_up: LineUp | None = None, *, read_only: bool = False
    ) -> None:
        self._connect: Callable[[], Channel] | None = connect
        self._channel: Channel | None = None
        self._line_up = None if read_only else line_up
        self._read_only = read_only
        self._waiting: list[Write] = []
        """What is to be written before anything is read."""
        self._links: dict[tuple[str, AggregateKind, str], tuple[int, str]] = {}
        """Version and digest of what was loaded or saved."""
        self.broken = False
        """Whether a statement failed, so that nothing of this unit of work may be kept."""

    def open(self) -> Channel:
        """What it reads and writes through; raises `StoreUnavailable` when it is closed, or cannot be had."""
        if self._connect is None:
            raise StoreUnavailable(reason="closed")
        if self._channel is None:
            self._channel = self._connect()
        return self._channel

    def close(self) -> None:
        """Refuse whatever is asked from now on."""
        self._connect = self._channel = None

    def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        place, known = pooled(tenant, pool_id), known_users(users)
        self._wait_for(tenant, AggregateKind.LICENSES, pool_id)
        one = (self._locking(sql.POOL_OF_ID), {**place, "of_id": pool_id})
        rows, *holdings = self._read(one, *held(place, [pool_id], known))
        if not rows:
            return None
        row = rows[0]
        self._links[tenant, AggregateKind.LICENSES, pool_id] = row.version, row.digest
        return Stored(pool_of(row, Holdings(by_pool(holdings).get(pool_id), loaded=known)), row.version)

    def pools(self, tenant: str, page: Page) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        return tuple(pool_of(row, _NONE) for row in self._all(sql.POOLS, paged(tenant, page)))

    def holders(self, tenant: str, pool_id: str, page: Page) -> Mapping[str, Holding]:
        """As `UnitOfWork.holders()`."""
        place = {**pooled(tenant, pool_id), "of_pool": pool_id, **paged(tenant, page)}
        return FrozenMap({row.holder: Holding(row.state) for row in self._all(sql.HOLDERS, place)})

    def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.licenses()`."""
        place = holding(tenant, user)
        return tuple(
            licenses_of(row, Holdings({user: Holding(row.state)}, loaded=(user,)))
            for row in self._all(sql.LICENSES, place)
        )

    def license_accounts(self, tenant: str, user: str) -> Sequence[str]:
        """As `UnitOfWork.license_accounts()`."""
        return tuple(row.aggregate for row in self._all(sql.LICENSE_ACCOUNTS, holding(tenant, user)))

    def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """As `UnitOfWork.enrollments()`."""
        place, known = {"of_tenant": as_id("tenant", tenant)}, known_users(users)
        if known is None:
            rows: Iterator[Row[Any]] = iter(self._all(sql.ENROLLMENTS, place))
        else:
            parts = (self._all(sql.ENROLLMENTS_OF, {**place, "of_users": some}) for some in chunks(known))
            rows = (row for part in parts for row in part)
        return Enrollments(map(enrollment_of, rows), loaded=known)

    def account(self, tenant: str, account_id: str, users: Collection[str] | None) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`; raises `InvalidDocument` where there are pools of an account, and no account."""
        row, known = self._document(tenant, AggregateKind.LICENSES, account_id), known_users(users)
        place = pooled(tenant, account_id)
        rows = self._all(sql.POOLS_OF_ACCOUNT, place)
        if row is None:
            if any(one.version is None for one in rows):
                raise InvalidDocument(faults=(("$", "document.contradicted"),))
            return None
        holders = by_pool(self._read(*held(place, [one.id for one in rows], known)))
        pools = {one.id: licenses_of(one, Holdings(holders.get(one.id), loaded=known)) for one in rows}
        return Stored(account_of(row, pools), row.version)

    def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """As `UnitOfWork.usage()`."""
        kind = AggregateKind.USAGE
        row, known = self._document(tenant, kind, customer), known_ids("places", places)
        if row is None:
            return None
        return Stored(usage_in(row, self._parts(parted(tenant, kind, customer), (Sort.PLACE,), known)), row.version)

    def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """As `UnitOfWork.credits()`."""
        kind = AggregateKind.CREDITS
        row, known = self._document(tenant, kind, customer), known_ids("ids", ids)
        if row is None:
            return None
        found = self._parts(parted(tenant, kind, customer), (Sort.GRANT, Sort.ORDER), known)
        return Stored(credits_in(row, found), row.version)

    def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """As `UnitOfWork.customer()`."""
        kind = AggregateKind.CUSTOMERS
        row = self._document(tenant, kind, customer)
        asked, known = known_ids("documents", documents), known_ids("people", people)
        if row is None:
            return None
        account, place = customer_in(row), parted(tenant, kind, customer)
        bills = self._parts(place, (Sort.BILL,), named_documents(account, asked))
        return Stored(customer_of(account, bills, self._parts(place, (Sort.PERSON,), known)), row.version)

    def customers(self, tenant: str, page: Page) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        place = {**paged(tenant, page), "of_kind": AggregateKind.CUSTOMERS.value}
        return tuple(map(customer_in, self._all(sql.DOCUMENTS, place)))

    def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        row = self._document(tenant, AggregateKind.NUMBERS, NUMBERS)
        return None if row is None else Stored(numbers_in(row), row.version)

    def payment(self, tenant: str, payment_id: str) -> Stored[Payment] | None:
        """As `UnitOfWork.payment()`."""
        row = self._document(tenant, AggregateKind.PAYMENTS, payment_id)
        return None if row is None else Stored(payment_in(row), row.version)

    def payments_due(self, tenant: str, at: datetime, page: Page) -> Sequence[str]:
        """As `UnitOfWork.payments_due()`."""
        place = {**paged(tenant, page), "of_due": micros(as_instant("at", at))}
        return tuple(row.id for row in self._all(sql.PAYMENTS_DUE, place))

    def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        row = self._one(sql.CARD_OF, carded(card_key(tenant, customer, person)))
        return None if row is None else card_of(row)

    def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        owner, wanted = owner_and_email(tenant, email)
        found = self._all(sql.CUSTOMERS_OF, {"of_tenant": owner, "of_email": wanted})
        return tuple(row.customer for row in found)

    def customers_with(self, tenant: str, person: str) -> Sequence[str]:
        """As `UnitOfWork.customers_with()`."""
        place = {"of_tenant": as_id("tenant", tenant), "of_person": as_id("person", person)}
        return tuple(sorted(row.customer for row in self._all(sql.CUSTOMERS_WITH, place)))

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """As `UnitOfWork.actor()`."""
        row = self._one(self._locking(sql.ACTOR_OF), acting(tenant, actor_id))
        return None if row is None else actor_of(row)

    def history(
        self, tenant: str, kind: AggregateKind, aggregate_id: str, after: int = 0, most: int | None = None
    ) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        place, first = happened(tenant, as_kind("kind", kind), aggregate_id), as_count("after", after)
        before = BEGINNING
        if first:
            row = self._one(sql.LAST_LINK, {**place, "of_sequence": first})
            before = BEGINNING if row is None else row.digest
        later = {**place, "of_after": first}
        if most is not None:
            return tuple(chained(self._all(sql.SOME_HISTORY, {**later, "of_most": as_most("most", most)}), before))
        if not (self._read_only or (tenant, kind, aggregate_id) in self._links):  # others may go on meanwhile
            return tuple(chained(self._all(sql.HISTORY, later), before))
        rows, heads = self._read((sql.HISTORY, later), (sql.HEAD, place))
        found = tuple(chained(rows, before))
        if found and [(one.version, one.digest) for one in heads] != [(found[-1].sequence, found[-1].digest)]:
            raise BrokenHistory(sequence=found[-1].sequence)
        return found

    def stored(self, tenant: str, kind: AggregateKind, page: Page) -> Sequence[str]:
        """As `UnitOfWork.stored()`."""
        of_kind = {"of_tenant": as_id("tenant", tenant), "of_kind": as_kind("kind", kind).value}
        place = {**of_kind, **paged(tenant, page)}
        return tuple(row.id for row in self._all(sql.STORED_IDS, place))

    def outbox(self, tenant: str, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.outbox()`."""
        place = {"of_tenant": as_id("tenant", tenant), "of_most": as_most("most", most)}
        return tuple(map(envelope_of, self._all(sql.WAITING, place)))

    def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.recent()`."""
        place = {"of_tenant": as_id("tenant", tenant), "of_kind": as_kind("kind", kind).value}
        return tuple(map(envelope_of, self._all(sql.RECENT, {**place, "of_most": as_most("most", most)})))

    def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        row = self._one(sql.RECALL, {"of_tenant": as_id("tenant", tenant), "of_idempotency_key": as_id("key", key)})
        return None if row is None else Remembered(fingerprint=row.fingerprint, answer=read(row.answer, Value))

    def _document(self, tenant: str, kind: AggregateKind, name: str) -> Row[Any] | None:
        place = documented(tenant, kind, name)
        self._wait_for(tenant, kind, name)
        row = self._one(self._locking(sql.DOCUMENT_OF), place)
        if row is not None:
            self._links[tenant, kind, name] = row.version, row.digest
        return row

    def _parts(self, place: Place, sorts: Sequence[Sort], ids: frozenset[str] | None) -> Loaded:
        """The parts of *sorts* that share an id with an open one, or have one of *ids* (`None`: all)."""
        of_sorts = {**place, "of_sorts": [sort.value for sort in sorts]}
        if ids is None:
            return dict(part_of(row) for row in self._all(sql.PARTS, of_sorts)), None
        found = [self._all(sql.PARTS_OF, {**of_sorts, "of_ids": some}) for some in chunks(ids)]
        if not MAY_BE_OPEN.isdisjoint(sorts):
            found.append(self._all(sql.PARTS_OPEN, of_sorts))
        rows = {(row.sort, row.id): row for part in found for row in part}
        return dict(map(part_of, rows.values())), ids.union(row.id for row in rows.values())

    def _wait_for(self, *name: str) -> None:
        """Wait in this process for what is to be locked first, so that few wait in the database; never twice.

        Whoever waits here has nothing locked that another one here waits for, so nobody waits for ever.
        """
        if self._line_up is not None:
            line_up, self._line_up = self._line_up, None
            line_up(name)

    def _locking(self, statement: sql.Locking) -> Reading:
        return statement.read if self._read_only else statement.change

    def _one(self, statement: Reading, place: Place) -> Any | None:
        return next(iter(self._all(statement, place)), None)

    def _all(self, statement: Reading, place: Place) -> Rows:
        return self._read((statement, place))[0]

    def _read(self, *asked: tuple[Reading, Place]) -> list[Rows]:
        self.flush()
        try:
            return self.open().read(*asked)
        except DRIVER_ERRORS as error:
            raise self._failed(error) from error
        except BaseException:
            self.broken = True
            raise

    def _gather(self, write: Write) -> None:
        self._changing()
        if write.rows:
            self._waiting.append(write)

    def flush(self, *, last: bool = False) -> None:
        """Write what is waiting; as the *last* thing of the unit of work, which is then committed."""
        if not self._waiting:
            return
        writes, self._waiting = self._waiting, []
        try:
            self.open().write(writes, commit=last)
        except DRIVER_ERRORS as error:
            raise self._failed(error) from error
        except BaseException:
            self.broken = True
            raise

    def _changing(self) -> None:
        if self._connect is None:
            raise StoreUnavailable(reason="closed")
        if self._read_only:
            raise StoreUnavailable(reason="read_only")

    def _failed(self, error: BaseException) -> StoreUnavailable:
        self.broken = True
        return unavailable(error)
