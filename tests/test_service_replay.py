"""From histories back to pools, accounts and enrollments; a history that is not whole is refused."""

from typing import Any

import attrs
import pytest

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
from licensing_core.plans import PackageKind
from licensing_core.pools import (
    LicensesAssigned,
    LicensesUnassigned,
    PoolOpened,
    PoolRenewed,
    PoolResized,
    ReleasesRejected,
)
from licensing_core.protocols import Envelope, Store
from licensing_core.services import (
    BrokenHistory,
    Licensing,
    replay,
    replay_enrollments,
)
from tests.service_world import NOON, TENANT, Clock, host, open_account, refused
from tests.specimens import AT, POOL


@pytest.fixture
def licensing(store: Store) -> Licensing:
    return Licensing(store, host(), Clock())


def an_envelope(sequence: int, event: Any, **fields: Any) -> Envelope:
    return Envelope(**{"tenant": "t1", "aggregate": "p1", "sequence": sequence, "event": event, **fields})


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
        assert replay_enrollments(work.history(TENANT, "a1")) == Enrollments()


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
