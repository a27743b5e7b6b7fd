"""The laws of enrollments and of what somebody may open, over cases that hypothesis finds."""

from datetime import datetime, timedelta
from random import Random

from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from licensing_core.directory import Actor, Content
from licensing_core.enrollments import Enrollment, Enrollments, EnrollmentStatus, LivePool, Roster
from licensing_core.plans import Package, Switches
from licensing_core.pools import LicensePool, SeatPool
from licensing_core.testing import laws_access as doors
from licensing_core.testing import laws_enrollments as laws
from licensing_core.testing import strategies_enrollments as some
from licensing_core.testing.laws_enrollments import CONTENTS, PATH, POWER_USER, SALES, USERS
from licensing_core.testing.laws_pools import NOON
from licensing_core.testing.strategies_pools import switches

a_user, a_content = st.sampled_from(USERS), st.sampled_from(CONTENTS)
a_bulk = given(some.rosters(), some.users(), some.contents(), switches(), some.actors())
THREE = Roster(pool=SeatPool(id="pool", beneficiary=SALES, bought=3), enrollments=Enrollments())


@a_bulk
@example(THREE, ["user-0"], [PATH], Switches(), POWER_USER)
@example(THREE, ["user-0", "user-1"], [PATH], Switches(), POWER_USER)
def test_seats_used_are_courses_newly_enrolled(
    roster: Roster, users: list[str], contents: list[Content], switches: Switches, by: Actor
) -> None:
    laws.seats_used_are_courses_newly_enrolled(roster, users, contents, switches, by)


@a_bulk
def test_enrolling_twice_is_enrolling_once(
    roster: Roster, users: list[str], contents: list[Content], switches: Switches, by: Actor
) -> None:
    laws.twice_is_once(roster, users, contents, switches, by)


@a_bulk
def test_the_order_of_users_and_contents_does_not_matter(
    roster: Roster, users: list[str], contents: list[Content], switches: Switches, by: Actor
) -> None:
    laws.the_order_does_not_matter(roster, users, contents, switches, by)


@a_bulk
def test_a_part_of_the_enrollments_decides_as_the_whole(
    roster: Roster, users: list[str], contents: list[Content], switches: Switches, by: Actor
) -> None:
    laws.a_part_decides_as_the_whole(roster, users, contents, switches, by)


@given(some.rosters(), a_user, a_content.filter(lambda one: one != PATH), switches())
def test_a_rejected_enrollment_never_was(roster: Roster, user: str, course: Content, switches: Switches) -> None:
    laws.a_rejected_enrollment_never_was(roster, user, course, switches)


@given(some.rosters(), a_user, a_content, switches(), some.actors())
def test_who_leaves_gives_the_seat_back_with_refund_only(
    roster: Roster, user: str, content: Content, switches: Switches, by: Actor
) -> None:
    laws.who_leaves_gives_the_seat_back_with_refund_only(roster, user, content, switches, by)


@given(some.rosters(), st.randoms(use_true_random=False))
def test_the_seats_add_up_and_replay_rebuilds_them(start: Roster, rng: Random) -> None:
    history = tuple(laws.any_history(rng, start))
    laws.the_seats_add_up(start, history)
    laws.replay_rebuilds(start, history)


@given(some.rosters(), a_user, a_content, switches(), some.actors())
def test_questions_agree_with_commands(
    roster: Roster, user: str, content: Content, switches: Switches, by: Actor
) -> None:
    laws.questions_agree_with_commands(roster, user, [content], switches, by)


@given(some.licenses(), some.enrollments(), some.users(), switches(), some.actors())
def test_losing_a_license_locks_its_enrollments(
    pool: LicensePool, enrollments: Enrollments, users: list[str], switches: Switches, by: Actor
) -> None:
    doors.losing_a_license_locks_its_enrollments(pool, enrollments, users, switches, by)


@given(some.rosters(), a_user, a_content, st.none() | st.integers(-5, 5))
def test_readmission_opens_what_ends_later(roster: Roster, user: str, content: Content, hours: int | None) -> None:
    until: datetime | None = None if hours is None else NOON + timedelta(hours=hours)
    doors.readmission_opens_what_ends_later(roster, user, content, until)


@given(some.live_pools(), some.live_pools("other"), a_user, a_content, st.data())
def test_a_license_in_force_lifts_the_expiry_alone(
    source: LivePool, other: LivePool, user: str, content: Content, data: st.DataObject
) -> None:
    found = evolve(data.draw(some.one_of(user, content)), pool="pool")
    doors.a_license_in_force_lifts_the_expiry_alone(user, content, source, other, found)
    open_one = Enrollment(user=user, content=content, pool="pool", status=EnrollmentStatus.ENROLLED)
    doors.a_license_in_force_lifts_the_expiry_alone(user, content, source, other, open_one)


@given(
    some.licenses(),
    some.licenses("other"),
    some.enrollments(),
    some.packages(),
    some.users(),
    switches(),
    some.actors(),
)
def test_a_transfer_takes_its_enrollments_along(
    source: LicensePool,
    target: LicensePool,
    enrollments: Enrollments,
    package: Package,
    users: list[str],
    switches: Switches,
    by: Actor,
) -> None:
    doors.a_transfer_takes_its_enrollments_along(source, target, enrollments, package, users, switches, by)


@given(a_user, a_content, st.tuples(*map(some.live_pools, ("pool", "other", "third"))), some.enrollments())
def test_who_enrolls_takes_the_license_that_lasts_longest(
    user: str, content: Content, pools: tuple[LivePool, ...], enrollments: Enrollments
) -> None:
    doors.who_enrolls_takes_the_license_that_lasts_longest(user, content, pools, enrollments)
