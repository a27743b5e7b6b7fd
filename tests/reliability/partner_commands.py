"""The commands of a partner's year: each draws what it asks for, asks the library, and notes what was asked."""

from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from licensing_core import accounts
from licensing_core.accounts import AccountSettings, Block, Person
from licensing_core.billing import TaxRate
from licensing_core.checks import FrozenMap
from licensing_core.currencies import Currency
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep
from licensing_core.limits import Limits
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Renewal, ServicePlan
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.subscriptions import (
    RenewalBasis,
    SubscriptionTerms,
)
from licensing_core.testing.law import require
from tests.reliability.partner_client import Client
from tests.reliability.partner_naive import Sold
from tests.reliability.partner_service import Asked, Dunning, Service
from tests.reliability.partner_world import BY, Partner, any_document

ZONES: Final = ("Europe/Madrid", "America/Mexico_City", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia", "UTC")
PLANS: Final = {"plain": 0, "tried": 14, "short": 1}
"""Service plans, with the days of their trials."""
POLICIES: Final = (
    Dunning(),
    Dunning(),
    Dunning(proforma=0, charge=3, suspend=0, terminate=20),
    Dunning(proforma=40, remind=(0, 5), suspend=14, terminate=45),
    Dunning(proforma=7, charge=1, remind=(3,), suspend=3, terminate=0),
)
INTERVALS: Final = ((1, 0), (1, 0), (1, 0), (3, 0), (12, 0), (0, 7), (0, 10), (0, 30))
CAUSES: Final = ("unpaid", "abuse", "holiday")
USERS: Final = ("ana", "luis", "mei", "sam")
CODES: Final = ("EUR", "EUR", "EUR", "JPY")


def _plan(name: str) -> ServicePlan:
    return ServicePlan(id=name, limits=Limits(), trial_days=PLANS[name])


def _policy(days: Dunning) -> DunningPolicy:
    steps = [(day, DunningAction.REMIND) for day in days.remind]
    steps += [(days.suspend, DunningAction.SUSPEND)]
    steps += [(days.terminate, DunningAction.TERMINATE)] if days.terminate else []
    made = (DunningStep(after_days=day, action=action) for day, action in sorted(steps))
    return DunningPolicy(proforma_days=days.proforma, charge_days=days.charge, steps=tuple(made))


def _settings(automatic: bool, days: Dunning) -> AccountSettings:
    return AccountSettings(automatic_debit=automatic, dunning=_policy(days))


def money(minor: int, code: str) -> Money:
    return Money(minor, Currency(code))


def add(partner: Partner) -> None:
    """A new client, or one that is taken over from another system."""
    rng, name = partner.rng, f"c{len(partner.clients)}"
    plan, zone = rng.choice((None, *PLANS)), rng.choice(ZONES)
    client = Client(name, zone, partner.counted, plan, None, rng.random() < 0.5, rng.choice(POLICIES))
    settings = _settings(client.automatic, client.dunning)
    given: dict[str, Any] = {"zone": zone, "settings": settings, "by": BY, "now": partner.now}
    known = None if plan is None else _plan(plan)
    if rng.random() < 0.8:
        if plan is not None and PLANS[plan]:
            client.trial_ends = _days_on(partner.now, PLANS[plan], zone)
        partner.begin(client, accounts.add_customer(name, known, **given))
        return
    client.trial_ends = rng.choice((None, partner.now + timedelta(days=rng.randint(-3, 20))))
    client.blocks, client.people = {"unpaid": None}, {"ana": False, "mei": True}
    client.given = {"EUR": rng.randrange(3000)}
    client.balances = dict(client.given)
    brought = accounts.import_customer(
        name,
        known,
        trial_ends=client.trial_ends,
        blocks=FrozenMap({"unpaid": Block(since=partner.now)}),
        people=FrozenMap({user: Person(contact=contact) for user, contact in client.people.items()}),
        balances=(money(client.given["EUR"], "EUR"),),
        **given,
    )
    partner.begin(client, brought)


def _days_on(at: datetime, days: int, zone: str) -> datetime:
    """The same time of the day so many days later; in a gap of the clocks it is that much later."""
    local = at.astimezone(ZoneInfo(zone))
    return (local + timedelta(days=days)).replace(fold=0).astimezone(at.tzinfo)


def assign_plan(partner: Partner, client: Client) -> None:
    plan = partner.rng.choice(tuple(PLANS))

    def note() -> None:
        client.plan, client.trial_ends = plan, None

    partner.do(
        client,
        Asked("assign"),
        lambda books: accounts.assign_plan(books.account, _plan(plan), by=BY, now=partner.now),
        note,
    )


def block(partner: Partner, client: Client) -> None:
    rng, now, cause = partner.rng, partner.now, partner.rng.choice(CAUSES)
    until = rng.choice((None, now + timedelta(hours=rng.randint(1, 600))))
    partner.do(
        client,
        Asked("block"),
        lambda books: accounts.block(books.account, cause, until=until, by=BY, now=now),
        lambda: client.blocks.update({cause: until}),
    )


def unblock(partner: Partner, client: Client) -> None:
    now, held = partner.now, sorted(client.causes(partner.now))
    cause = partner.rng.choice(held if held and partner.rng.random() < 0.8 else CAUSES)
    partner.do(
        client,
        Asked("unblock"),
        lambda books: accounts.unblock(books.account, cause, by=BY, now=now),
        lambda: client.blocks.pop(cause),
        refused=None if cause in held else "block.none",
    )


def add_person(partner: Partner, client: Client) -> None:
    rng, now, user = partner.rng, partner.now, partner.rng.choice(USERS)
    contact, allowed = rng.random() < 0.3, frozenset(rng.sample(("bills", "mail"), rng.randrange(3)))
    partner.do(
        client,
        Asked("person"),
        lambda books: accounts.add_person(books.account, user, allowed, contact=contact, by=BY, now=now),
        lambda: client.people.update({user: contact}),
        refused="client.blocked" if client.causes(now) else None,
    )


def remove_person(partner: Partner, client: Client) -> None:
    now, user = partner.now, partner.rng.choice(USERS)
    partner.do(
        client,
        Asked("person"),
        lambda books: accounts.remove_person(books.account, user, by=BY, now=now),
        lambda: client.people.pop(user, None),
        refused="client.blocked" if client.causes(now) else None,
    )


def configure(partner: Partner, client: Client) -> None:
    automatic, days = partner.rng.random() < 0.5, partner.rng.choice((client.dunning, *POLICIES))

    def note() -> None:
        client.automatic, client.dunning = automatic, days

    partner.do(
        client,
        Asked("configure"),
        lambda books: accounts.configure(books.account, _settings(automatic, days), by=BY, now=partner.now),
        note,
    )


def some_sold(rng: Random) -> Sold:
    months, days = rng.choice(INTERVALS)
    price = rng.choice((0, 1, 99, 990, 3333, rng.randrange(20_000)))
    item = rng.choice(("web", "mail", "plain", "tried"))
    return Sold(item, price, rng.randint(1, 4), months, days, flat=rng.random() < 0.3, taxed=rng.random() < 0.5)


def price_of(sold: Sold, code: str) -> FlatPrice | UnitPrice:
    return (FlatPrice if sold.flat else UnitPrice)(money(sold.price, code))


def terms_of(one: Service) -> SubscriptionTerms:
    sold = one.sold
    return SubscriptionTerms(
        item=sold.item,
        price=price_of(sold, one.currency),
        quantity=sold.quantity,
        every=Duration(months=sold.months, days=sold.days),
        zone=one.zone,
        renewal=Renewal(one.renewal),
        most_renewals=one.most,
        basis=RenewalBasis(one.basis),
        rates=(TaxRate(id="vat", percent=Fraction(21)),) if sold.taxed else (),
    )


def order(partner: Partner, client: Client) -> None:
    rng, now = partner.rng, partner.now
    known = len(client.services)
    name = f"s{known}" if rng.random() < 0.95 or not known else "s0"
    trial = now + timedelta(hours=rng.randint(1, 700)) if rng.random() < 0.25 else None
    one = Service(
        name,
        client.zone,
        rng.choice(CODES),
        some_sold(rng),
        rng.choice(("automatic", "automatic", "automatic", "manual", "none")),
        rng.choice((None, None, None, 0, 1, 4)),
        rng.choice(tuple(RenewalBasis)).value,
        None,
        None,
        trial,
        rng.random() < 0.8,
        client.papers,
    )
    partner.do(
        client,
        Asked("order", name),
        lambda books: accounts.order(
            books, name, terms_of(one), trial_ends=trial, converts=one.converts, by=BY, now=now
        ),
        lambda: client.services.update({name: one}),
    )


def pay(partner: Partner, client: Client, document: str | None = None) -> None:
    document = document or any_document(partner, client)
    paper, rng = client.papers.get(document), partner.rng
    wrong = paper is not None and paper.status == "unpaid" and rng.random() < 0.05
    paid = None if paper is None or rng.random() < 0.3 else money(paper.owed + wrong, paper.currency)
    partner.do(
        client,
        Asked("pay", document=document),
        lambda books: accounts.pay(books, document, paid=paid, by=BY, now=partner.now),
        refused="invoice.amount_differs" if wrong and paid is not None else None,
    )


def fail(partner: Partner, client: Client, document: str | None = None) -> None:
    document = document or any_document(partner, client)
    partner.do(
        client,
        Asked("fail", document=document),
        lambda books: accounts.note_failed_debit(books, document, by=BY, now=partner.now),
    )


def bill(partner: Partner, client: Client, *, alone: bool = False) -> None:
    names = sorted(client.services)
    name = partner.rng.choice(names) if names and alone else ""
    partner.do(
        client,
        Asked("bill", name),
        lambda books: accounts.bill_due(books, name or None, by=BY, now=partner.now),
    )


def charge(partner: Partner, client: Client) -> None:
    """Each charge goes through, or fails."""
    charges = accounts.charges_due(partner.accounts[client.name], now=partner.now)
    said = [(one.document, one.subscription, one.amount.minor, one.attempt) for one in charges]
    require(said == client.charges(partner.now), "what is charged", said=said, due=client.charges(partner.now))
    for name, *_ in said:
        if client.papers[name].status == "unpaid":
            (pay if partner.rng.random() < 0.7 else fail)(partner, client, name)


def dun(partner: Partner, client: Client) -> None:
    """No step is left that is due; that those taken were due is seen as each happens, since one may pay for others."""
    partner.do(client, Asked("dun"), lambda books: accounts.dun(books, by=BY, now=partner.now))
    left = client.steps(partner.now), client.reminders(partner.now)
    require(left == ([], []), "each step of the dunning is taken", left=left)


def run_all(partner: Partner, client: Client) -> None:
    """The jobs of a day, one after the other."""
    for job in (bill, charge, dun):
        job(partner, client)


def open_credit(partner: Partner, client: Client) -> None:
    amount = money(partner.rng.choice((1, 20, 300, 5000)), partner.rng.choice(CODES))
    partner.do(client, Asked("credit"), lambda books: accounts.open_credit(books, amount, by=BY, now=partner.now))


def refund_credit(partner: Partner, client: Client) -> None:
    rng, code = partner.rng, partner.rng.choice(CODES)
    held = client.balances.get(code, 0)
    asked = rng.randint(1, held) if held and rng.random() < 0.9 else held + 1
    amount = money(asked, code)
    partner.do(
        client,
        Asked("refund"),
        lambda books: accounts.refund_credit(books, amount, by=BY, now=partner.now),
        refused="ledger.balance_exceeded" if asked > held else None,
    )
