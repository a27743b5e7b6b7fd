"""Packages, plans, their switches and prices, and what a sale pins."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.directory import EVERYONE, Content
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import (
    PLATFORM_DEFAULTS,
    Catalog,
    Offer,
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


def test_terms_keep_what_was_agreed() -> None:
    assert evolve(TERMS, price=None).price is None
    with pytest.raises(InvalidArgument):
        evolve(TERMS, quantity=0)
