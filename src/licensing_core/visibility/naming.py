"""For whom somebody may buy, or record a transaction."""

from typing import ClassVar

from attrs import frozen

from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Directory, Permission, PermissionMissing, Role, Scope, ScopeKind
from licensing_core.errors import LicensingError
from licensing_core.plans import Offer, PlanKind
from licensing_core.visibility.buying import can_see_plan


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
        users = {actor.id}
        if actor.role is Role.POWER_USER:
            users |= directory.reach(actor.resources).users.union(directory.audience(actor.resources))
        return tuple(Scope.user(user) for user in sorted(users))
    named = (scope for scope in actor.scopes() if _covered(actor, offer, scope, directory))
    return tuple(sorted(named, key=str))
