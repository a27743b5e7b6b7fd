"""The laws of prices by quantity and of price lists; the price of each single unit is the oracle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.pricing import (
    FlatPrice,
    Migration,
    PackagePrice,
    PinnedPrice,
    Price,
    PriceList,
    PriceMissing,
    Tier,
    TieredPrice,
    Tiering,
    UnitPrice,
    migrate,
    preview_migration,
)
from licensing_core.rounding import Rounding
from licensing_core.testing import strategies_periods as periods
from licensing_core.testing.strategies_pricing import price_lists, prices, tiers

EUR = Currency("EUR")
QUANTITIES = st.integers(1, 200)


def tier_of(unit: int, steps: Sequence[Tier]) -> Tier:
    """The tier that the unit of this number lies in."""
    return next(step for step in steps if step.up_to is None or unit <= step.up_to)


def flat_of(step: Tier) -> int:
    return step.flat.minor if step.flat else 0


def naive(price: Price, quantity: int) -> Fraction:
    """What *quantity* costs, unit by unit."""
    if isinstance(price, FlatPrice):
        return Fraction(price.price.minor)
    units = range(1, quantity - price.included + 1)
    if isinstance(price, UnitPrice):
        found = sum((Fraction(price.price.minor, price.per) for _ in units), Fraction(0))
    elif isinstance(price, PackagePrice):
        found = Fraction(sum(price.price.minor for unit in units if unit % price.size == 1 or price.size == 1))
    elif price.tiering is Tiering.VOLUME:
        step = tier_of(len(units), price.tiers)
        found = Fraction(sum(step.unit.minor for _ in units) + flat_of(step) if units else 0)
    else:
        met = [tier_of(unit, price.tiers) for unit in units]
        entered = [step for place, step in enumerate(met) if place == 0 or met[place - 1] is not step]
        found = Fraction(sum(step.unit.minor for step in met) + sum(map(flat_of, entered)))
    return max(found, Fraction(price.minimum.minor)) if price.minimum else found


@given(prices(), QUANTITIES)
def test_a_price_is_what_its_units_cost_one_by_one(price: Price, quantity: int) -> None:
    assert price.exact(quantity) == naive(price, quantity)


@given(prices(), QUANTITIES, QUANTITIES)
def test_more_never_cost_less_but_by_volume(price: Price, one: int, more: int) -> None:
    assume(not (isinstance(price, TieredPrice) and price.tiering is Tiering.VOLUME))
    assert 0 <= price.exact(one) <= price.exact(one + more)


@given(tiers(EUR), st.integers(0, 30), QUANTITIES)
def test_a_graduated_price_grows_with_each_unit_by_its_tier(
    steps: tuple[Tier, ...], included: int, quantity: int
) -> None:
    price = TieredPrice(steps, Tiering.GRADUATED, included=included)
    grown = price.exact(quantity + 1) - price.exact(quantity)
    place = quantity + 1 - included
    if place < 1:
        assert grown == 0
        return
    step = tier_of(place, steps)
    enters = place == 1 or tier_of(place - 1, steps) is not step
    assert grown == step.unit.minor + (flat_of(step) if enters else 0)


@given(tiers(EUR, at_most=1), st.integers(0, 30), QUANTITIES)
def test_a_single_tier_is_the_same_by_volume_and_graduated(
    steps: tuple[Tier, ...], included: int, quantity: int
) -> None:
    graduated, volume = (TieredPrice(steps, tiering, included=included) for tiering in Tiering)
    assert graduated.exact(quantity) == volume.exact(quantity)


@given(tiers(EUR), QUANTITIES)
def test_falling_tiers_cost_no_more_by_volume(steps: tuple[Tier, ...], quantity: int) -> None:
    falling = sorted((step.unit.minor for step in steps), reverse=True)
    plain = tuple(Tier(up_to=step.up_to, unit=Money(minor, EUR)) for step, minor in zip(steps, falling, strict=True))
    graduated, volume = (TieredPrice(plain, tiering) for tiering in Tiering)
    assert volume.exact(quantity) <= graduated.exact(quantity)


@given(prices(EUR), QUANTITIES)
def test_nothing_costs_less_than_its_minimum(price: Price, quantity: int) -> None:
    if not isinstance(price, FlatPrice) and price.minimum is not None:
        assert price.exact(quantity) >= price.minimum.minor
    assert price.currency is EUR


def near(prices_of: PriceList) -> st.SearchStrategy[datetime]:
    """Instants at the dates of a list, a tick beside them, and anywhere."""
    dates = st.sampled_from([version.effective for version in prices_of.versions])
    ticks = st.integers(-1, 1).map(lambda ticks: timedelta(microseconds=ticks))
    return st.builds(lambda at, tick: at + tick, dates, ticks) | periods.instants()


listed = price_lists(EUR).flatmap(lambda one: st.tuples(st.just(one), near(one)))


@settings(max_examples=settings().max_examples // 2)
@given(listed)
def test_a_list_has_one_version_at_every_instant(case: tuple[PriceList, datetime]) -> None:
    prices_of, at = case
    ends = [*(version.effective for version in prices_of.versions[1:]), None]
    holding = [
        version
        for version, end in zip(prices_of.versions, ends, strict=True)
        if version.effective <= at and (end is None or at < end)
    ]
    if holding:
        (only,) = holding
        assert prices_of.version_at(at) is only
        assert prices_of.price_at(at) is only.prices[0]
        assert prices_of.pin("ana", 1, at).effective == only.effective
    else:
        assert at < prices_of.versions[0].effective
        with pytest.raises(PriceMissing):
            prices_of.version_at(at)


@st.composite
def migrations(draw: st.DrawFn) -> tuple[Migration, list[PinnedPrice], datetime]:
    """A migration of some list, up to six pins of it, and an instant."""
    prices_of = draw(price_lists(EUR))
    first = prices_of.versions[0].effective

    def instant() -> datetime:
        return max(first, draw(near(prices_of)))

    names = draw(st.lists(st.sampled_from("abcdef"), unique=True))
    pins = [prices_of.pin(name, draw(QUANTITIES), instant()) for name in names]
    plan = Migration(
        price_list=prices_of,
        starts=instant(),
        pinned_before=draw(st.none() | near(prices_of)),
        keep=draw(st.frozensets(st.sampled_from("abcdef"), max_size=2)),
    )
    return plan, pins, instant()


@settings(max_examples=settings().max_examples // 3)
@given(migrations())
def test_a_migration_that_is_carried_out_twice_is_carried_out_once(
    case: tuple[Migration, list[PinnedPrice], datetime],
) -> None:
    plan, pins, at = case
    for pin in pins:
        once = migrate(plan, pin, at=at)
        assert migrate(plan, once, at=at) == once
        assert (once.id, once.quantity, once.price_list) == (pin.id, pin.quantity, pin.price_list)
        if at < plan.starts or pin.id in plan.keep:
            assert once == pin
        elif plan.pinned_before is None:
            assert once.effective == max(pin.effective, plan.price_list.version_at(plan.starts).effective)


@settings(max_examples=settings().max_examples // 3)
@given(migrations())
def test_a_preview_says_what_the_migration_does(case: tuple[Migration, list[PinnedPrice], datetime]) -> None:
    plan, pins, at = case
    found = preview_migration(plan, pins, at=at)
    moved = {pin.id: (pin, migrate(plan, pin, at=at)) for pin in pins if migrate(plan, pin, at=at) != pin}
    assert [row.id for row in found.rows] == sorted(moved)
    for row in found.rows:
        for amount, pin in zip((row.before, row.after), moved[row.id], strict=True):
            assert amount.minor == Rounding.HALF_UP.quotient(*naive(pin.price, pin.quantity).as_integer_ratio())
    assert {*found.more, *found.less} <= set(found.rows)
    added = sum(row.after.minor - row.before.minor for row in found.rows)
    assert dict(found.totals) == ({EUR: Money(added, EUR)} if found.rows else {})
