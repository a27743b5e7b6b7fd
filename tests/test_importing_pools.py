"""A pool that comes from another system: its holders, its seats, its enrollments, and what may not be brought."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from licensing_core import pools
from licensing_core.checks import InvalidArgument, InvalidId, InvalidQuantity, TooManyItems
from licensing_core.decisions import ImportRefused, Verdict
from licensing_core.directory import EVERYONE, Actor, Content, Role, Scope
from licensing_core.enrollments import (
    Enrollment,
    Enrollments,
    EnrollmentsNotLoaded,
    PoolImported,
    Roster,
    can_import_pool,
    enrollment_changes,
    import_pool,
    imported,
)
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.periods import Duration
from licensing_core.plans import PackageKind, PlanKind, Renewal, Switches, Terms
from licensing_core.pools import LicensePool, LicensesExhausted, NotEligible, SeatPool, SeatsExhausted, holding_changes
from licensing_core.visibility import BeneficiaryKind

ROOT: Final = Actor("root", Role.SUPERADMIN)
NOON: Final = datetime(2026, 4, 16, 10, tzinfo=UTC)
DONE: Final[dict[str, Any]] = {"by": ROOT, "now": NOON}
LICENSES, SEATS = PackageKind.LICENSES, PackageKind.SEATS
HELD, AWAITING = Holding.HELD, Holding.AWAITING
SALES: Final = Scope.group("sales")
FIRE, AID = Content.course("fire"), Content.course("aid")
START: Final = Content.learning_plan("start")
FREE: Final = Switches(enforce_limit=False)
TERMS: Final = Terms(
    plan="fifty",
    package="safety",
    kind=PlanKind.MULTI_LICENSE,
    price=None,
    quantity=5,
    validity=Duration(months=12),
    renewal=Renewal.MANUAL,
    created_by="root",
    purchased_at=NOON - timedelta(days=30),
)


def enrolled(user: str, content: Content = FIRE, **given: Any) -> Enrollment:
    return Enrollment(**{"user": user, "content": content, "pool": "old-7", **given})


def moved(kind: PackageKind = LICENSES, **given: Any) -> Roster:
    asked: dict[str, Any] = {"beneficiary": SALES, "bought": 5, "switches": Switches(), **DONE}
    decision = import_pool("old-7", kind, **{**asked, **given})
    (event,) = decision.events
    assert isinstance(event, PoolImported)
    assert imported(event) == decision.state
    assert pools.opened(event) == decision.state.pool
    return decision.state


def breaches(kind: Any = LICENSES, name: Any = "old-7", **given: Any) -> tuple[LicensingError, ...]:
    asked: dict[str, Any] = {"beneficiary": SALES, "bought": 5, "switches": Switches(), **DONE}
    with pytest.raises(ImportRefused) as refused:
        import_pool(name, kind, **{**asked, **given})
    return refused.value.breaches


def wrong(parameter: str, expected: str, got: str) -> InvalidArgument:
    return InvalidArgument(parameter=parameter, expected=expected, got=got)


def test_a_pool_of_licenses_comes_with_its_holders_as_one_event() -> None:
    pool = moved(
        holders={"ana": HELD, "luis": AWAITING, "mei": HELD},
        expires_at=NOON + timedelta(days=9),
        renewals=2,
        revoked=1,
        terms=TERMS,
    ).pool
    assert isinstance(pool, LicensePool)
    assert (pool.bought, pool.consumed, pool.held, pool.awaiting, pool.free) == (5, 3, 2, 1, 2)
    assert (pool.renewals, pool.revoked, pool.terms, pool.in_force(NOON)) == (2, 1, TERMS, True)
    assert pool.users(HELD) == ("ana", "mei")


def test_its_holders_can_lose_their_licenses_here_and_others_can_be_given_the_free_ones() -> None:
    pool = moved(holders={"ana": HELD, "luis": AWAITING}).pool
    assert isinstance(pool, LicensePool)
    pool = pools.unassign(pool, ["ana"], switches=Switches(), **DONE).state
    pool = pools.assign(pool, ["mei", "eva"], eligible=["mei", "eva"], switches=Switches(), **DONE).state
    assert (pool.consumed, pool.free) == (3, 2)


def test_a_pool_of_seats_comes_with_its_enrollments_and_the_seats_that_were_spent() -> None:
    roster = moved(SEATS, enrollments=[enrolled("mei", START), enrolled("ana", AID), enrolled("ana")], spent=2)
    assert isinstance(roster.pool, SeatPool)
    assert (roster.pool.consumed, roster.pool.held, roster.pool.spent, roster.pool.free) == (4, 2, 2, 1)
    assert [str(one.content) for one in roster.enrollments.through("old-7")] == [
        "course:aid",
        "course:fire",
        "learning_plan:start",
    ]


def test_enrollments_through_a_license_come_with_it_and_take_nothing() -> None:
    gone = enrolled("luis", locked=True, until=NOON - timedelta(days=1))
    roster = moved(holders={"ana": HELD}, enrollments=(enrolled("ana"), gone))
    assert (roster.pool.consumed, roster.enrollments["luis", FIRE]) == (1, gone)


def test_the_event_tells_what_everybody_holds_since() -> None:
    decision = import_pool(
        "old-7",
        LICENSES,
        beneficiary=SALES,
        bought=5,
        holders={"mei": AWAITING, "ana": HELD},
        enrollments=[enrolled("ana")],
        switches=Switches(),
        **DONE,
    )
    (event,) = decision.events
    assert holding_changes(event) == {"ana": HELD, "mei": AWAITING}
    assert enrollment_changes(event) == {("ana", FIRE): enrolled("ana")}


def test_an_expired_pool_comes_as_it_is() -> None:
    assert not moved(holders={"ana": HELD}, expires_at=NOON).pool.in_force(NOON)


def test_more_than_was_bought_may_be_consumed_where_no_limit_is_enforced() -> None:
    roster = moved(bought=1, holders={"ana": HELD, "mei": HELD}, switches=FREE)
    assert roster.pool.overrun == 1


@pytest.mark.parametrize(
    ("kind", "beneficiary"),
    [
        (PlanKind.SINGLE_LICENSE, Scope.user("ana")),
        (PlanKind.MULTI_LICENSE, Scope.branch("north")),
        (PlanKind.MULTI_LICENSE, Scope.tree("north")),
    ],
)
def test_what_was_sold_for_one_is_for_a_user_and_what_was_sold_for_many_for_a_group_or_branch(
    kind: PlanKind, beneficiary: Scope
) -> None:
    terms = evolve(TERMS, kind=kind, quantity=1)
    assert moved(bought=1, beneficiary=beneficiary, holders={"ana": HELD}, terms=terms).pool.held == 1


ONE: Final[Mapping[str, tuple[dict[str, Any], LicensingError]]] = {
    "no id": (
        {"name": "a b"},
        InvalidId(
            parameter="pool_id",
            expected="1 to 64 ASCII letters, digits and ._:- (first a letter or digit)",
            got="str of 3 characters",
        ),
    ),
    "no kind": ({"kind": "licenses"}, wrong("kind", "of type PackageKind", "str of 8 characters")),
    "no scope": ({"beneficiary": "group:sales"}, wrong("beneficiary", "of type Scope", "str of 11 characters")),
    "fewer than none bought": (
        {"bought": -1},
        InvalidQuantity(parameter="bought", expected="an int from 0 to 2147483647", got="-1"),
    ),
    "no enrollments": ({"enrollments": 5}, wrong("enrollments", "a tuple", "5")),
    "spent seats among licenses": ({"spent": 2}, wrong("spent", "0 in a pool of licenses", "2")),
    "revoked licenses among seats": (
        {"kind": SEATS, "revoked": 2},
        wrong("revoked", "0 in a pool of seats", "2"),
    ),
    "holders of seats": (
        {"kind": SEATS, "holders": {"ana": HELD}},
        wrong("holders", "none in a pool of seats", "1"),
    ),
    "terms of the other kind": (
        {"kind": SEATS, "terms": TERMS},
        wrong("terms", "of a plan that sells seats", "multi_license"),
    ),
    "a pool for everyone": (
        {"terms": TERMS, "beneficiary": EVERYONE},
        BeneficiaryKind(plan="fifty", plan_kind=PlanKind.MULTI_LICENSE, kind=EVERYONE.kind),
    ),
    "a single license of a group": (
        {"terms": evolve(TERMS, kind=PlanKind.SINGLE_LICENSE, quantity=1)},
        BeneficiaryKind(plan="fifty", plan_kind=PlanKind.SINGLE_LICENSE, kind=SALES.kind),
    ),
    "more licenses than were bought": (
        {"bought": 1, "holders": {"ana": HELD, "mei": AWAITING}},
        LicensesExhausted(pool="old-7", requested=2, shortfall=1),
    ),
    "more seats than were bought": (
        {"kind": SEATS, "bought": 1, "enrollments": [enrolled("ana")], "spent": 2},
        SeatsExhausted(pool="old-7", requested=3, shortfall=2),
    ),
    "a license that another user holds": (
        {"beneficiary": Scope.user("ana"), "holders": {"mei": HELD, "ana": HELD}},
        NotEligible(pool="old-7", users=("mei",)),
    ),
    "enrollments through another pool": (
        {"kind": SEATS, "enrollments": [enrolled("ana", pool="p2"), enrolled("mei", pool=None)]},
        wrong("enrollments", "through this pool", "2 through another, or none"),
    ),
    "an enrollment twice": (
        {"kind": SEATS, "enrollments": [enrolled("ana"), enrolled("ana", level="student")]},
        wrong("enrollments", "one for each user and content", "more than one for 1 of them"),
    ),
    "an enrollment that is there": (
        {"kind": SEATS, "enrollments": [enrolled("ana")], "enrolled": Enrollments([enrolled("ana", pool="p2")])},
        wrong("enrollments", "none that is there already", "1 that are"),
    ),
    "open enrollments without a license": (
        {"holders": {"ana": AWAITING}, "enrollments": [enrolled("ana"), enrolled("mei")]},
        NotEligible(pool="old-7", users=("ana", "mei")),
    ),
    "too many holders": (
        {"bought": 20_000, "holders": {f"u{number}": HELD for number in range(10_001)}},
        TooManyItems(parameter="holders", given=10_001, most=10_000),
    ),
    "too many enrollments": (
        {
            "kind": SEATS,
            "bought": 30_000,
            "enrollments": [enrolled(f"u{number}") for number in range(25_001)],
        },
        TooManyItems(parameter="enrollments", given=25_001, most=25_000),
    ),
}


@pytest.mark.parametrize("case", ONE)
def test_what_a_pool_may_not_bring_is_named(case: str) -> None:
    given, breach = ONE[case]
    assert breaches(**given) == (breach,)


def test_all_breaches_come_together_those_of_forms_first() -> None:
    found = breaches(
        renewals=-1, bought=1, holders={"ana": HELD, "mei": HELD}, spent=1, enrollments=[enrolled("eva", pool="p2")]
    )
    assert [breach.code for breach in found] == [
        "quantity.invalid",
        "argument.invalid",
        "pool.licenses_exhausted",
        "argument.invalid",
        "pool.not_eligible",
    ]


def test_the_dry_run_answers_with_the_refusal_of_the_command() -> None:
    asked: dict[str, Any] = {"beneficiary": SALES, "bought": 5, "switches": Switches(), **DONE}
    assert can_import_pool("old-7", LICENSES, **asked) == Verdict.allow("DOC-7")
    verdict = can_import_pool("old-7", SEATS, holders={"ana": HELD}, revoked=1, **asked)
    assert verdict.refusal == ImportRefused(breaches=breaches(SEATS, holders={"ana": HELD}, revoked=1))


def test_who_is_enrolled_already_must_have_been_looked_up() -> None:
    with pytest.raises(EnrollmentsNotLoaded):
        moved(SEATS, enrollments=[enrolled("ana")], enrolled=Enrollments(loaded={"mei"}))


@pytest.mark.parametrize("name", ["by", "now"])
def test_who_acts_and_when_are_no_part_of_what_is_brought(name: str) -> None:
    with pytest.raises(InvalidArgument):
        breaches(**{name: None})
