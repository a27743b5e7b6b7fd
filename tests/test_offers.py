"""All that is for sale, found by the plan and by who sees it."""

from collections.abc import Collection
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import InvalidArgument
from licensing_core.directory import EVERYONE, Actor, Directory, Scope
from licensing_core.plans import Offer, Offers, PlanKind
from licensing_core.testing.strategies import actors, directories, scopes
from licensing_core.visibility import can_buy_publicly, can_see_plan, plans_for, public_plans
from tests.builders import an_offer

SALES, COACHES, IT = Scope.tree("sales"), Scope.group("coaches"), Scope.branch("it")
A, B, C = an_offer(plan_id="a", audience=SALES), an_offer(plan_id="b"), an_offer(plan_id="c", audience=COACHES)


def offered(*audience: Scope, plan_id: str, kind: PlanKind = PlanKind.SINGLE_LICENSE) -> Offer:
    offer = an_offer(kind, plan_id=plan_id)
    return evolve(offer, package=evolve(offer.package, audience=frozenset(audience)))


def test_offers_come_by_the_id_of_the_plan_each_once() -> None:
    offers = Offers.of([C, A, B, A])
    assert offers.offers == tuple(offers) == (A, B, C)
    assert len(offers) == 3
    assert offers == Offers.of(iter((B, A, C))) == Offers((A, B, C))
    assert isinstance(offers, Collection)


def test_an_offer_is_found_by_its_plan() -> None:
    offers = Offers.of([A, B])
    assert offers.get("a") == A
    assert offers.get("c") is None
    assert A in offers
    assert C not in offers
    assert evolve(A, package=evolve(A.package, audience=frozenset({IT}))) not in offers
    assert "a" not in offers


def test_offers_that_are_arranged_stay_as_they_are() -> None:
    offers = Offers.of([A])
    assert Offers.of(offers) is offers


@pytest.mark.parametrize("wrong", [None, 5, "ab", b"ab", [None], ["a"], [A, A.plan]])
def test_what_is_no_offer_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="offers must be offers"):
        Offers.of(wrong)


def test_two_offers_of_one_plan_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="one offer for each plan, got two of 'a'"):
        Offers.of([A, B, offered(COACHES, plan_id="a", kind=PlanKind.MULTI_LICENSE)])


def test_offers_are_found_by_each_kind_of_scope_and_those_to_everyone_always() -> None:
    one = offered(SALES, COACHES, plan_id="one")
    offers = Offers.of([A, B, C, one, offered(Scope.user("ana"), IT, plan_id="ana"), offered(plan_id="nobody")])

    def found(**who: Any) -> list[str]:
        return [offer.plan.id for offer in offers.offered_to(**who)]

    assert found() == ["b"]
    assert found(trees=["sales"]) == ["a", "b", "one"]
    assert found(groups=["coaches", "unknown"]) == ["b", "c", "one"]
    assert found(groups=["coaches"], trees=["sales"]) == ["a", "b", "c", "one"]
    assert found(branches=["sales"]) == found(trees=["it"]) == found(user="coaches") == ["b"]
    assert found(user="ana") == found(branches=["it"]) == ["ana", "b"]


@given(directories(), actors(), st.lists(st.tuples(st.sampled_from(PlanKind), st.frozensets(scopes(), max_size=3))))
def test_lists_of_plans_hold_what_passes_their_checks(
    directory: Directory, actor: Actor, sold: list[tuple[PlanKind, frozenset[Scope]]]
) -> None:
    many = [offered(*audience, plan_id=f"p{n}", kind=kind) for n, (kind, audience) in enumerate(sold)]
    seen = [offer.plan.id for offer in many if can_see_plan(actor, offer, directory)]
    public = [offer.plan.id for offer in many if can_buy_publicly(None, offer, directory)]
    for offers in (many, Offers.of(many), iter(many)):
        assert list(plans_for(actor, offers, directory)) == sorted(seen)
    assert list(public_plans(Offers.of(many), directory)) == sorted(public)


def test_an_offer_to_everyone_and_to_a_group_is_listed_once() -> None:
    offers = [offered(EVERYONE, COACHES, SALES, plan_id="one")]
    company = Directory.of(branches={"sales": None}, users={"ana": ["sales"]}, groups={"coaches": ["ana"]})
    assert plans_for(Actor("ana"), offers, company) == public_plans(offers, company) == ("one",)
