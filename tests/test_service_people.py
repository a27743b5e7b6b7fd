"""Forgetting and deactivating users over every store; the histories lead to what is stored after each command."""

from typing import Any

import pytest

from licensing_core import services
from licensing_core.accounts import Person
from licensing_core.checks import TooManyItems
from licensing_core.decisions import Verdict
from licensing_core.protocols import Page, Store
from licensing_core.services import (
    BlockCustomer,
    Licensing,
    OwnAccess,
    SuperadminRequired,
    UserDeactivated,
    UserForgotten,
    people,
)
from licensing_core.testing.contracts_given import opened, save_new
from tests.people_world import (
    BIRD,
    NOTHING,
    asking,
    card,
    counters,
    deactivate,
    forget,
    furnished,
    held,
    histories,
    merge,
    person,
    the_card,
)
from tests.service_world import CUSTOMERS, TENANT, Clock, assign, events_of, of, refused, to, unassign


@pytest.fixture
def licensing(store: Store) -> Licensing:
    return furnished(store)


# Who may


@pytest.mark.parametrize("command", [forget(actor="boss"), deactivate(actor="boss"), merge(actor="boss")])
def test_who_is_no_superadmin_is_refused_and_nothing_is_changed(
    licensing: Licensing, store: Store, command: Any
) -> None:
    before = held(store, "u1"), histories(store)
    assert refused(licensing.run, command) == SuperadminRequired()
    assert (held(store, "u1"), histories(store)) == before


@pytest.mark.parametrize("command", [forget(actor="u1"), deactivate(actor="u1"), merge(actor="u1")])
def test_nobody_takes_themselves_away(licensing: Licensing, store: Store, command: Any) -> None:
    before = held(store, "u1"), histories(store)
    assert refused(licensing.run, command) == OwnAccess()
    assert (held(store, "u1"), histories(store)) == before


@pytest.mark.parametrize("command", [forget("u3"), deactivate("u3"), merge("u3")])
def test_a_superadmin_by_the_store_may_and_by_what_rule_is_told(licensing: Licensing, command: Any) -> None:
    assert licensing.may(command) == Verdict.allow(command.rule)
    assert command.rule in ("D-17", "D-18")


# Forgetting


def test_the_cards_and_the_grant_of_a_forgotten_user_go_and_all_else_stays(licensing: Licensing, store: Store) -> None:
    before, happened = held(store, "u1"), histories(store)
    assert licensing.run(forget()) == UserForgotten(cards=2, revoked=True)
    assert held(store, "u1") == {**before, "cards": {"a1": None, "a2": None}, "actor": None}
    assert histories(store) == happened


def test_the_cards_of_others_and_of_the_customers_themselves_stay(licensing: Licensing, store: Store) -> None:
    licensing.run(person("u2"))
    licensing.run(card("u2", "Somebody else"))
    licensing.run(forget())
    with store.begin() as work:
        assert work.card(TENANT, "a1", "u2") == the_card("Somebody else")
        assert work.card(TENANT, "a1", None) is not None


@pytest.mark.parametrize(("asked", "kept"), [(False, True), (True, False)])
def test_the_card_of_a_customer_of_this_id_goes_where_that_is_asked(
    licensing: Licensing, store: Store, asked: bool, kept: bool
) -> None:
    assert licensing.run(forget("a1", as_customer=asked)) == UserForgotten(cards=1 - kept, revoked=False)
    with store.begin() as work:
        assert (work.card(TENANT, "a1", None) is not None) is kept
        assert work.card(TENANT, "a1", "u1") is not None


def test_a_card_that_outlived_its_person_is_forgotten_too(licensing: Licensing, store: Store) -> None:
    with store.begin() as work:
        work.keep_card(TENANT, "gone", "u7", the_card(BIRD))
    assert licensing.run(forget("u7")) == UserForgotten(cards=1, revoked=False)
    assert held(store, "u7") == NOTHING


def test_forgetting_twice_is_forgetting_once(licensing: Licensing) -> None:
    first = licensing.run(forget())
    assert licensing.run(forget()) == first
    assert licensing.run(forget(key="again")) == UserForgotten(cards=0, revoked=False)


def test_a_command_that_comes_again_does_not_bring_a_name_back(licensing: Licensing, store: Store) -> None:
    licensing.run(forget())
    licensing.run(card("u1", f"{BIRD} one"))
    assert held(store, "u1")["cards"] == {"a1": None, "a2": None}


# Deactivating


def test_all_that_a_user_holds_goes_back(licensing: Licensing, store: Store) -> None:
    licensing.run(unassign("u1", key="waiting"))
    assert counters(store, "p1", "p2", "s1") == {"p1": (2, 1), "p2": (1, 1), "s1": (2, 2)}
    answer = licensing.run(deactivate())
    assert answer == UserDeactivated(released=3, left=3, locked=0, revoked=True, remaining=0)
    assert counters(store, "p1", "p2", "s1") == {"p1": (1, 1), "p2": (0, 0), "s1": (0, 0)}
    after = held(store, "u1")
    assert (after["licenses"], after["accounts"], after["actor"]) == ({}, {}, None)
    assert after["people"] == {"a1": Person(contact=True), "a2": Person(contact=True)}
    assert held(store, "u3")["licenses"] == {"p1": "held"}
    assert after["cards"] == {"a1": the_card(f"{BIRD} one"), "a2": the_card(f"{BIRD} two")}


def test_what_came_through_a_license_is_locked_and_what_used_a_seat_is_left(licensing: Licensing, store: Store) -> None:
    assert held(store, "u1")["enrollments"] == {
        "course:aid": ("p1", False),
        "course:fire": ("s1", False),
        "course:ladder": ("s1", False),
        "learning_plan:basics": ("s1", False),
    }
    answer = licensing.run(deactivate())
    assert (answer.left, answer.locked) == (3, 1)
    assert held(store, "u1")["enrollments"] == {"course:aid": ("p1", True)}
    assert events_of(store, "p1")[-2:] == ["pool.licenses_unassigned", "enrollment.locked"]
    assert events_of(store, "s1")[-3:] == ["enrollment.user_unenrolled"] * 3


def test_who_has_nothing_is_deactivated_without_an_event(licensing: Licensing, store: Store) -> None:
    happened = histories(store)
    nothing = UserDeactivated(released=0, left=0, locked=0, revoked=False, remaining=0)
    assert licensing.run(deactivate("u9")) == nothing
    assert histories(store) == happened


def test_deactivating_twice_is_deactivating_once(licensing: Licensing, store: Store) -> None:
    first = licensing.run(deactivate())
    after, happened = held(store, "u1"), histories(store)
    assert licensing.run(deactivate()) == first
    nothing = UserDeactivated(released=0, left=0, locked=0, revoked=False, remaining=0)
    assert licensing.run(deactivate(key="again")) == nothing
    assert (held(store, "u1"), histories(store)) == (after, happened)


def test_a_blocked_customer_does_not_keep_a_deactivated_user(licensing: Licensing, store: Store) -> None:
    licensing.run(BlockCustomer(cause="abuse", **to("block", "a2")))
    licensing.run(deactivate())
    assert held(store, "u1")["people"]["a2"] == Person(contact=True)
    assert licensing.run(services.ReadCustomer(**of("a2"))).users == 0


def test_who_is_deactivated_administers_no_customer_any_more(licensing: Licensing) -> None:
    assert CUSTOMERS["a1"].administrator == "chief"
    panel = services.ReadPanel(**of("a1", "chief"))
    licensing.run(panel)
    licensing.run(deactivate("chief"))
    assert refused(licensing.run, panel).code == "permission.missing"


def test_a_license_that_only_awaited_confirmation_goes_back_and_locks_nothing_anew(
    licensing: Licensing, store: Store
) -> None:
    licensing.run(unassign("u1", key="waiting"))
    answer = licensing.run(deactivate())
    assert (answer.released, answer.locked) == (3, 0)
    assert events_of(store, "p1")[-1] == "pool.licenses_unassigned"


def test_many_pools_are_taken_in_parts_in_the_order_of_their_ids(
    licensing: Licensing, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_CHANGED", 3)  # customers a1 and a2, and the account a1
    answers = [licensing.run(deactivate(key=f"part{number}")) for number in range(3)]
    assert [one.remaining for one in answers] == [3, 0, 0]
    assert [one.released for one in answers] == [1, 2, 0]
    assert [one.revoked for one in answers] == [True, False, False]
    assert held(store, "u1")["licenses"] == {}


def test_more_pools_than_one_command_looks_at_are_refused(
    licensing: Licensing, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MAX_BULK", 5)
    before = held(store, "u1")
    assert refused(licensing.run, deactivate()) == TooManyItems(parameter="pools", given=6, most=5)
    monkeypatch.setattr(people, "MAX_BULK", 1)
    assert refused(licensing.run, forget()) == TooManyItems(parameter="customers", given=2, most=1)
    assert held(store, "u1") == before


def test_one_command_takes_a_hundred_pools_of_a_user(store: Store) -> None:
    for number in range(103):
        save_new(store, *opened(f"q{number:03}"), tenant=TENANT)
    made = Licensing(store, asking(), Clock())
    for number in range(103):
        made.run(assign("u1", key=f"q{number}", pool=f"q{number:03}"))
    first, second = (made.run(deactivate(key=key)) for key in ("one", "two"))
    assert (first.released, first.remaining, second.released, second.remaining) == (100, 3, 3, 0)
    with store.begin() as work:
        assert {pool.consumed for pool in work.pools(TENANT, Page(most=200))} == {0}
