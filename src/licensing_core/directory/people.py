"""Branches, the people in them and in groups, and what covers what."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import (
    MAX_COUNT,
    FrozenMap,
    Id,
    UserId,
    Value,
    as_id,
    bulk,
    check_of,
    checked,
    instance,
    whole,
)
from licensing_core.directory.actors import Actor, Role
from licensing_core.directory.placement import Placement, Standing
from licensing_core.directory.reach import Reach, reach_of
from licensing_core.directory.scopes import Content, Scope, ScopeKind
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


def _children(parents: Mapping[str, str | None]) -> dict[str | None, list[str]]:
    children: defaultdict[str | None, list[str]] = defaultdict(list)
    for branch, parent in parents.items():
        if parent is not None and parent not in parents:
            raise InvalidBranches(branch=branch, reason="its parent is unknown")
        children[parent].append(branch)
    return dict(children)


def _walk(parents: Mapping[str, str | None]) -> tuple[dict[str, int], Sequence[int]]:
    """The number of each branch in a walk that goes down first, and by number that of the parent, -1 for none."""
    children = _children(parents)
    numbers: dict[str, int] = {}
    above = array("i")
    path = [(root, -1, 1) for root in reversed(children.get(None, ()))]
    while path:
        branch, parent, depth = path.pop()
        if depth > MAX_DEPTH:
            raise InvalidBranches(branch=branch, reason=f"it lies deeper than {MAX_DEPTH} levels")
        number = numbers[branch] = len(numbers)
        above.append(parent)
        path.extend((child, number, depth + 1) for child in reversed(children.get(branch, ())))
    for branch in parents:
        if branch not in numbers:
            raise InvalidBranches(branch=branch, reason="it is its own ancestor")
    return numbers, above


def _ends(above: Sequence[int]) -> Sequence[int]:
    """By the number of a branch, the number after the last at or under it: nested sets, of which it is the begin."""
    ends = array("i", range(1, len(above) + 1))
    for number in range(len(above) - 1, -1, -1):
        if (parent := above[number]) >= 0 and ends[parent] < ends[number]:
            ends[parent] = ends[number]
    return ends


@frozen(field_transformer=checked)
class Forest(Value):
    """The branches, each with its parent or `None`; *at or under* is answered in O(1)."""

    parents: Mapping[Id, Id | None]
    _numbers: dict[str, int] = field(init=False, eq=False, repr=False)
    _branches: tuple[str, ...] = field(init=False, eq=False, repr=False)
    _above: Sequence[int] = field(init=False, eq=False, repr=False)
    _ends: Sequence[int] = field(init=False, eq=False, repr=False)
    _root: str | None = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        numbers, above = _walk(self.parents)
        roots = [branch for branch, number in numbers.items() if above[number] < 0]
        object.__setattr__(self, "_numbers", numbers)
        object.__setattr__(self, "_branches", tuple(numbers))
        object.__setattr__(self, "_above", above)
        object.__setattr__(self, "_ends", _ends(above))
        object.__setattr__(self, "_root", roots[0] if len(roots) == 1 else None)

    def at_or_under(self, branch: str, ancestor: str) -> bool:
        """Whether *branch* is *ancestor* or one of its descendants; unknown branches are under nothing."""
        number, top = self._numbers.get(branch), self._numbers.get(ancestor)
        return number is not None and top is not None and top <= number < self._ends[top]

    def numbers_under(self, ancestor: str) -> tuple[int, int]:
        """The number of *ancestor*, and the one after the last branch under it; `(0, 0)` when it is unknown."""
        number = self._numbers.get(ancestor)
        return (0, 0) if number is None else (number, self._ends[number])

    def under(self, ancestor: str) -> tuple[str, ...]:
        """*ancestor*, when it is known, and its descendants, each before those under it."""
        begin, end = self.numbers_under(ancestor)
        return self._branches[begin:end]

    def above(self, branch: str) -> tuple[str, ...]:
        """*branch*, when it is known, and its ancestors, the root last."""
        found, number = [], self._numbers.get(branch, -1)
        while number >= 0:
            found.append(self._branches[number])
            number = self._above[number]
        return tuple(found)

    def numbers(self, branches: Iterable[str]) -> tuple[int, ...]:
        """The numbers of *branches* in the order of `under()`.

        Raises:
            InvalidBranches: One is unknown.
        """
        try:
            return tuple(sorted(self._numbers[branch] for branch in branches))
        except KeyError as error:
            raise InvalidBranches(branch=error.args[0], reason="a user is in it, but it is unknown") from None

    def reach(self, scopes: Iterable[Scope | Content]) -> Reach:
        """What *scopes*, contents passed over, hold and cover in this forest."""
        return reach_of(scopes, self._numbers, self._ends)

    @property
    def root(self) -> str | None:
        """The only branch without a parent; `None` when there are none or several."""
        return self._root


@frozen(field_transformer=checked)
class Person(Value):
    """The branches and groups that somebody is in now."""

    branches: frozenset[Id] = frozenset()
    groups: frozenset[Id] = frozenset()


_NOWHERE: Final[Standing] = (frozenset(), ())
# Members of an enum are looked up slowly before Python 3.12; these are asked for in each check.
_SUPERADMIN: Final = Role.SUPERADMIN
_POWER_USER: Final = Role.POWER_USER
_USER: Final = ScopeKind.USER
_GROUP: Final = ScopeKind.GROUP
_BRANCH: Final = ScopeKind.BRANCH
_TREE: Final = ScopeKind.TREE


_new: Final = object.__new__
_set_branches: Final = vars(Person)["branches"].__set__
_set_groups: Final = vars(Person)["groups"].__set__


def _person(branches: frozenset[str], groups: frozenset[str]) -> Person:
    """A person in *branches* and *groups*, whose ids were checked: there may be millions."""
    person = _new(Person)
    _set_branches(person, branches)
    _set_groups(person, groups)
    return person


_as_mapping: Final = instance(Mapping)
_as_people: Final = check_of(Mapping[UserId, Person])
_PLAIN: Final = (list, tuple, set, frozenset)


def _id_sets(name: str, value: Any, known: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """*value*, when it is a mapping of ids to collections of ids; what is *known* to be an id is not checked again."""
    found: dict[str, frozenset[str]] = {}
    for key, ids in _as_mapping(name, value).items():
        try:
            checked_ids = frozenset(map(known.__getitem__, ids)) if type(ids) in _PLAIN else None
        except (KeyError, TypeError):  # one that is not known, or no id at all
            checked_ids = None
        found[as_id(name, key)] = bulk(name, ids, most=MAX_COUNT) if checked_ids is None else checked_ids
    return found


class Coverage(StrEnum):
    """When a resource of a power user covers a scope (decision 14)."""

    STRUCTURE = "structure"
    """When everybody who could ever be in the scope is in the resource, by structure."""
    EXACT = "exact"
    """A group or branch only when it is the resource itself; users as under `structure`."""


_EXACT: Final = Coverage.EXACT
_as_most: Final = whole(1, MAX_COUNT)
_MOST_REACHES: Final = 32_768
"""How many sets of scopes a directory remembers the reach of before it begins anew."""


@frozen(field_transformer=checked)
class Directory(Value):
    """The branches, and the people in them and in groups, as a host sees them at one instant.

    Raises:
        InvalidBranches: Somebody is in a branch that the forest does not have.
    """

    forest: Forest
    people: Annotated[Mapping[UserId, Person], _as_people]
    coverage: Coverage = Coverage.STRUCTURE
    _standings: dict[str, Standing] = field(init=False, eq=False, repr=False)
    _roster: Placement = field(init=False, eq=False, repr=False)
    _reaches: dict[frozenset[Scope | Content], Reach] = field(init=False, eq=False, repr=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        people, forest = self.people, self.forest
        known: dict[frozenset[str], tuple[int, ...]] = {}
        standings: dict[str, Standing] = {}
        for user in sorted(people):
            person = people[user]
            numbers = known.get(person.branches)
            if numbers is None:
                numbers = known[person.branches] = forest.numbers(sorted(person.branches))
            standings[user] = (person.groups, numbers)
        object.__setattr__(self, "_standings", standings)
        object.__setattr__(self, "_roster", Placement(standings, len(forest.parents)))

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
        in_branches = _id_sets("users", users, {branch: branch for branch in forest.parents})
        in_groups: defaultdict[str, list[str]] = defaultdict(list)
        for group, members in _id_sets("groups", groups, {user: user for user in in_branches}).items():
            for user in members:
                in_groups[user].append(group)
        nothing = frozenset[str]()
        people = {
            user: _person(in_branches.get(user, nothing), frozenset(in_groups.get(user, nothing)))
            for user in sorted({*in_branches, *in_groups})
        }
        return cls(forest, FrozenMap.checked(people, _as_people), coverage)

    def is_in(self, user: str, scope: Scope) -> bool:
        """Whether *user* belongs to *scope* now; somebody unknown is in no branch and no group."""
        if type(user) is not str:
            as_id("user", user)
        if scope.id is None:
            return True
        if scope.kind is _USER:
            return scope.id == user
        groups, numbers = self._standings.get(user, _NOWHERE)
        if scope.kind is _GROUP:
            return scope.id in groups
        begin, end = self.forest.numbers_under(scope.id)
        if scope.kind is _BRANCH:
            return begin < end and begin in numbers
        return any(begin <= number < end for number in numbers)

    def is_in_any(self, user: str, scopes: frozenset[Scope | Content]) -> bool:
        """Whether *user* belongs to one of *scopes* now, however many these are, and however many branches there are.

        It is quick for one and the same set of scopes, such as the audience of a package.
        """
        if type(user) is not str:
            as_id("user", user)
        reach = self._reaches.get(scopes) or self.reach(scopes)
        standing = self._standings.get(user)
        if standing is not None:
            groups, numbers = standing
            bounds = reach.bounds
            for number in numbers:
                if bisect_right(bounds, number) & 1:
                    return True
            if not reach.groups.isdisjoint(groups):
                return True
        return reach.everyone or user in reach.users

    def reach(self, scopes: frozenset[Scope | Content]) -> Reach:
        """What *scopes*, contents passed over, hold and cover; made once for each set of scopes.

        It follows from the scopes and the forest alone, so that remembering it changes no answer.
        """
        found = self._reaches.get(scopes)
        if found is None:
            if len(self._reaches) >= _MOST_REACHES:
                self._reaches.clear()
            found = self._reaches[scopes] = self.forest.reach(scopes)
        return found

    def members(self, scope: Scope) -> tuple[str, ...]:
        """The known users in *scope* now, sorted, each once."""
        if scope.id is None:
            return tuple(self._standings)
        if scope.kind is _USER:
            return (scope.id,) if scope.id in self._standings else ()
        if scope.kind is _GROUP:
            return tuple(sorted(self._roster.in_group(scope.id)))
        begin, end = self.forest.numbers_under(scope.id)
        if scope.kind is _BRANCH:
            return self._roster.in_branches(begin, min(begin + 1, end))
        return tuple(sorted(set(self._roster.in_branches(begin, end))))

    def members_after(self, scope: Scope, after: str | None, most: int) -> tuple[str, ...]:
        """The first *most* of `members()` whose id comes after *after*; `None` for the first of all.

        The first part of a list puts it in order; each part after it takes O(log n + most).

        Raises:
            InvalidId: *after* is no id.
            InvalidQuantity: *most* is not from 1 to 2**31 - 1.
        """
        place, many = "" if after is None else as_id("after", after), _as_most("most", most)
        if scope.id is None:
            return self._roster.everybody_after(place, many)
        if scope.kind is _USER:
            return tuple(user for user in self.members(scope) if user > place)
        if scope.kind is _GROUP:
            return self._roster.in_group_after(scope.id, place, many)
        begin, end = self.forest.numbers_under(scope.id)
        return self._roster.in_branches_after(begin, min(begin + 1, end) if scope.kind is _BRANCH else end, place, many)

    def audience(self, scopes: frozenset[Scope | Content]) -> tuple[str, ...]:
        """The known users in one of *scopes* now, each once; in time that follows how many they are.

        They come in the order of the branches, as `Forest.under()` has it, and by id within each; then those in none
        of these branches: by a group, or named themselves. Sort them where the order of ids is wanted.
        """
        return self._roster.within(self.reach(scopes))

    def covers(self, resource: Scope, scope: Scope) -> bool:
        """Whether everybody who could ever be in *scope* is in *resource*; of a user, whether they are now.

        Source: decision 14, DOC-14, DOC-21, DOC-22.
        """
        if scope.kind is _USER and scope.id is not None:
            return self.is_in(scope.id, resource)
        if resource == scope:
            return True
        if self.coverage is _EXACT:
            return False
        if resource.id is None:
            return True
        in_forest = resource.kind is _TREE and scope.kind in (_BRANCH, _TREE)
        return in_forest and self.forest.at_or_under(str(scope.id), resource.id)

    def covered(self, resources: frozenset[Scope | Content], scope: Scope) -> bool:
        """Whether one of *resources*, contents passed over, covers *scope*, however many they are.

        It is quick for one and the same set of resources, such as those of an actor.
        """
        kind, name = scope.kind, scope.id
        if name is None:
            return self.reach(resources).everyone
        if kind is _USER:
            return self.is_in_any(name, resources)
        reach = self._reaches.get(resources) or self.reach(resources)
        if name in (reach.groups if kind is _GROUP else reach.branches if kind is _BRANCH else reach.trees):
            return True
        if self.coverage is _EXACT:
            return False
        if reach.everyone:
            return True
        begin, end = self.forest.numbers_under(name)
        return kind is not _GROUP and begin < end and bool(bisect_right(reach.under, begin) & 1)

    def manages(self, actor: Actor, scope: Scope) -> bool:
        """Whether *actor* covers *scope*: a superadmin always, a power user by a resource, a learner never."""
        role = actor.role
        return role is _SUPERADMIN or (role is _POWER_USER and self.covered(actor.resources, scope))
