"""What a change in the middle of a period comes to: a credit for what is unused, a charge for what is new, and the net.

>>> from licensing_core.periods import Span
>>> april = Span(date(2024, 4, 1), date(2024, 5, 1))
>>> upgrade = change(
...     april, date(2024, 4, 11), Money.parse("50.00 EUR"), Money.parse("100.00 EUR")
... )
>>> str(upgrade.credit), str(upgrade.charge), str(upgrade.net)
('33.33 EUR', '66.67 EUR', '33.34 EUR')
"""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, Final, final

from attrs import field, frozen

from licensing_core.checks import InvalidArgument, Value, as_day, as_instant, as_is, check_of, checked
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Duration, Interval, Period, Span
from licensing_core.proration.amounts import Prorated, Trace, in_money, minor_per_unit, round_to
from licensing_core.proration.conventions import LICENSING_CORE, Convention, CreditCap, Net
from licensing_core.proration.shares import Portion, as_convention, measure, unused
from licensing_core.proration.stretches import Stretch, ends_of, like, stretch_of

_NOTHING: Final = Fraction(0)
_WHOLE: Final = Portion(count=Fraction(1), base=Fraction(1))


def _as_moment(name: str, value: Any) -> date:
    return as_instant(name, value) if isinstance(value, datetime) else as_day(name, value)


@final
@frozen(kw_only=True, field_transformer=checked, weakref_slot=False)
class Change(Value):
    """What one change comes to; make it with `change()`, whose arguments it keeps.

    A change after the end of the period leaves nothing unused.
    """

    period: Span | Interval | Period
    at: Annotated[date, _as_moment]
    old: Money | None = None
    new: Money | None = None
    convention: Convention = LICENSING_CORE
    held: Money | None = None
    every: Duration | None = None
    restart: Duration | None = None
    _credit: Annotated[int | None, as_is] = field(init=False, eq=False, repr=False)
    _charge: Annotated[int | None, as_is] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        keep, currency = object.__setattr__, _currency_of(self.old, self.new, self.held)
        portion = self.portion
        _ = self.new_period  # a restart that cannot be is refused now
        keep(self, "_credit", _whole_minor(self._old_part(portion).major, currency))
        keep(self, "_charge", _whole_minor(self._new_part(portion).major, currency))

    @property
    def currency(self) -> Currency:
        """Of all amounts."""
        return _first_of(self.old, self.new, self.held).currency

    @property
    def credit(self) -> Money:
        """For the unused part of the old price, in whole minor units; positive."""
        minor = self._credit
        if minor is None:
            return self._old_part(self.portion).amount
        return Money(minor, self.currency)

    @property
    def charge(self) -> Money:
        """For the new price: of the unused part, or of the whole new period where the cycle begins anew; positive."""
        minor = self._charge
        if minor is None:
            return self._new_part(self.portion).amount
        return Money(minor, self.currency)

    @property
    def net(self) -> Money:
        """What is to be paid; a negative net stays a credit, and nothing of it is lost."""
        charge, credit = self._charge, self._credit
        if self.convention.net is Net.LINES:
            if charge is None or credit is None:
                return self.charge - self.credit
            return Money(charge - credit, self.currency)
        return in_money(self._exact_net, self.currency, self.convention)

    @property
    def credit_major(self) -> Fraction:
        """The credit in units of the currency (euros, not cents), with the decimals of the convention."""
        minor = self._credit
        return self._old_part(self.portion).major if minor is None else Fraction(minor, minor_per_unit(self.currency))

    @property
    def charge_major(self) -> Fraction:
        """The charge in units of the currency (euros, not cents), with the decimals of the convention."""
        minor = self._charge
        return self._new_part(self.portion).major if minor is None else Fraction(minor, minor_per_unit(self.currency))

    @property
    def net_major(self) -> Fraction:
        """The net in units of the currency (euros, not cents), with the decimals of the convention."""
        if self.convention.net is Net.LINES:
            return self.charge_major - self.credit_major
        return round_to(self._exact_net, self.currency, self.convention)

    @property
    def _exact_net(self) -> Fraction:
        portion = self.portion
        return self._new_part(portion).staged - self._old_part(portion).staged

    @property
    def unused(self) -> Span | Interval | None:
        """From the change to the end of the period; `None` when nothing is left."""
        return unused(self.period, self.at, self.convention)

    @property
    def new_period(self) -> Span | Interval | None:
        """The period that begins with the change, where the cycle begins anew."""
        if self.restart is None:
            return None
        whole = ends_of("period", self.period, None)
        at = like("at", self.at, whole)
        end = self.restart.after(at, whole.zone) if isinstance(at, datetime) else self.restart.after_day(at)
        return stretch_of(whole._replace(start=at, end=end))

    @property
    def credit_trace(self) -> Trace:
        """How the credit came about; built when it is read."""
        return self._old_part(self.portion).trace

    @property
    def charge_trace(self) -> Trace:
        """How the charge came about; built when it is read."""
        return self._new_part(self.portion).trace

    @property
    def portion(self) -> Portion:
        """The unused part, as counted."""
        return measure(self.unused, self.period, self.convention, every=self.every)

    def _old_part(self, portion: Portion) -> Prorated:
        return self._part(self.old, portion, most=_cap(self))

    def _new_part(self, portion: Portion) -> Prorated:
        return self._part(self.new, portion if self.restart is None else _WHOLE, most=None)

    def _part(self, price: Money | None, portion: Portion, *, most: int | None) -> Prorated:
        exact = _NOTHING if price is None else Fraction(price.minor)
        return Prorated(
            exact_price=exact, currency=self.currency, portion=portion, convention=self.convention, most=most
        )


def _first_of(*amounts: Money | None) -> Money:
    """The first amount that there is; `_currency_of()` saw to it that there is one."""
    return next(amount for amount in amounts if amount is not None)


def _cap(asked: Change) -> int | None:
    """The most that may be given back, in minor units; `None` where the convention or the caller sets no bound."""
    if asked.convention.credit_cap is CreditCap.NONE or asked.held is None:
        return None
    return max(0, asked.held.minor)


def _whole_minor(number: Fraction, currency: Currency) -> int | None:
    minor = number * minor_per_unit(currency)
    return minor.numerator if minor.denominator == 1 else None


_as_amount: Final = check_of(Money | None)


def _currency_of(*amounts: Money | None) -> Currency:
    """The currency of *amounts*, of which the prices are not negative."""
    found: Currency | None = None
    for name, amount in zip(("old", "new", "held"), amounts, strict=True):
        if amount is None:
            continue
        if _as_amount(name, amount).minor < 0 and name != "held":
            raise InvalidArgument(parameter=name, expected="zero or more", got=str(amount))
        if found is not None and amount.currency is not found:
            raise CurrencyMismatch(expected=found, got=amount.currency)
        found = amount.currency
    if found is None or amounts[:2] == (None, None):
        raise InvalidArgument(parameter="old", expected="Money, where new is None", got="None")
    return found


# As `money` does for its results: a draft with the very same slots is filled in and then becomes the value.
class _ChangeDraft(Value):
    __slots__ = (
        "_charge",
        "_credit",
        "at",
        "convention",
        "every",
        "held",
        "new",
        "old",
        "period",
        "restart",
    )


def change(
    period: Stretch,
    at: date,
    old: Money | None = None,
    new: Money | None = None,
    *,
    convention: Convention = LICENSING_CORE,
    held: Money | None = None,
    every: Duration | None = None,
    restart: Duration | None = None,
) -> Change:
    """What a change from *old* to *new* at *at* comes to.

    Args:
        period: The period that is running: days, or instants, of a `Period` in its zone, else in UTC.
        at: A day of days, an aware instant of instants.
        old: The price of the whole period until now, after discounts and times the quantity; `None` for none.
        new: The price from now on; `None` for none.
        held: What was paid for the old price in this period, less what was given back, where it is known: the credit
            is held to it, and a negative one to nothing.
        every: The length of a turn of the cycle; only needed where the convention counts it.
        restart: A new period of this length begins with the change, and the whole new price is charged for it.

    Raises:
        NothingCounted: The base of the convention counts nothing.
        CurrencyMismatch: Two amounts are of different currencies.
        InvalidArgument: An argument is lacking, negative or not of its form.
        OutOfCalendar: What is counted, or the new period, ends outside the years 2 to 9998.

    Source: decisions 7 and 13; the vectors of `change`.
    """
    if (
        held is None
        and every is restart is None
        and (convention is LICENSING_CORE or (type(convention) is Convention and convention._plain))  # noqa: SLF001
        and type(period) is Span
        and type(at) is date
        and type(old) is Money
        and type(new) is Money
        and old.currency is new.currency
    ):
        end, before, after = period.end, old.minor, new.minor
        total, left = (end - period.start).days, (end - at).days
        if 0 <= left <= total and before >= 0 and after >= 0:
            double = 2 * total
            draft: Any = _ChangeDraft()
            draft.period, draft.at, draft.old, draft.new, draft.convention = period, at, old, new, convention
            draft.held = draft.every = draft.restart = None
            draft._credit = (2 * before * left + total) // double  # noqa: SLF001
            draft._charge = (2 * after * left + total) // double  # noqa: SLF001
            draft.__class__ = Change
            made: Change = draft
            return made
    as_convention("convention", convention)
    return Change(
        period=period,
        at=at,
        old=old,
        new=new,
        convention=convention,
        held=held,
        every=every,
        restart=restart,
    )
