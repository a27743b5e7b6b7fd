"""The laws of money: nothing is lost or made by rounding, dividing, adding and taking away (L5).

Each law is a function of plain arguments that raises `LawBroken`. `LAWS` pairs each with a maker of cases, for
runs over many seeded ones: `check(random.Random(seed))` makes one case and checks it.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from operator import add
from random import Random
from typing import Final

from licensing_core.currencies import known_currencies
from licensing_core.money import MAX_MINOR, AllocationMethod, Currency, Money, Rounding
from licensing_core.testing.law import require

Weights = Sequence[int | Fraction]

HALVES: Final = frozenset({Rounding.HALF_UP, Rounding.HALF_DOWN, Rounding.HALF_EVEN})
"""The modes that round to the nearest."""
OPPOSITE: Final = {Rounding.CEILING: Rounding.FLOOR, Rounding.FLOOR: Rounding.CEILING}
"""The mode that does to a negative number what a mode does to a positive one, where it is another."""


def parts_and_rest_sum_to_the_total(total: Money, weights: Weights, method: AllocationMethod, unit: int) -> None:
    """L5. There is a part for each weight; parts and rest add up; the rest is less than a unit for each."""
    divided = total.allocate(weights, method, unit=unit)
    case = {"total": total, "weights": weights, "method": method, "unit": unit}
    require(len(divided.parts) == len(weights), "one part for each weight", **case)
    require(
        Money.sum((*divided.parts, divided.rest), total.currency) == total,
        "the parts sum to the total",
        **case,
    )
    bound = unit * len(weights) if method is AllocationMethod.SEPARATE else unit
    require(abs(divided.rest.minor) < bound, "the rest is small", **case)
    signs = {part.minor > 0 for part in (*divided.parts, divided.rest) if part}
    require(signs <= {total.minor > 0}, "every part has the sign of the total", **case)


def parts_are_near_the_exact_ones(total: Money, weights: Weights, method: AllocationMethod, unit: int) -> None:
    """L5. Each part is whole units, within one of the exact part; by the largest remainder nearer."""
    divided = total.allocate(weights, method, unit=unit)
    case = {"total": total, "weights": weights, "method": method, "unit": unit}
    whole = sum(map(Fraction, weights))
    for part, weight in zip(divided.parts, weights, strict=True):
        off = abs(part.minor) - abs(total.minor) * Fraction(weight) / whole
        require(part.minor % unit == 0, "a part is whole units", part=part, **case)
        require(abs(off) <= unit, "a part is within one unit of the exact one", part=part, **case)
        if method is AllocationMethod.LARGEST_REMAINDER:
            require(abs(off) < unit, "a part is less than one unit off", part=part, **case)
        if method is AllocationMethod.SEPARATE:
            require(-unit < off <= 0, "a part is cut down", part=part, **case)


def a_weight_of_zero_receives_nothing(total: Money, weights: Weights, method: AllocationMethod, unit: int) -> None:
    """L5."""
    divided = total.allocate(weights, method, unit=unit)
    for part, weight in zip(divided.parts, weights, strict=True):
        require(bool(weight) or not part, "a weight of zero receives nothing", total=total, weights=weights)


def parts_are_in_the_order_of_their_weights(
    total: Money, weights: Weights, method: AllocationMethod, unit: int
) -> None:
    """L5. A larger weight receives no less (but `FIRST` gives by place); of equal ones, the first does."""
    parts = [abs(part.minor) for part in total.allocate(weights, method, unit=unit).parts]
    case = {"total": total, "weights": weights, "method": method, "unit": unit}
    ranked = sorted(range(len(parts)), key=lambda place: (-weights[place], place))
    for larger, smaller in pairwise(ranked):
        if method is not AllocationMethod.FIRST or weights[larger] == weights[smaller]:
            require(parts[larger] >= parts[smaller], "no weight receives less than a smaller one", **case)


def the_scale_of_the_weights_does_not_matter(total: Money, weights: Weights, factor: Fraction) -> None:
    """L5. Weights times a *factor* above zero divide alike."""
    scaled = [weight * factor for weight in weights]
    alike = total.allocate(weights) == total.allocate(scaled)
    require(alike, "only proportions matter", total=total, weights=weights, factor=factor)


def a_split_is_an_allocation_by_equal_weights(total: Money, count: int, method: AllocationMethod, unit: int) -> None:
    """L5. The parts of a split differ by one unit at most, the larger ones first."""
    divided = total.split(count, method, unit=unit)
    case = {"total": total, "count": count, "method": method, "unit": unit}
    sizes = [abs(part.minor) for part in divided.parts]
    require(sizes == sorted(sizes, reverse=True), "the larger parts come first", **case)
    require(sizes[0] - sizes[-1] <= unit, "the parts differ by one unit at most", **case)
    # A last weight of zero, which receives nothing, keeps allocate() from taking the way of split().
    weighed = total.allocate([7] * count + [0], method, unit=unit)
    require(divided.parts == weighed.parts[:-1], "a split is an allocation", **case)
    require(divided.rest == weighed.rest, "a split leaves what an allocation leaves", **case)


def rounding_is_off_by_less_than_one(numerator: int, denominator: int, mode: Rounding) -> None:
    """The error is below 1, at most 1/2 to the nearest, and on the side that the mode names."""
    rounded, exact = mode.quotient(numerator, denominator), Fraction(numerator, denominator)
    case = {"exact": exact, "rounded": rounded, "mode": mode}
    require(abs(rounded - exact) < 1, "rounding is off by less than one", **case)
    require(mode not in HALVES or abs(rounded - exact) <= Fraction(1, 2), "the nearest is within a half", **case)
    side = {
        Rounding.UP: abs(rounded) >= abs(exact),
        Rounding.DOWN: abs(rounded) <= abs(exact),
        Rounding.CEILING: rounded >= exact,
        Rounding.FLOOR: rounded <= exact,
    }
    require(side.get(mode, True), "rounding goes to its side", **case)


def a_tie_is_broken_as_the_mode_says(whole: int, mode: Rounding) -> None:
    """Halfway between *whole* and the next: away from zero, towards it, or to the even one."""
    wanted = {
        Rounding.HALF_UP: whole + (whole >= 0),
        Rounding.HALF_DOWN: whole + (whole < 0),
        Rounding.HALF_EVEN: whole + whole % 2,
    }
    if mode in wanted:
        require(mode.quotient(2 * whole + 1, 2) == wanted[mode], "a tie is broken", whole=whole, mode=mode)


def rounding_is_symmetric(numerator: int, denominator: int, mode: Rounding) -> None:
    """A negative number is rounded as the positive one; ceiling and floor change places."""
    mirrored = -OPPOSITE.get(mode, mode).quotient(-numerator, denominator)
    case = {"numerator": numerator, "denominator": denominator, "mode": mode}
    require(mode.quotient(numerator, denominator) == mirrored, "rounding is symmetric", **case)


def a_charge_and_its_reversal_cancel(price: Money, share: Fraction, mode: Rounding) -> None:
    """What was charged for a share and what is given back for it are the same amount."""
    reversal = (-price).scaled(share, OPPOSITE.get(mode, mode))
    case = {"price": price, "share": share, "mode": mode}
    require(not price.scaled(share, mode) + reversal, "a charge and its reversal cancel", **case)


def minus_undoes_plus(left: Money, right: Money) -> None:
    """Of one currency: adding and taking away again changes nothing, and order goes with the difference."""
    case = {"left": left, "right": right}
    require((left + right) - right == left, "minus undoes plus", **case)
    require(left + right == right + left, "plus has no order", **case)
    require(left + -left == Money.zero(left.currency), "an amount and its negative cancel", **case)
    require(left - right == -(right - left), "minus turned round is the negative", **case)
    require((left < right) == ((left - right).minor < 0), "order goes with the difference", **case)
    ways = ((left < right) + (left == right) + (left > right), (left <= right) + (left > right))
    require(ways == (1, 1), "exactly one of less, equal and greater", **case)


def a_sum_is_its_additions(amounts: Sequence[Money], currency: Currency) -> None:
    """`Money.sum()` is adding one after the other."""
    added = reduce(add, amounts, Money.zero(currency))
    require(Money.sum(amounts, currency) == added, "a sum is its additions", amounts=amounts)


def text_reads_back(amount: Money) -> None:
    """`Money.parse()` reads what `str()` writes."""
    require(Money.parse(str(amount)) == amount, "text reads back", amount=amount)


# Cases, from a source of random numbers that the caller seeds.

_CURRENCIES: Final = known_currencies()
_MODES: Final = tuple(Rounding)
_METHODS: Final = tuple(AllocationMethod)


def _currency(rng: Random) -> Currency:
    """One with 0, 2, 3 or 4 decimals, each as often."""
    digits = rng.choice((0, 2, 3, 4))
    return rng.choice([currency for currency in _CURRENCIES if currency.digits == digits])


def _minor(rng: Random, most: int = MAX_MINOR) -> int:
    """From -most to most, all lengths as often; now and then a bound or 0."""
    if not rng.randrange(16):
        return rng.choice((-most, 0, most))
    return rng.choice((-1, 1)) * (rng.randint(0, most) >> rng.randrange(most.bit_length()))


def _amount(rng: Random, most: int = MAX_MINOR) -> Money:
    return Money(_minor(rng, most), _currency(rng))


def _weights(rng: Random) -> Weights:
    kind = rng.randrange(3)
    count = rng.randint(1, 12)
    if kind == 0:
        return [rng.randint(0, 4) for _ in range(count)] + [1]
    if kind == 1:
        return [1, *(rng.randint(0, 10 ** rng.randint(1, 18)) for _ in range(count))]
    return [Fraction(rng.randint(0, 99), rng.randint(1, 99)) for _ in range(count)] + [Fraction(1, 3)]


def _unit(rng: Random) -> int:
    return rng.choice((1, 1, 1, 5, 10, 100, 7))


def _ratio(rng: Random) -> tuple[int, int]:
    denominator = rng.choice((1, 2, 2, 4, 10, 31, 365, rng.randint(1, 10**9)))
    return _minor(rng), denominator


def _division(law: Callable[[Money, Weights, AllocationMethod, int], None]) -> Callable[[Random], None]:
    return lambda rng: law(_amount(rng), _weights(rng), rng.choice(_METHODS), _unit(rng))


def _quotient(law: Callable[[int, int, Rounding], None]) -> Callable[[Random], None]:
    return lambda rng: law(*_ratio(rng), rng.choice(_MODES))


def _pair(rng: Random) -> tuple[Money, Money]:
    currency = _currency(rng)
    return Money(_minor(rng, MAX_MINOR // 2), currency), Money(_minor(rng, MAX_MINOR // 2), currency)


def _sum(rng: Random) -> None:
    currency = _currency(rng)
    a_sum_is_its_additions([Money(_minor(rng, 10**12), currency) for _ in range(rng.randint(0, 9))], currency)


def _scale(rng: Random) -> None:
    factor = Fraction(rng.randint(1, 99), rng.randint(1, 99))
    the_scale_of_the_weights_does_not_matter(_amount(rng), _weights(rng), factor)


def _split(rng: Random) -> None:
    count, method = rng.randint(1, 40), rng.choice(_METHODS)
    a_split_is_an_allocation_by_equal_weights(_amount(rng), count, method, _unit(rng))


def _reversal(rng: Random) -> None:
    part, whole = sorted((rng.randint(0, 366), rng.randint(1, 366)))
    a_charge_and_its_reversal_cancel(_amount(rng), Fraction(part, whole), rng.choice(_MODES))


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("parts and rest sum to the total", _division(parts_and_rest_sum_to_the_total)),
    ("parts are near the exact ones", _division(parts_are_near_the_exact_ones)),
    ("a weight of zero receives nothing", _division(a_weight_of_zero_receives_nothing)),
    ("parts are in the order of their weights", _division(parts_are_in_the_order_of_their_weights)),
    ("the scale of the weights does not matter", _scale),
    ("a split is an allocation by equal weights", _split),
    ("rounding is off by less than one", _quotient(rounding_is_off_by_less_than_one)),
    (
        "a tie is broken as the mode says",
        lambda rng: a_tie_is_broken_as_the_mode_says(_minor(rng), rng.choice(_MODES)),
    ),
    ("rounding is symmetric", _quotient(rounding_is_symmetric)),
    ("a charge and its reversal cancel", _reversal),
    ("minus undoes plus", lambda rng: minus_undoes_plus(*_pair(rng))),
    ("a sum is its additions", _sum),
    ("text reads back", lambda rng: text_reads_back(_amount(rng))),
]
"""Name of each law, and what makes one case of it and checks it."""
