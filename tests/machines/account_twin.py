"""An account of licenses billed by cycle, and the same account as plain dicts, led through the same commands.

The dicts know WAL-4 to WAL-15 and decisions 6, 7 and 11 in their plainest form; they share no code with the library.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from licensing_core import license_cycle
from licensing_core.billing import Quote
from licensing_core.currencies import Currency
from licensing_core.directory import Actor, Role
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.license_cycle import AccountEvent, LicenseType, NoFreeLicense
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import UnitPrice
from licensing_core.testing.law import require

USERS = tuple(f"u{number}" for number in range(5))
ADMIN = Actor("admin", Role.SUPERADMIN)
PRICES = {"base": (3000, "EUR"), "gsm": (1999, "EUR"), "voip": (150, "JPY"), "web": (12_345, "KWD")}
"""Minor units per license and cycle; the account charges in three currencies."""


class AccountTwin:
    """Both accounts, and what has happened to them."""

    def __init__(self, *, anchor: date, zone: str, minimums: Sequence[int], spare: int, now: datetime) -> None:
        self.anchor, self.rules, self.now = anchor, ZoneInfo(zone), now
        self.minimum = dict(zip(PRICES, minimums, strict=True))
        self.bought = {name: minimum + spare for name, minimum in self.minimum.items()}
        self.holders: dict[str, set[str]] = {name: set() for name in PRICES}
        self.orders: list[tuple[str, dict[str, int], Counter[str]]] = []
        self.paid: Counter[str] = Counter()
        self.invoices = self.placed = self.turn = 0
        while self.boundary(self.turn) > now:
            self.turn -= 1
        while self.boundary(self.turn + 1) <= now:
            self.turn += 1
        types = tuple(
            LicenseType(id=name, minimum=self.minimum[name], price=UnitPrice(Money(minor, Currency(code))))
            for name, (minor, code) in PRICES.items()
        )
        cycle = Cycle(anchor, Duration(months=1), zone)
        self.start = license_cycle.open_account(
            "crm", cycle=cycle, types=types, totals=self.bought, by=Actor("admin"), now=now
        ).state
        self.account = self.before = self.replayed = self.start
        self.events, self.told, self.charged = list[AccountEvent](), "", Counter[str]()

    # The calendar, in its plainest form

    def first_day(self, turn: int) -> date:
        month = self.anchor.year * 12 + self.anchor.month - 1 + turn
        year, month = month // 12, month % 12 + 1
        return date(year, month, min(self.anchor.day, monthrange(year, month)[1]))

    def boundary(self, turn: int) -> datetime:
        return datetime.combine(self.first_day(turn), time(), self.rules).astimezone(UTC)

    def days(self) -> tuple[int, int]:
        """Days left of the open cycle, today included, and all its days."""
        first, end = self.first_day(self.turn), self.first_day(self.turn + 1)
        today = self.now.astimezone(self.rules).date()
        return (end - max(today, first)).days, (end - first).days

    def plain_quote(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """The amount of each line, in minor units: one rounding, half up."""
        left, days = self.days()
        return {name: (2 * PRICES[name][0] * n * left + days) // (2 * days) for name, n in wanted.items()}

    def ended(self) -> bool:
        return self.now >= self.boundary(self.turn + 1)

    # What happens

    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.told = f"wait {hours}"

    def quote(self, wanted: Mapping[str, int]) -> None:
        expected = self._plain_refusal(wanted) or f"ok {sorted(self.plain_quote(wanted).items())}"
        try:
            found = f"ok {sorted(lines_of(license_cycle.quotes(self.account, wanted, now=self.now)).items())}"
        except LicensingError as refusal:
            found = refusal.code
        self.told = f"quote {found}"
        require(found == expected, "the quote is what the rules say", expected=expected, found=found)

    def buy(self, wanted: Mapping[str, int], payment: str) -> None:
        self.placed += 1
        order = f"order-{self.placed}"
        refusal = self._plain_refusal(wanted) or ("payment.failed" if payment == "failed" else "")
        if not refusal:
            due = Counter[str]()
            for name, minor in self.plain_quote(wanted).items():
                due[PRICES[name][1]] += minor
            self.orders.append((order, dict(wanted), due))
            if payment == "succeeded":
                self._plain_settle(len(self.orders) - 1)
        self._run(
            refusal or "ok",
            license_cycle.buy,
            wanted,
            order_id=order,
            payment=PaymentOutcome(payment),
            by=Actor("admin"),
        )

    def settle(self, place: int | None) -> None:
        """The order in that *place* of the queue is paid; `None`: the oldest, without naming it."""
        waiting = [order for order, _, _ in self.orders]
        named = None if place is None or not waiting else waiting[place % len(waiting)]
        if waiting:
            self._plain_settle(0 if named is None else waiting.index(named))
        self._run("ok" if waiting else "payment.none_pending", license_cycle.settle, named, by=Actor("admin"))

    def grant(self, user: str, name: str) -> None:
        expected = "ok"
        if name not in self.holders:
            expected = "license_type.unknown"
        elif user not in self.holders[name]:
            if len(self.holders[name]) >= self.bought[name]:
                expected = f"licenses.exhausted 1 {name}"
            else:
                self.holders[name].add(user)
        self._run(expected, license_cycle.grant, user, name, by=ADMIN)

    def revoke(self, user: str, name: str) -> None:
        if name in self.holders:
            self.holders[name].discard(user)
        expected = "ok" if name in self.holders else "license_type.unknown"
        self._run(expected, license_cycle.revoke, user, name, by=ADMIN)

    def close(self) -> None:
        expected = "ok" if self.ended() else "cycle.still_open"
        if self.ended():
            self.turn += 1
            for name, holders in self.holders.items():
                self.bought[name] = max(self.minimum[name], len(holders))
                self.paid[PRICES[name][1]] += self.bought[name] * PRICES[name][0]
        self._run(expected, license_cycle.close_cycle, by=Actor("admin"))

    def _plain_refusal(self, wanted: Mapping[str, int]) -> str:
        if any(quantity < 1 for quantity in wanted.values()):
            return "quantity.invalid"
        if wanted.keys() - PRICES.keys():
            return "license_type.unknown"
        return "cycle.not_closed" if self.ended() else ""

    def _plain_settle(self, place: int) -> None:
        _order, wanted, due = self.orders.pop(place)
        for name, quantity in wanted.items():
            self.bought[name] += quantity
        self.invoices += 1
        self.paid.update(due)

    def _run(self, expected: str, command: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        self.before = before = self.account
        try:
            decision = command(self.account, *arguments, **named, now=self.now)
        except LicensingError as refusal:
            found = refusal.code
            if isinstance(refusal, NoFreeLicense):
                found = f"{refusal.code} {refusal.shortfall} {''.join(refusal.buy)}"
        else:
            found = "ok"
            self.account = decision.state
            self.replayed = reduce(license_cycle.apply, decision.events, self.replayed)
            self.events.extend(decision.events)
            self._count_money(before, decision.events)
        totals = [(pool.bought, pool.held) for pool in self.account.pools.values()]
        self.told = f"{command.__name__} {found} {totals} {self.account.invoices} {sorted(self.charged.items())}"
        require(found == expected, "the library does what the rules say", expected=expected, told=self.told)

    def _count_money(self, before: license_cycle.LicenseAccount, events: Sequence[AccountEvent]) -> None:
        """Add what *events* charge: orders when they are paid, bills when a cycle is closed."""
        waiting = {order.id: order.quotes for order in before.orders}
        for event in events:
            if isinstance(event, license_cycle.LicensesOrdered):
                waiting[event.order.id] = event.order.quotes
            charges: tuple[Quote, ...] = ()
            if isinstance(event, license_cycle.OrderPaid):
                charges = waiting[event.order]
            if isinstance(event, license_cycle.CycleClosed):
                charges = event.bills
            for quote in charges:
                self.charged[quote.currency.code] += quote.due.minor


def lines_of(quotes: Sequence[Quote]) -> dict[str, int]:
    """The minor units of each line, by type."""
    return {one.item: one.amount.minor for quote in quotes for one in quote.lines}


# Invariants


def the_table_is_that_of_the_dicts(twin: AccountTwin) -> None:
    """WAL-4."""
    for name, row in license_cycle.license_table(twin.account).items():
        buying = sum(wanted.get(name, 0) for _, wanted, _ in twin.orders)
        held, bought = len(twin.holders[name]), twin.bought[name]
        found = (row.in_use, row.free, row.bought, row.minimum, row.buying)
        wanted = (held, bought - held, bought, twin.minimum[name], buying)
        require(found == wanted, "in use, free, total, minimum, buying", type=name, found=found, wanted=wanted)


def bought_is_never_below_held_or_the_minimum(twin: AccountTwin) -> None:
    """L1, WAL-11."""
    for name, pool in twin.account.pools.items():
        covered = pool.bought >= max(pool.held, twin.minimum[name]) and not pool.overrun and not pool.awaiting
        require(covered, "bought covers what is held and the minimum", pool=pool)


def the_holders_are_those_who_were_granted(twin: AccountTwin) -> None:
    """WAL-12: nobody loses a license but by revoking."""
    for name, holders in twin.holders.items():
        found = set(twin.account.pool(name).users(Holding.HELD))
        require(found == holders, "the holders are those who were granted", type=name, found=found, holders=holders)


def the_open_cycle_is_that_of_the_calendar(twin: AccountTwin) -> None:
    """WAL-15, L3."""
    period = twin.account.period
    wanted = (twin.boundary(twin.turn), twin.boundary(twin.turn + 1))
    require((period.start, period.end) == wanted, "the open cycle", period=period, wanted=wanted)


def what_was_charged_is_orders_paid_and_cycles_billed(twin: AccountTwin) -> None:
    """WAL-6, WAL-13; I9, I10."""
    require(twin.charged == twin.paid, "no money is made or lost", charged=twin.charged, paid=twin.paid)
    require(twin.account.invoices == twin.invoices, "one invoice for each paid order", invoices=twin.invoices)


def the_events_replayed_are_the_account(twin: AccountTwin) -> None:
    """L7, I12."""
    require(twin.replayed == twin.account, "the events replayed are the account", account=twin.account)


def a_cycle_end_drops_only_what_is_free_above_the_minimum(twin: AccountTwin) -> None:
    """I8, WAL-10, WAL-11: whoever holds a license keeps it, and as many are left as are held, or the contract has."""
    before, after = twin.before, twin.account
    if after.period == before.period:
        return
    require(after.period.start == before.period.end, "one cycle at a time", before=before.period, after=after.period)
    for name, pool in before.pools.items():
        kept, now = max(after.types[name].minimum, pool.held), after.pools[name]
        held = dict(now.holdings) == dict(pool.holdings)
        require(now.bought == kept and held, "a cycle end drops only what is free", type=name, was=pool, now=now)


INVARIANTS: tuple[Callable[[AccountTwin], None], ...] = (
    the_table_is_that_of_the_dicts,
    bought_is_never_below_held_or_the_minimum,
    the_holders_are_those_who_were_granted,
    the_open_cycle_is_that_of_the_calendar,
    what_was_charged_is_orders_paid_and_cycles_billed,
    a_cycle_end_drops_only_what_is_free_above_the_minimum,
    the_events_replayed_are_the_account,
)
