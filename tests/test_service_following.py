"""Pools over every store open what they hold while the subscription that pays for them gives access, else nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core.protocols import Store
from licensing_core.services import (
    Command,
    Licensing,
    PauseSubscription,
    ReadAccess,
    ReadPool,
    ResumeSubscription,
    UnblockCustomer,
    WithdrawCancellation,
)
from tests.client_commands import (
    bill,
    block,
    cancel,
    cancel_now,
    days_later,
    dun,
    order,
    pay,
    person,
    states,
    subscribed,
)
from tests.service_world import (
    FIRE,
    NOON,
    TENANT,
    Checked,
    Clock,
    assign,
    buy,
    changed,
    enroll,
    events_of,
    host,
    known,
    refused,
    snapshot,
    to,
)

PAID_FOR: dict[str, Any] = {"asked": {"pools": frozenset({"p1", "s1", "gone"})}}


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """u1 is enrolled under a license of p1, u4 in a seat of s1, u5 under a license of p2; there is a customer a1."""
    known(store)
    made = Checked(store, clock=clock)
    commands: list[Command[Any]] = [
        buy(),
        buy("p2"),
        buy("s1", "three"),
        assign("u1", key="p1"),
        assign("u5", key="p2", pool="p2"),
        enroll("u1", key="enrolled", pool="p1"),
        enroll("u4", key="seated", pool="s1"),
        enroll("u5", key="other", pool="p2"),
    ]
    for command in commands:
        made.run(command)
    return made


def entries(licensing: Licensing) -> list[str]:
    """May u1 and u4 enter, and if not, why not?"""
    found = (licensing.run(ReadAccess(user=user, content=FIRE, tenant=TENANT)) for user in ("u1", "u4"))
    return [one.entry.code for one in found]


OPEN, SHUT = ["ok", "ok"], ["subscription.suspended", "subscription.suspended"]


def test_a_pool_opens_once_it_is_paid_for(licensing: Licensing, store: Store) -> None:
    assert entries(licensing) == OPEN, "nobody subscribed to it"
    licensing.run(order(**PAID_FOR))
    assert entries(licensing) == SHUT
    licensing.run(pay("proforma:1"))
    assert entries(licensing) == OPEN
    assert events_of(store, "p1")[-2:] == ["pool.suspended", "pool.reinstated"]
    row = licensing.run(ReadPool(pool="p1", tenant=TENANT, actor="boss"))
    assert (row.held, row.consumed) == (1, 1)
    assert "pool.suspended" not in events_of(store, "p2"), "what others pay for is not touched"


def _overdue(licensing: Licensing, clock: Clock) -> None:
    licensing.run(bill("ahead"))
    days_later(clock, 14)
    assert licensing.run(dun("dun")).suspended == ("web",)


def _paid(licensing: Licensing, clock: Clock) -> None:
    for number in (2, 3):
        licensing.run(pay(f"proforma:{number}"))


def _run(*commands: Command[Any]) -> Callable[[Licensing, Clock], None]:
    def run(licensing: Licensing, clock: Clock) -> None:
        for command in commands:
            licensing.run(command)

    return run


@pytest.mark.parametrize(
    ("shut", "opened"),
    [
        (_overdue, _paid),
        (
            _run(PauseSubscription(subscription="web", **to("pause"))),
            _run(ResumeSubscription(subscription="web", **to("resume"))),
        ),
        (_run(block()), _run(UnblockCustomer(cause="unpaid", **to("free")))),
        (_run(cancel_now()), _run(attrs.evolve(order("new", **PAID_FOR), trial_ends=NOON + timedelta(days=9)))),
    ],
    ids=["overdue and paid", "paused and resumed", "blocked and unblocked", "cancelled and tried again"],
)
def test_it_shuts_and_opens_with_the_subscription(
    licensing: Licensing,
    clock: Clock,
    shut: Callable[[Licensing, Clock], None],
    opened: Callable[[Licensing, Clock], None],
) -> None:
    subscribed(licensing, every="P1W", **PAID_FOR)
    shut(licensing, clock)
    assert entries(licensing) == SHUT
    opened(licensing, clock)
    assert entries(licensing) == OPEN


def test_of_two_subscriptions_and_two_blocks_one_is_enough(licensing: Licensing) -> None:
    subscribed(licensing, **PAID_FOR)
    licensing.run(order("mail", **PAID_FOR))
    assert entries(licensing) == OPEN, "web gives access"
    licensing.run(block("unpaid"))
    licensing.run(block("abuse"))
    licensing.run(UnblockCustomer(cause="unpaid", **to("free")))
    assert entries(licensing) == SHUT
    licensing.run(UnblockCustomer(cause="abuse", **to("free2")))
    assert entries(licensing) == OPEN


def test_what_time_brings_holds_once_the_job_has_run(licensing: Licensing, store: Store, clock: Clock) -> None:
    """The end of a cancelled subscription, and that of a block."""
    subscribed(licensing, **PAID_FOR)
    licensing.run(attrs.evolve(block(), until=NOON + timedelta(days=2)))
    days_later(clock, 3)
    licensing.run(dun("d1"))
    assert entries(licensing) == OPEN
    licensing.run(cancel())
    days_later(clock, 40)
    assert states(licensing) == {"web": "cancelled"}
    licensing.run(dun("d2"))
    assert entries(licensing) == SHUT
    before = snapshot(store)
    licensing.run(dun("d3"))
    assert not changed(before, snapshot(store))


def test_what_changes_no_access_touches_no_pool(licensing: Licensing, store: Store) -> None:
    subscribed(licensing, every="P1W", **PAID_FOR)
    before = events_of(store, "p1")
    for command in (
        bill("b1"),
        person("mia"),
        cancel(),
        WithdrawCancellation(subscription="web", **to("back")),
        dun("d1"),
    ):
        licensing.run(command)
    assert events_of(store, "p1") == before


def test_what_is_refused_or_tried_leaves_the_pools_as_they_are(licensing: Licensing, store: Store) -> None:
    subscribed(licensing, **PAID_FOR)
    before = snapshot(store)
    licensing.preview(block(), cancel_now())
    assert licensing.may(cancel_now())
    assert refused(licensing.run, pay("proforma:1", "again")).code == "invoice.paid"
    assert snapshot(store) == before


def test_pools_of_another_tenant_that_have_the_same_ids_are_not_touched(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    theirs = Licensing(store, host("globex"), clock)
    theirs.run(attrs.evolve(buy(), tenant="globex"))
    licensing.run(order(**PAID_FOR))
    with store.begin() as work:
        stored = work.pool("globex", "p1", ())
    assert stored is not None
    assert not stored.state.suspended
