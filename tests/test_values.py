"""Each public value, found by introspection: frozen, slotted, hashable, and remade by its constructor only."""

import copy
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from licensing_core.checks import FrozenMap, Value
from licensing_core.currencies import Currency
from licensing_core.directory import Directory
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.partial import ById
from tests.public_classes import arguments, value_classes
from tests.specimens import FREE, NOON, POOL, ROSTER, VALUES
from tests.specimens_accounts import ACCOUNTS_IN_PART
from tests.specimens_metered import LOADED_IN_PART

EVERY_VALUE = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
BY_HAND = (
    Currency("EUR"),
    FrozenMap({"a": 1}),
    Holdings({"ana": Holding.HELD}, loaded={"ana", "luis"}),
    ROSTER.enrollments,
    ById({"ana": 3}, loaded={"ana", "luis"}),
    *LOADED_IN_PART,
    *ACCOUNTS_IN_PART,
)
EVERY_THING = pytest.mark.parametrize("value", [*VALUES, *BY_HAND], ids=lambda value: type(value).__name__)

REMADE: dict[str, Callable[[Any], Any]] = {
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "pickled": lambda value: pickle.loads(pickle.dumps(value)),
    "pickled in the oldest way": lambda value: pickle.loads(pickle.dumps(value, 0)),
    "pickled in the newest way": lambda value: pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)),
}


class Forged:
    """Pickles as a value with other fields."""

    def __init__(self, value: Value, fields: dict[str, Any]) -> None:
        make, (kind, known) = value.__reduce__()
        self.recipe = (make, (kind, {**known, **fields}))

    def __reduce__(self) -> tuple[Any, ...]:
        return self.recipe


class Nothing:
    """Of no use in any field."""


def checked_fields(value: Value) -> Iterator[str]:
    """The names of the arguments that are checked."""
    return (name for name in arguments(value) if (type(value).__name__, name) not in FREE)


def test_each_public_value_class_has_one_example() -> None:
    given = list(map(type, VALUES))
    assert [kind for kind in value_classes() if kind not in given] == [], "add one of it to tests/specimens.py"
    assert [kind for kind in given if kind not in value_classes()] == []
    assert len(given) == len(set(given))


@EVERY_VALUE
def test_a_value_cannot_be_changed(value: Value) -> None:
    for field in attrs.fields(type(value)):  # type: ignore[arg-type]
        before = getattr(value, field.name)
        with pytest.raises(AttributeError):
            setattr(value, field.name, None)
        with pytest.raises(AttributeError):
            delattr(value, field.name)
        assert getattr(value, field.name) is before


@EVERY_THING
def test_a_value_takes_no_new_attribute(value: Any) -> None:
    assert not hasattr(value, "__dict__")
    with pytest.raises(AttributeError):
        value.nickname = "x"
    with pytest.raises(AttributeError):
        del value.nickname


@EVERY_THING
def test_a_value_remade_is_equal_and_has_the_same_hash(value: Any) -> None:
    for way, remade in REMADE.items():
        again = remade(value)
        assert type(again) is type(value), way
        assert again == value, way
        assert hash(again) == hash(value), way


@EVERY_VALUE
def test_a_value_is_made_again_from_its_arguments(value: Any) -> None:
    assert type(value)(**arguments(value)) == value
    assert attrs.evolve(value) == value


@EVERY_VALUE
def test_a_value_is_replaced_through_its_constructor(value: Any) -> None:
    """By `copy.replace()` from Python 3.13 on, where attrs supports it, and everywhere by `attrs.evolve()`."""
    ways: list[Callable[..., Any]] = [attrs.evolve]
    if sys.version_info >= (3, 13) and hasattr(value, "__replace__"):
        ways.append(vars(copy)["replace"])
    for replace in ways:
        assert replace(value) == value
        for name in checked_fields(value):
            with pytest.raises(LicensingError):
                replace(value, **{name: Nothing()})


@EVERY_VALUE
def test_a_value_differs_from_those_of_other_classes(value: Any) -> None:
    assert [other for other in VALUES if other == value] == [value]
    assert value != Nothing()


@EVERY_VALUE
def test_evolve_refuses_what_the_constructor_refuses(value: Any) -> None:
    for name in checked_fields(value):
        with pytest.raises(LicensingError):
            attrs.evolve(value, **{name: Nothing()})


@EVERY_VALUE
def test_a_pickle_with_an_invalid_field_is_refused(value: Value) -> None:
    for name in checked_fields(value):
        forged = pickle.dumps(Forged(value, {name: Nothing()}))
        with pytest.raises(LicensingError):
            pickle.loads(forged)


def test_a_forged_pickle_with_valid_fields_is_just_a_value() -> None:
    assert pickle.loads(pickle.dumps(Forged(POOL, {"bought": 70}))) == attrs.evolve(POOL, bought=70)


@pytest.mark.parametrize(
    "fields", [{"held": 3}, {"consumed": -1}, {"bought": True}, {"expires_at": NOON.replace(tzinfo=None)}]
)
def test_a_pickle_that_breaks_what_holds_between_fields_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(LicensingError):
        pickle.loads(pickle.dumps(Forged(POOL, fields)))


def mutable(argument: Any) -> Any:
    """The same content in a container that can be changed later; `None` where there is none that is taken."""
    if isinstance(argument, FrozenMap):
        return dict(argument)
    if isinstance(argument, frozenset):
        return set(argument)
    return list(argument) if isinstance(argument, tuple) else None


@EVERY_VALUE
def test_a_mutable_argument_is_refused_or_copied(value: Any) -> None:
    given = arguments(value)
    for name, argument in given.items():
        loose = mutable(argument)
        if loose is None or (type(value).__name__, name) in FREE:
            continue
        try:
            made = type(value)(**{**given, name: loose})
        except LicensingError:
            continue
        loose.clear()
        assert made == value


def test_holdings_do_not_follow_the_mapping_they_were_made_of() -> None:
    entries, loaded = {"ana": Holding.HELD}, {"ana"}
    holdings = Holdings(entries, loaded=loaded)
    entries.clear()
    loaded.clear()
    assert holdings == Holdings({"ana": Holding.HELD}, loaded=["ana"])


def test_a_frozen_map_does_not_follow_the_mapping_it_was_made_of() -> None:
    items = {"a": 1}
    frozen = FrozenMap(items)
    items["a"] = 2
    assert frozen == {"a": 1}


def test_a_directory_does_not_follow_the_mappings_it_was_made_of() -> None:
    branches: dict[str, str | None] = {"top": None}
    users, groups = {"ana": ["top"]}, {"coaches": ["ana"]}
    directory = Directory.of(branches=branches, users=users, groups=groups)
    before = copy.deepcopy(directory)
    branches.clear()
    users["ana"].clear()
    groups["coaches"].clear()
    assert directory == before
