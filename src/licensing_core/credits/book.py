"""The book in which credits are moved: open it on balances, let time pass, burn, and close it into new balances.

It costs O(log n) for each thing that happens, and shares all that does not change with the balances it was opened on.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final

from attrs import frozen

from licensing_core.credits.balances import (
    END,
    START,
    Balances,
    burn_key,
    made,
    next_top_up,
)
from licensing_core.credits.values import Entry, Grant, Movement, MovementKind
from licensing_core.errors import Mistake
from licensing_core.heaps import heap_of, least, pushed, without_least
from licensing_core.periods import Cycle

_GRANTED: Final = MovementKind.GRANTED
_BURNED: Final = MovementKind.BURNED
_EXPIRED: Final = MovementKind.EXPIRED
_VOIDED: Final = MovementKind.VOIDED
_TAKEN_BACK: Final = MovementKind.TAKEN_BACK


MOST_STEPS: Final = 1_000_000
"""At how many instants something may come to pass at once."""
MOST_RESETS: Final = 10_000
"""How often the count may begin anew at once."""
_TICK: Final = timedelta(microseconds=1)


@frozen(kw_only=True)
class TooMuchTime(Mistake):
    """More would happen to the grants than is worked out at once."""

    code: ClassVar[str] = "credits.too_much_time"
    resume_at: datetime

    def __str__(self) -> str:
        return (
            f"too much happens to the grants by then; ask for {self.resume_at.isoformat()} first, and go on from there"
        )


_NOTHING: Final = dict.fromkeys(MovementKind, 0)


class _Row:
    """A grant while the book is open. *due*: whether its next top-up is among what is to come."""

    __slots__ = ("balance", "burned", "due", "expired", "grant", "granted", "key", "voided")

    def __init__(self, entry: Entry, *, due: bool) -> None:
        self.grant, self.key, self.due = entry.grant, burn_key(entry.grant), due
        self.balance, self.granted, self.burned = entry.balance, entry.granted, entry.burned
        self.expired, self.voided = entry.expired, entry.voided

    @property
    def entry(self) -> Entry:
        return Entry(
            grant=self.grant,
            balance=self.balance,
            granted=self.granted,
            burned=self.burned,
            expired=self.expired,
            voided=self.voided,
        )


def _boundaries(cycle: Cycle | None, after: datetime, until: datetime) -> Iterator[datetime]:
    """The boundaries of *cycle* after one instant and until another; none without a cycle."""
    if cycle is None or until <= after:
        return
    k = cycle.index_at(after) + 1
    while (at := cycle.boundary(k)) <= until:
        yield at
        k = cycle.index_at(at) + 1


class Book:
    """Balances while they change; *movements* is what has happened since it was opened.

    Args:
        told: Whether the movements are kept.
        plans: Whether it sees to what is to come; else it only follows what was moved, and so need not look at all
            there is.
        resets: At each of its boundaries the count begins anew.
        keep_overage: Whether what is owed then is kept.
    """

    def __init__(
        self,
        balances: Balances,
        *,
        told: bool = True,
        plans: bool = True,
        resets: Cycle | None = None,
        keep_overage: bool = True,
    ) -> None:
        self._entries = balances.entries
        self._rows: dict[str, _Row] = {}
        self._burning, self._agenda = balances.heaps if plans else (None, None)
        self._totals = _NOTHING.copy()
        self._before = balances
        self._told, self._plans = told, plans
        self._begun = True
        self._resets, self._keep_overage = resets, keep_overage
        self.at, self.since = balances.at, balances.since
        self.overage, self.used = balances.overage, balances.used
        self.movements: list[Movement] = []

    def closed(self) -> Balances:
        """The balances since."""
        before, moved = self._before, self._totals
        back = moved[_TAKEN_BACK]
        totals = (
            before.granted + moved[_GRANTED],
            before.burned + moved[_BURNED] - back,
            before.expired + moved[_EXPIRED],
            before.voided + moved[_VOIDED] + back,
        )
        changes = {name: row.entry for name, row in self._rows.items()}
        self._let_go()
        return made(
            self.at,
            self._entries.with_changes(changes) if changes else self._entries,
            overage=self.overage,
            used=self.used,
            since=self.since,
            totals=totals,
            heaps=(self._burning, self._agenda) if self._plans else None,
        )

    def _let_go(self) -> None:
        """Of what may be spent, forget first what nothing is left of: what time took is still there."""
        while self._burning is not None:
            name = least(self._burning)[-1]
            if (self._rows.get(name) or self._entries[name]).balance:
                return
            self._burning = without_least(self._burning)

    @property
    def available(self) -> int:
        """What may be spent now."""
        moved = self._totals
        gone = moved[_BURNED] + moved[_EXPIRED] + moved[_VOIDED]
        return self._before.available + moved[_GRANTED] - gone

    def burned(self, name: str) -> int:
        """What was spent of the grant called *name*."""
        return self._row(name).burned

    def _row(self, name: str) -> _Row:
        row = self._rows.get(name)
        if row is None:
            entry = self._entries[name]
            due = entry.grant.recurrence is not None and (entry.balance < entry.grant.amount or self.overage > 0)
            row = self._rows[name] = _Row(entry, due=due)
        return row

    def _move(self, row: _Row, kind: MovementKind, amount: int, at: datetime) -> None:
        """The one place in which credits come or go."""
        if kind is _GRANTED:
            row.balance += amount
            row.granted += amount
        elif kind is _BURNED:
            row.balance -= amount
            row.burned += amount
        elif kind is _EXPIRED:
            row.balance -= amount
            row.expired += amount
        elif kind is _VOIDED:
            row.balance -= amount
            row.voided += amount
        else:
            row.burned -= amount
            row.voided += amount
        self._totals[kind] += amount
        if self._told:
            self.movements.append(Movement(grant=row.grant.id, kind=kind, amount=amount, at=at))

    def advance(self, to: datetime, *, ends_only: bool = False) -> None:
        """Let happen what does up to *to* and at *to* itself; with *ends_only*, at *to* no more than ends.

        Raises:
            TooMuchTime: Too much happens until then.
        """
        for count, at in enumerate(_boundaries(self._resets, self.at, to)):
            if count == MOST_RESETS:
                raise TooMuchTime(resume_at=self.at)
            self._pass(at, ends_only=True)
            self.reset(keep_overage=self._keep_overage)
        self._pass(to, ends_only=ends_only)

    def _pass(self, to: datetime, *, ends_only: bool) -> None:
        stop = (to, START) if ends_only else (to, END + 3)
        steps, reached = 0, self.at
        while self._agenda is not None and (key := least(self._agenda))[:2] < stop:
            at, rank, _ = key
            if at > reached:
                steps += 1
                if steps > MOST_STEPS:
                    raise TooMuchTime(resume_at=reached)
                reached = at
            if rank == END:
                self._agenda = without_least(self._agenda)
                self._end(self._row(key[2][-1]), at)
            else:
                self._begin_all(at)
        if to > self.at or not ends_only:
            self._begun = not ends_only
        self.at = max(self.at, to)

    def _end(self, row: _Row, at: datetime) -> None:
        grant = row.grant
        if row.balance and grant.ends == at:  # what was voided meanwhile has ended before
            kind = _EXPIRED if grant.expires == at else _VOIDED
            self._move(row, kind, row.balance, at)

    def _begin_all(self, at: datetime) -> None:
        """Starts and top-ups at *at*; they pay what is owed, in the order in which they are spent."""
        rows: dict[str, _Row] = {}
        while self._agenda is not None and (key := least(self._agenda))[0] == at and key[1] != END:
            self._agenda = without_least(self._agenda)
            row = self._row(key[2][-1])
            ends = row.grant.ends
            if ends is None or at < ends:
                rows[row.grant.id] = row
        for row in sorted(rows.values(), key=lambda one: one.key):
            self._fill(row, at)

    def _fill(self, row: _Row, at: datetime) -> None:
        """Bring *row*, which starts or is topped up, to its full amount."""
        idle, more = row.balance == 0, row.grant.amount - row.balance
        row.due = False
        if more > 0:
            self._move(row, _GRANTED, more, at)
        self._pay(row, at)
        if idle and row.balance:
            self._burning = pushed(self._burning, row.key)
        self._schedule(row, at)

    def _pay(self, row: _Row, at: datetime) -> None:
        """What is owed, out of *row*, as far as it goes."""
        if paid := min(self.overage, row.balance):
            self._move(row, _BURNED, paid, at)
            self.overage -= paid

    def _schedule(self, row: _Row, at: datetime) -> None:
        """Its next top-up, if it has one that will find something to top up; until then it need not be looked at."""
        if row.due or row.grant.recurrence is None or row.balance >= row.grant.amount:
            return
        top_up = next_top_up(row.grant, at)
        if top_up is not None:
            self._agenda, row.due = pushed(self._agenda, top_up), True

    def burn(self, amount: int) -> None:
        """Spend *amount*, now; what no grant covers is owed."""
        self.used += amount
        self.overage += self._burn(amount)

    def _burn(self, amount: int) -> int:
        """How much of *amount* no grant covers."""
        while amount and self._burning is not None:
            row = self._row(least(self._burning)[-1])
            if spent := min(amount, row.balance):
                amount -= spent
                self._move(row, _BURNED, spent, self.at)
                self._schedule(row, self.at)
            if not row.balance:
                self._burning = without_least(self._burning)
        return amount

    def add(self, grant: Grant) -> None:
        """A new *grant*, which has not ended: it starts when it is to start, or now, when that is past."""
        self.enter(grant)
        row = self._rows[grant.id]
        if (ends := grant.ends) is not None:
            self._agenda = pushed(self._agenda, (ends, END, row.key))
        if grant.effective <= self.at:
            self._fill(row, self.at)
        else:
            self._agenda = pushed(self._agenda, (grant.effective, START, row.key))

    def enter(self, grant: Grant) -> None:
        """Write a new *grant* down, whose movements follow."""
        self._rows[grant.id] = _Row(Entry(grant=grant), due=False)

    def follow(
        self, movements: Iterable[Movement], *, at: datetime, overage: int, used: int, since: datetime | None
    ) -> None:
        """Move what was moved before, by *at*, and led to the other figures; what is to come is not seen to."""
        for one in movements:
            self._move(self._row(one.grant), one.kind, one.amount, one.at)
        self.at, self.overage, self.used, self.since = max(self.at, at), overage, used, since

    def end(self, name: str) -> None:
        """Let the grant called *name* end now, or never start."""
        row = self._row(name)
        row.grant = row.grant.ended(self.at)

    def void(self, name: str) -> None:
        """End the grant called *name* now: what is left of it is lost."""
        self.end(name)
        row = self._row(name)
        if row.balance:
            self._move(row, _VOIDED, row.balance, self.at)

    def take_back(self, name: str) -> None:
        """What was spent of the grant called *name* is owed: what is left of the others pays it, or else the next."""
        row = self._row(name)
        if spent := row.burned:
            self._move(row, _TAKEN_BACK, spent, self.at)
            owed, self.overage = self.overage + spent, 0
            self.overage = self._burn(owed)

    def _runs(self, grant: Grant) -> bool:
        """Whether *grant* is in force, and has started."""
        return grant.in_force(self.at) and (self._begun or grant.effective < self.at)

    def reset(self, *, keep_overage: bool) -> None:
        """Begin the count anew, now: of each grant in force stays what rolls over.

        After `advance()` with *ends_only* what starts or is topped up at this very instant is still to come.
        """
        self.used, self.since = 0, self.at
        since = self.at if self._begun else self.at - _TICK
        rows = [self._row(name) for name, entry in self._entries.items() if self._runs(entry.grant)]
        running = sorted(rows, key=lambda one: one.key)
        for row in running:
            change = row.grant.rollover.of(row.balance) - row.balance
            if change:
                self._move(row, _GRANTED if change > 0 else _EXPIRED, abs(change), self.at)
        if not keep_overage:
            self.overage = 0
        for row in running:
            self._pay(row, self.at)
            self._schedule(row, since)
        self._burning = heap_of(row.key for row in running if row.balance)
