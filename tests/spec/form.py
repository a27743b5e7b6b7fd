"""How the data files are read: fields by name, dates, instants and numbers, each refused by name when unknown."""

import inspect
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar

T = TypeVar("T")
C = TypeVar("C", bound=Enum)


class SpecFailure(Exception):
    """A case of the specification does not hold, or is not understood."""


class NotUnderstood(SpecFailure):
    """The data holds an operation, field, kind or value that this runner does not know."""


class Mismatch(SpecFailure):
    """The library answers otherwise than the specification says."""


def call(function: Callable[..., T], given: object, what: str, *first: Any) -> T:
    """*function* called with *first* and the fields *given* as its keyword-only parameters.

    A parameter ends in `_` where its field is a word of Python: `for_` takes the field `for`. A function with
    `**fields` takes any, and passes them on to another `call()`, which knows them.

    Raises:
        NotUnderstood: A field is no parameter, or one is lacking; *what* says of which part of the data.
    """
    if not isinstance(given, Mapping):
        raise NotUnderstood(f"{what} is no object")
    parameters = inspect.signature(function).parameters.values()
    known = {one.name.removesuffix("_"): one for one in parameters if one.kind is one.KEYWORD_ONLY}
    passes_on = any(one.kind is one.VAR_KEYWORD for one in parameters)
    for name in given:
        if name not in known and not passes_on:
            raise NotUnderstood(f"unknown field {name!r} of {what}")
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in given:
            raise NotUnderstood(f"{what} lacks the field {name!r}")
    named = {known[name].name if name in known else name: value for name, value in given.items()}
    return function(*first, **named)


def require_fields(function: Callable[..., object], given: object, what: str) -> None:
    """See to it that `call()` would take the fields *given*, without calling."""

    def nothing(*_first: Any, **_fields: Any) -> None: ...

    nothing.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    call(nothing, given, what)


def choice(kind: type[C], value: object, what: str) -> C:
    """The member of *kind* that is written *value*."""
    for member in kind:
        if member.value == value:
            return member
    raise NotUnderstood(f"unknown {what} {value!r}")


def instant(text: object, what: str = "instant") -> datetime:
    """The aware instant that *text* writes."""
    found = moment(text, what)
    if not isinstance(found, datetime):
        raise NotUnderstood(f"{what} {text!r} is a date, not an instant")
    return found


def day(text: object, what: str = "date") -> date:
    """The calendar day that *text* writes."""
    found = moment(text, what)
    if isinstance(found, datetime):
        raise NotUnderstood(f"{what} {text!r} is an instant, not a date")
    return found


def moment(text: object, what: str = "date or instant") -> date:
    """The date, or the aware instant, that *text* writes."""
    try:
        if isinstance(text, str):
            found = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
            if not isinstance(found, datetime) or found.utcoffset() is not None:
                return found
    except ValueError:
        pass
    raise NotUnderstood(f"{what} {text!r} is no date and no aware instant")


def number(text: object, what: str = "number") -> Fraction:
    """The exact number that *text* writes, as `12.50` or `1/3`; an integer is taken too, a float never."""
    try:
        if isinstance(text, str) or type(text) is int:
            return Fraction(text)
    except (ValueError, ZeroDivisionError):
        pass
    raise NotUnderstood(f"{what} {text!r} is no exact number")
