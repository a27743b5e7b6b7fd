"""What the contract of people sees: each planted fault breaks some of it."""

from typing import Any

import attrs
import pytest

from licensing_core.accounts import PersonRemoved
from licensing_core.adapters.memory import MemoryStore
from licensing_core.enrollments import EnrollmentsMovedOut
from licensing_core.holdings import Holding, Holdings
from licensing_core.pools import HolderMerged, LicensePool
from licensing_core.protocols import AggregateKind, Page
from licensing_core.testing.contracts_people import PeopleContract
from tests.faulty import Fault, Faulty, broken, laws_of, without_an_undo

LAWS = laws_of(PeopleContract)


def those_with_an_account(work: Any, tenant: str, person: str) -> Any:
    known = {one.id for one in work.customers(tenant, Page())}
    return [name for name in work.customers_with(tenant, person) if name in known]


def those_with_a_card(work: Any, tenant: str, person: str) -> Any:
    return [name for name in work.customers_with(tenant, person) if work.card(tenant, name, person)]


def those_without_an_administrator(work: Any, tenant: str, person: str) -> Any:
    return [
        name
        for name in work.customers_with(tenant, person)
        if work.card(tenant, name, person) or person in work.customer(tenant, name, (), None).state.people
    ]


def whoever_was_the_administrator(work: Any, tenant: str, person: str) -> Any:
    """As an index that is never written anew would have it."""
    found = set(work.customers_with(tenant, person))
    for one in work.customers(tenant, Page()):
        (added, *_) = work.history(tenant, AggregateKind.CUSTOMERS, one.id)
        if added.event.settings.administrator == person:
            found.add(one.id)
    return sorted(found)


def backwards(work: Any, tenant: str, person: str) -> Any:
    return [*reversed(work.customers_with(tenant, person))]


def of_the_tenant_acme(work: Any, tenant: str, person: str) -> Any:
    return work.customers_with("acme", person)


def all_customers(work: Any, tenant: str, person: str) -> Any:
    return [one.id for one in work.customers(tenant, Page())]


def forgetting_no_grant(work: Any, tenant: str, actor_id: str, actor: Any) -> None:
    if actor is not None:
        work.keep_actor(tenant, actor_id, actor)


def forgetting_the_grant_everywhere(work: Any, tenant: str, actor_id: str, actor: Any) -> None:
    for one in (tenant, "acme", "Acme"):
        work.keep_actor(one, actor_id, actor)


def forgetting_all_cards(work: Any, tenant: str, customer: str, person: Any, card: Any) -> None:
    for one in (person,) if card else (person, "luis", None):
        work.keep_card(tenant, customer, one, card)


def without(kind: type[Any]) -> Fault:
    """A save that does not look at what an event of *kind* says."""

    def save(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
        from licensing_core.adapters import parts, rows
        from licensing_core.adapters.memory import work as memory

        def others(some: Any) -> Any:
            return tuple(one for one in some if not isinstance(one, kind))

        def changes(one: Any, some: Any, new: bool) -> Any:
            return rows.changes(one, others(some), new=new) if others(some) else {}

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory, "changes", changes)
            patch.setattr(memory, "part_rows", lambda one, some, new: parts.part_rows(one, others(some), new=new))
            patch.setattr(memory, "enrollment_rows", lambda some: rows.enrollment_rows(others(some)))
            work.save(tenant, aggregate, expected=expected, events=events)

    save.__name__ = save.__qualname__ = f"without_{kind.__name__}"
    return save


def keeping_who_was_merged(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    """The one gets the license, and the other keeps it."""
    from licensing_core.adapters import rows
    from licensing_core.adapters.memory import work as memory

    def changes(one: Any, some: Any, new: bool) -> Any:
        found = rows.changes(one, some, new=new)
        return {pool: {user: held for user, held in made.items() if held} for pool, made in found.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "changes", changes)
        work.save(tenant, aggregate, expected=expected, events=events)


def holding_whatever_awaited(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    merged = [attrs.evolve(one, holding=Holding.HELD) if isinstance(one, HolderMerged) else one for one in events]
    work.save(tenant, aggregate, expected=expected, events=merged)


def counting_two_for_one(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    kept = aggregate
    if isinstance(aggregate, LicensePool) and any(isinstance(one, HolderMerged) for one in events):
        kept = attrs.evolve(aggregate, consumed=aggregate.consumed + 1, holdings=Holdings(loaded=()))
    work.save(tenant, kept, expected=expected, events=events)


def no_account(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> None:
    return None


FAULTS: list[tuple[str, Fault]] = [
    ("customer", no_account),
    *(
        ("customers_with", fault)
        for fault in (
            those_with_an_account,
            those_with_a_card,
            those_without_an_administrator,
            whoever_was_the_administrator,
            backwards,
            of_the_tenant_acme,
            all_customers,
        )
    ),
    ("keep_actor", forgetting_no_grant),
    ("keep_actor", forgetting_the_grant_everywhere),
    ("keep_card", forgetting_all_cards),
    *(("save", without(kind)) for kind in (HolderMerged, EnrollmentsMovedOut, PersonRemoved)),
    *(
        ("save", fault)
        for fault in (keeping_who_was_merged, holding_whatever_awaited, counting_two_for_one, without_an_undo)
    ),
]


def test_a_store_in_memory_breaks_nothing_of_it() -> None:
    assert [*broken(MemoryStore, LAWS)] == []


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=lambda one: getattr(one, "__name__", one))
def test_each_planted_fault_about_people_is_seen(method: str, fault: Fault) -> None:
    assert any(broken(lambda: Faulty(**{method: fault}), LAWS))
