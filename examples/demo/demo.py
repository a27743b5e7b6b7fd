"""The main job of the library, end to end, on a real SQLite file: `make demo`, or `make demo LOCALE=es`.

Reads the catalog and the script of acts beside it, carries each act out through the services, prints what came of it,
and proves at the end that the event log alone rebuilds the same state and the same money.
"""

import argparse
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from academy import TENANT, Academy, read
from client_area import ACTS, ClientArea, Shop, read_shop
from rich.console import Console
from rich.padding import Padding
from texts import TEXTS

from licensing_core import Content, LicensingError, Money, Quote, Scope
from licensing_core.adapters.sql import SqlStore
from licensing_core.billing import PaymentBooked
from licensing_core.credits import OrderStatus, PackOrdered, PackPaid, Standing
from licensing_core.currencies import Currency
from licensing_core.decisions import Verdict
from licensing_core.enrollments import Access, Enrollment
from licensing_core.license_cycle import CycleClosed, LicensesOrdered, OrderPaid
from licensing_core.limits import PlanFit
from licensing_core.messages import UnknownLocale, explain, format_money, language_of
from licensing_core.orders import Charged
from licensing_core.payments import ForPlan, PaymentOutcome, Way
from licensing_core.protocols import NUMBERS, AggregateKind, Page, Stored, UnitOfWork
from licensing_core.reports import Table, events_table, license_table, quote_table, seat_table, verdicts
from licensing_core.services import (
    ActivatePack,
    AddCustomer,
    AssignLicenses,
    BeginPayment,
    BuyLicenses,
    BuyPlan,
    ChangeServicePlan,
    CloseCycle,
    ConfirmEnrollment,
    ConfirmReleases,
    CycleClosing,
    EnrollUsers,
    FeatureUsed,
    GrantLicense,
    Ids,
    LicenseChanged,
    LicensesBought,
    LicensesGiven,
    LicensesTaken,
    LicenseTable,
    Licensing,
    LimitUsage,
    ListCandidates,
    ListPlans,
    NotePackPayment,
    OpenAccount,
    OpenCredits,
    OpenUsage,
    OrderPack,
    OrderStanding,
    PayBill,
    Paying,
    Payments,
    PlanBought,
    Query,
    QuoteLicenses,
    Quotes,
    ReadAccess,
    RecountLimit,
    RenewPool,
    UnassignLicenses,
    UseFeature,
    UseLimit,
    UsersPlaced,
    replay,
    replay_enrollments,
)
from licensing_core.testing.gateways import FakeGateway, Fault

HERE = Path(__file__).parent
METERED: Mapping[str, Callable[..., Query[Any]]] = {
    "use_limit": UseLimit,
    "change_plan": ChangeServicePlan,
    "order_pack": OrderPack,
    "pay_pack": NotePackPayment,
    "activate_pack": ActivatePack,
    "use_feature": UseFeature,
}
"""The commands about limits and credits by the name of the act; the act's `with` holds their fields."""


class Demo:
    """Carries acts out and prints them in one language."""

    def __init__(self, store: SqlStore, academy: Academy, shop: Shop, locale: str, console: Console) -> None:
        self.store, self.academy, self.locale, self.console = store, academy, locale, console
        self.texts = TEXTS[language_of(locale)]
        self.now = datetime.min.replace(tzinfo=UTC)
        self.licensing = Licensing(store, academy.host, lambda: self.now)
        self.area = ClientArea(self.licensing, shop, self.set_clock)
        self.gateway = FakeGateway(clock=lambda: self.now)
        self.payments = Payments(self.licensing, self.gateway, actor=academy.superadmin)
        self.number = 0
        self.charged: list[Money] = []
        self.told: set[tuple[AggregateKind, str, int]] = set()

    def set_clock(self, now: datetime) -> None:
        """Let it be *now*."""
        self.now = now

    def act(self, act: Mapping[str, Any]) -> None:
        """Print the heading of one act, carry it out, print the answer or the refusal."""
        self.number += 1
        self.now = act["at"]
        title = act["title"][language_of(self.locale)]
        self.console.print(f"\n[bold]{self.number}.[/] {title}  [dim]{act['as']}, {self.now:%Y-%m-%d %H:%M}[/]")
        if act["do"] in ACTS:
            self.client_act(act)
            return
        if act["do"] in ("pay_plan", "settle"):
            self.pay(act)
            return
        answers: dict[str, object] = {}
        for asked in self.asked(act):
            try:
                answer = answers[getattr(asked, "user", "")] = self.licensing.run(asked)
            except LicensingError as refusal:
                self.console.print(f"   [yellow]{self.texts['refused']}[/] {self.explained(refusal)}")
                return
        if isinstance(answer, Access | Enrollment):
            self.show_learning(answers)
        else:
            self.show(answer)

    def client_act(self, act: Mapping[str, Any]) -> None:
        """Carry out an act of the client area, and print the tables of its answers; of a job, the notices sent."""
        for asked in self.area.asked(act, f"act-{self.number}"):
            answer = self.licensing.run(asked)
            if isinstance(asked, PayBill) and asked.paid is not None:
                self.charge(asked.paid)
            if isinstance(answer, Verdict):
                self.console.print("   " + (self.texts["usable"] if answer else explain(answer, self.locale)))
            if act["do"] != "run_jobs":
                for table in self.area.tables(answer, self.locale):
                    self.table(table)
        if act["do"] == "run_jobs":
            for client, table in self.area.news(act["as"], self.locale):
                self.line("client", name=client)
                self.table(table)

    def pay(self, act: Mapping[str, Any]) -> None:
        """Have a plan paid by card through the gateway, or ask it what became of all that is not settled."""
        if act["do"] == "settle":
            for paying in self.payments.settle_due(TENANT):
                self.show_paying(paying)
            return
        self.gateway.keeps_card(act["as"], declines=act.get("declines"))
        self.gateway.will(*(Fault(fault) for fault in act.get("faults", ())))
        purpose = ForPlan(
            plan=act["plan"],
            pool=act["pool"],
            beneficiary=Scope.parse(act["for"]),
            currency=Currency(act["currency"]),
        )
        sent: dict[str, Any] = {"tenant": TENANT, "key": f"act-{self.number}", "actor": act["as"]}
        try:
            paying = self.payments.pay(BeginPayment(purpose=purpose, way=Way.CARD_ON_FILE, **sent))
        except LicensingError as refusal:
            self.console.print(f"   [yellow]{self.texts['refused']}[/] {self.explained(refusal)}")
            return
        self.show_paying(paying)

    def show_paying(self, paying: Paying) -> None:
        """Print what has happened to a payment, and what was charged once it was carried out."""
        self.tell((AggregateKind.PAYMENTS, paying.payment.id))
        if paying.refusal is not None:
            self.console.print(f"   [yellow]{self.explained(paying.refusal)}[/]")
        if paying.payment.fulfilled_by is not None:
            self.charge(paying.payment.amount)

    def asked(self, act: Mapping[str, Any]) -> Iterator[Query[Any]]:
        """The commands or queries of an act: one, except where each of several users needs one."""
        key = f"act-{self.number}"
        actor, account = {"tenant": TENANT, "actor": act["as"]}, self.academy.account
        match act["do"]:
            case "list_plans":
                yield ListPlans(**actor)
            case "buy_plan":
                named = Scope.parse(act["for"]) if "for" in act else None
                currency = Currency(act["currency"])
                yield BuyPlan(
                    **actor, key=key, plan=act["plan"], pool=act["pool"], beneficiary=named, currency=currency
                )
            case "assign":
                yield AssignLicenses(**actor, key=key, pool=act["pool"], users=self.users(act))
            case "unassign":
                yield UnassignLicenses(**actor, key=key, pool=act["pool"], users=self.users(act))
            case "confirm":
                yield ConfirmReleases(**actor, key=key, pool=act["pool"], users=self.users(act))
            case "renew":
                yield RenewPool(**actor, key=key, pool=act["pool"])
            case "enroll" | "confirm_enrollment" | "access":
                yield from self.learning(act, key)
            case "open_account":
                cycle, types, totals = self.academy.cycle, self.academy.types, self.academy.totals
                yield OpenAccount(**actor, key=key, account=account, cycle=cycle, types=types, totals=totals)
            case "grant":
                for user in act["users"]:
                    yield GrantLicense(
                        **actor, key=f"{key}-{user}", account=account, user=user, license_type=act["type"]
                    )
            case "quote":
                yield QuoteLicenses(**actor, account=account, buy=act["buy"])
            case "buy":
                paid = PaymentOutcome.SUCCEEDED
                yield BuyLicenses(**actor, key=key, account=account, buy=act["buy"], payment=paid)
            case "close_cycle":
                yield CloseCycle(**actor, key=key, account=account)
            case "open_customer":
                sent = {**actor, "customer": self.academy.customer}
                card = {"name": "Academy", "email": "office@academy.example"}
                settings = self.area.shop.customer
                yield AddCustomer(**sent, **card, key=f"{key}-account", plan=act["plan"], settings=settings)
                yield OpenCredits(**sent, key=f"{key}-credits")
                yield OpenUsage(**sent, key=key, plan=act["plan"])
                yield RecountLimit(**sent, key=f"{key}-users", limit="users", count=self.academy.users)
            case metered if metered in METERED:
                yield METERED[metered](**actor, key=key, customer=self.academy.customer, **act["with"])
            case other:
                raise SystemExit(f"acts.toml: there is no act {other!r}")

    def learning(self, act: Mapping[str, Any], key: str) -> Iterator[Query[Any]]:
        """The commands or queries of an act about enrollments."""
        content, sent = Content.parse(act["content"]), {"tenant": TENANT, "actor": act["as"]}
        if act["do"] == "enroll":
            yield EnrollUsers(**sent, key=key, pool=act["pool"], users=self.users(act), contents=frozenset({content}))
            return
        for user in act["users"]:
            if act["do"] == "access":
                yield ReadAccess(tenant=TENANT, user=user, content=content)
            else:
                yield ConfirmEnrollment(**sent, key=f"{key}-{user}", user=user, content=content)

    def users(self, act: Mapping[str, Any]) -> frozenset[str]:
        """The users named by an act, or the first ones from the list of candidates."""
        if "users" in act:
            return frozenset(act["users"])
        found = self.licensing.run(ListCandidates(tenant=TENANT, actor=act["as"], pool=act["pool"]))
        return frozenset(found.ids[: act["first"]])

    def show(self, answer: object) -> None:
        """Print what came of an act."""
        match answer:
            case Ids(ids):
                self.line("plans", plans=", ".join(ids))
            case PlanBought(row=row, quote=quote):
                if quote is not None:
                    self.table(quote_table(quote, self.locale))
                    self.charge(quote.due)
                self.table(seat_table([row], self.locale, self.academy.zone))
            case LicensesGiven(row=row, added=added, passed_over=passed_over):
                self.line("assigned", added=len(added), passed_over=len(passed_over))
                self.table(seat_table([row], self.locale, self.academy.zone))
            case UsersPlaced(enrolled=enrolled, to_confirm=waiting, skipped=skipped):
                self.line("enrolled", enrolled=len(enrolled), waiting=len(waiting), skipped=len(skipped))
            case LicensesTaken(row=row, released=released, awaiting=awaiting, locked=locked):
                self.line("unassigned", released=len(released), awaiting=len(awaiting))
                if locked:
                    self.line("locked", locked=locked)
                self.table(seat_table([row], self.locale, self.academy.zone))
            case LicenseTable(rows=rows) | LicenseChanged(rows=rows):
                self.table(license_table(rows, self.locale))
            case Quotes(quotes):
                for quote in quotes:
                    self.table(quote_table(quote, self.locale))
            case LicensesBought(quotes=quotes, invoice=invoice, rows=rows):
                self.line("invoice", number=invoice)
                for quote in quotes:
                    self.charge(quote.due)
                self.table(license_table(rows, self.locale))
            case CycleClosing(removed=removed, kept=kept, bills=bills):
                for name in kept:
                    self.line("closed", type=name, removed=removed[name], kept=kept[name])
                for quote in bills:
                    self.table(quote_table(quote, self.locale))
                    self.charge(quote.due, "billed")
            case LimitUsage() | PlanFit():
                self.tell()
            case OrderStanding(order=order, standing=standing):
                self.tell()
                if order.status is OrderStatus.PENDING:
                    self.charge(order.price)
                self.balance(standing)
            case FeatureUsed(standing=Standing() as standing):
                self.tell()
                self.balance(standing)

    def show_learning(self, answers: Mapping[str, object]) -> None:
        """Print what each of some users may enter, or whose enrollment was confirmed."""
        for user, answer in answers.items():
            if isinstance(answer, Enrollment):
                self.line("confirmed", user=user)
        entries = {user: answer.entry for user, answer in answers.items() if isinstance(answer, Access)}
        if entries:
            self.table(verdicts(entries, self.locale, self.academy.zone))

    def tell(self, *named: tuple[AggregateKind, str]) -> None:
        """Print what the log tells since it was last asked, in the words of the library, of what is *named*."""
        customer = self.academy.customer
        with self.store.begin() as work:
            for kind, name in named or ((AggregateKind.USAGE, customer), (AggregateKind.CREDITS, customer)):
                for event in work.history(TENANT, kind, name):
                    if (kind, name, event.sequence) not in self.told:
                        self.told.add((kind, name, event.sequence))
                        text = explain(event.event, self.locale, zone=self.academy.zone)
                        self.console.print("   " + text, highlight=False)

    def balance(self, standing: Standing) -> None:
        """Print how the credits stand."""
        self.line("balance", balance=standing.balance, pending=standing.pending)

    def charge(self, amount: Money, text: str = "charged") -> None:
        """Note and print an amount that was charged, or billed."""
        self.charged.append(amount)
        self.line(text, amount=format_money(amount, self.locale))

    def proof(self) -> bool:
        """Rebuild every aggregate from its events alone, and add up the money that they tell of."""
        equal, counted = True, 0
        booked: list[Money] = []
        self.console.rule(self.texts["proof"])
        with self.store.begin() as work:
            learners = work.enrollments(TENANT, None)
            for kind, name, stored in self.stored(work):
                history = work.history(TENANT, kind, name)
                same = stored is not None and replay(history) == stored.state and stored.version == len(history)
                same = same and replay_enrollments(history).through(name) == learners.through(name)
                equal, counted = equal and same, counted + len(history)
                booked.extend(_booked(event.event for event in history))
                shown = self.texts.get(kind, "{name}").format(name=name)
                self.line("replayed" if same else "differs", name=shown, events=len(history))
            first = work.history(TENANT, AggregateKind.LICENSES, work.pools(TENANT, Page())[0].id)
            self.table(events_table(first, self.locale, self.academy.zone))
        for currency in sorted({money.currency for money in booked}, key=str):
            log = Money.sum((money for money in booked if money.currency is currency), currency)
            paid = Money.sum((money for money in self.charged if money.currency is currency), currency)
            equal = equal and log == paid
            total = {"log": format_money(log, self.locale), "charged": format_money(paid, self.locale)}
            self.line("equal" if log == paid else "unequal", **total)
        self.line("proved" if equal else "failed", events=counted)
        return equal

    def stored(self, work: UnitOfWork) -> Iterator[tuple[AggregateKind, str, Stored[Any] | None]]:
        """Everything that is stored, with its kind and id."""
        account, customer = self.academy.account, self.academy.customer
        for pool in work.pools(TENANT, Page()):
            yield AggregateKind.LICENSES, pool.id, work.pool(TENANT, pool.id, None)
        yield AggregateKind.LICENSES, account, work.account(TENANT, account, None)
        yield AggregateKind.USAGE, customer, work.usage(TENANT, customer, None)
        yield AggregateKind.CREDITS, customer, work.credits(TENANT, customer, None)
        for one in work.customers(TENANT, Page()):
            yield AggregateKind.CUSTOMERS, one.id, work.customer(TENANT, one.id, None, None)
        yield AggregateKind.NUMBERS, NUMBERS, work.numbers(TENANT)
        for name in work.stored(TENANT, AggregateKind.PAYMENTS, Page()):
            yield AggregateKind.PAYMENTS, name, work.payment(TENANT, name)

    def explained(self, refusal: LicensingError) -> str:
        """The sentence of a refusal."""
        return explain(refusal, self.locale, zone=self.academy.zone)

    def line(self, text: str, **values: object) -> None:
        """Print one of the demo's own sentences."""
        self.console.print("   " + self.texts[text].format(**values), highlight=False)

    def table(self, table: Table) -> None:
        """Print a report, a little to the right."""
        self.console.print(Padding(table, (0, 0, 0, 3)))


def _booked(events: Iterator[object]) -> Iterator[Money]:
    """The amounts that the event log says were charged."""
    waiting: dict[str, tuple[Quote, ...]] = {}
    packs: dict[str, Money] = {}
    for event in events:
        match event:
            case Charged(quote=quote):
                yield quote.due
            case LicensesOrdered(order=order):
                waiting[order.id] = order.quotes
            case OrderPaid(order=order):
                yield from (quote.due for quote in waiting.pop(order))
            case PackOrdered(order=pack):
                packs[pack.id] = pack.price
            case PackPaid(order=order):
                yield packs.pop(order)
            case CycleClosed(bills=bills):
                yield from (quote.due for quote in bills)
            case PaymentBooked(amount=amount, from_balance=False):
                yield amount


def a_console() -> Console:
    """A console as wide as the terminal or `COLUMNS` says; 150 columns where neither says anything."""
    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 150)


def main(arguments: list[str]) -> int:
    """Run the demo; 0 when the proof at the end holds."""
    parser = argparse.ArgumentParser(description="licensing_core at work on an SQLite file")
    parser.add_argument("--locale", default="en", help="language of all that is printed: en or es, also es_MX")
    parser.add_argument("--database", type=Path, help="a new file to keep; without it a temporary one is used")
    chosen = parser.parse_args(arguments)
    try:
        language_of(chosen.locale)
    except UnknownLocale as refusal:
        parser.error(explain(refusal, "en"))
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.database or Path(folder) / "licenses.db"
        if path.exists():
            parser.error(f"{path} exists; name a new file")
        store = SqlStore(f"sqlite:///{path}")
        store.create()
        academy = read(HERE / "catalog.toml")
        demo = Demo(store, academy, read_shop(HERE / "catalog.toml"), chosen.locale, a_console())
        demo.line("opening", users=academy.users)
        for story in tomllib.loads((HERE / "acts.toml").read_text("utf-8"))["story"]:
            demo.console.print()
            demo.console.rule(f"[bold]{story['title'][language_of(chosen.locale)]}")
            for act in story["acts"]:
                demo.act(act)
        demo.console.print()
        proved = demo.proof()
        store.close()
    return 0 if proved else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
