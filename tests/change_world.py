"""Amounts, spans and conventions of the tests about a change in the middle of a period."""

from datetime import date

from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.periods import Duration, Period, Span, start_of_day
from licensing_core.proration import (
    Change,
    Convention,
    CreditCap,
)
from tests.naive_proration import Changed

EUR, USD, JPY, KWD = map(Currency, ("EUR", "USD", "JPY", "KWD"))
APRIL = Span(date(2024, 4, 1), date(2024, 5, 1))
MAY = Span(date(2024, 5, 1), date(2024, 6, 1))
MONTH = Duration(months=1)
MADRID = "Europe/Madrid"
NO_CAP = Convention(credit_cap=CreditCap.NONE)
FIFTY, HUNDRED = Money.parse("50.00 EUR"), Money.parse("100.00 EUR")


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


def days_of(zone: str, first: date, last: date) -> Period:
    return Period(0, start_of_day(first, zone), start_of_day(last, zone), zone)


def minor_units(found: Change) -> Changed:
    return Changed(found.credit.minor, found.charge.minor, found.net.minor)
