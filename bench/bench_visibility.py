"""Visibility checks and lists against authorization engines, and against themselves in a larger world: goals 13 to 17.

Branches fork in four. A user is in one branch and two groups; each package is offered to two branches with all below
them and to two groups, and sold through four plans: one of a single license, three of many. 2,500 packages make 10,000
plans, and 10,000 policies for who writes one policy for each scope that a package is offered to. Odd users are power
users, the others learners, who buy single licenses only. Half of the checks are allowed; of the others, half are
refused for the audience and half for the kind of the plan. Peers do this:

cedarpy
    One policy, the audience as data: a set of groups and branches on each plan, and users and branches in their
    parents. Policy and entities are parsed before the clock starts; 120 requests go in one batch.
pycasbin `Enforcer`
    10,000 policies (scope, package) and the hierarchy as a role of users and branches. The package is compared first.
pycasbin `FastEnforcer`
    The same, its policies kept by package.
itself
    The same checks in a world with a hundredth of the branches, users and groups; a check of each user or package.

Who buys and what is bought are at hand as objects on our side, as texts on theirs. All sides give the same answers, or
there is no table.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import casbin  # type: ignore[import-untyped]
import cedarpy
from casbin.model import FastModel  # type: ignore[import-untyped]

from bench.harness import Row
from licensing_core.directory import Actor, Directory, Permission, Role, Scope
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Offer, Offers, Package, PackageKind, Plan, PlanKind
from licensing_core.pricing import FlatPrice
from licensing_core.visibility import audience_of, can_manage, can_see_plan, in_audience, plans_for

PACKAGES, PLANS_EACH = 2_500, 4
CHECKS, BATCH, ENFORCED, FAST_ENFORCED = 2_000, 120, 8, 200
LISTED = 54_751
"""How many of a million see the wide package."""
PRICE, YEAR = (FlatPrice(Money.parse("40.00 EUR")),), Duration.parse("P1Y")

Pair = tuple[Actor, Offer]


@dataclass(frozen=True)
class World:
    """A company: branches by parent, users by branch, users by their two groups, and all that as a directory."""

    branches: dict[str, str | None]
    users: dict[str, list[str]]
    in_groups: dict[str, tuple[str, str]]
    directory: Directory
    packages: Sequence[Package]
    offers: Sequence[Offer]


@cache
def world(branches: int, users: int, groups: int) -> World:
    """A world of that size, the same in each process."""
    rng = Random(f"{branches} {users}")
    parents = {f"b{number}": f"b{(number - 1) // 4}" if number else None for number in range(branches)}
    placed = {f"u{number}": [f"b{int(rng.random() * branches)}"] for number in range(users)}
    in_groups, members = {}, {f"g{number}": list[str]() for number in range(groups)}
    for user in placed:
        first = int(rng.random() * groups)
        in_groups[user] = (f"g{first}", f"g{(first + 1 + int(rng.random() * (groups - 1))) % groups}")
        for group in in_groups[user]:
            members[group].append(user)
    packages = [_package(number, rng, branches, groups) for number in range(PACKAGES)]
    return World(
        parents,
        placed,
        in_groups,
        Directory.of(branches=parents, users=placed, groups=members),
        packages,
        [_offer(package, number) for package in packages for number in range(PLANS_EACH)],
    )


def small() -> World:
    """1,000 branches, 10,000 users."""
    return world(1_000, 10_000, 500)


def large() -> World:
    """A hundred times that."""
    return world(100_000, 1_000_000, 50_000)


def _package(number: int, rng: Random, branches: int, groups: int) -> Package:
    trees = {Scope.tree(f"b{one}") for one in rng.sample(range(1, branches), 2)}
    return Package(
        id=f"k{number}",
        kind=PackageKind.LICENSES,
        catalogs=(),
        audience=frozenset(trees | {Scope.group(f"g{one}") for one in rng.sample(range(groups), 2)}),
    )


def _offer(package: Package, number: int) -> Offer:
    kind = PlanKind.MULTI_LICENSE if number else PlanKind.SINGLE_LICENSE
    quantity = 10 * number or 1
    name = f"{package.id}-{number}"
    return Offer(Plan(id=name, package=package.id, kind=kind, quantity=quantity, prices=PRICE, validity=YEAR), package)


def is_power(user: str) -> bool:
    return int(user[1:]) % 2 == 1


def actor(user: str) -> Actor:
    return Actor(user, Role.POWER_USER if is_power(user) else Role.LEARNER)


@cache
def pairs(place: Callable[[], World]) -> list[Pair]:
    """Who asks for what: by turns allowed, outside of the audience, allowed, and refused for the kind."""
    home, rng = place(), Random(13)
    everybody, found = list(home.users), list[Pair]()
    wanted = ("ok", "purchase.not_visible", "ok", "purchase.kind_not_allowed")
    while len(found) < CHECKS:
        offer, code = rng.choice(home.offers), wanted[len(found) % 4]
        users = everybody if code == "purchase.not_visible" else audience_of(offer.package, home.directory)
        one = actor(rng.choice(users or everybody))
        if can_see_plan(one, offer, home.directory).code == code:
            found.append((one, offer))
    return found


def checks(place: Callable[[], World]) -> Callable[[], None]:
    asked, directory = pairs(place), place().directory

    def ours() -> None:
        for one, offer in asked:
            can_see_plan(one, offer, directory)

    return ours


@cache
def managing(place: Callable[[], World]) -> list[tuple[Actor, Scope]]:
    """200 power users of twelve resources, each with ten beneficiaries: of those, half are theirs."""
    home, rng = place(), Random(14)
    branches, users, groups = (
        len(home.branches),
        len(home.users),
        len({g for two in home.in_groups.values() for g in two}),
    )
    found: list[tuple[Actor, Scope]] = []
    while len(found) < CHECKS:
        resources = frozenset(_scopes(rng, branches, users, groups, trees=6, each=2))
        boss = Actor("boss", Role.POWER_USER, permissions=frozenset({Permission.SEATS_MANAGE}), resources=resources)
        of_them: dict[bool, list[Scope]] = {True: [], False: []}
        for scope in (*sorted(resources, key=str), *_scopes(rng, branches, users, groups, trees=5, each=5)):
            of_them[home.directory.manages(boss, scope)].append(scope)
        half = rng.sample(of_them[True], 5)
        found += [(boss, scope) for two in zip(half, of_them[False], strict=False) for scope in two]
    return found[:CHECKS]


def _scopes(rng: Random, branches: int, users: int, groups: int, *, trees: int, each: int) -> list[Scope]:
    return [
        *(Scope.tree(f"b{int(rng.random() * branches)}") for _ in range(trees)),
        *(Scope.branch(f"b{int(rng.random() * branches)}") for _ in range(each)),
        *(Scope.group(f"g{int(rng.random() * groups)}") for _ in range(each)),
        *(Scope.user(f"u{int(rng.random() * users)}") for _ in range(each)),
    ]


def checks_of_managing(place: Callable[[], World]) -> Callable[[], None]:
    asked, directory = managing(place), place().directory

    def ours() -> None:
        for boss, beneficiary in asked:
            can_manage(boss, beneficiary, "p1", directory)

    return ours


# Cedar

CEDAR_POLICY = """
permit(principal, action == Action::"see", resource)
when { (principal.power || resource.single) && principal in resource.audience };
"""


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _scope_uid(scope: Scope) -> dict[str, dict[str, str]]:
    kind = "Group" if str(scope).startswith("group") else "Branch"
    return {"__entity": _uid(kind, str(scope.id))}


@cache
def cedar_handles() -> tuple[cedarpy.PolicySet, cedarpy.Entities]:
    home = small()
    entities = [
        {"uid": _uid("Branch", name), "attrs": {}, "parents": [_uid("Branch", parent)] if parent else []}
        for name, parent in home.branches.items()
    ]
    entities += [
        {
            "uid": _uid("User", user),
            "attrs": {"power": is_power(user)},
            "parents": [_uid("Branch", branch), *(_uid("Group", group) for group in home.in_groups[user])],
        }
        for user, (branch,) in home.users.items()
    ]
    entities += [
        {
            "uid": _uid("Plan", offer.plan.id),
            "attrs": {
                "single": offer.plan.kind is PlanKind.SINGLE_LICENSE,
                "audience": [_scope_uid(scope) for scope in offer.package.audience],
            },
            "parents": [],
        }
        for offer in home.offers
    ]
    return cedarpy.PolicySet.from_str(CEDAR_POLICY), cedarpy.Entities.from_json_str(json.dumps(entities))


@cache
def cedar_requests() -> list[dict[str, str]]:
    return [
        {"principal": f'User::"{one.id}"', "action": 'Action::"see"', "resource": f'Plan::"{offer.plan.id}"'}
        for one, offer in pairs(small)[:BATCH]
    ]


def cedar() -> list[bool]:
    policies, entities = cedar_handles()
    results = cedarpy.is_authorized_batch(cedar_requests(), policies, entities)
    return [result.decision is cedarpy.Decision.Allow for result in results]


# pycasbin

CASBIN_MODEL = """
[request_definition]
r = sub, obj, power, single
[policy_definition]
p = sub, obj
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && (r.power || r.single) && g(r.sub, p.sub)
"""


@cache
def enforcer(*, fast: bool) -> casbin.Enforcer:
    home = small()
    model = FastModel([1]) if fast else casbin.Model()
    model.load_model_from_text(CASBIN_MODEL)
    made = casbin.FastEnforcer(model, cache_key_order=[1]) if fast else casbin.Enforcer(model)
    made.add_policies([[str(scope.id), package.id] for package in home.packages for scope in package.audience])
    made.add_grouping_policies([[name, parent] for name, parent in home.branches.items() if parent])
    made.add_grouping_policies([[user, branch] for user, (branch,) in home.users.items()])
    made.add_grouping_policies([[user, group] for user, groups in home.in_groups.items() for group in groups])
    return made


@cache
def casbin_requests(count: int) -> list[tuple[str, str, bool, bool]]:
    return [
        (one.id, offer.package.id, one.role is Role.POWER_USER, offer.plan.kind is PlanKind.SINGLE_LICENSE)
        for one, offer in pairs(small)[:count]
    ]


def enforced() -> list[bool]:
    one = enforcer(fast=False)
    return [one.enforce(*asked) for asked in casbin_requests(ENFORCED)]


def enforced_by_package() -> list[bool]:
    one = enforcer(fast=True)
    return [one.enforce(*asked) for asked in casbin_requests(FAST_ENFORCED)]


# Lists


@cache
def wide_package() -> Package:
    """Seen by about one in sixteen: a branch two forks down, another far below, and two groups."""
    audience = {Scope.tree("b9"), Scope.tree("b70000"), Scope.group("g7"), Scope.group("g8")}
    return Package(id="wide", kind=PackageKind.LICENSES, catalogs=(), audience=frozenset(audience))


def listed() -> tuple[str, ...]:
    return audience_of(wide_package(), large().directory)


@cache
def some_users() -> list[str]:
    """Every fiftieth of the million."""
    return list(large().users)[::50]


def each_user() -> list[str]:
    package, directory = wide_package(), large().directory
    return [user for user in some_users() if in_audience(user, package, directory)]


@cache
def on_sale() -> Offers:
    """One plan of each package."""
    return Offers.of(offer for offer in small().offers if offer.plan.id.endswith("-1"))


@cache
def buyers() -> list[Actor]:
    """Fifty power users."""
    return [actor(user) for user in list(small().users)[1::200]]


def pages() -> list[tuple[str, ...]]:
    offers, directory = on_sale(), small().directory
    return [plans_for(one, offers, directory) for one in buyers()]


def each_package() -> list[tuple[str, ...]]:
    """One user's page by a check of each package."""
    offers, directory = on_sale(), small().directory
    return [tuple(offer.plan.id for offer in offers if can_see_plan(one, offer, directory)) for one in buyers()[:5]]


# Rows; the worlds are made when a row is about to be timed


def agreed(peer: Callable[[], list[bool]], count: int) -> None:
    mine = [bool(can_see_plan(one, offer, small().directory)) for one, offer in pairs(small)[:count]]
    if peer() != mine or not 0 < sum(mine) < count:
        raise AssertionError(peer)


def lists_agree() -> None:
    package, directory = wide_package(), large().directory
    everybody = listed()
    by_check = {user for user in large().users if in_audience(user, package, directory)}
    if set(everybody) != by_check or len(everybody) != len(by_check) or len(by_check) != LISTED:
        raise AssertionError(len(everybody))


def pages_agree() -> None:
    if pages()[:5] != each_package():
        raise AssertionError(each_package())


class Later:
    """A side of a row that is made ready, and seen to agree, at the first call: rows are listed in each process."""

    def __init__(self, make: Callable[[], Callable[[], object]], check: Callable[[], object] | None = None) -> None:
        self.make, self.check = make, check
        self.ready: Callable[[], object] | None = None

    def __call__(self) -> object:
        if self.ready is None:
            if self.check is not None:
                self.check()
            self.ready = self.make()
        return self.ready()


def rows() -> list[Row]:
    """The rows of goals 13 to 17."""
    check, by_ids = "visibility check, 10,000 plans", "list of users, per user listed"

    def against(goal: str, peer: str, ask: Callable[[], list[bool]], count: int, at_least: float) -> Row:
        ours = Later(lambda: checks(small))
        theirs = Later(lambda: ask, lambda: agreed(ask, count))
        return Row(goal, check, peer, ours, theirs, at_least=at_least, ours_per=CHECKS, theirs_per=count)

    def grown(what: str, made: Callable[[Callable[[], World]], Callable[[], None]]) -> Row:
        # The small world is made first, as if it were alone: in the gaps of the large one it would lie scattered.
        theirs = Later(lambda: made(small))
        ours = Later(lambda: made(large), theirs)
        peer = "itself at 1,000 and 10,000"
        return Row("15", what, peer, ours, theirs, at_most=1.7, ours_per=CHECKS, theirs_per=CHECKS)

    return [
        against("13", "cedarpy, one policy, batch of 120", cedar, BATCH, 27),
        against("14", "pycasbin Enforcer", enforced, ENFORCED, 18_000),
        against("14", "pycasbin FastEnforcer by package", enforced_by_package, FAST_ENFORCED, 70),
        grown("the check, 100,000 branches, 1M users", checks),
        grown("can_manage(), 100,000 branches, 1M users", checks_of_managing),
        Row(
            "16",
            by_ids,
            "a check of each user",
            Later(lambda: listed, lists_agree),
            Later(lambda: each_user),
            at_least=35,
            ours_per=LISTED,
            theirs_per=20_000,
        ),
        Row(
            "17",
            "plans of a user out of 2,500",
            "a check of each",
            Later(lambda: pages, pages_agree),
            Later(lambda: each_package),
            at_least=95,
            ours_per=50,
            theirs_per=5,
        ),
    ]
