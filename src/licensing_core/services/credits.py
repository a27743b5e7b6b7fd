"""Use cases of credits: order, pay, activate and refund packs; grant, spend and read credits."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from attrs import frozen

from licensing_core import credits as credit
from licensing_core.checks import Count, Id, Instant, InvalidArgument, Quantity, UserId, Value, checked
from licensing_core.credits import (
    CreditAccount,
    CreditOrder,
    Grant,
    Movement,
    RefundPolicy,
    Standing,
    UnknownPack,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision
from licensing_core.directory import Permission
from licensing_core.limits import Unlimited
from licensing_core.money import Money
from licensing_core.protocols import AggregateKind
from licensing_core.services.accounts import UnknownAccount
from licensing_core.services.customers import authorized, stored_credits
from licensing_core.services.engine import Command, Query, UseCase, ask, save


@frozen(kw_only=True, field_transformer=checked)
class CreditsStand(Value):
    """How the credits stand after a command, and the grants that it burned, in order."""

    standing: Standing
    burned: tuple[Movement, ...] = ()


@frozen(kw_only=True, field_transformer=checked)
class PackOrderOf(Value):
    """An order as it is after a command, and how the credits stand."""

    order: CreditOrder
    standing: Standing


def _stand(account: CreditAccount, now: datetime) -> CreditsStand:
    return CreditsStand(standing=credit.standing(account, now))


def _order(account: CreditAccount, order: str, now: datetime) -> PackOrderOf:
    return PackOrderOf(order=account.orders[order], standing=credit.standing(account, now))


@frozen(kw_only=True, field_transformer=checked)
class OpenCredits(Command[CreditsStand]):
    """Open an account of credits for *customer*; as `credits.open_credits()`."""

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    overdraft: Count | Unlimited = 0

    def steps(self, now: datetime) -> UseCase[CreditsStand]:
        """Decide and save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = credit.open_credits(self.customer, zone=zone, overdraft=self.overdraft, by=actor, now=now)
        yield from save(self, decision.state, 0, decision.events)
        return _stand(decision.state, now)


@frozen(kw_only=True, field_transformer=checked)
class OrderPack(Command[PackOrderOf]):
    """Order a pack of credits; refuses as `credits.order_pack()` does, and with `UnknownPack`.

    The main administrator of the customer may, too (ALU-9, ALU-11).
    """

    rule: ClassVar[str] = "ALU-9"

    customer: Id
    pack: Id
    order: Id
    currency: Currency | None = None

    def steps(self, now: datetime) -> UseCase[PackOrderOf]:
        """Load what has the id of the order, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE, administrator=True)
        stored = yield from stored_credits(self, self.customer, frozenset({self.order}))
        pack = yield from ask(lambda ports: ports.host.credit_pack(self.tenant, self.pack))
        if pack is None:
            raise UnknownPack(pack=self.pack)
        decision = credit.order_pack(stored.state, pack, self.order, currency=self.currency, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return _order(decision.state, self.order, now)


@frozen(kw_only=True, field_transformer=checked)
class NotePackPayment(Command[PackOrderOf]):
    """Take note that an order of credits was paid; refuses as `credits.note_payment()` does.

    To be sent by the host's payment code: *paid* is what it took, and is held against the price.
    """

    rule: ClassVar[str] = "ALU-10"

    customer: Id
    order: Id
    paid: Money | None = None

    def steps(self, now: datetime) -> UseCase[PackOrderOf]:
        """Load the order, decide, save."""
        policy = yield from ask(lambda ports: ports.host.activation(self.tenant))
        permission = Permission.ACCOUNTS_MANAGE
        return (yield from _change(self, permission, credit.note_payment, now, policy=policy, paid=self.paid))


@frozen(kw_only=True, field_transformer=checked)
class CancelPack(Command[PackOrderOf]):
    """Withdraw an order of credits that was not paid; refuses as `credits.cancel_order()` does."""

    rule: ClassVar[str] = "ALU-9"

    customer: Id
    order: Id

    def steps(self, now: datetime) -> UseCase[PackOrderOf]:
        """Load the order, decide, save."""
        return (yield from _change(self, Permission.USAGE_MANAGE, credit.cancel_order, now, administrator=True))


@frozen(kw_only=True, field_transformer=checked)
class ActivatePack(Command[PackOrderOf]):
    """Make the credits of a paid order spendable; refuses as `credits.activate()` does."""

    rule: ClassVar[str] = "ALU-10"

    customer: Id
    order: Id

    def steps(self, now: datetime) -> UseCase[PackOrderOf]:
        """Load the order, decide, save."""
        return (yield from _change(self, Permission.ACCOUNTS_MANAGE, credit.activate, now))


@frozen(kw_only=True, field_transformer=checked)
class RefundPack(Command[PackOrderOf]):
    """Take the credits of an order back, whose payment the host gives back; refuses as `credits.refund()` does."""

    rule: ClassVar[str] = "ALU-9"

    customer: Id
    order: Id
    policy: RefundPolicy = RefundPolicy.REFUSE

    def steps(self, now: datetime) -> UseCase[PackOrderOf]:
        """Load the order and its grant, decide, save."""
        return (yield from _change(self, Permission.ACCOUNTS_MANAGE, credit.refund, now, policy=self.policy))


def _change(
    command: NotePackPayment | CancelPack | ActivatePack | RefundPack,
    permission: Permission,
    decide: Callable[..., Decision[CreditAccount, Any]],
    now: datetime,
    *,
    administrator: bool = False,
    **given: object,
) -> UseCase[PackOrderOf]:
    actor = yield from authorized(command, command.actor, command.customer, permission, administrator=administrator)
    stored = yield from stored_credits(command, command.customer, frozenset({command.order}))
    decision = decide(stored.state, command.order, by=actor, now=now, **given)
    yield from save(command, decision.state, stored.version, decision.events)
    return _order(decision.state, command.order, now)


@frozen(kw_only=True, field_transformer=checked)
class GrantCredits(Command[CreditsStand]):
    """Grant credits without an order; refuses as `credits.grant()` does."""

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    grant: Grant

    def steps(self, now: datetime) -> UseCase[CreditsStand]:
        """Load what has the id of the grant, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        stored = yield from stored_credits(self, self.customer, frozenset({self.grant.id}))
        decision = credit.grant(stored.state, self.grant, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return _stand(decision.state, now)


@frozen(kw_only=True, field_transformer=checked)
class VoidGrant(Command[CreditsStand]):
    """End a grant now, so that what is left of it is lost; refuses as `credits.void()` does."""

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    grant: Id

    def steps(self, now: datetime) -> UseCase[CreditsStand]:
        """Load the grant, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        stored = yield from stored_credits(self, self.customer, frozenset({self.grant}))
        decision = credit.void(stored.state, self.grant, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return _stand(decision.state, now)


@frozen(kw_only=True, field_transformer=checked)
class SpendCredits(Command[CreditsStand]):
    """Spend *amount* credits, all or none; refuses as `credits.spend()` does."""

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    amount: Quantity

    def steps(self, now: datetime) -> UseCase[CreditsStand]:
        """Load what is open, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE)
        stored = yield from stored_credits(self, self.customer, frozenset())
        decision = credit.spend(stored.state, self.amount, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        burned = tuple(movement for event in decision.events for movement in event.movements)
        return CreditsStand(standing=credit.standing(decision.state, now), burned=burned)


@frozen(kw_only=True, field_transformer=checked)
class ResetCredits(Command[CreditsStand]):
    """Begin the count of what *customer* spends anew; as `credits.reset()`.

    Attributes:
        effective: As of when: the boundary between the two counts, also when a job comes to it late; `None` for now.

    Refuses with `InvalidArgument` when *effective* lies ahead.
    """

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    keep_overage: bool = True
    effective: Instant | None = None

    def steps(self, now: datetime) -> UseCase[CreditsStand]:
        """Load what is open, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        stored = yield from stored_credits(self, self.customer, frozenset())
        at = now if self.effective is None else self.effective
        if at > now:
            raise InvalidArgument(parameter="effective", expected="no later than now", got="a later instant")
        decision = credit.reset(stored.state, keep_overage=self.keep_overage, by=actor, now=at)
        yield from save(self, decision.state, stored.version, decision.events)
        return _stand(decision.state, now)


@frozen(kw_only=True, field_transformer=checked)
class ReadCredits(Query[CreditsStand]):
    """How the credits of *customer* stand; its main administrator may read it, too.

    Attributes:
        at: The instant of which it is asked, past or to come; `None` for now.
    """

    actor: UserId
    customer: Id
    at: Instant | None = None

    def steps(self, now: datetime) -> UseCase[CreditsStand]:
        """Load what is open; of an instant that is past, the history."""
        yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE, administrator=True)
        if self.at is None or self.at >= now:
            account = (yield from stored_credits(self, self.customer, frozenset())).state
            return _stand(account, now if self.at is None else self.at)
        history = yield from ask(lambda ports: ports.work.history(self.tenant, AggregateKind.CREDITS, self.customer))
        if not history or history[0].event.at > self.at:
            raise UnknownAccount(account=self.customer)
        return _stand(credit.as_of((envelope.event for envelope in history), self.at), self.at)
