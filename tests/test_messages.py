"""Sentences in each language, and amounts as each locale writes them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from gettext import GNUTranslations
from importlib import import_module
from io import BytesIO
from pathlib import Path
from pkgutil import walk_packages
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import licensing_core
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.decisions import Event, Verdict
from licensing_core.directory import ScopeKind
from licensing_core.errors import LicensingError, all_errors
from licensing_core.messages import UnknownLocale, catalogs, explain, format_money, languages
from licensing_core.messages.events import EVENTS
from licensing_core.messages.marks import Text
from licensing_core.messages.refusals import REFUSALS
from licensing_core.messages.words import SCOPES, WORDS
from licensing_core.money import Money
from licensing_core.periods import UnknownZone
from licensing_core.plans import PackageKind
from licensing_core.pools import LicensesExhausted
from tests import specimens
from tests.public_classes import an_error

SOURCES = Path(licensing_core.__path__[0])
LOCALES = SOURCES / "locales"
CATALOGS = sorted(LOCALES.glob("*/LC_MESSAGES/licensing_core.po"))
KEYWORDS = {"say": None, "by": (2, 3), "word": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
WAYS = {"", "list", "each", "phrase", "due", "day", "id", "parts", "amount", "state", "billing"}
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

for found in walk_packages(licensing_core.__path__, "licensing_core."):
    import_module(found.name)


def event_classes(root: type[Event] = Event) -> Iterator[type[Event]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith("licensing_core.") and "__attrs_attrs__" in vars(child):
            yield from event_classes(child)


ERRORS = [kind for kind in dict.fromkeys(all_errors()) if kind.__module__.startswith("licensing_core.")]
EVENT_CLASSES = list(event_classes())


def by_name(kind: type) -> str:
    return kind.__name__


def placeholders(text: str) -> list[tuple[str, str]]:
    return sorted((found[1], found[2] or "") for found in PLACEHOLDER.finditer(text))


def named_in(text: Text) -> set[str]:
    """Every field that a text leans on."""
    found = {name for part in text for words in (part.text, part.plural) for name, _ in placeholders(words)}
    return found | {name for part in text for name in (part.number, part.field) if name}


def catalog_of(path: Path) -> dict[tuple[str | None, str], Message]:
    with path.open("rb") as po:
        return {key(message): message for message in read_po(po) if message.id}


def key(message: Message) -> tuple[str | None, str]:
    return (message.context, message.id if isinstance(message.id, str) else message.id[0])


def english(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translated(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


# Every error, event and word has its text


@pytest.mark.parametrize("kind", ERRORS, ids=by_name)
def test_each_error_has_a_text_that_names_only_its_fields(kind: type[LicensingError]) -> None:
    assert kind.code in REFUSALS, f"add a text for {kind.code} to messages/refusals.py and run tools/messages.sh"
    assert named_in(REFUSALS[kind.code]) <= {field.name for field in attrs.fields(kind)}


@pytest.mark.parametrize("kind", EVENT_CLASSES, ids=by_name)
def test_each_event_has_a_text_that_names_only_its_fields(kind: type[Event]) -> None:
    assert kind.type in EVENTS, f"add a text for {kind.type} to messages/events.py and run tools/messages.sh"
    assert named_in(EVENTS[kind.type]) <= {field.name for field in attrs.fields(kind)}


def test_no_text_is_left_of_an_error_or_event_that_is_gone() -> None:
    assert REFUSALS.keys() == {kind.code for kind in ERRORS}
    assert EVENTS.keys() == {kind.type for kind in EVENT_CLASSES}


@pytest.mark.parametrize("locale", ["en", *(path.parents[1].name for path in CATALOGS)])
@pytest.mark.parametrize("kind", ERRORS, ids=by_name)
def test_an_error_is_told_in_full_and_names_no_person(kind: type[LicensingError], locale: str) -> None:
    text = explain(an_error(kind), locale)
    assert text.endswith(".")
    assert text[0].isupper() or text[0].isdigit() or text.startswith(("“", "«"))
    assert not PLACEHOLDER.search(text)
    assert "secret" not in text


@pytest.mark.parametrize("locale", ["en", *(path.parents[1].name for path in CATALOGS)])
@pytest.mark.parametrize(
    "event", [one for one in specimens.VALUES if isinstance(one, Event)], ids=lambda one: type(one).__name__
)
def test_an_event_is_told_in_full_and_names_no_person(event: Event, locale: str) -> None:
    text = explain(event, locale)
    assert text.endswith(".")
    assert not PLACEHOLDER.search(text)
    assert not re.search(r"\b(ana|luis)\b", text)


def enumerations(annotation: Any) -> Iterator[type[Enum]]:
    for one in get_args(annotation) if get_origin(annotation) is not None else (annotation,):
        if isinstance(one, type) and issubclass(one, Enum):
            yield one
        elif get_origin(one) in (Union, UnionType, tuple, frozenset):
            yield from enumerations(one)


SHOWN: set[type[Enum]] = {
    enumeration
    for kind in (*ERRORS, *EVENT_CLASSES)
    for annotation in get_type_hints(kind).values()
    for enumeration in enumerations(annotation)
} | {PackageKind}


@pytest.mark.parametrize("enumeration", sorted(SHOWN, key=str), ids=by_name)
def test_each_member_of_an_enumeration_that_is_shown_has_a_word(enumeration: type[Enum]) -> None:
    assert {f"{enumeration.__name__}.{member.name}" for member in enumeration} <= WORDS.keys()


def test_each_kind_of_scope_has_a_way_to_be_named() -> None:
    assert SCOPES.keys() == {kind.name for kind in ScopeKind}


# The catalogs


def test_the_catalogs_are_of_this_language() -> None:
    assert languages() == ("en", *(path.parents[1].name for path in CATALOGS))
    assert "es" in languages()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:babel")  # older releases of Babel, when they extract
@pytest.mark.parametrize("path", [LOCALES / "licensing_core.pot", *CATALOGS], ids=lambda path: path.parents[1].name)
def test_a_catalog_holds_what_is_marked_in_the_code_and_nothing_else(path: Path) -> None:
    marked = {
        (context, words if isinstance(words, str) else words[0])
        for folder in ("messages", "reports")
        for _, _, words, _, context in extract_from_dir(SOURCES / folder, keywords=KEYWORDS)
    }
    assert catalog_of(path).keys() == marked, "run tools/messages.sh"


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parents[1].name)
def test_a_catalog_translates_everything_with_the_same_placeholders(path: Path) -> None:
    for where, message in catalog_of(path).items():
        wanted = placeholders(english(message)[0])
        assert "fuzzy" not in message.flags, where
        for text in (*english(message), *translated(message)):
            assert text, where
            assert placeholders(text) == wanted, where
            assert {way for _, way in placeholders(text)} <= WAYS, where
            assert "{" not in PLACEHOLDER.sub("", text), where


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parents[1].name)
def test_the_compiled_catalog_is_that_of_the_source(path: Path) -> None:
    def texts(compiled: bytes) -> dict[Any, str]:
        translations = GNUTranslations(BytesIO(compiled))
        found: dict[Any, str] = dict(translations._catalog)  # type: ignore[attr-defined]
        return {message: text for message, text in found.items() if message}

    source = texts(catalogs.compile_catalog(path.read_bytes()))
    assert texts(path.with_suffix(".mo").read_bytes()) == source, "run tools/messages.sh"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the catalogs, from which everything is read."""
    copied = tmp_path / "locales"
    shutil.copytree(LOCALES, copied)
    monkeypatch.setattr(catalogs, "_root", lambda: copied)
    catalogs.languages.cache_clear()
    catalogs.catalog.cache_clear()
    yield copied
    catalogs.languages.cache_clear()
    catalogs.catalog.cache_clear()


def test_a_catalog_that_was_not_compiled_is_read_from_its_source(elsewhere: Path) -> None:
    (elsewhere / "es/LC_MESSAGES/licensing_core.mo").unlink()
    assert explain(Verdict.allow("DOC-20"), "es") == "Permitido (regla DOC-20)."


@pytest.mark.parametrize("locale", ["pt_BR", "pt-BR", "pt", "pt_PT"])
def test_one_more_catalog_is_one_more_language(elsewhere: Path, locale: str) -> None:
    folder = elsewhere / "pt_BR/LC_MESSAGES"
    folder.mkdir(parents=True)
    text = (elsewhere / "es/LC_MESSAGES/licensing_core.po").read_text("utf-8")
    (folder / "licensing_core.po").write_text(text.replace("Permitido (regla", "Permitido (regra"), "utf-8")
    assert languages() == ("en", "es", "pt_BR")
    assert explain(Verdict.allow("DOC-20"), locale) == "Permitido (regra DOC-20)."


# Locales


@pytest.mark.parametrize("locale", ["es", "es_MX", "es-ES", "es_419", "es_Latn_ES", "es_XX"])
def test_a_country_falls_back_to_its_language(locale: str) -> None:
    assert explain(Verdict.allow("DOC-20"), locale) == "Permitido (regla DOC-20)."


def test_the_country_rules_the_numbers() -> None:
    error = LicensesExhausted(pool="p1", requested=2000, shortfall=1500)
    assert "2.000 licencias de la bolsa p1: faltan 1.500 licencias" in explain(error, "es_ES")
    assert "2,000 licencias de la bolsa p1: faltan 1,500 licencias" in explain(error, "es_MX")


HOSTILE = [None, 5, True, "", "x", "xx", "ES", "es_mx", "es_", "es_ES ", "../es", "es" * 500, "es\n", b"es", ["es"]]


@pytest.mark.parametrize("locale", HOSTILE, ids=repr)
def test_an_unknown_locale_is_refused(locale: Any) -> None:
    with pytest.raises(UnknownLocale) as refused:
        explain(Verdict.allow("DOC-20"), locale)
    assert refused.value.parameter == "locale"
    with pytest.raises(UnknownLocale):
        format_money(Money(1, Currency("EUR")), locale)


def test_a_language_without_a_catalog_has_amounts_but_no_sentences() -> None:
    assert format_money(Money.parse("1.50 EUR"), "fr") == "1,50\xa0€"
    with pytest.raises(UnknownLocale) as refused:
        explain(Verdict.allow("DOC-20"), "fr")
    assert refused.value.got == "'fr'"


def test_an_unknown_zone_is_refused() -> None:
    for zone in ("Madrid", "", None, ["UTC"], "../etc/passwd"):
        with pytest.raises(UnknownZone):
            explain(Verdict.allow("DOC-20"), "es", zone=zone)  # type: ignore[arg-type]


@pytest.mark.parametrize("subject", [None, "pool.in_use", ValueError("x"), Money(1, Currency("EUR"))], ids=repr)
def test_what_is_no_error_event_or_verdict_is_refused(subject: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        explain(subject, "es")
    assert refused.value.parameter == "subject"


# Loading


def test_babel_is_loaded_by_the_first_text_only() -> None:
    program = (
        "import sys, licensing_core, licensing_core.money, licensing_core.messages, licensing_core.reports\n"
        "print({'babel', 'rich'}.intersection(sys.modules))\n"
        "from licensing_core.messages import format_money\n"
        "print(format_money(licensing_core.money.Money.parse('5 EUR'), 'en'), 'babel' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program], check=True, capture_output=True, encoding="utf-8"
    )
    assert done.stdout.split() == ["set()", "€5.00", "True"]
