"""What happened to an account leads to it again, and says which bills it touched (L7)."""

from functools import reduce
from typing import Any

from licensing_core import accounts as lib
from licensing_core.accounts import (
    Block,
    Books,
    CreditOpened,
    CustomerAdded,
    DebitFailed,
    NumbersTaken,
    People,
    Person,
    SubscriptionImported,
    bill_changes,
)
from licensing_core.accounts.books import split
from licensing_core.decisions import Decision
from licensing_core.subscriptions import SubscriptionActivated, SubscriptionStarted
from tests.account_world import (
    ANA,
    C1,
    MADRID,
    MAY,
    P1,
    P2,
    REMINDING,
    acme,
    bill,
    billed,
    books,
    cancel,
    change,
    credit,
    dun,
    in_part,
    on,
    order,
    pause,
    pay,
    resume,
    running,
    web,
)
from tests.builders import eur


def year() -> tuple[CustomerAdded, list[Decision[Books, Any]]]:
    """A year of a customer, of whom much happens."""
    added = lib.add_customer("acme", None, zone=MADRID, settings=acme(dunning=REMINDING).settings, by=ANA, now=MAY)
    found, steps = books(added.state), list[Decision[Books, Any]]()
    for step in (
        order,
        pay,
        lambda one: bill(one, now=on(5, 20)),
        lambda one: lib.note_failed_debit(one, P2, by=ANA, now=on(6, 4)),
        lambda one: dun(one, now=on(6, 8)),
        lambda one: dun(one, now=on(6, 11)),
        lambda one: pay(one, P2, now=on(6, 12)),
        lambda one: change(one, 3, now=on(6, 14)),
        lambda one: pay(one, "proforma:3", now=on(6, 14)),
        lambda one: pause(one, now=on(6, 20)),
        lambda one: lib.refund_credit(one, eur("0.50"), by=ANA, now=on(6, 20)),
        lambda one: resume(one, now=on(7, 20)),
        lambda one: lib.open_credit(one, eur("300.00"), by=ANA, now=on(7, 21)),
        lambda one: bill(one, now=on(10, 1)),
        lambda one: cancel(one, credit=True, now=on(10, 2)),
        lambda one: dun(one, now=on(12, 1)),
    ):
        steps.append(step(found))
        found = steps[-1].state
    return added.events[0], steps


def test_the_replay_of_all_events_is_the_account_after_each_command() -> None:
    first, steps = year()
    account, numbers = lib.opened(first), books().numbers
    for decision in steps:
        own, taken = split(decision.events)
        account, numbers = reduce(lib.apply, own, account), reduce(lib.apply_numbers, taken, numbers)
        assert Books(account, numbers) == decision.state
        assert len(taken) <= 1
        assert decision.events == (*own, *taken)


def test_each_event_is_by_who_acted_and_at_the_instant_of_the_command() -> None:
    _, steps = year()
    for decision in steps:
        assert {event.by for event in decision.events} <= {"ana"}
        assert len({event.at for event in decision.events}) <= 1


def test_an_event_names_the_bills_that_it_makes_or_changes_and_no_others() -> None:
    first, steps = year()
    account = lib.opened(first)
    for event in (one for decision in steps for one in split(decision.events)[0]):
        after = lib.apply(account, event)
        changed = {name for name, one in after.bills.items() if account.bills.get(name) != one}
        assert changed <= {*bill_changes(event)}, event
        assert {*bill_changes(event)} <= after.bills.keys()
        account = after


def test_the_bills_of_a_change_are_those_that_it_charges_and_credits() -> None:
    issued, booked, turn = change(running(), 2, now=on(5, 10)).events[:3]
    assert [bill_changes(one) for one in (issued, booked, turn)] == [(P2,), (P2, P1), ()]


def test_a_customer_who_came_from_elsewhere_begins_with_all_that_it_had() -> None:
    event = CustomerAdded(
        account="acme",
        zone=MADRID,
        plan="small",
        trial_ends=on(6, 1),
        settings=lib.PLAIN_SETTINGS,
        blocks={"unpaid": Block(since=MAY)},
        people={"luis": Person(), "mei": Person(contact=True)},
        balances={"EUR": eur("5.00")},
        by="ana",
        at=MAY,
    )
    account = lib.opened(event)
    assert (account.plan, account.trial_ends, account.causes(MAY)) == ("small", on(6, 1), frozenset({"unpaid"}))
    assert (account.people, account.users) == (People(event.people), 1)
    assert account.balances == {"EUR": eur("5.00")}


def test_a_subscription_that_came_from_elsewhere_brings_its_bills() -> None:
    found = billed()
    event = SubscriptionImported(
        subscription="web", started=web(found), bills=tuple(found.account.bills.values()), by="ana", at=MAY
    )
    account = lib.apply(acme(), event)
    assert (account.subscriptions, account.bills) == (found.account.subscriptions, found.account.bills)
    assert bill_changes(event) == (P1, P2)


def test_what_starts_without_bills_brings_none() -> None:
    event = SubscriptionStarted(subscription="web", started=web(running()), by="ana", at=MAY)
    assert lib.apply(acme(), event).bills == lib.NO_BILLS
    assert bill_changes(event) == ()


def test_credit_and_a_cancellation_touch_no_bill() -> None:
    events: tuple[Any, ...] = (
        CreditOpened(account="acme", amount=eur("5.00"), by="ana", at=MAY),
        *cancel(running(), now=on(5, 6)).events,
    )
    assert [bill_changes(one) for one in events] == [(), ()]


def test_a_failed_debit_is_counted_on_its_bill() -> None:
    event, account = DebitFailed(account="acme", document=P2, by="ana", at=MAY), billed().account
    assert bill_changes(event) == (P2,)
    assert [one.failed for one in lib.apply(lib.apply(account, event), event).bills.values()] == [0, 2]


def test_events_lead_on_from_a_part_of_the_bills() -> None:
    found = credit(billed(), "5.00").account
    decision = cancel(Books(found, books().numbers), credit=True, now=on(5, 25))
    part = in_part(found, [P1, P2])
    after = reduce(lib.apply, split(decision.events)[0], part)
    assert dict(after.bills) == dict(decision.state.account.bills)
    assert after.bills.loaded == frozenset({P1, P2, C1})


def test_an_activation_is_told_with_the_turn_that_it_begins() -> None:
    activated = next(one for one in pay(order(books()).state).events if isinstance(one, SubscriptionActivated))
    assert (activated.turn.paid, activated.turn.document) == (True, P1)


def test_events_of_numbers_are_told_apart() -> None:
    events = order(books()).events
    own, taken = split(events)
    assert [type(one) for one in taken] == [NumbersTaken]
    assert own == events[:-1]
    assert split(()) == ((), ())
