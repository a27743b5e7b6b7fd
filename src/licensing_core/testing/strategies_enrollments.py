"""Hypothesis strategies for enrollments and the pools that they come through; needs hypothesis."""

from datetime import timedelta

from hypothesis import strategies as st

from licensing_core.directory import Actor, Content
from licensing_core.enrollments import Enrollment, Enrollments, EnrollmentStatus, LivePool, Roster
from licensing_core.holdings import Holding, Holdings
from licensing_core.plans import Catalog, Package, PackageKind
from licensing_core.pools import LicensePool, SeatPool
from licensing_core.testing import strategies_pools
from licensing_core.testing.laws_enrollments import CLERK, CONTENTS, POWER_USER, SALES, USERS
from licensing_core.testing.laws_pools import NOON, ROOT


def users() -> st.SearchStrategy[list[str]]:
    """Some of the users of the cases, each once, in any order."""
    return st.lists(st.sampled_from(USERS), unique=True)


def contents() -> st.SearchStrategy[list[Content]]:
    """Some of what the package of the cases lists, each once, in any order."""
    return st.lists(st.sampled_from(CONTENTS), unique=True)


def actors() -> st.SearchStrategy[Actor]:
    """A power user, one whose enrollments wait to be confirmed, or a superadmin."""
    return st.sampled_from((CLERK, POWER_USER, ROOT))


@st.composite
def enrollments(draw: st.DrawFn) -> Enrollments:
    """Enrollments of the few users, through the pool of the cases, another one, or none."""
    places = draw(st.lists(st.tuples(st.sampled_from(USERS), st.sampled_from(CONTENTS)), unique=True, max_size=5))
    return Enrollments(draw(one_of(user, content)) for user, content in places)


def one_of(user: str, content: Content) -> st.SearchStrategy[Enrollment]:
    """An enrollment of *user* in *content*: to confirm, locked, ended or to begin at times."""
    return st.builds(
        Enrollment,
        user=st.just(user),
        content=st.just(content),
        pool=st.sampled_from(("pool", "pool", "other", None)),
        status=st.sampled_from(EnrollmentStatus),
        level=st.sampled_from((None, "student")),
        since=st.sampled_from((None, NOON - timedelta(hours=9))),
        until=st.sampled_from((None, NOON - timedelta(hours=1), NOON, NOON + timedelta(hours=1))),
        locked=st.booleans(),
    )


@st.composite
def licenses(draw: st.DrawFn, pool_id: str = "pool") -> LicensePool:
    """Pools of licenses of the few users: expired, in force, or without an end."""
    entries = draw(st.dictionaries(st.sampled_from(USERS), st.sampled_from(Holding)))
    return LicensePool(
        id=pool_id,
        beneficiary=SALES,
        bought=draw(st.integers(0, 7)),
        consumed=len(entries),
        held=sum(state is Holding.HELD for state in entries.values()),
        expires_at=draw(st.sampled_from((None, NOON, NOON - timedelta(hours=5), NOON + timedelta(hours=5)))),
        holdings=Holdings(entries),
    )


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """A pool of licenses or seats with the enrollments of its users; of seats, as many are held as there are."""
    some = draw(enrollments())
    if draw(st.booleans()):
        return Roster(pool=draw(licenses()), enrollments=some)
    held = sum(1 for one in some.values() if one.pool == "pool" and one.takes_a_seat)
    seats = SeatPool(
        id="pool",
        beneficiary=SALES,
        bought=draw(st.integers(0, 12)),
        consumed=held + draw(st.integers(0, 2)),
        held=held,
    )
    return Roster(pool=seats, enrollments=some)


def packages() -> st.SearchStrategy[Package]:
    """Packages that list some of the contents."""
    catalogs = st.frozensets(st.sampled_from(CONTENTS)).map(lambda some: (Catalog("all", some),))
    return st.builds(
        Package,
        id=st.just("pack"),
        kind=st.just(PackageKind.LICENSES),
        catalogs=catalogs,
        audience=st.just(frozenset()),
    )


def live_pools(pool_id: str = "pool") -> st.SearchStrategy[LivePool]:
    """Pools of licenses, with any package or none any more, and any switches."""
    return st.builds(
        LivePool, pool=licenses(pool_id), package=st.none() | packages(), switches=strategies_pools.switches()
    )
