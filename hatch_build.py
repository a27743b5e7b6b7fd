"""Compiles the message catalogs (`.po`) to `.mo` for every wheel, sdist and editable install."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = Path("src/licensing_core/locales")


def compile_catalogs(root: Path) -> list[Path]:
    """Write a `.mo` beside every `.po` under *root* and return the files written; fuzzy entries stay out."""
    written = []
    for source in sorted((root / LOCALES).glob("*/LC_MESSAGES/licensing_core.po")):
        with source.open("rb") as po:
            catalog = read_po(po, locale=source.parents[1].name, domain="licensing_core")
        target = source.with_suffix(".mo")
        with target.open("wb") as mo:
            write_mo(mo, catalog)
        written.append(target)
    return written


class CompileCatalogs(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling calls this before each build; the files it makes are ignored by git, hence `artifacts`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # the hook's signature
        for path in compile_catalogs(Path(self.root)):
            build_data["artifacts"].append(path.relative_to(self.root).as_posix())
