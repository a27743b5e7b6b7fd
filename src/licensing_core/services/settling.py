"""Having a gateway carry out payments: what is asked of it, and when, so that a payer is charged once, or not at all.

Each attempt is stored before the gateway is asked, and what it says in a step of its own after that; no unit of work is
open meanwhile. Whatever is lost on the way, the next `settle()` finds out and goes on. A failure of the gateway settles
nothing: what became of an attempt is known from a receipt alone.
"""

import hashlib
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from licensing_core.accounts import InvalidEmail
from licensing_core.checks import Id, UserId, Value, as_id, instance
from licensing_core.errors import LicensingError, Mistake
from licensing_core.payments import ChargeRequest, GatewayRequest, Payment, Question, Receipt, request_of
from licensing_core.protocols import (
    AsyncPaymentGateway,
    GatewayFailed,
    IdempotencyConflict,
    PaymentGateway,
    StoreUnavailable,
    WebhookNotice,
)
from licensing_core.protocols.shapes import as_async_gateway, as_called, as_gateway
from licensing_core.services.engine import AsyncLicensing, Licensing, Query, digest_of, drive, drive_async
from licensing_core.services.paying import (
    AskGateway,
    BeginPayment,
    GatewayQuestions,
    ListDuePayments,
    NoteReceipt,
    PaymentStanding,
    RefundPayment,
    UnknownPayment,
)

T = TypeVar("T")
A = TypeVar("A", bound=Value)
Addresses = Callable[[str, str], str | None]
"""Gives the e-mail address of a payer of a tenant, by their ids; `None` where it is not known."""
_as_begun: Final = instance(BeginPayment)
_as_refund: Final = instance(RefundPayment)
_as_licensing: Final = instance(Licensing)
_as_async_licensing: Final = instance(AsyncLicensing)
_ROUNDS: Final = 3
"""A charge that was taken for nothing is followed by its refund, and nothing follows that."""
_AT_ONCE: Final = 100
"""How many payments are listed at a time."""


@frozen
class _Desk:
    """What a flow asks: commands and queries, and the gateway."""

    licensing: Any
    gateway: Any


Flow = Generator[Callable[[_Desk], Any], Any, T]
"""As a use case, but about several of them: it yields questions to a desk, and receives the answers."""


@frozen(kw_only=True)
class Paying:
    """A payment after the gateway was asked about it.

    Attributes:
        page: Where the payer is to pay, if they are to; it is not stored, and told again by `settle()`.
        refusal: What kept the gateway from answering, or its answer from being noted; `None` when all went well.
    """

    payment: Payment
    page: str | None = field(default=None, repr=False)
    refusal: LicensingError | None = None


@frozen
class _Told:
    """What a gateway said: a receipt, that it knows nothing (`None`), or nothing at all, for it failed."""

    receipt: Receipt | None
    failure: GatewayFailed | None = None


@frozen(kw_only=True)
class _Flows:
    """What is done, written once for both drivers, with what it takes: who notes it, and the addresses of payers."""

    actor: UserId
    addresses: Addresses | None

    def begun(self, asked: BeginPayment | RefundPayment) -> Flow[Paying]:
        """Store the attempt, send it, and note what the gateway says."""
        standing: PaymentStanding = yield from _run(asked)
        return (yield from self.settled(asked.tenant, standing.payment.id, fresh=True))

    def settled(self, tenant: str, name: str, *, fresh: bool = False) -> Flow[Paying]:
        """Ask about all that is open; what is *fresh* is sent at once, which does no harm when it was sent before."""
        page, seen = None, set[str]()
        refusal: LicensingError | None = None
        for _ in range(_ROUNDS):
            asked = yield from self._questions(tenant, name)
            left = [one for one in asked.questions if one.request.key not in seen]
            if not left:
                break
            for question in left:
                seen.add(question.request.key)
                told = yield from _told(question, fresh=fresh)
                page = page if told.receipt is None else told.receipt.page or page
                refusal = told.failure or refusal
                if told.failure is None:
                    unnoted = yield from self._note(tenant, asked.payment, question.request.key, told.receipt)
                    refusal = unnoted or refusal
            fresh = True  # what has come up here was never sent
        last = yield from self._questions(tenant, name)
        return Paying(payment=last.payment, page=page, refusal=refusal)

    def settled_due(self, tenant: str) -> Flow[tuple[Paying, ...]]:
        """Settle every payment that is due; what keeps one from it is told, and keeps none of the others."""
        found: list[Paying] = []
        after: str | None = None
        while True:
            query = ListDuePayments(tenant=tenant, actor=self.actor, after=after, most=_AT_ONCE)
            due = yield from _run(query)
            for name in due.ids:
                try:
                    found.append((yield from self.settled(tenant, name)))
                except LicensingError as refusal:
                    asked = yield from _run(AskGateway(tenant=tenant, actor=self.actor, payment=name))
                    found.append(Paying(payment=asked.payment, refusal=refusal))
            after = due.next
            if after is None:
                return tuple(found)

    def heard(self, tenant: str, body: bytes, headers: Mapping[str, str]) -> Flow[Paying | None]:
        """Ask about what a webhook hints at; `None` when that is nothing of this tenant."""
        notice: WebhookNotice = yield lambda desk: desk.gateway.notice(body, headers)
        key = notice.key or ""
        name = key.rpartition("-")[0]
        if not name:
            return None
        try:
            asked = yield from self._questions(tenant, name)
        except UnknownPayment:
            return None
        if all(one.key != key for one in asked.payment.attempts):
            return None
        told = yield from _looked_up(request_of(asked.payment, key))
        refusal: LicensingError | None = told.failure
        if refusal is None:
            refusal = yield from self._heard_of(tenant, asked.payment, key, told.receipt, notice.id)
        after = yield from self.settled(tenant, name)
        return after if refusal is None else evolve(after, refusal=refusal)

    def _heard_of(
        self, tenant: str, payment: Payment, key: str, receipt: Receipt | None, notice: str
    ) -> Flow[LicensingError | None]:
        """Note it under a key made of the notice, so that each is noted once, in the step of its effect."""
        refusal = yield from self._note(tenant, payment, key, receipt, of=f"notice {notice}")
        if isinstance(refusal, IdempotencyConflict):  # it was noted, and there are news since
            news = f"notice {notice} {receipt and digest_of(receipt)}"
            return (yield from self._note(tenant, payment, key, receipt, of=news))
        return refusal

    def _questions(self, tenant: str, name: str) -> Flow[GatewayQuestions]:
        asked = AskGateway(tenant=tenant, actor=self.actor, payment=name)
        found: GatewayQuestions = yield from _run(asked)
        if self.addresses is None or not found.questions:
            return found
        email = self.addresses(tenant, found.payment.payer)
        if email is None:
            return found
        try:
            with_address = AskGateway(tenant=tenant, actor=self.actor, payment=name, email=email)
        except InvalidEmail:
            return found  # as if it were not known
        again: GatewayQuestions = yield from _run(with_address)
        return again

    def _note(
        self, tenant: str, payment: Payment, key: str, receipt: Receipt | None, of: str | None = None
    ) -> Flow[LicensingError | None]:
        """Note *receipt* under a key made of what it is news to, so that the same news are noted once.

        What it is refused with is told, not raised: the gateway was asked, and the next `settle()` finds out more.
        """
        attempt = next(one for one in payment.attempts if one.key == key)
        news = of or f"{attempt.status} {attempt.looks} {attempt.noted_at.isoformat()} {receipt and digest_of(receipt)}"
        name = hashlib.sha256(f"{key} {news}".encode()).hexdigest()[:40]
        note = NoteReceipt(
            tenant=tenant, key=f"note-{name}", actor=self.actor, payment=payment.id, attempt=key, receipt=receipt
        )
        try:
            yield from _run(note)
        except (Mistake, StoreUnavailable):
            raise
        except LicensingError as refusal:
            return refusal
        return None


def _as_addresses(addresses: Addresses | None) -> Addresses | None:
    return None if addresses is None else as_called("addresses", addresses)


def _run(asked: Query[A]) -> Flow[A]:
    answer: A = yield lambda desk: desk.licensing.run(asked)
    return answer


def _told(question: Question, *, fresh: bool) -> Flow[_Told]:
    """What became of a request: sent at once when it is *fresh*, else when the gateway does not know it."""
    if not (fresh and question.resend):
        told = yield from _looked_up(question.request)
        if told.failure is not None or told.receipt is not None or not question.resend:
            return told
    return (yield from _sent(question.request))


def _sent(request: GatewayRequest) -> Flow[_Told]:
    try:
        if isinstance(request, ChargeRequest):
            receipt = yield lambda desk: desk.gateway.charge(request)
        else:
            receipt = yield lambda desk: desk.gateway.refund(request)
    except GatewayFailed as failure:
        return _Told(None, failure)
    return _Told(receipt)


def _looked_up(request: GatewayRequest) -> Flow[_Told]:
    try:
        return _Told((yield lambda desk: desk.gateway.look_up(request)))
    except GatewayFailed as failure:
        return _Told(None, failure)


class Payments:
    """Has a gateway carry out what is to be paid and given back, and stores what becomes of it.

    Args:
        licensing: Runs the commands.
        gateway: Is asked between them.
        actor: By whom what the gateway says is noted; it takes `accounts.manage`.
        addresses: Gives the e-mail addresses of payers; without it those of the cards of customers are used.
    """

    def __init__(
        self, licensing: Licensing, gateway: PaymentGateway, *, actor: UserId, addresses: Addresses | None = None
    ) -> None:
        self._desk = _Desk(_as_licensing("licensing", licensing), as_gateway("gateway", gateway))
        self._flows = _Flows(actor=as_id("actor", actor), addresses=_as_addresses(addresses))

    def pay(self, begun: BeginPayment) -> Paying:
        """Begin a payment, and ask the gateway for the money; sent again, it goes on where it ended.

        Raises:
            LicensingError: What `BeginPayment` is refused with; nothing was asked then.
        """
        return drive(self._flows.begun(_as_begun("begun", begun)), self._desk)

    def refund(self, asked: RefundPayment) -> Paying:
        """Begin a refund, and ask the gateway to give the money back; sent again, it goes on where it ended."""
        return drive(self._flows.begun(_as_refund("asked", asked)), self._desk)

    def settle(self, tenant: Id, payment: Id) -> Paying:
        """Ask the gateway about all that is open of a payment, and send what it never received."""
        return drive(self._flows.settled(tenant, payment), self._desk)

    def settle_due(self, tenant: Id) -> tuple[Paying, ...]:
        """Settle every payment of *tenant* that is due: a job to run every minute or so. What hinders one is told."""
        return drive(self._flows.settled_due(tenant), self._desk)

    def hear(self, tenant: Id, body: bytes, headers: Mapping[str, str]) -> Paying | None:
        """Settle what a webhook hints at; `None` when that is nothing of *tenant*.

        Raises:
            WebhookRefused: It was not sent by the gateway, or not now.
        """
        return drive(self._flows.heard(tenant, body, headers), self._desk)


class AsyncPayments:
    """`Payments`, to be awaited."""

    def __init__(
        self,
        licensing: AsyncLicensing,
        gateway: AsyncPaymentGateway,
        *,
        actor: UserId,
        addresses: Addresses | None = None,
    ) -> None:
        self._desk = _Desk(_as_async_licensing("licensing", licensing), as_async_gateway("gateway", gateway))
        self._flows = _Flows(actor=as_id("actor", actor), addresses=_as_addresses(addresses))

    async def pay(self, begun: BeginPayment) -> Paying:
        """As `Payments.pay()`."""
        return await drive_async(self._flows.begun(_as_begun("begun", begun)), self._desk)

    async def refund(self, asked: RefundPayment) -> Paying:
        """As `Payments.refund()`."""
        return await drive_async(self._flows.begun(_as_refund("asked", asked)), self._desk)

    async def settle(self, tenant: Id, payment: Id) -> Paying:
        """As `Payments.settle()`."""
        return await drive_async(self._flows.settled(tenant, payment), self._desk)

    async def settle_due(self, tenant: Id) -> tuple[Paying, ...]:
        """As `Payments.settle_due()`."""
        return await drive_async(self._flows.settled_due(tenant), self._desk)

    async def hear(self, tenant: Id, body: bytes, headers: Mapping[str, str]) -> Paying | None:
        """As `Payments.hear()`."""
        return await drive_async(self._flows.heard(tenant, body, headers), self._desk)
