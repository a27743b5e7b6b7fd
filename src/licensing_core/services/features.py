"""Use cases of features: may somebody use one now, and use it."""

from datetime import datetime
from typing import ClassVar, Final

from attrs import frozen

from licensing_core import accounts, entitlements, license_cycle
from licensing_core import credits as credit
from licensing_core.checks import Id, Quantity, UserId, Value, checked
from licensing_core.credits import CreditAccount, CreditsMoved, Standing
from licensing_core.decisions import Event, Verdict
from licensing_core.directory import Actor, Permission
from licensing_core.entitlements import Situation
from licensing_core.license_cycle import LicensedUser
from licensing_core.limits import Usage
from licensing_core.plans import Feature
from licensing_core.protocols import Stored
from licensing_core.services.customers import authorized, customer_of, named, plan_of
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.loading import actor_of
from licensing_core.services.usage import LimitUsage, counted

_UNLICENSED: Final = LicensedUser(active=False, licenses=(), features=())


@frozen(kw_only=True, field_transformer=checked)
class FeatureUsed(Value):
    """What is used of the limit of a feature since, and how the credits stand; `None` where it has or costs none."""

    usage: LimitUsage | None
    standing: Standing | None


@frozen
class _Loaded:
    """What decides, and the stored usage and credits that it came from."""

    situation: Situation
    feature: Feature | None
    usage: Stored[Usage] | None
    credits: Stored[CreditAccount] | None


def _load(asked: "MayUseFeature | UseFeature", actor: Actor, now: datetime) -> UseCase[_Loaded]:
    """Load what decides, and no more: licenses and credits only for a feature that needs them.

    A customer whose usage was never opened has no plan.
    """
    known = yield from customer_of(asked, asked.customer)
    usage = yield from ask(lambda ports: ports.work.usage(asked.tenant, asked.customer, named(asked.within)))
    plan = None if usage is None else (yield from plan_of(asked, usage.state))
    feature = None if plan is None else plan.feature(asked.feature)
    whole = asked.user is None and isinstance(asked, MayUseFeature)
    licensed = None if whole else frozenset[str]()
    if asked.user is not None and feature is not None and feature.licensed:
        licensed = frozenset((yield from _licenses(asked, asked.user)).features)
    stored, account = None, None
    if usage is not None and feature is not None and feature.credits:
        stored = yield from ask(lambda ports: ports.work.credits(asked.tenant, asked.customer, frozenset()))
        account = _without_credits(usage.state, actor, now) if stored is None else stored.state
    situation = Situation(
        plan=plan,
        blocks=frozenset() if known is None else known.causes(now),
        trial_ends=None if known is None else accounts.trial_until(known, now=now),
        in_force=known is None or accounts.plan_in_force(known, now=now),
        licensed=licensed,
        usage=None if usage is None else usage.state,
        within=asked.within,
        credits=account,
    )
    return _Loaded(situation, feature, usage, stored)


def _licenses(asked: "MayUseFeature | UseFeature", user: str) -> UseCase[LicensedUser]:
    """What *user* holds in the account of the customer; nothing when it has no account."""
    stored = yield from ask(lambda ports: ports.work.account(asked.tenant, asked.customer, frozenset({user})))
    return _UNLICENSED if stored is None else license_cycle.licensed_user(stored.state, user)


def _without_credits(usage: Usage, actor: Actor, now: datetime) -> CreditAccount:
    """The account of a customer that has none: without credits and overdraft, so that each use is refused."""
    return credit.open_credits(usage.id, zone=usage.zone, by=actor, now=now).state


@frozen(kw_only=True, field_transformer=checked)
class MayUseFeature(Query[Verdict]):
    """May *customer*, or its *user*, use *feature* now, and if not, why not; as `entitlements.can_use_feature()`.

    Who holds a license in the account of the customer may ask it of themselves; nobody else is known to belong to it.

    Attributes:
        user: One of its users, who needs a license of the license account of this customer where the feature does;
            `None` to ask it of the whole customer.
        within: In which place, for a feature whose limit counts within another.
    """

    actor: UserId
    customer: Id
    feature: Id
    uses: Quantity = 1
    user: UserId | None = None
    within: Id | None = None

    def steps(self, now: datetime) -> UseCase[Verdict]:
        """Load what decides."""
        if self.actor == self.user and (yield from _licenses(self, self.actor)).active:
            actor = yield from actor_of(self, self.actor)
        else:
            actor = yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE, administrator=True)
        loaded = yield from _load(self, actor, now)
        return entitlements.can_use_feature(self.feature, loaded.situation, self.uses, now=now)


@frozen(kw_only=True, field_transformer=checked)
class UseFeature(Command[FeatureUsed]):
    """Use *feature*: count it against its limit and spend its credits, both or neither.

    Refuses as `entitlements.use_feature()` does; the attributes are those of `MayUseFeature`. Without a *user* what
    needs a license is refused with `FeatureNotLicensed`: nobody is known to hold one.
    """

    rule: ClassVar[str] = "PLZ-10"

    customer: Id
    feature: Id
    uses: Quantity = 1
    user: UserId | None = None
    within: Id | None = None

    def steps(self, now: datetime) -> UseCase[FeatureUsed]:
        """Load what decides, decide, save usage and credits."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE)
        loaded = yield from _load(self, actor, now)
        decision = entitlements.use_feature(self.feature, loaded.situation, self.uses, by=actor, now=now)
        spent: list[Event] = [event for event in decision.events if isinstance(event, CreditsMoved)]
        used: list[Event] = [event for event in decision.events if not isinstance(event, CreditsMoved)]
        after = decision.state
        for aggregate, stored, events in ((after.usage, loaded.usage, used), (after.credits, loaded.credits, spent)):
            if aggregate is not None and stored is not None:
                yield from save(self, aggregate, stored.version, events)
        return FeatureUsed(
            usage=_used(loaded, after, used, now),
            standing=None if after.credits is None else credit.standing(after.credits, now),
        )


def _used(loaded: _Loaded, after: Situation, events: list[Event], now: datetime) -> LimitUsage | None:
    name = None if loaded.feature is None else loaded.feature.limit
    if name is None or after.plan is None or after.usage is None:
        return None
    limit = after.plan.limits.get(name)
    within = None if limit is None or limit.per is None else after.within
    return counted(after.usage, events, name, within, after.plan.limits, now)
