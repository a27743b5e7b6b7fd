"""Taxes: on top of an amount or within it, of several rates, rounded for each line or for each total.

>>> vat, surcharge = (
...     TaxRate(id="vat", percent=Fraction(21)),
...     TaxRate(id="re", percent=Fraction(26, 5)),
... )
>>> taxed = taxes_of([(Money.parse("10.00 EUR"), (vat, surcharge))], TaxTerms())
>>> [(tax.id, str(tax.amount)) for tax in taxed[0]]
[('vat', '2.10 EUR'), ('re', '0.52 EUR')]
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Final

from attrs import field, frozen

from licensing_core.checks import Id, InvalidArgument, Value, as_fraction, checked, shown
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.rounding import Rounding


def _as_percent(name: str, value: Any) -> Fraction:
    percent = as_fraction(name, value)
    if not 0 <= percent <= 1000:
        raise InvalidArgument(parameter=name, expected="from 0 to 1000", got=shown(value))
    return percent


@frozen(kw_only=True, field_transformer=checked)
class TaxRate(Value):
    """A tax of so many percent; 0 is a rate that is shown, and no rate at all is not."""

    id: Id
    percent: Annotated[Fraction, _as_percent]


class TaxTreatment(StrEnum):
    """What a price says of taxes."""

    EXCLUSIVE = "exclusive"
    """They come on top of it."""
    INCLUSIVE = "inclusive"
    """They are within it."""


class TaxRounding(StrEnum):
    """Where a tax is rounded."""

    LINE = "line"
    """On each line; the total is the sum of them."""
    TOTAL = "total"
    """On the total of its rate; the lines share that out, so that they add up to it."""


@frozen(kw_only=True, field_transformer=checked)
class TaxTerms(Value):
    """How the taxes of one document are worked out."""

    treatment: TaxTreatment = TaxTreatment.EXCLUSIVE
    rounding: TaxRounding = TaxRounding.LINE
    mode: Rounding = Rounding.HALF_UP


def _not_negative(_tax: object, _attribute: object, amount: Money) -> None:
    if amount.minor < 0:
        raise InvalidArgument(parameter="amount", expected="zero or more", got=str(amount))


@frozen(kw_only=True, field_transformer=checked)
class Tax(Value):
    """What one rate comes to, on a line or in all."""

    id: Id
    percent: Annotated[Fraction, _as_percent]
    amount: Money = field(validator=_not_negative)


PLAIN_TAXES: Final = TaxTerms()
"""Taxes on top, rounded on each line, half up."""
Rates = tuple[TaxRate, ...]


def once_each(_line: object, _attribute: object, rates: Rates) -> None:
    """See to it that no two of *rates* have one id; a validator of attrs."""
    if len({rate.id for rate in rates}) < len(rates):
        raise InvalidArgument(parameter="rates", expected="each of another id", got="one twice")


def taxes_of(lines: Sequence[tuple[Money, Rates]], terms: TaxTerms) -> tuple[tuple[Tax, ...], ...]:
    """The taxes of each line, in the order of its rates.

    Net and taxes of a line add up to its gross amount. Under `TaxRounding.TOTAL` the taxes of one rate add up to the
    rounded tax of all its lines, each within a minor unit of its own; but no line is taxed beyond what it comes to.

    Args:
        lines: The amount of each line, zero or more, in one currency, with its rates: net where taxes come on top of
            it, gross where they are within it.
    """
    if terms.rounding is TaxRounding.LINE:
        return tuple(_on_line(amount, rates, terms) for amount, rates in lines)
    minors = [[exact.numerator // exact.denominator for exact in _exact(*one, terms)] for one in lines]
    room = [amount.minor - sum(found) for (amount, _), found in zip(lines, minors, strict=True)]
    places: dict[TaxRate, list[tuple[int, int]]] = {}
    for place, (amount, rates) in enumerate(lines):
        for column, rate in enumerate(rates if amount else ()):
            places.setdefault(rate, []).append((place, column))
    for cells in sorted(places.values(), key=len):  # who has the fewest lines to choose from chooses first
        exact = {cell: _exact(*lines[cell[0]], terms)[cell[1]] for cell in cells}
        total = terms.mode.quotient(*sum(exact.values(), Fraction(0)).as_integer_ratio())
        left = total - sum(minors[place][column] for place, column in cells)
        for place, column in sorted(cells, key=lambda cell: exact[cell] - minors[cell[0]][cell[1]], reverse=True):
            if left and (terms.treatment is TaxTreatment.EXCLUSIVE or room[place]):
                minors[place][column] += 1
                room[place] -= 1
                left -= 1
    return tuple(_taxes(amount, rates, found) for (amount, rates), found in zip(lines, minors, strict=True))


def _exact(amount: Money, rates: Rates, terms: TaxTerms) -> list[Fraction]:
    """What each of *rates* comes to on *amount*, in exact minor units."""
    within = terms.treatment is TaxTreatment.INCLUSIVE
    whole = 100 + (sum((rate.percent for rate in rates), Fraction(0)) if within else 0)
    return [amount.minor * rate.percent / whole for rate in rates]


def _on_line(amount: Money, rates: Rates, terms: TaxTerms) -> tuple[Tax, ...]:
    """Each tax rounded by itself on top of *amount*; within it all rounded together, then shared out."""
    exact = _exact(amount, rates, terms)
    if terms.treatment is TaxTreatment.EXCLUSIVE:
        return _taxes(amount, rates, [terms.mode.quotient(*one.as_integer_ratio()) for one in exact])
    whole = Money.rounded(sum(exact, Fraction(0)), amount.currency, terms.mode)
    parts = whole.allocate(exact).parts if any(exact) else [whole] * len(rates)
    return _taxes(amount, rates, [part.minor for part in parts])


def _taxes(amount: Money, rates: Rates, minors: Sequence[int]) -> tuple[Tax, ...]:
    return tuple(
        Tax(id=rate.id, percent=rate.percent, amount=Money(minor, amount.currency))
        for rate, minor in zip(rates, minors, strict=True)
    )


def tax_totals(taxes: Sequence[Tax], currency: Currency) -> tuple[Tax, ...]:
    """The sum of *taxes* for each id and percentage, sorted by them."""
    totals: dict[tuple[str, Fraction], Money] = {}
    for tax in taxes:
        key = (tax.id, tax.percent)
        totals[key] = totals.get(key, Money.zero(currency)) + tax.amount
    return tuple(Tax(id=name, percent=percent, amount=amount) for (name, percent), amount in sorted(totals.items()))
