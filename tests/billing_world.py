"""One-line builders of quotes, ledgers and billed items."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import reduce
from typing import Any

from attrs import evolve

from licensing_core.billing import (
    Billed,
    BilledItem,
    BillingPolicy,
    CreditLine,
    DocumentNumber,
    FixedDiscount,
    ItemBilled,
    ItemChange,
    ItemDecision,
    ItemTerms,
    Ledger,
    LinesBooked,
    LineValue,
    PaymentBooked,
    PercentDiscount,
    Quote,
    QuoteLine,
    Reason,
    TaxRate,
    TaxTerms,
    When,
    advance_item,
    book,
    change_item,
    items,
    ledger,
    line,
    next_due,
    open_ledger,
    pay,
    quote_change,
    schedule_change,
    start_item,
)
from licensing_core.currencies import Currency
from licensing_core.decisions import Event
from licensing_core.directory import Actor
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.pricing import FlatPrice, Tier, TieredPrice, Tiering, UnitPrice
from licensing_core.proration import LICENSING_CORE, Convention, Net, preset

BY = Actor("billing")
EUR = Currency("EUR")
MONTH, YEAR = Duration(months=1), Duration(months=12)
VAT, SURCHARGE = TaxRate(id="vat", percent=21), TaxRate(id="re", percent=5)  # type: ignore[arg-type]


def at(month: int, day: int, hour: int = 12, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def money(text: str) -> Money:
    return Money.parse(text)


def each(text: str) -> UnitPrice:
    return UnitPrice(Money.parse(text))


def flat(text: str) -> FlatPrice:
    return FlatPrice(Money.parse(text))


def sold(*amounts: str, rates: tuple[TaxRate, ...] = (), taxes: TaxTerms | None = None) -> Quote:
    """A quote of one line for each amount, for no period."""
    return quote_of(*(line("base", 1, each(amount), rates=rates) for amount in amounts), taxes=taxes)


def quote_of(*lines: Any, taxes: TaxTerms | None = None) -> Quote:
    currency = lines[0].currency if lines else EUR
    return Quote(currency=currency, lines=lines, taxes=taxes or TaxTerms())


def a_ledger(currency: str = "EUR") -> Ledger:
    return open_ledger("acme", Currency(currency), by=BY, now=at(4, 1)).state


def booked(quote: Quote, document: str = "inv-1", *, onto: Ledger | None = None) -> Ledger:
    return book(onto or a_ledger(quote.currency.code), quote, document=document, by=BY, now=at(4, 1)).state


def paid(held: Ledger, amount: str, document: str = "inv-1") -> Ledger:
    return pay(held, document, money(amount), by=BY, now=at(4, 1)).state


def number(of: int = 1, on: date = date(2026, 4, 1), series: str = "F-") -> DocumentNumber:
    return DocumentNumber(series=series, number=of, issued_on=on)


def monthly(anchor: date = date(2026, 4, 1), zone: str = "UTC") -> Cycle:
    return Cycle(anchor, MONTH, zone)


def terms(price: str = "30.00 EUR", quantity: int = 1, *, cycle: Cycle | None = None, **others: Any) -> ItemTerms:
    """Units at a price a month; in April 2026 one at 30.00 is 1.00 for each day."""
    return ItemTerms(item="base", price=each(price), quantity=quantity, cycle=cycle or monthly(), **others)


def start(
    of: ItemTerms,
    *,
    now: datetime | None = None,
    convention: Convention = LICENSING_CORE,
    taxes: TaxTerms | None = None,
    onto: Ledger | None = None,
    item: str = "seats",
) -> ItemDecision:
    policy = BillingPolicy(convention=convention, taxes=taxes or TaxTerms())
    held = onto or a_ledger(of.price.currency.code)
    return start_item(item, of, policy=policy, ledger=held, document="inv-1", by=BY, now=now or at(4, 1))


def running(of: ItemTerms | None = None, *, pays: bool = True, **others: Any) -> Billed:
    """An item that has begun, by default on the first of April with one unit at 30.00, and is paid."""
    state = start(of or terms(), **others).state
    return settled(state) if pays else state


def settled(state: Billed) -> Billed:
    """All that is owed is paid from outside."""
    held = state.ledger
    for document in dict.fromkeys(one.document for one in held.lines.values()):
        if owed := held.outstanding(document):
            held = pay(held, document, owed, by=BY, now=at(4, 1)).state
    return evolve(state, ledger=held)


def changed(state: Billed, now: datetime, document: str = "inv-2", **different: Any) -> Billed:
    return change_item(state, ItemChange(**different), document=document, by=BY, now=now).state


def all_due(state: Billed, now: datetime) -> tuple[Billed, list[ItemBilled]]:
    """*state* after all that is due at *now*, each under a document of its own, and what was billed."""
    found: list[ItemBilled] = []
    while (due := next_due(state.item)) is not None and due <= now:
        decision = advance_item(state, document=f"adv-{state.item.lines}-{len(found)}", by=BY, now=now)
        (event,) = billed_of(decision)
        state = decision.state
        found.append(event)
    return state, found


def billed_of(decision: ItemDecision) -> list[ItemBilled]:
    return [event for event in decision.events if isinstance(event, ItemBilled)]


def quoted(decision: ItemDecision) -> Quote:
    """What a decision has booked."""
    (event,) = billed_of(decision)
    return event.quote


def charges(quote: Quote) -> list[str]:
    return [str(one.amount) for one in quote.charges]


def credits_of(quote: Quote) -> list[str]:
    return [str(one.amount) for one in quote.credits]


def moved(quote: Quote) -> Money:
    """Charges less credits, whatever was paid of what is credited."""
    amounts = [one.amount if isinstance(one, QuoteLine) else -one.amount for one in quote.lines]
    return Money.sum(amounts, quote.currency)


def replayed_item(start_: BilledItem, events: Sequence[Event]) -> BilledItem:
    return reduce(items.apply, [e for e in events if isinstance(e, items.ItemEvent)], start_)


def replayed_ledger(start_: Ledger, events: Sequence[Event]) -> Ledger:
    return reduce(ledger.apply, [e for e in events if isinstance(e, ledger.LedgerEvent)], start_)


def per_line(events: Sequence[Event]) -> dict[str, Counter[str]]:
    """For each of *charged*, *credited*, *paid* and *returned* the minor units by line, as the events say it."""
    names = ("charged", "credited", "paid", "returned")
    found: dict[str, Counter[str]] = {name: Counter() for name in names}
    for event in events:
        if isinstance(event, LinesBooked):
            for charge in event.charged:
                found["charged"][charge.id] += charge.amount.minor
            for credit in event.credited:
                found["credited"][credit.line] += credit.amount.minor
                found["returned"][credit.line] += credit.credit.minor
        if isinstance(event, PaymentBooked):
            for name, part in event.parts.items():
                found["paid"][name] += part.minor
    return found


ACT: dict[str, Any] = {"document": "inv-2", "by": BY}
SECONDS, DAY_IS_OLD, NET_ONCE = preset("stripe"), preset("lago"), Convention(net=Net.ONCE)
TRIAL = PercentDiscount(id="trial", percent=Fraction(100))
HALF_OFF = PercentDiscount(id="half", percent=Fraction(50))
FIVE_OFF = FixedDiscount(id="five", amount=money("5.00 EUR"))
YEN, YEN_OFF = each("10 JPY"), FixedDiscount(id="yen", amount=money("1 JPY"))
STEPS = TieredPrice(
    (Tier(up_to=2, unit=money("30.00 EUR")), Tier(up_to=None, unit=money("12.00 EUR"))), Tiering.GRADUATED
)


def change(state: Billed, now: datetime, **different: Any) -> Quote:
    """What a change would come to."""
    return quote_change(state, ItemChange(**different), now=now)


def scheduled(
    state: Billed, effective: datetime | When, now: datetime | None = None, *, name: str | None = None, **different: Any
) -> Billed:
    """The item with one more change that waits, under an id of its own: c1, c2, ..."""
    name = name or f"c{len(state.item.scheduled) + 1}"
    different_ = ItemChange(**different)
    return schedule_change(state, different_, effective, change_id=name, by=BY, now=now or at(4, 2)).state


def amounts(quote: Quote) -> tuple[list[str], list[str]]:
    return credits_of(quote), charges(quote)


def credit(held: Ledger, amount: str, line_id: str = "inv-1:1") -> CreditLine:
    """So much of a line, given back."""
    asked = money(amount)
    return held.line(line_id).credit_of(asked.minor, None, Reason.CORRECTION)


def credited(held: Ledger, amount: str, line_id: str = "inv-1:1", document: str = "cn-1") -> Ledger:
    return book(held, quote_of(credit(held, amount, line_id)), document=document, by=BY, now=at(4, 1)).state


def brought(**others: Any) -> LineValue:
    """A line from another system: 30.00 charged and paid."""
    nothing = money("0.00 EUR")
    plain: dict[str, Any] = {
        "id": "old:1",
        "document": "old",
        "item": "base",
        "exact_price": Fraction(3000),
        "amount": money("30.00 EUR"),
        "credited": nothing,
        "paid": money("30.00 EUR"),
        "returned": nothing,
    }
    return LineValue(**{**plain, **others})
