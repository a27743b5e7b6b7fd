"""What a change comes to, by the fast path and by the general one, and by a naive oracle."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest

from licensing_core.money import MAX_MINOR, Money
from licensing_core.periods import Duration, Span
from licensing_core.proration import (
    LICENSING_CORE,
    Base,
    Change,
    ChangeDay,
    Convention,
    Count,
    CreditCap,
    Net,
    NothingCounted,
    Stage,
    Stub,
    change,
    preset,
    prorate,
)
from licensing_core.rounding import Rounding
from tests.change_world import EUR, JPY, KWD, MADRID, MONTH, NO_CAP, days_of, minor_units
from tests.naive_proration import naive_change

# The fast path and the general one.


def any_case(rng: Random) -> tuple[Span, date, Money, Money]:
    """Days of a period, a day of it or at its end, and two prices; often the hard ones."""
    start = date(2020, 1, 1) + timedelta(days=rng.randrange(3000))
    days = rng.choice((1, 2, 28, 29, 30, 31, 365, 366, rng.randint(1, 4000)))
    at = start + timedelta(days=rng.choice((0, days, rng.randint(0, days), rng.randint(0, days))))
    currency = rng.choice((EUR, JPY, KWD))
    old, new = (
        Money(rng.choice((0, 1, days, 2 * days + 1, rng.randrange(10**6), rng.randrange(MAX_MINOR))), currency)
        for _ in range(2)
    )
    return Span(start, start + timedelta(days=days)), at, old, new


@pytest.mark.parametrize("convention", [LICENSING_CORE, Convention(), NO_CAP, preset("chargebee")])
def test_the_short_way_comes_to_what_the_constructor_and_the_naive_way_do(convention: Convention) -> None:
    rng = Random(20_240_401)
    for _ in range(1500):
        period, at, old, new = any_case(rng)
        short = change(period, at, old, new, convention=convention)
        built = Change(period=period, at=at, old=old, new=new, convention=convention)
        assert short == built
        assert hash(short) == hash(built)
        assert minor_units(short) == minor_units(built)
        assert (short.credit, short.charge, short.net) == (built.credit, built.charge, built.net)
        left = Fraction((period.end - at).days, period.days)
        credit, charge = (int(amount.minor * left + Fraction(1, 2)) for amount in (old, new))
        assert minor_units(short) == (credit, charge, charge - credit), (period, at, old, new)


ONE_AXIS = [
    *(Convention(count=count) for count in Count),
    Convention(base=Base.START_MONTH),
    Convention(change_day=ChangeDay.OLD),
    Convention(stub=Stub.FULL),
    Convention(stage=Stage.SHARE, stage_digits=2),
    Convention(stage=Stage.DAY_RATE, stage_digits=2),
    *(Convention(mode=mode) for mode in Rounding),
    *(Convention(digits=digits) for digits in (-1, 0, 1, 2, 3)),
    Convention(net=Net.ONCE),
    NO_CAP,
]


@pytest.mark.parametrize("convention", ONE_AXIS, ids=lambda one: str(dict(one.differences())))
def test_no_axis_is_lost_on_the_short_way(convention: Convention) -> None:
    rng = Random(11)
    for _ in range(60):
        start = date(2023, 1, 1) + timedelta(days=rng.randrange(1000))
        period = Span(start, start + timedelta(days=rng.choice((28, 30, 31, 59, 365))))
        at = start + timedelta(days=rng.randint(0, period.days))
        old, new = rng.choice((0, 5, rng.randrange(10**6))), rng.choice((0, 5, rng.randrange(10**6)))
        wanted = naive_change(convention, (period.start, period.end), at, old, new, MONTH)
        found = change(period, at, Money(old, EUR), Money(new, EUR), convention=convention)
        assert minor_units(found) == wanted, (period, at, old, new)


def test_a_seconds_convention_of_days_comes_to_the_same_by_the_general_way() -> None:
    rng = Random(7)
    for _ in range(500):
        period, at, old, new = any_case(rng)
        general = change(period, at, old, new, convention=preset("stripe"))
        assert minor_units(general) == minor_units(change(period, at, old, new))


def test_prorating_both_prices_comes_to_the_same() -> None:
    rng = Random(8)
    for _ in range(500):
        period, at, old, new = any_case(rng)
        found = change(period, at, old, new)
        assert found.credit == prorate(old, found.unused, period).amount
        assert found.charge == prorate(new, found.unused, period).amount
        assert found.credit_trace.exact == found.portion.share * old.minor
        assert found.charge_trace.remained == found.portion.share * new.minor - found.charge.minor


def any_convention(rng: Random) -> Convention:
    stage = rng.choice(list(Stage))
    return Convention(
        count=rng.choice(list(Count)),
        base=rng.choice(list(Base)),
        change_day=rng.choice(list(ChangeDay)),
        stub=rng.choice(list(Stub)),
        stage=stage,
        stage_digits=None if stage is Stage.LINE else rng.randrange(6),
        mode=rng.choice(list(Rounding)),
        digits=rng.choice((None, None, *range(-2, 6))),
        net=rng.choice(list(Net)),
        credit_cap=rng.choice(list(CreditCap)),
    )


EVERY = tuple(map(Duration.parse, ("P1M", "P3M", "P1Y", "P2W", "P30D")))


def test_every_convention_comes_to_what_the_naive_way_does_over_days() -> None:
    rng, refused = Random(9), 0
    for _ in range(1500):
        start = date(2023, 1, 1) + timedelta(days=rng.randrange(1000))
        period = Span(start, start + timedelta(days=rng.choice((1, 28, 30, 31, 90, 365, rng.randint(1, 400)))))
        at = start + timedelta(days=rng.randint(-3, period.days + 3))
        currency = rng.choice((EUR, JPY, KWD))
        old, new, held = (rng.choice((None, 0, 5, rng.randrange(10**7))) for _ in range(3))
        convention, every, restart = any_convention(rng), rng.choice(EVERY), rng.choice((None, MONTH))
        old = 0 if old is None and new is None else old
        before, after, paid = (None if minor is None else Money(minor, currency) for minor in (old, new, held))
        wanted = naive_change(
            convention,
            (period.start, period.end),
            at,
            old,
            new,
            every,
            digits=currency.digits,
            held=held,
            restart=restart is not None,
        )
        try:
            found = minor_units(
                change(period, at, before, after, convention=convention, held=paid, every=every, restart=restart)
            )
        except NothingCounted:
            refused += 1
            assert wanted is None, (period, convention, every)
        else:
            assert found == wanted, (period, at, before, after, paid, convention, every, restart)
    assert 0 < refused < 500


@pytest.mark.parametrize("zone", ["UTC", MADRID, "America/New_York", "Asia/Kathmandu", "America/Sao_Paulo"])
def test_every_convention_comes_to_what_the_naive_way_does_over_instants(zone: str) -> None:
    rng, checked = Random(10), 0
    for _ in range(150):
        first = date(2016, 1, 1) + timedelta(days=rng.randrange(1200))
        period = days_of(zone, first, first + timedelta(days=rng.choice((28, 30, 31, 92, 365))))
        length = int((period.end - period.start).total_seconds())
        at = period.start + timedelta(seconds=rng.randint(-90_000, length + 90_000), microseconds=rng.randrange(10**6))
        convention, every = any_convention(rng), rng.choice(EVERY)
        old, new = rng.randrange(10**6), rng.randrange(10**6)
        wanted = naive_change(convention, (period.start, period.end), at, old, new, every, zone=zone)
        if wanted is not None:
            checked += 1
            found = change(period, at, Money(old, EUR), Money(new, EUR), convention=convention, every=every)
            assert minor_units(found) == wanted, (period, at, old, new, convention, every)
    assert checked > 90
