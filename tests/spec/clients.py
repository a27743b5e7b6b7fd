"""Plays the steps about clients, their services and their bills, by pure functions and by services."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Final, Protocol

from attrs import evolve, frozen

from licensing_core import accounts, services
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import (
    PLAIN_SETTINGS,
    BillRow,
    Books,
    BooksDecision,
    Card,
    CustomerAccount,
    CustomerExists,
    CustomerRow,
    Dashboard,
    DocumentSeries,
    Notice,
    Numbers,
    SubscriptionRow,
    UnknownBill,
    UnknownCustomer,
    UnknownSubscription,
)
from licensing_core.billing import Series
from licensing_core.decisions import Event
from licensing_core.directory import Actor
from licensing_core.limits import UnknownPlan
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import ServicePlan
from licensing_core.pricing import FlatPrice
from licensing_core.services import BooksChanged, Licensing
from licensing_core.subscriptions import EndOf, SubscriptionTerms
from tests.spec.world import OPERATOR, World

TENANT: Final = "spec"
SERIES: Final = DocumentSeries(proformas=Series("P-"), invoices=None)
"""The numbers of stories run over all clients, and are kept when a proforma is paid."""
_BY: Final = Actor(OPERATOR)


@frozen
class Run:
    """What one run of the billing did, over all clients."""

    issued: Sequence[str]
    charged: Sequence[str]
    suspended: Sequence[str]
    terminated: Sequence[str]


class ClientDriver(Protocol):
    """Carries out one step about clients; refusals are raised as the library raises them."""

    def add(self, client: str, email: str, plan: str) -> CustomerRow: ...
    def assign_plan(self, client: str, plan: str) -> CustomerRow: ...
    def block(self, client: str, cause: str) -> CustomerRow: ...
    def unblock(self, client: str, cause: str) -> CustomerRow: ...
    def client(self, client: str) -> CustomerRow: ...
    def add_user(self, client: str, user: str, permissions: Collection[str]) -> CustomerRow: ...
    def remove_user(self, client: str, user: str) -> CustomerRow: ...
    def users(self, client: str) -> dict[str, list[str]]: ...
    def dashboard(self) -> Dashboard: ...
    def order(self, client: str, service: str, price: str, every: str) -> tuple[SubscriptionRow, str]: ...
    def pay(self, document: str) -> tuple[BillRow, SubscriptionRow]: ...
    def run_billing(self, failing: Collection[str]) -> Run: ...
    def set_autopay(self, client: str, *, on: bool) -> None: ...
    def cancel(self, client: str, service: str, access: EndOf) -> SubscriptionRow: ...
    def services(self, client: str) -> Sequence[SubscriptionRow]: ...
    def bills(self, client: str) -> Sequence[BillRow]: ...
    def notices(self, client: str) -> Sequence[Notice]: ...


def _terms(price: str, every: str, service: str, zone: str) -> SubscriptionTerms:
    return SubscriptionTerms(item=service, price=FlatPrice(Money.parse(price)), every=Duration.parse(every), zone=zone)


class PureClients:
    """The pure functions, with the states in memory."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._numbers = Numbers(id="documents", series=SERIES)
        self._accounts: dict[str, CustomerAccount] = {}
        self._events: dict[str, list[Event]] = {}
        for name, form in world.clients.items():
            self.add(name, form.email, form.plan)

    def _plan(self, plan: str) -> ServicePlan:
        found = self.world.service_plan(TENANT, plan)
        if found is None:
            raise UnknownPlan(plan=plan)
        return found

    def _account(self, client: str) -> CustomerAccount:
        if client not in self._accounts:
            raise UnknownCustomer(customer=client)
        return self._accounts[client]

    def _keep(self, account: CustomerAccount, events: Sequence[Event]) -> CustomerRow:
        self._accounts[account.id] = account
        self._events.setdefault(account.id, []).extend(events)
        return accounts.customer_row(account, self.world.now)

    def add(self, client: str, email: str, plan: str) -> CustomerRow:
        if client in self._accounts:
            raise CustomerExists(customer=client)
        found = self._plan(plan)
        Card(name=client, email=email)
        settings = evolve(PLAIN_SETTINGS, dunning=self.world.dunning)
        decision = accounts.add_customer(
            client, found, zone=self.world.zone(TENANT), settings=settings, by=_BY, now=self.world.now
        )
        return self._keep(decision.state, decision.events)

    def _changed(self, client: str, decide: Callable[[CustomerAccount], Any]) -> CustomerRow:
        decision = decide(self._account(client))
        return self._keep(decision.state, decision.events)

    def assign_plan(self, client: str, plan: str) -> CustomerRow:
        now = self.world.now
        return self._changed(client, lambda one: accounts.assign_plan(one, self._plan(plan), by=_BY, now=now))

    def block(self, client: str, cause: str) -> CustomerRow:
        now = self.world.now
        return self._changed(client, lambda account: accounts.block(account, cause, by=_BY, now=now))

    def unblock(self, client: str, cause: str) -> CustomerRow:
        now = self.world.now
        return self._changed(client, lambda account: accounts.unblock(account, cause, by=_BY, now=now))

    def client(self, client: str) -> CustomerRow:
        return accounts.customer_row(self._account(client), self.world.now)

    def add_user(self, client: str, user: str, permissions: Collection[str]) -> CustomerRow:
        now, allowed = self.world.now, frozenset(permissions)
        return self._changed(client, lambda account: accounts.add_person(account, user, allowed, by=_BY, now=now))

    def remove_user(self, client: str, user: str) -> CustomerRow:
        now = self.world.now
        return self._changed(client, lambda account: accounts.remove_person(account, user, by=_BY, now=now))

    def users(self, client: str) -> dict[str, list[str]]:
        return {name: sorted(one.permissions) for name, one in self._account(client).people.items()}

    def dashboard(self) -> Dashboard:
        return accounts.dashboard(self._accounts.values(), now=self.world.now)

    def _moved(self, client: str, decide: Callable[[Books], BooksDecision]) -> tuple[Event, ...]:
        decision = decide(Books(self._account(client), self._numbers))
        self._numbers = decision.state.numbers
        own, _ = accounts.books.split(decision.events)
        self._keep(decision.state.account, own)
        return own

    def _row(self, client: str, service: str) -> SubscriptionRow:
        rows = accounts.subscription_rows(self._account(client), self.world.now)
        return next(row for row in rows if row.subscription == service)

    def order(self, client: str, service: str, price: str, every: str) -> tuple[SubscriptionRow, str]:
        terms = _terms(price, every, service, self._account(client).zone)
        events = self._moved(client, lambda books: accounts.order(books, service, terms, by=_BY, now=self.world.now))
        issued = next(one.bill.id for one in events if isinstance(one, accounts.BillIssued))
        return self._row(client, service), issued

    def pay(self, document: str) -> tuple[BillRow, SubscriptionRow]:
        owner = next((name for name, one in self._accounts.items() if document in one.bills), None)
        if owner is None:
            raise UnknownBill(document=document)
        self._moved(owner, lambda books: accounts.pay(books, document, by=_BY, now=self.world.now))
        account = self._account(owner)
        row = next(row for row in accounts.bill_rows(account) if row.document == document)
        return row, self._row(owner, account.bills[document].subscription)

    def run_billing(self, failing: Collection[str]) -> Run:
        now = self.world.now
        told: list[Event] = []
        for service, client in _by_service({n: self.services(n) for n in self._accounts}):
            told += self._moved(client, partial(accounts.bill_due, subscription_id=service, by=_BY, now=now))
        charged = []
        for client in sorted(self._accounts):
            for charge in accounts.charges_due(self._account(client), now=now):
                if client in failing:
                    self._moved(
                        client,
                        partial(accounts.note_failed_debit, document=charge.document, by=_BY, now=now),
                    )
                else:
                    charged.append(charge.document)
                    self.pay(charge.document)
            told += self._moved(client, lambda books: accounts.dun(books, by=_BY, now=now))
        return Run(
            issued=[one.bill.id for one in told if isinstance(one, accounts.BillIssued)],
            charged=charged,
            suspended=[one.subscription for one in told if isinstance(one, subscribing.SubscriptionSuspended)],
            terminated=[one.subscription for one in told if isinstance(one, subscribing.SubscriptionTerminated)],
        )

    def set_autopay(self, client: str, *, on: bool) -> None:
        settings = evolve(self._account(client).settings, automatic_debit=on)
        self._changed(client, lambda account: accounts.configure(account, settings, by=_BY, now=self.world.now))

    def cancel(self, client: str, service: str, access: EndOf) -> SubscriptionRow:
        if client not in self._accounts:
            raise UnknownSubscription(customer=client, subscription=service)
        now = self.world.now
        self._moved(
            client,
            lambda books: accounts.carry_out(
                books, service, lambda state, _: subscribing.cancel(state, access, by=_BY, now=now), by=_BY, now=now
            ),
        )
        return self._row(client, service)

    def services(self, client: str) -> Sequence[SubscriptionRow]:
        return accounts.subscription_rows(self._account(client), self.world.now)

    def bills(self, client: str) -> Sequence[BillRow]:
        return accounts.bill_rows(self._account(client))

    def notices(self, client: str) -> Sequence[Notice]:
        self._account(client)
        return accounts.notices(self._events[client])


def _by_service(rows: dict[str, Sequence[SubscriptionRow]]) -> list[tuple[str, str]]:
    """Each service with its client, by the id of the service."""
    return sorted((row.subscription, client) for client, found in rows.items() for row in found)


class ServedClients:
    """The services over a store; each step is a command under a key of its own."""

    def __init__(self, licensing: Licensing, world: World, sent: Callable[[str], dict[str, Any]]) -> None:
        self.world, self._run, self._keyed = world, licensing.run, sent
        self._owners: dict[str, str] = {}
        for name, form in world.clients.items():
            self.add(name, form.email, form.plan)

    def _sent(self) -> dict[str, Any]:
        return self._keyed(OPERATOR)

    def _asked(self) -> dict[str, Any]:
        return {"tenant": TENANT, "actor": OPERATOR}

    def add(self, client: str, email: str, plan: str) -> CustomerRow:
        settings = evolve(PLAIN_SETTINGS, dunning=self.world.dunning)
        return self._run(
            services.AddCustomer(
                **self._sent(), customer=client, name=client, email=email, plan=plan, settings=settings
            )
        )

    def assign_plan(self, client: str, plan: str) -> CustomerRow:
        self._run(services.ChangeServicePlan(**self._sent(), customer=client, plan=plan))
        return self.client(client)

    def block(self, client: str, cause: str) -> CustomerRow:
        return self._run(services.BlockCustomer(**self._sent(), customer=client, cause=cause))

    def unblock(self, client: str, cause: str) -> CustomerRow:
        return self._run(services.UnblockCustomer(**self._sent(), customer=client, cause=cause))

    def client(self, client: str) -> CustomerRow:
        return self._run(services.ReadCustomer(**self._asked(), customer=client))

    def add_user(self, client: str, user: str, permissions: Collection[str]) -> CustomerRow:
        allowed = frozenset(permissions)
        return self._run(services.AddPerson(**self._sent(), customer=client, person=user, permissions=allowed))

    def remove_user(self, client: str, user: str) -> CustomerRow:
        return self._run(services.RemovePerson(**self._sent(), customer=client, person=user))

    def users(self, client: str) -> dict[str, list[str]]:
        rows = self._run(services.ListPeople(**self._asked(), customer=client)).rows
        return {name: sorted(one.permissions) for name, one in rows.items()}

    def dashboard(self) -> Dashboard:
        return self._run(services.ReadDashboard(**self._asked()))

    def order(self, client: str, service: str, price: str, every: str) -> tuple[SubscriptionRow, str]:
        terms = _terms(price, every, service, self.world.zone(TENANT))
        answer = self._run(
            services.OrderSubscription(**self._sent(), customer=client, subscription=service, terms=terms)
        )
        self._own(client, answer)
        return answer.subscriptions[0], answer.issued[0]

    def _own(self, client: str, answer: BooksChanged) -> None:
        self._owners.update(dict.fromkeys(answer.issued, client))

    def pay(self, document: str) -> tuple[BillRow, SubscriptionRow]:
        client = self._owners.get(document, next(iter(self._owners.values()), "nobody"))
        answer = self._run(services.PayBill(**self._sent(), customer=client, document=document))
        return answer.bills[0], answer.subscriptions[0]

    def run_billing(self, failing: Collection[str]) -> Run:
        clients = [row.customer for row in self._run(services.ListCustomers(**self._asked())).rows]
        issued, charged = list[str](), list[str]()
        suspended, terminated = list[str](), list[str]()
        for service, client in _by_service({name: self.services(name) for name in clients}):
            answer = self._run(services.BillCustomer(**self._sent(), customer=client, subscription=service))
            self._own(client, answer)
            issued += answer.issued
        for client in clients:
            for charge in self._run(services.ListCharges(**self._asked(), customer=client)).rows:
                told = {**self._sent(), "customer": client, "document": charge.document}
                if client in failing:
                    self._run(services.NoteFailedDebit(**told))
                else:
                    self._run(services.PayBill(**told, paid=charge.amount))
                    charged.append(charge.document)
            answer = self._run(services.DunCustomer(**self._sent(), customer=client))
            suspended += answer.suspended
            terminated += answer.terminated
        return Run(issued, charged, suspended, terminated)

    def set_autopay(self, client: str, *, on: bool) -> None:
        settings = evolve(PLAIN_SETTINGS, dunning=self.world.dunning, automatic_debit=on)
        self._run(services.ConfigureCustomer(**self._sent(), customer=client, settings=settings))

    def cancel(self, client: str, service: str, access: EndOf) -> SubscriptionRow:
        command = services.CancelSubscription(**self._sent(), customer=client, subscription=service, access=access)
        return self._run(command).subscriptions[0]

    def services(self, client: str) -> Sequence[SubscriptionRow]:
        return self._run(services.ListSubscriptions(**self._asked(), customer=client)).rows

    def bills(self, client: str) -> Sequence[BillRow]:
        return self._run(services.ListBills(**self._asked(), customer=client)).rows

    def notices(self, client: str) -> Sequence[Notice]:
        return self._run(services.ListNotices(**self._asked(), customer=client)).rows
