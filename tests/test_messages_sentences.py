"""Sentences in each language: examples, values as each locale writes them, and what a host adds."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, ClassVar

import pytest
from attrs import frozen

from licensing_core.billing import (
    ItemChange,
    ScheduledChange,
    When,
)
from licensing_core.checks import checked
from licensing_core.currencies import Currency
from licensing_core.decisions import Event
from licensing_core.directory import Content
from licensing_core.errors import LicensingError
from licensing_core.messages import catalogs, explain
from licensing_core.messages.marks import Part
from licensing_core.messages.phrases import PHRASES
from licensing_core.messages.sentences import speaker_of
from licensing_core.messages.words import ANSWERS
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.pools import PoolOpened
from tests import specimens
from tests.message_examples import AT, BEGUN, LESS, LICENSE_EXAMPLES
from tests.message_examples_money import MONEY_EXAMPLES

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
EXAMPLES = [*LICENSE_EXAMPLES, *MONEY_EXAMPLES]


@pytest.mark.parametrize(("subject", "in_english", "in_spanish"), EXAMPLES, ids=lambda one: type(one).__name__)
def test_a_sentence_says_what_stood_in_the_way_and_what_to_do(subject: Any, in_english: str, in_spanish: str) -> None:
    assert explain(subject, "en") == in_english
    assert explain(subject, "es") == in_spanish


def test_instants_are_shown_in_the_zone_that_is_asked_for() -> None:
    (closed,) = (one for one in EXAMPLES if isinstance(one[0], PoolOpened) and one[0].expires_at)
    assert "4 may 2026, 14:00 (Europe/Madrid)" in explain(closed[0], "es", zone="Europe/Madrid")


@pytest.mark.parametrize(
    ("value", "way", "shown"),
    [
        (Content.course("fire"), "", "curso fire"),
        (Currency("EUR"), "", "EUR"),
        (Fraction(1, 3), "", "33,33\xa0%"),
        (True, "", "sí"),
        (False, "", "no"),
        (-1234567, "", "-1.234.567"),
        (specimens.ORDER, "", "o1"),
        (specimens.MAY, "", "1 may 2026, 0:00 - 1 jun 2026, 0:00 (Europe/Madrid)"),
        (("a", "b", "c"), "", "3"),
        ((), "list", "ninguna"),
        (BEGUN.state.ledger.line("seats:1"), "", "base 30,00\xa0€"),
        (tuple(BEGUN.state.ledger.lines.values()), "", "1"),
        (ScheduledChange(id="later", change=LESS, effective=When.END_OF_PERIOD), "", "al final del periodo"),
        (ScheduledChange(id="later", change=LESS, effective=NOON), "", "4 may 2026, 14:00 (Europe/Madrid)"),
        (ScheduledChange(id="later", change=ItemChange(), effective=NOON), "parts", "nada"),
        (ScheduledChange(id="later", change=ItemChange(), effective=NOON), "id", "later"),
        (
            ScheduledChange(
                id="later",
                change=ItemChange(item="plus", every=Duration(months=12), discounts=(), rates=()),
                effective=NOON,
            ),
            "parts",
            "plus en su lugar, otro intervalo, otros descuentos y otros tipos impositivos",
        ),
        (tuple("abcdefghijklm"), "list", "a, b, c, d, e, f, g, h, i, j y …"),
        (Money.parse("1.50 EUR"), "", "1,50\xa0€"),
        ({"base": "x"}, "", "1"),
        ("ana@example.com", "", "un texto de 15 caracteres"),
        ("<b>bold</b>", "", "un texto de 11 caracteres"),
        (None, "", "None"),
        (3.5, "", "float 3.5"),
        (object(), "", "object"),
        (Decimal(2), "", "Decimal"),
    ],
    ids=lambda one: repr(one)[:14],
)
def test_a_value_is_shown_as_the_locale_writes_it(value: object, way: str, shown: str) -> None:
    assert speaker_of("es", "Europe/Madrid").shown(value, way) == shown


class Odd(Enum):
    """An enumeration of a host."""

    FIRST = "first"


def test_a_member_without_a_word_is_shown_by_its_value() -> None:
    assert speaker_of("es").shown(Odd.FIRST) == "first"


def test_a_placeholder_that_names_nothing_stays() -> None:
    assert speaker_of("es").filled("{unknown} {pool}", {"pool": "p1"}) == "{unknown} p1"


@frozen(kw_only=True)
class OfTheHost(LicensingError):
    """An error that the library knows nothing of."""

    code: ClassVar[str] = "host.own"

    def __str__(self) -> str:
        return "the host refuses"


@frozen(kw_only=True)
class ByOurCode(OfTheHost):
    """An error of a host that took a code of ours, with other fields."""

    code: ClassVar[str] = "pool.in_use"


@frozen(kw_only=True, field_transformer=checked)
class HappenedAtTheHost(Event):
    """An event that the library knows nothing of."""

    type: ClassVar[str] = "host.happened"


@pytest.mark.parametrize("error", [OfTheHost(), ByOurCode()], ids=lambda one: type(one).__name__)
def test_an_error_without_a_text_gives_its_english_sentence(error: LicensingError) -> None:
    assert explain(error, "es") == explain(error, "en") == "the host refuses"


def test_an_event_without_a_text_gives_its_type() -> None:
    assert explain(HappenedAtTheHost(**AT), "es") == "host.happened"


def a_filling(found: re.Match[str]) -> str:
    return "Money" if "name" in found[1] else "5"


@pytest.mark.parametrize("part", PHRASES, ids=lambda part: part.text)
def test_a_phrase_is_taken_for_no_other(part: Part) -> None:
    told = PLACEHOLDER.sub(a_filling, part.plural or part.text)
    texts = catalogs.catalog("es")
    in_spanish = texts.ngettext(part.text, part.plural, 5) if part.number else texts.gettext(part.text)
    assert speaker_of("en").phrase(told) == told
    assert speaker_of("es").phrase(told) == PLACEHOLDER.sub(a_filling, in_spanish)


def test_words_of_answers_are_translated() -> None:
    assert [speaker_of("es").translated(*one) for one in ANSWERS] == ["sí", "no", "ninguna"]
