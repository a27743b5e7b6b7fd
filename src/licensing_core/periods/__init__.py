"""Time as billing counts it: zones, local days, durations, intervals, and cycles whose periods tile time.

Instants are aware and kept in UTC; calendar days belong to a named zone. Every stretch is half-open.
"""

from licensing_core.periods.cycles import Cycle, NotWholeDays, WeekStart
from licensing_core.periods.durations import Duration, InvalidDuration
from licensing_core.periods.intervals import Interval, InvalidInterval, InvalidSpan, Span, union
from licensing_core.periods.ladders import InvalidCycle, MonthEnd
from licensing_core.periods.turns import EmptyPeriod, NoWholeDay, Period, TooManyPeriods
from licensing_core.periods.zones import (
    OutOfCalendar,
    UnknownZone,
    Zone,
    as_zone,
    local_date,
    seconds_of_day,
    start_of_day,
)

__all__ = [
    "Cycle",
    "Duration",
    "EmptyPeriod",
    "Interval",
    "InvalidCycle",
    "InvalidDuration",
    "InvalidInterval",
    "InvalidSpan",
    "MonthEnd",
    "NoWholeDay",
    "NotWholeDays",
    "OutOfCalendar",
    "Period",
    "Span",
    "TooManyPeriods",
    "UnknownZone",
    "WeekStart",
    "Zone",
    "as_zone",
    "local_date",
    "seconds_of_day",
    "start_of_day",
    "union",
]
