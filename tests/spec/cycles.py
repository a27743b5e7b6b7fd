"""The fields that describe a cycle."""

from licensing_core.periods import Cycle, Duration, MonthEnd, WeekStart
from tests.spec.form import NotUnderstood, choice, moment


def cycle_of(
    *,
    every: str,
    zone: str = "UTC",
    anchor: str | None = None,
    anchor_day: int | None = None,
    month_end: str | None = None,
    alignment: str = "anchor",
    week_start: str | None = None,
) -> Cycle:
    step = Duration.parse(every)
    if alignment == "calendar":
        if (anchor, anchor_day, month_end) != (None, None, None):
            raise NotUnderstood("a calendar cycle has no anchor, anchor_day and month_end")
        return Cycle.calendar(step, zone, week_start=choice(WeekStart, week_start or "monday", "week_start"))
    if alignment != "anchor":
        raise NotUnderstood(f"unknown alignment {alignment!r}")
    if anchor is None or week_start is not None:
        raise NotUnderstood("a cycle that is aligned with an anchor has one, and no week_start")
    return Cycle(
        moment(anchor, "anchor"),
        step,
        zone,
        month_end=choice(MonthEnd, month_end or "clamp", "month_end"),
        anchor_day=anchor_day,
    )
