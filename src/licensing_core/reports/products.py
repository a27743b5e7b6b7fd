"""The tables that the products show: seats, licenses, quotes, events and verdicts."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from licensing_core.billing import Quote, QuoteLine
from licensing_core.checks import InvalidArgument, instance, shown
from licensing_core.decisions import Verdict
from licensing_core.license_cycle import LicenseRow
from licensing_core.messages.marks import word
from licensing_core.messages.sentences import Speaker, speaker_of
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.protocols import Envelope
from licensing_core.reports.table import Cell, Column, Table
from licensing_core.seat_administration import Row

T = TypeVar("T")
_RIGHT: Final = frozenset(
    {
        "assigned",
        "bought",
        "associated",
        "awaiting",
        "in_use",
        "free",
        "minimum",
        "buying",
        "quantity",
        "price",
        "days",
        "share",
        "amount",
        "sequence",
    }
)

_SEATS: Final = {
    "created_by": word("column", "Created by"),
    "purchased_at": word("column", "Purchase date"),
    "code": word("column", "Transaction code"),
    "package": word("column", "Package"),
    "plan": word("column", "Plan"),
    "expires_at": word("column", "Expiry"),
    "type": word("column", "Type"),
    "assigned": word("column", "Assigned"),
    "bought": word("column", "Bought"),
    "associated": word("column", "Associated users"),
    "awaiting": word("column", "Waiting for confirmation"),
}
_LICENSES: Final = {
    "type": word("column", "License"),
    "in_use": word("column", "In use"),
    "free": word("column", "Free"),
    "bought": word("column", "Total"),
    "minimum": word("column", "Contract minimum"),
    "buying": word("column", "Buying"),
}
_QUOTE: Final = {
    "item": word("column", "Item"),
    "quantity": word("column", "Quantity"),
    "price": word("column", "Price"),
    "days": word("column", "Days left"),
    "days_in_cycle": word("column", "Days in the cycle"),
    "share": word("column", "Share"),
    "amount": word("column", "Amount"),
}
_PRICES: Final = {
    FlatPrice: word("price", "{price} in all"),
    UnitPrice: word("price", "{price} each"),
}
_EVENTS: Final = {
    "sequence": word("column", "No."),
    "at": word("column", "Date"),
    "by": word("column", "Done by"),
    "aggregate": word("column", "Of"),
    "type": word("column", "Event"),
    "text": word("column", "What happened"),
}
_VERDICTS: Final = {
    "question": word("column", "Question"),
    "allowed": word("column", "Allowed"),
    "rule": word("column", "Rule"),
    "code": word("column", "Code"),
    "reason": word("column", "Reason"),
}
_TITLES: Final = {
    "seats": word("title", "Seat administration"),
    "licenses": word("title", "Licenses"),
    "quote": word("title", "Quote"),
    "events": word("title", "Events"),
    "verdicts": word("title", "Verdicts"),
    "total": word("title", "Total"),
}


def seat_table(rows: Iterable[Row], locale: str, zone: str = "UTC") -> Table:
    """The table of seat administration: one row for each purchased plan, instants as local dates of *zone*.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *rows* are no rows.

    Source: DOC-24 to DOC-26.
    """
    speaker = speaker_of(locale, zone)
    return _table(
        "seats", _SEATS, [_seat_cells(row, speaker) for row in _each("rows", rows, Row)], speaker, hidden={"bought"}
    )


def _seat_cells(row: Row, speaker: Speaker) -> tuple[Cell, ...]:
    terms = row.terms
    return (
        Cell() if terms is None else _id(terms.created_by),
        Cell() if terms is None else _day(terms.purchased_at, speaker),
        _id(row.code),
        Cell() if terms is None else _id(terms.package),
        Cell() if terms is None else _id(terms.plan),
        _day(row.expires_at, speaker),
        _cell(row.type, speaker),
        Cell(f"{speaker.number(row.consumed)}/{speaker.number(row.bought)}", row.consumed),
        _cell(row.bought, speaker),
        _cell(row.held, speaker),
        _cell(row.awaiting, speaker),
    )


def license_table(rows: Mapping[str, LicenseRow], locale: str) -> Table:
    """The table of licenses: a row for each type, as `license_cycle.license_table()` gives them.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *rows* is no mapping of types to rows.

    Source: WAL-4.
    """
    speaker, types = speaker_of(locale), _mapping("rows", rows, LicenseRow)
    lines = [
        (_id(name), *(_cell(getattr(row, key), speaker) for key in list(_LICENSES)[1:])) for name, row in types.items()
    ]
    return _table("licenses", _LICENSES, lines, speaker)


def quote_table(quote: Quote, locale: str) -> Table:
    """The lines of *quote* with the days that are billed and their share of the cycle, and the total below.

    A price says whether it is for each unit or for all of them.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *quote* is none.

    Source: WAL-7, WAL-13, L5.
    """
    speaker = speaker_of(locale)
    instance(Quote)("quote", quote)
    footer = (_title("total", speaker), *[Cell()] * (len(_QUOTE) - 2), _cell(quote.due, speaker))
    return _table(
        "quote", _QUOTE, [_quote_cells(one, speaker) for one in quote.lines], speaker, footer, hidden={"days_in_cycle"}
    )


def _quote_cells(line: QuoteLine, speaker: Speaker) -> tuple[Cell, ...]:
    billed, period, price = line.billed, line.period, line.price.price
    if billed is None or period is None:  # they come together
        days, whole = Cell(), Cell()
    else:
        days = Cell(f"{speaker.number(billed.days)}/{speaker.number(period.days)}", billed.days)
        whole = _cell(period.days, speaker)
    return (
        _id(line.item),
        _cell(line.quantity, speaker),
        Cell(speaker.filled(speaker.translated(*_PRICES[type(line.price)]), {"price": price}), price),
        days,
        whole,
        _cell(line.share, speaker),
        _cell(line.amount, speaker),
    )


def events_table(envelopes: Iterable[Envelope], locale: str, zone: str = "UTC") -> Table:
    """What happened, in the order given, with the date and time in *zone*.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *envelopes* are none.
    """
    speaker = speaker_of(locale, zone)
    lines = [
        (
            _cell(one.sequence, speaker),
            Cell(speaker.moment(one.event.at), one.event.at),
            _id(one.event.by),
            _id(one.aggregate),
            _id(one.event.type),
            Cell(speaker.event(one.event), one.event),
        )
        for one in _each("envelopes", envelopes, Envelope)
    ]
    return _table("events", _EVENTS, lines, speaker)


def verdicts(answers: Mapping[str, Verdict], locale: str, zone: str = "UTC") -> Table:
    """What may be done and what may not, and why: one row for each question.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *answers* is no mapping of questions to verdicts.
    """
    speaker, asked = speaker_of(locale, zone), _mapping("answers", answers, Verdict)
    lines = [
        (
            _id(question),
            _cell(bool(verdict), speaker),
            _id(verdict.rule),
            _id(verdict.code),
            _reason(verdict, speaker),
        )
        for question, verdict in asked.items()
    ]
    return _table("verdicts", _VERDICTS, lines, speaker)


def _reason(verdict: Verdict, speaker: Speaker) -> Cell:
    if verdict.refusal is None:
        return Cell(speaker.allowance(verdict), None)
    return Cell(speaker.refusal(verdict.refusal), verdict.refusal)


def _table(
    title: str,
    titles: Mapping[str, tuple[str, str]],
    rows: Iterable[tuple[Cell, ...]],
    speaker: Speaker,
    footer: tuple[Cell, ...] = (),
    hidden: Collection[str] = (),
) -> Table:
    columns = tuple(
        Column(key=key, title=speaker.translated(*text), right=key in _RIGHT, hidden=key in hidden)
        for key, text in titles.items()
    )
    return Table(title=_title(title, speaker).text, columns=columns, rows=tuple(rows), footer=footer)


def _title(name: str, speaker: Speaker) -> Cell:
    return Cell(speaker.translated(*_TITLES[name]))


def _id(value: str) -> Cell:
    return Cell(value, value)


def _cell(value: Any, speaker: Speaker) -> Cell:
    return Cell() if value is None else Cell(speaker.shown(value), value)


def _day(value: Any, speaker: Speaker) -> Cell:
    return Cell() if value is None else Cell(speaker.local_day(value), value)


def _each(name: str, items: Any, kind: type[T]) -> tuple[T, ...]:
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise InvalidArgument(parameter=name, expected=f"a collection of {kind.__name__}", got=shown(items))
    check = instance(kind)
    return tuple(check(name, item) for item in items)


def _mapping(name: str, items: Any, kind: type[T]) -> Mapping[str, T]:
    if not isinstance(items, Mapping):
        raise InvalidArgument(parameter=name, expected=f"a mapping to {kind.__name__}", got=shown(items))
    key, check = instance(str), instance(kind)
    return {key(name, one): check(name, value) for one, value in items.items()}
