"""What every store must do when users are forgotten, deactivated and merged; part of `contracts.StoreContract`."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from licensing_core import accounts, enrollments, license_cycle, pools
from licensing_core.accounts import AccountSettings, Card, CustomerAccount
from licensing_core.directory import Actor, Role
from licensing_core.enrollments import EnrollmentsMovedIn
from licensing_core.holdings import Holding
from licensing_core.plans import PackageKind
from licensing_core.protocols import AggregateKind, Store, Stored, UnitOfWork
from licensing_core.services import replay
from licensing_core.testing.contracts_given import (
    AID,
    FIRE,
    NOW,
    ON,
    POWER,
    ROOT,
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
    opened,
    replays,
    roster,
    save_new,
)
from licensing_core.testing.law import LawBroken

BOTH: Final = frozenset({"ana", "luis"})
CARD: Final = Card(name="Ana Añil", email="ana@acme.example")
OTHER: Final = Card(name="Luis", email="luis@acme.example")
OF_CUSTOMERS: Final = AggregateKind.CUSTOMERS


def add_customer(store: Store, customer: str, *people: str, administrator: str | None = None, tenant: str = T1) -> None:
    """Add a customer with *people*, each of whom may do what their own id says."""
    settings = AccountSettings(administrator=administrator)
    added = accounts.add_customer(customer, None, zone="UTC", settings=settings, by=ROOT, now=NOW)
    save_new(store, added.state, added.events, tenant)
    with store.begin() as work:
        for person in people:
            stored = customer_in(work, customer, [person], tenant)
            joined = accounts.add_person(stored.state, person, frozenset({person}), by=ROOT, now=NOW)
            work.save(tenant, joined.state, expected=stored.version, events=joined.events)


def customer_in(
    work: UnitOfWork, customer: str, people: Collection[str] | None, tenant: str = T1
) -> Stored[CustomerAccount]:
    """The account of a customer that was added before."""
    stored = work.customer(tenant, customer, (), people)
    if stored is None:
        raise LawBroken(f"an account is loaded once it was saved: {customer!r}")
    return stored


def merge_holders(work: UnitOfWork, pool_id: str = "p1", tenant: str = T1) -> None:
    """Let luis have the license of ana."""
    stored = work.pool(tenant, pool_id, BOTH)
    merged = pools.merge_holder(licenses_of(stored), "ana", "luis", by=ROOT, now=NOW)
    work.save(tenant, merged.state, expected=stored.version if stored else 0, events=merged.events)


def merge_enrollments(work: UnitOfWork, *pool_ids: str, tenant: str = T1) -> None:
    """Let luis have the enrollments of ana: what is left is saved in all pools before what arrives in any."""
    found = {name: roster(work, BOTH, name, tenant) for name in pool_ids}
    theirs = work.enrollments(tenant, BOTH)
    merged = enrollments.merge([one.pool for one, _ in found.values()], theirs, "ana", "luis", by=ROOT, now=NOW)
    versions = {name: version for name, (_, version) in found.items()}
    for arriving in (False, True):
        for name in pool_ids:
            own = [one for one in merged.events if one.pool == name and isinstance(one, EnrollmentsMovedIn) is arriving]
            if own:
                work.save(tenant, merged.state.pools[name], expected=versions[name], events=own)
                versions[name] += len(own)


def places(store: Store, user: str, tenant: str = T1) -> dict[str, str | None]:
    """Through which pool *user* is in each content."""
    with store.begin() as work:
        return {one.content.id: one.pool for one in work.enrollments(tenant, [user]).values()}


def counted(store: Store, pool_id: str) -> tuple[int, int]:
    """Consumed and held of a pool."""
    with store.begin() as work:
        stored = work.pool(T1, pool_id, ())
        return (0, 0) if stored is None else (stored.state.consumed, stored.state.held)


class PeopleContract:
    """What a store must do when users go, each test with a store of its own that is empty at first."""

    def test_customers_are_found_by_their_people_and_by_the_cards_of_people(self, store: Store) -> None:
        for customer, people in (("b", ("ana",)), ("a", ("ana", "luis")), ("c", ("luis",)), ("B", ("ana",))):
            add_customer(store, customer, *people)
        add_customer(store, "b", "zoe", tenant=T2)
        with store.begin() as work:
            work.keep_card(T1, "gone", "ana", CARD)
            work.keep_card(T1, "b", "ana", CARD)
            work.keep_card(T1, "c", None, CARD)
            equal(list(work.customers_with(T1, "ana")), ["B", "a", "b", "gone"], "customers are found by a person")
            equal(list(work.customers_with(T1, "luis")), ["a", "c"], "customers are found by a person")
            equal(list(work.customers_with(T1, "zoe")), [], "a tenant sees its own")
            equal(list(work.customers_with(T2, "zoe")), ["b"], "a tenant sees its own")
            equal(list(work.customers_with(T1, "an")), [], "ids are compared exactly")
            stored = customer_in(work, "b", ["ana"])
            left = accounts.remove_person(stored.state, "ana", by=ROOT, now=NOW)
            work.save(T1, left.state, expected=stored.version, events=left.events)
            equal(list(work.customers_with(T1, "ana")), ["B", "a", "b", "gone"], "a card that is left is found")
            work.keep_card(T1, "b", "ana", None)
            work.keep_card(T1, "gone", "ana", None)
            equal(list(work.customers_with(T1, "ana")), ["B", "a"], "who is gone is found no more")

    def test_customers_are_found_by_their_administrator(self, store: Store) -> None:
        for customer, administrator in (("b", "ana"), ("a", "ana"), ("c", "luis"), ("d", None)):
            add_customer(store, customer, administrator=administrator)
        add_customer(store, "b", administrator="zoe", tenant=T2)
        with store.begin() as work:
            equal(list(work.customers_with(T1, "ana")), ["a", "b"], "customers are found by their administrator")
            equal(list(work.customers_with(T1, "luis")), ["c"], "customers are found by their administrator")
            equal(list(work.customers_with(T1, "zoe")), [], "a tenant sees its own")
            equal(list(work.customers_with(T2, "zoe")), ["b"], "a tenant sees its own")
            stored = customer_in(work, "a", ["ana"])
            joined = accounts.add_person(stored.state, "ana", frozenset(), by=ROOT, now=NOW)
            work.save(T1, joined.state, expected=stored.version, events=joined.events)
            equal(list(work.customers_with(T1, "ana")), ["a", "b"], "a customer is named once")
            for customer in ("a", "b"):
                stored = customer_in(work, customer, BOTH)
                merged = accounts.merge_person(stored.state, "ana", "luis", by=ROOT, now=NOW)
                work.save(T1, merged.state, expected=stored.version, events=merged.events)
            stored = customer_in(work, "c", ["luis"])
            retired = accounts.deactivate_person(stored.state, "luis", by=ROOT, now=NOW)
            work.save(T1, retired.state, expected=stored.version, events=retired.events)
        with store.begin() as work:
            equal(list(work.customers_with(T1, "ana")), [], "who was the administrator is found no more")
            equal(list(work.customers_with(T1, "luis")), ["a", "b"], "another administrator is found")
            equal(
                [customer_in(work, one, ()).state.settings.administrator for one in ("a", "b", "c", "d")],
                ["luis", "luis", None, None],
                "an administrator is loaded as it was saved",
            )
        try:
            with store.begin() as work:
                stored = customer_in(work, "b", ["luis"])
                retired = accounts.deactivate_person(stored.state, "luis", by=ROOT, now=NOW)
                work.save(T1, retired.state, expected=stored.version, events=retired.events)
                interrupt()
        except Interrupted:
            pass
        with store.begin() as work:
            equal(list(work.customers_with(T1, "luis")), ["a", "b"], "an error undoes everything")

    def test_a_license_goes_to_the_one_that_a_user_is_merged_into(self, store: Store) -> None:
        for name in ("p1", "p2"):
            save_new(store, *opened(name))
        assign(store, ["ana", "mei"])
        assign(store, ["ana", "luis", "mei"], "p2")
        with store.begin() as work:
            for name in ("p1", "p2"):
                merge_holders(work, name)
        with store.begin() as work:
            equal(list(work.licenses(T1, "ana")), [], "who was merged holds nothing")
            equal([pool.id for pool in work.licenses(T1, "luis")], ["p1", "p2"], "a license goes over")
            equal([pool.id for pool in work.licenses(T1, "mei")], ["p1", "p2"], "the license of another stays")
        equal((counted(store, "p1"), counted(store, "p2")), ((2, 2), (2, 2)), "of two licenses one goes back")
        replays(store, "p1", "p2")

    def test_a_license_that_awaits_confirmation_goes_over_as_such(self, store: Store) -> None:
        save_new(store, *opened())
        assign(store, ["ana"])
        with store.begin() as work:
            stored = work.pool(T1, "p1", BOTH)
            taken = pools.unassign(licenses_of(stored), ["ana"], switches=ON, by=POWER, now=NOW)
            work.save(T1, taken.state, expected=2, events=taken.events)
        with store.begin() as work:
            merge_holders(work)
            equal(dict(licenses_of(work.pool(T1, "p1", None)).holdings), {"luis": Holding.AWAITING}, "it awaits on")
        equal(counted(store, "p1"), (1, 0), "what awaits confirmation is consumed")
        replays(store, "p1")

    def test_the_licenses_of_an_account_go_over(self, store: Store) -> None:
        save_new(store, *an_account())
        with store.begin() as work:
            for user, kind in (("ana", "web"), ("ana", "app"), ("luis", "app"), ("mei", "web")):
                stored = work.account(T1, "a1", (user,))
                before = an_account()[0] if stored is None else stored.state
                granted = license_cycle.grant(before, user, kind, by=ROOT, now=NOW)
                work.save(T1, granted.state, expected=stored.version if stored else 0, events=granted.events)
        with store.begin() as work:
            stored = work.account(T1, "a1", BOTH)
            merged = license_cycle.merge_holder(stored.state, "ana", "luis", by=ROOT, now=NOW)  # type: ignore[union-attr]
            work.save(T1, merged.state, expected=stored.version if stored else 0, events=merged.events)
        with store.begin() as work:
            equal(list(work.license_accounts(T1, "ana")), [], "who was merged holds nothing")
            equal(list(work.license_accounts(T1, "luis")), ["a1"], "a license goes over")
            history = work.history(T1, AggregateKind.LICENSES, "a1")
            equal(work.account(T1, "a1", None), Stored(replay(history), len(history)), "a history leads to the account")

    def test_enrollments_go_over_and_pools_exchange_what_they_give_up(self, store: Store) -> None:
        for name in ("p1", "p2"):
            save_new(store, *opened(name, PackageKind.SEATS))
        late = NOW + timedelta(days=9)
        change(store, ["ana"], enrolling(["ana"], AID, level="tutor", until=late))
        change(store, ["luis"], enrolling(["luis"], FIRE, until=NOW + timedelta(days=1)))
        change(store, ["ana"], enrolling(["ana"], FIRE, until=late), "p2")
        change(store, ["luis"], enrolling(["luis"], AID, until=NOW + timedelta(days=1)), "p2")
        with store.begin() as work:
            merge_enrollments(work, "p1", "p2")
        equal(places(store, "ana"), {}, "who was merged is in nothing")
        equal(places(store, "luis"), {"aid": "p1", "fire": "p2"}, "the better enrollment stays, through its own pool")
        with store.begin() as work:
            mine = work.enrollments(T1, ["luis"]).of("luis")[AID]
            equal((mine.level, mine.until, mine.locked), ("tutor", late, False), "an enrollment goes over as it is")
        equal((counted(store, "p1"), counted(store, "p2")), ((1, 1), (1, 1)), "a seat that is left goes back")
        replays(store, "p1", "p2")

    def test_an_error_undoes_a_merger(self, store: Store) -> None:
        save_new(store, *opened())
        assign(store, ["ana"])
        change(store, ["ana"], enrolling(["ana"], FIRE))
        with store.begin() as work:
            before = work.pool(T1, "p1", None), work.history(T1, AggregateKind.LICENSES, "p1")
        try:
            with store.begin() as work:
                merge_holders(work)
                merge_enrollments(work, "p1")
                interrupt()
        except Interrupted:
            pass
        with store.begin() as work:
            after = work.pool(T1, "p1", None), work.history(T1, AggregateKind.LICENSES, "p1")
            equal(after, before, "an error undoes everything")
            equal([pool.id for pool in work.licenses(T1, "ana")], ["p1"], "an error undoes everything")
            equal(list(work.licenses(T1, "luis")), [], "an error undoes everything")
        equal((places(store, "ana"), places(store, "luis")), ({"fire": "p1"}, {}), "an error undoes everything")

    def test_a_tenant_touches_nobody_of_another(self, store: Store) -> None:
        for tenant in (T1, T2):
            save_new(store, *opened(), tenant=tenant)
            assign(store, ["ana"], tenant=tenant)
            change(store, ["ana"], enrolling(["ana"], FIRE), tenant=tenant)
            add_customer(store, "a", "ana", tenant=tenant)
            with store.begin() as work:
                work.keep_card(tenant, "a", "ana", CARD)
                work.keep_actor(tenant, "ana", Actor("ana", Role.SUPERADMIN))
        with store.begin() as work:
            merge_holders(work)
            merge_enrollments(work, "p1")
            work.keep_card(T1, "a", "ana", None)
            work.keep_actor(T1, "ana", None)
        with store.begin() as work:
            equal([pool.id for pool in work.licenses(T2, "ana")], ["p1"], "a tenant touches nothing of another")
            equal(work.card(T2, "a", "ana"), CARD, "a tenant touches nothing of another")
            equal(work.actor(T2, "ana"), Actor("ana", Role.SUPERADMIN), "a tenant touches nothing of another")
        equal(places(store, "ana", T2), {"fire": "p1"}, "a tenant touches nothing of another")

    def test_people_of_a_customer_go_over_and_are_made_contacts(self, store: Store) -> None:
        add_customer(store, "a", "ana", "luis", "mei")
        with store.begin() as work:
            stored = customer_in(work, "a", BOTH)
            merged = accounts.merge_person(stored.state, "ana", "luis", by=ROOT, now=NOW)
            work.save(T1, merged.state, expected=stored.version, events=merged.events)
            stored = customer_in(work, "a", ["mei"])
            retired = accounts.deactivate_person(stored.state, "mei", by=ROOT, now=NOW)
            work.save(T1, retired.state, expected=stored.version, events=retired.events)
        with store.begin() as work:
            equal(list(work.customers_with(T1, "ana")), [], "who was merged is nobody")
            stored = customer_in(work, "a", None)
            found = {user: (sorted(one.permissions), one.contact) for user, one in stored.state.people.items()}
            wanted: dict[str, Any] = {"luis": (["ana", "luis"], False), "mei": ([], True)}
            equal(found, wanted, "people are loaded as they were saved")
            equal(stored.state.users, 1, "users are counted")
            history = work.history(T1, OF_CUSTOMERS, "a")
            led = replay(history)
            equal(getattr(led, "people", None), stored.state.people, "a history leads to the people")

    def test_forgetting_somebody_leaves_the_histories_as_they_are(self, store: Store) -> None:
        add_customer(store, "a", "ana", "luis")
        with store.begin() as work:
            work.keep_card(T1, "a", "ana", CARD)
            work.keep_card(T1, "a", "luis", OTHER)
            work.keep_card(T1, "a", None, OTHER)
            work.keep_actor(T1, "ana", Actor("ana"))
        with store.begin() as work:
            before = work.history(T1, OF_CUSTOMERS, "a"), work.customer(T1, "a", (), None)
            work.keep_card(T1, "a", "ana", None)
            work.keep_actor(T1, "ana", None)
        with store.begin() as work:
            equal([work.card(T1, "a", "ana"), work.actor(T1, "ana")], [None, None], "who is forgotten is unknown")
            equal([work.card(T1, "a", one) for one in ("luis", None)], [OTHER, OTHER], "the cards of others stay")
            after = work.history(T1, OF_CUSTOMERS, "a"), work.customer(T1, "a", (), None)
            equal(after, before, "a history knows ids only")
            equal(list(work.customers_with(T1, "ana")), ["a"], "the pseudonym stays")
