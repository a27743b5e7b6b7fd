"""A store in the memory of one process, for tests and trials: all or nothing, and gone with the process.

One unit of work at a time has it to itself, so that what is read, decided and saved in it is one step.
"""

from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from heapq import nsmallest
from types import TracebackType
from typing import Any, Final, TypeVar

from attrs import evolve

from licensing_core.accounts import Card, CustomerAccount, Numbers
from licensing_core.adapters.parts import (
    CreditState,
    Document,
    Loaded,
    Part,
    PartKey,
    PartRows,
    Sort,
    credits_of,
    customer_of,
    document_of,
    named_documents,
    part_rows,
    usage_of,
)
from licensing_core.adapters.rows import (
    CardKey,
    EnrollmentRows,
    as_card,
    as_kind,
    as_most,
    bare_aggregate,
    card_key,
    changes,
    enrollment_rows,
    known_ids,
    known_users,
    owner_and_email,
)
from licensing_core.adapters.turns import WAIT, Turn, as_wait
from licensing_core.checks import as_id
from licensing_core.credits import CreditAccount
from licensing_core.decisions import Event
from licensing_core.directory import Content
from licensing_core.enrollments import Enrollment, Enrollments
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

_MISSING: Final = object()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

P = TypeVar("P", LicensePool, LicensePool | SeatPool)
Key = tuple[str, str]
"""Tenant and id."""
Name = tuple[str, AggregateKind, str]
"""Tenant, kind and id."""


class _Tables:
    """What is stored. Keys begin with the tenant; versions and sequence numbers begin with 1.

    `holders` has the licenses of purchased pools by tenant and user, and then by pool; `holdings` the same by pool.
    `parts` has those of the usage, the credits and the account of each customer, `opened` which of them are open.
    """

    def __init__(self) -> None:
        self.turn = Turn()
        self.aggregates: dict[Name, Stored[LicenseAccount | AnyPool | Document]] = {}
        self.parts: dict[Name, dict[PartKey, Part]] = {}
        self.opened: dict[Name, dict[PartKey, None]] = {}
        self.holdings: dict[tuple[str, str, str], dict[str, Holding]] = {}
        self.holders: dict[Key, dict[str, Holding]] = {}
        self.enrollments: dict[Key, dict[Content, Enrollment]] = {}
        self.events: dict[tuple[str, AggregateKind, str, int], Envelope] = {}
        self.commands: dict[Key, Remembered] = {}
        self.cards: dict[CardKey, Card] = {}


class MemoryUnitOfWork:
    """A `protocols.UnitOfWork` on the tables of a `MemoryStore`; changes are made at once, and undone on an error."""

    def __init__(self, tables: _Tables) -> None:
        self._tables: _Tables | None = tables
        self._undo: list[tuple[MutableMapping[Any, Any], Any, Any]] = []

    def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        stored, known = self._stored(tenant, AggregateKind.LICENSES, pool_id), known_users(users)
        if stored is None or not isinstance(stored.state, LicensePool | SeatPool):
            return None
        return Stored(self._loaded(tenant, pool_id, stored.state, known), stored.version)

    def pools(self, tenant: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        tables, owner = self._open(), as_id("tenant", tenant)
        states = (one.state for (of, *_), one in sorted(tables.aggregates.items(), key=_by_key) if of == owner)
        return tuple(state for state in states if isinstance(state, LicensePool | SeatPool))

    def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.licenses()`."""
        owner = as_id("tenant", tenant)
        held = self._open().holders.get((owner, as_id("user", user)), {})
        found = (self.pool(owner, pool_id, (user,)) for pool_id in sorted(held))
        return tuple(stored.state for stored in found if stored is not None)

    def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """As `UnitOfWork.enrollments()`."""
        table, owner, known = self._open().enrollments, as_id("tenant", tenant), known_users(users)
        of = (user for (tenant_id, user) in table if tenant_id == owner) if known is None else known
        return Enrollments((one for user in of for one in table.get((owner, user), {}).values()), loaded=known)

    def account(self, tenant: str, account_id: str, users: Collection[str] | None) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`."""
        stored, known = self._stored(tenant, AggregateKind.LICENSES, account_id), known_users(users)
        if stored is None or not isinstance(stored.state, LicenseAccount):
            return None
        pools = {name: self._loaded(tenant, account_id, pool, known) for name, pool in stored.state.pools.items()}
        return Stored(evolve(stored.state, pools=pools), stored.version)

    def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """As `UnitOfWork.usage()`."""
        stored, known = self._stored(tenant, AggregateKind.USAGE, customer), known_ids("places", places)
        if stored is None or not isinstance(stored.state, Usage):
            return None
        return Stored(
            usage_of(stored.state, self._parts((tenant, AggregateKind.USAGE, customer), (Sort.PLACE,), known)),
            stored.version,
        )

    def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """As `UnitOfWork.credits()`."""
        stored, known = self._stored(tenant, AggregateKind.CREDITS, customer), known_ids("ids", ids)
        if stored is None or not isinstance(stored.state, CreditState):
            return None
        found = self._parts((tenant, AggregateKind.CREDITS, customer), (Sort.GRANT, Sort.ORDER), known)
        return Stored(credits_of(customer, stored.state, found), stored.version)

    def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """As `UnitOfWork.customer()`."""
        stored = self._stored(tenant, AggregateKind.CUSTOMERS, customer)
        asked, known = known_ids("documents", documents), known_ids("people", people)
        if stored is None or not isinstance(stored.state, CustomerAccount):
            return None
        name = (tenant, AggregateKind.CUSTOMERS, customer)
        bills = self._parts(name, (Sort.BILL,), named_documents(stored.state, asked))
        return Stored(customer_of(stored.state, bills, self._parts(name, (Sort.PERSON,), known)), stored.version)

    def customers(self, tenant: str) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        tables, owner = self._open(), as_id("tenant", tenant)
        states = (one.state for (of, *_), one in sorted(tables.aggregates.items(), key=_by_key) if of == owner)
        return tuple(state for state in states if isinstance(state, CustomerAccount))

    def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        stored = self._stored(tenant, AggregateKind.NUMBERS, NUMBERS)
        if stored is None or not isinstance(stored.state, Numbers):
            return None
        return Stored(stored.state, stored.version)

    def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        return self._open().cards.get(card_key(tenant, customer, person))

    def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        cards, key, kept = self._open().cards, card_key(tenant, customer, person), as_card("card", card)
        self._put(cards, key, _MISSING if kept is None else kept)

    def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        cards, wanted = self._open().cards, owner_and_email(tenant, email)
        found = (name for (of, name, person), one in cards.items() if not person and (of, one.email) == wanted)
        return tuple(sorted(found))

    def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        tables, kind = self._open(), kind_of(aggregate)
        key = (as_id("tenant", tenant), kind, aggregate.id)
        before = tables.aggregates.get(key)
        if before is not None and expected == 0:
            raise AggregateExists(aggregate=aggregate.id)
        rows = enrollment_rows(events)
        there = tables.enrollments
        taken = any(one in there.get((tenant, user), {}) for user, one in rows.new.keys() - rows.changed.keys())
        if taken or (before.version if before is not None else 0) != expected:
            raise VersionConflict(aggregate=aggregate.id, expected=expected)
        new = expected == 0
        for pool_id, made in changes(aggregate, events, new=new).items():
            self._hold(tenant, aggregate, pool_id, made)
        self._write_parts(key, part_rows(aggregate, events, new=new))
        self._enroll(tenant, rows)
        bare: LicenseAccount | AnyPool | Document
        if isinstance(aggregate, LicenseAccount | LicensePool | SeatPool):
            bare = bare_aggregate(aggregate)
        else:
            bare = document_of(aggregate)
        self._put(tables.aggregates, key, Stored(bare, expected + len(events)))
        for sequence, event in enumerate(events, expected + 1):
            envelope = Envelope(tenant=tenant, kind=kind, aggregate=aggregate.id, sequence=sequence, event=event)
            self._put(tables.events, (*key, sequence), envelope)

    def history(self, tenant: str, kind: AggregateKind, aggregate_id: str) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        stored, tables = self._stored(tenant, as_kind("kind", kind), aggregate_id), self._open()
        last = 0 if stored is None else stored.version
        return tuple(tables.events[tenant, kind, aggregate_id, sequence] for sequence in range(1, last + 1))

    def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.recent()`."""
        events, owner = self._open().events, (as_id("tenant", tenant), as_kind("kind", kind))
        wanted = as_most("most", most)
        return tuple(nsmallest(wanted, (one for key, one in events.items() if key[:2] == owner), key=_latest_first))

    def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        return self._open().commands.get((as_id("tenant", tenant), as_id("key", key)))

    def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`."""
        commands = self._open().commands
        if self.recall(tenant, key) is not None:
            raise VersionConflict(aggregate=key, expected=0)
        self._put(commands, (tenant, key), used)

    def leave(self, *, undo: bool) -> None:
        """End the unit of work; with *undo* everything that it changed is as before."""
        self._tables = None
        for table, key, before in reversed(self._undo) if undo else ():
            if before is _MISSING:
                table.pop(key, None)
            else:
                table[key] = before
        self._undo.clear()

    def _hold(self, tenant: str, aggregate: Aggregate, pool_id: str, holdings: Mapping[str, Holding | None]) -> None:
        tables = self._open()
        held = tables.holdings.setdefault((tenant, aggregate.id, pool_id), {})
        for user, holding in holdings.items():
            after = _MISSING if holding is None else holding
            self._put(held, user, after)
            if not isinstance(aggregate, LicenseAccount):
                self._put(tables.holders.setdefault((tenant, user), {}), pool_id, after)

    def _enroll(self, tenant: str, rows: EnrollmentRows) -> None:
        table = self._open().enrollments
        for (user, content), after in {**rows.changed, **rows.new}.items():
            self._put(table.setdefault((tenant, user), {}), content, _MISSING if after is None else after)

    def _write_parts(self, name: Name, rows: PartRows) -> None:
        tables = self._open()
        parts, opened = tables.parts.setdefault(name, {}), tables.opened.setdefault(name, {})
        for key, (part, is_open) in rows.written.items():
            self._put(parts, key, part)
            self._put(opened, key, None if is_open else _MISSING)
        for key in rows.gone:
            self._put(parts, key, _MISSING)
        for key in rows.closed:
            self._put(opened, key, _MISSING)

    def _parts(self, name: Name, sorts: Collection[Sort], ids: frozenset[str] | None) -> Loaded:
        """The parts of *sorts* that share an id with an open one, or have one of *ids* (`None`: all)."""
        tables = self._open()
        parts = tables.parts.get(name, {})
        if ids is None:
            return parts, None
        known = ids.union(one for sort, one in tables.opened.get(name, {}) if sort in sorts)
        keys = ((sort, one) for one in known for sort in sorts)
        return {key: parts[key] for key in keys if key in parts}, known

    def _open(self) -> _Tables:
        if self._tables is None:
            raise StoreUnavailable(reason="closed")
        return self._tables

    def _stored(
        self, tenant: str, kind: AggregateKind, aggregate_id: str
    ) -> Stored[LicenseAccount | AnyPool | Document] | None:
        return self._open().aggregates.get((as_id("tenant", tenant), kind, as_id("id", aggregate_id)))

    def _loaded(self, tenant: str, aggregate_id: str, pool: P, users: frozenset[str] | None) -> P:
        if not isinstance(pool, LicensePool):
            return pool
        held = self._open().holdings.get((tenant, aggregate_id, pool.id), {})
        entries = held if users is None else {user: held[user] for user in users if user in held}
        return evolve(pool, holdings=Holdings(entries, loaded=users))

    def _put(self, table: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        self._undo.append((table, key, table.get(key, _MISSING)))
        if value is _MISSING:
            table.pop(key, None)
        else:
            table[key] = value


def _by_key(item: tuple[Name, object]) -> Name:
    return item[0]


def _latest_first(one: Envelope) -> tuple[timedelta, str, int]:
    return _EPOCH - one.event.at, one.aggregate, -one.sequence


class MemoryStore:
    """A `protocols.Store` in memory; threads may share it.

    Args:
        wait: Seconds, from 0 to a day, that a unit of work waits for its turn before `StoreUnavailable` is raised. It
            is raised, too, when a thread begins a second unit of work within its first.

    Raises:
        InvalidArgument: *wait* is no such number.
    """

    def __init__(self, *, wait: float = WAIT) -> None:
        self._tables, self._wait = _Tables(), as_wait(wait)

    def begin(self) -> AbstractContextManager[MemoryUnitOfWork]:
        """A new unit of work, which has the store to itself until it is left."""
        return self._turn()

    @contextmanager
    def _turn(self) -> Iterator[MemoryUnitOfWork]:
        with self._tables.turn.taken(self._wait), _left(MemoryUnitOfWork(self._tables)) as work:
            yield work


@contextmanager
def _left(work: MemoryUnitOfWork) -> Iterator[MemoryUnitOfWork]:
    try:
        yield work
    except BaseException:
        work.leave(undo=True)
        raise
    work.leave(undo=False)


class AsyncMemoryUnitOfWork:
    """`MemoryUnitOfWork`, awaited."""

    def __init__(self, work: MemoryUnitOfWork) -> None:
        self._work = work

    async def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        return self._work.pool(tenant, pool_id, users)

    async def pools(self, tenant: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        return self._work.pools(tenant)

    async def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.licenses()`."""
        return self._work.licenses(tenant, user)

    async def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """As `UnitOfWork.enrollments()`."""
        return self._work.enrollments(tenant, users)

    async def account(
        self, tenant: str, account_id: str, users: Collection[str] | None
    ) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`."""
        return self._work.account(tenant, account_id, users)

    async def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """As `UnitOfWork.usage()`."""
        return self._work.usage(tenant, customer, places)

    async def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """As `UnitOfWork.credits()`."""
        return self._work.credits(tenant, customer, ids)

    async def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """As `UnitOfWork.customer()`."""
        return self._work.customer(tenant, customer, documents, people)

    async def customers(self, tenant: str) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        return self._work.customers(tenant)

    async def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        return self._work.numbers(tenant)

    async def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        return self._work.card(tenant, customer, person)

    async def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        self._work.keep_card(tenant, customer, person, card)

    async def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        return self._work.customers_of(tenant, email)

    async def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        self._work.save(tenant, aggregate, expected=expected, events=events)

    async def history(self, tenant: str, kind: AggregateKind, aggregate_id: str) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        return self._work.history(tenant, kind, aggregate_id)

    async def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.recent()`."""
        return self._work.recent(tenant, kind, most)

    async def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        return self._work.recall(tenant, key)

    async def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`."""
        self._work.remember(tenant, key, used)


class AsyncMemoryStore:
    """A `protocols.AsyncStore` in memory; the tasks of any event loops may share it.

    Args:
        wait: As for `MemoryStore`.

    Raises:
        InvalidArgument: As for `MemoryStore`.
    """

    def __init__(self, *, wait: float = WAIT) -> None:
        self._tables, self._wait = _Tables(), as_wait(wait)

    def begin(self) -> AbstractAsyncContextManager[AsyncMemoryUnitOfWork]:
        """A new unit of work, which has the store to itself until it is left."""
        return _Turn(self._tables, self._wait)


class _Turn(AbstractAsyncContextManager[AsyncMemoryUnitOfWork]):
    """No asynchronous generator: one whose event loop is gone would never give the turn back."""

    def __init__(self, tables: _Tables, wait: float) -> None:
        self._tables, self._wait, self._inside = tables, wait, ExitStack()

    async def __aenter__(self) -> AsyncMemoryUnitOfWork:
        come = await self._tables.turn.come(self._wait)
        self._inside.callback(self._tables.turn.given_back, come)
        return AsyncMemoryUnitOfWork(self._inside.enter_context(_left(MemoryUnitOfWork(self._tables))))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.__exit__(kind, error, trace)
