"""Credits as values: packs, orders, grants, and the movements that are all that ever happens to a grant."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, cast

from attrs import evolve, field, frozen

from licensing_core.checks import (
    Count,
    Id,
    Instant,
    InvalidArgument,
    Positive,
    Signed,
    SomeMeasure,
    Value,
    checked,
    shown,
    whole,
)
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice, one_per_currency, price_in
from licensing_core.workdays import MAX_HOURS, BusinessCalendar

Total = Annotated[int, whole(0, 2**53 - 1)]
"""How many credits in all: of many grants, or of one over all its top-ups."""
WORKING_HOURS: Final = 48
"""Within how many working hours of the payment credits are activated, by default (ALU-10)."""


@frozen(kw_only=True, field_transformer=checked)
class Rollover(Value):
    """What is left of a grant when the count begins anew: its balance, but *least* at the least and *most* at the most.

    >>> Rollover(least=10, most=50).of(7), Rollover(most=50).of(80), Rollover().of(80)
    (10, 50, 0)
    """

    least: Count = 0
    most: Count = 0

    def __attrs_post_init__(self) -> None:
        if self.least > self.most:
            raise InvalidArgument(parameter="least", expected=f"at most {self.most}", got=str(self.least))

    def of(self, balance: int) -> int:
        """What is left of *balance*."""
        return min(self.most, max(self.least, balance))


NO_ROLLOVER: Final = Rollover()
"""Nothing is left."""


def _of_an_hour_or_more(_one: object, attribute: Any, every: Duration | None) -> None:
    if every is not None and not (every.months or every.days) and every.seconds < _HOUR:
        raise InvalidArgument(parameter=attribute.name, expected="an hour or more", got=str(every))


def steps_of_an_hour_or_more(one: object, attribute: Any, cycle: Cycle | None) -> None:
    """See to it that *cycle* has no shorter periods than an hour; a validator of attrs."""
    _of_an_hour_or_more(one, attribute, None if cycle is None else cycle.every)


_HOUR: Final = 3600


@frozen(kw_only=True, field_transformer=checked)
class CreditPack(Value):
    """Credits for sale (ALU-9).

    Attributes:
        prices: The price of the pack, one for each currency.
        expires_after: How long its credits last, from their activation; `None` for ever.
        priority: Which credits are spent first: those of the lowest.
        every: Its credits are topped up to their full number every so often, from the activation on; an hour or more.
        rollover: What is left of its credits when the count begins anew.
    """

    id: Id
    credits: Positive
    prices: tuple[FlatPrice, ...] = field(validator=one_per_currency)
    expires_after: Duration | None = None
    priority: Signed = 0
    every: Duration | None = field(default=None, validator=_of_an_hour_or_more)
    rollover: Rollover = NO_ROLLOVER

    def price_in(self, currency: Currency | None = None) -> Money:
        """The price in *currency*, which need not be named where there is only one.

        Raises:
            PriceMissing: There is none, or several and none was named.
            InvalidArgument: *currency* is no `Currency`.
        """
        return cast("FlatPrice", price_in(self.prices, currency, sold=self.id)).price


def _after_effective(grant: "Grant", attribute: Any, at: datetime | None) -> None:
    if at is not None and at < grant.effective:
        raise InvalidArgument(parameter=attribute.name, expected="not before effective", got="an earlier instant")


@frozen(kw_only=True, field_transformer=checked)
class Grant(Value):
    """Credits that may be spent from *effective* on.

    Attributes:
        priority: Those of the lowest are spent first.
        expires: The first instant at which they may not be spent any more; `None` for never.
        voided: The first instant at which they were taken back; `None` when they were not.
        recurrence: At each of its boundaries, steps of an hour or more, they are topped up to *amount*.
        rollover: What is left of them when the count begins anew.
    """

    id: Id
    amount: Positive
    priority: Signed = 0
    effective: Instant
    expires: Instant | None = field(default=None, validator=_after_effective)
    voided: Instant | None = field(default=None, validator=_after_effective)
    recurrence: Cycle | None = field(default=None, validator=steps_of_an_hour_or_more)
    rollover: Rollover = NO_ROLLOVER

    @property
    def ends(self) -> datetime | None:
        """The first instant at which it is not in force any more; `None` for never."""
        both = [at for at in (self.expires, self.voided) if at is not None]
        return min(both) if both else None

    def in_force(self, at: datetime) -> bool:
        """Whether it may be spent at *at*."""
        ends = self.ends
        return self.effective <= at and (ends is None or at < ends)

    def ended(self, at: datetime) -> "Grant":
        """It, voided at *at*, or when it was to start, if that lies ahead; as it is, when it has ended before."""
        ends = self.ends
        return self if ends is not None and ends <= at else evolve(self, voided=max(at, self.effective))


class MovementKind(StrEnum):
    """What may happen to the credits of a grant."""

    GRANTED = "granted"
    """They came: at its start, at a top-up, or from what rolled over at the least."""
    BURNED = "burned"
    """They were spent, or paid what had been spent beyond the balance."""
    EXPIRED = "expired"
    """They went at the end of the grant, or did not roll over."""
    VOIDED = "voided"
    """They were taken back before they were spent."""
    TAKEN_BACK = "taken_back"
    """They were taken back after they were spent: what they had paid is owed again."""


@frozen(kw_only=True, field_transformer=checked)
class Movement(Value):
    """*amount* credits of *grant* came or went at *at*."""

    grant: Id
    kind: MovementKind
    amount: SomeMeasure
    at: Instant


def _adding_up(entry: "Entry", _attribute: object, voided: int) -> None:
    gone = entry.burned + entry.expired + voided
    if entry.granted != entry.balance + gone:
        raise InvalidArgument(parameter="granted", expected="balance + burned + expired + voided", got=shown(gone))


@frozen(kw_only=True, field_transformer=checked)
class Entry(Value):
    """A grant and what became of its credits: granted = balance + burned + expired + voided, at every instant."""

    grant: Grant
    balance: Count = 0
    granted: Total = 0
    burned: Total = 0
    expired: Total = 0
    voided: Total = field(default=0, validator=_adding_up)

    def is_open(self, at: datetime) -> bool:
        """Whether its balance is other than 0, or may become so, at *at* or later."""
        grant = self.grant
        ends = grant.ends
        if ends is not None and ends <= at:
            return bool(self.balance)
        return bool(self.balance or at < grant.effective or grant.recurrence or grant.rollover.least)


class OrderStatus(StrEnum):
    """How far an order of credits is."""

    AWAITING_PAYMENT = "awaiting_payment"
    PENDING = "pending"
    """Paid, and to be activated by a deadline in working hours (ALU-10)."""
    ACTIVE = "active"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


TRANSITIONS: Final = {
    OrderStatus.AWAITING_PAYMENT: frozenset({OrderStatus.PENDING, OrderStatus.CANCELLED}),
    OrderStatus.PENDING: frozenset({OrderStatus.ACTIVE, OrderStatus.REFUNDED}),
    OrderStatus.ACTIVE: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.CANCELLED: frozenset[OrderStatus](),
    OrderStatus.REFUNDED: frozenset[OrderStatus](),
}
"""Where an order may go from where it is: each payment grants once."""


@frozen(kw_only=True, field_transformer=checked)
class CreditOrder(Value):
    """A pack that was ordered; the terms are those of the sale (decision 15).

    Attributes:
        id: The id of the grant, too, once it is active.
        price: What is to be paid, and was.
        active_by: Until when it is to be activated, once it is paid.
    """

    id: Id
    pack: CreditPack
    price: Money
    status: OrderStatus = OrderStatus.AWAITING_PAYMENT
    active_by: Instant | None = None


@frozen(kw_only=True, field_transformer=checked)
class ActivationPolicy(Value):
    """By when paid credits are to be active: within *hours* working hours of *calendar* (ALU-10, decision 8)."""

    calendar: BusinessCalendar
    hours: Annotated[int, whole(1, MAX_HOURS)] = WORKING_HOURS


class RefundPolicy(StrEnum):
    """What happens when a payment is refunded after its credits were spent."""

    REFUSE = "refuse"
    """It is not refunded."""
    GO_NEGATIVE = "go_negative"
    """What was spent is owed: the next credits pay it."""
    FORGIVE = "forgive"
    """What is left is taken back; what was spent stays spent."""
