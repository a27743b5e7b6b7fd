"""What one customer uses of the limits of their plan, and what happens to it.

`apply()` refuses nothing: an event has happened.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final

from attrs import evolve, frozen

from licensing_core.checks import (
    Count,
    FrozenMap,
    Id,
    Instant,
    Measure,
    Positive,
    SignedMeasure,
    SomeMeasure,
    Value,
    as_day,
    as_instant,
    check_of,
    checked,
)
from licensing_core.decisions import Event
from licensing_core.limits.values import Limit, Unlimited
from licensing_core.partial import ById, NotLoaded
from licensing_core.periods import Cycle, Duration, Zone


@frozen(kw_only=True, field_transformer=checked)
class Tally(Value):
    """How much is used of one limit.

    Attributes:
        used: In all of its places; what is used of the limits that are part of it is not counted in.
        turn: Which count this is; it grows when one begins at 0 again.
        since: When this count began: with the first use of it, the switch to another plan or the recount that began it.
        until: The first instant at which the next begins, as of the last time that it was counted; `None` when it was
            held until released then, or nothing was used yet.
        per: The other limit that it is counted within, so that all that is used is used in its places; `None` when it
            has none.
    """

    used: Measure = 0
    turn: Count = 0
    since: Instant | None = None
    until: Instant | None = None
    per: Id | None = None


@frozen(kw_only=True, field_transformer=checked)
class PlaceTally(Value):
    """How much was used in one place, in the count called *turn*; nothing once another has begun."""

    used: Measure
    turn: Count


@frozen(kw_only=True)
class PlacesNotLoaded(NotLoaded):
    """A decision needs what is used in places that were not loaded; load those that the command names."""

    code: ClassVar[str] = "usage.not_loaded"

    def __str__(self) -> str:
        return f"what is used in {len(self.ids)} places was not loaded; load it, then decide"


_as_place: Final = check_of(Mapping[Id, PlaceTally])


class Places(ById[Mapping[str, PlaceTally]]):
    """What is used in each place (a workspace, a team) by the name of the limit: of all places, or of some only.

    Args:
        entries: The places of which something was used.
        loaded: The places that were looked up; `None` when all were.
    """

    __slots__ = ()
    not_loaded = PlacesNotLoaded

    @staticmethod
    def as_entry(name: str, value: Any) -> Any:
        """The check of what a place may have."""
        return _as_place(name, value)


NO_PLACES: Final = Places()
"""Nothing is used in any place, and all is known."""


_NO_ANCHOR: Final = date(2000, 1, 1)


def as_anchor(name: str, value: Any) -> date | datetime:
    """*value*, when it is a day or an instant."""
    return as_instant(name, value) if isinstance(value, datetime) else as_day(name, value)


@frozen(kw_only=True, field_transformer=checked)
class Usage(Value):
    """What one customer uses.

    Attributes:
        id: Of the customer, or whatever it is counted for.
        plan: The plan whose limits hold, which are read live (decision 15); `None` for none.
        zone: Where the days of counts that reset begin.
        anchor: Counts that reset begin at this day or instant and every so often after it; `None` for calendar
            months, weeks or days, and for hours from the first midnight of the year 2000 on.
        overrides: For some limits of the plan, how much this customer may use instead.
        tallies: How much is used of each limit, also of those that the plan has no more.
        places: Of limits that count within another, how much is used in each place.
    """

    id: Id
    plan: Id | None = None
    zone: Zone
    anchor: Annotated[date | datetime, as_anchor] | None = None
    overrides: Mapping[Id, Measure | Unlimited] = FrozenMap({})
    tallies: Mapping[Id, Tally] = FrozenMap({})
    places: Places = NO_PLACES

    def turn_end(self, every: Duration, now: datetime) -> datetime:
        """When the count that holds *now* ends, of counts that last *every*."""
        return self._cycle(every).period_at(now).end

    def _cycle(self, every: Duration) -> Cycle:
        if self.anchor is not None:
            return Cycle(self.anchor, every, self.zone)
        of_the_calendar = not every.seconds and not (every.months and every.days)
        return Cycle.calendar(every, self.zone) if of_the_calendar else Cycle(_NO_ANCHOR, every, self.zone)

    def tally(self, name: str, limit: Limit | None, now: datetime) -> Tally:
        """The count of the limit called *name* at *now*: a new one where the last has ended.

        What the plan says of the limit by now decides: one that resets ends when it was to end as it was last counted,
        or, if it was held then, with the period in which it began; one that is held does not end, and what is used
        stays used until released. A limit that the plan has no more ends as it was last counted.
        """
        found = self.running(name, limit, now)
        since = now if found.since is None else found.since
        if limit is None:
            return evolve(found, since=since)
        if found.until is None or limit.resets is None:
            return self.begun(found, limit, since)
        return evolve(found, since=since)

    def begun(self, count: Tally, limit: Limit | None, since: datetime) -> Tally:
        """*count*, as one that began at *since*, of a *limit* as it is now."""
        resets = None if limit is None else limit.resets
        return evolve(count, since=since, until=None if resets is None else self.turn_end(resets, since))

    def running(self, name: str, limit: Limit | None, now: datetime) -> Tally:
        """The same, without a look at when a new count will end.

        It is worked out at reading: a plan that is edited there and back has changed nothing.
        Where the plan counts it within another limit than before, what was used in places is used in no place any
        more: it stays used of a limit that has none, and is to be counted anew in places of another kind.
        """
        found = self.tallies.get(name)
        if found is None:
            return Tally() if limit is None else Tally(per=limit.per)
        if self._ended(found, limit, now):
            found = Tally(turn=found.turn + 1, per=found.per)
        return found if limit is None else _counted_within(found, limit.per)

    def _ended(self, count: Tally, limit: Limit | None, now: datetime) -> bool:
        if limit is not None and limit.resets is None:
            return False
        if count.until is not None:
            return now >= count.until
        if limit is None or limit.resets is None or count.since is None or count.since > now:
            return False
        return now >= self.turn_end(limit.resets, count.since)

    def taken_over(self, name: str, limit: Limit, now: datetime) -> Tally:
        """The count of the limit called *name*, as a plan that has *limit* takes it over from the plan before.

        It has ended if it was to end as it was last counted, whatever *limit* says. What was held until now is not
        lost where *limit* resets: a count of it begins with the switch.
        """
        found = _counted_within(self.running(name, None, now), limit.per)
        if found.until is None and limit.resets is not None:
            return self.begun(found, limit, now)
        return evolve(
            found,
            since=now if found.since is None else found.since,
            until=None if limit.resets is None else found.until,
        )

    def in_place(self, name: str, place: str, turn: int) -> int:
        """How much of the limit called *name* is used in *place*, in the count called *turn*."""
        mine = self.places.get(place)
        found = None if mine is None else mine.get(name)
        return found.used if found is not None and found.turn == turn else 0


def _counted_within(count: Tally, per: str | None) -> Tally:
    if per == count.per:
        return count
    return evolve(count, used=count.used if per is None else 0, turn=count.turn + 1, per=per)


@frozen(kw_only=True, field_transformer=checked)
class UsageOpened(Event):
    """What a customer uses is counted from now on."""

    type: ClassVar[str] = "usage.opened"
    usage: Id
    plan: Id | None
    zone: Zone
    anchor: Annotated[date | datetime, as_anchor] | None


@frozen(kw_only=True, field_transformer=checked)
class UsageCounted(Event):
    """More of a limit was used, or some was released, or the host has counted it anew.

    Attributes:
        within: The place, of a limit that counts within another.
        amount: Used more, or, below 0, released.
        tally: The count of the limit since.
        in_place: How much is used in the place since, where there is one.
        over: How much of it lies beyond the limit since, overage not counted in.
    """

    type: ClassVar[str] = "usage.counted"
    usage: Id
    limit: Id
    within: Id | None
    amount: SignedMeasure
    tally: Tally
    in_place: Measure | None
    over: Measure


@frozen(kw_only=True, field_transformer=checked)
class ThresholdReached(Event):
    """Of the limit, so many percent or more were used since, and fewer before.

    Attributes:
        percent: The threshold, such as 80 or 100.
        used: What is used since.
        most: What the limit includes.
    """

    type: ClassVar[str] = "usage.threshold_reached"
    usage: Id
    limit: Id
    within: Id | None
    percent: Positive
    used: Measure
    most: Measure


@frozen(kw_only=True, field_transformer=checked)
class PlanChanged(Event):
    """Another plan holds.

    Attributes:
        tallies: The counts that are other than before.
        places: The places in which another amount is used than before, and of which limits.
        exceeds: What is used beyond what the new plan lets be used, in all or by place, and was accepted.
    """

    type: ClassVar[str] = "usage.plan_changed"
    usage: Id
    plan: Id
    tallies: Mapping[Id, Tally]
    places: Mapping[Id, Mapping[Id, PlaceTally]]
    exceeds: Mapping[Id, SomeMeasure | Mapping[Id, SomeMeasure]]


@frozen(kw_only=True, field_transformer=checked)
class LimitOverridden(Event):
    """For this customer, a limit is *most* instead of what the plan says; what the plan says again, when `None`."""

    type: ClassVar[str] = "usage.limit_overridden"
    usage: Id
    limit: Id
    most: Measure | Unlimited | None


UsageEvent = UsageCounted | ThresholdReached | PlanChanged | LimitOverridden


def opened(event: UsageOpened) -> Usage:
    """The usage that *event* opened: nothing is used."""
    return Usage(id=event.usage, plan=event.plan, zone=event.zone, anchor=event.anchor)


def apply(usage: Usage, event: UsageEvent) -> Usage:
    """*usage* after *event*, which has happened: nothing is refused."""
    if isinstance(event, UsageCounted):
        tallies = _with(usage.tallies, {event.limit: event.tally})
        return evolve(usage, tallies=tallies, places=usage.places.with_changes(place_changes(usage.places, event)))
    if isinstance(event, PlanChanged):
        tallies = _with(usage.tallies, event.tallies)
        places = usage.places.with_changes(place_changes(usage.places, event))
        return evolve(usage, plan=event.plan, tallies=tallies, places=places)
    if isinstance(event, LimitOverridden):
        kept = {name: most for name, most in usage.overrides.items() if name != event.limit}
        return evolve(usage, overrides=kept if event.most is None else {**kept, event.limit: event.most})
    return usage


def _with(tallies: Mapping[str, Tally], more: Mapping[str, Tally]) -> Mapping[str, Tally]:
    return tallies.merged(more) if isinstance(tallies, FrozenMap) else {**tallies, **more}


def place_changes(places: Places, event: Event) -> dict[str, Mapping[str, PlaceTally] | None]:
    """The places that *event* changed, and what is used in each since; `None` where nothing is any more."""
    if isinstance(event, UsageCounted) and event.within is not None and event.in_place is not None:
        changed = {event.within: {event.limit: PlaceTally(used=event.in_place, turn=event.tally.turn)}}
    elif isinstance(event, PlanChanged):
        changed = {place: dict(mine) for place, mine in event.places.items()}
    else:
        return {}
    return {place: _merged(places.get(place), mine) for place, mine in changed.items()}


def _merged(before: Mapping[str, PlaceTally] | None, mine: Mapping[str, PlaceTally]) -> Mapping[str, PlaceTally] | None:
    kept = {name: tally for name, tally in {**(before or {}), **mine}.items() if tally.used}
    return FrozenMap(kept) if kept else None
