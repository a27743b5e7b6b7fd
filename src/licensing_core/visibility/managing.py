"""Who manages what was bought, and whom it may be given to or taken from."""

from collections.abc import Iterable
from typing import ClassVar, Final

from attrs import frozen

from licensing_core.checks import MAX_COUNT, UserId
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Directory, Permission, PermissionMissing, Scope, ScopeKind
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.pools import AnyPool, ConfirmationNotAllowed, LicensePool


@frozen(kw_only=True)
class PoolNotVisible(LicensingError):
    """The pool is not among those that the actor manages, or there is none of this id."""

    code: ClassVar[str] = "pool.not_visible"
    rules: ClassVar[tuple[str, ...]] = ("DOC-20", "D-12")
    pool: str

    def __str__(self) -> str:
        return f"there is no pool {self.pool!r} among those that this actor manages"


_SEATS_MANAGE: Final = Permission.SEATS_MANAGE

_MANAGED: Final = Verdict.allow("DOC-20")


def _not_permitted(permission: Permission) -> LicensingError:
    return PermissionMissing(permission=permission)


def _not_visible(pool_id: str) -> LicensingError:
    return PoolNotVisible(pool=pool_id)


def can_manage(actor: Actor, beneficiary: Scope, pool_id: str, directory: Directory) -> Verdict:
    """May *actor* see and manage, in seat administration, the pool *pool_id* of *beneficiary*?

    Refusals, in order: `PermissionMissing` (`seats.manage`), `PoolNotVisible`.

    Source: DOC-19 to DOC-23.
    """
    if not actor.has(_SEATS_MANAGE):
        return Verdict.refuse_when_read(_not_permitted, _SEATS_MANAGE)
    if not directory.manages(actor, beneficiary):
        return Verdict.refuse_when_read(_not_visible, pool_id)
    return _MANAGED


def managed(actor: Actor, pools: Iterable[AnyPool], directory: Directory) -> tuple[str, ...]:
    """Ids of those of *pools* that *actor* manages, sorted: those that pass `can_manage()`.

    It makes the resources of the actor ready once, and then looks each pool up: its time follows how many pools are
    given, whatever the tree. Give it the pools of one tenant, without holdings.

    Raises:
        PermissionMissing: The actor lacks `seats.manage`.

    Source: DOC-19, DOC-20.
    """
    actor.require(_SEATS_MANAGE)
    return tuple(sorted(pool.id for pool in pools if directory.manages(actor, pool.beneficiary)))


def manages_enrollment(actor: Actor, user: UserId, beneficiary: Scope | None, directory: Directory) -> bool:
    """Whether *actor* may act on an enrollment of *user*, which came through a pool of *beneficiary*, or through none.

    They must manage the user, or what the pool was bought for; to others the enrollment is unknown.

    Source: decision 12, DOC-21, DOC-22.
    """
    return directory.manages(actor, Scope.user(user)) or (
        beneficiary is not None and directory.manages(actor, beneficiary)
    )


def eligible(
    beneficiary: Scope, directory: Directory, *, after: str | None = None, most: int | None = None
) -> tuple[str, ...]:
    """The users who may be given what was bought for *beneficiary*, sorted (DOC-29).

    Somebody who was named is eligible, known to the directory or not.

    Args:
        after: Only those whose id comes after this one.
        most: How many at most; `None` for all of them.
    """
    if beneficiary.kind is ScopeKind.USER:
        named = str(beneficiary.id)
        return (named,) if after is None or named > after else ()
    if after is None and most is None:
        return directory.members(beneficiary)
    return directory.members_after(beneficiary, after, MAX_COUNT if most is None else most)


def candidates(pool: AnyPool, directory: Directory) -> tuple[str, ...]:
    """Users who may be given a license of *pool*, or be enrolled on a seat of it, sorted.

    They are in the beneficiary now and, in a pool of licenses, hold none (DOC-29, DOC-30).

    Raises:
        HoldingsNotLoaded: The holdings of a member of the beneficiary were not loaded.
    """
    members = eligible(pool.beneficiary, directory)
    if not isinstance(pool, LicensePool):
        return members
    return tuple(user for user in members if not pool.holds(user))


def candidates_to_unassign(actor: Actor, pool: LicensePool) -> tuple[str, ...]:
    """Users whose license of *pool* may be taken by *actor*, who manages it, sorted.

    They hold one; for a superadmin also those whose release awaits confirmation. Only loaded holdings are seen.

    Source: DOC-34.
    """
    holders = pool.users(Holding.HELD)
    return tuple(sorted((*holders, *pool.users(Holding.AWAITING)))) if actor.is_superadmin else holders


def candidates_to_confirm(actor: Actor, pool: LicensePool) -> tuple[str, ...]:
    """Users whose release from *pool* awaits confirmation by *actor*, sorted. Only loaded holdings are seen.

    Raises:
        ConfirmationNotAllowed: *actor* is no superadmin.

    Source: DOC-34, DOC-35.
    """
    if not actor.is_superadmin:
        raise ConfirmationNotAllowed(pool=pool.id)
    return pool.users(Holding.AWAITING)
