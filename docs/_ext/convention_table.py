"""The directive `convention-table`: one change under every preset, worked out by the library at each build."""

from datetime import date, datetime
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from licensing_core.errors import LicensingError
from licensing_core.messages.catalogs import SOURCE, languages
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.reports import Column, Table, convention_table
from tools.floors import SOURCE as FOLDER

_NAMES = ("anchor", "every", "zone", "at", "old", "new")


class ConventionTable(SphinxDirective):
    """Draws the table; the page is read again when a module of the library changes.

    Its options are all needed: the cycle (`anchor`, a day; `every`, a duration; `zone`), the instant of the change
    (`at`) in one of its periods, and the prices of a whole period before and after (`old`, `new`).
    """

    option_spec: ClassVar = dict.fromkeys(_NAMES, directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        for path in FOLDER.rglob("*.py"):
            self.env.note_dependency(str(path))
        if missing := [name for name in _NAMES if name not in self.options]:
            raise self.error(f"options are missing: {', '.join(missing)}")
        language = self.config.language
        try:
            return [drawn(table_of(language if language in languages() else SOURCE, **self.options))]
        except (LicensingError, ValueError) as error:
            raise self.error(str(error)) from error


def table_of(locale: str, *, anchor: str, every: str, zone: str, at: str, old: str, new: str) -> Table:
    """The table of the library for the options of the directive, in the language *locale*."""
    cycle, instant = Cycle(date.fromisoformat(anchor), Duration.parse(every), zone), datetime.fromisoformat(at)
    prices = Money.parse(old), Money.parse(new)
    return convention_table(cycle.period_at(instant), instant, *prices, locale, every=cycle.every)


def drawn(table: Table) -> nodes.table:
    """*table* as a node of docutils: its title, headings and rows; a hidden column is left out."""
    seen = [place for place, column in enumerate(table.columns) if not column.hidden]
    columns = [table.columns[place] for place in seen]
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=1) for _ in columns]
    group += nodes.thead("", _row(columns, [column.title for column in columns]))
    body = nodes.tbody()
    body += [_row(columns, [row[place].text for place in seen]) for row in table.rows]
    group += body
    return nodes.table("", nodes.title(text=table.title), group, classes=["colwidths-auto"])


def _row(columns: list[Column], texts: list[str]) -> nodes.row:
    row = nodes.row()
    for column, text in zip(columns, texts, strict=True):
        row += nodes.entry("", nodes.paragraph(text=text), classes=["text-right"] if column.right else [])
    return row


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("convention-table", ConventionTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
