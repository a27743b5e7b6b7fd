"""One item of a subscription as billing sees it: its terms, the period that runs, and the changes that wait."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from attrs import evolve, field, fields, frozen

from licensing_core.billing.discounts import FixedDiscount, PercentDiscount, once
from licensing_core.billing.ledger import Ledger
from licensing_core.billing.quotes import Quote
from licensing_core.billing.taxes import PLAIN_TAXES, TaxRate, TaxTerms, once_each
from licensing_core.checks import Count, Id, Instant, InvalidArgument, Quantity, Value, checked
from licensing_core.decisions import Event
from licensing_core.errors import LicensingError
from licensing_core.periods import Cycle, Duration, Period
from licensing_core.pricing import FlatPrice, PackagePrice, TieredPrice, UnitPrice
from licensing_core.proration import LICENSING_CORE, Convention

MOST_SCHEDULED: Final = 100
"""The most changes of one item that wait."""


@frozen(kw_only=True, field_transformer=checked)
class ItemTerms(Value):
    """What is sold, how much of it, at what price, and how often.

    Attributes:
        item: Id of the plan, license type or whatever is sold.
        discounts: In the order in which they are given; a fixed one is this item's own share.
        rates: The taxes that are on it.
    """

    item: Id
    price: FlatPrice | UnitPrice | TieredPrice | PackagePrice
    quantity: Quantity
    cycle: Cycle
    discounts: tuple[PercentDiscount | FixedDiscount, ...] = field(default=(), validator=once)
    rates: tuple[TaxRate, ...] = field(default=(), validator=once_each)


@frozen(kw_only=True, field_transformer=checked)
class BillingPolicy(Value):
    """How the lines of an item are worked out."""

    convention: Convention = LICENSING_CORE
    taxes: TaxTerms = PLAIN_TAXES


PLAIN_POLICY: Final = BillingPolicy()
"""The library's own convention, taxes on top."""


@frozen(kw_only=True, field_transformer=checked)
class ItemChange(Value):
    """What is to be different; `None` leaves it as it is.

    Attributes:
        quantity: The new one, in all; 0 ends the item.
        every: A new interval, or the same: a new period begins with the change.
    """

    item: Id | None = None
    price: FlatPrice | UnitPrice | TieredPrice | PackagePrice | None = None
    quantity: Count | None = None
    every: Duration | None = None
    discounts: tuple[PercentDiscount | FixedDiscount, ...] | None = None
    rates: tuple[TaxRate, ...] | None = None

    def over(self, earlier: "ItemChange") -> "ItemChange":
        """*earlier* and then this one, as one change."""
        own = {one.name: getattr(self, one.name) for one in fields(ItemChange)}
        own = {name: value for name, value in own.items() if value is not None}
        return evolve(earlier, **own)


class When(StrEnum):
    """When a change takes effect, where no instant is named."""

    END_OF_PERIOD = "end_of_period"
    """With the next period; nothing is prorated."""


@frozen(kw_only=True, field_transformer=checked)
class ScheduledChange(Value):
    """A change that waits for its instant, or for the end of the period that will be running by then.

    Attributes:
        id: A name that no other waiting change of the item has.
    """

    id: Id
    change: ItemChange
    effective: Instant | When


def _few(_item: object, _attribute: object, scheduled: tuple[ScheduledChange, ...]) -> None:
    if len(scheduled) > MOST_SCHEDULED:
        raise InvalidArgument(parameter="scheduled", expected=f"at most {MOST_SCHEDULED}", got=str(len(scheduled)))
    if len({one.id for one in scheduled}) < len(scheduled):
        raise InvalidArgument(parameter="scheduled", expected="each of another id", got="one twice")


@frozen(kw_only=True, field_transformer=checked)
class BilledItem(Value):
    """One item of a subscription.

    Attributes:
        terms: As they hold now.
        period: The one that is running.
        line: Id of the line in the ledger that holds the value of the running period; `None` when there is none.
        lines: How many lines it was charged with; they are called `id:1`, `id:2`, ...
        scheduled: Changes that wait, in the order in which they were asked.
        ended: Since when nothing is billed; `None` while it goes on.
    """

    id: Id
    terms: ItemTerms
    policy: BillingPolicy = PLAIN_POLICY
    period: Period
    line: Id | None = None
    lines: Count = 0
    scheduled: tuple[ScheduledChange, ...] = field(default=(), validator=_few)
    ended: Instant | None = None


@frozen(kw_only=True, field_transformer=checked)
class ItemBilled(Event):
    """An item began, changed, went into its next period or ended, and was billed with *quote*.

    Attributes:
        effective: As of when; before *at*, when it was carried out late.
        line: Id of the line that holds the value of the period from now on.
        lines: How many lines the item was charged with until now.
        done: The scheduled changes that were carried out with it.
    """

    type: ClassVar[str] = "item.billed"
    item: Id
    effective: Instant
    terms: ItemTerms
    policy: BillingPolicy
    period: Period
    line: Id | None
    lines: Count
    quote: Quote
    done: tuple[ScheduledChange, ...] = ()
    ended: Instant | None = None


@frozen(kw_only=True, field_transformer=checked)
class ItemTakenOver(Event):
    """An item that another system has billed so far goes on here: nothing is charged for the running period.

    Attributes:
        line: Id of the line that the customer brought for it; `None` when it was free.
        lines: The highest number behind the id of the item among the lines that were brought.
    """

    type: ClassVar[str] = "item.taken_over"
    item: Id
    terms: ItemTerms
    policy: BillingPolicy
    period: Period
    line: Id | None
    lines: Count


@frozen(kw_only=True, field_transformer=checked)
class ChangeScheduled(Event):
    """A change of an item was asked for later."""

    type: ClassVar[str] = "item.change_scheduled"
    item: Id
    change: ScheduledChange


@frozen(kw_only=True, field_transformer=checked)
class ChangeWithdrawn(Event):
    """A change that waited was taken back."""

    type: ClassVar[str] = "item.change_withdrawn"
    item: Id
    change: Id


ItemEvent = ItemBilled | ChangeScheduled | ChangeWithdrawn


@frozen(field_transformer=checked)
class Billed(Value):
    """An item and the ledger that holds its lines."""

    item: BilledItem
    ledger: Ledger


def started(event: ItemBilled | ItemTakenOver) -> BilledItem:
    """The item that began with *event*, or was taken over with it."""
    return BilledItem(
        id=event.item,
        terms=event.terms,
        policy=event.policy,
        period=event.period,
        line=event.line,
        lines=event.lines,
        ended=event.ended if isinstance(event, ItemBilled) else None,
    )


def apply(item: BilledItem, event: ItemEvent) -> BilledItem:
    """*item* after *event*, which has happened: nothing is refused."""
    if isinstance(event, ChangeScheduled):
        return evolve(item, scheduled=(*item.scheduled, event.change))
    if isinstance(event, ChangeWithdrawn):
        return evolve(item, scheduled=tuple(one for one in item.scheduled if one.id != event.change))
    return evolve(
        started(event),
        scheduled=() if event.ended else tuple(one for one in item.scheduled if one not in event.done),
    )


@frozen(kw_only=True)
class ItemEnded(LicensingError):
    """The item has ended; nothing of it is billed or changed any more."""

    code: ClassVar[str] = "item.ended"
    item: str
    ended: datetime

    def __str__(self) -> str:
        return f"item {self.item!r} ended at {self.ended.isoformat()}; start a new one"


@frozen(kw_only=True)
class ItemBehind(LicensingError):
    """Something is due before: the end of a period, or a change that was scheduled (decision 11)."""

    code: ClassVar[str] = "item.behind"
    rules: ClassVar[tuple[str, ...]] = ("D-11",)
    item: str
    due: datetime

    def __str__(self) -> str:
        return f"item {self.item!r} has something due at {self.due.isoformat()}; advance it first"


@frozen(kw_only=True)
class ChangeTooEarly(LicensingError):
    """A change would take effect before what was billed last."""

    code: ClassVar[str] = "item.change_too_early"
    item: str
    earliest: datetime

    def __str__(self) -> str:
        return f"item {self.item!r} was billed as of {self.earliest.isoformat()}; change it then or later"


@frozen(kw_only=True)
class NothingScheduled(LicensingError):
    """No change of this id waits."""

    code: ClassVar[str] = "item.nothing_scheduled"
    item: str
    change: str

    def __str__(self) -> str:
        return f"no change {self.change!r} of item {self.item!r} waits; look at those that do"
