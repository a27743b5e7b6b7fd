"""The tables of a store in memory, and the unit of work on them."""

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import nsmallest
from typing import Any, Final, TypeVar

from attrs import evolve

from licensing_core.accounts import Card, CustomerAccount, Numbers
from licensing_core.adapters.chain import BEGINNING, link
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
    as_actor,
    as_aggregate,
    as_card,
    as_count,
    as_events,
    as_kind,
    as_most,
    as_page,
    as_used,
    bare_aggregate,
    card_key,
    changes,
    enrollment_rows,
    known_ids,
    known_users,
    owner_and_email,
    places_of,
)
from licensing_core.adapters.turns import Turn
from licensing_core.checks import FrozenMap, as_id, as_instant
from licensing_core.credits import CreditAccount
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Content
from licensing_core.enrollments import Enrollment, Enrollments
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.payments import Payment
from licensing_core.pools import AnyPool, LicensePool, SeatPool
from licensing_core.protocols import (
    NUMBERS,
    Aggregate,
    AggregateExists,
    AggregateKind,
    Envelope,
    Page,
    Remembered,
    Stored,
    StoreUnavailable,
    VersionConflict,
    kind_of,
)
from licensing_core.services.engine import digest_of

_MISSING: Final = object()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

P = TypeVar("P", LicensePool, LicensePool | SeatPool)
Key = tuple[str, str]
"""Tenant and id."""
Name = tuple[str, AggregateKind, str]
"""Tenant, kind and id."""


class Tables:
    """What is stored. Keys begin with the tenant; versions and sequence numbers begin with 1.

    `holders` has the licenses of purchased pools by tenant and user, and then by pool; `holdings` the same by pool.
    `typed` has those of license accounts by tenant and user, and then by account and type.
    `parts` has those of the usage, the credits and the account of each customer, `opened` which of them are open.
    """

    def __init__(self) -> None:
        self.turn = Turn()
        self.aggregates: dict[Name, Stored[LicenseAccount | AnyPool | Document]] = {}
        self.parts: dict[Name, dict[PartKey, Part]] = {}
        self.opened: dict[Name, dict[PartKey, None]] = {}
        self.holdings: dict[tuple[str, str, str], dict[str, Holding]] = {}
        self.holders: dict[Key, dict[str, Holding]] = {}
        self.typed: dict[Key, dict[tuple[str, str], Holding]] = {}
        self.enrollments: dict[Key, dict[Content, Enrollment]] = {}
        self.events: dict[tuple[str, AggregateKind, str, int], Envelope] = {}
        self.commands: dict[Key, Remembered] = {}
        self.cards: dict[CardKey, Card] = {}
        self.actors: dict[Key, Actor] = {}
        self.outbox: dict[tuple[str, AggregateKind, str, int], datetime] = {}


class MemoryUnitOfWork:
    """A `protocols.UnitOfWork` on the tables of a `MemoryStore`; changes are made at once, and undone on an error."""

    def __init__(self, tables: Tables, *, read_only: bool = False) -> None:
        self._tables: Tables | None = tables
        self._read_only = read_only
        self._undo: list[tuple[MutableMapping[Any, Any], Any, Any]] = []

    def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        stored, known = self._stored(tenant, AggregateKind.LICENSES, pool_id), known_users(users)
        if stored is None or not isinstance(stored.state, LicensePool | SeatPool):
            return None
        return Stored(self._loaded(tenant, pool_id, stored.state, known), stored.version)

    def pools(self, tenant: str, page: Page) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        return self._states(tenant, AggregateKind.LICENSES, (LicensePool, SeatPool), page)

    def holders(self, tenant: str, pool_id: str, page: Page) -> Mapping[str, Holding]:
        """As `UnitOfWork.holders()`."""
        stored, part = self._stored(tenant, AggregateKind.LICENSES, pool_id), as_page("page", page)
        found = self._open().holdings.get((tenant, pool_id, pool_id), {}) if stored is not None else {}
        return FrozenMap({user: found[user] for user in _of_page(found, part)})

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

    def customers(self, tenant: str, page: Page) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        return self._states(tenant, AggregateKind.CUSTOMERS, (CustomerAccount,), page)

    def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        stored = self._stored(tenant, AggregateKind.NUMBERS, NUMBERS)
        if stored is None or not isinstance(stored.state, Numbers):
            return None
        return Stored(stored.state, stored.version)

    def payment(self, tenant: str, payment_id: str) -> Stored[Payment] | None:
        """As `UnitOfWork.payment()`."""
        stored = self._stored(tenant, AggregateKind.PAYMENTS, payment_id)
        if stored is None or not isinstance(stored.state, Payment):
            return None
        return Stored(stored.state, stored.version)

    def payments_due(self, tenant: str, at: datetime, page: Page) -> Sequence[str]:
        """As `UnitOfWork.payments_due()`."""
        owner, by = as_id("tenant", tenant), as_instant("at", at)
        found = (
            name
            for (of, _, name), one in self._open().aggregates.items()
            if of == owner and isinstance(one.state, Payment) and one.state.due is not None and one.state.due <= by
        )
        return tuple(_of_page(found, as_page("page", page)))

    def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        return self._open().cards.get(card_key(tenant, customer, person))

    def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        cards, key, kept = self._changing().cards, card_key(tenant, customer, person), as_card("card", card)
        self._put(cards, key, _MISSING if kept is None else kept)

    def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        cards, wanted = self._open().cards, owner_and_email(tenant, email)
        found = (name for (of, name, person), one in cards.items() if not person and (of, one.email) == wanted)
        return tuple(sorted(found))

    def license_accounts(self, tenant: str, user: str) -> Sequence[str]:
        """As `UnitOfWork.license_accounts()`."""
        held = self._open().typed.get((as_id("tenant", tenant), as_id("user", user)), {})
        return tuple(sorted({account for account, _ in held}))

    def customers_with(self, tenant: str, person: str) -> Sequence[str]:
        """As `UnitOfWork.customers_with()`."""
        tables, owner, who = self._open(), as_id("tenant", tenant), as_id("person", person)
        carded = {customer for of, customer, one in tables.cards if (of, one) == (owner, who)}
        parted = {name for (of, _, name), parts in tables.parts.items() if of == owner and (Sort.PERSON, who) in parts}
        administered = {
            name
            for (of, _, name), one in tables.aggregates.items()
            if of == owner and isinstance(one.state, CustomerAccount) and one.state.settings.administrator == who
        }
        return tuple(sorted(carded | parted | administered))

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """As `UnitOfWork.actor()`."""
        return self._open().actors.get((as_id("tenant", tenant), as_id("actor_id", actor_id)))

    def keep_actor(self, tenant: str, actor_id: str, actor: Actor | None) -> bool:
        """As `UnitOfWork.keep_actor()`."""
        key, kept = (as_id("tenant", tenant), as_id("actor_id", actor_id)), as_actor("actor", actor)
        actors = self._changing().actors
        is_change: bool = actors.get(key) != kept
        self._put(actors, key, _MISSING if kept is None else kept)
        return is_change

    def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        tables, kind = self._changing(), kind_of(as_aggregate("aggregate", aggregate))
        as_count("expected", expected)
        key, events = (as_id("tenant", tenant), kind, aggregate.id), as_events("events", events)
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
        digest = BEGINNING if new else tables.events[*key, expected].digest
        for sequence, event in enumerate(events, expected + 1):
            digest = link(digest, *key, sequence, digest_of(event))
            envelope = Envelope(
                tenant=tenant,
                kind=kind,
                aggregate=aggregate.id,
                sequence=sequence,
                schema=event.schema,
                digest=digest,
                event=event,
            )
            self._put(tables.events, (*key, sequence), envelope)
            earlier = tables.outbox.get((*key, sequence - 1), event.at)
            self._put(tables.outbox, (*key, sequence), max(earlier, event.at))

    def history(
        self, tenant: str, kind: AggregateKind, aggregate_id: str, after: int = 0, most: int | None = None
    ) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        stored, tables = self._stored(tenant, as_kind("kind", kind), aggregate_id), self._open()
        first, least = as_count("after", after), as_most("most", 1 if most is None else most)
        last = 0 if stored is None else stored.version
        last = last if most is None else min(last, first + least)
        return tuple(tables.events[tenant, kind, aggregate_id, sequence] for sequence in range(first + 1, last + 1))

    def stored(self, tenant: str, kind: AggregateKind, page: Page) -> Sequence[str]:
        """As `UnitOfWork.stored()`."""
        owner = (as_id("tenant", tenant), as_kind("kind", kind))
        names = (name for (*of, name) in self._open().aggregates if (*of,) == owner)
        return tuple(_of_page(names, as_page("page", page)))

    def outbox(self, tenant: str, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.outbox()`."""
        tables, owner, wanted = self._open(), as_id("tenant", tenant), as_most("most", most)
        waiting = ((at, key) for key, at in tables.outbox.items() if key[0] == owner)
        return tuple(tables.events[key] for _, key in nsmallest(wanted, waiting))

    def handed_over(self, tenant: str, envelopes: Collection[Envelope]) -> None:
        """As `UnitOfWork.handed_over()`."""
        outbox = self._changing().outbox
        for key in places_of(tenant, envelopes):
            if key in outbox:
                self._put(outbox, key, _MISSING)

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
        commands, answered = self._changing().commands, as_used("used", used)
        if self.recall(tenant, key) is not None:
            raise VersionConflict(aggregate=key, expected=0)
        self._put(commands, (tenant, key), answered)

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
            if isinstance(aggregate, LicenseAccount):
                self._put(tables.typed.setdefault((tenant, user), {}), (aggregate.id, pool_id), after)
            else:
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

    def _open(self) -> Tables:
        if self._tables is None:
            raise StoreUnavailable(reason="closed")
        return self._tables

    def _changing(self) -> Tables:
        tables = self._open()
        if self._read_only:
            raise StoreUnavailable(reason="read_only")
        return tables

    def _states(self, tenant: str, kind: AggregateKind, types: tuple[type, ...], page: Page) -> Sequence[Any]:
        """The aggregates of a page that are of *types*, without their parts."""
        owner = (as_id("tenant", tenant), kind)
        found = {
            name: one.state
            for (*of, name), one in self._open().aggregates.items()
            if (*of,) == owner and isinstance(one.state, types)
        }
        return tuple(found[name] for name in _of_page(found, as_page("page", page)))

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


def _latest_first(one: Envelope) -> tuple[timedelta, str, int]:
    return _EPOCH - one.event.at, one.aggregate, -one.sequence


def _of_page(names: Iterable[str], page: Page) -> list[str]:
    return nsmallest(page.most, (name for name in names if page.after is None or name > page.after))
