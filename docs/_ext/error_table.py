"""The directive `error-table`: every code of a refusal, read from the library and its catalogs at each build."""

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc
from pkgutil import walk_packages

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import licensing_core
from licensing_core.errors import LicensingError, all_errors
from licensing_core.messages.catalogs import DOMAIN, SOURCE, catalog, languages
from licensing_core.messages.refusals import REFUSALS
from tools.floors import SOURCE as FOLDER

_log = logging.getLogger(__name__)
_WAY = re.compile(r":\w+\}")
"""How a placeholder is to be shown, which the table leaves out."""
_APART = "licensing_core.testing"
"""Needs the tools of tests, and refuses nothing."""


class ErrorTable(SphinxDirective):
    """Draws the table; the page is read again when a module or a catalog of the library changes."""

    def run(self) -> list[nodes.Node]:
        for path in (*FOLDER.rglob("*.py"), *FOLDER.glob(f"locales/*/LC_MESSAGES/{DOMAIN}.po")):
            self.env.note_dependency(str(path))
        table = nodes.table(classes=["colwidths-given"])
        group = nodes.tgroup(cols=2)
        group += [nodes.colspec(colwidth=35), nodes.colspec(colwidth=65)]
        group += nodes.thead("", _row([nodes.paragraph(text="Refusal")], [nodes.paragraph(text="Sentences")]))
        body = nodes.tbody()
        body += [_row(_names(error), _sentences(error)) for error in errors()]
        group += body
        table += group
        return [table]


def errors() -> list[type[LicensingError]]:
    """Every class of error that the library defines, sorted by code and name."""
    for module in walk_packages(licensing_core.__path__, "licensing_core."):
        if not module.name.startswith(_APART):
            try:
                import_module(module.name)
            except ImportError as error:
                _log.warning("%s cannot be imported, so its errors are not in the table: %s", module.name, error)
    own = {error for error in all_errors() if error.__module__.startswith("licensing_core.")}
    return sorted(own, key=lambda error: (error.code, error.__qualname__))


def templates(code: str, language: str) -> Iterator[str]:
    """The sentences of *code* in *language* with their placeholders; of a plural the form for many."""
    texts = catalog(language)
    for part in REFUSALS.get(code, ()):
        text = texts.ngettext(part.text, part.plural, 1000) if part.number else texts.gettext(part.text)
        plain = _WAY.sub("}", text)
        yield f"[{plain}]" if part.field else plain


def _row(*cells: list[nodes.Element]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", *cell) for cell in cells))


def _names(error: type[LicensingError]) -> list[nodes.Element]:
    target = f"{error.__module__}.{error.__qualname__}"
    link = addnodes.pending_xref(
        "", nodes.literal(text=error.__qualname__), refdomain="py", reftype="class", reftarget=target
    )
    rules = nodes.paragraph(text=", ".join(error.rules))
    code = nodes.paragraph("", "", nodes.literal(text=error.code))
    return [code, nodes.paragraph("", "", link), *([rules] if error.rules else [])]


def _sentences(error: type[LicensingError]) -> list[nodes.Element]:
    meaning = (getdoc(error) or "").partition("\n\n")[0].replace("\n", " ")
    shown: list[nodes.Element] = [nodes.paragraph("", "", nodes.emphasis(text=meaning))]
    for language in (SOURCE, *(one for one in languages() if one != SOURCE)):
        text = " ".join(templates(error.code, language)) or "no text yet"
        shown.append(nodes.paragraph("", "", nodes.strong(text=f"{language}: "), nodes.Text(text)))
    return shown


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("error-table", ErrorTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
