"""What every store must do with cards and with the last events of a kind; part of `contracts.StoreContract`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from licensing_core import accounts
from licensing_core import credits as credit
from licensing_core.accounts import Card
from licensing_core.checks import InvalidArgument
from licensing_core.protocols import AggregateKind, Envelope, Store, StoreUnavailable, UnitOfWork
from licensing_core.testing.contracts_books import ACME, OF_CUSTOMERS, OF_NUMBERS, change_books, open_account, ordering
from licensing_core.testing.contracts_given import (
    NOW,
    ROOT,
    T1,
    T2,
    Interrupted,
    equal,
    interrupt,
    opened,
    refused,
    save_new,
)

MAIL: Final = "it@acme.example"
CARD: Final = Card(name="Acme, S. A.", email=MAIL)
OTHER: Final = Card(name="Globex 株式会社", email="añil+x@globex.example")
SECOND: Final = timedelta(seconds=1)
BAD_IDS: Final = ("", "a b", "a\x00", "a' OR '1'='1", "x" * 65, "\ud800", 1)


def keep(store: Store, customer: str, person: str | None, card: Card | None, tenant: str = T1) -> None:
    """Keep *card*, or forget the one there is."""
    with store.begin() as work:
        work.keep_card(tenant, customer, person, card)


def cards(work: UnitOfWork, *keys: tuple[str, str | None], tenant: str = T1) -> list[Card | None]:
    """The cards of these customers and persons."""
    return [work.card(tenant, customer, person) for customer, person in keys]


def places(found: Sequence[Envelope]) -> list[tuple[str, int]]:
    """Aggregate and number of each event."""
    return [(one.aggregate, one.sequence) for one in found]


class CardContract:
    """What a store must do with cards and last events, each test with a store of its own that is empty at first."""

    def test_an_empty_store_knows_no_cards_and_no_last_events(self, store: Store) -> None:
        with store.begin() as work:
            equal(cards(work, (ACME, None), (ACME, "ana")), [None, None], "there is no card")
            equal(list(work.customers_of(T1, MAIL)), [], "nobody has the address")
            for kind in AggregateKind:
                equal(list(work.recent(T1, kind, 1000)), [], "nothing has happened")

    def test_cards_are_kept_replaced_and_forgotten_whether_or_not_there_is_an_account(self, store: Store) -> None:
        keep(store, ACME, None, CARD)
        keep(store, ACME, "ana", OTHER)
        open_account(store)
        with store.begin() as work:
            found = cards(work, (ACME, None), (ACME, "ana"), (ACME, "Ana"), ("Acme", None), ("acm", None))
        equal(found, [CARD, OTHER, None, None, None], "a card is loaded as it was kept")
        keep(store, ACME, None, OTHER)
        keep(store, ACME, "ana", None)
        keep(store, ACME, "mei", None)
        with store.begin() as work:
            found = cards(work, (ACME, None), (ACME, "ana"), (ACME, "mei"))
            equal(found, [OTHER, None, None], "a card is replaced and forgotten")
            equal(list(work.customers_of(T1, MAIL)), [], "a card that was replaced is found no more")
            equal(list(work.customers_of(T1, OTHER.email)), [ACME], "a card is found by its address")

    def test_customers_are_found_by_the_very_address_on_their_own_cards(self, store: Store) -> None:
        for name in ("b", "a", "B"):
            keep(store, name, None, CARD)
        keep(store, "c", "ana", CARD)
        composed, apart = "jos\u00e9@acme.example", "jose\u0301@acme.example"
        alike = (composed, apart, MAIL.upper(), f"x{MAIL}", f"{MAIL}x", "i_@acme.example", "i%@acme.example")
        for number, email in enumerate(alike):
            keep(store, f"d{number}", None, Card(name="Alike", email=email))
        with store.begin() as work:
            equal(list(work.customers_of(T1, MAIL)), ["B", "a", "b"], "customers are found by their own address")
            for number, email in enumerate(alike):
                equal(list(work.customers_of(T1, email)), [f"d{number}"], "addresses are compared exactly")
            equal(list(work.customers_of(T1, "nobody@acme.example")), [], "nobody has the address")
            equal(list(work.customers_of(T2, MAIL)), [], "a tenant sees its own")

    def test_a_tenant_sees_and_touches_no_card_of_another(self, store: Store) -> None:
        keep(store, ACME, None, CARD)
        keep(store, ACME, None, OTHER, T2)
        with store.begin() as work:
            found = cards(work, (ACME, None)), cards(work, (ACME, None), tenant=T2)
        equal(found, ([CARD], [OTHER]), "each tenant has its own cards")
        keep(store, ACME, None, None, T2)
        with store.begin() as work:
            found = cards(work, (ACME, None)), cards(work, (ACME, None), tenant=T2)
        equal(found, ([CARD], [None]), "each tenant has its own cards")

    def test_an_error_undoes_what_was_kept_of_cards(self, store: Store) -> None:
        keep(store, ACME, None, CARD)
        keep(store, ACME, "ana", CARD)
        try:
            with store.begin() as work:
                work.keep_card(T1, ACME, None, OTHER)
                work.keep_card(T1, ACME, "ana", None)
                work.keep_card(T1, "new", None, CARD)
                found = cards(work, (ACME, None), (ACME, "ana"), ("new", None))
                equal(found, [OTHER, None, CARD], "a unit of work sees what it kept")
                equal(list(work.customers_of(T1, MAIL)), ["new"], "a unit of work sees what it kept")
                interrupt()
        except Interrupted:
            pass
        with store.begin() as work:
            found = cards(work, (ACME, None), (ACME, "ana"), ("new", None))
            equal(found, [CARD, CARD, None], "an error undoes everything")
            equal(list(work.customers_of(T1, MAIL)), [ACME], "an error undoes everything")

    def test_the_last_events_of_a_kind_are_told_the_latest_first(self, store: Store) -> None:
        for name, seconds in (("b", 1), ("a", 1), ("late", 2), ("B", 1), ("early", -1_000_000_000)):
            added = accounts.add_customer(name, None, zone="UTC", by=ROOT, now=NOW + seconds * SECOND)
            save_new(store, added.state, added.events)
        open_account(store)
        for name in ("web", "app"):
            change_books(store, ordering(name))
        blocked = accounts.add_customer("zed", None, zone="UTC", by=ROOT, now=NOW)
        twice = accounts.block(blocked.state, "abuse", by=ROOT, now=NOW)
        save_new(store, twice.state, (*blocked.events, *twice.events))
        save_new(store, *opened("pool"))
        granted = credit.open_credits(ACME, zone="UTC", by=ROOT, now=NOW + 9 * SECOND)
        save_new(store, granted.state, granted.events)
        mine = [*((ACME, number) for number in (5, 4, 3, 2, 1)), ("zed", 2), ("zed", 1)]
        wanted = [("late", 1), ("B", 1), ("a", 1), ("b", 1), *mine, ("early", 1)]
        with store.begin() as work:
            found = work.recent(T1, OF_CUSTOMERS, 1000)
            equal(places(found), wanted, "the latest come first, and of equals they come by id and number")
            history = work.history(T1, OF_CUSTOMERS, ACME)
            equal([*found[4:9]], [*reversed(history)], "events are told as they happened")
            for most in (1, 3, 7, 12):
                equal(
                    places(work.recent(T1, OF_CUSTOMERS, most)), wanted[:most], "no more are told than were asked for"
                )
            numbers = [("documents", number) for number in (3, 2, 1)]
            equal(places(work.recent(T1, OF_NUMBERS, 9)), numbers, "events of one kind are told")
            equal(places(work.recent(T1, AggregateKind.LICENSES, 9)), [("pool", 1)], "events of one kind are told")
            equal(places(work.recent(T1, AggregateKind.CREDITS, 9)), [(ACME, 1)], "events of one kind are told")

    def test_a_tenant_is_told_no_events_of_another(self, store: Store) -> None:
        open_account(store)
        change_books(store, ordering("web"))
        open_account(store, T2)
        with store.begin() as work:
            equal(places(work.recent(T2, OF_CUSTOMERS, 9)), [(ACME, 1)], "a tenant sees its own")
            equal({one.tenant for one in work.recent(T2, OF_CUSTOMERS, 9)}, {T2}, "a tenant sees its own")
            equal(len(work.recent(T1, OF_CUSTOMERS, 9)), 3, "a tenant sees its own")

    def test_an_error_undoes_the_last_events(self, store: Store) -> None:
        open_account(store)
        try:
            with store.begin() as work:
                added = accounts.add_customer("new", None, zone="UTC", by=ROOT, now=NOW + SECOND)
                work.save(T1, added.state, expected=0, events=added.events)
                equal(places(work.recent(T1, OF_CUSTOMERS, 1)), [("new", 1)], "a unit of work sees what it saved")
                interrupt()
        except Interrupted:
            pass
        with store.begin() as work:
            equal(places(work.recent(T1, OF_CUSTOMERS, 9)), [(ACME, 1)], "an error undoes everything")

    def test_what_cannot_be_is_refused_when_cards_and_events_are_asked_for(self, store: Store) -> None:
        kind: Any
        for bad in BAD_IDS:
            ask: Any = bad
            with store.begin() as work:
                for tenant, customer, person in ((ask, ACME, None), (T1, ask, None), (T1, ACME, ask)):
                    refused(InvalidArgument, work.card, tenant, customer, person)
                    refused(InvalidArgument, work.keep_card, tenant, customer, person, CARD)
                    refused(InvalidArgument, work.keep_card, tenant, customer, person, None)
                refused(InvalidArgument, work.customers_of, ask, MAIL)
                refused(InvalidArgument, work.customers_of, T1, ask)
                refused(InvalidArgument, work.recent, ask, OF_CUSTOMERS, 1)
                refused(InvalidArgument, work.recent, T1, ask, 1)
        with store.begin() as work:
            for most in (0, -1, 1001, 1.0, True, None, "1"):
                refused(InvalidArgument, work.recent, T1, OF_CUSTOMERS, most)
            for card in ("Acme", {"name": "Acme", "email": MAIL}, 1):
                refused(InvalidArgument, work.keep_card, T1, ACME, None, card)
            for kind in ("customers", None):
                refused(InvalidArgument, work.recent, T1, kind, 1)
            equal(cards(work, (ACME, None)), [None], "what is refused changes nothing")

    def test_a_unit_of_work_that_was_left_gives_and_keeps_no_card_and_tells_no_events(self, store: Store) -> None:
        with store.begin() as work:
            pass
        closed = StoreUnavailable(reason="closed")
        refused(closed, lambda: work.card(T1, ACME, None))
        refused(closed, lambda: work.keep_card(T1, ACME, None, CARD))
        refused(closed, lambda: work.keep_card(T1, ACME, None, None))
        refused(closed, lambda: work.customers_of(T1, MAIL))
        refused(closed, lambda: work.recent(T1, OF_CUSTOMERS, 1))
