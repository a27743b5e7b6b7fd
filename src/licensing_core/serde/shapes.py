"""How each kind of value is made of what JSON knows; every fault is kept, with its place."""

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from cattrs import AttributeValidationNote, ClassValidationError, Converter, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn
from typing_extensions import get_original_bases

from licensing_core.checks import Id, Value
from licensing_core.decisions import Event
from licensing_core.enrollments import Enrollment, Enrollments
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.partial import ById
from licensing_core.serde.faults import Faults, Path
from licensing_core.serde.tables import EVENTS, KIND, TAGS, TEXTS
from licensing_core.serde.upcasting import led_on

Hook = Callable[[Any, Any], Any]
_OTHER_TYPE: Final = (((), "type.wrong"),)

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FRACTION: Final = re.compile(r"(-?\d{1,130})/(\d{1,130})", re.ASCII)


class Unusable:
    """Stands in the parsed text where something cannot be used, whatever is expected there."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code


@cache
def converter() -> Converter:
    """The converter that knows all kinds; made when it is first needed."""
    made = Converter(forbid_extra_keys=True, detailed_validation=True)
    plain: dict[type, Hook] = dict.fromkeys((bool, int, str, NoneType), _exactly)
    plain |= {Enum: _member, date: _date, datetime: _date, Fraction: _ratio}
    plain |= {Holdings: _holdings, Enrollments: _enrollments}
    for kind, hook in plain.items():
        made.register_structure_hook(kind, hook)
    factories: tuple[tuple[Callable[[Any], bool], Callable[[Any, Converter], Hook]], ...] = (
        (_is_class_of(Value), _object),
        (_is_class_of(ById), _by_id),
        (TEXTS.__contains__, _text),
        (_is_made_of(tuple), _items),
        (_is_made_of(frozenset, AbstractSet), _items),
        (_is_made_of(Mapping), _mapping),
        (_is_made_of(Union, UnionType), _union),
        (_is_made_of(Annotated), _checked),
    )
    for fits, factory in factories:
        made.register_structure_hook_factory(fits, factory)
    return made


def _is_class_of(base: type) -> Callable[[Any], bool]:
    return lambda kind: isinstance(kind, type) and issubclass(kind, base)


def _is_made_of(*origins: Any) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) in origins


def _wrong(data: Any) -> Faults:
    return Faults.here(data.code if type(data) is Unusable else "type.wrong")


def _code(error: Exception) -> str:
    return error.code if isinstance(error, LicensingError) else "type.wrong"


def _exactly(data: Any, kind: Any) -> Any:
    """A plain value of this very type; the members of a `StrEnum` come here too, as kinds of `str`."""
    if kind is not NoneType and issubclass(kind, Enum):
        return _member(data, kind)
    if type(data) is not kind:
        raise _wrong(data)
    return data


def _date(data: Any, _: Any) -> date:
    """A day, or an instant; the check of the field says which of them it takes."""
    if type(data) is not str:
        raise _wrong(data)
    try:
        if _INSTANT.fullmatch(data):
            return datetime.fromisoformat(data)
        if _DAY.fullmatch(data):
            return date.fromisoformat(data)
    except ValueError:
        raise _wrong(data) from None
    raise Faults.here("instant.invalid") if _NAIVE.fullmatch(data) else _wrong(data)


def _ratio(data: Any, _: Any) -> Fraction:
    found = _FRACTION.fullmatch(data) if type(data) is str else None
    if found is None or not int(found[2]):
        raise _wrong(data)
    return Fraction(int(found[1]), int(found[2]))


@cache
def _members(kind: type[Enum]) -> Mapping[str, Enum]:
    return {member.value: member for member in kind}


def _member(data: Any, kind: Any) -> Enum:
    found = _members(kind).get(data) if type(data) is str else None
    if found is None:
        raise _wrong(data)
    return found


def _text(kind: Any, _converter: Converter) -> Hook:
    parse: Any = TEXTS[kind]

    def hook(data: Any, _: Any) -> Any:
        if type(data) is not str:
            raise _wrong(data)
        try:
            return parse(data)
        except LicensingError as error:
            raise Faults.here(error.code) from None

    return hook


def _checked(kind: Any, made: Converter) -> Hook:
    plain, *extras = get_args(kind)
    check = next(extra for extra in extras if callable(extra))
    inner = made.get_structure_hook(plain)

    def hook(data: Any, _: Any) -> Any:
        value = inner(data, plain)
        try:
            return check("value", value)
        except LicensingError as error:
            raise Faults.here(error.code) from None

    return hook


def _each(parts: Iterable[tuple[str | int, Any]], hook: Hook, kind: Any) -> list[Any]:
    """What *hook* makes of each part, or the faults of all of them, each under its step."""
    made: list[Any] = []
    faults: list[tuple[Path, str]] = []
    for step, part in parts:
        try:
            made.append(hook(part, kind))
        except Faults as found:
            faults.extend(found.under(step))
    if faults:
        raise Faults(faults)
    return made


def _items(kind: Any, made: Converter) -> Hook:
    whole = tuple if get_origin(kind) is tuple else frozenset
    item = get_args(kind)[0]
    inner = made.get_structure_hook(item)

    def hook(data: Any, _: Any) -> Any:
        if type(data) is not list:
            raise _wrong(data)
        return whole(_each(enumerate(data), inner, item))

    return hook


def _mapping(kind: Any, made: Converter) -> Hook:
    key, item = get_args(kind)
    name_of, value_of = made.get_structure_hook(key), made.get_structure_hook(item)

    def hook(data: Any, _: Any) -> Any:
        if type(data) is not dict:
            raise _wrong(data)
        names = _each(((name, name) for name in data), name_of, key)
        return dict(zip(names, _each(data.items(), value_of, item), strict=True))

    return hook


def _union(kind: Any, made: Converter) -> Hook:
    arms = get_args(kind)
    tagged = {TAGS[arm]: arm for arm in arms if arm in TAGS}
    hooks = [(arm, made.get_structure_hook(arm)) for arm in arms if arm not in TAGS]

    def hook(data: Any, _: Any) -> Any:
        if tagged and type(data) is dict:
            return _by_tag(made, data, tagged)
        refused: Faults | None = None
        for arm, inner in hooks:
            try:
                return inner(data, arm)
            except Faults as found:  # told is the first that knows more than that the type is another
                refused = found if refused is None or refused.faults == _OTHER_TYPE else refused
        raise refused or _wrong(data)

    return hook


def _by_tag(made: Converter, data: Any, tags: Mapping[str, Any], name: str = KIND) -> Any:
    if type(data) is not dict:
        raise _wrong(data)
    if name not in data:
        raise Faults([((name,), "name.missing")])
    tag = data[name]
    if type(tag) is not str or tag not in tags:
        raise Faults([((name,), tag.code if type(tag) is Unusable else "kind.unknown")])
    return made.structure(data, tags[tag])


def _loaded_in_part(data: Any, entries: Any) -> list[Any]:
    """The entries, each of the kind that *entries* says, and the ids that were looked up."""
    if type(data) is not dict or data.keys() != {"entries", "loaded"}:
        raise _wrong(data)
    parts = {"entries": entries, "loaded": frozenset[Id] | None}
    made = converter()
    return _each(
        ((name, (data[name], kind)) for name, kind in parts.items()), lambda part, _: made.structure(*part), None
    )


def _enrollments(data: Any, _: Any) -> Enrollments:
    entries, loaded = _loaded_in_part(data, tuple[Enrollment, ...])
    try:
        return Enrollments(entries, loaded=loaded)
    except LicensingError as error:
        raise Faults.here(error.code) from None


def _holdings(data: Any, _: Any) -> Holdings:
    entries, loaded = _loaded_in_part(data, tuple[tuple[Id, ...], ...])
    try:
        held = {user: Holding(state) for user, state in entries}
        if len(held) == len(entries):
            return Holdings(held, loaded=loaded)
    except LicensingError as error:
        raise Faults.here(error.code) from None
    except ValueError:
        raise Faults([(("entries",), "type.wrong")]) from None
    raise Faults([(("entries",), "name.duplicate")])


def _by_id(kind: Any, _made: Converter) -> Hook:
    """Of a class of mappings by id, whose base says what an id may have."""
    by_id = GenericAlias(Mapping, (Id, *get_args(get_original_bases(kind)[0])))

    def hook(data: Any, _: Any) -> Any:
        entries, loaded = _loaded_in_part(data, by_id)
        try:
            return kind(entries, loaded=loaded)
        except LicensingError as error:
            raise Faults.here(error.code) from None

    return hook


def _object(kind: Any, made: Converter) -> Hook:
    if kind is Event:
        return lambda data, _: _by_tag(made, data, EVENTS, "type")
    if kind is Value:
        return lambda data, _: _by_tag(made, data, {tag: tagged for tagged, tag in TAGS.items()})
    read = make_dict_structure_fn(kind, made, _cattrs_forbid_extra_keys=True, _cattrs_use_alias=True)
    tag: dict[str, Any] = {KIND: TAGS[kind]} if kind in TAGS else {}
    is_event = issubclass(kind, Event)

    def hook(data: Any, _: Any) -> Any:
        if type(data) is not dict:
            raise _wrong(data)
        fixed = tag
        if is_event:
            data, fixed = _todays(kind, data), {"type": kind.type, "schema": kind.schema}
        faults: list[tuple[Path, str]] = [
            ((name,), _unlike(name, data)) for name, value in fixed.items() if not _same(data.get(name), value)
        ]
        try:
            value = read({name: one for name, one in data.items() if name not in fixed}, kind)
            if not faults:
                return value
        except ClassValidationError as group:
            faults.extend(_faults_of(group))
        except LicensingError as error:
            faults.append(((), error.code))
        raise Faults(faults)

    return hook


def _todays(kind: type[Event], data: dict[str, Any]) -> dict[str, Any]:
    """*data* as an event of *kind* is written today; as it is, where it says no older schema."""
    schema = data.get("schema")
    if type(schema) is not int or not 1 <= schema < kind.schema or data.get("type") != kind.type:
        return data
    fixed = {"type": kind.type, "schema": schema}
    fields = led_on(kind, {name: one for name, one in data.items() if name not in fixed}, schema)
    return {**fields, **fixed, "schema": kind.schema}


def _same(given: Any, wanted: Any) -> bool:
    return type(given) is type(wanted) and given == wanted


def _unlike(name: str, data: dict[str, Any]) -> str:
    if name not in data:
        return "name.missing"
    return "schema.unknown" if name == "schema" else "kind.unknown"


def _faults_of(group: ClassValidationError) -> Iterable[tuple[Path, str]]:
    for error in group.exceptions:
        notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, AttributeValidationNote)]
        if isinstance(error, Faults) and notes:
            yield from error.under(notes[0].name)
        elif isinstance(error, ForbiddenExtraKeysError):
            yield (), "name.unknown"
        elif isinstance(error, KeyError) and notes:
            yield (notes[0].name,), "name.missing"
        else:
            yield (), _code(error)
