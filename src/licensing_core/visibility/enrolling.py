"""In what somebody may enroll others, and how they see the list of enrollments of a course or learning plan."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any, ClassVar, Final

from attrs import frozen

from licensing_core.checks import InvalidArgument, as_id, shown
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Content, ContentKind, Permission, PermissionMissing, Role
from licensing_core.errors import LicensingError
from licensing_core.plans import Package


@frozen(kw_only=True)
class ContentNotInPackage(LicensingError):
    """No catalog of the pool's package lists these contents."""

    code: ClassVar[str] = "content.not_in_package"
    rules: ClassVar[tuple[str, ...]] = ("DOC-43",)
    pool: str
    contents: tuple[Content, ...]

    def __str__(self) -> str:
        return (
            f"{len(self.contents)} of the contents are not in the package of pool {self.pool!r}; "
            "choose among those that it lists"
        )


@frozen(kw_only=True)
class ContentNotAssigned(LicensingError):
    """These very courses or learning plans are not among the resources of the actor."""

    code: ClassVar[str] = "content.not_assigned"
    rules: ClassVar[tuple[str, ...]] = ("DOC-43",)
    pool: str
    contents: tuple[Content, ...]

    def __str__(self) -> str:
        return (
            f"{len(self.contents)} of the contents asked of pool {self.pool!r} are not among the resources of this "
            "actor; have them assigned, or choose others"
        )


def _listed(package: Package | None) -> frozenset[Content]:
    return frozenset() if package is None else package.contents


def _assigned(actor: Actor, contents: Iterable[Content]) -> Iterable[Content]:
    """Those of *contents* in which *actor* may enroll: all for a superadmin, none for a learner."""
    if actor.is_superadmin:
        return contents
    return (one for one in contents if one in actor.resources) if actor.role is Role.POWER_USER else ()


def can_enroll_in(actor: Actor, package: Package | None, contents: Collection[Content], pool_id: str) -> Verdict:
    """May *actor* enroll users in *contents* through the pool *pool_id* of *package*: `None` when its plan is gone?

    Refusals, in order: `ContentNotInPackage`, `ContentNotAssigned` (a power user without that very course or learning
    plan as a resource; a learner).

    Source: DOC-43.
    """
    wanted, pool = _as_contents(contents), as_id("pool_id", pool_id)
    if others := wanted - _listed(package):
        return Verdict.refuse(ContentNotInPackage(pool=pool, contents=_by_text(others)))
    if others := wanted - frozenset(_assigned(actor, wanted)):
        return Verdict.refuse(ContentNotAssigned(pool=pool, contents=_by_text(others)))
    return _OFFERED


def enrollable(actor: Actor, package: Package | None) -> tuple[Content, ...]:
    """The contents of *package* to offer to *actor* for enrolling, sorted by their text (DOC-43)."""
    return _by_text(_assigned(actor, _listed(package)))


def _as_contents(contents: Any) -> frozenset[Content]:
    if isinstance(contents, str | bytes) or not isinstance(contents, Collection):
        raise InvalidArgument(parameter="contents", expected="a collection of contents", got=shown(contents))
    for content in contents:
        if not isinstance(content, Content):
            raise InvalidArgument(parameter="contents", expected="a collection of contents", got=shown(content))
    return frozenset(contents)


def _by_text(contents: Iterable[Content]) -> tuple[Content, ...]:
    return tuple(sorted(contents, key=str))


class PageMode(StrEnum):
    """How the page with the enrollments of a course or learning plan opens."""

    NONE = "none"
    READ = "read"
    EDIT = "edit"
    """Enrollments may be changed there, and users readmitted."""


_OFFERED: Final = Verdict.allow("DOC-43")
_OPEN: Final = Verdict.allow("DOC-49")
_EDITABLE: Final = Verdict.allow("DOC-39")
_PAGES: Final = {
    ContentKind.COURSE: (PageMode.READ, (Permission.COURSES_VIEW, Permission.ENROLLMENTS_VIEW)),
    ContentKind.LEARNING_PLAN: (PageMode.EDIT, (Permission.LEARNING_PLANS_VIEW, Permission.ENROLLMENTS_MANAGE)),
}
"""How the page of each kind of content opens, and to whom."""


def can_open_enrollment_page(actor: Actor, content: Content) -> Verdict:
    """May *actor* open the page with the enrollments of *content*? A refusal names the first permission that lacks.

    Refusals, in order: `PermissionMissing` (`courses.view`, then `enrollments.view`; of a learning plan
    `learning_plans.view`, then `enrollments.manage`).

    Source: DOC-49.
    """
    _mode, permissions = _PAGES[content.kind]
    for permission in permissions:
        if not actor.has(permission):
            return Verdict.refuse(PermissionMissing(permission=permission))
    return _OPEN


def can_edit_enrollment(actor: Actor, content: Content) -> Verdict:
    """May *actor* move the end of validity of enrollments in *content*?

    Who may edit enrollments may, and who may edit them on the page of *content* (a learning plan, DOC-49).
    Refusal: `PermissionMissing` (`enrollments.edit`).

    Source: DOC-39, DOC-49.
    """
    if actor.has(Permission.ENROLLMENTS_EDIT):
        return _EDITABLE
    if enrollment_page(actor, content) is PageMode.EDIT:
        return _OPEN
    return Verdict.refuse(PermissionMissing(permission=Permission.ENROLLMENTS_EDIT))


def enrollment_page(actor: Actor, content: Content) -> PageMode:
    """How the page with the enrollments of *content* opens for *actor*: `none` when they may not open it.

    A course is to be read only and a learning plan to be edited; a superadmin edits both.

    Source: DOC-49.
    """
    if actor.is_superadmin:
        return PageMode.EDIT
    return _PAGES[content.kind][0] if can_open_enrollment_page(actor, content) else PageMode.NONE
