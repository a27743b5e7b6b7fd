"""Discounts: off the price of a whole period, before any proration, in a stated order and never below zero.

Percentages come first, in their order, each on what the one before has left. Fixed amounts follow; each is shared over
the lines in whole minor units, in proportion to what is left of them, so that its shares add up to it.

>>> tenner = [Fraction(1000)] * 3
>>> off = discounts_for(
...     tenner,
...     (FixedDiscount(id="ten-off", amount=Money.parse("10.00 EUR")),),
...     on=date(2026, 5, 1),
... )
>>> [str(one.exact) for (one,) in off]
['334', '333', '333']
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Final

from attrs import field, frozen

from licensing_core.checks import Exact, Id, InvalidArgument, Value, as_day, as_fraction, checked, instance, shown
from licensing_core.money import AllocationMethod, Money
from licensing_core.periods import Span


def _as_percent(name: str, value: Any) -> Fraction:
    percent = as_fraction(name, value)
    if not 0 < percent <= 100:
        raise InvalidArgument(parameter=name, expected="above 0 and at most 100", got=shown(value))
    return percent


def _above_zero(_discount: object, _attribute: object, amount: Money) -> None:
    if amount.minor <= 0:
        raise InvalidArgument(parameter="amount", expected="above zero", got=str(amount))


def _zero_or_more(_discount: object, _attribute: object, exact: Fraction) -> None:
    if exact < 0:
        raise InvalidArgument(parameter="exact", expected="zero or more", got=shown(exact.numerator))


@frozen(kw_only=True, field_transformer=checked)
class PercentDiscount(Value):
    """So many percent off each line.

    Attributes:
        percent: Above 0, at most 100; an int or a `Fraction`.
        within: It is given for what begins on one of these days; `None`: always. Three months of a cycle
            are `Span(cycle.day(k), cycle.day(k + 3))`.
    """

    id: Id
    percent: Annotated[Fraction, _as_percent]
    within: Span | None = None


@frozen(kw_only=True, field_transformer=checked)
class FixedDiscount(Value):
    """An amount off all the lines together, for each whole period.

    Attributes:
        amount: Above zero; what the lines do not come to is not given.
        within: It is given for what begins on one of these days; `None`: always.
    """

    id: Id
    amount: Money = field(validator=_above_zero)
    within: Span | None = None


Discount = PercentDiscount | FixedDiscount


@frozen(kw_only=True, field_transformer=checked)
class LineDiscount(Value):
    """What a discount takes off the price of one line for a whole period, in exact minor units."""

    id: Id
    exact: Exact = field(validator=_zero_or_more)


_NONE: Final = Fraction(0)
_as_sequence: Final = instance(Sequence)
_as_discount: Final = instance((PercentDiscount, FixedDiscount))


def discounts_for(
    prices: Sequence[Fraction], discounts: Sequence[Discount], *, on: date
) -> tuple[tuple[LineDiscount, ...], ...]:
    """What each of *discounts* takes off each of *prices*.

    Args:
        prices: What the lines cost for a whole period, in exact minor units of one currency; none below zero.
        discounts: In the order in which they are given; of a fixed one, the amount is in that currency.
        on: The day on which what is billed begins: those that are not given for it take nothing.

    Returns:
        The discounts of each line, in the order of *prices*; those that take nothing off it are left out.
    """
    as_day("on", on)
    for one in _as_sequence("discounts", discounts):
        _as_discount("discounts", one)
    once(None, None, tuple(discounts))
    left: list[Fraction] = list(prices)
    found: list[list[LineDiscount]] = [[] for _ in prices]
    given = [one for one in discounts if one.within is None or on in one.within]
    for discount in sorted(given, key=lambda one: isinstance(one, FixedDiscount)):
        for place, off in enumerate(_off(left, discount)):
            if off:
                left[place] -= off
                found[place].append(LineDiscount(id=discount.id, exact=off))
    return tuple(map(tuple, found))


def _off(left: Sequence[Fraction], discount: Discount) -> list[Fraction]:
    if isinstance(discount, PercentDiscount):
        return [price * discount.percent / 100 for price in left]
    total = sum(left, _NONE)
    if not total:
        return [_NONE for _ in left]
    if discount.amount.minor >= total:
        return list(left)
    shared = discount.amount.allocate(left, AllocationMethod.LARGEST_REMAINDER).parts
    found = [min(price, Fraction(part.minor)) for price, part in zip(left, shared, strict=True)]
    rest = discount.amount.minor - sum(found, _NONE)
    for place, price in enumerate(left):  # what a line of less than its share could not take, the others do
        more = min(rest, price - found[place])
        found[place] += more
        rest -= more
    return found


def once(_owner: object, _attribute: object, discounts: tuple[Discount, ...]) -> None:
    """See to it that no two of *discounts* have one id; a validator of attrs."""
    if len({one.id for one in discounts}) < len(discounts):
        raise InvalidArgument(parameter="discounts", expected="each of another id", got="one twice")
