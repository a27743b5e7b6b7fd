"""What may be entered and why not, enrolling oneself, and the bounds of one command."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from attrs import evolve

from licensing_core import enrollments
from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity, TooManyItems
from licensing_core.decisions import Verdict
from licensing_core.directory import Content
from licensing_core.enrollments import (
    MAX_CONTENTS,
    MAX_ENROLLMENTS,
    Access,
    AlreadyEnrolled,
    Enrollment,
    EnrollmentEnded,
    EnrollmentLocked,
    EnrollmentNotStarted,
    Enrollments,
    EnrollmentsNotLoaded,
    EnrollmentStatus,
    EnrollmentToConfirm,
    LivePool,
    NoLicense,
    NotEnrolled,
    PoolNotLoaded,
    SubscriptionExpired,
    access,
    enroll,
    self_enroll,
)
from licensing_core.holdings import Holdings, HoldingsNotLoaded
from licensing_core.plans import Package, PackageKind, Switches
from licensing_core.pools import AnyPool, SeatPool
from tests.builders import (
    AID,
    FIRE,
    NAIVE,
    NOON,
    PATHS,
    ROOT,
    SALES,
    STAIRS,
    START,
    a_learner,
    a_package,
    a_pool,
    a_roster,
    agrees,
    an_enrollment,
    seats,
)

HOUR, MICRO = timedelta(hours=1), timedelta(microseconds=1)
WAITING = EnrollmentStatus.TO_CONFIRM
STRICT, LENIENT = Switches(), Switches(enforce_expiration=False)
ANA = a_learner("ana")


def live(
    pool_id: str = "p1",
    *,
    expires_at: Any = None,
    holders: Any = ("ana",),
    awaiting: Any = (),
    package: Package | None = None,
    switches: Switches = STRICT,
) -> LivePool:
    pool = a_pool(pool_id=pool_id, holders=holders, awaiting=awaiting, expires_at=expires_at)
    return LivePool(pool, a_package() if package is None else package, switches)


def gone(one: LivePool) -> LivePool:
    """The same, whose plan is there no more."""
    return LivePool(one.pool, None, one.switches)


def on_seats(*, expires_at: Any = None, switches: Switches = STRICT) -> LivePool:
    pool = evolve(seats(consumed=1, held=1), expires_at=expires_at)
    return LivePool(pool, a_package(kind=PackageKind.SEATS), switches)


def seen(*pools: LivePool, entries: tuple[Enrollment, ...] = (), now: Any = NOON, content: Any = FIRE) -> Access:
    return access("ana", content, pools=pools, enrollments=Enrollments(entries), now=now)


# Subscribed, and may enroll


@pytest.mark.parametrize(
    ("pool", "subscribed"),
    [
        (live(), True),
        (live(expires_at=NOON + MICRO), True),
        (live(expires_at=NOON), False),
        (live(expires_at=NOON, switches=LENIENT), False),
        (live(holders=["luis"]), False),
        (live(holders=[], awaiting=["ana"]), False),
        (live(package=a_package(AID, START)), False),
        (gone(live()), False),
        (on_seats(), False),
    ],
    ids=[
        "in force",
        "the last instant",
        "at the expiry",
        "at the expiry, not enforced",
        "somebody else's",
        "awaiting confirmation",
        "another content",
        "the plan is gone",
        "seats",
    ],
)
def test_who_holds_a_license_in_force_that_lists_the_content_is_subscribed_and_may_enroll(
    pool: LivePool, subscribed: bool
) -> None:
    found = seen(pool)
    assert (found.subscribed, found.can_enroll, found.can_enter) == (subscribed, subscribed, False)
    assert found.entry.refusal == NotEnrolled(content=FIRE)
    assert enrollments.can_self_enroll(ANA, FIRE, pools=[pool], enrollments=Enrollments(), now=NOON).code == (
        "ok" if subscribed else "license.none"
    )


def test_who_is_enrolled_is_subscribed_still_and_enrolls_no_more() -> None:
    found = seen(live(), entries=(an_enrollment(),))
    assert (found.subscribed, found.can_enroll, found.can_enter) == (True, False, True)
    assert found.entry == Verdict.allow("DOC-28")


# Why not, in order

LAPSED = live(expires_at=NOON - HOUR)
WORST: dict[str, Any] = {"status": WAITING, "locked": True, "since": NOON + HOUR, "until": NOON}
REASONS: list[tuple[dict[str, Any], Any]] = [
    ({}, EnrollmentToConfirm(content=FIRE)),
    ({"status": EnrollmentStatus.ENROLLED}, EnrollmentLocked(content=FIRE)),
    ({"locked": False, "until": NOON + 2 * HOUR}, EnrollmentNotStarted(content=FIRE, since=NOON + HOUR)),
    ({"since": NOON - HOUR, "until": NOON}, EnrollmentEnded(content=FIRE, until=NOON)),
    ({"until": NOON + MICRO}, SubscriptionExpired(pool="p1", expired_at=NOON - HOUR)),
]


def test_the_first_of_the_reasons_is_the_answer() -> None:
    given = dict(WORST)
    assert seen(LAPSED).entry.refusal == NotEnrolled(content=FIRE)
    for change, refusal in REASONS:
        given |= change
        assert seen(LAPSED, entries=(an_enrollment(**given),)).entry.refusal == refusal
        # another license in force lifts the last of them only
        other = seen(LAPSED, live("p2"), entries=(an_enrollment(**given),))
        assert other.subscribed
        assert other.can_enter is isinstance(refusal, SubscriptionExpired)
        assert other.entry == (Verdict.allow("D-10") if other.can_enter else Verdict.refuse(refusal))


@pytest.mark.parametrize(
    ("changes", "now", "code"),
    [
        ({"since": NOON}, NOON - MICRO, "enrollment.not_started"),
        ({"since": NOON}, NOON, "ok"),
        ({"until": NOON}, NOON - MICRO, "ok"),
        ({"until": NOON}, NOON, "enrollment.ended"),
        ({"since": NOON, "until": NOON + MICRO}, NOON, "ok"),
        ({"since": NOON, "until": NOON + MICRO}, NOON + MICRO, "enrollment.ended"),
    ],
    ids=str,
)
def test_validity_begins_at_since_and_has_ended_at_until(changes: dict[str, Any], now: Any, code: str) -> None:
    assert seen(live(), entries=(an_enrollment(**changes),), now=now).entry.code == code


@pytest.mark.parametrize(
    ("expires_at", "switches", "verdict"),
    [
        (None, STRICT, Verdict.allow("DOC-28")),
        (NOON + MICRO, STRICT, Verdict.allow("DOC-28")),
        (NOON, STRICT, Verdict.refuse(SubscriptionExpired(pool="p1", expired_at=NOON))),
        (NOON, LENIENT, Verdict.allow("DOC-52")),
        (NOON - HOUR, LENIENT, Verdict.allow("DOC-52")),
    ],
    ids=["never expires", "the last instant", "at the expiry", "at the expiry, not enforced", "long after"],
)
@pytest.mark.parametrize("seated", [False, True], ids=["a license", "a seat"])
def test_nobody_enters_at_the_expiry_where_it_is_enforced(
    expires_at: Any, switches: Switches, verdict: Verdict, seated: bool
) -> None:
    pool: AnyPool = live(expires_at=expires_at).pool
    if seated:
        pool = SeatPool(id="p1", beneficiary=SALES, bought=1, consumed=1, held=1, expires_at=expires_at)
    found = seen(LivePool(pool, None, switches), entries=(an_enrollment(),))
    assert found.entry == verdict
    assert found.can_enter is bool(verdict)


@pytest.mark.parametrize(
    ("other", "enters"),
    [
        (live("p2"), True),
        (live("p2", expires_at=NOON + MICRO), True),
        (live("p2", expires_at=NOON), False),
        (live("p2", expires_at=NOON, switches=LENIENT), False),
        (live("p2", holders=["luis"]), False),
        (live("p2", holders=[], awaiting=["ana"]), False),
        (live("p2", package=a_package(STAIRS)), False),
        (gone(live("p2")), False),
        (on_seats(), False),
    ],
    ids=[
        "in force",
        "the last instant",
        "expired",
        "not enforced",
        "not hers",
        "awaits",
        "other content",
        "gone",
        "seats",
    ],
)
@pytest.mark.parametrize("lapsed", [LAPSED, gone(LAPSED)], ids=["expired", "expired, and its plan is gone"])
def test_only_another_license_in_force_that_lists_it_lifts_the_expiry(
    lapsed: LivePool, other: LivePool, enters: bool
) -> None:
    for pools in permutations((lapsed, other)):
        assert seen(*pools, entries=(an_enrollment(),)).can_enter is enters


def test_a_plan_that_is_gone_lets_those_in_who_are_enrolled_and_nobody_enroll() -> None:
    found = seen(gone(live()), entries=(an_enrollment(),))
    assert (found.subscribed, found.can_enroll, found.can_enter) == (False, False, True)


def test_an_enrollment_that_came_through_no_pool_expires_with_none() -> None:
    entry = seen(LAPSED, entries=(an_enrollment(pool=None),)).entry
    assert entry == Verdict.allow("D-10")


def test_the_pool_that_an_enrollment_came_through_must_be_given_where_it_matters() -> None:
    with pytest.raises(PoolNotLoaded, match="pool 'p1' was not given") as caught:
        seen(live("p2"), entries=(an_enrollment(),))
    assert caught.value == PoolNotLoaded(pool="p1")
    assert seen(entries=(an_enrollment(status=WAITING),)).entry.code == "enrollment.to_confirm"


def test_what_was_not_looked_up_is_no_answer() -> None:
    unknown = evolve(a_pool(holders={"ana"}), holdings=Holdings(loaded={"luis"}))
    with pytest.raises(HoldingsNotLoaded):
        seen(LivePool(unknown, a_package(), STRICT))
    with pytest.raises(EnrollmentsNotLoaded):
        access("ana", FIRE, pools=(), enrollments=Enrollments(loaded={"luis"}), now=NOON)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"now": NAIVE}, InvalidInstant), ({"user": "a b"}, InvalidId), ({"content": "course:fire"}, InvalidArgument)],
    ids=str,
)
def test_what_does_not_have_its_form_is_a_mistake_and_no_denial(wrong: dict[str, Any], error: Any) -> None:
    given: dict[str, Any] = {"user": "ana", "content": FIRE, "pools": (), "enrollments": Enrollments(), "now": NOON}
    with pytest.raises(error):
        access(**{**given, **wrong})


# Enrolling oneself


def myself(*pools: LivePool, entries: tuple[Enrollment, ...] = (), content: Content = FIRE, now: Any = NOON) -> Any:
    about = {"pools": pools, "enrollments": Enrollments(entries), "courses": PATHS, "now": now}
    return agrees(enrollments.can_self_enroll, self_enroll, ANA, content, **about) and self_enroll(
        ANA, content, **about
    )


@pytest.mark.parametrize(
    ("pools", "chosen"),
    [
        ([live("p1", expires_at=NOON + HOUR), live("p2", expires_at=NOON + 2 * HOUR)], "p2"),
        ([live("p1", expires_at=NOON + HOUR), live("p2", expires_at=None)], "p2"),
        ([live("p3", expires_at=NOON + HOUR), live("p2", expires_at=NOON + HOUR)], "p2"),
        ([live("p3"), live("p1"), live("p2")], "p1"),
        ([live("p1", expires_at=NOON), live("p2", expires_at=NOON + MICRO)], "p2"),
        ([live("p9", package=a_package(AID)), live("p2", expires_at=NOON + HOUR)], "p2"),
        ([live("p9", holders=["luis"]), live("p8", holders=[], awaiting=["ana"]), live("p7")], "p7"),
    ],
    ids=["last to expire", "never expires", "a tie", "a tie of three", "expired", "other content", "not hers"],
)
def test_one_enrolls_under_the_license_that_expires_last_and_of_equals_the_first(
    pools: list[LivePool], chosen: str
) -> None:
    for order in permutations(pools):
        decision = myself(*order)
        assert decision.state.enrolled == (an_enrollment("ana", FIRE, pool=chosen),)
        assert [event.pool for event in decision.events] == [chosen]


def test_one_enrolls_oneself_in_a_learning_plan_with_its_courses_and_skips_those_there() -> None:
    decision = myself(live(), entries=(an_enrollment("ana", AID, pool="p9", status=WAITING),), content=START)
    assert [one.content for one in decision.state.enrolled] == [FIRE, START]
    assert [one.content for one in decision.state.skipped] == [AID]
    assert decision.state.to_confirm == ()
    with pytest.raises(InvalidArgument, match="courses"):
        self_enroll(ANA, START, pools=[live()], enrollments=Enrollments(), now=NOON)


def test_enrolling_oneself_is_refused_in_the_documented_order() -> None:
    mine = (an_enrollment(locked=True),)
    assert seen(LAPSED, entries=mine).can_enroll is False
    about: dict[str, Any] = {"enrollments": Enrollments(mine), "now": NOON}
    question: Callable[..., Verdict] = enrollments.can_self_enroll
    assert agrees(question, self_enroll, ANA, FIRE, pools=[LAPSED], **about).refusal == NoLicense(content=FIRE)
    assert agrees(question, self_enroll, ANA, FIRE, pools=[live()], **about).refusal == AlreadyEnrolled(content=FIRE)
    assert agrees(question, self_enroll, ANA, AID, pools=[live()], **about) == Verdict.allow("DOC-28")
    with pytest.raises(InvalidArgument, match="content"):
        self_enroll(ANA, "course:fire", pools=[live()], **about)  # type: ignore[arg-type]


# The bounds of one command

MANY = [Content.course(f"c{n}") for n in range(MAX_CONTENTS + 1)]


def bulky(users: int, contents: list[Content], courses: Any = PATHS) -> Any:
    names = [f"u{n}" for n in range(users)]
    return enroll(
        a_roster(seats(bought=MAX_COUNT)),
        names,
        contents,
        package=a_package(*contents, kind=PackageKind.SEATS),
        eligible=frozenset(names),
        courses=courses,
        switches=STRICT,
        by=ROOT,
        now=NOON,
    ).state


def test_a_command_names_a_hundred_contents_and_ten_thousand_users() -> None:
    assert len(bulky(1, MANY[:MAX_CONTENTS]).enrolled) == MAX_CONTENTS
    assert len(bulky(1, MANY[:MAX_CONTENTS] * 2).enrolled) == MAX_CONTENTS
    assert len(bulky(10_000, [FIRE]).enrolled) == 10_000
    for users, contents, given in ((1, MANY, 101), (10_001, [FIRE], 10_001)):
        with pytest.raises(TooManyItems) as caught:
            bulky(users, contents)
        assert caught.value.given == given


@pytest.mark.parametrize("width", [0, 9], ids=["courses", "a learning plan"])
def test_a_command_makes_twenty_five_thousand_enrollments_and_not_one_more(width: int) -> None:
    contents = [START] if width else MANY[:10]
    courses = {START: MANY[:width]}
    assert len(bulky(2_500, contents, courses).enrolled) == MAX_ENROLLMENTS
    with pytest.raises(TooManyItems) as caught:
        bulky(2_501, contents, courses)
    assert (caught.value.given, caught.value.most) == (MAX_ENROLLMENTS + 10, MAX_ENROLLMENTS)


def test_no_more_seats_are_used_than_can_be_counted() -> None:
    brimful = seats(bought=MAX_COUNT, consumed=MAX_COUNT)
    with pytest.raises(InvalidQuantity, match="consumed"):
        enroll(
            a_roster(brimful),
            ["ana"],
            [FIRE],
            package=a_package(kind=PackageKind.SEATS),
            eligible={"ana"},
            switches=Switches(enforce_limit=False),
            by=ROOT,
            now=NOON,
        )
