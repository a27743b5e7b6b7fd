"""What something costs: a flat price for the whole, or a price per unit.

>>> UnitPrice(Money.parse("12.50 EUR")).exact(3)
Fraction(3750, 1)
>>> FlatPrice(Money.parse("1800.00 EUR")).exact(50)
Fraction(180000, 1)
"""

from fractions import Fraction
from typing import Final

from attrs import field, frozen

from licensing_core.checks import InvalidArgument, Positive, Value, check_of, checked
from licensing_core.currencies import Currency
from licensing_core.money import Money

_as_quantity: Final = check_of(Positive)


def _not_negative(_price: object, _attribute: object, value: Money) -> None:
    if value.minor < 0:
        raise InvalidArgument(parameter="price", expected="zero or more", got=str(value))


@frozen(field_transformer=checked)
class _Price(Value):
    price: Money = field(validator=_not_negative)

    @property
    def currency(self) -> Currency:
        """The currency of the price."""
        return self.price.currency


@frozen(field_transformer=checked)
class FlatPrice(_Price):
    """One price for the whole, whatever the quantity."""

    def exact(self, quantity: Positive) -> Fraction:
        """What *quantity* costs, in minor units, before any rounding."""
        _as_quantity("quantity", quantity)
        return Fraction(self.price.minor)


@frozen(field_transformer=checked)
class UnitPrice(_Price):
    """A price for each unit."""

    def exact(self, quantity: Positive) -> Fraction:
        """What *quantity* costs, in minor units, before any rounding."""
        return Fraction(self.price.minor * _as_quantity("quantity", quantity))


Price = FlatPrice | UnitPrice
"""Each of them has `price`, `currency` and `exact(quantity)`."""
