"""A client of the partner, kept naively: it follows what happens, and sees to it that each thing may."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from licensing_core import accounts, billing, subscriptions
from licensing_core.decisions import Event
from licensing_core.testing.law import require
from tests.reliability.partner_naive import (
    CREDIT_NOTE,
    INVOICE,
    PROFORMA,
    SERIES,
    Counted,
    Paper,
    Turn,
    local_day,
    midnight,
    twenty_one,
)
from tests.reliability.partner_service import Asked, Dunning, Service

Events = Iterable[Event]


@dataclass
class Client:
    """What is known of one client.

    Attributes:
        blocks: Until when it is blocked for each cause; `None` for no end.
        people: Whether each is a contact only.
        cash, given, refunded: By currency: what came in, what credit was given for nothing, what was paid out.
    """

    name: str
    zone: str
    numbers: Counted
    plan: str | None
    trial_ends: datetime | None
    automatic: bool = False
    dunning: Dunning = field(default_factory=Dunning)
    blocks: dict[str, datetime | None] = field(default_factory=dict)
    people: dict[str, bool] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    cash: dict[str, int] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    """The papers that the last command touched."""
    moved: set[str] = field(default_factory=set)
    """The services that it touched."""
    paid: set[str] = field(default_factory=set)
    """Those of which it paid something."""
    stepping: list[tuple[str, str]] = field(default_factory=list)
    """The steps of the dunning that were due when the last one was taken."""

    def causes(self, now: datetime) -> set[str]:
        return {cause for cause, until in self.blocks.items() if until is None or now < until}

    def status(self, now: datetime) -> str:
        if self.causes(now):
            return "blocked"
        if self.trial_ends is None or self.has_paid_for_plan(now):
            return "active"
        return "trial" if now < self.trial_ends else "trial_ended"

    def has_paid_for_plan(self, now: datetime) -> bool:
        """Whether it subscribed to its plan, and that is paid for, or was, or may be used."""
        own = (one for one in self.services.values() if one.item(now) == self.plan)
        return any(one.begun(now) or one.state(now) in ("trial", "active") for one in own)

    def may_use(self, service: Service, now: datetime) -> bool:
        return not self.causes(now) and service.state(now) in ("trial", "active")

    def owing(self) -> list[Paper]:
        """The proformas that are unpaid, by the day on which they are due, then by number."""
        return sorted((one for one in self.papers.values() if one.status == "unpaid"), key=lambda p: (p.due, p.number))

    def dunned(self, paper: Paper, now: datetime) -> bool:
        return self.services[paper.service].state(now) in ("active", "suspended")

    def charges(self, now: datetime) -> list[tuple[str, str, int, int]]:
        """What the automatic debit is to charge, and the number of the attempt."""
        latest = local_day(now, self.zone).toordinal() - self.dunning.charge
        due = [one for one in self.owing() if one.due.toordinal() <= latest and self.dunned(one, now)]
        return [(one.name, one.service, one.owed, one.failed + 1) for one in due] if self.automatic else []

    def steps(self, now: datetime) -> list[tuple[str, str]]:
        """Whom the dunning suspends or terminates, by id."""
        found = []
        for name, one in sorted(self.services.items()):
            days = one.overdue(now)
            if days is None:
                continue
            if self.dunning.terminate and days >= self.dunning.terminate:
                found.append((name, "terminated"))
            elif days >= self.dunning.suspend and one.state(now) == "active":
                found.append((name, "suspended"))
        return found

    def reminders(self, now: datetime) -> list[tuple[str, int]]:
        found = []
        for one in self.owing():
            late = (local_day(now, self.zone) - one.due).days
            days = max((day for day in self.dunning.remind if day <= late), default=-1)
            if days > one.reminded and self.dunned(one, now):
                found.append((one.name, days))
        return found

    def follow(self, events: Events, asked: Asked, now: datetime) -> None:
        """Let *events* happen, which *asked* led to.

        Raises:
            LawBroken: One of them must not happen.
        """
        self.touched, self.moved, self.paid = set(), set(), set()
        dunned = asked.name == "dun"
        self.stepping = self.steps(now) if dunned else []
        for event in events:
            follow = _FOLLOWED.get(type(event))
            require(follow is not None, "nothing else happens", event=event)
            if follow is not None:
                follow(self, event, asked, now)
            if dunned and not isinstance(event, _TAKEN_BACK):
                self.stepping = self.steps(now)
        for name in sorted(self.touched):
            _sound(self.papers[name])


def _sound(paper: Paper) -> None:
    """What holds of a proforma or invoice after each command."""
    require(paper.owed >= 0, "nobody pays more than is owed", paper=paper)
    require(paper.returned <= paper.cash + paper.spent, "no credit beyond what was paid", paper=paper)
    require(paper.payments <= 1, "paid from outside once", paper=paper)
    if paper.status == "paid":
        require(paper.owed == 0, "an invoice is paid", paper=paper)
        require(paper.noted == paper.off, "credit notes say what was taken off", paper=paper)
    else:
        require(paper.noted == 0, "only invoices have credit notes", paper=paper)
        require((paper.owed > 0) is (paper.status == "unpaid"), "what asks for nothing is void", paper=paper)
        if paper.status == "void":
            require(paper.cash + paper.spent == paper.returned, "nothing is kept of what is void", paper=paper)


def _number(client: Client, document: billing.Document, now: datetime) -> None:
    kind, number, counted = document.kind.value, document.number, client.numbers
    counted.last[kind] += 1
    dated = max(local_day(now, client.zone), counted.dated.get(kind, local_day(now, client.zone)))
    counted.dated[kind] = dated
    said = (number.series, number.number, number.issued_on)
    require(said == (SERIES[kind], counted.last[kind], dated), "numbers run on without gaps", said=said, kind=kind)


def _issued(client: Client, event: accounts.BillIssued, _asked: Asked, now: datetime) -> None:
    bill, document = event.bill, event.bill.document
    _number(client, document, now)
    net = sum(one.net.minor for one in document.lines)
    tax = sum(tax.amount.minor for one in document.lines for tax in one.taxes)
    require(document.id == f"{document.kind.value}:{document.number.number}", "each has its own id", bill=bill)
    if document.kind.value == CREDIT_NOTE:
        paper = client.papers[document.corrects or ""]
        require(paper.status == "paid", "credit notes correct invoices", paper=paper)
        paper.noted += net + tax
        client.touched.add(paper.name)
        return
    require(document.kind.value == PROFORMA and len(document.lines) == 1, "one line each", bill=bill)
    client.papers[document.id] = Paper(
        document.id, bill.subscription, document.currency.code, document.number.number, bill.due, net, tax
    )
    client.touched.add(document.id)


def _started(client: Client, event: subscriptions.SubscriptionStarted, _asked: Asked, now: datetime) -> None:
    one = client.services[event.subscription]
    begun = event.started
    document = None if begun.ordered is None else begun.ordered.document
    one.order, one.ordered = document, None if document is None else local_day(now, client.zone)
    one.phase = "pending" if document else "trial"
    require((document is None) is (one.trial_ends is not None), "a proforma, or a trial", begun=begun)
    client.moved.add(one.name)


def _booked(client: Client, event: billing.LinesBooked, _asked: Asked, now: datetime) -> None:
    for charged in event.charged:
        paper = client.papers[event.document]
        require(paper.start is None, "billed once", paper=paper)
        paper.start, paper.end = _ends(charged.billed)
        require(charged.amount.minor == paper.net, "as the document says", paper=paper, line=charged)
        client.touched.add(paper.name)
    for credit in event.credited:
        paper = client.papers[credit.document]
        start, _ = _ends(credit.billed)
        left = paper.net - paper.taken
        whole = credit.reason is billing.Reason.CORRECTION
        wanted = left if whole or start is None else paper.unused(start, client.zone)
        require(credit.amount.minor == wanted > 0, "what is unused is given back", paper=paper, credit=credit)
        before, owed = paper.off, paper.owed
        paper.taken += wanted
        gross = paper.off - before
        require((credit.gross.minor, credit.relief.minor) == (gross, min(gross, owed)), "with its tax", credit=credit)
        paper.returned += gross - min(gross, owed)
        _balance(client, paper.currency, gross - min(gross, owed))
        paper.end = start if start is not None and paper.start is not None else paper.end
        client.touched.add(paper.name)


def _ends(part: Any) -> tuple[datetime | None, datetime | None]:
    return (None, None) if part is None else (part.start, part.end)


def _balance(client: Client, currency: str, more: int) -> None:
    client.balances[currency] = client.balances.get(currency, 0) + more
    require(client.balances[currency] >= 0, "no credit below zero", client=client.name)


def _paid(client: Client, event: accounts.BillPaid, _asked: Asked, now: datetime) -> None:
    paper, document = client.papers[event.invoice.id], event.invoice
    require(paper.status == "unpaid", "paid once", paper=paper)
    _number(client, document, now)
    lines = sum(one.net.minor + sum(tax.amount.minor for tax in one.taxes) for one in document.lines)
    require((document.kind.value, lines) == (INVOICE, paper.total), "the invoice of the proforma", paper=paper)
    paper.status = "paid"
    client.touched.add(paper.name)
    client.moved.add(paper.service)
    client.paid.add(paper.service)


def _payment(client: Client, event: billing.PaymentBooked, _asked: Asked, _now: datetime) -> None:
    paper, amount = client.papers[event.document], event.amount.minor
    require(0 < amount <= paper.owed, "no more is paid than is owed", paper=paper, amount=amount)
    if event.from_balance:
        paper.spent += amount
        _balance(client, paper.currency, -amount)
    else:
        require(paper.owed == amount, "all of it is paid", paper=paper, amount=amount)
        paper.cash, paper.payments = paper.cash + amount, paper.payments + 1
        client.cash[paper.currency] = client.cash.get(paper.currency, 0) + amount
    client.touched.add(paper.name)


def _refunded(client: Client, event: billing.BalanceRefunded, _asked: Asked, _now: datetime) -> None:
    currency, amount = event.amount.currency.code, event.amount.minor
    client.refunded[currency] = client.refunded.get(currency, 0) + amount
    _balance(client, currency, -amount)


def _given(client: Client, event: accounts.CreditOpened, _asked: Asked, _now: datetime) -> None:
    currency, amount = event.amount.currency.code, event.amount.minor
    client.given[currency] = client.given.get(currency, 0) + amount
    _balance(client, currency, amount)


def _voided(client: Client, event: accounts.BillVoided, _asked: Asked, _now: datetime) -> None:
    paper = client.papers[event.document]
    require(paper.status == "unpaid", "only what is unpaid is void", paper=paper)
    paper.status = "void"
    client.touched.add(paper.name)


def _billed(client: Client, event: subscriptions.TurnBilled, asked: Asked, now: datetime) -> None:
    one = client.services[event.subscription]
    client.moved.add(one.name)
    if isinstance(event, subscriptions.SubscriptionActivated):
        asked = Asked("pay", one.name)
    if asked.name == "bill":
        require(one.to_bill(now, client.dunning), "billed when it is due", start=event.turn.start, service=one)
    wanted, before = one.expected(asked, now), one.state(now)
    turn, item = event.turn, event.turn.item
    said = (turn.start, item.period.end, turn.renewal, item.terms.item, item.terms.quantity)
    due = (wanted.start, wanted.end, wanted.renewal, wanted.sold.item, wanted.sold.quantity)
    require(said == due, "the turn that is due, from the anchor on", said=said, due=due, service=one, asked=asked)
    document = turn.document
    if document is not None:
        _of_its_turn(client, client.papers[document], one, wanted)
    if one.turns and wanted.start != one.turns[-1].end and wanted.start >= one.turns[-1].end:
        require(asked.name in ("renew", "resume"), "no gap between periods", wanted=wanted, service=one)
    if not one.turns or asked.name in ("renew", "resume"):
        one.fresh.add(wanted.start)
    one.billed(replace(wanted, document=document), now)
    if before == "expired" or (asked.name != "bill" and before != "suspended"):
        one.phase = "live"


def _of_its_turn(client: Client, paper: Paper, service: Service, turn: Turn) -> None:
    """See to it that *paper* asks for *turn*, and for nothing else."""
    tax = twenty_one(turn.net) if turn.sold.taxed else 0
    require((paper.net, paper.tax) == (turn.net, tax), "the share of the period", paper=paper, turn=turn)
    day = local_day(turn.start, client.zone) if service.phase != "pending" else paper.due
    said = (paper.start, paper.end, paper.due, paper.service)
    due = (turn.start, turn.end, day, service.name)
    require(said == due, "for its days", said=said, due=due, paper=paper)
    whole = local_day(turn.end, client.zone) - local_day(turn.whole, client.zone)
    paper.whole, paper.days = turn.sold.whole, whole.days
    client.touched.add(paper.name)


def _settled(client: Client, event: subscriptions.TurnsSettled, _asked: Asked, _now: datetime) -> None:
    client.touched.update(event.documents)
    client.moved.add(event.subscription)


def _withdrawn(client: Client, event: subscriptions.TurnsWithdrawn, asked: Asked, now: datetime) -> None:
    one = client.services[event.subscription]
    client.moved.add(one.name)
    if one.order is not None:
        require(event.documents == (one.order,), "what waits for its payment", event=event)
        one.order = None
        return
    gone = [
        turn
        for turn in one.turns
        if (turn.document in event.documents if turn.document is not None else turn.start >= event.since)
    ]
    for turn in gone:
        paid = turn.document is not None and client.papers[turn.document].status == "paid"
        unpaid_beyond = asked.name in ("cancel", "dun") and not paid
        tried = one.state(now) == "trial"
        require(
            turn.start > now or tried or unpaid_beyond, "only what has not begun is taken back", turn=turn, asked=asked
        )
    one.withdraw(gone)


def _phase(phase: str, *before: str) -> Callable[[Client, Any, Asked, datetime], None]:
    def follow(client: Client, event: Any, asked: Asked, now: datetime) -> None:
        one = client.services[event.subscription]
        client.moved.add(one.name)
        require(one.state(now) in before, "the state leads there", state=one.state(now), to=phase)
        owes = phase in ("live", "paused") or one.owes_by(now)
        require(owes, "suspended and ended is what owes", service=one, to=phase)
        step = asked.name != "dun" or (one.name, phase) in client.stepping
        require(step, "each step of the dunning when it is due", service=one, to=phase)
        if phase == "terminated" and one.first_unpaid is not None:
            since = local_day(one.first_unpaid.start, one.zone) + timedelta(days=client.dunning.terminate)
            one.over = midnight(since, one.zone)
        one.phase = phase

    return follow


def _cancelled(client: Client, event: subscriptions.SubscriptionCancelled, asked: Asked, _now: datetime) -> None:
    one = client.services[event.subscription]
    client.moved.add(one.name)
    said = (event.ends.access, event.ends.billing, event.ends.credited)
    require(said == asked.ends, "it ends as was asked", said=said, asked=asked)
    one.ends = said
    one.broken_off |= event.ends.final


def _going_on(client: Client, event: subscriptions.CancellationWithdrawn, _asked: Asked, _now: datetime) -> None:
    client.services[event.subscription].ends = None
    client.moved.add(event.subscription)


def _failed(client: Client, event: accounts.DebitFailed, _asked: Asked, _now: datetime) -> None:
    client.papers[event.document].failed += 1


def _reminded(client: Client, event: accounts.ReminderSent, _asked: Asked, now: datetime) -> None:
    due = (event.document, event.days) in client.reminders(now)
    require(due, "it is reminded of what is still unpaid, once", event=event)
    client.papers[event.document].reminded = event.days


def _noted(client: Client, event: Any, _asked: Asked, _now: datetime) -> None:
    """What was asked, and nothing more: who asked it has noted it."""
    client.moved.update({event.subscription} if hasattr(event, "subscription") else ())


_TAKEN_BACK: Final = (billing.LinesBooked, subscriptions.TurnsWithdrawn)
"""What comes first when a subscription ends."""

_FOLLOWED: Final[dict[type[Event], Callable[[Client, Any, Asked, datetime], None]]] = {
    accounts.BillIssued: _issued,
    accounts.BillPaid: _paid,
    accounts.BillVoided: _voided,
    accounts.CreditOpened: _given,
    accounts.DebitFailed: _failed,
    accounts.ReminderSent: _reminded,
    billing.BalanceRefunded: _refunded,
    billing.LinesBooked: _booked,
    billing.PaymentBooked: _payment,
    subscriptions.CancellationWithdrawn: _going_on,
    subscriptions.SubscriptionActivated: _billed,
    subscriptions.SubscriptionCancelled: _cancelled,
    subscriptions.SubscriptionPaused: _phase("paused", "active"),
    subscriptions.SubscriptionReinstated: _phase("live", "suspended"),
    subscriptions.SubscriptionStarted: _started,
    subscriptions.SubscriptionSuspended: _phase("suspended", "active"),
    subscriptions.SubscriptionTerminated: _phase("terminated", "active", "suspended", "expired"),
    subscriptions.TurnBilled: _billed,
    subscriptions.TurnsSettled: _settled,
    subscriptions.TurnsWithdrawn: _withdrawn,
    **dict.fromkeys(
        (
            accounts.BlockLifted,
            accounts.CustomerBlocked,
            accounts.PersonAdded,
            accounts.PersonRemoved,
            accounts.PlanAssigned,
            accounts.SettingsChanged,
            subscriptions.SubscriptionAligned,
            subscriptions.SubscriptionChangeScheduled,
            subscriptions.SubscriptionChangeWithdrawn,
            subscriptions.TermsChanged,
        ),
        _noted,
    ),
}
