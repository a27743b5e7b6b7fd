"""The public modules, classes of values and errors of the library, for the tests that sweep over all of them."""

import types
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from functools import cache
from importlib import import_module
from inspect import isclass
from pkgutil import walk_packages
from typing import Annotated, Any, Final, TypeGuard, Union, get_args, get_origin, get_type_hints

import attrs

import licensing_core
from licensing_core.checks import FrozenMap, Value
from licensing_core.currencies import Currency
from licensing_core.directory import Content, Scope
from licensing_core.errors import LicensingError, all_errors
from licensing_core.money import Money
from licensing_core.payments import PaymentFailed
from licensing_core.periods import Span
from tests.specimens import EUR, HALF_MAY, NOON
from tools.floors import floor_of


@cache
def modules(highest_floor: int = 7) -> tuple[types.ModuleType, ...]:
    """The public modules of the library up to a floor, imported."""
    names = (found.name for found in walk_packages(licensing_core.__path__, "licensing_core."))
    rooms = ((name, floor_of(name.partition(".")[2])) for name in names if "._" not in name)
    return tuple(import_module(name) for name, floor in rooms if floor is not None and floor <= highest_floor)


@cache
def value_classes() -> tuple[type[Value], ...]:
    """The public attrs classes that are values and not abstract, each in the module that defines it."""
    things = ((module, name, thing) for module in modules() for name, thing in vars(module).items())
    return tuple(
        thing
        for module, name, thing in things
        if isclass(thing)
        and not name.startswith("_")
        and thing.__module__ == module.__name__
        and is_value(thing)
        and not any(getattr(member, "__isabstractmethod__", False) for member in vars(thing).values())
    )


def is_value(kind: type) -> TypeGuard[type[Value]]:
    """Whether *kind* is an attrs class of values."""
    return issubclass(kind, Value) and attrs.has(kind)


@cache
def error_classes() -> tuple[type[LicensingError], ...]:
    """Each error of floors 0 to 7, the root first."""
    modules()
    found = (kind for kind in all_errors() if kind.__module__.startswith("licensing_core."))
    rooms = ((kind, floor_of(kind.__module__.partition(".")[2])) for kind in found)
    return tuple(dict.fromkeys(kind for kind, floor in rooms if floor is not None and floor <= 7))


def arguments(value: Value) -> dict[str, Any]:
    """The arguments with which the constructor makes *value* again, by name."""
    _make, (_kind, fields) = value.__reduce__()
    return dict(fields)


def public_classmethods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The named constructors that *kind* itself defines."""
    for name, thing in vars(kind).items():
        if isinstance(thing, classmethod) and not name.startswith("_"):
            yield name, getattr(kind, name)


_SAMPLES: Final[dict[Any, Callable[[], Any]]] = {
    str: lambda: "x1",
    int: lambda: 3,
    bool: lambda: True,
    date: lambda: date(2026, 5, 4),
    datetime: lambda: NOON,
    Fraction: lambda: Fraction(1, 2),
    Currency: lambda: EUR,
    Money: lambda: Money(1250, EUR),
    Scope: lambda: Scope.user("secret-person"),
    Content: lambda: Content.course("fire"),
    Span: lambda: HALF_MAY,
    LicensingError: PaymentFailed,
}


def sample(annotation: Any) -> Any:
    """Some value of the type *annotation*, as the fields of errors have them."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return sample(args[0])
    if origin in (Union, types.UnionType):
        return sample(args[0])
    if origin is tuple and args[-1] is not ...:
        return tuple(map(sample, args))
    if origin in (tuple, frozenset):
        return origin((sample(args[0]),))
    if origin is Mapping:
        return FrozenMap({sample(args[0]): sample(args[1])})
    if isclass(annotation) and issubclass(annotation, Enum):
        return next(iter(annotation))
    return _SAMPLES[annotation]()


def an_error(kind: type[LicensingError], **fields: Any) -> LicensingError:
    """An error of the class *kind*, every field filled by its type but for the *fields* given."""
    hints = get_type_hints(kind, include_extras=True)
    given = {field.name: sample(hints[field.name]) for field in attrs.fields(kind) if field.init}
    if "users" in given:
        given["users"] = ("secret-person", "secret-other")
    return kind(**{**given, **fields})
