"""Vectors: each kind is a function from the fields of `given` to the fields of `expect`, as library values."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from math import lcm
from typing import Any, Final

from licensing_core.errors import LicensingError
from licensing_core.money import AllocationMethod, Currency, Money, Rounding
from licensing_core.periods import (
    Cycle,
    Interval,
    local_date,
    seconds_of_day,
    start_of_day,
    union,
)
from tests.spec.conventions import CONVENTION_KINDS, convention_of
from tests.spec.cycles import cycle_of
from tests.spec.form import Mismatch, NotUnderstood, call, choice, day, instant, moment, number
from tests.spec.metering import METERING_KINDS
from tests.spec.terms import TERM_KINDS

Answer = dict[str, Any]
_FIELDS: Final = {"id", "kind", "source", "given", "expect", "preset", "convention", "notes"}
_REQUIRED: Final = ("id", "kind", "source", "given", "expect")
_MOST: Final = 10_000


def run_vector(vector: Mapping[str, Any]) -> None:
    """Ask the library the question of *vector*, and compare its answer with the expected one.

    Raises:
        NotUnderstood: The vector has a kind or field that is not known here.
        Mismatch: The library answers otherwise.
    """
    for name in vector:
        if name not in _FIELDS:
            raise NotUnderstood(f"unknown field {name!r} of a vector")
    for name in _REQUIRED:
        if name not in vector:
            raise NotUnderstood(f"the vector lacks the field {name!r}")
    kind, expect = vector["kind"], vector["expect"]
    if kind not in KINDS:
        raise NotUnderstood(f"unknown vector kind {kind!r}")
    for name in ("preset", "convention"):
        if name in vector and kind not in CONVENTION_KINDS:
            raise NotUnderstood(f"unknown {name} {vector[name]!r}: the kind {kind!r} has none")
    if not isinstance(expect, Mapping) or not expect:
        raise NotUnderstood("expect is no object with a field")
    answer: Answer | LicensingError
    try:
        first = (convention_of(vector),) if kind in CONVENTION_KINDS else ()
        answer = call(KINDS[kind], vector["given"], f"given of the kind {kind!r}", *first)
    except LicensingError as error:
        answer = error
    _compare(answer, expect)


def _compare(answer: Answer | LicensingError, expect: Mapping[str, Any]) -> None:
    if "error" in expect:
        if expect != {"error": True}:
            raise NotUnderstood(f"expect {expect!r} mixes an error with more")
        if not isinstance(answer, LicensingError):
            raise Mismatch(f"an error was expected, the library answers {answer}")
        return
    if isinstance(answer, LicensingError):
        raise Mismatch(f"expected {expect}, the library refuses: {answer.code}: {answer}")
    for name, value in expect.items():
        if name not in answer:
            raise NotUnderstood(f"unknown field {name!r} of expect")
        if not _equal(answer[name], value):
            raise Mismatch(f"{name}: expected {value!r}, the library answers {answer[name]!r}")


def _equal(found: object, expected: object) -> bool:
    """Whether the JSON value *expected* states *found*: numbers, dates and instants by value, others as such."""
    if expected is None or found is None:
        return found is expected
    if isinstance(found, Fraction):
        return found == number(expected)
    if isinstance(found, datetime):
        return found == instant(expected)
    if isinstance(found, date):
        return found == day(expected)
    if isinstance(found, dict):  # balances by id: those that are named
        return isinstance(expected, dict) and all(
            name in found and _equal(found[name], expected[name]) for name in expected
        )
    if isinstance(found, tuple):
        return isinstance(expected, list) and len(found) == len(expected) and all(map(_equal, found, expected))
    return type(found) is type(expected) and found == expected


def digits(*, currency: str) -> Answer:
    """Minor units of ISO 4217."""
    return {"digits": Currency(currency).digits}


def round_(*, amount: str, mode: str, currency: str | None = None, digits: int | None = None) -> Answer:
    """An amount rounded to the decimals of its currency, or to so many."""
    rounding, exact = choice(Rounding, mode, "mode"), number(amount)
    if (currency is None) is (digits is None):
        raise NotUnderstood("the kind 'round' has exactly one of the fields 'currency' and 'digits'")
    if currency is not None:
        unit = Fraction(1, 10 ** Currency(currency).digits)
        return {"amount": Money.rounded(exact / unit, Currency(currency), rounding).minor * unit}
    if type(digits) is not int:
        raise NotUnderstood(f"digits {digits!r} is no integer")
    unit = Fraction(1, 10**digits) if digits >= 0 else Fraction(10**-digits)
    return {"amount": rounding.quotient(*(exact / unit).as_integer_ratio()) * unit}


def allocate(*, total: str, unit: str, weights: Sequence[str], method: str) -> Answer:
    """An amount divided by weights; the yen, which has no decimals, stands for the finest unit of the question."""
    whole, step = number(total), number(unit)
    fine = lcm(whole.denominator, step.denominator)
    bill = Money(int(whole * fine), Currency("JPY"))
    divided = bill.allocate(
        [number(weight) for weight in weights],
        choice(AllocationMethod, method, "method"),
        unit=int(step * fine),
    )
    parts = tuple(Fraction(part.minor, fine) for part in divided.parts)
    return {"parts": parts, "rest": Fraction(divided.rest.minor, fine)}


def boundary(*, k: int, **cycle: Any) -> Answer:
    """Boundary k: a date when the anchor is one."""
    asked = call(cycle_of, cycle, "a cycle")
    return {"at": asked.boundary(k) if isinstance(asked.anchor, datetime) else asked.day(k)}


def _turn(cycle: Cycle, k: int, of: date) -> tuple[date, date]:
    """Start and end of turn *k*, as instants or dates, as *of* is."""
    if isinstance(of, datetime):
        turn = cycle.period(k)
        return turn.start, turn.end
    days = cycle.span(k)
    return days.start, days.end


def _index(cycle: Cycle, at: date) -> int:
    return cycle.index_at(at) if isinstance(at, datetime) else cycle.index_on(at)


def period(*, at: str, offset: int = 0, start: str | None = None, until: str | None = None, **cycle: Any) -> Answer:
    """The period that holds `at`, or one some places later, cut to the bounds of the whole cycle."""
    asked, point = call(cycle_of, cycle, "a cycle"), moment(at, "at")
    index = _index(asked, point) + offset
    begin, end = _turn(asked, index, point)
    answer: Answer = {"start": begin, "end": end}
    if start is not None:
        opening = moment(start, "start")
        answer["start"] = max(begin, opening)
        index -= _index(asked, opening)
    if until is not None:
        answer["end"] = min(end, moment(until, "until"))
    return answer if "alignment" in cycle else {**answer, "index": index}


def periods(*, from_: str, until: str, **cycle: Any) -> Answer:
    """The periods that tile a stretch of time."""
    asked, first, last = call(cycle_of, cycle, "a cycle"), moment(from_, "from"), moment(until, "until")
    zone = asked.zone
    tiles = asked.periods(_as_instant(first, zone), _as_instant(last, zone), most=_MOST)
    return {"periods": tuple(_pair(tile, first, zone) for tile in tiles)}


def _as_instant(point: date, zone: str = "UTC") -> datetime:
    return point if isinstance(point, datetime) else start_of_day(point, zone)


def _pair(stretch: Interval, like: date | None, zone: str = "UTC") -> tuple[date | None, date | None]:
    """Start and end of *stretch*, as instants or dates, as *like* is."""
    if isinstance(like, datetime):
        return stretch.start, stretch.end
    start, end = (None if at is None else local_date(at, zone) for at in (stretch.start, stretch.end))
    return start, end


def local_day(*, zone: str, date: str | None = None, at: str | None = None) -> Answer:
    """The local day of an instant, or a date, with its first instant and length."""
    if (date is None) is (at is None):
        raise NotUnderstood("the kind 'local_day' has exactly one of the fields 'date' and 'at'")
    today = local_date(instant(at), zone) if date is None else day(date)
    return {"date": today, "start": start_of_day(today, zone), "seconds": seconds_of_day(today, zone)}


def _interval(pair: Sequence[str | None]) -> tuple[Interval, date | None]:
    """The interval of a pair, and one of its ends, which tells whether they are instants or dates."""
    if len(pair) != 2:
        raise NotUnderstood(f"{pair!r} is no pair")
    start, end = (None if text is None else moment(text) for text in pair)
    ends = (None if point is None else _as_instant(point) for point in (start, end))
    return Interval(*ends), end if start is None else start


def interval(
    *,
    interval: Sequence[str | None] | None = None,
    at: str | None = None,
    other: Sequence[str | None] | None = None,
    union: Sequence[Sequence[str | None]] | None = None,
) -> Answer:
    """What an interval contains or shares with another, or the union of several."""
    if union is not None and (interval, at, other) == (None, None, None):
        return {"union": _union(union)}
    if interval is None or union is not None or (at is None) is (other is None):
        raise NotUnderstood("the kind 'interval' has 'interval' and one of 'at' and 'other', or 'union' alone")
    first, like = _interval(interval)
    if other is None:
        return {"contains": _as_instant(moment(at)) in first}
    second, like_second = _interval(other)
    shared = first.intersection(second)
    pair = None if shared is None else _pair(shared, like or like_second)
    return {"overlaps": first.overlaps(second), "intersection": pair}


def _union(pairs: Sequence[Sequence[str | None]]) -> tuple[tuple[date | None, date | None], ...]:
    stretches = [_interval(pair) for pair in pairs]
    like = next((end for _, end in stretches if end is not None), datetime.min.replace(tzinfo=UTC))
    return tuple(_pair(one, like) for one in union(stretch for stretch, _ in stretches))


KINDS: Final[Mapping[str, Callable[..., Answer]]] = {
    "digits": digits,
    "round": round_,
    "allocate": allocate,
    "boundary": boundary,
    "period": period,
    "periods": periods,
    "local_day": local_day,
    "interval": interval,
    **CONVENTION_KINDS,
    **METERING_KINDS,
    **TERM_KINDS,
}
"""The kinds that the library answers, each by a function with the fields of `given` as parameters."""
