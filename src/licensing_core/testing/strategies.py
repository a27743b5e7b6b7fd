"""Hypothesis strategies for people and plans; only who imports this module needs hypothesis.

Those for money and periods stand in `strategies_money` and `strategies_periods`.
"""

from typing import Final

from hypothesis import strategies as st

from licensing_core.currencies import Currency
from licensing_core.directory import EVERYONE, Actor, Content, Coverage, Directory, Permission, Role, Scope
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Catalog, Offer, Package, Plan, PlanKind, Renewal, Settings, Switches
from licensing_core.pricing import FlatPrice, UnitPrice

USERS: Final = tuple(f"user{n}" for n in range(8))
"""The users that directories, scopes and actors are drawn from."""
BRANCHES: Final = tuple(f"branch{n}" for n in range(6))
"""The branches that they are drawn from."""
GROUPS: Final = tuple(f"group{n}" for n in range(3))
"""The groups that they are drawn from."""
CONTENTS: Final = (*(Content.course(f"course{n}") for n in range(4)), Content.learning_plan("path"))
"""The contents that catalogs are drawn from."""


def ids() -> st.SearchStrategy[str]:
    """Ids of every form that is taken."""
    return st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")


def users() -> st.SearchStrategy[str]:
    """Ids of a few users."""
    return st.sampled_from(USERS)


def scopes() -> st.SearchStrategy[Scope]:
    """Scopes of every kind, of the few users, branches and groups."""
    branches = st.sampled_from(BRANCHES)
    return st.one_of(
        st.just(EVERYONE),
        users().map(Scope.user),
        st.sampled_from(GROUPS).map(Scope.group),
        branches.map(Scope.branch),
        branches.map(Scope.tree),
    )


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    """Directories of the few users, in a forest of any shape; some users and branches are missing."""
    known = BRANCHES[: draw(st.integers(0, len(BRANCHES)))]
    parents = {one: draw(st.sampled_from((None, *known[:place]))) for place, one in enumerate(known)}
    some = st.frozensets(st.sampled_from(known), max_size=2) if known else st.just(frozenset[str]())
    return Directory.of(
        branches=parents,
        users=draw(st.dictionaries(users(), some)),
        groups=draw(st.dictionaries(st.sampled_from(GROUPS), st.frozensets(users(), max_size=4))),
        coverage=draw(st.sampled_from(Coverage)),
    )


def actors() -> st.SearchStrategy[Actor]:
    """Actors of every role, with any permissions and resources."""
    return st.builds(
        Actor,
        users(),
        st.sampled_from(Role),
        permissions=st.frozensets(st.sampled_from(Permission)),
        resources=st.frozensets(st.one_of(scopes(), st.sampled_from(CONTENTS)), max_size=4),
    )


def settings() -> st.SearchStrategy[Settings]:
    """The three switches of a plan, each on, off or left to the platform."""
    maybe = st.sampled_from((None, True, False))
    return st.builds(Settings, enforce_limit=maybe, allow_refund=maybe, enforce_expiration=maybe)


def switches() -> st.SearchStrategy[Switches]:
    """The three switches, each on or off."""
    flag = st.booleans()
    return st.builds(Switches, enforce_limit=flag, allow_refund=flag, enforce_expiration=flag)


@st.composite
def _prices(draw: st.DrawFn) -> tuple[FlatPrice | UnitPrice, ...]:
    codes = draw(st.lists(st.sampled_from(("EUR", "MXN", "JPY", "KWD")), min_size=1, max_size=3, unique=True))
    amounts = (Money(draw(st.integers(0, 10**7)), Currency(code)) for code in codes)
    return tuple(FlatPrice(amount) if draw(st.booleans()) else UnitPrice(amount) for amount in amounts)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of every kind, with prices in one to three currencies."""
    kind = draw(st.sampled_from(PlanKind))
    return Plan(
        id=draw(ids()),
        package=draw(ids()),
        kind=kind,
        quantity=1 if kind is PlanKind.SINGLE_LICENSE else draw(st.integers(1, 1000)),
        prices=draw(_prices()),
        validity=Duration(months=draw(st.integers(1, 36))),
        renewal=draw(st.sampled_from(Renewal)),
        settings=draw(settings()),
    )


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    """Plans with the package that they sell, shown to any audience."""
    plan = draw(plans())
    catalogs = st.builds(Catalog, ids(), st.frozensets(st.sampled_from(CONTENTS)))
    package = Package(
        id=plan.package,
        kind=plan.kind.sells,
        catalogs=tuple(draw(st.lists(catalogs, max_size=2))),
        audience=draw(st.frozensets(scopes(), max_size=3)),
    )
    return Offer(plan, package)
