"""From a value to its one text."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from enum import Enum
from fractions import Fraction
from typing import Any

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

_PASSING: tuple[type, ...] = (Access, AsOf, CommandPlan, Decision, Ports, Stored, Verdict)


def dumps(value: Any) -> str:
    """The canonical JSON of *value*: a value of the library, or a tuple, set or mapping of them. ASCII, one line.

    Raises:
        InvalidArgument: It is, or holds, something else: a float, say, or an event or value of another library.
    """
    return _text(_plain(value))


def _text(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | Fraction):
        return _number_or_date(value)
    if type(value) in TEXTS:
        return str(value)
    if isinstance(value, Holdings):
        return _loaded_in_part(value, [[user, held.value] for user, held in sorted(value.items())])
    if isinstance(value, Enrollments):
        return _loaded_in_part(value, [_plain(one) for one in in_order(value.values())])
    if isinstance(value, Value):
        return _object(value)
    if isinstance(value, ById):
        return _loaded_in_part(value, {key: _plain(one) for key, one in value.items()})
    if isinstance(value, Mapping):
        return {_key(key): _plain(one) for key, one in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(map(_plain, value), key=_text)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    raise _unwritable(value)


def _loaded_in_part(value: ById[Any] | Enrollments, entries: object) -> dict[str, Any]:
    return {"entries": entries, "loaded": None if value.loaded is None else sorted(value.loaded)}


def _number_or_date(value: date | Fraction) -> str:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise _unwritable(value)
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat()


def _key(key: object) -> str:
    if type(key) is not str:
        raise _unwritable(key)
    return key


def _object(value: Value) -> dict[str, Any]:
    kind: Any = type(value)
    if isinstance(value, _PASSING) or (isinstance(value, Event) and EVENTS.get(value.type) is not kind):
        raise _unwritable(value)
    written = {
        field.alias or field.name: _plain(getattr(value, field.name)) for field in attrs.fields(kind) if field.init
    }
    if isinstance(value, Event):
        return {**written, "schema": value.schema, "type": value.type}
    return {**written, KIND: TAGS[kind]} if kind in TAGS else written


def _unwritable(value: object) -> InvalidArgument:
    return InvalidArgument(parameter="value", expected="of a kind that is stored", got=shown(value))
