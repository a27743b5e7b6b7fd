"""May this user or customer use this feature now, and why not: plan, block, trial, license, limit and credits in one.

>>> from datetime import UTC, datetime
>>> from licensing_core.plans import Feature
>>> now = datetime(2026, 5, 4, tzinfo=UTC)
>>> plan = ServicePlan(
...     id="basic", features=(Feature(id="bots"), Feature(id="voip", licensed=True))
... )
>>> ana = Situation(plan=plan, licensed=frozenset())
>>> can_use_feature("bots", ana, now=now).code, can_use_feature("voip", ana, now=now).code
('ok', 'feature.not_licensed')
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from attrs import evolve, frozen

from licensing_core import credits as credit
from licensing_core import limits
from licensing_core.checks import (
    MAX_QUANTITY,
    FrozenMap,
    Id,
    Instant,
    InvalidArgument,
    InvalidQuantity,
    Quantity,
    Value,
    as_id,
    as_instant,
    check_of,
    checked,
    instance,
    shown,
)
from licensing_core.credits import CreditAccount, CreditsSpent
from licensing_core.decisions import Decision, Verdict, twin
from licensing_core.directory import Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.limits import Limits, Usage, UsageEvent
from licensing_core.plans import Feature, ServicePlan

_NOBODY: Final = Actor("nobody")
_as_uses: Final = check_of(Quantity)
_as_blocks: Final = check_of(frozenset[Id])
_as_trial_end: Final = check_of(Instant | None)


@frozen(kw_only=True)
class ClientBlocked(LicensingError):
    """The customer is blocked, and may use nothing until each cause is lifted."""

    code: ClassVar[str] = "client.blocked"
    rules: ClassVar[tuple[str, ...]] = ("PLZ-7",)
    causes: tuple[str, ...]

    def __str__(self) -> str:
        return f"blocked for {', '.join(self.causes)}; have each cause lifted first"


@frozen(kw_only=True)
class TrialEnded(LicensingError):
    """The trial is over."""

    code: ClassVar[str] = "trial.ended"
    rules: ClassVar[tuple[str, ...]] = ("PLZ-11",)
    ended: datetime

    def __str__(self) -> str:
        return f"the trial ended at {self.ended.isoformat()}; choose a plan to go on"


@frozen(kw_only=True)
class PlanNotInForce(LicensingError):
    """What the customer subscribed to for its plan gives no access now: it is unpaid, paused or has ended."""

    code: ClassVar[str] = "plan.not_in_force"
    rules: ClassVar[tuple[str, ...]] = ("LAT-1",)
    plan: str

    def __str__(self) -> str:
        return f"the subscription to plan {self.plan!r} is not in force; have it paid, resumed or renewed"


@frozen(kw_only=True)
class FeatureNotInPlan(LicensingError):
    """The plan does not have the feature; nor does any, when there is no such feature."""

    code: ClassVar[str] = "feature.not_in_plan"
    rules: ClassVar[tuple[str, ...]] = ("PLZ-10",)
    feature: str
    plan: str | None

    def __str__(self) -> str:
        has = "there is no plan, and so not" if self.plan is None else f"plan {self.plan!r} does not have"
        return f"{has} the feature {self.feature!r}; change to a plan that has it"


@frozen(kw_only=True)
class FeatureNotLicensed(LicensingError):
    """The user holds no license that has the feature."""

    code: ClassVar[str] = "feature.not_licensed"
    rules: ClassVar[tuple[str, ...]] = ("WAL-2", "WAL-8")
    feature: str

    def __str__(self) -> str:
        return f"the feature {self.feature!r} needs a license that has it; have one assigned"


@frozen(kw_only=True, field_transformer=checked)
class Situation(Value):
    """All that decides what a customer, or one of its users, may use.

    Attributes:
        plan: As it is now; `None` for none.
        blocks: The causes for which the customer is blocked (PLZ-7).
        trial_ends: The first instant after the trial; `None` for a customer who is not on trial.
        in_force: Whether the subscription that pays for the plan gives access now: see `accounts.plan_in_force()`.
        licensed: The features of the licenses that the user holds; `None` when it is asked for the whole customer, of
            whom no license is needed.
        usage: What the customer uses; needed for features that have a limit.
        within: In which place, where that limit counts within another.
        credits: The credits of the customer; needed for features that cost some.
    """

    plan: ServicePlan | None
    blocks: frozenset[Id] = frozenset()
    trial_ends: Instant | None = None
    in_force: bool = True
    licensed: frozenset[Id] | None = None
    usage: Usage | None = None
    within: Id | None = None
    credits: CreditAccount | None = None


FeatureEvent = UsageEvent | CreditsSpent
_as_situation: Final = instance(Situation)


def require_open(blocks: frozenset[Id], trial_ends: Instant | None, *, now: datetime) -> None:
    """Refuse a customer who may use nothing now, whatever its plan says.

    Raises:
        ClientBlocked: *blocks* names a cause for which it is blocked.
        TrialEnded: *trial_ends* is past; `None` for a customer who is not on trial.

    Source: PLZ-7, PLZ-11.
    """
    causes: frozenset[str] = _as_blocks("blocks", blocks)
    ended: datetime | None = _as_trial_end("trial_ends", trial_ends)
    at = as_instant("now", now)
    if causes:
        raise ClientBlocked(causes=tuple(sorted(causes)))
    if ended is not None and at >= ended:
        raise TrialEnded(ended=ended)


def use_feature(
    feature: Id, situation: Situation, uses: Quantity = 1, *, by: Actor, now: datetime
) -> Decision[Situation, FeatureEvent]:
    """Use *feature*: count it against its limit and spend its credits, both or neither.

    Returns:
        The situation afterwards, and the events of its usage and of its credits; none for a feature that has no limit
        and costs nothing.

    Raises:
        ClientBlocked: The customer is blocked.
        TrialEnded: The trial is over.
        PlanNotInForce: The subscription that pays for the plan gives no access.
        FeatureNotInPlan: The plan does not have it.
        FeatureNotLicensed: It needs a license that has it, and the user holds none.
        LimitExceeded: Its limit would be passed. The other refusals of `limits.use()` come in this place, too.
        InsufficientCredits: There are too few credits.
        InvalidQuantity: *uses* is no int from 1 to 1,000,000, or costs more credits than that.
        InvalidArgument: It has a limit or costs credits, and the situation does not tell of them.

    Source: ALU-8, PLZ-7, PLZ-10, PLZ-11, WAL-2.
    """
    _as_situation("situation", situation), acting(by)
    number: int = _as_uses("uses", uses)
    found = _entitled(as_id("feature", feature), situation, as_instant("now", now))
    usage, events = situation.usage, list[FeatureEvent]()
    if found.limit is not None:
        if usage is None:
            raise InvalidArgument(parameter="situation", expected="with usage, which limits the feature", got="none")
        plan_limits = Limits() if situation.plan is None else situation.plan.limits
        used = limits.use(
            usage,
            found.limit,
            number,
            limits=plan_limits,
            within=_place(situation, plan_limits, found.limit),
            by=by,
            now=now,
        )
        usage, events = used.state, [*used.events]
    account = situation.credits
    if found.credits:
        if account is None:
            raise InvalidArgument(parameter="situation", expected="with credits, which the feature costs", got="none")
        spent = credit.spend(account, _price(found, number), by=by, now=now)
        account, events = spent.state, [*events, *spent.events]
    return Decision(evolve(situation, usage=usage, credits=account), tuple(events))


def _place(situation: Situation, plan_limits: Limits, name: str) -> str | None:
    """Where it counts: nowhere, for a limit that counts within no other."""
    limit = plan_limits.get(name)
    return None if limit is None or limit.per is None else situation.within


def _price(feature: Feature, uses: int) -> int:
    """How many credits that many *uses* cost, of which no more are spent at once than one command may."""
    if feature.credits * uses > MAX_QUANTITY:
        most = MAX_QUANTITY // feature.credits
        raise InvalidQuantity(parameter="uses", expected=f"at most {most}, for what they cost", got=shown(uses))
    return feature.credits * uses


def _entitled(feature: str, situation: Situation, now: datetime) -> Feature:
    """What the plan says of *feature*, which plan, trial, blocks and licenses let be used."""
    require_open(situation.blocks, situation.trial_ends, now=now)
    plan = situation.plan
    if plan is not None and not situation.in_force:
        raise PlanNotInForce(plan=plan.id)
    found = None if plan is None else plan.feature(feature)
    if found is None:
        raise FeatureNotInPlan(feature=feature, plan=None if plan is None else plan.id)
    if found.licensed and situation.licensed is not None and feature not in situation.licensed:
        raise FeatureNotLicensed(feature=feature)
    return found


_asked: Final = twin(use_feature, "PLZ-10")


def can_use_feature(feature: Id, situation: Situation, uses: Quantity = 1, *, now: datetime) -> Verdict:
    """May *feature* be used now, and if not, why not? The first reason, in the order of `use_feature()`.

    Raises:
        InvalidArgument: It has a limit or costs credits, and the situation does not tell of them.

    Source: ALU-8, PLZ-7, PLZ-10, PLZ-11, WAL-2.
    """
    return _asked(feature, situation, uses, by=_NOBODY, now=now)


def features(situation: Situation, *, now: datetime) -> Mapping[str, Verdict]:
    """Each feature of the plan, and whether it may be used once now.

    Raises:
        InvalidArgument: One has a limit or costs credits, and the situation does not tell of them.

    Source: PLZ-10.
    """
    as_instant("now", now)
    plan = _as_situation("situation", situation).plan
    names = () if plan is None else sorted(one.id for one in plan.features)
    return FrozenMap({name: can_use_feature(name, situation, now=now) for name in names})
