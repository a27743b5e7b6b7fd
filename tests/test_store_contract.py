"""The contract of stores sees what is wrong: each fault that is planted here breaks one of its laws.

PostgreSQL keeps it; that the other stores do is tried where their other tests are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core.accounts import Bills, Card, People
from licensing_core.adapters.memory import MemoryStore, MemoryUnitOfWork
from licensing_core.adapters.parts import PartRows, Sort
from licensing_core.adapters.rows import EnrollmentRows
from licensing_core.credits import Entries, Orders
from licensing_core.enrollments import Enrollments
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holdings
from licensing_core.limits import Places
from licensing_core.pools import LicensePool
from licensing_core.protocols import AggregateKind, Page, Store, Stored
from licensing_core.testing.contracts import StoreContract
from licensing_core.testing.contracts_accounts import AccountContract
from licensing_core.testing.contracts_cards import CardContract
from licensing_core.testing.contracts_customers import CustomerContract
from licensing_core.testing.law import LawBroken
from tests.service_world import a_store


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with a_store("postgres", tmp_path) as made:
            yield made


LAWS = [name for name in dir(StoreContract) if name.startswith("test_")]
OF_CUSTOMERS = [name for name in dir(CustomerContract) if name.startswith("test_")]
OF_ACCOUNTS = [name for name in dir(AccountContract) if name.startswith("test_")]
OF_CARDS = [name for name in dir(CardContract) if name.startswith("test_")]
Fault = Callable[..., Any]


class Faulty:
    """A store in memory in whose units of work some methods do something else."""

    def __init__(self, **faults: Fault) -> None:
        self._store, self._faults = MemoryStore(), faults

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        with self._store.begin(read_only=read_only) as work:
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


def with_all_bills(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    return work.customer(tenant, customer, None, people)


def with_everybody(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    return work.customer(tenant, customer, documents, None)


def by_one_list_of_ids(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    both = None if documents is None or people is None else [*documents, *people]
    return work.customer(tenant, customer, both, both)


def bills_as_if_all_were_loaded(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    stored = work.customer(tenant, customer, documents, people)
    return stored and Stored(attrs.evolve(stored.state, bills=Bills(stored.state.bills)), stored.version)


def people_as_if_all_were_loaded(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    stored = work.customer(tenant, customer, documents, people)
    return stored and Stored(attrs.evolve(stored.state, people=People(stored.state.people)), stored.version)


def unpaid_bills_alone(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    stored = work.customer(tenant, customer, documents, people)
    if stored is None or documents is None:
        return stored
    kept = {name: bill for name, bill in stored.state.bills.items() if bill.open or name in documents}
    return Stored(attrs.evolve(stored.state, bills=Bills(kept, loaded={*kept, *documents})), stored.version)


def account_of_the_tenant_acme(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    return work.customer("acme", customer, documents, people)


def account_without_credit(work: Any, tenant: str, customer: str, documents: Any, people: Any) -> Any:
    stored = work.customer(tenant, customer, documents, people)
    return stored and Stored(attrs.evolve(stored.state, balances={}), stored.version)


def accounts_backwards(work: Any, tenant: str, page: Page) -> list[Any]:
    return [*reversed(work.customers(tenant, page))]


def accounts_with_all_they_have(work: Any, tenant: str, page: Page) -> list[Any]:
    return [work.customer(tenant, one.id, None, None).state for one in work.customers(tenant, page)]


def accounts_of_the_tenant_acme(work: Any, tenant: str, page: Page) -> Any:
    return work.customers("acme", page)


def numbers_of_the_tenant_acme(work: Any, tenant: str) -> Any:
    return work.numbers("acme")


def numbers_from_the_first(work: Any, tenant: str) -> Any:
    stored = work.numbers(tenant)
    return stored and Stored(attrs.evolve(stored.state, last={}), stored.version)


def card_of_the_customer(work: Any, tenant: str, customer: str, person: Any) -> Any:
    return work.card(tenant, customer, None)


def card_of_the_tenant_acme(work: Any, tenant: str, customer: str, person: Any) -> Any:
    return work.card("acme", customer, person)


def keeping_the_first_card(work: Any, tenant: str, customer: str, person: Any, card: Any) -> None:
    if card is None or work.card(tenant, customer, person) is None:
        work.keep_card(tenant, customer, person, card)


def forgetting_nothing(work: Any, tenant: str, customer: str, person: Any, card: Any) -> None:
    if card is not None:
        work.keep_card(tenant, customer, person, card)


def keeping_addresses_in_small_letters(work: Any, tenant: str, customer: str, person: Any, card: Any) -> None:
    small = attrs.evolve(card, email=card.email.lower()) if isinstance(card, Card) else card
    work.keep_card(tenant, customer, person, small)


def keeping_cards_for_good(work: Any, tenant: str, customer: str, person: Any, card: Any) -> None:
    work.keep_card(tenant, customer, person, card)
    work._undo.clear()


def customers_whose_people_have_the_address(work: Any, tenant: str, email: str) -> Any:
    own = work.customers_of(tenant, email)
    found = (name for (of, name, _), card in work._tables.cards.items() if (of, card.email) == (tenant, email))
    return sorted({*own, *found})


def customers_backwards(work: Any, tenant: str, email: str) -> list[Any]:
    return [*reversed(work.customers_of(tenant, email))]


def customers_of_the_tenant_acme(work: Any, tenant: str, email: str) -> Any:
    return work.customers_of("acme", email)


def oldest_first(work: Any, tenant: str, kind: Any, most: int) -> list[Any]:
    return [*reversed(work.recent(tenant, kind, most))]


def one_too_many(work: Any, tenant: str, kind: Any, most: int) -> Any:
    return work.recent(tenant, kind, min(most + 1, 1000)) if most else work.recent(tenant, kind, most)


def recent_by_number(work: Any, tenant: str, kind: Any, most: int) -> Any:
    work.recent(tenant, kind, most)
    found = sorted(work.recent(tenant, kind, 1000), key=lambda one: (one.event.at, one.sequence), reverse=True)
    return found[:most]


def recent_of_any_kind(work: Any, tenant: str, kind: Any, most: int) -> list[Any]:
    work.recent(tenant, kind, most)
    found = [one for any_kind in AggregateKind for one in work.recent(tenant, any_kind, most)]
    return sorted(found, key=lambda one: one.event.at, reverse=True)[:most]


def recent_of_the_tenant_acme(work: Any, tenant: str, kind: Any, most: int) -> Any:
    return work.recent("acme", kind, most)


def saving_parts(change: Callable[[Any, PartRows], PartRows]) -> Fault:
    """A save of usage or credits whose parts are others."""
    from licensing_core.adapters import parts
    from licensing_core.adapters.memory import work as memory

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


def without_people(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: one for key, one in rows.written.items() if key[0] is not Sort.PERSON})


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
ACCOUNT_FAULTS: list[tuple[str, Fault]] = [
    *(
        ("customer", fault)
        for fault in (
            with_all_bills,
            with_everybody,
            by_one_list_of_ids,
            bills_as_if_all_were_loaded,
            people_as_if_all_were_loaded,
            unpaid_bills_alone,
            account_of_the_tenant_acme,
            account_without_credit,
        )
    ),
    *(("customers", fault) for fault in (accounts_backwards, accounts_with_all_they_have, accounts_of_the_tenant_acme)),
    *(("numbers", fault) for fault in (numbers_of_the_tenant_acme, numbers_from_the_first)),
    *(
        ("save", saving_parts(change))
        for change in (taking_nothing_away, closing_all, opening_all, without_people, the_first_of_the_parts)
    ),
    ("save", without_an_undo),
]
CARD_FAULTS: list[tuple[str, Fault]] = [
    *(("card", fault) for fault in (card_of_the_customer, card_of_the_tenant_acme)),
    *(
        ("keep_card", fault)
        for fault in (
            keeping_the_first_card,
            forgetting_nothing,
            keeping_addresses_in_small_letters,
            keeping_cards_for_good,
        )
    ),
    *(
        ("customers_of", fault)
        for fault in (customers_whose_people_have_the_address, customers_backwards, customers_of_the_tenant_acme)
    ),
    *(
        ("recent", fault)
        for fault in (oldest_first, one_too_many, recent_by_number, recent_of_any_kind, recent_of_the_tenant_acme)
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


@pytest.mark.parametrize(("method", "fault"), ACCOUNT_FAULTS, ids=[fault.__name__ for _, fault in ACCOUNT_FAULTS])
def test_each_planted_fault_about_accounts_is_seen(method: str, fault: Fault) -> None:
    assert broken(OF_ACCOUNTS, **{method: fault}) != []


@pytest.mark.parametrize(("method", "fault"), CARD_FAULTS, ids=[fault.__name__ for _, fault in CARD_FAULTS])
def test_each_planted_fault_about_cards_and_last_events_is_seen(method: str, fault: Fault) -> None:
    assert broken(OF_CARDS, **{method: fault}) != []


def test_a_store_without_a_fault_passes() -> None:
    assert broken(LAWS) == []
