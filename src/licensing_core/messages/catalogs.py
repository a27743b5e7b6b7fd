"""Which locales there are: of Babel for numbers and dates, of our catalogs for sentences."""

import re
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Final

from attrs import frozen

from licensing_core.checks import InvalidArgument, shown

if TYPE_CHECKING:
    from babel import Locale

SOURCE: Final = "en"
"""The language in which the sentences stand in the code; it needs no catalog."""
DOMAIN: Final = "licensing_core"
_FORM: Final = re.compile(r"([a-z]{2,3})([_-][A-Z][a-z]{3})?([_-](?:[A-Z]{2}|[0-9]{3}))?", re.ASCII)


@frozen(kw_only=True)
class UnknownLocale(InvalidArgument):
    """A locale has another form than `es`, `es_MX` or `es-MX`, or nothing is known of its language."""

    code: ClassVar[str] = "locale.unknown"


def unknown(locale: object) -> UnknownLocale:
    """The refusal of *locale*."""
    known = isinstance(locale, str) and _FORM.fullmatch(locale)
    return UnknownLocale(
        parameter="locale",
        expected="a locale such as en, es or es_MX",
        got=repr(locale) if known else shown(locale),
    )


def _parts(locale: Any) -> list[str]:
    if type(locale) is not str or not _FORM.fullmatch(locale):
        raise unknown(locale)
    return re.split("[_-]", locale)


@lru_cache(maxsize=512)
def _locale(parts: tuple[str, ...]) -> "Locale | None":
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415  # loaded when first needed

    for name in ("_".join(parts), parts[0]):
        try:
            return Locale.parse(name)
        except UnknownLocaleError:
            continue
    return None


def locale_of(locale: str) -> "Locale":
    """Babel's data of *locale*; those of its language where Babel does not know the country.

    Raises:
        UnknownLocale: *locale* has another form, or Babel does not know the language.
    """
    found = _locale(tuple(_parts(locale)))
    if found is None:
        raise unknown(locale)
    return found


def _root() -> Traversable:
    return files("licensing_core") / "locales"


@cache
def languages() -> tuple[str, ...]:
    """The languages that sentences can be made in, sorted: `en`, and each that has a catalog."""
    made = {one.name for one in _root().iterdir() if (one / "LC_MESSAGES" / f"{DOMAIN}.po").is_file()}
    return tuple(sorted(made | {SOURCE}))


def language_of(locale: str) -> str:
    """The language for the sentences of *locale*: itself, its language alone, or another country's.

    Raises:
        UnknownLocale: *locale* has another form, or there is no catalog of its language.
    """
    parts = _parts(locale)
    kin = [one for one in languages() if one.split("_")[0] == parts[0]]
    for name in ("_".join(parts), parts[0], *kin):
        if name in kin:
            return name
    raise unknown(locale)


@cache
def catalog(language: str) -> NullTranslations:
    """The translations into *language*, one of `languages()`, from its source where no compiled catalog is found."""
    if language == SOURCE:
        return NullTranslations()
    folder = _root() / language / "LC_MESSAGES"
    compiled = folder / f"{DOMAIN}.mo"
    data = compiled.read_bytes() if compiled.is_file() else compile_catalog((folder / f"{DOMAIN}.po").read_bytes())
    return GNUTranslations(BytesIO(data))


def compile_catalog(source: bytes) -> bytes:
    """The `.mo` of a `.po`; what is fuzzy stays out."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415  # loaded when first needed
    from babel.messages.pofile import read_po  # noqa: PLC0415

    target = BytesIO()
    write_mo(target, read_po(BytesIO(source)))
    return target.getvalue()
