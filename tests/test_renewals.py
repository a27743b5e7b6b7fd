"""Renewing: from when it counts, for how long, what it adds, what it costs and whose it is to pay."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core import orders, pools
from licensing_core.billing import QuoteChanged
from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.decisions import Decision, Verdict
from licensing_core.directory import Actor, Permission, PermissionMissing, Role, Scope
from licensing_core.orders import Charged, RenewalNotOwner, purchase, quote_renewal, record_transaction, renew
from licensing_core.periods import Duration
from licensing_core.plans import PlanKind, Renewal
from licensing_core.pools import AnyPool, LicensePool, PoolRenewed, RenewalNotOffered, apply
from licensing_core.pricing import UnitPrice
from tests.builders import (
    COMPANY,
    NAIVE,
    NOON,
    ROOT,
    SALES,
    a_learner,
    a_pool,
    a_power_user,
    agrees,
    an_offer,
    eur,
    replayed,
    seats,
    some_terms,
)

PU = a_power_user(SALES)
MADRID = "Europe/Madrid"
MICRO = timedelta(microseconds=1)
ABOUT: dict[str, Any] = {"zone": "UTC", "now": NOON}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def sold(expires_at: str | datetime = NOON, **terms: Any) -> LicensePool:
    expiry = at(expires_at) if isinstance(expires_at, str) else expires_at
    return evolve(a_pool(bought=10, holders={"ana"}, awaiting={"luis"}, expires_at=expiry), terms=some_terms(**terms))


def sold_seats(bought: int = 10, consumed: int = 4, **terms: Any) -> AnyPool:
    pool = seats(bought=bought, consumed=consumed, held=2)
    return evolve(pool, expires_at=NOON, terms=some_terms(PlanKind.SEATS, **terms))


# From when, and for how long


@pytest.mark.parametrize(
    ("now", "expires_at"),
    [
        (NOON - timedelta(days=400), "2027-05-04T12:00+00:00"),
        (NOON - MICRO, "2027-05-04T12:00+00:00"),
        (NOON, "2027-05-04T12:00+00:00"),
        (NOON + MICRO, "2027-05-04T12:00:00.000001+00:00"),
        (NOON + timedelta(days=31), "2027-06-04T12:00+00:00"),
    ],
    ids=["long before", "just before", "at the expiry", "just after", "a month late"],
)
def test_it_counts_from_the_expiry_or_from_now_when_that_has_passed(now: datetime, expires_at: str) -> None:
    renewed = pools.renew(sold(), zone="UTC", by=PU, now=now)
    assert renewed.state.expires_at == at(expires_at)
    assert renewed.events == (PoolRenewed(pool="p1", expires_at=at(expires_at), bought=10, by="pu", at=now),)


@pytest.mark.parametrize(
    ("expiry", "validity", "zone", "expires_at"),
    [
        ("2024-02-29T10:00+01:00", "P1Y", MADRID, "2025-02-28T10:00+01:00"),
        ("2024-02-29T10:00+01:00", "P4Y", MADRID, "2028-02-29T10:00+01:00"),
        ("2026-01-31T10:00+01:00", "P1M", MADRID, "2026-02-28T10:00+01:00"),
        ("2024-01-31T10:00+01:00", "P1M", MADRID, "2024-02-29T10:00+01:00"),
        ("2026-08-31T10:00+02:00", "P6M", MADRID, "2027-02-28T10:00+01:00"),
        ("2026-02-28T10:00+01:00", "P1M", MADRID, "2026-03-28T10:00+01:00"),
        ("2026-03-28T02:30+01:00", "P1D", MADRID, "2026-03-29T03:30+02:00"),
        ("2026-10-24T02:30+02:00", "P1D", MADRID, "2026-10-25T02:30+02:00"),
        ("2026-10-24T12:00+02:00", "P1D", MADRID, "2026-10-25T12:00+01:00"),
        ("2026-10-24T12:00+02:00", "PT24H", MADRID, "2026-10-25T11:00+01:00"),
        ("2026-03-01T12:00+01:00", "P1M", MADRID, "2026-04-01T12:00+02:00"),
        ("2026-01-31T23:30+00:00", "P1M", MADRID, "2026-03-01T00:30+01:00"),
        ("2026-01-31T23:30+00:00", "P1M", "UTC", "2026-02-28T23:30+00:00"),
        ("2011-12-29T12:00-10:00", "P1D", "Pacific/Apia", "2011-12-31T12:00+14:00"),
    ],
    ids=[
        "leap day and a year",
        "leap day to leap day",
        "month end",
        "month end of a leap year",
        "half a year to a shorter month",
        "a shortened month does not grow back",
        "a skipped hour",
        "a repeated hour",
        "clocks go back",
        "elapsed hours",
        "clocks go forward",
        "the local day decides",
        "another zone another day",
        "a skipped day",
    ],
)
def test_the_validity_is_counted_on_the_local_calendar(expiry: str, validity: str, zone: str, expires_at: str) -> None:
    pool = sold(expiry, validity=Duration.parse(validity))
    renewed = pools.renew(pool, zone=zone, by=PU, now=at("2011-01-01T00:00+00:00")).state
    assert renewed.expires_at == at(expires_at)
    bare = datetime(2000, 1, 1, tzinfo=UTC)
    late = pools.renew(evolve(pool, expires_at=bare), zone=zone, by=PU, now=at(expiry)).state
    assert late.expires_at == at(expires_at)


def test_renewing_early_twice_loses_no_day() -> None:
    once = pools.renew(sold(), zone="UTC", by=PU, now=NOON - timedelta(days=300)).state
    twice = pools.renew(once, zone="UTC", by=PU, now=NOON - timedelta(days=299))
    assert (twice.state.renewals, twice.state.expires_at) == (2, NOON.replace(year=2028))
    assert replayed(apply, twice, once) == twice.state


# What it adds


def test_holders_and_those_awaiting_stay_as_they_are() -> None:
    pool = sold()
    after = renew(PU, pool, **ABOUT).state.pool
    assert after == evolve(pool, expires_at=NOON.replace(year=2027), renewals=1)


def test_seats_gain_what_was_sold_again_and_lose_nothing_that_was_bought() -> None:
    after = renew(PU, sold_seats(), **ABOUT).state.pool
    assert (after.bought, after.consumed, after.held, after.free, after.renewals) == (20, 4, 2, 16, 1)


def test_seats_that_were_overrun_are_covered_by_those_that_come() -> None:
    after = renew(PU, sold_seats(bought=10, consumed=13), **ABOUT).state.pool
    assert (after.overrun, after.free) == (0, 7)


def test_seats_that_were_resized_gain_what_was_sold_and_not_what_there_was() -> None:
    assert renew(PU, sold_seats(bought=60), **ABOUT).state.pool.bought == 70


@pytest.mark.parametrize(("bought", "then"), [(2, 10), (10, 10), (60, 60)])
def test_licenses_are_as_many_as_were_sold_again_and_no_fewer_than_there_are(bought: int, then: int) -> None:
    renewed = pools.renew(evolve(sold(), bought=bought), by=ROOT, **ABOUT)
    assert (renewed.state.bought, renewed.events[0].bought) == (then, then)


@pytest.mark.parametrize(("bought", "fits"), [(MAX_COUNT - 10, True), (MAX_COUNT - 9, False)])
def test_no_more_seats_are_gained_than_can_be_counted(bought: int, fits: bool) -> None:
    if fits:
        assert renew(PU, sold_seats(bought=bought), **ABOUT).state.pool.bought == MAX_COUNT
        return
    with pytest.raises(InvalidQuantity, match="bought"):
        renew(PU, sold_seats(bought=bought), **ABOUT)


# What it costs, and whose it is to pay


@pytest.mark.parametrize("actor", [PU, ROOT], ids=["the buyer", "a superadmin"])
def test_what_was_paid_is_charged_again_to_who_paid_it_whoever_renews(actor: Actor) -> None:
    decision = renew(actor, sold(), **ABOUT)
    renewed, charged = decision.events
    assert isinstance(renewed, PoolRenewed)
    assert isinstance(charged, Charged)
    assert (charged.payer, charged.by, charged.pool) == ("pu", actor.id, "p1")
    assert charged.quote == decision.state.quote == quote_renewal(sold())
    assert decision.state.charged == eur("100.00")
    (line,) = charged.quote.charges
    assert (line.item, line.quantity, line.amount) == ("ten", 10, eur("100.00"))


def test_the_price_of_the_sale_is_charged_whatever_became_of_the_plan() -> None:
    offer = an_offer(prices=(UnitPrice(eur("12.50")),))
    bought = purchase(PU, offer, SALES, directory=COMPANY, pool_id="p1", **ABOUT).state
    assert renew(PU, bought.pool, **ABOUT).state.charged == eur("125.00") == bought.charged


def test_a_free_plan_is_renewed_for_nothing_and_says_so() -> None:
    decision = renew(PU, sold(price=eur("0.00")), **ABOUT)
    assert decision.state.charged == eur("0.00")
    assert [type(event) for event in decision.events] == [PoolRenewed, Charged]


@pytest.mark.parametrize("actor", [PU, ROOT], ids=["power user", "superadmin"])
def test_what_was_recorded_by_hand_is_renewed_without_a_charge(actor: Actor) -> None:
    recorded = record_transaction(actor, an_offer(), SALES, directory=COMPANY, pool_id="p1", **ABOUT).state.pool
    decision = renew(actor, recorded, **ABOUT)
    assert (decision.state.quote, decision.state.charged) == (None, None)
    assert [type(event) for event in decision.events] == [PoolRenewed]
    assert decision.state.pool.renewals == 1
    assert quote_renewal(recorded) is None
    assert quote_renewal(a_pool()) is None


def test_what_is_renewed_costs_what_was_confirmed_or_is_refused() -> None:
    assert renew(PU, sold(), confirmed=eur("100.00"), **ABOUT).state.charged == eur("100.00")
    for pool, due in ((sold(), (eur("100.00"),)), (sold(price=None), ())):
        verdict = agrees(orders.can_renew, renew, PU, pool, confirmed=eur("99.99"), **ABOUT)
        assert verdict.refusal == QuoteChanged(confirmed=(eur("99.99"),), due=due)


# Refusals

RENEW = PermissionMissing(permission=Permission.SUBSCRIPTIONS_RENEW)
OTHER = a_power_user(SALES, user="other")


@pytest.mark.parametrize(
    ("actor", "pool", "refusal"),
    [
        (a_learner("pu"), sold(renewal=Renewal.NONE), RENEW),
        (Actor("pu", Role.LEARNER, permissions=frozenset(Permission)), sold(), RENEW),
        (OTHER, sold(renewal=Renewal.NONE), RenewalNotOwner(pool="p1")),
        (OTHER, sold(price=None), RenewalNotOwner(pool="p1")),
        (PU, a_pool(expires_at=NOON), RenewalNotOwner(pool="p1")),
        (PU, sold(renewal=Renewal.NONE), RenewalNotOffered(pool="p1")),
        (ROOT, sold(renewal=Renewal.NONE), RenewalNotOffered(pool="p1")),
        (ROOT, a_pool(expires_at=NOON), RenewalNotOffered(pool="p1")),
        (ROOT, evolve(sold(), expires_at=None), RenewalNotOffered(pool="p1")),
        (PU, sold(), QuoteChanged(confirmed=(eur("1.00"),), due=(eur("100.00"),))),
    ],
    ids=[
        "a learner",
        "a learner with every permission",
        "not the buyer",
        "not who recorded it",
        "sold to nobody",
        "one-time, the buyer",
        "one-time, a superadmin",
        "not sold, a superadmin",
        "never expires",
        "costs something else",
    ],
)
def test_a_renewal_is_refused_in_the_documented_order(actor: Actor, pool: AnyPool, refusal: Any) -> None:
    verdict = agrees(orders.can_renew, renew, actor, pool, confirmed=eur("1.00"), **ABOUT)
    assert verdict.refusal == refusal


def test_the_buyer_may_renew_without_any_permission_or_resource() -> None:
    bare = Actor("pu", Role.POWER_USER)
    assert agrees(orders.can_renew, renew, bare, sold(), **ABOUT) == Verdict.allow("DOC-50")
    elsewhere = evolve(sold(), beneficiary=Scope.branch("it"))
    assert renew(bare, elsewhere, **ABOUT).state.pool.renewals == 1


@pytest.mark.parametrize("renewal", [Renewal.MANUAL, Renewal.AUTOMATIC], ids=str)
def test_what_is_renewed_by_itself_may_be_renewed_by_hand_too(renewal: Renewal) -> None:
    assert pools.can_renew(sold(renewal=renewal), zone="UTC", by=PU, now=NOON) == Verdict.allow("DOC-53")


@pytest.mark.parametrize(
    ("wrong", "error"), [({"now": NAIVE}, InvalidInstant), ({"zone": "Mars/Base"}, InvalidArgument)], ids=str
)
def test_a_bad_instant_or_zone_is_a_mistake(wrong: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        renew(PU, sold(), **{**ABOUT, **wrong})
    with pytest.raises(InvalidArgument):
        pools.renew(sold(), zone="UTC", by="pu", now=NOON)  # type: ignore[arg-type]


def test_nothing_is_renewed_beyond_the_calendar() -> None:
    far = sold("9998-06-01T00:00+00:00")
    with pytest.raises(Exception, match="outside the years 2 to 9998"):
        renew(PU, far, **ABOUT)


def test_a_decision_that_is_let_go_changes_nothing() -> None:
    pool = sold()
    assert isinstance(renew(PU, pool, **ABOUT), Decision)
    assert pool == sold()
