"""Sentences and words about payments, in each language."""

import re
from enum import Enum
from typing import Any

import attrs
import pytest

from licensing_core import payments
from licensing_core.messages import explain
from licensing_core.messages.sentences import speaker_of
from licensing_core.messages.words import WORDS
from licensing_core.payments import AttemptNoted, AttemptStatus, Way
from licensing_core.protocols import gateway
from licensing_core.protocols.gateway import GatewayFailed, WebhookRefused
from licensing_core.services import dues, paying
from tests.message_examples import AT
from tests.message_examples_payments import GATEWAY_REFUSALS, PAYMENT_EVENTS, PAYMENT_REFUSALS

EXAMPLES = [*PAYMENT_REFUSALS, *GATEWAY_REFUSALS, *PAYMENT_EVENTS]
TOLD_ELSEWHERE = {"NoPaymentPending", "PaymentFailed"}
"""Of purchases, which came before payments had a life of their own."""


@pytest.mark.parametrize(("subject", "in_english", "in_spanish"), EXAMPLES, ids=lambda one: type(one).__name__)
def test_a_sentence_says_what_stood_in_the_way_and_what_to_do(subject: Any, in_english: str, in_spanish: str) -> None:
    assert explain(subject, "en") == in_english
    assert explain(subject, "es") == in_spanish


def test_every_event_and_refusal_of_these_has_an_example() -> None:
    kinds = {
        kind.__name__
        for module in (payments, gateway, dues, paying)
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__.startswith(module.__name__)
        if {"code", "type"} & vars(kind).keys()
    }
    assert kinds - TOLD_ELSEWHERE == {type(one).__name__ for one, _, _ in EXAMPLES}


@pytest.mark.parametrize("locale", ["en", "es"])
def test_no_sentence_names_who_buys_or_pays(locale: str) -> None:
    assert not [one for one, _, _ in EXAMPLES if re.search(r"\b(ana|luis)\b", explain(one, locale))]
    assert "luis" not in str(payments.ConsentMissing(payer="luis"))


@pytest.mark.parametrize("error", [GatewayFailed(reason="odd"), WebhookRefused(reason="odd")], ids=repr)
def test_a_reason_of_an_adapter_that_is_not_known_is_left_out(error: GatewayFailed | WebhookRefused) -> None:
    known = {explain(one, "en").partition(". ")[0] for one, _, _ in GATEWAY_REFUSALS if type(one) is type(error)}
    assert known == {explain(error, "en").removesuffix(".")}


def test_what_a_gateway_writes_freely_is_measured_and_not_shown() -> None:
    event = AttemptNoted(payment="pay-1", key="pay-1-1", status=AttemptStatus.FAILED, reason="<b>no</b>", **AT)
    assert explain(event, "es").endswith("Motivo: un texto de 9 caracteres.")
    assert explain(attrs.evolve(event, reason=None), "es").endswith("falló y no se movió dinero.")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (AttemptStatus, ["desconocido", "pendiente", "completado", "fallido"]),
        (Way, ["tarjeta guardada", "página de pago"]),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_each_member_has_a_word_in_both_languages(members: type[Enum], words: list[str]) -> None:
    assert {f"{members.__name__}.{member.name}" for member in members} <= WORDS.keys()
    assert [speaker_of("es").shown(one) for one in members] == words
    assert not {speaker_of("en").shown(one) for one in members} & set(words)
