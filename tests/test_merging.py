"""Merging two holders, their enrollments and what they are of customers: pure decisions, and laws about them."""

from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core import accounts, enrollments, license_cycle, pools
from licensing_core.accounts import AccountSettings, CustomerAccount, People, PeopleNotLoaded, Person, PersonRemoved
from licensing_core.checks import InvalidArgument, TooManyItems
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Content, Role, Scope
from licensing_core.enrollments import (
    Enrollment,
    Enrollments,
    EnrollmentsNotLoaded,
    EnrollmentStatus,
    PoolNotLoaded,
    Roster,
)
from licensing_core.holdings import Holding, Holdings, HoldingsNotLoaded
from licensing_core.pools import HolderMerged, LicensePool, SeatPool
from licensing_core.testing.contracts_given import an_account
from tests.builders import NOON

ROOT = Actor("root", Role.SUPERADMIN)
BY: dict[str, Any] = {"by": ROOT, "now": NOON}
DAY = timedelta(days=1)
FIRE, AID, START = Content.course("fire"), Content.course("aid"), Content.learning_plan("start")
STATES = (None, Holding.HELD, Holding.AWAITING)


def a_pool(ana: Holding | None, luis: Holding | None, bought: int = 5) -> LicensePool:
    entries = {user: state for user, state in (("ana", ana), ("luis", luis), ("mei", Holding.HELD)) if state}
    held = sum(state is Holding.HELD for state in entries.values())
    return LicensePool(
        id="p1",
        beneficiary=Scope.group("none"),
        bought=bought,
        consumed=len(entries),
        held=held,
        holdings=Holdings(entries),
    )


def place(user: str, content: Content = FIRE, pool: str = "s1", **more: Any) -> Enrollment:
    return Enrollment(user=user, content=content, pool=pool, **more)


def seats(name: str, used: int) -> SeatPool:
    return SeatPool(id=name, beneficiary=Scope.group("all"), bought=1, consumed=used, held=used)


# Licenses


@pytest.mark.parametrize(
    ("ana", "luis", "after", "consumed"),
    [
        (Holding.HELD, None, Holding.HELD, 2),
        (Holding.AWAITING, None, Holding.AWAITING, 2),
        (Holding.HELD, Holding.HELD, Holding.HELD, 2),
        (Holding.HELD, Holding.AWAITING, Holding.HELD, 2),
        (Holding.AWAITING, Holding.HELD, Holding.HELD, 2),
        (Holding.AWAITING, Holding.AWAITING, Holding.AWAITING, 2),
    ],
)
def test_the_better_license_stays_and_another_goes_back(
    ana: Holding, luis: Holding | None, after: Holding, consumed: int
) -> None:
    decision = pools.merge_holder(a_pool(ana, luis), "ana", "luis", **BY)
    assert dict(decision.state.holdings) == {"luis": after, "mei": Holding.HELD}
    assert (decision.state.consumed, decision.state.held) == (consumed, 1 + (after is Holding.HELD))
    event = HolderMerged(pool="p1", user="ana", into="luis", holding=after, by="root", at=NOON)
    assert decision.events == (event,)


@pytest.mark.parametrize("luis", STATES)
def test_of_a_user_without_a_license_nothing_changes(luis: Holding | None) -> None:
    pool = a_pool(None, luis)
    assert pools.merge_holder(pool, "ana", "luis", **BY) == Decision(pool)


def test_a_full_pool_and_one_of_other_people_do_not_refuse() -> None:
    pool = a_pool(Holding.HELD, None, bought=1)
    assert pools.merge_holder(pool, "ana", "luis", **BY).state.consumed == 2


def test_nobody_is_merged_into_themselves() -> None:
    same = InvalidArgument(parameter="into", expected="another user", got="the same")
    for merge in (
        lambda: pools.merge_holder(a_pool(None, None), "ana", "ana", **BY),
        lambda: license_cycle.merge_holder(an_account()[0], "ana", "ana", **BY),
        lambda: enrollments.merge([], Enrollments(), "ana", "ana", **BY),
        lambda: accounts.merge_person(CustomerAccount(id="acme", zone="UTC"), "ana", "ana", **BY),
    ):
        with pytest.raises(InvalidArgument) as refusal:
            merge()
        assert refusal.value == same


def test_what_was_not_loaded_is_no_silent_no() -> None:
    some = LicensePool(id="p1", beneficiary=Scope.group("none"), bought=1, holdings=Holdings({}, loaded={"ana"}))
    with pytest.raises(HoldingsNotLoaded):
        pools.merge_holder(some, "ana", "luis", **BY)
    with pytest.raises(EnrollmentsNotLoaded):
        enrollments.merge([], Enrollments([], loaded={"luis"}), "ana", "luis", **BY)
    with pytest.raises(PeopleNotLoaded):
        accounts.merge_person(CustomerAccount(id="a", zone="UTC", people=People(loaded=())), "ana", "luis", **BY)
    with pytest.raises(PoolNotLoaded) as refusal:
        enrollments.merge([], Enrollments([place("ana")]), "ana", "luis", **BY)
    assert refusal.value == PoolNotLoaded(pool="s1")


def test_licenses_of_an_account_go_over_type_by_type() -> None:
    account = an_account()[0]
    for user, kind in (("ana", "web"), ("ana", "app"), ("luis", "app")):
        account = license_cycle.grant(account, user, kind, **BY).state
    decision = license_cycle.merge_holder(account, "ana", "luis", **BY)
    assert license_cycle.licensed_user(decision.state, "luis").licenses == ("app", "web")
    assert not license_cycle.licensed_user(decision.state, "ana").active
    assert {name: pool.consumed for name, pool in decision.state.pools.items()} == {"app": 1, "web": 1}
    assert reduce(license_cycle.apply, decision.events, account) == decision.state


# Enrollments


BETTER = [
    (place("ana"), place("luis", locked=True, until=NOON)),
    (place("ana"), place("luis", status=EnrollmentStatus.TO_CONFIRM)),
    (place("ana", status=EnrollmentStatus.TO_CONFIRM), place("luis", locked=True, until=NOON)),
    (place("ana"), place("luis", until=NOON + DAY)),
    (place("ana", until=NOON + 2 * DAY), place("luis", until=NOON + DAY)),
    (place("ana"), place("luis", since=NOON)),
    (place("ana", since=NOON), place("luis", since=NOON + DAY)),
    (place("ana", since=NOON + DAY, until=NOON + 3 * DAY), place("luis", since=NOON, until=NOON + 2 * DAY)),
]


@pytest.mark.parametrize(("better", "worse"), BETTER)
@pytest.mark.parametrize("user", ["ana", "luis"])
def test_of_two_enrollments_the_better_stays_whosever_it_is(better: Enrollment, worse: Enrollment, user: str) -> None:
    into = {"ana": "luis", "luis": "ana"}[user]
    both = Enrollments([better, worse])
    decision = enrollments.merge([seats("s1", 2)], both, user, into, **BY)
    assert decision.state.dropped == (worse,)
    (kept,) = decision.state.enrollments.values()
    assert (kept.user, kept.of("x", FIRE, kept.status)) == (into, better.of("x", FIRE, better.status))
    pool = decision.state.pools["s1"]
    assert (pool.consumed, pool.held) == (1, 1)


def test_of_equal_enrollments_that_of_the_other_stays() -> None:
    both = Enrollments([place("ana", level="student"), place("luis", level="tutor")])
    decision = enrollments.merge([seats("s1", 2)], both, "ana", "luis", **BY)
    assert decision.state.dropped == (place("ana", level="student"),)
    assert [event.type for event in decision.events] == ["enrollment.user_unenrolled"]


def test_whoever_acts_the_seat_of_what_is_left_goes_back() -> None:
    both = Enrollments([place("ana"), place("luis")])
    decision = enrollments.merge([seats("s1", 2)], both, "ana", "luis", by=Actor("boss"), now=NOON)
    assert decision.state.pools["s1"] == seats("s1", 1)


def test_an_enrollment_through_no_pool_is_refused_as_one_whose_pool_is_missing() -> None:
    alone = Enrollments([Enrollment(user="ana", content=FIRE)])
    with pytest.raises(PoolNotLoaded):
        enrollments.merge([], alone, "ana", "luis", **BY)


def test_what_is_left_comes_before_what_arrives() -> None:
    theirs = Enrollments(
        [
            place("ana", AID, "s2"),
            place("luis", AID, "s1", until=NOON),
            place("ana", FIRE, "s1"),
            place("luis", FIRE, "s2", until=NOON),
        ]
    )
    decision = enrollments.merge([seats("s1", 2), seats("s2", 2)], theirs, "ana", "luis", **BY)
    assert [(event.pool, event.type) for event in decision.events] == [
        ("s1", "enrollment.user_unenrolled"),
        ("s2", "enrollment.user_unenrolled"),
        ("s1", "enrollment.moved_out"),
        ("s2", "enrollment.moved_out"),
        ("s1", "enrollment.moved_in"),
        ("s2", "enrollment.moved_in"),
    ]


@st.composite
def two_users(draw: st.DrawFn) -> tuple[list[SeatPool], Enrollments]:
    """What ana, luis and mei are in, through two pools of seats with as many used."""
    found = [
        place(
            user,
            content,
            draw(st.sampled_from(["s1", "s2"])),
            status=draw(st.sampled_from(EnrollmentStatus)),
            locked=draw(st.booleans()),
            level=draw(st.sampled_from([None, "tutor"])),
            until=draw(st.sampled_from([None, NOON, NOON + DAY])),
        )
        for user in ("ana", "luis", "mei")
        for content in draw(st.sets(st.sampled_from([FIRE, AID, START])))
    ]
    used = {name: sum(one.pool == name and one.takes_a_seat for one in found) for name in ("s1", "s2")}
    return [seats(name, number) for name, number in used.items()], Enrollments(found)


@given(two_users())
def test_nothing_is_lost_or_doubled_and_the_counters_are_honest(given_: tuple[list[SeatPool], Enrollments]) -> None:
    before, theirs = given_
    decision = enrollments.merge(before, theirs, "ana", "luis", **BY)
    after = decision.state.enrollments
    assert not after.of("ana")
    assert after.of("luis").keys() == theirs.of("ana").keys() | theirs.of("luis").keys()
    assert after.of("mei") == theirs.of("mei")
    for name, pool in decision.state.pools.items():
        used = sum(one.takes_a_seat for one in after.through(name))
        assert (pool.consumed, pool.held) == (used, used)


@given(two_users())
def test_replaying_the_events_of_each_pool_rebuilds_it(given_: tuple[list[SeatPool], Enrollments]) -> None:
    before, theirs = given_
    decision = enrollments.merge(before, theirs, "ana", "luis", **BY)
    for pool in before:
        own = [event for event in decision.events if event.pool == pool.id]
        mine = Enrollments(theirs.through(pool.id))
        led = reduce(enrollments.apply, own, Roster(pool=pool, enrollments=mine))
        assert led.pool == decision.state.pools[pool.id]
        assert led.enrollments.through(pool.id) == decision.state.enrollments.through(pool.id)


@given(two_users())
def test_merging_enrollments_twice_is_merging_them_once(given_: tuple[list[SeatPool], Enrollments]) -> None:
    before, theirs = given_
    once = enrollments.merge(before, theirs, "ana", "luis", **BY).state
    again = enrollments.merge(tuple(once.pools.values()), once.enrollments, "ana", "luis", **BY)
    assert again.events == ()
    assert (again.state.pools, again.state.enrollments) == (once.pools, once.enrollments)


@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_merging_holders_twice_is_merging_them_once_and_keeps_the_law_of_the_counters(
    ana: Holding | None, luis: Holding | None
) -> None:
    once = pools.merge_holder(a_pool(ana, luis), "ana", "luis", **BY).state
    assert pools.merge_holder(once, "ana", "luis", **BY) == Decision(once)
    assert once.consumed == len(once.holdings) == 1 + any((ana, luis))
    assert once.awaiting == once.holdings.count(Holding.AWAITING)


# People of a customer


def staffed(**people: Person) -> CustomerAccount:
    users = sum(not one.contact for one in people.values())
    return CustomerAccount(
        id="acme", zone="UTC", people=People(people), users=users, settings=AccountSettings(administrator="ana")
    )


def rights(*names: str, contact: bool = False) -> Person:
    return Person(permissions=frozenset(names), contact=contact)


@pytest.mark.parametrize(
    ("ana", "luis", "after"),
    [
        (rights("pay"), rights("read"), rights("pay", "read")),
        (rights("pay", contact=True), rights("read"), rights("pay", "read")),
        (rights("pay", contact=True), rights(contact=True), rights("pay", contact=True)),
    ],
)
def test_permissions_are_united_and_a_contact_is_one_only_where_both_were(
    ana: Person, luis: Person, after: Person
) -> None:
    decision = accounts.merge_person(staffed(ana=ana, luis=luis), "ana", "luis", **BY)
    assert dict(decision.state.people) == {"luis": after}
    assert decision.state.users == (not after.contact)
    assert decision.state.settings.administrator == "luis"
    assert reduce(accounts.apply, decision.events, staffed(ana=ana, luis=luis)) == decision.state


def test_who_has_what_both_have_is_not_added_anew() -> None:
    account = staffed(ana=rights("pay"), luis=rights("pay"))
    decision = accounts.merge_person(account, "ana", "luis", **BY)
    assert [type(event) for event in decision.events][:1] == [PersonRemoved]
    assert len(decision.events) == 2


def test_who_is_none_of_the_people_leaves_the_account_as_it_is() -> None:
    account = staffed(mei=rights("pay"))
    assert accounts.merge_person(account, "zoe", "mei", **BY) == Decision(account)
    assert accounts.deactivate_person(account, "zoe", **BY) == Decision(account)


def test_too_many_permissions_are_refused() -> None:
    account = staffed(ana=rights("x"), luis=rights(*(f"n{number}" for number in range(100))))
    with pytest.raises(TooManyItems) as refusal:
        accounts.merge_person(account, "ana", "luis", **BY)
    assert refusal.value == TooManyItems(parameter="permissions", given=101, most=100)


def test_who_is_deactivated_is_a_contact_and_administers_nothing() -> None:
    account = staffed(ana=rights("pay"), luis=rights("read"))
    decision = accounts.deactivate_person(account, "ana", **BY)
    assert dict(decision.state.people) == {"ana": Person(contact=True), "luis": rights("read")}
    assert (decision.state.users, decision.state.settings.administrator) == (1, None)
    assert accounts.deactivate_person(decision.state, "ana", **BY) == Decision(decision.state)
    assert reduce(accounts.apply, decision.events, account) == decision.state
