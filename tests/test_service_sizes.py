"""Transfers, new sizes and rejected releases through the services, with the enrollments that go with licenses."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core.checks import InvalidArgument, TooManyItems
from licensing_core.directory import Permission, PermissionMissing
from licensing_core.pools import (
    ConfirmationNotAllowed,
    LicensesExhausted,
    NotEligible,
    PoolInUse,
    PreviewOutdated,
    ShrinkStage,
)
from licensing_core.protocols import Store
from licensing_core.seat_administration import WrongPoolType
from licensing_core.services import (
    Licensing,
    PreviewShrink,
    ReadAccess,
    ReadEnrollment,
    RejectReleases,
    ResizePool,
    TransferLicenses,
)
from licensing_core.visibility import PoolNotVisible
from tests.service_world import (
    AID,
    FIRE,
    NOON,
    TENANT,
    Checked,
    Clock,
    assign,
    buy,
    enroll,
    events_of,
    refused,
    sent,
    snapshot,
    unassign,
)

DAY = timedelta(days=1)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """Of p1 u1, u2 and u3 hold a license, assigned one a day, and are enrolled in *fire*, and u1 in *aid* as well."""
    made = Checked(store, clock=clock)
    made.run(buy())
    for number in (1, 2, 3):
        made.run(assign(f"u{number}", key=f"first-{number}"))
        clock.now += DAY
    made.run(enroll("u1", "u2", "u3", key="fire", pool="p1"))
    made.run(enroll("u1", key="aid", pool="p1", contents=[AID]))
    made.run(buy("p2", "selling"))
    return made


def move(*users: str, key: str = "k", actor: str = "root", target: str = "p2", pool: str = "p1") -> TransferLicenses:
    return TransferLicenses(pool=pool, target=target, users=frozenset(users), **sent(key, actor))


def resize(bought: int, *drop: str, key: str = "k", actor: str = "boss", pool: str = "p1") -> ResizePool:
    return ResizePool(pool=pool, bought=bought, drop=frozenset(drop), **sent(key, actor))


def shrinking(bought: int, actor: str = "boss", **fields: Any) -> PreviewShrink:
    return PreviewShrink(pool="p1", bought=bought, tenant=TENANT, actor=actor, **fields)


def test_who_is_transferred_takes_along_what_the_other_package_lists(licensing: Licensing, store: Store) -> None:
    promised = licensing.preview(move("u1", "u9"))[0]
    moved = licensing.run(move("u1", "u9"))
    assert moved == promised
    assert (moved.moved, moved.passed_over, moved.awaiting) == (("u1",), ("u9",), ())
    assert (moved.followed, moved.locked) == (1, 1)
    assert (moved.source.held, moved.target.held) == (2, 1)
    entered = [
        licensing.run(ReadAccess(user="u1", content=content, tenant=TENANT)).entry.code for content in (FIRE, AID)
    ]
    assert entered == ["ok", "enrollment.locked"]
    assert licensing.run(ReadEnrollment(user="u1", content=FIRE, tenant=TENANT)).pool == "p2"
    assert events_of(store, "p1")[-3:] == ["pool.licenses_unassigned", "enrollment.locked", "enrollment.moved_out"]
    assert events_of(store, "p2")[-2:] == ["pool.licenses_assigned", "enrollment.moved_in"]


def test_what_a_power_user_transfers_awaits_confirmation_in_the_pool_left(licensing: Licensing) -> None:
    moved = licensing.run(move("u1", "u2", actor="boss"))
    assert (moved.awaiting, moved.source.consumed, moved.source.held) == (("u1", "u2"), 3, 1)
    back = licensing.run(move("u1", key="back", pool="p2", target="p1"))
    assert (back.moved, back.target.consumed, back.target.held) == (("u1",), 3, 2), "the same license is taken back"


def test_all_are_transferred_or_nobody(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("s1", "three"))
    licensing.run(buy("own", "one"))
    licensing.run(assign("u8", "u9", key="more", pool="p2"))
    before = snapshot(store)
    cases: list[tuple[TransferLicenses, object]] = [
        (move("u1", "u2"), LicensesExhausted(pool="p2", requested=2, shortfall=1)),
        (move("u1", target="own"), NotEligible(pool="own", users=("u1",))),
        (move("u1", target="s1"), WrongPoolType(pool="s1")),
        (move("u1", target="p9"), PoolNotVisible(pool="p9")),
        (move("u1", pool="p9", target="p8"), PoolNotVisible(pool="p9")),
        (move("u1", actor="u1"), PermissionMissing(permission=Permission.SEATS_MANAGE)),
    ]
    for asked, refusal in cases:
        assert refused(licensing.run, asked) == refusal
        assert snapshot(store) == before
    assert isinstance(refused(licensing.run, move("u1", target="p1")), InvalidArgument)
    many = attrs.evolve(move(), users=frozenset(f"x{number}" for number in range(10_001)))
    assert isinstance(refused(licensing.run, many), TooManyItems)
    assert snapshot(store) == before


def test_a_cut_takes_free_licenses_then_those_awaiting_then_the_idle_then_the_last_assigned(
    licensing: Licensing,
) -> None:
    licensing.run(assign("u4", key="u4"))
    licensing.run(unassign("u4", key="away"))
    seen = {"u1": NOON, "u2": NOON + 9 * DAY, "u3": NOON + 9 * DAY}
    asked: dict[str, Any] = {"last_active": seen, "idle_before": NOON + DAY}
    assert licensing.run(shrinking(4, **asked)).users == ()
    assert licensing.run(shrinking(3, **asked)).users == ("u4",)
    assert licensing.run(shrinking(2, **asked)).users == ("u4", "u1")
    assert licensing.run(shrinking(1, **asked)).users == ("u4", "u1", "u3")
    only = licensing.run(shrinking(2, order=(ShrinkStage.LAST_ASSIGNED,)))
    assert only.users == ("u3", "u2")


def test_a_cut_drops_whom_the_preview_named_and_locks_their_enrollments(licensing: Licensing, store: Store) -> None:
    named = licensing.run(shrinking(1)).users
    cut = licensing.run(resize(1, *named))
    assert (cut.row.bought, cut.row.consumed, cut.dropped) == (1, 1, ("u2", "u3"))
    assert cut.locked == 2
    assert events_of(store, "p1")[-2:] == ["pool.resized", "enrollment.locked"]
    assert licensing.run(resize(7, key="grow")).row.free == 6


def test_a_cut_that_takes_too_few_or_too_many_is_refused(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    cases: list[tuple[ResizePool, object]] = [
        (resize(1, "u3"), PoolInUse(pool="p1", consumed=2, asked=1)),
        (resize(2, "u2", "u3"), PreviewOutdated(pool="p1", needed=1, given=2)),
        (resize(2, "u9"), PoolInUse(pool="p1", consumed=3, asked=2)),
        (resize(2, "u3", pool="p9"), PoolNotVisible(pool="p9")),
        (resize(2, "u3", actor="helper"), PermissionMissing(permission=Permission.TRANSACTIONS_CREATE)),
        (resize(2, "u3", pool="p9", actor="u1"), PermissionMissing(permission=Permission.TRANSACTIONS_CREATE)),
    ]
    for asked, refusal in cases:
        assert refused(licensing.run, asked) == refusal
        assert snapshot(store) == before
    assert refused(licensing.run, shrinking(1, "helper")).code == "permission.missing"
    spared = shrinking(1, order=(ShrinkStage.AWAITING,))
    assert refused(licensing.run, spared) == PoolInUse(pool="p1", consumed=3, asked=1)


def test_of_seats_only_free_ones_can_go(licensing: Licensing) -> None:
    licensing.run(buy("s1", "three"))
    licensing.run(enroll("u9", key="seat"))
    assert licensing.run(resize(1, pool="s1")).row.bought == 1
    assert refused(licensing.run, resize(0, pool="s1", key="k2")) == PoolInUse(pool="s1", consumed=1, asked=0)


def test_a_rejected_release_leaves_the_license_and_what_was_locked(licensing: Licensing, store: Store) -> None:
    licensing.run(unassign("u1", "u2", key="away"))
    reject = RejectReleases(pool="p1", users=frozenset({"u1", "u3"}), **sent("k", "root"))
    before = snapshot(store)
    assert refused(licensing.run, attrs.evolve(reject, actor="boss")) == ConfirmationNotAllowed(pool="p1")
    assert snapshot(store) == before
    kept = licensing.run(reject)
    assert (kept.added, kept.passed_over, kept.row.held, kept.row.awaiting) == (("u1",), ("u3",), 2, 1)
    assert licensing.run(ReadAccess(user="u1", content=FIRE, tenant=TENANT)).entry.code == "enrollment.locked"
    assert events_of(store, "p1")[-1] == "pool.releases_rejected"
