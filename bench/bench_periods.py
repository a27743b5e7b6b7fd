"""Boundaries and periods against dateutil: goals 7 to 10."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, rrule

from bench.harness import Row
from licensing_core.periods import Cycle, Duration

MONTH = Duration(months=1)
MADRID = "Europe/Madrid"
ANCHOR = date(2021, 1, 31)
BY_DAY = Cycle(ANCHOR, MONTH, MADRID)
TURNS = [7 * k % 240 + 1 for k in range(400)]
LATER = date(2026, 2, 10)  # 60 months on


def nth_boundary() -> None:
    for k in TURNS:
        BY_DAY.day(k)


def nth_boundary_by_relativedelta() -> None:
    for k in TURNS:
        ANCHOR + relativedelta(months=k)


def period_on(day: date) -> Callable[[], None]:
    def look_up() -> None:
        for _ in range(400):
            BY_DAY.span_on(day)

    return look_up


def period_by_stepping() -> None:
    months = 0
    while ANCHOR + relativedelta(months=months + 1) <= LATER:
        months += 1
    (ANCHOR + relativedelta(months=months), ANCHOR + relativedelta(months=months + 1))


def boundaries() -> None:
    [BY_DAY.day(k) for k in range(120)]


def boundaries_by_rrule() -> None:
    list(rrule(MONTHLY, dtstart=datetime(2021, 1, 15), count=120))  # noqa: DTZ001


LOCAL = datetime(2021, 1, 31, 9, tzinfo=ZoneInfo(MADRID))
BY_HOUR = Cycle(LOCAL, MONTH, MADRID)


def local_boundary() -> None:
    for k in TURNS:
        BY_HOUR.boundary(k)


def local_midnight() -> None:
    for k in TURNS:
        BY_DAY.boundary(k)


def local_boundary_by_relativedelta() -> None:
    for k in TURNS:
        LOCAL + relativedelta(months=k)


def utc_boundary_by_relativedelta() -> None:
    for k in TURNS:
        (LOCAL + relativedelta(months=k)).astimezone(UTC)


def rows() -> list[Row]:
    """The rows of goals 7 to 10; ours gives UTC, so goal 10 is met though the peer stops at local time."""
    n = len(TURNS)
    near, far = period_on(date(2021, 3, 10)), period_on(date(2121, 3, 10))
    by_months = "anchor + relativedelta"
    return [
        Row(
            "7",
            "nth boundary, day 31",
            by_months,
            nth_boundary,
            nth_boundary_by_relativedelta,
            at_least=22,
            ours_per=n,
            theirs_per=n,
        ),
        Row(
            "8",
            "period that holds a day, 60 months on",
            "stepping with relativedelta",
            period_on(LATER),
            period_by_stepping,
            at_least=430,
            ours_per=n,
        ),
        Row(
            "8",
            "the same, 100 years on",
            "itself 1 month on",
            far,
            near,
            at_most=1.15,
            ours_per=n,
            theirs_per=n,
        ),
        Row(
            "9",
            "120 boundaries, each",
            "rrule",
            boundaries,
            boundaries_by_rrule,
            at_least=30,
            ours_per=120,
            theirs_per=120,
        ),
        Row(
            "10",
            "local boundary at 9:00 in a zone, to UTC",
            f"{by_months}, aware",
            local_boundary,
            local_boundary_by_relativedelta,
            at_least=3.8,
            ours_per=n,
            theirs_per=n,
        ),
        Row(
            "10",
            "local midnight in a zone, to UTC",
            f"{by_months}, aware, to UTC",
            local_midnight,
            utc_boundary_by_relativedelta,
            ours_per=n,
            theirs_per=n,
        ),
    ]
