"""Hypothesis strategies for grants, their usage, and accounts of credits; needs hypothesis."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from licensing_core.credits import (
    Balances,
    CreditAccount,
    CreditPack,
    Grant,
    Rollover,
    UsageRecord,
    balances_at,
)
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice
from licensing_core.testing import cases_credits as cases
from licensing_core.testing.cases_credits import MONDAY, NAMES, STEP, ZONE
from licensing_core.testing.strategies_money import amounts


def rollovers() -> st.SearchStrategy[Rollover]:
    """None, some or all of it."""
    bounds = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted)
    return bounds.map(lambda both: Rollover(least=both[0], most=both[1]))


def instants() -> st.SearchStrategy[datetime]:
    """A few instants, so that much happens at one and the same."""
    return st.integers(-4, 12).map(lambda n: MONDAY + n * STEP)


def durations() -> st.SearchStrategy[Duration]:
    """An hour or more."""
    return st.sampled_from(("PT1H", "PT6H", "P1D", "P2D", "P1M")).map(Duration.parse)


@st.composite
def grants(draw: st.DrawFn, name: str = NAMES[0]) -> Grant:
    """Grants called *name* that begin, end, recur and roll over in any way."""
    effective = draw(instants())
    ends = st.none() | st.integers(0, 12).map(lambda n: effective + n * STEP)
    return Grant(
        id=name,
        amount=draw(st.integers(1, 30)),
        priority=draw(st.integers(-1, 1)),
        effective=effective,
        expires=draw(ends),
        voided=draw(ends),
        recurrence=draw(st.none() | st.builds(Cycle, instants(), durations(), st.just(ZONE))),
        rollover=draw(rollovers()),
    )


def packs() -> st.SearchStrategy[CreditPack]:
    """Packs for sale of any terms."""
    return st.builds(
        CreditPack,
        id=st.sampled_from(NAMES),
        credits=st.integers(1, 30),
        prices=amounts().map(lambda price: (FlatPrice(abs(price)),)),
        expires_after=st.none() | durations(),
        priority=st.integers(-1, 1),
        every=st.none() | durations(),
        rollover=rollovers(),
    )


@st.composite
def balances(draw: st.DrawFn) -> Balances:
    """The balances of some grants at one instant; something is owed at times."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    overage = draw(st.integers(0, 40) | st.just(0))
    return balances_at([draw(grants(name)) for name in names], MONDAY, overage=overage, used=draw(st.integers(0, 9)))


def usage() -> st.SearchStrategy[list[UsageRecord]]:
    """Some records, in any order, within the time of the instants or without."""
    return st.lists(st.builds(UsageRecord, instants(), st.integers(0, 40)), max_size=8)


def resets() -> st.SearchStrategy[list[datetime]]:
    """Some instants of the two days after that of the balances."""
    return st.lists(st.integers(1, 8).map(lambda n: MONDAY + n * STEP), max_size=3)


def cuts() -> st.SearchStrategy[list[datetime]]:
    """Some instants of these two days, also between those at which something happens."""
    return st.lists(st.integers(0, 16).map(lambda n: MONDAY + n * STEP / 2), max_size=4)


def accounts() -> st.SearchStrategy[CreditAccount]:
    """Accounts with orders and grants, after some commands of any kind."""
    return st.randoms(use_true_random=False).map(cases.any_account)


def later() -> st.SearchStrategy[timedelta]:
    """How long after the last command it is now; nothing at times."""
    return st.integers(0, 12).map(lambda n: n * STEP)
