"""The contract of stores sees what is wrong: each fault that is planted here breaks one of its laws."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from licensing_core.adapters.memory import MemoryStore, MemoryUnitOfWork
from licensing_core.adapters.parts import PartRows, Sort
from licensing_core.adapters.rows import EnrollmentRows
from licensing_core.credits import Entries, Orders
from licensing_core.enrollments import Enrollments
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holdings
from licensing_core.limits import Places
from licensing_core.pools import LicensePool
from licensing_core.protocols import AggregateKind, Stored
from licensing_core.testing.contracts import StoreContract
from licensing_core.testing.contracts_customers import CustomerContract
from licensing_core.testing.law import LawBroken

LAWS = [name for name in dir(StoreContract) if name.startswith("test_")]
OF_CUSTOMERS = [name for name in dir(CustomerContract) if name.startswith("test_")]
Fault = Callable[..., Any]


class Faulty:
    """A store in memory in whose units of work some methods do something else."""

    def __init__(self, **faults: Fault) -> None:
        self._store, self._faults = MemoryStore(), faults

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with self._store.begin() as work:
            yield _Work(work, self._faults)


class _Work:
    def __init__(self, work: MemoryUnitOfWork, faults: dict[str, Fault]) -> None:
        self._work, self._faults = work, faults

    def __getattr__(self, name: str) -> Any:
        fault = self._faults.get(name)
        if fault is None:
            return getattr(self._work, name)
        return lambda *args, **kwargs: fault(self._work, *args, **kwargs)


def of_everybody(work: Any, tenant: str, users: Any) -> Any:
    return work.enrollments(tenant, None)


def of_those_asked_for_as_if_of_all(work: Any, tenant: str, users: Any) -> Enrollments:
    return Enrollments(work.enrollments(tenant, users).values())


def without_levels(work: Any, tenant: str, users: Any) -> Enrollments:
    found = work.enrollments(tenant, users)
    return Enrollments((attrs.evolve(one, level=None) for one in found.values()), loaded=found.loaded)


def without_locks(work: Any, tenant: str, users: Any) -> Enrollments:
    found = work.enrollments(tenant, users)
    return Enrollments((attrs.evolve(one, locked=False) for one in found.values()), loaded=found.loaded)


def of_another_tenant(work: Any, tenant: str, users: Any) -> Any:
    return work.enrollments("acme", users)


def licenses_backwards(work: Any, tenant: str, user: str) -> list[Any]:
    return [*reversed(work.licenses(tenant, user))]


def licenses_of_all_pools(work: Any, tenant: str, user: str) -> list[Any]:
    return [work.pool(tenant, pool.id, [user]).state for pool in work.pools(tenant)]


def licenses_without_holdings(work: Any, tenant: str, user: str) -> list[Any]:
    return [attrs.evolve(pool, holdings=Holdings(loaded=())) for pool in work.licenses(tenant, user)]


def licenses_that_are_held(work: Any, tenant: str, user: str) -> list[Any]:
    return [pool for pool in work.licenses(tenant, user) if pool.holds(user)]


def licenses_of_another_tenant(work: Any, tenant: str, user: str) -> Any:
    return work.licenses("acme", user)


def overwriting(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    """Whoever is enrolled already is enrolled again."""
    from licensing_core.adapters import memory, rows

    def all_changed(some: Any) -> EnrollmentRows:
        found = rows.enrollment_rows(some)
        return EnrollmentRows({}, {**found.changed, **found.new})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "enrollment_rows", all_changed)
        work.save(tenant, aggregate, expected=expected, events=events)


def forgetting_revocations(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    kept = attrs.evolve(aggregate, revoked=0) if isinstance(aggregate, LicensePool) else aggregate
    work.save(tenant, kept, expected=expected, events=events)


def without_an_undo(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    work.save(tenant, aggregate, expected=expected, events=events)
    work._undo.clear()


def of_all_places(work: Any, tenant: str, customer: str, places: Any) -> Any:
    return work.usage(tenant, customer, None)


def of_no_places_as_if_of_all(work: Any, tenant: str, customer: str, places: Any) -> Any:
    stored = work.usage(tenant, customer, places)
    return stored and Stored(attrs.evolve(stored.state, places=Places(stored.state.places)), stored.version)


def usage_of_the_tenant_acme(work: Any, tenant: str, customer: str, places: Any) -> Any:
    return work.usage("acme", customer, places)


def usage_in_calendar_months(work: Any, tenant: str, customer: str, places: Any) -> Any:
    stored = work.usage(tenant, customer, places)
    return stored and Stored(attrs.evolve(stored.state, anchor=None), stored.version)


def usage_without_overrides(work: Any, tenant: str, customer: str, places: Any) -> Any:
    stored = work.usage(tenant, customer, places)
    return stored and Stored(attrs.evolve(stored.state, overrides={}), stored.version)


def all_credits(work: Any, tenant: str, customer: str, ids: Any) -> Any:
    return work.credits(tenant, customer, None)


def with_orders(stored: Any, orders: Orders) -> Any:
    return Stored(attrs.evolve(stored.state, orders=orders), stored.version)


def orders_as_if_all_were_loaded(work: Any, tenant: str, customer: str, ids: Any) -> Any:
    stored = work.credits(tenant, customer, ids)
    return stored and with_orders(stored, Orders(stored.state.orders))


def active_orders_denied(work: Any, tenant: str, customer: str, ids: Any) -> Any:
    """As if the order of an open grant had been looked up in vain."""
    stored = work.credits(tenant, customer, ids)
    if stored is None or ids is None:
        return stored
    kept = {name: one for name, one in stored.state.orders.items() if name in ids or one.status != "active"}
    return with_orders(stored, Orders(kept, loaded=stored.state.orders.loaded))


def grants_as_if_all_were_loaded(work: Any, tenant: str, customer: str, ids: Any) -> Any:
    stored = work.credits(tenant, customer, ids)
    if stored is None:
        return None
    balances = attrs.evolve(stored.state.balances, entries=Entries(stored.state.balances.entries))
    return Stored(attrs.evolve(stored.state, balances=balances), stored.version)


def credits_of_the_tenant_acme(work: Any, tenant: str, customer: str, ids: Any) -> Any:
    return work.credits("acme", customer, ids)


def history_of_any_kind(work: Any, tenant: str, kind: Any, aggregate: str) -> Any:
    return next((found for one in AggregateKind if (found := work.history(tenant, one, aggregate))), ())


def history_of_a_kind_unchecked(work: Any, tenant: str, kind: Any, aggregate: str) -> Any:
    return work.history(tenant, kind, aggregate) if kind in tuple(AggregateKind) else ()


def saving_parts(change: Callable[[Any, PartRows], PartRows]) -> Fault:
    """A save of usage or credits whose parts are others."""
    from licensing_core.adapters import memory, parts

    def save(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory, "part_rows", lambda *given, new: change(given[0], parts.part_rows(*given, new=new)))
            work.save(tenant, aggregate, expected=expected, events=events)

    save.__name__ = change.__name__
    return save


def closing_nothing(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, closed=())


def taking_nothing_away(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, gone=())


def closing_all(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: (part, False) for key, (part, _) in rows.written.items()})


def opening_all(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: (part, True) for key, (part, _) in rows.written.items()})


def without_orders(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: one for key, one in rows.written.items() if key[0] is not Sort.ORDER})


def the_first_of_the_parts(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written=dict(list(rows.written.items())[:1]))


CUSTOMER_FAULTS: list[tuple[str, Fault]] = [
    *(
        ("usage", fault)
        for fault in (
            of_all_places,
            of_no_places_as_if_of_all,
            usage_of_the_tenant_acme,
            usage_in_calendar_months,
            usage_without_overrides,
        )
    ),
    *(
        ("credits", fault)
        for fault in (
            all_credits,
            orders_as_if_all_were_loaded,
            active_orders_denied,
            grants_as_if_all_were_loaded,
            credits_of_the_tenant_acme,
        )
    ),
    ("history", history_of_any_kind),
    ("history", history_of_a_kind_unchecked),
    *(
        ("save", saving_parts(change))
        for change in (
            closing_nothing,
            taking_nothing_away,
            closing_all,
            opening_all,
            without_orders,
            the_first_of_the_parts,
        )
    ),
    ("save", without_an_undo),
]
FAULTS: list[tuple[str, Fault]] = [
    *(
        ("enrollments", fault)
        for fault in (
            of_everybody,
            of_those_asked_for_as_if_of_all,
            without_levels,
            without_locks,
            of_another_tenant,
        )
    ),
    *(
        ("licenses", fault)
        for fault in (
            licenses_backwards,
            licenses_of_all_pools,
            licenses_without_holdings,
            licenses_that_are_held,
            licenses_of_another_tenant,
        )
    ),
    *(("save", fault) for fault in (overwriting, forgetting_revocations, without_an_undo)),
]


def broken(laws: list[str], **faults: Fault) -> list[str]:
    """The tests of the contract that fail, among *laws*."""
    failed = []
    for law in laws:
        try:
            getattr(StoreContract(), law)(Faulty(**faults))
        except (LawBroken, LicensingError):
            failed.append(law)
    return failed


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=[fault.__name__ for _, fault in FAULTS])
def test_each_planted_fault_is_seen(method: str, fault: Fault) -> None:
    assert broken(LAWS, **{method: fault}) != []


@pytest.mark.parametrize(("method", "fault"), CUSTOMER_FAULTS, ids=[fault.__name__ for _, fault in CUSTOMER_FAULTS])
def test_each_planted_fault_about_customers_is_seen(method: str, fault: Fault) -> None:
    assert broken(OF_CUSTOMERS, **{method: fault}) != []


def test_a_store_without_a_fault_passes() -> None:
    assert broken(LAWS) == []
