"""The steps that use cases of one customer begin with: who may, what is stored, what the plan is."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from licensing_core import accounts, entitlements
from licensing_core.accounts import CustomerAccount, UnknownCustomer
from licensing_core.credits import CreditAccount
from licensing_core.directory import Actor, Permission
from licensing_core.entitlements import PlanNotInForce
from licensing_core.limits import Limits, UnknownPlan, Usage
from licensing_core.plans import ServicePlan
from licensing_core.protocols import Stored
from licensing_core.services.accounts import UnknownAccount
from licensing_core.services.engine import Query, UseCase, ask
from licensing_core.services.loading import actor_of, believed
from licensing_core.subscriptions import SubscriptionState

_OWING: Final = (SubscriptionState.SUSPENDED, SubscriptionState.TERMINATED)


def stored_customer(
    asked: Query[Any], customer: str, *, documents: Collection[str] | None = (), people: Collection[str] | None = ()
) -> UseCase[Stored[CustomerAccount]]:
    """The account of *customer*, with these *documents* and *people* (`None`: all); raises `UnknownCustomer`."""
    stored = yield from ask(lambda ports: ports.work.customer(asked.tenant, customer, documents, people))
    if stored is None:
        raise UnknownCustomer(customer=customer)
    return stored


def known_customer(asked: Query[Any], customer: str) -> UseCase[Stored[CustomerAccount] | None]:
    """The account of *customer*, without people; `None` for one that has none."""
    return (yield from ask(lambda ports: ports.work.customer(asked.tenant, customer, (), ())))


def customer_of(asked: Query[Any], customer: str) -> UseCase[CustomerAccount | None]:
    """The same without its version. Who has no account has neither blocks nor a trial."""
    stored = yield from known_customer(asked, customer)
    return None if stored is None else stored.state


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
) -> UseCase[tuple[Actor, CustomerAccount | None]]:
    """Who acts with *permission*; or the main administrator without it, and the account of *customer*."""
    actor = yield from actor_of(asked, actor_id)
    if actor.has(permission):
        return actor, None
    known = yield from customer_of(asked, customer)
    if known is None or known.settings.administrator != actor.id:
        actor.require(permission)
    return actor, known


def require_open(asked: Query[Any], customer: str, now: datetime) -> UseCase[None]:
    """Refuse *customer* while it is blocked, when its trial is over, and while its plan is not in force."""
    known = yield from customer_of(asked, customer)
    if known is not None:
        entitlements.require_open(known.causes(now), accounts.trial_until(known, now=now), now=now)
        if known.plan is not None and not accounts.plan_in_force(known, now=now):
            raise PlanNotInForce(plan=known.plan)


def require_unblocked(known: CustomerAccount | None, now: datetime) -> None:
    """Refuse the administrator of a customer that is blocked; a trial that ended hinders nobody from going on."""
    if known is not None:
        entitlements.require_open(known.causes(now), None, now=now)


def require_choice(actor: Actor, known: CustomerAccount | None, plan: str, permission: Permission) -> None:
    """Refuse the administrator a *plan* that it may not choose for its customer."""
    if known is not None and plan not in known.settings.choices:
        actor.require(permission)


def require_settled(known: CustomerAccount | None, now: datetime) -> None:
    """Refuse the administrator of a customer that owes for its plan: another one would let it use on."""
    if known is not None and known.plan is not None and not accounts.plan_in_force(known, now=now):
        rows = accounts.subscription_rows(known, now)
        if any(row.item == known.plan and row.state in _OWING for row in rows):
            raise PlanNotInForce(plan=known.plan)


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
