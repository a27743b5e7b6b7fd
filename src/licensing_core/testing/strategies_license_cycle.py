"""Hypothesis strategies for accounts of licenses billed by cycle; needs hypothesis."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from licensing_core import license_cycle
from licensing_core.directory import Actor
from licensing_core.license_cycle import LicenseAccount, LicenseType
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import UnitPrice
from licensing_core.testing import strategies_periods as periods
from licensing_core.testing.laws_license_cycle import ADMIN, TYPES, USERS, ZONES
from licensing_core.testing.laws_proration import CURRENCIES


def unit_prices() -> st.SearchStrategy[UnitPrice]:
    """Prices per unit from 0 up, in a currency of 0, 2 or 3 digits."""
    return st.builds(UnitPrice, st.builds(Money, st.integers(0, 10**7), st.sampled_from(CURRENCIES)))


def wishes() -> st.SearchStrategy[dict[str, int]]:
    """One type or both, and how many of each to buy."""
    return st.dictionaries(st.sampled_from(TYPES), st.integers(1, 50), min_size=1)


@st.composite
def accounts(draw: st.DrawFn) -> LicenseAccount:
    """Accounts of two types with a minimum or none, some licenses free and some held, in any cycle of whole days."""
    every = Duration.parse(draw(st.sampled_from(("P1M", "P2W", "P10D", "P3M", "P1Y"))))
    cycle = Cycle(draw(periods.days()), every, draw(st.sampled_from(ZONES)))
    now = cycle.boundary(draw(st.integers(-20, 20)))
    minimums = {name: draw(st.integers(0, 3)) for name in TYPES}
    types = tuple(LicenseType(id=name, minimum=minimums[name], price=draw(unit_prices())) for name in TYPES)
    totals = {name: minimums[name] + draw(st.integers(0, 3)) for name in TYPES}
    account = license_cycle.open_account(
        "crm", cycle=cycle, types=types, totals=totals, by=Actor("admin"), now=now
    ).state
    for user, name in draw(st.lists(st.tuples(st.sampled_from(USERS), st.sampled_from(TYPES)), max_size=4)):
        if account.pool(name).free:
            account = license_cycle.grant(account, user, name, by=ADMIN, now=now).state
    return account


@st.composite
def moments(draw: st.DrawFn, account: LicenseAccount) -> datetime:
    """Instants of the open cycle of *account*."""
    seconds = int((account.period.end - account.period.start).total_seconds())
    return account.period.start + timedelta(seconds=draw(st.integers(0, seconds - 1)))
