"""Queries that answer with a part of a list, and with where the next part begins."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Final, TypeVar

from attrs import frozen

from licensing_core.checks import Id, checked, whole
from licensing_core.protocols import MOST_OF_PAGE, Page
from licensing_core.services.engine import B, Query, UseCase

M = TypeVar("M")
T = TypeVar("T")
Most = Annotated[int, whole(1, MOST_OF_PAGE)]
"""How many items an answer has at most."""
Looked = Sequence[tuple[str, T | None]]
"""What a part of a list has by id; `None` for what is not for the actor to see."""
_LOOKED_AT: Final = MOST_OF_PAGE
"""How many items of a list one query looks at, at most."""


@frozen(kw_only=True, field_transformer=checked)
class PagedQuery(Query[B]):
    """A query that answers with *most* items of a list at most, those that come *after* an id.

    Its answer has a `next`: the id to ask for what comes after, `None` at the end of the list. Where a part of what
    is there is not shown, an answer may have fewer items than *most*, or none, while there is a next.
    """

    after: Id | None = None
    most: Most = 100

    @abstractmethod
    def steps(self, now: datetime) -> UseCase[B]:
        """The use case: what to load, and what to answer."""

    @property
    def page(self) -> Page:
        """The part of the list that is asked for."""
        return Page(self.after, self.most)


def looked_through(page: Page, look: Callable[[Page], UseCase[Looked[T]]]) -> UseCase[tuple[tuple[T, ...], str | None]]:
    """The items of *page* that may be seen, and the id after which the next ones come.

    It looks at ever larger parts until the page is full or the list ends, and at 1000 items in all at most, so that
    its time does not follow how much there is that is not shown.
    """
    found: list[T] = []
    after, size, left = page.after, page.most, _LOOKED_AT
    while True:
        part = yield from look(Page(after, size))
        for number, (name, item) in enumerate(part, 1):
            after = name
            if item is not None:
                found.append(item)
            if len(found) == page.most:
                return tuple(found), None if number == len(part) < size else after
        left -= size
        if len(part) < size or not left:
            return tuple(found), None if len(part) < size else after
        size = min(2 * size, left)


def part_of(items: Sequence[T], ids: Sequence[str], page: Page) -> tuple[tuple[T, ...], str | None]:
    """The same of a list that was loaded whole: of *items* whose *ids* are sorted."""
    return cut(items, ids, 0 if page.after is None else bisect_right(ids, page.after), page.most)


def cut(items: Sequence[T], marks: Sequence[M], start: int, most: int) -> tuple[tuple[T, ...], M | None]:
    """The *most* of *items* from *start* on, and the mark of the last of them when more come after it."""
    end = start + most
    return tuple(items[start:end]), marks[end - 1] if end < len(marks) else None
