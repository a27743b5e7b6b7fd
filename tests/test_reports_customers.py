"""The tables of one customer: usage and grants, in the language of the reader."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from licensing_core.checks import InvalidArgument
from licensing_core.credits import Grant, UsageRecord, balances_at, burn_down
from licensing_core.limits import UNLIMITED, PlacesRow, UsageRow
from licensing_core.messages import UnknownLocale
from licensing_core.periods import UnknownZone
from licensing_core.reports import Table, grants_table, usage_table

LATE = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
"""Already the fifth in Madrid."""
ROWS: dict[str, UsageRow | PlacesRow] = {
    "users": UsageRow(used=1200, most=1000, left=0, over=200),
    "storage": UsageRow(used=4, most=UNLIMITED, left=UNLIMITED, over=0),
    "team": PlacesRow(most=2, by={"w1": 1, "w2": 3}),
}
BALANCES = burn_down(
    balances_at(
        [
            Grant(id="bought", amount=50, effective=LATE),
            Grant(id="gift", amount=20, effective=LATE, priority=-1, expires=LATE + timedelta(days=3)),
        ],
        LATE,
    ),
    [UsageRecord(LATE, 15)],
    until=LATE + timedelta(days=5),
)


def test_usage_has_a_row_for_each_limit_and_for_each_place_of_a_nested_one() -> None:
    titles = ("Límite", "Dentro de", "Usado", "Incluido", "Disponible", "Por encima del límite")
    assert usage_table(ROWS, "es").to_records(localised=True) == [
        dict(zip(titles, cells, strict=True))
        for cells in [
            ("users", "", "1.200", "1.000", "0", "200"),
            ("storage", "", "4", "ilimitado", "ilimitado", "0"),
            ("team", "w1", "1", "2", "1", "0"),
            ("team", "w2", "3", "2", "0", "1"),
        ]
    ]


def test_the_records_of_usage_hold_raw_values() -> None:
    assert usage_table(ROWS, "en").to_columns() == {
        "limit": ["users", "storage", "team", "team"],
        "place": [None, None, "w1", "w2"],
        "used": [1200, 4, 1, 3],
        "most": [1000, UNLIMITED, 2, 2],
        "left": [0, UNLIMITED, 1, 0],
        "over": [200, 0, 0, 1],
    }


def test_grants_come_in_the_order_in_which_they_are_spent_with_their_sums_below() -> None:
    table = grants_table(BALANCES, "es", "Europe/Madrid")
    assert table.title == "Créditos"
    titles = ("Concesión", "Prioridad", "Utilizable desde", "Vencimiento")
    figures = ("Concedidos", "Gastados", "Caducados", "Retirados", "Saldo")
    assert table.to_records(localised=True) == [
        dict(zip((*titles, *figures), cells, strict=True))
        for cells in [
            ("gift", "-1", "5 may 2026", "8 may 2026", "20", "15", "5", "0", "0"),
            ("bought", "0", "5 may 2026", "", "50", "0", "0", "0", "50"),
        ]
    ]
    assert [cell.raw for cell in table.footer[4:]] == [70, 15, 5, 0, 50]


@pytest.mark.parametrize("hostile", [None, "users", [1], {"users": 4}, {5: ROWS["users"]}, ROWS["users"]])
def test_what_is_no_row_of_usage_is_refused(hostile: Any) -> None:
    with pytest.raises(InvalidArgument):
        usage_table(hostile, "es")


@pytest.mark.parametrize("hostile", [None, "acme", [BALANCES], {}])
def test_what_is_no_balance_is_refused(hostile: Any) -> None:
    with pytest.raises(InvalidArgument):
        grants_table(hostile, "es")


@pytest.mark.parametrize(("table", "given"), [(usage_table, ROWS), (grants_table, BALANCES)])
def test_an_unknown_locale_is_refused(table: Callable[[Any, str], Table], given: Any) -> None:
    with pytest.raises(UnknownLocale):
        table(given, "klingon")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZone):
        grants_table(BALANCES, "es", "Madrid")
