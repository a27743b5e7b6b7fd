"""Cases of accounts for the laws: terms, commands and histories, from a source of random numbers that is seeded."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, Final

from attrs import evolve, frozen

from licensing_core import accounts as lib
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import AccountSettings, Books, BooksDecision, CustomerAccount, DocumentSeries, Numbers
from licensing_core.accounts.books import Decide, split
from licensing_core.billing import (
    BillingPolicy,
    ItemChange,
    PercentDiscount,
    Restart,
    Series,
    TaxRate,
    TaxTerms,
    TaxTreatment,
    When,
)
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor
from licensing_core.dunning import DEFAULT_DUNNING, DunningAction, DunningPolicy, DunningStep, HoldingsEffect
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, local_date
from licensing_core.plans import Renewal, ServicePlan
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.subscriptions import EndOf, RenewalBasis, SubscriptionState, SubscriptionTerms, state_at
from licensing_core.testing.laws_pools import outcome_of

START: Final = datetime(2026, 1, 30, 22, tzinfo=UTC)
"""A day before the end of a month, and another one for each of the zones."""
ZONES: Final = ("Europe/Madrid", "Pacific/Auckland", "America/Los_Angeles")
"""One for each customer, so that the same instant is of different days."""
ANA: Final = Actor("ana")
NAMES: Final = ("web", "app", "crm")
"""Of subscriptions."""
PEOPLE: Final = ("luis", "mei", "noor")
CAUSES: Final = ("unpaid", "abuse")
SERIES: Final = (
    DocumentSeries(),
    DocumentSeries(invoices=None),
    DocumentSeries(
        proformas=Series("P-", restart=Restart.YEARLY),
        invoices=Series("F-", restart=Restart.YEARLY),
        credit_notes=Series("C-", restart=Restart.YEARLY),
    ),
)
POLICIES: Final = (
    DEFAULT_DUNNING,
    DunningPolicy(
        proforma_days=3,
        charge_days=1,
        steps=(
            DunningStep(after_days=2, action=DunningAction.REMIND),
            DunningStep(after_days=4, action=DunningAction.REMIND),
            DunningStep(after_days=5, action=DunningAction.SUSPEND, holdings=HoldingsEffect.RELEASE),
            DunningStep(after_days=60, action=DunningAction.TERMINATE),
        ),
    ),
    DunningPolicy(proforma_days=40, steps=()),
)
PLANS: Final = (ServicePlan(id="web", trial_days=14), ServicePlan(id="large"))
_PRICES: Final = {"EUR": ("30.00 EUR", "9.99 EUR", "120.00 EUR"), "JPY": ("3100 JPY", "999 JPY", "12000 JPY")}


@frozen
class Command:
    """What is decided about some books, and what was looked up for it beside the documents that always are."""

    decide: Callable[[Books], BooksDecision]
    documents: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@frozen
class Step:
    """A command, the books before and after it, and what happened."""

    command: Command
    before: Books
    after: Books
    events: tuple[Event, ...]
    now: datetime


def any_price(rng: Random, currency: str) -> FlatPrice | UnitPrice:
    """A price of which each day is worth something, or, now and then, nothing at all."""
    if rng.random() < 0.05:
        return FlatPrice(Money.parse(f"0 {currency}"))
    return rng.choice((FlatPrice, UnitPrice))(Money.parse(rng.choice(_PRICES[currency])))


def any_terms(rng: Random, zone: str) -> SubscriptionTerms:
    """Terms of any price, period and renewal, with taxes and discounts at times."""
    off = PercentDiscount(id="off", percent=Fraction(rng.choice((10, 33, 100))))
    treatment = rng.choice((TaxTreatment.EXCLUSIVE, TaxTreatment.EXCLUSIVE, TaxTreatment.INCLUSIVE))
    return SubscriptionTerms(
        item=rng.choice(NAMES),
        price=any_price(rng, rng.choice(("EUR", "EUR", "EUR", "JPY"))),
        quantity=rng.randint(1, 3),
        every=Duration.parse(rng.choice(("P1M", "P1M", "P1M", "P10D", "P1Y"))),
        zone=zone,
        renewal=rng.choice((Renewal.AUTOMATIC, Renewal.AUTOMATIC, Renewal.AUTOMATIC, Renewal.MANUAL, Renewal.NONE)),
        most_renewals=rng.choice((None, None, None, 2)),
        basis=rng.choice(tuple(RenewalBasis)),
        discounts=rng.choice(((), (), (off,))),
        rates=rng.choice(((), (TaxRate(id="vat", percent=Fraction(21)),))),
        policy=BillingPolicy(taxes=TaxTerms(treatment=treatment)),
    )


def any_settings(rng: Random) -> AccountSettings:
    """Settings with any of the dunning policies."""
    return AccountSettings(administrator="luis", dunning=rng.choice(POLICIES), automatic_debit=rng.random() < 0.5)


def any_change(rng: Random, currency: str) -> ItemChange:
    """More, less, another price or item, or a period of another length."""
    return rng.choice(
        (
            ItemChange(quantity=rng.randint(1, 4)),
            ItemChange(price=any_price(rng, currency)),
            ItemChange(item=rng.choice(NAMES), price=any_price(rng, currency)),
            ItemChange(every=Duration.parse(rng.choice(("P1M", "P10D")))),
        )
    )


class Tenant:
    """Some customers, who share the numbers of their documents; each command changes one of them."""

    def __init__(self, rng: Random, customers: int = 2) -> None:
        self.rng, self.now = rng, START
        opening = lib.open_numbers("documents", rng.choice(SERIES), by=ANA, now=START)
        self.numbers: Numbers = opening.state
        self.accounts: dict[str, CustomerAccount] = {}
        self.histories: dict[str, list[Event]] = {"documents": list(opening.events)}
        for number in range(customers):
            credit = [Money.parse("12.00 EUR"), Money.parse("700 JPY")]
            added = lib.import_customer(
                f"c{number}",
                rng.choice((None, *PLANS)),
                zone=ZONES[number % len(ZONES)],
                settings=any_settings(rng),
                balances=credit if rng.random() < 0.2 else (),
                by=ANA,
                now=START,
            )
            self.accounts[added.state.id] = added.state
            self.histories[added.state.id] = list(added.events)

    def books(self, customer: str) -> Books:
        """The books of one customer."""
        return Books(self.accounts[customer], self.numbers)

    def keep(self, books: Books, events: tuple[Event, ...]) -> None:
        """What is stored after a command."""
        own, taken = split(events)
        self.accounts[books.account.id], self.numbers = books.account, books.numbers
        self.histories[books.account.id] += own
        self.histories["documents"] += taken

    def steps(self, most: int) -> Iterator[Step]:
        """Up to *most* commands of any kind; those refused change nothing and are left out."""
        makers = [_order, *(self.rng.choice(_MAKERS) for _ in range(self.rng.randint(2, most)))]
        for make in makers:
            self.now += self.rng.choice((0, 0, 1, 7, 24, 24, 120, 240, 380, 750)) * timedelta(hours=1)
            before = self.books(self.rng.choice(tuple(self.accounts)))
            command = make(self.rng, before, self.now)
            found = tried(command.decide, before)
            if not isinstance(found, LicensingError):
                after, events = found
                self.keep(after, events)
                yield Step(command, before, after, events, self.now)


def any_books(rng: Random) -> tuple[Books, datetime]:
    """Books in which something has happened, and when it last did."""
    tenant = Tenant(rng, 1)
    for _step in tenant.steps(14):
        pass
    return tenant.books("c0"), tenant.now


def tried(decide: Callable[[Books], BooksDecision], books: Books) -> Any:
    """Books and events after a command, or the refusal that it raised."""
    return outcome_of(decide, books)


def any_command(rng: Random, books: Books, now: datetime) -> Command:
    """A command of any kind, more often one about money."""
    return rng.choice(_MAKERS)(rng, books, now)


def _order(rng: Random, books: Books, now: datetime) -> Command:
    name = rng.choice([one for one in NAMES if one not in books.account.subscriptions] or NAMES)
    terms = any_terms(rng, books.account.zone)
    trial = rng.choice((None, None, now + timedelta(days=rng.choice((1, 14)))))
    converts = rng.random() < 0.8
    return Command(lambda one: lib.order(one, name, terms, trial_ends=trial, converts=converts, by=ANA, now=now))


def _import(rng: Random, books: Books, now: datetime) -> Command:
    name = rng.choice([one for one in NAMES if one not in books.account.subscriptions] or NAMES)
    terms = any_terms(rng, books.account.zone)
    charged = Money.rounded(terms.price.exact(terms.quantity) * rng.choice((1, Fraction(1, 2))), terms.price.currency)
    anchor = local_date(now, terms.zone) - timedelta(days=rng.choice((0, 3, 20, 45)))
    paid = rng.choice((None, None, charged, Money.zero(charged.currency)))
    acts: dict[str, Any] = {"charged": charged or None, "paid": paid if charged else None, "by": ANA, "now": now}
    return _of_account(lambda one: lib.import_subscription(one, name, terms, anchor=anchor, **acts))


def _pay(rng: Random, books: Books, now: datetime) -> Command:
    unpaid = [bill.id for bill in books.account.due]
    document = rng.choice((unpaid[:1] * 3 + unpaid) or [*books.account.bills, "none"])
    return Command(lambda one: lib.pay(one, document, by=ANA, now=now), (document,))


def _bill(rng: Random, books: Books, now: datetime) -> Command:
    name = rng.choice((None, None, *books.account.subscriptions))
    return Command(lambda one: lib.bill_due(one, name, by=ANA, now=now))


def _dun(_rng: Random, _books: Books, now: datetime) -> Command:
    return Command(lambda one: lib.dun(one, by=ANA, now=now))


def _note_failed(rng: Random, books: Books, now: datetime) -> Command:
    document = rng.choice([one.document for one in lib.charges_due(books.account, now=now)] or ["none"])
    return Command(lambda one: lib.note_failed_debit(one, document, by=ANA, now=now), (document,))


def _credit(rng: Random, _books: Books, now: datetime) -> Command:
    amount = Money.parse(rng.choice(("5.00 EUR", "45.00 EUR", "200.00 EUR", "2000 JPY")))
    return Command(lambda one: lib.open_credit(one, amount, by=ANA, now=now))


def _refund(rng: Random, books: Books, now: datetime) -> Command:
    amount = rng.choice([one for one in books.account.balances.values() if one] or [Money.parse("1.00 EUR")])
    return Command(lambda one: lib.refund_credit(one, amount, by=ANA, now=now))


def _subscription(rng: Random, books: Books, now: datetime) -> Command:
    found = tuple(books.account.subscriptions.values())
    if not found:
        return _order(rng, books, now)
    subscription = rng.choice(found)
    ways, fitting = _ways(rng, subscription.terms, now), _FITTING.get(state_at(subscription, now), ())
    decide = ways[rng.choice(fitting if fitting and rng.random() < 0.8 else tuple(ways))]
    return Command(lambda one: lib.carry_out(one, subscription.id, decide, by=ANA, now=now))


_FITTING: Final[Mapping[SubscriptionState, tuple[str, ...]]] = {
    SubscriptionState.TRIAL: ("change_trial", "convert"),
    SubscriptionState.ACTIVE: (
        *("change", "change", "change", "schedule", "schedule", "withdraw change", "align", "renew"),
        *("pause", "cancel", "withdraw cancellation"),
    ),
    SubscriptionState.PAUSED: ("resume",),
    SubscriptionState.EXPIRED: ("renew", "convert"),
}
"""What may be done in each state; each is as likely as often as it is here."""


def _ways(rng: Random, terms: SubscriptionTerms, now: datetime) -> dict[str, Decide]:
    """One of each of the commands of a subscription."""
    acts: dict[str, Any] = {"by": ANA, "now": now}
    change, later = any_change(rng, terms.price.currency.code), now + timedelta(days=rng.choice((-3, 1, 12, 40)))
    end, stop = rng.choice((EndOf.NOW, EndOf.TERM, later)), rng.choice((None, None, EndOf.NOW, EndOf.TERM, later))
    credit, name = rng.random() < 0.5, rng.choice(("x", "y"))
    effective = rng.choice((later, When.END_OF_PERIOD))
    common = Cycle(START.date(), Duration.parse("P1M"), terms.zone)
    return {
        "cancel": lambda state, _: subscribing.cancel(state, end, stop, credit=credit, **acts),
        "withdraw cancellation": lambda state, _: subscribing.withdraw_cancellation(state, **acts),
        "change": lambda state, document: subscribing.change(state, change, document=document, **acts),
        "change_trial": lambda state, _: subscribing.change_trial(state, change, **acts),
        "schedule": lambda state, _: subscribing.schedule_change(state, change, effective, change_id=name, **acts),
        "withdraw change": lambda state, _: subscribing.withdraw_change(state, name, **acts),
        "align": lambda state, _: subscribing.align(state, common, **acts),
        "pause": lambda state, _: subscribing.pause(state, **acts),
        "resume": lambda state, document: subscribing.resume(state, document=document, **acts),
        "renew": lambda state, document: subscribing.renew(state, document=document, **acts),
        "convert": lambda state, document: subscribing.convert(state, document=document, **acts),
    }


def _of_account(change: Callable[[CustomerAccount], Decision[CustomerAccount, Any]], *people: str) -> Command:
    def decide(books: Books) -> BooksDecision:
        decision = change(books.account)
        return Decision(evolve(books, account=decision.state), decision.events)

    return Command(decide, people=people)


def _client(rng: Random, _books: Books, now: datetime) -> Command:
    acts: dict[str, Any] = {"by": ANA, "now": now}
    until = rng.choice((None, now + timedelta(days=rng.randint(1, 20))))
    cause, user, settings = rng.choice(CAUSES), rng.choice(PEOPLE), any_settings(rng)
    allowed, contact, plan = frozenset(rng.sample(("pay", "see"), 1)), rng.random() < 0.4, rng.choice(PLANS)
    ways = (
        _of_account(lambda one: lib.block(one, cause, until=until, **acts)),
        _of_account(lambda one: lib.unblock(one, cause, **acts)),
        _of_account(lambda one: lib.add_person(one, user, allowed, contact=contact, **acts), user),
        _of_account(lambda one: lib.remove_person(one, user, **acts), user),
        _of_account(lambda one: lib.configure(one, settings, **acts)),
        _of_account(lambda one: lib.assign_plan(one, plan, **acts)),
    )
    return rng.choice(ways)


_MAKERS: Final[tuple[Callable[[Random, Books, datetime], Command], ...]] = (
    *(_order, _import, _pay, _pay, _pay, _pay, _bill, _bill, _bill, _dun, _note_failed, _credit, _refund),
    *(_subscription, _subscription, _subscription, _subscription, _subscription, _client),
)
"""What makes a command, each as often as it is here."""
