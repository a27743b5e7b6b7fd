"""Quotes and chains of changes against themselves: ten times the work may cost little more than ten times as much.

A quote is its lines, each for a part of one month by days, with one tax rate on each, and what is due on it, read.
A chain is the changes of one item within one month, 40 minutes from one to the next, each with a document of its own;
what it starts from is made before the clock starts, and so are its instants.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from bench.harness import Row
from licensing_core.billing import (
    Billed,
    ItemChange,
    ItemTerms,
    Quote,
    QuoteLine,
    TaxRate,
    TaxTerms,
    change_item,
    line,
    open_ledger,
    start_item,
)
from licensing_core.currencies import Currency
from licensing_core.directory import Actor
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, Span
from licensing_core.pricing import UnitPrice

EUR = Currency("EUR")
ANA = Actor("ana")
PRICE = UnitPrice(Money.parse("49.90 EUR"))
VAT = (TaxRate(id="vat", percent=Fraction(21)),)
TAXES = TaxTerms()
MAY = Span(date(2026, 5, 1), date(2026, 6, 1))
LINES = [(f"plan-{number}", 25 + number, Span(date(2026, 5, 5 + number), MAY.end)) for number in range(10)]

MADRID = "Europe/Madrid"
BEGAN = datetime(2026, 5, 1, 9, tzinfo=UTC)
TURNS = (ItemChange(quantity=30), ItemChange(quantity=25))
CHANGES = [(TURNS[number % 2], f"inv-{number}", BEGAN + timedelta(minutes=40 * (number + 1))) for number in range(1000)]


def quote_of(count: int) -> Callable[[], None]:
    """Quotes of *count* lines; ten in turn, so that one line is none in particular."""
    starts = range(10) if count == 1 else [0]

    def quote() -> None:
        for start in starts:
            lines = [_line(*one) for one in LINES[start : start + count]]
            Quote(currency=EUR, lines=tuple(lines), taxes=TAXES).due  # noqa: B018

    return quote


def _line(item: str, quantity: int, billed: Span) -> QuoteLine:
    return line(item, quantity, PRICE, billed=billed, period=MAY, rates=VAT)


def start_state() -> Billed:
    """An item of 25 seats, charged for its first month."""
    terms = ItemTerms(item="base", price=PRICE, quantity=25, cycle=Cycle(MAY.start, Duration(months=1), MADRID))
    ledger = open_ledger("acme", EUR, by=ANA, now=BEGAN).state
    return start_item("seats", terms, ledger=ledger, document="inv-start", by=ANA, now=BEGAN).state


def chain_of(count: int) -> Callable[[], Billed]:
    """The first *count* changes, one after the other."""
    start, changes = start_state(), CHANGES[:count]

    def chain() -> Billed:
        state = start
        for change, document, now in changes:
            state = change_item(state, change, document=document, by=ANA, now=now).state
        return state

    return chain


def rows() -> list[Row]:
    """Goals 3a and 3b: what grows with lines and changes grows no faster than they do."""
    long, short = chain_of(1000), chain_of(100)
    if len(short().ledger.lines) != 101:
        raise AssertionError("each change books one line")
    return [
        Row(
            "3a",
            "a quote of ten lines, prorated and taxed",
            "a quote of one",
            quote_of(10),
            quote_of(1),
            at_most=12,
            theirs_per=10,
        ),
        Row(
            "3b",
            "a change in a chain of 1,000",
            "a change in a chain of 100",
            long,
            short,
            at_most=1.3,
            ours_per=1000,
            theirs_per=100,
        ),
    ]
