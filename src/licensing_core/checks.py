"""What a field may hold, said once in its type, and checked whenever a value is made.

A type such as `Count` is an `int` to a type checker and carries its check for `checked()`, which gives every field
of an attrs class the check of its annotation, and refuses, when the class is defined, a field that has none.

>>> @frozen(field_transformer=checked)
... class Ticket(Value):
...     owner: Id
...     seats: Quantity
>>> Ticket("ana", True)
Traceback (most recent call last):
    ...
licensing_core.checks.InvalidQuantity: seats must be an int from 1 to 1000000, got bool
"""

import re
import types
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, Union, get_args, get_origin

import attrs
from attrs import frozen

from licensing_core.errors import Mistake, rebuild

MAX_COUNT: Final = 2**31 - 1
"""The highest count of anything: what a 32-bit column of a database holds."""
MAX_MEASURE: Final = 2**53 - 1
"""The highest amount of something that is measured, such as bytes: what JSON holds exactly everywhere."""
MAX_QUANTITY: Final = 1_000_000
"""The highest quantity of one command."""
MAX_BULK: Final = 10_000
"""The most users of one command."""

Check = Callable[[str, Any], Any]
"""`check(name of the parameter, value)` returns the value to keep, or raises an `InvalidArgument`."""


@frozen(kw_only=True)
class InvalidArgument(Mistake):
    """A parameter does not have the form that it must have."""

    code: ClassVar[str] = "argument.invalid"
    parameter: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.parameter} must be {self.expected}, got {self.got}"


@frozen(kw_only=True)
class InvalidQuantity(InvalidArgument):
    """A count or quantity is no whole number, or out of its bounds."""

    code: ClassVar[str] = "quantity.invalid"


@frozen(kw_only=True)
class InvalidId(InvalidArgument):
    """An id is no short string of ASCII letters, digits and `._:-`."""

    code: ClassVar[str] = "id.invalid"


@frozen(kw_only=True)
class InvalidInstant(InvalidArgument):
    """An instant is no aware datetime."""

    code: ClassVar[str] = "instant.invalid"


@frozen(kw_only=True)
class TooManyItems(Mistake):
    """A command names more users than one command may; cut it into several."""

    code: ClassVar[str] = "bulk.too_large"
    parameter: str
    given: int
    most: int

    def __str__(self) -> str:
        return f"{self.parameter} has {self.given} items, {self.most} at most in one command; split it into several"


def shown(value: object) -> str:
    """What a refusal says of *value*: a number in at most 40 characters, of anything else only its kind.

    >>> shown(-3), shown(10**50), shown("ana@example.com"), shown(None)
    ('-3', 'int of 167 bits', 'str of 15 characters', 'None')
    """
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        bits = value.bit_length()
        return repr(int(value)) if bits <= 120 else f"int of {bits} bits"
    if isinstance(value, float):
        return f"float {value!r}"
    if type(value) is Fraction:
        return shown(value.numerator) + (f"/{shown(value.denominator)}" if value.denominator > 1 else "")
    if isinstance(value, str):
        return f"str of {len(value)} characters"
    return type(value).__name__[:40]


class Value:
    """Base of all values: copies and pickles are made anew by the constructor, and so checked again."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)  # type: ignore[arg-type]


K = TypeVar("K")
V = TypeVar("V")


def whole(low: int, high: int) -> Check:
    """A check for an `int` (not a `bool`) from *low* to *high*."""

    def check(name: str, value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise InvalidQuantity(parameter=name, expected=f"an int from {low} to {high}", got=shown(value))

    return check


_is_id: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII).fullmatch


def as_id(name: str, value: Any) -> str:
    """*value*, when it is an id: 1 to 64 ASCII letters, digits and `._:-`, the first a letter or digit."""
    if type(value) is str and len(value) <= 64 and ((value.isalnum() and value.isascii()) or _is_id(value)):
        return value
    raise InvalidId(
        parameter=name,
        expected="1 to 64 ASCII letters, digits and ._:- (first a letter or digit)",
        got=shown(value),
    )


def as_instant(name: str, value: Any) -> datetime:
    """*value* in UTC, when it is an aware datetime of any offset between the years 2 and 9998."""
    if type(value) is datetime and value.tzinfo is UTC and 1 < value.year < 9999:
        return value
    if isinstance(value, datetime) and value.utcoffset() is not None and 1 < value.year < 9999:
        at = value if value.tzinfo is UTC else value.astimezone(UTC)
        if 1 < at.year < 9999:
            return at
    raise InvalidInstant(parameter=name, expected="an aware datetime of the years 2 to 9998", got=_instant_shown(value))


def _instant_shown(value: object) -> str:
    if isinstance(value, datetime):
        return "a naive datetime" if value.utcoffset() is None else f"one of the year {value.year}"
    return shown(value)


def as_day(name: str, value: Any) -> date:
    """*value*, when it is a plain `date` (a `datetime` is not) of the years 2 to 9998."""
    if type(value) is date and 1 < value.year < 9999:
        return value
    raise InvalidArgument(parameter=name, expected="a date of the years 2 to 9998, and no datetime", got=shown(value))


def as_text(name: str, value: Any) -> str:
    """*value* in Unicode form NFC, when it is 1 to 200 characters without control, surrogate and direction marks."""
    if type(value) is str and 0 < len(value) <= 200:
        text = unicodedata.normalize("NFC", value)
        if len(text) <= 200 and not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in text):
            return text
    raise InvalidArgument(parameter=name, expected="1 to 200 characters without control characters", got=shown(value))


def as_fraction(name: str, value: Any) -> Fraction:
    """*value* as a `Fraction`, when it is an `int` or `Fraction` of at most 400 bits; a float never is."""
    if type(value) in (int, Fraction):
        number = value if type(value) is Fraction else Fraction(value)
        if number.numerator.bit_length() <= 400 and number.denominator.bit_length() <= 400:
            return number
    raise InvalidArgument(parameter=name, expected="an int or Fraction of reasonable size", got=shown(value))


def as_is(_name: str, value: Any) -> Any:
    """*value*, whatever it is."""
    return value


Id = Annotated[str, as_id]
"""An opaque name that the host gives: of a user, a plan, a pool, an order."""
UserId = Id
"""The id of a person: a pseudonym, never a name or an e-mail address."""
Count = Annotated[int, whole(0, MAX_COUNT)]
"""How many there are: 0 to 2**31 - 1."""
Positive = Annotated[int, whole(1, MAX_COUNT)]
"""How many there are of what there is: 1 to 2**31 - 1; a number in a row that begins with 1."""
Quantity = Annotated[int, whole(1, MAX_QUANTITY)]
"""How many one command asks for: 1 to 1,000,000."""
Measure = Annotated[int, whole(0, MAX_MEASURE)]
"""How much there is of something measured, such as users or bytes: 0 to 2**53 - 1."""
SomeMeasure = Annotated[int, whole(1, MAX_MEASURE)]
"""How much there is of what there is, or is asked for: 1 to 2**53 - 1."""
SignedMeasure = Annotated[int, whole(-MAX_MEASURE, MAX_MEASURE)]
"""How much came, or, below 0, went."""
Signed = Annotated[int, whole(-MAX_COUNT, MAX_COUNT)]
"""A position that may lie before the origin."""
Instant = Annotated[datetime, as_instant]
"""A point in time: an aware datetime, kept in UTC."""
Day = Annotated[date, as_day]
"""A calendar day of some zone."""
Text = Annotated[str, as_text]
"""A name to show: 1 to 200 characters."""
Exact = Annotated[Fraction, as_fraction]
"""An exact number; an `int` is taken too."""


def prefixed(text: object) -> tuple[str, str]:
    """The two sides of the first colon of *text*; two empty strings when it is no string of 200 characters at most."""
    if not isinstance(text, str) or len(text) > 200:
        return ("", "")
    kind, _, name = text.partition(":")
    return (kind, name)


def instance(kind: type | tuple[type, ...]) -> Check:
    """A check for an instance of *kind*; a `bool` passes only where `bool` is asked for."""
    names = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))

    def check(name: str, value: Any) -> Any:
        if isinstance(value, kind):
            return value
        raise InvalidArgument(parameter=name, expected=f"of type {names}", got=shown(value))

    return check


def _items(kind: type[tuple[Any, ...]] | type[frozenset[Any]], item: Check) -> Check:
    def check(name: str, value: Any) -> Any:
        if not isinstance(value, kind):
            raise InvalidArgument(parameter=name, expected=f"a {kind.__name__}", got=shown(value))
        return kind(item(name, one) for one in value)

    return check


_as_mapping: Final = instance(Mapping)


class FrozenMap(Mapping[K, V]):
    """A mapping that cannot change, can be hashed and pickled, and keeps the order that it was made in."""

    __slots__ = ("_items", "_passed")
    _items: dict[K, V]
    _passed: Check | None
    """The check that its items have passed, so that a value which is changed elsewhere is not checked again here."""

    def __init__(self, items: Mapping[K, V]) -> None:
        object.__setattr__(self, "_items", dict(_as_mapping("items", items)))
        object.__setattr__(self, "_passed", None)

    @classmethod
    def checked(cls, items: Mapping[K, V], check: Check) -> "FrozenMap[K, V]":
        """A map of *items* that have passed *check*."""
        made = cls(items)
        object.__setattr__(made, "_passed", check)
        return made

    def merged(self, more: Mapping[K, V]) -> "FrozenMap[K, V]":
        """This map and then *more*, whose items are known to pass the check that its own have passed."""
        made: FrozenMap[K, V] = object.__new__(FrozenMap)
        object.__setattr__(made, "_items", {**self._items, **more})
        object.__setattr__(made, "_passed", self._passed)
        return made

    def passed(self, check: Check) -> bool:
        """Whether the items have passed this very *check*."""
        return self._passed is check

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __setattr__(self, name: str, _value: object) -> None:
        raise AttributeError(name)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenMap, (dict(self._items),))

    def __repr__(self) -> str:
        return repr(self._items)


def _mapping(key: Check, item: Check) -> Check:
    def check(name: str, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise InvalidArgument(parameter=name, expected="a mapping", got=shown(value))
        if type(value) is FrozenMap and value.passed(check):
            return value
        return FrozenMap.checked({key(name, k): item(name, v) for k, v in value.items()}, check)

    return check


def _one_of(choices: Sequence[Check], kinds: tuple[type, ...] = ()) -> Check:
    """A check that one of *choices* passes; an exact instance of *kinds* passes at once."""

    def check(name: str, value: Any) -> Any:
        if type(value) in kinds:
            return value
        refused: InvalidArgument | None = None
        for choice in choices:
            try:
                return choice(name, value)
            except InvalidArgument as error:
                refused = error if refused is None or refused.expected == "None" else refused
        raise refused or InvalidArgument(parameter=name, expected="nothing", got=shown(value))

    return check


def _none(name: str, value: Any) -> None:
    if value is not None:
        raise InvalidArgument(parameter=name, expected="None", got=shown(value))


def _literal(values: tuple[object, ...]) -> Check:
    def check(name: str, value: Any) -> Any:
        if any(type(value) is type(v) and value == v for v in values):
            return value
        raise InvalidArgument(parameter=name, expected="one of " + ", ".join(map(repr, values)), got=shown(value))

    return check


_COLLECTIONS: Final[dict[Any, Any]] = {tuple: tuple, frozenset: frozenset, AbstractSet: frozenset}


def _stands_alone(annotation: Any) -> bool:
    """Whether `check_of()` gives *annotation* no check but of the type itself."""
    return annotation is types.NoneType or (
        isinstance(annotation, type) and annotation.__module__ not in ("builtins", "typing")
    )


def check_of(annotation: Any) -> Check:
    """The check that *annotation* stands for.

    Raises:
        TypeError: There is none: a bare `str` or `int`, say, whose bounds are nowhere said.
    """
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        check: Check = next(extra for extra in args[1:] if callable(extra))
        return check
    if annotation is None or annotation is types.NoneType:
        return _none
    if origin in (Union, types.UnionType):
        return _one_of([check_of(arg) for arg in args], tuple(arg for arg in args if _stands_alone(arg)))
    if origin is Literal:
        return _literal(args)
    if origin in _COLLECTIONS:
        if origin is tuple and (len(args) != 2 or args[1] is not ...):
            raise TypeError(f"{annotation}: only tuples of any length have a check")
        return _items(_COLLECTIONS[origin], check_of(args[0]))
    if origin is Mapping:
        return _mapping(check_of(args[0]), check_of(args[1]))
    if isinstance(origin, type):
        annotation = origin
    if isinstance(annotation, type) and (annotation is bool or annotation.__module__ not in ("builtins", "typing")):
        return instance(annotation)
    raise TypeError(f"{annotation!r} says nothing of its bounds; annotate it with a check")


def checked(_cls: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    """Give each field the check of its annotation; for the `field_transformer` of attrs.

    Raises:
        TypeError: The annotation of a field has no check, when the class is defined.
    """
    return [
        field.evolve(converter=_converter(field)) if field.init and field.converter is None else field
        for field in fields
    ]


def _converter(field: "attrs.Attribute[Any]") -> Any:
    check, name = check_of(field.type), field.alias or field.name.lstrip("_")
    return lambda value: check(name, value)


_BULKS: Final = (tuple, list, frozenset, set)
"""What ids mostly come in: seen at once, where a look at the abstract kinds takes longer than one id."""


def bulk(parameter: str, items: Any, *, most: int = MAX_BULK) -> frozenset[str]:
    """The ids in *items*, each once.

    Raises:
        InvalidArgument: *items* is a string, or no collection.
        InvalidId: One of them is no id.
        TooManyItems: There are more than *most*.
    """
    if type(items) not in _BULKS and (isinstance(items, str | bytes) or not isinstance(items, (AbstractSet, Sequence))):
        raise InvalidArgument(parameter=parameter, expected="a set, list or tuple of ids", got=shown(items))
    if len(items) > most:
        raise TooManyItems(parameter=parameter, given=len(items), most=most)
    return frozenset([as_id(parameter, item) for item in items])
