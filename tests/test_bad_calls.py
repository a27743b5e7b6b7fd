"""Hostile arguments for the public functions of floors 1 to 6: a typed error, and nothing changed.

Left out are arguments whose type is a value class, as in `test_bad_input.py`.
"""

import copy
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from inspect import isfunction, signature
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import pytest

from licensing_core import (
    enrollments,
    license_cycle,
    limits,
    orders,
    pools,
    seat_administration,
)
from licensing_core.checks import (
    Count,
    Id,
    InvalidArgument,
    InvalidId,
    Quantity,
    TooManyItems,
    as_day,
    as_id,
    as_instant,
    bulk,
    check_of,
)
from licensing_core.credits import can_spend
from licensing_core.decisions import Decision
from licensing_core.errors import LicensingError
from licensing_core.periods import as_zone
from tests.hostile_values import HOSTILE, Odd, a_list_of_itself, outcome, with_open
from tests.public_calls import CALLS, PAST_THE_CHECKS, START
from tests.public_classes import modules
from tests.specimens import NOON
from tools.floors import floor_of


def as_ids(name: str, value: Any) -> Any:
    return bulk(name, value)


def as_quantities(name: str, value: Any) -> Any:
    return check_of(Mapping[Id, Quantity])(name, value)


def check_for(name: str, annotation: Any) -> Callable[[str, Any], Any] | None:
    """What tells whether an argument is valid; `None` when its type is a value class, or a bool or function."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return check_of(annotation)
    if origin in (Union, types.UnionType):
        found = [check for arg in args if (check := check_for(name, arg))]
        return found[-1] if found else None
    if origin in (Collection, Sequence, Iterable):
        return as_ids if args[0] in (Id, str, int, int | Fraction) else None
    if origin is Mapping:
        return as_quantities
    plain: dict[Any, Callable[[str, Any], Any]] = {
        datetime: as_instant,
        date: as_day,
        int: check_of(Count),
        str: as_zone if name == "zone" else as_id,
    }
    return plain.get(annotation)


def public_functions() -> dict[str, Callable[..., Any]]:
    """Each public function of floors 1 to 6 under the shortest name of its module."""
    found: dict[str, Callable[..., Any]] = {}
    for module in modules(6):
        room = module.__name__.partition(".")[2]
        if floor_of(room) == 0:
            continue
        for name, thing in vars(module).items():
            if not isfunction(thing) or (name.startswith(("_", "can_")) and name != "can_manage"):
                continue
            if not thing.__module__.startswith(module.__name__) or name in PAST_THE_CHECKS.get(
                room, PAST_THE_CHECKS.get(room.partition(".")[0], ())
            ):
                continue
            if thing not in found.values():
                found[f"{room}.{name}"] = thing
    return found


def cases() -> list[Any]:
    found = []
    for label, function in public_functions().items():
        hints = get_type_hints(function, include_extras=True)
        checks = {name: check for name in signature(function).parameters if (check := check_for(name, hints[name]))}
        labels = {f"{label}-{name}": (function, name, check) for name, check in checks.items()}
        found.extend(with_open(labels))
    return found


CASES: Final = cases()


def test_each_public_function_has_a_valid_call() -> None:
    assert {param.id.rpartition("-")[0] for param in CASES} == CALLS.keys()
    for label, given in CALLS.items():
        public_functions()[label](**given)


@pytest.mark.parametrize("case", CASES)
def test_a_function_refuses_what_is_hostile_and_changes_nothing(
    case: tuple[Callable[..., Any], str, Callable[[str, Any], Any]], request: pytest.FixtureRequest
) -> None:
    function, name, check = case
    given = CALLS[request.node.callspec.id.rpartition("-")[0]]
    before = copy.deepcopy(given)
    decides = get_origin(get_type_hints(function)["return"]) is Decision
    for hostile in HOSTILE.values():
        argument = [hostile] if check is as_ids and isinstance(hostile, Odd) else hostile
        made = outcome(lambda argument=argument: function(**{**given, name: argument}))  # type: ignore[misc]
        if decides and not isinstance(made, LicensingError):
            accepted = None if argument is None else outcome(lambda argument=argument: check(name, argument))  # type: ignore[misc]
            assert not isinstance(accepted, LicensingError), argument
    assert given == before


@pytest.mark.parametrize(
    "function", [pools.assign, pools.unassign, pools.confirm, pools.reject, pools.transfer], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("hostile", [None, 1.5, "", "x" * 65, "\ud800", b"ana", [], a_list_of_itself()])
def test_one_hostile_user_among_many_spoils_the_command(function: Callable[..., Any], hostile: Any) -> None:
    given = CALLS[f"pools.{function.__name__}"]
    with pytest.raises(InvalidId):
        function(**{**given, "users": ["ana", hostile, "luis"]})


def test_no_command_takes_more_users_than_10_000() -> None:
    for label, given in CALLS.items():
        if "users" in given:
            with pytest.raises(TooManyItems):
                public_functions()[label](**{**given, "users": [f"u{n}" for n in range(10_001)]})


@pytest.mark.parametrize("courses_too", [False, True])
def test_contents_are_taken_from_a_collection_of_contents_only(courses_too: bool) -> None:
    for hostile in HOSTILE.values():
        named = {"courses": {START: hostile}} if courses_too else {"contents": hostile}
        made = outcome(lambda named=named: enrollments.enroll(**{**CALLS["enrollments.enroll"], **named}))  # type: ignore[misc]
        empty = isinstance(hostile, Collection) and not isinstance(hostile, str | bytes) and len(hostile) == 0
        assert isinstance(made, Decision if empty else InvalidArgument), hostile


def test_a_question_refuses_a_bad_argument_as_its_command_does() -> None:
    questions = (
        (pools.can_assign, "pools.assign"),
        (license_cycle.can_buy, "license_cycle.buy"),
        (enrollments.can_enroll, "enrollments.enroll"),
        (orders.can_check_out, "orders.checkout"),
        (seat_administration.can_transfer, "seat_administration.transfer"),
        (limits.can_use, "limits.use"),
        (limits.can_change_plan, "limits.change_plan"),
        (can_spend, "credits.spend"),
    )
    for ask, label in questions:
        question: Callable[..., Any] = ask
        assert question(**CALLS[label])
        with pytest.raises(InvalidArgument):
            question(**{**CALLS[label], "now": NOON.replace(tzinfo=None)})
