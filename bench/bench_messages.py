"""Amounts in a locale against Babel."""

from collections.abc import Callable
from decimal import Decimal
from itertools import repeat

from babel.numbers import format_currency

from bench.harness import Row
from licensing_core.messages import format_money
from licensing_core.money import Money

BATCH = 20
"""Amounts in one call, so that the call itself hardly counts."""


def rows() -> list[Row]:
    """Goal 6, and amounts without groups."""
    return [
        _row("6", "format 1234.56 EUR for es_ES", "1234.56", at_least=23),
        _row("", "format 234.56 EUR for es_ES", "234.56"),
    ]


def _row(goal: str, what: str, text: str, **more: float) -> Row:
    ours, theirs = Money.parse(f"{text} EUR"), Decimal(text)
    same = format_money(ours, "es_ES") == format_currency(theirs, "EUR", locale="es_ES")
    if not same:
        raise AssertionError(what)
    return Row(
        goal,
        what,
        "babel.format_currency",
        _batch(lambda: format_money(ours, "es_ES")),
        _batch(lambda: format_currency(theirs, "EUR", locale="es_ES")),
        ours_per=BATCH,
        theirs_per=BATCH,
        **more,  # type: ignore[arg-type]
    )


def _batch(operation: Callable[[], object]) -> Callable[[], None]:
    def batch() -> None:
        for _ in repeat(None, BATCH):
            operation()

    return batch
