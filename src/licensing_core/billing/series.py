"""Document numbers: a series without gaps, each number a pure function of the one before.

>>> invoices = Series("F-", restart=Restart.YEARLY)
>>> first = invoices.following(None, date(2026, 12, 31))
>>> second = invoices.following(first, date(2026, 12, 31))
>>> str(first), str(second), str(invoices.following(second, date(2027, 1, 2)))
('F-2026-000001', 'F-2026-000002', 'F-2027-000001')
"""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import Day, InvalidArgument, Positive, Value, as_day, checked, instance, shown, whole
from licensing_core.errors import LicensingError

_PREFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,19}", re.ASCII)


def _as_prefix(name: str, value: Any) -> str:
    if type(value) is str and _PREFIX.fullmatch(value):
        return value
    raise InvalidArgument(parameter=name, expected="1 to 20 ASCII letters, digits and /._-", got=shown(value))


class Restart(StrEnum):
    """When a series begins again with 1."""

    NEVER = "never"
    YEARLY = "yearly"
    """With each calendar year, which is then a part of the number."""


@frozen(kw_only=True)
class IssuedOutOfOrder(LicensingError):
    """A document would be dated before the one that has the number before it."""

    code: ClassVar[str] = "series.out_of_order"
    number: str
    last_on: date
    on: date

    def __str__(self) -> str:
        return f"{self.number} is dated {self.last_on}, after {self.on}; date the next one on that day or later"


@frozen(kw_only=True)
class OtherSeries(LicensingError):
    """A number is of another series."""

    code: ClassVar[str] = "series.other"
    number: str
    series: str

    def __str__(self) -> str:
        return f"{self.number} is no number of the series {self.series!r}; take the last one of that series"


@frozen(kw_only=True, field_transformer=checked)
class DocumentNumber(Value):
    """The number of one document.

    Attributes:
        series: The prefix of its series.
        year: Of a series that restarts each year.
        number: From 1, without gaps.
        digits: To how many it is filled with zeros.
        issued_on: The day that the document is dated.
    """

    series: Annotated[str, _as_prefix]
    year: Annotated[int, whole(2, 9998)] | None = None
    number: Positive
    digits: Annotated[int, whole(1, 12)] = 6
    issued_on: Day

    def __str__(self) -> str:
        year = "" if self.year is None else f"{self.year}-"
        return f"{self.series}{year}{self.number:0{self.digits}}"


_as_number: Final = instance(DocumentNumber)


@frozen(field_transformer=checked)
class Series(Value):
    """A gapless series of numbers; each kind of document has one of its own.

    A host reads the last number, makes the next one and stores the document with it in one transaction.
    """

    prefix: Annotated[str, _as_prefix]
    restart: Restart = field(default=Restart.NEVER, kw_only=True)
    digits: Annotated[int, whole(1, 12)] = field(default=6, kw_only=True)

    def following(self, last: DocumentNumber | None, on: date) -> DocumentNumber:
        """The number after *last* (`None`: the very first one), for a document dated *on*.

        Raises:
            OtherSeries: *last* is of another series.
            IssuedOutOfOrder: *on* lies before the date of *last*.
        """
        day = as_day("on", on)
        if last is not None:
            self._own(last)
            if day < last.issued_on:
                raise IssuedOutOfOrder(number=str(last), last_on=last.issued_on, on=day)
        year = day.year if self.restart is Restart.YEARLY else None
        goes_on = last is not None and last.year == year
        number = last.number + 1 if last is not None and goes_on else 1
        return DocumentNumber(series=self.prefix, year=year, number=number, digits=self.digits, issued_on=day)

    def missing(self, numbers: Iterable[DocumentNumber]) -> tuple[str, ...]:
        """The first 1,000 numbers that *numbers* leave out, up to the highest of each year; none in a sound series.

        Raises:
            OtherSeries: One of them is of another series.
        """
        found: dict[int | None, set[int]] = {}
        for one in numbers:
            found.setdefault(self._own(one).year, set()).add(one.number)
        gaps = (
            f"{self.prefix}{'' if year is None else f'{year}-'}{number:0{self.digits}}"
            for year, here in sorted(found.items(), key=lambda pair: pair[0] or 0)
            for number in range(1, max(here))
            if number not in here
        )
        return tuple(islice(gaps, 1000))

    def _own(self, number: DocumentNumber) -> DocumentNumber:
        _as_number("number", number)
        if number.series != self.prefix or (number.year is None) is (self.restart is Restart.YEARLY):
            raise OtherSeries(number=str(number), series=self.prefix)
        return number
