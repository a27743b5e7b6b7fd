"""Intervals of instants and spans of days."""

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.periods import Interval, InvalidInterval, InvalidSpan, Span, union


def at(hour: int) -> datetime:
    return datetime(2026, 5, 1, hour, tzinfo=UTC)


def between(start: int | None, end: int | None) -> Interval:
    return Interval(None if start is None else at(start), None if end is None else at(end))


def test_an_interval_holds_its_start_and_not_its_end() -> None:
    assert at(1) in between(1, 2)
    assert at(2) not in between(1, 2)
    assert at(0) not in between(1, 2)
    assert at(2) - timedelta(microseconds=1) in between(1, 2)


def test_an_open_side_has_no_end() -> None:
    assert at(0) in between(None, 1)
    assert at(1) not in between(None, 1)
    assert at(9) in between(1, None)
    assert at(9) in between(None, None)


def test_an_empty_interval_holds_nothing_and_overlaps_nothing() -> None:
    assert between(1, 1).empty
    assert at(1) not in between(1, 1)
    assert not between(1, 1).overlaps(between(0, 2))
    assert not between(None, 1).empty
    assert not between(None, None).empty
    assert not between(1, 2).empty


def test_an_interval_cannot_end_before_it_starts() -> None:
    with pytest.raises(InvalidInterval) as refused:
        between(2, 1)
    assert refused.value == InvalidInterval(start=at(2), end=at(1))
    assert refused.value.code == "interval.invalid"
    assert str(refused.value) == "end must be no earlier than the start, got an earlier instant"


@pytest.mark.parametrize("wrong", [datetime(2026, 1, 1), date(2026, 1, 1), "2026-01-01", 0, True, 1.5])  # noqa: DTZ001
def test_only_aware_instants_bound_an_interval(wrong: object) -> None:
    with pytest.raises(InvalidArgument):
        Interval(wrong, None)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        Interval(None, wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInstant):
        wrong in between(None, None)  # type: ignore[operator]  # noqa: B015


def test_instants_of_any_offset_are_kept_in_utc() -> None:
    local = at(10).astimezone(timezone(timedelta(hours=5)))
    assert Interval(local, None) == Interval(at(10), None)
    start = Interval(local, None).start
    assert start is not None
    assert start.tzinfo is UTC


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((1, 3), (2, 4), (2, 3)),
        ((1, 4), (2, 3), (2, 3)),
        ((1, 2), (2, 3), None),
        ((1, 2), (3, 4), None),
        ((1, None), (None, 3), (1, 3)),
        ((None, 2), (None, 3), (None, 2)),
        ((1, None), (2, None), (2, None)),
        ((None, None), (None, None), (None, None)),
        ((None, 1), (1, None), None),
        ((1, 1), (0, 2), None),
    ],
)
def test_an_intersection_is_what_both_hold(
    one: tuple[int | None, int | None], other: tuple[int | None, int | None], shared: tuple[int | None, int] | None
) -> None:
    expected = None if shared is None else between(*shared)
    assert between(*one).intersection(between(*other)) == expected
    assert between(*other).intersection(between(*one)) == expected
    assert between(*one).overlaps(between(*other)) is (expected is not None)


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        ([], []),
        ([(1, 1)], []),
        ([(1, 2), (2, 3)], [(1, 3)]),
        ([(4, 5), (1, 2)], [(1, 2), (4, 5)]),
        ([(1, 5), (2, 3)], [(1, 5)]),
        ([(1, None), (2, 9)], [(1, None)]),
        ([(None, 2), (2, 3), (5, None)], [(None, 3), (5, None)]),
        ([(3, 4), (None, None)], [(None, None)]),
        ([(1, 2), (1, 2), (1, 3)], [(1, 3)]),
        ([(1, 2), (3, 3), (4, 5)], [(1, 2), (4, 5)]),
    ],
)
def test_a_union_is_sorted_and_joined(
    given: list[tuple[int | None, int | None]], joined: list[tuple[int | None, int | None]]
) -> None:
    assert union(between(*pair) for pair in given) == tuple(between(*pair) for pair in joined)


def test_intervals_meet_only_intervals() -> None:
    with pytest.raises(InvalidArgument):
        between(1, 2).intersection((at(1), at(2)))  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        union([(at(1), at(2))])  # type: ignore[list-item]
    with pytest.raises(InvalidArgument):
        SPAN.intersection(between(1, 2))  # type: ignore[arg-type]


SPAN = Span(date(2024, 2, 1), date(2024, 3, 1))


def test_a_span_counts_calendar_days() -> None:
    assert SPAN.days == 29
    assert date(2024, 2, 1) in SPAN
    assert date(2024, 2, 29) in SPAN
    assert date(2024, 3, 1) not in SPAN
    assert date(2024, 1, 31) not in SPAN


@pytest.mark.parametrize("end", [date(2024, 2, 1), date(2024, 1, 31)])
def test_a_span_is_never_empty(end: date) -> None:
    with pytest.raises(InvalidSpan) as refused:
        Span(date(2024, 2, 1), end)
    assert refused.value == InvalidSpan(start=date(2024, 2, 1), end=end)
    assert refused.value.code == "span.invalid"


@pytest.mark.parametrize("wrong", [datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01", None, 738_000, date.max])
def test_only_days_bound_a_span(wrong: object) -> None:
    with pytest.raises(InvalidArgument):
        Span(wrong, date(2027, 1, 1))  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        Span(date(2024, 1, 1), wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        wrong in SPAN  # type: ignore[operator]  # noqa: B015


def test_spans_share_the_days_in_both() -> None:
    march = Span(date(2024, 3, 1), date(2024, 4, 1))
    half = Span(date(2024, 2, 15), date(2024, 3, 15))
    assert SPAN.intersection(half) == Span(date(2024, 2, 15), date(2024, 3, 1))
    assert SPAN.intersection(march) is None


@pytest.mark.parametrize("value", [between(1, 2), between(None, None), SPAN])
def test_copies_are_equal(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
