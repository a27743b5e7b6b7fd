"""The laws of accounts: nothing is paid twice, no time is billed twice, and jobs may run at any time (R25, L6, L7).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import accounts as lib
from licensing_core.accounts import (
    Bill,
    Bills,
    BillStatus,
    Books,
    CreditOpened,
    CustomerAccount,
    CustomerAdded,
    Numbers,
    People,
)
from licensing_core.accounts.books import documents_of
from licensing_core.billing import BalanceRefunded, DocumentKind, PaymentBooked
from licensing_core.currencies import Currency
from licensing_core.decisions import Event
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.subscriptions import (
    GIVES_ACCESS,
    SubscriptionCancelled,
    SubscriptionPaused,
    SubscriptionState,
    state_at,
)
from licensing_core.testing.cases_accounts import ANA, Command, Tenant, any_books, any_command, tried
from licensing_core.testing.law import require


def a_bill_adds_up(account: CustomerAccount, bill: Bill) -> None:
    """What a bill asks for is outstanding, paid or credited; an invoice less its credit notes is what was paid."""
    case = {"bill": bill}
    if bill.document.kind is DocumentKind.CREDIT_NOTE:
        require(not bill.outstanding and not bill.lines, "a credit note asks for nothing", **case)
        return
    require(bill.open is bool(bill.outstanding), "it is unpaid while something is outstanding, and then alone", **case)
    notes = [one.document.total for one in account.bills.values() if one.document.corrects == bill.id]
    if not bill.lines:
        require(not notes and bill.status is not BillStatus.PAID, "nothing is paid without lines", **case)
        return
    zero = Money.zero(bill.currency)
    paid = Money.sum((one.paid - one.returned for one in bill.lines), bill.currency)
    credited = Money.sum((one.gross_credited for one in bill.lines), bill.currency)
    owed = Money.sum((one.outstanding for one in bill.lines), bill.currency)
    require(bill.document.total == owed + paid + credited, "it is outstanding, paid or credited", **case)
    require(bill.status is BillStatus.PAID or not notes, "only an invoice has credit notes", **case)
    if bill.status is BillStatus.PAID:
        require(
            owed == zero and Money.sum(notes, bill.currency) == credited, "credit notes say what is credited", **case
        )
        require(bill.document.kind is DocumentKind.INVOICE, "what is paid is an invoice", **case)
    if bill.status is BillStatus.VOID:
        require(owed == paid == zero, "for what is void nothing is paid, and nothing owed", **case)


def bills_and_turns_agree(account: CustomerAccount) -> None:
    """Each unpaid bill is one that its subscription names, and a turn is paid when its bill is."""
    named = {name for one in account.subscriptions.values() for name in documents_of(one)}
    unpaid = {bill.id for bill in account.bills.values() if bill.open}
    require(unpaid <= named, "unpaid bills are named by their subscriptions", unpaid=unpaid, named=named)
    require([one.id for one in account.due] == _by_due(account, unpaid), "due is what is unpaid", unpaid=unpaid)
    for one in account.subscriptions.values():
        for turn in one.turns:
            bill = None if turn.document is None else account.bills.get(turn.document)
            if bill is not None:
                require(turn.paid is not bill.open, "a turn is paid when its bill is", turn=turn, bill=bill)


def _by_due(account: CustomerAccount, names: Iterable[str]) -> list[str]:
    def place(name: str) -> Any:
        number = account.bills[name].document.number
        return account.bills[name].due, number.series, number.number

    return sorted(names, key=place)


def users_are_counted(account: CustomerAccount) -> None:
    """As many users are counted as there are, where all people were looked up; a contact is none (LAT-4)."""
    users = sum(not one.contact for one in account.people.values())
    require(account.users == users, "users are counted", account=account, users=users)


def money_is_what_came_in(account: CustomerAccount, history: Iterable[Event]) -> None:
    """What was paid on bills and what is in credit is what came in, less what was refunded: in each currency.

    Args:
        history: All events of the account; bills that were imported count with what was paid elsewhere.
    """
    came: dict[str, Money] = {}

    def add(amount: Money, *, out: bool = False) -> None:
        before = came.get(amount.currency.code, Money.zero(amount.currency))
        came[amount.currency.code] = before - amount if out else before + amount

    for event in history:
        if isinstance(event, CustomerAdded):
            for amount in event.balances.values():
                add(amount)
        elif isinstance(event, CreditOpened) or (isinstance(event, PaymentBooked) and not event.from_balance):
            add(event.amount)
        elif isinstance(event, BalanceRefunded):
            add(event.amount, out=True)
        elif isinstance(event, lib.SubscriptionImported):
            for bill in event.bills:
                for line in bill.lines:
                    add(line.paid - line.returned)
    for code in {*came, *account.balances}:
        currency = Currency(code)
        lines = [line for bill in account.bills.values() if bill.currency is currency for line in bill.lines]
        found = Money.sum((line.paid - line.returned for line in lines), currency) + account.balance(currency)
        wanted = came.get(code, Money.zero(currency))
        require(found == wanted, "money is neither made nor lost", found=found, wanted=wanted, account=account.id)


def no_time_is_billed_twice(account: CustomerAccount) -> None:
    """No two bills of one subscription charge for the same time, once what was given back is taken off.

    It holds for conventions that give back what a change charges anew, and prices of which each day is worth something.
    """
    for name in account.subscriptions:
        charged: list[Any] = sorted(
            (line.billed.start, line.billed.end, line.id)
            for bill in account.bills.values()
            if bill.subscription == name and bill.status is not BillStatus.VOID
            for line in bill.lines
            if line.billed is not None and line.left
        )
        for earlier, later in pairwise(charged):
            require(earlier[1] <= later[0], "no time is billed twice", earlier=earlier, later=later)


def numbers_are_gapless(numbers: Numbers, accounts: Iterable[CustomerAccount]) -> None:
    """Each series of a tenant runs from 1 without a gap, and none of its documents is dated before the one before.

    Args:
        accounts: All of the tenant, with all bills; those that were imported have a series of their own.
    """
    documents = [bill.document for account in accounts for bill in account.bills.values()]
    series = numbers.series
    for own in (series.proformas, series.invoices, series.credit_notes):
        if own is not None:
            given = [one.number for one in documents if one.number.series == own.prefix]
            for before, after in pairwise(sorted(given, key=lambda one: (one.year or 0, one.number))):
                require(
                    before.issued_on <= after.issued_on, "none is dated before the last", before=before, after=after
                )
            gaps = () if own is series.proformas and series.invoices is not None else own.missing(given)
            require(not gaps and len({*map(str, given)}) == len(given), "a series has no gap", gaps=gaps)
    asked: dict[str, list[int]] = {}
    for one in documents:
        kind, _, number = one.id.rpartition(":")
        if kind.partition(":")[0] in ("proforma", "credit_note"):
            asked.setdefault(kind, []).append(int(number))
    for kind, found in asked.items():
        require(sorted(found) == [*range(1, len(found) + 1)], "an id is given once, and none left out", kind=kind)


def replay_rebuilds(history: Sequence[Event], state: CustomerAccount | Numbers) -> None:
    """L7. An account, or the numbers of a tenant, is the replay of all that happened to it."""
    first, *rest = history
    if isinstance(state, Numbers):
        found: Any = reduce(lib.apply_numbers, rest, lib.numbers_opened(first))  # type: ignore[arg-type]
    else:
        found = reduce(lib.apply, rest, lib.opened(first))  # type: ignore[arg-type]
    require(found == state, "replay rebuilds it", found=found, state=state)


def a_part_decides_as_the_whole(books: Books, command: Command) -> None:
    """The documents that `open_documents()` names, and those of the command, decide all; so do the people it names."""
    part = in_part(books, command.documents, command.people)
    whole, small = tried(command.decide, books), tried(command.decide, part)
    if isinstance(whole, LicensingError) or isinstance(small, LicensingError):
        require(whole == small, "a part is refused as the whole is", whole=whole, part=small)
        return
    require(whole[1] == small[1], "a part decides as the whole", whole=whole[1], part=small[1])
    full, some = whole[0].account, small[0].account
    require(evolve(some, bills=full.bills, people=full.people) == full, "and leads to the same account", books=books)
    for name, bill in some.bills.items():
        require(bill == full.bills[name], "with the same bills", bill=bill)
    require(some.due == full.due, "and the same that is due", due=some.due)


def in_part(books: Books, documents: Iterable[str] = (), people: Iterable[str] = ()) -> Books:
    """The same books, of which no more was looked up than a store always does, these documents and these people."""
    account = books.account
    named, users = lib.open_documents(account) | {*documents}, {*people}
    bills = Bills({name: bill for name, bill in account.bills.items() if name in named}, loaded=named)
    known = People({name: one for name, one in account.people.items() if name in users}, loaded=users)
    return evolve(books, account=evolve(account, bills=bills, people=known))


def jobs_may_be_repeated(books: Books, now: datetime) -> None:
    """R25. Billing and dunning that run again at the same time do nothing; and one by one is all together."""
    billed = lib.bill_due(books, by=ANA, now=now).state
    apart = books
    for name in sorted(books.account.subscriptions):
        apart = lib.bill_due(apart, name, by=ANA, now=now).state
    require(apart == billed, "one subscription at a time is all of them", apart=apart, billed=billed)
    dunned = lib.dun(billed, by=ANA, now=now).state
    for job in (lib.bill_due, lib.dun):
        again: Any = job(dunned, by=ANA, now=now)
        require(not again.events, "a job that runs again does nothing", events=again.events)


def a_late_run_bills_the_same(books: Books, runs: Iterable[datetime], until: datetime) -> None:
    """R25. However often and late the jobs run up to *until*, each period is billed once, and at the same amount.

    All is charged that is due, at each run. It is said of subscriptions that go on at *until*: of one that has ended
    by then nothing is charged, and what is overdue for too long is not billed on.
    """
    settings = evolve(books.account.settings, automatic_debit=True)
    books = evolve(books, account=evolve(books.account, settings=settings))
    late = all_jobs(books, until)
    often = reduce(all_jobs, (*sorted(runs), until), books)
    for name, one in late.account.subscriptions.items():
        if state_at(one, until) in (SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED):
            found, wanted = _lines(often.account, name), _lines(late.account, name)
            require(found == wanted, "a late run bills the same", often=found, late=wanted)


def all_jobs(books: Books, now: datetime) -> Books:
    """The books after all jobs at *now*: bill, charge, dun; until there is nothing to do."""
    while True:
        before = books
        books = lib.bill_due(books, by=ANA, now=now).state
        for charge in lib.charges_due(books.account, now=now):
            books = lib.pay(books, charge.document, paid=charge.amount, by=ANA, now=now).state
        books = lib.dun(books, by=ANA, now=now).state
        if books == before:
            return books


def _lines(account: CustomerAccount, subscription: str) -> list[Any]:
    """What a subscription was charged for which time, in order."""
    bills = (bill for bill in account.bills.values() if bill.subscription == subscription)
    lines = [line for bill in bills if bill.status is not BillStatus.VOID for line in bill.lines]
    return sorted((int(one.id.rpartition(":")[2]), one.period, one.billed, one.amount.minor) for one in lines)


def access_is_for_those_who_pay(account: CustomerAccount, now: datetime) -> None:
    """There is no access while a customer is blocked, or to what is not in force; and else there is."""
    causes = account.causes(now)
    blocked = lib.status(account, now) is lib.CustomerStatus.BLOCKED
    require(blocked is bool(causes), "a block comes before all else", account=account)
    for name, one in account.subscriptions.items():
        verdict, state = lib.can_use(account, name, now=now), state_at(one, now)
        wanted = "client.blocked" if causes else "ok" if state in GIVES_ACCESS else "service.not_in_force"
        require(verdict.code == wanted, "access is for those who pay", verdict=verdict, state=state)
    sold = [one for one in lib.subscription_rows(account, now) if one.item == account.plan]
    if sold and not any(one.state in GIVES_ACCESS for one in sold) and account.trial_ends is None:
        require(not lib.plan_in_force(account, now=now), "a plan is in force that is paid for", rows=sold)


def credit_pays_first(after: CustomerAccount, events: Sequence[Event]) -> None:
    """Nothing is asked for while something is in credit that could pay it; a first payment is made in one.

    It is looked at after each command that asks for something, or gives credit.
    """
    asked = (isinstance(one, lib.BillIssued) and one.bill.document.kind is DocumentKind.PROFORMA for one in events)
    given = (isinstance(one, CreditOpened | SubscriptionPaused | SubscriptionCancelled) for one in events)
    if not any((*asked, *given)):
        return
    for bill in after.due:
        balance = after.balance(bill.currency)
        enough = bool(balance) if bill.lines else balance >= bill.outstanding
        require(not enough, "what is in credit pays first", bill=bill, balance=balance)


# One case of each


def _added_up(rng: Random) -> None:
    for step in Tenant(rng, 1).steps(24):
        for bill in step.after.account.bills.values():
            a_bill_adds_up(step.after.account, bill)


def _agreed(rng: Random) -> None:
    for step in Tenant(rng, 1).steps(24):
        bills_and_turns_agree(step.after.account)
        users_are_counted(step.after.account)


def _counted(rng: Random) -> None:
    tenant = Tenant(rng, 2)
    for _step in tenant.steps(24):
        pass
    for account in tenant.accounts.values():
        money_is_what_came_in(account, tenant.histories[account.id])


def _billed_once(rng: Random) -> None:
    for step in Tenant(rng, 1).steps(24):
        no_time_is_billed_twice(step.after.account)


def _numbered(rng: Random) -> None:
    tenant = Tenant(rng, 3)
    for _step in tenant.steps(30):
        pass
    numbers_are_gapless(tenant.numbers, tenant.accounts.values())


def _replayed(rng: Random) -> None:
    tenant = Tenant(rng, 2)
    for _step in tenant.steps(24):
        pass
    replay_rebuilds(tenant.histories["documents"], tenant.numbers)
    for account in tenant.accounts.values():
        replay_rebuilds(tenant.histories[account.id], account)


def _in_part(rng: Random) -> None:
    books, now = any_books(rng)
    for _ in range(4):
        a_part_decides_as_the_whole(books, any_command(rng, books, now))


def _repeated(rng: Random) -> None:
    books, now = any_books(rng)
    jobs_may_be_repeated(books, now + timedelta(days=rng.choice((0, 3, 20, 70))))


def _late(rng: Random) -> None:
    books, now = any_books(rng)
    runs = [now + timedelta(days=rng.randint(0, 70), hours=rng.randint(0, 23)) for _ in range(rng.randint(0, 5))]
    a_late_run_bills_the_same(books, runs, now + timedelta(days=71))


def _given_access(rng: Random) -> None:
    for step in Tenant(rng, 1).steps(24):
        access_is_for_those_who_pay(step.after.account, step.now + timedelta(days=rng.choice((0, 0, 5, 40))))


def _paid_by_credit(rng: Random) -> None:
    for step in Tenant(rng, 1).steps(24):
        credit_pays_first(step.after.account, step.events)


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("a bill adds up", _added_up),
    ("bills and turns agree, and users are counted", _agreed),
    ("money is what came in", _counted),
    ("no time is billed twice", _billed_once),
    ("numbers are gapless", _numbered),
    ("L7 replay rebuilds accounts and numbers", _replayed),
    ("a part of the bills decides as the whole", _in_part),
    ("R25 jobs may be repeated", _repeated),
    ("R25 a late run bills the same", _late),
    ("access is for those who pay", _given_access),
    ("what is in credit pays first", _paid_by_credit),
]
"""Name of each law, and what makes one case of it and checks it."""
