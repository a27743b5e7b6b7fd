"""Why credits may not be ordered, activated, spent or refunded."""

from datetime import datetime
from typing import ClassVar

from attrs import frozen

from licensing_core.errors import LicensingError
from licensing_core.money import Money


@frozen(kw_only=True)
class UnknownPack(LicensingError):
    """There is no such pack of credits for sale."""

    code: ClassVar[str] = "pack.unknown"
    rules: ClassVar[tuple[str, ...]] = ("ALU-9",)
    pack: str

    def __str__(self) -> str:
        return f"there is no credit pack {self.pack!r}; name one that is for sale"


@frozen(kw_only=True)
class UnknownOrder(LicensingError):
    """There is no order of credits of this id."""

    code: ClassVar[str] = "order.unknown"
    rules: ClassVar[tuple[str, ...]] = ("ALU-9",)
    order: str

    def __str__(self) -> str:
        return f"there is no order {self.order!r} of credits; order a pack first"


@frozen(kw_only=True)
class OrderExists(LicensingError):
    """An order or grant of this id was made before."""

    code: ClassVar[str] = "order.exists"
    rules: ClassVar[tuple[str, ...]] = ("ALU-9",)
    order: str

    def __str__(self) -> str:
        return f"the id {self.order!r} is taken by an order or a grant; choose another"


@frozen(kw_only=True)
class OrderNotPaid(LicensingError):
    """The order was not paid yet, so its credits are neither activated nor refunded."""

    code: ClassVar[str] = "order.not_paid"
    rules: ClassVar[tuple[str, ...]] = ("ALU-10",)
    order: str

    def __str__(self) -> str:
        return f"order {self.order!r} is not paid yet; take note of its payment first"


@frozen(kw_only=True)
class OrderAlreadyPaid(LicensingError):
    """The order was paid before: a payment grants once."""

    code: ClassVar[str] = "order.already_paid"
    rules: ClassVar[tuple[str, ...]] = ("ALU-9",)
    order: str

    def __str__(self) -> str:
        return f"order {self.order!r} is paid already; a second payment is to be given back, and a refund ends it"


@frozen(kw_only=True)
class OrderAlreadyActive(LicensingError):
    """The credits of the order were activated before."""

    code: ClassVar[str] = "order.already_active"
    rules: ClassVar[tuple[str, ...]] = ("ALU-10",)
    order: str

    def __str__(self) -> str:
        return f"the credits of order {self.order!r} are active already; there is nothing to do"


@frozen(kw_only=True)
class OrderClosed(LicensingError):
    """The order was cancelled or refunded, and nothing happens to it any more."""

    code: ClassVar[str] = "order.closed"
    rules: ClassVar[tuple[str, ...]] = ("ALU-9",)
    order: str

    def __str__(self) -> str:
        return f"order {self.order!r} was cancelled or refunded; make a new one, and give back what was paid for it"


@frozen(kw_only=True)
class PaymentDiffers(LicensingError):
    """What was paid is not what the order costs."""

    code: ClassVar[str] = "order.payment_differs"
    rules: ClassVar[tuple[str, ...]] = ("ALU-9", "D-15")
    order: str
    price: Money
    paid: Money

    def __str__(self) -> str:
        return f"order {self.order!r} costs {self.price}, but {self.paid} was paid; settle the difference first"


@frozen(kw_only=True)
class InsufficientCredits(LicensingError):
    """There are fewer credits than are to be spent.

    Attributes:
        balance: What there is; below 0 when credits are owed.
        shortfall: How many are missing.
    """

    code: ClassVar[str] = "credits.insufficient"
    rules: ClassVar[tuple[str, ...]] = ("ALU-8",)
    balance: int
    shortfall: int

    def __str__(self) -> str:
        return f"the balance is {self.balance}, {self.shortfall} short; buy a pack of credits"


@frozen(kw_only=True)
class CreditsAlreadySpent(LicensingError):
    """Credits of the order were spent, and the policy is not to refund it then."""

    code: ClassVar[str] = "credits.already_spent"
    rules: ClassVar[tuple[str, ...]] = ("ALU-9",)
    order: str
    spent: int

    def __str__(self) -> str:
        return f"{self.spent} credits of order {self.order!r} were spent; refund it by another policy, or not at all"


@frozen(kw_only=True)
class UnknownGrant(LicensingError):
    """There is no grant of this id."""

    code: ClassVar[str] = "grant.unknown"
    rules: ClassVar[tuple[str, ...]] = ("ALU-8",)
    grant: str

    def __str__(self) -> str:
        return f"there is no grant {self.grant!r}; look at the grants of the account for those there are"


@frozen(kw_only=True)
class ResetTooLate(LicensingError):
    """Something has happened to the credits since the instant at which the count is to begin anew."""

    code: ClassVar[str] = "credits.reset_too_late"
    rules: ClassVar[tuple[str, ...]] = ("ALU-8",)
    since: datetime

    def __str__(self) -> str:
        return (
            f"credits were moved at {self.since.isoformat()}, after that; begin the count now, "
            "or open the account with a cycle of resets, which cannot come late"
        )
