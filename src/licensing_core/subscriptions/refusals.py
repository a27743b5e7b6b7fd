"""Why a command about a subscription is refused. A client area calls a subscription a service, and so do the codes."""

from datetime import date, datetime
from typing import ClassVar

from attrs import frozen

from licensing_core.errors import LicensingError


@frozen(kw_only=True)
class SubscriptionEnded(LicensingError):
    """The subscription is cancelled or terminated, and stays so."""

    code: ClassVar[str] = "service.ended"
    rules: ClassVar[tuple[str, ...]] = ("LAT-1",)
    subscription: str
    state: str

    def __str__(self) -> str:
        return f"subscription {self.subscription!r} is {self.state}; order a new one"


@frozen(kw_only=True)
class WrongState(LicensingError):
    """The command does not belong to the state in which the subscription is."""

    code: ClassVar[str] = "service.wrong_state"
    rules: ClassVar[tuple[str, ...]] = ("LAT-1",)
    subscription: str
    state: str
    wanted: tuple[str, ...]

    def __str__(self) -> str:
        wanted = " or ".join(self.wanted)
        return f"subscription {self.subscription!r} is {self.state}, and this takes one that is {wanted}"


@frozen(kw_only=True)
class NotInForce(LicensingError):
    """The subscription gives no access in the state in which it is."""

    code: ClassVar[str] = "service.not_in_force"
    rules: ClassVar[tuple[str, ...]] = ("LAT-1",)
    subscription: str
    state: str

    def __str__(self) -> str:
        return f"subscription {self.subscription!r} is {self.state} and gives no access; pay, resume or renew it"


@frozen(kw_only=True)
class SubscriptionUnpaid(LicensingError):
    """Something is owed for the subscription that is to be paid first."""

    code: ClassVar[str] = "service.unpaid"
    rules: ClassVar[tuple[str, ...]] = ("LAT-1",)
    subscription: str
    due: date

    def __str__(self) -> str:
        return f"subscription {self.subscription!r} owes what was due on {self.due.isoformat()}; pay that first"


@frozen(kw_only=True)
class BillingBehind(LicensingError):
    """Something of the subscription is due and was not billed yet."""

    code: ClassVar[str] = "service.behind"
    rules: ClassVar[tuple[str, ...]] = ("D-11",)
    subscription: str
    due: datetime

    def __str__(self) -> str:
        return (
            f"subscription {self.subscription!r} has something due at {self.due.isoformat()} that is not billed yet; "
            "run its billing first"
        )


@frozen(kw_only=True)
class EndsTooEarly(LicensingError):
    """A cancellation would end the subscription before it began."""

    code: ClassVar[str] = "cancellation.too_early"
    rules: ClassVar[tuple[str, ...]] = ("ALU-6",)

    def __str__(self) -> str:
        return "it cannot end before it began; name its first day, or a later one"


@frozen(kw_only=True)
class EndsAlready(LicensingError):
    """It is cancelled already, for an earlier end."""

    code: ClassVar[str] = "cancellation.later"
    rules: ClassVar[tuple[str, ...]] = ("ALU-6",)

    def __str__(self) -> str:
        return "it is cancelled for an earlier end; take that back first, or name an end no later than it"


@frozen(kw_only=True)
class NotCancelled(LicensingError):
    """There is no cancellation to take back."""

    code: ClassVar[str] = "cancellation.none"
    rules: ClassVar[tuple[str, ...]] = ("ALU-6",)
    subscription: str

    def __str__(self) -> str:
        return f"subscription {self.subscription!r} is not cancelled; there is nothing to take back"


@frozen(kw_only=True)
class CancellationCredited(LicensingError):
    """What was charged was given back, or taken back, so that the cancellation stands."""

    code: ClassVar[str] = "cancellation.credited"
    rules: ClassVar[tuple[str, ...]] = ("D-13",)
    subscription: str

    def __str__(self) -> str:
        return f"what subscription {self.subscription!r} was charged is given back already; order a new one"


@frozen(kw_only=True)
class NotRenewed(LicensingError):
    """The subscription is not renewed by hand, or not any more."""

    code: ClassVar[str] = "service.not_renewable"
    rules: ClassVar[tuple[str, ...]] = ("DOC-53",)
    subscription: str

    def __str__(self) -> str:
        return f"subscription {self.subscription!r} is not renewed by hand, or no more; order a new one"
