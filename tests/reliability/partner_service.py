"""A subscription as the rules have it, kept naively: what is to be billed next, what state it is in, when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tests.reliability.partner_naive import Change, Paper, Rhythm, Sold, Turn, Waiting, day_began, local_day, midnight

FAR: Final = datetime.max.replace(tzinfo=UTC)
FINAL: Final = ("cancelled", "terminated")
Ends = tuple[datetime, datetime, bool]
"""When access and billing end, and whether what was charged beyond is given back."""


@dataclass(frozen=True)
class Asked:
    """A command, and what it was given."""

    name: str
    service: str = ""
    change: Change | None = None
    change_name: str = ""
    at: datetime | None = None
    access: datetime | str = "end_of_term"
    billing: datetime | str | None = None
    credit: bool = False
    document: str = ""
    common: Rhythm | None = None
    ends: Ends | None = None
    """When it is to end by this, as worked out before anything was done."""


@dataclass(frozen=True)
class Dunning:
    """The days of a dunning policy."""

    proforma: int = 15
    charge: int = 0
    remind: tuple[int, ...] = ()
    suspend: int = 7
    terminate: int = 30


@dataclass(repr=False)
class Service:
    """One subscription.

    Attributes:
        phase: pending, trial, live, suspended, paused or terminated; time brings what else there is.
        turns: Those that are unpaid or running or ahead, in order, as far as the rules may look back.
        fresh: Where turns began that need not follow on the one before: the first, and after a pause or a lapse.
        broken_off: A cancellation has taken a period back that had begun.
        over: When it was to be terminated, once it is.
    """

    name: str
    zone: str
    currency: str
    sold: Sold
    renewal: str
    most: int | None
    basis: str
    ordered: date | None
    order: str | None
    trial_ends: datetime | None
    converts: bool
    papers: Mapping[str, Paper]
    phase: str = "pending"
    turns: list[Turn] = field(default_factory=list)
    renewals: int = 0
    ends: Ends | None = None
    broken_off: bool = False
    over: datetime = FAR
    fresh: set[datetime] = field(default_factory=set)
    _known: tuple[Turn | None, int, datetime | None] = (None, -1, None)

    def __repr__(self) -> str:
        terms = f"{self.renewal} most={self.most} {self.basis} trial={self.trial_ends} converts={self.converts}"
        turns = ", ".join(f"{turn}{' unpaid' * self.unpaid(turn)}" for turn in self.turns)
        return f"{self.name} {self.phase} {self.sold} {terms} renewals={self.renewals} ends={self.ends} [{turns}]"

    def unpaid(self, turn: Turn) -> bool:
        return turn.document is not None and self.papers[turn.document].owed > 0

    @property
    def first_unpaid(self) -> Turn | None:
        return next((turn for turn in self.turns if self.unpaid(turn)), None)

    def owes_by(self, now: datetime) -> bool:
        """Whether something is unpaid that is due by today."""
        today = local_day(now, self.zone)
        return any(self.unpaid(turn) and local_day(turn.start, self.zone) <= today for turn in self.turns)

    @property
    def goes_on(self) -> bool:
        return self.renewal == "automatic" and self.may_renew

    @property
    def may_renew(self) -> bool:
        return self.most is None or self.renewals < self.most

    def state(self, now: datetime) -> str:
        """What it is at *now*."""
        if self.phase == "terminated":
            return "terminated"
        if self.ends is not None and now >= self.ends[0]:
            return "cancelled"
        if self.phase in ("pending", "paused"):
            return self.phase
        if self.phase == "trial" and self.trial_ends is not None:
            if now < self.trial_ends:
                return "trial"
            if not self.turns and self.next_start() is None:
                return "expired"
        if self.ran_out(now):
            return "expired"
        return "suspended" if self.phase == "suspended" else "active"

    def begun(self, now: datetime) -> bool:
        """Whether it is beyond its order and its trial."""
        if self.phase == "trial" and self.trial_ends is not None:
            return bool(self.turns) and now >= self.trial_ends
        return self.phase != "pending"

    def ran_out(self, now: datetime) -> bool:
        """Whether the last period that was agreed is over, billed or not, and access was not to outlive billing."""
        end = self.last_end()
        return end is not None and now >= end and self.billable(end)

    def last_end(self) -> datetime | None:
        """When the last period ends that was agreed; `None` where it goes on."""
        if self.renewal == "automatic" and self.most is None:
            return None
        last = self.turns[-1] if self.turns else None
        if last is None or last is not self._known[0] or self.renewals != self._known[1]:
            self._known = (last, self.renewals, self._last_end())
        return self._known[2]

    def _last_end(self) -> datetime | None:
        left = max(0, (self.most or 0) - self.renewals) if self.renewal == "automatic" else 0
        turn = self.turns[-1] if self.turns else None if self.trial_ends is None else self._anew(self.trial_ends)
        while turn is not None:
            dated = first_dated(turn)
            if dated is not None:
                turn = self._carried_out(turn, dated)
            elif left:
                turn, left = self._following(turn), left - 1
            else:
                return turn.end
        return None

    @property
    def stops(self) -> datetime | None:
        """The first instant of the day from which nothing is billed."""
        return None if self.ends is None else day_began(self.ends[1], self.zone)

    def billable(self, start: datetime) -> bool:
        return not self.broken_off and (self.stops is None or start < self.stops)

    def next_start(self) -> datetime | None:
        """When the next period begins that is billed by itself."""
        if self.phase not in ("trial", "live", "suspended"):
            return None
        if not self.turns:
            found = self.trial_ends if self.converts else None
        else:
            found = self.turns[-1].end if self.goes_on and self.dated is None else None
        return found if found is not None and self.billable(found) else None

    @property
    def dated(self) -> datetime | None:
        """When the first change of the running turn is due that waits for an instant."""
        if self.phase not in ("trial", "live", "suspended") or not self.turns:
            return None
        found = first_dated(self.turns[-1])
        return found if found is not None and self.billable(found) else None

    def to_bill(self, now: datetime, dunning: Dunning) -> bool:
        """Whether the billing has something to do at *now*."""
        if self.dated is not None:
            return self.dated <= now
        start = self.next_start()
        if start is None:
            return False
        latest = local_day(now, self.zone).toordinal() + dunning.proforma
        owed = self.first_unpaid
        if owed is not None and dunning.terminate:
            due = local_day(owed.start, self.zone).toordinal()
            latest = min(latest, due + dunning.terminate + dunning.proforma)
        return local_day(start, self.zone).toordinal() <= latest

    def behind(self, now: datetime) -> bool:
        """Whether something was due before that is not billed yet."""
        dated = self.dated
        return not self.turns or self.turns[-1].end <= now or (dated is not None and dated <= now)

    def overdue(self, now: datetime) -> int | None:
        """For how many days the first unpaid period has been due."""
        owed = self.first_unpaid
        if owed is None or self.state(now) not in ("active", "suspended"):
            return None
        days = (local_day(now, self.zone) - local_day(owed.start, self.zone)).days
        return days if days >= 0 else None

    def next_due(self, now: datetime) -> date | None:
        if self.state(now) in (*FINAL, "expired", "paused"):
            return None
        if self.order is not None:
            return self.ordered
        through = self.paid_through
        return None if through is None else local_day(through, self.zone)

    @property
    def paid_through(self) -> datetime | None:
        if self.phase == "paused":
            return None
        owed = self.first_unpaid
        if owed is not None or self.broken_off:
            return None if owed is None else owed.start
        return self.turns[-1].end if self.turns else self.trial_ends

    def terms(self) -> Sold:
        return self.turns[-1].sold if self.turns else self.sold

    def item(self, now: datetime) -> str:
        """What is sold at *now*."""
        return self.turns[self.running(now)].sold.item if self.turns else self.sold.item

    def expected(self, asked: Asked, now: datetime) -> Turn:
        """The turn that is billed next when *asked* is done at *now*."""
        match asked.name:
            case "bill":
                if self.dated is not None:
                    return self._carried_out(self.turns[-1], self.dated)
                return self._following(self.turns[-1]) if self.turns else self._anew(self.trial_ends or now)
            case "change":
                assert asked.change is not None
                return self._changed(self.turns[-1], now, asked.change, ())
            case "renew":
                late = self.turns[-1].end <= now
                if self.basis == "from_expiry" or (self.basis == "from_now_if_expired" and not late):
                    return self._following(self.turns[-1])
                return self._anew(now, renewal=True)
            case "convert":
                turned = None if self.state(now) == "trial" else self.next_start()
                return self._anew(now if turned is None else turned)
            case _:
                return self._anew(now)

    def _anew(self, at: datetime, *, renewal: bool = False) -> Turn:
        """A whole turn from the day of *at* on, with all changes that are due by then or waited for the next one."""
        if not self.turns:
            first = local_day(at, self.zone)
            return Turn(midnight(first, self.zone), self.sold.rhythm(first, self.zone), 0, self.sold)
        last = self.turns[-1]
        due = sorted((one for one in last.waiting if one.at is None or one.at <= at), key=lambda one: one.at or at)
        sold = with_change(last.sold, together(due))
        start = max(day_began(at, self.zone), self._used_until(at))
        rhythm = sold.rhythm(local_day(start, self.zone), self.zone)
        k = 0
        if renewal and last.common is not None:
            rhythm = last.common.every(sold.months, sold.days)
            k = rhythm.turn_with(max(at, start))
        left = tuple(one for one in last.waiting if one not in due)
        return Turn(start, rhythm, k, sold, left, renewal=renewal)

    def _used_until(self, at: datetime) -> datetime:
        """Up to when the last turn is charged, where that is no later than the end of the day of *at*."""
        line = self.turns[-1].line
        end = self.papers[line].end if line is not None else None
        tomorrow = midnight(local_day(at, self.zone) + timedelta(days=1), self.zone)
        return end if end is not None and end <= tomorrow else day_began(at, self.zone)

    def _carried_out(self, last: Turn, at: datetime) -> Turn:
        done = [one for one in last.waiting if one.at == at]
        return self._changed(last, at, together(done), tuple(done))

    def _changed(self, last: Turn, at: datetime, change: Change, done: tuple[Waiting, ...]) -> Turn:
        """The rest of the *last* turn from the day of *at* on, as changed; with another interval a new turn."""
        start = max(last.start, day_began(at, self.zone))
        sold = with_change(last.sold, change)
        left = tuple(one for one in last.waiting if one not in done)
        made = replace(last, start=start, sold=sold, waiting=left, document=None, renewal=False)
        if change.interval:
            first = local_day(start, self.zone)
            return replace(made, rhythm=sold.rhythm(first, self.zone), k=0)
        return made

    def _following(self, last: Turn) -> Turn:
        """The turn after the *last* one, with the changes that wait for it."""
        done = [one for one in last.waiting if one.at in (None, last.end)]
        change = together(done)
        sold = with_change(last.sold, change)
        left = tuple(one for one in last.waiting if one not in done)
        made = Turn(last.end, last.rhythm, last.k + 1, sold, left, renewal=True)
        if last.common is not None:
            common = last.common.every(sold.months, sold.days)
            return replace(made, rhythm=common, k=common.turn_with(last.end))
        if change.interval:
            first = local_day(last.end, self.zone)
            rhythm = sold.rhythm(first, self.zone)
            by_months = last.rhythm.months and not last.rhythm.days and sold.months and not sold.days
            return replace(made, rhythm=replace(rhythm, wanted=last.rhythm.wanted) if by_months else rhythm, k=0)
        return made

    def billed(self, turn: Turn, now: datetime) -> None:
        """Take *turn* as the last one; of the others those stay that begin with the first unpaid or running one."""
        while len(self.turns) > 1:
            before, after = self.turns[:2]
            shared = (after.document is None and before.end > now) or before.line == self.turns[-1].line
            if self.unpaid(before) or after.start > now or shared:
                break
            del self.turns[0]
        line = self.turns[-1].line if turn.document is None and self.turns else turn.document
        self.turns.append(replace(turn, line=line))
        self.renewals += turn.renewal
        self.order = None

    def running(self, now: datetime) -> int:
        """The place of the turn that runs: the last one that has begun, else the first."""
        return max((place for place, one in enumerate(self.turns) if one.start <= now), default=0)

    def withdraw(self, gone: list[Turn]) -> None:
        self.turns = [one for one in self.turns if one not in gone]
        self.renewals -= sum(one.renewal for one in gone)

    def wanted_ends(self, asked: Asked, now: datetime) -> Ends | str:
        """When access and billing would end, and whether what is beyond is given back; or why not."""
        state = self.state(now)
        if state == "pending":
            return self._ends("now", "now", now, credit=asked.credit)
        found = self._ends(asked.access, asked.billing, now, credit=asked.credit)
        if state == "expired" and not isinstance(found, str) and found != self.ends:
            return self._ends("now", "now", now, credit=asked.credit)
        return found

    def _ends(self, access: datetime | str, end: datetime | str | None, now: datetime, *, credit: bool) -> Ends | str:
        began = min(self.turns[0].start if self.turns else now, now)
        through = self.paid_through
        words = {"now": now, "end_of_term": now if through is None else max(now, through)}
        used, billed = (words[one] if isinstance(one, str) else one for one in (access, access if end is None else end))
        if min(used, billed) < began:
            return "cancellation.too_early"
        if self.ends is None:
            return used, billed, credit
        if used > self.ends[0] or (billed > self.ends[1] and isinstance(end, datetime)):
            return "cancellation.later"
        return used, min(billed, self.ends[1]), credit or self.ends[2]


def first_dated(turn: Turn) -> datetime | None:
    """When the first change is due that waits for an instant of *turn*."""
    return min((one.at for one in turn.waiting if one.at is not None and one.at < turn.end), default=None)


def together(waiting: list[Waiting]) -> Change:
    """All of them as one change, in which the last word on each thing holds."""
    said = dict(pair for one in waiting for pair in one.change.values)
    return Change(tuple(said.items()))


def with_change(sold: Sold, change: Change) -> Sold:
    return replace(sold, **dict(change.values))  # type: ignore[arg-type]


def with_ends(one: Service | None, asked: Asked, now: datetime) -> Asked:
    """*asked*, with the ends that a cancellation leads to."""
    if one is None or asked.name != "cancel":
        return asked
    found = one.wanted_ends(asked, now)
    return asked if isinstance(found, str) else replace(asked, ends=found)
