"""Which part of a period is billed, and its exact share.

>>> from datetime import date
>>> april = Span(date(2024, 4, 1), date(2024, 5, 1))
>>> share(unused(april, date(2024, 4, 16)), april)
Fraction(1, 2)
"""

from datetime import date, datetime
from fractions import Fraction
from typing import Final, overload

from attrs import field, frozen

from licensing_core.checks import Exact, InvalidArgument, Value, checked, instance, shown
from licensing_core.periods import Duration, Interval, Period, Span, local_date, start_of_day
from licensing_core.periods.zones import day_at
from licensing_core.proration.conventions import LICENSING_CORE, ChangeDay, Convention, Stage, Stub
from licensing_core.proration.stretches import Ends, Stretch, base_of, counted, cut, ends_of, like, stretch_of

as_convention: Final = instance(Convention)


def _not_negative(_portion: object, _attribute: object, value: Fraction) -> None:
    if value < 0:
        raise InvalidArgument(parameter="count", expected="0 or more", got=shown(value))


def _above_zero(_portion: object, _attribute: object, value: Fraction) -> None:
    if value <= 0:
        raise InvalidArgument(parameter="base", expected="above 0", got=shown(value))


@frozen(kw_only=True, field_transformer=checked)
class Portion(Value):
    """How much of a period a part is, as counted.

    Attributes:
        count: Of the part, in what the convention counts; 0 when the part is empty.
        base: Of the whole; above 0.
        in_full: The part is billed as a whole period, whatever was counted (`Stub.FULL`).
    """

    count: Exact = field(validator=_not_negative)
    base: Exact = field(validator=_above_zero)
    in_full: bool = False

    @property
    def share(self) -> Fraction:
        """0 to 1, exact."""
        return Fraction(1) if self.in_full else min(Fraction(1), self.count / self.base)


@overload
def unused(period: Span, at: date, convention: Convention = ..., *, zone: str | None = ...) -> Span | None: ...
@overload
def unused(
    period: Interval | Period, at: date, convention: Convention = ..., *, zone: str | None = ...
) -> Interval | None: ...
def unused(
    period: Stretch, at: date, convention: Convention = LICENSING_CORE, *, zone: str | None = None
) -> Span | Interval | None:
    """The part of *period* that a change at *at* leaves unused, to its end; `None` when it has ended by then.

    Args:
        period: Days, or instants.
        at: A day of days, an aware instant of instants. Before the period it leaves the whole of it.
        convention: Whether the day of the change belongs to the unused part (`Convention.change_day`).
        zone: Where local days are counted; by default that of a `Period`, else UTC.

    Raises:
        InvalidArgument: *at* is not of the form of *period*, or an argument is none.
        OutOfCalendar: The next local day lies outside the years 2 to 9998.

    Source: decision 7, WAL-13.
    """
    whole = ends_of("period", period, zone)
    start = unused_from(like("at", at, whole), whole.zone, as_convention("convention", convention))
    return stretch_of(cut(Ends(start, whole.end, whole.zone), whole))


def unused_from(at: date, zone: str, convention: Convention) -> date:
    """Where the unused part begins: at *at*, or with the local day after it, and never before *at*."""
    if convention.change_day is ChangeDay.NEW:
        return at
    if isinstance(at, datetime):
        return max(at, start_of_day(day_at(local_date(at, zone).toordinal() + 1), zone))
    return day_at(at.toordinal() + 1)


def measure(
    part: Stretch | None,
    period: Stretch | None = None,
    convention: Convention = LICENSING_CORE,
    *,
    every: Duration | None = None,
    zone: str | None = None,
) -> Portion:
    """Count *part*, cut to *period*, and what it is a part of.

    Args:
        part: What is billed; `None` for nothing at all.
        period: The whole period; only needed where the convention counts it.
        every: The length of a turn of the cycle; only needed where the convention counts it.
        zone: Where local days are counted; by default that of the `Period` among them, else UTC.

    Raises:
        NothingCounted: The whole counts nothing.
        InvalidArgument: An argument is lacking or not of its form.
        OutOfCalendar: What is counted ends outside the years 2 to 9998.
    """
    as_convention("convention", convention)
    own = part.zone if isinstance(part, Period) and not isinstance(period, Period) else None
    whole = None if period is None else ends_of("period", period, own if zone is None else zone)
    if part is None:
        return (
            _NOTHING
            if whole is None
            else _portion(Ends(whole.start, whole.start, whole.zone), whole, convention, every)
        )
    return _portion(ends_of("part", part, zone if whole is None else whole.zone), whole, convention, every)


_NOTHING: Final = Portion(count=Fraction(0), base=Fraction(1))


def _portion(part: Ends, whole: Ends | None, convention: Convention, every: Duration | None) -> Portion:
    inside = part if whole is None else cut(part, whole)
    base = base_of(convention, inside, whole, every)
    if inside.empty:
        return Portion(count=Fraction(0), base=Fraction(base))
    in_full = convention.stub is Stub.FULL
    count = max(0, counted(convention.count, inside))  # a clock put back over midnight can make a local day come twice
    return Portion(count=Fraction(count), base=Fraction(base), in_full=in_full)


def share(
    part: Stretch | None,
    period: Stretch | None = None,
    convention: Convention = LICENSING_CORE,
    *,
    every: Duration | None = None,
    zone: str | None = None,
) -> Fraction:
    """The share of *part*: 0 to 1, exact, but for the convention that rounds it (`Stage.SHARE`).

    Where the base is the period, the share of the whole period is 1, and shares of adjoining parts add up
    unless months are counted (L4). The arguments and refusals are those of `measure()`.
    """
    return rounded_share(measure(part, period, convention, every=every, zone=zone).share, convention)


def rounded_share(exact: Fraction, convention: Convention) -> Fraction:
    """The share as *convention* uses it: rounded under `Stage.SHARE`, else as it is."""
    if convention.stage is not Stage.SHARE or convention.stage_digits is None:
        return exact
    unit = 10**convention.stage_digits
    return Fraction(convention.mode.quotient(exact.numerator * unit, exact.denominator), unit)
