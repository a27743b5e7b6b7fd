"""What became of a payment. The outcome comes back into the core as an argument of a command."""

from enum import StrEnum
from typing import ClassVar

from attrs import frozen

from licensing_core.errors import LicensingError


class PaymentOutcome(StrEnum):
    """What is known of a payment."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"


@frozen(kw_only=True)
class PaymentFailed(LicensingError):
    """The payment failed, so nothing was bought."""

    code: ClassVar[str] = "payment.failed"
    rules: ClassVar[tuple[str, ...]] = ("WAL-6",)

    def __str__(self) -> str:
        return "the payment failed and nothing was bought; try again or use another way to pay"


@frozen(kw_only=True)
class NoPaymentPending(LicensingError):
    """There is no order that waits for its payment."""

    code: ClassVar[str] = "payment.none_pending"
    rules: ClassVar[tuple[str, ...]] = ("WAL-4",)

    def __str__(self) -> str:
        return "no order waits for payment; look at the orders first"
