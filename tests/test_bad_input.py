"""Hostile arguments, tried on everything public by introspection: taken as valid, or refused with a typed error.

Left out are arguments whose type is a value class (a pool, an actor): type checkers see to them, and what is no
such value fails as an `AttributeError` or `TypeError` may. So do calls with too few or too many arguments.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from inspect import signature
from typing import Any, Final, get_args, get_type_hints

import pytest

from licensing_core import license_cycle, pools
from licensing_core.accounts import Bills, People
from licensing_core.billing import line
from licensing_core.checks import (
    FrozenMap,
    InvalidArgument,
    InvalidQuantity,
    Value,
    check_of,
)
from licensing_core.credits import Entries, Orders
from licensing_core.currencies import Currency, UnknownCurrency
from licensing_core.directory import MAX_DEPTH, Actor, Directory, Forest, InvalidBranches
from licensing_core.enrollments import Enrollments
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding, Holdings
from licensing_core.limits import Places
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Offers, PackageKind
from licensing_core.pricing import UnitPrice
from tests.hostile_values import HOSTILE, holds_its_own, outcome, with_open
from tests.public_classes import arguments, public_classmethods
from tests.specimens import ACCOUNT, BASE, EUR, FREE, MADRID, NOON, OFFER, POOL, VALUES, example

# Values


KINDS: Final = [type(value) for value in VALUES]
"""The public classes of values; `test_values.py` sees to it that all are here."""
EVERY_KIND: Final = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def fields(kind: type[Value]) -> list[str]:
    """The names of its arguments that are checked."""
    return [name for name in signature(kind).parameters if (kind.__name__, name) not in FREE]


@EVERY_KIND
def test_a_field_refuses_what_is_hostile(kind: type[Value]) -> None:
    given = arguments(example(kind))
    for name in fields(kind):
        refused = 0
        for hostile in HOSTILE.values():
            made = outcome(lambda name=name, hostile=hostile: kind(**{**given, name: hostile}))  # type: ignore[misc]
            if isinstance(made, LicensingError):
                refused += 1
            else:
                holds_its_own(made)
        assert refused >= len(HOSTILE) // 2, name


@EVERY_KIND
def test_a_field_takes_none_only_where_its_type_says_so(kind: type[Value]) -> None:
    hints, given = get_type_hints(kind, include_extras=True), arguments(example(kind))
    for name in fields(kind):
        made = outcome(lambda name=name: kind(**{**given, name: None}))  # type: ignore[misc]
        assert type(None) in get_args(hints[name]) or isinstance(made, InvalidArgument), name


def test_a_bool_is_no_number_and_a_number_is_no_bool() -> None:
    for kind in KINDS:
        given = arguments(example(kind))
        hints = get_type_hints(kind, include_extras=True)
        for name, argument in given.items():
            if (kind.__name__, name) in FREE or type(argument) not in (int, bool):
                continue
            wrong = True if type(argument) is int else 1
            with pytest.raises(InvalidArgument):
                check_of(hints[name])(name, wrong)
            with pytest.raises(InvalidArgument):
                kind(**{**given, name: wrong})


@EVERY_KIND
def test_each_field_is_checked(kind: type[Value]) -> None:
    unchecked = {
        name for name in signature(kind).parameters if "as_is" in repr(get_type_hints(kind, include_extras=True)[name])
    }
    assert {(kind.__name__, name) for name in unchecked} <= FREE


# Named constructors and classes written by hand


VALID: Final[dict[str, tuple[Callable[..., Any], dict[str, Any]]]] = {
    "Money.parse": (Money.parse, {"text": "12.50 EUR"}),
    "Money.zero": (Money.zero, {"currency": EUR}),
    "Money.rounded": (Money.rounded, {"exact_minor": Fraction(5, 2), "currency": EUR}),
    "Money.sum": (Money.sum, {"items": [Money(1, EUR)], "currency": EUR}),
    "Duration.parse": (Duration.parse, {"text": "P1M"}),
    "Offers.of": (Offers.of, {"offers": [OFFER]}),
    "Cycle.calendar": (Cycle.calendar, {"every": Duration(months=1), "zone": MADRID}),
}
"""What the named constructors of values are called with; those that take one id or text are found by themselves."""
SIMPLE: Final[dict[str, str]] = {
    "Scope.parse": "group:coaches",
    "Content.parse": "course:fire",
}


def named_constructors() -> list[Any]:
    found = []
    for kind in KINDS:
        for name, make in public_classmethods(kind):
            label = f"{kind.__name__}.{name}"
            if label in ("Directory.of", "Verdict.refuse", "Money.sum"):
                continue  # below, for it takes collections; takes an error; takes amounts
            only = next(iter(signature(make).parameters))
            found.append(pytest.param(*VALID.get(label, (make, {only: SIMPLE.get(label, "a1")})), id=label))
    return found


@pytest.mark.parametrize(("make", "given"), named_constructors())
def test_a_named_constructor_refuses_what_is_hostile(make: Callable[..., Any], given: dict[str, Any]) -> None:
    holds_its_own(make(**given))
    for name in given:
        for hostile in HOSTILE.values():
            made = outcome(lambda name=name, hostile=hostile: make(**{**given, name: hostile}))  # type: ignore[misc]
            if not isinstance(made, LicensingError):
                holds_its_own(made)


def test_money_refuses_to_sum_what_is_no_money() -> None:
    for hostile in HOSTILE.values():
        assert isinstance(outcome(lambda hostile=hostile: Money.sum([hostile], EUR)), LicensingError)  # type: ignore[misc]
        assert isinstance(outcome(lambda hostile=hostile: Money.sum([], hostile)), LicensingError)  # type: ignore[misc]


@pytest.mark.parametrize("name", ["branches", "users", "groups", "coverage"])
def test_a_directory_refuses_what_is_hostile(name: str) -> None:
    for hostile in HOSTILE.values():
        for argument in (hostile, {"ana": hostile}, {"ana": [hostile]}):
            made = outcome(lambda argument=argument: Directory.of(**{name: argument}))  # type: ignore[misc]
            if not isinstance(made, LicensingError):
                holds_its_own(made)


def test_a_directory_takes_no_text_for_a_collection_of_ids() -> None:
    with pytest.raises(InvalidArgument):
        Directory.of(branches={"a": None}, users={"ana": "a"})


BY_HAND: Final[dict[str, Callable[[Any], Any]]] = {
    "Currency": Currency,
    "FrozenMap": FrozenMap,
    "Holdings of entries": Holdings,
    "Holdings of one state": lambda hostile: Holdings({"ana": hostile}),
    "Holdings of one user": lambda hostile: Holdings({hostile: Holding.HELD}) if is_hashable(hostile) else None,
    "Holdings of users": lambda hostile: Holdings(loaded=hostile),
    "Holdings of one loaded user": lambda hostile: Holdings(loaded=[hostile]),
    "Places of entries": Places,
    "Places of one place": lambda hostile: Places({"red": hostile}),
    "Places of one limit": lambda hostile: Places({"red": {"team": hostile}}),
    "Places of places": lambda hostile: Places(loaded=hostile),
    "Grants of entries": Entries,
    "Grants of one": lambda hostile: Entries({"gift": hostile}),
    "Orders of entries": Orders,
    "Orders of one": lambda hostile: Orders({"o1": hostile}),
    "Bills of entries": Bills,
    "Bills of one": lambda hostile: Bills({"b1": hostile}),
    "Bills of documents": lambda hostile: Bills(loaded=hostile),
    "People of entries": People,
    "People of one": lambda hostile: People({"ana": hostile}),
    "Enrollments of entries": Enrollments,
    "Enrollments of one": lambda hostile: Enrollments([hostile]),
    "Enrollments of users": lambda hostile: Enrollments(loaded=hostile),
    "Enrollments of one loaded user": lambda hostile: Enrollments(loaded=[hostile]),
}


def is_hashable(thing: Any) -> bool:
    try:
        hash(thing)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("make", with_open(BY_HAND))
def test_a_class_written_by_hand_refuses_what_is_hostile(make: Callable[[Any], Any]) -> None:
    for hostile in HOSTILE.values():
        made = outcome(lambda hostile=hostile: make(hostile))  # type: ignore[misc]
        if not isinstance(made, LicensingError | FrozenMap):
            holds_its_own(made)


@pytest.mark.parametrize("loaded", with_open({"a text": "ana", "bytes": b"ana", "a number": 1, "an object": object()}))
def test_holdings_are_loaded_for_a_collection_of_ids_only(loaded: Any) -> None:
    with pytest.raises(InvalidArgument):
        Holdings(loaded=loaded)


def test_a_frozen_map_is_made_of_a_mapping_only() -> None:
    for hostile in HOSTILE.values():
        made = outcome(lambda hostile=hostile: FrozenMap(hostile))  # type: ignore[misc]
        assert isinstance(made, FrozenMap if isinstance(hostile, dict) else InvalidArgument)


# Cases by name


@pytest.mark.parametrize(
    ("branches", "culprit", "reason"),
    [
        ({"a": "a"}, "a", "it is its own ancestor"),
        ({"top": None, "a": "b", "b": "a"}, "a", "it is its own ancestor"),
        ({"a": "b", "b": "c", "c": "a", "d": "c"}, "a", "it is its own ancestor"),
        ({"a": "nowhere"}, "a", "its parent is unknown"),
        ({f"b{n}": f"b{n - 1}" if n else None for n in range(65)}, "b64", "it lies deeper than 64 levels"),
    ],
    ids=["its own parent", "two in a circle", "a tail on a circle", "an unknown parent", "65 levels"],
)
def test_branches_that_make_no_forest_are_refused(branches: dict[str, str | None], culprit: str, reason: str) -> None:
    refusal = outcome(lambda: Forest(branches))
    assert refusal == InvalidBranches(branch=culprit, reason=reason)
    assert outcome(lambda: Directory.of(branches=branches)) == refusal


def test_a_forest_may_be_64_levels_deep() -> None:
    forest = Forest({f"b{n}": f"b{n - 1}" if n else None for n in range(MAX_DEPTH)})
    assert forest.at_or_under(f"b{MAX_DEPTH - 1}", "b0")


def test_a_circle_of_100_000_branches_is_refused_at_once() -> None:
    ring = {f"b{n}": f"b{(n + 1) % 100_000}" for n in range(100_000)}
    with pytest.raises(InvalidBranches):
        Forest(ring)


@pytest.mark.parametrize("code", ["XXX", "XAU", "EURO", "eur", "", "EU", "ＥＵＲ", "ab\x00"])  # noqa: RUF001
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Currency(code)


@pytest.mark.parametrize("quantity", [-1, 0, True, 1.0, 1_000_001, "2", None, Decimal(2), 10**400])
def test_a_quantity_is_a_whole_number_from_1_to_a_million(quantity: Any) -> None:
    with pytest.raises(InvalidQuantity):
        license_cycle.quotes(ACCOUNT, {"base": quantity}, now=NOON)


@pytest.mark.parametrize("quantity", [-1, 0, True, 1.0, 2**31, "2", None, Decimal(2), 10**400])
def test_a_line_bills_a_whole_number_from_1_to_2_31_less_1(quantity: Any) -> None:
    for call in (lambda: line("base", quantity, BASE.price), lambda: BASE.price.exact(quantity)):
        with pytest.raises(InvalidQuantity):
            call()


@pytest.mark.parametrize("count", [-1, True, 1.0, 2**31, "2", None])
def test_a_count_is_a_whole_number_from_0_to_2_31_less_1(count: Any) -> None:
    with pytest.raises(InvalidQuantity):
        pools.resize(POOL, count, by=Actor("ana"), now=NOON)
    with pytest.raises(InvalidQuantity):
        pools.open_pool("p1", PackageKind.SEATS, beneficiary=POOL.beneficiary, bought=count, by=Actor("ana"), now=NOON)


def test_a_price_is_not_negative() -> None:
    with pytest.raises(InvalidArgument):
        UnitPrice(Money.parse("-0.01 EUR"))
