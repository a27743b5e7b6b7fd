"""The tables of money: quotes, documents, migrations of prices, and one change under every convention."""

from datetime import date
from fractions import Fraction
from typing import Final

from licensing_core.billing import CreditLine, Document, Quote, QuoteLine, Tax, TaxTreatment
from licensing_core.checks import instance
from licensing_core.messages.marks import word
from licensing_core.messages.sentences import Speaker, speaker_of
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.pricing import FlatPrice, MigrationPreview, PackagePrice, Price, TieredPrice, UnitPrice
from licensing_core.proration import PRESETS, Count, Stretch, change
from licensing_core.reports.building import cell, id_cell, make_table, title_cell
from licensing_core.reports.table import Cell, Table

_QUOTE: Final = {
    "item": word("column", "Item"),
    "quantity": word("column", "Quantity"),
    "price": word("column", "Price"),
    "days": word("column", "Days left"),
    "days_in_cycle": word("column", "Days in the cycle"),
    "share": word("column", "Share"),
    "amount": word("column", "Amount"),
}
_PRICES: Final = {
    FlatPrice: word("price", "{price} in all"),
    UnitPrice: word("price", "{price} each"),
    PackagePrice: word("price", "{price} for each {size} begun"),
    TieredPrice: word("price", "in tiers"),
}
_RATE_DIGITS: Final = 6
"""Decimals of a rate in percent, which is not cut as a share is: 8.875% is one."""
_PER: Final = word("price", "{price} for each {per}")
_CREDIT: Final = word("price", "given back")
_RELIEF: Final = word("price", "given back, less {relief} unpaid")
_DOCUMENT: Final = {
    "item": word("column", "Item"),
    "quantity": word("column", "Quantity"),
    "net": word("column", "Net"),
    "taxes": word("column", "Taxes"),
    "gross": word("column", "Gross"),
}
_MIGRATION: Final = {
    "id": word("column", "Subscription"),
    "quantity": word("column", "Quantity"),
    "before": word("column", "Until now"),
    "after": word("column", "From then on"),
    "difference": word("column", "Difference"),
}
_CONVENTIONS: Final = {
    "preset": word("column", "Convention"),
    "differs": word("column", "Differs in"),
    "share": word("column", "Share"),
    "credit": word("column", "Credit"),
    "charge": word("column", "Charge"),
    "due": word("column", "To pay"),
}


def quote_table(quote: Quote, locale: str) -> Table:
    """The lines of *quote* with the days that are billed and their share of the cycle, and the total below.

    A price says whether it is for each unit or for all of them.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *quote* is none.

    Source: WAL-7, WAL-13, L5.
    """
    speaker = speaker_of(locale)
    instance(Quote)("quote", quote)
    footer = (title_cell("total", speaker), *[Cell()] * (len(_QUOTE) - 2), cell(quote.due, speaker))
    rows = [_quote_cells(one, speaker) for one in quote.lines]
    if quote.taxes.treatment is TaxTreatment.EXCLUSIVE:
        rows += [_tax_cells(tax, speaker) for tax in quote.tax_totals]
    return make_table("quote", _QUOTE, rows, speaker, footer, hidden={"days_in_cycle"})


def _quote_cells(line: QuoteLine | CreditLine, speaker: Speaker) -> tuple[Cell, ...]:
    if isinstance(line, CreditLine):
        back = cell(-line.credit, speaker)
        return (id_cell(line.item), Cell(), _credit_cell(line, speaker), Cell(), Cell(), Cell(), back)
    portion = line.prorated.portion
    if line.period is None:
        days, whole = Cell(), Cell()
    else:
        count, base = _counted(portion.count), _counted(portion.base)
        days = Cell(_counted_of(count, base, line.convention.count, speaker), count)
        whole = Cell(speaker.number(base), base)
    return (
        id_cell(line.item),
        cell(line.quantity, speaker),
        _price_cell(line.price, speaker),
        days,
        whole,
        cell(portion.share, speaker),
        cell(line.amount, speaker),
    )


def _credit_cell(line: CreditLine, speaker: Speaker) -> Cell:
    text = _RELIEF if line.relief else _CREDIT
    return Cell(speaker.filled(speaker.translated(*text), {"relief": line.relief}), None)


def _tax_cells(tax: Tax, speaker: Speaker) -> tuple[Cell, ...]:
    share = tax.percent / 100
    rate = Cell(speaker.share(share, _RATE_DIGITS), share)
    return (id_cell(tax.id), Cell(), Cell(), Cell(), Cell(), rate, cell(tax.amount, speaker))


def _counted(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


def _counted_of(count: int | Fraction, base: int | Fraction, unit: Count, speaker: Speaker) -> str:
    """How many of how many; what is counted is said where it is not days."""
    text = f"{speaker.number(count)}/{speaker.number(base)}"
    return text if unit is Count.DAYS else f"{text} {speaker.named(unit)}"


def _price_cell(price: Price, speaker: Speaker) -> Cell:
    if isinstance(price, TieredPrice):
        return Cell(speaker.translated(*_PRICES[TieredPrice]), None)
    text = _PER if isinstance(price, UnitPrice) and price.per > 1 else _PRICES[type(price)]
    fields = {name: getattr(price, name) for name in ("price", "per", "size") if hasattr(price, name)}
    return Cell(speaker.filled(speaker.translated(*text), fields), price.price)


def document_table(document: Document, locale: str) -> Table:
    """The lines of a proforma, an invoice or a credit note, with their taxes and totals.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *document* is none.
    """
    speaker = speaker_of(locale)
    instance(Document)("document", document)
    rows = [
        (
            id_cell(one.item),
            cell(one.quantity, speaker),
            cell(one.net, speaker),
            cell(one.gross - one.net, speaker),
            cell(one.gross, speaker),
        )
        for one in document.lines
    ]
    taxes = cell(document.total - document.net, speaker)
    footer = (title_cell("total", speaker), Cell(), cell(document.net, speaker), taxes, cell(document.total, speaker))
    return make_table(document.kind.value, _DOCUMENT, rows, speaker, footer)


def migration_table(preview: MigrationPreview, locale: str) -> Table:
    """Who would pay what more or less.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument: *preview* is none.
    """
    speaker = speaker_of(locale)
    instance(MigrationPreview)("preview", preview)
    rows = [
        (
            id_cell(one.id),
            cell(one.quantity, speaker),
            cell(one.before, speaker),
            cell(one.after, speaker),
            cell(one.difference, speaker),
        )
        for one in preview.rows
    ]
    return make_table("migration", _MIGRATION, rows, speaker)


def convention_table(period: Stretch, at: date, old: Money, new: Money, locale: str, *, every: Duration) -> Table:
    """The same change in the middle of a period under each preset, side by side.

    Args:
        every: The length of a turn of the cycle, which some conventions count.

    Raises:
        UnknownLocale: As `messages.explain()` refuses.
        InvalidArgument, NothingCounted, CurrencyMismatch: As `proration.change()` refuses.
    """
    speaker = speaker_of(locale)
    rows = []
    for name, convention in PRESETS.items():
        found = change(period, at, old, new, convention=convention, every=every)
        differences = ", ".join(f"{axis}: {value}" for axis, value in convention.differences().items())
        rows.append(
            (
                id_cell(name),
                Cell(differences, differences),
                cell(found.portion.share, speaker),
                cell(found.credit, speaker),
                cell(found.charge, speaker),
                cell(found.net, speaker),
            )
        )
    return make_table("conventions", _CONVENTIONS, rows, speaker)
