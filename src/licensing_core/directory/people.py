"""Branches, the people in them and in groups, and what covers what."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import MAX_COUNT, FrozenMap, Id, UserId, Value, as_id, bulk, checked, instance
from licensing_core.directory.actors import Actor
from licensing_core.directory.scopes import Scope, ScopeKind
from licensing_core.errors import LicensingError

MAX_DEPTH: Final = 64
"""The most levels of a branch forest."""


@frozen(kw_only=True)
class InvalidBranches(LicensingError):
    """The branches do not make a forest: a parent is unknown, goes round in a circle, or lies too deep."""

    code: ClassVar[str] = "branches.invalid"
    branch: str
    reason: str

    def __str__(self) -> str:
        return (
            f"branch {self.branch!r}: {self.reason}; every branch needs a known parent, or None, "
            f"and lies at most {MAX_DEPTH} levels deep"
        )


def _walk(parents: Mapping[str, str | None]) -> dict[str, tuple[int, int]]:
    """For each branch, in the order of a walk that goes down first, where it begins and ends: nested-set numbers."""
    children: defaultdict[str | None, list[str]] = defaultdict(list)
    for branch, parent in parents.items():
        if parent is not None and parent not in parents:
            raise InvalidBranches(branch=branch, reason="its parent is unknown")
        children[parent].append(branch)
    labels: dict[str, tuple[int, int]] = {}
    path = [(root, 1) for root in children[None]]
    while path:
        branch, depth = path.pop()
        if branch in labels:  # all below it has been seen
            labels[branch] = (labels[branch][0], len(labels))
            continue
        if depth > MAX_DEPTH:
            raise InvalidBranches(branch=branch, reason=f"it lies deeper than {MAX_DEPTH} levels")
        labels[branch] = (len(labels), 0)
        path.append((branch, depth))
        path.extend((child, depth + 1) for child in children[branch])
    for branch in parents:
        if branch not in labels:
            raise InvalidBranches(branch=branch, reason="it is its own ancestor")
    return labels


@frozen(field_transformer=checked)
class Forest(Value):
    """The branches, each with its parent or `None`; *at or under* is answered in O(1)."""

    parents: Mapping[Id, Id | None]
    _labels: dict[str, tuple[int, int]] = field(init=False, eq=False, repr=False)
    _order: list[str] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        labels = _walk(self.parents)
        object.__setattr__(self, "_labels", labels)
        object.__setattr__(self, "_order", list(labels))

    def at_or_under(self, branch: str, ancestor: str) -> bool:
        """Whether *branch* is *ancestor* or one of its descendants; unknown branches are under nothing."""
        labels = self._labels
        if branch not in labels or ancestor not in labels:
            return False
        begin, end = labels[ancestor]
        return begin <= labels[branch][0] < end

    def under(self, ancestor: str) -> tuple[str, ...]:
        """*ancestor*, when it is known, and its descendants; in the order of the answer's size."""
        begin, end = self._labels.get(ancestor, (0, 0))
        return tuple(self._order[begin:end])

    @property
    def root(self) -> str | None:
        """The only branch without a parent; `None` when there are none or several."""
        roots = [branch for branch, parent in self.parents.items() if parent is None]
        return roots[0] if len(roots) == 1 else None


@frozen(field_transformer=checked)
class Person(Value):
    """The branches and groups that somebody is in now."""

    branches: frozenset[Id] = frozenset()
    groups: frozenset[Id] = frozenset()


_NOWHERE: Final = Person()


def _id_sets(name: str, value: Any) -> dict[str, frozenset[str]]:
    """*value*, when it is a mapping of ids to collections of ids."""
    items = instance(Mapping)(name, value).items()
    return {as_id(name, key): bulk(name, ids, most=MAX_COUNT) for key, ids in items}


class Coverage(StrEnum):
    """When a resource of a power user covers a scope (decision 14)."""

    STRUCTURE = "structure"
    """When everybody who could ever be in the scope is in the resource, by structure."""
    EXACT = "exact"
    """A group or branch only when it is the resource itself; users as under `structure`."""


@frozen(field_transformer=checked)
class Directory(Value):
    """The branches, and the people in them and in groups, as a host sees them at one instant."""

    forest: Forest
    people: Mapping[UserId, Person]
    coverage: Coverage = Coverage.STRUCTURE
    _members: dict[tuple[str, str], list[str]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for user in sorted(self.people):
            person = self.people[user]
            for branch in person.branches:
                members["branch", branch].append(user)
            for group in person.groups:
                members["group", group].append(user)
        object.__setattr__(self, "_members", dict(members))

    @classmethod
    def of(
        cls,
        *,
        branches: Mapping[str, str | None] = FrozenMap({}),
        users: Mapping[str, Collection[str]] = FrozenMap({}),
        groups: Mapping[str, Collection[str]] = FrozenMap({}),
        coverage: Coverage = Coverage.STRUCTURE,
    ) -> "Directory":
        """A directory from branches by parent, users by their branches, and groups by their users.

        Raises:
            InvalidBranches: The branches make no forest, or a user is in an unknown one.
            InvalidArgument: An argument is not of its form; of the ids, `InvalidId`.
        """
        forest = Forest(branches)
        in_groups: defaultdict[str, set[str]] = defaultdict(set)
        for group, members in _id_sets("groups", groups).items():
            for user in members:
                in_groups[user].add(group)
        in_branches = _id_sets("users", users)
        if unknown := sorted(frozenset[str]().union(*in_branches.values()) - forest.parents.keys()):
            raise InvalidBranches(branch=unknown[0], reason="a user is in it, but it is unknown")
        people = {
            user: Person(in_branches.get(user, frozenset()), frozenset(in_groups.get(user, ())))
            for user in sorted({*in_branches, *in_groups})
        }
        return cls(forest, people, coverage)

    def is_in(self, user: str, scope: Scope) -> bool:
        """Whether *user* belongs to *scope* now; somebody unknown is in no branch and no group."""
        if type(user) is not str:
            as_id("user", user)
        if scope.id is None:
            return True
        if scope.kind is ScopeKind.USER:
            return scope.id == user
        person = self.people.get(user, _NOWHERE)
        if scope.kind is ScopeKind.GROUP:
            return scope.id in person.groups
        if scope.kind is ScopeKind.BRANCH:
            return scope.id in person.branches
        return any(self.forest.at_or_under(branch, scope.id) for branch in person.branches)

    def members(self, scope: Scope) -> tuple[str, ...]:
        """The known users in *scope* now, sorted, each once."""
        if scope.id is None:
            return tuple(sorted(self.people))
        if scope.kind is ScopeKind.USER:
            return (scope.id,) if scope.id in self.people else ()
        if scope.kind is not ScopeKind.TREE:
            return tuple(self._members.get((scope.kind, scope.id), ()))
        found = {user for branch in self.forest.under(scope.id) for user in self._members.get(("branch", branch), ())}
        return tuple(sorted(found))

    def covers(self, resource: Scope, scope: Scope) -> bool:
        """Whether everybody who could ever be in *scope* is in *resource*; of a user, whether they are now.

        Source: decision 14, DOC-14, DOC-21, DOC-22.
        """
        if scope.kind is ScopeKind.USER and scope.id is not None:
            return self.is_in(scope.id, resource)
        if resource == scope:
            return True
        if self.coverage is Coverage.EXACT:
            return False
        if resource.kind is ScopeKind.EVERYONE:
            return True
        return (
            resource.kind is ScopeKind.TREE
            and scope.kind in (ScopeKind.BRANCH, ScopeKind.TREE)
            and self.forest.at_or_under(str(scope.id), str(resource.id))
        )

    def manages(self, actor: Actor, scope: Scope) -> bool:
        """Whether *actor* covers *scope*: a superadmin always, a power user by a resource, a learner never."""
        return actor.is_superadmin or any(self.covers(resource, scope) for resource in actor.scopes())
