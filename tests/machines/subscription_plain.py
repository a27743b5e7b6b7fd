"""A subscription in its plainest form: a list of stretches of days, each with its price; nothing of the library.

A day is a `date`; all that is done happens at noon of one. A stretch is charged for its days once, rounded half up, and
so is what is given back of it.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

DAY = timedelta(days=1)
FOR_EVER = 10**9
END = None
"""When a change comes that waits for the next period."""


def rounded(number: Fraction) -> int:
    """Half up."""
    return int((2 * number + 1) // 2)


def add_months(day: date, months: int) -> date:
    place = 12 * day.year + day.month - 1 + months
    year, month = divmod(place, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Cycle:
    """Boundary *k* is so many months, or days, after the anchor."""

    anchor: date
    months: int
    days: int

    def boundary(self, k: int) -> date:
        return add_months(self.anchor, k * self.months) + k * self.days * DAY

    def turn(self, day: date) -> tuple[date, date]:
        """The turn that holds *day*."""
        k = (day - self.anchor).days // (31 * self.months + self.days) - 2
        while self.boundary(k + 1) <= day:
            k += 1
        while self.boundary(k) > day:
            k -= 1
        return self.boundary(k), self.boundary(k + 1)

    def of_length(self, other: "Cycle") -> "Cycle":
        return Cycle(self.anchor, other.months, other.days)


@dataclass
class Change:
    """One that waits: from a day on, or with the next period."""

    name: str
    when: date | None
    parts: dict[str, Any]
    asked_in: "Stretch | None" = None


@dataclass(eq=False)
class Stretch:
    """What was billed at once: the days from *begin* to *end*, of the turn [*first*, *end*) of a cycle.

    Money is in whole cents: charged, taken off, paid, and returned of that.
    """

    begin: date
    first: date
    end: date
    cycle: Cycle
    quantity: int
    price: int
    renews: bool
    charged: int = 0
    off: int = 0
    paid: int = 0
    returned: int = 0
    until: date = date.min
    common: Cycle | None = None
    made: list[Change] = field(default_factory=list)
    same_as: "Stretch | None" = None
    """Where it changed nothing: the one that holds the money."""

    @property
    def owed(self) -> int:
        return self.charged - self.off - (self.paid - self.returned)

    def worth(self, begin: date, end: date) -> int:
        """What the days from *begin* to *end* are worth."""
        days = max(0, (min(end, self.until) - max(begin, self.begin)).days)
        return rounded(Fraction(self.price * self.quantity * days, (self.end - self.first).days))

    @property
    def is_period(self) -> bool:
        return self.renews or self.begin <= self.first


Moment = tuple[date, int]
"""A day and its hour: 0 or 12."""


class Refused(Exception):
    """With the code of the refusal."""


@dataclass
class Plain:
    """The subscription, on some day."""

    today: date
    cycle: Cycle
    quantity: int
    price: int
    renewal: str
    most: int
    trial: date | None
    converts: bool = True
    state: str = "pending"
    stretches: list[Stretch] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    ends: tuple[Moment, Moment] | None = None
    """Of access and of billing."""
    credited: bool = False
    final: bool = False
    returned: int = 0
    """Of what was taken back whole: it counts no more, but this stays in credit."""
    renewals: int = 0

    def __post_init__(self) -> None:
        self.begun = self.today
        self.state = "pending" if self.trial is None else "trial"

    # What is

    @property
    def noon(self) -> Moment:
        return self.today, 12

    @property
    def last(self) -> Stretch:
        return self.stretches[-1]

    @property
    def left(self) -> int:
        """How many periods are to come by themselves."""
        return 0 if self.renewal != "automatic" else max(0, self.most - self.renewals)

    @property
    def stops(self) -> date | None:
        """From that day on nothing is billed."""
        return None if self.ends is None else self.ends[1][0]

    def over(self, day: date) -> bool:
        return self.stops is not None and (self.final or day >= self.stops)

    def last_day(self) -> date | None:
        """The first day after the last period that was agreed."""
        if self.left > 10**6:
            return None
        if not self.stretches:
            return self.cycle_from(self.trial or self.today).boundary(1 + self.left)
        end = self.last.end
        if not self.left:
            return end
        cycle = self.last.cycle if self.last.common is None else self.last.common.of_length(self.last.cycle)
        for _ in range(self.left):
            end = cycle.turn(end)[1]
        return end

    def cycle_from(self, day: date) -> Cycle:
        length = self.last.cycle if self.stretches else self.cycle
        return Cycle(day, length.months, length.days)

    @property
    def standing(self) -> str:
        if self.state == "terminated":
            return self.state
        if self.ends is not None and self.noon >= self.ends[0]:
            return "cancelled"
        if self.state in ("pending", "paused"):
            return self.state
        if self.state == "trial" and self.trial is not None and self.today < self.trial:
            return "trial"
        if self.state == "trial" and not self.stretches and self.next_begin() is None:
            return "expired"
        gone = self.last_day()
        if gone is not None and self.today >= gone and not self.over(gone):
            return "expired"
        return "active" if self.state == "trial" else self.state

    def dated(self) -> date | None:
        """The day of the first change that comes within the last stretch."""
        days = [
            one.when for one in self.waiting if one.when is not None and self.stretches and one.when < self.last.end
        ]
        first = min(days, default=None)
        return None if first is None or self.over(first) else first

    def next_begin(self) -> date | None:
        """The day on which the next period begins by itself."""
        if self.state not in ("trial", "active", "suspended"):
            return None
        if not self.stretches:
            return None if self.trial is None or not self.converts or self.over(self.trial) else self.trial
        if not self.left or self.dated() is not None or self.over(self.last.end):
            return None
        return self.last.end

    @property
    def unpaid(self) -> list[Stretch]:
        return [one for one in self.stretches if one.owed]

    @property
    def balance(self) -> int:
        return self.returned + sum(one.returned for one in self.stretches)

    def due(self) -> date | None:
        if self.standing in ("cancelled", "terminated", "expired", "paused"):
            return None
        if self.state == "pending":
            return self.begun
        if self.unpaid:
            return self.unpaid[0].begin
        if self.final:
            return None
        return self.last.end if self.stretches else self.trial

    # What is done to a stretch

    def take_off(self, one: Stretch, amount: int, *, since: date | None) -> None:
        """So much is owed no more, or else in credit."""
        amount = min(amount, one.charged - one.off)
        relief = min(amount, one.owed)
        one.off += amount
        one.returned += amount - relief
        if amount and since is not None:
            one.until = max(one.begin, min(one.until, since))

    def charge(
        self,
        begin: date,
        first: date,
        end: date,
        cycle: Cycle,
        *,
        renews: bool = False,
        free: bool = False,
        **parts: Any,
    ) -> Stretch:
        before, standing = self.stretches[-1] if self.stretches else None, self.standing
        one = Stretch(
            begin,
            first,
            end,
            cycle,
            parts.get("quantity", before.quantity if before else self.quantity),
            parts.get("price", before.price if before else self.price),
            renews,
            until=end,
        )
        one.charged = 0 if free else one.worth(begin, end)
        self.stretches.append(one)
        self.renewals += renews
        if self.state not in ("trial", "suspended") or standing != self.state:
            self.state = "active"
        if self.credited and self.ends is not None:
            self.give_back(self.ends[1])
        return one

    def take_back(self, gone: list[Stretch]) -> None:
        for one in gone:
            self.take_off(one, one.charged, since=None)
            self.returned += one.returned
            self.stretches.remove(one)
            self.renewals -= one.renews
            self.waiting = [*one.made, *self.waiting]
        self.waiting.sort(key=lambda change: int(change.name[1:]))

    def ahead(self, since: Moment) -> list[Stretch]:
        return [one for one in self.stretches if (one.begin, 0) >= since and one.begin > self.today]

    def give_back(self, since: Moment) -> None:
        """All that was charged for the days from *since* on."""
        self.take_back(self.ahead(since))
        for one in self.stretches:
            self.take_off(one, one.worth(since[0], one.end), since=since[0])

    def make(self, changes: list[Change]) -> dict[str, Any]:
        """The parts of *changes* together; they wait no longer."""
        parts: dict[str, Any] = {}
        for one in changes:
            parts.update(one.parts)
            self.waiting.remove(one)
        return parts

    # Commands

    def need(self, *states: str) -> str:
        standing = self.standing
        if standing not in states:
            raise Refused("service.ended" if standing in ("cancelled", "terminated") else "service.wrong_state")
        return standing

    def need_current(self) -> None:
        dated = self.dated()
        if not self.stretches or self.last.end <= self.today or (dated is not None and dated <= self.today):
            raise Refused("service.behind")

    def need_no_end(self) -> None:
        if self.ends is not None:
            raise Refused("cancellation.later")

    def pay(self, one: Stretch | None) -> None:
        if one is None:
            self.state = "active"
            cycle = Cycle(self.today, self.cycle.months, self.cycle.days)
            one = self.charge(self.today, self.today, cycle.boundary(1), cycle)
        one.paid += one.owed
        self.wake()

    def wake(self) -> None:
        if self.standing == "suspended" and not any(one.begin <= self.today for one in self.unpaid):
            self.state = "active"

    def bill_one(self) -> bool:
        dated, begin = self.dated(), self.next_begin()
        if self.state not in ("trial", "active", "suspended"):
            return False
        if dated is not None and dated <= self.today:
            self.change_from(dated, [one for one in self.waiting if one.when == dated])
            return True
        if begin is None:
            return False
        if self.stretches:
            self.follow()
        else:
            self.anew(begin)
        return True

    def change_from(self, day: date, made: list[Change], **parts: Any) -> None:
        """The rest of the running turn at other terms, from *day* on."""
        before, parts = self.last, {**self.make(made), **parts}
        holds = before.same_as or before
        same = all(getattr(before, name) == value for name, value in parts.items())
        if not same:
            self.take_off(holds, holds.worth(day, before.end), since=day)
        one = self.charge(max(before.begin, day), before.first, before.end, before.cycle, free=same, **parts)
        one.common, one.made, one.same_as = before.common, made, holds if same else None

    def follow(self) -> None:
        last = self.last
        made = [one for one in self.waiting if one.when is END]
        cycle = last.cycle if last.common is None else last.common.of_length(last.cycle)
        first, end = cycle.turn(last.end)
        self.charge(last.end, first, end, cycle, renews=True, **self.make(made)).made = made

    def anew(self, day: date, *, renews: bool = False) -> None:
        """A period from *day* on, on a cycle of its own, or to a boundary of the common one."""
        common = self.last.common if self.stretches and renews else None
        made = [one for one in self.waiting if one.when is END or one.when <= day]
        made.sort(key=lambda one: one.when or day)
        cycle = self.cycle_from(day) if common is None else common.of_length(self.last.cycle)
        first, end = cycle.turn(day)
        self.charge(day, first, end, cycle, renews=renews, **self.make(made)).made = made

    def change(self, parts: dict[str, int]) -> None:
        self.may_change()
        if all(getattr(self.running(), name) == value for name, value in parts.items()):
            return
        self.take_back(self.ahead(self.noon))
        self.change_from(self.today, [], **parts)

    def running(self) -> Stretch:
        return [one for one in self.stretches if one.begin <= self.today][-1]

    def may_change(self) -> None:
        self.need("active")
        if self.credited:
            raise Refused("cancellation.credited")
        if self.over(self.today):
            raise Refused("cancellation.later")
        self.need_current()

    def schedule(self, name: str, when: date | None, parts: dict[str, int]) -> None:
        self.may_change()
        if when is not None and when <= self.today:
            raise Refused("argument.invalid")
        self.take_back(self.ahead(self.noon if when is END else (when, 12)))
        self.waiting.append(Change(name, when, parts, self.running()))

    def withdraw_change(self, name: str) -> None:
        self.need("active")
        self.need_current()
        restored = [change for one in self.ahead(self.noon) for change in one.made]
        found = [one for one in (*self.waiting, *restored) if one.name == name]
        if not found:
            raise Refused("item.nothing_scheduled")
        self.take_back(self.ahead(self.noon))
        self.waiting.remove(found[0])

    def convert(self) -> None:
        standing = self.need("trial", "expired", "active")
        if self.state != "trial" or (self.stretches and standing != "trial"):
            raise Refused("service.wrong_state")
        self.need_no_end()
        begin = self.today if standing == "trial" else self.next_begin() or self.today
        self.take_back(list(self.stretches))
        self.state = "active"
        self.anew(begin)

    def renew(self) -> None:
        self.need("active", "expired")
        if self.renewal != "manual" or self.renewals >= self.most or not self.stretches:
            raise Refused("service.not_renewable")
        self.need_no_end()
        dated, ended = self.dated(), self.last.end <= self.today
        if dated is not None and (not ended or dated <= self.today):
            raise Refused("service.behind")
        if not ended:
            self.follow()
        else:
            self.anew(self.today, renews=True)

    def align(self, common: Cycle) -> None:
        self.need("active")
        self.need_current()
        if self.running().common == common:
            return
        self.take_back(self.ahead(self.noon))
        self.last.common = common

    def ends_at(self, access: date | str, billing: date | str | None) -> tuple[Moment, Moment]:
        """When it would end: "now", with the "term", or at noon of a day; no later than was asked for before."""
        paid: date | None = None if self.state == "paused" else self.trial
        if self.state != "paused" and self.stretches:
            paid = self.unpaid[0].begin if self.unpaid else None if self.final else self.last.end
        term = (paid, 12 if paid == self.trial and not self.stretches else 0) if paid is not None else self.noon
        words = {"now": self.noon, "term": max(self.noon, term)}
        when = [(one, 12) if isinstance(one, date) else words[one] for one in (access, billing or access)]
        if self.ends is not None:
            later = isinstance(billing, date) and when[1] > self.ends[1]
            if when[0] > self.ends[0] or later:
                raise Refused("cancellation.later")
            when[1] = min(when[1], self.ends[1])
        return when[0], when[1]

    def cancel(self, access: date | str, billing: date | str | None, *, credit: bool) -> None:
        standing = self.need("pending", "trial", "active", "suspended", "paused", "expired")
        wanted = self.ends_at("now", "now") if standing == "pending" else self.ends_at(access, billing)
        if wanted == self.ends and self.credited >= credit:
            return
        if standing == "expired":
            wanted = self.ends_at("now", "now")
        before, self.ends, self.credited = list(self.stretches), wanted, self.credited or credit
        self.take_back([one for one in self.stretches if one.begin >= wanted[1][0] and one.owed and one.is_period])
        if self.credited:
            self.give_back(wanted[1])
        gone = [one for one in before if one not in self.stretches]
        if gone and (self.stretches or self.state != "trial"):
            follows = bool(self.stretches) and self.last.end == min(one.begin for one in gone)
            self.final = self.final or not follows or any(change.asked_in in gone for change in self.waiting)
        self.wake()

    def withdraw_cancellation(self) -> None:
        self.need("pending", "trial", "active", "suspended", "paused", "expired")
        if self.ends is None:
            raise Refused("cancellation.none")
        if self.credited or self.final:
            raise Refused("cancellation.credited")
        self.ends = None

    def pause(self) -> None:
        if self.need("active", "paused") == "paused":
            return
        self.need_no_end()
        self.need_current()
        self.give_back(self.noon)
        self.state = "paused"

    def resume(self) -> None:
        self.need("paused")
        self.need_no_end()
        if self.unpaid:
            raise Refused("service.unpaid")
        self.state = "active"
        self.anew(self.today)

    def suspend(self) -> None:
        self.need("active", "suspended")
        self.state = "suspended"

    def terminate(self) -> None:
        self.need("active", "suspended")
        self.take_back(self.ahead(self.noon))
        self.state = "terminated"
