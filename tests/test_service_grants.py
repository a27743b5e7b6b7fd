"""What somebody may do, kept by the store: who grants and revokes it, and that a superadmin is always left."""

from typing import Any

import pytest

from licensing_core.adapters.hosts import StaticHost
from licensing_core.checks import InvalidArgument, TooManyItems
from licensing_core.decisions import Verdict
from licensing_core.directory import Actor, Directory, Permission, PermissionMissing, Role, Scope
from licensing_core.protocols import Store
from licensing_core.services import (
    ActorShown,
    GrantActor,
    Licensing,
    ListPools,
    OwnAccess,
    ReadActor,
    RevokeActor,
    SuperadminRequired,
)
from tests.service_world import TENANT, Clock, refused, sent

ADA = Actor(
    "ada", Role.POWER_USER, permissions=frozenset({Permission.SEATS_MANAGE}), resources=frozenset({Scope.tree("sales")})
)
ROOT = Actor("root", Role.SUPERADMIN)


def hosting(*actors: Actor, ask_store: bool = True) -> StaticHost:
    company = Directory.of(branches={"sales": None}, users={"ada": ["sales"]})
    return StaticHost(TENANT, zone="UTC", directory=company, actors=actors, ask_store=ask_store)


@pytest.fixture
def licensing(store: Store) -> Licensing:
    """The host knows *root* alone, and leaves all others to the store."""
    return Licensing(store, hosting(ROOT), Clock())


def grant(
    who: str = "ada", role: Role = Role.SUPERADMIN, actor: str = "root", key: str = "g", **more: Any
) -> GrantActor:
    return GrantActor(grantee=who, role=role, **more, **sent(f"{key}-{who}", actor))


def revoke(who: str = "ada", actor: str = "root", key: str = "r") -> RevokeActor:
    return RevokeActor(grantee=who, **sent(f"{key}-{who}", actor))


def read(who: str = "ada", actor: str = "root") -> ReadActor:
    return ReadActor(tenant=TENANT, actor=actor, grantee=who)


def test_who_was_granted_something_may_do_it_and_once_it_is_revoked_no_more(licensing: Licensing) -> None:
    pools = ListPools(tenant=TENANT, actor="ada")
    missing = PermissionMissing(permission=Permission.SEATS_MANAGE)
    assert refused(licensing.run, pools) == missing
    granted = grant(role=Role.POWER_USER, permissions=ADA.permissions, resources=ADA.resources)
    assert licensing.run(granted) == ActorShown(kept=ADA, in_force=ADA)
    assert licensing.run(read()) == ActorShown(kept=ADA, in_force=ADA)
    assert licensing.run(pools).rows == ()
    assert licensing.run(revoke()) == ActorShown(kept=None, in_force=Actor("ada"))
    assert refused(licensing.run, pools) == missing


def test_a_grant_replaces_the_one_before(licensing: Licensing) -> None:
    licensing.run(grant())
    licensing.run(grant(role=Role.LEARNER, key="less"))
    assert licensing.run(read()).kept == Actor("ada")


def test_who_was_granted_it_by_the_store_grants_on(licensing: Licensing) -> None:
    licensing.run(grant())
    licensing.run(grant("eva", actor="ada"))
    assert licensing.run(read("eva", actor="ada")).kept == Actor("eva", Role.SUPERADMIN)


@pytest.mark.parametrize("role", [None, Role.LEARNER, Role.POWER_USER])
@pytest.mark.parametrize("command", [grant("eva", actor="ada"), revoke("eva", "ada"), read("eva", "ada")])
def test_who_is_no_superadmin_is_refused(licensing: Licensing, role: Role | None, command: Any) -> None:
    if role is not None:
        licensing.run(grant(role=role, permissions=frozenset(Permission)))
    assert refused(licensing.run, command) == SuperadminRequired()
    assert licensing.run(read("eva")).kept is None


@pytest.mark.parametrize("command", [grant(key="own", actor="ada", role=Role.LEARNER), revoke(actor="ada")])
def test_nobody_changes_their_own_grant_so_that_a_superadmin_is_left(licensing: Licensing, command: Any) -> None:
    licensing.run(grant())
    assert refused(licensing.run, command) == OwnAccess()
    assert licensing.may(command) == Verdict.refuse(OwnAccess())
    assert licensing.run(read()).in_force == Actor("ada", Role.SUPERADMIN)


def test_of_two_who_revoke_each_other_one_is_left(licensing: Licensing) -> None:
    licensing.run(grant("ada"))
    licensing.run(grant("eva"))
    licensing.run(revoke("eva", actor="ada"))
    assert refused(licensing.run, revoke("ada", actor="eva")) == SuperadminRequired()


def test_what_is_asked_of_somebody_else_takes_a_superadmin_and_of_oneself_nobody(licensing: Licensing) -> None:
    assert licensing.run(read(actor="ada")) == ActorShown(kept=None, in_force=Actor("ada"))
    assert licensing.may(grant()) == Verdict.allow("D-17")


def test_what_the_host_knows_goes_before_what_the_store_keeps(store: Store) -> None:
    knowing = Licensing(store, hosting(ROOT, ADA), Clock())
    assert knowing.run(grant()) == ActorShown(kept=Actor("ada", Role.SUPERADMIN), in_force=ADA)
    assert knowing.run(revoke()) == ActorShown(kept=None, in_force=ADA)


def test_a_host_that_leaves_nobody_to_the_store_knows_all_others_as_learners(store: Store) -> None:
    told = hosting(ROOT, ask_store=False)
    assert told.actor(TENANT, "ada") == Actor("ada")
    assert Licensing(store, told, Clock()).run(grant()).in_force == Actor("ada")
    assert hosting(ROOT).actor(TENANT, "ada") is None
    assert hosting(ROOT).actor(TENANT, "root") == ROOT
    assert hosting(ROOT).actor("other", "root") == Actor("root")
    with pytest.raises(InvalidArgument):
        hosting(ROOT, ask_store=1)  # type: ignore[arg-type]


def test_a_tenant_knows_no_grant_of_another(licensing: Licensing, store: Store) -> None:
    licensing.run(grant())
    other = Licensing(store, StaticHost("globex", zone="UTC", directory=Directory.of(), ask_store=True), Clock())
    asked = ReadActor(tenant="globex", actor="ada", grantee="ada")
    assert other.run(asked) == ActorShown(kept=None, in_force=Actor("ada"))


def test_the_same_key_grants_once(licensing: Licensing) -> None:
    first = licensing.run(grant())
    licensing.run(revoke())
    assert licensing.run(grant()) == first
    assert licensing.run(read()).kept is None


def test_a_grant_has_a_thousand_resources_at_most() -> None:
    many = frozenset(Scope.group(f"g{number}") for number in range(1001))
    assert refused(lambda: grant(resources=many)) == TooManyItems(parameter="resources", given=1001, most=1000)
    assert len(grant(resources=many - {Scope.group("g0")}).resources) == 1000
