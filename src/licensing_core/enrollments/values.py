"""Enrollments: who is in which course or learning plan, through which pool, and for how long."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Final

from attrs import evolve, field, frozen

from licensing_core.checks import Id, Instant, InvalidArgument, UserId, Value, checked, instance
from licensing_core.directory import Content, ContentKind
from licensing_core.partial import ById, NotLoaded


class EnrollmentStatus(StrEnum):
    """Whether an enrollment counts yet."""

    TO_CONFIRM = "to_confirm"
    """Waits for somebody who may activate enrollments (DOC-47)."""
    ENROLLED = "enrolled"


def _after_since(enrollment: "Enrollment", _attribute: object, until: Any) -> None:
    if until is not None and enrollment.since is not None and until <= enrollment.since and not enrollment.locked:
        raise InvalidArgument(parameter="until", expected="an instant after since", got="one before it, or the same")


@frozen(kw_only=True, field_transformer=checked)
class Enrollment(Value):
    """One user in one course or learning plan.

    Attributes:
        pool: The pool that it came through; `None` for one that the host made otherwise.
        level: As what they are enrolled: a name of the host's, such as `student`.
        since: The first instant at which it may be entered; `None` for at once.
        until: The first instant at which it may not be entered any more; `None` for no end.
        locked: The license that it came through was taken away (DOC-38).
    """

    user: UserId
    content: Content
    pool: Id | None = None
    status: EnrollmentStatus = EnrollmentStatus.ENROLLED
    level: Id | None = None
    since: Instant | None = None
    locked: bool = False
    until: Instant | None = field(default=None, validator=_after_since)

    @property
    def takes_a_seat(self) -> bool:
        """Whether it uses a seat, in a pool of seats: a course does, a learning plan does not (decision 1)."""
        return self.content.kind is ContentKind.COURSE

    def of(self, user: UserId, content: Content, status: EnrollmentStatus) -> "Enrollment":
        """The same of another *user* in another *content*, with another *status*."""
        return evolve(self, user=user, content=content, status=status)


def in_order(enrollments: Iterable[Enrollment]) -> tuple[Enrollment, ...]:
    """*enrollments* by user, and then by the text of their content."""
    return tuple(sorted(enrollments, key=lambda one: (one.user, str(one.content))))


Place = tuple[str, Content]
"""A user and a content: what there is one enrollment of at most (I5)."""
_as_enrollment: Final = instance(Enrollment)
_as_entries: Final = instance(Iterable)
_NOTHING: Final[Mapping[Content, Enrollment]] = MappingProxyType({})


@frozen(kw_only=True)
class EnrollmentsNotLoaded(NotLoaded):
    """A decision needs enrollments that were not loaded; load those of the users in the command."""

    code: ClassVar[str] = "enrollments.not_loaded"

    def __str__(self) -> str:
        return f"the enrollments of {len(self.ids)} users were not loaded; load them all"


class _ByUser(ById[dict[Content, Enrollment]]):
    """By user, of whom each has one enrollment at least, the enrollments by content; none is written to any more."""

    __slots__ = ()
    not_loaded = EnrollmentsNotLoaded


class Enrollments(Mapping[Place, Enrollment]):
    """Enrollments by user and content: all there are, or all those of some users, whichever pool they came through.

    A change makes a new value, at the cost of the change.

    >>> ana = Enrollment(user="ana", content=Content.course("fire"))
    >>> some = Enrollments([ana], loaded={"ana", "luis"})
    >>> some.of("ana") == {ana.content: ana}, len(some.of("luis"))
    (True, 0)
    >>> some.of("mei")
    Traceback (most recent call last):
        ...
    licensing_core.enrollments.values.EnrollmentsNotLoaded: the enrollments of 1 users were not loaded; load them all

    Args:
        entries: The enrollments; of one user and content there is one at most.
        loaded: The users whose enrollments were looked up; `None` when all were.

    Raises:
        InvalidArgument: An entry is no enrollment, or there are two of one user and content.
        EnrollmentsNotLoaded: One is of a user who is not among the *loaded*.
    """

    __slots__ = ("_by_user",)
    _by_user: _ByUser

    def __init__(self, entries: Iterable[Enrollment] = (), *, loaded: Collection[str] | None = None) -> None:
        by_user: dict[str, dict[Content, Enrollment]] = {}
        for one in _as_entries("entries", entries):
            _as_enrollment("entries", one)
            mine = by_user.setdefault(one.user, {})
            if one.content in mine:
                raise InvalidArgument(parameter="entries", expected="one for each user and content", got="two")
            mine[one.content] = one
        object.__setattr__(self, "_by_user", _ByUser(by_user, loaded=loaded))

    @property
    def loaded(self) -> frozenset[str] | None:
        """The users whose enrollments are known; `None` for all."""
        return self._by_user.loaded

    def require(self, users: Collection[str]) -> None:
        """See to it that the enrollments of *users* are known.

        Raises:
            EnrollmentsNotLoaded: Some are not; it names them.
        """
        self._by_user.require(users)

    def of(self, user: str) -> Mapping[Content, Enrollment]:
        """The enrollments of *user* by content; raises `EnrollmentsNotLoaded` when they were not looked up."""
        mine = self._by_user.get(user)
        return _NOTHING if mine is None else MappingProxyType(mine)

    def with_changes(self, changes: Mapping[Place, Enrollment | None]) -> "Enrollments":
        """These enrollments after *changes*, where `None` takes one away."""
        touched: dict[str, dict[Content, Enrollment]] = {}
        for (user, content), after in changes.items():
            if user not in touched:
                touched[user] = dict(self.of(user))
            if after is None:
                touched[user].pop(content, None)
            else:
                touched[user][content] = after
        made = object.__new__(Enrollments)
        changed = self._by_user.with_changes({user: mine or None for user, mine in touched.items()})
        object.__setattr__(made, "_by_user", changed)
        return made

    def through(self, pool_id: str) -> tuple[Enrollment, ...]:
        """Those of the loaded enrollments that came through the pool *pool_id*, in order."""
        return in_order(one for one in self.values() if one.pool == pool_id)

    def __getitem__(self, place: Place) -> Enrollment:
        user, content = place
        found = self.of(user).get(content)
        if found is None:
            raise KeyError(place)
        return found

    def __iter__(self) -> Iterator[Place]:
        return ((user, content) for user, mine in self._by_user.items() for content in mine)

    def __len__(self) -> int:
        return sum(map(len, self._by_user.values()))

    def __eq__(self, other: object) -> bool:
        return self._by_user == other._by_user if isinstance(other, Enrollments) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.loaded, frozenset(self.values())))

    def __setattr__(self, name: str, _value: object) -> None:
        raise AttributeError(name)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (tuple(self.values()), self.loaded))

    def __repr__(self) -> str:
        part = "all" if self.loaded is None else f"{len(self.loaded)} users"
        return f"<Enrollments of {part}: {len(self)}>"


def _made(entries: tuple[Enrollment, ...], loaded: frozenset[str] | None) -> Enrollments:
    return Enrollments(entries, loaded=loaded)
