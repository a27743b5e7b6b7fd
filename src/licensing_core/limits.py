"""What a plan lets be used: limits by name, and a value for *no limit at all*.

>>> (
...     Limit(10).ceiling,
...     Limit(10, overage=Fraction(5, 4)).ceiling,
...     Limit(UNLIMITED).ceiling.value,
... )
(10, 12, 'unlimited')
"""

from enum import Enum, StrEnum
from fractions import Fraction
from typing import Annotated, Any, Final

from attrs import field, frozen

from licensing_core.checks import Count, Id, InvalidArgument, Value, as_fraction, checked, shown


class Unlimited(Enum):
    """The type of `UNLIMITED`: no limit, which is no number (decision 9)."""

    UNLIMITED = "unlimited"


UNLIMITED: Final = Unlimited.UNLIMITED
"""No limit at all."""


class Overage(StrEnum):
    """What happens beyond the limit; a ratio such as `Fraction(5, 4)` moves the ceiling instead."""

    BLOCK = "block"
    ALLOW = "allow"


def _as_overage(name: str, value: Any) -> Overage | Fraction:
    if isinstance(value, Overage):
        return value
    ratio = as_fraction(name, value)
    if not 1 <= ratio <= 1000:
        raise InvalidArgument(parameter=name, expected="block, allow or a ratio from 1 to 1000", got=shown(value))
    return ratio


OverageRule = Annotated[Overage | Fraction, _as_overage]
"""Block, allow, or a ratio from 1 to 1,000."""


@frozen(field_transformer=checked)
class Limit(Value):
    """How much may be used of one thing.

    Attributes:
        most: The most that is included, or `UNLIMITED`.
        per: The other limit that this one counts within (team users per workspace), if any.
        overage: Beyond it: block, allow, or a ratio whose ceiling is cut down to a whole number.
    """

    most: Count | Unlimited
    per: Id | None = None
    overage: OverageRule = field(default=Overage.BLOCK, kw_only=True)

    @property
    def ceiling(self) -> int | Unlimited:
        """What may be used in all, overage included."""
        if isinstance(self.most, Unlimited) or self.overage is Overage.ALLOW:
            return UNLIMITED
        if isinstance(self.overage, Fraction):
            return self.most * self.overage.numerator // self.overage.denominator
        return self.most
