"""Money in whole minor units, its one rounding, and its division into parts that add up.

Prices and shares stay exact (`Fraction`) until `Money.scaled()` or `Money.rounded()` rounds them, once.
There is no float here, and no decimal context: amounts are `int`, texts are read by a bounded pattern.

>>> price = Money.parse("62.00 EUR")
>>> str(price.scaled(Fraction(10, 31))), [part.text for part in price.split(3).parts]
('20.00 EUR', ['20.67', '20.67', '20.66'])
"""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Final, final

from attrs import frozen

from licensing_core.checks import InvalidArgument, InvalidQuantity, Value, checked, instance, shown
from licensing_core.currencies import Currency, UnknownCurrency, known_currencies
from licensing_core.errors import LicensingError
from licensing_core.rounding import (
    MAX_WEIGHTS,
    AllocationMethod,
    InvalidWeights,
    Rounding,
    whole_parts,
    whole_weights,
)

__all__ = [
    "MAX_MINOR",
    "MAX_WEIGHTS",
    "Allocation",
    "AllocationMethod",
    "AmountTooLarge",
    "Currency",
    "CurrencyMismatch",
    "InvalidAmount",
    "InvalidWeights",
    "Money",
    "Rounding",
    "UnknownCurrency",
]

MAX_MINOR: Final = 2**53 - 1
"""The most minor units of one amount, either way: what JSON readers and 64-bit columns keep exactly."""
_LEAST_MINOR: Final = -MAX_MINOR
_SEPARATE: Final = AllocationMethod.SEPARATE
_MAX_AMOUNT_TEXT: Final = 24


@frozen(kw_only=True)
class InvalidAmount(InvalidArgument):
    """An amount or a factor is no exact number, or has more decimals than its currency."""

    code: ClassVar[str] = "amount.invalid"


@frozen(kw_only=True)
class AmountTooLarge(InvalidArgument):
    """An amount, given or worked out, passes 2**53 - 1 minor units."""

    code: ClassVar[str] = "amount.too_large"


@frozen(kw_only=True)
class CurrencyMismatch(LicensingError):
    """Two amounts of different currencies were to be added, subtracted or compared."""

    code: ClassVar[str] = "currency.mismatch"
    expected: Currency
    got: Currency

    def __str__(self) -> str:
        return f"an amount in {self.expected} and one in {self.got} do not go together; convert one"


def _as_minor(name: str, value: Any) -> int:
    if type(value) is not int:
        raise InvalidAmount(parameter=name, expected="an int, in minor units", got=shown(value))
    if not _LEAST_MINOR <= value <= MAX_MINOR:
        raise _too_large(name, value)
    return value


def _too_large(name: str, value: int) -> AmountTooLarge:
    return AmountTooLarge(parameter=name, expected=f"from {_LEAST_MINOR} to {MAX_MINOR} minor units", got=shown(value))


_AMOUNT: Final = re.compile(rf"(?=[^ ]{{1,{_MAX_AMOUNT_TEXT}}} )(-?[0-9]+)(?:\.([0-9]+))? ([A-Z]{{3}})", re.ASCII)
_as_currency: Final = instance(Currency)
_as_rounding: Final = instance(Rounding)


@frozen(field_transformer=checked, weakref_slot=False)
class Money(Value):
    """An amount of one currency, in whole minor units; a debt or credit is negative.

    Two amounts are equal when number and currency are; amounts of different currencies cannot be added,
    subtracted or put in order.

    >>> Money(1250, Currency("EUR")) == Money.parse("12.50 EUR")
    True
    >>> Money.parse("1 EUR") < Money.parse("1 USD")
    Traceback (most recent call last):
        ...
    licensing_core.money.CurrencyMismatch: an amount in EUR and one in USD do not go together; convert one

    Attributes:
        minor: Minor units (cents, say), at most 2**53 - 1 either way.
        currency: Its currency, which says how many decimals the minor units are.

    Raises:
        InvalidAmount: A number is a float, a `Decimal`, a `bool` or anything else inexact.
        AmountTooLarge: The amount, or what was worked out, passes the bound.
        CurrencyMismatch: The other amount has another currency.
    """

    minor: Annotated[int, _as_minor]
    currency: Currency

    @classmethod
    def parse(cls, text: str) -> "Money":
        """The amount that *text* states, as `str()` writes it: `12.50 EUR`, `-0.05 EUR`, `1800 JPY`.

        Decimals may be left out, but not added: `12 EUR` is an amount, `12.500 EUR` is none.

        Raises:
            InvalidAmount: *text* has another form, over 24 characters before the code, or too many decimals.
            UnknownCurrency: The code is no currency.
            AmountTooLarge: The amount passes the bound.
        """
        found = _AMOUNT.fullmatch(text) if type(text) is str else None
        if found is None:
            raise InvalidAmount(parameter="text", expected="an amount and a currency, as 12.50 EUR", got=shown(text))
        whole_units, decimals, currency = found[1], found[2] or "", Currency(found[3])
        if len(decimals) > currency.digits:
            expected, got = f"at most {currency.digits} decimals for {currency}", f"{len(decimals)} decimals"
            raise InvalidAmount(parameter="text", expected=expected, got=got)
        return _made(int(whole_units + decimals.ljust(currency.digits, "0")), currency)

    @classmethod
    def zero(cls, currency: Currency) -> "Money":
        """Nothing, in *currency*."""
        return _ZEROS[_as_currency("currency", currency)]

    @classmethod
    def rounded(cls, exact_minor: Fraction | int, currency: Currency, rounding: Rounding = Rounding.HALF_UP) -> "Money":
        """The exact number *exact_minor* of minor units, rounded to a whole one."""
        numerator, denominator = _ratio("exact_minor", exact_minor, rounding)
        return _made(rounding.quotient(numerator, denominator), _as_currency("currency", currency))

    @classmethod
    def sum(cls, items: Iterable["Money"], currency: Currency) -> "Money":
        """The sum of *items*, all in *currency*; zero when there are none. Only the sum itself is bounded."""
        total, expected = 0, _as_currency("currency", currency)
        for item in items:
            try:  # costs nothing; a look at the type of each item would take a third more
                if item.currency is not expected:
                    raise _unlike(expected, item)
                total += item.minor
            except AttributeError:
                raise _unlike(expected, item) from None
        return _made(_as_minor("sum", total), currency)

    def scaled(self, factor: Fraction | int, rounding: Rounding = Rounding.HALF_UP) -> "Money":
        """This amount times the exact *factor*, rounded once to a whole minor unit."""
        numerator, denominator = _ratio("factor", factor, rounding)
        return _made(rounding.quotient(self.minor * numerator, denominator), self.currency)

    def split(
        self, count: int, method: AllocationMethod = AllocationMethod.LARGEST_REMAINDER, *, unit: int = 1
    ) -> "Allocation":
        """Divide this amount into *count* equal parts, as `allocate()` does; the first are the larger ones.

        Raises:
            InvalidWeights: *count* is no int from 1 to 100,000.
            InvalidQuantity: *unit* is no int from 1 up.
        """
        if type(count) is not int or not 0 < count <= MAX_WEIGHTS:
            raise InvalidWeights(parameter="count", expected=f"an int from 1 to {MAX_WEIGHTS}", got=shown(count))
        if type(method) is not AllocationMethod or type(unit) is not int or not 0 < unit <= MAX_MINOR:
            raise _bad_terms(method, unit)
        minor, currency = self.minor, self.currency
        step = unit if minor >= 0 else -unit
        units = minor // (step * count)
        left = 0 if method is _SEPARATE else minor // step - units * count
        # Two amounts serve for all parts; made in place, as _made() does, since this is a hot path.
        low: Any = _MoneyDraft()
        low.minor, low.currency, low.__class__ = step * units, currency, Money
        high: Any = _MoneyDraft()
        high.minor, high.currency, high.__class__ = step * units + step, currency, Money
        parts = (high,) * left + (low,) * (count - left)
        return _allocation(parts, minor - step * (units * count + left), currency)

    def allocate(
        self,
        weights: Sequence[int | Fraction],
        method: AllocationMethod = AllocationMethod.LARGEST_REMAINDER,
        *,
        unit: int = 1,
    ) -> "Allocation":
        """Divide this amount in proportion to *weights*, in whole multiples of *unit*; nothing is lost.

        Each part is cut down to whole units; the units left are given out one by one, in the order of
        *method*. A negative amount is divided as its absolute value. A weight of zero receives nothing. What
        is no whole unit of the amount itself (0.02 of 1.02 in steps of 0.05) is in the rest, by any method.

        >>> bill = Money.parse("1.00 EUR").allocate([3, 3, 1])
        >>> [part.text for part in bill.parts], bill.rest.text
        (['0.43', '0.43', '0.14'], '0.00')

        Args:
            weights: 1 to 100,000 exact numbers, none negative, not all zero, of any sum.
            method: Who receives the units left.
            unit: The smallest step of a part, in minor units: 5 for cash in steps of 0.05.

        Returns:
            One part for each weight, in their order, and the rest; together they are this amount.

        Raises:
            InvalidWeights: The weights are not as said, or too long over one denominator.
            InvalidQuantity: *unit* is no int from 1 up.

        Source: L5; the methods are those of the `allocate` vectors.
        """
        numbers = whole_weights(weights)
        if numbers.count(numbers[0]) == len(numbers):
            return self.split(len(numbers), method, unit=unit)
        if type(method) is not AllocationMethod or type(unit) is not int or not 0 < unit <= MAX_MINOR:
            raise _bad_terms(method, unit)
        minor, currency = self.minor, self.currency
        step = unit if minor >= 0 else -unit
        units = whole_parts(abs(minor), unit, numbers, method)
        parts = tuple([_made(step * number, currency) for number in units])
        return _allocation(parts, minor - step * sum(units), currency)

    @property
    def text(self) -> str:
        """The amount without its currency, with all decimals: `-0.05`, `1800`; `messages` knows locales."""
        digits = self.currency.digits
        if not digits:
            return str(self.minor)
        units, decimals = divmod(abs(self.minor), 10**digits)
        return f"{'-' if self.minor < 0 else ''}{units}.{decimals:0{digits}}"

    def __str__(self) -> str:
        return f"{self.text} {self.currency.code}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def __neg__(self) -> "Money":
        return _made(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return _made(abs(self.minor), self.currency)

    def __add__(self, other: "Money") -> "Money":
        currency = self.currency
        if type(other) is not Money or other.currency is not currency:
            raise _unlike(currency, other)
        minor = self.minor + other.minor
        if not _LEAST_MINOR <= minor <= MAX_MINOR:
            raise _too_large("amount", minor)
        draft: Any = _MoneyDraft()  # what _made() does, in place: the hottest path of all
        draft.minor = minor
        draft.currency = currency
        draft.__class__ = Money
        money: Money = draft
        return money

    def __sub__(self, other: "Money") -> "Money":
        if type(other) is not Money or other.currency is not self.currency:
            raise _unlike(self.currency, other)
        return _made(self.minor - other.minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        if type(times) is not int:
            raise InvalidAmount(parameter="times", expected="an int (a Fraction goes to scaled())", got=shown(times))
        return _made(self.minor * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.minor < _minor_of(other, self.currency)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= _minor_of(other, self.currency)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > _minor_of(other, self.currency)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= _minor_of(other, self.currency)


@final
@frozen(field_transformer=checked, weakref_slot=False)
class Allocation(Value):
    """An amount divided: *parts* in the order of the weights, and the *rest*, which none of them received."""

    parts: tuple[Money, ...]
    rest: Money

    def __attrs_post_init__(self) -> None:
        Money.sum(self.parts, self.rest.currency)


# Results are made of parts that are valid already, past the constructors and their checks: a draft with the
# very same slots is filled in and then becomes the value. That takes a third of the time of the constructor,
# and two thirds of what `object.__new__()` and the setters of the slots take.
class _MoneyDraft(Value):
    __slots__ = ("currency", "minor")


class _AllocationDraft(Value):
    __slots__ = ("parts", "rest")


def _made(minor: int, currency: Currency) -> Money:
    if not _LEAST_MINOR <= minor <= MAX_MINOR:
        raise _too_large("amount", minor)
    draft: Any = _MoneyDraft()
    draft.minor = minor
    draft.currency = currency
    draft.__class__ = Money
    money: Money = draft
    return money


def _allocation(parts: tuple[Money, ...], rest: int, currency: Currency) -> Allocation:
    draft: Any = _AllocationDraft()
    draft.parts = parts
    draft.rest = _made(rest, currency) if rest else _ZEROS[currency]
    draft.__class__ = Allocation
    allocation: Allocation = draft
    return allocation


_ZEROS: Final = {currency: _made(0, currency) for currency in known_currencies()}


def _unlike(expected: Currency, other: object) -> LicensingError:
    """The refusal of *other*, which is no amount in the currency *expected*."""
    if type(other) is Money:
        return CurrencyMismatch(expected=expected, got=other.currency)
    return InvalidAmount(parameter="other", expected=f"Money in {expected}", got=shown(other))


def _minor_of(other: Money, currency: Currency) -> int:
    if type(other) is not Money or other.currency is not currency:
        raise _unlike(currency, other)
    return other.minor


def _ratio(name: str, factor: Fraction | int, rounding: Rounding) -> tuple[int, int]:
    """Numerator and denominator of *factor*, which is the parameter *name*; *rounding* is checked as well."""
    if type(factor) is not Fraction and type(factor) is not int:
        raise InvalidAmount(parameter=name, expected="an int or a Fraction", got=shown(factor))
    if type(rounding) is not Rounding:
        _as_rounding("rounding", rounding)
    return factor.as_integer_ratio()


def _bad_terms(method: AllocationMethod, unit: int) -> InvalidArgument:
    """The refusal of *method* or *unit*."""
    if type(method) is AllocationMethod:
        return InvalidQuantity(parameter="unit", expected=f"an int from 1 to {MAX_MINOR}", got=shown(unit))
    return InvalidArgument(parameter="method", expected="an AllocationMethod", got=shown(method))
