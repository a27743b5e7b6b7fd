"""Use cases of subscriptions: change, renew, pause and cancel what a customer subscribed to."""

from abc import abstractmethod
from datetime import datetime
from typing import ClassVar

from attrs import frozen

from licensing_core import accounts
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import Books, BooksDecision
from licensing_core.accounts.books import subscribed
from licensing_core.billing import ItemChange, Quote, When
from licensing_core.checks import Id, Instant, UserId, checked
from licensing_core.directory import Actor
from licensing_core.periods import Cycle
from licensing_core.services.bills import MANAGE, BooksChanged, decided_on
from licensing_core.services.customers import authorized, chosen_by, require_unblocked, stored_customer
from licensing_core.services.engine import Command, Query, UseCase
from licensing_core.subscriptions import EndOf, Subscribed, SubscriptionDecision, SubscriptionState, state_at


@frozen(kw_only=True, field_transformer=checked)
class SubscriptionCommand(Command[BooksChanged]):
    """What the commands about one subscription of a customer have in common."""

    for_administrator: ClassVar[bool] = False
    """Whether the main administrator of the customer may, too, while the customer is not blocked."""

    customer: Id
    subscription: Id

    @abstractmethod
    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """What happens to the subscription, which would be billed with *document*."""

    def authorize(self, actor: Actor) -> None:
        """Refuse *actor* what takes the permission, whoever they are; nothing does, but for some commands."""

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load, decide, save."""
        actor, known = yield from chosen_by(self, self.actor, self.customer, MANAGE)
        if not self.for_administrator:
            actor.require(MANAGE)
        self.authorize(actor)
        require_unblocked(known, now)

        def decide(books: Books) -> BooksDecision:
            return accounts.carry_out(
                books,
                self.subscription,
                lambda state, document: self.decided(state, document, by=actor, now=now),
                by=actor,
                now=now,
            )

        return (yield from decided_on(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class CancelSubscription(SubscriptionCommand):
    """End a subscription; refuses as `subscriptions.cancel()` does.

    The main administrator of the customer may, too (ALU-6), while it is not blocked: now, or with what is paid for.
    Other ends, an end of billing apart from that of access, and *credit* take the permission.
    """

    rule: ClassVar[str] = "ALU-6"
    for_administrator: ClassVar[bool] = True

    access: Instant | EndOf = EndOf.TERM
    billing: Instant | EndOf | None = None
    credit: bool = False

    def authorize(self, actor: Actor) -> None:
        """To give credit, or access that is not paid for, takes the permission."""
        if self.credit or self.billing is not None or not isinstance(self.access, EndOf):
            actor.require(MANAGE)

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Cancel it."""
        return subscribing.cancel(state, self.access, self.billing, credit=self.credit, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class WithdrawCancellation(SubscriptionCommand):
    """Take a cancellation back; refuses as `subscriptions.withdraw_cancellation()` does.

    The main administrator of the customer may, too (ALU-6), while it is not blocked.
    """

    rule: ClassVar[str] = "ALU-6"
    for_administrator: ClassVar[bool] = True

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Take it back."""
        return subscribing.withdraw_cancellation(state, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class ChangeSubscription(SubscriptionCommand):
    """Change what a subscription sells; in its trial, what it turns into.

    Refuses as `subscriptions.change()`, `schedule_change()` and `change_trial()` do.

    Attributes:
        effective: An instant, or the end of the period; `None` for now.
        change_id: Of a change that is to wait: by it the change can be taken back; by default the key of the command.
        confirmed: The quote of `QuoteChange` that was confirmed, for a change now.
    """

    rule: ClassVar[str] = "LAT-5"

    change: ItemChange
    effective: Instant | When | None = None
    change_id: Id | None = None
    confirmed: Quote | None = None

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Change it now, or note the change."""
        if self.effective is not None:
            name = self.change_id or self.key
            return subscribing.schedule_change(state, self.change, self.effective, change_id=name, by=by, now=now)
        if state_at(state.subscription, now) is SubscriptionState.TRIAL:
            return subscribing.change_trial(state, self.change, by=by, now=now)
        return subscribing.change(state, self.change, document=document, confirmed=self.confirmed, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class QuoteChange(Query[Quote]):
    """What `ChangeSubscription` would charge and give back now, to be confirmed with it.

    Refuses as `subscriptions.quote_change()` does.
    """

    actor: UserId
    customer: Id
    subscription: Id
    change: ItemChange

    def steps(self, now: datetime) -> UseCase[Quote]:
        """Load the account, and quote."""
        yield from authorized(self, self.actor, self.customer, MANAGE)
        account = (yield from stored_customer(self, self.customer)).state
        state = subscribed(account, accounts.subscription_of(account, self.subscription))
        return subscribing.quote_change(state, self.change, now=now)


@frozen(kw_only=True, field_transformer=checked)
class WithdrawChange(SubscriptionCommand):
    """Take back a change that waits; refuses as `subscriptions.withdraw_change()` does."""

    rule: ClassVar[str] = "D-11"

    change_id: Id

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Take it back."""
        return subscribing.withdraw_change(state, self.change_id, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class RenewSubscription(SubscriptionCommand):
    """Renew by hand for one period more, with a proforma; refuses as `subscriptions.renew()` does.

    The main administrator of the customer may, too (LAT-5), while it is not blocked.
    """

    rule: ClassVar[str] = "DOC-53"
    for_administrator: ClassVar[bool] = True

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Renew it."""
        return subscribing.renew(state, document=document, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class ConvertTrial(SubscriptionCommand):
    """Turn a trial into a subscription that is paid for; refuses as `subscriptions.convert()` does.

    The main administrator of the customer may, too, while it is not blocked.
    """

    rule: ClassVar[str] = "PLZ-11"
    for_administrator: ClassVar[bool] = True

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Convert it."""
        return subscribing.convert(state, document=document, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class PauseSubscription(SubscriptionCommand):
    """Stop access and billing until it is resumed; refuses as `subscriptions.pause()` does."""

    rule: ClassVar[str] = "D-13"

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Pause it."""
        return subscribing.pause(state, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class ResumeSubscription(SubscriptionCommand):
    """Go on with what was paused, with a proforma that is due today; refuses as `subscriptions.resume()` does."""

    rule: ClassVar[str] = "D-13"

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Resume it."""
        return subscribing.resume(state, document=document, by=by, now=now)


@frozen(kw_only=True, field_transformer=checked)
class AlignSubscription(SubscriptionCommand):
    """Let a subscription renew to a common date; refuses as `subscriptions.align()` does."""

    rule: ClassVar[str] = "D-7"

    cycle: Cycle

    def decided(self, state: Subscribed, document: str, *, by: Actor, now: datetime) -> SubscriptionDecision:
        """Note the common cycle."""
        return subscribing.align(state, self.cycle, by=by, now=now)
