"""Shares, amounts and changes worked out naively, day by day and month by month: what the conventions say, in words.

It shares nothing with the library but the names of the axes, so that the two can be compared.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from licensing_core.periods import Duration
from licensing_core.proration import Convention

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HALF = Fraction(1, 2)


class Counted(NamedTuple):
    """A part: how much was counted of it and of the whole, and the share."""

    counted: Fraction
    base: Fraction
    share: Fraction


def rounded(number: Fraction, mode: str, digits: int) -> Fraction:
    """*number* with *digits* decimals, the way that the words of the README have it."""
    step = Fraction(1, 10**digits) if digits >= 0 else Fraction(10**-digits)
    size, sign = abs(number) / step, -1 if number < 0 else 1
    below = floor(size)
    cut = size - below
    if not cut:
        return number
    away = {
        "up": True,
        "down": False,
        "ceiling": sign > 0,
        "floor": sign < 0,
        "half_up": cut >= HALF,
        "half_down": cut > HALF,
        "half_even": cut > HALF or (cut == HALF and below % 2 == 1),
    }[mode]
    return sign * (below + away) * step


def months_later(day: date, months: int) -> date:
    """*day*, *months* later, clamped to the last day of the month."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def one_turn_later(start: date, every: Duration, zone: str) -> date:
    """The day or instant one *every* after *start*."""
    if not isinstance(start, datetime):
        return months_later(start, every.months) + every.days * DAY
    at = start
    if every.months or every.days:
        local = start.astimezone(ZoneInfo(zone))
        day = months_later(local.date(), every.months) + every.days * DAY
        at = datetime.combine(day, local.time().replace(fold=0), ZoneInfo(zone)).astimezone(UTC)
    return at + every.seconds * SECOND


def local_day(point: date, zone: str) -> date:
    return point.astimezone(ZoneInfo(zone)).date() if isinstance(point, datetime) else point


def count_of(what: str, start: date, end: date, zone: str) -> Fraction:
    """How many *what* lie between *start* and *end*, one by one."""
    if what == "seconds":
        if isinstance(start, datetime) and isinstance(end, datetime):
            return Fraction((end - EPOCH) // SECOND - (start - EPOCH) // SECOND)
        return Fraction(86_400 * len(days_between(start, end)))
    first, last = local_day(start, zone), local_day(end, zone)
    if what == "days":
        return Fraction(len(days_between(first, last)))
    if what == "days_360":
        years, months, days = last.year - first.year, last.month - first.month, last.day - first.day
        return Fraction(360 * years + 30 * months + days)
    if what == "months":
        whole = 0
        while months_later(first, whole + 1) <= last:
            whole += 1
        step = days_between(months_later(first, whole), months_later(first, whole + 1))
        left = days_between(months_later(first, whole), last)
        return whole + Fraction(len(left), len(step))
    assert what == "calendar_months"
    touched: dict[tuple[int, int], int] = {}
    for day in days_between(first, last):
        touched[day.year, day.month] = touched.get((day.year, day.month), 0) + 1
    return sum((Fraction(days, monthrange(*month)[1]) for month, days in touched.items()), Fraction(0))


def days_between(first: date, last: date) -> list[date]:
    days = []
    while first < last:
        days.append(first)
        first += DAY
    return days


def base_of(convention: Convention, start: date, period: tuple[date, date], every: Duration, zone: str) -> Fraction:
    """The count of the whole, of which the part begins at *start*."""
    count, base = convention.count.value, convention.base.value
    if base == "period":
        return count_of(count, *period, zone)
    if base == "from_part":
        return count_of(count, start, one_turn_later(start, every, zone), zone)
    if base == "start_month":
        first = local_day(period[0], zone).replace(day=1)
        last = months_later(first, 1)
        if isinstance(period[0], datetime):
            return count_of(count, midnight(first, zone), midnight(last, zone), zone)
        return count_of(count, first, last, zone)
    if count in ("months", "calendar_months"):
        return Fraction(every.months)
    known = {1: 30, 3: 91, 6: 182, 12: 365} if base == "nominal" else {n: 30 * n for n in range(1, 100)}
    days = known.get(every.months, every.days)
    return Fraction(days * 86_400 if count == "seconds" else days)


def midnight(day: date, zone: str) -> datetime:
    """The first instant of *day*, found minute by minute from the evening before."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - 16 * 3600 * SECOND
    while local_day(at, zone) < day:
        at += 60 * SECOND
    return at


def naive_portion(
    convention: Convention,
    part: tuple[date, date] | None,
    period: tuple[date, date],
    every: Duration,
    zone: str = "UTC",
) -> Counted | None:
    """The part cut to the period, as counted; `None` where the whole counts nothing."""
    start, end = part or (period[0], period[0])
    start, end = max(start, period[0]), min(end, period[1])
    base = base_of(convention, start, period, every, zone)
    if base <= 0:
        return None
    if end <= start:
        return Counted(Fraction(0), base, Fraction(0))
    count = count_of(convention.count.value, start, end, zone)
    share = Fraction(1) if convention.stub.value == "full" else min(Fraction(1), count / base)
    return Counted(count, base, share)


def naive_staged(minor: int, digits: int, part: Counted, convention: Convention, most: int | None) -> Fraction:
    """What the part costs, in minor units, before the last rounding."""
    mode, stage = convention.mode.value, convention.stage.value
    amount = minor * part.share
    if stage == "share":
        amount = minor * rounded(part.share, mode, convention.stage_digits or 0)
    elif stage == "day_rate" and part.share != 1:
        rate = rounded(Fraction(minor, 10**digits) / part.base, mode, convention.stage_digits or 0)
        amount = min(Fraction(minor), rate * part.counted * 10**digits)
    return amount if most is None else max(Fraction(0), min(amount, Fraction(most)))


def naive_finished(staged: Fraction, digits: int, convention: Convention) -> int:
    """*staged* minor units, rounded to the decimals of the convention and then to whole minor units."""
    mode, decimals = convention.mode.value, convention.digits
    if decimals is not None and decimals > digits:  # what can be asked for is rounded once, from the exact amount
        return int(rounded(staged, mode, 0))
    number = rounded(staged / 10**digits, mode, digits if decimals is None else decimals)
    return int(rounded(number * 10**digits, mode, 0))


def naive_amount(minor: int, digits: int, part: Counted, convention: Convention, most: int | None = None) -> int:
    """What the part costs of a price of *minor* for the whole, in minor units."""
    found = naive_finished(naive_staged(minor, digits, part, convention, most), digits, convention)
    return found if most is None else min(found, most)


class Changed(NamedTuple):
    """What a change comes to, in minor units."""

    credit: int
    charge: int
    net: int


def naive_change(
    convention: Convention,
    period: tuple[date, date],
    at: date,
    old: int | None,
    new: int | None,
    every: Duration,
    *,
    zone: str = "UTC",
    digits: int = 2,
    held: int | None = None,
    restart: bool = False,
) -> Changed | None:
    """What a change comes to; `None` where the whole counts nothing."""
    begins = at
    if convention.change_day.value == "old":
        begins = local_day(at, zone) + DAY
        begins = midnight(begins, zone) if isinstance(at, datetime) else begins
    unused = naive_portion(convention, None if begins >= period[1] else (begins, period[1]), period, every, zone)
    if unused is None:
        return None
    most = None if held is None or convention.credit_cap.value == "none" else max(0, held)
    whole = Counted(Fraction(1), Fraction(1), Fraction(1))
    priced = whole if restart else unused
    credit = naive_amount(old or 0, digits, unused, convention, most)
    charge = naive_amount(new or 0, digits, priced, convention)
    if convention.net.value == "lines":
        return Changed(credit, charge, charge - credit)
    exact = naive_staged(new or 0, digits, priced, convention, None) - naive_staged(
        old or 0, digits, unused, convention, most
    )
    return Changed(credit, charge, naive_finished(exact, digits, convention))
