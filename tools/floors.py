"""The floors of the library: which module stands where, and what its imports say about that.

A module imports from its own floor or below, never from above, and nothing goes round in a circle.
Lazy and typing-only imports count. `tests/test_floors.py` holds the library to it and the picture in the
docs is drawn from it.
"""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

PACKAGE: Final = "licensing_core"
SOURCE: Final = Path(__file__).parents[1] / "src" / PACKAGE

FLOORS: Final[tuple[tuple[str, ...], ...]] = (
    ("errors", "checks", "heaps", "layers"),
    ("decisions", "partial", "rounding", "currencies", "money", "periods", "workdays"),
    ("directory", "limits", "pricing", "plans"),
    ("holdings", "pools", "credits", "proration"),
    ("enrollments", "entitlements", "visibility", "billing"),
    ("orders", "payments", "subscriptions", "accounts", "dunning"),
    ("seat_administration", "license_cycle"),
    ("protocols", "services", "messages", "reports", "serde"),
    ("adapters", "batch", "testing"),
)
"""Floor 0 first. The parts of a package stand on the floor of the package."""

TOP: Final = len(FLOORS)
"""The package's own `__init__`, above everything; nothing inside imports from it."""

Imports = Mapping[str, frozenset[str]]
"""For each module of the package ("" is the top), the modules of the package that it names."""


def floor_of(module: str) -> int | None:
    """The floor of *module*, named within the package ("billing.lines"), or None where it has none."""
    if not module:
        return TOP
    room = module.partition(".")[0]
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


def read_imports(source: Path = SOURCE) -> Imports:
    """Every import in the files of the package at *source*, read without running them."""
    files = {_name(path.relative_to(source)): path for path in sorted(source.rglob("*.py"))}
    return {
        module: frozenset(_named_in(path, module, files.keys(), source.name)) - {module}
        for module, path in files.items()
    }


def breaches(imports: Imports) -> list[str]:
    """What breaks the rule of the floors, one sentence each; empty when all is well."""
    found = []
    for module, targets in imports.items():
        own = floor_of(module)
        if own is None:
            found.append(f"{module} has no floor; name it in tools/floors.py")
            continue
        for target in sorted(targets):
            below = floor_of(target)
            if below is not None and below > own:
                found.append(f"{module} (floor {own}) imports {target or PACKAGE} (floor {below})")
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found.append("a circle: " + " -> ".join(name or PACKAGE for name in error.args[1]))
    return found


def patterns(numbers: Sequence[int]) -> str:
    """The files of these floors that exist, as coverage's `--include` wants them."""
    rooms = [room for number in numbers for room in FLOORS[number]]
    files = (f"src/{PACKAGE}/{room}.py" for room in rooms if (SOURCE / f"{room}.py").is_file())
    folders = (f"src/{PACKAGE}/{room}/*" for room in rooms if (SOURCE / room).is_dir())
    return ",".join((*files, *folders))


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _named_in(path: Path, module: str, known: AbstractSet[str], package: str) -> Iterator[str]:
    here = module.split(".") if module else []
    folder = here if path.name == "__init__.py" else here[:-1]
    wanted: list[tuple[str, tuple[str, ...]]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        match node:
            case ast.Import(names=names):
                wanted = [(name.name, ()) for name in names]
            case ast.ImportFrom(module=origin, names=names, level=0):
                wanted = [(origin or "", tuple(name.name for name in names))]
            case ast.ImportFrom(module=origin, names=names, level=level):
                base = folder[: len(folder) - (level - 1)]
                full = ".".join([package, *base, *([origin] if origin else [])])
                wanted = [(full, tuple(name.name for name in names))]
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str() as text), *_],
            ):
                wanted = [(text, ())]
            case _:
                continue
        for whole, parts in wanted:
            yield from _resolve(whole, parts, known, package)


def _resolve(origin: str, names: Sequence[str], known: AbstractSet[str], package: str) -> Iterator[str]:
    """`from package.billing import lines` names the module lines, if there is one, else billing."""
    if origin != package and not origin.startswith(package + "."):
        return
    inside = origin.removeprefix(package).removeprefix(".")
    for name in names or ("",):
        part = ".".join(filter(None, (inside, name)))
        yield part if name and part in known else inside


if __name__ == "__main__":
    if sys.argv[1:2] == ["--patterns"]:
        print(patterns([int(number) for number in sys.argv[2:]]))
    else:
        found = breaches(read_imports())
        print("\n".join(found) or "every import goes down")
        sys.exit(bool(found))
