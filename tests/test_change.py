"""What a change in the middle of a period comes to: by hand, by a naive oracle, and by both ways through the code."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import attrs
import pytest

from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Duration, Interval, InvalidDuration, OutOfCalendar, Period, Span
from licensing_core.proration import (
    LICENSING_CORE,
    PRESETS,
    Base,
    Change,
    ChangeDay,
    Convention,
    Count,
    Net,
    NothingCounted,
    Portion,
    Stage,
    Stub,
    change,
    preset,
)
from licensing_core.rounding import Rounding
from tests.change_world import (
    APRIL,
    EUR,
    FIFTY,
    HUNDRED,
    JPY,
    MADRID,
    MAY,
    MONTH,
    NO_CAP,
    USD,
    days_of,
    euros,
    minor_units,
)

# By hand.


@pytest.mark.parametrize(
    ("at", "credit", "charge", "net"),
    [
        (date(2024, 3, 1), "50.00", "100.00", "50.00"),
        (date(2024, 4, 1), "50.00", "100.00", "50.00"),
        (date(2024, 4, 2), "48.33", "96.67", "48.34"),
        (date(2024, 4, 11), "33.33", "66.67", "33.34"),
        (date(2024, 4, 16), "25.00", "50.00", "25.00"),
        (date(2024, 4, 30), "1.67", "3.33", "1.66"),
        (date(2024, 5, 1), "0.00", "0.00", "0.00"),
        (date(2025, 5, 1), "0.00", "0.00", "0.00"),
    ],
)
def test_a_change_credits_what_is_unused_and_charges_what_is_new(at: date, credit: str, charge: str, net: str) -> None:
    found = change(APRIL, at, FIFTY, HUNDRED)
    assert (found.credit, found.charge, found.net) == (euros(credit), euros(charge), euros(net))
    assert found.currency is EUR


@pytest.mark.parametrize(
    ("old", "new", "net"),
    [(None, HUNDRED, "66.67"), (FIFTY, None, "-33.33"), (HUNDRED, FIFTY, "-33.34"), (FIFTY, FIFTY, "0.00")],
)
def test_a_negative_net_stays_a_credit(old: Money | None, new: Money | None, net: str) -> None:
    assert change(APRIL, date(2024, 4, 11), old, new).net == euros(net)


@pytest.mark.parametrize("net", Net)
def test_a_downgrade_rounds_its_net_away_from_zero(net: Net) -> None:
    found = change(APRIL, date(2024, 4, 16), euros("0.05"), Money.zero(EUR), convention=Convention(net=net))
    assert (found.credit, found.net) == (euros("0.03"), euros("-0.03"))


def test_a_net_rounded_once_may_differ_from_its_lines_by_a_cent() -> None:
    half, once = date(2024, 4, 16), Convention(net=Net.ONCE)
    found = change(APRIL, half, euros("0.03"), euros("0.05"), convention=once)
    assert (found.credit, found.charge, found.net) == (euros("0.02"), euros("0.03"), euros("0.01"))
    found = change(APRIL, half, euros("0.02"), euros("0.05"), convention=once)
    assert (found.credit, found.charge, found.net) == (euros("0.01"), euros("0.03"), euros("0.02"))
    found = change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, convention=once)
    assert (found.net, found.net_major) == (euros("33.33"), Fraction("33.33"))


def test_a_net_rounded_once_is_of_what_the_credit_is_held_to() -> None:
    once = Convention(net=Net.ONCE)
    found = change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, convention=once, held=euros("10.00"))
    assert (found.credit, found.charge, found.net) == (euros("10.00"), euros("66.67"), euros("56.67"))


@pytest.mark.parametrize(
    ("held", "credit"),
    [
        (None, "33.33"),
        ("50.00", "33.33"),
        ("33.34", "33.33"),
        ("33.33", "33.33"),
        ("33.32", "33.32"),
        ("0.01", "0.01"),
        ("0.00", "0.00"),
        ("-5.00", "0.00"),
    ],
)
def test_a_credit_is_held_to_what_was_paid(held: str | None, credit: str) -> None:
    paid = None if held is None else euros(held)
    found = change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, held=paid)
    assert (found.credit, found.charge) == (euros(credit), euros("66.67"))
    assert found.net == euros("66.67") - euros(credit)
    assert change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, convention=NO_CAP, held=paid).credit == euros("33.33")


@pytest.mark.parametrize("mode", Rounding)
@pytest.mark.parametrize("digits", [-2, 0, None, 4])
def test_no_rounding_lifts_a_credit_above_what_was_paid(mode: Rounding, digits: int | None) -> None:
    convention = Convention(mode=mode, digits=digits)
    found = change(APRIL, date(2024, 4, 11), FIFTY, convention=convention, held=euros("33.33"))
    assert found.credit <= euros("33.33")
    assert found.credit_trace.held_to == 3333


def test_a_cycle_that_begins_anew_charges_the_whole_new_price() -> None:
    found = change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, restart=MONTH)
    assert (found.credit, found.charge, found.net) == (euros("33.33"), HUNDRED, euros("66.67"))
    assert found.new_period == Span(date(2024, 4, 11), date(2024, 5, 11))
    assert found.unused == Span(date(2024, 4, 11), date(2024, 5, 1))
    assert found.portion.share == Fraction(2, 3)
    assert found.charge_trace.share == 1
    assert change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED).new_period is None


@pytest.mark.parametrize(
    "convention",
    [Convention(stage=Stage.SHARE, stage_digits=0), Convention(stage=Stage.DAY_RATE, stage_digits=0), preset("stripe")],
)
def test_the_whole_new_price_is_charged_whatever_is_rounded_on_the_way(convention: Convention) -> None:
    found = change(APRIL, date(2024, 4, 30), FIFTY, euros("99.99"), convention=convention, restart=MONTH)
    assert found.charge == euros("99.99")


@pytest.mark.parametrize(
    ("at", "last"), [(date(2024, 1, 31), date(2024, 2, 29)), (date(2023, 1, 31), date(2023, 2, 28))]
)
def test_a_new_period_is_clamped_to_the_end_of_the_month(at: date, last: date) -> None:
    period = Span(date(at.year, 1, 15), date(at.year, 2, 15))
    assert change(period, at, FIFTY, HUNDRED, restart=MONTH).new_period == Span(at, last)


def test_a_new_period_of_instants_follows_the_clock_of_the_zone() -> None:
    march = days_of(MADRID, date(2026, 3, 1), date(2026, 4, 1))
    at = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight of the 29th, of 23 hours
    found = change(march, at, FIFTY, HUNDRED, restart=Duration(days=1))
    assert found.new_period == Interval(at, at + timedelta(hours=23))
    in_utc = change(march.interval, at, FIFTY, HUNDRED, restart=Duration(days=1))
    assert in_utc.new_period == Interval(at, at + timedelta(hours=24))


def test_a_full_stub_charges_and_credits_in_full() -> None:
    found = change(APRIL, date(2024, 4, 30), FIFTY, HUNDRED, convention=Convention(stub=Stub.FULL))
    assert minor_units(found) == (5000, 10_000, 5000)
    over = change(APRIL, date(2024, 5, 1), FIFTY, HUNDRED, convention=Convention(stub=Stub.FULL))
    assert minor_units(over) == (0, 0, 0)


# Zones and days.


@pytest.mark.parametrize(
    ("day", "at", "begins", "share"),
    [
        # The change is at 00:30 of the 29th in Madrid, where it is still the 28th in UTC.
        ("new", datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 28, 23, 30, tzinfo=UTC), Fraction(3, 31)),
        ("old", datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC), Fraction(2, 31)),
        ("old", datetime(2026, 3, 28, 22, 59, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC), Fraction(3, 31)),
        ("old", datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC), Fraction(2, 31)),
    ],
)
def test_the_day_of_a_change_is_that_of_the_zone(day: str, at: datetime, begins: datetime, share: Fraction) -> None:
    march = days_of(MADRID, date(2026, 3, 1), date(2026, 4, 1))
    found = change(march, at, euros("31.00"), euros("62.00"), convention=Convention(change_day=ChangeDay(day)))
    assert found.unused == Interval(begins, march.end)
    assert found.portion.share == share
    assert minor_units(found) == (int(3100 * share), int(6200 * share), int(3100 * share))


@pytest.mark.parametrize(("day", "seconds"), [("new", 23 * 3600 + 86_400), ("old", 86_400)])
def test_seconds_of_a_short_day_are_those_that_passed(day: str, seconds: int) -> None:
    two = days_of(MADRID, date(2026, 3, 29), date(2026, 3, 31))
    convention = Convention(count=Count.SECONDS, change_day=ChangeDay(day))
    found = change(two, two.start, FIFTY, HUNDRED, convention=convention)
    assert found.portion == Portion(count=Fraction(seconds), base=Fraction(23 * 3600 + 86_400))


def test_the_day_after_a_change_may_begin_at_one_o_clock() -> None:
    zone = "Asia/Beirut"  # its 29 March 2026 begins at 01:00
    march = days_of(zone, date(2026, 3, 1), date(2026, 4, 1))
    found = change(march, datetime(2026, 3, 28, 12, tzinfo=UTC), FIFTY, convention=preset("lago"))
    assert found.unused == Interval(datetime(2026, 3, 28, 22, tzinfo=UTC), march.end)
    assert found.portion.share == Fraction(3, 31)


def test_the_day_after_a_change_may_be_missing() -> None:
    december = days_of("Pacific/Apia", date(2011, 12, 1), date(2012, 1, 1))
    found = change(december, datetime(2011, 12, 29, 22, tzinfo=UTC), FIFTY, convention=preset("lago"))
    assert found.unused == Interval(datetime(2011, 12, 30, 10, tzinfo=UTC), december.end)
    assert found.portion.count == 1


@pytest.mark.parametrize("convention", [LICENSING_CORE, preset("lago"), preset("stripe"), NO_CAP])
@pytest.mark.parametrize("period", [APRIL, days_of(MADRID, APRIL.start, APRIL.end)])
@pytest.mark.parametrize("days", [-400, -2, 0, 1, 400])
def test_before_the_period_all_is_unused_and_after_it_nothing(
    convention: Convention, period: Span | Period, days: int
) -> None:
    before = days < 0
    edge = period.start if before else period.end
    found = change(period, edge + timedelta(days=days), FIFTY, HUNDRED, convention=convention)
    assert minor_units(found) == ((5000, 10_000, 5000) if before else (0, 0, 0))
    assert (found.unused is None) is not before
    assert found.portion.share == (1 if before else 0)


# Refusals.


@pytest.mark.parametrize(
    ("old", "new", "held", "expected", "got"),
    [
        (FIFTY, Money(1, USD), None, EUR, USD),
        (Money(0, JPY), FIFTY, None, JPY, EUR),
        (FIFTY, HUNDRED, Money(1, USD), EUR, USD),
        (None, Money(1, USD), FIFTY, USD, EUR),
        (FIFTY, None, Money(1, USD), EUR, USD),
    ],
)
def test_amounts_of_two_currencies_do_not_go_together(
    old: Money | None, new: Money | None, held: Money | None, expected: Currency, got: Currency
) -> None:
    for make in (change, _constructed):
        with pytest.raises(CurrencyMismatch) as caught:
            make(APRIL, date(2024, 4, 11), old, new, held=held)
        assert caught.value == CurrencyMismatch(expected=expected, got=got)


def _constructed(period: Any, at: Any, old: Any = None, new: Any = None, **more: Any) -> Change:
    return Change(period=period, at=at, old=old, new=new, **more)


@pytest.mark.parametrize(
    ("parameter", "old", "new"),
    [("old", euros("-0.01"), HUNDRED), ("new", FIFTY, euros("-0.01")), ("old", euros("-1.00"), euros("-1.00"))],
)
@pytest.mark.parametrize("at", [date(2024, 3, 1), date(2024, 4, 11), date(2024, 5, 1)])
def test_a_negative_price_is_refused(parameter: str, old: Money, new: Money, at: date) -> None:
    with pytest.raises(InvalidArgument) as caught:
        change(APRIL, at, old, new)
    assert (caught.value.parameter, caught.value.expected) == (parameter, "zero or more")


def test_a_change_has_at_least_one_price() -> None:
    with pytest.raises(InvalidArgument, match=r"^old must be Money, where new is None, got None$"):
        change(APRIL, date(2024, 4, 11))


@pytest.mark.parametrize(
    ("period", "at", "error"),
    [
        (APRIL, datetime(2024, 4, 11, tzinfo=UTC), InvalidArgument),
        (APRIL, datetime(2024, 4, 11), InvalidInstant),  # noqa: DTZ001
        (APRIL, None, InvalidArgument),
        (APRIL, "2024-04-11", InvalidArgument),
        (APRIL, date(1, 1, 1), InvalidArgument),
        (APRIL, date(9999, 1, 1), InvalidArgument),
        (days_of("UTC", APRIL.start, APRIL.end), date(2024, 4, 11), InvalidInstant),
        (days_of("UTC", APRIL.start, APRIL.end), datetime(2024, 4, 11), InvalidInstant),  # noqa: DTZ001
        (days_of("UTC", APRIL.start, APRIL.end).interval, date(2024, 4, 11), InvalidInstant),
    ],
)
def test_days_go_with_days_and_aware_instants_with_instants(period: Any, at: Any, error: type[InvalidArgument]) -> None:
    for make in (change, _constructed):
        with pytest.raises(error) as caught:
            make(period, at, FIFTY, HUNDRED)
        assert caught.value.parameter == "at"


@pytest.mark.parametrize("period", [None, (APRIL.start, APRIL.end), Interval(None, None), date(2024, 4, 1)])
def test_a_period_has_two_ends(period: Any) -> None:
    for make in (change, _constructed):
        with pytest.raises(InvalidArgument, match=r"^period must be "):
            make(period, date(2024, 4, 11), FIFTY, HUNDRED)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("convention", None),
        ("convention", "stripe"),
        ("held", 5000),
        ("held", "50.00 EUR"),
        ("every", "P1M"),
        ("every", 30),
        ("restart", "P1M"),
        ("restart", False),
        ("old", 5000),
        ("new", 50.0),
    ],
)
def test_each_argument_is_of_its_kind(parameter: str, value: Any) -> None:
    arguments: dict[str, Any] = {"old": FIFTY, "new": HUNDRED, parameter: value}
    with pytest.raises(InvalidArgument) as caught:
        change(APRIL, date(2024, 4, 11), **arguments)
    assert caught.value.parameter == parameter


def test_a_convention_that_counts_turns_needs_their_length() -> None:
    with pytest.raises(InvalidArgument, match=r"^every must be a Duration"):
        change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, convention=preset("recurly"))
    with pytest.raises(NothingCounted):
        change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, convention=preset("recurly"), every=Duration(months=2))
    found = change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, convention=preset("recurly"), every=MONTH)
    assert found.net == euros("33.34")


def test_a_period_within_a_day_has_no_days() -> None:
    start = datetime(2024, 4, 11, 9, tzinfo=UTC)
    hour = Interval(start, start + timedelta(hours=1))
    with pytest.raises(NothingCounted):
        change(hour, start, FIFTY, HUNDRED)
    half = start + timedelta(minutes=30)
    assert change(hour, half, FIFTY, HUNDRED, convention=preset("stripe")).net == euros("25.00")


def test_the_end_of_the_calendar_is_refused_and_not_wrapped() -> None:
    last = Span(date(9998, 12, 1), date(9998, 12, 31))
    with pytest.raises(OutOfCalendar):
        change(last, date(9998, 12, 5), FIFTY, restart=Duration(months=1)).new_period  # noqa: B018
    assert change(last, date(9998, 12, 16), FIFTY).credit == euros("25.00")


# What is made is a value like any other.


@pytest.mark.parametrize(
    "remade",
    [
        copy.copy,
        copy.deepcopy,
        attrs.evolve,
        lambda one: pickle.loads(pickle.dumps(one)),
        lambda one: pickle.loads(pickle.dumps(one, 0)),
    ],
)
@pytest.mark.parametrize("convention", [LICENSING_CORE, NO_CAP, preset("stripe"), preset("silver")])
def test_a_change_that_is_remade_is_the_same_one(remade: Callable[[Change], Change], convention: Convention) -> None:
    every = MONTH if convention.base is Base.NOMINAL else None
    found = change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED, convention=convention, every=every)
    other = remade(found)
    assert type(other) is type(found) is Change
    assert other == found
    assert (hash(other), repr(other)) == (hash(found), repr(found))
    assert minor_units(other) == minor_units(found)
    assert other.credit_trace == found.credit_trace


def test_a_change_is_told_apart_by_each_of_its_arguments() -> None:
    at = date(2024, 4, 11)
    made = [
        change(APRIL, at, FIFTY, HUNDRED),
        change(MAY, at, FIFTY, HUNDRED),
        change(APRIL, date(2024, 4, 12), FIFTY, HUNDRED),
        change(APRIL, at, HUNDRED, HUNDRED),
        change(APRIL, at, FIFTY, FIFTY),
        change(APRIL, at, FIFTY, HUNDRED, convention=NO_CAP),
        change(APRIL, at, FIFTY, HUNDRED, held=HUNDRED),
        change(APRIL, at, FIFTY, HUNDRED, every=MONTH),
        change(APRIL, at, FIFTY, HUNDRED, restart=MONTH),
    ]
    assert len(set(made)) == len(made)


def test_a_change_made_by_the_short_way_cannot_be_changed_and_has_no_room_for_more() -> None:
    found = change(APRIL, date(2024, 4, 11), FIFTY, HUNDRED)
    for name in ("old", "nickname", "_credit"):
        with pytest.raises(AttributeError):
            setattr(found, name, None)
    assert not hasattr(found, "__dict__")
    assert [getattr(found, field.name) for field in attrs.fields(Change) if field.init] == [
        APRIL,
        date(2024, 4, 11),
        FIFTY,
        HUNDRED,
        LICENSING_CORE,
        None,
        None,
        None,
    ]


def test_instants_of_any_offset_make_the_same_change() -> None:
    april = days_of(MADRID, APRIL.start, APRIL.end)
    utc = datetime(2024, 4, 11, 9, tzinfo=UTC)
    elsewhere = utc.astimezone(timezone(timedelta(hours=-7)))
    assert change(april, elsewhere, FIFTY, HUNDRED) == change(april, utc, FIFTY, HUNDRED)


@pytest.mark.parametrize("name", PRESETS)
def test_numbers_and_amounts_agree(name: str) -> None:
    found = change(MAY, date(2024, 5, 12), euros("33.33"), euros("77.77"), convention=preset(name), every=MONTH)
    for number, amount in (
        (found.credit_major, found.credit),
        (found.charge_major, found.charge),
        (found.net_major, found.net),
    ):
        assert abs(number * 100 - amount.minor) <= Fraction(1, 2)
    if found.convention.digits is None:
        assert found.net_major * 100 == found.net.minor
        assert found.credit_major * 100 == found.credit.minor
        assert found.charge_major * 100 == found.charge.minor


def test_numbers_of_more_decimals_than_the_currency_are_kept() -> None:
    found = change(MAY, date(2024, 5, 12), euros("10.00"), euros("20.00"), convention=preset("silver"), every=MONTH)
    # 20 of the 31 days from 12 May to 12 June.
    assert (found.credit_major, found.charge_major) == (Fraction("6.4516"), Fraction("12.9032"))
    assert found.net_major == Fraction("6.4516")
    assert minor_units(found) == (645, 1290, 645)
    assert [step.of for step in found.charge_trace.steps] == ["amount", "minor_unit"]


def test_a_new_period_that_cannot_be_is_refused_with_the_change() -> None:
    may = Span(date(2024, 5, 1), date(2024, 6, 1))
    with pytest.raises(InvalidDuration):
        change(may, date(2024, 5, 9), None, Money(1, EUR), restart=Duration(seconds=5))
    with pytest.raises(OutOfCalendar):
        change(
            Span(date(9998, 1, 1), date(9998, 2, 1)), date(9998, 1, 9), None, Money(1, EUR), restart=Duration(months=12)
        )


def test_a_change_has_an_old_price_or_a_new_one() -> None:
    with pytest.raises(InvalidArgument, match="old must be Money, where new is None"):
        change(Span(date(2024, 5, 1), date(2024, 6, 1)), date(2024, 5, 9), held=Money(1, EUR))
