"""What the contract of accounts of customers, numbers, cards and last events sees: each planted fault breaks some."""

from typing import Any

import attrs
import pytest

from licensing_core.accounts import Bills, Card, People
from licensing_core.adapters.parts import PartRows, Sort
from licensing_core.protocols import AggregateKind, Page, Stored
from licensing_core.testing.contracts_accounts import AccountContract
from licensing_core.testing.contracts_cards import CardContract
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

OF_ACCOUNTS = laws_of(AccountContract)
OF_CARDS = laws_of(CardContract)


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


def without_people(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: one for key, one in rows.written.items() if key[0] is not Sort.PERSON})


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


@pytest.mark.parametrize(("method", "fault"), ACCOUNT_FAULTS, ids=[fault.__name__ for _, fault in ACCOUNT_FAULTS])
def test_each_planted_fault_about_accounts_is_seen(method: str, fault: Fault) -> None:
    assert any(broken(lambda: Faulty(**{method: fault}), OF_ACCOUNTS))


@pytest.mark.parametrize(("method", "fault"), CARD_FAULTS, ids=[fault.__name__ for _, fault in CARD_FAULTS])
def test_each_planted_fault_about_cards_and_last_events_is_seen(method: str, fault: Fault) -> None:
    assert any(broken(lambda: Faulty(**{method: fault}), OF_CARDS))
