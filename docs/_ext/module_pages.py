"""Writes one reference page per module found in the package, so that nobody edits them by hand."""

from pathlib import Path

from sphinx.application import Sphinx

from tools.floors import FLOORS, PACKAGE, SOURCE, TOP, floor_of, read_imports


def pages() -> dict[str, str]:
    """The text of each page by its name: one per public module, and the index that lists them."""
    public = sorted(name for name in read_imports(SOURCE) if not _private(name))
    index = ["Modules", "=======", ""]
    for number in range(TOP, -1, -1):
        here = [name for name in public if floor_of(name) == number]
        if here:
            title = "The package" if number == TOP else f"Floor {number}"
            index += [title, "-" * len(title), "", ".. toctree::", "   :maxdepth: 1", ""]
            index += [f"   {_dotted(name)}" for name in _in_order(here, number)] + [""]
    return {"index": "\n".join(index), **{_dotted(name): _page(_dotted(name)) for name in public}}


def write_pages(app: Sphinx) -> None:
    """Bring docs/reference/modules up to date, touching only what changed."""
    folder = Path(app.srcdir) / "reference" / "modules"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / f"{name}.rst": text for name, text in pages().items()}
    for stale in set(folder.glob("*.rst")) - wanted.keys():
        stale.unlink()
    for path, text in wanted.items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def _dotted(name: str) -> str:
    return f"{PACKAGE}.{name}" if name else PACKAGE


def _in_order(names: list[str], number: int) -> list[str]:
    rooms = FLOORS[number] if number < TOP else ("",)
    return sorted(names, key=lambda name: (rooms.index(name.partition(".")[0]), name))


def _page(module: str) -> str:
    text = f"{module}\n{'=' * len(module)}\n\n.. automodule:: {module}\n   :members:\n   :show-inheritance:\n"
    return f"{text}   :no-index:\n" if _is_package(module) else text  # its names are indexed where they are defined


def _is_package(module: str) -> bool:
    return (SOURCE.parent / module.replace(".", "/")).is_dir()
