"""One valid example of each public value of subscriptions, accounts, dunning and their services, made by the library.

One customer, `acme`, orders, pays, is billed, dunned, paused and cancelled; each step is a decision of its own.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any, Final, TypeVar

import attrs

from licensing_core import accounts, billing, enrollments, limits, pools, services
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import AccountSettings, Block, Books, Card, People, Person
from licensing_core.billing import ItemChange, Series, When
from licensing_core.checks import Value
from licensing_core.currencies import Currency
from licensing_core.decisions import Event
from licensing_core.directory import Content, Scope
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep, HoldingsEffect
from licensing_core.holdings import Holding
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import PackageKind, Renewal, Switches
from licensing_core.pricing import UnitPrice
from licensing_core.subscriptions import EndOf, Ordered, Subscribed, SubscriptionTerms
from tests.builders import NOON
from tests.specimens_metered import ANA, DONE, LATER, LIMITS, MADRID, SERVICE_PLAN, USAGE

E = TypeVar("E", bound=Event)

EUR: Final = Currency("EUR")
TENNER: Final = Money.parse("10.00 EUR")


def on(month: int, day: int) -> dict[str, Any]:
    """Who acts, and when: at noon of that day of 2026."""
    return {"by": ANA, "now": NOON.replace(month=month, day=day)}


def of(events: Iterable[Event], kind: type[E]) -> E:
    """The first of *events* that is of exactly this *kind*."""
    return next(one for one in events if type(one) is kind)


POLICY: Final = DunningPolicy(
    steps=(
        DunningStep(after_days=3, action=DunningAction.REMIND),
        DunningStep(after_days=7, action=DunningAction.SUSPEND),
        DunningStep(after_days=30, action=DunningAction.TERMINATE, holdings=HoldingsEffect.RELEASE),
    )
)
SETTINGS: Final = AccountSettings(
    administrator="ana", choices=frozenset({"small"}), dunning=POLICY, automatic_debit=True
)
CARD: Final = Card(name="Acme", email="it@acme.example")
ADDED: Final = accounts.add_customer("acme", SERVICE_PLAN, zone=MADRID, settings=SETTINGS, **DONE)
BLOCKED: Final = accounts.block(ADDED.state, "unpaid", until=LATER, **DONE)
LIFTED: Final = accounts.unblock(BLOCKED.state, "unpaid", **DONE)
STAFFED: Final = accounts.add_person(LIFTED.state, "luis", frozenset({"billing"}), **DONE)
LEFT: Final = accounts.remove_person(STAFFED.state, "luis", **DONE)
MOVED_ON: Final = accounts.assign_plan(STAFFED.state, attrs.evolve(SERVICE_PLAN, id="large"), **DONE)
CONFIGURED: Final = accounts.configure(STAFFED.state, attrs.evolve(SETTINGS, automatic_debit=False), **DONE)

SERIES: Final = accounts.DocumentSeries(credit_notes=Series("R-"))
NUMBERED: Final = accounts.open_numbers("documents", SERIES, **DONE)
WEB: Final = SubscriptionTerms(
    item="web",
    price=UnitPrice(TENNER),
    quantity=3,
    every=Duration(months=1),
    zone=MADRID,
    discounts=(billing.PercentDiscount(id="spring", percent=Fraction(10)),),
    rates=(billing.TaxRate(id="vat", percent=Fraction(21)),),
)
BY_HAND: Final = attrs.evolve(WEB, renewal=Renewal.MANUAL, most_renewals=12)
EMPTY: Final = Books(STAFFED.state, NUMBERED.state)
ORDERED: Final = accounts.order(EMPTY, "web", WEB, pools=frozenset({"p1"}), **DONE)
PAID: Final = accounts.pay(ORDERED.state, "proforma:1", **DONE)
"""Running from 4 May to 4 June."""
BILLED: Final = accounts.bill_due(PAID.state, **on(5, 20))
"""The proforma of June is out."""
OWING: Final = BILLED.state
FAILED: Final = accounts.note_failed_debit(OWING, "proforma:2", **on(6, 4))
REMINDED: Final = accounts.dun(FAILED.state, **on(6, 7))
SUSPENDED: Final = accounts.dun(REMINDED.state, **on(6, 11))
REINSTATED: Final = accounts.pay(SUSPENDED.state, "proforma:2", **on(6, 12))
TERMINATED: Final = accounts.dun(SUSPENDED.state, **on(7, 4))
CREDITED: Final = accounts.open_credit(PAID.state, TENNER, **DONE)


def subscribed(books: Books, name: str = "web") -> Subscribed:
    """The subscription with its ledger."""
    subscription = books.account.subscriptions[name]
    ledger = books.account.ledger(EUR, {turn.document for turn in subscription.turns if turn.document is not None})
    return Subscribed(subscription, ledger)


RUNNING: Final = subscribed(PAID.state)
AHEAD: Final = subscribed(OWING)
OVERDUE: Final = subscribed(SUSPENDED.state)
TRIED: Final = accounts.order(EMPTY, "web", WEB, trial_ends=NOON.replace(day=18), **DONE)
ON_TRIAL: Final = subscribed(TRIED.state)
MANUAL: Final = subscribed(
    accounts.pay(accounts.order(EMPTY, "web", BY_HAND, **DONE).state, "proforma:1", **DONE).state
)
MORE: Final = ItemChange(quantity=5)
CHANGED_TRIAL: Final = subscribing.change_trial(ON_TRIAL, MORE, **DONE)
SCHEDULED: Final = subscribing.schedule_change(RUNNING, MORE, When.END_OF_PERIOD, change_id="more", **on(5, 20))
TAKEN_BACK: Final = subscribing.withdraw_change(SCHEDULED.state, "more", **on(5, 21))
QUARTERS: Final = Cycle(date(2026, 1, 1), Duration(months=3), MADRID)
ALIGNED: Final = subscribing.align(RUNNING, QUARTERS, **on(5, 20))
CANCELLED: Final = subscribing.cancel(AHEAD, EndOf.TERM, **on(5, 21))
GOING_ON: Final = subscribing.withdraw_cancellation(CANCELLED.state, **on(5, 22))
PAUSED: Final = subscribing.pause(RUNNING, **on(5, 20))
PAUSED_BOOKS: Final = accounts.carry_out(
    PAID.state, "web", lambda state, _document: subscribing.pause(state, **on(5, 20)), **on(5, 20)
)
"""What was paid for the rest of May is in credit, and a credit note says so."""
CANCELLED_BOOKS: Final = accounts.carry_out(
    OWING, "web", lambda state, _document: subscribing.cancel(state, **on(5, 21)), **on(5, 21)
)
"""The proforma of June is void."""
BEGAN: Final = (ADDED, STAFFED, ORDERED, PAID, BILLED, FAILED, REMINDED, SUSPENDED, REINSTATED)
HISTORY: Final[tuple[Event, ...]] = tuple(event for decision in BEGAN for event in decision.events)
BROUGHT: Final = accounts.import_subscription(
    LIFTED.state, "web", WEB, anchor=date(2024, 1, 31), charged=Money.parse("27.00 EUR"), renewals=27, **DONE
)
"""The period of May was charged elsewhere: 30.00 EUR less 10 percent."""
IMPORTED: Final = BROUGHT.events[0]
FIRE: Final = Content.course("fire")
POOL_BROUGHT: Final = enrollments.import_pool(
    "old",
    PackageKind.LICENSES,
    beneficiary=Scope.group("coaches"),
    bought=5,
    holders={"ana": Holding.HELD, "luis": Holding.AWAITING},
    enrollments=[
        enrollments.Enrollment(user="ana", content=FIRE, pool="old", status=enrollments.EnrollmentStatus.ENROLLED)
    ],
    renewals=2,
    revoked=1,
    switches=Switches(),
    **DONE,
)
POOL_IMPORTED: Final = POOL_BROUGHT.events[0]
OWNER: Final = accounts.owner_panel(
    CREDITED.state.account, limits.panel(USAGE, LIMITS, administrator="ana", **DONE), **on(5, 20)
)
CUSTOMER_ROW: Final = accounts.customer_row(BLOCKED.state, NOON)
DASHBOARD: Final = accounts.dashboard([OWING.account, BLOCKED.state], recent=HISTORY[-1:], now=NOON)
SUBSCRIPTIONS: Final = accounts.subscription_rows(CANCELLED_BOOKS.state.account, NOON)
BILLS: Final = accounts.bill_rows(PAUSED_BOOKS.state.account)
NOTICES: Final = accounts.notices(HISTORY)
CHARGES: Final = accounts.charges_due(OWING.account, now=on(6, 4)["now"])

POOL_SUSPENDED: Final = pools.suspend(POOL_BROUGHT.state.pool, **DONE)
POOL_REINSTATED: Final = pools.reinstate(POOL_SUSPENDED.state, **DONE)

WAITING: Final = Ordered(document="proforma:1", quote=of(BILLED.events, subscribing.TurnBilled).quote, at=NOON)
ENDING: Final = of(CANCELLED.events, subscribing.SubscriptionCancelled).ends

ACCOUNTS: Final[tuple[Value, ...]] = (
    CARD,
    Block(since=NOON, until=LATER),
    Person(permissions=frozenset({"billing"}), contact=True),
    POLICY.steps[0],
    POLICY,
    SETTINGS,
    SUSPENDED.state.account,
    SUSPENDED.state.account.bills["proforma:2"],
    SERIES,
    OWING.numbers,
    OWING,
    WEB,
    OVERDUE.subscription.turns[-1],
    WAITING,
    ENDING,
    OVERDUE.subscription,
    OVERDUE,
    ADDED.events[0],
    of(MOVED_ON.events, accounts.PlanAssigned),
    of(BLOCKED.events, accounts.CustomerBlocked),
    of(LIFTED.events, accounts.BlockLifted),
    of(STAFFED.events, accounts.PersonAdded),
    of(LEFT.events, accounts.PersonRemoved),
    of(CONFIGURED.events, accounts.SettingsChanged),
    of(BILLED.events, accounts.BillIssued),
    of(PAID.events, accounts.BillPaid),
    of(CANCELLED_BOOKS.events, accounts.BillVoided),
    of(FAILED.events, accounts.DebitFailed),
    of(REMINDED.events, accounts.ReminderSent),
    IMPORTED,
    POOL_IMPORTED,
    POOL_SUSPENDED.events[0],
    POOL_REINSTATED.events[0],
    pools.PoolTakenOver(
        **{field.name: getattr(POOL_IMPORTED, field.name) for field in attrs.fields(pools.PoolTakenOver)}
    ),
    of(CREDITED.events, accounts.CreditOpened),
    NUMBERED.events[0],
    of(ORDERED.events, accounts.NumbersTaken),
    of(ORDERED.events, subscribing.SubscriptionStarted),
    of(BILLED.events, subscribing.TurnBilled),
    of(PAID.events, subscribing.SubscriptionActivated),
    of(REINSTATED.events, subscribing.TurnsSettled),
    of(CANCELLED.events, subscribing.TurnsWithdrawn),
    of(SUSPENDED.events, subscribing.SubscriptionSuspended),
    of(REINSTATED.events, subscribing.SubscriptionReinstated),
    of(TERMINATED.events, subscribing.SubscriptionTerminated),
    of(CANCELLED.events, subscribing.SubscriptionCancelled),
    of(GOING_ON.events, subscribing.CancellationWithdrawn),
    of(PAUSED.events, subscribing.SubscriptionPaused),
    of(CHANGED_TRIAL.events, subscribing.TermsChanged),
    of(SCHEDULED.events, subscribing.SubscriptionChangeScheduled),
    of(TAKEN_BACK.events, subscribing.SubscriptionChangeWithdrawn),
    of(ALIGNED.events, subscribing.SubscriptionAligned),
    CHARGES[0],
    CUSTOMER_ROW,
    DASHBOARD,
    SUBSCRIPTIONS[0],
    BILLS[0],
    NOTICES[0],
    OWNER,
)
"""One of each."""
_ASKED: Final[dict[str, Any]] = {"tenant": "t1", "actor": "ana"}
_OF_ONE: Final[dict[str, Any]] = {"customer": "acme", **_ASKED}
_SENT: Final[dict[str, Any]] = {"key": "k1", **_OF_ONE}
_NAMED: Final[dict[str, Any]] = {"subscription": "web", **_SENT}
ACCOUNTS_SERVED: Final[tuple[Value, ...]] = (
    services.CustomerRows((CUSTOMER_ROW,)),
    services.PeopleRows({"luis": Person(permissions=frozenset({"billing"}))}),
    services.CardShown(card=CARD),
    services.SubscriptionRows(SUBSCRIPTIONS),
    services.BillRows(BILLS),
    services.Notices(NOTICES),
    services.Charges(CHARGES),
    services.BooksChanged(
        issued=("proforma:1",),
        paid=("proforma:1",),
        voided=("proforma:3",),
        reminded=("proforma:2",),
        suspended=("web",),
        terminated=("mail",),
        subscriptions=SUBSCRIPTIONS,
        bills=BILLS,
    ),
    services.AddCustomer(name="Acme", email="it@acme.example", plan="basic", settings=SETTINGS, **_SENT),
    services.BlockCustomer(cause="unpaid", until=LATER, **_SENT),
    services.UnblockCustomer(cause="unpaid", **_SENT),
    services.ConfigureCustomer(settings=SETTINGS, **_SENT),
    services.AddPerson(person="luis", permissions=frozenset({"billing"}), contact=True, **_SENT),
    services.RemovePerson(person="luis", **_SENT),
    services.KeepCard(person="luis", name="Luis", email="luis@acme.example", **_SENT),
    services.ReadCard(person="luis", **_OF_ONE),
    services.FindCustomers(email="it@acme.example", **_ASKED),
    services.ReadCustomer(**_OF_ONE),
    services.ListCustomers(**_ASKED),
    services.ListPeople(**_OF_ONE),
    services.ReadDashboard(**_ASKED),
    services.OrderSubscription(terms=WEB, trial_ends=LATER, converts=False, pools=frozenset({"p1"}), **_NAMED),
    services.PayBill(document="proforma:1", paid=TENNER, **_SENT),
    services.BillCustomer(**_NAMED),
    services.ListCharges(**_OF_ONE),
    services.NoteFailedDebit(document="proforma:1", **_SENT),
    services.DunCustomer(**_SENT),
    services.OpenCredit(amount=TENNER, **_SENT),
    services.RefundCredit(amount=TENNER, **_SENT),
    services.ListSubscriptions(**_OF_ONE),
    services.ListBills(**_OF_ONE),
    services.ListNotices(**_OF_ONE),
    services.MayUseSubscription(subscription="web", **_OF_ONE),
    services.CancelSubscription(access=LATER, billing=EndOf.TERM, credit=True, **_NAMED),
    services.WithdrawCancellation(**_NAMED),
    services.ChangeSubscription(change=MORE, effective=When.END_OF_PERIOD, change_id="more", **_NAMED),
    services.WithdrawChange(change_id="more", **_NAMED),
    services.RenewSubscription(**_NAMED),
    services.ConvertTrial(**_NAMED),
    services.PauseSubscription(**_NAMED),
    services.ResumeSubscription(**_NAMED),
    services.AlignSubscription(cycle=QUARTERS, **_NAMED),
    services.QuoteChange(subscription="web", change=MORE, **_OF_ONE),
    services.ImportCustomer(
        name="Acme",
        email="it@acme.example",
        plan="basic",
        trial_ends=LATER,
        settings=SETTINGS,
        blocks={"unpaid": Block(since=NOON)},
        people={"luis": Person()},
        balances=(TENNER,),
        **_SENT,
    ),
    services.ImportSubscription(
        terms=WEB,
        anchor=date(2024, 1, 31),
        charged=TENNER,
        paid=TENNER,
        renewals=27,
        scheduled=(of(SCHEDULED.events, subscribing.SubscriptionChangeScheduled).change,),
        ends=ENDING,
        pools=frozenset({"p1"}),
        **_NAMED,
    ),
    services.ImportPool(
        key="k1",
        pool="old",
        kind=PackageKind.LICENSES,
        beneficiary=Scope.group("coaches"),
        bought=5,
        holders={"ana": Holding.HELD},
        enrollments=POOL_IMPORTED.enrollments,
        **_ASKED,
    ),
)
"""One of each command, query and answer of these."""
ACCOUNTS_IN_PART: Final = (OWING.account.bills, People({"luis": Person()}, loaded={"luis", "mei"}))
"""The mappings of these that may be loaded in part."""
