"""The laws of quotes, ledgers and changes: nothing is lost to rounding, and no credit passes what was paid (L5, L6).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import reduce
from random import Random
from typing import Final

from attrs import evolve

from licensing_core import billing, serde
from licensing_core.billing import Billed, Discount, ItemChange, Ledger, Quote, QuoteLine
from licensing_core.billing.ledger import LedgerEvent, apply, opened
from licensing_core.currencies import Currency
from licensing_core.directory import Actor
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice, PackagePrice, Price, Tier, TieredPrice, Tiering, UnitPrice
from licensing_core.proration import PRESETS, Base, Convention, Count, Stage, Stub
from licensing_core.testing.law import require

CURRENCIES: Final = tuple(map(Currency, ("JPY", "EUR", "KWD")))
"""One each of 0, 2 and 3 digits."""
BY: Final = Actor("billing")
_MONTH: Final = Cycle(date(2024, 1, 31), Duration(months=1), "Europe/Madrid")
_FIRST: Final = datetime(2024, 1, 31, 9, tzinfo=UTC)
_CONVENTIONS: Final = tuple(dict.fromkeys(PRESETS.values()))

Step = tuple[datetime, ItemChange, int]
"""When a change is made, which, and how many percent of what is owed are paid before it."""


def start(convention: Convention, terms: billing.ItemTerms, at: datetime, taxes: billing.TaxTerms) -> Billed:
    """An item that begins at *at*, with a ledger of its own."""
    ledger = billing.open_ledger("acme", terms.price.currency, by=BY, now=at).state
    policy = billing.BillingPolicy(convention=convention, taxes=taxes)
    return billing.start_item("seats", terms, policy=policy, ledger=ledger, document="d0", by=BY, now=at).state


def go(state: Billed, steps: Sequence[Step]) -> Billed:
    """*state* after *steps*, each with a document of its own, and what is owed paid in part before it."""
    for number, (at, change, percent) in enumerate(steps, 1):
        paid = pay_some(state, percent, at)
        state = billing.change_item(paid, change, document=f"d{number}", by=BY, now=at).state
    return state


def pay_some(state: Billed, percent: int, at: datetime) -> Billed:
    """*state* after so many percent of what is owed on each document were paid."""
    ledger = state.ledger
    for document in dict.fromkeys(one.document for one in ledger.lines.values()):
        amount = ledger.outstanding(document).scaled(Fraction(percent, 100))
        if amount:
            ledger = billing.pay(ledger, document, amount, by=BY, now=at).state
    return evolve(state, ledger=ledger)


def a_chain_holds_its_exact_value(state: Billed, steps: Sequence[Step]) -> None:
    """A chain of changes sums to the exact value consumed, within one minor unit for each line."""
    after = go(state, steps)
    exact = total = Fraction(0)
    for line in after.ledger.lines.values():
        used = evolve(line, credited=_none(line), paid=_none(line), returned=_none(line)).worth(line.billed)
        exact += used.exact
        total += line.left.minor
    off = abs(total - exact)
    require(off <= len(after.ledger.lines), "a chain keeps its exact value", state=state, steps=steps, off=off)


def _none(line: billing.LineValue) -> Money:
    return Money.zero(line.currency)


def no_credit_above_the_ledger(state: Billed, steps: Sequence[Step]) -> None:
    """L6, decision 13. Of no line comes back more than was paid on it, nor is more taken off than was charged."""
    before = state.ledger
    for number in range(len(steps) + 1):
        after = go(state, steps[:number]).ledger
        for name, line in after.lines.items():
            case = {"line": line, "steps": steps[:number]}
            require(line.returned <= line.paid, "no more comes back than was paid", **case)
            require(line.credited <= line.amount, "no more is taken off than was charged", **case)
            require(line.outstanding.minor >= 0, "nobody owes less than nothing", **case)
            if name in before.lines:
                require(line.credited >= before.lines[name].credited, "what was taken off stays off", **case)
        back = sum(line.returned.minor for line in after.lines.values())
        require(after.balance.minor == back, "all that comes back is in credit", ledger=after, steps=steps[:number])
        before = after


def a_change_undone_nets_to_zero(state: Billed, change: ItemChange, back: ItemChange, at: datetime) -> None:
    """A change and its undoing at the same instant cost nothing, within one minor unit."""
    there = billing.change_item(state, change, document="d1", by=BY, now=at).state
    again = billing.change_item(there, back, document="d2", by=BY, now=at).state
    net = _left(again.ledger) - _left(state.ledger)
    require(abs(net) <= 1, "a change undone nets to zero", state=state, change=change, at=at, net=net)


def _left(ledger: Ledger) -> int:
    return sum(line.left.minor for line in ledger.lines.values())


def independent_changes_commute(state: Billed, one: ItemChange, other: ItemChange, at: datetime) -> None:
    """Two changes of different parts, asked for one instant in either order, come to the same quote."""
    asked = []
    before = at - timedelta(hours=1)
    for first, second in ((one, other), (other, one)):
        waiting = billing.schedule_change(state, first, at, change_id="a", by=BY, now=before).state
        waiting = billing.schedule_change(waiting, second, at, change_id="b", by=BY, now=before).state
        asked.append(billing.advance_item(waiting, document="d1", by=BY, now=at).state)
    same = asked[0].ledger == asked[1].ledger and asked[0].item.terms == asked[1].item.terms
    require(same, "the order of independent changes does not matter", state=state, one=one, other=other, at=at)


def what_is_previewed_is_booked(state: Billed, change: ItemChange, at: datetime) -> None:
    """The preview is what is booked, byte for byte; and the same command again does nothing (L6)."""
    preview = billing.quote_change(state, change, now=at)
    decision = billing.change_item(state, change, document="d1", by=BY, now=at, confirmed=preview)
    booked = [serde.dumps(event.quote) for event in decision.events if isinstance(event, billing.ItemBilled)]
    same = booked == [serde.dumps(preview)] if booked else not preview.lines
    require(same, "the preview is what is booked", state=state, change=change, at=at)
    again = billing.change_item(decision.state, change, document="d2", by=BY, now=at)
    require(not again.events, "a change made twice is made once", state=state, change=change, at=at)


def charge_and_reversal_are_zero(quote: Quote, percent: int, at: datetime) -> None:
    """A document that is taken back leaves nothing owed, and in credit exactly what was paid."""
    decision = billing.open_ledger("acme", quote.currency, by=BY, now=at)
    events: list[LedgerEvent] = []
    booked = billing.book(decision.state, quote, document="d1", by=BY, now=at)
    ledger, paid = booked.state, quote.charged.scaled(Fraction(percent, 100))
    events += booked.events
    if paid:
        payment = billing.pay(ledger, "d1", paid, by=BY, now=at)
        ledger, events = payment.state, [*events, *payment.events]
    if quote.charges:
        taken_back = billing.book(ledger, billing.reversal(ledger, "d1"), document="d2", by=BY, now=at)
        ledger, events = taken_back.state, [*events, *taken_back.events]
    case = {"quote": quote, "percent": percent, "ledger": ledger}
    require(not ledger.outstanding(), "nothing is owed", **case)
    require(ledger.balance == paid, "what was paid is in credit", **case)
    require(_left(ledger) == 0, "charge and reversal are zero", **case)
    require(reduce(apply, events, opened(decision.events[0])) == ledger, "replay rebuilds the ledger (L7)", **case)


def a_document_sums_to_itself(quote: Quote, at: date) -> None:
    """L5. Lines, taxes and totals add up, in the quote, in the document and in the ledger alike."""
    number = billing.Series("F-").following(None, at)
    made = billing.issue(billing.DocumentKind.INVOICE, quote, document="d1", number=number, customer="acme")
    lines = sum(one.net.minor + sum(tax.amount.minor for tax in one.taxes) for one in made.lines)
    taxes = sum(tax.amount.minor for tax in made.taxes)
    case = {"quote": quote, "document": made}
    require(made.total.minor == lines, "the lines sum to the total", **case)
    require(made.net.minor + taxes == lines, "net and taxes sum to the total", **case)
    require(made.total == quote.charged, "the document says what the quote said", **case)
    require(all(tax.amount.minor >= 0 for tax in made.taxes), "no tax is negative", **case)


def a_fixed_discount_is_shared_out(lines: Sequence[QuoteLine], discount: billing.FixedDiscount, on: date) -> None:
    """What a fixed amount takes off all lines is that amount, or all that they come to; none falls below zero."""
    off = billing.discounts_for([one.exact_price for one in lines], (discount,), on=on)
    total = sum((one.exact for found in off for one in found), Fraction(0))
    prices = sum((one.exact_price for one in lines), Fraction(0))
    case = {"lines": lines, "discount": discount, "off": off}
    whole = Fraction(discount.amount.minor)
    require(total == min(whole, prices) or 0 <= whole - total < 1 <= whole, "a fixed discount is shared out", **case)
    for line, found in zip(lines, off, strict=True):
        require(sum(one.exact for one in found) <= line.exact_price, "no line falls below zero", **case)


# Cases, from a source of random numbers that the caller seeds.


def any_price(rng: Random, currency: Currency) -> Price:
    """A price of any kind; 0 at times."""

    def amount() -> Money:
        return Money(rng.choice((0, 1, 1000, rng.randrange(100), rng.randrange(10**6))), currency)

    kind = rng.randrange(4)
    if kind == 0:
        return FlatPrice(amount())
    if kind == 1:
        return UnitPrice(amount(), per=rng.choice((1, 1, 7)), included=rng.choice((0, 0, 3)))
    if kind == 2:
        return PackagePrice(amount(), rng.randint(1, 9))
    tiers = (Tier(up_to=rng.randint(1, 9), unit=amount(), flat=amount()), Tier(up_to=None, unit=amount()))
    return TieredPrice(tiers, rng.choice(tuple(Tiering)), minimum=rng.choice((None, amount())))


def any_rates(rng: Random) -> tuple[billing.TaxRate, ...]:
    """None, one or two taxes."""
    rates = (billing.TaxRate(id="vat", percent=Fraction(21)), billing.TaxRate(id="re", percent=Fraction(26, 5)))
    return rates[: rng.choice((0, 1, 1, 2))]


def any_taxes(rng: Random) -> billing.TaxTerms:
    """On top or within, for each line or in all."""
    treatment, rounding = rng.choice(tuple(billing.TaxTreatment)), rng.choice(tuple(billing.TaxRounding))
    return billing.TaxTerms(treatment=treatment, rounding=rounding)


def any_discounts(rng: Random, currency: Currency) -> tuple[Discount, ...]:
    """None, a coupon, a trial, or an amount."""
    percent = Fraction(rng.choice((10, 25, 33, 100)))
    some = (
        billing.PercentDiscount(id="coupon", percent=percent),
        billing.FixedDiscount(id="amount", amount=Money(rng.randint(1, 2000), currency)),
    )
    return some[: rng.choice((0, 0, 1, 2))]


def any_terms(rng: Random, currency: Currency | None = None) -> billing.ItemTerms:
    """Something sold by the month."""
    money = currency or rng.choice(CURRENCIES)
    return billing.ItemTerms(
        item="base",
        price=any_price(rng, money),
        quantity=rng.randint(1, 12),
        cycle=_MONTH,
        discounts=any_discounts(rng, money),
        rates=any_rates(rng),
    )


def any_start(rng: Random, conventions: Sequence[Convention] = _CONVENTIONS) -> Billed:
    """An item that begins at some hour of the first ten days of a period, under any convention."""
    at = _FIRST + timedelta(hours=rng.randrange(240))
    return start(rng.choice(conventions), any_terms(rng), at, any_taxes(rng))


def any_change(rng: Random, currency: Currency) -> ItemChange:
    """Another quantity, price, coupon or more than one of them."""
    change = ItemChange(quantity=rng.randint(1, 12)) if rng.random() < 0.7 else ItemChange()
    if change == ItemChange() or rng.random() < 0.4:
        change = evolve(change, price=any_price(rng, currency), item=rng.choice(("base", "pro")))
    return evolve(change, discounts=any_discounts(rng, currency)) if rng.random() < 0.2 else change


def any_steps(rng: Random, currency: Currency, most: int = 4) -> list[Step]:
    """Some changes at rising instants of the same period, now and then two at one."""
    hours = sorted(rng.choice((240, rng.randrange(240, 650))) for _ in range(rng.randint(1, most)))
    return [(_FIRST + timedelta(hours=h), any_change(rng, currency), rng.choice((0, 100, 37))) for h in hours]


def any_quote(rng: Random, least: int = 0) -> Quote:
    """*least* to four charges for no period, with coupons and taxes."""
    currency = rng.choice(CURRENCIES)
    lines = [
        billing.line(f"item{n}", rng.randint(1, 9), any_price(rng, currency), rates=any_rates(rng))
        for n in range(rng.randint(least, 4))
    ]
    coupons = any_discounts(rng, currency)
    return Quote(
        currency=currency,
        lines=billing.discounted(lines, coupons, on=_FIRST.date()),
        taxes=any_taxes(rng),
    )


def _exact(convention: Convention) -> bool:
    by_period = convention.base is Base.PERIOD and convention.count in (Count.DAYS, Count.SECONDS)
    return by_period and convention.stub is Stub.PRORATE and convention.stage is Stage.LINE


def _chain(rng: Random) -> None:
    state = any_start(rng, [one for one in _CONVENTIONS if _exact(one)])
    a_chain_holds_its_exact_value(state, any_steps(rng, state.ledger.currency))


def _credits(rng: Random) -> None:
    state = any_start(rng)
    no_credit_above_the_ledger(state, any_steps(rng, state.ledger.currency, 3))


def _undone(rng: Random) -> None:
    state = any_start(rng, [one for one in _CONVENTIONS if _exact(one)])
    terms = state.item.terms
    change = ItemChange(quantity=terms.quantity + rng.randint(1, 5), price=any_price(rng, state.ledger.currency))
    back = ItemChange(quantity=terms.quantity, price=terms.price)
    a_change_undone_nets_to_zero(state, change, back, _FIRST + timedelta(hours=rng.randrange(240, 650)))


def _order(rng: Random) -> None:
    state = any_start(rng)
    one = ItemChange(quantity=rng.randint(1, 12))
    other = ItemChange(price=any_price(rng, state.ledger.currency))
    independent_changes_commute(state, one, other, _FIRST + timedelta(hours=rng.randrange(250, 650)))


def _preview(rng: Random) -> None:
    state = any_start(rng)
    at = _FIRST + timedelta(hours=rng.randrange(240, 650))
    what_is_previewed_is_booked(state, any_change(rng, state.ledger.currency), at)


def _fixed(rng: Random) -> None:
    currency = rng.choice(CURRENCIES)
    lines = [billing.line(f"i{n}", rng.randint(1, 9), any_price(rng, currency)) for n in range(rng.randint(1, 5))]
    amount = Money(rng.choice((1, 1000, rng.randint(1, 10**7))), currency)
    a_fixed_discount_is_shared_out(lines, billing.FixedDiscount(id="off", amount=amount), _FIRST.date())


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("a chain of changes holds its exact value", _chain),
    ("L6 no credit above the ledger", _credits),
    ("a change undone nets to zero", _undone),
    ("independent changes commute", _order),
    ("L6 what is previewed is booked, once", _preview),
    (
        "charge and reversal are zero",
        lambda rng: charge_and_reversal_are_zero(any_quote(rng), rng.choice((0, 100, 37)), _FIRST),
    ),
    ("L5 a document sums to itself", lambda rng: a_document_sums_to_itself(any_quote(rng, least=1), _FIRST.date())),
    ("L5 a fixed discount is shared out", _fixed),
]
"""Name of each law, and what makes one case of it and checks it."""
