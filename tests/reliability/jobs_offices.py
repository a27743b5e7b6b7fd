"""Who carries out the jobs and what customers do: the pure functions, or the services over a store in memory."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from licensing_core import accounts, license_cycle, services
from licensing_core.accounts import Bill, Books, BooksDecision, Charge, CustomerAccount, Numbers
from licensing_core.adapters.hosts import StaticHost
from licensing_core.adapters.memory import MemoryStore
from licensing_core.checks import FrozenMap
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Directory, Role
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import CycleClosed, CycleStillOpen, LicenseAccount, LicenseType
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, local_date
from licensing_core.pricing import UnitPrice
from licensing_core.protocols import AggregateKind
from licensing_core.services import BooksChanged, Command, Licensing
from licensing_core.services.subscriptions import SubscriptionCommand
from licensing_core.testing.law import require
from tests.reliability.jobs_scenes import ACTOR, TENANT, Buyer

BY: Final = Actor(ACTOR, Role.SUPERADMIN)
TYPES: Final = (
    LicenseType(id="web", price=UnitPrice(Money.parse("30.00 EUR")), minimum=1),
    LicenseType(id="app", price=UnitPrice(Money.parse("10.00 EUR"))),
)
TOTALS: Final = FrozenMap({"web": 2, "app": 1})


def cycle_of(buyer: Buyer, now: datetime) -> Cycle:
    return Cycle(local_date(now, buyer.zone), Duration(days=10), buyer.zone)


class Office(Protocol):
    """Carries out one thing at an instant; *turn* names a run of a job, as a scheduler would."""

    charged: Counter[str]
    """How often each document was charged."""
    cash: Counter[str]
    """What came in from each customer, in minor units."""
    codes: list[str]
    """What came of each deed."""

    def open(self, buyer: Buyer, now: datetime) -> None: ...
    def bill(self, buyer: Buyer, now: datetime, turn: str) -> bool: ...
    def pay(self, buyer: Buyer, now: datetime, turn: str) -> bool: ...
    def dun(self, buyer: Buyer, now: datetime, turn: str) -> bool: ...
    def close(self, buyer: Buyer, now: datetime, turn: str) -> bool: ...
    def do(self, buyer: Buyer, command: Command[Any], now: datetime, *, pays: bool) -> None: ...
    def account(self, buyer: Buyer) -> CustomerAccount: ...
    def licenses(self, buyer: Buyer) -> tuple[LicenseAccount, list[CycleClosed]]: ...


def owed(account: CustomerAccount, buyer: Buyer, now: datetime) -> list[Bill]:
    """What *buyer* pays by *now*, of what it is asked for by hand."""
    return [bill for bill in account.due if bill.lines and buyer.pays(bill.due, now)]


class Pure:
    """The pure functions, with the states in memory."""

    def __init__(self) -> None:
        self.numbers = Numbers(id="documents")
        self.accounts: dict[str, CustomerAccount] = {}
        self._licenses: dict[str, LicenseAccount] = {}
        self._closed: dict[str, list[CycleClosed]] = {}
        self.charged, self.cash, self.codes = Counter[str](), Counter[str](), list[str]()

    def open(self, buyer: Buyer, now: datetime) -> None:
        """A customer comes, with an account of licenses where it has one."""
        given = {"zone": buyer.zone, "settings": buyer.settings, "by": BY, "now": now}
        self.accounts[buyer.name] = accounts.add_customer(buyer.name, None, **given).state  # type: ignore[arg-type]
        self._closed[buyer.name] = []
        if buyer.licenses:
            self._licenses[buyer.name] = license_cycle.open_account(
                buyer.name, cycle=cycle_of(buyer, now), types=TYPES, totals=TOTALS, by=BY, now=now
            ).state

    def _carry(self, buyer: Buyer, decide: Callable[[Books], BooksDecision]) -> tuple[Event, ...]:
        decision = decide(Books(self.accounts[buyer.name], self.numbers))
        self.accounts[buyer.name], self.numbers = decision.state.account, decision.state.numbers
        return decision.events

    def bill(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """Whether anything was billed."""
        return bool(self._carry(buyer, lambda books: accounts.bill_due(books, by=BY, now=now)))

    def pay(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """What is due is charged, or the customer pays by itself; whether anything was paid."""
        account, paid = self.accounts[buyer.name], self.charged.total()
        if not buyer.automatic:
            for bill in owed(account, buyer, now):
                self._paid(buyer, bill.id, bill.outstanding, now)
            return self.charged.total() > paid
        for charge in accounts.charges_due(account, now=now):
            if buyer.pays(account.bills[charge.document].due, now):
                self._paid(buyer, charge.document, charge.amount, now)
            else:
                self._carry(buyer, lambda books, c=charge: _failed(books, c, now))  # type: ignore[misc]
        return self.charged.total() > paid

    def _paid(self, buyer: Buyer, document: str, amount: Money, now: datetime) -> None:
        self._carry(buyer, lambda books: accounts.pay(books, document, paid=amount, by=BY, now=now))
        self.charged[document] += 1
        self.cash[buyer.name] += amount.minor

    def dun(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """Whether a step was taken."""
        return bool(self._carry(buyer, lambda books: accounts.dun(books, by=BY, now=now)))

    def close(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """Whether a cycle was closed: all that have ended are."""
        closed = False
        while buyer.licenses:
            try:
                decision = license_cycle.close_cycle(self._licenses[buyer.name], by=BY, now=now)
            except CycleStillOpen:
                break
            self._licenses[buyer.name], closed = decision.state, True
            self._closed[buyer.name] += [one for one in decision.events if isinstance(one, CycleClosed)]
        return closed

    def do(self, buyer: Buyer, command: Command[Any], now: datetime, *, pays: bool) -> None:
        """Do what the customer asks for; a refusal is noted."""
        try:
            events = self._done(buyer, command, now)
        except LicensingError as refusal:
            self.codes.append(refusal.code)
            return
        self.codes.append("ok")
        if pays:
            for one in events:
                bill = one.bill if isinstance(one, accounts.BillIssued) else None
                if bill is not None and self.accounts[buyer.name].bills[bill.id].open:
                    self._paid(buyer, bill.id, bill.outstanding, now)

    def _done(self, buyer: Buyer, command: Command[Any], now: datetime) -> tuple[Event, ...]:
        if isinstance(command, SubscriptionCommand):
            return self._carry(
                buyer,
                lambda books: accounts.carry_out(
                    books,
                    command.subscription,
                    lambda state, document: command.decided(state, document, by=BY, now=now),
                    by=BY,
                    now=now,
                ),
            )
        if isinstance(command, services.OrderSubscription):
            given = {"trial_ends": command.trial_ends, "converts": command.converts, "by": BY, "now": now}
            name, terms = command.subscription, command.terms
            return self._carry(buyer, lambda books: accounts.order(books, name, terms, **given))  # type: ignore[arg-type]
        if isinstance(command, services.OpenCredit):
            amount = command.amount
            return self._carry(buyer, lambda books: accounts.open_credit(books, amount, by=BY, now=now))
        return self._about_licenses(buyer, command, now)

    def _about_licenses(self, buyer: Buyer, command: Any, now: datetime) -> tuple[Event, ...]:
        account = self._licenses[buyer.name]
        if isinstance(command, services.BuyLicenses):
            decision: Any = license_cycle.buy(
                account, command.buy, order_id=command.key, payment=command.payment, by=BY, now=now
            )
        else:
            act = license_cycle.grant if isinstance(command, services.GrantLicense) else license_cycle.revoke
            decision = act(account, command.user, command.license_type, by=BY, now=now)
        self._licenses[buyer.name] = decision.state
        return tuple(decision.events)

    def account(self, buyer: Buyer) -> CustomerAccount:
        """As it is by now."""
        return self.accounts[buyer.name]

    def licenses(self, buyer: Buyer) -> tuple[LicenseAccount, list[CycleClosed]]:
        """The account of licenses, and the cycles that were closed."""
        return self._licenses[buyer.name], self._closed[buyer.name]


def _failed(books: Books, charge: Charge, now: datetime) -> BooksDecision:
    return accounts.note_failed_debit(books, charge.document, by=BY, now=now)


class Served:
    """The services over a store in memory: each run of a job is sent under a key of its own, payments under theirs.

    All is sent twice, and the second time changes nothing.
    """

    def __init__(self, zone: str) -> None:
        host = StaticHost(TENANT, zone=zone, directory=Directory.of(), actors=[BY])
        self.store, self.now = MemoryStore(), datetime.max.replace(tzinfo=UTC)
        self.licensing = Licensing(self.store, host, lambda: self.now)
        self.charged, self.cash, self.codes = Counter[str](), Counter[str](), list[str]()

    def _run(self, buyer: Buyer, command: Command[Any], now: datetime) -> Any:
        """Send *command* twice: the same answer comes, and nothing happens the second time."""
        self.now = now
        answer = self.licensing.run(command)
        before = self._versions(buyer)
        require(self.licensing.run(command) == answer, "one key, one answer", command=command)
        require(self._versions(buyer) == before, "one key, one effect", command=command)
        return answer

    def _versions(self, buyer: Buyer) -> tuple[int, ...]:
        with self.store.begin() as work:
            found = (
                work.customer(TENANT, buyer.name, (), ()),
                work.account(TENANT, buyer.name, ()),
                work.numbers(TENANT),
            )
            return tuple(0 if one is None else one.version for one in found)

    def _sent(self, buyer: Buyer, key: str) -> dict[str, Any]:
        return {"tenant": TENANT, "actor": ACTOR, "customer": buyer.name, "key": f"{buyer.name}-{key}"}

    def open(self, buyer: Buyer, now: datetime) -> None:
        """As `Pure.open()`."""
        added = services.AddCustomer(
            name=buyer.name, email="it@acme.example", plan=None, settings=buyer.settings, **self._sent(buyer, "add")
        )
        self._run(buyer, added, now)
        if buyer.licenses:
            sent = {"tenant": TENANT, "actor": ACTOR, "account": buyer.name, "key": f"{buyer.name}-open"}
            opened = services.OpenAccount(cycle=cycle_of(buyer, now), types=TYPES, totals=TOTALS, **sent)
            self._run(buyer, opened, now)

    def bill(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """As `Pure.bill()`."""
        answer = self._run(buyer, services.BillCustomer(**self._sent(buyer, f"{turn}-bill")), now)
        return bool(answer != BooksChanged())

    def pay(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """As `Pure.pay()`."""
        self.now, paid = now, self.charged.total()
        asked: dict[str, Any] = {"tenant": TENANT, "actor": ACTOR, "customer": buyer.name}
        if not buyer.automatic:
            for bill in owed(self.account(buyer), buyer, now):
                self._paid(buyer, bill.id, bill.outstanding, now)
            return self.charged.total() > paid
        dues = {row.document: row.due for row in self.licensing.run(services.ListBills(most=1000, **asked)).rows}
        for charge in self.licensing.run(services.ListCharges(**asked)).rows:
            if buyer.pays(dues[charge.document], now):
                self._paid(buyer, charge.document, charge.amount, now)
            else:
                sent = self._sent(buyer, f"{turn}-failed-{charge.document}")
                self._run(buyer, services.NoteFailedDebit(document=charge.document, **sent), now)
        return self.charged.total() > paid

    def _paid(self, buyer: Buyer, document: str, amount: Money, now: datetime) -> None:
        paid = services.PayBill(document=document, paid=amount, **self._sent(buyer, f"pay-{document}"))
        self._run(buyer, paid, now)
        self.charged[document] += 1
        self.cash[buyer.name] += amount.minor

    def dun(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """As `Pure.dun()`."""
        answer = self._run(buyer, services.DunCustomer(**self._sent(buyer, f"{turn}-dun")), now)
        return bool(answer != BooksChanged())

    def close(self, buyer: Buyer, now: datetime, turn: str) -> bool:
        """As `Pure.close()`; the key of each cycle that is closed is made of the day on which it ended."""
        closed = False
        while buyer.licenses:
            ends = self.licenses(buyer)[0].period.end
            sent = {"tenant": TENANT, "actor": ACTOR, "account": buyer.name}
            try:
                self._run(buyer, services.CloseCycle(key=f"{buyer.name}-close-{ends:%Y-%m-%d}", **sent), now)
            except CycleStillOpen:
                break
            closed = True
        return closed

    def do(self, buyer: Buyer, command: Command[Any], now: datetime, *, pays: bool) -> None:
        """As `Pure.do()`."""
        try:
            answer = self._run(buyer, command, now)
        except LicensingError as refusal:
            self.codes.append(refusal.code)
            return
        self.codes.append("ok")
        for row in answer.bills if pays else ():
            if row.outstanding:
                self._paid(buyer, row.document, row.outstanding, now)

    def account(self, buyer: Buyer) -> CustomerAccount:
        """As it is stored, with all its bills."""
        with self.store.begin() as work:
            stored = work.customer(TENANT, buyer.name, None, None)
        require(stored is not None, "the customer is stored", customer=buyer.name)
        return stored.state  # type: ignore[union-attr]

    def licenses(self, buyer: Buyer) -> tuple[LicenseAccount, list[CycleClosed]]:
        """As it is stored, and the cycles that were closed."""
        with self.store.begin() as work:
            stored = work.account(TENANT, buyer.name, None)
            history = work.history(TENANT, AggregateKind.LICENSES, buyer.name)
        require(stored is not None, "the licenses are stored", customer=buyer.name)
        closed = [one.event for one in history if isinstance(one.event, CycleClosed)]
        return stored.state, closed  # type: ignore[union-attr]
