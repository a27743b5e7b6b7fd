"""Sentences in each language, and amounts as each locale writes them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from gettext import GNUTranslations
from importlib import import_module
from io import BytesIO
from pathlib import Path
from pkgutil import walk_packages
from types import UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from attrs import frozen
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import licensing_core
from licensing_core.adapters.sql.sqlite import UnsupportedDatabase
from licensing_core.billing import (
    AlreadyBooked,
    BalanceExceeded,
    BalanceRefunded,
    Billed,
    ChangeScheduled,
    ChangeTooEarly,
    ChangeWithdrawn,
    IssuedOutOfOrder,
    ItemBehind,
    ItemChange,
    ItemEnded,
    ItemTerms,
    NotAProforma,
    NothingScheduled,
    OtherSeries,
    PaidTooMuch,
    QuoteChanged,
    ScheduledChange,
    UnknownLine,
    When,
    advance_item,
    change_item,
    open_ledger,
    pay,
    schedule_change,
    start_item,
    take_over_item,
)
from licensing_core.checks import FrozenMap, InvalidArgument, InvalidQuantity, TooManyItems, checked
from licensing_core.currencies import Currency, UnknownCurrency
from licensing_core.decisions import Event, Verdict
from licensing_core.directory import EVERYONE, Actor, Content, Permission, PermissionMissing, Scope, ScopeKind
from licensing_core.errors import LicensingError, all_errors
from licensing_core.license_cycle import (
    CycleClosed,
    CycleNotBegun,
    NoFreeLicense,
    NotRefundable,
    OrderCancelled,
    UnknownLicenseOrder,
)
from licensing_core.messages import UnknownLocale, catalogs, explain, format_money, languages
from licensing_core.messages.events import EVENTS
from licensing_core.messages.marks import Part, Text
from licensing_core.messages.refusals import REFUSALS
from licensing_core.messages.sentences import speaker_of
from licensing_core.messages.words import ANSWERS, PHRASES, SCOPES, WORDS
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, UnknownZone
from licensing_core.plans import PackageKind, PlanKind
from licensing_core.pools import LicensesAssigned, LicensesExhausted, LicensesUnassigned, PoolOpened
from licensing_core.pricing import InvalidTiers, PriceMissing, UnitPrice
from licensing_core.proration import NothingCounted, UnknownPreset
from licensing_core.protocols import StoreUnavailable
from licensing_core.serde import InvalidDocument
from licensing_core.visibility import BeneficiaryKind, BeneficiaryNotAllowed, BeneficiaryRequired
from tests import specimens

SOURCES = Path(licensing_core.__path__[0])
LOCALES = SOURCES / "locales"
CATALOGS = sorted(LOCALES.glob("*/LC_MESSAGES/licensing_core.po"))
KEYWORDS = {"say": None, "by": (2, 3), "word": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
WAYS = {"", "list", "phrase", "due", "id", "parts", "amount"}
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
    text = explain(specimens.an_error(kind), locale)
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


# Sentences

AT: dict[str, Any] = {"at": NOON, "by": "root"}
SPLIT: dict[str, Any] = {"released": frozenset({"ana"}), "awaiting": frozenset({"luis", "mei"})}
EUR = Currency("EUR")
ROOT = Actor("root")
TENNER = UnitPrice(Money.parse("10.00 EUR"))
LESS = ItemChange(quantity=2, price=UnitPrice(Money.parse("7.00 EUR")))


def april(day: int) -> datetime:
    return datetime(2026, 4, day, 12, tzinfo=UTC)


BEGUN = start_item(
    "seats",
    ItemTerms(item="base", price=TENNER, quantity=3, cycle=Cycle(date(2026, 4, 1), Duration(months=1), "UTC")),
    ledger=open_ledger("acme", EUR, by=ROOT, now=april(1)).state,
    document="inv-1",
    by=ROOT,
    now=april(1),
)
PAID = pay(BEGUN.state.ledger, "inv-1", Money.parse("30.00 EUR"), by=ROOT, now=april(1))
RUNNING = Billed(BEGUN.state.item, PAID.state)


def of_type(kind: str, events: Sequence[Event]) -> Event:
    (found,) = (one for one in events if one.type == kind)
    return found


def begun(kind: str) -> Event:
    return of_type(kind, BEGUN.events)


def shrunk(kind: str) -> Event:
    """Two from the middle of April on instead of three, which were paid."""
    changed = change_item(RUNNING, ItemChange(quantity=2), document="inv-2", by=ROOT, now=april(16))
    return of_type(kind, changed.events)


def ended(kind: str) -> Event:
    return of_type(kind, change_item(RUNNING, ItemChange(quantity=0), document="inv-2", by=ROOT, now=april(16)).events)


def renewed(kind: str) -> Event:
    """May, with two changes that waited for it."""
    waiting = RUNNING
    for name, change in (("more", ItemChange(quantity=5)), ("less", LESS)):
        waiting = schedule_change(waiting, change, When.END_OF_PERIOD, change_id=name, by=ROOT, now=april(16)).state
    return of_type(kind, advance_item(waiting, document="inv-2", by=ROOT, now=NOON).events)


def run_out(kind: str) -> Event:
    """The end of the item together with its period, of which nothing is left."""
    waiting = schedule_change(
        RUNNING, ItemChange(quantity=0), When.END_OF_PERIOD, change_id="end", by=ROOT, now=april(16)
    ).state
    return of_type(kind, advance_item(waiting, document="inv-2", by=ROOT, now=NOON).events)


def taken_over(kind: str) -> Event:
    """April, which another system has billed."""
    item, ledger = BEGUN.state.item, PAID.state
    return of_type(kind, take_over_item("old", item.terms, ledger=ledger, line=None, by=ROOT, now=april(16)).events)


EXAMPLES: list[tuple[Any, str, str]] = [
    (
        LicensesExhausted(pool="p1", requested=51, shortfall=1),
        (
            "Cannot assign 51 licenses from the pool p1: 1 license too few. "
            "Release or buy the one missing, or ask for the limit not to be enforced."
        ),
        (
            "No se pueden asignar 51 licencias de la bolsa p1: falta 1 licencia. "
            "Libera o compra la que falta, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        LicensesExhausted(pool="p1", requested=1, shortfall=1),
        (
            "Cannot assign 1 license from the pool p1: 1 license too few. "
            "Release or buy the one missing, or ask for the limit not to be enforced."
        ),
        (
            "No se puede asignar 1 licencia de la bolsa p1: falta 1 licencia. "
            "Libera o compra la que falta, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        LicensesExhausted(pool="p1", requested=1, shortfall=2),
        (
            "Cannot assign 1 license from the pool p1: 2 licenses too few. "
            "Release or buy those missing, or ask for the limit not to be enforced."
        ),
        (
            "No se puede asignar 1 licencia de la bolsa p1: faltan 2 licencias. "
            "Libera o compra las que faltan, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        NoFreeLicense(license_type="voip", shortfall=1, buy=FrozenMap({"voip": 1})),
        "No license of type voip is free: 1 license too few. Buy 1 voip, or take one from another user.",
        "No queda libre ninguna licencia de tipo voip: falta 1 licencia. Compra 1 voip o quítale una a otro usuario.",
    ),
    (
        NotRefundable(usable_until=date(2026, 6, 1)),
        "Licenses are not refunded. You can use them until Jun 1, 2026; those that are free then are dropped.",
        (
            "Las licencias no se reembolsan. Puedes usarlas hasta el 1 jun 2026; "
            "las que estén libres entonces se eliminan."
        ),
    ),
    (
        PermissionMissing(permission=Permission.SEATS_MANAGE),
        (
            "You need the permission “Subscription record / Seat administration” for this. "
            "Somebody who has that permission can do it."
        ),
        (
            "Necesitas el permiso «Registro de suscripción / Administración de plazas» para esto. "
            "Puede hacerlo alguien que tenga ese permiso."
        ),
    ),
    (
        PriceMissing(sold="fifty", currency="USD", offered=("EUR", "GBP")),
        "There is no price of fifty in USD. Name one of these currencies: EUR and GBP.",
        "No hay precio de fifty en USD. Indica una de estas monedas: EUR y GBP.",
    ),
    (
        PriceMissing(sold="fifty", currency=None, offered=("EUR", "GBP")),
        "No price of fifty could be chosen. Name one of these currencies: EUR and GBP.",
        "No se pudo elegir un precio de fifty. Indica una de estas monedas: EUR y GBP.",
    ),
    (
        PriceMissing(sold="fifty", currency=None, offered=()),
        "No price of fifty could be chosen. It has no prices at that time. Ask for a later one.",
        "No se pudo elegir un precio de fifty. En ese momento no tiene precios. Pide uno posterior.",
    ),
    (
        BeneficiaryKind(plan="one", plan_kind=PlanKind.SINGLE_LICENSE, kind=ScopeKind.GROUP),
        "The plan one cannot be bought for a group. Name one user.",
        "El plan one no se puede comprar para un grupo. Indica un usuario.",
    ),
    (
        BeneficiaryKind(plan="one", plan_kind=PlanKind.SINGLE_LICENSE, kind=ScopeKind.EVERYONE),
        "The plan one cannot be bought for everyone. Name one user.",
        "El plan one no se puede comprar para todo el mundo. Indica un usuario.",
    ),
    (
        BeneficiaryKind(plan="fifty", plan_kind=PlanKind.SEATS, kind=ScopeKind.EVERYONE),
        "The plan fifty cannot be bought for everyone. Name a group or a branch.",
        "El plan fifty no se puede comprar para todo el mundo. Indica un grupo o una rama.",
    ),
    (
        BeneficiaryRequired(plan="one", kind=PlanKind.SINGLE_LICENSE),
        "The plan one needs a beneficiary. Name the user that it is for.",
        "El plan one necesita un beneficiario. Indica el usuario al que se destina.",
    ),
    (
        BeneficiaryRequired(plan="fifty", kind=PlanKind.MULTI_LICENSE),
        "The plan fifty needs a beneficiary. Name the group or branch that it is for.",
        "El plan fifty necesita un beneficiario. Indica el grupo o la rama a la que se destina.",
    ),
    (
        StoreUnavailable(reason="busy"),
        (
            "The data cannot be reached now. "
            "Others are using it, and nothing was begun. Try again in a moment with the same key."
        ),
        (
            "Ahora no se puede acceder a los datos. Otros los están usando y no se ha empezado nada. "
            "Inténtalo de nuevo en un momento con la misma clave."
        ),
    ),
    (
        StoreUnavailable(reason="failed"),
        (
            "The data cannot be reached now. It is not known whether this took effect. "
            "Send it again with the same key: it takes effect only once."
        ),
        (
            "Ahora no se puede acceder a los datos. No se sabe si la operación se realizó. "
            "Envíala de nuevo con la misma clave: solo se realiza una vez."
        ),
    ),
    (
        StoreUnavailable(reason="closed"),
        "The data cannot be reached now. The store was closed. Open a new one.",
        "Ahora no se puede acceder a los datos. El almacén se cerró. Abre uno nuevo.",
    ),
    (
        StoreUnavailable(reason="unusable"),
        (
            "The data cannot be reached now. The database cannot be used as it is, and trying again does not help. "
            "Create its tables, or check its path."
        ),
        (
            "Ahora no se puede acceder a los datos. La base de datos no se puede usar tal como está, y volver a "
            "intentarlo no sirve. Crea sus tablas o comprueba su ruta."
        ),
    ),
    (
        BeneficiaryNotAllowed(beneficiary=Scope.tree("sales")),
        "You cannot buy for the branch sales with its descendants: it is not among your resources. Name one that is.",
        (
            "No puedes comprar para la rama sales con sus descendientes: no está entre tus recursos. "
            "Indica un beneficiario que sí lo esté."
        ),
    ),
    (
        UnsupportedDatabase(parameter="where", expected="a URL such as sqlite:///licenses.db", got="postgresql"),
        (
            "“where” names a database that this version cannot store in. "
            "Expected: a URL such as sqlite:///licenses.db. Given: postgresql."
        ),
        (
            "«where» indica una base de datos en la que esta versión no puede guardar. "
            "Se espera: una URL como sqlite:///licenses.db. Se recibió: postgresql."
        ),
    ),
    (
        QuoteChanged(confirmed=(Money.parse("75.00 EUR"),), due=(Money.parse("80.00 EUR"), Money.parse("9.00 USD"))),
        "Confirmed: €75.00. Price now: €80.00 and $9.00. Ask for a new quote and confirm that one.",
        ("Confirmado: 75,00\xa0€. Precio actual: 80,00\xa0€ y 9,00\xa0US$. Pide un presupuesto nuevo y confirma ese."),
    ),
    (
        QuoteChanged(confirmed=(), due=()),
        "Nothing was confirmed. There is nothing to pay now. Ask for a new quote and confirm that one.",
        "No se confirmó nada. Ahora no hay nada que pagar. Pide un presupuesto nuevo y confirma ese.",
    ),
    (
        CycleNotBegun(begins=NOON),
        "The billing cycle begins only on May 4, 2026, 12:00\u202fPM (UTC). Check the clock, or try again then.",
        (
            "El ciclo de facturación no empieza hasta el 4 may 2026, 12:00 (UTC). "
            "Comprueba el reloj o inténtalo de nuevo entonces."
        ),
    ),
    (
        UnknownLicenseOrder(order="o1"),
        "No order o1 is waiting for its payment. Look at the orders first.",
        "No hay ningún pedido o1 que espere su pago. Revisa primero los pedidos.",
    ),
    (
        OrderCancelled(account="acme", order="o1", **AT),
        "The order o1 was withdrawn. It will not be paid and adds no licenses.",
        "El pedido o1 se anuló. No se pagará ni añade licencias.",
    ),
    (
        InvalidQuantity(parameter="users", expected="an int from 1 to 10", got="str of 15 characters"),
        ("“users” is not valid. Expected: an int from 1 to 10. Given: str of 15 characters. Correct it and try again."),
        (
            "«users» no es válido. Se espera: un número entero de 1 a 10. Se recibió: un texto de 15 caracteres. "
            "Corrígelo e inténtalo de nuevo."
        ),
    ),
    (
        UnknownCurrency(parameter="odd", expected="something new", got="-3"),
        "“odd” is not valid. Expected: something new. Given: -3. Correct it and try again.",
        "«odd» no es válido. Se espera: something new. Se recibió: -3. Corrígelo e inténtalo de nuevo.",
    ),
    (
        TooManyItems(parameter="users", given=10_001, most=10_000),
        "“users” names 10,001 items; one command takes 10,000 at most. Split it into several.",
        "«users» indica 10.001 elementos y cada operación admite 10.000 como máximo. Divídela en varias.",
    ),
    (
        InvalidDocument(faults=(("$.end", "type.wrong"), ("$.lines[2]", "name.missing"))),
        "The document has 2 faults: $.end type.wrong and $.lines[2] name.missing. Correct them.",
        "El documento tiene 2 errores: $.end type.wrong y $.lines[2] name.missing. Corrígelos.",
    ),
    (
        Verdict.refuse(PermissionMissing(permission=Permission.GROUPS_VIEW)),
        "You need the permission “Groups / View” for this. Somebody who has that permission can do it.",
        "Necesitas el permiso «Grupos / Ver» para esto. Puede hacerlo alguien que tenga ese permiso.",
    ),
    (Verdict.allow("DOC-20"), "Allowed (rule DOC-20).", "Permitido (regla DOC-20)."),
    (
        PoolOpened(
            pool="p1", kind=PackageKind.SEATS, beneficiary=EVERYONE, bought=1, expires_at=NOON, terms=None, **AT
        ),
        "The pool p1 was opened with 1 seat for everyone. It expires on May 4, 2026, 12:00\u202fPM (UTC).",
        "Se abrió la bolsa p1 con 1 plaza para todo el mundo. Vencimiento: 4 may 2026, 12:00 (UTC).",
    ),
    (
        PoolOpened(
            pool="p1",
            kind=PackageKind.LICENSES,
            beneficiary=Scope.user("ana"),
            bought=50,
            expires_at=None,
            terms=None,
            **AT,
        ),
        "The pool p1 was opened with 50 licenses for one user. It does not expire.",
        "Se abrió la bolsa p1 con 50 licencias para un usuario. No vence.",
    ),
    (
        LicensesAssigned(pool="p1", users=frozenset({"ana"}), **AT),
        "1 user got a license of the pool p1.",
        "Se asignó una licencia de la bolsa p1 a 1 usuario.",
    ),
    (
        LicensesUnassigned(pool="p1", **SPLIT, **AT),
        "1 license went back to the pool p1. 2 licenses of the pool p1 were unassigned and wait to be confirmed.",
        "1 licencia volvió a la bolsa p1. 2 licencias de la bolsa p1 se desasignaron y están por confirmar.",
    ),
    (
        LicensesUnassigned(pool="p1", released=frozenset(), awaiting=frozenset({"luis"}), **AT),
        "1 license of the pool p1 was unassigned and waits to be confirmed.",
        "1 licencia de la bolsa p1 se desasignó y está por confirmar.",
    ),
    (
        CycleClosed(
            account="acme",
            removed={"base": 0, "voip": 0},
            kept={"base": 2, "voip": 3},
            bills=(specimens.QUOTE,),
            period=specimens.MAY,
            **AT,
        ),
        (
            "The billing cycle ended. Licenses removed: none. Licenses kept: 2 base and 3 voip. "
            "Billed for the next cycle: €30.97."
        ),
        (
            "El ciclo de facturación terminó. Licencias eliminadas: ninguna. Licencias conservadas: 2 base y 3 voip. "
            "Facturado por el próximo ciclo: 30,97\xa0€."
        ),
    ),
    (
        InvalidTiers(parameter="tiers", expected="1 to 100", got="0"),
        "“tiers” is not valid. Expected: 1 to 100. Given: 0. Correct it and try again.",
        "«tiers» no es válido. Se espera: de 1 a 100. Se recibió: 0. Corrígelo e inténtalo de nuevo.",
    ),
    (
        UnknownPreset(parameter="name", expected="the name of a preset", got="str of 6 characters"),
        ("“name” is not valid. Expected: the name of a preset. Given: str of 6 characters. Correct it and try again."),
        (
            "«name» no es válido. Se espera: el nombre de una convención predefinida. "
            "Se recibió: un texto de 6 caracteres. Corrígelo e inténtalo de nuevo."
        ),
    ),
    (
        NothingCounted(count="days", base="period"),
        (
            "The share cannot be worked out over the base “period”. Counted in days, it comes to nothing. "
            "Count in seconds, or take another base."
        ),
        (
            "No se puede calcular la parte proporcional sobre la base «period». Contada en días, no llega a nada. "
            "Cuenta en segundos o usa otra base."
        ),
    ),
    (
        NothingCounted(count="months", base="nominal_360"),
        (
            "The share cannot be worked out over the base “nominal_360”. Counted in months, it comes to nothing. "
            "Take another base, or a turn of months or of days."
        ),
        (
            "No se puede calcular la parte proporcional sobre la base «nominal_360». "
            "Contada en meses, no llega a nada. Usa otra base, o un ciclo de meses o de días."
        ),
    ),
    (
        UnknownLine(ledger="acme", wanted="inv-1"),
        "The ledger acme holds nothing of inv-1. Load its lines, or look at those there are.",
        "El libro mayor acme no contiene nada de inv-1. Carga sus líneas o consulta las que hay.",
    ),
    (
        AlreadyBooked(ledger="acme", line="inv-1:1"),
        (
            "This cannot be booked: the ledger acme has the line inv-1:1 already, or has taken something off it with "
            "this document. If this is no repetition, give the document or the item another id."
        ),
        (
            "Esto no se puede registrar: el libro mayor acme ya tiene la línea inv-1:1, o ya abonó algo de ella con "
            "este documento. Si no es una repetición, dale otro identificador al documento o al concepto."
        ),
    ),
    (
        PaidTooMuch(document="inv-1", asked=Money.parse("20.00 EUR"), owed=Money.parse("15.00 EUR")),
        "Cannot pay €20.00 on the document inv-1: €15.00 is owed on it. Pay that at most.",
        (
            "No se pueden pagar 20,00\xa0€ por el documento inv-1: tiene 15,00\xa0€ pendientes de pago. "
            "Paga eso como máximo."
        ),
    ),
    (
        PaidTooMuch(document="inv-1", asked=Money.parse("20.00 EUR"), owed=Money.zero(EUR)),
        ("Cannot pay €20.00 on the document inv-1: nothing is owed on it. Choose a document on which something is."),
        (
            "No se pueden pagar 20,00\xa0€ por el documento inv-1: no tiene nada pendiente de pago. "
            "Elige uno que lo tenga."
        ),
    ),
    (
        BalanceExceeded(ledger="acme", asked=Money.parse("20.00 EUR"), balance=Money.parse("15.00 EUR")),
        "Cannot take €20.00 out of the ledger acme: €15.00 is in credit. Take that at most.",
        (
            "No se pueden sacar 20,00\xa0€ del libro mayor acme: el saldo a favor es de 15,00\xa0€. "
            "Saca eso como máximo."
        ),
    ),
    (
        BalanceExceeded(ledger="acme", asked=Money.parse("20.00 EUR"), balance=Money.zero(EUR)),
        "Cannot take €20.00 out of the ledger acme: nothing is in credit. Pay documents in another way.",
        (
            "No se pueden sacar 20,00\xa0€ del libro mayor acme: no hay saldo a favor. "
            "Paga los documentos de otra forma."
        ),
    ),
    (
        ItemEnded(item="seats", ended=NOON),
        "The item seats ended on May 4, 2026, 12:00\u202fPM (UTC). Start a new one.",
        "El concepto seats terminó el 4 may 2026, 12:00 (UTC). Inicia uno nuevo.",
    ),
    (
        ItemBehind(item="seats", due=NOON),
        "Something of the item seats has been due since May 4, 2026, 12:00\u202fPM (UTC). Advance it first.",
        "El concepto seats tiene algo pendiente desde el 4 may 2026, 12:00 (UTC). Ponlo al día primero.",
    ),
    (
        ChangeTooEarly(item="seats", earliest=NOON),
        (
            "The item seats was billed as of May 4, 2026, 12:00\u202fPM (UTC), and cannot be changed before. "
            "Change it then or later."
        ),
        (
            "El concepto seats se facturó con efecto desde el 4 may 2026, 12:00 (UTC) y no se puede cambiar antes. "
            "Cámbialo entonces o más tarde."
        ),
    ),
    (
        NothingScheduled(item="seats", change="later"),
        "No change later of the item seats waits. Look at those that wait, and choose one of them.",
        "No espera ningún cambio later del concepto seats. Consulta los que esperan y elige uno.",
    ),
    (
        IssuedOutOfOrder(number="F-2026-000007", last_on=date(2026, 5, 4), on=date(2026, 5, 3)),
        (
            "A document cannot be dated May 3, 2026: the number F-2026-000007 is dated May 4, 2026. "
            "Date it on that day or later."
        ),
        (
            "Un documento no puede llevar la fecha 3 may 2026: el número F-2026-000007 lleva la fecha 4 may 2026. "
            "Ponle esa fecha o una posterior."
        ),
    ),
    (
        OtherSeries(number="P-000001", series="F-"),
        "The number P-000001 is not of the series F-. Take the last number of that series.",
        "El número P-000001 no es de la serie F-. Toma el último número de esa serie.",
    ),
    (
        NotAProforma(document="inv-1", kind="invoice"),
        (
            "The document inv-1 cannot become an invoice. It is one already. "
            "Only a proforma becomes one: choose one of those."
        ),
        "El documento inv-1 no puede convertirse en factura. Ya lo es. Solo una proforma pasa a serlo: elige una.",
    ),
    (
        NotAProforma(document="cn-1", kind="credit_note"),
        (
            "The document cn-1 cannot become an invoice. It is a credit note. "
            "Only a proforma becomes one: choose one of those."
        ),
        (
            "El documento cn-1 no puede convertirse en factura. Es una nota de crédito. "
            "Solo una proforma pasa a serlo: elige una."
        ),
    ),
    (
        begun("item.billed"),
        (
            "The item seats was billed as of Apr 1, 2026, 12:00\u202fPM (UTC). To pay: €30.00. "
            "Its period: Apr 1, 2026, 12:00\u202fAM - May 1, 2026, 12:00\u202fAM (UTC)."
        ),
        (
            "Se facturó el concepto seats con efecto desde el 1 abr 2026, 12:00 (UTC). Importe a pagar: 30,00\xa0€. "
            "Su periodo: 1 abr 2026, 0:00 - 1 may 2026, 0:00 (UTC)."
        ),
    ),
    (
        begun("ledger.booked"),
        "The document inv-1 was booked in the ledger acme. Charged: base €30.00.",
        "Se registró el documento inv-1 en el libro mayor acme. Cargado: base 30,00\xa0€.",
    ),
    (
        shrunk("item.billed"),
        (
            "The item seats was billed as of Apr 16, 2026, 12:00\u202fPM (UTC). To pay: -€5.00. "
            "Its period: Apr 1, 2026, 12:00\u202fAM - May 1, 2026, 12:00\u202fAM (UTC)."
        ),
        (
            "Se facturó el concepto seats con efecto desde el 16 abr 2026, 12:00 (UTC). Importe a pagar: -5,00\xa0€. "
            "Su periodo: 1 abr 2026, 0:00 - 1 may 2026, 0:00 (UTC)."
        ),
    ),
    (
        shrunk("ledger.booked"),
        "The document inv-2 was booked in the ledger acme. Charged: base €10.00. Taken off again: base €15.00.",
        "Se registró el documento inv-2 en el libro mayor acme. Cargado: base 10,00\xa0€. Abonado: base 15,00\xa0€.",
    ),
    (
        renewed("item.billed"),
        (
            "The item seats was billed as of May 1, 2026, 12:00\u202fAM (UTC). To pay: €14.00. "
            "Its period: May 1, 2026, 12:00\u202fAM - Jun 1, 2026, 12:00\u202fAM (UTC). "
            "2 scheduled changes were carried out with it."
        ),
        (
            "Se facturó el concepto seats con efecto desde el 1 may 2026, 0:00 (UTC). Importe a pagar: 14,00\xa0€. "
            "Su periodo: 1 may 2026, 0:00 - 1 jun 2026, 0:00 (UTC). "
            "Con ello se realizaron 2 cambios programados."
        ),
    ),
    (
        run_out("item.billed"),
        (
            "Nothing of the item seats was charged or given back as of May 1, 2026, 12:00\u202fAM (UTC). "
            "It ended then. 1 scheduled change was carried out with it."
        ),
        (
            "No se cargó ni se abonó nada del concepto seats con efecto desde el 1 may 2026, 0:00 (UTC). "
            "Terminó entonces. Con ello se realizó 1 cambio programado."
        ),
    ),
    (
        taken_over("item.taken_over"),
        (
            "The item old, which another system has billed so far, goes on here. "
            "Its period: Apr 1, 2026, 12:00\u202fAM - May 1, 2026, 12:00\u202fAM (UTC). The period is free."
        ),
        (
            "El concepto old, que hasta ahora facturaba otro sistema, sigue aquí. "
            "Su periodo: 1 abr 2026, 0:00 - 1 may 2026, 0:00 (UTC). El periodo es gratuito."
        ),
    ),
    (
        ended("item.billed"),
        ("The item seats was billed as of Apr 16, 2026, 12:00\u202fPM (UTC). To pay: -€15.00. It ended then."),
        (
            "Se facturó el concepto seats con efecto desde el 16 abr 2026, 12:00 (UTC). Importe a pagar: -15,00\xa0€. "
            "Terminó entonces."
        ),
    ),
    (
        ChangeScheduled(
            item="seats", change=ScheduledChange(id="less", change=LESS, effective=When.END_OF_PERIOD), **AT
        ),
        (
            "The change less of the item seats was scheduled: quantity 2 and another price. "
            "It takes effect: at the end of the period."
        ),
        "Se programó el cambio less del concepto seats: cantidad 2 y otro precio. Tendrá efecto: al final del periodo.",
    ),
    (
        ChangeScheduled(
            item="seats", change=ScheduledChange(id="end", change=ItemChange(quantity=0), effective=NOON), **AT
        ),
        ("The change end of the item seats was scheduled: its end. It takes effect: May 4, 2026, 12:00\u202fPM (UTC)."),
        "Se programó el cambio end del concepto seats: su final. Tendrá efecto: 4 may 2026, 12:00 (UTC).",
    ),
    (
        ChangeWithdrawn(item="seats", change="later", **AT),
        "The scheduled change later of the item seats was withdrawn. It will not take effect.",
        "Se retiró el cambio programado later del concepto seats. No tendrá efecto.",
    ),
    (
        open_ledger("acme", EUR, by=ROOT, now=NOON).events[0],
        "The ledger acme was opened in EUR.",
        "Se abrió el libro mayor acme en EUR.",
    ),
    (
        open_ledger(
            "acme",
            EUR,
            lines=(BEGUN.state.ledger.line("seats:1"),),
            balance=Money.parse("5.00 EUR"),
            by=ROOT,
            now=NOON,
        ).events[0],
        "The ledger acme was opened in EUR. It took over 1 earlier line. In credit: €5.00.",
        "Se abrió el libro mayor acme en EUR. Incorporó 1 línea anterior. Saldo a favor: 5,00\xa0€.",
    ),
    (
        PAID.events[0],
        "€30.00 was paid on the document inv-1 of the ledger acme.",
        "Pago de 30,00\xa0€ por el documento inv-1 del libro mayor acme.",
    ),
    (
        attrs.evolve(PAID.events[0], from_balance=True),
        ("€30.00 was paid on the document inv-1 of the ledger acme. It was taken from what was in credit."),
        "Pago de 30,00\xa0€ por el documento inv-1 del libro mayor acme. Se descontó del saldo a favor.",
    ),
    (
        BalanceRefunded(ledger="acme", amount=Money.parse("5.00 EUR"), **AT),
        "€5.00 in credit was paid out of the ledger acme.",
        "Se devolvió un saldo a favor de 5,00\xa0€ del libro mayor acme.",
    ),
]


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
