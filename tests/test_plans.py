"""Packages, plans, their switches and prices, and what a sale pins."""

from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.directory import EVERYONE, Content, Scope
from licensing_core.limits import UNLIMITED, Overage
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import (
    PLATFORM_DEFAULTS,
    Catalog,
    Offer,
    Offers,
    Package,
    PackageKind,
    PackageMismatch,
    Plan,
    PlanKind,
    Renewal,
    Settings,
    Switches,
)
from licensing_core.pricing import FlatPrice, PriceMissing, UnitPrice
from licensing_core.testing.strategies import offers, settings, switches
from tests.specimens import TERMS

EUR, MXN, USD = Currency("EUR"), Currency("MXN"), Currency("USD")
IN_EUR, IN_MXN = FlatPrice(Money.parse("1800.00 EUR")), UnitPrice(Money.parse("700.00 MXN"))


def a_plan(**changes: Any) -> Plan:
    given: dict[str, Any] = {
        "id": "fifty",
        "package": "safety",
        "kind": PlanKind.MULTI_LICENSE,
        "quantity": 50,
        "prices": (IN_EUR,),
        "validity": Duration.parse("P1Y"),
    }
    return Plan(**{**given, **changes})


def a_package(**changes: Any) -> Package:
    fire = Catalog("basics", frozenset({Content.course("fire"), Content.learning_plan("start")}))
    given: dict[str, Any] = {
        "id": "safety",
        "kind": PackageKind.LICENSES,
        "catalogs": (fire,),
        "audience": frozenset({EVERYONE}),
    }
    return Package(**{**given, **changes})


def test_a_plan_of_seats_sells_seats_and_the_others_licenses() -> None:
    assert {kind: kind.sells for kind in PlanKind} == {
        PlanKind.SINGLE_LICENSE: PackageKind.LICENSES,
        PlanKind.MULTI_LICENSE: PackageKind.LICENSES,
        PlanKind.SEATS: PackageKind.SEATS,
    }


def test_a_package_lists_what_one_of_its_catalogs_lists() -> None:
    more = Catalog("more", frozenset({Content.course("first-aid")}))
    package = a_package(catalogs=(*a_package().catalogs, more))
    assert package.lists(Content.course("fire"))
    assert package.lists(Content.course("first-aid"))
    assert package.lists(Content.learning_plan("start"))
    assert not package.lists(Content.course("start"))
    assert not a_package(catalogs=()).lists(Content.course("fire"))


def test_the_platform_enforces_limit_and_expiry_and_refunds_nothing_by_default() -> None:
    assert Switches(enforce_limit=True, allow_refund=False, enforce_expiration=True) == PLATFORM_DEFAULTS


def test_a_setting_of_the_plan_goes_before_that_of_the_platform() -> None:
    platform = Switches(enforce_limit=False, allow_refund=True, enforce_expiration=False)
    assert Settings().over(platform) == platform
    assert Settings(enforce_limit=True).over(platform) == evolve(platform, enforce_limit=True)
    assert Settings(allow_refund=False).over(platform) == evolve(platform, allow_refund=False)
    assert Settings(enforce_expiration=True).over(platform) == evolve(platform, enforce_expiration=True)


@given(settings(), switches())
def test_a_switch_comes_from_the_plan_or_else_from_the_platform(own: Settings, platform: Switches) -> None:
    result = own.over(platform)
    for name in ("enforce_limit", "allow_refund", "enforce_expiration"):
        said = getattr(own, name)
        assert getattr(result, name) is (getattr(platform, name) if said is None else said)
    assert own.over(result) == result


@given(settings(), switches())
def test_each_policy_comes_from_the_plan_or_else_from_the_platform(own: Settings, platform: Switches) -> None:
    policies = Switches(overage=Fraction(3, 2), revocation_cap=Fraction(1, 20))
    result = evolve(own, overage=None, revocation_cap=None).over(policies)
    assert (result.overage, result.revocation_cap) == (Fraction(3, 2), Fraction(1, 20))
    stricter = evolve(own, overage=Overage.BLOCK, revocation_cap=Fraction(0)).over(policies)
    assert (stricter.overage, stricter.revocation_cap) == (Overage.BLOCK, Fraction(0))
    assert own.over(platform).enforce_limit in (own.enforce_limit, platform.enforce_limit)


@pytest.mark.parametrize(
    ("overage", "bought", "ceiling"),
    [
        (Overage.BLOCK, 10, 10),
        (Overage.ALLOW, 10, UNLIMITED),
        (Fraction(5, 4), 10, 12),
        (Fraction(5, 4), 3, 3),
        (Fraction(5, 4), 0, 0),
        (1, 10, 10),
        (1000, 3, 3000),
    ],
    ids=str,
)
def test_an_enforced_limit_goes_as_far_as_its_overage_and_no_limit_goes_on(
    overage: Any, bought: int, ceiling: Any
) -> None:
    assert Switches(overage=overage).ceiling(bought) == ceiling
    assert Switches(overage=overage, enforce_limit=False).ceiling(bought) is UNLIMITED


@pytest.mark.parametrize("overage", [Fraction(99, 100), 0, -1, 1001, 1.25, "1.25", True, "block"], ids=str)
def test_an_overage_is_a_rule_or_a_ratio_from_1_to_1000(overage: Any) -> None:
    for make in (Switches, Settings):
        with pytest.raises(InvalidArgument):
            make(overage=overage)


@pytest.mark.parametrize("cap", [0, 1, 1000, Fraction(1, 20)], ids=str)
def test_a_revocation_cap_is_a_share_from_0_to_1000(cap: Any) -> None:
    assert Settings(revocation_cap=cap).over(PLATFORM_DEFAULTS).revocation_cap == Fraction(cap)
    assert PLATFORM_DEFAULTS.revocable(7) is UNLIMITED
    wrong: Any
    for wrong in (-1, Fraction(1001), 0.05, "1/20", True):
        for make in (Switches, Settings):
            with pytest.raises(InvalidArgument, match="revocation_cap"):
                make(revocation_cap=wrong)


def test_a_platform_says_something_of_everything() -> None:
    for name in ("enforce_limit", "allow_refund", "enforce_expiration", "overage"):
        nothing: dict[str, Any] = {name: None}
        with pytest.raises(InvalidArgument):
            Switches(**nothing)


def test_the_only_price_needs_no_currency() -> None:
    assert a_plan().price_in() is IN_EUR
    assert a_plan().price_in(EUR) is IN_EUR


def test_of_several_prices_the_one_in_the_named_currency_holds() -> None:
    plan = a_plan(prices=(IN_EUR, IN_MXN))
    assert plan.price_in(MXN) is IN_MXN
    with pytest.raises(PriceMissing) as caught:
        plan.price_in()
    assert caught.value == PriceMissing(sold="fifty", currency=None, offered=("EUR", "MXN"))
    assert str(caught.value) == "'fifty': no currency was named; choose one of EUR, MXN"


def test_a_price_in_another_currency_is_missing() -> None:
    with pytest.raises(PriceMissing) as caught:
        a_plan().price_in(USD)
    assert caught.value == PriceMissing(sold="fifty", currency="USD", offered=("EUR",))
    assert str(caught.value) == "'fifty': it has no price in USD; choose one of EUR"


@pytest.mark.parametrize("currency", ["EUR", 0, b"EUR", ["EUR"]])
def test_a_currency_is_no_text(currency: Any) -> None:
    with pytest.raises(InvalidArgument):
        a_plan().price_in(currency)


@pytest.mark.parametrize("prices", [(), (IN_EUR, UnitPrice(Money.parse("1 EUR")))])
def test_a_plan_has_prices_each_in_another_currency(prices: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidArgument, match="prices must be one or more, each of another currency"):
        a_plan(prices=prices)


def test_a_single_license_is_one() -> None:
    assert a_plan(kind=PlanKind.SINGLE_LICENSE, quantity=1).quantity == 1
    with pytest.raises(InvalidArgument, match="quantity must be 1 for a single license, got 50"):
        a_plan(kind=PlanKind.SINGLE_LICENSE)


def test_a_plan_is_renewed_by_hand_unless_it_says_otherwise() -> None:
    assert a_plan().renewal is Renewal.MANUAL
    assert a_plan().settings == Settings()


def test_an_offer_is_a_plan_with_the_package_that_it_sells() -> None:
    assert Offer(a_plan(), a_package()).package.id == "safety"


@pytest.mark.parametrize("package", [a_package(id="other"), a_package(kind=PackageKind.SEATS)])
def test_an_offer_with_another_package_is_refused(package: Package) -> None:
    with pytest.raises(PackageMismatch) as caught:
        Offer(a_plan(), package)
    assert caught.value == PackageMismatch(plan="fifty", package=package.id)
    assert f"plan 'fifty' does not sell package '{package.id}'" in str(caught.value)


@given(offers())
def test_every_offer_has_a_price_in_each_of_its_currencies(offer: Offer) -> None:
    for price in offer.plan.prices:
        assert offer.plan.price_in(price.currency) is price
    assert offer.plan.kind.sells is offer.package.kind


def an_offer(plan_id: str, *audience: Scope) -> Offer:
    return Offer(a_plan(id=plan_id), a_package(audience=frozenset(audience)))


EVERYBODYS = an_offer("b", EVERYONE, Scope.user("ana"))
SALES = an_offer("a", Scope.branch("sales"), Scope.group("coaches"))
TREES = an_offer("c", Scope.tree("root"))
ALL = Offers.of([TREES, EVERYBODYS, SALES, EVERYBODYS])


def test_offers_come_by_the_id_of_their_plan_each_once() -> None:
    assert list(ALL) == [SALES, EVERYBODYS, TREES]
    assert (len(ALL), ALL.get("a"), ALL.get("z")) == (3, SALES, None)
    assert SALES in ALL
    assert an_offer("a") not in ALL
    assert "a" not in ALL
    assert Offers.of(ALL) is ALL
    assert Offers.of(iter([SALES])) == Offers((SALES,))


@pytest.mark.parametrize(
    ("whose", "seen"),
    [
        ({}, [EVERYBODYS]),
        ({"user": "ana"}, [EVERYBODYS]),
        ({"user": "mei", "groups": ["coaches", "others"]}, [SALES, EVERYBODYS]),
        ({"branches": ["sales"], "groups": ["coaches"]}, [SALES, EVERYBODYS]),
        ({"branches": ["root"], "trees": ["sales", "root"]}, [EVERYBODYS, TREES]),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_offered_to_somebody_is_found_by_where_they_are(whose: dict[str, Any], seen: list[Offer]) -> None:
    assert ALL.offered_to(**whose) == tuple(seen)


@pytest.mark.parametrize(
    "given", ["ab", b"ab", 7, None, [SALES.plan], [SALES, an_offer("a")]], ids=lambda one: type(one).__name__
)
def test_offers_are_offers_and_of_one_plan_there_is_one(given: Any) -> None:
    with pytest.raises(InvalidArgument):
        Offers(given)


def test_terms_keep_what_was_agreed() -> None:
    assert evolve(TERMS, price=None).price is None
    with pytest.raises(InvalidArgument):
        evolve(TERMS, quantity=0)
