"""A customer whose subscription another system has billed so far, and the books after it was taken over."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from licensing_core.accounts import Books, DocumentSeries, Numbers, import_customer, import_subscription
from licensing_core.billing import TaxRate
from licensing_core.currencies import Currency
from licensing_core.directory import Actor
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.pricing import UnitPrice
from licensing_core.subscriptions import SubscriptionTerms

ANA: Final = Actor("ana")
MADRID: Final = "Europe/Madrid"
NOON: Final = datetime(2026, 4, 16, 10, tzinfo=UTC)
DONE: Final[dict[str, Any]] = {"by": ANA, "now": NOON}
EUR: Final = Currency("EUR")
DOLLAR: Final = Money.parse("1.00 USD")
SEATS: Final = SubscriptionTerms(
    item="seats", price=UnitPrice(Money.parse("10.00 EUR")), quantity=3, every=Duration(months=1), zone=MADRID
)
ACME: Final = import_customer("acme", None, zone=MADRID, **DONE).state
ELSEWHERE: Final[dict[str, Any]] = {"anchor": date(2025, 1, 1), "charged": Money.parse("30.00 EUR"), **DONE}
VAT: Final = (TaxRate(id="vat", percent=Fraction(21)),)


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


def moved(terms: SubscriptionTerms = SEATS, series: DocumentSeries | None = None, **given: Any) -> Books:
    """The books after the subscription `web` was taken over."""
    account = import_subscription(ACME, "web", terms, **{**ELSEWHERE, **given}).state
    return Books(account, Numbers(id="documents") if series is None else Numbers(id="documents", series=series))
