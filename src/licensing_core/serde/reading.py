"""From a text to a value of the kind that was expected, or to all that is wrong with it."""

import json
import re
from typing import Any, Final, TypeVar, overload

from licensing_core.checks import InvalidArgument, shown
from licensing_core.errors import LicensingError
from licensing_core.serde.faults import Faults
from licensing_core.serde.shapes import Unusable, converter

MAX_BYTES: Final = 64 * 1024
"""The most bytes of a document, unless the caller allows more."""
MAX_NESTING: Final = 16
"""How deep lists and objects may lie in one another."""
_MAX_DIGITS: Final = 20
_STRINGS_AND_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
T = TypeVar("T")


@overload
def loads(text: str, kind: type[T], *, most_bytes: int = MAX_BYTES) -> T: ...
@overload
def loads(text: str, kind: Any, *, most_bytes: int = MAX_BYTES) -> Any: ...
def loads(text: str, kind: Any, *, most_bytes: int = MAX_BYTES) -> Any:
    """The value of *kind* that *text* states, as `dumps()` wrote it or in any other order and spacing.

    Args:
        text: JSON in a `str`.
        kind: A class of values, a union of them, `Event` for any event, or `Value` for any answer of a command.
        most_bytes: How long *text* may be, in UTF-8.

    Raises:
        InvalidDocument: It is too long, nested too deep, no JSON, or not of *kind*; it lists every fault that does not
            hang on another.
        InvalidArgument: *text* is no `str`.
    """
    if type(text) is not str:
        raise InvalidArgument(parameter="text", expected="a str", got=shown(text))
    try:
        return converter().structure(_parsed(text, most_bytes), kind)
    except Faults as found:
        raise found.document() from None
    except LicensingError as error:
        raise Faults.here(error.code).document() from None


def _parsed(text: str, most_bytes: int) -> Any:
    if len(text) > most_bytes or len(text.encode("utf-8", "surrogatepass")) > most_bytes:
        raise Faults.here("document.too_large")
    if _nesting(text) > MAX_NESTING:
        raise Faults.here("document.too_deep")
    try:
        return json.loads(
            text, object_pairs_hook=_named, parse_float=_fraction, parse_constant=_fraction, parse_int=_whole
        )
    except (ValueError, RecursionError):
        raise Faults.here("document.not_json") from None


def _nesting(text: str) -> int:
    """How deep *text* is nested; no less than that where it has few brackets."""
    most = text.count("[") + text.count("{")
    if most <= MAX_NESTING:
        return most
    deepest = depth = 0
    for found in _STRINGS_AND_BRACKETS.finditer(text):
        mark = found.group()
        if mark in ("[", "{"):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in ("]", "}"):
            depth -= 1
    return deepest


def _named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; a name that comes twice has no value that could be used."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        made[name] = Unusable("name.duplicate") if name in made else value
    return made


def _fraction(_text: str) -> Unusable:
    return Unusable("number.fraction")


def _whole(text: str) -> Any:
    return int(text) if len(text) <= _MAX_DIGITS else Unusable("quantity.invalid")
