"""The unit of work over one open connection. Statements and rows touched follow the command, not the pool."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, TextClause
from sqlalchemy.sql.dml import UpdateBase

from licensing_core.accounts import Card
from licensing_core.adapters.chain import BEGINNING
from licensing_core.adapters.parts import (
    PartRows,
    part_rows,
)
from licensing_core.adapters.rows import (
    as_actor,
    as_aggregate,
    as_card,
    as_count,
    as_events,
    as_used,
    card_key,
    changes,
    enrollment_rows,
    places_of,
    pools_of,
)
from licensing_core.adapters.sql import statements as sql
from licensing_core.adapters.sql.channels import Write
from licensing_core.adapters.sql.codec import (
    card_row,
    counters,
    document_columns,
    enrollment_row,
    event_rows,
    part_row,
    pool_row,
    write,
)
from licensing_core.adapters.sql.places import (
    Place,
    acting,
    carded,
    documented,
    happened,
    parted,
    pooled,
)
from licensing_core.adapters.sql.reading import SqlReading
from licensing_core.adapters.sql.schema import (
    CARD,
    COMMAND,
    DOCUMENT,
    ENROLLMENT,
    EVENT,
    PART,
    POOL,
)
from licensing_core.checks import InvalidArgument, as_id, shown
from licensing_core.decisions import Event
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseAccount
from licensing_core.pools import LicensePool, SeatPool
from licensing_core.protocols import (
    Aggregate,
    AggregateExists,
    AggregateKind,
    Envelope,
    Remembered,
    VersionConflict,
    kind_of,
)
from licensing_core.serde import TAGS

_NONE: Final = Holdings(loaded=())


class SqlUnitOfWork(SqlReading):
    """A `protocols.UnitOfWork` on an open connection whose transaction has begun; made by the stores.

    What is to be written is gathered, and sent before anything is read.
    """

    def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        key, kept = card_key(tenant, customer, person), as_card("card", card)
        self._write(sql.DROP_CARD, [carded(key)])
        self._insert(CARD, [] if kept is None else [card_row(key, kept)])

    def keep_actor(self, tenant: str, actor_id: str, actor: Actor | None) -> bool:
        """As `UnitOfWork.keep_actor()`."""
        place, kept = acting(tenant, actor_id), as_actor("actor", actor)
        self._changing()
        if kept is None:
            return self._one(sql.DROP_ACTOR, place) is not None
        return self._one(sql.KEEP_ACTOR, {**place, "of_state": write(kept)}) is not None

    def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        self._changing()
        kind, new = kind_of(as_aggregate("aggregate", aggregate)), as_count("expected", expected) == 0
        events = as_events("events", events)
        place = (as_id("tenant", tenant), kind, aggregate.id)
        holdings, parts = changes(aggregate, events, new=new), part_rows(aggregate, events, new=new)
        rows = event_rows(*place, expected, BEGINNING if new else self._link(place, expected), events)
        last = {"version": expected + len(events), "digest": rows[-1]["digest"]}
        if new:
            self._create(tenant, aggregate, last)
        else:
            self._change(tenant, aggregate, expected, last)
        if isinstance(aggregate, LicenseAccount) and not new:
            self._change_pools(tenant, aggregate, {getattr(event, "pool", None) for event in events})
        for pool_id, made in holdings.items():
            self._write_holdings(pooled(tenant, aggregate.id), pool_id, made)
        self._write_parts(parted(*place), parts, new=new)
        late = VersionConflict(aggregate=aggregate.id, expected=expected)
        self._write_enrollments(tenant, events, late)
        self._insert(EVENT, rows, late)
        self._write(sql.LET_WAIT, list(map(_waiting, rows)))
        if new or any(one.decides or one.table == ENROLLMENT.name for one in self._waiting):
            self.flush()  # so that a refusal comes from here
        self._links[place] = last["version"], last["digest"]

    def handed_over(self, tenant: str, envelopes: Collection[Envelope]) -> None:
        """As `UnitOfWork.handed_over()`."""
        self._changing()
        names = ("of_tenant", "of_kind", "of_aggregate", "of_sequence")
        rows: list[Place] = [dict(zip(names, place, strict=True)) for place in places_of(tenant, envelopes)]
        self._write(sql.HANDED_OVER, rows)

    def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`.

        Raises:
            InvalidArgument: The answer is of no kind that `serde.TAGS` names, and so could not be read again.
        """
        self._changing()
        as_used("used", used)
        if type(used.answer) not in TAGS:
            expected = "an answer of a kind that is stored"
            raise InvalidArgument(parameter="answer", expected=expected, got=shown(used.answer))
        owner, name = as_id("tenant", tenant), as_id("key", key)
        row = {"tenant": owner, "idempotency_key": name, "fingerprint": used.fingerprint, "answer": write(used.answer)}
        self._insert(COMMAND, [row], VersionConflict(aggregate=name, expected=0))

    def _create(self, tenant: str, aggregate: Aggregate, last: dict[str, Any]) -> None:
        kind, name = kind_of(aggregate), aggregate.id
        if self._one(sql.BEGUN, happened(tenant, kind, name)) is not None:
            raise AggregateExists(aggregate=name)
        late = VersionConflict(aggregate=name, expected=0)  # somebody else makes it at the same time
        purchased = isinstance(aggregate, LicensePool | SeatPool)
        if not isinstance(aggregate, LicensePool | SeatPool):
            row = {"tenant": tenant, "kind": kind.value, "id": name, **document_columns(aggregate), **last}
            self._insert(DOCUMENT, [row], late)
        shared = {"tenant": tenant, "aggregate": name, **(last if purchased else dict.fromkeys(last))}
        rows = [{**shared, "id": pool_id, **pool_row(pool)} for pool_id, pool in pools_of(aggregate).items()]
        self._insert(POOL, rows, late)

    def _change(self, tenant: str, aggregate: Aggregate, expected: int, last: dict[str, Any]) -> None:
        """The conditional update decides: no row of the expected version, no change."""
        missing = VersionConflict(aggregate=aggregate.id, expected=expected)
        locked = self._links.get((tenant, kind_of(aggregate), aggregate.id), (0, ""))[0] == expected
        if isinstance(aggregate, LicensePool | SeatPool):
            place = {**pooled(tenant, aggregate.id), "of_id": aggregate.id, "of_version": expected}
            rows, statement = [{**place, **counters(aggregate), **last}], sql.CHANGE_POOL
        else:
            place = {**documented(tenant, kind_of(aggregate), aggregate.id), "of_version": expected}
            rows, statement = [{**place, **document_columns(aggregate), **last}], sql.CHANGE_DOCUMENT
        self._gather(Write(statement, rows, missing=missing, locked=locked))

    def _link(self, place: tuple[str, AggregateKind, str], expected: int) -> str:
        """The digest of the last event before, as it was loaded, else as it is now."""
        version, digest = self._links.get(place, (0, ""))
        if version == expected:
            return digest
        row = self._one(sql.LAST_LINK, {**happened(*place), "of_sequence": expected})
        if row is None:
            raise VersionConflict(aggregate=place[2], expected=expected)
        known: str = row.digest
        return known

    def _change_pools(self, tenant: str, account: LicenseAccount, touched: Collection[object]) -> None:
        """Of the pools of *account* only those *touched* are written."""
        for name in sorted(account.pools.keys() & set(touched)):
            place = {**pooled(tenant, account.id), "of_id": name}
            self._write(sql.CHANGE_TYPE, [{**place, **counters(account.pools[name])}])

    def _write_holdings(self, place: Place, pool_id: str, holdings: Mapping[str, Holding | None]) -> None:
        of_pool = {**place, "of_pool": pool_id}
        gone = [{**of_pool, "of_holder": user} for user, state in sorted(holdings.items()) if state is None]
        kept = [
            {**of_pool, "of_holder": user, "of_state": state.value}
            for user, state in sorted(holdings.items())
            if state is not None
        ]
        self._write(sql.DROP_HOLDING, gone)
        self._write(sql.KEEP_HOLDING, kept)

    def _write_parts(self, place: Place, parts: PartRows, *, new: bool) -> None:
        """Those that change are written anew; those that are closed by time alone are marked."""
        before = () if new else (*parts.written, *parts.gone)
        self._write(sql.DROP_PARTS, [{**place, "of_sort": sort.value, "of_id": name} for sort, name in before])
        shared = {name.removeprefix("of_"): value for name, value in place.items()}
        rows = [
            {**shared, "sort": sort.value, "id": name, **part_row(part, is_open=is_open)}
            for (sort, name), (part, is_open) in parts.written.items()
        ]
        self._insert(PART, rows)
        closed = sorted(parts.closed)
        self._write(sql.CLOSE_PART, [{**place, "of_sort": sort.value, "of_id": name} for sort, name in closed])

    def _write_enrollments(self, tenant: str, events: Sequence[Event], taken: VersionConflict) -> None:
        """Those that change are written anew; of those that are made none may be there."""
        rows = enrollment_rows(events)
        places = [
            {"of_tenant": tenant, "of_learner": user, "of_content": str(content)} for user, content in rows.changed
        ]
        self._write(sql.DROP_ENROLLMENT, places)
        kept = [one for one in rows.changed.values() if one is not None]
        self._insert(ENROLLMENT, [enrollment_row(tenant, one) for one in (*kept, *rows.new.values())], taken)

    def _write(self, statement: UpdateBase | TextClause, rows: list[Place]) -> None:
        """Let *statement* be carried out for each of *rows*, if any."""
        self._gather(Write(statement, rows))

    def _insert(self, table: Table, rows: list[Place], taken: LicensingError | None = None) -> None:
        """Let *rows*, if any, be inserted; *taken* is raised when one is there already."""
        self._gather(Write(sql.INSERT[table], rows, taken=taken))


def _waiting(row: Mapping[str, Any]) -> Place:
    """The parameters by which the event of *row* is put into the outbox."""
    place = {f"of_{name}": row[name] for name in ("tenant", "kind", "aggregate", "sequence")}
    return {**place, "of_before": row["sequence"] - 1, "of_at": row["at"]}
