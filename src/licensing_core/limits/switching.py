"""Another plan: what would not fit, before the change, and the change."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from licensing_core.checks import (
    FrozenMap,
    Id,
    InvalidArgument,
    Measure,
    SomeMeasure,
    Value,
    as_id,
    as_instant,
    check_of,
    checked,
    instance,
)
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.limits.refusals import PlanTooSmall
from licensing_core.limits.usage import PlaceTally, PlanChanged, Tally, Usage, apply
from licensing_core.limits.using import effective, spot_of, total
from licensing_core.limits.values import Limit, Limits, OnPlanChange, Unlimited

_as_limits: Final = instance(Limits)
_as_limit: Final = instance(Limit)
_as_usage: Final = instance(Usage)
_as_used: Final = check_of(Measure)


@frozen(kw_only=True, field_transformer=checked)
class UsageRow(Value):
    """One limit in the table of usage (ALU-2, ALU-3).

    Attributes:
        used: With what is used of the limits that are part of it.
        most: What is included; 0 for a limit that the plan has no more.
        left, over: How much of *most* is left, and how much is used beyond it, overage not counted in.
    """

    used: Measure
    most: Measure | Unlimited
    left: Measure | Unlimited
    over: Measure


@frozen(kw_only=True, field_transformer=checked)
class PlacesRow(Value):
    """One limit that counts within another, in the table of usage (PLZ-11).

    Attributes:
        most: What is included in each place.
        by: How much is used in each place in which something is.
    """

    most: Measure | Unlimited
    by: Mapping[Id, SomeMeasure]


def row_of(limit: Limit, used: Measure) -> UsageRow:
    """The row of *limit*, of which so much is *used*; raises `InvalidArgument`."""
    _as_limit("limit", limit), _as_used("used", used)
    return UsageRow(used=used, most=limit.most, left=limit.left(used), over=limit.over(used))


def row(usage: Usage, limit: Id, *, limits: Limits, within: Id | None = None, now: datetime) -> UsageRow:
    """What is used of one *limit*; of one that counts within another, in the place *within*.

    Raises:
        UnknownLimit, PlaceRequired, PlacesNotLoaded: As `use()`.

    Source: ALU-2, ALU-3, PLZ-11.
    """
    spot = spot_of(usage, limits, limit, within, as_instant("now", now), kept=True)
    return row_of(Limit(0) if spot.limit is None else spot.limit, spot.used)


def rows(usage: Usage, limits: Limits, now: datetime) -> Mapping[str, UsageRow | PlacesRow]:
    """What is used of each limit of the plan, and of each that it has no more but something is used of.

    Raises:
        InvalidArgument: Not all places were looked up.

    Source: ALU-2, ALU-3, PLZ-11.
    """
    at, by_limit = as_instant("now", now), _by_limit(_as_usage("usage", usage))
    found: dict[str, UsageRow | PlacesRow] = {}
    for name, limit in _named(usage, _as_limits("limits", limits), at):
        if limit.per is not None:
            turn = usage.running(name, limit, at).turn
            found[name] = PlacesRow(most=limit.most, by=_in_turn(by_limit.get(name, {}), turn))
        else:
            found[name] = row_of(limit, total(usage, limits, name, at))
    return FrozenMap(found)


def _named(usage: Usage, limits: Limits, now: datetime) -> Iterator[tuple[str, Limit]]:
    """The limits of the plan, and those that it has no more but something is used of: nothing of them may be used."""
    for name in limits:
        if (limit := effective(usage, limits, name)) is not None:  # pragma: no branch
            yield name, limit
    for name in sorted(usage.tallies.keys() - limits.by_name.keys()):
        if (count := usage.running(name, None, now)).used:
            yield name, Limit(0, count.per)


def _by_limit(usage: Usage) -> Mapping[str, Mapping[str, PlaceTally]]:
    """What is used in each place, by limit and place."""
    if usage.places.loaded is not None:
        raise InvalidArgument(parameter="usage", expected="with all of its places", got="a part of them")
    found: dict[str, dict[str, PlaceTally]] = {}
    for place, mine in sorted(usage.places.items()):
        for name, tally in mine.items():
            found.setdefault(name, {})[place] = tally
    return found


def _in_turn(by_place: Mapping[str, PlaceTally], turn: int) -> dict[str, int]:
    return {place: tally.used for place, tally in by_place.items() if tally.used and tally.turn == turn}


@frozen(kw_only=True, field_transformer=checked)
class PlanFit(Value):
    """Whether what is used fits another plan.

    Attributes:
        exceeds: By limit, how much is used beyond what that plan lets be used, overage included: in all, or by place.
            In all, too, of a limit that it counts within another than before: all that is used, for none of it stays.
    """

    exceeds: Mapping[Id, SomeMeasure | Mapping[Id, SomeMeasure]]

    @property
    def fits(self) -> bool:
        """Whether nothing is used beyond it."""
        return not self.exceeds


def preview_plan(usage: Usage, limits: Limits, *, now: datetime) -> PlanFit:
    """What would be too much under a plan with *limits*, were it to hold from now on.

    What the policies of its limits reset or clamp on the switch is not too much. Of a limit that it does not have,
    all that is used is; and of one that it counts within another than before, unless it resets on the switch: what was
    used is used in none of the places of that kind.

    Raises:
        InvalidArgument: Not all places were looked up.

    Source: ALU-5, decision 3.
    """
    at = as_instant("now", now)
    return PlanFit(exceeds=_too_much(usage, _switched(usage, limits, at), limits, at))


def change_plan(
    usage: Usage, plan: Id, *, limits: Limits, accept_excess: bool = False, by: Actor, now: datetime
) -> Decision[Usage, PlanChanged]:
    """Let *plan* hold from now on, whose limits are *limits*.

    To the plan that holds already it changes nothing, and is refused all the same when more is used than it lets be
    used.

    Args:
        accept_excess: Change even when more is used than the plan lets be used: it stays, and only further use stops.
            Of a limit that is counted within another than before, nothing stays used.

    Returns:
        The usage afterwards; the event tells what exceeds. There is none when the plan holds already.

    Raises:
        PlanTooSmall: More is used than the plan lets be used; it says of what, and how much.
        InvalidArgument: Not all places were looked up, or *plan* is no id.

    Source: ALU-5, PLZ-6, decision 3.
    """
    new, who, at = as_id("plan", plan), acting(by), as_instant("now", now)
    instance(bool)("accept_excess", accept_excess)
    after = _switched(usage, limits, at)
    exceeds = _too_much(usage, after, limits, at)
    if exceeds and not accept_excess:
        raise PlanTooSmall(plan=new, exceeds=FrozenMap(exceeds))
    if usage.plan == new:
        return Decision(usage)
    event = PlanChanged(
        usage=usage.id,
        plan=new,
        tallies={name: tally for name, tally in after.tallies.items() if tally != usage.tallies.get(name)},
        places=_moved(usage, after),
        exceeds=exceeds,
        by=who,
        at=at,
    )
    return Decision(apply(usage, event), (event,))


def _moved(before: Usage, after: Usage) -> dict[str, dict[str, PlaceTally]]:
    """The places whose tallies are others, and which."""
    found: dict[str, dict[str, PlaceTally]] = {}
    for place, mine in after.places.items():
        known = before.places[place]
        if other := {name: tally for name, tally in mine.items() if tally != known[name]}:
            found[place] = other
    return found


def _too_much(before: Usage, after: Usage, limits: Limits, now: datetime) -> dict[str, int | Mapping[str, int]]:
    """What exceeds *limits* after the switch, and what does not stay used for being counted within another limit."""
    found = _exceeds(after, limits, now)
    for name, limit in limits.by_name.items():
        count = before.running(name, None, now)
        if count.used and limit.per not in (None, count.per) and limit.on_plan_change is not OnPlanChange.RESET:
            found[name] = count.used
    return found


def _exceeds(usage: Usage, limits: Limits, now: datetime) -> dict[str, int | Mapping[str, int]]:
    by_limit, found = _by_limit(usage), dict[str, int | Mapping[str, int]]()
    for name, limit in _named(usage, limits, now):
        if limit.per is None:
            excess: int | Mapping[str, int] = limit.excess(total(usage, limits, name, now))
        else:
            turn = usage.running(name, limit, now).turn
            used = _in_turn(by_limit.get(name, {}), turn)
            excess = FrozenMap({place: more for place, n in used.items() if (more := limit.excess(n))})
        if excess:
            found[name] = excess
    return found


def _switched(usage: Usage, limits: Limits, now: datetime) -> Usage:
    """*usage* as the policies of *limits* leave it on the switch; a limit comes after those that are part of it."""
    by_limit = _by_limit(_as_usage("usage", usage))
    for name in sorted(_as_limits("limits", limits), key=lambda one: -len(limits.line(one))):
        limit = effective(usage, limits, name)
        if limit is None or name not in usage.tallies:
            continue
        before = usage.taken_over(name, limit, now)
        cut: Mapping[str, PlaceTally] = {}
        if limit.on_plan_change is OnPlanChange.RESET:
            before = usage.begun(evolve(before, used=0, turn=before.turn + 1), limit, now)
        elif limit.on_plan_change is OnPlanChange.CLAMP:
            parts = sum(total(usage, limits, part, now) for part in limits.parts_of(name))
            before, cut = _clamped(limit, before, parts, by_limit.get(name, {}))
        places = {place: FrozenMap({**usage.places[place], name: one}) for place, one in cut.items()}
        usage = evolve(usage, tallies={**usage.tallies, name: before}, places=usage.places.with_changes(places))
    return usage


def _clamped(
    limit: Limit, before: Tally, parts: int, by_place: Mapping[str, PlaceTally]
) -> tuple[Tally, Mapping[str, PlaceTally]]:
    """The count and the places that change when no more stays used than the ceiling, of which *parts* use some."""
    ceiling = limit.ceiling
    if isinstance(ceiling, Unlimited):
        return before, {}
    if limit.per is None:
        return evolve(before, used=min(before.used, max(0, ceiling - parts))), {}
    used = _in_turn(by_place, before.turn)
    cut = {place: PlaceTally(used=ceiling, turn=before.turn) for place, n in used.items() if n > ceiling}
    return evolve(before, used=sum(min(n, ceiling) for n in used.values())), cut


can_change_plan = twin(change_plan, "ALU-5")
