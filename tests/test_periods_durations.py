"""Durations: what ISO 8601 writes, and what they lead to."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from licensing_core.checks import InvalidArgument
from licensing_core.periods import Duration, InvalidDuration, OutOfCalendar, UnknownZone

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "months", "days", "seconds", "canonical"),
    [
        ("P1M", 1, 0, 0, "P1M"),
        ("P12M", 12, 0, 0, "P1Y"),
        ("P1Y", 12, 0, 0, "P1Y"),
        ("P2W", 0, 14, 0, "P14D"),
        ("P30D", 0, 30, 0, "P30D"),
        ("P1Y2W", 12, 14, 0, "P1Y14D"),
        ("PT1H", 0, 0, 3600, "PT1H"),
        ("PT90M", 0, 0, 5400, "PT1H30M"),
        ("PT45S", 0, 0, 45, "PT45S"),
        ("P0M30D", 0, 30, 0, "P30D"),
        ("P1Y2M10DT5H30M45S", 14, 10, 19_845, "P1Y2M10DT5H30M45S"),
        ("P1000Y", 12_000, 0, 0, "P1000Y"),
    ],
)
def test_a_duration_is_written_in_iso_8601(text: str, months: int, days: int, seconds: int, canonical: str) -> None:
    duration = Duration.parse(text)
    assert duration == Duration(months=months, days=days, seconds=seconds)
    assert str(duration) == canonical
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1YT", "1M", "P1", "PM", "p1m", "P1M ", " P1M", "P1M\n", "P1M/P2M", "P1W1W"),
        *("-P1M", "P-1M", "+P1M", "P1.5M", "PT0,5S", "P1D1M", "PT1D", "P1H", "P\u0661M"),
        *("P0D", "P0M", "PT0S", "P0Y0M0DT0H0M0S"),
        *("P1001Y", "P12001M", "P366001D", "PT999999999999S", "P9999999D", f"P{'9' * 500}D", f"P{'0' * 90}1D"),
    ],
)
def test_a_text_is_refused_that_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidDuration) as refused:
        Duration.parse(text)
    assert refused.value.code == "duration.invalid"


@pytest.mark.parametrize("text", [None, 1, b"P1M", ["P1M"], Duration(months=1)])
def test_only_text_is_parsed(text: object) -> None:
    with pytest.raises(InvalidDuration):
        Duration.parse(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"months": 0, "days": 0},
        {"months": -1},
        {"days": -1},
        {"seconds": -1},
        {"months": True},
        {"days": 1.0},
        {"seconds": Fraction(1)},
        {"months": "1"},
        {"months": None},
        {"months": 12_001},
        {"days": 366_001},
        {"seconds": 366_000 * 86_400 + 1},
        {"days": 10**400},
    ],
)
def test_a_duration_is_longer_than_nothing_and_no_longer_than_a_thousand_years(parts: dict[str, int]) -> None:
    with pytest.raises(InvalidDuration):
        Duration(**parts)


@pytest.mark.parametrize(
    ("at", "every", "zone", "times", "expected"),
    [
        ("2026-01-31T12:00Z", "P1M", "UTC", 1, "2026-02-28T12:00Z"),
        ("2026-01-31T12:00Z", "P1M", "UTC", 2, "2026-03-31T12:00Z"),
        ("2026-01-31T12:00Z", "P1M", "UTC", 0, "2026-01-31T12:00Z"),
        ("2026-03-31T12:00Z", "P1M", "UTC", -1, "2026-02-28T12:00Z"),
        ("2024-02-29T00:00Z", "P1Y", "UTC", -1, "2023-02-28T00:00Z"),
        ("2026-03-28T02:30+01:00", "P1D", "Europe/Madrid", 1, "2026-03-29T03:30+02:00"),
        ("2026-03-28T02:30+01:00", "PT24H", "Europe/Madrid", 1, "2026-03-29T03:30+02:00"),
        ("2026-03-28T12:00+01:00", "PT24H", "Europe/Madrid", 1, "2026-03-29T13:00+02:00"),
        ("2026-10-24T02:30+02:00", "P1D", "Europe/Madrid", 1, "2026-10-25T02:30+02:00"),
        ("2026-10-25T02:30+01:00", "P1D", "Europe/Madrid", -1, "2026-10-24T02:30+02:00"),
        ("2026-10-25T02:30+01:00", "PT1S", "Europe/Madrid", 1, "2026-10-25T02:30:01+01:00"),
        ("2023-10-29T02:15:30+01:00", "P5M2DT2H", "Europe/Berlin", 1, "2024-03-31T05:15:30+02:00"),
        ("2011-12-29T10:00-10:00", "P1D", "Pacific/Apia", 1, "2011-12-31T10:00+14:00"),
        ("2026-01-30T00:00Z", "P1M1D", "UTC", 1, "2026-03-01T00:00Z"),
    ],
)
def test_months_come_first_then_days_on_the_wall_then_elapsed_seconds(
    at: str, every: str, zone: str, times: int, expected: str
) -> None:
    found = Duration.parse(every).after(datetime.fromisoformat(at), zone, times)
    assert found == datetime.fromisoformat(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "every", "times", "expected"),
    [
        ("2026-01-31", "P1M", 1, "2026-02-28"),
        ("2026-01-31", "P1M", 13, "2027-02-28"),
        ("2026-01-31", "P2W", -1, "2026-01-17"),
        ("2020-01-30", "P1Y1M1D", 1, "2021-03-01"),
        ("2026-01-31", "P1M", 0, "2026-01-31"),
    ],
)
def test_days_are_counted_without_a_zone(day: str, every: str, times: int, expected: str) -> None:
    assert Duration.parse(every).after_day(date.fromisoformat(day), times) == date.fromisoformat(expected)


def test_days_cannot_count_seconds() -> None:
    with pytest.raises(InvalidDuration) as refused:
        Duration(days=1, seconds=3600).after_day(date(2026, 1, 1))
    assert str(refused.value) == "duration must be of whole months and days, got one with 3600 seconds"


@pytest.mark.parametrize("every", ["P1000Y", "P366000D", "PT31622400000S"])
@pytest.mark.parametrize("times", [9, -9, 10**12, -(10**12)])
def test_what_leads_out_of_the_calendar_is_refused(every: str, times: int) -> None:
    duration = Duration.parse(every)
    with pytest.raises(OutOfCalendar):
        duration.after(NOON, "Europe/Madrid", times)
    with pytest.raises((OutOfCalendar, InvalidDuration)):
        duration.after_day(date(2026, 1, 31), times)


def test_the_edges_of_the_calendar_can_be_reached_and_not_passed() -> None:
    assert Duration(days=1).after_day(date(9998, 12, 30)) == date(9998, 12, 31)
    assert Duration(seconds=1).after(datetime(9998, 12, 31, 23, 59, 58, tzinfo=UTC), "UTC").year == 9998
    with pytest.raises(OutOfCalendar):
        Duration(days=1).after_day(date(9998, 12, 31))
    with pytest.raises(OutOfCalendar):
        Duration(seconds=1).after(datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC), "UTC")


@pytest.mark.parametrize("times", [True, 1.0, "1", None, 10**13, 10**400])
def test_it_is_taken_a_whole_number_of_times(times: object) -> None:
    with pytest.raises(InvalidArgument):
        Duration(days=1).after(NOON, "UTC", times)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        Duration(days=1).after_day(date(2026, 1, 1), times)  # type: ignore[arg-type]


def test_days_and_instants_are_not_taken_for_each_other() -> None:
    with pytest.raises(InvalidArgument):
        Duration(days=1).after(date(2026, 1, 1), "UTC")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        Duration(days=1).after(datetime(2026, 1, 1), "UTC")  # noqa: DTZ001
    with pytest.raises(InvalidArgument):
        Duration(days=1).after_day(NOON)
    with pytest.raises(UnknownZone):
        Duration(days=1).after(NOON, "Nowhere")
