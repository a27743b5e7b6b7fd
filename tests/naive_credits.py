"""Burning credits down, as the README of the vectors tells it and as plainly as it can be: the oracle of credits.

At every instant at which anything happens it goes through all grants, in lists that are sorted anew each time. It
shares no code with the library, nor the calendar.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Given:
    """A grant. *every* is `h`, `d` or `m` for hours, days or months, with how many of them."""

    id: str
    amount: int
    effective: datetime
    priority: int = 0
    expires: datetime | None = None
    voided: datetime | None = None
    balance: int | None = None
    every: tuple[str, int] | None = None
    anchor: datetime | None = None
    rollover: tuple[int, int] = (0, 0)

    @property
    def ends(self) -> datetime:
        return min(self.expires or NEVER, self.voided or NEVER)

    def in_force(self, at: datetime) -> bool:
        return self.effective <= at < self.ends

    @property
    def burning_order(self) -> tuple[int, datetime, datetime, str]:
        return (self.priority, self.expires or NEVER, self.effective, self.id)


@dataclass(frozen=True)
class Run:
    """What is to be burned down."""

    start: datetime
    until: datetime
    zone: str
    grants: list[Given]
    usage: list[tuple[datetime, int]]
    resets: list[datetime] = field(default_factory=list)
    keep_overage: bool = False
    overage: int = 0
    used: int = 0


@dataclass
class Outcome:
    """The balances by grant, what is owed and what was used."""

    balances: dict[str, int]
    overage: int
    used: int


def boundary(grant: Given, zone: str, k: int) -> datetime:
    """Boundary *k* of a recurrence: months and days by the wall clock of *zone*, hours as time that passes."""
    assert grant.every is not None
    assert grant.anchor is not None
    unit, number = grant.every
    number *= k
    if unit == "h" or not k:
        return grant.anchor + timedelta(hours=number)
    wall = grant.anchor.astimezone(ZoneInfo(zone)).replace(fold=0)
    day = wall.date()
    if unit == "d":
        day += timedelta(days=number)
    else:
        months = day.year * 12 + day.month - 1 + number
        year, month = months // 12, months % 12 + 1
        day = day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))
    return datetime.combine(day, wall.time(), ZoneInfo(zone)).astimezone(UTC)


def boundaries(grant: Given, zone: str, until: datetime) -> list[datetime]:
    """All boundaries up to *until* at which the grant is in force."""
    if grant.every is None:
        return []
    found, forwards, backwards = [], 0, -1
    while (at := boundary(grant, zone, forwards)) <= until:
        found.append(at)
        forwards += 1
    while (at := boundary(grant, zone, backwards)) >= grant.effective:
        found.append(at)
        backwards -= 1
    return [at for at in found if at <= until and grant.in_force(at)]


class Burning:
    """The balances while they burn down."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.balances = {one.id: 0 for one in run.grants}
        self.overage, self.used = run.overage, run.used
        self.top_ups = {one.id: boundaries(one, run.zone, run.until) for one in run.grants}

    def in_order(self) -> list[Given]:
        return sorted(self.run.grants, key=lambda one: one.burning_order)

    def begin(self) -> None:
        """What is in force and has a balance has it; the others in force are full, as if they had just started."""
        for grant in self.in_order():
            if grant.in_force(self.run.start):
                if grant.balance is not None:
                    self.balances[grant.id] = grant.balance
                else:
                    self.fill(grant)

    def fill(self, grant: Given) -> None:
        self.balances[grant.id] = max(self.balances[grant.id], grant.amount)
        self.pay(grant)

    def pay(self, grant: Given) -> None:
        while self.overage and self.balances[grant.id]:
            paid = min(self.overage, self.balances[grant.id])
            self.overage, self.balances[grant.id] = self.overage - paid, self.balances[grant.id] - paid

    def end(self, at: datetime) -> None:
        for grant in self.run.grants:
            if grant.ends <= at:
                self.balances[grant.id] = 0

    def reset(self, at: datetime) -> None:
        self.used = 0
        running = [one for one in self.in_order() if one.in_force(at) and one.effective < at]
        for grant in running:
            least, most = grant.rollover
            self.balances[grant.id] = min(most, max(least, self.balances[grant.id]))
        if not self.run.keep_overage:
            self.overage = 0
        for grant in running:
            self.pay(grant)

    def start_and_top_up(self, at: datetime) -> None:
        for grant in self.in_order():
            if grant.in_force(at) and (grant.effective == at or at in self.top_ups[grant.id]):
                self.fill(grant)

    def use(self, amount: int) -> None:
        self.used += amount
        for grant in self.in_order():
            burned = min(amount, self.balances[grant.id])
            amount, self.balances[grant.id] = amount - burned, self.balances[grant.id] - burned
        self.overage += amount

    def instants(self) -> list[datetime]:
        run = self.run
        found = {run.until, *run.resets, *(at for at, _ in run.usage)}
        for grant in run.grants:
            found |= {grant.effective, grant.ends, *self.top_ups[grant.id]}
        return sorted(at for at in found if run.start <= at <= run.until)


def burn_down(run: Run) -> Outcome:
    """What is left at the end of *run*."""
    burning = Burning(run)
    burning.begin()
    for at in burning.instants():
        if at > run.start:
            burning.end(at)
            if at in run.resets:
                burning.reset(at)
            burning.start_and_top_up(at)
        if at < run.until:
            for when, amount in run.usage:
                if when == at:
                    burning.use(amount)
    return Outcome(burning.balances, burning.overage, burning.used)
