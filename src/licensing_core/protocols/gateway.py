"""What a payment gateway is to services: it takes and gives back money, and is asked what became of it."""

from collections.abc import Awaitable, Mapping
from enum import StrEnum
from typing import ClassVar, Final, Protocol

from attrs import frozen

from licensing_core.checks import FrozenMap, Id, Text, Value, checked
from licensing_core.errors import LicensingError
from licensing_core.payments import ChargeRequest, GatewayRequest, Receipt, RefundRequest, Url


class Capability(StrEnum):
    """What a gateway can do."""

    CARD_ON_FILE = "card_on_file"
    """Charge the card that it keeps of a payer, with nobody present."""
    PAGE = "page"
    """Give a page on which the payer pays."""
    REFUND = "refund"
    """Give a charge back, in part too."""
    PORTAL = "portal"
    """Give a page on which payers change their cards and see what they paid."""


_REASONS: Final[Mapping[str, str]] = FrozenMap(
    {
        "busy": "it took nothing, for it is busy or was not reached; try again later, with the same key",
        "refused": "it took nothing and will not, for it does not do what it was asked; look at its own log",
        "unclear": "it is not known whether money was moved; ask it by the same key, and charge under no other one",
    }
)


@frozen(kw_only=True)
class GatewayFailed(LicensingError):
    """A gateway did not answer what it was asked.

    What it says of a payment, a decline among it, is no error but a `Receipt`.

    Attributes:
        reason: `busy` (no money was moved, and trying again may help), `refused` (no money was moved, and trying again
            does not help), or `unclear` (money may have been moved).
    """

    code: ClassVar[str] = "gateway.failed"
    reason: str

    @property
    def should_retry(self) -> bool:
        """Whether the same request, under the same key, may do better."""
        return self.reason != "refused"

    @property
    def unclear(self) -> bool:
        """Whether money may have been moved."""
        return self.reason not in ("busy", "refused")

    def __str__(self) -> str:
        return f"the payment gateway failed ({self.reason}): {_REASONS.get(self.reason, _REASONS['unclear'])}"


@frozen(kw_only=True)
class WebhookRefused(LicensingError):
    """What came to the address for webhooks was not sent by the gateway, or is too old, too large, or no notice.

    Attributes:
        reason: `signature`, `time`, `size` or `form`.
    """

    code: ClassVar[str] = "webhook.refused"
    reason: str

    def __str__(self) -> str:
        return (
            f"the webhook was refused ({self.reason}); check that it was signed for this address, that the "
            "body arrives byte by byte, and that the clock of this machine is right"
        )


@frozen(kw_only=True, field_transformer=checked)
class WebhookNotice(Value):
    """What a webhook says: that there may be news of a key. It is a hint: what is so, the gateway is asked.

    Attributes:
        id: What the gateway calls the event; it is sent once or more.
        key: Of the attempt that it is about; `None` when it is about nothing of ours.
    """

    id: Text
    key: Id | None


class PaymentGateway(Protocol):
    """Takes money, and gives it back, once for each key.

    All methods raise `GatewayFailed`; what they raise else is a fault of the adapter.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        ...

    def charge(self, asked: ChargeRequest) -> Receipt:
        """Take the money once for the key of *asked*; asked again, tell what became of it.

        By a page it is pending, and the receipt has the page; a decline is a receipt that says `FAILED`.
        """
        ...

    def refund(self, asked: RefundRequest) -> Receipt:
        """Give money back once for the key of *asked*; asked again, tell what became of it."""
        ...

    def look_up(self, asked: GatewayRequest) -> Receipt | None:
        """What became of the request with the key of *asked*; `None` when it never came in."""
        ...

    def portal(self, email: str) -> Url | None:
        """A page for the payer with this address, to change their card; `None` when they are not known."""
        ...

    def notice(self, body: bytes, headers: Mapping[str, str]) -> WebhookNotice:
        """What the webhook with these bytes says, once its signature was checked; raises `WebhookRefused`."""
        ...


class AsyncPaymentGateway(Protocol):
    """`PaymentGateway`, to be awaited."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        ...

    def charge(self, asked: ChargeRequest) -> Awaitable[Receipt]:
        """As `PaymentGateway.charge()`."""
        ...

    def refund(self, asked: RefundRequest) -> Awaitable[Receipt]:
        """As `PaymentGateway.refund()`."""
        ...

    def look_up(self, asked: GatewayRequest) -> Awaitable[Receipt | None]:
        """As `PaymentGateway.look_up()`."""
        ...

    def portal(self, email: str) -> Awaitable[Url | None]:
        """As `PaymentGateway.portal()`."""
        ...

    def notice(self, body: bytes, headers: Mapping[str, str]) -> WebhookNotice:
        """As `PaymentGateway.notice()`, at once: nobody is asked."""
        ...
