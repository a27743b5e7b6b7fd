"""The parameters by which a unit of work finds what it is asked for, checked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from licensing_core.adapters.rows import CardKey, as_page
from licensing_core.adapters.sql import statements as sql
from licensing_core.adapters.sql.channels import Reading, Rows
from licensing_core.checks import as_id
from licensing_core.holdings import Holding
from licensing_core.protocols import AggregateKind, Page

_CHUNK: Final = 500
"""The most ids of one statement."""
Place = dict[str, Any]
"""The parameters by which something is found."""


def paged(tenant: str, page: Page) -> Place:
    """Which part of a list."""
    part: Page = as_page("page", page)
    return {"of_tenant": as_id("tenant", tenant), "of_after": part.after or "", "of_most": part.most}


def pooled(tenant: str, aggregate_id: str) -> Place:
    """The pools and holdings of an aggregate."""
    return {"of_tenant": as_id("tenant", tenant), "of_aggregate": as_id("id", aggregate_id)}


def holding(tenant: str, user: str) -> Place:
    """What somebody holds."""
    return {"of_tenant": as_id("tenant", tenant), "of_holder": as_id("user", user)}


def documented(tenant: str, kind: AggregateKind, name: str) -> Place:
    """A document."""
    return {"of_tenant": as_id("tenant", tenant), "of_kind": kind.value, "of_id": as_id("id", name)}


def parted(tenant: str, kind: AggregateKind, document: str) -> Place:
    """The parts of a document."""
    return {"of_tenant": tenant, "of_kind": kind.value, "of_document": document}


def carded(key: CardKey) -> Place:
    """A card."""
    return dict(zip(("of_tenant", "of_customer", "of_person"), key, strict=True))


def acting(tenant: str, actor_id: str) -> Place:
    """What somebody may do."""
    return {"of_tenant": as_id("tenant", tenant), "of_id": as_id("actor_id", actor_id)}


def happened(tenant: str, kind: AggregateKind, aggregate_id: str) -> Place:
    """A history."""
    return {"of_tenant": as_id("tenant", tenant), "of_kind": kind.value, "of_aggregate": as_id("id", aggregate_id)}


def held(place: Place, pools: Sequence[str], users: frozenset[str] | None) -> list[tuple[Reading, Place]]:
    """What finds the holdings of *users* (`None`: of all), each row by the whole of its key, however large the pool."""
    of_pools: Place = {**place, "of_pools": pools}
    if users is None:
        return [(sql.HOLDINGS, of_pools)]
    return [(sql.HOLDINGS_OF, {**of_pools, "of_users": some}) for some in chunks(users)]


def by_pool(parts: Sequence[Rows]) -> Mapping[str, Mapping[str, Holding]]:
    """Holdings by pool and user."""
    held: dict[str, dict[str, Holding]] = {}
    for row in (row for part in parts for row in part):
        held.setdefault(row.pool, {})[row.holder] = Holding(row.state)
    return held


def chunks(ids: Collection[str]) -> Iterator[list[str]]:
    """All of *ids*, sorted, so many at a time as one statement takes."""
    ordered = sorted(ids)
    yield from (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
