"""Buying a plan, and recording a transaction by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from licensing_core import orders
from licensing_core.billing import Quote, QuoteChanged, line
from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant
from licensing_core.currencies import Currency
from licensing_core.decisions import Verdict
from licensing_core.directory import EVERYONE, Actor, Permission, PermissionMissing, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.money import Money
from licensing_core.orders import (
    Charged,
    Purchase,
    purchase,
    purchase_publicly,
    quote_plan,
    record_transaction,
)
from licensing_core.periods import Duration
from licensing_core.plans import PlanKind
from licensing_core.pools import LicensePool, LicensesAssigned, PoolOpened, SeatPool, apply, opened
from licensing_core.pricing import FlatPrice, PriceMissing, UnitPrice
from licensing_core.visibility import (
    BeneficiaryKind,
    BeneficiaryNotAllowed,
    BeneficiaryRequired,
    KindNotAllowed,
    PlanNotVisible,
    PurchaseBySuperadmin,
)
from tests.builders import COMPANY, NAIVE, NOON, ROOT, SALES, a_learner, a_power_user, agrees, an_offer, eur

SINGLE, MULTI, SEATS = PlanKind
COACHES = Scope.group("coaches")
ABOUT: dict[str, Any] = {"directory": COMPANY, "pool_id": "t1", "zone": "Europe/Madrid", "now": NOON}
IN_TWO = (FlatPrice(eur("100.00")), FlatPrice(Money.parse("2000 MXN")))


def test_a_quote_is_one_line_for_the_whole_plan() -> None:
    offer = an_offer(MULTI)
    assert quote_plan(offer) == Quote(currency=Currency("EUR"), lines=(line("ten", 10, FlatPrice(eur("100.00"))),))
    assert quote_plan(offer).due == eur("100.00")
    assert quote_plan(an_offer(MULTI, prices=(UnitPrice(eur("12.50")),))).due == eur("125.00")


def test_a_plan_with_several_prices_needs_a_currency() -> None:
    offer = an_offer(MULTI, prices=IN_TWO)
    assert str(quote_plan(offer, Currency("MXN")).due) == "2000.00 MXN"
    for asked in (None, Currency("JPY")):
        with pytest.raises(PriceMissing):
            quote_plan(offer, asked)
    assert agrees(orders.can_purchase, purchase, a_power_user(SALES), offer, SALES, **ABOUT).code == "price.missing"
    bought = purchase(a_power_user(SALES), offer, SALES, currency=Currency("MXN"), **ABOUT).state
    assert str(bought.charged) == "2000.00 MXN"


def test_a_pool_is_bought_for_a_branch_and_grants_nothing_yet() -> None:
    decision = purchase(a_power_user(SALES), an_offer(MULTI), SALES, **ABOUT)
    bought = decision.state
    assert isinstance(bought.pool, LicensePool)
    assert (bought.charged, bought.pool.bought, bought.pool.consumed) == (eur("100.00"), 10, 0)
    assert bought.pool.beneficiary == SALES
    assert [type(event) for event in decision.events] == [PoolOpened, Charged]
    assert bought.pool.expires_at == datetime(2027, 5, 4, 12, tzinfo=UTC)


def test_seats_are_bought_as_seats() -> None:
    decision = purchase(a_power_user(COACHES), an_offer(SEATS), COACHES, **ABOUT)
    assert isinstance(decision.state.pool, SeatPool)
    assert [type(event) for event in decision.events] == [PoolOpened, Charged]


@pytest.mark.parametrize("beneficiary", [None, Scope.user("ana")], ids=["blank", "named"])
def test_a_single_license_is_assigned_at_once_and_blank_is_self(beneficiary: Scope | None) -> None:
    decision = purchase(a_learner("ana"), an_offer(SINGLE), beneficiary, **ABOUT)
    pool = decision.state.pool
    assert isinstance(pool, LicensePool)
    assert dict(pool.holdings) == {"ana": Holding.HELD}
    assert (pool.bought, pool.consumed, pool.beneficiary) == (1, 1, Scope.user("ana"))
    assert [type(event) for event in decision.events] == [PoolOpened, LicensesAssigned, Charged]


def test_a_power_user_buys_a_single_license_for_one_of_theirs() -> None:
    decision = purchase(a_power_user(SALES), an_offer(SINGLE), Scope.user("luis"), **ABOUT)
    assert decision.events[1] == LicensesAssigned(pool="t1", users=frozenset({"luis"}), by="pu", at=NOON)


def test_the_events_replayed_are_the_pool_and_the_charge() -> None:
    decision = purchase(a_learner("ana"), an_offer(SINGLE), **ABOUT)
    opening, assigned, charged = decision.events
    assert isinstance(opening, PoolOpened)
    assert isinstance(assigned, LicensesAssigned)
    start = opened(opening)
    assert isinstance(start, LicensePool)
    assert apply(start, assigned) == decision.state.pool
    assert isinstance(charged, Charged)
    assert charged.quote == decision.state.quote


@pytest.mark.parametrize(
    ("price", "charged"), [(FlatPrice(eur("100.00")), "100.00 EUR"), (UnitPrice(eur("12.50")), "125.00 EUR")], ids=str
)
def test_the_sale_pins_what_was_charged_which_a_renewal_charges_again(price: Any, charged: str) -> None:
    bought = purchase(a_power_user(SALES), an_offer(MULTI, prices=(price,)), SALES, **ABOUT).state
    terms = bought.pool.terms
    assert terms is not None
    assert str(bought.charged) == str(terms.price) == charged
    assert (terms.plan, terms.package, terms.kind, terms.quantity) == ("ten", "pack", MULTI, 10)
    assert (terms.created_by, terms.purchased_at) == ("pu", NOON)


POWER = a_power_user(SALES)
BLIND = a_power_user(SALES, COACHES, without={Permission.GROUPS_VIEW})
ELSEWHERE = Scope.branch("it")


@pytest.mark.parametrize(
    ("actor", "kind", "audience", "beneficiary", "refusal"),
    [
        (ROOT, MULTI, ELSEWHERE, None, PurchaseBySuperadmin()),
        (POWER, MULTI, ELSEWHERE, None, PlanNotVisible(plan="ten")),
        (a_learner("ana"), MULTI, SALES, None, KindNotAllowed(plan="ten")),
        (POWER, MULTI, SALES, None, BeneficiaryRequired(plan="ten", kind=MULTI)),
        (POWER, SEATS, SALES, None, BeneficiaryRequired(plan="ten", kind=SEATS)),
        (
            BLIND,
            MULTI,
            SALES,
            Scope.user("noor"),
            BeneficiaryKind(plan="ten", plan_kind=MULTI, kind=Scope.user("noor").kind),
        ),
        (BLIND, SINGLE, SALES, COACHES, BeneficiaryKind(plan="ten", plan_kind=SINGLE, kind=COACHES.kind)),
        (POWER, MULTI, SALES, EVERYONE, BeneficiaryKind(plan="ten", plan_kind=MULTI, kind=EVERYONE.kind)),
        (BLIND, MULTI, SALES, COACHES, PermissionMissing(permission=Permission.GROUPS_VIEW)),
        (POWER, MULTI, SALES, COACHES, BeneficiaryNotAllowed(beneficiary=COACHES)),
        (POWER, SINGLE, SALES, Scope.user("mei"), BeneficiaryNotAllowed(beneficiary=Scope.user("mei"))),
        (a_learner("ana"), SINGLE, SALES, Scope.user("luis"), BeneficiaryNotAllowed(beneficiary=Scope.user("luis"))),
    ],
)
def test_a_purchase_is_refused_in_the_documented_order(
    actor: Actor, kind: PlanKind, audience: Scope, beneficiary: Scope | None, refusal: LicensingError
) -> None:
    offer = an_offer(kind, audience=audience)
    assert agrees(orders.can_purchase, purchase, actor, offer, beneficiary, **ABOUT).refusal == refusal


def test_buying_needs_no_special_permission() -> None:
    nobody = a_power_user(SALES, without=frozenset(Permission))
    verdict = agrees(orders.can_purchase, purchase, nobody, an_offer(MULTI), SALES, **ABOUT)
    assert verdict == Verdict.allow("DOC-18")


@pytest.mark.parametrize("role", ["superadmin", "power user"])
def test_a_recorded_transaction_has_the_same_effect_and_charges_nothing(role: str) -> None:
    actor = ROOT if role == "superadmin" else a_power_user(SALES)
    offer = an_offer(SINGLE, audience=ELSEWHERE)
    decision = record_transaction(actor, offer, Scope.user("luis"), **ABOUT)
    assert (decision.state.quote, decision.state.charged) == (None, None)
    assert [type(event) for event in decision.events] == [PoolOpened, LicensesAssigned]
    assert decision.state.pool.held == 1
    terms = decision.state.pool.terms
    assert terms is not None
    assert (terms.price, terms.created_by) == (None, actor.id)


@pytest.mark.parametrize("kind", [MULTI, SEATS])
def test_a_recorded_pool_grants_nothing_yet(kind: PlanKind) -> None:
    decision = record_transaction(ROOT, an_offer(kind), SALES, **ABOUT)
    assert (decision.state.pool.bought, decision.state.pool.consumed) == (10, 0)
    assert [type(event) for event in decision.events] == [PoolOpened]


@pytest.mark.parametrize(
    ("actor", "kind", "beneficiary", "refusal"),
    [
        (a_learner("ana"), MULTI, None, PermissionMissing(permission=Permission.TRANSACTIONS_CREATE)),
        (
            a_power_user(SALES, without={Permission.TRANSACTIONS_CREATE}),
            SINGLE,
            None,
            PermissionMissing(permission=Permission.TRANSACTIONS_CREATE),
        ),
        (ROOT, SINGLE, None, BeneficiaryRequired(plan="ten", kind=SINGLE)),
        (ROOT, MULTI, None, BeneficiaryRequired(plan="ten", kind=MULTI)),
        (BLIND, SINGLE, COACHES, BeneficiaryKind(plan="ten", plan_kind=SINGLE, kind=COACHES.kind)),
        (BLIND, MULTI, COACHES, PermissionMissing(permission=Permission.GROUPS_VIEW)),
        (POWER, MULTI, COACHES, BeneficiaryNotAllowed(beneficiary=COACHES)),
        (a_power_user(COACHES), SINGLE, Scope.user("pu"), BeneficiaryNotAllowed(beneficiary=Scope.user("pu"))),
    ],
)
def test_a_recorded_transaction_is_refused_in_the_documented_order(
    actor: Actor, kind: PlanKind, beneficiary: Scope | None, refusal: LicensingError
) -> None:
    verdict = agrees(orders.can_record_transaction, record_transaction, actor, an_offer(kind), beneficiary, **ABOUT)
    assert verdict.refusal == refusal


def test_a_transaction_may_be_recorded_for_whoever_one_manages() -> None:
    verdict = agrees(
        orders.can_record_transaction, record_transaction, POWER, an_offer(SINGLE), Scope.user("pu"), **ABOUT
    )
    assert verdict == Verdict.allow("DOC-7")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"pool_id": "a b"}, InvalidId), ({"now": NAIVE}, InvalidInstant), ({"zone": "Mars/Base"}, InvalidArgument)],
    ids=str,
)
def test_bad_arguments_are_mistakes_and_no_answers(wrong: dict[str, Any], error: type[LicensingError]) -> None:
    for act in (purchase, record_transaction, orders.can_purchase, orders.can_record_transaction):
        with pytest.raises(error):
            act(POWER, an_offer(MULTI), SALES, **{**ABOUT, **wrong})


def test_a_purchase_tells_what_was_charged() -> None:
    pool = purchase(POWER, an_offer(MULTI), SALES, **ABOUT).state.pool
    assert Purchase(pool=pool, quote=None).charged is None
    assert Purchase(pool=pool, quote=quote_plan(an_offer(MULTI))).charged == eur("100.00")


# The public catalog

OPEN = an_offer(SINGLE)
PUBLIC: dict[str, Any] = {**ABOUT, "directory": COMPANY}


@pytest.mark.parametrize("actor", [a_learner("stranger"), a_learner("ana"), a_power_user()], ids=lambda a: a.id)
@pytest.mark.parametrize("audience", [EVERYONE, Scope.tree("root")], ids=str)
def test_anyone_buys_a_public_single_license_for_themselves(actor: Actor, audience: Scope) -> None:
    decision = purchase_publicly(actor, an_offer(SINGLE, audience=audience), **PUBLIC)
    pool = decision.state.pool
    assert isinstance(pool, LicensePool)
    assert (pool.beneficiary, dict(pool.holdings)) == (Scope.user(actor.id), {actor.id: Holding.HELD})
    assert decision.state.charged == eur("100.00")
    assert [type(event) for event in decision.events] == [PoolOpened, LicensesAssigned, Charged]
    charged = decision.events[-1]
    assert isinstance(charged, Charged)
    assert (charged.payer, charged.by) == (actor.id, actor.id)


def test_what_is_bought_publicly_is_what_would_be_bought_on_the_plans_page() -> None:
    assert purchase_publicly(a_learner("ana"), OPEN, **PUBLIC) == purchase(a_learner("ana"), OPEN, **ABOUT)


@pytest.mark.parametrize(
    ("actor", "offer", "refusal"),
    [
        (ROOT, an_offer(MULTI, audience=SALES), PurchaseBySuperadmin()),
        (ROOT, OPEN, PurchaseBySuperadmin()),
        (a_learner("ana"), an_offer(SINGLE, audience=SALES), PlanNotVisible(plan="ten")),
        (a_learner("ana"), an_offer(SINGLE, audience=Scope.branch("root")), PlanNotVisible(plan="ten")),
        (a_learner("ana"), an_offer(MULTI), PlanNotVisible(plan="ten")),
        (POWER, an_offer(SEATS), PlanNotVisible(plan="ten")),
    ],
)
def test_the_public_catalog_sells_single_licenses_that_everybody_sees(
    actor: Actor, offer: Any, refusal: LicensingError
) -> None:
    verdict = agrees(orders.can_purchase_publicly, purchase_publicly, actor, offer, confirmed=eur("1.00"), **PUBLIC)
    assert verdict.refusal == refusal


def test_a_public_purchase_costs_what_was_confirmed_in_the_currency_that_was_named() -> None:
    offer, ana = an_offer(SINGLE, prices=IN_TWO), a_learner("ana")
    question, command = orders.can_purchase_publicly, purchase_publicly
    assert agrees(question, command, ana, offer, **PUBLIC).code == "price.missing"
    pesos = {**PUBLIC, "currency": Currency("MXN")}
    assert agrees(question, command, ana, offer, confirmed=Money.parse("2000 MXN"), **pesos) == Verdict.allow("DOC-11")
    refused = agrees(question, command, ana, offer, confirmed=eur("2000.00"), **pesos)
    assert refused.refusal == QuoteChanged(confirmed=(eur("2000.00"),), due=(Money.parse("2000 MXN"),))


# What was confirmed, and until when it lasts


@pytest.mark.parametrize(("confirmed", "fits"), [("100.00", True), ("99.99", False), ("0.00", False)])
def test_a_purchase_costs_what_was_confirmed_or_is_refused(confirmed: str, fits: bool) -> None:
    verdict = agrees(orders.can_purchase, purchase, POWER, an_offer(), SALES, confirmed=eur(confirmed), **ABOUT)
    due = (eur("100.00"),)
    assert verdict.refusal == (None if fits else QuoteChanged(confirmed=(eur(confirmed),), due=due))


@pytest.mark.parametrize(
    ("bought_at", "validity", "zone", "expires_at"),
    [
        ("2024-02-29T12:00+01:00", "P1Y", "Europe/Madrid", "2025-02-28T12:00+01:00"),
        ("2026-01-31T12:00+01:00", "P1M", "Europe/Madrid", "2026-02-28T12:00+01:00"),
        ("2026-03-28T02:30+01:00", "P1D", "Europe/Madrid", "2026-03-29T03:30+02:00"),
        ("2026-06-30T23:30+00:00", "P1M", "Europe/Madrid", "2026-07-31T23:30+00:00"),
        ("2026-06-30T23:30+00:00", "P1M", "UTC", "2026-07-30T23:30+00:00"),
        ("2026-06-30T23:30+00:00", "P2W", "Asia/Kolkata", "2026-07-14T23:30+00:00"),
    ],
)
def test_a_purchase_lasts_for_its_validity_on_the_local_calendar(
    bought_at: str, validity: str, zone: str, expires_at: str
) -> None:
    offer = an_offer(SINGLE)
    offer = evolve(offer, plan=evolve(offer.plan, validity=Duration.parse(validity)))
    about = {**ABOUT, "zone": zone, "now": datetime.fromisoformat(bought_at)}
    pool = purchase(a_learner("ana"), offer, **about).state.pool
    assert pool.expires_at == datetime.fromisoformat(expires_at)
    assert pool.terms is not None
    assert pool.terms.purchased_at == datetime.fromisoformat(bought_at)


def test_whoever_buys_pays() -> None:
    charged = purchase(POWER, an_offer(SINGLE), Scope.user("luis"), **ABOUT).events[-1]
    assert isinstance(charged, Charged)
    assert (charged.payer, charged.pool, charged.quote.due) == ("pu", "t1", eur("100.00"))
