"""Sentences and words about customers, subscriptions and bills, in each language."""

from enum import Enum
from typing import Any

import attrs
import pytest

from licensing_core import accounts, dunning, subscriptions
from licensing_core.billing import DocumentKind
from licensing_core.messages import explain
from licensing_core.messages.sentences import speaker_of
from licensing_core.messages.words import WORDS
from licensing_core.reports.building import TITLES
from tests.message_examples_accounts import ACCOUNT_EVENTS, ACCOUNT_REFUSALS
from tests.specimens_accounts import BILLED, CREDITED, IMPORTED, of

SHOWN: list[type[Enum]] = [
    accounts.BillStatus,
    accounts.CustomerStatus,
    accounts.NoticeKind,
    dunning.DunningAction,
    dunning.HoldingsEffect,
    subscriptions.EndOf,
    subscriptions.Happening,
    subscriptions.RenewalBasis,
    subscriptions.SubscriptionState,
    DocumentKind,
]


@pytest.mark.parametrize(
    ("subject", "in_english", "in_spanish"),
    [*ACCOUNT_REFUSALS, *ACCOUNT_EVENTS],
    ids=lambda one: type(one).__name__,
)
def test_a_sentence_says_what_stood_in_the_way_and_what_to_do(subject: Any, in_english: str, in_spanish: str) -> None:
    assert explain(subject, "en") == in_english
    assert explain(subject, "es") == in_spanish


def test_every_event_and_refusal_of_these_has_an_example() -> None:
    told = {type(one) for one, _, _ in (*ACCOUNT_REFUSALS, *ACCOUNT_EVENTS)}
    of_these = (accounts, subscriptions)
    kinds = {kind for module in of_these for kind in vars(module).values() if isinstance(kind, type)}
    assert {kind.__name__ for kind in kinds if {"code", "type"} & vars(kind).keys()} - {
        one.__name__ for one in told
    } == set()


@pytest.mark.parametrize("enumeration", SHOWN, ids=lambda one: one.__name__)
def test_each_member_has_a_word_in_both_languages(enumeration: type[Enum]) -> None:
    assert {f"{enumeration.__name__}.{member.name}" for member in enumeration} <= WORDS.keys()
    for member in enumeration:
        english, spanish = speaker_of("en").named(member), speaker_of("es").named(member)
        assert english
        assert spanish
        assert english != spanish or english == "proforma"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            subscriptions.SubscriptionState,
            ["pendiente", "en prueba", "activo", "suspendido", "en pausa", "vencido", "cancelado", "terminado"],
        ),
        (accounts.BillStatus, ["sin pagar", "pagada", "anulada"]),
        (accounts.CustomerStatus, ["en prueba", "activo", "prueba terminada", "bloqueado"]),
        (DocumentKind, ["proforma", "factura", "nota de crédito"]),
        (dunning.DunningAction, ["recordar", "suspender", "terminar"]),
        (dunning.HoldingsEffect, ["conservar", "liberar"]),
        (subscriptions.EndOf, ["ahora", "al final de lo pagado"]),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_words_are_those_of_the_products(members: type[Enum], words: list[str]) -> None:
    assert [speaker_of("es").shown(one) for one in members] == words


@pytest.mark.parametrize(
    ("name", "in_spanish"),
    [
        ("customers", "Clientes"),
        ("subscriptions", "Servicios"),
        ("bills", "Proformas y facturas"),
        ("notices", "Avisos"),
        ("people", "Usuarios y contactos"),
    ],
)
def test_the_titles_are_those_of_the_products(name: str, in_spanish: str) -> None:
    assert speaker_of("es").translated(*TITLES[name]) == in_spanish


def test_an_invoice_that_is_issued_at_once_is_told_as_one() -> None:
    bill = of(BILLED.events, accounts.BillIssued).bill
    number = attrs.evolve(bill.document.number, series="F-")
    invoice = attrs.evolve(bill, document=attrs.evolve(bill.document, kind=DocumentKind.INVOICE, number=number))
    event = attrs.evolve(of(BILLED.events, accounts.BillIssued), bill=invoice)
    assert explain(event, "en") == "The invoice F-000002 was issued. To pay: €32.67. Due date: Jun 4, 2026."
    assert explain(event, "es").startswith("Se emitió la factura F-000002.")


def test_a_turn_of_which_nothing_is_to_be_paid_is_told_so() -> None:
    event = of(BILLED.events, subscriptions.TurnBilled)
    free = attrs.evolve(event, quote=attrs.evolve(event.quote, lines=()))
    assert explain(free, "en").startswith("The subscription web was billed. There is nothing to pay. Its period: ")
    assert explain(free, "es").startswith("Se facturó el servicio web. No hay nada que pagar. Su periodo: ")


def test_what_is_imported_without_documents_says_nothing_of_them() -> None:
    assert explain(attrs.evolve(IMPORTED, bills=()), "es") == (
        "El servicio web, que hasta ahora facturaba otro sistema, sigue aquí."
    )


def test_balances_and_numbers_are_listed_by_what_they_are() -> None:
    speaker = speaker_of("es")
    assert speaker.shown(CREDITED.state.account.balances) == "10,00\xa0€"
    assert speaker.shown(CREDITED.state.numbers.last) == "P-000001 y F-000001"
    assert speaker.shown({}) == "ninguna"


def test_the_names_of_a_mapping_are_listed_where_they_are_asked_for() -> None:
    assert speaker_of("es").shown({"unpaid": 1, "abuse": 2}, "list") == "unpaid y abuse"


def test_an_error_of_a_host_by_a_code_of_ours_is_shown_as_far_as_it_can_be() -> None:
    speaker = speaker_of("en")
    assert speaker.shown(3, "state") == "3"
    assert speaker.shown(("active", 3), "state") == "active or 3"
    assert speaker.shown(3, "each") == "3"
