"""Two users who hold this and that, for the tests of forgetting, deactivating and merging users."""

from typing import Any, Final

from licensing_core.accounts import Card
from licensing_core.adapters.hosts import StaticHost
from licensing_core.directory import Role
from licensing_core.protocols import AggregateKind, Store
from licensing_core.services import (
    AddPerson,
    DeactivateUser,
    ForgetUser,
    GrantActor,
    GrantLicense,
    KeepCard,
    Licensing,
    MergeUsers,
)
from tests.service_world import (
    AID,
    BASICS,
    FIRE,
    TENANT,
    Checked,
    Clock,
    add,
    assign,
    buy,
    enroll,
    host,
    open_account,
    sent,
    to,
)

BIRD: Final = "zzcanary"


def asking() -> StaticHost:
    """The host of the services' tests, which leaves whoever it does not know to the store."""
    return host(ask_store=True)


def furnished(store: Store) -> Licensing:
    """What `furnish()` says, over *store*, whose histories are checked after each command."""
    furnish(Licensing(store, asking(), Clock()))
    return Checked(store, asking())


def forget(user: str = "u1", key: str = "forget", actor: str = "root", **more: Any) -> ForgetUser:
    return ForgetUser(user=user, **more, **sent(f"{key}-{user}", actor))


def deactivate(user: str = "u1", key: str = "off", actor: str = "root") -> DeactivateUser:
    return DeactivateUser(user=user, **sent(f"{key}-{user}", actor))


def merge(user: str = "u1", into: str = "u2", key: str = "merge", actor: str = "root") -> MergeUsers:
    return MergeUsers(user=user, into=into, **sent(f"{key}-{user}-{into}", actor))


def grant(user: str = "u1", role: Role = Role.SUPERADMIN, key: str = "actor") -> GrantActor:
    return GrantActor(grantee=user, role=role, **sent(f"{key}-{user}", "root"))


def license_of(user: str, license_type: str = "web") -> GrantLicense:
    return GrantLicense(account="a1", user=user, license_type=license_type, **sent(f"web-{user}-{license_type}"))


def person(user: str, *permissions: str, customer: str = "a1", contact: bool = False) -> AddPerson:
    return AddPerson(
        person=user, permissions=frozenset(permissions), contact=contact, **to(f"p-{customer}-{user}", customer)
    )


def card(user: str | None, name: str, customer: str = "a1", key: str = "card") -> KeepCard:
    mail = f"{name.replace(' ', '.')}@example.com"
    return KeepCard(person=user, name=name, email=mail, **to(f"{key}-{customer}-{user or 'own'}", customer))


def furnish(licensing: Licensing) -> None:
    """u1 holds a license of p1 and of p2, of which one awaits confirmation, two seats of s1, and one of the account a1.

    Under p1 they are in *aid*; through s1 in *fire* and in *basics*, which has *aid* again and *ladder*. They are a
    user of the customers a1 and a2, of which a2 is blocked, with a card each, and a superadmin by the store.
    """
    for command in (
        buy(),
        buy("p2"),
        buy("s1", "three"),
        assign("u1", "u3", key="p1"),
        assign("u1", key="p2", pool="p2"),
        enroll("u1", key="aid", pool="p1", contents=(AID,)),
        enroll("u1", key="fire", pool="s1", contents=(FIRE, BASICS)),
        open_account(),
        license_of("u1"),
        add(),
        add("a2"),
        person("u1", "read", "pay"),
        person("u1", "write", customer="a2"),
        card("u1", f"{BIRD} one"),
        card("u1", f"{BIRD} two", "a2"),
        grant(),
    ):
        licensing.run(command)


def held(store: Store, user: str) -> dict[str, Any]:
    """All that the store has of *user*."""
    with store.begin() as work:
        customers = work.customers_with(TENANT, user)
        accounts = {name: work.customer(TENANT, name, (), (user,)) for name in customers}
        people = {name: one.state.people for name, one in accounts.items() if one is not None}
        typed = {name: work.account(TENANT, name, (user,)) for name in work.license_accounts(TENANT, user)}
        return {
            "licenses": {pool.id: pool.holdings[user].value for pool in work.licenses(TENANT, user)},  # type: ignore[union-attr]
            "accounts": {
                name: sorted(kind for kind, pool in one.state.pools.items() if user in pool.holdings)
                for name, one in typed.items()
                if one is not None
            },
            "enrollments": {
                str(one.content): (one.pool, one.locked) for one in work.enrollments(TENANT, (user,)).values()
            },
            "people": {name: one[user] for name, one in people.items() if user in one},
            "cards": {name: work.card(TENANT, name, user) for name in customers},
            "actor": work.actor(TENANT, user),
        }


NOTHING: Final[dict[str, Any]] = {
    "licenses": {},
    "accounts": {},
    "enrollments": {},
    "people": {},
    "cards": {},
    "actor": None,
}


def counters(store: Store, *pools: str) -> dict[str, tuple[int, int]]:
    """Consumed and held of each of *pools*."""
    with store.begin() as work:
        found = {name: work.pool(TENANT, name, ()) for name in pools}
        return {name: (one.state.consumed, one.state.held) for name, one in found.items() if one is not None}


def histories(store: Store) -> list[Any]:
    """All that has happened."""
    with store.begin() as work:
        return [
            work.history(TENANT, kind, name)
            for kind, name in (
                *((AggregateKind.LICENSES, pool) for pool in ("p1", "p2", "s1", "a1")),
                *((AggregateKind.CUSTOMERS, customer) for customer in ("a1", "a2")),
            )
        ]


def the_card(name: str) -> Card:
    return Card(name=name, email=f"{name.replace(' ', '.')}@example.com")
