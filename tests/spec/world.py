"""The world of a story: what the host of the library knows, and what time it is."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from attrs import evolve, frozen

from licensing_core.accounts import DocumentSeries
from licensing_core.billing import Series
from licensing_core.credits import ActivationPolicy, CreditPack
from licensing_core.directory import Actor, Content, Directory, Permission, Role, Scope
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep, HoldingsEffect
from licensing_core.license_cycle import LicenseType
from licensing_core.limits import Limit, Limits, OverageRule
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, as_zone
from licensing_core.plans import (
    PLATFORM_DEFAULTS,
    Catalog,
    Offer,
    Package,
    PackageKind,
    Plan,
    PlanKind,
    Renewal,
    ServicePlan,
    ServicePlans,
    Settings,
    Switches,
)
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.workdays import BusinessCalendar
from tests.spec.form import NotUnderstood, call, choice, day, instant
from tests.spec.metering import most_of, overage_of

T = TypeVar("T")
Given = Mapping[str, Any]
OPERATOR: Final = "spec-operator"
"""The superadmin who does what a story lets nobody in particular do."""


@frozen
class TenantForm:
    """A tenant of the story, as the world gives it."""

    plan: str | None
    admin: str | None


@frozen
class ClientForm:
    """A client of the story, as the world gives it."""

    email: str
    plan: str


@frozen
class AccountForm:
    """The licenses of a CRM, as the world gives them."""

    cycle: Cycle
    types: tuple[LicenseType, ...]
    totals: Mapping[str, int]


class World:
    """A `protocols.Host` and a clock, both as the world of a story says; the `set_` steps change it."""

    def __init__(
        self,
        *,
        now: str,
        zone: str,
        branches: Mapping[str, str | None] | None = None,
        users: Given | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        courses: Sequence[str] = (),
        learning_plans: Mapping[str, Sequence[str]] | None = None,
        catalogs: Mapping[str, Sequence[str]] | None = None,
        packages: Given | None = None,
        plans: Given | None = None,
        actors: Given | None = None,
        account: Given | None = None,
        limit_plans: Given | None = None,
        tenants: Given | None = None,
        credit_packs: Given | None = None,
        business_calendar: Given | None = None,
        clients: Given | None = None,
        dunning: Given | None = None,
    ) -> None:
        self.now = instant(now, "now")
        self._zone, self._branches = as_zone("zone", zone), dict(branches or {})
        self._users = _each(_places, users, "user")
        self._groups = dict(groups or {})
        self.offered = tuple(Content.course(course) for course in courses)
        self.learning_plans = {
            Content.learning_plan(path): tuple(map(Content.course, parts))
            for path, parts in (learning_plans or {}).items()
        }
        lists = {name: Catalog(name, _contents(texts)) for name, texts in (catalogs or {}).items()}
        self._packages = _each(_package, packages, "package", lists, named=True)
        self._offers = _each(_offer, plans, "plan", self._packages, named=True)
        self._actors = _each(_actor, actors, "actor", named=True)
        self._actors[OPERATOR] = Actor(OPERATOR, Role.SUPERADMIN)
        self.account = None if account is None else call(_account, account, "account", zone)
        self.service_plans = ServicePlans(tuple(_each(service_plan, limit_plans, "limit plan", named=True).values()))
        self.tenants = _each(_tenant, tenants, "tenant")
        self._packs = _each(_pack, credit_packs, "credit pack", named=True)
        self.clients = _each(_client, clients, "client")
        self.dunning = call(_dunning, dunning or {}, "dunning")
        self._activation = call(_activation, business_calendar or {}, "business calendar")

    def move(self, at: datetime) -> None:
        """Set the clock, which never goes back."""
        if at < self.now:
            raise NotUnderstood(f"a step at {at.isoformat()} steps back behind {self.now.isoformat()}")
        self.now = at

    def clock(self) -> datetime:
        """The instant of the step."""
        return self.now

    def actor(self, tenant: str, actor_id: str) -> Actor:
        """The actor; who is not listed is a learner."""
        return self._actors.get(actor_id) or Actor(actor_id)

    def directory(self, tenant: str) -> Directory:
        """The branches, groups and people now."""
        return Directory.of(branches=self._branches, users=self._users, groups=self._groups)

    def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """The plan with its package."""
        return self._offers.get(plan_id)

    def offers(self, tenant: str) -> Sequence[Offer]:
        """Every plan with its package."""
        return tuple(self._offers.values())

    def courses(self, tenant: str, learning_plan: Content) -> Sequence[Content]:
        """The courses of a learning plan."""
        return self.learning_plans.get(learning_plan, ())

    def platform(self, tenant: str) -> Switches:
        """The defaults of the platform."""
        return PLATFORM_DEFAULTS

    def zone(self, tenant: str) -> str:
        """The zone in which days are counted."""
        return self._zone

    def series(self, tenant: str) -> DocumentSeries:
        """Numbers of stories run over all clients, and are kept when a proforma is paid."""
        return DocumentSeries(proformas=Series("P-"), invoices=None)

    def service_plan(self, tenant: str, plan_id: str) -> ServicePlan | None:
        """The plan with limits."""
        return self.service_plans.get(plan_id)

    def credit_pack(self, tenant: str, pack_id: str) -> CreditPack | None:
        """The pack of credits."""
        return self._packs.get(pack_id)

    def activation(self, tenant: str) -> ActivationPolicy:
        """48 working hours by the calendar of the world."""
        return self._activation

    def define_plan(self, plan: str, form: Given) -> None:
        """Define a plan with limits, or another form of one."""
        self.service_plans = self.service_plans.defining(call(service_plan, form, f"plan {plan!r}", plan))

    def set_plan(self, plan: str, switches: Mapping[str, bool]) -> None:
        """Change switches of a plan."""
        if plan not in self._offers:
            raise NotUnderstood(f"unknown plan {plan!r}")
        offer = self._offers[plan]
        changed: dict[str, Any] = {**switches}
        settings = evolve(offer.plan.settings, **changed)
        self._offers[plan] = evolve(offer, plan=evolve(offer.plan, settings=settings))

    def set_actor(self, actor: str, changes: Given) -> None:
        """Replace what is given of role, permissions and resources."""
        now = self.actor("", actor)
        before = {
            "role": now.role.value,
            "permissions": [permission.value for permission in now.permissions],
            "resources": [str(resource) for resource in now.resources],
        }
        self._actors[actor] = call(_actor, {**before, **changes}, "actor", actor)

    def set_group(self, group: str, users: Sequence[str]) -> None:
        """Replace the members of a group."""
        self._groups[group] = users

    def set_branches(self, user: str, branches: Sequence[str]) -> None:
        """Move a user into other branches."""
        self._users[user] = branches


def _each(make: Callable[..., T], entries: Given | None, what: str, *first: Any, named: bool = False) -> dict[str, T]:
    """What *make* makes of each entry; with its name before *first* when it is to be *named*."""
    return {
        name: call(make, given, f"{what} {name!r}", *((name, *first) if named else first))
        for name, given in (entries or {}).items()
    }


def _places(*, branches: Sequence[str] = ()) -> Sequence[str]:
    return branches


def _contents(texts: Sequence[str]) -> frozenset[Content]:
    return frozenset(map(Content.parse, texts))


def _of(known: Mapping[str, T], name: str, what: str) -> T:
    if name not in known:
        raise NotUnderstood(f"unknown {what} {name!r}")
    return known[name]


def _package(
    name: str, known: Mapping[str, Catalog], /, *, kind: str, catalogs: Sequence[str], audience: Sequence[str]
) -> Package:
    return Package(
        id=name,
        kind=choice(PackageKind, kind, "kind of package"),
        catalogs=tuple(_of(known, catalog, "catalog") for catalog in catalogs),
        audience=frozenset(map(Scope.parse, audience)),
    )


def _offer(
    name: str,
    packages: Mapping[str, Package],
    /,
    *,
    package: str,
    kind: str,
    price: str,
    validity: str,
    renewal: str,
    quantity: int = 1,
    enforce_limit: bool | None = None,
    allow_refund: bool | None = None,
    enforce_expiration: bool | None = None,
) -> Offer:
    plan = Plan(
        id=name,
        package=package,
        kind=choice(PlanKind, kind, "kind of plan"),
        quantity=quantity,
        prices=(FlatPrice(Money.parse(price)),),
        validity=Duration.parse(validity),
        renewal=choice(Renewal, renewal, "renewal"),
        settings=Settings(
            enforce_limit=enforce_limit, allow_refund=allow_refund, enforce_expiration=enforce_expiration
        ),
    )
    return Offer(plan, _of(packages, package, "package"))


def _resource(text: str) -> Scope | Content:
    return Content.parse(text) if text.startswith(("course:", "learning_plan:")) else Scope.parse(text)


def _actor(
    name: str,
    /,
    *,
    role: str = "learner",
    permissions: Sequence[str] = (),
    resources: Sequence[str] = (),
) -> Actor:
    return Actor(
        name,
        choice(Role, role, "role"),
        permissions=frozenset(choice(Permission, one, "permission") for one in permissions),
        resources=frozenset(map(_resource, resources)),
    )


def _cycle(zone: str, /, *, anchor: str, every: str) -> Cycle:
    return Cycle(day(anchor, "anchor"), Duration.parse(every), zone)


def _license_type(
    name: str, /, *, price: str, total: int = 0, minimum: int = 0, features: Sequence[str] = ()
) -> tuple[LicenseType, int]:
    rate = UnitPrice(Money.parse(price))
    return LicenseType(id=name, price=rate, minimum=minimum, features=frozenset(features)), total


def _account(zone: str, /, *, cycle: Given, licenses: Given) -> AccountForm:
    found = _each(_license_type, licenses, "license type", named=True)
    return AccountForm(
        cycle=call(_cycle, cycle, "cycle of the account", zone),
        types=tuple(kind for kind, _ in found.values()),
        totals={name: total for name, (_, total) in found.items()},
    )


def _limit(name: str, given: object, overage: object) -> Limit:
    rule = overage_of(overage)
    if isinstance(given, Mapping):
        return call(_nested, given, f"limit {name!r}", rule)
    return Limit(most_of(given), overage=rule)


def _nested(rule: OverageRule, /, *, max: object, per: str) -> Limit:  # noqa: A002 - a field
    return Limit(most_of(max), per, overage=rule)


def service_plan(
    name: str, /, *, limits: Given, overage: Mapping[str, object] | None = None, trial_days: int = 0
) -> ServicePlan:
    """A plan with limits, as the world gives it."""
    rules = overage or {}
    if unknown := sorted(rules.keys() - limits.keys()):
        raise NotUnderstood(f"plan {name!r} has an overage of the unknown limit {unknown[0]!r}")
    by_name = {limit: _limit(limit, given, rules.get(limit, "block")) for limit, given in limits.items()}
    return ServicePlan(id=name, limits=Limits(by_name), trial_days=trial_days)


def _tenant(*, plan: str | None, admin: str | None = None) -> TenantForm:
    return TenantForm(plan, admin)


def _pack(
    name: str,
    /,
    *,
    credits: int,  # noqa: A002 - a field
    price: str,
    expires_after: str | None = None,
    priority: int = 0,
) -> CreditPack:
    return CreditPack(
        id=name,
        credits=credits,
        prices=(FlatPrice(Money.parse(price)),),
        expires_after=None if expires_after is None else Duration.parse(expires_after),
        priority=priority,
    )


def _activation(*, workdays: Sequence[int] = (0, 1, 2, 3, 4), holidays: Sequence[str] = ()) -> ActivationPolicy:
    days = frozenset(day(text, "holiday") for text in holidays)
    return ActivationPolicy(calendar=BusinessCalendar(frozenset(workdays), days))


def _client(*, email: str, plan: str) -> ClientForm:
    return ClientForm(email, plan)


def _dunning(*, proforma_days: int = 15, suspend_after_days: int = 7, terminate_after_days: int = 30) -> DunningPolicy:
    steps = (
        DunningStep(after_days=suspend_after_days, action=DunningAction.SUSPEND),
        DunningStep(after_days=terminate_after_days, action=DunningAction.TERMINATE, holdings=HoldingsEffect.RELEASE),
    )
    ordered = tuple(sorted(steps, key=lambda step: step.after_days))
    return DunningPolicy(proforma_days=proforma_days, steps=ordered)
