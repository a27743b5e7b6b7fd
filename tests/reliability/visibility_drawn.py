"""Random worlds for the oracle of visibility, and what is asked about in them; the seed decides all of it."""

from copy import deepcopy
from dataclasses import dataclass
from random import Random

from tests.naive_world import Enrollment, Package, Plan, Pool, World

ACTORS = ("u0", "u1", "u2", "outsider", "u5")
"""The first four are given roles; `u5` has none, and so is a learner. `outsider` is in no branch and no group."""
PEOPLE = (*(f"u{number}" for number in range(8)), "outsider")
"""`u6` is known to nobody, and `u7` to a group alone."""
COURSES = tuple(f"course:c{number}" for number in range(4))
LEARNING_PLANS = ("learning_plan:l0", "learning_plan:l1")
CONTENTS = (*COURSES, *LEARNING_PLANS, "course:c9", "learning_plan:l9")
"""The last two exist nowhere."""
PERMISSIONS = (
    "seats.manage",
    "seats.manage",
    "groups.view",
    "transactions.create",
    "enrollments.activate",
    "enrollments.edit",
    "courses.view",
    "enrollments.view",
    "learning_plans.view",
    "enrollments.manage",
)
INSTANTS = (None, None, None, -5, 0, 5)
"""`World.now` is 0."""
Grant = tuple[str, str, str]
"""Its kind, who has it, and what it is."""
Line = tuple[str, str | None]


def a_world(rng: Random) -> World:
    """Up to eight branches, eight users, three groups, five actors, and what was sold to them and is learnt."""
    world = World(some_branches(rng), {}, {})
    known = list(world.branches)
    world.users = {f"u{number}": rng.sample(known, rng.randrange(min(3, len(known) + 1))) for number in range(6)}
    world.groups = {f"g{number}": rng.sample(sorted(world.users), rng.randrange(4)) for number in range(3)}
    world.groups["g0"].append("u7")
    for actor in ACTORS[:4]:
        world.roles[actor] = rng.choice(("superadmin", *["power_user"] * 5, "learner"))
        world.permissions[actor] = sorted({one for one in PERMISSIONS if rng.random() < 0.6})
        scopes = [a_scope(rng, world) for _ in range(rng.randrange(4))]
        world.resources[actor] = [*scopes, *(one for one in CONTENTS if rng.random() < 0.5)]
    _put_on_sale(rng, world)
    world.pools = {f"p{number}": a_pool(rng, world) for number in range(5)}
    places = rng.sample([(user, content) for user in PEOPLE for content in CONTENTS[:6]], 22)
    world.enrollments = [an_enrollment(rng, world, *place) for place in places]
    _count(rng, world)
    return world


def some_branches(rng: Random) -> dict[str, str | None]:
    """A few trees, often a single one, and deep rather than broad."""
    branches: dict[str, str | None] = {"b0": None}
    other_roots = [None] if rng.random() < 0.3 else []
    for number in range(1, rng.randint(1, 8)):
        branches[f"b{number}"] = rng.choice([*branches, f"b{number - 1}", f"b{number - 1}", *other_roots])
    return branches


def a_scope(rng: Random, world: World) -> str:
    """Any scope of *world*; unknown people, groups and branches too, now and then."""
    branch = rng.choice([*world.branches, *world.branches, "b99"])
    user = f"u{rng.randrange(8)}"
    plain = (f"user:{user}", f"user:{user}", f"group:g{rng.randrange(4)}", f"branch:{branch}", f"branch:{branch}/**")
    return rng.choice((*plain, *plain, *plain, "everyone"))


def a_scope_of_interest(rng: Random, world: World) -> str:
    """A scope that is often one of somebody's resources."""
    owned = [one for mine in world.resources.values() for one in mine if one not in CONTENTS]
    return rng.choice(owned) if owned and rng.random() < 0.7 else a_scope(rng, world)


def an_audience(rng: Random, world: World) -> str:
    """A scope that an actor is often in."""
    actor = rng.choice(ACTORS)
    branches = [f"branch:{branch}{deep}" for branch in world.users.get(actor, []) for deep in ("", "/**")]
    groups = [f"group:{group}" for group, members in world.groups.items() if actor in members]
    theirs = branches + groups
    return rng.choice(theirs) if theirs and rng.random() < 0.6 else a_scope(rng, world)


def _put_on_sale(rng: Random, world: World) -> None:
    world.learning_plans = {one: rng.sample(COURSES, rng.randrange(4)) for one in LEARNING_PLANS}
    listable = CONTENTS[:6]
    world.catalogs = {f"k{number}": rng.sample(listable, rng.randrange(1, 5)) for number in range(3)}
    kinds = ("licenses", "licenses", "seats")
    for number, kind in enumerate(kinds):
        catalogs = rng.sample(sorted(world.catalogs), rng.randint(1, 2))
        audience = [an_audience(rng, world) for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.3:
            audience.append("branch:b0/**")
        world.packages[f"k{number}"] = Package(kind=kind, catalogs=catalogs, audience=audience)
    for number, (package, kind) in enumerate(
        (("k0", "single_license"), ("k1", rng.choice(("single_license", "multi_license"))), ("k2", "seats"))
    ):
        world.plans[f"plan{number}"] = Plan(package=package, kind=kind)
    world.plans["plan3"] = Plan(package="k0", kind=rng.choice(("single_license", "multi_license")))


def a_pool(rng: Random, world: World) -> Pool:
    """A purchased plan, with holders inside and outside of its beneficiary; what is used is counted later."""
    package = rng.choice(sorted(world.packages))
    kind = world.packages[package]["kind"]
    beneficiary = a_scope_of_interest(rng, world)
    members = sorted(world.members(beneficiary))
    users = list(dict.fromkeys([*rng.sample(members, min(len(members), 3)), *rng.sample(PEOPLE, 2)]))
    cut = rng.randrange(len(users) + 1)
    held = kind == "licenses"
    return Pool(
        type=kind,
        package=package,
        beneficiary=beneficiary,
        created_by=rng.choice(ACTORS),
        renewal=rng.choice(("manual", "automatic", "none")),
        expires_at=rng.choice((-5, 0, 5, 5, 5)),
        total=0,
        assigned=len(users) if held else 0,
        holders=users[:cut] if held else [],
        awaiting=users[cut:] if held else [],
        enforce_limit=rng.random() < 0.6,
        enforce_expiration=rng.random() < 0.6,
    )


def an_enrollment(rng: Random, world: World, user: str, content: str) -> Enrollment:
    """In any state: waiting, locked, not begun, ended, or open; through a pool or none."""
    since = rng.choice(INSTANTS)
    ends = [end for end in INSTANTS if end is None or since is None or end > since]
    return Enrollment(
        user=user,
        content=content,
        pool=rng.choice([*world.pools, None]),
        status=rng.choice(("to_confirm", *["enrolled"] * 4)),
        locked=rng.random() < 0.15,
        since=since,
        until=rng.choice(ends),
    )


def _count(rng: Random, world: World) -> None:
    """A seat for each course that somebody is enrolled in, and some that are spent; about as many bought as used."""
    for name, pool in world.pools.items():
        if pool["type"] == "seats":
            pool["assigned"] = held_in(world, name) + rng.randrange(3)
        pool["total"] = max(0, pool["assigned"] + rng.choice((-1, 0, 0, 1, 2, 4)))


def held_in(world: World, pool: str) -> int:
    """Seats of *pool* that an enrollment holds."""
    return sum(one["pool"] == pool and one["content"].startswith("course:") for one in world.enrollments)


@dataclass(frozen=True)
class Asked:
    """What is asked about, beside all the plans, pools and pages: of every actor the same."""

    beneficiaries: list[str]
    commands: list[tuple[str, list[str], list[str]]]
    enrollments: list[tuple[str, str, str]]
    carts: list[tuple[list[Line], str | None]]
    """Lines, each a plan and whom it is for, and the recipient of the cart."""


def what_is_asked(rng: Random, world: World) -> Asked:
    enrolled = [(one["pool"], one["user"], one["content"]) for one in world.enrollments if one["pool"] is not None]
    anything = [(rng.choice(sorted(world.pools)), rng.choice(PEOPLE), rng.choice(CONTENTS)) for _ in range(18)]
    beneficiaries = [a_scope_of_interest(rng, world) for _ in range(4)]
    return Asked(
        beneficiaries=beneficiaries,
        commands=[a_command(rng, world, pool) for pool in world.pools for _ in range(3)],
        enrollments=[*rng.sample(enrolled, min(12, len(enrolled))), *anything][:18],
        carts=[a_cart(rng, world, beneficiaries) for _ in range(2)],
    )


def a_cart(rng: Random, world: World, beneficiaries: list[str]) -> tuple[list[Line], str | None]:
    """One line or two, now and then of a plan that does not exist."""
    plans = [*world.plans, *world.plans, "plan9"]
    lines = [(rng.choice(plans), rng.choice([None, None, *beneficiaries])) for _ in range(rng.randint(1, 2))]
    return lines, rng.choice((None, *PEOPLE))


def a_command(rng: Random, world: World, pool: str) -> tuple[str, list[str], list[str]]:
    """A pool with users and contents to enroll; most of the time they are what the pool is for."""
    it = world.pools[pool]
    members = world.members(it["beneficiary"])
    able = it["holders"] if it["type"] == "licenses" else members
    listed = world.contents_of(it["package"])
    users = _some(rng, rng.choice((able, able, members, members, PEOPLE)))
    contents = _some(rng, listed) if rng.random() < 0.8 else _some(rng, CONTENTS)
    return pool, users, contents


def _some(rng: Random, things: "set[str] | list[str] | tuple[str, ...]") -> list[str]:
    return rng.sample(sorted(things), min(len(things), rng.randint(1, 3)))


def grants(world: World) -> list[Grant]:
    """All that may be taken away: permissions and resources of actors, their memberships, audiences, licenses."""
    return [
        *(("permission", actor, one) for actor, mine in world.permissions.items() for one in mine),
        *(("resource", actor, one) for actor, mine in world.resources.items() for one in mine),
        *(("branch", actor, one) for actor in ACTORS for one in world.users.get(actor, [])),
        *(("group", actor, one) for actor in ACTORS for one, members in world.groups.items() if actor in members),
        *(("audience", package, one) for package, it in world.packages.items() for one in it["audience"]),
        *(("license", pool, one) for pool, it in world.pools.items() for one in it["holders"]),
    ]


def without(world: World, grant: Grant) -> World:
    """*world* with *grant* taken away."""
    kind, owner, what = grant
    after = deepcopy(world)
    if kind == "license":
        after.pools[owner]["assigned"] -= 1
    if kind == "group":
        owner, what = what, owner
    held = {
        "permission": lambda: after.permissions[owner],
        "resource": lambda: after.resources[owner],
        "branch": lambda: after.users[owner],
        "group": lambda: after.groups[owner],
        "audience": lambda: after.packages[owner]["audience"],
        "license": lambda: after.pools[owner]["holders"],
    }[kind]()
    held[:] = [one for one in held if one != what]
    return after
