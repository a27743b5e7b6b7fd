"""How a run of the jobs ended, in what must be the same however late they ran, and what must hold of each run alone.

The same are: each period with its days, what it costs and what was taken off it, the day it was due, and once that day
has come whether it is paid; the state, next due date, end, renewals and waiting changes of each subscription; and of
the money of a customer what it paid and owes, less what it has in credit.

Not the same need be: numbers and dates of documents, the day of a payment, whether what an earlier period gives back
came off a proforma or an invoice, whether what is to be paid later is paid by credit already, and what was asked for
and taken back again. Nor, of a subscription that has ended, whether the last of it is paid, since what has ended is
charged no more, and whether it was terminated before its last period was over.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from licensing_core import subscriptions
from licensing_core.accounts import Bill, CustomerAccount
from licensing_core.billing import LineValue
from licensing_core.periods import Interval, local_date
from licensing_core.testing.law import require
from tests.reliability.jobs_offices import Office
from tests.reliability.jobs_scenes import DAY, Buyer, Scene

End = dict[str, dict[str, Any]]
ANY = "whatever"
"""What need not be the same."""
ENDED = {"expired": "over", "terminated": "over", "cancelled": "cancelled"}


def end_of(scene: Scene, office: Office) -> End:
    """By customer, and by what it is about."""
    return {buyer.name: _end_of(buyer, office, scene.until) for buyer in scene.buyers}


def _end_of(buyer: Buyer, office: Office, until: datetime) -> dict[str, Any]:
    account = office.account(buyer)
    found: dict[str, Any] = {"money": _money(account, office.cash[buyer.name])}
    for name, one in sorted(account.subscriptions.items()):
        waiting = tuple(each.id for each in one.turns[-1].item.scheduled) if one.turns else ()
        ends = None if one.ends is None else (one.ends.access, one.ends.billing, one.ends.credited)
        state = subscriptions.state_at(one, until).value
        found[f"state of {name}"] = (ENDED.get(state, state), ends, one.renewals, waiting)
        billed = list(_billed(account, name))
        by_credit = any(line.paid and not _to_be_paid(buyer, bill, until) for bill, line, _, _ in billed)
        found[f"next due date of {name}"] = ANY if by_credit else subscriptions.next_due(one, until)
        found[f"periods of {name}"] = sorted(
            (start, end, line.item, line.amount.minor, line.credited.minor, bill.due)
            for bill, line, start, end in billed
        )
        paid = [
            (start, bill.due, (line.paid - line.returned).minor, not line.outstanding)
            for bill, line, start, _ in billed
            if _to_be_paid(buyer, bill, until)
        ]
        found[f"payments of {name}"] = ANY if state in ENDED else sorted(paid)
    if buyer.licenses:
        licenses, closed = office.licenses(buyer)
        held = {name: (pool.bought, dict(pool.holdings)) for name, pool in licenses.pools.items()}
        cycles = [(one.period, dict(one.kept), sum(quote.due.minor for quote in one.bills)) for one in closed]
        found["licenses"] = (licenses.period, held, cycles)
    return found


def _to_be_paid(buyer: Buyer, bill: Bill, until: datetime) -> bool:
    """Whether all that *buyer* does of itself about a document was done by then."""
    days = buyer.policy.charge_days if buyer.automatic else max(0, buyer.after)
    return local_date(until, buyer.zone) >= bill.due + days * DAY


def alike(one: Any, other: Any) -> bool:
    """Whether two ends are the same, in what can be compared."""
    return ANY in (one, other) or bool(one == other)


def _money(account: CustomerAccount, cash: int) -> int:
    """What was paid and is owed, less what is in credit."""
    owed = sum(bill.outstanding.minor for bill in account.bills.values())
    return cash + owed - sum(one.minor for one in account.balances.values())


def _billed(account: CustomerAccount, name: str) -> Iterator[tuple[Bill, LineValue, datetime, datetime]]:
    """The lines of a subscription that ask for something, or did, with the days that they are for."""
    for bill in account.bills.values():
        for line in bill.lines if bill.subscription == name else ():
            part = line.billed if line.amount else None
            if isinstance(part, Interval) and part.start is not None and part.end is not None and part.start < part.end:
                yield bill, line, part.start, part.end


def once_each(scene: Scene, office: Office) -> None:
    """One charge for each document, one document for each period, and numbers without gaps.

    Raises:
        LawBroken: It is not so.
    """
    twice = [name for name, times in office.charged.items() if times > 1]
    require(not twice, "one charge each", twice=twice)
    numbers: dict[str, list[int]] = {"P-": [], "F-": [], "C-": []}
    for buyer in scene.buyers:
        account = office.account(buyer)
        for name in account.subscriptions:
            stretches = sorted((start, end) for _, line, start, end in _billed(account, name) if line.left)
            for (_, end), (start, _) in pairwise(stretches):
                require(end <= start, "one period each", customer=buyer.name, service=name, end=end, start=start)
        for bill_id, bill in account.bills.items():
            number = bill.document.number
            numbers[number.series].append(number.number)
            if number.series == "F-":
                numbers["P-"].append(int(bill_id.rpartition(":")[2]))
    for series, found in numbers.items():
        require(sorted(found) == list(range(1, len(found) + 1)), "numbers without gaps", series=series)
