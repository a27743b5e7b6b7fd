"""Carts, the public catalog and renewals through the services: all or nothing, and charged to whom it should be."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core.billing import QuoteChanged
from licensing_core.checks import InvalidArgument
from licensing_core.directory import Permission, PermissionMissing, Scope
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine, CartRefused, Charged, RenewalNotOwner
from licensing_core.pools import RenewalNotOffered
from licensing_core.protocols import AggregateExists, AggregateKind, Store
from licensing_core.services import (
    BuyPublicPlan,
    CheckOut,
    Licensing,
    ListPlans,
    QuoteCart,
    QuoteRenewal,
    ReadPool,
    RecordTransaction,
    RenewPool,
)
from licensing_core.visibility import BeneficiaryNotAllowed, PlanNotVisible, PoolNotVisible, PurchaseBySuperadmin
from tests.service_world import (
    FIRE,
    NOON,
    TENANT,
    Checked,
    Clock,
    assign,
    buy,
    enroll,
    events_of,
    host,
    refused,
    sent,
    snapshot,
)

SALES = Scope.tree("sales")
CART = Cart(
    lines=(
        CartLine(plan="five", pool="c1", beneficiary=SALES),
        CartLine(plan="refunding", pool="c2", beneficiary=SALES),
        CartLine(plan="one", pool="c3"),
        CartLine(plan="three", pool="c4", beneficiary=SALES),
    )
)


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    return Checked(store, clock=clock)


def check_out(cart: Cart = CART, key: str = "k", actor: str = "boss", **fields: Any) -> CheckOut:
    return CheckOut(cart=cart, **fields, **sent(key, actor))


def charged(store: Store, pool: str) -> list[tuple[str, str, Money]]:
    """Who pays what in the history of *pool*, and who caused it."""
    with store.begin() as work:
        events = [one.event for one in work.history(TENANT, AggregateKind.LICENSES, pool)]
    return [(one.payer, one.by, one.quote.due) for one in events if isinstance(one, Charged)]


def test_a_cart_opens_a_pool_for_each_line_and_is_charged_in_each_currency(licensing: Licensing, store: Store) -> None:
    quotes = licensing.run(QuoteCart(cart=CART, tenant=TENANT, actor="boss")).quotes
    due = tuple(quote.due for quote in quotes)
    assert due == (Money.parse("390.00 EUR"), Money.parse("40.00 USD"))
    bought = licensing.run(check_out(confirmed=due))
    assert [line.row.code for line in bought.lines] == ["c1", "c2", "c3", "c4"]
    assert (bought.quotes, bought.recipient) == (quotes, "boss")
    assert licensing.run(check_out(confirmed=due)) == bought
    assert [events_of(store, pool) for pool in ("c1", "c3")] == [
        ["pool.opened", "order.charged"],
        ["pool.opened", "pool.licenses_assigned", "order.charged"],
    ]
    assert [charged(store, pool) for pool in ("c1", "c2")] == [
        [("boss", "boss", Money.parse("180.00 EUR"))],
        [("boss", "boss", Money.parse("40.00 USD"))],
    ]


def with_line(**fields: Any) -> Cart:
    """The cart with another third line."""
    return Cart(lines=(*CART.lines[:2], attrs.evolve(CART.lines[2], **fields), CART.lines[3]))


def test_of_a_cart_all_is_bought_or_nothing(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("taken"))
    before = snapshot(store)
    beyond = CartLine(plan="five", pool="c1", beneficiary=Scope.tree("top"))
    twice = Cart(lines=(beyond, CartLine(plan="no", pool="c2")))
    cases: list[tuple[CheckOut, object]] = [
        (check_out(with_line(pool="taken")), AggregateExists(aggregate="taken")),
        (check_out(with_line(plan="unknown")), CartRefused(faults=((3, PlanNotVisible.code),))),
        (check_out(with_line(plan="five")), CartRefused(faults=((3, "purchase.beneficiary_required"),))),
        (check_out(twice), CartRefused(faults=((1, BeneficiaryNotAllowed.code), (2, PlanNotVisible.code)))),
        (check_out(actor="root"), CartRefused(faults=tuple((n, PurchaseBySuperadmin.code) for n in (1, 2, 3, 4)))),
        (
            check_out(attrs.evolve(CART, recipient="out")),
            BeneficiaryNotAllowed(beneficiary=Scope.user("out")),
        ),
        (
            check_out(confirmed=(Money.parse("390.00 EUR"), Money.parse("39.00 USD"))),
            QuoteChanged(
                confirmed=(Money.parse("390.00 EUR"), Money.parse("39.00 USD")),
                due=(Money.parse("390.00 EUR"), Money.parse("40.00 USD")),
            ),
        ),
    ]
    for asked, refusal in cases:
        assert refused(licensing.run, asked) == refusal
        assert snapshot(store) == before
    assert len(licensing.run(check_out()).lines) == 4, "a refused command uses no key up"


def test_the_recipient_of_a_cart_is_told_and_changes_no_line(licensing: Licensing) -> None:
    bought = licensing.run(check_out(attrs.evolve(CART, recipient="u1")))
    assert bought.recipient == "u1"
    assert licensing.run(ReadPool(pool="c3", tenant=TENANT, actor="root")).terms == bought.lines[2].row.terms


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (CartLine(plan="five", pool="c1"), CartLine(plan="one", pool="c1")),
        tuple(CartLine(plan="one", pool=f"c{number}") for number in range(101)),
    ],
)
def test_a_cart_that_cannot_be_is_not_made(lines: tuple[CartLine, ...]) -> None:
    with pytest.raises(InvalidArgument):
        Cart(lines=lines)


def test_anybody_buys_a_public_plan_for_themselves_and_nothing_else(licensing: Licensing, store: Store) -> None:
    def public(actor: str, plan: str = "public", pool: str = "w1", **fields: Any) -> BuyPublicPlan:
        return BuyPublicPlan(plan=plan, pool=pool, **fields, **sent(f"k-{pool}", actor))

    assert licensing.run(ListPlans(tenant=TENANT)).ids == ("one", "public")
    before = snapshot(store)
    for plan in ("five", "three", "unknown"):
        assert refused(licensing.run, public("visitor", plan)) == PlanNotVisible(plan=plan)
    assert refused(licensing.run, public("root")) == PurchaseBySuperadmin()
    assert isinstance(refused(licensing.run, public("visitor", confirmed=Money.parse("8.00 EUR"))), QuoteChanged)
    assert snapshot(store) == before
    bought = licensing.run(public("visitor", confirmed=Money.parse("9.00 EUR")))
    assert (bought.row.bought, bought.row.held) == (1, 1)
    with store.begin() as work:
        assert [pool.id for pool in work.licenses(TENANT, "visitor")] == ["w1"]


def renewing(pool: str = "p1", key: str = "r", actor: str = "boss", **fields: Any) -> RenewPool:
    return RenewPool(pool=pool, **fields, **sent(key, actor))


def test_whoever_renews_it_is_charged_to_who_bought(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    paid = Money.parse("180.00 EUR")
    licensing.run(renewing(confirmed=paid))
    renewed = licensing.run(renewing(key="r2", actor="root")).row
    assert charged(store, "p1") == [("boss", "boss", paid), ("boss", "boss", paid), ("boss", "root", paid)]
    assert (renewed.renewals, renewed.bought) == (2, 5)
    assert events_of(store, "p1") == ["pool.opened", "order.charged", *["pool.renewed", "order.charged"] * 2]


def test_a_renewal_counts_from_the_old_expiry_or_from_now_when_that_has_passed(
    licensing: Licensing, clock: Clock
) -> None:
    expiry = licensing.run(buy()).row.expires_at
    assert expiry == NOON.replace(year=2027)
    assert licensing.run(renewing()).row.expires_at == NOON.replace(year=2028)
    clock.now = NOON.replace(year=2029)
    assert licensing.run(renewing(key="late")).row.expires_at == NOON.replace(year=2030)
    assert licensing.run(renewing()).row.expires_at == NOON.replace(year=2028), "a retry is answered as before"


def test_seats_grow_by_a_renewal_and_licenses_stay_with_their_holders(licensing: Licensing) -> None:
    licensing.run(buy("s1", "three"))
    licensing.run(enroll("u1", key="k1"))
    seats = licensing.run(renewing("s1")).row
    assert (seats.bought, seats.consumed) == (6, 1)
    licensing.run(buy())
    licensing.run(assign("u1", key="k2"))
    licensing.run(enroll("u1", key="k3", pool="p1"))
    licenses = licensing.run(renewing(key="r2")).row
    assert (licenses.bought, licenses.held) == (5, 1)


def test_what_was_recorded_by_hand_renews_without_a_charge(licensing: Licensing, store: Store) -> None:
    licensing.run(RecordTransaction(plan="five", pool="p1", beneficiary=SALES, **sent("rec", "root")))
    assert licensing.run(renewing(actor="root")).quote is None
    assert events_of(store, "p1") == ["pool.opened", "pool.renewed"]
    amount = Money.parse("180.00 EUR")
    assert isinstance(refused(licensing.run, renewing(key="r2", actor="root", confirmed=amount)), QuoteChanged)


def test_what_is_not_theirs_and_what_there_is_not_is_not_renewed(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    licensing.run(buy("f1", "final"))
    before = snapshot(store)
    cases: list[tuple[RenewPool, object]] = [
        (renewing(actor="helper"), RenewalNotOwner(pool="p1")),
        (renewing("p9", actor="helper"), RenewalNotOwner(pool="p9")),
        (renewing("p9"), RenewalNotOwner(pool="p9")),
        (renewing("p9", actor="root"), PoolNotVisible(pool="p9")),
        (renewing(actor="u1"), PermissionMissing(permission=Permission.SUBSCRIPTIONS_RENEW)),
        (renewing("p9", actor="u1"), PermissionMissing(permission=Permission.SUBSCRIPTIONS_RENEW)),
        (renewing("f1"), RenewalNotOffered(pool="f1")),
        (
            renewing(confirmed=Money.parse("179.99 EUR")),
            QuoteChanged(confirmed=(Money.parse("179.99 EUR"),), due=(Money.parse("180.00 EUR"),)),
        ),
    ]
    for asked, refusal in cases:
        assert refused(licensing.run, asked) == refusal
        assert snapshot(store) == before
    foreign = Licensing(store, host("globex"), Clock())
    theirs = attrs.evolve(renewing(), tenant="globex")
    assert refused(foreign.run, theirs) == RenewalNotOwner(pool="p1")


def test_a_power_user_takes_no_more_than_the_cap_until_a_renewal(licensing: Licensing, clock: Clock) -> None:
    from licensing_core.services import UnassignLicenses

    licensing.run(buy("p1", "capped"))
    licensing.run(assign("u1", "u2", key="k1"))

    def take(user: str, key: str) -> UnassignLicenses:
        return UnassignLicenses(pool="p1", users=frozenset({user}), **sent(key))

    assert licensing.run(take("u1", "k2")).awaiting == ("u1",)
    assert refused(licensing.run, take("u2", "k3")).code == "pool.revocations_exhausted"
    clock.now += timedelta(days=1)
    licensing.run(renewing())
    assert licensing.run(take("u2", "k3")).awaiting == ("u2",)
    assert licensing.may(enroll("u2", key="k4", pool="p1", contents=[FIRE])).code == "pool.not_eligible"


def test_a_renewal_is_quoted_to_whoever_may_renew(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    licensing.run(RecordTransaction(plan="five", pool="p2", beneficiary=SALES, **sent("rec", "root")))
    before = snapshot(store)

    def quoted(pool: str, actor: str = "boss") -> list[Money]:
        asked = QuoteRenewal(tenant=TENANT, actor=actor, pool=pool)
        return [quote.due for quote in licensing.run(asked).quotes]

    assert quoted("p1") == quoted("p1", "root") == [Money.parse("180.00 EUR")]
    assert quoted("p2", "root") == []
    for pool, actor in (("p1", "helper"), ("p2", "boss"), ("p9", "boss")):
        assert refused(quoted, pool, actor) == RenewalNotOwner(pool=pool)
    assert snapshot(store) == before
