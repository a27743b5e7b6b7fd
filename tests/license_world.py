"""An account of licenses that is opened and bought for, as one-liners for tests."""

from datetime import UTC, date, datetime
from typing import Any

from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.license_cycle import (
    AccountOpened,
    LicenseAccount,
    LicenseType,
    buy,
    open_account,
)
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import UnitPrice
from tests.builders import APRIL_16, BASE, ROOT, VOIP

MONTHLY = Cycle(date(2024, 1, 1), Duration(months=1), "UTC")
MAY_1 = datetime(2024, 5, 1, tzinfo=UTC)
PAID, PENDING, FAILED = PaymentOutcome
YEN = LicenseType(id="gsm", price=UnitPrice(Money.parse("500 JPY")))


def bought(account: LicenseAccount, payment: PaymentOutcome = PAID, order: str = "o1", **wanted: int) -> Any:
    """The decision to buy *wanted* on the sixteenth."""
    return buy(account, wanted, order_id=order, payment=payment, by=Actor("root"), now=APRIL_16)


def opening(**changes: Any) -> Decision[LicenseAccount, AccountOpened]:
    arguments: dict[str, Any] = {
        "cycle": MONTHLY,
        "types": (BASE, VOIP),
        "totals": {"base": 5},
        "by": ROOT,
        "now": APRIL_16,
    }
    return open_account("crm", **{**arguments, **changes})
