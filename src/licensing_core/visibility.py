"""Who may see, buy, name and manage what, and why not.

Each question answers with a `Verdict`; each list holds exactly what passes its question. Unknown and invisible
things are refused alike (decision 12).
"""

from collections.abc import Iterable
from typing import ClassVar

from attrs import frozen

from licensing_core.checks import UserId
from licensing_core.decisions import Verdict
from licensing_core.directory import (
    EVERYONE,
    Actor,
    Directory,
    Forest,
    Permission,
    PermissionMissing,
    Role,
    Scope,
    ScopeKind,
)
from licensing_core.errors import LicensingError
from licensing_core.plans import Offer, Package, PlanKind
from licensing_core.pools import AnyPool, LicensePool


@frozen(kw_only=True)
class PurchaseBySuperadmin(LicensingError):
    """A superadmin does not buy, but may record a transaction."""

    code: ClassVar[str] = "purchase.by_superadmin"
    rules: ClassVar[tuple[str, ...]] = ("DOC-7",)

    def __str__(self) -> str:
        return "a superadmin cannot buy; record the transaction by hand instead"


@frozen(kw_only=True)
class PlanNotVisible(LicensingError):
    """The buyer is not in the audience of the package, or there is no such plan."""

    code: ClassVar[str] = "purchase.not_visible"
    rules: ClassVar[tuple[str, ...]] = ("DOC-9",)
    plan: str

    def __str__(self) -> str:
        return f"there is no plan {self.plan!r} for this buyer; choose one from the list of plans"


@frozen(kw_only=True)
class KindNotAllowed(LicensingError):
    """A learner buys only single licenses."""

    code: ClassVar[str] = "purchase.kind_not_allowed"
    rules: ClassVar[tuple[str, ...]] = ("DOC-6",)
    plan: str

    def __str__(self) -> str:
        return f"plan {self.plan!r} sells to power users only; choose a plan of a single license"


@frozen(kw_only=True)
class BeneficiaryRequired(LicensingError):
    """The purchase must name for whom it is."""

    code: ClassVar[str] = "purchase.beneficiary_required"
    rules: ClassVar[tuple[str, ...]] = ("DOC-12",)
    plan: str
    kind: PlanKind

    def __str__(self) -> str:
        wanted = "the user that it is for" if self.kind is PlanKind.SINGLE_LICENSE else "one group or branch"
        return f"plan {self.plan!r} needs a beneficiary; name {wanted}"


@frozen(kw_only=True)
class BeneficiaryKind(LicensingError):
    """The beneficiary is of the wrong kind: a user for a pool, or a group or branch for a single license."""

    code: ClassVar[str] = "purchase.beneficiary_kind"
    rules: ClassVar[tuple[str, ...]] = ("DOC-12", "DOC-15")
    plan: str
    plan_kind: PlanKind
    kind: ScopeKind

    def __str__(self) -> str:
        wanted = "a user" if self.plan_kind is PlanKind.SINGLE_LICENSE else "a group or branch"
        return f"plan {self.plan!r} cannot be bought for a beneficiary of the kind {self.kind}; name {wanted}"


@frozen(kw_only=True)
class BeneficiaryNotAllowed(LicensingError):
    """The beneficiary is not among what the buyer manages."""

    code: ClassVar[str] = "purchase.beneficiary_not_allowed"
    rules: ClassVar[tuple[str, ...]] = ("DOC-14", "DOC-15")
    beneficiary: Scope

    def __str__(self) -> str:
        return f"{self.beneficiary.kind} is not among the resources of this actor; name one that is"


@frozen(kw_only=True)
class PoolNotVisible(LicensingError):
    """The pool is not among those that the actor manages, or there is none of this id."""

    code: ClassVar[str] = "pool.not_visible"
    rules: ClassVar[tuple[str, ...]] = ("DOC-20", "D-12")
    pool: str

    def __str__(self) -> str:
        return f"there is no pool {self.pool!r} among those that this actor manages"


def in_audience(user: UserId, package: Package, directory: Directory) -> bool:
    """Whether *user* sees *package* as a learner does (DOC-9)."""
    return any(directory.is_in(user, scope) for scope in package.audience)


def can_see_plan(actor: Actor, offer: Offer, directory: Directory) -> Verdict:
    """May *actor* buy through this plan, whoever it is for?

    Refusals, in order: `PurchaseBySuperadmin`, `PlanNotVisible`, `KindNotAllowed`.

    Source: DOC-6, DOC-7, DOC-9, DOC-10.
    """
    if actor.role is Role.SUPERADMIN:
        return Verdict.refuse(PurchaseBySuperadmin())
    if not in_audience(actor.id, offer.package, directory):
        return Verdict.refuse(PlanNotVisible(plan=offer.plan.id))
    if actor.role is not Role.POWER_USER and offer.plan.kind is not PlanKind.SINGLE_LICENSE:
        return Verdict.refuse(KindNotAllowed(plan=offer.plan.id))
    return Verdict.allow("DOC-10")


def plans_for(actor: Actor, offers: Iterable[Offer], directory: Directory) -> tuple[str, ...]:
    """Ids of the plans on the plans page of *actor*, sorted (DOC-10)."""
    return tuple(sorted(offer.plan.id for offer in offers if can_see_plan(actor, offer, directory)))


def is_public(package: Package, forest: Forest) -> bool:
    """Whether everybody sees *package*: its audience is everyone, or the whole tree of the only root (DOC-11)."""
    return EVERYONE in package.audience or (forest.root is not None and Scope.tree(forest.root) in package.audience)


def public_plans(offers: Iterable[Offer], directory: Directory) -> tuple[str, ...]:
    """Ids of the plans in the public catalog, sorted: those of single licenses that everybody sees (DOC-11)."""
    return tuple(
        sorted(
            offer.plan.id
            for offer in offers
            if offer.plan.kind is PlanKind.SINGLE_LICENSE and is_public(offer.package, directory.forest)
        )
    )


def _fits(plan_kind: PlanKind, beneficiary: Scope) -> bool:
    if plan_kind is PlanKind.SINGLE_LICENSE:
        return beneficiary.kind is ScopeKind.USER
    return beneficiary.kind in (ScopeKind.GROUP, ScopeKind.BRANCH, ScopeKind.TREE)


def can_name(actor: Actor, offer: Offer, beneficiary: Scope | None, directory: Directory) -> Verdict:
    """May *actor* buy through this plan for *beneficiary*: for themselves, when it is `None`?

    Refusals, in order: as `can_see_plan()`, `BeneficiaryRequired` (nobody named, and no single license), and then as
    for a recorded transaction; but a buyer may always name themselves for a single license.

    Source: DOC-6 to DOC-15.
    """
    if not (seen := can_see_plan(actor, offer, directory)):
        return seen
    single = offer.plan.kind is PlanKind.SINGLE_LICENSE
    if beneficiary is None and not single:
        return Verdict.refuse(BeneficiaryRequired(plan=offer.plan.id, kind=offer.plan.kind))
    if beneficiary is None or (single and beneficiary == Scope.user(actor.id)):
        return Verdict.allow("DOC-15")
    return _covered(actor, offer, beneficiary, directory)


def can_record_for(actor: Actor, offer: Offer, beneficiary: Scope | None, directory: Directory) -> Verdict:
    """May *actor* record by hand a transaction of this plan for *beneficiary*?

    Refusals, in order: `PermissionMissing` (`transactions.create`), `BeneficiaryRequired` (nobody named, here for a
    single license too), `BeneficiaryKind`, `PermissionMissing` (a group without `groups.view`),
    `BeneficiaryNotAllowed` (the actor does not manage it, themselves included).

    Source: DOC-7, DOC-8, DOC-12, DOC-14.
    """
    if not actor.has(Permission.TRANSACTIONS_CREATE):
        return Verdict.refuse(PermissionMissing(permission=Permission.TRANSACTIONS_CREATE))
    if beneficiary is None:
        return Verdict.refuse(BeneficiaryRequired(plan=offer.plan.id, kind=offer.plan.kind))
    return _covered(actor, offer, beneficiary, directory)


def _covered(actor: Actor, offer: Offer, beneficiary: Scope, directory: Directory) -> Verdict:
    if not _fits(offer.plan.kind, beneficiary):
        return Verdict.refuse(BeneficiaryKind(plan=offer.plan.id, plan_kind=offer.plan.kind, kind=beneficiary.kind))
    if beneficiary.kind is ScopeKind.GROUP and not actor.has(Permission.GROUPS_VIEW):
        return Verdict.refuse(PermissionMissing(permission=Permission.GROUPS_VIEW))
    if not directory.manages(actor, beneficiary):
        return Verdict.refuse(BeneficiaryNotAllowed(beneficiary=beneficiary))
    return Verdict.allow("DOC-14")


def beneficiaries(actor: Actor, offer: Offer, directory: Directory) -> tuple[Scope, ...]:
    """The scopes to offer to *actor* as beneficiary, sorted by their text.

    For a single license the actor and, for a power user, each user that they manage; else the groups (with
    `groups.view`) and branches assigned to them, as assigned. `can_name()` also takes what these cover.

    Raises:
        LicensingError: As `can_see_plan()` refuses.

    Source: DOC-14, DOC-15.
    """
    can_see_plan(actor, offer, directory).require()
    if offer.plan.kind is PlanKind.SINGLE_LICENSE:
        users = {actor.id}.union(*(directory.members(scope) for scope in actor.scopes()))
        users.update(str(scope.id) for scope in actor.scopes() if scope.kind is ScopeKind.USER)
        return tuple(Scope.user(user) for user in sorted(users))
    named = (scope for scope in actor.scopes() if _covered(actor, offer, scope, directory))
    return tuple(sorted(named, key=str))


def can_manage(actor: Actor, beneficiary: Scope, pool_id: str, directory: Directory) -> Verdict:
    """May *actor* see and manage, in seat administration, the pool *pool_id* of *beneficiary*?

    Refusals, in order: `PermissionMissing` (`seats.manage`), `PoolNotVisible`.

    Source: DOC-19 to DOC-23.
    """
    if not actor.has(Permission.SEATS_MANAGE):
        return Verdict.refuse(PermissionMissing(permission=Permission.SEATS_MANAGE))
    if not directory.manages(actor, beneficiary):
        return Verdict.refuse(PoolNotVisible(pool=pool_id))
    return Verdict.allow("DOC-20")


def managed(actor: Actor, pools: Iterable[AnyPool], directory: Directory) -> tuple[str, ...]:
    """Ids of those of *pools* that *actor* manages, sorted.

    Raises:
        PermissionMissing: The actor lacks `seats.manage`.

    Source: DOC-19, DOC-20.
    """
    actor.require(Permission.SEATS_MANAGE)
    return tuple(sorted(pool.id for pool in pools if directory.manages(actor, pool.beneficiary)))


def eligible(beneficiary: Scope, directory: Directory) -> tuple[str, ...]:
    """The users who may be given what was bought for *beneficiary*, sorted (DOC-29).

    Somebody who was named is eligible, known to the directory or not.
    """
    if beneficiary.kind is ScopeKind.USER:
        return (str(beneficiary.id),)
    return directory.members(beneficiary)


def candidates(pool: AnyPool, directory: Directory) -> tuple[str, ...]:
    """Users who may be given a license of *pool*, or be enrolled on a seat of it, sorted.

    They are in the beneficiary now and, in a pool of licenses, hold none (DOC-29, DOC-30).

    Raises:
        NotLoaded: The holdings of a member of the beneficiary were not loaded.
    """
    members = eligible(pool.beneficiary, directory)
    if not isinstance(pool, LicensePool):
        return members
    return tuple(user for user in members if not pool.holds(user))
