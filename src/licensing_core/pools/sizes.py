"""More or fewer licenses or seats: what a cut takes from whom is previewed first, in a named order."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from attrs import frozen

from licensing_core.checks import (
    Count,
    FrozenMap,
    Id,
    Instant,
    InvalidArgument,
    UserId,
    Value,
    as_instant,
    bulk,
    check_of,
    checked,
)
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.holdings import Holding
from licensing_core.pools import events
from licensing_core.pools.events import PoolResized
from licensing_core.pools.refusals import PoolInUse, PreviewOutdated
from licensing_core.pools.values import AnyPool, LicensePool, SeatPool

P = TypeVar("P", bound=LicensePool | SeatPool)


class ShrinkStage(StrEnum):
    """From whom a cut takes a license, once the free ones are gone."""

    AWAITING = "awaiting"
    """Those whose release awaits confirmation; by id."""
    IDLE = "idle"
    """Holders who were last active before a given instant, or never; the longest idle first."""
    LAST_ASSIGNED = "last_assigned"
    """The other holders, the last assigned first."""


SHRINK_ORDER: Final = tuple(ShrinkStage)
"""Free licenses first, always; then those awaiting confirmation, idle holders, and those assigned last."""

_NEVER: Final[Mapping[str, datetime]] = FrozenMap({})
_as_stages: Final = check_of(tuple[ShrinkStage, ...])
_as_instants: Final = check_of(Mapping[UserId, Instant])


@frozen(kw_only=True, field_transformer=checked)
class Shrinking(Value):
    """What a cut to *bought* takes: so many *free* licenses or seats, and then these users' licenses, in this order."""

    pool: Id
    bought: Count
    free: Count
    awaiting: tuple[UserId, ...] = ()
    idle: tuple[UserId, ...] = ()
    last_assigned: tuple[UserId, ...] = ()
    order: tuple[ShrinkStage, ...] = SHRINK_ORDER

    @property
    def users(self) -> tuple[str, ...]:
        """All who lose their license, in the order in which they go: what `resize()` takes as `drop`."""
        stages: dict[ShrinkStage, tuple[str, ...]] = {
            ShrinkStage.AWAITING: self.awaiting,
            ShrinkStage.IDLE: self.idle,
            ShrinkStage.LAST_ASSIGNED: self.last_assigned,
        }
        return tuple(user for stage in self.order for user in stages[stage])


def preview_shrink(
    pool: AnyPool,
    bought: Count,
    *,
    order: tuple[ShrinkStage, ...] = SHRINK_ORDER,
    last_active: Mapping[UserId, datetime] = _NEVER,
    idle_before: datetime | None = None,
    assigned_at: Mapping[UserId, datetime] = _NEVER,
) -> Shrinking:
    """Who would lose their license if *pool* had *bought* licenses or seats; nothing is changed.

    Args:
        pool: A pool of licenses with all of its holdings; of seats only free ones can go.
        order: The stages to go through; one that is left out spares its users.
        last_active: When each holder was last seen; who is missing never was.
        idle_before: Who was last active before this instant is idle; nobody is when it is `None`.
        assigned_at: When each holder got the license; who is missing got it first of all.

    Raises:
        PoolInUse: Even with all whom *order* lets go more are consumed than *bought*.
        InvalidArgument: Not all of the holdings are loaded, or *order* has a stage twice.
    """
    check_of(Count)("bought", bought)
    going = min(pool.free, max(0, pool.bought - bought))
    needed = _needed(pool, bought)
    taken: dict[ShrinkStage, tuple[str, ...]] = {}
    if isinstance(pool, LicensePool):
        pool.require_whole()
        seen, given = _as_instants("last_active", last_active), _as_instants("assigned_at", assigned_at)
        before = None if idle_before is None else as_instant("idle_before", idle_before)
        ranked = _ranked(pool, seen, before, given)
        for stage in _each_once(order):
            taken[stage] = ranked[stage][: needed - sum(map(len, taken.values()))]
    if (missing := needed - sum(map(len, taken.values()))) > 0:
        raise PoolInUse(pool=pool.id, consumed=bought + missing, asked=bought)
    stages = {stage.value: users for stage, users in taken.items()}
    return Shrinking(pool=pool.id, bought=bought, free=going, order=tuple(taken) or SHRINK_ORDER, **stages)


def _each_once(order: tuple[ShrinkStage, ...]) -> tuple[ShrinkStage, ...]:
    stages: tuple[ShrinkStage, ...] = _as_stages("order", order)
    if len(frozenset(stages)) < len(stages):
        raise InvalidArgument(parameter="order", expected="stages, each once", got="one twice")
    return stages


def _needed(pool: AnyPool, bought: int) -> int:
    """How many consumed licenses or seats must go for a cut to *bought*."""
    return max(0, pool.consumed - bought) if bought < pool.bought else 0


def _ranked(
    pool: LicensePool, seen: Mapping[str, datetime], before: datetime | None, given: Mapping[str, datetime]
) -> dict[ShrinkStage, tuple[str, ...]]:
    """The users of each stage, in the order in which they go."""
    holders = pool.users(Holding.HELD)
    idle = [user for user in holders if before is not None and (user not in seen or seen[user] < before)]
    others = frozenset(holders).difference(idle)
    return {
        ShrinkStage.AWAITING: pool.users(Holding.AWAITING),
        ShrinkStage.IDLE: _by_instant(idle, seen),
        ShrinkStage.LAST_ASSIGNED: _by_instant(others, given)[::-1],
    }


def _by_instant(users: Iterable[str], instants: Mapping[str, datetime]) -> tuple[str, ...]:
    """*users* by their instant, those without one first; of equals by id."""
    return tuple(sorted(users, key=lambda user: (user in instants, instants.get(user), user)))


def resize(
    pool: P, bought: Count, *, by: Actor, now: datetime, drop: Collection[UserId] = ()
) -> Decision[P, PoolResized]:
    """Let *pool* have *bought* licenses or seats from now on, and take the licenses of those to *drop*.

    Args:
        drop: Exactly those who must go, as `preview_shrink()` named them: holders, or awaiting confirmation. Their
            licenses go with the size: neither refund nor revocation cap is asked for. A pool of seats drops nobody.

    Raises:
        PoolInUse: More are consumed than *bought* even so, and fewer are asked for than there were.
        PreviewOutdated: Fewer of them need go: somebody has left since the preview.
        HoldingsNotLoaded: The holdings of one of those to drop were not loaded.
    """
    acting(by)
    as_instant("now", now)
    named = bulk("drop", drop)
    dropped = frozenset[str]()
    if isinstance(pool, LicensePool):
        pool.holdings.require(named)
        dropped = frozenset(user for user in named if user in pool.holdings)
    needed = _needed(pool, check_of(Count)("bought", bought))
    if len(dropped) < needed:
        raise PoolInUse(pool=pool.id, consumed=pool.consumed - len(dropped), asked=bought)
    if len(dropped) > needed:
        raise PreviewOutdated(pool=pool.id, needed=needed, given=len(dropped))
    if bought == pool.bought:
        return Decision(pool)
    event = PoolResized(pool=pool.id, bought=bought, dropped=dropped, by=acting(by), at=now)
    return Decision(events.apply(pool, event), (event,))


can_resize = twin(resize, "L1")
