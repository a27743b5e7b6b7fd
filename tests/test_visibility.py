"""Who may see, buy, name and manage what, and why not."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from licensing_core import visibility
from licensing_core.directory import (
    EVERYONE,
    Actor,
    Content,
    Coverage,
    Directory,
    Permission,
    PermissionMissing,
    Role,
    Scope,
)
from licensing_core.errors import LicensingError
from licensing_core.plans import PlanKind
from licensing_core.visibility import (
    BeneficiaryKind,
    BeneficiaryNotAllowed,
    ContentNotAssigned,
    ContentNotInPackage,
    KindNotAllowed,
    PlanNotVisible,
    PoolNotVisible,
    PurchaseBySuperadmin,
    audience_of,
    beneficiaries,
    can_buy_publicly,
    can_manage,
    can_name,
    can_record_for,
    can_see_plan,
    in_audience,
    is_public,
    managed,
    manages_enrollment,
    plans_for,
    public_plans,
)
from tests.builders import COMPANY, ROOT, SALES, a_learner, a_pool, a_power_user, an_offer
from tests.reliability import visibility_worlds

SINGLE, MULTI, SEATS = PlanKind
FIRE = Content.course("fire")
COACHES, IT = Scope.group("coaches"), Scope.branch("it")


def recorder(*resources: Scope) -> Actor:
    """A power user who may record transactions."""
    power = a_power_user(*resources)
    return evolve(power, permissions=power.permissions | {Permission.TRANSACTIONS_CREATE})


def refused(verdict: Any) -> LicensingError | None:
    """The refusal of *verdict*, which is raised by `require()`."""
    if verdict.refusal is not None:
        with pytest.raises(type(verdict.refusal)):
            verdict.require()
    refusal: LicensingError | None = verdict.refusal
    return refusal


# Seeing plans


@pytest.mark.parametrize(
    ("audience", "seen"),
    [
        (SALES, True),
        (Scope.tree("root"), True),
        (COACHES, True),
        (EVERYONE, True),
        (Scope.user("ana"), True),
        (IT, False),
        (Scope.branch("root"), False),
        (Scope.group("nobody"), False),
        (Scope.user("luis"), False),
    ],
    ids=str,
)
def test_somebody_sees_a_package_as_a_member_of_its_audience(audience: Scope, seen: bool) -> None:
    offer = an_offer(SINGLE, audience=audience)
    assert in_audience("ana", offer.package, COMPANY) is seen
    assert bool(can_see_plan(a_learner("ana"), offer, COMPANY)) is seen


@pytest.mark.parametrize(
    ("actor", "kind", "audience", "refusal"),
    [
        (ROOT, MULTI, IT, PurchaseBySuperadmin()),
        (a_learner("ana"), MULTI, IT, PlanNotVisible(plan="ten")),
        (a_power_user(SALES), SEATS, IT, PlanNotVisible(plan="ten")),
        (a_learner("ana"), MULTI, SALES, KindNotAllowed(plan="ten")),
        (a_learner("ana"), SEATS, SALES, KindNotAllowed(plan="ten")),
        (a_learner("ana"), SINGLE, SALES, None),
        (a_power_user(IT), MULTI, SALES, None),
        (a_power_user(), SEATS, SALES, None),
    ],
)
def test_a_plan_is_refused_by_role_then_audience_then_kind(
    actor: Actor, kind: PlanKind, audience: Scope, refusal: LicensingError | None
) -> None:
    assert refused(can_see_plan(actor, an_offer(kind, audience=audience), COMPANY)) == refusal


def test_the_plans_page_lists_what_passes_the_check_sorted() -> None:
    offers = [
        an_offer(SEATS, plan_id="z"),
        an_offer(SINGLE, plan_id="b"),
        an_offer(SINGLE, plan_id="hidden", audience=IT),
        an_offer(MULTI, plan_id="a"),
    ]
    assert plans_for(a_learner("ana"), offers, COMPANY) == ("b",)
    assert plans_for(a_power_user(), offers, COMPANY) == ("a", "b", "z")
    assert plans_for(ROOT, offers, COMPANY) == ()


def test_the_public_catalog_sells_single_licenses_that_everybody_sees() -> None:
    offers = [
        an_offer(SINGLE, plan_id="c", audience=EVERYONE),
        an_offer(SINGLE, plan_id="a", audience=Scope.tree("root")),
        an_offer(SINGLE, plan_id="x", audience=Scope.tree("sales")),
        an_offer(MULTI, plan_id="y", audience=EVERYONE),
    ]
    assert public_plans(offers, COMPANY) == ("a", "c")


@pytest.mark.parametrize("branches", [{}, {"a": None, "b": None}], ids=["no branch", "two roots"])
def test_where_there_is_no_only_root_public_means_everyone(branches: dict[str, None]) -> None:
    forest = Directory.of(branches=branches).forest
    assert is_public(an_offer(SINGLE, audience=EVERYONE).package, forest)
    assert not is_public(an_offer(SINGLE, audience=Scope.tree("a")).package, forest)


def test_what_is_offered_to_everyone_is_seen_without_any_branch() -> None:
    assert can_see_plan(a_learner("stranger"), an_offer(SINGLE), COMPANY)
    assert not can_see_plan(a_learner("stranger"), an_offer(SINGLE, audience=Scope.tree("root")), COMPANY)


@pytest.mark.parametrize(
    ("actor", "kind", "audience", "refusal"),
    [
        (ROOT, MULTI, IT, PurchaseBySuperadmin()),
        (None, MULTI, EVERYONE, PlanNotVisible(plan="ten")),
        (a_power_user(), SEATS, EVERYONE, PlanNotVisible(plan="ten")),
        (a_learner("ana"), SINGLE, SALES, PlanNotVisible(plan="ten")),
        (None, SINGLE, Scope.tree("sales"), PlanNotVisible(plan="ten")),
        (None, SINGLE, EVERYONE, None),
        (None, SINGLE, Scope.tree("root"), None),
        (a_learner("stranger"), SINGLE, Scope.tree("root"), None),
        (a_power_user(), SINGLE, EVERYONE, None),
    ],
)
def test_the_public_catalog_sells_anyone_but_a_superadmin_what_everybody_sees(
    actor: Actor | None, kind: PlanKind, audience: Scope, refusal: LicensingError | None
) -> None:
    verdict = can_buy_publicly(actor, an_offer(kind, audience=audience), COMPANY)
    assert refused(verdict) == refusal
    assert refusal is not None or verdict.rule == "DOC-11"


def test_who_sees_a_package_is_listed_by_branch() -> None:
    package = an_offer(SINGLE, audience=Scope.tree("sales")).package
    assert audience_of(package, COMPANY) == ("ana", "luis", "pu", "mei")
    assert audience_of(an_offer(audience=COACHES).package, COMPANY) == ("ana", "noor")
    assert audience_of(an_offer(audience=Scope.group("nobody")).package, COMPANY) == ()
    everybody = audience_of(an_offer(audience=EVERYONE).package, COMPANY)
    assert sorted(everybody) == list(COMPANY.people)


def test_two_refusals_of_one_plan_share_no_error() -> None:
    offer = an_offer(SINGLE, audience=IT)
    one, two = (can_see_plan(a_learner("ana"), offer, COMPANY) for _ in range(2))
    assert one == two
    assert one.refusal == two.refusal
    assert one.refusal is not two.refusal


# Naming a beneficiary


@pytest.mark.parametrize(
    ("kind", "beneficiary", "fits"),
    [
        (SINGLE, Scope.user("ana"), True),
        (SINGLE, SALES, False),
        (SINGLE, COACHES, False),
        (SINGLE, EVERYONE, False),
        (MULTI, SALES, True),
        (MULTI, Scope.tree("sales"), True),
        (SEATS, COACHES, True),
        (MULTI, Scope.user("ana"), False),
        (SEATS, EVERYONE, False),
    ],
    ids=str,
)
def test_a_single_license_is_for_a_user_and_others_for_a_group_or_branch(
    kind: PlanKind, beneficiary: Scope, fits: bool
) -> None:
    verdict = can_record_for(ROOT, an_offer(kind), beneficiary, COMPANY)
    assert refused(verdict) == (None if fits else BeneficiaryKind(plan="ten", plan_kind=kind, kind=beneficiary.kind))


def test_refusals_of_a_beneficiary_stand_in_order() -> None:
    blind = a_power_user(IT, without={Permission.GROUPS_VIEW})
    missing = PermissionMissing(permission=Permission.GROUPS_VIEW)
    assert refused(can_name(blind, an_offer(SINGLE), COACHES, COMPANY)) == BeneficiaryKind(
        plan="ten", plan_kind=SINGLE, kind=COACHES.kind
    )
    assert refused(can_name(blind, an_offer(MULTI), COACHES, COMPANY)) == missing
    outside = BeneficiaryNotAllowed(beneficiary=COACHES)
    assert refused(can_name(a_power_user(IT), an_offer(MULTI), COACHES, COMPANY)) == outside
    assert refused(can_name(a_power_user(COACHES), an_offer(MULTI), COACHES, COMPANY)) is None


@pytest.mark.parametrize(
    ("resource", "beneficiary", "allowed"),
    [
        (SALES, SALES, True),
        (SALES, Scope.tree("sales"), False),
        (SALES, Scope.branch("madrid"), False),
        (Scope.tree("sales"), Scope.branch("madrid"), True),
        (Scope.tree("sales"), Scope.tree("sales"), True),
        (Scope.tree("sales"), IT, False),
        (Scope.tree("root"), COACHES, False),
        (COACHES, COACHES, True),
        (EVERYONE, SALES, True),
    ],
    ids=str,
)
def test_a_power_user_names_what_a_resource_covers(resource: Scope, beneficiary: Scope, allowed: bool) -> None:
    verdict = can_name(a_power_user(resource), an_offer(MULTI), beneficiary, COMPANY)
    assert refused(verdict) == (None if allowed else BeneficiaryNotAllowed(beneficiary=beneficiary))


def test_the_exact_policy_takes_only_the_very_group_or_branch() -> None:
    exact = Directory.of(branches={"root": None, "a": "root"}, coverage=Coverage.EXACT)
    boss = a_power_user(Scope.tree("root"))
    assert not can_name(boss, an_offer(MULTI), Scope.branch("a"), exact)
    assert can_name(boss, an_offer(MULTI), Scope.tree("root"), exact)


@pytest.mark.parametrize(
    ("actor", "user", "allowed"),
    [
        (a_learner("ana"), "ana", True),
        (a_learner("ana"), "luis", False),
        (a_power_user(), "pu", True),
        (a_power_user(), "ana", False),
        (a_power_user(SALES), "luis", True),
        (a_power_user(SALES), "mei", False),
        (a_power_user(COACHES), "noor", True),
        (a_power_user(Scope.user("mei")), "mei", True),
    ],
)
def test_a_single_license_is_for_self_or_a_user_of_the_power_user(actor: Actor, user: str, allowed: bool) -> None:
    verdict = can_name(actor, an_offer(SINGLE), Scope.user(user), COMPANY)
    assert refused(verdict) == (None if allowed else BeneficiaryNotAllowed(beneficiary=Scope.user(user)))


def test_in_a_recorded_transaction_one_names_oneself_only_when_one_manages_oneself() -> None:
    self_ = Scope.user("pu")
    assert not can_record_for(recorder(IT), an_offer(SINGLE), self_, COMPANY)
    assert can_record_for(recorder(SALES), an_offer(SINGLE), self_, COMPANY)


def test_beneficiaries_of_a_single_license_are_self_and_the_users_of_the_power_user() -> None:
    boss = a_power_user(SALES, COACHES, Scope.user("mei"), Scope.user("gone"))
    named = tuple(f"user:{user}" for user in ("ana", "gone", "luis", "mei", "noor", "pu"))
    assert tuple(map(str, beneficiaries(boss, an_offer(SINGLE), COMPANY))) == named
    assert beneficiaries(a_learner("ana"), an_offer(SINGLE), COMPANY) == (Scope.user("ana"),)


def test_beneficiaries_of_a_pool_are_groups_and_branches_as_assigned() -> None:
    resources = (SALES, Scope.tree("it"), COACHES, Scope.user("ana"), EVERYONE)
    assert beneficiaries(a_power_user(*resources), an_offer(MULTI), COMPANY) == (Scope.tree("it"), SALES, COACHES)
    blind = a_power_user(*resources, without={Permission.GROUPS_VIEW})
    assert beneficiaries(blind, an_offer(MULTI), COMPANY) == (Scope.tree("it"), SALES)


@pytest.mark.parametrize(
    ("actor", "error"),
    [(ROOT, PurchaseBySuperadmin), (a_learner("noor"), PlanNotVisible), (a_learner("ana"), KindNotAllowed)],
)
def test_beneficiaries_are_refused_as_the_plan_is(actor: Actor, error: type[LicensingError]) -> None:
    with pytest.raises(error):
        beneficiaries(actor, an_offer(MULTI, audience=SALES), COMPANY)


# Managing pools


def test_a_pool_is_refused_for_the_permission_first_and_then_as_if_unknown() -> None:
    missing = PermissionMissing(permission=Permission.SEATS_MANAGE)
    without = a_power_user(SALES, without={Permission.SEATS_MANAGE})
    assert refused(can_manage(without, IT, "p1", COMPANY)) == missing
    assert refused(can_manage(a_learner("ana"), Scope.user("ana"), "p1", COMPANY)) == missing
    assert refused(can_manage(a_power_user(SALES), IT, "p1", COMPANY)) == PoolNotVisible(pool="p1")
    assert can_manage(a_power_user(SALES), SALES, "p1", COMPANY).rule == "DOC-20"
    assert can_manage(ROOT, IT, "p1", COMPANY)


def test_holding_all_members_one_by_one_is_not_holding_the_group() -> None:
    members = [Scope.user(user) for user in COMPANY.members(COACHES)]
    assert not can_manage(a_power_user(*members), COACHES, "p1", COMPANY)


def test_a_purchase_for_one_user_is_managed_directly_or_through_a_group_or_branch() -> None:
    for resource in (Scope.user("ana"), SALES, COACHES, Scope.tree("root")):
        assert can_manage(a_power_user(resource), Scope.user("ana"), "p1", COMPANY)
    assert not can_manage(a_power_user(IT), Scope.user("ana"), "p1", COMPANY)


def test_a_resource_taken_away_takes_its_purchases_away_at_once() -> None:
    pools = [a_pool(pool_id="z"), a_pool(pool_id="a"), a_pool(pool_id="it", beneficiary=IT)]
    assert managed(a_power_user(SALES), pools, COMPANY) == ("a", "z")
    assert managed(a_power_user(), pools, COMPANY) == ()
    assert managed(ROOT, pools, COMPANY) == ("a", "it", "z")


def test_a_list_of_pools_needs_the_permission() -> None:
    with pytest.raises(PermissionMissing, match=r"seats\.manage"):
        managed(a_learner(), [], COMPANY)


def test_in_a_list_of_pools_each_resource_covers_as_in_the_check() -> None:
    exact = Directory.of(
        branches={"root": None, "a": "root"}, users={"ana": ["a"]}, groups={"g": ["ana"]}, coverage=Coverage.EXACT
    )
    loose = Directory(exact.forest, exact.people)
    scopes = {"ana": "user:ana", "b": "branch:a", "g": "group:g", "t": "branch:a/**", "top": "branch:root/**"}
    pools = [a_pool(pool_id=name, beneficiary=Scope.parse(text)) for name, text in scopes.items()]
    boss = a_power_user(Scope.tree("root"))
    assert managed(boss, pools, loose) == ("ana", "b", "t", "top")
    assert managed(boss, pools, exact) == ("ana", "top")
    assert managed(a_power_user(EVERYONE), pools, loose) == tuple(scopes)
    assert managed(a_power_user(EVERYONE), pools, exact) == ("ana",)


@pytest.mark.parametrize(
    ("actor", "user", "beneficiary", "managed_"),
    [
        (ROOT, "stranger", None, True),
        (a_power_user(SALES), "ana", None, True),
        (a_power_user(SALES), "noor", None, False),
        (a_power_user(SALES), "noor", SALES, True),
        (a_power_user(SALES), "noor", IT, False),
        (a_power_user(Scope.user("noor")), "noor", SALES, True),
        (a_learner("ana"), "ana", Scope.user("ana"), False),
    ],
)
def test_an_enrollment_is_managed_through_its_user_or_what_its_pool_was_bought_for(
    actor: Actor, user: str, beneficiary: Scope | None, managed_: bool
) -> None:
    assert manages_enrollment(actor, user, beneficiary, COMPANY) is managed_


# L9


@settings(max_examples=25)  # of worlds, each of hundreds of questions; `make reliability` asks of thousands
@given(st.integers(0, 10**9))
def test_library_and_the_naive_reading_of_the_rules_agree_on_any_world(number: int) -> None:
    assert visibility_worlds.check_world(number, seed=9)


@pytest.mark.parametrize("kind", list(PlanKind))
@pytest.mark.parametrize("take", [Permission.GROUPS_VIEW, Permission.SEATS_MANAGE, "resource", "role"])
def test_taking_something_away_never_adds_anything(kind: PlanKind, take: Any) -> None:
    resources = (SALES, COACHES)
    more, less = a_power_user(*resources), a_power_user(*resources)
    if isinstance(take, Permission):
        less = a_power_user(*resources, without={take})
    if take == "resource":
        less = a_power_user(SALES)
    if take == "role":
        less = Actor("pu", Role.LEARNER, permissions=more.permissions, resources=more.resources)
    scopes = (SALES, COACHES, IT, Scope.user("ana"), Scope.user("pu"), EVERYONE)
    questions: list[Callable[[Actor, Scope], bool]] = [
        lambda actor, scope: bool(can_name(actor, an_offer(kind), scope, COMPANY)),
        lambda actor, scope: bool(can_manage(actor, scope, "p", COMPANY)),
        lambda actor, scope: bool(visibility.can_see_plan(actor, an_offer(kind), COMPANY)),
    ]
    for ask in questions:
        for scope in scopes:
            assert ask(more, scope) or not ask(less, scope)


@pytest.mark.parametrize(
    "refusal",
    [
        PurchaseBySuperadmin(),
        PlanNotVisible(plan="ten"),
        KindNotAllowed(plan="ten"),
        visibility.BeneficiaryRequired(plan="ten", kind=MULTI),
        BeneficiaryKind(plan="ten", plan_kind=SINGLE, kind=SALES.kind),
        BeneficiaryNotAllowed(beneficiary=SALES),
        PoolNotVisible(pool="p1"),
        ContentNotInPackage(pool="p1", contents=(FIRE,)),
        ContentNotAssigned(pool="p1", contents=(FIRE,)),
    ],
    ids=lambda refusal: str(refusal.code),
)
def test_each_refusal_is_a_sentence_that_names_no_person(refusal: LicensingError) -> None:
    assert ";" in str(refusal) or "there is no" in str(refusal)
    assert "sales" not in str(refusal)
