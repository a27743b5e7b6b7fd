"""The table of transitions is true: each edge can be taken, and nothing leads from one state to another but an edge."""

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Any, Final

import pytest
from attrs import evolve

from licensing_core import subscriptions as lib
from licensing_core.decisions import Event
from licensing_core.subscriptions import (
    FINAL,
    GIVES_ACCESS,
    TRANSITIONS,
    EndOf,
    Happening,
    SubscriptionState,
    state_at,
)
from licensing_core.testing.cases_subscriptions import Life, any_life, happen, instants_of, lead
from tests.subscription_world import FIVE, MANUAL, ONCE, at, did, on, ordered, running, scheduled, tried

S, H = SubscriptionState, Happening
LATER = at(3, 1)
BY_EVENT: Final[dict[str, frozenset[Happening]]] = {
    "subscription.activated": frozenset({H.PAID}),
    "subscription.billed": frozenset({H.RENEWED, H.CONVERTED, H.RESUMED}),
    "subscription.suspended": frozenset({H.OVERDUE}),
    "subscription.reinstated": frozenset({H.PAID}),
    "subscription.terminated": frozenset({H.GIVEN_UP}),
    "subscription.paused": frozenset({H.PAUSED}),
    "subscription.cancelled": frozenset({H.CANCELLED}),
    "subscription.turns_withdrawn": frozenset({H.RAN_OUT}),
    "subscription.cancellation_withdrawn": frozenset({H.CONVERTED, H.RAN_OUT}),
}
"""What an event may be in the table: what is billed renews, converts or resumes, as the state before says."""
BY_TIME: Final = frozenset({H.CONVERTED, H.RAN_OUT, H.CANCELLED})
Edge = tuple[SubscriptionState, Happening]
Move = tuple[SubscriptionState, SubscriptionState, frozenset[Happening]]


def moves(life: Life) -> Iterator[Move]:
    """Each change of state that commands or time brought, with what it may be called."""
    state, before, clock = life.start, state_at(life.start.subscription, life.began), life.began
    for step in life.steps:
        for now in [*(one for one in instants_of(state.subscription) if clock <= one <= step.at), step.at]:
            after = state_at(state.subscription, now)
            yield before, after, BY_TIME
            before = after
        clock = step.at
        for event in step.events:
            state = happen(state, event)
            after = state_at(state.subscription, clock)
            yield before, after, named(event)
            before = after


def named(event: Event) -> frozenset[Happening]:
    return BY_EVENT.get(event.type, frozenset())


def taken(life: Life) -> set[Edge]:
    """The edges that *life* has taken; it fails on what is none."""
    found: set[Edge] = set()
    for before, after, names in moves(life):
        edges = {(before, name) for name in names if TRANSITIONS[before].get(name) is after}
        assert before is after or edges, (before, after, names)
        found |= edges
    return found


def suspended(**others: Any) -> Life:
    life = running(**others)
    life.do(lib.bill_next)
    return did(on(life, at(2, 7) if not others else at(1, 5)), lib.suspend)


def paid(life: Life) -> Life:
    life.pay()
    return life


def seen(life: Life, now: datetime) -> Life:
    """*life*, looked at later: a command that does nothing or is refused shows where it stands."""
    life.now = now
    life.do(lib.suspend if lib.state_at(life.subscription, now) in (S.SUSPENDED, *FINAL) else lib.bill_next)
    return life


def resumed() -> Life:
    return did(did(running(), lib.pause), lib.resume, now=LATER)


WAYS: Final[dict[Edge, Callable[[], Life]]] = {
    (S.PENDING, H.PAID): running,
    (S.PENDING, H.CANCELLED): lambda: did(ordered(), lib.cancel),
    (S.TRIAL, H.CONVERTED): lambda: did(tried(), lib.convert),
    (S.TRIAL, H.RAN_OUT): lambda: seen(tried(converts=False), LATER),
    (S.TRIAL, H.CANCELLED): lambda: did(tried(), lib.cancel, EndOf.NOW),
    (S.ACTIVE, H.RENEWED): lambda: did(running(), lib.bill_next),
    (S.ACTIVE, H.OVERDUE): lambda: did(running(), lib.suspend),
    (S.ACTIVE, H.GIVEN_UP): lambda: did(running(), lib.terminate),
    (S.ACTIVE, H.PAUSED): lambda: did(running(), lib.pause),
    (S.ACTIVE, H.RAN_OUT): lambda: seen(running(**ONCE), LATER),
    (S.ACTIVE, H.CANCELLED): lambda: seen(did(running(), lib.cancel), LATER),
    (S.SUSPENDED, H.PAID): lambda: paid(suspended()),
    (S.SUSPENDED, H.GIVEN_UP): lambda: did(suspended(), lib.terminate),
    (S.SUSPENDED, H.RAN_OUT): lambda: seen(suspended(**ONCE), LATER),
    (S.SUSPENDED, H.CANCELLED): lambda: did(suspended(), lib.cancel, EndOf.NOW),
    (S.PAUSED, H.RESUMED): resumed,
    (S.PAUSED, H.CANCELLED): lambda: did(did(running(), lib.pause), lib.cancel),
    (S.EXPIRED, H.RENEWED): lambda: did(running(**MANUAL), lib.renew, now=LATER),
    (S.EXPIRED, H.CONVERTED): lambda: did(tried(converts=False), lib.convert, now=LATER),
    (S.EXPIRED, H.CANCELLED): lambda: did(running(**ONCE), lib.cancel, now=LATER),
}
"""A life that takes each edge."""


def test_the_ways_are_those_of_the_table() -> None:
    assert set(WAYS) == {(state, name) for state, edges in TRANSITIONS.items() for name in edges}


@pytest.mark.parametrize("edge", WAYS, ids=lambda edge: f"{edge[0].value}-{edge[1].value}")
def test_every_edge_can_be_taken(edge: Edge) -> None:
    life = WAYS[edge]()
    assert edge in taken(life)
    assert life.standing is TRANSITIONS[edge[0]][edge[1]]


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_nothing_leads_from_one_state_to_another_but_an_edge(first: int) -> None:
    for number in range(first, first + 100):
        rng = Random(f"table/{number}")
        taken(lead(rng, any_life(rng), 25))


def test_nothing_leads_out_of_a_final_state_and_no_final_state_gives_access() -> None:
    assert {S.CANCELLED, S.TERMINATED} == FINAL
    assert not FINAL & GIVES_ACCESS
    for life in (did(running(), lib.cancel, EndOf.NOW), did(running(), lib.terminate)):
        state, when = life.standing, at(1, 1, year=2046)
        life.bill(when)
        for command in (lib.cancel, lib.renew, lib.resume, lib.pause, lib.convert, lib.suspend, lib.terminate):
            assert life.do(command) is not None
        life.do(lib.withdraw_cancellation)
        assert state_at(life.subscription, when) is state


def test_the_table_says_where_everything_leads() -> None:
    assert set(TRANSITIONS) == set(S)
    reached = {after for edges in TRANSITIONS.values() for after in edges.values()}
    assert reached == set(S) - {S.PENDING, S.TRIAL}


@pytest.mark.parametrize("state", [S.PENDING, S.CANCELLED, S.TERMINATED])
def test_a_state_that_no_event_leaves_behind_is_read_as_it_stands(state: SubscriptionState) -> None:
    assert state_at(evolve(running().subscription, state=state), at(1, 5)) is state


def test_a_change_that_is_carried_out_late_wakes_nothing_that_has_run_out() -> None:
    life = scheduled(running(**ONCE), FIVE, at(1, 20))
    life.bill(at(3, 1))
    assert life.standing is S.EXPIRED
    assert (S.ACTIVE, H.RAN_OUT) in taken(life)
