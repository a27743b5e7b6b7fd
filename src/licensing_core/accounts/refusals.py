"""Why a command about an account is refused. Some products call an account a client, and so do the codes."""

from typing import ClassVar

from attrs import frozen

from licensing_core.errors import LicensingError
from licensing_core.money import Money


@frozen(kw_only=True)
class UnknownCustomer(LicensingError):
    """There is no such customer."""

    code: ClassVar[str] = "client.unknown"
    rules: ClassVar[tuple[str, ...]] = ("PLZ-3",)
    customer: str

    def __str__(self) -> str:
        return f"there is no customer {self.customer!r}; look at the list of customers, or add it"


@frozen(kw_only=True)
class CustomerExists(LicensingError):
    """There is a customer of this id already."""

    code: ClassVar[str] = "client.exists"
    rules: ClassVar[tuple[str, ...]] = ("PLZ-4",)
    customer: str

    def __str__(self) -> str:
        return f"there is a customer {self.customer!r} already; choose another id"


@frozen(kw_only=True)
class NotBlocked(LicensingError):
    """The customer is not blocked for this cause."""

    code: ClassVar[str] = "block.none"
    rules: ClassVar[tuple[str, ...]] = ("PLZ-7",)
    customer: str
    cause: str

    def __str__(self) -> str:
        return f"customer {self.customer!r} is not blocked for {self.cause!r}; look at the causes it is blocked for"


@frozen(kw_only=True)
class UnknownSubscription(LicensingError):
    """The customer has no such subscription."""

    code: ClassVar[str] = "service.unknown"
    rules: ClassVar[tuple[str, ...]] = ("LAT-1",)
    customer: str
    subscription: str

    def __str__(self) -> str:
        return f"customer {self.customer!r} has no subscription {self.subscription!r}; look at those it has"


@frozen(kw_only=True)
class SubscriptionExists(LicensingError):
    """The customer has, or had, a subscription of this id."""

    code: ClassVar[str] = "service.exists"
    rules: ClassVar[tuple[str, ...]] = ("LAT-5",)
    customer: str
    subscription: str

    def __str__(self) -> str:
        return f"customer {self.customer!r} has, or had, a subscription {self.subscription!r}; choose another id"


@frozen(kw_only=True)
class UnknownBill(LicensingError):
    """The customer has no such proforma or invoice."""

    code: ClassVar[str] = "invoice.unknown"
    rules: ClassVar[tuple[str, ...]] = ("LAT-2",)
    document: str

    def __str__(self) -> str:
        return f"there is no proforma or invoice {self.document!r}; look at those of the customer"


@frozen(kw_only=True)
class BillPaidAlready(LicensingError):
    """The proforma was paid before."""

    code: ClassVar[str] = "invoice.paid"
    rules: ClassVar[tuple[str, ...]] = ("LAT-2",)
    document: str

    def __str__(self) -> str:
        return f"{self.document!r} is paid already; there is nothing to pay"


@frozen(kw_only=True)
class BillIsVoid(LicensingError):
    """The proforma was taken back, and nothing is to be paid for it."""

    code: ClassVar[str] = "invoice.void"
    rules: ClassVar[tuple[str, ...]] = ("D-11",)
    document: str

    def __str__(self) -> str:
        return f"{self.document!r} is void; what it asked for will not be delivered, so do not pay it"


@frozen(kw_only=True)
class AmountDiffers(LicensingError):
    """What was paid is not what is to be paid."""

    code: ClassVar[str] = "invoice.amount_differs"
    rules: ClassVar[tuple[str, ...]] = ("LAT-2",)
    document: str
    due: Money
    paid: Money

    def __str__(self) -> str:
        return f"{self.paid} was paid for {self.document!r}, and {self.due} is due; settle the difference first"
