"""Three commands each that meet in something, and what they meet in."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import attrs

from licensing_core import services
from licensing_core.adapters.hosts import StaticHost
from licensing_core.directory import Actor, Role
from licensing_core.payments import PaymentOutcome
from licensing_core.services import Command
from tests import client_commands as client
from tests.service_world import FIRE, TENANT, add, assign, buy, enroll, host, open_account, sent, to, unassign

C = Command[Any]


class Scene(NamedTuple):
    """What is done before, and the three commands whose steps are mixed."""

    given: tuple[C, ...]
    meet: tuple[C, C, C]


class KeptActors(StaticHost):
    """Leaves it to the store what *keeper* may do."""

    def __init__(self) -> None:
        self.__dict__ |= vars(host())

    def actor(self, tenant: str, actor_id: str) -> Any:
        return None if actor_id == "keeper" else super().actor(tenant, actor_id)


_BOSS: Final[Any] = host().actor(TENANT, "boss")
KEEPER: Final[Actor] = attrs.evolve(_BOSS, id="keeper")
"""May do what *boss* may, as long as the store says so."""


def _grant(key: str = "grant") -> C:
    return services.GrantActor(
        grantee="keeper",
        role=Role.POWER_USER,
        permissions=KEEPER.permissions,
        resources=KEEPER.resources,
        **sent(key, "root"),
    )


def _release(user: str, key: str) -> C:
    return unassign(user, key=key, actor="root")


def _resize(bought: int, key: str) -> C:
    return services.ResizePool(pool="p1", bought=bought, **sent(key, "root"))


def _transfer(source: str, target: str, user: str, key: str) -> C:
    return services.TransferLicenses(pool=source, target=target, users=frozenset({user}), **sent(key))


def _use(key: str, limit: str = "users", amount: int = 2) -> C:
    return services.UseLimit(limit=limit, amount=amount, **to(key))


def _spend(key: str, amount: int = 60) -> C:
    return services.SpendCredits(amount=amount, **to(key))


def _web(user: str, key: str) -> C:
    return services.GrantLicense(account="a1", user=user, license_type="web", **sent(key))


def _revoke(user: str, key: str) -> C:
    return services.RevokeLicense(account="a1", user=user, license_type="web", **sent(key))


def _buy_web(key: str, payment: PaymentOutcome = PaymentOutcome.SUCCEEDED) -> C:
    return services.BuyLicenses(account="a1", buy={"web": 1}, payment=payment, **sent(key))


_POOL: Final = (buy("p1", "capped"), assign("u1", "u2", "u3", key="held"))
"""Of four licenses one is free."""
_SEATS: Final = (*_POOL, buy("s1", "final"))
_TWO: Final = (*_POOL, buy("p2"), assign("u4", key="other", pool="p2"))
_USAGE: Final = (add(), services.OpenUsage(plan="basic", **to("usage")), _use("two"))
_CREDITS: Final = (
    add(),
    services.OpenCredits(**to("credits")),
    services.OrderPack(pack="small", order="o1", **to("order")),
    services.NotePackPayment(order="o1", **to("paid")),
    services.ActivatePack(order="o1", **to("active")),
)
_ACCOUNT: Final = (open_account(), _web("u1", "first"))
_CLIENT: Final = (add(), add("a2"), client.order("web"))
_KEPT: Final = (*_POOL, _grant())


def _as_keeper(command: C) -> C:
    return attrs.evolve(command, actor="keeper")


SCENES: Final[Mapping[str, Scene]] = {
    "the last license of a pool, by three": Scene(
        _POOL, (assign("u5", key="a"), assign("u6", key="b"), assign("u7", key="c"))
    ),
    "one key three times": Scene(_POOL, (assign("u5", key="a"), assign("u5", key="a"), assign("u5", key="a"))),
    "one key for two commands": Scene(_POOL, (assign("u5", key="a"), assign("u6", key="a"), assign("u5", key="a"))),
    "assigned, released, shrunk": Scene(_POOL, (assign("u5", key="a"), _release("u1", "b"), _resize(3, "c"))),
    "shrunk twice and assigned": Scene(_POOL, (_resize(3, "a"), _resize(4, "b"), assign("u5", key="c"))),
    "released twice and assigned": Scene(
        _POOL, (_release("u1", "a"), _release("u1", "b"), assign("u5", "u6", key="c"))
    ),
    "moved there and back, and assigned": Scene(
        _TWO, (_transfer("p1", "p2", "u1", "a"), _transfer("p2", "p1", "u4", "b"), assign("u5", key="c"))
    ),
    "moved round, the same user": Scene(
        _TWO, (_transfer("p1", "p2", "u1", "a"), _transfer("p2", "p1", "u1", "b"), _release("u1", "c"))
    ),
    "one course through two pools": Scene(
        _SEATS, (enroll("u1", key="a", pool="p1"), enroll("u1", key="b"), enroll("u5", "u6", key="c"))
    ),
    "enrolled, released, unenrolled": Scene(
        (*_SEATS, enroll("u1", key="in", pool="p1")),
        (
            services.UnenrollUser(pool="p1", user="u1", content=FIRE, **sent("a")),
            _release("u1", "b"),
            enroll("u2", key="c", pool="p1"),
        ),
    ),
    "one pool bought three times": Scene((), (buy("p1", key="a"), buy("p1", key="b"), buy("p1", "one", key="c"))),
    "bought and renewed": Scene(
        _POOL,
        (
            services.RenewPool(pool="p1", **sent("a")),
            assign("u5", key="b"),
            services.RenewPool(pool="p1", **sent("c")),
        ),
    ),
    "the last of a limit, by three": Scene(_USAGE, (_use("a"), _use("b"), _use("c", amount=1))),
    "used, given back, recounted": Scene(
        _USAGE,
        (
            _use("a", amount=3),
            services.ReleaseLimit(limit="users", **to("b")),
            services.RecountLimit(limit="users", count=4, **to("c")),
        ),
    ),
    "the last credits, by three": Scene(_CREDITS, (_spend("a"), _spend("b"), _spend("c", 40))),
    "spent, refunded, granted": Scene(
        _CREDITS,
        (_spend("a"), services.RefundPack(order="o1", **to("b")), services.VoidGrant(grant="o1", **to("c"))),
    ),
    "the last license of an account": Scene(_ACCOUNT, (_web("u2", "a"), _web("u3", "b"), _revoke("u1", "c"))),
    "licenses bought and given": Scene(_ACCOUNT, (_buy_web("a"), _web("u2", "b"), _web("u3", "c"))),
    "one bill paid twice, and a second": Scene(
        _CLIENT, (client.pay("proforma:1", "a"), client.pay("proforma:1", "b"), client.order("mail", "a2"))
    ),
    "a grant taken away while it is used": Scene(
        _KEPT,
        (
            _as_keeper(assign("u5", key="a")),
            services.RevokeActor(grantee="keeper", **sent("b", "root")),
            _as_keeper(_resize(9, "c")),
        ),
    ),
}
"""Twenty triples by name."""
