"""Pools of licenses and seats: how many were bought, how many are consumed, and who holds them.

A pool is its counters and its holdings. Each command returns the pool afterwards and at most one event for each pool,
or refuses; `apply()` refuses nothing, so `reduce(apply, events, state)` rebuilds the state (L7).
"""

from licensing_core.pools.events import (
    HolderMerged,
    LicensesAssigned,
    LicensesUnassigned,
    PoolEvent,
    PoolOpened,
    PoolReinstated,
    PoolRenewed,
    PoolResized,
    PoolSuspended,
    PoolTakenOver,
    ReleasesRejected,
    apply,
    holding_changes,
    opened,
)
from licensing_core.pools.licenses import (
    assign,
    can_assign,
    can_confirm,
    can_reject,
    can_unassign,
    confirm,
    open_pool,
    reject,
    unassign,
)
from licensing_core.pools.merging import merge_holder
from licensing_core.pools.refusals import (
    ConfirmationNotAllowed,
    LicensesExhausted,
    NotEligible,
    PoolInUse,
    PreviewOutdated,
    RenewalNotOffered,
    RevocationsExhausted,
    SeatsExhausted,
)
from licensing_core.pools.renewals import can_renew, renew
from licensing_core.pools.sizes import SHRINK_ORDER, Shrinking, ShrinkStage, can_resize, preview_shrink, resize
from licensing_core.pools.suspending import can_reinstate, can_suspend, reinstate, suspend
from licensing_core.pools.transfers import Transfer, can_transfer, transfer
from licensing_core.pools.values import AnyPool, LicensePool, Pool, SeatPool

__all__ = [
    "SHRINK_ORDER",
    "AnyPool",
    "ConfirmationNotAllowed",
    "HolderMerged",
    "LicensePool",
    "LicensesAssigned",
    "LicensesExhausted",
    "LicensesUnassigned",
    "NotEligible",
    "Pool",
    "PoolEvent",
    "PoolInUse",
    "PoolOpened",
    "PoolReinstated",
    "PoolRenewed",
    "PoolResized",
    "PoolSuspended",
    "PoolTakenOver",
    "PreviewOutdated",
    "ReleasesRejected",
    "RenewalNotOffered",
    "RevocationsExhausted",
    "SeatPool",
    "SeatsExhausted",
    "ShrinkStage",
    "Shrinking",
    "Transfer",
    "apply",
    "assign",
    "can_assign",
    "can_confirm",
    "can_reinstate",
    "can_reject",
    "can_renew",
    "can_resize",
    "can_suspend",
    "can_transfer",
    "can_unassign",
    "confirm",
    "holding_changes",
    "merge_holder",
    "open_pool",
    "opened",
    "preview_shrink",
    "reinstate",
    "reject",
    "renew",
    "resize",
    "suspend",
    "transfer",
    "unassign",
]
