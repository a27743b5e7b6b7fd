"""How the tables are put together: columns, cells and titles in the language of a speaker."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from licensing_core.checks import InvalidArgument, instance, shown
from licensing_core.messages.marks import word
from licensing_core.messages.sentences import Speaker
from licensing_core.reports.table import Cell, Column, Table

T = TypeVar("T")
RIGHT: Final = frozenset(
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
        "net",
        "taxes",
        "gross",
        "before",
        "after",
        "difference",
        "charge",
        "credit",
        "due",
        "used",
        "most",
        "left",
        "over",
        "priority",
        "granted",
        "burned",
        "expired",
        "voided",
        "balance",
        "users",
        "customers",
        "blocked",
        "total",
        "outstanding",
    }
)
"""The columns of numbers."""
TITLES: Final = {
    "seats": word("title", "Seat administration"),
    "licenses": word("title", "Licenses"),
    "quote": word("title", "Quote"),
    "proforma": word("title", "Proforma"),
    "invoice": word("title", "Invoice"),
    "credit_note": word("title", "Credit note"),
    "migration": word("title", "Change of prices"),
    "conventions": word("title", "One change under every convention"),
    "events": word("title", "Events"),
    "verdicts": word("title", "Verdicts"),
    "usage": word("title", "Usage"),
    "grants": word("title", "Credits"),
    "customers": word("title", "Customers"),
    "dashboard": word("title", "Dashboard"),
    "activity": word("title", "Recent activity"),
    "people": word("title", "Users and contacts"),
    "subscriptions": word("title", "Subscriptions"),
    "bills": word("title", "Proformas and invoices"),
    "notices": word("title", "Notices"),
    "owner": word("title", "Account"),
    "total": word("title", "Total"),
}
"""The titles by name."""


def make_table(
    title: str,
    titles: Mapping[str, tuple[str, str]],
    rows: Iterable[tuple[Cell, ...]],
    speaker: Speaker,
    footer: tuple[Cell, ...] = (),
    hidden: Collection[str] = (),
) -> Table:
    """The table with the columns *titles* and the title of that name, in the language of *speaker*."""
    columns = tuple(
        Column(key=key, title=speaker.translated(*text), right=key in RIGHT, hidden=key in hidden)
        for key, text in titles.items()
    )
    return Table(title=title_cell(title, speaker).text, columns=columns, rows=tuple(rows), footer=footer)


def title_cell(name: str, speaker: Speaker) -> Cell:
    """A title by its name."""
    return Cell(speaker.translated(*TITLES[name]))


def id_cell(value: str) -> Cell:
    """An id, as it is."""
    return Cell(value, value)


def cell(value: Any, speaker: Speaker) -> Cell:
    """A value as the locale writes it; empty for `None`."""
    return Cell() if value is None else Cell(speaker.shown(value), value)


def day_cell(value: Any, speaker: Speaker) -> Cell:
    """The local day of an instant; empty for `None`."""
    return Cell() if value is None else Cell(speaker.local_day(value), value)


def each(name: str, items: Any, kind: type[T]) -> tuple[T, ...]:
    """The *items* of a parameter, each of the class *kind*."""
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise InvalidArgument(parameter=name, expected=f"a collection of {kind.__name__}", got=shown(items))
    check = instance(kind)
    return tuple(check(name, item) for item in items)


def mapping(name: str, items: Any, kind: type[T]) -> Mapping[str, T]:
    """The items of a mapping from names, each of the class *kind*."""
    if not isinstance(items, Mapping):
        raise InvalidArgument(parameter=name, expected=f"a mapping to {kind.__name__}", got=shown(items))
    key, check = instance(str), instance(kind)
    return {key(name, one): check(name, value) for one, value in items.items()}
