"""Use cases of actors whose role, permissions and resources the store keeps, where the host leaves them to it.

Only a superadmin changes them, and nobody their own: whoever takes the grant of a superadmin away is another one at
that very instant, since their own grant cannot go before the unit of work ends. So one is always left.
"""

from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import TooManyItems, UserId, Value, checked
from licensing_core.directory import Actor, Content, Permission, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.services.engine import Command, Query, UseCase, ask
from licensing_core.services.loading import actor_of

MOST_RESOURCES: Final = 1000
"""The most resources of one grant."""


@frozen(kw_only=True)
class SuperadminRequired(LicensingError):
    """Only a superadmin may do this, by what the host or the store knows of them."""

    code: ClassVar[str] = "superadmin.required"
    rules: ClassVar[tuple[str, ...]] = ("D-17",)

    def __str__(self) -> str:
        return "only a superadmin may do this; ask one"


@frozen(kw_only=True)
class OwnAccess(LicensingError):
    """Nobody changes what they themselves may do, nor takes themselves away: else no superadmin might be left."""

    code: ClassVar[str] = "access.own"
    rules: ClassVar[tuple[str, ...]] = ("D-17",)

    def __str__(self) -> str:
        return "nobody does this to themselves; ask another superadmin"


@frozen(kw_only=True, field_transformer=checked)
class ActorShown(Value):
    """What somebody may do.

    Attributes:
        kept: As the store keeps it; `None` when it keeps nothing.
        in_force: As it holds: what the host says goes first, and of whom nobody knows anything is a learner.
    """

    kept: Actor | None
    in_force: Actor


def superadmin(asked: Query[Any], actor_id: str) -> UseCase[Actor]:
    """Who acts, and is a superadmin; raises `SuperadminRequired`."""
    actor = yield from actor_of(asked, actor_id)
    if not actor.is_superadmin:
        raise SuperadminRequired
    return actor


def superadmin_over(asked: Query[Any], actor_id: str, user: str) -> UseCase[Actor]:
    """Who acts on *user*: a superadmin who is somebody else; raises `SuperadminRequired` or `OwnAccess`."""
    actor = yield from superadmin(asked, actor_id)
    if user == actor.id:
        raise OwnAccess
    return actor


def kept_actor(asked: Query[Any], user: str) -> UseCase[Actor | None]:
    """What the store keeps of *user*, which stays so until the unit of work ends."""
    return (yield from ask(lambda ports: ports.work.actor(asked.tenant, user)))


def keep(asked: Query[Any], user: str, actor: Actor | None) -> UseCase[bool]:
    """Keep what *user* may do, `None` for nothing; whether that is a change."""
    return (yield from ask(lambda ports: ports.work.keep_actor(asked.tenant, user, actor)))


def _shown(asked: Query[Any], user: str) -> UseCase[ActorShown]:
    kept = yield from kept_actor(asked, user)
    return ActorShown(kept=kept, in_force=(yield from actor_of(asked, user)))


def _few_resources(_command: object, _attribute: object, resources: frozenset[Scope | Content]) -> None:
    if len(resources) > MOST_RESOURCES:
        raise TooManyItems(parameter="resources", given=len(resources), most=MOST_RESOURCES)


@frozen(kw_only=True, field_transformer=checked)
class GrantActor(Command[ActorShown]):
    """Keep what *grantee* may do, instead of what was kept before. Only a superadmin may, and not for themselves.

    It holds where the host leaves the grantee to the store; see `ActorShown.in_force`. Refuses with
    `SuperadminRequired` and `OwnAccess`, in this order.

    Attributes:
        permissions: Of a power user; without meaning for the two other roles.
        resources: The scopes and contents that a power user manages, 1000 at most.
    """

    rule: ClassVar[str] = "D-17"

    grantee: UserId
    role: Role
    permissions: frozenset[Permission] = frozenset()
    resources: frozenset[Scope | Content] = field(default=frozenset(), validator=_few_resources)

    def steps(self, now: datetime) -> UseCase[ActorShown]:
        """See who acts, and keep it."""
        yield from superadmin_over(self, self.actor, self.grantee)
        granted = Actor(self.grantee, self.role, permissions=self.permissions, resources=self.resources)
        yield from keep(self, self.grantee, granted)
        return (yield from _shown(self, self.grantee))


@frozen(kw_only=True, field_transformer=checked)
class RevokeActor(Command[ActorShown]):
    """Keep nothing of what *grantee* may do any more; of whom nothing was kept nothing changes.

    What the host knows of them is its own. Refuses as `GrantActor` does.
    """

    rule: ClassVar[str] = "D-17"

    grantee: UserId

    def steps(self, now: datetime) -> UseCase[ActorShown]:
        """See who acts, and forget it."""
        yield from superadmin_over(self, self.actor, self.grantee)
        yield from keep(self, self.grantee, None)
        return (yield from _shown(self, self.grantee))


@frozen(kw_only=True, field_transformer=checked)
class ReadActor(Query[ActorShown]):
    """What *grantee* may do; everybody may ask it of themselves, and else only a superadmin."""

    actor: UserId
    grantee: UserId

    def steps(self, now: datetime) -> UseCase[ActorShown]:
        """See who asks, and read it."""
        if self.actor != self.grantee:
            yield from superadmin(self, self.actor)
        return (yield from _shown(self, self.grantee))
