"""Carts: several plans bought at once, each for its own beneficiary; all of them, or none."""

from typing import Any

import pytest
from attrs import evolve

from licensing_core import orders
from licensing_core.billing import QuoteChanged
from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant
from licensing_core.currencies import Currency
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Scope
from licensing_core.holdings import Holding
from licensing_core.money import Money
from licensing_core.orders import MAX_LINES, Cart, CartLine, CartRefused, Charged, check_cart, checkout, purchase
from licensing_core.plans import Offer, Offers, PlanKind
from licensing_core.pools import LicensePool, LicensesAssigned, PoolOpened, SeatPool
from licensing_core.pricing import FlatPrice
from licensing_core.visibility import (
    BeneficiaryKind,
    BeneficiaryNotAllowed,
    BeneficiaryRequired,
    KindNotAllowed,
    PlanNotVisible,
    PurchaseBySuperadmin,
)
from tests.builders import COMPANY, NAIVE, NOON, ROOT, SALES, a_learner, a_power_user, agrees, an_offer, eur

EUR, MXN, USD = Currency("EUR"), Currency("MXN"), Currency("USD")
PU = a_power_user(SALES, Scope.branch("it"))
IT = Scope.branch("it")
PESOS = FlatPrice(Money.parse("2000 MXN"))
OFFERS: dict[str, Offer] = {
    "ten": an_offer(plan_id="ten"),
    "one": an_offer(PlanKind.SINGLE_LICENSE, plan_id="one", prices=(FlatPrice(eur("9.99")),)),
    "seats": an_offer(PlanKind.SEATS, plan_id="seats", prices=(PESOS,)),
    "both": an_offer(plan_id="both", prices=(FlatPrice(eur("50.00")), PESOS)),
    "hidden": an_offer(plan_id="hidden", audience=Scope.branch("madrid")),
    "free": an_offer(PlanKind.SINGLE_LICENSE, plan_id="free", prices=(FlatPrice(eur("0.00")),)),
}
ABOUT: dict[str, Any] = {"offers": OFFERS, "directory": COMPANY, "zone": "Europe/Madrid", "now": NOON}


def line(plan: str, pool: str, beneficiary: Scope | None = None, currency: Currency | None = None) -> CartLine:
    return CartLine(plan=plan, pool=pool, beneficiary=beneficiary, currency=currency)


def a_cart(*lines: CartLine, recipient: str | None = None) -> Cart:
    return Cart(lines=lines, recipient=recipient)


MIXED = a_cart(
    line("seats", "t1", IT), line("one", "t2"), line("ten", "t3", SALES), line("one", "t4", Scope.user("luis"))
)


# What is bought


def test_each_line_is_bought_for_its_own_beneficiary() -> None:
    bought = checkout(PU, MIXED, **ABOUT).state
    assert [one.pool.id for one in bought.purchases] == ["t1", "t2", "t3", "t4"]
    assert [one.pool.beneficiary for one in bought.purchases] == [IT, Scope.user("pu"), SALES, Scope.user("luis")]
    assert [type(one.pool) for one in bought.purchases] == [SeatPool, LicensePool, LicensePool, LicensePool]
    assert [one.pool.held for one in bought.purchases] == [0, 1, 0, 1]
    named = bought.purchases[3].pool
    assert isinstance(named, LicensePool)
    assert dict(named.holdings) == {"luis": Holding.HELD}


def test_each_line_is_what_a_purchase_of_its_own_would_be() -> None:
    decision = checkout(PU, MIXED, **ABOUT)
    about = {name: value for name, value in ABOUT.items() if name != "offers"}
    alone = [purchase(PU, OFFERS[one.plan], one.beneficiary, pool_id=one.pool, **about) for one in MIXED.lines]
    assert decision.state.purchases == tuple(one.state for one in alone)
    assert decision.events == tuple(event for one in alone for event in one.events)


def test_each_pool_has_its_events_and_its_own_charge() -> None:
    events = checkout(PU, MIXED, **ABOUT).events
    assert [(event.pool, type(event)) for event in events] == [
        ("t1", PoolOpened),
        ("t1", Charged),
        ("t2", PoolOpened),
        ("t2", LicensesAssigned),
        ("t2", Charged),
        ("t3", PoolOpened),
        ("t3", Charged),
        ("t4", PoolOpened),
        ("t4", LicensesAssigned),
        ("t4", Charged),
    ]
    assert {event.payer for event in events if isinstance(event, Charged)} == {"pu"}


def test_there_is_one_quote_for_each_currency_and_one_line_for_each_line() -> None:
    bought = checkout(PU, MIXED, **ABOUT).state
    assert [quote.currency for quote in bought.quotes] == [MXN, EUR]
    assert [str(amount) for amount in bought.due] == ["2000.00 MXN", "119.98 EUR"]
    assert [[one.item for one in quote.charges] for quote in bought.quotes] == [["seats"], ["one", "ten", "one"]]


def test_the_charges_of_the_pools_add_up_to_the_quotes() -> None:
    decision = checkout(PU, MIXED, **ABOUT)
    charges = [event.quote.due for event in decision.events if isinstance(event, Charged)]
    for quote in decision.state.quotes:
        in_it = (amount for amount in charges if amount.currency is quote.currency)
        assert Money.sum(in_it, quote.currency) == quote.due


def test_the_same_plan_may_come_twice_with_a_pool_of_its_own() -> None:
    bought = checkout(PU, a_cart(line("ten", "t1", SALES), line("ten", "t2", SALES)), **ABOUT).state
    assert [one.pool.bought for one in bought.purchases] == [10, 10]
    assert bought.due == (eur("200.00"),)


def test_a_plan_with_several_prices_is_bought_in_the_currency_of_the_line() -> None:
    cart = a_cart(line("both", "t1", SALES, MXN), line("both", "t2", SALES, EUR), line("both", "t3", SALES, MXN))
    assert [str(amount) for amount in checkout(PU, cart, **ABOUT).state.due] == ["4000.00 MXN", "50.00 EUR"]


def test_what_costs_nothing_is_quoted_at_nothing() -> None:
    assert checkout(a_learner(), a_cart(line("free", "t1")), **ABOUT).state.due == (eur("0.00"),)


# Recipients


@pytest.mark.parametrize(("recipient", "whose"), [(None, "pu"), ("pu", "pu"), ("luis", "luis"), ("noor", "noor")])
def test_the_rest_of_the_cart_is_for_the_recipient_and_the_lines_are_not(recipient: str | None, whose: str) -> None:
    bought = checkout(PU, evolve(MIXED, recipient=recipient), **ABOUT).state
    assert bought.recipient == whose
    assert bought.purchases == checkout(PU, MIXED, **ABOUT).state.purchases


@pytest.mark.parametrize(
    ("actor", "recipient"), [(PU, "mei"), (PU, "stranger"), (a_learner(), "luis")], ids=["not theirs", "?", "a learner"]
)
def test_a_recipient_is_the_buyer_or_somebody_they_manage(actor: Actor, recipient: str) -> None:
    cart = a_cart(line("one", "t1"), recipient=recipient)
    verdict = agrees(orders.can_check_out, checkout, actor, cart, confirmed=(), **ABOUT)
    assert verdict.refusal == BeneficiaryNotAllowed(beneficiary=Scope.user(recipient))


def test_a_buyer_outside_of_their_own_resources_may_still_be_the_recipient() -> None:
    assert checkout(a_power_user(IT), a_cart(line("one", "t1"), recipient="pu"), **ABOUT).state.recipient == "pu"


# Refusals

BAD = a_cart(
    line("one", "t1"),
    line("hidden", "t2", SALES),
    line("nothing", "t3", SALES),
    line("ten", "t4"),
    line("ten", "t5", Scope.user("luis")),
    line("ten", "t6", Scope.branch("madrid")),
    line("both", "t7", SALES),
    line("ten", "t8", SALES, USD),
    line("ten", "t9", SALES),
    recipient="mei",
)
FAULTS = (
    (2, "purchase.not_visible"),
    (3, "purchase.not_visible"),
    (4, "purchase.beneficiary_required"),
    (5, "purchase.beneficiary_kind"),
    (6, "purchase.beneficiary_not_allowed"),
    (7, "price.missing"),
    (8, "price.missing"),
)


def test_every_line_that_is_refused_is_named_and_nothing_is_bought() -> None:
    verdict = agrees(orders.can_check_out, checkout, PU, BAD, confirmed=(), **ABOUT)
    assert verdict.refusal == CartRefused(faults=FAULTS)
    assert "lines 2 (purchase.not_visible), 3 (purchase.not_visible), 4 (" in str(verdict.refusal)


def test_the_check_of_a_cart_gives_the_reason_of_each_line() -> None:
    verdicts = check_cart(PU, BAD, **ABOUT)
    assert [(number, one.code) for number, one in enumerate(verdicts, 1) if not one] == list(FAULTS)
    assert verdicts[0] == verdicts[8] == Verdict.allow("DOC-17")
    assert verdicts[1].refusal == PlanNotVisible(plan="hidden")
    assert verdicts[2].refusal == PlanNotVisible(plan="nothing")
    assert verdicts[3].refusal == BeneficiaryRequired(plan="ten", kind=PlanKind.MULTI_LICENSE)
    assert isinstance(verdicts[4].refusal, BeneficiaryKind)
    assert verdicts[5].refusal == BeneficiaryNotAllowed(beneficiary=Scope.branch("madrid"))


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [(ROOT, PurchaseBySuperadmin()), (a_learner(), KindNotAllowed(plan="ten"))],
    ids=["a superadmin", "a learner"],
)
def test_who_may_not_buy_a_plan_may_not_buy_it_in_a_cart(actor: Actor, refusal: Any) -> None:
    (verdict,) = check_cart(actor, a_cart(line("ten", "t1", SALES)), **ABOUT)
    assert verdict.refusal == refusal


def test_a_superadmin_is_told_so_of_a_plan_that_is_not_there_too() -> None:
    verdicts = check_cart(ROOT, a_cart(line("nothing", "t1"), line("one", "t2")), **ABOUT)
    assert [one.refusal for one in verdicts] == [PurchaseBySuperadmin()] * 2


def test_a_cart_that_may_be_bought_is_allowed_by_the_rule_of_carts() -> None:
    assert agrees(orders.can_check_out, checkout, PU, MIXED, **ABOUT) == Verdict.allow("DOC-17")


# What was confirmed


def test_what_was_confirmed_in_each_currency_is_what_it_costs() -> None:
    due = checkout(PU, MIXED, **ABOUT).state.due
    for confirmed in (due, due[::-1]):
        assert checkout(PU, MIXED, confirmed=confirmed, **ABOUT).state.due == due


@pytest.mark.parametrize(
    "confirmed",
    [
        (),
        (eur("119.98"),),
        (eur("119.98"), Money.parse("1999.99 MXN")),
        (eur("119.98"), Money.parse("2000 MXN"), eur("0.00")),
        (eur("119.98"), eur("119.98")),
    ],
    ids=str,
)
def test_what_was_not_confirmed_in_full_is_not_bought(confirmed: tuple[Money, ...]) -> None:
    verdict = agrees(orders.can_check_out, checkout, PU, MIXED, confirmed=confirmed, **ABOUT)
    assert verdict.refusal == QuoteChanged(confirmed=confirmed, due=(Money.parse("2000 MXN"), eur("119.98")))


# Bounds and mistakes


def test_a_cart_has_one_line_to_a_hundred() -> None:
    lines = [line("one", f"t{number}") for number in range(MAX_LINES + 1)]
    bought = checkout(a_learner(), a_cart(*lines[:MAX_LINES]), **ABOUT).state
    assert bought.due == (eur("999.00"),)
    for wrong in ([], lines):
        with pytest.raises(InvalidArgument, match=f"lines must be 1 to 100 lines, got {len(wrong)}"):
            a_cart(*wrong)


def test_no_two_lines_open_the_same_pool() -> None:
    with pytest.raises(InvalidArgument, match="a pool of its own for each line"):
        a_cart(line("one", "t1"), line("ten", "t1", SALES))


@pytest.mark.parametrize(
    "wrong",
    [{"plan": "a b"}, {"pool": ""}, {"beneficiary": "branch:sales"}, {"currency": "EUR"}, {"plan": None}],
    ids=str,
)
def test_a_line_refuses_what_does_not_have_its_form(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        CartLine(**{"plan": "one", "pool": "t1", **wrong})


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"now": NAIVE}, InvalidInstant),
        ({"zone": "Mars/Base"}, InvalidArgument),
        ({"confirmed": "1 EUR"}, InvalidArgument),
    ],
    ids=str,
)
def test_a_mistake_is_raised_and_named_as_no_fault_of_a_line(wrong: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        orders.can_check_out(PU, MIXED, **{**ABOUT, **wrong})
    if "confirmed" not in wrong:
        with pytest.raises(error):
            check_cart(PU, MIXED, **{**ABOUT, **wrong})


def test_all_that_is_for_sale_will_do_for_the_plans_of_the_lines() -> None:
    everything = Offers.of(OFFERS.values())
    assert checkout(PU, MIXED, **{**ABOUT, "offers": everything}) == checkout(PU, MIXED, **ABOUT)


@pytest.mark.parametrize(
    "offers", [None, [OFFERS["ten"]], {"ten": OFFERS["one"], "one": OFFERS["ten"]}], ids=["none", "a list", "swapped"]
)
def test_no_plan_is_sold_under_the_id_of_another(offers: Any) -> None:
    for command in (checkout, check_cart):
        with pytest.raises(InvalidArgument, match="offers"):
            command(PU, a_cart(line("ten", "t1", SALES)), **{**ABOUT, "offers": offers})


def test_a_recipient_is_an_id() -> None:
    with pytest.raises(InvalidId):
        a_cart(line("one", "t1"), recipient="ana@example.com")
