"""What is for sale: packages of content, and the plans through which they are sold.

>>> yearly = Plan(
...     id="fifty",
...     package="safety",
...     kind=PlanKind.MULTI_LICENSE,
...     quantity=50,
...     prices=(FlatPrice(Money.parse("1800.00 EUR")),),
...     validity=Duration.parse("P1Y"),
... )
>>> yearly.settings.over(PLATFORM_DEFAULTS).enforce_limit
True
"""

from enum import StrEnum
from typing import ClassVar, Final

from attrs import field, fields, frozen

from licensing_core.checks import Id, Instant, InvalidArgument, Quantity, UserId, Value, checked
from licensing_core.currencies import Currency
from licensing_core.directory import Content, Scope
from licensing_core.errors import LicensingError
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

    def lists(self, content: Content) -> bool:
        """Whether a catalog of the package lists *content*; listing a learning plan does not list its courses."""
        return any(content in catalog.contents for catalog in self.catalogs)


@frozen(kw_only=True, field_transformer=checked)
class Settings(Value):
    """The three switches of a plan (DOC-52). `None` leaves one to the platform.

    Attributes:
        enforce_limit: Refuse what goes beyond the bought quantity.
        allow_refund: A power user who unassigns gives the license back at once.
        enforce_expiration: Nobody enters after the expiry.
    """

    enforce_limit: bool | None = None
    allow_refund: bool | None = None
    enforce_expiration: bool | None = None

    def over(self, platform: "Switches") -> "Switches":
        """These settings where they say something, those of the *platform* where they do not."""
        own = ((name, getattr(self, name)) for name in (f.name for f in fields(Settings)))
        return Switches(**{name: getattr(platform, name) if value is None else value for name, value in own})


@frozen(kw_only=True, field_transformer=checked)
class Switches(Value):
    """The three switches as they stand for one purchase, read live from its plan (decision 15)."""

    enforce_limit: bool = True
    allow_refund: bool = False
    enforce_expiration: bool = True


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
