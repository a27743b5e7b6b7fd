"""What a part costs, and the trace of how it came about."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest

from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.periods import Duration, Interval, Period, Span
from licensing_core.proration import (
    LICENSING_CORE,
    Base,
    Convention,
    Count,
    NothingCounted,
    Portion,
    Prorated,
    Stage,
    Step,
    Stub,
    Trace,
    measure,
    preset,
    prorate,
    share,
)
from licensing_core.rounding import Rounding

EUR, JPY, KWD = map(Currency, ("EUR", "JPY", "KWD"))
MAY = Span(date(2024, 5, 1), date(2024, 6, 1))
TEN_DAYS = Span(date(2024, 5, 22), date(2024, 6, 1))
TEN_OF_31 = Portion(count=Fraction(10), base=Fraction(31))
MONTH = Duration(months=1)
INSTANTS = Interval(datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))


def of(
    price: int, convention: Convention = LICENSING_CORE, *, currency: Currency = EUR, most: int | None = None
) -> Prorated:
    """Ten days of May of *price* minor units."""
    return Prorated(exact_price=Fraction(price), currency=currency, portion=TEN_OF_31, convention=convention, most=most)


def test_a_price_is_prorated_by_what_was_measured() -> None:
    found = prorate(Money.parse("62.00 EUR"), TEN_DAYS, MAY)
    assert found == of(6200)
    assert found.portion == measure(TEN_DAYS, MAY)
    assert (found.exact, found.staged, found.major, found.amount.minor) == (
        Fraction(2000),
        Fraction(2000),
        Fraction(20),
        2000,
    )


@pytest.mark.parametrize("convention", [LICENSING_CORE, preset("kill_bill"), preset("ex_money")])
def test_nothing_costs_nothing_and_the_whole_costs_its_price(convention: Convention) -> None:
    price = Money.parse("62.01 EUR")
    assert prorate(price, None, MAY, convention, every=MONTH).amount == Money.zero(EUR)
    assert prorate(price, MAY, MAY, convention, every=MONTH).amount == price


def test_the_trace_of_one_rounding_tells_all() -> None:
    assert of(1000).trace == Trace(
        unit=Count.DAYS,
        count=Fraction(10),
        base=Fraction(31),
        share=Fraction(10, 31),
        exact=Fraction(10_000, 31),
        held_to=None,
        steps=(Step(of="amount", exact=Fraction(100, 31), rounded=Fraction("3.23")),),
        remained=Fraction(10_000, 31) - 323,
    )


def test_the_trace_of_a_rounded_share_has_the_share_first() -> None:
    found = of(100_000, Convention(stage=Stage.SHARE, stage_digits=3))
    assert found.trace.steps == (
        Step(of="share", exact=Fraction(10, 31), rounded=Fraction("0.323")),
        Step(of="amount", exact=Fraction(323), rounded=Fraction(323)),
    )
    assert found.amount == Money.parse("323.00 EUR")
    assert found.trace.share == Fraction(10, 31)
    assert found.trace.remained == Fraction(1_000_000, 31) - 32_300


def test_the_trace_of_a_day_rate_has_the_rate_in_units_of_the_currency() -> None:
    found = of(100_000, Convention(stage=Stage.DAY_RATE, stage_digits=2))
    assert found.trace.steps == (
        Step(of="day_rate", exact=Fraction(1000, 31), rounded=Fraction("32.26")),
        Step(of="amount", exact=Fraction("322.60"), rounded=Fraction("322.60")),
    )
    assert found.trace.remained == Fraction(1_000_000, 31) - 32_260


@pytest.mark.parametrize(
    ("currency", "minor", "rate", "amount"),
    [
        (EUR, 1000, "0.323", 323),  # 10.00 over 31 is 0.32258
        (JPY, 1000, "32.258", 323),  # 32.258 x 10 = 322.58
        (KWD, 1000, "0.032", 320),  # 1.000 over 31 is 0.03226
    ],
)
def test_a_day_rate_has_decimals_of_the_unit_and_not_of_the_minor_unit(
    currency: Currency, minor: int, rate: str, amount: int
) -> None:
    found = of(minor, Convention(stage=Stage.DAY_RATE, stage_digits=3), currency=currency)
    assert found.trace.steps[0].rounded == Fraction(rate)
    assert found.amount == Money(amount, currency)


def test_a_whole_period_has_no_day_rate_but_the_full_price() -> None:
    day_rate = Convention(stage=Stage.DAY_RATE, stage_digits=0, mode=Rounding.UP)
    found = prorate(Money.parse("62.01 EUR"), MAY, MAY, day_rate)
    assert found.amount == Money.parse("62.01 EUR")
    assert [step.of for step in found.trace.steps] == ["amount"]
    full = Convention(stage=Stage.DAY_RATE, stage_digits=0, mode=Rounding.UP, stub=Stub.FULL)
    assert prorate(Money.parse("62.01 EUR"), TEN_DAYS, MAY, full).amount == Money.parse("62.01 EUR")


@pytest.mark.parametrize(("minor", "mode"), [(310, Rounding.UP), (-310, Rounding.UP), (-310, Rounding.FLOOR)])
def test_rates_that_are_rounded_away_from_zero_never_pass_the_price(minor: int, mode: Rounding) -> None:
    thirty = Portion(count=Fraction(30), base=Fraction(31))
    convention = Convention(stage=Stage.DAY_RATE, stage_digits=0, mode=mode)
    found = Prorated(exact_price=Fraction(minor), currency=EUR, portion=thirty, convention=convention)
    assert found.trace.steps[0].rounded == (1 if minor > 0 else -1)
    assert found.amount.minor == minor


def test_an_amount_with_more_decimals_than_its_currency_has_another_step() -> None:
    found = of(1000, Convention(digits=4))
    assert found.major == Fraction("3.2258")
    assert found.amount == Money.parse("3.23 EUR")
    assert found.trace.steps == (
        Step(of="amount", exact=Fraction(100, 31), rounded=Fraction("3.2258")),
        Step(of="minor_unit", exact=Fraction(100, 31), rounded=Fraction("3.23")),
    )
    assert found.trace.remained == Fraction(10_000, 31) - 323


def test_an_amount_of_more_decimals_that_are_zero_has_no_other_step() -> None:
    found = of(6200, Convention(digits=4))
    assert [step.of for step in found.trace.steps] == ["amount"]
    assert found.trace.remained == 0


@pytest.mark.parametrize(
    ("currency", "digits", "number", "minor"),
    [(EUR, 0, 323, 32_300), (EUR, -1, 320, 32_000), (JPY, -2, 32_300, 32_300), (KWD, 2, Fraction("32.26"), 32_260)],
)
def test_an_amount_of_fewer_decimals_than_its_currency_is_rounded_once(
    currency: Currency, digits: int, number: Fraction, minor: int
) -> None:
    found = of(100_000, Convention(digits=digits), currency=currency)
    assert (found.major, found.amount) == (number, Money(minor, currency))
    assert [step.of for step in found.trace.steps] == ["amount"]
    assert found.trace.remained == Fraction(1_000_000, 31) - minor


@pytest.mark.parametrize(
    ("mode", "minor"), [(Rounding.HALF_UP, -323), (Rounding.UP, -323), (Rounding.CEILING, -322), (Rounding.FLOOR, -323)]
)
def test_a_negative_price_is_prorated_with_its_sign(mode: Rounding, minor: int) -> None:
    found = of(-1000, Convention(mode=mode))
    assert (found.exact, found.amount.minor) == (Fraction(-10_000, 31), minor)
    assert found.trace.remained == Fraction(-10_000, 31) - minor


@pytest.mark.parametrize("name", ["kill_bill", "django_plans", "silver", "licensing_core"])
def test_the_price_below_zero_is_the_mirror_of_the_one_above(name: str) -> None:
    up, down = of(12_345, preset(name)), of(-12_345, preset(name))
    assert (down.exact, down.major, down.amount) == (-up.exact, -up.major, -up.amount)


@pytest.mark.parametrize(
    ("most", "amount", "remained"),
    [
        (None, 323, Fraction(10_000, 31) - 323),
        (1000, 323, Fraction(10_000, 31) - 323),
        (323, 323, Fraction(10_000, 31) - 323),
        (322, 322, Fraction(0)),
        (100, 100, Fraction(0)),
        (0, 0, Fraction(0)),
    ],
)
def test_an_amount_is_held_to_the_most(most: int | None, amount: int, remained: Fraction) -> None:
    found = of(1000, most=most)
    assert (found.amount.minor, found.trace.remained, found.trace.held_to) == (amount, remained, most)
    assert found.exact == Fraction(10_000, 31)


def test_no_rounding_lifts_an_amount_above_the_most() -> None:
    found = of(100_000, Convention(digits=0, mode=Rounding.UP), most=12_345)
    assert found.amount.minor == 12_345
    assert found.trace.remained == 0
    assert of(100_000, Convention(digits=0), most=12_345).amount.minor == 12_300
    assert of(100_000, Convention(digits=0), most=12_345).trace.remained == 45


def test_a_negative_amount_that_is_held_is_nothing() -> None:
    assert of(-1000, most=500).amount.minor == 0


def test_two_are_equal_when_their_price_part_and_convention_are() -> None:
    assert of(1000) == of(1000)
    assert hash(of(1000)) == hash(of(1000))
    assert len({of(1000), of(1001), of(1000, most=5), of(1000, preset("stripe")), of(1000, currency=JPY)}) == 5


@pytest.mark.parametrize("price", [None, 1000, "10.00 EUR", 10.0, Fraction(10)])
def test_a_price_is_money(price: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^price must be of type Money"):
        prorate(price, TEN_DAYS, MAY)


@pytest.mark.parametrize(("parameter", "count", "base"), [("count", -1, 31), ("base", 1, 0), ("base", 1, -31)])
def test_a_portion_counts_from_zero_over_something(parameter: str, count: int, base: int) -> None:
    with pytest.raises(InvalidArgument, match=f"^{parameter} must be "):
        Portion(count=Fraction(count), base=Fraction(base))


@pytest.mark.parametrize(
    ("portion", "wanted"),
    [
        (Portion(count=Fraction(0), base=Fraction(31)), Fraction(0)),
        (TEN_OF_31, Fraction(10, 31)),
        (Portion(count=Fraction(31), base=Fraction(30)), Fraction(1)),
        (Portion(count=Fraction(0), base=Fraction(31), in_full=True), Fraction(1)),
    ],
)
def test_the_share_of_a_portion_lies_between_zero_and_one(portion: Portion, wanted: Fraction) -> None:
    assert portion.share == wanted


@pytest.mark.parametrize("base", [Base.PERIOD, Base.START_MONTH])
def test_a_base_that_counts_the_period_needs_one(base: Base) -> None:
    with pytest.raises(InvalidArgument, match=r"^period must be a stretch of time"):
        share(TEN_DAYS, None, Convention(base=base))


@pytest.mark.parametrize("base", [Base.FROM_PART, Base.NOMINAL, Base.NOMINAL_360])
@pytest.mark.parametrize("every", [None, "P1M", 30])
def test_a_base_that_counts_a_turn_needs_its_length(base: Base, every: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^every must be a Duration"):
        share(TEN_DAYS, MAY, Convention(base=base), every=every)
    assert share(TEN_DAYS, None, Convention(base=base), every=MONTH) in (Fraction(10, 31), Fraction(1, 3))


@pytest.mark.parametrize(
    ("part", "period", "parameter"),
    [
        (TEN_DAYS, INSTANTS, "part"),
        (INSTANTS, MAY, "part"),
        (Interval(INSTANTS.start, None), INSTANTS, "part"),
        (Interval(None, INSTANTS.end), INSTANTS, "part"),
        (TEN_DAYS, Interval(None, None), "period"),
        ("May", MAY, "part"),
        (TEN_DAYS, (MAY.start, MAY.end), "period"),
        (date(2024, 5, 1), MAY, "part"),
    ],
)
def test_days_and_instants_do_not_mix_and_no_end_is_open(part: Any, period: Any, parameter: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        measure(part, period)
    assert caught.value.parameter == parameter


def test_a_period_within_one_day_has_no_days_to_count() -> None:
    hour = Interval(datetime(2024, 5, 1, 9, tzinfo=UTC), datetime(2024, 5, 1, 10, tzinfo=UTC))
    with pytest.raises(NothingCounted) as caught:
        prorate(Money.parse("1.00 EUR"), hour, hour)
    assert caught.value == NothingCounted(count="days", base="period")
    assert str(caught.value) == "counted in days, the base period is nothing; count in seconds, or take another base"
    assert prorate(Money.parse("1.00 EUR"), hour, hour, preset("stripe")).amount == Money.parse("1.00 EUR")


def test_local_days_are_those_of_the_period_unless_a_zone_is_named() -> None:
    # The period is May in Madrid; in UTC it begins on 30 April and ends on 31 May.
    start, end = datetime(2024, 4, 30, 22, tzinfo=UTC), datetime(2024, 5, 31, 22, tzinfo=UTC)
    part = Interval(datetime(2024, 5, 21, 12, tzinfo=UTC), end)
    madrid = Period(0, start, end, "Europe/Madrid")
    assert share(part, madrid) == share(part, madrid.interval, zone="Europe/Madrid") == Fraction(11, 31)
    assert share(part, madrid, zone="UTC") == share(part, madrid.interval) == Fraction(10, 31)
    assert measure(madrid, None, Convention(base=Base.FROM_PART), every=MONTH).count == 31


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", 1, "localtime"])
def test_a_zone_is_an_iana_name(zone: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^zone must be an IANA time zone"):
        measure(INSTANTS, INSTANTS, zone=zone)


@pytest.mark.parametrize("convention", [None, "stripe", Count.DAYS, Convention])
def test_a_convention_is_one_of_its_kind(convention: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^convention must be of type Convention"):
        measure(TEN_DAYS, MAY, convention)
