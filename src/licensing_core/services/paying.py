"""Use cases of payments: begin one, note what a gateway says, and carry out what was paid for in the same step.

None of them asks a gateway: `settling.Payments` does, between them.
"""

from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import field, frozen

from licensing_core import payments
from licensing_core.accounts.values import Email
from licensing_core.checks import Id, UserId, Value, checked
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError, Mistake
from licensing_core.money import Money
from licensing_core.payments import (
    AttemptStatus,
    ChargeRequest,
    ConsentMissing,
    ForBill,
    ForLicenses,
    ForPack,
    Payment,
    PaymentDecision,
    Purpose,
    Question,
    Receipt,
    Way,
    payment_id,
)
from licensing_core.protocols import Stored, StoreUnavailable, VersionConflict
from licensing_core.services.bills import NoteFailedDebit
from licensing_core.services.dues import MANAGE, due_for, fulfilling, last_look, still_consented
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.loading import actor_of
from licensing_core.services.paging import PagedQuery
from licensing_core.services.purchases import Ids
from licensing_core.services.trying import tried


@frozen(kw_only=True)
class UnknownPayment(LicensingError):
    """There is no such payment, or it is not the actor's to see."""

    code: ClassVar[str] = "payment.unknown"
    rules: ClassVar[tuple[str, ...]] = ("D-12",)
    payment: str

    def __str__(self) -> str:
        return f"there is no payment {self.payment!r} that may be seen; begin it, or ask as who did"


@frozen(kw_only=True, field_transformer=checked)
class PaymentStanding(Value):
    """A payment as it is after a command."""

    payment: Payment


@frozen(kw_only=True, field_transformer=checked)
class GatewayQuestions(Value):
    """A payment, and what a gateway is to be asked about it now, the oldest first."""

    payment: Payment
    questions: tuple[Question, ...]


@frozen(kw_only=True, field_transformer=checked)
class BeginPayment(Command[PaymentStanding]):
    """Have *purpose* paid: what is due is looked at, and an attempt stored, which `settling.Payments` sends then.

    Once it is paid, it is carried out in the step in which that is noted. One thing is paid once: while an attempt is
    under way another one is refused, and after a definite no the next one may be begun, under another key.

    Refuses as the command does that carries it out, and with `NothingDue`, `SeveralCurrencies`, `RenewalElapsed`,
    `ConsentMissing`, `PaymentOpen`, `PaymentSettled`, and `TooManyAttempts`.
    """

    rule: ClassVar[str] = "WAL-6"

    purpose: Purpose
    way: Way

    def steps(self, now: datetime) -> UseCase[PaymentStanding]:
        """Load the payment, see what is due, decide, save."""
        name = payment_id(self.tenant, self.purpose)
        stored = yield from ask(lambda ports: ports.work.payment(self.tenant, name))
        actor = yield from actor_of(self, self.actor)
        if stored is not None and stored.state.fulfilled_by is not None and _may_see(actor, stored.state):
            raise payments.PaymentSettled(payment=name)
        due = yield from due_for(self, self.purpose, now)
        if self.way is Way.CARD_ON_FILE and not due.consented:
            raise ConsentMissing(payer=due.payer)
        how: dict[str, Any] = {
            "buyer": self.actor,
            "payer": due.payer,
            "amount": due.amount,
            "way": self.way,
            "by": actor,
            "now": now,
        }
        if stored is None:
            decision = payments.begin(self.tenant, self.purpose, **how)
        else:
            decision = payments.charge(stored.state, self.purpose, **how)
        yield from save(self, decision.state, 0 if stored is None else stored.version, decision.events)
        return PaymentStanding(payment=decision.state)


def _stored(asked: Query[Any], name: str) -> UseCase[Stored[Payment]]:
    stored = yield from ask(lambda ports: ports.work.payment(asked.tenant, name))
    if stored is None:
        raise UnknownPayment(payment=name)
    return stored


def _may_see(actor: Actor, payment: Payment) -> bool:
    return payment.buyer == actor.id or actor.has(MANAGE)


def _managed(asked: Query[Any], actor_id: str, name: str) -> UseCase[tuple[Actor, Stored[Payment]]]:
    """Who acts, and may manage accounts, and the payment."""
    actor = yield from actor_of(asked, actor_id)
    actor.require(MANAGE)
    return actor, (yield from _stored(asked, name))


@frozen(kw_only=True, field_transformer=checked)
class NoteReceipt(Command[PaymentStanding]):
    """Take note of what the gateway says of an attempt; when it was paid, carry out what it was paid for.

    When that is refused, the money goes back: a refund is begun in the same step. So is what was taken twice.

    Attributes:
        attempt: Its key.
        receipt: What the gateway says; `None` when it knows nothing of the key.

    Refuses as `payments.note()` does, and with `UnknownPayment`.
    """

    rule: ClassVar[str] = "WAL-6"

    payment: Id
    attempt: Id
    receipt: Receipt | None

    def steps(self, now: datetime) -> UseCase[PaymentStanding]:
        """Load the payment, decide, carry out, save."""
        actor, stored = yield from _managed(self, self.actor, self.payment)
        noted = payments.note(stored.state, self.attempt, self.receipt, by=actor, now=now)
        payment, events = noted.state, noted.events
        for step in (_carried_out, _given_back):
            after: PaymentDecision = yield from step(self, actor, payment, now)
            payment, events = after.state, (*events, *after.events)
        if noted.events:
            yield from self._told(stored.state, payment, now)
        yield from save(self, payment, stored.version, events)
        return PaymentStanding(payment=payment)

    def _told(self, before: Payment, after: Payment, now: datetime) -> UseCase[None]:
        """Let the books know of an automatic debit that failed."""
        purpose, last = after.purpose, after.charges[-1]
        failed = last.status is AttemptStatus.FAILED and before.charges[-1].status is not AttemptStatus.FAILED
        if not (failed and isinstance(purpose, ForBill) and last.way is Way.CARD_ON_FILE):
            return
        note = NoteFailedDebit(
            tenant=self.tenant,
            key=self.key,
            actor=self.actor,
            customer=purpose.customer,
            document=purpose.document,
        )
        try:
            yield from tried(note.steps(now))
        except (Mistake, VersionConflict, StoreUnavailable):
            raise
        except LicensingError:
            return  # it was paid or voided meanwhile
        yield from note.steps(now)


def _carried_out(command: NoteReceipt, actor: Actor, payment: Payment, now: datetime) -> UseCase[PaymentDecision]:
    """Carry out what *payment* is for, if its money is there; or take note that it cannot be."""
    if payment.unfulfilled is None:
        return payments.fulfill(payment, by=actor, now=now)
    carrying = fulfilling(command.tenant, payment, command.actor)
    try:
        yield from last_look(command, payment.purpose)
        yield from tried(carrying.steps(now))
    except (Mistake, VersionConflict, StoreUnavailable):
        raise
    except LicensingError as refusal:
        return payments.refuse(payment, refusal, by=actor, now=now)
    yield from carrying.steps(now)
    return payments.fulfill(payment, by=actor, now=now)


def _given_back(_command: NoteReceipt, actor: Actor, payment: Payment, now: datetime) -> UseCase[PaymentDecision]:
    yield from ()
    return payments.give_back(payment, by=actor, now=now)


@frozen(kw_only=True, field_transformer=checked)
class RefundPayment(Command[PaymentStanding]):
    """Give money back of what was paid, which `settling.Payments` sends then; refuses as `payments.refund()` does.

    What was bought stays: take it back by the command that does.
    """

    rule: ClassVar[str] = "D-13"

    payment: Id
    amount: Money

    def steps(self, now: datetime) -> UseCase[PaymentStanding]:
        """Load the payment, decide, save."""
        actor, stored = yield from _managed(self, self.actor, self.payment)
        decision = payments.refund(stored.state, self.amount, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return PaymentStanding(payment=decision.state)


@frozen(kw_only=True, field_transformer=checked)
class ReadPayment(Query[PaymentStanding]):
    """A payment, for who began it, and who may manage accounts; refuses with `UnknownPayment`."""

    actor: UserId
    payment: Id

    def steps(self, now: datetime) -> UseCase[PaymentStanding]:
        """Load the payment."""
        actor = yield from actor_of(self, self.actor)
        stored = yield from _stored(self, self.payment)
        if not _may_see(actor, stored.state):
            raise UnknownPayment(payment=self.payment)
        return PaymentStanding(payment=stored.state)


_BY_CUSTOMERS: Final = (ForBill, ForLicenses, ForPack)
"""What a customer pays; for all else a person does."""


@frozen(kw_only=True, field_transformer=checked)
class AskGateway(Query[GatewayQuestions]):
    """What a gateway is to be asked about a payment now; refuses with `UnknownPayment`.

    What could not be carried out any more is not to be sent again: that is looked at here, right before it is.

    Attributes:
        email: The address of the payer; where it is not given, that of the card of the customer, if one pays.
    """

    actor: UserId
    payment: Id
    email: Email | None = field(default=None, repr=False)

    def steps(self, now: datetime) -> UseCase[GatewayQuestions]:
        """Load the payment and the address, and try out what it is for."""
        _, stored = yield from _managed(self, self.actor, self.payment)
        payment = stored.state
        email = self.email
        if email is None and isinstance(payment.purpose, _BY_CUSTOMERS):  # a person may have the id of a customer
            card = yield from ask(lambda ports: ports.work.card(self.tenant, payment.payer, None))
            email = None if card is None else card.email
        found = payments.questions(payment, now=now, email=email)
        unsent = any(one.resend and isinstance(one.request, ChargeRequest) for one in found)
        if unsent and not (yield from self._wanted(payment, now)):
            found = tuple(one.only_asked() if isinstance(one.request, ChargeRequest) else one for one in found)
        return GatewayQuestions(payment=payment, questions=found)

    def _wanted(self, payment: Payment, now: datetime) -> UseCase[bool]:
        if payment.charges[-1].way is Way.CARD_ON_FILE and not (yield from still_consented(self, payment)):
            return False
        try:
            yield from last_look(self, payment.purpose)
            yield from tried(fulfilling(self.tenant, payment, self.actor).steps(now))
        except (Mistake, VersionConflict, StoreUnavailable):
            raise
        except LicensingError:
            return False
        return True


@frozen(kw_only=True, field_transformer=checked)
class ListDuePayments(PagedQuery[Ids]):
    """The ids of the payments that a gateway is to be asked about now; for `settling.Payments`."""

    actor: UserId

    def steps(self, now: datetime) -> UseCase[Ids]:
        """Look for what is due."""
        actor = yield from actor_of(self, self.actor)
        actor.require(MANAGE)
        page = self.page
        ids = yield from ask(lambda ports: ports.work.payments_due(self.tenant, now, page))
        return Ids(tuple(ids), ids[-1] if len(ids) == page.most else None)
