"""Merging users over every store; the histories lead to what is stored after each command, refused or not."""

from datetime import timedelta
from typing import Any

import pytest

from licensing_core import services
from licensing_core.accounts import Person
from licensing_core.adapters.memory import MemoryStore
from licensing_core.checks import InvalidArgument, TooManyItems
from licensing_core.directory import Actor, Role
from licensing_core.enrollments import Enrollment, Enrollments, PoolNotLoaded
from licensing_core.holdings import Holding
from licensing_core.protocols import AggregateKind, Store
from licensing_core.services import (
    BlockCustomer,
    ConfirmReleases,
    Licensing,
    ReadmitUser,
    UsersMerged,
    merging,
)
from licensing_core.testing.contracts_given import replays
from tests.people_world import (
    BIRD,
    NOTHING,
    asking,
    card,
    counters,
    deactivate,
    forget,
    furnish,
    furnished,
    grant,
    held,
    histories,
    license_of,
    merge,
    person,
    the_card,
)
from tests.service_world import (
    AID,
    FIRE,
    NOON,
    SELL,
    TENANT,
    Clock,
    Stale,
    Turn,
    assign,
    at_once,
    buy,
    enroll,
    events_of,
    of,
    refused,
    sent,
    to,
    unassign,
)


@pytest.fixture
def licensing(store: Store) -> Licensing:
    return furnished(store)


def test_all_of_a_user_goes_to_one_who_has_nothing(licensing: Licensing, store: Store) -> None:
    before, counted = held(store, "u1"), counters(store, "p1", "p2", "s1")
    assert licensing.run(merge()) == UsersMerged(moved=3, released=0, followed=4, dropped=0, revoked=True)
    assert held(store, "u2") == {**before, "actor": None}
    assert held(store, "u1") == NOTHING
    assert counters(store, "p1", "p2", "s1") == counted
    assert held(store, "u3")["licenses"] == {"p1": "held"}


def test_of_two_licenses_of_one_pool_one_goes_back(licensing: Licensing, store: Store) -> None:
    licensing.run(assign("u2", key="too"))
    licensing.run(license_of("u2"))
    assert counters(store, "p1") == {"p1": (3, 3)}
    answer = licensing.run(merge())
    assert (answer.moved, answer.released) == (1, 2)
    assert counters(store, "p1") == {"p1": (2, 2)}
    assert held(store, "u2")["licenses"] == {"p1": "held", "p2": "held"}
    row = licensing.run(services.ReadLicenseTable(tenant=TENANT, actor="boss", account="a1")).rows["web"]
    assert (row.in_use, row.free) == (1, 1)


@pytest.mark.parametrize(("waiting", "state"), [(("u1",), "held"), (("u2",), "held"), (("u1", "u2"), "awaiting")])
def test_a_license_that_is_held_stays_rather_than_one_that_awaits_confirmation(
    licensing: Licensing, store: Store, waiting: tuple[str, ...], state: str
) -> None:
    licensing.run(assign("u2", key="too"))
    licensing.run(unassign(*waiting, key="waiting"))
    licensing.run(merge())
    assert held(store, "u2")["licenses"]["p1"] == state
    assert counters(store, "p1") == {"p1": (2, 1 + (state == "held"))}


def test_a_release_that_awaits_confirmation_is_confirmed_of_the_other(licensing: Licensing, store: Store) -> None:
    licensing.run(unassign("u1", key="waiting"))
    licensing.run(merge())
    licensing.run(ConfirmReleases(pool="p1", users=frozenset({"u2"}), **sent("confirm", "root")))
    assert counters(store, "p1") == {"p1": (1, 1)}


def test_an_enrollment_keeps_its_pool_level_state_and_dates(licensing: Licensing, store: Store) -> None:
    until = NOON + timedelta(days=9)
    licensing.run(ReadmitUser(user="u1", content=FIRE, until=until, **sent("readmit", "root")))
    one = services.ReadEnrollment(tenant=TENANT, user="u1", content=FIRE)
    before = licensing.run(one)
    licensing.run(merge())
    after = licensing.run(services.ReadEnrollment(tenant=TENANT, user="u2", content=FIRE))
    assert (after.pool, after.status, after.level, after.since, after.until, after.locked) == (
        before.pool,
        before.status,
        before.level,
        before.since,
        until,
        False,
    )
    assert refused(licensing.run, one).code == "enrollment.none"


def test_where_both_are_in_a_content_the_better_stays_and_the_seat_of_the_other_goes_back(
    licensing: Licensing, store: Store
) -> None:
    licensing.run(buy("s2", "three"))
    licensing.run(enroll("u2", key="too", pool="s2", actor="helper"))  # it waits to be confirmed
    answer = licensing.run(merge())
    assert (answer.followed, answer.dropped) == (4, 1)
    assert held(store, "u2")["enrollments"]["course:fire"] == ("s1", False)
    assert counters(store, "s1", "s2") == {"s1": (2, 2), "s2": (0, 0)}


def test_of_equal_enrollments_that_of_the_other_stays(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("s0", "three"))
    licensing.run(enroll("u2", key="too", pool="s0"))
    answer = licensing.run(merge())
    assert (answer.followed, answer.dropped) == (3, 1)
    assert held(store, "u2")["enrollments"]["course:fire"] == ("s0", False)
    assert counters(store, "s0", "s1") == {"s0": (1, 1), "s1": (1, 1)}


def test_two_pools_may_each_give_up_what_the_other_has_better(licensing: Licensing, store: Store) -> None:
    """Of u4 and u5, u4 waits in *fire* through s2 and u5 in *aid* through s3; each is enrolled in the other."""
    for command in (
        buy("s2", "three"),
        buy("s3", "three"),
        enroll("u4", key="a", pool="s2", contents=(AID,)),
        enroll("u4", key="b", pool="s3", actor="helper"),
        enroll("u5", key="c", pool="s2"),
        enroll("u5", key="d", pool="s3", contents=(AID,)),
    ):
        licensing.run(command)
    licensing.run(ReadmitUser(user="u5", content=AID, until=NOON + timedelta(days=1), **sent("r", "root")))
    answer = licensing.run(merge("u4", "u5"))
    assert (answer.followed, answer.dropped) == (1, 2)
    assert held(store, "u5")["enrollments"] == {"course:aid": ("s2", False), "course:fire": ("s2", False)}
    assert counters(store, "s2", "s3") == {"s2": (2, 2), "s3": (0, 0)}


def test_pools_may_exchange_what_they_give_up(licensing: Licensing, store: Store) -> None:
    """The better *aid* comes through s2 in place of s3, the better *fire* through s3 in place of s2."""
    for command in (
        buy("s2", "three"),
        buy("s3", "three"),
        enroll("u4", key="a", pool="s2", contents=(AID,)),
        enroll("u5", key="b", pool="s3", contents=(AID,)),
        enroll("u4", key="c", pool="s3"),
        enroll("u5", key="d", pool="s2"),
    ):
        licensing.run(command)
    for content, key in ((AID, "r1"), (FIRE, "r2")):
        licensing.run(ReadmitUser(user="u5", content=content, until=NOON + timedelta(days=1), **sent(key, "root")))
    assert licensing.run(merge("u4", "u5")).dropped == 2
    assert held(store, "u5")["enrollments"] == {"course:aid": ("s2", False), "course:fire": ("s3", False)}
    assert counters(store, "s2", "s3") == {"s2": (1, 1), "s3": (1, 1)}


def test_neither_the_limit_nor_the_beneficiary_is_asked(licensing: Licensing, store: Store) -> None:
    licensing.run(assign("u4", "u5", "u6", key="full"))
    assert counters(store, "p1") == {"p1": (5, 5)}
    licensing.run(merge("u1", "out"))
    assert held(store, "out")["licenses"] == {"p1": "held", "p2": "held"}
    assert counters(store, "p1") == {"p1": (5, 5)}


def test_of_a_customer_the_other_has_the_permissions_of_both(licensing: Licensing, store: Store) -> None:
    licensing.run(person("u2", "write", contact=True))
    licensing.run(BlockCustomer(cause="abuse", **to("block", "a2")))
    licensing.run(merge())
    assert held(store, "u2")["people"] == {
        "a1": Person(permissions=frozenset({"read", "pay", "write"})),
        "a2": Person(permissions=frozenset({"write"})),
    }
    assert held(store, "u1")["people"] == {}
    assert licensing.run(services.ReadCustomer(**of("a1"))).users == 1


def test_the_administrator_of_a_customer_is_the_other(licensing: Licensing) -> None:
    assert licensing.run(merge("chief", "u2")).moved == 0
    licensing.run(services.ReadPanel(**of("a1", "u2")))
    assert refused(licensing.run, services.ReadPanel(**of("a1", "chief"))).code == "permission.missing"


def test_the_other_keeps_its_cards_and_gets_one_where_it_has_none(licensing: Licensing, store: Store) -> None:
    licensing.run(person("u2"))
    licensing.run(card("u2", "Somebody"))
    licensing.run(merge())
    assert held(store, "u2")["cards"] == {"a1": the_card("Somebody"), "a2": the_card(f"{BIRD} two")}
    with store.begin() as work:
        assert [work.card(TENANT, name, "u1") for name in ("a1", "a2")] == [None, None]


def test_grants_are_not_united(licensing: Licensing, store: Store) -> None:
    licensing.run(grant("u2", Role.POWER_USER))
    assert licensing.run(merge()).revoked
    assert held(store, "u1")["actor"] is None
    assert held(store, "u2")["actor"] == Actor("u2", Role.POWER_USER)


def test_merging_twice_is_merging_once(licensing: Licensing, store: Store) -> None:
    first = licensing.run(merge())
    after, happened = held(store, "u2"), histories(store)
    assert licensing.run(merge()) == first
    nothing = UsersMerged(moved=0, released=0, followed=0, dropped=0, revoked=False)
    assert licensing.run(merge(key="again")) == nothing
    assert (held(store, "u2"), histories(store)) == (after, happened)


def test_nobody_is_merged_into_themselves(licensing: Licensing) -> None:
    assert refused(lambda: merge("u1", "u1")) == InvalidArgument(
        parameter="into", expected="another user", got="the same"
    )


def test_all_is_merged_or_nothing(licensing: Licensing, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{number}" for number in range(99)]
    licensing.run(person("u2", *names))
    before, happened = (held(store, "u1"), held(store, "u2")), histories(store)
    too_many = TooManyItems(parameter="permissions", given=101, most=100)
    assert refused(licensing.run, merge()) == too_many
    monkeypatch.setattr(merging, "MOST_MERGED", 5)
    assert refused(licensing.run, merge()) == TooManyItems(parameter="pools", given=6, most=5)
    assert ((held(store, "u1"), held(store, "u2")), histories(store)) == (before, happened)


def test_the_history_names_both_and_says_which_license_is_left(licensing: Licensing, store: Store) -> None:
    licensing.run(merge())
    assert events_of(store, "p1")[-3:] == ["pool.holder_merged", "enrollment.moved_out", "enrollment.moved_in"]
    assert events_of(store, "a1")[-1] == "pool.holder_merged"


def test_many_mergers_at_once_lose_and_double_nothing(store: Store) -> None:
    made = Licensing(store, asking(), Clock())
    users = [f"u{number}" for number in range(1, 6)]
    for command in (
        buy(),
        buy("p2"),
        assign(*users, key="a"),
        assign(*users[:3], key="b", pool="p2"),
        buy("s1", "three"),
        enroll("u1", "u5", key="fire"),
    ):
        made.run(command)
    outcomes: list[Any] = at_once([store], [merge(user, "u0") for user in users])
    assert [type(one) for one in outcomes] == [UsersMerged] * 5
    assert held(store, "u0")["licenses"] == {"p1": "held", "p2": "held"}
    assert counters(store, "p1", "p2", "s1") == {"p1": (1, 1), "p2": (1, 1), "s1": (1, 1)}
    replays(store, "p1", "p2", "s1")


def test_a_license_that_went_over_is_as_old_as_it_was(licensing: Licensing, store: Store) -> None:
    """So the one that was assigned last goes first when the pool shrinks, whoever was merged since."""
    later = Clock()
    later.now = NOON + timedelta(days=1)
    Licensing(store, asking(), later).run(assign("u5", key="later"))
    licensing.run(merge("u3", "u4"))
    shrink = services.PreviewShrink(pool="p1", bought=2, tenant=TENANT, actor="root")
    assert licensing.run(shrink).last_assigned == ("u5",)
    shrink = services.PreviewShrink(pool="p1", bought=1, tenant=TENANT, actor="root")
    licensing.run(merge("u5", "u6"))
    assert licensing.run(shrink).last_assigned[0] == "u6"


@pytest.mark.parametrize(
    "commands",
    [
        [merge()],
        [deactivate()],
        [forget("u1", as_customer=True), forget("a1", as_customer=True)],
        [merge(), deactivate("u2"), forget("u2"), merge("u3", "u2")],
    ],
    ids=["merge", "deactivate", "forget", "all"],
)
def test_verifying_finds_nothing_wrong_after_it(licensing: Licensing, commands: list[Any]) -> None:
    for command in commands:
        licensing.run(command)
    for kind in AggregateKind:
        found = licensing.run(services.Verify(tenant=TENANT, actor="root", kind=kind))
        assert found.findings == ()
        assert found.verified == {AggregateKind.LICENSES: 4, AggregateKind.CUSTOMERS: 2}.get(kind, 0)


def test_customers_that_have_a_card_only_are_merged_and_deactivated_too(licensing: Licensing, store: Store) -> None:
    with store.begin() as work:
        work.keep_card(TENANT, "gone", "u1", the_card("Somebody"))
    licensing.run(merge())
    assert held(store, "u2")["cards"]["gone"] == the_card("Somebody")
    assert licensing.run(deactivate("u2")).remaining == 0
    assert held(store, "u2")["cards"]["gone"] == the_card("Somebody")


class Outdated(Turn):
    """A unit of work that does not see at first that *u2* is in *fire* already."""

    asked = 0

    def enrollments(self, tenant: str, users: Any) -> Any:
        self.asked += 1
        found = self.inner.enrollments(tenant, users)
        if self.asked > 1:
            return found
        return Enrollments((one for one in found.values() if one.user == "u1"), loaded=found.loaded)


def test_who_was_enrolled_meanwhile_through_another_pool_is_looked_at_again(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("s0", "three"))
    licensing.run(enroll("u2", key="meanwhile", pool="s0"))
    stale = Stale(store, Outdated)
    assert Licensing(stale, asking(), Clock()).run(merge()).dropped == 1
    assert stale.begun == 2
    assert counters(store, "s0", "s1") == {"s0": (1, 1), "s1": (1, 1)}


def test_what_came_through_a_pool_that_is_lost_is_passed_over_or_refused_and_nothing_is_changed() -> None:
    store = MemoryStore()
    made = Licensing(store, asking(), Clock())
    furnish(made)
    place = Enrollment(user="u1", content=SELL, pool="lost")
    store._tables.enrollments[TENANT, "u1"][SELL] = place
    store._tables.typed[TENANT, "u1"]["lost-too", "web"] = Holding.HELD
    before = held(store, "u1")
    assert refused(made.run, merge()) == PoolNotLoaded(pool="lost")
    assert held(store, "u1") == before
    assert made.run(deactivate()).remaining == 0
    assert held(store, "u1")["enrollments"]["course:sell"] == ("lost", False)
