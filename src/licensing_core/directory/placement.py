"""Who is where, kept in the order of the branches, so that a list of people is a few slices of one list."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, islice
from typing import Final

from attrs import field, frozen

from licensing_core.directory.reach import Reach, is_inside

Standing = tuple[frozenset[str], tuple[int, ...]]
"""The groups of somebody, and the numbers of their branches."""
_MOST_ORDERED: Final = 4
"""How many times as many ids as there are people the lists hold that are kept in order."""


@frozen(eq=False)
class _Group:
    """Members of a group: those in one branch by its number, and the others: in several branches, or in none."""

    numbers: "array[int]" = field(factory=lambda: array("i"))
    users: list[str] = field(factory=list)
    others: list[str] = field(factory=list)

    def outside(self, bounds: Sequence[int]) -> Iterator[str]:
        """Those in one branch that lies outside of *bounds*."""
        at = 0
        for begin, end in _spans(bounds):
            upto = bisect_left(self.numbers, begin, at)
            yield from self.users[at:upto]
            at = bisect_left(self.numbers, end, upto)
        yield from self.users[at:]


def _spans(bounds: Sequence[int]) -> Iterator[tuple[int, int]]:
    return zip(bounds[::2], bounds[1::2], strict=True)


def _after(users: Sequence[str], after: str, most: int) -> tuple[str, ...]:
    """The first *most* of *users*, who are sorted, that come after *after*."""
    first = bisect_right(users, after)
    return tuple(users[first : first + most])


def _from(users: tuple[str, ...], begin: int, end: int) -> Iterator[str]:
    """The items of *users* from *begin* up to *end*: a slice, without a copy of it in between."""
    walk = iter(users)
    walk.__setstate__(begin)  # type: ignore[attr-defined]  # as if it had been pickled there
    return islice(walk, end - begin)


class Placement:
    """The people of a directory by branch and group.

    All that are in a branch stand in one list, by the number of the branch and then by id; who is in several branches
    stands there several times.
    """

    __slots__ = ("_again", "_groups", "_kept", "_nowhere", "_ordered", "_placed", "_standings", "_starts")

    def __init__(self, standings: Mapping[str, Standing], branches: int) -> None:
        """Place the people of *standings*, which are in the order of their ids, in so many *branches*."""
        by_branch: list[list[str]] = [[] for _ in range(branches)]
        several, nowhere = dict[str, None](), list[str]()
        for user, (_, numbers) in standings.items():
            for number in numbers:
                by_branch[number].append(user)
            if len(numbers) > 1:
                several[user] = None
            elif not numbers:
                nowhere.append(user)
        self._standings = standings
        self._placed = tuple(chain.from_iterable(by_branch))
        self._starts = array("i", accumulate(map(len, by_branch), initial=0))
        self._again = array("i", (at for at, user in enumerate(self._placed) if user in several) if several else ())
        self._nowhere = tuple(nowhere)
        self._groups = _by_group(standings, by_branch, [*several, *nowhere])
        self._ordered: dict[object, tuple[str, ...]] = {}
        self._kept = 0

    def in_branches(self, begin: int, end: int) -> tuple[str, ...]:
        """Those in the branches of these numbers, in their order; some several times."""
        return self._placed[self._starts[begin] : self._starts[end]]

    def in_group(self, group: str) -> tuple[str, ...]:
        """The members of *group*, in no order."""
        found = self._groups.get(group)
        return () if found is None else (*found.users, *found.others)

    def everybody_after(self, after: str, most: int) -> tuple[str, ...]:
        """The first *most* of all people whose id comes after *after*, sorted."""
        return _after(self._sorted(None, lambda: self._standings), after, most)

    def in_group_after(self, group: str, after: str, most: int) -> tuple[str, ...]:
        """The first *most* members of *group* whose id comes after *after*, sorted."""
        return _after(self._sorted(group, lambda: sorted(self.in_group(group))), after, most)

    def in_branches_after(self, begin: int, end: int, after: str, most: int) -> tuple[str, ...]:
        """The first *most* of those in the branches of these numbers whose id comes after *after*, sorted."""
        if end - begin <= 1:  # who is in one branch stands in order there
            at, upto = self._starts[begin], self._starts[end]
            first = bisect_right(self._placed, after, at, upto)
            return self._placed[first : min(first + most, upto)]
        return _after(self._sorted((begin, end), lambda: sorted(set(self.in_branches(begin, end)))), after, most)

    def _sorted(self, key: object, make: Callable[[], Iterable[str]]) -> tuple[str, ...]:
        """What *make* gives, kept for the next part of the same list.

        It follows from the people alone, so that remembering it changes no answer.
        """
        found = self._ordered.get(key)
        if found is None:
            found = tuple(make())
            if self._kept + len(found) > _MOST_ORDERED * len(self._standings):
                self._ordered, self._kept = {}, 0
            self._ordered[key] = found
            self._kept += len(found) + 1
        return found

    def within(self, reach: Reach) -> tuple[str, ...]:
        """The people in *reach*, each once: first by branch, then those in it only by a group or a scope of their own.

        It takes whole stretches of what is there, so its time follows the length of the answer.
        """
        bounds = (0, len(self._starts) - 1) if reach.everyone else reach.bounds
        stretches = list(self._stretches(bounds))
        beside = self._nowhere if reach.everyone else tuple(dict.fromkeys(self._beside(reach)))
        if len(stretches) == 1 and not beside:
            return self._placed[slice(*stretches[0])]
        return tuple(chain(*(_from(self._placed, begin, end) for begin, end in stretches), beside))

    def _stretches(self, bounds: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Begins and ends of those in branches inside *bounds*, cut where somebody comes again."""
        seen: set[str] = set()
        for begin, end in _spans(bounds):
            at, upto = self._starts[begin], self._starts[end]
            again = self._again
            for place in again[bisect_left(again, at) : bisect_left(again, upto)]:
                user = self._placed[place]
                if user in seen:
                    yield at, place
                    at = place + 1
                seen.add(user)
            yield at, upto

    def _beside(self, reach: Reach) -> Iterator[str]:
        """Those in *reach*, though in none of its branches; some several times."""
        standings, bounds = self._standings, reach.bounds
        groups = [self._groups[group] for group in sorted(reach.groups) if group in self._groups]
        for group in groups:
            yield from group.outside(bounds)
        for user in chain(*(group.others for group in groups), sorted(reach.users)):
            if user in standings and not is_inside(bounds, standings[user][1]):
                yield user


def _by_group(
    standings: Mapping[str, Standing], by_branch: Sequence[Sequence[str]], others: Sequence[str]
) -> dict[str, _Group]:
    """The groups by id, their members in one branch in the order of the branches."""
    groups: defaultdict[str, _Group] = defaultdict(_Group)
    for number, users in enumerate(by_branch):
        for user in users:
            mine, numbers = standings[user]
            if len(numbers) == 1:
                for group in mine:
                    found = groups[group]
                    found.numbers.append(number)
                    found.users.append(user)
    for user in others:
        for group in standings[user][0]:
            groups[group].others.append(user)
    return dict(groups)
