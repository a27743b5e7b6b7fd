"""The world of the oracle of L9, and who is where in it: text and plain dicts, read word by word from the rules.

Nothing is imported from the library.
"""

from dataclasses import dataclass, field
from typing import TypedDict


class Package(TypedDict):
    kind: str
    catalogs: list[str]
    audience: list[str]


class Plan(TypedDict):
    package: str
    kind: str


class Pool(TypedDict):
    """A purchased plan. Instants are whole numbers, the same clock for all; `None` is no end."""

    type: str
    package: str
    beneficiary: str
    created_by: str
    renewal: str
    expires_at: int | None
    total: int
    assigned: int
    holders: list[str]
    awaiting: list[str]
    enforce_limit: bool
    enforce_expiration: bool


class Enrollment(TypedDict):
    user: str
    content: str
    pool: str | None
    status: str
    locked: bool
    since: int | None
    until: int | None


@dataclass
class World:
    """Branches by parent, users by their branches, groups by their users, and all that is sold, held and learnt."""

    branches: dict[str, str | None]
    users: dict[str, list[str]]
    groups: dict[str, list[str]]
    learning_plans: dict[str, list[str]] = field(default_factory=dict)
    catalogs: dict[str, list[str]] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    enrollments: list[Enrollment] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, list[str]] = field(default_factory=dict)
    resources: dict[str, list[str]] = field(default_factory=dict)
    now: int = 0

    def role(self, actor: str) -> str:
        return self.roles.get(actor, "learner")

    def has(self, actor: str, permission: str) -> bool:
        """A superadmin has them all; a learner has none."""
        if self.role(actor) == "superadmin":
            return True
        return self.role(actor) == "power_user" and permission in self.permissions.get(actor, [])

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
        return any(
            self.covers(resource, scope) for resource in self.resources.get(actor, []) if not is_content(resource)
        )

    def everybody(self) -> set[str]:
        return {*self.users, *(user for members in self.groups.values() for user in members)}

    def members(self, scope: str) -> set[str]:
        """Everybody in *scope* now; a person who is named is in it, known or not."""
        named = {scope.removeprefix("user:")} if scope.startswith("user:") else set()
        return {user for user in self.everybody() if self.is_in(user, scope)} | named

    def contents_of(self, package: str) -> set[str]:
        """What the catalogs of *package* list; the courses of a listed learning plan are not thereby listed."""
        return {content for catalog in self.packages[package]["catalogs"] for content in self.catalogs[catalog]}

    def enrollment(self, user: str, content: str) -> Enrollment | None:
        return next((one for one in self.enrollments if one["user"] == user and one["content"] == content), None)

    def passed(self, end: int | None) -> bool:
        """Every end is exclusive: at the very instant it has passed."""
        return end is not None and self.now >= end


def is_content(resource: str) -> bool:
    return resource.startswith(("course:", "learning_plan:"))
