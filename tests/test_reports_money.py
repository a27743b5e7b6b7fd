"""The tables of money: quotes with credits and taxes, documents, migrations of prices, conventions side by side."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import attrs
import pytest

from licensing_core.billing import (
    Billed,
    BillingPolicy,
    Document,
    DocumentKind,
    ItemChange,
    ItemTerms,
    Quote,
    Series,
    TaxRate,
    TaxTerms,
    TaxTreatment,
    invoiced,
    issue,
    line,
    open_ledger,
    pay,
    quote_change,
    start_item,
)
from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency
from licensing_core.directory import Actor
from licensing_core.messages import UnknownLocale
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Cycle, Duration, Interval, Span
from licensing_core.pricing import (
    FlatPrice,
    Migration,
    MigrationPreview,
    PackagePrice,
    Price,
    PriceList,
    PriceVersion,
    Tier,
    TieredPrice,
    Tiering,
    UnitPrice,
    preview_migration,
)
from licensing_core.proration import PRESETS, Base, Convention, Count, preset
from licensing_core.reports import Table, convention_table, document_table, migration_table, quote_table
from tests.builders import eur

EUR = Currency("EUR")
ANA = Actor("ana")
MONTH = Duration(months=1)
MONTHLY = Cycle(date(2026, 4, 1), MONTH, "UTC")
APRIL = Span(date(2026, 4, 1), date(2026, 5, 1))
HALF = Span(date(2026, 4, 16), date(2026, 5, 1))
VAT = TaxRate(id="vat", percent=Fraction(21))
TERMS = ItemTerms(item="base", price=UnitPrice(eur("10.00")), quantity=3, cycle=MONTHLY, rates=(VAT,))
TIERS = TieredPrice(
    (Tier(up_to=10, unit=eur("10.00")), Tier(up_to=None, unit=eur("5.00"))),
    Tiering.GRADUATED,
)
NUMBER = Series("F-").following(None, date(2026, 4, 16))


def april(day: int) -> datetime:
    return datetime(2026, 4, day, 12, tzinfo=UTC)


def running(*, paid: str = "0.00", taxes: TaxTerms | None = None) -> Billed:
    """Three from the first of April on, of which so much was paid."""
    started = start_item(
        "seats",
        TERMS,
        policy=BillingPolicy(taxes=taxes or TaxTerms()),
        ledger=open_ledger("acme", EUR, by=ANA, now=april(1)).state,
        document="inv-1",
        by=ANA,
        now=april(1),
    ).state
    if not eur(paid):
        return started
    return Billed(started.item, pay(started.ledger, "inv-1", eur(paid), by=ANA, now=april(1)).state)


def fewer(state: Billed) -> Quote:
    """Two from the middle of April on."""
    return quote_change(state, ItemChange(quantity=2), now=april(16))


def of(price: Price, quantity: int = 12) -> Quote:
    return Quote(currency=EUR, lines=(line("calls", quantity, price),))


def counted_by(convention: Convention, **more: Any) -> Quote:
    made = line(
        "base", 2, UnitPrice(eur("30.00")), billed=HALF, period=APRIL, every=MONTH, convention=convention, **more
    )
    return Quote(currency=EUR, lines=(made,))


def texts(table: Table) -> list[list[str]]:
    return [list(record.values()) for record in table.to_records(localised=True)]


# Quotes


def test_a_change_shows_what_is_given_back_what_is_charged_and_each_tax() -> None:
    table = quote_table(fewer(running(paid="36.30")), "en")
    assert texts(table) == [
        ["base", "", "given back", "", "", "-€18.15"],
        ["base", "2", "€10.00 each", "15/30", "50%", "€10.00"],
        ["vat", "", "", "", "21%", "€2.10"],
    ]
    assert [cell.text for cell in table.footer] == ["Total", "", "", "", "", "", "-€6.05"]


def test_the_amounts_of_a_quote_add_up_to_its_total() -> None:
    for paid in ("0.00", "20.00", "36.30"):
        quote = fewer(running(paid=paid))
        amounts = quote_table(quote, "en").to_columns()["amount"]
        assert Money.sum(amounts, EUR) == quote.due


def test_what_was_not_paid_yet_is_told_beside_what_is_given_back() -> None:
    part = quote_table(fewer(running(paid="20.00")), "es")
    assert texts(part)[0] == ["base", "", "abono, menos 16,30\xa0€ sin pagar", "", "", "-1,85\xa0€"]
    nothing = quote_table(fewer(running()), "en")
    assert texts(nothing)[0] == ["base", "", "given back, less €18.15 unpaid", "", "", "€0.00"]


def test_taxes_within_a_price_have_no_row_of_their_own() -> None:
    within = TaxTerms(treatment=TaxTreatment.INCLUSIVE)
    table = quote_table(fewer(running(paid="30.00", taxes=within)), "en")
    assert [row[0] for row in texts(table)] == ["base", "base"]
    assert table.footer[-1].raw == eur("-5.00")


@pytest.mark.parametrize(
    ("percent", "shown"),
    [
        (Fraction(21), "21\xa0%"),
        (Fraction(26, 5), "5,2\xa0%"),
        (Fraction(8875, 1000), "8,875\xa0%"),
        (Fraction(0), "0\xa0%"),
    ],
)
def test_a_rate_is_told_in_full(percent: Fraction, shown: str) -> None:
    taxed = line("base", 1, UnitPrice(eur("10.00")), rates=(TaxRate(id="tax", percent=percent),))
    table = quote_table(Quote(currency=EUR, lines=(taxed,)), "es")
    assert texts(table)[1][4] == shown
    assert table.to_columns()["share"] == [Fraction(1), percent / 100]


@pytest.mark.parametrize(
    ("price", "in_english", "in_spanish"),
    [
        (FlatPrice(eur("99.00")), "€99.00 in all", "99,00\xa0€ en total"),
        (UnitPrice(eur("9.00")), "€9.00 each", "9,00\xa0€ por unidad"),
        (UnitPrice(eur("0.75"), per=1000), "€0.75 for each 1,000", "0,75\xa0€ por cada 1.000"),
        (PackagePrice(eur("9.00"), 100), "€9.00 for each 100 begun", "9,00\xa0€ por cada 100 o fracción"),
        (TIERS, "in tiers", "por tramos"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_price_says_what_it_is_for(price: Price, in_english: str, in_spanish: str) -> None:
    for locale, text in (("en", in_english), ("es", in_spanish)):
        ((_, quantity, shown, days, share, _),) = texts(quote_table(of(price), locale))
        assert (quantity, shown, days) == ("12", text, "")
        assert share.startswith("100")


def test_a_price_has_its_amount_behind_it_and_tiers_have_none() -> None:
    raw = [quote_table(of(price), "en").to_columns()["price"] for price in (UnitPrice(eur("9.00")), TIERS)]
    assert raw == [[eur("9.00")], [None]]
    assert quote_table(of(TIERS), "en").to_columns()["amount"] == [eur("110.00")]


@pytest.mark.parametrize(
    ("convention", "in_english", "in_spanish"),
    [
        (Convention(), "15/30", "15/30"),
        (preset("stripe"), "1,296,000/2,592,000 seconds", "1.296.000/2.592.000 segundos"),
        (preset("zuora_30_360"), "15/30 days of 30/360", "15/30 días de 30/360"),
        (preset("silver"), "0.5/1 months", "0,5/1 meses"),
        (preset("dynamics_months"), "0.5/1 calendar months", "0,5/1 meses naturales"),
        (Convention(base=Base.NOMINAL_360), "15/30", "15/30"),
    ],
)
def test_what_is_counted_is_said_where_it_is_not_days(convention: Convention, in_english: str, in_spanish: str) -> None:
    quote = counted_by(convention)
    assert [texts(quote_table(quote, locale))[0][3] for locale in ("en", "es")] == [in_english, in_spanish]


def test_a_count_that_is_not_whole_is_exact_behind_its_text() -> None:
    table = quote_table(counted_by(Convention(count=Count.MONTHS)), "en")
    assert (table.to_columns()["days"], table.to_columns()["days_in_cycle"]) == ([Fraction(1, 2)], [1])


# Documents


def a_document(kind: DocumentKind, corrects: str | None = None) -> Document:
    quote = fewer(running(paid="36.30"))
    return issue(kind, quote, document="d1", number=NUMBER, customer="acme", corrects=corrects)


def test_an_invoice_shows_net_taxes_and_gross_of_each_line_and_in_all() -> None:
    invoice = a_document(DocumentKind.INVOICE)
    table = document_table(invoice, "es")
    assert table.title == "Factura"
    assert table.to_records(localised=True) == [
        {
            "Concepto": "base",
            "Cantidad": "2",
            "Neto": "10,00\xa0€",
            "Impuestos": "2,10\xa0€",
            "Bruto": "12,10\xa0€",
        }
    ]
    assert [cell.text for cell in table.footer] == ["Total", "", "10,00\xa0€", "2,10\xa0€", "12,10\xa0€"]
    assert table.to_columns()["gross"] == [eur("12.10")]


def test_a_credit_note_shows_what_it_takes_off_as_positive() -> None:
    table = document_table(a_document(DocumentKind.CREDIT_NOTE, corrects="inv-1"), "en")
    assert table.title == "Credit note"
    assert texts(table) == [["base", "", "€15.00", "€3.15", "€18.15"]]
    assert [cell.text for cell in table.footer] == ["Total", "", "€15.00", "€3.15", "€18.15"]


def test_a_proforma_becomes_an_invoice_with_the_same_lines() -> None:
    proforma = a_document(DocumentKind.PROFORMA)
    before, after = (document_table(one, "es") for one in (proforma, invoiced(proforma, NUMBER)))
    assert (before.title, after.title) == ("Proforma", "Factura")
    assert (before.rows, before.footer) == (after.rows, after.footer)


def test_taxes_within_a_price_are_taken_out_of_the_net_of_a_document() -> None:
    within = TaxTerms(treatment=TaxTreatment.INCLUSIVE)
    quote = attrs.evolve(fewer(running()), taxes=within)
    invoice = issue(DocumentKind.INVOICE, quote, document="d1", number=NUMBER, customer="acme")
    assert texts(document_table(invoice, "en")) == [["base", "2", "€8.26", "€1.74", "€10.00"]]


# Changes of prices


def a_preview() -> MigrationPreview:
    spring, autumn = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 9))
    prices = [UnitPrice(eur(text)) for text in ("10.00", "12.00")]
    seats = PriceList("seats", (PriceVersion(spring, (prices[0],)), PriceVersion(autumn, (prices[1],))))
    sold = [seats.pin(name, quantity, april(1)) for name, quantity in (("luis", 1), ("ana", 1200))]
    return preview_migration(Migration(price_list=seats, starts=autumn), sold, at=autumn)


def test_a_change_of_prices_shows_who_pays_what_more() -> None:
    table = migration_table(a_preview(), "es")
    assert table.title == "Cambio de precios"
    assert table.to_records(localised=True) == [
        {
            "Suscripción": "ana",
            "Cantidad": "1.200",
            "Hasta ahora": "12.000,00\xa0€",
            "A partir de entonces": "14.400,00\xa0€",
            "Diferencia": "2.400,00\xa0€",
        },
        {
            "Suscripción": "luis",
            "Cantidad": "1",
            "Hasta ahora": "10,00\xa0€",
            "A partir de entonces": "12,00\xa0€",
            "Diferencia": "2,00\xa0€",
        },
    ]
    assert migration_table(a_preview(), "en").to_columns()["difference"] == [eur("2400.00"), eur("2.00")]


def test_a_change_of_prices_that_moves_nobody_has_no_rows() -> None:
    assert migration_table(MigrationPreview(()), "en").text().splitlines()[0] == "Change of prices"


# Conventions


def conventions(period: Any, at: Any, locale: str) -> dict[str, dict[str, str]]:
    table = convention_table(period, at, eur("10.00"), eur("20.00"), locale, every=MONTH)
    rows = table.to_records(localised=True)
    return {record.pop("Convention" if locale == "en" else "Convención"): record for record in rows}


def test_one_change_is_shown_under_every_preset() -> None:
    found = conventions(Span(date(2026, 5, 1), date(2026, 6, 1)), date(2026, 5, 12), "en")
    assert list(found) == list(PRESETS)
    assert found["licensing_core"] == {
        "Differs in": "",
        "Share": "64.51%",
        "Credit": "€6.45",
        "Charge": "€12.90",
        "To pay": "€6.45",
    }
    assert found["lago"] == {
        "Differs in": "change_day: old",
        "Share": "61.29%",
        "Credit": "€6.13",
        "Charge": "€12.26",
        "To pay": "€6.13",
    }
    assert found["django_plans"]["Differs in"] == "base: nominal, stage: day_rate, stage_digits: 2"


def test_the_conventions_are_told_in_spanish() -> None:
    found = conventions(MONTHLY.period_at(april(16)), april(16), "es")
    assert found["stripe"] == {
        "Difiere en": "count: seconds",
        "Parte proporcional": "48,33\xa0%",
        "Abono": "4,83\xa0€",
        "Cargo": "9,67\xa0€",
        "A pagar": "4,84\xa0€",
    }
    assert found["openmeter_full"]["Parte proporcional"] == "100\xa0%"


def test_an_interval_is_compared_as_well() -> None:
    whole = Interval(april(1), datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert conventions(whole, april(16), "en")["polar"]["Share"] == "50%"


# Bad input


@pytest.mark.parametrize("function", [document_table, migration_table, quote_table], ids=lambda one: one.__name__)
@pytest.mark.parametrize("hostile", [None, "inv-1", 5, [], {}], ids=repr)
def test_what_is_none_of_them_is_refused(function: Callable[..., Table], hostile: Any) -> None:
    with pytest.raises(InvalidArgument):
        function(hostile, "es")


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (document_table, lambda: (a_document(DocumentKind.INVOICE),)),
        (migration_table, lambda: (a_preview(),)),
        (lambda *given: convention_table(*given, every=MONTH), lambda: (APRIL, APRIL.start, eur("1.00"), eur("2.00"))),
    ],
    ids=["document_table", "migration_table", "convention_table"],
)
def test_an_unknown_locale_is_refused(function: Callable[..., Table], given: Callable[[], tuple[Any, ...]]) -> None:
    with pytest.raises(UnknownLocale):
        function(*given(), "klingon")


@pytest.mark.parametrize(
    "change",
    [
        {"period": None},
        {"period": Interval(april(1), None)},
        {"at": "2026-04-16"},
        {"at": april(16)},
        {"old": 10},
        {"new": eur("-1.00")},
        {"every": None},
        {"every": "P1M"},
    ],
    ids=repr,
)
def test_a_change_that_is_none_is_refused(change: dict[str, Any]) -> None:
    given = {"period": APRIL, "at": HALF.start, "old": eur("1.00"), "new": eur("2.00"), "every": MONTH, **change}
    with pytest.raises(InvalidArgument):
        convention_table(**given, locale="en")


def test_a_change_is_in_one_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        convention_table(APRIL, HALF.start, eur("1.00"), Money.parse("1 JPY"), "en", every=MONTH)
