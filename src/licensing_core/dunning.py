"""Dunning: what happens before and after a payment is due, each step a value of the customer's settings.

>>> policy = DunningPolicy()
>>> [str(step.action) for step in policy.due(7)], policy.grace_days
(['suspend'], 7)
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

from attrs import field, frozen

from licensing_core import pools
from licensing_core.checks import (
    MAX_BULK,
    InvalidArgument,
    Signed,
    Value,
    as_instant,
    check_of,
    checked,
    instance,
    whole,
)
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, Role, acting
from licensing_core.periods import local_date
from licensing_core.plans import PLATFORM_DEFAULTS
from licensing_core.pools import LicensePool, LicensesUnassigned
from licensing_core.subscriptions import Subscription, SubscriptionState, next_start, state_at

MOST_STEPS: Final = 30
"""The most steps of one policy."""
Days = Annotated[int, whole(0, 3650)]


class DunningAction(StrEnum):
    """What a step does to a subscription that is overdue."""

    REMIND = "remind"
    """The customer is told; nothing else happens."""
    SUSPEND = "suspend"
    """It gives no access until all that is due is paid."""
    TERMINATE = "terminate"
    """It ends for good."""


class HoldingsEffect(StrEnum):
    """What a step does to the licenses that the pools of the subscription hold."""

    KEEP = "keep"
    """They stay held, for when it is paid."""
    RELEASE = "release"
    """All go back to the pool."""


@frozen(kw_only=True, field_transformer=checked)
class DunningStep(Value):
    """One step: so many days after a payment was due.

    Attributes:
        after_days: 0 is the day on which it is due.
        holdings: What becomes of what is held; a reminder releases nothing.
    """

    after_days: Days
    action: DunningAction
    holdings: HoldingsEffect = HoldingsEffect.KEEP

    def __attrs_post_init__(self) -> None:
        if self.action is DunningAction.REMIND and self.holdings is HoldingsEffect.RELEASE:
            raise InvalidArgument(parameter="holdings", expected="keep, where it only reminds", got="release")


def _in_order(_policy: object, _attribute: object, steps: tuple[DunningStep, ...]) -> None:
    if len(steps) > MOST_STEPS:
        raise InvalidArgument(parameter="steps", expected=f"at most {MOST_STEPS}", got=str(len(steps)))
    days = [step.after_days for step in steps]
    if days != sorted(days) or len({*zip(days, (step.action for step in steps), strict=True)}) < len(steps):
        raise InvalidArgument(parameter="steps", expected="in the order of their days, each once", got="others")
    done = [step.action for step in steps if step.action is not DunningAction.REMIND]
    if len({*done}) < len(done):
        raise InvalidArgument(parameter="steps", expected="to suspend and to terminate once at most", got="more")


_STEPS: Final = (
    DunningStep(after_days=7, action=DunningAction.SUSPEND),
    DunningStep(after_days=30, action=DunningAction.TERMINATE, holdings=HoldingsEffect.RELEASE),
)


@frozen(kw_only=True, field_transformer=checked)
class DunningPolicy(Value):
    """What happens before and after a payment is due (LAT-1, LAT-3, decision 16).

    Attributes:
        proforma_days: So many days before a period begins its proforma is issued.
        charge_days: So many days after it is due the automatic debit is tried first; then at each run until it is paid.
        steps: In the order of their days.
    """

    proforma_days: Days = 15
    charge_days: Days = 0
    steps: tuple[DunningStep, ...] = field(default=_STEPS, validator=_in_order)

    def due(self, days_overdue: int) -> tuple[DunningStep, ...]:
        """The steps that are to be taken by then, in order."""
        days = _as_days("days_overdue", days_overdue)
        return tuple(step for step in self.steps if step.after_days <= days)

    @property
    def grace_days(self) -> int | None:
        """For how many days after it was due access goes on; `None` for always."""
        return next((step.after_days for step in self.steps if step.action is not DunningAction.REMIND), None)


DEFAULT_DUNNING: Final = DunningPolicy()
"""A proforma 15 days before, suspended 7 days after it was due, terminated after 30."""

_DUNNED: Final = (SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED)
as_policy: Final = instance(DunningPolicy)
_as_days: Final = check_of(Signed)
_as_pool: Final = instance(LicensePool)


def proforma_due(subscription: Subscription, policy: DunningPolicy, *, now: datetime) -> bool:
    """Whether the next period begins so soon that its proforma is to be issued now.

    Of what is overdue no period is billed that would come after its termination, however late the job runs.

    Source: LAT-2, LAT-5, decision 11.
    """
    begins, days, at = next_start(subscription), as_policy("policy", policy).proforma_days, as_instant("now", now)
    if begins is None:
        return False
    zone = subscription.terms.zone
    first, latest = local_date(begins, zone).toordinal(), local_date(at, zone).toordinal() + days
    ending = next((step.after_days for step in policy.steps if step.action is DunningAction.TERMINATE), None)
    if ending is not None and subscription.unpaid:
        latest = min(latest, subscription.unpaid[0].due.toordinal() + ending + days)
    return bool(first <= latest)


def days_overdue(subscription: Subscription, *, now: datetime) -> int | None:
    """How many days ago the first unpaid period was due; `None` when nothing is due, or it is not dunned any more.

    Source: LAT-1.
    """
    if state_at(subscription, now) not in _DUNNED or not subscription.unpaid:
        return None
    today: date = local_date(now, subscription.terms.zone)
    days = today.toordinal() - subscription.unpaid[0].due.toordinal()
    return days if days >= 0 else None


def steps_due(subscription: Subscription, policy: DunningPolicy, *, now: datetime) -> tuple[DunningStep, ...]:
    """The steps that are due now and would change something, in order.

    Where it is to end, nothing but that is done, unless a suspension that was missed would have released holdings.

    Source: LAT-1.
    """
    days, own = days_overdue(subscription, now=now), as_policy("policy", policy)
    if days is None:
        return ()
    due = {step.action: step for step in own.due(days)}
    suspends = due.get(DunningAction.SUSPEND)
    if suspends is not None and state_at(subscription, now) is SubscriptionState.SUSPENDED:
        suspends = None
    ends = due.get(DunningAction.TERMINATE)
    if ends is not None and suspends is not None and suspends.holdings is HoldingsEffect.KEEP:
        suspends = None
    return tuple(step for step in (suspends, ends) if step is not None)


def release_holdings(pool: LicensePool, *, by: Actor, now: datetime) -> Decision[LicensePool, LicensesUnassigned]:
    """Take the licenses of *pool* back, as a step does whose effect on holdings is to release them.

    They go back to the pool at once, whoever acts and whatever the plan allows: what is not paid for is not held. At
    most 10,000 are taken at a time, the first ones by id; repeat it until no event comes. `enrollments.lock()` ends
    what their holders have enrolled in.

    Raises:
        InvalidArgument: Some of the holdings of the pool were not loaded.

    Source: LAT-1, DOC-36, DOC-37.
    """
    _as_pool("pool", pool).require_whole()
    seller = Actor(acting(by), Role.SUPERADMIN)
    users = sorted(pool.holdings)[:MAX_BULK]
    return pools.unassign(pool, users, switches=PLATFORM_DEFAULTS, by=seller, now=now)


can_release_holdings = twin(release_holdings, "LAT-1")
