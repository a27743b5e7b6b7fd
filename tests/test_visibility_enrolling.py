"""Who enrolls whom in what, and whom to offer for assigning, unassigning and confirming."""

from typing import Any

import pytest
from attrs import evolve

from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.directory import (
    Actor,
    Content,
    Permission,
    PermissionMissing,
    Role,
    Scope,
)
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holdings, HoldingsNotLoaded
from licensing_core.plans import Catalog, Package, PackageKind, PlanKind
from licensing_core.pools import ConfirmationNotAllowed, LicensePool
from licensing_core.visibility import (
    ContentNotAssigned,
    ContentNotInPackage,
    PageMode,
    can_enroll_in,
    can_open_enrollment_page,
    candidates,
    candidates_to_confirm,
    candidates_to_unassign,
    enrollable,
    enrollment_page,
)
from tests.builders import COMPANY, ROOT, SALES, a_learner, a_pool, a_power_user, seats

SINGLE, MULTI, SEATS = PlanKind
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


# Enrolling

FIRE, ICE, START = Content.course("fire"), Content.course("ice"), Content.learning_plan("start")
LISTED = Package(
    id="pack",
    kind=PackageKind.LICENSES,
    catalogs=(Catalog("one", frozenset({FIRE, START})), Catalog("two", frozenset({FIRE, ICE}))),
    audience=frozenset(),
)
TEACHER = Actor("pu", Role.POWER_USER, resources=frozenset({FIRE, Content.course("start"), SALES}))


@pytest.mark.parametrize(
    ("actor", "package", "contents", "refusal"),
    [
        (ROOT, LISTED, {FIRE, ICE, START}, None),
        (ROOT, LISTED, {Content.course("start")}, ContentNotInPackage(pool="p1", contents=(Content.course("start"),))),
        (ROOT, None, {START, FIRE}, ContentNotInPackage(pool="p1", contents=(FIRE, START))),
        (ROOT, None, set(), None),
        (TEACHER, LISTED, [FIRE, FIRE], None),
        (TEACHER, LISTED, [START, ICE, FIRE], ContentNotAssigned(pool="p1", contents=(ICE, START))),
        (
            TEACHER,
            LISTED,
            [START, Content.course("start")],
            ContentNotInPackage(pool="p1", contents=(Content.course("start"),)),
        ),
        (evolve(TEACHER, role=Role.LEARNER), LISTED, {FIRE}, ContentNotAssigned(pool="p1", contents=(FIRE,))),
    ],
)
def test_contents_are_refused_by_package_and_then_by_resources(
    actor: Actor, package: Package | None, contents: Any, refusal: LicensingError | None
) -> None:
    verdict = can_enroll_in(actor, package, contents, "p1")
    assert refused(verdict) == refusal
    assert verdict.rule == "DOC-43"


@pytest.mark.parametrize(
    ("actor", "offered"),
    [
        (ROOT, (FIRE, ICE, START)),
        (TEACHER, (FIRE,)),
        (evolve(TEACHER, resources=frozenset({START, FIRE})), (FIRE, START)),
        (evolve(TEACHER, role=Role.LEARNER), ()),
        (a_power_user(SALES), ()),
    ],
)
def test_the_contents_offered_are_those_that_pass_the_check_by_their_text(
    actor: Actor, offered: tuple[Content, ...]
) -> None:
    assert enrollable(actor, LISTED) == offered
    every = (FIRE, ICE, START, Content.course("start"))
    assert tuple(one for one in every if can_enroll_in(actor, LISTED, {one}, "p1")) == offered
    assert enrollable(actor, None) == ()


@pytest.mark.parametrize("wrong", [None, 5, "", "fire", b"", [None], ["course:fire"], iter([FIRE])])
def test_contents_are_a_collection_of_contents(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="contents must be a collection of contents"):
        can_enroll_in(ROOT, LISTED, wrong, "p1")


def test_contents_are_asked_of_a_pool_by_its_id() -> None:
    with pytest.raises(InvalidId):
        can_enroll_in(ROOT, LISTED, [FIRE], "")


READS = {Permission.COURSES_VIEW, Permission.ENROLLMENTS_VIEW}
EDITS = {Permission.LEARNING_PLANS_VIEW, Permission.ENROLLMENTS_MANAGE}


@pytest.mark.parametrize(
    ("actor", "content", "mode", "missing"),
    [
        (ROOT, FIRE, PageMode.EDIT, None),
        (ROOT, START, PageMode.EDIT, None),
        (a_power_user(), FIRE, PageMode.READ, None),
        (a_power_user(), START, PageMode.EDIT, None),
        (a_power_user(without=EDITS), FIRE, PageMode.READ, None),
        (a_power_user(without=READS), START, PageMode.EDIT, None),
        (a_power_user(without=READS), FIRE, PageMode.NONE, Permission.COURSES_VIEW),
        (a_power_user(without=[Permission.ENROLLMENTS_VIEW]), FIRE, PageMode.NONE, Permission.ENROLLMENTS_VIEW),
        (a_power_user(without=EDITS), START, PageMode.NONE, Permission.LEARNING_PLANS_VIEW),
        (a_power_user(without=[Permission.ENROLLMENTS_MANAGE]), START, PageMode.NONE, Permission.ENROLLMENTS_MANAGE),
        (a_learner(), FIRE, PageMode.NONE, Permission.COURSES_VIEW),
        (a_learner(), START, PageMode.NONE, Permission.LEARNING_PLANS_VIEW),
    ],
)
def test_the_page_of_enrollments_opens_by_two_permissions_for_each_kind_of_content(
    actor: Actor, content: Content, mode: PageMode, missing: Permission | None
) -> None:
    verdict = can_open_enrollment_page(actor, content)
    assert enrollment_page(actor, content) is mode
    assert refused(verdict) == (missing and PermissionMissing(permission=missing))
    assert verdict.rule == "DOC-49"


# Candidates


def test_candidates_are_in_the_beneficiary_and_hold_no_license() -> None:
    pool = a_pool(bought=5, holders={"ana", "noor"}, awaiting={"pu"})
    assert candidates(pool, COMPANY) == ("luis", "pu")
    assert candidates(seats(), COMPANY) == ("ana", "luis", "pu")


@pytest.mark.parametrize("user", ["ana", "stranger"])
def test_the_candidate_of_a_single_license_is_who_was_named_known_or_not(user: str) -> None:
    assert candidates(a_pool(beneficiary=Scope.user(user)), COMPANY) == (user,)
    assert candidates(a_pool(beneficiary=Scope.user(user), holders={user}), COMPANY) == ()
    assert candidates(seats(beneficiary=Scope.user(user)), COMPANY) == (user,)


def test_candidates_need_the_holdings_of_all_members() -> None:
    pool = LicensePool(id="p", beneficiary=SALES, bought=1, holdings=Holdings(loaded={"ana"}))
    with pytest.raises(HoldingsNotLoaded):
        candidates(pool, COMPANY)


def test_candidates_to_unassign_hold_a_license_and_for_a_superadmin_may_await_confirmation() -> None:
    pool = a_pool(bought=5, holders={"noor", "ana"}, awaiting={"luis", "bea"})
    assert candidates_to_unassign(a_power_user(SALES), pool) == ("ana", "noor")
    assert candidates_to_unassign(ROOT, pool) == ("ana", "bea", "luis", "noor")


def test_candidates_to_confirm_are_a_superadmins() -> None:
    pool = a_pool(bought=5, holders={"ana"}, awaiting={"luis", "bea"})
    assert candidates_to_confirm(ROOT, pool) == ("bea", "luis")
    for actor in (a_power_user(SALES), a_learner()):
        with pytest.raises(ConfirmationNotAllowed) as caught:
            candidates_to_confirm(actor, pool)
        assert caught.value == ConfirmationNotAllowed(pool="p1")
