"""What every store must do with usage and credits of customers; part of `contracts.StoreContract`."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any, Final, cast

from licensing_core import credits as credit
from licensing_core import limits
from licensing_core.checks import InvalidArgument
from licensing_core.credits import (
    ActivationPolicy,
    CreditAccount,
    CreditPack,
    CreditsNotLoaded,
    Grant,
    OrderStatus,
    RefundPolicy,
    Rollover,
)
from licensing_core.decisions import Decision
from licensing_core.errors import LicensingError
from licensing_core.limits import UNLIMITED, Limit, Limits, OnPlanChange, PlacesNotLoaded, Usage
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice
from licensing_core.protocols import (
    AggregateExists,
    AggregateKind,
    Envelope,
    Page,
    Store,
    Stored,
    StoreUnavailable,
    UnitOfWork,
    VersionConflict,
)
from licensing_core.services import replay
from licensing_core.testing.contracts_given import (
    NOW,
    ROOT,
    T1,
    T2,
    Interrupted,
    an_account,
    assign,
    equal,
    interrupt,
    loaded,
    opened,
    refused,
    save_new,
)
from licensing_core.testing.law import LawBroken
from licensing_core.workdays import BusinessCalendar

DAY: Final = timedelta(days=1)
ACME: Final = "acme"
USAGE: Final = AggregateKind.USAGE
CREDITS: Final = AggregateKind.CREDITS
LIMITS: Final = Limits(
    {
        "workspaces": Limit(UNLIMITED),
        "team": Limit(10, "workspaces"),
        "guests": Limit(10, "workspaces"),
        "calls": Limit(100, resets=Duration(months=1)),
    }
)
SMALL: Final = Limits(
    {
        "team": Limit(1, "workspaces", on_plan_change=OnPlanChange.CLAMP),
        "workspaces": Limit(9, on_plan_change=OnPlanChange.RESET),
    }
)
PACK: Final = CreditPack(
    id="ten",
    credits=10,
    prices=(FlatPrice(Money.parse("9.00 EUR")),),
    expires_after=Duration(months=3),
    every=Duration(months=1),
    rollover=Rollover(least=1, most=4),
)
POLICY: Final = ActivationPolicy(calendar=BusinessCalendar(frozenset(range(5)), frozenset({date(2026, 5, 5)})))
Change = Callable[[Any], Decision[Any, Any]]


def _known(stored: Stored[Any] | None) -> Stored[Any]:
    if stored is None:
        raise LawBroken("usage and credits are loaded once they were saved")
    return stored


def _usage(work: UnitOfWork, places: Collection[str] | None = None, tenant: str = T1) -> Stored[Usage]:
    return _known(work.usage(tenant, ACME, places))


def _credits(work: UnitOfWork, ids: Collection[str] | None = None, tenant: str = T1) -> Stored[CreditAccount]:
    return _known(work.credits(tenant, ACME, ids))


def open_usage(store: Store, tenant: str = T1) -> Usage:
    """Begin to count what the customer uses."""
    anchor = date(2026, 1, 31)
    decision = limits.open_usage(ACME, plan="small", zone="Europe/Madrid", anchor=anchor, by=ROOT, now=NOW)
    save_new(store, decision.state, decision.events, tenant)
    return decision.state


def open_credits(store: Store, tenant: str = T1) -> CreditAccount:
    """Open an account of credits for the customer."""
    decision = credit.open_credits(ACME, zone="Europe/Madrid", overdraft=UNLIMITED, by=ROOT, now=NOW)
    save_new(store, decision.state, decision.events, tenant)
    return decision.state


def change_usage(store: Store, places: Collection[str] | None, decide: Change, tenant: str = T1) -> Sequence[Any]:
    """Load the usage with those *places*, save what *decide* makes of it, and give the events."""
    with store.begin() as work:
        stored = _usage(work, places, tenant)
        decision = decide(stored.state)
        work.save(tenant, decision.state, expected=stored.version, events=decision.events)
    return decision.events


def change_credits(store: Store, ids: Collection[str] | None, decide: Change, tenant: str = T1) -> Sequence[Any]:
    """Load the credits with those *ids*, save what *decide* makes of them, and give the events."""
    with store.begin() as work:
        stored = _credits(work, ids, tenant)
        decision = decide(stored.state)
        work.save(tenant, decision.state, expected=stored.version, events=decision.events)
    return decision.events


def using(name: str, amount: int = 1, within: str | None = None) -> Change:
    """What uses *amount* of a limit, or releases it, when below 0."""
    step: Any = limits.use if amount > 0 else limits.release
    return lambda usage: step(usage, name, abs(amount), limits=LIMITS, within=within, by=ROOT, now=NOW)


def granting(name: str, amount: int = 10, *, now: datetime = NOW, **more: Any) -> Change:
    """What grants *amount* credits at *now*."""
    gift = Grant(**{"id": name, "amount": amount, "effective": now, **more})
    return lambda account: credit.grant(account, gift, by=ROOT, now=now)


def spending(amount: int, *, now: datetime = NOW) -> Change:
    """What spends *amount* credits at *now*."""
    return lambda account: credit.spend(account, amount, by=ROOT, now=now)


def ordering(name: str) -> Change:
    """What orders a pack of credits."""
    return lambda account: credit.order_pack(account, PACK, name, by=ROOT, now=NOW)


def paying(name: str) -> Change:
    """What takes note that an order was paid."""
    return lambda account: credit.note_payment(account, name, policy=POLICY, by=ROOT, now=NOW)


def cancelling(name: str) -> Change:
    """What withdraws an order."""
    return lambda account: credit.cancel_order(account, name, by=ROOT, now=NOW)


def activating(name: str) -> Change:
    """What makes the credits of an order spendable."""
    return lambda account: credit.activate(account, name, by=ROOT, now=NOW)


def history_leads(store: Store, kind: AggregateKind, state: object, tenant: str = T1) -> None:
    """See to it that *state* is what is stored, and what the history of it leads to."""
    with store.begin() as work:
        history = work.history(tenant, kind, ACME)
        found: object = _usage(work, None, tenant) if kind is USAGE else _credits(work, None, tenant)
        wanted = Stored(state, len(history))
        equal(found, wanted, "what is loaded whole is what was saved")
        equal(Stored(replay(history), len(history)), wanted, "a history leads to what is stored")


def not_looked_up(error: type[LicensingError], entries: Any, *ids: str) -> None:
    """See to it that *entries* say of *ids* that they were not looked up."""
    for name in ids:
        refused(error, entries.get, name)


class CustomerContract:
    """What a store must do with usage and credits, each test with a store of its own that is empty at first."""

    def test_an_empty_store_knows_no_usage_and_no_credits(self, store: Store) -> None:
        with store.begin() as work:
            equal(work.usage(T1, ACME, None), None, "there is no usage")
            equal(work.usage(T1, ACME, ["w1"]), None, "there is no usage")
            equal(work.credits(T1, ACME, None), None, "there are no credits")
            equal(work.credits(T1, ACME, ["g1"]), None, "there are no credits")
            equal(list(work.history(T1, USAGE, ACME)), [], "there is no history")
            equal(list(work.history(T1, CREDITS, ACME)), [], "there is no history")

    def test_usage_is_loaded_as_it_was_saved_after_each_kind_of_change(self, store: Store) -> None:
        usage = open_usage(store)
        history_leads(store, USAGE, usage)
        steps: tuple[tuple[Collection[str] | None, Change], ...] = (
            ((), using("calls", 90)),
            (("w1",), using("team", 3, "w1")),
            (("w1", "w2"), using("guests", 10, "w2")),
            (("w2",), using("team", 2, "w2")),
            ((), lambda one: limits.override(one, "calls", UNLIMITED, by=ROOT, now=NOW)),
            ((), lambda one: limits.override(one, "team", 7, by=ROOT, now=NOW)),
            ((), lambda one: limits.override(one, "team", None, by=ROOT, now=NOW)),
            (("w1",), using("team", -3, "w1")),
            (("w1",), using("team", 2, "w1")),
            (None, lambda one: limits.change_plan(one, "s", limits=SMALL, accept_excess=True, by=ROOT, now=NOW)),
        )
        for places, decide in steps:
            usage = reduce(limits.apply, change_usage(store, places, decide), usage)
            history_leads(store, USAGE, usage)

    def test_the_places_asked_for_are_loaded_and_no_others(self, store: Store) -> None:
        open_usage(store)
        for place in ("w1", "w2"):
            change_usage(store, [place], using("team", 2, place))
        with store.begin() as work:
            some, none = _usage(work, {"w1", "w9"}).state.places, _usage(work, ()).state.places
            tallies = _usage(work, ()).state.tallies
        equal((list(some), some.loaded), (["w1"], {"w1", "w9"}), "places are loaded that were asked for")
        equal(some.get("w9"), None, "nothing is used in a place that was looked up in vain")
        equal((list(none), none.loaded), ([], frozenset()), "places are loaded that were asked for")
        equal(tallies["team"].used, 4, "a count is loaded whatever places are")
        not_looked_up(PlacesNotLoaded, some, "w2")

    def test_saving_usage_loaded_in_part_keeps_what_other_places_use(self, store: Store) -> None:
        open_usage(store)
        for place in ("w1", "w2", "w3"):
            change_usage(store, [place], using("team", 2, place))
        change_usage(store, ["w1", "w2"], using("guests", 1, "w2"))
        change_usage(store, ["w3"], using("team", -2, "w3"))
        with store.begin() as work:
            places = _usage(work).state.places
        used = {place: {name: one.used for name, one in mine.items()} for place, mine in places.items()}
        equal(used, {"w1": {"team": 2}, "w2": {"team": 2, "guests": 1}}, "what other places use is kept")

    def test_very_many_places_are_kept_and_loaded(self, store: Store) -> None:
        names = [f"w{number:04}" for number in range(1200)]
        usage = open_usage(store)
        with store.begin() as work:
            events: list[Any] = []
            for name in names:
                decision = using("team", 1 + len(events) % 3, name)(usage)
                usage, events = decision.state, [*events, *decision.events]
            work.save(T1, usage, expected=1, events=events)
        with store.begin() as work:
            equal(len(_usage(work, names[:1100]).state.places), 1100, "very many places are loaded")
        history_leads(store, USAGE, usage)
        switch = change_usage(store, None, lambda one: limits.change_plan(one, "s", limits=SMALL, by=ROOT, now=NOW))
        history_leads(store, USAGE, reduce(limits.apply, switch, usage))

    def test_credits_are_loaded_as_they_were_saved_after_each_kind_of_change(self, store: Store) -> None:
        account = open_credits(store)
        history_leads(store, CREDITS, account)
        negative, later = RefundPolicy.GO_NEGATIVE, NOW + 40 * DAY
        steps: tuple[tuple[Collection[str], Change], ...] = (
            (["o1"], ordering("o1")),
            (["o2"], ordering("o2")),
            (["o3"], ordering("o3")),
            (["o1"], paying("o1")),
            (["o2"], cancelling("o2")),
            ([], activating("o1")),
            (["g1"], granting("g1", 5, priority=-3, expires=NOW + 9 * DAY)),
            (["g2"], granting("g2", effective=NOW + DAY)),
            ([], spending(14)),
            ([], lambda one: credit.void(one, "g2", by=ROOT, now=NOW)),
            (["g3"], granting("g3", 6, now=NOW + 2 * DAY)),
            ([], lambda one: credit.reset(one, by=ROOT, now=NOW + 3 * DAY)),
            (["o1"], lambda one: credit.refund(one, "o1", policy=negative, by=ROOT, now=later)),
            (["o3"], paying("o3")),
            (["o3"], lambda one: credit.refund(one, "o3", by=ROOT, now=later)),
            ([], spending(3, now=later)),
        )
        for ids, decide in steps:
            account = reduce(credit.apply, change_credits(store, ids, decide), account)
            history_leads(store, CREDITS, account)

    def test_open_grants_are_loaded_and_closed_ones_only_when_they_are_named(self, store: Store) -> None:
        open_credits(store)
        change_credits(store, ["spent"], granting("spent", 4))
        change_credits(store, [], spending(4))
        change_credits(store, ["left"], granting("left", 4))
        change_credits(store, ["ahead"], granting("ahead", effective=NOW + DAY))
        with store.begin() as work:
            some, named = _credits(work, ()).state.balances, _credits(work, ["spent", "none"]).state.balances
        equal(sorted(some.entries), ["ahead", "left"], "open grants are loaded")
        not_looked_up(CreditsNotLoaded, some.entries, "spent", "none")
        equal(sorted(named.entries), ["ahead", "left", "spent"], "grants are loaded when they are named")
        equal(named.entries.get("none"), None, "there is no grant that was looked up in vain")
        for found in (some, named):
            equal((found.available, found.granted, found.burned), (4, 8, 4), "totals are those of all grants")

    def test_a_grant_that_ended_is_closed_by_the_next_save_though_nothing_was_moved(self, store: Store) -> None:
        open_credits(store)
        cycle = Cycle(NOW, Duration(days=7), "Europe/Madrid")
        change_credits(store, ["g1"], granting("g1", 4, recurrence=cycle, expires=NOW + DAY))
        change_credits(store, [], spending(4))
        with store.begin() as work:
            equal(list(_credits(work, ()).state.balances.entries), ["g1"], "what is topped up is open")
        change_credits(store, ["g2"], granting("g2", now=NOW + 2 * DAY))
        with store.begin() as work:
            some, named = (_credits(work, ids).state.balances.entries for ids in ((), ("g1",)))
        equal(list(some), ["g2"], "a grant that ended is closed")
        not_looked_up(CreditsNotLoaded, some, "g1")
        equal(named["g1"].burned, 4, "a grant that was closed is kept")

    def test_orders_are_loaded_from_payment_to_activation_and_else_when_they_are_named(self, store: Store) -> None:
        open_credits(store)
        for name in ("o1", "o2"):
            change_credits(store, [name], ordering(name))
        with store.begin() as work:
            unpaid, named = _credits(work, ()).state.orders, _credits(work, ["o2"]).state.orders
        equal(list(unpaid), [], "orders that await their payment are not loaded")
        not_looked_up(CreditsNotLoaded, unpaid, "o1", "o2")
        states = {"o2": OrderStatus.AWAITING_PAYMENT}
        equal({name: one.status for name, one in named.items()}, states, "orders are loaded when they are named")
        change_credits(store, ["o1"], paying("o1"))
        change_credits(store, ["o2"], cancelling("o2"))
        with store.begin() as work:
            paid = _credits(work, ()).state.orders
        states = {"o1": OrderStatus.PENDING}
        equal({name: one.status for name, one in paid.items()}, states, "orders that are paid are loaded")
        change_credits(store, [], lambda one: credit.refund(one, "o1", by=ROOT, now=NOW))
        with store.begin() as work:
            later, named = _credits(work, ()).state.orders, _credits(work, ["o1", "o2"]).state.orders
        equal(list(later), [], "orders that came to their end are not loaded")
        not_looked_up(CreditsNotLoaded, later, "o1", "o2")
        states = {"o1": OrderStatus.REFUNDED, "o2": OrderStatus.CANCELLED}
        equal({name: one.status for name, one in named.items()}, states, "orders are loaded when they are named")

    def test_what_was_looked_up_is_the_same_of_grants_and_of_orders(self, store: Store) -> None:
        """They share their ids: of an open grant it is known that its order is active, or that there is none."""
        open_credits(store)
        decided = (ordering("o1"), paying("o1"), activating("o1"), granting("g1"), ordering("o2"), paying("o2"))
        for decide in decided:
            change_credits(store, ["o1", "o2", "g1"], decide)
        with store.begin() as work:
            some = _credits(work, ["x"]).state
        entries, orders = some.balances.entries, some.orders
        equal(entries.loaded, {"o1", "o2", "g1", "x"}, "what was looked up is open or was named")
        equal(orders.loaded, entries.loaded, "what was looked up is the same of grants and orders")
        states = {"o1": OrderStatus.ACTIVE, "o2": OrderStatus.PENDING}
        equal({name: one.status for name, one in orders.items()}, states, "no order is denied that is there")
        equal(sorted(entries), ["g1", "o1"], "no grant is denied that is there")

    def test_saving_credits_loaded_in_part_keeps_closed_grants_and_orders(self, store: Store) -> None:
        account = open_credits(store)
        for number in range(3):
            name = f"g{number}"
            for decide in (granting(name, 2), spending(2), ordering(f"o{number}"), cancelling(f"o{number}")):
                account = reduce(credit.apply, change_credits(store, [name, f"o{number}"], decide), account)
        equal((len(account.balances.entries), len(account.orders)), (3, 3), "each is there once")
        history_leads(store, CREDITS, account)

    def test_whose_usage_or_credits_were_changed_meanwhile_is_refused(self, store: Store) -> None:
        usage, account = open_usage(store), open_credits(store)
        late, slow = using("team", 2, "w1")(usage), granting("g1")(account)
        change_usage(store, ["w1"], using("team", 1, "w1"))
        change_credits(store, ["g1"], granting("g1", 3))

        def save(decision: Any, expected: int) -> None:
            with store.begin() as work:
                work.save(T1, decision.state, expected=expected, events=decision.events)

        for decision in (late, slow):
            for expected in (1, 3):
                refused(VersionConflict(aggregate=ACME, expected=expected), save, decision, expected)
            refused(AggregateExists(aggregate=ACME), save, decision, 0)
        with store.begin() as work:
            used, given = _usage(work), _credits(work)
        equal((used.version, used.state.places["w1"]["team"].used), (2, 1), "who comes late changes nothing")
        equal((given.version, given.state.balances.available), (2, 3), "who comes late changes nothing")

    def test_usage_and_credits_that_are_not_there_cannot_be_changed(self, store: Store) -> None:
        usage = limits.open_usage(ACME, plan=None, zone="UTC", by=ROOT, now=NOW).state
        account = credit.open_credits(ACME, zone="UTC", by=ROOT, now=NOW).state

        def save(decision: Any) -> None:
            with store.begin() as work:
                work.save(T1, decision.state, expected=1, events=decision.events)

        for decision in (using("calls")(usage), granting("g1")(account)):
            refused(VersionConflict(aggregate=ACME, expected=1), save, decision)
            with store.begin() as work:
                equal((work.usage(T1, ACME, None), work.credits(T1, ACME, None)), (None, None), "nothing is made")

    def test_an_id_is_given_once_within_a_kind_and_anew_in_another(self, store: Store) -> None:
        usage, account = open_usage(store), open_credits(store)
        licenses, events = an_account(ACME)
        save_new(store, licenses, events)
        for again in (open_usage, open_credits):
            refused(AggregateExists(aggregate=ACME), again, store)
        refused(AggregateExists(aggregate=ACME), save_new, store, *opened(ACME))
        change_usage(store, [], using("calls"))
        with store.begin() as work:
            equal(work.account(T1, ACME, None), Stored(licenses, 1), "an id is used once in each kind")
            equal(work.pool(T1, ACME, None), None, "usage and credits are no pool")
            equal(list(work.pools(T1, Page())), [], "usage and credits are no pool")
            histories = {kind: work.history(T1, kind, ACME) for kind in (AggregateKind.LICENSES, USAGE, CREDITS)}
        numbers = {kind: _numbered(history, kind) for kind, history in histories.items()}
        wanted = {AggregateKind.LICENSES: [1], USAGE: [1, 2], CREDITS: [1]}
        equal(numbers, wanted, "each kind has a history of its own")
        history_leads(store, USAGE, using("calls")(usage).state)
        history_leads(store, CREDITS, account)

    def test_a_tenant_sees_and_touches_no_usage_and_no_credits_of_another(self, store: Store) -> None:
        usage, account = open_usage(store), open_credits(store)
        usage = reduce(limits.apply, change_usage(store, ["w1"], using("team", 2, "w1")), usage)
        account = reduce(credit.apply, change_credits(store, ["g1"], granting("g1")), account)
        with store.begin() as work:
            equal((work.usage(T2, ACME, None), work.credits(T2, ACME, None)), (None, None), "a tenant sees its own")
            equal(list(work.history(T2, USAGE, ACME)), [], "a tenant sees its own")
        open_usage(store, T2)
        open_credits(store, T2)
        change_usage(store, ["w1"], using("team", 5, "w1"), T2)
        change_credits(store, ["g1"], granting("g1", 3), T2)
        change_credits(store, (), spending(3), T2)
        history_leads(store, USAGE, usage)
        history_leads(store, CREDITS, account)

    def test_an_error_undoes_what_was_changed_of_usage_and_credits(self, store: Store) -> None:
        usage, account = open_usage(store), open_credits(store)
        usage = reduce(limits.apply, change_usage(store, ["w1"], using("team", 2, "w1")), usage)
        for decide in (granting("g1"), ordering("o1"), paying("o1")):
            account = reduce(credit.apply, change_credits(store, ["g1", "o1"], decide), account)
        try:
            with store.begin() as work:
                for step, before in (
                    (using("team", -2, "w1"), _usage(work, ["w1"])),
                    (spending(10), _credits(work, ())),
                ):
                    decision = step(before.state)
                    work.save(T1, decision.state, expected=before.version, events=decision.events)
                interrupt()
        except Interrupted:
            pass
        history_leads(store, USAGE, usage)
        history_leads(store, CREDITS, account)
        with store.begin() as work:
            some = _credits(work, ()).state
        equal((list(some.balances.entries), list(some.orders)), (["g1"], ["o1"]), "an error leaves open what was open")

    def test_usage_and_credits_are_seen_within_the_unit_of_work_that_saved_them(self, store: Store) -> None:
        usage, account = open_usage(store), open_credits(store)
        with store.begin() as work:
            for kind, decision in (("usage", using("team", 2, "w1")(usage)), ("credits", granting("g1")(account))):
                work.save(T1, cast("Any", decision.state), expected=1, events=decision.events)
                found = _usage(work) if kind == "usage" else _credits(work)
                version = 1 + len(decision.events)
                equal(found, Stored(decision.state, version), "a unit of work sees what it saved")

    def test_nothing_of_pools_is_touched_by_usage_and_credits_of_the_same_id(self, store: Store) -> None:
        save_new(store, *opened(ACME))
        assign(store, ["ana"], ACME)
        before = loaded(store, ACME)
        open_usage(store)
        open_credits(store)
        change_usage(store, ["ana"], using("team", 2, "ana"))
        change_credits(store, ["ana"], granting("ana"))
        equal(loaded(store, ACME), before, "usage and credits are kept apart from pools")

    def test_a_save_of_usage_or_credits_without_an_event_is_refused(self, store: Store) -> None:
        states: tuple[Any, ...] = (open_usage(store), open_credits(store))

        def save(state: Any) -> None:
            with store.begin() as work:
                work.save(T1, state, expected=1, events=())

        for state in states:
            refused(InvalidArgument, save, state)

    def test_what_is_no_id_is_refused_when_usage_or_credits_are_asked_for(self, store: Store) -> None:
        for bad in ("", "a b", "a\x00", "a' OR '1'='1", "x" * 65, "\ud800", None, 1):
            ask: Any = bad
            with store.begin() as work:
                for method in (work.usage, work.credits):
                    refused(InvalidArgument, method, ask, ACME, None)
                    refused(InvalidArgument, method, T1, ask, None)
                    refused(InvalidArgument, method, T1, ACME, [ask])
                refused(InvalidArgument, work.history, T1, ask, ACME)

    def test_a_unit_of_work_that_was_left_gives_no_usage_and_no_credits(self, store: Store) -> None:
        with store.begin() as work:
            pass
        closed = StoreUnavailable(reason="closed")
        refused(closed, lambda: work.usage(T1, ACME, None))
        refused(closed, lambda: work.credits(T1, ACME, None))
        refused(closed, lambda: work.history(T1, USAGE, ACME))


def _numbered(history: Sequence[Envelope], kind: AggregateKind) -> list[int]:
    owners = {(one.tenant, one.kind, one.aggregate) for one in history}
    equal(owners, {(T1, kind, ACME)}, "a history is of one aggregate")
    return [one.sequence for one in history]
