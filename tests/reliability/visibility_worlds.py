"""L9: visibility against the naive reading of the rules, over random worlds. A small form of R12.

`python -m tests.reliability.visibility_worlds --pairs 100000 --seed 9`
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from random import Random

from licensing_core import orders, visibility
from licensing_core.currencies import Currency
from licensing_core.directory import Actor, Directory, Permission, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Catalog, Offer, Package, Plan, PlanKind
from licensing_core.pools import LicensePool
from licensing_core.pricing import FlatPrice
from licensing_core.testing.law import LawBroken, require
from tests import naive_visibility as naive
from tests.naive_visibility import Deal, World
from tests.reliability.figures import Figures

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
GRANTS = ("seats.manage", "groups.view", "transactions.create")
PAIRS = 190
"""Pairs of actor and thing that one world is asked about."""


def a_world(rng: Random) -> World:
    """Up to seven branches, eight users, three groups and four actors, some of them nobody's user."""
    branches: dict[str, str | None] = {"b0": None}
    for number in range(1, rng.randint(1, 7)):
        branches[f"b{number}"] = rng.choice([*branches, *branches, None])
    users = {f"u{number}": rng.sample(list(branches), rng.randrange(min(3, len(branches) + 1))) for number in range(6)}
    groups = {f"g{number}": rng.sample(sorted(users), rng.randrange(4)) for number in range(3)}
    groups["g0"].append("u7")
    world = World(branches, users, groups)
    for actor in ("u0", "u1", "u2", "outsider"):
        world.roles[actor] = rng.choice(("superadmin", "power_user", "power_user", "power_user", "learner"))
        world.permissions[actor] = {grant for grant in GRANTS if rng.random() < 0.6}
        world.resources[actor] = [a_scope(rng, world) for _ in range(rng.randrange(4))]
    return world


def a_scope(rng: Random, world: World) -> str:
    """Any scope of *world*; unknown people, groups and branches too, now and then."""
    branch = rng.choice([*world.branches, *world.branches, "b99"])
    user = f"u{rng.randrange(9)}"
    plain = (f"user:{user}", f"user:{user}", f"group:g{rng.randrange(4)}", f"branch:{branch}", f"branch:{branch}/**")
    return rng.choice((*plain, *plain, *plain, "everyone"))


def directory_of(world: World) -> Directory:
    return Directory.of(branches=world.branches, users=world.users, groups=world.groups)


def actor_of(world: World, name: str) -> Actor:
    return Actor(
        name,
        Role(world.role(name)),
        permissions=frozenset(map(Permission, world.permissions.get(name, ()))),
        resources=frozenset(map(Scope.parse, world.resources.get(name, ()))),
    )


def offer_of(deal: Deal, number: int) -> Offer:
    kind = PlanKind(deal.kind)
    plan = Plan(
        id=f"plan-{number}",
        package="pack",
        kind=kind,
        quantity=1 if kind is PlanKind.SINGLE_LICENSE else 10,
        prices=(FlatPrice(Money(1000, Currency("EUR"))),),
        validity=Duration.parse("P1Y"),
    )
    audience = frozenset(map(Scope.parse, deal.audience))
    catalog = Catalog("all", frozenset())
    return Offer(plan, Package(id="pack", kind=kind.sells, catalogs=(catalog,), audience=audience))


def agree(world: World, rng: Random) -> Iterator[str]:
    """Ask library and oracle of each actor about some deals and beneficiaries; one line for each pair."""
    directory, scopes = directory_of(world), [a_scope(rng, world) for _ in range(6)]
    deals = [
        Deal(rng.choice([*PlanKind]).value, tuple(a_scope(rng, world) for _ in range(rng.randint(1, 2))))
        for _ in range(4)
    ]
    offers = [offer_of(deal, number) for number, deal in enumerate(deals)]
    for name in (*world.roles, "u5"):
        actor = actor_of(world, name)
        for deal, offer in zip(deals, offers, strict=True):
            yield from _deal_agrees(world, directory, actor, deal, offer, scopes)
        yield from _pools_agree(world, directory, actor, scopes)
        lists = visibility.plans_for(actor, offers, directory)
        wanted = [f"plan-{n}" for n, deal in enumerate(deals) if naive.may_see(world, name, deal) == "ok"]
        require(list(lists) == wanted, "a list of plans is the filter of its check", actor=actor, found=lists)


def _deal_agrees(
    world: World, directory: Directory, actor: Actor, deal: Deal, offer: Offer, scopes: list[str]
) -> Iterator[str]:
    for beneficiary in (None, f"user:{actor.id}", *scopes):
        scope = None if beneficiary is None else Scope.parse(beneficiary)
        about = {"directory": directory, "pool_id": "p", "zone": "UTC", "now": NOW}
        bought = orders.can_purchase(actor, offer, scope, **about).code  # type: ignore[arg-type]
        recorded = orders.can_record_transaction(actor, offer, scope, **about).code  # type: ignore[arg-type]
        wanted = (
            naive.may_buy(world, actor.id, deal, beneficiary),
            naive.may_record(world, actor.id, deal, beneficiary),
        )
        case = {"world": world, "actor": actor, "deal": deal, "beneficiary": beneficiary}
        require((bought, recorded) == wanted, "who may buy and record", wanted=wanted, bought=bought, **case)
        yield f"{bought} {recorded}"
    seen = naive.may_see(world, actor.id, deal)
    try:
        found = {str(scope) for scope in visibility.beneficiaries(actor, offer, directory)}
    except LicensingError as refusal:
        require(refusal.code == seen, "the list of beneficiaries is refused alike", seen=seen, found=refusal.code)
        return
    require(found == naive.offered_beneficiaries(world, actor.id, deal), "beneficiaries", found=found, world=world)
    for one in found:
        named = visibility.can_name(actor, offer, Scope.parse(one), directory)
        require(bool(named), "who is offered may be named", actor=actor, scope=one, world=world)


def _pools_agree(world: World, directory: Directory, actor: Actor, scopes: list[str]) -> Iterator[str]:
    pools = [LicensePool(id=f"p{n}", beneficiary=Scope.parse(scope), bought=1) for n, scope in enumerate(scopes)]
    allowed = []
    for pool, scope in zip(pools, scopes, strict=True):
        code = visibility.can_manage(actor, pool.beneficiary, pool.id, directory).code
        wanted = naive.may_manage(world, actor.id, scope)
        require(code == wanted, "who manages", actor=actor, scope=scope, code=code, wanted=wanted, world=world)
        eligible = {user for user in naive.everybody(world) if world.is_in(user, scope)}
        named = {scope.removeprefix("user:")} if scope.startswith("user:") else set()
        offered = set(visibility.candidates(pool, directory))
        require(offered == eligible | named, "candidates are the eligible", scope=scope, offered=offered)
        allowed += [pool.id] if code == "ok" else []
        yield code
    try:
        listed = list(visibility.managed(actor, pools, directory))
    except LicensingError as refusal:
        listed = []
        require(refusal.code == "permission.missing", "a list is refused for the permission", code=refusal.code)
    require(listed == allowed, "a list of pools is the filter of its check", listed=listed, allowed=allowed)


def check_world(number: int, seed: int) -> list[str]:
    """The lines of world *number*.

    Raises:
        LawBroken: Library and oracle differ.
    """
    rng = Random(f"{seed}/{number}")
    return list(agree(a_world(rng), rng))


def run(pairs: int, seed: int) -> Figures:
    """Ask about *pairs* pairs or a few more."""
    log, wrong, count, number = sha256(), list[str](), 0, 0
    while count < pairs and len(wrong) < 5:
        try:
            lines = check_world(number, seed)
        except LawBroken as broken:
            again = f"python -m tests.reliability.visibility_worlds --seed {seed} --world {number}"
            wrong.append(f"world {number}: {broken}"[:500] + f"\n        again: {again}")
            lines = [""] * PAIRS
        log.update("\n".join(lines).encode())
        count, number = count + len(lines), number + 1
    return Figures(count, tuple(wrong), log.hexdigest()[:16], f"{number} worlds")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--world", type=int, help="check this one world again")
    asked = parser.parse_args()
    if asked.world is not None:
        print("\n".join(check_world(asked.world, asked.seed)))
        return 0
    return run(asked.pairs, asked.seed).tell("visibility", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
