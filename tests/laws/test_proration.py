"""The laws of shares and quotes, over cases that hypothesis finds; the seeded ones run in test_pools.py."""

from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from licensing_core.billing import Quote, line
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.periods import Span
from licensing_core.pricing import FlatPrice, Price, UnitPrice
from licensing_core.testing import laws_proration as laws
from licensing_core.testing import strategies_periods as periods

APRIL = Span(date(2024, 4, 1), date(2024, 5, 1))
FEBRUARY = Span(date(2024, 2, 1), date(2024, 3, 1))
spans = periods.spans()
amounts = st.builds(Money, st.integers(0, 10**12), st.sampled_from(laws.CURRENCIES))
prices: st.SearchStrategy[Price] = st.builds(UnitPrice, amounts) | st.builds(FlatPrice, amounts)


def near(span: Span) -> st.SearchStrategy[date]:
    """Days within *span* or a little beside it."""
    return st.integers(span.start.toordinal() - 9, span.end.toordinal() + 9).map(date.fromordinal)


@given(st.none() | spans, spans)
@example(FEBRUARY, APRIL)
@example(Span(date(2024, 4, 16), date(2024, 6, 1)), APRIL)
def test_a_share_is_a_part_of_one(part: Span | None, period: Span) -> None:
    laws.a_share_is_a_part_of_one(part, period)


@given(spans.flatmap(lambda span: st.tuples(st.just(span), st.sets(near(span), min_size=3, max_size=3))))
def test_shares_add_up(case: tuple[Span, set[date]]) -> None:
    period, days = case
    laws.shares_add_up(sorted(days), period)


@given(spans.flatmap(lambda span: st.tuples(st.just(span), near(span))))
def test_today_is_billed_and_all_days_after_it(case: tuple[Span, date]) -> None:
    laws.today_is_billed(*case)


@given(prices, st.integers(1, 1_000), st.none() | st.tuples(spans, st.integers(0, 1_000)))
@example(UnitPrice(Money(1, Currency("EUR"))), 1, (APRIL, 15))
def test_a_line_is_rounded_once(price: Price, quantity: int, days: tuple[Span, int] | None) -> None:
    if days is None:
        laws.a_line_is_rounded_once(line("x", quantity, price))
        return
    period, later = days
    first = date.fromordinal(period.start.toordinal() + later % period.days)
    laws.a_line_is_rounded_once(line("x", quantity, price, billed=Span(first, period.end), period=period))


@given(st.sampled_from(laws.CURRENCIES), st.data())
def test_lines_sum_to_what_is_due(currency: Currency, data: st.DataObject) -> None:
    minors = data.draw(st.lists(st.tuples(st.integers(0, 10**10), spans, st.integers(1, 99))))
    lines = [
        line("x", quantity, UnitPrice(Money(minor, currency)), billed=period, period=period)
        for minor, period, quantity in minors
    ]
    laws.lines_sum_to_what_is_due(Quote(currency=currency, lines=tuple(lines)))


@given(prices, st.integers(1, 99), periods.days(), st.integers(1, 31))
def test_a_later_day_costs_no_more(price: Price, quantity: int, start: date, days: int) -> None:
    period = Span(start, date.fromordinal(start.toordinal() + days))
    laws.a_later_day_costs_no_more(price, quantity, period)
