"""What a partner's year is held against: days, turns and sums, worked out naively and without the library."""

from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

PROFORMA, INVOICE, CREDIT_NOTE = "proforma", "invoice", "credit_note"
SERIES = {PROFORMA: "P-", INVOICE: "F-", CREDIT_NOTE: "C-"}


@cache
def midnight(day: date, zone: str) -> datetime:
    """The first instant of *day* in *zone*, looked for in steps of a quarter of an hour."""
    at = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    while local_day(at, zone) < day:
        at += timedelta(minutes=15)
    return at


@cache
def _rules(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(_rules(zone)).date()


def day_began(at: datetime, zone: str) -> datetime:
    """The first instant of the day that it is at *at*."""
    return midnight(local_day(at, zone), zone)


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass(frozen=True)
class Rhythm:
    """Days that come round again: the k-th lies k steps after the first, months first, on the *wanted* day."""

    first: date
    wanted: int
    months: int
    days: int
    zone: str

    def day(self, k: int) -> date:
        year, month = divmod(12 * self.first.year + self.first.month - 1 + k * self.months, 12)
        found = date(year, month + 1, min(self.wanted, monthrange(year, month + 1)[1]))
        return found + timedelta(days=k * self.days)

    def at(self, k: int) -> datetime:
        return midnight(self.day(k), self.zone)

    def every(self, months: int, days: int) -> "Rhythm":
        """From the same day on, with steps of another length."""
        return replace(self, months=months, days=days)

    def turn_with(self, at: datetime) -> int:
        """The number of the turn that holds *at*."""
        k = 0
        while self.at(k) > at:
            k -= 1
        while self.at(k + 1) <= at:
            k += 1
        return k


@dataclass(frozen=True)
class Sold:
    """What is sold: an amount for each unit and period, or one for all of them."""

    item: str
    price: int
    quantity: int
    months: int
    days: int
    flat: bool = False
    taxed: bool = False

    @property
    def whole(self) -> int:
        """The price of a whole period."""
        return self.price if self.flat else self.price * self.quantity

    def rhythm(self, first: date, zone: str) -> Rhythm:
        """Its turns, from *first* on."""
        return Rhythm(first, first.day, self.months, self.days, zone)


@dataclass(frozen=True)
class Change:
    """What is to be different: names of fields of `Sold`, and the values that they get."""

    values: tuple[tuple[str, object], ...]

    @property
    def interval(self) -> bool:
        """Whether a new rhythm begins."""
        return any(name == "months" for name, _ in self.values)


@dataclass(frozen=True)
class Waiting:
    """A change that waits for *at*, or with `None` for the next period."""

    name: str
    change: Change
    at: datetime | None


@dataclass(frozen=True, repr=False)
class Turn:
    """Something that was billed: a period of a rhythm, from *start* on.

    Attributes:
        k: Which turn of *rhythm* it lies in.
        whole: Where that turn begins.
        common: The rhythm to which the next turn is aligned.
        waiting: Changes that wait, in the order in which they were asked.
        line: The document that asks for its days: its own, or that of the turn before where nothing was to be paid.
    """

    start: datetime
    rhythm: Rhythm
    k: int
    sold: Sold
    waiting: tuple[Waiting, ...] = ()
    common: Rhythm | None = None
    document: str | None = None
    line: str | None = None
    renewal: bool = False

    def __repr__(self) -> str:
        waiting = "".join(f" then {one.change.values} at {one.at}" for one in self.waiting)
        common = "" if self.common is None else f" common {self.common.first}"
        what = f"{self.sold.quantity} {self.sold.item} at {self.sold.price}"
        return f"{self.document}: {self.start} to {self.end}, {what}{' again' * self.renewal}{common}{waiting}"

    @cached_property
    def whole(self) -> datetime:
        return self.rhythm.at(self.k)

    @cached_property
    def end(self) -> datetime:
        return self.rhythm.at(self.k + 1)

    @property
    def begins_period(self) -> bool:
        """Whether it is no change in the middle of a period."""
        return self.renewal or self.start <= self.whole

    @property
    def net(self) -> int:
        """What it costs: its share of the whole turn, by days."""
        zone = self.rhythm.zone
        billed = local_day(self.end, zone) - local_day(self.start, zone)
        days = local_day(self.end, zone) - local_day(self.whole, zone)
        return half_up(self.sold.whole * billed.days, days.days)


def twenty_one(net: int) -> int:
    """21 % of *net*, which is the only tax there is here."""
    return half_up(net * 21, 100)


@dataclass
class Paper:
    """A proforma or invoice, with its one line.

    Attributes:
        start, end: What of the period it is for was not taken back.
        whole, days: The price of the whole turn, and the days of it.
        taken: What of *net* was taken off.
        cash, spent: What was paid on it from outside, and out of the credit of the client.
        returned: What of that went back to the credit.
        noted: What the credit notes about it come to.
        reminded: For how many days after it was due it was last reminded of.
        failed: How often the automatic debit for it failed.
    """

    name: str
    service: str
    currency: str
    number: int
    due: date
    net: int
    tax: int
    start: datetime | None = None
    end: datetime | None = None
    whole: int = 0
    days: int = 1
    status: str = "unpaid"
    taken: int = 0
    cash: int = 0
    spent: int = 0
    returned: int = 0
    noted: int = 0
    reminded: int = -1
    failed: int = 0
    payments: int = 0

    @property
    def total(self) -> int:
        return self.net + self.tax

    def with_tax(self, net: int) -> int:
        """*net* of it, with the tax on that."""
        return net + (half_up(self.tax * net, self.net) if self.net else self.tax)

    @property
    def owed(self) -> int:
        if self.status == "void":
            return 0
        return self.total - self.off - (self.cash + self.spent - self.returned)

    @property
    def off(self) -> int:
        """What was taken off, with its tax."""
        return self.with_tax(self.taken) if self.taken else 0

    def unused(self, since: datetime, zone: str) -> int:
        """What is left of it for the time from *since* on."""
        if self.start is None or self.end is None or self.end <= since:
            return 0
        first = max(self.start, since)
        left = (local_day(self.end, zone) - local_day(first, zone)).days
        return min(half_up(self.whole * left, self.days), self.net - self.taken)


@dataclass
class Counted:
    """How many documents of each kind there are; of each kind the numbers run from 1 without a gap."""

    last: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERIES, 0))
    dated: dict[str, date] = field(default_factory=dict)
