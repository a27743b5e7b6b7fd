"""Using and releasing what a plan limits. Each command moves one counter, or refuses."""

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime
from typing import Any, Final, TypeVar, cast

from attrs import evolve, frozen

from licensing_core.checks import (
    MAX_MEASURE,
    Id,
    InvalidArgument,
    InvalidQuantity,
    Measure,
    SomeMeasure,
    as_id,
    as_instant,
    check_of,
    instance,
    shown,
)
from licensing_core.decisions import Decision, decided, twin
from licensing_core.directory import Actor, acting
from licensing_core.limits.refusals import LimitExceeded, PlaceRequired, UnknownLimit, UsageBelowZero
from licensing_core.limits.usage import (
    LimitOverridden,
    Tally,
    ThresholdReached,
    Usage,
    UsageCounted,
    UsageEvent,
    UsageOpened,
    apply,
    opened,
)
from licensing_core.limits.values import UNLIMITED, Limit, Limits, Unlimited
from licensing_core.periods import Zone

U = TypeVar("U")
_as_amount: Final = check_of(SomeMeasure)
_as_limits: Final = instance(Limits)
_as_usage: Final = instance(Usage)


def open_usage(
    usage_id: Id,
    *,
    plan: Id | None,
    zone: Zone,
    by: Actor,
    now: datetime,
    anchor: date | datetime | None = None,
) -> Decision[Usage, UsageOpened]:
    """Begin to count what a customer uses, of whatever limits their *plan* has; nothing is used yet.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: ALU-2, PLZ-6.
    """
    event = UsageOpened(usage=usage_id, plan=plan, zone=zone, anchor=anchor, by=acting(by), at=now)
    return Decision(opened(event), (event,))


@frozen
class Spot:
    """One counter: of *limit*, called *name*, in the place *within* if it counts within another, as it is now."""

    usage: Usage
    limits: Limits
    name: str
    limit: Limit | None
    within: str | None
    at: datetime

    @property
    def running(self) -> Tally:
        """The count of the limit, in all places."""
        return self.usage.running(self.name, self.limit, self.at)

    @property
    def own(self) -> int:
        """What is used here, without what is used of the limits that are part of this one."""
        count = self.running
        return count.used if self.within is None else self.usage.in_place(self.name, self.within, count.turn)

    @property
    def used(self) -> int:
        """What is used here."""
        return self.own if self.within is not None else total(self.usage, self.limits, self.name, self.at)


def total(usage: Usage, limits: Limits, name: str, now: datetime) -> int:
    """What is used of the limit called *name* in all its places, with what is used of the limits that are part of it.

    So no part ever exceeds what it is part of.
    """
    own = usage.running(name, limits.get(name), now).used
    return own + sum(total(usage, limits, part, now) for part in limits.parts_of(name))


def effective(usage: Usage, limits: Limits, name: str) -> Limit | None:
    """The limit called *name* as it is for this customer: that of the plan, or what overrides it; `None` for none."""
    limit, most = limits.get(name), usage.overrides.get(name)
    return limit if limit is None or most is None else evolve(limit, most=most)


def spot_of(usage: Usage, limits: Limits, name: Id, within: Id | None, now: datetime, *, kept: bool = False) -> Spot:
    """Where it is counted. With *kept*, also of a limit that the plan has no more, but something is used of."""
    _as_usage("usage", usage), _as_limits("limits", limits)
    limit = effective(usage, limits, as_id("limit", name))
    count = usage.running(name, limit, now)
    if limit is None and not (kept and count.used):
        raise UnknownLimit(limit=name)
    if count.per is not None and within is None:
        raise PlaceRequired(limit=name, per=count.per)
    if count.per is None and within is not None:
        raise InvalidArgument(parameter="within", expected="None for a limit that counts within no other", got="an id")
    return Spot(usage, limits, name, limit, None if within is None else as_id("within", within), now)


def _line(spot: Spot) -> list[Spot]:
    """*spot* and those that it is part of."""
    more = spot.limits.line(spot.name)[1:]
    return [spot, *(spot_of(spot.usage, spot.limits, name, None, spot.at) for name in more)]


def use(
    usage: Usage,
    limit: Id,
    amount: SomeMeasure = 1,
    *,
    limits: Limits,
    within: Id | None = None,
    by: Actor,
    now: datetime,
) -> Decision[Usage, UsageEvent]:
    """Use *amount* more of *limit*. Reaching what the plan lets be used is allowed, passing it is not.

    Args:
        limits: Those of the plan as it is now.
        within: In which place, of a limit that counts within another.

    Returns:
        The usage afterwards, what was counted, and each threshold that was reached with it.

    Raises:
        InvalidQuantity: *amount* is no int from 1 to 2**53 - 1, or the counter would pass 2**53 - 1.
        UnknownLimit: The plan has no such limit.
        PlaceRequired: The limit counts within another, and no place is named.
        LimitExceeded: Too little is left of it, or of a limit that it is part of.
        PlacesNotLoaded: What is used in the place was not looked up.

    Source: ALU-2, ALU-3, PLZ-11, PLZ-12, decisions 3 and 9.
    """
    more, at, who = _as_amount("amount", amount), as_instant("now", now), acting(by)
    spot = spot_of(usage, limits, limit, within, at)
    line = [(one, one.used) for one in _line(spot)]
    for one, used in line:
        _require_room(one, used, more)
    counted = _counted(spot, more, who)
    return decided(_after, usage, counted, *_thresholds(line, more, who))


def _after(usage: Usage, counted: UsageCounted, *_thresholds: ThresholdReached) -> Usage:
    """*usage* after it was *counted*; to reach a threshold changes nothing."""
    return apply(usage, counted)


def _require_room(spot: Spot, used: int, more: int) -> None:
    if spot.limit is not None and (short := spot.limit.excess(used + more)) > 0:
        most = cast("int", spot.limit.most)  # nothing exceeds what is unlimited
        raise LimitExceeded(limit=spot.name, within=spot.within, used=used, most=most, shortfall=short)
    _require_countable("amount", max(used, spot.running.used) + more, more)


def _require_countable(parameter: str, together: int, given: int) -> None:
    if together > MAX_MEASURE:
        raise InvalidQuantity(parameter=parameter, expected=f"a total of {MAX_MEASURE} at most", got=shown(given))


def _counted(spot: Spot, amount: int, who: str, *, anew: bool = False) -> UsageCounted:
    """The event; with *anew*, of a count that began now."""
    if anew:
        tally = spot.usage.begun(spot.running, spot.limit, spot.at)
    else:
        tally = spot.usage.tally(spot.name, spot.limit, spot.at)
    return UsageCounted(
        usage=spot.usage.id,
        limit=spot.name,
        within=spot.within,
        amount=amount,
        tally=evolve(tally, used=tally.used + amount),
        in_place=None if spot.within is None else spot.own + amount,
        over=0 if spot.limit is None else spot.limit.over(spot.used + amount),
        by=who,
        at=spot.at,
    )


def _thresholds(line: Collection[tuple[Spot, int]], more: int, who: str) -> Iterator[ThresholdReached]:
    """What to tell, when *more* is used of each limit in the *line* than was."""
    for spot, used in line:
        if spot.limit is not None and not isinstance(most := spot.limit.most, Unlimited):
            for percent in spot.limit.reached(used, used + more):
                yield ThresholdReached(
                    usage=spot.usage.id,
                    limit=spot.name,
                    within=spot.within,
                    percent=percent,
                    used=used + more,
                    most=most,
                    by=who,
                    at=spot.at,
                )


def release(
    usage: Usage,
    limit: Id,
    amount: SomeMeasure = 1,
    *,
    limits: Limits,
    within: Id | None = None,
    by: Actor,
    now: datetime,
) -> Decision[Usage, UsageCounted]:
    """Give *amount* of *limit* back; what is used of limits that are part of it is released there.

    Raises:
        InvalidQuantity: *amount* is no int from 1 to 2**53 - 1.
        UnknownLimit: The plan has no such limit, and nothing is used of it any more.
        PlaceRequired: The limit counts within another, or did so when the plan had it, and no place is named.
        UsageBelowZero: Less than that is used.
        PlacesNotLoaded: What is used in the place was not looked up.

    Source: ALU-2, PLZ-11.
    """
    less, at, who = _as_amount("amount", amount), as_instant("now", now), acting(by)
    spot = spot_of(usage, limits, limit, within, at, kept=True)
    if spot.own < less:
        raise UsageBelowZero(limit=limit, within=within, used=spot.own, amount=less)
    return decided(apply, usage, _counted(spot, -less, who))


def recount(
    usage: Usage,
    limit: Id,
    units: Collection[U],
    *,
    counts: Callable[[U], bool] | None = None,
    limits: Limits,
    within: Id | None = None,
    by: Actor,
    now: datetime,
) -> Decision[Usage, UsageEvent]:
    """Set the counter to how many of *units* count: what the host knows to be so, and so never refused.

    It is the repair after a clock that was wrong, too: a count that began later than *now* begins now instead, and ends
    as one that does. What is used in other places stays used.

    Args:
        units: What there is: users, files, whatever is limited, in any form that *counts* understands.
        counts: Whether one of them counts, such as *who takes up a seat*; when `None`, all do.

    Returns:
        The usage afterwards, with the thresholds that were reached, and no event when it was counted right before, by
        a clock that was right.
        More than the plan lets be used stays, is flagged, and stops further use.

    Raises:
        InvalidArgument: *units* is text or no collection, or *counts* answers with something else than a `bool`.
        InvalidQuantity: The counter would pass 2**53 - 1.
        UnknownLimit, PlaceRequired, PlacesNotLoaded: As `use()`.

    Source: ALU-2, decisions 3 and 16.
    """
    at, who = as_instant("now", now), acting(by)
    spot = spot_of(usage, limits, limit, within, at)
    there = _number(_as_units("units", units), _as_counts("counts", counts))
    _require_countable("units", there, there)
    more = there - spot.own
    since = spot.running.since
    ahead = since is not None and since > at
    if not more and not ahead:
        return Decision(usage)
    line = [(one, one.used) for one in _line(spot)]
    for one, used in line:
        _require_countable("units", max(used, one.running.used) + more, there)
    counted = _counted(spot, more, who, anew=ahead)
    return decided(_after, usage, counted, *_thresholds(line, more, who))


def _as_units(name: str, value: Any) -> Collection[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Collection):
        raise InvalidArgument(parameter=name, expected="a collection, and no text", got=shown(value))
    return value


def _as_counts(name: str, value: Any) -> Any:
    if value is None or callable(value):
        return value
    raise InvalidArgument(parameter=name, expected="a function or None", got=shown(value))


def _number(units: Collection[U], counts: Callable[[U], bool] | None) -> int:
    if counts is None:
        return _length(units)
    number = 0
    for unit in units:
        answer: Any = counts(unit)
        if type(answer) is not bool:
            raise InvalidArgument(parameter="counts", expected="answering with a bool", got=shown(answer))
        number += answer
    return number


def _length(units: Collection[object]) -> int:
    try:
        return len(units)
    except OverflowError:  # of a range that is longer than any memory
        return MAX_MEASURE + 1


def room(usage: Usage, limit: Id, *, limits: Limits, within: Id | None = None, now: datetime) -> int | Unlimited:
    """How much more of *limit* `use()` would let be used now, overage and the limits that it is part of included.

    Raises:
        UnknownLimit, PlaceRequired, PlacesNotLoaded: As `use()`.
    """
    at = as_instant("now", now)
    line = _line(spot_of(usage, limits, limit, within, at))
    found = [
        max(0, ceiling - one.used)
        for one in line
        if one.limit is not None and not isinstance(ceiling := one.limit.ceiling, Unlimited)
    ]
    return min(found) if found else UNLIMITED


def override(
    usage: Usage, limit: Id, most: Measure | Unlimited | None, *, by: Actor, now: datetime
) -> Decision[Usage, LimitOverridden]:
    """Let this customer use *most* of *limit*, whatever the plan says; with `None`, what the plan says again.

    It holds for every plan that has a limit of this name. What is used stays; with less, only further use is stopped.

    Raises:
        InvalidArgument: *most* is no count, `UNLIMITED` or `None`.

    Source: decisions 3 and 9.
    """
    _as_usage("usage", usage)
    event = LimitOverridden(usage=usage.id, limit=limit, most=most, by=acting(by), at=now)
    return Decision(usage) if usage.overrides.get(limit) == most else Decision(apply(usage, event), (event,))


can_use = twin(use, "ALU-2")
can_release = twin(release, "ALU-2")
