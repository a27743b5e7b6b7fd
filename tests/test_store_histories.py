"""The histories of accounts and of numbers lead to their state, from any store; what cannot have come next breaks them.

The contract of stores replays what it saves; here are the histories that are not whole.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Final

import attrs
import pytest

from licensing_core import accounts
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import Books, CustomerAccount, SubscriptionImported
from licensing_core.billing import (
    BalanceRefunded,
    DocumentKind,
    ItemChange,
    LinesBooked,
    PaymentBooked,
    Restart,
    Series,
    When,
)
from licensing_core.decisions import Event
from licensing_core.enrollments import Enrollments
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pools import PoolResized
from licensing_core.protocols import NUMBERS, AggregateKind, BrokenHistory, Envelope
from licensing_core.serde import dumps, loads
from licensing_core.services import replay, replay_enrollments
from licensing_core.testing.contracts_accounts import clients, money
from licensing_core.testing.contracts_books import after, ordering, paying, subscribed
from licensing_core.testing.contracts_given import NOW, ROOT
from tests.specimens import AT

CUSTOMERS: Final = AggregateKind.CUSTOMERS
FIRST: Final = "proforma:1"
ADDED: Final = accounts.add_customer("acme", None, zone="Europe/Madrid", by=ROOT, now=NOW)
BEGUN: Final = accounts.open_numbers(NUMBERS, by=ROOT, now=NOW)
NEW: Final = Books(ADDED.state, BEGUN.state)
Step = Callable[[Books], Any]


def lived(*steps: Step) -> tuple[Books, list[Any]]:
    """The books after *steps*, and all that happened to the account since it was added, and to the numbers."""
    books, events = NEW, list[Any]()
    for step in steps:
        made = step(books).events
        books, events = after(books, made), [*events, *made]
    return books, events


def history(events: Sequence[Any], kind: AggregateKind = CUSTOMERS, name: str = "acme") -> list[Envelope]:
    return [
        Envelope(tenant="t1", kind=kind, aggregate=name, sequence=number, schema=1, digest="d1", event=event)
        for number, event in enumerate(events, 1)
    ]


def of_account(events: Sequence[Any]) -> list[Any]:
    """What happened to the account, from its first event on."""
    return [*ADDED.events, *(one for one in events if not isinstance(one, accounts.NumbersTaken))]


def of_numbers(events: Sequence[Any]) -> list[Any]:
    return [*BEGUN.events, *(one for one in events if isinstance(one, accounts.NumbersTaken))]


def broken_at(events: Sequence[Any], kind: AggregateKind = CUSTOMERS, name: str = "acme") -> int:
    with pytest.raises(BrokenHistory) as refused:
        replay(history(events, kind, name))
    return refused.value.sequence


def only(kind: type[Any], events: Sequence[Any]) -> Any:
    (found,) = (one for one in events if type(one) is kind)
    return found


def test_accounts_and_numbers_are_replayed() -> None:
    steps = [*(step for _, step in clients()), *money()]
    books, events = lived(*steps)
    own, taken = of_account(events), of_numbers(events)
    assert len(own) > 60
    assert replay(history(own)) == books.account
    assert replay(history(taken, AggregateKind.NUMBERS, NUMBERS)) == books.numbers
    assert replay_enrollments(history(own)) == Enrollments()
    for event in (*own, *taken):
        assert loads(dumps(event), Event, most_bytes=2**20) == event
    for state in (books.account, books.numbers, *books.account.subscriptions.values(), *books.account.bills.values()):
        assert loads(dumps(state), type(state), most_bytes=2**20) == state


def test_a_subscription_that_was_taken_over_is_replayed_with_its_bills() -> None:
    books, _ = lived(ordering("web"), paying(FIRST))
    web, bill = books.account.subscriptions["web"], books.account.bills[FIRST]
    taken_over = SubscriptionImported(subscription="web", started=web, bills=(bill,), **AT)
    account = replay(history([*ADDED.events, taken_over]))
    assert isinstance(account, CustomerAccount)
    assert (account.subscriptions["web"], account.bills[FIRST]) == (web, bill)
    assert loads(dumps(taken_over), Event) == taken_over
    assert broken_at([*ADDED.events, taken_over, taken_over]) == 3
    twin = attrs.evolve(taken_over, subscription="app", started=attrs.evolve(web, id="app"))
    assert broken_at([*ADDED.events, taken_over, twin]) == 3


def test_events_of_another_aggregate_break_the_history_of_an_account() -> None:
    _, events = lived(ordering("web"), paying(FIRST))
    own, taken = of_account(events), of_numbers(events)
    assert broken_at(own[1:]) == 1
    assert broken_at([own[0], own[0]]) == 2
    assert broken_at([own[0], BEGUN.events[0]]) == 2
    assert broken_at([own[0], taken[1]]) == 2
    assert broken_at([own[0], PoolResized(pool="acme", bought=7, **AT)]) == 2
    assert broken_at([own[0], accounts.PlanAssigned(account="other", plan="small", **AT)]) == 2
    assert broken_at(own, name="other") == 1
    assert broken_at(own, AggregateKind.CREDITS) == 1
    gap = history(own)
    with pytest.raises(BrokenHistory) as refused:
        replay([*gap[:2], *gap[3:]])
    assert refused.value.sequence == 3


def test_a_subscription_begins_once_and_is_known_to_all_that_happens_to_it() -> None:
    _, events = lived(ordering("web"))
    started, issued = of_account(events)[1:]
    first = ADDED.events[0]
    assert broken_at([first, started, started]) == 3
    assert broken_at([first, attrs.evolve(started, subscription="app")]) == 2
    assert broken_at([first, issued]) == 2
    assert broken_at([first, started, issued, issued]) == 4
    cancelled = only(
        subscribing.SubscriptionCancelled, lived(ordering("web"), subscribed("web", subscribing.cancel, now=NOW))[1]
    )
    assert broken_at([first, cancelled]) == 2
    assert broken_at([first, started, attrs.evolve(cancelled, subscription="app")]) == 3


def test_what_changes_the_last_turn_needs_one() -> None:
    cycle = Cycle(NOW.date(), Duration(months=1), "Europe/Madrid")
    _, events = lived(
        ordering("web"),
        paying(FIRST),
        subscribed("web", subscribing.align, cycle, now=NOW),
        subscribed(
            "web", subscribing.schedule_change, ItemChange(quantity=2), When.END_OF_PERIOD, change_id="c", now=NOW
        ),
        subscribed("web", subscribing.withdraw_change, "c", now=NOW),
    )
    own = of_account(events)
    for kind in (
        subscribing.SubscriptionAligned,
        subscribing.SubscriptionChangeScheduled,
        subscribing.SubscriptionChangeWithdrawn,
    ):
        assert broken_at([*own[:3], only(kind, own)]) == 4


def test_a_bill_is_known_and_unpaid_when_something_becomes_of_it() -> None:
    books, events = lived(ordering("web"))
    first, started, issued = of_account(events)
    paid = only(accounts.BillPaid, accounts.pay(books, FIRST, by=ROOT, now=NOW).events)
    failed = only(accounts.DebitFailed, accounts.note_failed_debit(books, FIRST, by=ROOT, now=NOW).events)
    voided = accounts.BillVoided(account="acme", document=FIRST, **AT)
    reminded = accounts.ReminderSent(account="acme", document=FIRST, days=3, **AT)
    for event in (paid, failed, voided, reminded):
        assert isinstance(replay(history([first, started, issued, event])), CustomerAccount)
        assert broken_at([first, started, event]) == 3
        assert broken_at([first, started, issued, voided, event]) == 5
        assert broken_at([first, started, issued, paid, event]) == 5


def test_a_ledger_moves_lines_that_are_there_and_charges_each_once() -> None:
    books, events = lived(ordering("web"), paying(FIRST))
    own = of_account(events)
    booked = only(LinesBooked, own)
    paid = only(PaymentBooked, own)
    place = own.index(booked)
    assert broken_at([*own[: place + 1], booked]) == place + 2
    assert broken_at([*own[:place], paid]) == place + 1
    assert broken_at([*own, attrs.evolve(paid, document="proforma:9")]) == len(own) + 1
    assert broken_at([*own, attrs.evolve(paid, parts={"web:9": paid.amount})]) == len(own) + 1
    assert broken_at([*own, attrs.evolve(paid, ledger="XXX")]) == len(own) + 1
    assert broken_at([*own, paid]) == len(own) + 1
    elsewhere = tuple(attrs.evolve(one, document="proforma:9") for one in booked.charged)
    assert broken_at([*own[:place], attrs.evolve(booked, charged=elsewhere)]) == place + 1
    given_back = only(
        LinesBooked,
        subscribed("web", subscribing.pause, now=NOW.replace(day=20))(books).events,
    )
    assert broken_at([*own[:place], given_back]) == place + 1
    refunded = BalanceRefunded(ledger="EUR", amount=Money.parse("1.00 EUR"), **AT)
    assert broken_at([*own, refunded]) == len(own) + 1


def test_who_goes_was_there_and_what_is_lifted_was_set() -> None:
    gone = accounts.PersonRemoved(account="acme", user="ana", **AT)
    lifted = accounts.BlockLifted(account="acme", cause="unpaid", **AT)
    for event in (gone, lifted):
        assert broken_at([*ADDED.events, event]) == 2


def test_numbers_go_on_from_the_last_ones() -> None:
    _, events = lived(ordering("web"), paying(FIRST), ordering("app"))
    own = of_numbers(events)
    kind = AggregateKind.NUMBERS
    begun, first, second, third = own
    assert replay(history(own, kind, NUMBERS)) == reduce(accounts.apply_numbers, own[1:], BEGUN.state)
    assert broken_at([first], kind, NUMBERS) == 1
    assert broken_at([begun, begun], kind, NUMBERS) == 2
    assert broken_at([begun, first, first], kind, NUMBERS) == 3
    assert broken_at([begun, first, third, second], kind, NUMBERS) == 4
    assert broken_at([begun, second, first], kind, NUMBERS) == 3
    assert broken_at([begun, attrs.evolve(first, numbers="other")], kind, NUMBERS) == 2
    assert broken_at([begun, *ADDED.events], kind, NUMBERS) == 2
    assert broken_at(own, kind, "other") == 1


def test_numbers_that_begin_anew_each_year_go_on() -> None:
    series = accounts.DocumentSeries(proformas=Series("P-", restart=Restart.YEARLY))
    begun = accounts.open_numbers(NUMBERS, series, by=ROOT, now=NOW)
    numbers, taken = begun.state, list[Any]()
    for year in (2026, 2026, 2027, 2028):
        numbers, _ = numbers.next(DocumentKind.PROFORMA, on=datetime(year, 5, 4, tzinfo=UTC).date())
        taken.append(accounts.NumbersTaken(numbers=NUMBERS, last=numbers.last, **AT))
    kind = AggregateKind.NUMBERS
    assert replay(history([*begun.events, *taken], kind, NUMBERS)) == numbers
    assert broken_at([*begun.events, taken[2], taken[1]], kind, NUMBERS) == 3
