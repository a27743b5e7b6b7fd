"""What is seen to in a partner's year: the library agrees with what is kept naively, and its states are sound."""

from collections.abc import Collection, Iterable
from datetime import datetime

from licensing_core import accounts, subscriptions
from licensing_core.accounts import Bill, CustomerAccount
from licensing_core.billing import LineValue
from licensing_core.periods import Interval, Period
from licensing_core.subscriptions import Subscription
from licensing_core.testing.law import require
from tests.reliability.partner_client import Client
from tests.reliability.partner_naive import CREDIT_NOTE, INVOICE, PROFORMA, Counted, half_up, local_day
from tests.reliability.partner_service import FINAL, Service

BY_ITSELF = {"converted": {"trial"}, "ran_out": {"trial", "active", "suspended"}, "cancelled": set[str]()}
"""From where time alone leads on; anything that is not ended may be cancelled by it."""


def agrees(account: CustomerAccount, client: Client, services: Iterable[str], now: datetime) -> None:
    """See to it that *account* is as *client* says, in all that *services* and the last command are about."""
    causes = set(account.causes(now))
    said = (account.plan, account.trial_ends, causes, accounts.status(account, now).value, account.users)
    users = sum(not contact for contact in client.people.values())
    due = (client.plan, client.trial_ends, client.causes(now), client.status(now), users)
    require(said == due, "the client is as was asked", said=said, due=due)
    balances = {code: one.minor for code, one in account.balances.items() if one.minor}
    require(balances == {code: n for code, n in client.balances.items() if n}, "the credit", said=balances)
    for name in services:
        stands_as_it_should(account, client, name, now)
        _turns_agree(account, client.services[name])
    for name in client.touched:
        paper, bill = client.papers[name], account.bills[name]
        found = (bill.status.value, bill.outstanding.minor, bill.due, bill.document.total.minor)
        wanted = (paper.status, paper.owed, paper.due, paper.total)
        require(found == wanted, "the document is as it should be", said=found, due=wanted, paper=paper)


def stands_as_it_should(account: CustomerAccount, client: Client, name: str, now: datetime) -> None:
    """What time brings of a service, too: no access while blocked or ended, and due dates that do not drift."""
    held, one = account.subscriptions[name], client.services[name]
    said = (
        subscriptions.state_at(held, now).value,
        subscriptions.next_due(held, now),
        held.renewals,
        bool(accounts.can_use(account, name, now=now)),
    )
    due = (one.state(now), one.next_due(now), one.renewals, client.may_use(one, now))
    require(said == due, "state, next due date, renewals, access", said=said, due=due, service=one)


def _turns_agree(account: CustomerAccount, one: Service) -> None:
    held = account.subscriptions[one.name]
    turns = [(turn.start, turn.end, turn.document, turn.paid) for turn in held.turns]
    wanted = [(turn.start, turn.end, turn.document, not one.unpaid(turn)) for turn in one.turns]
    require(turns == wanted, "the turns", said=turns, due=wanted, service=one)
    if held.turns:
        waiting = [each.id for each in held.turns[-1].item.scheduled]
        require(waiting == [each.name for each in one.turns[-1].waiting], "what waits", said=waiting, service=one)


Stretch = tuple[datetime, datetime, LineValue]
"""From when and up to when a line asks for something."""


class Book:
    """What the bills of an account say, worked out of the stored values alone; each bill is read once as it is."""

    def __init__(self) -> None:
        self._read: CustomerAccount | None = None
        self._bills: dict[str, Bill] = {}
        self._known: dict[str, Subscription] = {}
        self._over: dict[str, Subscription] = {}
        self.parts: dict[str, tuple[str, int, int]] = {}
        """By document: currency, what was invoiced less what was noted, what was paid on a proforma that is open."""
        self.stretches: dict[str, dict[str, Stretch]] = {}
        """By service and line."""
        self.changed: set[str] = set()
        """The services of which a bill was read anew."""

    def turned(self, account: CustomerAccount) -> bool:
        """Whether *account* is another than it was; then what is new in it is read."""
        if account is self._read:
            return False
        self._read, self.changed = account, set()
        for name, bill in account.bills.items():
            if self._bills.get(name) is not bill:
                self._bills[name] = bill
                self._take_down(bill)
        return True

    def _take_down(self, bill: Bill) -> None:
        self.parts[bill.id] = (bill.currency.code, *_parts(bill))
        self.changed.add(bill.subscription)
        own = self.stretches.setdefault(bill.subscription, {})
        for one in bill.lines:
            part = one.billed
            own.pop(one.id, None)
            if isinstance(part, Interval) and part.start is not None and part.end is not None and part.start < part.end:
                own[one.id] = (part.start, part.end, one)

    def stands(self, account: CustomerAccount, client: Client, now: datetime) -> None:
        """See to it that all services are as they should; of what has ended, and is the same since, once is enough."""
        for name, held in account.subscriptions.items():
            if self._over.get(name) is not held:
                stands_as_it_should(account, client, name, now)
                if client.services[name].state(now) in FINAL:
                    self._over[name] = held
                if self._known.get(name) is not held:
                    _turns_agree(account, client.services[name])
                    self._known[name] = held


def _parts(bill: Bill) -> tuple[int, int]:
    total = sum(one.net.minor + sum(tax.amount.minor for tax in one.taxes) for one in bill.document.lines)
    paid = sum(one.paid.minor - one.returned.minor for one in bill.lines)
    kind = bill.document.kind.value
    if kind == PROFORMA:
        require(bill.status.value != "void" or paid == 0, "nothing is kept of what is void", bill=bill)
        return 0, paid
    return (-total if kind == CREDIT_NOTE else total), 0


def money_adds_up(account: CustomerAccount, client: Client, book: Book) -> None:
    """What came in, and what was given: it is invoiced, kept for a proforma, in credit, or paid out again."""
    went = dict(client.refunded)
    for code, invoiced, ahead in book.parts.values():
        went[code] = went.get(code, 0) + invoiced + ahead
    for code, balance in account.balances.items():
        went[code] = went.get(code, 0) + balance.minor
    for code, amount in went.items():
        came = client.cash.get(code, 0) + client.given.get(code, 0)
        require(came == amount, "money in = invoices - credit notes + credit + refunds", came=came, went=amount)


def billed_once(client: Client, book: Book) -> None:
    """No two documents ask money for one day; none is left out but where a service was paused, or had lapsed."""
    for name in book.changed:
        service = client.services[name]
        stops, covered, before = min(service.over, service.stops or service.over), None, None
        for start, end, one in sorted(book.stretches[name].values(), key=lambda stretch: stretch[:2]):
            if covered is not None and before is not None:
                asked = min(_worth(each, start, covered, client.zone) for each in (before, one))
                law = "no two invoices for one period"
                require(not asked, law, client=client.name, service=name, start=start, end=covered)
                gap = bool(one.amount) and covered < start and start not in service.fresh
                beyond = start >= stops  # what is paid beyond the end of billing stays paid
                law = "no gap between periods"
                require(not gap or beyond, law, client=client.name, service=name, end=covered, start=start)
            if covered is None or end >= covered:
                covered, before = end, one


def _worth(line: LineValue, start: datetime, end: datetime, zone: str) -> int:
    """What *line* asks for the days from *start* to *end*."""
    if end <= start or not line.left or not isinstance(line.period, Period):
        return 0
    days = (local_day(line.period.end, zone) - local_day(line.period.start, zone)).days
    return half_up(int(line.exact_price) * (local_day(end, zone) - local_day(start, zone)).days, days)


def numbers_run_on(all_accounts: Collection[CustomerAccount], counted: Counted) -> None:
    """The documents of all clients have the numbers from 1 on, each once."""
    found: dict[str, list[int]] = {kind: [] for kind in counted.last}
    for account in all_accounts:
        for name, bill in account.bills.items():
            number = bill.document.number
            kind = bill.document.kind.value
            found[kind].append(number.number)
            if kind == INVOICE:
                found[PROFORMA].append(int(name.rpartition(":")[2]))
    for kind, numbers in found.items():
        require(sorted(numbers) == list(range(1, counted.last[kind] + 1)), "numbers without gaps", kind=kind)


def a_way(before: str, after: str) -> bool:
    """Whether one thing leads from the state *before* to *after*, as the table of the library says."""
    ways = subscriptions.TRANSITIONS[subscriptions.SubscriptionState(before)]
    return before == after or after in {state.value for state in ways.values()}


def by_itself(before: str, after: str) -> bool:
    """Whether time alone leads from *before* to *after*: trials turn, run out, and ends come."""
    if before == after:
        return True
    if after == "cancelled":
        return before != "terminated"
    return (before, after) in {
        ("trial", "active"),
        ("trial", "expired"),
        ("active", "expired"),
        ("suspended", "expired"),
    }
