"""The products' tables: what they hold, and how they are shown."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from licensing_core import license_cycle, orders, seat_administration
from licensing_core.billing import Quote, line
from licensing_core.checks import InvalidArgument, InvalidQuantity
from licensing_core.decisions import Verdict
from licensing_core.directory import EVERYONE, Permission, PermissionMissing, Scope
from licensing_core.license_cycle import LicenseRow
from licensing_core.messages import UnknownLocale
from licensing_core.money import Money
from licensing_core.periods import UnknownZone
from licensing_core.plans import PackageKind
from licensing_core.pools import LicensesAssigned, SeatPool
from licensing_core.protocols import AggregateKind, Envelope
from licensing_core.reports import Cell, Column, Table, events_table, license_table, quote_table, seat_table, verdicts
from tests import specimens

LATE = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
"""Already the fifth in Madrid."""
BOUGHT = orders.purchase(
    specimens.BUYER,
    specimens.OFFER,
    Scope.tree("sales"),
    directory=specimens.COMPANY,
    pool_id="p1",
    zone="Europe/Madrid",
    now=LATE,
)
ROW = seat_administration.row_of(BOUGHT.state.pool)
BARE = seat_administration.row_of(SeatPool(id="p2", beneficiary=EVERYONE, bought=1200, consumed=1234, held=1000))
REFUSAL = PermissionMissing(permission=Permission.SEATS_MANAGE)


def a_table(*texts: str, **more: Any) -> Table:
    columns = (Column(key="name", title="Name"), Column(key="number", title="Number", right=True))
    return Table(title="T", columns=columns, rows=tuple((Cell(text, text), Cell("7", 7)) for text in texts), **more)


# Seats


def test_the_table_of_seats_has_the_columns_of_the_product_in_spanish() -> None:
    table = seat_table([ROW, BARE], "es", "Europe/Madrid")
    first, second = table.to_records(localised=True)
    assert first == {
        "Creado por": "ana",
        "Fecha de compra": "5 may 2026",
        "Código de transacción": "p1",
        "Paquete": "safety",
        "Plan": "fifty",
        "Vencimiento": "5 may 2027",
        "Tipo": "licencias",
        "Asignado": "0/50",
        "Usuarios asociados": "0",
        "Por confirmar": "0",
    }
    assert (second["Asignado"], second["Tipo"], second["Vencimiento"]) == ("1.234/1.200", "plazas", "")
    assert table.title == "Administración de plazas"


def test_the_table_of_seats_is_told_in_english_and_in_utc_where_nothing_else_is_said() -> None:
    (record,) = seat_table([ROW], "en").to_records(localised=True)
    assert record["Purchase date"] == "May 4, 2026"
    assert record["Waiting for confirmation"] == "0"


def test_the_records_hold_raw_values_under_keys_of_no_language() -> None:
    (record,) = seat_table(iter([BARE]), "es").to_records()
    assert record == {
        "created_by": None,
        "purchased_at": None,
        "code": "p2",
        "package": None,
        "plan": None,
        "expires_at": None,
        "type": PackageKind.SEATS,
        "assigned": 1234,
        "bought": 1200,
        "associated": 1000,
        "awaiting": 0,
    }
    assert seat_table([BARE], "en").to_records() == [record]


# Licenses


def test_the_table_of_licenses_has_the_words_of_the_product() -> None:
    rows = {"base": LicenseRow(in_use=7, free=3, bought=10, minimum=5, buying=2)}
    assert license_table(rows, "es").to_records(localised=True) == [
        {
            "Licencia": "base",
            "En uso": "7",
            "Libres": "3",
            "Totales": "10",
            "Mínimas en base al contrato": "5",
            "Comprando": "2",
        }
    ]
    assert license_table(rows, "en").to_columns() == {
        "type": ["base"],
        "in_use": [7],
        "free": [3],
        "bought": [10],
        "minimum": [5],
        "buying": [2],
    }


def test_the_rows_of_an_account_make_the_table() -> None:
    assert len(license_table(license_cycle.license_table(specimens.ACCOUNT), "es").rows) == 1


# Quotes


def test_a_quote_shows_days_share_and_total() -> None:
    table = quote_table(specimens.QUOTE, "es")
    assert table.to_records(localised=True) == [
        {
            "Concepto": "base",
            "Cantidad": "2",
            "Precio": "30,00\xa0€ por unidad",
            "Días restantes": "16/31",
            "Parte proporcional": "51,61\xa0%",
            "Importe": "30,97\xa0€",
        }
    ]
    assert [cell.text for cell in table.footer] == ["Total", "", "", "", "", "", "30,97\xa0€"]
    assert table.to_columns()["amount"] == [Money.parse("30.97 EUR")]
    assert (table.to_columns()["days"], table.to_columns()["days_in_cycle"]) == ([16], [31])


def test_a_price_for_no_period_has_no_days() -> None:
    flat = specimens.FIFTY.prices[0]
    quote = Quote(currency=flat.currency, lines=(line("fifty", 50, flat),))
    (record,) = quote_table(quote, "en").to_records(localised=True)
    assert (record["Days left"], record["Share"], record["Amount"]) == ("", "100%", "€1,800.00")
    assert record["Price"] == "€1,800.00 in all"


# Events and verdicts


def test_events_are_told_in_the_order_given_with_local_times() -> None:
    happened = LicensesAssigned(pool="p1", users=frozenset({"luis"}), at=LATE, by="ana")
    stored = Envelope(
        tenant="t1", kind=AggregateKind.LICENSES, aggregate="p1", sequence=3, schema=1, digest="d1", event=happened
    )
    (record,) = events_table([stored], "es", "Europe/Madrid").to_records(localised=True)
    assert record == {
        "N.º": "3",
        "Fecha": "5 may 2026, 1:30",
        "Hecho por": "ana",
        "De": "p1",
        "Evento": "pool.licenses_assigned",
        "Qué ocurrió": "Se asignó una licencia de la bolsa p1 a 1 usuario.",
    }
    assert events_table([stored], "en").to_columns()["text"] == [happened]


def test_verdicts_say_why_not() -> None:
    table = verdicts({"see p1": Verdict.allow("DOC-20"), "see p2": Verdict.refuse(REFUSAL)}, "es")
    assert [list(record.values())[:4] for record in table.to_records(localised=True)] == [
        ["see p1", "sí", "DOC-20", "ok"],
        ["see p2", "no", "DOC-19", "permission.missing"],
    ]
    assert [cell.raw for *_, cell in table.rows] == [None, REFUSAL]
    assert table.to_columns()["allowed"] == [True, False]
    assert table.rows[1][4].text.startswith("Necesitas el permiso «Registro de suscripción")


# Bad input

FUNCTIONS: list[tuple[Callable[..., Table], Any, list[Any]]] = [
    (seat_table, [ROW], [None, "p1", 5, [None], [ROW, "p1"], ROW]),
    (
        license_table,
        {},
        [None, "p1", [ROW], {"base": ROW}, {5: LicenseRow(in_use=0, free=0, bought=0, minimum=0, buying=0)}],
    ),
    (quote_table, specimens.QUOTE, [None, "p1", [specimens.QUOTE]]),
    (events_table, [], [None, "p1", [ROW]]),
    (verdicts, {}, [None, "p1", [True], {"see": True}]),
]


@pytest.mark.parametrize(
    ("function", "hostile"),
    [(function, one) for function, _, hostile in FUNCTIONS for one in hostile],
    ids=lambda one: getattr(one, "__name__", type(one).__name__),
)
def test_what_is_no_row_is_refused(function: Callable[..., Table], hostile: Any) -> None:
    with pytest.raises(InvalidArgument):
        function(hostile, "es")


@pytest.mark.parametrize("function", [seat_table, events_table, verdicts], ids=lambda one: one.__name__)
def test_an_unknown_zone_is_refused(function: Callable[..., Table]) -> None:
    with pytest.raises(UnknownZone):
        function({}, "es", "Madrid")


@pytest.mark.parametrize(
    ("function", "given"), [one[:2] for one in FUNCTIONS], ids=lambda one: getattr(one, "__name__", "")
)
def test_an_unknown_locale_is_refused(function: Callable[..., Table], given: Any) -> None:
    with pytest.raises(UnknownLocale):
        function(given, "klingon")


# The table itself


def test_a_row_has_one_cell_for_each_column() -> None:
    with pytest.raises(InvalidArgument) as refused:
        Table(title="T", columns=(Column(key="name", title="Name"),), rows=((Cell(), Cell()),))
    assert refused.value.parameter == "rows"
    with pytest.raises(InvalidArgument):
        a_table("x", footer=(Cell(),))


def test_a_key_names_one_column() -> None:
    with pytest.raises(InvalidArgument) as refused:
        Table(title="T", columns=(Column(key="a", title="A"), Column(key="a", title="B")), rows=())
    assert refused.value.parameter == "columns"


def test_a_cell_shows_a_text() -> None:
    with pytest.raises(InvalidArgument):
        Cell(5)  # type: ignore[arg-type]


def test_text_is_aligned_with_the_sums_below_a_rule() -> None:
    table = a_table("pear", "Ñandú", footer=(Cell("Sum"), Cell("1.234")))
    assert table.text().splitlines() == [
        "T",
        "Name   Number",
        "-----  ------",
        "pear        7",
        "Ñandú       7",
        "-----  ------",
        "Sum     1.234",
    ]


def test_a_table_without_rows_shows_its_headings() -> None:
    assert a_table().text() == "T\nName  Number\n----  ------"


def test_wide_letters_take_two_places_and_marks_none() -> None:
    lines = a_table("東京", "e\u0301e").text().splitlines()
    assert lines[3:] == ["東京       7", "e\u0301e         7"]


def test_a_text_of_several_lines_is_shown_on_one() -> None:
    assert a_table("two\nlines\tand more").text().splitlines()[3].startswith("two lines and more  ")


def test_nothing_that_steers_a_terminal_is_shown() -> None:
    table = a_table("pear\x1b[31m\x07\ud800", footer=(Cell("\x1b[2J"), Cell()))
    console = Console(width=60, record=True, file=StringIO())
    console.print(table)
    for shown in (table.text(), console.export_text()):
        assert "pear[31m" in shown
        assert not {"\x1b", "\x07", "\ud800"}.intersection(shown)


@pytest.mark.parametrize("width", [12, 15, 20, 40])
def test_text_is_cut_to_the_width(width: int) -> None:
    lines = a_table("a rather long text", "東京東京東京東京").text(width).splitlines()
    assert max(map(len, lines)) <= width
    assert ("…" in lines[3]) is (width < 26)


def test_columns_are_never_cut_below_three_places() -> None:
    assert a_table("a rather long text").text(1).splitlines()[3] == "a …    7"


@pytest.mark.parametrize("width", [0, -1, True, 10_001, "80", 80.0])
def test_a_width_is_a_number_of_places(width: Any) -> None:
    with pytest.raises(InvalidQuantity):
        a_table("x").text(width)


def test_html_is_escaped() -> None:
    evil = "<script>alert('&')</script>"
    column = Column(key="a", title=evil)
    html = Table(title=evil, columns=(column,), rows=((Cell(evil),),), footer=(Cell(evil),))._repr_html_()
    assert "<script>" not in html
    assert html.count("&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;") == 4


def test_html_has_head_body_and_foot_and_hides_what_is_hidden() -> None:
    html = quote_table(specimens.QUOTE, "en")._repr_html_()
    assert html.startswith("<table><caption>Quote</caption><thead><tr><th>Item</th>")
    assert '<tfoot><tr><td>Total</td><td style="text-align: right">' in html
    assert "Days in the cycle" not in html
    assert "<tfoot>" not in a_table("x")._repr_html_()


def test_rich_shows_the_texts_as_they_are() -> None:
    console = Console(width=60, record=True, file=StringIO())
    console.print(a_table("[bold]pear[/bold]", footer=(Cell("Sum"), Cell("7"))))
    console.print(a_table("plum"))
    shown = console.export_text()
    assert "[bold]pear[/bold]" in shown
    assert "Sum" in shown
    assert "plum" in shown
