"""The numbers of a tenant's documents: one series for each kind, without gaps, whoever the customer is."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Final

from attrs import evolve, field, frozen

from licensing_core.billing import DocumentKind, DocumentNumber, Series
from licensing_core.checks import FrozenMap, Id, InvalidArgument, Value, as_day, as_id, checked, instance
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, acting


@frozen(kw_only=True, field_transformer=checked)
class DocumentSeries(Value):
    """The series that the documents of a tenant are numbered in.

    Attributes:
        invoices: `None`: a proforma keeps its number and its date when it becomes an invoice, and then the numbers of
            proformas that were void are missing among the invoices; where the law wants them without gaps, give them
            a series.
    """

    proformas: Series = field(default=Series("P-"))
    invoices: Series | None = field(default=Series("F-"))
    credit_notes: Series = field(default=Series("C-"))

    def __attrs_post_init__(self) -> None:
        prefixes = [one.prefix for one in (self.proformas, self.invoices, self.credit_notes) if one is not None]
        if len({*prefixes}) < len(prefixes):
            raise InvalidArgument(parameter="series", expected="each with another prefix", got="one twice")


PLAIN_SERIES: Final = DocumentSeries()
"""P- for proformas, F- for invoices, C- for credit notes, from 1 on."""
_as_series: Final = instance(DocumentSeries)
_as_kind: Final = instance(DocumentKind)


@frozen(kw_only=True, field_transformer=checked)
class Numbers(Value):
    """The last number of each kind of document; all customers of a tenant share it.

    >>> taken, number = Numbers(id="documents").next(DocumentKind.PROFORMA, on=date(2026, 5, 4))
    >>> str(number), taken.last["proforma"] == number
    ('P-000001', True)
    """

    id: Id
    series: DocumentSeries = PLAIN_SERIES
    last: Mapping[Id, DocumentNumber] = FrozenMap({})

    def next(self, kind: DocumentKind, *, on: date) -> "tuple[Numbers, DocumentNumber]":
        """These after the next number of *kind* was taken, and that number.

        It is dated *on*, or as the one before where that is later: no document is dated before its predecessor.
        """
        series = _series_of(self.series, kind)
        last = self.last.get(kind.value)
        day = as_day("on", on) if last is None else max(as_day("on", on), last.issued_on)
        number = series.following(last, day)
        return evolve(self, last=FrozenMap({**self.last, kind.value: number})), number

    def invoice(self, proforma: DocumentNumber, *, on: date) -> "tuple[Numbers, DocumentNumber]":
        """These, and the number of the invoice that *proforma* becomes: the next one, or its own."""
        return (self, proforma) if self.series.invoices is None else self.next(DocumentKind.INVOICE, on=on)


def _series_of(series: DocumentSeries, kind: DocumentKind) -> Series:
    of_kind = {
        DocumentKind.PROFORMA: series.proformas,
        DocumentKind.INVOICE: series.invoices,
        DocumentKind.CREDIT_NOTE: series.credit_notes,
    }
    found = of_kind[_as_kind("kind", kind)]
    if found is None:
        raise InvalidArgument(parameter="kind", expected="one that has a series of its own", got=kind.value)
    return found


def document_id(kind: DocumentKind, number: DocumentNumber) -> str:
    """The id of the document of this *kind* and *number*: it stays the same when a proforma becomes an invoice.

    >>> number = Series("P-").following(None, date(2026, 5, 4))
    >>> document_id(DocumentKind.PROFORMA, number)
    'proforma:1'
    """
    year = "" if number.year is None else f"{number.year}:"
    return f"{kind.value}:{year}{number.number}"


@frozen(kw_only=True, field_transformer=checked)
class NumbersOpened(Event):
    """The numbering of a tenant's documents began."""

    type: ClassVar[str] = "numbers.opened"
    numbers: Id
    series: DocumentSeries


@frozen(kw_only=True, field_transformer=checked)
class NumbersTaken(Event):
    """Numbers were taken, the last of each kind being these."""

    type: ClassVar[str] = "numbers.taken"
    numbers: Id
    last: Mapping[Id, DocumentNumber]


def open_numbers(
    numbers_id: Id, series: DocumentSeries = PLAIN_SERIES, *, by: Actor, now: datetime
) -> Decision[Numbers, NumbersOpened]:
    """Begin to number the documents of a tenant.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: LAT-2, decision 16.
    """
    wanted, chosen = as_id("numbers_id", numbers_id), _as_series("series", series)
    event = NumbersOpened(numbers=wanted, series=chosen, by=acting(by), at=now)
    return Decision(numbers_opened(event), (event,))


def numbers_opened(event: NumbersOpened) -> Numbers:
    """The numbering that *event* began."""
    return Numbers(id=event.numbers, series=event.series)


def apply_numbers(numbers: Numbers, event: NumbersTaken) -> Numbers:
    """*numbers* after *event*."""
    return evolve(numbers, last=event.last)
