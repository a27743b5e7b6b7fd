"""What the contract of payments sees: each planted fault breaks some of it."""

from typing import Any

import attrs
import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.protocols import Page, Stored
from licensing_core.testing.contracts_payments import PaymentContract
from tests.faulty import Fault, Faulty, broken, laws_of

LAWS = laws_of(PaymentContract)


def of_any_tenant(work: Any, tenant: str, payment_id: str) -> Any:
    return work.payment("acme", payment_id)


def without_refunds(work: Any, tenant: str, payment_id: str) -> Any:
    stored = work.payment(tenant, payment_id)
    return stored and Stored(attrs.evolve(stored.state, refunds=()), stored.version)


def of_the_version_before(work: Any, tenant: str, payment_id: str) -> Any:
    stored = work.payment(tenant, payment_id)
    return stored and Stored(stored.state, stored.version - 1)


def all_that_are_open(work: Any, tenant: str, at: Any, page: Any) -> Any:
    return work.payments_due(tenant, at.replace(year=at.year + 1), page)


def the_last_ones_first(work: Any, tenant: str, at: Any, page: Any) -> Any:
    return tuple(reversed(work.payments_due(tenant, at, page)))


def from_the_first_on(work: Any, tenant: str, at: Any, page: Any) -> Any:
    return work.payments_due(tenant, at, Page(None, page.most))


def as_many_as_there_are(work: Any, tenant: str, at: Any, page: Any) -> Any:
    return work.payments_due(tenant, at, Page(page.after, 1000))


def due_to_any_tenant(work: Any, tenant: str, at: Any, page: Any) -> Any:
    return work.payments_due("acme", at, page)


FAULTS: list[tuple[str, Fault]] = [
    ("payment", of_any_tenant),
    ("payment", without_refunds),
    ("payment", of_the_version_before),
    ("payments_due", all_that_are_open),
    ("payments_due", the_last_ones_first),
    ("payments_due", from_the_first_on),
    ("payments_due", as_many_as_there_are),
    ("payments_due", due_to_any_tenant),
]


def test_a_store_without_a_fault_passes() -> None:
    assert [*broken(MemoryStore, LAWS)] == []


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=lambda one: getattr(one, "__name__", one))
def test_each_planted_fault_about_payments_is_seen(method: str, fault: Fault) -> None:
    assert [*broken(lambda: Faulty(**{method: fault}), LAWS)] != []
