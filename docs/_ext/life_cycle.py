"""The directive `life-cycle`: a table of transitions of the library as a picture and a table, drawn at each build."""

from importlib import import_module
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from docs._ext.state_diagram import STYLE, draw, ways_of
from tools.floors import SOURCE

_HEADINGS = ("State", "What happens", "Next state")


class LifeCycle(SphinxDirective):
    """Draws the table that its argument names, such as `subscriptions.TRANSITIONS`.

    Options: `name` says what it is the life cycle of; `marked` names a set of states to be filled, as
    `subscriptions.GIVES_ACCESS`; `bare` leaves out the table, for a page that says more of each way in one of its own.
    The page is read again when a module of the library changes.
    """

    required_arguments = 1
    option_spec: ClassVar = {
        "name": directives.unchanged_required,
        "marked": directives.unchanged_required,
        "bare": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        for path in SOURCE.rglob("*.py"):
            self.env.note_dependency(str(path))
        try:
            table = named(self.arguments[0])
            marked = named(self.options["marked"]) if "marked" in self.options else ()
        except (ImportError, AttributeError) as error:
            raise self.error(str(error)) from error
        name = f"Life cycle of {self.options.get('name', 'it')}"
        picture = nodes.raw("", f"<style>{STYLE}</style>{draw(table, name=name, marked=marked)}", format="html")
        return [picture] if "bare" in self.options else [picture, drawn(table)]


def named(path: str) -> Any:
    """What *path* names, the name of a module of the library and a name in it: `subscriptions.TRANSITIONS`."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"licensing_core.{module}"), name)


def drawn(table: Any) -> nodes.table:
    """*table* as a node of docutils: a row for each way."""
    group = nodes.tgroup(cols=len(_HEADINGS))
    group += [nodes.colspec(colwidth=1) for _ in _HEADINGS]
    group += nodes.thead("", _row(_HEADINGS))
    body = nodes.tbody()
    body += [_row(way) for way in ways_of(table)]
    group += body
    return nodes.table("", group, classes=["colwidths-auto"])


def _row(texts: tuple[str, ...]) -> nodes.row:
    row = nodes.row()
    for text in texts:
        row += nodes.entry("", nodes.paragraph(text=text))
    return row


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("life-cycle", LifeCycle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
