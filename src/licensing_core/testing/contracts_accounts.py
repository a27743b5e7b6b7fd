"""What every store must do with accounts of customers and numbers of documents; part of `contracts.StoreContract`."""

from datetime import date, timedelta
from functools import reduce
from typing import Any, Final

from attrs import evolve

from licensing_core import accounts, limits
from licensing_core import credits as credit
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import (
    AccountSettings,
    Bill,
    Bills,
    BillsNotLoaded,
    Block,
    Books,
    NumbersTaken,
    People,
    PeopleNotLoaded,
    Person,
)
from licensing_core.billing import ItemChange, When
from licensing_core.checks import InvalidArgument
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import ServicePlan
from licensing_core.pricing import Tier, TieredPrice, Tiering
from licensing_core.protocols import (
    NUMBERS,
    AggregateExists,
    AggregateKind,
    Page,
    Store,
    Stored,
    StoreUnavailable,
    VersionConflict,
)
from licensing_core.subscriptions import EndOf
from licensing_core.testing.contracts_books import (
    ACME,
    DAY,
    OF_CUSTOMERS,
    OF_NUMBERS,
    Change,
    Ids,
    after,
    billing,
    books_lead,
    books_stored,
    change_books,
    change_within,
    found_account,
    found_numbers,
    last_numbers,
    of_account,
    of_books,
    open_account,
    ordering,
    paying,
    paying_next,
    split,
    subscribed,
)
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

REMINDING: Final = DunningPolicy(
    steps=(
        DunningStep(after_days=3, action=DunningAction.REMIND),
        DunningStep(after_days=7, action=DunningAction.SUSPEND),
        DunningStep(after_days=90, action=DunningAction.TERMINATE),
    )
)
SETTINGS: Final = AccountSettings(
    administrator="ana", choices=frozenset({"small", "large"}), dunning=REMINDING, automatic_debit=True
)
TIERS: Final = TieredPrice(
    (Tier(up_to=5, unit=Money.parse("9.00 EUR")), Tier(up_to=None, unit=Money.parse("8.00 EUR"))), Tiering.GRADUATED
)
FIRST: Final = "proforma:1"


def adding(user: str, *permissions: str, contact: bool = False) -> Change:
    """What lets somebody be a user of the account, or a contact."""
    return of_account(accounts.add_person, user, frozenset(permissions), contact=contact)


def leaving(user: str) -> Change:
    """What lets somebody be neither any more."""
    return of_account(accounts.remove_person, user)


def clients() -> tuple[tuple[Ids, Change], ...]:
    """What happens to people, plans and blocks, each step with the people that it needs."""
    return (
        (("ana",), adding("ana", "bills.pay", "people.manage")),
        (("luis", "mei"), adding("luis", contact=True)),
        (None, adding("mei")),
        (("luis",), adding("luis", "bills.see")),
        (("mei",), leaving("mei")),
        ((), of_account(accounts.configure, SETTINGS)),
        ((), of_account(accounts.assign_plan, ServicePlan(id="small"))),
        ((), of_account(accounts.block, "unpaid", until=NOW + DAY)),
        ((), of_account(accounts.block, "abuse")),
        ((), of_account(accounts.unblock, "abuse")),
    )


def money() -> tuple[Change, ...]:
    """What happens to subscriptions and bills over four months; each step needs no more than is always loaded."""
    soon, ahead, due = NOW + DAY, NOW + 20 * DAY, NOW + 31 * DAY
    common = Cycle(date(2026, 5, 15), Duration(months=1), "Europe/Madrid")
    change, schedule, withdraw = subscribing.change, subscribing.schedule_change, subscribing.withdraw_change
    return (
        of_account(accounts.configure, SETTINGS),
        ordering("web"),
        paying_next(NOW),
        ordering("app", trial_ends=due, pools=frozenset({"p1"})),
        subscribed("app", subscribing.change_trial, ItemChange(price=TIERS), now=NOW),
        ordering("gone"),
        subscribed("gone", subscribing.cancel, EndOf.NOW, now=NOW),
        subscribed("web", change, ItemChange(quantity=7, price=TIERS), now=soon, billed=True),
        paying_next(soon),
        subscribed("web", schedule, ItemChange(quantity=6), When.END_OF_PERIOD, change_id="c1", now=soon),
        subscribed("web", schedule, ItemChange(price=TIERS), soon + 9 * DAY, change_id="c2", now=soon),
        subscribed("web", withdraw, "c2", now=soon),
        subscribed("web", subscribing.align, common, now=soon),
        subscribed("web", subscribing.cancel, EndOf.TERM, now=soon),
        subscribed("web", subscribing.withdraw_cancellation, now=soon),
        billing(now=ahead),
        of_books(accounts.dun, now=due + 3 * DAY),
        of_books(accounts.note_failed_debit, "proforma:4", now=due + 3 * DAY),
        billing(now=due + 4 * DAY),
        of_books(accounts.dun, now=due + 7 * DAY),
        paying_next(due + 8 * DAY),
        paying_next(due + 8 * DAY),
        subscribed("web", subscribing.pause, now=due + 9 * DAY),
        subscribed("web", subscribing.resume, now=due + 10 * DAY, billed=True),
        subscribed("web", subscribing.cancel, EndOf.NOW, credit=True, now=due + 11 * DAY),
        of_books(accounts.refund_credit, Money.parse("1.00 EUR"), now=due + 11 * DAY),
        billing(now=due + 20 * DAY),
        of_books(accounts.dun, now=due + 130 * DAY),
        of_books(accounts.open_credit, Money.parse("500.00 EUR"), now=due + 131 * DAY),
    )


def changes_all(store: Store, books: Books, *steps: Change) -> Books:
    """*books* after *steps*, each saved with no more loaded than is always loaded."""
    for step in steps:
        books = after(books, change_books(store, step))
    return books


def not_looked_up(error: type[LicensingError], entries: Any, *ids: str) -> None:
    """See to it that *entries* say of *ids* that they were not looked up."""
    for name in ids:
        refused(error, entries.get, name)


def bills_with(store: Store, *documents: str) -> Bills:
    """The bills that are loaded when *documents* are named."""
    with store.begin() as work:
        bills: Bills = found_account(work, documents, ()).state.bills
        return bills


def shown(bills: Bills) -> dict[str, str]:
    """The status of each of *bills*."""
    return {name: bill.status.value for name, bill in bills.items()}


class AccountContract:
    """What a store must do with accounts and numbers, each test with a store of its own that is empty at first."""

    def test_an_empty_store_knows_no_account_and_no_numbers(self, store: Store) -> None:
        with store.begin() as work:
            for documents, people in ((None, None), ((), ()), (("x",), ("y",))):
                equal(work.customer(T1, ACME, documents, people), None, "there is no account")
            equal(list(work.customers(T1, Page())), [], "there are no accounts")
            equal(work.numbers(T1), None, "there are no numbers")
            equal(list(work.history(T1, OF_CUSTOMERS, ACME)), [], "there is no history")
            equal(list(work.history(T1, OF_NUMBERS, NUMBERS)), [], "there is no history")

    def test_an_account_is_loaded_as_it_was_saved_after_each_kind_of_change(self, store: Store) -> None:
        books = open_account(store)
        books_lead(store, books)
        for people, decide in clients():
            events = change_books(store, decide, people=people)
            equal(len(events), 1, "a change is one event")
            books = after(books, events)
            books_stored(store, books)
        books_lead(store, books)

    def test_bills_and_subscriptions_are_loaded_as_they_were_saved_after_each_kind_of_change(
        self, store: Store
    ) -> None:
        books = open_account(store)
        for decide in money():
            events = change_books(store, decide)
            equal(bool(events), True, "a change has an event")
            books = after(books, events)
            books_stored(store, books)
        books_lead(store, books)

    def test_an_account_that_is_new_is_kept_with_all_it_has(self, store: Store) -> None:
        decision = accounts.import_customer(
            ACME,
            ServicePlan(id="small"),
            zone="Europe/Madrid",
            trial_ends=NOW + DAY,
            settings=SETTINGS,
            blocks={"unpaid": Block(since=NOW - DAY, until=NOW + DAY), "abuse": Block(since=NOW)},
            people={"ana": Person(permissions=frozenset({"bills.pay"})), "luis": Person(contact=True)},
            balances=[Money.parse("12.50 EUR"), Money.parse("700 JPY")],
            by=ROOT,
            now=NOW,
        )
        save_new(store, decision.state, decision.events)
        with store.begin() as work:
            equal(found_account(work), Stored(decision.state, 1), "an account is loaded as it was saved")
            some = found_account(work, (), ["luis"]).state
        equal((list(some.people), some.users), (["luis"], 1), "people are loaded that were asked for")

    def test_unpaid_bills_and_those_of_running_turns_are_loaded_and_others_when_they_are_named(
        self, store: Store
    ) -> None:
        cancel = subscribed("gone", subscribing.cancel, EndOf.NOW, now=NOW)
        changes_all(store, open_account(store), ordering("web"), ordering("gone"), cancel, ordering("app"))
        equal(shown(bills_with(store)), {FIRST: "unpaid", "proforma:3": "unpaid"}, "unpaid bills are loaded")
        change_books(store, paying(FIRST))
        change_books(store, paying("proforma:3", now=NOW))
        some, named = bills_with(store), bills_with(store, "proforma:2", "none")
        equal(shown(some), {FIRST: "paid", "proforma:3": "paid"}, "bills of running turns are loaded")
        equal(some.loaded, {FIRST, "proforma:3"}, "bills are loaded that are open or were named")
        not_looked_up(BillsNotLoaded, some, "proforma:2", "none")
        equal(shown(named), {FIRST: "paid", "proforma:2": "void", "proforma:3": "paid"}, "bills are loaded when named")
        equal(named.loaded, {FIRST, "proforma:2", "proforma:3", "none"}, "bills are loaded that are open or were named")
        equal(named.get("none"), None, "there is no bill that was looked up in vain")

    def test_the_bill_of_a_turn_that_is_over_is_loaded_only_when_it_is_named(self, store: Store) -> None:
        turn = timedelta(days=31)
        first = (ordering("web"), paying(FIRST), billing(now=NOW + 20 * DAY))
        books = changes_all(store, open_account(store), *first)
        equal(shown(bills_with(store)), {FIRST: "paid", "proforma:2": "unpaid"}, "bills of running turns are loaded")
        second = (paying("proforma:2", now=NOW + turn), billing(now=NOW + turn + 20 * DAY))
        books = changes_all(store, books, *second)
        some = bills_with(store)
        equal(
            shown(some), {"proforma:2": "paid", "proforma:3": "unpaid"}, "bills of turns that are over are not loaded"
        )
        not_looked_up(BillsNotLoaded, some, FIRST)
        equal(shown(bills_with(store, FIRST))[FIRST], "paid", "bills of turns that are over are kept")
        books_lead(store, books)

    def test_people_are_loaded_that_were_asked_for_and_no_others(self, store: Store) -> None:
        open_account(store)
        for user in ("ana", FIRST):
            change_books(store, adding(user, "bills.pay"), people=[user])
        change_books(store, ordering("web"))
        with store.begin() as work:
            some, none = (found_account(work, (), people).state for people in (["ana", "mei"], []))
            whole, named = (found_account(work, documents, ()).state for documents in (None, [FIRST]))
        equal((list(some.people), some.people.loaded), (["ana"], {"ana", "mei"}), "people are loaded that were named")
        equal(some.people.get("mei"), None, "nobody is there who was looked up in vain")
        equal(some.users, 2, "users are counted whoever is loaded")
        not_looked_up(PeopleNotLoaded, some.people, FIRST)
        for state in (none, whole, named):
            equal(state.people, People(loaded=()), "people are loaded that were named")
        equal((whole.bills.loaded, named.bills.loaded), (None, {FIRST}), "bills are loaded apart from people")
        with store.begin() as work:
            everybody = found_account(work, (), None).state
        equal((set(everybody.people), everybody.people.loaded), ({"ana", FIRST}, None), "everybody is loaded")
        equal(everybody.bills.loaded, {FIRST}, "people are loaded apart from bills")

    def test_saving_an_account_loaded_in_part_keeps_other_bills_and_people(self, store: Store) -> None:
        books = changes_all(store, open_account(store), ordering("web"), ordering("app"))
        for user in ("ana", "luis", "mei"):
            books = after(books, change_books(store, adding(user), people=[user]))
        books = after(books, change_books(store, leaving("luis"), people=["luis"]))
        books = changes_all(store, books, paying("proforma:2"), subscribed("web", subscribing.cancel, now=NOW))
        equal(shown(bills_with(store, FIRST)), {FIRST: "void", "proforma:2": "paid"}, "other bills are kept")
        books_lead(store, books)

    def test_very_many_bills_and_people_are_kept_and_loaded(self, store: Store) -> None:
        added = accounts.add_customer(ACME, None, zone="Europe/Madrid", by=ROOT, now=NOW)
        numbers = accounts.open_numbers(NUMBERS, by=ROOT, now=NOW).state
        books = ordering("web")(Books(added.state, numbers)).state
        one: Bill = books.account.bills[FIRST]
        bills = {f"b{n}": evolve(one, document=evolve(one.document, id=f"b{n}")) for n in range(1200)}
        people = {f"u{n}": Person(contact=n > 1) for n in range(1200)}
        whole = evolve(books.account, bills=Bills(bills), people=People(people), users=2)
        save_new(store, whole, added.events)
        with store.begin() as work:
            equal(found_account(work), Stored(whole, 1), "very many bills and people are kept")
            some = found_account(work, [*bills][:5], [*people][:1100]).state
        equal((len(some.bills), len(some.people)), (1200, 1100), "very many bills and people are loaded")
        equal(some.bills.loaded, {FIRST, *bills}, "bills are loaded that are open or were named")
        gone = [accounts.BillVoided(account=ACME, document=name, by="root", at=NOW) for name in [*bills][:700]]
        with store.begin() as work:
            work.save(T1, reduce(accounts.apply, gone, some), expected=1, events=gone)
            equal(len(found_account(work, (), ()).state.bills), 500, "very many bills are closed")
            equal(len(found_account(work).state.bills), 1200, "very many bills are kept")

    def test_who_comes_late_to_an_account_or_to_numbers_is_refused(self, store: Store) -> None:
        books = open_account(store)
        late = ordering("web")(books).events
        change_books(store, ordering("app"))
        account, numbers = after(books, late).account, after(books, late).numbers
        own, taken = split(late)

        def save(aggregate: Any, expected: int, events: Any) -> None:
            with store.begin() as work:
                work.save(T1, aggregate, expected=expected, events=events)

        for aggregate, events, current in ((account, own, 3), (numbers, taken, 2)):
            for expected in (1, current + 1):
                stale = VersionConflict(aggregate=aggregate.id, expected=expected)
                refused(stale, save, aggregate, expected, events)
            refused(AggregateExists(aggregate=aggregate.id), save, aggregate, 0, events)
        with store.begin() as work:
            found, version = found_account(work), found_numbers(work).version
            taken_by_then = last_numbers(work)
        equal((found.version, list(found.state.subscriptions)), (3, ["app"]), "who comes late changes nothing")
        equal((version, taken_by_then), (2, {"proforma": "P-000001"}), "who comes late changes nothing")

    def test_an_account_and_numbers_that_are_not_there_cannot_be_changed(self, store: Store) -> None:
        account = accounts.add_customer(ACME, None, zone="UTC", by=ROOT, now=NOW).state
        numbers = accounts.open_numbers(NUMBERS, by=ROOT, now=NOW).state
        own, taken = split(ordering("web")(Books(evolve(account, zone="Europe/Madrid"), numbers)).events)

        def save(aggregate: Any, events: Any) -> None:
            with store.begin() as work:
                work.save(T1, aggregate, expected=1, events=events)

        for aggregate, events in ((account, own[:1]), (numbers, taken)):
            refused(VersionConflict(aggregate=aggregate.id, expected=1), save, aggregate, events)
        with store.begin() as work:
            equal((work.customer(T1, ACME, None, None), work.numbers(T1)), (None, None), "nothing is made")

    def test_an_account_and_numbers_are_kept_apart_from_all_else_of_the_same_id(self, store: Store) -> None:
        books = open_account(store)
        others: tuple[Any, ...] = (
            opened(ACME),
            limits.open_usage(ACME, plan=None, zone="UTC", by=ROOT, now=NOW),
            credit.open_credits(ACME, zone="UTC", by=ROOT, now=NOW),
            opened(NUMBERS),
            accounts.add_customer(NUMBERS, None, zone="UTC", by=ROOT, now=NOW),
        )
        for other in others:
            state, events = other if isinstance(other, tuple) else (other.state, other.events)
            save_new(store, state, events)
        change_books(store, ordering("web"))
        refused(AggregateExists(aggregate=ACME), open_account, store)
        with store.begin() as work:
            for kind, name, most in (
                (AggregateKind.LICENSES, ACME, 1),
                (AggregateKind.USAGE, ACME, 1),
                (AggregateKind.CREDITS, ACME, 1),
                (OF_CUSTOMERS, ACME, 3),
                (AggregateKind.LICENSES, NUMBERS, 1),
                (OF_CUSTOMERS, NUMBERS, 1),
                (OF_NUMBERS, NUMBERS, 2),
            ):
                equal(
                    [one.sequence for one in work.history(T1, kind, name)], [*range(1, most + 1)], "a kind has its own"
                )
            equal(work.pool(T1, ACME, None), Stored(opened(ACME)[0], 1), "a pool is kept apart from an account")
        books_lead(store, after(books, ordering("web")(books).events))

    def test_accounts_are_listed_by_id_without_bills_and_people(self, store: Store) -> None:
        open_account(store)
        change_books(store, adding("ana"), people=["ana"])
        change_books(store, ordering("web"))
        save_new(store, *opened("pool"))
        for name in ("Zeta", "beta", "Acme"):
            added = accounts.add_customer(name, None, zone="UTC", by=ROOT, now=NOW)
            save_new(store, added.state, added.events)
        with store.begin() as work:
            found = work.customers(T1, Page())
            equal([one.id for one in work.pools(T1, Page())], ["pool"], "an account is no pool")
        equal([one.id for one in found], ["Acme", "Zeta", ACME, "beta"], "accounts are listed by id")
        acme = found[2]
        equal((list(acme.subscriptions), acme.users), (["web"], 1), "accounts are listed with all else")
        for one in found:
            equal((one.bills, one.people), (Bills(loaded=()), People(loaded=())), "bills and people are not loaded")

    def test_a_tenant_sees_and_touches_no_account_and_no_numbers_of_another(self, store: Store) -> None:
        books = changes_all(store, open_account(store), ordering("web"), paying(FIRST))
        books = after(books, change_books(store, adding("ana"), people=["ana"]))
        with store.begin() as work:
            equal((work.customer(T2, ACME, None, None), work.numbers(T2)), (None, None), "a tenant sees its own")
            equal(
                (list(work.customers(T2, Page())), list(work.history(T2, OF_CUSTOMERS, ACME))),
                ([], []),
                "a tenant sees its own",
            )
        open_account(store, T2)
        for decide in (adding("ana", "other"), ordering("app")):
            change_books(store, decide, None, None, T2)
        books_lead(store, books)
        with store.begin() as work:
            equal(last_numbers(work, T2), {"proforma": "P-000001"}, "each tenant has its own numbers")

    def test_an_error_undoes_what_was_changed_of_an_account(self, store: Store) -> None:
        books = changes_all(store, open_account(store), ordering("web"), ordering("app"))
        for user in ("ana", "luis"):
            books = after(books, change_books(store, adding(user), people=[user]))
        with store.begin() as work:
            before = found_account(work, (), ()).state
        try:
            with store.begin() as work:
                steps = (paying(FIRST), leaving("ana"), adding("mei"), adding("luis", "more"), ordering("new"))
                for decide in steps:
                    change_within(work, decide, (), None)
                interrupt()
        except Interrupted:
            pass
        books_lead(store, books)
        with store.begin() as work:
            equal(found_account(work, (), ()).state, before, "an error leaves open what was open")

    def test_an_account_is_seen_within_the_unit_of_work_that_saved_it(self, store: Store) -> None:
        books = open_account(store)
        with store.begin() as work:
            for decide in (ordering("web"), paying(FIRST), adding("ana")):
                books = after(books, change_within(work, decide, None, None))
                found = Books(found_account(work).state, found_numbers(work).state)
                equal(found, books, "a unit of work sees what it saved")

    def test_numbers_are_kept_from_the_first_to_the_last(self, store: Store) -> None:
        books = changes_all(store, open_account(store), ordering("web"), paying(FIRST), ordering("app"))
        with store.begin() as work:
            last, history = last_numbers(work), work.history(T1, OF_NUMBERS, NUMBERS)
        equal(last, {"proforma": "P-000002", "invoice": "F-000001"}, "the last numbers are kept")
        equal([type(one.event) is NumbersTaken for one in history], [False, True, True, True], "each taking is told")
        books_lead(store, books)

    def test_a_save_of_an_account_or_of_numbers_without_an_event_is_refused(self, store: Store) -> None:
        books = open_account(store)

        def save(aggregate: Any, expected: int) -> None:
            with store.begin() as work:
                work.save(T1, aggregate, expected=expected, events=())

        for aggregate in (books.account, books.numbers):
            for expected in (0, 1):
                refused(LicensingError, save, aggregate, expected)

    def test_what_is_no_id_is_refused_when_an_account_is_asked_for(self, store: Store) -> None:
        for bad in ("", "a b", "a\x00", "a' OR '1'='1", "x" * 65, "\ud800", None, 1):
            ask: Any = bad
            with store.begin() as work:
                refused(InvalidArgument, work.customer, ask, ACME, None, None)
                refused(InvalidArgument, work.customer, T1, ask, None, None)
                refused(InvalidArgument, work.customer, T1, ACME, [ask], None)
                refused(InvalidArgument, work.customer, T1, ACME, None, [ask])
                refused(InvalidArgument, work.customers, ask, Page())
                refused(InvalidArgument, work.numbers, ask)

    def test_a_unit_of_work_that_was_left_gives_no_account_and_no_numbers(self, store: Store) -> None:
        with store.begin() as work:
            pass
        closed = StoreUnavailable(reason="closed")
        refused(closed, lambda: work.customer(T1, ACME, None, None))
        refused(closed, lambda: work.customers(T1, Page()))
        refused(closed, lambda: work.numbers(T1))
