"""The steps that many use cases begin with: who acts, what the plan says now, and what is stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from licensing_core import seat_administration
from licensing_core.checks import InvalidArgument, TooManyItems, Value, as_id, shown
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Content, ContentKind, Directory
from licensing_core.enrollments import MAX_CONTENTS, Enrollments, LivePool
from licensing_core.plans import Offer, Package, Switches
from licensing_core.pools import AnyPool
from licensing_core.protocols import MOST_OF_PAGE, Page, Stored
from licensing_core.services.engine import Command, Ports, Query, UseCase, ask, save
from licensing_core.visibility import PlanNotVisible, PurchaseBySuperadmin

A = TypeVar("A", bound=Value)
T = TypeVar("T")


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """By which it is listed."""
        ...


N = TypeVar("N", bound=Named)


def believed(answer: Any, kind: type[T], wanted: str | None = None) -> T:
    """The *answer* of the host, when it is of that *kind*, and of the id that is *wanted*; else `InvalidArgument`."""
    if not isinstance(answer, kind) or (wanted is not None and getattr(answer, "id", None) != wanted):
        raise InvalidArgument(parameter="host", expected="one that knows what it is asked for", got=shown(answer))
    return answer


def actor_of(asked: Query[Any], actor_id: str) -> UseCase[Actor]:
    """Who acts, as the host knows them, else the store; a learner, when neither knows anything of them.

    Raises:
        InvalidArgument: Somebody else is answered with.
    """
    known = yield from ask(lambda ports: ports.host.actor(asked.tenant, actor_id))
    if known is None:
        known = yield from ask(lambda ports: ports.work.actor(asked.tenant, actor_id))
    return Actor(actor_id) if known is None else believed(known, Actor, actor_id)


def every(load: Callable[[Ports, Page], Sequence[N]]) -> UseCase[Sequence[N]]:
    """All that *load* gives, page by page."""
    found: list[N] = []
    while True:
        page = Page(found[-1].id if found else None, MOST_OF_PAGE)
        part: Sequence[N] = yield from ask(partial(_loaded, load, page))
        found += part
        if len(part) < MOST_OF_PAGE:
            return found


def _loaded(load: Callable[[Ports, Page], T], page: Page, ports: Ports) -> T:
    return load(ports, page)


def setting(asked: Query[Any], actor_id: str) -> UseCase[tuple[Actor, Directory]]:
    """Who acts, and among whom."""
    actor = yield from actor_of(asked, actor_id)
    directory = yield from ask(lambda ports: ports.host.directory(asked.tenant))
    return actor, directory


def offer_of(asked: Query[Any], plan: str) -> UseCase[Offer | None]:
    """The plan with its package as they are now; `None` when there is no such plan."""
    return (yield from ask(lambda ports: ports.host.offer(asked.tenant, plan)))


def buyable(asked: Query[Any], actor: Actor, plan: str) -> UseCase[Offer]:
    """The plan, refused when there is none as one that the actor does not see."""
    offer = yield from offer_of(asked, plan)
    if offer is None:
        raise PurchaseBySuperadmin if actor.is_superadmin else PlanNotVisible(plan=plan)
    return offer


def live(asked: Query[Any], pool: AnyPool) -> UseCase[LivePool]:
    """*pool* with the package and the switches of its plan as they are now."""
    platform: Switches = yield from ask(lambda ports: ports.host.platform(asked.tenant))
    offer = None if pool.terms is None else (yield from offer_of(asked, pool.terms.plan))
    if offer is None:
        return LivePool(pool, None, platform)
    return LivePool(pool, offer.package, offer.plan.settings.over(platform))


def package_of(asked: Query[Any], pool: AnyPool) -> UseCase[Package | None]:
    """The package that *pool* opens now."""
    return (yield from live(asked, pool)).package


def stored_pool(
    asked: Query[Any], actor: Actor, pool_id: str, users: frozenset[str] | None
) -> UseCase[Stored[AnyPool]]:
    """The pool with the holdings of *users*, refused when there is none as one that the actor does not manage."""
    stored = yield from ask(lambda ports: ports.work.pool(asked.tenant, pool_id, users))
    if stored is None:
        raise seat_administration.unknown_pool(actor, pool_id)
    return stored


def stored_pools(
    asked: Query[Any], actor: Actor, pool_ids: Sequence[str], users: frozenset[str] | None
) -> UseCase[Sequence[Stored[AnyPool]]]:
    """The pools of *pool_ids*, in their order, each as `stored_pool()` gives it.

    They are loaded in the order of their ids, so that two commands that want the same ones do not wait for each other.
    """
    found: dict[str, Stored[AnyPool] | None] = {}
    for pool_id in sorted({*pool_ids}):
        found[pool_id] = yield from ask(partial(_pool_of, asked.tenant, pool_id, users))
    for pool_id in pool_ids:
        if found[pool_id] is None:
            raise seat_administration.unknown_pool(actor, pool_id)
    return [stored for pool_id in pool_ids if (stored := found[pool_id]) is not None]


def _pool_of(tenant: str, pool_id: str, users: frozenset[str] | None, ports: Ports) -> Stored[AnyPool] | None:
    return ports.work.pool(tenant, pool_id, users)


def enrollments_of(asked: Query[Any], users: Iterable[str]) -> UseCase[Enrollments]:
    """All of the enrollments of *users*."""
    named = frozenset(as_id("users", user) for user in users)
    return (yield from ask(lambda ports: ports.work.enrollments(asked.tenant, named)))


def courses_of(
    asked: Query[Any], contents: Iterable[Content], *, most: int = MAX_CONTENTS
) -> UseCase[Mapping[Content, frozenset[Content]]]:
    """The courses of each learning plan among *contents*; raises `TooManyItems`, so that the host is not asked on."""
    plans = sorted((one for one in contents if one.kind is ContentKind.LEARNING_PLAN), key=str)
    if len(plans) > most:
        raise TooManyItems(parameter="contents", given=len(plans), most=most)
    found: dict[Content, frozenset[Content]] = {}
    for plan in plans:
        found[plan] = frozenset((yield from _courses(asked, plan)))
    return found


def _courses(asked: Query[Any], plan: Content) -> UseCase[Iterable[Content]]:
    return (yield from ask(lambda ports: ports.host.courses(asked.tenant, plan)))


def save_pool(command: Command[Any], pool: AnyPool, stored: Stored[AnyPool], events: Sequence[Event]) -> UseCase[None]:
    """Store *pool* after the version that was loaded, with those of *events* that are its own."""
    own = tuple(event for event in events if getattr(event, "pool", pool.id) == pool.id)
    yield from save(command, pool, stored.version, own)
