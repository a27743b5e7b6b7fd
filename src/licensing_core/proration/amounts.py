"""What a part costs: a price, the portion that is billed, and each rounding on the way, in the order of the convention.

>>> from datetime import date
>>> from licensing_core.periods import Span
>>> may = Span(date(2024, 5, 1), date(2024, 6, 1))
>>> left = Span(date(2024, 5, 12), date(2024, 6, 1))
>>> found = prorate(Money.parse("10.00 EUR"), left, may)
>>> str(found.amount), found.trace.share, found.trace.remained
('6.45 EUR', Fraction(20, 31), Fraction(5, 31))
"""

from fractions import Fraction
from typing import Annotated, Final

from attrs import frozen

from licensing_core.checks import Exact, Text, Value, checked, instance, whole
from licensing_core.currencies import Currency
from licensing_core.money import MAX_MINOR, Money
from licensing_core.periods import Duration
from licensing_core.proration.conventions import LICENSING_CORE, Convention, Count, Stage
from licensing_core.proration.shares import Portion, measure, rounded_share
from licensing_core.proration.stretches import Stretch

_as_money: Final = instance(Money)


@frozen(kw_only=True, field_transformer=checked)
class Step(Value):
    """One rounding.

    Attributes:
        of: What was rounded: `share`, `day_rate`, `amount` or `minor_unit`.
        exact: Before; a share is a plain number, all others are in units of the currency (euros, not cents).
        rounded: After.
    """

    of: Text
    exact: Exact
    rounded: Exact


@frozen(kw_only=True, field_transformer=checked)
class Trace(Value):
    """How an amount came about.

    Attributes:
        unit: What was counted.
        count: How many of them the part holds.
        base: How many the whole holds.
        share: The exact share, before any rounding.
        exact: The exact amount, in minor units, before any rounding.
        held_to: The most that it was held to, in minor units; `None` where nothing held it.
        steps: Each rounding, in order.
        remained: What the roundings cut off (negative: added), in minor units: *exact*, held, less the amount.
    """

    unit: Count
    count: Exact
    base: Exact
    share: Exact
    exact: Exact
    held_to: Exact | None
    steps: tuple[Step, ...]
    remained: Exact


@frozen(kw_only=True, field_transformer=checked)
class Prorated(Value):
    """The amount for a part of a period. Everything follows from three values, and is worked out when it is read.

    Attributes:
        exact_price: Of the whole period, in minor units; a credit is as positive as a charge.
        currency: Of the price.
        portion: The part, as counted.
        convention: How it is priced.
        most: What the amount is held to, in whole minor units, before it is rounded and after; `None`: nothing.
    """

    exact_price: Exact
    currency: Currency
    portion: Portion
    convention: Convention = LICENSING_CORE
    most: Annotated[int, whole(0, MAX_MINOR)] | None = None

    @property
    def exact(self) -> Fraction:
        """Price times exact share, in minor units: what the part is worth before any rounding."""
        return self.exact_price * self.portion.share

    @property
    def major(self) -> Fraction:
        """The amount in major units (euros, not cents), with the decimals of the convention, but never above *most*.

        A convention may have more decimals than the currency; `amount` is what can be asked for.
        """
        return self._finished(self.staged)

    @property
    def amount(self) -> Money:
        """The amount in whole minor units: rounded once, even where the convention has more decimals than these."""
        return self._in_money(self.staged)

    @property
    def trace(self) -> Trace:
        """How the amount came about; built here, and nowhere else."""
        staged, steps = self._staged()
        number, unit = self._finished(staged), minor_per_unit(self.currency)
        steps = [*steps, Step(of="amount", exact=staged / unit, rounded=number)]
        amount = self._in_money(staged)
        if number * unit != amount.minor:
            steps.append(Step(of="minor_unit", exact=staged / unit, rounded=Fraction(amount.minor, unit)))
        portion, exact = self.portion, self.exact
        return Trace(
            unit=self.convention.count,
            count=portion.count,
            base=portion.base,
            share=portion.share,
            exact=exact,
            held_to=None if self.most is None else Fraction(self.most),
            steps=tuple(steps),
            remained=(exact if self.most is None else _held(exact, self.most)) - amount.minor,
        )

    @property
    def staged(self) -> Fraction:
        """The amount in minor units before its last rounding: after the stage, and held to the most."""
        return self._staged()[0]

    def _staged(self) -> tuple[Fraction, list[Step]]:
        """The amount in minor units before its last rounding, held to the most, and the rounding before that."""
        exact, steps = _STAGES[self.convention.stage](self)
        return exact if self.most is None else _held(exact, self.most), steps

    def _in_money(self, staged: Fraction) -> Money:
        found = in_money(staged, self.currency, self.convention)
        return found if self.most is None else min(found, Money(self.most, self.currency))

    def _finished(self, staged: Fraction) -> Fraction:
        number = round_to(staged, self.currency, self.convention)
        if self.most is None:
            return number
        return min(number, Fraction(self.most, minor_per_unit(self.currency)))


def _held(exact: Fraction, most: int) -> Fraction:
    return max(Fraction(0), min(exact, Fraction(most)))


def _by_line(line: Prorated) -> tuple[Fraction, list[Step]]:
    return line.exact, []


def _by_share(line: Prorated) -> tuple[Fraction, list[Step]]:
    exact = line.portion.share
    rounded = rounded_share(exact, line.convention)
    return line.exact_price * rounded, [Step(of="share", exact=exact, rounded=rounded)]


def _by_day_rate(line: Prorated) -> tuple[Fraction, list[Step]]:
    """The rounded rate times the count; but for a part never more than the whole."""
    price, portion, mode = line.exact_price, line.portion, line.convention.mode
    if portion.share == 1:
        return price, []
    unit = minor_per_unit(line.currency)
    fine = unit / Fraction(10) ** (line.convention.stage_digits or 0)
    exact = price / portion.base
    rate = mode.quotient(*(exact / fine).as_integer_ratio()) * fine
    step = Step(of="day_rate", exact=exact / unit, rounded=rate / unit)
    amount = rate * portion.count
    return (min(amount, price) if price >= 0 else max(amount, price)), [step]


_STAGES: Final = {Stage.LINE: _by_line, Stage.SHARE: _by_share, Stage.DAY_RATE: _by_day_rate}


def minor_per_unit(currency: Currency) -> int:
    """How many minor units one unit of *currency* has: 100 cents, 1 yen."""
    return int(10**currency.digits)


def round_to(exact_minor: Fraction, currency: Currency, convention: Convention) -> Fraction:
    """*exact_minor* minor units in units of *currency*: the last rounding of an amount, as *convention* says."""
    digits = currency.digits if convention.digits is None else convention.digits
    more = digits - currency.digits
    numerator, denominator = exact_minor.numerator * 10 ** max(0, more), exact_minor.denominator * 10 ** max(0, -more)
    number = convention.mode.quotient(numerator, denominator)
    return Fraction(number, 10**digits) if digits >= 0 else Fraction(number * 10**-digits)


def in_money(exact_minor: Fraction, currency: Currency, convention: Convention) -> Money:
    """*exact_minor* minor units as money, rounded once: to the decimals of *convention*, or to the minor unit."""
    if convention.digits is None or convention.digits >= currency.digits:
        return Money.rounded(exact_minor, currency, convention.mode)
    return Money.rounded(round_to(exact_minor, currency, convention) * minor_per_unit(currency), currency)


def prorate(
    price: Money,
    part: Stretch | None,
    period: Stretch | None = None,
    convention: Convention = LICENSING_CORE,
    *,
    every: Duration | None = None,
    zone: str | None = None,
) -> Prorated:
    """What *part* costs of a *price* for the whole period.

    Args:
        price: For the whole period, after discounts and times the quantity.
        part: What is billed; `None` for nothing at all.
        period: The whole period; only needed where the convention counts it.
        every: The length of a turn of the cycle; only needed where the convention counts it.
        zone: Where local days are counted; by default that of a `Period`, else UTC.

    Raises:
        NothingCounted: The whole counts nothing.
        InvalidArgument: An argument is lacking or not of its form.

    Source: WAL-13, decision 7.
    """
    _as_money("price", price)
    portion = measure(part, period, convention, every=every, zone=zone)
    return Prorated(exact_price=Fraction(price.minor), currency=price.currency, portion=portion, convention=convention)
