"""A subscription: what was agreed, the turns that were billed and matter still, and how it ends."""

from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from attrs import evolve, field, frozen

from licensing_core.billing import (
    PLAIN_POLICY,
    BilledItem,
    BillingPolicy,
    FixedDiscount,
    ItemTerms,
    Ledger,
    PercentDiscount,
    Quote,
    TaxRate,
)
from licensing_core.checks import (
    Count,
    Id,
    Instant,
    InvalidArgument,
    Quantity,
    Value,
    as_instant,
    check_of,
    checked,
    instance,
)
from licensing_core.periods import Cycle, Duration, Zone, local_date
from licensing_core.plans import Renewal
from licensing_core.pricing import FlatPrice, PackagePrice, TieredPrice, UnitPrice
from licensing_core.proration import Count as Counted
from licensing_core.subscriptions.states import SubscriptionState

MOST_TURNS: Final = 366
"""The most turns that are unpaid, running or ahead; of more no proforma is issued."""
MOST_POOLS: Final = 100
"""The most pools that one subscription opens."""


class RenewalBasis(StrEnum):
    """From when the next term counts."""

    FROM_EXPIRY = "from_expiry"
    """From where the last one ended, however long ago."""
    FROM_NOW = "from_now"
    """From the renewal on."""
    FROM_NOW_IF_EXPIRED = "from_now_if_expired"
    """From the end of the last one while it lies ahead, else from the renewal on: no day is lost (decision 5)."""


def renewed_expiry(
    expires_at: Instant,
    *,
    every: Duration,
    basis: RenewalBasis = RenewalBasis.FROM_NOW_IF_EXPIRED,
    zone: Zone = "UTC",
    now: datetime,
) -> datetime:
    """When what expires at *expires_at* will expire, once it is renewed at *now* for *every* more.

    >>> from datetime import UTC
    >>> early = datetime(2026, 1, 20, 9, tzinfo=UTC)
    >>> renewed_expiry(
    ...     datetime(2026, 1, 31, 9, tzinfo=UTC), every=Duration(months=1), now=early
    ... ).isoformat()
    '2026-02-28T09:00:00+00:00'

    Raises:
        InvalidArgument: One of the arguments does not have its form.
        OutOfCalendar: It would lie beyond the year 9998.

    Source: decision 5.
    """
    expiry, at = as_instant("expires_at", expires_at), as_instant("now", now)
    length: Duration = _as_duration("every", every)
    base = {
        RenewalBasis.FROM_EXPIRY: expiry,
        RenewalBasis.FROM_NOW: at,
        RenewalBasis.FROM_NOW_IF_EXPIRED: max(expiry, at),
    }[_as_basis("basis", basis)]
    return length.after(base, _as_zone("zone", zone))


_as_duration: Final = instance(Duration)
_as_basis: Final = instance(RenewalBasis)
_as_zone: Final = check_of(Zone)


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionTerms(Value):
    """What was agreed: what is sold, at what price, how often, and how it goes on.

    Attributes:
        item: Id of the plan or product.
        every: The length of a period.
        zone: Where its days are counted.
        renewal: By itself, when somebody renews it, or never.
        most_renewals: After that many it ends; `None` for no end.
        basis: From when a renewal by hand counts.
        discounts: In the order in which they are given.
        rates: The taxes that are on it.
        policy: How its lines are worked out.
    """

    item: Id
    price: FlatPrice | UnitPrice | TieredPrice | PackagePrice
    quantity: Quantity = 1
    every: Duration
    zone: Zone
    renewal: Renewal = Renewal.AUTOMATIC
    most_renewals: Count | None = None
    basis: RenewalBasis = RenewalBasis.FROM_NOW_IF_EXPIRED
    discounts: tuple[PercentDiscount | FixedDiscount, ...] = ()
    rates: tuple[TaxRate, ...] = ()
    policy: BillingPolicy = PLAIN_POLICY

    def item_terms(self, cycle: Cycle) -> ItemTerms:
        """The terms as billing takes them, with periods of *cycle*."""
        return ItemTerms(
            item=self.item,
            price=self.price,
            quantity=self.quantity,
            cycle=cycle,
            discounts=self.discounts,
            rates=self.rates,
        )

    def cycle_from(self, at: datetime, every: Duration | None = None) -> Cycle:
        """The cycle that begins with the local day of *at*, or, where it counts seconds, at that instant.

        Args:
            every: By default that of the terms.
        """
        turns = every or self.every
        by_seconds = counts_seconds(turns, self.policy)
        return Cycle(at if by_seconds else local_date(at, self.zone), turns, self.zone)


def with_turns_of(cycle: Cycle, every: Duration) -> Cycle:
    """*cycle* with turns of *every*, which was agreed: its anchor is what others have in common with it."""
    if cycle.every == every:
        return cycle
    if every.days or every.seconds or cycle.every.days or cycle.every.seconds:
        return Cycle(cycle.anchor, every, cycle.zone)
    longer: Cycle = evolve(cycle, every=every)
    return longer


def counts_seconds(every: Duration, policy: BillingPolicy) -> bool:
    """Whether periods begin at some instant, and not with a local day."""
    return bool(every.seconds) or policy.convention.count is Counted.SECONDS


@frozen(kw_only=True, field_transformer=checked)
class Turn(Value):
    """One thing that was billed: a period, or the rest of one after a change.

    Attributes:
        start: From when it is billed.
        item: As billing holds it since, with the running period and the changes that wait.
        document: Id of the document that it was billed with; `None` where nothing was to be paid.
        paid: Nothing is owed for it any more.
        renewal: It follows an earlier period.
        aligned: The next period runs to a boundary of this cycle; `None`: it is the next turn of its own.
    """

    start: Instant
    item: BilledItem
    document: Id | None
    paid: bool
    renewal: bool = False
    aligned: Cycle | None = None

    @property
    def due(self) -> date:
        """The day on which it is due: its first."""
        return local_date(self.start, self.item.period.zone)

    @property
    def end(self) -> datetime:
        """Where the next period begins."""
        return self.item.period.end

    @property
    def begins_period(self) -> bool:
        """Whether a period begins with it: it is no change in the middle of one."""
        return self.renewal or self.start <= self.item.period.start


def remembered(turns: tuple[Turn, ...], now: datetime) -> tuple[Turn, ...]:
    """What of *turns* matters at *now*: from the first that is unpaid or running on.

    The line of a turn that was billed with no document is that of the one before it, which stays as long as it runs.
    """
    first, line = 0, turns[-1].item.line if turns else None
    for before, one in pairwise(turns):
        shared = (one.document is None and before.end > now) or (line is not None and before.item.line == line)
        if not before.paid or one.start > now or shared:
            break
        first += 1
    return turns[first:]


def running_from(turns: tuple[Turn, ...], now: datetime) -> int:
    """The place of the turn that runs at *now*: the last one that has begun, else the first."""
    return max((place for place, one in enumerate(turns) if one.start <= now), default=0)


@frozen(kw_only=True, field_transformer=checked)
class Ordered(Value):
    """What waits for the first payment.

    Attributes:
        document: Id of the proforma.
        quote: What it asks for, for a period that begins when it is paid.
        at: When it was ordered; it is due on that day.
    """

    document: Id
    quote: Quote
    at: Instant


@frozen(kw_only=True, field_transformer=checked)
class Ends(Value):
    """When a cancelled subscription ends.

    Attributes:
        access: From then on it gives no access.
        billing: From then on nothing is billed.
        credited: What was charged beyond that was given back.
        final: A period that had begun was taken back, so that it cannot go on as if nothing had happened.
    """

    access: Instant
    billing: Instant
    credited: bool = False
    final: bool = False


def _few(_subscription: object, _attribute: object, turns: tuple[Turn, ...]) -> None:
    if len(turns) > MOST_TURNS + 1:
        raise InvalidArgument(parameter="turns", expected=f"at most {MOST_TURNS + 1}", got=str(len(turns)))


def _few_pools(_subscription: object, _attribute: object, pools: frozenset[str]) -> None:
    if len(pools) > MOST_POOLS:
        raise InvalidArgument(parameter="pools", expected=f"at most {MOST_POOLS}", got=str(len(pools)))


@frozen(kw_only=True, field_transformer=checked)
class Subscription(Value):
    """A subscription, which a client area calls a service.

    What it is at some instant follows from *state* and from what has passed by then: see `state_at()`.

    Attributes:
        state: As the last event left it.
        turns: Those that are unpaid, running or ahead, in order; earlier ones that are paid are left out.
        ordered: What waits for the first payment.
        renewals: How often it was renewed.
        trial_ends: The first instant after the trial; `None` for none.
        converts: The trial turns into a subscription that is paid for, unless it is cancelled.
        ends: When it ends, once it is cancelled.
        pools: Ids of the pools that it pays for.
        lines: How many lines of the ledger it was charged with; each is called by its id, a colon and a number.
    """

    id: Id
    terms: SubscriptionTerms
    state: SubscriptionState
    turns: tuple[Turn, ...] = field(default=(), validator=_few)
    ordered: Ordered | None = None
    renewals: Count = 0
    trial_ends: Instant | None = None
    converts: bool = True
    ends: Ends | None = None
    pools: frozenset[Id] = field(default=frozenset(), validator=_few_pools)
    lines: Count = 0

    @property
    def unpaid(self) -> tuple[Turn, ...]:
        """The turns for which something is owed, in order."""
        return tuple(turn for turn in self.turns if not turn.paid)


@frozen(field_transformer=checked)
class Subscribed(Value):
    """A subscription, and the ledger that holds its lines."""

    subscription: Subscription
    ledger: Ledger
