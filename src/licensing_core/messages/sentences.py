"""Sentences of errors, events and verdicts, with their fields as the locale writes them."""

import re
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from decimal import Decimal, localcontext
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from types import UnionType
from typing import Any, Final

import attrs
from attrs import frozen

from licensing_core.accounts import Bill, Person
from licensing_core.billing import CreditLine, Document, DocumentNumber, LineValue, Quote, ScheduledChange
from licensing_core.checks import InvalidArgument, as_instant, shown
from licensing_core.credits import CreditOrder, Grant
from licensing_core.currencies import Currency
from licensing_core.decisions import Event, Verdict
from licensing_core.directory import Content, Scope
from licensing_core.enrollments import Enrollment
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import Order
from licensing_core.limits import Tally
from licensing_core.messages.amounts import exact_context, format_money
from licensing_core.messages.catalogs import catalog, language_of, locale_of
from licensing_core.messages.events import EVENTS
from licensing_core.messages.marks import Part, Text
from licensing_core.messages.phrases import PHRASES
from licensing_core.messages.refusals import ALLOWED, REFUSALS
from licensing_core.messages.words import CHANGES, SCOPES, WORDS
from licensing_core.money import Money
from licensing_core.payments import ForBill, ForCart, ForLicenses, ForPack, ForPlan, ForRenewal, Purpose
from licensing_core.periods import Period
from licensing_core.periods.zones import rules_of
from licensing_core.subscriptions import Ends, Subscription, SubscriptionState, Turn

_PLACEHOLDER: Final = re.compile(r"\{(\w+)(?::(\w+))?\}", re.ASCII)
_HARMLESS: Final = re.compile(r"[\w .:/+*$\[\]-]{1,80}", re.ASCII)
_MOST_LISTED: Final = 10
_END: Final = "(?:[0-9]{1,20}|without end)"
_FILLED: Final = {
    **dict.fromkeys(("awaiting", "count", "held", "high", "low", "number", "year"), r"-?[0-9]{1,120}"),
    **dict.fromkeys(("name", "other_name"), r"[A-Za-z_][A-Za-z_0-9]{0,59}"),
    "end": _END,
    "ends": f"{_END}(?:, {_END}){{0,18}}",
}
"""What a placeholder of a phrase stands for, where it is not whatever stands there."""


def explain(subject: LicensingError | Event | Verdict, locale: str, *, zone: str = "UTC") -> str:
    """What was refused and why, what happened, or that it is allowed, in the language of *locale*.

    Users are counted, not named. An error or event that has no text here gives its own English one.

    >>> from licensing_core.payments import PaymentFailed
    >>> explain(PaymentFailed(), "en_GB")
    'The payment failed and nothing was bought. Try again, or use another way to pay.'
    >>> explain(Verdict.allow("DOC-20"), "es")
    'Permitido (regla DOC-20).'

    Args:
        subject: An error, an event or a verdict.
        locale: Such as `es`, `es_MX` or `en-GB`; the country rules numbers and dates.
        zone: The IANA time zone in which instants are shown.

    Raises:
        UnknownLocale: *locale* has another form, or there is no catalog of its language.
        UnknownZone: *zone* is no IANA name.
        InvalidArgument: *subject* is something else.
    """
    speaker = speaker_of(locale, zone)
    if isinstance(subject, LicensingError):
        return speaker.refusal(subject)
    if isinstance(subject, Verdict):
        return speaker.allowance(subject) if subject.refusal is None else speaker.refusal(subject.refusal)
    if isinstance(subject, Event):
        return speaker.event(subject)
    raise InvalidArgument(parameter="subject", expected="a LicensingError, Event or Verdict", got=shown(subject))


def speaker_of(locale: str, zone: str = "UTC") -> "Speaker":
    """The speaker of *locale* who shows instants in *zone*; refuses as `explain()` does."""
    locale_of(locale)
    language_of(locale)
    rules_of(zone)
    return _speaker(locale, zone)  # both can be hashed, or would have been refused


@lru_cache(maxsize=256)
def _speaker(locale: str, zone: str) -> "Speaker":
    return Speaker(locale, zone)


@frozen
class Speaker:
    """Makes texts for one *locale* and time *zone*, both known to be good."""

    locale: str
    zone: str

    def refusal(self, error: LicensingError) -> str:
        """The text of *error*; its English sentence where there is none."""
        return self._text(REFUSALS.get(error.code, ()), error.fields()) or str(error)

    def event(self, event: Event) -> str:
        """What happened; the type of *event* where there is no text for it."""
        fields = {name: getattr(event, name) for name in _names(event)}
        return self._text(EVENTS.get(event.type, ()), fields) or event.type

    def allowance(self, verdict: Verdict) -> str:
        """That it is allowed, and by which rule."""
        return self._text(ALLOWED, {"rule": verdict.rule})

    def translated(self, context: str, text: str) -> str:
        """A marked word in the language of the locale."""
        return catalog(language_of(self.locale)).pgettext(context, text)

    def _text(self, text: Text, fields: Mapping[str, Any]) -> str:
        if any(name not in fields for part in text for name in _needed(part)):
            return ""  # an error of a host that goes by one of our codes
        return " ".join(self._said(part, fields) for part in text if _applies(part, fields))

    def _said(self, part: Part, fields: Mapping[str, Any]) -> str:
        return self.filled(self._template(part, fields), fields)

    def _template(self, part: Part, fields: Mapping[str, Any]) -> str:
        translations = catalog(language_of(self.locale))
        if not part.number:
            return translations.gettext(part.text)
        return translations.ngettext(part.text, part.plural, _number(fields[part.number]))

    def filled(self, text: str, fields: Mapping[str, Any]) -> str:
        """*text* with its placeholders filled; one that names no field stays."""

        def fill(found: re.Match[str]) -> str:
            name, way = found.groups()
            return self.shown(fields[name], way or "") if name in fields else found[0]

        return _PLACEHOLDER.sub(fill, text)

    def shown(self, value: object, way: str = "") -> str:
        """*value* as the locale writes it.

        Args:
            way: `list` names the items of a collection, which are counted else; `each` tells refusals one after the
                other; `phrase` translates the words of a refused argument; `due` shows what an order or document
                costs instead of its id, and `day` on which day; `id` names a scheduled change and `parts` shows what
                it makes different, instead of when; `amount` is how many credits a grant is of, instead of its id;
                `state` is the word of a state, or those of several; `billing` is the end of billing, instead of that
                of access.
        """
        if way == "phrase":
            return self.phrase(str(value))
        if way == "state":
            return self._states(value)
        if way == "each" and isinstance(value, tuple):
            return " ".join(map(self.shown, value[:_MOST_LISTED]))
        if isinstance(value, Mapping):
            return self._listed([*map(self.shown, value)]) if way == "list" else self._counts(value)
        if isinstance(value, tuple | AbstractSet):
            named = way == "list" or any(isinstance(one, Quote | Money) for one in value)
            return self._listed([self._item(one) for one in value]) if named else self.number(len(value))
        for kind, show in (*_OTHER_WAYS.get(way, ()), *_WAYS):
            if isinstance(value, kind):
                return show(self, value)
        return shown(value)

    def _item(self, value: object) -> str:
        return " ".join(map(self.shown, value)) if isinstance(value, tuple) else self.shown(value)

    def _states(self, value: Any) -> str:
        """The word of the state of a subscription, or those of several, any of which will do."""
        from babel.lists import format_list  # noqa: PLC0415  # loaded when first needed

        names = value if isinstance(value, tuple) else (value,)
        known = SubscriptionState.__members__.values()
        words = [self.named(SubscriptionState(name)) if name in known else self.shown(name) for name in names]
        return format_list(words, "or", locale=locale_of(self.locale))

    def different(self, scheduled: ScheduledChange) -> str:
        """What a scheduled change makes different."""
        change = scheduled.change
        if change.quantity == 0:
            return self._said(CHANGES["end"], {})
        values = {name: getattr(change, name) for name in CHANGES if hasattr(change, name)}
        changed = {name: value for name, value in values.items() if value is not None}
        return self._listed([self._said(CHANGES[name], changed) for name in changed or ("nothing",)])

    def number(self, value: int | Fraction | Decimal) -> str:
        """A number with the groups and signs of the locale, and three decimals at most."""
        from babel.numbers import format_decimal  # noqa: PLC0415  # loaded when first needed

        with localcontext(exact_context()):
            exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else Decimal(value)
            return format_decimal(exact, locale=locale_of(self.locale))

    def day(self, value: date) -> str:
        """A day, as in `16 abr 2024`."""
        from babel.dates import format_date  # noqa: PLC0415  # loaded when first needed

        return format_date(value, "medium", locale=locale_of(self.locale))

    def local_day(self, value: datetime) -> str:
        """The day on which an instant falls in the zone."""
        return self.day(as_instant("at", value).astimezone(rules_of(self.zone)).date())

    def moment(self, value: datetime) -> str:
        """Day and time of an instant in the zone, without the name of the zone."""
        from babel.dates import format_time  # noqa: PLC0415  # loaded when first needed

        known, local = locale_of(self.locale), as_instant("at", value).astimezone(rules_of(self.zone))
        both = str(known.datetime_formats["medium"]).replace("'", "")
        clock = format_time(local.time(), "short", locale=known)
        return both.replace("{0}", clock).replace("{1}", self.day(local.date()))

    def share(self, value: Fraction, digits: int = 2) -> str:
        """A share in percent, cut to so many decimals at most."""
        from babel.numbers import format_percent  # noqa: PLC0415  # loaded when first needed

        known, whole = locale_of(self.locale), value.numerator * 10 ** (digits + 2) // value.denominator
        with localcontext(exact_context()):
            return format_percent(Decimal(whole).scaleb(-digits - 2), locale=known, decimal_quantization=False)

    def _counts(self, value: Mapping[Any, Any]) -> str:
        """How many of each name, or the names with how many of each within them; else how many names there are.

        Of amounts and of document numbers, which say by themselves what they are of, the values are listed.
        """
        if value and all(isinstance(one, Money | DocumentNumber) for one in value.values()):
            return self._listed([self.shown(one) for one in value.values()])
        if not all(type(number) is int or isinstance(number, Mapping) for number in value.values()):
            return self.number(len(value))
        return self._listed([self._count_of(name, number) for name, number in value.items() if number])

    def _count_of(self, name: Any, number: Any) -> str:
        if isinstance(number, Mapping):
            return f"{self.shown(name)} ({self._counts(number)})"
        return f"{self.number(number)} {self.shown(name)}"

    def _listed(self, items: Collection[str]) -> str:
        from babel.lists import format_list  # noqa: PLC0415  # loaded when first needed

        if not items:
            return self.translated("list", "none")
        short = [*items][:_MOST_LISTED]
        return format_list([*short, "…"] if len(items) > len(short) else short, locale=locale_of(self.locale))

    def phrase(self, text: str) -> str:
        """A phrase of the core about a refused argument; as it is where it is not known."""
        for pattern, part in _phrases():
            if found := pattern.fullmatch(text):
                return self.filled(self._template(part, found.groupdict()), _numbers(found))
        return text

    def named(self, value: Enum) -> str:
        """The word of a member of an enumeration."""
        known = WORDS.get(f"{type(value).__name__}.{value.name}")
        return self.translated(*known) if known else str(value.value)

    def scope(self, value: Scope) -> str:
        """A group or branch with its id; a person without."""
        return self._said(SCOPES[value.kind.name], {"id": value.id})


def _numbers(found: re.Match[str]) -> dict[str, Any]:
    return {name: _Raw(value) for name, value in found.groupdict().items()}


class _Raw(str):
    """Text that is shown as it is."""

    __slots__ = ()


_Ways = tuple[tuple[type | UnionType, Callable[[Speaker, Any], str]], ...]
_OTHER_WAYS: Final[Mapping[str, _Ways]] = {
    "due": (
        (Order, lambda speaker, value: speaker.shown(value.quotes, "list")),
        (CreditOrder, lambda speaker, value: speaker.shown(value.price)),
        (Bill, lambda speaker, value: speaker.shown(value.document.total)),
    ),
    "day": ((Bill, lambda speaker, value: speaker.day(value.due)),),
    "amount": ((Grant, lambda speaker, value: speaker.number(value.amount)),),
    "id": ((ScheduledChange, lambda speaker, value: speaker.shown(value.id)),),
    "parts": ((ScheduledChange, lambda speaker, value: speaker.different(value)),),
    "billing": ((Ends, lambda speaker, value: speaker.shown(value.billing)),),
}
"""What is shown of a value in another way than the usual one."""
_WAYS: Final[_Ways] = (
    (Money, lambda speaker, value: format_money(value, speaker.locale)),
    (Quote, lambda speaker, value: format_money(value.due, speaker.locale)),
    (LineValue | CreditLine, lambda speaker, value: f"{value.item} {format_money(value.gross, speaker.locale)}"),
    (ScheduledChange, lambda speaker, value: speaker.shown(value.effective)),
    (LicensingError, lambda speaker, value: speaker.refusal(value)),
    (Bill, lambda _speaker, value: str(value.document.number)),
    (Document, lambda _speaker, value: str(value.number)),
    (DocumentNumber, lambda _speaker, value: str(value)),
    (Ends, lambda speaker, value: speaker.shown(value.access)),
    (Turn, lambda speaker, value: speaker.shown(value.item.period)),
    (Currency, lambda _speaker, value: value.code),
    (Scope, lambda speaker, value: speaker.scope(value)),
    (Content, lambda speaker, value: f"{speaker.named(value.kind)} {value.id}"),
    (Enrollment, lambda speaker, value: speaker.shown(value.content)),
    (Order | CreditOrder | Grant, lambda _speaker, value: value.id),
    (ForPlan | ForRenewal, lambda speaker, value: speaker.shown(value.pool)),
    (ForCart, lambda speaker, value: speaker.shown(tuple(line.pool for line in value.cart.lines), "list")),
    (ForLicenses | ForPack, lambda speaker, value: speaker.shown(value.order)),
    (ForBill, lambda speaker, value: speaker.shown(value.document)),
    (Tally, lambda speaker, value: speaker.number(value.used)),
    (Period, lambda speaker, value: f"{speaker.moment(value.start)} - {speaker.moment(value.end)} ({speaker.zone})"),
    (datetime, lambda speaker, value: f"{speaker.moment(value)} ({speaker.zone})"),
    (date, lambda speaker, value: speaker.day(value)),
    (Enum, lambda speaker, value: speaker.named(value)),
    (bool, lambda speaker, value: speaker.translated("answer", "yes" if value else "no")),
    (int, lambda speaker, value: speaker.number(value)),
    (Fraction, lambda speaker, value: speaker.share(value)),
    (_Raw, lambda _speaker, value: str(value)),
    (str, lambda speaker, value: value if _HARMLESS.fullmatch(value) else speaker.phrase(shown(value))),
)


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[re.Pattern[str], Part], ...]:
    def named(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{_FILLED.get(found[1], '.{1,120}?')})"

    def pattern(text: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{(\w+)(?::\w+)?\\\}", named, re.escape(text)))

    return tuple((pattern(part.plural or part.text), part) for part in PHRASES)


def _names(event: Event) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(type(event)))


def _needed(part: Part) -> set[str]:
    names = {found[1] for text in (part.text, part.plural) for found in _PLACEHOLDER.finditer(text)}
    return names | {name for name in (part.number, part.field) if name}


_ASKED_ABOUT: Final[tuple[tuple[type | UnionType, Callable[[Any], Any]], ...]] = (
    (Quote, lambda value: value.lines),
    (Bill, lambda value: value.document.kind.value),
    (Person, lambda value: "contact" if value.contact else "user"),
    (Subscription, lambda value: value.state.value),
    (Purpose, lambda value: type(value).__name__),
)
"""What of a value it depends on whether a sentence is said."""


def _applies(part: Part, fields: Mapping[str, Any]) -> bool:
    if not part.field:
        return True
    value = fields[part.field]
    for kind, stands_for in _ASKED_ABOUT:
        if isinstance(value, kind):
            value = stands_for(value)
    if part.wanted is None:
        return bool(value)
    return str(value) == part.wanted if part.wanted else not value


def _number(value: object) -> int:
    if isinstance(value, str):
        return int(value)  # taken from a phrase
    return value if isinstance(value, int) else len(value) if isinstance(value, Collection) else 2
