"""The laws of proration under every convention, and the naive way to work out a share as their oracle."""

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, Period
from licensing_core.proration import (
    Base,
    BillingMode,
    Change,
    Convention,
    Count,
    CreditCap,
    Net,
    NothingCounted,
    Portion,
    Prorated,
    Stretch,
    change,
    measure,
    prorate,
    schedule,
    share,
)
from licensing_core.proration.stretches import Ends, stretch_of
from licensing_core.rounding import Rounding
from licensing_core.testing import strategies_money as money
from licensing_core.testing import strategies_periods as periods
from licensing_core.testing.strategies_proration import conventions, parts, points, stretches
from tests.naive_proration import naive_amount, naive_portion, rounded

EVERY = tuple(map(Duration.parse, ("P1M", "P3M", "P6M", "P1Y", "P2W", "P30D")))
everies = st.sampled_from(EVERY)
EUR = Currency("EUR")
prices = st.builds(Money, st.integers(0, 10**9) | st.integers(0, 99), money.currencies())
cases = stretches().flatmap(lambda period: st.tuples(st.just(period), parts(period)))
changes = stretches().flatmap(lambda period: st.tuples(st.just(period), points(period)))
ADDING = tuple(count for count in Count if count is not Count.MONTHS)


def ends(stretch: Stretch) -> tuple[date, date]:
    assert stretch.start is not None
    assert stretch.end is not None
    return stretch.start, stretch.end


def zone_of(stretch: Stretch) -> str:
    return stretch.zone if isinstance(stretch, Period) else "UTC"


def measured(part: Stretch | None, period: Stretch, convention: Convention, every: Duration) -> Portion | None:
    """As counted; `None` where the whole counts nothing."""
    try:
        return measure(part, period, convention, every=every)
    except NothingCounted:
        return None


@pytest.mark.parametrize("base", Base)
@pytest.mark.parametrize("count", Count)
@settings(max_examples=settings().max_examples // 6)
@given(case=cases, every=everies)
def test_a_share_is_what_the_naive_way_finds(
    count: Count, base: Base, case: tuple[Stretch, Stretch | None], every: Duration
) -> None:
    period, part = case
    convention = Convention(count=count, base=base)
    naive = naive_portion(convention, None if part is None else ends(part), ends(period), every, zone_of(period))
    found = measured(part, period, convention, every)
    assert (found is None) is (naive is None)
    if found is not None and naive is not None:
        assert (found.count, found.base, found.share) == naive


@given(st.fractions(-1000, 1000, max_denominator=60), st.sampled_from(Rounding), st.integers(-2, 3))
def test_the_naive_rounding_is_that_of_the_library(number: Fraction, mode: Rounding, digits: int) -> None:
    scaled = number * Fraction(10) ** digits
    assert rounded(number, mode.value, digits) == mode.quotient(*scaled.as_integer_ratio()) / Fraction(10) ** digits


@given(cases, conventions(), everies)
def test_a_share_lies_between_zero_and_one(
    case: tuple[Stretch, Stretch | None], convention: Convention, every: Duration
) -> None:
    period, part = case
    found = measured(part, period, convention, every)
    assume(found is not None)
    assert found is not None
    assert 0 <= found.share <= 1
    assert 0 <= share(part, period, convention, every=every) <= 1
    if part is None:
        assert found.share == 0


@given(stretches(), conventions(bases=[Base.PERIOD]))
def test_the_whole_period_is_one_and_costs_its_price(period: Stretch, convention: Convention) -> None:
    assume(measured(period, period, convention, EVERY[0]) is not None)
    assert share(period, period, convention) == 1
    plain = evolve(convention, digits=None)
    assert prorate(Money(12_345, EUR), period, period, plain).amount.minor == 12_345


def three(period: Stretch) -> st.SearchStrategy[tuple[Stretch, list[date]]]:
    return st.tuples(st.just(period), st.lists(points(period), min_size=3, max_size=3).map(sorted))


@given(stretches().flatmap(three), st.sampled_from(ADDING))
def test_shares_of_adjoining_parts_add_up(case: tuple[Stretch, list[date]], count: Count) -> None:
    period, (first, second, third) = case
    convention = Convention(count=count)
    assume(measured(period, period, convention, EVERY[0]) is not None)

    def between(start: date, end: date) -> Fraction:
        part = stretch_of(Ends(start, end, zone_of(period)))
        return share(part, period, convention)

    assert between(first, second) + between(second, third) == between(first, third)


@given(cases, conventions(), everies, prices)
def test_a_part_never_costs_more_than_the_whole(
    case: tuple[Stretch, Stretch | None], convention: Convention, every: Duration, price: Money
) -> None:
    period, part = case
    assume(measured(part, period, convention, every) is not None)
    found = prorate(price, part, period, convention, every=every)
    one = Portion(count=Fraction(1), base=Fraction(1))
    whole = Prorated(exact_price=Fraction(price.minor), currency=price.currency, portion=one, convention=convention)
    assert 0 <= found.amount.minor <= whole.amount.minor
    assert 0 <= found.major <= whole.major
    assert found.exact <= price.minor


@given(cases, conventions(), everies, prices)
def test_an_amount_is_what_the_naive_way_finds_and_its_trace_adds_up(
    case: tuple[Stretch, Stretch | None], convention: Convention, every: Duration, price: Money
) -> None:
    period, part = case
    spans = None if part is None else ends(part)
    naive = naive_portion(convention, spans, ends(period), every, zone_of(period))
    assume(naive is not None)
    assert naive is not None
    found = prorate(price, part, period, convention, every=every)
    trace = found.trace
    assert found.amount.minor == naive_amount(price.minor, price.currency.digits, naive, convention)
    assert trace.exact == price.minor * naive.share
    assert trace.remained == trace.exact - found.amount.minor
    assert trace.steps[-1].rounded == Fraction(found.amount.minor, 10**price.currency.digits)
    assert (trace.unit, trace.count, trace.base, trace.share) == (convention.count, *naive)


@given(changes, conventions(), everies, prices, st.integers(-(10**6), 10**9), st.booleans())
def test_a_credit_never_passes_what_is_held(
    case: tuple[Stretch, date], convention: Convention, every: Duration, old: Money, held: int, anew: bool
) -> None:
    period, at = case
    bound = evolve(convention, credit_cap=CreditCap.PAID)
    assume(measured(period, period, bound, every) is not None)
    paid, restart = Money(held, old.currency), every if anew else None
    try:
        found = change(period, at, old, old, convention=bound, held=paid, every=every, restart=restart)
    except NothingCounted:
        return
    most = max(0, held)
    assert 0 <= found.credit.minor <= most
    assert 0 <= found.credit_major * 10**old.currency.digits <= most
    unbound = change(period, at, old, old, convention=bound, every=every, restart=restart)
    assert found.charge == unbound.charge
    assert found.credit <= unbound.credit


@given(changes, conventions(), everies, prices, st.integers(0, 10**9))
def test_a_net_of_lines_is_the_charge_less_the_credit(
    case: tuple[Stretch, date], convention: Convention, every: Duration, old: Money, new: int
) -> None:
    period, at = case
    later = Money(new, old.currency)

    def made(net: Net) -> Change:
        return change(period, at, old, later, convention=evolve(convention, net=net), every=every)

    try:
        lines, once = made(Net.LINES), made(Net.ONCE)
    except NothingCounted:
        return
    assert lines.net == lines.charge - lines.credit
    assert lines.net_major == lines.charge_major - lines.credit_major
    assert (once.charge, once.credit) == (lines.charge, lines.credit)
    unit = 10 ** max(0, -(0 if convention.digits is None else convention.digits - old.currency.digits))
    assert abs(once.net.minor - lines.net.minor) <= 3 * unit


@given(changes, prices, st.integers(0, 10**9), st.sampled_from(CreditCap))
def test_both_ways_through_a_change_come_to_the_same(
    case: tuple[Stretch, date], old: Money, new: int, cap: CreditCap
) -> None:
    period, at = case
    later, convention = Money(new, old.currency), Convention(credit_cap=cap)
    try:
        built = Change(period=period, at=at, old=old, new=later, convention=convention)
    except NothingCounted:
        with pytest.raises(NothingCounted):
            change(period, at, old, later, convention=convention)
        return
    short = change(period, at, old, later, convention=convention)
    assert (short, hash(short)) == (built, hash(built))
    assert (short.credit, short.charge, short.net) == (built.credit, built.charge, built.net)


@given(periods.cycles(whole_days=True), st.integers(-30, 30), st.integers(0, 400), st.integers(0, 12))
def test_items_tile_the_time_and_all_but_the_first_are_whole(cycle: Cycle, k: int, late: int, turns: int) -> None:
    start = date.fromordinal(cycle.day(k).toordinal() + late % (cycle.day(k + 1) - cycle.day(k)).days)
    end = cycle.day(k + turns)
    found = schedule(cycle, start, until=end, billing=BillingMode.ARREARS, end=end)
    assert len(found) == turns
    for before, after in pairwise(found):
        assert before.billed.end == after.billed.start
        assert after.share == 1
    if found:
        assert (found[0].billed.start, found[-1].billed.end) == (start, end)
        assert 0 < found[0].share <= 1
