"""Use cases of limits: count what a customer uses, change its plan, and read how much is left."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final

from attrs import frozen

from licensing_core import accounts, limits
from licensing_core.accounts import CustomerAccount, UnknownCustomer
from licensing_core.checks import Count, Id, Measure, SomeMeasure, UserId, Value, checked
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, Permission
from licensing_core.limits import (
    Limit,
    Limits,
    PlacesRow,
    PlanFit,
    ThresholdReached,
    UnknownLimit,
    Unlimited,
    Usage,
    UsageRow,
)
from licensing_core.limits.usage import as_anchor
from licensing_core.plans import ServicePlan
from licensing_core.protocols import Stored
from licensing_core.services.customers import (
    authorized,
    chosen_by,
    known_customer,
    limits_of,
    named,
    require_choice,
    require_open,
    require_settled,
    require_unblocked,
    service_plan,
    stored_usage,
)
from licensing_core.services.engine import Command, Query, UseCase, ask, save

_GONE: Final = limits.row_of(Limit(0), 0)
_FITS: Final = PlanFit(exceeds={})
"""What a customer fits of which nothing is counted."""


@frozen(kw_only=True, field_transformer=checked)
class LimitUsage(Value):
    """How much a customer uses of one limit; of one that counts within another, how much in the place.

    Attributes:
        thresholds: The percentages that were reached with the command.
    """

    limit: Id
    within: Id | None
    row: UsageRow
    thresholds: tuple[Count, ...] = ()


@frozen(field_transformer=checked)
class UsageRows(Value):
    """How much a customer uses, by limit."""

    rows: Mapping[Id, UsageRow | PlacesRow]


@frozen(kw_only=True, field_transformer=checked)
class OpenUsage(Command[UsageRows]):
    """Begin to count what *customer* uses under a service plan, which its account is on as well from now on.

    Attributes:
        plan: Its service plan; `None` for the one that its account is on; where it is on none, nothing may be used yet.
        anchor: Counts that reset begin at this day or instant and every so often after it; `None` for calendar
            months, weeks or days.

    Refuses with `UnknownPlan` when there is no such plan.
    """

    rule: ClassVar[str] = "ALU-2"

    customer: Id
    plan: Id | None
    anchor: Annotated[date | datetime, as_anchor] | None = None

    def steps(self, now: datetime) -> UseCase[UsageRows]:
        """Load the account, if there is one; decide and save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        account = yield from known_customer(self, self.customer)
        name = self.plan or (None if account is None else account.state.plan)
        plan = None if name is None else (yield from service_plan(self, name))
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = limits.open_usage(self.customer, plan=name, zone=zone, anchor=self.anchor, by=actor, now=now)
        yield from save(self, decision.state, 0, decision.events)
        if account is not None and plan is not None and account.state.plan != plan.id:
            yield from _put_on(self, account, plan, actor, now)
        return UsageRows(limits.rows(decision.state, Limits() if plan is None else plan.limits, now))


def _put_on(
    command: Command[Any], account: Stored[CustomerAccount], plan: ServicePlan, actor: Actor, now: datetime
) -> UseCase[None]:
    assigned = accounts.assign_plan(account.state, plan, by=actor, now=now)
    yield from save(command, assigned.state, account.version, assigned.events)


@frozen(kw_only=True, field_transformer=checked)
class UseLimit(Command[LimitUsage]):
    """Use *amount* more of *limit*; refuses as `limits.use()` does.

    Before that it refuses with `ClientBlocked`, `TrialEnded` and `PlanNotInForce`, in this order.
    """

    rule: ClassVar[str] = "ALU-2"

    customer: Id
    limit: Id
    amount: SomeMeasure = 1
    within: Id | None = None

    def steps(self, now: datetime) -> UseCase[LimitUsage]:
        """Load the place, decide, save."""
        return (yield from _count(self, limits.use, self.amount, now))


@frozen(kw_only=True, field_transformer=checked)
class ReleaseLimit(Command[LimitUsage]):
    """Give *amount* of *limit* back; refuses as `limits.release()` does."""

    rule: ClassVar[str] = "ALU-2"

    customer: Id
    limit: Id
    amount: SomeMeasure = 1
    within: Id | None = None

    def steps(self, now: datetime) -> UseCase[LimitUsage]:
        """Load the place, decide, save."""
        return (yield from _count(self, limits.release, self.amount, now))


@frozen(kw_only=True, field_transformer=checked)
class RecountLimit(Command[LimitUsage]):
    """Set what is used of *limit* to *count*, which the host has counted; as `limits.recount()`."""

    rule: ClassVar[str] = "D-16"

    customer: Id
    limit: Id
    count: Measure
    within: Id | None = None

    def steps(self, now: datetime) -> UseCase[LimitUsage]:
        """Load the place, decide, save."""
        return (yield from _count(self, limits.recount, range(self.count), now))


def _count(
    command: UseLimit | ReleaseLimit | RecountLimit,
    decide: Callable[..., Decision[Usage, Any]],
    amount: int | range,
    now: datetime,
) -> UseCase[LimitUsage]:
    actor = yield from authorized(command, command.actor, command.customer, Permission.USAGE_MANAGE)
    if isinstance(command, UseLimit):
        yield from require_open(command, command.customer, now)
    stored = yield from stored_usage(command, command.customer, named(command.within))
    plan = yield from limits_of(command, stored.state)
    limit, within = command.limit, command.within
    decision = decide(stored.state, limit, amount, limits=plan, within=within, by=actor, now=now)
    yield from save(command, decision.state, stored.version, decision.events)
    return counted(decision.state, decision.events, limit, within, plan, now)


def counted(
    usage: Usage, events: Iterable[Event], limit: str, within: str | None, plan: Limits, now: datetime
) -> LimitUsage:
    """How much *usage* has of *limit* after *events*; nothing of one that the plan has no more, once it is released."""
    gone = plan.get(limit) is None and not usage.running(limit, None, now).used
    row = _GONE if gone else limits.row(usage, limit, limits=plan, within=within, now=now)
    reached = (event.percent for event in events if isinstance(event, ThresholdReached))
    return LimitUsage(limit=limit, within=within, row=row, thresholds=tuple(reached))


@frozen(kw_only=True, field_transformer=checked)
class OverrideLimit(Command[UsageRows]):
    """Let *customer* use *most* of *limit*, whatever its plan says; what the plan says again, when `None`.

    Refuses with `UnknownLimit` what its plan has no limit for; to take an override back, it needs none.
    """

    rule: ClassVar[str] = "D-9"

    customer: Id
    limit: Id
    most: Measure | Unlimited | None

    def steps(self, now: datetime) -> UseCase[UsageRows]:
        """Load all places, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        stored = yield from stored_usage(self, self.customer, None)
        plan = yield from limits_of(self, stored.state)
        if self.most is not None and plan.get(self.limit) is None:
            raise UnknownLimit(limit=self.limit)
        decision = limits.override(stored.state, self.limit, self.most, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return UsageRows(limits.rows(decision.state, plan, now))


@frozen(kw_only=True, field_transformer=checked)
class ChangeServicePlan(Command[PlanFit]):
    """Put *customer* on another service plan from now on, which ends its trial; refuses as `limits.change_plan()` does.

    Its account and what is counted of its usage change together; it has one of the two at least. Its main administrator
    may change it, too (ALU-5): to the plans that it may choose (`AccountSettings.choices`), if what is used fits, and
    neither while the customer is blocked (`ClientBlocked`) nor while it owes for the plan that it is on
    (`PlanNotInForce`). Any other plan takes the permission, and so does *accept_excess*. What it subscribed to stays as
    it is: `ChangeSubscription` changes that.
    """

    rule: ClassVar[str] = "ALU-5"

    customer: Id
    plan: Id
    accept_excess: bool = False

    def steps(self, now: datetime) -> UseCase[PlanFit]:
        """Load the account, and all places; decide, save."""
        permission = Permission.ACCOUNTS_MANAGE
        actor, known = yield from chosen_by(self, self.actor, self.customer, permission)
        require_choice(actor, known, self.plan, permission)
        if self.accept_excess:
            actor.require(permission)
        require_unblocked(known, now)
        require_settled(known, now)
        account, usage = yield from _known(self, self.customer)
        plan = yield from service_plan(self, self.plan)
        fit = _FITS
        if usage is not None:
            fit = limits.preview_plan(usage.state, plan.limits, now=now)
            changed = limits.change_plan(
                usage.state, plan.id, limits=plan.limits, accept_excess=self.accept_excess, by=actor, now=now
            )
            yield from save(self, changed.state, usage.version, changed.events)
        if account is not None:
            yield from _put_on(self, account, plan, actor, now)
        return fit


def _known(asked: Query[Any], customer: str) -> UseCase[tuple[Stored[CustomerAccount] | None, Stored[Usage] | None]]:
    """The account of *customer* and what it uses, in all places; it has one of the two at least."""
    account = yield from known_customer(asked, customer)
    usage = yield from ask(lambda ports: ports.work.usage(asked.tenant, customer, None))
    if account is None and usage is None:
        raise UnknownCustomer(customer=customer)
    return account, usage


@frozen(kw_only=True, field_transformer=checked)
class PreviewServicePlan(Query[PlanFit]):
    """Whether what *customer* uses fits another service plan, and where not (ALU-5).

    Its main administrator may ask it of the plans that it may choose.
    """

    actor: UserId
    customer: Id
    plan: Id

    def steps(self, now: datetime) -> UseCase[PlanFit]:
        """Load all places."""
        permission = Permission.ACCOUNTS_MANAGE
        actor, known = yield from chosen_by(self, self.actor, self.customer, permission)
        require_choice(actor, known, self.plan, permission)
        _, usage = yield from _known(self, self.customer)
        plan = yield from service_plan(self, self.plan)
        return _FITS if usage is None else limits.preview_plan(usage.state, plan.limits, now=now)


@frozen(kw_only=True, field_transformer=checked)
class ReadUsage(Query[UsageRows]):
    """How much *customer* uses of each limit of its plan (ALU-2, ALU-3)."""

    actor: UserId
    customer: Id

    def steps(self, now: datetime) -> UseCase[UsageRows]:
        """Load all places."""
        yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE, administrator=True)
        usage = (yield from stored_usage(self, self.customer, None)).state
        plan = yield from limits_of(self, usage)
        return UsageRows(limits.rows(usage, plan, now))
