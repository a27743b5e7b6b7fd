"""Who sees a plan and may buy it: on the plans page, and in the public catalog."""

from collections.abc import Iterable
from typing import ClassVar, Final

from attrs import frozen

from licensing_core.checks import UserId
from licensing_core.decisions import Verdict
from licensing_core.directory import EVERYONE, Actor, Directory, Forest, Person, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.plans import Offer, Offers, Package, PlanKind


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


# Members of an enum are looked up slowly before Python 3.12; these are asked for in each check.
_SUPERADMIN: Final = Role.SUPERADMIN
_POWER_USER: Final = Role.POWER_USER
_SINGLE: Final = PlanKind.SINGLE_LICENSE

_SEEN: Final = Verdict.allow("DOC-10")
_PUBLIC: Final = Verdict.allow("DOC-11")


def _by_superadmin(_actor: Actor) -> LicensingError:
    return PurchaseBySuperadmin()


def _not_visible(offer: Offer) -> LicensingError:
    return PlanNotVisible(plan=offer.plan.id)


def _kind_not_allowed(offer: Offer) -> LicensingError:
    return KindNotAllowed(plan=offer.plan.id)


def in_audience(user: UserId, package: Package, directory: Directory) -> bool:
    """Whether *user* sees *package* as a learner does (DOC-9)."""
    return directory.is_in_any(user, package.audience)


def audience_of(package: Package, directory: Directory) -> tuple[UserId, ...]:
    """The known users who see *package*, each once: those of whom `in_audience()` is true (DOC-9).

    They come in the order of the branches, see `Directory.audience()`, in time that follows how many they are.
    """
    return directory.audience(package.audience)


def can_see_plan(actor: Actor, offer: Offer, directory: Directory) -> Verdict:
    """May *actor* buy through this plan, whoever it is for?

    Refusals, in order: `PurchaseBySuperadmin`, `PlanNotVisible`, `KindNotAllowed`.

    Source: DOC-6, DOC-7, DOC-9, DOC-10.
    """
    role = actor.role
    if role is _SUPERADMIN:
        return Verdict.refuse_when_read(_by_superadmin, actor)
    if not directory.is_in_any(actor.id, offer.package.audience):
        return Verdict.refuse_when_read(_not_visible, offer)
    if role is not _POWER_USER and offer.plan.kind is not _SINGLE:
        return Verdict.refuse_when_read(_kind_not_allowed, offer)
    return _SEEN


def plans_for(actor: Actor, offers: Iterable[Offer], directory: Directory) -> tuple[str, ...]:
    """Ids of the plans on the plans page of *actor*, sorted: those that pass `can_see_plan()` (DOC-10).

    Given as `Offers`, they are looked up by the groups and branches of the actor, and not gone through.

    Raises:
        InvalidArgument: Two different offers are of one plan.
    """
    arranged = Offers.of(offers)
    if actor.role is _SUPERADMIN:
        return ()
    person, forest = directory.people.get(actor.id, Person()), directory.forest
    seen = arranged.offered_to(
        user=actor.id,
        groups=person.groups,
        branches=person.branches,
        trees=[above for branch in person.branches for above in forest.above(branch)],
    )
    every_kind = actor.role is _POWER_USER
    return tuple(offer.plan.id for offer in seen if every_kind or offer.plan.kind is _SINGLE)


def is_public(package: Package, forest: Forest) -> bool:
    """Whether everybody sees *package*: its audience is everyone, or the whole tree of the only root (DOC-11)."""
    return EVERYONE in package.audience or (forest.root is not None and Scope.tree(forest.root) in package.audience)


def can_buy_publicly(actor: Actor | None, offer: Offer, directory: Directory) -> Verdict:
    """May *actor*, or a visitor who is nobody yet, buy this plan from the public catalog, for themselves?

    It sells single licenses that everybody sees, to anyone: in a branch or not.
    Refusals, in order: `PurchaseBySuperadmin`, `PlanNotVisible` (no single license, or not for everybody).

    Source: DOC-7, DOC-11.
    """
    if actor is not None and actor.role is _SUPERADMIN:
        return Verdict.refuse_when_read(_by_superadmin, actor)
    if offer.plan.kind is not _SINGLE or not is_public(offer.package, directory.forest):
        return Verdict.refuse_when_read(_not_visible, offer)
    return _PUBLIC


def public_plans(offers: Iterable[Offer], directory: Directory) -> tuple[str, ...]:
    """Ids of the plans in the public catalog, sorted: those that pass `can_buy_publicly()` for a visitor (DOC-11).

    Raises:
        InvalidArgument: Two different offers are of one plan.
    """
    root = directory.forest.root
    seen = Offers.of(offers).offered_to(trees=() if root is None else (root,))
    return tuple(offer.plan.id for offer in seen if offer.plan.kind is _SINGLE)
