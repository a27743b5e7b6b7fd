"""The table of seat administration, and whom to offer for what."""

from enum import StrEnum
from typing import ClassVar

from attrs import frozen

from licensing_core import visibility
from licensing_core.checks import Count, Id, Instant, Value, as_id, checked, instance
from licensing_core.directory import Actor, Directory, Permission, PermissionMissing
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.plans import PackageKind, Terms
from licensing_core.pools import AnyPool, LicensePool
from licensing_core.visibility import PoolNotVisible


@frozen(kw_only=True)
class WrongPoolType(LicensingError):
    """Licenses are assigned from pools of licenses only; a seat is used by enrolling."""

    code: ClassVar[str] = "pool.wrong_type"
    rules: ClassVar[tuple[str, ...]] = ("DOC-33",)
    pool: str

    def __str__(self) -> str:
        return f"pool {self.pool!r} holds seats, not licenses; enroll the users in a course instead"


@frozen(kw_only=True, field_transformer=checked)
class Row(Value):
    """One purchased plan in the table of seat administration (DOC-24).

    Attributes:
        terms: What the sale pinned: who bought or recorded it and when, package and plan; `None` without a sale.
        code: The transaction code: the id of the pool.
        consumed: How many of those *bought* are used up: *assigned* in the products' tables (DOC-25).
        held: How many are held now, expired or not: *associated* in the products' tables.
        awaiting: How many were unassigned and await confirmation.
    """

    code: Id
    terms: Terms | None
    expires_at: Instant | None
    type: PackageKind
    consumed: Count
    bought: Count
    held: Count
    awaiting: Count
    free: Count
    overrun: Count
    renewals: Count


def unknown_pool(actor: Actor, pool_id: str) -> LicensingError:
    """The refusal for a pool that does not exist: as for one that the actor does not manage (decision 12)."""
    if not actor.has(Permission.SEATS_MANAGE):
        return PermissionMissing(permission=Permission.SEATS_MANAGE)
    return PoolNotVisible(pool=as_id("pool_id", pool_id))


def row_of(pool: AnyPool) -> Row:
    """The row of *pool*, for whoever may see it; ask `row()` where that is not known yet."""
    return Row(
        code=pool.id,
        terms=pool.terms,
        expires_at=pool.expires_at,
        type=pool.kind,
        consumed=pool.consumed,
        bought=pool.bought,
        held=pool.held,
        awaiting=pool.awaiting if isinstance(pool, LicensePool) else 0,
        free=pool.free,
        overrun=pool.overrun,
        renewals=pool.renewals,
    )


def row(actor: Actor, pool: AnyPool, directory: Directory) -> Row:
    """The row of *pool* for *actor*.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.

    Source: DOC-24, DOC-25.
    """
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
    return row_of(pool)


class Task(StrEnum):
    """What users are to be found for."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    CONFIRM = "confirm"
    ENROLL = "enroll"


def candidates(actor: Actor, pool: AnyPool, directory: Directory, task: Task = Task.ASSIGN) -> tuple[str, ...]:
    """Users of *pool* to offer to *actor* for *task*, sorted.

    To assign: those in the beneficiary who hold no license. To unassign: the holders and, for a superadmin, those who
    await confirmation. To confirm: those who await it. To enroll: the holders, or on seats those in the beneficiary.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        WrongPoolType: *pool* holds seats, and *task* is to unassign or confirm.
        ConfirmationNotAllowed: To confirm, and *actor* is no superadmin.
        HoldingsNotLoaded: To assign, and the holdings of a member of the beneficiary were not loaded.

    Source: DOC-29, DOC-30, DOC-34, DOC-41, DOC-42.
    """
    if instance(Task)("task", task) is Task.ASSIGN or (task is Task.ENROLL and not isinstance(pool, LicensePool)):
        visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
        return visibility.candidates(pool, directory)
    licenses = managed_licenses(actor, pool, directory)
    if task is Task.CONFIRM:
        return visibility.candidates_to_confirm(actor, licenses)
    if task is Task.ENROLL:
        return licenses.users(Holding.HELD)
    return visibility.candidates_to_unassign(actor, licenses)


def managed_licenses(actor: Actor, pool: AnyPool, directory: Directory) -> LicensePool:
    """*pool*, when *actor* manages it and it is one of licenses.

    Raises:
        PermissionMissing, PoolNotVisible: As `visibility.can_manage()` refuses.
        WrongPoolType: *pool* holds seats.
    """
    visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
    if not isinstance(pool, LicensePool):
        raise WrongPoolType(pool=pool.id)
    return pool
