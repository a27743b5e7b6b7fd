"""Use cases of credits: order, pay, activate and refund packs; grant, spend and read credits."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final

from attrs import frozen

from licensing_core import credits as credit
from licensing_core.checks import Count, Id, Instant, InvalidArgument, Quantity, UserId, Value, checked
from licensing_core.credits import (
    CreditAccount,
    CreditOrder,
    CreditPack,
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
from licensing_core.periods import Cycle
from licensing_core.protocols import AggregateKind
from licensing_core.services.accounts import UnknownAccount
from licensing_core.services.customers import authorized, chosen_by, require_open, require_unblocked, stored_credits
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.loading import believed

_DAYS_AHEAD: Final = 366
"""How far ahead the credits may be looked at: a year of top-ups is worked out at once, ten take seconds."""


@frozen(kw_only=True, field_transformer=checked)
class CreditsStanding(Value):
    """How the credits stand after a command, and the grants that it burned, in order."""

    standing: Standing
    burned: tuple[Movement, ...] = ()


@frozen(kw_only=True, field_transformer=checked)
class OrderStanding(Value):
    """An order as it is after a command, and how the credits stand."""

    order: CreditOrder
    standing: Standing


def _stand(account: CreditAccount, now: datetime) -> CreditsStanding:
    return CreditsStanding(standing=credit.standing(account, now))


def _order(account: CreditAccount, order: str, now: datetime) -> OrderStanding:
    return OrderStanding(order=account.orders[order], standing=credit.standing(account, now))


@frozen(kw_only=True, field_transformer=checked)
class OpenCredits(Command[CreditsStanding]):
    """Open an account of credits for *customer*; the attributes are those of `credits.open_credits()`."""

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    overdraft: Count | Unlimited = 0
    resets: Cycle | None = None
    keep_overage: bool = True

    def steps(self, now: datetime) -> UseCase[CreditsStanding]:
        """Decide and save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = credit.open_credits(
            self.customer,
            zone=zone,
            overdraft=self.overdraft,
            resets=self.resets,
            keep_overage=self.keep_overage,
            by=actor,
            now=now,
        )
        yield from save(self, decision.state, 0, decision.events)
        return _stand(decision.state, now)


@frozen(kw_only=True, field_transformer=checked)
class OrderPack(Command[OrderStanding]):
    """Order a pack of credits; refuses as `credits.order_pack()` does, and with `UnknownPack`.

    The main administrator of the customer may, too (ALU-9, ALU-11), while it is not blocked (`ClientBlocked`).
    """

    rule: ClassVar[str] = "ALU-9"

    customer: Id
    pack: Id
    order: Id
    currency: Currency | None = None

    def steps(self, now: datetime) -> UseCase[OrderStanding]:
        """Load what has the id of the order, decide, save."""
        actor, known = yield from chosen_by(self, self.actor, self.customer, Permission.USAGE_MANAGE)
        require_unblocked(known, now)
        stored = yield from stored_credits(self, self.customer, frozenset({self.order}))
        pack = yield from ask(lambda ports: ports.host.credit_pack(self.tenant, self.pack))
        if pack is None:
            raise UnknownPack(pack=self.pack)
        pack = believed(pack, CreditPack, self.pack)
        decision = credit.order_pack(stored.state, pack, self.order, currency=self.currency, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        return _order(decision.state, self.order, now)


@frozen(kw_only=True, field_transformer=checked)
class NotePackPayment(Command[OrderStanding]):
    """Take note that an order of credits was paid; refuses as `credits.note_payment()` does.

    To be sent by the host's payment code: *paid* is what it took, and is held against the price.
    """

    rule: ClassVar[str] = "ALU-10"

    customer: Id
    order: Id
    paid: Money | None = None

    def steps(self, now: datetime) -> UseCase[OrderStanding]:
        """Load the order, decide, save."""
        policy = yield from ask(lambda ports: ports.host.activation(self.tenant))
        decide = partial(credit.note_payment, order_id=self.order, policy=policy, paid=self.paid)
        return (yield from _change(self, Permission.ACCOUNTS_MANAGE, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class CancelPack(Command[OrderStanding]):
    """Withdraw an order of credits that was not paid; refuses as `credits.cancel_order()` does."""

    rule: ClassVar[str] = "ALU-9"

    customer: Id
    order: Id

    def steps(self, now: datetime) -> UseCase[OrderStanding]:
        """Load the order, decide, save."""
        decide = partial(credit.cancel_order, order_id=self.order)
        return (yield from _change(self, Permission.USAGE_MANAGE, decide, now, administrator=True))


@frozen(kw_only=True, field_transformer=checked)
class ActivatePack(Command[OrderStanding]):
    """Make the credits of a paid order spendable; refuses as `credits.activate()` does."""

    rule: ClassVar[str] = "ALU-10"

    customer: Id
    order: Id

    def steps(self, now: datetime) -> UseCase[OrderStanding]:
        """Load the order, decide, save."""
        decide = partial(credit.activate, order_id=self.order)
        return (yield from _change(self, Permission.ACCOUNTS_MANAGE, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class RefundPack(Command[OrderStanding]):
    """Take the credits of an order back, whose payment the host gives back; refuses as `credits.refund()` does."""

    rule: ClassVar[str] = "ALU-9"

    customer: Id
    order: Id
    policy: RefundPolicy = RefundPolicy.REFUSE

    def steps(self, now: datetime) -> UseCase[OrderStanding]:
        """Load the order and its grant, decide, save."""
        decide = partial(credit.refund, order_id=self.order, policy=self.policy)
        return (yield from _change(self, Permission.ACCOUNTS_MANAGE, decide, now))


_Decide = Callable[..., Decision[CreditAccount, Any]]


def _change(
    command: NotePackPayment | CancelPack | ActivatePack | RefundPack,
    permission: Permission,
    decide: _Decide,
    now: datetime,
    *,
    administrator: bool = False,
) -> UseCase[OrderStanding]:
    """What becomes of the order that *command* names."""
    account = yield from _decided(command, permission, command.order, decide, now, administrator=administrator)
    return _order(account, command.order, now)


def _decided(
    command: Any,
    permission: Permission,
    named: str | None,
    decide: _Decide,
    now: datetime,
    *,
    administrator: bool = False,
) -> UseCase[CreditAccount]:
    """The credits of the customer after *decide*, saved; loaded with what is open, and the order or grant *named*."""
    actor = yield from authorized(command, command.actor, command.customer, permission, administrator=administrator)
    stored = yield from stored_credits(command, command.customer, frozenset(() if named is None else (named,)))
    decision = decide(stored.state, by=actor, now=now)
    yield from save(command, decision.state, stored.version, decision.events)
    return decision.state


@frozen(kw_only=True, field_transformer=checked)
class GrantCredits(Command[CreditsStanding]):
    """Grant credits without an order; refuses as `credits.grant()` does."""

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    grant: Grant

    def steps(self, now: datetime) -> UseCase[CreditsStanding]:
        """Load what has the id of the grant, decide, save."""
        decide = partial(credit.grant, credit=self.grant)
        return _stand((yield from _decided(self, Permission.ACCOUNTS_MANAGE, self.grant.id, decide, now)), now)


@frozen(kw_only=True, field_transformer=checked)
class VoidGrant(Command[CreditsStanding]):
    """End a grant now, so that what is left of it is lost; refuses as `credits.void()` does."""

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    grant: Id

    def steps(self, now: datetime) -> UseCase[CreditsStanding]:
        """Load the grant, decide, save."""
        decide = partial(credit.void, grant_id=self.grant)
        return _stand((yield from _decided(self, Permission.ACCOUNTS_MANAGE, self.grant, decide, now)), now)


@frozen(kw_only=True, field_transformer=checked)
class SpendCredits(Command[CreditsStanding]):
    """Spend *amount* credits, all or none; refuses as `credits.spend()` does.

    Before that it refuses with `ClientBlocked`, `TrialEnded` and `PlanNotInForce`, in this order.
    """

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    amount: Quantity

    def steps(self, now: datetime) -> UseCase[CreditsStanding]:
        """Load what is open, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE)
        yield from require_open(self, self.customer, now)
        stored = yield from stored_credits(self, self.customer, frozenset())
        decision = credit.spend(stored.state, self.amount, by=actor, now=now)
        yield from save(self, decision.state, stored.version, decision.events)
        burned = tuple(movement for event in decision.events for movement in event.movements)
        return CreditsStanding(standing=credit.standing(decision.state, now), burned=burned)


@frozen(kw_only=True, field_transformer=checked)
class ResetCredits(Command[CreditsStanding]):
    """Begin the count of what *customer* spends anew once, now; as `credits.reset()`.

    For a count that begins anew every month, open the credits with a cycle of resets, which need no command.
    """

    rule: ClassVar[str] = "ALU-8"

    customer: Id
    keep_overage: bool = True

    def steps(self, now: datetime) -> UseCase[CreditsStanding]:
        """Load what is open, decide, save."""
        decide = partial(credit.reset, keep_overage=self.keep_overage)
        return _stand((yield from _decided(self, Permission.ACCOUNTS_MANAGE, None, decide, now)), now)


@frozen(kw_only=True, field_transformer=checked)
class ReadCredits(Query[CreditsStanding]):
    """How the credits of *customer* stand; its main administrator may read it, too.

    Attributes:
        at: The instant of which it is asked, past or to come; `None` for now.

    Refuses with `InvalidArgument` when *at* lies more than 366 days ahead.
    """

    actor: UserId
    customer: Id
    at: Instant | None = None

    def steps(self, now: datetime) -> UseCase[CreditsStanding]:
        """Load what is open; of an instant that is past, the history."""
        yield from authorized(self, self.actor, self.customer, Permission.USAGE_MANAGE, administrator=True)
        if self.at is not None and self.at - now > timedelta(days=_DAYS_AHEAD):
            expected = f"at most {_DAYS_AHEAD} days ahead of now"
            raise InvalidArgument(parameter="at", expected=expected, got="a later instant")
        if self.at is None or self.at >= now:
            account = (yield from stored_credits(self, self.customer, frozenset())).state
            return _stand(account, now if self.at is None else self.at)
        history = yield from ask(lambda ports: ports.work.history(self.tenant, AggregateKind.CREDITS, self.customer))
        if not history or history[0].event.at > self.at:
            raise UnknownAccount(account=self.customer)
        return _stand(credit.as_of((envelope.event for envelope in history), self.at), self.at)
