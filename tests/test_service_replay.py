"""From histories back to pools, accounts and enrollments; a history that is not whole is refused."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest

from licensing_core import credits as credit
from licensing_core import limits
from licensing_core.adapters.rows import EnrollmentRows, enrollment_rows
from licensing_core.directory import Content
from licensing_core.enrollments import (
    Enrollment,
    EnrollmentConfirmed,
    Enrollments,
    EnrollmentsLocked,
    EnrollmentsMovedIn,
    EnrollmentsMovedOut,
    UsersEnrolled,
    UserUnenrolled,
)
from licensing_core.limits import UNLIMITED, Limit, Limits
from licensing_core.plans import PackageKind
from licensing_core.pools import (
    LicensesAssigned,
    LicensesUnassigned,
    PoolOpened,
    PoolRenewed,
    PoolResized,
    ReleasesRejected,
)
from licensing_core.protocols import AggregateKind, BrokenHistory, Envelope, Store
from licensing_core.services import (
    Licensing,
    replay,
    replay_enrollments,
)
from licensing_core.testing.contracts_customers import PACK, POLICY
from tests.service_world import NOON, TENANT, Clock, host, open_account, refused
from tests.specimens import AT, POOL, ROOT


@pytest.fixture
def licensing(store: Store) -> Licensing:
    return Licensing(store, host(), Clock())


def an_envelope(sequence: int, event: Any, **fields: Any) -> Envelope:
    return Envelope(
        **{
            "tenant": "t1",
            "kind": AggregateKind.LICENSES,
            "aggregate": "p1",
            "sequence": sequence,
            "schema": 1,
            "digest": "d",
            "event": event,
            **fields,
        }
    )


OPENED = PoolOpened(
    pool="p1", kind=PackageKind.LICENSES, beneficiary=POOL.beneficiary, bought=5, expires_at=None, terms=None, **AT
)
RESIZED = PoolResized(pool="p1", bought=7, **AT)
SEATS = attrs.evolve(OPENED, kind=PackageKind.SEATS)
IN = Enrollment(user="u1", content=Content.course("fire"), pool="p1")
LEFT = UserUnenrolled(pool="p1", enrollments=(IN,), seat_returned=True, **AT)


def placed(*enrollments: Enrollment) -> UsersEnrolled:
    return UsersEnrolled(pool="p1", enrollments=enrollments, **AT)


@pytest.mark.parametrize(
    ("history", "sequence"),
    [
        ([], 1),
        ([an_envelope(1, RESIZED)], 1),
        ([an_envelope(1, OPENED), an_envelope(3, RESIZED)], 2),
        ([an_envelope(1, OPENED), an_envelope(1, RESIZED)], 2),
        ([an_envelope(1, OPENED), an_envelope(2, OPENED)], 2),
        ([an_envelope(1, OPENED), an_envelope(2, RESIZED, aggregate="p2")], 2),
        ([an_envelope(1, OPENED), an_envelope(2, RESIZED, tenant="t2")], 2),
        ([an_envelope(1, OPENED, aggregate="p2")], 1),
        (
            [
                an_envelope(1, attrs.evolve(OPENED, kind=PackageKind.SEATS)),
                an_envelope(2, LicensesAssigned(pool="p1", users=frozenset({"u1"}), **AT)),
            ],
            2,
        ),
        (
            [an_envelope(1, SEATS), an_envelope(2, PoolResized(pool="p1", bought=7, dropped=frozenset({"u1"}), **AT))],
            2,
        ),
        ([an_envelope(1, SEATS), an_envelope(2, placed(IN)), an_envelope(3, placed(IN))], 3),
        ([an_envelope(1, SEATS), an_envelope(2, placed(attrs.evolve(IN, pool="p2")))], 2),
        ([an_envelope(1, SEATS), an_envelope(2, EnrollmentConfirmed(pool="p1", enrollments=(IN,), **AT))], 2),
        ([an_envelope(1, SEATS), an_envelope(2, EnrollmentsMovedOut(pool="p1", enrollments=(IN,), **AT))], 2),
        ([an_envelope(1, SEATS), an_envelope(2, LEFT)], 2),
        ([an_envelope(1, SEATS), an_envelope(2, placed(IN)), an_envelope(3, LEFT), an_envelope(4, LEFT)], 4),
        (
            [
                an_envelope(1, OPENED),
                an_envelope(2, LicensesUnassigned(pool="p1", released=frozenset(), awaiting=frozenset({"u1"}), **AT)),
                an_envelope(3, ReleasesRejected(pool="p1", users=frozenset({"u1"}), **AT)),
                an_envelope(4, PoolRenewed(pool="p2", expires_at=NOON, bought=5, **AT)),
            ],
            4,
        ),
    ],
)
def test_a_history_that_is_not_whole_is_not_replayed(history: list[Envelope], sequence: int) -> None:
    assert refused(lambda: replay(history)) == BrokenHistory(sequence=sequence)


def test_enrollments_are_replayed_with_their_pool() -> None:
    history = [an_envelope(1, SEATS), an_envelope(2, placed(IN)), an_envelope(3, LEFT), an_envelope(4, placed(IN))]
    assert replay_enrollments(history) == Enrollments([IN])
    assert replay(history).held == 1  # type: ignore[union-attr]
    assert replay_enrollments(history[:3]) == Enrollments()
    assert refused(lambda: replay_enrollments([])) == BrokenHistory(sequence=1)


def test_an_account_has_no_enrollments(licensing: Licensing, store: Store) -> None:
    licensing.run(open_account())
    with store.begin() as work:
        assert replay_enrollments(work.history(TENANT, AggregateKind.LICENSES, "a1")) == Enrollments()


def test_who_comes_and_goes_in_one_save_leaves_no_row() -> None:
    moved = EnrollmentsMovedIn(pool="p1", enrollments=(IN,), **AT)
    assert enrollment_rows([moved, LEFT]) == EnrollmentRows({}, {})
    assert enrollment_rows([LEFT, moved]) == EnrollmentRows({(IN.user, IN.content): IN}, {(IN.user, IN.content): None})
    late = attrs.evolve(IN, locked=True)
    locked = EnrollmentsLocked(pool="p1", enrollments=(late,), **AT)
    assert enrollment_rows([moved, locked]).new == {(IN.user, IN.content): late}
    assert enrollment_rows([locked]) == EnrollmentRows({}, {(IN.user, IN.content): late})


def test_a_whole_history_is_replayed() -> None:
    assert replay([an_envelope(1, OPENED), an_envelope(2, RESIZED)]).bought == 7  # type: ignore[union-attr]


def of_customer(kind: AggregateKind, events: Sequence[Any]) -> list[Envelope]:
    return [an_envelope(number, event, kind=kind, aggregate="acme") for number, event in enumerate(events, 1)]


def some_usage() -> tuple[limits.Usage, list[Any]]:
    """What a customer uses, and the events that led there."""
    plan = Limits({"workspaces": Limit(9), "team": Limit(9, "workspaces")})
    start = limits.open_usage("acme", plan="small", zone="UTC", by=ROOT, now=NOON)
    used = limits.use(start.state, "team", 8, limits=plan, within="w1", by=ROOT, now=NOON)
    kept = limits.override(used.state, "team", UNLIMITED, by=ROOT, now=NOON)
    switched = limits.change_plan(kept.state, "large", limits=plan, by=ROOT, now=NOON)
    return switched.state, [event for one in (start, used, kept, switched) for event in one.events]


def some_credits() -> tuple[credit.CreditAccount, list[Any]]:
    """The credits of a customer after an order, a gift and some spending, and the events that led there."""
    decision: Any = credit.open_credits("acme", zone="UTC", by=ROOT, now=NOON)
    events = list(decision.events)
    gift = credit.Grant(id="g1", amount=5, effective=NOON)
    steps: tuple[Callable[[credit.CreditAccount], Any], ...] = (
        lambda one: credit.order_pack(one, PACK, "o1", by=ROOT, now=NOON),
        lambda one: credit.note_payment(one, "o1", policy=POLICY, by=ROOT, now=NOON),
        lambda one: credit.activate(one, "o1", by=ROOT, now=NOON),
        lambda one: credit.grant(one, gift, by=ROOT, now=NOON),
        lambda one: credit.spend(one, 12, by=ROOT, now=NOON),
    )
    for step in steps:
        decision = step(decision.state)
        events += decision.events
    return decision.state, events


def test_usage_and_credits_are_replayed() -> None:
    for kind, (state, events) in ((AggregateKind.USAGE, some_usage()), (AggregateKind.CREDITS, some_credits())):
        history = of_customer(kind, events)
        assert len(history) >= 5
        assert replay(history) == state
        assert replay_enrollments(history) == Enrollments()


def broken_at(kind: AggregateKind, events: Sequence[Any]) -> int:
    error = refused(lambda: replay(of_customer(kind, events)))
    assert isinstance(error, BrokenHistory)
    return error.sequence


def test_events_of_usage_that_are_foreign_or_out_of_order_break_its_history() -> None:
    _, events = some_usage()
    start, used, *_ = events
    kind = AggregateKind.USAGE
    assert broken_at(kind, [used]) == 1
    assert broken_at(kind, [start, start]) == 2
    assert broken_at(kind, [start, used, attrs.evolve(used, usage="other")]) == 3
    assert broken_at(kind, [start, RESIZED]) == 2
    assert broken_at(kind, [start, some_credits()[1][-1]]) == 2
    assert broken_at(kind, [attrs.evolve(start, usage="other")]) == 1
    assert broken_at(AggregateKind.CREDITS, [start, used]) == 1
    assert refused(lambda: replay([*of_customer(kind, [start]), an_envelope(2, used, aggregate="acme")])) == (
        BrokenHistory(sequence=2)
    )


def test_events_of_credits_that_are_foreign_or_out_of_order_break_their_history() -> None:
    _, (start, ordered, paid, activated, given, spent) = some_credits()
    kind = AggregateKind.CREDITS
    assert broken_at(kind, [ordered]) == 1
    assert broken_at(kind, [start, paid]) == 2
    assert broken_at(kind, [start, activated]) == 2
    assert broken_at(kind, [start, ordered, ordered]) == 3
    assert broken_at(kind, [start, ordered, activated]) == 3
    assert broken_at(kind, [start, ordered, paid, paid]) == 4
    assert broken_at(kind, [start, ordered, paid, activated, activated]) == 5
    assert broken_at(kind, [start, given, given]) == 3
    assert broken_at(kind, [start, spent]) == 2
    assert broken_at(kind, [start, given, spent]) == 3
    assert broken_at(kind, [start, attrs.evolve(given, account="other")]) == 2
    assert broken_at(kind, [start, some_usage()[1][1]]) == 2
    assert broken_at(AggregateKind.LICENSES, [start, given]) == 1
