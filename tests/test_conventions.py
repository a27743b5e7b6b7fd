"""Conventions: each value of each axis by an example worked out by hand, the presets, and what does not go together."""

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import product
from typing import Any, get_type_hints

import attrs
import pytest

from licensing_core.checks import InvalidArgument, InvalidQuantity
from licensing_core.money import Money
from licensing_core.periods import Duration, Interval, Period, Span, start_of_day
from licensing_core.proration import (
    LICENSING_CORE,
    PRESETS,
    Base,
    ChangeDay,
    Convention,
    Count,
    CreditCap,
    InvalidConvention,
    Net,
    NothingCounted,
    Stage,
    Stretch,
    Stub,
    UnknownPreset,
    change,
    measure,
    preset,
    prorate,
    share,
    unused,
)
from licensing_core.rounding import Rounding

MADRID = "Europe/Madrid"
AXES = (
    "count",
    "base",
    "change_day",
    "stub",
    "stage",
    "stage_digits",
    "mode",
    "digits",
    "net",
    "credit_cap",
)
DEFAULTS = {
    "count": "days",
    "base": "period",
    "change_day": "new",
    "stub": "prorate",
    "stage": "line",
    "stage_digits": None,
    "mode": "half_up",
    "digits": None,
    "net": "lines",
    "credit_cap": "paid",
}
ROWS: dict[str, dict[str, Any]] = {
    "licensing_core": {},
    "flexprice_day": {},
    "lago_upgrade": {},
    "meteroid": {},
    "chargebee": {},
    "stripe": {"count": "seconds"},
    "openmeter": {"count": "seconds"},
    "polar": {"count": "seconds"},
    "flexprice_second": {"count": "seconds"},
    "openmeter_full": {"count": "seconds", "stub": "full"},
    "kill_bill": {"stage": "share", "stage_digits": 9},
    "lago": {"change_day": "old"},
    "erpnext": {"change_day": "old"},
    "ex_money": {"base": "from_part", "mode": "up"},
    "recurly": {"base": "nominal"},
    "django_plans": {"base": "nominal", "stage": "day_rate", "stage_digits": 2},
    "silver": {"count": "months", "base": "nominal", "digits": 4},
    "dynamics_months": {"count": "calendar_months", "base": "nominal"},
    "zuora_actual": {"base": "start_month"},
    "zuora_actual_30": {"base": "nominal_360"},
    "zuora_30_360": {"count": "days_360", "base": "nominal_360"},
}


def span(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


def madrid(first: str, last: str) -> Interval:
    """Between two local times of Madrid, each written with its offset."""
    return Interval(datetime.fromisoformat(first), datetime.fromisoformat(last))


def days_of_madrid(first: str, last: str) -> Period:
    start, end = (start_of_day(date.fromisoformat(day), MADRID) for day in (first, last))
    return Period(0, start, end, MADRID)


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


MAY = span("2024-05-01", "2024-06-01")
TEN_DAYS = span("2024-05-22", "2024-06-01")


@pytest.mark.parametrize(
    ("count", "period", "part", "wanted"),
    [
        ("days", MAY, TEN_DAYS, Fraction(10, 31)),
        # A minute of the 22nd is its whole day, and the day of the end does not count.
        (
            "days",
            days_of_madrid("2024-05-01", "2024-06-01"),
            madrid("2024-05-22T23:59:00+02:00", "2024-06-01T00:00:00+02:00"),
            Fraction(10, 31),
        ),
        (
            "days",
            days_of_madrid("2024-05-01", "2024-06-01"),
            madrid("2024-05-22T00:00:00+02:00", "2024-05-31T23:59:59+02:00"),
            Fraction(9, 31),
        ),
        # March of 2026 has 743 hours in Madrid, its 29th 23 and its 30th 24.
        (
            "seconds",
            days_of_madrid("2026-03-01", "2026-04-01"),
            madrid("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
            Fraction(23, 743),
        ),
        (
            "seconds",
            days_of_madrid("2026-03-01", "2026-04-01"),
            madrid("2026-03-30T00:00:00+02:00", "2026-03-31T00:00:00+02:00"),
            Fraction(24, 743),
        ),
        ("seconds", MAY, TEN_DAYS, Fraction(10, 31)),
        ("days_360", span("2024-02-01", "2024-03-01"), span("2024-02-16", "2024-03-01"), Fraction(15, 30)),
        ("days_360", span("2024-01-01", "2024-04-01"), span("2024-01-31", "2024-02-28"), Fraction(27, 90)),
        ("days_360", span("2023-07-01", "2025-01-01"), span("2023-12-31", "2024-12-31"), Fraction(360, 540)),
        # One month, to 29 February, and 15 of the 31 days from there to 31 March; the whole is three months.
        (
            "months",
            span("2024-01-31", "2024-04-30"),
            span("2024-01-31", "2024-03-15"),
            (1 + Fraction(15, 31)) / 3,
        ),
        ("months", span("2024-01-31", "2024-04-30"), span("2024-01-31", "2024-02-29"), Fraction(1, 3)),
        ("months", span("2024-01-31", "2024-04-30"), span("2024-01-31", "2024-02-28"), Fraction(28, 29) / 3),
        # 16 of the days of January, all of February, 10 of the days of March.
        (
            "calendar_months",
            span("2024-01-01", "2024-04-01"),
            span("2024-01-16", "2024-03-11"),
            (Fraction(16, 31) + 1 + Fraction(10, 31)) / 3,
        ),
        ("calendar_months", MAY, TEN_DAYS, Fraction(10, 31)),
    ],
)
def test_each_count_has_its_share_of_the_period(count: str, period: Stretch, part: Stretch, wanted: Fraction) -> None:
    assert share(part, period, Convention(count=Count(count))) == wanted


def test_instants_are_cut_down_to_a_whole_second_before_they_are_counted() -> None:
    whole = Interval(datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 1, 0, 0, 10, tzinfo=UTC))
    seconds = Convention(count=Count.SECONDS)
    late = Interval(datetime(2024, 5, 1, 0, 0, 3, 999_999, tzinfo=UTC), datetime(2024, 5, 1, 0, 0, 5, 1, tzinfo=UTC))
    assert share(late, whole, seconds) == Fraction(2, 10)
    within = Interval(datetime(2024, 5, 1, 0, 0, 3, 1, tzinfo=UTC), datetime(2024, 5, 1, 0, 0, 3, 999_999, tzinfo=UTC))
    assert share(within, whole, seconds) == 0


SPRING = span("2024-02-01", "2024-05-01")  # 29 + 31 + 30 days
TEN_OF_MARCH = span("2024-03-01", "2024-03-11")


@pytest.mark.parametrize(
    ("base", "wanted"),
    [
        ("period", 90),
        ("from_part", 92),  # from 1 March to 1 June
        ("start_month", 29),  # February
        ("nominal", 91),
        ("nominal_360", 90),
    ],
)
def test_each_base_has_its_days_of_a_quarter(base: str, wanted: int) -> None:
    convention = Convention(base=Base(base))
    found = measure(TEN_OF_MARCH, SPRING, convention, every=Duration(months=3))
    assert (found.count, found.base, found.share) == (Fraction(10), Fraction(wanted), Fraction(10, wanted))


@pytest.mark.parametrize(
    ("base", "every", "days", "months"),
    [
        ("nominal", "P1M", 30, 1),
        ("nominal", "P3M", 91, 3),
        ("nominal", "P6M", 182, 6),
        ("nominal", "P1Y", 365, 12),
        ("nominal", "P2W", 14, None),
        ("nominal", "P30D", 30, None),
        ("nominal", "P2M", None, 2),
        ("nominal", "P2Y", None, 24),
        ("nominal", "PT1H", None, None),
        ("nominal_360", "P1M", 30, 1),
        ("nominal_360", "P2M", 60, 2),
        ("nominal_360", "P3M", 90, 3),
        ("nominal_360", "P1Y", 360, 12),
        ("nominal_360", "P2W", 14, None),
        ("nominal_360", "PT1H", None, None),
    ],
)
def test_a_nominal_base_is_a_table_of_days_or_the_months_themselves(
    base: str, every: str, days: int | None, months: int | None
) -> None:
    for count in Count:
        wanted = months if count in (Count.MONTHS, Count.CALENDAR_MONTHS) else days
        convention = Convention(count=count, base=Base(base))
        if wanted is None:
            with pytest.raises(NothingCounted) as caught:
                measure(TEN_DAYS, MAY, convention, every=Duration.parse(every))
            assert caught.value == NothingCounted(count=count.value, base=base)
        else:
            found = measure(TEN_DAYS, MAY, convention, every=Duration.parse(every))
            assert found.base == wanted * (86_400 if count is Count.SECONDS else 1)


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [("line", Fraction(10, 31)), ("share", Fraction("0.32")), ("day_rate", Fraction(10, 31))],
)
def test_only_the_stage_of_the_share_rounds_the_share(stage: str, wanted: Fraction) -> None:
    convention = Convention(stage=Stage(stage), stage_digits=None if stage == "line" else 2)
    assert share(TEN_DAYS, MAY, convention) == wanted
    assert measure(TEN_DAYS, MAY, convention).share == Fraction(10, 31)


def test_a_part_longer_than_its_base_is_one() -> None:
    assert share(MAY, MAY, preset("recurly"), every=Duration(months=1)) == 1
    assert share(MAY, MAY, preset("zuora_30_360"), every=Duration(months=1)) == 1
    assert share(span("2024-05-02", "2024-06-01"), MAY, preset("recurly"), every=Duration(months=1)) == 1


def test_a_base_from_the_part_follows_the_clock_of_the_zone() -> None:
    # A day from 29 March, midnight in Madrid, is 23 hours long.
    part = madrid("2026-03-29T00:00:00+01:00", "2026-03-29T12:00:00+02:00")
    convention = Convention(count=Count.SECONDS, base=Base.FROM_PART)
    assert share(part, None, convention, every=Duration(days=1), zone=MADRID) == Fraction(11, 23)
    assert share(part, None, convention, every=Duration(days=1)) == Fraction(11, 24)


@pytest.mark.parametrize(
    ("change_day", "at", "first"),
    [("new", "2024-05-12", "2024-05-12"), ("old", "2024-05-12", "2024-05-13"), ("old", "2024-04-30", "2024-05-01")],
)
def test_the_day_of_a_change_belongs_to_the_new_price_or_to_the_old_one(change_day: str, at: str, first: str) -> None:
    found = unused(MAY, date.fromisoformat(at), Convention(change_day=ChangeDay(change_day)))
    assert found == span(first, "2024-06-01")


def test_a_change_on_the_last_day_leaves_nothing_where_the_day_is_the_old_one() -> None:
    assert unused(MAY, date(2024, 5, 31), preset("lago")) is None
    assert unused(MAY, date(2024, 5, 31), preset("licensing_core")) == span("2024-05-31", "2024-06-01")


@pytest.mark.parametrize(("stub", "wanted"), [("prorate", Fraction(10, 31)), ("full", Fraction(1))])
def test_a_stub_is_billed_by_its_share_or_in_full(stub: str, wanted: Fraction) -> None:
    convention = Convention(stub=Stub(stub))
    assert share(TEN_DAYS, MAY, convention) == wanted
    assert share(None, MAY, convention) == 0
    assert share(span("2024-06-01", "2024-07-01"), MAY, convention) == 0


@pytest.mark.parametrize(
    ("stage", "digits", "wanted"),
    [
        ("line", None, "322.58"),  # 10,000 / 31 = 322.5806
        ("share", 2, "320.00"),  # 10/31 = 0.3226, that is 0.32
        ("share", 9, "322.58"),
        ("share", 0, "0.00"),
        ("day_rate", 2, "322.60"),  # 32.2581 a day, that is 32.26
        ("day_rate", 0, "320.00"),
    ],
)
def test_each_stage_rounds_something_else(stage: str, digits: int | None, wanted: str) -> None:
    convention = Convention(stage=Stage(stage), stage_digits=digits)
    assert prorate(euros("1000.00"), TEN_DAYS, MAY, convention).amount == euros(wanted)


@pytest.mark.parametrize(
    ("mode", "above", "below"),
    [
        ("half_up", 3, -3),
        ("half_down", 2, -2),
        ("half_even", 2, -2),
        ("up", 3, -3),
        ("down", 2, -2),
        ("ceiling", 3, -2),
        ("floor", 2, -3),
    ],
)
def test_each_mode_has_its_way_with_half_a_cent(mode: str, above: int, below: int) -> None:
    half, april = span("2024-04-16", "2024-05-01"), span("2024-04-01", "2024-05-01")
    convention = Convention(mode=Rounding(mode))
    assert prorate(euros("0.05"), half, april, convention).amount.minor == above
    assert prorate(euros("-0.05"), half, april, convention).amount.minor == below


@pytest.mark.parametrize(
    ("digits", "number", "amount"),
    [
        (None, Fraction("322.58"), "322.58"),
        (4, Fraction("322.5806"), "322.58"),
        (2, Fraction("322.58"), "322.58"),
        (1, Fraction("322.6"), "322.60"),
        (0, Fraction(323), "323.00"),
        (-2, Fraction(300), "300.00"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency_or_others(
    digits: int | None, number: Fraction, amount: str
) -> None:
    found = prorate(euros("1000.00"), TEN_DAYS, MAY, Convention(digits=digits))
    assert (found.major, found.amount) == (number, euros(amount))


@pytest.mark.parametrize(("net", "wanted"), [("lines", "33.34"), ("once", "33.33")])
def test_a_net_is_of_rounded_lines_or_rounded_once(net: str, wanted: str) -> None:
    april = span("2024-04-01", "2024-05-01")
    found = change(april, date(2024, 4, 11), euros("50.00"), euros("100.00"), convention=Convention(net=Net(net)))
    assert (found.credit, found.charge, found.net) == (euros("33.33"), euros("66.67"), euros(wanted))


@pytest.mark.parametrize(("cap", "wanted"), [("paid", "7.00"), ("none", "10.00")])
def test_a_credit_is_held_to_what_was_paid_or_to_nothing(cap: str, wanted: str) -> None:
    convention = Convention(credit_cap=CreditCap(cap))
    assert change(MAY, date(2024, 5, 22), euros("31.00"), convention=convention, held=euros("7.00")).credit == euros(
        wanted
    )


@pytest.mark.parametrize("name", ROWS)
def test_a_preset_is_its_row_of_the_table(name: str) -> None:
    found = preset(name)
    assert {axis: getattr(found, axis) for axis in AXES} == {**DEFAULTS, **ROWS[name]}
    assert dict(found.differences()) == ROWS[name]
    assert found is PRESETS[name]


def test_there_are_no_other_presets() -> None:
    assert list(PRESETS) == list(ROWS)
    assert preset("licensing_core") == LICENSING_CORE == Convention()


@pytest.mark.parametrize("name", ["", "Stripe", "stripe ", "chargebee2", None, 1, True, b"stripe", ["stripe"], Count])
def test_an_unknown_preset_is_refused(name: Any) -> None:
    with pytest.raises(UnknownPreset, match=r"^name must be the name of a preset, got "):
        preset(name)


def test_a_string_that_calls_itself_a_preset_is_none() -> None:
    class Disguised(str):
        __slots__ = ()

    with pytest.raises(UnknownPreset):
        preset(Disguised("stripe"))


def test_differences_are_told_by_axis_and_cannot_be_changed() -> None:
    own = Convention(count=Count.SECONDS, stage=Stage.DAY_RATE, stage_digits=0, digits=0)
    assert dict(own.differences()) == {
        "count": Count.SECONDS,
        "stage": Stage.DAY_RATE,
        "stage_digits": 0,
        "digits": 0,
    }
    assert not LICENSING_CORE.differences()
    with pytest.raises(TypeError):
        own.differences()["count"] = Count.DAYS  # type: ignore[index]


def test_a_convention_is_made_of_its_differences() -> None:
    for name in PRESETS:
        assert Convention(**preset(name).differences()) == preset(name)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("digits", [None, 0, 9])
def test_a_stage_has_decimals_exactly_when_it_rounds(stage: Stage, digits: int | None) -> None:
    if (stage is Stage.LINE) == (digits is None):
        assert Convention(stage=stage, stage_digits=digits).stage_digits == digits
        return
    with pytest.raises(InvalidConvention) as caught:
        Convention(stage=stage, stage_digits=digits)
    assert (caught.value.parameter, caught.value.got) == ("stage_digits", "None" if digits is None else str(digits))


@pytest.mark.parametrize("axis", [axis for axis in AXES if not axis.endswith("digits")])
@pytest.mark.parametrize("value", [None, "days", "nonsense", 1, True, Count])
def test_an_axis_takes_only_its_own_values(axis: str, value: Any) -> None:
    arguments: dict[str, Any] = {axis: value}
    with pytest.raises(InvalidArgument, match=f"^{axis} must be of type "):
        Convention(**arguments)


@pytest.mark.parametrize(
    ("axis", "value"),
    [
        ("stage_digits", -1),
        ("stage_digits", 19),
        ("stage_digits", True),
        ("stage_digits", 2.0),
        ("digits", -13),
        ("digits", 13),
        ("digits", False),
        ("digits", "2"),
    ],
)
def test_decimals_are_a_whole_number_in_bounds(axis: str, value: Any) -> None:
    arguments: dict[str, Any] = {"stage": Stage.SHARE, "stage_digits": 2, axis: value}
    with pytest.raises(InvalidQuantity, match=f"^{axis} must be an int from "):
        Convention(**arguments)


def every_convention() -> Iterator[dict[str, Any]]:
    for count, base, day, stub, stage, mode, digits, net, cap in product(
        Count, Base, ChangeDay, Stub, Stage, (Rounding.UP, Rounding.HALF_UP), (None, 4), Net, CreditCap
    ):
        yield {
            "count": count,
            "base": base,
            "change_day": day,
            "stub": stub,
            "stage": stage,
            "stage_digits": None if stage is Stage.LINE else 3,
            "mode": mode,
            "digits": digits,
            "net": net,
            "credit_cap": cap,
        }


def test_the_axes_are_independent() -> None:
    made = []
    for axes in every_convention():
        convention = Convention(**axes)
        assert {axis: getattr(convention, axis) for axis in AXES} == axes
        made.append(convention)
    assert len(set(made)) == len(made) == 5 * 5 * 2 * 2 * 3 * 2 * 2 * 2 * 2


def test_there_are_ten_axes_all_named() -> None:
    assert [axis.name for axis in attrs.fields(Convention) if axis.init] == list(AXES)
    assert set(AXES) <= set(get_type_hints(Convention))
    with pytest.raises(TypeError):
        Convention(Count.DAYS)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(
    "remade", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), attrs.evolve]
)
def test_a_convention_that_is_remade_is_the_same_one(name: str, remade: Callable[[Convention], Convention]) -> None:
    found, other = preset(name), remade(preset(name))
    assert other == found
    assert hash(other) == hash(found)
    assert repr(other) == repr(found)
    old, new = euros("50.00"), euros("100.00")
    turn = Duration(months=1)
    assert (
        change(MAY, date(2024, 5, 12), old, new, convention=other, every=turn).net
        == change(MAY, date(2024, 5, 12), old, new, convention=found, every=turn).net
    )


def test_a_convention_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        LICENSING_CORE.count = Count.SECONDS  # type: ignore[misc]
