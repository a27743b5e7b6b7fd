"""Licenses per user, billed by cycle: buy in mid-cycle, hand out, and drop at the end what nobody uses.

An account has license types, each with its own pool. A user is active while holding at least one license, so every
license held is in use.
"""

from licensing_core.license_cycle.account import (
    AccountEvent,
    AccountOpened,
    CycleClosed,
    LicenseAccount,
    LicenseRow,
    LicensesOrdered,
    LicenseType,
    Order,
    OrderPaid,
    UnknownLicenseType,
    apply,
    license_table,
    open_account,
    opened,
)
from licensing_core.license_cycle.closing import CycleStillOpen, can_close_cycle, close_cycle
from licensing_core.license_cycle.holders import (
    LicensedUser,
    NoFreeLicense,
    can_grant,
    can_revoke,
    grant,
    licensed_user,
    revoke,
)
from licensing_core.license_cycle.purchase import (
    CycleNotClosed,
    NotRefundable,
    buy,
    can_buy,
    can_settle,
    quotes,
    refund,
    settle,
)

__all__ = [
    "AccountEvent",
    "AccountOpened",
    "CycleClosed",
    "CycleNotClosed",
    "CycleStillOpen",
    "LicenseAccount",
    "LicenseRow",
    "LicenseType",
    "LicensedUser",
    "LicensesOrdered",
    "NoFreeLicense",
    "NotRefundable",
    "Order",
    "OrderPaid",
    "UnknownLicenseType",
    "apply",
    "buy",
    "can_buy",
    "can_close_cycle",
    "can_grant",
    "can_revoke",
    "can_settle",
    "close_cycle",
    "grant",
    "license_table",
    "licensed_user",
    "open_account",
    "opened",
    "quotes",
    "refund",
    "revoke",
    "settle",
]
