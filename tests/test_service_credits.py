"""Use cases of credits over every store: packs ordered, paid and activated; credits granted, spent and read."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core import credits as credit
from licensing_core.checks import InvalidArgument
from licensing_core.credits import Entries, Entry, Grant, OrderStatus, RefundPolicy, Standing
from licensing_core.currencies import Currency
from licensing_core.directory import Actor, PermissionMissing
from licensing_core.limits import UNLIMITED
from licensing_core.money import Money
from licensing_core.protocols import AggregateExists, Store
from licensing_core.services import (
    CancelPack,
    Licensing,
    RefundPack,
    ResetCredits,
    UnknownAccount,
    VoidGrant,
)
from tests.credit_commands import (
    OPEN,
    READ,
    TOMORROW,
    activate,
    balance,
    burned,
    buy,
    give,
    order,
    pay,
    spend,
    with_credits,
)
from tests.service_world import (
    CREDIT_PACKS,
    NOON,
    TENANT,
    Checked,
    Clock,
    Turn,
    changed,
    host,
    known,
    refused,
    snapshot,
    to,
)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """The customer a1 has an account of credits, with none in it."""
    known(store)
    return with_credits(store, clock)


# Packs


def test_a_pack_is_ordered_paid_and_active_within_48_working_hours(licensing: Licensing, clock: Clock) -> None:
    ordered = licensing.run(order())
    assert (ordered.order.status, ordered.order.price) == (OrderStatus.AWAITING_PAYMENT, Money.parse("10.00 EUR"))
    paid = licensing.run(pay(paid="10.00 EUR"))
    assert paid.order.status is OrderStatus.PENDING
    assert paid.order.active_by is not None
    assert paid.order.active_by.isoformat() == "2026-05-19T22:00:00+00:00", "paid on a Saturday; the end of Tuesday"
    assert paid.standing == Standing(balance=0, pending=100, late=())
    clock.now = NOON + timedelta(days=4)
    assert licensing.run(READ).standing.late == ("o1",)
    active = licensing.run(activate())
    assert (active.order.status, active.standing) == (OrderStatus.ACTIVE, Standing(balance=100, pending=0, late=()))


def test_each_step_of_an_order_is_made_once(licensing: Licensing, store: Store) -> None:
    licensing.run(order())
    assert refused(licensing.run, activate()) == credit.OrderNotPaid(order="o1")
    licensing.run(pay())
    assert refused(licensing.run, attrs.evolve(pay(), key="k1")) == credit.OrderAlreadyPaid(order="o1")
    licensing.run(activate())
    before = snapshot(store)
    assert refused(licensing.run, attrs.evolve(activate(), key="k2")) == credit.OrderAlreadyActive(order="o1")
    assert refused(licensing.run, CancelPack(order="o1", **to("k3"))) == credit.OrderAlreadyPaid(order="o1")
    assert refused(licensing.run, attrs.evolve(order(), key="k4")) == credit.OrderExists(order="o1")
    assert snapshot(store) == before


def test_an_order_that_is_withdrawn_is_paid_no_more(licensing: Licensing) -> None:
    licensing.run(order())
    assert licensing.run(CancelPack(order="o1", **to("k1"))).order.status is OrderStatus.CANCELLED
    assert refused(licensing.run, pay()) == credit.OrderClosed(order="o1")


def test_what_was_paid_is_held_against_the_price(licensing: Licensing) -> None:
    licensing.run(order())
    price, paid = Money.parse("10.00 EUR"), Money.parse("1.00 EUR")
    differs = credit.PaymentDiffers(order="o1", price=price, paid=paid)
    assert refused(licensing.run, pay(paid="1.00 EUR")) == differs


def test_an_order_keeps_the_terms_of_its_sale(licensing: Licensing, store: Store) -> None:
    licensing.run(order())
    dearer = (attrs.evolve(CREDIT_PACKS[0], credits=1),)
    changed = Checked(store, host(credit_packs=dearer))
    changed.run(pay())
    assert changed.run(activate()).standing.balance == 100


def test_a_pack_with_several_prices_is_ordered_in_one_of_them(licensing: Licensing) -> None:
    assert refused(licensing.run, order(pack="monthly")).code == "price.missing"
    assert licensing.run(order(pack="monthly", currency=Currency("USD"))).order.price == Money.parse("6.00 USD")


def test_what_is_not_there_is_told_by_what_it_is(licensing: Licensing) -> None:
    assert refused(licensing.run, order(pack="huge")) == credit.UnknownPack(pack="huge")
    assert refused(licensing.run, pay("o9")) == credit.UnknownOrder(order="o9")
    assert refused(licensing.run, VoidGrant(grant="g9", **to("k1"))) == credit.UnknownGrant(grant="g9")


def test_the_credits_of_a_refunded_order_are_taken_back_as_the_policy_says(licensing: Licensing) -> None:
    for name in ("o1", "o2", "o3"):
        buy(licensing, name)
    licensing.run(spend(130, "k1"))
    refuse = RefundPack(order="o1", **to("k2"))
    assert refused(licensing.run, refuse) == credit.CreditsAlreadySpent(order="o1", spent=100)
    forgiven = licensing.run(attrs.evolve(refuse, policy=RefundPolicy.FORGIVE))
    assert (forgiven.order.status, forgiven.standing.balance) == (OrderStatus.REFUNDED, 170)
    owed = licensing.run(RefundPack(order="o2", policy=RefundPolicy.GO_NEGATIVE, **to("k3")))
    assert owed.standing.balance == 70, "the 30 that were spent of it are owed"


# Grants, and spending them


def test_credits_are_spent_in_order_and_told_so(licensing: Licensing) -> None:
    licensing.run(give("late", 50))
    licensing.run(give("soon", 20, expires=TOMORROW))
    licensing.run(give("first", 5, priority=-1))
    spent = licensing.run(spend(40, "k1"))
    assert burned(spent) == [("first", 5), ("soon", 20), ("late", 15)]
    assert spent.standing.balance == 35
    assert refused(licensing.run, spend(36, "k2")) == credit.InsufficientCredits(balance=35, shortfall=1)
    assert balance(licensing) == 35


def test_an_overdraft_is_paid_by_the_next_credits(store: Store) -> None:
    licensing = Checked(store)
    licensing.run(attrs.evolve(OPEN, overdraft=10))
    assert licensing.run(spend(10, "k1")).standing.balance == -10
    assert isinstance(refused(licensing.run, spend(1, "k2")), credit.InsufficientCredits)
    assert licensing.run(give("gift", 15)).standing.balance == 5


def test_without_a_limit_to_what_is_owed_all_may_be_spent(store: Store) -> None:
    licensing = Checked(store)
    licensing.run(attrs.evolve(OPEN, overdraft=UNLIMITED))
    assert licensing.run(spend(1_000_000, "k1")).standing.balance == -1_000_000


def test_a_grant_is_voided_once_and_keeps_its_id(licensing: Licensing, store: Store) -> None:
    licensing.run(give("gift", 50))
    assert licensing.run(VoidGrant(grant="gift", **to("k1"))).standing.balance == 0
    before = snapshot(store)
    assert licensing.run(VoidGrant(grant="gift", **to("k2"))).standing.balance == 0
    assert not changed(before, snapshot(store))
    assert refused(licensing.run, attrs.evolve(give("gift", 1), key="k3")) == credit.OrderExists(order="gift")
    assert refused(licensing.run, order("gift")) == credit.OrderExists(order="gift")


def test_a_new_count_keeps_what_rolls_over(licensing: Licensing) -> None:
    licensing.run(give("gift", 50, rollover=credit.Rollover(most=10)))
    licensing.run(give("rest", 7))
    assert licensing.run(ResetCredits(**to("k1"))).standing.balance == 10


def test_what_expired_between_two_commands_is_stored_as_expired(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    licensing.run(give("soon", 20, expires=TOMORROW))
    licensing.run(give("late", 50))
    licensing.run(spend(5, "k1"))
    clock.now = TOMORROW
    assert balance(licensing) == 50
    assert burned(licensing.run(spend(1, "k2"))) == [("late", 1)]
    with store.begin() as work:
        stored, opened = work.credits(TENANT, "a1", None), work.credits(TENANT, "a1", frozenset())
    assert stored is not None
    assert opened is not None
    soon = stored.state.balances.entries["soon"]
    assert (soon.balance, soon.burned, soon.expired) == (0, 5, 15)
    assert set(opened.state.balances.entries) == {"late"}, "it is loaded no more"
    assert opened.state.balances.expired == 15


def test_a_grant_that_had_nothing_left_when_it_expired_is_loaded_no_more(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    licensing.run(give("soon", 20, expires=TOMORROW, rollover=credit.Rollover(least=1, most=1)))
    licensing.run(spend(20, "k1"))
    clock.now = TOMORROW
    licensing.run(give("late", 50))
    with store.begin() as work:
        opened = work.credits(TENANT, "a1", frozenset())
    assert opened is not None
    assert set(opened.state.balances.entries) == {"late"}


def test_ten_thousand_grants_that_are_over_do_not_slow_a_spend_down(store: Store) -> None:
    """Of them not one is loaded."""
    over = NOON - timedelta(days=1)
    grants = (Grant(id=f"g{n}", amount=1, effective=over, expires=over) for n in range(10_000))
    entries = {one.id: Entry(grant=one, granted=1, expired=1) for one in grants}
    opening = credit.open_credits("a1", zone="Europe/Madrid", by=Actor("boss"), now=NOON)
    balances = attrs.evolve(opening.state.balances, entries=Entries(entries), granted=10_000, expired=10_000)
    with store.begin() as work:
        account = attrs.evolve(opening.state, balances=balances)
        work.save(TENANT, account, expected=0, events=opening.events)
    watched = Watched(store)
    licensing = Licensing(watched, host(), Clock())
    licensing.run(give("gift", 5))
    assert licensing.run(spend(1, "k1")).standing.balance == 4
    assert watched.loaded == [0, 1]
    with store.begin() as work:
        stored = work.credits(TENANT, "a1", None)
    assert stored is not None
    assert len(stored.state.balances.entries) == 10_001


def test_orders_that_nobody_pays_do_not_slow_a_spend_down(licensing: Licensing, store: Store) -> None:
    """They are loaded when they are named, and what is paid is loaded until it is active."""
    for number in range(20):
        licensing.run(order(f"o{number}"))
    licensing.run(give("gift", 5))
    watched = Watched(store)
    watching = Licensing(watched, host(), Clock())
    watching.run(spend(1, "k1"))
    assert watching.run(READ).standing == Standing(balance=4, pending=0, late=())
    watching.run(pay("o7"))
    assert watching.run(READ).standing.pending == 100
    watching.run(activate("o7"))
    watching.run(spend(104, "k2"))
    watching.run(READ)
    assert watched.orders == [set(), set(), {"o7"}, {"o7"}, {"o7"}, {"o7"}, set()]


class Watched:
    """A store that notes how many grants and which orders it loads at a time."""

    def __init__(self, store: Store) -> None:
        self._store, self.loaded, self.orders = store, list[int](), list[set[str]]()

    def begin(self, *, read_only: bool = False) -> Any:
        return WatchedTurn(self._store.begin(read_only=read_only), self.loaded, self.orders)


class WatchedTurn(Turn):
    def __init__(self, turn: Any, loaded: list[int], orders: list[set[str]]) -> None:
        super().__init__(turn)
        self._loaded, self._orders = loaded, orders

    def credits(self, *given: Any) -> Any:
        stored = self.inner.credits(*given)
        self._loaded.append(len(stored.state.balances.entries))
        self._orders.append(set(stored.state.orders))
        return stored


# Reading


def test_credits_are_read_at_an_instant_that_is_past_or_to_come(licensing: Licensing, clock: Clock) -> None:
    licensing.run(give("soon", 20, expires=TOMORROW))
    licensing.run(give("late", 50))
    clock.now = NOON + timedelta(hours=1)
    licensing.run(spend(30, "k1"))
    clock.now = TOMORROW

    def at(instant: Any) -> int:
        return licensing.run(attrs.evolve(READ, at=instant)).standing.balance

    assert [at(NOON), at(NOON + timedelta(hours=1)), at(None), at(TOMORROW)] == [70, 40, 40, 40]
    licensing.run(give("third", 9, expires=TOMORROW + timedelta(days=1)))
    assert [at(TOMORROW), at(TOMORROW + timedelta(days=1)), at(NOON)] == [49, 40, 70]
    before = attrs.evolve(READ, at=NOON - timedelta(seconds=1))
    assert refused(licensing.run, before) == UnknownAccount(account="a1"), "there was none yet"


def test_credits_are_read_at_most_366_days_ahead(licensing: Licensing) -> None:
    licensing.run(give("gift", 9, expires=NOON + timedelta(days=366)))
    year = attrs.evolve(READ, at=NOON + timedelta(days=366))
    assert licensing.run(year).standing.balance == 0
    further = attrs.evolve(READ, at=NOON + timedelta(days=366, microseconds=1))
    refusal = InvalidArgument(parameter="at", expected="at most 366 days ahead of now", got="a later instant")
    assert refused(licensing.run, further) == refusal
    assert isinstance(refused(licensing.run, attrs.evolve(further, actor="u1")), PermissionMissing)
    assert refused(licensing.run, attrs.evolve(further, customer="a9")) == refusal


def test_what_waited_at_an_instant_that_is_past_is_told(licensing: Licensing, clock: Clock) -> None:
    licensing.run(order())
    licensing.run(pay())
    clock.now = TOMORROW
    licensing.run(activate())
    assert licensing.run(attrs.evolve(READ, at=NOON)).standing == Standing(balance=0, pending=100, late=())
    late = licensing.run(attrs.evolve(READ, at=TOMORROW + timedelta(days=9)))
    assert late.standing == Standing(balance=100, pending=0, late=())


# Who may


def test_the_main_administrator_orders_withdraws_and_reads_and_no_more(licensing: Licensing) -> None:
    chief = {"actor": "chief"}
    own: list[Any] = [order(), CancelPack(order="o1", **to("k1")), READ]
    for asked in own:
        for stranger in ("other", "u1"):
            assert isinstance(refused(licensing.run, attrs.evolve(asked, actor=stranger)), PermissionMissing)
        licensing.run(attrs.evolve(asked, **chief))
    each: list[Any] = [
        attrs.evolve(OPEN, key="k"),
        pay(),
        activate(),
        RefundPack(order="o1", **to("k2")),
        give("gift", 9),
        VoidGrant(grant="gift", **to("k3")),
        spend(1, "k4"),
        ResetCredits(**to("k5")),
    ]
    for asked in each:
        assert isinstance(refused(licensing.run, attrs.evolve(asked, **chief)), PermissionMissing)


def test_a_customer_without_credits_is_refused_after_the_permission(licensing: Licensing) -> None:
    each: list[Any] = [
        order(pack="huge"),
        pay(),
        CancelPack(order="o1", **to("k1")),
        activate(),
        RefundPack(order="o1", **to("k2")),
        give("gift", 9),
        VoidGrant(grant="gift", **to("k3")),
        spend(1, "k4"),
        ResetCredits(**to("k5")),
        READ,
        attrs.evolve(READ, at=NOON - timedelta(days=1)),
        attrs.evolve(READ, at=TOMORROW),
    ]
    for asked in each:
        unknown = attrs.evolve(asked, customer="a9")
        assert refused(licensing.run, unknown) == UnknownAccount(account="a9")
        assert isinstance(refused(licensing.run, attrs.evolve(unknown, actor="u1")), PermissionMissing)


def test_a_customer_has_one_account(licensing: Licensing) -> None:
    assert refused(licensing.run, attrs.evolve(OPEN, key="again")) == AggregateExists(aggregate="a1")
