"""The tables that the products show: seats, licenses, events and verdicts."""

from collections.abc import Iterable, Mapping
from typing import Final

from licensing_core.decisions import Verdict
from licensing_core.license_cycle import LicenseRow
from licensing_core.messages.marks import word
from licensing_core.messages.sentences import Speaker, speaker_of
from licensing_core.protocols import Envelope
from licensing_core.reports.building import cell, day_cell, each, id_cell, make_table, mapping
from licensing_core.reports.table import Cell, Table
from licensing_core.seat_administration import Row

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


def seat_table(rows: Iterable[Row], locale: str, zone: str = "UTC") -> Table:
    """The table of seat administration: one row for each purchased plan, instants as local dates of *zone*.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *rows* are no rows.

    Source: DOC-24 to DOC-26.
    """
    speaker = speaker_of(locale, zone)
    return make_table(
        "seats", _SEATS, [_seat_cells(row, speaker) for row in each("rows", rows, Row)], speaker, hidden={"bought"}
    )


def _seat_cells(row: Row, speaker: Speaker) -> tuple[Cell, ...]:
    terms = row.terms
    return (
        Cell() if terms is None else id_cell(terms.created_by),
        Cell() if terms is None else day_cell(terms.purchased_at, speaker),
        id_cell(row.code),
        Cell() if terms is None else id_cell(terms.package),
        Cell() if terms is None else id_cell(terms.plan),
        day_cell(row.expires_at, speaker),
        cell(row.type, speaker),
        Cell(f"{speaker.number(row.consumed)}/{speaker.number(row.bought)}", row.consumed),
        cell(row.bought, speaker),
        cell(row.held, speaker),
        cell(row.awaiting, speaker),
    )


def license_table(rows: Mapping[str, LicenseRow], locale: str) -> Table:
    """The table of licenses: a row for each type, as `license_cycle.license_table()` gives them.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *rows* is no mapping of types to rows.

    Source: WAL-4.
    """
    speaker, types = speaker_of(locale), mapping("rows", rows, LicenseRow)
    lines = [
        (id_cell(name), *(cell(getattr(row, key), speaker) for key in list(_LICENSES)[1:]))
        for name, row in types.items()
    ]
    return make_table("licenses", _LICENSES, lines, speaker)


def events_table(envelopes: Iterable[Envelope], locale: str, zone: str = "UTC") -> Table:
    """What happened, in the order given, with the date and time in *zone*.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *envelopes* are none.
    """
    speaker = speaker_of(locale, zone)
    lines = [
        (
            cell(one.sequence, speaker),
            Cell(speaker.moment(one.event.at), one.event.at),
            id_cell(one.event.by),
            id_cell(one.aggregate),
            id_cell(one.event.type),
            Cell(speaker.event(one.event), one.event),
        )
        for one in each("envelopes", envelopes, Envelope)
    ]
    return make_table("events", _EVENTS, lines, speaker)


def verdicts(answers: Mapping[str, Verdict], locale: str, zone: str = "UTC") -> Table:
    """What may be done and what may not, and why: one row for each question.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *answers* is no mapping of questions to verdicts.
    """
    speaker, asked = speaker_of(locale, zone), mapping("answers", answers, Verdict)
    lines = [
        (
            id_cell(question),
            cell(bool(verdict), speaker),
            id_cell(verdict.rule),
            id_cell(verdict.code),
            _reason(verdict, speaker),
        )
        for question, verdict in asked.items()
    ]
    return make_table("verdicts", _VERDICTS, lines, speaker)


def _reason(verdict: Verdict, speaker: Speaker) -> Cell:
    if verdict.refusal is None:
        return Cell(speaker.allowance(verdict), None)
    return Cell(speaker.refusal(verdict.refusal), verdict.refusal)
