"""A payment gateway in memory, for tests and demos: it does what real ones do, and fails in the ways in which they do.

>>> from licensing_core.payments import ChargeRequest, Way
>>> gateway = FakeGateway(faults=[Fault.TIMEOUT_AFTER])
>>> gateway.keeps_card("ana")
>>> asked = ChargeRequest(
...     key="k1", amount=Money.parse("12.50 EUR"), payer="ana", way=Way.CARD_ON_FILE
... )
>>> gateway.charge(asked)
Traceback (most recent call last):
    ...
licensing_core.protocols.gateway.GatewayFailed: the payment gateway failed (unclear): it is not known whether ...
>>> gateway.charge(asked).outcome.value, gateway.moved["k1"]
('succeeded', 1)
"""

import json
from asyncio import sleep
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock
from typing import Final, TypeVar

from attrs import define, evolve

from licensing_core.adapters.webhooks import sign, verify
from licensing_core.checks import InvalidArgument, shown
from licensing_core.money import Money
from licensing_core.payments import ChargeRequest, GatewayRequest, PaymentOutcome, Receipt, RefundRequest, Way
from licensing_core.protocols import Clock
from licensing_core.protocols.gateway import Capability, GatewayFailed, WebhookNotice
from licensing_core.testing.faults import WITHOUT_EFFECT, Fault, Faults, Mail, Script, Webhook

__all__ = ["FORGOTTEN_AFTER", "SIGNED_BY", "AsyncFakeGateway", "FakeGateway", "Fault", "Faults", "Webhook"]

A = TypeVar("A")
B = TypeVar("B")
FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""As long as this the fake knows a key; sent again later, the same key moves money again, as with real gateways."""
SIGNED_BY: Final = "fake-signature"
"""The header of webhooks that has their signature."""
_SECRET: Final = "fake-gateway-secret"  # noqa: S105 - it guards nothing
_SITE: Final = "https://pay.example"


@define(kw_only=True)
class _Known:
    """What was asked under a key, what became of it, and since when the key is known."""

    asked: GatewayRequest
    receipt: Receipt
    since: datetime


class FakeGateway:
    """A `protocols.gateway.PaymentGateway` that keeps all in memory; threads may share it.

    It is deterministic: references and events are numbered, and the clock is the one that it is given.

    Args:
        clock: By which it forgets keys, and dates what it sends.
        faults: What goes wrong: a sequence has the fault, or none, of each call of `charge()`, `refund()` and
            `look_up()` in order; a mapping has it by the number of the call, 1 being the first, or by the key, for the
            first call with it. `will()` adds to it later.
        capabilities: What it can do; what it cannot, it refuses.
    """

    def __init__(
        self,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        faults: Faults = (),
        capabilities: AbstractSet[Capability] = frozenset(Capability),
    ) -> None:
        self.capabilities: Final = frozenset(capabilities)
        self._clock, self._lock = clock, Lock()
        self._script, self._mail = Script(faults), Mail()
        self._asked: list[GatewayRequest] = []
        self._known: dict[str, _Known] = {}
        self._late: dict[str, GatewayRequest] = {}
        self._looks = Counter[str]()
        self._cards: dict[str, str | None] = {}
        self._emails: dict[str, str] = {}
        self._taken: dict[str, Money] = {}
        self._given_back: dict[str, Money] = {}
        self._kept: dict[str, Money] = {}
        self._moved = Counter[str]()
        self._numbers = count(1)

    def charge(self, asked: ChargeRequest) -> Receipt:
        """As `PaymentGateway.charge()`."""
        return self._answer(asked)

    def refund(self, asked: RefundRequest) -> Receipt:
        """As `PaymentGateway.refund()`; more than is left of the charge is refused."""
        return self._answer(asked)

    def look_up(self, asked: GatewayRequest) -> Receipt | None:
        """As `PaymentGateway.look_up()`; it knows by their keys also those which `charge()` has forgotten."""
        with self._lock:
            fault = self._script.next(asked.key)
            reason = "unclear" if fault is Fault.TIMEOUT_AFTER else WITHOUT_EFFECT.get(fault)
            if reason is not None and fault is not Fault.LATE_EFFECT:
                raise GatewayFailed(reason=reason)
            self._arrive_late(asked.key)
            known = self._known.get(asked.key)
            return None if known is None else known.receipt

    def portal(self, email: str) -> str | None:
        """As `PaymentGateway.portal()`; it knows who paid, or tried to."""
        with self._lock:
            payer = self._emails.get(email) if Capability.PORTAL in self.capabilities else None
        return None if payer is None else f"{_SITE}/portal/{payer}"

    def notice(self, body: bytes, headers: Mapping[str, str]) -> WebhookNotice:
        """As `PaymentGateway.notice()`."""
        signature = next((value for name, value in headers.items() if name.lower() == SIGNED_BY), None)
        verify(body, signature, [_SECRET], now=self._clock())
        said = json.loads(body)  # it has the form that was signed here
        return WebhookNotice(id=said["id"], key=said["key"])

    def keeps_card(self, payer: str, *, declines: str | None = None) -> None:
        """Put a card of *payer* on file, which *declines* for this reason, or pays. Who has none is declined."""
        with self._lock:
            self._cards[payer] = declines

    def pays(self, key: str) -> None:
        """The payer pays on the page of *key*."""
        self._settle(key, None)

    def leaves(self, key: str) -> None:
        """The payer leaves the page of *key* for good."""
        self._settle(key, "left")

    def will(self, *faults: Fault | None) -> None:
        """What goes wrong with the calls that come next, one for each."""
        with self._lock:
            self._script.then(faults)

    def webhooks(self) -> tuple[Webhook, ...]:
        """What was to be sent since this was last asked, in the order in which it arrives."""
        with self._lock:
            return tuple(map(self._signed, self._mail.taken_out()))

    def webhook_of(self, key: str) -> Webhook | None:
        """The last event of *key* as it is sent, be it once more; `None` when there is none."""
        with self._lock:
            body = self._mail.last(key)
            return None if body is None else self._signed(body)

    @property
    def asked(self) -> tuple[GatewayRequest, ...]:
        """All that it was asked to do, each time that it was, failed or not."""
        with self._lock:
            return tuple(self._asked)

    @property
    def taken(self) -> Mapping[str, Money]:
        """The money that was taken, by the key of the charge."""
        with self._lock:
            return dict(self._taken)

    @property
    def given_back(self) -> Mapping[str, Money]:
        """The money that was given back, by the key of the refund."""
        with self._lock:
            return dict(self._given_back)

    @property
    def moved(self) -> Mapping[str, int]:
        """How often each key moved money, 0 when it did not: more than once is a fault of who asked."""
        with self._lock:
            return self._moved.copy()

    def __repr__(self) -> str:
        return f"<FakeGateway, asked {len(self.asked)} times>"

    def _answer(self, asked: GatewayRequest) -> Receipt:
        with self._lock:
            self._asked.append(asked)
            fault = self._script.next(asked.key)
            if fault is Fault.LATE_EFFECT:
                self._late[asked.key] = asked
                self._looks[asked.key] = 0
            if fault in WITHOUT_EFFECT:
                raise GatewayFailed(reason=WITHOUT_EFFECT[fault])
            receipt = self._done(asked, fault)
            if fault is Fault.TIMEOUT_AFTER:
                raise GatewayFailed(reason="unclear")
            return receipt

    def _arrive_late(self, key: str) -> None:
        self._looks[key] += 1
        if key in self._late and self._looks[key] == 2:
            with suppress(GatewayFailed):  # nobody waits for this answer
                self._done(self._late.pop(key), None)

    def _done(self, asked: GatewayRequest, fault: Fault | None) -> Receipt:
        known, now = self._known.get(asked.key), self._clock()
        if known is not None and now - known.since < FORGOTTEN_AFTER:
            if _terms(known.asked) != _terms(asked):
                raise GatewayFailed(reason="refused")
            return known.receipt
        if not self._able(asked):
            raise GatewayFailed(reason="refused")
        self._mail.goes_wrong(asked.key, fault)
        receipt = self._first_receipt(asked, fault)
        self._known[asked.key] = _Known(asked=asked, receipt=receipt, since=now)
        self._note(asked, receipt)
        return receipt

    def _able(self, asked: GatewayRequest) -> bool:
        """Whether it does such a thing, and, of a refund, whether there is as much to give back."""
        if asked.amount.minor <= 0:
            return False
        if isinstance(asked, ChargeRequest):
            before = self._taken.get(asked.key, asked.amount)
            return asked.way.value in self.capabilities and before.currency is asked.amount.currency
        kept, charge = self._kept.get(asked.charge), self._known.get(asked.charge)
        return (
            Capability.REFUND in self.capabilities
            and kept is not None
            and charge is not None
            and charge.receipt.reference == asked.reference
            and kept.currency is asked.amount.currency
            and kept >= asked.amount
        )

    def _first_receipt(self, asked: GatewayRequest, fault: Fault | None) -> Receipt:
        why, page = None, None
        reference: str | None = f"fake-{next(self._numbers)}"
        if fault is Fault.DECLINE:
            why = "declined"
        elif isinstance(asked, ChargeRequest):
            if asked.way is Way.PAGE:
                page = f"{_SITE}/page/{reference}"
            elif asked.payer in self._cards:
                why = self._cards[asked.payer]
            else:
                why, reference = "no_card", None
        outcome = PaymentOutcome.PENDING if page else PaymentOutcome.FAILED if why else PaymentOutcome.SUCCEEDED
        return Receipt(key=asked.key, reference=reference, outcome=outcome, amount=asked.amount, reason=why, page=page)

    def _note(self, asked: GatewayRequest, receipt: Receipt) -> None:
        """Move the money that *receipt* says was moved, and make an event of it."""
        self._mail.tell(receipt)
        if isinstance(asked, ChargeRequest) and asked.email is not None:
            self._emails[asked.email] = asked.payer
        if receipt.outcome is not PaymentOutcome.SUCCEEDED:
            return
        nothing = Money.zero(asked.amount.currency)
        ledger = self._taken if isinstance(asked, ChargeRequest) else self._given_back
        ledger[asked.key] = ledger.get(asked.key, nothing) + asked.amount
        self._moved[asked.key] += 1
        if isinstance(asked, ChargeRequest):
            self._kept[asked.key] = self._kept.get(asked.key, nothing) + asked.amount
        else:
            self._kept[asked.charge] -= asked.amount

    def _settle(self, key: str, why: str | None) -> None:
        with self._lock:
            known = self._known.get(key)
            if known is None or known.receipt.outcome is not PaymentOutcome.PENDING:
                expected = "the key of a page that waits for its payer"
                raise InvalidArgument(parameter="key", expected=expected, got=shown(key))
            outcome = PaymentOutcome.FAILED if why else PaymentOutcome.SUCCEEDED
            known.receipt = evolve(known.receipt, outcome=outcome, reason=why, page=None)
            self._note(known.asked, known.receipt)

    def _signed(self, body: bytes) -> Webhook:
        return Webhook(body, {SIGNED_BY: sign(body, _SECRET, now=self._clock())})


class AsyncFakeGateway:
    """`FakeGateway`, to be awaited; others have their turn before and after what it does, as with a network.

    Args:
        fake: The one that it asks, on which tests keep cards, complete pages and look at the ledger.
    """

    def __init__(self, fake: FakeGateway) -> None:
        self.fake: Final = fake
        self.capabilities: Final = fake.capabilities

    async def charge(self, asked: ChargeRequest) -> Receipt:
        """As `PaymentGateway.charge()`."""
        return await _in_turn(self.fake.charge, asked)

    async def refund(self, asked: RefundRequest) -> Receipt:
        """As `PaymentGateway.refund()`."""
        return await _in_turn(self.fake.refund, asked)

    async def look_up(self, asked: GatewayRequest) -> Receipt | None:
        """As `PaymentGateway.look_up()`."""
        return await _in_turn(self.fake.look_up, asked)

    async def portal(self, email: str) -> str | None:
        """As `PaymentGateway.portal()`."""
        return await _in_turn(self.fake.portal, email)

    def notice(self, body: bytes, headers: Mapping[str, str]) -> WebhookNotice:
        """As `PaymentGateway.notice()`."""
        return self.fake.notice(body, headers)

    def __repr__(self) -> str:
        return f"<AsyncFakeGateway over {self.fake!r}>"


async def _in_turn(call: Callable[[A], B], given: A) -> B:
    await sleep(0)
    answer = call(given)
    await sleep(0)
    return answer


def _terms(asked: GatewayRequest) -> GatewayRequest:
    """What must be the same under the same key."""
    return evolve(asked, email=None, begun_at=None) if isinstance(asked, ChargeRequest) else asked
