"""Limits by name and what is used of them: how much is left, what would exceed another plan, and when a count resets.

>>> from datetime import UTC, datetime
>>> from licensing_core.directory import Actor
>>> now, ana = datetime(2026, 5, 4, tzinfo=UTC), Actor("ana")
>>> limits = Limits({"users": Limit(10), "storage": Limit(UNLIMITED)})
>>> usage = open_usage("acme", plan="small", zone="Europe/Madrid", by=ana, now=now).state
>>> usage = use(usage, "users", 9, limits=limits, by=ana, now=now).state
>>> rows(usage, limits, now)["users"]
UsageRow(used=9, most=10, left=1, over=0)
>>> str(can_use(usage, "users", 2, limits=limits, by=ana, now=now).refusal)
"limit 'users': 9 of 10 used, 1 short; release some, or change to a larger plan"
"""

from licensing_core.limits.panel import Panel, panel, require_administrator
from licensing_core.limits.refusals import (
    LimitExceeded,
    PlaceRequired,
    PlanTooSmall,
    UnknownLimit,
    UnknownPlan,
    UsageBelowZero,
)
from licensing_core.limits.switching import (
    PlacesRow,
    PlanFit,
    UsageRow,
    can_change_plan,
    change_plan,
    preview_plan,
    row,
    row_of,
    rows,
)
from licensing_core.limits.usage import (
    LimitOverridden,
    Places,
    PlacesNotLoaded,
    PlaceTally,
    PlanChanged,
    Tally,
    ThresholdReached,
    Usage,
    UsageCounted,
    UsageEvent,
    UsageOpened,
    apply,
    opened,
    place_changes,
)
from licensing_core.limits.using import can_release, can_use, open_usage, override, recount, release, room, use
from licensing_core.limits.values import (
    MOST_LIMITS,
    MOST_NESTED,
    UNLIMITED,
    InvalidLimits,
    Limit,
    Limits,
    OnPlanChange,
    Overage,
    OverageRule,
    Unlimited,
)

__all__ = [
    "MOST_LIMITS",
    "MOST_NESTED",
    "UNLIMITED",
    "InvalidLimits",
    "Limit",
    "LimitExceeded",
    "LimitOverridden",
    "Limits",
    "OnPlanChange",
    "Overage",
    "OverageRule",
    "Panel",
    "PlaceRequired",
    "PlaceTally",
    "Places",
    "PlacesNotLoaded",
    "PlacesRow",
    "PlanChanged",
    "PlanFit",
    "PlanTooSmall",
    "Tally",
    "ThresholdReached",
    "UnknownLimit",
    "UnknownPlan",
    "Unlimited",
    "Usage",
    "UsageBelowZero",
    "UsageCounted",
    "UsageEvent",
    "UsageOpened",
    "UsageRow",
    "apply",
    "can_change_plan",
    "can_release",
    "can_use",
    "change_plan",
    "open_usage",
    "opened",
    "override",
    "panel",
    "place_changes",
    "preview_plan",
    "recount",
    "release",
    "require_administrator",
    "room",
    "row",
    "row_of",
    "rows",
    "use",
]
