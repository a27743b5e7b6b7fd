"""Parts of a period: what is counted, the exact share, what it costs, and what a change in between comes to.

How that is done is a `Convention`, one value on each of ten axes; `PRESETS` has those of other billing systems.
Every price is for a whole period, after discounts and times the quantity.
"""

from licensing_core.proration.amounts import Prorated, Step, Trace, prorate
from licensing_core.proration.changes import Change, change
from licensing_core.proration.conventions import (
    LICENSING_CORE,
    PRESETS,
    Base,
    ChangeDay,
    Convention,
    Count,
    CreditCap,
    InvalidConvention,
    Net,
    Stage,
    Stub,
    UnknownPreset,
    preset,
)
from licensing_core.proration.schedules import BillingMode, ScheduledItem, cycles, schedule
from licensing_core.proration.shares import Portion, measure, share, unused
from licensing_core.proration.stretches import NothingCounted, Stretch

__all__ = [
    "LICENSING_CORE",
    "PRESETS",
    "Base",
    "BillingMode",
    "Change",
    "ChangeDay",
    "Convention",
    "Count",
    "CreditCap",
    "InvalidConvention",
    "Net",
    "NothingCounted",
    "Portion",
    "Prorated",
    "ScheduledItem",
    "Stage",
    "Step",
    "Stretch",
    "Stub",
    "Trace",
    "UnknownPreset",
    "change",
    "cycles",
    "measure",
    "preset",
    "prorate",
    "schedule",
    "share",
    "unused",
]
