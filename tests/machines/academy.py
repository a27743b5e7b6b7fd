"""A small learning platform: four people, three courses and a learning plan, two pools of licenses and two of seats.

What there is, in plain words; and the same as values of the library, made once for each form that it takes.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from licensing_core import pools
from licensing_core.directory import Actor, Content, Directory, Permission, Role, Scope
from licensing_core.enrollments import Courses
from licensing_core.limits import UNLIMITED, Overage
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Catalog, Package, PackageKind, PlanKind, Renewal, Switches, Terms
from licensing_core.pools import PoolOpened

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
VALIDITY = timedelta(days=10)
USERS = ("ana", "luis", "mei", "noor")
BRANCHES = {"root": None, "sales": "root", "madrid": "sales", "it": "root"}
CONTENTS = ("course:c1", "course:c2", "course:c3", "learning_plan:lp")
PARTS = {"learning_plan:lp": ("course:c1", "course:c3")}
"""The courses of each learning plan."""
BENEFICIARIES = {"a": "branch:sales/**", "b": "group:team", "s": "branch:madrid", "t": "group:team"}
LICENSES, SEATS = ("a", "b"), ("s", "t")
LISTED = {
    "a": {"course:c1", "course:c2", "learning_plan:lp"},
    "b": {"course:c2", "course:c3", "learning_plan:lp"},
    "s": {"course:c1", "course:c3", "learning_plan:lp"},
    "t": {"course:c1", "course:c2"},
}
BUYERS = {"a": "pu", "b": "root", "s": "px", "t": None}
"""Who bought each pool; one was not sold, and never expires. The superadmin recorded theirs by hand: no price."""
QUANTITIES = {"a": 3, "b": 2, "s": 2, "t": 0}
LASTS = {"a": 2 * VALIDITY, "b": VALIDITY, "s": VALIDITY, "t": None}
ACTORS = ("root", "pu", "px", "ana")
"""A superadmin, a power user, one who may not activate enrollments, and a learner."""
RESOURCES = ("branch:sales/**", "group:team", "branch:madrid", "user:ana", "course:c3", "learning_plan:lp")
"""What is given to the power user, and taken again."""
RATIO = (5, 4)

COURSES: Courses = {Content.parse(plan): frozenset(map(Content.parse, courses)) for plan, courses in PARTS.items()}
CONTENT = {text: Content.parse(text) for text in CONTENTS}
TEXT = {content: text for text, content in CONTENT.items()}


def opening(pool: str, bought: int) -> PoolOpened:
    """What opened *pool* at the start."""
    buyer, lasts = BUYERS[pool], LASTS[pool]
    kind = PackageKind.LICENSES if pool in LICENSES else PackageKind.SEATS
    terms = None
    if buyer is not None:
        terms = Terms(
            plan=pool,
            package=pool,
            kind=PlanKind.MULTI_LICENSE if pool in LICENSES else PlanKind.SEATS,
            price=None if buyer == "root" else Money.parse("90.00 EUR"),
            quantity=QUANTITIES[pool],
            validity=Duration(days=VALIDITY.days),
            renewal=Renewal.MANUAL,
            created_by=buyer,
            purchased_at=START,
        )
    return pools.open_pool(
        pool,
        kind,
        beneficiary=Scope.parse(BENEFICIARIES[pool]),
        bought=bought,
        by=Actor("root", Role.SUPERADMIN),
        now=START,
        expires_at=None if lasts is None else START + lasts,
        terms=terms,
    ).events[0]


@cache
def actor(name: str, resources: frozenset[str]) -> Actor:
    """The actor *name*; of a power user with *resources*, as texts."""
    if name == "root":
        return Actor(name, Role.SUPERADMIN)
    if name not in ("pu", "px"):
        return Actor(name)
    missing = {Permission.ENROLLMENTS_ACTIVATE} if name == "px" else set()
    held = frozenset(CONTENT[text] if text in CONTENT else Scope.parse(text) for text in resources)
    return Actor(name, Role.POWER_USER, permissions=frozenset(Permission) - missing, resources=held)


@cache
def directory(branches: tuple[tuple[str, str], ...], team: frozenset[str]) -> Directory:
    """Who is where: each user in one branch, and some in the team."""
    return Directory.of(
        branches=BRANCHES, users={user: [branch] for user, branch in branches}, groups={"team": sorted(team)}
    )


@cache
def package(pool: str, listed: frozenset[str]) -> Package | None:
    """What the plan of *pool* opens; a plan that lists nothing is gone."""
    if not listed:
        return None
    kind = PackageKind.LICENSES if pool in LICENSES else PackageKind.SEATS
    contents = frozenset(CONTENT[text] for text in listed)
    return Package(id=pool, kind=kind, catalogs=(Catalog("all", contents),), audience=frozenset())


@cache
def switches(enforce: bool, refund: bool, expire: bool, overage: str, cap: tuple[int, int] | None) -> Switches:
    """The switches of a plan, from plain words: overage *block*, *allow* or *ratio*."""
    rules: dict[str, Any] = {"block": Overage.BLOCK, "allow": Overage.ALLOW, "ratio": Fraction(*RATIO)}
    return Switches(
        enforce_limit=enforce,
        allow_refund=refund,
        enforce_expiration=expire,
        overage=rules[overage],
        revocation_cap=UNLIMITED if cap is None else Fraction(*cap),
    )
