"""Bugs of limits to plant: their laws must find each of them.

Most break a rule where it is decided, so that events and states still agree.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core import limits as library
from licensing_core.decisions import Decision
from licensing_core.limits import Limit, Limits, PlanChanged, Tally, Unlimited, Usage, UsageBelowZero, switching, using
from licensing_core.limits import usage as usages
from licensing_core.periods import Duration

Plant = Callable[[], AbstractContextManager[Any]]


def _one_above_the_ceiling() -> AbstractContextManager[Any]:
    """One more is used than the plan lets be used."""
    honest = Limit.excess
    return patch.object(Limit, "excess", lambda limit, used: max(0, honest(limit, used) - 1))


def _ratio_rounded_up() -> AbstractContextManager[Any]:
    """A ratio lets the fraction of a unit be used."""
    honest = Limit.excess

    def excess(limit: Limit, used: int) -> int:
        if isinstance(limit.most, Unlimited) or not isinstance(limit.overage, Fraction):
            return honest(limit, used)
        return max(0, used + (-limit.most * limit.overage).__floor__())

    return patch.object(Limit, "excess", excess)


@contextmanager
def _in_both(name: str, planted: Any) -> Iterator[None]:
    """What both using and switching see under *name* is *planted*."""
    with patch.object(using, name, planted), patch.object(switching, name, planted):
        yield


def _places_left_out_of_the_whole() -> AbstractContextManager[Any]:
    """What is used in places is not used of what it is part of."""

    def total(usage: Usage, limits: Limits, name: str, now: datetime) -> int:
        limit = limits.get(name)
        own = usage.running(name, limit, now).used if limit is None or limit.per is None else 0
        return own + sum(total(usage, limits, part, now) for part in limits.parts_of(name))

    return _in_both("total", total)


def _whole_not_asked() -> AbstractContextManager[Any]:
    """A part is used though the whole is full."""
    return patch.object(using, "_line", lambda spot: [spot])


def _override_ignored() -> AbstractContextManager[Any]:
    """What was agreed with one customer does not hold."""
    return _in_both("effective", lambda _usage, limits, name: limits.get(name))


def _new_count_keeps_the_places() -> AbstractContextManager[Any]:
    """Where a count ends, it begins at 0 in all, and what was used in the places is not forgotten."""

    def running(usage: Usage, name: str, limit: Limit | None, now: datetime) -> Tally:
        found = honest(usage, name, limit, now)
        known = usage.tallies.get(name)
        ended = known is not None and known.turn < found.turn and known.per == found.per
        return evolve(found, turn=found.turn - 1) if ended else found

    honest = Usage.running
    return patch.object(Usage, "running", running)


def _reset_keeps_the_places() -> AbstractContextManager[Any]:
    """A switch that resets begins at 0 in all, and what was used in the places is not forgotten."""

    def keeping(value: Any, **changes: Any) -> Any:
        changes.pop("turn", None)
        return evolve(value, **changes)

    return patch.object(switching, "evolve", keeping)


def _threshold_told_again() -> AbstractContextManager[Any]:
    """A threshold is told by whatever is used beyond it."""
    honest = Limit.reached
    return patch.object(Limit, "reached", lambda limit, _before, after: honest(limit, 0, after))


def _released_to_zero() -> AbstractContextManager[Any]:
    """Whoever releases more than is used releases all of it."""
    honest = library.release

    def forgiving(usage: Usage, limit: str, amount: int = 1, **more: Any) -> Any:
        try:
            return honest(usage, limit, amount, **more)
        except UsageBelowZero as refusal:
            return honest(usage, limit, refusal.used, **more) if refusal.used else Decision(usage)

    return patch.object(library, "release", forgiving)


def _clamped_too_little() -> AbstractContextManager[Any]:
    """A switch that clamps leaves one too many."""
    honest = switching._clamped

    def generous(limit: Limit, *arguments: Any) -> Any:
        larger = limit if isinstance(limit.most, Unlimited) else evolve(limit, most=limit.most + 1)
        return honest(larger, *arguments)

    return patch.object(switching, "_clamped", generous)


def _cut_places_not_written() -> AbstractContextManager[Any]:
    """A switch that clamps forgets to cut the places."""
    honest = usages.place_changes

    def forgetful(places: Any, event: Any) -> Any:
        return {} if isinstance(event, PlanChanged) else honest(places, event)

    return patch.object(usages, "place_changes", forgetful)


def _thirty_days_from_now() -> AbstractContextManager[Any]:
    """A count begins with the first use, not where the one before ended."""

    def rolling(_usage: Usage, every: Duration, now: datetime) -> datetime:
        return now + timedelta(days=30 * every.months + every.days, seconds=every.seconds)

    return patch.object(Usage, "turn_end", rolling)


def _room_within_the_part() -> AbstractContextManager[Any]:
    """How much room there is does not look at the whole."""
    honest = library.room

    def narrow(usage: Usage, limit: str, *, limits: Limits, **more: Any) -> Any:
        alone = Limits({name: evolve(one, part_of=None) for name, one in limits.by_name.items()})
        return honest(usage, limit, limits=alone, **more)

    return patch.object(library, "room", narrow)


def _preview_of_dropped_limits() -> AbstractContextManager[Any]:
    """The preview does not tell of what the other plan does not have."""
    honest = library.preview_plan

    def blind(usage: Usage, limits: Limits, *, now: datetime) -> Any:
        fit = honest(usage, limits, now=now)
        return evolve(fit, exceeds={name: more for name, more in fit.exceeds.items() if name in limits.by_name})

    return patch.object(library, "preview_plan", blind)


def _held_then_monthly_never_ends() -> AbstractContextManager[Any]:
    """A held limit that resets by now is not emptied before it is counted again."""
    return patch.object(Usage, "_ended", lambda _usage, count, _limit, now: bool(count.until and now >= count.until))


def _monthly_then_held_ends() -> AbstractContextManager[Any]:
    """A limit that is held by now is emptied where its last count was to end."""
    honest = Usage._ended

    def ended(usage: Usage, count: Tally, limit: Limit | None, now: datetime) -> bool:
        return honest(usage, count, limit if count.until is None else None, now)

    return patch.object(Usage, "_ended", ended)


def _preview_of_lost_places() -> AbstractContextManager[Any]:
    """The preview does not tell of what the other plan counts within another limit."""
    return patch.object(switching, "_too_much", lambda _before, *after: switching._exceeds(*after))


def _clock_left_ahead() -> AbstractContextManager[Any]:
    """A recount leaves a count as a wrong clock began it."""
    honest = using._counted
    return patch.object(using, "_counted", lambda spot, amount, who, **_anew: honest(spot, amount, who))


def _held_until_the_switch_is_lost() -> AbstractContextManager[Any]:
    """What was held is not carried to a plan in which it resets."""
    return patch.object(Usage, "taken_over", Usage.tally)


PLANTS: tuple[Plant, ...] = (
    _one_above_the_ceiling,
    _ratio_rounded_up,
    _places_left_out_of_the_whole,
    _whole_not_asked,
    _override_ignored,
    _new_count_keeps_the_places,
    _reset_keeps_the_places,
    _threshold_told_again,
    _released_to_zero,
    _clamped_too_little,
    _cut_places_not_written,
    _thirty_days_from_now,
    _room_within_the_part,
    _preview_of_dropped_limits,
    _held_then_monthly_never_ends,
    _monthly_then_held_ends,
    _preview_of_lost_places,
    _clock_left_ahead,
    _held_until_the_switch_is_lost,
)
