"""The public names and signatures, held to the snapshot in `public_api.txt`.

A change that is meant is noted by `python -m tests.test_public_api --write`, and reviewed in the difference.
"""

import ast
import inspect
import sys
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

import attrs

import licensing_core
from licensing_core import checks
from licensing_core.periods import zones
from tests.public_classes import modules

SNAPSHOT: Final = Path(__file__).with_name("public_api.txt")
ADVICE: Final = "the public API changed; if that is meant, run: python -m tests.test_public_api --write"
NAMED: Final = {
    repr(getattr(home, name)): name
    for home, name in [
        *((checks, name) for name in ("Id", "Count", "Quantity", "Signed", "Instant", "Day", "Text", "Exact")),
        (zones, "Zone"),
    ]
}


def written(annotation: Any) -> str:
    """An annotation as one would write it, the same in every release of Python."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return NAMED.get(repr(annotation), f"{written(args[0])} checked")
    if origin in (Union, types.UnionType):
        return " | ".join(map(written, args))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, args))}]"
    if isinstance(annotation, list | tuple):
        return f"[{', '.join(map(written, annotation))}]"
    if origin is not None:
        return f"{written(origin)}[{', '.join(map(written, args))}]"
    if annotation is None or annotation is types.NoneType:
        return "None"
    if annotation is ...:
        return "..."
    if isinstance(annotation, TypeVar | ParamSpec):
        return annotation.__name__
    if isinstance(annotation, str):
        return annotation
    return getattr(annotation, "__name__", None) or repr(annotation).removeprefix("typing.")


def default(value: Any) -> str:
    """A default, shortened to its class where it is no plain one."""
    if isinstance(value, Enum):
        return str(value.name)
    if value is None or isinstance(value, bool | int | str | tuple):
        return repr(value)
    return value.__name__ if isinstance(value, type) else type(value).__name__.lower()


def signature(function: Any) -> str:
    """Parameters with their kinds, types and defaults, and the type of the result."""
    found = inspect.signature(function)
    parts, starred = [], False
    for one in found.parameters.values():
        if one.kind is one.KEYWORD_ONLY and not starred:
            parts.append("*")
        starred = starred or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        star = "*" * (one.kind is one.VAR_POSITIONAL) + "**" * (one.kind is one.VAR_KEYWORD)
        hint = "" if one.annotation is one.empty else f": {written(one.annotation)}"
        parts.append(f"{star}{one.name}{hint}{'' if one.default is one.empty else f' = {default(one.default)}'}")
    result = "" if found.return_annotation is found.empty else f" -> {written(found.return_annotation)}"
    return f"({', '.join(parts)}){result}"


def public_names(module: types.ModuleType) -> list[str]:
    """What `__all__` lists, or else what the source of the module defines without an underscore."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    names: set[str] = set()
    for node in ast.parse(inspect.getsource(module)).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
    return sorted(name for name in names if not name.startswith("_") and hasattr(module, name))


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public functions, class methods and properties that *kind* itself defines."""
    fields = {field.name for field in attrs.fields(kind)} if attrs.has(kind) else set()
    for name, thing in sorted(vars(kind).items()):
        if name.startswith("_") or name in fields:
            continue
        if isinstance(thing, classmethod | staticmethod | property) or inspect.isfunction(thing):
            yield name, thing


def lines_of_class(label: str, kind: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in kind.__bases__)
    if issubclass(kind, Enum):
        yield f"{label} {bases}: {', '.join(f'{member.name}={member.value!r}' for member in kind)}"
    elif attrs.has(kind) or "__init__" in vars(kind) or "__new__" in vars(kind):
        yield f"{label} {bases} {signature(kind)}"
    else:
        yield f"{label} {bases}"
    if code := vars(kind).get("code"):
        yield f"{label}.code = {code!r}" if isinstance(code, str) else f"{label}.code"
    for name, thing in members(kind):
        if isinstance(thing, property):
            yield f"{label}.{name} -> {written(inspect.signature(thing.fget).return_annotation)}"  # type: ignore[arg-type]
        elif isinstance(thing, classmethod | staticmethod):
            yield f"{label}.{name} {signature(getattr(kind, name))} (class)"
        else:
            yield f"{label}.{name} {signature(thing)}"


def lines_of(module: types.ModuleType) -> Iterator[str]:
    home = module.__name__
    for name in public_names(module):
        thing, label = getattr(module, name), f"{home}.{name}"
        origin = getattr(thing, "__module__", home)
        if isinstance(thing, TypeVar | ParamSpec):
            continue
        if get_origin(thing) is not None:
            yield f"{label} = {written(thing)}"
        elif not (inspect.isclass(thing) or inspect.isfunction(thing)):
            yield f"{label}: {type(thing).__name__}"
        elif origin != home:
            yield f"{label} is {origin}.{thing.__name__}"
        elif inspect.isclass(thing):
            yield from lines_of_class(label, thing)
        else:
            yield f"{label} {signature(thing)}"


def snapshot() -> str:
    """The public API, a line for each name."""
    found = (licensing_core, *sorted(modules(8), key=lambda module: module.__name__))
    return "".join(f"{line}\n" for module in found for line in (module.__name__, *lines_of(module)))


def test_the_public_api_is_that_of_the_snapshot() -> None:
    found, known = snapshot().splitlines(), SNAPSHOT.read_text("utf-8").splitlines()
    more, less = sorted(set(found) - set(known)), sorted(set(known) - set(found))
    assert (more, less) == ([], []), ADVICE


def test_the_top_package_gives_some_fifteen_names_and_each_of_them_loads() -> None:
    assert 15 <= len(licensing_core.__all__) <= 20
    assert sorted(licensing_core.__all__) == list(licensing_core.__all__)
    for name in licensing_core.__all__:
        assert getattr(licensing_core, name).__name__ == name


def test_every_module_says_what_it_lists() -> None:
    for module in modules(8):
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{module.__name__}.{name}"


def explained_by_shape(module: types.ModuleType) -> set[str]:
    """The methods that a protocol of the module explains, for all classes that match it."""
    kinds = [thing for thing in vars(module).values() if inspect.isclass(thing) and thing.__module__ == module.__name__]
    protocols = (kind for kind in kinds if getattr(kind, "_is_protocol", False))
    return {name for kind in protocols for name, member in members(kind) if member.__doc__}


def undocumented(module: types.ModuleType) -> Iterator[str]:
    """What has no docstring, but for tests that users inherit: their names are sentences."""
    if not module.__doc__:
        yield module.__name__
    for name in public_names(module):
        thing, label = getattr(module, name), f"{module.__name__}.{name}"
        if getattr(thing, "__module__", None) != module.__name__ or isinstance(thing, TypeVar | ParamSpec):
            continue
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and not thing.__doc__:
            yield label
        if inspect.isclass(thing):
            bare = {part for part, member in members(thing) if not member.__doc__ and not part.startswith("test_")}
            yield from (f"{label}.{part}" for part in sorted(bare - explained_by_shape(module)))


def test_everything_public_has_a_docstring() -> None:
    assert [name for module in modules(8) for name in undocumented(module)] == []


def test_a_missing_docstring_is_found() -> None:
    module = types.ModuleType("planted", "A module.")
    exec("class Bare:\n    def part(self): ...\n\ndef bare(): ...\n", module.__dict__)
    module.__dict__["__all__"] = ["Bare", "bare"]
    assert list(undocumented(module)) == ["planted.Bare", "planted.Bare.part", "planted.bare"]


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    SNAPSHOT.write_text(snapshot(), "utf-8")
