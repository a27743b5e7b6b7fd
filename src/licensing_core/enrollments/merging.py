"""What becomes of the enrollments of a user who is the same person as another."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Final

from attrs import evolve, frozen

from licensing_core.checks import FrozenMap, Id, UserId, Value, as_id, as_instant, check_of, checked, instance
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Content, acting
from licensing_core.enrollments import events
from licensing_core.enrollments.enrolling import unenroll
from licensing_core.enrollments.events import EnrollmentsMovedIn, EnrollmentsMovedOut, Roster, UserUnenrolled
from licensing_core.enrollments.keeping import moving
from licensing_core.enrollments.refusals import PoolNotLoaded
from licensing_core.enrollments.values import Enrollment, Enrollments, EnrollmentStatus, in_order
from licensing_core.plans import Switches
from licensing_core.pools import AnyPool
from licensing_core.pools.merging import require_two

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_RETURNING: Final = Switches(allow_refund=True)
_as_pools: Final = check_of(tuple[AnyPool, ...])
_as_collection: Final = instance(Collection)

MergeEvent = UserUnenrolled | EnrollmentsMovedOut | EnrollmentsMovedIn


@frozen(kw_only=True, field_transformer=checked)
class EnrollmentsMerged(Value):
    """What came of merging the enrollments of one user into those of another.

    Attributes:
        pools: Those that were given, as they are since.
        followed: The enrollments that the other has since, in order.
        dropped: Those, of either, in whose place another stayed; their seats went back.
    """

    pools: Mapping[Id, AnyPool]
    enrollments: Enrollments
    followed: tuple[Enrollment, ...] = ()
    dropped: tuple[Enrollment, ...] = ()


def merge(
    pools: Collection[AnyPool], enrollments: Enrollments, user: UserId, into: UserId, *, by: Actor, now: datetime
) -> Decision[EnrollmentsMerged, MergeEvent]:
    """Let *into* have the enrollments of *user*, with their pool, level, state and dates; *user* has none any more.

    Where both are in the same content, the better enrollment stays: one that is not locked, then one that is confirmed,
    then the one that ends later, then the one that begins earlier; of equals that of *into*. The other one is left, and
    its seat goes back to its pool, whoever acts (decision 1).

    Args:
        pools: At least those of the enrollments of *user*, and of those of *into* in the same contents.
        enrollments: Those of both, all of them.

    Returns:
        The events of all the pools, each naming its own: first what is left, then what arrives.

    Raises:
        InvalidArgument: The two are the same.
        EnrollmentsNotLoaded: The enrollments of one of them were not loaded.
        PoolNotLoaded: A pool is not among *pools*.

    Source: decision 18.
    """
    leaving, staying, at, who = as_id("user", user), as_id("into", into), as_instant("now", now), acting(by)
    require_two(leaving, staying)
    enrollments.require((leaving, staying))
    known = {pool.id: pool for pool in _as_pools("pools", tuple(_as_collection("pools", pools)))}
    theirs, own = enrollments.of(leaving), enrollments.of(staying)
    follow = in_order(one for content, one in theirs.items() if _is_better(one, own.get(content)))
    losing = _losing(follow, theirs, own)
    gone = [event for one in losing for event in _left(known, enrollments, one, by, at).events]
    out: list[EnrollmentsMovedOut] = []
    arriving: list[EnrollmentsMovedIn] = []
    for pool_id in sorted({_pool(known, one).id for one in follow}):
        mine = tuple(one for one in follow if one.pool == pool_id)
        left, come = moving(mine, tuple(evolve(one, user=staying) for one in mine), pool_id, pool_id, who, at)
        out += left
        arriving += come
    happened: tuple[MergeEvent, ...] = (*gone, *out, *arriving)
    state = EnrollmentsMerged(
        pools=FrozenMap({name: _after(pool, enrollments, happened) for name, pool in known.items()}),
        enrollments=events.enrollments_after(enrollments, happened),
        followed=in_order(one for event in arriving for one in event.enrollments),
        dropped=losing,
    )
    return Decision(state, happened)


def _is_better(one: Enrollment, other: Enrollment | None) -> bool:
    return other is None or _worth(one) > _worth(other)


def _worth(one: Enrollment) -> tuple[bool, bool, datetime, timedelta]:
    """The larger the better."""
    enrolled = one.status is EnrollmentStatus.ENROLLED
    return not one.locked, enrolled, one.until or _NEVER, _NEVER - (one.since or _ALWAYS)


def _losing(
    follow: Iterable[Enrollment], theirs: Mapping[Content, Enrollment], own: Mapping[Content, Enrollment]
) -> tuple[Enrollment, ...]:
    """Those in whose place another stays."""
    following = {one.content for one in follow}
    return in_order(own[content] if content in following else one for content, one in theirs.items() if content in own)


def _pool(pools: Mapping[str, AnyPool], one: Enrollment) -> AnyPool:
    found = pools.get(one.pool) if one.pool is not None else None
    if found is None:
        raise PoolNotLoaded(pool=one.pool or "none")
    return found


def _left(
    pools: Mapping[str, AnyPool], enrollments: Enrollments, one: Enrollment, by: Actor, at: datetime
) -> Decision[Roster, UserUnenrolled]:
    roster = Roster(pool=_pool(pools, one), enrollments=enrollments)
    return unenroll(roster, one.user, one.content, switches=_RETURNING, by=by, now=at)


def _after(pool: AnyPool, enrollments: Enrollments, happened: Iterable[MergeEvent]) -> AnyPool:
    own = (event for event in happened if event.pool == pool.id)
    return reduce(events.apply, own, Roster(pool=pool, enrollments=enrollments)).pool
