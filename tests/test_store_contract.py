"""The contract of stores sees what is wrong: each fault that is planted here breaks one of its laws."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from licensing_core.adapters.memory import MemoryStore, MemoryUnitOfWork
from licensing_core.adapters.rows import EnrollmentRows
from licensing_core.enrollments import Enrollments
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holdings
from licensing_core.pools import LicensePool
from licensing_core.testing.contracts import StoreContract
from licensing_core.testing.law import LawBroken

LAWS = [name for name in dir(StoreContract) if name.startswith("test_")]
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


def broken(**faults: Fault) -> list[str]:
    """The tests of the contract that fail."""
    failed = []
    for law in LAWS:
        try:
            getattr(StoreContract(), law)(Faulty(**faults))
        except (LawBroken, LicensingError):
            failed.append(law)
    return failed


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=[fault.__name__ for _, fault in FAULTS])
def test_each_planted_fault_is_seen(method: str, fault: Fault) -> None:
    assert broken(**{method: fault}) != []


def test_a_store_without_a_fault_passes() -> None:
    assert broken() == []
