"""The contract of stores sees what is wrong: each fault that is planted here breaks one of its laws.

PostgreSQL keeps it; that the other stores do is tried where their other tests are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core.adapters.rows import EnrollmentRows
from licensing_core.enrollments import Enrollments
from licensing_core.holdings import Holdings
from licensing_core.pools import LicensePool
from licensing_core.protocols import Page, Store
from licensing_core.testing.contracts import StoreContract
from tests.faulty import Fault, Faulty, broken, laws_of, without_an_undo
from tests.service_world import a_store


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with a_store("postgres", tmp_path) as made:
            yield made


LAWS = laws_of(StoreContract)


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
    return [work.pool(tenant, pool.id, [user]).state for pool in work.pools(tenant, Page())]


def licenses_without_holdings(work: Any, tenant: str, user: str) -> list[Any]:
    return [attrs.evolve(pool, holdings=Holdings(loaded=())) for pool in work.licenses(tenant, user)]


def licenses_that_are_held(work: Any, tenant: str, user: str) -> list[Any]:
    return [pool for pool in work.licenses(tenant, user) if pool.holds(user)]


def licenses_of_another_tenant(work: Any, tenant: str, user: str) -> Any:
    return work.licenses("acme", user)


def overwriting(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    """Whoever is enrolled already is enrolled again."""
    from licensing_core.adapters import rows
    from licensing_core.adapters.memory import work as memory

    def all_changed(some: Any) -> EnrollmentRows:
        found = rows.enrollment_rows(some)
        return EnrollmentRows({}, {**found.changed, **found.new})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "enrollment_rows", all_changed)
        work.save(tenant, aggregate, expected=expected, events=events)


def forgetting_revocations(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    kept = attrs.evolve(aggregate, revoked=0) if isinstance(aggregate, LicensePool) else aggregate
    work.save(tenant, kept, expected=expected, events=events)


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


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=[fault.__name__ for _, fault in FAULTS])
def test_each_planted_fault_is_seen(method: str, fault: Fault) -> None:
    assert any(broken(lambda: Faulty(**{method: fault}), LAWS))


def test_a_store_without_a_fault_passes() -> None:
    assert [*broken(Faulty, LAWS)] == []
