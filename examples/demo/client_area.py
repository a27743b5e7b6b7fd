"""The acts of a client area: what a partner does for its clients, their orders and payments, and the daily job."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

from academy import TENANT
from attrs import frozen

from licensing_core import Duration, Money
from licensing_core.accounts import AccountSettings, CustomerRow, Dashboard
from licensing_core.billing import ItemChange
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep
from licensing_core.pricing import FlatPrice
from licensing_core.reports import (
    Table,
    bills_table,
    customers_table,
    dashboard_table,
    notices_table,
    subscriptions_table,
)
from licensing_core.services import (
    AddCustomer,
    BillCustomer,
    BillRows,
    BooksChanged,
    CancelSubscription,
    ChangeSubscription,
    CustomerRows,
    DunCustomer,
    Licensing,
    ListBills,
    ListCharges,
    ListCustomers,
    ListNotices,
    ListSubscriptions,
    MayUseSubscription,
    NoteFailedDebit,
    Notices,
    OrderSubscription,
    PayBill,
    Query,
    ReadDashboard,
    SubscriptionRows,
)
from licensing_core.subscriptions import SubscriptionTerms

ACTS: Final = frozenset(
    {"add_client", "order", "pay", "run_jobs", "may_use", "upgrade", "cancel", "client_area", "dashboard"}
)
JOB_HOUR: Final = time(3, tzinfo=UTC)


@frozen
class Shop:
    """What `catalog.toml` says of the client area: what is sold, and what is set for each client."""

    zone: str
    products: Mapping[str, SubscriptionTerms]
    dunning: DunningPolicy
    customer: AccountSettings

    def settings(self, administrator: str) -> AccountSettings:
        """What is set for a client with this main administrator: an automatic debit, and the dunning of the file."""
        return AccountSettings(administrator=administrator, automatic_debit=True, dunning=self.dunning)


def read_shop(path: Path) -> Shop:
    """The client area described by the file at *path*."""
    data = tomllib.loads(path.read_text("utf-8"))
    customer, dunning = data["customer"], data["dunning"]
    steps = [(after, action) for action in DunningAction for after in dunning.get(action.value, ())]
    return Shop(
        zone=data["zone"],
        products={name: _terms(name, one, data["zone"]) for name, one in data["products"].items()},
        dunning=DunningPolicy(
            proforma_days=dunning["proforma_days"],
            steps=tuple(DunningStep(after_days=after, action=action) for after, action in sorted(steps)),
        ),
        customer=AccountSettings(administrator=customer["administrator"], choices=frozenset(customer["plans"])),
    )


def _terms(name: str, one: Mapping[str, Any], zone: str) -> SubscriptionTerms:
    price = FlatPrice(Money.parse(one["price"]))
    return SubscriptionTerms(item=name, price=price, every=Duration.parse(one["every"]), zone=zone)


class ClientArea:
    """Makes the commands of the acts, and the tables of their answers."""

    def __init__(self, licensing: Licensing, shop: Shop, set_clock: Callable[[datetime], None]) -> None:
        self.licensing, self.shop, self.set_clock = licensing, shop, set_clock
        self.told: dict[str, int] = {}

    def asked(self, act: Mapping[str, Any], key: str) -> Iterator[Query[Any]]:
        """The commands and queries of one act."""
        actor = {"tenant": TENANT, "actor": act["as"]}
        if act["do"] == "dashboard":
            yield ListCustomers(**actor)
            yield ReadDashboard(**actor)
            return
        if act["do"] == "run_jobs":
            yield from self.jobs(act)
            return
        client = {**actor, "customer": act["client"]}
        service = {**client, "subscription": act.get("service", "")}
        match act["do"]:
            case "add_client":
                card = {"name": act["name"], "email": act["email"]}
                settings = self.shop.settings(act["administrator"])
                yield AddCustomer(**client, key=key, plan=act["plan"], settings=settings, **card)
            case "order":
                yield OrderSubscription(**service, key=key, terms=self.shop.products[act["product"]])
            case "pay":
                yield from self.paying(client)
            case "may_use":
                yield MayUseSubscription(**service)
            case "upgrade":
                to = self.shop.products[act["product"]]
                yield ChangeSubscription(**service, key=key, change=ItemChange(item=to.item, price=to.price))
            case "cancel":
                yield CancelSubscription(**service, key=key)
            case "client_area":
                yield ListSubscriptions(**client)
                yield ListBills(**client)
                yield ListNotices(**client)
            case other:
                raise SystemExit(f"acts.toml: there is no act {other!r}")

    def paying(self, client: Mapping[str, Any]) -> Iterator[Query[Any]]:
        """The payment of all that is unpaid, as it would come in from a bank."""
        for row in self.licensing.run(ListBills(**client)).rows:
            if row.outstanding:
                yield PayBill(**client, key=f"pay-{row.document}", document=row.document, paid=row.outstanding)

    def jobs(self, act: Mapping[str, Any]) -> Iterator[Query[Any]]:
        """The job of each of some days: bill, charge, dun, for each client; the cards of some *failing* ones fail."""
        actor = {"tenant": TENANT, "actor": act["as"]}
        for day in act["days"]:
            self.set_clock(datetime.combine(day, JOB_HOUR))
            for row in self.licensing.run(ListCustomers(**actor)).rows:
                client = {**actor, "customer": row.customer}
                yield BillCustomer(**client, key=f"bill-{row.customer}-{day}")
                for due in self.licensing.run(ListCharges(**client)).rows:
                    if row.customer in act.get("failing", ()):
                        yield NoteFailedDebit(**client, key=f"failed-{due.document}-{day}", document=due.document)
                    else:
                        yield PayBill(**client, key=f"pay-{due.document}", document=due.document, paid=due.amount)
                yield DunCustomer(**client, key=f"dun-{row.customer}-{day}")

    def tables(self, answer: object, locale: str) -> Iterator[Table]:
        """The tables of an answer."""
        match answer:
            case CustomerRow() as row:
                yield customers_table([row], locale, self.shop.zone)
            case CustomerRows(rows=rows):
                yield customers_table(rows, locale, self.shop.zone)
            case Dashboard() as board:
                yield dashboard_table(board, locale)
            case BooksChanged(subscriptions=subscriptions, bills=bills):
                yield subscriptions_table(subscriptions, locale)
                if bills:
                    yield bills_table(bills, locale)
            case SubscriptionRows(rows=rows):
                yield subscriptions_table(rows, locale)
            case BillRows(rows=rows):
                yield bills_table(rows, locale)
            case Notices(rows=rows):
                yield notices_table(rows, locale, self.shop.zone)

    def news(self, actor: str, locale: str) -> Iterator[tuple[str, Table]]:
        """What each client was told of since it was last asked, and how its services stand now."""
        sent: dict[str, Any] = {"tenant": TENANT, "actor": actor}
        for row in self.licensing.run(ListCustomers(**sent)).rows:
            told = self.licensing.run(ListNotices(**sent, customer=row.customer)).rows
            new, self.told[row.customer] = told[self.told.get(row.customer, 0) :], len(told)
            if new:
                yield row.customer, notices_table(new, locale, self.shop.zone)
