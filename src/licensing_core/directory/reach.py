"""Scopes made ready for questions: what they hold and cover is looked up, and not gone through one by one."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from attrs import frozen

from licensing_core.directory.scopes import Content, Scope, ScopeKind


@frozen(eq=False, kw_only=True)
class Reach:
    """A set of scopes as it stands in one forest; `Forest.reach()` makes it.

    A branch has a number, and all at or under it are the numbers from its own up to an end. So branches make a sorted
    list of bounds, in which each second one is an end: a number lies inside when those at or below it are odd in count.

    Attributes:
        everyone: Whether everyone is among the scopes.
        users, groups, branches, trees: The ids in the scopes of each kind, known to the forest or not.
        bounds: Whose branch is of such a number is in one of the scopes.
        under: Branches of such numbers are at or under one of *trees*.
    """

    everyone: bool
    users: frozenset[str]
    groups: frozenset[str]
    branches: frozenset[str]
    trees: frozenset[str]
    bounds: Sequence[int]
    under: Sequence[int]


_NO_IDS: Final = frozenset[str]()
"""One for all, so that it stays in the caches."""


def is_inside(bounds: Sequence[int], numbers: Iterable[int]) -> bool:
    """Whether one of *numbers* lies inside *bounds*."""
    return any(bisect_right(bounds, number) & 1 for number in numbers)


def merged(spans: Iterable[tuple[int, int]]) -> Sequence[int]:
    """The sorted bounds of *spans*, each from its first number up to its end; those that meet become one."""
    bounds: list[int] = []
    for begin, end in sorted(spans):
        if bounds and begin <= bounds[-1]:
            bounds[-1] = max(bounds[-1], end)
        else:
            bounds += (begin, end)
    return array("i", bounds)  # one piece of memory is read quicker than many numbers, which a check feels


def reach_of(scopes: Iterable[Scope | Content], numbers: Mapping[str, int], ends: Sequence[int]) -> Reach:
    """The reach of *scopes*, contents passed over, in the forest of those *numbers* by branch and *ends* by number."""
    ids: dict[ScopeKind, set[str | None]] = {kind: set() for kind in ScopeKind}
    for scope in scopes:
        if isinstance(scope, Scope):
            ids[scope.kind].add(scope.id)

    def spans(kind: ScopeKind) -> Iterator[tuple[int, int]]:
        for branch in ids[kind]:
            if branch in numbers:
                number = numbers[str(branch)]
                yield number, ends[number] if kind is ScopeKind.TREE else number + 1

    named = {kind: frozenset(map(str, found)) if found else _NO_IDS for kind, found in ids.items()}
    return Reach(
        everyone=bool(ids[ScopeKind.EVERYONE]),
        users=named[ScopeKind.USER],
        groups=named[ScopeKind.GROUP],
        branches=named[ScopeKind.BRANCH],
        trees=named[ScopeKind.TREE],
        bounds=merged(chain(spans(ScopeKind.TREE), spans(ScopeKind.BRANCH))),
        under=merged(spans(ScopeKind.TREE)),
    )
