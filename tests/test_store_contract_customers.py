"""What the contract of usage and credits sees: each planted fault breaks some of it."""

from typing import Any

import attrs
import pytest

from licensing_core.adapters.parts import PartRows, Sort
from licensing_core.credits import Entries, Orders
from licensing_core.limits import Places
from licensing_core.protocols import AggregateKind, Stored
from licensing_core.testing.contracts_customers import CustomerContract
from tests.faulty import (
    Fault,
    Faulty,
    broken,
    closing_all,
    laws_of,
    opening_all,
    saving_parts,
    taking_nothing_away,
    the_first_of_the_parts,
    without_an_undo,
)

LAWS = laws_of(CustomerContract)


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


def closing_nothing(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, closed=())


def without_orders(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: one for key, one in rows.written.items() if key[0] is not Sort.ORDER})


FAULTS: list[tuple[str, Fault]] = [
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


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=[fault.__name__ for _, fault in FAULTS])
def test_each_planted_fault_about_customers_is_seen(method: str, fault: Fault) -> None:
    assert any(broken(lambda: Faulty(**{method: fault}), LAWS))
