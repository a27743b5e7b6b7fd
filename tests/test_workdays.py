"""Working days and deadlines in working hours."""

from datetime import UTC, date, datetime

import pytest

from licensing_core.checks import InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.periods import OutOfCalendar, UnknownZone
from licensing_core.workdays import BusinessCalendar, InvalidCalendar, deadline

MADRID = "Europe/Madrid"
MONDAY_TO_FRIDAY = frozenset(range(5))
EVERY_DAY = frozenset(range(7))


def a_calendar(*holidays: str, workdays: frozenset[int] = MONDAY_TO_FRIDAY) -> BusinessCalendar:
    return BusinessCalendar(workdays, frozenset(map(date.fromisoformat, holidays)))


@pytest.mark.parametrize(
    ("start", "hours", "holidays", "expected"),
    [
        ("2026-11-16T12:00+01:00", 48, [], "2026-11-18T12:00+01:00"),
        ("2026-12-04T15:00+01:00", 48, ["2026-12-08"], "2026-12-09T15:00+01:00"),
        ("2026-12-05T10:00+01:00", 48, ["2026-12-08"], "2026-12-10T00:00+01:00"),
        ("2026-12-08T10:00+01:00", 1, ["2026-12-08"], "2026-12-09T01:00+01:00"),
        ("2026-12-04T15:00+01:00", 9, [], "2026-12-05T00:00+01:00"),
        ("2026-12-04T15:00+01:00", 10, [], "2026-12-07T01:00+01:00"),
        ("2026-12-03T00:00+01:00", 48, [], "2026-12-05T00:00+01:00"),
        ("2026-12-03T00:00:01+01:00", 48, [], "2026-12-07T00:00:01+01:00"),
    ],
)
def test_only_hours_of_working_days_count(start: str, hours: int, holidays: list[str], expected: str) -> None:
    found = deadline(datetime.fromisoformat(start), hours, a_calendar(*holidays), MADRID)
    assert found == datetime.fromisoformat(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "hours", "zone", "expected"),
    [
        ("2026-03-28T12:00+01:00", 24, MADRID, "2026-03-29T12:00+02:00"),
        ("2026-03-28T12:00+01:00", 48, MADRID, "2026-03-30T12:00+02:00"),
        ("2026-10-24T12:00+02:00", 48, MADRID, "2026-10-26T12:00+01:00"),
        ("2026-03-29T01:30+01:00", 1, MADRID, "2026-03-29T03:30+02:00"),
        ("2026-10-25T01:30+02:00", 1, MADRID, "2026-10-25T02:30+02:00"),
        ("2026-10-25T02:30+01:00", 1, MADRID, "2026-10-25T03:30+01:00"),
        ("2026-10-25T01:00+00:00", 1, "Antarctica/Troll", "2026-10-25T02:00+00:00"),
    ],
)
def test_a_working_day_has_24_hours_on_the_wall_even_when_the_clocks_change(
    start: str, hours: int, zone: str, expected: str
) -> None:
    found = deadline(datetime.fromisoformat(start), hours, a_calendar(workdays=EVERY_DAY), zone)
    assert found == datetime.fromisoformat(expected)


OFFICE = BusinessCalendar(MONDAY_TO_FRIDAY, opening_minute=9 * 60, closing_minute=17 * 60)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-16T12:00+01:00", 5, "2026-11-16T17:00+01:00"),
        ("2026-11-16T12:00+01:00", 6, "2026-11-17T10:00+01:00"),
        ("2026-11-16T12:00+01:00", 48, "2026-11-24T12:00+01:00"),
        ("2026-11-16T08:00+01:00", 1, "2026-11-16T10:00+01:00"),
        ("2026-11-16T17:00+01:00", 1, "2026-11-17T10:00+01:00"),
        ("2026-11-16T23:00+01:00", 8, "2026-11-17T17:00+01:00"),
        ("2026-11-20T16:30+01:00", 1, "2026-11-23T09:30+01:00"),
        ("2026-11-21T16:30+01:00", 1, "2026-11-23T10:00+01:00"),
    ],
)
def test_of_an_office_only_the_hours_between_opening_and_closing_count(start: str, hours: int, expected: str) -> None:
    found = deadline(datetime.fromisoformat(start), hours, OFFICE, MADRID)
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(("opening", "closing"), [(0, 59), (60, 60), (1440, 1440), (600, 540), (1381, 1440)])
def test_an_office_is_open_for_an_hour_or_more(opening: int, closing: int) -> None:
    with pytest.raises(InvalidCalendar):
        BusinessCalendar(MONDAY_TO_FRIDAY, opening_minute=opening, closing_minute=closing)
    assert BusinessCalendar(MONDAY_TO_FRIDAY, opening_minute=0, closing_minute=60).minutes_per_day == 60


def test_a_day_is_worked_on_a_weekday_that_is_no_holiday() -> None:
    calendar = a_calendar("2026-12-08")
    assert [calendar.is_workday(date(2026, 12, day)) for day in (4, 5, 6, 7, 8, 9)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert calendar.first_workday(date(2026, 12, 5)) == date(2026, 12, 7)
    assert calendar.first_workday(date(2026, 12, 7)) == date(2026, 12, 7)


def test_the_longest_run_of_holidays_has_an_end() -> None:
    first = date(2026, 1, 5).toordinal()
    mondays = frozenset(date.fromordinal(first + 7 * week) for week in range(10_000))
    calendar = BusinessCalendar(frozenset({0}), mondays)
    found = deadline(datetime(2026, 1, 1, tzinfo=UTC), 10_000, calendar, "UTC")
    assert found == datetime(2225, 8, 22, 16, tzinfo=UTC)


def test_a_deadline_stays_in_the_calendar() -> None:
    with pytest.raises(OutOfCalendar):
        deadline(datetime(9998, 12, 30, tzinfo=UTC), 100, a_calendar(workdays=EVERY_DAY), "UTC")


@pytest.mark.parametrize("hours", [0, -1, 10_001, True, 1.5, "48", None])
def test_hours_are_a_whole_number_up_to_10000(hours: object) -> None:
    with pytest.raises(InvalidQuantity):
        deadline(datetime(2026, 1, 1, tzinfo=UTC), hours, a_calendar(), MADRID)  # type: ignore[arg-type]


def test_other_arguments_of_a_deadline_are_checked_too() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(InvalidInstant):
        deadline(now.replace(tzinfo=None), 1, a_calendar(), MADRID)
    with pytest.raises(UnknownZone):
        deadline(now, 1, a_calendar(), "Nowhere")
    with pytest.raises(InvalidArgument):
        deadline(now, 1, {"workdays": [0]}, MADRID)  # type: ignore[arg-type]


@pytest.mark.parametrize("workdays", [frozenset({7}), frozenset({-1}), frozenset({True}), [0, 1], {0}, None])
def test_workdays_are_a_frozenset_of_weekdays(workdays: object) -> None:
    with pytest.raises(InvalidArgument):
        BusinessCalendar(workdays)  # type: ignore[arg-type]


def test_a_calendar_without_working_days_is_refused() -> None:
    with pytest.raises(InvalidCalendar) as refused:
        BusinessCalendar(frozenset())
    assert refused.value.code == "business_calendar.invalid"


def test_a_calendar_has_at_most_10000_holidays() -> None:
    days = [date.fromordinal(730_000 + number) for number in range(10_001)]
    assert len(BusinessCalendar(MONDAY_TO_FRIDAY, frozenset(days[1:])).holidays) == 10_000
    with pytest.raises(InvalidCalendar):
        BusinessCalendar(MONDAY_TO_FRIDAY, frozenset(days))


@pytest.mark.parametrize("holiday", [datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01", None])
def test_a_holiday_is_a_date(holiday: object) -> None:
    with pytest.raises(InvalidArgument):
        BusinessCalendar(MONDAY_TO_FRIDAY, frozenset({holiday}))  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        a_calendar().is_workday(holiday)  # type: ignore[arg-type]
