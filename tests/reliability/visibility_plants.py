"""Bugs of visibility and access to plant one at a time: the worlds of visibility must find each of them."""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core import visibility
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Content, Coverage, Directory, Forest, Role, Scope, ScopeKind
from licensing_core.enrollments import Enrollment
from licensing_core.plans import Offer, Package
from licensing_core.pools import LicensePool, Pool, SeatPool
from licensing_core.visibility import buying, enrolling

Planted = AbstractContextManager[Any]
entering = import_module("licensing_core.enrollments.entering")


def exact_is_tree() -> Planted:
    """A power user manages a pool as soon as one of its users is theirs (against DOC-21)."""
    honest = Directory.manages

    def kind(directory: Directory, actor: Actor, scope: Scope) -> bool:
        mine = {str(one.id) for one in actor.scopes() if one.kind is ScopeKind.USER}
        return honest(directory, actor, scope) or bool(mine & set(directory.members(scope)))

    return patch.object(Directory, "manages", kind)


def audience_is_everyone() -> Planted:
    """Power users see packages that they are not in the audience of (against DOC-9)."""
    honest = visibility.can_see_plan

    def blind(actor: Actor, offer: Offer, directory: Directory) -> Verdict:
        verdict = honest(actor, offer, directory)
        unseen = verdict.code == "purchase.not_visible" and actor.role is Role.POWER_USER
        return Verdict.allow("DOC-9") if unseen else verdict

    return patch.object(visibility, "can_see_plan", blind)


def any_content_is_enrollable() -> Planted:
    """Content that is not in the package is enrollable (against DOC-43)."""
    honest = visibility.can_enroll_in

    def generous(actor: Actor, package: Package | None, contents: Collection[Content], pool_id: str) -> Verdict:
        listed = [one for one in contents if package is not None and package.lists(one)]
        return honest(actor, package, listed, pool_id)

    return patch.object(visibility, "can_enroll_in", generous)


def content_needs_no_resource() -> Planted:
    """A power user enrolls in content that is not among their resources (against DOC-43)."""

    def all_of_it(_actor: Actor, contents: Iterable[Content]) -> Iterable[Content]:
        return contents

    return patch.object(enrolling, "_assigned", all_of_it)


def expired_is_in_force() -> Planted:
    """An expired license still counts as in force (against DOC-28)."""
    return patch.object(Pool, "in_force", lambda *_: True)


def locked_may_be_entered() -> Planted:
    """A locked enrollment may be entered (against DOC-38)."""
    honest = entering._entry

    def unlocked(found: Enrollment | None, *about: Any, **more: Any) -> Verdict:
        verdict: Verdict = honest(None if found is None else evolve(found, locked=False), *about, **more)
        return verdict

    return patch.object(entering, "_entry", unlocked)


def one_branch_is_public() -> Planted:
    """The public catalog sells what is offered to one branch (against DOC-11)."""
    honest = buying.is_public

    def wide(package: Package, forest: Forest) -> bool:
        return honest(package, forest) or any(scope.kind is ScopeKind.BRANCH for scope in package.audience)

    return patch.object(buying, "is_public", wide)


def holders_are_candidates() -> Planted:
    """Who holds a license is offered one (against DOC-30)."""

    def all_of_them(pool: LicensePool | SeatPool, directory: Directory) -> tuple[str, ...]:
        return visibility.eligible(pool.beneficiary, directory)

    return patch.object(visibility, "candidates", all_of_them)


def descendants_are_covered() -> Planted:
    """A branch alone covers what is below it, as if it were assigned with its descendants (against decision 14)."""
    honest = Directory.covered

    def deep(directory: Directory, resources: frozenset[Scope | Content], scope: Scope) -> bool:
        branches = (one for one in resources if isinstance(one, Scope) and one.kind is ScopeKind.BRANCH)
        return honest(directory, resources | {Scope.tree(str(one.id)) for one in branches}, scope)

    return patch.object(Directory, "covered", deep)


def exact_is_loose() -> Planted:
    """The stricter policy allows whatever is asked (against decision 14)."""
    honest = Directory.covered

    def loose(directory: Directory, resources: frozenset[Scope | Content], scope: Scope) -> bool:
        return directory.coverage is Coverage.EXACT or honest(directory, resources, scope)

    return patch.object(Directory, "covered", loose)


def audience_lacks_groups() -> Planted:
    """The list of an audience forgets who is in it through a group (against DOC-9)."""
    honest = visibility.audience_of

    def shorter(package: Package, directory: Directory) -> tuple[str, ...]:
        scopes = [scope for scope in package.audience if scope.kind is not ScopeKind.GROUP]
        return honest(evolve(package, audience=frozenset(scopes)), directory)

    return patch.object(visibility, "audience_of", shorter)


def anybody_confirms() -> Planted:
    """Who has the permission acts on enrollments of users and pools out of reach (against decision 12)."""
    return patch.object(visibility, "manages_enrollment", lambda *_: True)


PLANTS = (
    exact_is_tree,
    audience_is_everyone,
    any_content_is_enrollable,
    content_needs_no_resource,
    expired_is_in_force,
    locked_may_be_entered,
    one_branch_is_public,
    holders_are_candidates,
    descendants_are_covered,
    exact_is_loose,
    audience_lacks_groups,
    anybody_confirms,
)
