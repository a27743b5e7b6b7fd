"""Lives of subscriptions for the laws: led through random commands at random instants, by a source that is seeded."""

from collections.abc import Callable, Collection
from copy import copy
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from random import Random
from typing import Any, Final, NamedTuple

from attrs import evolve

from licensing_core import billing
from licensing_core import subscriptions as lib
from licensing_core.billing import BillingPolicy, ItemChange, Ledger, LinesBooked, PaymentBooked, When
from licensing_core.billing.ledger import apply as apply_to_ledger
from licensing_core.currencies import Currency
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, local_date
from licensing_core.plans import Renewal
from licensing_core.pricing import UnitPrice
from licensing_core.proration import PRESETS, Base, Convention, Count, NothingCounted, Stage, Stub
from licensing_core.subscriptions import (
    EndOf,
    RenewalBasis,
    Subscribed,
    Subscription,
    SubscriptionEvent,
    SubscriptionState,
    SubscriptionTerms,
    apply_to_both,
)
from licensing_core.testing.laws_billing import any_discounts, any_price, any_rates, any_taxes

BY: Final = Actor("billing")
FIRST: Final = datetime(2026, 1, 31, 15, 30, tzinfo=UTC)
ZONES: Final = ("UTC", "Europe/Madrid", "America/Santiago", "Asia/Kathmandu", "Pacific/Kiritimati")
CURRENCIES: Final = tuple(map(Currency, ("EUR", "JPY", "KWD")))
LENGTHS: Final = ("P1M", "P1M", "P1M", "P3M", "P1Y", "P7D", "P30D")
CONVENTIONS: Final = tuple(dict.fromkeys(PRESETS.values()))
BILLS: Final = (lib.bill_next, lib.change, lib.convert, lib.renew, lib.resume)
"""The commands that bill something, and take the id of a document for it."""
MOST_BILLED: Final = 120
"""The most that one run of a job bills."""

Happened = SubscriptionEvent | LinesBooked | PaymentBooked


def happen(state: Subscribed, event: Happened) -> Subscribed:
    """*state* after *event*; a payment moves the ledger alone."""
    if isinstance(event, PaymentBooked):
        return evolve(state, ledger=apply_to_ledger(state.ledger, event))
    return apply_to_both(state, event)


class Step(NamedTuple):
    """Something that happened at *at*, or was refused."""

    at: datetime
    before: Subscribed
    events: tuple[Happened, ...]
    after: Subscribed
    refusal: LicensingError | None = None


class Life:
    """A subscription that is ordered, tried or billed, with all that has happened to it.

    >>> life = Life(plain_terms())
    >>> life.pay()
    >>> life.bill(FIRST + timedelta(days=60), ahead=0)
    >>> [str(turn.due) for turn in life.subscription.turns]
    ['2026-02-28', '2026-03-31']
    """

    def __init__(
        self,
        terms: SubscriptionTerms,
        at: datetime = FIRST,
        *,
        trial_ends: datetime | None = None,
        converts: bool = True,
    ) -> None:
        ledger = Ledger(id="acme", currency=terms.price.currency, balance=Money.zero(terms.price.currency))
        self.began = self.now = at
        self.number, self.steps = 1, list[Step]()
        self.start = self.state = lib.start(
            "web",
            terms,
            ledger=ledger,
            document="d1",
            trial_ends=trial_ends,
            converts=converts,
            by=BY,
            now=at,
        ).state

    def another(self) -> "Life":
        """The same, to be led another way from now on."""
        other = copy(self)
        other.steps = [*self.steps]
        return other

    @property
    def subscription(self) -> Subscription:
        """As it is by now."""
        return self.state.subscription

    @property
    def standing(self) -> SubscriptionState:
        """Where it stands now."""
        return lib.state_at(self.subscription, self.now)

    def do(self, command: Callable[..., Any], *arguments: Any, **named: Any) -> LicensingError | None:
        """Carry out *command* now, with a document of its own where it bills; the refusal, when there is one."""
        if command in BILLS:
            self.number += 1
            named.setdefault("document", f"d{self.number}")
        try:
            decision = command(self.state, *arguments, **named, by=BY, now=self.now)
        except LicensingError as refusal:
            self.steps.append(Step(self.now, self.state, (), self.state, refusal))
            return refusal
        self._note(decision.state, decision.events)
        return None

    def _note(self, after: Subscribed, events: tuple[Happened, ...]) -> None:
        self.steps.append(Step(self.now, self.state, events, after))
        self.state = after

    def owed(self) -> list[str]:
        """The documents for which something is owed, the first one first."""
        if self.subscription.ordered is not None:
            return [self.subscription.ordered.document]
        return [turn.document for turn in self.subscription.unpaid if turn.document is not None]

    def pay(self, document: str | None = None) -> None:
        """Pay what is owed for *document*, or else for the first; nothing where nothing is owed."""
        owed = [document] if document is not None else self.owed()[:1]
        for name in owed:
            decision = lib.settle(self.state, name, by=BY, now=self.now)
            self._note(decision.state, decision.events)
            amount = self.state.ledger.outstanding(name)
            if amount:
                paid = billing.pay(self.state.ledger, name, amount, by=BY, now=self.now)
                self._note(evolve(self.state, ledger=paid.state), paid.events)

    def bill(self, now: datetime | None = None, *, ahead: int = 15) -> None:
        """Bill all that begins within *ahead* days of *now*, and carry out the changes that are due."""
        self.now = now or self.now
        zone = self.subscription.terms.zone
        latest = local_date(self.now, zone) + timedelta(days=ahead)
        for _ in range(MOST_BILLED):
            due, begins = lib.change_due(self.subscription), lib.next_start(self.subscription)
            first = begins is not None and local_date(begins, zone) <= latest
            if not first and (due is None or due > self.now):
                return
            before = self.state
            self.do(lib.bill_next)
            if self.state is before:
                return

    @property
    def events(self) -> list[Happened]:
        """All that has happened, in order."""
        return [event for step in self.steps for event in step.events]

    def replayed(self) -> Subscribed:
        """What the events make of the beginning."""
        return reduce(happen, self.events, self.start)


def plain_terms(price: str = "30.00 EUR", every: str = "P1M", **others: Any) -> SubscriptionTerms:
    """One unit at a price for a period, in local days of Madrid."""
    plain: dict[str, Any] = {"zone": "Europe/Madrid", **others}
    return SubscriptionTerms(item="web", price=UnitPrice(Money.parse(price)), every=Duration.parse(every), **plain)


# Cases, from a source of random numbers that the caller seeds.


def any_terms(rng: Random, *, conventions: tuple[Convention, ...] = CONVENTIONS, **others: Any) -> SubscriptionTerms:
    """Terms of any price, length and convention that go together, and of any kind of renewal."""
    currency = rng.choice(CURRENCIES)
    wanted: dict[str, Any] = {
        "item": "base",
        "price": any_price(rng, currency),
        "quantity": rng.randint(1, 12),
        "every": Duration.parse(rng.choice(LENGTHS)),
        "zone": rng.choice(ZONES),
        "renewal": rng.choice((Renewal.AUTOMATIC, Renewal.AUTOMATIC, Renewal.MANUAL, Renewal.NONE)),
        "most_renewals": rng.choice((None, None, None, 0, 1, 3)),
        "basis": rng.choice(tuple(RenewalBasis)),
        "discounts": any_discounts(rng, currency),
        "rates": any_rates(rng),
        "policy": BillingPolicy(convention=rng.choice(conventions), taxes=any_taxes(rng)),
        **others,
    }
    try:
        Life(SubscriptionTerms(**wanted))
    except NothingCounted:
        wanted["every"] = Duration(months=1)
    return SubscriptionTerms(**wanted)


def any_life(rng: Random, terms: SubscriptionTerms | None = None) -> Life:
    """One that waits for its first payment, is on trial, or is billed for its first period."""
    own, at = terms or any_terms(rng), FIRST + timedelta(hours=rng.randrange(100))
    kind = rng.choice(("pending", "trial", "billed", "billed", "billed"))
    if kind == "trial":
        trial_ends = at + timedelta(hours=rng.choice((1, 24, 300, 800)))
        return Life(own, at, trial_ends=trial_ends, converts=rng.random() < 0.8)
    life = Life(own, at)
    if kind == "billed":
        life.pay()
    return life


def any_change(rng: Random, life: Life) -> ItemChange:
    """Another quantity, price or coupon, now and then another interval."""
    currency = life.state.ledger.currency
    change = ItemChange(quantity=rng.randint(1, 12)) if rng.random() < 0.7 else ItemChange()
    if change == ItemChange() or rng.random() < 0.3:
        change = evolve(change, price=any_price(rng, currency), item=rng.choice(("base", "pro")))
    if rng.random() < 0.2:
        change = evolve(change, discounts=any_discounts(rng, currency))
    return evolve(change, every=Duration.parse(rng.choice(LENGTHS))) if rng.random() < 0.2 else change


def instants_of(subscription: Subscription) -> list[datetime]:
    """The instants at which something becomes of it by time alone."""
    ends, last = subscription.ends, subscription.turns[-1:]
    found = [
        subscription.trial_ends,
        lib.next_start(subscription),
        lib.change_due(subscription),
        *(turn.end for turn in last),
        *((ends.access, ends.billing) if ends is not None else ()),
    ]
    return sorted(at for at in found if at is not None)


def wait(rng: Random, life: Life) -> None:
    """Let time pass: hours, weeks, or up to an instant that matters, a second before it or after."""
    ahead = [at for at in instants_of(life.subscription) if at > life.now]
    if ahead and rng.random() < 0.5:
        life.now = max(life.now, rng.choice(ahead) + timedelta(seconds=rng.choice((-1, 0, 0, 3600))))
    else:
        life.now += timedelta(hours=rng.choice((0, 1, 5, 24, 100, 300, 800)))


def _end(rng: Random, life: Life) -> datetime | EndOf:
    asked: tuple[datetime | EndOf, ...] = (
        EndOf.NOW,
        EndOf.TERM,
        *(life.now + timedelta(hours=hours) for hours in (-30, 10, 300, 1500, 9000)),
    )
    return rng.choice(asked)


def _cancel(rng: Random, life: Life) -> None:
    billing_ends = None if rng.random() < 0.7 else _end(rng, life)
    life.do(lib.cancel, _end(rng, life), billing_ends, credit=rng.random() < 0.3)


def _schedule(rng: Random, life: Life) -> None:
    later = life.now + timedelta(hours=rng.choice((0, 1, 20, 300, 800, 2000)))
    effective = rng.choice((When.END_OF_PERIOD, later, *instants_of(life.subscription)))
    life.do(lib.schedule_change, any_change(rng, life), effective, change_id=f"c{rng.randrange(4)}")


def _align(rng: Random, life: Life) -> None:
    anchor = date(2026, rng.randint(1, 12), rng.choice((1, 15, 28)))
    every = Duration.parse(rng.choice(("P1M", "P3M", "P1Y", "P7D")))
    life.do(lib.align, Cycle(anchor, every, life.subscription.terms.zone))


def _pay(rng: Random, life: Life) -> None:
    if owed := life.owed():
        life.pay(rng.choice(owed))


STEPS: Final[dict[str, tuple[int, Callable[[Random, Life], object]]]] = {
    "wait": (8, wait),
    "bill": (6, lambda rng, life: life.bill(ahead=rng.choice((0, 15, 40)))),
    "pay": (5, _pay),
    "change": (3, lambda rng, life: life.do(lib.change, any_change(rng, life))),
    "schedule": (3, _schedule),
    "withdraw change": (2, lambda rng, life: life.do(lib.withdraw_change, f"c{rng.randrange(4)}")),
    "change trial": (1, lambda rng, life: life.do(lib.change_trial, any_change(rng, life))),
    "convert": (1, lambda _rng, life: life.do(lib.convert)),
    "renew": (2, lambda _rng, life: life.do(lib.renew)),
    "align": (1, _align),
    "cancel": (1, _cancel),
    "withdraw cancellation": (2, lambda _rng, life: life.do(lib.withdraw_cancellation)),
    "suspend": (1, lambda _rng, life: life.do(lib.suspend)),
    "terminate": (1, lambda rng, life: life.do(lib.terminate) if rng.random() < 0.2 else None),
    "pause": (1, lambda _rng, life: life.do(lib.pause)),
    "resume": (2, lambda _rng, life: life.do(lib.resume)),
}
"""What may be done, how often, and how."""
CHANGING: Final = ("wait", "bill", "pay", "change", "schedule", "withdraw change", "change trial", "align")
"""What goes on and is changed, but neither ends nor rests."""


def lead(rng: Random, life: Life, steps: int = 30, *, only: Collection[str] = tuple(STEPS)) -> Life:
    """*life*, led through so many random steps, fewer where it ends before."""
    weights, kinds = zip(*(STEPS[name] for name in only), strict=True)
    for step in rng.choices(kinds, weights, k=steps):
        step(rng, life)
        if life.standing in lib.FINAL and rng.random() < 0.3:
            break
    return life


def exact(convention: Convention) -> bool:
    """Whether parts of a period add up to it, before rounding."""
    by_period = convention.base is Base.PERIOD and convention.count in (Count.DAYS, Count.SECONDS)
    return by_period and convention.stub is Stub.PRORATE and convention.stage is Stage.LINE


EXACT: Final = tuple(one for one in CONVENTIONS if exact(one))


def dear(rng: Random, **others: Any) -> SubscriptionTerms:
    """Terms of which every day is worth something, without rounding on the way."""
    price = UnitPrice(Money.parse(f"{rng.randint(400, 900)}.00 EUR"))
    policy = BillingPolicy(convention=rng.choice(EXACT), taxes=any_taxes(rng))
    plain: dict[str, Any] = {"price": price, "discounts": (), "rates": any_rates(rng), "policy": policy}
    return any_terms(rng, **{**plain, **others})


def ongoing(rng: Random, steps: int = 12) -> Life:
    """A dear one that renews itself for ever, billed, paid and changed."""
    terms = dear(rng, renewal=Renewal.AUTOMATIC, most_renewals=None)
    return lead(rng, any_life(rng, terms), steps, only=CHANGING)
