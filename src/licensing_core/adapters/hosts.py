"""A host whose knowledge is given as values: for tests, notebooks, and applications that load all at once."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from licensing_core.accounts import PLAIN_SERIES, DocumentSeries
from licensing_core.checks import FrozenMap, as_id, check_of, instance
from licensing_core.credits import ActivationPolicy, CreditPack
from licensing_core.directory import Actor, Content, Directory
from licensing_core.periods import as_zone
from licensing_core.plans import PLATFORM_DEFAULTS, Offer, Offers, ServicePlan, ServicePlans, Switches
from licensing_core.protocols import Host
from licensing_core.protocols.shapes import as_host
from licensing_core.workdays import BusinessCalendar

ACTIVATION: Final = ActivationPolicy(calendar=BusinessCalendar(frozenset(range(5))))
"""Within 48 hours of the days from Monday to Friday, without holidays."""
NO_SERVICE_PLANS: Final = ServicePlans()
_as_contents: Final = check_of(tuple[Content, ...])
_as_courses: Final = check_of(Mapping[Content, frozenset[Content]])
V = TypeVar("V")


class StaticHost:
    """Knows one tenant: its actors, directory and plans. In any other nobody may do anything.

    Args:
        tenant: The tenant that it knows.
        zone: The zone in whose local time the tenant counts.
        actors: Those who are more than learners.
        offers: The plans with their packages.
        courses: The courses of each learning plan.
        series: The series that its documents are numbered in.
        service_plans: The plans that customers may be on.
        credit_packs: The packs of credits for sale.
        activation: By when paid credits are to be active.
        ask_store: Leave whoever is not among *actors* to the store, which keeps what `services.GrantActor` granted;
            else they are learners.

    Raises:
        InvalidArgument: An argument is of another kind.
        InvalidId: *tenant* is no id.
        UnknownZone: *zone* is none.
    """

    def __init__(
        self,
        tenant: str,
        *,
        zone: str,
        directory: Directory,
        actors: Iterable[Actor] = (),
        offers: Iterable[Offer] = (),
        courses: Mapping[Content, Collection[Content]] = FrozenMap({}),
        platform: Switches = PLATFORM_DEFAULTS,
        series: DocumentSeries = PLAIN_SERIES,
        service_plans: ServicePlans = NO_SERVICE_PLANS,
        credit_packs: Iterable[CreditPack] = (),
        activation: ActivationPolicy = ACTIVATION,
        ask_store: bool = False,
    ) -> None:
        self._tenant, self._zone = as_id("tenant", tenant), as_zone("zone", zone)
        self._courses = _courses_of(courses)
        self._platform: Switches = instance(Switches)("platform", platform)
        self._directory: Directory = instance(Directory)("directory", directory)
        self._actors = {actor.id: actor for actor in _each("actors", actors, Actor)}
        self._offers = Offers.of(offers)
        self._series: DocumentSeries = instance(DocumentSeries)("series", series)
        self._plans: ServicePlans = instance(ServicePlans)("service_plans", service_plans)
        self._packs = {pack.id: pack for pack in _each("credit_packs", credit_packs, CreditPack)}
        self._activation: ActivationPolicy = instance(ActivationPolicy)("activation", activation)
        self._ask_store: bool = instance(bool)("ask_store", ask_store)

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """The actor of this id; when none was given a learner, or `None` where the store is asked."""
        if tenant != self._tenant:
            return Actor(actor_id)
        known = self._actors.get(actor_id)
        return Actor(actor_id) if known is None and not self._ask_store else known

    def directory(self, tenant: str) -> Directory:
        """The directory that was given."""
        return self._directory if tenant == self._tenant else Directory.of()

    def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """The plan of this id with its package."""
        return self._offers.get(plan_id) if tenant == self._tenant else None

    def offers(self, tenant: str) -> Offers:
        """Every plan with its package, by id."""
        return self._offers if tenant == self._tenant else Offers()

    def courses(self, tenant: str, learning_plan: Content) -> Collection[Content]:
        """The courses that were given for the learning plan."""
        return self._courses.get(learning_plan, ()) if tenant == self._tenant else ()

    def platform(self, tenant: str) -> Switches:
        """The switches of the platform."""
        return self._platform

    def zone(self, tenant: str) -> str:
        """The zone that was given."""
        return self._zone

    def series(self, tenant: str) -> DocumentSeries:
        """The series that were given."""
        return self._series

    def service_plan(self, tenant: str, plan_id: str) -> ServicePlan | None:
        """The service plan of this id."""
        return self._plans.get(plan_id) if tenant == self._tenant else None

    def credit_pack(self, tenant: str, pack_id: str) -> CreditPack | None:
        """The pack of credits of this id."""
        return self._packs.get(pack_id) if tenant == self._tenant else None

    def activation(self, tenant: str) -> ActivationPolicy:
        """The policy that was given."""
        return self._activation


def _courses_of(given: Any) -> Mapping[Content, frozenset[Content]]:
    plans: Mapping[Any, Any] = instance(Mapping)("courses", given)
    listed = {
        plan: frozenset(_as_contents("courses", tuple(instance(Collection)("courses", some))))
        for plan, some in plans.items()
    }
    courses: Mapping[Content, frozenset[Content]] = _as_courses("courses", listed)
    return courses


def _each(name: str, items: Any, kind: type[V]) -> tuple[V, ...]:
    check = instance(kind)
    return tuple(check(name, item) for item in instance(Iterable)(name, items))


class AsyncHostOf:
    """An asynchronous host that asks a synchronous one, which must not block.

    Raises:
        InvalidArgument: *host* lacks a method of hosts, or one of them is to be awaited.
    """

    def __init__(self, host: Host) -> None:
        self._host: Host = as_host("host", host)

    async def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """As the host answers."""
        return self._host.actor(tenant, actor_id)

    async def directory(self, tenant: str) -> Directory:
        """As the host answers."""
        return self._host.directory(tenant)

    async def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """As the host answers."""
        return self._host.offer(tenant, plan_id)

    async def offers(self, tenant: str) -> Collection[Offer]:
        """As the host answers."""
        return self._host.offers(tenant)

    async def courses(self, tenant: str, learning_plan: Content) -> Collection[Content]:
        """As the host answers."""
        return self._host.courses(tenant, learning_plan)

    async def platform(self, tenant: str) -> Switches:
        """As the host answers."""
        return self._host.platform(tenant)

    async def zone(self, tenant: str) -> str:
        """As the host answers."""
        return self._host.zone(tenant)

    async def series(self, tenant: str) -> DocumentSeries:
        """As the host answers."""
        return self._host.series(tenant)

    async def service_plan(self, tenant: str, plan_id: str) -> ServicePlan | None:
        """As the host answers."""
        return self._host.service_plan(tenant, plan_id)

    async def credit_pack(self, tenant: str, pack_id: str) -> CreditPack | None:
        """As the host answers."""
        return self._host.credit_pack(tenant, pack_id)

    async def activation(self, tenant: str) -> ActivationPolicy:
        """As the host answers."""
        return self._host.activation(tenant)
