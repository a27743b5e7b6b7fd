"""How exact numbers become whole: one by one (`Rounding`), or several that must add up (`whole_parts()`).

Amounts come here as whole minor units; `money` gives them their currency.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import ClassVar, Final, cast

from attrs import frozen

from licensing_core.checks import InvalidArgument, InvalidQuantity, shown

MAX_WEIGHTS: Final = 100_000
"""The most parts of one allocation."""
_MAX_BITS: Final = 4096
_EXACT: Final = frozenset({int, Fraction})


@frozen(kw_only=True)
class InvalidWeights(InvalidArgument):
    """There are no weights or too many, one is negative or no exact number, or all are zero."""

    code: ClassVar[str] = "allocation.invalid"


class Rounding(StrEnum):
    """How an exact number becomes a whole one; ties are numbers halfway between two whole ones."""

    HALF_UP = "half_up"
    """To the nearest; ties away from zero."""
    HALF_DOWN = "half_down"
    """To the nearest; ties towards zero."""
    HALF_EVEN = "half_even"
    """To the nearest; ties to the even one."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    """Towards positive infinity."""
    FLOOR = "floor"
    """Towards negative infinity."""

    def quotient(self, numerator: int, denominator: int) -> int:
        """*numerator* / *denominator* as a whole number: the one rounding of the library.

        >>> [mode.quotient(-5, 2) for mode in Rounding]
        [-3, -2, -2, -3, -2, -2, -3]

        Raises:
            InvalidQuantity: One of the two is no `int`, or *denominator* is not above zero.
        """
        if type(numerator) is not int or type(denominator) is not int or denominator <= 0:
            ratio = f"{shown(numerator)} over {shown(denominator)}"
            raise InvalidQuantity(parameter="quotient", expected="an int over an int above 0", got=ratio)
        below, cut_off = divmod(numerator, denominator)
        wholes, more = _GOES_UP[self][2 * (below < 0) + below % 2]
        return below + 1 if 2 * cut_off >= wholes * denominator + more else below


# The number below + cut_off / denominator, with 0 <= cut_off < denominator, goes up to below + 1 when twice
# its cut_off is at least so many denominators and so much more:
_ALWAYS: Final = (0, 1)  # but where nothing is cut off
_FROM_HALF: Final = (1, 0)
_ABOVE_HALF: Final = (1, 1)
_NEVER: Final = (2, 0)
_GOES_UP: Final = {
    # below is: 0 or above and even, the same and odd, under 0 and even, the same and odd
    Rounding.HALF_UP: (_FROM_HALF, _FROM_HALF, _ABOVE_HALF, _ABOVE_HALF),
    Rounding.HALF_DOWN: (_ABOVE_HALF, _ABOVE_HALF, _FROM_HALF, _FROM_HALF),
    Rounding.HALF_EVEN: (_ABOVE_HALF, _FROM_HALF, _ABOVE_HALF, _FROM_HALF),
    Rounding.UP: (_ALWAYS, _ALWAYS, _NEVER, _NEVER),
    Rounding.DOWN: (_NEVER, _NEVER, _ALWAYS, _ALWAYS),
    Rounding.CEILING: (_ALWAYS, _ALWAYS, _ALWAYS, _ALWAYS),
    Rounding.FLOOR: (_NEVER, _NEVER, _NEVER, _NEVER),
}


class AllocationMethod(StrEnum):
    """Who receives the units that are left when each part has been cut down to whole units, one each."""

    FIRST = "first"
    """The first weights above zero."""
    LARGEST_REMAINDER = "largest_remainder"
    """Those from whose parts most was cut off, the first of equals."""
    LARGEST_WEIGHT = "largest_weight"
    """The largest weights, the first of equals."""
    SEPARATE = "separate"
    """Nobody: they stay apart, as the rest."""


def _descending(numbers: Sequence[int]) -> list[int]:
    return sorted(range(len(numbers)), key=numbers.__getitem__, reverse=True)


# The places of the weights in the order in which each receives a unit. The units left are fewer than the
# weights above zero, and than the parts from which something was cut off: a weight of zero has no turn.
_QUEUES: Final[dict[AllocationMethod, Callable[[Sequence[int], Sequence[int]], Sequence[int]]]] = {
    AllocationMethod.FIRST: lambda weights, _: [place for place, weight in enumerate(weights) if weight],
    AllocationMethod.LARGEST_REMAINDER: lambda _, cut_off: _descending(cut_off),
    AllocationMethod.LARGEST_WEIGHT: lambda weights, _: _descending(weights),
    AllocationMethod.SEPARATE: lambda _weights, _cut_off: (),
}


def whole_parts(total: int, unit: int, weights: Sequence[int], method: AllocationMethod) -> list[int]:
    """*total* in proportion to *weights*: how many times *unit* each of them receives.

    Args:
        total: What is divided; 0 or more.
        unit: The smallest step of a part; 1 or more.
        weights: As `whole_weights()` gives them.
        method: Who receives the units left.
    """
    base = sum(weights) * unit
    units, cut_off = [], []
    for weight in weights:
        whole, cut = divmod(total * weight, base)
        units.append(whole)
        cut_off.append(cut)
    if left := total // unit - sum(units):
        for place in _QUEUES[method](weights, cut_off)[:left]:
            units[place] += 1
    return units


def whole_weights(weights: Sequence[int | Fraction]) -> Sequence[int]:
    """Whole numbers in the proportion of *weights*.

    Raises:
        InvalidWeights: They are no 1 to 100,000 exact numbers from 0 up, or all are 0, or the whole numbers
            have more than 4,096 bits.
    """
    if not isinstance(weights, (tuple, list, Sequence)):
        raise _bad_weights("a sequence of numbers", shown(weights))
    if not 0 < len(weights) <= MAX_WEIGHTS:
        raise _bad_weights(f"1 to {MAX_WEIGHTS} numbers", f"{len(weights)} numbers")
    kinds = set(map(type, weights))
    if not kinds <= _EXACT:
        raise _bad_weights("ints or Fractions", shown(next(w for w in weights if type(w) not in _EXACT)))
    numbers = _over_one_denominator(weights) if Fraction in kinds else cast("Sequence[int]", weights)
    if min(numbers) < 0:
        raise _bad_weights("no number below zero", "a negative one")
    largest = max(numbers)
    if not 0 < largest.bit_length() <= _MAX_BITS:
        raise _bad_weights(f"a number above zero, of at most {_MAX_BITS} bits", f"{largest.bit_length()} bits")
    return numbers


def _over_one_denominator(weights: Sequence[int | Fraction]) -> list[int]:
    common = 1
    for weight in weights:
        common = lcm(common, weight.denominator)
        if common.bit_length() > _MAX_BITS:
            raise _bad_weights(f"a common denominator of at most {_MAX_BITS} bits", "a longer one")
    return [weight.numerator * (common // weight.denominator) for weight in weights]


def _bad_weights(expected: str, got: str) -> InvalidWeights:
    return InvalidWeights(parameter="weights", expected=expected, got=got)
