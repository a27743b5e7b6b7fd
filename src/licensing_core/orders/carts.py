"""A cart: several plans bought at once, each for its own beneficiary; all of them, or none."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Final

from attrs import field, frozen

from licensing_core.billing import Quote, require_confirmed
from licensing_core.checks import Id, InvalidArgument, UserId, Value, checked, instance
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Verdict, twin
from licensing_core.directory import Actor, Directory, Scope
from licensing_core.errors import LicensingError, Mistake
from licensing_core.money import Money
from licensing_core.orders.purchases import OrderEvent, Purchase, purchase
from licensing_core.plans import Offer, Offers
from licensing_core.visibility import BeneficiaryNotAllowed, PlanNotVisible, PurchaseBySuperadmin

MAX_LINES: Final = 100
"""The most lines of a cart."""


@frozen(kw_only=True, field_transformer=checked)
class CartLine(Value):
    """One plan in a cart.

    Attributes:
        plan: Id of the plan.
        pool: The id to give to the pool that it opens.
        beneficiary: Whom it is for; the buyer themselves when it is `None` (DOC-17).
        currency: Which of the plan's prices; not needed where there is only one.
    """

    plan: Id
    pool: Id
    beneficiary: Scope | None = None
    currency: Currency | None = None


def _some_each_its_own(_cart: "Cart", _attribute: object, lines: tuple[CartLine, ...]) -> None:
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidArgument(parameter="lines", expected=f"1 to {MAX_LINES} lines", got=str(len(lines)))
    if len({one.pool for one in lines}) < len(lines):
        raise InvalidArgument(parameter="lines", expected="a pool of its own for each line", got="one pool twice")


@frozen(kw_only=True, field_transformer=checked)
class Cart(Value):
    """What is to be bought at once.

    Attributes:
        recipient: Whom the rest of the cart is for: what the host sells beside subscriptions. The lines here go by
            their own beneficiary whatever it says (DOC-54).
    """

    lines: tuple[CartLine, ...] = field(validator=_some_each_its_own)
    recipient: UserId | None = None


@frozen(kw_only=True, field_transformer=checked)
class Checkout(Value):
    """What a cart came to.

    Attributes:
        purchases: Of each line, in the order of the cart.
        quotes: What to charge, one for each currency, in the order in which they come up; each line of the cart is one
            line of them.
        recipient: Whom the rest of the cart is for.
    """

    purchases: tuple[Purchase, ...]
    quotes: tuple[Quote, ...]
    recipient: UserId

    @property
    def due(self) -> tuple[Money, ...]:
        """The amount of each quote."""
        return tuple(quote.due for quote in self.quotes)


@frozen(kw_only=True)
class CartRefused(LicensingError):
    """Lines of the cart cannot be bought, so nothing was.

    Attributes:
        faults: The number of each such line, from 1, and the code of its refusal; `check_cart()` gives the refusals.
    """

    code: ClassVar[str] = "cart.refused"
    rules: ClassVar[tuple[str, ...]] = ("DOC-17",)
    faults: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        which = ", ".join(f"{number} ({code})" for number, code in self.faults)
        return f"nothing was bought: lines {which} are refused; change or remove them"


OffersByPlan = Mapping[str, Offer] | Offers
"""The plans of the lines by their ids; one that is missing is refused as one that the buyer does not see."""
_as_offers: Final = instance((Mapping, Offers))


def check_cart(
    actor: Actor, cart: Cart, *, offers: OffersByPlan, directory: Directory, zone: str, now: datetime
) -> tuple[Verdict, ...]:
    """Whether each line of *cart* could be bought, in order, each with its own reason."""
    return tuple(_verdict(_bought(actor, one, offers, directory, zone, now)) for one in cart.lines)


def _verdict(outcome: Decision[Purchase, OrderEvent] | LicensingError) -> Verdict:
    return Verdict.refuse(outcome) if isinstance(outcome, LicensingError) else Verdict.allow("DOC-17")


def _bought(
    actor: Actor, one: CartLine, offers: OffersByPlan, directory: Directory, zone: str, now: datetime
) -> Decision[Purchase, OrderEvent] | LicensingError:
    """The purchase of one line, or its refusal; a `Mistake` is raised."""
    offer: Offer | None = _as_offers("offers", offers).get(one.plan)
    if offer is None:
        return PurchaseBySuperadmin() if actor.is_superadmin else PlanNotVisible(plan=one.plan)
    if offer.plan.id != one.plan:
        raise InvalidArgument(parameter="offers", expected="each plan under its own id", got="one under another")
    try:
        return purchase(
            actor,
            offer,
            one.beneficiary,
            directory=directory,
            pool_id=one.pool,
            zone=zone,
            now=now,
            currency=one.currency,
        )
    except Mistake:
        raise
    except LicensingError as refusal:
        return refusal


def checkout(
    actor: Actor,
    cart: Cart,
    *,
    offers: OffersByPlan,
    directory: Directory,
    zone: str,
    now: datetime,
    confirmed: tuple[Money, ...] | None = None,
) -> Decision[Checkout, OrderEvent]:
    """Buy every line of *cart*, or nothing.

    Ask for the quotes first, by this very function with its decision let go, or by `QuoteCart`; then have them
    confirmed.

    Args:
        offers: The plans of the lines by their ids, or all that is for sale.
        zone: The zone in whose local time the validity is counted.
        confirmed: The amounts that were confirmed or paid, in the order of the quotes.

    Returns:
        The purchases and the quotes; the events are those of each purchase, in the order of the cart.

    Raises:
        CartRefused: Lines are refused; it names them all.
        BeneficiaryNotAllowed: The recipient is neither the buyer nor among those they manage (DOC-54).
        QuoteChanged: It does not cost what was *confirmed*.

    Source: DOC-17, DOC-54.
    """
    outcomes = [_bought(actor, one, offers, directory, zone, now) for one in cart.lines]
    faults = ((number, one.code) for number, one in enumerate(outcomes, 1) if isinstance(one, LicensingError))
    if named := tuple(faults):
        raise CartRefused(faults=named)
    recipient = cart.recipient or actor.id
    if recipient != actor.id and not directory.manages(actor, Scope.user(recipient)):
        raise BeneficiaryNotAllowed(beneficiary=Scope.user(recipient))
    bought = [one for one in outcomes if isinstance(one, Decision)]
    purchases = tuple(one.state for one in bought)
    quotes = _together(one.quote for one in purchases if one.quote is not None)
    require_confirmed(quotes, confirmed)
    state = Checkout(purchases=purchases, quotes=quotes, recipient=recipient)
    return Decision(state, tuple(event for one in bought for event in one.events))


def _together(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """One quote for each currency, with all the lines in that currency."""
    found: dict[Currency, Quote] = {}
    for quote in quotes:
        before = found.get(quote.currency)
        lines = quote.lines if before is None else (*before.lines, *quote.lines)
        found[quote.currency] = Quote(currency=quote.currency, lines=lines)
    return tuple(found.values())


can_check_out = twin(checkout, "DOC-17")
