"""What is paid for in the runs of `gateway`, who sells it, and a gateway that makes mistakes of its own besides."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core.adapters.memory import MemoryStore
from licensing_core.checks import FrozenMap
from licensing_core.directory import Actor, Directory, Scope
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import (
    ForBill,
    ForCart,
    ForLicenses,
    ForPack,
    ForPlan,
    ForRenewal,
    PaymentOutcome,
    Purpose,
    Receipt,
    payment_id,
)
from licensing_core.periods import Duration
from licensing_core.plans import Offer, Offers, Renewal
from licensing_core.pricing import FlatPrice
from licensing_core.protocols import AggregateKind
from licensing_core.services import (
    BuyLicenses,
    BuyPlan,
    CancelOrder,
    CancelPack,
    Command,
    Licensing,
    NotePackPayment,
    OpenCredits,
    OrderPack,
    OrderSubscription,
    PayBill,
    RenewPool,
    SettleOrder,
)
from licensing_core.subscriptions import RenewalBasis, SubscriptionTerms
from licensing_core.testing.gateways import FakeGateway, Webhook
from tests.service_world import BOSS, TENANT, Clock, add, host, open_account, sent

SALES: Final = Scope.tree("sales")
EUR: Final = Money.parse("0.00 EUR").currency
BUYERS: Final = ("boss", "mate")
"""Two who may buy and renew, so that they may do so at once."""
PAYERS: Final = (*BUYERS, "a1")

DIRECTORY: Final = Directory.of(
    branches={"top": None, "sales": "top"}, users={"boss": ["sales"], "mate": ["sales"], "root": ["top"]}
)


class Market:
    """A host whose prices change, and whose plans are gone and come back."""

    def __init__(self) -> None:
        self._known = _known()
        self.raised, self.gone = False, False

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        return evolve(BOSS, id="mate") if actor_id == "mate" else self._known.actor(tenant, actor_id)

    def directory(self, _tenant: str) -> Directory:
        return DIRECTORY

    def offer(self, tenant: str, plan_id: str) -> Offer | None:
        return self.offers(tenant).get(plan_id)

    def offers(self, _tenant: str) -> Offers:
        return _offers(self.raised, self.gone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._known, name)


@cache
def _known() -> Any:
    return host()


@cache
def _offers(raised: bool, gone: bool) -> Offers:
    if gone:
        return Offers()
    found = _known().offers(TENANT)
    more = FlatPrice(Money.parse("201.00 EUR"))
    return Offers.of(
        evolve(one, plan=evolve(one.plan, prices=(more,))) if raised and one.plan.id == "five" else one for one in found
    )


@dataclass(frozen=True)
class Thing:
    """One thing to be paid.

    Attributes:
        holder: Whose histories tell that it was given: the kind and the ids.
        given: The type of the event that tells so.
        rivals: What may come in between, some of which gives it without a payment.
        price: What one of these events is worth, where it does not say so itself.
    """

    name: str
    purpose: Purpose
    kind: AggregateKind
    holders: tuple[str, ...]
    given: str
    rivals: tuple[Callable[[str], Command[Any]], ...]
    price: Money | None = None

    @property
    def payment(self) -> str:
        return payment_id(TENANT, self.purpose)

    def booked(self, work: Any) -> int:
        """What the books say was paid for it, by whatever way, in cents."""
        events = (one.event for name in self.holders for one in work.history(TENANT, self.kind, name))
        return sum(self._worth(event) for event in events if event.type == self.given)

    def _worth(self, event: Any) -> int:
        if self.price is not None:
            return self.price.minor
        amount: Money = event.quote.due if self.given == "order.charged" else event.amount
        return amount.minor


def _cart(*pools: str) -> Cart:
    return Cart(lines=tuple(CartLine(plan="five", pool=pool, beneficiary=SALES) for pool in pools))


def _buys(pool: str) -> Callable[[str], Command[Any]]:
    return lambda key: BuyPlan(plan="five", pool=pool, beneficiary=SALES, **sent(key, "mate"))


def _a1(key: str) -> dict[str, Any]:
    return {"customer": "a1", **sent(key)}


_LICENSES: Final = AggregateKind.LICENSES
BILL: Final = "proforma:1"
THINGS: Final = (
    Thing(
        "plan",
        ForPlan(plan="five", pool="p1", beneficiary=SALES),
        _LICENSES,
        ("p1",),
        "order.charged",
        (_buys("p1"),),
    ),
    Thing(
        "public plan",
        ForPlan(plan="public", pool="p2", public=True),
        _LICENSES,
        ("p2",),
        "order.charged",
        (_buys("p2"),),
    ),
    Thing("cart", ForCart(cart=_cart("p3", "p4")), _LICENSES, ("p3", "p4"), "order.charged", (_buys("p4"),)),
    Thing(
        "renewal",
        ForRenewal(pool="r1", number=1),
        _LICENSES,
        ("r1",),
        "order.charged",
        (lambda key: RenewPool(pool="r1", **sent(key)),),
    ),
    Thing(
        "licenses",
        ForLicenses(account="a1", order="lic1"),
        _LICENSES,
        ("a1",),
        "account.order_paid",
        (
            lambda key: SettleOrder(account="a1", order="lic1", **sent(key)),
            lambda key: CancelOrder(account="a1", order="lic1", **sent(key)),
        ),
        Money.parse("15.48 EUR"),
    ),
    Thing(
        "pack",
        ForPack(customer="a1", order="o1"),
        AggregateKind.CREDITS,
        ("a1",),
        "credits.pack_paid",
        (
            lambda key: NotePackPayment(order="o1", **_a1(key)),
            lambda key: CancelPack(order="o1", **_a1(key)),
        ),
        Money.parse("10.00 EUR"),
    ),
    Thing(
        "bill",
        ForBill(customer="a1", document=BILL),
        AggregateKind.CUSTOMERS,
        ("a1",),
        "bill.paid",
        (lambda key: PayBill(document=BILL, **_a1(key)),),
    ),
)


def furnish(store: Any) -> None:
    """Make all that is there before anything is paid in *store*."""
    licensing = Licensing(store, Market(), Clock())
    terms = SubscriptionTerms(
        item="web",
        price=FlatPrice(Money.parse("30.00 EUR")),
        quantity=1,
        every=Duration(months=1),
        zone="Europe/Madrid",
        renewal=Renewal.MANUAL,
        basis=RenewalBasis.FROM_EXPIRY,
    )
    commands: Iterable[Command[Any]] = (
        add(automatic_debit=True),
        open_account(),
        BuyLicenses(account="a1", buy=FrozenMap({"web": 1}), payment=PaymentOutcome.PENDING, **sent("lic1")),
        OpenCredits(**_a1("credits")),
        OrderPack(pack="small", order="o1", **_a1("pack")),
        OrderSubscription(subscription="s1", terms=terms, **_a1("order")),
        BuyPlan(plan="five", pool="r1", beneficiary=SALES, **sent("r1")),
    )
    for command in commands:
        licensing.run(command)


@cache
def furnished() -> tuple[MemoryStore, Mapping[str, int]]:
    """A store as every run begins with, to be copied, and what its books say of each thing."""
    store = MemoryStore()
    furnish(store)
    with store.begin() as work:
        return store, {one.name: one.booked(work) for one in THINGS}


class Gateway(FakeGateway):
    """A fake that also takes money after it said no, mixes up receipts, and sends rumours.

    What was on its way arrives, or is lost, before the clock moves on by more than minutes: no network holds it longer.

    Attributes:
        mixes_up: The share of answers to `look_up()` that are about another payment.
    """

    def __init__(self, clock: Clock, rng: Random) -> None:
        super().__init__(clock=clock)
        self._rng, self.mixes_up = rng, 0.0

    def look_up(self, asked: Any) -> Receipt | None:
        """As the fake does, but for what it mixes up."""
        found = super().look_up(asked)
        if found is None or not self.mixes_up or self._rng.random() >= self.mixes_up:
            return found
        amount = Money(found.amount.minor + 100, found.amount.currency)
        return evolve(found, outcome=PaymentOutcome.SUCCEEDED, amount=amount, page=None)

    def network_clears(self, lost: float = 0.3) -> None:
        """What is on its way arrives, or is lost, as this share of it."""
        for key in sorted(self._late):
            asked = self._late.pop(key)
            if self._rng.random() >= lost:
                with suppress(LicensingError):
                    self._done(asked, None)

    def repents(self, key: str) -> None:
        """Take the money of *key* after all, which was said to have failed."""
        known = self._known[key]
        known.receipt = evolve(known.receipt, outcome=PaymentOutcome.SUCCEEDED, reason=None, page=None)
        self._note(known.asked, known.receipt)

    def charged(self, outcome: PaymentOutcome) -> list[str]:
        """The keys of the charges that ended so, or wait."""
        return [key for key, known in self._known.items() if known.receipt.outcome is outcome and "-r" not in key]

    def letters(self) -> list[bytes]:
        """The events that were to be sent since this was last asked, to be signed when they are."""
        return self._mail.taken_out()

    def rumour(self, key: str, outcome: PaymentOutcome) -> bytes:
        """An event of *key* which says what is not so."""
        said = {"id": f"rumour-{key}-{outcome.value}", "key": key, "outcome": outcome.value}
        return json.dumps(said).encode()

    def copy(self) -> "Gateway":
        """Another one that knows the same and shares the numbers, while nobody is at a page of either."""
        made = Gateway(self._clock, self._rng)  # type: ignore[arg-type]
        for name, kept in vars(self).items():
            if isinstance(kept, dict | list):
                setattr(made, name, kept.copy())
        made._numbers, made._mail = self._numbers, self._mail
        return made

    def last_of(self, key: str) -> bytes:
        """The last event of *key*, be it lost."""
        return self._mail.last(key) or b""

    def signed(self, body: bytes) -> Webhook:
        """An event as it is sent now."""
        return self._signed(body)
