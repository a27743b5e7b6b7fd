"""People in branches and groups, scopes, actors, and what covers what."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import FrozenMap, InvalidArgument, InvalidId, InvalidQuantity
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
    people,
)
from licensing_core.testing.strategies import BRANCHES, CONTENTS, USERS, actors, directories, scopes

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
    theirs = {permission for permission in Permission if actor.has(permission)}
    assert theirs == {Permission.GROUPS_VIEW, Permission.SUBSCRIPTIONS_RENEW}
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
    assert forest.under("sales") == ("sales", "madrid", "lima")
    assert forest.under("top") == ("top", "sales", "madrid", "lima", "it")
    assert forest.above("madrid") == ("madrid", "sales", "top")


def test_an_unknown_branch_is_under_nothing_and_has_nothing_under_it() -> None:
    assert not COMPANY.forest.at_or_under("nowhere", "top")
    assert not COMPANY.forest.at_or_under("top", "nowhere")
    assert not COMPANY.forest.at_or_under("nowhere", "nowhere")
    assert COMPANY.forest.under("nowhere") == COMPANY.forest.above("nowhere") == ()
    assert COMPANY.forest.numbers_under("nowhere") == (0, 0)


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
    deep = Directory.of(branches=chain, users={"ana": ["b64"]})
    assert deep.forest.under("b1") == deep.forest.above("b64")[::-1] == tuple(chain)
    assert all(deep.is_in_any("ana", frozenset({Scope.tree(branch)})) for branch in chain)
    assert [branch for branch in chain if deep.is_in("ana", Scope.branch(branch))] == ["b64"]
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


def test_a_person_in_an_unknown_branch_is_refused_however_the_directory_is_made() -> None:
    lost = FrozenMap({"ana": Person(frozenset({"z", "b", "top"}))})
    ways: tuple[Callable[[], Directory], ...] = (
        lambda: Directory(COMPANY.forest, lost),
        lambda: evolve(COMPANY, people=lost),
    )
    for make in ways:
        with pytest.raises(InvalidBranches) as caught:
            make()
        assert caught.value == InvalidBranches(branch="b", reason="a user is in it, but it is unknown")
    with pytest.raises(InvalidBranches):
        evolve(COMPANY, forest=Forest({}))


@pytest.mark.parametrize("wrong", ["b c", "", None, 1, ["top"], "x" * 65])
def test_an_id_that_is_none_is_refused_wherever_it_stands(wrong: Any) -> None:
    known: dict[str, str | None] = {"top": None}
    ways: tuple[Callable[[Any], Any], ...] = (list, tuple, iter)
    for kept in ways:
        with pytest.raises(InvalidArgument):
            Directory.of(branches=known, users={"ana": kept(["top", wrong])})
        with pytest.raises(InvalidArgument):
            Directory.of(branches=known, users={"ana": ["top"]}, groups={"g": kept(["ana", wrong])})
    for ids in ("top", b"top", None, 5):
        with pytest.raises(InvalidArgument):
            Directory.of(branches=known, users={"ana": ids})  # type: ignore[dict-item]


def test_an_id_of_a_class_of_its_own_becomes_the_one_that_is_known() -> None:
    class Name(str):
        __slots__ = ()

    made = Directory.of(branches={"top": None}, users={"ana": [Name("top")]})
    assert [type(branch) for branch in made.people["ana"].branches] == [str]


# Audiences


SPREAD = Directory.of(
    branches={"top": None, "sales": "top", "madrid": "sales", "lima": "sales", "it": "top"},
    users={"ana": ["madrid"], "bob": ["it", "lima"], "cleo": ["sales"], "dan": ["lima", "madrid", "sales"], "eva": []},
    groups={"coaches": ["ana", "bob", "eva", "zoe"], "staff": ["cleo", "eva", "bob"]},
)


def audience(directory: Directory, *texts: str) -> tuple[str, ...]:
    return directory.audience(frozenset(map(Scope.parse, texts)))


@pytest.mark.parametrize(
    ("scopes_", "people"),
    [
        ("branch:sales/**", "cleo dan ana bob"),
        ("branch:top/**", "cleo dan ana bob"),
        ("branch:lima branch:it", "bob dan"),
        ("branch:it/** branch:madrid branch:lima", "ana dan bob"),
        ("branch:madrid", "ana dan"),
        ("group:coaches", "ana eva zoe bob"),
        ("group:coaches group:staff", "ana cleo eva zoe bob"),
        ("group:coaches branch:madrid", "ana dan eva zoe bob"),
        ("group:staff branch:lima", "bob dan cleo eva"),
        ("user:ana branch:madrid user:eva user:nobody", "ana dan eva"),
        ("everyone", "cleo dan ana bob eva zoe"),
        ("everyone group:staff user:ana", "cleo dan ana bob eva zoe"),
        ("branch:unknown branch:unknown/** group:unknown", ""),
        ("", ""),
    ],
)
def test_an_audience_has_each_user_once(scopes_: str, people: str) -> None:
    found = audience(SPREAD, *scopes_.split())
    assert sorted(found) == sorted(people.split())
    assert len(set(found)) == len(found)


def test_an_audience_is_in_the_order_of_the_branches_and_of_ids_within_each() -> None:
    assert audience(SPREAD, "branch:sales/**") == ("cleo", "dan", "ana", "bob")
    assert audience(SPREAD, "branch:madrid", "group:staff", "user:zoe") == ("ana", "dan", "cleo", "bob", "eva", "zoe")
    assert audience(SPREAD, "everyone") == ("cleo", "dan", "ana", "bob", "eva", "zoe")


@given(directories(), st.frozensets(scopes(), max_size=5))
def test_an_audience_holds_the_known_users_that_are_in_one_of_its_scopes(
    directory: Directory, many: frozenset[Scope]
) -> None:
    found = directory.audience(many)
    assert len(set(found)) == len(found)
    assert set(found) == {user for scope in many for user in directory.members(scope)}
    assert set(found) == {user for user in directory.people if directory.is_in_any(user, many)}


@given(directories(), st.sampled_from((*USERS, "stranger")), st.frozensets(scopes(), max_size=5))
def test_a_user_is_in_some_scopes_when_in_one_of_them(directory: Directory, user: str, many: frozenset[Scope]) -> None:
    assert directory.is_in_any(user, many) == any(directory.is_in(user, scope) for scope in many)


def test_who_is_in_some_scopes_is_asked_by_id() -> None:
    hostile: tuple[Any, ...] = (None, 1, [], b"ana")
    for wrong in hostile:
        with pytest.raises(InvalidId):
            COMPANY.is_in_any(wrong, frozenset({EVERYONE}))


def test_what_is_remembered_of_one_forest_is_not_taken_for_another() -> None:
    sales = frozenset({Scope.tree("sales")})
    people = {"ana": ["madrid"], "luis": ["it"]}
    one = Directory.of(branches={"sales": None, "madrid": "sales", "it": None}, users=people)
    other = Directory.of(branches={"it": "sales", "sales": None, "madrid": None}, users=people)
    assert (one.audience(sales), other.audience(sales)) == (("ana",), ("luis",))
    assert (one.is_in_any("ana", sales), other.is_in_any("ana", sales)) == (True, False)
    moved = evolve(one, forest=other.forest)
    assert (moved.audience(sales), one.audience(sales)) == (("luis",), ("ana",))
    assert moved == Directory(other.forest, one.people)


def test_a_directory_that_has_forgotten_what_it_remembered_answers_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_MOST_REACHES", 2)
    made = Directory.of(branches={f"b{n}": None for n in range(5)}, users={"ana": ["b3"]})
    for _ in range(2):
        seen = [n for n in range(5) if made.is_in_any("ana", frozenset({Scope.tree(f"b{n}")}))]
        assert seen == [3]
    assert made.reach(frozenset({EVERYONE})) is made.reach(frozenset({EVERYONE}))


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


@given(directories(), st.frozensets(st.one_of(scopes(), st.sampled_from(CONTENTS)), max_size=5), scopes())
def test_resources_together_cover_what_one_of_them_covers(
    directory: Directory, resources: frozenset[Scope | Content], scope: Scope
) -> None:
    alone = any(directory.covers(one, scope) for one in resources if isinstance(one, Scope))
    assert directory.covered(resources, scope) == alone


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


# Members from a place on


@given(directories(), scopes(), st.none() | st.sampled_from([*USERS, "a", "zz"]), st.integers(1, 6))
def test_members_are_read_from_a_place_on(directory: Directory, scope: Scope, after: str | None, most: int) -> None:
    wanted = tuple(user for user in directory.members(scope) if after is None or user > after)[:most]
    assert directory.members_after(scope, after, most) == wanted
    assert directory.members_after(scope, after, most) == wanted, "as remembered"


def test_a_list_that_is_read_part_by_part_is_put_in_order_once() -> None:
    users = [f"u{number:03}" for number in range(200)]
    company = Directory.of(
        branches={"top": None, "left": "top", "right": "top", "everybody": "top"},
        users={user: ["left" if number % 2 else "right"] for number, user in enumerate(users)},
        groups={"everybody": users[:7], "all": users},
    )
    for _ in range(3):
        for scope in (EVERYONE, Scope.tree("top"), Scope.group("all"), Scope.group("everybody"), Scope.tree("left")):
            found: list[str] = []
            while part := company.members_after(scope, found[-1] if found else None, 9):
                found += part
            assert tuple(found) == company.members(scope)


@pytest.mark.parametrize("most", [0, -1, True, 2.0, "3", 2**31])
def test_how_many_members_are_wanted_is_a_count(most: Any) -> None:
    with pytest.raises(InvalidQuantity):
        COMPANY.members_after(EVERYONE, None, most)
    with pytest.raises(InvalidId):
        COMPANY.members_after(EVERYONE, "a b", 1)
