"""A table of texts and of the values behind them, shown as text, HTML, in a terminal or as records.

>>> fruit = Table(
...     title="Fruit",
...     columns=(
...         Column(key="name", title="Name"),
...         Column(key="number", title="Number", right=True),
...     ),
...     rows=((Cell("Pear", "pear"), Cell("1,200", 1200)),),
... )
>>> print(fruit.text())
Fruit
Name  Number
----  ------
Pear   1,200
>>> fruit.to_records(), fruit.to_columns()["number"]
([{'name': 'pear', 'number': 1200}], [1200])
"""

import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Annotated, Any, Final

from attrs import field, frozen

from licensing_core.checks import Id, InvalidArgument, InvalidQuantity, Text, Value, as_is, checked, shown

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_GAP: Final = "  "
_LEAST_WIDTH: Final = 3
_MOST_WIDTH: Final = 10_000


def _as_any_text(name: str, value: Any) -> str:
    if type(value) is str:
        return value
    raise InvalidArgument(parameter=name, expected="a str", got=shown(value))


@frozen(field_transformer=checked)
class Cell(Value):
    """What one cell shows, and the *raw* value behind it."""

    text: Annotated[str, _as_any_text] = ""
    raw: Annotated[Any, as_is] = None


@frozen(kw_only=True, field_transformer=checked)
class Column(Value):
    """One column.

    Attributes:
        key: Its name in records: the same in every language.
        title: Its heading.
        right: Aligned to the right, as numbers are.
        hidden: Only in records and columns, not on any screen.
    """

    key: Id
    title: Text
    right: bool = False
    hidden: bool = False


def _as_wide(table: "Table", _attribute: object, rows: tuple[tuple[Cell, ...], ...]) -> None:
    for row in rows:
        if len(row) != len(table.columns):
            raise InvalidArgument(parameter="rows", expected=f"rows of {len(table.columns)} cells", got=f"{len(row)}")


def _as_wide_or_empty(table: "Table", _attribute: object, footer: tuple[Cell, ...]) -> None:
    if footer:
        _as_wide(table, _attribute, (footer,))


def _keys_once(_table: object, _attribute: object, columns: tuple[Column, ...]) -> None:
    if len({column.key for column in columns}) != len(columns):
        raise InvalidArgument(
            parameter="columns", expected="columns, each of another key", got=f"{len(columns)} columns"
        )


@frozen(kw_only=True, field_transformer=checked)
class Table(Value):
    """A table of cells; each row has one for each column.

    Attributes:
        footer: A last row of sums, which is no record; empty for none.
    """

    title: Text
    columns: tuple[Column, ...] = field(validator=_keys_once)
    rows: tuple[tuple[Cell, ...], ...] = field(validator=_as_wide)
    footer: tuple[Cell, ...] = field(default=(), validator=_as_wide_or_empty)

    def to_records(self, *, localised: bool = False) -> list[dict[str, Any]]:
        """One mapping a row: raw values by key; titles to shown texts where *localised*, hidden columns left out."""
        if localised:
            seen = self._seen()
            return [{self.columns[place].title: row[place].text for place in seen} for row in self.rows]
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, (cell.raw for cell in row), strict=True)) for row in self.rows]

    def to_columns(self) -> dict[str, list[Any]]:
        """The raw values of each column, from top to bottom, by key; as data frames take them."""
        return {column.key: [row[place].raw for row in self.rows] for place, column in enumerate(self.columns)}

    def text(self, width: int | None = None) -> str:
        """Plain text with aligned columns, in lines of at most *width* characters; the widest columns are cut.

        Each column keeps three characters, so a table of many columns may be wider.

        Raises:
            InvalidQuantity: *width* is no int from 1 to 10,000.
        """
        if width is not None and (type(width) is not int or not 1 <= width <= _MOST_WIDTH):
            raise InvalidQuantity(parameter="width", expected=f"an int from 1 to {_MOST_WIDTH}", got=shown(width))
        lines = self._lines()
        widths = [max(map(display_width, cells)) for cells in zip(*lines, strict=True)]
        _narrow(widths, width)
        rule = ["-" * wide for wide in widths]
        parts = [lines[0], rule, *lines[1:]] if not self.footer else [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        return "\n".join([self.title, *(self._aligned(line, widths) for line in parts)])

    def _repr_html_(self) -> str:
        seen = self._seen()
        head = "".join(f"<th{_style(self.columns[place])}>{escape(self.columns[place].title)}</th>" for place in seen)
        body = "".join(f"<tr>{self._html(row)}</tr>" for row in self.rows)
        foot = f"<tfoot><tr>{self._html(self.footer)}</tr></tfoot>" if self.footer else ""
        return (
            f"<table><caption>{escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"
        )

    def __rich__(self) -> "RichTable":
        from rich.table import Table as Rich  # noqa: PLC0415  # an extra
        from rich.text import Text as RichText  # noqa: PLC0415

        seen = self._seen()
        made = Rich(title=RichText(self.title), show_footer=bool(self.footer))
        for place in seen:
            column, foot = self.columns[place], self.footer[place].text if self.footer else ""
            made.add_column(
                RichText(column.title),
                footer=RichText(one_line(foot)),
                justify="right" if column.right else "left",
                overflow="fold",
            )
        for row in self.rows:
            made.add_row(*(RichText(one_line(row[place].text)) for place in seen))
        return made

    def _seen(self) -> list[int]:
        return [place for place, column in enumerate(self.columns) if not column.hidden]

    def _html(self, row: Sequence[Cell]) -> str:
        return "".join(f"<td{_style(self.columns[place])}>{escape(row[place].text)}</td>" for place in self._seen())

    def _lines(self) -> list[list[str]]:
        """The shown texts of heading, rows and footer, each on one line."""
        seen, body = self._seen(), (*self.rows, *((self.footer,) if self.footer else ()))
        heading = [self.columns[place].title for place in seen]
        return [heading, *([one_line(row[place].text) for place in seen] for row in body)]

    def _aligned(self, line: Sequence[str], widths: Sequence[int]) -> str:
        return _GAP.join(self._padded(line, widths)).rstrip()

    def _padded(self, line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
        for place, text, wide in zip(self._seen(), line, widths, strict=True):
            short = cut(text, wide)
            space = " " * (wide - display_width(short))
            yield space + short if self.columns[place].right else short + space


def _style(column: Column) -> str:
    return ' style="text-align: right"' if column.right else ""


def _narrow(widths: list[int], most: int | None) -> None:
    """Take from the widest of *widths* until they fit into *most* together with the gaps, or none can give more."""
    if most is None:
        return
    room = most - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _LEAST_WIDTH:
        widths[widths.index(max(widths))] -= 1


def one_line(text: str) -> str:
    """*text* on one line, its spaces made plain, without what could steer a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if unicodedata.category(letter) not in {"Cc", "Cs"})


def display_width(text: str) -> int:
    """How many places of a terminal *text* takes: wide letters two, marks on the letter before none."""
    return sum(map(_width, text))


def _width(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def cut(text: str, width: int) -> str:
    """*text*, or as much of it as fits into *width* places with `…` behind."""
    if display_width(text) <= width:
        return text
    kept = text
    while kept and display_width(kept) > width - 1:
        kept = kept[:-1]
    return kept + "…"
