"""The steps that use cases of one customer begin with: who may, what is stored, what the plan is."""

from datetime import datetime
from typing import Any

from licensing_core import entitlements
from licensing_core.credits import CreditAccount
from licensing_core.directory import Actor, Permission
from licensing_core.limits import Limits, UnknownPlan, Usage
from licensing_core.plans import ServicePlan
from licensing_core.protocols import Customer, Stored
from licensing_core.services.accounts import UnknownAccount
from licensing_core.services.engine import Query, UseCase, ask
from licensing_core.services.loading import actor_of, believed


def customer_of(asked: Query[Any], customer: str) -> UseCase[Customer]:
    """What the host knows of *customer*."""
    return believed((yield from ask(lambda ports: ports.host.customer(asked.tenant, customer))), Customer)


def authorized(
    asked: Query[Any], actor_id: str, customer: str, permission: Permission, *, administrator: bool = False
) -> UseCase[Actor]:
    """Who acts, and has *permission*; where it is allowed, the main *administrator* of *customer* needs none."""
    if administrator:
        return (yield from chosen_by(asked, actor_id, customer, permission))[0]
    actor = yield from actor_of(asked, actor_id)
    actor.require(permission)
    return actor


def chosen_by(
    asked: Query[Any], actor_id: str, customer: str, permission: Permission
) -> UseCase[tuple[Actor, Customer | None]]:
    """Who acts with *permission*; or the main administrator without it, and what is known of *customer*."""
    actor = yield from actor_of(asked, actor_id)
    if actor.has(permission):
        return actor, None
    known = yield from customer_of(asked, customer)
    if known.administrator != actor.id:
        actor.require(permission)
    return actor, known


def require_open(asked: Query[Any], customer: str, now: datetime) -> UseCase[None]:
    """Refuse *customer* while it is blocked, and when its trial is over."""
    known = yield from customer_of(asked, customer)
    entitlements.require_open(known.blocks, known.trial_ends, now=now)


def require_unblocked(known: Customer | None, now: datetime) -> None:
    """Refuse the administrator of a customer that is blocked; a trial that ended hinders nobody from going on."""
    if known is not None:
        entitlements.require_open(known.blocks, None, now=now)


def require_choice(actor: Actor, known: Customer | None, plan: str, permission: Permission) -> None:
    """Refuse the administrator a *plan* that it may not choose for its customer."""
    if known is not None and plan not in known.plans:
        actor.require(permission)


def stored_usage(asked: Query[Any], customer: str, places: frozenset[str] | None) -> UseCase[Stored[Usage]]:
    """What *customer* uses, with that of *places*; raises `UnknownAccount`."""
    stored = yield from ask(lambda ports: ports.work.usage(asked.tenant, customer, places))
    if stored is None:
        raise UnknownAccount(account=customer)
    return stored


def stored_credits(asked: Query[Any], customer: str, ids: frozenset[str]) -> UseCase[Stored[CreditAccount]]:
    """The credits of *customer*, with the grants and orders of *ids*; raises `UnknownAccount`."""
    stored = yield from ask(lambda ports: ports.work.credits(asked.tenant, customer, ids))
    if stored is None:
        raise UnknownAccount(account=customer)
    return stored


def service_plan(asked: Query[Any], plan: str) -> UseCase[ServicePlan]:
    """The service plan as it is now; raises `UnknownPlan`."""
    found = yield from _plan_called(asked, plan)
    if found is None:
        raise UnknownPlan(plan=plan)
    return found


def _plan_called(asked: Query[Any], plan: str) -> UseCase[ServicePlan | None]:
    found = yield from ask(lambda ports: ports.host.service_plan(asked.tenant, plan))
    return None if found is None else believed(found, ServicePlan, plan)


def plan_of(asked: Query[Any], usage: Usage) -> UseCase[ServicePlan | None]:
    """The plan that *usage* has, as it is now; `None` when it has none, or it is gone."""
    return None if usage.plan is None else (yield from _plan_called(asked, usage.plan))


def limits_of(asked: Query[Any], usage: Usage) -> UseCase[Limits]:
    """The limits of the plan that *usage* has, as they are now; none when there is no plan."""
    plan = yield from plan_of(asked, usage)
    return Limits() if plan is None else plan.limits


def named(*ids: str | None) -> frozenset[str]:
    """Those of *ids* that are named at all."""
    return frozenset(one for one in ids if one is not None)
