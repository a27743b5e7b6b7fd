"""A host whose knowledge is given as values: for tests, notebooks, and applications that load all at once."""

from collections.abc import Iterable, Sequence

from licensing_core.checks import as_id
from licensing_core.directory import Actor, Directory
from licensing_core.periods import as_zone
from licensing_core.plans import PLATFORM_DEFAULTS, Offer, Switches
from licensing_core.protocols import Host


class StaticHost:
    """Knows one tenant: its actors, directory and plans. In any other nobody may do anything.

    Args:
        tenant: The tenant that it knows.
        zone: The zone in whose local time the tenant counts.
        actors: Those who are more than learners.
        offers: The plans with their packages.
    """

    def __init__(
        self,
        tenant: str,
        *,
        zone: str,
        directory: Directory,
        actors: Iterable[Actor] = (),
        offers: Iterable[Offer] = (),
        platform: Switches = PLATFORM_DEFAULTS,
    ) -> None:
        self._tenant, self._zone, self._platform = as_id("tenant", tenant), as_zone("zone", zone), platform
        self._directory = directory
        self._actors = {actor.id: actor for actor in actors}
        self._offers = {offer.plan.id: offer for offer in sorted(offers, key=lambda offer: offer.plan.id)}

    def actor(self, tenant: str, actor_id: str) -> Actor:
        """The actor of this id; a learner when none was given."""
        known = self._actors if tenant == self._tenant else {}
        return known.get(actor_id) or Actor(actor_id)

    def directory(self, tenant: str) -> Directory:
        """The directory that was given."""
        return self._directory if tenant == self._tenant else Directory.of()

    def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """The plan of this id with its package."""
        return self._offers.get(plan_id) if tenant == self._tenant else None

    def offers(self, tenant: str) -> Sequence[Offer]:
        """Every plan with its package, by id."""
        return tuple(self._offers.values()) if tenant == self._tenant else ()

    def platform(self, tenant: str) -> Switches:
        """The switches of the platform."""
        return self._platform

    def zone(self, tenant: str) -> str:
        """The zone that was given."""
        return self._zone


class AsyncHostOf:
    """An asynchronous host that asks a synchronous one, which must not block."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def actor(self, tenant: str, actor_id: str) -> Actor:
        """As the host answers."""
        return self._host.actor(tenant, actor_id)

    async def directory(self, tenant: str) -> Directory:
        """As the host answers."""
        return self._host.directory(tenant)

    async def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """As the host answers."""
        return self._host.offer(tenant, plan_id)

    async def offers(self, tenant: str) -> Sequence[Offer]:
        """As the host answers."""
        return self._host.offers(tenant)

    async def platform(self, tenant: str) -> Switches:
        """As the host answers."""
        return self._host.platform(tenant)

    async def zone(self, tenant: str) -> str:
        """As the host answers."""
        return self._host.zone(tenant)
