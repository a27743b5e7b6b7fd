"""The tables of one customer: what is used of its limits, and its credits."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from licensing_core.checks import InvalidArgument, instance, shown
from licensing_core.credits import Balances, Entry, burn_key
from licensing_core.limits import Limit, PlacesRow, UsageRow, row_of
from licensing_core.messages.marks import word
from licensing_core.messages.sentences import Speaker, speaker_of
from licensing_core.reports.building import cell, day_cell, id_cell, make_table, title_cell
from licensing_core.reports.table import Cell, Table

_USAGE: Final = {
    "limit": word("column", "Limit"),
    "place": word("column", "Within"),
    "used": word("column", "Used"),
    "most": word("column", "Included"),
    "left": word("column", "Left"),
    "over": word("column", "Over the limit"),
}
_GRANTS: Final = {
    "grant": word("column", "Grant"),
    "priority": word("column", "Priority"),
    "effective": word("column", "Usable from"),
    "expires_at": word("column", "Expiry"),
    "granted": word("column", "Granted"),
    "burned": word("column", "Spent"),
    "expired": word("column", "Expired"),
    "voided": word("column", "Taken back"),
    "balance": word("column", "Balance"),
}
_FIGURES: Final = ("granted", "burned", "expired", "voided", "balance")
_as_balances: Final = instance(Balances)


def usage_table(rows: Mapping[str, UsageRow | PlacesRow], locale: str) -> Table:
    """What a customer uses, as `limits.rows()` gives it: a row for each limit, or for each place of one that has them.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *rows* is no mapping of limits to rows.

    Source: ALU-2, ALU-3, PLZ-11.
    """
    speaker = speaker_of(locale)
    if not isinstance(rows, Mapping):
        raise InvalidArgument(parameter="rows", expected="a mapping to UsageRow or PlacesRow", got=shown(rows))
    lines = [line for name, row in rows.items() for line in _usage_lines(name, row, speaker)]
    return make_table("usage", _USAGE, lines, speaker)


def _usage_lines(name: str, row: Any, speaker: Speaker) -> Iterator[tuple[Cell, ...]]:
    instance((UsageRow, PlacesRow))("rows", row)
    instance(str)("rows", name)
    figures = ("used", "most", "left", "over")
    if isinstance(row, UsageRow):
        yield (id_cell(name), Cell(), *(cell(getattr(row, key), speaker) for key in figures))
        return
    for place, used in row.by.items():
        one = row_of(Limit(row.most), used)
        yield (id_cell(name), id_cell(place), *(cell(getattr(one, key), speaker) for key in figures))


def grants_table(balances: Balances, locale: str, zone: str = "UTC") -> Table:
    """The grants of a customer in the order in which they are spent, and what became of them, with the sums below.

    Raises:
        UnknownLocale, UnknownZone: As `messages.explain()` refuses.
        InvalidArgument: *balances* are none.

    Source: ALU-8.
    """
    speaker = speaker_of(locale, zone)
    known: Balances = _as_balances("balances", balances)
    entries = sorted(known.entries.values(), key=lambda entry: burn_key(entry.grant))
    sums = tuple(cell(sum(getattr(entry, key) for entry in entries), speaker) for key in _FIGURES)
    footer = (title_cell("total", speaker), Cell(), Cell(), Cell(), *sums)
    return make_table("grants", _GRANTS, [_grant_cells(entry, speaker) for entry in entries], speaker, footer)


def _grant_cells(entry: Entry, speaker: Speaker) -> tuple[Cell, ...]:
    grant = entry.grant
    return (
        id_cell(grant.id),
        cell(grant.priority, speaker),
        day_cell(grant.effective, speaker),
        day_cell(grant.ends, speaker),
        *(cell(getattr(entry, key), speaker) for key in _FIGURES),
    )
