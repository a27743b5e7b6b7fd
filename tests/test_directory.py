"""People in branches and groups, scopes, actors, and what covers what."""

import pytest
from hypothesis import given

from licensing_core.checks import FrozenMap, InvalidArgument, InvalidId
from licensing_core.directory import (
    EVERYONE,
    Actor,
    Content,
    ContentKind,
    Coverage,
    Directory,
    Forest,
    InvalidBranches,
    Permission,
    PermissionMissing,
    Person,
    Role,
    Scope,
    ScopeKind,
)
from licensing_core.testing.strategies import BRANCHES, USERS, actors, directories, scopes

COMPANY = Directory.of(
    branches={"top": None, "sales": "top", "madrid": "sales", "lima": "sales", "it": "top"},
    users={"ana": ["madrid"], "luis": ["sales", "it"], "mei": []},
    groups={"coaches": ["ana", "zoe"], "empty": []},
)


# Scopes and contents


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (Scope.user("ana"), "user:ana"),
        (Scope.group("coaches"), "group:coaches"),
        (Scope.branch("sales"), "branch:sales"),
        (Scope.tree("sales"), "branch:sales/**"),
        (Scope.user("a:b"), "user:a:b"),
        (EVERYONE, "everyone"),
    ],
)
def test_a_scope_is_read_from_its_text(scope: Scope, text: str) -> None:
    assert str(scope) == text
    assert type(str(scope)) is str
    assert Scope.parse(text) == scope


@given(scopes())
def test_every_scope_is_read_from_its_text(scope: Scope) -> None:
    assert Scope.parse(str(scope)) == scope


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "user",
        "user:",
        "tree:a",
        "branch:/**",
        "branch:a/*",
        "everyone:",
        "Everyone",
        "group:a b",
        "user:" + "x" * 65,
    ],
)
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Scope.parse(text)


def test_a_scope_has_an_id_and_everyone_has_none() -> None:
    for kind in ScopeKind:
        wrong = "a" if kind is ScopeKind.EVERYONE else None
        with pytest.raises(InvalidArgument, match="id must be an id, and none for everyone"):
            Scope(kind, wrong)


def test_a_content_is_read_from_its_text() -> None:
    for content, text in ((Content.course("c1"), "course:c1"), (Content.learning_plan("l"), "learning_plan:l")):
        assert (str(content), Content.parse(text)) == (text, content)
    assert Content.course("a").kind is ContentKind.COURSE
    for wrong in ("", "c1", "course:", "plan:l", "everyone"):
        with pytest.raises(InvalidArgument):
            Content.parse(wrong)


# Actors


def test_a_superadmin_has_every_permission_and_a_learner_none() -> None:
    for permission in Permission:
        assert Actor("root", Role.SUPERADMIN).has(permission)
        assert not Actor("ana", permissions=frozenset(Permission)).has(permission)


def test_a_power_user_has_the_permissions_granted() -> None:
    actor = Actor("ana", Role.POWER_USER, permissions=frozenset({Permission.GROUPS_VIEW}))
    assert [permission for permission in Permission if actor.has(permission)] == [Permission.GROUPS_VIEW]
    actor.require(Permission.GROUPS_VIEW)
    with pytest.raises(PermissionMissing) as caught:
        actor.require(Permission.SEATS_MANAGE)
    assert caught.value == PermissionMissing(permission=Permission.SEATS_MANAGE)
    assert str(caught.value) == "this needs the permission seats.manage; ask an administrator for it"


def test_only_a_power_user_has_scopes() -> None:
    resources: frozenset[Scope | Content] = frozenset({Scope.group("coaches"), Content.course("fire")})
    assert list(Actor("ana", Role.POWER_USER, resources=resources).scopes()) == [Scope.group("coaches")]
    assert list(Actor("ana", Role.LEARNER, resources=resources).scopes()) == []
    assert list(Actor("ana", Role.SUPERADMIN, resources=resources).scopes()) == []


# Branches


def test_a_branch_is_at_or_under_itself_and_those_above() -> None:
    forest = COMPANY.forest
    assert [above for above in forest.parents if forest.at_or_under("madrid", above)] == ["top", "sales", "madrid"]
    assert forest.under("sales") in (("sales", "madrid", "lima"), ("sales", "lima", "madrid"))
    assert sorted(forest.under("top")) == sorted(forest.parents)


def test_an_unknown_branch_is_under_nothing_and_has_nothing_under_it() -> None:
    assert not COMPANY.forest.at_or_under("nowhere", "top")
    assert not COMPANY.forest.at_or_under("top", "nowhere")
    assert not COMPANY.forest.at_or_under("nowhere", "nowhere")
    assert COMPANY.forest.under("nowhere") == ()


def test_a_forest_has_a_root_when_it_has_just_one() -> None:
    assert COMPANY.forest.root == "top"
    assert Forest({}).root is None
    assert Forest({"a": None, "b": None}).root is None


@pytest.mark.parametrize(
    ("parents", "branch", "reason"),
    [
        ({"a": "b"}, "a", "its parent is unknown"),
        ({"a": "a"}, "a", "it is its own ancestor"),
        ({"top": None, "b": "c", "c": "b"}, "b", "it is its own ancestor"),
    ],
)
def test_branches_must_make_a_forest(parents: dict[str, str | None], branch: str, reason: str) -> None:
    with pytest.raises(InvalidBranches) as caught:
        Forest(parents)
    assert caught.value == InvalidBranches(branch=branch, reason=reason)
    assert str(caught.value).startswith(f"branch '{branch}': {reason}; every branch needs a known parent")


def test_a_forest_is_64_levels_deep_at_most() -> None:
    chain: dict[str, str | None] = {"b1": None, **{f"b{n}": f"b{n - 1}" for n in range(2, 65)}}
    assert len(Forest(chain).under("b1")) == 64
    with pytest.raises(InvalidBranches) as caught:
        Forest({**chain, "b65": "b64"})
    assert caught.value == InvalidBranches(branch="b65", reason="it lies deeper than 64 levels")


# People


def test_a_user_is_in_their_branches_and_those_above_as_trees() -> None:
    assert COMPANY.is_in("ana", Scope.branch("madrid"))
    assert not COMPANY.is_in("ana", Scope.branch("sales"))
    assert COMPANY.is_in("ana", Scope.tree("sales"))
    assert not COMPANY.is_in("ana", Scope.tree("it"))
    assert COMPANY.is_in("ana", Scope.group("coaches"))
    assert not COMPANY.is_in("luis", Scope.group("coaches"))
    assert COMPANY.is_in("ana", Scope.user("ana"))
    assert not COMPANY.is_in("ana", Scope.user("luis"))


def test_everybody_is_in_everyone_and_somebody_unknown_in_nothing_else() -> None:
    assert COMPANY.is_in("nobody", EVERYONE)
    for scope in (Scope.tree("top"), Scope.branch("top"), Scope.group("coaches"), Scope.group("unknown")):
        assert not COMPANY.is_in("nobody", scope)


@pytest.mark.parametrize("user", [None, 1, [], ["ana"], b"ana"])
def test_only_an_id_is_in_a_scope(user: object) -> None:
    for scope in (EVERYONE, Scope.tree("top"), Scope.user("ana")):
        with pytest.raises(InvalidId):
            COMPANY.is_in(user, scope)  # type: ignore[arg-type]


def test_members_are_sorted_and_come_once() -> None:
    assert COMPANY.members(Scope.tree("top")) == ("ana", "luis")
    assert COMPANY.members(Scope.branch("sales")) == ("luis",)
    assert COMPANY.members(Scope.group("coaches")) == ("ana", "zoe")
    assert COMPANY.members(Scope.group("unknown")) == COMPANY.members(Scope.tree("unknown")) == ()
    assert COMPANY.members(EVERYONE) == ("ana", "luis", "mei", "zoe")
    assert COMPANY.members(Scope.user("mei")) == ("mei",)
    assert COMPANY.members(Scope.user("nobody")) == ()


def test_a_member_of_a_group_alone_is_known_and_in_no_branch() -> None:
    assert COMPANY.people["zoe"] == Person(groups=frozenset({"coaches"}))


def test_a_directory_lists_its_people_in_the_order_of_their_ids() -> None:
    assert list(COMPANY.people) == ["ana", "luis", "mei", "zoe"]


def test_members_are_sorted_whatever_the_order_of_the_people() -> None:
    madrid = Person(frozenset({"madrid"}))
    unsorted = Directory(COMPANY.forest, FrozenMap({"zoe": madrid, "ana": madrid, "mei": madrid}))
    assert unsorted.members(Scope.branch("madrid")) == unsorted.members(EVERYONE) == ("ana", "mei", "zoe")


def test_an_empty_directory_knows_nobody() -> None:
    nothing = Directory.of()
    assert nothing == Directory(Forest({}), FrozenMap({}))
    assert nothing.members(EVERYONE) == ()


def test_a_user_in_an_unknown_branch_is_refused() -> None:
    with pytest.raises(InvalidBranches) as caught:
        Directory.of(branches={"a": None}, users={"ana": ["a", "z", "b"]})
    assert caught.value == InvalidBranches(branch="b", reason="a user is in it, but it is unknown")


@given(directories(), scopes())
def test_the_members_of_a_scope_are_the_known_users_that_are_in_it(directory: Directory, scope: Scope) -> None:
    assert directory.members(scope) == tuple(user for user in sorted(directory.people) if directory.is_in(user, scope))


# What covers what


@pytest.mark.parametrize(
    ("resource", "covered"),
    [
        ("branch:sales/**", "branch:sales/** branch:sales branch:madrid branch:lima/** user:ana user:luis"),
        ("branch:sales", "branch:sales user:luis"),
        ("branch:madrid", "branch:madrid user:ana"),
        ("group:coaches", "group:coaches user:ana user:zoe"),
        ("user:ana", "user:ana"),
        ("everyone", "all"),
        ("branch:unknown/**", "branch:unknown/**"),
    ],
)
def test_a_resource_covers_who_could_ever_be_in_a_scope(resource: str, covered: str) -> None:
    branches = "top/** top sales/** sales madrid lima/** it/** unknown/** unknown"
    users = ("ana", "luis", "mei", "zoe", "nobody")
    every = {"everyone", "group:coaches", "group:empty"}
    every |= {f"branch:{name}" for name in branches.split()} | {f"user:{name}" for name in users}
    found = {scope for scope in every if COMPANY.covers(Scope.parse(resource), Scope.parse(scope))}
    assert found == (every if covered == "all" else set(covered.split()))


def test_the_exact_policy_takes_only_the_very_group_or_branch() -> None:
    exact = Directory(COMPANY.forest, COMPANY.people, Coverage.EXACT)
    assert exact.covers(Scope.tree("sales"), Scope.tree("sales"))
    assert exact.covers(Scope.tree("sales"), Scope.user("ana"))
    assert exact.covers(EVERYONE, EVERYONE)
    assert not exact.covers(Scope.tree("sales"), Scope.branch("sales"))
    assert not exact.covers(Scope.tree("top"), Scope.tree("sales"))
    assert not exact.covers(EVERYONE, Scope.group("coaches"))


def test_a_superadmin_manages_all_a_power_user_their_resources_and_a_learner_nothing() -> None:
    resources: frozenset[Scope | Content] = frozenset({Scope.tree("sales"), Content.course("fire")})
    assert COMPANY.manages(Actor("root", Role.SUPERADMIN), EVERYONE)
    assert COMPANY.manages(Actor("luis", Role.POWER_USER, resources=resources), Scope.branch("lima"))
    assert not COMPANY.manages(Actor("luis", Role.POWER_USER, resources=resources), Scope.branch("it"))
    assert not COMPANY.manages(Actor("luis", Role.LEARNER, resources=resources), Scope.branch("lima"))


@given(directories(), scopes(), scopes())
def test_what_a_resource_covers_holds_nobody_who_is_not_in_the_resource(
    directory: Directory, resource: Scope, scope: Scope
) -> None:
    if directory.covers(resource, scope):
        assert set(directory.members(scope)) <= set(directory.members(resource))


@given(directories(), scopes(), scopes(), scopes())
def test_covering_passes_on(directory: Directory, one: Scope, two: Scope, three: Scope) -> None:
    assert directory.covers(one, one) or one.kind is ScopeKind.USER
    if directory.covers(one, two) and directory.covers(two, three) and two.kind is not ScopeKind.USER:
        assert directory.covers(one, three)


@given(directories(), scopes(), scopes())
def test_the_exact_policy_covers_no_more(directory: Directory, resource: Scope, scope: Scope) -> None:
    exact = Directory(directory.forest, directory.people, Coverage.EXACT)
    loose = Directory(directory.forest, directory.people)
    assert loose.covers(resource, scope) or not exact.covers(resource, scope)


@given(directories(), actors(), scopes())
def test_an_actor_manages_a_scope_through_one_resource(directory: Directory, actor: Actor, scope: Scope) -> None:
    through = any(directory.covers(resource, scope) for resource in actor.scopes())
    assert directory.manages(actor, scope) == (actor.is_superadmin or through)


@given(directories())
def test_a_forest_agrees_with_the_walk_up_the_parents(directory: Directory) -> None:
    forest = directory.forest
    for branch in BRANCHES:
        chain, at = set(), branch if branch in forest.parents else None
        while at is not None:
            chain.add(at)
            at = forest.parents[at]
        assert {above for above in BRANCHES if forest.at_or_under(branch, above)} == chain
        assert set(forest.under(branch)) == {low for low in BRANCHES if forest.at_or_under(low, branch)}


@given(directories())
def test_a_tree_is_the_sum_of_its_branches(directory: Directory) -> None:
    for branch in BRANCHES:
        parts = [directory.members(Scope.branch(below)) for below in directory.forest.under(branch)]
        assert set(directory.members(Scope.tree(branch))) == {user for part in parts for user in part} <= set(USERS)
