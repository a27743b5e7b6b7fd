"""Hypothesis strategies for pools of licenses and who acts on them; needs hypothesis."""

from datetime import datetime, timedelta

from attrs import evolve
from hypothesis import strategies as st

from licensing_core.directory import Actor, Scope
from licensing_core.holdings import Holding, Holdings
from licensing_core.limits import UNLIMITED, Overage
from licensing_core.periods import Duration
from licensing_core.plans import PlanKind, Renewal, Switches, Terms
from licensing_core.pools import AnyPool, LicensePool, SeatPool
from licensing_core.testing.laws_pools import NOON, POWER_USER, ROOT, USERS


def users() -> st.SearchStrategy[list[str]]:
    """Some of the eight users of the cases, each once, in any order."""
    return st.lists(st.sampled_from(USERS), unique=True)


def switches() -> st.SearchStrategy[Switches]:
    """Limit, refund and expiry on or off, any overage, and a revocation cap or none."""
    return st.builds(
        Switches,
        enforce_limit=st.booleans(),
        allow_refund=st.booleans(),
        enforce_expiration=st.booleans(),
        overage=st.sampled_from(Overage) | st.fractions(1, 3, max_denominator=9),
        revocation_cap=st.just(UNLIMITED) | st.fractions(0, 2, max_denominator=9),
    )


def actors() -> st.SearchStrategy[Actor]:
    """A power user or a superadmin."""
    return st.sampled_from((POWER_USER, ROOT))


@st.composite
def license_pools(draw: st.DrawFn) -> LicensePool:
    """Pools of which any of the eight users hold a license or await confirmation; some are overrun."""
    entries = draw(st.dictionaries(st.sampled_from(USERS), st.sampled_from(Holding)))
    return LicensePool(
        id="pool",
        beneficiary=Scope.branch("sales"),
        bought=draw(st.integers(0, 10)),
        consumed=len(entries),
        held=sum(state is Holding.HELD for state in entries.values()),
        revoked=draw(st.integers(0, 4)),
        holdings=Holdings(entries),
    )


def instants() -> st.SearchStrategy[dict[str, datetime]]:
    """An instant of the last days for some of the users."""
    return st.dictionaries(st.sampled_from(USERS), st.integers(0, 99).map(lambda hours: NOON - timedelta(hours=hours)))


def terms(kind: PlanKind) -> st.SearchStrategy[Terms]:
    """What was sold through a plan of *kind*, renewed or not."""
    return st.builds(
        Terms,
        plan=st.just("ten"),
        package=st.just("pack"),
        kind=st.just(kind),
        price=st.none(),
        quantity=st.integers(1, 50),
        validity=st.sampled_from(("P1Y", "P1M", "P30D", "P2W", "P1D")).map(Duration.parse),
        renewal=st.sampled_from(Renewal),
        created_by=st.just("pu"),
        purchased_at=st.just(NOON),
    )


@st.composite
def sold_pools(draw: st.DrawFn) -> AnyPool:
    """Pools of licenses or seats that expire at some time; some were not sold, or never expire."""
    expires_at = draw(st.none() | st.integers(-9000, 9000).map(lambda hours: NOON + timedelta(hours=hours)))
    if draw(st.booleans()):
        return evolve(
            draw(license_pools()), expires_at=expires_at, terms=draw(st.none() | terms(PlanKind.MULTI_LICENSE))
        )
    held = draw(st.integers(0, 5))
    return SeatPool(
        id="seats",
        beneficiary=Scope.branch("sales"),
        bought=draw(st.integers(0, 9)),
        consumed=held + draw(st.integers(0, 5)),
        held=held,
        expires_at=expires_at,
        terms=draw(st.none() | terms(PlanKind.SEATS)),
    )
