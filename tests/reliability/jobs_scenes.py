"""What customers do while the jobs run: they order, change, pause, renew and cancel, each at an instant of its own.

How they pay is theirs, too: promptly, some of it only from a certain day on, or nothing any more that is due from a
certain day on.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from random import Random
from typing import Any, Final

from licensing_core.accounts import AccountSettings
from licensing_core.billing import ItemChange, TaxRate, When
from licensing_core.checks import FrozenMap
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Duration, local_date
from licensing_core.plans import Renewal
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.services import (
    AlignSubscription,
    BuyLicenses,
    CancelSubscription,
    ChangeSubscription,
    Command,
    ConvertTrial,
    GrantLicense,
    OpenCredit,
    OrderSubscription,
    PauseSubscription,
    RenewSubscription,
    ResumeSubscription,
    RevokeLicense,
    WithdrawCancellation,
    WithdrawChange,
)
from licensing_core.subscriptions import EndOf, RenewalBasis, SubscriptionTerms

TENANT: Final = "partner"
ACTOR: Final = "root"
ZONES: Final = ("UTC", "Europe/Madrid", "America/Santiago", "America/Havana", "Asia/Kathmandu", "Pacific/Apia")
BASES: Final = (date(2024, 1, 31), date(2024, 3, 25), date(2024, 10, 20), date(2025, 1, 30))
INTERVALS: Final = (
    Duration(days=7),
    Duration(days=10),
    Duration(months=1),
    Duration(months=1),
    Duration(months=1),
    Duration(months=3),
    Duration(months=12),
)
DAY: Final = timedelta(days=1)
USERS: Final = ("ana", "luis", "mei")


@dataclass(frozen=True)
class Deed:
    """What a customer does at an instant; *pays*: the proforma that it leads to is paid at once."""

    at: datetime
    command: Command[Any]
    pays: bool = False


@dataclass
class Buyer:
    """A customer.

    Attributes:
        after: So many days after it is due it pays a proforma; before, for a number below 0.
        failing: What is due on one of these days is paid from *mended* on only, or never.
        licenses: Whether it has an account of licenses, which a cycle closes.
    """

    name: str
    zone: str
    automatic: bool
    policy: DunningPolicy
    after: int = 0
    failing: tuple[date, date] | None = None
    mended: date | None = None
    licenses: bool = False
    deeds: list[Deed] = field(default_factory=list)

    @property
    def settings(self) -> AccountSettings:
        return AccountSettings(automatic_debit=self.automatic, dunning=self.policy)

    def pays(self, due: date, now: datetime) -> bool:
        """Whether it would pay by *now* what is due on a day."""
        today = local_date(now, self.zone)
        if self.failing is not None and self.failing[0] <= due < self.failing[1]:
            return self.mended is not None and today >= self.mended
        return self.automatic or today >= due + self.after * DAY


@dataclass(frozen=True)
class Scene:
    """The customers, and from when up to when the jobs run."""

    start: datetime
    until: datetime
    buyers: tuple[Buyer, ...]

    @property
    def deeds(self) -> list[tuple[Buyer, Deed]]:
        """All that is done, in order."""
        found = [(buyer, deed) for buyer in self.buyers for deed in buyer.deeds if deed.at < self.until]
        return sorted(found, key=lambda pair: (pair[1].at, pair[0].name))


def a_scene(rng: Random, zones: tuple[str, ...] = ZONES) -> Scene:
    """Some customers, each in one of *zones*."""
    start = datetime.combine(rng.choice(BASES) + rng.randrange(3) * DAY, time(6), UTC)
    until = start + rng.choice((10, 20, 30, 45)) * DAY
    names = [f"c{number}" for number in range(rng.choice((1, 1, 2, 3)))]
    return Scene(start, until, tuple(_a_buyer(rng, name, rng.choice(zones), start, until) for name in names))


def _a_buyer(rng: Random, name: str, zone: str, start: datetime, until: datetime) -> Buyer:
    suspend, terminate = rng.choice(((3, 20), (7, 30), (3, 25)))
    steps = (
        DunningStep(after_days=suspend, action=DunningAction.SUSPEND),
        DunningStep(after_days=terminate, action=DunningAction.TERMINATE),
    )
    policy = DunningPolicy(proforma_days=rng.choice((0, 7, 15)), charge_days=rng.randrange(2), steps=steps)
    buyer = Buyer(name, zone, rng.random() < 0.5, policy, after=rng.choice((-20, -3, 0, 1, 2)))
    kind = rng.choice(("prompt", "prompt", "prompt", "late", "never"))
    buyer.licenses = rng.random() < 0.3
    for number in range(rng.choice((1, 1, 2))):
        _ordered(rng, buyer, f"s{number}", start, until, prompt=kind == "prompt")
    if kind != "prompt":
        first = local_date(start, buyer.zone) + rng.randint(0, 20) * DAY
        late = rng.randint(1, terminate - 1)
        buyer.failing = (first, first + late * DAY if kind == "late" else date.max)
        buyer.mended = first + late * DAY if kind == "late" else None
    if buyer.licenses:
        _uses_licenses(rng, buyer, start, until)
    return buyer


def _sent(buyer: Buyer, key: str) -> dict[str, Any]:
    return {"tenant": TENANT, "actor": ACTOR, "customer": buyer.name, "key": f"{buyer.name}-{key}"}


def _ordered(rng: Random, buyer: Buyer, name: str, start: datetime, until: datetime, *, prompt: bool) -> None:
    """A subscription whose periods begin while the jobs run, and what becomes of it."""
    every = rng.choice(INTERVALS)
    trial = rng.random() < 0.2
    long_ago = every.months * 30 * DAY - rng.randint(3, 12) * DAY if every.months > 1 else rng.randrange(28) * DAY
    at = start - (rng.randrange(4) * DAY if trial else long_ago) + timedelta(minutes=rng.randrange(1440))
    terms = SubscriptionTerms(
        item="web",
        price=_a_price(rng),
        quantity=rng.randint(1, 3),
        every=every,
        zone=buyer.zone,
        renewal=rng.choice((Renewal.AUTOMATIC, Renewal.AUTOMATIC, Renewal.AUTOMATIC, Renewal.MANUAL, Renewal.NONE)),
        most_renewals=rng.choice((None, None, None, 0, 1, 2)),
        basis=rng.choice(tuple(RenewalBasis)),
        rates=rng.choice(((), (TaxRate(id="vat", percent=Fraction(21)),))),
    )
    ends = start + timedelta(minutes=rng.randrange(20 * 1440)) if trial else None
    ordered = OrderSubscription(
        subscription=name, terms=terms, trial_ends=ends, converts=rng.random() < 0.9, **_sent(buyer, f"order-{name}")
    )
    buyer.deeds.append(Deed(at, ordered, pays=not trial))
    if prompt:
        instants = sorted(start + timedelta(minutes=rng.randrange(1, (until - start) // DAY * 1440)) for _ in range(9))
        for number, then in enumerate(instants[: rng.choice((0, 1, 2, 3))]):
            _something(rng, buyer, name, f"{name}-{number}", then, terms)


def _a_price(rng: Random) -> FlatPrice | UnitPrice:
    kind = rng.choice((FlatPrice, UnitPrice))
    return kind(Money.parse(f"{rng.choice((1, 7, 30, rng.randrange(100)))}.{rng.randrange(100):02} EUR"))


def _a_change(rng: Random) -> ItemChange:
    return ItemChange(
        quantity=rng.choice((None, 1, 2, 5)),
        price=rng.choice((None, _a_price(rng))),
        every=rng.choice((None, None, None, Duration(days=7), Duration(months=1))),
    )


def _something(rng: Random, buyer: Buyer, name: str, key: str, at: datetime, terms: SubscriptionTerms) -> None:
    """One thing that is done with a subscription, some of them in two steps."""
    sent = {"subscription": name, **_sent(buyer, key)}
    later, again = at + rng.randint(1, 20) * DAY, {**sent, "key": f"{buyer.name}-{key}-again"}
    match rng.choice(("cancel", "change", "plan", "plan", "unplan", "pause", "renew", "convert", "align", "credit")):
        case "cancel":
            access = rng.choice((EndOf.TERM, EndOf.TERM, EndOf.NOW, later))
            gone = CancelSubscription(access=access, credit=rng.random() < 0.3, **sent)
            buyer.deeds.append(Deed(at, gone))
            if rng.random() < 0.3:
                buyer.deeds.append(Deed(at + DAY, WithdrawCancellation(**again)))
        case "change":
            buyer.deeds.append(Deed(at, ChangeSubscription(change=_a_change(rng), **sent)))
        case "plan" | "unplan" as what:
            effective = rng.choice((When.END_OF_PERIOD, later))
            planned = ChangeSubscription(change=_a_change(rng), effective=effective, change_id=key, **sent)
            buyer.deeds.append(Deed(at, planned))
            if what == "unplan":
                buyer.deeds.append(Deed(at + DAY / 2, WithdrawChange(change_id=key, **again)))
        case "pause":
            buyer.deeds += [Deed(at, PauseSubscription(**sent)), Deed(later, ResumeSubscription(**again))]
        case "renew":
            buyer.deeds.append(Deed(at, RenewSubscription(**sent)))
        case "convert":
            buyer.deeds.append(Deed(at, ConvertTrial(**sent)))
        case "align":
            first = local_date(at, buyer.zone) - rng.randrange(40) * DAY
            buyer.deeds.append(Deed(at, AlignSubscription(cycle=Cycle(first, terms.every, buyer.zone), **sent)))
        case _:
            given = Money.parse(f"{rng.randint(1, 60)}.00 EUR")
            buyer.deeds.append(Deed(at, OpenCredit(amount=given, **_sent(buyer, key))))


def _uses_licenses(rng: Random, buyer: Buyer, start: datetime, until: datetime) -> None:
    for number in range(rng.randint(1, 5)):
        at = start + timedelta(minutes=rng.randrange((until - start) // DAY * 1440))
        key = f"{buyer.name}-license-{number}"
        sent: dict[str, Any] = {"tenant": TENANT, "actor": ACTOR, "account": buyer.name, "key": key}
        named = {"user": rng.choice(USERS), "license_type": rng.choice(("web", "app"))}
        kind = rng.choice(("grant", "grant", "revoke", "buy"))
        if kind == "buy":
            buy = BuyLicenses(buy=FrozenMap({"web": rng.randint(1, 3)}), payment=PaymentOutcome.SUCCEEDED, **sent)
            buyer.deeds.append(Deed(at, buy))
        else:
            buyer.deeds.append(Deed(at, (GrantLicense if kind == "grant" else RevokeLicense)(**named, **sent)))
