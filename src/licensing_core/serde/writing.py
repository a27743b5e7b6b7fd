"""From a value to its one text."""

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

import attrs

from licensing_core.checks import InvalidArgument, Value, shown
from licensing_core.decisions import Decision, Event, Verdict
from licensing_core.enrollments import Access, Enrollments
from licensing_core.enrollments.values import in_order
from licensing_core.holdings import Holdings
from licensing_core.partial import ById
from licensing_core.protocols import Stored
from licensing_core.serde.tables import EVENTS, KIND, TAGS, TEXTS
from licensing_core.services.bulk import CommandPlan
from licensing_core.services.engine import Ports
from licensing_core.services.verifying import AsOf

_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_PASSING: tuple[type, ...] = (Access, AsOf, CommandPlan, Decision, Ports, Stored, Verdict)


def dumps(value: Any) -> str:
    """The canonical JSON of *value*: a value of the library, or a tuple, set or mapping of them. ASCII, one line.

    Raises:
        InvalidArgument: It is, or holds, something else: a float, say, or an event or value of another library.
    """
    return _text(_plain(value))


def _text(plain: Any) -> str:
    return _JSON.encode(plain)


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    return _way(kind)(value)


@lru_cache(maxsize=1024)
def _way(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of *kind* plain."""
    if kind in (type(None), bool, int, str):
        return _itself
    if kind in TEXTS:
        return str
    return next((way for of, way in _WAYS if issubclass(kind, of)), _refused)


def _itself(value: Any) -> Any:
    return value


def _refused(value: object) -> Any:
    raise _unwritable(value)


def _loaded_in_part(value: ById[Any] | Enrollments, entries: object) -> dict[str, Any]:
    return {"entries": entries, "loaded": None if value.loaded is None else sorted(value.loaded)}


def _instant(value: datetime) -> str:
    if value.utcoffset() is None:
        raise _unwritable(value)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _key(key: object) -> str:
    if type(key) is not str:
        raise _unwritable(key)
    return key


def _object(value: Value) -> dict[str, Any]:
    kind: Any = type(value)
    if isinstance(value, _PASSING) or (isinstance(value, Event) and EVENTS.get(value.type) is not kind):
        raise _unwritable(value)
    written = {alias: _plain(getattr(value, name)) for alias, name in _fields(kind)}
    if isinstance(value, Event):
        return {**written, "schema": value.schema, "type": value.type}
    return {**written, KIND: TAGS[kind]} if kind in TAGS else written


@lru_cache(maxsize=1024)
def _fields(kind: Any) -> tuple[tuple[str, str], ...]:
    return tuple((field.alias or field.name, field.name) for field in attrs.fields(kind) if field.init)


def _unwritable(value: object) -> InvalidArgument:
    return InvalidArgument(parameter="value", expected="of a kind that is stored", got=shown(value))


_WAYS: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (Enum, lambda value: value.value),
    (Fraction, lambda value: f"{value.numerator}/{value.denominator}"),
    (datetime, _instant),
    (date, lambda value: value.isoformat()),
    (Holdings, lambda value: _loaded_in_part(value, [[user, held.value] for user, held in sorted(value.items())])),
    (Enrollments, lambda value: _loaded_in_part(value, [_plain(one) for one in in_order(value.values())])),
    (Value, _object),
    (ById, lambda value: _loaded_in_part(value, {key: _plain(one) for key, one in value.items()})),
    (Mapping, lambda value: {_key(key): _plain(one) for key, one in value.items()}),
    (AbstractSet, lambda value: sorted(map(_plain, value), key=_text)),
    (tuple, lambda value: [_plain(one) for one in value]),
)
"""What makes a value of a kind, or of one derived from it, plain; the first that fits."""
