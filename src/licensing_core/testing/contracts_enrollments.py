"""What every store must do with enrollments and the licenses of one user; part of `contracts.StoreContract`."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from licensing_core import enrollments, license_cycle, pools
from licensing_core.checks import InvalidArgument
from licensing_core.enrollments import Enrollment, Enrollments, EnrollmentsNotLoaded, EnrollmentStatus
from licensing_core.holdings import Holding, Holdings
from licensing_core.plans import PackageKind
from licensing_core.protocols import Store, Stored, StoreUnavailable, UnitOfWork, VersionConflict
from licensing_core.testing.contracts_given import (
    AID,
    BASICS,
    FIRE,
    NOW,
    ON,
    POWER,
    ROOT,
    SAFETY,
    T1,
    T2,
    Interrupted,
    an_account,
    assign,
    change,
    enrolling,
    equal,
    interrupt,
    licenses_of,
    loaded,
    opened,
    refused,
    replays,
    roster,
    save_events,
    save_new,
)

DAY = timedelta(days=1)


def _seats(store: Store, pool_id: str = "p1", tenant: str = T1, bought: int = 50) -> None:
    save_new(store, *opened(pool_id, PackageKind.SEATS, bought), tenant=tenant)


def _enrollments(store: Store, users: Any = None, tenant: str = T1) -> Enrollments:
    with store.begin() as work:
        return work.enrollments(tenant, users)


def _transfer(work: UnitOfWork, *users: str) -> None:
    """Move *users* from p1 to p2, with their enrollments."""
    source, version = roster(work, users, "p1")
    target, other = roster(work, users, "p2")
    moved = pools.transfer(
        licenses_of(Stored(source.pool, version)),
        licenses_of(Stored(target.pool, other)),
        users,
        eligible=users,
        source_switches=ON,
        target_switches=ON,
        by=ROOT,
        now=NOW,
    )
    followed = enrollments.move(source, target, users, package=SAFETY, by=ROOT, now=NOW)
    events: list[Any] = [*moved.events, *followed.events]
    save_events(work, source, version, [event for event in events if event.pool == "p1"])
    save_events(work, target, other, [event for event in events if event.pool == "p2"])


class EnrollmentContract:
    """What a store must do with enrollments, each test with a store of its own that is empty at first."""

    def test_an_empty_store_knows_no_enrollments_and_no_licenses(self, store: Store) -> None:
        with store.begin() as work:
            equal(dict(work.enrollments(T1, None)), {}, "there are no enrollments")
            equal(dict(work.enrollments(T1, ["ana"])), {}, "there are no enrollments")
            equal(list(work.licenses(T1, "ana")), [], "there are no licenses")

    def test_enrollments_are_loaded_as_they_were_saved(self, store: Store) -> None:
        _seats(store)
        validity: dict[str, Any] = {"level": "tutor", "since": NOW + DAY, "until": NOW + 2 * DAY}
        change(store, ["ana"], enrolling(["ana"], FIRE, by=POWER, **validity))
        change(store, ["luis"], enrolling(["luis"], BASICS))
        waiting = Enrollment(user="ana", content=FIRE, pool="p1", status=EnrollmentStatus.TO_CONFIRM, **validity)
        luis = [Enrollment(user="luis", content=content, pool="p1") for content in (BASICS, AID)]
        equal(_enrollments(store), Enrollments([waiting, *luis]), "enrollments are loaded as they were saved")
        with store.begin() as work:
            found = work.pool(T1, "p1", None)
            equal(found and (found.state.consumed, found.state.held), (2, 2), "each course uses a seat")
        replays(store, "p1")

    def test_the_enrollments_of_the_users_asked_for_are_loaded_and_no_others(self, store: Store) -> None:
        _seats(store)
        change(store, ["ana", "luis"], enrolling(["ana", "luis"], FIRE))
        wanted = Enrollments([Enrollment(user="ana", content=FIRE, pool="p1")], loaded={"ana", "mei"})
        some = _enrollments(store, ["ana", "mei"])
        equal(some, wanted, "enrollments are loaded of the users asked for")
        equal(some.loaded, wanted.loaded, "enrollments are loaded of the users asked for")
        equal(_enrollments(store, frozenset()).loaded, frozenset(), "enrollments are loaded of the users asked for")
        refused(EnrollmentsNotLoaded, some.of, "luis")

    def test_very_many_enrollments_are_kept_and_loaded(self, store: Store) -> None:
        users = [f"u{number:04}" for number in range(1200)]
        _seats(store, bought=2400)
        change(store, users, enrolling(users, FIRE, AID))
        equal(len(_enrollments(store, users[:1100])), 2200, "very many enrollments are loaded")
        equal(len(_enrollments(store)), 2400, "very many enrollments are kept")
        replays(store, "p1")

    def test_enrollments_go_through_all_their_states(self, store: Store) -> None:
        _seats(store)
        change(store, ["ana", "luis", "mei"], enrolling(["ana", "luis", "mei"], FIRE, AID, by=POWER))
        steps: tuple[Any, ...] = (
            lambda one: enrollments.confirm(one, "ana", FIRE, by=ROOT, now=NOW),
            lambda one: enrollments.reject(one, "luis", FIRE, by=ROOT, now=NOW),
            lambda one: enrollments.unenroll(one, "mei", FIRE, switches=ON, by=POWER, now=NOW),
            lambda one: enrollments.unenroll(one, "mei", AID, switches=ON, by=ROOT, now=NOW),
            lambda one: enrollments.lock(one, ["ana"], by=ROOT, now=NOW),
            lambda one: enrollments.readmit(one, "ana", AID, NOW + DAY, by=ROOT, now=NOW),
            enrolling(["mei"], FIRE, level="tutor"),
        )
        for step in steps:
            change(store, ["ana", "luis", "mei"], step)
            replays(store, "p1")
        confirmed = Enrollment(user="ana", content=FIRE, pool="p1", locked=True, until=NOW)
        open_again = Enrollment(user="ana", content=AID, pool="p1", status=EnrollmentStatus.TO_CONFIRM, until=NOW + DAY)
        others = [
            Enrollment(user="luis", content=AID, pool="p1", status=EnrollmentStatus.TO_CONFIRM),
            Enrollment(user="mei", content=FIRE, pool="p1", level="tutor"),
        ]
        equal(_enrollments(store), Enrollments([confirmed, open_again, *others]), "the last state is kept")

    def test_nobody_is_enrolled_twice_though_two_pools_were_asked_at_once(self, store: Store) -> None:
        """Both decide on what they have read before either of them saves."""
        _seats(store, "p1")
        _seats(store, "p2")
        with store.begin() as work:
            slow, version = roster(work, ["ana", "luis"], "p1")
        change(store, ["ana"], enrolling(["ana"], FIRE), "p2")
        late = enrolling(["ana", "luis"], FIRE, AID)(slow)

        def save() -> None:
            with store.begin() as work:
                save_events(work, slow, version, late.events)

        refused(VersionConflict(aggregate="p1", expected=version), save)
        once = [Enrollment(user="ana", content=FIRE, pool="p2")]
        equal(_enrollments(store), Enrollments(once), "who comes late changes nothing")
        replays(store, "p1", "p2")
        change(store, ["ana", "luis"], enrolling(["ana", "luis"], FIRE, AID))
        equal(len(_enrollments(store)), 4, "who decides anew skips what is there")
        replays(store, "p1", "p2")

    def test_a_refused_save_leaves_nothing_behind_though_the_refusal_is_swallowed(self, store: Store) -> None:
        """A store may also refuse to keep the rest of such a unit of work."""
        _seats(store, "p1")
        _seats(store, "p2")
        with store.begin() as work:
            slow, version = roster(work, ["ana", "luis"], "p1")
        change(store, ["ana"], enrolling(["ana"], FIRE), "p2")
        before = loaded(store, "p1")
        with suppress(StoreUnavailable), store.begin() as work:
            late = enrolling(["ana", "luis"], FIRE)(slow)
            refused(VersionConflict, save_events, work, slow, version, late.events)
        equal(loaded(store, "p1"), before, "a refused save changes nothing")
        equal(len(_enrollments(store)), 1, "a refused save changes nothing")
        replays(store, "p1", "p2")

    def test_who_left_through_one_pool_may_come_in_through_another(self, store: Store) -> None:
        _seats(store, "p1")
        _seats(store, "p2")
        change(store, ["ana"], enrolling(["ana"], FIRE))
        change(store, ["ana"], lambda one: enrollments.unenroll(one, "ana", FIRE, switches=ON, by=ROOT, now=NOW))
        change(store, ["ana"], enrolling(["ana"], FIRE), "p2")
        equal(_enrollments(store)["ana", FIRE].pool, "p2", "an enrollment is kept with its pool")
        replays(store, "p1", "p2")

    def test_a_tenant_sees_and_touches_no_enrollment_of_another(self, store: Store) -> None:
        for tenant in (T1, T2):
            _seats(store, tenant=tenant)
        change(store, ["ana"], enrolling(["ana"], FIRE))
        before = _enrollments(store)
        equal(dict(_enrollments(store, None, T2)), {}, "a tenant sees nothing of another")
        equal(dict(_enrollments(store, ["ana"], T2)), {}, "a tenant sees nothing of another")
        change(store, ["ana"], enrolling(["ana"], FIRE, level="tutor"), tenant=T2)
        change(
            store,
            ["ana"],
            lambda one: enrollments.unenroll(one, "ana", FIRE, switches=ON, by=ROOT, now=NOW),
            tenant=T2,
        )
        equal(_enrollments(store), before, "a tenant touches nothing of another")
        replays(store, "p1", tenant=T2)

    def test_an_error_undoes_enrollments_and_transfers(self, store: Store) -> None:
        save_new(store, *opened("p1"))
        save_new(store, *opened("p2"))
        assign(store, ["ana", "luis"])
        change(store, ["ana"], enrolling(["ana"], FIRE, AID))
        before, kept = (loaded(store), loaded(store, "p2")), _enrollments(store)
        try:
            with store.begin() as work:
                _transfer(work, "ana", "luis")
                source, version = roster(work, ["mei", "zoe"], "p2")
                save_events(work, source, version, pools.renew(source.pool, zone="UTC", by=ROOT, now=NOW).events)
                interrupt()
        except Interrupted:
            pass
        equal((loaded(store), loaded(store, "p2")), before, "an error undoes everything")
        equal(_enrollments(store), kept, "an error undoes everything")
        with store.begin() as work:
            equal([pool.id for pool in work.licenses(T1, "ana")], ["p1"], "an error undoes everything")
        replays(store, "p1", "p2")

    def test_enrollments_are_transferred_from_pool_to_pool_with_their_users(self, store: Store) -> None:
        save_new(store, *opened("p2"))
        save_new(store, *opened("p1"))
        assign(store, ["ana", "luis"])
        change(store, ["ana", "luis"], enrolling(["ana", "luis"], FIRE))
        with store.begin() as work:
            _transfer(work, "ana")
        wanted = [Enrollment(user="ana", content=FIRE, pool="p2"), Enrollment(user="luis", content=FIRE, pool="p1")]
        equal(_enrollments(store), Enrollments(wanted), "an enrollment follows its user")
        with store.begin() as work:
            equal([pool.id for pool in work.licenses(T1, "ana")], ["p2"], "a license is in one pool")
        replays(store, "p1", "p2")

    def test_the_licenses_of_a_user_are_listed_by_pool_with_their_holding(self, store: Store) -> None:
        for pool_id in ("b", "a", "B"):
            save_new(store, *opened(pool_id))
            assign(store, ["ana", "luis"], pool_id)
        save_new(store, *opened("seats", PackageKind.SEATS))
        save_new(store, *opened("other"))
        account, events = an_account()
        save_new(store, account, events)
        with store.begin() as work:
            stored = work.pool(T1, "b", ["ana"])
            taken = pools.unassign(licenses_of(stored), ["ana"], switches=ON, by=POWER, now=NOW)
            work.save(T1, taken.state, expected=2, events=taken.events)
            mine, others = work.licenses(T1, "ana"), work.licenses(T1, "mei")
            foreign = work.licenses(T2, "ana")
        found = {pool.id: pool.holdings for pool in mine if isinstance(pool, pools.LicensePool)}
        equal([pool.id for pool in mine], ["B", "a", "b"], "licenses are listed by the id of their pool")
        for pool_id, state in (("B", Holding.HELD), ("a", Holding.HELD), ("b", Holding.AWAITING)):
            equal(found[pool_id], Holdings({"ana": state}, loaded={"ana"}), "a license comes with its holding")
        equal([pool.consumed for pool in mine], [2, 2, 2], "licenses come with the counters of their pool")
        equal((list(others), list(foreign)), ([], []), "nobody else has these licenses")

    def test_the_licenses_of_an_account_are_none_of_a_purchased_pool(self, store: Store) -> None:
        account, events = an_account("web")
        save_new(store, account, events)
        with store.begin() as work:
            stored = work.account(T1, "web", ["ana"])
            granted = license_cycle.grant(stored.state if stored else account, "ana", "web", by=ROOT, now=NOW)
            work.save(T1, granted.state, expected=1, events=granted.events)
        with store.begin() as work:
            equal(list(work.licenses(T1, "ana")), [], "the licenses of an account are not those of a pool")

    def test_renewals_sizes_rejections_and_revocations_are_kept(self, store: Store) -> None:
        save_new(store, *opened())
        assign(store, ["ana", "luis", "mei"])
        steps: tuple[Any, ...] = (
            lambda pool: pools.unassign(pool, ["ana", "luis"], switches=ON, by=POWER, now=NOW),
            lambda pool: pools.reject(pool, ["ana"], by=ROOT, now=NOW),
            lambda pool: pools.resize(pool, 1, drop=["luis", "mei"], by=ROOT, now=NOW),
            lambda pool: pools.renew(pool, zone="UTC", by=ROOT, now=NOW),
        )
        seen: list[tuple[int, ...]] = []
        for step in steps:
            with store.begin() as work:
                stored = work.pool(T1, "p1", ["ana", "luis", "mei"])
                decision = step(licenses_of(stored))
                work.save(T1, decision.state, expected=stored.version if stored else 0, events=decision.events)
            pool = licenses_of(loaded(store))
            seen.append((pool.bought, pool.consumed, pool.held, pool.revoked, pool.renewals))
            replays(store, "p1")
        wanted = [(50, 3, 1, 2, 0), (50, 3, 2, 2, 0), (1, 1, 1, 2, 0), (50, 1, 1, 0, 1)]
        equal(seen, wanted, "what changes in a pool is kept")

    def test_what_is_no_id_is_refused_when_enrollments_or_licenses_are_asked_for(self, store: Store) -> None:
        for bad in ("", "a b", "a\x00", "a' OR '1'='1", "x" * 65, "\ud800", None, 1):
            ask: Any = bad
            with store.begin() as work:
                refused(InvalidArgument, work.enrollments, ask, None)
                refused(InvalidArgument, work.enrollments, T1, [ask])
                refused(InvalidArgument, work.licenses, ask, "ana")
                refused(InvalidArgument, work.licenses, T1, ask)

    def test_a_unit_of_work_that_was_left_gives_no_enrollments(self, store: Store) -> None:
        with store.begin() as work:
            pass
        closed = StoreUnavailable(reason="closed")
        refused(closed, lambda: work.enrollments(T1, ["ana"]))
        refused(closed, lambda: work.licenses(T1, "ana"))
