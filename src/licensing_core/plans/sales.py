"""What is sold: packages of content, and the plans through which they are sold."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Final

from attrs import field, fields, frozen

from licensing_core.checks import (
    Count,
    Id,
    Instant,
    InvalidArgument,
    Quantity,
    UserId,
    Value,
    as_fraction,
    checked,
    shown,
)
from licensing_core.currencies import Currency
from licensing_core.directory import Content, Scope, ScopeKind
from licensing_core.errors import LicensingError
from licensing_core.limits import UNLIMITED, Limit, Overage, OverageRule, Unlimited
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.pricing import (
    FlatPrice,
    PackagePrice,
    Price,
    TieredPrice,
    UnitPrice,
    one_per_currency,
    price_in,
)

_MOST_CAP: Final = 1000


class PackageKind(StrEnum):
    """What a plan of the package sells."""

    LICENSES = "licenses"
    SEATS = "seats"


class PlanKind(StrEnum):
    """How a plan sells its package (DOC-3 to DOC-5)."""

    SINGLE_LICENSE = "single_license"
    MULTI_LICENSE = "multi_license"
    SEATS = "seats"

    @property
    def sells(self) -> PackageKind:
        """The kind of package that it sells."""
        return PackageKind.SEATS if self is PlanKind.SEATS else PackageKind.LICENSES


class Renewal(StrEnum):
    """How a subscription goes on after its validity (DOC-53)."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    NONE = "none"


@frozen(field_transformer=checked)
class Catalog(Value):
    """A list of contents that packages are made of (DOC-1)."""

    id: Id
    contents: frozenset[Content]


@frozen(kw_only=True, field_transformer=checked)
class Package(Value):
    """One or more catalogs, and who may see them on sale.

    Attributes:
        audience: Who sees the package as a learner, and so may buy it (DOC-9).
    """

    id: Id
    kind: PackageKind
    catalogs: tuple[Catalog, ...]
    audience: frozenset[Scope]

    @property
    def contents(self) -> frozenset[Content]:
        """All that its catalogs list."""
        return frozenset[Content]().union(*(catalog.contents for catalog in self.catalogs))

    def lists(self, content: Content) -> bool:
        """Whether a catalog of the package lists *content*; listing a learning plan does not list its courses."""
        return any(content in catalog.contents for catalog in self.catalogs)


def _as_cap(name: str, value: Any) -> Fraction | Unlimited:
    if isinstance(value, Unlimited):
        return value
    share: Fraction = as_fraction(name, value)
    if not 0 <= share <= _MOST_CAP:
        raise InvalidArgument(parameter=name, expected=f"a share from 0 to {_MOST_CAP}, or UNLIMITED", got=shown(value))
    return share


RevocationCap = Annotated[Fraction | Unlimited, _as_cap]
"""A share of the licenses bought, or `UNLIMITED`."""


@frozen(kw_only=True, field_transformer=checked)
class Settings(Value):
    """The three switches of a plan (DOC-52), and two policies beside them. `None` leaves one to the platform.

    Attributes:
        enforce_limit: Refuse what goes beyond the bought quantity.
        allow_refund: A power user who unassigns gives the license back at once.
        enforce_expiration: Nobody enters after the expiry.
        overage: How far beyond it an enforced limit goes: as for `limits.Limit`.
        revocation_cap: The share of the licenses bought that power users may take from their holders between purchase
            and renewal; 1 or more counts a license that is taken several times.
    """

    enforce_limit: bool | None = None
    allow_refund: bool | None = None
    enforce_expiration: bool | None = None
    overage: OverageRule | None = None
    revocation_cap: RevocationCap | None = None

    def over(self, platform: "Switches") -> "Switches":
        """These settings where they say something, those of the *platform* where they do not."""
        own = ((name, getattr(self, name)) for name in (f.name for f in fields(Settings)))
        return Switches(**{name: getattr(platform, name) if value is None else value for name, value in own})


@frozen(kw_only=True, field_transformer=checked)
class Switches(Value):
    """The three switches and two policies as they stand for one purchase, read live from its plan (decision 15).

    >>> Switches().ceiling(10), Switches(overage=Fraction(5, 4)).ceiling(10)
    (10, 12)
    """

    enforce_limit: bool = True
    allow_refund: bool = False
    enforce_expiration: bool = True
    overage: OverageRule = Overage.BLOCK
    revocation_cap: RevocationCap = UNLIMITED

    def ceiling(self, bought: Count) -> int | Unlimited:
        """How many of *bought* licenses or seats may be consumed in all."""
        if not self.enforce_limit:
            return UNLIMITED
        return bought if self.overage is Overage.BLOCK else Limit(bought, overage=self.overage).ceiling

    def revocable(self, bought: Count) -> int | Unlimited:
        """How many of *bought* licenses power users may take away between purchase and renewal: a whole number."""
        cap = self.revocation_cap
        return cap if isinstance(cap, Unlimited) else int(cap * bought)


PLATFORM_DEFAULTS: Final = Switches()
"""What holds where neither platform nor plan says anything: limit and expiry enforced, no refund."""


def _one_for_single(plan: "Plan", _attribute: object, quantity: int) -> None:
    if plan.kind is PlanKind.SINGLE_LICENSE and quantity != 1:
        raise InvalidArgument(parameter="quantity", expected="1 for a single license", got=str(quantity))


@frozen(kw_only=True, field_transformer=checked)
class Plan(Value):
    """One way to buy a package: so many licenses or seats, for so long, at that price.

    Attributes:
        package: Id of the package that it sells.
        quantity: Licenses or seats of one purchase; 1 for a single license.
        prices: The price of one purchase, one for each currency.
        validity: How long the purchase lasts, added to the local date and time of the purchase.
    """

    id: Id
    package: Id
    kind: PlanKind
    quantity: Quantity = field(default=1, validator=_one_for_single)
    prices: tuple[FlatPrice | UnitPrice | TieredPrice | PackagePrice, ...] = field(validator=one_per_currency)
    validity: Duration
    renewal: Renewal = Renewal.MANUAL
    settings: Settings = Settings()

    def price_in(self, currency: Currency | None = None) -> Price:
        """The price in *currency*, which need not be named where there is only one.

        Raises:
            PriceMissing: There is none, or several and none was named.
            InvalidArgument: *currency* is no `Currency`.
        """
        return price_in(self.prices, currency, sold=self.id)


@frozen(kw_only=True)
class PackageMismatch(LicensingError):
    """A plan was offered with a package that it does not sell."""

    code: ClassVar[str] = "plan.package_mismatch"
    plan: str
    package: str

    def __str__(self) -> str:
        return f"plan {self.plan!r} does not sell package {self.package!r}: id or kind differ; offer it with its own"


def _that_the_plan_sells(offer: "Offer", _attribute: object, package: Package) -> None:
    plan = offer.plan
    if plan.package != package.id or plan.kind.sells is not package.kind:
        raise PackageMismatch(plan=plan.id, package=package.id)


@frozen(field_transformer=checked)
class Offer(Value):
    """A plan together with the package that it sells."""

    plan: Plan
    package: Package = field(validator=_that_the_plan_sells)


def _as_offers(name: str, value: Any) -> tuple[Offer, ...]:
    """The offers in *value* by the id of their plan, each once."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidArgument(parameter=name, expected="offers", got=shown(value))
    by_plan: dict[str, Offer] = {}
    for offer in value:
        if not isinstance(offer, Offer):
            raise InvalidArgument(parameter=name, expected="offers", got=shown(offer))
        if by_plan.setdefault(offer.plan.id, offer) != offer:
            raise InvalidArgument(parameter=name, expected="one offer for each plan", got=f"two of {offer.plan.id!r}")
    return tuple(by_plan[plan] for plan in sorted(by_plan))


_Places = dict[str | None, list[int]]


@frozen(field_transformer=checked)
class Offers(Value):
    """All that is for sale, by the id of the plan, so arranged that what somebody sees is found without a search.

    >>> len(Offers.of([])), Offers.of([]).get("ten")
    (0, None)

    Attributes:
        offers: In the order of the ids of their plans, each once; any iterable of offers is taken.
    """

    offers: Annotated[tuple[Offer, ...], _as_offers] = ()
    _by_plan: dict[str, Offer] = field(init=False, eq=False, repr=False)
    _by_audience: dict[ScopeKind, _Places] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        places: dict[ScopeKind, _Places] = {kind: {} for kind in ScopeKind}
        for place, offer in enumerate(self.offers):
            for scope in offer.package.audience:
                places[scope.kind].setdefault(scope.id, []).append(place)
        object.__setattr__(self, "_by_plan", {offer.plan.id: offer for offer in self.offers})
        object.__setattr__(self, "_by_audience", places)

    @classmethod
    def of(cls, offers: "Iterable[Offer]") -> "Offers":
        """*offers* arranged, or as they are when they are `Offers` already.

        Raises:
            InvalidArgument: They are no offers, or two different ones are of one plan.
        """
        return offers if isinstance(offers, Offers) else cls(offers)  # type: ignore[arg-type]

    def get(self, plan: str) -> Offer | None:
        """The offer of *plan*; `None` when there is none."""
        return self._by_plan.get(plan)

    def offered_to(
        self,
        *,
        user: str | None = None,
        groups: Iterable[str] = (),
        branches: Iterable[str] = (),
        trees: Iterable[str] = (),
    ) -> tuple[Offer, ...]:
        """Those whose audience has everyone, *user*, or one of these *groups*, *branches* or *trees*.

        They come by the id of the plan, each once, in time that follows how many they are.
        """
        found = {place for places in self._by_audience[ScopeKind.EVERYONE].values() for place in places}
        named = (
            (ScopeKind.USER, (user,)),
            (ScopeKind.GROUP, groups),
            (ScopeKind.BRANCH, branches),
            (ScopeKind.TREE, trees),
        )
        for kind, ids in named:
            by_id = self._by_audience[kind]
            for one in ids:
                if one in by_id:
                    found.update(by_id[one])
        return tuple(self.offers[place] for place in sorted(found))

    def __iter__(self) -> Iterator[Offer]:
        return iter(self.offers)

    def __len__(self) -> int:
        return len(self.offers)

    def __contains__(self, offer: object) -> bool:
        return isinstance(offer, Offer) and self._by_plan.get(offer.plan.id) == offer


@frozen(kw_only=True, field_transformer=checked)
class Terms(Value):
    """What a purchase pinned when it was made (decision 15), whatever becomes of its plan.

    Attributes:
        plan: Id of the plan, whose switches and package are read live.
        price: What was charged, and is charged again on renewal; `None` for a transaction recorded by hand.
        quantity: Licenses or seats bought.
    """

    plan: Id
    package: Id
    kind: PlanKind
    price: Money | None
    quantity: Quantity
    validity: Duration
    renewal: Renewal
    created_by: UserId
    purchased_at: Instant
