"""What a quantity costs: flat, per unit, in tiers, in packages; exact, before any rounding.

>>> UnitPrice(Money.parse("12.50 EUR")).exact(3)
Fraction(3750, 1)
>>> FlatPrice(Money.parse("1800.00 EUR")).exact(50)
Fraction(180000, 1)
>>> calls = UnitPrice(
...     Money.parse("0.75 EUR"), per=1000, included=500, minimum=Money.parse("5.00 EUR")
... )
>>> [calls.exact(quantity) for quantity in (400, 500, 12_501)]
[Fraction(500, 1), Fraction(500, 1), Fraction(36003, 40)]
"""

from abc import abstractmethod
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar, Final

from attrs import Attribute, field, frozen

from licensing_core.checks import Count, Id, InvalidArgument, Positive, Value, as_id, check_of, checked
from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money

_as_quantity: Final = check_of(Positive)
MOST_TIERS: Final = 100
"""The most tiers of one price."""


@frozen(kw_only=True)
class InvalidTiers(InvalidArgument):
    """Tiers do not cover every quantity once, in order."""

    code: ClassVar[str] = "price.tiers_invalid"


def _not_negative(_price: object, attribute: "Attribute[Any]", value: Any) -> None:
    if value is not None and value.minor < 0:
        raise InvalidArgument(parameter=attribute.name, expected="zero or more", got=str(value))


def _same(expected: Currency, *others: Money | None) -> None:
    for other in others:
        if other is not None and other.currency is not expected:
            raise CurrencyMismatch(expected=expected, got=other.currency)


@frozen(field_transformer=checked)
class FlatPrice(Value):
    """One price for the whole, whatever the quantity."""

    price: Money = field(validator=_not_negative)

    @property
    def currency(self) -> Currency:
        """The currency of the price."""
        return self.price.currency

    def exact(self, quantity: Positive) -> Fraction:
        """What *quantity* costs, in minor units, before any rounding."""
        _as_quantity("quantity", quantity)
        return Fraction(self.price.minor)


@frozen(field_transformer=checked)
class _ByQuantity(Value):
    """Of a quantity the *included* units come off first, then the others are priced, then the *minimum* holds."""

    included: Count = field(default=0, kw_only=True)
    minimum: Money | None = field(default=None, kw_only=True, validator=_not_negative)

    def exact(self, quantity: Positive) -> Fraction:
        """What *quantity* costs, in minor units, before any rounding: never less than the minimum."""
        beyond = _as_quantity("quantity", quantity) - self.included
        found = self._beyond(beyond) if beyond > 0 else Fraction(0)
        return found if self.minimum is None else max(found, Fraction(self.minimum.minor))

    @abstractmethod
    def _beyond(self, units: int) -> Fraction: ...


@frozen(field_transformer=checked)
class UnitPrice(_ByQuantity):
    """A price for each unit, or for each *per* units in proportion: 0.75 EUR per 1,000 is 0.00075 EUR each.

    Attributes:
        included: Units of every purchase or period that cost nothing.
        minimum: What is charged at least.
    """

    price: Money = field(validator=_not_negative)
    per: Positive = field(default=1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _same(self.price.currency, self.minimum)

    @property
    def currency(self) -> Currency:
        """The currency of the price."""
        return self.price.currency

    def _beyond(self, units: int) -> Fraction:
        return Fraction(self.price.minor * units, self.per)


@frozen(field_transformer=checked)
class PackagePrice(_ByQuantity):
    """A price for each package of *size* units; a package that is begun counts whole.

    >>> hundreds = PackagePrice(Money.parse("9.00 EUR"), 100)
    >>> [hundreds.exact(units) for units in (1, 100, 101)]
    [Fraction(900, 1), Fraction(900, 1), Fraction(1800, 1)]
    """

    price: Money = field(validator=_not_negative)
    size: Positive

    def __attrs_post_init__(self) -> None:
        _same(self.price.currency, self.minimum)

    @property
    def currency(self) -> Currency:
        """The currency of the price."""
        return self.price.currency

    def _beyond(self, units: int) -> Fraction:
        return Fraction(-(-units // self.size) * self.price.minor)


@frozen(kw_only=True, field_transformer=checked)
class Tier(Value):
    """The units up to *up_to* (included), from where the tier before ends; the last tier has no end.

    Attributes:
        up_to: The last unit of the tier; `None` in the last tier, which has no end.
        unit: The price of each unit in it.
        flat: What is charged once, as soon as a unit lies in it.
    """

    up_to: Positive | None
    unit: Money = field(validator=_not_negative)
    flat: Money | None = field(default=None, validator=_not_negative)


class Tiering(StrEnum):
    """Which tier prices a unit."""

    GRADUATED = "graduated"
    """Each unit is priced by the tier that it lies in."""
    VOLUME = "volume"
    """All units are priced by the tier that the last one lies in."""


def _ends_shown(ends: list[int | None]) -> str:
    return ", ".join("without end" if end is None else str(end) for end in ends[:20])


def _in_order(_price: object, _attribute: object, tiers: tuple[Tier, ...]) -> None:
    if not 0 < len(tiers) <= MOST_TIERS:
        raise InvalidTiers(parameter="tiers", expected=f"1 to {MOST_TIERS}", got=str(len(tiers)))
    ends = [tier.up_to for tier in tiers]
    inner = [end for end in ends[:-1] if end is not None]
    if len(inner) != len(ends) - 1 or ends[-1] is not None or inner != sorted(set(inner)):
        expected = "each up to more than the one before, the last without end"
        raise InvalidTiers(parameter="tiers", expected=expected, got=_ends_shown(ends))
    for tier in tiers:
        _same(tiers[0].unit.currency, tier.unit, tier.flat)


@frozen(field_transformer=checked)
class TieredPrice(_ByQuantity):
    """A price in tiers, which cover every quantity once.

    >>> ten, five = (Money.parse(text) for text in ("10.00 EUR", "5.00 EUR"))
    >>> steps = (Tier(up_to=10, unit=ten), Tier(up_to=None, unit=five))
    >>> (
    ...     TieredPrice(steps, Tiering.GRADUATED).exact(12),
    ...     TieredPrice(steps, Tiering.VOLUME).exact(12),
    ... )
    (Fraction(11000, 1), Fraction(6000, 1))
    """

    tiers: tuple[Tier, ...] = field(validator=_in_order)
    tiering: Tiering

    def __attrs_post_init__(self) -> None:
        _same(self.currency, self.minimum)

    @property
    def currency(self) -> Currency:
        """The currency of the price."""
        return self.tiers[0].unit.currency

    def _beyond(self, units: int) -> Fraction:
        total = begin = 0
        for tier in self.tiers:
            end = units if tier.up_to is None else min(units, tier.up_to)
            if self.tiering is Tiering.VOLUME and end == units:
                return Fraction(units * tier.unit.minor + _minor(tier.flat))
            if self.tiering is Tiering.GRADUATED and end > begin:
                total += (end - begin) * tier.unit.minor + _minor(tier.flat)
            begin = max(begin, end)
        return Fraction(total)


def _minor(amount: Money | None) -> int:
    return 0 if amount is None else amount.minor


Price = FlatPrice | UnitPrice | TieredPrice | PackagePrice
"""Each of them has `currency` and `exact(quantity)`."""


_as_currency: Final = check_of(Currency | None)


@frozen(kw_only=True)
class PriceMissing(LicensingError):
    """What is sold has no price in this currency, or none was named where there are several; or it has none yet."""

    code: ClassVar[str] = "price.missing"
    sold: str
    currency: str | None
    offered: tuple[str, ...]

    def __str__(self) -> str:
        if not self.offered:
            return f"{self.sold!r} has no prices at that time; ask for a later one"
        asked = "no currency was named" if self.currency is None else f"it has no price in {self.currency}"
        return f"{self.sold!r}: {asked}; choose one of {', '.join(self.offered)}"


def one_per_currency(_owner: object, _attribute: object, prices: tuple[Price, ...]) -> None:
    """See to it that there is a price, and no two in one currency; a validator of attrs."""
    if not prices or len({price.currency for price in prices}) != len(prices):
        raise InvalidArgument(
            parameter="prices", expected="one or more, each of another currency", got=f"{len(prices)}"
        )


def price_in(prices: tuple[Price, ...], currency: Currency | None, *, sold: Id) -> Price:
    """The one of *prices* in *currency*, which need not be named where there is only one.

    Args:
        sold: The id of the plan or list, for the refusal.

    Raises:
        PriceMissing: There is none, or several and none was named.
        InvalidArgument: *currency* is no `Currency`.
    """
    _as_currency("currency", currency)
    found = [price for price in prices if currency in (None, price.currency)]
    if len(found) != 1:
        code, offered = None if currency is None else currency.code, tuple(price.currency.code for price in prices)
        raise PriceMissing(sold=as_id("sold", sold), currency=code, offered=offered)
    return found[0]
