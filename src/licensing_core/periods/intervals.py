"""Stretches of time, half-open: `Interval` between instants, `Span` of calendar days."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Final

from attrs import frozen

from licensing_core.checks import Day, Instant, InvalidArgument, Value, as_day, as_instant, checked, instance

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@frozen(kw_only=True)
class InvalidInterval(InvalidArgument):
    """An interval would end before it starts."""

    code: ClassVar[str] = "interval.invalid"
    parameter: str = "end"
    expected: str = "no earlier than the start"
    got: str = "an earlier instant"
    start: datetime | None
    end: datetime | None


@frozen(kw_only=True)
class InvalidSpan(InvalidArgument):
    """A span of days would hold none."""

    code: ClassVar[str] = "span.invalid"
    parameter: str = "end"
    expected: str = "a day after the start"
    got: str = "the same day or an earlier one"
    start: date
    end: date


@frozen(field_transformer=checked)
class Interval(Value):
    """All instants from *start* up to, but not including, *end*; None leaves that side open. It may be empty.

    >>> noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    >>> noon in Interval(noon, None), noon in Interval(None, noon), Interval(noon, noon).empty
    (True, False, True)
    """

    start: Instant | None
    end: Instant | None

    def __attrs_post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise InvalidInterval(start=self.start, end=self.end)

    @property
    def empty(self) -> bool:
        """Whether there is no instant in it."""
        return self.start is not None and self.start == self.end

    def __contains__(self, at: datetime) -> bool:
        instant = as_instant("at", at)
        return (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two share an instant; to touch is not to share."""
        return self.intersection(other) is not None

    def intersection(self, other: "Interval") -> "Interval | None":
        """The instants in both, or None when they share none; to touch is not to share."""
        instance(Interval)("other", other)
        start = max(self.start or _ALWAYS, other.start or _ALWAYS)
        end = min(self.end or _NEVER, other.end or _NEVER)
        if end <= start:
            return None
        return Interval(None if start is _ALWAYS else start, None if end is _NEVER else end)


_set_start, _set_end = (vars(Interval)[name].__set__ for name in ("start", "end"))


def interval_between(start: datetime | None, end: datetime | None) -> Interval:
    """The interval of two instants in UTC that are known to be in order; past the checks, for speed."""
    interval: Any = object.__new__(Interval)
    _set_start(interval, start)
    _set_end(interval, end)
    return interval  # type: ignore[no-any-return]


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The instants in any of *intervals*: sorted intervals that neither overlap nor touch, none empty.

    >>> dawn, noon, dusk = (datetime(2026, 5, 1, hour, tzinfo=UTC) for hour in (6, 12, 20))
    >>> union([Interval(noon, dusk), Interval(dawn, noon)]) == (Interval(dawn, dusk),)
    True
    """
    joined: list[Interval] = []
    filled = [one for one in intervals if not instance(Interval)("intervals", one).empty]
    for one in sorted(filled, key=lambda one: one.start or _ALWAYS):
        last = joined[-1] if joined else None
        if last is None or (last.end or _NEVER) < (one.start or _ALWAYS):
            joined.append(one)
        elif (last.end or _NEVER) < (one.end or _NEVER):
            joined[-1] = Interval(last.start, one.end)
    return tuple(joined)


@frozen(field_transformer=checked)
class Span(Value):
    """Calendar days from *start* up to, but not including, *end*; at least one.

    >>> february = Span(date(2024, 2, 1), date(2024, 3, 1))
    >>> february.days, date(2024, 3, 1) in february
    (29, False)
    """

    start: Day
    end: Day

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidSpan(start=self.start, end=self.end)

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= as_day("day", day) < self.end

    def intersection(self, other: "Span") -> "Span | None":
        """The days in both, or None when they share none."""
        instance(Span)("other", other)
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


_set_first, _set_last = (vars(Span)[name].__set__ for name in ("start", "end"))


def span_between(start: date, end: date) -> Span:
    """The span of two days that are known to be in order; past the checks, for speed."""
    span: Any = object.__new__(Span)
    _set_first(span, start)
    _set_last(span, end)
    return span  # type: ignore[no-any-return]
