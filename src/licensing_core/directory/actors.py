"""Actors: who acts, with what permissions, on which resources."""

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import UserId, Value, checked, instance
from licensing_core.directory.scopes import Content, Scope
from licensing_core.errors import LicensingError


class Role(StrEnum):
    """What an actor is on the platform."""

    SUPERADMIN = "superadmin"
    POWER_USER = "power_user"
    LEARNER = "learner"


class Permission(StrEnum):
    """What a power user may be allowed to do. A superadmin has all of them, a learner none."""

    SEATS_MANAGE = "seats.manage"
    GROUPS_VIEW = "groups.view"
    ENROLLMENTS_ACTIVATE = "enrollments.activate"
    ENROLLMENTS_EDIT = "enrollments.edit"
    ENROLLMENTS_VIEW = "enrollments.view"
    ENROLLMENTS_MANAGE = "enrollments.manage"
    COURSES_VIEW = "courses.view"
    LEARNING_PLANS_VIEW = "learning_plans.view"
    TRANSACTIONS_CREATE = "transactions.create"
    SUBSCRIPTIONS_RENEW = "subscriptions.renew"
    """Renew what one has bought; every power user may (DOC-50)."""
    LICENSES_MANAGE = "licenses.manage"
    """Buy and hand out licenses of an account."""
    ACCOUNTS_MANAGE = "accounts.manage"
    """Open an account with its prices, note what was paid or withdrawn, and close its cycles; change the plan of a
    customer, and grant, activate or take back its credits."""
    USAGE_MANAGE = "usage.manage"
    """Count what a customer uses, spend its credits, and order more."""
    PANEL_VIEW = "panel.view"
    """Look at the panel of a customer, which only its main administrator may (ALU-11)."""


_ASKED_BY: Final = {
    Permission.SEATS_MANAGE: "DOC-19",
    Permission.GROUPS_VIEW: "DOC-14",
    Permission.TRANSACTIONS_CREATE: "DOC-8",
    Permission.ENROLLMENTS_EDIT: "DOC-39",
    Permission.ENROLLMENTS_ACTIVATE: "DOC-47",
    Permission.ENROLLMENTS_VIEW: "DOC-49",
    Permission.ENROLLMENTS_MANAGE: "DOC-49",
    Permission.COURSES_VIEW: "DOC-49",
    Permission.LEARNING_PLANS_VIEW: "DOC-49",
    Permission.SUBSCRIPTIONS_RENEW: "DOC-50",
    Permission.PANEL_VIEW: "ALU-11",
}
_OF_EVERY_POWER_USER: Final = frozenset({Permission.SUBSCRIPTIONS_RENEW})


@frozen(kw_only=True)
class PermissionMissing(LicensingError):
    """The actor lacks the permission that the act needs."""

    code: ClassVar[str] = "permission.missing"
    rules: ClassVar[tuple[str, ...]] = (
        "D-12",
        "DOC-8",
        "DOC-14",
        "DOC-19",
        "DOC-39",
        "DOC-47",
        "DOC-49",
        "DOC-50",
        "ALU-11",
    )
    permission: Permission

    @property
    def rule(self) -> str:
        """The rule that asks for this permission."""
        return _ASKED_BY.get(self.permission, "D-12")

    def __str__(self) -> str:
        return f"this needs the permission {self.permission}; ask an administrator for it"


@frozen(field_transformer=checked)
class Actor(Value):
    """Somebody who acts, with what they may do and what was assigned to them.

    Attributes:
        id: The same id that they have as a user.
        permissions: Of a power user; without meaning for the two other roles.
        resources: The scopes and contents that a power user manages.
    """

    id: UserId
    role: Role = Role.LEARNER
    permissions: frozenset[Permission] = field(default=frozenset(), kw_only=True)
    resources: frozenset[Scope | Content] = field(default=frozenset(), kw_only=True)

    @property
    def is_superadmin(self) -> bool:
        """Has every permission and covers everything."""
        return self.role is Role.SUPERADMIN

    def has(self, permission: Permission) -> bool:
        """Whether *permission* is theirs, by role or by grant."""
        if self.role is Role.POWER_USER:
            return permission in self.permissions or permission in _OF_EVERY_POWER_USER
        return self.is_superadmin

    def require(self, permission: Permission) -> None:
        """Refuse who lacks *permission*.

        Raises:
            PermissionMissing: It is not theirs; the refusal names it.
        """
        if not self.has(permission):
            raise PermissionMissing(permission=permission)

    def scopes(self) -> Iterator[Scope]:
        """The scopes among the resources of a power user; none for others."""
        if self.role is Role.POWER_USER:
            yield from (resource for resource in self.resources if isinstance(resource, Scope))


_as_actor: Final = instance(Actor)


def acting(by: Actor) -> UserId:
    """The id of who acts, for the event of a command.

    Raises:
        InvalidArgument: *by* is no `Actor`: an id alone does not say what they may do.
    """
    actor: Actor = _as_actor("by", by)
    return actor.id
