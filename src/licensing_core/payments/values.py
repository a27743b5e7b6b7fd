"""Payments as values: what is paid for, what a gateway is asked and says, and each attempt to move the money."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from attrs import field, frozen

from licensing_core.accounts.values import Email
from licensing_core.checks import (
    Count,
    FrozenMap,
    Id,
    Instant,
    InvalidArgument,
    Positive,
    Text,
    UserId,
    Value,
    as_id,
    check_of,
    checked,
    shown,
)
from licensing_core.currencies import Currency
from licensing_core.directory import Scope
from licensing_core.money import Money
from licensing_core.orders import Cart
from licensing_core.payments.outcomes import PaymentOutcome

MOST_ATTEMPTS: Final = 100
"""How often one thing may be tried to be paid, and one payment be refunded in part."""
RESEND_WITHIN: Final = timedelta(hours=23)
"""As long as this a request may be sent again under its key; gateways forget keys after 24 hours, and charge again."""
_LONGEST_URL: Final = 2048
_URL: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][!-~]*)?", re.ASCII)
LONGEST_PAUSE: Final = timedelta(hours=1)
"""Between two looks at an attempt, and before money that could not be given back is sent again."""
_FIRST_PAUSE: Final = timedelta(minutes=1)


def _as_url(name: str, value: Any) -> str:
    """*value*, when it is the address of a page that is sent encrypted: ASCII, 2048 characters at most."""
    if type(value) is str and len(value) <= _LONGEST_URL and _URL.fullmatch(value):
        return value
    raise InvalidArgument(parameter=name, expected="an address that begins with https://", got=shown(value))


Url = Annotated[str, _as_url]
"""Where somebody is led to; it may hold a secret, and so is never shown by `repr()`."""


class Way(StrEnum):
    """How a payer pays."""

    CARD_ON_FILE = "card_on_file"
    """The card that the gateway keeps of the payer is charged, and nobody is present: automatic debit."""
    PAGE = "page"
    """The payer is led to a page of the gateway, and pays there; the outcome comes later."""


class AttemptStatus(StrEnum):
    """What is known of an attempt to charge or to refund."""

    UNKNOWN = "unknown"
    """It was stored, and then sent, or not: the gateway is to be asked. Each attempt begins so."""
    PENDING = "pending"
    """The gateway has it, and waits for the payer or a bank."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """For certain: no money was moved, and none will be."""


TRANSITIONS: Final[Mapping[AttemptStatus, frozenset[AttemptStatus]]] = FrozenMap(
    {
        AttemptStatus.UNKNOWN: frozenset(AttemptStatus),
        AttemptStatus.PENDING: frozenset({AttemptStatus.PENDING, AttemptStatus.SUCCEEDED, AttemptStatus.FAILED}),
        AttemptStatus.FAILED: frozenset({AttemptStatus.SUCCEEDED}),
        AttemptStatus.SUCCEEDED: frozenset(),
    }
)
"""Where an attempt may go. A gateway that took money after it had said no is believed: what is too much goes back."""
OPEN: Final = frozenset({AttemptStatus.UNKNOWN, AttemptStatus.PENDING})
"""The states in which the gateway is to be asked."""


def _subject(*parts: object) -> str:
    return json.dumps(parts)


def _for_themselves(purpose: Any, _attribute: object, public: bool) -> None:  # noqa: FBT001 - as attrs calls it
    if public and purpose.beneficiary is not None:
        raise InvalidArgument(parameter="beneficiary", expected="None for what is bought publicly", got="a scope")


@frozen(kw_only=True, field_transformer=checked)
class ForPlan(Value):
    """A purchase through *plan*, which opens *pool*; the attributes are those of `services.BuyPlan`.

    Attributes:
        public: Whether it is bought from the public catalog, as by `services.BuyPublicPlan`.
    """

    plan: Id
    pool: Id
    beneficiary: Scope | None = None
    currency: Currency | None = None
    public: bool = field(default=False, validator=_for_themselves)

    @property
    def subject(self) -> str:
        """What is paid for once."""
        return _subject("pool", self.pool)


@frozen(kw_only=True, field_transformer=checked)
class ForCart(Value):
    """The purchase of a whole cart in one currency."""

    cart: Cart

    @property
    def subject(self) -> str:
        """What is paid for once."""
        return _subject("cart", *sorted(line.pool for line in self.cart.lines))


@frozen(kw_only=True, field_transformer=checked)
class ForRenewal(Value):
    """The renewal of *pool*.

    Attributes:
        number: Which one: 1 for the first. It is paid once, whoever asks for it.
    """

    pool: Id
    number: Positive

    @property
    def subject(self) -> str:
        """What is paid for once."""
        return _subject("renewal", self.pool, self.number)


@frozen(kw_only=True, field_transformer=checked)
class ForLicenses(Value):
    """An order of license types that waits for its payment."""

    account: Id
    order: Id

    @property
    def subject(self) -> str:
        """What is paid for once."""
        return _subject("licenses", self.account, self.order)


@frozen(kw_only=True, field_transformer=checked)
class ForPack(Value):
    """An order of credits that awaits its payment."""

    customer: Id
    order: Id

    @property
    def subject(self) -> str:
        """What is paid for once."""
        return _subject("pack", self.customer, self.order)


@frozen(kw_only=True, field_transformer=checked)
class ForBill(Value):
    """A proforma that is unpaid."""

    customer: Id
    document: Id

    @property
    def subject(self) -> str:
        """What is paid for once."""
        return _subject("bill", self.customer, self.document)


Purpose = ForPlan | ForCart | ForRenewal | ForLicenses | ForPack | ForBill
"""What is paid for. Two payments for the same thing are one, so that it is charged once."""
as_purpose: Final = check_of(Purpose)


def payment_id(tenant: Id, purpose: Purpose) -> str:
    """The id of the payment for *purpose*, the same whoever asks; no other tenant has it.

    >>> payment_id("acme", ForBill(customer="a1", document="P-1"))
    'pay-...'
    """
    named = _subject(as_id("tenant", tenant), as_purpose("purpose", purpose).subject)
    return f"pay-{hashlib.blake2b(named.encode(), digest_size=16).hexdigest()}"


@frozen(kw_only=True, field_transformer=checked)
class ChargeRequest(Value):
    """What a gateway is asked: to take *amount* from *payer*, once for its *key*.

    Attributes:
        key: Of the attempt; every retry has the same one, and the gateway is asked by it what became of it.
        payer: Who pays, by the id that the application has for them.
        email: Their address, by which gateways know them (ALU-7); `None` where it is not known.
        begun_at: When the attempt was stored; a gateway that has to search for it need not look before. `None` where
            that is not known.
        reference: What the gateway calls it, where it has said so already; by that it is found at once.
    """

    key: Id
    amount: Money
    payer: Id
    way: Way
    email: Email | None = field(default=None, repr=False)
    begun_at: Instant | None = None
    reference: Text | None = None


@frozen(kw_only=True, field_transformer=checked)
class RefundRequest(Value):
    """What a gateway is asked: to give *amount* of a charge back, once for its *key*.

    Attributes:
        charge: The key of the attempt that took the money.
        reference: What the gateway calls that; `None` where it never said.
    """

    key: Id
    amount: Money
    charge: Id
    reference: Text | None = None


GatewayRequest = ChargeRequest | RefundRequest


@frozen(kw_only=True, field_transformer=checked)
class Receipt(Value):
    """What a gateway says of the request of a *key*.

    Attributes:
        reference: What the gateway calls it; `None` when it made nothing of it.
        amount: What was, or is to be, moved.
        reason: A word for why it failed, such as `insufficient_funds`; for people and reports, not to decide by.
        page: Where the payer is to pay, of one that is pending by a page.
    """

    key: Id
    outcome: PaymentOutcome
    amount: Money
    reference: Text | None = None
    reason: Text | None = None
    page: Url | None = field(default=None, repr=False)


@frozen(kw_only=True, field_transformer=checked)
class Attempt(Value):
    """One attempt to take money, or to give it back.

    Attributes:
        key: Under which the gateway knows it.
        way: How the payer pays; `None` of a refund.
        begun_at: When it was stored, before it was sent.
        noted_at: When something was last known of it.
        looks: How often the gateway was asked and nothing was new.
        reference: What the gateway calls it, once that is known.
        reason: Why it failed.
        charge: Of a refund, the key of the attempt that took the money.
    """

    key: Id
    amount: Money
    way: Way | None
    status: AttemptStatus
    begun_at: Instant
    noted_at: Instant
    looks: Count = 0
    reference: Text | None = None
    reason: Text | None = None
    charge: Id | None = None

    @property
    def open(self) -> bool:
        """Whether the gateway is still to be asked."""
        return self.status in OPEN

    @property
    def due(self) -> datetime:
        """From when on: a minute after something was known of it, and ever later, an hour at most."""
        return self.noted_at + min(LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(self.looks, 10)))


def _few(_payment: object, attribute: Any, attempts: tuple[Attempt, ...]) -> None:
    if len(attempts) > MOST_ATTEMPTS:
        expected = f"{MOST_ATTEMPTS} at most"
        raise InvalidArgument(parameter=attribute.name, expected=expected, got=shown(len(attempts)))


@frozen(kw_only=True, field_transformer=checked)
class Payment(Value):
    """All attempts to have one thing paid. One of them is open at a time, and a new one follows a definite no only.

    Attributes:
        id: As `payment_id()` gives it.
        buyer: For whom it is carried out, once it is paid.
        payer: Who pays.
        charges: Attempts to take the money, the latest last.
        refunds: Attempts to give it back, the latest last.
        fulfilled_by: The key of the charge whose money it was carried out for; `None` before that.
        refused: The code of what stood against that, after which the money goes back.
    """

    id: Id
    purpose: Purpose
    buyer: UserId
    payer: Id
    amount: Money
    charges: tuple[Attempt, ...] = field(default=(), validator=_few)
    refunds: tuple[Attempt, ...] = field(default=(), validator=_few)
    fulfilled_by: Id | None = None
    refused: Text | None = None

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Charges and refunds."""
        return (*self.charges, *self.refunds)

    @property
    def open(self) -> bool:
        """Whether the gateway is still to be asked about something."""
        return any(attempt.open for attempt in self.attempts)

    @property
    def due(self) -> datetime | None:
        """From when on it is to be asked, or something is to go back at last; `None` when all is settled."""
        asked = min((attempt.due for attempt in self.attempts if attempt.open), default=None)
        if asked is None and self.owed and len(self.refunds) < MOST_ATTEMPTS:
            return max(attempt.noted_at for attempt in self.attempts) + LONGEST_PAUSE
        return asked

    def left_of(self, charge: Attempt) -> Money:
        """What is left of the money of *charge*: what it took, less what went back of it, or is on its way."""
        if charge.status is not AttemptStatus.SUCCEEDED:
            return Money(0, charge.amount.currency)
        gone = (
            one.amount for one in self.refunds if one.charge == charge.key and one.status is not AttemptStatus.FAILED
        )
        return charge.amount - Money.sum(gone, charge.amount.currency)

    @property
    def unfulfilled(self) -> Attempt | None:
        """The charge whose money is there, and for which nothing was given yet; `None` when there is none."""
        if self.fulfilled_by is not None or self.refused is not None or not self.charges:
            return None
        last = self.charges[-1]
        return last if last.status is AttemptStatus.SUCCEEDED and self.left_of(last) == last.amount else None

    @property
    def owed(self) -> tuple[Attempt, ...]:
        """The charges whose money is for nothing, so that what is left of it goes back: refused, or taken twice."""
        kept = self.unfulfilled
        return tuple(
            one
            for one in self.charges
            if one.key != self.fulfilled_by and one is not kept and self.left_of(one).minor > 0
        )
