"""Enrollments through the services: made, skipped, confirmed, locked, and entered or not."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant, TooManyItems
from licensing_core.directory import Actor, Content, Permission, PermissionMissing, Role
from licensing_core.enrollments import (
    AlreadyConfirmed,
    AlreadyEnrolled,
    Enrollment,
    EnrollmentLocked,
    EnrollmentNotStarted,
    EnrollmentStatus,
    EnrollmentToConfirm,
    NoLicense,
    NotEnrolled,
    SubscriptionExpired,
)
from licensing_core.pools import NotEligible, SeatsExhausted
from licensing_core.protocols import Store
from licensing_core.services import (
    ConfirmEnrollment,
    EnrollMyself,
    EnrollUsers,
    Licensing,
    ListCandidates,
    ListEnrollable,
    ReadAccess,
    ReadEnrollment,
    ReadEnrollmentPage,
    ReadmitUser,
    ReadPool,
    RejectEnrollment,
    UnenrollUser,
)
from licensing_core.visibility import ContentNotAssigned, ContentNotInPackage, PageMode, PoolNotVisible
from tests.service_world import (
    AID,
    BASICS,
    FIRE,
    LADDER,
    NOON,
    SELL,
    TENANT,
    Checked,
    Clock,
    assign,
    buy,
    enroll,
    events_of,
    host,
    refused,
    sent,
    snapshot,
    unassign,
)

DAY = timedelta(days=1)
WAITING, IN = EnrollmentStatus.TO_CONFIRM, EnrollmentStatus.ENROLLED


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """A pool s1 of three seats, and a pool p1 of five licenses, one of which u1 has."""
    made = Checked(store, clock=clock)
    for command in (buy("s1", "three"), buy()):
        made.run(command)
    made.run(assign("u1", key="first"))
    return made


def leave(user: str, key: str, actor: str = "boss", content: Content = FIRE, pool: str = "s1") -> UnenrollUser:
    return UnenrollUser(pool=pool, user=user, content=content, **sent(key, actor))


def may_enter(licensing: Licensing, user: str, content: Content = FIRE) -> str:
    return licensing.run(ReadAccess(user=user, content=content, tenant=TENANT)).entry.code


def of(licensing: Licensing, user: str, content: Content = FIRE) -> Enrollment:
    return licensing.run(ReadEnrollment(user=user, content=content, tenant=TENANT))


def test_each_course_newly_enrolled_uses_a_seat_and_who_is_in_it_is_skipped(licensing: Licensing, store: Store) -> None:
    first = licensing.run(enroll("u1", "u2", key="k1"))
    assert ([one.user for one in first.enrolled], first.row.consumed, first.row.held) == (["u1", "u2"], 2, 2)
    second = licensing.run(enroll("u2", "u3", key="k2"))
    assert ([one.user for one in second.enrolled], [one.user for one in second.skipped]) == (["u3"], ["u2"])
    assert second.row.free == 0
    assert events_of(store, "s1")[2:] == ["enrollment.users_enrolled"] * 2
    assert licensing.run(enroll("u1", "u2", "u3", key="k3")).skipped == (*first.enrolled, *second.enrolled)
    assert len(events_of(store, "s1")) == 4, "where all are skipped nothing happens"


def test_a_learning_plan_takes_a_seat_for_each_of_its_courses_and_needs_no_confirmation(licensing: Licensing) -> None:
    placed = licensing.run(enroll("u1", key="k1", actor="root", contents=[BASICS]))
    assert [one.content for one in placed.enrolled] == [AID, LADDER, BASICS]
    assert placed.row.consumed == 2
    assert placed.to_confirm == ()


def test_a_level_and_a_validity_are_kept(licensing: Licensing) -> None:
    asked = attrs.evolve(enroll("u1", key="k1"), level="tutor", since=NOON + DAY, until=NOON + 2 * DAY)
    licensing.run(asked)
    wanted = Enrollment(user="u1", content=FIRE, pool="s1", level="tutor", since=NOON + DAY, until=NOON + 2 * DAY)
    assert of(licensing, "u1") == wanted
    assert may_enter(licensing, "u1") == EnrollmentNotStarted.code


def test_what_a_power_user_enrolls_waits_until_it_is_confirmed(licensing: Licensing, store: Store) -> None:
    placed = licensing.run(enroll("u1", key="k1", actor="helper"))
    assert placed.to_confirm == placed.enrolled
    assert may_enter(licensing, "u1") == EnrollmentToConfirm.code
    assert licensing.run(ConfirmEnrollment(user="u1", content=FIRE, **sent("k2"))).status is IN
    assert may_enter(licensing, "u1") == "ok"
    licensing.run(ConfirmEnrollment(user="u1", content=FIRE, **sent("k3")))
    assert events_of(store, "s1")[2:] == ["enrollment.users_enrolled", "enrollment.confirmed"]
    reject = RejectEnrollment(user="u1", content=FIRE, **sent("k4"))
    assert refused(licensing.run, reject) == AlreadyConfirmed(content=FIRE)


def test_the_seat_of_a_rejected_enrollment_goes_back_and_that_of_one_who_leaves_is_spent(licensing: Licensing) -> None:
    licensing.run(enroll("u1", "u2", key="k1", actor="helper"))
    row = licensing.run(RejectEnrollment(user="u1", content=FIRE, **sent("k2")))
    assert (row.consumed, row.held) == (1, 1)
    left = licensing.run(leave("u2", "k3"))
    assert (left.consumed, left.held) == (1, 0), "refund is off"
    licensing.run(enroll("u3", key="k4"))
    assert licensing.run(leave("u3", "k5", actor="root")).consumed == 1, "a superadmin gives the seat back"
    assert refused(licensing.run, leave("u3", "k6")) == NotEnrolled(content=FIRE)


def test_a_plan_with_refund_gives_the_seat_back_to_whoever_acts(licensing: Licensing) -> None:
    licensing.run(buy("s2", "refunding"))
    licensing.run(enroll("u1", key="k1", pool="s2"))
    assert licensing.run(leave("u1", "k2", pool="s2")).consumed == 0


def test_who_is_enrolled_through_another_pool_is_skipped_and_leaves_only_there(licensing: Licensing) -> None:
    licensing.run(buy("s2", "three"))
    licensing.run(enroll("u1", key="k1"))
    other = licensing.run(enroll("u1", "u2", key="k2", pool="s2"))
    assert ([one.pool for one in other.skipped], other.row.consumed) == (["s1"], 1)
    assert refused(licensing.run, leave("u1", "k3", pool="s2")) == NotEnrolled(content=FIRE)


def test_all_are_enrolled_or_nobody(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    cases: list[tuple[EnrollUsers, object]] = [
        (enroll("u1", "u2", "u3", "u4", key="k"), SeatsExhausted(pool="s1", requested=4, shortfall=1)),
        (enroll("u1", "out", key="k"), NotEligible(pool="s1", users=("out",))),
        (enroll("u1", "u2", key="k", pool="p1"), NotEligible(pool="p1", users=("u2",))),
        (enroll("u1", key="k", contents=[FIRE, SELL]), ContentNotInPackage(pool="s1", contents=(SELL,))),
        (enroll("u1", key="k", actor="helper", contents=[AID, FIRE]), ContentNotAssigned(pool="s1", contents=(AID,))),
        (enroll("u1", key="k", pool="p9"), PoolNotVisible(pool="p9")),
        (enroll("u1", key="k", actor="u1"), PermissionMissing(permission=Permission.SEATS_MANAGE)),
        (enroll("u1", key="k", pool="p9", actor="u1"), PermissionMissing(permission=Permission.SEATS_MANAGE)),
    ]
    for asked, refusal in cases:
        assert refused(licensing.run, asked) == refusal
        assert licensing.may(asked).refusal == refusal
        assert snapshot(store) == before
    assert licensing.run(enroll("u1", "u2", "u3", key="k")).row.free == 0, "a refused command uses no key up"


def test_under_a_license_nothing_is_used_and_only_holders_are_enrolled(licensing: Licensing, store: Store) -> None:
    placed = licensing.run(enroll("u1", key="k1", pool="p1"))
    assert (placed.row.consumed, placed.row.held) == (1, 1)
    assert of(licensing, "u1").pool == "p1"
    assert events_of(store, "p1")[-1] == "enrollment.users_enrolled"


def test_who_holds_a_license_enrolls_themselves_under_the_one_that_expires_last(
    licensing: Licensing, clock: Clock
) -> None:
    me: dict[str, Any] = sent("k1", "u1")
    assert refused(licensing.run, EnrollMyself(content=FIRE, **sent("k0", "u2"))) == NoLicense(content=FIRE)
    clock.now += DAY
    licensing.run(buy("p2", "five"))
    licensing.run(assign("u1", key="second", pool="p2"))
    placed = licensing.run(EnrollMyself(content=FIRE, **me))
    assert (placed.row.code, placed.to_confirm) == ("p2", ())
    again = refused(licensing.run, EnrollMyself(content=FIRE, **sent("k2", "u1")))
    assert again == AlreadyEnrolled(content=FIRE)
    plan = licensing.run(EnrollMyself(content=BASICS, **sent("k3", "u1")))
    assert [one.content for one in plan.enrolled] == [AID, LADDER, BASICS]
    assert refused(licensing.run, EnrollMyself(content=SELL, **sent("k4", "u1"))) == NoLicense(content=SELL)


def test_a_license_that_is_taken_locks_what_came_through_it(licensing: Licensing, store: Store, clock: Clock) -> None:
    licensing.run(enroll("u1", key="k1", pool="p1", contents=[FIRE, AID]))
    licensing.run(enroll("u1", key="k2", contents=[BASICS], actor="root"))
    clock.now += DAY
    taken = licensing.run(unassign("u1", key="k3"))
    assert taken.locked == 2
    for content in (AID, FIRE):
        found = licensing.run(ReadEnrollment(user="u1", content=content, tenant=TENANT))
        assert (found.locked, found.until) == (True, clock.now)
    assert may_enter(licensing, "u1") == EnrollmentLocked.code
    assert may_enter(licensing, "u1", LADDER) == "ok", "it came through the seats"
    assert events_of(store, "p1")[-2:] == ["pool.licenses_unassigned", "enrollment.locked"]
    confirmed = licensing.run(unassign("u1", key="k4", actor="root"))
    assert (confirmed.released, confirmed.locked) == (("u1",), 0)
    assert licensing.run(assign("u1", key="k5")).added == ("u1",)
    assert may_enter(licensing, "u1") == EnrollmentLocked.code, "a new license opens no old enrollment"


def test_who_is_readmitted_enters_without_a_license(licensing: Licensing, clock: Clock) -> None:
    licensing.run(enroll("u1", key="k1", pool="p1"))
    licensing.run(unassign("u1", key="k2", actor="root"))
    readmit = ReadmitUser(user="u1", content=FIRE, until=NOON + 9 * DAY, **sent("k3"))
    assert licensing.run(readmit).until == NOON + 9 * DAY
    assert may_enter(licensing, "u1") == "ok"
    access = licensing.run(ReadAccess(user="u1", content=FIRE, tenant=TENANT))
    assert (access.subscribed, access.can_enroll, access.can_enter) == (False, False, True)
    clock.now += 9 * DAY
    assert may_enter(licensing, "u1") == "enrollment.ended"
    licensing.run(ReadmitUser(user="u1", content=FIRE, until=None, **sent("k4")))
    assert may_enter(licensing, "u1") == "ok"


def test_another_license_in_force_lifts_an_expiry(licensing: Licensing, clock: Clock) -> None:
    licensing.run(enroll("u1", key="k1", pool="p1"))
    expiry = clock.now = licensing.run(ReadPool(pool="p1", tenant=TENANT, actor="root")).expires_at or NOON
    entry = licensing.run(ReadAccess(user="u1", content=FIRE, tenant=TENANT)).entry
    assert entry.refusal == SubscriptionExpired(pool="p1", expired_at=expiry)
    licensing.run(buy("p2", "selling"))
    licensing.run(assign("u1", key="k2", pool="p2"))
    assert may_enter(licensing, "u1") == "ok"
    assert licensing.run(ReadAccess(user="u1", content=SELL, tenant=TENANT)).can_enroll


def test_an_enrollment_out_of_reach_is_refused_as_one_that_there_is_not(licensing: Licensing, store: Store) -> None:
    licensing.run(enroll("u1", key="k1", actor="helper"))
    before = snapshot(store)
    far = Actor("far", Role.POWER_USER, permissions=frozenset(Permission))
    others = Licensing(store, HostWithFar(far), Clock())
    for user in ("u1", "u9", "nobody"):
        commands: list[Any] = [
            ConfirmEnrollment(user=user, content=FIRE, **sent("k", "far")),
            RejectEnrollment(user=user, content=FIRE, **sent("k", "far")),
            ReadmitUser(user=user, content=FIRE, until=None, **sent("k", "far")),
        ]
        for command in commands:
            assert refused(others.run, command) == NotEnrolled(content=FIRE)
    assert snapshot(store) == before


class HostWithFar:
    """The host of the tests, and somebody who manages nobody."""

    def __init__(self, far: Actor) -> None:
        self._far, self._host = far, host()

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        return self._far if actor_id == "far" else self._host.actor(tenant, actor_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)


def test_what_may_be_offered_for_enrolling_and_to_whom(licensing: Licensing) -> None:
    def offered(actor: str) -> tuple[Content, ...]:
        return licensing.run(ListEnrollable(pool="s1", tenant=TENANT, actor=actor)).contents

    assert (offered("root"), offered("helper")) == ((AID, FIRE, BASICS), (FIRE,))
    assert {"u1", "boss"} <= set(licensing.run(ListCandidates(pool="s1", tenant=TENANT, actor="helper")).ids)
    unknown = ListEnrollable(pool="p9", tenant=TENANT, actor="boss")
    assert refused(licensing.run, unknown) == PoolNotVisible(pool="p9")


@pytest.mark.parametrize(
    ("actor", "content", "mode"),
    [
        ("boss", FIRE, PageMode.READ),
        ("boss", BASICS, PageMode.EDIT),
        ("helper", FIRE, PageMode.NONE),
        ("u1", FIRE, PageMode.NONE),
        ("root", FIRE, PageMode.EDIT),
    ],
)
def test_the_page_of_enrollments_opens_as_the_actor_may(actor: str, content: Content, mode: PageMode) -> None:
    asked = ReadEnrollmentPage(tenant=TENANT, actor=actor, content=content)
    assert Licensing(MemoryStore(), host(), Clock()).run(asked).mode is mode


def test_who_is_in_nothing_is_told_so(licensing: Licensing) -> None:
    assert refused(of, licensing, "u9") == NotEnrolled(content=FIRE)
    access = licensing.run(ReadAccess(user="u9", content=FIRE, tenant=TENANT))
    assert (access.subscribed, access.entry.refusal) == (False, NotEnrolled(content=FIRE))
    foreign = Licensing(licensing._store, host("globex"), Clock())
    licensing.run(enroll("u1", key="k1", pool="p1"))
    access = foreign.run(ReadAccess(user="u1", content=FIRE, tenant="globex"))
    assert (access.subscribed, access.entry.refusal) == (False, NotEnrolled(content=FIRE))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"users": "u1"}, InvalidArgument),
        ({"users": ["u1"]}, InvalidArgument),
        ({"users": frozenset({"a b"})}, InvalidId),
        ({"contents": frozenset({"course:fire"})}, InvalidArgument),
        ({"contents": FIRE}, InvalidArgument),
        ({"pool": None}, InvalidId),
        ({"level": "a b"}, InvalidId),
        ({"since": NOON.replace(tzinfo=None)}, InvalidInstant),
        ({"until": "tomorrow"}, InvalidInstant),
    ],
)
def test_a_command_that_cannot_be_is_not_made(fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        attrs.evolve(enroll("u1", key="k"), **fields)


def test_what_is_out_of_bounds_is_refused_before_anything_is_asked(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    many = frozenset(f"x{number}" for number in range(10_001))
    plans = frozenset(Content.learning_plan(f"l{number}") for number in range(101))
    ended = attrs.evolve(enroll("u1", key="k"), since=NOON, until=NOON)
    assert refused(licensing.run, attrs.evolve(enroll("u1", key="k"), users=many)) == TooManyItems(
        parameter="users", given=10_001, most=10_000
    )
    assert refused(licensing.run, attrs.evolve(enroll("u1", key="k"), contents=plans)) == TooManyItems(
        parameter="contents", given=101, most=100
    )
    assert isinstance(refused(licensing.run, ended), InvalidArgument)
    assert snapshot(store) == before
