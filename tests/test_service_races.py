"""Commands that meet: many at once, on what is no longer so, and cut short; each takes effect once or not at all."""

from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core.adapters.sql import SqlStore
from licensing_core.enrollments import Enrollments
from licensing_core.pools import SeatsExhausted
from licensing_core.protocols import Page, Store, VersionConflict
from licensing_core.services import (
    Command,
    EnrollMyself,
    Licensing,
    TransferLicenses,
    UsersPlaced,
)
from licensing_core.testing.contracts_given import replays
from tests.service_world import (
    FIRE,
    TENANT,
    Checked,
    Clock,
    Stale,
    Turn,
    assign,
    at_once,
    buy,
    changed,
    enroll,
    host,
    refused,
    sent,
    snapshot,
    unassign,
)


@pytest.fixture
def licensing(store: Store) -> Licensing:
    """A pool s1 of three seats, and a pool p1 of five licenses, one of which u1 has."""
    made = Checked(store)
    for command in (buy("s1", "three"), buy()):
        made.run(command)
    made.run(assign("u1", key="first"))
    return made


def test_one_seat_left_goes_to_one_of_two(licensing: Licensing, store: Store) -> None:
    licensing.run(enroll("u1", "u2", key="k0"))
    outcomes = at_once([store], [enroll(f"u{number}", key=f"k{number}") for number in range(3, 11)])
    refusals = [one for one in outcomes if isinstance(one, BaseException)]
    assert refusals == [SeatsExhausted(pool="s1", requested=1, shortfall=1)] * 7
    replays(store, "s1", "p1")


def test_one_user_enrolled_through_many_pools_at_once_uses_one_seat(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'licenses.db'}"
    pools = [f"s{number}" for number in range(1, 5)]
    stores = [SqlStore(url) for _ in pools]
    stores[0].create()
    first = Licensing(stores[0], host(), Clock())
    for pool in pools:
        first.run(buy(pool, "three"))
    outcomes = at_once(stores, [enroll("u1", key=pool, pool=pool) for pool in pools])
    assert sorted((len(one.enrolled), len(one.skipped)) for one in outcomes) == [(0, 1)] * 3 + [(1, 0)]
    assert sum(one.row.consumed for one in outcomes) == 1
    replays(stores[0], *pools)
    for store in stores:
        store.close()


def test_one_command_sent_by_many_threads_enrolls_once(licensing: Licensing, store: Store) -> None:
    outcomes = at_once([store], [enroll("u1", "u2", key="k1")] * 8)
    assert {repr(one) for one in outcomes} == {repr(licensing.run(enroll("u1", "u2", key="k1")))}
    replays(store, "s1", "p1")


def test_who_is_enrolled_as_their_license_is_taken_ends_locked_or_never_was(licensing: Licensing, store: Store) -> None:
    enrolling, taken = at_once([store], [enroll("u1", key="k1", pool="p1"), unassign("u1", key="k2", actor="root")])
    assert taken.released == ("u1",)
    if isinstance(enrolling, UsersPlaced):
        assert taken.locked == 1
    else:
        assert enrolling.code == "pool.not_eligible"
    replays(store, "s1", "p1")


def test_holders_transferred_to_and_fro_at_once_are_in_one_pool_each(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("p2"))
    licensing.run(assign("u2", "u3", key="more", pool="p2"))
    commands: list[Command[Any]] = [
        TransferLicenses(
            pool=pool, target=target, users=frozenset({"u1", "u2", "u3"}), **sent(f"k{pool}{number}", "root")
        )
        for number in range(4)
        for pool, target in (("p1", "p2"), ("p2", "p1"))
    ]
    outcomes = at_once([store], commands)
    assert [one for one in outcomes if isinstance(one, BaseException)] == []
    with store.begin() as work:
        assert [len(work.licenses(TENANT, user)) for user in ("u1", "u2", "u3")] == [1, 1, 1]
        assert sum(pool.consumed for pool in work.pools(TENANT, Page())) == 3
    replays(store, "s1", "p1", "p2")


class SeesNobody(Turn):
    """A unit of work in which nobody is enrolled."""

    def enrollments(self, tenant: str, users: Any) -> Enrollments:
        return Enrollments((), loaded=users)


class SeesOldLicenses(SeesNobody):
    """A unit of work that lists licenses as they were before somebody was faster."""

    def licenses(self, tenant: str, user: str) -> Any:
        return [attrs.evolve(pool, bought=pool.bought + 1) for pool in self.inner.licenses(tenant, user)]

    def enrollments(self, tenant: str, users: Any) -> Any:
        return self.inner.enrollments(tenant, users)


def test_two_pools_that_enroll_one_user_at_once_end_with_one_enrollment(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("s2", "three"))
    licensing.run(enroll("u1", key="k1"))
    before = snapshot(store)
    stale = Stale(store, SeesNobody)
    placed = Licensing(stale, host(), Clock()).run(enroll("u1", "u2", key="k2", pool="s2"))
    assert stale.begun == 2, "it was tried again"
    assert ([one.user for one in placed.enrolled], [one.user for one in placed.skipped]) == (["u2"], ["u1"])
    assert placed.row.consumed == 1
    assert changed(before, snapshot(store))
    assert licensing.run(enroll("u1", "u2", key="k2", pool="s2")) == placed


def test_a_license_that_changed_as_its_holder_enrolls_is_read_again(licensing: Licensing, store: Store) -> None:
    stale = Stale(store, SeesOldLicenses)
    placed = Licensing(stale, host(), Clock()).run(EnrollMyself(content=FIRE, **sent("k1", "u1")))
    assert (stale.begun, placed.row.bought) == (2, 5)


def test_a_preview_in_which_the_store_refuses_keeps_nothing_and_tries_again(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("s2", "three"))
    licensing.run(enroll("u1", key="k1"))
    before = snapshot(store)
    stale = Stale(store, SeesNobody)
    first, second = Licensing(stale, host(), Clock()).preview(
        enroll("u2", key="k2", pool="s2"), enroll("u1", "u3", key="k3", pool="s2")
    )
    assert (stale.begun, [one.user for one in second.skipped]) == (2, ["u1"])
    assert (first.row.consumed, second.row.consumed) == (1, 2), "the second sees what the first did"
    assert snapshot(store) == before


def test_a_conflict_that_does_not_end_is_told(licensing: Licensing, store: Store) -> None:
    class AlwaysStale(Stale):
        def begin(self, *, read_only: bool = False) -> Any:
            self.begun += 1
            return SeesNobody(self.store.begin(read_only=read_only))

    licensing.run(buy("s2", "three"))
    licensing.run(enroll("u1", key="k1"))
    before = snapshot(store)
    stale = AlwaysStale(store, SeesNobody)
    refusal = refused(Licensing(stale, host(), Clock()).run, enroll("u1", key="k2", pool="s2"))
    assert (refusal, stale.begun) == (VersionConflict(aggregate="s2", expected=2), 8)
    assert snapshot(store) == before
