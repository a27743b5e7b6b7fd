"""The kinds of vectors that are asked under a convention: a preset, or the axes that differ from the library's own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from fractions import Fraction
from typing import Any, Final

from licensing_core.money import Currency, Money, Rounding
from licensing_core.periods import Cycle, Duration, Interval, Period, Span
from licensing_core.proration import (
    PRESETS,
    Base,
    BillingMode,
    ChangeDay,
    Convention,
    Count,
    CreditCap,
    Net,
    Stage,
    Stub,
    cycles,
    preset,
)
from licensing_core.proration import change as library_change
from licensing_core.proration import prorate as library_prorate
from licensing_core.proration import schedule as library_schedule
from licensing_core.proration import share as library_share
from tests.spec.cycles import cycle_of
from tests.spec.form import NotUnderstood, call, choice, moment, number

Answer = dict[str, Any]
AXES: Final[dict[str, type[Enum] | None]] = {
    "count": Count,
    "base": Base,
    "change_day": ChangeDay,
    "stub": Stub,
    "stage": Stage,
    "stage_digits": None,
    "mode": Rounding,
    "digits": None,
    "net": Net,
    "credit_cap": CreditCap,
}
"""The axes, with the values of those that are no numbers."""


def convention_of(vector: Mapping[str, Any]) -> Convention:
    """What the vector says of its convention.

    Raises:
        NotUnderstood: It says nothing, or too much, or names a preset, an axis or a value that is not known.
    """
    if ("preset" in vector) is ("convention" in vector):
        raise NotUnderstood("the vector has exactly one of the fields 'preset' and 'convention'")
    if "preset" in vector:
        if vector["preset"] not in PRESETS:
            raise NotUnderstood(f"unknown preset {vector['preset']!r}")
        return preset(vector["preset"])
    if not isinstance(vector["convention"], Mapping):
        raise NotUnderstood(f"convention {vector['convention']!r} is no object")
    axes: dict[str, Any] = {name: _on_axis(name, value) for name, value in vector["convention"].items()}
    return Convention(**axes)


def _on_axis(name: str, value: object) -> object:
    if name not in AXES:
        raise NotUnderstood(f"unknown axis {name!r} of a convention")
    kind = AXES[name]
    if kind is not None:
        return choice(kind, value, name)
    if name == "digits" and value == "currency":
        return None
    if type(value) is not int:
        raise NotUnderstood(f"unknown {name} {value!r}")
    return value


def _stretch(pair: object, what: str) -> Span | Interval | None:
    """The days or instants of a pair; `None` for one that ends where it starts, or before."""
    if not isinstance(pair, Sequence) or len(pair) != 2:
        raise NotUnderstood(f"{what} {pair!r} is no pair")
    start, end = (moment(one, what) for one in pair)
    if isinstance(start, datetime) is not isinstance(end, datetime):
        raise NotUnderstood(f"{what} {pair!r} mixes a date with an instant")
    if end <= start:
        return None
    return Interval(start, end) if isinstance(start, datetime) and isinstance(end, datetime) else Span(start, end)


def _measured(part: object, period: object, every: str | None, zone: str | None) -> dict[str, Any]:
    return {
        "part": _stretch(part, "part"),
        "period": None if period is None else _stretch(period, "period"),
        "every": None if every is None else Duration.parse(every),
        "zone": zone,
    }


def _money(text: str | None, currency: str) -> Money | None:
    if text is None:
        return None
    found = Currency(currency)
    minor = number(text) * 10**found.digits
    if minor.denominator != 1:
        raise NotUnderstood(f"{text} {currency} is no whole number of minor units")
    return Money(minor.numerator, found)


def share(
    convention: Convention, *, part: object, period: object = None, every: str | None = None, zone: str | None = None
) -> Answer:
    """The share of a part."""
    return {"share": library_share(convention=convention, **_measured(part, period, every, zone))}


def prorate(
    convention: Convention,
    *,
    amount: str,
    currency: str,
    part: object,
    period: object = None,
    every: str | None = None,
    zone: str | None = None,
) -> Answer:
    """The amount for a part."""
    price = _money(amount, currency)
    assert price is not None
    return {"amount": library_prorate(price, convention=convention, **_measured(part, period, every, zone)).major}


def change(
    convention: Convention,
    *,
    period: object,
    at: str,
    currency: str,
    old: str | None = None,
    new: str | None = None,
    paid: str | None = None,
    credited: str | None = None,
    every: str | None = None,
    zone: str | None = None,
    cycle: str = "keep",
    new_every: str | None = None,
) -> Answer:
    """A change in the middle of a period."""
    if cycle not in ("keep", "restart"):
        raise NotUnderstood(f"unknown cycle {cycle!r}")
    if (cycle == "restart") is (new_every is None):
        raise NotUnderstood("a cycle that is restarted has a new_every, and no other has")
    whole: Span | Interval | Period | None = _stretch(period, "period")
    if whole is None:
        raise NotUnderstood(f"the period {period!r} is empty")
    if (old, new) == (None, None):
        raise NotUnderstood("a change has one of the fields 'old' and 'new', or both")
    if isinstance(whole, Interval) and zone is not None and whole.start is not None and whole.end is not None:
        whole = Period(0, whole.start, whole.end, zone)
    held = None if paid is None else number(paid) - number(credited or "0")
    found = library_change(
        whole,
        moment(at, "at"),
        _money(old, currency),
        _money(new, currency),
        convention=convention,
        held=None if held is None else _money(str(held), currency),
        every=None if every is None else Duration.parse(every),
        restart=None if new_every is None else Duration.parse(new_every),
    )
    answer: Answer = {"credit": found.credit_major, "charge": found.charge_major, "net": found.net_major}
    if (anew := found.new_period) is not None:
        answer["period"] = (anew.start, anew.end)
    return answer


def schedule(
    convention: Convention,
    *,
    start: str,
    target: str,
    every: str,
    billing: str,
    end: str | None = None,
    **cycle: Any,
) -> Answer:
    """What is due up to a day."""
    begin = moment(start, "start")
    anchored = cycle if cycle.get("alignment") == "calendar" else {"anchor": start, **cycle}
    turns: Cycle = call(cycle_of, {"every": every, **anchored}, "a cycle")
    items = library_schedule(
        turns,
        begin,
        until=moment(target, "target"),
        billing=choice(BillingMode, billing, "billing"),
        end=None if end is None else moment(end, "end"),
        convention=convention,
        most=10_000,
    )
    pairs = tuple((item.billed.start, item.billed.end) for item in items)
    total: Fraction = cycles(items)
    return {"items": pairs, "cycles": total}


CONVENTION_KINDS: Final[Mapping[str, Callable[..., Answer]]] = {
    "share": share,
    "prorate": prorate,
    "change": change,
    "schedule": schedule,
}
"""The kinds that have a preset or a convention, which comes first."""
