"""A partner with its clients, whom one random command after another is sent to while a year goes by.

Each command is refused, or done, as the rules kept naively say; what it did is followed event by event.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import accounts
from licensing_core.accounts import Bills, Books, CustomerAccount, Numbers, NumbersTaken
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.testing.law import require
from tests.reliability.partner_checks import (
    Book,
    a_way,
    agrees,
    billed_once,
    by_itself,
    money_adds_up,
    numbers_run_on,
)
from tests.reliability.partner_client import Client
from tests.reliability.partner_naive import Counted
from tests.reliability.partner_rules import refusal, settle
from tests.reliability.partner_service import Asked, with_ends

BY: Final = Actor("partner")
FIRST_DAY: Final = datetime(2024, 1, 20, 7, tzinfo=UTC)
YEAR: Final = timedelta(days=366)
IN_PART: Final = 0.02
"""How often a command is tried on what a store would load for it alone."""
_OF_CLIENTS: Final = frozenset({"assign", "block", "unblock", "person", "configure", "credit", "refund", "fail"})
"""Commands that no service changes by."""
Run = Callable[[Books], Decision[Any, Any]]


class Partner:
    """All that there is of one partner, as the library has it and as it is kept naively."""

    def __init__(self, rng: Random, ops: int) -> None:
        self.rng, self.left = rng, ops
        self.now = FIRST_DAY + timedelta(minutes=rng.randrange(60 * 24 * 40))
        self.until = self.now + YEAR
        self.numbers, self.counted = Numbers(id="documents"), Counted()
        self.accounts: dict[str, CustomerAccount] = {}
        self.clients: dict[str, Client] = {}
        self.histories: dict[str, list[Event]] = {}
        self.books: dict[str, Book] = {}
        self.told = ""
        self._next: Client | None = None

    def begin(self, client: Client, opened: Decision[CustomerAccount, Any]) -> None:
        """A client is added."""
        self.accounts[client.name], self.clients[client.name] = opened.state, client
        self.histories[client.name], self.books[client.name] = list(opened.events), Book()
        self.told = f"add {client.name}"
        agrees(opened.state, client, (), self.now)

    def do(
        self,
        client: Client,
        asked: Asked,
        run: Run,
        note: Callable[[], object] = lambda: None,
        refused: str | None = None,
    ) -> tuple[Event, ...]:
        """Let *run* do what is *asked*; nothing where it is refused. *note* takes down what was asked, once it is done.

        Raises:
            LawBroken: It does something else than the rules say, or is refused otherwise.
        """
        code = refused or refusal(client, asked, self.now)
        if code is None:
            asked = with_ends(client.services.get(asked.service), asked, self.now)
        before = Books(self.accounts[client.name], self.numbers)
        try:
            decision = run(before)
        except LicensingError as error:
            require(
                error.code == code, "refused as the rules say", said=f"{error.code}: {error}", due=code, asked=asked
            )
            if self.rng.random() < IN_PART:
                self._in_part(before, asked, run, error)
            self.told = f"{client.name} {asked.name} {code}"
            return ()
        require(code is None, "refused as the rules say", said="done", due=code, asked=asked)
        if self.rng.random() < IN_PART:
            self._in_part(before, asked, run, decision)
        about = () if asked.name in _OF_CLIENTS else client.services.items()
        states = {name: one.state(self.now) for name, one in about}
        note()
        events = self._done(client, asked, before, decision)
        for name in client.moved & states.keys():
            after = client.services[name].state(self.now)
            require(a_way(states[name], after), "a way of the table", before=states[name], after=after, asked=asked)
        return events

    def _done(self, client: Client, asked: Asked, before: Books, decision: Decision[Any, Any]) -> tuple[Event, ...]:
        after = decision.state if isinstance(decision.state, Books) else evolve(before, account=decision.state)
        events = tuple(event for event in decision.events if not isinstance(event, NumbersTaken))
        client.follow(events, asked, self.now)
        settle(client, asked, self.now, done=bool(events))
        folded = before.account
        for event in events:
            folded = accounts.apply(folded, event)
        require(folded == after.account, "the events lead to the state", asked=asked, events=events)
        for event in decision.events[len(events) :]:
            require(accounts.apply_numbers(before.numbers, event) == after.numbers, "the numbers too", event=event)
        self.accounts[client.name], self.numbers = after.account, after.numbers
        self.histories[client.name] += events
        agrees(after.account, client, client.moved, self.now)
        self.told = f"{client.name} {asked.name} {' '.join(event.type for event in events)}"
        return events

    def _in_part(self, before: Books, asked: Asked, run: Run, outcome: Any) -> None:
        """The same comes of it where only the bills are loaded that a store loads."""
        account = before.account
        named = {asked.document} if asked.document else set()
        loaded = accounts.open_documents(account) | named
        some = Bills({name: account.bills[name] for name in loaded if name in account.bills}, loaded=loaded)
        try:
            events: object = run(evolve(before, account=evolve(account, bills=some))).events
        except LicensingError as error:
            events = error
        wanted = outcome if isinstance(outcome, LicensingError) else outcome.events
        require(events == wanted, "what is loaded in part is enough", said=events, due=wanted)

    def wait(self) -> None:
        """Some time goes by; now and then up to the very instant at which something happens."""
        pace = (self.until - self.now) / max(1, self.left)
        self.left -= 1
        then = self.now + min(self.rng.expovariate(1.0), 8.0) * pace
        self._next = None
        if self.rng.random() < 0.2 and self.clients:
            client = self.any_client()
            ahead = sorted(at for at in self._moments(client) if self.now < at < self.now + 40 * pace)
            if ahead:
                then, self._next = self.rng.choice(ahead[:3]), client
        self._go_to(min(then, self.until))

    def any_client(self) -> Client:
        """One of them: the one to which something happens at this very instant, if it was waited for."""
        return self._next or self.rng.choice(list(self.clients.values()))

    def _moments(self, client: Client) -> list[datetime]:
        """When something happens to *client*, and the last days of the month."""
        found = [until for until in client.blocks.values() if until is not None]
        found += [at for at in (self.now + timedelta(days=more) for more in range(1, 9)) if at.day > 28]
        for one in client.services.values():
            ends = [] if one.ends is None else [*one.ends[:2]]
            dated = [] if one.dated is None else [one.dated]
            found += [turn.end for turn in one.turns] + ends + dated
            found += [] if one.trial_ends is None else [one.trial_ends]
        return found + ([] if client.trial_ends is None else [client.trial_ends])

    def _go_to(self, then: datetime) -> None:
        if self.rng.random() < 0.02:
            for client in self.clients.values():
                for one in client.services.values():
                    before, after = one.state(self.now), one.state(then)
                    require(by_itself(before, after), "time alone leads there", before=before, after=after, service=one)
        self.now = then

    def check_all(self) -> None:
        """All that holds of all clients together.

        Raises:
            LawBroken: Something does not.
        """
        for name, account in self.accounts.items():
            client = self.clients[name]
            client.touched = set()
            book = self.books[name]
            agrees(account, client, (), self.now)
            book.stands(account, client, self.now)
            if book.turned(account):
                money_adds_up(account, client, book)
                billed_once(client, book)
        numbers_run_on(self.accounts.values(), self.counted)
        self._shown()

    def _shown(self) -> None:
        """The dashboard counts what there is."""
        shown = accounts.dashboard(self.accounts.values(), now=self.now)
        rows = list(self.clients.values())
        status = [client.status(self.now) for client in rows]
        plans = {one.plan for one, at in zip(rows, status, strict=True) if one.plan and at in ("trial", "active")}
        users = sum(not contact for client in rows for contact in client.people.values())
        due = (len(rows), users, status.count("blocked"), tuple(sorted(plans)))
        said = (shown.customers, shown.users, shown.blocked, shown.active_plans)
        require(said == due, "the dashboard", said=said, due=due)

    def check_histories(self) -> None:
        """The whole history of a client, of some of all, leads to what it is.

        Raises:
            LawBroken: One does not.
        """
        for name, (first, *others) in self.histories.items():
            if self.rng.random() < 0.75 and len(self.clients) > 5:
                continue
            state = accounts.opened(first)  # type: ignore[arg-type]
            for event in others:
                state = accounts.apply(state, event)  # type: ignore[arg-type]
            require(state == self.accounts[name], "the history leads to the state", client=name)


def any_document(partner: Partner, client: Client) -> str:
    """Mostly one that *client* owes, now and then one that it does not."""
    owing, rng = client.owing(), partner.rng
    if owing and rng.random() < 0.85:
        return rng.choice(owing).name
    number = rng.randint(1, partner.counted.last["proforma"] + 1)
    return rng.choice([*client.papers, f"proforma:{number}"])
