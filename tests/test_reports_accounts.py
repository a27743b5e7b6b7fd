"""The tables of a partner and of its customers' client area, in the language of the reader."""

from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any

import attrs
import pytest
from rich.console import Console

from licensing_core import accounts, limits
from licensing_core.accounts import BillStatus, CustomerStatus, NoticeKind, Person
from licensing_core.billing import DocumentKind
from licensing_core.checks import InvalidArgument
from licensing_core.messages import UnknownLocale
from licensing_core.money import Money
from licensing_core.periods import UnknownZone
from licensing_core.reports import (
    Table,
    activity_table,
    bills_table,
    customers_table,
    dashboard_table,
    notices_table,
    owner_tables,
    people_table,
    subscriptions_table,
)
from licensing_core.subscriptions import SubscriptionState
from tests.builders import NOON
from tests.specimens_accounts import (
    ADDED,
    BLOCKED,
    CREDITED,
    DASHBOARD,
    HISTORY,
    NOTICES,
    OWING,
    PAUSED_BOOKS,
    SUSPENDED,
    TRIED,
    on,
)
from tests.specimens_metered import LIMITS, USAGE

MADRID = "Europe/Madrid"
PEOPLE = {"luis": Person(permissions=frozenset({"pay", "order"})), "mei": Person(contact=True)}
CUSTOMERS = [
    accounts.customer_row(ADDED.state, NOON),
    accounts.customer_row(BLOCKED.state, NOON),
    attrs.evolve(accounts.customer_row(ADDED.state, NOON), plan=None, trial_ends=None, users=1200),
]
SUBSCRIPTIONS = (
    *accounts.subscription_rows(SUSPENDED.state.account, on(6, 11)["now"]),
    attrs.evolve(
        accounts.subscription_rows(TRIED.state.account, NOON)[0],
        next_due=None,
        state=SubscriptionState.CANCELLED,
        ends=date(2026, 6, 4),
    ),
)
BILLS = (*accounts.bill_rows(OWING.account), accounts.bill_rows(PAUSED_BOOKS.state.account)[-1])
PANEL = accounts.owner_panel(
    CREDITED.state.account,
    limits.panel(USAGE, LIMITS, administrator="ana", **on(5, 20)),
    **on(5, 20),
)


def seen(table: Table) -> list[list[str]]:
    """The shown texts, row by row, with the headings before."""
    records = table.to_records(localised=True)
    return [[*records[0]], *([*record.values()] for record in records)]


def test_the_list_of_customers_has_plan_status_and_users() -> None:
    table = customers_table(CUSTOMERS, "es", MADRID)
    assert table.title == "Clientes"
    assert seen(table) == [
        ["Cliente", "Plan", "Estado", "Bloqueado por", "Fin de la prueba", "Usuarios"],
        ["acme", "basic", "en prueba", "", "18 may 2026", "0"],
        ["acme", "basic", "bloqueado", "unpaid", "18 may 2026", "0"],
        ["acme", "", "en prueba", "", "", "1.200"],
    ]
    assert seen(customers_table(CUSTOMERS[:1], "en"))[0] == [
        "Customer",
        "Plan",
        "Status",
        "Blocked for",
        "End of trial",
        "Users",
    ]


def test_the_records_of_customers_hold_raw_values() -> None:
    (record,) = customers_table(CUSTOMERS[1:2], "en").to_records()
    assert record == {
        "customer": "acme",
        "plan": "basic",
        "status": CustomerStatus.BLOCKED,
        "blocks": ("unpaid",),
        "trial_ends": BLOCKED.state.trial_ends,
        "users": 0,
    }


def test_the_dashboard_is_one_row_of_numbers() -> None:
    board = accounts.dashboard([OWING.account, BLOCKED.state], now=NOON)
    table = dashboard_table(board, "es")
    assert table.title == "Panel de control"
    assert seen(table) == [["Clientes", "Usuarios", "Bloqueados", "Planes activos"], ["2", "1", "1", "basic"]]
    assert seen(dashboard_table(accounts.dashboard([], now=NOON), "en")) == [
        ["Customers", "Users", "Blocked", "Active plans"],
        ["0", "0", "0", ""],
    ]


def test_recent_activity_is_told_with_local_times() -> None:
    table = activity_table(DASHBOARD.recent, "es", MADRID)
    assert table.title == "Actividad reciente"
    assert seen(table)[0] == ["Fecha", "Hecho por", "Evento", "Qué ocurrió"]
    assert seen(activity_table(HISTORY[:1], "es", MADRID))[1:] == [
        [
            "4 may 2026, 14:00",
            "ana",
            "customer.added",
            (
                "Se añadió el cliente acme. Su plan: basic. Su periodo de prueba termina el 18 may 2026, 14:00 "
                "(Europe/Madrid)."
            ),
        ]
    ]


def test_people_are_users_or_contacts_with_their_permissions() -> None:
    table = people_table(PEOPLE, "es")
    assert table.title == "Usuarios y contactos"
    assert seen(table) == [
        ["Usuario", "Solo contacto", "Permisos"],
        ["luis", "no", "order y pay"],
        ["mei", "sí", ""],
    ]


def test_the_services_of_a_client_area_have_the_words_of_the_product() -> None:
    table = subscriptions_table(SUBSCRIPTIONS, "es")
    assert table.title == "Servicios"
    assert seen(table) == [
        ["Servicio", "Producto", "Precio", "Próximo vencimiento", "Estado", "Fin"],
        ["web", "web", "30,00\xa0€", "4 jun 2026", "suspendido", ""],
        ["web", "web", "30,00\xa0€", "", "cancelado", "4 jun 2026"],
    ]
    assert seen(subscriptions_table(SUBSCRIPTIONS, "en"))[:2] == [
        ["Subscription", "Product", "Price", "Next due date", "State", "Ends"],
        ["web", "web", "€30.00", "Jun 4, 2026", "suspended", ""],
    ]


@pytest.mark.parametrize(
    ("state", "in_spanish"),
    [
        (SubscriptionState.PENDING, "pendiente"),
        (SubscriptionState.ACTIVE, "activo"),
        (SubscriptionState.SUSPENDED, "suspendido"),
        (SubscriptionState.TERMINATED, "terminado"),
        (SubscriptionState.CANCELLED, "cancelado"),
    ],
)
def test_a_state_has_the_word_of_the_product(state: SubscriptionState, in_spanish: str) -> None:
    (row,) = subscriptions_table([attrs.evolve(SUBSCRIPTIONS[0], state=state)], "es").to_records(localised=True)
    assert row["Estado"] == in_spanish


def test_proformas_invoices_and_credit_notes_have_due_date_total_and_status() -> None:
    table = bills_table(BILLS, "es")
    assert table.title == "Proformas y facturas"
    assert seen(table) == [
        ["Número", "Tipo", "Vencimiento", "Total", "Pendiente de pago", "Estado"],
        ["F-000001", "factura", "4 may 2026", "32,67\xa0€", "0,00\xa0€", "pagada"],
        ["P-000002", "proforma", "4 jun 2026", "32,67\xa0€", "32,67\xa0€", "sin pagar"],
        ["R-000001", "nota de crédito", "20 may 2026", "15,80\xa0€", "0,00\xa0€", "pagada"],
    ]
    assert seen(bills_table(BILLS, "en"))[0] == ["Number", "Type", "Due date", "Total", "Outstanding", "Status"]


def test_the_records_of_bills_name_the_document_too() -> None:
    record = bills_table(BILLS, "es").to_records()[1]
    assert (record["document"], record["kind"], record["status"], record["outstanding"]) == (
        "proforma:2",
        DocumentKind.PROFORMA,
        BillStatus.UNPAID,
        Money.parse("32.67 EUR"),
    )


def test_notices_are_shown_in_the_order_in_which_they_were_sent() -> None:
    table = notices_table(NOTICES, "es", MADRID)
    assert table.title == "Avisos"
    assert seen(table) == [
        ["Fecha", "Aviso", "Sobre"],
        ["4 may 2026, 14:00", "proforma emitida", "proforma:1"],
        ["4 may 2026, 14:00", "pago recibido", "proforma:1"],
        ["4 may 2026, 14:00", "servicio activo", "web"],
        ["20 may 2026, 14:00", "proforma emitida", "proforma:2"],
        ["4 jun 2026, 14:00", "débito automático fallido", "proforma:2"],
        ["7 jun 2026, 14:00", "recordatorio", "proforma:2"],
        ["11 jun 2026, 14:00", "servicio suspendido", "web"],
        ["12 jun 2026, 14:00", "pago recibido", "proforma:2"],
        ["12 jun 2026, 14:00", "servicio activo", "web"],
    ]


@pytest.mark.parametrize(
    ("kind", "in_english"),
    [(NoticeKind.CREDIT_NOTE, "credit note issued"), (NoticeKind.TERMINATED, "subscription terminated")],
)
def test_a_notice_is_told_in_words(kind: NoticeKind, in_english: str) -> None:
    (row,) = notices_table([attrs.evolve(NOTICES[0], kind=kind)], "en").to_records(localised=True)
    assert row["Notice"] == in_english


def test_the_panel_of_the_owner_is_plan_usage_services_and_bills() -> None:
    account, usage, services, bills = owner_tables(PANEL, "es")
    assert seen(account) == [
        ["Cliente", "Plan", "Estado", "Saldo a favor"],
        ["acme", "basic", "prueba terminada", "10,00\xa0€"],
    ]
    assert [table.title for table in (account, usage, services, bills)] == [
        "Cuenta",
        "Uso",
        "Servicios",
        "Proformas y facturas",
    ]
    assert usage.to_columns()["limit"] == [*PANEL.usage.rows] if PANEL.usage else False
    assert services.to_columns()["subscription"] == ["web"]
    assert bills.to_columns()["number"] == ["F-000001"]


def test_a_panel_without_usage_has_no_table_of_it() -> None:
    bare = attrs.evolve(PANEL, plan=None, usage=None, balances=())
    tables = owner_tables(bare, "en")
    assert [table.title for table in tables] == ["Account", "Subscriptions", "Proformas and invoices"]
    assert seen(tables[0])[1] == ["acme", "", "trial ended", ""]


def test_the_tables_are_shown_as_text_in_html_and_in_a_terminal() -> None:
    table = bills_table(BILLS[1:2], "en")
    assert table.text() == (
        "Proformas and invoices\n"
        "Number    Type      Due date      Total  Outstanding  Status\n"
        "--------  --------  -----------  ------  -----------  ------\n"
        "P-000002  proforma  Jun 4, 2026  €32.67       €32.67  unpaid"
    )
    assert "<caption>Proformas and invoices</caption>" in table._repr_html_()
    assert '<td style="text-align: right">€32.67</td>' in table._repr_html_()
    shown = StringIO()
    Console(file=shown, width=100).print(table)
    assert "P-000002" in shown.getvalue()


TABLES: list[tuple[Callable[..., Any], Any]] = [
    (customers_table, CUSTOMERS),
    (dashboard_table, DASHBOARD),
    (activity_table, HISTORY),
    (people_table, PEOPLE),
    (subscriptions_table, SUBSCRIPTIONS),
    (bills_table, BILLS),
    (notices_table, NOTICES),
    (owner_tables, PANEL),
]


@pytest.mark.parametrize(("table", "given"), TABLES, ids=lambda one: getattr(one, "__name__", ""))
def test_an_unknown_locale_is_refused(table: Callable[..., Any], given: Any) -> None:
    with pytest.raises(UnknownLocale):
        table(given, "klingon")


@pytest.mark.parametrize("table", [table for table, _ in TABLES], ids=lambda one: one.__name__)
@pytest.mark.parametrize("hostile", [None, "acme", [1], {"acme": 1}, {1: PEOPLE["mei"]}, NOON], ids=repr)
def test_what_is_no_row_is_refused(table: Callable[..., Any], hostile: Any) -> None:
    with pytest.raises(InvalidArgument):
        table(hostile, "es")


@pytest.mark.parametrize(
    ("table", "given"),
    [(customers_table, CUSTOMERS), (activity_table, HISTORY), (notices_table, NOTICES)],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_an_unknown_zone_is_refused(table: Callable[..., Any], given: Any) -> None:
    with pytest.raises(UnknownZone):
        table(given, "es", "Madrid")


@pytest.mark.parametrize(("table", "given"), TABLES, ids=lambda one: getattr(one, "__name__", ""))
def test_no_table_leaves_english_in_spanish(table: Callable[..., Any], given: Any) -> None:
    made = table(given, "es")
    english = table(given, "en")
    for one, other in zip(*((made, english) if isinstance(made, tuple) else ((made,), (english,))), strict=True):
        headings = {column.title for column in one.columns} & {column.title for column in other.columns}
        assert one.title != other.title
        assert headings <= {"Plan", "Total"}
