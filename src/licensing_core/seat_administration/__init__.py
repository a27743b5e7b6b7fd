"""Seat administration: the page on which superadmins and power users hand out what was bought.

Each function refuses in the documented order: first what the actor may see, then what the pool allows. None needs a
repository: the host passes the pool and the enrollments as they were loaded.
"""

from licensing_core.seat_administration.enrolling import (
    can_confirm_enrollment,
    can_enroll,
    can_readmit,
    can_reject_enrollment,
    can_unenroll,
    confirm_enrollment,
    enroll,
    readmit,
    reject_enrollment,
    unenroll,
)
from licensing_core.seat_administration.licenses import (
    Assigned,
    Rejected,
    Unassigned,
    assign,
    can_assign,
    can_confirm,
    can_reject,
    can_unassign,
    confirm,
    reject,
    unassign,
)
from licensing_core.seat_administration.rows import Row, Task, WrongPoolType, candidates, row, row_of, unknown_pool
from licensing_core.seat_administration.sizes import (
    Resized,
    Transferred,
    can_resize,
    can_transfer,
    preview_shrink,
    resize,
    transfer,
)

__all__ = [
    "Assigned",
    "Rejected",
    "Resized",
    "Row",
    "Task",
    "Transferred",
    "Unassigned",
    "WrongPoolType",
    "assign",
    "can_assign",
    "can_confirm",
    "can_confirm_enrollment",
    "can_enroll",
    "can_readmit",
    "can_reject",
    "can_reject_enrollment",
    "can_resize",
    "can_transfer",
    "can_unassign",
    "can_unenroll",
    "candidates",
    "confirm",
    "confirm_enrollment",
    "enroll",
    "preview_shrink",
    "readmit",
    "reject",
    "reject_enrollment",
    "resize",
    "row",
    "row_of",
    "transfer",
    "unassign",
    "unenroll",
    "unknown_pool",
]
