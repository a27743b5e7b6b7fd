"""The products' tables, in the language of the caller: as text, records, HTML and for the terminal."""

from licensing_core.reports.accounts import (
    activity_table,
    bills_table,
    customers_table,
    dashboard_table,
    notices_table,
    owner_tables,
    people_table,
    subscriptions_table,
)
from licensing_core.reports.customers import grants_table, usage_table
from licensing_core.reports.money import convention_table, document_table, migration_table, quote_table
from licensing_core.reports.products import events_table, license_table, seat_table, verdicts
from licensing_core.reports.table import Cell, Column, Table

__all__ = [
    "Cell",
    "Column",
    "Table",
    "activity_table",
    "bills_table",
    "convention_table",
    "customers_table",
    "dashboard_table",
    "document_table",
    "events_table",
    "grants_table",
    "license_table",
    "migration_table",
    "notices_table",
    "owner_tables",
    "people_table",
    "quote_table",
    "seat_table",
    "subscriptions_table",
    "usage_table",
    "verdicts",
]
