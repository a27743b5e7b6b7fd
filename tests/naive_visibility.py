"""Who sees, buys, names and manages what, read word by word from the rules: the oracle of L9.

Everything is text and plain dicts, and nothing is imported from the library. Slow, and meant to be.
"""

from dataclasses import dataclass, field


@dataclass
class World:
    """Branches by parent, users by their branches, groups by their users, and actors."""

    branches: dict[str, str | None]
    users: dict[str, list[str]]
    groups: dict[str, list[str]]
    roles: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, set[str]] = field(default_factory=dict)
    resources: dict[str, list[str]] = field(default_factory=dict)

    def role(self, actor: str) -> str:
        return self.roles.get(actor, "learner")

    def has(self, actor: str, permission: str) -> bool:
        """A superadmin has them all; a learner has none."""
        if self.role(actor) == "superadmin":
            return True
        return self.role(actor) == "power_user" and permission in self.permissions.get(actor, set())

    def line_of(self, branch: str | None) -> list[str]:
        """The branch and its ancestors."""
        line = []
        while branch is not None:
            line.append(branch)
            branch = self.branches[branch]
        return line

    def is_in(self, user: str, scope: str) -> bool:
        if scope == "everyone":
            return True
        kind, name = scope.split(":")
        if kind == "user":
            return user == name
        if kind == "group":
            return user in self.groups.get(name, [])
        if name.endswith("/**"):
            return any(name[:-3] in self.line_of(branch) for branch in self.users.get(user, []))
        return name in self.users.get(user, [])

    def covers(self, resource: str, scope: str) -> bool:
        """*resource* covers *scope* when everybody who could ever be in it is in *resource* by structure."""
        if scope.startswith("user:"):
            return self.is_in(scope.removeprefix("user:"), resource)
        if resource == scope or resource == "everyone":
            return True
        if not (resource.startswith("branch:") and resource.endswith("/**") and scope.startswith("branch:")):
            return False
        below = scope.removeprefix("branch:").removesuffix("/**")
        return below in self.branches and resource.removeprefix("branch:").removesuffix("/**") in self.line_of(below)

    def covered(self, actor: str, scope: str) -> bool:
        if self.role(actor) == "superadmin":
            return True
        if self.role(actor) == "learner":
            return False
        return any(self.covers(resource, scope) for resource in self.resources.get(actor, []))


@dataclass(frozen=True)
class Deal:
    """A plan with the audience of its package."""

    kind: str
    audience: tuple[str, ...]


def may_see(world: World, actor: str, deal: Deal) -> str:
    """`ok`, or the refusal of a purchase that has nothing to do with the beneficiary."""
    if world.role(actor) == "superadmin":
        return "purchase.by_superadmin"
    if not any(world.is_in(actor, scope) for scope in deal.audience):
        return "purchase.not_visible"
    if world.role(actor) == "learner" and deal.kind != "single_license":
        return "purchase.kind_not_allowed"
    return "ok"


def may_buy(world: World, actor: str, deal: Deal, beneficiary: str | None) -> str:
    """`ok`, or the first refusal in the order of the operation `purchase`."""
    refusal = may_see(world, actor, deal)
    if refusal != "ok":
        return refusal
    single = deal.kind == "single_license"
    if beneficiary is None:
        return "ok" if single else "purchase.beneficiary_required"
    if single and beneficiary == f"user:{actor}":
        return "ok"
    return may_name(world, actor, deal, beneficiary)


def may_record(world: World, actor: str, deal: Deal, beneficiary: str | None) -> str:
    """`ok`, or the first refusal in the order of the operation `record_transaction`."""
    if not world.has(actor, "transactions.create"):
        return "permission.missing"
    if beneficiary is None:
        return "purchase.beneficiary_required"
    return may_name(world, actor, deal, beneficiary)


def may_name(world: World, actor: str, deal: Deal, beneficiary: str) -> str:
    if beneficiary == "everyone" or (deal.kind == "single_license") is not beneficiary.startswith("user:"):
        return "purchase.beneficiary_kind"
    if beneficiary.startswith("group:") and not world.has(actor, "groups.view"):
        return "permission.missing"
    return "ok" if world.covered(actor, beneficiary) else "purchase.beneficiary_not_allowed"


def may_manage(world: World, actor: str, beneficiary: str) -> str:
    """`ok`, or the first refusal of seat administration."""
    if not world.has(actor, "seats.manage"):
        return "permission.missing"
    return "ok" if world.covered(actor, beneficiary) else "pool.not_visible"


def offered_beneficiaries(world: World, actor: str, deal: Deal) -> set[str]:
    """What the operation `beneficiaries` lists, where `may_see()` is ok."""
    power = world.role(actor) == "power_user"
    if deal.kind == "single_license":
        others = {user for user in everybody(world) if power and world.covered(actor, f"user:{user}")}
        named = {one.removeprefix("user:") for one in world.resources.get(actor, []) if one.startswith("user:")}
        return {f"user:{user}" for user in others | {actor} | (named if power else set())}
    mine = world.resources.get(actor, []) if power else []
    return {
        one
        for one in mine
        if one.startswith("branch:") or (one.startswith("group:") and world.has(actor, "groups.view"))
    }


def everybody(world: World) -> set[str]:
    return {*world.users, *(user for members in world.groups.values() for user in members)}
