"""Bugs of stores to plant one at a time: the harnesses that compare, mix, part, revoke and tamper must find each."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from sqlalchemy import delete, select, update

from licensing_core.adapters.memory.work import MemoryUnitOfWork
from licensing_core.adapters.sql import codec, reading, statements
from licensing_core.adapters.sql import work as sql_work
from licensing_core.adapters.sql.schema import CARD, POOL
from licensing_core.protocols import AggregateExists, AggregateKind, Envelope, VersionConflict
from tests.reliability import diff_adapters, interleave, revoke, tamper, tenants
from tests.reliability.figures import Figures
from tests.reliability.interleave_model import Model
from tests.reliability.tamper_replays import unlike_replay

Plant = Callable[[], AbstractContextManager[Any]]
Planted = tuple[str, Callable[[], Figures], Plant]


def _listed_backwards() -> AbstractContextManager[Any]:
    """One store lists the last events of a kind in another order."""
    honest = MemoryUnitOfWork.recent

    def backwards(work: Any, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        return tuple(reversed(honest(work, tenant, kind, most)))

    return patch.object(MemoryUnitOfWork, "recent", backwards)


def _held_forgotten() -> AbstractContextManager[Any]:
    """One store writes how many licenses are used, and not how many are held."""
    honest = codec.counters

    def without(pool: Any) -> dict[str, Any]:
        return {**honest(pool), "held": 0}

    return _both(patch.object(codec, "counters", without), patch.object(sql_work, "counters", without))


def _refused_otherwise() -> AbstractContextManager[Any]:
    """One store says of what is there already that it was changed meanwhile."""
    honest = MemoryUnitOfWork.save

    def save(work: Any, tenant: str, aggregate: Any, **more: Any) -> None:
        try:
            honest(work, tenant, aggregate, **more)
        except AggregateExists as refusal:
            raise VersionConflict(aggregate=refusal.aggregate, expected=0) from refusal

    return patch.object(MemoryUnitOfWork, "save", save)


def _found_in_every_tenant() -> AbstractContextManager[Any]:
    """Customers are found by their e-mail address, whoever they belong to."""
    found = select(CARD.c.customer).where(*statements._of(CARD, "email"), CARD.c.person == "")
    return patch.object(statements, "CUSTOMERS_OF", found.order_by(CARD.c.customer))


def _taken_in_every_tenant() -> AbstractContextManager[Any]:
    """Whose card is kept anew, or forgotten, loses that with another tenant."""
    dropping = delete(CARD).where(*statements._of(CARD, "customer", "person"))
    return patch.object(statements, "DROP_CARD", dropping)


def _changed_in_every_tenant() -> AbstractContextManager[Any]:
    """The counters of a pool are written to that of another tenant, too."""
    changing = update(POOL).where(*statements._of(POOL, "aggregate", "id", "version"))
    return patch.object(statements, "CHANGE_POOL", changing)


def _read_without_a_lock() -> AbstractContextManager[Any]:
    """What somebody may do is read, and may be taken away the moment after."""
    read = statements.ACTOR_OF.read
    return patch.object(statements, "ACTOR_OF", statements.Locking(read, read))


def _not_chained() -> AbstractContextManager[Any]:
    """Nobody compares the digests of a history."""

    def unchained(rows: Any, _before: str) -> Iterator[Envelope]:
        yield from map(codec.envelope_of, rows)

    return patch.object(reading, "chained", unchained)


@contextmanager
def _both(one: AbstractContextManager[Any], other: AbstractContextManager[Any]) -> Iterator[None]:
    with one, other:
        yield


@contextmanager
def _neither_locks_nor_versions() -> Iterator[None]:
    """Nothing that is loaded is locked, and nobody asks for its version when it is saved."""
    honest = Model.__init__

    def careless(model: Model, *args: Any, **more: Any) -> None:
        honest(model, *args, **{**more, "locking": False, "checking": False})

    with patch.object(Model, "__init__", careless):
        yield


def _keys_used_twice() -> AbstractContextManager[Any]:
    """A key that was used meanwhile is kept again, and whoever sent it goes through."""

    def again(work: Any, tenant: str, key: str, used: Any) -> None:
        work._put(work._changing().commands, (tenant, key), used)

    return patch.object(MemoryUnitOfWork, "remember", again)


def replays_unlike(seed: int) -> Figures:
    """What a replay of one sequence in SQLite tells."""
    with tamper.a_world(0, seed) as store:
        return Figures(1, tuple(unlike_replay(store, tamper.TENANT)))


def planted(seed: int, server: Any = None) -> list[Planted]:
    """Each bug with what has to find it; *server* is a PostgreSQL, and is started where there is none."""
    compared = partial(diff_adapters.run, 1_000, seed, enough=1)
    parted = partial(tenants.run, kinds=("sqlite",), enough=1)
    mixed = partial(interleave.run, triples=3)
    lost = partial(revoke.run, 0, seed, ("postgres",), server, enough=1)
    edited = partial(tamper.run, 200, seed, enough=1)
    return [
        *(("adapters", compared, plant) for plant in (_listed_backwards, _held_forgotten, _refused_otherwise)),
        *(
            ("tenants", parted, plant)
            for plant in (_found_in_every_tenant, _taken_in_every_tenant, _changed_in_every_tenant)
        ),
        *(("interleaving", mixed, plant) for plant in (_neither_locks_nor_versions, _keys_used_twice)),
        ("revocation", lost, _read_without_a_lock),
        ("edits", edited, _not_chained),
        ("replays", partial(replays_unlike, seed), _held_forgotten),
    ]
