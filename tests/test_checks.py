"""What a field may hold: each check takes what it says and refuses the rest, and no field goes without."""

import pickle
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Optional
from zoneinfo import ZoneInfo

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import (
    MAX_BULK,
    MAX_COUNT,
    MAX_QUANTITY,
    Count,
    Day,
    Exact,
    FrozenMap,
    Id,
    Instant,
    InvalidArgument,
    InvalidId,
    InvalidInstant,
    InvalidQuantity,
    Quantity,
    Signed,
    Text,
    TooManyItems,
    Value,
    as_day,
    as_fraction,
    as_id,
    as_instant,
    as_is,
    as_text,
    bulk,
    check_of,
    checked,
    instance,
    prefixed,
    shown,
    whole,
)
from licensing_core.directory import Role
from licensing_core.money import Money
from licensing_core.testing.strategies import ids

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class One(IntEnum):
    ONE = 1


class Name(StrEnum):
    ANA = "ana"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "bool"),
        (-3, "-3"),
        (One.ONE, "1"),
        (2**120 - 1, str(2**120 - 1)),
        (2**120, "int of 121 bits"),
        (-(10**1000), "int of 3322 bits"),
        (1.5, "float 1.5"),
        (float("nan"), "float nan"),
        ("ana@example.com", "str of 15 characters"),
        (b"ana", "bytes"),
        (["ana@example.com"], "list"),
        (type("C" * 100, (), {})(), "C" * 40),
    ],
)
def test_a_refusal_shows_numbers_and_of_anything_else_the_kind(value: object, text: str) -> None:
    assert shown(value) == text
    assert len(text) <= 40


@pytest.mark.parametrize("text", ["a", "0", "Ana", "a.b_c:d-e", "x" * 64])
def test_an_id_is_1_to_64_letters_digits_and_signs(text: str) -> None:
    assert as_id("user", text) is text


@pytest.mark.parametrize(
    "value", ["", " ", ".a", "-a", "a b", "a\n", "a/b", "ñ", "x" * 65, "x" * 10**6, 1, None, b"a", Name.ANA, ["a"]]
)
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(InvalidId) as caught:
        as_id("user", value)
    assert (caught.value.parameter, caught.value.got) == ("user", shown(value))


@given(ids())
def test_an_id_is_kept_as_it_is(text: str) -> None:
    assert as_id("id", text) is text


@pytest.mark.parametrize(
    ("check", "low", "high"),
    [
        (check_of(Count), 0, MAX_COUNT),
        (check_of(Quantity), 1, MAX_QUANTITY),
        (check_of(Signed), -MAX_COUNT, MAX_COUNT),
        (whole(3, 5), 3, 5),
    ],
)
def test_a_whole_number_has_its_bounds(check: Callable[[str, Any], Any], low: int, high: int) -> None:
    assert (check("n", low), check("n", high)) == (low, high)
    for wrong in (low - 1, high + 1, True, 3.0, "3", None, One.ONE, Fraction(3)):
        with pytest.raises(InvalidQuantity) as caught:
            check("n", wrong)
        assert caught.value.expected == f"an int from {low} to {high}"


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        NOON.astimezone(ZoneInfo("Europe/Madrid")),
        NOON.astimezone(timezone(timedelta(hours=-9, minutes=-30))),
        NOON.replace(tzinfo=ZoneInfo("UTC")),
    ],
)
def test_an_instant_is_kept_in_utc(at: datetime) -> None:
    kept = as_instant("at", at)
    assert kept == NOON
    assert kept.tzinfo is UTC


def test_an_instant_in_utc_is_kept_as_it_is() -> None:
    assert as_instant("at", NOON) is NOON


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (datetime(2026, 5, 4, 12), "a naive datetime"),  # noqa: DTZ001
        (NOON.replace(year=1), "one of the year 1"),
        (NOON.replace(year=9999), "one of the year 9999"),
        (datetime(2, 1, 1, tzinfo=timezone(timedelta(hours=1))), "one of the year 2"),
        (datetime(9998, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1))), "one of the year 9998"),
        (date(2026, 5, 4), "date"),
        ("2026-05-04T12:00:00Z", "str of 20 characters"),
        (1.5, "float 1.5"),
        (None, "None"),
    ],
)
def test_what_is_no_instant_is_refused(value: object, got: str) -> None:
    with pytest.raises(InvalidInstant) as caught:
        as_instant("at", value)
    assert caught.value.got == got


@given(st.datetimes(timezones=st.timezones()))
def test_what_an_instant_is_kept_as_is_taken_again(at: datetime) -> None:
    try:
        kept = as_instant("at", at)
    except InvalidInstant:
        assert at.year in (1, 2, 9998, 9999)
    else:
        assert as_instant("at", kept) is kept
        assert kept == at.astimezone(UTC)


@pytest.mark.parametrize("day", [date(2, 1, 1), date(9998, 12, 31), date(2024, 2, 29)])
def test_a_day_is_a_date(day: date) -> None:
    assert as_day("day", day) is day


@pytest.mark.parametrize("value", [NOON, date(1, 12, 31), date(9999, 1, 1), "2026-05-04", None, 1])
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgument, match="day must be a date of the years 2 to 9998"):
        as_day("day", value)


@pytest.mark.parametrize("text", ["a", "x" * 200, "Año nuevo", "漢字", "👍"])
def test_a_text_to_show_is_1_to_200_characters(text: str) -> None:
    assert as_text("name", text) == text


def test_a_text_is_kept_in_its_composed_form() -> None:
    assert as_text("name", "An\u0303o") == "Año"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x" * 201,
        "a\nb",
        "a\x00",
        "\ud800",
        "a\u202eb",
        "a\u2028b",
        "a\u2029b",
        "\ufb2c" * 150,
        1,
        None,
        b"a",
        Name.ANA,
    ],
)
def test_what_is_no_text_to_show_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgument, match="name must be 1 to 200 characters"):
        as_text("name", value)


@pytest.mark.parametrize("value", [0, -3, Fraction(5, 4), 2**400 - 1, Fraction(1, 2**400 - 1)])
def test_an_exact_number_is_an_int_or_a_fraction(value: int | Fraction) -> None:
    kept = as_fraction("ratio", value)
    assert kept == value
    assert type(kept) is Fraction


@pytest.mark.parametrize("value", [1.5, True, "1/2", None, 2**400, Fraction(1, 2**400), One.ONE])
def test_what_is_no_exact_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgument, match="ratio must be an int or Fraction"):
        as_fraction("ratio", value)


def test_a_free_field_takes_anything() -> None:
    thing = object()
    assert as_is("x", thing) is thing


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("group:a:b", ("group", "a:b")),
        ("everyone", ("everyone", "")),
        ("", ("", "")),
        ("a:" + "x" * 198, ("a", "x" * 198)),
        ("a:" + "x" * 199, ("", "")),
        (None, ("", "")),
        (b"a:b", ("", "")),
    ],
)
def test_a_text_is_cut_at_its_first_colon(text: object, sides: tuple[str, str]) -> None:
    assert prefixed(text) == sides


def test_an_instance_is_of_one_of_the_types() -> None:
    assert instance((str, int))("x", "a") == "a"
    assert instance(Role)("role", Role.LEARNER) is Role.LEARNER
    with pytest.raises(InvalidArgument, match="role must be of type Role, got str of 7 characters"):
        instance(Role)("role", "learner")
    with pytest.raises(InvalidArgument, match="x must be of type str or int, got None"):
        instance((str, int))("x", None)


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        (Id, "a", 1),
        (Day, date(2026, 5, 4), NOON),
        (Exact, 2, 2.0),
        (Instant, NOON, date(2026, 5, 4)),
        (Text, "Ana", ""),
        (None, None, 0),
        (type(None), None, 0),
        (Id | None, None, 1),
        (Optional[Id], "a", 1),  # noqa: UP045
        (Count | Role, Role.LEARNER, "learner"),
        (Literal["a", 1], 1, True),
        (bool, True, 1),
        (Role, Role.LEARNER, "learner"),
        (Money, Money.parse("1 EUR"), "1 EUR"),
        (tuple[Id, ...], ("a", "b"), ["a"]),
        (tuple[Id, ...], (), ("a", 1)),
        (frozenset[Id], frozenset({"a"}), {"a"}),
        (AbstractSet[Id], frozenset({"a"}), ["a"]),
        (Mapping[Id, Count], {"a": 1}, [("a", 1)]),
        (Mapping[Id, Count], {}, {"a": -1}),
        (Mapping[Id, Count], FrozenMap({"a": 1}), {1: 1}),
        (FrozenMap[str, int], FrozenMap({"a": 1}), {"a": 1}),
    ],
)
def test_a_type_says_what_it_takes(annotation: Any, right: object, wrong: object) -> None:
    check = check_of(annotation)
    assert check("x", right) == right
    with pytest.raises(InvalidArgument) as caught:
        check("x", wrong)
    assert caught.value.parameter == "x"


@pytest.mark.parametrize(
    "annotation",
    [str, int, float, object, dict, list[Id], tuple[Id, Id], tuple[Id], tuple[str, ...], "Id", Any, Id | str],
)
def test_a_type_without_bounds_is_refused_when_the_class_is_defined(annotation: Any) -> None:
    with pytest.raises(TypeError):
        check_of(annotation)
    with pytest.raises(TypeError):
        frozen(field_transformer=checked)(type("Loose", (Value,), {"__annotations__": {"x": annotation}}))


def test_the_refusal_of_a_choice_tells_of_what_was_meant_and_not_of_none() -> None:
    with pytest.raises(InvalidArgument, match="x must be an int from 0"):
        check_of(None | Count)("x", -1)
    with pytest.raises(InvalidArgument, match="x must be an int from 0"):
        check_of(Count | None)("x", -1)


def test_each_field_of_a_class_gets_its_check_but_for_one_that_has_its_own() -> None:
    @frozen(kw_only=True, field_transformer=checked)
    class Ticket(Value):
        owner: Id
        seats: Quantity = 1
        note: str = field(default="", converter=str)
        _shown: Annotated[Text, "some other mark"] = field(default="Ana")
        _kept: dict[str, int] = field(init=False, eq=False)

        def __attrs_post_init__(self) -> None:
            object.__setattr__(self, "_kept", {})

    assert Ticket(owner="ana", note=5).note == "5"
    with pytest.raises(InvalidArgument) as caught:
        Ticket(owner="ana", shown="")
    assert caught.value.parameter == "shown"


def test_a_frozen_map_is_a_mapping_that_cannot_change() -> None:
    items = FrozenMap({"b": 1, "a": 2})
    assert (list(items), len(items), items["a"], repr(items)) == (["b", "a"], 2, 2, "{'b': 1, 'a': 2}")
    assert items == {"a": 2, "b": 1} == items
    assert hash(items) == hash(FrozenMap({"a": 2, "b": 1}))
    assert items != {"a": 2}
    with pytest.raises(AttributeError):
        items._items = {}
    with pytest.raises(AttributeError):
        del items._items
    with pytest.raises(KeyError):
        items["c"]
    with pytest.raises(TypeError):
        items["c"] = 3  # type: ignore[index]
    with pytest.raises(InvalidArgument):
        FrozenMap([("a", 1)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "items", [["a", "b", "a"], ("a", "b"), {"a", "b"}, frozenset({"a", "b"}), {"a": 1, "b": 2}.keys()]
)
def test_a_bulk_is_a_set_of_ids(items: Collection[str]) -> None:
    assert bulk("users", items) == frozenset({"a", "b"})


@pytest.mark.parametrize("items", ["ab", b"ab", {"a": 1}, None, 3, (one for one in "ab"), object()])
def test_what_is_no_collection_of_ids_is_refused(items: Any) -> None:
    with pytest.raises(InvalidArgument, match="users must be a set, list or tuple of ids"):
        bulk("users", items)


def test_a_bulk_has_a_bound_and_says_so() -> None:
    many = [f"u{n}" for n in range(MAX_BULK)]
    assert len(bulk("users", many)) == MAX_BULK
    with pytest.raises(TooManyItems) as caught:
        bulk("users", [*many, "one.more"])
    assert caught.value == TooManyItems(parameter="users", given=10_001, most=10_000)
    assert str(caught.value) == "users has 10001 items, 10000 at most in one command; split it into several"
    assert len(bulk("users", [*many, "one.more"], most=MAX_COUNT)) == MAX_BULK + 1


def test_one_bad_id_spoils_a_bulk() -> None:
    with pytest.raises(InvalidId):
        bulk("users", ["a", "", "b"])


def test_a_map_is_checked_once_by_each_check_that_it_must_pass() -> None:
    seen: list[str] = []

    def counted(name: str, value: Any) -> int:
        seen.append(name)
        return int(value)

    check, other = (check_of(Mapping[Id, Annotated[int, counted]]) for _ in range(2))
    once = check("m", {"a": 1, "b": 2})
    assert check("m", once) is once
    assert len(seen) == 2
    assert other("m", once) == once
    assert len(seen) == 4
    again = pickle.loads(pickle.dumps(once))
    assert again == once
    assert check("m", again) is not again
