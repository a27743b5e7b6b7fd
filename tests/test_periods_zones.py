"""Local days: the long, the short, the late and the missing ones."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.periods import (
    OutOfCalendar,
    UnknownZone,
    as_zone,
    local_date,
    seconds_of_day,
    start_of_day,
)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "day", "start", "seconds"),
    [
        ("UTC", "2024-02-29", "2024-02-29T00:00Z", 86_400),
        ("Europe/Madrid", "2026-03-29", "2026-03-29T00:00+01:00", 82_800),
        ("Europe/Madrid", "2026-10-25", "2026-10-25T00:00+02:00", 90_000),
        ("Australia/Lord_Howe", "2024-04-07", "2024-04-07T00:00+11:00", 88_200),
        ("Australia/Lord_Howe", "2024-10-06", "2024-10-06T00:00+10:30", 84_600),
        ("America/Havana", "2024-03-10", "2024-03-10T01:00-04:00", 82_800),
        ("America/Havana", "2024-11-03", "2024-11-03T00:00-04:00", 90_000),
        ("Asia/Beirut", "2026-03-29", "2026-03-29T01:00+03:00", 82_800),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00-02:00", 82_800),
        ("America/Goose_Bay", "2010-11-07", "2010-11-07T00:00-03:00", 90_000),
        ("Pacific/Apia", "2011-12-29", "2011-12-29T00:00-10:00", 86_400),
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00+14:00", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-31T00:00+14:00", 86_400),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-22T00:00+12:00", 0),
        ("Pacific/Kiritimati", "1994-12-31", "1995-01-01T00:00+14:00", 0),
        ("America/Toronto", "1919-03-31", "1919-03-31T00:30-04:00", 84_600),
    ],
)
def test_a_local_day_starts_with_its_first_instant(zone: str, day: str, start: str, seconds: int) -> None:
    found = start_of_day(date.fromisoformat(day), zone)
    assert found == instant(start)
    assert found.tzinfo is UTC
    assert seconds_of_day(date.fromisoformat(day), zone) == seconds


def test_a_date_is_that_of_the_zone_not_that_of_utc() -> None:
    at = instant("2026-05-31T22:30:00Z")
    assert local_date(at, "UTC") == date(2026, 5, 31)
    assert local_date(at, "Europe/Madrid") == date(2026, 6, 1)
    assert local_date(at.astimezone(timezone(timedelta(hours=-9))), "Europe/Madrid") == date(2026, 6, 1)


@pytest.mark.parametrize(
    "zone",
    [
        *("Mars/Olympus", "", "/etc/passwd", "../../etc/localtime", "Europe/Madrid\0", "europe/madrid"),
        *("localtime", "Factory", "a" * 9999, None, 1, b"UTC", ["UTC"]),
    ],
)
def test_a_zone_is_one_of_the_iana_names(zone: object) -> None:
    with pytest.raises(UnknownZone) as refused:
        as_zone("zone", zone)
    assert refused.value.code == "zone.unknown"
    with pytest.raises(UnknownZone):
        local_date(instant("2026-01-01T00:00Z"), zone)  # type: ignore[arg-type]


@pytest.mark.parametrize("day", [datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01", None, 1.5, date.max, date.min])
def test_only_a_date_has_a_first_instant(day: object) -> None:
    with pytest.raises(InvalidArgument):
        start_of_day(day, "UTC")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        seconds_of_day(day, "UTC")  # type: ignore[arg-type]


@pytest.mark.parametrize("at", [datetime(2026, 1, 1), date(2026, 1, 1), "now", None])  # noqa: DTZ001
def test_only_an_aware_instant_has_a_date(at: object) -> None:
    with pytest.raises(InvalidInstant):
        local_date(at, "UTC")  # type: ignore[arg-type]


def test_the_last_day_of_the_calendar_has_no_length() -> None:
    assert seconds_of_day(date(9998, 12, 30), "UTC") == 86_400
    with pytest.raises(OutOfCalendar) as refused:
        seconds_of_day(date(9998, 12, 31), "UTC")
    assert refused.value == OutOfCalendar()
    assert str(refused.value).startswith("the day asked for lies outside the years 2 to 9998")
