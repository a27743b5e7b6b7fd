"""Enrollments as values: one of each user and content, known in whole or in part, and told again by events."""

import copy
import pickle
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core import pools
from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.decisions import Event
from licensing_core.enrollments import (
    EnrollmentConfirmed,
    EnrollmentRejected,
    Enrollments,
    EnrollmentsLocked,
    EnrollmentsMovedIn,
    EnrollmentsMovedOut,
    EnrollmentsNotLoaded,
    EnrollmentStatus,
    UsersEnrolled,
    UserUnenrolled,
    apply,
    enrollment_changes,
)
from licensing_core.pools import AnyPool
from tests.builders import AID, FIRE, NOON, ONWARD, START, a_pool, a_roster, an_enrollment, seats

WAITING = EnrollmentStatus.TO_CONFIRM
ABOUT: dict[str, Any] = {"pool": "s1", "by": "root", "at": NOON}


# One enrollment


def test_a_course_takes_a_seat_and_a_learning_plan_does_not() -> None:
    assert an_enrollment(content=FIRE).takes_a_seat
    assert not an_enrollment(content=START).takes_a_seat


@pytest.mark.parametrize(("until", "fits"), [(-1, False), (0, False), (1, True), (None, True)])
def test_it_ends_after_it_begins_unless_it_is_locked(until: int | None, fits: bool) -> None:
    end = None if until is None else NOON + timedelta(microseconds=until)
    assert an_enrollment(since=NOON, until=end, locked=True).until == end
    if fits:
        assert an_enrollment(since=NOON, until=end).until == end
        return
    with pytest.raises(InvalidArgument, match="until must be an instant after since"):
        an_enrollment(since=NOON, until=end)


@pytest.mark.parametrize(
    "wrong",
    [{"user": "a b"}, {"content": "course:fire"}, {"level": ""}, {"level": "a b"}, {"status": "enrolled"}, {"pool": 7}],
    ids=str,
)
def test_an_enrollment_refuses_what_does_not_have_its_form(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        an_enrollment(**wrong)


# Many


def test_enrollments_are_found_by_user_and_content() -> None:
    fire, aid, hers = an_enrollment("ana"), an_enrollment("ana", AID), an_enrollment("mei")
    all_of_them = Enrollments([hers, aid, fire])
    assert all_of_them["ana", FIRE] is fire
    assert dict(all_of_them.of("ana")) == {FIRE: fire, AID: aid}
    assert dict(all_of_them.of("nobody")) == {}
    assert ("mei", AID) not in all_of_them
    assert len(all_of_them) == 3
    assert set(all_of_them) == {("ana", FIRE), ("ana", AID), ("mei", FIRE)}
    with pytest.raises(KeyError):
        all_of_them["mei", AID]


def test_those_through_a_pool_come_in_order() -> None:
    mine, other = an_enrollment("mei"), an_enrollment("ana", pool="p2")
    plan, course = an_enrollment("ana", START), an_enrollment("ana", AID)
    assert Enrollments([mine, plan, other, course]).through("p1") == (course, plan, mine)


def test_there_is_one_of_each_user_and_content() -> None:
    with pytest.raises(InvalidArgument, match="one for each user and content"):
        Enrollments([an_enrollment(pool="p1"), an_enrollment(pool="p2")])


def test_a_part_says_so_when_asked_beyond_it() -> None:
    some = Enrollments([an_enrollment("ana")], loaded=["ana", "luis"])
    assert some.loaded == frozenset({"ana", "luis"})
    assert dict(some.of("luis")) == {}
    asks: list[Any] = [
        lambda: some.of("mei"),
        lambda: some["mei", FIRE],
        lambda: some.require(["ana", "mei"]),
        lambda: some.with_changes({("mei", FIRE): None}),
        lambda: Enrollments([an_enrollment("mei")], loaded={"ana"}),
    ]
    for ask in asks:
        with pytest.raises(EnrollmentsNotLoaded) as caught:
            ask()
        assert caught.value.ids == ("mei",)
        assert "enrollments of 1 users" in str(caught.value)
    Enrollments().require(["anybody"])


@pytest.mark.parametrize(
    ("entries", "loaded", "error"),
    [
        (["course:fire"], None, InvalidArgument),
        ([None], None, InvalidArgument),
        ((), "ana", InvalidArgument),
        ((), ["a b"], InvalidId),
    ],
    ids=str,
)
def test_what_is_no_enrollment_or_no_user_is_refused(entries: Any, loaded: Any, error: Any) -> None:
    with pytest.raises(error):
        Enrollments(entries, loaded=loaded)


def test_a_change_makes_new_enrollments_and_leaves_the_old_ones() -> None:
    fire, aid = an_enrollment(), an_enrollment(content=AID)
    before = Enrollments([fire])
    after = before.with_changes({("ana", FIRE): None, ("ana", AID): aid, ("mei", FIRE): None})
    assert (dict(before), dict(after)) == ({("ana", FIRE): fire}, {("ana", AID): aid})
    assert after.with_changes({("ana", AID): None}) == Enrollments()


def test_what_somebody_is_in_cannot_be_changed_in_place() -> None:
    some: Any = Enrollments([an_enrollment()])
    for user in ("ana", "nobody"):
        with pytest.raises(TypeError):
            some.of(user)[AID] = an_enrollment(content=AID)
    with pytest.raises(AttributeError):
        some.loaded = None
    with pytest.raises(AttributeError):
        del some._by_user
    assert len(Enrollments()) == len(Enrollments().of("nobody")) == 0


def test_equal_enrollments_are_equal_however_they_came_about() -> None:
    fire, aid = an_enrollment(), an_enrollment(content=AID)
    whole, changed = Enrollments([fire, aid]), Enrollments([aid]).with_changes({("ana", FIRE): fire})
    part = Enrollments([fire, aid], loaded={"ana"})
    assert whole == changed
    assert hash(whole) == hash(changed)
    assert whole != part
    assert whole != {("ana", FIRE): fire, ("ana", AID): aid}
    for twin in (copy.copy(part), copy.deepcopy(part), pickle.loads(pickle.dumps(part))):
        assert twin == part
    assert (repr(whole), repr(part)) == ("<Enrollments of all: 2>", "<Enrollments of 1 users: 2>")


# Events


@pytest.mark.parametrize(
    ("event", "consumed", "held"),
    [
        (UsersEnrolled(enrollments=(an_enrollment(content=AID), an_enrollment(content=START)), **ABOUT), 5, 3),
        (UserUnenrolled(enrollments=(an_enrollment(),), seat_returned=True, **ABOUT), 3, 1),
        (UserUnenrolled(enrollments=(an_enrollment(),), seat_returned=False, **ABOUT), 4, 1),
        (UserUnenrolled(enrollments=(an_enrollment(content=ONWARD),), seat_returned=False, **ABOUT), 4, 2),
        (EnrollmentRejected(enrollments=(an_enrollment(),), **ABOUT), 3, 1),
        (EnrollmentConfirmed(enrollments=(an_enrollment(),), **ABOUT), 4, 2),
        (EnrollmentsLocked(enrollments=(an_enrollment(locked=True),), **ABOUT), 4, 2),
    ],
    ids=[
        "a course and a plan",
        "left, returned",
        "left, spent",
        "left a plan",
        "rejected",
        "confirmed",
        "locked",
    ],
)
def test_seats_are_counted_by_what_happens_to_their_enrollments(event: Any, consumed: int, held: int) -> None:
    pool = seats(bought=9, consumed=4, held=2)
    after = apply(a_roster(pool, an_enrollment(), an_enrollment(content=ONWARD)), event).pool
    assert (after.consumed, after.held) == (consumed, held)


@pytest.mark.parametrize("pool", [a_pool(holders={"ana"}), seats(consumed=1, held=1)], ids=["licenses", "seats"])
def test_what_happens_to_the_pool_leaves_the_enrollments(pool: AnyPool) -> None:
    roster = a_roster(pool, an_enrollment())
    resized = pools.PoolResized(**{**ABOUT, "bought": 9, "pool": pool.id})
    assert apply(roster, resized) == evolve(roster, pool=evolve(pool, bought=9))


def test_under_a_license_nothing_is_counted() -> None:
    pool = a_pool(holders={"ana"})
    about = {**ABOUT, "pool": "p1", "enrollments": (an_enrollment(),)}
    made = apply(a_roster(pool), UsersEnrolled(**about))
    assert (made.pool, len(made.enrollments)) == (pool, 1)
    gone = apply(made, UserUnenrolled(seat_returned=True, **about))
    assert (gone.pool, len(gone.enrollments)) == (pool, 0)


def test_each_event_says_which_enrollments_changed() -> None:
    one = an_enrollment(status=WAITING)
    for made in (UsersEnrolled, EnrollmentConfirmed, EnrollmentsLocked, EnrollmentsMovedIn):
        assert enrollment_changes(made(enrollments=(one,), **ABOUT)) == {("ana", FIRE): one}
    for ended in (EnrollmentRejected, EnrollmentsMovedOut):
        assert enrollment_changes(ended(enrollments=(one,), **ABOUT)) == {("ana", FIRE): None}
    assert enrollment_changes(Event(by="root", at=NOON)) == {}
