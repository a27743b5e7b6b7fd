"""Customers: added, put on a plan, blocked by cause, with users and contacts who may do things (PLZ-1 to PLZ-8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from licensing_core.accounts.events import (
    AccountEvent,
    BlockLifted,
    CustomerAdded,
    CustomerBlocked,
    PersonAdded,
    PersonRemoved,
    PlanAssigned,
    SettingsChanged,
    apply,
    opened,
)
from licensing_core.accounts.refusals import NotBlocked, UnknownSubscription
from licensing_core.accounts.values import (
    MOST_BLOCKS,
    PLAIN_SETTINGS,
    AccountSettings,
    CustomerAccount,
    CustomerStatus,
    Person,
    as_account,
    terms_at,
)
from licensing_core.checks import FrozenMap, Id, Instant, InvalidArgument, UserId, as_id, as_instant, check_of, instance
from licensing_core.decisions import Decision, Verdict, decided, twin
from licensing_core.directory import Actor, acting
from licensing_core.entitlements import ClientBlocked
from licensing_core.periods import Duration, Zone, as_zone
from licensing_core.plans import ServicePlan
from licensing_core.subscriptions import Subscription, SubscriptionState, can_access

_as_plan: Final = instance(ServicePlan)
_as_some_plan: Final = check_of(ServicePlan | None)
_as_settings: Final = instance(AccountSettings)
_as_until: Final = check_of(Instant | None)

ClientDecision = Decision[CustomerAccount, AccountEvent]


def add_customer(
    customer_id: Id,
    plan: ServicePlan | None,
    *,
    zone: Zone,
    settings: AccountSettings = PLAIN_SETTINGS,
    by: Actor,
    now: datetime,
) -> Decision[CustomerAccount, CustomerAdded]:
    """Add a customer on *plan*, on trial for as long as the plan says. It has no users yet.

    Name and e-mail address are no part of it: see `Card`, which a host keeps apart from all that is logged.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: PLZ-4, PLZ-5, PLZ-11.
    """
    named, chosen = as_id("customer_id", customer_id), _as_some_plan("plan", plan)
    place, at = as_zone("zone", zone), as_instant("now", now)
    trial = None if chosen is None or not chosen.trial_days else Duration(days=chosen.trial_days).after(at, place)
    event = CustomerAdded(
        account=named,
        zone=place,
        plan=None if chosen is None else chosen.id,
        trial_ends=trial,
        settings=_as_settings("settings", settings),
        by=acting(by),
        at=at,
    )
    return Decision(opened(event), (event,))


def trial_until(account: CustomerAccount, *, now: datetime) -> datetime | None:
    """When the trial ends, or ended, that *account* is on at *now*; `None` for none.

    A customer who has paid for the plan that it tried is on trial no more, whatever became of that subscription.

    Source: PLZ-11, LAT-1.
    """
    at, ends = as_instant("now", now), as_account("account", account).trial_ends
    return None if ends is not None and any(_is_no_trial(one, at) for one in _own(account, at)) else ends


def _is_no_trial(subscription: Subscription, now: datetime) -> bool:
    ends = subscription.trial_ends if subscription.state is SubscriptionState.TRIAL else None
    turned = bool(subscription.turns) and ends is not None and now >= ends  # whenever it was billed
    begun = subscription.state not in (SubscriptionState.PENDING, SubscriptionState.TRIAL)
    return begun or turned or bool(can_access(subscription, now))


def status(account: CustomerAccount, now: datetime) -> CustomerStatus:
    """Where a customer stands at *now*: a block comes before all else.

    Source: PLZ-3, PLZ-7, PLZ-11.
    """
    at = as_instant("now", now)
    if as_account("account", account).causes(at):
        return CustomerStatus.BLOCKED
    ends = trial_until(account, now=at)
    if ends is None:
        return CustomerStatus.ACTIVE
    return CustomerStatus.TRIAL if at < ends else CustomerStatus.TRIAL_ENDED


def assign_plan(
    account: CustomerAccount, plan: ServicePlan, *, by: Actor, now: datetime
) -> Decision[CustomerAccount, AccountEvent]:
    """Put a customer on *plan*, which ends its trial; the plan that it is on already does nothing but that.

    Whether what it uses fits the plan is asked by `limits.change_plan()`.

    Source: PLZ-6.
    """
    as_account("account", account)
    chosen: ServicePlan = _as_plan("plan", plan)
    if account.plan == chosen.id and account.trial_ends is None:
        as_instant("now", now)
        acting(by)
        return Decision(account)
    return decided(apply, account, PlanAssigned(account=account.id, plan=chosen.id, by=acting(by), at=now))


def block(
    account: CustomerAccount, cause: Id, *, until: datetime | None = None, by: Actor, now: datetime
) -> Decision[CustomerAccount, AccountEvent]:
    """Block a customer for *cause*, beside whatever else it is blocked for. It may use nothing; it is billed on.

    The same block again does nothing; another *until* moves its end.

    Raises:
        InvalidArgument: *until* is no later than *now*, or it is blocked for 100 causes already.

    Source: PLZ-7.
    """
    as_account("account", account)
    named, at, ending = as_id("cause", cause), as_instant("now", now), _as_until("until", until)
    who = acting(by)
    if ending is not None and ending <= at:
        raise InvalidArgument(parameter="until", expected="later than now", got="an earlier instant")
    causes, held = account.causes(at), account.blocks.get(named)
    if named in causes and held is not None and held.until == ending:
        return Decision(account)
    if len(causes | {named}) > MOST_BLOCKS:
        expected = f"one of at most {MOST_BLOCKS} for which it is blocked"
        raise InvalidArgument(parameter="cause", expected=expected, got="one more")
    return decided(apply, account, CustomerBlocked(account=account.id, cause=named, until=ending, by=who, at=at))


def unblock(
    account: CustomerAccount, cause: Id, *, by: Actor, now: datetime
) -> Decision[CustomerAccount, AccountEvent]:
    """Lift the block for *cause*; other causes stay.

    Raises:
        NotBlocked: It is not blocked for this cause.

    Source: PLZ-7.
    """
    as_account("account", account)
    named, at, who = as_id("cause", cause), as_instant("now", now), acting(by)
    if named not in account.causes(at):
        raise NotBlocked(customer=account.id, cause=named)
    return decided(apply, account, BlockLifted(account=account.id, cause=named, by=who, at=at))


def add_person(
    account: CustomerAccount,
    user: UserId,
    permissions: frozenset[Id] = frozenset(),
    *,
    contact: bool = False,
    by: Actor,
    now: datetime,
) -> Decision[CustomerAccount, AccountEvent]:
    """Let somebody be a user of the account, or a contact; of who is one already, what is given replaces it.

    Raises:
        ClientBlocked: The customer is blocked.
        PeopleNotLoaded: It was not looked up whether they are one.

    Source: PLZ-8, LAT-4.
    """
    as_account("account", account)
    named, at, who = as_id("user", user), as_instant("now", now), acting(by)
    person = Person(permissions=permissions, contact=contact)
    _require_unblocked(account, at)
    if account.people.get(named) == person:
        return Decision(account)
    return decided(apply, account, PersonAdded(account=account.id, user=named, person=person, by=who, at=at))


def remove_person(
    account: CustomerAccount, user: UserId, *, by: Actor, now: datetime
) -> Decision[CustomerAccount, AccountEvent]:
    """Let somebody be a user or contact of the account no more; of who is none nothing changes.

    Raises:
        ClientBlocked: The customer is blocked.
        PeopleNotLoaded: It was not looked up whether they are one.

    Source: PLZ-8, LAT-4.
    """
    as_account("account", account)
    named, at, who = as_id("user", user), as_instant("now", now), acting(by)
    _require_unblocked(account, at)
    if account.people.get(named) is None:
        return Decision(account)
    return decided(apply, account, PersonRemoved(account=account.id, user=named, by=who, at=at))


def _require_unblocked(account: CustomerAccount, now: datetime) -> None:
    if causes := account.causes(now):
        raise ClientBlocked(causes=tuple(sorted(causes)))


def configure(
    account: CustomerAccount, settings: AccountSettings, *, by: Actor, now: datetime
) -> Decision[CustomerAccount, AccountEvent]:
    """Set other settings for a customer: its administrator, what it may choose, dunning, automatic debit.

    Source: LAT-3, decision 16.
    """
    as_account("account", account)
    wanted, at, who = _as_settings("settings", settings), as_instant("now", now), acting(by)
    if wanted == account.settings:
        return Decision(account)
    return decided(apply, account, SettingsChanged(account=account.id, settings=wanted, by=who, at=at))


def can_use(account: CustomerAccount, subscription_id: Id, *, now: datetime) -> Verdict:
    """Whether the customer may use what it subscribed to: it is not blocked, and the subscription gives access.

    The trial of its plan has no say: what is subscribed to apart from it is used while it is paid for.

    Source: PLZ-7, LAT-1.
    """
    as_account("account", account)
    named, at = as_id("subscription_id", subscription_id), as_instant("now", now)
    found = account.subscriptions.get(named)
    if found is None:
        return Verdict.refuse(UnknownSubscription(customer=account.id, subscription=named))
    if causes := account.causes(at):
        return Verdict.refuse(ClientBlocked(causes=tuple(sorted(causes))))
    return can_access(found, at)


def pools_in_force(account: CustomerAccount, *, now: datetime) -> Mapping[str, bool]:
    """The pools that subscriptions of *account* pay for, and whether they may open anything.

    That is while the customer is not blocked, and one of the subscriptions that name the pool gives access.

    Source: LAT-1, PLZ-7.
    """
    found: dict[str, bool] = {}
    open_now = not as_account("account", account).causes(now)
    for one in account.subscriptions.values():
        gives = bool(one.pools) and open_now and bool(can_access(one, now))
        found.update({pool: gives or found.get(pool, False) for pool in one.pools})
    return FrozenMap(found)


def plan_in_force(account: CustomerAccount, *, now: datetime) -> bool:
    """Whether the plan that the customer is on may be used, as far as subscriptions go.

    It may not when the customer subscribed to it, and no such subscription gives access. A plan that nobody subscribed
    to is in force, and so is one on trial.

    Source: LAT-1, PLZ-11.
    """
    at = as_instant("now", now)
    own = _own(as_account("account", account), at)
    ends = trial_until(account, now=at)
    return (ends is not None and at < ends) or not own or any(can_access(one, at) for one in own)


def _own(account: CustomerAccount, now: datetime) -> list[Subscription]:
    """The subscriptions to the plan that the customer is on."""
    return [one for one in account.subscriptions.values() if terms_at(one, now).item == account.plan]


can_assign_plan = twin(assign_plan, "PLZ-6")
can_block = twin(block, "PLZ-7")
can_unblock = twin(unblock, "PLZ-7")
can_add_person = twin(add_person, "PLZ-8")
can_remove_person = twin(remove_person, "PLZ-8")
can_configure = twin(configure, "D-16")
can_add_customer = twin(add_customer, "PLZ-4")
