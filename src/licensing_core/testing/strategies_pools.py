"""Hypothesis strategies for pools of licenses and who acts on them; needs hypothesis."""

from hypothesis import strategies as st

from licensing_core.directory import Actor, Scope
from licensing_core.holdings import Holding, Holdings
from licensing_core.plans import Switches
from licensing_core.pools import LicensePool
from licensing_core.testing.laws_pools import POWER_USER, ROOT, USERS


def users() -> st.SearchStrategy[list[str]]:
    """Some of the eight users of the cases, each once, in any order."""
    return st.lists(st.sampled_from(USERS), unique=True)


def switches() -> st.SearchStrategy[Switches]:
    """Limit, refund and expiry on or off."""
    return st.builds(
        Switches, enforce_limit=st.booleans(), allow_refund=st.booleans(), enforce_expiration=st.booleans()
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
        holdings=Holdings(entries),
    )
