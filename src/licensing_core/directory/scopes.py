"""Scopes and contents: the sets of people, and the things to learn, that are offered and assigned."""

from enum import StrEnum
from typing import Final

from attrs import field, frozen

from licensing_core.checks import Id, InvalidArgument, UserId, Value, checked, prefixed, shown


class ScopeKind(StrEnum):
    """Kinds of scopes, in the words of their text form."""

    USER = "user"
    GROUP = "group"
    BRANCH = "branch"
    TREE = "tree"
    EVERYONE = "everyone"


def _id_where_due(scope: "Scope", _attribute: object, value: str | None) -> None:
    if (value is None) is not (scope.kind is ScopeKind.EVERYONE):
        raise InvalidArgument(parameter="id", expected="an id, and none for everyone", got=shown(value))


@frozen(field_transformer=checked)
class Scope(Value):
    """A set of people: a user, a group, a branch alone, a branch with its descendants, or everyone.

    >>> str(Scope.tree("sales")), Scope.parse("group:coaches") == Scope.group("coaches")
    ('branch:sales/**', True)
    """

    kind: ScopeKind
    id: Id | None = field(default=None, validator=_id_where_due)

    @classmethod
    def user(cls, user: UserId) -> "Scope":
        """The one person *user*."""
        return cls(ScopeKind.USER, user)

    @classmethod
    def group(cls, group: Id) -> "Scope":
        """The members of *group*."""
        return cls(ScopeKind.GROUP, group)

    @classmethod
    def branch(cls, branch: Id) -> "Scope":
        """Those directly in *branch*."""
        return cls(ScopeKind.BRANCH, branch)

    @classmethod
    def tree(cls, branch: Id) -> "Scope":
        """Those in *branch* or below it."""
        return cls(ScopeKind.TREE, branch)

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """The scope written as `user:u`, `group:g`, `branch:b`, `branch:b/**` or `everyone`.

        Raises:
            InvalidArgument: *text* is none of these.
        """
        if text == "everyone":
            return EVERYONE
        kind, name = prefixed(text)
        if kind == "branch" and name.endswith("/**"):
            return cls.tree(name.removesuffix("/**"))
        if kind in ("user", "group", "branch"):
            return cls(ScopeKind(kind), name)
        raise InvalidArgument(
            parameter="scope", expected="user:u, group:g, branch:b, branch:b/** or everyone", got=shown(text)
        )

    def __str__(self) -> str:
        if self.kind is ScopeKind.TREE:
            return f"branch:{self.id}/**"
        return self.kind.value if self.id is None else f"{self.kind}:{self.id}"


EVERYONE: Final = Scope(ScopeKind.EVERYONE)
"""Everybody, in a branch or not (DOC-11)."""


class ContentKind(StrEnum):
    """Kinds of content that a package gives access to."""

    COURSE = "course"
    LEARNING_PLAN = "learning_plan"


@frozen(field_transformer=checked)
class Content(Value):
    """A course, or a learning plan (an ordered set of courses).

    >>> str(Content.course("c1")), Content.parse("learning_plan:path").kind.name
    ('course:c1', 'LEARNING_PLAN')
    """

    kind: ContentKind
    id: Id

    @classmethod
    def course(cls, course: Id) -> "Content":
        """The course *course*."""
        return cls(ContentKind.COURSE, course)

    @classmethod
    def learning_plan(cls, plan: Id) -> "Content":
        """The learning plan *plan*."""
        return cls(ContentKind.LEARNING_PLAN, plan)

    @classmethod
    def parse(cls, text: str) -> "Content":
        """The content written as `course:c` or `learning_plan:l`.

        Raises:
            InvalidArgument: *text* is neither.
        """
        kind, name = prefixed(text)
        if kind in ("course", "learning_plan"):
            return cls(ContentKind(kind), name)
        raise InvalidArgument(parameter="content", expected="course:c or learning_plan:l", got=shown(text))

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"
