"""The academy as plain dicts: what it is, who sees what, and how it changes around the commands.

It knows the rules in their plainest form and shares no code with the library; nor do the modules beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.machines.academy import BENEFICIARIES, CONTENTS, LASTS, LICENSES, LISTED, RESOURCES, START

Place = tuple[str, str]
"""A user and a content."""
COVERED_BY = {
    "branch:sales/**": {"branch:root/**", "branch:sales/**"},
    "branch:madrid": {"branch:root/**", "branch:sales/**", "branch:madrid"},
    "group:team": {"group:team"},
}
"""The resources that cover what was bought for each of these (DOC-20, DOC-21, decision 14)."""

BRANCHES_IN = {"root/**": ("sales", "madrid", "it"), "sales/**": ("sales", "madrid"), "madrid": ("madrid",)}


class Refused(Exception):
    """The rules refuse: a code and its details, as `told()` writes them."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(told(code, **details))


def told(code: str, **details: object) -> str:
    """A code, and details by name; lists are written with commas, instants as they are."""
    return " ".join((code, *(f"{name}={_text(value)}" for name, value in sorted(details.items()))))


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


class Plain(NamedTuple):
    """An enrollment."""

    pool: str
    status: str
    locked: bool
    since: datetime | None
    until: datetime | None
    level: str | None


@dataclass
class PlainPool:
    """A pool: the state of the license of each user who has one, and seats that were used and left."""

    id: str
    bought: int
    expires: datetime | None
    licenses: dict[str, str] = field(default_factory=dict)
    spent: int = 0
    revoked: int = 0
    renewals: int = 0
    since: dict[str, datetime] = field(default_factory=dict)
    """When each user was last given a license."""

    @property
    def of_licenses(self) -> bool:
        return self.id in LICENSES


@dataclass
class PlainSwitches:
    """The switches of a plan; overage is *block*, *allow* or *ratio*, the cap a fraction as a pair."""

    enforce: bool = True
    refund: bool = False
    expire: bool = True
    overage: str = "block"
    cap: tuple[int, int] | None = None


@dataclass
class Academy:
    """All there is, and what surrounds it."""

    pools: dict[str, PlainPool]
    switches: dict[str, PlainSwitches]
    now: datetime = START
    enrollments: dict[Place, Plain] = field(default_factory=dict)
    branch: dict[str, str] = field(
        default_factory=lambda: {"ana": "sales", "luis": "sales", "mei": "madrid", "noor": "it"}
    )
    team: set[str] = field(default_factory=lambda: {"ana", "mei", "noor"})
    resources: set[str] = field(default_factory=lambda: {*RESOURCES[:2], "course:c1", "course:c2", "course:c3"})
    listed: dict[str, set[str]] = field(default_factory=lambda: {pool: set(listed) for pool, listed in LISTED.items()})
    seen: dict[str, datetime] = field(default_factory=dict)
    """When each user was last active."""

    @classmethod
    def of(cls, bought: dict[str, int], switches: dict[str, PlainSwitches]) -> "Academy":
        """An academy that begins with so many *bought*."""
        expiries = {pool: None if lasts is None else START + lasts for pool, lasts in LASTS.items()}
        return cls({pool: PlainPool(pool, bought[pool], expiries[pool]) for pool in BENEFICIARIES}, switches)

    # Who is where, and who sees what

    def is_in(self, user: str, scope: str) -> bool:
        kind, name = scope.split(":")
        if kind == "branch":
            return self.branch[user] in BRANCHES_IN[name]
        return user in self.team if kind == "group" else user == name

    def eligible(self, user: str, pool: str) -> bool:
        """DOC-29."""
        return self.is_in(user, BENEFICIARIES[pool])

    def resources_of(self, by: str) -> set[str]:
        """Those of a power user: of one they change, the other has everything."""
        everything = {"branch:root/**", "group:team", *CONTENTS}
        return {"pu": self.resources, "px": everything}.get(by, set())

    def manages(self, by: str, pool: str) -> bool:
        """DOC-20, DOC-21."""
        return by == "root" or bool(self.resources_of(by) & COVERED_BY[BENEFICIARIES[pool]])

    def manages_user(self, by: str, user: str) -> bool:
        """DOC-22."""
        scopes = [one for one in self.resources_of(by) if one not in CONTENTS]
        return by == "root" or any(self.is_in(user, scope) for scope in scopes)

    def require(self, by: str, permission: str) -> None:
        lacks = by not in ("root", "pu", "px") or (by == "px" and permission == "enrollments.activate")
        if lacks:
            raise Refused("permission.missing", permission=permission)

    def require_managed(self, by: str, pool: str, *, licenses: bool = False) -> None:
        """DOC-19, DOC-20; and DOC-33, where it must be a pool of licenses."""
        self.require(by, "seats.manage")
        if not self.manages(by, pool):
            raise Refused("pool.not_visible", pool=pool)
        if licenses and not self.pools[pool].of_licenses:
            raise Refused("pool.wrong_type", pool=pool)

    # Counts

    def held(self, pool: str) -> int:
        """Licenses held; or courses with somebody in them through a pool of seats."""
        states = self.pools[pool].licenses.values()
        if pool in LICENSES:
            return sum(1 for state in states if state == "held")
        return sum(1 for (_, content), one in self.enrollments.items() if one.pool == pool and is_course(content))

    def consumed(self, pool: str) -> int:
        """L1."""
        one = self.pools[pool]
        return len(one.licenses) if one.of_licenses else self.held(pool) + one.spent

    def ceiling(self, pool: str) -> int | None:
        """How many may be consumed in all; `None`: as many as one likes."""
        switches, bought = self.switches[pool], self.pools[pool].bought
        if not switches.enforce or switches.overage == "allow":
            return None
        return bought + bought // 4 if switches.overage == "ratio" else bought

    def short(self, pool: str, needed: int) -> int:
        """How many are too few for *needed* more; 0 when they fit, or none are needed."""
        ceiling = self.ceiling(pool)
        return 0 if ceiling is None or not needed else max(0, self.consumed(pool) + needed - ceiling)

    def row(self, pool: str) -> tuple[Any, ...]:
        """All that there is to know of a pool."""
        one = self.pools[pool]
        own = (one.revoked, dict(one.licenses)) if one.of_licenses else (one.spent,)
        return (one.bought, self.consumed(pool), self.held(pool), one.expires, one.renewals, *own)

    # What changes around the commands

    def switch(self, pool: str, name: str, value: Any) -> None:
        setattr(self.switches[pool], name, value)

    def move(self, user: str, branch: str) -> None:
        self.branch[user] = branch

    def join_or_leave(self, user: str) -> None:
        self.team ^= {user}

    def give_or_take(self, resource: str) -> None:
        self.resources ^= {resource}

    def list_or_not(self, pool: str, content: str) -> None:
        self.listed[pool] ^= {content}

    def wait(self, hours: int, user: str | None = None) -> None:
        """Time goes by; *user* is active then."""
        self.now += timedelta(hours=hours)
        if user is not None:
            self.seen[user] = self.now


SURROUNDINGS = ("switch", "move", "join_or_leave", "give_or_take", "list_or_not", "wait")


def is_course(content: str) -> bool:
    return content.startswith("course:")


def once(users: Iterable[str]) -> list[str]:
    """Each once, sorted."""
    return sorted(set(users))
